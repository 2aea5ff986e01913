//! Logs in Redis, shared by every process that names the same one.
//!
//! **One thread talks to Redis.** A connection of the client library belongs to the runtime that it
//! was made in: a task there reads the answers. Requests are answered in many runtimes, those of
//! actix's workers and those of SQLite's threads, which stand still between two requests; a
//! connection made in one of them would leave all others waiting. So a thread of its own, with a
//! runtime that never stands still, keeps one connection for all; questions reach it over a
//! channel, and many are under way on the connection at once. It starts with the first question
//! and ends with the site.
//!
//! **Redis tells the time**, within the script that counts: what servers think of the hour does not
//! matter, and a request has one place in the log. Where Redis's own clock is set back, requests
//! seem newer than they are and limits hold longer, never less.
//!
//! **Nothing waits long.** A question has 250 ms in all, connecting included. After a connection
//! was refused, the next one is tried 100 ms later; whoever asks meanwhile is told at once. A
//! question that its asker has given up is not put any more.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::OnceLock;
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, RedisError, Script};
use tokio::sync::{Mutex, mpsc, oneshot};
use tokio::time::{Instant, timeout};

use super::{Entry, Limit};

/// The longest wait for an answer.
const PATIENCE: Duration = Duration::from_millis(250);

/// Between a connection that failed and the next one.
const PAUSE: Duration = Duration::from_millis(100);

/// Most questions that wait for the thread.
const QUEUE: usize = 4096;

/// What stands before every key.
const PREFIX: &str = "quintet:";

/// Drops what is older than the period, and stores the time when fewer than `number` are left:
/// when it was stored or 0, how many there are, how long ago the oldest was. Times are microseconds
/// as text, for Lua writes a large number with an exponent.
const LOG: &str = r"
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local period, number = tonumber(ARGV[1]), tonumber(ARGV[2])
local oldest = redis.call('LINDEX', KEYS[1], -1)
while oldest and tonumber(oldest) <= now - period do
  redis.call('RPOP', KEYS[1])
  oldest = redis.call('LINDEX', KEYS[1], -1)
end
local count = redis.call('LLEN', KEYS[1])
local stored = 0
if count < number then
  stored = now
  redis.call('LPUSH', KEYS[1], string.format('%.0f', now))
  redis.call('PEXPIRE', KEYS[1], string.format('%.0f', math.ceil(period / 1000)))
  count = count + 1
end
return {stored, count, math.max(0, now - tonumber(oldest or now))}
";

/// Takes one time out of a log; of two that are equal it does not matter which.
const FORGET: &str = "return {redis.call('LREM', KEYS[1], 1, ARGV[1])}";

/// Why there is no answer.
type Reason = String;

