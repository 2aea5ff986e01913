//! Generic views, the hooks around an action, and the exception handler.

use musicstore::models::{Artist, Genre, Playlist, genre, playlist};
use quintet::exceptions::ApiException;
use quintet::generics::{
    CreateApiView, DestroyApiView, ListApiView, ListCreateApiView, RetrieveApiView,
    RetrieveDestroyApiView, RetrieveUpdateApiView, RetrieveUpdateDestroyApiView, UpdateApiView,
};
use quintet::pagination::NoPagination;
use quintet::permissions::IsAdminUser;
use quintet::prelude::*;
use quintet::views::ErrorContext;
use quintet::viewsets::ObjectQuery;
use quintet_tests::client::Reply;
use quintet_tests::store::{ADMIN, ALICE, On, Store};
use serde_json::{Value, json};

#[derive(Serializer)]
#[serializer(model = Genre, fields(id, name))]
struct GenreSerializer {}

macro_rules! genres {
    ($($name:ident: $base:ident;)*) => {$(
        struct $name;

        impl ViewSet for $name {
            type Base = $base;
            type Serializer = GenreSerializer;

            fn permission_classes(&self) -> impl PermissionClasses {
                AllowAny
            }

            fn pagination_class(&self) -> impl quintet::pagination::Pagination + 'static {
                NoPagination
            }
        }
    )*};
}

genres! {
    GenreCreate: CreateApiView;
    GenreList: ListApiView;
    GenreRetrieve: RetrieveApiView;
    GenreDestroy: DestroyApiView;
    GenreUpdate: UpdateApiView;
    GenreListCreate: ListCreateApiView;
    GenreRetrieveUpdate: RetrieveUpdateApiView;
    GenreRetrieveDestroy: RetrieveDestroyApiView;
    GenreDetail: RetrieveUpdateDestroyApiView;
}

#[derive(Serializer)]
#[serializer(model = Playlist, fields(id, name, is_public))]
struct PlaylistSerializer {}

/// The client's own newest playlist, at an address without a key.
struct NewestPlaylist;

impl ViewSet for NewestPlaylist {
    type Base = RetrieveUpdateApiView;
    type Serializer = PlaylistSerializer;

    async fn get_object(&self, cx: &mut Context) -> Result<ObjectQuery<Playlist>> {
        let user = cx.user().map(|user| user.id);
        let own = Playlist::objects().filter(playlist::owner_id.eq(user));
        Ok(own.then_by_desc(playlist::id).into())
    }
}

#[derive(Serializer)]
#[serializer(model = Artist, fields(id, name))]
struct ArtistSerializer {}

/// Shows the hooks: who is refused, what becomes of an error, what every response gets.
struct HookedArtist;

#[view_set]
impl ViewSet for HookedArtist {
    type Base = RetrieveApiView;
    type Serializer = ArtistSerializer;

    fn permission_classes(&self) -> impl PermissionClasses {
        AllowAny
    }

    async fn initial(&self, cx: &mut Context) -> Result<()> {
        match cx.request.header("x-refuse") {
            Some(reason) => Err(ApiException::PermissionDenied(Some(reason.into_owned().into()))),
            None => Ok(()),
        }
    }

    fn handle_exception(&self, error: ApiException, _: &Context) -> Result<Response> {
        match error {
            ApiException::NotFound(_) => Response::new(&json!({"id": null})),
            error => Err(error),
        }
    }

    fn finalize_response(&self, response: Response, cx: &Context) -> Response {
        match response.data() {
            Some(data) => {
                let user = cx.user().map(|user| user.username.clone());
                response.with_data(&json!({"data": data, "user": user}))
            }
            None => response,
        }
    }
}

async fn fails(cx: &mut Context) -> Result<Response> {
    match cx.request.kwarg("how").unwrap_or_default() {
        "panic" => panic!("as it was asked to"),
        "internal" => Err(ApiException::internal("as it was asked to")),
        "text" => Err(ApiException::validation("One message.")),
        _ => Err(ApiException::NotFound(None)),
    }
}

/// `{"status": .., "errors": ..}` below `api/`, with where it happened.
fn envelope(error: &ApiException, response: Response, cx: &ErrorContext<'_>) -> Response {
    if !cx.path().starts_with("/api/") {
        return response;
    }
    let errors = response.data().unwrap_or_else(|| error.body());
    let view = cx.view().map(|view| view.name.clone());
    let user = cx.context().and_then(Context::user).map(|user| user.username.clone());
    let body = json!({
        "status": response.status, "errors": errors, "view": view, "user": user,
        "method": cx.method().as_str(),
    });
    response.with_data(&body)
}

