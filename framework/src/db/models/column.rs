//! The description of a column: what it stores, and what it demands of a value.

use crate::db::models::file::FileColumn;
use crate::db::{Model, ModelMeta, Predicate, UniqueFor, meta_of};
use crate::exceptions::Validated;
use crate::values::{Pattern, Value};

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
    /// A number with any number of places: the result of computations with decimals.
    Numeric,
    /// `timestamptz`
    DateTime,
    /// `date`
    Date,
    /// `time`
    Time,
    /// `uuid`
    Uuid,
    /// `jsonb`, or text on `SQLite`
    Json,
    /// `interval`, or microseconds on `SQLite`
    Duration,
    /// `bytea`, or `BLOB` on `SQLite`
    Binary,
    /// `inet`, or text on `SQLite`
    Ip,
    /// An array of `PostgreSQL`, of items of this kind.
    Array(&'static ColumnKind),
}

impl ColumnKind {
    /// Whether a column of this kind stores a value as it is; a whole number may be beyond its bounds.
    pub(crate) fn holds(self, value: &Value) -> bool {
        match value {
            Value::Bool(_) => self == Self::Bool,
            Value::Int(_) => matches!(self, Self::SmallInt | Self::Integer | Self::BigInt),
            Value::Float(_) => self == Self::Float,
            Value::Text(_) | Value::File(_) => self == Self::Text,
            Value::Decimal(_) => matches!(self, Self::Decimal { .. } | Self::Numeric),
            Value::DateTime(_) => self == Self::DateTime,
            Value::Date(_) => self == Self::Date,
            Value::Time(_) => self == Self::Time,
            Value::Duration(_) => self == Self::Duration,
            Value::Uuid(_) => self == Self::Uuid,
            Value::Bytes(_) => self == Self::Binary,
            Value::Json(_) => self == Self::Json,
            Value::Null | Value::BigInt(_) | Value::List(_) | Value::Map(_) => false,
        }
    }
}

/// What the text of a column must be, beside an email address and a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ColumnForm {
    /// Anything.
    Any,
    /// Letters, digits, underscores and hyphens (`SlugField`).
    Slug,
    /// The same with the letters of every script (`SlugField(allow_unicode=True)`).
    UnicodeSlug,
    /// A URL (`URLField`).
    Url,
    /// An IP address of version 4 (`GenericIPAddressField(protocol="IPv4")`).
    Ipv4,
    /// An IP address of version 6.
    Ipv6,
}

/// The value of a column if none is given.
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

/// A column as declared by the model: a name and a kind, and what its methods add.
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
    /// The field's name in Django: `album` for the column `album_id`.
    pub name: &'static str,
    /// The column in the database.
    pub column: &'static str,
    /// What it stores.
    pub kind: ColumnKind,
    /// Whether it may be NULL.
    pub nullable: bool,
    /// Whether an empty string is allowed.
    pub blank: bool,
    /// The most characters.
    pub max_length: Option<usize>,
    /// Least number, as written in the model.
    pub min_value: Option<&'static str>,
    /// Whether the table refuses numbers below zero (`PositiveIntegerField`).
    pub positive: bool,
    /// Greatest number, as written in the model.
    pub max_value: Option<&'static str>,
    /// Whether values are unique.
    pub unique: bool,
    /// Whether the table has an index of it (`db_index`).
    pub index: bool,
    /// The value of a new row without one.
    pub default: Option<ColumnDefault>,
    /// The allowed values with their labels; empty if any value is.
    pub choices: &'static [(&'static str, &'static str)],
    /// Whether it must be an email address.
    pub email: bool,
    /// What the text must be.
    pub form: ColumnForm,
    /// Where its files are stored, if it has the names of files.
    pub file: Option<FileColumn>,
    /// The pattern of the text.
    pub regex: Option<fn() -> Pattern>,
    /// Checks of a value beside those of its type, which every serializer of the model runs.
    pub validators: &'static [fn(&Value) -> Validated],
    /// What people read; by default, the words of the name.
    pub verbose_name: Option<&'static str>,
    /// Whether a serializer of the model takes input for it.
    pub editable: bool,
    /// Custom messages by code: `unique`, `cycle`, and `invalid` for the pattern.
    pub errors: &'static [(&'static str, &'static str)],
    /// A sentence for people.
    pub help_text: &'static str,
    /// The model that the column references.
    pub references: Option<fn() -> &'static ModelMeta>,
    /// What happens to the row if the referenced row is deleted.
    pub on_delete: OnDelete,
    /// Whether the referenced row has one row here at most (`OneToOneField`).
    pub one_to_one: bool,
    /// Whether no row may be its own ancestor: the column references the same table.
    pub acyclic: bool,
    /// The columns with the dates in whose periods no other row may have the value.
    pub unique_for: &'static [(UniqueFor, &'static str)],
    /// The name of the relation on the referenced model's side.
    pub related_name: Option<&'static str>,
    /// The rows of the referenced model that may be chosen, if not all.
    pub limit_choices_to: Option<fn() -> Predicate>,
}

