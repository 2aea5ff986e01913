//! Changed rows, written back many at once.

use std::collections::HashSet;

use super::QuerySet;
use super::create::{most_values, no_key_among};
use crate::db::{Columns, Conn, Error, Key, Model, Select};

impl<M: Model> QuerySet<M> {
    /// Writes some columns of rows that were read and changed, in as few statements as the database
    /// takes and in one transaction; returns the number of rows. Other columns stay as they are
    /// stored, and so do rows that the query does not have. Of two rows with one key, the first
    /// counts. Neither `auto_now` columns nor hooks know of it, as in Django.
    ///
    /// ```
    /// use quintet::prelude::*;
    ///
    /// # #[model(table = "track")]
    /// # pub struct Track {
    /// #     pub id: i64,
    /// #     pub name: String,
    /// #     pub milliseconds: i32,
    /// # }
    /// async fn tidy(cx: &Context) -> Result<usize> {
    ///     let mut tracks = Track::objects().filter(track::milliseconds.gt(600_000)).all(cx).await?;
    ///     for track in &mut tracks {
    ///         track.name = track.name.trim().to_owned();
    ///     }
    ///     Ok(Track::objects().bulk_update(&tracks, track::name, cx).await?)
    /// }
    /// # fn main() {}
    /// ```
    ///
    /// # Errors
    /// What the database reports, such as [`Error::Unique`], and [`Error::Misuse`] for the primary
    /// key among the columns; no row is changed then.
    pub async fn bulk_update<'r, C: Columns<M>>(
        self,
        rows: impl IntoIterator<Item = &'r M>,
        _columns: C,
        conn: &Conn,
    ) -> Result<usize, Error> {
        let mut columns = Vec::new();
        C::indexes(&mut columns);
        no_key_among(M::META, &columns)?;
        let mut known = HashSet::new();
        let mut rows: Vec<&M> = rows.into_iter().collect();
        rows.retain(|row| Key::new(row.value(M::META.pk)).is_none_or(|key| known.insert(key)));
        if rows.is_empty() || self.limit == Some(0) {
            return Ok(0);
        }
        // one batch after the other in the order in which others lock them, as those of a batch are
        rows.sort_by_cached_key(|row| Key::new(row.value(M::META.pk)));
        let select = Select::from(self.unsliced());
        // the conditions have values, too
        let batch = (most_values(conn.dialect()) - 2_000) / (columns.len() + 1);
        if rows.len() <= batch {
            return update_batch(&select, &rows, &columns, conn).await;
        }
        let scope = conn.begin().await?;
        let mut changed = Ok(0);
        for batch in rows.chunks(batch) {
            let more = update_batch(&select, batch, &columns, conn).await;
            changed = changed.and_then(|count: usize| Ok(count + more?));
            if changed.is_err() {
                break;
            }
        }
        conn.settle(scope, changed).await
    }
}

async fn update_batch<M: Model>(
    select: &Select,
    rows: &[&M],
    columns: &[usize],
    conn: &Conn,
) -> Result<usize, Error> {
    let value = |row: &M, column: usize| row.value(column).to_value();
    let values = rows.iter().map(|row| {
        let own = columns.iter().map(|column| value(row, *column)).collect();
        (row.pk(), own)
    });
    let sql = select.update_each(conn.dialect(), columns, values.collect());
    conn.whole(conn.send(sql)).await
}
