//! Values as Python prints them, for the messages that quote what was sent, and texts as it reads
//! them.

use std::borrow::Cow;
use std::fmt::Write as _;

use super::{Raw, UuidFormat, Value, ValueRef, format};

/// `str(value)` of input: what `"{input}" is not a valid choice.` prints.
pub fn text<'a>(raw: &'a Raw<'_>) -> Cow<'a, str> {
    match raw {
        Raw::Text(text) | Raw::Surrogate(text, _) | Raw::JsonText(text) => Cow::Borrowed(text),
        Raw::Int(digits) => Cow::Borrowed(digits),
        Raw::Bool(true) => Cow::Borrowed("True"),
        Raw::Bool(false) => Cow::Borrowed("False"),
        Raw::Null => Cow::Borrowed("None"),
        Raw::File(file) => Cow::Borrowed(file.name()),
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
        Raw::File(file) => {
            let (kind, name, sent) = (raw.type_name(), file.name(), file.content_type());
            // writing to a text does not fail
            let _ = write!(out, "<{kind}: {name} ({sent})>");
        }
        Raw::Null | Raw::Bool(_) | Raw::Int(_) => out.push_str(&text(raw)),
    }
}

/// `str(value)` of a value; lists and maps have no text.
pub fn value_text(value: ValueRef<'_>) -> Cow<'_, str> {
    let mut out = String::new();
    match value {
        ValueRef::Null => return Cow::Borrowed("None"),
        ValueRef::Bool(true) => return Cow::Borrowed("True"),
        ValueRef::Bool(false) => return Cow::Borrowed("False"),
        ValueRef::Text(text) => return Cow::Borrowed(text),
        ValueRef::Other(Value::BigInt(digits)) => return Cow::Borrowed(digits),
        ValueRef::Int(number) => format::integer(number, &mut out),
        ValueRef::Float(number) => format::float(number, &mut out),
        ValueRef::Decimal(number) => format::decimal(number, None, false, &mut out),
        ValueRef::Uuid(uuid) => format::uuid(uuid, UuidFormat::HexVerbose, &mut out),
        ValueRef::Date(date) => format::date(date, &mut out),
        ValueRef::Time(time) => format::time(time, &mut out),
        ValueRef::DateTime(moment) => format::moment(moment, ' ', "+00:00", &mut out),
        ValueRef::Duration(length) => out = format::timedelta(length),
        ValueRef::Bytes(bytes) => out = super::writer::base64(bytes),
        ValueRef::Made(value) => {
            return Cow::Owned(value_text(value.to_value().as_ref()).into_owned());
        }
        ValueRef::Other(Value::Json(json)) => out = json.to_string(),
        ValueRef::Other(_) => {}
    }
    Cow::Owned(out)
}

/// The longest text of digits that `int()` takes.
const MAX_INT_DIGITS: usize = 4300;

/// `int(text)`: white space at the ends, a sign, single underscores between digits, digits of
/// any script. Returns the digits without leading zeros, behind a minus below zero.
pub(crate) fn int_digits(text: &str) -> Option<String> {
    let text = ascii_digits(trimmed(text));
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, text.get(1..)?),
        b'+' => (false, text.get(1..)?),
        _ => (false, &*text),
    };
    let digits = without_underscores(digits)?;
    let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    if !plain || digits.len() > MAX_INT_DIGITS {
        return None;
    }
    Some(match digits.trim_start_matches('0') {
        "" => "0".to_owned(),
        digits if negative => format!("-{digits}"),
        digits => digits.to_owned(),
    })
}

/// `int(text)`; numbers beyond `i128` become its bounds.
pub(crate) fn int(text: &str) -> Option<i128> {
    // the usual spelling means the same to Rust; a longer one may be too long for Python
    if text.len() <= 20
        && let Ok(number) = text.parse::<i64>()
    {
        return Some(number.into());
    }
    let digits = int_digits(text)?;
    let bound = if digits.starts_with('-') { i128::MIN } else { i128::MAX };
    Some(digits.parse().unwrap_or(bound))
}

/// What `int` and `float` cut off: of an ASCII text only what C calls white space.
pub(crate) fn trimmed(text: &str) -> &str {
    if text.is_ascii() {
        text.trim_matches([' ', '\t', '\n', '\u{b}', '\u{c}', '\r'])
    } else {
        strip(text)
    }
}

