//! Related fields of one's own, lists of slugs and addresses as input (`rest_framework.relations`). The
//! messages are those of Django REST framework.

use std::collections::HashMap;
use std::sync::Arc;

use musicstore::models::{Album, Artist, Genre, MediaType, Playlist, Track, artist, genre, track};
use quintet::authentication::TokenAuthentication;
use quintet::db::{Database, LookupField};
use quintet::fields::{Field, KeyKind};
use quintet::filters::lookup_field;
use quintet::prelude::*;
use quintet::serializers::{
    CustomRelated, HyperlinkedIdentity, HyperlinkedRelated, ListSerializer, ModelSerializer,
    RelatedField, SlugRelated,
};
use quintet_tests::client::Reply;
use quintet_tests::store::{ADMIN, On, Store};
use serde_json::{Value as Json, json};

use crate::races::together;

/// `"#Rock"`; a genre that is not there is made (`SlugRelatedField`).
struct GenreField;

impl RelatedField for GenreField {
    type Model = Genre;
    type Input = String;

    const DEFAULT_ERROR_MESSAGES: &'static [(&'static str, &'static str)] =
        &[("blank", "Name a genre.")];

    fn field(&self, name: &'static str) -> Field {
        Field::char(name).max_length(20)
    }

    async fn to_internal_value(
        &self,
        names: Vec<String>,
        cx: &Context,
    ) -> Result<Vec<Validated<Genre>>> {
        let mut genres = Vec::new();
        for name in names {
            if name == "Noise" {
                genres.push(Err("Noise is no genre.".into()));
                continue;
            }
            let wanted = Changes::new().set(genre::name, name.trim_start_matches('#'));
            genres.push(Ok(Genre::objects().get_or_create(wanted, Changes::new(), cx).await?.0));
        }
        Ok(genres)
    }

    fn to_representation(&self, genre: &Genre, _: &Context) -> Json {
        format!("#{}", genre.name).into()
    }
}

/// Keys as input, objects as output (`PrimaryKeyRelatedField`).
struct TrackField {
    /// How long the tracks may be.
    most: i32,
}

impl RelatedField for TrackField {
    type Model = Track;
    type Input = i64;

    fn field(&self, name: &'static str) -> Field {
        Field::primary_key(name, KeyKind::Int)
    }

    async fn to_internal_value(
        &self,
        keys: Vec<i64>,
        cx: &Context,
    ) -> Result<Vec<Validated<Track>>> {
        let short = Track::objects().filter(track::milliseconds.le(self.most));
        let found = short.filter(track::id.eq_any(keys.clone())).all(cx).await?;
        let found: HashMap<i64, Track> = found.into_iter().map(|track| (track.id, track)).collect();
        let missing = |key: &i64| Detail::invalid(format!("Track {key} is too long."));
        Ok(keys.iter().map(|key| found.get(key).cloned().ok_or_else(|| missing(key))).collect())
    }

    fn to_representation(&self, track: &Track, _: &Context) -> Json {
        json!({"key": track.id, "name": track.name})
    }
}

/// Which album: its title and its artist.
#[derive(Serializer)]
struct AlbumName {
    title: String,
    artist: String,
}

/// A look-up by two columns.
struct AlbumField;

impl RelatedField for AlbumField {
    type Model = Album;
    type Input = AlbumName;

    fn field(&self, name: &'static str) -> Field {
        Field::nested(name, AlbumName::description().fields().to_vec(), false)
    }

    async fn to_internal_value(
        &self,
        names: Vec<AlbumName>,
        cx: &Context,
    ) -> Result<Vec<Validated<Album>>> {
        let titles: Vec<String> = names.iter().map(|name| name.title.clone()).collect();
        let albums = Album::objects().filter_by(Album::fields().title().is_in(titles));
        let albums = albums.all(cx).await?;
        let artists: Vec<i64> = albums.iter().map(|album| album.artist_id).collect();
        let artists = Artist::objects().filter(artist::id.eq_any(artists)).all(cx).await?;
        let find = |name: AlbumName| {
            let artist = artists.iter().find(|artist| artist.name == name.artist);
            let found = albums.iter().find(|album| {
                album.title == name.title && artist.is_some_and(|own| own.id == album.artist_id)
            });
            found.cloned().ok_or_else(|| Detail::invalid(format!("No {} here.", name.title)))
        };
        Ok(names.into_iter().map(find).collect())
    }

    fn to_representation(&self, album: &Album, cx: &Context) -> Json {
        let by = cx.user().map_or("nobody", |user| &user.username);
        format!("{} for {by}", album.title).into()
    }
}

