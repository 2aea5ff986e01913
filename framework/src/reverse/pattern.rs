//! URL patterns: fixed text and captures, matched and filled in.
//!
//! A pattern is written as Django's `path()` takes it (`errors/<slug:kind>/`), or with the named
//! groups of `re_path()` (`by-letter/(?P<letter>[A-Za-z])/`), whose classes are those of Python
//! (`\w`, `\s`); both may stand in one pattern.
//! Text outside of captures stands for itself.

use std::borrow::Cow;

use percent_encoding::utf8_percent_encode;
use regex::Regex;

use super::escape::PATH;
use crate::values::translated;

/// The value pattern of a router's lookup: DRF's `lookup_value_regex` default.
const LOOKUP: &str = "[^/.]+";

/// What was captured, by name, in the order of the pattern.
pub type Kwargs = Vec<(String, String)>;

/// A pattern that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("URL pattern `{pattern}`: {reason}")]
#[non_exhaustive]
pub struct PatternError {
    /// The pattern, as it was written.
    pub pattern: String,
    /// What is wrong with it.
    pub reason: String,
}

/// What a capture matches.
#[derive(Debug, Clone)]
enum CaptureKind {
    /// One or more bytes that pass a test: matched without a regex.
    Class(fn(u8) -> bool),
    /// Anything else.
    Regex(Box<Regex>),
}

impl CaptureKind {
    /// The byte class of a simple regex.
    fn class(regex: &str) -> Option<fn(u8) -> bool> {
        Some(match regex {
            LOOKUP => |byte| !matches!(byte, b'/' | b'.'),
            "[^/]+" => |byte| byte != b'/',
            "[0-9]+" => |byte| byte.is_ascii_digit(),
            "[-a-zA-Z0-9_]+" => |byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'),
            "[a-z0-9]+" => |byte| byte.is_ascii_lowercase() || byte.is_ascii_digit(),
            _ => return None,
        })
    }

    fn takes(&self, value: &str) -> bool {
        match self {
            Self::Class(test) => !value.is_empty() && value.bytes().all(test),
            Self::Regex(regex) => regex.is_match(value),
        }
    }
}

#[derive(Debug, Clone)]
enum Piece {
    Literal(String),
    Capture { name: String, kind: CaptureKind, regex: String },
}

/// A URL pattern: text and captures, as in Django's `path()` and `re_path()`.
///
/// ```
/// use quintet::reverse::Pattern;
///
/// let pattern = Pattern::new("errors/<slug:kind>/").unwrap();
/// let found = pattern.matches("errors/not-found/").unwrap();
/// assert_eq!(found, [("kind".to_owned(), "not-found".to_owned())]);
/// assert_eq!(pattern.fill(&[("kind", "busy")]).as_deref(), Some("errors/busy/"));
/// ```
#[derive(Debug, Clone)]
pub struct Pattern {
    pieces: Vec<Piece>,
    /// A slash at the end may be there or not.
    optional_slash: bool,
    /// Set if the pieces cannot be matched one after the other without backtracking.
    whole: Option<Box<Regex>>,
}

