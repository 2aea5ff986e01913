//! The documents of the examples: they are unchanged, and the store responds as described.
//!
//! `UPDATE_OPENAPI=1` updates them; that they are valid OpenAPI 3.1 is a test of the crate
//! `openapi`, which reads the same files.

use std::path::Path;

use quintet::db::{Database, DatabaseConfig};
use quintet::prelude::{Settings, Site};
use quintet_openapi::check;
use quintet_tests::client::{Client, Reply};
use quintet_tests::store::{On, Store};
use serde_json::{Value, json};
use snippets::SNIPPETS;
use tutorial::STEPS;

use crate::examples::quickstart;

#[path = "../../openapi/tests/support/json_schema.rs"]
mod json_schema;

/// A key of a superuser.
const ADMIN: &str = "a9538556595218ad76e26b9286938b0258ae71a7";

fn settings() -> Settings {
    let mut settings = Settings::default();
    settings.secret_key = "k".into();
    settings.allowed_hosts = vec!["*".into()];
    settings
}

fn database() -> std::sync::Arc<Database> {
    Database::open(DatabaseConfig::new("sqlite://:memory:")).expect("a database in memory")
}

fn text(site: &Site) -> String {
    format!("{}\n", site.openapi().expect("the site has a document").json())
}

fn store() -> Value {
    let site = musicstore::site(settings(), database()).expect("the store builds");
    serde_json::from_str(&text(&site)).expect("the document is JSON")
}

#[track_caller]
fn unchanged(file: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples").join(file);
    if std::env::var_os("UPDATE_OPENAPI").is_some() {
        std::fs::write(&path, text).expect("the document is written");
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        kept == text,
        "{} has changed; run with UPDATE_OPENAPI=1 and read the difference",
        path.display()
    );
}

#[test]
fn the_document_of_the_store_has_not_changed() {
    unchanged(
        "musicstore/openapi.json",
        &text(&musicstore::site(settings(), database()).expect("the store builds")),
    );
}

#[test]
fn the_document_of_the_quickstart_has_not_changed() {
    let site = quickstart::site(settings(), database());
    unchanged("quickstart/openapi.json", &text(&site.expect("the quickstart builds")));
}

#[test]
fn the_documents_of_the_tutorial_have_not_changed() {
    for (number, step) in (1..).zip(STEPS) {
        let site = step(settings(), database()).expect("the step builds");
        unchanged(&format!("tutorial/src/step_{number}.openapi.json"), &text(&site));
    }
}

#[test]
fn the_documents_of_the_snippets_have_not_changed() {
    for (name, make) in SNIPPETS {
        let site = make(settings(), database()).expect("the snippet builds");
        unchanged(&format!("snippets/src/{name}.openapi.json"), &text(&site));
    }
}

#[test]
fn the_document_has_no_problems() {
    assert_eq!(check::problems(&store()), [""; 0]);
}

/// One operation of the document.
struct Operation<'a> {
    method: String,
    template: &'a str,
    /// The template with the captures of a row that is there.
    path: String,
    value: &'a Value,
}

impl Operation<'_> {
    fn send(&self, client: &Client) -> Reply {
        match self.method.as_str() {
            "GET" | "DELETE" => client.send(&self.method, &self.path, &[], b""),
            method => client.json(method, &self.path, &json!({})),
        }
    }

    fn name(&self) -> String {
        format!("{} {}", self.method, self.template)
    }
}

/// The operations, those that delete last.
fn operations(document: &Value) -> Vec<Operation<'_>> {
    let mut all = Vec::new();
    for (template, item) in document["paths"].as_object().expect("the document has paths") {
        for (method, value) in item.as_object().expect("a path has methods") {
            let path = ["{id}", "{username}", "{letter}", "{name}"]
                .iter()
                .zip(["1", "alice", "A", "Rock"])
                .fold(template.clone(), |path, (name, value)| path.replace(name, value));
            assert!(!path.contains('{'), "{path} has a capture that this test does not know");
            all.push(Operation { method: method.to_uppercase(), template, path, value });
        }
    }
    all.sort_by_key(|operation| operation.method == "DELETE");
    all
}

#[actix_web::test]
async fn every_operation_is_there() {
    let document = store();
    let store = Store::new(On::Sqlite);
    let client = Client::new(store.server.address()).token(ADMIN);
    let all = operations(&document);
    assert!(all.len() > 50, "only {} operations", all.len());
    for operation in all {
        let reply = operation.send(&client);
        let status = reply.status.to_string();
        let page = reply.header("content-type").is_some_and(|value| value.starts_with("text/html"));
        assert!(!page && status != "405", "{} is not there: {status}", operation.name());
        // some objects are deleted by now, and some must stay
        let known = operation.value["responses"].get(&status).is_some() || status == "409";
        // what is sent here is JSON
        let takes = &operation.value["requestBody"]["content"];
        let known = known || status == "415" && takes.get("application/json").is_none();
        assert!(known, "{} does not say that it answers {status}", operation.name());
    }
}

#[actix_web::test]
async fn anonymous_clients_are_let_in_where_the_document_says_so() {
    let document = store();
    let store = Store::new(On::Sqlite);
    let client = Client::new(store.server.address());
    for operation in operations(&document) {
        // an operation without `security` needs nothing
        let security = operation.value["security"].as_array();
        let let_in = security.is_none_or(|security| security.contains(&json!({})));
        let reply = operation.send(&client);
        assert_eq!(reply.status != 401, let_in, "{} answers {}", operation.name(), reply.status);
    }
}

#[actix_web::test]
async fn answers_are_what_the_document_says() {
    // no serializer describes the responses of these two
    let own = ["/api/employees/{id}/tree/", "/api/invoices/summary/"];
    let mut document = store();
    // write-only fields are in no response
    for (_, schema) in
        document["components"]["schemas"].as_object_mut().expect("there are components")
    {
        let hidden = schema["properties"].as_object().into_iter().flatten();
        let hidden: Vec<Value> = hidden
            .filter(|(_, property)| property["writeOnly"] == true)
            .map(|(name, _)| Value::from(name.as_str()))
            .collect();
        if let Some(required) = schema["required"].as_array_mut() {
            required.retain(|name| !hidden.contains(name));
        }
    }
    let store = Store::new(On::Sqlite);
    let client = Client::new(store.server.address()).token(ADMIN);
    let mut checked = 0;
    for operation in operations(&document) {
        if operation.method != "GET" || own.contains(&operation.template) {
            continue;
        }
        let reply = operation.send(&client);
        assert_eq!(reply.status, 200, "{}", operation.name());
        let schema = &operation.value["responses"]["200"]["content"]["application/json"]["schema"];
        let mut schema = schema.clone();
        schema["components"] = document["components"].clone();
        assert_eq!(json_schema::errors(&schema, &reply.json()), [""; 0], "{}", operation.name());
        checked += 1;
    }
    assert!(checked > 20, "only {checked} answers were checked");
}
