//! JSON, byte for byte as DRF writes it: no spaces, Unicode kept, U+2028 and U+2029 escaped,
//! floats in Python's spelling, decimals as text.

use std::io::Write as _;

use chrono::{Datelike, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Timelike};
use serde::Serialize;

use super::python;
use crate::db::types::{DateTime, Decimal, Uuid};
use crate::exceptions::{ApiException, Result};
use crate::fields::{Value, ValueRef};

/// Writes JSON into bytes, value after value; it sets the commas itself.
///
/// ```
/// use quintet::renderers::JsonWriter;
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
#[derive(Debug, Default)]
pub struct JsonWriter {
    out: Vec<u8>,
}

impl JsonWriter {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::with_capacity(256)
    }

    /// Nothing yet, with room for so many bytes.
    pub fn with_capacity(bytes: usize) -> Self {
        Self { out: Vec::with_capacity(bytes) }
    }

    /// What was written.
    pub fn into_bytes(self) -> Vec<u8> {
        self.out
    }

    /// How many bytes were written.
    pub fn len(&self) -> usize {
        self.out.len()
    }

    /// True when nothing was written.
    pub fn is_empty(&self) -> bool {
        self.out.is_empty()
    }

    /// A text ends with a quote and a number with a digit, so that the last byte tells whether
    /// a value came before.
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
    #[inline]
    pub fn key(&mut self, key: &str) {
        self.comma();
        write_text(&mut self.out, key);
        self.out.push(b':');
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
        if value < 0 {
            self.out.push(b'-');
        }
        digits(&mut self.out, value.unsigned_abs(), 0);
    }

    /// A whole number.
    #[inline]
    pub fn u64(&mut self, value: u64) {
        self.comma();
        digits(&mut self.out, value, 0);
    }

    /// A number with a fraction, as Python spells it: `1.0`, `1e-07`, `1e+22`. What is no number
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

    /// A decimal as text, with the places it has.
    pub fn decimal(&mut self, value: Decimal) {
        self.comma();
        self.out.push(b'"');
        let (mantissa, scale) = (value.mantissa(), value.scale() as usize);
        match u64::try_from(mantissa.unsigned_abs()) {
            Ok(mantissa_abs) if scale < 20 => {
                if mantissa < 0 {
                    self.out.push(b'-');
                }
                let start = self.out.len();
                digits(&mut self.out, mantissa_abs, scale + 1);
                if scale > 0 {
                    let point = self.out.len() - scale;
                    debug_assert!(point > start);
                    self.out.insert(point, b'.');
                }
            }
            _ => self.format(format_args!("{}", *value)),
        }
        self.out.push(b'"');
    }

    /// A decimal as text, with so many places.
    pub fn decimal_places(&mut self, value: Decimal, places: u32) {
        self.decimal(if value.scale() == places { value } else { value.quantize(places) });
    }

    /// A moment in UTC: `"2026-11-22T11:17:36.281398Z"`.
    pub fn datetime(&mut self, value: DateTime) {
        self.comma();
        self.out.push(b'"');
        self.naive(value.naive_utc());
        self.out.extend_from_slice(b"Z\"");
    }

    fn naive(&mut self, value: NaiveDateTime) {
        self.day(value.date());
        self.out.push(b'T');
        self.clock(value.time());
    }

    /// A day: `"2020-01-02"`.
    pub fn date(&mut self, value: NaiveDate) {
        self.comma();
        self.out.push(b'"');
        self.day(value);
        self.out.push(b'"');
    }

    /// A time of day: `"01:02:03.000004"`.
    pub fn time(&mut self, value: NaiveTime) {
        self.comma();
        self.out.push(b'"');
        self.clock(value);
        self.out.push(b'"');
    }

    fn day(&mut self, value: NaiveDate) {
        match u64::try_from(value.year()) {
            Ok(year) => digits(&mut self.out, year, 4),
            Err(_) => self.format(format_args!("{}", value.year())),
        }
        self.out.push(b'-');
        digits(&mut self.out, value.month().into(), 2);
        self.out.push(b'-');
        digits(&mut self.out, value.day().into(), 2);
    }

    fn clock(&mut self, value: NaiveTime) {
        let (hour, minute, second) = (value.hour(), value.minute(), value.second());
        self.hms(hour.into(), minute.into(), second.into());
        self.micros((value.nanosecond() % 1_000_000_000 / 1000).into());
    }

    fn hms(&mut self, hours: u64, minutes: u64, seconds: u64) {
        digits(&mut self.out, hours, 2);
        self.out.push(b':');
        digits(&mut self.out, minutes, 2);
        self.out.push(b':');
        digits(&mut self.out, seconds, 2);
    }

    fn micros(&mut self, micros: u64) {
        if micros > 0 {
            self.out.push(b'.');
            digits(&mut self.out, micros, 6);
        }
    }

    /// A length of time as Django writes it: `"1 02:03:04.500000"`, `"00:00:05"`.
    pub fn duration(&mut self, value: TimeDelta) {
        const DAY: i64 = 86_400;
        self.comma();
        // whole seconds, rounded down, and a fraction that is never negative
        let nanos = value.subsec_nanos();
        let seconds = value.num_seconds() - i64::from(nanos < 0);
        let micros = u64::from((nanos.rem_euclid(1_000_000_000)).unsigned_abs()) / 1000;
        let (days, rest) = (seconds.div_euclid(DAY), seconds.rem_euclid(DAY).unsigned_abs());
        self.out.push(b'"');
        if days != 0 {
            self.format(format_args!("{days} "));
        }
        self.hms(rest / 3600, rest / 60 % 60, rest % 60);
        self.micros(micros);
        self.out.push(b'"');
    }

    /// A UUID in lower case with hyphens.
    pub fn uuid(&mut self, value: Uuid) {
        self.comma();
        self.format(format_args!("\"{}\"", value.hyphenated()));
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
    /// When the value refuses to be written, as a map whose keys are no texts.
    pub fn serialize<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        let start = self.out.len();
        self.comma();
        let mut to = serde_json::Serializer::with_formatter(&mut self.out, python::PythonFormatter);
        value.serialize(&mut to).map_err(|error| {
            self.out.truncate(start);
            ApiException::internal(error)
        })
    }

    fn format(&mut self, text: std::fmt::Arguments<'_>) {
        // writing into a vector does not fail
        let _ = self.out.write_fmt(text);
    }
}

