//! Dates and times as Django's forms read them: what `django.utils.dateparse` reads, and the input
//! formats of the English locale. The project's time zone is UTC.

use chrono::{NaiveDate, NaiveDateTime, NaiveTime, TimeDelta};

use super::python;
use crate::db::DateTime;
use crate::fields::moments::{parse_date, parse_datetime};
use crate::values::extremes;

/// Reads a text from its start.
struct Reader<'a>(&'a str);

impl Reader<'_> {
    /// Between `min` and `max` digits.
    fn number(&mut self, min: usize, max: usize) -> Option<u32> {
        let count = self.0.bytes().take(max).take_while(u8::is_ascii_digit).count();
        if count < min {
            return None;
        }
        let (digits, rest) = self.0.split_at(count);
        self.0 = rest;
        digits.parse().ok()
    }

    fn skip(&mut self, token: char) -> bool {
        match self.0.strip_prefix(token) {
            Some(rest) => {
                self.0 = rest;
                true
            }
            None => false,
        }
    }

    /// A fraction of a second: microseconds, later digits cut.
    fn fraction(&mut self, max: usize) -> Option<u32> {
        let count = self.0.bytes().take(max).take_while(u8::is_ascii_digit).count();
        let (digits, rest) = self.0.split_at(count);
        self.0 = rest;
        if digits.is_empty() {
            return None;
        }
        format!("{digits:0<6}").get(..6)?.parse().ok()
    }

    fn spaces(&mut self) -> bool {
        let rest = self.0.trim_start();
        let found = rest.len() < self.0.len();
        self.0 = rest;
        found
    }
}

fn date(year: u32, month: u32, day: u32) -> Option<NaiveDate> {
    let year = i32::try_from(year).ok().filter(|year| (1..=9999).contains(year))?;
    NaiveDate::from_ymd_opt(year, month, day)
}

/// A calendar time of a zone in UTC, where it may lie a day outside the years 1 to 9999.
fn to_utc((naive, offset): (NaiveDateTime, Option<TimeDelta>)) -> Option<DateTime> {
    let utc = naive.checked_sub_signed(offset.unwrap_or_default())?;
    Some(utc.and_utc().into())
}

/// `IsoDateTimeField`
pub(crate) fn iso_datetime(text: &str) -> Option<DateTime> {
    parse_datetime(python::strip(text)).and_then(to_utc)
}

/// `forms.DateTimeField`
pub(crate) fn form_datetime(text: &str) -> Option<DateTime> {
    let text = python::strip(text);
    if let Some(moment) = parse_datetime(text) {
        return to_utc(moment);
    }
    let with_time = |text: &str| {
        let mut reader = Reader(text);
        let day = slashed_day(&mut reader)?;
        if !reader.spaces() {
            return None;
        }
        Some(day.and_time(form_time(reader.0)?))
    };
    let naive = with_time(text).or_else(|| Some(form_date(text)?.and_time(NaiveTime::MIN)))?;
    to_utc((naive, None))
}

/// `10/25/2006`, `10/25/06`
fn slashed_day(reader: &mut Reader<'_>) -> Option<NaiveDate> {
    let month = reader.number(1, 2)?;
    if !reader.skip('/') {
        return None;
    }
    let day = reader.number(1, 2)?;
    if !reader.skip('/') {
        return None;
    }
    let length = reader.0.bytes().take_while(u8::is_ascii_digit).count();
    let year = match length {
        2 => match reader.number(2, 2)? {
            year @ 69.. => 1900 + year,
            year => 2000 + year,
        },
        _ => reader.number(4, 4)?,
    };
    date(year, month, day)
}

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

fn month(reader: &mut Reader<'_>) -> Option<u32> {
    let count = reader.0.bytes().take_while(u8::is_ascii_alphabetic).count();
    let (word, rest) = reader.0.split_at(count);
    let word = word.to_ascii_lowercase();
    let at = MONTHS.iter().position(|name| *name == word || name.get(..3) == Some(&word))?;
    reader.0 = rest;
    u32::try_from(at + 1).ok()
}

/// `Oct 25 2006`, `25 October, 2006`
fn worded_day(reader: &mut Reader<'_>) -> Option<NaiveDate> {
    let first_is_month = reader.0.starts_with(|c: char| c.is_ascii_alphabetic());
    let (month, day) = if first_is_month {
        let month = month(reader)?;
        reader.spaces().then_some(())?;
        (month, reader.number(1, 2)?)
    } else {
        let day = reader.number(1, 2)?;
        reader.spaces().then_some(())?;
        (month(reader)?, day)
    };
    reader.skip(',');
    reader.spaces().then_some(())?;
    date(reader.number(4, 4)?, month, day)
}

/// `forms.DateField`
pub(crate) fn form_date(text: &str) -> Option<NaiveDate> {
    let text = python::strip(text);
    let whole = |read: fn(&mut Reader<'_>) -> Option<NaiveDate>| {
        let mut reader = Reader(text);
        read(&mut reader).filter(|_| reader.0.is_empty())
    };
    whole(dashed_day).or_else(|| whole(slashed_day)).or_else(|| whole(worded_day))
}