/// The logs in one Redis.
pub(super) struct Redis {
    client: Client,
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
    /// A Redis at an address; nothing is connected yet.
    ///
    /// # Errors
    /// Says why the address cannot be read.
    pub(super) fn new(url: &str) -> Result<Self, Reason> {
        match Client::open(url) {
            Ok(client) => Ok(Self { client, thread: OnceLock::new() }),
            Err(error) => Err(format!("it is no address as `redis://host:6379/0`: {error}")),
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
        let thread = self.thread.get_or_init(|| start(self.client.clone()));
        let Some(thread) = thread else { return Err("its thread cannot be started".into()) };
        let (answer, answered) = oneshot::channel();
        let question = Question { key: format!("{PREFIX}{key}"), ask, answer };
        thread.try_send(question).map_err(|_| "too many requests wait for it")?;
        match timeout(PATIENCE, answered).await {
            Ok(Ok(result)) => result,
            Ok(Err(_)) => Err("its thread is gone".into()),
            Err(_) => Err("it does not answer in time".into()),
        }
    }
}

/// Starts the thread; it ends when nobody can ask any more.
fn start(client: Client) -> Option<mpsc::Sender<Question>> {
    let (ask, mut asked) = mpsc::channel::<Question>(QUEUE);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let spawned = runtime.and_then(|runtime| {
        std::thread::Builder::new().name("redis".into()).spawn(move || {
            tokio::task::LocalSet::new().block_on(&runtime, async move {
                let link = Rc::new(Link::new(client));
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

/// The connection, kept by the thread.
struct Link {
    client: Client,
    log: Script,
    forget: Script,
    /// Locked while a connection is being made.
    connecting: Mutex<()>,
    connection: RefCell<Option<MultiplexedConnection>>,
    /// Which connection it is: one is given up by those only who used it.
    number: Cell<u64>,
    failed: Cell<Option<Instant>>,
    /// When anything last came back.
    heard: Cell<Instant>,
}

impl Link {
    fn new(client: Client) -> Self {
        Self {
            client,
            log: Script::new(LOG),
            forget: Script::new(FORGET),
            connecting: Mutex::new(()),
            connection: RefCell::new(None),
            number: Cell::new(0),
            failed: Cell::new(None),
            heard: Cell::new(Instant::now()),
        }
    }

    async fn serve(&self, question: Question) {
        if question.answer.is_closed() {
            return;
        }
        let mut result = self.put(&question).await;
        if matches!(&result, Err(Failure::Dropped(_))) {
            // a connection that Redis closed while nobody asked is noticed by the first who does;
            // if it had counted already, it counts twice: a limit is never too wide
            result = self.put(&question).await;
        }
        // its asker may have left
        let _ = question.answer.send(result.map_err(Failure::reason));
    }

    async fn put(&self, question: &Question) -> Result<Vec<u64>, Failure> {
        let (number, mut connection) = self.connect().await?;
        let sent = Instant::now();
        let call = async {
            match question.ask {
                Ask::Log { period, number } => {
                    let mut call = self.log.key(&question.key);
                    call.arg(period).arg(number).invoke_async(&mut connection).await
                }
                Ask::Forget { stored } => {
                    let mut call = self.forget.key(&question.key);
                    call.arg(stored).invoke_async(&mut connection).await
                }
            }
        };
        match timeout(PATIENCE, call).await {
            Ok(Ok(answer)) => {
                self.heard.set(Instant::now());
                Ok(answer)
            }
            Ok(Err(error)) if error.is_io_error() || error.is_unrecoverable_error() => {
                self.give_up(number);
                Err(Failure::Dropped(error))
            }
            Ok(Err(error)) => Err(Failure::Other(error.to_string())),
            Err(_) => {
                // nothing came back at all: the other end is gone without a word
                if self.heard.get() < sent {
                    self.give_up(number);
                }
                Err(Failure::Other("it does not answer in time".into()))
            }
        }
    }

    /// The connection, made when there is none.
    async fn connect(&self) -> Result<(u64, MultiplexedConnection), Failure> {
        let _turn = self.connecting.lock().await;
        if let Some(connection) = &*self.connection.borrow() {
            return Ok((self.number.get(), connection.clone()));
        }
        if self.failed.get().is_some_and(|failed| failed.elapsed() < PAUSE) {
            return Err(Failure::Other("it could not be reached a moment ago".into()));
        }
        let config =
            AsyncConnectionConfig::new().set_connection_timeout(None).set_response_timeout(None);
        let opened = self.client.get_multiplexed_async_connection_with_config(&config);
        let reason = match timeout(PATIENCE, opened).await {
            Ok(Ok(connection)) => {
                self.failed.set(None);
                self.heard.set(Instant::now());
                self.number.set(self.number.get() + 1);
                *self.connection.borrow_mut() = Some(connection.clone());
                return Ok((self.number.get(), connection));
            }
            Ok(Err(error)) => error.to_string(),
            Err(_) => "it takes no connection in time".into(),
        };
        self.failed.set(Some(Instant::now()));
        Err(Failure::Other(reason))
    }

    fn give_up(&self, number: u64) {
        if self.number.get() == number {
            self.connection.borrow_mut().take();
        }
    }
}

enum Failure {
    /// The connection is gone.
    Dropped(RedisError),
    /// Anything else.
    Other(Reason),
}

impl Failure {
    fn reason(self) -> Reason {
        match self {
            Self::Dropped(error) => error.to_string(),
            Self::Other(reason) => reason,
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
    use super::*;

    /// The Redis that tests may write to; they say so where there is none.
    fn redis() -> Option<Redis> {
        let url = std::env::var("QUINTET_TEST_REDIS").ok().filter(|url| !url.is_empty());
        if url.is_none() {
            eprintln!("skipped: QUINTET_TEST_REDIS names no Redis");
        }
        url.map(|url| Redis::new(&url).unwrap())
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
            tokio::time::sleep(limit.period - full.age).await;
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
    fn a_redis_that_is_not_there_is_told_in_a_quarter_of_a_second() {
        let limit = Limit { number: 1, period: Duration::from_secs(60) };
        // the second address takes packets and answers none
        for url in ["redis://127.0.0.1:1/", "redis://10.255.255.1/"] {
            let redis = Redis::new(url).unwrap();
            let start = std::time::Instant::now();
            block_on(async {
                assert!(redis.log("k", limit).await.is_err());
                assert!(redis.log("k", limit).await.is_err());
            });
            assert!(start.elapsed() < Duration::from_secs(1), "{url}: {:?}", start.elapsed());
        }
    }
}
