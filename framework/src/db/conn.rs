//! The connection of a view: async, with the same methods on every database.

use std::cell::Cell;
use std::cell::RefCell;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;

use diesel::dsl::CountStar;
use diesel::query_dsl::methods::{LimitDsl, SelectDsl};

use super::database::Database;
use super::row::ReadRow;
use super::statements::{Command, Query};
use super::{Dialect, Error, ModelMeta, Row, Sql};
#[cfg(feature = "postgres")]
use crate::aside::aside;
use crate::files::NewlyStored;

#[cfg(feature = "sqlite")]
use diesel::connection::SimpleConnection;

/// A connection to the database, lent to one request.
///
/// Statements take `&self`, so that two reads may run at once (`futures_util::try_join!`);
/// [`Conn::transaction`] takes `&mut self`. On `PostgreSQL` statements outside a transaction share
/// connections with other requests: session state (`SET`, temporary tables, advisory locks) belongs
/// in a transaction.
#[derive(Debug)]
pub struct Conn {
    inner: Inner,
    database: Arc<Database>,
    depth: Cell<u32>,
    /// A transaction's future was dropped before its end: nothing more may run in it.
    abandoned: Rc<Cell<bool>>,
    #[cfg(debug_assertions)]
    repeats: super::repeats::Repeats,
    /// What runs after the commit.
    commits: RefCell<Vec<Commit>>,
    /// Files of rows that are not committed yet.
    files: RefCell<Vec<NewlyStored>>,
    /// What the request is about, for hooks and scopes.
    request: RequestState,
    /// Gives the connection back, when what is open on it was rolled back.
    #[cfg(feature = "sqlite")]
    lease: Option<Box<super::connections::Lease>>,
}

pub(crate) enum Inner {
    #[cfg(feature = "sqlite")]
    Sqlite(SqliteConn),
    #[cfg(feature = "postgres")]
    Postgres(super::postgres::PgConn),
}

impl std::fmt::Debug for Inner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite(_) => "Sqlite",
            #[cfg(feature = "postgres")]
            Self::Postgres(_) => "Postgres",
        })
    }
}

/// A thread's `SQLite` connection in the hands of one job.
#[cfg(feature = "sqlite")]
pub(crate) struct SqliteConn {
    shared: Rc<RefCell<diesel::sqlite::SqliteConnection>>,
    /// True while a transaction of this job is open.
    open: Cell<bool>,
    /// True while that keeps others from writing to the file.
    locks: Rc<Cell<bool>>,
    /// How many are open on the thread, which does nothing else then.
    thread: Rc<Cell<u32>>,
    /// True when this job may have written.
    wrote: Rc<Cell<bool>>,
}

#[cfg(feature = "sqlite")]
impl SqliteConn {
    pub(crate) fn new(
        shared: Rc<RefCell<diesel::sqlite::SqliteConnection>>,
        thread: Rc<Cell<u32>>,
        wrote: Rc<Cell<bool>>,
    ) -> Self {
        Self { shared, open: Cell::new(false), locks: Rc::default(), thread, wrote }
    }

    /// Another connection in the hands of the same job.
    pub(super) fn beside(&self, shared: Rc<RefCell<diesel::sqlite::SqliteConnection>>) -> Self {
        Self::new(shared, Rc::clone(&self.thread), Rc::clone(&self.wrote))
    }

    /// Whether an open transaction keeps others from writing to the file.
    pub(super) fn locks(&self) -> Rc<Cell<bool>> {
        Rc::clone(&self.locks)
    }

    /// Notes that a statement writes.
    fn writes(&self) {
        self.wrote.set(true);
        self.locks.set(self.open.get());
    }

    fn set_open(&self, open: bool) {
        if self.open.replace(open) != open {
            let others = self.thread.get();
            self.thread.set(if open { others + 1 } else { others.saturating_sub(1) });
        }
        if !open {
            self.locks.set(false);
        }
    }
}

