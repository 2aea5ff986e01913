//! View sets below others (drf-nested-routers): URLs, parents, names, the document.

use std::sync::{Arc, OnceLock};

use musicstore::models::{Album, Artist, Customer, Genre, Playlist, Track};
use quintet::db::{DatabaseConfig, LookupField};
use quintet::filters::lookup_field;
use quintet::mixins;
use quintet::prelude::*;
use quintet::serializers::ListSerializer;
use quintet::views::Items;
use quintet::viewsets::{ParentLookupKwargs, parent_lookup_kwargs};
use quintet_tests::client::Reply;
use quintet_tests::store::{On, Store};
use serde_json::{Value as Json, json};

use crate::races::together;

#[derive(Serializer)]
#[serializer(model = Artist, fields(id, name))]
struct ArtistSerializer {}

#[derive(Serializer)]
#[serializer(model = Album, fields(id, title))]
struct AlbumSerializer {}

/// Takes the artist, too, as if it could be chosen.
#[derive(Serializer)]
#[serializer(model = Album, fields(id, title, artist))]
struct AlbumOfSerializer {
    #[field(required = false)]
    artist: PrimaryKeyRelated<Artist>,
}

#[derive(Serializer)]
#[serializer(model = Track, fields(id, name, milliseconds, unit_price, media_type))]
struct TrackSerializer {}

#[derive(Serializer)]
#[serializer(model = Genre, fields(id, name))]
struct GenreSerializer {}

#[derive(Serializer)]
#[serializer(model = Playlist, fields(id, name))]
struct PlaylistSerializer {}

#[derive(Serializer)]
#[serializer(model = Customer, fields(id, first_name, last_name, email))]
struct CustomerSerializer {}

macro_rules! view_sets {
    ($($name:ident: $base:ident, $serializer:ident, $basename:literal { $($item:item)* })*) => {$(
        struct $name;

        #[view_set]
        impl ViewSet for $name {
            type Base = $base;
            type Serializer = $serializer;

            fn basename(&self) -> String {
                $basename.into()
            }

            $($item)*
        }
    )*};
}

view_sets! {
    Artists: ModelViewSet, ArtistSerializer, "artist" {}
    Albums: ModelViewSet, AlbumSerializer, "artist-album" {
        const PARENT_LOOKUP_KWARGS: ParentLookupKwargs<Album> =
            parent_lookup_kwargs![artist_pk = artist];

        #[action(list)]
        async fn short(&self, cx: &mut Context) -> Result<Items<AlbumSerializer>> {
            let rows = mixins::of_parents(self, self.get_queryset(cx).await?, cx)?;
            cx.respond_all(rows.filter_by(!Album::fields().title().contains(" "))).await
        }
    }
    AlbumsOf: ModelViewSet, AlbumOfSerializer, "album-of" {
        const LIST_SERIALIZER: Option<ListSerializer> = Some(ListSerializer::new());
        const PARENT_LOOKUP_KWARGS: ParentLookupKwargs<Album> =
            parent_lookup_kwargs![artist_pk = artist];
    }
    Tracks: ModelViewSet, TrackSerializer, "artist-album-track" {
        const PARENT_LOOKUP_KWARGS: ParentLookupKwargs<Track> =
            parent_lookup_kwargs![artist_pk = album__artist, album_pk = album];
    }
    Genres: ReadOnlyModelViewSet, GenreSerializer, "genre" {
        const LOOKUP_FIELD: LookupField<Genre> = lookup_field!(name);
        const LOOKUP_VALUE_REGEX: Option<&'static str> = Some("[A-Za-z& ]+");
    }
    GenreTracks: ModelViewSet, TrackSerializer, "genre-track" {
        const PARENT_LOOKUP_KWARGS: ParentLookupKwargs<Track> =
            parent_lookup_kwargs![genre_name = genre__name];
    }
    Playlists: ReadOnlyModelViewSet, PlaylistSerializer, "playlist" {}
    PlaylistTracks: ReadOnlyModelViewSet, TrackSerializer, "playlist-track" {
        const PARENT_LOOKUP_KWARGS: ParentLookupKwargs<Track> =
            parent_lookup_kwargs![playlist_pk = playlists];
    }
    Customers: ModelViewSet, CustomerSerializer, "customer" {
        const PARENT_LOOKUP_KWARGS: ParentLookupKwargs<Customer> =
            parent_lookup_kwargs![country = country];
    }
}

