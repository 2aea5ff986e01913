//! The rows of two query sets as one list of rows (`union`, `intersection`, `difference`).

use std::fmt;

use super::super::select::slice;
use crate::db::{Cells, ColumnKind, Conn, Dialect, Error, Model, Select, Selection, Sql, Values};

/// What is read of one row.
type Read<R> = fn(&mut Cells<'_, '_>) -> Result<R, Error>;

/// The rows of two query sets, of one model or of two; made by [`Values::union`] and its like.
///
/// The order of each of the two is dropped, unless it is sliced: there it says which rows are in the slice.
#[must_use = "nothing is asked before it is awaited"]
pub struct Combined<R> {
    body: Body,
    kinds: Vec<ColumnKind>,
    read: Read<R>,
    order: Vec<(usize, bool)>,
    limit: Option<i64>,
    offset: i64,
}

enum Body {
    /// A query set, and whether it asks for locks, which combined rows do not have.
    One(Box<Select>, bool),
    Both(Box<Self>, &'static str, Box<Self>),
}

impl<R> fmt::Debug for Combined<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Combined").field("kinds", &self.kinds).finish_non_exhaustive()
    }
}

impl Body {
    /// A query set: in any order, where it is not sliced.
    fn one(mut select: Select) -> Self {
        if !select.is_sliced() {
            select.order = Some(Vec::new());
        }
        let locks = select.lock.take().is_some();
        Self::One(Box::new(select), locks)
    }

    fn write(&self, sql: &mut Sql) {
        match self {
            Self::One(select, locks) => {
                if *locks {
                    sql.refuse("`select_for_update` of combined rows");
                }
                sql.append(select.rows(sql.dialect()));
            }
            Self::Both(one, word, other) => {
                one.write_side(sql);
                sql.push(" ").push(word).push(" ");
                other.write_side(sql);
            }
        }
    }

    /// One side: SQLite takes no parentheses there, and no slices.
    fn write_side(&self, sql: &mut Sql) {
        match self {
            Self::One(select, _) if !select.is_sliced() => self.write(sql),
            _ => {
                sql.push("SELECT * FROM (");
                self.write(sql);
                sql.push(") \"side\"");
            }
        }
    }
}

impl<R> Combined<R> {
    pub(super) fn new(
        one: Select,
        word: &'static str,
        other: Select,
        kinds: Vec<ColumnKind>,
        read: Read<R>,
    ) -> Self {
        let body = Body::Both(Box::new(Body::one(one)), word, Box::new(Body::one(other)));
        Self { body, kinds, read, order: Vec::new(), limit: None, offset: 0 }
    }

    fn and<N, O>(mut self, word: &'static str, other: Values<N, O>) -> Self
    where
        N: Model,
        O: Selection<N, Row = R>,
    {
        let (other, _) = other.select();
        self.body = Body::Both(Box::new(self.body), word, Box::new(Body::one(other)));
        self
    }

    /// The rows of another query set as well, each once.
    pub fn union<N: Model, O: Selection<N, Row = R>>(self, other: Values<N, O>) -> Self {
        self.and("UNION", other)
    }

    /// The same, with what is in both twice.
    pub fn union_all<N: Model, O: Selection<N, Row = R>>(self, other: Values<N, O>) -> Self {
        self.and("UNION ALL", other)
    }

    /// Those rows that are in the other as well.
    pub fn intersection<N: Model, O: Selection<N, Row = R>>(self, other: Values<N, O>) -> Self {
        self.and("INTERSECT", other)
    }

    /// Those rows that are not in the other.
    pub fn difference<N: Model, O: Selection<N, Row = R>>(self, other: Values<N, O>) -> Self {
        self.and("EXCEPT", other)
    }

    /// Adds a term to the order, least first: the place of a value in what is selected, from 0 on. A
    /// place beyond the last value is ignored.
    pub fn order_by(mut self, place: usize) -> Self {
        self.order.push((place, false));
        self
    }

    /// Adds a term to the order, greatest first: see [`Combined::order_by`].
    pub fn order_by_desc(mut self, place: usize) -> Self {
        self.order.push((place, true));
        self
    }

    /// At most `limit` rows, after `offset` rows.
    pub fn slice(mut self, offset: i64, limit: i64) -> Self {
        (self.offset, self.limit) = (offset.max(0), Some(limit.max(0)));
        self
    }

    fn statement(&self, dialect: Dialect) -> Sql {
        let mut sql = Sql::new(dialect);
        self.body.write(&mut sql);
        let mut word = " ORDER BY ";
        for (place, descending) in &self.order {
            if *place < self.kinds.len() {
                sql.push(word).push(&(place + 1).to_string());
                sql.push(if *descending { " DESC" } else { " ASC" });
                word = ", ";
            }
        }
        slice(&mut sql, self.limit, self.offset);
        sql
    }

    /// The rows.
    ///
    /// # Errors
    /// [`Error::NotSupported`] where one of the query sets locks its rows, and what the database reports.
    pub async fn all(self, conn: &Conn) -> Result<Vec<R>, Error> {
        let sql = self.statement(conn.dialect());
        let (kinds, read) = (&self.kinds, self.read);
        conn.rows(sql, |row| read(&mut Cells::new(row, kinds))).await
    }

    /// The number of rows.
    ///
    /// # Errors
    /// As [`Combined::all`].
    pub async fn count(self, conn: &Conn) -> Result<i64, Error> {
        let mut sql = Sql::new(conn.dialect());
        sql.push("SELECT COUNT(*) FROM (").append(self.statement(conn.dialect()));
        sql.push(") \"rows\"");
        let rows = conn.rows(sql, |row| row.get(0, ColumnKind::BigInt)).await?;
        Ok(rows.into_iter().next().unwrap_or(0))
    }
}
