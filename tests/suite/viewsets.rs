//! View sets whose actions, hooks and policies are replaced (`rest_framework.viewsets`).

use std::sync::{Arc, OnceLock};

use musicstore::models::{Artist, Genre, Playlist, artist, playlist};
use quintet::authentication::{
    AuthenticationClasses as _, BasicAuthentication, DynAuthentication, TokenAuthentication,
};
use quintet::classes::Classes;
use quintet::generics::ListCreateApiView;
use quintet::http::Method;
use quintet::http::header::{HeaderMap, HeaderName, HeaderValue, LINK};
use quintet::mixins;
use quintet::parsers::{FormParser, JsonParser, Parser, ParserClasses as _};
use quintet::permissions::{DynPermission, IsAdminUser, ObjectPermission};
use quintet::prelude::*;
use quintet::renderers::{JsonRenderer, Renderer, RendererClasses as _, RendererContext};
use quintet::routers::ViewSetRoutes;
use quintet::throttling::{AnonRateThrottle, DynThrottle, ThrottleClasses as _};
use quintet::views::{Item, Policies};
use quintet::viewsets::Action;
use quintet_tests::store::{ADMIN, ALICE, On, Store};
use serde_json::json;

const DID: HeaderName = HeaderName::from_static("x-did");

#[derive(Serializer)]
#[serializer(model = Artist, fields(id, name))]
struct ArtistSerializer {}

#[derive(Serializer)]
#[serializer(model = Genre, fields(id, name))]
struct GenreSerializer {}

#[derive(Serializer)]
#[serializer(model = Playlist, fields(id, name))]
struct PlaylistSerializer {}

/// Replaces everything that can be replaced.
struct Artists;

#[view_set]
impl ViewSet for Artists {
    type Base = ModelViewSet;
    type Serializer = ArtistSerializer;

    async fn get_queryset(&self, cx: &mut Context) -> Result<QuerySet<Artist>> {
        let rows = Artist::objects();
        Ok(match cx.request.query_params().get("letter") {
            Some(letter) => rows.filter_by(Artist::fields().name().istartswith(letter)),
            None => rows,
        })
    }

    async fn list(&self, cx: &mut Context) -> Result<Response> {
        Ok(mixins::list(self, cx).await?.with_header(DID, "list"))
    }

    async fn create(&self, cx: &mut Context) -> Result<Response> {
        Ok(mixins::create(self, cx).await?.with_header(DID, "create"))
    }

    async fn retrieve(&self, cx: &mut Context) -> Result<Response> {
        Ok(mixins::retrieve(self, cx).await?.with_header(DID, "retrieve"))
    }

    async fn update(&self, cx: &mut Context) -> Result<Response> {
        Ok(mixins::update(self, cx, false).await?.with_header(DID, "update"))
    }

    async fn partial_update(&self, cx: &mut Context) -> Result<Response> {
        Ok(mixins::update(self, cx, true).await?.with_header(DID, "partial_update"))
    }

    async fn destroy(&self, cx: &mut Context) -> Result<Response> {
        Ok(mixins::destroy(self, cx).await?.with_header(DID, "destroy"))
    }

    async fn perform_create(&self, new: Changes<Artist>, cx: &mut Context) -> Result<Artist> {
        let row = cx.save(new).await?;
        cx.save(Changes::of(&row).set(artist::name, format!("{} (new)", row.name))).await
    }

    async fn perform_update(&self, changes: Changes<Artist>, cx: &mut Context) -> Result<Artist> {
        let row = cx.save(changes).await?;
        cx.save(Changes::of(&row).set(artist::name, format!("{} (changed)", row.name))).await
    }

    async fn perform_destroy(&self, row: Artist, cx: &mut Context) -> Result<()> {
        if row.name.ends_with("(new)") {
            return Err(ApiException::validation("A new artist stays."));
        }
        cx.delete(&row).await
    }

    /// Calls the hook of the view set.
    #[action(detail, put)]
    async fn again(&self, row: Object<Artist>, cx: &mut Context) -> Result<Item<ArtistSerializer>> {
        let changes = Changes::of(&*row).set(artist::name, "Again");
        let row = self.perform_update(changes, cx).await?;
        cx.respond_one(Artist::objects().filter(artist::id.eq(row.id))).await
    }

