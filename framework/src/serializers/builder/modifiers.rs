//! What changes the field before it, or the whole description, with a model and without one.

use std::borrow::Cow;
use std::sync::Arc;

use super::super::asking::{AsyncFieldValidator, field_asks};
use super::super::class::FieldClass;
use super::super::convert::FromValidated;
use super::super::field::{Output, SerializerField, Target, Unique};
use super::super::field_set::GetFields;
use super::super::hooks::{
    DataHook, DefaultValue, RelatedQuerySet, ToInternalValue, ValueValidator,
};
use super::super::plain::Serializer;
use super::super::run::{ValidationHook, validation_hook};
use super::Builder;
use crate::db::{FieldPath, Model};
use crate::exceptions::Detail;
use crate::fields::Field;
use crate::values::FieldType;

impl<M> Builder<M> {
    pub(super) fn last(&mut self, change: impl FnOnce(&mut SerializerField)) {
        self.draft.last(change);
    }

    /// Changes the description of the preceding field.
    pub fn with(mut self, change: impl FnOnce(Field) -> Field) -> Self {
        self.last(|field| field.change(change));
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

    /// Gives the preceding field a class of one's own: `.source("isbn", ..).class(IsbnField { .. })`.
    pub fn class<C: FieldClass>(mut self, class: C) -> Self {
        self.last(|field| field.set_class(class));
        self
    }

    /// A serializer without a model over the row itself (`source="*"`): its fields show and set those of
    /// this one, by their sources.
    pub fn whole<S: Serializer>(mut self, name: &'static str) -> Self {
        let fields = Arc::clone(&S::description().input);
        let field = Field::nested(name, fields, false);
        self.draft.push(field, Output::Whole, Target::Whole).nested = Some(S::description);
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

    /// Sets the rows that the preceding field may name (`queryset=`). It makes a list of slugs along a
    /// link table, and hyperlinks, writable.
    pub fn queryset<T: Model, Shape>(mut self, rows: impl RelatedQuerySet<T, Shape>) -> Self {
        self.draft.reads_rows();
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

    /// Sets the hook around the validation of a whole body (`run_validation`).
    pub fn run_validation<Shape: 'static>(mut self, hook: impl ValidationHook<Shape>) -> Self {
        self.draft.description.run_validation = Some(validation_hook(hook));
        self
    }

    /// Sets the hook that changes what is shown of one row or object (`data`); lists and nested rows
    /// have `to_representation`.
    pub fn data<Shape>(mut self, hook: impl DataHook<Shape>) -> Self {
        self.draft.description.data = Some(Arc::new(move |shown, cx| hook.call(shown, cx)));
        self
    }

    /// Requires that no row of `T` has the preceding field's value in a column (`UniqueValidator`); with
    /// the text of the code `unique`, if the field has one.
    #[doc(alias = "UniqueValidator")]
    pub fn unique_in<T: Model, U>(mut self, path: &FieldPath<T, U>) -> Self {
        let named = path.path.column().map_or("", |column| column.column);
        let column = T::META.columns.iter().position(|own| own.column == named);
        self.last(|field| {
            let text = "This field must be unique.";
            let Detail::Message { text: message, .. } = field.field.message("unique", text, &[])
            else {
                return;
            };
            field.unique = column.map(|column| Unique {
                model: Some(T::META),
                column,
                ignore_case: false,
                message: message.into_owned(),
            });
        });
        self
    }

    /// Sets the hook that chooses the fields of a request (`get_fields`).
    pub fn get_fields<Shape>(mut self, hook: impl GetFields<Shape>) -> Self {
        self.draft.set_get_fields(hook);
        self
    }
}
