//! Fields that a serializer chooses for each request (`get_fields`).

use std::collections::HashMap;
use std::sync::Arc;

use musicstore::models::{Album, Artist, Playlist, Track, track};
use quintet::authentication::TokenAuthentication;
use quintet::db::Database;
use quintet::filters::order_by;
use quintet::pagination::{LimitOffsetPagination, Pagination};
use quintet::prelude::*;
use quintet::serializers::{FieldSet, HyperlinkedIdentity, Instance};
use quintet::test::CaptureQueries;
use quintet_tests::client::Reply;
use quintet_tests::store::{ADMIN, ALICE, On, Store};
use serde_json::{Value as Json, json};

/// `?fields=id,name`
fn named(fields: &mut FieldSet, cx: &Context, parameter: &str) {
    if let Some(names) = cx.request.query_params().get(parameter) {
        fields.keep(names.split(','));
    }
}

fn is_staff(cx: &Context) -> bool {
    cx.user().is_some_and(|user| user.is_staff)
}

/// An album: staff see how many tracks it has.
#[derive(Serializer)]
#[serializer(model = Album, get_fields)]
struct AlbumSerializer {
    id: i64,
    title: String,
    #[field(source = artist.name)]
    by: String,
    track_count: i64,
    #[field(nested)]
    artist: ArtistSerializer,
}

impl AlbumSerializer {
    fn get_fields(fields: &mut FieldSet, cx: &Context) {
        if !is_staff(cx) {
            fields.remove("track_count");
        }
        named(fields, cx, "album");
    }
}

#[derive(Serializer)]
#[serializer(model = Artist, fields(id, name))]
struct ArtistSerializer {}

#[derive(Serializer)]
#[serializer(model = Playlist, get_fields)]
struct PlaylistSerializer {
    id: i64,
    name: String,
    is_public: bool,
}

impl PlaylistSerializer {
    fn get_fields(fields: &mut FieldSet, cx: &Context) {
        named(fields, cx, "playlist");
    }
}

#[derive(Serializer)]
#[serializer(model = Track, get_fields)]
struct TrackSerializer {
    url: HyperlinkedIdentity,
    id: i64,
    name: String,
    milliseconds: i32,
    composer: Option<String>,
    unit_price: Decimal,
    media_type: PrimaryKeyRelated<musicstore::models::MediaType>,
    #[field(nested)]
    album: Option<AlbumSerializer>,
    #[field(source = album.artist.name)]
    artist: Option<String>,
    #[field(nested)]
    playlists: Vec<PlaylistSerializer>,
    #[field(batch)]
    length: i64,
}

impl TrackSerializer {
    fn get_fields(fields: &mut FieldSet, cx: &Context) {
        named(fields, cx, "fields");
        if !is_staff(cx) {
            fields.read_only("unit_price");
            fields.required("composer", true);
            fields
                .change("name", |field| field.min_length(5).error("min_length", "Longer, please."));
        }
    }

    async fn get_length(tracks: &[&Track], cx: &Context) -> Result<HashMap<i64, i64>> {
        let ids: Vec<i64> = tracks.iter().map(|track| track.id).collect();
        let names = Track::objects().filter(track::id.eq_any(ids)).values((track::id, track::name));
        let length = |(id, name): (i64, String)| (id, i64::try_from(name.len()).unwrap_or(0));
        Ok(names.all(cx).await?.into_iter().map(length).collect())
    }
}

/// A function looks at the rows of a field that may be dropped.
#[derive(Serializer)]
#[serializer(model = Track, get_fields)]
struct CountingSerializer {
    id: i64,
    #[field(nested)]
    playlists: Vec<PlaylistSerializer>,
    #[field(method)]
    lists: usize,
}

impl CountingSerializer {
    fn get_fields(fields: &mut FieldSet, cx: &Context) {
        named(fields, cx, "fields");
    }

    fn get_lists(track: &Instance<'_, Track>) -> usize {
        track.many::<Playlist>("playlists").count()
    }
}

/// Two columns that are unique together, of which one may be dropped.
#[derive(Serializer)]
#[serializer(model = Album, get_fields)]
struct UniqueSerializer {
    id: i64,
    title: String,
    artist: PrimaryKeyRelated<Artist>,
}

