//! A serializer without a model that has a field of every kind, in an echo: the exchanges that were
//! recorded with the reference application (`tests/parity/fields`).

use std::collections::HashMap;
use std::sync::LazyLock;

use quintet::authentication::{BasicAuthentication, SessionAuthentication, TokenAuthentication};
use quintet::db::Uuid;
use quintet::fields::{Choice, JsonWriter, Pattern, Rounding};
use quintet::prelude::*;
use quintet::serializers::{CurrentUserDefault, ValidatedData};
use quintet::values::{NaiveDate, NaiveTime, TimeDelta, Value};
use quintet_tests::client::Client;
use quintet_tests::compare::Answer;
use quintet_tests::replay;
use quintet_tests::scenario::{self, Scenario};
use quintet_tests::store::{ALICE, On, Store};
use serde_json::json;

use crate::parity;

static CODE: LazyLock<Pattern> = LazyLock::new(|| Pattern::new(r"^[A-Z]{2}-\d{3}$").unwrap());

#[derive(Serializer)]
struct PointSerializer {
    x: i64,
    #[field(default = 0)]
    y: i64,
    #[field(max_length = 5)]
    label: Option<String>,
}

fn even(value: i64) -> Validated {
    if value % 2 == 0 { Ok(()) } else { Err("This number must be even.".into()) }
}

/// One field of every kind; only `char` is required.
#[derive(Serializer)]
#[serializer(validate, error(mismatch = "choice and choice_blank disagree."))]
struct FieldsSerializer {
    #[field(min_length = 2, max_length = 10, validate)]
    char: String,
    #[field(trim_whitespace = false, max_length = 10)]
    char_untrimmed: Option<String>,
    #[field(allow_blank)]
    char_blank: Option<String>,
    #[field(allow_null)]
    char_null: Option<String>,
    #[field(default = "fallback")]
    char_default: String,
    boolean: Option<bool>,
    #[field(allow_null)]
    boolean_null: Option<bool>,
    #[field(default = true)]
    boolean_default: bool,
    #[field(kind = email)]
    email: Option<String>,
    #[field(regex = *CODE)]
    regex: Option<String>,
    #[field(kind = slug)]
    slug: Option<String>,
    #[field(kind = unicode_slug)]
    slug_unicode: Option<String>,
    #[field(kind = url)]
    url: Option<String>,
    uuid: Option<Uuid>,
    #[field(format = "hex")]
    uuid_hex: Option<Uuid>,
    #[field(kind = ip)]
    ip: Option<String>,
    #[field(kind = ipv4)]
    ipv4: Option<String>,
    #[field(min_value = -10, max_value = 100)]
    integer: Option<i64>,
    #[field(kind = integer)]
    integer_big: Option<serde_json::Value>,
    #[field(validators = [even])]
    integer_even: Option<i64>,
    #[field(min_value = -1.5, max_value = 1e6)]
    float: Option<f64>,
    #[field(decimal(6, 2))]
    decimal: Option<Decimal>,
    #[field(decimal(8, 3), as_number, min_value = 0)]
    decimal_number: Option<Decimal>,
    #[field(normalize_output)]
    decimal_localized: Option<Decimal>,
    datetime: Option<DateTime>,
    #[field(format = "%d/%m/%Y %H:%M", input_formats = ["%d/%m/%Y %H:%M", "iso-8601"])]
    datetime_format: Option<DateTime>,
    date: Option<NaiveDate>,
    time: Option<NaiveTime>,
    duration: Option<TimeDelta>,
    #[field(choices = [("s", "Small"), ("m", "Medium"), ("l", "Large")])]
    choice: Option<String>,
    #[field(choices = [1, 2, 3], allow_null)]
    choice_int: Option<i64>,
    #[field(choices = ["a", "b"], allow_blank)]
    choice_blank: Option<String>,
    #[field(choices = ["red", "green", "blue"])]
    multiple_choice: Option<Vec<String>>,
    #[field(each(min_value = 0), max_length = 5)]
    list: Option<Vec<i64>>,
    #[field(each(max_length = 3), allow_empty = false, min_length = 2)]
    list_nonempty: Option<Vec<String>>,
    dict: Option<HashMap<String, i64>>,
    #[field(kind = hstore)]
    hstore: Option<HashMap<String, Option<String>>>,
    json: Option<serde_json::Value>,
    #[field(allow_null)]
    json_null: Option<serde_json::Value>,
    #[field(nested, allow_null)]
    nested: Option<PointSerializer>,
    #[field(nested)]
    nested_many: Option<Vec<PointSerializer>>,
    #[field(hidden, default = "secret-constant")]
    hidden: String,
    #[field(hidden, default_with = CurrentUserDefault)]
    user: Option<i32>,
    #[field(read_only, default = "cannot change")]
    read_only: String,
    #[field(write_only)]
    write_only: Option<String>,
    #[field(source = stored_as)]
    renamed: Option<String>,
}