/// Drops single underscores that stand between digits; `None` when one stands elsewhere.
pub(crate) fn without_underscores(text: &str) -> Option<Cow<'_, str>> {
    if !text.contains('_') {
        return Some(Cow::Borrowed(text));
    }
    let bytes = text.as_bytes();
    let digit = |at: Option<usize>| at.and_then(|at| bytes.get(at)).is_some_and(u8::is_ascii_digit);
    let between = |(at, byte): (usize, &u8)| {
        *byte != b'_' || (digit(at.checked_sub(1)) && digit(at.checked_add(1)))
    };
    bytes.iter().enumerate().all(between).then(|| Cow::Owned(text.replace('_', "")))
}

/// `float(text)`, with the same latitude as [`int_digits`]; infinities and NaN are not refused.
pub(crate) fn parse_float(text: &str) -> Option<f64> {
    let text = ascii_digits(trimmed(text));
    without_underscores(&text)?.parse().ok()
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
const ZEROS: [u32; 65] = [
    0x660, 0x6F0, 0x7C0, 0x966, 0x9E6, 0xA66, 0xAE6, 0xB66, 0xBE6, 0xC66, 0xCE6, 0xD66, 0xDE6,
    0xE50, 0xED0, 0xF20, 0x1040, 0x1090, 0x17E0, 0x1810, 0x1946, 0x19D0, 0x1A80, 0x1A90, 0x1B50,
    0x1BB0, 0x1C40, 0x1C50, 0xA620, 0xA8D0, 0xA900, 0xA9D0, 0xA9F0, 0xAA50, 0xABF0, 0xFF10,
    0x104A0, 0x10D30, 0x11066, 0x110F0, 0x11136, 0x111D0, 0x112F0, 0x11450, 0x114D0, 0x11650,
    0x116C0, 0x11730, 0x118E0, 0x11950, 0x11C50, 0x11D50, 0x11DA0, 0x16A60, 0x16AC0, 0x16B50,
    0x1D7CE, 0x1D7D8, 0x1D7E2, 0x1D7EC, 0x1D7F6, 0x1E140, 0x1E2F0, 0x1E950, 0x1FBF0,
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

/// A UUID as `uuid.UUID(text)` reads it: 32 hex digits with hyphens anywhere, in braces or as a URN.
pub(crate) fn uuid(text: &str) -> Option<uuid::Uuid> {
    uuid::Uuid::try_parse(text).ok().or_else(|| {
        let bare = text.replace("urn:", "").replace("uuid:", "");
        let bare = bare.trim_matches(['{', '}']).replace('-', "");
        let hex = (bare.chars().count() == 32).then(|| hex_int(&bare));
        hex.flatten().map(uuid::Uuid::from_u128)
    })
}

/// `int(text, 16)` without a minus: `int` takes a sign, `0x`, and single underscores.
fn hex_int(text: &str) -> Option<u128> {
    let text = ascii_digits(trimmed(text));
    let text = text.strip_prefix('+').unwrap_or(&text);
    let text = match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) => digits.strip_prefix('_').unwrap_or(digits),
        None => text,
    };
    let groups = text.split('_');
    let hex = |group: &str| !group.is_empty() && group.bytes().all(|b| b.is_ascii_hexdigit());
    groups.clone().all(hex).then(|| u128::from_str_radix(&groups.collect::<String>(), 16).ok())?
}

/// Bytes as `base64.b64decode(text)` reads them: characters of no meaning are skipped, padding is
/// needed, what follows it is ignored.
pub(crate) fn base64(text: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3 + 2);
    let (mut bits, mut count, mut pads) = (0_u32, 0_u8, 0_u8);
    for byte in text {
        let digit = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            b'=' if count >= 2 => {
                pads += 1;
                if count + pads >= 4 {
                    return Some(bytes);
                }
                continue;
            }
            _ => continue,
        };
        pads = 0;
        bits = bits << 6 | u32::from(digit);
        if count > 0 {
            // eight bits are full after two, three and four digits
            let left = 6 - 2 * count;
            bytes.push(u8::try_from(bits >> left & 0xFF).unwrap_or_default());
        }
        count = (count + 1) % 4;
    }
    (count == 0).then_some(bytes)
}

