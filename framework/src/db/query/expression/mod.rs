//! Computed values as typed data: aggregates, and expressions over a row's values.
//!
//! [`Count`], [`Sum`], [`Avg`], [`Min`] and [`Max`] make an [`Aggregate`], one value of several
//! rows. [`QuerySet::aggregate`] reads one or several in one statement, [`QuerySet::group_by`] one
//! for each group.
//!
//! An [`Expression`] is a value of one row: arithmetic, [`Case`], [`Coalesce`], [`Concat`],
//! [`Lower`], [`Trunc`], [`Exists`], [`Subquery`] and their like, over columns, paths and plain
//! values. Where an aggregate stands for a value of one row, it is that of the related rows. Both
//! are taken where a path is: in orders, in [`QuerySet::values`], in conditions
//! (`Count::of(..).gt(3)`); and as annotations, which have a name: see
//! [`Annotation`](crate::db::Annotation).
//!
//! ```
//! use quintet::db::{Avg, Coalesce, Count, Max, Sum};
//! use quintet::prelude::*;
//!
//! # #[model(table = "album")]
//! # pub struct Album {
//! #     pub id: i64,
//! #     pub title: String,
//! # }
//! # #[model(table = "track")]
//! # pub struct Track {
//! #     pub id: i64,
//! #     #[field(foreign_key = Album, related_name = tracks)]
//! #     pub album_id: i64,
//! #     pub milliseconds: i32,
//! #     #[field(decimal(10, 2))]
//! #     pub price: Decimal,
//! # }
//! async fn figures(cx: &Context) -> Result<()> {
//!     let tracks = Track::objects().filter(track::milliseconds.gt(60_000));
//!     let (count, price): (i64, Option<Decimal>) =
//!         tracks.aggregate((Count::rows(), Sum::of(track::price)), cx).await?;
//!
//!     // along relations as well
//!     let milliseconds = || Album::fields().tracks().milliseconds();
//!     let (average, longest): (Option<f64>, Option<i32>) =
//!         Album::objects().aggregate((Avg::of(milliseconds()), Max::of(milliseconds())), cx).await?;
//!
//!     let titles = Track::fields().album().title();
//!     let live = Count::distinct(Track::fields().album_id()).filter(titles.icontains("live"));
//!     let albums: i64 = Track::objects().aggregate(live, cx).await?;
//!
//!     // values of each row
//!     let seconds = Coalesce::of(Sum::of(milliseconds() / 1000), 0_i64);
//!     let lengths: Vec<(String, i64)> =
//!         Album::objects().values((album::title, seconds)).all(cx).await?;
//!     let long = Album::objects().filter_by(Count::of(Album::fields().tracks()).gte(20));
//!     # let _ = (count, price, average, longest, albums, lengths, long);
//!     Ok(())
//! }
//! # fn main() {}
//! ```
//!
//! [`QuerySet::aggregate`]: crate::db::QuerySet::aggregate
//! [`QuerySet::group_by`]: crate::db::QuerySet::group_by
//! [`QuerySet::values`]: crate::db::QuerySet::values

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use chrono::{NaiveDate, NaiveTime};

use crate::db::{
    Condition, Leaf, Model, One, OrderTerm, Path, PathOf, Predicate, TypedPath, meta_of,
};
use crate::values::FieldType;
use crate::values::types::{DateTime, Decimal};

mod aggregates;
mod arithmetic;
pub(super) mod expr;
mod func;
mod functions;
mod json;
mod matching;
mod operand;
mod raw;
mod related;
mod search;
#[cfg(test)]
mod tests;
mod texts;
mod window;

pub use aggregates::{AggregateFunc, ArrayAgg, Avg, Count, Max, Min, StringAgg, Sum};
pub use arithmetic::Arithmetic;
pub use expr::Computed;
pub(crate) use expr::{
    About, AggregateCall, Call, Expr, Function, Infix, Matched, OfMatched, Over, Related,
    Truncated, Windowed,
};
pub use func::Func;
pub use functions::{
    Abs, Case, Cases, Cast, CastTo, Coalesce, Concat, Dated, Extract, Greatest, Least, Length,
    Lower, Mod, Now, NullIf, Round, Trim, Trunc, Upper,
};
pub use json::{JsonArray, JsonObject};
pub use matching::Matching;
pub(crate) use operand::single;
pub use operand::{Cardinality, FitsIn, IntoExpression};
pub use raw::RawSql;
pub use related::{Exists, Subquery};
pub use search::{SearchQuery, SearchRank, SearchVector, TrigramSimilarity};
pub use texts::{Left, Replace, Right, StrIndex, Substr};
pub use window::{
    CumeDist, DenseRank, FirstValue, Lag, LastValue, Lead, NthValue, Ntile, PercentRank, Rank,
    RowNumber, Window,
};

