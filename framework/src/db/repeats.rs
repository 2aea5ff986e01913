//! Statements that one request repeats, counted in debug builds.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt::Display;

/// How often one response sends a statement before that looks like once for every row.
const MANY: u32 = 10;

/// How often each SELECT was sent, by its text without values.
#[derive(Debug, Default)]
pub(crate) struct Repeats(RefCell<HashMap<String, u32>>);

impl Repeats {
    /// Counts a statement.
    pub(super) fn note(&self, text: &dyn Display) {
        let text = text.to_string();
        if text.starts_with("SELECT") {
            *self.0.borrow_mut().entry(text).or_default() += 1;
        }
    }

    /// The statement that was sent most often, where that is often enough to be told.
    pub(crate) fn worst(&self) -> Option<(String, u32)> {
        let counts = self.0.borrow();
        let (text, times) = counts.iter().max_by_key(|(_, times)| **times)?;
        (*times > MANY).then(|| (text.clone(), *times))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_text_many_times_is_told_and_writes_are_not() {
        let repeats = Repeats::default();
        for number in 0..=MANY {
            assert_eq!(repeats.worst(), None);
            repeats.note(&"SELECT 1");
            repeats.note(&"INSERT INTO t");
            repeats.note(&format!("SELECT {number} + 1"));
        }
        assert_eq!(repeats.worst(), Some(("SELECT 1".to_owned(), MANY + 1)));
    }
}
