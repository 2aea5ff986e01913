//! What columns and models say: names, validators, defaults, constraints.

use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};

use quintet::db::{Conn, StartupError};
use quintet::pagination::NoPagination;
use quintet::prelude::*;
use quintet::site::SiteError;
use quintet::test::Template;
use serde_json::{Value, json};

use super::{answer, at_once, component, localized, refused, sites};

#[expect(clippy::needless_pass_by_value, reason = "validators take the value")]
fn nice(text: String) -> Validated {
    if text == "bad" { Err("Not nice.".into()) } else { Ok(()) }
}

static MADE: AtomicI32 = AtomicI32::new(0);

fn next() -> i32 {
    MADE.fetch_add(1, Ordering::Relaxed)
}

#[model(
    app = "columns",
    verbose_name = "a thing",
    verbose_name_plural = "things of all kinds",
    ordering(id),
    constraints(
        unique(fields(a, b), name = "ab", condition = |row| row.open().exact(true)),
        unique(fields(a, c), name = "ac", message = "ac taken", code = "dup"),
        unique(fields(c), name = "c1", condition = |row| row.clone().open().exact(true) & row.a().gt(0)),
        unique(fields(d), name = "d1"),
        check(name = "a_is_small", message = "This is too large.", code = "large"),
        check(name = "b_is_small"),
    )
)]
pub struct Thing {
    pub id: i64,
    pub a: i32,
    pub b: Option<i32>,
    #[field(default = false)]
    pub open: bool,
    #[field(max_length = 3, default = "x")]
    pub c: String,
    #[field(verbose_name = "the long name", max_length = 9, validators = [nice], help_text = "Short.")]
    pub d: String,
    #[field(editable = false, default = next())]
    pub number: i32,
}

#[derive(Serializer)]
#[serializer(model = Thing, fields = all)]
pub(crate) struct ThingSerializer {}

#[derive(Serializer)]
#[serializer(model = Thing)]
pub(crate) struct ShortSerializer {
    pub id: i64,
    pub a: i32,
    pub d: String,
}

struct Things;

impl ViewSet for Things {
    type Base = ModelViewSet;
    type Serializer = ThingSerializer;

    fn pagination_class(&self) -> impl quintet::pagination::Pagination + 'static {
        NoPagination
    }
}

struct ShortThings;

impl ViewSet for ShortThings {
    type Base = ModelViewSet;
    type Serializer = ShortSerializer;

    fn pagination_class(&self) -> impl quintet::pagination::Pagination + 'static {
        NoPagination
    }
}

fn site(settings: Settings, database: Arc<Database>) -> Result<Arc<Site>, SiteError> {
    let urls = Router::new().register("things", Things).register("short", ShortThings);
    Site::builder(settings, database)
        .permissions(AllowAny)
        .mount(urls.at("/"))
        .openapi(OpenApi::new("Columns", "1"))
        .build()
}

static THINGS: Template = Template::new(|conn| Box::pin(tables(conn)));

async fn tables(conn: &mut Conn) -> Result<(), StartupError> {
    let sql = "CREATE TABLE columns_thing (
             id {pk}, a integer NOT NULL, b integer, open bool NOT NULL, c varchar(3) NOT NULL,
             d varchar(9) NOT NULL, number integer NOT NULL,
             CONSTRAINT ac UNIQUE (a, c), CONSTRAINT d1 UNIQUE (d),
             CONSTRAINT a_is_small CHECK (a < 1000), CONSTRAINT b_is_small CHECK (b < 1000)
         );
         CREATE UNIQUE INDEX ab ON columns_thing (a, b) WHERE open;
         CREATE UNIQUE INDEX c1 ON columns_thing (c) WHERE open AND a > 0;
         INSERT INTO columns_thing VALUES (1, 1, 1, true, 'x', 'one', 0), (2, 2, 2, false, 'y', 'two', 0)";
    Ok(conn.batch_execute(&localized(conn.dialect(), sql)).await?)
}

fn set(message: &str) -> (u16, Value) {
    refused("non_field_errors", message)
}

