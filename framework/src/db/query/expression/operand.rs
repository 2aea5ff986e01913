//! What stands in an expression: columns, paths, other expressions, and plain values.

use chrono::{NaiveDate, NaiveTime};

use super::expr::{Computed, Expr};
use super::{Aggregate, Expression};
use crate::db::{
    Annotation, Column, ColumnKind, Condition, FieldPath, Many, Model, One, Optional, PathOf,
    SingleValued,
};
use crate::values::FieldType;
use crate::values::types::{DateTime, Decimal, Uuid};

/// A value in an expression over the rows of `M`: a column (`track::name`), a path
/// (`Track::fields().album().title()`), another expression, or a plain value.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no value in an expression over the model `{M}`",
    label = "neither a column, a path or an expression of `{M}`, nor a plain value",
    note = "columns are named by the module that `#[model]` writes (`track::name`), and paths start \
            with the model's own fields (`Track::fields().album().title()`)"
)]
pub trait IntoExpression<M> {
    /// What the value is read as: an `Option` where it may be null.
    type Value: FieldType;
    /// [`One`] or [`Many`].
    type Cardinality: Cardinality;

    /// The expression without its types.
    #[doc(hidden)]
    fn computed(self) -> Computed;
}

/// [`One`], [`Optional`] or [`Many`]: how many rows or values a row leads to.
#[diagnostic::on_unimplemented(message = "`{Self}` is neither `One` nor `Many`")]
pub trait Cardinality {
    /// How many lead to a value of this and one of another.
    type And<Other: Cardinality>: Cardinality;
    /// How many rows are at the end of a foreign key that may be null.
    type Nullable: Cardinality;
    /// How many values are there: null is one.
    type Values: Cardinality;
}

impl Cardinality for One {
    type And<Other: Cardinality> = Other;
    type Nullable = Optional;
    type Values = Self;
}

impl Cardinality for Optional {
    type And<Other: Cardinality> = Other;
    type Nullable = Self;
    type Values = One;
}

impl Cardinality for Many {
    type And<Other: Cardinality> = Self;
    type Nullable = Self;
    type Values = Self;
}

/// A value that a column of the type `T` takes, for an expression that is stored there.
#[diagnostic::on_unimplemented(
    message = "an expression of type `{Self}` cannot be stored in a column of type `{T}`",
    label = "not a value of that column",
    note = "numbers are stored in columns of numbers, but those with decimals not in integers: \
            `Cast` makes another type of an expression"
)]
pub trait FitsIn<T> {}

macro_rules! fits {
    ($($value:ty => $($column:ty),*;)*) => {$($(impl FitsIn<$column> for $value {})*)*};
}

fits! {
    i16 => i16, i32, i64, f64, Decimal;
    i32 => i16, i32, i64, f64, Decimal;
    i64 => i16, i32, i64, f64, Decimal;
    f64 => f64, Decimal;
    Decimal => f64, Decimal;
    bool => bool;
    String => String;
    DateTime => DateTime;
    NaiveDate => NaiveDate;
    NaiveTime => NaiveTime;
    Uuid => Uuid;
}

fn of_path<M>(path: impl PathOf<M>, nullable: bool) -> Computed {
    let path = path.into_path();
    Computed { kind: path.kind(), expr: Expr::Path(path), nullable }
}

#[diagnostic::do_not_recommend]
impl<C: Column> IntoExpression<C::Model> for C {
    type Value = C::Value;
    type Cardinality = One;

    fn computed(self) -> Computed {
        let nullable = C::Model::META.columns.get(C::INDEX).is_some_and(|column| column.nullable);
        of_path(self, nullable)
    }
}

impl<M, T: FieldType, C: Cardinality> IntoExpression<M> for FieldPath<M, T, C> {
    type Value = Option<T::Plain>;
    type Cardinality = C;

    fn computed(self) -> Computed {
        of_path(self, true)
    }
}

impl<M: Model, T: FieldType> IntoExpression<M> for Annotation<M, T> {
    type Value = T;
    type Cardinality = One;

    fn computed(self) -> Computed {
        let nullable = self.meta().computed().nullable;
        of_path(self, nullable)
    }
}

impl<M: Model, T: FieldType, C: Cardinality> IntoExpression<M> for Expression<M, T, C> {
    type Value = T;
    type Cardinality = C;

    fn computed(self) -> Computed {
        self.computed
    }
}

impl<M: Model, T: FieldType> IntoExpression<M> for Aggregate<M, T> {
    type Value = T;
    type Cardinality = One;

    fn computed(self) -> Computed {
        self.into_computed()
    }
}

/// Whether it holds (`annotate(is_long=Q(milliseconds__gt=300_000))`); null where a null is compared.
impl<M> IntoExpression<M> for Condition<M> {
    type Value = Option<bool>;
    type Cardinality = One;

    fn computed(self) -> Computed {
        let expr = Expr::Condition(Box::new(self.into()));
        Computed { expr, kind: ColumnKind::Bool, nullable: true }
    }
}

impl<M> From<Condition<M>> for Expression<M, Option<bool>> {
    fn from(condition: Condition<M>) -> Self {
        Self { computed: condition.computed(), types: std::marker::PhantomData }
    }
}

macro_rules! plain_values {
    ($($type:ty => $kind:expr;)*) => {$(
        impl<M> IntoExpression<M> for $type {
            type Value = Self;
            type Cardinality = One;

            fn computed(self) -> Computed {
                let kind = $kind;
                Computed { expr: Expr::Value(self.into_value(), kind), kind, nullable: false }
            }
        }
    )*};
}

plain_values! {
    i16 => ColumnKind::SmallInt;
    i32 => ColumnKind::Integer;
    i64 => ColumnKind::BigInt;
    f64 => ColumnKind::Float;
    bool => ColumnKind::Bool;
    String => ColumnKind::Text;
    Decimal => ColumnKind::Numeric;
    DateTime => ColumnKind::DateTime;
    NaiveDate => ColumnKind::Date;
    NaiveTime => ColumnKind::Time;
    Uuid => ColumnKind::Uuid;
}

impl<M> IntoExpression<M> for &str {
    type Value = String;
    type Cardinality = One;

    fn computed(self) -> Computed {
        IntoExpression::<M>::computed(self.to_owned())
    }
}

/// An operand with one value a row: what rows are annotated with.
pub(crate) fn single<M, O>(operand: O) -> Computed
where
    O: IntoExpression<M>,
    O::Cardinality: SingleValued,
{
    operand.computed()
}
