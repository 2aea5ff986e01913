//! What a view knows of its request, and the policies of a project's own (`rest_framework.views`).

use std::sync::{Arc, OnceLock};

use quintet::authentication::{Authenticated, Authentication, AuthenticationScheme};
use quintet::exceptions::ApiException;
use quintet::parsers::{Bytes, Data, JsonParser, Parser, ParserContext};
use quintet::permissions::{IsAdminUser, Permission};
use quintet::prelude::*;
use quintet::renderers::{JsonRenderer, Renderer, RendererContext};
use quintet::request::{Auth, Body};
use quintet::views::{ErrorContext, Policies};
use quintet_tests::client::Reply;
use quintet_tests::store::{ADMIN, ALICE, On, Store};
use serde_json::{Value as Json, json};

/// A service that sends its name and a shared secret: `X-Service: alice:open sesame`.
struct Service;

impl Authentication for Service {
    async fn authenticate(&self, cx: &mut Context) -> Result<Option<Authenticated>> {
        let Some(header) = cx.request.header("x-service").map(std::borrow::Cow::into_owned) else {
            return Ok(None);
        };
        let failed = |text: &'static str| ApiException::AuthenticationFailed(Some(text.into()));
        let (name, secret) = header.split_once(':').unwrap_or((&header, ""));
        if secret != "open sesame" {
            return Err(failed("The secret is wrong."));
        }
        let user = cx.user_meta().by_username(cx, name).await?;
        let user = user.ok_or_else(|| failed("No such service."))?;
        Ok(Some(Authenticated::new(user).with_auth(Auth::new("Service", name.to_owned()))))
    }

    fn authenticate_header(&self) -> Option<String> {
        Some("Service".to_owned())
    }

    fn scheme(&self) -> Option<AuthenticationScheme> {
        Some(AuthenticationScheme::Header { name: "service", header: "X-Service" })
    }
}

/// Lines `key: value`, read as an object.
#[derive(Debug)]
struct LinesParser;

impl Parser for LinesParser {
    fn media_type(&self) -> &'static str {
        "text/x-lines"
    }

    fn parse(&self, body: &Bytes, context: &ParserContext<'_>) -> Result<Data> {
        let text = std::str::from_utf8(body).map_err(|_| ApiException::ParseError(None))?;
        let mut read = serde_json::Map::new();
        for line in text.lines() {
            let (key, value) = line.split_once(": ").ok_or(ApiException::ParseError(None))?;
            read.insert(key.to_owned(), value.into());
        }
        read.insert("type".to_owned(), context.content_type.into());
        Ok(Data::Json(json!(read).to_string().into()))
    }
}

/// The same for bytes of any type: their number.
#[derive(Debug)]
struct AnyParser;

impl Parser for AnyParser {
    fn media_type(&self) -> &'static str {
        "*/*"
    }

    fn parse(&self, body: &Bytes, _: &ParserContext<'_>) -> Result<Data> {
        Ok(Data::Json(json!({"bytes": body.len()}).to_string().into()))
    }
}

/// JSON behind a line.
#[derive(Debug)]
struct GuardedRenderer;

impl Renderer for GuardedRenderer {
    fn media_type(&self) -> &'static str {
        "application/x-guarded"
    }

    fn format(&self) -> &'static str {
        "guarded"
    }

    fn render(&self, mut json: Vec<u8>, _: &RendererContext<'_>) -> Vec<u8> {
        json.splice(0..0, *b"//\n");
        json
    }
}

/// Who reads may be anybody, who writes is staff.
struct ByMethod;

impl Permission for ByMethod {
    async fn has_permission(&self, cx: &mut Context) -> Result<bool> {
        if cx.request.is_safe() { Ok(true) } else { IsAdminUser.has_permission(cx).await }
    }
}

