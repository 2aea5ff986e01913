//! The database of a process: chosen by URL, reached through workers.

use std::collections::HashMap;
use std::fmt;
#[cfg(feature = "postgres")]
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use futures_util::future::LocalBoxFuture;

use super::conn::Conn;
use super::connections::Place;
use super::hooks::{Receivers, Signal};
use super::url::masked;
use super::{Dialect, Error, ModelMeta, reachable};
#[cfg(feature = "sqlite")]
use crate::aside::aside;
use crate::settings::Settings;
use crate::values::debug_is_display;

/// How to connect to a database.
#[derive(Clone)]
#[non_exhaustive]
pub struct DatabaseConfig {
    /// `sqlite://relative.db`, `sqlite:///absolute/path.db`, `sqlite://:memory:` or
    /// `postgres://user:password@host:port/name`.
    pub url: String,
    /// Connections: threads on `SQLite` (one of them writes), shared connections of each actix
    /// worker on `PostgreSQL`, and as many again for transactions.
    pub pool_size: usize,
    /// How many actix workers have connections to `PostgreSQL`.
    pub workers: usize,
    /// Longest wait for a connection, then 503.
    pub wait: Duration,
    /// Longest wait for a connection to be made, then 503.
    pub connect: Duration,
    /// Whether every statement that writes is refused, as a replica does.
    pub read_only: bool,
}

impl DatabaseConfig {
    /// Four connections, five seconds.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            pool_size: 4,
            workers: 1,
            wait: Duration::from_secs(5),
            connect: Duration::from_secs(5),
            read_only: false,
        }
    }

    /// Sets the number of connections.
    #[must_use]
    pub fn pool_size(mut self, size: usize) -> Self {
        self.pool_size = size.max(1);
        self
    }

    /// Sets the number of workers, which the log compares with what the server takes.
    #[must_use]
    pub fn workers(mut self, workers: usize) -> Self {
        self.workers = workers.max(1);
        self
    }

    /// Refuses statements that write (`default_transaction_read_only`, `query_only`).
    #[must_use]
    pub fn read_only(mut self, read_only: bool) -> Self {
        self.read_only = read_only;
        self
    }

    /// The most connections that a process makes to `PostgreSQL`.
    #[cfg(feature = "postgres")]
    fn most(&self) -> usize {
        self.pool_size.saturating_mul(2).saturating_mul(self.workers)
    }

    /// Sets the longest wait for a connection.
    #[must_use]
    pub fn wait(mut self, wait: Duration) -> Self {
        self.wait = wait;
        self
    }

    /// Sets the longest wait for a connection to be made.
    #[must_use]
    pub fn connect(mut self, connect: Duration) -> Self {
        self.connect = connect;
        self
    }
}

impl fmt::Debug for DatabaseConfig {
    /// Without the URL, which may hold a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DatabaseConfig")
            .field("pool_size", &self.pool_size)
            .field("wait", &self.wait)
            .field("connect", &self.connect)
            .finish_non_exhaustive()
    }
}

impl From<&Settings> for DatabaseConfig {
    fn from(settings: &Settings) -> Self {
        Self::new(&settings.database_url)
            .pool_size(settings.pool_size())
            .workers(settings.worker_count())
            .wait(settings.database_wait_timeout)
            .connect(settings.database_connect_timeout)
    }
}

/// An invalid database URL. `Debug` prints the same message as `Display`.
#[derive(thiserror::Error)]
#[error("{0}")]
pub struct ConfigError(String);

impl ConfigError {
    /// Of the names of databases.
    pub(super) fn of_names(message: String) -> Self {
        Self(message)
    }

    fn new(url: &str, reason: impl std::fmt::Display) -> Self {
        Self(format!("DATABASE_URL: `{}`: {reason}", masked(url)))
    }
}

debug_is_display!(ConfigError);

#[derive(Debug)]
enum DatabaseKind {
    #[cfg(feature = "sqlite")]
    Sqlite(Arc<super::sqlite::SqlitePool>),
    #[cfg(feature = "postgres")]
    Postgres(Box<tokio_postgres::Config>, Arc<super::room::Room>),
}

/// The database of a process.
#[derive(Debug)]
pub struct Database {
    kind: DatabaseKind,
    config: DatabaseConfig,
    statements: AtomicU64,
    #[cfg(feature = "test")]
    captured: Arc<super::Captured>,
    /// The models whose tables are in it, as far as they are registered.
    models: Mutex<Vec<&'static ModelMeta>>,
    receivers: Receivers,
    content_types: ContentTypes,
    /// Its place among others, if it has one.
    place: OnceLock<Place>,
    /// Which of the connections to a file that are leased writes.
    #[cfg(feature = "sqlite")]
    turns: Arc<tokio::sync::Mutex<()>>,
}

