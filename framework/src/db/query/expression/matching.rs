//! Rows of any model that match a row, by their values (Django's `OuterRef`).

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use super::expr::{Computed, Expr, Matched, OfMatched};
use super::operand::IntoExpression;
use super::{Aggregate, Expression, FitsIn};
use crate::db::{
    ColumnKind, Compare, Model, Path, PathOf, Predicate, QuerySet, Select, SingleValued, TypedPath,
    single,
};
use crate::values::FieldType;

/// The rows of a query set over `N` that match a row of `M`, which no relation has to lead to; made
/// by [`QuerySet::matching`].
///
/// Each of its values is an [`Expression`] over `M`: an annotation, a condition, an order. It is one
/// sub-query in the statement, however many rows there are.
///
/// ```
/// use quintet::db::{Compare, Count, Expression};
/// use quintet::prelude::*;
/// use quintet::values::NaiveDate;
///
/// #[model(app = "shop")]
/// pub struct Rate {
///     pub id: i64,
///     #[field(max_length = 3)]
///     pub currency: String,
///     pub since: NaiveDate,
///     #[field(decimal(12, 6))]
///     pub factor: Decimal,
/// }
///
/// #[model(app = "shop")]
/// pub struct Payment {
///     pub id: i64,
///     #[field(max_length = 3)]
///     pub currency: String,
///     pub day: NaiveDate,
///     #[field(decimal(10, 2))]
///     pub amount: Decimal,
/// }
///
/// /// What a payment was worth on its day; null where there was no rate.
/// fn worth() -> Expression<Payment, Option<Decimal>> {
///     let rates = Rate::objects()
///         .then_by_desc(rate::since)
///         .matching(rate::currency, payment::currency)
///         .matching_by(rate::since, Compare::Lte, payment::day);
///     rates.first(rate::factor) * Payment::fields().amount()
/// }
///
/// /// Payments in a currency that has fewer than three rates.
/// fn poorly_rated() -> QuerySet<Payment> {
///     let rates = Rate::objects().matching(rate::currency, payment::currency);
///     Payment::objects().filter_by(rates.aggregate(Count::rows()).lt(3))
/// }
/// # fn main() {}
/// ```
#[must_use = "it is an expression from `exists`, `first` or `aggregate` on"]
pub struct Matching<N, M> {
    rows: QuerySet<N>,
    matches: Vec<(Path, Compare, Expr)>,
    model: PhantomData<fn() -> M>,
}

impl<N, M> Clone for Matching<N, M> {
    fn clone(&self) -> Self {
        let Self { rows, matches, .. } = self;
        Self { rows: rows.clone(), matches: matches.clone(), model: PhantomData }
    }
}

impl<N, M> fmt::Debug for Matching<N, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Matching").field("rows", &self.rows).finish_non_exhaustive()
    }
}

impl<N: Model> QuerySet<N> {
    /// The rows whose value at the end of a path equals one of a row of another model, or of another
    /// row of the same one (`filter(currency=OuterRef("currency"))`). Null equals nothing.
    #[doc(alias = "OuterRef")]
    pub fn matching<M, P, O>(self, own: P, outer: O) -> Matching<N, M>
    where
        M: Model,
        P: TypedPath<N> + PathOf<N, Cardinality: SingleValued>,
        O: IntoExpression<M, Cardinality: SingleValued, Value: FieldType<Plain: FitsIn<P::Plain>>>,
    {
        let all = Matching { rows: self, matches: Vec::new(), model: PhantomData };
        all.matching(own, outer)
    }

    /// The same with another comparison than equality.
    pub fn matching_by<M, P, O>(self, own: P, how: Compare, outer: O) -> Matching<N, M>
    where
        M: Model,
        P: TypedPath<N> + PathOf<N, Cardinality: SingleValued>,
        O: IntoExpression<M, Cardinality: SingleValued, Value: FieldType<Plain: FitsIn<P::Plain>>>,
    {
        let all = Matching { rows: self, matches: Vec::new(), model: PhantomData };
        all.matching_by(own, how, outer)
    }
}

impl<N: Model, M: Model> Matching<N, M> {
    /// Those of them whose value equals another one of the row, too.
    pub fn matching<P, O>(self, own: P, outer: O) -> Self
    where
        P: TypedPath<N> + PathOf<N, Cardinality: SingleValued>,
        O: IntoExpression<M, Cardinality: SingleValued, Value: FieldType<Plain: FitsIn<P::Plain>>>,
    {
        self.matching_by(own, Compare::Exact, outer)
    }

    /// Those of them for which a comparison with another value of the row holds, too.
    pub fn matching_by<P, O>(mut self, own: P, how: Compare, outer: O) -> Self
    where
        P: TypedPath<N> + PathOf<N, Cardinality: SingleValued>,
        O: IntoExpression<M, Cardinality: SingleValued, Value: FieldType<Plain: FitsIn<P::Plain>>>,
    {
        self.matches.push((own.into_path(), how, single::<M, _>(outer).expr));
        self
    }

    /// Whether there is such a row (`Exists`).
    pub fn exists(self) -> Expression<M, bool> {
        self.expression(OfMatched::Exists, ColumnKind::Bool, false)
    }

    /// A value of the first such row in the query set's order; null where there is none
    /// (`Subquery(rows.values("factor")[:1])`).
    #[doc(alias = "Subquery")]
    pub fn first<P>(self, path: P) -> Expression<M, Option<P::Plain>>
    where
        P: TypedPath<N> + PathOf<N, Cardinality: SingleValued>,
    {
        let (path, terms) = (path.into_path(), self.rows.terms());
        let kind = path.kind();
        self.expression(OfMatched::First(path, terms), kind, true)
    }

    /// One value of all such rows: their number, a sum.
    pub fn aggregate<T>(self, aggregate: Aggregate<N, T>) -> Expression<M, T> {
        let nullable = aggregate.nullable;
        let call = aggregate.into_call();
        let kind = call.kind;
        self.expression(OfMatched::Aggregate(Box::new(call)), kind, nullable)
    }

    fn expression<T>(self, what: OfMatched, kind: ColumnKind, nullable: bool) -> Expression<M, T> {
        let conditions = if self.rows.is_plain() {
            self.rows.conditions
        } else {
            let keys = Select::from(self.rows).only_keys();
            vec![Predicate::Within(Arc::new(keys))]
        };
        let matched = Matched { model: N::META, conditions, matches: self.matches, what };
        let expr = Expr::Matched(Box::new(matched));
        Expression { computed: Computed { expr, kind, nullable }, types: PhantomData }
    }
}
