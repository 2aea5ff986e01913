//! What is known of a model: its columns and its relations.
//!
//! `#[model]` writes one [`ModelMeta`] per struct; everything else reads it.

use std::any::Any;

use crate::values::{Pattern, Value, ValueRef};

use crate::db::path::Fields;
use crate::db::row::Row;

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
    /// A number with as many places as it has: what is computed of decimals.
    Numeric,
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

/// One column, as the model declares it: a name and a kind, and what its methods add.
///
/// ```
/// use quintet::db::{ColumnKind, ColumnMeta};
///
/// const TITLE: ColumnMeta = ColumnMeta::new("title", ColumnKind::Text).max_length(120).nullable();
/// assert!(TITLE.blank, "what may be missing may be empty");
/// ```
#[derive(Debug)]
#[non_exhaustive]
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
    /// True when an empty text is allowed.
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

impl ColumnMeta {
    /// A column that must have a value.
    pub const fn new(name: &'static str, kind: ColumnKind) -> Self {
        Self {
            name,
            column: name,
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
            regex: None,
            errors: &[],
            help_text: "",
            references: None,
            on_delete: OnDelete::Cascade,
            acyclic: false,
        }
    }

    /// Has another name in the database than in Django's words.
    pub const fn column(mut self, column: &'static str) -> Self {
        self.column = column;
        self
    }

    /// May be NULL, and empty where it is sent.
    pub const fn nullable(mut self) -> Self {
        self.nullable = true;
        self.blank(true)
    }

    /// May be empty where it is sent, or must not be.
    pub const fn blank(mut self, blank: bool) -> Self {
        self.blank = blank;
        self
    }

    /// Takes so many characters.
    pub const fn max_length(mut self, characters: usize) -> Self {
        self.max_length = Some(characters);
        self
    }

    /// Takes no number below this one.
    pub const fn min_value(mut self, least: &'static str) -> Self {
        self.min_value = Some(least);
        self
    }

    /// Takes no number above this one.
    pub const fn max_value(mut self, greatest: &'static str) -> Self {
        self.max_value = Some(greatest);
        self
    }

    /// No two rows share a value.
    pub const fn unique(mut self) -> Self {
        self.unique = true;
        self
    }

    /// Has a value in rows that are made without one.
    pub const fn default(mut self, default: ColumnDefault) -> Self {
        self.default = Some(default);
        self
    }

    /// Takes these values, each with its label.
    pub const fn choices(mut self, choices: &'static [(&'static str, &'static str)]) -> Self {
        self.choices = choices;
        self
    }

    /// Takes e-mail addresses.
    pub const fn email(mut self) -> Self {
        self.email = true;
        self
    }

    /// Takes texts that a pattern matches.
    pub const fn regex(mut self, pattern: fn() -> Pattern) -> Self {
        self.regex = Some(pattern);
        self
    }

    /// Refuses values with these texts, by code.
    pub const fn errors(mut self, errors: &'static [(&'static str, &'static str)]) -> Self {
        self.errors = errors;
        self
    }

    /// Is explained to people.
    pub const fn help_text(mut self, text: &'static str) -> Self {
        self.help_text = text;
        self
    }

    /// Points at a row of another model, which is deleted with what follows.
    pub const fn references<M: Model>(mut self, on_delete: OnDelete) -> Self {
        self.references = Some(meta_of::<M>);
        self.on_delete = on_delete;
        self
    }

    /// Points at the same table, in which no row may be its own ancestor.
    pub const fn acyclic(mut self) -> Self {
        self.acyclic = true;
        self
    }
}

/// What becomes of a row when the row that it points at is deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum OnDelete {
    /// It is deleted as well.
    Cascade,
    /// The other row cannot be deleted.
    Protect,
    /// It points nowhere from then on.
    SetNull,
}

