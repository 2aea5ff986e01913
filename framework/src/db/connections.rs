//! Several databases of one program: by their names, with a router and a replica
//! (`django.db.connections`).

#[cfg(feature = "sqlite")]
use std::cell::Cell;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::ops::Deref;
use std::rc::Rc;
use std::sync::{Arc, Weak};

#[cfg(feature = "sqlite")]
use super::conn::SqliteConn;
use super::{
    ConfigError, Conn, Database, DatabaseConfig, DatabaseWorker, Dialect, Error, Model, ModelMeta,
};
use crate::settings::Settings;

/// The most connections to one file that a thread keeps while nobody uses them.
#[cfg(feature = "sqlite")]
const MOST_IDLE: usize = 4;

/// The name of the database that is meant where none is named (`DEFAULT_DB_ALIAS`).
pub const DEFAULT_DB_ALIAS: &str = "default";

/// Says which database the rows of a model are in (`DATABASE_ROUTERS`).
///
/// Implement it where some models live elsewhere, and where some rows are read elsewhere than they are
/// written. Do not implement it for one replica of everything: that is the setting `DATABASE_REPLICA`.
/// By default, every row is in [`DEFAULT_DB_ALIAS`].
///
/// A site asks it for the model of a view: a request with a safe method (GET, HEAD, OPTIONS) reads
/// where [`db_for_read`](Self::db_for_read) says, and any other one works where
/// [`db_for_write`](Self::db_for_write) says, its reads included, so that it sees what it writes. Code
/// asks by [`Conn::db_for_read`] and [`Conn::db_for_write`].
///
/// ```
/// use quintet::db::{DatabaseRouter, ModelMeta};
///
/// /// The app `analytics` has a database of its own.
/// struct Analytics;
///
/// impl DatabaseRouter for Analytics {
///     fn db_for_read(&self, model: &ModelMeta) -> Option<&str> {
///         (model.app_label == "analytics").then_some("analytics")
///     }
///
///     fn db_for_write(&self, model: &ModelMeta) -> Option<&str> {
///         self.db_for_read(model)
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say which database rows are in",
    label = "this type has no `DatabaseRouter` implementation",
    note = "write `impl DatabaseRouter for {Self}` with `db_for_read` and `db_for_write`"
)]
pub trait DatabaseRouter: Send + Sync + 'static {
    /// Where rows of a model are read; `None` if it has no opinion.
    fn db_for_read(&self, model: &ModelMeta) -> Option<&str> {
        let _ = model;
        None
    }

    /// Where rows of a model are written; `None` if it has no opinion.
    fn db_for_write(&self, model: &ModelMeta) -> Option<&str> {
        let _ = model;
        None
    }
}

/// The databases of a program by their names (`DATABASES`, `django.db.connections`).
///
/// ```no_run
/// use quintet::db::Connections;
/// use quintet::prelude::*;
///
/// # fn urls() -> Router { Router::new() }
/// # fn site() -> Result<(), StartError> {
/// // DATABASE_URL is `default`, DATABASES="archive=sqlite://archive.db" the others
/// let settings = Settings::from_env()?;
/// let databases = Connections::open(&settings)?;
/// let database = std::sync::Arc::clone(databases.default_database());
/// let site = Site::builder(settings, database).databases(&databases).mount(urls().at("/api/")).build()?;
/// # Ok(())
/// # }
/// ```
///
/// In a view, `cx.using("archive")` is a connection to one of them.
pub struct Connections {
    default: Arc<Database>,
    databases: BTreeMap<String, Arc<Database>>,
    replica: Option<String>,
    routers: Vec<Arc<dyn DatabaseRouter>>,
}

impl fmt::Debug for Connections {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connections")
            .field("databases", &self.databases.keys())
            .field("replica", &self.replica)
            .finish_non_exhaustive()
    }
}

/// [`Connections`] that are being put together.
#[must_use = "`build` makes the connections"]
pub struct ConnectionsBuilder(Connections);

