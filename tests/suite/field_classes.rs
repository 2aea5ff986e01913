//! Classes of fields of one's own (`class PercentField(serializers.IntegerField)`), with a model and
//! without one. The answers are those of the same classes in Django REST framework.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use musicstore::models::{MediaType, Track, track};
use quintet::authentication::TokenAuthentication;
use quintet::db::Database;
use quintet::fields::{Choice, Field, Raw, Start, Value};
use quintet::prelude::*;
use quintet::serializers::{
    Attrs, BoundField, BoundSerializer, CreateOnlyDefault, FieldClass, InstanceRef, ListSerializer,
    ValidatedData,
};
use quintet_tests::fields::HashidField;
use quintet_tests::store::{ADMIN, On, Store};
use serde_json::{Value as Json, json};

/// `7%`
struct PercentField;

impl FieldClass for PercentField {
    type Value = i64;

    fn field(&self, name: &'static str) -> Field {
        Field::integer(name).min_value("0").max_value("100")
    }

    fn to_internal_value(&self, data: &Raw<'_>, field: &BoundField<'_>) -> Validated<i64> {
        match data.as_text() {
            Some(text) => field.to_internal_value(&Raw::Text(text.trim_end_matches('%').into())),
            None => field.to_internal_value(data),
        }
    }
}

/// `$1.50`
struct PriceField;

impl FieldClass for PriceField {
    type Value = Decimal;

    fn field(&self, name: &'static str) -> Field {
        Field::decimal(name, 6, 2)
    }

    fn to_representation(&self, value: Decimal, field: &BoundField<'_>) -> Json {
        format!("${}", field.to_representation(value).as_str().unwrap_or_default()).into()
    }
}

/// `oui`
struct YesNoField;

impl FieldClass for YesNoField {
    type Value = bool;

    fn field(&self, name: &'static str) -> Field {
        Field::boolean(name)
    }

    fn to_internal_value(&self, data: &Raw<'_>, field: &BoundField<'_>) -> Validated<bool> {
        match data.as_text() {
            Some("oui") => Ok(true),
            Some("maybe") => Err(field.fail("invalid")),
            _ => field.to_internal_value(data),
        }
    }
}

/// Seconds since 1970.
struct StampField;

impl FieldClass for StampField {
    type Value = DateTime;

    fn field(&self, name: &'static str) -> Field {
        Field::datetime(name)
    }

    fn to_internal_value(&self, data: &Raw<'_>, field: &BoundField<'_>) -> Validated<DateTime> {
        let Raw::Int(digits) = data else { return field.to_internal_value(data) };
        let day = digits.parse::<i64>().unwrap_or_default() / 86400;
        let text = format!("1970-01-{:02}T00:00:00Z", day + 1);
        field.to_internal_value(&Raw::Text(text.into()))
    }

    fn to_representation(&self, value: DateTime, field: &BoundField<'_>) -> Json {
        let day = field.to_representation(value).as_str().map(|text| text[8..10].to_owned());
        let day: i64 = day.and_then(|day| day.parse().ok()).unwrap_or_default();
        ((day - 1) * 86400).into()
    }
}

/// `a,b`
struct WordsField {
    most: usize,
}

impl FieldClass for WordsField {
    type Value = Vec<String>;

    fn field(&self, name: &'static str) -> Field {
        Field::list(name, Field::char("").max_length(5)).max_length(self.most)
    }

    fn to_internal_value(&self, data: &Raw<'_>, field: &BoundField<'_>) -> Validated<Vec<String>> {
        let Some(text) = data.as_text() else { return field.to_internal_value(data) };
        let words = text.split(',').map(|word| Raw::Text(word.into()));
        field.to_internal_value(&Raw::List(words.collect()))
    }

    fn to_representation(&self, words: Vec<String>, _: &BoundField<'_>) -> Json {
        words.join(",").into()
    }
}

/// No more than ten in all.
struct CountsField;

impl FieldClass for CountsField {
    type Value = BTreeMap<String, i64>;

    fn field(&self, name: &'static str) -> Field {
        Field::dict(name, Field::integer(""))
    }

