//! Rows with those that they point at, in one statement.

use std::fmt;
use std::marker::PhantomData;

use super::QuerySet;
use crate::db::{Conn, Error, Fields, Hop, Model, One, Optional, Row, Select, Selected};

/// How a row is read at the end of a relation to one: it is there ([`One`]), or it may not be
/// ([`Optional`]).
#[diagnostic::on_unimplemented(
    message = "this relation leads to several rows, but one row for each is required here",
    label = "this relation goes to many",
    note = "`cx.prefetch(&rows, Album::fields().tracks(), Track::objects())` reads the rows of a \
            relation to many"
)]
pub trait ToOne {
    /// `T`, or an `Option` of it.
    type Row<T>;

    /// Makes it of what was found.
    #[doc(hidden)]
    fn row<T: Model>(found: Option<T>) -> Result<Self::Row<T>, Error>;
}

impl ToOne for One {
    type Row<T> = T;

    fn row<T: Model>(found: Option<T>) -> Result<T, Error> {
        found.ok_or(Error::DoesNotExist(T::META.name))
    }
}

impl ToOne for Optional {
    type Row<T> = Option<T>;

    fn row<T: Model>(found: Option<T>) -> Result<Option<T>, Error> {
        Ok(found)
    }
}

mod sealed {
    pub trait Sealed {}
}

/// Relations of `M` to one row each: `Album::fields().artist()`, or a tuple of up to four.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a relation of the model `{M}` to one row",
    label = "neither a relation of `{M}` nor a tuple of them",
    note = "relations start with the model's own fields: `Album::fields().artist()`"
)]
pub trait RelatedRows<M>: sealed::Sealed {
    /// A row with those that it points at: `(Album, Artist)`.
    type Row;

    /// Adds the ways to the rows.
    #[doc(hidden)]
    fn ways(self, into: &mut Vec<Vec<Hop>>);

    /// Reads what stands behind the row's own columns.
    #[doc(hidden)]
    fn read(own: M, row: &Row<'_>, at: usize) -> Result<Self::Row, Error>;
}

/// Reads a joined row from column `at` on, which moves behind it.
fn joined<F>(
    row: &Row<'_>,
    at: &mut usize,
) -> Result<<F::Cardinality as ToOne>::Row<F::Model>, Error>
where
    F: Fields,
    F::Cardinality: ToOne,
{
    let (meta, start) = (F::Model::META, *at);
    *at += meta.columns.len();
    let missing = row.value(start + meta.pk, meta.pk_column().kind)?.is_null();
    let found = if missing { None } else { Some(F::Model::from_row(row, start)?) };
    F::Cardinality::row(found)
}

impl<F: Fields> sealed::Sealed for F {}

impl<F> RelatedRows<F::Root> for F
where
    F: Fields,
    F::Cardinality: ToOne,
{
    type Row = (F::Root, <F::Cardinality as ToOne>::Row<F::Model>);

    fn ways(self, into: &mut Vec<Vec<Hop>>) {
        into.push(self.way().hops);
    }

    fn read(own: F::Root, row: &Row<'_>, mut at: usize) -> Result<Self::Row, Error> {
        Ok((own, joined::<F>(row, &mut at)?))
    }
}

macro_rules! tuples {
    ($(($($member:ident),+))*) => {$(
        impl<$($member: Fields),+> sealed::Sealed for ($($member,)+) {}

        impl<M, $($member),+> RelatedRows<M> for ($($member,)+)
        where
            $($member: Fields<Root = M>, $member::Cardinality: ToOne),+
        {
            type Row = (M, $(<$member::Cardinality as ToOne>::Row<$member::Model>),+);

            fn ways(self, into: &mut Vec<Vec<Hop>>) {
                #[allow(non_snake_case, reason = "a member is named as its type")]
                let ($($member,)+) = self;
                $(into.push($member.way().hops);)+
            }

            fn read(own: M, row: &Row<'_>, mut at: usize) -> Result<Self::Row, Error> {
                Ok((own, $(joined::<$member>(row, &mut at)?),+))
            }
        }
    )*};
}

tuples! {
    (A)
    (A, B)
    (A, B, C)
    (A, B, C, D)
}

/// The rows of a query set with those that they point at; made by [`QuerySet::select_related`].
#[must_use = "nothing is asked before it is awaited"]
pub struct WithRelated<M, R> {
    queryset: QuerySet<M>,
    ways: Vec<Vec<Hop>>,
    related: PhantomData<fn() -> R>,
}

impl<M, R> fmt::Debug for WithRelated<M, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = |way: &Vec<Hop>| way.iter().map(Hop::name).collect::<Vec<_>>().join("__");
        let names: Vec<String> = self.ways.iter().map(name).collect();
        f.debug_struct("WithRelated")
            .field("queryset", &self.queryset)
            .field("ways", &names)
            .finish()
    }
}

