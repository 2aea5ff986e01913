//! JSON, byte for byte as DRF writes it: no spaces, Unicode kept, U+2028 and U+2029 escaped,
//! floats in Python's spelling, decimals as text.

use chrono::{NaiveDate, NaiveTime, TimeDelta};
use serde::Serialize;

use super::formatter::PythonFormatter;
use super::{UuidFormat, Value, ValueRef, format};
use crate::exceptions::{ApiException, Result};
use crate::values::types::{DateTime, Decimal, Uuid};

/// Writes JSON into bytes, value after value, and inserts the commas.
///
/// ```
/// use quintet::fields::JsonWriter;
///
/// let mut json = JsonWriter::new();
/// json.begin_object();
/// json.key("id");
/// json.i64(1);
/// json.key("name");
/// json.str("AC/DC");
/// json.end_object();
/// assert_eq!(json.into_bytes(), br#"{"id":1,"name":"AC/DC"}"#);
/// ```
#[derive(Default)]
pub struct JsonWriter {
    out: Vec<u8>,
}

impl std::fmt::Debug for JsonWriter {
    /// Without the text, which may hold a token.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "JsonWriter({} bytes)", self.out.len())
    }
}

impl JsonWriter {
    /// Creates an empty writer.
    pub fn new() -> Self {
        Self::with_capacity(256)
    }

    /// Creates an empty writer with room for this many bytes.
    pub fn with_capacity(bytes: usize) -> Self {
        Self { out: Vec::with_capacity(bytes) }
    }

    /// Continues after bytes that end where a value is due.
    pub fn after(bytes: Vec<u8>) -> Self {
        Self { out: bytes }
    }

    /// The bytes written.
    pub fn into_bytes(self) -> Vec<u8> {
        self.out
    }

    /// The bytes written so far.
    pub fn bytes(&self) -> &[u8] {
        &self.out
    }

    /// The number of bytes written.
    pub fn len(&self) -> usize {
        self.out.len()
    }

    /// Whether nothing was written.
    pub fn is_empty(&self) -> bool {
        self.out.is_empty()
    }

    /// Writes a comma if a value came before, which the last byte tells: strings end with a quote,
    /// numbers with a digit.
    #[inline]
    fn comma(&mut self) {
        if !matches!(self.out.last(), None | Some(b'{' | b'[' | b':')) {
            self.out.push(b',');
        }
    }

    /// `{`
    #[inline]
    pub fn begin_object(&mut self) {
        self.comma();
        self.out.push(b'{');
    }

