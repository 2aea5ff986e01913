//! Arrays of `PostgreSQL` (`django.contrib.postgres.fields.ArrayField`).

use crate::db::ColumnKind;
use crate::values::types::{DateTime, Decimal, Uuid};
use crate::values::{FieldType, MakesValue, NaiveDate, NaiveTime, Value, ValueRef};

/// An item of an array: what a column holds, except JSON, bytes, lengths of time and arrays. Nobody
/// else implements it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an item of an array",
    label = "arrays hold `String`, `i16`, `i32`, `i64`, `f64`, `bool`, `Decimal`, `DateTime`, `NaiveDate`, `NaiveTime` or `Uuid`"
)]
pub trait ArrayItem: FieldType<Plain = Self> + Clone + std::fmt::Debug {
    /// What the array stores.
    const KIND: ColumnKind;
}

macro_rules! items {
    ($($type:ty => $kind:ident;)*) => {$(
        impl ArrayItem for $type {
            const KIND: ColumnKind = ColumnKind::$kind;
        }
    )*};
}

items! {
    String => Text;
    i16 => SmallInt;
    i32 => Integer;
    i64 => BigInt;
    f64 => Float;
    bool => Bool;
    Decimal => Numeric;
    DateTime => DateTime;
    NaiveDate => Date;
    NaiveTime => Time;
    Uuid => Uuid;
}

/// An array of `PostgreSQL`.
impl<T: ArrayItem> FieldType for Vec<T> {
    type Plain = Self;

    fn into_value(self) -> Value {
        Value::List(self.into_iter().map(FieldType::into_value).collect())
    }

    fn from_value(value: Value) -> Option<Self> {
        match value {
            Value::List(items) => items.into_iter().map(T::from_value).collect(),
            _ => None,
        }
    }

    fn value_ref(&self) -> ValueRef<'_> {
        ValueRef::Made(self)
    }
}

impl<T: ArrayItem> MakesValue for Vec<T> {
    fn to_value(&self) -> Value {
        self.clone().into_value()
    }
}
