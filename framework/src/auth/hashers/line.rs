//! The queue of the hashing threads: which job runs next, and which ones are refused.
//!
//! **By address.** Each address has a queue, and the queues that are not empty take turns: a client
//! that sends many passwords waits behind its own. One address can fill only part of the line; if
//! the whole line is full, the newest job of the longest queue makes room for one of a shorter
//! queue.
//!
//! **Two lanes.** Clients can invent any number of names, and each costs as much as a login. So
//! known accounts ([`Place::known`]) have a separate lane, which is served first; after a few of
//! them in a row, one of the others is served.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::time::Instant;

/// How many known accounts are served in a row while others wait.
const IN_A_ROW: u8 = 4;

/// Where a job belongs in the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Place {
    /// The client's network; all work without one shares a queue.
    pub(super) address: Option<IpAddr>,
    /// Whether the account exists and has not failed lately: it is served before the others.
    pub(super) known: bool,
}

/// Work that waits for a thread.
pub(super) trait Job: Send {
    /// Whether nobody waits for it any more.
    fn is_abandoned(&self) -> bool;

    /// Runs the job.
    fn run(self: Box<Self>);
}

/// A job, and when it was asked for.
pub(super) struct Waiting {
    pub(super) asked: Instant,
    pub(super) job: Box<dyn Job>,
}

/// Both lanes.
pub(super) struct Line {
    known: Lane,
    others: Lane,
    /// Known accounts served since one of the others was.
    in_a_row: u8,
}

impl Line {
    /// Creates lanes that hold up to `most` jobs each, and up to `most_of_one` of one address.
    pub(super) fn new(most: usize, most_of_one: usize) -> Self {
        let lane =
            || Lane { queues: HashMap::new(), turns: VecDeque::new(), len: 0, most, most_of_one };
        Self { known: lane(), others: lane(), in_a_row: 0 }
    }

    /// Jobs that wait.
    pub(super) fn len(&self) -> usize {
        self.known.len + self.others.len
    }

    /// Adds a job; `false` if there is no room, and the job is dropped.
    pub(super) fn push(&mut self, place: Place, waiting: Waiting) -> bool {
        let lane = if place.known { &mut self.known } else { &mut self.others };
        lane.push(place.address, waiting)
    }

    /// Takes the job whose turn it is.
    pub(super) fn pop(&mut self) -> Option<Waiting> {
        if (self.in_a_row < IN_A_ROW || self.others.len == 0)
            && let Some(waiting) = self.known.pop()
        {
            self.in_a_row = self.in_a_row.saturating_add(1);
            return Some(waiting);
        }
        self.in_a_row = 0;
        self.others.pop()
    }

    /// True when one of the others has waited since before this moment.
    pub(super) fn has_waited_since(&self, moment: Instant) -> bool {
        self.others.queues.values().filter_map(VecDeque::front).any(|first| first.asked < moment)
    }

    /// Drops all jobs.
    pub(super) fn clear(&mut self) {
        for lane in [&mut self.known, &mut self.others] {
            lane.queues.clear();
            lane.turns.clear();
            lane.len = 0;
        }
    }
}

/// A queue for each address, the oldest job first.
struct Lane {
    queues: HashMap<Option<IpAddr>, VecDeque<Waiting>>,
    /// The addresses that have a queue, in the order of their turns.
    turns: VecDeque<Option<IpAddr>>,
    len: usize,
    most: usize,
    most_of_one: usize,
}

impl Lane {
    fn push(&mut self, address: Option<IpAddr>, waiting: Waiting) -> bool {
        let of_one = |lane: &Self| lane.queues.get(&address).map_or(0, VecDeque::len);
        if self.len >= self.most || of_one(self) >= self.most_of_one {
            self.forget_abandoned();
        }
        let own = of_one(self);
        if own >= self.most_of_one || (self.len >= self.most && !self.make_room(own)) {
            return false;
        }
        let turns = &mut self.turns;
        let queue = self.queues.entry(address).or_insert_with(|| {
            turns.push_back(address);
            VecDeque::new()
        });
        let at = queue.partition_point(|earlier| earlier.asked <= waiting.asked);
        queue.insert(at, waiting);
        self.len += 1;
        true
    }

    fn pop(&mut self) -> Option<Waiting> {
        let address = self.turns.pop_front()?;
        let queue = self.queues.get_mut(&address)?;
        let waiting = queue.pop_front();
        if queue.is_empty() {
            self.queues.remove(&address);
        } else {
            self.turns.push_back(address);
        }
        self.len = self.len.saturating_sub(usize::from(waiting.is_some()));
        waiting
    }

    /// Turns away the newest job of the longest queue, if that is longer than a queue of this
    /// length would become.
    fn make_room(&mut self, own: usize) -> bool {
        let Some(longest) = self.queues.values_mut().max_by_key(|queue| queue.len()) else {
            return false;
        };
        let makes_room = longest.len() > own + 1;
        if makes_room {
            longest.pop_back();
            self.len -= 1;
        }
        makes_room
    }

