//! Batch fields: what needs other rows is asked once for all rows that are shown.

use std::collections::{HashMap, HashSet};
use std::io::Write;
use std::sync::{Arc, Mutex};

use musicstore::models::{
    Album, InvoiceLine, Playlist, Track, album, invoice_line, playlist, track,
};
use quintet::db::{Count, Database};
use quintet::filters::order_by;
use quintet::pagination::{LimitOffsetPagination, Pagination};
use quintet::prelude::*;
use quintet_tests::client::Reply;
use quintet_tests::store::{ADMIN, ALICE, On, Store};
use serde_json::{Value as Json, json};

/// A track, how often it was sold, and whether it is on a list of the user's.
#[derive(Serializer)]
#[serializer(model = Track, fields(id, name, media_type, album, unit_price, milliseconds, sold, mine, tags))]
struct TrackSerializer {
    #[field(batch)]
    sold: i64,
    #[field(batch = on_own_lists)]
    mine: bool,
    #[field(batch)]
    tags: Option<Vec<String>>,
}

async fn sales(ids: Vec<i64>, cx: &Context) -> Result<HashMap<i64, i64>> {
    let lines = InvoiceLine::objects().filter(invoice_line::track_id.eq_any(ids));
    let groups = lines.group_by(invoice_line::track_id).annotate(Count::rows());
    Ok(groups.all(cx).await?.into_iter().collect())
}

impl TrackSerializer {
    async fn get_sold(tracks: &[&Track], cx: &Context) -> Result<HashMap<i64, i64>> {
        sales(tracks.iter().map(|track| track.id).collect(), cx).await
    }

    async fn on_own_lists(tracks: &[&Track], cx: &Context) -> Result<HashSet<i64>> {
        let Some(user) = cx.user() else { return Ok(HashSet::new()) };
        if cx.request.query_params().get("fail").is_some() {
            return Err(ApiException::PermissionDenied(None));
        }
        let ids: Vec<i64> = tracks.iter().map(|track| track.id).collect();
        let owned = Playlist::fields().owner().id().exact(user.id);
        let lists = Playlist::objects().filter_by(owned).values(playlist::id);
        let lists = lists.all(cx).await?;
        let on = Track::fields().playlists().id().is_in(lists);
        let found = Track::objects().filter(track::id.eq_any(ids)).filter_by(on);
        Ok(found.values(track::id).all(cx).await?.into_iter().collect())
    }

    /// In the order of the rows.
    async fn get_tags(tracks: &[&Track], cx: &Context) -> Result<Vec<Option<Vec<String>>>> {
        if cx.request.query_params().get("short").is_some() {
            return Ok(Vec::new());
        }
        let tags = |track: &&Track| (track.id % 2 == 0).then(|| vec![track.name.clone()]);
        Ok(tracks.iter().map(tags).collect())
    }
}

/// An album with its tracks, and how many albums its artist has.
#[derive(Serializer)]
#[serializer(model = Album)]
struct AlbumSerializer {
    id: i64,
    title: String,
    #[field(batch)]
    of_artist: i64,
    #[field(nested)]
    tracks: Vec<TrackSerializer>,
}

impl AlbumSerializer {
    async fn get_of_artist(albums: &[&Album], cx: &Context) -> Result<HashMap<i64, i64>> {
        let artists: HashSet<i64> = albums.iter().map(|album| album.artist_id).collect();
        let artists: Vec<i64> = artists.into_iter().collect();
        let groups = Album::objects().filter(album::artist_id.eq_any(artists));
        let groups = groups.group_by(album::artist_id).annotate(Count::rows()).all(cx).await?;
        let counts: HashMap<i64, i64> = groups.into_iter().collect();
        let count = |album: &&Album| Some((album.id, *counts.get(&album.artist_id)?));
        Ok(albums.iter().filter_map(count).collect())
    }
}

/// A line, whose track is joined.
#[derive(Serializer)]
#[serializer(model = InvoiceLine)]
struct LineSerializer {
    id: i64,
    #[field(nested)]
    track: TrackSerializer,
}

/// Inherits a batch field.
#[derive(Serializer)]
#[serializer(model = Track, inherit = TrackSerializer, exclude(album, unit_price))]
struct ShortTrackSerializer {
    #[field(batch = TrackSerializer::get_sold)]
    copies: i64,
}

struct TrackViewSet;

#[view_set]
impl ViewSet for TrackViewSet {
    type Base = ModelViewSet;
    type Serializer = TrackSerializer;

