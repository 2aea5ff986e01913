//! Classes of fields that a project writes (subclasses of `serializers.Field` and of the built-in fields).

use std::borrow::Cow;
use std::fmt;

use super::bound::BoundField;
use super::convert::{FromValidated, IntoValidated};
use crate::db::{Model, ModelMeta, ModelRow};
use crate::exceptions::Validated;
use crate::fields::{Choice, Field, Start};
use crate::request::Context;
use crate::values::{JsonWriter, Raw, Value};

/// A class of fields that a project writes (`class HashidField(serializers.CharField)`): it extends a built-in
/// field, and replaces some of what that does.
///
/// A value of the type is the field with its arguments (`__init__`): `#[field(class =
/// HashidField::new("salt"))]`. [`field`](Self::field) makes the built-in field; every other function
/// has a default that does what that field does. The last argument of each is the
/// [`BoundField`]: its methods of the same names are `super()`, it has messages
/// ([`fail`](BoundField::fail)), its serializer (`self.parent`) and the request. To give one type of
/// values a form of its own, without arguments, [`CustomField`](super::CustomField) is shorter.
///
/// Over a model the field shows and sets the column, and the column's length and bounds are checked
/// after the class; without a model the struct gets the value. Null is shown as null and is not asked
/// about. Documents show what [`field`](Self::field) says.
///
/// ```
/// use quintet::fields::{Field, Raw};
/// use quintet::prelude::*;
/// use quintet::serializers::{BoundField, FieldClass};
///
/// /// An ISBN, shown with hyphens after each group of so many digits.
/// struct IsbnField {
///     group: usize,
/// }
///
/// impl FieldClass for IsbnField {
///     type Value = String;
///
///     const DEFAULT_ERROR_MESSAGES: &'static [(&'static str, &'static str)] =
///         &[("checksum", "{isbn} is not an ISBN.")];
///
///     fn field(&self, name: &'static str) -> Field {
///         Field::char(name).max_length(17)
///     }
///
///     fn to_internal_value(&self, data: &Raw<'_>, field: &BoundField<'_>) -> Validated<String> {
///         // `super().to_internal_value(data)`: it is a text
///         let text: String = field.to_internal_value(data)?;
///         let digits: String = text.chars().filter(char::is_ascii_digit).collect();
///         if digits.len() != 13 {
///             return Err(field.fail_with("checksum", &[("isbn", &text)]));
///         }
///         Ok(digits)
///     }
///
///     fn to_representation(&self, isbn: String, _: &BoundField<'_>) -> serde_json::Value {
///         let digits: Vec<char> = isbn.chars().collect();
///         let groups = digits.chunks(self.group).map(|group| group.iter().collect::<String>());
///         groups.collect::<Vec<_>>().join("-").into()
///     }
/// }
///
/// #[model(table = "book")]
/// pub struct Book {
///     pub id: i64,
///     #[field(max_length = 13)]
///     pub isbn: String,
/// }
///
/// #[derive(Serializer)]
/// #[serializer(model = Book)]
/// struct BookSerializer {
///     #[field(class = IsbnField { group: 3 })]
///     isbn: String,
/// }
///
/// #[derive(Serializer)]
/// struct OrderSerializer {
///     #[field(class = IsbnField { group: 4 })]
///     isbn: String,
///     copies: i64,
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a class of fields",
    label = "this type has no `FieldClass` implementation",
    note = "write `impl FieldClass for {Self}`, which names the built-in field that it extends; a class \
            for a related row is a `RelatedField`"
)]
pub trait FieldClass: Send + Sync + 'static {
    /// What a value is: the type of the serializer's field.
    type Value: FromValidated + IntoValidated;

    /// Texts by code (`default_error_messages`), with names in braces. They stand in for those of the
    /// built-in field, and `error(..)` of a field for them.
    const DEFAULT_ERROR_MESSAGES: &'static [(&'static str, &'static str)] = &[];

    /// The built-in field that it extends, with that field's arguments.
    fn field(&self, name: &'static str) -> Field;

    /// The choices of a request, where the built-in field is a `ChoiceField` or a
    /// `MultipleChoiceField`; `None` keeps those of [`field`](Self::field).
    fn choices(&self, _cx: &Context) -> Option<Vec<Choice>> {
        None
    }

    /// Takes the input for the field out of what was sent for the object.
    fn get_value<'r, 'a>(
        &self,
        data: &'r Raw<'a>,
        field: &BoundField<'_>,
    ) -> Option<Cow<'r, Raw<'a>>> {
        field.get_value(data)
    }

    /// Decides about input that is absent, null or empty: [`Start::Skip`] leaves the field out
    /// (`SkipField`), [`Start::Done`] is its value, [`Start::Convert`] goes on.
    ///
    /// # Errors
    /// The messages for the client.
    fn validate_empty_values<'r, 'a>(
        &self,
        data: Option<&'r Raw<'a>>,
        field: &BoundField<'_>,
    ) -> Validated<Start<'r, 'a>> {
        field.validate_empty_values(data)
    }

    /// Converts input into a value.
    ///
    /// # Errors
    /// The messages for the client.
    fn to_internal_value(&self, data: &Raw<'_>, field: &BoundField<'_>) -> Validated<Self::Value> {
        field.to_internal_value(data)
    }

    /// All stages: `None` leaves the field out (`SkipField`).
    ///
    /// # Errors
    /// The messages for the client.
    fn run_validation(
        &self,
        data: Option<&Raw<'_>>,
        field: &BoundField<'_>,
    ) -> Validated<Option<Value>> {
        field.run_validation(self, data)
    }

    /// Takes the value to be shown out of the row; `None` leaves the field out (`SkipField`).
    fn get_attribute(&self, instance: &InstanceRef<'_>, field: &BoundField<'_>) -> Option<Value> {
        field.get_attribute(instance)
    }

    /// The JSON that a client reads. It is not asked about null.
    fn to_representation(&self, value: Self::Value, field: &BoundField<'_>) -> serde_json::Value {
        field.to_representation(value)
    }
}

