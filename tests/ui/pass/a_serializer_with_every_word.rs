include!("../models.rs");

use std::sync::LazyLock;

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

fn main() {
    let fields = AlbumDetailSerializer::description().fields();
    assert_eq!(fields.last().map(|field| field.name), Some("length"));
    assert_eq!(TrackSerializer::description().name, "Track");
    assert!(SearchSerializer::description().is_plain());
}
