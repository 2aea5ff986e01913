//! Transactions, savepoints, locks and retries.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use super::super::{Dialect, Error, Lock, ModelMeta, Sql};
use super::{Conn, Inner};
use crate::aside::aside;
use crate::values::Value;

#[cfg(feature = "sqlite")]
use diesel::connection::SimpleConnection;

/// Reason for rolling back a transaction (or savepoint) instead of committing it.
#[cfg_attr(not(feature = "postgres"), allow(dead_code, reason = "SQLite goes on"))]
pub(crate) const PASSED_OVER: &str = "a statement in it failed, which was passed over";

/// Flags the connection if work in a transaction is dropped before its end.
pub(crate) struct Guard(Option<Rc<Cell<bool>>>);

impl Guard {
    /// The work is complete.
    pub(crate) fn done(mut self) {
        self.0 = None;
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        if let Some(abandoned) = &self.0 {
            abandoned.set(true);
        }
    }
}

/// An open transaction; [`Conn::end`] ends it.
pub(crate) struct Scope {
    guard: Guard,
    depth: u32,
    /// How much work waited for the commit when it was opened.
    waiting: usize,
    /// How many files did.
    waiting_files: usize,
}

/// The number of runs of a transaction. After a deadlock, it runs again a few times, after a random
/// wait that keeps two of them apart.
#[derive(Debug, Default)]
pub(crate) struct Runs(u32);

impl Runs {
    /// The most retries.
    const MOST: u32 = 3;

    /// Waits before a further run; false after the last one.
    pub(crate) async fn again(&mut self) -> bool {
        if self.0 == Self::MOST {
            return false;
        }
        self.0 += 1;
        tracing::debug!(
            "deadlock: running the transaction again (retry {} of {})",
            self.0,
            Self::MOST
        );
        // without random bytes the same two may collide again
        let chance = getrandom::u32().map_or(0, |number| u64::from(number % 20));
        tokio::time::sleep(Duration::from_millis((5 + chance) << self.0)).await;
        true
    }
}

impl Conn {
    #[doc = include_str!("transaction.md")]
    pub async fn transaction<T, E: From<Error>>(
        &mut self,
        work: impl AsyncFnOnce(&mut Self) -> Result<T, E>,
    ) -> Result<T, E> {
        let scope = self.begin().await?;
        let result = work(self).await;
        self.settle(scope, result).await
    }

    /// Guards several statements that belong together in an open transaction: if the guard is
    /// dropped before [`Guard::done`], the transaction cannot be committed.
    pub(crate) fn unfinished(&self) -> Guard {
        Guard(Some(Rc::clone(&self.abandoned)))
    }

    /// A statement that writes. If it is abandoned in a transaction while it runs, by a time-out,
    /// it may have taken effect: the transaction cannot be committed.
    pub(crate) async fn whole<T>(&self, statement: impl Future<Output = T>) -> T {
        let unfinished = self.in_transaction().then(|| self.unfinished());
        let result = statement.await;
        if let Some(unfinished) = unfinished {
            unfinished.done();
        }
        result
    }

    /// Locks a row until the transaction ends; false if there is none. Other changes of the row, or
    /// of what depends on it, happen before or after.
    pub(crate) async fn lock_row(&self, model: &ModelMeta, key: Value) -> Result<bool, Error> {
        let pk = model.pk_column();
        let mut sql = Sql::new(self.dialect());
        sql.push("SELECT ").name(pk.column).push(" FROM ").name(model.table).push(" WHERE ");
        sql.name(pk.column).push(" = ").bind(key, pk.kind);
        if self.dialect() == Dialect::Postgres {
            sql.push(Lock::NoKeyUpdate.clause());
        }
        Ok(!self.rows(sql, |row| row.value(0, pk.kind)).await?.is_empty())
    }

    /// Opens a transaction, or a savepoint in an open one.
    pub(crate) async fn begin(&self) -> Result<Scope, Error> {
        self.open(true).await
    }

    /// Like `begin`, for work that probably only reads: on `SQLite`, it takes the write lock when
    /// it first writes, and does not wait for writers before.
    pub(crate) async fn begin_reading(&self) -> Result<Scope, Error> {
        self.open(false).await
    }

    #[allow(clippy::unused_async, reason = "one of the databases may be switched off")]
    #[cfg_attr(not(feature = "sqlite"), allow(unused_variables))]
    async fn open(&self, write: bool) -> Result<Scope, Error> {
        if self.abandoned.get() {
            return Err(Error::Diesel(diesel::result::Error::BrokenTransactionManager));
        }
        let depth = self.depth.get();
        if depth > 0 {
            self.control(&format!("SAVEPOINT quintet_{depth}")).await?;
        } else {
            match &self.inner {
                #[cfg(feature = "sqlite")]
                Inner::Sqlite(sqlite) => {
                    let turn = if write { self.turn().await? } else { None };
                    let mut connection = sqlite.shared.borrow_mut();
                    let begin = if write { "BEGIN IMMEDIATE" } else { "BEGIN" };
                    connection.batch_execute(begin).map_err(Error::from_diesel)?;
                    sqlite.set_open(true);
                    sqlite.locks.set(write);
                    if let Some(lease) = &self.lease {
                        lease.keep(turn);
                    }
                }
                #[cfg(feature = "postgres")]
                Inner::Postgres(postgres) => postgres.hold().await?,
            }
        }
        self.depth.set(depth + 1);
        let (waiting, waiting_files) = (self.waiting(), self.waiting_files());
        Ok(Scope { guard: self.unfinished(), depth, waiting, waiting_files })
    }

