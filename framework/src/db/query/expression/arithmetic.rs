//! `+`, `-`, `*` and `/` between numbers: `Track::fields().milliseconds() / 1000`.

use std::marker::PhantomData;
use std::ops::{Add, Div, Mul, Sub};

use super::expr::{Computed, Expr, Infix};
use super::operand::{Cardinality, IntoExpression};
use super::{Aggregate, Expression};
use crate::db::{Annotation, ColumnKind, FieldPath, Model};
use crate::values::FieldType;
use crate::values::types::Decimal;

/// A number that another of the type `Rhs` can be added to, and so on.
#[diagnostic::on_unimplemented(
    message = "`{Self}` and `{Rhs}` have no sum, difference, product or quotient in SQL",
    label = "arithmetic takes two numbers"
)]
pub trait Arithmetic<Rhs> {
    /// The result: an `i64` of whole numbers, an `f64` where one is, else a `Decimal`.
    type Output: FieldType<Plain = Self::Output>;
}

macro_rules! arithmetic {
    ($($left:ty, $right:ty => $output:ty;)*) => {$(
        impl Arithmetic<$right> for $left {
            type Output = $output;
        }
    )*};
}

arithmetic! {
    i16, i16 => i64; i16, i32 => i64; i16, i64 => i64;
    i32, i16 => i64; i32, i32 => i64; i32, i64 => i64;
    i64, i16 => i64; i64, i32 => i64; i64, i64 => i64;
    f64, f64 => f64; f64, i16 => f64; f64, i32 => f64; f64, i64 => f64;
    i16, f64 => f64; i32, f64 => f64; i64, f64 => f64;
    Decimal, Decimal => Decimal; Decimal, i16 => Decimal; Decimal, i32 => Decimal;
    Decimal, i64 => Decimal;
    i16, Decimal => Decimal; i32, Decimal => Decimal; i64, Decimal => Decimal;
}

/// The plain type of an operand's value.
type Plain<M, O> = <<O as IntoExpression<M>>::Value as FieldType>::Plain;
/// What two operands make.
type Made<M, L, R> = Expression<
    M,
    Option<<Plain<M, L> as Arithmetic<Plain<M, R>>>::Output>,
    <<L as IntoExpression<M>>::Cardinality as Cardinality>::And<
        <R as IntoExpression<M>>::Cardinality,
    >,
>;

fn infix<M, L, R>(operator: Infix, left: L, right: R) -> Made<M, L, R>
where
    L: IntoExpression<M>,
    R: IntoExpression<M>,
    Plain<M, L>: Arithmetic<Plain<M, R>>,
{
    let (left, right) = (left.computed(), right.computed());
    let kind = match (left.kind, right.kind) {
        (ColumnKind::Float, _) | (_, ColumnKind::Float) => ColumnKind::Float,
        (ColumnKind::Decimal { .. } | ColumnKind::Numeric, _)
        | (_, ColumnKind::Decimal { .. } | ColumnKind::Numeric) => ColumnKind::Numeric,
        _ => ColumnKind::BigInt,
    };
    // PostgreSQL adds two of 32 bits in 32 bits
    let wide = |side: Computed| match side.kind {
        ColumnKind::SmallInt | ColumnKind::Integer if kind == ColumnKind::BigInt => {
            Expr::Cast(Box::new(side.expr), kind)
        }
        _ => side.expr,
    };
    let operator = match (operator, kind) {
        (Infix::Div, ColumnKind::Numeric) => Infix::Ratio,
        _ => operator,
    };
    let expr = Expr::Infix(operator, Box::new((wide(left), wide(right))));
    Expression { computed: Computed { expr, kind, nullable: true }, types: PhantomData }
}

macro_rules! operators {
    ($($operator:ident, $method:ident;)*) => {$(
        operators!(@of $operator, $method, [M, T, C], FieldPath<M, T, C>, [C: Cardinality]);
        operators!(@of $operator, $method, [M, T, C], Expression<M, T, C>, [M: Model, C: Cardinality]);
        operators!(@of $operator, $method, [M, T], Aggregate<M, T>, [M: Model]);
        operators!(@of $operator, $method, [M, T], Annotation<M, T>, [M: Model]);
    )*};
    (@of $operator:ident, $method:ident, [$($parameter:ident),*], $left:ty, [$($bound:tt)*]) => {
        impl<$($parameter,)* R> $operator<R> for $left
        where
            $($bound)*,
            T: FieldType,
            R: IntoExpression<M>,
            Plain<M, Self>: Arithmetic<Plain<M, R>>,
        {
            type Output = Made<M, Self, R>;

            fn $method(self, right: R) -> Self::Output {
                infix(Infix::$operator, self, right)
            }
        }
    };
}

operators! {
    Add, add;
    Sub, sub;
    Mul, mul;
    Div, div;
}