/// What a view knows of its request.
async fn seen(cx: &mut Context) -> Result<Response> {
    let request = &cx.request;
    let body = match &request.body {
        Body::Read(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        _ => String::new(),
    };
    let (peer, text) = (request.peer.map(|peer| peer.to_string()), |name| request.header(name));
    Response::new(&json!({
        "method": request.method.as_str(),
        "path": request.path,
        "full": request.full_path(),
        "uri": request.absolute_uri(),
        "query": request.query_string,
        "host": request.host,
        "scheme": request.scheme,
        "secure": request.is_secure(),
        "peer": peer,
        "type": text("content-type"),
        "agent": text("user-agent"),
        "body": body,
        "kwargs": request.kwargs,
        "accepted": cx.accepted_media_type(),
        "view": cx.view().name,
        "user": cx.user().map(|user| &user.username),
        "auth": cx.auth().map(|auth| (auth.scheme(), auth.get::<String>())),
    }))
}

/// Says nothing about its body.
async fn ignores(_: &mut Context) -> Result<NoContent> {
    Ok(NoContent)
}

async fn parsed(cx: &mut Context) -> Result<Response> {
    Response::new(&cx.data()?.to_json()?)
}

/// Counts the visits of a session.
async fn visits(cx: &mut Context) -> Result<Response> {
    let session = cx.session().await?;
    let visits = session.get("visits").and_then(Json::as_i64).unwrap_or_default() + 1;
    session.set("visits", visits);
    Response::new(&json!({ "visits": visits }))
}

async fn forget(cx: &mut Context) -> Result<Response> {
    cx.session().await?.flush();
    Ok(Response::empty(204))
}

async fn raises(cx: &mut Context) -> Result<Response> {
    Err(match cx.request.kwarg("what").unwrap_or_default() {
        "parse" => ApiException::ParseError(None),
        "failed" => ApiException::AuthenticationFailed(None),
        "anonymous" => ApiException::NotAuthenticated(None),
        "denied" => ApiException::PermissionDenied(None),
        "missing" => ApiException::NotFound(None),
        "method" => ApiException::MethodNotAllowed("BREW".into()),
        "accept" => ApiException::NotAcceptable(None),
        "media" => ApiException::UnsupportedMediaType("text/tea".into()),
        "throttled" => ApiException::Throttled { wait: Some(3.0) },
        "map" => ApiException::validation(Detail::Map(vec![
            ("name".into(), "Too short.".into()),
            ("tags".into(), Detail::List(vec!["No.".into()])),
        ])),
        _ => ApiException::validation("One."),
    })
}

/// The codes of an error beside its messages, and who is told.
fn with_codes(error: &ApiException, response: Response, cx: &ErrorContext<'_>) -> Response {
    let user = cx.context().and_then(Context::user).map(|user| user.username.clone());
    let told = response.data();
    response.with_data(&json!({"codes": error.detail().codes(), "told": told, "user": user}))
}

fn site(settings: Settings, database: Arc<Database>) -> Arc<Site> {
    let open = |name| ApiView::new(name).permissions(AllowAny);
    let router = Router::new()
        .path("seen/<int:number>/", open("Seen").get(seen).post(seen).put(seen), "seen")
        .path("ignores/", open("Ignores").get(ignores).post(ignores), "ignores")
        .path("parsed/", open("Parsed").post(parsed), "parsed")
        .path("any/", open("Any").parsers((LinesParser, AnyParser)).post(parsed), "any")
        .path("plain/", open("Plain").renderers(JsonRenderer).get(ignores).post(parsed), "plain")
        .path("visits/", open("Visits").get(visits).delete(forget), "visits")
        .path("staff/", ApiView::new("Staff").get(seen), "staff")
        .path(
            "by-method/",
            ApiView::new("By Method").permissions(ByMethod).get(ignores).post(ignores),
            "by-method",
        );
    let policies = Policies::inherit()
        .authentication((Service,))
        .permissions(IsAdminUser)
        .renderers((GuardedRenderer, JsonRenderer))
        .parsers((JsonParser, LinesParser));
    Site::builder(settings, database)
        .policies(&policies)
        .mount(router.at("/"))
        .openapi(OpenApi::new("Views", "1"))
        .build()
        .expect("a site")
}

fn telling(settings: Settings, database: Arc<Database>) -> Arc<Site> {
    let view = ApiView::new("Raises").get(raises).post(raises);
    let router = Router::simple().path("raises/<str:what>/", view, "raises").path(
        "staff/",
        ApiView::new("Staff").permissions(IsAdminUser).get(raises),
        "staff",
    );
    Site::builder(settings, database)
        .authentication(Service)
        .exception_handler(with_codes)
        .mount(router.at("/"))
        .build()
        .expect("a site")
}

fn store(on: On) -> &'static Store {
    static STORES: [OnceLock<Store>; 2] = [OnceLock::new(), OnceLock::new()];
    STORES[usize::from(on == On::Postgres)].get_or_init(|| Store::serving(on, |_| {}, site))
}

