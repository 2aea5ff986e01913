//! Whole responses, kept in the memory of this process for a time (`cache_page`).
//!
//! Memory is bounded: a client that asks for very many addresses makes older pages leave, those that expire
//! first. A page that alone is larger than an eighth of it is not kept.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The most bytes of all pages together.
const MOST: usize = 32 << 20;

/// Bytes that an entry takes beside its value: its key twice, its places in the map and in the order, and
/// what they allocate in advance.
const ENTRY: usize = 512;

/// The pages of a site.
pub(crate) struct Pages<T> {
    kept: Mutex<Kept<T>>,
    most: usize,
}

struct Kept<T> {
    pages: HashMap<Arc<str>, Page<T>>,
    /// The keys in the order in which they leave.
    order: BTreeMap<Place, Arc<str>>,
    bytes: usize,
    /// How many were kept so far.
    count: u64,
}

/// When a page leaves: of those that expire at the same moment, the oldest first.
type Place = (Instant, u64);

struct Page<T> {
    value: Arc<T>,
    bytes: usize,
    place: Place,
}

impl<T> Default for Pages<T> {
    fn default() -> Self {
        Self::bounded(MOST)
    }
}

impl<T> Pages<T> {
    fn bounded(most: usize) -> Self {
        let kept = Kept { pages: HashMap::new(), order: BTreeMap::new(), bytes: 0, count: 0 };
        Self { kept: Mutex::new(kept), most }
    }

    /// What is kept under a key and has not expired.
    pub(crate) fn get(&self, key: &str) -> Option<Arc<T>> {
        self.get_at(key, Instant::now())
    }

    fn get_at(&self, key: &str, now: Instant) -> Option<Arc<T>> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.pages.get(key).filter(|page| page.place.0 > now).map(|page| Arc::clone(&page.value))
    }

    /// Keeps a value of this size for a time.
    pub(crate) fn set(&self, key: &str, value: T, size: usize, timeout: Duration) {
        self.set_at(key, value, size, timeout, Instant::now());
    }

    fn set_at(&self, key: &str, value: T, size: usize, timeout: Duration, now: Instant) {
        let bytes = size + key.len() + ENTRY;
        let Some(expires) = now.checked_add(timeout) else { return };
        if bytes > self.most / 8 {
            return;
        }
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.remove(key);
        kept.make_room(self.most - bytes, now);
        kept.bytes += bytes;
        kept.count += 1;
        let (key, place) = (Arc::<str>::from(key), (expires, kept.count));
        kept.order.insert(place, Arc::clone(&key));
        kept.pages.insert(key, Page { value: Arc::new(value), bytes, place });
    }
}

impl<T> Kept<T> {
    fn remove(&mut self, key: &str) {
        if let Some(old) = self.pages.remove(key) {
            self.order.remove(&old.place);
            self.bytes = self.bytes.saturating_sub(old.bytes);
        }
    }

    /// Removes what has expired, then what expires first, until no more than this many bytes are left.
    fn make_room(&mut self, most: usize, now: Instant) {
        while let Some((place, _)) = self.order.first_key_value()
            && (place.0 <= now || self.bytes > most)
            && let Some((_, key)) = self.order.pop_first()
        {
            self.remove(&key);
        }
    }
}

impl<T> std::fmt::Debug for Pages<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pages").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn a_page_is_kept_until_it_expires() {
        let (pages, now) = (Pages::default(), Instant::now());
        pages.set_at("a", 1, 10, MINUTE, now);
        pages.set_at("a", 2, 10, MINUTE, now);
        assert_eq!(pages.get_at("a", now + MINUTE / 2).as_deref(), Some(&2));
        assert_eq!(pages.get_at("a", now + MINUTE), None);
        assert_eq!(pages.get_at("b", now), None);
        // what has expired leaves with the next that comes
        pages.set_at("b", 3, 10, MINUTE, now + MINUTE);
        let kept = pages.kept.lock().unwrap();
        assert_eq!((kept.pages.len(), kept.order.len()), (1, 1));
    }

    #[test]
    fn memory_is_bounded_and_what_expires_first_leaves_first() {
        let (pages, now) = (Pages::bounded(64 << 10), Instant::now());
        pages.set_at("long", 0, 100, 60 * MINUTE, now);
        pages.set_at("large", 0, 9 << 10, MINUTE, now);
        assert_eq!(pages.get_at("large", now), None);
        for page in 0..10_000_u32 {
            pages.set_at(
                &format!("page {page}"),
                page,
                100,
                MINUTE + Duration::from_millis(page.into()),
                now,
            );
            let kept = pages.kept.lock().unwrap();
            assert!(kept.bytes <= 64 << 10, "{}", kept.bytes);
        }
        let kept = pages.kept.lock().unwrap();
        assert_eq!(kept.bytes, kept.pages.values().map(|page| page.bytes).sum::<usize>());
        assert_eq!(kept.order.len(), kept.pages.len());
        // no more leaves than must
        assert!(kept.bytes > 63 << 10, "{}", kept.bytes);
        drop(kept);
        assert!(pages.get_at("long", now).is_some());
        assert!(pages.get_at("page 0", now).is_none());
        assert!(pages.get_at("page 9999", now).is_some());
    }
}