    fn pagination_class(&self) -> impl Pagination + 'static {
        LimitOffsetPagination::new().default_limit(5).max_limit(50)
    }

    /// Rows in hand, one of them twice.
    #[action(list)]
    async fn by_hand(&self, cx: &mut Context) -> Result<Text> {
        let tracks = Track::objects().order_by(order_by![id]).slice(0, 3).all(cx).await?;
        let twice = [&tracks[0], &tracks[1], &tracks[0]];
        let short = ShortTrackSerializer::from_rows(twice).data(cx).await?;
        let one = TrackSerializer::from_row(&tracks[1]).data(cx).await?;
        let unsaved = Track { id: 0, ..tracks[1].clone() };
        let unsaved = TrackSerializer::from_row(&unsaved).data(cx).await?;
        let query = Track::objects().order_by(order_by![id]).slice(0, 3);
        let found = TrackSerializer::from_query(query).data(cx).await?;
        let body = json!({"short": short, "one": one, "unsaved": unsaved, "found": found});
        Response::new(&body).map(Text)
    }
}

/// A response of one's own.
struct Text(Response);

impl quintet::views::Answer for Text {
    fn into_response(self, _: &Context) -> Result<Response> {
        Ok(self.0)
    }

    fn describe(operation: &mut quintet::views::OperationInfo) {
        operation.response = quintet::views::ResponseInfo::Anything;
    }
}

macro_rules! lists {
    ($($view:ident: $base:ident, $serializer:ident;)*) => {$(
        struct $view;

        impl ViewSet for $view {
            type Base = $base;
            type Serializer = $serializer;

            fn pagination_class(&self) -> impl Pagination + 'static {
                LimitOffsetPagination::new().default_limit(5).max_limit(50)
            }
        }
    )*};
}

lists! {
    AlbumViewSet: ReadOnlyModelViewSet, AlbumSerializer;
    LineViewSet: ReadOnlyModelViewSet, LineSerializer;
}

fn site(settings: Settings, database: Arc<Database>) -> Arc<Site> {
    let urls = Router::new()
        .register("tracks", TrackViewSet)
        .register("albums", AlbumViewSet)
        .register("lines", LineViewSet);
    let site = Site::builder(settings, database)
        .authentication(quintet::authentication::TokenAuthentication::new())
        .permissions(AllowAny);
    site.mount(urls.at("/")).build().expect("the site builds")
}

fn store(on: On) -> Store {
    Store::serving(on, |_| {}, site)
}

fn get(store: &Store, path: &str) -> (u64, Json) {
    let (statements, reply) = store.counted(|| store.client_of(ALICE).get(path));
    assert_eq!(reply.status, 200, "{path}: {}", reply.text());
    (statements, reply.json())
}

#[test]
fn a_batch_field_is_asked_once_for_a_page_a_nested_list_and_one_row() {
    for on in On::all() {
        let store = store(on);
        for rows in [1, 7, 50] {
            // the user; rows and count; sales; the user's lists, and the tracks on them
            let (statements, page) = get(&store, &format!("/tracks/?limit={rows}"));
            assert_eq!((statements, page["results"].as_array().unwrap().len()), (6, rows));
            // the user; rows and count; the artists; tracks; the same of all tracks
            let (statements, _) = get(&store, &format!("/albums/?limit={rows}"));
            assert_eq!(statements, 8, "{on:?} {rows}");
            // the user; lines with their tracks, and count; the same of all tracks
            let (statements, _) = get(&store, &format!("/lines/?limit={rows}"));
            assert_eq!(statements, 6, "{on:?} {rows}");
        }
        assert_eq!(get(&store, "/tracks/1/").0, 5, "{on:?}");
        assert_eq!(get(&store, "/albums/1/").0, 7, "{on:?}");
        let (_, none) = get(&store, "/tracks/?offset=100000");
        assert_eq!(none["results"], json!([]));
    }
}

#[test]
fn each_row_shows_its_own_answer() {
    for on in On::all() {
        let store = store(on);
        let sold = |id: i64| {
            store.number(&format!("SELECT count(*) FROM store_invoiceline WHERE track_id = {id}"))
        };
        let mine = |id: i64| {
            let sql = format!(
                "SELECT count(*) FROM store_playlist_tracks t JOIN store_playlist p ON p.id = \
                 t.playlist_id JOIN auth_user u ON u.id = p.owner_id WHERE u.username = 'alice' \
                 AND t.track_id = {id}"
            );
            store.number(&sql) > 0
        };
        let (_, page) = get(&store, "/tracks/?limit=30");
        for track in page["results"].as_array().unwrap() {
            let id = track["id"].as_i64().unwrap();
            assert_eq!(track["sold"], json!(sold(id)), "{track}");
            assert_eq!(track["mine"], json!(mine(id)), "{track}");
            let tags = if id % 2 == 0 { json!([track["name"]]) } else { Json::Null };
            assert_eq!(track["tags"], tags);
            assert_eq!(&get(&store, &format!("/tracks/{id}/")).1, track);
        }
        let (_, album) = get(&store, "/albums/1/");
        assert_eq!(album["of_artist"], 2);
        for track in album["tracks"].as_array().unwrap() {
            assert_eq!(&get(&store, &format!("/tracks/{}/", track["id"])).1, track);
        }
        let (_, line) = get(&store, "/lines/1/");
        assert_eq!(get(&store, &format!("/tracks/{}/", line["track"]["id"])).1, line["track"]);
    }
}

