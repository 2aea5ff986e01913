//! Fields of one's own: values that are shown and read in a form that no other field has.

use super::convert::{FromValidated, IntoValidated};
use crate::exceptions::Validated;
use crate::fields::Field;
use crate::request::Context;
use crate::values::{FieldType, JsonWriter, Value};

/// A field of your own (DRF's custom fields): how a stored value is shown, and how input becomes
/// one.
///
/// Implement it for the type that a field of a serializer is declared with, and say
/// `#[field(custom)]` there. Over a model the field shows and sets a column that holds the
/// [`Stored`](CustomField::Stored) type, or shows the end of a `source`; without a model the struct
/// gets the value itself. Null never comes here: whether it is allowed, and whether the field is
/// required, is said as for any other field. A value that is only to be checked needs no field of
/// its own: use `#[field(validate)]`.
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
    message = "`{Self}` is not a field of your own",
    label = "this type has no `CustomField` implementation",
    note = "write `impl CustomField for {Self}`, which says how its values are shown and read"
)]
pub trait CustomField: Sized + 'static {
    /// What the column holds: `String`, `i32`, `Decimal`.
    type Stored: FieldType;

    /// The value of what is stored.
    fn from_stored(stored: Self::Stored) -> Self;

    /// What is stored of the value.
    fn into_stored(self) -> Self::Stored;

    /// What a client sees of the value.
    fn to_representation(&self, cx: &Context) -> serde_json::Value;

    /// Reads input; a text where it came in a form.
    ///
    /// # Errors
    /// What is wrong with it, in the client's words.
    fn to_internal_value(data: serde_json::Value, cx: &Context) -> Validated<Self>;

    /// The field as documents, OPTIONS and forms describe it. Checks that it holds (lengths,
    /// validators) see what is stored. Any JSON where it is not written.
    fn field(name: &'static str) -> Field {
        Field::json(name)
    }
}

/// The value of a [`CustomField`] among those that passed:
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

/// What a [`CustomField`] does, whatever its type.
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