impl Pattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// When a bracket is not closed, a capture's kind is unknown, a regex does not compile, or
    /// the text between captures looks like a regex.
    pub fn new(source: &str) -> Result<Self, PatternError> {
        let fail = |reason: String| PatternError { pattern: source.to_owned(), reason };
        let mut pieces: Vec<Piece> = Vec::new();
        let mut rest = source;
        while !rest.is_empty() {
            let (name, regex, after) = if let Some(group) = rest.strip_prefix("(?P<") {
                let (name, body) = group
                    .split_once('>')
                    .ok_or_else(|| fail("the name of a group has no `>`".into()))?;
                let end = group_end(body)
                    .ok_or_else(|| fail(format!("the group `{name}` is not closed")))?;
                (name, &body[..end], &body[end + 1..])
            } else if let Some(capture) = rest.strip_prefix('<') {
                let (inner, after) =
                    capture.split_once('>').ok_or_else(|| fail("a `<` has no `>`".into()))?;
                let (kind, name) = inner.split_once(':').unwrap_or(("str", inner));
                let regex = match kind {
                    "str" => "[^/]+",
                    "int" => "[0-9]+",
                    "slug" => "[-a-zA-Z0-9_]+",
                    "uuid" => "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
                    "path" => ".+",
                    _ => {
                        return Err(fail(format!(
                            "no capture of kind `{kind}`; there are str, int, slug, uuid, path"
                        )));
                    }
                };
                (name, regex, after)
            } else {
                let end = rest
                    .char_indices()
                    .find(|(at, char)| *char == '<' || rest[*at..].starts_with("(?P<"))
                    .map_or(rest.len(), |(at, _)| at);
                let (text, after) = rest.split_at(end);
                if let Some(odd) = text.chars().find(|char| r"()[]{}^$*?|\".contains(*char)) {
                    return Err(fail(format!(
                        "`{odd}` outside of a capture; put regexes into a group `(?P<name>…)`"
                    )));
                }
                pieces.push(Piece::Literal(text.to_owned()));
                rest = after;
                continue;
            };
            if name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
                return Err(fail(format!("`{name}` is not a valid name for a capture")));
            }
            pieces.push(capture(name, regex).map_err(|error| fail(error.to_string()))?);
            rest = after;
        }
        Self { pieces, optional_slash: false, whole: None }.prepared().map_err(fail)
    }

    /// Creates a pattern of fixed text.
    pub(crate) fn literal(text: &str) -> Self {
        let pieces = match text {
            "" => Vec::new(),
            text => vec![Piece::Literal(text.to_owned())],
        };
        Self { pieces, optional_slash: false, whole: None }
    }

    /// Whether it is the pattern of the empty path.
    pub fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// The pattern of a router's lookup value: one capture.
    ///
    /// # Errors
    /// When the regex does not compile.
    pub fn lookup(name: &str, value_regex: Option<&str>) -> Result<Self, PatternError> {
        Self::new(&format!("(?P<{name}>{})", value_regex.unwrap_or(LOOKUP)))
    }

    /// This pattern, then another.
    ///
    /// # Errors
    /// When a name would be captured twice.
    pub fn then(&self, next: &Self) -> Result<Self, PatternError> {
        let mut pieces = self.pieces.clone();
        for piece in &next.pieces {
            match (pieces.last_mut(), piece) {
                (Some(Piece::Literal(last)), Piece::Literal(text)) => last.push_str(text),
                _ => pieces.push(piece.clone()),
            }
        }
        let joined = Self { pieces, optional_slash: next.optional_slash, whole: None };
        let pattern = joined.to_string();
        joined.prepared().map_err(|reason| PatternError { pattern, reason })
    }

    /// The form with a format suffix: without its last slash, then `.{format}`, then an optional
    /// slash (`format_suffix_patterns`).
    ///
    /// # Errors
    /// When the pattern captures a `format` already.
    pub fn with_format_suffix(&self) -> Result<Self, PatternError> {
        let mut base = self.clone();
        if let Some(Piece::Literal(text)) = base.pieces.last_mut() {
            text.truncate(text.trim_end_matches('/').len());
            if text.is_empty() {
                base.pieces.pop();
            }
        }
        let mut suffix = Self::new(".(?P<format>[a-z0-9]+)")?;
        suffix.optional_slash = true;
        base.then(&suffix)
    }

    /// The names captured, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Capture { name, .. } => Some(name.as_str()),
            Piece::Literal(_) => None,
        })
    }

    /// The captures in order: the name, and the regex that the value matches.
    pub fn captures(&self) -> impl Iterator<Item = (&str, &str)> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Capture { name, regex, .. } => Some((name.as_str(), regex.as_str())),
            Piece::Literal(_) => None,
        })
    }

    /// The path with its captures in braces, under the names that `rename` gives them, without
    /// its leading slash: `tracks/{id}/`.
    pub fn template(&self, rename: impl Fn(&str) -> String) -> String {
        let mut path = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Literal(text) => path.push_str(text),
                Piece::Capture { name, .. } => {
                    path.push('{');
                    path.push_str(&rename(name));
                    path.push('}');
                }
            }
        }
        path
    }

    /// The fixed text at the start, up to the first slash or dot, if no capture can touch it: the
    /// key of a table of patterns.
    pub(crate) fn key(&self) -> Option<&str> {
        match self.pieces.as_slice() {
            [] => Some(""),
            [Piece::Literal(text), rest @ ..] => match text.find(['/', '.']) {
                Some(end) => Some(&text[..end]),
                None => rest.is_empty().then_some(text.as_str()),
            },
            [Piece::Capture { .. }, ..] => None,
        }
    }

    /// Matches a whole path, already percent-decoded and without its leading slash.
    pub fn matches(&self, path: &str) -> Option<Kwargs> {
        if let Some(regex) = &self.whole {
            let found = regex.captures(path)?;
            return self
                .names()
                .map(|name| Some((name.to_owned(), found.name(name)?.as_str().to_owned())))
                .collect();
        }
        let mut spans = Vec::new();
        let mut rest = path;
        for piece in &self.pieces {
            match piece {
                Piece::Literal(text) => rest = rest.strip_prefix(text.as_str())?,
                Piece::Capture { name, kind: CaptureKind::Class(test), .. } => {
                    let end = rest.bytes().position(|byte| !test(byte)).unwrap_or(rest.len());
                    let (value, after) = rest.split_at_checked(end)?;
                    if value.is_empty() {
                        return None;
                    }
                    spans.push((name, value));
                    rest = after;
                }
                Piece::Capture { .. } => return None,
            }
        }
        let ends = rest.is_empty() || self.optional_slash && rest == "/";
        ends.then(|| spans.into_iter().map(|(n, v)| (n.clone(), v.to_owned())).collect())
    }

    /// The path with its captures filled in and escaped, without its leading slash; `None` if a
    /// value is missing or does not match.
    pub fn fill(&self, params: &[(&str, &str)]) -> Option<String> {
        let mut path = String::with_capacity(48);
        self.fill_into(&mut path, |name| {
            params.iter().find(|(key, _)| *key == name).map(|(_, value)| Cow::Borrowed(*value))
        })
        .then_some(path)
    }

    /// Like [`fill`](Self::fill), appended to a text; false if a value is missing or invalid.
    pub(crate) fn fill_into<'v>(
        &self,
        path: &mut String,
        value_of: impl Fn(&str) -> Option<Cow<'v, str>>,
    ) -> bool {
        for piece in &self.pieces {
            match piece {
                Piece::Literal(text) => push_escaped(path, text),
                Piece::Capture { name, kind, .. } => match value_of(name) {
                    Some(value) if kind.takes(&value) => push_escaped(path, &value),
                    _ => return false,
                },
            }
        }
        true
    }

    /// Decides whether the pieces can be matched in one pass, or else compiles one regex.
    fn prepared(mut self) -> Result<Self, String> {
        let names: Vec<&str> = self.names().collect();
        for (at, name) in names.iter().enumerate() {
            if names[..at].contains(name) {
                return Err(format!("`{name}` is captured twice"));
            }
        }
        let direct = self.pieces.iter().enumerate().all(|(at, piece)| match piece {
            Piece::Literal(_) => true,
            Piece::Capture { kind: CaptureKind::Regex(_), .. } => false,
            Piece::Capture { kind: CaptureKind::Class(test), .. } => {
                match self.pieces.get(at + 1) {
                    Some(Piece::Literal(next)) => !next.bytes().next().is_some_and(test),
                    Some(Piece::Capture { .. }) => false,
                    // a slash that may follow must not be eaten
                    None => !self.optional_slash || !test(b'/'),
                }
            }
        });
        self.whole = None;
        if !direct {
            let slash = if self.optional_slash { "/?" } else { "" };
            let regex = format!("^(?:{}){slash}$", translated(&self.to_string()));
            self.whole = Some(Box::new(Regex::new(&regex).map_err(|error| error.to_string())?));
        }
        Ok(self)
    }
}