fn ask(path: &str, headers: &[(&str, &str)]) -> Reply {
    let json = [("Accept", "application/json")];
    store(On::Sqlite).client().send("GET", path, &[&json, headers].concat(), b"")
}

#[test]
fn a_view_knows_all_of_its_request() {
    let headers = [
        ("Accept", "application/json; indent=2"),
        ("Content-Type", "application/json; charset=utf-8"),
        ("User-Agent", "tests"),
        ("X-Service", "alice:open sesame"),
    ];
    let path = "/seen/%37/?b=1&a=%20x&b=2";
    let reply = store(On::Sqlite).client().send("PUT", path, &headers, b"{\"a\": 1}");
    let expected = json!({
        "method": "PUT",
        "path": "/seen/%37/",
        "full": "/seen/7/?b=1&a=%20x&b=2",
        "uri": "http://testserver/seen/7/?b=1&a=%20x&b=2",
        "query": "b=1&a=%20x&b=2",
        "host": "testserver",
        "scheme": "http",
        "secure": false,
        "peer": "127.0.0.1",
        "type": "application/json; charset=utf-8",
        "agent": "tests",
        "body": "{\"a\": 1}",
        "kwargs": [["number", "7"]],
        "accepted": "application/json; indent=2",
        "view": "Seen",
        "user": "alice",
        "auth": ["Service", "alice"],
    });
    assert_eq!(reply.json(), expected);
}

#[test]
fn a_body_that_nobody_reads_may_be_anything() {
    let client = store(On::Sqlite).client();
    for (content_type, body) in [("application/json", "{"), ("text/unknown", "x")] {
        let headers = [("Accept", "application/json"), ("Content-Type", content_type)];
        for method in ["GET", "POST"] {
            let reply = client.send(method, "/ignores/", &headers, body.as_bytes());
            assert_eq!(reply.status, 204, "{method} {content_type}: {}", reply.text());
        }
    }
}

#[test]
fn an_authenticator_of_ones_own_finds_the_user_or_ends_the_request() {
    for on in On::all() {
        let get = |path: &str, service: Option<&str>| {
            let mut headers = vec![("Accept", "application/json")];
            headers.extend(service.map(|value| ("X-Service", value)));
            store(on).client().send("GET", path, &headers, b"")
        };
        let admin = get("/staff/", Some("admin:open sesame"));
        assert_eq!((admin.status, &admin.json()["user"]), (200, &json!("admin")), "{on:?}");
        assert_eq!(admin.json()["auth"], json!(["Service", "admin"]), "{on:?}");
        let refused = |reply: Reply| (reply.status, reply.json()["detail"].clone());
        let denied = "You do not have permission to perform this action.";
        assert_eq!(refused(get("/staff/", Some("bob:open sesame"))), (403, json!(denied)));
        for (service, text) in [
            (None, "Authentication credentials were not provided."),
            (Some("bob:close"), "The secret is wrong."),
            (Some("zoe:open sesame"), "No such service."),
        ] {
            let reply = get("/staff/", service);
            assert_eq!(reply.header("www-authenticate"), Some("Service"), "{on:?} {service:?}");
            assert_eq!(refused(reply), (401, json!(text)), "{on:?} {service:?}");
        }
        // on a public view, too
        assert_eq!(get("/seen/1/", Some("bob:close")).status, 401, "{on:?}");
        assert_eq!(get("/seen/1/", None).json()["user"], Json::Null, "{on:?}");
    }
    let document = ask("/api/schema/?format=json", &[]).json();
    let scheme = &document["components"]["securitySchemes"]["service"];
    assert_eq!(scheme, &json!({"type": "apiKey", "in": "header", "name": "X-Service"}));
    assert_eq!(document["paths"]["/staff/"]["get"], Json::Null);
}

