//! Annotations over HTTP: shown, filtered, ordered, given by a request, grouped.

mod recorded;

use quintet::db::{Case, Count, Exists, Expression, Max, Order, Subquery, Sum, Trunc};
use quintet::pagination::{LimitOffsetPagination, Pagination};
use quintet::prelude::*;
use quintet_tests::client::Reply;
use quintet_tests::store::{ADMIN, On, Store};
use serde_json::{Value, json};

#[model(
    table = "store_artist",
    verbose_name = "performer",
    ordering(id),
    annotations(
        records_made: i64 = |performer| Count::of(performer.records()),
        worth: Option<Decimal> = |performer| Sum::of(performer.records().songs().price()),
        longest: Option<i32> = |performer| Max::of(performer.records().songs().milliseconds()),
        first_record: Option<String> = |performer| {
            Subquery::first(performer.clone().records().title()).order_by(performer.records().id())
        },
        is_chosen: bool = |_| false,
    )
)]
pub struct Performer {
    pub id: i64,
    #[field(max_length = 120)]
    pub name: String,
}

#[model(table = "store_album", ordering(id))]
pub struct Record {
    pub id: i64,
    #[field(max_length = 160)]
    pub title: String,
    #[field(foreign_key = Performer, related_name = records)]
    pub artist_id: i64,
}

#[model(
    table = "store_track",
    ordering(id),
    annotations(
        seconds: Option<i64> = |song| song.milliseconds() / 1000,
        length: String = |song| {
            Case::when(song.milliseconds().gte(300_000), "long").otherwise("short")
        },
    )
)]
pub struct Song {
    pub id: i64,
    #[field(max_length = 200)]
    pub name: String,
    pub milliseconds: i32,
    #[field(decimal(10, 2), column = "unit_price")]
    pub price: Decimal,
    #[field(foreign_key = Record, related_name = songs)]
    pub album_id: Option<i64>,
}

#[model(table = "store_invoice")]
pub struct Bill {
    pub id: i64,
    pub invoice_date: DateTime,
    #[field(decimal(10, 2))]
    pub total: Decimal,
    pub billing_country: Option<String>,
}

#[derive(Serializer)]
#[serializer(model = Performer)]
struct PerformerSerializer {
    id: i64,
    name: String,
    #[field(read_only)]
    records_made: i64,
    #[field(read_only)]
    worth: Option<Decimal>,
    #[field(read_only)]
    longest: Option<i32>,
    #[field(read_only)]
    first_record: Option<String>,
    #[field(read_only)]
    is_chosen: bool,
}

struct Performers;

impl ViewSet for Performers {
    type Base = ModelViewSet;
    type Serializer = PerformerSerializer;

    const FILTERSET_FIELDS: Filters<Performer> =
        filter_fields![records_made(exact, gte), worth(lt), first_record(istartswith), is_chosen];
    const ORDERING_FIELDS: OrderingFields<Performer> = ordering_fields![id, records_made, worth];

    fn permission_classes(&self) -> impl PermissionClasses {
        AllowAny
    }

    fn pagination_class(&self) -> impl Pagination + 'static {
        LimitOffsetPagination::new().default_limit(2).max_limit(500)
    }

    /// Chosen is who has a record whose title starts as the client says.
    async fn get_queryset(&self, cx: &mut Context) -> Result<QuerySet<Performer>> {
        let Some(start) = cx.request.header("x-choose") else { return Ok(Performer::objects()) };
        let records = || Performer::fields().records();
        let chosen = Exists::of(records()).filter(records().title().istartswith(&*start));
        Ok(Performer::objects().annotate(Performer::IS_CHOSEN, chosen))
    }
}

#[derive(Serializer)]
#[serializer(model = Song)]
struct SongSerializer {
    id: i64,
    seconds: Option<i64>,
    length: String,
    #[field(source = album.artist.records_made)]
    records_made: Option<i64>,
}

struct Songs;

impl ViewSet for Songs {
    type Base = ReadOnlyModelViewSet;
    type Serializer = SongSerializer;

    const FILTERSET_FIELDS: Filters<Song> =
        filter_fields![length, seconds(gt), album__artist__records_made(gte)];
    const SEARCH_FIELDS: SearchFields<Song> = search_fields![length];
    const ORDERING_FIELDS: OrderingFields<Song> =
        ordering_fields![seconds, album__artist__records_made];

