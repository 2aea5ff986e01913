//! Some values of each row, in place of the rows.

use std::fmt;
use std::marker::PhantomData;

use super::{Combined, QuerySet};
use crate::db::{
    Cells, ColumnKind, Conn, Error, Model, NameError, Path, Select, Selected, Selection,
};
use crate::values::json_of;

/// Some values of each row of a query set; made by [`QuerySet::values`].
#[must_use = "nothing is asked before it is awaited"]
pub struct Values<M, S> {
    queryset: QuerySet<M>,
    paths: Vec<Path>,
    /// What the values are called in maps.
    names: Vec<String>,
    selection: PhantomData<fn() -> S>,
}

impl<M, S> fmt::Debug for Values<M, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<String> = self.paths.iter().map(Path::name).collect();
        f.debug_struct("Values")
            .field("queryset", &self.queryset)
            .field("paths", &names)
            .finish_non_exhaustive()
    }
}

impl<M: Model> QuerySet<M> {
    /// Some values of each row, typed (Django's `values_list`): a column alone, or a tuple of
    /// columns and of paths along relations to one row.
    pub fn values<S: Selection<M>>(self, selection: S) -> Values<M, S> {
        let mut paths = Vec::new();
        selection.paths(&mut paths);
        Values { queryset: self, paths, names: Vec::new(), selection: PhantomData }
    }

    /// Some values of each row, chosen by names that are known at run time: paths as Django writes
    /// them (`values("name", "album__title")`), annotations included. They are read as
    /// [`maps`](Values::maps).
    ///
    /// The names are the program's own, of a configuration for example. Do not pass on those of a request:
    /// they lead to every column of the models around, `user__password` too.
    ///
    /// # Errors
    /// [`NameError`] for a name that leads nowhere, or to several values.
    pub fn values_named<'n>(
        self,
        names: impl IntoIterator<Item = &'n str>,
    ) -> Result<Values<M, ()>, NameError> {
        let mut paths = Vec::new();
        for name in names {
            let path = Path::parse::<M>(name)?;
            if path.is_many() {
                return Err(NameError::Many(name.to_owned()));
            }
            paths.push(path);
        }
        Ok(Values { queryset: self, paths, names: Vec::new(), selection: PhantomData })
    }
}

impl<M: Model, S> Values<M, S> {
    /// Drops duplicates (`SELECT DISTINCT`).
    pub fn distinct(mut self) -> Self {
        self.queryset = self.queryset.distinct();
        self
    }

    /// What the values are called in [`maps`](Self::maps), in their order: for expressions, which have
    /// no name of their own.
    pub fn named(mut self, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.names = names.into_iter().map(Into::into).collect();
        self
    }

    /// The statement, and what its columns are.
    pub(super) fn select(self) -> (Select, Vec<ColumnKind>) {
        let kinds: Vec<ColumnKind> = self.paths.iter().map(Path::kind).collect();
        let mut select = Select::from(self.queryset);
        select.only(Vec::new());
        for path in self.paths {
            select.also(Selected::Value(path));
        }
        (select, kinds)
    }

    /// The values of each row as a map of JSON by their names (Django's `values`): those of paths are
    /// Django's, `album__title`. The values are in the form in which responses show them.
    ///
    /// ```
    /// use quintet::prelude::*;
    ///
    /// # #[model(table = "album")]
    /// # pub struct Album {
    /// #     pub id: i64,
    /// #     pub title: String,
    /// # }
    /// # #[model(table = "track")]
    /// # pub struct Track {
    /// #     pub id: i64,
    /// #     pub name: String,
    /// #     #[field(foreign_key = Album, related_name = tracks)]
    /// #     pub album_id: i64,
    /// # }
    /// async fn rows(cx: &Context) -> Result<()> {
    ///     let title = Track::fields().album().title();
    ///     let rows = Track::objects().values((track::name, title)).maps(cx).await?;
    ///     assert_eq!(rows[0]["album__title"], "Facelift");
    ///     // by names that the program has at run time
    ///     let names = ["name", "album__title"];
    ///     let same = Track::objects().values_named(names)?.maps(cx).await?;
    ///     assert_eq!(rows, same);
    ///     Ok(())
    /// }
    /// # fn main() {}
    /// ```
    ///
    /// # Errors
    /// As [`QuerySet::all`].
    pub async fn maps(self, conn: &Conn) -> Result<Vec<JsonMap>, Error> {
        let mut names = self.names.clone();
        names.extend(self.paths.iter().skip(names.len()).map(Path::name));
        let (select, kinds) = self.select();
        if select.is_empty() {
            return Ok(Vec::new());
        }
        let read = |row: &crate::db::Row<'_>| {
            let mut map = JsonMap::new();
            for (at, (name, kind)) in names.iter().zip(&kinds).enumerate() {
                let value = json_of(row.value(at, *kind)?).unwrap_or_default();
                map.insert(name.clone(), value);
            }
            Ok(map)
        };
        conn.rows(select.statement(conn)?, read).await
    }
}

/// A row as JSON.
type JsonMap = serde_json::Map<String, serde_json::Value>;

impl<M: Model, S: Selection<M>> Values<M, S> {
    /// These rows and those of another query set, which may be of another model: each once
    /// (`union`). What they select has to have the same types.
    ///
    /// ```
    /// use quintet::prelude::*;
    ///
    /// # #[model(table = "artist")]
    /// # pub struct Artist {
    /// #     pub id: i64,
    /// #     pub name: String,
    /// # }
    /// # #[model(table = "album")]
    /// # pub struct Album {
    /// #     pub id: i64,
    /// #     pub title: String,
    /// # }
    /// async fn names(cx: &Context) -> Result<Vec<String>> {
    ///     let (artists, albums) = (Artist::objects(), Album::objects());
    ///     let names = artists.values(artist::name).union(albums.values(album::title));
    ///     Ok(names.order_by(0).all(cx).await?)
    /// }
    /// # fn main() {}
    /// ```
    pub fn union<N, O>(self, other: Values<N, O>) -> Combined<S::Row>
    where
        N: Model,
        O: Selection<N, Row = S::Row>,
    {
        self.combined("UNION", other)
    }

    /// The same, with what is in both twice (`union(all=True)`).
    pub fn union_all<N, O>(self, other: Values<N, O>) -> Combined<S::Row>
    where
        N: Model,
        O: Selection<N, Row = S::Row>,
    {
        self.combined("UNION ALL", other)
    }

    /// The rows that are in both (`intersection`).
    pub fn intersection<N, O>(self, other: Values<N, O>) -> Combined<S::Row>
    where
        N: Model,
        O: Selection<N, Row = S::Row>,
    {
        self.combined("INTERSECT", other)
    }

    /// The rows that are not in the other (`difference`).
    pub fn difference<N, O>(self, other: Values<N, O>) -> Combined<S::Row>
    where
        N: Model,
        O: Selection<N, Row = S::Row>,
    {
        self.combined("EXCEPT", other)
    }

    fn combined<N, O>(self, word: &'static str, other: Values<N, O>) -> Combined<S::Row>
    where
        N: Model,
        O: Selection<N, Row = S::Row>,
    {
        let ((own, kinds), (other, _)) = (self.select(), other.select());
        Combined::new(own, word, other, kinds, S::read)
    }

    /// The values.
    ///
    /// # Errors
    /// What the database reports.
    pub async fn all(self, conn: &Conn) -> Result<Vec<S::Row>, Error> {
        let (select, kinds) = self.select();
        if select.is_empty() {
            return Ok(Vec::new());
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