    fn to_internal_value(
        &self,
        data: &Raw<'_>,
        field: &BoundField<'_>,
    ) -> Validated<BTreeMap<String, i64>> {
        let counts: BTreeMap<String, i64> = field.to_internal_value(data)?;
        if counts.values().sum::<i64>() > 10 { Err("Too much.".into()) } else { Ok(counts) }
    }
}

/// JSON under a key.
struct BlobField;

impl FieldClass for BlobField {
    type Value = Json;

    fn field(&self, name: &'static str) -> Field {
        Field::json(name)
    }

    fn to_representation(&self, value: Json, field: &BoundField<'_>) -> Json {
        json!({"blob": field.to_representation(value)})
    }
}

/// Shows labels; who asks for it may choose a third size.
struct SizeField;

impl FieldClass for SizeField {
    type Value = String;

    fn field(&self, name: &'static str) -> Field {
        Field::choice(name, [("s", "Small"), ("l", "Large")])
    }

    fn choices(&self, cx: &Context) -> Option<Vec<Choice>> {
        cx.request.query_params().get("huge")?;
        Some(vec![Choice::new("s".to_owned(), "Small"), Choice::new("h".to_owned(), "Huge")])
    }

    fn to_representation(&self, value: String, _: &BoundField<'_>) -> Json {
        match value.as_str() {
            "s" => "Small".into(),
            "l" => "Large".into(),
            _ => value.into(),
        }
    }
}

/// `example.com`
struct LinkField;

impl FieldClass for LinkField {
    type Value = String;

    fn field(&self, name: &'static str) -> Field {
        Field::url(name)
    }

    fn to_internal_value(&self, data: &Raw<'_>, field: &BoundField<'_>) -> Validated<String> {
        match data.as_text() {
            Some(text) if !text.contains("://") => {
                field.to_internal_value(&Raw::Text(format!("https://{text}").into()))
            }
            _ => field.to_internal_value(data),
        }
    }
}

/// An empty text is seven.
struct LuckyField;

impl FieldClass for LuckyField {
    type Value = i64;

    fn field(&self, name: &'static str) -> Field {
        Field::integer(name)
    }

    fn validate_empty_values<'r, 'a>(
        &self,
        data: Option<&'r Raw<'a>>,
        field: &BoundField<'_>,
    ) -> Validated<Start<'r, 'a>> {
        match data.and_then(Raw::as_text) {
            Some("") => Ok(Start::Done(Value::Int(7))),
            _ => field.validate_empty_values(data),
        }
    }
}

/// What is wrong is -1, or is left out.
struct LenientField;

impl FieldClass for LenientField {
    type Value = i64;

    fn field(&self, name: &'static str) -> Field {
        Field::integer(name).required(false)
    }

    fn run_validation(
        &self,
        data: Option<&Raw<'_>>,
        field: &BoundField<'_>,
    ) -> Validated<Option<Value>> {
        match field.run_validation(self, data) {
            Err(_) if data.and_then(Raw::as_text) == Some("skip") => Ok(None),
            Err(_) => Ok(Some(Value::Int(-1))),
            valid => valid,
        }
    }
}

/// Two keys of the input; nobody is not shown.
struct NameField;

impl FieldClass for NameField {
    type Value = String;

    fn field(&self, name: &'static str) -> Field {
        Field::char(name)
    }

    fn get_value<'r, 'a>(
        &self,
        data: &'r Raw<'a>,
        field: &BoundField<'_>,
    ) -> Option<Cow<'r, Raw<'a>>> {
        let part = |key| data.get(key).and_then(Raw::as_text);
        match (part("first"), part("last")) {
            (Some(first), Some(last)) => {
                Some(Cow::Owned(Raw::Text(format!("{first} {last}").into())))
            }
            _ => field.get_value(data),
        }
    }

    fn get_attribute(&self, instance: &InstanceRef<'_>, field: &BoundField<'_>) -> Option<Value> {
        if instance.get::<String>("name").as_deref() == Some("Nobody At-all") {
            return None;
        }
        field.get_attribute(instance)
    }
}

/// Says where it is.
struct WhereField;

impl FieldClass for WhereField {
    type Value = String;

    fn field(&self, name: &'static str) -> Field {
        Field::char(name).required(false)
    }

