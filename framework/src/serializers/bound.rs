//! Where a field or a serializer stands while input is validated: `self.parent`, `self.root`,
//! `self.field_name`, `self.initial_data`, `self.partial` of DRF's classes.

use std::borrow::Cow;
use std::fmt;

use super::class::{FieldClass, InstanceRef};
use super::convert::{FromValidated, IntoValidated};
use super::description::Description;
use super::field::SerializerField;
use super::validate::Existing;
use crate::db::Model;
use crate::exceptions::{Detail, Validated};
use crate::fields::{Field, Start};
use crate::request::Context;
use crate::values::{JsonWriter, Raw, Value};

/// A serializer at work: what was sent for it, the row that it is for, and the serializer that
/// holds it.
///
/// Functions of a serializer that ask for one get it: those of `validators`, `validate_<field>` and
/// `default_with` through their [`BoundField`], `validate` from
/// [`Attrs::serializer`](super::Attrs::serializer).
#[derive(Clone, Copy)]
pub struct BoundSerializer<'a> {
    pub(super) description: &'a Description,
    pub(super) parent: Option<&'a BoundSerializer<'a>>,
    pub(super) existing: Existing<'a>,
    pub(super) partial: bool,
    pub(super) sent: Option<&'a Raw<'a>>,
    pub(super) cx: &'a Context,
}

impl fmt::Debug for BoundSerializer<'_> {
    /// Without the data, which may be secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("BoundSerializer").field(&self.description.name).finish()
    }
}

impl<'a> BoundSerializer<'a> {
    /// A serializer that shows something.
    pub(super) fn showing(description: &'a Description, partial: bool, cx: &'a Context) -> Self {
        let existing = Existing::default();
        Self { description, parent: None, existing, partial, sent: None, cx }
    }

    /// Its name: that of the struct without `Serializer`.
    pub fn name(&self) -> &'static str {
        self.description.name
    }

    /// What was sent for it (`self.initial_data`), before any function changed it. `None` in output,
    /// and below a serializer whose `to_internal_value` made the data.
    pub fn initial_data(&self) -> Option<&'a Raw<'a>> {
        self.sent
    }

    /// The stored row that the input is for (`self.instance`); `None` for a new one, in a nested
    /// serializer, and without a model.
    pub fn instance<M: Model>(&self) -> Option<&'a M> {
        self.existing.row.and_then(|row| row.as_any().downcast_ref())
    }

    /// Whether the input is for a stored row.
    pub fn is_update(&self) -> bool {
        self.existing.pk.is_some()
    }

    /// Whether fields may be left out (`self.partial`).
    pub fn is_partial(&self) -> bool {
        self.partial
    }

    /// The serializer that holds it (`self.parent`); `None` for the outermost one. An item of a body
    /// that is a list is an outermost one. In output, serializers know no parents.
    pub fn parent(&self) -> Option<&'a BoundSerializer<'a>> {
        self.parent
    }

    /// The outermost serializer (`self.root`), which may be this one.
    pub fn root(&self) -> BoundSerializer<'a> {
        let mut root = *self;
        while let Some(parent) = root.parent {
            root = *parent;
        }
        root
    }

    /// The request (`self.context["request"]`).
    pub fn context(&self) -> &'a Context {
        self.cx
    }

    /// The message of a code that `#[serializer(error(..))]` declares (`self.fail`); `Invalid input.`
    /// for another code.
    pub fn fail(&self, code: &'static str) -> Detail {
        self.description.message(code, "Invalid input.", &[])
    }
}

/// A field at work: its description, and the serializer that holds it (`self.parent`). A
/// [`FieldClass`] calls what the field that it extends does by its methods, as `super()`.
#[derive(Clone, Copy)]
pub struct BoundField<'a> {
    pub(super) own: &'a SerializerField,
    /// The description; that of `own`, or one with the choices of the request.
    pub(super) field: &'a Field,
    pub(super) serializer: &'a BoundSerializer<'a>,
}

impl fmt::Debug for BoundField<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("BoundField").field(&self.field.name).finish()
    }
}

impl<'a> BoundField<'a> {
    pub(super) fn new(own: &'a SerializerField, serializer: &'a BoundSerializer<'a>) -> Self {
        Self { own, field: &own.field, serializer }
    }

