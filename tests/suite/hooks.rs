//! What functions of serializers and filter sets know about the request.

use std::sync::Arc;

use musicstore::models::{Artist, Playlist, Track, playlist};
use quintet::auth::User;
use quintet::authentication::TokenAuthentication;
use quintet::db::Database;
use quintet::fields::{Field, FieldKind};
use quintet::filters::FilterSet;
use quintet::filters::django_filters::BooleanFilter;
use quintet::prelude::*;
use quintet::serializers::{Attrs, CurrentUserDefault, CustomField, Instance, JsonObject};
use quintet::viewsets::Action;
use quintet_tests::client::{Client, Reply};
use quintet_tests::store::{ADMIN, ALICE, On, STAFF, Store};
use serde_json::{Value as Json, json};

/// A playlist as its reader sees it.
#[derive(Serializer)]
#[serializer(model = Playlist, validate)]
struct PlaylistSerializer {
    id: i64,
    #[field(validate)]
    name: String,
    #[field(hidden, default_with = CurrentUserDefault)]
    owner: PrimaryKeyRelated<User>,
    #[field(default_with = may_publish)]
    is_public: bool,
    #[field(method)]
    is_mine: bool,
    #[field(method = seen_by)]
    seen_by: String,
}

/// Staff publish what they make.
fn may_publish(cx: &Context) -> bool {
    cx.user().is_some_and(|user| user.is_staff)
}

impl PlaylistSerializer {
    fn get_is_mine(playlist: &Playlist, cx: &Context) -> bool {
        let user = cx.user().map(|user| user.id);
        user.is_some() && user == playlist.owner_id
    }

    fn seen_by(_: &Instance<'_, Playlist>, cx: &Context) -> String {
        let user = cx.user().map_or("nobody", |user| &user.username);
        format!("{user} in {} of {}", cx.action().map_or("none", Action::name), cx.view().basename)
    }

    fn validate_name(name: String, cx: &Context) -> Validated<String> {
        let staff = cx.user().is_some_and(|user| user.is_staff);
        if name.starts_with("Official") && !staff {
            return Err("Only staff name a playlist so.".into());
        }
        Ok(name)
    }

    fn validate(attrs: &mut Attrs<'_, Playlist>, cx: &Context) -> Validated {
        let superuser = cx.user().is_some_and(|user| user.is_superuser);
        if attrs.sent(playlist::is_public) == Some(true) && !superuser && !may_publish(cx) {
            return Err("You cannot publish.".into());
        }
        Ok(())
    }
}

/// Tracks with the playlists that they are on.
#[derive(Serializer)]
#[serializer(model = Track)]
struct TrackSerializer {
    id: i64,
    #[field(nested)]
    playlists: Vec<PlaylistSerializer>,
}

#[derive(FilterSet)]
#[filter_set(model = Playlist)]
struct PlaylistFilter {
    #[filter(method = filter_mine)]
    mine: BooleanFilter,
}

impl PlaylistFilter {
    fn filter_mine(
        playlists: QuerySet<Playlist>,
        _name: &str,
        mine: bool,
        cx: &Context,
    ) -> QuerySet<Playlist> {
        let owned = Playlist::fields().owner().id().exact(cx.user().map_or(0, |user| user.id));
        playlists.filter_by(if mine { owned } else { !owned })
    }
}

struct PlaylistViewSet;

impl ViewSet for PlaylistViewSet {
    type Base = ModelViewSet;
    type Serializer = PlaylistSerializer;

    const FILTERSET_CLASS: Filters<Playlist> = Filters::of::<PlaylistFilter>();
}

struct TrackViewSet;

impl ViewSet for TrackViewSet {
    type Base = ReadOnlyModelViewSet;
    type Serializer = TrackSerializer;
}

/// An artist in another program's format: `title`, and a name in capitals.
#[derive(Serializer)]
#[serializer(model = Artist, to_internal_value, to_representation)]
struct ArtistSerializer {
    id: i64,
    name: String,
}

impl ArtistSerializer {
    fn to_internal_value(mut data: JsonObject, cx: &Context) -> Validated<JsonObject> {
        if data.contains_key("secret") && !cx.user().is_some_and(|user| user.is_superuser) {
            return Err(Detail::field("secret", "You have none."));
        }
        if data.contains_key("nothing") {
            return Err("Send something.".into());
        }
        if let Some(title) = data.remove("title") {
            data.insert("name".into(), title);
        }
        Ok(data)
    }

