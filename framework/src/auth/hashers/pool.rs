//! A few threads for work that takes long, and a bounded line in front of them.
//!
//! The threads start with the first job. Who waits too long is turned away when its turn comes
//! rather than served: nobody is there to hear the answer by then, and those behind it are.

use std::collections::VecDeque;
use std::fmt;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use crate::exceptions::{ApiException, Result};

/// The most jobs that wait for each thread.
const LINE: usize = 32;

/// The longest wait.
const PATIENCE: Duration = Duration::from_secs(10);

type Job = Box<dyn FnOnce() + Send>;

struct Line {
    jobs: VecDeque<Job>,
    /// Threads that were started.
    threads: usize,
    /// Threads that wait for work.
    idle: usize,
    closed: bool,
}

struct Inner {
    line: Mutex<Line>,
    bell: Condvar,
}

/// The threads, and the line.
pub(super) struct Pool {
    inner: Arc<Inner>,
    threads: usize,
    longest: usize,
    patience: Duration,
}

impl Pool {
    /// So many threads at most.
    pub(super) fn new(threads: usize) -> Self {
        let threads = threads.max(1);
        Self::with(threads, threads.saturating_mul(LINE), PATIENCE)
    }

    /// With a line of this length, and this long a wait.
    pub(super) fn with(threads: usize, longest: usize, patience: Duration) -> Self {
        let line = Line { jobs: VecDeque::new(), threads: 0, idle: 0, closed: false };
        let inner = Arc::new(Inner { line: Mutex::new(line), bell: Condvar::new() });
        Self { inner, threads, longest, patience }
    }

    /// Runs work on one of the threads.
    ///
    /// # Errors
    /// 503 when the line is full, or the wait was too long; 500 when the work panics.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T> {
        let (answer, answered) = oneshot::channel();
        let (asked, patience) = (Instant::now(), self.patience);
        self.push(Box::new(move || {
            // nobody waits any more
            if answer.is_closed() {
                return;
            }
            let result = (asked.elapsed() <= patience).then(work);
            let _ = answer.send(result);
        }))?;
        match answered.await {
            Ok(Some(result)) => Ok(result),
            Ok(None) => Err(ApiException::Unavailable("too many passwords wait to be hashed")),
            Err(_) => Err(ApiException::internal("hashing a password panicked")),
        }
    }

    fn push(&self, job: Job) -> Result<()> {
        let mut line = self.inner.lock();
        if line.jobs.len() >= self.longest {
            return Err(ApiException::Unavailable("too many passwords wait to be hashed"));
        }
        if line.idle <= line.jobs.len() && line.threads < self.threads {
            let inner = Arc::clone(&self.inner);
            let name = format!("hasher-{}", line.threads);
            let started = std::thread::Builder::new().name(name).spawn(move || inner.serve());
            match started {
                Ok(_) => line.threads += 1,
                Err(error) if line.threads == 0 => return Err(ApiException::internal(error)),
                Err(error) => tracing::warn!("no further thread for hashing: {error}"),
            }
        }
        line.jobs.push_back(job);
        drop(line);
        self.inner.bell.notify_one();
        Ok(())
    }
}

impl Inner {
    fn lock(&self) -> std::sync::MutexGuard<'_, Line> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn serve(&self) {
        while let Some(job) = self.next() {
            if std::panic::catch_unwind(AssertUnwindSafe(job)).is_err() {
                tracing::error!("hashing a password panicked");
            }
        }
    }

    fn next(&self) -> Option<Job> {
        let mut line = self.lock();
        loop {
            if let Some(job) = line.jobs.pop_front() {
                return Some(job);
            }
            if line.closed {
                return None;
            }
            line.idle += 1;
            line = self.bell.wait(line).unwrap_or_else(PoisonError::into_inner);
            line.idle -= 1;
        }
    }
}

/// The threads finish what they do and end; the site has gone.
impl Drop for Pool {
    fn drop(&mut self) {
        let mut line = self.inner.lock();
        line.closed = true;
        line.jobs.clear();
        drop(line);
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

    fn is_busy<T>(result: &Result<T>) -> bool {
        matches!(result, Err(ApiException::Unavailable(_)))
    }

    #[test]
    fn no_more_threads_work_than_were_asked_for() {
        let pool = Pool::with(2, 100, PATIENCE);
        let at_work = Arc::new(Mutex::new((0, 0)));
        let jobs = (0..20).map(|_| {
            let at_work = Arc::clone(&at_work);
            pool.run(move || {
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
    fn a_full_line_turns_away_at_once_and_works_on() {
        let pool = Pool::with(1, 2, PATIENCE);
        let (open, wait) = gate();
        let (started, has_started) = mpsc::channel();
        let first = pool.run(move || {
            started.send(()).unwrap();
            wait();
        });
        let rest = async {
            has_started.recv().unwrap();
            let (second, third) = (pool.run(|| 2), pool.run(|| 3));
            let later = async {
                let full = pool.run(|| 4).await;
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
        assert_eq!(block_on(pool.run(|| 5)).unwrap(), 5);
    }

    #[test]
    fn who_waited_too_long_is_turned_away_unserved() {
        let pool = Pool::with(1, 10, Duration::from_millis(20));
        let slow = pool.run(|| std::thread::sleep(Duration::from_millis(60)));
        let (slow, late) = block_on(join(slow, pool.run(|| ())));
        assert!(slow.is_ok() && is_busy(&late));
    }

    #[test]
    fn a_panic_ends_the_job_and_not_the_thread() {
        let pool = Pool::with(1, 10, PATIENCE);
        let failed = block_on(pool.run(|| -> () { panic!("as the test wants") }));
        assert!(matches!(failed, Err(ApiException::Internal(_))));
        assert_eq!(block_on(pool.run(|| 1)).unwrap(), 1);
    }

    #[test]
    fn the_threads_end_with_the_pool() {
        let pool = Pool::with(1, 10, PATIENCE);
        block_on(pool.run(|| ())).unwrap();
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
