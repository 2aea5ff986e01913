//! What a client can nest: nesting is limited, and no thread overflows its stack.
//!
//! Frames are largest in a debug build, and stacks smallest (2 MiB) on the workers that serve
//! `PostgreSQL`.

use musicstore::models::Genre;
use quintet::prelude::*;
use quintet_tests::client::Reply;
use quintet_tests::store::{ADMIN, On, Store};
use serde_json::json;

/// The deepest JSON that is accepted.
const DEEPEST: usize = 500;

#[derive(Serializer)]
struct AnythingSerializer {
    value: serde_json::Value,
    #[field(required = false)]
    words: Option<Vec<Vec<String>>>,
}

/// Reads a body with fields and returns it.
async fn echo(cx: &mut Context) -> Result<Response, ApiException> {
    let AnythingSerializer { value, words } = cx.validated().await?;
    Response::new(&json!({"value": value, "words": words}))
}

/// Returns a body unchanged.
async fn raw(cx: &mut Context) -> Result<Response, ApiException> {
    let data = cx.data()?;
    Response::new(&data.to_json()?)
}

/// Returns the body as an error.
async fn refuse(cx: &mut Context) -> Result<Response, ApiException> {
    let data = cx.data()?;
    Err(ApiException::validation(Detail::Raw(data.to_json()?)))
}

#[derive(Serializer)]
#[serializer(model = Genre, fields = all)]
struct GenreSerializer {}

/// Finds names by pattern.
struct GenreViewSet;

impl ViewSet for GenreViewSet {
    type Base = ReadOnlyModelViewSet;
    type Serializer = GenreSerializer;

    const FILTERSET_FIELDS: Filters<Genre> = filter_fields![name(regex, iregex)];
    const SEARCH_FIELDS: SearchFields<Genre> = search_fields![name];

    fn permission_classes(&self) -> impl PermissionClasses {
        AllowAny
    }
}

fn site(on: On) -> Store {
    Store::serving(
        on,
        |_| {},
        |settings, database| {
            let open = |name| ApiView::new(name).permissions(AllowAny);
            let router = Router::new()
                .path("echo/", open("Echo").post(echo), "echo")
                .path("raw/", open("Raw").post(raw), "raw")
                .path("refuse/", open("Refuse").post(refuse), "refuse")
                .register("genres", GenreViewSet);
            Site::builder(settings, database).mount(router.at("/")).build().expect("a site")
        },
    )
}

fn post(store: &Store, path: &str, body: &str) -> Reply {
    let headers = [("Content-Type", "application/json")];
    store.client_of(ADMIN).send("POST", path, &headers, body.as_bytes())
}

/// Lists in lists, or objects in objects, or both in turn.
fn nested(levels: usize) -> [String; 3] {
    let made =
        |open: &str, close: &str, times: usize| open.repeat(times) + "1" + &close.repeat(times);
    [made("[", "]", levels), made("{\"a\":", "}", levels), made("[{\"a\":", "}]", levels / 2)]
}

#[test]
fn json_is_read_shown_and_refused_with_at_its_greatest_depth() {
    for on in On::all() {
        let store = site(on);
        for value in nested(DEEPEST - 1) {
            let reply = post(&store, "/echo/", &format!("{{\"value\":{value}}}"));
            let shown = format!("{{\"value\":{value},\"words\":null}}");
            assert_eq!((reply.status, reply.text()), (200, shown), "{on:?}");
        }
        for value in nested(DEEPEST) {
            let reply = post(&store, "/raw/", &value);
            assert_eq!((reply.status, reply.text()), (200, value.clone()), "{on:?}");
            let reply = post(&store, "/refuse/", &value);
            assert_eq!((reply.status, reply.text()), (400, value.clone()), "{on:?}");
            let reply = post(&store, "/echo/", &format!("{{\"words\":{value}}}"));
            assert_eq!(reply.status, 400, "{on:?}");
        }
    }
}

