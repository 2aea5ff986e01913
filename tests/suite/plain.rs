//! View sets without a model (`rest_framework.viewsets.ViewSet`), and what extra actions declare for
//! themselves.

use std::sync::{Arc, Mutex, OnceLock};

use musicstore::models::{Genre, Track, genre};
use quintet::db::DatabaseConfig;
use quintet::filters::{FilterBackend, FilterBackends, Filters, filter_fields};
use quintet::pagination::{LimitOffsetPagination, NoPagination, Pagination};
use quintet::permissions::IsAdminUser;
use quintet::prelude::*;
use quintet::routers::ViewSetRoutes;
use quintet::views::{Created, Items, Policies};
use quintet::viewsets::{Action, ExtraAction, PlainViewSet};
use quintet_tests::client::Reply;
use quintet_tests::store::{ADMIN, ALICE, On, Store};
use serde_json::{Value as Json, json};

#[derive(Serializer, Clone)]
struct Lamp {
    #[field(read_only, default = 0)]
    id: i64,
    #[field(max_length = 10)]
    room: String,
    #[field(default = false)]
    on: bool,
}

#[derive(Serializer)]
struct Switch {
    on: bool,
}

/// Lamps in memory.
#[derive(Default)]
struct Lamps(Mutex<Vec<Lamp>>);

impl Lamps {
    fn at(cx: &Context, lamps: &[Lamp]) -> Result<usize> {
        let wanted = cx.request.kwarg("pk").and_then(|pk| pk.parse().ok());
        let found = lamps.iter().position(|lamp| Some(lamp.id) == wanted);
        found.ok_or(ApiException::NotFound(None))
    }

    fn lamps(&self) -> std::sync::MutexGuard<'_, Vec<Lamp>> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// The lamps of a house.
#[view_set]
impl PlainViewSet for Lamps {
    const LOOKUP_VALUE_REGEX: Option<&'static str> = Some("[0-9]+");

    fn basename(&self) -> String {
        "lamp".into()
    }

    fn action_policies(&self, action: Action) -> Policies {
        match action {
            Action::Destroy => Policies::inherit().permissions(IsAdminUser),
            _ => Policies::inherit(),
        }
    }

    async fn initial(&self, cx: &mut Context) -> Result<()> {
        match cx.request.header("x-dark") {
            Some(_) => Err(ApiException::PermissionDenied(Some("It is dark.".into()))),
            None => Ok(()),
        }
    }

    /// Every lamp.
    async fn list(&self, _cx: &mut Context) -> Result<Json200> {
        Ok(quintet::views::Json(self.lamps().clone()))
    }

    async fn create(
        &self,
        lamp: Valid<Lamp>,
        _cx: &mut Context,
    ) -> Result<Created<quintet::views::Json<Lamp>>> {
        let mut lamps = self.lamps();
        let mut lamp = lamp.0;
        lamp.id = i64::try_from(lamps.len()).unwrap_or_default() + 1;
        lamps.push(lamp.clone());
        Ok(Created(quintet::views::Json(lamp)))
    }

    async fn retrieve(&self, cx: &mut Context) -> Result<quintet::views::Json<Lamp>> {
        let lamps = self.lamps();
        Ok(quintet::views::Json(lamps[Self::at(cx, &lamps)?].clone()))
    }

    async fn partial_update(
        &self,
        switch: Valid<Switch>,
        cx: &mut Context,
    ) -> Result<quintet::views::Json<Lamp>> {
        let mut lamps = self.lamps();
        let at = Self::at(cx, &lamps)?;
        lamps[at].on = switch.on;
        Ok(quintet::views::Json(lamps[at].clone()))
    }

    async fn destroy(&self, cx: &mut Context) -> Result<NoContent> {
        let mut lamps = self.lamps();
        let at = Self::at(cx, &lamps)?;
        lamps.remove(at);
        Ok(NoContent)
    }

    /// Switches all of them off.
    #[action(list, post, name = "Lights out")]
    async fn off(&self, cx: &mut Context) -> Result<NoContent> {
        assert_eq!((cx.action(), cx.view().basename.as_str()), (Some(Self::OFF), "lamp"));
        self.lamps().iter_mut().for_each(|lamp| lamp.on = false);
        Ok(NoContent)
    }

