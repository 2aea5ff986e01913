//! A serializer without a model: validators, formats, sources, own messages. The music store has one
//! with a field of every kind, at `fields/`.

use quintet::authentication::{BasicAuthentication, SessionAuthentication, TokenAuthentication};
use quintet::fields::{Choice, Rounding};
use quintet::prelude::*;
use quintet::serializers::ValidatedData;
use quintet::values::{NaiveDate, TimeDelta};
use quintet_tests::client::Client;
use quintet_tests::store::{ALICE, On, Store};
use serde_json::json;

fn even(value: i64) -> Validated {
    if value % 2 == 0 { Ok(()) } else { Err("This number must be even.".into()) }
}

fn site(on: On) -> Store {
    Store::serving(
        on,
        |_| {},
        |settings, database| {
            let orders =
                ApiView::new("Orders").permissions(AllowAny).post(order).patch(change_order);
            let urls = Router::new().path("orders/", orders, "orders");
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
#[serializer(
    validate,
    error(invalid = "Send an object, no {datatype}.", closed = "Come back tomorrow.")
)]
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
        "length": "P0DT01H00M00S", "price": "1.50", "extra": "{\"a\": [1]}", "orderedBy": "alice",
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
}

#[test]
fn a_serializers_own_message_has_its_code() {
    assert_eq!(OrderSerializer::fail("closed").codes(), json!("closed"));
    assert_eq!(OrderSerializer::fail("other").to_json(), json!("Invalid input."));
}
