//! Serializers as values: rows that code shows, and input that code validates.

use std::sync::Arc;

use musicstore::models::{Album, Genre, album, genre};
use musicstore::serializers::{AlbumDetailSerializer, AlbumSerializer, GenreSerializer};
use musicstore::views::AlbumViewSet;
use quintet::db::Database;
use quintet::filters::order_by;
use quintet::prelude::*;
use quintet::viewsets::GenericViewSet;
use quintet_tests::client::Reply;
use quintet_tests::store::{On, Store};
use serde_json::{Value as Json, json};

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

/// The albums that `?ids=` names, in that order.
async fn named(cx: &Context) -> Result<Vec<Album>> {
    let ids = cx.request.query_params().get("ids").unwrap_or_default();
    let ids: Vec<i64> = ids.split(',').filter_map(|id| id.parse().ok()).collect();
    let found = Album::objects().filter(album::id.eq_any(ids.clone())).all(cx).await?;
    Ok(ids.iter().filter_map(|id| found.iter().find(|album| album.id == *id).cloned()).collect())
}

/// What is read of a body, whose album is read by another serializer.
#[derive(Serializer)]
struct EnvelopeSerializer {
    album: serde_json::Value,
}

struct Code;

#[view_set]
impl ViewSet for Code {
    type Base = GenericViewSet;
    type Serializer = AlbumSerializer;

    #[action(list)]
    async fn one(&self, cx: &mut Context) -> Result<Text> {
        let mut albums = named(cx).await?;
        let mut album = albums.pop().ok_or(ApiException::NotFound(None))?;
        if let Some(title) = cx.request.query_params().get("title") {
            title.clone_into(&mut album.title);
        }
        let data = AlbumDetailSerializer::from_row(&album).data(cx).await?;
        Response::new(&data).map(Text)
    }

    #[action(list)]
    async fn several(&self, cx: &mut Context) -> Result<Text> {
        let albums = named(cx).await?;
        let data = AlbumDetailSerializer::from_rows(&albums).data(cx).await?;
        Response::new(&data).map(Text)
    }

    #[action(list)]
    async fn found(&self, cx: &mut Context) -> Result<Text> {
        let albums = Album::objects().order_by(order_by![id]).slice(0, 3);
        let data = AlbumDetailSerializer::from_query(albums).data(cx).await?;
        let genres = Genre::objects().filter(genre::id.le(2)).order_by(order_by![id]);
        let bytes = GenreSerializer::from_query(genres).json(cx).await?;
        let genres = String::from_utf8(bytes).map_err(ApiException::internal)?;
        Response::new(&json!({"albums": data, "genres": genres})).map(Text)
    }

    #[action(list)]
    async fn unsaved(&self, cx: &mut Context) -> Result<Text> {
        let album = Album { id: 0, title: "New".into(), artist_id: 1 };
        let genre = Genre { id: 0, name: "Polka".into() };
        let album = AlbumDetailSerializer::from_row(&album).data(cx).await?;
        let genre = GenreSerializer::from_row(&genre).data(cx).await?;
        let none = AlbumSerializer::from_rows(&[] as &[Album]).data(cx).await?;
        Response::new(&json!({"album": album, "genre": genre, "none": none})).map(Text)
    }

    /// Stores what comes in an envelope, under the artist that the address names.
    #[action(list, post, url_path = "by/(?P<artist>[0-9]+)")]
    async fn make(&self, body: Valid<EnvelopeSerializer>, cx: &mut Context) -> Result<Text> {
        let artist = cx.request.kwarg("artist").and_then(|key| key.parse().ok()).unwrap_or(0);
        let new = AlbumSerializer::from_data(body.album.clone()).validated(cx).await?;
        let album = cx.save(new.set(album::artist_id, artist)).await?;
        Response::new(&json!({"title": album.title, "artist": album.artist_id})).map(Text)
    }

    /// Changes what the envelope mentions of an album.
    #[action(detail, post)]
    async fn change(
        &self,
        album: Object<Album>,
        body: Valid<EnvelopeSerializer>,
        cx: &mut Context,
    ) -> Result<Text> {
        let input = AlbumSerializer::from_data(body.album.clone()).instance(&album).partial();
        let album = cx.save(input.validated(cx).await?).await?;
        Response::new(&json!({"id": album.id, "title": album.title})).map(Text)
    }
}

fn site(settings: Settings, database: Arc<Database>) -> Arc<Site> {
    let urls = Router::new().register("albums", AlbumViewSet).register("code", Code);
    let site = Site::builder(settings, database).permissions(AllowAny);
    site.mount(urls.at("/")).build().expect("the site builds")
}

fn store(on: On) -> Store {
    Store::serving(on, |_| {}, site)
}

