//! Headers with parameters (`django.utils.http.parse_header_parameters`).

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt::Write as _;

use percent_encoding::percent_decode_str;

use super::charset::Charset;

/// A header such as `form-data; name="a"; filename*=UTF-8''b`.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Header {
    /// What stands before the parameters, in lower case.
    pub(crate) main: String,
    params: Vec<(String, String)>,
}

/// One piece of a parameter whose value is encoded or in several pieces (RFC 2231).
struct Piece<'a> {
    name: &'a str,
    number: Option<u32>,
    is_encoded: bool,
    value: String,
}

impl Header {
    /// Parses a line; `None` if a parameter has an unknown charset.
    pub(crate) fn parse(line: &str) -> Option<Self> {
        if !line.contains(';') {
            return Some(Self { main: line.trim().to_lowercase(), params: Vec::new() });
        }
        let mut parts = split(line);
        let main = parts.next().unwrap_or_default().trim().to_lowercase();
        let mut params = Vec::new();
        let mut pieces: Vec<Piece<'_>> = Vec::new();
        for part in parts {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            let (name, value) = (name.trim(), value.trim());
            match name.split_once('*').and_then(|(start, end)| piece(start, end)) {
                Some((start, number, is_encoded)) => {
                    let value = unquoted(value).into_owned();
                    pieces.push(Piece { name: start, number, is_encoded, value });
                }
                None => params.push((name.to_lowercase(), unquoted(value).into_owned())),
            }
        }
        pieces.sort_by_key(|piece| piece.number);
        // those of a name come together, in the order in which the names are first there
        let mut places = HashMap::new();
        let mut names: Vec<(&str, Vec<Piece<'_>>)> = Vec::new();
        for piece in pieces {
            let place = *places.entry(piece.name).or_insert(names.len());
            match names.get_mut(place) {
                Some((_, own)) => own.push(piece),
                None => names.push((piece.name, vec![piece])),
            }
        }
        for (name, own) in names {
            params.push((name.to_lowercase(), joined(own)?));
        }
        params.retain(|(name, _)| !name.is_empty());
        Some(Self { main, params })
    }

    /// The last value of a parameter.
    pub(crate) fn param(&self, name: &str) -> Option<&str> {
        self.params.iter().rev().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }
}

/// The name, the number and whether it is encoded, of `name*`, `name*0` and `name*0*`.
fn piece<'a>(name: &'a str, end: &str) -> Option<(&'a str, Option<u32>, bool)> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    if name.is_empty() || !name.chars().all(is_word) {
        return None;
    }
    if end.is_empty() {
        return Some((name, None, true));
    }
    let (digits, is_encoded) = match end.strip_suffix('*') {
        Some(digits) => (digits, true),
        None => (end, false),
    };
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| (name, digits.parse().ok(), is_encoded))
}

/// The value of a parameter from its pieces.
fn joined(pieces: Vec<Piece<'_>>) -> Option<String> {
    let is_encoded = pieces.iter().any(|piece| piece.is_encoded);
    let whole: String = pieces.into_iter().map(|piece| piece.value).collect();
    if !is_encoded {
        return Some(whole);
    }
    let mut parts = whole.splitn(3, '\'');
    let (charset, text) = match (parts.next(), parts.next(), parts.next()) {
        (Some(charset), Some(_), Some(text)) => (Some(charset), text),
        _ => (None, whole.as_str()),
    };
    let bytes: Vec<u8> = percent_decode_str(&raw_unicode_escape(text)).collect();
    let charset = match charset {
        None => Charset::Utf8,
        Some("") => Charset::Latin1,
        Some(name) => Charset::from_name(name).filter(|_| Charset::is_known(name))?,
    };
    Some(charset.decode_lossy(&bytes).into_owned())
}

/// A text of which every character is a byte, as Python has it before it decodes (`raw-unicode-escape`):
/// escapes of those below 256, `\u1234` for others.
fn raw_unicode_escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match u32::from(letter) {
            0..=0x7f => out.push(letter),
            // writing to a text does not fail
            code @ 0x80..=0xff => drop(write!(out, "%{code:02X}")),
            code @ 0x100..=0xffff => drop(write!(out, "\\u{code:04x}")),
            code => drop(write!(out, "\\U{code:08x}")),
        }
    }
    out
}

/// The parts between semicolons that are not in quotes.
fn split(line: &str) -> impl Iterator<Item = &str> {
    let (mut quoted, mut before) = (false, ' ');
    line.split(move |letter| {
        let ends = letter == ';' && !quoted;
        if letter == '"' && before != '\\' {
            quoted = !quoted;
        }
        before = letter;
        ends
    })
}

/// A value without its quotes (`email.utils.unquote`).
fn unquoted(value: &str) -> Cow<'_, str> {
    let inner = |open, close| value.strip_prefix(open)?.strip_suffix(close);
    match (inner('"', '"'), inner('<', '>')) {
        (Some(inner), _) if inner.contains('\\') => {
            inner.replace("\\\\", "\\").replace("\\\"", "\"").into()
        }
        (Some(inner), _) | (None, Some(inner)) => inner.into(),
        (None, None) => value.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn param(line: &str, name: &str) -> Option<String> {
        Header::parse(line)?.param(name).map(ToOwned::to_owned)
    }

    #[test]
    fn parameters_are_words_texts_or_encoded() {
        let line = "Form-Data; NAME=\"a;\\\"b\\\\c\"; x = y ; x=z; empty; =no; b=<c>";
        let header = Header::parse(line).unwrap();
        assert_eq!(header.main, "form-data");
        assert_eq!(header.param("name"), Some("a;\"b\\c"));
        assert_eq!(header.param("x"), Some("z"));
        assert_eq!((header.param("empty"), header.param("b")), (Some(""), Some("c")));
        assert_eq!(header.param(""), None);
    }

    #[test]
    fn encoded_values_have_a_charset_and_pieces_an_order() {
        for (line, value) in [
            ("a; f*=UTF-8''%c3%a9.txt", Some("é.txt")),
            ("a; f=\"plain\"; f*=iso-8859-1'en'%E9", Some("é")),
            ("a; f*1=b; f*0=a", Some("ab")),
            ("a; f*0*=UTF-8''%c3%a9; f*1=b; f*2*=%c3%a9", Some("ébé")),
            ("a; f*='en'x%e9", Some("xé")),
            ("a; f*1*=b; f*3*=d", Some("bd")),
            ("a; f*0=\"x;y\"; f*1=z", Some("x;yz")),
            ("a; f*=%c3", Some("\u{fffd}")),
            ("a; f=\"x", Some("\"x")),
            ("a; f*=no'quotes", Some("no'quotes")),
            ("a; f*=nope''x", None),
            ("a; f*x=1", None),
            ("a; f*=utf-8''é%c3%a9あ", Some("\u{fffd}é\\u3042")),
        ] {
            assert_eq!(param(line, "f").as_deref(), value, "{line}");
        }
    }

    #[test]
    fn many_names_take_no_longer_each_than_few() {
        let params: Vec<String> = (0..100_000).map(|n| format!(";n{n}*=v{n}")).collect();
        let line = params.concat();
        let started = std::time::Instant::now();
        let header = Header::parse(&line).unwrap();
        assert_eq!(header.params.len(), 100_000);
        assert_eq!(header.param("n99999"), Some("v99999"));
        // comparing each with each takes minutes
        assert!(started.elapsed().as_secs() < 10, "{:?}", started.elapsed());
    }
}
