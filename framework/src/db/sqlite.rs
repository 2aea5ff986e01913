//! `SQLite`: threads with a connection each, one of them for writing.
//!
//! A request's whole work crosses once: it is built and driven on the thread that owns the
//! connection. Statements there complete in the first poll; when the work waits for something
//! else, a small runtime of the thread drives it.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::path::Path;
use std::pin::pin;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use diesel::connection::{LoadConnection, SimpleConnection};
use diesel::sql_types as st;
use diesel::sqlite::{Sqlite, SqliteConnection};
use diesel::{Connection, QueryResult};
use futures_util::future::LocalBoxFuture;
use tokio::sync::oneshot;

use super::conn::{Conn, Inner, SqliteConn};
use super::database::Database;
use super::{Error, Row, Sql};

/// The connection of a thread, shared by the `Conn`s made there.
pub(crate) type Shared = Rc<RefCell<SqliteConnection>>;

const WAITING: u8 = 0;
const TAKEN: u8 = 1;
const GIVEN_UP: u8 = 2;

struct Job {
    state: Arc<AtomicU8>,
    work: Box<dyn FnOnce(&Thread) + Send>,
}

#[derive(Default)]
struct Queues {
    read: VecDeque<Job>,
    write: VecDeque<Job>,
}

/// The threads of one database.
pub(crate) struct SqlitePool {
    queues: Mutex<Queues>,
    read: Condvar,
    write: Condvar,
    stopped: AtomicBool,
    single: bool,
    path: String,
    busy: Duration,
}

/// What a thread lends to a job.
struct Thread {
    runtime: tokio::runtime::Runtime,
    connection: RefCell<Option<Shared>>,
    pool: Arc<SqlitePool>,
}

impl std::fmt::Debug for SqlitePool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SqlitePool").field("path", &self.path).finish_non_exhaustive()
    }
}

impl SqlitePool {
    /// Starts the threads; nothing is opened before the first job.
    pub(crate) fn start(path: &str, threads: usize, busy: Duration) -> std::io::Result<Arc<Self>> {
        let single = threads <= 1 || path == ":memory:";
        let pool = Arc::new(Self {
            queues: Mutex::default(),
            read: Condvar::new(),
            write: Condvar::new(),
            stopped: AtomicBool::new(false),
            single,
            path: path.to_owned(),
            busy,
        });
        let count = if single { 1 } else { threads };
        for index in 0..count {
            let pool = Arc::clone(&pool);
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            std::thread::Builder::new()
                .name(format!("sqlite-{index}"))
                .stack_size(8 << 20)
                .spawn(move || Self::serve(pool, runtime, index == 0))?;
        }
        Ok(pool)
    }

    pub(crate) fn stop(&self) {
        self.stopped.store(true, Ordering::Release);
        // a thread that has just looked holds the lock until it sleeps, and hears the bell then
        drop(self.queues.lock());
        self.read.notify_all();
        self.write.notify_all();
    }

    fn serve(pool: Arc<Self>, runtime: tokio::runtime::Runtime, writer: bool) {
        let thread = Thread { runtime, connection: RefCell::new(None), pool };
        while let Some(job) = thread.pool.next(writer) {
            if job
                .state
                .compare_exchange(WAITING, TAKEN, Ordering::AcqRel, Ordering::Acquire)
                .is_err()
            {
                continue;
            }
            let work = AssertUnwindSafe(|| (job.work)(&thread));
            if std::panic::catch_unwind(work).is_err() {
                tracing::error!("a request panicked; its database connection is opened anew");
                thread.connection.take();
            }
        }
    }

    fn next(&self, writer: bool) -> Option<Job> {
        let mut queues = self.queues.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let job = if writer {
                let read =
                    |queues: &mut Queues| if self.single { queues.read.pop_front() } else { None };
                queues.write.pop_front().or_else(|| read(&mut queues))
            } else {
                queues.read.pop_front()
            };
            if job.is_some() {
                return job;
            }
            if self.stopped.load(Ordering::Acquire) {
                return None;
            }
            let ring = if writer { &self.write } else { &self.read };
            queues = ring.wait(queues).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn push(&self, write: bool, job: Job) {
        let mut queues = self.queues.lock().unwrap_or_else(PoisonError::into_inner);
        if write || self.single {
            queues.write.push_back(job);
            drop(queues);
            self.write.notify_one();
        } else {
            queues.read.push_back(job);
            drop(queues);
            self.read.notify_one();
        }
    }

    /// Runs `work` on a thread; `wait` bounds the time until it starts, not the time it takes.
    pub(crate) async fn run<T: Send + 'static>(
        self: &Arc<Self>,
        database: Arc<Database>,
        write: bool,
        wait: Duration,
        work: impl FnOnce(Conn) -> LocalBoxFuture<'static, T> + Send + 'static,
    ) -> Result<T, Error> {
        let (answer, mut answered) = oneshot::channel();
        let state = Arc::new(AtomicU8::new(WAITING));
        let job = Job {
            state: Arc::clone(&state),
            work: Box::new(move |thread| {
                let result = thread.connection().map(|shared| {
                    let conn = Conn::new(Inner::Sqlite(SqliteConn::new(shared)), database);
                    thread.drive(work(conn))
                });
                // the other end is gone when its client is
                let _ = answer.send(result);
            }),
        };
        self.push(write, job);
        let gone = |_| Error::Diesel(diesel::result::Error::BrokenTransactionManager);
        if let Ok(result) = tokio::time::timeout(wait, &mut answered).await {
            return result.map_err(gone)?;
        }
        if state.compare_exchange(WAITING, GIVEN_UP, Ordering::AcqRel, Ordering::Acquire).is_ok() {
            return Err(Error::Unavailable("every database connection is busy"));
        }
        answered.await.map_err(gone)?
    }
}