/// Reads a row of a model, from the column of the given number on.
pub(crate) type DecodeRow = fn(&Row<'_>, usize) -> Result<Box<dyn ModelRow>, crate::db::Error>;

/// All that is known of a model: its columns, and what its methods add.
///
/// ```
/// use quintet::db::{ColumnKind, ColumnMeta, ModelMeta};
/// # use quintet::prelude::*;
/// # #[model(app = "library")]
/// # pub struct Book {
/// #     pub id: i64,
/// #     pub title: String,
/// # }
///
/// const META: ModelMeta = ModelMeta::new::<Book>(
///     "Book",
///     "library_book",
///     &[
///         ColumnMeta::new("id", ColumnKind::BigInt),
///         ColumnMeta::new("title", ColumnKind::Text).max_length(200),
///     ],
/// )
/// .app_label("library")
/// .ordering(&[(1, false)]);
/// assert_eq!(META.pk_column().name, "id");
/// ```
#[derive(Debug)]
#[non_exhaustive]
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
    pub(crate) decode: DecodeRow,
    /// Link tables whose rows belong to rows of this model.
    pub links: &'static [LinkTable],
}

/// A link table of a many-to-many relation.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
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

impl LinkTable {
    /// A table with a column that points at the model which declares the relation, and one that points
    /// at `To`.
    pub const fn new<To: Model>(
        table: &'static str,
        source: &'static str,
        target: &'static str,
    ) -> Self {
        Self { table, source, target, to: meta_of::<To> }
    }
}

impl ModelMeta {
    /// The model `M` of a name, a table and its columns; the first column is the primary key.
    pub const fn new<M: Model>(
        name: &'static str,
        table: &'static str,
        columns: &'static [ColumnMeta],
    ) -> Self {
        Self {
            name,
            verbose_name: name,
            app_label: "",
            table,
            columns,
            pk: 0,
            ordering: &[],
            unique_together: &[],
            decode: decode::<M>,
            links: &[],
        }
    }

    /// Is called so in words.
    pub const fn verbose_name(mut self, name: &'static str) -> Self {
        self.verbose_name = name;
        self
    }

    /// Belongs to an application of Django's.
    pub const fn app_label(mut self, label: &'static str) -> Self {
        self.app_label = label;
        self
    }

    /// Has its primary key in another column than the first.
    pub const fn primary_key(mut self, column: usize) -> Self {
        self.pk = column;
        self
    }

    /// Lists rows in this order: columns, each with true when it is descending.
    pub const fn ordering(mut self, ordering: &'static [(usize, bool)]) -> Self {
        self.ordering = ordering;
        self
    }

    /// Has sets of columns that no two rows share.
    pub const fn unique_together(mut self, sets: &'static [&'static [usize]]) -> Self {
        self.unique_together = sets;
        self
    }

    /// Has link tables.
    pub const fn links(mut self, links: &'static [LinkTable]) -> Self {
        self.links = links;
        self
    }

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
    fn from_row(row: &Row<'_>, at: usize) -> Result<Self, crate::db::Error>;

    /// The value of a column, borrowed.
    fn value(&self, column: usize) -> ValueRef<'_>;

    /// The paths that lead from `Root` through this model, past relations of the cardinality `C`.
    type Fields<Root, C>: Fields<Root = Root, Model = Self>;

    /// The primary key.
    fn pk(&self) -> Value {
        self.value(Self::META.pk).to_value()
    }
}

/// A model's row behind a pointer: what the engine sees of it.
pub(crate) trait ModelRow: Any + Send + Sync {
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
pub(crate) fn decode<M: Model>(
    row: &Row<'_>,
    at: usize,
) -> Result<Box<dyn ModelRow>, crate::db::Error> {
    Ok(Box::new(M::from_row(row, at)?))
}

/// The description of a model, as a function: relations refer to models by it, so that two models
/// can refer to each other.
pub(crate) fn meta_of<M: Model>() -> &'static ModelMeta {
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
    type Value: crate::values::FieldType;
    /// Its place in [`ModelMeta::columns`].
    const INDEX: usize;
}
