//! The serializers of the API.

use std::collections::HashSet;
use std::sync::LazyLock;

use quintet::auth::{Group, User};
use quintet::fields::{Field, FieldKind, Pattern};
use quintet::prelude::*;
use quintet::serializers::*;

use crate::models::*;

/// A digit of any script, as Python finds it.
static DIGIT: LazyLock<Pattern> =
    LazyLock::new(|| Pattern::new(r"\d").expect("a pattern that can be read"));

#[derive(Serializer)]
#[serializer(model = Artist, fields(id, name, album_count))]
pub struct ArtistSerializer {
    #[field(validate)]
    name: String,
    #[field(default = 0)]
    album_count: i64,
}

impl ArtistSerializer {
    fn validate_name(name: String) -> Validated<String> {
        if ["unknown", "n/a"].contains(&name.to_lowercase().as_str()) {
            return Err(Detail::new("This artist name is reserved.", "reserved"));
        }
        Ok(name)
    }
}

#[derive(Serializer)]
#[serializer(model = Artist, fields(id, name))]
pub struct ArtistMiniSerializer {}

#[derive(Serializer)]
pub struct RenameSerializer {
    #[field(min_length = 2, max_length = 120)]
    pub name: String,
}

#[derive(Serializer)]
pub struct RenamedSerializer {
    pub id: i64,
    pub old_name: String,
    pub name: String,
}

/// Reads a nested artist, writes `artist_id`.
#[derive(Serializer)]
#[serializer(model = Album, unique_together(artist_id, title))]
pub struct AlbumSerializer {
    id: i64,
    url: HyperlinkedIdentity,
    title: String,
    #[field(nested)]
    artist: ArtistMiniSerializer,
    #[field(source = artist, write_only)]
    artist_id: PrimaryKeyRelated<Artist>,
    #[field(default = 0)]
    track_count: i64,
}

#[derive(Serializer)]
#[serializer(model = Track, fields(id, name, genre, milliseconds, unit_price))]
pub struct AlbumTrackSerializer {
    genre: StringRelated<Genre>,
}

#[derive(Serializer)]
#[serializer(model = Album, inherit = AlbumSerializer)]
pub struct AlbumDetailSerializer {
    #[field(method)]
    total_milliseconds: i64,
    #[field(nested)]
    tracks: Vec<AlbumTrackSerializer>,
}

impl AlbumDetailSerializer {
    fn get_total_milliseconds(album: &Instance<'_, Album>) -> i64 {
        album.many::<Track>("tracks").map(|track| i64::from(track.milliseconds)).sum()
    }
}

#[derive(Serializer)]
#[serializer(model = Album, fields = all, depth = 1)]
pub struct DepthAlbumSerializer {}

#[derive(Serializer)]
#[serializer(model = Genre, fields = all)]
pub struct GenreSerializer {}

#[derive(Serializer)]
#[serializer(model = MediaType, fields(url, name))]
pub struct MediaTypeSerializer {
    url: HyperlinkedIdentity,
}

#[derive(Serializer)]
#[serializer(model = Track, validate, fields(
    id, name, album, album_title, artist, media_type, genre, composer, milliseconds, bytes,
    unit_price, duration, price_tier
), unique_together(album, name, "This album already has a track of that name."))]
pub struct TrackSerializer {
    #[field(error(blank = "A track needs a name."), validate)]
    name: String,
    #[field(source = album.title, default = None)]
    album_title: Option<String>,
    #[field(source = album.artist.name, default = None)]
    artist: Option<String>,
    #[field(slug = name)]
    media_type: SlugRelated<MediaType>,
    #[field(slug = name)]
    genre: Option<SlugRelated<Genre>>,
    #[field(validate)]
    composer: Option<String>,
    #[field(max_value = "999.99")]
    unit_price: Decimal,
    #[field(method)]
    duration: String,
    #[field(method)]
    price_tier: String,
}