impl Thread {
    fn connection(&self) -> Result<Shared, Error> {
        if let Some(shared) = &*self.connection.borrow() {
            return Ok(Rc::clone(shared));
        }
        let opened = open(&self.pool.path, self.pool.busy).map_err(|error| {
            tracing::error!("SQLite database {}: {error}", self.pool.path);
            Error::Unavailable("the database cannot be opened")
        })?;
        let shared = Rc::new(RefCell::new(opened));
        *self.connection.borrow_mut() = Some(Rc::clone(&shared));
        Ok(shared)
    }

    /// Polls once; only what waits for something else needs the runtime.
    fn drive<T>(&self, work: LocalBoxFuture<'static, T>) -> T {
        let mut work = pin!(work);
        {
            let _inside = self.runtime.enter();
            if let Poll::Ready(value) = work.as_mut().poll(&mut Context::from_waker(Waker::noop()))
            {
                return value;
            }
        }
        self.runtime.block_on(work)
    }
}

diesel::define_sql_function! {
    /// What `x REGEXP y` calls in `SQLite`: the pattern comes first.
    fn regexp(pattern: diesel::sql_types::Nullable<diesel::sql_types::Text>, value: diesel::sql_types::Nullable<diesel::sql_types::Text>) -> diesel::sql_types::Bool;
}

thread_local! {
    static PATTERN: RefCell<Option<(String, Option<regex::Regex>)>> = const { RefCell::new(None) };
}

/// A pattern that is no pattern matches nothing.
fn matches(pattern: Option<String>, value: Option<String>) -> bool {
    let (Some(pattern), Some(value)) = (pattern, value) else { return false };
    PATTERN.with_borrow_mut(|cached| {
        if cached.as_ref().is_none_or(|(text, _)| *text != pattern) {
            let compiled = regex::Regex::new(&pattern).ok();
            *cached = Some((pattern, compiled));
        }
        cached
            .as_ref()
            .and_then(|(_, regex)| regex.as_ref())
            .is_some_and(|regex| regex.is_match(&value))
    })
}

/// Opens a database: foreign keys on, busy time-out, WAL for a file that is made here.
fn open(path: &str, busy: Duration) -> Result<SqliteConnection, diesel::result::ConnectionError> {
    let made = path != ":memory:"
        && std::fs::metadata(Path::new(path)).map_or(true, |file| file.len() == 0);
    let mut connection = SqliteConnection::establish(path)?;
    let setup = |error| diesel::result::ConnectionError::CouldntSetupConfiguration(error);
    let mut pragmas =
        format!("PRAGMA foreign_keys = ON; PRAGMA busy_timeout = {};", busy.as_millis());
    if made {
        pragmas.push_str("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;");
    }
    connection.batch_execute(&pragmas).map_err(setup)?;
    regexp_utils::register_impl(&mut connection, matches).map_err(setup)?;
    Ok(connection)
}

/// A database that lives as long as its connection, for tests.
#[cfg(test)]
pub(crate) fn in_memory() -> Shared {
    Rc::new(RefCell::new(open(":memory:", Duration::from_secs(5)).unwrap()))
}

