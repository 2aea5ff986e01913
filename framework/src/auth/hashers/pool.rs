//! A few threads for slow work, with a bounded [`Line`] of jobs.
//!
//! The threads start with the first job. A job that has waited too long is refused when its turn
//! comes: its client has probably given up, and those behind it have not. A job that finds no room
//! is refused after a moment that is the same for everybody, so that a client neither tries again
//! at once nor learns from the response time whether it was admitted to the line.

use std::fmt;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;
use tokio::time::sleep_until;

use super::line::{Job, Line, Place, Waiting};
use crate::exceptions::{ApiException, Result};

/// The most jobs that wait for each thread, in each of the two lanes.
const LINE: usize = 64;

/// The most of one address.
const LINE_OF_ONE: usize = LINE / 2;

/// The longest wait of an unknown client.
const PATIENCE: Duration = Duration::from_secs(10);

/// How many times as long a known client may wait.
const KNOWN_PATIENCE: u32 = 3;

/// After how long a job that finds no room is refused.
const REFUSAL: Duration = Duration::from_secs(1);

struct State {
    line: Line,
    /// Threads that were started.
    threads: usize,
    /// Threads that wait for work.
    idle: usize,
    closed: bool,
}

struct Inner {
    state: Mutex<State>,
    bell: Condvar,
}

/// The threads, and the line.
pub(super) struct Pool {
    inner: Arc<Inner>,
    threads: usize,
    patience: Duration,
    refusal: Duration,
}

/// What became of a job.
enum Outcome<T> {
    Done(T),
    Late,
    Panicked,
}

/// Work, and who waits for what comes of it.
struct Asked<T, F> {
    answer: oneshot::Sender<Outcome<T>>,
    work: F,
    /// When it is too late for it.
    end: Instant,
}

impl<T: Send, F: FnOnce() -> T + Send> Job for Asked<T, F> {
    fn is_abandoned(&self) -> bool {
        self.answer.is_closed()
    }

    fn run(self: Box<Self>) {
        let Self { answer, work, end } = *self;
        if answer.is_closed() {
            return;
        }
        let outcome = if Instant::now() > end {
            Outcome::Late
        } else if let Ok(done) = std::panic::catch_unwind(AssertUnwindSafe(work)) {
            Outcome::Done(done)
        } else {
            Outcome::Panicked
        };
        let _ = answer.send(outcome);
    }
}

impl Pool {
    /// Creates a pool of at most this many threads.
    pub(super) fn new(threads: usize) -> Self {
        let threads = threads.max(1);
        let times = |number: usize| threads.saturating_mul(number);
        Self::with(threads, Line::new(times(LINE), times(LINE_OF_ONE)), PATIENCE, REFUSAL)
    }

    /// Creates a pool with a line, the longest wait in it, and the delay of a refusal.
    fn with(threads: usize, line: Line, patience: Duration, refusal: Duration) -> Self {
        let state = State { line, threads: 0, idle: 0, closed: false };
        let inner = Arc::new(Inner { state: Mutex::new(state), bell: Condvar::new() });
        Self { inner, threads, patience, refusal }
    }

    /// Runs work on one of the threads, for a request made at this moment.
    ///
    /// # Errors
    /// 503 when the line is full, or the wait was too long; 500 when the work panics.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        place: Place,
        asked: Instant,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T> {
        let (answer, answered) = oneshot::channel();
        let patience = self.patience * if place.known { KNOWN_PATIENCE } else { 1 };
        let job = Box::new(Asked { answer, work, end: asked + patience });
        self.push(place, Waiting { asked, job })?;
        match answered.await {
            Ok(Outcome::Done(done)) => return Ok(done),
            Ok(Outcome::Panicked) => {
                return Err(ApiException::internal("hashing a password panicked"));
            }
            Ok(Outcome::Late) => {}
            // there was no room, or the job lost its place
            Err(_) => sleep_until((asked + self.refusal).into()).await,
        }
        Err(ApiException::Unavailable("too many passwords wait to be hashed"))
    }

    /// Whether an unknown client has waited since before this moment.
    pub(super) fn has_waited_since(&self, moment: Instant) -> bool {
        self.inner.lock().line.has_waited_since(moment)
    }

    /// Lets a job wait; one that finds no room is dropped.
    fn push(&self, place: Place, waiting: Waiting) -> Result<()> {
        let mut state = self.inner.lock();
        if state.idle <= state.line.len() && state.threads < self.threads {
            let inner = Arc::clone(&self.inner);
            let name = format!("hasher-{}", state.threads);
            let started = std::thread::Builder::new().name(name).spawn(move || inner.serve());
            match started {
                Ok(_) => state.threads += 1,
                Err(error) if state.threads == 0 => return Err(ApiException::internal(error)),
                Err(error) => tracing::warn!("no further thread for hashing: {error}"),
            }
        }
        state.line.push(place, waiting);
        drop(state);
        self.inner.bell.notify_one();
        Ok(())
    }
}