impl TrackSerializer {
    fn get_duration(track: &Track) -> String {
        let seconds = track.milliseconds / 1000;
        format!("{}:{:02}", seconds / 60, seconds % 60)
    }

    fn get_price_tier(track: &Track) -> String {
        let tier = match track.unit_price {
            price if price < Decimal::new(100, 2) => "budget",
            price if price < Decimal::new(199, 2) => "standard",
            _ => "premium",
        };
        tier.into()
    }

    fn validate_name(name: String) -> Validated<String> {
        if name.to_lowercase() == "untitled" {
            return Err("Give the track a real name.".into());
        }
        Ok(name)
    }

    fn validate_composer(composer: Option<String>) -> Validated<Option<String>> {
        if composer.as_ref().is_some_and(|name| DIGIT.is_match(name)) {
            return Err(["A composer has no digits.", "Use letters only."].into());
        }
        Ok(composer)
    }

    fn validate(attrs: &mut Attrs<'_, Track>) -> Validated {
        let (price, length) = (attrs.get(track::unit_price), attrs.get(track::milliseconds));
        let Some(length) = length else { return Ok(()) };
        if price.is_some_and(|price| price > Decimal::new(199, 2)) && length < 60_000 {
            return Err("A track under one minute cannot cost more than 1.99.".into());
        }
        if attrs.get(track::bytes).flatten().is_some_and(|bytes| bytes < length / 1000) {
            return Err(Detail::map([
                ("bytes", "Too small for this length."),
                ("milliseconds", "Too long for this size."),
            ]));
        }
        Ok(())
    }
}

#[derive(Serializer)]
#[serializer(model = Playlist, fields(
    id, name, owner, is_public, track_count, created_at, updated_at
))]
pub struct PlaylistSerializer {
    #[field(source = owner.username, default = None, with = read_only_field)]
    owner: Option<String>,
    #[field(default = 0)]
    track_count: i64,
}

/// A field of no kind in what OPTIONS says (`ReadOnlyField`).
fn read_only_field(mut field: Field) -> Field {
    field.kind = FieldKind::ReadOnly;
    field
}

#[derive(Serializer)]
#[serializer(model = Playlist, inherit = PlaylistSerializer)]
pub struct PlaylistDetailSerializer {
    #[field(required = false)]
    tracks: Vec<PrimaryKeyRelated<Track>>,
}

#[derive(Serializer)]
pub struct PlaylistTracksSerializer {
    #[field(refuse_empty)]
    pub tracks: Vec<PrimaryKeyRelated<Track>>,
}

#[derive(Serializer)]
pub struct TrackCountSerializer {
    pub id: i64,
    pub track_count: i64,
}

#[derive(Serializer)]
#[serializer(model = InvoiceLine, fields(
    id, track, track_name, unit_price, quantity, subtotal
))]
pub struct InvoiceLineSerializer {
    #[field(source = track.name)]
    track_name: String,
    #[field(required = false)]
    unit_price: Decimal,
    #[field(method)]
    subtotal: String,
}

impl InvoiceLineSerializer {
    fn get_subtotal(line: &InvoiceLine) -> String {
        (line.unit_price * line.quantity).to_string()
    }
}

#[derive(Serializer)]
#[serializer(model = Invoice, create, update, read_only(total), fields(
    id, customer, customer_name, invoice_date, billing_address, billing_city, billing_state,
    billing_country, billing_postal_code, total, lines
))]
pub struct InvoiceSerializer {
    #[field(source = customer)]
    customer_name: StringRelated<Customer>,
    #[field(nested, writable, refuse_empty, max_length = 20)]
    lines: Vec<InvoiceLineSerializer>,
}

impl InvoiceSerializer {
    async fn create(mut new: Changes<Invoice>, cx: &mut Context) -> Result<Invoice> {
        let lines = new.take_nested("lines").unwrap_or_default();
        let invoice = cx.save(new.set(invoice::total, Decimal::ZERO)).await?;
        Self::write_lines(&invoice, lines, cx).await
    }

