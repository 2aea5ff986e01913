//! The formats that a site sets for its fields (`settings.formats`).

use std::sync::Arc;

use musicstore::models::{Invoice, Track};
use quintet::authentication::TokenAuthentication;
use quintet::db::Database;
use quintet::prelude::*;
use quintet::values::{NaiveDate, NaiveTime, TimeDelta};
use quintet_tests::store::{On, Store};
use serde_json::json;

/// Columns alone, which are written while they are read.
#[derive(Serializer)]
#[serializer(model = Invoice, fields(id, invoice_date, total))]
struct InvoiceSerializer {}

/// With what is joined, and a field that has a format of its own.
#[derive(Serializer)]
#[serializer(model = Track)]
struct TrackSerializer {
    id: i64,
    unit_price: Decimal,
    #[field(source = unit_price, as_text, read_only)]
    price: Decimal,
    #[field(source = album.title)]
    album_title: Option<String>,
}

#[derive(Serializer)]
struct EventSerializer {
    day: NaiveDate,
    at: NaiveTime,
    #[field(input_formats = ["iso-8601"], format = "%H:%M")]
    until: Option<NaiveTime>,
    lasts: Option<TimeDelta>,
    days: Option<Vec<NaiveDate>>,
    #[field(nested)]
    breaks: Option<Vec<BreakSerializer>>,
}

#[derive(Serializer)]
struct BreakSerializer {
    at: NaiveTime,
}

async fn echo(event: Valid<EventSerializer>, _: &mut Context) -> Result<Json<EventSerializer>> {
    Ok(Json(event.0))
}

macro_rules! view_sets {
    ($($name:ident: $serializer:ident)*) => {$(
        struct $name;

        impl ViewSet for $name {
            type Base = ModelViewSet;
            type Serializer = $serializer;
        }
    )*};
}

view_sets! {
    Invoices: InvoiceSerializer
    Tracks: TrackSerializer
}

fn store(on: On) -> Store {
    Store::serving(
        on,
        |settings| {
            settings.formats.datetime_format = "%d.%m.%Y %H:%M";
            settings.formats.date_format = "%d.%m.%Y";
            settings.formats.time_format = "%H.%M";
            settings.formats.date_input_formats = &["%d.%m.%Y", "iso-8601"];
            settings.formats.time_input_formats = &["%H.%M"];
            settings.formats.duration_format = "iso-8601";
            settings.formats.coerce_decimal_to_string = false;
        },
        |settings, database: Arc<Database>| {
            let urls = Router::new()
                .register("invoices", Invoices)
                .register("tracks", Tracks)
                .path("events/", ApiView::new("Events").post(echo), "events");
            Site::builder(settings, database)
                .authentication(TokenAuthentication::new())
                .permissions(AllowAny)
                .mount(urls.at("/"))
                .build()
                .expect("a site")
        },
    )
}

#[test]
fn rows_are_shown_in_the_formats_of_the_site() {
    for on in On::all() {
        let store = store(on);
        let client = store.client();
        let get = |path: &str| client.get(path).text();
        let first = r#"{"id":1,"invoice_date":"01.01.2021 00:00","total":1.98}"#;
        assert_eq!(get("/invoices/1/"), first);
        assert!(get("/invoices/").starts_with(&format!("[{first},")));
        let track = json!({
            "id": 1, "unit_price": 0.99, "price": "0.99",
            "album_title": "For Those About To Rock We Salute You",
        });
        assert_eq!(client.get("/tracks/1/").json(), track);
        assert_eq!(client.get("/tracks/").json()[0], track);
        let reply = client.json("PATCH", "/tracks/1/", &json!({"unit_price": "1.5"}));
        assert_eq!(reply.json()["unit_price"], json!(1.5));
    }
}

#[test]
fn input_is_read_in_the_formats_of_the_site() {
    let store = store(On::Sqlite);
    let client = store.client();
    let sent = json!({
        "day": "9.2.2024", "at": "5.06", "until": "07:08", "lasts": "61",
        "days": ["2024-02-09"], "breaks": [{"at": "6.00"}],
    });
    let shown = json!({
        "day": "09.02.2024", "at": "05.06", "until": "07:08", "lasts": "P0DT00H01M01S",
        "days": ["09.02.2024"], "breaks": [{"at": "06.00"}],
    });
    let reply = client.json("POST", "/events/", &sent);
    assert_eq!((reply.status, reply.json()), (200, shown.clone()), "{}", reply.text());
    let wrong = json!({"day": "2/9/2024", "at": "05:06", "breaks": [{"at": "x"}]});
    let reply = client.json("POST", "/events/", &wrong);
    let time = "Time has wrong format. Use one of these formats instead: hh.mm.";
    let words = json!({
        "day": ["Date has wrong format. Use one of these formats instead: DD.MM.YYYY, YYYY-MM-DD."],
        "at": [time],
        "breaks": {"0": {"at": [time]}},
    });
    assert_eq!((reply.status, reply.json()), (400, words));
    let form = "day=9.2.2024&at=5.06&breaks[0]at=6.00&days=9.2.2024&until=07:08&lasts=61";
    let headers = [("Content-Type", "application/x-www-form-urlencoded")];
    let reply = client.send("POST", "/events/", &headers, form.as_bytes());
    assert_eq!((reply.status, reply.json()), (200, shown), "{}", reply.text());
}