impl Inner {
    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn serve(&self) {
        while let Some(Waiting { job, .. }) = self.next() {
            job.run();
        }
    }

    fn next(&self) -> Option<Waiting> {
        let mut state = self.lock();
        loop {
            if let Some(waiting) = state.line.pop() {
                return Some(waiting);
            }
            if state.closed {
                return None;
            }
            state.idle += 1;
            state = self.bell.wait(state).unwrap_or_else(PoisonError::into_inner);
            state.idle -= 1;
        }
    }
}

/// The threads finish what they do and end; the site has gone.
impl Drop for Pool {
    fn drop(&mut self) {
        let mut state = self.inner.lock();
        state.closed = true;
        state.line.clear();
        drop(state);
        self.inner.bell.notify_all();
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool").field("threads", &self.threads).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use futures_util::future::{join, join_all};

    use super::*;
    use crate::db::testing::block_on;

    /// Holds a thread up until the sender is dropped.
    fn gate() -> (mpsc::Sender<()>, impl FnOnce() + Send) {
        let (open, closed) = mpsc::channel::<()>();
        (open, move || {
            let _ = closed.recv();
        })
    }

    fn pool(threads: usize, most: usize, patience: Duration) -> Pool {
        Pool::with(threads, Line::new(most, most), patience, Duration::from_millis(30))
    }

    async fn run<T: Send + 'static>(
        pool: &Pool,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T> {
        pool.run(Place::default(), Instant::now(), work).await
    }

    fn is_busy<T>(result: &Result<T>) -> bool {
        matches!(result, Err(ApiException::Unavailable(_)))
    }

    #[test]
    fn no_more_threads_work_than_were_asked_for() {
        let pool = pool(2, 100, PATIENCE);
        let at_work = Arc::new(Mutex::new((0, 0)));
        let jobs = (0..20).map(|_| {
            let at_work = Arc::clone(&at_work);
            run(&pool, move || {
                let count = |by: i32| {
                    let mut at_work = at_work.lock().unwrap();
                    at_work.0 += by;
                    at_work.1 = at_work.0.max(at_work.1);
                };
                count(1);
                std::thread::sleep(Duration::from_millis(2));
                count(-1);
            })
        });
        assert!(block_on(join_all(jobs)).iter().all(Result::is_ok));
        assert_eq!(*at_work.lock().unwrap(), (0, 2));
    }

    #[test]
    fn a_full_line_turns_away_after_a_moment_and_works_on() {
        let pool = pool(1, 2, PATIENCE);
        let (open, wait) = gate();
        let (started, has_started) = mpsc::channel();
        let first = run(&pool, move || {
            started.send(()).unwrap();
            wait();
        });
        let rest = async {
            has_started.recv().unwrap();
            let (second, third) = (run(&pool, || 2), run(&pool, || 3));
            let later = async {
                let asked = Instant::now();
                let full = run(&pool, || 4).await;
                assert!(asked.elapsed() >= pool.refusal);
                drop(open);
                full
            };
            let ((second, third), full) = join(join(second, third), later).await;
            assert!(is_busy(&full));
            (second.unwrap(), third.unwrap())
        };
        let (first, others) = block_on(join(first, rest));
        assert!(first.is_ok());
        assert_eq!(others, (2, 3));
        assert_eq!(block_on(run(&pool, || 5)).unwrap(), 5);
    }

    #[test]
    fn who_waited_too_long_is_turned_away_unserved() {
        let pool = pool(1, 10, Duration::from_millis(200));
        let nap = || std::thread::sleep(Duration::from_millis(300));
        let known = Place { known: true, ..Place::default() };
        let of_known = pool.run(known, Instant::now(), || ());
        let ((slow, late), of_known) =
            block_on(join(join(run(&pool, nap), run(&pool, || ())), of_known));
        assert!(slow.is_ok() && is_busy(&late) && of_known.is_ok());
    }

    #[test]
    fn a_panic_ends_the_job_and_not_the_thread() {
        let pool = pool(1, 10, PATIENCE);
        let failed = block_on(run(&pool, || -> () { panic!("as the test wants") }));
        assert!(matches!(failed, Err(ApiException::Internal(_))));
        assert_eq!(block_on(run(&pool, || 1)).unwrap(), 1);
    }

    #[test]
    fn the_threads_end_with_the_pool() {
        let pool = pool(1, 10, PATIENCE);
        block_on(run(&pool, || ())).unwrap();
        let inner = Arc::downgrade(&pool.inner);
        drop(pool);
        for _ in 0..200 {
            if inner.strong_count() == 0 {
                return;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        panic!("a thread is left");
    }
}
