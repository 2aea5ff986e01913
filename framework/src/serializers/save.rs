//! A serializer's own `create` and `update`.

use std::any::Any;
use std::marker::PhantomData;
use std::sync::Arc;

use futures_util::future::LocalBoxFuture;

use super::changes::Changes;
use crate::db::Model;
use crate::exceptions::{ApiException, Result};
use crate::request::Context;

/// Stores what a serializer validated (`create(validated_data)`, `update(instance, validated_data)`):
/// `async fn(Changes<Track>, &mut Context) -> Result<Track>`.
///
/// [`Changes::save`] calls it, and so do the view set's `perform_create` and `perform_update`. It
/// stores the row by [`Context::save`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not store a `{M}`",
    label = "expected `async fn(Changes<{M}>, &mut Context) -> Result<{M}>`"
)]
pub trait SaveHook<M, Shape>: Send + Sync + 'static {
    /// Calls it.
    fn call<'a>(
        &'a self,
        changes: Changes<M>,
        cx: &'a mut Context,
    ) -> LocalBoxFuture<'a, Result<M>>;
}

impl<M, Hook> SaveHook<M, fn(Changes<M>) -> M> for Hook
where
    M: Model,
    Hook: AsyncFn(Changes<M>, &mut Context) -> Result<M> + Send + Sync + 'static,
{
    fn call<'a>(
        &'a self,
        changes: Changes<M>,
        cx: &'a mut Context,
    ) -> LocalBoxFuture<'a, Result<M>> {
        Box::pin(self(changes, cx))
    }
}

/// Stores a list that a serializer validated (`ListSerializer.create`, `.update`):
/// `async fn(Vec<Changes<Track>>, &mut Context) -> Result<Vec<Track>>`. [`Changes::save_many`] calls it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not store a list of `{M}`",
    label = "expected `async fn(Vec<Changes<{M}>>, &mut Context) -> Result<Vec<{M}>>`"
)]
pub trait SaveManyHook<M, Shape>: Send + Sync + 'static {
    /// Calls it.
    fn call<'a>(
        &'a self,
        changes: Vec<Changes<M>>,
        cx: &'a mut Context,
    ) -> LocalBoxFuture<'a, Result<Vec<M>>>;
}

impl<M, Hook> SaveManyHook<M, fn(Vec<Changes<M>>) -> Vec<M>> for Hook
where
    M: Model,
    Hook: AsyncFn(Vec<Changes<M>>, &mut Context) -> Result<Vec<M>> + Send + Sync + 'static,
{
    fn call<'a>(
        &'a self,
        changes: Vec<Changes<M>>,
        cx: &'a mut Context,
    ) -> LocalBoxFuture<'a, Result<Vec<M>>> {
        Box::pin(self(changes, cx))
    }
}

/// A value of a type that the description does not know: changes, a row.
type Untyped = Box<dyn Any>;

/// A [`SaveHook`] without its model.
pub(crate) trait DynSave: Send + Sync {
    /// Takes changes, and returns the row.
    fn save<'a>(
        &'a self,
        changes: Untyped,
        cx: &'a mut Context,
    ) -> LocalBoxFuture<'a, Result<Untyped>>;
}

struct Typed<Hook, M, Shape> {
    hook: Hook,
    types: PhantomData<fn() -> (M, Shape)>,
}

impl<Hook, M, Shape> DynSave for Typed<Hook, M, Shape>
where
    Hook: SaveHook<M, Shape>,
    M: Model,
{
    fn save<'a>(
        &'a self,
        changes: Untyped,
        cx: &'a mut Context,
    ) -> LocalBoxFuture<'a, Result<Untyped>> {
        Box::pin(async move {
            let changes = changes.downcast::<Changes<M>>().map_err(|_| another_model())?;
            let row = self.hook.call(*changes, cx).await?;
            Ok(Box::new(row) as Untyped)
        })
    }
}

pub(super) fn untyped<M, Shape>(hook: impl SaveHook<M, Shape>) -> Arc<dyn DynSave>
where
    M: Model,
    Shape: 'static,
{
    Arc::new(Typed::<_, M, Shape> { hook, types: PhantomData })
}

struct Many<Hook, M, Shape> {
    hook: Hook,
    types: PhantomData<fn() -> (M, Shape)>,
}

impl<Hook, M, Shape> DynSave for Many<Hook, M, Shape>
where
    Hook: SaveManyHook<M, Shape>,
    M: Model,
{
    fn save<'a>(
        &'a self,
        changes: Untyped,
        cx: &'a mut Context,
    ) -> LocalBoxFuture<'a, Result<Untyped>> {
        Box::pin(async move {
            let changes = changes.downcast::<Vec<Changes<M>>>().map_err(|_| another_model())?;
            let rows = self.hook.call(*changes, cx).await?;
            Ok(Box::new(rows) as Untyped)
        })
    }
}

pub(super) fn untyped_many<M, Shape>(hook: impl SaveManyHook<M, Shape>) -> Arc<dyn DynSave>
where
    M: Model,
    Shape: 'static,
{
    Arc::new(Many::<_, M, Shape> { hook, types: PhantomData })
}

/// Has a serializer's own hook store the changes of a list.
pub(crate) async fn save_many_by<M: Model>(
    hook: Arc<dyn DynSave>,
    changes: Vec<Changes<M>>,
    cx: &mut Context,
) -> Result<Vec<M>> {
    let rows = hook.save(Box::new(changes), cx).await?;
    rows.downcast::<Vec<M>>().map(|rows| *rows).map_err(|_| another_model())
}

/// Has a serializer's own hook store changes.
pub(crate) async fn save_by<M: Model>(
    hook: Arc<dyn DynSave>,
    changes: Changes<M>,
    cx: &mut Context,
) -> Result<M> {
    let row = hook.save(Box::new(changes), cx).await?;
    row.downcast::<M>().map(|row| *row).map_err(|_| another_model())
}

fn another_model() -> ApiException {
    ApiException::internal("a serializer of another model")
}