/// A transaction that was left open is rolled back before the next job.
#[cfg(feature = "sqlite")]
impl Drop for SqliteConn {
    fn drop(&mut self) {
        if !self.open.get() {
            return;
        }
        if let Ok(mut connection) = self.shared.try_borrow_mut()
            && let Err(error) = connection.batch_execute("ROLLBACK")
        {
            tracing::error!("cannot roll back: {error}");
        }
        self.set_open(false);
    }
}

impl Conn {
    pub(crate) fn new(inner: Inner, database: Arc<Database>) -> Self {
        Self {
            inner,
            database,
            depth: Cell::new(0),
            abandoned: Rc::default(),
            #[cfg(debug_assertions)]
            repeats: super::repeats::Repeats::default(),
            commits: RefCell::default(),
            files: RefCell::default(),
            request: RequestState::default(),
            #[cfg(feature = "sqlite")]
            lease: None,
        }
    }

    /// With a connection that is given back at the end.
    #[cfg(feature = "sqlite")]
    pub(super) fn leased(mut self, lease: super::connections::Lease) -> Self {
        self.lease = Some(Box::new(lease));
        self
    }

    /// The database that statements are written for.
    pub fn dialect(&self) -> Dialect {
        match &self.inner {
            #[cfg(feature = "sqlite")]
            Inner::Sqlite(_) => Dialect::Sqlite,
            #[cfg(feature = "postgres")]
            Inner::Postgres(_) => Dialect::Postgres,
        }
    }

    /// The database that it is a connection to.
    pub fn database(&self) -> &Arc<Database> {
        &self.database
    }

