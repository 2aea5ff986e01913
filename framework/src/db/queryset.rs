//! A query over one model that has not been sent yet.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use super::compile::Compiler;
use super::{
    Condition, Dialect, Model, Node, Order, OrderTerm, Ordering, PathOf, Predicate, SingleValued,
    Sql,
};

/// How rows are locked as they are read, until the transaction ends. `SQLite` has no such locks and
/// needs none: its transactions write one at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lock {
    /// As an UPDATE locks them (`FOR NO KEY UPDATE`): others may point at the rows meanwhile, as
    /// the lines of an invoice do, but neither change them nor lock them.
    NoKeyUpdate,
    /// As a DELETE does (`FOR UPDATE`): nobody may point at them either.
    Update,
}

impl Lock {
    /// The end of a SELECT.
    pub(crate) fn clause(self) -> &'static str {
        match self {
            Self::NoKeyUpdate => " FOR NO KEY UPDATE",
            Self::Update => " FOR UPDATE",
        }
    }
}

/// The rows of a model that a request is about; nothing is sent until it is loaded.
///
/// `filter` takes any boolean diesel expression over the model's own table, sub-selects
/// included; `filter_by` takes a [`Condition`] over paths. Sorting and slicing are as in
/// Django: a second `order_by` replaces the first.
pub struct QuerySet<M> {
    pub(crate) conditions: Vec<Predicate>,
    pub(crate) order: Option<Vec<OrderTerm>>,
    pub(crate) limit: Option<i64>,
    pub(crate) offset: i64,
    pub(crate) lock: Option<Lock>,
    model: PhantomData<fn() -> M>,
}

impl<M> Clone for QuerySet<M> {
    fn clone(&self) -> Self {
        Self {
            conditions: self.conditions.clone(),
            order: self.order.clone(),
            limit: self.limit,
            offset: self.offset,
            lock: self.lock,
            model: PhantomData,
        }
    }
}

impl<M> fmt::Debug for QuerySet<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("QuerySet")
            .field("conditions", &self.conditions)
            .field("order", &self.order)
            .field("limit", &self.limit)
            .field("offset", &self.offset)
            .finish_non_exhaustive()
    }
}

impl<M: Model> Default for QuerySet<M> {
    fn default() -> Self {
        Self::new()
    }
}

impl<M: Model> QuerySet<M> {
    /// Every row.
    pub fn new() -> Self {
        Self {
            conditions: Vec::new(),
            order: None,
            limit: None,
            offset: 0,
            lock: None,
            model: PhantomData,
        }
    }

    /// The rows for which a boolean diesel expression holds.
    #[must_use]
    pub fn filter<E>(mut self, expression: E) -> Self
    where
        E: diesel::expression::AppearsOnTable<M::Table> + Node + 'static,
        E::SqlType: diesel::sql_types::BoolOrNullableBool,
    {
        self.conditions.push(Predicate::Typed(Arc::new(expression)));
        self
    }

    /// The rows for which a condition over paths holds.
    #[must_use]
    pub fn filter_by(self, condition: Condition<M>) -> Self {
        self.filter_by_predicate(condition.into())
    }

    /// The same of a condition whose model is known to be this one.
    #[must_use]
    pub(crate) fn filter_by_predicate(mut self, predicate: Predicate) -> Self {
        self.conditions.push(predicate);
        self
    }

    /// No row, whatever is asked of the query afterwards; no statement is sent for its rows.
    #[must_use]
    pub fn none(mut self) -> Self {
        self.conditions.push(Predicate::never());
        self.limit = Some(0);
        self
    }

    /// Replaces the order.
    #[must_use]
    pub fn order_by(self, order: Ordering<M>) -> Self {
        self.order_by_terms(
            order.get().unwrap_or_default().into_iter().map(OrderTerm::from).collect(),
        )
    }

    /// The same, of terms whose model is known to be this one.
    #[must_use]
    pub(crate) fn order_by_terms(mut self, order: Vec<OrderTerm>) -> Self {
        self.order = Some(order);
        self
    }