impl fmt::Debug for ConnectionsBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl ConnectionsBuilder {
    /// Adds a database under a name; one of that name is replaced.
    pub fn database(mut self, alias: impl Into<String>, database: Arc<Database>) -> Self {
        let alias = alias.into();
        if alias == DEFAULT_DB_ALIAS {
            self.0.default = Arc::clone(&database);
        }
        self.0.databases.insert(alias, database);
        self
    }

    /// Adds a router (`DATABASE_ROUTERS`). The first one with an opinion counts.
    pub fn router(mut self, router: impl DatabaseRouter) -> Self {
        self.0.routers.push(Arc::new(router));
        self
    }

    /// Names the database that safe requests read from, where no router says otherwise
    /// (`DATABASE_REPLICA`).
    pub fn replica(mut self, alias: impl Into<String>) -> Self {
        self.0.replica = Some(alias.into());
        self
    }

    /// Makes the connections.
    ///
    /// # Errors
    /// When the replica is none of the databases, or a database belongs to other connections already.
    pub fn build(self) -> Result<Arc<Connections>, ConfigError> {
        let connections = Arc::new(self.0);
        if let Some(replica) = &connections.replica
            && !connections.databases.contains_key(replica)
        {
            return Err(ConfigError::of_names(format!(
                "DATABASE_REPLICA: there is no database `{replica}`; give it a URL in DATABASES, `{replica}=postgres://..`"
            )));
        }
        for (alias, database) in &connections.databases {
            let place = Place { all: Arc::downgrade(&connections), alias: alias.clone() };
            if database.place().set(place).is_err() {
                return Err(ConfigError::of_names(format!(
                    "the database `{alias}` belongs to other connections already"
                )));
            }
        }
        Ok(connections)
    }
}

/// Where a database stands among others.
#[derive(Debug)]
pub(crate) struct Place {
    all: Weak<Connections>,
    alias: String,
}

impl Connections {
    /// Opens the databases that the settings name: `DATABASE_URL` as `default`, and those of
    /// [`Settings::databases`].
    ///
    /// # Errors
    /// If a URL is invalid, or `DATABASE_REPLICA` names no database.
    pub fn open(settings: &Settings) -> Result<Arc<Self>, ConfigError> {
        let mut all = Self::builder(Database::open(settings)?);
        for (alias, url) in &settings.databases {
            let mut config = DatabaseConfig::from(settings);
            config.url.clone_from(url);
            config.read_only = settings.database_replica.as_ref() == Some(alias);
            all = all.database(alias, Database::open(config)?);
        }
        if let Some(replica) = &settings.database_replica {
            all = all.replica(replica);
        }
        all.build()
    }

    /// Starts with the database that is meant where none is named.
    pub fn builder(default: Arc<Database>) -> ConnectionsBuilder {
        let databases = BTreeMap::from([(DEFAULT_DB_ALIAS.to_owned(), Arc::clone(&default))]);
        ConnectionsBuilder(Self { default, databases, replica: None, routers: Vec::new() })
    }

    /// The database with a name.
    pub fn get(&self, alias: &str) -> Option<&Arc<Database>> {
        self.databases.get(alias)
    }

    /// The database that is meant where none is named.
    pub fn default_database(&self) -> &Arc<Database> {
        &self.default
    }

    /// All of them with their names (`connections.all()`).
    pub fn all(&self) -> impl Iterator<Item = (&str, &Arc<Database>)> {
        self.databases.iter().map(|(alias, database)| (alias.as_str(), database))
    }

    /// Closes the connections of this thread that nobody uses (`connections.close_all()`): they are
    /// made again when they are needed. Those that a request has are not closed.
    pub fn close_all(&self) {
        OTHERS.with_borrow_mut(|others| {
            others.retain(|other| !self.databases.values().any(|own| other.is_of(own)));
        });
    }

    /// The name of the database that rows of a model are read from.
    pub fn db_for_read(&self, model: Option<&ModelMeta>) -> &str {
        let by_router = model
            .and_then(|model| self.routers.iter().find_map(|router| router.db_for_read(model)));
        by_router.or(self.replica.as_deref()).unwrap_or(DEFAULT_DB_ALIAS)
    }

