//! Lengths of time, bytes, addresses, slugs, URLs and arrays, and what columns say of themselves.

use std::sync::Arc;

use quintet::db::{Conn, Dialect, StartupError};
use quintet::pagination::NoPagination;
use quintet::prelude::*;
use quintet::site::SiteError;
use quintet::test::Template;
use quintet::values::TimeDelta;
use serde_json::{Value, json};

use super::{answer, component, each, localized, refused, sites};

#[model(app = "columns", verbose_name = "host", ordering(id))]
pub struct Host {
    pub id: i64,
    pub uptime: TimeDelta,
    pub pause: Option<TimeDelta>,
    #[field(ip)]
    pub address: String,
    #[field(ipv4)]
    pub gateway: Option<String>,
    #[field(slug, max_length = 50, unique)]
    pub name: String,
    #[field(unicode_slug, max_length = 50, blank)]
    pub alias: String,
    #[field(url, max_length = 200)]
    pub page: String,
    #[field(default = vec![0_u8, 255])]
    pub key: Vec<u8>,
    #[field(editable)]
    pub image: Option<Vec<u8>>,
    #[field(positive)]
    pub ports: i64,
    // names that the table's own code uses
    #[field(column = "pass_", default = 0)]
    pub pass: i32,
    #[field(column = "other_", default = 0)]
    pub other: i32,
}

#[derive(Serializer)]
#[serializer(model = Host, exclude(pass, other))]
pub(crate) struct HostSerializer {}

struct Hosts;

impl ViewSet for Hosts {
    type Base = ModelViewSet;
    type Serializer = HostSerializer;
    const FILTERSET_FIELDS: Filters<Host> = filter_fields![
        uptime(exact, gte, in, isnull),
        address(exact, in, startswith, iexact),
        name(exact, in),
        gateway(isnull)
    ];
    const ORDERING_FIELDS: OrderingFields<Host> = ordering_fields![uptime, address];
    const SEARCH_FIELDS: SearchFields<Host> = search_fields![address, name];

    fn pagination_class(&self) -> impl quintet::pagination::Pagination + 'static {
        NoPagination
    }
}

fn site(settings: Settings, database: Arc<Database>) -> Result<Arc<Site>, SiteError> {
    let urls = Router::new().register("hosts", Hosts);
    Site::builder(settings, database)
        .permissions(AllowAny)
        .mount(urls.at("/"))
        .openapi(OpenApi::new("Columns", "1"))
        .build()
}

static HOSTS: Template = Template::new(|conn| Box::pin(tables(conn)));

async fn tables(conn: &mut Conn) -> Result<(), StartupError> {
    let sqlite = ["bigint", "char(39)", "BLOB", "93784500000", "0", "X'61'", "-1000000", "X'00ff'"];
    let postgres = [
        "interval",
        "inet",
        "bytea",
        "'1 day 02:03:04.5'",
        "'0'",
        "'\\x61'",
        "'-1 second'",
        "'\\x00ff'",
    ];
    let words = if conn.dialect() == Dialect::Sqlite { sqlite } else { postgres };
    let [span, inet, bytes, long, none, letter, second, two] = words;
    // as Django stores them
    let sql = format!(
        "CREATE TABLE columns_host (
             id {{pk}}, uptime {span} NOT NULL, pause {span}, address {inet} NOT NULL, gateway {inet},
             name varchar(50) NOT NULL UNIQUE, alias varchar(50) NOT NULL, page varchar(200) NOT NULL,
             key {bytes} NOT NULL, image {bytes}, ports bigint NOT NULL,
             pass_ integer NOT NULL, other_ integer NOT NULL
         );
         INSERT INTO columns_host VALUES
             (1, {long}, {second}, '10.0.0.1', '10.0.0.254', 'one', 'eins', 'http://one.example/', {two}, {letter}, 1, 0, 0),
             (2, {none}, NULL, 'fe80::1', NULL, 'two', '', 'https://two.example/', {letter}, NULL, 2, 0, 0)"
    );
    Ok(conn.batch_execute(&localized(conn.dialect(), &sql)).await?)
}

fn new() -> Value {
    json!({
        "uptime": "3 04:05:06.7", "address": "::ffff:1.2.3.4", "name": "new", "page": "http://x.example",
        "ports": 9, "key": "AAAA", "image": "aGk=",
    })
}

#[quintet::test]
async fn kinds_are_shown_as_django_shows_them() {
    for site in sites(&HOSTS, site).await {
        let client = site.client().await;
        let expected = json!([
            {
                "id": 1, "uptime": "1 02:03:04.500000", "pause": "-1 23:59:59", "address": "10.0.0.1",
                "gateway": "10.0.0.254", "name": "one", "alias": "eins", "page": "http://one.example/",
                "key": "AP8=", "image": "YQ==", "ports": 1,
            },
            {
                "id": 2, "uptime": "00:00:00", "pause": null, "address": "fe80::1", "gateway": null,
                "name": "two", "alias": "", "page": "https://two.example/", "key": "YQ==", "image": null,
                "ports": 2,
            },
        ]);
        assert_eq!(answer(client.get("/hosts/")).await, (200, expected.clone()));
        assert_eq!(answer(client.get("/hosts/1/")).await, (200, expected[0].clone()));
    }
}