impl FieldsSerializer {
    fn validate_char(value: String) -> Validated<String> {
        if value == "forbidden" {
            return Err(Detail::new("This word is forbidden.", "forbidden"));
        }
        Ok(value)
    }

    fn validate(values: &mut ValidatedData) -> Validated {
        let text = |name| values.get::<String>(name);
        if text("choice").as_deref() == Some("s") && text("choice_blank").as_deref() == Some("b") {
            return Err(Self::fail("mismatch"));
        }
        Ok(())
    }
}

/// What the view shows of an object that it keeps.
fn stored() -> ValidatedData {
    let point = |x, y, label: &str| PointSerializer { x, y, label: Some(label.to_owned()) };
    let mut values = ValidatedData::default();
    for (name, text) in [
        ("char", "stored"),
        ("char_untrimmed", "  keep  "),
        ("char_blank", ""),
        ("char_default", "set"),
        ("stored_as", "elsewhere"),
    ] {
        values.put(name, text.to_owned());
    }
    values.put("char_null", Value::Null);
    values.put("boolean", true);
    values.put("boolean_null", Value::Null);
    values.put("boolean_default", false);
    values.put("integer", 7);
    values.put("integer_big", 1);
    values.put("integer_even", 2);
    values.put("float", 0.5);
    values.put("decimal", "12.50".parse::<Decimal>().unwrap());
    values.put("list", vec![1, 2]);
    values.put("dict", HashMap::from([("a".to_owned(), 1)]));
    values.put("json", json!({"k": [null, true]}));
    values.put("nested", point(1, 2, "p"));
    values.put("nested_many", vec![point(3, 4, "q")]);
    values
}

async fn show(cx: &mut Context) -> Result<Response> {
    Response::new(&stored().data::<FieldsSerializer>(cx)?)
}

/// The keys that were validated, and each value in the form of its field.
async fn echo(cx: &mut Context, partial: bool) -> Result<Response> {
    let sent = FieldsSerializer::from_data(cx.data()?);
    let sent = if partial { sent.partial() } else { sent };
    let values = sent.validated(cx).await?;
    let mut names: Vec<&str> = values.names().collect();
    names.sort_unstable();
    let mut out = JsonWriter::new();
    out.begin_object();
    out.key("validated_keys");
    out.serialize(&names).map_err(ApiException::internal)?;
    out.key("data");
    out.begin_object();
    for field in FieldsSerializer::description().fields() {
        let Some(value) = values.value(field.source_name()) else { continue };
        out.key(field.name);
        match (field.name, cx.user()) {
            ("user", Some(user)) => out.str(&user.username),
            _ => field.write(value.as_ref(), partial, &mut out),
        }
    }
    out.end_object();
    out.end_object();
    Ok(Response::json(out.into_bytes()))
}

async fn create(cx: &mut Context) -> Result<Response> {
    Ok(echo(cx, false).await?.with_status(201))
}

async fn update(cx: &mut Context) -> Result<Response> {
    echo(cx, false).await
}

