//! Validators that ask the database, and related fields that accept some rows alone.

use std::sync::Arc;

use musicstore::models::{
    Album, Artist, Genre, MediaType, Playlist, Track, album, genre, playlist, track,
};
use quintet::authentication::TokenAuthentication;
use quintet::db::Database;
use quintet::prelude::*;
use quintet::serializers::{Attrs, ListSerializer, SlugRelated};
use quintet_tests::client::Reply;
use quintet_tests::store::{ADMIN, ALICE, On, Store};
use serde_json::{Value as Json, json};

/// The artist of the address, whose albums may be named.
fn artist(cx: &Context) -> i64 {
    cx.request.query_params().get("artist").and_then(|id| id.parse().ok()).unwrap_or(1)
}

fn own_albums(cx: &Context) -> QuerySet<Album> {
    Album::objects().filter(album::artist_id.eq(artist(cx)))
}

/// Rock and Jazz.
fn first_genres() -> QuerySet<Genre> {
    Genre::objects().filter(genre::id.le(2))
}

fn short_tracks(cx: &Context) -> QuerySet<Track> {
    if cx.request.query_params().get("none").is_some() {
        return Track::objects().none();
    }
    Track::objects().filter(track::milliseconds.lt(300_000))
}

/// A song, whose name no other song of its album has.
#[derive(Serializer)]
#[serializer(model = Track, validate_async)]
struct SongSerializer {
    id: i64,
    #[field(validate, validate_async)]
    name: String,
    milliseconds: i32,
    unit_price: Decimal,
    media_type: PrimaryKeyRelated<MediaType>,
    #[field(queryset = own_albums)]
    album: Option<PrimaryKeyRelated<Album>>,
    #[field(slug = name, queryset = first_genres)]
    genre: Option<SlugRelated<Genre>>,
}

impl SongSerializer {
    fn validate_name(mut name: String) -> Validated<String> {
        while name.ends_with('!') {
            name.pop();
        }
        if name.is_empty() { Err("Say more.".into()) } else { Ok(name) }
    }

    async fn validate_name_async(name: String, cx: &Context) -> Result<()> {
        if name == "Forbidden" {
            return Err(ApiException::PermissionDenied(None));
        }
        let named = Artist::objects().filter_by(Artist::fields().name().exact(name.clone()));
        if named.exists(cx).await? {
            return Err(Detail::new(format!("{name} is an artist."), "artist").into());
        }
        Ok(())
    }

    async fn validate_async(attrs: &mut Attrs<'_, Track>, cx: &Context) -> Result<()> {
        let own = attrs.instance().map_or(0, |track| track.id);
        let (Some(name), album) = (attrs.get(track::name), attrs.get(track::album_id)) else {
            return Ok(());
        };
        let same = Track::objects().filter(track::album_id.eq(album.flatten()));
        let same = same.filter(track::name.eq(name.clone())).filter(track::id.ne(own));
        if same.exists(cx).await? {
            return Err(Detail::field("name", format!("{name} is on this album.")).into());
        }
        if name == "Whole" {
            return Err(ApiException::validation("Nothing is whole."));
        }
        attrs.set(track::composer, Some(format!("checked {name}")));
        Ok(())
    }
}

/// An album with its songs.
#[derive(Serializer)]
#[serializer(model = Album, create, update)]
struct AlbumSerializer {
    id: i64,
    title: String,
    artist: PrimaryKeyRelated<Artist>,
    #[field(nested, writable)]
    tracks: Vec<SongSerializer>,
}

impl AlbumSerializer {
    async fn create(mut new: Changes<Album>, cx: &mut Context) -> Result<Album> {
        let songs = new.take_nested::<Track>("tracks").unwrap_or_default();
        let album = cx.save(new).await?;
        for song in songs {
            song.set(track::album_id, album.id).save(cx).await?;
        }
        Ok(album)
    }

    async fn update(mut changes: Changes<Album>, cx: &mut Context) -> Result<Album> {
        changes.take_nested::<Track>("tracks");
        cx.save(changes).await
    }
}

#[derive(Serializer)]
#[serializer(model = Playlist)]
struct PlaylistSerializer {
    id: i64,
    name: String,
    #[field(queryset = short_tracks)]
    tracks: Vec<PrimaryKeyRelated<Track>>,
}

/// Without a model.
#[derive(Serializer)]
struct VoteSerializer {
    #[field(queryset = own_albums)]
    album: PrimaryKeyRelated<Album>,
    #[field(queryset = short_tracks)]
    tracks: Vec<PrimaryKeyRelated<Track>>,
    #[field(validate_async)]
    list: String,
}

impl VoteSerializer {
    async fn validate_list_async(name: String, cx: &Context) -> Result<()> {
        let found = Playlist::objects().filter(playlist::name.eq(name)).exists(cx).await?;
        if found { Ok(()) } else { Err(Detail::new("There is no such list.", "missing").into()) }
    }
}

