//! Enums as the values of a column (`TextChoices`, `IntegerChoices`).

use std::borrow::Cow;

use crate::db::{Column, ColumnKind, ColumnValue, Error};
use crate::values::{FieldType, Value, ValueRef, python};

use super::row::RawRow;

/// An enum whose variants are the choices of a column; `#[derive(Choices)]` implements it.
///
/// A column of the enum's type says `#[field(choices)]`. The table holds texts, or whole numbers,
/// as Django's does for a field with `TextChoices` or `IntegerChoices`. A serializer of the model
/// accepts the choices alone, the OpenAPI document and filters list them, and
/// `#[field(display(status))]` shows the label.
///
/// One variant has a field, `Other(String)` or `Other(i32)`: it holds what a row has that is none
/// of the choices, such as a value of an older version, or the empty text of a column with `blank`.
/// As in Django, such a row is read and shown as it is.
///
/// | `#[choice(..)]` | what it says |
/// | --- | --- |
/// | `value = "in_review"`, `value = 3` | what is stored; by default, of texts, the variant's name in small letters with underscores, and of numbers its discriminant |
/// | `label = "In review"` | what people read; by default, the variant's words |
///
/// The derive also writes [`From`], `Display` and serde's `Serialize`, all of the stored value, as
/// Django's choices are texts and numbers, too. Models compare, copy and print their fields: derive
/// `Debug`, `Clone` and `PartialEq` beside it.
///
/// ```
/// use quintet::db::Choices;
/// use quintet::prelude::*;
///
/// #[derive(Debug, Clone, PartialEq, Choices)]
/// pub enum Status {
///     Draft,
///     #[choice(label = "Waits for review")]
///     InReview,
///     Published,
///     Other(String),
/// }
///
/// #[model(app = "blog")]
/// pub struct Article {
///     pub id: i64,
///     #[field(choices, max_length = 20, default = Status::Draft)]
///     pub status: Status,
/// }
///
/// # fn main() {
/// let waiting = Article::fields().status().exact(Status::InReview);
/// let articles = Article::objects().filter_by(waiting);
/// assert_eq!(Status::InReview.to_string(), "in_review");
/// assert_eq!(Status::InReview.label(), "Waits for review");
/// assert_eq!(Status::from("gone".to_owned()), Status::Other("gone".into()));
/// # }
/// ```
#[doc(alias = "TextChoices")]
#[doc(alias = "IntegerChoices")]
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an enum of choices",
    label = "this type has no `Choices` implementation",
    note = "add `#[derive(Choices)]` to the enum `{Self}`"
)]
pub trait Choices: Sized {
    /// What the column holds: `String`, `i16`, `i32` or `i64`.
    type Stored: StoredChoice;

    /// The choices, each with its label, in the order of the variants.
    const CHOICES: &'static [(&'static str, &'static str)];

    /// The variant of a stored value.
    fn from_stored(value: Self::Stored) -> Self;

    /// The stored value.
    fn stored(&self) -> ValueRef<'_>;

    /// What people read (`get_status_display`); the stored value itself if it is none of the
    /// choices.
    fn label(&self) -> Cow<'_, str> {
        label_of(Self::CHOICES, self.stored())
    }

    /// Every choice, in the order of the variants.
    fn all() -> impl Iterator<Item = Self> {
        let values = Self::CHOICES.iter().filter_map(|(value, _)| Self::Stored::parse(value));
        values.map(Self::from_stored)
    }
}

/// A value that a column with choices holds: `String`, `i16`, `i32` and `i64`. Nobody else
/// implements it.
pub trait StoredChoice: FieldType + ColumnValue {
    /// What the column stores.
    const KIND: ColumnKind;

    /// diesel's type.
    type SqlType;

    /// The value that is written so.
    fn parse(text: &str) -> Option<Self>;
}

macro_rules! stored {
    ($($type:ty => $kind:ident, $sql:ident;)*) => {$(
        impl StoredChoice for $type {
            const KIND: ColumnKind = ColumnKind::$kind;
            type SqlType = diesel::sql_types::$sql;

            fn parse(text: &str) -> Option<Self> {
                text.parse().ok()
            }
        }
    )*};
}

stored! {
    String => Text, Text;
    i16 => SmallInt, SmallInt;
    i32 => Integer, Integer;
    i64 => BigInt, BigInt;
}

/// diesel's type of a column of choices.
#[doc(hidden)]
pub type SqlTypeOf<C> =
    <<<<C as Column>::Value as FieldType>::Plain as Choices>::Stored as StoredChoice>::SqlType;

