//! Links of a many-to-many relation that are added or removed.

use std::fmt;
use std::marker::PhantomData;

use super::named;
use crate::db::{Conn, Model};
use crate::values::{FieldType, Value};

/// What happens to links (`action`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum LinkAction {
    /// They are going to be added.
    PreAdd,
    /// They were added.
    PostAdd,
    /// They are going to be removed.
    PreRemove,
    /// They were removed.
    PostRemove,
    /// All of them are going to be removed; there are no keys.
    PreClear,
    /// All of them were removed; there are no keys.
    PostClear,
}

/// Links that change, without the model's type.
#[derive(Clone, Copy)]
#[allow(missing_debug_implementations)]
pub(crate) struct LinkParts<'a> {
    pub(crate) relation: &'static str,
    pub(crate) action: LinkAction,
    pub(crate) is_reverse: bool,
    pub(crate) pk: &'a Value,
    pub(crate) keys: &'a [Value],
    pub(crate) conn: &'a Conn,
}

/// Links of a row that change: the argument of [`m2m_changed`](super::m2m_changed), where `M` is the
/// model that declares the relation. The transaction is open: an error undoes the change.
pub struct LinkChange<'a, M> {
    parts: LinkParts<'a>,
    model: PhantomData<fn() -> M>,
}

impl<M: Model> fmt::Debug for LinkChange<'_, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        named::<M>("LinkChange", f)
    }
}

impl<'a, M: Model> LinkChange<'a, M> {
    pub(super) fn of(parts: LinkParts<'a>) -> Self {
        Self { parts, model: PhantomData }
    }

    /// The connection.
    pub fn conn(&self) -> &'a Conn {
        self.parts.conn
    }

    /// The name of the relation, as the model declares it.
    pub fn relation(&self) -> &'static str {
        self.parts.relation
    }

    /// What happens.
    pub fn action(&self) -> LinkAction {
        self.parts.action
    }

    /// Whether the links are changed from the other side: the row is one of the other model, and the
    /// keys are those of rows of `M` (`reverse`).
    pub fn is_reverse(&self) -> bool {
        self.parts.is_reverse
    }

    /// The primary key of the row whose links change; `None` if it is of another type.
    pub fn pk<K: FieldType>(&self) -> Option<K> {
        K::from_value(self.parts.pk.clone())
    }

    /// The primary keys at the other ends (`pk_set`): those that are new, or that are removed.
    pub fn keys<K: FieldType>(&self) -> Vec<K> {
        self.parts.keys.iter().cloned().filter_map(K::from_value).collect()
    }
}
