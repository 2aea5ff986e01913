//! Work that waits for the commit.

use std::fmt;
use std::panic::AssertUnwindSafe;

use futures_util::FutureExt as _;
use futures_util::future::LocalBoxFuture;

use super::Conn;
use crate::exceptions::Result;
use crate::files::NewlyStored;

type Work = Box<dyn for<'a> FnOnce(&'a Conn) -> LocalBoxFuture<'a, Result<()>>>;

/// What runs after a commit.
pub(super) struct Commit(Work);

impl fmt::Debug for Commit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Commit")
    }
}

impl Commit {
    fn new<F: AsyncFnOnce(&Conn) -> Result<()> + 'static>(work: F) -> Self {
        fn boxed(
            work: impl for<'a> FnOnce(&'a Conn) -> LocalBoxFuture<'a, Result<()>> + 'static,
        ) -> Work {
            Box::new(work)
        }
        Self(boxed(|conn| Box::pin(async move { work(conn).await })))
    }

    /// Runs it; what goes wrong is logged.
    async fn run(self, conn: &Conn) {
        let work = AssertUnwindSafe(async move { (self.0)(conn).await });
        match work.catch_unwind().await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::error!("work after a commit failed: {error}"),
            Err(_) => tracing::error!("work after a commit panicked"),
        }
    }
}

impl Conn {
    /// Runs work after the transaction is committed, the outermost one where they are nested
    /// (`transaction.on_commit`): mail, a message to a queue, whatever should not happen for rows that
    /// are rolled back. Where the transaction is rolled back, or the savepoint around this call, the
    /// work is dropped. Outside a transaction, it runs at once.
    ///
    /// Under `ATOMIC_REQUESTS` it runs after the handler and before the response is sent; in the order
    /// in which it was given. An error or a panic in it is logged, and neither the response nor other
    /// work depends on it: rows are stored by then. (That is `robust=True`; Django's default skips
    /// what remains and makes the response a 500 for rows that are stored.)
    ///
    /// ```
    /// use quintet::prelude::*;
    ///
    /// # #[model(table = "invoice")]
    /// # pub struct Invoice {
    /// #     pub id: i64,
    /// #     pub is_paid: bool,
    /// # }
    /// # async fn send_mail(invoice: i64) -> Result<()> { let _ = invoice; Ok(()) }
    /// async fn pay(cx: &mut Context, invoice: &Invoice) -> Result<Invoice> {
    ///     cx.transaction(async |cx| {
    ///         let invoice = cx.save(Changes::of(invoice).set(invoice::is_paid, true)).await?;
    ///         let id = invoice.id;
    ///         cx.on_commit(async move |_| send_mail(id).await).await;
    ///         Ok(invoice)
    ///     })
    ///     .await
    /// }
    /// # fn main() {}
    /// ```
    pub async fn on_commit(&self, work: impl AsyncFnOnce(&Self) -> Result<()> + 'static) {
        let work = Commit::new(work);
        if self.in_transaction() {
            self.commits.borrow_mut().push(work);
        } else {
            work.run(self).await;
        }
    }

    /// Keeps files that were stored for rows: at once outside a transaction, and with its commit in one. They
    /// are removed where it is rolled back, or the savepoint around this call.
    pub(crate) fn keep_files(&self, files: Vec<NewlyStored>) {
        if self.in_transaction() {
            self.files.borrow_mut().extend(files);
        } else {
            files.into_iter().for_each(NewlyStored::keep);
        }
    }

    /// Likewise for files of rows of which nobody knows whether they are stored: outside a transaction they
    /// stay, and the log names them.
    pub(crate) fn leave_files(&self, files: Vec<NewlyStored>) {
        if self.in_transaction() {
            self.files.borrow_mut().extend(files);
        } else {
            drop(files);
        }
    }

    /// How many files wait.
    pub(super) fn waiting_files(&self) -> usize {
        self.files.borrow().len()
    }

    /// From here on nobody knows whether the files that wait belong to rows, until the database answers.
    pub(super) fn commit_is_sent(&self) {
        self.files.borrow_mut().iter_mut().for_each(NewlyStored::mark_sent);
    }

    /// Keeps the files that waited for the commit.
    pub(super) fn files_are_committed(&self) {
        self.files.take().into_iter().for_each(NewlyStored::keep);
    }

    /// Removes files that were stored since there were so many of them.
    pub(super) async fn remove_files(&self, since: usize) {
        let files = self.files.borrow_mut().split_off(since);
        for file in files {
            file.remove().await;
        }
    }

    /// How much work waits.
    pub(super) fn waiting(&self) -> usize {
        self.commits.borrow().len()
    }

    /// Drops work that was given since there was so much of it.
    pub(super) fn forget_commits(&self, since: usize) {
        self.commits.borrow_mut().truncate(since);
    }

    /// Runs what waited for the commit.
    pub(super) async fn run_commits(&self) {
        let waiting = std::mem::take(&mut *self.commits.borrow_mut());
        for work in waiting {
            work.run(self).await;
        }
    }
}

#[cfg(test)]
mod tests;
