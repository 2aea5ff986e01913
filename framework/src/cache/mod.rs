//! Short-lived data outside the database: the logs of throttles, and pages (`django.core.cache`).
//!
//! A log holds the times of a client's last requests. Both stores do what a throttle needs in one
//! step: drop entries older than the period, and store this request if the rest is below the limit.
//! Django's cache is read and written in two steps, between which other requests pass; here, a
//! limit is exact under any concurrency.
//!
//! In memory, a log belongs to one process. With `REDIS_URL`, it is shared by all processes that
//! use the same Redis, whose clock they use too: several servers count as one, whatever their own
//! clocks say.

mod memory;
mod pages;
mod pending;
#[cfg(feature = "redis")]
mod redis;

use std::borrow::Cow;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};

use crate::settings::{Settings, SettingsError};
use memory::Memory;
pub(crate) use pages::Pages;
pub(crate) use pending::Pending;

/// A longer key is stored as its hash: what a client sends may be part of it.
const LONGEST_KEY: usize = 160;

/// The time between two log messages about a store that cannot be reached.
const SILENCE: Duration = Duration::from_secs(5);

/// A limit: a number of requests per period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limit {
    /// The most requests.
    pub(crate) number: u32,
    /// The time.
    pub(crate) period: Duration,
}

/// The result of logging a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Entry {
    /// When it was stored, in microseconds of the store's own clock; `None` when the log was full.
    pub(crate) stored: Option<u64>,
    /// How many requests are in the log, including this one if it was stored.
    pub(crate) count: u32,
    /// How long ago the oldest of them was.
    pub(crate) age: Duration,
}

/// The store cannot be reached, or did not respond in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Away;

/// The logs of a site.
#[derive(Debug)]
pub(crate) struct Counters {
    store: Store,
    /// What is counted in this process while the store cannot be reached.
    here: Memory,
    /// Places that may be released.
    pub(crate) pending: Pending,
    started: Instant,
    /// When the next log message about the store is due, in milliseconds from the start.
    quiet_until: AtomicU64,
}

#[derive(Debug)]
enum Store {
    Memory(Memory),
    #[cfg(feature = "redis")]
    Redis(redis::Redis),
}

impl Default for Counters {
    /// In the memory of this process.
    fn default() -> Self {
        Self::of(Store::Memory(Memory::default()))
    }
}

impl Counters {
    fn of(store: Store) -> Self {
        Self {
            store,
            here: Memory::default(),
            pending: Pending::default(),
            started: Instant::now(),
            quiet_until: AtomicU64::new(0),
        }
    }

    /// Opens the store: Redis if `REDIS_URL` is set, or else memory. It does not connect yet.
    ///
    /// # Errors
    /// If it is not a valid URL, or the feature `redis` is off.
    pub(crate) fn open(settings: &Settings) -> Result<Self, SettingsError> {
        let Some(url) = &settings.redis_url else { return Ok(Self::default()) };
        #[cfg(feature = "redis")]
        let store = redis::Redis::new(url, settings.throttle.timeout).map(Store::Redis);
        #[cfg(not(feature = "redis"))]
        let store = Err({
            let _ = url;
            "the program was built without the feature `redis` of quintet".to_owned()
        });
        let wrong = |reason| SettingsError { name: "REDIS_URL", reason };
        store.map(Self::of).map_err(wrong)
    }

    /// Whether other processes share the logs.
    pub(crate) fn are_shared(&self) -> bool {
        !matches!(self.store, Store::Memory(_))
    }

    /// Stores a request in the log of a key, unless the log is full.
    ///
    /// # Errors
    /// If the store cannot be reached; it is logged now and then.
    pub(crate) async fn log(&self, key: &str, limit: Limit) -> Result<Entry, Away> {
        let key = bounded(key);
        match &self.store {
            Store::Memory(memory) => Ok(memory.log(&key, limit)),
            #[cfg(feature = "redis")]
            Store::Redis(redis) => {
                redis.log(&key, limit).await.map_err(|reason| self.away(&reason))
            }
        }
    }

    /// Like `log`, in the memory of this process, for what must be counted while the store cannot
    /// be reached.
    pub(crate) fn log_here(&self, key: &str, limit: Limit) -> Entry {
        self.here.log(&bounded(key), limit)
    }

    /// Takes out of a log what [`Counters::log_here`] stored.
    pub(crate) fn forget_here(&self, key: &str, stored: u64) {
        self.here.forget(&bounded(key), stored);
    }

    /// Takes a request out of a log, as if it had never been.
    ///
    /// # Errors
    /// When the store is away.
    pub(crate) async fn forget(&self, key: &str, stored: u64) -> Result<(), Away> {
        let key = bounded(key);
        match &self.store {
            Store::Memory(memory) => memory.forget(&key, stored),
            #[cfg(feature = "redis")]
            Store::Redis(redis) => {
                redis.forget(&key, stored).await.map_err(|reason| self.away(&reason))?;
            }
        }
        Ok(())
    }

    #[cfg(feature = "redis")]
    fn away(&self, reason: &str) -> Away {
        if self.may_speak() {
            tracing::error!("the counters of throttles cannot be reached: {reason}");
        }
        Away
    }

    /// True once in a while.
    #[cfg_attr(
        not(any(feature = "redis", test)),
        expect(dead_code, reason = "memory is never away")
    )]
    fn may_speak(&self) -> bool {
        let since = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        let now = since(self.started.elapsed());
        let until = self.quiet_until.load(Ordering::Relaxed);
        let next = now.saturating_add(since(SILENCE));
        now >= until
            && self
                .quiet_until
                .compare_exchange(until, next, Ordering::Relaxed, Ordering::Relaxed)
                .is_ok()
    }
}

/// A key of bounded length.
fn bounded(key: &str) -> Cow<'_, str> {
    if key.len() <= LONGEST_KEY {
        return Cow::Borrowed(key);
    }
    Cow::Owned(format!("sha256:{}", digest(key)))
}

/// A hash of a text or of bytes, in hexadecimal digits.
pub(crate) fn digest(text: impl AsRef<[u8]>) -> String {
    Sha256::digest(text.as_ref()).iter().fold(String::with_capacity(64), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_key_is_stored_as_its_hash() {
        assert_eq!(bounded("throttle_anon_127.0.0.1"), "throttle_anon_127.0.0.1");
        let long = bounded(&"x".repeat(5000)).into_owned();
        assert_eq!(long.len(), 71);
        assert_ne!(long, bounded(&"x".repeat(5001)));
        assert!(digest("").starts_with("e3b0c44298fc1c14"));
    }

    #[test]
    fn a_store_that_is_away_is_mentioned_once_in_a_while() {
        let counters = Counters::default();
        assert!(counters.may_speak());
        assert!(!counters.may_speak());
    }

    #[test]
    fn an_address_that_is_none_is_found_at_the_start() {
        let settings =
            Settings { redis_url: Some("http://localhost".into()), ..Settings::default() };
        assert_eq!(Counters::open(&settings).unwrap_err().name, "REDIS_URL");
    }
}
