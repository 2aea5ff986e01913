//! Serializers that hold themselves, directly or through others.
//!
//! Along a relation to many, rows stand below rows, level by level, until there are none
//! ([`MOST_LEVELS`] at most). Input that holds input of its own kind has no end and is refused.

use std::cell::RefCell;
use std::sync::OnceLock;

use super::description::Description;

/// How many levels of rows below rows are shown.
pub(crate) const MOST_LEVELS: u32 = 100;

thread_local! {
    /// Where the descriptions will be that this thread is making.
    static MAKING: RefCell<Vec<*const OnceLock<Description>>> = const { RefCell::new(Vec::new()) };
}

/// Ends with the making, however that ends.
struct Making;

impl Drop for Making {
    fn drop(&mut self) {
        MAKING.with_borrow_mut(Vec::pop);
    }
}

/// A description that is made when it is first asked for; the derive writes calls of this.
///
/// # Panics
/// When the description needs itself to be made, which would wait for ever.
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
