//! What is computed of rows: aggregates as typed data.
//!
//! [`Count`], [`Sum`], [`Avg`], [`Min`] and [`Max`] make an [`Expression`], which knows the model
//! whose rows it is computed of, and the type of its result. [`QuerySet::aggregate`] reads one or
//! several in one statement.
//!
//! ```
//! use quintet::db::{Avg, Count, Max, Sum};
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
//!     # let _ = (count, price, average, longest, albums);
//!     Ok(())
//! }
//! # fn main() {}
//! ```
//!
//! [`QuerySet::aggregate`]: crate::db::QuerySet::aggregate

use std::fmt;
use std::marker::PhantomData;

use chrono::{NaiveDate, NaiveTime};

use crate::db::compile::Compiler;
use crate::db::joins::Joins;
use crate::db::{ColumnKind, Condition, Dialect, Leaf, Path, PathOf, Predicate, Sql, TypedPath};
use crate::values::types::{DateTime, Decimal};

/// How many values are made one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Function {
    Count,
    Sum,
    Avg,
    Min,
    Max,
}

/// An [`Expression`] without its types, which is what statements are written from.
#[derive(Debug, Clone)]
pub struct Aggregate {
    function: Function,
    /// What is aggregated; rows themselves where there is none.
    path: Option<Path>,
    distinct: bool,
    condition: Option<Predicate>,
    /// What the result is read as.
    pub(crate) kind: ColumnKind,
}

impl Aggregate {
    /// True when it looks at more than one row for each row of the model.
    pub(crate) fn is_many(&self) -> bool {
        self.path.as_ref().is_some_and(Path::is_many)
    }

    /// Writes the call; the tables that it needs come to `joins`.
    pub(crate) fn write(
        &self,
        sql: &mut Sql,
        compiler: &mut Compiler,
        joins: &mut Joins,
        table: &str,
    ) {
        // PostgreSQL widens what SQLite does not: the sum of `bigint` is `numeric` there
        let exact = self
            .path
            .as_ref()
            .is_some_and(|path| matches!(path.kind(), ColumnKind::Decimal { .. }));
        let cast = match (sql.dialect(), self.function) {
            (Dialect::Postgres, Function::Sum) if self.kind == ColumnKind::BigInt => {
                Some(" AS bigint)")
            }
            (Dialect::Postgres, Function::Avg) if !exact => Some(" AS double precision)"),
            _ => None,
        };
        if cast.is_some() {
            sql.push("CAST(");
        }
        sql.push(match self.function {
            Function::Count => "COUNT(",
            Function::Sum => "SUM(",
            Function::Avg => "AVG(",
            Function::Min => "MIN(",
            Function::Max => "MAX(",
        });
        if self.distinct {
            sql.push("DISTINCT ");
        }
        match &self.path {
            None => {
                sql.push("*");
            }
            Some(path) => {
                let alias = joins.across(table, &path.hops);
                match path.leaf {
                    Leaf::Column(column) => {
                        sql.column(&alias, column.column);
                    }
                    Leaf::Count(annotation) => compiler.count(sql, &(annotation.path)(), &alias),
                }
            }
        }
        sql.push(")");
        if let Some(condition) = &self.condition {
            sql.push(" FILTER (WHERE ");
            compiler.one(sql, condition, table);
            sql.push(")");
        }
        sql.push(cast.unwrap_or_default());
    }
}

/// A value of type `T` that is computed of rows of `M`.
pub struct Expression<M, T> {
    pub(crate) aggregate: Aggregate,
    types: PhantomData<fn() -> (M, T)>,
}

impl<M, T> Expression<M, T> {
    fn new(function: Function, path: Option<Path>, kind: ColumnKind) -> Self {
        let aggregate = Aggregate { function, path, distinct: false, condition: None, kind };
        Self { aggregate, types: PhantomData }
    }