impl ColumnMeta {
    /// Creates a column that is not nullable.
    pub const fn new(name: &'static str, kind: ColumnKind) -> Self {
        Self {
            name,
            column: name,
            kind,
            nullable: false,
            blank: false,
            max_length: None,
            min_value: None,
            positive: false,
            max_value: None,
            unique: false,
            index: false,
            default: None,
            choices: &[],
            email: false,
            form: ColumnForm::Any,
            file: None,
            regex: None,
            validators: &[],
            verbose_name: None,
            editable: true,
            errors: &[],
            help_text: "",
            references: None,
            on_delete: OnDelete::Cascade,
            one_to_one: false,
            acyclic: false,
            unique_for: &[],
            related_name: None,
            limit_choices_to: None,
        }
    }

    /// Sets another name in the database.
    pub const fn column(mut self, column: &'static str) -> Self {
        self.column = column;
        self
    }

    /// Allows NULL, and empty input.
    pub const fn nullable(mut self) -> Self {
        self.nullable = true;
        self.blank(true)
    }

    /// Sets whether input may be empty.
    pub const fn blank(mut self, blank: bool) -> Self {
        self.blank = blank;
        self
    }

    /// Sets the most characters.
    pub const fn max_length(mut self, characters: usize) -> Self {
        self.max_length = Some(characters);
        self
    }

    /// Sets the least number.
    pub const fn min_value(mut self, least: &'static str) -> Self {
        self.min_value = Some(least);
        self
    }

    /// Sets the greatest number.
    pub const fn max_value(mut self, greatest: &'static str) -> Self {
        self.max_value = Some(greatest);
        self
    }

    /// Lets the table refuse numbers below zero.
    pub const fn positive(mut self) -> Self {
        self.positive = true;
        self
    }

    /// Makes values unique.
    pub const fn unique(mut self) -> Self {
        self.unique = true;
        self
    }

    /// Gives the table an index of it, which makes look-ups by it fast (`db_index`).
    pub const fn index(mut self) -> Self {
        self.index = true;
        self
    }

    /// Sets the value of new rows without one.
    pub const fn default(mut self, default: ColumnDefault) -> Self {
        self.default = Some(default);
        self
    }

    /// Sets the allowed values, each with its label.
    pub const fn choices(mut self, choices: &'static [(&'static str, &'static str)]) -> Self {
        self.choices = choices;
        self
    }

    /// Allows email addresses only.
    pub const fn email(mut self) -> Self {
        self.email = true;
        self
    }

    /// Sets what the text must be.
    pub const fn form(mut self, form: ColumnForm) -> Self {
        self.form = form;
        self
    }

    /// Makes it a column of files.
    pub const fn file(mut self, file: FileColumn) -> Self {
        self.file = Some(file);
        self
    }

    /// Sets checks of a value, which every serializer of the model runs.
    pub const fn validators(mut self, checks: &'static [fn(&Value) -> Validated]) -> Self {
        self.validators = checks;
        self
    }

    /// Sets what people read.
    pub const fn verbose_name(mut self, name: &'static str) -> Self {
        self.verbose_name = Some(name);
        self
    }

    /// Sets whether a serializer of the model takes input for it.
    pub const fn editable(mut self, editable: bool) -> Self {
        self.editable = editable;
        self
    }

    /// Allows text that matches a pattern only.
    pub const fn regex(mut self, pattern: fn() -> Pattern) -> Self {
        self.regex = Some(pattern);
        self
    }

    /// Sets custom messages by code.
    pub const fn errors(mut self, errors: &'static [(&'static str, &'static str)]) -> Self {
        self.errors = errors;
        self
    }

    /// Sets the help text.
    pub const fn help_text(mut self, text: &'static str) -> Self {
        self.help_text = text;
        self
    }

    /// Makes it a foreign key to another model, with what happens on deletion.
    pub const fn references<M: Model>(mut self, on_delete: OnDelete) -> Self {
        self.references = Some(meta_of::<M>);
        self.on_delete = on_delete;
        self
    }

    /// Names the relation on the referenced model's side.
    pub const fn related_name(mut self, name: &'static str) -> Self {
        self.related_name = Some(name);
        self
    }

    /// Limits the rows of the referenced model that may be chosen: serializers of the model and
    /// `full_clean` refuse others.
    pub const fn limit_choices_to(mut self, condition: fn() -> Predicate) -> Self {
        self.limit_choices_to = Some(condition);
        self
    }

    /// Makes the foreign key unique, so that the way back leads to one row or to none.
    pub const fn one_to_one(mut self) -> Self {
        self.one_to_one = true;
        self.unique()
    }

    /// Refuses rows that would be their own ancestors; the column references the same table.
    pub const fn acyclic(mut self) -> Self {
        self.acyclic = true;
        self
    }

    /// Refuses a value that another row of the same day, month or year has (`unique_for_date`), by the
    /// fields with the dates.
    pub const fn unique_for(mut self, dates: &'static [(UniqueFor, &'static str)]) -> Self {
        self.unique_for = dates;
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
    /// The other row cannot be deleted, unless this one is deleted with it along another key.
    Restrict,
    /// The foreign key becomes NULL.
    SetNull,
    /// The foreign key becomes its default.
    SetDefault,
    /// Nothing: the database decides.
    DoNothing,
}