fn router() -> Router {
    let open = |name| ApiView::new(name).permissions(AllowAny);
    Router::simple()
        .path("create/", GenreCreate.as_view(), "create")
        .path("list/", GenreList.as_view(), "list")
        .path("retrieve/<int:pk>/", GenreRetrieve.as_view(), "retrieve")
        .path("destroy/<int:pk>/", GenreDestroy.as_view(), "destroy")
        .path("update/<int:pk>/", GenreUpdate.as_view(), "update")
        .path("list-create/", GenreListCreate.as_view(), "list-create")
        .path("retrieve-update/<int:pk>/", GenreRetrieveUpdate.as_view(), "retrieve-update")
        .path("retrieve-destroy/<int:pk>/", GenreRetrieveDestroy.as_view(), "retrieve-destroy")
        .path("detail/<int:pk>/", GenreDetail.as_view(), "detail")
        .path("newest/", NewestPlaylist.as_view(), "newest")
        .path("hooked/<int:pk>/", HookedArtist.as_view(), "hooked")
        .path("fails/<str:how>/", open("Fails").get(fails).post(fails), "fails")
        .path("staff/", ApiView::new("Staff").permissions(IsAdminUser).get(fails), "staff")
}

fn site(on: On, handles: bool) -> Store {
    Store::serving(
        on,
        |_| {},
        |settings, database| {
            let site = Site::builder(settings, database)
                .mount(router().at("/api/"))
                .openapi(OpenApi::new("Generics", "1"));
            let site = if handles { site.exception_handler(envelope) } else { site };
            site.build().expect("a site")
        },
    )
}

fn allow(reply: &Reply) -> String {
    reply.header("allow").unwrap_or_default().to_owned()
}

#[test]
fn each_of_the_nine_has_its_methods() {
    let store = site(On::all()[0], false);
    let allowed = |path: &str| allow(&store.client().send("OPTIONS", path, &[], b""));
    for (path, methods) in [
        ("/api/create/", "POST, OPTIONS"),
        ("/api/list/", "GET, HEAD, OPTIONS"),
        ("/api/retrieve/1/", "GET, HEAD, OPTIONS"),
        ("/api/destroy/1/", "DELETE, OPTIONS"),
        ("/api/update/1/", "PUT, PATCH, OPTIONS"),
        ("/api/list-create/", "GET, POST, HEAD, OPTIONS"),
        ("/api/retrieve-update/1/", "GET, PUT, PATCH, HEAD, OPTIONS"),
        ("/api/retrieve-destroy/1/", "GET, DELETE, HEAD, OPTIONS"),
        ("/api/detail/1/", "GET, PUT, PATCH, DELETE, HEAD, OPTIONS"),
    ] {
        assert_eq!(allowed(path), methods, "{path}");
    }
    let reply = store.client().json("DELETE", "/api/list-create/", &json!({}));
    assert_eq!(
        (reply.status, reply.json()),
        (405, json!({"detail": "Method \"DELETE\" not allowed."}))
    );
}

#[test]
fn generic_views_do_what_the_actions_of_view_sets_do() {
    for on in On::all() {
        let store = site(on, false);
        let client = store.client();
        let made = client.json("POST", "/api/list-create/", &json!({"name": "Polka"}));
        let id = made.json()["id"].as_i64().unwrap();
        assert_eq!((made.status, made.json()), (201, json!({"id": id, "name": "Polka"})), "{on:?}");
        let twice = client.json("POST", "/api/create/", &json!({"name": "Polka"}));
        let taken = json!({"name": ["genre with this name already exists."]});
        assert_eq!((twice.status, twice.json()), (400, taken), "{on:?}");
        let detail = format!("/api/detail/{id}/");
        assert_eq!(client.get(&detail).json(), json!({"id": id, "name": "Polka"}), "{on:?}");
        let changed = client.json("PATCH", &detail, &json!({"name": "Ska"}));
        assert_eq!(changed.json(), json!({"id": id, "name": "Ska"}), "{on:?}");
        let count = client.get("/api/list/").json().as_array().map(Vec::len);
        assert_eq!(count, Some(26), "{on:?}");
        assert_eq!(client.json("DELETE", &detail, &json!({})).status, 204, "{on:?}");
        let gone = client.get(&detail);
        let missing = json!({"detail": "No Genre matches the given query."});
        assert_eq!((gone.status, gone.json()), (404, missing), "{on:?}");
    }
}

#[test]
fn an_object_may_be_the_clients_own() {
    for on in On::all() {
        let store = site(on, false);
        let alice = store.client_of(ALICE);
        let newest = alice.get("/api/newest/").json();
        let own = store.number(
            "SELECT MAX(p.id) FROM store_playlist p JOIN auth_user u ON u.id = p.owner_id \
             WHERE u.username = 'alice'",
        );
        assert_eq!(newest["id"], json!(own), "{on:?}");
        let renamed = alice.json("PATCH", "/api/newest/", &json!({"name": "Mine"})).json();
        assert_eq!((&renamed["id"], &renamed["name"]), (&json!(own), &json!("Mine")), "{on:?}");
        let nobody = store.client().get("/api/newest/");
        assert_eq!(nobody.status, 404, "{on:?}");
    }
}

