//! `SecurityMiddleware` over HTTP: redirects to HTTPS, `Strict-Transport-Security`, proxies.

use quintet::prelude::Settings;
use quintet_tests::client::{Client, Reply};
use quintet_tests::store::{On, Store};

fn store(change: impl FnOnce(&mut Settings)) -> Store {
    Store::with(On::Sqlite, |settings| {
        settings.allowed_hosts = vec!["testserver".into(), ".a.example".into()];
        settings.secure.proxy_ssl_header = Some(("X-Forwarded-Proto".into(), "https".into()));
        change(settings);
    })
}

fn redirecting(change: impl FnOnce(&mut Settings)) -> Store {
    store(|settings| {
        settings.secure.ssl_redirect = true;
        change(settings);
    })
}

/// A request to a given host.
fn to(store: &Store, method: &str, host: &str, path: &str, headers: &str) -> Reply {
    let request =
        format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\n{headers}Connection: close\r\n\r\n");
    store.client().exchange(method, request.as_bytes())
}

fn location(reply: &Reply) -> (u16, Option<&str>) {
    (reply.status, reply.header("location"))
}

fn over_https(client: &Client, path: &str) -> Reply {
    client.send("GET", path, &[("X-Forwarded-Proto", "https")], b"")
}

#[test]
fn plain_http_is_redirected_to_https_with_host_path_and_query() {
    let store = redirecting(|_| {});
    let reply = to(&store, "GET", "x.a.example:8080", "/api/genres/1/?a=%20b&c", "");
    let target = "https://x.a.example:8080/api/genres/1/?a=%20b&c";
    assert_eq!(location(&reply), (301, Some(target)));
    assert_eq!(reply.header("content-type"), Some("text/html; charset=utf-8"));
    assert_eq!(reply.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(reply.header("referrer-policy"), Some("same-origin"));
    assert_eq!(reply.header("x-frame-options"), None);
    assert!(reply.body.is_empty());
    // before the slash, the method and the URL are checked
    for (method, path) in [("GET", "/api/genres/1"), ("POST", "/api/genres/"), ("GET", "/nowhere")]
    {
        let reply = to(&store, method, "testserver", path, "Content-Length: 0\r\n");
        assert_eq!(location(&reply), (301, Some(format!("https://testserver{path}").as_str())));
    }
    assert_eq!(over_https(&store.client(), "/api/genres/1/").status, 200);
}

#[test]
fn a_redirect_to_https_never_leads_to_a_host_that_is_not_allowed() {
    let store = redirecting(|_| {});
    let reply = to(&store, "GET", "evil.example", "/api/genres/1/", "");
    assert_eq!(location(&reply), (400, None));
    let reply = to(&store, "GET", "testserver", "//evil.example/x/", "");
    assert_eq!(location(&reply), (301, Some("https://testserver//evil.example/x/")));
    let forwarded = "X-Forwarded-Host: evil.example\r\n";
    let reply = to(&store, "GET", "testserver", "/", forwarded);
    assert_eq!(location(&reply), (301, Some("https://testserver/")));
}

#[test]
fn another_host_may_be_the_one_for_https() {
    let store = redirecting(|settings| settings.secure.ssl_host = Some("secure.a.example".into()));
    for host in ["testserver", "evil.example"] {
        let reply = to(&store, "GET", host, "/api/", "");
        assert_eq!(location(&reply), (301, Some("https://secure.a.example/api/")));
    }
    let https = "X-Forwarded-Proto: https\r\n";
    assert_eq!(to(&store, "GET", "evil.example", "/api/", https).status, 400);
}

#[test]
fn exempt_paths_are_served_over_plain_http() {
    let store = redirecting(|settings| {
        settings.secure.redirect_exempt = vec!["^api/genres/$".into(), "artists".into()];
    });
    let status = |path| store.client().get(path).status;
    assert_eq!(status("/api/genres/"), 200);
    assert_eq!(status("/api/%67enres/"), 200);
    assert_eq!(status("/api/artists/1/"), 200);
    assert_eq!(status("/api/genres/1/"), 301);
    assert_eq!(status("/api/?artists"), 301);
}

#[test]
fn the_proxys_word_counts_where_the_setting_names_its_header() {
    let store = redirecting(|_| {});
    let status = |value: &str| {
        store.client().send("GET", "/api/genres/1/", &[("X-Forwarded-Proto", value)], b"").status
    };
    for value in ["https", " https ", "https, http", "https,https"] {
        assert_eq!(status(value), 200, "{value}");
    }
    for value in ["http", "http, https", "HTTPS", "", ",https", "httpsx"] {
        assert_eq!(status(value), 301, "{value}");
    }
    let unasked = redirecting(|settings| settings.secure.proxy_ssl_header = None);
    assert_eq!(over_https(&unasked.client(), "/api/genres/1/").status, 301);
}

#[test]
fn links_have_the_scheme_that_the_proxy_tells() {
    let store = store(|_| {});
    let reply = over_https(&store.client(), "/api/artists/?page_size=1");
    let next = "https://testserver/api/artists/?page=2&page_size=1";
    assert_eq!(reply.json()["next"], next);
}

#[test]
fn https_is_insisted_on_over_https_alone() {
    let store = store(|settings| {
        settings.secure.hsts_seconds = 31_536_000;
        settings.secure.hsts_include_subdomains = true;
        settings.secure.hsts_preload = true;
    });
    let header = "strict-transport-security";
    let expected = Some("max-age=31536000; includeSubDomains; preload");
    for path in ["/api/genres/1/", "/api/genres/1", "/nowhere/", "/api/customers/"] {
        assert_eq!(over_https(&store.client(), path).header(header), expected, "{path}");
        assert_eq!(store.client().get(path).header(header), None, "{path}");
    }
    let https = "X-Forwarded-Proto: https\r\n";
    let refused = to(&store, "GET", "evil.example", "/api/", https);
    assert_eq!((refused.status, refused.header(header)), (400, expected));
}

#[test]
fn a_script_name_stands_in_redirects() {
    let store = redirecting(|settings| settings.force_script_name = "/shop".into());
    for path in ["/shop/api/genres/", "/api/genres/"] {
        let reply = to(&store, "GET", "testserver", path, "");
        assert_eq!(location(&reply), (301, Some("https://testserver/shop/api/genres/")));
    }
    let reply = over_https(&store.client(), "/api/genres");
    assert_eq!(location(&reply), (301, Some("/shop/api/genres/")));
}

#[test]
fn of_a_script_name_whole_segments_are_taken_off() {
    let store = Store::with(On::Sqlite, |settings| settings.force_script_name = "/store".into());
    let client = store.client();
    for path in ["/store/api/genres/1/", "/api/genres/1/", "/%73tore/api/genres/1/"] {
        assert_eq!(client.get(path).status, 200, "{path}");
    }
    for path in ["/storeapi/genres/1/", "/store%20/api/genres/1/", "/store.api/genres/1/"] {
        assert_eq!(client.get(path).status, 404, "{path}");
    }
}

#[test]
fn a_request_without_a_host_has_the_servers_name_and_the_proxys_port() {
    let store = store(|settings| {
        settings.use_x_forwarded_port = true;
        settings.allowed_hosts = vec!["*".into()];
    });
    let next = |headers: &str| {
        let request = format!("GET /api/artists/?page_size=1 HTTP/1.0\r\n{headers}\r\n");
        let reply = store.client().exchange("GET", request.as_bytes());
        let next = reply.json()["next"].as_str().unwrap_or_default().to_owned();
        next.split("/api/").next().unwrap_or_default().to_owned()
    };
    assert_eq!(next("X-Forwarded-Port: 8443\r\n"), "http://127.0.0.1:8443");
    assert_eq!(next("X-Forwarded-Port: 80\r\n"), "http://127.0.0.1");
    assert_eq!(next("X-Forwarded-Port: 443\r\nX-Forwarded-Proto: https\r\n"), "https://127.0.0.1");
    assert!(next("").starts_with("http://127.0.0.1:"));
    assert_eq!(next("Host: a.example\r\nX-Forwarded-Port: 99\r\n"), "http://a.example");
}