#[test]
fn rows_in_hand_are_asked_about_as_well() {
    for on in On::all() {
        let store = store(on);
        // the user, rows; twice sales and lists; lists and sales of one, and of one that is not stored
        // (which is on no list), and of a query
        let (statements, shown) = get(&store, "/tracks/by_hand/");
        assert_eq!(statements, 2 + 4 + 3 + 3 + 4, "{on:?}");
        let short = &shown["short"];
        assert_eq!((&short[0], short.as_array().unwrap().len()), (&short[2], 3));
        for place in [0, 1] {
            let track = &shown["found"][place];
            assert_eq!(short[place]["sold"], track["sold"]);
            assert_eq!(short[place]["copies"], track["sold"]);
            assert_eq!(short[place]["mine"], track["mine"]);
            assert_eq!(short[place].get("unit_price"), None);
        }
        assert_eq!(shown["one"], shown["found"][1]);
        assert_eq!(shown["unsaved"]["sold"], 0);
        assert_eq!(shown["unsaved"]["mine"], false);
    }
}

fn send(store: &Store, method: &str, path: &str, body: &Json) -> Reply {
    store.client_of(ADMIN).json(method, path, body)
}

#[test]
fn a_saved_row_shows_its_batch_fields_and_takes_no_input_for_them() {
    for on in On::all() {
        let store = store(on);
        let body = json!({
            "name": "New", "media_type": 1, "milliseconds": 1000, "unit_price": "1.00", "sold": 9,
            "mine": true,
        });
        let made = send(&store, "POST", "/tracks/", &body);
        assert_eq!(made.status, 201, "{}", made.text());
        assert_eq!((&made.json()["sold"], &made.json()["mine"]), (&json!(0), &json!(false)));
        let changed = send(&store, "PATCH", "/tracks/2/", &json!({"name": "Other"}));
        assert_eq!(changed.status, 200);
        let own = store.client_of(ADMIN).get("/tracks/2/").json();
        assert_eq!((&changed.json(), &own["tags"]), (&own, &json!(["Other"])));
    }
}

#[test]
fn an_error_of_a_batch_field_is_that_of_the_request() {
    for on in On::all() {
        let store = store(on);
        let client = store.client_of(ALICE);
        for path in ["/tracks/", "/tracks/1/", "/albums/1/", "/lines/1/"] {
            let refused = client.get(&format!("{path}?fail=1"));
            assert_eq!(refused.status, 403, "{}", refused.text());
            let text = "You do not have permission to perform this action.";
            assert_eq!(refused.json(), json!({"detail": text}));
            // fewer answers than rows
            assert_eq!(client.get(&format!("{path}?short=1")).status, 500);
        }
    }
}

/// Where warnings go.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Asks for each track by itself.
async fn one_by_one(cx: &mut Context) -> Result<Response> {
    let rows = cx.request.query_params().get("rows").and_then(|rows| rows.parse().ok());
    let ids = Track::objects().slice(0, rows.unwrap_or(1)).values(track::id).all(cx).await?;
    let mut names = Vec::new();
    for id in ids {
        let found = Track::objects().filter(track::id.eq(id)).values(track::name);
        names.extend(found.first(cx).await?);
    }
    Response::new(&names)
}

#[test]
fn statements_that_grow_with_the_rows_are_warned_of_once() {
    let log = Log::default();
    let writer = log.clone();
    tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::WARN)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .init();
    for on in On::all() {
        let store = Store::serving(
            on,
            |_| {},
            |settings, database| {
                let view = ApiView::new("OneByOne").permissions(AllowAny).get(one_by_one);
                let urls =
                    Router::new().path("names/", view, "names").register("tracks", TrackViewSet);
                Site::builder(settings, database).mount(urls.at("/")).build().expect("a site")
            },
        );
        let warnings = || {
            let log = log.0.lock().unwrap();
            let log = String::from_utf8_lossy(&log).into_owned();
            log.lines()
                .filter(|line| line.contains("OneByOne"))
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        let before = warnings().len();
        for path in ["/names/?rows=10", "/tracks/?limit=50"] {
            assert_eq!(store.client_of(ADMIN).get(path).status, 200);
        }
        assert_eq!(warnings().len(), before);
        for _ in 0..2 {
            assert_eq!(store.client().get("/names/?rows=11").status, 200);
        }
        let told = warnings();
        assert_eq!(told.len(), before + 1);
        assert!(told[before].contains("times=11"), "{}", told[before]);
        assert!(
            told[before].contains("FROM store_track")
                || told[before].contains("FROM \"store_track\"")
        );
    }
}