    /// Its key in input and output (`self.field_name`).
    pub fn name(&self) -> &'static str {
        self.field.name
    }

    /// What it is described by: its kind, label, messages.
    pub fn field(&self) -> &'a Field {
        self.field
    }

    /// The serializer that holds it (`self.parent`).
    pub fn parent(&self) -> &'a BoundSerializer<'a> {
        self.serializer
    }

    /// The outermost serializer (`self.root`).
    pub fn root(&self) -> BoundSerializer<'a> {
        self.serializer.root()
    }

    /// The request (`self.context["request"]`).
    pub fn context(&self) -> &'a Context {
        self.serializer.cx
    }

    /// The text of a code (`self.error_messages[code]`): the field's own, that of its class, or that of
    /// the field that the class extends. Names in braces are not filled in.
    pub fn error_message(&self, code: &str) -> Option<&'a str> {
        self.field.error_message(code)
    }

    /// The message of a code (`self.fail(code)`); `Invalid value.` for a code without a text.
    pub fn fail(&self, code: &'static str) -> Detail {
        self.fail_with(code, &[])
    }

    /// Like [`fail`](Self::fail), with `{name}` filled in (`self.fail(code, name=value)`).
    pub fn fail_with(&self, code: &'static str, parameters: &[(&str, &str)]) -> Detail {
        let text = self.field.default_error_message(code).unwrap_or("Invalid value.");
        self.field.message(code, text, parameters)
    }
}

/// What the field that a [`FieldClass`] extends does: `super()`.
impl BoundField<'_> {
    /// The value under the field's name.
    pub fn get_value<'r, 'b>(&self, data: &'r Raw<'b>) -> Option<Cow<'r, Raw<'b>>> {
        data.get(self.field.name).map(Cow::Borrowed)
    }

    /// The first stages: read-only, blank, absent, null.
    ///
    /// # Errors
    /// The codes `blank`, `required` and `null`.
    pub fn validate_empty_values<'r, 'b>(
        &self,
        data: Option<&'r Raw<'b>>,
    ) -> Validated<Start<'r, 'b>> {
        let partial = self.serializer.partial;
        match self.field.start(data, partial)? {
            Start::Skip if !partial && !self.field.read_only => {
                Ok(self.own.default_value(self.serializer).map_or(Start::Skip, Start::Done))
            }
            start => Ok(start),
        }
    }

    /// Converts input.
    ///
    /// # Errors
    /// The field's messages; `Invalid value.` where it makes a value of another type.
    pub fn to_internal_value<T: FromValidated>(&self, data: &Raw<'_>) -> Validated<T> {
        let value = self.field.convert(data, self.serializer.partial)?;
        T::from_validated(Some(value)).ok_or_else(|| Detail::invalid("Invalid value."))
    }

    /// Runs the field's validators, bounds included.
    ///
    /// # Errors
    /// All messages.
    pub fn run_validators(&self, value: &Value, data: &Raw<'_>) -> Validated {
        self.own.check(value, data, self)
    }

    /// All stages, with what the class has of its own: `None` if the field is skipped.
    ///
    /// # Errors
    /// The messages of the first stage that fails.
    pub fn run_validation<C: FieldClass + ?Sized>(
        &self,
        class: &C,
        data: Option<&Raw<'_>>,
    ) -> Validated<Option<Value>> {
        if let Some(blank) = data.and_then(|data| self.field.blank(data)) {
            return blank.map(Some);
        }
        match class.validate_empty_values(data, self)? {
            Start::Skip => Ok(None),
            Start::Done(value) => Ok(Some(value)),
            Start::Convert(data) => {
                let value = class.to_internal_value(data, self)?;
                let value = value.into_validated().unwrap_or(Value::Null);
                self.run_validators(&value, data)?;
                Ok(Some(value))
            }
        }
    }

    /// The value at the field's source.
    pub fn get_attribute(&self, instance: &InstanceRef<'_>) -> Option<Value> {
        instance.own.as_deref().cloned()
    }

    /// The JSON of a value, in the form of the field.
    pub fn to_representation(&self, value: impl IntoValidated) -> serde_json::Value {
        let mut out = JsonWriter::new();
        let value = value.into_validated().unwrap_or(Value::Null);
        self.field.write(value.as_ref(), self.serializer.partial, &mut out);
        serde_json::from_slice(out.bytes()).unwrap_or_default()
    }
}
