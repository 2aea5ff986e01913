//! Rows of a relation to many, for many rows at once.

use std::collections::HashMap;
use std::fmt;
use std::marker::PhantomData;

use super::QuerySet;
use crate::db::{Conn, Error, Fields, Key, Many, Model, Select};
use crate::values::Value;

/// The rows of a relation to many, by the rows of `M` that they belong to; read by
/// [`Conn::prefetch`].
pub struct Prefetched<M, T> {
    rows: Vec<T>,
    places: HashMap<Key, Vec<usize>>,
    model: PhantomData<fn() -> M>,
}

impl<M, T: fmt::Debug> fmt::Debug for Prefetched<M, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Prefetched").field(&self.rows).finish()
    }
}

impl<M: Model, T> Prefetched<M, T> {
    /// The rows that belong to one, in the query's order; none for a row that was not asked about.
    pub fn of(&self, row: &M) -> impl Iterator<Item = &T> {
        let places = Key::new(row.value(M::META.pk)).and_then(|key| self.places.get(&key));
        places.into_iter().flatten().filter_map(|place| self.rows.get(*place))
    }

    /// All the rows, to read what belongs to them in turn. Along a link table, a row is there once
    /// for each that it belongs to.
    pub fn rows(&self) -> &[T] {
        &self.rows
    }
}

