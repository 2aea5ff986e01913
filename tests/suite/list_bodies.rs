//! Bodies that are lists: validated together, stored together, with errors by number.

use std::sync::Arc;

use musicstore::models::{Album, Artist, Genre, Playlist, Track, album, genre, playlist};
use quintet::authentication::TokenAuthentication;
use quintet::db::Database;
use quintet::prelude::*;
use quintet::schemas::OpenApi;
use quintet::serializers::ListSerializer;
use quintet_tests::client::Reply;
use quintet_tests::store::{ADMIN, On, Store};
use serde_json::{Value as Json, json};

use super::races::together;

#[derive(Serializer)]
#[serializer(model = Genre, fields(id, name))]
struct GenreSerializer {}

/// With what is joined and counted beside it.
#[derive(Serializer)]
#[serializer(model = Album)]
struct AlbumSerializer {
    id: i64,
    title: String,
    artist: PrimaryKeyRelated<Artist>,
    #[field(source = artist.name)]
    by: String,
    track_count: i64,
}

/// Stores lists in its own way.
#[derive(Serializer)]
#[serializer(model = Genre, fields(id, name), create_many, update_many)]
struct LoudSerializer {}

impl LoudSerializer {
    async fn create_many(new: Vec<Changes<Genre>>, cx: &mut Context) -> Result<Vec<Genre>> {
        let loud = new.into_iter().map(|new| {
            let name = new.get(genre::name).unwrap_or_default().to_uppercase();
            new.set(genre::name, name)
        });
        Ok(Genre::objects().bulk_create(loud, cx).await?)
    }

    /// What is not named goes.
    async fn update_many(changes: Vec<Changes<Genre>>, cx: &mut Context) -> Result<Vec<Genre>> {
        let mut rows = Vec::new();
        for mut change in changes {
            let known = change.stored(cx).await?.is_some();
            let mark = if known { "known" } else { "new" };
            let name = format!("{} ({mark})", change.get(genre::name).unwrap_or_default());
            rows.push(change.set(genre::name, name).save(cx).await?);
        }
        Ok(rows)
    }
}

/// Lists of bounded length.
#[derive(Serializer)]
struct KeptSerializer {
    #[field(min_length = 1, max_length = 4)]
    words: Vec<String>,
    #[field(nested, max_length = 2)]
    genres: Vec<WordSerializer>,
    numbers: Vec<i64>,
}

#[derive(Serializer)]
struct WordSerializer {
    word: String,
}

async fn keep(kept: Valid<KeptSerializer>, _: &mut Context) -> Result<Response> {
    Response::new(&(kept.words.len() + kept.genres.len() + kept.numbers.len()))
}

/// Links.
#[derive(Serializer)]
#[serializer(model = Playlist)]
struct PlaylistSerializer {
    id: i64,
    name: String,
    tracks: Vec<PrimaryKeyRelated<Track>>,
}

macro_rules! view_sets {
    ($($name:ident: $serializer:ident, $basename:literal, $list:expr, { $($rest:tt)* })*) => {$(
        struct $name;

        impl ViewSet for $name {
            type Base = ModelViewSet;
            type Serializer = $serializer;

            const LIST_SERIALIZER: Option<ListSerializer> = $list;

            fn basename(&self) -> String {
                $basename.to_owned()
            }

            $($rest)*
        }
    )*};
}

const UP_TO_THREE: ListSerializer = ListSerializer::new().max_length(3).min_length(2);

