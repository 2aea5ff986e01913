//! Orders of rows.

use std::fmt;
use std::marker::PhantomData;

use crate::db::{Dialect, Func, Model, Path, PathOf, SingleValued};

/// One term of an order, without the type of its model; statements are written from it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct OrderTerm {
    /// What is compared.
    pub path: Path,
    /// Whether the greatest value comes first.
    pub descending: bool,
    /// The position of nulls; by default, the database's.
    pub nulls: Option<Nulls>,
}

/// The position of nulls in an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nulls {
    /// Before all values.
    First,
    /// After all values.
    Last,
}

impl OrderTerm {
    /// Orders by the end of a path.
    pub(crate) fn new(path: Path, descending: bool) -> Self {
        Self { path, descending, nulls: None }
    }

    /// The SQL after it.
    pub(crate) fn direction(&self) -> &'static str {
        match (self.descending, self.nulls) {
            (false, None) => " ASC",
            (true, None) => " DESC",
            (false, Some(Nulls::First)) => " ASC NULLS FIRST",
            (false, Some(Nulls::Last)) => " ASC NULLS LAST",
            (true, Some(Nulls::First)) => " DESC NULLS FIRST",
            (true, Some(Nulls::Last)) => " DESC NULLS LAST",
        }
    }

    /// Whether nulls come after all values. By default, they are the least values on `SQLite`, and
    /// the greatest on `PostgreSQL`.
    pub(crate) fn has_nulls_last(&self, dialect: Dialect) -> bool {
        match self.nulls {
            Some(nulls) => nulls == Nulls::Last,
            None => (dialect == Dialect::Postgres) != self.descending,
        }
    }

    /// The opposite.
    pub(crate) fn reversed(self) -> Self {
        let nulls = self.nulls.map(|nulls| match nulls {
            Nulls::First => Nulls::Last,
            Nulls::Last => Nulls::First,
        });
        Self { descending: !self.descending, nulls, ..self }
    }
}

/// One term of an order of the rows of `M`. The macro `order_by!` writes lists of them:
/// `order_by![-invoice_date, id]`.
pub struct Order<M> {
    term: OrderTerm,
    model: PhantomData<fn() -> M>,
}

impl<M> Order<M> {
    /// Ascending order.
    pub fn ascending<P>(path: P) -> Self
    where
        P: PathOf<M>,
        P::Cardinality: SingleValued,
    {
        Self::of(path.into_path(), false)
    }

    /// Descending order.
    pub fn descending<P>(path: P) -> Self
    where
        P: PathOf<M>,
        P::Cardinality: SingleValued,
    {
        Self::of(path.into_path(), true)
    }

    /// Any order, another one each time (`order_by("?")`). The database gives every row a number for
    /// it, so that large tables are slow to read so.
    #[must_use]
    pub fn random() -> Self
    where
        M: Model,
    {
        Self::ascending(Func::<M>::new("RANDOM").returns::<f64>())
    }

    pub(crate) fn of(path: Path, descending: bool) -> Self {
        Self { term: OrderTerm::new(path, descending), model: PhantomData }
    }

    /// Puts nulls before all values, on both databases (`F("…").asc(nulls_first=True)`).
    #[must_use]
    pub fn nulls_first(mut self) -> Self {
        self.term.nulls = Some(Nulls::First);
        self
    }

    /// Puts nulls after all values, on both databases (`F("…").desc(nulls_last=True)`).
    #[must_use]
    pub fn nulls_last(mut self) -> Self {
        self.term.nulls = Some(Nulls::Last);
        self
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
