//! What a serializer replaces of itself (`Meta.validators`, `run_validation`, `data`), several parents, and
//! serializers without a model as lists. The answers are those of Django REST framework.

use std::collections::BTreeMap;
use std::sync::Arc;

use musicstore::models::{Album, Artist, MediaType, Playlist, Track, album};
use quintet::authentication::TokenAuthentication;
use quintet::db::Database;
use quintet::fields::{Field, Raw};
use quintet::prelude::*;
use quintet::serializers::{
    Attrs, BoundField, FieldClass, JsonObject, ListSerializer, ModelSerializer, RunValidation,
    ValidInput, ValidatedData,
};
use quintet_tests::store::{ADMIN, On, Store};
use serde_json::{Value as Json, json};

#[derive(Serializer)]
#[serializer(model = Album, validate)]
struct OneSerializer {
    title: String,
    #[field(method)]
    code: String,
    artist: PrimaryKeyRelated<Artist>,
}

impl OneSerializer {
    fn get_code(_: &Album) -> String {
        "one".into()
    }

    fn validate(attrs: &mut Attrs<'_, Album>) -> Validated {
        match attrs.get(album::title) {
            Some(title) if title == "one" => Err("One.".into()),
            _ => Ok(()),
        }
    }
}

#[derive(Serializer)]
#[serializer(model = Album, validate, to_representation, error(invalid = "An album, please."))]
struct TwoSerializer {
    title: String,
    #[field(method)]
    code: String,
    #[field(source = artist.name)]
    by: String,
    #[field(nested, read_only)]
    tracks: Vec<NameSerializer>,
}

#[derive(Serializer)]
#[serializer(model = Track, fields(name))]
struct NameSerializer {}

impl TwoSerializer {
    fn get_code(_: &Album) -> String {
        "two".into()
    }

    fn validate(attrs: &mut Attrs<'_, Album>) -> Validated {
        match attrs.get(album::title) {
            Some(title) if title == "two" => Err("Two.".into()),
            _ => Ok(()),
        }
    }

    fn to_representation(_: &Album, mut shown: JsonObject) -> JsonObject {
        shown.insert("two".into(), true.into());
        shown
    }
}

/// Both: the first one counts.
#[derive(Serializer)]
#[serializer(model = Album, inherit(OneSerializer, TwoSerializer), exclude(tracks))]
struct BothSerializer {
    id: i64,
}

fn first(attrs: &mut Attrs<'_, Album>) -> Validated {
    match attrs.get(album::title).as_deref() {
        Some("bad") => Err("First.".into()),
        _ => Ok(()),
    }
}

fn second(attrs: &mut Attrs<'_, Album>, cx: &Context) -> Validated {
    match attrs.get(album::title).as_deref() {
        Some("bad") if cx.user().is_some() => Err(["Second.", "Third."].into()),
        Some("field") => Err(Detail::field("title", "Fourth.")),
        _ => Ok(()),
    }
}

#[derive(Serializer)]
#[serializer(
    model = Album, validators = [first, second], unique_together(artist, title), validate, data
)]
struct CheckedSerializer {
    id: i64,
    title: String,
    artist: PrimaryKeyRelated<Artist>,
}

impl CheckedSerializer {
    fn validate(attrs: &mut Attrs<'_, Album>) -> Validated {
        match attrs.get(album::title).as_deref() {
            Some("bad" | "other") => Err("validate".into()),
            _ => Ok(()),
        }
    }

    fn data(mut shown: JsonObject, cx: &Context) -> JsonObject {
        shown.insert("for".into(), cx.user().map(|user| user.username.clone()).into());
        shown
    }
}

/// Inherits the checks.
#[derive(Serializer)]
#[serializer(model = Album, inherit = CheckedSerializer, validate)]
struct HeirSerializer {}

impl HeirSerializer {
    #[expect(clippy::unnecessary_wraps, reason = "the shape of a hook")]
    fn validate(_: &mut Attrs<'_, Album>) -> Validated {
        Ok(())
    }
}

/// Takes a name alone, and tells its errors in its own way.
#[derive(Serializer)]
#[serializer(model = Playlist, run_validation)]
struct ShortSerializer {
    id: i64,
    #[field(max_length = 5)]
    name: String,
}