#[test]
fn the_policies_of_a_site_are_those_of_every_view_that_has_none() {
    let client = store(On::Sqlite).client();
    // its first renderer writes what no Accept asks for
    let guarded = client.get("/seen/1/");
    assert_eq!(guarded.header("content-type"), Some("application/x-guarded"));
    assert!(guarded.text().starts_with("//\n{\"method\":\"GET\""), "{}", guarded.text());
    // a view with its own is not touched
    assert_eq!(client.get("/plain/?format=guarded").status, 404);
    let lines = [("Content-Type", "text/x-lines"), ("Accept", "application/json")];
    let read = client.send("POST", "/parsed/", &lines, b"a: 1\nb: x: y");
    assert_eq!(read.json(), json!({"a": "1", "b": "x: y", "type": "text/x-lines"}));
    let wrong = client.send("POST", "/parsed/", &lines, b"a");
    assert_eq!((wrong.status, wrong.json()), (400, json!({"detail": "Malformed request."})));
    let form = [("Content-Type", "application/x-www-form-urlencoded"), ("Accept", "*/*")];
    assert_eq!(client.send("POST", "/parsed/", &form, b"a=1").status, 415);
    // the root of the router obeys the site's permissions
    let root = ask("/", &[]);
    assert_eq!((root.status, ask("/", &[("X-Service", "admin:open sesame")]).status), (401, 200));
}

#[test]
fn a_parser_of_any_type_takes_what_no_other_does() {
    let client = store(On::Sqlite).client();
    let post = |content_type: &str, body: &[u8]| {
        let headers = [("Content-Type", content_type), ("Accept", "application/json")];
        let reply = client.send("POST", "/any/", &headers, body);
        (reply.status, reply.json())
    };
    assert_eq!(post("image/png", b"\x89PNG"), (200, json!({"bytes": 4})));
    assert_eq!(post("application/json", b"{}"), (200, json!({"bytes": 2})));
    let lines = "text/x-lines; charset=utf-8";
    assert_eq!(post(lines, b"a: 1"), (200, json!({"a": "1", "type": lines})));
}

#[test]
fn a_permission_may_depend_on_the_method() {
    let client = store(On::Sqlite).client();
    let status = |method: &str, service: &str| {
        let headers = [("Accept", "application/json"), ("X-Service", service)];
        client.send(method, "/by-method/", &headers, b"").status
    };
    let (alice, admin) = ("alice:open sesame", "admin:open sesame");
    assert_eq!(
        [status("GET", alice), status("POST", alice), status("POST", admin)],
        [204, 403, 204]
    );
}