    fn forget_abandoned(&mut self) {
        self.queues.retain(|_, queue| {
            queue.retain(|waiting| !waiting.job.is_abandoned());
            !queue.is_empty()
        });
        self.turns.retain(|address| self.queues.contains_key(address));
        self.len = self.queues.values().map(VecDeque::len).sum();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::sync::{Arc, Mutex};
    use std::time::Duration;

    use super::*;

    /// A line, and the jobs that were served.
    struct Played {
        line: Line,
        start: Instant,
        served: Arc<Mutex<Vec<&'static str>>>,
    }

    struct Named {
        name: &'static str,
        served: Arc<Mutex<Vec<&'static str>>>,
        abandoned: Arc<AtomicBool>,
    }

    impl Job for Named {
        fn is_abandoned(&self) -> bool {
            self.abandoned.load(Ordering::Relaxed)
        }

        fn run(self: Box<Self>) {
            self.served.lock().unwrap().push(self.name);
        }
    }

    impl Played {
        fn new(most: usize, most_of_one: usize) -> Self {
            let line = Line::new(most, most_of_one);
            Self { line, start: Instant::now(), served: Arc::default() }
        }

        fn push_at(
            &mut self,
            place: Place,
            at: u64,
            name: &'static str,
        ) -> Option<Arc<AtomicBool>> {
            let abandoned = Arc::default();
            let job =
                Named { name, served: Arc::clone(&self.served), abandoned: Arc::clone(&abandoned) };
            let asked = self.start + Duration::from_millis(at);
            self.line.push(place, Waiting { asked, job: Box::new(job) }).then_some(abandoned)
        }

        fn push(&mut self, place: Place, name: &'static str) -> bool {
            self.push_at(place, 0, name).is_some()
        }

        fn order(mut self) -> String {
            while let Some(waiting) = self.line.pop() {
                waiting.job.run();
            }
            assert_eq!(self.line.len(), 0);
            self.served.lock().unwrap().join(" ")
        }
    }

    fn from(last: u8) -> Place {
        Place { address: Some([10, 0, 0, last].into()), known: false }
    }

    fn known(last: u8) -> Place {
        Place { known: true, ..from(last) }
    }

    #[test]
    fn addresses_take_turns() {
        let mut played = Played::new(10, 10);
        for name in ["a1", "a2", "a3"] {
            assert!(played.push(from(1), name));
        }
        assert!(played.push(from(2), "b1") && played.push(from(2), "b2"));
        assert!(played.push(Place::default(), "c1"));
        assert_eq!(played.order(), "a1 b1 c1 a2 b2 a3");
    }

    #[test]
    fn who_is_known_goes_first_and_keeps_nobody_out() {
        let mut played = Played::new(10, 10);
        assert!(played.push(from(1), "x1") && played.push(from(1), "x2"));
        for name in ["k1", "k2", "k3", "k4", "k5", "k6"] {
            assert!(played.push(known(1), name));
        }
        assert_eq!(played.order(), "k1 k2 k3 k4 x1 k5 k6 x2");
    }

    #[test]
    fn one_address_fills_a_part_of_a_lane() {
        let mut played = Played::new(4, 2);
        assert!(played.push(from(1), "a1") && played.push(from(1), "a2"));
        assert!(!played.push(from(1), "a3"));
        assert!(played.push(from(2), "b1") && played.push(known(1), "k1"));
        assert_eq!(played.order(), "k1 a1 b1 a2");
    }

    #[test]
    fn in_a_full_lane_the_longest_queue_makes_room_for_a_shorter_one() {
        let mut played = Played::new(4, 3);
        for name in ["a1", "a2", "a3"] {
            assert!(played.push(from(1), name));
        }
        assert!(played.push(from(2), "b1") && played.push(from(3), "c1"));
        // two and one and one: nobody has more than a newcomer's two
        assert!(!played.push(from(2), "b2"));
        assert!(played.push(from(4), "d1") && !played.push(from(5), "e1"));
        assert_eq!(played.order(), "a1 b1 c1 d1");
    }

    #[test]
    fn who_has_gone_makes_room() {
        let mut played = Played::new(2, 2);
        let gone = played.push_at(from(1), 0, "a1").unwrap();
        assert!(played.push(from(1), "a2") && !played.push(from(1), "a3"));
        gone.store(true, Ordering::Relaxed);
        assert!(played.push(from(1), "a4"));
        assert_eq!(played.order(), "a2 a4");
    }

    #[test]
    fn who_comes_back_stands_where_he_would_have_stood() {
        let mut played = Played::new(9, 9);
        for (at, name) in [(1, "a1"), (3, "a3"), (5, "a5")] {
            played.push_at(from(1), at, name).unwrap();
        }
        let moment = |played: &Played, at| played.start + Duration::from_millis(at);
        assert!(!played.line.has_waited_since(moment(&played, 1)));
        assert!(played.line.has_waited_since(moment(&played, 2)));
        played.push_at(from(1), 2, "a2").unwrap();
        assert_eq!(played.order(), "a1 a2 a3 a5");
    }
}