async fn vote(vote: Valid<VoteSerializer>, _: &mut Context) -> Result<Response> {
    let tracks: Vec<i64> = vote.tracks.iter().map(PrimaryKeyRelated::key).collect();
    Response::new(&json!({"album": vote.album.key(), "tracks": tracks, "list": vote.list}))
}

macro_rules! view_sets {
    ($($name:ident: $serializer:ident;)*) => {$(
        struct $name;

        impl ViewSet for $name {
            type Base = ModelViewSet;
            type Serializer = $serializer;

            const LIST_SERIALIZER: Option<ListSerializer> = Some(ListSerializer::new());
        }
    )*};
}

view_sets! {
    SongViewSet: SongSerializer;
    AlbumViewSet: AlbumSerializer;
    PlaylistViewSet: PlaylistSerializer;
}

fn site(settings: Settings, database: Arc<Database>) -> Arc<Site> {
    let urls = Router::new()
        .register("songs", SongViewSet)
        .register("albums", AlbumViewSet)
        .register("playlists", PlaylistViewSet)
        .path("votes/", ApiView::new("Vote").post(vote), "votes");
    let site = Site::builder(settings, database)
        .authentication(TokenAuthentication::new())
        .permissions(AllowAny);
    site.mount(urls.at("/")).build().expect("the site builds")
}

fn store(on: On) -> Store {
    Store::serving(on, |_| {}, site)
}

fn send(store: &Store, method: &str, path: &str, body: &Json) -> (u64, Reply) {
    store.counted(|| store.client_of(ADMIN).json(method, path, body))
}

fn post(store: &Store, path: &str, body: &Json) -> (u16, Json) {
    let (_, reply) = send(store, "POST", path, body);
    (reply.status, reply.json())
}

fn song(name: &str, more: &Json) -> Json {
    let mut song =
        json!({"name": name, "milliseconds": 1, "unit_price": "1.00", "media_type": 1, "album": 1});
    for (key, value) in more.as_object().expect("an object") {
        song[key] = value.clone();
    }
    song
}

#[test]
fn validators_ask_the_database() {
    for on in On::all() {
        let store = store(on);
        let artist = store.client().get("/albums/1/").json()["artist"].clone();
        assert_eq!(artist, 1);
        let (status, made) = post(&store, "/songs/", &song("Mine!", &json!({})));
        assert_eq!((status, &made["name"]), (201, &json!("Mine")), "{made}");
        let composer = "SELECT count(*) FROM store_track WHERE composer = 'checked Mine'";
        assert_eq!(store.number(composer), 1);
        // of the field, beside the errors of others; the sync one runs first
        let (status, errors) =
            post(&store, "/songs/", &song("AC/DC!", &json!({"milliseconds": 0})));
        let text = "Ensure this value is greater than or equal to 1.";
        let expected = json!({"name": ["AC/DC is an artist."], "milliseconds": [text]});
        assert_eq!((status, errors), (400, expected));
        // of the object, and one that is the request's
        let (status, errors) = post(&store, "/songs/", &song("Mine", &json!({})));
        assert_eq!((status, errors), (400, json!({"name": ["Mine is on this album."]})));
        let (status, errors) = post(&store, "/songs/", &song("Whole", &json!({})));
        assert_eq!((status, errors), (400, json!({"non_field_errors": ["Nothing is whole."]})));
        assert_eq!(post(&store, "/songs/", &song("Forbidden", &json!({}))).0, 403);
        // a stored row is seen, and does not stand in its own way
        let path = format!("/songs/{}/", made["id"]);
        let (_, same) = send(&store, "PATCH", &path, &json!({"name": "Mine"}));
        assert_eq!(same.status, 200, "{}", same.text());
        let (_, moved) = send(&store, "PATCH", &path, &json!({"milliseconds": 7}));
        assert_eq!(moved.json()["milliseconds"], 7);
    }
}

#[test]
fn they_ask_about_nested_objects_and_the_items_of_lists() {
    for on in On::all() {
        let store = store(on);
        let one = |name: &str| song(name, &json!({"album": null}));
        let songs = json!([one("Fine"), one("AC/DC"), one("Also fine")]);
        let body = json!({"title": "New", "artist": 1, "tracks": songs});
        let (status, errors) = post(&store, "/albums/", &body);
        let expected = json!({"tracks": {"1": {"name": ["AC/DC is an artist."]}}});
        assert_eq!((status, errors), (400, expected));
        let songs = json!([one("Fine"), one("Whole")]);
        let body = json!({"title": "New", "artist": 1, "tracks": songs});
        let (status, errors) = post(&store, "/albums/", &body);
        let expected = json!({"tracks": {"1": {"non_field_errors": ["Nothing is whole."]}}});
        assert_eq!((status, errors), (400, expected));
        let body = json!({"title": "New", "artist": 1, "tracks": [one("Fine")]});
        assert_eq!(post(&store, "/albums/", &body).0, 201);
        let list = json!([one("A"), one("AC/DC"), one("Whole")]);
        let (status, errors) = post(&store, "/songs/", &list);
        let expected = json!({
            "1": {"name": ["AC/DC is an artist."]},
            "2": {"non_field_errors": ["Nothing is whole."]},
        });
        assert_eq!((status, errors), (400, expected));
        assert_eq!(post(&store, "/songs/", &json!([one("A"), one("B")])).0, 201);
    }
}

