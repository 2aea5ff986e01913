//! What a field accepts.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use chrono::TimeDelta;

use crate::values::types::Decimal;

use super::format::UuidFormat;
use super::{Field, Value};

/// The kind of a field: DRF's field classes. Each is made by the function of its name on
/// [`Field`], and may be changed through [`Field::kind`].
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum FieldKind {
    /// `BooleanField`
    Boolean,
    /// `CharField` and its subclasses: Email, Regex, Slug, URL, IP address.
    Char(Char),
    /// `UUIDField`
    Uuid {
        /// How it is written.
        format: UuidFormat,
    },
    /// `IntegerField`; `BigIntegerField` when `big`, which only has another message.
    Integer {
        /// Least number.
        min: Option<i64>,
        /// Greatest number.
        max: Option<i64>,
        /// True for `BigIntegerField`.
        big: bool,
    },
    /// `FloatField`
    Float {
        /// Least number.
        min: Option<f64>,
        /// Greatest number.
        max: Option<f64>,
    },
    /// `DecimalField`
    Decimal(DecimalOptions),
    /// `DateTimeField`
    DateTime {
        /// `strptime` formats beside or instead of `iso-8601`; empty for ISO 8601 alone.
        input_formats: Cow<'static, [&'static str]>,
        /// The `strftime` format of the output; ISO 8601 when there is none.
        format: Option<&'static str>,
    },
    /// `DateField`
    Date {
        /// As for `DateTime`.
        input_formats: Cow<'static, [&'static str]>,
    },
    /// `TimeField`
    Time {
        /// As for `DateTime`.
        input_formats: Cow<'static, [&'static str]>,
    },
    /// `DurationField`
    Duration {
        /// Least length.
        min: Option<TimeDelta>,
        /// Greatest length.
        max: Option<TimeDelta>,
    },
    /// `ChoiceField`
    Choice {
        /// What may be chosen.
        choices: Arc<[Choice]>,
        /// True when an empty text is allowed.
        allow_blank: bool,
    },
    /// `MultipleChoiceField`
    MultipleChoice {
        /// What may be chosen.
        choices: Arc<[Choice]>,
        /// True when an item may be an empty text.
        allow_blank: bool,
        /// True when nothing need be chosen.
        allow_empty: bool,
    },
    /// `ListField`
    List {
        /// What every item must be.
        child: Box<Field>,
        /// True when the list may be empty.
        allow_empty: bool,
        /// Fewest items.
        min_length: Option<usize>,
        /// Most items.
        max_length: Option<usize>,
    },
    /// `DictField`
    Dict {
        /// What every value must be.
        child: Box<Field>,
        /// True when there may be no key.
        allow_empty: bool,
    },
    /// `JSONField`
    Json,
    /// A value of any shape, as it is: the child of a list or a dictionary without one.
    Any,
    /// `HiddenField`: never read from input, always its default.
    Hidden,
    /// `ReadOnlyField`, `SerializerMethodField` and everything else that only writes.
    ReadOnly,
    /// `PrimaryKeyRelatedField`: the shape of the key; whether the row exists is asked later.
    PrimaryKey {
        /// What the key column stores.
        key: KeyKind,
    },
    /// `SlugRelatedField`: the value of the other row's column, as a text.
    SlugKey,
    /// `ManyRelatedField`: a list of keys, with one flat list of messages.
    ManyRelated {
        /// The relation of one item.
        child: Box<Field>,
        /// True when the list may be empty.
        allow_empty: bool,
    },
    /// A serializer as a field.
    Nested {
        /// Its fields.
        fields: Arc<[Field]>,
        /// True for a list of objects.
        many: bool,
        /// True when the list may be empty.
        allow_empty: bool,
        /// Fewest objects of a list.
        min_length: Option<usize>,
        /// Most objects of a list.
        max_length: Option<usize>,
    },
}