    fn to_representation(artist: &Artist, mut shown: JsonObject, cx: &Context) -> JsonObject {
        shown.insert("loud".into(), artist.name.to_uppercase().into());
        shown.insert("as".into(), cx.user().map(|user| user.username.clone()).into());
        shown
    }
}

struct ArtistViewSet;

impl ViewSet for ArtistViewSet {
    type Base = ModelViewSet;
    type Serializer = ArtistSerializer;
}

/// Albums with an artist in it, shown and taken.
#[derive(Serializer)]
#[serializer(model = musicstore::models::Album)]
struct AlbumSerializer {
    id: i64,
    title: String,
    #[field(nested)]
    artist: ArtistSerializer,
}

struct AlbumViewSet;

impl ViewSet for AlbumViewSet {
    type Base = ReadOnlyModelViewSet;
    type Serializer = AlbumSerializer;
}

/// A point that may be sent as one text.
#[derive(Serializer)]
#[serializer(to_internal_value)]
struct PointSerializer {
    x: Decimal,
    y: i64,
}

impl PointSerializer {
    fn to_internal_value(mut data: JsonObject) -> Validated<JsonObject> {
        if let Some(Json::String(both)) = data.remove("both") {
            let (x, y) = both.split_once(',').ok_or("Write two numbers.")?;
            data.insert("x".into(), x.into());
            data.insert("y".into(), y.parse::<i64>().unwrap_or(-1).into());
        }
        Ok(data)
    }
}

#[derive(Serializer)]
struct LineSerializer {
    #[field(nested)]
    from: PointSerializer,
    #[field(nested)]
    by: Vec<PointSerializer>,
}

/// The length of a track: `m:ss` to clients, milliseconds to the database.
struct Length(i32);

impl CustomField for Length {
    type Stored = i32;

    fn from_stored(stored: i32) -> Self {
        Self(stored)
    }

    fn into_stored(self) -> i32 {
        self.0
    }

    fn to_representation(&self, cx: &Context) -> Json {
        if cx.request.query_params().get("exact").is_some() {
            return self.0.into();
        }
        let seconds = self.0 / 1000;
        format!("{}:{:02}", seconds / 60, seconds % 60).into()
    }

    fn to_internal_value(data: Json, _: &Context) -> Validated<Self> {
        let parts = data.as_str().and_then(|text| text.split_once(':'));
        let (minutes, seconds) = parts.ok_or("Write a length as `m:ss`.")?;
        match (minutes.parse::<i32>(), seconds.parse::<i32>()) {
            (Ok(minutes @ 0..1000), Ok(seconds @ 0..60)) => {
                Ok(Self((minutes * 60 + seconds) * 1000))
            }
            _ => Err("Write a length as `m:ss`.".into()),
        }
    }

    fn field(name: &'static str) -> Field {
        Field::char(name).help_text("Minutes and seconds.")
    }
}

/// Tracks with a custom field.
#[derive(Serializer)]
#[serializer(model = Track)]
struct SongSerializer {
    id: i64,
    #[field(custom, validate)]
    milliseconds: Length,
}

impl SongSerializer {
    fn validate_milliseconds(length: i32) -> Validated<i32> {
        if length == 1000 { Err("Too short to be heard.".into()) } else { Ok(length) }
    }
}

/// Albums with their tracks in it.
#[derive(Serializer)]
#[serializer(model = musicstore::models::Album)]
struct SongsSerializer {
    #[field(nested, source = tracks)]
    songs: Vec<SongSerializer>,
}

struct SongViewSet;

impl ViewSet for SongViewSet {
    type Base = ModelViewSet;
    type Serializer = SongSerializer;
}

struct SongsViewSet;

impl ViewSet for SongsViewSet {
    type Base = ReadOnlyModelViewSet;
    type Serializer = SongsSerializer;
}

#[derive(Serializer)]
struct CutSerializer {
    #[field(custom)]
    from: Length,
    #[field(custom)]
    to: Option<Length>,
}

/// Shows what it read, one second longer.
async fn cut(cx: &mut Context) -> Result<quintet::views::Json<CutSerializer>, ApiException> {
    let CutSerializer { from, to } = cx.validated().await?;
    let to = to.map(|length| Length(length.0 + 1000));
    Ok(quintet::views::Json(CutSerializer { from: Length(from.0 + 1000), to }))
}

