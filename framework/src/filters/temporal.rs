//! Dates and times as Django's forms read them: ISO 8601 as Python's `fromisoformat`, the forms
//! of `django.utils.dateparse`, and the input formats of the English locale. The project's time
//! zone is UTC.

use std::sync::LazyLock;

use chrono::{NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Timelike, Weekday};
use regex::{Captures, Regex};

use super::python;
use crate::db::DateTime;

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

/// The day at the start: `2024-01-02`, `20240102`, `2024-W01-2`, `2024W012`.
fn iso_day(reader: &mut Reader<'_>) -> Option<NaiveDate> {
    let year = reader.number(4, 4)?;
    let dashed = reader.skip('-');
    if reader.skip('W') {
        let week = reader.number(2, 2)?;
        let before = reader.0;
        let day = if !dashed || reader.skip('-') { reader.number(1, 1) } else { None };
        if day.is_none() {
            reader.0 = before;
        }
        let weekday =
            Weekday::try_from(u8::try_from(day.unwrap_or(1)).ok()?.checked_sub(1)?).ok()?;
        return NaiveDate::from_isoywd_opt(i32::try_from(year).ok()?, week, weekday);
    }
    let month = reader.number(2, 2)?;
    if dashed && !reader.skip('-') {
        return None;
    }
    date(year, month, reader.number(2, 2)?)
}

/// `10`, `10:30`, `1030`, `10:30:59.5`
fn iso_clock(reader: &mut Reader<'_>) -> Option<NaiveTime> {
    let hour = reader.number(2, 2)?;
    let (mut minute, mut second, mut micros) = (0, 0, 0);
    let colon = reader.skip(':');
    if colon || reader.0.starts_with(|c: char| c.is_ascii_digit()) {
        minute = reader.number(2, 2)?;
        let more = if colon {
            reader.skip(':')
        } else {
            reader.0.starts_with(|c: char| c.is_ascii_digit())
        };
        if more {
            second = reader.number(2, 2)?;
            if reader.skip('.') || reader.skip(',') {
                micros = reader.fraction(usize::MAX)?;
            }
        }
    }
    NaiveTime::from_hms_micro_opt(hour, minute, second, micros)
}

/// Seconds east of UTC: `Z`, `+02`, `+0230`, `-02:30`.
fn iso_offset(reader: &mut Reader<'_>) -> Option<i64> {
    if reader.skip('Z') {
        return Some(0);
    }
    let sign = if reader.skip('-') { -1 } else { i64::from(reader.skip('+')) };
    let clock = iso_clock(reader)?;
    (sign != 0).then(|| sign * i64::from(clock.num_seconds_from_midnight()))
}

fn from_iso(text: &str) -> Option<(NaiveDateTime, Option<i64>)> {
    let mut reader = Reader(text);
    let day = iso_day(&mut reader)?;
    let mut rest = reader.0.chars();
    if rest.next().is_none() {
        return Some((day.and_time(NaiveTime::MIN), None));
    }
    // any one character stands between the day and the time
    let mut reader = Reader(rest.as_str());
    let time = iso_clock(&mut reader)?;
    let offset = if reader.0.is_empty() { None } else { Some(iso_offset(&mut reader)?) };
    reader.0.is_empty().then(|| (day.and_time(time), offset))
}

static DATETIME: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?x)^([0-9]{4})-([0-9]{1,2})-([0-9]{1,2}) [T\x20] ([0-9]{1,2}):([0-9]{1,2})
          (?: :([0-9]{1,2}) (?:[.,]([0-9]{1,6})[0-9]{0,6})? )? \s*(Z|[+-][0-9]{2}(?::?[0-9]{2})?)?$",
    )
    .ok()
});

fn group(found: &Captures<'_>, at: usize) -> u32 {
    found.get(at).and_then(|text| text.as_str().parse().ok()).unwrap_or(0)
}

/// What `parse_datetime` finds.
enum Parsed {
    /// A calendar time, and its seconds east of UTC where it names them.
    Moment(NaiveDateTime, Option<i64>),
    /// The form of a moment, but there is none such.
    NoSuchMoment,
    /// Another form.
    OtherForm,
}

fn parse(text: &str) -> Parsed {
    let found = DATETIME.as_ref().and_then(|form| form.captures(text));
    match (from_iso(text), found) {
        (Some((naive, offset)), _) => Parsed::Moment(naive, offset),
        (None, Some(found)) => loose_moment(&found)
            .map_or(Parsed::NoSuchMoment, |(naive, offset)| Parsed::Moment(naive, offset)),
        (None, None) => Parsed::OtherForm,
    }
}

fn loose_moment(found: &Captures<'_>) -> Option<(NaiveDateTime, Option<i64>)> {
    let day = date(group(found, 1), group(found, 2), group(found, 3))?;
    let micros = match found.get(7) {
        Some(digits) => Reader(digits.as_str()).fraction(6)?,
        None => 0,
    };
    let time =
        NaiveTime::from_hms_micro_opt(group(found, 4), group(found, 5), group(found, 6), micros)?;
    let offset = match found.get(8) {
        Some(text) => Some(iso_offset(&mut Reader(text.as_str()))?),
        None => None,
    };
    Some((day.and_time(time), offset))
}

fn to_utc(naive: NaiveDateTime, offset: i64) -> Option<DateTime> {
    let utc = naive.checked_sub_signed(TimeDelta::try_seconds(offset)?)?;
    let years = date(1, 1, 1)?..=date(9999, 12, 31)?;
    years.contains(&utc.date()).then(|| utc.and_utc().into())
}

