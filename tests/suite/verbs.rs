//! An override of a view set applies to every action: the standard six and extra ones.

use std::sync::Arc;

use musicstore::models::{Artist, Genre, Playlist, artist};
use musicstore::serializers::{AlbumSerializer, ArtistMiniSerializer};
use quintet::db::{Database, DatabaseConfig, Ordering};
use quintet::filters::{FilterBackend, FilterBackends, order_by};
use quintet::pagination::{CursorPagination, Pagination};
use quintet::permissions::{IsAdminUser, ObjectPermission};
use quintet::prelude::*;
use quintet::serializers::SerializerClass;
use quintet::test::CaptureQueries;
use quintet::viewsets::{ExtraAction, ObjectQuery, mixins};
use quintet_tests::client::{Client, Reply};
use quintet_tests::store::{ADMIN, On, Store};
use serde_json::{Value as Json, json};

/// Which verb is overridden: by the header `X-Verb`, since one view set shows them all.
fn verb(cx: &Context) -> String {
    cx.request.header("x-verb").unwrap_or_default().into_owned()
}

#[derive(Serializer)]
#[serializer(model = Artist)]
struct NameSerializer {
    name: String,
}

struct Artists;

#[view_set]
impl ViewSet for Artists {
    type Base = ModelViewSet;
    type Serializer = ArtistMiniSerializer;

    const ORDERING_FIELDS: OrderingFields<Artist> = ordering_fields![name];
    const ORDERING: Ordering<Artist> = order_by![id];

    fn pagination_class(&self) -> impl Pagination + 'static {
        CursorPagination::new().page_size(2).ordering::<Artist>(order_by![id])
    }

    async fn get_queryset(&self, cx: &mut Context) -> Result<QuerySet<Artist>> {
        match verb(cx).as_str() {
            // it may ask the database, and it may refuse
            "queryset" => {
                let first = Artist::objects().order_by(order_by![id]).slice(0, 1).all(cx).await?;
                let first = first.first().map_or(0, |artist| artist.id);
                Ok(Artist::objects().filter(artist::id.ne(first)))
            }
            "refusal" => Err(ApiException::PermissionDenied(Some("Not now.".into()))),
            _ => Ok(Artist::objects()),
        }
    }

    async fn filter_queryset(
        &self,
        queryset: QuerySet<Artist>,
        cx: &mut Context,
    ) -> Result<QuerySet<Artist>> {
        let queryset = mixins::filter_queryset(self, queryset, cx).await?;
        Ok(match verb(cx).as_str() {
            "filter" => queryset.filter(artist::id.ne(1)),
            _ => queryset,
        })
    }

    async fn paginate_queryset(
        &self,
        queryset: QuerySet<Artist>,
        cx: &mut Context,
    ) -> Result<Response> {
        match verb(cx).as_str() {
            "page" => {
                let count = queryset.count(cx).await?;
                Response::new(&json!({"count": count}))
            }
            _ => mixins::paginate_queryset(self, queryset, cx).await,
        }
    }

    async fn get_object(&self, cx: &mut Context) -> Result<ObjectQuery<Artist>> {
        match verb(cx).as_str() {
            "object" => Ok(self.get_queryset(cx).await?.filter(artist::id.eq(2)).into()),
            "several" => Ok(self.get_queryset(cx).await?.into()),
            "row" => {
                let row = Artist::objects().filter(artist::id.eq(2)).get_or_404(cx).await?;
                Ok(row.into())
            }
            "denied" => Err(ApiException::PermissionDenied(Some("Not this one.".into()))),
            _ => mixins::get_object(self, cx).await,
        }
    }

    fn get_serializer_class(&self, cx: &Context) -> SerializerClass<Artist> {
        match verb(cx).as_str() {
            "serializer" => NameSerializer::class(),
            _ => ArtistMiniSerializer::class(),
        }
    }

    fn filter_backends(&self) -> impl FilterBackends<Artist> {
        (OnlyTheFirst,)
    }

    #[action(detail)]
    async fn name(&self, artist: Object<Artist>, _cx: &mut Context) -> Result<Json200> {
        Ok(Json200(json!({"name": artist.name})))
    }

    #[action(list)]
    async fn paged(&self, cx: &mut Context) -> Result<Page<ArtistMiniSerializer>> {
        let queryset = self.get_queryset(cx).await?;
        let queryset = self.filter_queryset(queryset, cx).await?;
        self.paginate(queryset, cx).await
    }

    #[action(list)]
    async fn others(&self, cx: &mut Context) -> Result<Page<AlbumSerializer>> {
        self.paginate(musicstore::models::Album::objects(), cx).await
    }
}

/// Staff see only the first artist.
struct OnlyTheFirst;

impl FilterBackend<Artist> for OnlyTheFirst {
    fn filter_queryset(
        &self,
        cx: &Context,
        queryset: QuerySet<Artist>,
    ) -> Result<QuerySet<Artist>> {
        let is_staff = cx.user().is_some_and(|user| user.is_staff);
        Ok(if is_staff { queryset.filter(artist::id.eq(1)) } else { queryset })
    }
}

