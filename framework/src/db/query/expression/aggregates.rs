//! Aggregates: one value computed from several rows.

use std::marker::PhantomData;

use super::{Aggregate, AggregateCall, Comparable, Expr, Function, Number};
use crate::db::{ColumnKind, Model, Path, PathOf, TypedPath, meta_of};

fn aggregate<M: Model, T>(
    function: Function,
    path: Option<Path>,
    kind: ColumnKind,
) -> Aggregate<M, T> {
    let of = path.as_ref().map_or(kind, Path::kind);
    let call = AggregateCall {
        model: meta_of::<M>,
        function,
        argument: path.map(Expr::Path),
        distinct: false,
        condition: None,
        kind,
        of,
    };
    Aggregate { call, nullable: function != Function::Count, types: PhantomData }
}

/// An aggregate that is one of the values.
fn one_of_them<M: Model, T>(function: Function, path: Path) -> Aggregate<M, T> {
    let kind = path.kind();
    aggregate(function, Some(path), kind)
}

/// The number of rows, or of values that are not null (`Count`).
#[derive(Debug, Clone, Copy)]
pub struct Count;

impl Count {
    /// The number of rows (`Count("*")`).
    pub fn rows<M: Model>() -> Aggregate<M, i64> {
        aggregate(Function::Count, None, ColumnKind::BigInt)
    }

    /// The number of values that are not null; of a relation, the number of related rows.
    pub fn of<M: Model>(path: impl PathOf<M>) -> Aggregate<M, i64> {
        aggregate(Function::Count, Some(path.into_path()), ColumnKind::BigInt)
    }

    /// The number of different values that are not null (`Count(…, distinct=True)`).
    pub fn distinct<M: Model>(path: impl PathOf<M>) -> Aggregate<M, i64> {
        let mut count = Self::of(path);
        count.call.distinct = true;
        count
    }
}

/// The sum of numbers; `None` if there are none (`Sum`).
#[derive(Debug, Clone, Copy)]
pub struct Sum;

impl Sum {
    /// The sum of the values that are not null. That of integers is an `i64`; if it overflows,
    /// reading it is an error.
    pub fn of<M, P>(path: P) -> Aggregate<M, Option<<P::Plain as Number>::Sum>>
    where
        M: Model,
        P: TypedPath<M>,
        P::Plain: Number,
    {
        let path = path.into_path();
        let kind = match path.kind() {
            ColumnKind::SmallInt | ColumnKind::Integer => ColumnKind::BigInt,
            kind => kind,
        };
        aggregate(Function::Sum, Some(path), kind)
    }
}

/// The average of numbers; `None` if there are none (`Avg`).
#[derive(Debug, Clone, Copy)]
pub struct Avg;

impl Avg {
    /// The average of the values that are not null: a `Decimal` of decimals, unrounded, and an
    /// `f64` of other numbers.
    pub fn of<M, P>(path: P) -> Aggregate<M, Option<<P::Plain as Number>::Average>>
    where
        M: Model,
        P: TypedPath<M>,
        P::Plain: Number,
    {
        let path = path.into_path();
        let kind = match path.kind() {
            ColumnKind::Decimal { .. } | ColumnKind::Numeric => ColumnKind::Numeric,
            _ => ColumnKind::Float,
        };
        aggregate(Function::Avg, Some(path), kind)
    }
}

/// The least value; `None` if there is none (`Min`).
#[derive(Debug, Clone, Copy)]
pub struct Min;

impl Min {
    /// The least of the values that are not null.
    pub fn of<M, P>(path: P) -> Aggregate<M, Option<P::Plain>>
    where
        M: Model,
        P: TypedPath<M>,
        P::Plain: Comparable,
    {
        one_of_them(Function::Min, path.into_path())
    }
}

/// The greatest value; `None` if there is none (`Max`).
#[derive(Debug, Clone, Copy)]
pub struct Max;

impl Max {
    /// The greatest of the values that are not null.
    pub fn of<M, P>(path: P) -> Aggregate<M, Option<P::Plain>>
    where
        M: Model,
        P: TypedPath<M>,
        P::Plain: Comparable,
    {
        one_of_them(Function::Max, path.into_path())
    }
}