impl<M: Model> QuerySet<M> {
    /// Each row with the rows that it points at, in the same statement. A row at the end of a
    /// foreign key that may be null is an `Option`, and so is one behind it.
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
    /// #     #[field(foreign_key = Artist, related_name = albums)]
    /// #     pub artist_id: i64,
    /// # }
    /// # #[model(table = "track")]
    /// # pub struct Track {
    /// #     pub id: i64,
    /// #     pub name: String,
    /// #     #[field(foreign_key = Album, related_name = tracks)]
    /// #     pub album_id: Option<i64>,
    /// # }
    /// async fn covers(cx: &Context) -> Result<()> {
    ///     let albums: Vec<(Album, Artist)> =
    ///         Album::objects().select_related(Album::fields().artist()).all(cx).await?;
    ///     let album = Track::fields().album();
    ///     let both = (album.clone(), album.artist());
    ///     let track: (Track, Option<Album>, Option<Artist>) =
    ///         Track::objects().filter(track::id.eq(1)).select_related(both).get_or_404(cx).await?;
    ///     # let _ = (albums, track);
    ///     Ok(())
    /// }
    /// # fn main() {}
    /// ```
    pub fn select_related<R: RelatedRows<M>>(self, related: R) -> WithRelated<M, R> {
        let mut ways = Vec::new();
        related.ways(&mut ways);
        WithRelated { queryset: self, ways, related: PhantomData }
    }
}

impl<M: Model, R: RelatedRows<M>> WithRelated<M, R> {
    /// The rows.
    ///
    /// # Errors
    /// As [`QuerySet::all`].
    pub async fn all(self, conn: &Conn) -> Result<Vec<R::Row>, Error> {
        let mut select = Select::from(self.queryset);
        if select.is_empty() {
            return Ok(Vec::new());
        }
        for way in self.ways {
            select.also(Selected::Model(way));
        }
        let behind = M::META.columns.len();
        conn.rows(select.statement(conn)?, |row| R::read(M::from_row(row, 0)?, row, behind)).await
    }

    /// The first row in the query's order; by key, where it has none.
    ///
    /// # Errors
    /// As [`QuerySet::all`].
    pub async fn first(mut self, conn: &Conn) -> Result<Option<R::Row>, Error> {
        let terms = self.queryset.terms();
        self.queryset = self.queryset.order_by_terms(terms).slice(0, 1);
        Ok(self.all(conn).await?.pop())
    }

    /// The one row: see [`QuerySet::get`].
    ///
    /// # Errors
    /// As [`QuerySet::get`].
    pub async fn get(self, conn: &Conn) -> Result<R::Row, Error> {
        self.only(conn).await?.ok_or(Error::DoesNotExist(M::META.name))
    }

    /// The one row, whose key comes from a client: see [`QuerySet::get_or_404`].
    ///
    /// # Errors
    /// As [`QuerySet::get_or_404`].
    pub async fn get_or_404(self, conn: &Conn) -> Result<R::Row, Error> {
        self.only(conn).await?.ok_or(Error::NoMatch(M::META.name))
    }

