//! Aggregates of each group of rows (Django's `values().annotate()`).

use std::fmt;
use std::marker::PhantomData;

use super::QuerySet;
use crate::db::compile::{Compiler, Scope};
use crate::db::select::slice as write_slice;
use crate::db::{
    AggregateCall, Aggregates, Cells, ColumnKind, Condition, Conn, Dialect, Error, Model,
    OrderTerm, Path, PathOf, Predicate, Selection, SingleValued, Sql,
};

/// The rows of a query set, grouped by some of their values; made by [`QuerySet::group_by`].
#[must_use = "nothing is asked before it is awaited"]
pub struct Groups<M, K, A = ()> {
    queryset: QuerySet<M>,
    keys: Vec<Path>,
    aggregates: Vec<AggregateCall>,
    having: Vec<Predicate>,
    order: Vec<OrderTerm>,
    types: PhantomData<fn() -> (K, A)>,
}

impl<M, K, A> fmt::Debug for Groups<M, K, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<String> = self.keys.iter().map(Path::name).collect();
        f.debug_struct("Groups")
            .field("queryset", &self.queryset)
            .field("keys", &names)
            .finish_non_exhaustive()
    }
}

impl<M: Model> QuerySet<M> {
    /// Groups the rows by some of their values: a column, a path, an expression, or a tuple of them
    /// (`values("country").annotate(…)`). The order of the rows has no part in it, and a slice is
    /// taken before they are grouped.
    ///
    /// ```
    /// use quintet::db::{Count, Sum};
    /// use quintet::prelude::*;
    ///
    /// # #[model(table = "invoice")]
    /// # pub struct Invoice {
    /// #     pub id: i64,
    /// #     pub billing_country: Option<String>,
    /// #     #[field(decimal(10, 2))]
    /// #     pub total: Decimal,
    /// # }
    /// /// The countries with more than ten invoices, those first where most was sold.
    /// async fn by_country(cx: &Context) -> Result<()> {
    ///     let sold = || Sum::of(invoice::total);
    ///     let countries = Invoice::objects()
    ///         .group_by(invoice::billing_country)
    ///         .annotate((Count::rows(), sold()))
    ///         .filter_by(Count::rows().gt(10))
    ///         .order_by_desc(sold());
    ///     for (country, (count, total)) in countries.all(cx).await? {
    ///         let _: (Option<String>, i64, Option<Decimal>) = (country, count, total);
    ///     }
    ///     Ok(())
    /// }
    /// # fn main() {}
    /// ```
    pub fn group_by<K: Selection<M>>(self, keys: K) -> Groups<M, K> {
        let mut paths = Vec::new();
        keys.paths(&mut paths);
        Groups {
            queryset: self,
            keys: paths,
            aggregates: Vec::new(),
            having: Vec::new(),
            order: Vec::new(),
            types: PhantomData,
        }
    }
}

impl<M: Model, K: Selection<M>> Groups<M, K> {
    /// What is computed of each group. Along a relation to many it is of the related rows, and
    /// aggregates beside it see each row as often as it has any, as in Django; `Count::distinct`
    /// counts them once.
    pub fn annotate<A: Aggregates<M>>(self, aggregates: A) -> Groups<M, K, A> {
        let mut calls = Vec::new();
        aggregates.aggregates(&mut calls);
        let Self { queryset, keys, having, order, .. } = self;
        Groups { queryset, keys, aggregates: calls, having, order, types: PhantomData }
    }
}

impl<M: Model, K, A> Groups<M, K, A> {
    /// The groups for which a condition holds (`HAVING`): on aggregates, or on what rows are grouped
    /// by.
    pub fn filter_by(mut self, condition: Condition<M>) -> Self {
        self.having.push(condition.into());
        self
    }

    /// Adds a term to the order of the groups, least first: an aggregate, or what rows are grouped
    /// by.
    pub fn order_by<P>(mut self, path: P) -> Self
    where
        P: PathOf<M>,
        P::Cardinality: SingleValued,
    {
        self.order.push(OrderTerm::new(path.into_path(), false));
        self
    }

    /// Adds a term to the order of the groups, greatest first.
    pub fn order_by_desc<P>(mut self, path: P) -> Self
    where
        P: PathOf<M>,
        P::Cardinality: SingleValued,
    {
        self.order.push(OrderTerm::new(path.into_path(), true));
        self
    }

