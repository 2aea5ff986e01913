//! Values as Python prints them, for the messages that quote what was sent.

use std::borrow::Cow;
use std::fmt::Write as _;

use super::{Raw, Value, format};

/// `str(value)` of input: what `"{input}" is not a valid choice.` prints.
pub fn text<'a>(raw: &'a Raw<'_>) -> Cow<'a, str> {
    match raw {
        Raw::Text(text) | Raw::Surrogate(text, _) | Raw::JsonText(text) => Cow::Borrowed(text),
        Raw::Int(digits) => Cow::Borrowed(digits),
        Raw::Bool(true) => Cow::Borrowed("True"),
        Raw::Bool(false) => Cow::Borrowed("False"),
        Raw::Null => Cow::Borrowed("None"),
        Raw::Float(_) | Raw::List(_) | Raw::Map(_) => {
            let mut out = String::new();
            repr(raw, &mut out);
            Cow::Owned(out)
        }
    }
}

/// `repr(value)` of input: texts in quotes.
pub fn repr(raw: &Raw<'_>, out: &mut String) {
    match raw {
        Raw::Text(text) | Raw::Surrogate(text, _) | Raw::JsonText(text) => quoted(text, out),
        Raw::Float(spelling) => format::float(float(spelling), out),
        Raw::List(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.push_str(", ");
                }
                repr(item, out);
            }
            out.push(']');
        }
        Raw::Map(items) => {
            out.push('{');
            for (at, (key, item)) in items.iter().enumerate() {
                if at > 0 {
                    out.push_str(", ");
                }
                quoted(key, out);
                out.push_str(": ");
                repr(item, out);
            }
            out.push('}');
        }
        Raw::Null | Raw::Bool(_) | Raw::Int(_) => out.push_str(&text(raw)),
    }
}

/// `str(value)` of a simple value; nothing for a list, a map or JSON.
pub fn value_text(value: &Value) -> Cow<'_, str> {
    let mut out = String::new();
    match value {
        Value::Null => return Cow::Borrowed("None"),
        Value::Bool(true) => return Cow::Borrowed("True"),
        Value::Bool(false) => return Cow::Borrowed("False"),
        Value::Text(text) => return Cow::Borrowed(text),
        Value::BigInt(digits) => return Cow::Borrowed(digits),
        Value::Int(number) => out = number.to_string(),
        Value::Float(number) => format::float(*number, &mut out),
        Value::Decimal(number) => out = number.to_string(),
        Value::Uuid(uuid) => out = uuid.to_string(),
        Value::Date(date) => format::date(*date, &mut out),
        Value::Time(time) => format::time(*time, &mut out),
        Value::DateTime(moment) => format::moment(*moment, ' ', "+00:00", &mut out),
        Value::Duration(length) => out = format::timedelta(*length),
        Value::List(_) | Value::Map(_) | Value::Json(_) => {}
    }
    Cow::Owned(out)
}

/// The number that the spelling of a JSON float stands for; out of range it is infinite, as in
/// Python.
pub(crate) fn float(spelling: &str) -> f64 {
    spelling.parse().unwrap_or(f64::NAN)
}

/// True for what `str.isspace` calls white space.
pub(crate) fn is_space(c: char) -> bool {
    c.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&c)
}

/// `str.strip()`.
pub(crate) fn strip(text: &str) -> &str {
    match text.as_bytes() {
        // the usual case: nothing to cut
        [first, .., last] if first.is_ascii_graphic() && last.is_ascii_graphic() => text,
        _ => text.trim_matches(is_space),
    }
}

/// The zeros of Unicode's runs of ten digits (general category Nd)
const ZEROS: [u32; 37] = [
    0x660, 0x6F0, 0x7C0, 0x966, 0x9E6, 0xA66, 0xAE6, 0xB66, 0xBE6, 0xC66, 0xCE6, 0xD66, 0xDE6,
    0xE50, 0xED0, 0xF20, 0x1040, 0x1090, 0x17E0, 0x1810, 0x1946, 0x19D0, 0x1A80, 0x1A90, 0x1B50,
    0x1BB0, 0x1C40, 0x1C50, 0xA620, 0xA8D0, 0xA900, 0xA9D0, 0xA9F0, 0xAA50, 0xABF0, 0xFF10,
    0x104A0,
];

/// The value of a decimal digit of any script, as `int()` and `Decimal()` take them.
pub(crate) fn digit(c: char) -> Option<u32> {
    if c.is_ascii() {
        return c.to_digit(10);
    }
    let code = u32::from(c);
    ZEROS.iter().find(|zero| (**zero..**zero + 10).contains(&code)).map(|zero| code - zero)
}

/// The text with every digit turned into its ASCII form.
pub(crate) fn ascii_digits(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return Cow::Borrowed(text);
    }
    let ascii = |c: char| digit(c).and_then(|d| char::from_digit(d, 10)).unwrap_or(c);
    Cow::Owned(text.chars().map(ascii).collect())
}

fn quoted(text: &str, out: &mut String) {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    out.push(quote);
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c == quote => {
                out.push('\\');
                out.push(c);
            }
            c if c.is_control()
                || (c != ' ' && is_space(c))
                || matches!(c, '\u{ad}' | '\u{feff}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}') =>
            {
                let code = u32::from(c);
                // writing to a String cannot fail
                let _ = match code {
                    0..=0xFF => write!(out, "\\x{code:02x}"),
                    0x100..=0xFFFF => write!(out, "\\u{code:04x}"),
                    _ => write!(out, "\\U{code:08x}"),
                };
            }
            c => out.push(c),
        }
    }
    out.push(quote);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn input_prints_as_python_prints_it() {
        let raw = crate::fields::parse_json(r#"{"z": [1, 1.50, true, null, "it's", "a\n\"b\""]}"#)
            .unwrap();
        assert_eq!(text(&raw), r#"{'z': [1, 1.5, True, None, "it's", 'a\n"b"']}"#);
        assert_eq!(text(&Raw::Text("plain".into())), "plain");
        assert_eq!(text(&Raw::Float("1E22")), "1e+22");
    }

    #[test]
    fn white_space_and_digits_are_those_of_python() {
        assert_eq!(strip("\u{1f} a b\u{a0}\n"), "a b");
        assert_eq!(ascii_digits("１２a٣"), "12a3");
    }
}
