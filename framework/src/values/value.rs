//! Values between the wire and the database.

use std::borrow::Cow;

use chrono::{NaiveDate, NaiveTime, TimeDelta};

use crate::files::UploadedFile;
use crate::values::JsonWriter;
use crate::values::types::{DateTime, Decimal, Uuid};

/// A value that passed its field: what DRF's `to_internal_value` returns.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Value {
    /// `null`
    Null,
    /// true or false
    Bool(bool),
    /// A whole number; a column narrows it.
    Int(i64),
    /// A whole number beyond `i64`, in Python's spelling.
    BigInt(Box<str>),
    /// A number with a fraction.
    Float(f64),
    /// A text.
    Text(String),
    /// An exact decimal.
    Decimal(Decimal),
    /// A moment.
    DateTime(DateTime),
    /// A day.
    Date(NaiveDate),
    /// A time of day.
    Time(NaiveTime),
    /// A length of time.
    Duration(TimeDelta),
    /// A UUID.
    Uuid(Uuid),
    /// A list of values.
    List(Vec<Value>),
    /// The validated values of a nested serializer, or of a `DictField`.
    Map(Vec<(Cow<'static, str>, Value)>),
    /// Any JSON; boxed, so that the usual values stay small.
    Json(Box<serde_json::Value>),
    /// Bytes.
    Bytes(Vec<u8>),
    /// A file that was uploaded and is not stored yet; boxed, as it is rare.
    File(Box<UploadedFile>),
}

/// A [`Value`] borrowed from a row.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum ValueRef<'a> {
    /// `null`
    Null,
    /// true or false
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A number with a fraction.
    Float(f64),
    /// A text.
    Text(&'a str),
    /// An exact decimal.
    Decimal(Decimal),
    /// A moment.
    DateTime(DateTime),
    /// A day.
    Date(NaiveDate),
    /// A time of day.
    Time(NaiveTime),
    /// A length of time.
    Duration(TimeDelta),
    /// A UUID.
    Uuid(Uuid),
    /// A value without a borrowed form of its own: a list, a map, any JSON, a number beyond `i64`.
    Other(&'a Value),
    /// Bytes.
    Bytes(&'a [u8]),
    /// What becomes a value when it is asked for: JSON of a type, the items of an array.
    Made(&'a dyn MakesValue),
}

/// A Rust value that no variant of [`ValueRef`] borrows: it makes a [`Value`].
pub trait MakesValue: std::fmt::Debug {
    /// The value.
    fn to_value(&self) -> Value;

    /// Writes it as JSON.
    fn write(&self, out: &mut JsonWriter) {
        out.value(self.to_value().as_ref());
    }
}

impl PartialEq for dyn MakesValue + '_ {
    fn eq(&self, other: &Self) -> bool {
        self.to_value() == other.to_value()
    }
}

impl Value {
    /// Borrows it.
    pub fn as_ref(&self) -> ValueRef<'_> {
        match self {
            Self::Null => ValueRef::Null,
            Self::Bool(v) => ValueRef::Bool(*v),
            Self::Int(v) => ValueRef::Int(*v),
            Self::Float(v) => ValueRef::Float(*v),
            Self::Text(v) => ValueRef::Text(v),
            Self::Decimal(v) => ValueRef::Decimal(*v),
            Self::DateTime(v) => ValueRef::DateTime(*v),
            Self::Date(v) => ValueRef::Date(*v),
            Self::Time(v) => ValueRef::Time(*v),
            Self::Duration(v) => ValueRef::Duration(*v),
            Self::Uuid(v) => ValueRef::Uuid(*v),
            Self::Bytes(v) => ValueRef::Bytes(v),
            Self::BigInt(_) | Self::List(_) | Self::Map(_) | Self::Json(_) | Self::File(_) => {
                ValueRef::Other(self)
            }
        }
    }

    /// True for `null`.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }
}

impl ValueRef<'_> {
    /// Copies into an owned value.
    pub fn to_value(self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Bool(v) => Value::Bool(v),
            Self::Int(v) => Value::Int(v),
            Self::Float(v) => Value::Float(v),
            Self::Text(v) => Value::Text(v.to_owned()),
            Self::Decimal(v) => Value::Decimal(v),
            Self::DateTime(v) => Value::DateTime(v),
            Self::Date(v) => Value::Date(v),
            Self::Time(v) => Value::Time(v),
            Self::Duration(v) => Value::Duration(v),
            Self::Uuid(v) => Value::Uuid(v),
            Self::Other(v) => v.clone(),
            Self::Bytes(v) => Value::Bytes(v.to_vec()),
            Self::Made(v) => v.to_value(),
        }
    }
}

