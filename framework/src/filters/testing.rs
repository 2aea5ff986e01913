//! Two models for the tests of filters and pages.

use chrono::NaiveDate;

use crate::auth::{User, UserFields};
use crate::db::{DateTime, Decimal, Leaf, Model, Order, Path, meta_of};
use crate::model;

/// What the tests filter and sort.
#[model(table = "note", app = "notes", count(tag_count = tags), many_to_many(
    tags: Tag, through = "note_tags", source = "note_id", target = "tag_id"
))]
pub struct Note {
    pub id: i64,
    pub name: String,
    #[field(foreign_key = User)]
    pub owner_id: Option<i32>,
    pub size: i32,
    #[field(decimal(10, 2))]
    pub price: Decimal,
    pub is_public: bool,
    #[field(column = "created_at")]
    pub created: DateTime,
    pub day: NaiveDate,
    #[field(choices = &[("a", "First"), ("b", "Second")])]
    pub grade: String,
}

/// What notes are linked to.
#[model(table = "tag", app = "notes")]
pub struct Tag {
    pub id: i64,
}

/// The path that a lookup names.
pub(crate) fn column(name: &str) -> Path {
    let fields = Note::fields();
    match name {
        "owner__username" => fields.owner().username().into(),
        "tags" => fields.tags().into(),
        "tag_count" => fields.tag_count().into(),
        name => Path {
            model: meta_of::<Note>,
            hops: Vec::new(),
            leaf: Leaf::Column(Note::META.column(name).unwrap()),
        },
    }
}

/// One term of an order, `-` for descending.
pub(crate) fn order(term: &str) -> Order {
    Order { path: column(term.trim_start_matches('-')), descending: term.starts_with('-') }
}