    /// A key and its colon.
    pub fn key(&mut self, key: &str) {
        self.comma();
        // names of fields need no escape
        if key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
            self.out.push(b'"');
            self.out.extend_from_slice(key.as_bytes());
            self.out.push(b'"');
        } else {
            write_text(&mut self.out, key);
        }
        self.out.push(b':');
    }

    /// A key that [`JsonWriter::member`] made.
    #[inline]
    pub(crate) fn prepared_key(&mut self, member: &[u8]) {
        self.comma();
        self.out.extend_from_slice(member);
    }

    /// A key with its quotes and its colon, to be written many times.
    pub(crate) fn member(key: &str) -> Box<[u8]> {
        let mut member = Self::new();
        member.key(key);
        member.into_bytes().into_boxed_slice()
    }

    /// `}`
    #[inline]
    pub fn end_object(&mut self) {
        self.out.push(b'}');
    }

    /// `[`
    #[inline]
    pub fn begin_array(&mut self) {
        self.comma();
        self.out.push(b'[');
    }

    /// `]`
    #[inline]
    pub fn end_array(&mut self) {
        self.out.push(b']');
    }

    /// `null`
    #[inline]
    pub fn null(&mut self) {
        self.comma();
        self.out.extend_from_slice(b"null");
    }

    /// `true` or `false`
    #[inline]
    pub fn bool(&mut self, value: bool) {
        self.comma();
        self.out.extend_from_slice(if value { b"true" } else { b"false" });
    }

    /// A whole number.
    #[inline]
    pub fn i64(&mut self, value: i64) {
        self.comma();
        format::integer(value, &mut self.out);
    }

    /// A whole number.
    #[inline]
    pub fn u64(&mut self, value: u64) {
        self.comma();
        format::digits(value, 0, &mut self.out);
    }

    /// A number with a fraction, as Python spells it: `1.0`, `1e-07`, `1e+22`. What is not a number
    /// is `null`.
    pub fn f64(&mut self, value: f64) {
        self.comma();
        write_float(&mut self.out, value);
    }

    /// A text.
    #[inline]
    pub fn str(&mut self, value: &str) {
        self.comma();
        write_text(&mut self.out, value);
    }

    #[inline]
    fn quoted(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        self.comma();
        self.out.push(b'"');
        write(&mut self.out);
        self.out.push(b'"');
    }

    /// A decimal as text, with the places it has.
    pub fn decimal(&mut self, value: Decimal) {
        self.quoted(|out| format::decimal(value, None, false, out));
    }

    /// A decimal as text, with this many places.
    pub fn decimal_places(&mut self, value: Decimal, places: u32) {
        self.quoted(|out| format::decimal(value, Some(places), false, out));
    }

    /// A moment in UTC: `"2026-11-22T11:17:36.281398Z"`.
    pub fn datetime(&mut self, value: DateTime) {
        self.quoted(|out| format::datetime(value, out));
    }

    /// A day: `"2020-01-02"`.
    pub fn date(&mut self, value: NaiveDate) {
        self.quoted(|out| format::date(value, out));
    }

    /// A time of day: `"01:02:03.000004"`.
    pub fn time(&mut self, value: NaiveTime) {
        self.quoted(|out| format::time(value, out));
    }

    /// A length of time as Django writes it: `"1 02:03:04.500000"`, `"00:00:05"`.
    pub fn duration(&mut self, value: TimeDelta) {
        self.quoted(|out| format::duration(value, out));
    }

    /// A UUID in lower case with hyphens.
    pub fn uuid(&mut self, value: Uuid) {
        self.quoted(|out| format::uuid(value, UuidFormat::HexVerbose, out));
    }

    /// Any value; a decimal has the places that it carries.
    pub fn value(&mut self, value: ValueRef<'_>) {
        match value {
            ValueRef::Null => self.null(),
            ValueRef::Bool(v) => self.bool(v),
            ValueRef::Int(v) => self.i64(v),
            ValueRef::Float(v) => self.f64(v),
            ValueRef::Text(v) => self.str(v),
            ValueRef::Decimal(v) => self.decimal(v),
            ValueRef::DateTime(v) => self.datetime(v),
            ValueRef::Date(v) => self.date(v),
            ValueRef::Time(v) => self.time(v),
            ValueRef::Duration(v) => self.duration(v),
            ValueRef::Uuid(v) => self.uuid(v),
            ValueRef::Other(Value::List(items)) => {
                self.begin_array();
                for item in items {
                    self.value(item.as_ref());
                }
                self.end_array();
            }
            ValueRef::Other(Value::Map(items)) => {
                self.begin_object();
                for (key, item) in items {
                    self.key(key);
                    self.value(item.as_ref());
                }
                self.end_object();
            }
            ValueRef::Other(Value::Json(json)) => self.json(json),
            ValueRef::Other(Value::BigInt(digits)) => self.raw(digits.as_bytes()),
            ValueRef::Other(Value::File(file)) => self.str(file.name()),
            ValueRef::Bytes(bytes) => self.str(&base64(bytes)),
            ValueRef::Made(value) => value.write(self),
            ValueRef::Other(plain) => self.value(plain.as_ref()),
        }
    }

    /// Any JSON.
    pub fn json(&mut self, value: &serde_json::Value) {
        match value {
            serde_json::Value::Null => self.null(),
            serde_json::Value::Bool(v) => self.bool(*v),
            serde_json::Value::Number(v) => match (v.as_i64(), v.as_u64(), v.as_f64()) {
                (Some(v), ..) => self.i64(v),
                (_, Some(v), _) => self.u64(v),
                (.., Some(v)) => self.f64(v),
                _ => self.null(),
            },
            serde_json::Value::String(v) => self.str(v),
            serde_json::Value::Array(items) => {
                self.begin_array();
                for item in items {
                    self.json(item);
                }
                self.end_array();
            }
            serde_json::Value::Object(items) => {
                self.begin_object();
                for (key, item) in items {
                    self.key(key);
                    self.json(item);
                }
                self.end_object();
            }
        }
    }

    /// JSON that is already written: one value.
    pub fn raw(&mut self, json: &[u8]) {
        self.comma();
        self.out.extend_from_slice(json);
    }

    /// Anything that serde can write.
    ///
    /// # Errors
    /// If the value cannot be serialised, such as a map whose keys are not strings.
    pub fn serialize<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        let start = self.out.len();
        self.comma();
        let mut to = serde_json::Serializer::with_formatter(&mut self.out, PythonFormatter);
        value.serialize(&mut to).map_err(|error| {
            self.out.truncate(start);
            ApiException::internal(error)
        })
    }
}

/// Bytes as text, as Django shows those of a `BinaryField`.
pub(super) fn base64(bytes: &[u8]) -> String {
    base64::Engine::encode(&base64::engine::general_purpose::STANDARD, bytes)
}

