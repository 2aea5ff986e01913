//! Aggregates: one value computed from several rows.

use std::marker::PhantomData;

use super::{Aggregate, AggregateCall, CastTo, Comparable, Expr, Function, IntoExpression, Number};
use crate::db::{
    ArrayItem, ColumnKind, Lookup, Model, Path, PathOf, Predicate, TypedPath, meta_of,
};
use crate::values::Value;

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
        more: Vec::new(),
        order: Vec::new(),
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

/// The values of several rows as an array of `PostgreSQL` (`ArrayAgg`).
#[derive(Debug, Clone, Copy)]
pub struct ArrayAgg;

impl ArrayAgg {
    /// The values that are not null; `None` of no rows. [`Aggregate::order_by`] says in which order.
    /// Unlike Django's, it holds no nulls.
    ///
    /// On `SQLite`, which has no arrays, it is [`Error::NotSupported`](crate::db::Error::NotSupported).
    pub fn of<M, P>(path: P) -> Aggregate<M, Option<Vec<P::Plain>>>
    where
        M: Model,
        P: TypedPath<M>,
        P::Plain: ArrayItem,
    {
        let path = path.into_path();
        let kind = ColumnKind::Array(&<P::Plain as ArrayItem>::KIND);
        let there = Predicate::new(path.clone(), Lookup::IsNull, Value::Bool(false));
        let mut array = aggregate(Function::Array, Some(path), kind);
        array.call.condition = Some(there);
        array
    }
}

/// The texts of several rows as one (`StringAgg`).
#[derive(Debug, Clone, Copy)]
pub struct StringAgg;

impl StringAgg {
    /// The texts that are not null, with a delimiter between them; `None` of no rows.
    /// [`Aggregate::order_by`] says in which order. Distinct texts
    /// ([`Aggregate::distinct`]) are joined on `PostgreSQL` alone: on `SQLite` the query is refused
    /// ([`Error::NotSupported`](crate::db::Error::NotSupported)).
    pub fn of<M, P>(path: P, delimiter: &str) -> Aggregate<M, Option<String>>
    where
        M: Model,
        P: TypedPath<M, Plain = String>,
    {
        let mut text = aggregate(Function::Text, Some(path.into_path()), ColumnKind::Text);
        text.call.more = vec![Expr::Value(Value::Text(delimiter.to_owned()), ColumnKind::Text)];
        text
    }
}

/// An aggregate of the database that has no type here (a subclass of Django's `Aggregate`): one of an
/// extension, or one of your own.
///
/// Its name is written as it stands here, so that it is a constant of the program. A name that one of
/// the databases does not know is an error of that database.
///
/// ```
/// use quintet::db::{Aggregate, AggregateFunc};
/// use quintet::prelude::*;
///
/// # #[model(table = "track")]
/// # pub struct Track {
/// #     pub id: i64,
/// #     pub milliseconds: i32,
/// # }
/// /// The sum as a float: `TOTAL` of SQLite.
/// fn total() -> Aggregate<Track, Option<f64>> {
///     AggregateFunc::new("TOTAL").argument(track::milliseconds).returns::<f64>()
/// }
/// # fn main() {}
/// ```
#[derive(Debug)]
#[must_use = "it is an aggregate from `returns` on"]
pub struct AggregateFunc<M> {
    name: &'static str,
    arguments: Vec<Expr>,
    model: PhantomData<fn() -> M>,
}

impl<M: Model> AggregateFunc<M> {
    /// An aggregate without arguments, which is of the rows themselves.
    pub fn new(name: &'static str) -> Self {
        Self { name, arguments: Vec::new(), model: PhantomData }
    }

    /// Adds an argument: a column, a path, an expression, or a value, which is bound.
    pub fn argument<O: IntoExpression<M>>(mut self, argument: O) -> Self {
        self.arguments.push(argument.computed().expr);
        self
    }

    /// Says what the result is, which is cast to it; it may be null.
    pub fn returns<T: CastTo>(self) -> Aggregate<M, Option<T>> {
        let mut arguments = self.arguments.into_iter();
        let mut call = aggregate(Function::Named(self.name), None, T::KIND);
        call.call.argument = arguments.next();
        call.call.more = arguments.collect();
        call
    }
}
