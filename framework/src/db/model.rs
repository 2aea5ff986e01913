//! What is known of a model: its columns, its relations, and paths through them.
//!
//! `#[model]` writes one [`ModelMeta`] per struct; everything else reads it.

use std::any::Any;
use std::fmt;
use std::marker::PhantomData;

use crate::fields::{Pattern, Value, ValueRef};

use super::row::Row;

/// What a column stores.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ColumnKind {
    /// `smallint`
    SmallInt,
    /// `integer`
    Integer,
    /// `bigint`
    BigInt,
    /// `double precision`
    Float,
    /// `boolean`
    Bool,
    /// `varchar` or `text`
    Text,
    /// `numeric(digits, places)`
    Decimal {
        /// Digits in all.
        digits: u32,
        /// Digits after the point.
        places: u32,
    },
    /// `timestamptz`
    DateTime,
    /// `date`
    Date,
    /// `time`
    Time,
    /// `uuid`
    Uuid,
}

/// A value that a column takes when none is given.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum ColumnDefault {
    /// A fixed value.
    Value(fn() -> Value),
    /// The moment of the insert (`auto_now_add`); not editable.
    AutoNowAdd,
    /// The moment of every save (`auto_now`); not editable.
    AutoNow,
}

/// One column, as the model declares it.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of Django's fields")]
pub struct ColumnMeta {
    /// The field's name in Django's words: `album` for the column `album_id`.
    pub name: &'static str,
    /// The column in the database.
    pub column: &'static str,
    /// What it stores.
    pub kind: ColumnKind,
    /// True when it may be NULL.
    pub nullable: bool,
    /// True when an empty text is fine.
    pub blank: bool,
    /// Longest text, in characters.
    pub max_length: Option<usize>,
    /// Least number, as written in the model.
    pub min_value: Option<&'static str>,
    /// Greatest number, as written in the model.
    pub max_value: Option<&'static str>,
    /// True when no two rows share a value.
    pub unique: bool,
    /// The value of a row that is made without one.
    pub default: Option<ColumnDefault>,
    /// The allowed values with their labels; empty when any will do.
    pub choices: &'static [(&'static str, &'static str)],
    /// True for a text that must be an e-mail address.
    pub email: bool,
    /// What a text must look like.
    pub regex: Option<fn() -> Pattern>,
    /// Texts in place of the usual ones, by code: `unique`, `cycle`, and `invalid` for the pattern.
    pub errors: &'static [(&'static str, &'static str)],
    /// A sentence for people.
    pub help_text: &'static str,
    /// The model that the column points at.
    pub references: Option<fn() -> &'static ModelMeta>,
    /// What becomes of the row when the row that it points at is deleted.
    pub on_delete: OnDelete,
    /// True where no row may be its own ancestor: the column points at the same table.
    pub acyclic: bool,
}

/// What becomes of a row when the row that it points at is deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnDelete {
    /// It is deleted as well.
    Cascade,
    /// The other row cannot be deleted.
    Protect,
    /// It points nowhere from then on.
    SetNull,
}

/// A computed column: a sub-select over rows that point here.
#[derive(Debug)]
pub struct AnnotationMeta {
    /// Its name beside the columns.
    pub name: &'static str,
    /// The rows counted, as a path from the model.
    pub path: fn() -> Path,
}

/// Reads a row of a model, from the column of the given number on.
pub type DecodeRow = fn(&Row<'_>, usize) -> Result<Box<dyn ModelRow>, super::Error>;

/// All that is known of a model.
#[derive(Debug)]
pub struct ModelMeta {
    /// The struct's name: `Track`. Used in `No Track matches the given query.`
    pub name: &'static str,
    /// In words: `track`, `media type`.
    pub verbose_name: &'static str,
    /// Django's application label: `store` in the permission `store.add_track`.
    pub app_label: &'static str,
    /// The table.
    pub table: &'static str,
    /// The columns, in the order of the struct.
    pub columns: &'static [ColumnMeta],
    /// Index of the primary key in `columns`.
    pub pk: usize,
    /// Default order: column index, and true when descending.
    pub ordering: &'static [(usize, bool)],
    /// Sets of columns that no two rows share.
    pub unique_together: &'static [&'static [usize]],
    /// Reads a row, as [`Model::from_row`].
    pub decode: DecodeRow,
    /// Link tables whose rows belong to rows of this model.
    pub links: &'static [LinkTable],
}

/// A link table of a many-to-many relation.
#[derive(Debug, Clone, Copy)]
pub struct LinkTable {
    /// The table.
    pub table: &'static str,
    /// Its column that points at the model which declares the relation.
    pub source: &'static str,
    /// Its column that points at the other model.
    pub target: &'static str,
    /// The other model.
    pub to: fn() -> &'static ModelMeta,
}

impl ModelMeta {
    /// The primary key column.
    pub fn pk_column(&self) -> &'static ColumnMeta {
        &self.columns[self.pk]
    }

    /// The column with Django's name `name`, or the database's.
    pub fn column(&self, name: &str) -> Option<&'static ColumnMeta> {
        self.columns.iter().find(|c| c.name == name || c.column == name)
    }

    /// The model's name as permissions and content types write it: `mediatype`.
    pub fn model_name(&self) -> String {
        self.name.to_lowercase()
    }
}