/// Decimal digits, at least `width` of them.
#[inline]
fn digits(out: &mut Vec<u8>, mut value: u64, width: usize) {
    let mut buffer = [b'0'; 20];
    let mut at = buffer.len();
    let least = buffer.len().saturating_sub(width.max(1));
    while value > 0 || at > least {
        at -= 1;
        // a digit fits into a byte
        buffer[at] = b'0' + (value % 10) as u8;
        value /= 10;
    }
    out.extend_from_slice(&buffer[at..]);
}

/// A float in Python's spelling.
pub(super) fn write_float(out: &mut Vec<u8>, value: f64) {
    if !value.is_finite() {
        out.extend_from_slice(b"null");
        return;
    }
    // Rust's debug form turns to exponents where Python's repr does
    let start = out.len();
    let _ = write!(out, "{value:?}");
    let Some(e) = out[start..].iter().position(|byte| *byte == b'e') else { return };
    let at = start + e + 1;
    let negative = out.get(at) == Some(&b'-');
    if !negative {
        out.insert(at, b'+');
    }
    if out.len() - at < 3 {
        out.insert(at + 1, b'0');
    }
}

const PLAIN: u8 = 0;
/// The first byte of U+2028 and U+2029.
const SEPARATOR: u8 = 1;
const CONTROL: u8 = 2;

/// What to do with each byte of a text: nothing, or the letter after its backslash.
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

/// A text in quotes.
pub(super) fn write_text(out: &mut Vec<u8>, text: &str) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let bytes = text.as_bytes();
    out.reserve(bytes.len() + 2);
    out.push(b'"');
    let mut start = 0;
    for (at, byte) in bytes.iter().enumerate() {
        let escape = ESCAPES[usize::from(*byte)];
        if escape == PLAIN {
            continue;
        }
        if escape == SEPARATOR {
            let Some(last @ (0xA8 | 0xA9)) = bytes.get(at + 2).copied() else { continue };
            if bytes.get(at + 1) != Some(&0x80) {
                continue;
            }
            out.extend_from_slice(&bytes[start..at]);
            out.extend_from_slice(if last == 0xA8 { b"\\u2028" } else { b"\\u2029" });
            start = at + 3;
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
        start = at + 1;
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
