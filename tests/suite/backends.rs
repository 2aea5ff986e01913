//! Authentication backends, keys of a project's own, middleware, and errors as JSON.

use std::sync::Arc;

use musicstore::models::Genre;
use quintet::accounts::{login_page, obtain_auth_token};
use quintet::auth::Account;
use quintet::authentication::{
    Authenticated, AuthenticationBackend, BasicAuthentication, Credentials, KeyAuthentication,
    ModelBackend, TokenAuthentication,
};
use quintet::exceptions::ApiException;
use quintet::http::header::HeaderName;
use quintet::middleware::{Middleware, Next};
use quintet::permissions::Permission;
use quintet::prelude::*;
use quintet::request::Auth;
use quintet_tests::client::Reply;
use quintet_tests::store::{ADMIN, ALICE, On, Store};
use serde_json::{Value as Json, json};

/// A directory that knows everybody's second password, and shuts the door on zoe.
struct Directory;

impl AuthenticationBackend for Directory {
    async fn authenticate(
        &self,
        cx: &Context,
        credentials: &Credentials<'_>,
    ) -> Result<Option<Account>> {
        match (credentials.username, credentials.password) {
            ("admin", _) => Err(ApiException::PermissionDenied(None)),
            ("broken", _) => Err(ApiException::Unavailable("the directory is away")),
            (name, "from the directory") => Ok(cx.user_meta().by_username(cx, name).await?),
            _ => Ok(None),
        }
    }
}

/// `Bearer alice-key` and `Bearer carol-key`.
struct NamedKeys;

impl KeyAuthentication for NamedKeys {
    const SCHEME: &'static str = "namedKey";

    async fn authenticate_credentials(
        &self,
        key: &str,
        cx: &mut Context,
    ) -> Result<Option<Authenticated>> {
        let Some(name) = key.strip_suffix("-key") else { return Ok(None) };
        let user = cx.user_meta().by_username(cx, name).await?;
        Ok(user.map(|user| Authenticated::new(user).with_auth(Auth::new("named", key.to_owned()))))
    }
}

/// `Bearer 4` for the user of that number; those above 100 have ended.
struct NumberedKeys;

impl KeyAuthentication for NumberedKeys {
    async fn authenticate_credentials(
        &self,
        key: &str,
        cx: &mut Context,
    ) -> Result<Option<Authenticated>> {
        match key.parse::<i32>() {
            Err(_) => Ok(None),
            Ok(number) if number > 100 => {
                Err(ApiException::AuthenticationFailed(Some("The key has ended.".into())))
            }
            Ok(_) => {
                let user = cx.user_meta().by_username(cx, "bob").await?;
                Ok(user.map(Authenticated::new))
            }
        }
    }
}

async fn whoami(cx: &mut Context) -> Result<Response> {
    let auth = cx.auth().map(Auth::scheme);
    Response::new(&json!({"user": cx.user().map(|user| &user.username), "auth": auth}))
}

fn logins(settings: Settings, database: Arc<Database>) -> Arc<Site> {
    let router = Router::simple()
        .path(
            "basic/",
            ApiView::new("Basic").authentication(BasicAuthentication::new()).get(whoami),
            "basic",
        )
        .path(
            "keys/",
            ApiView::new("Keys")
                .authentication((
                    NamedKeys,
                    NumberedKeys,
                    TokenAuthentication::new().keyword("Bearer"),
                ))
                .get(whoami)
                .delete(nothing),
            "keys",
        )
        .path(
            "two/",
            ApiView::new("Two").authentication((NamedKeys, NumberedKeys)).get(whoami),
            "two",
        )
        .path("token/", obtain_auth_token(), "token")
        .path("login/", login_page(), "login");
    Site::builder(settings, database)
        .authentication_backends((Directory, ModelBackend))
        .mount(router.at("/api/"))
        .openapi(OpenApi::new("Logins", "1"))
        .build()
        .expect("a site")
}

async fn nothing(_: &mut Context) -> Result<NoContent> {
    Ok(NoContent)
}

/// Which tenant a request is for.
struct Tenant(String);

/// Says who is there; requests without a tenant end here.
struct Tenants;

impl Middleware for Tenants {
    async fn call(&self, cx: &mut Context, next: Next<'_>) -> Result<Response> {
        let name = cx.request.header("x-tenant").map(std::borrow::Cow::into_owned);
        match name.as_deref() {
            Some("closed") => return Err(ApiException::PermissionDenied(Some("Closed.".into()))),
            Some("broken") => return Err(ApiException::internal("as it was asked to")),
            Some("short") => return Ok(Response::bytes("text/plain", "short")),
            _ => {}
        }
        // the database is there
        let genres = Genre::objects().filter_by(Genre::fields().name().exact("Rock"));
        let rock = genres.exists(cx).await?;
        cx.set_extension(Tenant(name.unwrap_or_else(|| format!("none, {rock}"))));
        let response = next.run(cx).await;
        let user = cx.user().map_or("nobody", |user| user.username.as_str());
        Ok(response.with_header(HeaderName::from_static("x-user"), user))
    }
}