    /// Computes it of those rows only for which a condition holds (`Count("id", filter=Q(…))`).
    #[must_use]
    pub fn filter(mut self, condition: Condition<M>) -> Self {
        let condition = Predicate::from(condition);
        self.aggregate.condition = Some(match self.aggregate.condition.take() {
            Some(earlier) => earlier.and(condition),
            None => condition,
        });
        self
    }
}

impl<M, T> Clone for Expression<M, T> {
    fn clone(&self) -> Self {
        Self { aggregate: self.aggregate.clone(), types: PhantomData }
    }
}

impl<M, T> fmt::Debug for Expression<M, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.aggregate.fmt(f)
    }
}

/// The number of rows, or of values that are not null.
#[derive(Debug, Clone, Copy)]
pub struct Count;

impl Count {
    /// The number of rows (`Count("*")`).
    pub fn rows<M>() -> Expression<M, i64> {
        Expression::new(Function::Count, None, ColumnKind::BigInt)
    }

    /// The number of values that are not null; of a relation, the number of related rows.
    pub fn of<M>(path: impl PathOf<M>) -> Expression<M, i64> {
        Expression::new(Function::Count, Some(path.into_path()), ColumnKind::BigInt)
    }

    /// The number of different values that are not null (`Count(…, distinct=True)`).
    pub fn distinct<M>(path: impl PathOf<M>) -> Expression<M, i64> {
        let mut count = Self::of(path);
        count.aggregate.distinct = true;
        count
    }
}

/// The sum of numbers; `None` of no number.
#[derive(Debug, Clone, Copy)]
pub struct Sum;

impl Sum {
    /// The sum of the values that are not null. That of whole numbers is an `i64`; where none of
    /// that size can hold it, reading it is an error.
    pub fn of<M, P>(path: P) -> Expression<M, Option<<P::Plain as Number>::Sum>>
    where
        P: TypedPath<M>,
        P::Plain: Number,
    {
        let path = path.into_path();
        let kind = match path.kind() {
            ColumnKind::SmallInt | ColumnKind::Integer => ColumnKind::BigInt,
            kind => kind,
        };
        Expression::new(Function::Sum, Some(path), kind)
    }
}

/// The average of numbers; `None` of no number.
#[derive(Debug, Clone, Copy)]
pub struct Avg;

impl Avg {
    /// The average of the values that are not null: a `Decimal` of decimals, unrounded, and an
    /// `f64` of other numbers.
    pub fn of<M, P>(path: P) -> Expression<M, Option<<P::Plain as Number>::Average>>
    where
        P: TypedPath<M>,
        P::Plain: Number,
    {
        // a decimal that is read as this kind keeps its places
        Expression::new(Function::Avg, Some(path.into_path()), ColumnKind::Float)
    }
}

/// The least value; `None` where there is none.
#[derive(Debug, Clone, Copy)]
pub struct Min;

impl Min {
    /// The least of the values that are not null.
    pub fn of<M, P>(path: P) -> Expression<M, Option<P::Plain>>
    where
        P: TypedPath<M>,
        P::Plain: Comparable,
    {
        let path = path.into_path();
        let kind = path.kind();
        Expression::new(Function::Min, Some(path), kind)
    }
}

/// The greatest value; `None` where there is none.
#[derive(Debug, Clone, Copy)]
pub struct Max;

impl Max {
    /// The greatest of the values that are not null.
    pub fn of<M, P>(path: P) -> Expression<M, Option<P::Plain>>
    where
        P: TypedPath<M>,
        P::Plain: Comparable,
    {
        let path = path.into_path();
        let kind = path.kind();
        Expression::new(Function::Max, Some(path), kind)
    }
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

/// What has a least and a greatest value on both databases.
#[diagnostic::on_unimplemented(
    message = "no `{Self}` is the least or the greatest: `Min` and `Max` are of numbers, texts, dates and times",
    label = "the column at the end of this path holds `{Self}`"
)]
pub trait Comparable {}

macro_rules! comparable {
    ($($type:ty),*) => {$(impl Comparable for $type {})*};
}

comparable!(i16, i32, i64, f64, Decimal, String, DateTime, NaiveDate, NaiveTime);
