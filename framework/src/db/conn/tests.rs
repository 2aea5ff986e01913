//! Statements and transactions, as each database has them.

use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;

use super::super::testing::{block_on, localized};
use super::super::{ColumnKind, DatabaseConfig, DatabaseWorker};
use super::{Arc, Conn, Database, Error, Sql};

/// Runs a test on a file of `SQLite` and on `PostgreSQL`, where there is one, over a table that
/// outlives transactions.
fn on_each_committing(table: &'static str, test: impl AsyncFn(&mut Conn) + Clone + Send + 'static) {
    on_each_worker(table, &async move |worker| {
        let test = test.clone();
        worker.run(true, move |conn| boxed(conn, test)).await.unwrap();
    });
}

fn boxed(mut conn: Conn, test: impl AsyncFn(&mut Conn) + 'static) -> LocalBoxFuture<'static, ()> {
    Box::pin(async move { test(&mut conn).await })
}

fn on_each_worker(table: &'static str, test: &impl AsyncFn(&DatabaseWorker)) {
    let run = |database: Arc<Database>| async move {
        let worker = database.worker();
        let sql = format!(
            "DROP TABLE IF EXISTS {table}; CREATE TABLE {table} (id {{pk}}, n integer NOT NULL)"
        );
        send(&worker, localized(database.dialect(), &sql)).await.unwrap();
        test(&worker).await;
        send(&worker, format!("DROP TABLE {table}")).await.unwrap();
    };
    #[cfg(feature = "sqlite")]
    {
        let file = std::env::temp_dir().join(format!("{table}_{}.db", std::process::id()));
        let url = format!("sqlite://{}", file.display());
        block_on(run(Database::open(DatabaseConfig::new(url)).unwrap()));
        for end in ["", "-wal", "-shm"] {
            let _ = std::fs::remove_file(format!("{}{end}", file.display()));
        }
    }
    #[cfg(feature = "postgres")]
    if let Some(database) = super::super::testing::postgres() {
        block_on(run(database));
    }
}

async fn send(worker: &DatabaseWorker, sql: String) -> Result<(), Error> {
    let work = move |conn: Conn| -> LocalBoxFuture<'static, Result<(), Error>> {
        Box::pin(async move { conn.batch_execute(&sql).await })
    };
    worker.run(true, work).await?
}

async fn add(conn: &Conn, table: &str, number: i32) -> Result<(), Error> {
    conn.batch_execute(&format!("INSERT INTO {table} (n) VALUES ({number})")).await
}

async fn numbers(conn: &Conn, table: &str) -> Vec<i32> {
    let mut sql = Sql::new(conn.dialect());
    sql.push("SELECT n FROM ").push(table).push(" ORDER BY n");
    conn.rows(sql, |row| row.get(0, ColumnKind::Integer)).await.unwrap()
}

fn refused() -> Error {
    Error::NotFound
}

#[test]
fn a_transaction_is_committed_when_it_answers_ok() {
    const T: &str = "quintet_commit";
    on_each_committing(T, async |conn| {
        let answer: Result<i32, Error> = conn
            .transaction(async |conn| {
                assert!(conn.in_transaction());
                add(conn, T, 1).await?;
                Ok(7)
            })
            .await;
        assert_eq!(answer.unwrap(), 7);
        assert!(!conn.in_transaction());
        assert_eq!(numbers(conn, T).await, [1]);
    });
}

#[test]
fn an_error_rolls_back() {
    const T: &str = "quintet_rollback";
    on_each_committing(T, async |conn| {
        let answer: Result<(), Error> = conn
            .transaction(async |conn| {
                add(conn, T, 1).await?;
                Err(refused())
            })
            .await;
        assert!(matches!(answer, Err(Error::NotFound)));
        assert_eq!(numbers(conn, T).await, [0_i32; 0]);
    });
}

