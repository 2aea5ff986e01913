//! The exchanges recorded from the reference application, replayed against the store.

use quintet_tests::client::Client;
use quintet_tests::compare::Answer;
use quintet_tests::replay::{self, Call};
use quintet_tests::scenario::{self, Scenario};
use quintet_tests::store::{On, Store};

fn answer(client: &Client, call: &Call) -> Answer {
    let mut request = format!("{} {} HTTP/1.1\r\n", call.method, call.path).into_bytes();
    for (name, value) in &call.headers {
        request.extend_from_slice(name.as_bytes());
        request.extend_from_slice(b": ");
        request.extend_from_slice(value);
        request.extend_from_slice(b"\r\n");
    }
    request.extend_from_slice(b"Connection: close\r\n\r\n");
    request.extend_from_slice(&call.body);
    let reply = client.exchange(&call.method, &request);
    Answer { status: reply.status, headers: reply.headers, body: reply.body }
}

async fn play(on: On) {
    let scenarios = scenario::load().expect("the recorded exchanges are there");
    let (mut played, mut failures) = (0, Vec::new());
    let mut store: Option<Store> = None;
    let mut fresh = false;
    for scenario in &scenarios {
        let Scenario { writes, .. } = scenario;
        if *writes || !fresh {
            store = Some(Store::new(on));
        }
        fresh = !*writes;
        let Some(store) = &store else { continue };
        let client = Client::new(store.server.address());
        failures.extend(replay::play(scenario, async |call| answer(&client, &call)).await);
        played += scenario.compared();
    }
    let report: Vec<String> = failures.iter().map(ToString::to_string).collect();
    assert!(
        report.is_empty(),
        "{} of {played} answers differ:\n{}",
        report.len(),
        report.join("\n")
    );
    assert!(played > 500, "only {played} exchanges were played");
}

#[actix_web::test]
async fn the_store_answers_as_the_reference_does_on_sqlite() {
    play(On::Sqlite).await;
}

#[actix_web::test]
async fn the_store_answers_as_the_reference_does_on_postgresql() {
    if On::all().contains(&On::Postgres) {
        play(On::Postgres).await;
    }
}