    /// The models of the database, as far as they are known, this one included.
    pub(crate) fn models(&self, own: &'static ModelMeta) -> Vec<&'static ModelMeta> {
        self.database.models(own)
    }

    /// True inside [`Conn::transaction`].
    pub fn in_transaction(&self) -> bool {
        self.depth.get() > 0
    }

    fn ready(&self) -> Result<(), Error> {
        if self.abandoned.get() {
            return Err(Error::Diesel(diesel::result::Error::BrokenTransactionManager));
        }
        self.database.count_statement();
        Ok(())
    }

    /// Counts a statement whose text is known.
    fn ready_for(&self, text: &dyn std::fmt::Display) -> Result<(), Error> {
        self.ready()?;
        tracing::trace!(sql = %text);
        #[cfg(debug_assertions)]
        self.repeats.note(text);
        #[cfg(feature = "test")]
        self.database.captured().note(text);
        Ok(())
    }

    /// The SELECTs that were sent so far, by how often.
    #[cfg(debug_assertions)]
    pub(crate) fn repeats(&self) -> &super::repeats::Repeats {
        &self.repeats
    }

    /// Counts a statement of diesel's, and runs it.
    async fn diesel<T>(
        &self,
        statement: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        self.ready()?;
        #[cfg(feature = "test")]
        let statement = self.database.captured().hearing(statement);
        statement.await
    }

    /// Sends an [`Sql`] statement and reads its rows.
    ///
    /// # Errors
    /// What the database reports, and what `read` does.
    pub async fn rows<T>(
        &self,
        sql: Sql,
        mut read: impl FnMut(&Row<'_>) -> Result<T, Error>,
    ) -> Result<Vec<T>, Error> {
        let mut rows = Vec::new();
        self.each_row(sql, &mut |row| {
            rows.push(read(row)?);
            Ok(())
        })
        .await?;
        Ok(rows)
    }

    /// Like [`rows`](Self::rows), for rows that are processed while they are read.
    #[allow(clippy::unused_async, reason = "one of the databases may be switched off")]
    pub(crate) async fn each_row(&self, sql: Sql, read: ReadRow<'_>) -> Result<(), Error> {
        let sql = sql.scoped(self)?;
        self.ready_for(&sql)?;
        match &self.inner {
            #[cfg(feature = "sqlite")]
            Inner::Sqlite(sqlite) => {
                let _turn = if sql.only_reads() {
                    None
                } else {
                    let turn = self.turn().await?;
                    sqlite.writes();
                    turn
                };
                super::sqlite::each_row(&mut sqlite.shared.borrow_mut(), sql, read)
            }
            #[cfg(feature = "postgres")]
            Inner::Postgres(postgres) => {
                let _flight = postgres.flight();
                let (link, begin) = postgres.target().await?;
                if begin {
                    aside(|| link.begin_and_each_row(sql, read)).await
                } else {
                    link.each_row(sql, read).await
                }
            }
        }
    }

    /// Waits for two statements whose results are needed together: on `PostgreSQL`, outside a
    /// transaction, they are sent together, and the request is woken once for both results.
    #[allow(clippy::unused_async, reason = "one of the databases may be switched off")]
    pub(crate) async fn in_order<A, B>(
        &self,
        first: Pin<&mut impl Future<Output = A>>,
        second: Pin<&mut impl Future<Output = B>>,
    ) -> (A, B) {
        match &self.inner {
            #[cfg(feature = "postgres")]
            Inner::Postgres(_) if !self.in_transaction() => {
                super::flight::in_order(first, second).await
            }
            _ => (first.await, second.await),
        }
    }

    /// Sends an [`Sql`] statement; returns the number of rows that it changed.
    ///
    /// # Errors
    /// What the database reports.
    #[allow(clippy::unused_async, reason = "one of the databases may be switched off")]
    pub async fn send(&self, sql: Sql) -> Result<usize, Error> {
        let sql = sql.scoped(self)?;
        self.ready_for(&sql)?;
        match &self.inner {
            #[cfg(feature = "sqlite")]
            Inner::Sqlite(sqlite) => {
                let _turn = self.turn().await?;
                sqlite.writes();
                super::sqlite::execute(&mut sqlite.shared.borrow_mut(), &sql)
                    .map_err(Error::from_diesel)
            }
            #[cfg(feature = "postgres")]
            Inner::Postgres(postgres) => {
                let (link, begin) = postgres.target().await?;
                if begin {
                    let both = futures_util::future::join(link.batch("BEGIN"), link.execute(sql));
                    let (opened, changed) = self.whole(both).await;
                    opened.and(changed)
                } else {
                    self.whole(link.execute(sql)).await
                }
            }
        }
    }

    /// Runs several statements without values, separated by semicolons.
    ///
    /// # Errors
    /// What the database reports.
    #[allow(clippy::unused_async, reason = "one of the databases may be switched off")]
    pub async fn batch_execute(&self, sql: &str) -> Result<(), Error> {
        self.ready_for(&sql)?;
        #[cfg(feature = "sqlite")]
        let _turn = self.turn().await?;
        #[cfg(feature = "sqlite")]
        if let Some(sqlite) = self.sqlite() {
            sqlite.writes();
        }
        self.whole(self.control(sql)).await
    }

    /// Runs a diesel statement and loads its rows.
    ///
    /// # Errors
    /// What the database reports.
    pub async fn load<'q, U>(&self, query: impl Query<'q, U>) -> Result<Vec<U>, Error> {
        // it may be `INSERT … RETURNING`
        self.whole(self.read(query)).await
    }

    /// Like `load`, for statements that do not write, so that abandoning them is harmless.
    #[allow(clippy::unused_async, reason = "one of the databases may be switched off")]
    async fn read<'q, U>(&self, query: impl Query<'q, U>) -> Result<Vec<U>, Error> {
        self.diesel(async {
            match &self.inner {
                #[cfg(feature = "sqlite")]
                Inner::Sqlite(sqlite) => {
                    // whether diesel's statement reads or writes is not known here
                    let _turn = self.turn().await?;
                    sqlite.wrote.set(true);
                    query.load_sqlite(&mut sqlite.shared.borrow_mut()).map_err(Error::from_diesel)
                }
                #[cfg(feature = "postgres")]
                Inner::Postgres(postgres) => {
                    let link = postgres.link().await?;
                    let busy = link.busy();
                    busy.heard(query.load_postgres(&link.connection).await)
                }
            }
        })
        .await
    }

