//! Counting statements.

use std::fmt::Write as _;
use std::sync::Arc;

use crate::db::Database;

/// Records the statements sent to a database while it lives (`CaptureQueriesContext`), except BEGIN
/// and COMMIT. It records every user of the database, so give concurrent tests separate databases.
///
/// ```
/// # use std::sync::Arc;
/// # use quintet::db::Database;
/// # use quintet::test::ApiClient;
/// # async fn run(client: ApiClient) {
/// use quintet::test::CaptureQueries;
///
/// let queries = CaptureQueries::new(client.site().database());
/// client.get("/notes/").await;
/// assert!(queries.captured()[0].starts_with("SELECT"));
/// # }
/// ```
#[derive(Debug)]
pub struct CaptureQueries {
    database: Arc<Database>,
    first: usize,
    before: u64,
}

impl CaptureQueries {
    /// Starts recording.
    pub fn new(database: &Arc<Database>) -> Self {
        let first = database.captured().listen();
        Self { before: database.statements(), first, database: Arc::clone(database) }
    }

    /// The number of statements sent so far.
    pub fn count(&self) -> u64 {
        self.database.statements() - self.before
    }

    /// The statements that were sent so far, with their values.
    pub fn captured(&self) -> Vec<String> {
        self.database.captured().since(self.first)
    }
}

impl Drop for CaptureQueries {
    fn drop(&mut self) {
        self.database.captured().leave();
    }
}

/// Runs `work`, which must take this number of statements (`assertNumQueries`), and returns its
/// result.
///
/// ```
/// # use quintet::test::ApiClient;
/// # async fn run(client: ApiClient) {
/// use quintet::test::assert_num_queries;
///
/// let database = client.site().database();
/// let response = assert_num_queries(2, database, async || client.get("/notes/").await).await;
/// assert_eq!(response.status(), 200);
/// # }
/// ```
///
/// # Panics
/// If it takes more or fewer; the message lists the statements.
#[doc(alias = "assertNumQueries")]
pub async fn assert_num_queries<T>(
    number: u64,
    database: &Arc<Database>,
    work: impl AsyncFnOnce() -> T,
) -> T {
    let queries = CaptureQueries::new(database);
    let value = work().await;
    let count = queries.count();
    if count != number {
        let mut text = format!("{count} queries executed, {number} expected");
        text.push_str("\nCaptured queries were:");
        for (at, query) in queries.captured().iter().enumerate() {
            // writing to a text cannot fail
            let _ = write!(text, "\n{}. {query}", at + 1);
        }
        panic!("{text}");
    }
    value
}