#[test]
fn a_transaction_inside_another_is_a_savepoint() {
    const T: &str = "quintet_savepoint";
    on_each_committing(T, async |conn| {
        let outer: Result<(), Error> = conn
            .transaction(async |conn| {
                add(conn, T, 1).await?;
                let inner: Result<(), Error> = conn
                    .transaction(async |conn| {
                        add(conn, T, 2).await?;
                        Err(refused())
                    })
                    .await;
                assert!(inner.is_err());
                conn.transaction(async |conn| add(conn, T, 3).await).await
            })
            .await;
        outer.unwrap();
        assert_eq!(numbers(conn, T).await, [1, 3]);
    });
}

#[test]
fn a_failed_statement_inside_a_savepoint_leaves_the_outer_transaction_usable() {
    const T: &str = "quintet_recover";
    on_each_committing(T, async |conn| {
        let outer: Result<(), Error> = conn
            .transaction(async |conn| {
                let inner: Result<(), Error> =
                    conn.transaction(async |conn| conn.batch_execute("nonsense").await).await;
                assert!(inner.is_err());
                add(conn, T, 1).await
            })
            .await;
        outer.unwrap();
        assert_eq!(numbers(conn, T).await, [1]);
    });
}

#[test]
fn a_dropped_transaction_rolls_back_and_refuses_what_follows() {
    const T: &str = "quintet_dropped";
    on_each_worker(T, &async |worker| {
        let work = |mut conn: Conn| -> LocalBoxFuture<'static, ()> {
            Box::pin(async move {
                let begun = tokio::sync::Notify::new();
                let transaction = conn.transaction(async |conn| {
                    add(conn, T, 1).await?;
                    begun.notify_one();
                    std::future::pending::<Result<(), Error>>().await
                });
                futures_util::future::select(Box::pin(transaction), Box::pin(begun.notified()))
                    .await;
                let broken = |error| {
                    matches!(error, Error::Diesel(diesel::result::Error::BrokenTransactionManager))
                };
                assert!(broken(add(&conn, T, 2).await.unwrap_err()));
                let again: Result<(), Error> = conn.transaction(async |_| Ok(())).await;
                assert!(broken(again.unwrap_err()));
            })
        };
        worker.run(true, work).await.unwrap();
        let work = |conn: Conn| -> LocalBoxFuture<'static, Vec<i32>> {
            Box::pin(async move { numbers(&conn, T).await })
        };
        assert_eq!(worker.run(false, work).await.unwrap(), [0_i32; 0]);
    });
}

/// A transaction whose future is dropped once it has written a number.
async fn dropped(conn: &mut Conn, table: &str, number: i32) {
    let begun = tokio::sync::Notify::new();
    let transaction = conn.transaction(async |conn| {
        add(conn, table, number).await?;
        begun.notify_one();
        std::future::pending::<Result<(), Error>>().await
    });
    futures_util::future::select(Box::pin(transaction), Box::pin(begun.notified())).await;
}

#[test]
fn a_transaction_in_which_another_was_dropped_is_rolled_back_and_says_so() {
    const T: &str = "quintet_inner_dropped";
    on_each_committing(T, async |conn| {
        let outer: Result<(), Error> = conn
            .transaction(async |conn| {
                add(conn, T, 1).await?;
                dropped(conn, T, 2).await;
                Ok(())
            })
            .await;
        assert!(matches!(outer, Err(Error::RolledBack(_))), "{outer:?}");
        assert!(!conn.in_transaction());
        assert_eq!(numbers(conn, T).await, [0_i32; 0]);
        // the connection is as good as before
        let again: Result<(), Error> = conn.transaction(async |conn| add(conn, T, 3).await).await;
        again.unwrap();
        assert_eq!(numbers(conn, T).await, [3]);
    });
}

#[test]
fn what_was_dropped_goes_with_the_savepoint_around_it_and_no_further() {
    const T: &str = "quintet_middle_dropped";
    on_each_committing(T, async |conn| {
        let outer: Result<(), Error> = conn
            .transaction(async |conn| {
                add(conn, T, 1).await?;
                let middle: Result<(), Error> = conn
                    .transaction(async |conn| {
                        dropped(conn, T, 2).await;
                        add(conn, T, 3).await
                    })
                    .await;
                assert!(middle.is_err());
                let passed: Result<(), Error> = conn
                    .transaction(async |conn| {
                        dropped(conn, T, 4).await;
                        Ok(())
                    })
                    .await;
                assert!(matches!(passed, Err(Error::RolledBack(_))), "{passed:?}");
                add(conn, T, 5).await
            })
            .await;
        outer.unwrap();
        assert_eq!(numbers(conn, T).await, [1, 5]);
    });
}