#[quintet::test]
async fn kinds_are_written_and_read_back() {
    for site in sites(&HOSTS, site).await {
        let client = site.client().await;
        let (status, body) = answer(client.post("/hosts/").json(&new())).await;
        assert_eq!((status, &body["uptime"]), (201, &json!("3 04:05:06.700000")), "{body}");
        assert_eq!((&body["address"], &body["image"]), (&json!("1.2.3.4"), &json!("aGk=")));
        // bytes are not edited unless the column says so
        assert_eq!((&body["key"], &body["pause"]), (&json!("AP8="), &json!(null)));
        let own = format!("/hosts/{}/", body["id"]);
        assert_eq!(answer(client.get(&own)).await, (200, body));
        for (field, value, shown) in [
            ("uptime", json!(90), json!("00:01:30")),
            ("uptime", json!("-1 00:00:00"), json!("-1 00:00:00")),
            ("uptime", json!("P3DT4H"), json!("3 04:00:00")),
            ("pause", json!(null), json!(null)),
            ("pause", json!("0.000001"), json!("00:00:00.000001")),
            ("address", json!("2001:DB8::0:1"), json!("2001:db8::1")),
            ("gateway", json!(null), json!(null)),
            ("image", json!(""), json!("")),
            ("image", json!("!aG\n k="), json!("aGk=")),
            ("image", json!(null), json!(null)),
            ("alias", json!("über-1"), json!("über-1")),
            ("ports", json!(i64::MAX), json!(i64::MAX)),
        ] {
            let (status, body) = answer(client.patch(&own).json(&json!({ field: value }))).await;
            assert_eq!((status, &body[field]), (200, &shown), "{field} {value}");
            let (_, body) = answer(client.get(&own)).await;
            assert_eq!(body[field], shown);
        }
    }
}

#[quintet::test]
async fn bad_input_of_a_kind_is_refused() {
    let duration =
        "Duration has wrong format. Use one of these formats instead: [DD] [HH:[MM:]]ss[.uuuuuu].";
    let slug = "Enter a valid \"slug\" consisting of letters, numbers, underscores or hyphens.";
    for site in sites(&HOSTS, site).await {
        let client = site.client().await;
        for (field, value, message) in [
            ("uptime", json!("x"), duration),
            ("uptime", json!([]), duration),
            ("uptime", json!(null), "This field may not be null."),
            (
                "uptime",
                json!("1000000000 00:00:00"),
                "The number of days must be between -999999999 and 999999999.",
            ),
            ("address", json!("10.0.0.256"), "Enter a valid IPv4 or IPv6 address."),
            ("address", json!(5), "Enter a valid IPv4 or IPv6 address."),
            ("gateway", json!("::1"), "Enter a valid IPv4 address."),
            ("name", json!("a b"), slug),
            ("name", json!("x".repeat(51)), "Ensure this field has no more than 50 characters."),
            ("name", json!("two"), "host with this name already exists."),
            ("page", json!("x"), "Enter a valid URL."),
            ("image", json!("a"), "Value must be valid base64."),
            ("image", json!(5), "Value must be valid base64."),
            ("image", json!({}), "Value must be valid base64."),
            ("ports", json!(-1), "Ensure this value is greater than or equal to 0."),
            (
                "ports",
                json!(9_223_372_036_854_775_808_u64),
                "Ensure this value is less than or equal to 9223372036854775807.",
            ),
        ] {
            let sent = client.patch("/hosts/1/").json(&json!({ field: value }));
            assert_eq!(answer(sent).await, refused(field, message), "{value}");
        }
        // more microseconds than a column holds
        let sent = client.patch("/hosts/1/").json(&json!({"uptime": "999999999 00:00:00"}));
        let expected = if site.database().dialect() == Dialect::Postgres { 200 } else { 400 };
        assert_eq!(sent.await.status(), expected);
        assert_eq!(client.get("/hosts/").await.status(), 200);
    }
}

