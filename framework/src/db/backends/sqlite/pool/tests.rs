use std::sync::mpsc;

use diesel::connection::SimpleConnection;
use diesel::{Connection, SqliteConnection};

use super::*;
use crate::db::testing::block_on;
use crate::db::{ColumnKind, DatabaseConfig, DatabaseWorker, Sql};

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
fn a_request_whose_client_has_gone_is_not_begun() {
    let file = File::new("gone");
    let worker = file.open(1, Duration::from_secs(5)).worker();
    let (release, released) = mpsc::channel::<()>();
    let slow = move |_: Conn| -> LocalBoxFuture<'static, ()> {
        Box::pin(async move {
            let _ = released.recv();
        })
    };
    block_on(async {
        let first = worker.clone();
        let first = tokio::task::spawn_local(async move { first.run(true, slow).await });
        tokio::task::yield_now().await;
        let second = send(&worker, "CREATE TABLE gone (id integer)");
        assert!(tokio::time::timeout(SHORT, second).await.is_err());
        release.send(()).unwrap();
        assert!(first.await.unwrap().is_ok());
        assert!(send(&worker, "SELECT * FROM gone").await.is_err());
    });
}

/// Work that waits without end, after it has written or not, and whose client goes. True when
/// it is dropped with its client.
fn is_dropped(writes: bool) -> bool {
    let file = File::new(if writes { "gone_written" } else { "gone_parked" });
    let worker = file.open(1, Duration::from_secs(5)).worker();
    let (held, mut dropped) = oneshot::channel::<()>();
    block_on(async {
        let work = move |conn: Conn| -> LocalBoxFuture<'static, ()> {
            Box::pin(async move {
                let mut sql = Sql::new(conn.dialect());
                sql.push("SELECT 1");
                conn.rows(sql, |_| Ok(())).await.unwrap();
                if writes {
                    conn.batch_execute("CREATE TABLE t (n integer)").await.unwrap();
                }
                std::future::pending::<()>().await;
                drop(held);
            })
        };
        assert!(tokio::time::timeout(SHORT, worker.run(true, work)).await.is_err());
        let dropped = tokio::time::timeout(SHORT * 4, &mut dropped).await;
        // others go on in either case
        send(&worker, "SELECT 1").await.unwrap();
        dropped.is_ok()
    })
}

#[test]
fn work_that_waits_is_given_up_when_its_client_has_gone_unless_it_has_written() {
    assert!(is_dropped(false));
    assert!(!is_dropped(true));
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
    let folder = std::env::temp_dir().join(format!("quintet-gone-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let url = format!("sqlite://{}/all.db", folder.display());
    let database = Database::open(DatabaseConfig::new(url)).unwrap();
    std::fs::remove_dir_all(folder).unwrap();
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

/// Work that says how far it is, waits to be told, and writes a row; in a transaction or not.
fn waiting(
    number: i64,
    inside: bool,
    told: oneshot::Receiver<()>,
    log: Arc<Mutex<Vec<String>>>,
) -> impl FnOnce(Conn) -> LocalBoxFuture<'static, Result<(), Error>> + Send + 'static {
    let note = move |what: &str| log.lock().unwrap().push(format!("{what} {number}"));
    let insert = format!("INSERT INTO t VALUES ({number})");
    move |mut conn| {
        Box::pin(async move {
            note("begins");
            if inside {
                conn.transaction(async |conn| {
                    conn.batch_execute(&insert).await?;
                    told.await.map_err(|_| Error::NotFound)
                })
                .await?;
            } else {
                told.await.map_err(|_| Error::NotFound)?;
                conn.batch_execute(&insert).await?;
            }
            note("ends");
            Ok(())
        })
    }
}

/// Two writers: the first is told to go on when the second has had time to begin.
fn interleaved(inside: bool) -> Vec<String> {
    let file = File::new(if inside { "exclusive" } else { "parked" });
    let worker = file.open(2, Duration::from_secs(5)).worker();
    let log = Arc::new(Mutex::new(Vec::new()));
    block_on(async {
        send(&worker, "CREATE TABLE t (n integer)").await.unwrap();
        let ((tell_first, first), (tell_second, second)) = (oneshot::channel(), oneshot::channel());
        tell_second.send(()).unwrap();
        let run = |work| {
            let worker = worker.clone();
            tokio::task::spawn_local(async move { worker.run(true, work).await })
        };
        let first = run(waiting(1, inside, first, Arc::clone(&log)));
        tokio::time::sleep(SHORT).await;
        let second = run(waiting(2, inside, second, Arc::clone(&log)));
        tokio::time::sleep(SHORT).await;
        tell_first.send(()).unwrap();
        first.await.unwrap().unwrap().unwrap();
        second.await.unwrap().unwrap().unwrap();
    });
    Arc::try_unwrap(log).unwrap().into_inner().unwrap()
}

#[test]
fn a_thread_goes_on_with_other_work_while_some_waits() {
    assert_eq!(interleaved(false), ["begins 1", "begins 2", "ends 2", "ends 1"]);
}

#[test]
fn a_transaction_that_waits_has_its_thread_to_itself() {
    assert_eq!(interleaved(true), ["begins 1", "ends 1", "begins 2", "ends 2"]);
}

#[test]
fn a_panic_of_work_that_waited_leaves_the_thread_to_others() {
    let file = File::new("parked_panic");
    let worker = file.open(1, Duration::from_secs(5)).worker();
    block_on(async {
        send(&worker, "CREATE TABLE t (n integer)").await.unwrap();
        let work = |mut conn: Conn| -> LocalBoxFuture<'static, ()> {
            Box::pin(async move {
                let result: Result<(), Error> = conn
                    .transaction(async |conn| {
                        conn.batch_execute("INSERT INTO t VALUES (1)").await?;
                        tokio::time::sleep(Duration::from_millis(5)).await;
                        panic!("work that panics")
                    })
                    .await;
                drop(result);
            })
        };
        assert!(worker.run(true, work).await.is_err());
        send(&worker, "INSERT INTO t VALUES (2)").await.unwrap();
        let count = |conn: Conn| -> LocalBoxFuture<'static, Vec<i64>> {
            Box::pin(async move {
                let mut sql = Sql::new(conn.dialect());
                sql.push("SELECT n FROM t");
                conn.rows(sql, |row| row.get(0, ColumnKind::BigInt)).await.unwrap()
            })
        };
        assert_eq!(worker.run(false, count).await.unwrap(), [2]);
    });
}
