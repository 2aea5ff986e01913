//! Serializers that contain themselves, directly or through others.
//!
//! Along a to-many relation, rows are nested below rows, level by level, until there are none
//! ([`MOST_LEVELS`] at most). A row that several hold is written in each of them, so that rows
//! which hold the same ones double what is written with every level: the objects are counted before
//! they are written ([`MOST_OBJECTS`] at most). Recursive input is unbounded, and refused.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::sync::OnceLock;

use super::description::{Description, Source};
use super::relations::Related;
use crate::db::Key;
use crate::values::Value;

/// How many levels of rows below rows are shown.
pub(crate) const MOST_LEVELS: u32 = crate::db::MOST_LEVELS;

/// How many objects below others a response of such rows holds.
pub(crate) const MOST_OBJECTS: usize = 10_000;

/// How often each row of a level is written: once for every path to it from the top.
pub(crate) struct WriteCounts<'a> {
    /// The objects that are to be written below others, of all levels so far.
    written: &'a Cell<usize>,
    times: Vec<usize>,
}

impl<'a> WriteCounts<'a> {
    /// The counts of rows of the response itself.
    pub(crate) fn to_the_top(rows: usize, written: &'a Cell<usize>) -> Self {
        Self { written, times: vec![1; rows] }
    }

    /// The counts of some of the rows, by place.
    pub(crate) fn to_some(&self, places: impl Iterator<Item = usize>) -> Self {
        let times = places.map(|place| self.times.get(place).copied().unwrap_or(0)).collect();
        Self { written: self.written, times }
    }

    /// How often rows of each key are written.
    pub(crate) fn by_key(&self, keys: &[Value]) -> HashMap<Key, usize> {
        let mut by_key = HashMap::with_capacity(keys.len());
        for (key, times) in keys.iter().zip(&self.times) {
            if let Some(key) = Key::new(key.as_ref()) {
                let sum: &mut usize = by_key.entry(key).or_default();
                *sum = sum.saturating_add(*times);
            }
        }
        by_key
    }

    /// The counts of the rows below, which belong to keys; `None` when they are too many. Of what
    /// cannot hold rows of its own kind, only what is written again counts.
    pub(crate) fn below(
        &self,
        by_key: &HashMap<Key, usize>,
        groups: &HashMap<Key, Vec<usize>>,
        rows: usize,
        recurs: bool,
    ) -> Option<Self> {
        let mut written = self.written.get();
        let mut counts = vec![0; rows];
        for (key, places) in groups {
            let times = by_key.get(key).copied().unwrap_or(0);
            let counted = if recurs { times } else { times.saturating_sub(1) };
            written = written.saturating_add(counted.saturating_mul(places.len()));
            for place in places {
                if let Some(count) = counts.get_mut(*place) {
                    *count = times;
                }
            }
        }
        self.written.set(written);
        (written <= MOST_OBJECTS).then_some(Self { written: self.written, times: counts })
    }
}

/// Whether a serializer contains itself, or one that does.
pub(super) fn reaches_a_circle(
    description: &Description,
    above: &mut Vec<*const Description>,
    done: &mut Vec<*const Description>,
) -> bool {
    let place = std::ptr::from_ref(description);
    if above.contains(&place) || done.contains(&place) {
        return above.contains(&place);
    }
    above.push(place);
    let sources = description.sources.iter().filter_map(|source| match source {
        Source::Row(_, related) => Some(related),
        Source::Value(_) => None,
    });
    let found = description.many.iter().map(|many| &many.related).chain(sources).any(|related| {
        matches!(related, Related::Serializer(inner) if reaches_a_circle(inner.get(), above, done))
    });
    above.pop();
    done.push(place);
    found
}

thread_local! {
    /// The cells of the descriptions that this thread is building.
    static MAKING: RefCell<Vec<*const OnceLock<Description>>> = const { RefCell::new(Vec::new()) };
}

/// Removes the cell on drop, on a panic too.
struct Making;

impl Drop for Making {
    fn drop(&mut self) {
        MAKING.with_borrow_mut(Vec::pop);
    }
}

/// Builds a description on first use; the derive generates calls of this.
///
/// # Panics
/// If building the description needs the description itself, which would block forever.
#[doc(hidden)]
pub fn once(
    cell: &'static OnceLock<Description>,
    name: &'static str,
    make: impl FnOnce() -> Description,
) -> &'static Description {
    if let Some(made) = cell.get() {
        return made;
    }
    let place = std::ptr::from_ref(cell);
    assert!(
        !MAKING.with_borrow(|making| making.contains(&place)),
        "the serializer `{name}` takes itself as input, directly or through others, which has no end: \
         take keys or JSON there"
    );
    MAKING.with_borrow_mut(|making| making.push(place));
    let _making = Making;
    cell.get_or_init(make)
}
