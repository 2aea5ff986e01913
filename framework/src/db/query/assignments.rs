//! Values for columns of a row, to write or to look up.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use crate::db::{
    Column, Computed, Error, FitsIn, IntoExpression, Model, ModelMeta, Path, Predicate,
    SingleValued, single,
};
use crate::values::{FieldType, Value};

/// A column that is set to an expression over the stored row.
pub(crate) type ComputedColumn = (usize, Arc<Computed>);

/// Values for columns of `M`, each named by diesel's type, so that a wrong one does not compile.
///
/// [`Changes`](crate::serializers::Changes), which is in the prelude, is accepted wherever these
/// are.
///
/// ```
/// use quintet::db::Assignments;
/// use quintet::prelude::*;
///
/// # #[model(table = "genre")]
/// # pub struct Genre {
/// #     pub id: i64,
/// #     pub name: String,
/// # }
/// async fn rename(cx: &Context) -> Result<usize> {
///     let set = Assignments::new().set(genre::name, "Rock");
///     Ok(Genre::objects().filter(genre::name.eq("rock")).update(set, cx).await?)
/// }
/// # fn main() {}
/// ```
pub struct Assignments<M> {
    pub(crate) columns: Vec<(usize, Value)>,
    pub(crate) computed: Vec<ComputedColumn>,
    model: PhantomData<fn() -> M>,
}

impl<M> Assignments<M> {
    /// Creates an empty set of values.
    pub fn new() -> Self {
        Self::of(Vec::new(), Vec::new())
    }

    pub(crate) fn of(columns: Vec<(usize, Value)>, computed: Vec<ComputedColumn>) -> Self {
        Self { columns, computed, model: PhantomData }
    }

    /// Adds or replaces a value.
    #[must_use]
    pub fn set<C: Column<Model = M>>(mut self, _column: C, value: impl Into<C::Value>) -> Self {
        self.put(C::INDEX, value.into().into_value());
        self
    }

    /// Adds or replaces a value that the database computes of the stored row
    /// (`update(plays=F("plays") + 1)`): of two requests that change it at once, neither is lost.
    ///
    /// The expression may look at related rows. Where it has no value, the column becomes null. It
    /// is for stored rows only; in a new row, it is an error.
    ///
    /// ```
    /// use quintet::db::Assignments;
    /// use quintet::prelude::*;
    ///
    /// # #[model(table = "track")]
    /// # pub struct Track {
    /// #     pub id: i64,
    /// #     pub plays: i32,
    /// # }
    /// async fn play(id: i64, cx: &Context) -> Result<usize> {
    ///     let once = Assignments::new().set_expression(track::plays, Track::fields().plays() + 1);
    ///     Ok(Track::objects().filter(track::id.eq(id)).update(once, cx).await?)
    /// }
    /// # fn main() {}
    /// ```
    #[must_use]
    pub fn set_expression<C, E>(mut self, _column: C, expression: E) -> Self
    where
        C: Column<Model = M>,
        E: IntoExpression<M>,
        E::Cardinality: SingleValued,
        <E::Value as FieldType>::Plain: FitsIn<<C::Value as FieldType>::Plain>,
    {
        self.put_computed(C::INDEX, Arc::new(single(expression)));
        self
    }

    fn put_computed(&mut self, column: usize, computed: Arc<Computed>) {
        self.columns.retain(|(index, _)| *index != column);
        self.computed.retain(|(index, _)| *index != column);
        self.computed.push((column, computed));
    }

    fn put(&mut self, column: usize, value: Value) {
        self.computed.retain(|(index, _)| *index != column);
        match self.columns.iter_mut().find(|(index, _)| *index == column) {
            Some((_, old)) => *old = value,
            None => self.columns.push((column, value)),
        }
    }

    /// Adds the values of another one, which take precedence.
    pub(crate) fn with(mut self, other: &Self) -> Self {
        for (column, value) in &other.columns {
            self.put(*column, value.clone());
        }
        for (column, computed) in &other.computed {
            self.put_computed(*column, Arc::clone(computed));
        }
        self
    }
}

impl<M: Model> Assignments<M> {
    /// The values, for where no row is stored yet that an expression could be computed of.
    pub(crate) fn plain(self) -> Result<Vec<(usize, Value)>, Error> {
        only_values(M::META, &self.computed)?;
        Ok(self.columns)
    }

