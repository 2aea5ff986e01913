//! Threads with a connection each, one of them for writing.
//!
//! A request switches threads once: its work is built and polled on the thread that owns the
//! connection. Statements there complete in the first poll. Work that waits for something else (a
//! password hash, a cache) is parked, and the thread continues with other work; but not in the
//! middle of a transaction, which has the connection for itself until it ends.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::panic::AssertUnwindSafe;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use diesel::connection::SimpleConnection as _;
use futures_util::future::LocalBoxFuture;
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, Stream};
use tokio::sync::{Notify, oneshot};

use super::parked::{Parked, Rest, Turns};
use super::{Shared, forget, open};
use crate::db::Error;
use crate::db::conn::{Conn, Inner, SqliteConn};
use crate::db::database::Database;
use crate::db::prepared::Prepared;

const WAITING: u8 = 0;
const TAKEN: u8 = 1;
const GIVEN_UP: u8 = 2;

/// Starts the job on a thread; if it does not finish immediately, the rest is parked.
type Work = dyn FnOnce(&Thread) -> Option<Rest> + Send;

struct Job {
    state: Arc<AtomicU8>,
    work: Box<Work>,
}

/// The caller of a job; if it is dropped, because the client has disconnected, the job is not
/// started.
struct Waiting(Arc<AtomicU8>);

impl Waiting {
    /// Whether the job was cancelled before its start.
    fn give_up(&self) -> bool {
        self.0.compare_exchange(WAITING, GIVEN_UP, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.give_up();
    }
}

/// Continues work that waits for something; it is dropped if nobody waits for it any more, unless
/// it may have written.
async fn rest<T>(
    mut work: LocalBoxFuture<'static, T>,
    mut answer: oneshot::Sender<Result<T, Error>>,
    wrote: Rc<Cell<bool>>,
) {
    let done = poll_fn(|cx| match work.as_mut().poll(cx) {
        Poll::Ready(value) => Poll::Ready(Some(value)),
        Poll::Pending if wrote.get() => Poll::Pending,
        Poll::Pending => answer.poll_closed(cx).map(|()| None),
    });
    if let Some(value) = done.await {
        // the other end is gone when its client is
        drop(answer.send(Ok(value)));
    }
}

#[derive(Default)]
struct Queues {
    read: VecDeque<Job>,
    write: VecDeque<Job>,
}

/// The threads of one database.
pub(crate) struct SqlitePool {
    queues: Mutex<Queues>,
    read: Bell,
    write: Bell,
    stopped: AtomicBool,
    single: bool,
    path: String,
    busy: Duration,
    read_only: bool,
}

/// Wakes threads for work: those that sleep, and those with parked work.
#[derive(Default)]
struct Bell {
    asleep: Condvar,
    parked: Notify,
}

impl Bell {
    fn ring(&self) {
        self.asleep.notify_one();
        self.parked.notify_one();
    }
}

/// What a thread lends to a job.
struct Thread {
    runtime: tokio::runtime::Runtime,
    connection: RefCell<Option<Shared>>,
    prepared: Prepared,
    /// How many transactions are open on the connection, and on others that a job has on the thread.
    open: Rc<Cell<u32>>,
    pool: Arc<SqlitePool>,
}

impl std::fmt::Debug for SqlitePool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SqlitePool").field("path", &self.path).finish_non_exhaustive()
    }
}