fn router() -> Router {
    let tracks = Router::simple().register("tracks", Tracks);
    let albums = Router::simple()
        .register("albums", Albums)
        .register("albums-of", AlbumsOf)
        .nested("albums", "album", tracks);
    Router::new()
        .register("artists", Artists)
        .register("genres", Genres)
        .register("playlists", Playlists)
        .register("in/(?P<country>[A-Za-z]+)/customers", Customers)
        .nested("artists", "artist", albums)
        .nested("genres", "genre", Router::simple().register("tracks", GenreTracks))
        .nested("playlists", "playlist", Router::simple().register("tracks", PlaylistTracks))
}

fn site(settings: Settings, database: Arc<Database>) -> Arc<Site> {
    let bare = Router::simple().trailing_slash(false).register("artists", Artists).nested(
        "artists",
        "artist",
        Router::simple().register("albums", Albums).nested(
            "albums",
            "album",
            Router::simple().trailing_slash(true).register("tracks", Tracks),
        ),
    );
    Site::builder(settings, database)
        .pagination(PageNumberPagination::new().page_size(2))
        .mount(router().at("/api/"))
        .mount(bare.at("/bare/"))
        .openapi(OpenApi::new("Nested", "1").path_prefix("/api/"))
        .build()
        .expect("a site")
}

fn store(on: On) -> Store {
    Store::serving(on, |_| {}, site)
}

fn shared(on: On) -> &'static Store {
    static STORES: [OnceLock<Store>; 2] = [OnceLock::new(), OnceLock::new()];
    STORES[usize::from(on == On::Postgres)].get_or_init(|| store(on))
}

fn body(reply: &Reply) -> (u16, Json) {
    let json = if reply.body.is_empty() { Json::Null } else { reply.json() };
    (reply.status, json)
}

fn missing(model: &str) -> (u16, Json) {
    (404, json!({"detail": format!("No {model} matches the given query.")}))
}

#[test]
fn rows_are_those_of_the_parents_in_the_url() {
    for on in On::all() {
        let store = shared(on);
        let get = |path: &str| body(&store.client().get(&format!("/api/{path}")));
        let albums = get("artists/1/albums/").1;
        let ids = |page: &Json| -> Vec<i64> {
            page["results"]
                .as_array()
                .unwrap()
                .iter()
                .map(|row| row["id"].as_i64().unwrap())
                .collect()
        };
        assert_eq!((&albums["count"], ids(&albums)), (&json!(2), vec![1, 4]), "{on:?}");
        let title = json!({"id": 4, "title": "Let There Be Rock"});
        assert_eq!(get("artists/1/albums/4/"), (200, title), "{on:?}");
        // two levels: the album is the artist's, too
        let of = |path: &str| get(path).1["count"].clone();
        let stored = store.number("SELECT count(*) FROM store_track WHERE album_id = 4");
        assert_eq!(of("artists/1/albums/4/tracks/"), json!(stored), "{on:?}");
        let first = store.number("SELECT min(id) FROM store_track WHERE album_id = 4");
        assert_eq!(get(&format!("artists/1/albums/4/tracks/{first}/")).0, 200, "{on:?}");
        for wrong in ["artists/1/albums/1", "artists/2/albums/4"] {
            let path = format!("{wrong}/tracks/{first}/");
            assert_eq!(get(&path), missing("Track"), "{on:?} {path}");
        }
        // by another column, by a relation to many, by a column of the row's own
        let metal = store.number(
            "SELECT count(*) FROM store_track t JOIN store_genre g ON g.id = t.genre_id WHERE \
             g.name = 'Heavy Metal'",
        );
        assert_eq!(of("genres/Heavy%20Metal/tracks/"), json!(metal), "{on:?}");
        let listed =
            store.number("SELECT count(*) FROM store_playlist_tracks WHERE playlist_id = 5");
        assert_eq!(of("playlists/5/tracks/"), json!(listed), "{on:?}");
        let french = store.number("SELECT count(*) FROM store_customer WHERE country = 'France'");
        assert_eq!(of("in/France/customers/"), json!(french), "{on:?}");
        assert_eq!(of("in/Nowhere/customers/"), json!(0), "{on:?}");
        // an action of one's own
        let short = get("artists/90/albums/short/").1;
        assert!(!short.as_array().unwrap().is_empty(), "{on:?} {short}");
    }
}