impl ShortSerializer {
    async fn run_validation(input: RunValidation<'_>, cx: &Context) -> Result<ValidInput> {
        let serializer = input.serializer(cx);
        let (update, stored) =
            (serializer.is_update(), serializer.instance::<Playlist>().is_some());
        let valid = match input.data().as_text() {
            Some(name) => {
                let name = name.trim_start_matches('>').to_owned();
                input.run_with(json!({ "name": name }), cx).await
            }
            None => input.run(cx).await,
        };
        valid.map_err(|error| match error {
            ApiException::Validation(detail) => {
                let text = detail.texts().join(" ");
                Detail::field("wrong", format!("{text} ({update} {stored})")).into()
            }
            other => other,
        })
    }
}

/// Without a model.
#[derive(Serializer)]
#[serializer(run_validation, data)]
struct PointSerializer {
    #[field(max_value = 5)]
    n: i64,
    #[field(method)]
    twice: i64,
    #[field(method = user)]
    by: Option<String>,
}

impl PointSerializer {
    fn get_twice(&self) -> i64 {
        self.n * 2
    }

    #[expect(clippy::unused_self, reason = "the shape of a method field")]
    fn user(&self, cx: &Context) -> Option<String> {
        cx.user().map(|user| user.username.clone())
    }

    async fn run_validation(input: RunValidation<'_>, cx: &Context) -> Result<ValidInput> {
        let number = match input.data() {
            Raw::Int(digits) => digits.parse::<i64>().ok(),
            _ => None,
        };
        match number {
            Some(n) => input.run_with(json!({ "n": n }), cx).await,
            None => input.run(cx).await,
        }
    }

    fn data(mut shown: JsonObject) -> JsonObject {
        shown.insert("all".into(), true.into());
        shown
    }
}

async fn point(cx: &mut Context) -> Result<Response> {
    let data = cx.data()?;
    if cx.request.query_params().get("many").is_some() {
        let list = ListSerializer::new().max_length(3);
        let points = PointSerializer::from_data(data).validated_many(list, cx).await?;
        let shown: Vec<Option<i64>> = points.iter().map(|point| point.get("n")).collect();
        return Response::new(&shown);
    }
    let point = PointSerializer::from_data(data).validated(cx).await?;
    Response::new(&point.data::<PointSerializer>(cx)?)
}

async fn typed_point(
    point: Valid<PointSerializer>,
    _: &mut Context,
) -> Result<quintet::views::Json<PointSerializer>> {
    Ok(quintet::views::Json(point.0))
}

/// A name that no artist has.
#[derive(Serializer)]
struct BandSerializer {
    #[field(unique_in = Artist::fields().name(), error(unique = "That is a band already."))]
    name: String,
    #[field(unique_in = Album::fields().title(), allow_null)]
    album: Option<String>,
}

async fn band(band: Valid<BandSerializer>, _: &mut Context) -> Result<Response> {
    Response::new(&json!({"name": band.name, "album": band.album}))
}

/// The forms of output.
#[derive(Serializer)]
struct FormatsSerializer {
    #[field(format = "%d/%m/%Y")]
    day: quintet::values::NaiveDate,
    #[field(format = "%H:%M")]
    at: DateTime,
    #[field(format = "%I %p")]
    time: quintet::values::NaiveTime,
    #[field(format = "hex")]
    key: quintet::values::Uuid,
}

async fn formats(
    sent: Valid<FormatsSerializer>,
    _: &mut Context,
) -> Result<quintet::views::Json<FormatsSerializer>> {
    Ok(quintet::views::Json(sent.0))
}

/// Two columns in an object (`source="*"`).
#[derive(Serializer)]
struct PlaceSerializer {
    #[field(source = milliseconds, min_value = 1)]
    x: i32,
    #[field(source = bytes)]
    y: Option<i32>,
}

/// Two columns in a text.
struct PairField;

impl FieldClass for PairField {
    type Value = BTreeMap<String, Json>;

    const DEFAULT_ERROR_MESSAGES: &'static [(&'static str, &'static str)] =
        &[("pair", "Write a/b.")];

    fn field(&self, name: &'static str) -> Field {
        Field::char(name).required(false)
    }

    fn to_internal_value(
        &self,
        data: &Raw<'_>,
        field: &BoundField<'_>,
    ) -> Validated<BTreeMap<String, Json>> {
        let text: String = field.to_internal_value(data)?;
        let (name, composer) = text.split_once('/').ok_or_else(|| field.fail("pair"))?;
        Ok([("name", name), ("composer", composer)].map(|(k, v)| (k.to_owned(), v.into())).into())
    }