/// Runs a statement and reads its rows.
pub(crate) fn rows<T>(
    connection: &mut SqliteConnection,
    sql: Sql,
    mut read: impl FnMut(&Row<'_>) -> Result<T, Error>,
) -> Result<Vec<T>, Error> {
    let mut result = Vec::new();
    let cursor = LoadConnection::load(connection, sql).map_err(Error::from_diesel)?;
    for row in cursor {
        let row = row.map_err(Error::from_diesel)?;
        result.push(read(&Row(&SqliteRow(&row)))?);
    }
    Ok(result)
}

/// Runs a statement that answers no rows.
pub(crate) fn execute(connection: &mut SqliteConnection, sql: &Sql) -> QueryResult<usize> {
    diesel::connection::Connection::execute_returning_count(connection, sql)
}

super::row::raw_row!(SqliteRow, Sqlite, |row, at, _kind| row.get::<st::BigInt, i64>(at), |value| {
    Ok::<_, std::str::Utf8Error>(value.read_text())
});

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::super::testing::block_on;
    use super::super::{ColumnKind, DatabaseConfig, DatabaseWorker};
    use super::*;
    use crate::fields::Value;

    /// A file that is removed when the test is over.
    struct File(std::path::PathBuf);

    impl File {
        fn new(name: &str) -> Self {
            let file = format!("quintet_{name}_{}.db", std::process::id());
            Self(std::env::temp_dir().join(file))
        }

        fn open(&self, threads: usize, wait: Duration) -> Arc<Database> {
            let url = format!("sqlite://{}", self.0.display());
            Database::open(DatabaseConfig::new(url).pool_size(threads).wait(wait)).unwrap()
        }
    }

    impl Drop for File {
        fn drop(&mut self) {
            for end in ["", "-wal", "-shm"] {
                let _ = std::fs::remove_file(format!("{}{end}", self.0.display()));
            }
        }
    }

    async fn send(worker: &DatabaseWorker, sql: &'static str) -> Result<(), Error> {
        let work = move |conn: Conn| -> LocalBoxFuture<'static, Result<(), Error>> {
            Box::pin(async move { conn.batch_execute(sql).await })
        };
        worker.run(true, work).await?
    }

    const SHORT: Duration = Duration::from_millis(50);

    #[test]
    fn a_request_that_finds_no_thread_in_time_is_told_so() {
        let file = File::new("wait");
        let worker = file.open(1, SHORT).worker();
        let (release, released) = mpsc::channel::<()>();
        let (start, started) = mpsc::channel::<()>();
        let slow = move |_: Conn| -> LocalBoxFuture<'static, ()> {
            Box::pin(async move {
                start.send(()).unwrap();
                let _ = released.recv();
            })
        };
        let first = worker.clone();
        block_on(async {
            let first = tokio::task::spawn_local(async move { first.run(true, slow).await });
            while started.try_recv().is_err() {
                tokio::task::yield_now().await;
            }
            let second = send(&worker, "CREATE TABLE late (id integer)").await;
            assert!(matches!(second, Err(Error::Unavailable("every database connection is busy"))));
            release.send(()).unwrap();
            // what had begun is waited for, however long it takes
            assert!(first.await.unwrap().is_ok());
            // and what was given up is not done afterwards
            assert!(send(&worker, "SELECT * FROM late").await.is_err());
        });
    }

    #[test]
    fn another_process_that_writes_is_waited_for_and_then_unavailable() {
        let file = File::new("busy");
        block_on(async {
            let ours = file.open(2, SHORT).worker();
            send(&ours, "CREATE TABLE t (n integer)").await.unwrap();
            let mut theirs = SqliteConnection::establish(&file.0.display().to_string()).unwrap();
            theirs.batch_execute("BEGIN IMMEDIATE").unwrap();
            let busy = send(&ours, "INSERT INTO t VALUES (1)").await;
            assert!(matches!(busy, Err(Error::Unavailable(_))), "{busy:?}");
            theirs.batch_execute("COMMIT").unwrap();
            send(&ours, "INSERT INTO t VALUES (1)").await.unwrap();
        });
    }

    #[test]
    fn a_database_that_cannot_be_opened_is_unavailable() {
        let database = Database::open(DatabaseConfig::new("sqlite:///nowhere/at/all.db")).unwrap();
        let refused = block_on(async { send(&database.worker(), "SELECT 1").await });
        assert!(matches!(refused, Err(Error::Unavailable("the database cannot be opened"))));
    }

    #[test]
    fn readers_go_on_while_one_writes() {
        let file = File::new("readers");
        let worker = file.open(2, Duration::from_secs(5)).worker();
        block_on(async {
            send(&worker, "CREATE TABLE t (n integer)").await.unwrap();
            let (release, released) = oneshot::channel::<()>();
            let write = move |mut conn: Conn| -> LocalBoxFuture<'static, Result<(), Error>> {
                Box::pin(async move {
                    conn.transaction(async |conn| {
                        conn.batch_execute("INSERT INTO t VALUES (1)").await?;
                        released.await.map_err(|_| Error::NotFound)
                    })
                    .await
                })
            };
            let count = |conn: Conn| -> LocalBoxFuture<'static, Vec<i64>> {
                Box::pin(async move {
                    let mut sql = Sql::new(conn.dialect());
                    sql.push("SELECT COUNT(*) FROM t");
                    conn.rows(sql, |row| row.get(0, ColumnKind::BigInt)).await.unwrap()
                })
            };
            let writer = worker.clone();
            let writer = tokio::task::spawn_local(async move { writer.run(true, write).await });
            tokio::task::yield_now().await;
            assert_eq!(worker.run(false, count).await.unwrap(), [0]);
            release.send(()).unwrap();
            writer.await.unwrap().unwrap().unwrap();
            assert_eq!(worker.run(false, count).await.unwrap(), [1]);
        });
    }

    #[test]
    fn a_pattern_that_is_none_matches_nothing() {
        let conn = Conn::for_tests();
        let matches = |pattern: &str| {
            let mut sql = Sql::new(conn.dialect());
            sql.push("SELECT 'Riff Raff' REGEXP ");
            sql.bind(Value::Text(pattern.into()), ColumnKind::Text);
            let read = conn.rows(sql, |row| row.get::<bool>(0, ColumnKind::Bool));
            block_on(read).unwrap() == [true]
        };
        assert!(matches("^R.*f$") && matches("(?i)RAFF") && !matches("x") && !matches("("));
    }
}