/// Counts the views that are left.
struct Marks(&'static str);

impl Middleware for Marks {
    async fn call(&self, cx: &mut Context, next: Next<'_>) -> Result<Response> {
        let before = cx.extension::<String>().cloned().unwrap_or_default();
        cx.set_extension(before + self.0);
        let response = next.run(cx).await;
        let order = cx.extension::<String>().cloned().unwrap_or_default();
        let seen = response.headers.get("x-order").and_then(|value| value.to_str().ok());
        let all = format!("{}{}", seen.unwrap_or(&order), self.0.to_uppercase());
        Ok(response.with_header(HeaderName::from_static("x-order"), &all))
    }
}

/// Who has a tenant.
struct HasTenant;

impl Permission for HasTenant {
    async fn has_permission(&self, cx: &mut Context) -> Result<bool> {
        Ok(cx.extension::<Tenant>().is_some_and(|tenant| tenant.0 != "other"))
    }
}

#[derive(Serializer)]
#[serializer(model = Genre, fields(id, tenant))]
struct GenreSerializer {
    #[field(method)]
    tenant: String,
}

impl GenreSerializer {
    fn get_tenant(_: &Genre, cx: &Context) -> String {
        cx.extension::<Tenant>().map(|tenant| tenant.0.clone()).unwrap_or_default()
    }
}

struct Genres;

impl ViewSet for Genres {
    type Base = ReadOnlyModelViewSet;
    type Serializer = GenreSerializer;

    fn permission_classes(&self) -> impl PermissionClasses {
        HasTenant
    }
}

async fn fails(_: &mut Context) -> Result<Response> {
    Err(ApiException::internal("as it was asked to"))
}

async fn panics(_: &mut Context) -> Result<Response> {
    panic!("as it was asked to")
}

fn around(settings: Settings, database: Arc<Database>) -> Arc<Site> {
    let open = |name| ApiView::new(name).permissions(AllowAny);
    let api = Router::simple()
        .register("genres", Genres)
        .path("fails/", open("Fails").get(fails), "fails")
        .path("panics/", open("Panics").get(panics), "panics");
    let other = Router::simple().path("fails/", open("Other").get(fails), "other");
    Site::builder(settings, database)
        .authentication(TokenAuthentication::new())
        .middleware(Marks("a"))
        .middleware(Tenants)
        .middleware(Marks("b"))
        .mount(api.at("/api/"))
        .mount(other.at("/other/"))
        .build()
        .expect("a site")
}

fn basic(store: &Store, name: &str, password: &str) -> Reply {
    use base64::Engine as _;
    let text = base64::engine::general_purpose::STANDARD.encode(format!("{name}:{password}"));
    store.client().send("GET", "/api/basic/", &[("Authorization", &format!("Basic {text}"))], b"")
}

fn body(reply: &Reply) -> (u16, Json) {
    (reply.status, reply.json())
}

#[test]
fn backends_are_asked_in_their_order() {
    for on in On::all() {
        let store = Store::serving(on, |settings| settings.auth.pbkdf2_iterations = 1, logins);
        // one round, so that a test need not wait
        store.execute(
            "UPDATE auth_user SET password = \
             'pbkdf2_sha256$1$saltsalt$eOhHWh/cmxDvK2yoEPQm8TjNBUptH/rlSBDnc8VlQnA='",
        );
        let alice = json!({"user": "alice", "auth": null});
        assert_eq!(
            body(&basic(&store, "alice", "from the directory")),
            (200, alice.clone()),
            "{on:?}"
        );
        // the database is the second one
        assert_eq!(body(&basic(&store, "alice", "alice-pass-1")), (200, alice), "{on:?}");
        let wrong = || (401, json!({"detail": "Invalid username/password."}));
        assert_eq!(body(&basic(&store, "alice", "no")), wrong(), "{on:?}");
        assert_eq!(body(&basic(&store, "nobody", "from the directory")), wrong(), "{on:?}");
        // one that refuses ends the search, an inactive account does not log in
        assert_eq!(body(&basic(&store, "admin", "admin-pass-1")), wrong(), "{on:?}");
        assert_eq!(body(&basic(&store, "carol", "from the directory")), wrong(), "{on:?}");
        assert_eq!(basic(&store, "broken", "x").status, 503, "{on:?}");
        // every way to log in
        let sent = json!({"username": "alice", "password": "from the directory"});
        let token = store.client().json("POST", "/api/token/", &sent);
        assert_eq!(body(&token), (200, json!({ "token": ALICE })), "{on:?}");
        // failures are counted once, whatever backend they were of
        let statuses: Vec<u16> = (0..22).map(|_| basic(&store, "bob", "no").status).collect();
        assert_eq!(statuses.iter().filter(|status| **status == 401).count(), 20, "{on:?}");
        assert_eq!(statuses.last(), Some(&429), "{on:?} {statuses:?}");
        assert_eq!(basic(&store, "bob", "from the directory").status, 429, "{on:?}");
    }
}

#[test]
fn several_schemes_share_a_word() {
    for on in On::all() {
        let store = Store::serving(on, |_| {}, logins);
        let get = |path: &str, header: &str| {
            body(&store.client().send("GET", path, &[("Authorization", header)], b""))
        };
        let user = |name: &str, auth: Json| (200, json!({"user": name, "auth": auth}));
        assert_eq!(get("/api/keys/", "Bearer alice-key"), user("alice", json!("named")), "{on:?}");
        assert_eq!(get("/api/keys/", "bearer 4"), user("bob", Json::Null), "{on:?}");
        let token = format!("Bearer {ADMIN}");
        assert_eq!(get("/api/keys/", &token), user("admin", json!("Token")), "{on:?}");
        let failed = |text: &str| (401, json!({ "detail": text }));
        assert_eq!(get("/api/keys/", "Bearer x"), failed("Invalid token."), "{on:?}");
        assert_eq!(get("/api/keys/", "Bearer 101"), failed("The key has ended."), "{on:?}");
        let inactive = failed("User inactive or deleted.");
        assert_eq!(get("/api/keys/", "Bearer carol-key"), inactive, "{on:?}");
        let spaces = failed("Invalid token header. Token string should not contain spaces.");
        assert_eq!(get("/api/keys/", "Bearer a b"), spaces, "{on:?}");
        // a key that nobody knows, and another scheme, leave the request anonymous
        let nobody = (200, json!({"user": null, "auth": null}));
        assert_eq!(get("/api/two/", "Bearer x"), nobody, "{on:?}");
        assert_eq!(get("/api/two/", "Token 4"), nobody, "{on:?}");
        let document = store.client().get("/api/schema/?format=json").json();
        let scheme = &document["components"]["securitySchemes"]["namedKey"];
        assert_eq!(
            (&scheme["type"], &scheme["scheme"]),
            (&json!("http"), &json!("bearer")),
            "{document}"
        );
    }
}

#[test]
fn middleware_sees_the_request_with_its_database_and_its_user() {
    for on in On::all() {
        let store = Store::serving(on, |_| {}, around);
        let get = |path: &str, tenant: Option<&str>| {
            let headers: Vec<_> = tenant.map(|name| ("X-Tenant", name)).into_iter().collect();
            store.client_of(ALICE).send("GET", path, &headers, b"")
        };
        let shown = get("/api/genres/1/", Some("one"));
        assert_eq!(body(&shown), (200, json!({"id": 1, "tenant": "one"})), "{on:?}");
        assert_eq!(shown.header("x-user"), Some("alice"), "{on:?}");
        // the first is the outermost
        assert_eq!(shown.header("x-order"), Some("abBA"), "{on:?}");
        assert_eq!(get("/api/genres/1/", None).json()["tenant"], "none, true", "{on:?}");
        let refused = get("/api/genres/1/", Some("other"));
        assert_eq!((refused.status, refused.header("x-user")), (403, Some("alice")), "{on:?}");
        // an error of a middleware, and a response of its own
        let closed = get("/api/genres/1/", Some("closed"));
        assert_eq!(body(&closed), (403, json!({"detail": "Closed."})), "{on:?}");
        assert_eq!(closed.header("allow"), Some("GET, HEAD, OPTIONS"), "{on:?}");
        assert_eq!(
            (get("/api/genres/1/", Some("broken")).status, closed.header("x-order")),
            (500, Some("aA")),
            "{on:?}"
        );
        let short = get("/api/genres/1/", Some("short"));
        assert_eq!(
            (short.text().as_str(), short.header("x-order")),
            ("short", Some("aA")),
            "{on:?}"
        );
        assert_eq!(get("/api/panics/", None).status, 500, "{on:?}");
        // no view, no middleware
        assert_eq!(get("/nowhere/", None).header("x-order"), None, "{on:?}");
    }
}

#[test]
fn errors_below_a_path_are_json_where_the_settings_say_so() {
    let store = Store::serving(
        On::Sqlite,
        |settings| {
            settings.json_errors = vec!["/api/".into()];
            settings.allowed_hosts = vec!["testserver".into()];
        },
        around,
    );
    let client = store.client();
    let not_found = (404, json!({"detail": "Not found."}));
    assert_eq!(body(&client.get("/api/nowhere/")), not_found);
    let browser = [("Accept", "text/html")];
    assert_eq!(body(&client.send("POST", "/api/nowhere/", &browser, b"")), not_found);
    let error = (500, json!({"detail": "A server error occurred."}));
    for path in ["/api/fails/", "/api/panics/"] {
        assert_eq!(body(&client.get(path)), error, "{path}");
    }
    let host = quintet_tests::client::Client::new(store.server.address());
    let wrong = host.exchange(
        "GET",
        b"GET /api/genres/ HTTP/1.1\r\nHost: else.where\r\nConnection: close\r\n\r\n",
    );
    assert_eq!(body(&wrong), (400, json!({"detail": "Bad Request (400)"})));
    // elsewhere Django's pages stay
    for (path, status) in [("/nowhere/", 404), ("/other/fails/", 500), ("/api", 404)] {
        let page = client.get(path);
        assert_eq!(page.status, status, "{path}");
        assert!(page.text().contains("<!doctype html>"), "{path}: {}", page.text());
    }
}
