include!("../models.rs");

use std::sync::LazyLock;

use quintet::serializers::{CurrentUserDefault, CustomField, JsonObject};

static CODE: LazyLock<regex::Regex> = LazyLock::new(|| regex::Regex::new("^[A-Z]+$").unwrap());

const TIERS: [(&str, &str); 2] = [("low", "Low"), ("high", "High")];

#[derive(Serializer)]
#[serializer(model = Artist, fields = all)]
struct ArtistSerializer;

#[derive(Serializer)]
#[serializer(model = Track)]
struct TrackSerializer {
    id: i64,
    #[field(error(blank = "A track needs a name."), label = "Name", validate, unique = "Taken.")]
    #[validate(length(min = 1, max = 100), custom(function = is_quiet), regex(path = *CODE))]
    name: String,
    album: PrimaryKeyRelated<Album>,
    #[field(source = album.title, default = None)]
    album_title: Option<String>,
    #[field(min_value = 1, max_value = 10, help_text = "Short.", required = false)]
    #[validate(range(min = 1, exclusive_max = 9))]
    milliseconds: i32,
    #[field(default = 1, with = |field| field.required(false))]
    unit_price: Decimal,
    #[field(method = Track::tier)]
    tier: &'static str,
    #[field(other, choices = TIERS)]
    wanted: Option<String>,
    #[field(other, kind = email)]
    contact: String,
}

fn is_quiet(name: &str) -> Result<(), validator::ValidationError> {
    if name.ends_with('!') { Err(validator::ValidationError::new("loud")) } else { Ok(()) }
}

impl Track {
    fn tier(&self) -> &'static str {
        "low"
    }
}

impl TrackSerializer {
    fn validate_name(name: String) -> Validated<String> {
        Ok(name)
    }
}

#[derive(Serializer)]
#[serializer(model = Album, validate, without_validators, depth = 1, name = "Record")]
struct AlbumSerializer {
    #[field(lookup = title)]
    url: HyperlinkedIdentity,
    title: String,
    #[field(source = artist)]
    artist_name: StringRelated<Artist>,
    #[field(source = artist, slug = name)]
    artist_slug: SlugRelated<Artist>,
    #[field(nested)]
    artist: ArtistSerializer,
    #[field(view_name = "track-detail", source = tracks)]
    links: Vec<HyperlinkedRelated<Track>>,
    #[field(nested, writable, allow_empty = false)]
    tracks: Vec<TrackSerializer>,
    #[field(default = 0)]
    track_count: i64,
}

impl AlbumSerializer {
    fn validate(attrs: &mut Attrs<'_, Album>) -> Validated {
        if attrs.get(album::title).is_none() {
            return Err("No title.".into());
        }
        Ok(())
    }
}

#[derive(Serializer)]
#[serializer(model = Album, inherit = AlbumSerializer, read_only(title))]
struct AlbumDetailSerializer {
    #[field(method)]
    length: i64,
}

impl AlbumDetailSerializer {
    fn get_length(album: &Instance<'_, Album>) -> i64 {
        album.many::<Track>("tracks").map(|track| i64::from(track.milliseconds)).sum()
    }
}

#[derive(Serializer)]
#[serializer(validate)]
struct SearchSerializer {
    #[field(trim_whitespace = false, allow_blank, regex = *CODE)]
    text: String,
    #[field(each(min_value = 0), max_length = 5)]
    numbers: Option<Vec<i64>>,
    #[field(refuse_empty)]
    tracks: Vec<PrimaryKeyRelated<Track>>,
    #[field(decimal(6, 2), as_number)]
    price: Option<Decimal>,
    #[field(hidden, default = "here")]
    place: String,
    #[field(nested)]
    inner: Option<InnerSerializer>,
}

#[derive(Serializer)]
struct InnerSerializer {
    day: NaiveDate,
}

impl SearchSerializer {
    fn validate(&self) -> Validated {
        if self.text == self.place { Err("Not here.".into()) } else { Ok(()) }
    }
}

