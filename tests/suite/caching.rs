//! Responses that caches may store, and those that the server stores itself.

use std::sync::atomic::{AtomicU64, Ordering};

use quintet::auth::User;
use quintet::authentication::{Authenticated, Authentication, RemoteUserAuthentication};
use quintet::caching::{CacheControl, Caching};
use quintet::http::header::{CACHE_CONTROL, VARY};
use quintet::prelude::*;
use quintet::response::Cookie;
use quintet::views::Policies;
use quintet::viewsets::Action;
use quintet_tests::client::Reply;
use quintet_tests::store::{ADMIN, ALICE, On, Store};
use serde_json::json;

static CALLS: AtomicU64 = AtomicU64::new(0);

/// A number that no other response has, with what the query asks for.
async fn number(cx: &mut Context) -> Result<Response> {
    let call = CALLS.fetch_add(1, Ordering::Relaxed);
    let user = cx.user().map(|user| user.username.clone());
    let mut response = Response::new(&json!({ "call": call, "user": user }))?;
    match cx.request.query_params().get("with") {
        Some("cookie") => response.set_cookie(&Cookie::new("a", "b")),
        Some("private") => response = response.with_header(CACHE_CONTROL, "private"),
        Some("no-store") => response = response.with_header(CACHE_CONTROL, "no-store"),
        Some("star") => response = response.with_header(VARY, "*"),
        Some("404") => return Err(ApiException::NotFound(None)),
        Some("202") => response = response.with_status(202),
        Some("session") => cx.session().await?.set("a", 1),
        Some("csrf") => drop(quintet::middleware::csrf::get_token(cx)?),
        Some("short") => response = response.with_header(CACHE_CONTROL, "max-age=5"),
        _ => {}
    }
    Ok(response)
}

async fn same(_: &mut Context) -> Result<Response> {
    Response::new(&json!({ "a": 1 }))
}

async fn edition(cx: &mut Context) -> Result<Option<String>> {
    Ok(cx.request.kwarg("pk").map(|pk| format!("edition-{pk}")))
}

async fn joined(cx: &mut Context) -> Result<Option<quintet::db::DateTime>> {
    let user = User::objects().order_by(quintet::filters::order_by![id]).first(cx).await?;
    Ok(user.map(|user| user.date_joined))
}

/// The user that a header names, of which `Vary` says nothing.
struct ByName;

impl Authentication for ByName {
    async fn authenticate(&self, cx: &mut Context) -> Result<Option<Authenticated>> {
        let Some(name) = cx.request.header("x-username").map(std::borrow::Cow::into_owned) else {
            return Ok(None);
        };
        let user = cx.user_meta().by_username(cx, &name).await?;
        Ok(user.map(Authenticated::new))
    }
}

#[derive(Serializer)]
#[serializer(model = musicstore::models::Genre, fields(id, name))]
struct GenreSerializer {}

/// The list is kept, its objects are not.
struct Genres;

impl ViewSet for Genres {
    type Base = ReadOnlyModelViewSet;
    type Serializer = GenreSerializer;

    fn permission_classes(&self) -> impl PermissionClasses {
        AllowAny
    }

    fn caching(&self) -> Option<Caching> {
        Some(Caching::new().never_cache())
    }

    fn action_policies(&self, action: Action) -> Policies {
        match action {
            Action::List => Policies::inherit().caching(Caching::new().cache_page(60)),
            _ => Policies::inherit(),
        }
    }
}