impl SqlitePool {
    /// Starts the threads; nothing is opened before the first job.
    pub(crate) fn start(
        path: &str,
        threads: usize,
        busy: Duration,
        read_only: bool,
    ) -> std::io::Result<Arc<Self>> {
        let single = threads <= 1 || path == ":memory:";
        let pool = Arc::new(Self {
            queues: Mutex::default(),
            read: Bell::default(),
            write: Bell::default(),
            stopped: AtomicBool::new(false),
            single,
            path: path.to_owned(),
            busy,
            read_only,
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

    fn connect(&self, prepared: &Prepared) -> Result<Shared, Error> {
        let opened = open(&self.path, self.busy, prepared).and_then(|mut connection| {
            if self.read_only {
                let setup = diesel::result::ConnectionError::CouldntSetupConfiguration;
                connection.batch_execute("PRAGMA query_only = ON").map_err(setup)?;
            }
            Ok(connection)
        });
        let opened = opened.map_err(|error| {
            tracing::error!("SQLite database {}: {error}", self.path);
            Error::Unavailable("the database cannot be opened")
        })?;
        Ok(Rc::new(RefCell::new(opened)))
    }

    /// Whether its rows are there for one connection alone.
    pub(crate) fn is_in_memory(&self) -> bool {
        self.path == ":memory:"
    }

    /// A connection of another thread's, beside those of the pool.
    pub(crate) fn open(&self) -> Result<(Shared, Prepared), Error> {
        let prepared = Prepared::default();
        Ok((self.connect(&prepared)?, prepared))
    }

    pub(crate) fn stop(&self) {
        self.stopped.store(true, Ordering::Release);
        // a thread that has just looked holds the lock until it sleeps, and is woken then
        drop(self.queues.lock());
        self.read.asleep.notify_all();
        self.write.asleep.notify_all();
    }

    fn serve(pool: Arc<Self>, runtime: tokio::runtime::Runtime, writer: bool) {
        let thread = Thread {
            runtime,
            connection: RefCell::default(),
            prepared: Prepared::default(),
            open: Rc::default(),
            pool,
        };
        let turns = Rc::new(Turns::default());
        let mut parked = FuturesUnordered::new();
        let mut number = 0;
        loop {
            let job = if parked.is_empty() {
                match thread.pool.next(writer) {
                    Some(job) => job,
                    None => return,
                }
            } else {
                match thread.runtime.block_on(thread.pool.arrival(writer, &turns, &mut parked)) {
                    Some(job) => job,
                    None => continue,
                }
            };
            if let Some(rest) = thread.start(job) {
                number += 1;
                turns.owner.set((thread.open.get() > 0).then_some(number));
                let open = Rc::clone(&thread.open);
                parked.push(Parked { number, rest, turns: Rc::clone(&turns), open });
            }
        }
    }

    /// The next job for a thread that has parked some, or `None` when one of those is done.
    async fn arrival(
        &self,
        writer: bool,
        turns: &Turns,
        parked: &mut FuturesUnordered<Parked>,
    ) -> Option<Job> {
        let bell = if writer { &self.write } else { &self.read };
        loop {
            let mut rung = pin!(bell.parked.notified());
            let woken = poll_fn(|cx| {
                if let Poll::Ready(done) = Pin::new(&mut *parked).poll_next(cx) {
                    return Poll::Ready(done.is_none());
                }
                rung.as_mut().poll(cx).map(|()| false)
            });
            // a transaction that waits keeps others out
            if turns.owner.get().is_none()
                && let Some(job) = self.take(&mut self.lock(), writer)
            {
                return Some(job);
            }
            if woken.await || parked.is_empty() {
                return None;
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Queues> {
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self, queues: &mut Queues, writer: bool) -> Option<Job> {
        if !writer {
            return queues.read.pop_front();
        }
        let job = queues.write.pop_front();
        if self.single { job.or_else(|| queues.read.pop_front()) } else { job }
    }

    fn next(&self, writer: bool) -> Option<Job> {
        let mut queues = self.lock();
        loop {
            let job = self.take(&mut queues, writer);
            if job.is_some() {
                return job;
            }
            if self.stopped.load(Ordering::Acquire) {
                return None;
            }
            let bell = if writer { &self.write } else { &self.read };
            queues = bell.asleep.wait(queues).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn push(&self, write: bool, job: Job) {
        let mut queues = self.lock();
        if write || self.single {
            queues.write.push_back(job);
            drop(queues);
            self.write.ring();
        } else {
            queues.read.push_back(job);
            drop(queues);
            self.read.ring();
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
                let shared = match thread.connection() {
                    Ok(shared) => shared,
                    Err(error) => {
                        drop(answer.send(Err(error)));
                        return None;
                    }
                };
                let touched = Rc::<Cell<bool>>::default();
                let conn = SqliteConn::new(shared, Rc::clone(&thread.open), Rc::clone(&touched));
                let conn = Conn::new(Inner::Sqlite(conn), database);
                let mut work = work(conn);
                // most work needs no other poll
                let _inside = thread.runtime.enter();
                match work.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                    Poll::Ready(value) => {
                        drop(answer.send(Ok(value)));
                        None
                    }
                    Poll::Pending => Some(Box::pin(rest(work, answer, touched))),
                }
            }),
        };
        let waiting = Waiting(state);
        self.push(write, job);
        let gone = |_| Error::Diesel(diesel::result::Error::BrokenTransactionManager);
        if let Ok(result) = tokio::time::timeout(wait, &mut answered).await {
            return result.map_err(gone)?;
        }
        if waiting.give_up() {
            return Err(Error::Unavailable("every database connection is busy"));
        }
        answered.await.map_err(gone)?
    }
}

impl Thread {
    fn connection(&self) -> Result<Shared, Error> {
        if let Some(shared) = &*self.connection.borrow() {
            if self.prepared.is_full()
                && let Ok(mut connection) = shared.try_borrow_mut()
            {
                forget(&mut connection, &self.prepared);
            }
            return Ok(Rc::clone(shared));
        }
        self.prepared.clear();
        let shared = self.pool.connect(&self.prepared)?;
        *self.connection.borrow_mut() = Some(Rc::clone(&shared));
        Ok(shared)
    }

    /// Starts a job that was not cancelled, and returns the rest of it.
    fn start(&self, job: Job) -> Option<Rest> {
        let taken = job.state.compare_exchange(WAITING, TAKEN, Ordering::AcqRel, Ordering::Acquire);
        taken.ok()?;
        let work = AssertUnwindSafe(|| (job.work)(self));
        match std::panic::catch_unwind(work) {
            Ok(rest) => rest.map(|rest| {
                AssertUnwindSafe(rest)
                    .catch_unwind()
                    .map(|ended| drop(ended.inspect_err(panicked)))
                    .boxed_local()
            }),
            Err(panic) => {
                panicked(&panic);
                self.connection.take();
                None
            }
        }
    }
}

fn panicked<P>(_: &P) {
    tracing::error!("a request panicked");
}

#[cfg(test)]
mod tests;
