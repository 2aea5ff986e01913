//! Validated values as Rust types, and back: the types of fields of a serializer without a model.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::hash::BuildHasher;

use chrono::{NaiveDate, NaiveTime, TimeDelta};

use super::plain::{Serializer, ValidatedData};
use super::relations::PrimaryKeyRelated;
use crate::db::{DateTime, Decimal, Model, Uuid};
use crate::files::UploadedFile;
use crate::values::{FieldType, JsonWriter, Value};

/// A Rust type into which a validated value can be converted: the type of a field of a serializer
/// without a model.
#[diagnostic::on_unimplemented(
    message = "input cannot become a `{Self}`",
    label = "no field makes this type",
    note = "use a text, a number, a date, `serde_json::Value`, an `Option` or `Vec` of one, or a \
            struct with `#[derive(Serializer)]` and `#[field(nested)]`"
)]
pub trait FromValidated: Sized {
    /// Converts the value, which is `None` if absent. Returns `None` if it is of another kind.
    fn from_validated(value: Option<Value>) -> Option<Self>;
}

macro_rules! from_field_type {
    ($($type:ty),*) => {$(
        impl FromValidated for $type {
            fn from_validated(value: Option<Value>) -> Option<Self> {
                Self::from_value(value?)
            }
        }
    )*};
}

from_field_type!(
    bool, i16, i32, i64, f64, String, Decimal, DateTime, NaiveDate, NaiveTime, TimeDelta, Uuid
);

macro_rules! from_integer {
    ($($type:ty),*) => {$(
        impl FromValidated for $type {
            fn from_validated(value: Option<Value>) -> Option<Self> {
                i64::from_value(value?)?.try_into().ok()
            }
        }
    )*};
}

from_integer!(i8, u8, u16, u32, u64);

impl FromValidated for f32 {
    #[expect(clippy::cast_possible_truncation, reason = "the struct asked for less precision")]
    fn from_validated(value: Option<Value>) -> Option<Self> {
        f64::from_value(value?).map(|value| value as Self)
    }
}

/// Absent and null are both `None`; in `Option<Option<T>>` only absent is the outer one.
impl<T: FromValidated> FromValidated for Option<T> {
    fn from_validated(value: Option<Value>) -> Option<Self> {
        let Some(value) = value else { return Some(None) };
        let null = value.is_null();
        match T::from_validated(Some(value)) {
            None if null => Some(None),
            None => None,
            some => Some(some),
        }
    }
}

impl<T: FromValidated> FromValidated for Vec<T> {
    fn from_validated(value: Option<Value>) -> Option<Self> {
        match value? {
            Value::List(items) => {
                items.into_iter().map(|item| T::from_validated(Some(item))).collect()
            }
            _ => None,
        }
    }
}

fn entries<T: FromValidated, C: FromIterator<(String, T)>>(value: Option<Value>) -> Option<C> {
    let Value::Map(items) = value? else { return None };
    items
        .into_iter()
        .map(|(key, item)| Some((key.into_owned(), T::from_validated(Some(item))?)))
        .collect()
}

impl<T: FromValidated, H: BuildHasher + Default> FromValidated for HashMap<String, T, H> {
    fn from_validated(value: Option<Value>) -> Option<Self> {
        entries(value)
    }
}

impl<T: FromValidated> FromValidated for BTreeMap<String, T> {
    fn from_validated(value: Option<Value>) -> Option<Self> {
        entries(value)
    }
}

impl FromValidated for serde_json::Value {
    fn from_validated(value: Option<Value>) -> Option<Self> {
        match value? {
            Value::Json(json) => Some(*json),
            other => {
                let mut out = JsonWriter::new();
                out.value(other.as_ref());
                serde_json::from_slice(&out.into_bytes()).ok()
            }
        }
    }
}

/// A file that was uploaded.
impl FromValidated for UploadedFile {
    fn from_validated(value: Option<Value>) -> Option<Self> {
        match value? {
            Value::File(file) => Some(*file),
            _ => None,
        }
    }
}

