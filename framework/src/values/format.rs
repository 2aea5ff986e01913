//! Values as DRF writes them (`to_representation`), appended to a text or to bytes.

use std::fmt::{self, Write as _};

use chrono::{Datelike, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Timelike};

use crate::values::types::{DateTime, Decimal, Uuid};
use crate::values::{extremes, strftime};

/// What values are written to: a `String` or bytes.
pub trait Out {
    /// Appends a text.
    fn text(&mut self, text: &str);

    /// Appends ASCII characters.
    fn ascii(&mut self, text: &[u8]);
}

impl Out for String {
    fn text(&mut self, text: &str) {
        self.push_str(text);
    }

    fn ascii(&mut self, text: &[u8]) {
        self.push_str(std::str::from_utf8(text).unwrap_or_default());
    }
}

impl Out for Vec<u8> {
    #[inline]
    fn text(&mut self, text: &str) {
        self.extend_from_slice(text.as_bytes());
    }

    #[inline]
    fn ascii(&mut self, text: &[u8]) {
        self.extend_from_slice(text);
    }
}

/// How a UUID is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum UuidFormat {
    /// `5ce0e9a5-5ffa-654b-cee0-1238041fb31a`
    #[default]
    HexVerbose,
    /// `5ce0e9a55ffa654bcee01238041fb31a`
    Hex,
    /// `123456789012312313134124512351145145114`
    Int,
    /// `urn:uuid:5ce0e9a5-5ffa-654b-cee0-1238041fb31a`
    Urn,
}

/// A moment in UTC: `2020-01-02T03:04:05.000006Z`, microseconds only when they are not zero.
pub fn datetime(value: DateTime, out: &mut impl Out) {
    moment(value, 'T', "Z", out);
}

/// A moment in UTC with a given separator and offset: `str(value)` has ` ` and `+00:00`.
pub fn moment(value: DateTime, separator: char, offset: &str, out: &mut impl Out) {
    let naive = value.naive_utc();
    if let Some(word) = extremes::word(naive.date()) {
        return out.text(word);
    }
    date(naive.date(), out);
    out.text(separator.encode_utf8(&mut [0; 4]));
    time(naive.time(), out);
    out.text(offset);
}

/// A day: `2020-01-02`.
pub fn date(value: NaiveDate, out: &mut impl Out) {
    if let Some(word) = extremes::word(value) {
        return out.text(word);
    }
    let year = value.year();
    if year < 0 {
        out.ascii(b"-");
    }
    digits(year.unsigned_abs().into(), 4, out);
    let ([a, b], [c, d]) = (two(value.month()), two(value.day()));
    out.ascii(&[b'-', a, b, b'-', c, d]);
}

/// A time of day: `03:04:05.000006`, microseconds only when they are not zero.
pub fn time(value: NaiveTime, out: &mut impl Out) {
    if extremes::is_end_of_day(value) {
        return out.text(extremes::END_OF_DAY);
    }
    clock(value.num_seconds_from_midnight(), value.nanosecond() / 1000, out);
}

/// A length of time as Django writes it: `1 02:03:04.500000`, `-1 23:59:59`, `00:00:05`.
pub fn duration(value: TimeDelta, out: &mut impl Out) {
    let (days, seconds, micros) = parts(value);
    if days != 0 {
        integer(days, out);
        out.ascii(b" ");
    }
    clock(seconds, micros, out);
}

/// A length of time as Python prints it, in messages: `1 day, 2:00:00`, `0:00:05`.
pub fn timedelta(value: TimeDelta) -> String {
    let (days, seconds, micros) = parts(value);
    let mut out = String::new();
    if days != 0 {
        let plural = if days.abs() == 1 { "" } else { "s" };
        let _ = write!(out, "{days} day{plural}, ");
    }
    let _ = write!(out, "{}:", seconds / 3600);
    let start = out.len();
    clock(seconds % 3600, micros, &mut out);
    // `clock` wrote the hours again
    out.replace_range(start..start + 3, "");
    out
}

/// A length of time in ISO 8601, as Django writes it: `P1DT02H03M04.500000S`.
pub fn iso_duration(value: TimeDelta, out: &mut impl Out) {
    let negative = value < TimeDelta::zero();
    let (days, seconds, micros) = parts(value.abs());
    let sign = if negative { "-" } else { "" };
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    let fraction = if micros > 0 { format!(".{micros:06}") } else { String::new() };
    out.text(&format!("{sign}P{days}DT{hours:02}H{minutes:02}M{seconds:02}{fraction}S"));
}