/// A Rust type that a [`Value`] can become and be made from: the types of model fields and of
/// serializer fields.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not the type of a field",
    label = "not a value that fields hold",
    note = "fields hold `bool`, `i16`, `i32`, `i64`, `f64`, `String`, `Decimal`, `DateTime`, `NaiveDate`, `NaiveTime`, `TimeDelta`, `Uuid`, `Vec<u8>`, `serde_json::Value`, `Json<T>`, enums of choices, `Vec` of texts or numbers, and `Option` of these"
)]
pub trait FieldType: Sized {
    /// The type without `Option`: the type that values of the field are compared with.
    type Plain: FieldType;

    /// Converts into a value.
    fn into_value(self) -> Value;

    /// Converts the value; `None` if it is of another kind.
    fn from_value(value: Value) -> Option<Self>;

    /// Borrows the value.
    fn value_ref(&self) -> ValueRef<'_>;
}

macro_rules! field_type {
    ($($type:ty => $variant:ident $(, $narrow:ident)?;)*) => {$(
        impl FieldType for $type {
            type Plain = Self;

            fn into_value(self) -> Value {
                Value::$variant(self.into())
            }

            fn from_value(value: Value) -> Option<Self> {
                match value {
                    Value::$variant(v) => field_type!(@from v $($narrow)?),
                    _ => None,
                }
            }

            fn value_ref(&self) -> ValueRef<'_> {
                ValueRef::$variant((*self).into())
            }
        }
    )*};
    (@from $v:ident) => { Some($v) };
    (@from $v:ident $narrow:ident) => { $v.try_into().ok() };
}

field_type! {
    bool => Bool;
    i16 => Int, narrow;
    i32 => Int, narrow;
    i64 => Int;
    f64 => Float;
    Decimal => Decimal;
    DateTime => DateTime;
    NaiveDate => Date;
    NaiveTime => Time;
    TimeDelta => Duration;
    Uuid => Uuid;
}

impl FieldType for String {
    type Plain = Self;

    fn into_value(self) -> Value {
        Value::Text(self)
    }

    fn from_value(value: Value) -> Option<Self> {
        match value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    fn value_ref(&self) -> ValueRef<'_> {
        ValueRef::Text(self)
    }
}

/// Any value as it is.
impl FieldType for Value {
    type Plain = Self;

    fn into_value(self) -> Value {
        self
    }

    fn from_value(value: Value) -> Option<Self> {
        Some(value)
    }

    fn value_ref(&self) -> ValueRef<'_> {
        self.as_ref()
    }
}

impl<T: FieldType> FieldType for Option<T> {
    type Plain = T;

    fn into_value(self) -> Value {
        self.map_or(Value::Null, FieldType::into_value)
    }

    fn from_value(value: Value) -> Option<Self> {
        match value {
            Value::Null => Some(None),
            other => T::from_value(other).map(Some),
        }
    }

    fn value_ref(&self) -> ValueRef<'_> {
        self.as_ref().map_or(ValueRef::Null, FieldType::value_ref)
    }
}

/// Bytes.
impl FieldType for Vec<u8> {
    type Plain = Self;

    fn into_value(self) -> Value {
        Value::Bytes(self)
    }

    fn from_value(value: Value) -> Option<Self> {
        match value {
            Value::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }

    fn value_ref(&self) -> ValueRef<'_> {
        ValueRef::Bytes(self)
    }
}

/// A file that was uploaded, for validators; no column holds one.
impl FieldType for UploadedFile {
    type Plain = Self;

    fn into_value(self) -> Value {
        Value::File(Box::new(self))
    }

    fn from_value(value: Value) -> Option<Self> {
        match value {
            Value::File(file) => Some(*file),
            _ => None,
        }
    }

    fn value_ref(&self) -> ValueRef<'_> {
        ValueRef::Made(self)
    }
}

impl MakesValue for UploadedFile {
    fn to_value(&self) -> Value {
        Value::File(Box::new(self.clone()))
    }
}