impl UniqueSerializer {
    fn get_fields(fields: &mut FieldSet, cx: &Context) {
        if cx.request.query_params().get("fixed").is_some() {
            fields.read_only("artist");
        }
        if cx.request.query_params().get("without").is_some() {
            fields.remove("artist");
        }
    }
}

/// Without a model.
#[derive(Serializer)]
#[serializer(get_fields)]
struct SearchSerializer {
    text: String,
    secret: Option<String>,
}

impl SearchSerializer {
    fn get_fields(fields: &mut FieldSet, cx: &Context) {
        if !is_staff(cx) {
            fields.remove("secret");
        }
    }
}

async fn search(search: Valid<SearchSerializer>, _: &mut Context) -> Result<Response> {
    Response::new(&json!({"text": search.text, "secret": search.secret}))
}

async fn shown(cx: &mut Context) -> Result<quintet::views::Json<SearchSerializer>> {
    let _ = cx;
    let secret = Some("open".to_owned());
    Ok(quintet::views::Json(SearchSerializer { text: "text".into(), secret }))
}

/// Rows in hand, with the fields that code names.
async fn by_hand(cx: &mut Context) -> Result<Response> {
    let tracks = Track::objects().order_by(order_by![id]).slice(0, 2).all(cx).await?;
    let fields = ["id", "name", "nothing"];
    let two = TrackSerializer::from_rows(&tracks).only(fields).data(cx).await?;
    let query = Track::objects().order_by(order_by![id]).slice(0, 2);
    let found = TrackSerializer::from_query(query).only(["album"]).data(cx).await?;
    Response::new(&json!({"two": two, "found": found}))
}

macro_rules! view_sets {
    ($($name:ident: $serializer:ident, $basename:literal;)*) => {$(
        struct $name;

        impl ViewSet for $name {
            type Base = ModelViewSet;
            type Serializer = $serializer;

            fn basename(&self) -> String {
                $basename.to_owned()
            }

            fn pagination_class(&self) -> impl Pagination + 'static {
                LimitOffsetPagination::new().default_limit(3).max_limit(50)
            }
        }
    )*};
}

view_sets! {
    TrackViewSet: TrackSerializer, "track";
    AlbumViewSet: AlbumSerializer, "album";
    CountingViewSet: CountingSerializer, "counting";
    UniqueViewSet: UniqueSerializer, "unique";
}

fn site(settings: Settings, database: Arc<Database>) -> Arc<Site> {
    let urls = Router::new()
        .register("tracks", TrackViewSet)
        .register("albums", AlbumViewSet)
        .register("counting", CountingViewSet)
        .register("unique", UniqueViewSet)
        .path("search/", ApiView::new("Search").post(search).get(shown), "search")
        .path("by-hand/", ApiView::new("ByHand").get(by_hand), "by-hand");
    let site = Site::builder(settings, database)
        .authentication(TokenAuthentication::new())
        .ordering_filter()
        .permissions(AllowAny);
    site.mount(urls.at("/")).build().expect("the site builds")
}

fn store(on: On) -> Store {
    Store::serving(on, |_| {}, site)
}

fn get(store: &Store, key: &str, path: &str) -> (u64, Json) {
    let (statements, reply) = store.counted(|| store.client_of(key).get(path));
    assert_eq!(reply.status, 200, "{path}: {}", reply.text());
    (statements, reply.json())
}

fn keys(object: &Json) -> Vec<&str> {
    object.as_object().expect("an object").keys().map(String::as_str).collect()
}

