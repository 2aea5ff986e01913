//! Regular expressions of clients, at a bounded cost.
//!
//! `SQLite` matches them with the crate `regex`, whose time grows with the text alone. `PostgreSQL`
//! has an engine of its own, which takes seconds to compile repetitions of optional parts:
//! `((a?){20}){20}` takes six, and anchors among alternatives are worse. So a pattern is bounded by its size with repetitions expanded.

use regex::{Regex, RegexBuilder};
use regex_syntax::ast::parse::Parser;
use regex_syntax::ast::{AssertionKind, Ast, RepetitionKind, RepetitionRange};

use crate::values::translated;

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

/// The most parts that may be absent.
const MOST_OPTIONAL: u32 = 100;

/// How many of those an anchor stands for that may be absent: `PostgreSQL`'s time doubles with each,
/// and `(^|$){20}` takes it minutes.
const LOOSE_ANCHOR: u32 = 10;

/// Compiles a pattern with Python's classes; `None` when it is not a valid pattern, or costs too
/// much.
pub(crate) fn compile(pattern: &str, ignore_case: bool) -> Option<Regex> {
    if pattern.len() > LONGEST {
        return None;
    }
    let pattern = &translated(pattern);
    let size = Size::of(&Parser::new().parse(pattern).ok()?);
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

/// How large a pattern is when its repetitions are expanded. It is measured as it is written: the
/// crate simplifies what it compiles, `PostgreSQL` expands `(|){255}` like any other repetition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Size {
    places: u32,
    optional: u32,
    /// The same inside another repetition, where `a{0,9}` is nine of them.
    repeated: u32,
    /// It may match without taking a character.
    empty: bool,
    /// There is an anchor or a boundary in it.
    anchored: bool,
}

impl Size {
    const PLACE: Self = Self { places: 1, optional: 0, repeated: 0, empty: false, anchored: false };
    const NOTHING: Self = Self { optional: 1, repeated: 1, empty: true, ..Self::PLACE };
    const ANCHOR: Self = Self { empty: true, anchored: true, ..Self::PLACE };

    // bounded: the parser refuses deep nesting
    fn of(pattern: &Ast) -> Self {
        match pattern {
            // an empty alternative: `(a|)` is `a?`
            Ast::Empty(_) => Self::NOTHING,
            Ast::Assertion(_) | Ast::Flags(_) => Self::ANCHOR,
            Ast::Literal(_)
            | Ast::Dot(_)
            | Ast::ClassUnicode(_)
            | Ast::ClassPerl(_)
            | Ast::ClassBracketed(_) => Self::PLACE,
            Ast::Group(group) => Self::of(&group.ast),
            Ast::Concat(all) => all
                .asts
                .iter()
                .map(Self::of)
                .reduce(|one, other| Self { empty: one.empty && other.empty, ..one.with(other) })
                .unwrap_or(Self::NOTHING),
            Ast::Alternation(all) if is_end(&all.asts) => Self::ANCHOR,
            Ast::Alternation(all) => all
                .asts
                .iter()
                .map(|branch| {
                    let size = Self::of(branch);
                    size.and_optional(if size.is_loose() { LOOSE_ANCHOR } else { 0 })
                })
                .reduce(Self::with)
                .unwrap_or(Self::NOTHING),
            Ast::Repetition(repeated) => Self::of(&repeated.ast).times(&repeated.op.kind),
        }
    }

    fn with(self, other: Self) -> Self {
        Self {
            places: self.places.saturating_add(other.places),
            optional: self.optional.saturating_add(other.optional),
            repeated: self.repeated.saturating_add(other.repeated),
            empty: self.empty || other.empty,
            anchored: self.anchored || other.anchored,
        }
    }