#[quintet::test]
async fn kinds_are_filtered_searched_and_ordered() {
    for site in sites(&HOSTS, site).await {
        let client = site.client().await;
        for (query, ids) in [
            ("uptime=00:00:00", json!([2])),
            ("uptime__gte=1%2002:03:04", json!([1])),
            ("uptime__in=0,P1DT2H3M4.5S", json!([1, 2])),
            ("uptime__gte=999999999%2000:00:00", json!([])),
            ("address=FE80:0::1", json!([2])),
            ("address__in=10.0.0.1,x,fe80::1", json!([1, 2])),
            ("address=x", json!([])),
            ("address__startswith=10.0", json!([1])),
            ("address__iexact=FE80::1", json!([2])),
            ("gateway__isnull=true", json!([2])),
            ("name__in=one,x", json!([1])),
            ("ordering=uptime", json!([2, 1])),
            ("ordering=-address", json!([2, 1])),
            ("search=fe80", json!([2])),
        ] {
            let (status, body) = answer(client.get(&format!("/hosts/?{query}"))).await;
            assert_eq!((status, each(&body, "id")), (200, ids), "{query}");
        }
        let bad = answer(client.get("/hosts/?uptime=x")).await;
        assert_eq!(bad, refused("uptime", "Enter a valid duration."));
    }
}

#[quintet::test]
async fn code_reads_writes_and_compares_kinds() {
    for site in sites(&HOSTS, site).await {
        let work = async |conn: &mut Conn| {
            let fields = Host::fields;
            let rows = Host::objects().all(conn).await?;
            let day = TimeDelta::milliseconds(93_784_500);
            assert_eq!((rows[0].uptime, rows[0].pause), (day, Some(TimeDelta::seconds(-1))));
            assert_eq!(
                (rows[0].key.as_slice(), rows[0].image.as_deref()),
                (&[0, 255][..], Some(&b"a"[..]))
            );
            let ids = async |condition| -> Result<Vec<i64>, StartupError> {
                Ok(Host::objects().filter_by(condition).values(host::id).all(conn).await?)
            };
            assert_eq!(ids(fields().uptime().gt(TimeDelta::zero())).await?, [1]);
            assert_eq!(ids(fields().uptime().is_in([day, TimeDelta::zero()])).await?, [1, 2]);
            assert_eq!(ids(fields().uptime().range(TimeDelta::zero(), day)).await?, [1, 2]);
            assert_eq!(ids(fields().pause().isnull(true)).await?, [2]);
            assert_eq!(ids(fields().address().exact("fe80::1")).await?, [2]);
            assert_eq!(ids(fields().address().is_in(["10.0.0.1"])).await?, [1]);
            assert_eq!(ids(fields().address().icontains("E80")).await?, [2]);
            assert_eq!(ids(fields().address().regex("^10[.]")).await?, [1]);
            assert_eq!(ids(fields().key().exact(vec![0, 255])).await?, [1]);
            let set = Changes::new().set(host::pause, day).set(host::image, vec![1, 2]);
            Host::objects().filter(host::id.eq(2)).update(set, conn).await?;
            let row = Host::objects().filter(host::id.eq(2)).get(conn).await?;
            assert_eq!((row.pause, row.image), (Some(day), Some(vec![1, 2])));
            let values = (host::uptime, fields().address(), host::key);
            let values = Host::objects().values(values).first(conn).await?.unwrap();
            assert_eq!(values, (day, Some("10.0.0.1".to_owned()), vec![0, 255]));
            Ok(())
        };
        site.test_database().run(work).await.expect("the statements run");
    }
}

#[quintet::test]
async fn the_document_shows_kinds() {
    let site = HOSTS.sqlite().await.unwrap().site(site).unwrap();
    let shown = component(&site.client().await, "Host").await;
    let properties = &shown["properties"];
    assert_eq!(properties["uptime"], json!({"type": "string"}));
    assert_eq!(properties["address"], json!({"type": "string"}));
    assert_eq!(properties["gateway"], json!({"type": ["string", "null"], "format": "ipv4"}));
    assert_eq!(properties["key"], json!({"type": "string", "format": "byte", "readOnly": true}));
    assert_eq!(properties["image"], json!({"type": ["string", "null"], "format": "byte"}));
    assert_eq!(
        properties["name"],
        json!({"type": "string", "maxLength": 50, "pattern": "^[-a-zA-Z0-9_]+$"})
    );
    assert_eq!(properties["page"], json!({"type": "string", "maxLength": 200, "format": "uri"}));
}

#[model(app = "columns", ordering(id))]
pub struct Listing {
    pub id: i64,
    #[field(size = 3, default = Vec::new())]
    pub tags: Vec<String>,
    #[field(blank)]
    pub sizes: Vec<i32>,
    pub flags: Option<Vec<bool>>,
}

#[derive(Serializer)]
#[serializer(model = Listing, fields = all)]
pub(crate) struct ListingSerializer {}

struct Listings;

impl ViewSet for Listings {
    type Base = ModelViewSet;
    type Serializer = ListingSerializer;

    fn pagination_class(&self) -> impl quintet::pagination::Pagination + 'static {
        NoPagination
    }
}