#[test]
fn what_is_dropped_is_neither_shown_nor_fetched() {
    for on in On::all() {
        let store = store(on);
        // the user; rows, count; playlists; lengths
        let (all, page) = get(&store, ADMIN, "/tracks/");
        assert_eq!((all, keys(&page["results"][0]).len()), (5, 11));
        let full = &page["results"][0];
        assert_eq!(keys(&full["album"]), ["id", "title", "by", "track_count", "artist"]);
        for (fields, statements, joins) in [
            ("id,name", 3, 0),
            ("name,id,nothing", 3, 0),
            ("id,artist", 3, 2),
            ("id,playlists", 4, 0),
            ("length,name", 4, 0),
            ("album,id", 3, 2),
        ] {
            let queries = CaptureQueries::new(store.database());
            let (taken, page) = get(&store, ADMIN, &format!("/tracks/?fields={fields}"));
            assert_eq!(taken, statements, "{on:?} {fields}");
            let captured = queries.captured();
            let rows = captured.iter().find(|sql| sql.contains("LIMIT")).expect("a page");
            assert_eq!(rows.matches("JOIN").count(), joins, "{fields}: {rows}");
            let row = &page["results"][0];
            assert_eq!(
                row.as_object().unwrap().len(),
                fields.replace(",nothing", "").split(',').count()
            );
            for key in keys(row) {
                assert_eq!(row[key], full[key], "{fields}");
            }
        }
        let (taken, one) = get(&store, ADMIN, "/tracks/1/?fields=id,name");
        assert_eq!((taken, keys(&one)), (2, vec!["id", "name"]));
        let (_, none) = get(&store, ADMIN, "/tracks/1/?fields=");
        assert_eq!(none, json!({}));
    }
}

#[test]
fn nested_serializers_choose_their_fields_as_well() {
    for on in On::all() {
        let store = store(on);
        let (_, track) = get(&store, ALICE, "/tracks/1/");
        assert_eq!(keys(&track["album"]), ["id", "title", "by", "artist"]);
        let (_, track) = get(&store, ADMIN, "/tracks/1/?album=title,track_count&playlist=name");
        assert_eq!(track["album"], json!({"title": track["album"]["title"], "track_count": 10}));
        assert_eq!(keys(&track["playlists"][0]), ["name"]);
        assert!(track["artist"].is_string());
        let queries = CaptureQueries::new(store.database());
        get(&store, ADMIN, "/tracks/?album=id&fields=album");
        let captured = queries.captured();
        let rows = captured.iter().find(|sql| sql.contains("LIMIT")).expect("a page");
        assert!(rows.matches("JOIN").count() == 1 && !rows.contains("count("), "{rows}");
        let (_, album) = get(&store, ALICE, "/albums/1/");
        assert_eq!(keys(&album), ["id", "title", "by", "artist"]);
    }
}

#[test]
fn rows_that_a_function_looks_at_are_fetched_even_if_they_are_not_shown() {
    for on in On::all() {
        let store = store(on);
        let (_, full) = get(&store, ADMIN, "/counting/1/");
        let lists = full["playlists"].as_array().unwrap().len();
        assert!(lists > 0);
        assert_eq!(get(&store, ADMIN, "/counting/1/?fields=lists").1, json!({"lists": lists}));
        let (statements, id) = get(&store, ADMIN, "/counting/1/?fields=id");
        assert_eq!((statements, id), (2, json!({"id": 1})));
    }
}

fn send(store: &Store, key: &str, method: &str, path: &str, body: &Json) -> Reply {
    store.client_of(key).json(method, path, body)
}

/// Metadata shows what this request has, in nested serializers, too.
#[test]
fn metadata_hides_nested_fields_that_a_request_does_not_have() {
    let store = store(On::Sqlite);
    let album = |key: &str| {
        let shown = send(&store, key, "OPTIONS", "/tracks/", &json!({})).json();
        let children = shown["actions"]["POST"]["album"]["children"].clone();
        children.as_object().expect("children").keys().cloned().collect::<Vec<String>>()
    };
    assert_eq!(album(ADMIN), ["id", "title", "by", "track_count", "artist"]);
    assert_eq!(album(ALICE), ["id", "title", "by", "artist"]);
}