#[test]
fn several_statements_that_come_to_no_end_are_not_committed() {
    const T: &str = "quintet_unfinished";
    on_each_committing(T, async |conn| {
        let outer: Result<(), Error> = conn
            .transaction(async |conn| {
                let unfinished = conn.unfinished();
                add(conn, T, 1).await?;
                drop(unfinished);
                Ok(())
            })
            .await;
        assert!(matches!(outer, Err(Error::RolledBack(_))), "{outer:?}");
        assert_eq!(numbers(conn, T).await, [0_i32; 0]);
    });
}

#[test]
fn a_failure_that_is_passed_over_is_never_taken_for_a_commit() {
    const T: &str = "quintet_passed_over";
    on_each_committing(T, async |conn| {
        let outer: Result<(), Error> = conn
            .transaction(async |conn| {
                add(conn, T, 1).await?;
                drop(conn.batch_execute("nonsense").await);
                Ok(())
            })
            .await;
        // PostgreSQL has given the transaction up at the failure, SQLite has not
        if conn.dialect() == super::super::Dialect::Postgres {
            assert!(matches!(outer, Err(Error::RolledBack(_))), "{outer:?}");
            assert_eq!(numbers(conn, T).await, [0_i32; 0]);
        } else {
            outer.unwrap();
            assert_eq!(numbers(conn, T).await, [1]);
        }
    });
}

#[test]
fn what_goes_on_from_a_savepoint_of_the_users_own_is_committed() {
    const T: &str = "quintet_own_savepoint";
    on_each_committing(T, async |conn| {
        let outer: Result<(), Error> = conn
            .transaction(async |conn| {
                add(conn, T, 1).await?;
                conn.batch_execute("SAVEPOINT own").await?;
                assert!(conn.batch_execute("nonsense").await.is_err());
                conn.batch_execute("ROLLBACK TO SAVEPOINT own").await?;
                add(conn, T, 2).await
            })
            .await;
        outer.unwrap();
        assert_eq!(numbers(conn, T).await, [1, 2]);
        // one that fails after it counts again
        let outer: Result<(), Error> = conn
            .transaction(async |conn| {
                add(conn, T, 3).await?;
                drop(conn.batch_execute("SAVEPOINT own; nonsense").await);
                drop(conn.batch_execute("ROLLBACK TO SAVEPOINT nobodys").await);
                Ok(())
            })
            .await;
        let failed = conn.dialect() == super::super::Dialect::Postgres;
        assert_eq!(matches!(outer, Err(Error::RolledBack(_))), failed, "{outer:?}");
    });
}

#[test]
fn a_failure_that_is_passed_over_in_a_savepoint_leaves_the_outer_transaction_usable() {
    const T: &str = "quintet_inner_passed_over";
    on_each_committing(T, async |conn| {
        let postgres = conn.dialect() == super::super::Dialect::Postgres;
        let outer: Result<(), Error> = conn
            .transaction(async |conn| {
                add(conn, T, 1).await?;
                let inner: Result<(), Error> = conn
                    .transaction(async |conn| {
                        add(conn, T, 2).await?;
                        drop(conn.batch_execute("nonsense").await);
                        Ok(())
                    })
                    .await;
                assert_eq!(matches!(inner, Err(Error::RolledBack(_))), postgres, "{inner:?}");
                add(conn, T, 3).await
            })
            .await;
        outer.unwrap();
        let kept: &[i32] = if postgres { &[1, 3] } else { &[1, 2, 3] };
        assert_eq!(numbers(conn, T).await, kept);
    });
}

