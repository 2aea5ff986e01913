//! Two models for the tests of filters and pages.

use chrono::NaiveDate;

use crate::auth::User;
use crate::db::{DateTime, Decimal, FieldPath, Leaf, Model, Order, Path, PathOf, meta_of};
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
pub(crate) fn column(name: &str) -> FieldPath<Note, ()> {
    let fields = Note::fields();
    FieldPath::new(match name {
        "owner__username" => fields.owner().username().path,
        "tags" => fields.tags().into_path(),
        "tag_count" => fields.tag_count().path,
        name => Path {
            model: meta_of::<Note>,
            hops: Vec::new(),
            leaf: Leaf::Column(Note::META.column(name).unwrap()),
        },
    })
}

/// One term of an order, `-` for descending.
pub(crate) fn order(term: &str) -> Order<Note> {
    match term.strip_prefix('-') {
        Some(name) => Order::descending(column(name)),
        None => Order::ascending(column(term)),
    }
}