/// What a serializer shows, for a field that takes its value out of it: a row, or the values of a
/// serializer without a model.
pub struct InstanceRef<'a> {
    pub(super) of: Shown<'a>,
    /// What the field's source leads to.
    pub(super) own: Option<Cow<'a, Value>>,
}

/// A row, or values.
#[derive(Clone, Copy)]
pub(super) enum Shown<'a> {
    Row(&'a dyn ModelRow, &'static ModelMeta),
    Values(&'a [(Cow<'static, str>, Value)]),
}

impl fmt::Debug for InstanceRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InstanceRef").finish_non_exhaustive()
    }
}

impl<'a> InstanceRef<'a> {
    /// The row, in its type; `None` for a row of another model and for values.
    pub fn row<M: Model>(&self) -> Option<&'a M> {
        match self.of {
            Shown::Row(row, _) => row.as_any().downcast_ref(),
            Shown::Values(_) => None,
        }
    }

    /// The value of a column, or the value under a key, in its type.
    pub fn get<T: FromValidated>(&self, name: &str) -> Option<T> {
        let value = match self.of {
            Shown::Row(row, model) => {
                let column = model.columns.iter().position(|column| column.name == name)?;
                row.value(column).to_value()
            }
            Shown::Values(values) => values.iter().find(|(own, _)| own == name)?.1.clone(),
        };
        T::from_validated(Some(value))
    }
}

/// A [`FieldClass`] without its type of values.
pub(crate) trait DynFieldClass: Send + Sync {
    fn choices(&self, cx: &Context) -> Option<Vec<Choice>>;

    fn get_value<'r, 'a>(
        &self,
        data: &'r Raw<'a>,
        field: &BoundField<'_>,
    ) -> Option<Cow<'r, Raw<'a>>>;

    fn run(&self, data: Option<&Raw<'_>>, field: &BoundField<'_>) -> Validated<Option<Value>>;

    fn attribute(&self, instance: &InstanceRef<'_>, field: &BoundField<'_>) -> Option<Value>;

    fn write(&self, value: Value, field: &BoundField<'_>, out: &mut JsonWriter);
}

impl<C: FieldClass> DynFieldClass for C {
    fn choices(&self, cx: &Context) -> Option<Vec<Choice>> {
        FieldClass::choices(self, cx)
    }

    fn get_value<'r, 'a>(
        &self,
        data: &'r Raw<'a>,
        field: &BoundField<'_>,
    ) -> Option<Cow<'r, Raw<'a>>> {
        FieldClass::get_value(self, data, field)
    }

    fn run(&self, data: Option<&Raw<'_>>, field: &BoundField<'_>) -> Validated<Option<Value>> {
        self.run_validation(data, field)
    }

    fn attribute(&self, instance: &InstanceRef<'_>, field: &BoundField<'_>) -> Option<Value> {
        self.get_attribute(instance, field)
    }

    fn write(&self, value: Value, field: &BoundField<'_>, out: &mut JsonWriter) {
        if value.is_null() {
            return out.null();
        }
        match C::Value::from_validated(Some(value)) {
            Some(value) => out.json(&self.to_representation(value, field)),
            None => out.null(),
        }
    }
}
