//! Work that the database needs before the program is of use.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::LocalBoxFuture;

use super::{Conn, Database, Error};

/// The error of start-up work; an [`Error::Unavailable`] in it means that the database is away.
pub type StartupError = Box<dyn std::error::Error + Send + Sync>;

/// The first pause before a retry.
const FIRST: Duration = Duration::from_millis(250);

/// The longest pause.
const LONGEST: Duration = Duration::from_secs(5);

impl Database {
    /// Runs start-up work, such as creating tables, as soon as the database can be reached. While
    /// the database is away, the work is tried again after a pause of at most five seconds, and
    /// the log says so.
    ///
    /// A server need not wait for it: it can serve meanwhile, and returns 503 until the tables
    /// exist.
    ///
    /// ```no_run
    /// # use std::sync::Arc;
    /// # use quintet::db::{Conn, Database};
    /// # async fn run(database: Arc<Database>) {
    /// quintet::rt::spawn(async move {
    ///     let tables = database.once_reachable(|conn: Conn| {
    ///         Box::pin(async move { Ok(conn.batch_execute("CREATE TABLE IF NOT EXISTS …").await?) })
    ///     });
    ///     if let Err(error) = tables.await {
    ///         eprintln!("the tables cannot be made: {error}");
    ///     }
    /// });
    /// # }
    /// ```
    ///
    /// # Errors
    /// The error of the work, unless the database is away.
    pub async fn once_reachable<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl Fn(Conn) -> LocalBoxFuture<'static, Result<T, StartupError>> + Clone + Send + 'static,
    ) -> Result<T, StartupError> {
        let worker = self.worker();
        let mut pause = FIRST;
        loop {
            let work = work.clone();
            let outcome = worker.run(true, move |conn| work(conn)).await;
            let outcome = outcome.unwrap_or_else(|error| Err(error.into()));
            let Err(error) = &outcome else { return outcome };
            let Some(Error::Unavailable(reason)) = error.downcast_ref() else { return outcome };
            let seconds = pause.as_secs_f32();
            tracing::warn!("start-up work failed, retrying in {seconds} s: {reason}");
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST);
        }
    }
}

#[cfg(all(test, feature = "sqlite"))]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::super::testing::block_on;
    use super::*;

    /// What work ends with whose first tries find the database away, and how often it is tried.
    fn tried(away: usize, then: Result<u8, &'static str>) -> (Result<u8, String>, usize) {
        let database = Database::open(crate::db::DatabaseConfig::new("sqlite://:memory:")).unwrap();
        let tries = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&tries);
        let work = move |_: Conn| -> LocalBoxFuture<'static, Result<u8, StartupError>> {
            let try_number = counted.fetch_add(1, Ordering::Relaxed);
            Box::pin(async move {
                if try_number < away {
                    return Err(Error::Unavailable("the database cannot be reached").into());
                }
                then.map_err(Into::into)
            })
        };
        let outcome = block_on(database.once_reachable(work)).map_err(|error| error.to_string());
        (outcome, tries.load(Ordering::Relaxed))
    }

    #[test]
    fn work_is_tried_until_the_database_is_there() {
        assert_eq!(tried(0, Ok(7)), (Ok(7), 1));
        assert_eq!(tried(2, Ok(7)), (Ok(7), 3));
    }

    #[test]
    fn work_that_fails_is_not_tried_again() {
        assert_eq!(tried(1, Err("no rights")), (Err("no rights".into()), 2));
    }
}
