//! JSON, read once, with the messages of Python's `json` when it is not JSON.
//!
//! Positions count characters; they are worked out only when there is an error to report.

use std::borrow::Cow;
use std::collections::HashMap;

use super::Raw;

/// How many lists and objects may be open at once. DRF gives up (500) at about a thousand.
const MAX_DEPTH: u32 = 500;

/// The longest whole number, in digits, that Python turns into an `int`.
const MAX_INT_DIGITS: usize = 4300;

/// Objects of up to this many keys are searched for duplicates one by one.
const SMALL_MAP: usize = 24;

/// Reads a text that should be JSON.
///
/// # Errors
/// What Python's `json.loads` says of it.
pub fn parse_json(text: &str) -> Result<Raw<'_>, String> {
    if text.starts_with('\u{feff}') {
        return Err(
            "Unexpected UTF-8 BOM (decode using utf-8-sig): line 1 column 1 (char 0)".into()
        );
    }
    let mut reader = Reader { text, bytes: text.as_bytes(), at: 0, depth: 0 };
    reader.document().map_err(|failure| failure.text(text))
}

/// What went wrong, before it is put into words.
enum Failure {
    At(&'static str, usize),
    Constant(&'static str),
    TooManyDigits(usize),
}

impl Failure {
    fn text(&self, document: &str) -> String {
        match self {
            Self::At(message, at) => {
                let head = document.get(..*at).unwrap_or(document);
                let line_start = head.rfind('\n').map_or(0, |newline| newline + 1);
                let line = head.bytes().filter(|byte| *byte == b'\n').count() + 1;
                let column = head.get(line_start..).map_or(0, |tail| tail.chars().count()) + 1;
                let char = head.chars().count();
                format!("{message}: line {line} column {column} (char {char})")
            }
            Self::Constant(name) => {
                format!("Out of range float values are not JSON compliant: '{name}'")
            }
            Self::TooManyDigits(digits) => format!(
                "Exceeds the limit ({MAX_INT_DIGITS} digits) for integer string conversion: value \
                 has {digits} digits; use sys.set_int_max_str_digits() to increase the limit"
            ),
        }
    }
}

struct Reader<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    depth: u32,
}

impl<'a> Reader<'a> {
    fn document(&mut self) -> Result<Raw<'a>, Failure> {
        self.space();
        let value = self.value()?;
        self.space();
        if self.at < self.bytes.len() {
            return Err(Failure::At("Extra data", self.at));
        }
        Ok(value)
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn space(&mut self) {
        while let Some(b' ' | b'\n' | b'\t' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    fn value(&mut self) -> Result<Raw<'a>, Failure> {
        match self.peek() {
            Some(b'"') => {
                let (text, surrogate) = self.string()?;
                Ok(match surrogate {
                    None => Raw::Text(text),
                    Some(unit) => Raw::Surrogate(text, unit),
                })
            }
            Some(b'{') => self.nested(Self::object),
            Some(b'[') => self.nested(Self::array),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.word("true", Raw::Bool(true)),
            Some(b'f') => self.word("false", Raw::Bool(false)),
            Some(b'n') => self.word("null", Raw::Null),
            Some(b'N') => self.constant("NaN"),
            Some(b'I') => self.constant("Infinity"),
            _ => Err(Failure::At("Expecting value", self.at)),
        }
    }

    fn starts_with(&self, word: &str) -> bool {
        self.bytes.get(self.at..).is_some_and(|rest| rest.starts_with(word.as_bytes()))
    }

    fn word(&mut self, word: &str, value: Raw<'a>) -> Result<Raw<'a>, Failure> {
        if self.starts_with(word) {
            self.at += word.len();
            Ok(value)
        } else {
            Err(Failure::At("Expecting value", self.at))
        }
    }

    fn constant(&self, word: &'static str) -> Result<Raw<'a>, Failure> {
        if self.starts_with(word) {
            Err(Failure::Constant(word))
        } else {
            Err(Failure::At("Expecting value", self.at))
        }
    }

    fn nested(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<Raw<'a>, Failure>,
    ) -> Result<Raw<'a>, Failure> {
        if self.depth == MAX_DEPTH {
            return Err(Failure::At("Too many levels of nesting", self.at));
        }
        self.depth += 1;
        self.at += 1;
        self.space();
        let value = read(self)?;
        self.depth -= 1;
        Ok(value)
    }

    fn array(&mut self) -> Result<Raw<'a>, Failure> {
        let mut items = Vec::new();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(Raw::List(items));
        }
        loop {
            items.push(self.value()?);
            self.space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b']') => {
                    self.at += 1;
                    return Ok(Raw::List(items));
                }
                _ => return Err(Failure::At("Expecting ',' delimiter", self.at)),
            }
            self.space();
        }
    }

    fn object(&mut self) -> Result<Raw<'a>, Failure> {
        let mut items: Vec<(Cow<'a, str>, Raw<'a>)> = Vec::new();
        let mut index: HashMap<Cow<'a, str>, usize> = HashMap::new();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(Raw::Map(items));
        }
        items.reserve(8);
        loop {
            if self.peek() != Some(b'"') {
                let message = "Expecting property name enclosed in double quotes";
                return Err(Failure::At(message, self.at));
            }
            let (key, _) = self.string()?;
            self.space();
            if self.peek() != Some(b':') {
                return Err(Failure::At("Expecting ':' delimiter", self.at));
            }
            self.at += 1;
            self.space();
            let value = self.value()?;
            insert(&mut items, &mut index, key, value);
            self.space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => {
                    self.at += 1;
                    return Ok(Raw::Map(items));
                }
                _ => return Err(Failure::At("Expecting ',' delimiter", self.at)),
            }
            self.space();
        }
    }

    fn digits(&self, mut at: usize) -> usize {
        while self.bytes.get(at).is_some_and(u8::is_ascii_digit) {
            at += 1;
        }
        at
    }

    fn number(&mut self) -> Result<Raw<'a>, Failure> {
        let start = self.at;
        let first = if self.peek() == Some(b'-') { start + 1 } else { start };
        let mut end = match self.bytes.get(first) {
            Some(b'0') => first + 1,
            Some(b'1'..=b'9') => self.digits(first),
            Some(b'I') if first > start && self.starts_with("-Infinity") => {
                return Err(Failure::Constant("-Infinity"));
            }
            _ => return Err(Failure::At("Expecting value", start)),
        };
        let whole = end;
        if self.bytes.get(end) == Some(&b'.') {
            let fraction = self.digits(end + 1);
            if fraction > end + 1 {
                end = fraction;
            }
        }
        if let Some(b'e' | b'E') = self.bytes.get(end) {
            let sign = usize::from(matches!(self.bytes.get(end + 1), Some(b'+' | b'-')));
            let exponent = self.digits(end + 1 + sign);
            if exponent > end + 1 + sign {
                end = exponent;
            }
        }
        self.at = end;
        let spelling = self.text.get(start..end).unwrap_or_default();
        if end > whole {
            return Ok(Raw::Float(Cow::Borrowed(spelling)));
        }
        if whole - first > MAX_INT_DIGITS {
            return Err(Failure::TooManyDigits(whole - first));
        }
        // Python's int has no negative zero
        Ok(Raw::Int(Cow::Borrowed(if spelling == "-0" { "0" } else { spelling })))
    }

    /// A text from its opening quote on: borrowed when it holds no escape. Beside it the first
    /// lone surrogate.
    fn string(&mut self) -> Result<(Cow<'a, str>, Option<u16>), Failure> {
        let open = self.at;
        let mut from = open + 1;
        let mut owned: Option<String> = None;
        let mut surrogate = None;
        let mut at = from;
        loop {
            let Some(&byte) = self.bytes.get(at) else {
                return Err(Failure::At("Unterminated string starting at", open));
            };
            match byte {
                b'"' => {
                    self.at = at + 1;
                    let tail = self.text.get(from..at).unwrap_or_default();
                    let text = match owned {
                        None => Cow::Borrowed(tail),
                        Some(mut text) => {
                            text.push_str(tail);
                            Cow::Owned(text)
                        }
                    };
                    return Ok((text, surrogate));
                }
                b'\\' => {
                    let text = owned.get_or_insert_with(String::new);
                    text.push_str(self.text.get(from..at).unwrap_or_default());
                    at = self.escape(open, at, text, &mut surrogate)?;
                    from = at;
                }
                0..=0x1F => return Err(Failure::At("Invalid control character at", at)),
                _ => at += 1,
            }
        }
    }

    /// Reads the escape at the backslash `at`; returns where it ends.
    fn escape(
        &self,
        open: usize,
        at: usize,
        text: &mut String,
        surrogate: &mut Option<u16>,
    ) -> Result<usize, Failure> {
        let plain = match self.bytes.get(at + 1) {
            None => return Err(Failure::At("Unterminated string starting at", open)),
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                let unit = self.unit(at)?;
                if (0xD800..0xDC00).contains(&unit)
                    && self.bytes.get(at + 6..at + 8) == Some(b"\\u")
                {
                    let low = self.unit(at + 6)?;
                    if let Some(Ok(c)) = char::decode_utf16([unit, low]).next() {
                        text.push(c);
                        return Ok(at + 12);
                    }
                }
                if let Some(c) = char::from_u32(u32::from(unit)) {
                    text.push(c);
                } else {
                    surrogate.get_or_insert(unit);
                    text.push(char::REPLACEMENT_CHARACTER);
                }
                return Ok(at + 6);
            }
            Some(_) => return Err(Failure::At("Invalid \\escape", at)),
        };
        text.push(plain);
        Ok(at + 2)
    }

    /// The four digits of a `\uXXXX` at `at`; like Python, wants one more character after them.
    fn unit(&self, at: usize) -> Result<u16, Failure> {
        let refused = Failure::At("Invalid \\uXXXX escape", at + 1);
        match self.bytes.get(at + 2..at + 6) {
            Some(digits) if self.bytes.len() > at + 6 => {
                let mut unit = 0;
                for digit in digits {
                    let Some(value) = char::from(*digit).to_digit(16) else { return Err(refused) };
                    unit = unit << 4 | value;
                }
                u16::try_from(unit).map_err(|_| refused)
            }
            _ => Err(refused),
        }
    }
}

