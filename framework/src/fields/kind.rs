//! The kinds of fields.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use chrono::TimeDelta;

use crate::db::Choices;
use crate::values::types::Decimal;

use super::format::UuidFormat;
use super::{Field, Value};

/// The kind of a field: DRF's field classes. The function of the same name on [`Field`] creates
/// each, and [`Field::kind`] can be changed.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum FieldKind {
    /// `BooleanField`
    #[doc(alias = "BooleanField")]
    Boolean,
    /// `CharField` and its subclasses: Email, Regex, Slug, URL, IP address.
    #[doc(alias = "CharField")]
    #[doc(alias = "EmailField")]
    #[doc(alias = "RegexField")]
    #[doc(alias = "SlugField")]
    #[doc(alias = "URLField")]
    #[doc(alias = "IPAddressField")]
    Char(Char),
    /// `UUIDField`
    #[doc(alias = "UUIDField")]
    Uuid {
        /// How it is written.
        format: UuidFormat,
    },
    /// `IntegerField`; `BigIntegerField` when `big`, which only has another message.
    #[doc(alias = "IntegerField")]
    Integer {
        /// Least number.
        min: Option<i64>,
        /// Greatest number.
        max: Option<i64>,
        /// True for `BigIntegerField`.
        big: bool,
        /// Whether the output is a text (`coerce_to_string=True`), for readers that lose digits.
        as_text: bool,
    },
    /// `FloatField`
    #[doc(alias = "FloatField")]
    Float {
        /// Least number.
        min: Option<f64>,
        /// Greatest number.
        max: Option<f64>,
    },
    /// `DecimalField`
    #[doc(alias = "DecimalField")]
    Decimal(DecimalOptions),
    /// `DateTimeField`
    #[doc(alias = "DateTimeField")]
    DateTime {
        /// `strptime` formats in addition to or instead of `iso-8601`; empty for those of the site.
        input_formats: Cow<'static, [&'static str]>,
        /// The `strftime` format of the output, or `iso-8601`; that of the site if there is none.
        format: Option<&'static str>,
    },
    /// `DateField`
    #[doc(alias = "DateField")]
    Date {
        /// As for `DateTime`.
        input_formats: Cow<'static, [&'static str]>,
        /// As for `DateTime`.
        format: Option<&'static str>,
    },
    /// `TimeField`
    #[doc(alias = "TimeField")]
    Time {
        /// As for `DateTime`.
        input_formats: Cow<'static, [&'static str]>,
        /// As for `DateTime`.
        format: Option<&'static str>,
    },
    /// `DurationField`
    #[doc(alias = "DurationField")]
    Duration {
        /// Least length.
        min: Option<TimeDelta>,
        /// Greatest length.
        max: Option<TimeDelta>,
        /// Whether the output is ISO 8601 (`P1DT02H03M04S`), not Django's form (`1 02:03:04`), where the
        /// field says so.
        iso_8601: Option<bool>,
    },
    /// `ChoiceField`
    #[doc(alias = "ChoiceField")]
    Choice {
        /// What may be chosen.
        choices: Arc<[Choice]>,
        /// True when an empty text is allowed.
        allow_blank: bool,
    },
    /// `MultipleChoiceField`
    #[doc(alias = "MultipleChoiceField")]
    MultipleChoice {
        /// What may be chosen.
        choices: Arc<[Choice]>,
        /// True when an item may be an empty text.
        allow_blank: bool,
        /// Whether the selection may be empty.
        allow_empty: bool,
    },
    /// `ListField`
    #[doc(alias = "ListField")]
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
    #[doc(alias = "DictField")]
    Dict {
        /// What every value must be.
        child: Box<Field>,
        /// True when there may be no key.
        allow_empty: bool,
    },
    /// `JSONField`
    #[doc(alias = "JSONField")]
    Json {
        /// Whether JSON is sent and shown as a text that holds it (`binary=True`).
        binary: bool,
    },
    /// `FileField`, `ImageField`
    #[doc(alias = "FileField")]
    #[doc(alias = "ImageField")]
    File(FileOptions),
    /// Bytes, as base64: the field of a `BinaryField` (`ModelField`).
    #[doc(alias = "ModelField")]
    Bytes,
    /// A value of any shape, as it is: the child of a list or a dictionary without one.
    Any,
    /// `HiddenField`: never read from input, always its default.
    #[doc(alias = "HiddenField")]
    Hidden,
    /// `ReadOnlyField`, `SerializerMethodField` and all other read-only fields.
    #[doc(alias = "ReadOnlyField")]
    ReadOnly,
    /// `PrimaryKeyRelatedField`: the form of the key; whether the row exists is checked later.
    PrimaryKey {
        /// What the key column stores.
        key: KeyKind,
    },
    /// `SlugRelatedField`: the value of the other row's column, as text.
    SlugKey,
    /// `ManyRelatedField`: a list of keys, with one flat list of messages.
    #[doc(alias = "ManyRelatedField")]
    ManyRelated {
        /// The relation of one item.
        child: Box<Field>,
        /// True when the list may be empty.
        allow_empty: bool,
    },
    /// A serializer as a field.
    #[doc(alias = "ListSerializer")]
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
    /// The form of the text.
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