#[test]
fn a_parent_that_is_not_there_is_404() {
    for on in On::all() {
        let store = shared(on);
        let get = |path: &str| body(&store.client().get(&format!("/api/{path}")));
        assert_eq!(get("artists/9999/albums/"), missing("Artist"), "{on:?}");
        assert_eq!(get("artists/9999/albums/1/"), missing("Album"), "{on:?}");
        assert_eq!(get("artists/x/albums/"), (404, json!({"detail": "Not found."})), "{on:?}");
        let huge = get("artists/99999999999999999999/albums/");
        assert_eq!(huge, missing("Artist"), "{on:?}");
        // an album of another artist
        assert_eq!(get("artists/2/albums/4/tracks/"), missing("Album"), "{on:?}");
        assert_eq!(get("artists/1/albums/9999/tracks/"), missing("Album"), "{on:?}");
        assert_eq!(get("genres/Polka/tracks/"), missing("Genre"), "{on:?}");
        assert_eq!(get("playlists/999/tracks/"), missing("Playlist"), "{on:?}");
        // one that is there and has none
        let empty = store.number(
            "SELECT min(a.id) FROM store_artist a LEFT JOIN store_album b ON b.artist_id = a.id \
             WHERE b.id IS NULL",
        );
        let path = format!("/api/artists/{empty}/albums/");
        let reply = store.client().get(&path);
        assert_eq!((reply.status, &reply.json()["count"]), (200, &json!(0)), "{on:?}");
    }
}

#[test]
fn a_list_of_new_rows_gets_the_parent_of_the_url() {
    for on in On::all() {
        let store = store(on);
        let post = |path: &str| {
            let new = json!([{"title": "One", "artist": 2}, {"title": "Two", "artist": 3}]);
            body(&store.client().json("POST", &format!("/api/artists/{path}/albums-of/"), &new))
        };
        let (status, rows) = post("1");
        assert_eq!((status, &rows[0]["artist"], &rows[1]["artist"]), (201, &json!(1), &json!(1)));
        assert_eq!(post("9999"), missing("Artist"), "{on:?}");
        let stored = "SELECT count(*) FROM store_album WHERE title IN ('One', 'Two')";
        assert_eq!(store.number(stored), 2, "{on:?}");
    }
}

#[test]
fn children_of_a_parent_that_goes_meanwhile_go_with_it_or_are_refused() {
    for on in On::all() {
        let store = store(on);
        for round in 0..5 {
            let new = store.client().json("POST", "/api/artists/", &json!({"name": "Short-lived"}));
            let id = new.json()["id"].as_i64().expect("an artist");
            let path = format!("/api/artists/{id}");
            let replies = together(6, |client| {
                let title = format!("{round} {client}");
                let many = json!([{"title": title, "artist": 1}]);
                match client {
                    0 => store.client().send("DELETE", &format!("{path}/"), &[], b""),
                    1 | 2 => store.client().json("POST", &format!("{path}/albums-of/"), &many),
                    _ => store.client().json("POST", &format!("{path}/albums/"), &many[0]),
                }
            });
            assert_eq!(replies[0].status, 204, "{on:?}");
            for reply in &replies[1..] {
                let known = [201, 400, 404].contains(&reply.status);
                assert!(known, "{on:?} {} {}", reply.status, reply.text());
            }
            let left = format!("SELECT count(*) FROM store_album WHERE artist_id = {id}");
            assert_eq!(store.number(&left), 0, "{on:?}");
        }
    }
}

