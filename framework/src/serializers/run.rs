//! A serializer's own `run_validation`, around the one that is built in.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use futures_util::future::LocalBoxFuture;

use super::bound::BoundSerializer;
use super::changes::ChangeSet;
use super::description::Description;
use super::validate::{Existing, run_validation};
use crate::exceptions::Result;
use crate::fields::from_json;
use crate::request::Context;
use crate::values::Raw;

/// A body on its way through a serializer, for the serializer's own `run_validation`.
pub struct RunValidation<'a> {
    description: &'a Description,
    data: &'a Raw<'a>,
    partial: bool,
    existing: Existing<'a>,
}

impl fmt::Debug for RunValidation<'_> {
    /// Without the data, which may be secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RunValidation").field(&self.description.name).finish()
    }
}

/// A body that passed: what [`RunValidation::run`] returns.
pub struct ValidInput(pub(super) ChangeSet);

impl fmt::Debug for ValidInput {
    /// Without the values, which may be secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ValidInput(..)")
    }
}

impl<'a> RunValidation<'a> {
    /// What was sent.
    pub fn data(&self) -> &'a Raw<'a> {
        self.data
    }

    /// The serializer at work: its stored row, whether the update is partial.
    pub fn serializer<'s>(&self, cx: &'s Context) -> BoundSerializer<'s>
    where
        'a: 's,
    {
        BoundSerializer {
            description: self.description,
            parent: None,
            existing: self.existing,
            partial: self.partial,
            sent: Some(self.data),
            cx,
        }
    }

    /// Validates what was sent as any serializer does (`super().run_validation(data)`).
    ///
    /// # Errors
    /// 400 with every message; 503 when the database is away.
    pub async fn run(self, cx: &Context) -> Result<ValidInput> {
        let Self { description, data, partial, existing } = self;
        run_validation(description, data, partial, existing, cx).await.map(ValidInput)
    }

    /// Validates other data in place of what was sent.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub async fn run_with(self, data: serde_json::Value, cx: &Context) -> Result<ValidInput> {
        let Self { description, partial, existing, .. } = self;
        let raw = from_json(data);
        run_validation(description, &raw, partial, existing, cx).await.map(ValidInput)
    }
}

/// Validates a whole body (`run_validation`): `async fn(RunValidation<'_>, &Context) ->
/// Result<ValidInput>`. It is called for a body that is an object; items of lists and nested objects
/// have [`ToInternalValue`](super::ToInternalValue) and `validate`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be used as `run_validation`",
    label = "expected `async fn(RunValidation<'_>, &Context) -> Result<ValidInput>`"
)]
pub trait ValidationHook<Shape>: Send + Sync + 'static {
    /// Calls it.
    fn call<'a>(
        &'a self,
        input: RunValidation<'a>,
        cx: &'a Context,
    ) -> LocalBoxFuture<'a, Result<ValidInput>>;
}

impl<Hook> ValidationHook<fn()> for Hook
where
    Hook: AsyncFn(RunValidation<'_>, &Context) -> Result<ValidInput> + Send + Sync + 'static,
{
    fn call<'a>(
        &'a self,
        input: RunValidation<'a>,
        cx: &'a Context,
    ) -> LocalBoxFuture<'a, Result<ValidInput>> {
        Box::pin(self(input, cx))
    }
}

/// A [`ValidationHook`] without its shape.
pub(crate) trait DynRunValidation: Send + Sync {
    fn run<'a>(
        &'a self,
        input: RunValidation<'a>,
        cx: &'a Context,
    ) -> LocalBoxFuture<'a, Result<ValidInput>>;
}

struct Typed<Hook, Shape> {
    hook: Hook,
    shape: PhantomData<fn() -> Shape>,
}

impl<Hook: ValidationHook<Shape>, Shape> DynRunValidation for Typed<Hook, Shape> {
    fn run<'a>(
        &'a self,
        input: RunValidation<'a>,
        cx: &'a Context,
    ) -> LocalBoxFuture<'a, Result<ValidInput>> {
        self.hook.call(input, cx)
    }
}

pub(super) fn validation_hook<Shape: 'static>(
    hook: impl ValidationHook<Shape>,
) -> Arc<dyn DynRunValidation> {
    Arc::new(Typed { hook, shape: PhantomData::<fn() -> Shape> })
}

/// Validates a body, by the serializer's own function if it has one.
pub(super) async fn run_own_validation(
    description: &Description,
    data: &Raw<'_>,
    partial: bool,
    existing: Existing<'_>,
    cx: &Context,
) -> Result<ChangeSet> {
    let Some(hook) = &description.run_validation else {
        return run_validation(description, data, partial, existing, cx).await;
    };
    let input = RunValidation { description, data, partial, existing };
    hook.run(input, cx).await.map(|valid| valid.0)
}
