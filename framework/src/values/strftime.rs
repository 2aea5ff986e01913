//! Dates and times in the formats of Python's `strftime` and `strptime`, in the C locale.

use std::fmt::Write as _;

use chrono::{Datelike, NaiveDate, NaiveDateTime, TimeDelta, Timelike, Weekday};

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const DAYS: [&str; 7] =
    ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/// The formats that stand for others in the C locale.
fn expanded(code: char) -> Option<&'static str> {
    Some(match code {
        'c' => "%a %b %e %H:%M:%S %Y",
        'x' | 'D' => "%m/%d/%y",
        'X' | 'T' => "%H:%M:%S",
        'R' => "%H:%M",
        'F' => "%Y-%m-%d",
        'r' => "%I:%M:%S %p",
        _ => return None,
    })
}

/// Writes a moment as `value.strftime(format)` does. `in_utc` says that it has a zone, UTC; a naive
/// one has none to show. An unknown code is copied.
pub(crate) fn write(value: NaiveDateTime, in_utc: bool, format: &str, out: &mut String) {
    let mut rest = format;
    while let Some(at) = rest.find('%') {
        let (plain, tail) = rest.split_at(at);
        out.push_str(plain);
        let mut chars = tail.chars();
        chars.next();
        let Some(code) = chars.next() else {
            out.push('%');
            return;
        };
        rest = chars.as_str();
        if let Some(format) = expanded(code) {
            write(value, in_utc, format, out);
        } else if piece(value, in_utc, code, out).is_none() {
            out.push('%');
            out.push(code);
        }
    }
    out.push_str(rest);
}

/// Writes one code; `None` if it is unknown.
fn piece(value: NaiveDateTime, in_utc: bool, code: char, out: &mut String) -> Option<()> {
    let (date, time) = (value.date(), value.time());
    let hour = match time.hour() % 12 {
        0 => 12,
        hour => hour,
    };
    let short = |name: &'static str| name.get(..3).unwrap_or(name);
    let month = MONTHS.get(date.month0() as usize).copied().unwrap_or_default();
    let day = DAYS.get(date.weekday().num_days_from_monday() as usize).copied().unwrap_or_default();
    let sunday = date.weekday().num_days_from_sunday();
    let monday = date.weekday().num_days_from_monday();
    let half = if time.hour() < 12 { "AM" } else { "PM" };
    let written = match code {
        'a' => out.write_str(short(day)),
        'A' => out.write_str(day),
        'b' | 'h' => out.write_str(short(month)),
        'B' => out.write_str(month),
        'd' => write!(out, "{:02}", date.day()),
        'e' => write!(out, "{:2}", date.day()),
        'f' => write!(out, "{:06}", time.nanosecond() / 1000 % 1_000_000),
        'G' => write!(out, "{}", date.iso_week().year()),
        'H' => write!(out, "{:02}", time.hour()),
        'I' => write!(out, "{hour:02}"),
        'j' => write!(out, "{:03}", date.ordinal()),
        'm' => write!(out, "{:02}", date.month()),
        'M' => write!(out, "{:02}", time.minute()),
        'n' => out.write_str("\n"),
        'p' => out.write_str(half),
        'P' => out.write_str(&half.to_ascii_lowercase()),
        's' => write!(out, "{}", value.and_utc().timestamp()),
        'S' => write!(out, "{:02}", time.second()),
        't' => out.write_str("\t"),
        'u' => write!(out, "{}", monday + 1),
        'U' => write!(out, "{:02}", (date.ordinal0() + 7 - sunday) / 7),
        'V' => write!(out, "{:02}", date.iso_week().week()),
        'w' => write!(out, "{sunday}"),
        'W' => write!(out, "{:02}", (date.ordinal0() + 7 - monday) / 7),
        'y' => write!(out, "{:02}", date.year().rem_euclid(100)),
        'Y' => write!(out, "{}", date.year()),
        'z' => out.write_str(if in_utc { "+0000" } else { "" }),
        'Z' => out.write_str(if in_utc { "UTC" } else { "" }),
        '%' => out.write_str("%"),
        _ => return None,
    };
    written.ok()
}

/// What a text says of a moment.
#[derive(Debug, Clone, Copy, Default)]
struct Found {
    year: Option<i32>,
    iso_year: Option<i32>,
    month: Option<u32>,
    day: Option<u32>,
    ordinal: Option<u32>,
    /// Monday is 0.
    weekday: Option<u32>,
    /// The number, and whether weeks start on Monday.
    week: Option<(u32, bool)>,
    iso_week: Option<u32>,
    hour: Option<u32>,
    hour_of_half: Option<u32>,
    afternoon: Option<bool>,
    minute: Option<u32>,
    second: Option<u32>,
    micros: Option<u32>,
    offset: Option<TimeDelta>,
}

