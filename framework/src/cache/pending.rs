//! Places in logs that may be released.
//!
//! A request that finds a log full may try again while others in the same process hold places that
//! they may release: it is woken when one is free, or when none will be.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use tokio::sync::futures::OwnedNotified;

/// The places of all keys.
#[derive(Debug, Default)]
pub(crate) struct Pending {
    keys: Mutex<HashMap<String, Places>>,
}

#[derive(Debug, Default)]
struct Places {
    count: usize,
    bell: Arc<Notify>,
}

impl Pending {
    /// Records a place.
    pub(crate) fn take(&self, key: &str) {
        self.keys().entry(key.to_owned()).or_default().count += 1;
    }

    /// Records that a place is released, or kept for good.
    pub(crate) fn settle(&self, key: &str, given_back: bool) {
        let mut keys = self.keys();
        let Some(places) = keys.get_mut(key) else { return };
        places.count = places.count.saturating_sub(1);
        if given_back {
            places.bell.notify_one();
        }
        if places.count == 0 {
            places.bell.notify_waiters();
            keys.remove(key);
        }
    }

    /// Completes when it is worth trying again; `None` if nobody holds a place.
    pub(crate) fn bell(&self, key: &str) -> Option<Pin<Box<OwnedNotified>>> {
        let keys = self.keys();
        let mut bell = Box::pin(Arc::clone(&keys.get(key)?.bell).notified_owned());
        bell.as_mut().enable();
        Some(bell)
    }

    fn keys(&self) -> MutexGuard<'_, HashMap<String, Places>> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[test]
    fn one_is_told_of_a_place_and_all_when_none_will_be_free() {
        let pending = Pending::default();
        assert!(pending.bell("k").is_none());
        (0..3).for_each(|_| pending.take("k"));
        let (mut first, mut second) = (pending.bell("k").unwrap(), pending.bell("k").unwrap());
        pending.settle("k", false);
        assert!((&mut first).now_or_never().is_none());
        pending.settle("k", true);
        assert!((&mut first).now_or_never().is_some());
        assert!((&mut second).now_or_never().is_none());
        pending.settle("k", false);
        assert!(second.now_or_never().is_some());
        assert!(pending.bell("k").is_none());
        assert!(pending.keys().is_empty());
    }
}
