//! Two statements in flight together, of which only the last result wakes the request.
//!
//! The first result is useless before the second one, and in between the database uses the
//! processor: the request's data would have to be fetched from memory once more.

use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::LocalKey;
use std::time::Duration;

use futures_util::FutureExt;

thread_local! {
    /// Whether a connection is delivering what it has read.
    static HANDING_OUT: Cell<bool> = const { Cell::new(false) };
    /// Whether a statement is being polled whose result need not wake the request.
    static UNHEARD: Cell<bool> = const { Cell::new(false) };
}

/// How long a result may wait without waking the request. Usually the second result ends the wait;
/// this guards against a result in so many pieces that the connection, and others with it, waits
/// for them to be taken. Tests use the delay to detect that this timer ended the wait.
const LONGEST: Duration = Duration::from_millis(if cfg!(test) { 2000 } else { 200 });

/// A flag that is set while this lives, and reset on panic.
struct Marked(&'static LocalKey<Cell<bool>>);

impl Marked {
    fn new(mark: &'static LocalKey<Cell<bool>>, is_set: bool) -> Self {
        mark.set(is_set);
        Self(mark)
    }
}

impl Drop for Marked {
    fn drop(&mut self) {
        self.0.set(false);
    }
}

/// Drives a connection, so that wakes caused by its results can be distinguished from others.
pub(in crate::db) async fn drive<F: Future>(connection: F) -> F::Output {
    let mut connection = pin!(connection);
    poll_fn(|cx| {
        let _handing_out = Marked::new(&HANDING_OUT, true);
        connection.as_mut().poll(cx)
    })
    .await
}

/// Wakes a request, but not for what a connection delivers.
struct Quiet(Waker);

impl Wake for Quiet {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if !HANDING_OUT.get() {
            self.0.wake_by_ref();
        }
    }
}

/// Sends a statement that has a connection. As the first of two in [`in_order`] its answer wakes
/// nobody where it `may` wait, unless the statement has to be prepared before it can be sent:
/// `prepared` counts those of the connection.
pub(in crate::db) async fn unheard<F: Future + Unpin>(
    may: bool,
    mut statement: F,
    prepared: impl Fn() -> usize,
) -> F::Output {
    let mut heard = !may;
    poll_fn(|cx| {
        if heard || !UNHEARD.get() {
            return statement.poll_unpin(cx);
        }
        let before = prepared();
        let quiet = Waker::from(Arc::new(Quiet(cx.waker().clone())));
        let polled = statement.poll_unpin(&mut Context::from_waker(&quiet));
        heard = prepared() != before;
        if heard && polled.is_pending() {
            return statement.poll_unpin(cx);
        }
        polled
    })
    .await
}

/// Drives two statements that one connection sends one after the other. While waiting for the
/// second, a result of the first wakes nobody; both are read together. So `first` must poll its
/// statement whenever it is polled itself, as an async block does.
pub(in crate::db) async fn in_order<A, B>(
    mut first: Pin<&mut impl Future<Output = A>>,
    mut second: Pin<&mut impl Future<Output = B>>,
) -> (A, B) {
    let mut answer = None;
    let mut longest = pin!(tokio::time::sleep(LONGEST));
    let other = poll_fn(|cx| {
        if answer.is_none() {
            let _unheard = Marked::new(&UNHEARD, longest.as_mut().poll(cx).is_pending());
            if let Poll::Ready(value) = first.as_mut().poll(cx) {
                answer = Some(value);
            }
        }
        second.as_mut().poll(cx)
    })
    .await;
    let answer = match answer {
        Some(answer) => answer,
        None => first.await,
    };
    (answer, other)
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use futures_util::future::LocalBoxFuture;

    use super::*;
    use crate::db::testing::{block_on, postgres};
    use crate::db::{ColumnKind, Conn, Dialect, Sql};

    /// Statements that no connection has prepared, the second of them slow.
    fn texts(mark: &str) -> (Sql, Sql) {
        let sql = |what: &str| {
            let mut sql = Sql::new(Dialect::Postgres);
            sql.push("SELECT 7::bigint AS ").name(mark).push(what);
            sql
        };
        (sql(""), sql(" FROM pg_sleep(0.1)"))
    }

    /// Sends them in order; returns how often the request was driven, and for how long.
    async fn driven(conn: &Conn, (first, second): (Sql, Sql)) -> (usize, Duration) {
        let number = |sql| conn.rows(sql, |row| row.get::<i64>(0, ColumnKind::BigInt));
        let (first, second) = (pin!(number(first)), pin!(number(second)));
        let mut both = pin!(conn.in_order(first, second));
        let (mut polls, start) = (0, Instant::now());
        let (first, second) = poll_fn(|cx| {
            polls += 1;
            both.as_mut().poll(cx)
        })
        .await;
        assert_eq!((first.unwrap(), second.unwrap()), (vec![7], vec![7]));
        (polls, start.elapsed())
    }

    fn on_a_new_connection<T: Send + 'static>(
        work: impl FnOnce(Conn) -> LocalBoxFuture<'static, T> + Send + 'static,
    ) -> Option<T> {
        let database = postgres()?;
        Some(block_on(async { database.worker().run(false, work).await.unwrap() }))
    }

    #[test]
    fn the_first_answer_wakes_nobody() {
        let polls = on_a_new_connection(|conn| {
            Box::pin(async move {
                driven(&conn, texts("unheard")).await;
                driven(&conn, texts("unheard")).await.0
            })
        });
        // sent, and answered
        assert!(polls.is_none_or(|polls| polls == 2), "{polls:?}");
    }

    #[test]
    fn what_holds_up_the_second_statement_is_heard() {
        let took = on_a_new_connection(|conn| {
            Box::pin(async move {
                let connecting = driven(&conn, texts("new")).await.1;
                let preparing = driven(&conn, texts("other")).await.1;
                connecting.max(preparing)
            })
        });
        assert!(took.is_none_or(|took| took < LONGEST), "{took:?}");
    }

    #[test]
    fn an_expression_of_diesels_is_heard() {
        let took = on_a_new_connection(|conn| {
            Box::pin(async move {
                let (mut first, second) = texts("diesel");
                let uncached = diesel::dsl::sql::<diesel::sql_types::Bool>("true");
                first.push(" WHERE ").node(&(Arc::new(uncached) as _));
                driven(&conn, (first, second)).await.1
            })
        });
        assert!(took.is_none_or(|took| took < LONGEST), "{took:?}");
    }

    #[test]
    fn a_panic_leaves_later_answers_to_be_heard() {
        let panics = std::panic::catch_unwind(|| {
            let first = poll_fn(|_| -> Poll<()> { panic!("while it is written") });
            block_on(in_order(pin!(first), pin!(std::future::ready(()))))
        });
        assert!(panics.is_err() && !UNHEARD.get());
        let panics = std::panic::catch_unwind(|| {
            block_on(drive(poll_fn(|_| -> Poll<()> { panic!("while it hands out") })));
        });
        assert!(panics.is_err() && !HANDING_OUT.get());
    }

    #[test]
    fn a_guard_hears_what_nothing_else_does() {
        let work = async {
            let mut sent = false;
            let first = poll_fn(|_| {
                if std::mem::replace(&mut sent, true) { Poll::Ready(1) } else { Poll::Pending }
            });
            in_order(pin!(first), pin!(tokio::time::sleep(LONGEST * 2))).await.0
        };
        assert_eq!(block_on(async { tokio::time::timeout(LONGEST * 3, work).await.unwrap() }), 1);
    }
}