/// `IsoDateTimeField`
pub(crate) fn iso_datetime(text: &str) -> Option<DateTime> {
    match parse(python::strip(text)) {
        Parsed::Moment(naive, offset) => to_utc(naive, offset.unwrap_or(0)),
        Parsed::NoSuchMoment | Parsed::OtherForm => None,
    }
}

/// `forms.DateTimeField`
pub(crate) fn form_datetime(text: &str) -> Option<DateTime> {
    let text = python::strip(text);
    match parse(text) {
        Parsed::Moment(naive, offset) => return to_utc(naive, offset.unwrap_or(0)),
        Parsed::NoSuchMoment => return None,
        Parsed::OtherForm => {}
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
    to_utc(naive, 0)
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

/// A day as the column reads a text (`DateField.to_python`).
pub(crate) fn column_date(text: &str) -> Option<NaiveDate> {
    let mut reader = Reader(text);
    iso_day(&mut reader).filter(|_| reader.0.is_empty()).or_else(|| {
        let mut reader = Reader(text);
        dashed_day(&mut reader).filter(|_| reader.0.is_empty())
    })
}

/// A moment as the column reads a text (`DateTimeField.to_python`).
pub(crate) fn column_datetime(text: &str) -> Option<DateTime> {
    match parse(text) {
        Parsed::Moment(naive, offset) => to_utc(naive, offset.unwrap_or(0)),
        Parsed::NoSuchMoment => None,
        Parsed::OtherForm => to_utc(column_date(text)?.and_time(NaiveTime::MIN), 0),
    }
}

/// A time as the column reads a text (`TimeField.to_python`).
pub(crate) fn column_time(text: &str) -> Option<NaiveTime> {
    let mut reader = Reader(text);
    iso_clock(&mut reader).filter(|_| reader.0.is_empty()).or_else(|| form_time(text))
}

static DURATIONS: LazyLock<Option<[Regex; 3]>> = LazyLock::new(|| {
    let standard = r"^(?:(?P<days>-?[0-9]+) (?:days?, )?)?(?P<sign>-?)(?:(?:(?P<hours>[0-9]+):)?(?P<minutes>[0-9]+):)?(?P<seconds>[0-9]+)(?:[.,](?P<micros>[0-9]{1,6})[0-9]{0,6})?$";
    let iso = r"^(?P<sign>[-+]?)P(?:(?P<days>[0-9]+(?:[.,][0-9]+)?)D)?(?:T(?:(?P<hours>[0-9]+(?:[.,][0-9]+)?)H)?(?:(?P<minutes>[0-9]+(?:[.,][0-9]+)?)M)?(?:(?P<seconds>[0-9]+(?:[.,][0-9]+)?)S)?)?$";
    let postgres = r"^(?:(?P<days>-?[0-9]+) (?:days? ?))?(?:(?P<sign>[-+])?(?P<hours>[0-9]+):(?P<minutes>[0-9]{2}):(?P<seconds>[0-9]{2})(?:\.(?P<micros>[0-9]{1,6}))?)?$";
    Some([Regex::new(standard).ok()?, Regex::new(iso).ok()?, Regex::new(postgres).ok()?])
});

/// `forms.DurationField`: `3 days, 04:05:06`, `P3DT4H`, `90.5`.
pub(crate) fn duration(text: &str) -> Option<TimeDelta> {
    let (at, found) = DURATIONS
        .as_ref()?
        .iter()
        .enumerate()
        .find_map(|(at, form)| form.captures(text).map(|found| (at, found)))?;
    let part = |name: &str| -> Option<f64> {
        found.name(name).map_or(Some(0.0), |text| text.as_str().replace(',', ".").parse().ok())
    };
    let micros = match found.name("micros") {
        Some(digits) => Reader(digits.as_str()).fraction(6)?,
        None => 0,
    };
    let negative = found.name("sign").is_some_and(|sign| sign.as_str() == "-");
    let sign = if negative { -1.0 } else { 1.0 };
    let clock = part("hours")? * 3600.0 + part("minutes")? * 60.0 + part("seconds")?;
    let clock = sign * (clock * 1e6 + f64::from(micros));
    let days = part("days")? * 86_400e6 * if at == 1 { sign } else { 1.0 };
    let total = (days + clock).round();
    // Python's timedelta holds less than a milliard days
    if total.abs() >= 86_400e6 * 1e9 {
        return None;
    }
    let total = total / 1e6;
    let seconds = total.floor();
    #[allow(clippy::cast_possible_truncation)] // bounded above
    let (whole, rest) = (seconds as i64, ((total - seconds) * 1e6).round() as i64);
    TimeDelta::try_seconds(whole)?.checked_add(&TimeDelta::microseconds(rest))
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
            "0001-01-01T00:00+01:00",
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
    fn times_and_durations_are_read() {
        assert_eq!(form_time("9:05"), NaiveTime::from_hms_opt(9, 5, 0));
        assert_eq!(form_time("23:59:59.000001"), NaiveTime::from_hms_micro_opt(23, 59, 59, 1));
        assert_eq!(form_time("24:00"), None);
        assert_eq!(form_time("9"), None);
        let seconds = |text| duration(text).map(|length| length.num_milliseconds());
        assert_eq!(seconds("3 days, 04:05:06"), Some(273_906_000));
        assert_eq!(seconds("90.5"), Some(90_500));
        assert_eq!(seconds("P1DT2H"), Some(93_600_000));
        assert_eq!(seconds("-P1D"), Some(-86_400_000));
        assert_eq!(seconds("-00:01:00"), Some(-60_000));
        assert_eq!(seconds("soon"), None);
        assert_eq!(seconds(&"9".repeat(400)), None);
    }
}
