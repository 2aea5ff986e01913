//! A row that is deleted.

use std::fmt;

use super::{DeletionHook, HookFuture, named, typed};
use crate::db::{Conn, Model, ModelRow};
use crate::exceptions::Result;

/// A row that is deleted, without its type.
#[derive(Clone, Copy)]
#[allow(missing_debug_implementations)]
pub struct DeletionParts<'a> {
    pub(crate) row: &'a dyn ModelRow,
    pub(crate) conn: &'a Conn,
}

/// A row that is about to be deleted, or was: the argument of `before_delete`, `after_delete`,
/// [`pre_delete`](super::pre_delete) and [`post_delete`](super::post_delete). The transaction is open:
/// an error undoes the deletion.
pub struct Deletion<'a, M> {
    row: &'a M,
    conn: &'a Conn,
}

impl<M: Model> fmt::Debug for Deletion<'_, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        named::<M>("Deletion", f)
    }
}

impl<'a, M: Model> Deletion<'a, M> {
    pub(super) fn of(parts: DeletionParts<'a>) -> Result<Self> {
        Ok(Self { row: typed(parts.row)?, conn: parts.conn })
    }

    /// The connection, which knows the user of the request, if there is one
    /// ([`Conn::user_as`](crate::db::Conn::user_as)).
    pub fn conn(&self) -> &'a Conn {
        self.conn
    }

    /// The row, as it was stored when the deletion began.
    pub fn row(&self) -> &'a M {
        self.row
    }
}

/// Calls a hook with the type of its model; written by `#[model]`.
pub fn deletion<M, Shape, F>(parts: DeletionParts<'_>, hook: F) -> HookFuture<'_>
where
    M: Model,
    F: DeletionHook<M, Shape>,
{
    Box::pin(async move { hook.call(&Deletion::of(parts)?).await })
}
