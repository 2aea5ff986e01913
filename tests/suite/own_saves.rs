//! A serializer's own `create` and `update`: called wherever it is used.

use std::sync::Arc;

use musicstore::models::{Album, Artist, Playlist, Track, album, playlist, track};
use quintet::authentication::TokenAuthentication;
use quintet::db::Database;
use quintet::prelude::*;
use quintet_tests::client::Reply;
use quintet_tests::store::{ADMIN, On, Store};
use serde_json::{Value as Json, json};

use super::races::together;

/// A song of an album, which is called loudly.
#[derive(Serializer)]
#[serializer(model = Track, create)]
struct SongSerializer {
    id: i64,
    name: String,
    milliseconds: i32,
}

impl SongSerializer {
    async fn create(new: Changes<Track>, cx: &mut Context) -> Result<Track> {
        let name = new.get(track::name).unwrap_or_default().to_uppercase();
        let new = new.set(track::name, name).set(track::unit_price, Decimal::new(100, 2));
        cx.save(new.set(track::media_type_id, 1)).await
    }
}

/// An album with its songs, and words about it.
#[derive(Serializer)]
#[serializer(model = Album, create, update)]
struct AlbumSerializer {
    id: i64,
    title: String,
    artist: PrimaryKeyRelated<Artist>,
    #[field(nested, writable, source = tracks)]
    songs: Vec<SongSerializer>,
    #[field(other)]
    words: Option<Vec<String>>,
}

impl AlbumSerializer {
    async fn create(mut new: Changes<Album>, cx: &mut Context) -> Result<Album> {
        let songs = new.take_nested::<Track>("songs").unwrap_or_default();
        let words = new.take::<Vec<String>>("words").unwrap_or_default();
        let title = [vec![new.get(album::title).unwrap_or_default()], words].concat().join(" ");
        let album = cx.save(new.set(album::title, title)).await?;
        Self::write(&album, songs, cx).await
    }

    async fn update(mut changes: Changes<Album>, cx: &mut Context) -> Result<Album> {
        let before =
            changes.stored(cx).await?.map_or_else(String::new, |album| album.title.clone());
        let songs = changes.take_nested::<Track>("songs");
        if let Some(title) = changes.get(album::title) {
            changes = changes.set(album::title, format!("{title} ({before})"));
        }
        let album = cx.save(changes).await?;
        let Some(songs) = songs else { return Ok(album) };
        Track::objects().filter(track::album_id.eq(album.id)).delete(cx).await?;
        Self::write(&album, songs, cx).await
    }

    async fn write(album: &Album, songs: Vec<Changes<Track>>, cx: &mut Context) -> Result<Album> {
        for song in songs {
            let song = song.set(track::album_id, album.id).save(cx).await?;
            if song.name == "SILENCE" {
                return Err(ApiException::validation("Nobody hears it."));
            }
        }
        Ok(album.clone())
    }
}

/// Inherits them.
#[derive(Serializer)]
#[serializer(model = Album, inherit = AlbumSerializer, exclude(words))]
struct PlainAlbumSerializer {}

/// Nobody takes its songs.
#[derive(Serializer)]
#[serializer(model = Album)]
struct LosingSerializer {
    title: String,
    artist: PrimaryKeyRelated<Artist>,
    #[field(nested, writable, source = tracks, required = false)]
    songs: Vec<SongSerializer>,
}

/// Tells what it was sent.
#[derive(Serializer)]
#[serializer(model = Playlist, fields(id, name, tracks, mood))]
struct PlaylistSerializer {
    #[field(source = tracks)]
    tracks: Vec<PrimaryKeyRelated<Track>>,
    #[field(other)]
    mood: Option<String>,
}

macro_rules! view_sets {
    ($($name:ident: $serializer:ident { $($rest:tt)* })*) => {$(
        struct $name;

        impl ViewSet for $name {
            type Base = ModelViewSet;
            type Serializer = $serializer;

            $($rest)*
        }
    )*};
}

