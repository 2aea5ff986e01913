//! Orders: what rows are sorted by.

use std::fmt;
use std::marker::PhantomData;

use crate::db::{Path, PathOf, SingleValued};

/// One term of an order, of whatever model: what statements are written from.
#[derive(Debug, Clone)]
pub struct OrderTerm {
    /// What is compared.
    pub path: Path,
    /// True for greatest first.
    pub descending: bool,
}

impl OrderTerm {
    /// The word behind it.
    pub(crate) fn direction(&self) -> &'static str {
        if self.descending { " DESC" } else { " ASC" }
    }

    /// The opposite.
    pub(crate) fn reversed(self) -> Self {
        Self { descending: !self.descending, ..self }
    }
}

/// One term of an order of the rows of `M`. The macro `order_by!` writes lists of them:
/// `order_by![-invoice_date, id]`.
pub struct Order<M> {
    term: OrderTerm,
    model: PhantomData<fn() -> M>,
}

impl<M> Order<M> {
    /// Least first.
    pub fn ascending<P>(path: P) -> Self
    where
        P: PathOf<M>,
        P::Cardinality: SingleValued,
    {
        Self::of(path.into_path(), false)
    }

    /// Greatest first.
    pub fn descending<P>(path: P) -> Self
    where
        P: PathOf<M>,
        P::Cardinality: SingleValued,
    {
        Self::of(path.into_path(), true)
    }

    fn of(path: Path, descending: bool) -> Self {
        Self { term: OrderTerm { path, descending }, model: PhantomData }
    }
}

impl<M> Clone for Order<M> {
    fn clone(&self) -> Self {
        Self { term: self.term.clone(), model: PhantomData }
    }
}

impl<M> fmt::Debug for Order<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.term.fmt(f)
    }
}

impl<M> From<Order<M>> for OrderTerm {
    fn from(order: Order<M>) -> Self {
        order.term
    }
}
