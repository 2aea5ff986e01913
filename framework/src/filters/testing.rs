//! A model written by hand, as `#[model]` would write it, for the tests of filters and pages.

use crate::db::{
    AnnotationMeta, ColumnKind, ColumnMeta, FieldPath, Hop, Leaf, Model, ModelMeta, Order, Path,
    Row,
};
use crate::fields::ValueRef;

diesel::table! {
    note (id) {
        id -> BigInt,
    }
}

const fn meta(name: &'static str, column: &'static str, kind: ColumnKind) -> ColumnMeta {
    ColumnMeta {
        name,
        column,
        kind,
        nullable: false,
        blank: false,
        max_length: None,
        min_value: None,
        max_value: None,
        unique: false,
        default: None,
        choices: &[],
        email: false,
        help_text: "",
        references: None,
    }
}

static USER_COLUMNS: [ColumnMeta; 2] =
    [meta("id", "id", ColumnKind::Integer), meta("username", "username", ColumnKind::Text)];

static USER: ModelMeta = model_meta("User", "auth_user", &USER_COLUMNS);

static NOTE_COLUMNS: [ColumnMeta; 9] = [
    meta("id", "id", ColumnKind::BigInt),
    meta("name", "name", ColumnKind::Text),
    ColumnMeta {
        references: Some(|| &USER),
        nullable: true,
        ..meta("owner", "owner_id", ColumnKind::Integer)
    },
    meta("size", "size", ColumnKind::Integer),
    meta("price", "price", ColumnKind::Decimal { digits: 10, places: 2 }),
    meta("is_public", "is_public", ColumnKind::Bool),
    meta("created", "created_at", ColumnKind::DateTime),
    meta("day", "day", ColumnKind::Date),
    ColumnMeta {
        choices: &[("a", "First"), ("b", "Second")],
        ..meta("grade", "grade", ColumnKind::Text)
    },
];

static TAG_COLUMNS: [ColumnMeta; 1] = [meta("id", "id", ColumnKind::BigInt)];
static TAG: ModelMeta = model_meta("Tag", "tag", &TAG_COLUMNS);

static TAG_COUNT: AnnotationMeta = AnnotationMeta { name: "tag_count", path: || column("tags") };

const fn model_meta(
    name: &'static str,
    table: &'static str,
    columns: &'static [ColumnMeta],
) -> ModelMeta {
    ModelMeta {
        name,
        verbose_name: name,
        app_label: "notes",
        table,
        columns,
        pk: 0,
        ordering: &[],
        unique_together: &[],
    }
}

static NOTE: ModelMeta = model_meta("Note", "note", &NOTE_COLUMNS);

#[derive(Debug)]
pub(crate) struct Note;

impl Model for Note {
    type Table = note::table;

    const META: &'static ModelMeta = &NOTE;

    fn from_row(_: &Row<'_>, _: usize) -> Result<Self, crate::db::Error> {
        Ok(Self)
    }

    fn value(&self, _: usize) -> ValueRef<'_> {
        ValueRef::Null
    }
}

#[derive(Debug)]
pub(crate) struct Tag;

impl Model for Tag {
    type Table = note::table;

    const META: &'static ModelMeta = &TAG;

    fn from_row(_: &Row<'_>, _: usize) -> Result<Self, crate::db::Error> {
        Ok(Self)
    }

    fn value(&self, _: usize) -> ValueRef<'_> {
        ValueRef::Null
    }
}

/// The path that a lookup names.
pub(crate) fn column(name: &str) -> Path {
    let note = || &NOTE;
    let leaf = |columns: &'static [ColumnMeta], name: &str| {
        Leaf::Column(columns.iter().find(|column| column.name == name).unwrap())
    };
    match name {
        "owner__username" => {
            let hop = Hop::Forward { column: &NOTE_COLUMNS[2], to: || &USER };
            Path { model: note, hops: vec![hop], leaf: leaf(&USER_COLUMNS, "username") }
        }
        "tags" => {
            let hop = Hop::ManyToMany {
                name: "tags",
                through: "note_tags",
                source: "note_id",
                target: "tag_id",
                to: || &TAG,
            };
            Path { model: note, hops: vec![hop], leaf: leaf(&TAG_COLUMNS, "id") }
        }
        "tag_count" => Path { model: note, hops: vec![], leaf: Leaf::Count(&TAG_COUNT) },
        name => Path { model: note, hops: vec![], leaf: leaf(&NOTE_COLUMNS, name) },
    }
}

/// One term of an order, `-` for descending.
pub(crate) fn order(term: &str) -> Order {
    Order { path: column(term.trim_start_matches('-')), descending: term.starts_with('-') }
}

/// What `#[model]` writes for `Note::fields()`.
pub(crate) struct NoteFields;

pub(crate) struct OwnerPath;

impl Note {
    pub(crate) fn fields() -> NoteFields {
        NoteFields
    }
}

macro_rules! paths {
    ($($name:ident: $type:ty),*) => {$(
        pub(crate) fn $name(self) -> FieldPath<Note, $type> {
            FieldPath::new(column(stringify!($name)))
        }
    )*};
}

#[allow(clippy::unused_self)] // as the macro writes them
impl NoteFields {
    paths!(id: i64, name: String, size: i32, grade: String, tags: i64, tag_count: i64, created: crate::db::DateTime);

    pub(crate) fn owner(self) -> OwnerPath {
        OwnerPath
    }
}

#[allow(clippy::unused_self)]
impl OwnerPath {
    pub(crate) fn username(self) -> FieldPath<Note, String> {
        FieldPath::new(column("owner__username"))
    }
}

impl From<OwnerPath> for Path {
    fn from(_: OwnerPath) -> Self {
        column("owner")
    }
}