    /// The conditions that a row has just these values.
    pub(crate) fn conditions(&self) -> impl Iterator<Item = Predicate> {
        self.columns.iter().filter_map(|(index, value)| {
            let column = M::META.columns.get(*index)?;
            Some(Predicate::exact(Path::own(column), value.clone()))
        })
    }
}

/// Refuses expressions as values of a new row, as Django does.
pub(crate) fn only_values(model: &ModelMeta, computed: &[ComputedColumn]) -> Result<(), Error> {
    let Some((index, _)) = computed.first() else { return Ok(()) };
    let name = model.columns.get(*index).map_or("a column", |column| column.name);
    Err(Error::Misuse(format!(
        "{}.{name} is set to an expression, which is computed of a stored row, in a new one",
        model.name
    )))
}

impl<M> Default for Assignments<M> {
    fn default() -> Self {
        Self::new()
    }
}

impl<M> Clone for Assignments<M> {
    fn clone(&self) -> Self {
        Self::of(self.columns.clone(), self.computed.clone())
    }
}

impl<M: Model> fmt::Debug for Assignments<M> {
    /// The names of the columns, without the values, which may be secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let columns = self.columns.iter().map(|(at, _)| at);
        let columns = columns.chain(self.computed.iter().map(|(at, _)| at));
        let names = columns.filter_map(|at| M::META.columns.get(*at));
        f.debug_set().entries(names.map(|column| column.name)).finish()
    }
}

/// Values that can be assigned to columns of `M`: [`Assignments`],
/// [`Changes`](crate::serializers::Changes), and `()` for none.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be assigned to rows of `{M}`",
    label = "not values for columns of `{M}`",
    note = "write `Changes::new().set({M}'s column, value)`"
)]
pub trait Assigns<M> {
    /// The values.
    fn into_assignments(self) -> Assignments<M>;
}

impl<M> Assigns<M> for Assignments<M> {
    fn into_assignments(self) -> Assignments<M> {
        self
    }
}

impl<M> Assigns<M> for () {
    fn into_assignments(self) -> Assignments<M> {
        Assignments::new()
    }
}

#[cfg(test)]
mod tests {
    use diesel::ExpressionMethods;

    use super::*;
    use crate::db::testing::{Album, Artist, Track, album, artist, on_each, track};
    use crate::db::{Case, Coalesce, Conn, Count, Dialect, Lower, QuerySet, Select, Sum};
    use crate::values::types::Decimal;

    fn seconds<E>(expression: E) -> Assignments<Track>
    where
        E: IntoExpression<Track>,
        E::Cardinality: SingleValued,
        <E::Value as FieldType>::Plain: FitsIn<i32>,
    {
        Assignments::new().set_expression(track::seconds, expression)
    }

    fn one(id: i64) -> QuerySet<Track> {
        Track::objects().filter(track::id.eq(id))
    }

    fn sql(set: &Assignments<Track>, dialect: Dialect) -> String {
        Select::from(one(1)).update(dialect, &set.columns, &set.computed).spelled()
    }

    #[test]
    fn an_expression_is_computed_by_the_database() {
        let once = seconds(Track::fields().seconds() + 1).set(track::name, "x");
        let sum = "(CAST(\"t_track\".\"seconds\" AS bigint) + {BigInt(1)})";
        assert_eq!(
            sql(&once, Dialect::Postgres),
            format!(
                "UPDATE \"t_track\" SET \"name\" = {{Text(\"x\")}}, \"seconds\" = \
                 {} WHERE ({{diesel}})",
                sum.replace("{BigInt(1)}", "CAST({Integer(1)} AS bigint)")
            )
        );
        // a column of 32 bits takes any number on SQLite
        let text = sql(&once, Dialect::Sqlite);
        assert!(text.contains("NOT BETWEEN -2147483648 AND 2147483647"), "{text}");
    }

    #[test]
    fn the_last_of_a_value_and_an_expression_counts() {
        let twice = || Track::fields().seconds() * 2;
        let value = seconds(twice()).set(track::seconds, 1);
        assert_eq!((value.columns.len(), value.computed.len()), (1, 0));
        let expression = value.clone().set_expression(track::seconds, twice());
        assert_eq!((expression.columns.len(), expression.computed.len()), (0, 1));
        let merged = expression.with(&value);
        assert_eq!((merged.columns.len(), merged.computed.len()), (1, 0));
        assert_eq!(format!("{:?}", seconds(twice())), "{\"seconds\"}");
    }

