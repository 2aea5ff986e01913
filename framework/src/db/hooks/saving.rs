//! A row that is being saved, and one that was.

use std::fmt;
use std::marker::PhantomData;

use super::{HookFuture, SavedHook, SavingHook, named, typed};
use crate::db::{Column, ComputedColumn, Conn, Error, Lock, Model, ModelMeta, ModelRow, Select};
use crate::exceptions::Result;
use crate::values::{FieldType, Value};

/// A row that is about to be saved, without its type.
#[allow(missing_debug_implementations)]
pub struct SavingParts {
    pub(crate) model: &'static ModelMeta,
    pub(crate) columns: Vec<(usize, Value)>,
    pub(crate) computed: Vec<ComputedColumn>,
    /// The row that is changed; `None` for a new one.
    pub(crate) target: Option<Select>,
    /// That row, once a hook has asked for it.
    pub(crate) stored: Option<Box<dyn ModelRow>>,
}

impl SavingParts {
    pub(crate) fn new(
        model: &'static ModelMeta,
        columns: Vec<(usize, Value)>,
        computed: Vec<ComputedColumn>,
        target: Option<Select>,
    ) -> Self {
        Self { model, columns, computed, target, stored: None }
    }

    /// What is to be written.
    pub(crate) fn into_values(self) -> (Vec<(usize, Value)>, Vec<ComputedColumn>) {
        (self.columns, self.computed)
    }

    async fn stored(&mut self, conn: &Conn) -> Result<Option<&dyn ModelRow>, Error> {
        if let (None, Some(target)) = (&self.stored, &self.target) {
            let (mut select, model) = (target.clone(), self.model);
            // what hooks compute of it still holds when it is written
            select.lock = conn.in_transaction().then_some(Lock::NoKeyUpdate);
            let sql = select.rows(conn.dialect());
            let rows = conn.rows(sql, |row| (model.decode)(row, 0)).await?;
            self.stored = Some(rows.into_iter().next().ok_or(Error::NoMatch(model.name))?);
        }
        Ok(self.stored.as_deref())
    }
}

/// A row that is about to be saved: the argument of `before_save`, `clean` and
/// [`pre_save`](super::pre_save).
///
/// It holds what is going to be written: for a new row all values, defaults included, and for a
/// stored one those that change.
pub struct Saving<'a, M> {
    parts: &'a mut SavingParts,
    conn: &'a Conn,
    model: PhantomData<fn() -> M>,
}

impl<M: Model> fmt::Debug for Saving<'_, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        named::<M>("Saving", f)
    }
}

impl<'a, M: Model> Saving<'a, M> {
    pub(crate) fn of(parts: &'a mut SavingParts, conn: &'a Conn) -> Self {
        Self { parts, conn, model: PhantomData }
    }