    #[mapping(again, patch)]
    async fn burn(&self, row: Object<Artist>, cx: &mut Context) -> Result<NoContent> {
        self.perform_destroy(row.0, cx).await?;
        Ok(NoContent)
    }
}

/// What another view set sees, and less.
struct Few;

impl ViewSet for Few {
    type Base = ReadOnlyModelViewSet;
    type Serializer = ArtistSerializer;

    fn basename(&self) -> String {
        "few".into()
    }

    fn permission_classes(&self) -> impl PermissionClasses {
        AllowAny
    }

    fn action_policies(&self, action: Action) -> Policies {
        let above = Hooked.action_policies(action);
        if above.is_empty() { Policies::inherit().throttles(()) } else { above }
    }

    async fn get_queryset(&self, cx: &mut Context) -> Result<QuerySet<Artist>> {
        Ok(Artists.get_queryset(cx).await?.filter(artist::id.le(20)))
    }
}

/// Policies by action.
struct Hooked;

impl ViewSet for Hooked {
    type Base = ReadOnlyModelViewSet;
    type Serializer = ArtistSerializer;

    fn action_policies(&self, action: Action) -> Policies {
        match action {
            Action::Retrieve => Policies::inherit().permissions(IsAdminUser),
            _ => Policies::inherit(),
        }
    }
}

/// Playlists below the name of their owner, and the public ones in the list.
struct Playlists;

impl ViewSet for Playlists {
    type Base = ReadOnlyModelViewSet;
    type Serializer = PlaylistSerializer;

    async fn get_queryset(&self, cx: &mut Context) -> Result<QuerySet<Playlist>> {
        let owner = cx.request.kwarg("owner").unwrap_or_default();
        let rows = Playlist::objects();
        let rows = rows.filter_by(Playlist::fields().owner().username().exact(owner));
        Ok(match cx.action() {
            Some(Action::List) => rows.filter(playlist::is_public.eq(true)),
            _ => rows,
        })
    }
}

/// JSON in capital letters.
#[derive(Debug)]
struct Shouting;

impl Renderer for Shouting {
    fn media_type(&self) -> &'static str {
        "text/x-shout"
    }

    fn format(&self) -> &'static str {
        "shout"
    }

    fn charset(&self) -> Option<&'static str> {
        Some("utf-8")
    }

    fn render(&self, json: Vec<u8>, context: &RendererContext<'_>) -> Vec<u8> {
        let accepted = context.accepted_media_type;
        let text = String::from_utf8_lossy(&json).to_uppercase();
        format!("{text} {accepted}").into_bytes()
    }
}

struct Genres;

#[view_set]
impl ViewSet for Genres {
    type Base = ModelViewSet;
    type Serializer = GenreSerializer;

    #[action(
        list,
        get,
        post,
        authentication_classes = BasicAuthentication::new(),
        renderer_classes = (JsonRenderer, Shouting),
        parser_classes = FormParser
    )]
    async fn own_policies(&self, cx: &mut Context) -> Result<Response> {
        let data = cx.data()?.to_json()?;
        Response::new(&json!({"user": cx.user().map(|user| &user.username), "data": data}))
    }

    fn parser_classes(&self) -> impl quintet::parsers::ParserClasses {
        JsonParser
    }

    fn renderer_classes(&self) -> impl quintet::renderers::RendererClasses {
        (JsonRenderer, Shouting)
    }
}

/// Its policies depend on the request.
struct ByRequest;

#[view_set]
impl ViewSet for ByRequest {
    type Base = ModelViewSet;
    type Serializer = GenreSerializer;
    const HTTP_METHOD_NAMES: &'static [Method] =
        &[Method::PATCH, Method::GET, Method::POST, Method::HEAD];

    fn basename(&self) -> String {
        "by-request".into()
    }

    fn permission_classes(&self) -> impl PermissionClasses {
        IsAuthenticated
    }

    fn get_authenticators(&self, cx: &Context) -> Classes<dyn DynAuthentication> {
        cx.request.header("x-basic").and_then(|_| BasicAuthentication::new().into_list())
    }

    fn get_renderers(&self, cx: &Context) -> Classes<dyn Renderer> {
        match cx.action() {
            Some(Action::Retrieve) => (Shouting, JsonRenderer).into_list(),
            _ => None,
        }
    }

    fn get_parsers(&self, cx: &Context) -> Classes<dyn Parser> {
        cx.request.query_params().get("form").and_then(|_| FormParser.into_list())
    }

