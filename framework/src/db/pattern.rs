//! Regular expressions of clients, at a bounded cost.
//!
//! `SQLite` matches them with the crate `regex`, whose time grows with the text alone. `PostgreSQL`
//! has an engine of its own, which takes seconds to compile repetitions of optional parts:
//! `((a?){20}){20}` takes six. So a pattern is bounded by its size with repetitions expanded.

use regex::{Regex, RegexBuilder};
use regex_syntax::hir::{Hir, HirKind};

use crate::fields::translated;

/// The prefix of a case-insensitive pattern, where a database has one operator for both.
pub(crate) const IGNORE_CASE: &str = "(?i)";

/// The longest pattern, in bytes.
const LONGEST: usize = 1_000;

/// The largest compiled pattern, in bytes.
const LARGEST: usize = 1 << 18;

/// The memory of the matcher beside the pattern, in bytes: with less it falls back to a slower way.
const REMEMBERED: usize = 1 << 18;

/// The most characters and classes of a pattern whose repetitions are expanded.
const MOST_PLACES: u32 = 2_000;

/// The most of them that may be absent.
const MOST_OPTIONAL: u32 = 100;

/// Compiles a pattern with Python's classes; `None` when it is not a valid pattern, or costs too
/// much.
pub(crate) fn compile(pattern: &str, ignore_case: bool) -> Option<Regex> {
    if pattern.len() > LONGEST {
        return None;
    }
    let pattern = &translated(pattern);
    let size = Size::of(&regex_syntax::parse(pattern).ok()?);
    if size.places > MOST_PLACES || size.optional > MOST_OPTIONAL {
        return None;
    }
    RegexBuilder::new(pattern)
        .case_insensitive(ignore_case)
        .size_limit(LARGEST)
        .dfa_size_limit(REMEMBERED)
        .build()
        .ok()
}

/// How large a pattern is when its repetitions are expanded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Size {
    places: u32,
    optional: u32,
}

impl Size {
    // bounded: the parser refuses deep nesting
    fn of(pattern: &Hir) -> Self {
        match pattern.kind() {
            HirKind::Empty | HirKind::Look(_) | HirKind::Class(_) => {
                Self { places: 1, optional: 0 }
            }
            HirKind::Literal(text) => {
                Self { places: u32::try_from(text.0.len()).unwrap_or(u32::MAX), optional: 0 }
            }
            HirKind::Capture(group) => Self::of(&group.sub),
            HirKind::Concat(parts) | HirKind::Alternation(parts) => {
                parts.iter().map(Self::of).fold(Self { places: 0, optional: 0 }, Self::plus)
            }
            HirKind::Repetition(repeated) => {
                let copies = repeated.max.unwrap_or(repeated.min).max(1);
                let inner = Self::of(&repeated.sub);
                let own = u32::from(repeated.min == 0);
                Self {
                    places: inner.places.saturating_mul(copies),
                    optional: inner.optional.saturating_mul(copies).saturating_add(own),
                }
            }
        }
    }

    fn plus(self, other: Self) -> Self {
        Self {
            places: self.places.saturating_add(other.places),
            optional: self.optional.saturating_add(other.optional),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passes(pattern: &str) -> bool {
        compile(pattern, false).is_some()
    }

    #[test]
    fn a_pattern_is_bounded_in_length_and_size() {
        assert!(passes(&"a".repeat(LONGEST)) && !passes(&"a".repeat(LONGEST + 1)));
        assert!(passes("a{255}") && passes(r"\w{1,4}x{0,255}"));
        assert!(!passes("(a{100}){100}") && !passes("((a{50}){50}){50}") && !passes(r"\w{255}"));
        assert!(!passes("(") && !passes("(?=a)") && !passes(r"(a)\1"));
    }

    #[test]
    fn what_is_repeated_and_may_be_absent_is_bounded() {
        assert!(passes("(a?){99}") && passes("(a*b?){40}") && passes("(a+)+$"));
        for pattern in ["(a?){200}", "((a?){20}){20}", "((a*){11}){11}", "((a|b?){60}c?){2}"] {
            assert!(!passes(pattern), "{pattern}");
        }
        assert!(!passes(&"a?".repeat(101)) && !passes(&"(a*){9}".repeat(12)));
    }

    #[test]
    fn a_pattern_of_much_nesting_is_none() {
        assert!(!passes(&format!("{}a{}", "(".repeat(400), ")".repeat(400))));
    }

    #[test]
    fn classes_are_those_of_python() {
        let finds = |pattern: &str, text| compile(pattern, false).unwrap().is_match(text);
        assert!(finds(r"^\w+\Z", "x²") && !finds(r"^\w+\Z", "e\u{301}"));
        assert!(finds(r"\s", "\u{1f}") && !finds(r"\d", "½"));
    }

    #[test]
    fn case_may_be_ignored() {
        assert!(compile("^r", true).is_some_and(|regex| regex.is_match("Riff Raff")));
        assert!(compile("^r", false).is_some_and(|regex| !regex.is_match("Riff Raff")));
    }
}
