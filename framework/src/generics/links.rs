//! Changing the links of a row to many others (`playlist.tracks.add(..)`).

use std::marker::PhantomData;

use crate::db::{self, Conn, Error, Hop, Model, ModelMeta};
use crate::exceptions::{ApiException, Result};
use crate::request::Context;
use crate::values::{FieldType, Value};

impl Context {
    /// The links of a many-to-many relation of a row: `cx.links(&playlist,
    /// Playlist::fields().tracks())`.
    pub fn links<M: Model, F: db::Fields>(&self, row: &M, relation: F) -> LinkSet<'_, KeyOf<F>> {
        LinkSet {
            conn: self,
            hop: relation.way().hops.last().copied(),
            model: M::META,
            pk: row.pk(),
            keys: PhantomData,
        }
    }
}

/// The type of the keys of the rows at the end of a relation.
type KeyOf<F> = <<F as db::Fields>::Model as Model>::Key;

/// The links of a row through a link table (`playlist.tracks`), to rows with keys of the type `K`.
/// Created by [`Context::links`].
///
/// ```
/// use quintet::prelude::*;
///
/// # #[model(table = "track")]
/// # pub struct Track {
/// #     pub id: i64,
/// #     pub name: String,
/// # }
/// # #[model(table = "playlist", many_to_many(tracks: Track, related_name = playlists))]
/// # pub struct Playlist {
/// #     pub id: i64,
/// #     pub name: String,
/// # }
/// async fn empty(cx: &mut Context, playlist: &Playlist) -> Result<i64> {
///     let tracks = cx.links(playlist, Playlist::fields().tracks());
///     let before = tracks.count().await?;
///     tracks.set([]).await?;
///     Ok(before)
/// }
/// # fn main() {}
/// ```
pub struct LinkSet<'a, K = i64> {
    conn: &'a Conn,
    hop: Option<Hop>,
    model: &'static ModelMeta,
    pk: Value,
    keys: PhantomData<fn(K)>,
}

impl<K> std::fmt::Debug for LinkSet<'_, K> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LinkSet").field("pk", &self.pk).finish_non_exhaustive()
    }
}

impl<K: FieldType> LinkSet<'_, K> {
    fn hop(&self) -> Result<&Hop> {
        self.hop.as_ref().ok_or_else(|| ApiException::internal("the relation has no link table"))
    }

    /// Adds links to rows; existing ones stay. The row is locked first, until the end of the
    /// current transaction, or of one that is opened for the call.
    ///
    /// # Errors
    /// 404 when the row is gone, and what the database refuses.
    pub async fn add(&self, keys: impl IntoIterator<Item = K>) -> Result<()> {
        self.write(keys, async |hop, keys| self.conn.add_links(hop, &self.pk, keys).await).await
    }

    /// Removes links to rows. The row is locked first, as by [`LinkSet::add`].
    ///
    /// # Errors
    /// 404 when the row is gone, and what the database refuses.
    pub async fn remove(&self, keys: impl IntoIterator<Item = K>) -> Result<()> {
        self.write(keys, async |hop, keys| self.conn.remove_links(hop, &self.pk, keys).await).await
    }

    /// Links to exactly these rows (`set`); existing links are left alone. The row is locked first,
    /// as by [`LinkSet::add`].
    ///
    /// # Errors
    /// 404 when the row is gone, and what the database refuses.
    pub async fn set(&self, keys: impl IntoIterator<Item = K>) -> Result<()> {
        let work = async |hop: &Hop, keys: &[Value]| {
            let unfinished = self.conn.unfinished();
            self.conn.set_links(hop, &self.pk, keys).await?;
            unfinished.done();
            Ok(0)
        };
        self.write(keys, work).await
    }

    /// Removes all links (`clear`), in one statement. The row is locked first, as by [`LinkSet::add`].
    ///
    /// # Errors
    /// 404 when the row is gone, and what the database refuses.
    pub async fn clear(&self) -> Result<()> {
        let work = async |hop: &Hop, _: &[Value]| {
            let unfinished = self.conn.unfinished();
            let changed = self.conn.clear_links(hop, &self.pk).await?;
            unfinished.done();
            Ok(changed)
        };
        self.write([], work).await
    }

    async fn write(
        &self,
        keys: impl IntoIterator<Item = K>,
        work: impl AsyncFnOnce(&Hop, &[Value]) -> Result<usize, Error>,
    ) -> Result<()> {
        let keys: Vec<Value> = keys.into_iter().map(FieldType::into_value).collect();
        let work = async {
            if !self.conn.lock_row(self.model, self.pk.clone()).await? {
                return Err(ApiException::no_match(self.model.name));
            }
            work(self.hop()?, &keys).await?;
            Ok(())
        };
        if self.conn.in_transaction() {
            return work.await;
        }
        let scope = self.conn.begin().await?;
        let result = work.await;
        self.conn.settle(scope, result).await
    }

    /// The number of links.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn count(&self) -> Result<i64> {
        Ok(self.conn.count_links(self.hop()?, &self.pk).await?)
    }
}