impl IntoValidated for UploadedFile {
    fn into_validated(self) -> Option<Value> {
        Some(Value::File(Box::new(self)))
    }
}

/// A value as it is: a whole number of any size.
impl FromValidated for Value {
    fn from_validated(value: Option<Value>) -> Option<Self> {
        value
    }
}

impl IntoValidated for Value {
    fn into_validated(self) -> Option<Value> {
        Some(self)
    }
}

impl<M: Model> FromValidated for PrimaryKeyRelated<M> {
    fn from_validated(value: Option<Value>) -> Option<Self> {
        M::Key::from_value(value?).map(Self::new)
    }
}

impl<S: Serializer> FromValidated for S {
    fn from_validated(value: Option<Value>) -> Option<Self> {
        match value? {
            Value::Map(items) => S::from_validated(&mut ValidatedData::of(items)),
            _ => None,
        }
    }
}

/// A Rust type that a field of a serializer without a model can show: the inverse of
/// [`FromValidated`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be serialised by a field",
    label = "this type cannot be shown",
    note = "use a text, a number, a date, `serde_json::Value`, an `Option` or `Vec` of one, or a \
            struct with `#[derive(Serializer)]` and `#[field(nested)]`"
)]
pub trait IntoValidated: Sized {
    /// The value; `None` if it is absent.
    fn into_validated(self) -> Option<Value>;
}

macro_rules! into_value {
    ($($type:ty),*; $($integer:ty),*) => {
        $(impl IntoValidated for $type {
            fn into_validated(self) -> Option<Value> {
                Some(self.into_value())
            }
        })*
        $(impl IntoValidated for $integer {
            fn into_validated(self) -> Option<Value> {
                Some(Value::Int(self.into()))
            }
        })*
    };
}

into_value!(
    bool, i16, i32, i64, f64, String, Decimal, DateTime, NaiveDate, NaiveTime, TimeDelta, Uuid;
    i8, u8, u16, u32
);

impl IntoValidated for u64 {
    fn into_validated(self) -> Option<Value> {
        Some(i64::try_from(self).map_or_else(|_| Value::Json(Box::new(self.into())), Value::Int))
    }
}

impl IntoValidated for f32 {
    fn into_validated(self) -> Option<Value> {
        Some(f64::from(self).into_value())
    }
}

/// `None` is null; the outer one of `Option<Option<T>>` is absent.
impl<T: IntoValidated> IntoValidated for Option<T> {
    fn into_validated(self) -> Option<Value> {
        self.map_or(Some(Value::Null), T::into_validated)
    }
}

impl<T: IntoValidated> IntoValidated for Vec<T> {
    fn into_validated(self) -> Option<Value> {
        let items = self.into_iter().map(|item| item.into_validated().unwrap_or(Value::Null));
        Some(Value::List(items.collect()))
    }
}

fn map<T: IntoValidated>(entries: impl IntoIterator<Item = (String, T)>) -> Value {
    let value = |item: T| item.into_validated().unwrap_or(Value::Null);
    Value::Map(entries.into_iter().map(|(key, item)| (Cow::Owned(key), value(item))).collect())
}

impl<T: IntoValidated, H> IntoValidated for HashMap<String, T, H> {
    fn into_validated(self) -> Option<Value> {
        Some(map(self))
    }
}

impl<T: IntoValidated> IntoValidated for BTreeMap<String, T> {
    fn into_validated(self) -> Option<Value> {
        Some(map(self))
    }
}

impl IntoValidated for serde_json::Value {
    fn into_validated(self) -> Option<Value> {
        Some(Value::Json(Box::new(self)))
    }
}

impl<M: Model> IntoValidated for PrimaryKeyRelated<M> {
    fn into_validated(self) -> Option<Value> {
        Some(self.key().into_value())
    }
}

impl<S: Serializer> IntoValidated for S {
    fn into_validated(self) -> Option<Value> {
        Some(Value::Map(self.into_values().values))
    }
}
