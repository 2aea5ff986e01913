//! How Python reads numbers from text and writes values as text: cursors hold `str(value)`,
//! page sizes and keys are read by `int(text)`.

use chrono::{NaiveDateTime, NaiveTime, Timelike};

use crate::fields::{Value, ValueRef};

/// `text.strip()`
pub(crate) fn strip(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&c))
}

/// `int(text)`: white space around, a sign, single underscores between digits. Numbers beyond
/// `i128` become its bounds, and more than 4300 digits are refused, as in Python.
pub(crate) fn int(text: &str) -> Option<i128> {
    let text = strip(text);
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let mut value: i128 = 0;
    let mut count = 0_usize;
    let mut after_digit = false;
    for byte in digits.bytes() {
        match byte {
            b'0'..=b'9' => {
                value = value.saturating_mul(10).saturating_add(i128::from(byte - b'0'));
                count += 1;
                after_digit = true;
            }
            b'_' if after_digit => after_digit = false,
            _ => return None,
        }
    }
    if !after_digit || count > 4300 {
        return None;
    }
    Some(if negative { -value } else { value })
}

/// `str(value)`, as a cursor holds the position of a row.
pub(crate) fn text(value: ValueRef<'_>) -> String {
    match value {
        ValueRef::Null => "None".to_owned(),
        ValueRef::Bool(true) => "True".to_owned(),
        ValueRef::Bool(false) => "False".to_owned(),
        ValueRef::Int(number) => number.to_string(),
        ValueRef::Float(number) => float(number),
        ValueRef::Text(text) => text.to_owned(),
        ValueRef::Decimal(number) => number.to_string(),
        ValueRef::DateTime(moment) => format!("{}+00:00", naive(moment.naive_utc())),
        ValueRef::Date(day) => day.to_string(),
        ValueRef::Time(time) => clock(time),
        ValueRef::Duration(length) => duration(length.num_microseconds().unwrap_or(i64::MAX)),
        ValueRef::Uuid(uuid) => uuid.to_string(),
        ValueRef::Other(Value::Json(json)) => json.to_string(),
        ValueRef::Other(other) => format!("{other:?}"),
    }
}

fn naive(moment: NaiveDateTime) -> String {
    format!("{} {}", moment.date(), clock(moment.time()))
}

fn clock(time: NaiveTime) -> String {
    let micros = time.nanosecond() / 1000;
    let whole = time.format("%H:%M:%S");
    if micros == 0 { whole.to_string() } else { format!("{whole}.{micros:06}") }
}

fn duration(micros: i64) -> String {
    let (days, rest) = (micros.div_euclid(86_400_000_000), micros.rem_euclid(86_400_000_000));
    let (seconds, micros) = (rest / 1_000_000, rest % 1_000_000);
    let days = match days {
        0 => String::new(),
        1 | -1 => format!("{days} day, "),
        _ => format!("{days} days, "),
    };
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    let micros = if micros == 0 { String::new() } else { format!(".{micros:06}") };
    format!("{days}{hours}:{minutes:02}:{seconds:02}{micros}")
}

/// `repr(float)`: the shortest digits, an exponent from 1e16 on and below 1e-4.
fn float(number: f64) -> String {
    if number.is_nan() {
        return "nan".to_owned();
    }
    if number.is_infinite() {
        return if number > 0.0 { "inf" } else { "-inf" }.to_owned();
    }
    let size = number.abs();
    if size != 0.0 && !(1e-4..1e16).contains(&size) {
        let text = format!("{number:e}");
        let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let exponent: i32 = exponent.parse().unwrap_or(0);
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{digits}e{sign}{:02}", exponent.unsigned_abs());
    }
    format!("{number:?}")
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;

    use super::*;

    #[test]
    fn an_int_is_read_as_python_reads_it() {
        assert_eq!(int(" 5 "), Some(5));
        assert_eq!(int("+1_0"), Some(10));
        assert_eq!(int("-3"), Some(-3));
        for bad in ["", " ", "_1", "1_", "1__0", "1.0", "abc", "--1", "+", "\0"] {
            assert_eq!(int(bad), None, "{bad:?}");
        }
        assert_eq!(int(&"9".repeat(60)), Some(i128::MAX));
        assert_eq!(int(&"9".repeat(4301)), None);
    }

    #[test]
    fn values_are_written_as_python_writes_them() {
        let day = NaiveDate::from_ymd_opt(2020, 1, 1).unwrap();
        let moment = |h, us| day.and_hms_micro_opt(h, 0, 0, us).unwrap().and_utc();
        assert_eq!(text(ValueRef::DateTime(moment(0, 0).into())), "2020-01-01 00:00:00+00:00");
        assert_eq!(
            text(ValueRef::DateTime(moment(9, 6).into())),
            "2020-01-01 09:00:00.000006+00:00"
        );
        assert_eq!(text(ValueRef::Null), "None");
        assert_eq!(text(ValueRef::Bool(true)), "True");
        assert_eq!(text(ValueRef::Float(1.0)), "1.0");
        assert_eq!(text(ValueRef::Float(1e16)), "1e+16");
        assert_eq!(text(ValueRef::Float(1.5e-7)), "1.5e-07");
        assert_eq!(text(ValueRef::Float(123_456.789)), "123456.789");
        assert_eq!(text(ValueRef::Duration(chrono::TimeDelta::seconds(90_061))), "1 day, 1:01:01");
    }
}
