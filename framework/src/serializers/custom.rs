//! Custom fields: types with their own representation in JSON.

use super::convert::{FromValidated, IntoValidated};
use crate::exceptions::Validated;
use crate::fields::Field;
use crate::request::Context;
use crate::values::{FieldType, JsonWriter, Value};

/// A custom field (a subclass of `serializers.Field`): how a stored value is shown, and how input
/// is converted.
///
/// Implement it for the type of a serializer's field, and mark that with `#[field(custom)]`. Over a
/// model the field shows and sets a column that holds the [`Stored`](CustomField::Stored) type, or
/// shows the end of a `source`; without a model the struct gets the value itself. Null is handled
/// before: `allow_null` and `required` work as for any other field. To check a value only, use
/// `#[field(validate)]`. By default, the OpenAPI document shows any JSON.
///
/// ```
/// use quintet::fields::Field;
/// use quintet::prelude::*;
/// use quintet::serializers::CustomField;
///
/// /// A colour, `#rrggbb` to clients and a number to the database.
/// struct Colour(i32);
///
/// impl CustomField for Colour {
///     type Stored = i32;
///
///     fn from_stored(stored: i32) -> Self {
///         Self(stored)
///     }
///
///     fn into_stored(self) -> i32 {
///         self.0
///     }
///
///     fn to_representation(&self, _: &Context) -> serde_json::Value {
///         format!("#{:06x}", self.0).into()
///     }
///
///     fn to_internal_value(data: serde_json::Value, _: &Context) -> Validated<Self> {
///         let digits = data.as_str().and_then(|text| text.strip_prefix('#'));
///         match digits.filter(|digits| digits.len() == 6).map(|hex| i32::from_str_radix(hex, 16)) {
///             Some(Ok(number)) => Ok(Self(number)),
///             _ => Err(Detail::new("Write a colour as `#rrggbb`.", "invalid")),
///         }
///     }
///
///     fn field(name: &'static str) -> Field {
///         Field::char(name)
///     }
/// }
///
/// #[model(table = "store_genre")]
/// pub struct Genre {
///     pub id: i64,
///     #[field(max_length = 120)]
///     pub name: String,
///     pub colour: i32,
/// }
///
/// #[derive(Serializer)]
/// #[serializer(model = Genre)]
/// struct GenreSerializer {
///     name: String,
///     #[field(custom)]
///     colour: Colour,
/// }
///
/// #[derive(Serializer)]
/// struct PaintSerializer {
///     #[field(custom)]
///     colour: Colour,
///     #[field(custom)]
///     border: Option<Colour>,
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not implement `CustomField`",
    label = "this type has no `CustomField` implementation",
    note = "write `impl CustomField for {Self}`, which says how its values are shown and read"
)]
pub trait CustomField: Sized + 'static {
    /// The type of the column: `String`, `i32`, `Decimal`.
    type Stored: FieldType;

    /// Converts from the stored value.
    fn from_stored(stored: Self::Stored) -> Self;

    /// Converts into the stored value.
    fn into_stored(self) -> Self::Stored;

    /// The JSON that a client reads.
    fn to_representation(&self, cx: &Context) -> serde_json::Value;

    /// Parses input; from a form, it is a string.
    ///
    /// # Errors
    /// The message for the client.
    fn to_internal_value(data: serde_json::Value, cx: &Context) -> Validated<Self>;

    /// Describes the field for the OpenAPI document and forms. Its checks (lengths, validators)
    /// apply to the stored value.
    fn field(name: &'static str) -> Field {
        Field::json(name)
    }
}

/// The value of a [`CustomField`] among validated values:
/// `values.take::<Custom<Colour>>("colour")`.
#[derive(Debug)]
pub struct Custom<F>(pub F);

impl<F: CustomField> FromValidated for Custom<F> {
    fn from_validated(value: Option<Value>) -> Option<Self> {
        F::Stored::from_value(value?).map(F::from_stored).map(Self)
    }
}

impl<F: CustomField> IntoValidated for Custom<F> {
    fn into_validated(self) -> Option<Value> {
        Some(self.0.into_stored().into_value())
    }
}

/// The conversions of a [`CustomField`], without its type.
#[derive(Clone, Copy)]
pub(crate) struct Conversion {
    /// From input to what is stored.
    pub(crate) read: fn(serde_json::Value, &Context) -> Validated<Value>,
    /// From what is stored to output.
    pub(crate) write: fn(Value, &Context, &mut JsonWriter),
}

impl Conversion {
    pub(super) fn of<F: CustomField>() -> Self {
        Self { read: read::<F>, write: write::<F> }
    }
}

fn read<F: CustomField>(data: serde_json::Value, cx: &Context) -> Validated<Value> {
    F::to_internal_value(data, cx).map(|own| own.into_stored().into_value())
}

fn write<F: CustomField>(value: Value, cx: &Context, out: &mut JsonWriter) {
    match F::Stored::from_value(value).map(F::from_stored) {
        Some(own) => out.json(&own.to_representation(cx)),
        None => out.null(),
    }
}