    fn to_internal_value(&self, _: &Raw<'_>, field: &BoundField<'_>) -> Validated<String> {
        let (parent, root) = (field.parent(), field.root());
        let hash = root.initial_data().and_then(|data| data.get("hash")).and_then(Raw::as_text);
        let text = format!(
            "{} of {} in {} {} {}",
            field.name(),
            parent.name(),
            root.name(),
            hash.unwrap_or_default(),
            root.is_partial()
        );
        Err(text.into())
    }
}

#[derive(Serializer)]
struct InnerSerializer {
    #[field(class = WhereField)]
    r#where: Option<String>,
}

#[derive(Serializer)]
struct EverythingSerializer {
    #[field(class = HashidField::new("h-"), max_length = 6)]
    hash: String,
    #[field(class = PercentField)]
    percent: i64,
    #[field(class = PriceField)]
    price: Decimal,
    #[field(class = YesNoField, error(invalid = "Say oui."))]
    sure: bool,
    #[field(class = StampField)]
    at: DateTime,
    #[field(class = WordsField { most: 3 })]
    words: Vec<String>,
    #[field(class = CountsField)]
    counts: BTreeMap<String, i64>,
    #[field(class = BlobField)]
    blob: Json,
    #[field(class = SizeField)]
    size: String,
    #[field(class = LinkField)]
    link: String,
    #[field(class = LuckyField)]
    nick: i64,
    #[field(class = LenientField)]
    lenient: Option<i64>,
    #[field(class = NameField)]
    name: String,
    #[field(nested)]
    inner: Option<InnerSerializer>,
}

async fn echo(cx: &mut Context) -> Result<Response> {
    let data = EverythingSerializer::from_data(cx.data()?);
    let data =
        if cx.request.query_params().get("partial").is_some() { data.partial() } else { data };
    let values = data.validated(cx).await?;
    Response::new(&values.data::<EverythingSerializer>(cx)?)
}

async fn typed(
    all: Valid<EverythingSerializer>,
    _: &mut Context,
) -> Result<quintet::views::Json<EverythingSerializer>> {
    Ok(quintet::views::Json(all.0))
}

/// A name without its vowels.
struct ConsonantsField;

impl FieldClass for ConsonantsField {
    type Value = String;

    fn field(&self, name: &'static str) -> Field {
        Field::method(name)
    }

    fn to_representation(&self, value: String, field: &BoundField<'_>) -> Json {
        let shown = field.to_representation(value);
        shown.as_str().unwrap_or_default().replace(['a', 'e', 'i', 'o', 'u'], "").into()
    }
}

/// A composer: staff alone see them, and a track's own name is not one.
struct ComposerField;

impl FieldClass for ComposerField {
    type Value = String;

    const DEFAULT_ERROR_MESSAGES: &'static [(&'static str, &'static str)] =
        &[("stored", "{name} composes already."), ("named", "That is the name.")];

    fn field(&self, name: &'static str) -> Field {
        Field::char(name)
    }

    fn to_internal_value(&self, data: &Raw<'_>, field: &BoundField<'_>) -> Validated<String> {
        let composer: String = field.to_internal_value(data)?;
        let stored = field.parent().instance::<Track>().and_then(|track| track.composer.clone());
        if stored.as_deref() == Some(&composer) {
            return Err(field.fail_with("stored", &[("name", &composer)]));
        }
        let sent = field.parent().initial_data().and_then(|data| data.get("name"));
        if sent.and_then(Raw::as_text) == Some(&composer) {
            return Err(field.error_message("named").unwrap_or_default().to_owned().into());
        }
        Ok(composer)
    }

    fn get_attribute(&self, instance: &InstanceRef<'_>, field: &BoundField<'_>) -> Option<Value> {
        let is_short = instance.row::<Track>().is_some_and(|track| track.milliseconds < 10);
        let may_see = field.context().user().is_some_and(|user| user.is_staff);
        (may_see && !is_short).then(|| field.get_attribute(instance)).flatten()
    }
}