    fn get_permissions(&self, cx: &Context) -> Classes<dyn DynPermission> {
        // the user is known
        let staff = cx.user().is_some_and(|user| user.is_staff);
        match cx.request.method {
            Method::GET | Method::HEAD => AllowAny.into_list(),
            _ if staff => (IsAuthenticated, OnlyFirst).into_list(),
            _ => None,
        }
    }

    fn get_throttles(&self, cx: &Context) -> Classes<dyn DynThrottle> {
        let slow = cx.request.query_params().get("slow").is_some();
        slow.then(|| AnonRateThrottle::new().rate("1/day").into_list()).flatten()
    }

    fn get_success_headers(&self, url: Option<&str>, cx: &Context) -> HeaderMap {
        assert_eq!(url, None);
        let links = cx.reverse_action("list", &[]).unwrap_or_default();
        [(LINK, HeaderValue::from_str(&links).unwrap())].into_iter().collect()
    }

    #[action(detail, delete, put)]
    async fn refused(&self, _row: Object<Genre>, _cx: &mut Context) -> Result<NoContent> {
        Ok(NoContent)
    }
}

/// The first three genres.
struct OnlyFirst;

impl ObjectPermission for OnlyFirst {
    type Object = Genre;

    async fn has_object_permission(&self, _: &mut Context, genre: &Genre) -> Result<bool> {
        Ok(genre.id <= 3)
    }
}

/// A generic view that calls what it replaces.
struct GenreList;

impl ViewSet for GenreList {
    type Base = ListCreateApiView;
    type Serializer = GenreSerializer;

    async fn list(&self, cx: &mut Context) -> Result<Response> {
        Ok(mixins::list(self, cx).await?.with_header(DID, "get"))
    }

    async fn create(&self, cx: &mut Context) -> Result<Response> {
        if cx.request.query_params().get("dry").is_some() {
            return Ok(Response::empty(204));
        }
        Ok(mixins::create(self, cx).await?.with_header(DID, "post"))
    }
}

async fn method(cx: &mut Context) -> Result<Response> {
    Response::new(cx.request.method.as_str())
}

/// The name of the method, in small letters: a handler may call another one.
async fn quiet(cx: &mut Context) -> Result<Response> {
    let name = method(cx).await?.data().unwrap_or_default();
    Response::new(&name.as_str().map(str::to_lowercase))
}

async fn typed(cx: &mut Context) -> Result<Response> {
    let content_type = cx.request.query_params().get("type").unwrap_or_default().to_owned();
    Ok(Response::bytes(content_type, "<a>1;2</a>"))
}

/// The addresses of a view set, with another beginning and without its list.
fn renamed() -> ViewSetRoutes {
    let mut routes = ViewSetRoutes::from(Few);
    routes.routes.retain(|route| route.detail);
    routes.basename = "only".into();
    routes.lookup_value_regex = Some("[0-9]".into());
    routes
}

fn store(on: On) -> &'static Store {
    static STORES: [OnceLock<Store>; 2] = [OnceLock::new(), OnceLock::new()];
    STORES[usize::from(on == On::Postgres)].get_or_init(|| fresh(on))
}

fn fresh(on: On) -> Store {
    Store::serving(
        on,
        |_| {},
        |settings, database: Arc<Database>| {
            let router = Router::new()
                .register("artists", Artists)
                .register("few", Few)
                .register("hooked", Hooked)
                .register("genres", Genres)
                .register("by-request", ByRequest)
                .register("only", renamed())
                .include("of/<str:owner>/", Router::simple().register("playlists", Playlists))
                .path("genre-list/", GenreList.as_view(), "genre-list-view")
                .path(
                    "methods/",
                    ApiView::new("Methods").get(quiet).put(method).patch(quiet).delete(method),
                    "methods",
                )
                .path("typed/", ApiView::new("Typed").get(typed), "typed");
            Site::builder(settings, database)
                .authentication((TokenAuthentication::new(),))
                .pagination(PageNumberPagination::new().page_size(3))
                .mount(router.at("/"))
                .openapi(OpenApi::new("View sets", "1"))
                .build()
                .expect("a site")
        },
    )
}