    fn times(self, kind: &RepetitionKind) -> Self {
        let (min, max) = match *kind {
            RepetitionKind::ZeroOrOne => (0, Some(1)),
            RepetitionKind::ZeroOrMore => (0, None),
            RepetitionKind::OneOrMore => (1, None),
            RepetitionKind::Range(RepetitionRange::Exactly(min)) => (min, Some(min)),
            RepetitionKind::Range(RepetitionRange::AtLeast(min)) => (min, None),
            RepetitionKind::Range(RepetitionRange::Bounded(min, max)) => (min, Some(max)),
        };
        let copies = max.unwrap_or(min).max(1);
        let inner = if copies > 1 || max.is_none() { self.repeated } else { self.optional };
        // a loop around what may be empty is a second way through all of it
        let ways = if max.is_none() && self.empty { copies.saturating_mul(2) } else { copies };
        let size = Self {
            places: self.places.saturating_mul(copies),
            optional: inner.saturating_mul(ways),
            repeated: self.repeated.saturating_mul(ways),
            empty: self.empty || min == 0,
            ..self
        };
        match max.map(|max| max.saturating_sub(min)) {
            Some(skipped) if self.is_loose() => {
                size.and_optional(skipped.saturating_mul(LOOSE_ANCHOR))
            }
            Some(skipped) => Self {
                optional: size.optional.saturating_add(u32::from(min == 0)),
                repeated: size.repeated.saturating_add(skipped),
                ..size
            },
            None if min == 0 && self.is_loose() => size.and_optional(LOOSE_ANCHOR),
            None => size.and_optional(u32::from(min == 0 || self.empty)),
        }
    }

    fn and_optional(self, more: u32) -> Self {
        Self {
            optional: self.optional.saturating_add(more),
            repeated: self.repeated.saturating_add(more),
            ..self
        }
    }

    /// Whether it may be an anchor and nothing else, which counts for much where there is a way
    /// round it.
    fn is_loose(self) -> bool {
        self.empty && self.anchored
    }
}

/// True for the alternatives that stand for Python's `$`, which no pattern of a client has
/// otherwise.
fn is_end(branches: &[Ast]) -> bool {
    matches!(branches, [Ast::Assertion(first), _] if first.kind == AssertionKind::EndLine)
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
    fn an_alternative_that_is_empty_is_a_part_that_may_be_absent() {
        assert!(passes("(a|)") && passes("(|a){99}") && passes("()") && passes(""));
        for pattern in ["((a|){20}){20}", "((|a){20}){20}", "((a||b){20}){20}", "(((|a)b?){8}){8}"]
        {
            assert!(!passes(pattern), "{pattern}");
        }
    }

    #[test]
    fn what_has_no_width_is_repeated_like_anything_else() {
        assert!(passes("(^){255}") && passes(r"\b{9}") && passes("(a$){9}"));
        for pattern in ["((^){255}){255}", "((|){255}){255}", r"((\b){60}){60}", "((){99}){99}"] {
            assert!(!passes(pattern), "{pattern}");
        }
        for pattern in
            ["(($){60}){60}", "((a{0}){60}){60}", "((a|^{0}){20}){20}", "(((?i)){60}){60}"]
        {
            assert!(!passes(pattern), "{pattern}");
        }
    }

    #[test]
    fn anchors_that_may_be_passed_by_count_for_many_parts() {
        assert!(passes("(^|$){5}") && passes("^(a$|b$|c)$") && passes(&"(a$)?".repeat(100)));
        assert!(passes("(^|,)a(,|$)") && passes(&"^a$|".repeat(50)));
        for pattern in [
            "(^|$){6}",
            "(a|^|$){20}",
            r"((^|\A|$|\Z){5}){4}",
            "((^)?($)?){6}",
            "((^)*($)*){6}",
            "((^){0,1}a?|b){11}",
        ] {
            assert!(!passes(pattern), "{pattern}");
        }
    }

    #[test]
    fn repetitions_within_repetitions_count() {
        assert!(passes("((((a*)+b*)+)+){5}") && !passes("((((a*)+b*)+)+){6}"));
        assert!(passes("(([a-z]{0,61}[a-z])?,)+") && !passes("(a{0,19}){99}"));
        assert!(passes(r"(\d{1,3},){3}\d{1,3}") && !passes(r"((\w{0,9}|c){10}){9}"));
        assert!(passes("((a+)+){99}") && !passes("((a*){1,}){51}"));
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
