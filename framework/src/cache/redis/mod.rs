//! Logs in Redis, shared by every process that names the same one.
//!
//! **One thread talks to Redis.** A connection of the client library belongs to the runtime that it
//! was made in: a task there reads the replies. Requests are served in many runtimes, those of
//! actix's workers and those of SQLite's threads, which are idle between two requests; a connection
//! made in one of them would leave all others waiting. So a dedicated thread, with a runtime that
//! is never idle, keeps one connection for all; commands reach it over a channel, and many are in
//! flight on the connection at once. It starts with the first command and ends with the site.
//!
//! **The time is Redis's**, within the script that counts: the clocks of the servers do not matter,
//! and a request has one place in the log. If Redis's own clock is set back, requests seem newer
//! than they are, and limits hold longer, never shorter.
//!
//! **Nothing waits long.** A command has `THROTTLE_TIMEOUT` in total, including connecting. If
//! connecting fails, all further commands fail at once, while the thread keeps trying. A command
//! that nobody waits for any more is not sent.

mod link;

use std::rc::Rc;
use std::sync::OnceLock;
use std::time::Duration;

use redis::Client;
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use super::{Entry, Limit};
use link::Link;

/// The most commands that wait for the thread.
const QUEUE: usize = 4096;

/// The prefix of every key.
const PREFIX: &str = "quintet:";

/// Why a command failed.
type Reason = String;

/// The logs in one Redis.
pub(super) struct Redis {
    client: Client,
    patience: Duration,
    thread: OnceLock<Option<mpsc::Sender<Question>>>,
}

#[derive(Clone, Copy)]
enum Ask {
    Log { period: u64, number: u32 },
    Forget { stored: u64 },
}

struct Question {
    key: String,
    ask: Ask,
    answer: oneshot::Sender<Result<Vec<u64>, Reason>>,
}

impl Redis {
    /// A Redis at a URL, with the longest wait for a reply; it does not connect yet.
    ///
    /// # Errors
    /// Why the URL is invalid.
    pub(super) fn new(url: &str, patience: Duration) -> Result<Self, Reason> {
        match Client::open(url) {
            Ok(client) => Ok(Self { client, patience, thread: OnceLock::new() }),
            Err(error) => {
                Err(format!("it is not an address such as `redis://host:6379/0`: {error}"))
            }
        }
    }

    pub(super) async fn log(&self, key: &str, limit: Limit) -> Result<Entry, Reason> {
        let period = u64::try_from(limit.period.as_micros()).unwrap_or(u64::MAX);
        match *self.ask(key, Ask::Log { period, number: limit.number }).await? {
            [stored, count, age] => Ok(Entry {
                stored: (stored > 0).then_some(stored),
                count: u32::try_from(count).unwrap_or(u32::MAX),
                age: Duration::from_micros(age),
            }),
            _ => Err("it answers something else".into()),
        }
    }

    pub(super) async fn forget(&self, key: &str, stored: u64) -> Result<(), Reason> {
        self.ask(key, Ask::Forget { stored }).await.map(drop)
    }

    async fn ask(&self, key: &str, ask: Ask) -> Result<Vec<u64>, Reason> {
        let thread = self.thread.get_or_init(|| start(self.client.clone(), self.patience));
        let Some(thread) = thread else { return Err("its thread cannot be started".into()) };
        let (answer, answered) = oneshot::channel();
        let question = Question { key: format!("{PREFIX}{key}"), ask, answer };
        thread.try_send(question).map_err(|_| "too many requests wait for it")?;
        match timeout(self.patience, answered).await {
            Ok(Ok(result)) => result,
            Ok(Err(_)) => Err("its thread is gone".into()),
            Err(_) => Err("it does not answer in time".into()),
        }
    }
}

/// Starts the thread; it ends when all senders are gone.
fn start(client: Client, patience: Duration) -> Option<mpsc::Sender<Question>> {
    let (ask, mut asked) = mpsc::channel::<Question>(QUEUE);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let spawned = runtime.and_then(|runtime| {
        std::thread::Builder::new().name("redis".into()).spawn(move || {
            tokio::task::LocalSet::new().block_on(&runtime, async move {
                let link = Rc::new(Link::new(client, patience));
                while let Some(question) = asked.recv().await {
                    let link = Rc::clone(&link);
                    tokio::task::spawn_local(async move { link.serve(question).await });
                }
            });
        })
    });
    match spawned {
        Ok(_) => Some(ask),
        Err(error) => {
            tracing::error!("the thread for Redis cannot be started: {error}");
            None
        }
    }
}