    fn to_representation(&self, row: BTreeMap<String, Json>, _: &BoundField<'_>) -> Json {
        let text = |key: &str| row.get(key).and_then(Json::as_str).unwrap_or("-").to_owned();
        format!("{}/{}", text("name"), text("composer")).into()
    }
}

#[derive(Serializer)]
#[serializer(model = Track)]
struct WholeSerializer {
    id: i64,
    #[field(class = PairField, source = *)]
    pair: BTreeMap<String, Json>,
    #[field(nested, source = *)]
    place: PlaceSerializer,
    unit_price: Decimal,
    media_type: PrimaryKeyRelated<MediaType>,
}

/// Wider than the columns.
#[derive(Serializer)]
struct WideSerializer {
    #[field(source = milliseconds)]
    x: i64,
    #[field(source = name)]
    title: String,
    #[field(source = unit_price)]
    cost: String,
}

#[derive(Serializer)]
#[serializer(model = Track)]
struct WiderSerializer {
    id: i64,
    #[field(nested, source = *)]
    wide: WideSerializer,
    media_type: PrimaryKeyRelated<MediaType>,
}

/// Without a model.
#[derive(Serializer)]
struct OuterSerializer {
    name: String,
    #[field(nested, source = *)]
    place: PlaceSerializer,
}

async fn outer(cx: &mut Context) -> Result<Response> {
    let values = OuterSerializer::from_data(cx.data()?).validated(cx).await?;
    let mut names: Vec<&str> = values.names().collect();
    names.sort_unstable();
    let shown = values.data::<OuterSerializer>(cx)?;
    Response::new(&json!({"names": names, "shown": shown}))
}

async fn typed_outer(
    outer: Valid<OuterSerializer>,
    _: &mut Context,
) -> Result<quintet::views::Json<OuterSerializer>> {
    let OuterSerializer { name, place } = outer.0;
    let place = PlaceSerializer { x: place.x + 1, ..place };
    Ok(quintet::views::Json(OuterSerializer { name, place }))
}

/// What forms show first.
#[derive(Serializer)]
struct FormSerializer {
    flag: bool,
    #[field(allow_null)]
    maybe: Option<bool>,
    name: String,
    #[field(kind = email)]
    email: String,
    number: i64,
    #[field(initial = 7)]
    own: i32,
    #[field(default = 3)]
    defaulted: i64,
    #[field(choices = ["a"])]
    choice: String,
    list: Vec<String>,
    dict: BTreeMap<String, i64>,
    json: serde_json::Value,
    #[field(read_only, default = 1)]
    shown: i64,
    #[field(write_only)]
    secret: String,
    #[field(nested)]
    inner: NumberSerializer,
    #[field(nested)]
    inners: Vec<NumberSerializer>,
}

#[derive(Serializer)]
struct NumberSerializer {
    a: i64,
}

/// Over columns.
#[derive(Serializer)]
#[serializer(model = Playlist, name = "DatedList")]
struct DatesSerializer {
    id: i64,
    #[field(format = "%Y", read_only)]
    created_at: DateTime,
}

#[derive(Serializer)]
#[serializer(model = Track, fields = all, depth = 2)]
struct DeepSerializer {}

macro_rules! view_sets {
    ($($name:ident: $serializer:ident;)*) => {$(
        struct $name;

        impl ViewSet for $name {
            type Base = ModelViewSet;
            type Serializer = $serializer;

            fn basename(&self) -> String {
                stringify!($name).to_lowercase()
            }
        }
    )*};
}

view_sets! {
    Both: BothSerializer;
    Checked: CheckedSerializer;
    Heirs: HeirSerializer;
    Short: ShortSerializer;
    Dates: DatesSerializer;
    Deep: DeepSerializer;
    Wholes: WholeSerializer;
    Wider: WiderSerializer;
}