view_sets! {
    GenreViewSet: GenreSerializer, "genre", Some(ListSerializer::new()), {
        async fn perform_create_many(
            &self,
            new: Vec<Changes<Genre>>,
            cx: &mut Context,
        ) -> Result<Vec<Genre>> {
            Changes::save_many(new, cx).await
        }
    }
    OneViewSet: GenreSerializer, "one", None, {}
    FewViewSet: GenreSerializer, "few", Some(UP_TO_THREE), {}
    SomeViewSet: GenreSerializer, "some", Some(ListSerializer::new().allow_empty(false)), {}
    AlbumViewSet: AlbumSerializer, "album", Some(ListSerializer::new()), {
        async fn perform_create(&self, new: Changes<Album>, cx: &mut Context) -> Result<Album> {
            let title = format!("{}!", new.get(album::title).unwrap_or_default());
            new.set(album::title, title).save(cx).await
        }
    }
    PlaylistViewSet: PlaylistSerializer, "playlist", Some(ListSerializer::new()), {
        async fn perform_create_many(
            &self,
            new: Vec<Changes<Playlist>>,
            cx: &mut Context,
        ) -> Result<Vec<Playlist>> {
            let owner = cx.user().map(|user| user.id);
            let new = new.into_iter().map(|new| new.set(playlist::owner_id, owner));
            Changes::save_many(new.collect(), cx).await
        }
    }
}

/// Genres by number, of which those with a key are changed.
async fn correct(cx: &mut Context) -> Result<Response> {
    let genres = Genre::objects().filter(genre::id.le(3)).all(cx).await?;
    let list = GenreSerializer::from_data(cx.data()?).many().instances(&genres);
    let list =
        if cx.request.method == quintet::http::Method::PATCH { list.partial() } else { list };
    let rows = list.save(cx).await?;
    Response::new(&GenreSerializer::from_rows(&rows).data(cx).await?)
}

async fn loud(cx: &mut Context) -> Result<Response> {
    let genres = Genre::objects().filter(genre::id.le(3)).all(cx).await?;
    let list = LoudSerializer::from_data(cx.data()?).many().max_length(5);
    let list = if cx.request.query_params().get("known").is_some() {
        list.instances(&genres)
    } else {
        list
    };
    let rows = list.save(cx).await?;
    Response::new(&LoudSerializer::from_rows(&rows).data(cx).await?)
}