/// Of equal keys the last value wins, in the place of the first, as in a Python `dict`.
fn insert<'a>(
    items: &mut Vec<(Cow<'a, str>, Raw<'a>)>,
    index: &mut HashMap<Cow<'a, str>, usize>,
    key: Cow<'a, str>,
    value: Raw<'a>,
) {
    let found = if items.len() <= SMALL_MAP {
        items.iter().position(|(name, _)| *name == key)
    } else {
        if index.is_empty() {
            index.extend(items.iter().enumerate().map(|(at, (name, _))| (name.clone(), at)));
        }
        index.get(&key).copied()
    };
    if let Some(slot) = found.and_then(|at| items.get_mut(at)) {
        slot.1 = value;
        return;
    }
    if !index.is_empty() {
        index.insert(key.clone(), items.len());
    }
    items.push((key, value));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: impl AsRef<str>) -> String {
        parse_json(text.as_ref()).unwrap_err()
    }

    #[test]
    fn texts_without_escapes_are_borrowed() {
        let Ok(Raw::Map(items)) = parse_json(r#"{"name": "Jazz", "escaped": "a\nb"}"#) else {
            panic!()
        };
        assert!(matches!(&items[0], (Cow::Borrowed("name"), Raw::Text(Cow::Borrowed("Jazz")))));
        assert!(matches!(&items[1].1, Raw::Text(Cow::Owned(text)) if text == "a\nb"));
    }

    #[test]
    fn of_equal_keys_the_last_value_is_kept_in_the_first_place() {
        let raw = parse_json(r#"{"a": 1, "b": 2, "a": 3}"#).unwrap();
        assert_eq!(
            raw,
            Raw::Map(vec![("a".into(), Raw::Int("3".into())), ("b".into(), Raw::Int("2".into()))])
        );
        let many: Vec<String> = (0..1000).map(|n| format!("\"k{}\": {n}", n % 500)).collect();
        let text = format!("{{{}}}", many.join(","));
        let raw = parse_json(&text).unwrap();
        assert!(matches!(&raw, Raw::Map(items) if items.len() == 500));
        assert_eq!(raw.get("k7"), Some(&Raw::Int("507".into())));
    }

    #[test]
    fn surrogates_pair_up_or_are_told() {
        assert_eq!(parse_json(r#""\ud83d\ude00""#).unwrap(), Raw::Text("😀".into()));
        assert_eq!(parse_json(r#""\ud800""#).unwrap(), Raw::Surrogate("\u{fffd}".into(), 0xD800));
        let three = parse_json(r#""\ud800\ud800\udc00""#).unwrap();
        assert_eq!(three, Raw::Surrogate("\u{fffd}\u{10000}".into(), 0xD800));
    }

    #[test]
    fn positions_count_characters_and_lines() {
        assert_eq!(refused("\"é\" x"), "Extra data: line 1 column 5 (char 4)");
        assert_eq!(refused("\n\n {\"a\":\n x}"), "Expecting value: line 4 column 2 (char 10)");
        assert_eq!(refused("\r\n[1,\r x"), "Expecting value: line 2 column 6 (char 7)");
    }

    #[test]
    fn a_unit_escape_wants_a_character_behind_it() {
        for text in [r#""\u1234"#, r#""\u"#, r#""\u123g""#, r#""\u+123""#] {
            assert_eq!(refused(text), "Invalid \\uXXXX escape: line 1 column 3 (char 2)");
        }
        let second = refused(r#""\ud800\u12""#);
        assert_eq!(second, "Invalid \\uXXXX escape: line 1 column 9 (char 8)");
    }

    #[test]
    fn depth_and_digits_are_bounded() {
        let deep = format!("{}{}", "[".repeat(500), "]".repeat(500));
        assert!(parse_json(&deep).is_ok());
        assert!(refused("[".repeat(100_000)).starts_with("Too many levels of nesting: line 1"));
        assert!(refused("{\"a\":".repeat(100_000)).starts_with("Too many levels of nesting"));
        assert!(parse_json(&"9".repeat(4300)).is_ok());
        assert_eq!(
            refused("9".repeat(4301)),
            "Exceeds the limit (4300 digits) for integer string conversion: value has 4301 \
             digits; use sys.set_int_max_str_digits() to increase the limit"
        );
    }

    #[test]
    fn numbers_keep_their_spelling() {
        let raw = parse_json("[1, -0, 1.50, 1E+2, 123456789012345678901234567890]").unwrap();
        assert_eq!(
            raw,
            Raw::List(vec![
                Raw::Int("1".into()),
                Raw::Int("0".into()),
                Raw::Float("1.50".into()),
                Raw::Float("1E+2".into()),
                Raw::Int("123456789012345678901234567890".into()),
            ])
        );
        for (text, at) in [("01", 1), ("1.", 1), ("1E", 1), ("-01", 2)] {
            let position = format!("Extra data: line 1 column {} (char {at})", at + 1);
            assert_eq!(refused(text), position);
        }
    }
}