    #[action(detail, url_path = "room")]
    async fn its_room(&self, cx: &mut Context) -> Result<Response> {
        let lamps = self.lamps();
        Response::new(&lamps[Self::at(cx, &lamps)?].room)
    }
}

type Json200 = quintet::views::Json<Vec<Lamp>>;

/// What the attribute writes, by hand.
struct ByHand;

impl PlainViewSet for ByHand {
    fn basename(&self) -> String {
        "hand".into()
    }

    fn actions() -> Vec<ExtraAction<Self>> {
        vec![
            ExtraAction::standard(Action::Update, Self::update),
            ExtraAction::list("wave").get(Self::wave),
        ]
    }
}

impl ByHand {
    async fn update(&self, cx: &mut Context) -> Result<Response> {
        Response::new(&json!({"put": cx.request.kwarg("pk")}))
    }

    async fn wave(&self, _cx: &mut Context) -> Result<Response> {
        Response::new("bye")
    }
}

struct Twice;

impl PlainViewSet for Twice {
    fn basename(&self) -> String {
        "twice".into()
    }

    fn actions() -> Vec<ExtraAction<Self>> {
        vec![
            ExtraAction::standard(Action::List, Self::list),
            ExtraAction::list("list").get(Self::list),
        ]
    }
}

impl Twice {
    async fn list(&self, _cx: &mut Context) -> Result<NoContent> {
        Ok(NoContent)
    }
}

#[derive(Serializer)]
#[serializer(model = Genre, fields(id, name))]
struct GenreSerializer {}

#[derive(Serializer)]
#[serializer(model = Track, fields(id))]
struct TrackSerializer {}

/// The first genres.
struct First(i64);

impl FilterBackend<Genre> for First {
    fn filter_queryset(&self, _: &Context, rows: QuerySet<Genre>) -> Result<QuerySet<Genre>> {
        Ok(rows.filter(genre::id.le(self.0)))
    }
}

/// Genres whose actions paginate and filter in their own ways.
struct Genres;

#[view_set]
impl ViewSet for Genres {
    type Base = ReadOnlyModelViewSet;
    type Serializer = GenreSerializer;
    const FILTERSET_FIELDS: Filters<Genre> = filter_fields![name];

    fn pagination_class(&self) -> impl Pagination + 'static {
        PageNumberPagination::new().page_size(2)
    }

    fn filter_backends(&self) -> impl FilterBackends<Genre> {
        (First(20),)
    }

    #[action(
        list,
        name = "The first ones",
        pagination_class = LimitOffsetPagination::new().default_limit(3),
        filterset_class = filter_fields![id(gte)],
        filter_backends = (First(7),)
    )]
    async fn first(&self, cx: &mut Context) -> Result<Page<GenreSerializer>> {
        let rows = self.get_queryset(cx).await?;
        let rows = self.filter_queryset(rows, cx).await?;
        self.paginate(rows, cx).await
    }

    #[action(list, pagination_class = NoPagination, filter_backends = ())]
    async fn whole(&self, cx: &mut Context) -> Result<Page<GenreSerializer>> {
        let rows = self.get_queryset(cx).await?;
        let rows = self.filter_queryset(rows, cx).await?;
        self.paginate(rows, cx).await
    }

    #[action(detail)]
    async fn tracks(&self, row: Object<Genre>, cx: &mut Context) -> Result<Items<TrackSerializer>> {
        let rows = Track::objects().filter_by(Track::fields().genre().id().exact(row.id));
        cx.respond_all(rows.slice(0, 1)).await
    }
}

fn site(settings: Settings, database: Arc<Database>) -> Arc<Site> {
    let router = Router::new()
        .register("lamps", Lamps::default())
        .register("hands", ViewSetRoutes::plain(ByHand))
        .register("genres", Genres);
    Site::builder(settings, database)
        .mount(router.at("/api/"))
        .openapi(OpenApi::new("Plain", "1"))
        .build()
        .expect("a site")
}

fn store(on: On) -> Store {
    Store::serving(on, |_| {}, site)
}

fn shared() -> &'static Store {
    static STORE: OnceLock<Store> = OnceLock::new();
    STORE.get_or_init(|| store(On::Sqlite))
}