fn site(settings: Settings, database: Arc<Database>) -> Arc<Site> {
    let urls = Router::new()
        .register("both", Both)
        .register("checked", Checked)
        .register("heirs", Heirs)
        .register("short", Short)
        .register("dates", Dates)
        .register("deep", Deep)
        .register("whole", Wholes)
        .register("wider", Wider)
        .path("outer/", ApiView::new("Outer").post(outer), "outer")
        .path("typed-outer/", ApiView::new("TypedOuter").post(typed_outer), "typed-outer")
        .path("point/", ApiView::new("Point").post(point), "point")
        .path("typed/", ApiView::new("Typed").post(typed_point), "typed")
        .path("band/", ApiView::new("Band").post(band), "band")
        .path("formats/", ApiView::new("Formats").post(formats), "formats");
    let site = Site::builder(settings, database)
        .authentication(TokenAuthentication::new())
        .permissions(AllowAny)
        .openapi(OpenApi::new("Hooks", "1"));
    site.mount(urls.at("/")).build().expect("the site builds")
}

fn store(on: On) -> Store {
    Store::serving(on, |_| {}, site)
}

fn send(store: &Store, method: &str, path: &str, body: &Json) -> (u16, Json) {
    let reply = store.client_of(ADMIN).json(method, path, body);
    (reply.status, reply.json())
}

#[test]
fn of_several_parents_the_first_one_counts() {
    for on in On::all() {
        let store = store(on);
        let shown = store.client().get("/both/1/").json();
        let keys: Vec<&String> = shown.as_object().unwrap().keys().collect();
        assert_eq!(keys, ["title", "code", "artist", "by", "id", "two"]);
        assert_eq!((&shown["code"], &shown["by"]), (&json!("one"), &json!("AC/DC")));
        let (status, errors) =
            send(&store, "POST", "/both/", &json!({"title": "one", "artist": 1}));
        assert_eq!((status, errors), (400, json!({"non_field_errors": ["One."]})));
        let (status, _) = send(&store, "POST", "/both/", &json!({"title": "two", "artist": 1}));
        assert_eq!(status, 201);
        let (_, errors) = send(&store, "POST", "/both/", &json!([]));
        assert_eq!(errors, json!({"non_field_errors": ["An album, please."]}));
    }
}

#[test]
fn the_validators_of_a_serializer_run_together_before_its_hook() {
    for on in On::all() {
        let store = store(on);
        let post = |path: &str, title: &str| {
            send(&store, "POST", path, &json!({"title": title, "artist": 1}))
        };
        let told = |texts: &[&str]| (400, json!({"non_field_errors": texts}));
        assert_eq!(post("/checked/", "bad"), told(&["First.", "Second.", "Third."]));
        assert_eq!(post("/checked/", "field"), (400, json!({"title": ["Fourth."]})));
        assert_eq!(post("/checked/", "other"), told(&["validate"]));
        // beside the unique sets that are named
        assert_eq!(post("/heirs/", "bad"), told(&["First.", "Second.", "Third."]));
        let (status, made) = post("/heirs/", "other");
        assert_eq!((status, &made["title"]), (201, &json!("other")));
        let unique = "The fields artist, title must make a unique set.";
        assert_eq!(post("/heirs/", "other"), told(&[unique]));
        store.execute("UPDATE store_album SET title = 'bad' WHERE title = 'other'");
        let both = [unique, "First.", "Second.", "Third."];
        assert_eq!(post("/heirs/", "bad"), told(&both));
        let path = format!("/checked/{}/", made["id"]);
        let (status, errors) = send(&store, "PATCH", &path, &json!({"artist": 2}));
        assert_eq!((status, errors), told(&["First.", "Second.", "Third."]));
    }
}

#[test]
fn a_serializer_changes_what_it_shows_of_one_row() {
    for on in On::all() {
        let store = store(on);
        let (_, one) = send(&store, "GET", "/checked/1/", &json!({}));
        assert_eq!(one["for"], "admin");
        let (_, made) = send(&store, "POST", "/checked/", &json!({"title": "D", "artist": 1}));
        assert_eq!(made["for"], "admin");
        // a list has its own `data`
        let (_, list) = send(&store, "GET", "/checked/", &json!({}));
        let first = list["results"].as_array().map_or(&list[0], |rows| &rows[0]);
        assert_eq!((first.get("for"), first.get("title").is_some()), (None, true));
    }
}