/// A struct whose rows live in a table; written by `#[model]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a model",
    label = "this type has no `Model` implementation",
    note = "put `#[model(table = \"...\")]` on `{Self}`"
)]
pub trait Model: Sized + Send + Sync + 'static {
    /// diesel's table.
    type Table: diesel::Table + diesel::QuerySource + Send + Sync + 'static;

    /// The description.
    const META: &'static ModelMeta;

    /// Reads the columns, in the order of [`ModelMeta::columns`], from column `at` of the row on.
    ///
    /// # Errors
    /// When a column does not hold what the model says.
    fn from_row(row: &Row<'_>, at: usize) -> Result<Self, super::Error>;

    /// The value of a column, borrowed.
    fn value(&self, column: usize) -> ValueRef<'_>;

    /// The paths that start with a way to this model.
    type Fields<Root>: Fields;

    /// The primary key.
    fn pk(&self) -> Value {
        self.value(Self::META.pk).to_value()
    }
}

/// A model's row behind a pointer: what the engine sees of it.
pub trait ModelRow: Any + Send + Sync {
    /// The value of a column, borrowed.
    fn value(&self, column: usize) -> ValueRef<'_>;
    /// The row itself.
    fn as_any(&self) -> &dyn Any;
    /// The row itself, owned.
    fn into_any(self: Box<Self>) -> Box<dyn Any>;
}

impl<M: Model> ModelRow for M {
    fn value(&self, column: usize) -> ValueRef<'_> {
        Model::value(self, column)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
    }
}

/// Reads a row of `M` and hides its type.
///
/// # Errors
/// When a column does not hold what the model says.
pub fn decode<M: Model>(row: &Row<'_>, at: usize) -> Result<Box<dyn ModelRow>, super::Error> {
    Ok(Box::new(M::from_row(row, at)?))
}

/// The description of a model, as a function: relations refer to models by it, so that two models
/// can refer to each other.
pub fn meta_of<M: Model>() -> &'static ModelMeta {
    M::META
}

/// A column of diesel's, with the model and the Rust type behind it; written by `#[model]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a column of a model",
    note = "columns are named by the module that `#[model]` writes: `track::name`"
)]
pub trait Column {
    /// The model.
    type Model: Model;
    /// What the struct holds.
    type Value: crate::fields::FieldType;
    /// Its place in [`ModelMeta::columns`].
    const INDEX: usize;
}

/// A way from a model to a model: the part of a [`Path`] before its end.
#[derive(Debug, Clone)]
pub struct Way {
    /// The model the way starts at.
    pub model: fn() -> &'static ModelMeta,
    /// The steps.
    pub hops: Vec<Hop>,
}

impl Way {
    /// The way that has not left its model.
    pub fn start<M: Model>() -> Self {
        Self { model: meta_of::<M>, hops: Vec::new() }
    }

    /// One step further.
    #[must_use]
    pub fn hop(mut self, hop: Hop) -> Self {
        self.hops.push(hop);
        self
    }

    /// Along the foreign key in column `index` of `M`.
    #[must_use]
    pub fn forward<M: Model, To: Model>(self, index: usize) -> Self {
        self.hop(Hop::Forward { column: &M::META.columns[index], to: meta_of::<To> })
    }

    /// Back along the foreign key of `From`.
    #[must_use]
    pub fn reverse<From: Model>(self, name: &'static str, column: &'static str) -> Self {
        self.hop(Hop::Reverse { name, from: meta_of::<From>, column })
    }

    /// The model at the end.
    pub fn target(&self) -> &'static ModelMeta {
        self.hops.last().map_or_else(self.model, Hop::target)
    }

    /// Ends at a column of the last model.
    pub fn column<M, T>(self, column: &'static ColumnMeta) -> FieldPath<M, T> {
        FieldPath::new(Path { model: self.model, hops: self.hops, leaf: Leaf::Column(column) })
    }

    /// Ends at a computed column of the last model.
    pub fn count<M>(self, annotation: &'static AnnotationMeta) -> FieldPath<M, i64> {
        FieldPath::new(Path { model: self.model, hops: self.hops, leaf: Leaf::Count(annotation) })
    }

    /// Ends at the key that stands for the last model: the foreign key that leads to it, or its
    /// primary key where there is none on the way.
    pub fn key(mut self) -> Path {
        let target = self.target();
        if let Some(Hop::Forward { column, .. }) = self.hops.last().copied() {
            self.hops.pop();
            return Path { model: self.model, hops: self.hops, leaf: Leaf::Column(column) };
        }
        Path { model: self.model, hops: self.hops, leaf: Leaf::Column(target.pk_column()) }
    }
}

/// The methods that name columns and relations of a model; written by `#[model]`.
pub trait Fields: Into<Path> {
    /// The model at the end of the way.
    type Model: Model;