/// The keys of content types by app and model, as far as they were read.
#[derive(Debug, Default)]
pub(crate) struct ContentTypes(Mutex<HashMap<(String, String), i32>>);

impl ContentTypes {
    fn known(&self) -> std::sync::MutexGuard<'_, HashMap<(String, String), i32>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn get(&self, model: &(String, String)) -> Option<i32> {
        self.known().get(model).copied()
    }

    pub(crate) fn keep(&self, model: (String, String), key: i32) {
        self.known().insert(model, key);
    }

    pub(crate) fn clear(&self) {
        self.known().clear();
    }
}

impl Database {
    /// Parses the URL and prepares the database; it does not connect yet.
    ///
    /// # Errors
    /// If the URL is invalid, or names a database whose feature is off.
    pub fn open(config: impl Into<DatabaseConfig>) -> Result<Arc<Self>, ConfigError> {
        let config = config.into();
        let kind = Self::kind(&config)?;
        Ok(Arc::new(Self {
            kind,
            config,
            statements: AtomicU64::new(0),
            #[cfg(feature = "test")]
            captured: Arc::default(),
            models: Mutex::default(),
            receivers: Receivers::default(),
            content_types: ContentTypes::default(),
            place: OnceLock::new(),
            #[cfg(feature = "sqlite")]
            turns: Arc::default(),
        }))
    }

