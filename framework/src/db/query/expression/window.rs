//! Values that are computed over a window of rows (`django.db.models.Window`).

use std::marker::PhantomData;

use super::expr::{Computed, Expr, Frame, Over, Windowed};
use super::operand::IntoExpression;
use super::{Aggregate, Expression};
use crate::db::{ColumnKind, Model, One, Order, PathOf, SingleValued, meta_of, single};
use crate::values::{FieldType, Value};

/// A value of type `T` for each row of `M`, computed over the rows of its window: those that have
/// values in common with it.
///
/// It is taken where an expression is: in annotations, orders and `values`. In a condition, it is
/// about the rows that the other conditions choose, as in Django.
///
/// ```
/// use quintet::db::{Expression, Rank, RowNumber, Sum};
/// use quintet::prelude::*;
///
/// # #[model(table = "track")]
/// # pub struct Track {
/// #     pub id: i64,
/// #     pub album_id: i64,
/// #     pub milliseconds: i32,
/// # }
/// /// The two longest tracks of each album.
/// fn longest() -> QuerySet<Track> {
///     let place = RowNumber::over()
///         .partition_by(track::album_id)
///         .order_by_desc(track::milliseconds);
///     Track::objects().filter_by(Expression::from(place).lte(2))
/// }
///
/// /// The length of an album up to and with a track.
/// fn so_far() -> Expression<Track, Option<i64>> {
///     Sum::of(track::milliseconds)
///         .over()
///         .partition_by(track::album_id)
///         .order_by(track::id)
///         .rows(None, Some(0))
///         .into()
/// }
/// # fn main() {}
/// ```
#[must_use = "it becomes an expression by `into`, or where one is taken"]
pub struct Window<M, T> {
    windowed: Windowed,
    kind: ColumnKind,
    nullable: bool,
    types: PhantomData<fn() -> (M, T)>,
}

impl<M, T> Clone for Window<M, T> {
    fn clone(&self) -> Self {
        let Self { windowed, kind, nullable, .. } = self;
        Self { windowed: windowed.clone(), kind: *kind, nullable: *nullable, types: PhantomData }
    }
}

impl<M, T> std::fmt::Debug for Window<M, T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.windowed.fmt(f)
    }
}

fn window<M: Model, T>(function: Over, kind: ColumnKind, nullable: bool) -> Window<M, T> {
    let windowed = Windowed {
        model: meta_of::<M>,
        function,
        partition: Vec::new(),
        order: Vec::new(),
        frame: None,
    };
    Window { windowed, kind, nullable, types: PhantomData }
}

impl<M: Model, T> Window<M, T> {
    /// Rows with the same value are one window (`partition_by`); called again, those that have all of
    /// the values in common. Without one, all rows are.
    pub fn partition_by<O>(mut self, operand: O) -> Self
    where
        O: IntoExpression<M, Cardinality: SingleValued>,
    {
        self.windowed.partition.push(single::<M, _>(operand).expr);
        self
    }

    /// Adds a term to the order of the rows in a window, least first.
    pub fn order_by(self, path: impl PathOf<M, Cardinality: SingleValued>) -> Self {
        self.order(Order::ascending(path))
    }

    /// Adds a term to the order of the rows in a window, greatest first.
    pub fn order_by_desc(self, path: impl PathOf<M, Cardinality: SingleValued>) -> Self {
        self.order(Order::descending(path))
    }

    /// Adds a term to the order of the rows in a window, with where nulls stand.
    pub fn order(mut self, order: Order<M>) -> Self {
        self.windowed.order.push(order.into());
        self
    }

    /// Sets the frame: which rows around each row are looked at (`RowRange(start=-1, end=1)`). A number
    /// below zero is as many rows before the row, one above zero as many after it, and 0 is the row
    /// itself. `None` is the first row of the window as a start, and its last one as an end.
    pub fn rows(mut self, start: Option<i64>, end: Option<i64>) -> Self {
        self.windowed.frame = Some(Frame { is_range: false, start, end });
        self
    }

    /// Looks at the rows around the row whose values in the order are the same or lie before or after
    /// (`ValueRange`): `range(None, Some(0))` is all up to and with its own.
    pub fn range(mut self, start: Option<i64>, end: Option<i64>) -> Self {
        self.windowed.frame = Some(Frame { is_range: true, start, end });
        self
    }
}

impl<M: Model, T: FieldType> IntoExpression<M> for Window<M, T> {
    type Value = T;
    type Cardinality = One;

