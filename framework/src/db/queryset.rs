//! A query over one model that has not been sent yet.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use super::{Condition, Model, Node, Path};

/// One term of an order.
#[derive(Debug, Clone)]
pub struct Order {
    /// What is compared.
    pub path: Path,
    /// True for greatest first.
    pub descending: bool,
}

/// The rows of a model that a request is about; nothing is sent until it is loaded.
///
/// `filter` takes any boolean diesel expression over the model's own table, sub-selects
/// included; `filter_by` takes a [`Condition`] over paths. Sorting and slicing are as in
/// Django: a second `order_by` replaces the first.
pub struct QuerySet<M> {
    pub(crate) conditions: Vec<Condition>,
    pub(crate) order: Option<Vec<Order>>,
    pub(crate) limit: Option<i64>,
    pub(crate) offset: i64,
    model: PhantomData<fn() -> M>,
}

impl<M> Clone for QuerySet<M> {
    fn clone(&self) -> Self {
        Self {
            conditions: self.conditions.clone(),
            order: self.order.clone(),
            limit: self.limit,
            offset: self.offset,
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
        Self::all()
    }
}

impl<M: Model> QuerySet<M> {
    /// Every row.
    pub fn all() -> Self {
        Self { conditions: Vec::new(), order: None, limit: None, offset: 0, model: PhantomData }
    }

    /// The rows for which a boolean diesel expression holds.
    #[must_use]
    pub fn filter<E>(mut self, expression: E) -> Self
    where
        E: diesel::expression::AppearsOnTable<M::Table> + Node + 'static,
        E::SqlType: diesel::sql_types::BoolOrNullableBool,
    {
        self.conditions.push(Condition::Typed(Arc::new(expression)));
        self
    }

    /// The rows for which a condition over paths holds.
    #[must_use]
    pub fn filter_by(mut self, condition: Condition) -> Self {
        self.conditions.push(condition);
        self
    }

    /// No row; no statement is sent for it.
    #[must_use]
    pub fn none(mut self) -> Self {
        self.limit = Some(0);
        self
    }

    /// Replaces the order.
    #[must_use]
    pub fn order_by(mut self, order: Vec<Order>) -> Self {
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
    pub fn then_by(mut self, path: impl Into<Path>) -> Self {
        self.order.get_or_insert_default().push(Order { path: path.into(), descending: false });
        self
    }

    /// Adds a term to the order, greatest first.
    #[must_use]
    pub fn then_by_desc(mut self, path: impl Into<Path>) -> Self {
        self.order.get_or_insert_default().push(Order { path: path.into(), descending: true });
        self
    }

    /// At most `limit` rows, after `offset` rows.
    #[must_use]
    pub fn slice(mut self, offset: i64, limit: i64) -> Self {
        self.offset = offset;
        self.limit = Some(limit);
        self
    }
}
