//! SQL functions: those of `django.db.models.functions`, and `Case` and `Cast`.

use std::marker::PhantomData;

use chrono::NaiveDate;

use super::expr::{Call, Computed, Expr, Truncated};
use super::operand::{Cardinality, IntoExpression};
use super::{Comparable, Expression, FitsIn, Infix, Number};
use crate::db::{ColumnKind, Condition, DatePart, One, Predicate, TemporalField};
use crate::values::FieldType;
use crate::values::types::{DateTime, Decimal};

/// The plain type of an operand's value.
type Plain<M, O> = <<O as IntoExpression<M>>::Value as FieldType>::Plain;
/// How many values lead from a row to those of two operands.
type Both<M, A, B> = <<A as IntoExpression<M>>::Cardinality as Cardinality>::And<
    <B as IntoExpression<M>>::Cardinality,
>;

/// The plain value of the first operand, which may be null.
type FirstOf<M, A, B> = Expression<M, Option<Plain<M, A>>, Both<M, A, B>>;

fn expression<M, T, C>(expr: Expr, kind: ColumnKind, nullable: bool) -> Expression<M, T, C> {
    Expression { computed: Computed { expr, kind, nullable }, types: PhantomData }
}

macro_rules! functions {
    ($($(#[$doc:meta])* $name:ident($plain:ty) -> $result:ty, $kind:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy)]
        pub struct $name;

        impl $name {
            /// Of a column, a path or an expression; null of null.
            pub fn of<M, O>(operand: O) -> Expression<M, Option<$result>, O::Cardinality>
            where
                O: IntoExpression<M>,
                O::Value: FieldType<Plain = $plain>,
            {
                expression(Expr::Call(Call::$name, vec![operand.computed().expr]), $kind, true)
            }
        }
    )*};
}

functions! {
    /// Text in lower case; on `SQLite` only ASCII letters change, as in Django.
    Lower(String) -> String, ColumnKind::Text;
    /// Text in upper case; on `SQLite` only ASCII letters change, as in Django.
    Upper(String) -> String, ColumnKind::Text;
    /// Text without spaces at its ends.
    Trim(String) -> String, ColumnKind::Text;
    /// The number of characters of text.
    Length(String) -> i32, ColumnKind::Integer;
}

/// A number without its sign.
#[derive(Debug, Clone, Copy)]
pub struct Abs;

impl Abs {
    /// Of a column, a path or an expression; null of null.
    pub fn of<M, O>(operand: O) -> Expression<M, Option<Plain<M, O>>, O::Cardinality>
    where
        O: IntoExpression<M>,
        Plain<M, O>: Number,
    {
        let inner = operand.computed();
        expression(Expr::Call(Call::Abs, vec![inner.expr]), inner.kind, true)
    }
}

/// A number with this many places.
#[derive(Debug, Clone, Copy)]
pub struct Round;

impl Round {
    /// Of a decimal; halves go away from zero. On `SQLite`, whose decimals are binary fractions,
    /// a half may be one only nearly, as with Django.
    pub fn of<M, O>(operand: O, places: u32) -> Expression<M, Option<Decimal>, O::Cardinality>
    where
        O: IntoExpression<M>,
        O::Value: FieldType<Plain = Decimal>,
    {
        let places = places.min(28);
        let digits = Expr::Value(i64::from(places).into_value(), ColumnKind::Integer);
        let call = Expr::Call(Call::Round, vec![operand.computed().expr, digits]);
        expression(call, ColumnKind::Decimal { digits: 28, places }, true)
    }
}

/// The first of two values that is not null.
#[derive(Debug, Clone, Copy)]
pub struct Coalesce;

impl Coalesce {
    /// The first if it is not null, or else the second, which decides whether the result may be
    /// null: `Coalesce::of(Sum::of(invoice::total), Decimal::ZERO)` never is.
    pub fn of<M, A, B>(first: A, second: B) -> Expression<M, B::Value, Both<M, A, B>>
    where
        A: IntoExpression<M>,
        B: IntoExpression<M>,
        A::Value: FieldType<Plain = Plain<M, B>>,
    {
        let (first, second) = (first.computed(), second.computed());
        let (kind, nullable) = (first.kind, second.nullable);
        expression(Expr::Call(Call::Coalesce, vec![first.expr, second.expr]), kind, nullable)
    }
}

/// A value, or null where it equals another one.
#[derive(Debug, Clone, Copy)]
pub struct NullIf;

impl NullIf {
    /// The first, or null where it equals the second.
    pub fn of<M, A, B>(first: A, second: B) -> FirstOf<M, A, B>
    where
        A: IntoExpression<M>,
        B: IntoExpression<M>,
        B::Value: FieldType<Plain = Plain<M, A>>,
    {
        let (first, second) = (first.computed(), second.computed());
        expression(Expr::Call(Call::NullIf, vec![first.expr, second.expr]), first.kind, true)
    }
}

macro_rules! choosing {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy)]
        pub struct $name;

        impl $name {
            /// Of two values; null where one of them is, on both databases.
            pub fn of<M, A, B>(
                first: A,
                second: B,
            ) -> FirstOf<M, A, B>
            where
                A: IntoExpression<M>,
                B: IntoExpression<M>,
                B::Value: FieldType<Plain = Plain<M, A>>,
                Plain<M, A>: Comparable,
            {
                let (first, second) = (first.computed(), second.computed());
                let kind = first.kind;
                expression(Expr::Call(Call::$name, vec![first.expr, second.expr]), kind, true)
            }
        }
    )*};
}

