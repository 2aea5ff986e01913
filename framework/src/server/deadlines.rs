//! The clock of a worker, which closes the connections whose clients miss a deadline.
//!
//! A request sets no timer: it notes the clock's time, which costs nothing, and a task checks all
//! connections a few times a second.

use std::cell::{Cell, RefCell};
use std::pin::pin;
use std::rc::{Rc, Weak};
use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_web::rt;
use futures_util::future::select;

use super::connection::{Connection, Cut, Millis};
use super::limits::Shared;
use crate::settings::ServerSettings;

/// How long a closed connection may keep sending what is dropped, so that its client can read the
/// refusal.
const LINGER: Duration = Duration::from_secs(2);

/// How often connections are checked while the server stops.
const DRAIN_TICK: Duration = Duration::from_millis(10);

/// The settings, in the clock's units.
#[derive(Debug)]
pub(super) struct Limits {
    pub(super) head: Millis,
    pub(super) keep_alive: Millis,
    pub(super) body_idle: Millis,
    pub(super) body: Millis,
    pub(super) write: Millis,
    pub(super) linger: Millis,
    pub(super) rate: u64,
    pub(super) longest_head: usize,
    tick: Duration,
    unread: usize,
}

impl Limits {
    fn new(settings: &ServerSettings, workers: usize) -> Self {
        let shortest = settings
            .head_timeout
            .min(settings.keep_alive)
            .min(settings.body_idle_timeout)
            .min(settings.body_timeout)
            .min(settings.write_timeout);
        let tick = (shortest / 8).clamp(Duration::from_millis(5), Duration::from_millis(500));
        // the clock stands still for a tick, and no deadline comes early for that
        let of =
            |time: Duration| Millis::try_from((time + tick).as_millis()).unwrap_or(Millis::MAX);
        Self {
            head: of(settings.head_timeout),
            keep_alive: of(settings.keep_alive),
            body_idle: of(settings.body_idle_timeout),
            body: of(settings.body_timeout),
            write: of(settings.write_timeout),
            linger: of(LINGER),
            rate: u64::from(settings.min_data_rate),
            longest_head: settings.max_head_size,
            tick,
            unread: settings.max_unread_size / workers.max(1),
        }
    }
}

thread_local! {
    /// The workers of this thread, one for each server.
    static WORKERS: RefCell<Vec<Weak<Worker>>> = const { RefCell::new(Vec::new()) };
}

/// The connections of a worker, and its clock.
#[derive(Debug)]
pub(super) struct Worker {
    pub(super) limits: Limits,
    pub(super) shared: Arc<Shared>,
    connections: RefCell<Vec<Rc<Connection>>>,
    started: Instant,
    now: Cell<Millis>,
    draining: Cell<bool>,
}

impl Worker {
    /// The worker of this thread, which all listeners of a server share: its limits are those of
    /// all their connections together.
    pub(super) fn of_thread(
        settings: &ServerSettings,
        workers: usize,
        shared: Arc<Shared>,
    ) -> Rc<Self> {
        WORKERS.with_borrow_mut(|known| {
            known.retain(|worker| worker.strong_count() > 0);
            let mut own = known.iter().filter_map(Weak::upgrade);
            if let Some(worker) = own.find(|own| Arc::ptr_eq(&own.shared, &shared)) {
                return worker;
            }
            let worker = Self::start(settings, workers, shared);
            known.push(Rc::downgrade(&worker));
            worker
        })
    }

    /// Starts the clock, which runs as long as the worker lives.
    fn start(settings: &ServerSettings, workers: usize, shared: Arc<Shared>) -> Rc<Self> {
        let worker = Rc::new(Self {
            limits: Limits::new(settings, workers),
            shared,
            connections: RefCell::default(),
            started: Instant::now(),
            now: Cell::new(0),
            draining: Cell::new(false),
        });
        rt::spawn(run(Rc::downgrade(&worker)));
        worker
    }

    /// The time, as of the last tick.
    pub(super) fn now(&self) -> Millis {
        self.now.get()
    }

    /// True once the server stops: no connection is kept for another request.
    pub(super) fn is_draining(&self) -> bool {
        self.draining.get()
    }