fn site() -> Store {
    Store::serving(
        On::Sqlite,
        |_| {},
        |settings, database| {
            let open = |name| ApiView::new(name).permissions(AllowAny);
            let page = Caching::new().cache_page(60).vary_on_headers(["X-Shelf"]);
            let control = CacheControl::new().public().max_age(30);
            let public = Caching::new().cache_page(60).cache_control(control);
            let router = Router::simple()
                .path("page/", open("Page").caching(page.clone()).get(number).post(number), "page")
                .path(
                    "own/",
                    ApiView::new("Own")
                        .permissions(IsAuthenticated)
                        .caching(page.clone())
                        .get(number),
                    "own",
                )
                .path(
                    "named/",
                    open("Named").authentication(ByName).caching(page.clone()).get(number),
                    "named",
                )
                .path(
                    "remote/",
                    open("Remote")
                        .authentication(RemoteUserAuthentication::new("x-remote"))
                        .caching(page)
                        .get(number),
                    "remote",
                )
                .path("public/", open("Public").caching(public).get(number), "public")
                .path(
                    "control/",
                    open("Control")
                        .caching(
                            Caching::new()
                                .vary_on_cookie()
                                .cache_control(CacheControl::new().private().max_age(5)),
                        )
                        .get(same),
                    "control",
                )
                .path(
                    "conditional/",
                    open("Conditional").caching(Caching::new().conditional_page()).get(same),
                    "conditional",
                )
                .path(
                    "editions/<int:pk>/",
                    open("Edition").caching(Caching::new().etag(edition)).get(number).put(number),
                    "edition",
                )
                .path(
                    "both/<int:pk>/",
                    open("Both").caching(Caching::new().cache_page(60).etag(edition)).get(number),
                    "both",
                )
                .path(
                    "users/",
                    open("Users").caching(Caching::new().last_modified(joined)).get(number),
                    "users",
                )
                .register("genres", Genres);
            let site = Site::builder(settings, database)
                .authentication((
                    quintet::authentication::TokenAuthentication::new(),
                    quintet::authentication::SessionAuthentication,
                ))
                .mount(router.at("/"));
            site.build().expect("the site is right")
        },
    )
}

fn send(store: &Store, method: &str, path: &str, headers: &[(&str, &str)]) -> Reply {
    store.client().send(method, path, headers, b"")
}

fn call(store: &Store, path: &str, headers: &[(&str, &str)]) -> u64 {
    let reply = send(store, "GET", path, headers);
    reply.json()["call"].as_u64().unwrap_or_else(|| panic!("{path}: {reply:?}"))
}

#[test]
fn a_page_is_kept_for_its_url_and_the_headers_that_it_varies_on() {
    let store = site();
    let first = send(&store, "GET", "/page/?a=1", &[]);
    assert_eq!(first.header("cache-control"), Some("max-age=60"));
    assert_eq!(first.header("age"), None);
    assert!(first.header("expires").is_some());
    let again = send(&store, "GET", "/page/?a=1", &[]);
    assert_eq!(again.json(), first.json());
    assert_eq!(again.header("age"), Some("0"));
    assert_eq!(again.header("expires"), first.header("expires"));
    assert_eq!(again.header("vary"), first.header("vary"));
    assert_eq!(again.header("allow"), first.header("allow"));
    let number = call(&store, "/page/?a=1", &[]);
    let head = send(&store, "HEAD", "/page/?a=1", &[]);
    assert_eq!((head.status, head.header("age")), (200, Some("0")));
    assert_ne!(call(&store, "/page/?a=2", &[]), number);
    assert_ne!(call(&store, "/page/?a=1", &[("X-Shelf", "1")]), number);
    assert_ne!(call(&store, "/page/?a=1&format=json", &[]), number);
    assert_eq!(call(&store, "/page/?a=1", &[("Accept", "application/json; indent=1")]), number);
    // a change is not answered from the store, and does not touch it
    let post = send(&store, "POST", "/page/?a=1", &[]);
    assert_ne!(post.json()["call"], number);
    assert_eq!(post.header("expires"), None);
    assert_eq!(call(&store, "/page/?a=1", &[]), number);
}

#[test]
fn nobody_gets_the_page_of_another_user() {
    let store = site();
    let token = |key: &str| format!("Token {key}");
    let (admin, alice) = (token(ADMIN), token(ALICE));
    let of = |key: &str| send(&store, "GET", "/own/", &[("Authorization", key)]);
    let (first, other) = (of(&admin), of(&alice));
    assert_eq!((&first.json()["user"], &other.json()["user"]), (&json!("admin"), &json!("alice")));
    assert_eq!(of(&admin).json(), first.json());
    assert!(first.header("vary").is_some_and(|vary| vary.to_lowercase().contains("authorization")));
    // permissions run before anything kept is looked at
    assert_eq!(send(&store, "GET", "/own/", &[]).status, 401);
    // `public` says that it is the same for all
    let public = call(&store, "/public/", &[("Authorization", &admin)]);
    let reply = send(&store, "GET", "/public/", &[]);
    assert_eq!(reply.json()["call"], public);
    assert_eq!(reply.header("cache-control"), Some("public, max-age=30"));
}