impl std::fmt::Debug for Redis {
    /// Without the address, which may hold a password.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Redis").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;

    /// The Redis that tests may write to; they say so where there is none.
    fn redis() -> Option<Redis> {
        let url = std::env::var("QUINTET_TEST_REDIS").ok().filter(|url| !url.is_empty());
        if url.is_none() {
            eprintln!("skipped: QUINTET_TEST_REDIS names no Redis");
        }
        url.map(|url| Redis::new(&url, Duration::from_secs(5)).unwrap())
    }

    fn key(name: &str) -> String {
        let now = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_nanos();
        format!("test:{name}:{}:{now}", std::process::id())
    }

    fn block_on<T>(work: impl Future<Output = T>) -> T {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(work)
    }

    #[test]
    fn a_log_in_redis_slides_as_one_in_memory() {
        let Some(redis) = redis() else { return };
        let key = key("slides");
        let limit = Limit { number: 2, period: Duration::from_millis(700) };
        block_on(async {
            let first = redis.log(&key, limit).await.unwrap();
            assert_eq!((first.count, first.age), (1, Duration::ZERO));
            tokio::time::sleep(Duration::from_millis(300)).await;
            assert_eq!(redis.log(&key, limit).await.unwrap().count, 2);
            let full = redis.log(&key, limit).await.unwrap();
            assert_eq!((full.stored, full.count), (None, 2));
            assert!(full.age >= Duration::from_millis(300), "{full:?}");
            tokio::time::sleep(limit.period.saturating_sub(full.age)).await;
            assert!(redis.log(&key, limit).await.unwrap().stored.is_some());
            assert!(redis.log(&key, limit).await.unwrap().stored.is_none());
        });
    }

    #[test]
    fn what_is_forgotten_leaves_its_place_to_another() {
        let Some(redis) = redis() else { return };
        let key = key("forget");
        let limit = Limit { number: 1, period: Duration::from_secs(60) };
        block_on(async {
            let stored = redis.log(&key, limit).await.unwrap().stored.unwrap();
            assert!(redis.log(&key, limit).await.unwrap().stored.is_none());
            redis.forget(&key, stored).await.unwrap();
            assert!(redis.log(&key, limit).await.unwrap().stored.is_some());
        });
    }

    #[test]
    fn runtimes_that_come_and_go_share_one_connection() {
        let Some(redis) = redis() else { return };
        let key = key("runtimes");
        let limit = Limit { number: 100, period: Duration::from_secs(60) };
        // the first runtime is gone when the others ask
        block_on(redis.log(&key, limit)).unwrap();
        let through = std::sync::atomic::AtomicU32::new(1);
        std::thread::scope(|scope| {
            for _ in 0..64 {
                scope.spawn(|| {
                    for _ in 0..10 {
                        let entry = block_on(redis.log(&key, limit)).unwrap();
                        through.fetch_add(
                            u32::from(entry.stored.is_some()),
                            std::sync::atomic::Ordering::Relaxed,
                        );
                    }
                });
            }
        });
        assert_eq!(through.into_inner(), 100);
    }

    #[test]
    fn a_redis_that_is_not_there_is_waited_for_once() {
        let limit = Limit { number: 1, period: Duration::from_secs(60) };
        let patience = Duration::from_millis(300);
        let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        for address in ["127.0.0.1:1".to_owned(), silent.local_addr().unwrap().to_string()] {
            let redis = Redis::new(&format!("redis://{address}/"), patience).unwrap();
            block_on(async {
                for most in [2 * patience, patience / 2, patience / 2] {
                    let start = Instant::now();
                    assert!(redis.log("k", limit).await.is_err());
                    assert!(start.elapsed() < most, "{address}: {:?}", start.elapsed());
                }
            });
        }
    }
}