/// Shown alone.
struct TitleField;

impl RelatedField for TitleField {
    type Model = Album;
    type Input = String;

    fn field(&self, name: &'static str) -> Field {
        Field::method(name)
    }

    fn to_representation(&self, album: &Album, _: &Context) -> Json {
        album.title.to_uppercase().into()
    }
}

#[derive(Serializer)]
#[serializer(model = Track)]
struct SongSerializer {
    id: i64,
    name: String,
    milliseconds: i32,
    unit_price: Decimal,
    media_type: PrimaryKeyRelated<MediaType>,
    #[field(class = GenreField)]
    genre: Option<CustomRelated<Genre>>,
    #[field(class = AlbumField)]
    album: Option<CustomRelated<Album>>,
    #[field(class = TitleField, source = album)]
    album_title: CustomRelated<Album>,
}

#[derive(Serializer)]
#[serializer(model = Playlist)]
struct ListSongsSerializer {
    id: i64,
    name: String,
    #[field(class = TrackField { most: 300_000 })]
    tracks: Vec<CustomRelated<Track>>,
}

#[derive(Serializer)]
#[serializer(model = Genre)]
struct GenreSerializer {
    #[field(get_url = genre_url)]
    url: HyperlinkedIdentity,
    name: String,
}

fn genre_url(genre: &Genre, cx: &Context) -> Option<String> {
    let by_name = cx.request.query_params().get("by") == Some("name");
    let name = if by_name {
        genre.name.as_str()
    } else {
        return cx.hyperlink("genre-detail", &[("name", &genre.name)]).ok();
    };
    Some(format!("/by-name/{name}"))
}

/// The genre by address, the album by an address that a function makes.
#[derive(Serializer)]
#[serializer(model = Track)]
struct LinkedSerializer {
    #[field(view_name = "linked-detail")]
    url: HyperlinkedIdentity,
    name: String,
    milliseconds: i32,
    unit_price: Decimal,
    #[field(view_name = "media-detail", lookup = id, kwarg = "number", queryset = MediaType::objects)]
    media_type: HyperlinkedRelated<MediaType>,
    #[field(view_name = "genre-detail", lookup = name, queryset = Genre::objects)]
    genre: Option<HyperlinkedRelated<Genre>>,
    #[field(get_url = album_url)]
    album: HyperlinkedRelated<Album>,
}

fn album_url(album: &Album) -> Option<String> {
    (album.id != 2).then(|| format!("/artists/{}/albums/{}/", album.artist_id, album.id))
}

/// Tracks by their names, and by their addresses.
#[derive(Serializer)]
#[serializer(model = Playlist)]
struct SlugsSerializer {
    id: i64,
    name: String,
    #[field(slug = name, queryset = early_tracks)]
    tracks: Vec<SlugRelated<Track>>,
}

#[derive(Serializer)]
#[serializer(model = Playlist)]
struct AddressesSerializer {
    id: i64,
    name: String,
    #[field(view_name = "linked-detail", queryset = early_tracks)]
    tracks: Vec<HyperlinkedRelated<Track>>,
}

fn early_tracks() -> QuerySet<Track> {
    Track::objects().filter(track::id.le(100))
}

#[derive(Serializer)]
#[serializer(model = MediaType)]
struct MediaSerializer {
    #[field(view_name = "media-detail", lookup = id, kwarg = "number")]
    url: HyperlinkedIdentity,
    name: String,
}

macro_rules! view_sets {
    ($($name:ident: $serializer:ident, $basename:literal $(, by $field:ident as $kwarg:literal)?;)*) => {$(
        struct $name;

        impl ViewSet for $name {
            type Base = ModelViewSet;
            type Serializer = $serializer;

            const LIST_SERIALIZER: Option<ListSerializer> = Some(ListSerializer::new());
            $(
                const LOOKUP_FIELD: LookupField<<$serializer as ModelSerializer>::Model> =
                    lookup_field!($field);
                const LOOKUP_URL_KWARG: Option<&'static str> = Some($kwarg);
            )?

            fn basename(&self) -> String {
                $basename.to_owned()
            }
        }
    )*};
}

view_sets! {
    SongViewSet: SongSerializer, "song";
    ListViewSet: ListSongsSerializer, "list";
    GenreViewSet: GenreSerializer, "genre", by name as "name";
    LinkedViewSet: LinkedSerializer, "linked";
    SlugsViewSet: SlugsSerializer, "slugs";
    AddressesViewSet: AddressesSerializer, "addresses";
    MediaViewSet: MediaSerializer, "media", by id as "number";
}