fn site(settings: Settings, database: Arc<Database>) -> Arc<Site> {
    let urls = Router::new()
        .register("genres", GenreViewSet)
        .register("one", OneViewSet)
        .register("few", FewViewSet)
        .register("some", SomeViewSet)
        .register("albums", AlbumViewSet)
        .register("playlists", PlaylistViewSet)
        .path("correct/", ApiView::new("Correct").put(correct).patch(correct), "correct")
        .path("kept/", ApiView::new("Kept").post(keep), "kept")
        .path("loud/", ApiView::new("Loud").post(loud), "loud");
    let site = Site::builder(settings, database)
        .authentication(TokenAuthentication::new())
        .permissions(AllowAny)
        .openapi(OpenApi::new("Lists", "1"));
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

fn named(names: &[&str]) -> Json {
    names.iter().map(|name| json!({"name": name})).collect()
}

fn names(rows: &Json) -> Vec<&str> {
    rows.as_array().expect("a list").iter().filter_map(|row| row["name"].as_str()).collect()
}

#[test]
fn a_list_is_stored_in_as_many_statements_as_one_object() {
    for on in On::all() {
        let store = store(on);
        let (one, made) = send(&store, "POST", "/genres/", &json!({"name": "Polka"}));
        assert_eq!(made.status, 201);
        for count in [1, 2, 60] {
            let list: Vec<String> = (0..count).map(|n| format!("New {count} {n}")).collect();
            let list: Vec<&str> = list.iter().map(String::as_str).collect();
            let (taken, made) = send(&store, "POST", "/genres/", &named(&list));
            assert_eq!((made.status, names(&made.json())), (201, list.clone()));
            assert!(made.json().as_array().unwrap().iter().all(|row| row["id"].is_i64()));
            // the user, whether the names are taken, the rows
            assert_eq!((one, taken), (3, 3), "{on:?} {count}");
        }
        let (status, none) = post(&store, "/genres/", &json!([]));
        assert_eq!((status, none), (201, json!([])));
    }
}

#[test]
fn errors_stand_under_the_number_of_their_item_and_nothing_is_stored() {
    for on in On::all() {
        let store = store(on);
        let count = || store.number("SELECT count(*) FROM store_genre");
        let before = count();
        let body = json!([{"name": "Fine"}, {}, {"name": "Rock"}, 5, null, {"name": "Also fine"}]);
        let expected = json!({
            "1": {"name": ["This field is required."]},
            "2": {"name": ["genre with this name already exists."]},
            "3": {"non_field_errors": ["Invalid data. Expected a dictionary, but got int."]},
            "4": ["This field may not be null."],
        });
        let (status, errors) = post(&store, "/genres/", &body);
        assert_eq!((status, errors), (400, expected));
        // the same value twice is for the database to see
        let (status, errors) = post(&store, "/genres/", &named(&["Twice", "Other", "Twice"]));
        let text = "genre with this name already exists.";
        assert_eq!((status, errors), (400, json!({"name": [text]})));
        assert_eq!(count(), before);
        // a view set that says nothing takes objects
        let (status, errors) = post(&store, "/one/", &named(&["Fine"]));
        let text = "Invalid data. Expected a dictionary, but got list.";
        assert_eq!((status, errors), (400, json!({"non_field_errors": [text]})));
        // and one that takes lists takes them alone beside objects
        for body in [json!("text"), json!(1), json!(null)] {
            assert_eq!(post(&store, "/genres/", &body), post(&store, "/one/", &body));
        }
    }
}

#[test]
fn a_list_has_as_many_items_as_it_may() {
    for on in On::all() {
        let store = store(on);
        let refused = |path: &str, body: &Json| {
            let (status, errors) = post(&store, path, body);
            assert_eq!(status, 400);
            errors["non_field_errors"][0].as_str().unwrap_or_default().to_owned()
        };
        assert_eq!(refused("/some/", &json!([])), "This list may not be empty.");
        let few = refused("/few/", &named(&["A"]));
        assert_eq!(few, "Ensure this field has at least 2 elements.");
        let many = refused("/few/", &named(&["A", "B", "C", "D"]));
        assert_eq!(many, "Ensure this field has no more than 3 elements.");
        assert_eq!(post(&store, "/few/", &named(&["A", "B", "C"])).0, 201);
        // one object is no list
        assert_eq!(post(&store, "/few/", &json!({"name": "D"})).0, 201);
        let names: Vec<String> = (0..=1000).map(|n| format!("Genre {n}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let most = refused("/genres/", &named(&names));
        assert_eq!(most, "Ensure this field has no more than 1000 elements.");
        let (taken, made) = send(&store, "POST", "/genres/", &named(&names[..1000]));
        assert_eq!((made.status, made.json().as_array().map(Vec::len)), (201, Some(1000)));
        assert!(taken <= 5, "{taken} statements");
        // where a list is a must
        for (body, kind) in [(json!({"name": "A"}), "dict"), (json!("a"), "str"), (json!(3), "int")]
        {
            let text = format!("Expected a list of items but got type \"{kind}\".");
            let (_, errors) = send(&store, "PUT", "/correct/", &body);
            assert_eq!(errors.json(), json!({"non_field_errors": [text]}));
        }
    }
}

#[test]
fn each_row_is_stored_and_shown_as_one_alone_would_be() {
    for on in On::all() {
        let store = store(on);
        let body = json!([{"title": "A", "artist": 1}, {"title": "B", "artist": 2}]);
        let (_, made) = send(&store, "POST", "/albums/", &body);
        assert_eq!(made.status, 201, "{}", made.text());
        for row in made.json().as_array().unwrap() {
            let one = store.client().get(&format!("/albums/{}/", row["id"])).json();
            assert_eq!(&one, row);
            assert!(row["title"].as_str().unwrap().ends_with('!') && row["by"].is_string());
        }
        // links: all or none
        let lists = "SELECT count(*) FROM store_playlist";
        let before = store.number(lists);
        let body = json!([{"name": "One", "tracks": [3, 1]}, {"name": "Two", "tracks": []}]);
        let (status, made) = post(&store, "/playlists/", &body);
        assert_eq!(
            (status, &made[0]["tracks"], &made[1]["tracks"]),
            (201, &json!([1, 3]), &json!([]))
        );
        let body =
            json!([{"name": "One", "tracks": [3]}, {"name": "Two", "tracks": [3, 9_999_999]}]);
        let (status, errors) = post(&store, "/playlists/", &body);
        let text = "Invalid pk \"9999999\" - object does not exist.";
        assert_eq!((status, errors), (400, json!({"1": {"tracks": [text]}})));
        assert_eq!(store.number(lists), before + 2);
    }
}

#[test]
fn items_with_the_key_of_a_row_change_it() {
    for on in On::all() {
        let store = store(on);
        let (_, second) = send(&store, "GET", "/genres/2/", &json!({}));
        // a name of its own is not taken
        let same = &second.json()["name"];
        let body = json!([{"id": 2, "name": same}, {"name": "New"}, {"id": "1", "name": "Other"}]);
        let (_, changed) = send(&store, "PUT", "/correct/", &body);
        assert_eq!(changed.status, 200, "{}", changed.text());
        let rows = changed.json();
        assert_eq!((&rows[0]["id"], &rows[0]["name"]), (&json!(2), same));
        assert_eq!((&rows[2]["id"], &rows[2]["name"]), (&json!(1), &json!("Other")));
        assert!(rows[1]["id"].as_i64().unwrap() > 3);
        // a key is named by its text, as DRF does
        let (_, refused) = send(&store, "PUT", "/correct/", &json!([{"id": "01", "name": "A"}]));
        let text = "Invalid pk \"01\" - object does not exist.";
        assert_eq!((refused.status, refused.json()), (400, json!({"0": {"id": [text]}})));
        let (_, partly) = send(&store, "PATCH", "/correct/", &json!([{"id": 1}]));
        assert_eq!(partly.json(), json!([{"id": 1, "name": "Other"}]));
        // not one of the rows, not a key at all
        let body =
            json!([{"id": 9, "name": "A"}, {"id": [1], "name": "B"}, {"id": 1, "name": same}]);
        let (_, refused) = send(&store, "PUT", "/correct/", &body);
        let expected = json!({
            "0": {"id": ["Invalid pk \"9\" - object does not exist."]},
            "1": {"id": ["Invalid pk \"[1]\" - object does not exist."]},
            "2": {"name": ["genre with this name already exists."]},
        });
        assert_eq!((refused.status, refused.json()), (400, expected));
    }
}

#[test]
fn a_serializer_stores_lists_in_its_own_way() {
    for on in On::all() {
        let store = store(on);
        assert_eq!(names(&post(&store, "/loud/", &named(&["a", "b"])).1), ["A", "B"]);
        let body = json!([{"id": 1, "name": "x"}, {"name": "y"}]);
        assert_eq!(names(&post(&store, "/loud/?known=1", &body).1), ["x (known)", "y (new)"]);
        assert_eq!(post(&store, "/loud/", &named(&["1", "2", "3", "4", "5", "6"])).0, 400);
    }
}

#[test]
fn lists_of_several_at_once_are_stored_whole_or_not_at_all() {
    for on in On::all() {
        let store = store(on);
        for round in 0..3 {
            let replies = together(4, |client| {
                // one name is wanted by all of them, and not at the same place
                let mut own: Vec<String> =
                    (0..4).map(|n| format!("{round} {client} {n}")).collect();
                own.insert(client, format!("Shared {round}"));
                let own: Vec<&str> = own.iter().map(String::as_str).collect();
                send(&store, "POST", "/genres/", &named(&own)).1
            });
            let made = replies.iter().filter(|reply| reply.status == 201).count();
            assert_eq!(made, 1, "{on:?}");
            for reply in replies.iter().filter(|reply| reply.status != 201) {
                assert_eq!(reply.status, 400, "{}", reply.text());
            }
            let stored = format!("SELECT count(*) FROM store_genre WHERE name LIKE '{round} %'");
            assert_eq!(store.number(&stored), 4);
        }
    }
}

/// New names for the first artists.
fn renamed(ids: impl Iterator<Item = i64>, name: &str) -> Json {
    ids.map(|id| json!({"id": id, "name": format!("{name} {id}")})).collect()
}

#[test]
fn many_rows_are_renamed_in_as_many_statements_as_one() {
    for on in On::all() {
        let store = Store::new(on);
        let put = |body: &Json| send(&store, "PUT", "/api/bulk/artists/", body);
        let (one, _) = put(&renamed(1..=1, "One"));
        let (many, reply) = put(&renamed(1..=200, "Many"));
        assert_eq!((reply.status, names(&reply.json()).len()), (200, 200));
        // the user, the rows, the names
        assert_eq!((one, many), (3, 3), "{on:?}");
        let stored = "SELECT count(*) FROM store_artist WHERE name LIKE 'Many %'";
        assert_eq!(store.number(stored), 200);
        let (_, reply) = put(&renamed(100..=400, "Missing"));
        assert_eq!(
            (reply.status, reply.json()),
            (400, json!({"id": "Artist 276 does not exist."}))
        );
        assert_eq!(store.number(stored), 200);
    }
}

#[test]
fn of_lists_that_rename_the_same_rows_at_once_one_is_stored_whole() {
    for on in On::all() {
        let store = Store::new(on);
        let replies = together(4, |client| {
            let mut body = renamed(1..=50, &format!("Client {client}"));
            if client % 2 == 1 {
                body.as_array_mut().expect("a list").reverse();
            }
            send(&store, "PUT", "/api/bulk/artists/", &body).1
        });
        for reply in replies {
            assert_eq!(reply.status, 200, "{}", reply.text());
        }
        let kinds = "SELECT count(DISTINCT substr(name, 1, 8)) FROM store_artist WHERE id <= 50";
        assert_eq!(store.number(kinds), 1, "{on:?}");
    }
}

#[test]
fn a_form_may_be_a_list() {
    let store = Store::new(On::Sqlite);
    let send = |body: &str| {
        let headers = [("Content-Type", "application/x-www-form-urlencoded")];
        let (client, path) = (store.client_of(ADMIN), "/api/bulk/artists/");
        let reply = client.send("POST", path, &headers, body.as_bytes());
        (reply.status, reply.json())
    };
    let made = json!([{"id": 276, "name": "A"}, {"id": 277, "name": "B"}]);
    assert_eq!(send("[1]name=B&[0]name=A"), (201, made));
    let wrong = json!({"1": {"name": ["This field may not be blank."]}});
    assert_eq!(send("[0]name=A&[1]name="), (400, wrong));
    let empty = json!({"non_field_errors": ["This list may not be empty."]});
    assert_eq!(send("name=A"), (400, empty));
}

#[test]
fn the_document_shows_an_object_or_a_list() {
    let store = store(On::Sqlite);
    let document = store.site().site().openapi().expect("a document").json();
    let document: Json = serde_json::from_str(document).expect("JSON");
    let body = |path: &str, place: &str| document["paths"][path]["post"].pointer(place).cloned();
    let sent = "/requestBody/content/application~1json/schema";
    let one = json!({"$ref": "#/components/schemas/Genre"});
    let few =
        json!({"oneOf": [one, {"type": "array", "items": one, "minItems": 2, "maxItems": 3}]});
    assert_eq!(body("/few/", sent), Some(few));
    assert_eq!(body("/one/", sent), Some(one.clone()));
    let some = body("/some/", sent).unwrap();
    assert_eq!(
        (&some["oneOf"][1]["minItems"], &some["oneOf"][1]["maxItems"]),
        (&json!(1), &json!(1000))
    );
    let shown = "/responses/201/content/application~1json/schema";
    let either = json!({"oneOf": [one, {"type": "array", "items": one}]});
    assert_eq!(body("/few/", shown), Some(either));
    assert_eq!(body("/one/", shown), Some(one));
    // and lists in bodies have their lengths
    let kept = &document["components"]["schemas"]["Kept"]["properties"];
    let lengths = |name: &str| (kept[name]["minItems"].clone(), kept[name]["maxItems"].clone());
    assert_eq!(lengths("words"), (json!(1), json!(4)));
    assert_eq!(lengths("genres"), (Json::Null, json!(2)));
    assert_eq!(lengths("numbers"), (Json::Null, Json::Null));
}
