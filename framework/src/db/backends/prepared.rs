//! A bound on the statements that a connection keeps prepared.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use diesel::connection::{Instrumentation, InstrumentationEvent, get_default_instrumentation};

/// The most statement texts that a connection keeps prepared: clients choose filters and orders,
/// and so the number of texts.
const MOST: usize = 500;

/// Bytes of all these texts together. A backend of `PostgreSQL` takes up to thirty times as much.
const MOST_BYTES: usize = 256 << 10;

/// The longest text that is kept prepared. A longer one is made of what a client repeats, and is
/// not likely to come again: it is prepared for once and forgotten.
pub(crate) const LONGEST: usize = 8 << 10;

/// How many texts a connection keeps prepared, including failed ones. Checked between requests.
#[derive(Debug, Clone, Default)]
pub(crate) struct Prepared(Arc<Kept>);

#[derive(Debug, Default)]
struct Kept {
    texts: AtomicUsize,
    bytes: AtomicUsize,
}

impl Prepared {
    /// How many they are.
    #[cfg(feature = "postgres")]
    pub(crate) fn count(&self) -> usize {
        self.0.texts.load(Ordering::Relaxed)
    }

    /// Whether no more texts should be prepared on the connection.
    pub(crate) fn is_full(&self) -> bool {
        self.0.texts.load(Ordering::Relaxed) >= MOST
            || self.0.bytes.load(Ordering::Relaxed) >= MOST_BYTES
    }

    /// Counts from the start: the connection has forgotten them, or has to do for a while longer.
    pub(crate) fn clear(&self) {
        self.0.texts.store(0, Ordering::Relaxed);
        self.0.bytes.store(0, Ordering::Relaxed);
    }

    /// What the connection reports to: this, and what the program gave to diesel.
    pub(crate) fn counting(&self) -> impl Instrumentation {
        Counting { prepared: self.clone(), own: get_default_instrumentation() }
    }
}

struct Counting {
    prepared: Prepared,
    own: Option<Box<dyn Instrumentation>>,
}

impl Instrumentation for Counting {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        #[cfg(feature = "test")]
        if let InstrumentationEvent::StartQuery { query, .. } = &event {
            crate::db::captured::told_by_diesel(query);
        }
        if let InstrumentationEvent::CacheQuery { sql, .. } = event {
            self.prepared.0.texts.fetch_add(1, Ordering::Relaxed);
            self.prepared.0.bytes.fetch_add(sql.len(), Ordering::Relaxed);
        }
        if let Some(own) = &mut self.own {
            own.on_connection_event(event);
        }
    }
}

#[cfg(all(test, feature = "postgres"))]
mod tests {
    use futures_util::future::LocalBoxFuture;

    use super::*;
    use crate::db::testing::{block_on, postgres};
    use crate::db::{ColumnKind, Conn, Error, Row, Sql};

    /// The most texts that one connection keeps while jobs send texts of a length, and the most
    /// bytes.
    fn kept(texts: usize, length: usize) -> Option<(usize, usize)> {
        let worker = postgres()?.worker();
        let mut most = (0, 0);
        block_on(async {
            // each in a job of its own, as requests are
            for number in 0..texts {
                let work = move |conn: Conn| -> LocalBoxFuture<'static, Result<Vec<_>, Error>> {
                    let mut sql = Sql::new(conn.dialect());
                    sql.push("SELECT count(*), coalesce(sum(length(statement)), 0)::bigint AS ");
                    sql.name(&format!("text_{number}")).push(" FROM pg_prepared_statements");
                    sql.push(&" ".repeat(length));
                    let read = move |row: &Row<'_>| {
                        let kind = ColumnKind::BigInt;
                        Ok((row.get::<i64>(0, kind)?, row.get::<i64>(1, kind)?))
                    };
                    Box::pin(async move { conn.rows(sql, read).await })
                };
                let (texts, bytes) = worker.run(false, work).await.unwrap().unwrap()[0];
                most.0 = most.0.max(usize::try_from(texts).unwrap());
                most.1 = most.1.max(usize::try_from(bytes).unwrap());
            }
        });
        Some(most)
    }

    #[test]
    fn a_connection_that_has_prepared_enough_is_replaced() {
        let Some((texts, _)) = kept(MOST + 100, 0) else { return };
        assert_eq!(texts, MOST);
    }

    #[test]
    fn a_connection_that_has_prepared_enough_bytes_is_replaced() {
        let Some((texts, bytes)) = kept(200, 7 << 10) else { return };
        assert!(bytes < MOST_BYTES + LONGEST && texts < 40, "{texts} texts of {bytes} bytes");
    }

    #[test]
    fn a_long_text_is_prepared_for_once() {
        let Some(kept) = kept(20, LONGEST) else { return };
        // what is read is the statement that reads
        assert_eq!(kept.0, 1);
    }
}
