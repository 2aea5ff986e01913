//! What is computed of a row once (`cached_property`).

use std::fmt;
use std::sync::OnceLock;

/// A value that is computed of a row when it is first asked for, and kept with the row: the type of a
/// field with `#[field(cached)]`, which no column holds (`django.utils.functional.cached_property`).
///
/// A row that is read has none yet, and one that is written as a struct has `Cached::default()`. A copy
/// of the row has what was kept. Rows are equal whatever they keep.
///
/// ```
/// use quintet::db::Cached;
/// use quintet::prelude::*;
///
/// #[model(app = "library")]
/// pub struct Article {
///     pub id: i64,
///     pub body: String,
///     #[field(cached)]
///     words: Cached<usize>,
/// }
///
/// impl Article {
///     pub fn words(&self) -> usize {
///         *self.words.get_or_init(|| self.body.split_whitespace().count())
///     }
/// }
///
/// # fn main() {
/// let article = Article { id: 1, body: "Two words".into(), words: Cached::default() };
/// assert_eq!(article.words(), 2);
/// # }
/// ```
#[doc(alias = "cached_property")]
pub struct Cached<T>(OnceLock<T>);

impl<T> Cached<T> {
    /// The value, which is computed unless it is kept already.
    pub fn get_or_init(&self, compute: impl FnOnce() -> T) -> &T {
        self.0.get_or_init(compute)
    }

    /// The value, if it is kept.
    pub fn get(&self) -> Option<&T> {
        self.0.get()
    }

    /// Keeps a value in place of the one that is kept, which is returned: for what reads or computes it
    /// elsewhere, in a `from_db` function for example.
    pub fn replace(&mut self, value: T) -> Option<T> {
        let old = self.0.take();
        self.0 = OnceLock::from(value);
        old
    }

    /// Forgets the value (`del article.words`).
    pub fn clear(&mut self) {
        self.0.take();
    }
}

impl<T> Default for Cached<T> {
    fn default() -> Self {
        Self(OnceLock::new())
    }
}

impl<T: Clone> Clone for Cached<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T> PartialEq for Cached<T> {
    fn eq(&self, _other: &Self) -> bool {
        true
    }
}

impl<T> fmt::Debug for Cached<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.get().is_some() { "Cached(..)" } else { "Cached" })
    }
}