fn get(store: &Store, path: &str) -> (u64, Json) {
    let (statements, reply) = store.counted(|| store.client().get(path));
    assert_eq!(reply.status, 200, "{path}: {}", reply.json());
    (statements, reply.json())
}

#[test]
fn a_row_is_shown_as_its_address_shows_it() {
    for on in On::all() {
        let store = store(on);
        let (_, shown) = get(&store, "/albums/4/");
        // the row; its artist and the count; its tracks
        assert_eq!(get(&store, "/code/one/?ids=4"), (3, shown.clone()));
        // what the row in hand holds, stored or not
        let (_, renamed) = get(&store, "/code/one/?ids=4&title=Renamed");
        assert_eq!(renamed["title"], "Renamed");
        assert_eq!(renamed["tracks"], shown["tracks"]);
    }
}

#[test]
fn rows_are_shown_in_their_order_in_a_fixed_number_of_statements() {
    for on in On::all() {
        let store = store(on);
        let each: Vec<Json> =
            [1, 2, 3].iter().map(|id| get(&store, &format!("/albums/{id}/")).1).collect();
        let expected = json!([each[2], each[0], each[2], each[1]]);
        assert_eq!(get(&store, "/code/several/?ids=3,1,3,2"), (3, expected));
        assert_eq!(get(&store, "/code/several/?ids=2"), (3, json!([each[1]])));
        // none at all asks for nothing more
        assert_eq!(get(&store, "/code/several/?ids=0"), (1, json!([])));
        // albums with what is beside them, tracks, genres
        let genres = r#"[{"id":1,"name":"Rock"},{"id":2,"name":"Jazz"}]"#;
        let found = json!({"albums": each, "genres": genres});
        assert_eq!(get(&store, "/code/found/"), (3, found));
    }
}

#[test]
fn a_row_that_is_not_stored_has_nothing_beside_it() {
    for on in On::all() {
        let (statements, shown) = get(&store(on), "/code/unsaved/");
        assert_eq!(statements, 2);
        assert_eq!(shown["album"]["title"], "New");
        assert_eq!(shown["album"]["artist"], Json::Null);
        assert_eq!(shown["album"]["track_count"], 0);
        assert_eq!(shown["album"]["tracks"], json!([]));
        assert_eq!(shown["genre"], json!({"id": 0, "name": "Polka"}));
        assert_eq!(shown["none"], json!([]));
    }
}

fn post(store: &Store, path: &str, body: &Json) -> (u64, Reply) {
    let headers = [("Content-Type", "application/json")];
    store.counted(|| store.client().send("POST", path, &headers, &body.to_string().into_bytes()))
}

#[test]
fn input_of_an_envelope_is_validated_and_saved_with_more() {
    for on in On::all() {
        let store = store(on);
        let body =
            |title: &str, artist: i64| json!({"album": {"title": title, "artist_id": artist}});
        // the artist, the unique set, the row
        let (statements, made) = post(&store, "/code/by/2/", &body("New", 1));
        assert_eq!((made.status, statements), (200, 3), "{}", made.json());
        assert_eq!(made.json(), json!({"title": "New", "artist": 2}));
        let (_, refused) = post(&store, "/code/by/2/", &body("", 999_999));
        assert_eq!(refused.status, 400);
        assert_eq!(
            refused.json(),
            json!({
                "title": ["This field may not be blank."],
                "artist_id": ["Invalid pk \"999999\" - object does not exist."],
            })
        );
        let (_, refused) = post(&store, "/code/by/2/", &json!({"album": [1]}));
        let text = "Invalid data. Expected a dictionary, but got list.";
        assert_eq!(refused.json(), json!({"non_field_errors": [text]}));
    }
}

#[test]
fn input_for_a_stored_row_is_held_against_it() {
    for on in On::all() {
        let store = store(on);
        let change = |title: &str| {
            let body = json!({"album": {"title": title}});
            post(&store, "/code/1/change/", &body)
        };
        let stored = get(&store, "/albums/1/").1["title"].clone();
        // its own title is not taken, and nothing is asked
        let (statements, same) = change(stored.as_str().unwrap());
        assert_eq!((same.status, same.json()["title"].clone(), statements), (200, stored, 2));
        // the other album of its artist
        let (_, taken) = change("Let There Be Rock");
        assert_eq!(taken.status, 400, "{}", taken.json());
        assert_eq!(
            taken.json(),
            json!({"non_field_errors": ["The fields artist, title must make a unique set."]})
        );
        // the object, the unique set, the row
        let (statements, renamed) = change("Renamed");
        assert_eq!((renamed.status, statements), (200, 3));
        assert_eq!(renamed.json(), json!({"id": 1, "title": "Renamed"}));
    }
}