    /// The name of the database that rows of a model are written to.
    pub fn db_for_write(&self, model: Option<&ModelMeta>) -> &str {
        let by_router = model
            .and_then(|model| self.routers.iter().find_map(|router| router.db_for_write(model)));
        by_router.unwrap_or(DEFAULT_DB_ALIAS)
    }

    /// Asks the routers about a model; what they name must be there.
    pub(crate) fn check(&self, model: &ModelMeta) -> Result<(), String> {
        for alias in [self.db_for_read(Some(model)), self.db_for_write(Some(model))] {
            if self.get(alias).is_none() {
                let known: Vec<&str> = self.databases.keys().map(String::as_str).collect();
                return Err(format!(
                    "a router says that `{}` is in the database `{alias}`, which there is not: there are {}",
                    model.name,
                    known.join(", ")
                ));
            }
        }
        Ok(())
    }

    /// The access of this thread to the database that a request works on.
    pub(crate) fn worker_for(
        &self,
        is_safe: bool,
        model: Option<&ModelMeta>,
    ) -> Result<DatabaseWorker, Error> {
        let alias = if is_safe { self.db_for_read(model) } else { self.db_for_write(model) };
        let database = self.get(alias).ok_or_else(|| no_database(alias))?;
        Ok(worker_of_thread(database))
    }
}

fn no_database(alias: &str) -> Error {
    Error::Misuse(format!(
        "there is no database `{alias}`: name it in DATABASES, and give the site `Connections`"
    ))
}

/// What a thread has of a database beside the one of its site: connections that are kept for the next
/// one who asks.
struct Other {
    database: Weak<Database>,
    #[cfg(feature = "postgres")]
    postgres: Option<Rc<super::postgres::PgWorker>>,
    #[cfg(feature = "sqlite")]
    idle: Vec<(super::sqlite::Shared, super::prepared::Prepared)>,
}

impl Other {
    fn is_of(&self, database: &Arc<Database>) -> bool {
        std::ptr::eq(self.database.as_ptr(), Arc::as_ptr(database))
    }
}

thread_local! {
    static OTHERS: RefCell<Vec<Other>> = const { RefCell::new(Vec::new()) };
}

/// Works with what the thread has of a database; it is forgotten when the database is gone.
fn of_thread<T>(database: &Arc<Database>, work: impl FnOnce(&mut Other) -> T) -> Option<T> {
    OTHERS.with_borrow_mut(|others| {
        others.retain(|other| other.database.strong_count() > 0);
        let place = others.iter().position(|other| other.is_of(database));
        let place = place.unwrap_or_else(|| {
            others.push(Other {
                database: Arc::downgrade(database),
                #[cfg(feature = "postgres")]
                postgres: database.worker().into_postgres(),
                #[cfg(feature = "sqlite")]
                idle: Vec::new(),
            });
            others.len() - 1
        });
        others.get_mut(place).map(work)
    })
}

/// The access of this thread to a database, made once.
fn worker_of_thread(database: &Arc<Database>) -> DatabaseWorker {
    #[cfg(feature = "postgres")]
    {
        let postgres = of_thread(database, |other| other.postgres.clone()).flatten();
        DatabaseWorker::with_postgres(database, postgres)
    }
    #[cfg(not(feature = "postgres"))]
    database.worker()
}

/// A connection of a thread to a file of `SQLite` that is not its own. It goes back to the thread, or is
/// closed when the thread has enough of them.
#[cfg(feature = "sqlite")]
pub(super) struct Lease {
    database: Arc<Database>,
    shared: super::sqlite::Shared,
    prepared: super::prepared::Prepared,
    /// Set while the connection that it was asked of keeps the same file from being written.
    asked_of: Option<Rc<Cell<bool>>>,
    /// Kept while a transaction is open that writes.
    turn: Cell<Option<Turn>>,
}

