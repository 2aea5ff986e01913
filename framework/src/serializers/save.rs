//! A serializer's own `create` and `update`, of one row and of a list.

use std::any::Any;
use std::marker::PhantomData;
use std::sync::Arc;

use futures_util::future::LocalBoxFuture;

use super::changes::Changes;
use crate::db::Model;
use crate::exceptions::{ApiException, Result};
use crate::request::Context;

/// What a serializer validated and nobody has stored yet: the changes of one row, or of a list. Nobody
/// implements it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not what a serializer validates",
    label = "neither `Changes<M>` nor `Vec<Changes<M>>`"
)]
pub trait Unsaved: 'static {
    /// What is returned once it is stored: the row, or the rows in their order.
    type Saved: 'static;
}

impl<M: Model> Unsaved for Changes<M> {
    type Saved = M;
}

impl<M: Model> Unsaved for Vec<Changes<M>> {
    type Saved = Vec<M>;
}

/// Stores what a serializer validated.
///
/// Of one row (`create(validated_data)`, `update(instance, validated_data)`) it is `async
/// fn(Changes<Track>, &mut Context) -> Result<Track>`: [`Changes::save`] calls it, and so do the view
/// set's `perform_create` and `perform_update`. It stores the row by [`Context::save`]. Of a list
/// (`ListSerializer.create`, `.update`) it is `async fn(Vec<Changes<Track>>, &mut Context) ->
/// Result<Vec<Track>>`: [`Changes::save_many`] calls it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not store `{S}`",
    label = "expected `async fn({S}, &mut Context)` that returns a `Result` of what is stored"
)]
pub trait SaveHook<S: Unsaved, Shape>: Send + Sync + 'static {
    /// Calls it.
    fn call<'a>(&'a self, unsaved: S, cx: &'a mut Context) -> LocalBoxFuture<'a, Result<S::Saved>>;
}

impl<S, Hook> SaveHook<S, fn(S) -> S::Saved> for Hook
where
    S: Unsaved,
    Hook: AsyncFn(S, &mut Context) -> Result<S::Saved> + Send + Sync + 'static,
{
    fn call<'a>(&'a self, unsaved: S, cx: &'a mut Context) -> LocalBoxFuture<'a, Result<S::Saved>> {
        Box::pin(self(unsaved, cx))
    }
}

/// A value of a type that the description does not know: changes, a row.
type Untyped = Box<dyn Any>;

/// A [`SaveHook`] without its model.
pub(crate) trait DynSave: Send + Sync {
    /// Takes what is not stored, and returns what is.
    fn save<'a>(
        &'a self,
        unsaved: Untyped,
        cx: &'a mut Context,
    ) -> LocalBoxFuture<'a, Result<Untyped>>;
}

struct Typed<Hook, S, Shape> {
    hook: Hook,
    types: PhantomData<fn() -> (S, Shape)>,
}

impl<Hook, S, Shape> DynSave for Typed<Hook, S, Shape>
where
    Hook: SaveHook<S, Shape>,
    S: Unsaved,
{
    fn save<'a>(
        &'a self,
        unsaved: Untyped,
        cx: &'a mut Context,
    ) -> LocalBoxFuture<'a, Result<Untyped>> {
        Box::pin(async move {
            let unsaved = unsaved.downcast::<S>().map_err(|_| another_model())?;
            let saved = self.hook.call(*unsaved, cx).await?;
            Ok(Box::new(saved) as Untyped)
        })
    }
}

pub(super) fn untyped<S, Shape>(hook: impl SaveHook<S, Shape>) -> Arc<dyn DynSave>
where
    S: Unsaved,
    Shape: 'static,
{
    Arc::new(Typed::<_, S, Shape> { hook, types: PhantomData })
}

/// Has a serializer's own hook store what was validated.
pub(crate) async fn save_by<S: Unsaved>(
    hook: Arc<dyn DynSave>,
    unsaved: S,
    cx: &mut Context,
) -> Result<S::Saved> {
    let saved = hook.save(Box::new(unsaved), cx).await?;
    saved.downcast::<S::Saved>().map(|saved| *saved).map_err(|_| another_model())
}

fn another_model() -> ApiException {
    ApiException::internal("a serializer of another model")
}
