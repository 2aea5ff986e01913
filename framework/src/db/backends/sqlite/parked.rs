//! Work that waits for something other than the database, and when it may continue.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use futures_util::future::LocalBoxFuture;

/// The rest of a job that waits for something.
pub(super) type Rest = LocalBoxFuture<'static, ()>;

/// Which jobs may continue: only the one with an open transaction, if there is one.
#[derive(Default)]
pub(super) struct Turns {
    pub(super) owner: Cell<Option<u64>>,
    waiting: RefCell<Vec<Waker>>,
}

/// A job that waits for something.
pub(super) struct Parked {
    pub(super) number: u64,
    pub(super) rest: Rest,
    pub(super) turns: Rc<Turns>,
    /// How many transactions are open on the thread's connections.
    pub(super) open: Rc<Cell<u32>>,
}

impl Future for Parked {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if self.turns.owner.get().is_some_and(|owner| owner != self.number) {
            self.turns.waiting.borrow_mut().push(cx.waker().clone());
            return Poll::Pending;
        }
        let polled = self.rest.as_mut().poll(cx);
        let owner = (polled.is_pending() && self.open.get() > 0).then_some(self.number);
        self.turns.owner.set(owner);
        if owner.is_none() {
            self.turns.waiting.take().into_iter().for_each(Waker::wake);
        }
        polled
    }
}
