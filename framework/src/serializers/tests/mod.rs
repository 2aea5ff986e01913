//! A small store, told in models and serializers, over `SQLite` in memory.

mod input;
mod output;
#[cfg(feature = "validator")]
mod plain;
mod unique;

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use actix_web::http::Method;
use serde_json::json;

use super::changes::ChangeSet;
use super::fetch::fetch;
use super::select::load;
use super::validate::{Existing, run_validation};
use super::write::Writing;
use super::{
    Attrs, Changes, Description, HyperlinkedIdentity, HyperlinkedRelated, Instance,
    ModelSerializer, PrimaryKeyRelated, Serializer, SlugRelated, StringRelated,
};
use crate::db::{
    Conn, Database, DatabaseConfig, Decimal, Model, Path, Predicate, QuerySet, Select,
};
use crate::exceptions::{ApiException, Detail, Validated};
use crate::model;
use crate::request::{Context, Request, Shared};
use crate::reverse::Pattern;
use crate::values::JsonWriter;
use crate::values::{Value, parse_json};

#[model(table = "store_artist", ordering(id), count(album_count = albums))]
pub struct Artist {
    pub id: i64,
    #[field(max_length = 120)]
    pub name: String,
}

impl fmt::Display for Artist {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

#[model(table = "store_album", ordering(id), unique_together(artist, title), count(track_count = tracks))]
pub struct Album {
    pub id: i64,
    #[field(max_length = 160)]
    pub title: String,
    #[field(foreign_key = Artist, related_name = albums)]
    pub artist_id: i64,
}

#[model(table = "store_genre", ordering(id))]
pub struct Genre {
    pub id: i64,
    #[field(max_length = 120, unique)]
    pub name: String,
}

impl fmt::Display for Genre {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

#[model(table = "store_track", ordering(id))]
pub struct Track {
    pub id: i64,
    #[field(max_length = 200)]
    pub name: String,
    #[field(foreign_key = Album, related_name = tracks)]
    pub album_id: Option<i64>,
    #[field(foreign_key = Genre, related_name = tracks, on_delete = set_null)]
    pub genre_id: Option<i64>,
    #[field(max_length = 220)]
    pub composer: Option<String>,
    #[field(min_value = 1, help_text = "Length in milliseconds.")]
    pub milliseconds: i32,
    #[field(decimal(10, 2), min_value = "0.00")]
    pub unit_price: Decimal,
}

#[model(
    table = "store_playlist",
    ordering(id),
    many_to_many(
        tracks: Track, through = "store_playlist_tracks", source = "playlist_id",
        target = "track_id", related_name = playlists
    ),
    count(track_count = tracks)
)]
pub struct Playlist {
    pub id: i64,
    #[field(max_length = 120)]
    pub name: String,
}

#[derive(Serializer)]
#[serializer(model = Artist)]
struct ArtistSerializer {
    id: i64,
    #[field(validate)]
    name: String,
    #[field(default = 0)]
    album_count: i64,
}

impl ArtistSerializer {
    fn validate_name(name: String) -> Validated<String> {
        if name.eq_ignore_ascii_case("unknown") {
            return Err(Detail::new("This artist name is reserved.", "reserved"));
        }
        Ok(name)
    }
}

#[derive(Serializer)]
#[serializer(model = Artist)]
struct ArtistMiniSerializer {
    id: i64,
    name: String,
}

#[derive(Serializer)]
#[serializer(model = Album)]
struct AlbumSerializer {
    id: i64,
    url: HyperlinkedIdentity,
    title: String,
    #[field(nested)]
    artist: ArtistMiniSerializer,
    #[field(source = artist, write_only)]
    artist_id: PrimaryKeyRelated<Artist>,
    #[field(default = 0)]
    track_count: i64,
}

#[derive(Serializer)]
#[serializer(model = Track)]
struct AlbumTrackSerializer {
    id: i64,
    name: String,
    genre: StringRelated<Genre>,
    milliseconds: i32,
}

#[derive(Serializer)]
#[serializer(model = Album, inherit = AlbumSerializer)]
struct AlbumDetailSerializer {
    #[field(method)]
    total_milliseconds: i64,
    #[field(nested)]
    tracks: Vec<AlbumTrackSerializer>,
}

impl AlbumDetailSerializer {
    fn get_total_milliseconds(album: &Instance<'_, Album>) -> i64 {
        album.many::<Track>("tracks").map(|track| i64::from(track.milliseconds)).sum()
    }
}

#[derive(Serializer)]
#[serializer(model = Album, fields = all, depth = 1)]
struct DepthAlbumSerializer;

/// Its keys are objects, and theirs are again; a third level there is not.
#[derive(Serializer)]
#[serializer(model = Track, fields = all, depth = 2)]
struct DeepTrackSerializer;