/// A float in Python's spelling; JSON cannot express non-finite numbers.
pub(super) fn write_float(out: &mut Vec<u8>, value: f64) {
    if value.is_finite() {
        format::float(value, out);
    } else {
        out.extend_from_slice(b"null");
    }
}

const PLAIN: u8 = 0;
/// The first byte of U+2028 and U+2029.
const SEPARATOR: u8 = 1;
const CONTROL: u8 = 2;

/// How each byte of a string is escaped: not at all, or by the letter after a backslash.
static ESCAPES: [u8; 256] = {
    let mut table = [PLAIN; 256];
    let mut at = 0;
    while at < 0x20 {
        table[at] = CONTROL;
        at += 1;
    }
    table[0x08] = b'b';
    table[0x09] = b't';
    table[0x0A] = b'n';
    table[0x0C] = b'f';
    table[0x0D] = b'r';
    table[b'"' as usize] = b'"';
    table[b'\\' as usize] = b'\\';
    table[0xE2] = SEPARATOR;
    table
};

/// How many bytes at the front need no escape, eight at a time.
fn plain(bytes: &[u8]) -> usize {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    const HIGH: u64 = ONES << 7;
    // a byte of the word is zero; borrows can cause false positives, never false negatives
    let zero = |word: u64| word.wrapping_sub(ONES) & !word & HIGH;
    let (words, _) = bytes.as_chunks::<8>();
    let mut at = 0;
    for word in words {
        let word = u64::from_ne_bytes(*word);
        let control = word.wrapping_sub(ONES * 0x20) & !word & HIGH;
        let is = |byte: u8| zero(word ^ (ONES * u64::from(byte)));
        if control | is(b'"') | is(b'\\') | is(0xE2) != 0 {
            break;
        }
        at += 8;
    }
    let rest = bytes.get(at..).unwrap_or_default();
    at + rest.iter().position(|byte| ESCAPES[usize::from(*byte)] != PLAIN).unwrap_or(rest.len())
}

