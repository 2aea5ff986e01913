//! What is asked about the related rows of a row: whether there is one, and what the first holds.

use std::marker::PhantomData;

use super::Expression;
use super::expr::{About, Computed, Expr, Related};
use super::operand::IntoExpression;
use crate::db::{ColumnKind, Condition, Model, One, OrderTerm, Path, PathOf, Predicate, TypedPath};
use crate::values::FieldType;

/// Whether a row has related rows, and such for which a condition holds.
///
/// ```
/// use quintet::db::{Exists, Expression};
/// use quintet::prelude::*;
///
/// # #[model(table = "artist")]
/// # pub struct Artist {
/// #     pub id: i64,
/// # }
/// # #[model(table = "album")]
/// # pub struct Album {
/// #     pub id: i64,
/// #     pub title: String,
/// #     #[field(foreign_key = Artist, related_name = albums)]
/// #     pub artist_id: i64,
/// # }
/// fn has_live_album() -> Expression<Artist, bool> {
///     let albums = || Artist::fields().albums();
///     Exists::of(albums()).filter(albums().title().icontains("live")).into()
/// }
/// # fn main() {}
/// ```
#[derive(Debug, Clone)]
#[must_use = "it becomes an expression by `into`, or where one is taken"]
pub struct Exists<M> {
    path: Path,
    condition: Option<Predicate>,
    model: PhantomData<fn() -> M>,
}

impl<M: Model> Exists<M> {
    /// A row at the end of a relation; of a path to a value, one whose value is not null.
    pub fn of(path: impl PathOf<M>) -> Self {
        Self { path: path.into_path(), condition: None, model: PhantomData }
    }

    /// One for which a condition holds, too. What it says of the related rows, it says of one of
    /// them.
    pub fn filter(mut self, condition: Condition<M>) -> Self {
        self.condition = Some(also(self.condition, condition));
        self
    }
}

impl<M> From<Exists<M>> for Expression<M, bool> {
    fn from(exists: Exists<M>) -> Self {
        let Exists { path, condition, .. } = exists;
        let related = Related { path, condition, what: About::Exists };
        let expr = Expr::Related(Box::new(related));
        let computed = Computed { expr, kind: ColumnKind::Bool, nullable: false };
        Self { computed, types: PhantomData }
    }
}

/// A value of the first related row in an order (`Subquery(….order_by(…).values(…)[:1])`).
///
/// ```
/// use quintet::db::{Expression, Subquery};
/// use quintet::prelude::*;
///
/// # #[model(table = "customer")]
/// # pub struct Customer {
/// #     pub id: i64,
/// # }
/// # #[model(table = "invoice")]
/// # pub struct Invoice {
/// #     pub id: i64,
/// #     pub invoice_date: DateTime,
/// #     #[field(decimal(10, 2))]
/// #     pub total: Decimal,
/// #     #[field(foreign_key = Customer, related_name = invoices)]
/// #     pub customer_id: i64,
/// # }
/// fn last_total() -> Expression<Customer, Option<Decimal>> {
///     let invoices = || Customer::fields().invoices();
///     Subquery::first(invoices().total()).order_by_desc(invoices().invoice_date()).into()
/// }
/// # fn main() {}
/// ```
#[derive(Debug, Clone)]
#[must_use = "it becomes an expression by `into`, or where one is taken"]
pub struct Subquery<M, T> {
    path: Path,
    condition: Option<Predicate>,
    order: Vec<OrderTerm>,
    types: PhantomData<fn() -> (M, T)>,
}

impl<M: Model> Subquery<M, ()> {
    /// The value at the end of a path, of the first row; null where there is none.
    pub fn first<P: TypedPath<M>>(path: P) -> Subquery<M, P::Plain> {
        Subquery { path: path.into_path(), condition: None, order: Vec::new(), types: PhantomData }
    }
}

impl<M: Model, T> Subquery<M, T> {
    /// The first of those rows for which a condition holds.
    pub fn filter(mut self, condition: Condition<M>) -> Self {
        self.condition = Some(also(self.condition, condition));
        self
    }

    /// Adds a term to the order, least first. A path of the related rows is meant, so that it
    /// starts as the value's does.
    pub fn order_by(mut self, path: impl PathOf<M>) -> Self {
        self.order.push(OrderTerm::new(path.into_path(), false));
        self
    }

    /// Adds a term to the order, greatest first.
    pub fn order_by_desc(mut self, path: impl PathOf<M>) -> Self {
        self.order.push(OrderTerm::new(path.into_path(), true));
        self
    }
}

impl<M, T> From<Subquery<M, T>> for Expression<M, Option<T>> {
    fn from(subquery: Subquery<M, T>) -> Self {
        let Subquery { path, condition, order, .. } = subquery;
        let kind = path.kind();
        let related = Related { path, condition, what: About::First(order) };
        let expr = Expr::Related(Box::new(related));
        Self { computed: Computed { expr, kind, nullable: true }, types: PhantomData }
    }
}

impl<M: Model> IntoExpression<M> for Exists<M> {
    type Value = bool;
    type Cardinality = One;

    fn computed(self) -> Computed {
        Expression::from(self).computed
    }
}

impl<M: Model, T: FieldType<Plain = T>> IntoExpression<M> for Subquery<M, T> {
    type Value = Option<T>;
    type Cardinality = One;

    fn computed(self) -> Computed {
        Expression::from(self).computed
    }
}

fn also<M>(earlier: Option<Predicate>, condition: Condition<M>) -> Predicate {
    let condition = Predicate::from(condition);
    match earlier {
        Some(earlier) => earlier.and(condition),
        None => condition,
    }
}