/// The right to write to a file, among the connections to it that are leased.
#[cfg(feature = "sqlite")]
pub(super) type Turn = tokio::sync::OwnedMutexGuard<()>;

#[cfg(feature = "sqlite")]
impl Lease {
    /// Waits for the others that write; `None` where a transaction has its turn already. A transaction
    /// that has begun keeps it to its end.
    pub(super) async fn turn(&self, in_transaction: bool) -> Result<Option<Turn>, Error> {
        if let Some(turn) = self.turn.take() {
            self.turn.set(Some(turn));
            return Ok(None);
        }
        if self.asked_of.as_ref().is_some_and(|locks| locks.get()) {
            let message = "the file is written to by a transaction of the connection that this one was \
                           asked of, which would wait for itself: write on that one, or after its end";
            return Err(Error::Misuse(message.to_owned()));
        }
        let turn = Arc::clone(self.database.turns()).lock_owned();
        let turn = tokio::time::timeout(self.database.wait(), turn).await;
        let busy = "another transaction writes to the database";
        let turn = turn.map_err(|_| Error::Unavailable(busy))?;
        if in_transaction {
            self.turn.set(Some(turn));
            return Ok(None);
        }
        Ok(Some(turn))
    }

    /// Keeps a turn for a transaction, or gives it up.
    pub(super) fn keep(&self, turn: Option<Turn>) {
        self.turn.set(turn);
    }
}

#[cfg(feature = "sqlite")]
impl fmt::Debug for Lease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Lease")
    }
}

#[cfg(feature = "sqlite")]
impl Drop for Lease {
    fn drop(&mut self) {
        if self.prepared.is_full() || std::thread::panicking() {
            return;
        }
        let (shared, prepared) = (Rc::clone(&self.shared), self.prepared.clone());
        let _ = OTHERS.try_with(|others| {
            let Ok(mut others) = others.try_borrow_mut() else { return };
            let own = others.iter_mut().find(|other| other.is_of(&self.database));
            if let Some(other) = own.filter(|other| other.idle.len() < MOST_IDLE) {
                other.idle.push((shared, prepared));
            }
        });
    }
}

/// A connection to a database that is named: that of the request itself, or another one.
#[derive(Debug)]
pub enum Using<'c> {
    /// The request's own, with its transaction.
    Own(&'c Conn),
    /// Another one.
    Other(Box<Conn>),
}

impl Deref for Using<'_> {
    type Target = Conn;

    fn deref(&self) -> &Conn {
        match self {
            Self::Own(conn) => conn,
            Self::Other(conn) => conn,
        }
    }
}

impl Conn {
    /// The name of the database that it is a connection to (`connection.alias`).
    pub fn alias(&self) -> &str {
        self.database().place().get().map_or(DEFAULT_DB_ALIAS, |place| &place.alias)
    }