/// As a regex with named groups.
impl std::fmt::Display for Pattern {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for piece in &self.pieces {
            match piece {
                Piece::Literal(text) => f.write_str(&regex::escape(text))?,
                Piece::Capture { name, regex, .. } => write!(f, "(?P<{name}>{regex})")?,
            }
        }
        Ok(())
    }
}

fn capture(name: &str, regex: &str) -> Result<Piece, regex::Error> {
    let kind = match CaptureKind::class(regex) {
        Some(test) => CaptureKind::Class(test),
        None => CaptureKind::Regex(Box::new(Regex::new(&format!("^(?:{})$", translated(regex)))?)),
    };
    Ok(Piece::Capture { name: name.to_owned(), kind, regex: regex.to_owned() })
}

/// Where the group that has just been opened is closed.
fn group_end(body: &str) -> Option<usize> {
    let (mut depth, mut in_class, mut escaped) = (0_usize, false, false);
    for (at, char) in body.char_indices() {
        match char {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '[' if !in_class => in_class = true,
            ']' if in_class => in_class = false,
            '(' if !in_class => depth += 1,
            ')' if !in_class && depth == 0 => return Some(at),
            ')' if !in_class => depth -= 1,
            _ => {}
        }
    }
    None
}

fn push_escaped(path: &mut String, text: &str) {
    path.extend(utf8_percent_encode(text, PATH));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kwargs(pattern: &str, path: &str) -> Option<String> {
        let found = Pattern::new(pattern).unwrap().matches(path)?;
        Some(found.iter().map(|(n, v)| format!("{n}={v}")).collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn captures_of_path_have_djangos_kinds() {
        let pattern = "errors/<slug:kind>/";
        assert_eq!(kwargs(pattern, "errors/not-found/").as_deref(), Some("kind=not-found"));
        assert_eq!(kwargs(pattern, "errors/not found/"), None);
        assert_eq!(kwargs(pattern, "errors//"), None);
        assert_eq!(kwargs("c/<int:pk>/", "c/42/").as_deref(), Some("pk=42"));
        assert_eq!(kwargs("c/<int:pk>/", "c/x/"), None);
        assert_eq!(kwargs("f/<path:rest>", "f/a/b").as_deref(), Some("rest=a/b"));
        assert_eq!(kwargs("<a>/<b>/", "x.y/é/").as_deref(), Some("a=x.y b=é"));
    }

    #[test]
    fn a_group_is_anchored_to_its_segment() {
        let pattern = "by-letter/(?P<letter>[A-Za-z])/";
        assert_eq!(kwargs(pattern, "by-letter/q/").as_deref(), Some("letter=q"));
        assert_eq!(kwargs(pattern, "by-letter/qq/"), None);
        let version = "(?P<version>v[^/]*)/catalog/(?P<pk>[0-9]+)/";
        assert_eq!(kwargs(version, "v1/catalog/7/").as_deref(), Some("version=v1 pk=7"));
    }

    #[test]
    fn a_lookup_takes_neither_slash_nor_dot() {
        let pattern = Pattern::new("artists/")
            .and_then(|p| p.then(&Pattern::lookup("pk", None)?))
            .and_then(|p| p.then(&Pattern::new("/")?))
            .unwrap();
        assert_eq!(pattern.matches("artists/1/"), Some(vec![("pk".into(), "1".into())]));
        assert_eq!(pattern.matches("artists/1.5/"), None);
        assert_eq!(pattern.matches("artists/1"), None);
        let suffixed = pattern.with_format_suffix().unwrap();
        let json = vec![("pk".into(), "1".into()), ("format".into(), "json".into())];
        assert_eq!(suffixed.matches("artists/1.json"), Some(json.clone()));
        assert_eq!(suffixed.matches("artists/1.json/"), Some(json));
        assert_eq!(suffixed.matches("artists/1.JSON"), None);
        assert_eq!(suffixed.matches("artists/1."), None);
    }

    #[test]
    fn the_suffix_form_of_the_root_is_a_dot() {
        let root = Pattern::new("").unwrap().with_format_suffix().unwrap();
        assert!(root.matches(".json").is_some());
        assert_eq!(root.key(), Some(""));
    }

    #[test]
    fn filling_in_escapes_and_checks() {
        let pattern = Pattern::new("users/<str:username>/").unwrap();
        let filled = pattern.fill(&[("username", "a b/c")]);
        assert_eq!(filled, None);
        assert_eq!(pattern.fill(&[("username", "a b@é")]).unwrap(), "users/a%20b@%C3%A9/");
        assert_eq!(pattern.fill(&[]), None);
    }

    #[test]
    fn a_template_has_its_captures_in_braces() {
        let pattern = Pattern::new("artists/(?P<pk>[^/.]+)/by-letter/<slug:letter>/").unwrap();
        let rename = |name: &str| if name == "pk" { "id".into() } else { name.to_owned() };
        assert_eq!(pattern.template(rename), "artists/{id}/by-letter/{letter}/");
        let captures: Vec<_> = pattern.captures().collect();
        assert_eq!(captures, [("pk", "[^/.]+"), ("letter", "[-a-zA-Z0-9_]+")]);
    }

    #[test]
    fn a_pattern_that_cannot_be_read_says_why() {
        let reason = |pattern: &str| Pattern::new(pattern).unwrap_err().reason;
        assert_eq!(
            reason("a/<uid:x>/"),
            "no capture of kind `uid`; there are str, int, slug, uuid, path"
        );
        assert_eq!(reason("a/(?P<x>[0-9]+/"), "the group `x` is not closed");
        assert!(reason(r"a/\d+/").contains("outside of a capture"));
        assert_eq!(reason("<a>/<a>/"), "`a` is captured twice");
    }
}
