//! What a connection waits for, and since when.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::task::Waker;

use super::deadlines::Worker;

/// Milliseconds of a worker's clock.
pub(super) type Millis = u64;

/// How much of a body is read before the view asks for it: what usually comes with the head.
pub(crate) const FIRST_OF_BODY: usize = 16 * 1024;

/// How much of a body that nobody wants is read and dropped, so that its sender can read the
/// response.
pub(crate) const DRAIN: usize = 64 * 1024 * 1024;

/// What the server reads from the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reading {
    /// The next request.
    Idle,
    /// The rest of a head, or the first request of the connection.
    Head,
    /// The rest of a body.
    Body,
    /// Nothing: the request is there and not answered yet.
    Answer,
    /// Whatever comes: actix refuses the request, or hands what follows to the service until the
    /// client ends.
    Through,
    /// Whatever comes: the service has switched protocols.
    Upgraded,
    /// The end: the server has closed its half.
    Closing,
}

/// How the server ends a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cut {
    /// Without a response.
    Silent,
    /// Without a response, to make room for another connection.
    Evicted,
    /// With a refusal, where no response has begun.
    Refuse(u16),
}

/// A connection, as the stream, the responses and the clock of its worker see it. It stays on its
/// thread.
#[derive(Debug)]
pub(crate) struct Connection {
    worker: Rc<Worker>,
    /// Its place among those of the worker.
    pub(super) place: Cell<usize>,
    pub(super) reading: Cell<Reading>,
    /// Since when it reads that.
    since: Cell<Millis>,
    /// Since when nothing has come of a body that is being read.
    starved: Cell<Option<Millis>>,
    /// How long it waited for the body, and for how much.
    waited: Cell<Millis>,
    received: Cell<u64>,
    /// How much of the body has come since the response.
    dropped: Cell<u64>,
    /// Since when the client has taken nothing of a response, and how much of it is left.
    blocked: Cell<Option<Millis>>,
    unsent: Cell<usize>,
    /// How long it waited for the client to take the response, and for how much.
    stalled: Cell<Millis>,
    sent: Cell<u64>,
    /// A head has been handed on and its response has not been sent yet.
    busy: Cell<bool>,
    /// The service has been called for it.
    called: Cell<bool>,
    /// The service is done with it.
    answered: Cell<bool>,
    /// The view reads the body.
    wanted: Cell<bool>,
    /// The stream keeps bytes back until the state changes.
    held: Cell<bool>,
    pub(super) cut: Cell<Option<Cut>>,
    waker: RefCell<Option<Waker>>,
}

impl Connection {
    pub(super) fn new(worker: Rc<Worker>) -> Self {
        let now = worker.now();
        Self {
            worker,
            place: Cell::new(0),
            reading: Cell::new(Reading::Head),
            since: Cell::new(now),
            starved: Cell::new(None),
            waited: Cell::new(0),
            received: Cell::new(0),
            dropped: Cell::new(0),
            blocked: Cell::new(None),
            unsent: Cell::new(0),
            stalled: Cell::new(0),
            sent: Cell::new(0),
            busy: Cell::new(false),
            called: Cell::new(false),
            answered: Cell::new(false),
            wanted: Cell::new(false),
            held: Cell::new(false),
            cut: Cell::new(None),
            waker: RefCell::new(None),
        }
    }

    pub(super) fn worker(&self) -> &Worker {
        &self.worker
    }

    /// Remembers whom to wake: the one task that drives the connection.
    pub(super) fn remember(&self, waker: &Waker) {
        let mut kept = self.waker.borrow_mut();
        if kept.as_ref().is_none_or(|kept| !kept.will_wake(waker)) {
            *kept = Some(waker.clone());
        }
    }

    fn wake(&self) {
        if let Some(waker) = &*self.waker.borrow() {
            waker.wake_by_ref();
        }
    }

    fn wake_held(&self) {
        if self.held.replace(false) {
            self.wake();
        }
    }

    /// Ends the connection as soon as its task runs.
    pub(super) fn cut(&self, cut: Cut) {
        self.cut.set(Some(cut));
        self.wake();
    }

    pub(super) fn read(&self, reading: Reading) {
        self.reading.set(reading);
        self.since.set(self.worker.now());
    }

    // the stream

    /// The first bytes of a request have come.
    pub(super) fn head_begins(&self) {
        if self.reading.get() != Reading::Head {
            self.read(Reading::Head);
        }
        self.called.set(false);
        self.answered.set(false);
        self.wanted.set(false);
        self.waited.set(0);
        self.received.set(0);
        self.dropped.set(0);
        self.stalled.set(0);
        self.sent.set(0);
    }

    /// A head is complete and goes to actix.
    pub(super) fn head_ends(&self, then: Reading) {
        self.busy.set(true);
        self.read(then);
    }

    /// A body is complete.
    pub(super) fn body_ends(&self) {
        self.starved.set(None);
        self.read(if self.busy.get() { Reading::Answer } else { Reading::Idle });
    }

    /// Bytes of a body have come.
    pub(super) fn received(&self, bytes: usize) {
        if let Some(since) = self.starved.take() {
            self.waited.set(self.waited.get() + self.worker.now().saturating_sub(since));
        }
        self.received.set(self.received.get() + bytes as u64);
    }

    /// Bytes of a body have come that the service has not waited for.
    pub(super) fn dropped(&self, bytes: usize) {
        self.dropped.set(self.dropped.get() + bytes as u64);
        if self.dropped.get() > DRAIN as u64 {
            self.cut(Cut::Silent);
        }
    }

