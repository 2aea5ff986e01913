//! Input as the client sent it, before validation.

use std::borrow::Cow;
use std::fmt;

use crate::files::UploadedFile;

/// A value in a request's body. Numbers keep their spelling; strings are borrowed from the body if
/// they contain no escapes.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub enum Raw<'a> {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number without fraction and exponent: Python's `int`.
    Int(Cow<'a, str>),
    /// A number with fraction or exponent: Python's `float`.
    Float(Cow<'a, str>),
    /// A text.
    Text(Cow<'a, str>),
    /// A text with a lone surrogate, which is U+FFFD in the text; the surrogate beside it.
    Surrogate(Cow<'a, str>, u16),
    /// A string in a form, which a JSON field parses as JSON; any other field sees a string.
    JsonText(Cow<'a, str>),
    /// A file of a form.
    File(UploadedFile),
    /// `[..]`
    List(Vec<Raw<'a>>),
    /// `{..}`, in order; of equal keys only the last one is kept.
    Map(Vec<(Cow<'a, str>, Raw<'a>)>),
}

impl fmt::Debug for Raw<'_> {
    /// The form without the values, which may be secret: `{"name": str, "tags": [int, int]}`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::List(items) => f.debug_list().entries(items).finish(),
            Self::Map(items) => f.debug_map().entries(items.iter().map(|(k, v)| (k, v))).finish(),
            other => f.write_str(other.type_name()),
        }
    }
}

impl Raw<'_> {
    /// The type's name in Python, as DRF's messages print it.
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Null => "NoneType",
            Self::Bool(_) => "bool",
            Self::Int(_) => "int",
            Self::Float(_) => "float",
            Self::Text(_) | Self::Surrogate(..) | Self::JsonText(_) => "str",
            Self::File(_) => "InMemoryUploadedFile",
            Self::List(_) => "list",
            Self::Map(_) => "dict",
        }
    }

    /// The value under a key of an object.
    pub fn get(&self, key: &str) -> Option<&Self> {
        match self {
            Self::Map(items) => items.iter().rev().find(|(k, _)| k == key).map(|(_, v)| v),
            _ => None,
        }
    }

    /// The string, if it is one.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) | Self::Surrogate(text, _) | Self::JsonText(text) => Some(text),
            _ => None,
        }
    }
}