#[derive(Serializer)]
#[serializer(model = Track, fields = all, depth = 10)]
struct DeepestTrackSerializer;

#[derive(Serializer)]
#[serializer(model = Track, fields = all, depth = 0)]
struct FlatTrackSerializer;

#[derive(Serializer)]
#[serializer(model = Genre, fields = all)]
struct GenreSerializer {}

#[derive(Serializer)]
#[serializer(
    model = Track,
    validate,
    unique_together(album, name, "This album already has a track of that name.")
)]
struct TrackSerializer {
    id: i64,
    #[field(error(blank = "A track needs a name."), validate)]
    name: String,
    album: PrimaryKeyRelated<Album>,
    #[field(source = album.title)]
    album_title: Option<String>,
    #[field(source = album__artist__name)]
    artist: Option<String>,
    #[field(slug = name)]
    genre: SlugRelated<Genre>,
    #[field(validate)]
    composer: Option<String>,
    milliseconds: i32,
    #[field(max_value = "999.99")]
    unit_price: Decimal,
    #[field(method)]
    duration: String,
    #[field(method = Track::price_tier)]
    price_tier: &'static str,
}

impl Track {
    fn price_tier(&self) -> &'static str {
        if self.unit_price < Decimal::from(1) { "budget" } else { "standard" }
    }
}

impl TrackSerializer {
    fn get_duration(track: &Track) -> String {
        let seconds = track.milliseconds / 1000;
        format!("{}:{:02}", seconds / 60, seconds % 60)
    }

    fn validate_name(name: String) -> Validated<String> {
        if name.eq_ignore_ascii_case("untitled") {
            return Err("Give the track a real name.".into());
        }
        Ok(name)
    }

    fn validate_composer(composer: Option<String>) -> Validated<Option<String>> {
        match &composer {
            Some(name) if name.contains(|c: char| c.is_ascii_digit()) => {
                Err(["A composer has no digits.", "Use letters only."].into())
            }
            _ => Ok(composer),
        }
    }

    fn validate(attrs: &mut Attrs<'_, Track>) -> Validated {
        let (price, length) = (attrs.get(track::unit_price), attrs.get(track::milliseconds));
        if let (Some(price), Some(length)) = (price, length)
            && price > Decimal::from(1)
            && length < 60_000
        {
            return Err("A track under one minute cannot cost more than 1.00.".into());
        }
        Ok(())
    }
}

#[derive(Serializer)]
#[serializer(model = Playlist)]
struct PlaylistSerializer {
    id: i64,
    name: String,
    #[field(default = 0)]
    track_count: i64,
}

#[derive(Serializer)]
#[serializer(model = Playlist, inherit = PlaylistSerializer)]
struct PlaylistDetailSerializer {
    #[field(required = false)]
    tracks: Vec<PrimaryKeyRelated<Track>>,
}

/// Every way to show many rows.
#[derive(Serializer)]
#[serializer(model = Genre)]
struct GenreTracksSerializer {
    #[field(lookup = name, view_name = "genre-by-name")]
    url: HyperlinkedIdentity,
    #[field(slug = name, source = tracks)]
    names: Vec<SlugRelated<Track>>,
    #[field(view_name = "track-detail", source = tracks)]
    links: Vec<HyperlinkedRelated<Track>>,
    tracks: Vec<PrimaryKeyRelated<Track>>,
}

#[derive(Serializer)]
#[serializer(model = Album)]
struct AlbumWithTracksSerializer {
    id: i64,
    title: String,
    artist: PrimaryKeyRelated<Artist>,
    #[field(nested, writable, refuse_empty, max_length = 2)]
    tracks: Vec<AlbumTrackSerializer>,
}

/// A value without a column, unique texts and the checks of `validator`.
#[derive(Serializer)]
#[serializer(model = Artist, read_only(album_count), without_validators, name = "Account")]
struct AccountSerializer {
    #[field(unique_ignoring_case = "Taken.", label = "Stage name", help_text = "Shown to all.")]
    #[validate(length(min = 3, max = 5), does_not_contain(pattern = "!"))]
    name: String,
    #[field(other, min_length = 8, write_only)]
    password: String,
    #[field(other)]
    #[validate(must_match(other = "password"))]
    again: Option<String>,
    album_count: i64,
}

/// Values without a column, of every shape that a type can say.
#[derive(Serializer)]
#[serializer(model = Artist)]
struct LabelledSerializer {
    name: String,
    #[field(other, each(max_length = 5))]
    labels: Vec<String>,
    #[field(other)]
    grid: Option<Vec<Vec<i64>>>,
    #[field(other)]
    scores: Option<HashMap<String, Decimal>>,
    #[field(other)]
    settings: Option<serde_json::Value>,
    #[field(other)]
    days: Option<Vec<Option<chrono::NaiveDate>>>,
}

