//! What reads the rows of a query set, or something about them.

use std::collections::HashMap;
use std::hash::Hash;

use super::QuerySet;
use crate::db::{
    AggregateCall, Aggregates, Cells, Column, ColumnKind, Conn, Error, Leaf, Model, Nulls, Order,
    OrderTerm, Path, PathOf, Predicate, Select, SingleValued,
};
use crate::values::FieldType;

impl Conn {
    /// Reads a row again, as it is stored now (`refresh_from_db`).
    ///
    /// ```
    /// use quintet::prelude::*;
    ///
    /// # #[model(table = "album")]
    /// # pub struct Album {
    /// #     pub id: i64,
    /// #     pub plays: i32,
    /// # }
    /// async fn play(mut album: Album, cx: &Context) -> Result<i32> {
    ///     let once = Changes::new().set_expression(album::plays, Album::fields().plays() + 1);
    ///     Album::objects().filter(album::id.eq(album.id)).update(once, cx).await?;
    ///     cx.refresh(&mut album).await?;
    ///     Ok(album.plays)
    /// }
    /// # fn main() {}
    /// ```
    ///
    /// # Errors
    /// [`Error::DoesNotExist`] when it is gone; the row stays as it was then.
    pub async fn refresh<M: Model>(&self, row: &mut M) -> Result<(), Error> {
        let key = Predicate::exact(Path::own(M::META.pk_column()), row.pk());
        *row = QuerySet::<M>::new().filter_by_predicate(key).get(self).await?;
        Ok(())
    }
}

impl<M: Model> QuerySet<M> {
    /// The rows.
    ///
    /// # Errors
    /// What the database reports; [`Error::NoTransaction`] for rows that are to be locked outside
    /// a transaction.
    pub async fn all(self, conn: &Conn) -> Result<Vec<M>, Error> {
        let select = Select::from(self);
        if select.is_empty() {
            return Ok(Vec::new());
        }
        conn.rows(select.statement(conn)?, |row| M::from_row(row, 0)).await
    }

    /// The first row in the query's order; by key, where it has none.
    ///
    /// # Errors
    /// As [`QuerySet::all`].
    pub async fn first(self, conn: &Conn) -> Result<Option<M>, Error> {
        let terms = self.terms();
        Ok(self.order_by_terms(terms).slice(0, 1).all(conn).await?.pop())
    }

    /// The last row in the query's order; by key, where it has none.
    ///
    /// # Errors
    /// As [`QuerySet::all`].
    pub async fn last(self, conn: &Conn) -> Result<Option<M>, Error> {
        let terms = self.terms().into_iter().map(OrderTerm::reversed).collect();
        Ok(self.unsliced().order_by_terms(terms).slice(0, 1).all(conn).await?.pop())
    }

    /// The row with the greatest value at the end of a path (`latest("created")`); a null is none.
    ///
    /// # Errors
    /// As [`QuerySet::all`].
    pub async fn latest<P>(self, path: P, conn: &Conn) -> Result<Option<M>, Error>
    where
        P: PathOf<M, Cardinality: SingleValued>,
    {
        let latest = Order::descending(path).nulls_last();
        Ok(self.unsliced().unordered().then(latest).slice(0, 1).all(conn).await?.pop())
    }

    /// The row with the least value at the end of a path (`earliest("created")`); a null is none.
    ///
    /// # Errors
    /// As [`QuerySet::all`].
    pub async fn earliest<P>(self, path: P, conn: &Conn) -> Result<Option<M>, Error>
    where
        P: PathOf<M, Cardinality: SingleValued>,
    {
        let earliest = Order::ascending(path).nulls_last();
        Ok(self.unsliced().unordered().then(earliest).slice(0, 1).all(conn).await?.pop())
    }

    /// The latest row as the model says it (`latest()` and `Meta.get_latest_by`).
    ///
    /// # Errors
    /// [`Error::Misuse`] for a model that says nothing by `get_latest_by(..)`, otherwise as
    /// [`QuerySet::all`].
    pub async fn latest_by_default(self, conn: &Conn) -> Result<Option<M>, Error> {
        self.by_default(true, conn).await
    }

    /// The earliest row as the model says it (`earliest()` and `Meta.get_latest_by`).
    ///
    /// # Errors
    /// As [`QuerySet::latest_by_default`].
    pub async fn earliest_by_default(self, conn: &Conn) -> Result<Option<M>, Error> {
        self.by_default(false, conn).await
    }

    async fn by_default(self, is_latest: bool, conn: &Conn) -> Result<Option<M>, Error> {
        if M::META.get_latest_by.is_empty() {
            return Err(Error::Misuse(format!(
                "`{}` has no `get_latest_by(..)`: say what its latest row is, or use `latest`",
                M::META.name
            )));
        }
        let terms = M::META.get_latest_by.iter().filter_map(|(index, descending)| {
            let leaf = Leaf::Column(M::META.columns.get(*index)?);
            let path = Path { model: M::META.this, hops: Vec::new(), leaf };
            let mut term = OrderTerm::new(path, *descending != is_latest);
            term.nulls = Some(Nulls::Last);
            Some(term)
        });
        let terms = terms.collect();
        Ok(self.unsliced().order_by_terms(terms).slice(0, 1).all(conn).await?.pop())
    }