/// A custom result.
struct Json200(Json);

impl quintet::views::Answer for Json200 {
    fn into_response(self, _: &Context) -> Result<Response> {
        Response::new(&self.0)
    }

    fn describe(operation: &mut quintet::views::OperationInfo) {
        operation.response = quintet::views::ResponseInfo::Anything;
    }
}

fn site(settings: Settings, database: Arc<Database>) -> Arc<Site> {
    let urls = Router::new().register("artists", Artists);
    let site = Site::builder(settings, database).permissions(AllowAny);
    site.mount(urls.at("/")).build().expect("the site builds")
}

struct Asked {
    store: Store,
}

impl Asked {
    fn new(on: On) -> Self {
        Self { store: Store::serving(on, |_| {}, site) }
    }

    fn ask(&self, verb: &str, method: &str, path: &str, body: &Json) -> Reply {
        let headers = [("X-Verb", verb), ("Content-Type", "application/json")];
        let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        self.store.client().send(method, path, &headers, &body)
    }

    fn get(&self, verb: &str, path: &str) -> Reply {
        self.ask(verb, "GET", path, &Json::Null)
    }

    fn on_first(&self, verb: &str, method: &str) -> Reply {
        let body = match method {
            "PUT" => json!({"name": "Put"}),
            "PATCH" => json!({"name": "Patched"}),
            _ => Json::Null,
        };
        self.ask(verb, method, "/artists/1/", &body)
    }

    fn names(&self) -> [String; 2] {
        [1, 2].map(|id| {
            let reply = self.get("", &format!("/artists/{id}/"));
            reply.json()["name"].as_str().unwrap_or("gone").to_owned()
        })
    }
}

const ON_ONE: [&str; 4] = ["GET", "PUT", "PATCH", "DELETE"];

#[test]
fn a_query_set_that_lacks_a_row_hides_it_from_every_action() {
    for on in On::all() {
        let asked = Asked::new(on);
        for verb in ["queryset", "filter"] {
            for method in ON_ONE {
                let reply = asked.on_first(verb, method);
                let expected = json!({"detail": "No Artist matches the given query."});
                assert_eq!((reply.status, reply.json()), (404, expected), "{verb} {method}");
            }
            assert_eq!(asked.get(verb, "/artists/1/name/").status, 404, "{verb}");
            for path in ["/artists/", "/artists/paged/"] {
                let reply = asked.get(verb, path).json();
                assert_eq!(reply["results"][0]["id"], 2, "{verb} {path}");
            }
        }
        assert_eq!(asked.names(), ["AC/DC", "Accept"]);
    }
}

#[test]
fn a_query_set_and_an_object_may_be_refused() {
    for on in On::all() {
        let asked = Asked::new(on);
        for (verb, text) in [("refusal", "Not now."), ("denied", "Not this one.")] {
            for method in ON_ONE {
                let reply = asked.on_first(verb, method);
                assert_eq!((reply.status, reply.json()), (403, json!({"detail": text})));
            }
            assert_eq!(asked.get(verb, "/artists/1/name/").status, 403);
        }
        assert_eq!(asked.get("refusal", "/artists/").status, 403);
        assert_eq!(asked.names(), ["AC/DC", "Accept"]);
    }
}

#[test]
fn an_object_of_ones_own_is_what_every_action_reads_and_changes() {
    for on in On::all() {
        for verb in ["object", "row"] {
            let asked = Asked::new(on);
            let shown = asked.on_first(verb, "GET");
            assert_eq!(shown.json(), json!({"id": 2, "name": "Accept"}), "{verb}");
            let named = asked.get(verb, "/artists/1/name/");
            assert_eq!(named.json(), json!({"name": "Accept"}), "{verb}");
            let put = asked.on_first(verb, "PUT");
            assert_eq!(put.json(), json!({"id": 2, "name": "Put"}), "{verb}");
            assert_eq!(asked.names(), ["AC/DC", "Put"], "{verb}");
            let patched = asked.on_first(verb, "PATCH");
            assert_eq!(patched.json(), json!({"id": 2, "name": "Patched"}), "{verb}");
            asked.store.execute(
                "INSERT INTO store_artist (id, name) VALUES (9001, 'Unused'); \
                 UPDATE store_album SET artist_id = 1 WHERE artist_id = 2",
            );
            let _ = asked.on_first(verb, "DELETE");
            assert_eq!(asked.names()[0], "AC/DC", "{verb}");
        }
    }
}

#[test]
fn of_several_objects_the_first_one_is_read_and_no_other() {
    for on in On::all() {
        let asked = Asked::new(on);
        let queries = CaptureQueries::new(asked.store.database());
        let shown = asked.get("several", "/artists/9/");
        assert_eq!(shown.json(), json!({"id": 1, "name": "AC/DC"}));
        let patched = asked.ask("several", "PATCH", "/artists/9/", &json!({"name": "Patched"}));
        assert_eq!(patched.json(), json!({"id": 1, "name": "Patched"}));
        let texts = queries.captured();
        let read: Vec<_> = texts.iter().filter(|text| text.starts_with("SELECT")).collect();
        assert!(read.iter().all(|text| text.contains("LIMIT")), "{texts:?}");
        assert_eq!(asked.names(), ["Patched", "Accept"]);
    }
}