#[test]
fn rows_prove_that_their_parent_is_there() {
    for on in On::all() {
        let store = store(on);
        let statements = |path: &str| store.counted(|| store.client().get(path)).0;
        assert_eq!(statements("/api/artists/1/albums/"), statements("/api/artists/"), "{on:?}");
    }
}

#[test]
fn a_new_row_gets_the_parents_of_its_url() {
    for on in On::all() {
        let store = store(on);
        let post = |path: &str, sent: &Json| {
            body(&store.client().json("POST", &format!("/api/{path}"), sent))
        };
        let parent = |id: &Json, table: &str, column: &str| {
            store.number(&format!("SELECT {column} FROM {table} WHERE id = {id}"))
        };
        let (status, made) = post("artists/2/albums/", &json!({"title": "New", "artist": 3}));
        assert_eq!((status, parent(&made["id"], "store_album", "artist_id")), (201, 2), "{on:?}");
        // whatever the body says
        let (status, made) = post("artists/2/albums-of/", &json!({"title": "Newer", "artist": 3}));
        assert_eq!((status, &made["artist"]), (201, &json!(2)), "{on:?} {made}");
        let id = &made["id"];
        let path = format!("/api/artists/2/albums-of/{id}/");
        for method in ["PUT", "PATCH"] {
            let moved = store.client().json(method, &path, &json!({"title": method, "artist": 3}));
            let shown = json!({"id": id, "artist": 2, "title": method});
            assert_eq!(body(&moved), (200, shown), "{on:?} {method}");
        }
        let other = format!("/api/artists/3/albums-of/{id}/");
        for method in ["PUT", "PATCH", "DELETE"] {
            let reply = store.client().json(method, &other, &json!({"title": "x"}));
            assert_eq!(body(&reply), missing("Album"), "{on:?} {method}");
        }
        // a title that the artist has already
        let (status, twice) = post("artists/2/albums/", &json!({"title": "New"}));
        assert_eq!(status, 400, "{on:?} {twice}");
        let track = json!({"name": "T", "milliseconds": 1, "unit_price": "1.00", "media_type": 1});
        let (status, made) = post("artists/1/albums/4/tracks/", &track);
        assert_eq!((status, parent(&made["id"], "store_track", "album_id")), (201, 4), "{on:?}");
        let (status, made) = post("genres/Jazz/tracks/", &track);
        assert_eq!((status, parent(&made["id"], "store_track", "genre_id")), (201, 2), "{on:?}");
        let customer = json!({"first_name": "A", "last_name": "B", "email": "a@b.example"});
        let (status, made) = post("in/France/customers/", &customer);
        let french = format!(
            "SELECT count(*) FROM store_customer WHERE country = 'France' AND id = {}",
            made["id"]
        );
        assert_eq!((status, store.number(&french)), (201, 1), "{on:?}");
        // the parent comes before the body
        assert_eq!(post("artists/9999/albums/", &json!({})), missing("Artist"), "{on:?}");
        assert_eq!(post("artists/2/albums/4/tracks/", &track), missing("Album"), "{on:?}");
        assert_eq!(post("genres/Polka/tracks/", &track), missing("Genre"), "{on:?}");
        let required = (400, json!({"title": ["This field is required."]}));
        assert_eq!(post("artists/2/albums/", &json!({})), required, "{on:?}");
    }
}