    /// The one row, for code that knows that there is one. A missing row, or a second one, is an
    /// error of the program: in a view, 500.
    ///
    /// # Errors
    /// [`Error::DoesNotExist`] when there is none, [`Error::MultipleObjectsReturned`] when there
    /// are more, and as [`QuerySet::all`].
    pub async fn get(self, conn: &Conn) -> Result<M, Error> {
        self.only(conn).await?.ok_or(Error::DoesNotExist(M::META.name))
    }

    /// The one row, whose key comes from a client; 404 when there is none (`get_object_or_404`).
    ///
    /// # Errors
    /// [`Error::NoMatch`] when there is none, which a view answers with 404 and
    /// `No Artist matches the given query.`; otherwise as [`QuerySet::get`].
    #[doc(alias = "get_object_or_404")]
    pub async fn get_or_404(self, conn: &Conn) -> Result<M, Error> {
        self.only(conn).await?.ok_or(Error::NoMatch(M::META.name))
    }

    /// The one row; `None` when there is none.
    pub(super) async fn only(self, conn: &Conn) -> Result<Option<M>, Error> {
        let mut rows = self.for_one().all(conn).await?;
        match rows.len() {
            0 | 1 => Ok(rows.pop()),
            _ => Err(Error::MultipleObjectsReturned(M::META.name)),
        }
    }

    /// The first two rows: enough to see that there is one.
    pub(super) fn for_one(self) -> Self {
        let sliced = self.limit.is_some() || self.offset > 0;
        let query = if sliced { self } else { self.unordered() };
        query.slice(0, 2)
    }

    /// The number of rows.
    ///
    /// # Errors
    /// What the database reports.
    pub async fn count(self, conn: &Conn) -> Result<i64, Error> {
        let (sql, sliced) = self.counting(conn.dialect());
        let rows = conn.rows(sql, |row| row.get(0, ColumnKind::BigInt)).await?;
        Ok(sliced(rows.into_iter().next().unwrap_or(0)))
    }

    /// True when there is a row.
    ///
    /// # Errors
    /// What the database reports.
    pub async fn exists(self, conn: &Conn) -> Result<bool, Error> {
        let select = Select::from(self.slice(0, 1));
        if select.is_empty() {
            return Ok(false);
        }
        Ok(!conn.rows(select.exists(conn.dialect()), |_| Ok(())).await?.is_empty())
    }

    /// Aggregates over the rows, in one statement: see [`Count`](crate::db::Count),
    /// [`Sum`](crate::db::Sum), [`Avg`](crate::db::Avg), [`Min`](crate::db::Min) and
    /// [`Max`](crate::db::Max).
    ///
    /// An aggregate along a relation to many is of the related rows, each as often as it is
    /// reached; unlike Django's, it does not change those beside it.
    ///
    /// # Errors
    /// What the database reports, such as a sum that no column can hold.
    pub async fn aggregate<A: Aggregates<M>>(
        self,
        aggregates: A,
        conn: &Conn,
    ) -> Result<A::Row, Error> {
        let mut computed: Vec<AggregateCall> = Vec::new();
        aggregates.aggregates(&mut computed);
        let kinds: Vec<ColumnKind> = computed.iter().map(|aggregate| aggregate.kind).collect();
        let sql = Select::from(self.unsliced()).aggregates(conn.dialect(), &computed);
        let rows = conn.rows(sql, |row| A::read(&mut Cells::new(row, &kinds))).await?;
        rows.into_iter().next().ok_or(Error::NotFound)
    }

    /// Maps each given value of a unique column to its row; values without a row are omitted
    /// (`in_bulk`).
    ///
    /// # Errors
    /// As [`QuerySet::all`].
    pub async fn in_bulk<C>(
        self,
        column: C,
        values: impl IntoIterator<Item = impl Into<C::Value>>,
        conn: &Conn,
    ) -> Result<HashMap<C::Value, M>, Error>
    where
        C: Column<Model = M>,
        C::Value: Eq + Hash,
    {
        let values: Vec<_> = values.into_iter().map(|value| value.into().into_value()).collect();
        if values.is_empty() {
            return Ok(HashMap::new());
        }
        let mut select = Select::from(self.unsliced().unordered());
        select.among(column.into_path(), values);
        let rows = conn.rows(select.statement(conn)?, |row| M::from_row(row, 0)).await?;
        let key = |row: &M| C::Value::from_value(row.value(C::INDEX).to_value());
        Ok(rows.into_iter().filter_map(|row| Some((key(&row)?, row))).collect())
    }
}