/// The label of a value among choices, or the value as text.
pub(crate) fn label_of<'a>(
    choices: &[(&'static str, &'static str)],
    value: ValueRef<'a>,
) -> Cow<'a, str> {
    let text = python::value_text(value);
    match choices.iter().find(|(own, _)| *own == text) {
        Some((_, label)) => Cow::Borrowed(label),
        None => text,
    }
}

/// Converts a validated value.
#[doc(hidden)]
pub fn from_value<C: Choices>(value: Value) -> Option<C> {
    C::Stored::from_value(value).map(C::from_stored)
}

/// Reads a column.
///
/// # Errors
/// When it holds another type.
#[doc(hidden)]
pub fn read<C: Choices>(row: &dyn RawRow, at: usize, kind: ColumnKind) -> Result<Option<C>, Error> {
    Ok(C::Stored::read_nullable(row, at, kind)?.map(C::from_stored))
}

/// The stored value as JSON.
///
/// # Errors
/// Those of the serializer.
#[doc(hidden)]
pub fn serialize<C: Choices, S: serde::Serializer>(
    choice: &C,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match choice.stored() {
        ValueRef::Int(number) => serializer.serialize_i64(number),
        ValueRef::Made(made) => match made.to_value() {
            Value::Int(number) => serializer.serialize_i64(number),
            value => serializer.serialize_str(&python::value_text(value.as_ref())),
        },
        value => serializer.serialize_str(&python::value_text(value)),
    }
}

/// The stored value, owned.
#[doc(hidden)]
pub fn stored_of<C: Choices>(choice: &C) -> C::Stored
where
    C::Stored: Default,
{
    C::Stored::from_value(choice.stored().to_value()).unwrap_or_default()
}

/// The stored value as text.
#[doc(hidden)]
pub fn text_of<C: Choices>(choice: &C) -> Cow<'_, str> {
    python::value_text(choice.stored())
}

/// Reads what a filter has cleaned: the text of a choice.
#[doc(hidden)]
pub fn from_filter<C: Choices>(value: Value) -> Option<C> {
    match value {
        Value::Text(text) => C::Stored::parse(&text).map(C::from_stored),
        value => from_value(value),
    }
}

/// What the macro above names.
pub mod names {
    pub use super::{
        Choices, SqlTypeOf, StoredChoice, from_filter, from_value, read, serialize, stored_of,
        text_of,
    };
    pub use crate::db::models::row::RawRow;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::Choices;

    #[derive(Debug, Clone, PartialEq, Choices)]
    enum Size {
        Small,
        #[choice(value = "L", label = "Large, or larger")]
        VeryLarge,
        Other(String),
    }

    #[derive(Debug, Clone, PartialEq, Choices)]
    #[repr(i16)]
    enum Level {
        Low = 1,
        #[choice(label = "Rather high")]
        High = 10,
        #[choice(value = -5)]
        Hidden,
        Other(i16),
    }

    #[test]
    fn a_choice_has_a_value_and_a_label() {
        assert_eq!(Size::CHOICES, [("small", "Small"), ("L", "Large, or larger")]);
        assert_eq!(Level::CHOICES, [("1", "Low"), ("10", "Rather high"), ("-5", "Hidden")]);
        assert_eq!(
            (Size::VeryLarge.to_string().as_str(), Size::Small.label()),
            ("L", "Small".into())
        );
        assert_eq!(Level::High.label(), "Rather high");
        assert_eq!(Level::all().collect::<Vec<_>>(), [Level::Low, Level::High, Level::Hidden]);
        assert_eq!(format!("{:>5}|{:<4}|", Size::VeryLarge, Level::High), "    L|10  |");
        let json = serde_json::json!([Size::Small, Level::Hidden, Size::Other("x".into())]);
        assert_eq!(json, serde_json::json!(["small", -5, "x"]));
    }

    #[test]
    fn what_is_no_choice_is_kept_as_it_is() {
        let other = Size::from("XXL".to_owned());
        assert_eq!(other, Size::Other("XXL".into()));
        assert_eq!(
            (other.label(), other.clone().into_value()),
            ("XXL".into(), Value::Text("XXL".into()))
        );
        assert_eq!(Level::from_value(Value::Int(7)), Some(Level::Other(7)));
        assert_eq!(Level::from_value(Value::Int(40_000)), None);
        assert_eq!(i16::from(Level::Other(7)), 7);
        // a choice that is spelt out is that choice
        assert_eq!(Size::Other("small".into()).value_ref(), Size::Small.value_ref());
    }

    #[test]
    fn a_filter_reads_the_text_of_a_choice() {
        assert_eq!(from_filter(Value::Text("10".into())), Some(Level::High));
        assert_eq!(from_filter(Value::Text("L".into())), Some(Size::VeryLarge));
        assert_eq!(from_filter::<Level>(Value::Text("ten".into())), None);
    }
}
