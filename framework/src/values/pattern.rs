//! Regular expressions as Python's `re` reads them, compiled by the crate `regex`.
//!
//! The two differ in what a class holds: Python's `\w` has every kind of number (`²`, `①`) and no
//! combining mark, and its `\s` has the four separators U+001C to U+001F. Untranslated, a pattern
//! from a Django project would refuse names that are already stored, so it is translated before it
//! is compiled.
//!
//! `\b` and `\B` keep the crate's meaning: a combining mark is part of a word.

use std::fmt;

use regex::{Error, Regex};

/// `\w`: `str.isalnum` or an underscore.
const WORD: &str = r"\p{L}\p{N}_";

/// `\s`: `str.isspace`.
const SPACE: &str = r"\s\x1c-\x1f";

/// A regular expression as Python's `re` reads it: what `RegexValidator` and `RegexField` take.
///
/// ```
/// use quintet::fields::Pattern;
///
/// let username = Pattern::new(r"^[\w.@+-]+\Z")?;
/// assert!(username.is_match("x²"));
/// assert!(!username.is_match("e\u{301}"), "a combining mark is no letter");
/// assert_eq!(username.as_str(), r"^[\w.@+-]+\Z");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Pattern {
    source: Box<str>,
    regex: Regex,
}

impl Pattern {
    /// Compiles a pattern.
    ///
    /// # Errors
    /// When it cannot be parsed, looks around (`(?=…)`) or back (`\1`), or is very large.
    pub fn new(source: &str) -> Result<Self, Error> {
        Ok(Self { source: source.into(), regex: Regex::new(&translated(source))? })
    }

    /// True when it is found in a text (`re.search`).
    pub fn is_match(&self, text: &str) -> bool {
        self.regex.is_match(text)
    }

    /// The pattern as it was written.
    pub fn as_str(&self) -> &str {
        &self.source
    }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pattern({:?})", self.source)
    }
}

/// A compiled regex keeps its own meaning.
impl From<Regex> for Pattern {
    fn from(regex: Regex) -> Self {
        Self { source: regex.as_str().into(), regex }
    }
}

/// Translates a pattern from Python's syntax to the crate's.
pub(crate) fn translated(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len() + 16);
    let mut rest = pattern.chars();
    let mut class = Class::default();
    while let Some(c) = rest.next() {
        if c == '\\' {
            escape(&mut rest, class.open, &mut out);
            class.after_item();
        } else if class.open {
            class.push(c, rest.as_str().starts_with(']'), &mut out);
        } else {
            match c {
                '[' => {
                    out.push('[');
                    class = Class { open: true, first: true, range: false };
                    if rest.as_str().starts_with('^') {
                        rest.next();
                        out.push('^');
                    }
                }
                // also in front of a last line feed
                '$' => out.push_str(r"(?:$|\n\z)"),
                '{' => brace(&mut rest, &mut out),
                '(' if rest.as_str().starts_with("?#") => {
                    rest.by_ref().find(|c| *c == ')');
                }
                c => out.push(c),
            }
        }
    }
    out
}

/// The position within `[…]`. Inside, the crate gives a meaning to `[`, `&&`, `--` and `~~`, which
/// are literal in Python.
#[derive(Default)]
struct Class {
    open: bool,
    /// Nothing has been read of it yet.
    first: bool,
    /// A hyphen that makes a range has just been read.
    range: bool,
}