#[test]
fn json_that_is_deeper_is_refused_however_deep() {
    for on in On::all() {
        let store = site(on);
        for levels in [DEEPEST + 2, 5_000, 400_000] {
            for value in nested(levels) {
                for path in ["/echo/", "/raw/", "/refuse/"] {
                    let reply = post(&store, path, &value);
                    let text = reply.text();
                    assert_eq!(reply.status, 400, "{on:?} {path} {levels}");
                    assert!(text.contains("Too many levels of nesting"), "{on:?} {path} {text}");
                }
            }
            // never closed
            assert_eq!(post(&store, "/raw/", &"[".repeat(levels)).status, 400, "{on:?}");
        }
    }
}

#[test]
fn fields_of_every_kind_refuse_deep_values() {
    for on in On::all() {
        let store = Store::shared(on);
        for (path, field) in [
            ("artists", "name"),
            ("albums", "artist_id"),
            ("tracks", "unit_price"),
            ("tracks", "genre"),
            ("playlists", "tracks"),
            ("playlists", "is_public"),
            ("invoices", "lines"),
            ("invoices", "invoice_date"),
            ("employees", "hire_date"),
            ("employees", "reports_to"),
        ] {
            for value in nested(DEEPEST - 1) {
                let body = format!("{{\"{field}\":{value}}}");
                let reply = post(store, &format!("/api/{path}/"), &body);
                assert_eq!(reply.status, 400, "{on:?} {path} {field} {}", reply.text());
                assert!(reply.json()[field].is_array() || reply.json()[field].is_object());
            }
        }
        let line = format!("{{\"lines\":[{{\"track\":{}}}]}}", nested(DEEPEST - 3)[0]);
        assert_eq!(post(store, "/api/invoices/", &line).status, 400, "{on:?}");
    }
}

#[test]
fn names_of_forms_may_have_any_number_of_parts() {
    for on in On::all() {
        let store = Store::shared(on);
        for name in [
            "lines".to_owned() + &"[0]".repeat(100_000),
            "lines".to_owned() + &".a".repeat(100_000),
            "lines[0]".to_owned() + &"track.".repeat(100_000),
            "[".repeat(100_000),
        ] {
            let headers = [("Content-Type", "application/x-www-form-urlencoded")];
            let body = format!("customer=1&{name}=1");
            let reply =
                store.client_of(ADMIN).send("POST", "/api/invoices/", &headers, body.as_bytes());
            assert_eq!(reply.status, 400, "{on:?} {}", reply.text());
        }
    }
}

#[test]
fn patterns_quotes_and_headers_may_be_nested_too() {
    for on in On::all() {
        let store = site(on);
        let client = store.client();
        let pairs =
            |open: &str, close: &str, times: usize| open.repeat(times) + "a" + &close.repeat(times);
        for pattern in [
            pairs("(", ")", 5_000),
            pairs("(%3F:", ")%2B", 2_000),
            pairs("[", "]", 5_000),
            pairs("(a%7C", ")*", 2_000),
            "%5B%5E".repeat(3_000),
            pairs("a%7B2%7D", "", 2_000),
        ] {
            for lookup in ["regex", "iregex"] {
                let reply = client.get(&format!("/genres/?name__{lookup}={pattern}"));
                let refused = pattern.starts_with('(');
                let known = if refused { reply.status == 400 } else { reply.status < 500 };
                assert!(known, "{on:?} {lookup} {}: {}", &pattern[..9], reply.status);
            }
        }
        for search in ["%22".repeat(5_000), "'%22".repeat(5_000), "%5C%22".repeat(5_000)] {
            let reply = client.get(&format!("/genres/?search={search}"));
            assert!([200, 400].contains(&reply.status), "{on:?} {}", reply.status);
        }
        for (name, value) in [
            ("Accept", "a/b;".repeat(5_000)),
            ("Accept", "a/b,".repeat(5_000)),
            ("Accept", "\"\\\"".repeat(5_000)),
            ("Cookie", "a=\"".repeat(5_000)),
            ("Cookie", ";".repeat(15_000)),
            ("Content-Type", "a/b;c=\"".repeat(2_000)),
            ("X-Forwarded-For", "1.1.1.1,".repeat(2_000)),
            ("Authorization", "Bearer ".to_owned() + &"a.".repeat(5_000)),
        ] {
            let reply = client.send("GET", "/genres/1/", &[(name, &value)], b"");
            assert!(
                [200, 400, 401, 406, 431].contains(&reply.status),
                "{on:?} {name} {}",
                reply.status
            );
        }
    }
}