#[test]
fn a_serializer_validates_in_its_own_way() {
    for on in On::all() {
        let store = store(on);
        let (status, made) = send(&store, "POST", "/short/", &json!(">abc"));
        assert_eq!((status, &made["name"]), (201, &json!("abc")));
        let (status, made) = send(&store, "POST", "/short/", &json!({"name": "abc"}));
        assert_eq!((status, &made["name"]), (201, &json!("abc")));
        let long = "Ensure this field has no more than 5 characters. (false false)";
        let (status, errors) = send(&store, "POST", "/short/", &json!("abcdef"));
        assert_eq!((status, errors), (400, json!({"wrong": long})));
        let path = format!("/short/{}/", made["id"]);
        let long = "Ensure this field has no more than 5 characters. (true true)";
        let (status, errors) = send(&store, "PUT", &path, &json!({"name": "abcdef"}));
        assert_eq!((status, errors), (400, json!({"wrong": long})));
        let (status, changed) = send(&store, "PATCH", &path, &json!({}));
        assert_eq!((status, &changed["name"]), (200, &json!("abc")));
    }
}

#[test]
fn a_serializer_without_a_model_has_methods_data_and_lists() {
    let store = store(On::all().remove(0));
    let shown = json!({"n": 3, "twice": 6, "by": "admin", "all": true});
    assert_eq!(send(&store, "POST", "/point/", &json!(3)), (200, shown.clone()));
    assert_eq!(send(&store, "POST", "/typed/", &json!({"n": 3})), (200, shown));
    let most = "Ensure this value is less than or equal to 5.";
    assert_eq!(send(&store, "POST", "/point/", &json!({"n": 9})), (400, json!({"n": [most]})));
    let list = json!([{"n": 1}, {"n": 2}]);
    assert_eq!(send(&store, "POST", "/point/?many=1", &list), (200, json!([1, 2])));
    let list = json!([{"n": 1}, {"n": 9}, {}]);
    let errors = json!({"1": {"n": [most]}, "2": {"n": ["This field is required."]}});
    assert_eq!(send(&store, "POST", "/point/?many=1", &list), (400, errors));
    let list = Json::from(vec![json!({"n": 1}); 4]);
    let text = "Ensure this field has no more than 3 elements.";
    let errors = json!({"non_field_errors": [text]});
    assert_eq!(send(&store, "POST", "/point/?many=1", &list), (400, errors));
    let document = store.client().get("/api/schema/?format=json").json();
    let twice = &document["components"]["schemas"]["Point"]["properties"]["twice"];
    assert_eq!((&twice["type"], &twice["readOnly"]), (&json!("integer"), &json!(true)));
    let values = ValidatedData::default();
    assert_eq!(values.names().count(), 0);
}

#[test]
fn a_value_is_unique_among_the_rows_of_any_model() {
    for on in On::all() {
        let store = store(on);
        let (status, errors) =
            send(&store, "POST", "/band/", &json!({"name": "AC/DC", "album": "Big Ones"}));
        let expected = json!({
            "name": ["That is a band already."], "album": ["This field must be unique."],
        });
        assert_eq!((status, errors), (400, expected));
        let new = json!({"name": "New band", "album": null});
        assert_eq!(send(&store, "POST", "/band/", &new), (200, new));
        let (taken, _) = store
            .counted(|| store.client().json("POST", "/band/", &json!({"name": "a", "album": "b"})));
        assert_eq!(taken, 1);
    }
}

#[test]
fn output_has_the_format_of_its_field() {
    for on in On::all() {
        let store = store(on);
        let body = json!({
            "day": "2024-02-09", "at": "2024-02-09T07:05:00Z", "time": "15:04:00",
            "key": "550e8400-e29b-41d4-a716-446655440000",
        });
        let shown = json!({
            "day": "09/02/2024", "at": "07:05", "time": "03 PM",
            "key": "550e8400e29b41d4a716446655440000",
        });
        assert_eq!(send(&store, "POST", "/formats/", &body), (200, shown));
        let year = store.client().get("/dates/1/").json()["created_at"].clone();
        assert_eq!(year.as_str().map(str::len), Some(4), "{year}");
    }
}

#[test]
fn a_serializer_has_another_name_in_the_document() {
    let store = store(On::all().remove(0));
    let document = store.client().get("/api/schema/?format=json").json();
    let components = document["components"]["schemas"].as_object().unwrap();
    assert!(components.contains_key("DatedList") && !components.contains_key("Dates"));
    let shown = &document["paths"]["/dates/{id}/"]["get"]["responses"]["200"]["content"];
    let reference = &shown["application/json"]["schema"]["$ref"];
    assert_eq!(reference, "#/components/schemas/DatedList");
}