fn body(reply: &Reply) -> (u16, Json) {
    let json = if reply.body.is_empty() { Json::Null } else { reply.json() };
    (reply.status, json)
}

#[test]
fn a_view_set_without_a_model_has_the_usual_addresses_and_typed_bodies() {
    let store = store(On::Sqlite);
    let client = store.client_of(ALICE);
    let post = |body_: &Json| body(&client.json("POST", "/api/lamps/", body_));
    let kitchen = json!({"id": 1, "room": "kitchen", "on": true});
    assert_eq!(post(&json!({"room": "kitchen", "on": true})), (201, kitchen.clone()));
    let refused = json!({"room": ["Ensure this field has no more than 10 characters."]});
    assert_eq!(post(&json!({"room": "conservatory"})), (400, refused));
    let cellar = json!({"id": 2, "room": "cellar", "on": false});
    assert_eq!(post(&json!({"room": "cellar"})), (201, cellar.clone()));
    assert_eq!(body(&client.get("/api/lamps/")), (200, json!([kitchen, cellar])));
    assert_eq!(body(&client.get("/api/lamps/1/")), (200, kitchen));
    let missing = (404, json!({"detail": "Not found."}));
    assert_eq!(body(&client.get("/api/lamps/3/")), missing);
    assert_eq!(client.get("/api/lamps/x/").status, 404);
    let patched = client.json("PATCH", "/api/lamps/2/", &json!({"on": true}));
    assert_eq!(patched.json()["on"], json!(true));
    let put = client.json("PUT", "/api/lamps/2/", &json!({}));
    let allowed = Some("GET, PATCH, DELETE, HEAD, OPTIONS");
    assert_eq!((put.status, put.header("allow")), (405, allowed));
    assert_eq!(body(&client.json("POST", "/api/lamps/off/", &json!({}))), (204, Json::Null));
    assert_eq!(client.get("/api/lamps/2/").json()["on"], json!(false));
    assert_eq!(body(&client.get("/api/lamps/2/room/")), (200, json!("cellar")));
    // policies of one action, and what runs before all of them
    assert_eq!(client.json("DELETE", "/api/lamps/2/", &json!({})).status, 403);
    assert_eq!(store.client_of(ADMIN).json("DELETE", "/api/lamps/2/", &json!({})).status, 204);
    assert_eq!(client.get("/api/lamps/2/").status, 404);
    let dark = client.send("GET", "/api/lamps/", &[("X-Dark", "yes")], b"");
    assert_eq!(body(&dark), (403, json!({"detail": "It is dark."})));
}

#[test]
fn a_view_set_without_a_model_has_names_a_place_in_the_root_and_metadata() {
    let store = shared();
    let site = store.site().site();
    let path = |name: &str, params: &[(&str, &str)]| site.urls().path(name, params).ok();
    assert_eq!(path("lamp-list", &[]).as_deref(), Some("/api/lamps/"));
    assert_eq!(path("lamp-detail", &[("pk", "7")]).as_deref(), Some("/api/lamps/7/"));
    assert_eq!(path("lamp-its-room", &[("pk", "7")]).as_deref(), Some("/api/lamps/7/room/"));
    assert_eq!(path("hand-list", &[]), None);
    let root = store.client().get("/api/").json();
    let listed = json!({
        "lamps": "http://testserver/api/lamps/", "genres": "http://testserver/api/genres/",
    });
    assert_eq!(root, listed);
    let told = |path: &str| store.client().send("OPTIONS", path, &[], b"").json();
    assert_eq!(told("/api/lamps/")["name"], "Lamps List");
    assert_eq!(told("/api/lamps/")["description"], "The lamps of a house.");
    assert_eq!(told("/api/lamps/1/")["name"], "Lamps Instance");
    assert_eq!(told("/api/lamps/off/")["name"], "Lights out");
    assert_eq!(told("/api/genres/first/")["name"], "The first ones");
}