view_sets! {
    AlbumViewSet: AlbumSerializer {}
    PlainAlbumViewSet: PlainAlbumSerializer {
        /// `serializer.save(artist=..)`
        async fn perform_create(&self, new: Changes<Album>, cx: &mut Context) -> Result<Album> {
            new.set(album::artist_id, 7).save(cx).await
        }
    }
    LosingViewSet: LosingSerializer {}
    PlaylistViewSet: PlaylistSerializer {
        async fn perform_create(&self, new: Changes<Playlist>, cx: &mut Context) -> Result<Playlist> {
            let seen = ["name", "tracks", "mood", "is_public", "other"].map(|name| new.contains(name));
            let told = json!({
                "seen": seen,
                "name": new.field::<String>("name"),
                "tracks": new.field::<Vec<i64>>("tracks"),
                "mood": new.field::<String>("mood"),
                "wrong": new.field::<i64>("name"),
            });
            let new = new.set(playlist::name, told.to_string());
            cx.save(new).await
        }
    }
}

/// An album from an envelope, stored by its serializer.
async fn import(cx: &mut Context) -> Result<Response> {
    let album = AlbumSerializer::from_data(cx.data()?).save(cx).await?;
    Response::new(&AlbumSerializer::from_row(&album).data(cx).await?)
}

/// Changes to an album, stored by its serializer.
async fn correct(cx: &mut Context) -> Result<Response> {
    let id = cx.request.query_params().get("id").and_then(|id| id.parse::<i64>().ok());
    let album = Album::objects().filter(album::id.eq(id.unwrap_or(1))).get_or_404(cx).await?;
    let data = cx.data()?;
    let album = AlbumSerializer::from_data(data).instance(&album).partial().save(cx).await?;
    Response::new(&AlbumSerializer::from_row(&album).data(cx).await?)
}

fn site(settings: Settings, database: Arc<Database>) -> Arc<Site> {
    let urls = Router::new()
        .register("albums", AlbumViewSet)
        .register("plain", PlainAlbumViewSet)
        .register("losing", LosingViewSet)
        .register("playlists", PlaylistViewSet)
        .path("import/", ApiView::new("Import").post(import).patch(correct), "import");
    let site = Site::builder(settings, database)
        .authentication(TokenAuthentication::new())
        .permissions(AllowAny);
    site.mount(urls.at("/")).build().expect("the site builds")
}

fn store(on: On) -> Store {
    Store::serving(on, |_| {}, site)
}

fn send(store: &Store, method: &str, path: &str, body: &Json) -> Reply {
    store.client_of(ADMIN).json(method, path, body)
}

fn album(title: &str) -> Json {
    json!({
        "title": title, "artist": 1, "words": ["and", "more"],
        "songs": [{"name": "One", "milliseconds": 1}, {"name": "Two", "milliseconds": 2}],
    })
}

fn songs(reply: &Reply) -> Vec<String> {
    let body = reply.json();
    let songs = body["songs"].as_array().expect("songs").iter();
    songs.map(|song| song["name"].as_str().unwrap_or_default().to_owned()).collect()
}

#[test]
fn nested_rows_are_written_wherever_the_serializer_is_used() {
    for on in On::all() {
        let store = store(on);
        for path in ["/albums/", "/import/", "/plain/"] {
            let made = send(&store, "POST", path, &album(&format!("New {path}")));
            assert!([200, 201].contains(&made.status), "{path} {}", made.text());
            let body = made.json();
            let words = if path == "/plain/" { "" } else { " and more" };
            assert_eq!(body["title"], format!("New {path}{words}"), "{path}");
            assert_eq!(body["artist"], if path == "/plain/" { 7 } else { 1 });
            assert_eq!(songs(&made), ["ONE", "TWO"], "{path}");
            assert_eq!(store.client().get(&format!("/albums/{}/", body["id"])).json(), body);
        }
        let made = send(&store, "POST", "/albums/", &album("Mine")).json();
        let (id, before) = (made["id"].to_string(), "Mine and more");
        for (path, title) in [
            (format!("/albums/{id}/"), format!("A ({before})")),
            (format!("/import/?id={id}"), format!("A (A ({before}))")),
            (format!("/plain/{id}/"), format!("A (A (A ({before})))")),
        ] {
            let body = json!({"title": "A", "songs": [{"name": path, "milliseconds": 5}]});
            let changed = send(&store, "PATCH", &path, &body);
            assert_eq!(changed.status, 200, "{path} {}", changed.text());
            assert_eq!(changed.json()["title"], title);
            assert_eq!(songs(&changed), [path.to_uppercase()]);
        }
        // what was not sent stays
        let changed = send(&store, "PATCH", &format!("/albums/{id}/"), &json!({"artist": 2}));
        assert_eq!((changed.status, songs(&changed).len()), (200, 1));
    }
}