/// Parses a text as `datetime.strptime(text, format)` does: the moment, and its offset if the
/// format has one.
pub(crate) fn parse(text: &str, format: &str) -> Option<(NaiveDateTime, Option<TimeDelta>)> {
    let (found, "") = walk(format, text, Found::default())? else { return None };
    Some((found.date()?.and_time(found.time()?), found.offset))
}

/// Follows the format; like Python's expression, it takes the first way that fits the format, and
/// returns what of the text is left.
fn walk<'t>(format: &str, text: &'t str, found: Found) -> Option<(Found, &'t str)> {
    let mut codes = format.chars();
    let Some(first) = codes.next() else { return Some((found, text)) };
    let rest = codes.as_str();
    if first.is_whitespace() {
        // a run of blanks stands for any other
        let end = text.find(|c: char| !c.is_whitespace()).unwrap_or(text.len());
        let after = text.get(end..).filter(|_| end > 0)?;
        return walk(rest.trim_start(), after, found);
    }
    if first != '%' {
        let mut chars = text.chars();
        let same = chars.next()?.to_lowercase().eq(first.to_lowercase());
        return if same { walk(rest, chars.as_str(), found) } else { None };
    }
    let code = codes.next()?;
    let rest = codes.as_str();
    if code == '%' {
        return walk(rest, text.strip_prefix('%')?, found);
    }
    if let Some(format) = match code {
        'c' => Some("%a %b %d %H:%M:%S %Y"),
        'x' | 'X' => expanded(code),
        _ => None,
    } {
        return walk(&[format, rest].concat(), text, found);
    }
    choices(code, text).find_map(|(length, value)| {
        let found = found.with(code, value)?;
        walk(rest, text.get(length..)?, found)
    })
}

/// A value that a code may take from the beginning of a text, after how many bytes it takes.
type Candidate = (usize, i64);

/// The ways to read a code, in Python's order of preference.
fn choices(code: char, text: &str) -> Box<dyn Iterator<Item = Candidate> + '_> {
    let number = |width: usize, least: i64, most: i64| {
        let digits = text.get(..width)?;
        let all = digits.bytes().all(|byte| byte.is_ascii_digit());
        let value = digits.parse().ok().filter(|_| all)?;
        (least..=most).contains(&value).then_some((width, value))
    };
    let several = |found: [Option<Candidate>; 3]| found.into_iter().flatten();
    Box::new(several(match code {
        'd' => {
            let after_blank = text
                .strip_prefix(' ')
                .and_then(|rest| rest.bytes().next())
                .filter(|byte| (b'1'..=b'9').contains(byte))
                .map(|byte| (2, i64::from(byte - b'0')));
            [number(2, 1, 31), number(1, 1, 9), after_blank]
        }
        'H' => [number(2, 0, 23), number(1, 0, 9), None],
        'I' | 'm' => [number(2, 1, 12), number(1, 1, 9), None],
        'M' => [number(2, 0, 59), number(1, 0, 9), None],
        'S' => [number(2, 0, 61), number(1, 0, 9), None],
        'U' | 'W' | 'V' => [number(2, 0, 53), number(1, 0, 9), None],
        'j' => [number(3, 1, 366), number(2, 1, 99), number(1, 1, 9)],
        'y' => [number(2, 0, 99), None, None],
        'Y' | 'G' => [number(4, 0, 9999), None, None],
        'w' => [number(1, 0, 6), None, None],
        'u' => [number(1, 1, 7), None, None],
        'f' => {
            let digits = text.bytes().take(6).take_while(u8::is_ascii_digit).count();
            let ways = (1..=digits).rev().filter_map(move |width| {
                let padded = format!("{:0<6}", text.get(..width)?);
                Some((width, padded.parse().ok()?))
            });
            return Box::new(ways);
        }
        'a' | 'b' => [name(code, text, 3), None, None],
        'A' | 'B' => [name(code, text, usize::MAX), None, None],
        'p' => {
            let half = |word: &str, value| starts(text, word).then_some((2, value));
            [half("AM", 0), half("PM", 1), None]
        }
        'Z' => {
            let zone = |word: &str| starts(text, word).then_some((3, 0));
            [zone("UTC"), zone("GMT"), None]
        }
        'z' => [offset(text), None, None],
        _ => [None, None, None],
    }))
}

fn starts(text: &str, word: &str) -> bool {
    text.get(..word.len()).is_some_and(|head| head.eq_ignore_ascii_case(word))
}