choosing! {
    /// The greater of two values of a row.
    Greatest;
    /// The lesser of two values of a row.
    Least;
}

/// Two texts as one.
#[derive(Debug, Clone, Copy)]
pub struct Concat;

impl Concat {
    /// One text after the other; null counts as empty, so that the result is never null. Of three:
    /// `Concat::of(Concat::of(first, " "), last)`.
    pub fn of<M, A, B>(first: A, second: B) -> Expression<M, String, Both<M, A, B>>
    where
        A: IntoExpression<M>,
        B: IntoExpression<M>,
        A::Value: FieldType<Plain = String>,
        B::Value: FieldType<Plain = String>,
    {
        let parts = vec![first.computed().expr, second.computed().expr];
        expression(Expr::Call(Call::Concat, parts), ColumnKind::Text, false)
    }
}

/// The remainder of a division of whole numbers.
#[derive(Debug, Clone, Copy)]
pub struct Mod;

impl Mod {
    /// Has the sign of the first; null where the second is zero.
    pub fn of<M, A, B>(first: A, second: B) -> Expression<M, Option<i64>, Both<M, A, B>>
    where
        A: IntoExpression<M>,
        B: IntoExpression<M>,
        Plain<M, A>: FitsIn<i64>,
        Plain<M, B>: FitsIn<i64>,
    {
        let wide = |side: Computed| Expr::Cast(Box::new(side.expr), ColumnKind::BigInt);
        let sides = Box::new((wide(first.computed()), wide(second.computed())));
        expression(Expr::Infix(Infix::Rest, sides), ColumnKind::BigInt, true)
    }
}

/// The moment at which the statement runs, as the database's clock has it.
#[derive(Debug, Clone, Copy)]
pub struct Now;

impl Now {
    /// In milliseconds on `SQLite`, in microseconds on `PostgreSQL`.
    pub fn expression<M>() -> Expression<M, DateTime> {
        expression(Expr::Call(Call::Now, Vec::new()), ColumnKind::DateTime, false)
    }
}

/// A value as one of another type.
#[derive(Debug, Clone, Copy)]
pub struct Cast;

/// What a value can be cast to.
#[diagnostic::on_unimplemented(
    message = "no value can be cast to `{Self}`",
    label = "`bool`, `i32`, `i64`, `f64`, `Decimal` and `String` are what values are cast to"
)]
pub trait CastTo: FieldType<Plain = Self> {
    /// What the column of such a value stores.
    #[doc(hidden)]
    const KIND: ColumnKind;
}

macro_rules! cast_to {
    ($($type:ty => $kind:ident;)*) => {$(
        impl CastTo for $type {
            const KIND: ColumnKind = ColumnKind::$kind;
        }
    )*};
}

cast_to! {
    bool => Bool;
    i32 => Integer;
    i64 => BigInt;
    f64 => Float;
    Decimal => Numeric;
    String => Text;
}

impl Cast {
    /// `Cast::to::<f64, _, _>(track::bytes)`; null of null. Text that is not a number is zero on
    /// `SQLite` and an error on `PostgreSQL`, as in Django.
    pub fn to<T: CastTo, M, O: IntoExpression<M>>(
        operand: O,
    ) -> Expression<M, Option<T>, O::Cardinality> {
        expression(Expr::Cast(Box::new(operand.computed().expr), T::KIND), T::KIND, true)
    }
}