    fn kind(config: &DatabaseConfig) -> Result<DatabaseKind, ConfigError> {
        let url = config.url.as_str();
        let wrong = |reason: &str| Err(ConfigError::new(url, reason));
        if let Some(path) = url.strip_prefix("sqlite://") {
            if path.is_empty() {
                return wrong(
                    "it names no file; write `sqlite://relative.db` or `sqlite:///absolute.db`",
                );
            }
            #[cfg(feature = "sqlite")]
            {
                super::sqlite::check_path(path).map_err(|reason| ConfigError::new(url, reason))?;
                let pool = super::sqlite::SqlitePool::start(
                    path,
                    config.pool_size,
                    config.wait,
                    config.read_only,
                );
                return pool.map(DatabaseKind::Sqlite).map_err(|error| {
                    ConfigError::new(url, format!("a thread cannot be started: {error}"))
                });
            }
            #[cfg(not(feature = "sqlite"))]
            return wrong("this program was built without the feature `sqlite` of quintet");
        }
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            #[cfg(feature = "postgres")]
            return match url.parse::<tokio_postgres::Config>() {
                Ok(read) if read.get_ssl_mode() == tokio_postgres::config::SslMode::Require => {
                    wrong(
                        "`sslmode=require` asks for TLS, which is not supported; remove it and connect \
                         over a private network or a tunnel",
                    )
                }
                Ok(mut read) => {
                    if config.read_only {
                        let own = read.get_options().unwrap_or_default();
                        let options = format!("{own} -c default_transaction_read_only=on");
                        read.options(options.trim_start());
                    }
                    let room = super::room::Room::new(config.most());
                    Ok(DatabaseKind::Postgres(Box::new(read), Arc::new(room)))
                }
                Err(error) => {
                    let cause = std::error::Error::source(&error)
                        .map_or_else(|| error.to_string(), ToString::to_string);
                    wrong(&format!("{cause}; write `postgres://user:password@host:5432/name`"))
                }
            };
            #[cfg(not(feature = "postgres"))]
            return wrong("this program was built without the feature `postgres` of quintet");
        }
        wrong("it is neither `sqlite://path` nor `postgres://user:password@host:5432/name`")
    }

    /// The database that statements are written for.
    pub fn dialect(&self) -> Dialect {
        match &self.kind {
            #[cfg(feature = "sqlite")]
            DatabaseKind::Sqlite(_) => Dialect::Sqlite,
            #[cfg(feature = "postgres")]
            DatabaseKind::Postgres(..) => Dialect::Postgres,
        }
    }

    /// Registers models, with those that they reference, so that deletions follow their foreign
    /// keys (`on_delete`). A site does this for the models of its views; a program without a site
    /// must do it before it deletes rows.
    ///
    /// ```
    /// use quintet::db::{Database, DatabaseConfig, Model};
    /// use quintet::prelude::*;
    ///
    /// # #[model(table = "folder")]
    /// # pub struct Folder {
    /// #     pub id: i64,
    /// #     #[field(foreign_key = Folder, related_name = children)]
    /// #     pub parent_id: Option<i64>,
    /// # }
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let database = Database::open(DatabaseConfig::new("sqlite://:memory:"))?;
    /// database.register([Folder::META]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn register(&self, models: impl IntoIterator<Item = &'static ModelMeta>) {
        let mut known = self.models.lock().unwrap_or_else(PoisonError::into_inner);
        *known = reachable(known.iter().copied().chain(models));
    }

    /// Connects signals, which run from then on when rows of their models are saved or deleted. A
    /// site does this with those that its builder got; a program without a site does it at its start.
    pub fn connect(&self, signals: impl IntoIterator<Item = Signal>) {
        self.receivers.connect(signals);
    }

    pub(super) fn place(&self) -> &OnceLock<Place> {
        &self.place
    }

    #[cfg(feature = "sqlite")]
    pub(super) fn turns(&self) -> &Arc<tokio::sync::Mutex<()>> {
        &self.turns
    }

    /// The longest wait for a connection, and for the turn of one.
    #[cfg(feature = "sqlite")]
    pub(super) fn wait(&self) -> std::time::Duration {
        self.config.wait
    }

    /// Whether it refuses statements that write.
    pub fn is_read_only(&self) -> bool {
        self.config.read_only
    }

    /// The threads of a file of `SQLite`.
    #[cfg(feature = "sqlite")]
    #[cfg_attr(
        not(feature = "postgres"),
        allow(clippy::unnecessary_wraps, reason = "the other database has none")
    )]
    pub(super) fn sqlite(&self) -> Option<&Arc<super::sqlite::SqlitePool>> {
        match &self.kind {
            DatabaseKind::Sqlite(pool) => Some(pool),
            #[cfg(feature = "postgres")]
            DatabaseKind::Postgres(..) => None,
        }
    }

    pub(crate) fn content_types(&self) -> &ContentTypes {
        &self.content_types
    }

    pub(crate) fn receivers(&self) -> &Receivers {
        &self.receivers
    }

    /// The registered models.
    pub(crate) fn registered(&self) -> Vec<&'static ModelMeta> {
        self.models.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The registered models, and one more.
    pub(crate) fn models(&self, own: &'static ModelMeta) -> Vec<&'static ModelMeta> {
        let known = self.registered();
        if known.contains(&own) { known } else { reachable(known.into_iter().chain([own])) }
    }

    /// The number of statements sent so far, except BEGIN and COMMIT.
    pub fn statements(&self) -> u64 {
        self.statements.load(Ordering::Relaxed)
    }

    /// The texts of statements, for tests.
    #[cfg(feature = "test")]
    pub(crate) fn captured(&self) -> &Arc<super::Captured> {
        &self.captured
    }

    pub(crate) fn count_statement(&self) {
        self.statements.fetch_add(1, Ordering::Relaxed);
    }

    /// Runs several statements without values, separated by semicolons: for a program's start,
    /// before it serves.
    ///
    /// # Errors
    /// What the database reports.
    pub async fn batch_execute(self: &Arc<Self>, sql: impl Into<String>) -> Result<(), Error> {
        let sql = sql.into();
        self.worker()
            .run(true, |conn| Box::pin(async move { conn.batch_execute(&sql).await }))
            .await?
    }

    /// The access of one actix worker (or any other thread with a runtime).
    pub fn worker(self: &Arc<Self>) -> DatabaseWorker {
        DatabaseWorker {
            #[cfg(feature = "postgres")]
            postgres: match &self.kind {
                DatabaseKind::Postgres(server, room) => Some(super::postgres::PgWorker::new(
                    (**server).clone(),
                    &self.config,
                    Arc::clone(room),
                )),
                #[cfg(feature = "sqlite")]
                DatabaseKind::Sqlite(_) => None,
            },
            database: Arc::clone(self),
        }
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        match &self.kind {
            #[cfg(feature = "sqlite")]
            DatabaseKind::Sqlite(pool) => pool.stop(),
            #[cfg(feature = "postgres")]
            DatabaseKind::Postgres(..) => {}
        }
    }
}

/// The connections of one thread. Cheap to clone; stays on its thread.
#[derive(Debug, Clone)]
pub struct DatabaseWorker {
    database: Arc<Database>,
    #[cfg(feature = "postgres")]
    postgres: Option<Rc<super::postgres::PgWorker>>,
}

