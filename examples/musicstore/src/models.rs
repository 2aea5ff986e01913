//! Tables of the music store: `store_<model>`, as Django lays them out.

use quintet::auth::{User, UserFields};
use quintet::prelude::*;
use quintet::values::NaiveDate;

/// A performer.
#[model(app = "store", ordering(id), count(album_count = albums))]
pub struct Artist {
    pub id: i64,
    #[field(max_length = 120)]
    pub name: String,
}

/// A record.
#[model(app = "store", ordering(id), constraints(unique(fields(artist, title), name = "album_artist_title_uniq")), count(track_count = tracks))]
pub struct Album {
    pub id: i64,
    #[field(max_length = 160)]
    pub title: String,
    #[field(foreign_key = Artist, related_name = albums)]
    pub artist_id: i64,
}

/// A kind of music.
#[model(app = "store", ordering(id), display = "{name}", count(track_count = tracks))]
pub struct Genre {
    pub id: i64,
    #[field(max_length = 120, unique)]
    pub name: String,
}

/// A file format.
#[model(app = "store", ordering(id))]
pub struct MediaType {
    pub id: i64,
    #[field(max_length = 120, unique)]
    pub name: String,
}

/// A song.
#[model(app = "store", ordering(id))]
pub struct Track {
    pub id: i64,
    #[field(max_length = 200)]
    pub name: String,
    #[field(max_length = 220)]
    pub composer: Option<String>,
    #[field(positive, min_value = 1, help_text = "Length in milliseconds.")]
    pub milliseconds: i32,
    #[field(positive)]
    pub bytes: Option<i32>,
    #[field(decimal(10, 2), min_value = "0.00")]
    pub unit_price: Decimal,
    #[field(foreign_key = Album, related_name = tracks)]
    pub album_id: Option<i64>,
    #[field(foreign_key = Genre, related_name = tracks, on_delete = set_null)]
    pub genre_id: Option<i64>,
    #[field(foreign_key = MediaType, related_name = tracks, on_delete = protect)]
    pub media_type_id: i64,
}

/// The titles that an employee may have.
pub const TITLES: &[(&str, &str)] = &[
    ("General Manager", "General manager"),
    ("Sales Manager", "Sales manager"),
    ("Sales Support Agent", "Sales support agent"),
    ("IT Manager", "IT manager"),
    ("IT Staff", "IT staff"),
];

/// Someone who works for the store.
#[model(app = "store", ordering(id), display = "{first_name} {last_name}")]
pub struct Employee {
    pub id: i64,
    #[field(max_length = 40)]
    pub last_name: String,
    #[field(max_length = 40)]
    pub first_name: String,
    #[field(max_length = 60, choices = TITLES)]
    pub title: Option<String>,
    pub birth_date: Option<NaiveDate>,
    pub hire_date: Option<NaiveDate>,
    #[field(max_length = 40)]
    pub city: Option<String>,
    #[field(max_length = 40)]
    pub country: Option<String>,
    #[field(max_length = 24)]
    pub phone: Option<String>,
    #[field(max_length = 60)]
    pub email: Option<String>,
    #[field(foreign_key = Employee, related_name = subordinates, on_delete = set_null)]
    pub reports_to_id: Option<i64>,
}

/// Someone who buys.
#[model(app = "store", ordering(id), display = "{first_name} {last_name}")]
pub struct Customer {
    pub id: i64,
    #[field(max_length = 40)]
    pub first_name: String,
    #[field(max_length = 40)]
    pub last_name: String,
    #[field(max_length = 80)]
    pub company: Option<String>,
    #[field(max_length = 70)]
    pub address: Option<String>,
    #[field(max_length = 40)]
    pub city: Option<String>,
    #[field(max_length = 40)]
    pub state: Option<String>,
    #[field(max_length = 40)]
    pub country: Option<String>,
    #[field(max_length = 10)]
    pub postal_code: Option<String>,
    #[field(max_length = 24)]
    pub phone: Option<String>,
    #[field(max_length = 60, unique, email)]
    pub email: String,
    #[field(foreign_key = Employee, related_name = customers, on_delete = set_null)]
    pub support_rep_id: Option<i64>,
}

/// What a customer has bought at once.
#[model(app = "store", ordering(id))]
pub struct Invoice {
    pub id: i64,
    pub invoice_date: DateTime,
    #[field(max_length = 70)]
    pub billing_address: Option<String>,
    #[field(max_length = 40)]
    pub billing_city: Option<String>,
    #[field(max_length = 40)]
    pub billing_state: Option<String>,
    #[field(max_length = 40)]
    pub billing_country: Option<String>,
    #[field(max_length = 10)]
    pub billing_postal_code: Option<String>,
    #[field(decimal(10, 2))]
    pub total: Decimal,
    #[field(foreign_key = Customer, related_name = invoices, on_delete = protect)]
    pub customer_id: i64,
}

/// One track on an invoice.
#[model(app = "store", ordering(id))]
pub struct InvoiceLine {
    pub id: i64,
    #[field(decimal(10, 2), min_value = "0.00")]
    pub unit_price: Decimal,
    #[field(positive, min_value = 1)]
    pub quantity: i32,
    #[field(foreign_key = Invoice, related_name = lines)]
    pub invoice_id: i64,
    #[field(foreign_key = Track, related_name = invoice_lines, on_delete = protect)]
    pub track_id: i64,
}

/// A list of tracks that somebody made.
#[model(
    app = "store",
    ordering(id),
    count(track_count = tracks),
    many_to_many(tracks: Track, related_name = playlists)
)]
pub struct Playlist {
    pub id: i64,
    #[field(max_length = 120)]
    pub name: String,
    #[field(default = true)]
    pub is_public: bool,
    #[field(auto_now_add)]
    pub created_at: DateTime,
    #[field(auto_now)]
    pub updated_at: DateTime,
    #[field(foreign_key = User, related_name = playlists, foreign, on_delete = set_null)]
    pub owner_id: Option<i32>,
}