/// The settings of `CharField` and its subclasses.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Char {
    /// Most characters.
    pub max_length: Option<usize>,
    /// Fewest characters.
    pub min_length: Option<usize>,
    /// True when an empty text is allowed.
    pub allow_blank: bool,
    /// True when white space at the ends is cut off.
    pub trim_whitespace: bool,
    /// What the text must look like.
    pub form: TextForm,
}

impl Default for Char {
    fn default() -> Self {
        Self {
            max_length: None,
            min_length: None,
            allow_blank: false,
            trim_whitespace: true,
            form: TextForm::Plain,
        }
    }
}

/// What a text must look like.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum TextForm {
    /// Anything.
    Plain,
    /// An e-mail address.
    Email,
    /// Something that the expression finds a match in.
    Regex(super::Pattern),
    /// Something that a column's own expression finds a match in: Django's `RegexValidator`.
    Pattern {
        /// The expression.
        regex: super::Pattern,
        /// What is said of another text.
        message: &'static str,
    },
    /// Letters, digits, underscores and hyphens.
    Slug {
        /// True for the letters of every script.
        allow_unicode: bool,
    },
    /// An address with http, https, ftp or ftps.
    Url,
    /// An IP address.
    Ip(Protocol),
}

/// The versions of IP that a field takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Protocol {
    /// IPv4 and IPv6.
    Both,
    /// IPv4
    V4,
    /// IPv6
    V6,
}

/// The settings of `DecimalField`.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct DecimalOptions {
    /// Most digits in all.
    pub max_digits: Option<u32>,
    /// Most digits after the point; the output has exactly so many.
    pub decimal_places: Option<u32>,
    /// Least number.
    pub min: Option<Decimal>,
    /// Greatest number.
    pub max: Option<Decimal>,
    /// True when the output is a number, not a text (`coerce_to_string=False`).
    pub as_number: bool,
    /// True when trailing zeros are dropped from the output.
    pub normalize_output: bool,
}

/// One of the values that may be chosen.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Choice {
    /// The value: a text or a whole number.
    pub value: Value,
    /// What people read.
    pub label: Cow<'static, str>,
}

impl Choice {
    /// A choice that people read as `label`.
    pub fn new(value: impl super::FieldType, label: impl Into<Cow<'static, str>>) -> Self {
        Self { value: value.into_value(), label: label.into() }
    }
}

impl From<&'static str> for Choice {
    fn from(value: &'static str) -> Self {
        Self { value: Value::Text(value.to_owned()), label: Cow::Borrowed(value) }
    }
}

impl From<i64> for Choice {
    fn from(value: i64) -> Self {
        Self { value: Value::Int(value), label: Cow::Owned(value.to_string()) }
    }
}

impl From<(&'static str, &'static str)> for Choice {
    fn from((value, label): (&'static str, &'static str)) -> Self {
        Self { value: Value::Text(value.to_owned()), label: Cow::Borrowed(label) }
    }
}

/// What the key of the other table is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyKind {
    /// A whole number.
    Int,
    /// A text.
    Text,
    /// A UUID.
    Uuid,
}

/// The value of a field that was not sent.
#[derive(Clone)]
#[non_exhaustive]
pub enum FieldDefault {
    /// A fixed value.
    Value(Value),
    /// A value that is made anew each time.
    Call(Arc<dyn Fn() -> Value + Send + Sync>),
    /// A value that the field's serializer makes, which may look at the request.
    Serializer,
}

impl FieldDefault {
    /// The value; `None` where the serializer makes it.
    pub fn get(&self) -> Option<Value> {
        match self {
            Self::Value(value) => Some(value.clone()),
            Self::Call(make) => Some(make()),
            Self::Serializer => None,
        }
    }
}

impl fmt::Debug for FieldDefault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Value(value) => f.debug_tuple("Value").field(value).finish(),
            Self::Call(_) => f.write_str("Call(..)"),
            Self::Serializer => f.write_str("Serializer"),
        }
    }
}
