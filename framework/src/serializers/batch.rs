//! Fields that ask once for all rows that are shown (`#[field(batch)]`).

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::hash::{BuildHasher, Hash};
use std::marker::PhantomData;
use std::sync::Arc;

use futures_util::future::LocalBoxFuture;
use serde::Serialize;

use super::rows::Loaded;
use crate::db::{Key, Model};
use crate::exceptions::{ApiException, Result};
use crate::request::Context;
use crate::values::{FieldType, JsonWriter};

/// The function of a batch field: `async fn(&[&Track], &Context) -> Result<HashMap<i64, bool>>`.
///
/// It gets every row of one level of a response at once, each once: those of a page, those of a
/// nested list for all its parents, or one. What it reads is a fixed number of statements whatever
/// the number of rows. Its errors are those of the request.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a batch field over `{M}` that shows `{T}`",
    label = "expected `async fn(&[&{M}], &Context) -> Result<HashMap<Key, {T}>>`",
    note = "in place of the map it may return a `Vec<{T}>` in the order of the rows, or for a `bool` the \
            `HashSet` of the keys for which it is true"
)]
pub trait BatchField<M, T, Shape>: Send + Sync + 'static {
    /// Calls it; the answer has a value for each row, in their order.
    fn call<'a>(&'a self, rows: &'a [&'a M], cx: &'a Context)
    -> LocalBoxFuture<'a, Result<Vec<T>>>;
}

impl<M, T, Answer, Hook> BatchField<M, T, fn() -> Answer> for Hook
where
    M: Model,
    Answer: BatchAnswer<M, T>,
    Hook: AsyncFn(&[&M], &Context) -> Result<Answer> + Send + Sync + 'static,
{
    fn call<'a>(
        &'a self,
        rows: &'a [&'a M],
        cx: &'a Context,
    ) -> LocalBoxFuture<'a, Result<Vec<T>>> {
        Box::pin(async move { self(rows, cx).await?.into_values(rows) })
    }
}

/// What a [`BatchField`] may return: values by primary key, the keys of a `bool` that is true, or a
/// value for each row.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not the answer of a batch field that shows `{T}`",
    label = "expected a `HashMap` from primary keys to `{T}`",
    note = "or a `Vec<{T}>` in the order of the rows, or for a `bool` a `HashSet` of primary keys"
)]
pub trait BatchAnswer<M, T> {
    /// The value of each row.
    ///
    /// # Errors
    /// 500 for keys of another type than the model's, and for fewer or more values than rows.
    fn into_values(self, rows: &[&M]) -> Result<Vec<T>>;
}

/// A row that is not in the map shows the default of the type: `false`, `0`, `None`, an empty list.
impl<M, K, T, S> BatchAnswer<M, T> for HashMap<K, T, S>
where
    M: Model,
    K: FieldType + Eq + Hash,
    T: Default,
    S: BuildHasher,
{
    fn into_values(mut self, rows: &[&M]) -> Result<Vec<T>> {
        let value = |row: &&M| Ok(self.remove(&key::<M, K>(row)?).unwrap_or_default());
        rows.iter().map(value).collect()
    }
}

impl<M, K, S> BatchAnswer<M, bool> for HashSet<K, S>
where
    M: Model,
    K: FieldType + Eq + Hash,
    S: BuildHasher,
{
    fn into_values(self, rows: &[&M]) -> Result<Vec<bool>> {
        rows.iter().map(|row| Ok(self.contains(&key::<M, K>(row)?))).collect()
    }
}

impl<M, T> BatchAnswer<M, T> for Vec<T> {
    fn into_values(self, rows: &[&M]) -> Result<Vec<T>> {
        if self.len() != rows.len() {
            let text = format!("a batch field answered {} of {} rows", self.len(), rows.len());
            return Err(ApiException::internal(text));
        }
        Ok(self)
    }
}

fn key<M: Model, K: FieldType>(row: &M) -> Result<K> {
    let wrong = || {
        let text = format!("a batch field's keys are not of the type of `{}`'s", M::META.name);
        ApiException::internal(text)
    };
    K::from_value(row.pk()).ok_or_else(wrong)
}

/// A batch field without its types.
pub(super) trait DynBatch: Send + Sync {
    /// The JSON of each row.
    fn ask<'a>(
        &'a self,
        rows: &'a [&'a Loaded],
        cx: &'a Context,
    ) -> LocalBoxFuture<'a, Result<Vec<Box<[u8]>>>>;
}

/// What a hook is about, without values of it.
type Types<M, T, Shape> = PhantomData<fn() -> (M, T, Shape)>;

struct Typed<Hook, M, T, Shape> {
    hook: Hook,
    types: Types<M, T, Shape>,
}

impl<Hook, M, T, Shape> DynBatch for Typed<Hook, M, T, Shape>
where
    Hook: BatchField<M, T, Shape>,
    M: Model,
    T: Serialize,
{
    fn ask<'a>(
        &'a self,
        rows: &'a [&'a Loaded],
        cx: &'a Context,
    ) -> LocalBoxFuture<'a, Result<Vec<Box<[u8]>>>> {
        Box::pin(async move {
            let typed: Vec<&M> = rows.iter().filter_map(|row| row.row::<M>()).collect();
            if typed.len() != rows.len() {
                return Err(ApiException::internal("rows of another model"));
            }
            let values = self.hook.call(&typed, cx).await?;
            let written = values.iter().map(|value| {
                let mut out = JsonWriter::new();
                out.serialize(value).map_err(ApiException::internal)?;
                Ok(out.into_bytes().into_boxed_slice())
            });
            written.collect()
        })
    }
}

/// A batch field of a serializer.
#[derive(Clone)]
pub(crate) struct Batch {
    pub(super) hook: Arc<dyn DynBatch>,
}

impl fmt::Debug for Batch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Batch").finish_non_exhaustive()
    }
}

impl Batch {
    pub(super) fn of<M, T, Shape>(hook: impl BatchField<M, T, Shape>) -> Self
    where
        M: Model,
        T: Serialize + 'static,
        Shape: 'static,
    {
        Self { hook: Arc::new(Typed::<_, M, T, Shape> { hook, types: PhantomData }) }
    }

    /// The values of rows by their keys; each row is asked about once.
    pub(super) async fn ask(
        &self,
        pk: usize,
        rows: &[&Loaded],
        cx: &Context,
    ) -> Result<HashMap<Key, Box<[u8]>>> {
        let mut places: HashMap<Key, usize> = HashMap::with_capacity(rows.len());
        let mut asked: Vec<&Loaded> = Vec::with_capacity(rows.len());
        for row in rows {
            if let Some(key) = Key::new(row.value(pk)) {
                places.entry(key).or_insert_with(|| {
                    asked.push(row);
                    asked.len() - 1
                });
            }
        }
        let mut values = self.hook.ask(&asked, cx).await?;
        let mut take = |place: usize| values.get_mut(place).map(std::mem::take).unwrap_or_default();
        Ok(places.into_iter().map(|(key, place)| (key, take(place))).collect())
    }
}