/// A whole number.
#[inline]
pub fn integer(value: i64, out: &mut impl Out) {
    out.ascii(itoa::Buffer::new().format(value).as_bytes());
}

/// A decimal with exactly `places` digits after the point, or with those it has; `normalize`
/// drops trailing zeros.
pub fn decimal(value: Decimal, places: Option<u32>, normalize: bool, out: &mut impl Out) {
    let value = places.map_or(value, |places| quantized(value, places));
    let value = if normalize { value.normalize() } else { *value };
    if value.is_sign_negative() {
        out.ascii(b"-");
    }
    let scale = value.scale() as usize;
    let mut buffer = itoa::Buffer::new();
    // what does not fit into a machine word is rare and slow to divide
    let digits = match u64::try_from(value.mantissa().unsigned_abs()) {
        Ok(mantissa) => buffer.format(mantissa),
        Err(_) => buffer.format(value.mantissa().unsigned_abs()),
    };
    let digits = digits.as_bytes();
    match digits.len().checked_sub(scale) {
        _ if scale == 0 => out.ascii(digits),
        Some(whole @ 1..) => {
            let (whole, fraction) = digits.split_at(whole);
            out.ascii(whole);
            out.ascii(b".");
            out.ascii(fraction);
        }
        _ => {
            out.ascii(b"0.");
            // a scale is 28 at most
            out.ascii(&[b'0'; 28][..scale.saturating_sub(digits.len()).min(28)]);
            out.ascii(digits);
        }
    }
}

/// A float as Python's `repr` and `json` write it: `1.0`, `1e+22`, `1e-07`.
pub fn float(value: f64, out: &mut impl Out) {
    if !value.is_finite() {
        out.text(if value.is_nan() {
            "nan"
        } else if value > 0.0 {
            "inf"
        } else {
            "-inf"
        });
        return;
    }
    // Rust's debug form turns to exponents where Python's repr does
    let mut text = Short::default();
    // 25 characters at most
    let _ = write!(text, "{value:?}");
    let text = text.as_bytes();
    let Some(e) = text.iter().position(|byte| *byte == b'e') else { return out.ascii(text) };
    let (mantissa, power) = text.split_at(e + 1);
    let (sign, power) = power.strip_prefix(b"-").map_or((b"+", power), |power| (b"-", power));
    out.ascii(mantissa);
    out.ascii(sign);
    if power.len() < 2 {
        out.ascii(b"0");
    }
    out.ascii(power);
}

/// A UUID in one of DRF's formats; [`UuidFormat::Int`] is a number, not a text.
pub fn uuid(value: Uuid, format: UuidFormat, out: &mut impl Out) {
    let mut buffer = [0; uuid::fmt::Urn::LENGTH];
    match format {
        UuidFormat::HexVerbose => out.text(value.hyphenated().encode_lower(&mut buffer)),
        UuidFormat::Hex => out.text(value.simple().encode_lower(&mut buffer)),
        UuidFormat::Int => out.text(&value.as_u128().to_string()),
        UuidFormat::Urn => out.text(value.urn().encode_lower(&mut buffer)),
    }
}

/// A moment in a format of Python's `strftime`, in the C locale; an unknown code is copied.
pub fn strftime(value: DateTime, format: &str, out: &mut impl Out) {
    formatted(value.naive_utc(), true, format, out);
}

/// A day in a format of `strftime`.
pub fn strftime_date(value: NaiveDate, format: &str, out: &mut impl Out) {
    formatted(value.and_time(NaiveTime::MIN), false, format, out);
}

/// A time of day in a format of `strftime`; its day is the first of 1900, as in Python.
pub fn strftime_time(value: NaiveTime, format: &str, out: &mut impl Out) {
    let day = NaiveDate::from_ymd_opt(1900, 1, 1).unwrap_or_default();
    formatted(day.and_time(value), false, format, out);
}

fn formatted(value: NaiveDateTime, in_utc: bool, format: &str, out: &mut impl Out) {
    let mut text = String::new();
    strftime::write(value, in_utc, format, &mut text);
    out.text(&text);
}

/// Rounds to exactly `places` digits after the point; a negative zero stays negative, as in Python.
pub(crate) fn quantized(value: Decimal, places: u32) -> Decimal {
    if value.scale() == places {
        return value;
    }
    let mut rounded: rust_decimal::Decimal = *value.quantize(places);
    rounded.set_sign_negative(value.is_sign_negative());
    rounded.into()
}

