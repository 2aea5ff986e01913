//! The builder of serializers without a model.

use std::marker::PhantomData;
use std::sync::Arc;

use super::super::convert::{FromValidated, IntoValidated};
use super::super::custom::CustomField;
use super::super::description::Description;
use super::super::field::{KeyCheck, Output, SerializerField, Target};
use super::super::hooks::{FieldValidator, StructMethod, StructValidator};
use super::super::plain::{Serializer, ValidatedData};
use super::Builder;
use super::draft::{Draft, key_kind};
use crate::db::{Model, meta_of, nowhere};
use crate::fields::{Field, FieldKind};

/// Builds the [`Description`] of a serializer without a model, field by field; a modifier changes
/// the preceding field.
pub type PlainBuilder = Builder<()>;

impl Builder<()> {
    pub(in crate::serializers) fn new(name: &'static str) -> Self {
        Self { draft: Draft::new(name, nowhere), own_unique: false, model: PhantomData }
    }

    /// Adds a field.
    pub fn field(mut self, field: Field) -> Self {
        let target = if field.read_only { Target::None } else { Target::Other };
        self.draft.push(field, Output::None, target);
        self
    }

    /// A `SerializerMethodField`: the result of a function of the struct. `field` describes its kind.
    pub fn struct_method<S: Serializer, T: serde::Serialize, Shape>(
        self,
        field: Field,
        method: impl StructMethod<S, T, Shape>,
    ) -> Self {
        let mut builder = self.field(field.read_only());
        builder.last(|field| {
            field.method = Some(Arc::new(move |values, cx, out| {
                let value = S::from_validated(&mut ValidatedData::of(values.to_vec()));
                let written = value.map(|value| out.serialize(&method.call(&value, cx)));
                if !matches!(written, Some(Ok(()))) {
                    out.null();
                }
            }));
        });
        builder
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

    /// Adds a hook for the value of the preceding field (`validate_<field>`): it may change the
    /// value or refuse it.
    pub fn validate_field<T, Shape>(mut self, hook: impl FieldValidator<T, Shape>) -> Self
    where
        T: FromValidated + IntoValidated,
    {
        self.last(|field| field.set_plain_hook(hook));
        self
    }

    /// Adds a hook for all values together, after the previous ones (`validate`).
    pub fn validate<S: Serializer, Shape>(mut self, hook: impl StructValidator<S, Shape>) -> Self {
        let before = self.draft.description.validate.take();
        self.draft.description.validate = Some(Arc::new(move |changes, serializer| {
            if let Some(before) = &before {
                before(changes, serializer)?;
            }
            let others = std::mem::take(&mut changes.others);
            let mut values = ValidatedData::from_others(others);
            let checked = hook.call(&mut values, serializer);
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