#[test]
fn an_error_of_the_function_undoes_what_it_stored() {
    for on in On::all() {
        let store = store(on);
        let (albums, tracks) =
            ("SELECT count(*) FROM store_album", "SELECT count(*) FROM store_track");
        let before = (store.number(albums), store.number(tracks));
        let mut body = album("Lost");
        body["songs"][1]["name"] = "Silence".into();
        for (method, path) in [
            ("POST", "/albums/"),
            ("POST", "/import/"),
            ("PATCH", "/albums/1/"),
            ("PATCH", "/import/"),
        ] {
            let refused = send(&store, method, path, &body);
            assert_eq!(refused.status, 400, "{method} {path}");
            assert_eq!(refused.json(), json!(["Nobody hears it."]));
            assert_eq!((store.number(albums), store.number(tracks)), before, "{method} {path}");
        }
        // and what does not pass is not stored at all
        body["songs"][0]["milliseconds"] = 0.into();
        let refused = send(&store, "POST", "/import/", &body);
        assert_eq!(refused.status, 400);
        assert!(refused.json()["songs"]["0"]["milliseconds"].is_array(), "{}", refused.text());
    }
}

#[test]
fn nested_rows_that_nobody_takes_are_an_error_and_not_lost() {
    for on in On::all() {
        let store = store(on);
        let count = "SELECT count(*) FROM store_album WHERE title LIKE 'Losing%'";
        let body = json!({"title": "Losing", "artist": 1});
        let mut with_songs = body.clone();
        with_songs["songs"] = json!([{"name": "One", "milliseconds": 1}]);
        let lost = send(&store, "POST", "/losing/", &with_songs);
        assert_eq!(lost.status, 500, "{}", lost.text());
        assert_eq!(store.number(count), 0);
        assert_eq!(send(&store, "POST", "/losing/", &body).status, 201);
        with_songs["title"] = "Losing more".into();
        let lost = send(&store, "PATCH", "/losing/1/", &with_songs);
        assert_eq!(lost.status, 500, "{}", lost.text());
        assert_eq!(store.number(count), 1);
    }
}

#[test]
fn every_validated_field_is_there_by_its_name_and_in_its_type() {
    for on in On::all() {
        let store = store(on);
        let body = json!({"name": "List", "tracks": [3, 1], "mood": "calm"});
        let made = send(&store, "POST", "/playlists/", &body);
        assert_eq!(made.status, 201, "{}", made.text());
        assert_eq!(made.json()["tracks"], json!([1, 3]));
        let told: Json = serde_json::from_str(made.json()["name"].as_str().unwrap()).unwrap();
        let expected = json!({
            "seen": [true, true, true, false, false], "name": "List", "tracks": [3, 1], "mood": "calm",
            "wrong": null,
        });
        assert_eq!(told, expected);
    }
}

#[test]
fn changes_of_several_at_once_are_those_of_one() {
    for on in On::all() {
        let store = store(on);
        let made = send(&store, "POST", "/albums/", &album("Shared")).json();
        for path in [format!("/import/?id={}", made["id"]), format!("/albums/{}/", made["id"])] {
            let replies = together(4, |client| {
                let song =
                    |number: i64| json!({"name": format!("{client}"), "milliseconds": number});
                let songs: Vec<Json> = (1..=3).map(song).collect();
                send(&store, "PATCH", &path, &json!({"songs": songs}))
            });
            for (client, reply) in replies.iter().enumerate() {
                assert_eq!(reply.status, 200, "{on:?} {path} {}", reply.text());
                assert_eq!(songs(reply), vec![client.to_string(); 3]);
            }
            let stored = songs(&store.client().get(&format!("/albums/{}/", made["id"])));
            assert!(
                stored.len() == 3 && stored.iter().all(|name| *name == stored[0]),
                "{stored:?}"
            );
        }
    }
}