const TABLES: &str = "
    CREATE TABLE store_artist (id integer PRIMARY KEY, name varchar(120) NOT NULL);
    CREATE TABLE store_album (id integer PRIMARY KEY, title varchar(160) NOT NULL, artist_id bigint NOT NULL);
    CREATE TABLE store_genre (id integer PRIMARY KEY, name varchar(120) NOT NULL UNIQUE);
    CREATE TABLE store_track (id integer PRIMARY KEY, name varchar(200) NOT NULL, composer varchar(220),
        milliseconds integer NOT NULL, unit_price decimal NOT NULL, album_id bigint, genre_id bigint);
    CREATE TABLE store_playlist (id integer PRIMARY KEY, name varchar(120) NOT NULL);
    CREATE TABLE store_playlist_tracks (id integer PRIMARY KEY, playlist_id bigint NOT NULL, track_id bigint NOT NULL);
    INSERT INTO store_artist VALUES (1, 'AC/DC'), (2, 'Accept');
    INSERT INTO store_album VALUES (1, 'Let There Be Rock', 1), (2, 'Balls to the Wall', 2);
    INSERT INTO store_genre VALUES (1, 'Rock'), (2, 'Jazz');
    INSERT INTO store_track VALUES
        (1, 'Go Down', 'AC/DC', 331180, 0.99, 1, 1),
        (2, 'Dog Eat Dog', NULL, 215196, 1.5, 1, NULL),
        (3, 'Loose', NULL, 61000, 0.99, NULL, 1);
    INSERT INTO store_playlist VALUES (1, 'Loud');
    INSERT INTO store_playlist_tracks VALUES (1, 1, 3), (2, 1, 1);
";

/// A request to a site whose addresses are `/view/value/`.
fn request(conn: Conn) -> Context {
    let mut shared = Shared::default();
    for (name, kwarg) in [("album-detail", "pk"), ("track-detail", "pk"), ("genre-by-name", "name")]
    {
        let pattern = Pattern::new(&format!("{name}/{kwarg}=(?P<{kwarg}>[^/.]+)/"));
        shared.urls.add(name, pattern.unwrap());
    }
    let mut request = Request::new(Method::GET, "/");
    request.host = "test".into();
    Context::new(Box::new(request), conn, Arc::new(shared))
}

/// Runs `work` over a new store.
async fn with_store<T: Send + 'static>(
    work: impl AsyncFnOnce(&Context) -> T + Send + 'static,
) -> T {
    let config = DatabaseConfig::new("sqlite://:memory:").pool_size(1);
    let worker = Database::open(config).unwrap().worker();
    worker
        .run(true, |conn| {
            Box::pin(async move {
                conn.batch_execute(TABLES).await.unwrap();
                work(&request(conn)).await
            })
        })
        .await
        .unwrap()
}

/// A row as a serializer writes it.
async fn show<S: ModelSerializer>(pk: i64) -> String {
    with_store(async move |cx| {
        let description = S::description();
        let own = Path::own(<S::Model as Model>::META.pk_column());
        let query =
            QuerySet::<S::Model>::new().filter_by_predicate(Predicate::exact(own, Value::Int(pk)));
        let rows = load(description, query.into(), cx).await.unwrap();
        let related = fetch(description, &rows.iter().collect::<Vec<_>>(), cx).await.unwrap();
        let mut out = JsonWriter::new();
        let writing = Writing { cx, partial: false };
        writing.row(description, &rows[0], &related, &mut out);
        String::from_utf8(out.into_bytes()).unwrap()
    })
    .await
}

/// What a serializer makes of a body, for the stored row `pk` if there is one.
async fn validate(
    description: &'static Description,
    body: &'static str,
    partial: bool,
    pk: Option<i64>,
) -> Result<ChangeSet, serde_json::Value> {
    with_store(async move |cx| {
        let raw = parse_json(body).unwrap();
        let key = pk.map(Value::Int);
        let mut stored = None;
        if let Some(key) = &key {
            let own = Path::own(description.model().pk_column());
            let mut select = Select::of_model(description.model());
            select.also_where(Predicate::exact(own, key.clone()));
            stored = load(description, select, cx).await.unwrap().pop();
        }
        let existing =
            Existing { pk: key.as_ref(), row: stored.as_ref().map(|stored| &*stored.model) };
        run_validation(description, &raw, partial, existing, cx).await
    })
    .await
    .map_err(|error| match error {
        ApiException::Validation(_) => error.body(),
        other => panic!("{other}"),
    })
}

/// The messages for a new row.
async fn errors<S: ModelSerializer>(body: &'static str) -> serde_json::Value {
    validate(S::description(), body, false, None).await.unwrap_err()
}

/// The changes of a new row.
async fn accepted<S: ModelSerializer>(body: &'static str) -> Changes<S::Model> {
    Changes::from_set(validate(S::description(), body, false, None).await.unwrap())
}
