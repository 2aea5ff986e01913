use std::cell::RefCell;
use std::rc::Rc;

#[cfg(feature = "postgres")]
use futures_util::future::LocalBoxFuture;

use crate::db::testing::block_on;
use crate::db::{Conn, Error};
use crate::exceptions::{ApiException, Result};

/// Runs a test outside of any transaction, on each database.
#[allow(clippy::needless_pass_by_value, reason = "the second database takes it")]
fn on_each(test: impl AsyncFn(&mut Conn) + Clone + Send + 'static) {
    #[cfg(feature = "sqlite")]
    block_on(async { test(&mut Conn::for_tests()).await });
    #[cfg(feature = "postgres")]
    if let Some(database) = crate::db::testing::postgres() {
        let work = move |mut conn: Conn| -> LocalBoxFuture<'static, ()> {
            Box::pin(async move { test(&mut conn).await })
        };
        block_on(async { database.worker().run(true, work).await }).unwrap();
    }
}

type Log = Rc<RefCell<Vec<String>>>;

async fn later(line: &str, log: &Log, conn: &Conn) {
    let (line, log) = (line.to_owned(), Rc::clone(log));
    let work = async move |conn: &Conn| {
        log.borrow_mut().push(format!("{line} {}", conn.in_transaction()));
        Ok(())
    };
    conn.on_commit(work).await;
}

fn take(log: &Log) -> Vec<String> {
    std::mem::take(&mut *log.borrow_mut())
}

#[test]
fn work_waits_for_the_outermost_commit() {
    on_each(async |conn| {
        let log = Log::default();
        later("at once", &log, conn).await;
        assert_eq!(take(&log), ["at once false"]);
        let outer = log.clone();
        let done: Result<(), Error> = conn
            .transaction(async move |conn| {
                later("first", &outer, conn).await;
                conn.transaction(async |conn| {
                    later("inner", &outer, conn).await;
                    Ok::<_, Error>(())
                })
                .await?;
                assert!(outer.borrow().is_empty());
                later("last", &outer, conn).await;
                Ok(())
            })
            .await;
        done.unwrap();
        assert_eq!(take(&log), ["first false", "inner false", "last false"]);
        // and is not run again
        conn.transaction(async |_| Ok::<_, Error>(())).await.unwrap();
        assert!(take(&log).is_empty());
    });
}

#[test]
fn what_is_rolled_back_takes_its_work_with_it() {
    on_each(async |conn| {
        let log = Log::default();
        let inside = log.clone();
        let done: Result<(), Error> = conn
            .transaction(async move |conn| {
                later("kept", &inside, conn).await;
                let undone: Result<(), Error> = conn
                    .transaction(async |conn| {
                        later("undone", &inside, conn).await;
                        let inner: Result<(), Error> = conn
                            .transaction(async |conn| {
                                later("undone with it", &inside, conn).await;
                                Ok(())
                            })
                            .await;
                        inner?;
                        Err(Error::NotFound)
                    })
                    .await;
                assert!(undone.is_err());
                later("kept too", &inside, conn).await;
                Ok(())
            })
            .await;
        done.unwrap();
        assert_eq!(take(&log), ["kept false", "kept too false"]);
        let inside = log.clone();
        let failed: Result<(), Error> = conn
            .transaction(async move |conn| {
                later("never", &inside, conn).await;
                Err(Error::NotFound)
            })
            .await;
        assert!(failed.is_err());
        conn.transaction(async |_| Ok::<_, Error>(())).await.unwrap();
        assert!(take(&log).is_empty());
    });
}

#[test]
fn an_error_or_a_panic_concerns_nobody_else() {
    on_each(async |conn| {
        let log = Log::default();
        let inside = log.clone();
        let done: Result<(), Error> = conn
            .transaction(async move |conn| {
                conn.on_commit(async |_| Err(ApiException::validation("No."))).await;
                conn.on_commit(async |_| panic!("on purpose")).await;
                // it may send statements and have transactions, whose work runs after them
                let nested = inside.clone();
                conn.on_commit(async move |conn| {
                    let scope = conn.begin().await?;
                    later("nested", &nested, conn).await;
                    conn.end(scope, true).await?;
                    later("behind it", &nested, conn).await;
                    Ok(())
                })
                .await;
                later("last", &inside, conn).await;
                Ok(())
            })
            .await;
        done.unwrap();
        assert_eq!(take(&log), ["nested false", "behind it false", "last false"]);
    });
}