#[test]
fn a_related_field_accepts_the_rows_of_its_query_set_alone() {
    for on in On::all() {
        let store = store(on);
        let other = store.number("SELECT min(id) FROM store_album WHERE artist_id = 2");
        let (status, errors) =
            post(&store, "/songs/", &song("A", &json!({"album": other, "genre": "Metal"})));
        let expected = json!({
            "album": [format!("Invalid pk \"{other}\" - object does not exist.")],
            "genre": ["Object with name=Metal does not exist."],
        });
        assert_eq!((status, errors), (400, expected));
        let fine = song("A", &json!({"album": other, "genre": "Jazz"}));
        let (status, made) = post(&store, "/songs/?artist=2", &fine);
        assert_eq!((status, &made["album"], &made["genre"]), (201, &json!(other), &json!("Jazz")));
        for (value, text) in [
            (json!(9_999_999), "Invalid pk \"9999999\" - object does not exist."),
            (
                json!("99999999999999999999"),
                "Invalid pk \"99999999999999999999\" - object does not exist.",
            ),
            (json!("a\u{0}"), "Incorrect type. Expected pk value, received str."),
        ] {
            let (status, errors) = post(&store, "/songs/", &song("B", &json!({"album": value})));
            assert_eq!((status, errors), (400, json!({"album": [text]})), "{value}");
        }
        let (status, errors) = post(&store, "/songs/", &song("B", &json!({"genre": "a\u{0}"})));
        assert_eq!((status, &errors["genre"][0].is_string()), (400, &true), "{errors}");
    }
}

#[test]
fn lists_of_keys_are_held_against_a_query_set_in_one_statement() {
    for on in On::all() {
        let store = store(on);
        let short = "SELECT min(id) FROM store_track WHERE milliseconds < 300000 AND id > ";
        let long = store.number("SELECT min(id) FROM store_track WHERE milliseconds >= 300000");
        let first = store.number(&format!("{short} 0"));
        let second = store.number(&format!("{short} {first}"));
        let body = json!({"name": "List", "tracks": [second, first]});
        // the user, the keys, the row, its links (old ones and new ones)
        let (few, made) = send(&store, "POST", "/playlists/", &body);
        assert_eq!((made.status, &made.json()["tracks"]), (201, &json!([first, second])));
        let lists: Vec<Json> =
            (0..20).map(|_| json!({"name": "L", "tracks": [first, long]})).collect();
        let (taken, refused) = send(&store, "POST", "/playlists/", &Json::from(lists));
        assert_eq!((refused.status, taken), (400, 2), "{few} {}", refused.text());
        let text = format!("Invalid pk \"{long}\" - object does not exist.");
        assert_eq!(refused.json()["19"], json!({"tracks": [text]}));
        let (_, refused) = send(&store, "POST", "/playlists/?none=1", &body);
        let text = format!("Invalid pk \"{second}\" - object does not exist.");
        assert_eq!(refused.json(), json!({"tracks": [text]}));
        // songs of a list, whose albums are asked for at once
        let songs: Vec<Json> =
            (0..20).map(|n| song(&format!("{n}"), &json!({"album": 9_999}))).collect();
        let (_, refused) = send(&store, "POST", "/songs/", &Json::from(songs));
        assert_eq!(refused.json().as_object().unwrap().len(), 20);
    }
}

#[test]
fn serializers_without_a_model_ask_as_well() {
    for on in On::all() {
        let store = store(on);
        let long = store.number("SELECT min(id) FROM store_track WHERE milliseconds >= 300000");
        let list = "Music";
        let found = "SELECT count(*) FROM store_playlist WHERE name = 'Music'";
        assert!(store.number(found) > 0);
        let other = store.number("SELECT min(id) FROM store_album WHERE artist_id = 2");
        let body = json!({"album": other, "tracks": [long], "list": "None"});
        let expected = json!({
            "album": [format!("Invalid pk \"{other}\" - object does not exist.")],
            "tracks": [format!("Invalid pk \"{long}\" - object does not exist.")],
            "list": ["There is no such list."],
        });
        assert_eq!(post(&store, "/votes/", &body), (400, expected));
        let body = json!({"album": other, "tracks": [], "list": list});
        assert_eq!(post(&store, "/votes/?artist=2", &body), (200, body));
        let reply = store.client_of(ALICE).json("POST", "/votes/", &json!({}));
        assert_eq!(reply.status, 400);
    }
}