/// The name of a day or a month, of which so many letters are written.
fn name(code: char, text: &str, letters: usize) -> Option<Candidate> {
    let names: &[&str] = if code.eq_ignore_ascii_case(&'a') { &DAYS } else { &MONTHS };
    let found = names.iter().position(|name| starts(text, name.get(..letters).unwrap_or(name)))?;
    let length = names.get(found).map_or(0, |name| name.len().min(letters));
    Some((length, i64::try_from(found).ok()?))
}

/// `Z`, or `[+-]HH[:]MM[[:]SS[.ffffff]]`, in microseconds.
fn offset(text: &str) -> Option<Candidate> {
    if let Some(rest) = text.strip_prefix('Z') {
        return Some((text.len() - rest.len(), 0));
    }
    let negative = match text.bytes().next()? {
        b'-' => true,
        b'+' => false,
        _ => return None,
    };
    let two = |at: usize, most: i64| {
        let digits = text.get(at..at + 2)?;
        let all = digits.bytes().all(|byte| byte.is_ascii_digit());
        digits.parse::<i64>().ok().filter(|value| all && *value <= most)
    };
    let colon = |at: usize| usize::from(text.get(at..=at) == Some(":"));
    let hours = two(1, 99)?;
    let at = 3 + colon(3);
    let minutes = two(at, 59)?;
    let mut end = at + 2;
    let mut micros = (hours * 60 + minutes) * 60_000_000;
    // both parts are separated, or neither
    if colon(end) == colon(3)
        && let Some(seconds) = two(end + colon(end), 59)
    {
        end += colon(end) + 2;
        micros += seconds * 1_000_000;
        if text.get(end..=end) == Some(".") {
            let digits = text.bytes().skip(end + 1).take(6).take_while(u8::is_ascii_digit).count();
            if let Some(fraction) = text.get(end + 1..end + 1 + digits).filter(|_| digits > 0) {
                micros += format!("{fraction:0<6}").parse::<i64>().ok()?;
                end += 1 + digits;
            }
        }
    }
    Some((end, if negative { -micros } else { micros }))
}

impl Found {
    fn with(mut self, code: char, value: i64) -> Option<Self> {
        let small = u32::try_from(value).ok();
        match code {
            'Y' => self.year = Some(i32::try_from(value).ok()?),
            'y' => {
                let century = if value <= 68 { 2000 } else { 1900 };
                self.year = Some(i32::try_from(century + value).ok()?);
            }
            'G' => self.iso_year = Some(i32::try_from(value).ok()?),
            'm' => self.month = small,
            'b' | 'B' => self.month = small.map(|month| month + 1),
            'd' => self.day = small,
            'j' => self.ordinal = small,
            'a' | 'A' => self.weekday = small,
            'w' => self.weekday = small.map(|day| (day + 6) % 7),
            'u' => self.weekday = small.map(|day| day - 1),
            'U' | 'W' => self.week = small.map(|week| (week, code == 'W')),
            'V' => self.iso_week = small,
            'H' => self.hour = small,
            'I' => self.hour_of_half = small,
            'p' => self.afternoon = Some(value == 1),
            'M' => self.minute = small,
            'S' => self.second = small,
            'f' => self.micros = small,
            'z' => self.offset = Some(TimeDelta::microseconds(value)),
            _ => {}
        }
        Some(self)
    }

    fn date(&self) -> Option<NaiveDate> {
        if let (Some(year), Some(week)) = (self.iso_year, self.iso_week) {
            let day = Weekday::try_from(u8::try_from(self.weekday?).ok()?).ok()?;
            return NaiveDate::from_isoywd_opt(year, week, day);
        }
        if self.iso_year.is_some() || self.iso_week.is_some() {
            return None;
        }
        let year = self.year.unwrap_or(1900);
        if year < 1 {
            return None;
        }
        if let Some(ordinal) = self.ordinal {
            let first = NaiveDate::from_ymd_opt(year, 1, 1)?;
            return first.checked_add_signed(TimeDelta::days(i64::from(ordinal) - 1));
        }
        if let (Some((week, monday)), Some(weekday)) = (self.week, self.weekday) {
            return of_week(year, week, weekday, monday);
        }
        NaiveDate::from_ymd_opt(year, self.month.unwrap_or(1), self.day.unwrap_or(1))
    }

    fn time(&self) -> Option<chrono::NaiveTime> {
        let hour = match self.hour_of_half {
            None => self.hour.unwrap_or(0),
            Some(hour) => hour % 12 + if self.afternoon == Some(true) { 12 } else { 0 },
        };
        let (minute, second) = (self.minute.unwrap_or(0), self.second.unwrap_or(0));
        chrono::NaiveTime::from_hms_micro_opt(hour, minute, second, self.micros.unwrap_or(0))
    }
}