fn listings(settings: Settings, database: Arc<Database>) -> Result<Arc<Site>, SiteError> {
    let urls = Router::new().register("listings", Listings);
    Site::builder(settings, database)
        .permissions(AllowAny)
        .mount(urls.at("/"))
        .openapi(OpenApi::new("Columns", "1"))
        .build()
}

static LISTINGS: Template = Template::new(|conn| {
    Box::pin(async {
        if conn.dialect() == Dialect::Postgres {
            let sql = "CREATE TABLE columns_listing (
                    id {pk}, tags varchar(5)[] NOT NULL, sizes integer[] NOT NULL, flags bool[]
                );
                INSERT INTO columns_listing VALUES (1, '{a,b}', '{1,2}', '{t,f}'), (2, '{}', '{3}', NULL)";
            conn.batch_execute(&localized(conn.dialect(), sql)).await?;
        }
        Ok(())
    })
});

#[quintet::test]
async fn arrays_are_columns_of_postgresql() {
    let Ok(url) = std::env::var("QUINTET_TEST_POSTGRES") else { return };
    let site = LISTINGS.postgres(&url).await.unwrap().site(listings).unwrap();
    let client = site.client().await;
    let (_, body) = answer(client.get("/listings/")).await;
    let expected = json!([
        {"id": 1, "tags": ["a", "b"], "sizes": [1, 2], "flags": [true, false]},
        {"id": 2, "tags": [], "sizes": [3], "flags": null},
    ]);
    assert_eq!(body, expected);
    let new = json!({"tags": ["x", "é"], "sizes": ["4", 5], "flags": null});
    let (status, body) = answer(client.post("/listings/").json(&new)).await;
    assert_eq!((status, &body["tags"], &body["sizes"]), (201, &json!(["x", "é"]), &json!([4, 5])));
    assert_eq!(answer(client.post("/listings/").json(&json!({"sizes": []}))).await.0, 201);
    for (field, value, message) in [
        ("tags", json!([]), json!(["This list may not be empty."])),
        (
            "tags",
            json!(["a", "b", "c", "d"]),
            json!(["List contains 4 items, it should contain no more than 3."]),
        ),
        ("tags", json!("x"), json!(["Expected a list of items but got type \"str\"."])),
        ("tags", json!(["a", null]), json!({"1": ["This field may not be null."]})),
        (
            "sizes",
            json!(["x", 1, 2_147_483_648_i64]),
            json!({"0": ["A valid integer is required."], "2": ["Ensure this value is less than or equal to 2147483647."]}),
        ),
        ("sizes", json!(null), json!(["This field may not be null."])),
    ] {
        let sent = client.patch("/listings/1/").json(&json!({ field: value }));
        assert_eq!(answer(sent).await, (400, json!({ field: message })), "{value}");
    }
    // longer than an item of the column, and a character that no text has
    for item in ["too long", "\u{0}"] {
        assert_eq!(client.patch("/listings/1/").json(&json!({"tags": [item]})).await.status(), 400);
    }
    let work = async |conn: &mut Conn| {
        let ids = async |condition| -> Result<Vec<i64>, StartupError> {
            Ok(Listing::objects().filter_by(condition).values(listing::id).all(conn).await?)
        };
        let fields = Listing::fields;
        assert_eq!(ids(fields().tags().contains_items(["b".to_owned()])).await?, [1]);
        assert_eq!(ids(fields().sizes().overlaps([2, 3])).await?, [1, 2]);
        assert_eq!(ids(fields().sizes().contained_by_items([3, 9])).await?[0], 2);
        assert_eq!(ids(fields().sizes().exact(vec![1, 2])).await?, [1]);
        assert_eq!(ids(fields().flags().isnull(false)).await?, [1]);
        let set =
            Changes::new().set(listing::sizes, vec![7]).set(listing::flags, None::<Vec<bool>>);
        Listing::objects().filter(listing::id.eq(1)).update(set, conn).await?;
        let row = Listing::objects().filter(listing::id.eq(1)).get(conn).await?;
        assert_eq!((row.tags, row.sizes, row.flags), (vec!["a".into(), "b".into()], vec![7], None));
        Ok(())
    };
    site.test_database().run(work).await.expect("the statements run");
    let shown = component(&client, "Listing").await["properties"].clone();
    assert_eq!(
        shown["sizes"]["items"],
        json!({"type": "integer", "minimum": -2_147_483_648_i64, "maximum": 2_147_483_647})
    );
}

#[quintet::test]
async fn a_site_with_an_array_is_not_built_on_sqlite() {
    let refused = LISTINGS.sqlite().await.unwrap().site(listings).unwrap_err();
    let words = "Listing.tags is an array, and SQLite has none: use PostgreSQL, or make it \
                 `serde_json::Value` or `Json<Vec<..>>`";
    assert_eq!(refused.to_string(), words);
}