impl DatabaseWorker {
    /// The database.
    pub fn database(&self) -> &Arc<Database> {
        &self.database
    }

    #[cfg(feature = "postgres")]
    pub(super) fn into_postgres(self) -> Option<Rc<super::postgres::PgWorker>> {
        self.postgres
    }

    #[cfg(feature = "postgres")]
    pub(super) fn with_postgres(
        database: &Arc<Database>,
        postgres: Option<Rc<super::postgres::PgWorker>>,
    ) -> Self {
        Self { database: Arc::clone(database), postgres }
    }

    /// Runs `work` where the connection lives: on this thread for `PostgreSQL`, on a database
    /// thread for `SQLite`. `write` says that it will write.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when no connection comes free in time.
    #[allow(clippy::unused_async, reason = "one of the databases may be switched off")]
    pub async fn run<T: Send + 'static>(
        &self,
        write: bool,
        work: impl FnOnce(Conn) -> LocalBoxFuture<'static, T> + Send + 'static,
    ) -> Result<T, Error> {
        match &self.database.kind {
            #[cfg(feature = "sqlite")]
            DatabaseKind::Sqlite(pool) => {
                let wait = self.database.config.wait;
                // on PostgreSQL this future is every request's
                aside(|| pool.run(Arc::clone(&self.database), write, wait, work)).await
            }
            #[cfg(feature = "postgres")]
            DatabaseKind::Postgres(..) => {
                let _ = write;
                let Some(worker) = &self.postgres else {
                    return Err(Error::Unavailable("the database has no worker"));
                };
                let inner =
                    super::conn::Inner::Postgres(super::postgres::PgConn::new(Rc::clone(worker)));
                Ok(work(Conn::new(inner, Arc::clone(&self.database))).await)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(url: &str) -> String {
        Database::open(DatabaseConfig::new(url)).unwrap_err().to_string()
    }

    #[test]
    fn the_scheme_chooses_the_database() {
        #[cfg(feature = "sqlite")]
        {
            let database = Database::open(DatabaseConfig::new("sqlite://:memory:")).unwrap();
            assert_eq!(database.dialect(), Dialect::Sqlite);
        }
        #[cfg(feature = "postgres")]
        {
            let database = Database::open(DatabaseConfig::new("postgresql://u@h/d")).unwrap();
            assert_eq!(database.dialect(), Dialect::Postgres);
        }
    }

    #[test]
    fn a_url_that_cannot_be_used_names_the_setting() {
        let expected =
            "it is neither `sqlite://path` nor `postgres://user:password@host:5432/name`";
        for (url, shown) in [
            ("mysql://u:secret@localhost/x", "mysql://u:***@localhost/x"),
            ("store.db", "store.db"),
        ] {
            assert_eq!(refused(url), format!("DATABASE_URL: `{shown}`: {expected}"));
        }
        assert!(refused("sqlite://").starts_with("DATABASE_URL: `sqlite://`: it names no file"));
        #[cfg(feature = "postgres")]
        {
            assert_eq!(
                refused("postgres://u:secret@h:port/x"),
                "DATABASE_URL: `postgres://u:***@h:port/x`: invalid value for option `port`; write \
                 `postgres://user:password@host:5432/name`"
            );
            let tls = refused("postgres://u@h/x?sslmode=require");
            assert!(tls.contains("`sslmode=require` asks for TLS"), "{tls}");
        }
    }

    #[test]
    fn a_pool_has_one_connection_at_least() {
        assert_eq!(DatabaseConfig::new("sqlite://x").pool_size(0).pool_size, 1);
    }

    #[cfg(feature = "postgres")]
    #[test]
    fn a_server_that_is_away_is_unavailable() {
        use super::super::testing::block_on;

        let url = "postgres://quintet@127.0.0.1:1/nowhere";
        let database = Database::open(DatabaseConfig::new(url)).unwrap();
        let work = |mut conn: Conn| -> LocalBoxFuture<'static, _> {
            Box::pin(async move {
                let plain = conn.batch_execute("SELECT 1").await;
                let held: Result<(), Error> = conn.transaction(async |_| Ok(())).await;
                (plain, held)
            })
        };
        let (plain, held) = block_on(async { database.worker().run(true, work).await }).unwrap();
        for result in [plain, held] {
            let Err(Error::Unavailable(reason)) = result else { panic!("{result:?}") };
            assert!(reason.starts_with("nothing listens at the host and port"), "{reason}");
        }
    }
}
