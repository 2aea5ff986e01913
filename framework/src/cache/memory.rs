//! Logs in the memory of one process.
//!
//! They are spread over shards, each behind a lock that is held for one operation and never while
//! waiting. Expired logs are removed whenever a shard has doubled since the last time, so that the
//! cost per request is constant.
//!
//! Memory is bounded even if nothing expires: a client with very many addresses fills it with logs
//! of a request or two. When it is full, a shard drops a quarter of its logs, first those that are
//! furthest from their limit. A client that is being refused has a full log, so others cannot free
//! it.

use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::{Entry, Limit};

const SHARDS: usize = 32;

/// The most words of eight bytes in all logs together: 32 MiB.
const MOST: usize = 4 << 20;

/// Words that a log takes in addition to its times.
const LOG: usize = 24;

/// A shard with fewer words than this is not swept.
const FEW: usize = 4096;

/// The logs of a process.
pub(super) struct Memory {
    shards: Box<[Mutex<Shard>; SHARDS]>,
    hasher: RandomState,
    started: Instant,
    most: usize,
    /// Words of all shards.
    words: AtomicUsize,
}

#[derive(Default)]
struct Shard {
    logs: HashMap<Box<str>, Log>,
    words: usize,
    /// Words at which it is swept.
    sweep_at: usize,
}

#[derive(Default)]
struct Log {
    /// The newest first.
    times: VecDeque<u64>,
    /// The limit that it was last compared with.
    number: u32,
    expires: u64,
}

impl Default for Memory {
    fn default() -> Self {
        Self::bounded(MOST)
    }
}

impl Memory {
    fn bounded(most: usize) -> Self {
        Self {
            shards: Box::new(std::array::from_fn(|_| Mutex::default())),
            hasher: RandomState::new(),
            started: Instant::now(),
            most,
            words: AtomicUsize::new(0),
        }
    }

    /// Stores a request in the log of a key, unless the log is full.
    pub(super) fn log(&self, key: &str, limit: Limit) -> Entry {
        self.log_at(key, limit, || micros(self.started.elapsed()))
    }

    /// Like `log`, with a clock, which is read while the shard is locked, so that times never
    /// decrease.
    fn log_at(&self, key: &str, limit: Limit, clock: impl FnOnce() -> u64) -> Entry {
        let mut shard = self.shard(key).lock().unwrap_or_else(PoisonError::into_inner);
        let before = shard.words;
        let now = clock();
        self.make_room(&mut shard, now);
        let entry = shard.log(key, limit, now);
        if shard.words != before {
            // shards change at the same time: differences add up, whatever their order
            self.words.fetch_add(shard.words.wrapping_sub(before), Ordering::Relaxed);
        }
        entry
    }

    /// Takes a request out of a log.
    pub(super) fn forget(&self, key: &str, stored: u64) {
        let mut shard = self.shard(key).lock().unwrap_or_else(PoisonError::into_inner);
        let Some(log) = shard.logs.get_mut(key) else { return };
        if let Some(at) = log.times.iter().position(|time| *time == stored) {
            log.times.remove(at);
            shard.words = shard.words.saturating_sub(1);
            self.words.fetch_sub(1, Ordering::Relaxed);
        }
    }

    fn shard(&self, key: &str) -> &Mutex<Shard> {
        let [first, ..] = &*self.shards;
        let at = usize::try_from(self.hasher.hash_one(key) % SHARDS as u64).unwrap_or_default();
        self.shards.get(at).unwrap_or(first)
    }

    fn make_room(&self, shard: &mut Shard, now: u64) {
        let full = self.words.load(Ordering::Relaxed) >= self.most;
        if shard.words < shard.sweep_at.max(FEW) && !full {
            return;
        }
        shard.logs.retain(|_, log| log.expires > now);
        shard.words = shard.logs.iter().map(|(key, log)| log.words(key)).sum();
        if full && shard.words > self.most / SHARDS * 3 / 4 {
            shard.let_go(self.most / SHARDS / 4);
        }
        shard.logs.shrink_to(2 * shard.logs.len());
        shard.sweep_at = 2 * shard.words;
    }
}