    async fn update(mut changes: Changes<Invoice>, cx: &mut Context) -> Result<Invoice> {
        let lines = changes.take_nested("lines");
        let invoice = cx.save(changes).await?;
        let Some(lines) = lines else { return Ok(invoice) };
        InvoiceLine::objects().filter(invoice_line::invoice_id.eq(invoice.id)).delete(cx).await?;
        Self::write_lines(&invoice, lines, cx).await
    }

    /// Stores the lines and the total. An error here comes after rows were written; the transaction
    /// undoes them.
    async fn write_lines(
        invoice: &Invoice,
        lines: Vec<Changes<InvoiceLine>>,
        cx: &mut Context,
    ) -> Result<Invoice> {
        let wanted: Vec<i64> =
            lines.iter().filter_map(|line| line.get(invoice_line::track_id)).collect();
        let tracks = Track::objects().in_bulk(track::id, wanted, cx).await?;
        let (mut seen, mut total) = (HashSet::new(), Decimal::ZERO);
        for line in lines {
            let track = line.get(invoice_line::track_id).and_then(|key| tracks.get(&key));
            let Some(track) = track else {
                return Err(ApiException::validation("A track is gone."));
            };
            if !seen.insert(track.id) {
                let text = format!("Track {} is listed twice.", track.id);
                return Err(ApiException::validation(Detail::field("lines", [text])));
            }
            let price = line.get(invoice_line::unit_price).unwrap_or(track.unit_price);
            let line =
                line.set(invoice_line::invoice_id, invoice.id).set(invoice_line::unit_price, price);
            let line = cx.save(line).await?;
            total += price * line.quantity;
        }
        if total > Decimal::new(9_999_999_999, 2) {
            return Err(ApiException::validation("The invoice total is too large."));
        }
        cx.save(Changes::of(invoice).set(invoice::total, total)).await
    }
}

#[derive(Serializer)]
pub struct SummarySerializer {
    pub count: i64,
    #[field(as_number)]
    pub total: Decimal,
}

#[derive(Serializer)]
#[serializer(model = Customer, fields(
    id, first_name, last_name, company, address, city, state, country, postal_code, phone, email,
    support_rep
))]
pub struct CustomerSerializer {
    #[field(unique_ignoring_case = "A customer with this email already exists.")]
    email: String,
}

#[derive(Serializer)]
#[serializer(model = Employee, fields(
    id, first_name, last_name, full_name, title, title_label, reports_to, manager, manager_email,
    subordinates, birth_date, hire_date, years_hired_before_2010, city, country, phone, email
))]
pub struct EmployeeSerializer {
    #[field(method = Employee::to_string)]
    full_name: String,
    #[field(display(title))]
    title_label: Option<String>,
    #[field(source = reports_to)]
    manager: Option<StringRelated<Employee>>,
    #[field(source = reports_to.email)]
    manager_email: Option<String>,
    subordinates: Vec<StringRelated<Employee>>,
    #[field(method)]
    years_hired_before_2010: i32,
}

impl EmployeeSerializer {
    fn get_years_hired_before_2010(employee: &Employee) -> i32 {
        employee.hire_date.map_or(0, |date| (2010 - date.year()).max(0))
    }
}

#[derive(Serializer, Default)]
pub struct EmployeeTreeSerializer {
    pub id: i64,
    pub last_name: String,
    #[field(nested, read_only)]
    pub subordinates: Vec<EmployeeTreeSerializer>,
}

#[derive(Serializer)]
#[serializer(model = User, read_only(is_staff, date_joined), fields(
    url, username, email, first_name, last_name, is_staff, date_joined, groups, playlists, password
))]
pub struct UserSerializer {
    #[field(lookup = username)]
    url: HyperlinkedIdentity,
    #[field(slug = name, read_only)]
    groups: Vec<SlugRelated<Group>>,
    #[field(view_name = "playlist-detail", read_only)]
    playlists: Vec<HyperlinkedRelated<Playlist>>,
    #[field(other, write_only, min_length = 8)]
    password: String,
}