#[test]
fn what_a_request_may_send_depends_on_it() {
    for on in On::all() {
        let store = store(on);
        let body =
            json!({"name": "Song", "milliseconds": 5, "media_type": 1, "unit_price": "2.00"});
        let made = send(&store, ADMIN, "POST", "/tracks/", &body);
        assert_eq!((made.status, &made.json()["unit_price"]), (201, &json!("2.00")));
        assert_eq!(made.header("location"), made.json()["url"].as_str());
        let refused = send(&store, ALICE, "POST", "/tracks/", &body);
        assert_eq!(refused.status, 400);
        let errors = json!({"name": ["Longer, please."], "composer": ["This field is required."]});
        assert_eq!(refused.json(), errors);
        let path = format!("/tracks/{}/", made.json()["id"]);
        let changed = send(&store, ALICE, "PATCH", &path, &json!({"unit_price": "0.01"}));
        assert_eq!((changed.status, &changed.json()["unit_price"]), (200, &json!("2.00")));
        // what is dropped is not read, and the response shows what is left
        let path = format!("{path}?fields=name");
        let changed =
            send(&store, ADMIN, "PATCH", &path, &json!({"name": "Other", "milliseconds": 9}));
        assert_eq!(changed.json(), json!({"name": "Other"}));
        let (_, stored) = get(&store, ADMIN, "/tracks/?ordering=-id&limit=1");
        assert_eq!(stored["results"][0]["milliseconds"], 5);
        // a form is read alike
        let form = [("Content-Type", "application/x-www-form-urlencoded")];
        let changed =
            store.client_of(ALICE).send("PATCH", "/tracks/1/", &form, b"unit_price=0.01&name=x");
        assert_eq!(changed.json(), json!({"name": ["Longer, please."]}));
    }
}

#[test]
fn a_rule_about_a_field_that_is_not_sent_is_left_to_the_database() {
    for on in On::all() {
        let store = store(on);
        let (_, first) = get(&store, ADMIN, "/unique/1/");
        let (_, second) = get(&store, ADMIN, "/unique/?limit=50");
        let same = |row: &&Json| row["artist"] == first["artist"] && row["id"] != first["id"];
        let second = second["results"].as_array().unwrap().iter().find(same).unwrap().clone();
        let body = json!({"title": first["title"], "artist": 99});
        for query in ["fixed=1", "without=1"] {
            let path = format!("/unique/{}/?{query}", second["id"]);
            let refused = send(&store, ADMIN, "PATCH", &path, &body);
            assert_eq!(refused.status, 400, "{query}: {}", refused.text());
            let text = "The fields artist, title must make a unique set.";
            assert_eq!(refused.json(), json!({"non_field_errors": [text]}), "{query}");
            let changed =
                send(&store, ADMIN, "PATCH", &path, &json!({"title": query, "artist": 99}));
            assert_eq!(changed.status, 200);
            assert_eq!(
                get(&store, ADMIN, &format!("/unique/{}/", second["id"])).1["artist"],
                second["artist"]
            );
        }
    }
}

#[test]
fn serializers_without_a_model_choose_as_well() {
    for on in On::all() {
        let store = store(on);
        let body = json!({"text": "a", "secret": "b"});
        let found = |key| send(&store, key, "POST", "/search/", &body).json();
        assert_eq!(found(ADMIN), body);
        assert_eq!(found(ALICE), json!({"text": "a", "secret": null}));
        assert_eq!(get(&store, ADMIN, "/search/").1, json!({"text": "text", "secret": "open"}));
        assert_eq!(get(&store, ALICE, "/search/").1, json!({"text": "text"}));
    }
}

#[test]
fn code_names_the_fields_of_rows_in_hand() {
    for on in On::all() {
        let store = store(on);
        // the user, two tracks, and two with their albums; nothing beside them
        let (statements, shown) = get(&store, ALICE, "/by-hand/");
        assert_eq!(statements, 3);
        assert_eq!(keys(&shown["two"][1]), ["id", "name"]);
        let (_, track) = get(&store, ALICE, "/tracks/1/");
        assert_eq!(shown["found"][0], json!({"album": track["album"]}));
    }
}

#[test]
fn nobody_orders_by_a_field_that_is_not_shown() {
    for on in On::all() {
        let store = store(on);
        let first = |key, query: &str| {
            get(&store, key, &format!("/albums/?limit=1&{query}")).1["results"][0]["id"].clone()
        };
        assert_ne!(first(ADMIN, "ordering=-track_count"), first(ADMIN, ""));
        assert_eq!(first(ALICE, "ordering=-track_count"), first(ALICE, ""));
        assert_eq!(first(ALICE, "ordering=-id"), first(ADMIN, "ordering=-id"));
    }
}

#[test]
fn documents_show_every_field() {
    let description = AlbumSerializer::description();
    let names: Vec<&str> = description.fields().iter().map(|field| field.name).collect();
    assert_eq!(names, ["id", "title", "by", "track_count", "artist"]);
}