impl Class {
    fn push(&mut self, c: char, last: bool, out: &mut String) {
        match c {
            ']' if !self.first => {
                *self = Self::default();
                out.push(']');
                return;
            }
            '-' if !(self.first || self.range || last) => {
                self.range = true;
                out.push('-');
                return;
            }
            ']' | '-' | '[' | '&' | '~' => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
        self.after_item();
    }

    fn after_item(&mut self) {
        (self.first, self.range) = (false, false);
    }
}

/// What follows a backslash.
fn escape(rest: &mut std::str::Chars<'_>, in_class: bool, out: &mut String) {
    let Some(c) = rest.next() else {
        out.push('\\');
        return;
    };
    let set = match c {
        'w' => ("[", WORD),
        'W' => ("[^", WORD),
        's' => ("[", SPACE),
        'S' => ("[^", SPACE),
        _ => {
            match c {
                'Z' if !in_class => out.push_str(r"\z"),
                'b' if in_class => out.push_str(r"\x08"),
                '0' => out.push_str(r"\x00"),
                // the ends of words to the crate
                '<' | '>' => out.push(c),
                c => {
                    out.push('\\');
                    out.push(c);
                }
            }
            return;
        }
    };
    out.push_str(set.0);
    out.push_str(set.1);
    out.push(']');
}

/// A brace that repeats what is before it (`{2}`, `{,3}`), or a literal one.
fn brace(rest: &mut std::str::Chars<'_>, out: &mut String) {
    let inner = rest.as_str().split_once('}').map_or("", |(inner, _)| inner);
    let (least, most) = inner.split_once(',').unwrap_or((inner, "0"));
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if inner.is_empty() || !is_number(least) || !is_number(most) {
        out.push_str(r"\{");
        return;
    }
    out.push_str(if least.is_empty() { "{0" } else { "{" });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finds(pattern: &str, text: &str) -> bool {
        Pattern::new(pattern).unwrap().is_match(text)
    }

    /// How many code points of Unicode 14, which Python 3.11 knows, a class holds, and a hash of
    /// them in their order.
    fn held(class: &str) -> (u32, u32) {
        let pattern = Pattern::new(class).unwrap();
        let assigned = Regex::new(r"\p{age:14.0}").unwrap();
        let mut buffer = [0; 4];
        let (mut count, mut hash) = (0, 0_u32);
        for c in '\0'..=char::MAX {
            let text: &str = c.encode_utf8(&mut buffer);
            if assigned.is_match(text) && pattern.is_match(text) {
                count += 1;
                hash = hash.wrapping_mul(31).wrapping_add(c.into());
            }
        }
        (count, hash)
    }

    #[test]
    fn classes_hold_what_they_hold_in_python_over_all_code_points() {
        assert_eq!(held(r"^\w\Z"), (133_548, 4_129_908_200));
        assert_eq!(held(r"^\d\Z"), (660, 1_377_931_274));
        assert_eq!(held(r"^\s\Z"), (29, 2_190_692_316));
        assert_eq!(held(r"^[\w-]\Z"), (133_549, 3_284_608_661));
        assert_eq!(held(r"^[^\W\d]\Z"), (132_888, 2_952_941_282));
    }

    #[test]
    fn what_stands_for_itself_in_python_does_so_here() {
        for (pattern, text) in [
            ("[[a]x", "[x"),
            ("[]a]x", "]x"),
            ("[^]a]x", "bx"),
            ("[a&&b]x", "&x"),
            ("[a~~b]x", "~x"),
            ("[+--]x", ",x"),
            ("[a-]x", "-x"),
            ("[-a]x", "-x"),
            (r"[\w@+-]x", "-x"),
            ("a{x}", "a{x}"),
            ("a{", "a{"),
            ("a{,2}b", "b"),
            ("a{2}b", "aab"),
            ("a{1,}b", "aab"),
            (r"\<b\>", "<b>"),
            (r"[\b]", "\u{8}"),
            (r"a\0", "a\0"),
            ("a(?#it is)b", "ab"),
            ("a$", "a\n"),
            (r"\[x]", "[x]"),
        ] {
            assert!(finds(pattern, text), "{pattern} in {text:?}");
        }
        assert!(!finds(r"a\Z", "a\n"));
        assert!(!finds("a$", "a\n\n"));
        assert!(!finds("[a&&b]", "c"));
        assert!(Pattern::new("(?=a)").is_err());
        assert!(Pattern::new("[a").is_err());
    }

    #[test]
    fn a_regex_that_is_made_already_is_not_translated() {
        let pattern = Pattern::from(Regex::new(r"^\w$").unwrap());
        assert!(pattern.is_match("\u{301}"));
    }
}