/// A day of a numbered week (`_strptime._calc_julian_from_U_or_W`).
fn of_week(year: i32, week: u32, weekday: u32, monday: bool) -> Option<NaiveDate> {
    let first = NaiveDate::from_ymd_opt(year, 1, 1)?;
    let first_day = i64::from(first.weekday().num_days_from_monday());
    let (first_day, weekday) = if monday {
        (first_day, i64::from(weekday))
    } else {
        ((first_day + 1) % 7, (i64::from(weekday) + 1) % 7)
    };
    let before_week_one = (7 - first_day) % 7;
    let days = if week == 0 {
        weekday - first_day
    } else {
        before_week_one + 7 * (i64::from(week) - 1) + weekday
    };
    first.checked_add_signed(TimeDelta::days(days))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment() -> NaiveDateTime {
        NaiveDate::from_ymd_opt(2024, 2, 9).unwrap().and_hms_micro_opt(15, 4, 5, 6000).unwrap()
    }

    /// What `CPython` 3.11 writes in the C locale.
    #[test]
    fn every_code_is_written_as_python_writes_it() {
        let cases = [
            ("%a %A %w %u", "Fri Friday 5 5"),
            ("%d|%e|%b|%B|%m|%y|%Y|%j", "09| 9|Feb|February|02|24|2024|040"),
            ("%H:%M:%S.%f %I%p", "15:04:05.006000 03PM"),
            ("%U %W %G-%V", "05 06 2024-06"),
            ("%c", "Fri Feb  9 15:04:05 2024"),
            ("%x %X %D %T %F", "02/09/24 15:04:05 02/09/24 15:04:05 2024-02-09"),
            ("100%% %! %", "100% %! %"),
            ("%z %Z", "+0000 UTC"),
        ];
        for (format, expected) in cases {
            let mut out = String::new();
            write(moment(), true, format, &mut out);
            assert_eq!(out, expected, "{format}");
        }
        let mut out = String::new();
        write(moment(), false, "[%z%Z]", &mut out);
        assert_eq!(out, "[]");
    }

    /// What `CPython` 3.11 reads.
    #[test]
    fn texts_are_read_as_python_reads_them() {
        let cases = [
            ("29/02/2024 07:05", "%d/%m/%Y %H:%M", "2024-02-29 07:05:00"),
            ("1/2/2024 7:5", "%d/%m/%Y %H:%M", "2024-02-01 07:05:00"),
            ("9 feb 24", "%d %b %y", "2024-02-09 00:00:00"),
            ("Friday, february 9 1969", "%A, %B %d %Y", "1969-02-09 00:00:00"),
            ("12:30 am", "%I:%M %p", "1900-01-01 00:30:00"),
            ("12:30 PM", "%I:%M %p", "1900-01-01 12:30:00"),
            ("03", "%I", "1900-01-01 03:00:00"),
            ("10:00:00.25", "%H:%M:%S.%f", "1900-01-01 10:00:00.250"),
            ("2024040", "%Y%j", "2024-02-09 00:00:00"),
            ("2024 6 Fri", "%Y %W %a", "2024-02-09 00:00:00"),
            ("2024 5 Fri", "%Y %U %a", "2024-02-09 00:00:00"),
            ("2024-06-5", "%G-%V-%u", "2024-02-09 00:00:00"),
            ("20240209", "%Y%m%d", "2024-02-09 00:00:00"),
            ("2024   02", "%Y %m", "2024-02-01 00:00:00"),
            ("100% 5", "100%% %d", "1900-01-05 00:00:00"),
        ];
        for (text, format, expected) in cases {
            let read = parse(text, format).map(|(moment, _)| moment.to_string());
            assert_eq!(read.as_deref(), Some(expected), "{text} {format}");
        }
        let offset = |text| parse(text, "%H %z").and_then(|(_, offset)| offset);
        assert_eq!(offset("10 +0230"), Some(TimeDelta::minutes(150)));
        assert_eq!(offset("10 -02:30:15"), Some(-TimeDelta::seconds(2 * 3600 + 1815)));
        assert_eq!(offset("10 Z"), Some(TimeDelta::zero()));
    }

    #[test]
    fn other_texts_are_refused() {
        let cases = [
            ("30/02/2024", "%d/%m/%Y"),
            ("29/02", "%d/%m"),
            ("2024-1-1 ", "%Y-%m-%d"),
            ("24:00", "%H:%M"),
            ("10:00:60", "%H:%M:%S"),
            ("0000", "%Y"),
            ("123", "%d"),
            ("x", "%Q"),
            ("10", "10%"),
            ("2024 06", "%G %V"),
        ];
        for (text, format) in cases {
            assert_eq!(parse(text, format), None, "{text} {format}");
        }
    }
}
