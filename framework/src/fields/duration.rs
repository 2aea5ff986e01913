//! Durations as `django.utils.dateparse.parse_duration` reads them.

use chrono::TimeDelta;

use crate::exceptions::Detail;

use super::{Field, Raw, Value, python};

/// The days that Python's `timedelta` can hold, either way.
const MAX_DAYS: f64 = 999_999_999.0;

/// Microseconds of a day.
const DAY: f64 = 86_400e6;

/// Microseconds of a day, as an integer.
const MICROS_OF_A_DAY: i128 = 86_400_000_000;

pub(super) fn convert(field: &Field, raw: &Raw<'_>) -> Result<Value, Detail> {
    let read = match raw {
        Raw::Text(_) | Raw::JsonText(_) | Raw::Int(_) | Raw::Float(_) => parse(&python::text(raw)),
        _ => None,
    };
    match read {
        Some(Ok(length)) => Ok(Value::Duration(length)),
        Some(Err(TooLong)) => {
            let text = "The number of days must be between {min_days} and {max_days}.";
            let days = [("min_days", "-999999999"), ("max_days", "999999999")];
            Err(field.fail_with("overflow", text, &days))
        }
        None => {
            let text = "Duration has wrong format. Use one of these formats instead: {format}.";
            let format = [("format", "[DD] [HH:[MM:]]ss[.uuuuuu]")];
            Err(field.fail_with("invalid", text, &format))
        }
    }
}

/// More days than Python's `timedelta` can hold.
#[derive(Debug, PartialEq)]
pub(crate) struct TooLong;

/// Parses a duration; `None` if the text is not one.
pub(crate) fn parse(text: &str) -> Option<Result<TimeDelta, TooLong>> {
    let text = python::ascii_digits(text);
    // `$` of a Python expression also matches before a last line break
    let text = text.strip_suffix('\n').unwrap_or(&text);
    let parts = standard(text).or_else(|| iso(text)).or_else(|| postgres(text))?;
    let length = || {
        let whole = parts.days.trunc();
        let days = within(whole)? * MICROS_OF_A_DAY + within((parts.days - whole) * DAY)?;
        let micros = days + within(parts.seconds)? * 1_000_000 + within(parts.micros)?;
        let days = i64::try_from(micros.div_euclid(MICROS_OF_A_DAY)).ok()?;
        let rest = i64::try_from(micros.rem_euclid(MICROS_OF_A_DAY)).ok()?;
        let fits = (-999_999_999..=999_999_999).contains(&days);
        fits.then(|| TimeDelta::days(days) + TimeDelta::microseconds(rest))
    };
    Some(length().ok_or(TooLong))
}

/// Days, whole seconds and microseconds, separately, so that each stays exact.
struct Parts {
    days: f64,
    seconds: f64,
    micros: f64,
}

/// A whole number, as far as a `timedelta` goes; Python rounds half to even.
#[expect(clippy::cast_possible_truncation, reason = "the range is checked before the cast")]
fn within(number: f64) -> Option<i128> {
    let rounded = number.round_ties_even();
    (rounded.abs() <= (MAX_DAYS + 1.0) * DAY).then_some(rounded as i128)
}

fn number(digits: &str) -> Option<f64> {
    let all = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    all.then(|| digits.parse().ok()).flatten()
}

/// `-?\d+` and a blank at the start, when they are there.
fn leading_days(text: &str) -> Option<(f64, &str)> {
    let (days, rest) = text.split_once(' ')?;
    let sign = if days.starts_with('-') { -1.0 } else { 1.0 };
    Some((sign * number(days.strip_prefix('-').unwrap_or(days))?, rest))
}

/// Microseconds from up to twelve digits; only six count.
fn fraction(digits: &str, most: usize) -> Option<f64> {
    if digits.len() > most {
        return None;
    }
    number(digits)?;
    number(format!("{digits:0<6}").get(..6).unwrap_or_default())
}