async fn line(cx: &mut Context) -> Result<Response, ApiException> {
    let line: LineSerializer = cx.validated().await?;
    let shown = |point: &PointSerializer| format!("{}/{}", point.x, point.y);
    Response::new(&json!({
        "from": shown(&line.from),
        "by": line.by.iter().map(shown).collect::<Vec<_>>(),
    }))
}

fn site(on: On) -> Store {
    Store::serving(
        on,
        |_| {},
        |settings, database: Arc<Database>| {
            let router = Router::new()
                .register("playlists", PlaylistViewSet)
                .register("tracks", TrackViewSet)
                .register("artists", ArtistViewSet)
                .register("albums", AlbumViewSet)
                .register("songs", SongViewSet)
                .register("albums-of-songs", SongsViewSet)
                .path("cut/", ApiView::new("Cut").post(cut), "cut")
                .path("line/", ApiView::new("Line").post(line), "line");
            Site::builder(settings, database)
                .authentication((TokenAuthentication::new(),))
                .permissions(AllowAny)
                .pagination(PageNumberPagination::new().page_size(3))
                .mount(router.at("/"))
                .build()
                .expect("a site")
        },
    )
}

fn seen(playlist: &Json) -> String {
    format!("{}, {}", playlist["is_mine"], playlist["seen_by"].as_str().unwrap_or_default())
}

/// The first playlist that Alice owns.
fn of_alice(store: &Store) -> i64 {
    store.number(
        "SELECT min(p.id) FROM store_playlist p JOIN auth_user u ON u.id = p.owner_id \
         WHERE u.username = 'alice'",
    )
}

#[test]
fn a_method_field_shows_each_reader_their_own() {
    for on in On::all() {
        let store = site(on);
        let own = of_alice(&store);
        let path = format!("/playlists/{own}/");
        let read = |client: Client, path: &str| client.get(path).json();
        let (alice, nobody) = (store.client_of(ALICE), store.client());
        assert_eq!(seen(&read(alice.clone(), &path)), "true, alice in retrieve of playlist");
        assert_eq!(seen(&read(nobody.clone(), &path)), "false, nobody in retrieve of playlist");
        let list = read(alice.clone(), "/playlists/?mine=true");
        assert_eq!(seen(&list["results"][0]), "true, alice in list of playlist", "{on:?}");
        let track = store.number(&format!(
            "SELECT min(track_id) FROM store_playlist_tracks WHERE playlist_id = {own}"
        ));
        let path = format!("/tracks/{track}/");
        let nested = |client| {
            let track = read(client, &path);
            let all = track["playlists"].as_array().unwrap();
            seen(all.iter().find(|playlist| playlist["id"] == own).unwrap())
        };
        assert_eq!(nested(alice), "true, alice in retrieve of track");
        assert_eq!(nested(nobody), "false, nobody in retrieve of track");
    }
}

#[test]
fn a_list_whose_functions_ask_for_the_user_takes_the_usual_statements() {
    for on in On::all() {
        let store = site(on);
        for (path, statements) in
            [("/playlists/", 3), ("/tracks/", 4), ("/artists/", 3), ("/albums/", 3)]
        {
            let (taken, reply) = store.counted(|| store.client_of(ALICE).get(path));
            // the user, the rows, their number, the playlists of all tracks
            assert_eq!((reply.status, taken), (200, statements), "{on:?} {path}");
        }
    }
}

fn create(store: &Store, key: &str, body: &Json) -> Reply {
    store.client_of(key).json("POST", "/playlists/", body)
}

#[test]
fn validators_look_at_the_user() {
    for on in On::all() {
        let store = site(on);
        let official = json!({"name": "Official", "is_public": false});
        let refused = create(&store, ALICE, &official);
        assert_eq!(
            (refused.status, refused.json()),
            (400, json!({"name": ["Only staff name a playlist so."]}))
        );
        assert_eq!(create(&store, STAFF, &official).status, 201, "{on:?}");
        let public = json!({"name": "Mine", "is_public": true});
        let refused = create(&store, ALICE, &public);
        let expected = json!({"non_field_errors": ["You cannot publish."]});
        assert_eq!((refused.status, refused.json()), (400, expected), "{on:?}");
        assert_eq!(create(&store, ADMIN, &public).status, 201, "{on:?}");
        let path = format!("/playlists/{}/", of_alice(&store));
        let renamed = store.client_of(ALICE).json("PATCH", &path, &json!({"name": "Official"}));
        assert_eq!(renamed.status, 400, "{on:?}");
    }
}