#[derive(Serializer)]
#[serializer(model = Track, validate)]
struct TrackSerializer {
    id: i64,
    #[field(validate, validators = [not_twice])]
    name: String,
    #[field(class = ConsonantsField, source = name)]
    consonants: String,
    #[field(class = ComposerField)]
    composer: Option<String>,
    #[field(class = ShortField)]
    milliseconds: i32,
    unit_price: Decimal,
    media_type: PrimaryKeyRelated<MediaType>,
    #[field(class = HashidField::new("g-"), source = genre.name)]
    genre: Option<String>,
    #[field(default_with = CreateOnlyDefault(some_bytes))]
    bytes: Option<i32>,
}

#[expect(clippy::unnecessary_wraps, reason = "the type of the field")]
fn some_bytes() -> Option<i32> {
    Some(77)
}

/// Milliseconds with a unit.
struct ShortField;

impl FieldClass for ShortField {
    type Value = i32;

    fn field(&self, name: &'static str) -> Field {
        Field::integer(name)
    }

    fn to_internal_value(&self, data: &Raw<'_>, field: &BoundField<'_>) -> Validated<i32> {
        match data.as_text().and_then(|text| text.strip_suffix(" s")) {
            Some(seconds) => {
                field.to_internal_value::<i32>(&Raw::Int(format!("{seconds}000").into()))
            }
            None => field.to_internal_value(data),
        }
    }
}

/// A class that reads nothing.
#[derive(Serializer)]
#[serializer(model = Track)]
struct ShownSerializer {
    name: String,
    #[field(class = ShortField, read_only)]
    milliseconds: i32,
}

/// The same without the class.
#[derive(Serializer)]
#[serializer(model = Track)]
struct BareSerializer {
    name: String,
    #[field(read_only)]
    milliseconds: i32,
}

struct Shown;

impl ViewSet for Shown {
    type Base = ModelViewSet;
    type Serializer = ShownSerializer;
}

struct Bare;

impl ViewSet for Bare {
    type Base = ModelViewSet;
    type Serializer = BareSerializer;
}

/// A validator that asks for the field (`requires_context`).
#[expect(clippy::needless_pass_by_value, reason = "the shape of a validator")]
fn not_twice(name: String, field: &BoundField<'_>) -> Validated {
    let stored = field.parent().instance::<Track>().map(|track| track.name.as_str());
    match stored {
        Some(stored) if stored == name => {
            Err(format!("{} is the {} already.", name, field.name()).into())
        }
        _ => Ok(()),
    }
}

impl TrackSerializer {
    fn validate_name(name: String, field: &BoundField<'_>) -> Validated<String> {
        let sent = field.root().initial_data().is_some_and(|data| data.get("secret").is_some());
        if sent {
            Err(format!("{} keeps no secrets.", field.parent().name()).into())
        } else {
            Ok(name)
        }
    }

    fn validate(attrs: &mut Attrs<'_, Track>) -> Validated {
        let serializer = attrs.serializer();
        let loud = serializer.initial_data().is_some_and(|data| data.get("loud").is_some());
        let update = serializer.instance::<Track>().is_some() && serializer.is_update();
        if loud {
            let text = format!("update {update}, partial {}", serializer.is_partial());
            return Err(text.into());
        }
        if let Some(name) = attrs.sent(track::name) {
            attrs.set(track::name, name.trim_end_matches('!'));
        }
        Ok(())
    }
}

#[derive(Serializer)]
#[serializer(validate)]
struct PairSerializer {
    a: i64,
    b: Option<i64>,
}

impl PairSerializer {
    fn validate(values: &mut ValidatedData, serializer: &BoundSerializer<'_>) -> Validated {
        let sent = serializer.initial_data().and_then(|data| data.get("c"));
        let below = serializer.parent().map_or("nothing", BoundSerializer::name);
        if sent.is_some() {
            Err(format!("c below {below}").into())
        } else {
            values.put("b", 5_i64);
            Ok(())
        }
    }
}

#[derive(Serializer)]
struct PairsSerializer {
    #[field(nested)]
    pairs: Vec<PairSerializer>,
}

async fn pairs(pairs: Valid<PairsSerializer>, _: &mut Context) -> Result<Response> {
    let shown: Vec<_> = pairs.pairs.iter().map(|pair| (pair.a, pair.b)).collect();
    Response::new(&shown)
}

struct TrackViewSet;

impl ViewSet for TrackViewSet {
    type Base = ModelViewSet;
    type Serializer = TrackSerializer;