#[test]
fn a_view_set_without_a_model_may_be_written_by_hand() {
    let client = shared().client();
    let put = client.json("PUT", "/api/hands/left/", &json!({}));
    assert_eq!(body(&put), (200, json!({"put": "left"})));
    assert_eq!(put.header("allow"), Some("PUT, OPTIONS"));
    assert_eq!(body(&client.get("/api/hands/wave/")), (200, json!("bye")));
    assert_eq!(client.get("/api/hands/").status, 404);
    let mut settings = Settings::default();
    settings.secret_key = "k".into();
    let database = Database::open(DatabaseConfig::new("sqlite://:memory:")).unwrap();
    let router = Router::simple().register("twice", ViewSetRoutes::plain(Twice));
    let built = Site::builder(settings, database).mount(router.at("/")).build();
    let problem = "the view \"Twice\": two of its actions are called `list`";
    assert_eq!(built.err().map(|error| error.to_string()).as_deref(), Some(problem));
}

#[test]
fn the_document_shows_a_view_set_without_a_model() {
    let schema = shared().client().get("/api/schema/?format=json").json();
    let paths = &schema["paths"];
    let ids = |path: &str| -> Vec<(String, String)> {
        let operations = paths[path].as_object().unwrap_or_else(|| panic!("{path}: {paths}"));
        let id = |(method, one): (&String, &Json)| {
            Some((method.clone(), one["operationId"].as_str()?.to_owned()))
        };
        operations.iter().filter_map(id).collect()
    };
    let pairs = |all: &[(&str, &str)]| -> Vec<(String, String)> {
        all.iter().map(|(one, two)| ((*one).to_owned(), (*two).to_owned())).collect()
    };
    assert_eq!(ids("/api/lamps/"), pairs(&[("get", "lamps_list"), ("post", "lamps_create")]));
    assert_eq!(
        ids("/api/lamps/{pk}/"),
        pairs(&[
            ("get", "lamps_retrieve"),
            ("delete", "lamps_destroy"),
            ("patch", "lamps_partial_update")
        ])
    );
    let list = &paths["/api/lamps/"]["get"];
    assert_eq!(list["description"], "Every lamp.");
    let items = &list["responses"]["200"]["content"]["application/json"]["schema"]["items"];
    assert_eq!(items["$ref"], "#/components/schemas/Lamp");
    let made = &paths["/api/lamps/"]["post"]["responses"]["201"]["content"]["application/json"];
    assert_eq!(made["schema"]["$ref"], "#/components/schemas/Lamp", "{made}");
    let sent = &paths["/api/lamps/{pk}/"]["patch"]["requestBody"]["content"]["application/json"];
    assert_eq!(sent["schema"]["$ref"], "#/components/schemas/PatchedSwitch", "{sent}");
    let pk = &paths["/api/lamps/{pk}/"]["get"]["parameters"][0];
    assert_eq!((&pk["name"], &pk["required"]), (&json!("pk"), &json!(true)), "{pk}");
    assert!(paths["/api/lamps/off/"]["post"]["responses"]["204"].is_object(), "{paths}");
    // an action's own pages and filters
    let names = |path: &str| -> Vec<String> {
        let all = paths[path]["get"]["parameters"].as_array().unwrap();
        all.iter().map(|one| one["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names("/api/genres/"), ["name", "page"]);
    assert_eq!(names("/api/genres/first/"), ["id__gte", "limit", "offset"]);
}

#[test]
fn an_action_may_have_pages_and_filters_of_its_own() {
    for on in On::all() {
        let store = store(on);
        let get = |path: &str| store.client().get(path).json();
        assert_eq!(get("/api/genres/")["count"], json!(20), "{on:?}");
        assert_eq!(get("/api/genres/?id__gte=3")["count"], json!(20), "{on:?}");
        let first = get("/api/genres/first/?id__gte=3&name=none");
        assert_eq!(first["count"], json!(5), "{on:?} {first}");
        let ids: Vec<_> =
            first["results"].as_array().unwrap().iter().map(|row| &row["id"]).collect();
        assert_eq!(ids, [&json!(3), &json!(4), &json!(5)], "{on:?}");
        let next = "http://testserver/api/genres/first/?id__gte=3&limit=3&name=none&offset=3";
        assert_eq!(first["next"], json!(next), "{on:?}");
        let whole = get("/api/genres/whole/?name=Jazz");
        assert_eq!(whole, json!([{"id": 2, "name": "Jazz"}]), "{on:?}");
        assert_eq!(get("/api/genres/whole/").as_array().map(Vec::len), Some(25), "{on:?}");
        assert_eq!(get("/api/genres/1/tracks/"), json!([{"id": 1}]), "{on:?}");
    }
}