#[test]
fn nobody_gets_the_page_of_another_user_however_they_are_told_apart() {
    let store = site();
    for (path, header) in [("/named/", "X-Username"), ("/remote/", "X-Remote")] {
        let of = |name: &str| send(&store, "GET", path, &[(header, name)]);
        let first = of("admin");
        assert_eq!(first.json()["user"], "admin", "{path}");
        assert_eq!(of("alice").json()["user"], "alice", "{path}");
        assert_eq!(send(&store, "GET", path, &[]).json()["user"], json!(null), "{path}");
        assert_eq!(of("admin").json(), first.json(), "{path}");
    }
    // caches between the client and the server learn of it, too
    let reply = send(&store, "GET", "/remote/", &[]);
    assert!(reply.header("vary").is_some_and(|vary| vary.contains("x-remote")), "{reply:?}");
}

#[test]
fn a_user_does_not_get_the_page_of_those_without_one() {
    let store = site();
    let anonymous = call(&store, "/page/?a=3", &[]);
    let admin = format!("Token {ADMIN}");
    let ask = || send(&store, "GET", "/page/?a=3", &[("Authorization", &admin)]);
    let first = ask();
    assert_eq!(first.json()["user"], "admin");
    assert_eq!(ask().json(), first.json());
    assert_eq!(call(&store, "/page/?a=3", &[]), anonymous);
}

#[test]
fn keys_tell_methods_and_empty_headers_apart() {
    let store = site();
    let (path, empty) = ("/page/?a=4", [("X-Shelf", "")]);
    let head = || send(&store, "HEAD", path, &[]);
    assert_eq!(head().header("age"), None);
    assert_eq!(head().header("age"), Some("0"));
    let get = send(&store, "GET", path, &[]);
    assert_eq!(get.header("age"), None);
    assert_ne!(call(&store, path, &empty), get.json()["call"]);
    assert_eq!(call(&store, path, &empty), call(&store, path, &empty));
}

#[test]
fn what_belongs_to_one_client_is_never_kept() {
    let store = site();
    for with in ["cookie", "private", "no-store", "star", "202", "session", "csrf"] {
        let path = format!("/page/?with={with}");
        assert_ne!(call(&store, &path, &[]), call(&store, &path, &[]), "{with}");
    }
    let reply = send(&store, "GET", "/page/?with=404", &[]);
    assert_eq!((reply.status, reply.header("expires")), (404, None));
    let reply = send(&store, "GET", "/page/?with=short", &[]);
    assert_eq!(reply.header("cache-control"), Some("max-age=5"));
}

#[test]
fn clients_at_once_get_whole_pages() {
    let store = site();
    let ask = || send(&store, "GET", "/page/?at=once", &[]).body;
    let bodies: Vec<Vec<u8>> = std::thread::scope(|scope| {
        let asked: Vec<_> = (0..8).map(|_| scope.spawn(ask)).collect();
        asked.into_iter().map(|one| one.join().expect("a reply")).collect()
    });
    for body in &bodies {
        let body: serde_json::Value = serde_json::from_slice(body).expect("a whole page");
        assert!(body["call"].is_u64() && body["user"].is_null(), "{body}");
    }
    // whoever comes later gets one of them
    assert!(bodies.contains(&ask()));
}