    const LIST_SERIALIZER: Option<ListSerializer> = Some(ListSerializer::new());
}

fn site(settings: Settings, database: Arc<Database>) -> Arc<Site> {
    let urls = Router::new()
        .register("tracks", TrackViewSet)
        .register("shown", Shown)
        .register("bare", Bare)
        .path("echo/", ApiView::new("Echo").post(echo), "echo")
        .path("typed/", ApiView::new("Typed").post(typed), "typed")
        .path("pairs/", ApiView::new("Pairs").post(pairs), "pairs");
    let site = Site::builder(settings, database)
        .authentication(TokenAuthentication::new())
        .permissions(AllowAny)
        .openapi(OpenApi::new("Classes", "1"));
    site.mount(urls.at("/")).build().expect("the site builds")
}

fn store(on: On) -> Store {
    Store::serving(on, |_| {}, site)
}

fn send(store: &Store, method: &str, path: &str, body: &Json) -> (u16, Json) {
    let reply = store.client_of(ADMIN).json(method, path, body);
    (reply.status, reply.json())
}

/// A body with other members in place of some; null takes one out.
fn with(body: &Json, more: &Json) -> Json {
    let mut body = body.clone();
    for (key, value) in more.as_object().expect("an object") {
        body[key] = value.clone();
    }
    body
}

fn good() -> Json {
    json!({
        "hash": "h-abc", "percent": "7%", "price": "1.5", "sure": "oui", "at": 86400,
        "words": "a,b", "counts": {"a": 1}, "blob": [1], "size": "s", "link": "example.com",
        "nick": "", "lenient": "x", "first": "Ann", "last": "Lee",
    })
}

#[test]
fn a_class_extends_each_kind_of_field() {
    let store = store(On::all().remove(0));
    let shown = json!({
        "hash": "h-abc", "percent": 7, "price": "$1.50", "sure": true, "at": 86400, "words": "a,b",
        "counts": {"a": 1}, "blob": {"blob": [1]}, "size": "Small", "link": "https://example.com",
        "nick": 7, "lenient": -1, "name": "Ann Lee",
    });
    assert_eq!(send(&store, "POST", "/echo/", &good()), (200, shown.clone()));
    let (_, mut typed) = send(&store, "POST", "/typed/", &good());
    assert_eq!(typed.as_object_mut().unwrap().remove("inner"), Some(json!(null)));
    assert_eq!(typed, shown);
    let others = json!({
        "lenient": "skip", "first": "Nobody", "last": "At-all", "at": "1970-01-02T00:00:00Z",
        "words": ["a"],
    });
    let shown = json!({
        "hash": "h-abc", "percent": 7, "price": "$1.50", "sure": true, "at": 86400, "words": "a",
        "counts": {"a": 1}, "blob": {"blob": [1]}, "size": "Small", "link": "https://example.com",
        "nick": 7,
    });
    assert_eq!(send(&store, "POST", "/echo/", &with(&good(), &others)), (200, shown));
    let huge = with(&good(), &json!({"size": "h"}));
    let (status, errors) = send(&store, "POST", "/echo/", &huge);
    assert_eq!((status, errors), (400, json!({"size": ["\"h\" is not a valid choice."]})));
    let (status, shown) = send(&store, "POST", "/echo/?huge=1", &huge);
    assert_eq!((status, &shown["size"]), (200, &json!("h")));
}

