//! URLs of view sets and views in both routers, and reversing names.

use std::sync::{Arc, OnceLock};

use musicstore::models::{Genre, MediaType};
use quintet::db::{DatabaseConfig, LookupField};
use quintet::filters::lookup_field;
use quintet::pagination::{LimitOffsetPagination, Pagination};
use quintet::prelude::*;
use quintet::viewsets::{Action, CreateModelMixin, RetrieveModelMixin};
use quintet_tests::client::Reply;
use quintet_tests::store::{On, Store};
use serde_json::json;

#[derive(Serializer)]
#[serializer(model = Genre)]
struct GenreSerializer {
    id: i64,
    name: String,
}

struct Genres;

#[view_set]
impl ViewSet for Genres {
    type Base = ReadOnlyModelViewSet;
    type Serializer = GenreSerializer;

    fn pagination_class(&self) -> impl Pagination + 'static {
        LimitOffsetPagination::new().default_limit(1)
    }

    #[action(detail)]
    async fn shout(&self, genre: Object<Genre>, cx: &mut Context) -> Result<Response> {
        let action = cx.action().map(Action::name);
        Response::new(&json!({"name": genre.name.to_uppercase(), "action": action}))
    }

    #[mapping(shout, post)]
    async fn roar(&self, genre: Object<Genre>, cx: &mut Context) -> Result<Response> {
        self.shout(genre, cx).await
    }

    #[action(list, url_path = "first")]
    async fn first_one(&self, cx: &mut Context) -> Result<Response> {
        let action = cx.action().map(Action::name);
        Response::new(&json!({"action": action, "n": cx.request.kwarg("n")}))
    }

    #[action(list, url_path = "nth/(?P<n>[0-9]+)", url_name = "one")]
    async fn nth(&self, cx: &mut Context) -> Result<Response> {
        self.first_one(cx).await
    }
}

/// Genres by their names, which may contain anything.
struct Named;

impl ViewSet for Named {
    type Base = (RetrieveModelMixin, CreateModelMixin);
    type Serializer = GenreSerializer;

    const LOOKUP_FIELD: LookupField<Genre> = lookup_field!(name);
    const LOOKUP_VALUE_REGEX: Option<&'static str> = Some("[^.]+");

    fn basename(&self) -> String {
        "named".into()
    }
}

#[derive(Serializer)]
#[serializer(model = MediaType)]
struct FormatSerializer {
    id: i64,
}

/// File formats under another capture's name.
struct Formats;

impl ViewSet for Formats {
    type Base = ReadOnlyModelViewSet;
    type Serializer = FormatSerializer;

    const LOOKUP_VALUE_REGEX: Option<&'static str> = Some("[1-3]");
    const LOOKUP_URL_KWARG: Option<&'static str> = Some("number");
}

async fn echo(cx: &mut Context) -> Result<Response> {
    let kwargs: serde_json::Map<String, serde_json::Value> =
        cx.request.kwargs.iter().map(|(key, value)| (key.clone(), json!(value))).collect();
    Response::new(&json!(kwargs))
}

fn view() -> ApiView {
    ApiView::new("Echo").get(echo)
}

fn site(settings: Settings, database: Arc<Database>) -> Arc<Site> {
    let inner = Router::simple()
        .register("genres", Genres)
        .path("echo/<word>/", view(), "inner-echo")
        .include("deep/<int:level>/", Router::simple().path("echo/", view(), "deep-echo"));
    let full = Router::new()
        .register("genres", Genres)
        .register("named", Named)
        .register("formats", Formats)
        .include("shops/<slug:shop>/", inner)
        .path_with_suffix("echo/<uuid:key>/", view(), "echo")
        .path("plain", view(), "plain");
    let site = Site::builder(settings, database).mount(full.at("/api/"));
    site.build().expect("the site builds")
}

/// Routers that differ from the usual two.
fn variants(settings: Settings, database: Arc<Database>) -> Arc<Site> {
    let genres = || Router::new().register("genres", Genres);
    Site::builder(settings, database)
        .mount(Router::simple().trailing_slash(false).register("genres", Genres).at("/bare/"))
        .mount(genres().root_view(false).at("/rootless/"))
        .mount(genres().format_suffixes(false).at("/unsuffixed/"))
        .mount(Router::new().register("", Formats).at("/top/"))
        .build()
        .expect("the site builds")
}

fn store(on: On) -> &'static Store {
    static STORES: [OnceLock<Store>; 2] = [OnceLock::new(), OnceLock::new()];
    STORES[usize::from(on == On::Postgres)].get_or_init(|| Store::serving(on, |_| {}, site))
}

fn other() -> &'static Store {
    static OTHER: OnceLock<Store> = OnceLock::new();
    OTHER.get_or_init(|| Store::serving(On::Sqlite, |_| {}, variants))
}