    pub(super) fn open(self: &Rc<Self>) -> Rc<Connection> {
        let connection = Rc::new(Connection::new(Rc::clone(self)));
        let mut connections = self.connections.borrow_mut();
        connection.place.set(connections.len());
        connections.push(Rc::clone(&connection));
        connection
    }

    pub(super) fn close(&self, connection: &Connection) {
        let mut connections = self.connections.borrow_mut();
        let place = connection.place.get();
        if place < connections.len() {
            connections.swap_remove(place);
            if let Some(moved) = connections.get(place) {
                moved.place.set(place);
            }
        }
        if connection.cut.get() == Some(Cut::Evicted) {
            self.shared.left(1);
        }
    }

    /// Closes some of the connections that have waited longest for their clients; false when all
    /// are being answered.
    pub(super) fn make_room(&self) -> bool {
        let connections = self.connections.borrow();
        let mut waiting: Vec<(Millis, &Rc<Connection>)> = connections
            .iter()
            .filter(|connection| connection.cut.get().is_none())
            .filter_map(|connection| Some((connection.waits_since()?, connection)))
            .collect();
        // several at once, so that the next ones cost nothing
        let several = (connections.len() / 32).max(1).min(waiting.len());
        if several == 0 {
            return false;
        }
        waiting.select_nth_unstable_by_key(several - 1, |(since, _)| *since);
        waiting.iter().take(several).for_each(|(_, connection)| connection.cut(Cut::Evicted));
        self.shared.leave(several);
        true
    }

    /// Checks all connections once.
    fn tick(&self, draining: bool) {
        let now = Millis::try_from(self.started.elapsed().as_millis()).unwrap_or(Millis::MAX);
        self.now.set(now);
        self.draining.set(draining);
        let mut unread = 0;
        for connection in self.connections.borrow().iter() {
            if connection.cut.get().is_some() {
                continue;
            }
            let drained = if draining { connection.drained() } else { None };
            if let Some(cut) = drained.or_else(|| connection.overdue(now)) {
                connection.cut(cut);
            } else {
                unread += connection.unsent();
            }
        }
        if unread > self.limits.unread {
            self.forget_unread(unread);
        }
    }

    /// Closes the connections whose responses wait longest, until the rest is within the limit.
    fn forget_unread(&self, mut unread: usize) {
        let connections = self.connections.borrow();
        let mut unsent: Vec<(Option<Millis>, usize, &Rc<Connection>)> = connections
            .iter()
            .filter(|connection| connection.cut.get().is_none() && connection.unsent() > 0)
            .map(|connection| (connection.waits_since(), connection.unsent(), connection))
            .collect();
        unsent.sort_unstable_by_key(|(since, ..)| *since);
        for (_, bytes, connection) in unsent {
            if unread <= self.limits.unread {
                break;
            }
            connection.cut(Cut::Silent);
            unread -= bytes;
        }
    }
}

async fn run(worker: Weak<Worker>) {
    let Some((mut tick, mut stop)) =
        worker.upgrade().map(|worker| (worker.limits.tick, worker.shared.stopping()))
    else {
        return;
    };
    let mut draining = *stop.borrow();
    loop {
        if draining {
            tick = DRAIN_TICK;
            rt::time::sleep(tick).await;
        } else {
            select(pin!(rt::time::sleep(tick)), pin!(stop.changed())).await;
            draining = *stop.borrow() || stop.has_changed().is_err();
        }
        let Some(worker) = worker.upgrade() else { return };
        worker.tick(draining);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[actix_web::test]
    async fn the_listeners_of_a_server_share_a_worker_on_each_thread() {
        let settings = ServerSettings::default();
        let shared = Shared::new(&settings, 2);
        let worker = Worker::of_thread(&settings, 1, Arc::clone(&shared));
        let waiting = worker.open();
        let same = Worker::of_thread(&settings, 1, shared);
        assert!(Rc::ptr_eq(&worker, &same));
        // a new connection on one listener can displace an idle one on another
        assert!(same.make_room());
        assert_eq!(waiting.cut.get(), Some(Cut::Evicted));
        // another server has its own
        let other = Worker::of_thread(&settings, 1, Shared::new(&settings, 2));
        assert!(!Rc::ptr_eq(&worker, &other));
        assert!(!other.make_room());
    }
}
