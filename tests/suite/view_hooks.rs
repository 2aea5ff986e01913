//! What a view can be told to do otherwise: around everything, its name, its parameters.

use std::sync::atomic::{AtomicUsize, Ordering};

use musicstore::models::{Genre, genre};
use quintet::db::{Database, DatabaseConfig};
use quintet::filters::{OrderingFields, SearchFields, ordering_fields, search_fields};
use quintet::http::header::{HeaderName, HeaderValue};
use quintet::middleware::{Middleware, MiddlewareClasses, Next};
use quintet::prelude::*;
use quintet::response::status;
use quintet::views::Policies;
use quintet::viewsets::Action;
use quintet_tests::client::Reply;
use quintet_tests::store::{ADMIN, On, Store};
use serde_json::{Value, json};

/// Answers `X-Closed` itself, lends the admin's token to `X-Admin`, and says what it saw.
struct Around(&'static str);

impl Middleware for Around {
    async fn call(&self, cx: &mut Context, next: Next<'_>) -> Result<Response> {
        if cx.request.header("x-closed").is_some() {
            return Err(ApiException::PermissionDenied(None));
        }
        if cx.request.header("x-options").is_some() && cx.request.method == "OPTIONS" {
            return Response::new(&json!({"own": true}));
        }
        if cx.request.header("x-admin").is_some()
            && let Ok(value) = HeaderValue::from_str(&format!("Token {ADMIN}"))
        {
            cx.request.headers.insert(HeaderName::from_static("authorization"), value);
        }
        let action = cx.action().map_or("-", |action| action.name());
        let seen = format!("{} {} {action} {}", self.0, cx.view().name, cx.user().is_none());
        let response = next.run(cx).await;
        let kind = if status::is_success(response.status) { "well" } else { "badly" };
        let name = HeaderName::from_static(if self.0 == "inner" { "x-inner" } else { "x-outer" });
        Ok(response.with_header(name, &format!("{seen} {kind}")))
    }
}

#[derive(Serializer)]
#[serializer(model = Genre, fields(id, name))]
struct GenreSerializer {}

/// A view set is a value: what it is made with is at hand in every method.
struct Genres {
    most: i64,
    made: AtomicUsize,
}

#[view_set]
impl ViewSet for Genres {
    type Base = ReadOnlyModelViewSet;
    type Serializer = GenreSerializer;
    const VIEW_NAME: Option<&'static str> = Some("Kinds of music");
    const SEARCH_FIELDS: SearchFields<Genre> = search_fields![name];
    const ORDERING_FIELDS: OrderingFields<Genre> = ordering_fields![id, name];

    fn dispatch(&self) -> impl MiddlewareClasses {
        (Around("outer"), Around("inner"))
    }

    async fn get_queryset(&self, _cx: &mut Context) -> Result<QuerySet<Genre>> {
        self.made.fetch_add(1, Ordering::Relaxed);
        Ok(Genre::objects().filter(genre::id.le(self.most)))
    }

    #[action(detail)]
    async fn which(&self, cx: &mut Context) -> Result<Response> {
        Response::new(&json!({"detail": cx.view().detail, "kwargs": cx.request.kwargs}))
    }

    #[action(list)]
    async fn how_many(&self, cx: &mut Context) -> Result<Response> {
        let made = self.made.load(Ordering::Relaxed);
        Response::new(&json!({"detail": cx.view().detail, "most": self.most, "made": made > 0}))
    }
}

async fn root(cx: &mut Context) -> Result<Response> {
    Response::new(&json!({"genres": cx.reverse("genre-list", &[])?, "by": "the store"}))
}

async fn who(cx: &mut Context) -> Result<Response> {
    Response::new(&json!(cx.user().map(|user| &user.username)))
}

fn store(change: impl FnOnce(&mut Settings)) -> Store {
    Store::serving(On::Sqlite, change, |settings, database| {
        let own = ApiView::new("Store Root").description("All of it.").permissions(AllowAny);
        let who = ApiView::new("Who").permissions(AllowAny).dispatch(Around("outer")).get(who);
        let router = Router::new()
            .root_view(false)
            .path("", own.get(root), "api-root")
            .path("who/", who, "who")
            .register("genres", Genres { most: 3, made: AtomicUsize::new(0) });
        let openapi = OpenApi::new("Genres", "1");
        let site = Site::builder(settings, database).openapi(openapi).mount(router.at("/api/"));
        site.build().expect("the site is right")
    })
}

fn get(store: &Store, path: &str, headers: &[(&str, &str)]) -> Reply {
    store.client().send("GET", path, headers, b"")
}

#[test]
fn dispatch_runs_around_everything_that_a_view_does() {
    let store = store(|_| {});
    let reply = get(&store, "/api/genres/1/", &[]);
    // the view and its action are known, its user is not yet
    assert_eq!(reply.header("x-outer"), Some("outer Genres retrieve true well"));
    assert_eq!(reply.header("x-inner"), Some("inner Genres retrieve true well"));
    // errors of negotiation pass it, too
    let reply = get(&store, "/api/genres/1/", &[("Accept", "image/png")]);
    assert_eq!(
        (reply.status, reply.header("x-outer")),
        (406, Some("outer Genres retrieve true badly"))
    );
    let reply = get(&store, "/api/genres/1/", &[("X-Closed", "1")]);
    assert_eq!((reply.status, reply.header("x-inner")), (403, None));
    assert_eq!(reply.json()["detail"], "You do not have permission to perform this action.");
    // another view of the site has none
    assert_eq!(get(&store, "/api/", &[]).header("x-outer"), None);
}

#[test]
fn dispatch_may_change_the_request_before_anybody_reads_it() {
    let store = store(|_| {});
    assert_eq!(get(&store, "/api/who/", &[]).json(), Value::Null);
    assert_eq!(get(&store, "/api/who/", &[("X-Admin", "1")]).json(), "admin");
    let options = store.client().send("OPTIONS", "/api/who/", &[("X-Options", "1")], b"");
    assert_eq!(options.json(), json!({"own": true}));
}

#[test]
fn a_view_set_has_a_name_and_knows_what_it_was_made_with() {
    let store = store(|_| {});
    for path in ["/api/genres/", "/api/genres/1/"] {
        let told = store.client().send("OPTIONS", path, &[], b"").json();
        assert_eq!(told["name"], "Kinds of music", "{path}");
    }
    let which = json!({"detail": true, "kwargs": [["pk", "7"]]});
    assert_eq!(get(&store, "/api/genres/7/which/", &[]).json(), which);
    assert_eq!(get(&store, "/api/genres/", &[]).json().as_array().map(Vec::len), Some(3));
    let many = json!({"detail": false, "most": 3, "made": true});
    assert_eq!(get(&store, "/api/genres/how_many/", &[]).json(), many);
}

#[test]
fn a_root_of_ones_own_stands_in_for_the_routers() {
    let store = store(|_| {});
    let links = json!({"genres": "http://testserver/api/genres/", "by": "the store"});
    assert_eq!(get(&store, "/api/", &[]).json(), links);
    let told = store.client().send("OPTIONS", "/api/", &[], b"").json();
    assert_eq!((&told["name"], &told["description"]), (&json!("Store Root"), &json!("All of it.")));
}

#[test]
fn settings_name_the_parameters_of_search_and_order() {
    let usual = store(|_| {});
    let own = store(|settings| {
        settings.rest_framework.search_param = "q".into();
        settings.rest_framework.ordering_param = "by".into();
    });
    let names = |store: &Store, path: &str| {
        let rows = get(store, path, &[]).json();
        let rows = rows.as_array().cloned().unwrap_or_default();
        rows.iter().map(|row| row["id"].to_string()).collect::<Vec<_>>().join(" ")
    };
    let all = names(&usual, "/api/genres/");
    assert_eq!(names(&usual, "/api/genres/?q=jazz&by=-id"), all);
    assert_eq!(names(&own, "/api/genres/?search=jazz&ordering=-id"), all);
    assert_ne!(names(&usual, "/api/genres/?search=jazz"), all);
    assert_eq!(names(&own, "/api/genres/?q=jazz"), names(&usual, "/api/genres/?search=jazz"));
    let ordered = names(&usual, "/api/genres/?ordering=-id");
    assert_ne!(ordered, all);
    assert_eq!(names(&own, "/api/genres/?by=-id"), ordered);
    // the document names them as the settings do
    let shown = |store: &Store| {
        let document = get(store, "/api/schema/?format=json", &[]).json();
        let list = &document["paths"]["/api/genres/"]["get"]["parameters"];
        let list = list.as_array().cloned().unwrap_or_default();
        list.iter()
            .map(|one| one["name"].as_str().unwrap_or_default().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(shown(&usual), ["ordering", "search"]);
    assert_eq!(shown(&own), ["by", "q"]);
}

/// One action has a `dispatch`, which nothing would call.
struct OfOneAction;

impl ViewSet for OfOneAction {
    type Base = ReadOnlyModelViewSet;
    type Serializer = GenreSerializer;

    fn action_policies(&self, action: Action) -> Policies {
        match action {
            Action::List => Policies::inherit().dispatch(Around("outer")),
            _ => Policies::inherit(),
        }
    }
}

#[test]
fn a_site_does_not_start_with_a_dispatch_of_one_action() {
    let mut settings = Settings::default();
    settings.secret_key = "k".into();
    let database = Database::open(DatabaseConfig::new("sqlite://:memory:")).unwrap();
    let router = Router::new().register("genres", OfOneAction);
    let built = Site::builder(settings, database).mount(router.at("/")).build();
    let problem = built.err().map(|error| error.to_string()).unwrap_or_default();
    assert!(problem.contains("have a `dispatch`, which runs before"), "{problem}");
}
