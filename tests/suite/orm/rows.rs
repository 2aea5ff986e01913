//! Rows as their models say: what is computed once, what is remembered, which is the latest.

use musicstore::models::*;
use quintet::db::hooks::{LinkAction, LinkChange, m2m_changed};
use quintet::db::{Cached, Error};
use quintet::prelude::*;
use quintet_tests::store::{On, Store};
use serde_json::json;
use std::sync::Mutex;

use super::{reading, within, writing};

/// A track that counts the words of its name once, and knows the name that it was read with.
#[model(table = "store_track", ordering(id), get_latest_by(-milliseconds, id), from_db = Song::remember)]
pub struct Song {
    pub id: i64,
    pub name: String,
    pub milliseconds: i32,
    #[field(cached)]
    words: Cached<usize>,
    #[field(cached)]
    stored_name: Cached<String>,
}

impl Song {
    fn remember(&mut self) {
        self.stored_name.replace(self.name.clone());
    }

    fn words(&self) -> usize {
        *self.words.get_or_init(|| self.name.split(' ').count())
    }

    fn is_renamed(&self) -> bool {
        self.stored_name.get() != Some(&self.name)
    }
}

#[test]
fn a_value_is_computed_once_and_kept_with_its_row() {
    reading(async |conn, _| {
        let mut song = Song::objects().filter(song::id.eq(2)).get(conn).await.unwrap();
        assert_eq!((song.words.get(), song.words(), song.words.get()), (None, 4, Some(&4)));
        "Balls".clone_into(&mut song.name);
        assert_eq!(song.words(), 4, "it is kept");
        assert_eq!(song.clone().words(), 4);
        song.words.clear();
        assert_eq!(song.words(), 1);
        // a row that is written by hand has none, and rows are equal by their columns
        let own = Song { words: Cached::default(), stored_name: Cached::default(), ..song.clone() };
        assert_eq!(own, song);
        assert_eq!(format!("{:?}", own.words), "Cached");
    });
}

#[test]
fn a_row_is_seen_when_it_is_read() {
    reading(async |conn, _| {
        let mut song = Song::objects().first(conn).await.unwrap().unwrap();
        assert!(!song.is_renamed());
        "Another".clone_into(&mut song.name);
        assert!(song.is_renamed());
        conn.refresh(&mut song).await.unwrap();
        assert!(!song.is_renamed());
        // by diesel's statements as well
        let songs: Vec<Song> = conn.load(song::table.filter(song::id.eq(3))).await.unwrap();
        assert!(!songs[0].is_renamed());
    });
}

#[test]
fn the_latest_row_is_what_the_model_says() {
    reading(async |conn, _| {
        // Django's `Meta.get_latest_by = ["-milliseconds", "id"]`
        let latest = within(1, conn, Song::objects().latest_by_default(conn)).await.unwrap();
        let earliest = Song::objects().earliest_by_default(conn).await.unwrap();
        assert_eq!(
            (latest.map(|song| song.id), earliest.map(|song| song.id)),
            (Some(2461), Some(2820))
        );
        let none = Song::objects().none().latest_by_default(conn).await.unwrap();
        assert_eq!(none, None);
        let refused = Track::objects().latest_by_default(conn).await.unwrap_err();
        let expected =
            "`Track` has no `get_latest_by(..)`: say what its latest row is, or use `latest`";
        assert_eq!(refused.to_string(), expected);
        assert!(matches!(refused, Error::Misuse(_)));
    });
}

static SEEN: Mutex<Vec<(LinkAction, usize)>> = Mutex::new(Vec::new());

async fn note(change: &LinkChange<'_, Playlist>) -> Result<()> {
    SEEN.lock().unwrap().push((change.action(), change.keys::<i64>().len()));
    Ok(())
}