    /// In whatever order the database finds them: for one row.
    #[must_use]
    pub fn unordered(mut self) -> Self {
        self.order = Some(Vec::new());
        self
    }

    /// Adds a term to the order, least first.
    #[must_use]
    pub fn then_by<P>(mut self, path: P) -> Self
    where
        P: PathOf<M>,
        P::Cardinality: SingleValued,
    {
        self.order.get_or_insert_default().push(Order::ascending(path).into());
        self
    }

    /// Adds a term to the order, greatest first.
    #[must_use]
    pub fn then_by_desc<P>(mut self, path: P) -> Self
    where
        P: PathOf<M>,
        P::Cardinality: SingleValued,
    {
        self.order.get_or_insert_default().push(Order::descending(path).into());
        self
    }

    /// At most `limit` rows, after `offset` rows; of a slice, a slice of that.
    #[must_use]
    pub fn slice(mut self, offset: i64, limit: i64) -> Self {
        let (offset, limit) = (offset.max(0), limit.max(0));
        self.limit = Some(self.limit.map_or(limit, |own| limit.min((own - offset).max(0))));
        self.offset = self.offset.saturating_add(offset);
        self
    }

    /// Locks the rows as they are read, until the transaction ends
    /// (`select_for_update(no_key=True)`): whoever else wants to change them, or what hangs on
    /// them, waits. Rows that point at these may still be inserted, as with an UPDATE; Django's
    /// default keeps those out too. Reading them outside a transaction is an error, on `SQLite` as
    /// well, where a transaction is lock enough.
    ///
    /// For one row that is at hand there is
    /// [`Context::lock`](crate::request::Context::lock).
    #[must_use]
    pub fn select_for_update(self) -> Self {
        self.locked(Lock::NoKeyUpdate)
    }

    pub(crate) fn locked(mut self, lock: Lock) -> Self {
        self.lock = Some(lock);
        self
    }

    /// The statement that counts the rows, and how many of so many rows the slice leaves.
    pub(crate) fn counting(&self, dialect: Dialect) -> (Sql, impl Fn(i64) -> i64 + use<M>)
    where
        M: Model,
    {
        let mut sql = Sql::new(dialect);
        sql.push("SELECT COUNT(*) FROM ").name(M::META.table);
        if !self.conditions.is_empty() {
            sql.push(" WHERE ");
            Compiler::default().all(&mut sql, &self.conditions, M::META.table);
        }
        let (offset, limit) = (self.offset, self.limit);
        let sliced = move |count: i64| {
            let rest = count.saturating_sub(offset).max(0);
            limit.map_or(rest, |limit| rest.min(limit))
        };
        (sql, sliced)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::Group;

    fn sliced(query: &QuerySet<Group>, count: i64) -> i64 {
        query.counting(Dialect::Sqlite).1(count)
    }

    fn bounds(query: &QuerySet<Group>) -> (i64, Option<i64>) {
        (query.offset, query.limit)
    }

    #[test]
    fn a_slice_of_a_slice_stays_inside_it() {
        let query = QuerySet::<Group>::new().slice(10, 5);
        assert_eq!(bounds(&query), (10, Some(5)));
        assert_eq!(bounds(&query.clone().slice(0, 20)), (10, Some(5)));
        assert_eq!(bounds(&query.clone().slice(3, 20)), (13, Some(2)));
        assert_eq!(bounds(&query.clone().slice(7, 2)), (17, Some(0)));
        assert_eq!([sliced(&query, 8), sliced(&query, 12), sliced(&query, 99)], [0, 2, 5]);
    }

    #[test]
    fn no_row_stays_no_row() {
        let query = QuerySet::<Group>::new().none().slice(0, 20);
        assert_eq!(bounds(&query), (0, Some(0)));
        assert_eq!(sliced(&query, 99), 0);
        assert_eq!(query.conditions.len(), 1);
    }
}