/// `2006-10-25`, `2006-1-5`
fn dashed_day(reader: &mut Reader<'_>) -> Option<NaiveDate> {
    let year = reader.number(4, 4)?;
    reader.skip('-').then_some(())?;
    let month = reader.number(1, 2)?;
    reader.skip('-').then_some(())?;
    date(year, month, reader.number(1, 2)?)
}

/// `forms.TimeField`: `14:30`, `14:30:59`, `14:30:59.5`
pub(crate) fn form_time(text: &str) -> Option<NaiveTime> {
    let mut reader = Reader(python::strip(text));
    let hour = reader.number(1, 2)?;
    reader.skip(':').then_some(())?;
    let minute = reader.number(1, 2)?;
    let mut second = 0;
    let mut micros = 0;
    if reader.skip(':') {
        second = reader.number(1, 2)?;
        if reader.skip('.') {
            micros = reader.fraction(6)?;
        }
    }
    if !reader.0.is_empty() {
        return None;
    }
    NaiveTime::from_hms_micro_opt(hour, minute, second, micros)
}

/// A moment as the column reads a text (`DateTimeField.to_python`).
pub(crate) fn column_datetime(text: &str) -> Option<DateTime> {
    let midnight = || Some((parse_date(text)?.and_time(NaiveTime::MIN), None));
    if let Some(day) = extremes::day(text) {
        return Some(day.and_time(NaiveTime::MIN).and_utc().into());
    }
    parse_datetime(text).or_else(midnight).and_then(to_utc)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn iso(text: &str) -> Option<String> {
        iso_datetime(text).map(|moment| moment.naive_utc().to_string())
    }

    #[test]
    fn iso_moments_are_read_as_python_reads_them() {
        for (text, moment) in [
            ("2025-12-05", "2025-12-05 00:00:00"),
            ("20251205", "2025-12-05 00:00:00"),
            ("2025-W01-1", "2024-12-30 00:00:00"),
            ("2025W012", "2024-12-31 00:00:00"),
            ("2025-12-05T10", "2025-12-05 10:00:00"),
            ("2025-12-05x10:00", "2025-12-05 10:00:00"),
            ("2025-12-05 1030", "2025-12-05 10:30:00"),
            ("2025-1-5 1:02", "2025-01-05 01:02:00"),
            (" 2025-12-05T10:00Z ", "2025-12-05 10:00:00"),
            ("2025-12-01T00:00:00+02:00", "2025-11-30 22:00:00"),
            ("2025-12-05T10:00 -0230", "2025-12-05 12:30:00"),
            ("2025-12-05T10:00:00.1234567", "2025-12-05 10:00:00.123456"),
            ("0001-01-01T00:00+01:00", "0000-12-31 23:00:00"),
        ] {
            assert_eq!(iso(text).as_deref(), Some(moment), "{text}");
        }
        for text in [
            "yesterday",
            "",
            "12/05/2025",
            "2025-12-05T24:00",
            "2025-12-05T",
            "2025-12-05T10:00+25:00",
            "2025-13-01",
            "0000-01-01",
            "2025-12-05T10:00:60",
            "2025-é",
        ] {
            assert_eq!(iso(text), None, "{text}");
        }
    }

    #[test]
    fn days_come_in_the_forms_of_the_english_locale() {
        let day = |day| NaiveDate::from_ymd_opt(2024, 10, day);
        for text in [
            "2024-10-5",
            "10/5/24",
            "10/05/2024",
            "Oct 5 2024",
            "oct 5, 2024",
            "5 October, 2024",
            "5 OCTOBER 2024",
            "  5 Oct  2024 ",
        ] {
            assert_eq!(form_date(text), day(5), "{text}");
        }
        for text in ["5/10", "2024-13-01", "13/01/2024", "Octo 5 2024", "bad", " ", "20241005"] {
            assert_eq!(form_date(text), None, "{text}");
        }
        assert_eq!(form_date("1/2/69"), NaiveDate::from_ymd_opt(1969, 1, 2));
    }

    #[test]
    fn a_form_moment_may_also_be_slashed_or_a_day() {
        let text = |text| form_datetime(text).map(|moment| moment.naive_utc().to_string());
        assert_eq!(text("10/25/2006 14:30").as_deref(), Some("2006-10-25 14:30:00"));
        assert_eq!(text("10/25/06 14:30:59.5").as_deref(), Some("2006-10-25 14:30:59.500"));
        assert_eq!(text("Oct 25 2006").as_deref(), Some("2006-10-25 00:00:00"));
        assert_eq!(text("2006-10-25T14:30Z").as_deref(), Some("2006-10-25 14:30:00"));
        assert_eq!(text("14:30"), None);
    }

    #[test]
    fn times_are_read() {
        assert_eq!(form_time("9:05"), NaiveTime::from_hms_opt(9, 5, 0));
        assert_eq!(form_time("23:59:59.000001"), NaiveTime::from_hms_micro_opt(23, 59, 59, 1));
        assert_eq!(form_time("24:00"), None);
        assert_eq!(form_time("9"), None);
    }
}