/// Days, seconds and microseconds as Python keeps them: only the days may be negative.
fn parts(value: TimeDelta) -> (i64, u32, u32) {
    let (mut seconds, mut nanos) = (value.num_seconds(), value.subsec_nanos());
    if nanos < 0 {
        seconds -= 1;
        nanos += 1_000_000_000;
    }
    let days = seconds.div_euclid(86_400);
    let rest = u32::try_from(seconds.rem_euclid(86_400)).unwrap_or(0);
    (days, rest, nanos.unsigned_abs() / 1000)
}

#[inline]
fn clock(seconds: u32, micros: u32, out: &mut impl Out) {
    digits((seconds / 3600).into(), 2, out);
    let ([a, b], [c, d]) = (two(seconds / 60 % 60), two(seconds % 60));
    out.ascii(&[b':', a, b, b':', c, d]);
    if micros > 0 {
        out.ascii(b".");
        digits(micros.into(), 6, out);
    }
}

/// The digits of a number below 100.
#[inline]
fn two(number: u32) -> [u8; 2] {
    [b'0' + (number / 10 % 10) as u8, b'0' + (number % 10) as u8]
}

/// Decimal digits, at least `width` of them.
#[inline]
pub(super) fn digits(mut value: u64, width: usize, out: &mut impl Out) {
    let mut buffer = [b'0'; 20];
    let mut at = buffer.len();
    let least = buffer.len().saturating_sub(width.max(1));
    while value > 0 || at > least {
        at -= 1;
        buffer[at] = b'0' + (value % 10) as u8;
        value /= 10;
    }
    out.ascii(&buffer[at..]);
}

/// A short text of its own, to look at before it goes out.
#[derive(Default)]
struct Short {
    bytes: [u8; 32],
    len: usize,
}

impl Short {
    fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }
}

impl fmt::Write for Short {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = self.len + text.len();
        let place = self.bytes.get_mut(self.len..end).ok_or(fmt::Error)?;
        place.copy_from_slice(text.as_bytes());
        self.len = end;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(write: impl FnOnce(&mut String)) -> String {
        let mut out = String::new();
        write(&mut out);
        out
    }

    #[test]
    fn floats_are_written_as_python_writes_them() {
        let cases = [
            (1.0, "1.0"),
            (-0.0, "-0.0"),
            (1.5, "1.5"),
            (0.1, "0.1"),
            (1e-4, "0.0001"),
            (1e-5, "1e-05"),
            (1.5e-7, "1.5e-07"),
            (1e15, "1000000000000000.0"),
            (1e16, "1e+16"),
            (1e22, "1e+22"),
            (1.234e300, "1.234e+300"),
            (1e6, "1000000.0"),
        ];
        for (number, text) in cases {
            assert_eq!(written(|out| float(number, out)), text);
        }
    }

    #[test]
    fn durations_have_three_spellings() {
        let length = TimeDelta::microseconds(-500_000);
        assert_eq!(written(|out| duration(length, out)), "-1 23:59:59.500000");
        assert_eq!(timedelta(length), "-1 day, 23:59:59.500000");
        assert_eq!(written(|out| iso_duration(length, out)), "-P0DT00H00M00.500000S");
        let length = TimeDelta::days(2) + TimeDelta::seconds(3 * 3600 + 4);
        assert_eq!(written(|out| duration(length, out)), "2 03:00:04");
        assert_eq!(timedelta(length), "2 days, 3:00:04");
        assert_eq!(timedelta(TimeDelta::seconds(5)), "0:00:05");
    }

    #[test]
    fn moments_end_in_z_and_drop_zero_microseconds() {
        let moment = |text| DateTime::from_sqlite_text(text).unwrap();
        let whole = moment("0001-01-02 03:04:05");
        assert_eq!(written(|out| datetime(whole, out)), "0001-01-02T03:04:05Z");
        let micros = moment("2020-01-02 03:04:05.000006");
        assert_eq!(written(|out| datetime(micros, out)), "2020-01-02T03:04:05.000006Z");
        assert_eq!(written(|out| strftime(micros, "%d.%m.%Y", out)), "02.01.2020");
        assert_eq!(written(|out| strftime(whole, "%!", out)), "%!");
    }

    #[test]
    fn decimals_have_fixed_places() {
        let number = Decimal::new(15, 1);
        assert_eq!(written(|out| decimal(number, Some(2), false, out)), "1.50");
        assert_eq!(written(|out| decimal(number, None, false, out)), "1.5");
        assert_eq!(written(|out| decimal(Decimal::new(1500, 2), Some(2), true, out)), "15");
    }
}