#[test]
fn each_action_can_be_replaced_and_call_the_usual_one() {
    for on in On::all() {
        let store = fresh(on);
        let client = store.client();
        let made = client.json("POST", "/artists/", &json!({"name": "Mina"}));
        let id = made.json()["id"].clone();
        assert_eq!((made.status, made.header("x-did")), (201, Some("create")), "{on:?}");
        assert_eq!(made.json(), json!({"id": id, "name": "Mina (new)"}), "{on:?}");
        let path = format!("/artists/{id}/");
        let burnt = client.json("DELETE", &path, &json!({}));
        assert_eq!((burnt.status, burnt.json()), (400, json!(["A new artist stays."])), "{on:?}");
        for (method, did, name) in
            [("PUT", "update", "Milva (changed)"), ("PATCH", "partial_update", "Milva (changed)")]
        {
            let changed = client.json(method, &path, &json!({"name": "Milva"}));
            assert_eq!(changed.json(), json!({"id": id, "name": name}), "{on:?}");
            assert_eq!(changed.header("x-did"), Some(did), "{on:?}");
        }
        let read = client.get(&path);
        assert_eq!(read.header("x-did"), Some("retrieve"));
        assert_eq!(client.get("/artists/").header("x-did"), Some("list"));
        let gone = client.json("DELETE", &path, &json!({}));
        assert_eq!((gone.status, gone.header("x-did")), (204, Some("destroy")), "{on:?}");
        assert_eq!((gone.header("content-type"), gone.body.len()), (None, 0), "{on:?}");
        assert_eq!(client.get(&path).status, 404, "{on:?}");
    }
}

#[test]
fn an_action_of_ones_own_calls_the_hooks_that_store_rows() {
    for on in On::all() {
        let store = fresh(on);
        let client = store.client();
        let again = client.json("PUT", "/artists/1/again/", &json!({}));
        let shown = json!({"id": 1, "name": "Again (changed)"});
        assert_eq!((again.status, again.json()), (200, shown), "{on:?}");
        let made = client.json("POST", "/artists/", &json!({"name": "Mina"})).json();
        let refused = client.json("PATCH", &format!("/artists/{}/again/", made["id"]), &json!({}));
        assert_eq!((refused.status, refused.json()), (400, json!(["A new artist stays."])));
        let get = client.get("/artists/1/again/");
        assert_eq!((get.status, get.header("allow")), (405, Some("PUT, PATCH, OPTIONS")), "{on:?}");
    }
}

#[test]
fn the_rows_depend_on_the_query_the_path_and_the_action() {
    for on in On::all() {
        let client = store(on).client();
        let names = |path: &str| {
            let results = client.get(path).json()["results"].clone();
            let names: Vec<String> = results
                .as_array()
                .unwrap()
                .iter()
                .map(|row| row["name"].as_str().unwrap().to_owned())
                .collect();
            names
        };
        let x = names("/artists/?letter=x");
        assert_eq!(x, ["Xis"], "{on:?}");
        // an object is looked up among the same rows
        assert_eq!(client.get("/artists/1/?letter=x").status, 404, "{on:?}");
        // the rows of another view set, and less
        assert_eq!(names("/few/?letter=A").len(), 3, "{on:?}");
        assert_eq!(client.get("/few/?letter=A").json()["count"], json!(8), "{on:?}");
        assert_eq!((client.get("/few/20/").status, client.get("/few/21/").status), (401, 401));
        let admin = store(on).client_of(ADMIN);
        assert_eq!((admin.get("/few/20/").status, admin.get("/few/21/").status), (200, 404));
        let private = store(on).number(
            "SELECT p.id FROM store_playlist p JOIN auth_user u ON u.id = p.owner_id WHERE \
             u.username = 'alice' AND NOT p.is_public",
        );
        let list = client.get("/of/alice/playlists/").json();
        assert_eq!(list["count"], json!(1), "{on:?} {list}");
        let of = |owner: &str| client.get(&format!("/of/{owner}/playlists/{private}/")).status;
        assert_eq!((of("alice"), of("bob")), (200, 404), "{on:?}");
    }
}

#[test]
fn the_policies_of_an_action_may_be_those_of_another_view_set() {
    let store = store(On::Sqlite);
    let (alice, admin) = (store.client_of(ALICE), store.client_of(ADMIN));
    for prefix in ["few", "hooked"] {
        let statuses = |client: &quintet_tests::client::Client| {
            [format!("/{prefix}/"), format!("/{prefix}/1/")].map(|path| client.get(&path).status)
        };
        assert_eq!((statuses(&alice), statuses(&admin)), ([200, 403], [200, 200]), "{prefix}");
    }
}