#[test]
fn directives_and_vary_are_added() {
    let store = site();
    let reply = send(&store, "GET", "/control/", &[]);
    assert_eq!(reply.header("cache-control"), Some("private, max-age=5"));
    assert!(reply.header("vary").is_some_and(|vary| vary.contains("Cookie")), "{reply:?}");
    let never = send(&store, "GET", "/genres/1/", &[]);
    let control = "max-age=0, no-cache, no-store, must-revalidate, private";
    assert_eq!(never.header("cache-control"), Some(control));
    assert!(never.header("expires").is_some());
    // errors and answers to OPTIONS are not for caches either
    for (method, path, status) in
        [("GET", "/genres/0/", 404), ("POST", "/genres/1/", 405), ("OPTIONS", "/genres/1/", 200)]
    {
        let reply = send(&store, method, path, &[]);
        assert_eq!(
            (reply.status, reply.header("cache-control")),
            (status, Some(control)),
            "{method}"
        );
    }
    let missing = send(&store, "GET", "/page/?with=404", &[]);
    assert!(missing.header("vary").is_some_and(|vary| vary.contains("X-Shelf")), "{missing:?}");
    assert_eq!(missing.header("cache-control"), None);
}

#[test]
fn an_action_has_its_own_caching_and_takes_no_statement_again() {
    let store = site();
    let count = || {
        let before = store.database().statements();
        let reply = send(&store, "GET", "/genres/", &[]);
        assert_eq!(reply.status, 200);
        store.database().statements() - before
    };
    let first = count();
    assert!(first > 0);
    assert_eq!(count(), 0);
}

#[test]
fn a_client_that_has_the_content_gets_304() {
    let store = site();
    let first = send(&store, "GET", "/conditional/", &[]);
    let tag = first.header("etag").expect("a tag").to_owned();
    let ask = |tag: &str| send(&store, "GET", "/conditional/", &[("If-None-Match", tag)]);
    let again = ask(&tag);
    assert_eq!(
        (again.status, again.body.len(), again.header("etag")),
        (304, 0, Some(tag.as_str()))
    );
    assert_eq!(again.header("content-type"), None);
    assert_eq!(ask("\"other\"").status, 200);
    assert_eq!(ask(&format!("W/{tag}")).status, 304);
    // another form is another content
    let accept = [("Accept", "application/json; indent=4"), ("If-None-Match", tag.as_str())];
    assert_eq!(send(&store, "GET", "/conditional/", &accept).status, 200);
}

#[test]
fn conditions_count_while_a_page_is_stored() {
    let store = site();
    let (path, tag) = ("/both/3/", "\"edition-3\"");
    let first = send(&store, "GET", path, &[]);
    assert_eq!((first.status, first.header("etag")), (200, Some(tag)));
    let ask = |name: &str, tag: &str| send(&store, "GET", path, &[(name, tag)]);
    let same = ask("If-None-Match", tag);
    assert_eq!((same.status, same.body.len(), same.header("etag")), (304, 0, Some(tag)));
    assert_eq!(same.header("expires"), first.header("expires"));
    assert_eq!(ask("If-Match", "\"edition-2\"").status, 412);
    let other = ask("If-None-Match", "\"edition-2\"");
    assert_eq!((other.status, other.json()), (200, first.json()));
    assert_eq!(other.header("age"), Some("0"));
}

#[test]
fn a_state_that_is_known_before_the_view_spares_it_and_guards_changes() {
    let store = site();
    let path = "/editions/3/";
    let first = send(&store, "GET", path, &[]);
    assert_eq!(first.header("etag"), Some("\"edition-3\""));
    let same = send(&store, "GET", path, &[("If-None-Match", "\"edition-3\"")]);
    assert_eq!((same.status, same.header("etag")), (304, Some("\"edition-3\"")));
    let put = |tag: &str| send(&store, "PUT", path, &[("If-Match", tag)]);
    assert_eq!((put("\"edition-3\"").status, put("\"edition-2\"").status), (200, 412));
    assert_eq!(put("\"edition-3\"").header("etag"), None);
    let users = send(&store, "GET", "/users/", &[]);
    let modified = users.header("last-modified").expect("a date").to_owned();
    let since = |date: &str| send(&store, "GET", "/users/", &[("If-Modified-Since", date)]).status;
    assert_eq!(since(&modified), 304);
    assert_eq!(since("Sat, 01 Jan 2000 00:00:00 GMT"), 200);
    assert_eq!(since("nonsense"), 200);
}
