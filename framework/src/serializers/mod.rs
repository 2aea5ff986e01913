//! Serializers: from rows to JSON, and from input to rows (`rest_framework.serializers`).

mod builder;
mod changes;
mod checks;
mod custom;
mod description;
mod hooks;
mod input;
mod listed;
mod plain;
mod recursion;
mod relations;
mod rows;
#[cfg(feature = "openapi")]
mod shown;
#[cfg(all(test, feature = "sqlite"))]
mod tests;
mod validate;
mod write;

pub use builder::{Builder, Shows, of_kind, pk, with_choices};
pub use changes::{Attrs, Changes};
pub use custom::{Custom, CustomField};
pub use description::Description;
pub use hooks::{
    CurrentUserDefault, DefaultValue, FieldValidator, JsonObject, MethodField, ObjectValidator,
    StructValidator, ToInternalValue, ToRepresentation,
};
pub use plain::{FromValidated, IntoValidated, PlainBuilder, Serializer, Validated};
#[doc(hidden)]
pub use recursion::once;
pub use relations::{
    HyperlinkedIdentity, HyperlinkedRelated, PrimaryKeyRelated, SlugRelated, StringRelated,
};
pub use rows::{Instance, Loaded, RelatedRows};

pub(crate) use changes::ChangeSet;
pub(crate) use listed::Listed;
#[cfg(feature = "openapi")]
pub(crate) use shown::Shown;
pub(crate) use validate::Existing;
pub(crate) use write::Writing;

#[doc = include_str!("derive.md")]
pub use quintet_codegen::Serializer;

use std::fmt;
use std::marker::PhantomData;

use crate::db::Model;

/// A serializer over a model: `#[derive(Serializer)]` with `#[serializer(model = Track)]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a serializer over a model",
    label = "this type has no `ModelSerializer` implementation",
    note = "add `#[derive(Serializer)]` and `#[serializer(model = ..)]` to `{Self}`"
)]
pub trait ModelSerializer: Sized + 'static {
    /// The model.
    type Model: Model;

    /// What the serializer is; made once.
    fn description() -> &'static Description;

    /// The serializer as a value: what a view set names as its `serializer_class`.
    fn class() -> SerializerClass<Self::Model> {
        SerializerClass { description: Self::description(), model: PhantomData }
    }
}

/// A serializer over the model `M`, as a value ([`ModelSerializer::class`]).
pub struct SerializerClass<M> {
    description: &'static Description,
    model: PhantomData<fn() -> M>,
}

impl<M> SerializerClass<M> {
    /// What the serializer is.
    pub fn description(&self) -> &'static Description {
        self.description
    }
}

impl<M> Clone for SerializerClass<M> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<M> Copy for SerializerClass<M> {}

impl<M> fmt::Debug for SerializerClass<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SerializerClass").field(&self.description.name).finish()
    }
}