#[test]
fn what_a_class_refuses_is_told_in_its_words() {
    let store = store(On::all().remove(0));
    let body = json!({
        "hash": "x", "percent": "101%", "price": "abc", "sure": "maybe", "at": "x",
        "words": "a,b,c,d", "counts": {"a": 11}, "blob": 1, "size": "m", "link": "x y", "nick": null,
        "name": "",
    });
    let formats = "Datetime has wrong format. Use one of these formats instead: \
                   YYYY-MM-DDThh:mm[:ss[.uuuuuu]][+HH:MM|-HH:MM|Z].";
    let errors = json!({
        "hash": ["x does not start with h-."],
        "percent": ["Ensure this value is less than or equal to 100."],
        "price": ["A valid number is required."],
        "sure": ["Say oui."],
        "at": [formats],
        "words": ["Ensure this field has no more than 3 elements."],
        "counts": ["Too much."],
        "size": ["\"m\" is not a valid choice."],
        "link": ["Enter a valid URL."],
        "nick": ["This field may not be null."],
        "name": ["This field may not be blank."],
    });
    assert_eq!(send(&store, "POST", "/echo/", &body), (400, errors));
    let body = json!({
        "hash": "", "percent": "x", "price": "12345.6", "sure": null, "at": null,
        "words": "toolong,b", "counts": {"a": "x"}, "size": "s", "link": 5, "name": 5,
    });
    let errors = json!({
        "hash": ["Write a hash."],
        "percent": ["A valid integer is required."],
        "price": ["Ensure that there are no more than 4 digits before the decimal point."],
        "sure": ["This field may not be null."],
        "at": ["This field may not be null."],
        "words": {"0": ["Ensure this field has no more than 5 characters."]},
        "counts": {"a": ["A valid integer is required."]},
        "blob": ["This field is required."],
        "link": ["Enter a valid URL."],
        "nick": ["This field is required."],
    });
    assert_eq!(send(&store, "POST", "/echo/", &body), (400, errors));
    let long = with(&good(), &json!({"hash": "h-abcdefgh"}));
    let text = "Ensure this field has no more than 6 characters.";
    assert_eq!(send(&store, "POST", "/echo/", &long), (400, json!({"hash": [text]})));
}

#[test]
fn a_field_knows_its_name_its_parent_and_the_root() {
    let store = store(On::all().remove(0));
    let inside = with(&good(), &json!({"inner": {"where": "x"}}));
    let errors = json!({"inner": {"where": ["where of Inner in Everything h-abc false"]}});
    assert_eq!(send(&store, "POST", "/echo/", &inside), (400, errors));
    let part = json!({"hash": "h-a", "inner": {"where": "x"}});
    let errors = json!({"inner": {"where": ["where of Inner in Everything h-a true"]}});
    assert_eq!(send(&store, "POST", "/echo/?partial=1", &part), (400, errors));
    let body = json!({"pairs": [{"a": 1}, {"a": 2, "c": 3}]});
    let errors = json!({"pairs": {"1": {"non_field_errors": ["c below Pairs"]}}});
    assert_eq!(send(&store, "POST", "/pairs/", &body), (400, errors));
    let body = json!({"pairs": [{"a": 1}]});
    assert_eq!(send(&store, "POST", "/pairs/", &body), (200, json!([[1, 5]])));
}

fn new(more: &Json) -> Json {
    let body = json!({
        "name": "Aria!", "composer": "Bach", "milliseconds": "3 s", "unit_price": "1.00",
        "media_type": 1,
    });
    with(&body, more)
}

#[test]
fn a_class_stands_over_columns_and_sources_of_a_model() {
    for on in On::all() {
        let store = store(on);
        let (status, made) = send(&store, "POST", "/tracks/", &new(&json!({})));
        let path = format!("/tracks/{}/", made["id"]);
        let expected = json!({
            "id": made["id"], "name": "Aria", "consonants": "Ar", "composer": "Bach",
            "milliseconds": 3000, "unit_price": "1.00", "media_type": 1, "genre": null, "bytes": 77,
        });
        assert_eq!((status, &made), (201, &expected));
        // nobody else sees composers, nor anybody those of very short tracks
        let seen = store.client().get(&path).json();
        assert_eq!((seen.get("composer"), &seen["consonants"]), (None, &json!("Ar")));
        let (_, short) = send(&store, "PATCH", &path, &json!({"milliseconds": 5}));
        assert_eq!((short.get("composer"), &short["milliseconds"]), (None, &json!(5)));
        store.execute(&format!("UPDATE store_track SET genre_id = 1 WHERE id = {}", made["id"]));
        let (_, shown) = send(&store, "GET", &path, &json!({}));
        let genre = store.client().get("/tracks/1/").json()["genre"].clone();
        assert_eq!(
            (&shown["genre"], genre.as_str().map(|g| &g[..2])),
            (&json!("g-Rock"), Some("g-"))
        );
        // the column's length and bounds hold
        let long = new(&json!({"composer": "x".repeat(221), "milliseconds": "9999999 s"}));
        let (status, errors) = send(&store, "POST", "/tracks/", &long);
        let most = "Ensure this field has no more than 220 characters.";
        assert_eq!((status, &errors["composer"]), (400, &json!([most])), "{errors}");
        assert!(errors["milliseconds"][0].is_string(), "{errors}");
        // null is not asked about
        let (status, made) = send(&store, "POST", "/tracks/", &new(&json!({"composer": null})));
        assert_eq!((status, &made["composer"]), (201, &json!(null)));
    }
}