    /// Ends what [`Conn::begin`] opened: committed when the work is `Ok`. When both the work and
    /// the end fail, the work's error is returned, because it is nearer to the cause.
    pub(crate) async fn settle<T, E: From<Error>>(
        &self,
        scope: Scope,
        result: Result<T, E>,
    ) -> Result<T, E> {
        match self.end(scope, result.is_ok()).await {
            Err(error) if result.is_ok() => Err(error.into()),
            _ => result,
        }
    }

    /// Ends what [`Conn::begin`] opened. What cannot be committed, because work inside was dropped
    /// before its end, is rolled back.
    pub(crate) async fn end(&self, scope: Scope, commit: bool) -> Result<(), Error> {
        let depth = scope.depth;
        scope.guard.done();
        self.depth.set(depth);
        // dropped work was inside, and is rolled back here as well
        let abandoned = self.abandoned.replace(false);
        let ended = if depth > 0 {
            self.end_savepoint(depth, commit && !abandoned).await
        } else {
            if commit && !abandoned {
                self.commit_is_sent();
            }
            self.end_transaction(commit && !abandoned).await
        };
        if !commit || abandoned || ended.is_err() {
            self.forget_commits(scope.waiting);
            if ended.as_ref().is_err_and(|error| commit && depth == 0 && error.is_in_doubt()) {
                // the rows may be there
                self.files.take();
            } else if self.waiting_files() > scope.waiting_files {
                aside(|| self.remove_files(scope.waiting_files)).await;
            }
        } else if depth == 0 {
            self.files_are_committed();
            if self.waiting() > 0 {
                aside(|| self.run_commits()).await;
            }
        }
        match ended {
            Err(error) => {
                self.abandoned.set(abandoned && depth > 0);
                Err(error)
            }
            Ok(()) if commit && abandoned => {
                tracing::error!(
                    "rolling back a transaction: work inside it was dropped before it had finished"
                );
                Err(Error::RolledBack("work inside it was dropped before it had finished"))
            }
            Ok(()) => Ok(()),
        }
    }

    async fn end_savepoint(&self, depth: u32, commit: bool) -> Result<(), Error> {
        let release = format!("RELEASE SAVEPOINT quintet_{depth}");
        let mut ended = Ok(());
        if commit {
            let failed = match &self.inner {
                #[cfg(feature = "sqlite")]
                Inner::Sqlite(_) => false,
                #[cfg(feature = "postgres")]
                Inner::Postgres(postgres) => postgres.failed(),
            };
            if failed {
                tracing::error!("a savepoint is rolled back: a statement after it failed");
                ended = Err(Error::RolledBack(PASSED_OVER));
            } else {
                match self.control(&release).await {
                    Ok(()) => return Ok(()),
                    Err(error) => ended = Err(error),
                }
            }
        }
        // the transaction around it can go on
        self.control(&format!("ROLLBACK TO SAVEPOINT quintet_{depth}")).await?;
        match &self.inner {
            #[cfg(feature = "sqlite")]
            Inner::Sqlite(_) => {}
            #[cfg(feature = "postgres")]
            Inner::Postgres(postgres) => postgres.recovered(),
        }
        self.control(&release).await?;
        ended
    }

    #[allow(clippy::unused_async, reason = "one of the databases may be switched off")]
    async fn end_transaction(&self, commit: bool) -> Result<(), Error> {
        match &self.inner {
            #[cfg(feature = "sqlite")]
            Inner::Sqlite(sqlite) => {
                let mut connection = sqlite.shared.borrow_mut();
                if commit {
                    if let Err(error) = connection.batch_execute("COMMIT") {
                        // the transaction is still open, and what follows must not run in it;
                        // if this fails too, the end of the connection tries again
                        sqlite.set_open(connection.batch_execute("ROLLBACK").is_err());
                        return Err(Error::from_diesel(error));
                    }
                } else {
                    connection.batch_execute("ROLLBACK").map_err(Error::from_diesel)?;
                }
                sqlite.set_open(false);
                if let Some(lease) = &self.lease {
                    lease.keep(None);
                }
                Ok(())
            }
            #[cfg(feature = "postgres")]
            Inner::Postgres(postgres) => postgres.release(commit).await,
        }
    }
}
