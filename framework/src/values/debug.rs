//! Errors whose `Debug` is their message.

/// `Debug` that prints the same message as `Display`: what a `main` that returns the error prints is
/// then a sentence.
macro_rules! debug_is_display {
    ($type:ty) => {
        impl std::fmt::Debug for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                std::fmt::Display::fmt(self, f)
            }
        }
    };
}
pub(crate) use debug_is_display;