impl Shard {
    fn log(&mut self, key: &str, limit: Limit, now: u64) -> Entry {
        let period = micros(limit.period);
        if !self.logs.contains_key(key) {
            let log = Log::default();
            self.words += log.words(key);
            self.logs.insert(key.into(), log);
        }
        let log = self.logs.entry(key.into()).or_default();
        let before = log.times.len();
        while log.times.back().is_some_and(|time| time.saturating_add(period) <= now) {
            log.times.pop_back();
        }
        log.number = limit.number;
        let mut count = u32::try_from(log.times.len()).unwrap_or(u32::MAX);
        let stored = (count < limit.number).then_some(now);
        if stored.is_some() {
            log.times.push_front(now);
            log.expires = now.saturating_add(period);
            count += 1;
        }
        let oldest = log.times.back().copied().unwrap_or(now);
        self.words = (self.words + log.times.len()).saturating_sub(before);
        Entry { stored, count, age: Duration::from_micros(now.saturating_sub(oldest)) }
    }

    /// Removes logs of this many words, first those furthest from their limit, and of these the
    /// ones that expire first.
    fn let_go(&mut self, words: usize) {
        let mut order: Vec<(u64, u64, usize, Box<str>)> = self
            .logs
            .iter()
            .map(|(key, log)| (log.fullness(), log.expires, log.words(key), key.clone()))
            .collect();
        order.sort_unstable();
        let mut gone = 0;
        for (_, _, own, key) in order {
            if gone >= words {
                break;
            }
            gone += own;
            self.logs.remove(&key);
        }
        self.words = self.words.saturating_sub(gone);
    }
}

impl Log {
    fn words(&self, key: &str) -> usize {
        LOG + key.len() / 8 + self.times.len()
    }

    /// How near it is to its limit, in thousandths.
    fn fullness(&self) -> u64 {
        self.times.len() as u64 * 1000 / u64::from(self.number.max(1))
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

impl std::fmt::Debug for Memory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Memory").field("words", &self.words).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000;

    fn limit(number: u32, seconds: u64) -> Limit {
        Limit { number, period: Duration::from_secs(seconds) }
    }

    fn held(memory: &Memory) -> usize {
        memory.shards.iter().map(|shard| shard.lock().unwrap().logs.len()).sum()
    }

    #[test]
    fn a_refused_request_is_not_stored_and_the_oldest_leaves_after_the_period() {
        let memory = Memory::default();
        let at = |second: u64| memory.log_at("k", limit(4, 60), || second * SECOND);
        for second in 100..104 {
            assert!(at(second).stored.is_some());
        }
        let full = |age| Entry { stored: None, count: 4, age: Duration::from_secs(age) };
        assert_eq!(at(104), full(4));
        assert_eq!(at(159), full(59));
        assert_eq!(at(160).stored, Some(160 * SECOND));
        assert_eq!(at(160), full(59));
    }

    #[test]
    fn what_is_forgotten_leaves_its_place_to_another() {
        let memory = Memory::default();
        let at = |second: u64| memory.log_at("k", limit(1, 60), || second * SECOND);
        let first = at(1).stored.unwrap();
        assert_eq!(at(2).stored, None);
        memory.forget("k", first);
        memory.forget("k", first);
        memory.forget("other", first);
        assert!(at(3).stored.is_some());
        assert_eq!(at(4).stored, None);
    }

    #[test]
    fn threads_at_once_never_let_one_more_through() {
        let memory = Memory::default();
        let through = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..64 {
                scope.spawn(|| {
                    for _ in 0..20 {
                        let stored = memory.log("k", limit(100, 3600)).stored.is_some();
                        through.fetch_add(usize::from(stored), Ordering::Relaxed);
                    }
                });
            }
        });
        assert_eq!(through.into_inner(), 100);
    }

    #[test]
    fn logs_that_have_expired_are_swept_out() {
        let memory = Memory::default();
        for second in 0..100_000_u64 {
            memory.log_at(&format!("client {second}"), limit(5, 60), || second * SECOND / 10);
        }
        // 600 are alive at any time
        assert!(held(&memory) < 12_000, "{}", held(&memory));
    }

    #[test]
    fn memory_is_bounded_and_a_full_log_outlives_a_flood() {
        let memory = Memory::bounded(32 * 4096);
        for second in 0..3 {
            memory.log_at("refused", limit(3, 86_400), || second * SECOND);
        }
        for client in 0..50_000_u64 {
            memory.log_at(&format!("client {client}"), limit(3, 86_400), || 3 * SECOND + client);
        }
        let words = memory.words.load(Ordering::Relaxed);
        assert!(words <= 33 * 4096, "{words}");
        let counted: usize = memory.shards.iter().map(|shard| shard.lock().unwrap().words).sum();
        assert_eq!(words, counted);
        assert!(held(&memory) < 6_000);
        assert_eq!(memory.log_at("refused", limit(3, 86_400), || 4 * SECOND).stored, None);
    }
}