    /// What the database is: `sqlite` or `postgresql` (`connection.vendor`).
    pub fn vendor(&self) -> &'static str {
        match self.dialect() {
            Dialect::Sqlite => "sqlite",
            Dialect::Postgres => "postgresql",
        }
    }

    fn connections(&self) -> Option<Arc<Connections>> {
        self.database().place().get().and_then(|place| place.all.upgrade())
    }

    /// The database with a name.
    fn named(&self, alias: &str) -> Result<Arc<Database>, Error> {
        if alias == self.alias() {
            return Ok(Arc::clone(self.database()));
        }
        let named = self.connections().and_then(|all| all.get(alias).map(Arc::clone));
        named.ok_or_else(|| no_database(alias))
    }

    /// A connection to the database with a name (`using("archive")`). For the name of the database that
    /// this is a connection to, it is this one: in a transaction, what was written is seen. Another one
    /// has transactions of its own, and statements on the two are not one transaction.
    ///
    /// Scopes know the user of the request there as well, and none of its extensions.
    ///
    /// Statements on a file of `SQLite` run on this thread at once; those that write wait for the
    /// transactions of other such connections, `DATABASE_WAIT_TIMEOUT` at most.
    ///
    /// ```
    /// use quintet::prelude::*;
    ///
    /// # #[model(app = "shop")]
    /// # pub struct Order {
    /// #     pub id: i64,
    /// # }
    /// async fn archived(cx: &Context) -> Result<i64> {
    ///     let archive = cx.using("archive")?;
    ///     Ok(Order::objects().count(&archive).await?)
    /// }
    /// # fn main() {}
    /// ```
    ///
    /// # Errors
    /// [`Error::Misuse`] for a name that no database has, [`Error::Unavailable`] when it cannot be
    /// opened.
    pub fn using(&self, alias: &str) -> Result<Using<'_>, Error> {
        if alias == self.alias() {
            return Ok(Using::Own(self));
        }
        Ok(Using::Other(Box::new(self.connection(alias)?)))
    }

    /// A connection of its own to the database with a name, which transactions can be opened on: that
    /// of [`using`](Self::using) may be the request's. A file of `SQLite` is written to by one
    /// transaction at a time: while one of this connection writes, another connection to the same file
    /// does not, and says so ([`Error::Misuse`]).
    ///
    /// # Errors
    /// As [`Conn::using`].
    pub fn connection(&self, alias: &str) -> Result<Self, Error> {
        let database = self.named(alias)?;
        let mut other = self.open_other(&database)?;
        other.set_user(self.user_row());
        Ok(other)
    }

    /// The name of the database that rows of a model are read from (`router.db_for_read`).
    pub fn db_for_read<M: Model>(&self) -> String {
        let all = self.connections();
        let name = all.as_ref().map_or(DEFAULT_DB_ALIAS, |all| all.db_for_read(Some(M::META)));
        name.to_owned()
    }

    /// The name of the database that rows of a model are written to (`router.db_for_write`).
    pub fn db_for_write<M: Model>(&self) -> String {
        let all = self.connections();
        let name = all.as_ref().map_or(DEFAULT_DB_ALIAS, |all| all.db_for_write(Some(M::META)));
        name.to_owned()
    }

    /// The same connection, or one to the default database where this one is to a replica, which takes
    /// no writes: for what the framework itself writes in a safe request.
    pub(crate) fn writable(&self) -> Result<Using<'_>, Error> {
        if self.database().is_read_only() {
            self.using(DEFAULT_DB_ALIAS)
        } else {
            Ok(Using::Own(self))
        }
    }

    fn open_other(&self, database: &Arc<Database>) -> Result<Self, Error> {
        #[cfg(feature = "sqlite")]
        if let Some(pool) = database.sqlite() {
            if pool.is_in_memory() {
                let message = "a database in memory has one connection: give it a file";
                return Err(Error::Misuse(message.to_owned()));
            }
            let idle = of_thread(database, |other| other.idle.pop()).flatten();
            let (shared, prepared) = match idle {
                Some(idle) => idle,
                None => pool.open()?,
            };
            let own = self.sqlite();
            // the thread does nothing else while a transaction of the job is open, here or there
            let inner = own.map_or_else(
                || SqliteConn::new(Rc::clone(&shared), Rc::default(), Rc::default()),
                |own| own.beside(Rc::clone(&shared)),
            );
            let is_same = Arc::ptr_eq(database, self.database());
            let asked_of = own.filter(|_| is_same).map(SqliteConn::locks);
            let database_of = Arc::clone(database);
            let lease =
                Lease { database: database_of, shared, prepared, asked_of, turn: Cell::default() };
            let conn = Self::new(super::conn::Inner::Sqlite(inner), Arc::clone(database));
            return Ok(conn.leased(lease));
        }
        #[cfg(feature = "postgres")]
        if let Some(postgres) = of_thread(database, |other| other.postgres.clone()).flatten() {
            let inner = super::conn::Inner::Postgres(super::postgres::PgConn::new(postgres));
            return Ok(Self::new(inner, Arc::clone(database)));
        }
        Err(Error::Unavailable("the database has no connections"))
    }
}