#[test]
fn a_view_keeps_values_in_the_session_of_its_client() {
    for on in On::all() {
        let store = Store::serving(on, |_| {}, site);
        let client = store.client();
        let send = |method: &str, cookie: Option<&str>| {
            let mut headers = vec![("Accept", "application/json")];
            headers.extend(cookie.map(|cookie| ("Cookie", cookie)));
            client.send(method, "/visits/", &headers, b"")
        };
        let cookie = |reply: &Reply| {
            let set = reply.header("set-cookie").unwrap_or_else(|| panic!("{on:?}: no cookie"));
            set.split(';').next().unwrap_or_default().to_owned()
        };
        let first = send("GET", None);
        assert_eq!(
            (first.json(), first.header("vary")),
            (json!({"visits": 1}), Some("Accept, Cookie"))
        );
        let key = cookie(&first);
        assert_eq!(send("GET", Some(&key)).json(), json!({"visits": 2}), "{on:?}");
        assert_eq!(send("GET", Some(&key)).json(), json!({"visits": 3}), "{on:?}");
        assert_eq!(send("GET", None).json(), json!({"visits": 1}), "{on:?}");
        let gone = send("DELETE", Some(&key));
        assert_eq!((gone.status, cookie(&gone).as_str()), (204, "sessionid=\"\""), "{on:?}");
        assert_eq!(send("GET", Some(&key)).json(), json!({"visits": 1}), "{on:?}");
    }
}

#[test]
fn every_error_has_its_code_for_programs() {
    let store = Store::serving(On::Sqlite, |_| {}, telling);
    let client = store.client();
    for (what, status, code) in [
        ("parse", 400, json!("parse_error")),
        ("failed", 401, json!("authentication_failed")),
        ("anonymous", 401, json!("not_authenticated")),
        ("denied", 403, json!("permission_denied")),
        ("missing", 404, json!("not_found")),
        ("method", 405, json!("method_not_allowed")),
        ("accept", 406, json!("not_acceptable")),
        ("media", 415, json!("unsupported_media_type")),
        ("throttled", 429, json!("throttled")),
        ("text", 400, json!(["invalid"])),
        ("map", 400, json!({"name": "invalid", "tags": ["invalid"]})),
    ] {
        let reply = client.get(&format!("/raises/{what}/"));
        assert_eq!((reply.status, &reply.json()["codes"]), (status, &code), "{what}");
    }
    // a text inside a map stays a text
    let told = client.get("/raises/map/").json()["told"].clone();
    assert_eq!(told, json!({"name": "Too short.", "tags": ["No."]}));
    let nobody = client.get("/staff/").json();
    assert_eq!((&nobody["codes"], &nobody["user"]), (&json!("not_authenticated"), &Json::Null));
    // who fails to log in is nobody
    let failed = client.send("GET", "/staff/", &[("X-Service", "alice:close")], b"").json();
    assert_eq!((&failed["codes"], &failed["user"]), (&json!("authentication_failed"), &Json::Null));
    let alice = client.send("GET", "/staff/", &[("X-Service", "alice:open sesame")], b"").json();
    assert_eq!((&alice["codes"], &alice["user"]), (&json!("permission_denied"), &json!("alice")));
}

#[test]
fn an_empty_partial_update_moves_the_clock_and_a_root_has_a_name() {
    for on in On::all() {
        let store = Store::new(on);
        let alice = store.client_of(ALICE);
        let own = store.number(
            "SELECT min(p.id) FROM store_playlist p JOIN auth_user u ON u.id = p.owner_id WHERE \
             u.username = 'alice'",
        );
        let path = format!("/api/playlists/{own}/");
        let before = alice.get(&path).json();
        let reply = alice.json("PATCH", &path, &json!({}));
        assert_eq!((reply.status, &reply.json()["name"]), (200, &before["name"]), "{on:?}");
        assert_ne!(reply.json()["updated_at"], before["updated_at"], "{on:?}");
        assert_eq!(reply.json()["created_at"], before["created_at"], "{on:?}");
        let site = store.site().site();
        assert_eq!(site.urls().path("api-root", &[]).ok().as_deref(), Some("/api/"), "{on:?}");
        let root = store.client_of(ADMIN).get("/api/").text();
        let places: Vec<_> = ["artists", "albums", "tracks", "genres"]
            .map(|name| root.find(&format!("\"{name}\":")))
            .to_vec();
        assert!(places.is_sorted() && !places.contains(&None), "{on:?} {root}");
    }
}