#[quintet::test]
async fn unique_constraints_are_checked_for_the_rows_that_they_are_about() {
    let (ab, c) =
        ("The fields a, b must make a unique set.", "The fields c must make a unique set.");
    for site in sites(&THINGS, site).await {
        let client = site.client().await;
        let post = async |data: Value| answer(client.post("/things/").json(&data)).await;
        assert_eq!(post(json!({"a": 1, "b": 1, "open": true, "c": "z", "d": "n"})).await, set(ab));
        assert_eq!(post(json!({"a": 1, "b": 3, "c": "x", "d": "n"})).await, set("ac taken"));
        assert_eq!(post(json!({"a": 5, "b": 5, "open": true, "c": "x", "d": "n"})).await, set(c));
        let name = "a thing with this the long name already exists.";
        assert_eq!(post(json!({"a": 5, "c": "q", "d": "one"})).await, refused("d", name));
        assert_eq!(
            post(json!({"c": "q", "d": "n"})).await,
            refused("a", "This field is required.")
        );
        for (at, data) in [
            json!({"a": 1, "b": 1, "open": false, "c": "z"}),
            json!({"a": 1, "b": 1, "c": "w"}),
            json!({"a": 3, "b": 2, "open": true, "c": "v"}),
            json!({"a": 5, "b": 5, "open": false, "c": "x"}),
            json!({"a": -5, "open": true, "c": "x"}),
            // the default of `c` counts
            json!({"a": 7}),
        ]
        .into_iter()
        .enumerate()
        {
            let mut data = data;
            data["d"] = json!(format!("n{at}"));
            let (status, body) = post(data).await;
            assert_eq!(status, 201, "{body}");
        }
        assert_eq!(post(json!({"a": 7, "d": "m"})).await, set("ac taken"));
        let patch = async |id: i64, data: Value| {
            answer(client.patch(&format!("/things/{id}/")).json(&data)).await
        };
        assert_eq!(patch(2, json!({"open": true, "a": 1, "b": 1})).await, set(ab));
        assert_eq!(patch(2, json!({"c": "x", "open": true})).await, set(c));
        assert_eq!(patch(1, json!({"a": 1})).await.0, 200);
        assert_eq!(patch(1, json!({"open": true, "d": "one"})).await.0, 200);
        assert_eq!(patch(2, json!({"a": 1, "b": 1})).await.0, 200);
        // the condition alone brings it in
        assert_eq!(patch(2, json!({"open": true})).await, set(ab));
    }
}

#[quintet::test]
async fn of_two_clients_one_gets_the_row_of_a_unique_constraint() {
    for site in sites(&THINGS, site).await {
        for round in 0..5 {
            let new = |client: usize| {
                let text = format!("{round}{client}");
                json!({"a": 20, "b": round, "open": true, "c": text, "d": text})
            };
            let answers = at_once(&site, "/things/", new);
            assert_eq!(answers[0].0, 201, "{round} {answers:?}");
            assert_eq!(answers[1], set("The fields a, b must make a unique set."));
        }
    }
}

#[quintet::test]
async fn what_a_constraint_refuses_has_its_message() {
    for site in sites(&THINGS, site).await {
        let client = site.client().await;
        let patch = async |data: Value| answer(client.patch("/things/1/").json(&data)).await;
        assert_eq!(patch(json!({"a": 1000})).await, set("This is too large."));
        let text = "Constraint \u{201c}b_is_small\u{201d} is violated.";
        assert_eq!(patch(json!({"b": 1000})).await, set(text));
        // a serializer that does not know all columns of a set leaves it to the database
        let short = client.patch("/short/2/").json(&json!({"a": 1000}));
        assert_eq!(answer(short).await, set("This is too large."));
    }
}

#[quintet::test]
async fn columns_say_what_every_serializer_checks_and_shows() {
    for site in sites(&THINGS, site).await {
        let client = site.client().await;
        for path in ["/things/1/", "/short/1/"] {
            let patch = async |d: &str| answer(client.patch(path).json(&json!({ "d": d }))).await;
            assert_eq!(patch("bad").await, refused("d", "Not nice."));
            let long = "Ensure this field has no more than 9 characters.";
            assert_eq!(patch("much too long").await, refused("d", long));
            assert_eq!(patch("good").await.0, 200);
        }
        // no input for what is not edited, and a default that is made for each row
        let post = async |a: i32| {
            let data = json!({"a": a, "c": "n", "d": format!("new {a}"), "number": 77});
            let (status, body) = answer(client.post("/things/").json(&data)).await;
            assert_eq!(status, 201, "{body}");
            body["number"].as_i64().unwrap()
        };
        let (first, second) = (post(11).await, post(12).await);
        assert!(first < second && second != 77, "{first} {second}");
    }
}

#[quintet::test]
async fn names_of_columns_and_models_are_shown() {
    let site = THINGS.sqlite().await.unwrap().site(site).unwrap();
    let shown = component(&site.client().await, "Thing").await;
    let d = &shown["properties"]["d"];
    assert_eq!((&d["title"], &d["description"]), (&json!("The long name"), &json!("Short.")));
    assert_eq!(shown["properties"]["number"]["readOnly"], true);
    assert_eq!(Thing::META.plural_name(), "things of all kinds");
    assert_eq!(super::relations::Person::META.plural_name(), "persons");
}