/// `D [days, ]HH:MM:SS.ffffff`
fn standard(text: &str) -> Option<Parts> {
    let (days, rest) = match leading_days(text) {
        Some((days, rest)) => {
            let rest = rest.strip_prefix("days, ").or_else(|| rest.strip_prefix("day, "));
            (days, rest.unwrap_or_else(|| text.split_once(' ').map_or("", |(_, rest)| rest)))
        }
        None => (0.0, text),
    };
    let (sign, rest) = rest.strip_prefix('-').map_or((1.0, rest), |rest| (-1.0, rest));
    let (clock, micros) = match rest.split_once(['.', ',']) {
        Some((clock, digits)) => (clock, fraction(digits, 12)?),
        None => (rest, 0.0),
    };
    let mut seconds = 0.0;
    let mut count = 0;
    for part in clock.split(':') {
        seconds = seconds * 60.0 + number(part)?;
        count += 1;
    }
    (count <= 3).then_some(Parts { days, seconds: sign * seconds, micros: sign * micros })
}

/// `P1DT2H3M4.5S`
fn iso(text: &str) -> Option<Parts> {
    let (sign, rest) = match text.strip_prefix('-') {
        Some(rest) => (-1.0, rest),
        None => (1.0, text.strip_prefix('+').unwrap_or(text)),
    };
    let rest = rest.strip_prefix('P')?;
    let (date, time) = match rest.split_once('T') {
        Some((date, time)) => (date, time),
        None => (rest, ""),
    };
    let days = match date {
        "" => 0.0,
        date => decimal(date.strip_suffix('D')?)?,
    };
    let mut micros = 0.0;
    let mut rest = time;
    for (unit, size) in [('H', 3600e6), ('M', 60e6), ('S', 1e6)] {
        if let Some((head, tail)) = rest.split_once(unit) {
            micros += decimal(head)? * size;
            rest = tail;
        }
    }
    rest.is_empty().then_some(Parts { days: sign * days, seconds: 0.0, micros: sign * micros })
}

/// `\d+([.,]\d+)?`
fn decimal(text: &str) -> Option<f64> {
    match text.split_once(['.', ',']) {
        None => number(text),
        Some((whole, digits)) => {
            number(whole)?;
            number(digits)?;
            format!("{whole}.{digits}").parse().ok()
        }
    }
}

/// `1 day 02:03:04.5`, `1 day`, and the empty text
fn postgres(text: &str) -> Option<Parts> {
    let (days, rest) = match leading_days(text) {
        Some((days, rest)) => {
            let rest = rest.strip_prefix("day")?;
            let rest = rest.strip_prefix('s').unwrap_or(rest);
            (days, rest.strip_prefix(' ').unwrap_or(rest))
        }
        None => (0.0, text),
    };
    if rest.is_empty() {
        return Some(Parts { days, seconds: 0.0, micros: 0.0 });
    }
    let (sign, rest) = match rest.strip_prefix('-') {
        Some(rest) => (-1.0, rest),
        None => (1.0, rest.strip_prefix('+').unwrap_or(rest)),
    };
    let (clock, micros) = match rest.split_once('.') {
        Some((clock, digits)) => (clock, fraction(digits, 6)?),
        None => (rest, 0.0),
    };
    let mut parts = clock.split(':');
    let (hours, minutes, seconds) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || minutes.len() != 2 || seconds.len() != 2 {
        return None;
    }
    let seconds = number(hours)? * 3600.0 + number(minutes)? * 60.0 + number(seconds)?;
    Some(Parts { days, seconds: sign * seconds, micros: sign * micros })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_three_spellings_are_read() {
        let micros =
            |text| parse(text).map(|length| length.map(|length| length.num_microseconds()));
        let cases = [
            ("1 02:03:04.5", 93_784_500_000),
            ("-1 23:59:59", -1_000_000),
            ("2 days, 3:04:05", 183_845_000_000),
            ("3 days 04:05:06", 273_906_000_000),
            ("P1.5DT2H", 136_800_000_000),
            ("-PT1,5S", -1_500_000),
            ("", 0),
            ("1 day", 86_400_000_000),
            ("1 day -00:00:01", 86_399_000_000),
            ("9999999 23:59:59.999999", 863_999_999_999_999_999),
        ];
        for (text, expected) in cases {
            assert_eq!(micros(text), Some(Ok(Some(expected))), "{text}");
        }
        for refused in ["P1W", "PT-1S", "1:2:3:4", "1:", "x", "1 day 1:2:3", "PT1M1H", "1."] {
            assert_eq!(micros(refused), None, "{refused}");
        }
        assert_eq!(micros("9999999999999 00"), Some(Err(TooLong)));
        assert_eq!(micros(&"9".repeat(400)), Some(Err(TooLong)));
    }
}
