//! Rows one after the other, a batch of them in memory.

use std::fmt;

use super::QuerySet;
use crate::db::{
    ColumnKind, Conn, Dialect, Error, Lookup, Model, OrderTerm, Path, Predicate, Select, Selected,
};
use crate::values::Value;

/// Rows of a statement, as Django's `iterator` has them.
const CHUNK_SIZE: i64 = 2000;

/// The rows of a query set, read in batches; made by [`QuerySet::iterate`].
#[must_use = "nothing is asked before `next` is awaited"]
pub struct Rows<'a, M> {
    conn: &'a Conn,
    select: Select,
    terms: Vec<OrderTerm>,
    chunk_size: i64,
    batch: std::vec::IntoIter<M>,
    /// How many may follow; `None` for any number.
    left: Option<i64>,
    /// What the last row has in the terms of the order, after a full batch.
    place: Option<Vec<Value>>,
    ended: bool,
}

impl<M> fmt::Debug for Rows<'_, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rows").field("select", &self.select).finish_non_exhaustive()
    }
}

impl<M: Model> QuerySet<M> {
    /// The rows one after the other, with a batch of them in memory (Django's `iterator`).
    ///
    /// A statement reads a batch: the rows that come after the last one in the query's order, and
    /// by key where that leaves a choice. A row that does not change meanwhile comes once,
    /// but for a random order, which is another one for each batch.
    pub fn iterate(self, conn: &Conn) -> Rows<'_, M> {
        let query = self.settled();
        let mut terms = query.terms();
        let key = Self::by_key();
        if !terms.iter().any(|term| term.path.is_same(&key.path)) {
            terms.push(key);
        }
        let (left, ended) = (query.limit, query.limit == Some(0));
        let mut select = Select::from(query.order_by_terms(terms.clone()));
        for term in &terms {
            select.also(Selected::Value(term.path.clone()));
        }
        let batch = Vec::new().into_iter();
        Rows { conn, select, terms, chunk_size: CHUNK_SIZE, batch, left, place: None, ended }
    }
}

impl<M: Model> Rows<'_, M> {
    /// How many rows a statement reads; 2000, unless set.
    pub fn chunk_size(mut self, rows: u32) -> Self {
        self.chunk_size = i64::from(rows.max(1));
        self
    }

    /// The next row; `None` after the last one.
    ///
    /// # Errors
    /// As [`QuerySet::all`]; what has been read stays read, and a further call tries again.
    pub async fn next(&mut self) -> Result<Option<M>, Error> {
        if let Some(row) = self.batch.next() {
            return Ok(Some(row));
        }
        if self.ended {
            return Ok(None);
        }
        self.batch = self.read().await?.into_iter();
        Ok(self.batch.next())
    }

    async fn read(&mut self) -> Result<Vec<M>, Error> {
        let size = self.left.map_or(self.chunk_size, |left| left.min(self.chunk_size));
        let mut select = self.select.clone();
        match &self.place {
            None => select.first(size),
            Some(place) => {
                select.also_where(after_place(&self.terms, place, self.conn.dialect()));
                select.restart(size);
            }
        }
        let kinds: Vec<ColumnKind> = self.terms.iter().map(|term| term.path.kind()).collect();
        let (columns, mut read, mut place) = (M::META.columns.len(), 0, None);
        let rows = self
            .conn
            .rows(select.statement(self.conn)?, |row| {
                read += 1;
                if read == size {
                    let value = |(at, kind): (usize, &ColumnKind)| row.value(columns + at, *kind);
                    place = Some(kinds.iter().enumerate().map(value).collect::<Result<_, _>>()?);
                }
                M::from_row(row, 0)
            })
            .await?;
        self.left = self.left.map(|left| left - read);
        self.ended = place.is_none() || self.left == Some(0);
        self.place = place;
        Ok(rows)
    }
}

/// The rows after a place in an order.
fn after_place(terms: &[OrderTerm], place: &[Value], dialect: Dialect) -> Predicate {
    let mut same: Vec<Predicate> = Vec::new();
    let mut any = Vec::new();
    for (term, value) in terms.iter().zip(place) {
        let mut all = same.clone();
        all.push(after(term, value, dialect));
        any.push(Predicate::All(all));
        same.push(match value {
            Value::Null => is_null(&term.path, true),
            value => Predicate::exact(term.path.clone(), value.clone()),
        });
    }
    Predicate::Any(any)
}

/// What comes after a value in one term.
fn after(term: &OrderTerm, value: &Value, dialect: Dialect) -> Predicate {
    let path = &term.path;
    let nulls_last = term.has_nulls_last(dialect);
    if value.is_null() {
        return if nulls_last { Predicate::never() } else { is_null(path, false) };
    }
    let lookup = if term.descending { Lookup::Lt } else { Lookup::Gt };
    let beyond = Predicate::new(path.clone(), lookup, value.clone());
    if nulls_last && (path.leaf.is_nullable() || !path.hops.is_empty()) {
        return beyond.or(is_null(path, true));
    }
    beyond
}

fn is_null(path: &Path, null: bool) -> Predicate {
    Predicate::new(path.clone(), Lookup::IsNull, Value::Bool(null))
}
