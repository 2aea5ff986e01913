//! Serializers that contain themselves, directly or through others.
//!
//! Along a relation to many, rows are nested below rows, level by level, until there are none
//! ([`MOST_LEVELS`] at most). Input that contains input of its own kind has no end and is refused.

use std::cell::RefCell;
use std::sync::OnceLock;

use super::description::Description;

/// How many levels of rows below rows are shown.
pub(crate) const MOST_LEVELS: u32 = 100;

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

/// A description that is built on first use; the derive generates calls of this.
///
/// # Panics
/// When building the description needs the description itself, which would block for ever.
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
