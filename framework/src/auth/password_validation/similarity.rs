//! Similarity of two texts: Python's `SequenceMatcher.quick_ratio`.

use std::collections::HashMap;
use std::sync::LazyLock;

use regex::Regex;

/// Separators of words: Python's `\W+`.
static GAP: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"[^\p{L}\p{N}_]+").ok());

/// The similarity at which a password is refused.
const MAX_SIMILARITY: f64 = 0.7;

/// Whether a password, in lower case, is similar to a value or one of its words.
pub(super) fn is_too_similar(password: &str, value: &str) -> bool {
    if value.is_empty() {
        return false;
    }
    let value = value.to_lowercase();
    let words = GAP.iter().flat_map(|gap| gap.split(&value));
    let length = password.chars().count();
    words.chain([value.as_str()]).any(|part| {
        !is_far_longer(length, part.chars().count()) && ratio(password, part) >= MAX_SIMILARITY
    })
}

/// Whether the lengths differ too much for any similarity (`exceeds_maximum_length_ratio`).
#[expect(clippy::cast_precision_loss, reason = "lengths of texts")]
fn is_far_longer(password: usize, value: usize) -> bool {
    let bound = MAX_SIMILARITY / 2.0 * password as f64;
    password >= value.saturating_mul(10) && (value as f64) < bound
}

/// Twice the characters that both have, by all characters (`quick_ratio`).
#[expect(clippy::cast_precision_loss, reason = "lengths of texts")]
fn ratio(a: &str, b: &str) -> f64 {
    let mut left: HashMap<char, usize> = HashMap::new();
    for c in b.chars() {
        *left.entry(c).or_default() += 1;
    }
    let mut matches = 0_usize;
    for c in a.chars() {
        if let Some(count) = left.get_mut(&c).filter(|count| **count > 0) {
            *count -= 1;
            matches += 1;
        }
    }
    match a.chars().count() + b.chars().count() {
        0 => 1.0,
        length => 2.0 * matches as f64 / length as f64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ratio_counts_characters_wherever_they_stand() {
        for (a, b, expected) in [
            ("abcd", "bcde", 0.75),
            ("abc", "cba", 1.0),
            ("aab", "abb", 2.0 / 3.0),
            ("", "", 1.0),
            ("a", "", 0.0),
        ] {
            assert!((ratio(a, b) - expected).abs() < 1e-12, "{a} {b}");
        }
    }

    #[test]
    fn a_long_password_is_like_no_short_value() {
        assert!(!is_too_similar(&"a".repeat(200), "a"));
        assert!(!is_too_similar("", "alice") && !is_too_similar("alice", ""));
        assert!(is_too_similar("ecila", "Alice Smith"));
    }
}
