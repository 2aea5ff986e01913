//! Validators that ask the database: async, beside those that look at values alone.

use std::marker::PhantomData;
use std::sync::Arc;

use futures_util::future::LocalBoxFuture;

use super::bound::BoundSerializer;
use super::changes::{Attrs, ChangeSet};
use super::convert::FromValidated;
use crate::db::Model;
use crate::exceptions::{Detail, Result};
use crate::request::Context;
use crate::values::Value;

/// Checks the value of a field with the database (a `validate_<field>` that queries):
/// `async fn(String, &Context) -> Result<()>`. A [`Detail`] as its error is a message of the field, any
/// other error is that of the request.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not validate the value of a field",
    label = "expected `async fn(T, &Context) -> Result<()>`",
    note = "`T` is the type of the field's values: `String`, `Option<i32>`, the key of a relation"
)]
pub trait AsyncFieldValidator<T, Shape>: Send + Sync + 'static {
    /// Calls it.
    fn call<'a>(&'a self, value: T, cx: &'a Context) -> LocalBoxFuture<'a, Result<()>>;
}

impl<T, Hook> AsyncFieldValidator<T, fn(T)> for Hook
where
    T: 'static,
    Hook: AsyncFn(T, &Context) -> Result<()> + Send + Sync + 'static,
{
    fn call<'a>(&'a self, value: T, cx: &'a Context) -> LocalBoxFuture<'a, Result<()>> {
        Box::pin(self(value, cx))
    }
}

/// Checks all values with the database, and may change them (a `validate` that queries):
/// `async fn(&mut Attrs<'_, Track>, &Context) -> Result<()>`. A [`Detail`] as its error becomes an
/// error of the body, as that of `validate` does; any other error is the response.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not validate what is sent for a row of `{M}`",
    label = "expected `async fn(&mut Attrs<'_, {M}>, &Context) -> Result<()>`"
)]
pub trait AsyncObjectValidator<M, Shape>: Send + Sync + 'static {
    /// Calls it.
    fn call<'a>(
        &'a self,
        attrs: &'a mut Attrs<'_, M>,
        cx: &'a Context,
    ) -> LocalBoxFuture<'a, Result<()>>;
}

impl<M, Hook> AsyncObjectValidator<M, fn(M)> for Hook
where
    M: Model,
    Hook: AsyncFn(&mut Attrs<'_, M>, &Context) -> Result<()> + Send + Sync + 'static,
{
    fn call<'a>(
        &'a self,
        attrs: &'a mut Attrs<'_, M>,
        cx: &'a Context,
    ) -> LocalBoxFuture<'a, Result<()>> {
        Box::pin(self(attrs, cx))
    }
}

/// A field's validator without its type.
pub(crate) trait DynFieldAsks: Send + Sync {
    fn ask<'a>(&'a self, value: Value, cx: &'a Context) -> LocalBoxFuture<'a, Result<()>>;
}

/// An object's validator without its model.
pub(crate) trait DynObjectAsks: Send + Sync {
    fn ask<'a>(
        &'a self,
        set: &'a mut ChangeSet,
        serializer: &'a BoundSerializer<'a>,
    ) -> LocalBoxFuture<'a, Result<()>>;
}

struct Typed<Hook, T, Shape> {
    hook: Hook,
    types: PhantomData<fn() -> (T, Shape)>,
}

struct OfObject<Hook, M, Shape> {
    hook: Hook,
    types: PhantomData<fn() -> (M, Shape)>,
}

impl<Hook, T, Shape> DynFieldAsks for Typed<Hook, T, Shape>
where
    Hook: AsyncFieldValidator<T, Shape>,
    T: FromValidated,
{
    fn ask<'a>(&'a self, value: Value, cx: &'a Context) -> LocalBoxFuture<'a, Result<()>> {
        match T::from_validated(Some(value)) {
            Some(value) => self.hook.call(value, cx),
            None => Box::pin(async { Err(Detail::invalid("Invalid value.").into()) }),
        }
    }
}

impl<Hook, M, Shape> DynObjectAsks for OfObject<Hook, M, Shape>
where
    Hook: AsyncObjectValidator<M, Shape>,
    M: Model,
{
    fn ask<'a>(
        &'a self,
        set: &'a mut ChangeSet,
        serializer: &'a BoundSerializer<'a>,
    ) -> LocalBoxFuture<'a, Result<()>> {
        let cx = serializer.context();
        Box::pin(async move { self.hook.call(&mut Attrs::new(set, serializer), cx).await })
    }
}

pub(super) fn field_asks<T, Shape>(
    hook: impl AsyncFieldValidator<T, Shape>,
) -> Arc<dyn DynFieldAsks>
where
    T: FromValidated + 'static,
    Shape: 'static,
{
    Arc::new(Typed::<_, T, Shape> { hook, types: PhantomData })
}

pub(super) fn object_asks<M, Shape>(
    hook: impl AsyncObjectValidator<M, Shape>,
) -> Arc<dyn DynObjectAsks>
where
    M: Model,
    Shape: 'static,
{
    Arc::new(OfObject::<_, M, Shape> { hook, types: PhantomData })
}