/// The form of text.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum TextForm {
    /// Anything.
    Plain,
    /// An email address.
    Email,
    /// Text in which the regex finds a match.
    Regex(super::Pattern),
    /// Text in which a column's own regex finds a match: Django's `RegexValidator`.
    Pattern {
        /// The expression.
        regex: super::Pattern,
        /// The message for other text.
        message: &'static str,
    },
    /// Letters, digits, underscores and hyphens.
    Slug {
        /// True for the letters of every script.
        allow_unicode: bool,
    },
    /// A URL with http, https, ftp or ftps.
    Url,
    /// An IP address.
    Ip(Protocol),
}

/// The IP versions that a field accepts.
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
    /// Most digits after the point; the output has exactly this many.
    pub decimal_places: Option<u32>,
    /// Least number.
    pub min: Option<Decimal>,
    /// Greatest number.
    pub max: Option<Decimal>,
    /// Whether the output is a number, not a string (`coerce_to_string=False`).
    pub as_number: bool,
    /// Whether it is a string even where a site shows decimals as numbers (`coerce_to_string=True`).
    pub as_text: bool,
    /// Whether trailing zeros are dropped from the output.
    pub normalize_output: bool,
    /// How the output is rounded to its places.
    pub rounding: Rounding,
}

/// The settings of `FileField` and `ImageField`.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct FileOptions {
    /// Most characters of the name.
    pub max_length: Option<usize>,
    /// Whether a file may have no bytes.
    pub allow_empty_file: bool,
    /// Whether the output is the file's URL; otherwise it is the name under which it is stored. Without a word,
    /// `UPLOADED_FILES_USE_URL` decides.
    pub use_url: Option<bool>,
    /// Whether it must be an image.
    pub is_image: bool,
    /// The storage of its files.
    pub storage: &'static str,
}

impl FileOptions {
    pub(super) const fn new(is_image: bool) -> Self {
        Self {
            max_length: None,
            allow_empty_file: false,
            use_url: None,
            is_image,
            storage: "default",
        }
    }
}

/// How a decimal is rounded to its places: the modes of Python's `decimal`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Rounding {
    /// To the nearest number, a half to the even one: `ROUND_HALF_EVEN`, Python's own choice.
    #[default]
    HalfEven,
    /// To the nearest number, a half away from zero: `ROUND_HALF_UP`.
    HalfUp,
    /// To the nearest number, a half towards zero: `ROUND_HALF_DOWN`.
    HalfDown,
    /// Away from zero: `ROUND_UP`.
    Up,
    /// Towards zero: `ROUND_DOWN`.
    Down,
    /// Towards the greater number: `ROUND_CEILING`.
    Ceiling,
    /// Towards the lesser number: `ROUND_FLOOR`.
    Floor,
}

/// A choice.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Choice {
    /// The value: a text or a whole number.
    pub value: Value,
    /// What people read.
    pub label: Cow<'static, str>,
    /// The heading under which people find it, if it has one.
    pub group: Option<&'static str>,
}

impl Choice {
    /// Creates a choice with a label.
    pub fn new(value: impl super::FieldType, label: impl Into<Cow<'static, str>>) -> Self {
        Self { value: value.into_value(), label: label.into(), group: None }
    }

    /// Choices under a heading, as `("Audio", (("vinyl", "Vinyl"), ..))` groups them. What may be
    /// chosen stays the same.
    ///
    /// ```
    /// use quintet::fields::{Choice, Field};
    ///
    /// let audio = Choice::group("Audio", [("vinyl", "Vinyl"), ("cd", "CD")]);
    /// let video = Choice::group("Video", [("vhs", "VHS tape")]);
    /// let medium = Field::choice("medium", [audio, video].concat());
    /// ```
    pub fn group<C: Into<Self>>(
        heading: &'static str,
        choices: impl IntoIterator<Item = C>,
    ) -> Vec<Self> {
        let under = |choice: C| Self { group: Some(heading), ..choice.into() };
        choices.into_iter().map(under).collect()
    }
}

impl From<&'static str> for Choice {
    fn from(value: &'static str) -> Self {
        Self::new(value.to_owned(), value)
    }
}

impl From<i64> for Choice {
    fn from(value: i64) -> Self {
        Self::new(value, value.to_string())
    }
}

impl From<(&'static str, &'static str)> for Choice {
    fn from((value, label): (&'static str, &'static str)) -> Self {
        Self::new(value.to_owned(), label)
    }
}

/// A variant of an enum, with its label.
impl<C: Choices> From<C> for Choice {
    fn from(choice: C) -> Self {
        let label = choice.label().into_owned();
        Self { value: choice.stored().to_value(), label: Cow::Owned(label), group: None }
    }
}

impl From<(i64, &'static str)> for Choice {
    fn from((value, label): (i64, &'static str)) -> Self {
        Self::new(value, label)
    }
}

/// The type of the other table's key.
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
    /// A value that is computed each time.
    Call(Arc<dyn Fn() -> Value + Send + Sync>),
    /// A value that the field's serializer computes, which may depend on the request.
    Serializer,
}

impl FieldDefault {
    /// The value; `None` if the serializer computes it.
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
