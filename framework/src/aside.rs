//! Futures in a box of their own.

use std::pin::Pin;

/// Boxes a future that few requests need, so that it is not part of its caller's.
///
/// `make` runs in a frame of its own: a future is built on the stack before it is boxed, and would
/// otherwise have its room in the caller's frame, used or not.
#[inline(never)]
pub(crate) fn aside<F: Future>(make: impl FnOnce() -> F) -> Pin<Box<F>> {
    Box::pin(make())
}
