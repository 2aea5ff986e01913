//! Types of one's own as the values of a column (custom model fields).

use std::fmt;

use crate::db::StoredChoice;

/// A type of your own that a column holds as text or as a whole number (a subclass of Django's
/// `Field`).
///
/// Implement it, write [`custom_column!`](crate::custom_column) below it, and say `#[field(custom)]` on
/// the column: the type is a value in models, conditions, `values`, expressions, filters and diesel's
/// statements. Do not implement it for an enum of choices, which has
/// [`#[derive(Choices)]`](macro@crate::db::Choices).
///
/// A serializer takes what the stored type takes, and checks what a validator of the column says
/// (`validators = [hex]`), which gets the type itself. A value that a row holds is read whatever it is:
/// [`from_db_value`](Self::from_db_value) cannot fail, as another program may have stored it.
///
/// ```
/// use quintet::db::CustomColumn;
/// use quintet::prelude::*;
///
/// /// `#ff8000`
/// #[derive(Debug, Clone, PartialEq)]
/// pub struct Color(pub u32);
///
/// impl CustomColumn for Color {
///     type Stored = String;
///
///     fn from_db_value(text: String) -> Self {
///         Self(u32::from_str_radix(text.trim_start_matches('#'), 16).unwrap_or(0))
///     }
///
///     fn get_prep_value(&self) -> String {
///         format!("#{:06x}", self.0)
///     }
/// }
///
/// quintet::custom_column!(Color, String);
///
/// #[model(app = "shop")]
/// pub struct Shirt {
///     pub id: i64,
///     #[field(custom, max_length = 7, default = Color(0))]
///     pub color: Color,
/// }
///
/// # fn main() {
/// let orange = Shirt::objects().filter_by(Shirt::fields().color().exact(Color(0xff8000)));
/// assert_eq!(Color(0xff8000).to_string(), "#ff8000");
/// # let _ = orange;
/// # }
/// ```
#[doc(alias = "Field")]
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not the value of a column",
    label = "this type has no `CustomColumn` implementation",
    note = "write `impl CustomColumn for {Self}` and `quintet::custom_column!({Self}, String);`"
)]
pub trait CustomColumn: Sized + Clone + PartialEq + fmt::Debug + Send + Sync + 'static {
    /// What the column holds: `String`, `i16`, `i32` or `i64`.
    type Stored: StoredChoice;

    /// The value of what a row holds (`from_db_value`, `to_python`).
    fn from_db_value(value: Self::Stored) -> Self;

    /// What is stored (`get_prep_value`).
    fn get_prep_value(&self) -> Self::Stored;
}

/// Makes a type that implements [`CustomColumn`](crate::db::CustomColumn) the value of a column: the
/// type, and what is stored. It writes what `#[derive(Choices)]` writes for an enum.
#[macro_export]
macro_rules! custom_column {
    ($name:ident, String) => {
        $crate::custom_column! { @of $name, ::std::string::String, Text }
    };
    ($name:ident, i16) => {
        $crate::custom_column! { @of $name, i16, SmallInt }
    };
    ($name:ident, i32) => {
        $crate::custom_column! { @of $name, i32, Integer }
    };
    ($name:ident, i64) => {
        $crate::custom_column! { @of $name, i64, BigInt }
    };
    ($name:ident, $other:ty) => {
        ::core::compile_error!(
            "a column of a type of its own stores `String`, `i16`, `i32` or `i64`"
        );
    };
    (@of $name:ident, $stored:ty, $sql:ident) => {
        impl $crate::db::Choices for $name {
            type Stored = $stored;

            const CHOICES: &'static [(&'static str, &'static str)] = &[];

            fn from_stored(value: $stored) -> Self {
                $crate::db::CustomColumn::from_db_value(value)
            }

            fn stored(&self) -> $crate::values::ValueRef<'_> {
                $crate::values::ValueRef::Made(self)
            }
        }

        impl $crate::values::MakesValue for $name {
            fn to_value(&self) -> $crate::values::Value {
                $crate::values::FieldType::into_value($crate::db::CustomColumn::get_prep_value(
                    self,
                ))
            }
        }

        $crate::__choices!($name, $stored, $sql);
    };
}