fn get(path: &str) -> Reply {
    store(On::Sqlite).client().get(path)
}

fn statuses(store: &Store, paths: &[(&str, u16)]) {
    for (path, status) in paths {
        let reply = store.client().get(path);
        assert_eq!(reply.status, *status, "{path}: {}", reply.text());
    }
}

#[test]
fn the_root_lists_the_lists() {
    // what is included is not in it
    assert_eq!(
        get("/api/").json(),
        json!({
            "genres": "http://testserver/api/genres/",
            "named": "http://testserver/api/named/",
            "formats": "http://testserver/api/formats/",
        })
    );
    let paths = [("/unsuffixed/", 200), ("/rootless/", 404), ("/bare/", 404), ("/bare", 404)];
    statuses(other(), &paths);
}

#[test]
fn the_links_of_the_root_keep_the_format() {
    assert_eq!(
        get("/api/.json").json(),
        json!({
            "genres": "http://testserver/api/genres.json",
            "named": "http://testserver/api/named.json",
            "formats": "http://testserver/api/formats.json",
        })
    );
    assert_eq!(
        get("/api/?format=json").json(),
        json!({
            "genres": "http://testserver/api/genres/?format=json",
            "named": "http://testserver/api/named/?format=json",
            "formats": "http://testserver/api/formats/?format=json",
        })
    );
}

#[test]
fn a_default_router_takes_format_suffixes() {
    statuses(
        store(On::Sqlite),
        &[
            ("/api/genres/", 200),
            ("/api/genres.json", 200),
            ("/api/genres.json/", 200),
            ("/api/genres/1/", 200),
            ("/api/genres/1.json", 200),
            ("/api/genres/1/shout.json", 200),
            ("/api/genres.xml", 404),
            ("/api/genres.", 404),
        ],
    );
    statuses(other(), &[("/unsuffixed/genres/", 200), ("/unsuffixed/genres.json", 404)]);
    assert_eq!(get("/api/genres/1.json").json(), json!({"id": 1, "name": "Rock"}));
    assert_eq!(get("/api/genres.xml").json(), json!({"detail": "Not found."}));
}

#[test]
fn a_simple_router_has_the_same_addresses_and_no_more() {
    assert_eq!(get("/api/shops/a/genres/1/").json(), json!({"id": 1, "name": "Rock"}));
    statuses(store(On::Sqlite), &[("/api/shops/a/", 404), ("/api/shops/a/genres.json", 404)]);
}

#[test]
fn without_trailing_slashes_an_address_with_one_is_none() {
    statuses(
        other(),
        &[
            ("/bare/genres", 200),
            ("/bare/genres/1", 200),
            ("/bare/genres/1/shout", 200),
            ("/bare/genres/", 404),
            ("/bare/genres/1/", 404),
        ],
    );
}

#[test]
fn a_path_that_lacks_its_slash_is_redirected() {
    let reply = get("/api/genres?a=1&b=%20");
    assert_eq!((reply.status, reply.header("location")), (301, Some("/api/genres/?a=1&b=%20")));
    statuses(
        store(On::Sqlite),
        &[("/api/genres/1", 301), ("/api/nothing", 404), ("/api/plain/", 404)],
    );
}

#[test]
fn actions_have_addresses_beside_the_usual_ones() {
    let shout = |action: &str| json!({"name": "ROCK", "action": action});
    assert_eq!(get("/api/genres/1/shout/").json(), shout("shout"));
    let posted = store(On::Sqlite).client().json("POST", "/api/genres/1/shout/", &json!({}));
    assert_eq!((posted.status, posted.json()), (200, shout("roar")));
    assert_eq!(get("/api/genres/first/").json(), json!({"action": "first_one", "n": null}));
    assert_eq!(get("/api/genres/nth/7/").json(), json!({"action": "nth", "n": "7"}));
    statuses(store(On::Sqlite), &[("/api/genres/nth/x/", 404), ("/api/genres/first_one/", 404)]);
    let put = store(On::Sqlite).client().send("PUT", "/api/genres/1/shout/", &[], b"");
    assert_eq!(put.status, 405);
    assert_eq!(put.header("allow"), Some("GET, POST, HEAD, OPTIONS"));
}

#[test]
fn an_object_may_be_looked_up_by_a_column_of_any_form() {
    for on in On::all() {
        let client = store(on).client();
        let rock = json!({"id": 5, "name": "Rock And Roll"});
        assert_eq!(client.get("/api/named/Rock%20And%20Roll/").json(), rock);
        let soul = json!({"id": 14, "name": "R&B/Soul"});
        assert_eq!(client.get("/api/named/R&B/Soul/").json(), soul);
        let missing = client.get("/api/named/rock/");
        assert_eq!(missing.status, 404, "{on:?}");
        assert_eq!(missing.json(), json!({"detail": "No Genre matches the given query."}));
    }
}