    fn permission_classes(&self) -> impl PermissionClasses {
        AllowAny
    }

    fn pagination_class(&self) -> impl Pagination + 'static {
        LimitOffsetPagination::new().default_limit(2)
    }
}

#[derive(Serializer)]
struct SalesSerializer {
    country: Option<String>,
    month: Option<DateTime>,
    bills: i64,
    total: Decimal,
}

/// What was sold by country and month, from so many bills on.
async fn sales(cx: &mut Context) -> Result<Json<Vec<SalesSerializer>>> {
    let least = cx.request.query_params().get("least").and_then(|least| least.parse().ok());
    let groups = Bill::objects()
        .group_by((bill::billing_country, Trunc::month(bill::invoice_date)))
        .annotate((Count::rows(), Sum::of(bill::total)))
        .filter_by(Count::rows().gte(least.unwrap_or(1_i64)))
        .order_by_desc(Sum::of(bill::total))
        .order_by(bill::billing_country);
    let rows = groups.slice(0, 3, cx).await?;
    let row = |((country, month), (bills, total)): (_, (i64, Option<Decimal>))| SalesSerializer {
        country,
        month,
        bills,
        total: total.unwrap_or_default(),
    };
    Ok(Json(rows.into_iter().map(row).collect()))
}

fn site(on: On) -> Store {
    Store::serving(
        on,
        |_| {},
        |settings, database| {
            let router = Router::new()
                .register("performers", Performers)
                .register("songs", Songs)
                .path("sales/", ApiView::new("Sales").permissions(AllowAny).get(sales), "sales");
            Site::builder(settings, database)
                .mount(router.at("/"))
                .openapi(OpenApi::new("Annotations", "1"))
                .build()
                .expect("a site")
        },
    )
}

fn get(store: &Store, path: &str, chosen: &str) -> Reply {
    store.client_of(ADMIN).send("GET", path, &[("X-Choose", chosen)], b"")
}

fn ids(reply: &Reply) -> Vec<i64> {
    let body = reply.json();
    let rows = body["results"].as_array().unwrap_or_else(|| panic!("{body}")).clone();
    rows.iter().filter_map(|row| row["id"].as_i64()).collect()
}

#[test]
fn annotations_are_shown_with_their_types() {
    for on in On::all() {
        let store = site(on);
        let row = json!({
            "id": 1, "name": "AC/DC", "records_made": 2, "worth": "17.82", "longest": 369_319,
            "first_record": "For Those About To Rock We Salute You", "is_chosen": false,
        });
        assert_eq!(store.client().get("/performers/1/").json(), row, "{on:?}");
        let none = json!({
            "id": 25, "name": "Milton Nascimento & Bebeto", "records_made": 0, "worth": null,
            "longest": null, "first_record": null, "is_chosen": false,
        });
        assert_eq!(store.client().get("/performers/25/").json(), none, "{on:?}");
        let songs = store.client().get("/songs/").json();
        let expected = json!([
            {"id": 1, "seconds": 343, "length": "long", "records_made": 2},
            {"id": 2, "seconds": 342, "length": "long", "records_made": 2},
        ]);
        assert_eq!(songs["results"], expected, "{on:?}");
    }
}

#[test]
fn annotations_narrow_and_order_lists() {
    for on in On::all() {
        let store = site(on);
        let ids_of = |path: &str| ids(&store.client().get(path));
        assert_eq!(ids_of("/performers/?ordering=-records_made"), [90, 22], "{on:?}");
        assert_eq!(ids_of("/performers/?records_made__gte=11&ordering=id"), [22, 58], "{on:?}");
        assert_eq!(ids_of("/performers/?records_made=21"), [90], "{on:?}");
        assert_eq!(ids_of("/performers/?worth__lt=1&ordering=-worth").len(), 2, "{on:?}");
        let back = "/performers/?first_record__istartswith=BACK TO&ordering=id";
        assert_eq!(ids_of(&back.replace(' ', "%20")).len(), 1, "{on:?}");
        let refused = store.client().get("/performers/?records_made__gte=x");
        assert_eq!(refused.json(), json!({"records_made__gte": ["Enter a number."]}), "{on:?}");
        let count = |path: &str| store.client().get(path).json()["count"].clone();
        let long = count("/songs/?length=long");
        assert_eq!(count("/songs/?search=long"), long, "{on:?}");
        assert_eq!(count("/songs/?seconds__gt=299"), long, "{on:?}");
        assert_eq!(ids_of("/songs/?album__artist__records_made__gte=21&limit=1").len(), 1);
        let by_artist = ids_of("/songs/?ordering=-album__artist__records_made,id");
        let first = store.client().get(&format!("/songs/{}/", by_artist[0])).json();
        assert_eq!(first["records_made"], json!(21), "{on:?}");
    }
}

