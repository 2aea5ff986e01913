//! Trees: everything below a row, everything above it.

use std::future::IntoFuture;
use std::marker::PhantomData;

use futures_util::future::LocalBoxFuture;

use crate::db::{self, Conn, Error, Fields, Model, SelfRelation, Tree, TreeError, TreeLimits};
use crate::exceptions::{ApiException, Detail, Result};
use crate::request::Context;
use crate::values::Value;

/// The default limits of a tree.
const MOST: TreeLimits = TreeLimits { depth: db::MOST_LEVELS, rows: 10_000 };

/// A query for a row and everything below it; `.await` runs it. Created by
/// [`Context::descendants`].
#[derive(Debug)]
#[must_use = "nothing is asked before it is awaited"]
pub struct Descendants<'a, M> {
    conn: &'a Conn,
    relation: Option<SelfRelation>,
    start: Value,
    most: TreeLimits,
    model: PhantomData<fn() -> M>,
}

impl<M> Descendants<'_, M> {
    /// Reads at most this many levels below the row; 100 by default.
    pub fn max_depth(mut self, levels: u32) -> Self {
        self.most.depth = levels;
        self
    }

    /// Reads at most this many rows below the row; 10,000 by default.
    pub fn max_rows(mut self, rows: usize) -> Self {
        self.most.rows = rows;
        self
    }
}

impl<'a, M: Model> IntoFuture for Descendants<'a, M> {
    type Output = Result<Tree<M>>;
    type IntoFuture = LocalBoxFuture<'a, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let relation = self.relation.ok_or_else(no_tree::<M>)?;
            let tree = self.conn.tree_below(relation, self.start, self.most).await;
            tree.map_err(|error| refused(error, M::META.name, "below"))?
                .ok_or_else(|| ApiException::no_match(M::META.name))
        })
    }
}

impl Context {
    /// The row with everything below it along a foreign key of its model to itself, in one
    /// statement, each level in the model's order. [`Descendants`] sets how much is read at most,
    /// before `.await`.
    ///
    /// ```
    /// # use quintet::db::Tree;
    /// # use quintet::prelude::*;
    /// # #[model(table = "parts")]
    /// # pub struct Part {
    /// #     pub id: i64,
    /// #     #[field(foreign_key = Part, related_name = parts)]
    /// #     pub whole_id: Option<i64>,
    /// # }
    /// async fn parts(cx: &Context, part: &Part) -> Result<Tree<Part>, ApiException> {
    ///     cx.descendants(part, Part::fields().whole()).max_depth(20).await
    /// }
    /// ```
    ///
    /// # Errors
    /// 409 if the rows form a cycle, or exceed the limits of depth or number; 404 if the row is
    /// gone.
    pub fn descendants<M: Model, F: Fields<Model = M>>(
        &self,
        row: &M,
        relation: F,
    ) -> Descendants<'_, M> {
        Descendants {
            conn: self,
            relation: SelfRelation::of(&relation.way()),
            start: row.pk(),
            most: MOST,
            model: PhantomData,
        }
    }

    /// The rows above a row along a foreign key of its model to itself, nearest first, in one
    /// statement: `cx.ancestors(&employee, Employee::fields().reports_to()).await?`.
    ///
    /// # Errors
    /// 409 if the rows form a cycle, or are more than 100.
    pub async fn ancestors<M: Model, F: Fields<Model = M>>(
        &self,
        row: &M,
        relation: F,
    ) -> Result<Vec<M>> {
        let relation = SelfRelation::of(&relation.way()).ok_or_else(no_tree::<M>)?;
        let rows = self.tree_above(relation, row.pk(), MOST).await;
        rows.map_err(|error| refused(error, M::META.name, "above"))
    }
}

fn no_tree<M: Model>() -> ApiException {
    ApiException::internal(format!(
        "a tree of {} is read along a foreign key of it to itself, and no other way",
        M::META.name
    ))
}

/// The rows are at fault, not the server.
fn refused(error: Error, model: &str, side: &str) -> ApiException {
    let Error::Tree { field, problem } = error else { return error.into() };
    let (what, code) = match problem {
        TreeError::Cycle => (format!("its '{field}' {problem}"), "cycle"),
        _ => (format!("it {problem}"), "too_large"),
    };
    ApiException::Custom {
        status: 409,
        detail: Detail::new(format!("Cannot show what is {side} this {model}: {what}."), code),
    }
}
