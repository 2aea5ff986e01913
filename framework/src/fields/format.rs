//! Values as DRF writes them (`to_representation`), appended to a text.

use std::fmt::Write as _;

use chrono::{Datelike, NaiveDate, NaiveTime, TimeDelta, Timelike};

use crate::db::types::{DateTime, Decimal, Uuid};

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
pub fn datetime(value: DateTime, out: &mut String) {
    moment(value, 'T', "Z", out);
}

/// A moment in UTC with a separator and an offset of one's own: `str(value)` has ` ` and `+00:00`.
pub fn moment(value: DateTime, separator: char, offset: &str, out: &mut String) {
    let naive = value.naive_utc();
    date(naive.date(), out);
    out.push(separator);
    time(naive.time(), out);
    out.push_str(offset);
}

/// A day: `2020-01-02`.
pub fn date(value: NaiveDate, out: &mut String) {
    padded(value.year().unsigned_abs(), 4, out);
    out.push('-');
    padded(value.month(), 2, out);
    out.push('-');
    padded(value.day(), 2, out);
}

/// A time of day: `03:04:05.000006`, microseconds only when they are not zero.
pub fn time(value: NaiveTime, out: &mut String) {
    clock(value.num_seconds_from_midnight(), value.nanosecond() % 1_000_000_000 / 1000, out);
}

/// A length of time as Django writes it: `1 02:03:04.500000`, `-1 23:59:59`, `00:00:05`.
pub fn duration(value: TimeDelta, out: &mut String) {
    let (days, seconds, micros) = parts(value);
    if days != 0 {
        // writing to a String cannot fail
        let _ = write!(out, "{days} ");
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
pub fn iso_duration(value: TimeDelta, out: &mut String) {
    let negative = value < TimeDelta::zero();
    let (days, seconds, micros) = parts(value.abs());
    if negative {
        out.push('-');
    }
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    let _ = write!(out, "P{days}DT{hours:02}H{minutes:02}M{seconds:02}");
    if micros > 0 {
        let _ = write!(out, ".{micros:06}");
    }
    out.push('S');
}

/// A decimal with exactly `places` digits after the point, or with those it has; `normalize`
/// drops trailing zeros.
pub fn decimal(value: Decimal, places: Option<u32>, normalize: bool, out: &mut String) {
    let value = places.map_or(value, |places| quantized(value, places));
    // writing to a String cannot fail
    let _ = if normalize { write!(out, "{}", value.normalize()) } else { write!(out, "{value}") };
}

/// A float as Python's `repr` and `json` write it: `1.0`, `1e+22`, `1e-07`.
pub fn float(value: f64, out: &mut String) {
    if !value.is_finite() {
        out.push_str(if value.is_nan() {
            "nan"
        } else if value > 0.0 {
            "inf"
        } else {
            "-inf"
        });
        return;
    }
    let size = value.abs();
    if size == 0.0 || (1e-4..1e16).contains(&size) {
        let start = out.len();
        let _ = write!(out, "{value}");
        if !out.get(start..).is_some_and(|text| text.contains('.')) {
            out.push_str(".0");
        }
        return;
    }
    let scientific = format!("{value:e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    out.push_str(digits);
    out.push('e');
    let (sign, power) = exponent.strip_prefix('-').map_or(('+', exponent), |power| ('-', power));
    out.push(sign);
    if power.len() < 2 {
        out.push('0');
    }
    out.push_str(power);
}

/// A UUID in one of DRF's formats; [`UuidFormat::Int`] is a number, not a text.
pub fn uuid(value: Uuid, format: UuidFormat, out: &mut String) {
    let _ = match format {
        UuidFormat::HexVerbose => {
            let mut buffer = [0; uuid::fmt::Hyphenated::LENGTH];
            out.push_str(value.hyphenated().encode_lower(&mut buffer));
            Ok(())
        }
        UuidFormat::Hex => write!(out, "{}", value.simple()),
        UuidFormat::Int => write!(out, "{}", value.as_u128()),
        UuidFormat::Urn => write!(out, "{}", value.urn()),
    };
}

/// A moment in a format of `strftime`; a format that chrono cannot write gives ISO 8601.
pub fn strftime(value: DateTime, format: &str, out: &mut String) {
    let items = chrono::format::StrftimeItems::new(format);
    let items: Vec<_> = items.collect();
    if items.contains(&chrono::format::Item::Error) {
        return datetime(value, out);
    }
    let _ = write!(out, "{}", value.format_with_items(items.iter()));
}

/// The same number with exactly `places` digits after the point; a negative zero stays negative,
/// as in Python.
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

fn clock(seconds: u32, micros: u32, out: &mut String) {
    padded(seconds / 3600, 2, out);
    out.push(':');
    padded(seconds / 60 % 60, 2, out);
    out.push(':');
    padded(seconds % 60, 2, out);
    if micros > 0 {
        out.push('.');
        padded(micros, 6, out);
    }
}

fn padded(number: u32, width: u32, out: &mut String) {
    for place in (0..width).rev() {
        let digit = number / 10_u32.pow(place) % 10;
        out.push(char::from_digit(digit, 10).unwrap_or('0'));
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
        assert_eq!(written(|out| strftime(whole, "%!", out)), "0001-01-02T03:04:05Z");
    }

    #[test]
    fn decimals_have_fixed_places() {
        let number = Decimal::new(15, 1);
        assert_eq!(written(|out| decimal(number, Some(2), false, out)), "1.50");
        assert_eq!(written(|out| decimal(number, None, false, out)), "1.5");
        assert_eq!(written(|out| decimal(Decimal::new(1500, 2), Some(2), true, out)), "15");
    }
}
