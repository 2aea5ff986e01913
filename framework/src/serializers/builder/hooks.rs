//! The functions that a description calls: method fields, validators, and what reads, shows and
//! stores.

use std::sync::Arc;

use super::super::asking::{AsyncObjectValidator, object_asks};
use super::super::batch::{Batch, BatchField};
use super::super::changes::{Attrs, Changes};
use super::super::class::FieldClass;
use super::super::field::{MethodFn, Output, Target};
use super::super::hooks::{FieldValidator, MethodField, ObjectValidator, ToRepresentation};
use super::super::rows::Instance;
use super::super::save::{SaveHook, untyped};
use super::Builder;
use crate::db::Model;
use crate::fields::Field;
use crate::values::FieldType;

impl<M: Model> Builder<M> {
    /// A `SerializerMethodField`: the result of a function of the row. `field` describes its kind.
    pub fn method<T: serde::Serialize, Shape>(
        self,
        field: Field,
        method: impl MethodField<M, T, Shape>,
    ) -> Self {
        self.push(field.read_only(), Output::Method(written(method)), Target::None)
    }

    /// A read-only field over a function of the model (`CharField(source="full_name")` over a property).
    /// The row is shown as by [`Builder::method`]; OPTIONS shows its kind.
    pub fn property<T: serde::Serialize, Shape>(
        self,
        field: Field,
        method: impl MethodField<M, T, Shape>,
    ) -> Self {
        self.push(field.read_only(), Output::Property(written(method)), Target::None)
    }

    /// A field of a class of one's own over the row itself (`source="*"`): its value has a member for each
    /// column that it shows and sets.
    pub fn whole_class<C: FieldClass>(mut self, name: &'static str, class: C) -> Self {
        let field = self.draft.push(Field::json(name), Output::Whole, Target::Whole);
        field.set_class(class);
        self
    }

    /// A field that asks once for all rows that are shown: a page, a nested list, one row. `field`
    /// describes its kind.
    pub fn batch<T, Shape>(mut self, field: Field, batch: impl BatchField<M, T, Shape>) -> Self
    where
        T: serde::Serialize + 'static,
        Shape: 'static,
    {
        self.draft.description.batches.push(Batch::of(batch));
        let place = self.draft.description.batches.len() - 1;
        self.push(field.read_only(), Output::Batch(place), Target::None)
    }

    /// Adds a hook for the value of the preceding field (`validate_<field>`): it may change the
    /// value or refuse it.
    pub fn validate_field<T: FieldType, Shape>(
        mut self,
        hook: impl FieldValidator<T, Shape>,
    ) -> Self {
        self.last(|field| field.set_hook(hook));
        self
    }

    /// Adds a hook for all values together that asks the database.
    pub fn validate_async<Shape: 'static>(
        mut self,
        hook: impl AsyncObjectValidator<M, Shape>,
    ) -> Self {
        self.draft.description.validate_async = Some(object_asks(hook));
        self
    }

    /// Adds a hook for all values together (`validate`).
    pub fn validate<Shape>(mut self, hook: impl ObjectValidator<M, Shape>) -> Self {
        self.draft.description.validate = Some(Arc::new(move |changes, serializer| {
            hook.call(&mut Attrs::new(changes, serializer), serializer.context())
        }));
        self
    }

    /// Adds a check of all values together that runs before [`validate`](Self::validate): an entry of
    /// `Meta.validators`. Where there is one, the model's unique sets are not checked, as in DRF;
    /// [`unique_together`](Self::unique_together) names those that are.
    pub fn object_validator<Shape>(mut self, check: impl ObjectValidator<M, Shape>) -> Self {
        self.own_unique = true;
        self.draft.description.validators.push(Arc::new(move |changes, serializer| {
            check.call(&mut Attrs::new(changes, serializer), serializer.context())
        }));
        self
    }

    /// Sets the hook that makes the output of a row from its fields (`to_representation`).
    pub fn to_representation<T: serde::Serialize, Shape>(
        mut self,
        hook: impl ToRepresentation<M, T, Shape>,
    ) -> Self {
        self.draft.description.to_representation =
            Some(Arc::new(move |description, loaded, related, shown, cx, out| {
                let written = Instance::new(description, loaded, related)
                    .map(|instance| out.serialize(&hook.call(&instance, shown, cx)));
                if !matches!(written, Some(Ok(()))) {
                    out.null();
                }
            }));
        self
    }

    /// Sets the function that stores a new row (`create(validated_data)`).
    pub fn create<Shape: 'static>(mut self, hook: impl SaveHook<Changes<M>, Shape>) -> Self {
        self.draft.description.create = Some(untyped(hook));
        self
    }

    /// Sets the function that stores changes to a row (`update(instance, validated_data)`).
    pub fn update<Shape: 'static>(mut self, hook: impl SaveHook<Changes<M>, Shape>) -> Self {
        self.draft.description.update = Some(untyped(hook));
        self
    }

    /// Sets the function that stores new rows and changes alike (`save()`).
    pub fn save<Shape: 'static>(mut self, hook: impl SaveHook<Changes<M>, Shape>) -> Self {
        let hook = untyped(hook);
        self.draft.description.create = Some(hook.clone());
        self.draft.description.update = Some(hook);
        self
    }

    /// Sets the function that stores a list of new rows (`ListSerializer.create`).
    pub fn create_many<Shape: 'static>(
        mut self,
        hook: impl SaveHook<Vec<Changes<M>>, Shape>,
    ) -> Self {
        self.draft.description.create_many = Some(untyped(hook));
        self
    }

    /// Sets the function that stores a list in which stored rows may be changed
    /// (`ListSerializer.update`).
    pub fn update_many<Shape: 'static>(
        mut self,
        hook: impl SaveHook<Vec<Changes<M>>, Shape>,
    ) -> Self {
        self.draft.description.update_many = Some(untyped(hook));
        self
    }
}

/// Writes what a function of the row returns.
fn written<M: Model, T: serde::Serialize, Shape>(
    method: impl MethodField<M, T, Shape>,
) -> MethodFn {
    Arc::new(move |description, loaded, related, cx, out| {
        let written = Instance::new(description, loaded, related)
            .map(|instance| out.serialize(&method.call(&instance, cx)));
        if !matches!(written, Some(Ok(()))) {
            out.null();
        }
    })
}