/// A thing that others hold, by two keys and by links.
#[model(table = "t_knot", ordering(id), many_to_many(
    tied: Knot, through = "t_tied", source = "from_id", target = "to_id"
))]
pub struct Knot {
    pub id: i64,
    #[field(foreign_key = Knot, related_name = lefts)]
    pub left_id: Option<i64>,
    #[field(foreign_key = Knot, related_name = rights)]
    pub right_id: Option<i64>,
}

#[derive(Serializer)]
#[serializer(model = Knot)]
struct TiedSerializer {
    id: i64,
    #[field(nested)]
    tied: Vec<TiedSerializer>,
}

#[derive(Serializer)]
#[serializer(model = Knot)]
struct SidesSerializer {
    id: i64,
    #[field(nested)]
    lefts: Vec<SidesSerializer>,
    #[field(nested)]
    rights: Vec<SidesSerializer>,
}

struct TiedViewSet;

impl ViewSet for TiedViewSet {
    type Base = ReadOnlyModelViewSet;
    type Serializer = TiedSerializer;

    fn basename(&self) -> String {
        "tied".into()
    }
}

struct SidesViewSet;

impl ViewSet for SidesViewSet {
    type Base = ReadOnlyModelViewSet;
    type Serializer = SidesSerializer;

    fn basename(&self) -> String {
        "sides".into()
    }
}

#[test]
fn rows_that_hold_the_same_rows_are_counted_before_they_are_written() {
    for on in On::all() {
        let store = Store::serving(
            on,
            |_| {},
            |settings, database| {
                let router =
                    Router::new().register("tied", TiedViewSet).register("sides", SidesViewSet);
                Site::builder(settings, database).mount(router.at("/")).build().expect("a site")
            },
        );
        // forty layers of two, each linked with both of the next; and the same by two keys
        store.execute(
            "CREATE TABLE t_knot (id bigint PRIMARY KEY, left_id bigint, right_id bigint); \
             CREATE TABLE t_tied (id integer, from_id bigint NOT NULL, to_id bigint NOT NULL); \
             WITH RECURSIVE n (i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < 81) \
             INSERT INTO t_knot (id) SELECT i FROM n; \
             INSERT INTO t_tied (from_id, to_id) \
             SELECT a.id, b.id FROM t_knot a, t_knot b WHERE b.id / 2 = a.id / 2 + 1; \
             WITH RECURSIVE n (i) AS (SELECT 100 UNION ALL SELECT i + 1 FROM n WHERE i < 139) \
             INSERT INTO t_knot (id, left_id, right_id) SELECT i, above, above FROM \
             (SELECT i, CASE WHEN i > 100 THEN i - 1 END AS above FROM n) p",
        );
        let client = store.client();
        let detail = "Cannot show this: more than 10000 objects are nested in it.";
        for path in ["/tied/2/", "/tied/", "/sides/100/"] {
            let reply = client.get(path);
            assert_eq!((reply.status, reply.json()), (409, json!({ "detail": detail })), "{path}");
        }
        // from the layers at the end: 2 + 4 + … + 4096 objects, and twice as many
        for (path, status) in [("/tied/56/", 200), ("/tied/54/", 409)] {
            let reply = client.get(path);
            assert_eq!(reply.status, status, "{on:?} {path}");
            let objects = reply.text().matches("\"id\"").count();
            assert_eq!(objects, if status == 200 { 8191 } else { 0 }, "{on:?} {path}");
        }
        // eight levels by two keys
        let reply = client.get("/sides/132/");
        assert_eq!((reply.status, reply.text().matches("\"id\"").count()), (200, 255), "{on:?}");
    }
}