#[test]
fn what_a_request_gives_holds_for_every_action() {
    for on in On::all() {
        let store = site(on);
        let chosen = ids(&get(&store, "/performers/?is_chosen=true&limit=500", "let there"));
        assert_eq!(chosen, [1], "{on:?}");
        let shown = |reply: Reply| reply.json()["is_chosen"].clone();
        assert_eq!(shown(get(&store, "/performers/1/", "let there")), json!(true), "{on:?}");
        assert_eq!(shown(get(&store, "/performers/1/", "other")), json!(false), "{on:?}");
        let headers = [("X-Choose", "let there"), ("Content-Type", "application/json")];
        let client = store.client_of(ADMIN);
        let patched = client.send("PATCH", "/performers/1/", &headers, br#"{"name": "AC-DC"}"#);
        assert_eq!(shown(patched), json!(true), "{on:?}");
        let made = client.send("POST", "/performers/", &headers, br#"{"name": "Nobody"}"#);
        let body = made.json();
        assert_eq!((made.status, &body["is_chosen"]), (201, &json!(false)), "{on:?}");
        let read = get(&store, &format!("/performers/{}/", body["id"]), "let there");
        assert_eq!(read.json(), body, "{on:?}");
    }
}

#[test]
fn annotations_take_no_statement_of_their_own() {
    for on in On::all() {
        let store = site(on);
        let statements = |path: &str| store.counted(|| get(&store, path, "let there")).0;
        // the user, rows, count
        assert_eq!(statements("/performers/?limit=1"), 3, "{on:?}");
        assert_eq!(statements("/performers/?limit=200&is_chosen=false"), 3, "{on:?}");
        assert_eq!(statements("/performers/1/"), 2, "{on:?}");
    }
}

#[test]
fn the_document_knows_what_annotations_are() {
    let store = site(On::all()[0]);
    let schema = store.client().get("/api/schema/?format=json").json();
    let properties = &schema["components"]["schemas"]["Performer"]["properties"];
    let kind = |name: &str| properties[name]["type"].clone();
    assert_eq!(kind("records_made"), json!("integer"), "{schema}");
    assert_eq!(kind("worth"), json!(["string", "null"]));
    assert_eq!(kind("longest"), json!(["integer", "null"]));
    assert_eq!(kind("is_chosen"), json!("boolean"));
}

#[test]
fn groups_are_an_endpoint_of_their_own() {
    for on in On::all() {
        let store = site(on);
        let (statements, reply) = store.counted(|| store.client().get("/sales/?least=2"));
        let body = reply.json();
        let rows: Vec<Value> = body.as_array().unwrap_or_else(|| panic!("{body}")).clone();
        assert_eq!((statements, rows.len()), (1, 3), "{on:?}");
        assert!(rows.iter().all(|row| row["bills"].as_i64() >= Some(2)), "{on:?}: {body}");
        let total = |row: &Value| row["total"].as_str().and_then(|total| total.parse::<f64>().ok());
        assert!(rows.windows(2).all(|two| total(&two[0]) >= total(&two[1])), "{on:?}: {body}");
        assert!(rows[0]["month"].as_str().is_some_and(|month| month.ends_with("-01T00:00:00Z")));
    }
}

#[test]
fn an_expression_stands_in_code_where_a_column_does() {
    for on in On::all() {
        let store = site(on);
        let found = store.run(async |cx| {
            let sum = Expression::from(Exists::of(Performer::fields().records()));
            let without = Performer::objects().filter_by(sum.exact(false)).count(cx).await?;
            let worth = Performer::objects().then(Order::descending(Performer::WORTH).nulls_last());
            let worth = worth.values((performer::id, Performer::WORTH)).first(cx).await?;
            Ok::<_, quintet::db::Error>((without, worth))
        });
        let (without, worth) = found.unwrap();
        assert_eq!(without, 71, "{on:?}");
        assert!(worth.is_some_and(|(_, worth)| worth.is_some()), "{on:?}");
    }
}