#[test]
fn a_write_that_is_given_up_in_flight_is_not_committed_and_a_read_does_no_harm() {
    use diesel::{ExpressionMethods, QueryDsl};
    diesel::table! {
        quintet_given_up (id) {
            id -> BigInt,
            n -> Integer,
        }
    }
    on_each_committing("quintet_given_up", async |conn| {
        use quintet_given_up::{n, table};
        if conn.dialect() != super::super::Dialect::Postgres {
            return;
        }
        let read: Result<(), Error> = conn
            .transaction(async |conn| {
                add(conn, "quintet_given_up", 1).await?;
                assert!(conn.count(table).now_or_never().is_none());
                assert!(conn.first::<i32, _>(table.select(n)).now_or_never().is_none());
                Ok(())
            })
            .await;
        read.unwrap();
        for batch in [false, true] {
            let written: Result<(), Error> = conn
                .transaction(async |conn| {
                    add(conn, "quintet_given_up", 2).await?;
                    let insert = diesel::insert_into(table).values(n.eq(3)).returning(n);
                    let gone = if batch {
                        add(conn, "quintet_given_up", 3).now_or_never().is_none()
                    } else {
                        conn.get_result::<i32>(insert).now_or_never().is_none()
                    };
                    assert!(gone);
                    Ok(())
                })
                .await;
            assert!(matches!(written, Err(Error::RolledBack(_))), "{batch} {written:?}");
        }
        assert_eq!(numbers(conn, "quintet_given_up").await, [1]);
    });
}

#[test]
fn a_panic_in_a_job_rolls_back_and_the_next_job_finds_a_connection() {
    const T: &str = "quintet_panic";
    on_each_worker(T, &async |worker| {
        let work = |mut conn: Conn| -> LocalBoxFuture<'static, ()> {
            Box::pin(async move {
                let result: Result<(), Error> = conn
                    .transaction(async |conn| {
                        add(conn, T, 1).await?;
                        panic!("a job that panics")
                    })
                    .await;
                result.unwrap();
            })
        };
        // on PostgreSQL the job is part of the caller
        let panicked = std::panic::AssertUnwindSafe(worker.run(true, work)).catch_unwind().await;
        assert!(panicked.is_err() || panicked.unwrap().is_err());
        let work = |conn: Conn| -> LocalBoxFuture<'static, Vec<i32>> {
            Box::pin(async move { numbers(&conn, T).await })
        };
        assert_eq!(worker.run(false, work).await.unwrap(), [0_i32; 0]);
    });
}

#[test]
fn diesel_statements_run_on_the_same_connection() {
    use diesel::{ExpressionMethods, QueryDsl};
    diesel::table! {
        quintet_typed (id) {
            id -> BigInt,
            n -> Integer,
        }
    }
    on_each_committing("quintet_typed", async |conn| {
        use quintet_typed::{n, table};
        let rows = vec![n.eq(3), n.eq(1), n.eq(2)];
        assert_eq!(conn.execute(diesel::insert_into(table).values(rows)).await.unwrap(), 3);
        let all: Vec<i32> = conn.load(table.select(n).order(n.asc())).await.unwrap();
        assert_eq!(all, [1, 2, 3]);
        let least: Option<i32> = conn.first(table.select(n).order(n.desc())).await.unwrap();
        assert_eq!(least, Some(3));
        assert_eq!(conn.count(table.filter(n.gt(1))).await.unwrap(), 2);
        let none = conn.get_result::<i32>(table.select(n).filter(n.eq(9))).await;
        assert!(matches!(none, Err(Error::NotFound)));
        let sum: i32 = conn
            .transaction(async |conn| {
                conn.execute(diesel::update(table).set(n.eq(n + 1))).await?;
                let all: Vec<i32> = conn.load(table.select(n)).await?;
                Ok::<_, Error>(all.iter().sum())
            })
            .await
            .unwrap();
        assert_eq!(sum, 9);
    });
}

#[test]
fn statements_are_counted_begin_and_commit_apart() {
    const T: &str = "quintet_counted";
    on_each_committing(T, async |conn| {
        let before = conn.database.statements();
        let result: Result<(), Error> = conn.transaction(async |conn| add(conn, T, 1).await).await;
        result.unwrap();
        numbers(conn, T).await;
        assert_eq!(conn.database.statements() - before, 2);
    });
}
