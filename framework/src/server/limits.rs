//! How many connections there may be, in total and per address.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;

use crate::request::network;
use crate::settings::ServerSettings;

/// Files that a process has open beside its clients' connections: logs, databases, listeners.
const OTHER_FILES: usize = 64;

/// The state that the workers of a server share.
#[derive(Debug)]
pub(super) struct Shared {
    open: AtomicUsize,
    /// Those of them that are being closed to make room.
    leaving: AtomicUsize,
    most: usize,
    by_address: Option<ByAddress>,
    stop: watch::Sender<bool>,
}

#[derive(Debug)]
struct ByAddress {
    most: usize,
    open: Mutex<HashMap<IpAddr, usize>>,
}

/// Whether there is room for one more connection.
pub(super) enum Room {
    /// There is, for as long as the seat lives.
    Yes(Seat),
    /// There will be once others have closed.
    Crowded(Seat),
    /// Its address has enough of them.
    No,
}

/// A connection that is counted until it is dropped.
#[derive(Debug)]
pub(super) struct Seat {
    shared: Arc<Shared>,
    address: Option<IpAddr>,
}

impl Shared {
    pub(super) fn new(settings: &ServerSettings, most: usize) -> Arc<Self> {
        let by_address = settings
            .max_connections_per_address
            .map(|most| ByAddress { most, open: Mutex::default() });
        Arc::new(Self {
            open: AtomicUsize::new(0),
            leaving: AtomicUsize::new(0),
            most,
            by_address,
            stop: watch::Sender::new(false),
        })
    }

    /// Counts a connection.
    pub(super) fn admit(self: &Arc<Self>, address: Option<IpAddr>) -> Room {
        let address = match (&self.by_address, address.map(network)) {
            (Some(by_address), Some(address)) => {
                let mut open = by_address.open.lock().unwrap_or_else(PoisonError::into_inner);
                let own = open.entry(address).or_default();
                if *own >= by_address.most {
                    return Room::No;
                }
                *own += 1;
                Some(address)
            }
            _ => None,
        };
        let before = self.open.fetch_add(1, Ordering::Relaxed);
        let seat = Seat { shared: Arc::clone(self), address };
        let staying = before.saturating_sub(self.leaving.load(Ordering::Relaxed));
        if staying < self.most { Room::Yes(seat) } else { Room::Crowded(seat) }
    }

    /// This many connections are about to close.
    pub(super) fn leave(&self, connections: usize) {
        self.leaving.fetch_add(connections, Ordering::Relaxed);
    }

    /// This many of them have closed.
    pub(super) fn left(&self, connections: usize) {
        self.leaving.fetch_sub(connections, Ordering::Relaxed);
    }

    /// Connections that are open.
    pub(super) fn open(&self) -> usize {
        self.open.load(Ordering::Relaxed)
    }

    /// Tells the workers that the server is stopping.
    pub(super) fn stop(&self) {
        self.stop.send_replace(true);
    }

    pub(super) fn stopping(&self) -> watch::Receiver<bool> {
        self.stop.subscribe()
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.shared.open.fetch_sub(1, Ordering::Relaxed);
        if let (Some(by_address), Some(address)) = (&self.shared.by_address, self.address) {
            let mut open = by_address.open.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(own) = open.get_mut(&address) {
                *own -= 1;
                if *own == 0 {
                    open.remove(&address);
                }
            }
        }
    }
}

/// How many of the connections that the settings ask for the process may have, once its limit of
/// open files has been raised for them.
pub(super) fn affordable(asked: usize, workers: usize) -> usize {
    let others = OTHER_FILES + 24 * workers;
    let files = raise_files(with_slack(asked) + others);
    let afforded = files.saturating_sub(others) / 9 * 8;
    if afforded >= asked {
        return asked;
    }
    let afforded = afforded.max(1);
    tracing::warn!(
        "the process may open {files} files, which is enough for {afforded} connections and not for \
         the {asked} of SERVER_MAX_CONNECTIONS; raise the limit (`ulimit -n`, `LimitNOFILE`)"
    );
    afforded
}

/// What is accepted before the workers have closed others for it.
pub(super) fn with_slack(connections: usize) -> usize {
    connections + connections / 8
}

#[cfg(unix)]
fn raise_files(wanted: usize) -> usize {
    use rlimit::Resource;

    let wanted = wanted as u64;
    let Ok((soft, hard)) = Resource::NOFILE.get() else { return usize::MAX };
    let raised = if soft < wanted && soft < hard {
        let to = wanted.min(hard);
        if Resource::NOFILE.set(to, hard).is_ok() { to } else { soft }
    } else {
        soft
    };
    usize::try_from(raised).unwrap_or(usize::MAX)
}

#[cfg(not(unix))]
fn raise_files(_: usize) -> usize {
    usize::MAX
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seats_are_given_back() {
        let settings =
            ServerSettings { max_connections_per_address: Some(2), ..ServerSettings::default() };
        let shared = Shared::new(&settings, 3);
        let admit = |text: &str| shared.admit(Some(text.parse().unwrap()));
        let first = admit("192.0.2.1");
        let second = admit("192.0.2.1");
        assert!(matches!((&first, &second), (Room::Yes(_), Room::Yes(_))));
        assert!(matches!(admit("192.0.2.1"), Room::No));
        let third = admit("192.0.2.2");
        assert!(matches!(admit("192.0.2.3"), Room::Crowded(_)));
        drop((first, third));
        assert_eq!(shared.open(), 1);
        // of IPv6 a network is one address
        let neighbours = [admit("2001:db8::1"), admit("2001:db8::2")];
        assert!(matches!(admit("2001:db8::3"), Room::No));
        drop(neighbours);
        let fourth = admit("192.0.2.1");
        assert!(matches!(fourth, Room::Yes(_)));
        drop((second, fourth));
        assert!(shared.by_address.as_ref().unwrap().open.lock().unwrap().is_empty());
    }
}
