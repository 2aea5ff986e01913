//! CORS: the headers of django-cors-headers.
//!
//! `cors_recorded.txt` was recorded from django-cors-headers 4.9 on Django 5.2, one line per
//! request: settings, method, path, `Origin`, `Access-Control-Request-Method`,
//! `Access-Control-Request-Private-Network`, who answers, `Vary`, and the headers that begin with
//! `Access-Control-`, in the order of their names.

use std::sync::OnceLock;
use std::time::Duration;

use actix_web::test::{TestRequest, call_service, init_service};
use actix_web::{App, HttpResponse, web};
use quintet::db::{Database, DatabaseConfig};
use quintet::prelude::*;
use quintet::settings::CorsSettings;
use quintet_tests::client::{Client, Reply};
use quintet_tests::store::{On, Store};
use serde_json::json;

const RECORDED: &str = include_str!("cors_recorded.txt");
const A: &str = "https://a.example";

fn words(list: &[&str]) -> Vec<String> {
    list.iter().map(|&word| word.to_owned()).collect()
}

/// The settings that a name of the recording stands for.
fn named(name: &str, cors: &mut CorsSettings) {
    match name {
        "list" => {
            cors.allowed_origins = words(&[A, "http://localhost:3000", "null"]);
            cors.expose_headers = words(&["X-Total", "Location"]);
        }
        "all" => cors.allow_all_origins = true,
        "cookies" => {
            cors.allow_all_origins = true;
            cors.allow_credentials = true;
            cors.allow_methods = words(&["GET", "PROPFIND"]);
            cors.allow_headers = words(&["x-b", "x-a"]);
        }
        _ => {
            cors.allowed_origin_regexes = words(&[r"https://\w+\.b\.example$"]);
            cors.urls_regex = "^/api/genres/".into();
            cors.preflight_max_age = Duration::ZERO;
            cors.allow_private_network = true;
        }
    }
}

fn store(name: &'static str) -> Store {
    Store::with(On::Sqlite, |settings| named(name, &mut settings.cors))
}

/// The store with the settings `list`.
fn listed() -> &'static Store {
    static STORE: OnceLock<Store> = OnceLock::new();
    STORE.get_or_init(|| store("list"))
}

fn preflight(client: &Client, path: &str, origin: &str, more: &[(&str, &str)]) -> Reply {
    let mut headers = vec![("Origin", origin), ("Access-Control-Request-Method", "POST")];
    headers.extend(more);
    client.send("OPTIONS", path, &headers, b"")
}

fn cors_headers(reply: &Reply) -> String {
    let mut found: Vec<String> = reply
        .headers
        .iter()
        .filter_map(|(name, value)| Some((name.strip_prefix("access-control-")?, value)))
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    found.sort();
    found.join("; ")
}

