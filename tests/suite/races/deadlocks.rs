//! Requests that wait for each other: one of them runs again, a few times.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use musicstore::models::{Artist, artist};
use quintet::db::Dialect;
use quintet::prelude::*;
use quintet_tests::client::Reply;
use quintet_tests::store::{ADMIN, On, Store};
use serde_json::json;

use super::together;

/// Locks two artists one after the other, in the given order.
async fn cross(cx: &mut Context) -> Result<Response> {
    let mut locked = Vec::new();
    let ids = cx.request.query_params().get("ids").unwrap_or_default().to_owned();
    for id in ids.split(',').filter_map(|id| id.parse::<i64>().ok()) {
        let artist = Artist::objects().filter(artist::id.eq(id)).select_for_update();
        locked.push(artist.get_or_404(cx).await?.id);
        if cx.dialect() == Dialect::Postgres {
            cx.batch_execute("SELECT pg_sleep(0.2)").await?;
        }
    }
    Response::new(&json!(locked))
}

async fn once(cx: &mut Context) -> Result<Response> {
    cx.transaction(async |cx| cross(cx).await).await
}

async fn again(cx: &mut Context) -> Result<Response> {
    cx.retrying_transaction(async |cx| cross(cx).await).await
}

static RUNS: AtomicUsize = AtomicUsize::new(0);

/// Never succeeds: PostgreSQL is made to report what another transaction did.
async fn hopeless(cx: &mut Context) -> Result<Response> {
    RUNS.fetch_add(1, Ordering::Relaxed);
    let code = cx.request.query_params().get("code").unwrap_or("40001").to_owned();
    let text = match code.as_str() {
        "40P01" => "deadlock detected",
        "55P03" => "could not obtain lock on row in relation \"store_artist\"",
        _ => "in any language",
    };
    cx.batch_execute(&format!(
        "DO $$ BEGIN RAISE EXCEPTION '{text}' USING ERRCODE = '{code}'; END $$"
    ))
    .await?;
    Response::new(&json!("through"))
}

async fn hopeless_again(cx: &mut Context) -> Result<Response> {
    cx.retrying_transaction(async |cx| hopeless(cx).await).await
}

fn store(on: On, atomic: bool) -> Store {
    Store::serving(
        on,
        |settings| settings.atomic_requests = atomic,
        |settings, database| {
            let open = |name| ApiView::new(name).permissions(AllowAny);
            let router = Router::new()
                .path("cross/", open("Cross").post(cross), "cross")
                .path("once/", open("Once").post(once), "once")
                .path("again/", open("Again").post(again), "again")
                .path("hopeless/", open("Hopeless").post(hopeless), "hopeless")
                .path("hopeless-again/", open("Hopeless Again").post(hopeless_again), "again2");
            Site::builder(settings, database)
                .authentication(())
                .mount(router.at("/api/"))
                .build()
                .expect("the site builds")
        },
    )
}

fn crossing(store: &Store, path: &str) -> Vec<Reply> {
    let client = store.client_of(ADMIN);
    together(2, |index| {
        let ids = ["1,2", "2,1"][index];
        client.send("POST", &format!("/api/{path}/?ids={ids}"), &[], b"")
    })
}

fn statuses(replies: &[Reply]) -> Vec<u16> {
    let mut statuses: Vec<u16> = replies.iter().map(|reply| reply.status).collect();
    statuses.sort_unstable();
    statuses
}

#[test]
fn two_who_wait_for_each_other_both_get_through_where_work_can_be_run_again() {
    for on in On::all() {
        for (atomic, path) in [(true, "cross"), (true, "once"), (true, "again"), (false, "again")] {
            let replies = crossing(&store(on, atomic), path);
            assert_eq!(statuses(&replies), [200, 200], "{on:?} {atomic} {path} {replies:?}");
            assert_eq!((replies[0].json(), replies[1].json()), (json!([1, 2]), json!([2, 1])));
        }
    }
}

#[test]
fn where_it_cannot_be_run_again_one_is_a_503_that_names_the_deadlock() {
    if On::all().contains(&On::Postgres) {
        let replies = crossing(&store(On::Postgres, false), "once");
        assert_eq!(statuses(&replies), [200, 503]);
        let failed = replies.iter().find(|reply| reply.status == 503).expect("one of them");
        let text = "Deadlock with another request, try again later.";
        assert_eq!(failed.json(), json!({ "detail": text }));
        assert_eq!(failed.header("retry-after"), Some("1"));
    }
}

#[test]
fn work_is_run_four_times_and_no_more() {
    if !On::all().contains(&On::Postgres) {
        return;
    }
    let (atomic, by_hand) = (store(On::Postgres, true), store(On::Postgres, false));
    for (store, path) in
        [(&atomic, "hopeless"), (&atomic, "hopeless-again"), (&by_hand, "hopeless-again")]
    {
        // an unavailable lock is reported at once
        for (code, runs) in [("40001", 4), ("40P01", 4), ("55P03", 1)] {
            RUNS.store(0, Ordering::Relaxed);
            let started = std::time::Instant::now();
            let address = format!("/api/{path}/?code={code}");
            let reply = store.client().send("POST", &address, &[], b"");
            assert_eq!(reply.status, 503, "{path} {}", reply.text());
            assert_eq!(RUNS.load(Ordering::Relaxed), runs, "{path} {code}");
            assert!(started.elapsed() < Duration::from_secs(5));
        }
    }
}