    /// There is nothing to read.
    pub(super) fn starves(&self) {
        let in_body = matches!(self.reading.get(), Reading::Body | Reading::Through);
        if in_body && self.starved.get().is_none() {
            self.starved.set(Some(self.worker.now()));
        }
    }

    /// True when the next request must wait for the response to the last one.
    pub(super) fn is_busy(&self) -> bool {
        self.busy.get()
    }

    /// True when the body must wait for the view to read it.
    pub(super) fn body_waits(&self) -> bool {
        !self.wanted.get() && self.received.get() >= FIRST_OF_BODY as u64
    }

    /// The stream keeps bytes back.
    pub(super) fn hold(&self) {
        self.starved.set(None);
        self.held.set(true);
    }

    /// The client has taken bytes.
    pub(super) fn wrote(&self, bytes: usize) {
        if let Some(since) = self.blocked.take() {
            self.stalled.set(self.stalled.get() + self.worker.now().saturating_sub(since));
            self.unsent.set(0);
        }
        self.sent.set(self.sent.get() + bytes as u64);
    }

    /// The client takes no more for now.
    pub(super) fn blocks(&self, unsent: usize) {
        self.unsent.set(unsent);
        if self.blocked.get().is_none() {
            self.blocked.set(Some(self.worker.now()));
        }
    }

    /// All that was written so far has been sent.
    pub(super) fn flushed(&self) {
        if self.busy.get() && self.answered.get() {
            self.busy.set(false);
            if self.reading.get() == Reading::Answer {
                self.read(Reading::Idle);
            }
            self.wake_held();
        }
    }

    /// True when what is written is not from the service: actix refuses what it has read.
    pub(super) fn is_refused(&self) -> bool {
        !self.called.get()
    }

    /// True when the service is done with the last request.
    pub(super) fn is_answered(&self) -> bool {
        self.answered.get()
    }

    /// True when bytes of a response have been sent.
    pub(super) fn has_begun(&self) -> bool {
        self.sent.get() > 0 || self.blocked.get().is_some()
    }

    // the answers

    /// The service is called.
    pub(super) fn called(&self) {
        self.called.set(true);
        self.want_body();
    }

    /// The service switches protocols: the client may now be silent for as long as it likes.
    pub(super) fn upgraded(&self) {
        if self.reading.get() == Reading::Through {
            self.read(Reading::Upgraded);
        }
    }

    /// The service is done, and its response is written as far as it will be.
    pub(super) fn answered(&self) {
        self.answered.set(true);
        self.want_body();
    }

    /// Takes no more of the body than has arrived, until [`Self::want_body`].
    pub(crate) fn hold_body(&self) {
        self.wanted.set(false);
    }

    /// Takes the body as it arrives.
    pub(crate) fn want_body(&self) {
        self.wanted.set(true);
        if self.reading.get() == Reading::Body {
            self.wake_held();
        }
    }

    // the clock

    /// Since when the connection waits for its client, if it does.
    pub(super) fn waits_since(&self) -> Option<Millis> {
        if self.blocked.get().is_some() {
            return self.blocked.get();
        }
        match self.reading.get() {
            Reading::Idle | Reading::Head | Reading::Closing => Some(self.since.get()),
            Reading::Through if !self.called.get() => Some(self.since.get()),
            Reading::Body | Reading::Through => self.starved.get(),
            Reading::Upgraded | Reading::Answer => None,
        }
    }

    /// Bytes of a response that the client does not take.
    pub(super) fn unsent(&self) -> usize {
        if self.blocked.get().is_some() { self.unsent.get() } else { 0 }
    }

    /// How the connection must end now, if its client has missed a deadline.
    pub(super) fn overdue(&self, now: Millis) -> Option<Cut> {
        let limits = &self.worker.limits;
        let slow = |idle: Millis, waited: Millis, bytes: u64| {
            waited > idle && bytes.saturating_mul(1000) < limits.rate.saturating_mul(waited)
        };
        if let Some(since) = self.blocked.get() {
            let idle = now.saturating_sub(since);
            let waited = self.stalled.get() + idle;
            let late = idle > limits.write || slow(limits.write, waited, self.sent.get());
            return late.then_some(Cut::Silent);
        }
        let idle = now.saturating_sub(self.since.get());
        match self.reading.get() {
            Reading::Idle => (!self.busy.get() && idle > limits.keep_alive).then_some(Cut::Silent),
            Reading::Head => (idle > limits.head).then_some(Cut::Refuse(408)),
            Reading::Through if !self.called.get() => {
                (idle > limits.head).then_some(Cut::Refuse(408))
            }
            Reading::Closing => (idle > limits.linger).then_some(Cut::Silent),
            Reading::Upgraded | Reading::Answer => None,
            Reading::Body | Reading::Through => {
                let idle = now.saturating_sub(self.starved.get()?);
                let waited = self.waited.get() + idle;
                let late = idle > limits.body_idle
                    || waited > limits.body
                    || slow(limits.body_idle, waited, self.received.get());
                late.then_some(Cut::Refuse(408))
            }
        }
    }

    /// How the connection ends when the server does: at once where it waits for a request.
    pub(super) fn drained(&self) -> Option<Cut> {
        if self.blocked.get().is_some() || self.reading.get() == Reading::Closing {
            return None;
        }
        self.waits_since().map(|_| match self.reading.get() {
            Reading::Body => Cut::Refuse(503),
            Reading::Through if self.called.get() => Cut::Refuse(503),
            _ => Cut::Silent,
        })
    }
}