    /// The connection, which knows the user of the request, if there is one
    /// ([`Conn::user_as`](crate::db::Conn::user_as)).
    pub fn conn(&self) -> &'a Conn {
        self.conn
    }

    /// Whether the row is new (`instance._state.adding`).
    pub fn is_new(&self) -> bool {
        self.parts.target.is_none()
    }

    /// Whether a column is written (`update_fields`): every column of a new row that has a value, and
    /// those of a stored row that are given one, be it the same.
    pub fn changes<C: Column<Model = M>>(&self, _column: C) -> bool {
        let is_it = |index: &usize| *index == C::INDEX;
        self.parts.columns.iter().map(|(index, _)| index).any(is_it)
            || self.parts.computed.iter().map(|(index, _)| index).any(is_it)
    }

    /// The names of the columns that are written.
    pub fn changed(&self) -> Vec<&'static str> {
        let columns = self.parts.columns.iter().map(|(index, _)| index);
        let columns = columns.chain(self.parts.computed.iter().map(|(index, _)| index));
        columns.filter_map(|index| Some(M::META.columns.get(*index)?.name)).collect()
    }

    /// The value that is going to be written; `None` if there is none, or if the database computes it.
    pub fn sent<C: Column<Model = M>>(&self, _column: C) -> Option<C::Value> {
        let value = self.parts.columns.iter().find(|(index, _)| *index == C::INDEX);
        value.and_then(|(_, value)| C::Value::from_value(value.clone()))
    }

    /// The value that the row is going to have: the one that is written, or else the stored one, for
    /// which the row is read. `None` for a new row without one, or if the database computes it.
    ///
    /// # Errors
    /// 404 if the row is gone.
    pub async fn get<C: Column<Model = M>>(&mut self, column: C) -> Result<Option<C::Value>> {
        if self.changes(column) {
            let value = self.parts.columns.iter().find(|(index, _)| *index == C::INDEX);
            return Ok(value.and_then(|(_, value)| C::Value::from_value(value.clone())));
        }
        let stored = self.stored().await?;
        Ok(stored.and_then(|row| C::Value::from_value(row.value(C::INDEX).to_value())))
    }

    /// The row as it is stored; `None` for a new one. It is read on first use, and locked until the
    /// end of the save.
    ///
    /// # Errors
    /// 404 if the row is gone.
    pub async fn stored(&mut self) -> Result<Option<&M>> {
        match self.parts.stored(self.conn).await? {
            Some(row) => typed(row).map(Some),
            None => Ok(None),
        }
    }

    /// Sets a value that is written with the others.
    pub fn set<C: Column<Model = M>>(&mut self, _column: C, value: impl Into<C::Value>) {
        let value = value.into().into_value();
        self.parts.computed.retain(|(index, _)| *index != C::INDEX);
        match self.parts.columns.iter_mut().find(|(index, _)| *index == C::INDEX) {
            Some((_, old)) => *old = value,
            None => self.parts.columns.push((C::INDEX, value)),
        }
    }
}

/// A row that was saved, without its type.
#[derive(Clone, Copy)]
#[allow(missing_debug_implementations)]
pub struct SavedParts<'a> {
    pub(crate) row: &'a dyn ModelRow,
    pub(crate) is_new: bool,
    pub(crate) changed: &'a [usize],
    pub(crate) conn: &'a Conn,
}

/// A row that was saved: the argument of `after_save` and [`post_save`](super::post_save). The
/// transaction is still open: an error undoes the save.
pub struct Saved<'a, M> {
    parts: SavedParts<'a>,
    row: &'a M,
}

impl<M: Model> fmt::Debug for Saved<'_, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        named::<M>("Saved", f)
    }
}

impl<'a, M: Model> Saved<'a, M> {
    pub(super) fn of(parts: SavedParts<'a>) -> Result<Self> {
        Ok(Self { parts, row: typed(parts.row)? })
    }

    /// The connection, which knows the user of the request, if there is one
    /// ([`Conn::user_as`](crate::db::Conn::user_as)).
    pub fn conn(&self) -> &'a Conn {
        self.parts.conn
    }

    /// The row as it is stored.
    pub fn row(&self) -> &'a M {
        self.row
    }

    /// Whether it was made (`created`).
    pub fn is_new(&self) -> bool {
        self.parts.is_new
    }

    /// Whether a column was written.
    pub fn changes<C: Column<Model = M>>(&self, _column: C) -> bool {
        self.parts.changed.contains(&C::INDEX)
    }

    /// The names of the columns that were written.
    pub fn changed(&self) -> Vec<&'static str> {
        let columns = self.parts.changed.iter();
        columns.filter_map(|index| Some(M::META.columns.get(*index)?.name)).collect()
    }
}

/// Calls a hook with the type of its model; written by `#[model]`.
pub fn before_save<'a, M, Shape, F>(
    parts: &'a mut SavingParts,
    conn: &'a Conn,
    hook: F,
) -> HookFuture<'a>
where
    M: Model,
    F: SavingHook<M, Shape>,
{
    Box::pin(async move { hook.call(&mut Saving::of(parts, conn)).await })
}

/// Calls a hook with the type of its model; written by `#[model]`.
pub fn after_save<M, Shape, F>(parts: SavedParts<'_>, hook: F) -> HookFuture<'_>
where
    M: Model,
    F: SavedHook<M, Shape>,
{
    Box::pin(async move { hook.call(&Saved::of(parts)?).await })
}