/// JSON whose letters beyond ASCII, and DEL, are escaped as `json.dumps(ensure_ascii=True)` escapes them: they
/// are in texts alone.
pub(crate) fn ensure_ascii(json: &str, out: &mut String) {
    for letter in json.chars() {
        if letter <= '~' {
            out.push(letter);
            continue;
        }
        for unit in letter.encode_utf16(&mut [0; 2]) {
            // writing to a string does not fail
            let _ = write!(out, "\\u{unit:04x}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn input_prints_as_python_prints_it() {
        let raw = crate::values::parse_json(r#"{"z": [1, 1.50, true, null, "it's", "a\n\"b\""]}"#)
            .unwrap();
        assert_eq!(text(&raw), r#"{'z': [1, 1.5, True, None, "it's", 'a\n"b"']}"#);
        assert_eq!(text(&Raw::Text("plain".into())), "plain");
        assert_eq!(text(&Raw::Float("1E22".into())), "1e+22");
    }

    #[test]
    fn white_space_and_digits_are_those_of_python() {
        assert_eq!(strip("\u{1f} a b\u{a0}\n"), "a b");
        assert_eq!(ascii_digits("１２a٣𝟘𑁦"), "12a300");
    }

    #[test]
    fn an_int_is_read_as_python_reads_it() {
        assert_eq!(int(" 5 "), Some(5));
        assert_eq!(int("+1_0"), Some(10));
        assert_eq!(int("-3"), Some(-3));
        assert_eq!(int("-00"), Some(0));
        assert_eq!(int("\u{a0}７\u{1f}"), Some(7));
        for bad in ["", " ", "_1", "1_", "1__0", "1.0", "abc", "--1", "+", "\0", "\u{1f}1"] {
            assert_eq!(int(bad), None, "{bad:?}");
        }
        assert_eq!(int(&"9".repeat(60)), Some(i128::MAX));
        assert_eq!(int(&format!("-{}", "9".repeat(4300))), Some(i128::MIN));
        assert_eq!(int(&"9".repeat(4301)), None);
        assert_eq!(int(&format!("{}1", "0".repeat(4300))), None);
    }

    #[test]
    fn values_are_written_as_python_writes_them() {
        let day = chrono::NaiveDate::from_ymd_opt(2020, 1, 1).unwrap();
        let moment = |h, us| day.and_hms_micro_opt(h, 0, 0, us).unwrap().and_utc().into();
        for (value, text) in [
            (ValueRef::DateTime(moment(0, 0)), "2020-01-01 00:00:00+00:00"),
            (ValueRef::DateTime(moment(9, 6)), "2020-01-01 09:00:00.000006+00:00"),
            (ValueRef::Null, "None"),
            (ValueRef::Bool(true), "True"),
            (ValueRef::Int(-7), "-7"),
            (ValueRef::Float(1e16), "1e+16"),
            (ValueRef::Decimal(crate::db::Decimal::new(150, 2)), "1.50"),
            (ValueRef::Duration(chrono::TimeDelta::seconds(90_061)), "1 day, 1:01:01"),
        ] {
            assert_eq!(value_text(value), text);
        }
    }
    #[test]
    fn a_uuid_is_read_in_all_of_pythons_forms() {
        let hex = "00010203-0405-0607-0809-0a0b0c0d0e0f";
        for text in [hex, &format!("{{{hex}}}"), &format!("urn:uuid:{hex}"), &hex.replace('-', "")]
        {
            assert_eq!(uuid(text).unwrap().to_string(), hex);
        }
        assert!(uuid("abc").is_none() && uuid(&"é".repeat(16)).is_none());
        // as `int(text, 16)` reads a number
        for text in ["0x", "0X_", "+0", "  ", "0_", "５", "_", "0__", "-", "x"] {
            let sent = format!("{text:0<31}a");
            let read = uuid(&sent).map(|uuid| uuid.as_u128());
            let expected = match text {
                "５" => Some((5 << 124) + 10),
                "_" | "0__" | "-" | "x" => None,
                _ => Some(10),
            };
            assert_eq!(read, expected, "{sent}");
        }
    }

    #[test]
    fn base64_is_read_as_python_reads_it() {
        for (text, bytes) in [
            ("YTpi", Some("a:b")),
            ("Y-T_p?i", Some("a:b")),
            ("YTo=", Some("a:")),
            ("YTo=YTo=", Some("a:")),
            ("Og==Zzz", Some(":")),
            ("O=g==", Some(":")),
            ("=YTpi", Some("a:b")),
            ("", Some("")),
            ("YTo", None),
            ("Og=", None),
            ("Y", None),
        ] {
            assert_eq!(base64(text.as_bytes()).as_deref(), bytes.map(str::as_bytes), "{text}");
        }
    }
}