#[test]
fn rows_under_a_parent_that_goes_away_are_404_and_never_500() {
    for on in On::all() {
        let store = store(on);
        let made = store.client().json("POST", "/api/artists/", &json!({"name": "Gone"})).json();
        let albums = format!("/api/artists/{}/albums/", made["id"]);
        let artist = format!("/api/artists/{}/", made["id"]);
        let statuses: Vec<u16> = std::thread::scope(|scope| {
            let posts: Vec<_> = (0..8)
                .map(|at| {
                    let (client, albums) = (store.client(), &albums);
                    scope.spawn(move || {
                        client.json("POST", albums, &json!({"title": format!("A{at}")})).status
                    })
                })
                .collect();
            let gone = store.client().json("DELETE", &artist, &json!({})).status;
            assert_eq!(gone, 204, "{on:?}");
            posts.into_iter().map(|post| post.join().unwrap()).collect()
        });
        assert!(
            statuses.iter().all(|status| [201, 400, 404, 409].contains(status)),
            "{on:?} {statuses:?}"
        );
        let left = format!("SELECT count(*) FROM store_album WHERE artist_id = {}", made["id"]);
        assert_eq!(store.number(&left), 0, "{on:?}");
    }
}

#[test]
fn nested_urls_have_names_suffixes_and_the_slash_of_their_parent() {
    let store = shared(On::Sqlite);
    let path =
        |name: &str, params: &[(&str, &str)]| store.site().site().urls().path(name, params).ok();
    let some = |path: &str| Some(path.to_owned());
    assert_eq!(
        path("genre-track-list", &[("genre_name", "Jazz")]),
        some("/api/genres/Jazz/tracks/")
    );
    assert_eq!(
        path("playlist-track-detail", &[("playlist_pk", "1"), ("pk", "2")]),
        some("/api/playlists/1/tracks/2/")
    );
    assert_eq!(path("playlist-track-detail", &[("pk", "2")]), None);
    assert_eq!(path("customer-list", &[("country", "France")]), some("/api/in/France/customers/"));
    let get = |path: &str| store.client().get(path).status;
    assert_eq!((get("/bare/artists/1/albums"), get("/bare/artists/1/albums/")), (200, 404));
    assert_eq!(
        (get("/bare/artists/1/albums/4"), get("/bare/artists/1/albums/4/tracks/")),
        (200, 200)
    );
    assert_eq!(get("/api/genres/J4zz/tracks/"), 404);
    // only the outer ones are in the root
    let root = store.client().get("/api/").json();
    let listed: Vec<_> = root.as_object().unwrap().keys().cloned().collect();
    assert_eq!(listed, ["artists", "genres", "playlists"]);
}

#[test]
fn a_router_nested_below_nothing_keeps_the_site_from_being_built() {
    let mut settings = Settings::default();
    settings.secret_key = "k".into();
    let database = Database::open(DatabaseConfig::new("sqlite://:memory:")).unwrap();
    let albums = Router::simple().register("albums", Albums);
    let router = Router::new().register("artists", Artists).nested("artist", "artist", albums);
    let built = Site::builder(settings, database).mount(router.at("/")).build();
    let problem = "parent registered resource not found: no view set has the prefix `artist` in this \
                   router";
    assert_eq!(built.err().map(|error| error.to_string()).as_deref(), Some(problem));
}

#[test]
fn the_document_shows_all_captures_of_nested_urls() {
    let document = shared(On::Sqlite).client().get("/api/schema/?format=json").json();
    let get = &document["paths"]["/api/artists/{artist_pk}/albums/{album_pk}/tracks/{id}/"]["get"];
    let parameters = get["parameters"].as_array().unwrap();
    let shown: Vec<_> = parameters
        .iter()
        .map(|one| (one["name"].as_str().unwrap(), one["schema"]["type"].as_str().unwrap()))
        .collect();
    let mut expected = vec![("album_pk", "integer"), ("artist_pk", "integer"), ("id", "integer")];
    let mut sorted = shown.clone();
    sorted.sort_unstable();
    expected.sort_unstable();
    assert_eq!(sorted, expected);
    assert_eq!(get["operationId"], "artists_albums_tracks_retrieve");
    let artist = parameters.iter().find(|one| one["name"] == "artist_pk").unwrap();
    assert_eq!(artist["description"], "A unique integer value identifying this artist.");
    let by_name = &document["paths"]["/api/genres/{genre_name}/tracks/"]["get"]["parameters"];
    let name = by_name.as_array().unwrap().iter().find(|one| one["name"] == "genre_name").unwrap();
    assert_eq!(name["schema"]["type"], "string");
}