    /// Runs a diesel statement that returns one row, `INSERT … RETURNING` for example.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is none, and what the database reports.
    pub async fn get_result<'q, U>(&self, query: impl Query<'q, U>) -> Result<U, Error> {
        self.load(query).await?.into_iter().next().ok_or(Error::NotFound)
    }

    /// Runs a diesel query for its first row, with `LIMIT 1`.
    ///
    /// # Errors
    /// What the database reports.
    pub async fn first<'q, U, Q>(&self, query: Q) -> Result<Option<U>, Error>
    where
        Q: LimitDsl,
        Q::Output: Query<'q, U>,
    {
        Ok(self.read(query.limit(1)).await?.into_iter().next())
    }

    /// The number of rows of a diesel query.
    ///
    /// # Errors
    /// What the database reports.
    pub async fn count<'q, Q>(&self, query: Q) -> Result<i64, Error>
    where
        Q: SelectDsl<CountStar>,
        Q::Output: Query<'q, i64>,
    {
        let rows = self.read(query.select(diesel::dsl::count_star())).await?;
        rows.into_iter().next().ok_or(Error::NotFound)
    }

    /// Runs a diesel statement that returns no rows; returns the number of rows it changed.
    ///
    /// # Errors
    /// What the database reports.
    #[allow(clippy::unused_async, reason = "one of the databases may be switched off")]
    pub async fn execute(&self, command: impl Command) -> Result<usize, Error> {
        self.diesel(async {
            match &self.inner {
                #[cfg(feature = "sqlite")]
                Inner::Sqlite(sqlite) => {
                    let _turn = self.turn().await?;
                    sqlite.writes();
                    command
                        .execute_sqlite(&mut sqlite.shared.borrow_mut())
                        .map_err(Error::from_diesel)
                }
                #[cfg(feature = "postgres")]
                Inner::Postgres(postgres) => {
                    let link = postgres.link().await?;
                    let busy = link.busy();
                    busy.heard(self.whole(command.execute_postgres(&link.connection)).await)
                }
            }
        })
        .await
    }

    /// What it is on a file of `SQLite`.
    #[cfg(feature = "sqlite")]
    pub(super) fn sqlite(&self) -> Option<&SqliteConn> {
        match &self.inner {
            Inner::Sqlite(sqlite) => Some(sqlite),
            #[cfg(feature = "postgres")]
            Inner::Postgres(_) => None,
        }
    }

    /// Waits until no other connection of this kind writes to the file, where this one is leased.
    #[cfg(feature = "sqlite")]
    async fn turn(&self) -> Result<Option<super::connections::Turn>, Error> {
        let Some(lease) = &self.lease else { return Ok(None) };
        crate::aside::aside(|| lease.turn(self.in_transaction())).await
    }

    async fn control(&self, sql: &str) -> Result<(), Error> {
        match &self.inner {
            #[cfg(feature = "sqlite")]
            Inner::Sqlite(sqlite) => {
                sqlite.shared.borrow_mut().batch_execute(sql).map_err(Error::from_diesel)
            }
            #[cfg(feature = "postgres")]
            Inner::Postgres(postgres) => {
                let link = postgres.link().await?;
                link.batch(sql).await
            }
        }
    }
}

mod commit;
mod request;
mod transaction;

use commit::Commit;
use request::RequestState;

#[cfg(feature = "postgres")]
pub(crate) use transaction::PASSED_OVER;
pub(crate) use transaction::Runs;

#[cfg(test)]
mod tests;