#[test]
fn defaults_are_made_of_the_user() {
    for on in On::all() {
        let store = site(on);
        // a hidden field takes no input
        let body = json!({"name": "New", "owner": 1});
        for (key, name, public) in [(ALICE, "alice", false), (STAFF, "staff", true)] {
            let made = create(&store, key, &body).json();
            assert_eq!((&made["is_mine"], &made["is_public"]), (&json!(true), &json!(public)));
            assert_eq!(made.get("owner"), None, "{on:?} {name}");
        }
        let made = store.client().json("POST", "/playlists/", &body).json();
        assert_eq!(made["is_mine"], json!(false), "{on:?}");
        let id = &made["id"];
        let owners =
            store.number(&format!("SELECT count(owner_id) FROM store_playlist WHERE id = {id}"));
        assert_eq!(owners, 0, "{on:?}");
        // a partial update leaves alone what it does not name
        let path = format!("/playlists/{}/", of_alice(&store));
        let changed = store.client_of(ADMIN).json("PATCH", &path, &json!({"name": "Other"}));
        assert_eq!((changed.status, &changed.json()["is_mine"]), (200, &json!(false)));
        assert_eq!(store.client_of(ALICE).get(&path).json()["is_mine"], json!(true), "{on:?}");
    }
}

#[test]
fn a_filter_method_looks_at_the_user() {
    for on in On::all() {
        let store = site(on);
        let count = |client: &Client, query: &str| {
            client.get(&format!("/playlists/?{query}")).json()["count"].as_i64().unwrap()
        };
        let own = store.number(
            "SELECT count(*) FROM store_playlist p JOIN auth_user u ON u.id = p.owner_id WHERE \
             u.username = 'alice'",
        );
        let (alice, nobody) = (store.client_of(ALICE), store.client());
        let all = count(&alice, "");
        assert!(own > 0 && own < all, "{on:?} {own} of {all}");
        assert_eq!((count(&alice, "mine=true"), count(&alice, "mine=false")), (own, all - own));
        assert_eq!((count(&nobody, "mine=true"), count(&nobody, "mine=maybe")), (0, all));
    }
}

