//! The builder of serializers without a model.

use std::borrow::Cow;
use std::sync::Arc;

use super::super::asking::{AsyncFieldValidator, field_asks};
use super::super::convert::{FromValidated, IntoValidated};
use super::super::custom::CustomField;
use super::super::description::Description;
use super::super::field::{KeyCheck, Output, SerializerField, Target};
use super::super::field_set::GetFields;
use super::super::hooks::{
    DefaultValue, FieldValidator, RelatedQuerySet, StructValidator, ToInternalValue, ValueValidator,
};
use super::super::plain::{Serializer, ValidatedData};
use super::draft::{Draft, key_kind};
use crate::db::{Model, meta_of, nowhere};
use crate::fields::{Field, FieldKind};
use crate::values::FieldType;

/// Builds the [`Description`] of a serializer without a model, field by field; a modifier changes
/// the preceding field.
#[derive(Debug)]
pub struct PlainBuilder {
    draft: Draft,
}

impl PlainBuilder {
    pub(in crate::serializers) fn new(name: &'static str) -> Self {
        Self { draft: Draft::new(name, nowhere) }
    }

    fn last(&mut self, change: impl FnOnce(&mut SerializerField)) {
        self.draft.last(change);
    }

    /// Adds a field.
    pub fn field(mut self, field: Field) -> Self {
        let target = if field.read_only { Target::None } else { Target::Other };
        self.draft.push(field, Output::None, target);
        self
    }

    /// Adds a custom field.
    pub fn custom<F: CustomField>(self, name: &'static str) -> Self {
        let mut builder = self.field(Field::json(name));
        builder.last(SerializerField::set_custom::<F>);
        builder
    }

    /// The primary key of a row of `M` that exists.
    pub fn key<M: Model>(self, name: &'static str) -> Self {
        let kind = FieldKind::PrimaryKey { key: key_kind(M::META.pk_column().kind) };
        self.checked::<M>(Field::new(name, kind))
    }

    /// Primary keys of rows of `M` that exist.
    pub fn keys<M: Model>(self, name: &'static str) -> Self {
        let child =
            Field::new("", FieldKind::PrimaryKey { key: key_kind(M::META.pk_column().kind) });
        self.checked::<M>(Field::many_related(name, child))
    }

    fn checked<M: Model>(self, field: Field) -> Self {
        let mut builder = self.field(field);
        builder.last(|field| {
            field.key = Some(KeyCheck { model: meta_of::<M>, column: M::META.pk });
        });
        builder
    }

    /// Another serializer as a field.
    pub fn nested<S: Serializer>(self, name: &'static str) -> Self {
        self.inner::<S>(name, false)
    }

    /// Another serializer as a read-only field; it may contain this one.
    pub fn shows<S: Serializer>(self, name: &'static str) -> Self {
        self.shown::<S>(name, false)
    }

    /// A read-only list of objects; they may be of this serializer.
    pub fn shows_many<S: Serializer>(self, name: &'static str) -> Self {
        self.shown::<S>(name, true)
    }

    fn shown<S: Serializer>(self, name: &'static str, many: bool) -> Self {
        let mut builder = self.field(Field::nested(name, [], many).read_only());
        builder.last(|field| field.nested = Some(S::description));
        builder
    }

    /// A list of objects of another serializer.
    pub fn nested_many<S: Serializer>(self, name: &'static str) -> Self {
        self.inner::<S>(name, true)
    }

    fn inner<S: Serializer>(self, name: &'static str, many: bool) -> Self {
        let fields = Arc::clone(&S::description().input);
        let mut builder = self.field(Field::nested(name, fields, many));
        builder.last(|field| field.nested = Some(S::description));
        builder
    }

    /// Changes the description of the preceding field.
    pub fn with(mut self, change: impl FnOnce(Field) -> Field) -> Self {
        self.last(|field| field.change(change));
        self
    }

    /// Adds a hook for the value of the preceding field (`validate_<field>`): it may change the
    /// value or refuse it.
    pub fn validate_field<T, Shape>(mut self, hook: impl FieldValidator<T, Shape>) -> Self
    where
        T: FromValidated + IntoValidated,
    {
        self.last(|field| field.set_plain_hook(hook));
        self
    }

    /// Adds a validator to the preceding field: an entry of `validators`, which runs before the
    /// field's own checks.
    pub fn validator<T, Shape>(mut self, validator: impl ValueValidator<T, Shape>) -> Self
    where
        T: FromValidated,
    {
        self.last(|field| field.add_validator(validator));
        self
    }

    /// Adds a validator of the preceding field's value that asks the database.
    pub fn validate_field_async<T, Shape>(
        mut self,
        hook: impl AsyncFieldValidator<T, Shape>,
    ) -> Self
    where
        T: FromValidated + 'static,
        Shape: 'static,
    {
        self.last(|field| field.asks = Some(field_asks(hook)));
        self
    }

    /// Sets the rows that the keys of the preceding field may name (`queryset=`).
    pub fn queryset<T: Model, Shape>(mut self, rows: impl RelatedQuerySet<T, Shape>) -> Self {
        self.last(|field| field.within = Some(Arc::new(move |cx| rows.call(cx).into())));
        self
    }

    /// Sets a message of the whole serializer by code (`default_error_messages`).
    pub fn error(mut self, code: &'static str, text: impl Into<Cow<'static, str>>) -> Self {
        self.draft.error(code, text.into());
        self
    }

    /// Sets the function that computes the preceding field's value if none is sent
    /// (`default=callable`).
    pub fn default_with<T: FieldType, Shape>(mut self, make: impl DefaultValue<T, Shape>) -> Self {
        self.last(|field| field.set_default(make));
        self
    }

    /// Makes these fields read-only (`read_only_fields`).
    pub fn read_only(mut self, names: &[&str]) -> Self {
        self.draft.make_read_only(names);
        self
    }

    /// Requires the fields `name` and `other` to be equal.
    pub fn must_match(mut self, name: &str, other: &str) -> Self {
        self.draft.must_match(name, other);
        self
    }

    /// Sets the hook that prepares the input for the fields (`to_internal_value`).
    pub fn to_internal_value<Shape>(mut self, hook: impl ToInternalValue<Shape>) -> Self {
        self.draft.set_internal_value(hook);
        self
    }

    /// Sets the hook that chooses the fields of a request (`get_fields`).
    pub fn get_fields<Shape>(mut self, hook: impl GetFields<Shape>) -> Self {
        self.draft.set_get_fields(hook);
        self
    }

    /// Adds a hook for all values together, after the previous ones (`validate`).
    pub fn validate<S: Serializer, Shape>(mut self, hook: impl StructValidator<S, Shape>) -> Self {
        let before = self.draft.description.validate.take();
        self.draft.description.validate = Some(Arc::new(move |changes, row, cx| {
            if let Some(before) = &before {
                before(changes, row, cx)?;
            }
            let others = std::mem::take(&mut changes.others);
            let mut values = ValidatedData::from_others(others);
            let checked = hook.call(&mut values, cx);
            changes.others = values.into_others();
            checked
        }));
        self
    }

    /// The description.
    pub fn build(self) -> Description {
        self.draft.finish()
    }
}