    /// `FROM … GROUP BY … HAVING …`, and what is read of each group.
    fn write(&self, sql: &mut Sql, values: bool, compiler: &mut Compiler) {
        let table = M::META.table;
        let (mut read, mut end) = (Sql::new(sql.dialect()), Sql::new(sql.dialect()));
        for (index, key) in self.keys.iter().enumerate() {
            read.push(if index == 0 { "" } else { ", " });
            compiler.value(&mut read, key, table);
            end.push(if index == 0 { " GROUP BY " } else { ", " }).push(&(index + 1).to_string());
        }
        for aggregate in self.aggregates.iter().filter(|_| values) {
            read.push(", ");
            compiler.aggregate(&mut read, aggregate, table);
        }
        for (index, condition) in self.having.iter().enumerate() {
            end.push(if index == 0 { " HAVING " } else { " AND " });
            compiler.condition(&mut end, condition, table);
        }
        for (index, term) in self.order.iter().filter(|_| values).enumerate() {
            end.push(if index == 0 { " ORDER BY " } else { ", " });
            match self.keys.iter().position(|key| key.is_same(&term.path)) {
                Some(place) => {
                    end.push(&(place + 1).to_string()).push(term.direction());
                }
                None => compiler.order_term(&mut end, term, table),
            }
        }
        sql.append(read).push(" FROM ").name(table);
        compiler.write_joins(sql);
        if !self.queryset.conditions.is_empty() {
            sql.push(" WHERE ");
            compiler.all(sql, &self.queryset.conditions, table);
        }
        sql.append(end);
    }

    fn compiler(&self) -> Compiler {
        let mut compiler = Compiler::new(M::META.table, &self.queryset.annotated);
        compiler.scope = Scope::over_rows();
        compiler
    }

    pub(crate) fn statement(&self, dialect: Dialect) -> Sql {
        let mut sql = Sql::new(dialect);
        sql.push("SELECT ");
        self.write(&mut sql, true, &mut self.compiler());
        sql
    }

    /// The number of groups.
    ///
    /// # Errors
    /// What the database reports.
    pub async fn count(mut self, conn: &Conn) -> Result<i64, Error> {
        self.queryset = self.queryset.unsliced();
        let mut sql = Sql::new(conn.dialect());
        sql.push("SELECT COUNT(*) FROM (SELECT ");
        self.write(&mut sql, false, &mut self.compiler());
        sql.push(") \"groups\"");
        let rows = conn.rows(sql, |row| row.get(0, ColumnKind::BigInt)).await?;
        Ok(rows.into_iter().next().unwrap_or(0))
    }
}

impl<M: Model, K: Selection<M>, A: Aggregates<M>> Groups<M, K, A> {
    /// The groups: what the rows of each have in common, and what is computed of them.
    ///
    /// # Errors
    /// What the database reports, such as a sum that no column can hold.
    pub async fn all(self, conn: &Conn) -> Result<Vec<(K::Row, A::Row)>, Error> {
        self.read(None, conn).await
    }

    /// Some of the groups: at most `limit` after `offset` of them.
    ///
    /// # Errors
    /// As [`Groups::all`].
    pub async fn slice(
        self,
        offset: i64,
        limit: i64,
        conn: &Conn,
    ) -> Result<Vec<(K::Row, A::Row)>, Error> {
        self.read(Some((offset.max(0), limit.max(0))), conn).await
    }

    async fn read(
        mut self,
        slice: Option<(i64, i64)>,
        conn: &Conn,
    ) -> Result<Vec<(K::Row, A::Row)>, Error> {
        if self.queryset.limit == Some(0) {
            return Ok(Vec::new());
        }
        self.queryset = self.queryset.unsliced();
        let kinds: Vec<ColumnKind> = self.keys.iter().map(Path::kind).collect();
        let computed: Vec<ColumnKind> = self.aggregates.iter().map(|call| call.kind).collect();
        let kinds = [kinds, computed].concat();
        let mut sql = self.statement(conn.dialect());
        if let Some((offset, limit)) = slice {
            write_slice(&mut sql, Some(limit), offset);
        }
        let read = |row: &crate::db::Row<'_>| {
            let mut cells = Cells::new(row, &kinds);
            Ok((K::read(&mut cells)?, A::read(&mut cells)?))
        };
        conn.rows(sql, read).await
    }
}
