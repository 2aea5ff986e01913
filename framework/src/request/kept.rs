//! Values that are made once for a request and borrowed from its context.

use std::any::Any;
use std::cell::OnceCell;
use std::fmt;

/// A list that only grows, so that what is in it can be borrowed while more is added.
#[derive(Default)]
pub(crate) struct Kept {
    first: OnceCell<Box<Link>>,
}

struct Link {
    key: usize,
    value: Box<dyn Any>,
    next: OnceCell<Box<Self>>,
}

impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kept").finish_non_exhaustive()
    }
}

impl Kept {
    /// The value under a key and of a type, which is made on first use. Making one may look for others.
    pub(crate) fn get_or_make<T: 'static>(
        &self,
        key: usize,
        make: impl FnOnce() -> T,
    ) -> Option<&T> {
        let mut place = &self.first;
        while let Some(link) = place.get() {
            if link.key == key
                && let Some(value) = link.value.downcast_ref()
            {
                return Some(value);
            }
            place = &link.next;
        }
        let value: Box<dyn Any> = Box::new(make());
        while let Some(link) = place.get() {
            place = &link.next;
        }
        let link = place.get_or_init(|| Box::new(Link { key, value, next: OnceCell::new() }));
        link.value.downcast_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_made_once_for_its_key_and_type() {
        let kept = Kept::default();
        let first = kept.get_or_make(1, || "one".to_owned());
        assert_eq!(kept.get_or_make(2, || "two".to_owned()).map(String::as_str), Some("two"));
        assert_eq!(kept.get_or_make(1, || 7_u8), Some(&7));
        let again = kept.get_or_make(1, || unreachable!("it is there"));
        assert!(std::ptr::eq(first.unwrap(), again.unwrap()));
    }

    #[test]
    fn making_one_may_make_another() {
        let kept = Kept::default();
        let made = kept.get_or_make(1, || kept.get_or_make(2, || 20).copied().unwrap_or(0) + 1);
        assert_eq!((made, kept.get_or_make(2, || 0)), (Some(&21), Some(&20)));
    }
}
