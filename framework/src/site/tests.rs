//! Requests through a whole site, over actix and without a socket.

use actix_web::dev::{Service, ServiceResponse};
use actix_web::http::Method;
use actix_web::test::{self, TestRequest};
use actix_web::{App, web};
use futures_util::future::LocalBoxFuture;

use super::*;
use crate::auth::Group;
use crate::auth::testing;
use crate::db::{Conn, DatabaseConfig};
use crate::exceptions::{Detail, Result};
use crate::permissions::{AllowAny, IsAuthenticated, ObjectPermission};
use crate::routers::{Router, ViewSetRoute, ViewSetRoutes};
use crate::views::{ApiView, PageView, form_of};

async fn hello(cx: &mut Context) -> Result<Response> {
    let name = cx.user().map(|user| user.username.clone());
    Response::new(&serde_json::json!({ "user": name }))
}

async fn fails(cx: &mut Context) -> Result<Response> {
    Err(match cx.request.kwarg("kind").unwrap_or_default() {
        "validation" => ApiException::validation(["First.", "Second."]),
        "throttled" => ApiException::Throttled { wait: Some(12.3) },
        "failed" => ApiException::AuthenticationFailed(None),
        "suspicious" => ApiException::Suspicious("no"),
        "away" => ApiException::Unavailable("away"),
        "internal" => ApiException::internal("secret"),
        "panic" => panic!("a view that panics"),
        _ => ApiException::NotFound(None),
    })
}

async fn echo(cx: &mut Context) -> Result<Response> {
    let data = cx.data()?;
    match data.form() {
        Some(form) => Response::new(&form.iter().collect::<Vec<_>>()),
        None => Response::new(&data.to_json()?),
    }
}

async fn empty(_: &mut Context) -> Result<Response> {
    Ok(Response::empty(204))
}

async fn form(cx: &mut Context) -> Result<Response> {
    let token = crate::middleware::csrf::get_token(cx)?;
    Ok(Response::html(format!("token={token}")))
}

async fn sent(cx: &mut Context) -> Result<Response> {
    let name = form_of(cx)?.get("name").unwrap_or("nobody").to_owned();
    Ok(Response::html(name))
}

async fn link(cx: &mut Context) -> Result<Response> {
    Response::new(&cx.hyperlink("thing-detail", &[("pk", "1")])?)
}

async fn about_an_object(cx: &mut Context) -> Result<Response> {
    cx.check_object_permissions(&Group { id: 1, name: "object".into() }).await?;
    Ok(Response::empty(204))
}

struct Refuses;

impl ObjectPermission for Refuses {
    type Object = Group;

    async fn has_object_permission(&self, _: &mut Context, _: &Group) -> Result<bool> {
        Ok(false)
    }

    fn message(&self) -> Option<Detail> {
        Some("Not this one.".into())
    }
}

fn database() -> Arc<Database> {
    Database::open(DatabaseConfig::new("sqlite://:memory:")).unwrap()
}

/// The site, over a database with one user, Alice, and her token.
async fn site() -> Arc<Site> {
    let database = database();
    let tables = |conn: Conn| -> LocalBoxFuture<'static, _> {
        Box::pin(async move { testing::tables(&conn).await })
    };
    database.worker().run(true, tables).await.unwrap().unwrap();
    let settings = Settings {
        secret_key: "k".into(),
        allowed_hosts: vec!["testserver".into(), "localhost".into()],
        data_upload_max_memory_size: Some(64),
        ..Settings::default()
    };
    let things = ViewSetRoutes {
        basename: "thing".into(),
        lookup_kwarg: "pk".into(),
        lookup_value_regex: None,
        routes: vec![
            ViewSetRoute {
                detail: false,
                url_path: None,
                name: "list".into(),
                view: Arc::new(ApiView::new("Thing List").get(hello).post(echo)),
            },
            ViewSetRoute {
                detail: true,
                url_path: None,
                name: "detail".into(),
                view: Arc::new(ApiView::new("Thing Instance").get(link)),
            },
        ],
    };
    let private = || ApiView::new("Private").get(hello).permissions(IsAuthenticated);
    let router = Router::default()
        .register("things", things)
        .path("errors/<slug:kind>/", ApiView::new("Errors").get(fails), "errors")
        .path("private/", private(), "private")
        .path("none/", private().authentication(()), "none")
        .path("page/", PageView::new("Page").get(form).post(sent), "page")
        .path("open/", PageView::new("Open").post(sent).csrf_exempt().cacheable(), "open")
        .path("wrong/<slug:kind>/", PageView::new("Wrong").get(fails), "wrong")
        .path("empty/", ApiView::new("Empty").get(empty), "empty")
        .path(
            "object/",
            ApiView::new("Object").get(about_an_object).permissions(Refuses),
            "object",
        );
    Site::builder(settings, database)
        .permissions(AllowAny)
        .mount(router.at("/api/"))
        .build()
        .unwrap()
}

struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: String,
}

impl Answer {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }
}

async fn send(request: TestRequest) -> Answer {
    let own = web::resource("/own").to(|| async { "own" });
    let app = test::init_service(App::new().service(own).configure(site().await.configure())).await;
    let response: ServiceResponse = app.call(request.to_request()).await.unwrap();
    let headers = response.headers().iter();
    Answer {
        status: response.status().as_u16(),
        headers: headers
            .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
            .collect(),
        body: String::from_utf8(test::read_body(response).await.to_vec()).unwrap(),
    }
}

fn get(path: &str) -> TestRequest {
    TestRequest::get().uri(path).insert_header(("host", "testserver"))
}

fn post(path: &str) -> TestRequest {
    get(path).method(Method::POST)
}

#[actix_web::test]
async fn an_answer_has_drfs_headers() {
    let answer = send(get("/api/things/")).await;
    assert_eq!((answer.status, answer.body.as_str()), (200, r#"{"user":null}"#));
    for (name, value) in [
        ("content-type", "application/json"),
        ("allow", "GET, POST, HEAD, OPTIONS"),
        ("vary", "Accept, Cookie"),
        ("x-frame-options", "DENY"),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "same-origin"),
        ("cross-origin-opener-policy", "same-origin"),
    ] {
        assert_eq!(answer.header(name), Some(value), "{name}");
    }
}

#[actix_web::test]
async fn a_token_is_answered_before_the_session_is_looked_at() {
    let answer = send(get("/api/private/").insert_header(("authorization", "Token a11ce"))).await;
    assert_eq!((answer.status, answer.body.as_str()), (200, r#"{"user":"alice"}"#));
    assert_eq!(answer.header("vary"), Some("Accept"));
}

#[actix_web::test]
async fn a_site_without_sessions_leaves_the_cookie_of_another_alone() {
    let cookie = ("cookie", "sessionid=abcdefghijklmnopqrstuvwxyz012345");
    let answer = send(get("/api/things/").insert_header(cookie)).await;
    assert_eq!((answer.status, answer.body.as_str()), (200, r#"{"user":null}"#));
    assert_eq!(
        (answer.header("vary"), answer.header("set-cookie")),
        (Some("Accept, Cookie"), None)
    );
}

#[actix_web::test]
async fn the_first_authenticator_decides_between_401_and_403() {
    let answer = send(get("/api/private/")).await;
    assert_eq!(answer.status, 401);
    assert_eq!(answer.header("www-authenticate"), Some("Token"));
    assert_eq!(answer.body, r#"{"detail":"Authentication credentials were not provided."}"#);
    let bad = send(get("/api/things/").insert_header(("authorization", "Token bad"))).await;
    assert_eq!((bad.status, bad.body.as_str()), (401, r#"{"detail":"Invalid token."}"#));
    assert_eq!(bad.header("vary"), Some("Accept"));
    let none = send(get("/api/none/")).await;
    assert_eq!(none.status, 403);
    assert_eq!(none.body, r#"{"detail":"You do not have permission to perform this action."}"#);
    assert_eq!(none.header("vary"), Some("Accept"));
}

#[actix_web::test]
async fn a_permission_refuses_an_object_with_its_own_message() {
    let token = ("authorization", "Token a11ce");
    let answer = send(get("/api/object/").insert_header(token)).await;
    assert_eq!((answer.status, answer.body.as_str()), (403, r#"{"detail":"Not this one."}"#));
    assert_eq!(send(get("/api/object/")).await.status, 401);
}

#[actix_web::test]
async fn errors_have_their_bodies_and_headers() {
    let validation = send(get("/api/errors/validation/")).await;
    assert_eq!((validation.status, validation.body.as_str()), (400, r#"["First.","Second."]"#));
    let throttled = send(get("/api/errors/throttled/")).await;
    assert_eq!((throttled.status, throttled.header("retry-after")), (429, Some("13")));
    let away = send(get("/api/errors/away/")).await;
    assert_eq!((away.status, away.header("retry-after")), (503, Some("1")));
    assert_eq!(away.header("content-type"), Some("application/json"));
    let failed = send(get("/api/errors/failed/")).await;
    assert_eq!((failed.status, failed.header("www-authenticate")), (401, Some("Token")));
}

#[actix_web::test]
async fn a_suspicious_request_gets_djangos_page() {
    let answer = send(get("/api/errors/suspicious/")).await;
    assert_eq!(answer.status, 400);
    assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"));
    assert_eq!((answer.header("vary"), answer.header("allow")), (Some("Cookie"), None));
    assert_eq!(answer.header("x-frame-options"), Some("DENY"));
}

#[actix_web::test]
async fn a_bug_or_a_panic_is_a_500_page_that_tells_nothing() {
    for kind in ["internal", "panic"] {
        let answer = send(get(&format!("/api/errors/{kind}/"))).await;
        assert_eq!(answer.status, 500);
        assert!(answer.body.contains("<h1>Server Error (500)</h1>"));
        assert!(!answer.body.contains("secret"));
    }
}

#[actix_web::test]
async fn negotiation_comes_before_authentication() {
    let token = ("authorization", "Token bad");
    let accept = ("accept", "application/xml");
    let answer = send(get("/api/things/").insert_header(token).insert_header(accept)).await;
    assert_eq!((answer.status, answer.header("vary")), (406, Some("Accept")));
    assert_eq!(answer.body, r#"{"detail":"Could not satisfy the request Accept header."}"#);
    assert_eq!(send(get("/api/things/?format=xml")).await.status, 404);
    assert_eq!(send(get("/api/things/?format=api")).await.status, 404);
    assert_eq!(send(get("/api/things.xml")).await.body, r#"{"detail":"Not found."}"#);
    let html = send(get("/api/things/").insert_header(("accept", "text/html,*/*;q=0.8"))).await;
    assert_eq!(html.header("content-type"), Some("application/json"));
}

#[actix_web::test]
async fn an_indent_reaches_the_renderer() {
    let accept = ("accept", "application/json; indent=2");
    let answer = send(get("/api/things/").insert_header(accept)).await;
    assert_eq!(answer.body, "{\n  \"user\": null\n}");
    assert_eq!(answer.header("content-type"), Some("application/json"));
}

#[actix_web::test]
async fn unknown_methods_are_405_after_authentication() {
    let answer = send(get("/api/things/").method(Method::DELETE)).await;
    assert_eq!(answer.status, 405);
    assert_eq!(answer.body, r#"{"detail":"Method \"DELETE\" not allowed."}"#);
    assert_eq!(send(get("/api/private/").method(Method::DELETE)).await.status, 401);
}

#[actix_web::test]
async fn options_describes_the_view() {
    let answer = send(get("/api/things/").method(Method::OPTIONS)).await;
    assert_eq!(
        answer.body,
        r#"{"name":"Thing List","description":"","renders":["application/json","text/html"],"parses":["application/json","application/x-www-form-urlencoded","multipart/form-data"]}"#
    );
}

#[actix_web::test]
async fn a_path_without_its_slash_is_redirected() {
    let answer = send(post("/api/things?page=2")).await;
    assert_eq!((answer.status, answer.header("location")), (301, Some("/api/things/?page=2")));
    assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"));
    assert_eq!(answer.header("x-frame-options"), None);
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(send(get("/api/other")).await.status, 404);
}

#[actix_web::test]
async fn an_unknown_path_is_djangos_404() {
    let answer = send(get("/nothing")).await;
    assert_eq!(answer.status, 404);
    assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"));
    assert_eq!(answer.header("x-frame-options"), Some("DENY"));
    let json = send(get("/nothing").insert_header(("accept", "application/json"))).await;
    assert_eq!((json.status, json.body.as_str()), (404, r#"{"detail":"Not found."}"#));
}

#[actix_web::test]
async fn a_host_that_is_not_ours_is_refused() {
    let evil = TestRequest::get().uri("/api/things/").insert_header(("host", "evil.example"));
    let answer = send(evil).await;
    assert_eq!((answer.status, answer.header("x-frame-options")), (400, None));
    assert!(answer.body.contains("<h1>Bad Request (400)</h1>"));
}

#[actix_web::test]
async fn a_page_is_djangos_view() {
    let page = send(get("/api/page/").insert_header(("accept", "application/xml"))).await;
    assert_eq!(page.status, 200);
    for (name, value) in [
        ("content-type", Some("text/html; charset=utf-8")),
        ("cache-control", Some("max-age=0, no-cache, no-store, must-revalidate, private")),
        ("vary", Some("Cookie")),
        ("allow", None),
        ("x-frame-options", Some("DENY")),
    ] {
        assert_eq!(page.header(name), value, "{name}");
    }
    assert!(page.header("set-cookie").unwrap().starts_with("csrftoken="));
    let options = send(get("/api/page/").method(Method::OPTIONS)).await;
    assert_eq!((options.status, options.header("allow")), (200, Some("GET, POST, HEAD, OPTIONS")));
    let form = ("content-type", "application/x-www-form-urlencoded");
    let refused = send(post("/api/page/").insert_header(form).set_payload("name=x")).await;
    assert_eq!((refused.status, refused.header("cache-control")), (403, None));
    let token = "a".repeat(32);
    let cookie = ("cookie", format!("csrftoken={token}"));
    let body = format!("name=x&csrfmiddlewaretoken={token}");
    let request = post("/api/page/").insert_header(form).insert_header(cookie.clone());
    assert_eq!(send(request.set_payload(body)).await.body, "x");
    // a body that is not a form is an empty one
    let request = post("/api/page/").insert_header(cookie.clone());
    let request = request.insert_header(("x-csrftoken", token.as_str()));
    let request = request.insert_header(("content-type", "application/json"));
    assert_eq!(send(request.set_payload("{\"name\": 1}")).await.body, "nobody");
    // the token comes before the method
    let request = get("/api/page/").method(Method::DELETE);
    assert_eq!(send(request).await.status, 403);
    let request = get("/api/page/").method(Method::DELETE).insert_header(cookie);
    let answer = send(request.insert_header(("x-csrftoken", token.as_str()))).await;
    assert_eq!((answer.status, answer.header("allow")), (405, Some("GET, POST, HEAD, OPTIONS")));
}

#[actix_web::test]
async fn a_page_may_do_without_the_token_and_be_kept() {
    let answer = send(post("/api/open/")).await;
    assert_eq!((answer.status, answer.body.as_str()), (200, "nobody"));
    assert_eq!((answer.header("cache-control"), answer.header("vary")), (None, None));
    assert_eq!(send(get("/api/open/")).await.header("allow"), Some("POST, OPTIONS"));
}

#[actix_web::test]
async fn an_error_of_a_page_is_a_page() {
    for (kind, status) in [
        ("suspicious", 400),
        ("throttled", 429),
        ("away", 503),
        ("internal", 500),
        ("panic", 500),
        ("other", 404),
    ] {
        let answer = send(get(&format!("/api/wrong/{kind}/"))).await;
        assert_eq!(answer.status, status, "{kind}");
        assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"), "{kind}");
        assert!(answer.body.contains("<title>") && !answer.body.contains("secret"));
    }
    let throttled = send(get("/api/wrong/throttled/")).await;
    assert_eq!(throttled.header("retry-after"), Some("13"));
}

#[actix_web::test]
async fn the_users_own_services_keep_their_place() {
    assert_eq!(send(get("/own")).await.body, "own");
}

#[actix_web::test]
async fn the_root_lists_what_was_registered_and_keeps_the_format() {
    let root = send(get("/api/")).await;
    assert_eq!(root.body, r#"{"things":"http://testserver/api/things/"}"#);
    let suffix = send(get("/api/.json")).await;
    assert_eq!(suffix.body, r#"{"things":"http://testserver/api/things.json"}"#);
    let query = send(get("/api/?format=json")).await;
    assert_eq!(query.body, r#"{"things":"http://testserver/api/things/?format=json"}"#);
    let detail = send(get("/api/things/7.json")).await;
    assert_eq!(detail.body, r#""http://testserver/api/things/1.json""#);
}

#[actix_web::test]
async fn bodies_are_read_by_the_parser_of_their_type() {
    let form = ("content-type", "application/x-www-form-urlencoded");
    let answer = send(post("/api/things/").insert_header(form).set_payload("a=1&b=")).await;
    assert_eq!(answer.body, r#"[["a","1"],["b",""]]"#);
    let none = send(post("/api/things/")).await;
    assert_eq!(none.body, "{}");
    let text = post("/api/things/").insert_header(("content-type", "text/plain"));
    let answer = send(text.set_payload("{}")).await;
    assert_eq!(answer.status, 415);
    assert_eq!(answer.body, r#"{"detail":"Unsupported media type \"text/plain\" in request."}"#);
    let json = post("/api/things/").insert_header(("content-type", "application/json"));
    let answer = send(json.set_payload("nul")).await;
    assert_eq!(answer.status, 400);
    assert!(answer.body.starts_with(r#"{"detail":"JSON parse error - Expecting value"#));
}

#[actix_web::test]
async fn a_body_that_is_too_long_is_refused_when_it_is_asked_for() {
    let long = "1".repeat(65);
    let json = ("content-type", "application/json");
    let answer = send(post("/api/things/").insert_header(json).set_payload(long.clone())).await;
    assert_eq!(answer.status, 400);
    assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"));
    assert_eq!(answer.header("vary"), Some("Cookie"));
    assert_eq!(send(get("/api/things/").set_payload(long)).await.status, 200);
    let fits = post("/api/things/").insert_header(json).set_payload("1".repeat(64));
    assert_eq!(send(fits).await.status, 200);
}

#[actix_web::test]
async fn an_answer_without_a_body_has_no_content_type() {
    let answer = send(get("/api/empty/")).await;
    assert_eq!((answer.status, answer.header("content-type")), (204, None));
    assert_eq!(answer.header("allow"), Some("GET, HEAD, OPTIONS"));
}

#[actix_web::test]
async fn too_many_parameters_are_suspicious() {
    let path = format!("/api/things/?{}", "a&".repeat(1000));
    assert_eq!(send(get(&path)).await.status, 400);
}

#[actix_web::test]
async fn a_site_answers_without_a_socket() {
    let site = site().await;
    let worker = site.database().worker();
    let response =
        site.answer(&worker, Request::new(Method::GET, "/api/things/?format=json")).await;
    assert_eq!(response.status, 200);
}

#[::core::prelude::v1::test]
fn a_site_without_a_secret_key_does_not_start() {
    let error = Site::builder(Settings::default(), database()).build().unwrap_err();
    assert!(error.to_string().starts_with("setting SECRET_KEY: it is empty"));
}