    #[test]
    fn rows_are_changed_by_what_they_hold_and_by_related_rows() {
        on_each(async |conn| {
            let seconds_of = async |conn: &Conn, id: i64| {
                one(id).values(track::seconds).first(conn).await.unwrap().unwrap()
            };
            let fields = Track::fields;
            one(1).update(seconds(fields().seconds() + 1), conn).await.unwrap();
            assert_eq!(seconds_of(conn, 1).await, 313);
            // each from what was stored before, as in Django
            let swap = seconds(fields().album().id() + fields().id())
                .set_expression(track::name, Lower::of(fields().name()))
                .set_expression(track::album_id, fields().id());
            assert_eq!(one(2).update(swap, conn).await.unwrap(), 1);
            let row = one(2).get(conn).await.unwrap();
            assert_eq!((row.seconds, row.name.as_str(), row.album_id), (3, "sin_city", Some(2)));
            // of related rows, and of a case
            let length = Coalesce::of(Sum::of(Album::fields().tracks().seconds()), 0_i64);
            let price = Assignments::new().set_expression(album::price, length);
            assert_eq!(Album::objects().update(price, conn).await.unwrap(), 2);
            let prices = Album::objects().then_by(album::id).values(album::price).all(conn).await;
            assert_eq!(prices.unwrap(), [Decimal::new(31300, 2), Decimal::new(27400, 2)]);
            let case = Case::when(fields().album_id().isnull(true), 0).otherwise(1);
            Track::objects().update(seconds(case), conn).await.unwrap();
            assert_eq!((seconds_of(conn, 1).await, seconds_of(conn, 4).await), (1, 0));
            let third = Album::fields().price() / 7;
            Album::objects()
                .update(Assignments::new().set_expression(album::price, third), conn)
                .await
                .unwrap();
            // the column's digits, on both databases
            let exact = Album::objects().filter(album::price.eq(Decimal::new(4471, 2)));
            assert_eq!(exact.count(conn).await.unwrap(), 1);
        });
    }

    #[test]
    fn a_result_that_the_column_cannot_hold_is_refused() {
        on_each(async |conn| {
            let refused: Result<usize, Error> = conn
                .transaction(async |conn| {
                    let most = seconds(Track::fields().seconds() + i32::MAX);
                    Track::objects().update(most, conn).await
                })
                .await;
            assert!(matches!(refused, Err(Error::Misfit(_))), "{refused:?}");
            let refused: Result<usize, Error> = conn
                .transaction(async |conn| {
                    // a track without an album has none
                    let none = seconds(Track::fields().album().id());
                    Track::objects().update(none, conn).await
                })
                .await;
            assert!(
                matches!(&refused, Err(Error::NotNull(name)) if name == "seconds"),
                "{refused:?}"
            );
        });
    }

    #[test]
    fn a_new_row_has_nothing_to_compute_from() {
        on_each(async |conn| {
            let albums = || Count::of(Artist::fields().albums());
            let name = || Assignments::new().set_expression(artist::name, Artist::fields().name());
            let by = || Assignments::new().set_expression(artist::id, albums());
            let artists = Artist::objects;
            let refused = [
                artists().bulk_create([by()], conn).await.map(|_| ()),
                artists().get_or_create(by(), (), conn).await.map(|_| ()),
                artists()
                    .update_or_create(Assignments::new().set(artist::id, 77), name(), conn)
                    .await
                    .map(|_| ()),
            ];
            for refused in refused {
                let Err(Error::Misuse(text)) = refused else { panic!("{refused:?}") };
                assert!(text.starts_with("Artist."), "{text}");
            }
            // a stored one has
            let known = Assignments::new().set(artist::id, 10);
            let lower = Lower::of(Artist::fields().name());
            let lower = Assignments::new().set_expression(artist::name, lower);
            let (row, is_new) = artists().update_or_create(known, lower, conn).await.unwrap();
            assert_eq!((row.name.as_str(), is_new), ("ac/dc", false));
        });
    }
}