#[test]
fn to_representation_has_the_last_word_wherever_a_row_is_shown() {
    for on in On::all() {
        let store = site(on);
        let alice = store.client_of(ALICE);
        let first = json!({"id": 1, "name": "AC/DC", "loud": "AC/DC", "as": "alice"});
        assert_eq!(alice.get("/artists/1/").json(), first, "{on:?}");
        assert_eq!(alice.get("/artists/").json()["results"][0], first, "{on:?}");
        assert_eq!(alice.get("/albums/1/").json()["artist"], first, "{on:?}");
        assert!(alice.get("/artists/1/").text().starts_with(r#"{"id":1,"name":"#), "{on:?}");
        let made = alice.json("POST", "/artists/", &json!({"name": "Mina"}));
        let (id, body) = (made.json()["id"].clone(), made.json());
        assert_eq!(body, json!({"id": id, "name": "Mina", "loud": "MINA", "as": "alice"}));
        let path = format!("/artists/{id}/");
        let changed = store.client().json("PATCH", &path, &json!({"name": "Nina"})).json();
        assert_eq!(changed, json!({"id": id, "name": "Nina", "loud": "NINA", "as": null}));
    }
}

#[test]
fn to_internal_value_sees_what_was_sent_and_may_refuse_it() {
    for on in On::all() {
        let store = site(on);
        let alice = store.client_of(ALICE);
        let post = |body: &Json| {
            let reply = alice.json("POST", "/artists/", body);
            (reply.status, reply.json())
        };
        assert_eq!(post(&json!({"title": "Mina"})).1["name"], "Mina", "{on:?}");
        assert_eq!(
            post(&json!({"title": ""})),
            (400, json!({"name": ["This field may not be blank."]}))
        );
        assert_eq!(post(&json!({})), (400, json!({"name": ["This field is required."]})));
        let refused = json!({"secret": ["You have none."]});
        assert_eq!(post(&json!({"name": "Mina", "secret": 1})), (400, refused), "{on:?}");
        let refused = json!({"non_field_errors": ["Send something."]});
        assert_eq!(post(&json!({"nothing": null})), (400, refused), "{on:?}");
        let dictionary = "Invalid data. Expected a dictionary, but got list.";
        assert_eq!(post(&json!([])), (400, json!({"non_field_errors": [dictionary]})), "{on:?}");
        let admin = store.client_of(ADMIN);
        let body = json!({"title": "Milva", "secret": 1});
        assert_eq!(admin.json("PATCH", "/artists/1/", &body).json()["name"], "Milva", "{on:?}");
        // a form is seen whole, too
        let form = [("Content-Type", "application/x-www-form-urlencoded")];
        let reply = alice.send("POST", "/artists/", &form, b"title=Ornella&other=1");
        assert_eq!((reply.status, &reply.json()["name"]), (201, &json!("Ornella")), "{on:?}");
        let reply = alice.send("POST", "/artists/", &form, b"name=Ornella&secret=1");
        assert_eq!((reply.status, reply.json()), (400, json!({"secret": ["You have none."]})));
    }
}

#[test]
fn to_internal_value_of_nested_input_is_called_for_each_object() {
    for on in On::all() {
        let store = site(on);
        let post = |body: &str| {
            let headers = [("Content-Type", "application/json")];
            let reply = store.client().send("POST", "/line/", &headers, body.as_bytes());
            (reply.status, reply.json())
        };
        // unchanged values keep their spelling
        let body =
            r#"{"from": {"x": 1.50, "y": 2}, "by": [{"both": "3.25,4"}, {"x": "5", "y": 6}]}"#;
        let shown = json!({"from": "1.5/2", "by": ["3.25/4", "5/6"]});
        assert_eq!(post(body), (200, shown), "{on:?}");
        let body = r#"{"from": {"both": "3"}, "by": [{"both": "x,4"}, {"both": "7"}, 8]}"#;
        let refused = json!({
            "from": {"non_field_errors": ["Write two numbers."]},
            "by": {
                "0": {"x": ["A valid number is required."]},
                "1": {"non_field_errors": ["Write two numbers."]},
                "2": {"non_field_errors": ["Invalid data. Expected a dictionary, but got int."]},
            },
        });
        assert_eq!(post(body), (400, refused), "{on:?}");
    }
}

#[test]
fn a_field_of_ones_own_shows_and_reads_a_column() {
    for on in On::all() {
        let store = site(on);
        let client = store.client();
        let patch = |length: Json| {
            let reply = client.json("PATCH", "/songs/1/", &json!({"milliseconds": length}));
            (reply.status, reply.json())
        };
        let (shown, first) =
            (client.get("/songs/1/").json(), json!({"id": 1, "milliseconds": "5:43"}));
        assert_eq!(shown, first, "{on:?}");
        assert_eq!(client.get("/songs/").json()["results"][0], first, "{on:?}");
        assert_eq!(client.get("/albums-of-songs/1/").json()["songs"][0], first, "{on:?}");
        assert_eq!(client.get("/songs/1/?exact").json()["milliseconds"], 343_719, "{on:?}");
        assert_eq!(patch(json!("2:05")), (200, json!({"id": 1, "milliseconds": "2:05"})), "{on:?}");
        assert_eq!(
            store.number("SELECT CAST(milliseconds AS bigint) FROM store_track WHERE id = 1"),
            125_000
        );
        let refused = |text: &str| (400, json!({"milliseconds": [text]}));
        for wrong in [json!(5), json!("5"), json!("1:60"), json!(["1:00"])] {
            assert_eq!(patch(wrong), refused("Write a length as `m:ss`."), "{on:?}");
        }
        assert_eq!(patch(json!(null)), refused("This field may not be null."), "{on:?}");
        // the column's own bounds, and a validator of the field
        let least = "Ensure this value is greater than or equal to 1.";
        assert_eq!(patch(json!("0:00")), refused(least), "{on:?}");
        assert_eq!(patch(json!("0:01")), refused("Too short to be heard."), "{on:?}");
        let field = &SongSerializer::description().fields()[1];
        assert!(matches!(field.kind, FieldKind::Char(_)) && field.required, "{field:?}");
    }
}

#[test]
fn a_field_of_ones_own_needs_no_model() {
    for on in On::all() {
        let store = site(on);
        let cut = |body: &Json| store.client().json("POST", "/cut/", body).json();
        assert_eq!(cut(&json!({"from": "0:30"})), json!({"from": "0:31", "to": null}), "{on:?}");
        assert_eq!(
            cut(&json!({"from": "0:30", "to": "1:00"})),
            json!({"from": "0:31", "to": "1:01"}),
            "{on:?}"
        );
        let refused =
            json!({"from": ["This field is required."], "to": ["Write a length as `m:ss`."]});
        assert_eq!(cut(&json!({"to": 7})), refused, "{on:?}");
    }
}