#[test]
fn depth_reaches_the_rows_that_related_rows_name() {
    for on in On::all() {
        let store = store(on);
        let (taken, shown) = store.counted(|| store.client().get("/deep/1/"));
        let shown = shown.json();
        assert_eq!(shown["album"]["artist"]["name"], "AC/DC", "{shown}");
        assert_eq!((&shown["genre"]["name"], taken), (&json!("Rock"), 1));
        let (status, _) = send(&store, "PATCH", "/deep/1/", &json!({"name": "N", "album": 5}));
        let kept = store.client().get("/deep/1/").json();
        assert_eq!((status, &kept["album"]["id"]), (200, &shown["album"]["id"]));
    }
}

#[test]
fn a_field_may_stand_for_several_columns() {
    for on in On::all() {
        let store = store(on);
        let body = json!({
            "pair": "Aria/Bach", "place": {"x": 5, "y": 6}, "unit_price": "1.00", "media_type": 1,
        });
        let (status, made) = send(&store, "POST", "/whole/", &body);
        let id = made["id"].as_i64().unwrap_or_default();
        let mut expected = body.clone();
        expected["id"] = id.into();
        assert_eq!((status, &made), (201, &expected));
        let stored = format!(
            "SELECT count(*) FROM store_track WHERE id = {id} AND name = 'Aria' AND composer = 'Bach' \
             AND milliseconds = 5 AND bytes = 6"
        );
        assert_eq!(store.number(&stored), 1);
        let path = format!("/whole/{id}/");
        let (status, changed) = send(&store, "PATCH", &path, &json!({"place": {"x": 7}}));
        let place = json!({"x": 7, "y": 6});
        assert_eq!(
            (status, &changed["place"], &changed["pair"]),
            (200, &place, &json!("Aria/Bach"))
        );
        let body = json!({"pair": "x", "place": {"x": "q"}, "unit_price": "1.00", "media_type": 1});
        let errors =
            json!({"pair": ["Write a/b."], "place": {"x": ["A valid integer is required."]}});
        assert_eq!(send(&store, "POST", "/whole/", &body), (400, errors));
        let body = json!({"unit_price": "1.00", "media_type": 1});
        let errors = json!({"place": ["This field is required."]});
        assert_eq!(send(&store, "POST", "/whole/", &body), (400, errors));
        let long = format!("{}/x", "n".repeat(201));
        let body = json!({"pair": long, "place": {"x": 1}, "unit_price": "1.00", "media_type": 1});
        let most = "Ensure this field has no more than 200 characters.";
        assert_eq!(
            send(&store, "POST", "/whole/", &body),
            (400, json!({"pair": {"name": [most]}}))
        );
        // each passes the checks of its column
        let body = |x: i64, title: &str, cost: &str| json!({"wide": {"x": x, "title": title, "cost": cost}, "media_type": 1});
        let (status, made) = send(&store, "POST", "/wider/", &body(5, "T", "1.50"));
        assert_eq!((status, &made["wide"]), (201, &body(5, "T", "1.50")["wide"]));
        let errors = json!({"wide": {
            "x": ["Ensure this value is less than or equal to 2147483647."],
            "title": [most],
            "cost": ["A valid number is required."],
        }});
        let wrong = body(3_000_000_000, &"n".repeat(201), "dear");
        assert_eq!(send(&store, "POST", "/wider/", &wrong), (400, errors));
        // without a model
        let body = json!({"name": "n", "place": {"x": 1, "y": 2}});
        let answer = json!({"names": ["bytes", "milliseconds", "name"], "shown": body});
        assert_eq!(send(&store, "POST", "/outer/", &body), (200, answer));
        let next = json!({"name": "n", "place": {"x": 2, "y": 2}});
        assert_eq!(send(&store, "POST", "/typed-outer/", &body), (200, next));
    }
}

#[test]
fn a_form_starts_with_the_initial_values_of_its_fields() {
    let expected = json!({
        "flag": false, "maybe": null, "name": "", "email": "", "number": null, "own": 7,
        "defaulted": null, "choice": null, "list": [], "dict": {}, "json": null, "secret": "",
        "inner": {"a": null}, "inners": [],
    });
    assert_eq!(Json::Object(FormSerializer::get_initial()), expected);
    let expected = json!({"title": "", "artist": null});
    assert_eq!(Json::Object(<CheckedSerializer as ModelSerializer>::get_initial()), expected);
}