#[test]
fn every_recorded_request_is_answered_with_the_same_headers() {
    let mut wrong = Vec::new();
    for name in ["list", "all", "cookies", "regex"] {
        let store = store(name);
        for line in RECORDED.lines().filter(|line| line.split('|').next() == Some(name)) {
            let parts: Vec<&str> = line.split('|').collect();
            let [_, method, path, origin, asked, private, who, vary, expected] = parts[..] else {
                panic!("a line of nine parts: {line}")
            };
            let mut headers = vec![
                ("Origin", origin),
                ("Access-Control-Request-Method", asked),
                ("Access-Control-Request-Private-Network", private),
                (
                    "Access-Control-Request-Headers",
                    if asked == "-" { "-" } else { "x-a, authorization" },
                ),
            ];
            headers.retain(|(_, value)| *value != "-");
            let reply = store.client().send(method, path, &headers, b"");
            // a view of the store reads the cookie too
            let vary = vary.replace("Accept", "Accept, Cookie");
            let found = (
                reply.status,
                if reply.body.is_empty() { "preflight" } else { "view" },
                reply.header("vary").unwrap_or("-").to_owned(),
                cors_headers(&reply),
            );
            let expected = (200, who, vary, expected.to_owned());
            if found != expected {
                wrong.push(format!("{line}\n    {found:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_preflight_is_answered_before_anybody_is_asked_who_it_is() {
    let bad = listed().client_of("nosuchkey");
    let reply = preflight(&bad, "/api/customers/", A, &[]);
    assert_eq!((reply.status, reply.header("access-control-allow-origin")), (200, Some(A)));
    assert_eq!(reply.header("content-type"), Some("text/html; charset=utf-8"));
    // an OPTIONS that is not a preflight is handled as usual
    assert_eq!(bad.send("OPTIONS", "/api/customers/", &[("Origin", A)], b"").status, 401);
}

#[test]
fn refusals_can_be_read_by_an_allowed_script() {
    for (path, status) in
        [("/api/customers/", 401), ("/api/artists/9999/", 404), ("/nowhere/", 404)]
    {
        let reply = listed().client().send("GET", path, &[("Origin", A)], b"");
        assert_eq!(reply.status, status);
        assert_eq!(reply.header("access-control-allow-origin"), Some(A), "{path}");
    }
}

#[test]
fn where_nobody_is_allowed_nothing_is_added() {
    let store = Store::shared(On::Sqlite);
    let reply = preflight(&store.client(), "/api/genres/1/", A, &[]);
    assert_eq!((reply.status, cors_headers(&reply)), (200, String::new()));
    assert_eq!(reply.json()["name"], "Genre Instance");
    assert_eq!(reply.header("vary"), Some("Accept, Cookie"));
}

#[test]
fn paths_are_those_behind_the_script_name_decoded() {
    let store = Store::with(On::Sqlite, |settings| {
        named("regex", &mut settings.cors);
        settings.force_script_name = "/shop".into();
    });
    let allowed = |path: &str| {
        let reply = preflight(&store.client(), path, "https://x.b.example", &[]);
        reply.header("access-control-allow-origin").is_some()
    };
    assert!(allowed("/shop/api/genres/1/"));
    assert!(allowed("/shop/api/%67enres/1/"));
    assert!(!allowed("/shop/api/artists/1/"));
    assert!(!allowed("/shopapi/genres/1/"));
}

#[test]
fn headers_that_are_no_text_are_no_reason_to_fail() {
    for origin in ["", "https://", "\u{e9}", "https://a.example\u{e9}", "://", "null null"] {
        let reply = preflight(&listed().client(), "/api/genres/1/", origin, &[]);
        assert_eq!((reply.status, cors_headers(&reply)), (200, String::new()), "{origin}");
    }
    let many = vec!["x"; 500].join(",");
    let more = [("Access-Control-Request-Headers", many.as_str())];
    assert_eq!(preflight(&listed().client(), "/api/genres/1/", A, &more).status, 200);
    let odd = [("Access-Control-Request-Headers", "a b, \u{e9}")];
    assert_eq!(preflight(&listed().client(), "/api/genres/1/", A, &odd).status, 200);
}

fn site(change: impl FnOnce(&mut CorsSettings)) -> Result<std::sync::Arc<Site>, String> {
    let mut settings = Settings::default();
    settings.secret_key = "k".into();
    settings.allowed_hosts = words(&["*"]);
    change(&mut settings.cors);
    let database = Database::open(DatabaseConfig::new("sqlite://:memory:")).expect("a database");
    Site::builder(settings, database).build().map_err(|error| error.to_string())
}

#[test]
fn a_wrong_setting_keeps_the_site_from_starting_and_is_named() {
    let refused = |origin: &str| site(|cors| cors.allowed_origins = words(&[origin])).unwrap_err();
    assert_eq!(
        refused("www.example.com"),
        "setting CORS_ALLOWED_ORIGINS: `www.example.com` lacks its scheme; \
         write `https://www.example.com`"
    );
    let error = site(|cors| cors.urls_regex = "(".into()).unwrap_err();
    assert!(
        error.starts_with("setting CORS_URLS_REGEX: `(` is not a valid regular expression"),
        "{error}"
    );
}

#[actix_web::test]
async fn services_beside_the_site_can_have_it_too() {
    let site = site(|cors| named("list", cors)).expect("the site builds");
    let hello = || web::resource("/hello").to(async || HttpResponse::Ok().body("hello"));
    let app = App::new()
        .service(web::scope("/with").wrap(site.cors()).service(hello()))
        .service(hello())
        .configure(site.configure());
    let app = init_service(app).await;
    for (path, origin) in [("/with/hello", Some(A)), ("/hello", None), ("/elsewhere/", Some(A))] {
        let request = TestRequest::get().uri(path).insert_header(("Origin", A)).to_request();
        let answer = call_service(&app, request).await;
        let allowed = answer.headers().get("access-control-allow-origin");
        assert_eq!(allowed.and_then(|value| value.to_str().ok()), origin, "{path}");
    }
}

#[test]
fn a_request_of_an_allowed_script_is_answered_as_any_other() {
    let plain = listed().client().get("/api/genres/1/");
    let reply = listed().client().send("GET", "/api/genres/1/", &[("Origin", A)], b"");
    assert_eq!((reply.status, reply.json()), (200, json!({"id": 1, "name": "Rock"})));
    assert_eq!(plain.header("vary"), Some("Accept, Cookie, origin"));
    assert_eq!(cors_headers(&plain), "");
}