/// Every function asks for the request.
#[derive(Serializer)]
#[serializer(model = Track, validate, to_internal_value, to_representation)]
struct AskingSerializer {
    #[field(validate)]
    name: String,
    #[field(hidden, default_with = own_album)]
    album: PrimaryKeyRelated<Album>,
    #[field(default_with = || 1)]
    milliseconds: i32,
    #[field(default_with = |cx: &Context| Decimal::from(i64::from(cx.is_authenticated())))]
    unit_price: Decimal,
    #[field(method)]
    action: Option<&'static str>,
    #[field(method = Track::tier_of)]
    tier: &'static str,
    #[field(method)]
    rows: usize,
}

fn own_album(cx: &Context) -> Option<i64> {
    cx.user().map(|user| i64::from(user.id))
}

impl Track {
    fn tier_of(&self, cx: &Context) -> &'static str {
        if cx.is_authenticated() { "own" } else { self.tier() }
    }
}

impl AskingSerializer {
    fn get_action(_: &Track, cx: &Context) -> Option<&'static str> {
        cx.action().map(Action::name)
    }

    fn get_rows(track: &Instance<'_, Track>, cx: &Context) -> usize {
        track.many::<Album>(cx.request.query_params().get("rows").unwrap_or_default()).count()
    }

    fn validate_name(name: String, cx: &Context) -> Validated<String> {
        if cx.is_authenticated() { Ok(name) } else { Err("Log in.".into()) }
    }

    fn validate(attrs: &mut Attrs<'_, Track>, cx: &Context) -> Validated {
        attrs.set(track::name, cx.view().basename.clone());
        Ok(())
    }

    fn to_internal_value(mut data: JsonObject, cx: &Context) -> Validated<JsonObject> {
        data.insert("anonymous".into(), cx.user().is_none().into());
        Ok(data)
    }

    fn to_representation(track: &Track, shown: JsonObject, cx: &Context) -> (i64, usize, bool) {
        (track.id, shown.len(), cx.is_authenticated())
    }
}

#[derive(Serializer)]
#[serializer(validate, to_internal_value)]
struct AskingSearchSerializer {
    #[field(validate, default_with = String::new)]
    text: String,
    #[field(hidden, default_with = CurrentUserDefault)]
    user: Option<i64>,
}

impl AskingSearchSerializer {
    fn validate_text(text: String, _: &Context) -> Validated<String> {
        Ok(text)
    }

    fn validate(&self, cx: &Context) -> Validated {
        if self.text.is_empty() && self.user.is_none() && cx.is_authenticated() {
            return Err("No text.".into());
        }
        Ok(())
    }

    fn to_internal_value(data: JsonObject) -> Validated<JsonObject> {
        Ok(data)
    }
}

struct Loud(String);

impl CustomField for Loud {
    type Stored = String;

    fn from_stored(stored: String) -> Self {
        Self(stored)
    }

    fn into_stored(self) -> String {
        self.0
    }

    fn to_representation(&self, _: &Context) -> serde_json::Value {
        self.0.to_uppercase().into()
    }

    fn to_internal_value(data: serde_json::Value, _: &Context) -> Validated<Self> {
        data.as_str().map(|text| Self(text.to_lowercase())).ok_or_else(|| "Not a text.".into())
    }
}

#[derive(Serializer)]
#[serializer(model = Artist)]
struct LoudSerializer {
    #[field(custom, source = name, read_only)]
    shout: Option<Loud>,
    #[field(custom, label = "Name", default_with = String::new)]
    name: Loud,
}

#[derive(Serializer)]
struct ShoutSerializer {
    #[field(custom)]
    text: Loud,
    #[field(custom, allow_null)]
    answer: Option<Loud>,
}

fn main() {
    assert!(LoudSerializer::description().fields()[0].read_only);
    assert!(ShoutSerializer::description().fields()[1].allow_null);
    assert_eq!(AskingSerializer::description().fields().len(), 7);
    assert_eq!(AskingSearchSerializer::description().fields().len(), 2);
    let fields = AlbumDetailSerializer::description().fields();
    assert_eq!(fields.last().map(|field| field.name), Some("length"));
    assert_eq!(TrackSerializer::description().name, "Track");
    assert!(SearchSerializer::description().is_plain());
}