async fn partial_update(cx: &mut Context) -> Result<Response> {
    echo(cx, true).await
}

fn site(on: On) -> Store {
    Store::serving(
        on,
        |_| {},
        |settings, database| {
            let view = ApiView::new("Fields")
                .description("Echo of a serializer that has every kind of field.")
                .permissions(AllowAny)
                .get(show)
                .post(create)
                .put(update)
                .patch(partial_update);
            let orders =
                ApiView::new("Orders").permissions(AllowAny).post(order).patch(change_order);
            let urls =
                Router::new().path("fields/", view, "fields").path("orders/", orders, "orders");
            Site::builder(settings, database)
                .authentication((
                    TokenAuthentication::new(),
                    BasicAuthentication::new(),
                    SessionAuthentication,
                ))
                .mount(urls.at("/api/"))
                .build()
                .expect("the site is right")
        },
    )
}

fn few(items: Vec<String>) -> Validated {
    let named = items.into_iter().filter(|item| item != "none");
    if named.count() < 3 { Ok(()) } else { Err("Name two at most.".into()) }
}

fn own_limit(value: i64, cx: &Context) -> Validated {
    match cx.user() {
        None if value > 50 => Err("Log in for more than 50.".into()),
        _ => Ok(()),
    }
}

/// Checks of one's own, and values that a check changes.
#[derive(Serializer)]
#[serializer(validate, error(invalid = "Send an object, no {datatype}."))]
struct OrderSerializer {
    #[field(validators = [own_limit, even], max_value = 100)]
    amount: i64,
    #[field(each(validators = [even]))]
    numbers: Option<Vec<i64>>,
    #[field(validators = [few], validate)]
    labels: Option<Vec<String>>,
    #[field(choices = [Choice::group("Audio", ["cd"]), Choice::group("Video", ["vhs"])].concat())]
    medium: Option<String>,
    #[field(format = "%d %B %Y", input_formats = ["%d.%m.%Y"])]
    day: Option<NaiveDate>,
    #[field(format = "iso-8601", max_value = 3600)]
    length: Option<TimeDelta>,
    #[field(decimal(6, 2), rounding = Rounding::HalfUp)]
    price: Option<Decimal>,
    #[field(binary)]
    extra: Option<serde_json::Value>,
    #[field(name = "orderedBy", source = customer)]
    ordered_by: Option<String>,
}

impl OrderSerializer {
    fn validate_labels(labels: Vec<String>) -> Validated<Vec<String>> {
        if labels.iter().any(String::is_empty) {
            return Err("Name no empty label.".into());
        }
        Ok(labels.into_iter().map(|label| label.to_uppercase()).collect())
    }

    fn validate(values: &mut ValidatedData, cx: &Context) -> Validated {
        if let Some(user) = cx.user() {
            values.put("customer", user.username.clone());
        }
        match values.get::<i64>("amount") {
            Some(0) => Err(Detail::field("amount", "Order something.")),
            _ => Ok(()),
        }
    }
}

async fn order(order: Valid<OrderSerializer>, _: &mut Context) -> Result<Json<OrderSerializer>> {
    Ok(Json(order.0))
}

async fn change_order(cx: &mut Context) -> Result<Response> {
    let sent = OrderSerializer::from_data(cx.data()?).partial().validated(cx).await?;
    Response::new(&sent.data::<OrderSerializer>(cx)?)
}

/// The status and the body of what is sent to `/api/orders/`.
fn ordered(client: &Client, method: &str, body: &serde_json::Value) -> (u16, serde_json::Value) {
    let reply = client.json(method, "/api/orders/", body);
    (reply.status, reply.json())
}

