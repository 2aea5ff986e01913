//! What code asks of models and query sets beyond rows by conditions, compared with Django's results
//! for the same rows.

use quintet::db::Conn;
use quintet_tests::store::{On, Store};

mod expressions;
mod generic;
mod models;
mod raw;
mod relations;
mod rows;
mod search;
mod values;
mod windows;

/// Runs work on shared read-only rows, on each database.
fn reading<W: AsyncFn(&Conn, On) + Copy + Send + 'static>(work: W) {
    for on in On::all() {
        Store::shared(on).run(async move |conn| work(conn, on).await);
    }
}

/// Runs work on separate rows, on each database.
fn writing<W: AsyncFn(&mut Conn, On) + Copy + Send + 'static>(work: W) {
    for on in On::all() {
        Store::new(on).run(async move |conn| work(conn, on).await);
    }
}

/// The result of some work, which must take this number of statements.
async fn within<T>(statements: u64, conn: &Conn, work: impl Future<Output = T>) -> T {
    let before = conn.database().statements();
    let done = work.await;
    assert_eq!(conn.database().statements() - before, statements);
    done
}