#[test]
fn an_action_has_authenticators_renderers_and_parsers_of_its_own() {
    let store = store(On::Sqlite);
    let path = "/genres/own_policies/";
    // a token is nobody's name and password
    let reply = store.client_of(ALICE).get(path);
    assert_eq!(reply.json(), json!({"user": null, "data": {}}));
    let basic = ("Authorization", "Basic YWxpY2U6YWxpY2UtcGFzcy0x");
    let form = ("Content-Type", "application/x-www-form-urlencoded");
    let reply = store.client().send("POST", path, &[basic, form], b"a=1");
    assert_eq!(reply.json(), json!({"user": "alice", "data": {"a": "1"}}));
    let reply = store.client().json("POST", path, &json!({}));
    let detail = "Unsupported media type \"application/json\" in request.";
    assert_eq!((reply.status, reply.json()), (415, json!({ "detail": detail })));
    // the view set's own
    let reply = store.client().send("POST", "/genres/", &[form], b"name=Polka");
    let detail = "Unsupported media type \"application/x-www-form-urlencoded\" in request.";
    assert_eq!((reply.status, reply.json()), (415, json!({ "detail": detail })));
}

#[test]
fn a_renderer_of_ones_own_is_chosen_by_type_and_format() {
    let client = store(On::Sqlite).client();
    let shout = [("Accept", "text/x-shout; level=3")];
    let reply = client.send("GET", "/genres/1/", &shout, b"");
    assert_eq!(reply.text(), r#"{"ID":1,"NAME":"ROCK"} text/x-shout; level=3"#);
    assert_eq!(reply.header("content-type"), Some("text/x-shout; charset=utf-8"));
    for path in ["/genres/1.shout", "/genres/1/?format=shout", "/genres/1.shout?format=json"] {
        assert_eq!(client.get(path).text(), r#"{"ID":1,"NAME":"ROCK"} text/x-shout"#, "{path}");
    }
    // errors are written by it, too
    let reply = client.send("GET", "/genres/99/", &shout, b"");
    assert_eq!(
        (reply.status, reply.text().starts_with(r#"{"DETAIL":"NO GENRE"#)),
        (404, true),
        "{}",
        reply.text()
    );
    let reply = client.get("/genres/own_policies/?format=shout");
    assert_eq!(reply.text(), r#"{"USER":NULL,"DATA":{}} text/x-shout"#);
}

#[test]
fn a_generic_view_calls_what_it_replaces() {
    let store = fresh(On::all()[0]);
    let client = store.client();
    let list = client.get("/genre-list/");
    assert_eq!((list.header("x-did"), &list.json()["count"]), (Some("get"), &json!(25)));
    let dry = client.json("POST", "/genre-list/?dry", &json!({"name": "Polka"}));
    assert_eq!((dry.status, client.get("/genre-list/").json()["count"].clone()), (204, json!(25)));
    let made = client.json("POST", "/genre-list/", &json!({"name": "Polka"}));
    assert_eq!((made.status, made.header("x-did")), (201, Some("post")));
}

#[test]
fn a_plain_view_has_a_function_for_each_method() {
    let client = store(On::Sqlite).client();
    for (method, answer) in
        [("GET", "get"), ("PUT", "PUT"), ("PATCH", "patch"), ("DELETE", "DELETE")]
    {
        let reply = client.send(method, "/methods/", &[], b"");
        assert_eq!((reply.status, reply.json()), (200, json!(answer)));
        let allow = "GET, PUT, PATCH, DELETE, HEAD, OPTIONS";
        assert_eq!(reply.header("allow"), Some(allow), "{method}");
    }
}

#[test]
fn bytes_of_any_type_are_sent_as_they_are() {
    let client = store(On::Sqlite).client();
    for content_type in [
        "text/plain",
        "text/csv",
        "text/json",
        "text/xml",
        "application/json",
        "application/pdf",
        "image/svg+xml",
    ] {
        let reply = client.get(&format!("/typed/?type={}", content_type.replace('+', "%2B")));
        assert_eq!(reply.header("content-type"), Some(content_type));
        assert_eq!(
            (reply.text().as_str(), reply.header("content-length")),
            ("<a>1;2</a>", Some("10"))
        );
        // policies of the view hold, and its headers are there
        assert_eq!(reply.header("allow"), Some("GET, HEAD, OPTIONS"), "{content_type}");
    }
}

#[test]
fn the_addresses_of_a_view_set_can_be_changed() {
    let store = store(On::Sqlite);
    let admin = store.client_of(ADMIN);
    let statuses = ["/only/", "/only/1/", "/only/12/"].map(|path| admin.get(path).status);
    assert_eq!(statuses, [404, 200, 404]);
    let site = store.site().site();
    assert_eq!(site.urls().path("only-detail", &[("pk", "7")]).ok().as_deref(), Some("/only/7/"));
    assert!(site.urls().path("only-list", &[]).is_err());
}

#[test]
fn policies_may_depend_on_the_request() {
    for on in On::all() {
        let store = fresh(on);
        let (nobody, alice, admin) =
            (store.client(), store.client_of(ALICE), store.client_of(ADMIN));
        let patch = |client: &quintet_tests::client::Client, id: i64| {
            client.json("PATCH", &format!("/by-request/{id}/"), &json!({"name": format!("x{id}")}))
        };
        // permissions by the method and the user, of objects too
        assert_eq!(nobody.get("/by-request/").status, 200, "{on:?}");
        assert_eq!(patch(&nobody, 1).status, 401, "{on:?}");
        assert_eq!((patch(&alice, 1).status, patch(&alice, 4).status), (200, 200), "{on:?}");
        assert_eq!((patch(&admin, 1).status, patch(&admin, 4).status), (200, 403), "{on:?}");
        // renderers by the action
        let shown = nobody.get("/by-request/1/");
        assert_eq!(shown.header("content-type"), Some("text/x-shout; charset=utf-8"), "{on:?}");
        assert_eq!(shown.header("vary"), Some("Accept"), "{on:?}");
        assert_eq!(nobody.get("/by-request/?format=shout").status, 404, "{on:?}");
        // authenticators: the token counts for nothing
        let headers = [("X-Basic", "1"), ("Content-Type", "application/json")];
        let basic = alice.send("PATCH", "/by-request/1/", &headers, b"{\"name\": \"y\"}");
        let challenge = Some("Basic realm=\"api\"");
        assert_eq!((basic.status, basic.header("www-authenticate")), (401, challenge), "{on:?}");
        // parsers
        let form = [("Content-Type", "application/x-www-form-urlencoded")];
        let status = |query: &str, name: &str| {
            let url = format!("/by-request/1/{query}");
            alice.send("PATCH", &url, &form, format!("name={name}").as_bytes()).status
        };
        assert_eq!(
            (status("?form", "z"), alice.json("PATCH", "/by-request/1/?form", &json!({})).status),
            (200, 415)
        );
        // throttles
        assert_eq!(nobody.get("/by-request/?slow").status, 200, "{on:?}");
        assert_eq!(nobody.get("/by-request/?slow").status, 429, "{on:?}");
        assert_eq!(nobody.get("/by-request/").status, 200, "{on:?}");
        // headers of a creation
        let made = alice.json("POST", "/by-request/", &json!({"name": "Polka"}));
        let list = Some("http://testserver/by-request/");
        assert_eq!((made.status, made.header("link")), (201, list), "{on:?}");
    }
}

#[test]
fn methods_that_are_not_named_are_refused() {
    let store = store(On::Sqlite);
    let admin = store.client_of(ADMIN);
    for (method, path, allow) in [
        ("PUT", "/by-request/1/", "PATCH, GET, HEAD"),
        ("DELETE", "/by-request/1/", "PATCH, GET, HEAD"),
        ("OPTIONS", "/by-request/1/", "PATCH, GET, HEAD"),
        ("OPTIONS", "/by-request/", "GET, POST, HEAD"),
        ("PUT", "/by-request/1/refused/", ""),
        ("DELETE", "/by-request/1/refused/", ""),
    ] {
        let reply = admin.json(method, path, &json!({"name": "x"}));
        let detail = format!("Method \"{method}\" not allowed.");
        assert_eq!((reply.status, reply.json()), (405, json!({ "detail": detail })), "{path}");
        assert_eq!(reply.header("allow"), Some(allow), "{path}");
    }
    let document = store.client().get("/api/schema/?format=json").json();
    let methods: Vec<_> =
        document["paths"]["/by-request/{id}/"].as_object().unwrap().keys().cloned().collect();
    assert_eq!(methods, ["get", "patch"]);
    assert!(document["paths"].get("/by-request/{id}/refused/").is_none());
}
