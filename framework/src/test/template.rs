//! A database that is filled once, and copied for every test.

use std::fmt;
use std::sync::Arc;

use futures_util::future::LocalBoxFuture;
use tokio::sync::OnceCell;

use super::TestDatabase;
use super::leftovers::Owner;
use crate::db::{Conn, Database, DatabaseConfig, StartupError};

/// Fills an empty database with tables and rows.
pub type Loader = for<'c> fn(&'c mut Conn) -> LocalBoxFuture<'c, Result<(), StartupError>>;

/// A database that is filled once per process; every test gets its own copy (`TransactionTestCase`,
/// with the speed of `TestCase`).
///
/// Put it into a `static`. On `SQLite` both template and copies are in memory; on `PostgreSQL` they
/// are databases on the server that a URL names, created with `CREATE DATABASE … TEMPLATE`, so the
/// role needs the right to create databases. A copy is removed when the [`TestDatabase`] is
/// dropped, also after a panic, and the template when the process ends.
///
/// ```
/// use quintet::db::{Conn, StartupError};
/// use quintet::test::Template;
///
/// static NOTES: Template = Template::new(|conn| Box::pin(tables(conn)));
///
/// async fn tables(conn: &mut Conn) -> Result<(), StartupError> {
///     conn.batch_execute("CREATE TABLE note (id INTEGER PRIMARY KEY, title TEXT NOT NULL)").await?;
///     conn.batch_execute("INSERT INTO note VALUES (1, 'milk')").await?;
///     Ok(())
/// }
/// # fn main() -> Result<(), StartupError> {
/// # quintet::rt::System::new().block_on(async {
/// for database in NOTES.each("TEST_POSTGRES_URL").await? {
///     // … a site, a client
/// }
/// # Ok(())
/// # })
/// # }
/// ```
#[doc(alias = "TestCase")]
pub struct Template {
    load: Loader,
    #[cfg(feature = "sqlite")]
    sqlite: OnceCell<Arc<Database>>,
    #[cfg(feature = "postgres")]
    postgres: OnceCell<super::postgres::Filled>,
}

/// A copy of a template.
pub(super) struct Copy {
    pub(super) url: String,
    pub(super) beside: Arc<Database>,
    pub(super) owner: Option<Owner>,
}

impl Template {
    /// A template that this function fills, when it is first used.
    pub const fn new(load: Loader) -> Self {
        Self {
            load,
            #[cfg(feature = "sqlite")]
            sqlite: OnceCell::const_new(),
            #[cfg(feature = "postgres")]
            postgres: OnceCell::const_new(),
        }
    }

    /// A copy on `SQLite`, in memory: the fastest. It has no write-ahead log, so a reader may have
    /// to wait for a writer.
    ///
    /// # Errors
    /// When the template cannot be filled.
    #[cfg(feature = "sqlite")]
    pub async fn sqlite(&self) -> Result<TestDatabase, StartupError> {
        Ok(TestDatabase::new(super::sqlite::copy(self.in_memory().await?).await?))
    }

    /// A copy on `SQLite` in a file of the temporary folder, which behaves as in production where
    /// several connections meet.
    ///
    /// # Errors
    /// When the template cannot be filled, or the file cannot be written.
    #[cfg(feature = "sqlite")]
    pub async fn sqlite_file(&self) -> Result<TestDatabase, StartupError> {
        Ok(TestDatabase::new(super::sqlite::copy_to_file(self.in_memory().await?).await?))
    }

    #[cfg(feature = "sqlite")]
    async fn in_memory(&self) -> Result<&Arc<Database>, StartupError> {
        let filled = async || {
            let (_, database) = super::sqlite::in_memory().await?;
            fill(&database, self.load).await?;
            Ok(database)
        };
        self.sqlite.get_or_try_init(filled).await
    }

    /// A copy on a server of `PostgreSQL`: `postgres://user:password@host:5432/name`. The database
    /// of the URL is not touched; the copy stands beside it.
    ///
    /// # Errors
    /// When the template cannot be filled or copied.
    #[cfg(feature = "postgres")]
    pub async fn postgres(&self, url: &str) -> Result<TestDatabase, StartupError> {
        let filled = async || super::postgres::Filled::new(url, self.load).await;
        let template = self.postgres.get_or_try_init(filled).await?;
        Ok(TestDatabase::new(template.copy(url).await?))
    }

    /// A copy on each database that there is: on `SQLite`, and on `PostgreSQL` where an environment
    /// variable of this name holds a URL.
    ///
    /// # Errors
    /// As of [`sqlite`](Self::sqlite) and [`postgres`](Self::postgres).
    pub async fn each(&self, variable: &str) -> Result<Vec<TestDatabase>, StartupError> {
        let mut databases = Vec::new();
        #[cfg(feature = "sqlite")]
        databases.push(self.sqlite().await?);
        let url = std::env::var(variable).ok().filter(|url| !url.is_empty());
        #[cfg(feature = "postgres")]
        if let Some(url) = url {
            databases.push(self.postgres(&url).await?);
        }
        #[cfg(not(feature = "postgres"))]
        if url.is_some() {
            tracing::warn!("{variable} is set, but the feature `postgres` of quintet is off");
        }
        Ok(databases)
    }
}

impl fmt::Debug for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Template").finish_non_exhaustive()
    }
}

/// A database with one connection.
pub(super) fn open(url: &str) -> Result<Arc<Database>, StartupError> {
    Ok(Database::open(DatabaseConfig::new(url).pool_size(1))?)
}

/// Fills an empty database.
pub(super) async fn fill(database: &Arc<Database>, load: Loader) -> Result<(), StartupError> {
    let worker = database.worker();
    worker.run(true, move |mut conn| Box::pin(async move { load(&mut conn).await })).await?
}