    /// The methods at the end of a way.
    fn at(way: Way) -> Self;

    /// The way so far.
    fn way(self) -> Way;
}

/// One step from a table to another.
#[derive(Debug, Clone, Copy)]
pub enum Hop {
    /// Along a foreign key of the current table.
    Forward {
        /// The column that points away.
        column: &'static ColumnMeta,
        /// Where it points.
        to: fn() -> &'static ModelMeta,
    },
    /// Back along a foreign key of another table.
    Reverse {
        /// The name the hop has on this side (`related_name`).
        name: &'static str,
        /// The other model.
        from: fn() -> &'static ModelMeta,
        /// Its column that points here.
        column: &'static str,
    },
    /// Through a link table.
    ManyToMany {
        /// The name the hop has on this side.
        name: &'static str,
        /// The link table.
        through: &'static str,
        /// Its column that points here.
        source: &'static str,
        /// Its column that points there.
        target: &'static str,
        /// The model here.
        from: fn() -> &'static ModelMeta,
        /// The model there.
        to: fn() -> &'static ModelMeta,
    },
}

impl Hop {
    /// The model at the far end.
    pub fn target(&self) -> &'static ModelMeta {
        match self {
            Self::Forward { to, .. } | Self::ManyToMany { to, .. } => to(),
            Self::Reverse { from, .. } => from(),
        }
    }

    /// The hop's name in a lookup.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Forward { column, .. } => column.name,
            Self::Reverse { name, .. } | Self::ManyToMany { name, .. } => name,
        }
    }

    /// True for the same step of the same table.
    pub fn is_same(&self, other: &Self) -> bool {
        self.name() == other.name() && self.target().table == other.target().table
    }

    /// True when one row may lead to several.
    pub fn is_many(&self) -> bool {
        !matches!(self, Self::Forward { .. })
    }
}

/// Where a [`Path`] ends.
#[derive(Debug, Clone, Copy)]
pub enum Leaf {
    /// At a column of the last table.
    Column(&'static ColumnMeta),
    /// At a computed column of the last table: the number of rows at the end of more hops.
    Count(&'static AnnotationMeta),
}

/// A way from a model to a value: hops, then a column. Written as `album__artist__name` in
/// lookups and as `Track::fields().album().artist().name()` in code.
#[derive(Debug, Clone)]
pub struct Path {
    /// The model the way starts at.
    pub model: fn() -> &'static ModelMeta,
    /// The steps.
    pub hops: Vec<Hop>,
    /// The end.
    pub leaf: Leaf,
}

impl Path {
    /// The model at the end.
    pub fn target(&self) -> &'static ModelMeta {
        self.hops.last().map_or_else(self.model, Hop::target)
    }

    /// The column at the end, when it is one.
    pub fn column(&self) -> Option<&'static ColumnMeta> {
        match self.leaf {
            Leaf::Column(column) => Some(column),
            Leaf::Count(_) => None,
        }
    }

    /// What the end stores.
    pub fn kind(&self) -> ColumnKind {
        self.column().map_or(ColumnKind::BigInt, |column| column.kind)
    }

    /// The name in lookups: `album__artist__name`.
    pub fn name(&self) -> String {
        let mut parts: Vec<&str> = self.hops.iter().map(Hop::name).collect();
        parts.push(match self.leaf {
            Leaf::Column(column) => column.name,
            Leaf::Count(annotation) => annotation.name,
        });
        parts.join("__")
    }

    /// True for the same end of the same way.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        let leaf = match (self.leaf, other.leaf) {
            (Leaf::Column(own), Leaf::Column(other)) => own.column == other.column,
            (Leaf::Count(own), Leaf::Count(other)) => own.name == other.name,
            _ => false,
        };
        leaf && self.hops.len() == other.hops.len()
            && self.hops.iter().zip(&other.hops).all(|(own, other)| own.is_same(other))
    }

    /// The steps up to the last one that leads to several rows.
    pub fn many_hops(&self) -> &[Hop] {
        let last = self.hops.iter().rposition(Hop::is_many).map_or(0, |last| last + 1);
        self.hops.get(..last).unwrap_or_default()
    }

    /// True when one row may lead to several values.
    pub fn is_many(&self) -> bool {
        self.hops.iter().any(Hop::is_many)
    }
}

/// A [`Path`] that knows the model it starts at and the Rust type of its end.
pub struct FieldPath<M, T> {
    /// The way.
    pub path: Path,
    types: PhantomData<fn() -> (M, T)>,
}

impl<M, T> FieldPath<M, T> {
    /// A path whose types the caller vouches for; the macros do.
    pub fn new(path: Path) -> Self {
        Self { path, types: PhantomData }
    }
}

impl<M, T> Clone for FieldPath<M, T> {
    fn clone(&self) -> Self {
        Self::new(self.path.clone())
    }
}

impl<M, T> fmt::Debug for FieldPath<M, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.path, f)
    }
}

impl<M, T> From<FieldPath<M, T>> for Path {
    fn from(field: FieldPath<M, T>) -> Self {
        field.path
    }
}