#[test]
fn the_pattern_of_a_lookup_decides_what_is_an_address() {
    statuses(
        store(On::Sqlite),
        &[
            ("/api/formats/1/", 200),
            ("/api/formats/3/", 200),
            ("/api/formats/4/", 404),
            ("/api/formats/11/", 404),
        ],
    );
    // Django's page: there was no view
    assert_ne!(get("/api/formats/4/").header("content-type"), Some("application/json"));
}

#[test]
fn captures_of_included_routers_come_together() {
    assert_eq!(get("/api/shops/corner-1/echo/w/").json(), json!({"shop": "corner-1", "word": "w"}));
    assert_eq!(
        get("/api/shops/corner-1/deep/07/echo/").json(),
        json!({"shop": "corner-1", "level": "07"})
    );
    let key = "00000000-0000-0000-0000-00000000000a";
    assert_eq!(get(&format!("/api/echo/{key}/")).json(), json!({ "key": key }));
    assert_eq!(get(&format!("/api/echo/{key}.json")).json(), json!({"key": key, "format": "json"}));
    statuses(
        store(On::Sqlite),
        &[
            ("/api/shops/a%20b/echo/w/", 404),
            ("/api/shops/a/deep/x/echo/", 404),
            ("/api/echo/1/", 404),
        ],
    );
}

#[test]
fn a_view_set_may_stand_at_the_place_itself() {
    // its list comes before the root
    let list = other().client().get("/top/").json();
    assert_eq!(list, json!([{"id": 1}, {"id": 2}, {"id": 3}, {"id": 4}, {"id": 5}]));
    statuses(other(), &[("/top/2/", 200), ("/top/9/", 404)]);
}

#[test]
fn names_lead_back_to_addresses() {
    let mut settings = Settings::default();
    settings.secret_key = "a key for tests".into();
    let database = Database::open(DatabaseConfig::new("sqlite://:memory:")).unwrap();
    let site = site(settings, database);
    let path = |name: &str, params: &[(&str, &str)]| site.urls().path(name, params).ok();
    let some = |path: &str| Some(path.to_owned());
    assert_eq!(path("named-detail", &[("name", "Jazz")]), some("/api/named/Jazz/"));
    assert_eq!(path("named-detail", &[("name", "R B")]), some("/api/named/R%20B/"));
    assert_eq!(path("named-detail", &[("name", "a.b")]), None);
    assert_eq!(path("mediatype-detail", &[("number", "9")]), None);
    assert_eq!(
        path("deep-echo", &[("shop", "a"), ("level", "7")]),
        some("/api/shops/a/deep/7/echo/")
    );
    assert_eq!(path("deep-echo", &[("shop", "a")]), None);
    assert_eq!(path("plain", &[]), some("/api/plain"));
    assert_eq!(path("nowhere", &[]), None);
    assert_eq!(
        path("genre-detail", &[("pk", "7"), ("format", "json")]),
        some("/api/genres/7.json")
    );
    // of several with one name, the last one wins: the included router comes first
    assert_eq!(path("genre-list", &[]), some("/api/genres/"));
    assert_eq!(path("genre-list", &[("shop", "a")]), some("/api/shops/a/genres/"));
    assert_eq!(path("genre-first-one", &[]), some("/api/genres/first/"));
    assert_eq!(path("genre-one", &[("n", "1")]), some("/api/genres/nth/1/"));
    assert_eq!(path("genre-one", &[("n", "x")]), None);
}

#[test]
fn a_site_below_a_prefix_knows_its_place() {
    let store =
        Store::serving(On::Sqlite, |settings| settings.force_script_name = "/shop".into(), site);
    let client = store.client();
    assert_eq!(
        client.get("/shop/api/").json(),
        json!({
            "genres": "http://testserver/shop/api/genres/",
            "named": "http://testserver/shop/api/named/",
            "formats": "http://testserver/shop/api/formats/",
        })
    );
    let redirect = client.get("/shop/api/genres");
    assert_eq!((redirect.status, redirect.header("location")), (301, Some("/shop/api/genres/")));
}

#[test]
fn a_pattern_that_cannot_be_read_keeps_the_site_from_starting() {
    let build = |router: Router| {
        let mut settings = Settings::default();
        settings.secret_key = "a key for tests".into();
        let database = Database::open(DatabaseConfig::new("sqlite://:memory:")).unwrap();
        Site::builder(settings, database).mount(router.at("/")).build().map(drop)
    };
    assert!(build(Router::new().path("<nokind:x>/", view(), "x")).is_err());
    assert!(build(Router::new().path("<int:x>/<int:x>/", view(), "x")).is_err());
    assert!(build(Router::new().path("<int:x>/", view(), "x")).is_ok());
}