    fn computed(self) -> Computed {
        let Self { windowed, kind, nullable, .. } = self;
        Computed { expr: Expr::Window(Box::new(windowed)), kind, nullable }
    }
}

impl<M: Model, T: FieldType> From<Window<M, T>> for Expression<M, T> {
    fn from(window: Window<M, T>) -> Self {
        Self { computed: window.computed(), types: PhantomData }
    }
}

impl<M: Model, T> Aggregate<M, T> {
    /// Computes it for each row, of the rows of its window (`Window(Sum("total"))`).
    pub fn over(self) -> Window<M, T> {
        let (kind, nullable) = (self.call.kind, self.nullable);
        window(Over::Aggregate(Box::new(self.call)), kind, nullable)
    }
}

macro_rules! of_rows {
    ($($(#[$doc:meta])* $name:ident = $sql:literal -> $type:ty, $kind:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy)]
        pub struct $name;

        impl $name {
            /// Of a row among those of its window.
            pub fn over<M: Model>() -> Window<M, $type> {
                window(Over::Function($sql, Vec::new()), ColumnKind::$kind, false)
            }
        }
    )*};
}

of_rows! {
    /// The number of a row in its window, from 1 on.
    RowNumber = "ROW_NUMBER" -> i64, BigInt;
    /// The rank of a row: equal rows share one, and the next one leaves a gap.
    Rank = "RANK" -> i64, BigInt;
    /// The rank of a row without gaps.
    DenseRank = "DENSE_RANK" -> i64, BigInt;
    /// The rank of a row between 0 and 1.
    PercentRank = "PERCENT_RANK" -> f64, Float;
    /// The share of the rows of the window that come no later than the row.
    CumeDist = "CUME_DIST" -> f64, Float;
}

fn number(number: u32) -> Expr {
    Expr::Value(Value::Int(number.into()), ColumnKind::Integer)
}

/// The number of the group that a row falls into, if its window is cut into groups as equal as can be.
#[derive(Debug, Clone, Copy)]
pub struct Ntile;

impl Ntile {
    /// From 1 to the number of groups; 0 groups are one, where Django raises an error.
    pub fn over<M: Model>(groups: u32) -> Window<M, i32> {
        let arguments = vec![number(groups.clamp(1, i32::MAX.unsigned_abs()))];
        window(Over::Function("NTILE", arguments), ColumnKind::Integer, false)
    }
}

/// The plain type of an operand's value.
type Plain<M, O> = <<O as IntoExpression<M>>::Value as FieldType>::Plain;

fn of_value<M, O>(
    function: &'static str,
    operand: O,
    more: Option<Expr>,
) -> Window<M, Option<Plain<M, O>>>
where
    M: Model,
    O: IntoExpression<M, Cardinality: SingleValued>,
{
    let value = single::<M, _>(operand);
    let arguments = std::iter::once(value.expr).chain(more).collect();
    window(Over::Function(function, arguments), value.kind, true)
}

macro_rules! of_values {
    ($($(#[$doc:meta])* $name:ident = $sql:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy)]
        pub struct $name;

        impl $name {
            /// Of a column, a path to one value, or an expression.
            pub fn over<M, O>(operand: O) -> Window<M, Option<Plain<M, O>>>
            where
                M: Model,
                O: IntoExpression<M, Cardinality: SingleValued>,
            {
                of_value($sql, operand, None)
            }
        }
    )*};
    (by $($(#[$doc:meta])* $name:ident = $sql:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy)]
        pub struct $name;

        impl $name {
            /// Of a column, a path to one value, or an expression, so many rows away; null where there
            /// is no such row. 0 is taken as 1, where Django raises an error.
            pub fn over<M, O>(operand: O, rows: u32) -> Window<M, Option<Plain<M, O>>>
            where
                M: Model,
                O: IntoExpression<M, Cardinality: SingleValued>,
            {
                of_value($sql, operand, Some(number(rows.clamp(1, i32::MAX.unsigned_abs()))))
            }
        }
    )*};
}

of_values! {
    /// The value of the first row that is looked at.
    FirstValue = "FIRST_VALUE";
    /// The value of the last row that is looked at: with an order and no
    /// [`rows`](Window::rows), that is the row itself.
    LastValue = "LAST_VALUE";
}

of_values! {
    by
    /// The value of a row before it (`Lag("total", offset=1)`).
    Lag = "LAG";
    /// The value of a row after it (`Lead("total", offset=1)`).
    Lead = "LEAD";
    /// The value of the row with a number, from 1 on.
    NthValue = "NTH_VALUE";
}