/// The value of the first condition that holds.
///
/// ```
/// use quintet::db::{Case, Expression};
/// use quintet::prelude::*;
///
/// # #[model(table = "track")]
/// # pub struct Track {
/// #     pub id: i64,
/// #     pub milliseconds: i32,
/// # }
/// fn length() -> Expression<Track, String> {
///     Case::when(Track::fields().milliseconds().gte(600_000), "long")
///         .when(Track::fields().milliseconds().gte(180_000), "usual")
///         .otherwise("short")
/// }
/// # fn main() {}
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Case;

/// A [`Case`] that lacks its end: `otherwise` or `or_null`.
#[derive(Debug, Clone)]
#[must_use = "it is an expression from `otherwise` or `or_null` on"]
pub struct Cases<M, T> {
    branches: Vec<(Predicate, Expr)>,
    kind: ColumnKind,
    nullable: bool,
    types: PhantomData<fn() -> (M, T)>,
}

impl Case {
    /// The value if a condition holds.
    pub fn when<M, O>(condition: Condition<M>, then: O) -> Cases<M, O::Value>
    where
        O: IntoExpression<M, Cardinality = One>,
    {
        let then = then.computed();
        Cases {
            branches: vec![(condition.into(), then.expr)],
            kind: then.kind,
            nullable: then.nullable,
            types: PhantomData,
        }
    }
}

impl<M, T: FieldType> Cases<M, T> {
    /// The value if this condition holds and no earlier one does.
    pub fn when<O>(mut self, condition: Condition<M>, then: O) -> Self
    where
        O: IntoExpression<M, Value = T, Cardinality = One>,
    {
        let then = then.computed();
        self.nullable |= then.nullable;
        self.branches.push((condition.into(), then.expr));
        self
    }

    /// The value if no condition holds.
    pub fn otherwise<O>(self, value: O) -> Expression<M, T>
    where
        O: IntoExpression<M, Value = T, Cardinality = One>,
    {
        let value = value.computed();
        let expr = Expr::Case(self.branches, Some(Box::new(value.expr)));
        expression(expr, self.kind, self.nullable || value.nullable)
    }

    /// Null if no condition holds.
    pub fn or_null(self) -> Expression<M, Option<T::Plain>> {
        expression(Expr::Case(self.branches, None), self.kind, true)
    }
}

/// A part of a date or a moment, as a number.
#[derive(Debug, Clone, Copy)]
pub struct Extract;

impl Extract {
    /// `Extract::part(DatePart::Year, invoice::invoice_date)`, in UTC; null of null. For
    /// `DatePart::Date` and `DatePart::Time`, which are not numbers, it is null.
    pub fn part<M, O>(part: DatePart, operand: O) -> Expression<M, Option<i64>, O::Cardinality>
    where
        O: IntoExpression<M>,
        O::Value: TemporalField,
    {
        let inner = operand.computed();
        let expr = Expr::Part(part, Box::new(inner.expr), inner.kind);
        expression(expr, ColumnKind::BigInt, true)
    }
}

/// A date or a moment cut to the start of its year, month, day, .., in UTC.
#[derive(Debug, Clone, Copy)]
pub struct Trunc;

macro_rules! truncations {
    ($($(#[$doc:meta])* $name:ident => $to:ident;)*) => {$(
        $(#[$doc])*
        pub fn $name<M, O>(operand: O) -> Expression<M, Option<Plain<M, O>>, O::Cardinality>
        where
            O: IntoExpression<M>,
            Plain<M, O>: Dated,
        {
            let inner = operand.computed();
            let expr = Expr::Trunc(Truncated::$to, Box::new(inner.expr), inner.kind);
            expression(expr, inner.kind, true)
        }
    )*};
}

impl Trunc {
    truncations! {
        /// The first of January.
        year => Year;
        /// The first day of the quarter.
        quarter => Quarter;
        /// The first day of the month.
        month => Month;
        /// The Monday of the week.
        week => Week;
        /// Midnight.
        day => Day;
        /// The full hour; of a date, midnight.
        hour => Hour;
        /// The full minute; of a date, midnight.
        minute => Minute;
        /// The full second; of a date, midnight.
        second => Second;
    }

    /// The day of a moment, as a date (`TruncDate`).
    pub fn date<M, O>(operand: O) -> Expression<M, Option<NaiveDate>, O::Cardinality>
    where
        O: IntoExpression<M>,
        O::Value: FieldType<Plain = DateTime>,
    {
        let inner = operand.computed();
        let expr = Expr::Part(DatePart::Date, Box::new(inner.expr), inner.kind);
        expression(expr, ColumnKind::Date, true)
    }
}

/// A date or a moment.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is neither a date nor a moment, and cannot be cut to its month or day"
)]
pub trait Dated {}
impl Dated for NaiveDate {}
impl Dated for DateTime {}
