//! SQL of the program's own, in an expression.

use std::marker::PhantomData;

use super::expr::{Computed, Expr};
use super::operand::IntoExpression;
use super::{CastTo, Expression};
use crate::db::{SingleValued, single};

/// SQL of your own as a value of each row (Django's `RawSQL`): in annotations, conditions, orders and
/// [`QuerySet::values`](crate::db::QuerySet::values), where Django has `extra(select=…, where=…)`.
///
/// The text is a constant of the program, and `%s` in it stands for an argument: a column, a path, an
/// expression, or a value, which is bound and never part of the text. `%%` is a percent sign. What the
/// text names itself, it names as the statement does: `"store_track"."name"`.
///
/// ```
/// use quintet::db::{Expression, RawSql};
/// use quintet::prelude::*;
///
/// # #[model(table = "track")]
/// # pub struct Track {
/// #     pub id: i64,
/// #     pub milliseconds: i32,
/// # }
/// fn minutes() -> Expression<Track, Option<i64>> {
///     RawSql::new("%s / %s").argument(track::milliseconds).argument(60_000).returns::<i64>()
/// }
/// # fn main() {}
/// ```
#[doc(alias = "extra")]
#[must_use = "it is an expression from `returns` on"]
pub struct RawSql<M> {
    text: &'static str,
    arguments: Vec<Expr>,
    model: PhantomData<fn() -> M>,
}

impl<M> std::fmt::Debug for RawSql<M> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("RawSql").field(&self.text).finish()
    }
}

impl<M> RawSql<M> {
    /// SQL of one value.
    pub fn new(text: &'static str) -> Self {
        Self { text, arguments: Vec::new(), model: PhantomData }
    }

    /// Adds what the next `%s` stands for. One that has none is null.
    pub fn argument<O>(mut self, argument: O) -> Self
    where
        O: IntoExpression<M, Cardinality: SingleValued>,
    {
        self.arguments.push(single::<M, _>(argument).expr);
        self
    }

    pub(crate) fn into_parts(self) -> (&'static str, Vec<Expr>) {
        (self.text, self.arguments)
    }

    /// Says what the value is, which is cast to it; it may be null.
    pub fn returns<T: CastTo>(self) -> Expression<M, Option<T>> {
        let raw = Expr::Raw(self.text, self.arguments);
        // a truth value is one on both databases, and an index is found without a cast
        let expr = match T::KIND {
            crate::db::ColumnKind::Bool => raw,
            kind => Expr::Cast(Box::new(raw), kind),
        };
        Expression {
            computed: Computed { expr, kind: T::KIND, nullable: true },
            types: PhantomData,
        }
    }
}