/// Clears the links of the first playlist, then makes three of them again.
async fn empty(cx: &mut Context) -> Result<Response> {
    let list = Playlist::objects().filter(playlist::id.eq(1)).get(cx).await?;
    let links = || cx.links(&list, Playlist::fields().tracks());
    let before = links().count().await?;
    let statements = cx.database().statements();
    links().clear().await?;
    let statements = cx.database().statements() - statements;
    let after = links().count().await?;
    links().set([3, 1, 2]).await?;
    Response::new(&(before, statements, after, links().count().await?))
}

#[test]
fn links_are_cleared_in_one_statement_with_djangos_signals() {
    for on in On::all() {
        let store = Store::serving(
            on,
            |_| {},
            |settings, database| {
                let view = ApiView::new("Empty").permissions(AllowAny).post(empty);
                let site = Site::builder(settings, database);
                site.mount(Router::new().path("empty/", view, "empty").at("/")).build().unwrap()
            },
        );
        let (client, none) = (store.client(), json!({}));
        let first = client.json("POST", "/empty/", &none).json();
        // a lock of the row, and the deletion
        assert_eq!((&first[1], &first[2], &first[3]), (&json!(2), &json!(0), &json!(3)));
        assert!(first[0].as_i64().is_some_and(|links| links > 1000), "{first}");
        store.database().connect([m2m_changed(note)]);
        SEEN.lock().unwrap().clear();
        assert_eq!(client.json("POST", "/empty/", &none).json(), json!([3, 2, 0, 3]));
        let seen = std::mem::take(&mut *SEEN.lock().unwrap());
        let expected = [
            (LinkAction::PreClear, 0),
            (LinkAction::PostClear, 0),
            (LinkAction::PreAdd, 3),
            (LinkAction::PostAdd, 3),
        ];
        assert_eq!(seen, expected);
    }
}

#[test]
fn links_are_cleared_and_made_by_several_at_once() {
    for on in On::all() {
        let atomic = |settings: &mut Settings| settings.atomic_requests = true;
        let store = Store::serving(on, atomic, |settings, database| {
            let view = ApiView::new("Empty").permissions(AllowAny).post(empty);
            let site = Site::builder(settings, database);
            site.mount(Router::new().path("empty/", view, "empty").at("/")).build().unwrap()
        });
        let start = std::sync::Barrier::new(4);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    start.wait();
                    for _ in 0..3 {
                        let reply = store.client().json("POST", "/empty/", &json!({}));
                        assert_eq!(reply.status, 200, "{}", reply.text());
                    }
                });
            }
        });
        let links = "SELECT COUNT(*) FROM store_playlist_tracks WHERE playlist_id = 1";
        assert_eq!(store.number(links), 3);
    }
}

/// Methods of a query set: a trait of one's own over it, where Django has a subclass of `QuerySet`.
trait TrackQuerySet {
    fn long(self) -> Self;
    fn of_genre(self, name: &str) -> Self;
}

impl TrackQuerySet for QuerySet<Track> {
    fn long(self) -> Self {
        self.filter(track::milliseconds.gt(300_000))
    }

    fn of_genre(self, name: &str) -> Self {
        self.filter_by(Track::fields().genre().name().exact(name))
    }
}

#[test]
fn a_query_set_has_methods_of_ones_own() {
    reading(async |conn, _| {
        let all = Track::objects().of_genre("Metal").long().count(conn).await.unwrap();
        let some = Track::objects().long().of_genre("Metal").filter(track::id.lt(1000));
        assert!(all > some.count(conn).await.unwrap());
    });
}

#[test]
fn related_rows_are_prefetched_for_rows_that_are_at_hand() {
    // `prefetch_related_objects`
    writing(async |conn, _| {
        let albums = Album::objects().then_by(album::id).slice(0, 5).all(conn).await.unwrap();
        let tracks = conn.prefetch(&albums, Album::fields().tracks(), Track::objects());
        let tracks = within(1, conn, tracks).await.unwrap();
        assert_eq!(tracks.of(&albums[0]).count(), 10);
    });
}