/// A value of type `T` that is computed of a row of `M`: of one value each where `C` is [`One`],
/// and of those of several related rows, for an aggregate to make one, where it is
/// [`Many`](crate::db::Many).
pub struct Expression<M, T, C = One> {
    computed: Computed,
    #[expect(clippy::type_complexity, reason = "a marker of three types")]
    types: PhantomData<fn() -> (M, T, C)>,
}

impl<M, T, C> Clone for Expression<M, T, C> {
    fn clone(&self) -> Self {
        Self { computed: self.computed.clone(), types: PhantomData }
    }
}

impl<M, T, C> fmt::Debug for Expression<M, T, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.computed.fmt(f)
    }
}

/// A value of type `T` that is computed of several rows of `M`; where it stands for a value of one
/// row, of those related to it.
pub struct Aggregate<M, T> {
    call: AggregateCall,
    nullable: bool,
    types: PhantomData<fn() -> (M, T)>,
}

impl<M, T> Aggregate<M, T> {
    /// Computes it of those rows only for which a condition holds (`Count("id", filter=Q(…))`).
    /// Along a relation to many it is a condition on each of the related rows.
    #[must_use]
    pub fn filter(mut self, condition: Condition<M>) -> Self {
        let condition = Predicate::from(condition);
        self.call.condition = Some(match self.call.condition.take() {
            Some(earlier) => earlier.and(condition),
            None => condition,
        });
        self
    }

    /// Adds a term to the order in which the values are taken, least first
    /// (`ArrayAgg("tracks__name", ordering="tracks__id")`): of an aggregate whose result depends on it.
    #[must_use]
    pub fn order_by(mut self, path: impl PathOf<M>) -> Self {
        self.call.order.push(OrderTerm::new(path.into_path(), false));
        self
    }

    /// Adds a term to the order in which the values are taken, greatest first.
    #[must_use]
    pub fn order_by_desc(mut self, path: impl PathOf<M>) -> Self {
        self.call.order.push(OrderTerm::new(path.into_path(), true));
        self
    }

    /// Takes each value once (`distinct=True`).
    #[must_use]
    pub fn distinct(mut self) -> Self {
        self.call.distinct = true;
        self
    }

    /// A value in place of the null that there is of no rows (`Sum("total", default=0)`).
    #[must_use]
    pub fn or<V>(self, value: V) -> Expression<M, V::Value>
    where
        M: Model,
        T: FieldType,
        V: IntoExpression<M, Cardinality = One, Value: FieldType<Plain = T::Plain>>,
    {
        Coalesce::of(self, value)
    }

    pub(crate) fn into_call(self) -> AggregateCall {
        self.call
    }

    pub(crate) fn into_computed(self) -> Computed {
        let Self { call, nullable, .. } = self;
        Computed { kind: call.kind, expr: Expr::Aggregate(Box::new(call)), nullable }
    }
}

impl<M, T> Clone for Aggregate<M, T> {
    fn clone(&self) -> Self {
        Self { call: self.call.clone(), nullable: self.nullable, types: PhantomData }
    }
}

impl<M, T> fmt::Debug for Aggregate<M, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.call.fmt(f)
    }
}

/// The path to an expression: it stands where a column does.
fn path_to<M: Model>(computed: Computed) -> Path {
    Path { model: meta_of::<M>, hops: Vec::new(), leaf: Leaf::Expression(Arc::new(computed)) }
}

impl<M: Model, T, C> PathOf<M> for Expression<M, T, C> {
    type Cardinality = C;

    fn into_path(self) -> Path {
        path_to::<M>(self.computed)
    }
}

impl<M: Model, T: FieldType, C> TypedPath<M> for Expression<M, T, C> {
    type Plain = T::Plain;
}

impl<M: Model, T> PathOf<M> for Aggregate<M, T> {
    type Cardinality = One;

    fn into_path(self) -> Path {
        path_to::<M>(self.into_computed())
    }
}

impl<M: Model, T: FieldType> TypedPath<M> for Aggregate<M, T> {
    type Plain = T::Plain;
}

/// A number, which has sums and averages.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a number, and has neither a sum nor an average",
    label = "the column at the end of this path holds `{Self}`"
)]
pub trait Number {
    /// What a sum of them is.
    type Sum;
    /// What their average is.
    type Average;
}

macro_rules! numbers {
    ($($number:ty => $sum:ty, $average:ty;)*) => {$(
        impl Number for $number {
            type Sum = $sum;
            type Average = $average;
        }
    )*};
}

numbers! {
    i16 => i64, f64;
    i32 => i64, f64;
    i64 => i64, f64;
    f64 => f64, f64;
    Decimal => Decimal, Decimal;
}

/// Types that `MIN` and `MAX` accept on both databases.
#[diagnostic::on_unimplemented(
    message = "no `{Self}` is the least or the greatest: `Min` and `Max` are of numbers, texts, dates and times",
    label = "the column at the end of this path holds `{Self}`"
)]
pub trait Comparable {}

macro_rules! comparable {
    ($($type:ty),*) => {$(impl Comparable for $type {})*};
}

comparable!(i16, i32, i64, f64, Decimal, String, DateTime, NaiveDate, NaiveTime);