/// A text in quotes.
fn write_text(out: &mut Vec<u8>, text: &str) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let bytes = text.as_bytes();
    out.reserve(bytes.len() + 2);
    out.push(b'"');
    let (mut start, mut at) = (0, 0);
    while let Some(rest) = bytes.get(at..) {
        at += plain(rest);
        let Some(byte) = bytes.get(at) else { break };
        let escape = ESCAPES[usize::from(*byte)];
        if escape == SEPARATOR {
            let Some([0x80, last @ (0xA8 | 0xA9)]) = bytes.get(at + 1..at + 3) else {
                at += 1;
                continue;
            };
            out.extend_from_slice(&bytes[start..at]);
            out.extend_from_slice(if *last == 0xA8 { b"\\u2028" } else { b"\\u2029" });
            at += 3;
            start = at;
            continue;
        }
        out.extend_from_slice(&bytes[start..at]);
        if escape == CONTROL {
            out.extend_from_slice(b"\\u00");
            out.push(HEX[usize::from(byte >> 4)]);
            out.push(HEX[usize::from(byte & 15)]);
        } else {
            out.extend_from_slice(&[b'\\', escape]);
        }
        at += 1;
        start = at;
    }
    out.extend_from_slice(&bytes[start..]);
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(write: impl FnOnce(&mut JsonWriter)) -> String {
        let mut json = JsonWriter::new();
        write(&mut json);
        String::from_utf8(json.into_bytes()).unwrap()
    }

    #[test]
    fn commas_stand_between_values_only() {
        let json = written(|json| {
            json.begin_object();
            json.key("a{");
            json.begin_array();
            json.str("x[");
            json.str("y:");
            json.begin_array();
            json.end_array();
            json.begin_object();
            json.end_object();
            json.i64(-1);
            json.end_array();
            json.key("b");
            json.null();
            json.end_object();
        });
        assert_eq!(json, r#"{"a{":["x[","y:",[],{},-1],"b":null}"#);
    }

    #[test]
    fn floats_are_spelt_as_python_spells_them() {
        let spelt = |value| written(|json| json.f64(value));
        for (value, text) in [
            (1.0, "1.0"),
            (-0.0, "-0.0"),
            (1e-7, "1e-07"),
            (1e22, "1e+22"),
            (1e16, "1e+16"),
            (123_456_789_012_345.6, "123456789012345.6"),
            (0.0001, "0.0001"),
            (0.000_01, "1e-05"),
            (1.5e-300, "1.5e-300"),
            (1.797_693_134_862_315_7e308, "1.7976931348623157e+308"),
            (f64::NAN, "null"),
        ] {
            assert_eq!(spelt(value), text);
        }
    }

    #[test]
    fn texts_keep_unicode_and_escape_what_python_escapes() {
        let text = "Æ – 🎸\u{2028}\u{2029}\u{2027}\"\\/\t\n\r\u{8}\u{c}\u{1}\u{1f}\u{7f}";
        let expected =
            "\"Æ – 🎸\\u2028\\u2029\u{2027}\\\"\\\\/\\t\\n\\r\\b\\f\\u0001\\u001f\u{7f}\"";
        assert_eq!(written(|json| json.str(text)), expected);
        assert_eq!(written(|json| json.serialize(text).unwrap()), expected);
    }

    #[test]
    fn an_escape_is_found_wherever_it_stands() {
        for special in [
            "\"", "\\", "\n", "\u{1}", "\u{1f}", "\u{2028}", "\u{2029}", "\u{2027}", "é", " ",
            "\u{7f}",
        ] {
            for before in 0..20 {
                let text = format!("{}{special}{}", "ab é".repeat(before), "z".repeat(20 - before));
                let expected = serde_json::to_string(&text).unwrap();
                let expected =
                    expected.replace('\u{2028}', "\\u2028").replace('\u{2029}', "\\u2029");
                assert_eq!(written(|json| json.str(&text)), expected);
            }
        }
    }

    #[test]
    fn a_whole_number_of_any_size_is_written() {
        let number = Value::BigInt("99999999999999999999".into());
        let list = Value::List(vec![number.clone(), Value::Null]);
        assert_eq!(written(|out| out.value(number.as_ref())), "99999999999999999999");
        assert_eq!(written(|out| out.value(list.as_ref())), "[99999999999999999999,null]");
    }

    #[test]
    fn whole_numbers_reach_both_ends() {
        assert_eq!(written(|json| json.i64(i64::MIN)), i64::MIN.to_string());
        assert_eq!(written(|json| json.u64(u64::MAX)), u64::MAX.to_string());
        assert_eq!(written(|json| json.i64(0)), "0");
    }

    #[test]
    fn decimals_are_texts_of_fixed_places() {
        let spelt = |mantissa, scale| written(|json| json.decimal(Decimal::new(mantissa, scale)));
        assert_eq!(spelt(99, 2), "\"0.99\"");
        assert_eq!(spelt(-5, 3), "\"-0.005\"");
        assert_eq!(spelt(0, 2), "\"0.00\"");
        assert_eq!(spelt(7, 0), "\"7\"");
        assert_eq!(spelt(i64::MIN, 18), "\"-9.223372036854775808\"");
        let most = rust_decimal::Decimal::MAX;
        let text = written(|json| json.decimal(most.into()));
        assert_eq!(text, "\"79228162514264337593543950335\"");
        let mut small = most;
        small.set_scale(28).unwrap();
        let text = written(|json| json.decimal((-small).into()));
        assert_eq!(text, "\"-7.9228162514264337593543950335\"");
        assert_eq!(spelt(1, 28), "\"0.0000000000000000000000000001\"");
        assert_eq!(written(|json| json.decimal_places(Decimal::new(15, 1), 2)), "\"1.50\"");
    }

    #[test]
    fn times_leave_out_a_fraction_that_is_zero() {
        let moment = DateTime::from_sqlite_text("2026-11-22 11:17:36.281398").unwrap();
        assert_eq!(written(|json| json.datetime(moment)), "\"2026-11-22T11:17:36.281398Z\"");
        let time = NaiveTime::from_hms_micro_opt(1, 2, 3, 4).unwrap();
        assert_eq!(written(|json| json.time(time)), "\"01:02:03.000004\"");
        let day = NaiveDate::from_ymd_opt(812, 1, 2).unwrap();
        assert_eq!(written(|json| json.date(day)), "\"0812-01-02\"");
    }

    #[test]
    fn durations_are_djangos() {
        let spelt = |micros| written(|json| json.duration(TimeDelta::microseconds(micros)));
        assert_eq!(spelt(5_000_000), "\"00:00:05\"");
        assert_eq!(spelt(93_784_500_000), "\"1 02:03:04.500000\"");
        assert_eq!(spelt(-1), "\"-1 23:59:59.999999\"");
    }

    #[test]
    fn serde_writes_the_same_json() {
        let value = serde_json::json!({"f": 1.0, "t": 1e-7, "n": [null, true, {}], "u": u64::MAX});
        let expected = r#"{"f":1.0,"t":1e-07,"n":[null,true,{}],"u":18446744073709551615}"#;
        assert_eq!(written(|json| json.serialize(&value).unwrap()), expected);
        assert_eq!(written(|json| json.json(&value)), expected);
    }
}