#[test]
fn a_serializer_of_the_request_shows_and_takes_in_every_action() {
    for on in On::all() {
        let asked = Asked::new(on);
        let list = asked.get("serializer", "/artists/").json();
        assert_eq!(list["results"], json!([{"name": "AC/DC"}, {"name": "Accept"}]));
        let shown = asked.on_first("serializer", "GET");
        assert_eq!(shown.json(), json!({"name": "AC/DC"}));
        let put = asked.on_first("serializer", "PUT");
        assert_eq!(put.json(), json!({"name": "Put"}));
        let patched = asked.on_first("serializer", "PATCH");
        assert_eq!(patched.json(), json!({"name": "Patched"}));
        let made = asked.ask("serializer", "POST", "/artists/", &json!({"name": "Made"}));
        assert_eq!((made.status, made.json()), (201, json!({"name": "Made"})));
    }
}

#[test]
fn pages_of_ones_own_are_those_of_the_list() {
    for on in On::all() {
        let asked = Asked::new(on);
        assert_eq!(asked.get("page", "/artists/").json(), json!({"count": 275}));
        let usual = asked.get("", "/artists/").json();
        assert_eq!(usual["results"].as_array().map(Vec::len), Some(2));
    }
}

#[test]
fn a_cursor_of_an_extra_action_minds_the_ordering_that_the_client_asks_for() {
    for on in On::all() {
        let asked = Asked::new(on);
        for path in ["/artists/", "/artists/paged/"] {
            let first = asked.get("", &format!("{path}?ordering=-name")).json();
            assert_eq!(first["results"][0]["name"], "Zeca Pagodinho", "{path}");
            let next =
                first["next"].as_str().and_then(|next| next.find(path).map(|at| &next[at..]));
            let second = asked.get("", next.expect("a link")).json();
            assert_eq!(second["results"][0]["name"], "Yo-Yo Ma", "{path}");
        }
        // the ordering is of artists, so rows of another model keep the cursor's own
        let others = asked.get("", "/artists/others/?ordering=-name").json();
        assert_eq!(others["results"][0]["id"], 1);
    }
}

#[test]
fn a_filter_backend_sees_who_asks() {
    for on in On::all() {
        let asked = Asked::new(on);
        let ids = |client: Client| {
            let page = client.get("/artists/").json();
            let rows = page["results"].as_array().cloned().unwrap_or_default();
            rows.iter().map(|row| row["id"].as_i64()).collect::<Vec<_>>()
        };
        assert_eq!(ids(asked.store.client()), [Some(1), Some(2)]);
        assert_eq!(ids(asked.store.client_of(ADMIN)), [Some(1)]);
        assert_eq!(asked.store.client_of(ADMIN).get("/artists/2/").status, 404);
    }
}

struct OfPlaylists;

impl ObjectPermission for OfPlaylists {
    type Object = Playlist;

    async fn has_object_permission(&self, _: &mut Context, _: &Playlist) -> Result<bool> {
        Ok(true)
    }
}

#[derive(Serializer)]
#[serializer(model = Genre, fields = all)]
struct GenreSerializer {}

macro_rules! genres {
    ($($name:ident { $($hook:item)* })*) => {$(
        struct $name;

        #[view_set]
        impl ViewSet for $name {
            type Base = ModelViewSet;
            type Serializer = GenreSerializer;
            $($hook)*
        }
    )*};
}

genres! {
    Guarded {
        fn permission_classes(&self) -> impl PermissionClasses {
            (AllowAny, OfPlaylists.or(IsAdminUser))
        }
    }
    Twice {
        fn actions() -> Vec<ExtraAction<Self>> {
            vec![
                ExtraAction::list("top").get(Self::list),
                ExtraAction::detail("top").get(Self::retrieve),
            ]
        }
    }
    Usual {
        fn actions() -> Vec<ExtraAction<Self>> {
            vec![ExtraAction::list("destroy").post(Self::create)]
        }
    }
}

fn refused(urls: Router) -> String {
    let mut settings = Settings::default();
    settings.secret_key = "a long random text".into();
    let database = Database::open(DatabaseConfig::new("sqlite://:memory:")).expect("a database");
    let built = Site::builder(settings, database).mount(urls.at("/")).build();
    built.expect_err("it is refused").to_string()
}

#[test]
fn a_view_set_that_contradicts_itself_keeps_the_site_from_starting() {
    assert_eq!(
        refused(Router::new().register("guarded", Guarded)),
        "the view \"Guarded List\": one of its permissions looks at objects of `Playlist`, but the \
         view's are of `Genre`"
    );
    assert_eq!(
        refused(Router::new().register("twice", Twice)),
        "the view \"Twice\": two of its actions are called `top`"
    );
    assert_eq!(
        refused(Router::new().register("usual", Usual)),
        "the view \"Usual\": two of its actions are called `destroy`"
    );
}
