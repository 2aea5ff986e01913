//! What a handler takes beside the context: its type decides what the OpenAPI document shows of the
//! request.

use std::future::Future;
use std::ops::Deref;

use super::OperationInfo;
use crate::exceptions::Result;
use crate::request::Context;
use crate::serializers::Serializer;

/// What a handler may take between `&self` and the context. The arguments are made in the order in
/// which they stand; the first error becomes the response.
///
/// [`Valid`] is a validated body, [`Object`](crate::viewsets::Object) the object that the address
/// names. Implement it for an argument of your own: `V` is the view set, or `()` for the handler of
/// an [`ApiView`](super::ApiView).
#[diagnostic::on_unimplemented(
    message = "a handler of `{V}` cannot take `{Self}`",
    label = "not an argument of a handler",
    note = "take `Object<M>` of the view set's model, `Valid<S>` of a serializer without a model, or a \
            type with `impl FromContext`; the context comes last: `cx: &mut Context`"
)]
pub trait FromContext<V>: Sized {
    /// Makes the argument.
    ///
    /// # Errors
    /// What the client gets instead of the handler's response.
    fn from_context(view: &V, cx: &mut Context) -> impl Future<Output = Result<Self>>;

    /// Describes it in the OpenAPI document; adds nothing by default.
    fn describe(operation: &mut OperationInfo) {
        let _ = operation;
    }
}

/// A body that passed a serializer without a model (`serializer.is_valid(raise_exception=True)`).
///
/// A body that does not pass is 400 with every message.
#[derive(Debug, Clone, Copy)]
pub struct Valid<S>(pub S);

impl<S> Deref for Valid<S> {
    type Target = S;

    fn deref(&self) -> &S {
        &self.0
    }
}

impl<V, S: Serializer> FromContext<V> for Valid<S> {
    async fn from_context(_: &V, cx: &mut Context) -> Result<Self> {
        cx.validated().await.map(Self)
    }

    fn describe(operation: &mut OperationInfo) {
        operation.request = Some(S::description());
    }
}