#[actix_web::test]
async fn validators_are_functions_that_may_see_the_user_and_run_before_the_bounds() {
    let store = site(On::Sqlite);
    let (anyone, alice) = (store.client(), store.client_of(ALICE));
    let refused = |client: &Client, body| {
        let (status, body) = ordered(client, "POST", &body);
        assert_eq!(status, 400);
        body
    };
    assert_eq!(
        refused(&anyone, json!({"amount": 101})),
        json!({"amount": [
            "Log in for more than 50.",
            "This number must be even.",
            "Ensure this value is less than or equal to 100.",
        ]})
    );
    assert_eq!(
        refused(&alice, json!({"amount": 51, "numbers": [2, 3, "x"], "labels": ["a", "b", "c"]})),
        json!({
            "amount": ["This number must be even."],
            "numbers": {"1": ["This number must be even."], "2": ["A valid integer is required."]},
            "labels": ["Name two at most."],
        })
    );
    assert_eq!(
        refused(&anyone, json!([1])),
        json!({"non_field_errors": ["Send an object, no list."]})
    );
}

#[actix_web::test]
async fn formats_sources_and_changed_values_reach_the_struct_and_the_answer() {
    let store = site(On::Sqlite);
    let body = json!({
        "amount": 2, "labels": ["a"], "medium": "vhs", "day": "9.2.2024", "length": "3600",
        "price": "1.5", "extra": "{\"a\": [1]}", "orderedBy": "someone",
    });
    let shown = json!({
        "amount": 2, "numbers": null, "labels": ["A"], "medium": "vhs", "day": "09 February 2024",
        "length": "P0DT01H00M00S", "price": "1.50", "extra": "{\"a\":[1]}", "orderedBy": "alice",
    });
    assert_eq!(ordered(&store.client_of(ALICE), "POST", &body), (200, shown));
    let wrong = json!({"amount": 2, "day": "2024-02-09", "length": 3601, "extra": {}});
    let words = json!({
        "day": ["Date has wrong format. Use one of these formats instead: DD.MM.YYYY."],
        "length": ["Ensure this value is less than or equal to 1:00:00."],
        "extra": ["Value must be valid JSON."],
    });
    assert_eq!(ordered(&store.client(), "POST", &wrong), (400, words));
}

#[actix_web::test]
async fn a_partial_body_is_validated_as_a_whole_and_shows_what_was_sent() {
    let store = site(On::Sqlite);
    let client = store.client();
    let patched = |body| ordered(&client, "PATCH", &body);
    assert_eq!(patched(json!({"medium": "cd"})), (200, json!({"medium": "cd"})));
    assert_eq!(patched(json!({"amount": 0})), (400, json!({"amount": ["Order something."]})));
    let body = json!({"choice": "s", "choice_blank": "b"});
    let reply = client.json("PATCH", "/api/fields/", &body);
    let words = json!({"non_field_errors": ["choice and choice_blank disagree."]});
    assert_eq!((reply.status, reply.json()), (400, words));
}

#[test]
fn a_serializers_own_message_has_its_code() {
    assert_eq!(FieldsSerializer::fail("mismatch").codes(), json!("mismatch"));
    assert_eq!(FieldsSerializer::fail("other").to_json(), json!("Invalid input."));
}

async fn play(on: On) {
    let scenarios = scenario::load_from("fields").expect("the recorded exchanges are there");
    assert_eq!(scenarios.iter().map(Scenario::compared).sum::<usize>(), 122);
    let store = site(on);
    let client = Client::new(store.server.address());
    let mut failures = Vec::new();
    for scenario in &scenarios {
        let send = async |call| -> Answer { parity::answer(&client, &call) };
        failures.extend(replay::play(scenario, send).await);
    }
    let report: Vec<String> = failures.iter().map(ToString::to_string).collect();
    assert!(report.is_empty(), "{} answers differ:\n{}", report.len(), report.join("\n"));
}

#[actix_web::test]
async fn every_kind_of_field_answers_as_the_reference_does_on_sqlite() {
    play(On::Sqlite).await;
}

#[actix_web::test]
async fn every_kind_of_field_answers_as_the_reference_does_on_postgresql() {
    if On::all().contains(&On::Postgres) {
        play(On::Postgres).await;
    }
}
