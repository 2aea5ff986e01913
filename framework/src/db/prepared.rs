//! A bound on the statements that a connection keeps prepared.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use diesel::connection::{Instrumentation, InstrumentationEvent, get_default_instrumentation};

/// Statement texts that one connection keeps prepared: clients choose filters and orders, and so
/// the number of texts.
const MOST: usize = 500;

/// How many texts a connection has prepared and keeps, those that it tried to prepare included.
/// Looked at between requests.
#[derive(Debug, Clone, Default)]
pub(crate) struct Prepared(Arc<AtomicUsize>);

impl Prepared {
    /// How many they are.
    #[cfg(feature = "postgres")]
    pub(crate) fn count(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }

    /// True when no more texts should be prepared on the connection as it is.
    pub(crate) fn is_full(&self) -> bool {
        self.0.load(Ordering::Relaxed) >= MOST
    }

    /// Counts from the start: the connection has forgotten them, or has to do for a while longer.
    pub(crate) fn clear(&self) {
        self.0.store(0, Ordering::Relaxed);
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
        if let InstrumentationEvent::CacheQuery { .. } = event {
            self.prepared.0.fetch_add(1, Ordering::Relaxed);
        }
        if let Some(own) = &mut self.own {
            own.on_connection_event(event);
        }
    }
}

#[cfg(all(test, feature = "postgres"))]
mod tests {
    use futures_util::future::LocalBoxFuture;

    use super::super::testing::{block_on, postgres};
    use super::super::{ColumnKind, Conn, Error, Sql};
    use super::*;

    #[test]
    fn a_connection_that_has_prepared_enough_is_replaced() {
        let Some(database) = postgres() else { return };
        let worker = database.worker();
        let mut most = 0;
        block_on(async {
            // each in a job of its own, as requests are
            for number in 0..MOST + 100 {
                let work = move |conn: Conn| -> LocalBoxFuture<'static, Result<Vec<i64>, Error>> {
                    let mut sql = Sql::new(conn.dialect());
                    sql.push("SELECT count(*) AS ").name(&format!("text_{number}"));
                    sql.push(" FROM pg_prepared_statements");
                    Box::pin(
                        async move { conn.rows(sql, |row| row.get(0, ColumnKind::BigInt)).await },
                    )
                };
                let kept = worker.run(false, work).await.unwrap().unwrap()[0];
                most = most.max(usize::try_from(kept).unwrap());
            }
        });
        assert_eq!(most, MOST);
    }
}
