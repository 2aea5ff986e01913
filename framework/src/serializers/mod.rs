//! Serializers: from rows to JSON, and from input to rows (`rest_framework.serializers`).

mod builder;
mod changes;
mod checks;
mod description;
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
pub use description::Description;
pub use plain::{FromValidated, PlainBuilder, Serializer, Validated};
#[doc(hidden)]
pub use recursion::once;
pub use relations::{
    HyperlinkedIdentity, HyperlinkedRelated, PrimaryKeyRelated, SlugRelated, StringRelated,
};
pub use rows::{Instance, Loaded, RelatedRows};
pub use write::Links;

pub(crate) use changes::ChangeSet;
pub(crate) use listed::Listed;
#[cfg(feature = "openapi")]
pub(crate) use shown::Shown;
pub(crate) use validate::Existing;
pub(crate) use write::Writing;

#[doc = include_str!("derive.md")]
pub use quintet_codegen::Serializer;

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
}