#[test]
fn fields_and_validators_see_what_was_sent_and_the_stored_row() {
    for on in On::all() {
        let store = store(on);
        let (_, made) = send(&store, "POST", "/tracks/", &new(&json!({})));
        let path = format!("/tracks/{}/", made["id"]);
        let (status, errors) =
            send(&store, "PATCH", &path, &json!({"composer": "Bach", "name": "Aria"}));
        let expected =
            json!({"name": ["Aria is the name already."], "composer": ["Bach composes already."]});
        assert_eq!((status, errors), (400, expected));
        let same = new(&json!({"composer": "Aria!"}));
        let (status, errors) = send(&store, "POST", "/tracks/", &same);
        assert_eq!((status, errors), (400, json!({"composer": ["That is the name."]})));
        let secret = new(&json!({"secret": 1}));
        let (status, errors) = send(&store, "POST", "/tracks/", &secret);
        assert_eq!((status, errors), (400, json!({"name": ["Track keeps no secrets."]})));
        // items of a list are outermost themselves
        let list = json!([new(&json!({})), secret]);
        let (status, errors) = send(&store, "POST", "/tracks/", &list);
        assert_eq!((status, errors), (400, json!({"1": {"name": ["Track keeps no secrets."]}})));
        for (method, path, text) in [
            ("POST", "/tracks/", "update false, partial false"),
            ("PUT", path.as_str(), "update true, partial false"),
            ("PATCH", path.as_str(), "update true, partial true"),
        ] {
            let loud = new(&json!({"loud": 1, "name": "Other", "composer": "Other one"}));
            let (status, errors) = send(&store, method, path, &loud);
            assert_eq!((status, errors), (400, json!({"non_field_errors": [text]})), "{method}");
        }
    }
}

#[test]
fn a_class_that_reads_nothing_costs_an_update_no_statement() {
    for on in On::all() {
        let store = store(on);
        let changed = |path: &str| {
            let body = json!({"name": "Aria"});
            let client = store.client_of(ADMIN);
            let (statements, changed) = store.counted(|| client.json("PATCH", path, &body));
            assert_eq!((changed.status, &changed.json()["name"]), (200, &body["name"]), "{path}");
            statements
        };
        assert_eq!(changed("/shown/1/"), changed("/bare/1/"));
    }
}

#[test]
fn a_default_may_be_for_new_rows_alone() {
    for on in On::all() {
        let store = store(on);
        let (_, made) = send(&store, "POST", "/tracks/", &new(&json!({"bytes": 5})));
        let path = format!("/tracks/{}/", made["id"]);
        let (status, shown) =
            send(&store, "PUT", &path, &new(&json!({"name": "B", "composer": "C"})));
        assert_eq!((status, &shown["bytes"]), (200, &json!(5)), "{shown}");
        let (_, made) = send(&store, "POST", "/tracks/", &new(&json!({})));
        assert_eq!(made["bytes"], 77);
    }
}

#[test]
fn documents_show_what_a_class_extends() {
    let store = store(On::all().remove(0));
    let document = store.client().get("/api/schema/?format=json").json();
    let everything = &document["components"]["schemas"]["Everything"];
    let property = |name: &str| everything["properties"][name].clone();
    assert_eq!(property("hash")["maxLength"], 6);
    assert_eq!(
        (&property("percent")["type"], &property("percent")["maximum"]),
        (&json!("integer"), &json!(100))
    );
    assert_eq!(property("link")["format"], "uri");
    assert_eq!(property("words")["type"], "array");
    let required = everything["required"].as_array().unwrap();
    assert!(required.contains(&json!("hash")) && !required.contains(&json!("lenient")));
}
