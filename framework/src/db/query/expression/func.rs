//! Functions of the database by their names.

use std::marker::PhantomData;

use super::expr::{Computed, Expr};
use super::operand::IntoExpression;
use super::{CastTo, Expression};
use crate::db::{SingleValued, single};

/// A function of the database that has no type here (Django's `Func`): one of an extension, or one
/// of your own.
///
/// Its name is written as it stands here, so that it is a constant of the program; its arguments are
/// columns, paths, expressions, or values that are bound. A name that one of the databases does not
/// know is an error of that database.
///
/// ```
/// use quintet::db::{Expression, Func};
/// use quintet::prelude::*;
///
/// # #[model(table = "artist")]
/// # pub struct Artist {
/// #     pub id: i64,
/// #     pub name: String,
/// # }
/// /// How like a name is, by PostgreSQL's extension `pg_trgm` (`TrigramSimilarity`).
/// fn likeness(name: &str) -> Expression<Artist, Option<f64>> {
///     Func::new("SIMILARITY").argument(artist::name).argument(name).returns::<f64>()
/// }
/// # fn main() {}
/// ```
#[must_use = "it is an expression from `returns` on"]
pub struct Func<M> {
    name: &'static str,
    arguments: Vec<Expr>,
    model: PhantomData<fn() -> M>,
}

impl<M> std::fmt::Debug for Func<M> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Func").field(&self.name).finish()
    }
}

impl<M> Func<M> {
    /// A function without arguments.
    pub fn new(name: &'static str) -> Self {
        Self { name, arguments: Vec::new(), model: PhantomData }
    }

    /// Adds an argument.
    pub fn argument<O>(mut self, argument: O) -> Self
    where
        O: IntoExpression<M, Cardinality: SingleValued>,
    {
        self.arguments.push(single::<M, _>(argument).expr);
        self
    }

    /// Says what the result is, which is cast to it; it may be null.
    pub fn returns<T: CastTo>(self) -> Expression<M, Option<T>> {
        let call = Box::new(Expr::Named(self.name, self.arguments));
        let expr = Expr::Cast(call, T::KIND);
        Expression {
            computed: Computed { expr, kind: T::KIND, nullable: true },
            types: PhantomData,
        }
    }
}
