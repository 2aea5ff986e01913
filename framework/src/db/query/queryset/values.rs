//! Some values of each row, in place of the rows.

use std::fmt;
use std::marker::PhantomData;

use super::QuerySet;
use crate::db::{Cells, ColumnKind, Conn, Error, Model, Path, Select, Selected, Selection};

/// Some values of each row of a query set; made by [`QuerySet::values`].
#[must_use = "nothing is asked before it is awaited"]
pub struct Values<M, S> {
    queryset: QuerySet<M>,
    paths: Vec<Path>,
    selection: PhantomData<fn() -> S>,
}

impl<M, S> fmt::Debug for Values<M, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<String> = self.paths.iter().map(Path::name).collect();
        f.debug_struct("Values").field("queryset", &self.queryset).field("paths", &names).finish()
    }
}

impl<M: Model> QuerySet<M> {
    /// Some values of each row, typed (Django's `values_list`): a column alone, or a tuple of
    /// columns and of paths along relations to one row.
    pub fn values<S: Selection<M>>(self, selection: S) -> Values<M, S> {
        let mut paths = Vec::new();
        selection.paths(&mut paths);
        Values { queryset: self, paths, selection: PhantomData }
    }
}

impl<M: Model, S: Selection<M>> Values<M, S> {
    /// Drops duplicates (`SELECT DISTINCT`).
    pub fn distinct(mut self) -> Self {
        self.queryset = self.queryset.distinct();
        self
    }

    /// The values.
    ///
    /// # Errors
    /// What the database reports.
    pub async fn all(self, conn: &Conn) -> Result<Vec<S::Row>, Error> {
        let kinds: Vec<ColumnKind> = self.paths.iter().map(Path::kind).collect();
        let mut select = Select::from(self.queryset);
        if select.is_empty() {
            return Ok(Vec::new());
        }
        select.only(Vec::new());
        for path in self.paths {
            select.also(Selected::Value(path));
        }
        conn.rows(select.statement(conn)?, |row| S::read(&mut Cells::new(row, &kinds))).await
    }

    /// Those of the first row in the query's order; by key, where it has none.
    ///
    /// # Errors
    /// What the database reports.
    pub async fn first(mut self, conn: &Conn) -> Result<Option<S::Row>, Error> {
        let terms = self.queryset.terms();
        self.queryset = self.queryset.order_by_terms(terms).slice(0, 1);
        Ok(self.all(conn).await?.pop())
    }
}