    async fn only(mut self, conn: &Conn) -> Result<Option<R::Row>, Error> {
        self.queryset = self.queryset.for_one();
        let mut rows = self.all(conn).await?;
        match rows.len() {
            0 | 1 => Ok(rows.pop()),
            _ => Err(Error::MultipleObjectsReturned(M::META.name)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::Dialect;
    use crate::db::testing::{Album, Artist, Tag, Track, album, on_each, track};
    use diesel::ExpressionMethods;

    #[test]
    fn rows_come_with_those_that_they_point_at() {
        on_each(async |conn| {
            let before = conn.database().statements();
            let albums: Vec<(Album, Artist)> =
                Album::objects().select_related(Album::fields().artist()).all(conn).await.unwrap();
            assert_eq!(conn.database().statements() - before, 1);
            let names: Vec<_> =
                albums.iter().map(|(album, by)| (album.title.as_str(), by.name.as_str())).collect();
            assert_eq!(names, [("Ballbreaker", "AC/DC"), ("Powerage", "AC/DC")]);
            // along a key that may be null, and behind it
            let on = || Track::fields().album();
            let tracks: Vec<(Track, Option<Album>, Option<Artist>)> = Track::objects()
                .then_by(track::id)
                .select_related((on(), on().artist()))
                .all(conn)
                .await
                .unwrap();
            let by: Vec<_> = tracks
                .iter()
                .map(|(own, album, artist)| {
                    (own.id, album.as_ref().map(|a| a.id), artist.is_some())
                })
                .collect();
            assert_eq!(
                by,
                [(1, Some(1), true), (2, Some(1), true), (3, Some(2), true), (4, None, false)]
            );
        });
    }

    #[test]
    fn one_row_comes_with_its_own() {
        on_each(async |conn| {
            let of =
                |query: QuerySet<Track>| query.select_related(Track::fields().album().artist());
            let (track, artist) =
                of(Track::objects().filter(track::id.eq(1))).get(conn).await.unwrap();
            assert_eq!((track.id, artist.map(|artist| artist.id)), (1, Some(10)));
            let first = of(Track::objects().then_by_desc(track::id)).first(conn).await.unwrap();
            assert_eq!(first.map(|(track, artist)| (track.id, artist)), Some((4, None)));
            let none = Track::objects().filter(track::id.eq(99));
            let refused = of(none.clone()).get(conn).await;
            assert!(matches!(refused, Err(Error::DoesNotExist("Track"))), "{refused:?}");
            let refused = of(none.clone()).get_or_404(conn).await;
            assert!(matches!(refused, Err(Error::NoMatch("Track"))), "{refused:?}");
            let several = of(Track::objects()).get(conn).await;
            assert!(matches!(several, Err(Error::MultipleObjectsReturned(_))), "{several:?}");
            let before = conn.database().statements();
            assert!(of(none.none()).all(conn).await.unwrap().is_empty());
            assert_eq!(conn.database().statements(), before);
            // the row itself is no relation, and comes all the same
            let own = Tag::objects().select_related(Tag::fields()).first(conn).await.unwrap();
            assert!(own.is_some_and(|(tag, again)| tag == again));
        });
    }

    #[test]
    fn a_missing_row_is_an_error_where_the_key_is_not_null() {
        assert!(matches!(One::row(None::<Album>), Err(Error::DoesNotExist("Album"))));
        assert!(matches!(Optional::row(None::<Album>), Ok(None)));
    }

    #[test]
    fn what_is_related_is_joined() {
        let with = Album::objects()
            .filter(album::id.eq(1))
            .unordered()
            .select_related(Album::fields().artist());
        assert!(format!("{with:?}").contains("[\"artist\"]"), "{with:?}");
        let mut select = Select::from(with.queryset);
        with.ways.into_iter().for_each(|way| select.also(Selected::Model(way)));
        let text = select.rows(Dialect::Postgres).spelled();
        let end = ", \"T1\".\"id\", \"T1\".\"name\" FROM \"t_album\" LEFT JOIN \"t_artist\" \"T1\" \
                   ON \"T1\".\"id\" = \"t_album\".\"artist_id\" WHERE ({diesel})";
        assert!(text.ends_with(end), "{text}");
    }
}
