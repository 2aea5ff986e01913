//! Checks that a serializer and rows are of one model, with messages for those who mix them up.
//!
//! The traits say the same, and hold of every model and itself. The compiler refuses a bound once
//! it knows the type that has the trait, so each is for one order in which types become known.

/// The model of rows that `S` is to show, where `S` is known first: it must be `M`, the
/// serializer's [`Model`](super::ModelSerializer::Model). Nobody implements it.
#[diagnostic::on_unimplemented(
    message = "`{S}` is not a serializer of the model `{Self}`",
    label = "`{S}` is a serializer of the model `{M}`",
    note = "name a serializer that says `#[serializer(model = {Self})]`"
)]
pub trait ShownBy<S, M> {}

impl<S, M> ShownBy<S, M> for M {}

/// The model that a relation leads to, which must be `T`. Nobody implements it.
#[diagnostic::on_unimplemented(
    message = "this relation leads to the model `{Self}`, not to `{T}`",
    label = "this relation leads to `{Self}`: write `PrimaryKeyRelated<{Self}>`, or another relation to it"
)]
pub trait LeadsTo<T> {}

impl<T> LeadsTo<T> for T {}

/// The model of the serializer `S`, where the rows are known first, which are of `M`. Nobody
/// implements it.
#[diagnostic::on_unimplemented(
    message = "`{S}` is not a serializer of the model `{M}`",
    label = "`{S}` is a serializer of the model `{Self}`",
    note = "name a serializer that says `#[serializer(model = {M})]`"
)]
pub trait ModelFor<S, M> {}

impl<S, M> ModelFor<S, M> for M {}