fn site(settings: Settings, database: Arc<Database>) -> Arc<Site> {
    let urls = Router::new()
        .register("songs", SongViewSet)
        .register("lists", ListViewSet)
        .register("genres", GenreViewSet)
        .register("linked", LinkedViewSet)
        .register("slugs", SlugsViewSet)
        .register("addresses", AddressesViewSet)
        .register("media", MediaViewSet);
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

fn song(more: &Json) -> Json {
    let mut song = json!({
        "name": "S", "milliseconds": 1, "unit_price": "1.00", "media_type": 1, "genre": null,
        "album": null,
    });
    for (key, value) in more.as_object().expect("an object") {
        song[key] = value.clone();
    }
    song
}

#[test]
fn a_class_of_a_related_field_shows_rows_and_finds_or_makes_them() {
    for on in On::all() {
        let store = store(on);
        let (status, made) = post(&store, "/songs/", &song(&json!({"genre": "#Rock"})));
        assert_eq!((status, &made["genre"], &made["album"]), (201, &json!("#Rock"), &json!(null)));
        assert_eq!(store.number("SELECT count(*) FROM store_genre WHERE name = 'Rock'"), 1);
        let (status, made) = post(&store, "/songs/", &song(&json!({"genre": "Polka"})));
        assert_eq!((status, &made["genre"]), (201, &json!("#Polka")));
        let stored = "SELECT count(*) FROM store_track t JOIN store_genre g ON t.genre_id = g.id \
                      WHERE g.name = 'Polka'";
        assert_eq!(store.number(stored), 1);
        for (genre, text) in [
            (json!("Noise"), "Noise is no genre."),
            (json!(""), "Name a genre."),
            (json!(true), "Not a valid string."),
            (json!("x".repeat(21)), "Ensure this field has no more than 20 characters."),
        ] {
            let refused = post(&store, "/songs/", &song(&json!({"genre": genre})));
            assert_eq!(refused, (400, json!({"genre": [text]})), "{genre}");
        }
        let path = format!("/songs/{}/", made["id"]);
        let (_, same) = send(&store, "PATCH", &path, &json!({"name": "T"}));
        assert_eq!(same.json()["genre"], "#Polka");
        let (_, none) = send(&store, "PATCH", &path, &json!({"genre": null}));
        assert_eq!(none.json()["genre"], json!(null));
        let fields = SongSerializer::description().fields();
        assert!(fields.iter().any(|field| field.name == "album_title" && field.read_only));
    }
}

#[test]
fn a_related_row_is_looked_up_by_two_columns() {
    for on in On::all() {
        let store = store(on);
        let named = json!({"title": "Big Ones", "artist": "Aerosmith"});
        let (status, made) = post(&store, "/songs/", &song(&json!({"album": named})));
        assert_eq!((status, &made["album"]), (201, &json!("Big Ones for admin")), "{made}");
        assert_eq!(made["album_title"], "BIG ONES");
        let wrong = json!({"title": "Big Ones", "artist": "AC/DC"});
        let refused = post(&store, "/songs/", &song(&json!({"album": wrong})));
        assert_eq!(refused, (400, json!({"album": ["No Big Ones here."]})));
        let refused = post(&store, "/songs/", &song(&json!({"album": {"title": "Big Ones"}})));
        assert_eq!(refused, (400, json!({"album": {"artist": ["This field is required."]}})));
    }
}

#[test]
fn many_rows_are_found_by_asking_a_class_once() {
    for on in On::all() {
        let store = store(on);
        let long = store.number("SELECT min(id) FROM store_track WHERE milliseconds > 300000");
        let short: Vec<i64> = (1..7)
            .map(|n| {
                store.number(&format!(
                    "SELECT id FROM store_track WHERE milliseconds <= 300000 \
                     ORDER BY id LIMIT 1 OFFSET {n}"
                ))
            })
            .collect();
        let one = json!({"name": "L", "tracks": [short[0]]});
        let (few, made) = send(&store, "POST", "/lists/", &one);
        assert_eq!(made.status, 201, "{}", made.text());
        let many = json!({"name": "L", "tracks": short});
        let (more, made) = send(&store, "POST", "/lists/", &many);
        assert_eq!((made.status, few), (201, more));
        let tracks = made.json()["tracks"].clone();
        assert_eq!((&tracks[0]["key"], tracks.as_array().unwrap().len()), (&json!(short[0]), 6));
        assert!(tracks[0]["name"].is_string());
        // of a list of bodies, too
        let wrong: Vec<Json> =
            (0..9).map(|_| json!({"name": "L", "tracks": [short[0], long]})).collect();
        let (taken, refused) = send(&store, "POST", "/lists/", &Json::from(wrong));
        let text = format!("Track {long} is too long.");
        assert_eq!((refused.status, taken), (400, 2), "{}", refused.text());
        assert_eq!(refused.json()["8"], json!({"tracks": [text]}));
        // the first mistake is told, a form of an item before a row that is not there
        for (tracks, text) in [
            (json!([long, "x"]), format!("Track {long} is too long.")),
            (json!([short[0], "x"]), "Incorrect type. Expected pk value, received str.".to_owned()),
            (json!("x"), "Expected a list of items but got type \"str\".".to_owned()),
            (
                Json::from(vec![short[0]; 1001]),
                "Ensure this field has no more than 1000 elements.".to_owned(),
            ),
        ] {
            let refused = post(&store, "/lists/", &json!({"name": "L", "tracks": tracks}));
            assert_eq!(refused, (400, json!({"tracks": [text]})));
        }
        let (status, _) =
            post(&store, "/lists/", &json!({"name": "L", "tracks": vec![short[0]; 1000]}));
        assert_eq!(status, 201);
        // what is shown takes the same statements whatever the number of rows
        let (all, list) = send(&store, "GET", "/lists/", &json!({}));
        assert_eq!((list.status, all), (200, 3));
    }
}

#[test]
fn two_requests_at_once_make_a_related_row_once() {
    for on in On::all() {
        let store = store(on);
        for round in 0..5 {
            let name = format!("Genre {round}");
            let body = song(&json!({"genre": name}));
            let replies = together(4, |_| store.client_of(ADMIN).json("POST", "/songs/", &body));
            let statuses: Vec<u16> = replies.iter().map(|reply| reply.status).collect();
            assert_eq!(statuses, [201; 4], "{}", replies[0].text());
            let made = format!("SELECT count(*) FROM store_genre WHERE name = '{name}'");
            assert_eq!(store.number(&made), 1);
        }
    }
}

#[test]
fn a_list_of_slugs_links_the_rows_that_it_names() {
    for on in On::all() {
        let store = store(on);
        let name = |id: i64| {
            let (_, shown) = send(&store, "GET", &format!("/linked/{id}/"), &json!({}));
            shown.json()["name"].as_str().unwrap_or_default().to_owned()
        };
        let (first, second) = (name(1), name(2));
        let (few, made) =
            send(&store, "POST", "/slugs/", &json!({"name": "L", "tracks": [second]}));
        assert_eq!((made.status, &made.json()["tracks"]), (201, &json!([second])));
        let body = json!({"name": "L", "tracks": [second, first]});
        let (more, made) = send(&store, "POST", "/slugs/", &body);
        assert_eq!((made.status, few), (201, more), "{}", made.text());
        assert_eq!(made.json()["tracks"], json!([first, second]));
        let path = format!("/slugs/{}/", made.json()["id"]);
        let (_, changed) = send(&store, "PATCH", &path, &json!({"tracks": []}));
        assert_eq!(changed.json()["tracks"], json!([]));
        let beyond = name(101);
        for (tracks, text) in [
            (json!([first, "gone", 5]), "Object with name=gone does not exist.".to_owned()),
            (json!([first, 5]), "Object with name=5 does not exist.".to_owned()),
            (json!([first, null]), "Object with name=None does not exist.".to_owned()),
            (json!([[]]), "Object with name=[] does not exist.".to_owned()),
            (json!("new"), "Expected a list of items but got type \"str\".".to_owned()),
            (json!(null), "This field may not be null.".to_owned()),
            // not in the query set
            (json!([beyond]), format!("Object with name={beyond} does not exist.")),
        ] {
            let refused = post(&store, "/slugs/", &json!({"name": "L", "tracks": tracks}));
            assert_eq!(refused, (400, json!({"tracks": [text]})), "{tracks}");
        }
        assert_eq!(
            post(&store, "/slugs/", &json!({"name": "L"})),
            (400, json!({"tracks": ["This field is required."]}))
        );
    }
}

#[test]
fn addresses_name_rows() {
    for on in On::all() {
        let store = store(on);
        let body = |media: &Json, genre: &Json| {
            json!({
                "name": "S", "milliseconds": 1, "unit_price": "1.00", "media_type": media,
                "genre": genre,
            })
        };
        let (status, made) = post(&store, "/linked/", &body(&json!("/media/2/"), &json!(null)));
        let host = made["url"].as_str().unwrap().split("/linked/").next().unwrap().to_owned();
        let shown = json!(format!("{host}/media/2/"));
        assert_eq!((status, &made["media_type"], &made["genre"]), (201, &shown, &json!(null)));
        for (media, genre) in [
            (json!(format!("{host}/media/2/")), json!("/genres/Rock/")),
            (json!("http://other.example/media/2/?a=b#c"), json!("https:/genres/Rock/")),
            (json!("/media/%32/"), json!("/genres/%52ock/")),
        ] {
            let (status, made) = post(&store, "/linked/", &body(&media, &genre));
            let genre = json!(format!("{host}/genres/Rock/"));
            assert_eq!(
                (status, &made["media_type"], &made["genre"]),
                (201, &shown, &genre),
                "{made}"
            );
        }
        for (media, text) in [
            (json!("/media/9/"), "Invalid hyperlink - Object does not exist."),
            (json!("/media/abc/"), "Invalid hyperlink - Object does not exist."),
            (json!("/media/99999999999999999999/"), "Invalid hyperlink - Object does not exist."),
            (json!("/media/"), "Invalid hyperlink - Incorrect URL match."),
            (json!("/genres/Rock/"), "Invalid hyperlink - Incorrect URL match."),
            (json!("/nowhere/"), "Invalid hyperlink - No URL match."),
            (json!("media/1/"), "Invalid hyperlink - No URL match."),
            (json!("/media/1/?x=1"), "Invalid hyperlink - No URL match."),
            (json!("http:"), "Invalid hyperlink - No URL match."),
            (json!("http://\u{fffd}[/nowhere"), "Invalid hyperlink - No URL match."),
            (json!(5), "Incorrect type. Expected URL string, received int."),
            (json!(["/media/1/"]), "Incorrect type. Expected URL string, received list."),
            (json!(null), "This field may not be null."),
            (json!(""), "This field may not be null."),
        ] {
            let refused = post(&store, "/linked/", &body(&media, &json!(null)));
            assert_eq!(refused, (400, json!({"media_type": [text]})), "{media}");
        }
    }
}

#[test]
fn lists_of_addresses_name_rows() {
    for on in On::all() {
        let store = store(on);
        let tracks = json!(["/linked/2/", "http://testserver/linked/1/"]);
        let (few, made) =
            send(&store, "POST", "/addresses/", &json!({"name": "L", "tracks": tracks}));
        assert_eq!(made.status, 201, "{}", made.text());
        let shown = made.json()["tracks"][1].as_str().unwrap().to_owned();
        assert!(shown.ends_with("/linked/2/"), "{shown}");
        let all: Vec<String> = (1..30).map(|id| format!("/linked/{id}/")).collect();
        let (more, made) =
            send(&store, "POST", "/addresses/", &json!({"name": "L", "tracks": all}));
        assert_eq!((made.status, few), (201, more));
        for (tracks, text) in [
            (json!(["/linked/1/", "/linked/101/"]), "Invalid hyperlink - Object does not exist."),
            (json!(["/linked/1/", "/slugs/1/"]), "Invalid hyperlink - Incorrect URL match."),
            (json!(["/linked/999999/", 7]), "Invalid hyperlink - Object does not exist."),
            (json!(["/linked/1/", 7]), "Incorrect type. Expected URL string, received int."),
            (json!([null]), "Incorrect type. Expected URL string, received NoneType."),
        ] {
            let refused = post(&store, "/addresses/", &json!({"name": "L", "tracks": tracks}));
            assert_eq!(refused, (400, json!({"tracks": [text]})), "{tracks}");
        }
    }
}

#[test]
fn a_function_makes_the_address_of_a_row() {
    let store = store(On::all().remove(0));
    let client = store.client();
    let shown = client.get("/genres/Rock/").json()["url"].as_str().unwrap().to_owned();
    assert!(shown.ends_with("/genres/Rock/") && shown.starts_with("http"), "{shown}");
    assert_eq!(client.get("/genres/Rock/?by=name").json()["url"], "/by-name/Rock");
    let of = |album: i64| {
        let sql = format!("SELECT min(id) FROM store_track WHERE album_id = {album}");
        client.get(&format!("/linked/{}/", store.number(&sql))).json()["album"].clone()
    };
    assert_eq!((of(1), of(2)), (json!("/artists/1/albums/1/"), json!(null)));
}

#[test]
fn the_capture_of_an_address_may_have_another_name_than_the_column() {
    let store = store(On::all().remove(0));
    let shown = store.client().get("/media/3/").json();
    assert!(shown["url"].as_str().unwrap().ends_with("/media/3/"), "{shown}");
    assert_eq!(store.client().get("/media/99/").status, 404);
}