impl Conn {
    /// Reads the rows of a relation to many for several rows, in one statement whatever their
    /// number (`prefetch_related`). A query narrows and orders them (`Prefetch(queryset=…)`); of a
    /// slice, each row has its own: the three newest of each.
    ///
    /// What is related in turn is read from [`Prefetched::rows`], in one more statement.
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
    /// #     pub milliseconds: i32,
    /// #     #[field(foreign_key = Album, related_name = tracks)]
    /// #     pub album_id: Option<i64>,
    /// # }
    /// async fn longest(cx: &Context) -> Result<Vec<(String, Option<i32>)>> {
    ///     let albums = Album::objects().all(cx).await?;
    ///     let longest = Track::objects().then_by_desc(track::milliseconds).slice(0, 1);
    ///     let tracks = cx.prefetch(&albums, Album::fields().tracks(), longest).await?;
    ///     let length = |album: &Album| tracks.of(album).next().map(|track| track.milliseconds);
    ///     Ok(albums.iter().map(|album| (album.title.clone(), length(album))).collect())
    /// }
    /// # fn main() {}
    /// ```
    ///
    /// # Errors
    /// As [`QuerySet::all`]; [`Error::Misuse`] for a relation of a relation, whose rows are read in
    /// two steps, and for a query that locks its rows.
    pub async fn prefetch<'r, F>(
        &self,
        rows: impl IntoIterator<Item = &'r F::Root>,
        relation: F,
        query: QuerySet<F::Model>,
    ) -> Result<Prefetched<F::Root, F::Model>, Error>
    where
        F: Fields<Cardinality = Many>,
        F::Root: Model,
    {
        let hops = relation.way().hops;
        let [hop] = hops.as_slice() else {
            return Err(Error::Misuse(
                "a relation of a relation is prefetched from `Prefetched::rows`".to_owned(),
            ));
        };
        let mut found = Prefetched { rows: Vec::new(), places: HashMap::new(), model: PhantomData };
        let mut keys: Vec<Value> = Vec::new();
        for row in rows {
            let Some(key) = Key::new(row.value(F::Root::META.pk)) else { continue };
            // each once
            found.places.entry(key).or_insert_with(|| {
                keys.push(row.pk());
                Vec::new()
            });
        }
        let terms = query.terms();
        let mut select = Select::from(query.order_by_terms(terms));
        if keys.is_empty() || select.is_empty() {
            return Ok(found);
        }
        if select.lock.is_some() {
            return Err(Error::Misuse("prefetched rows are not locked".to_owned()));
        }
        select.belonging(hop, keys);
        let kind = F::Root::META.pk_column().kind;
        let read = self.rows(select.of_each(self.dialect()), |row| {
            Ok((row.value(0, kind)?, F::Model::from_row(row, 1)?))
        });
        for (key, row) in read.await? {
            if let Some(places) = Key::new(key.as_ref()).and_then(|key| found.places.get_mut(&key))
            {
                places.push(found.rows.len());
                found.rows.push(row);
            }
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::testing::{Album, Artist, Tag, Track, artist, on_each, tag, track};
    use diesel::{ExpressionMethods, TextExpressionMethods};

    fn ids<'t>(tracks: impl Iterator<Item = &'t Track>) -> Vec<i64> {
        tracks.map(|track| track.id).collect()
    }

    #[test]
    fn rows_of_many_are_read_in_one_statement_for_each_relation() {
        on_each(async |conn| {
            let artists = Artist::objects().then_by(artist::id).all(conn).await.unwrap();
            let before = conn.database().statements();
            let (on, of) = (Artist::fields().albums(), Album::fields().tracks());
            let albums = conn.prefetch(&artists, on, Album::objects()).await.unwrap();
            let tracks = Track::objects().then_by_desc(track::id);
            let tracks = conn.prefetch(albums.rows(), of, tracks).await.unwrap();
            assert_eq!(conn.database().statements() - before, 2);
            // in the order of the model
            let titles: Vec<&str> =
                albums.of(&artists[0]).map(|album| album.title.as_str()).collect();
            assert_eq!(titles, ["Ballbreaker", "Powerage"]);
            assert_eq!(albums.of(&artists[1]).count(), 0);
            let powerage = albums.rows().iter().find(|album| album.id == 1).unwrap();
            assert_eq!(ids(tracks.of(powerage)), [2, 1]);
        });
    }

    #[test]
    fn a_query_narrows_them_and_a_slice_is_of_each() {
        on_each(async |conn| {
            let albums = Album::objects().all(conn).await.unwrap();
            let tracks = || Album::fields().tracks();
            let long = Track::objects().filter(track::seconds.gt(300));
            let long = conn.prefetch(&albums, tracks(), long).await.unwrap();
            assert_eq!(ids(long.rows().iter()), [1]);
            let longest = Track::objects().then_by_desc(track::seconds);
            let one = conn.prefetch(&albums, tracks(), longest.clone().slice(0, 1)).await.unwrap();
            let of = |found: &Prefetched<Album, Track>| -> Vec<Vec<i64>> {
                albums.iter().map(|album| ids(found.of(album))).collect()
            };
            assert_eq!(of(&one), [vec![3], vec![1]]);
            let second = conn.prefetch(&albums, tracks(), longest.slice(1, 5)).await.unwrap();
            assert_eq!(of(&second), [vec![], vec![2]]);
        });
    }

    #[test]
    fn a_link_table_is_followed_from_both_sides() {
        on_each(async |conn| {
            let tracks = Track::objects().then_by(track::id).all(conn).await.unwrap();
            let tags = Tag::objects().then_by_desc(tag::id);
            let found = conn.prefetch(&tracks, Track::fields().tags(), tags.clone()).await.unwrap();
            let names = |at: usize| -> Vec<&str> {
                found.of(&tracks[at]).map(|tag| tag.name.as_str()).collect()
            };
            assert_eq!(
                (names(0), names(1), names(2)),
                (vec!["live", "loud"], vec!["loud"], vec![])
            );
            let one =
                conn.prefetch(&tracks, Track::fields().tags(), tags.slice(0, 1)).await.unwrap();
            assert_eq!(one.rows().iter().map(|tag| tag.id).collect::<Vec<_>>(), [2, 1]);
            let tags = Tag::objects().filter(tag::name.like("l%")).all(conn).await.unwrap();
            let back =
                conn.prefetch(&tags, Tag::fields().tracks(), Track::objects()).await.unwrap();
            assert_eq!(back.rows().len(), 3);
        });
    }

    #[test]
    fn what_cannot_be_prefetched_is_an_error_or_nothing() {
        on_each(async |conn| {
            let artists = Artist::objects().all(conn).await.unwrap();
            let far = Artist::fields().albums().tracks();
            let refused = conn.prefetch(&artists, far, Track::objects()).await;
            assert!(matches!(refused, Err(Error::Misuse(_))), "{refused:?}");
            let albums = || Artist::fields().albums();
            let locked = Album::objects().select_for_update();
            let refused = conn.prefetch(&artists, albums(), locked).await;
            assert!(matches!(refused, Err(Error::Misuse(_))), "{refused:?}");
            let before = conn.database().statements();
            let none = conn.prefetch(&[], albums(), Album::objects()).await.unwrap();
            assert!(none.rows().is_empty() && none.of(&artists[0]).next().is_none());
            let none = conn.prefetch(&artists, albums(), Album::objects().none()).await.unwrap();
            assert!(none.rows().is_empty());
            assert_eq!(conn.database().statements(), before);
        });
    }
}