#[test]
fn the_hooks_of_a_view_stand_around_its_actions() {
    let store = site(On::all()[0], false);
    let client = store.client_of(ADMIN);
    let body = |reply: Reply| (reply.status, reply.json());
    let shown = json!({"data": {"id": 1, "name": "AC/DC"}, "user": "admin"});
    assert_eq!(body(client.get("/api/hooked/1/")), (200, shown));
    let refused = client.send("GET", "/api/hooked/1/", &[("X-Refuse", "Not you.")], b"");
    let detail = json!({"data": {"detail": "Not you."}, "user": "admin"});
    assert_eq!(body(refused), (403, detail));
    let missing = client.get("/api/hooked/99999/");
    assert_eq!(body(missing), (200, json!({"data": {"id": null}, "user": "admin"})));
}

#[test]
fn the_exception_handler_sees_every_error() {
    for on in On::all() {
        let store = site(on, true);
        let client = store.client_of(ALICE);
        let seen = |reply: Reply| (reply.status, reply.json());
        let told = |status: u16, errors: Value, view: Value, user: Value, method: &str| {
            let body = json!({
                "status": status, "errors": errors, "view": view, "user": user, "method": method,
            });
            (status, body)
        };
        let detail = |text: &str| json!({"detail": text});
        let alice = || json!("alice");
        // of the view, and of validation
        assert_eq!(
            seen(client.get("/api/fails/missing/")),
            told(404, detail("Not found."), json!("Fails"), alice(), "GET")
        );
        assert_eq!(
            seen(client.get("/api/fails/text/")),
            told(400, json!(["One message."]), json!("Fails"), alice(), "GET")
        );
        // a permission, a method, a body that cannot be parsed
        let denied = detail("You do not have permission to perform this action.");
        let staff = seen(client.get("/api/staff/"));
        assert_eq!(staff, told(403, denied, json!("Staff"), alice(), "GET"));
        let wrong = seen(client.json("DELETE", "/api/list/", &json!({})));
        let errors = detail("Method \"DELETE\" not allowed.");
        assert_eq!(wrong, told(405, errors, json!("Genre List"), alice(), "DELETE"));
        let headers = [("Content-Type", "application/json")];
        let broken = client.send("POST", "/api/create/", &headers, b"{");
        assert_eq!((broken.status, &broken.json()["status"]), (400, &json!(400)), "{on:?}");
        // a token that is none, before there is a user
        let stranger = store.client_of("nobodys").get("/api/list/");
        let invalid = told(401, detail("Invalid token."), json!("Genre List"), Value::Null, "GET");
        assert_eq!(seen(stranger), invalid);
        // no view has the path; the server is at fault
        let unknown = seen(client.get("/api/nowhere/"));
        assert_eq!(unknown, told(404, detail("Not found."), Value::Null, Value::Null, "GET"));
        let error = || detail("A server error occurred.");
        let internal = seen(client.get("/api/fails/internal/"));
        assert_eq!(internal, told(500, error(), json!("Fails"), alice(), "GET"));
        let panicked = seen(client.get("/api/fails/panic/"));
        assert_eq!(panicked, told(500, error(), json!("Fails"), Value::Null, "GET"));
        // elsewhere the pages stay
        let page = client.get("/nowhere/");
        assert!(page.text().contains("<title>Not Found</title>"), "{on:?}");
    }
}

#[test]
fn the_document_has_generic_views_at_their_paths() {
    let store = site(On::all()[0], false);
    let schema = store.client().get("/api/schema/?format=json").json();
    let paths = &schema["paths"];
    let methods = |path: &str| -> Vec<String> {
        let operations = paths[path].as_object().unwrap_or_else(|| panic!("{path}: {paths}"));
        operations.keys().filter(|key| *key != "parameters").cloned().collect()
    };
    assert_eq!(methods("/api/list-create/"), ["get", "post"]);
    assert_eq!(methods("/api/detail/{id}/"), ["get", "put", "delete", "patch"]);
    let ids: Vec<&Value> = ["get", "put"]
        .iter()
        .map(|method| &paths["/api/detail/{id}/"][*method]["operationId"])
        .collect();
    assert_eq!(ids, [&json!("detail_retrieve"), &json!("detail_update")]);
}

#[test]
fn a_generic_view_with_an_action_keeps_the_site_from_being_built() {
    struct Extra;

    #[view_set]
    impl ViewSet for Extra {
        type Base = ListApiView;
        type Serializer = GenreSerializer;

        #[action(list)]
        async fn first(&self, cx: &mut Context) -> Result<quintet::views::Items<GenreSerializer>> {
            cx.respond_all(Genre::objects().filter(genre::id.eq(1))).await
        }
    }

    let mut settings = Settings::default();
    settings.secret_key = "k".into();
    let database = Database::open(quintet::db::DatabaseConfig::new("sqlite://:memory:")).unwrap();
    let router = Router::simple().path("extra/", Extra.as_view(), "extra");
    let built = Site::builder(settings, database).mount(router.at("/")).build();
    let problem = "the view \"Extra\": it is a generic view, whose extra actions have no URL";
    assert_eq!(built.err().map(|error| error.to_string()).as_deref(), Some(problem));
}
