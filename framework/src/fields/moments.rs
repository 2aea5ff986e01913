//! Dates and times as `django.utils.dateparse` reads them: first Python's `fromisoformat`, then
//! Django's own, looser patterns.

use chrono::{Datelike, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta};

use crate::exceptions::Detail;

use super::{Field, Raw, Value, python};
use crate::values::strptime;

/// The name of ISO 8601 among input formats.
pub(super) const ISO_8601: &str = "iso-8601";

/// Whether a format is ISO 8601.
pub(super) fn is_iso(format: &str) -> bool {
    format.eq_ignore_ascii_case(ISO_8601)
}

/// `DateTimeField.to_internal_value`; times without an offset are UTC.
pub(super) fn datetime(field: &Field, formats: &[&str], raw: &Raw<'_>) -> Result<Value, Detail> {
    let text = raw.as_text().unwrap_or_default();
    for format in or_iso(formats) {
        let parsed = if is_iso(format) { parse_datetime(text) } else { strptime(text, format) };
        let Some((naive, offset)) = parsed else { continue };
        let moment = naive.checked_sub_signed(offset.unwrap_or_default());
        return match moment.filter(|moment| (1..=9999).contains(&moment.year())) {
            Some(moment) => Ok(Value::DateTime(moment.and_utc().into())),
            None => Err(field.fail("overflow", "Datetime value out of range.")),
        };
    }
    let iso = "YYYY-MM-DDThh:mm[:ss[.uuuuuu]][+HH:MM|-HH:MM|Z]";
    let text = "Datetime has wrong format. Use one of these formats instead: {format}.";
    Err(field.fail_with("invalid", text, &[("format", &humanized(formats, iso))]))
}

/// `DateField.to_internal_value`
pub(super) fn date(field: &Field, formats: &[&str], raw: &Raw<'_>) -> Result<Value, Detail> {
    let text = raw.as_text().unwrap_or_default();
    for format in or_iso(formats) {
        let parsed = if is_iso(format) {
            parse_date(text)
        } else {
            strptime(text, format).map(|(moment, _)| moment.date())
        };
        if let Some(date) = parsed {
            return Ok(Value::Date(date));
        }
    }
    let text = "Date has wrong format. Use one of these formats instead: {format}.";
    Err(field.fail_with("invalid", text, &[("format", &humanized(formats, "YYYY-MM-DD"))]))
}

/// `TimeField.to_internal_value`; an offset is parsed and ignored.
pub(super) fn time(field: &Field, formats: &[&str], raw: &Raw<'_>) -> Result<Value, Detail> {
    let text = raw.as_text().unwrap_or_default();
    for format in or_iso(formats) {
        let parsed = if is_iso(format) {
            parse_time(text)
        } else {
            strptime(text, format).map(|(moment, _)| moment.time())
        };
        if let Some(time) = parsed {
            return Ok(Value::Time(time));
        }
    }
    let text = "Time has wrong format. Use one of these formats instead: {format}.";
    let iso = "hh:mm[:ss[.uuuuuu]]";
    Err(field.fail_with("invalid", text, &[("format", &humanized(formats, iso))]))
}

fn or_iso<'f>(formats: &'f [&'f str]) -> &'f [&'f str] {
    if formats.is_empty() { &[ISO_8601] } else { formats }
}

/// Formats as people read them, joined by commas (`humanize_datetime`).
pub(crate) fn humanized(formats: &[&str], iso: &str) -> String {
    const WORDS: [(&str, &str); 15] = [
        ("%Y", "YYYY"),
        ("%y", "YY"),
        ("%m", "MM"),
        ("%b", "[Jan-Dec]"),
        ("%B", "[January-December]"),
        ("%d", "DD"),
        ("%H", "hh"),
        ("%I", "hh"),
        ("%M", "mm"),
        ("%S", "ss"),
        ("%f", "uuuuuu"),
        ("%a", "[Mon-Sun]"),
        ("%A", "[Monday-Sunday]"),
        ("%p", "[AM|PM]"),
        ("%z", "[+HHMM|-HHMM]"),
    ];
    let mut text = or_iso(formats).join(", ").replace(ISO_8601, iso);
    for (code, words) in WORDS {
        text = text.replace(code, words);
    }
    text
}

/// A date in one of the forms of ISO 8601: `2020-01-02`, `20200102`, `2020-W01-4`.
pub(crate) fn parse_date(text: &str) -> Option<NaiveDate> {
    iso_date(text).or_else(|| {
        let text = loosened(text);
        let mut reader = Reader::new(&text);
        let date = reader.loose_date()?;
        reader.is_done().then_some(date)
    })
}

/// A time of day: `10:00`, `100000.5`, `10:00+02:00`.
pub(crate) fn parse_time(text: &str) -> Option<NaiveTime> {
    iso_time(text.strip_prefix('T').unwrap_or(text)).map(|(time, _)| time).or_else(|| {
        let text = loosened(text);
        let mut reader = Reader::new(&text);
        let time = reader.loose_time()?;
        reader.is_done().then_some(time)
    })
}

/// A moment and its offset from UTC.
pub(crate) fn parse_datetime(text: &str) -> Option<(NaiveDateTime, Option<TimeDelta>)> {
    iso_datetime(text).or_else(|| {
        let text = loosened(text);
        let mut reader = Reader::new(&text);
        let date = reader.loose_date()?;
        reader.one_of(b"T ")?;
        let time = reader.loose_time()?;
        reader.spaces();
        let offset = if reader.is_done() { None } else { Some(reader.loose_offset()?) };
        reader.is_done().then_some((date.and_time(time), offset))
    })
}

/// What Django's patterns see: digits of every script, and `$` before a last line break.
fn loosened(text: &str) -> String {
    python::ascii_digits(text.strip_suffix('\n').unwrap_or(text)).into_owned()
}

fn iso_date(text: &str) -> Option<NaiveDate> {
    if !matches!(text.len(), 7 | 8 | 10) {
        return None;
    }
    // Python looks no further than it must: what follows in ten characters goes unread
    Reader::new(text).iso_date()
}

fn iso_datetime(text: &str) -> Option<(NaiveDateTime, Option<TimeDelta>)> {
    let end = separator(text.as_bytes())?;
    let date = iso_date(text.get(..end)?)?;
    let rest = text.get(end..)?;
    let mut chars = rest.chars();
    chars.next();
    if rest.is_empty() {
        return Some((date.and_time(NaiveTime::MIN), None));
    }
    let (time, offset) = iso_time(chars.as_str())?;
    Some((date.and_time(time), offset))
}

/// Where the date of a date and time ends; any one character may separate them.
fn separator(text: &[u8]) -> Option<usize> {
    if text.len() < 7 {
        return None;
    }
    if text.len() == 7 {
        return Some(7);
    }
    let is_digit = |at: usize| text.get(at).is_some_and(u8::is_ascii_digit);
    let end = if text.get(4) == Some(&b'-') {
        if text.get(5) != Some(&b'W') {
            10
        } else if text.get(8) != Some(&b'-') || (text.len() > 10 && is_digit(10)) {
            // `2020-W01`; a hyphen and two digits behind it are taken for a separator and hours
            8
        } else if text.len() == 9 {
            return None;
        } else {
            10
        }
    } else if text.get(4) == Some(&b'W') {
        let mut end = 7;
        while is_digit(end) {
            end += 1;
        }
        // hours come in twos: an odd digit is the day of the week
        match end {
            7 | 8 => end,
            end if end % 2 == 0 => 7,
            _ => 8,
        }
    } else {
        8
    };
    (end <= text.len()).then_some(end)
}

/// `hh[:mm[:ss[.ffffff]]]` with an offset, with colons throughout or nowhere.
fn iso_time(text: &str) -> Option<(NaiveTime, Option<TimeDelta>)> {
    let zone = text.find(['+', '-', 'Z']);
    let clock = IsoClock::parse(text.get(..zone.unwrap_or(text.len()))?)?;
    let [hours, minutes, seconds] = clock.parts;
    let time = NaiveTime::from_hms_micro_opt(hours, minutes, seconds, clock.micros)?;
    let Some(zone) = zone else { return clock.complete.then_some((time, None)) };
    let rest = text.get(zone + 1..)?;
    if text.as_bytes().get(zone) == Some(&b'Z') {
        return rest.is_empty().then(|| (time, Some(TimeDelta::zero())));
    }
    let offset = IsoClock::parse(rest).filter(|offset| offset.complete)?;
    let [hours, minutes, seconds] = offset.parts.map(i64::from);
    let size = TimeDelta::seconds(hours * 3600 + minutes * 60 + seconds)
        + TimeDelta::microseconds(i64::from(offset.micros));
    let behind = text.as_bytes().get(zone) == Some(&b'-');
    (size < TimeDelta::days(1)).then(|| (time, Some(if behind { -size } else { size })))
}

/// The numbers of a clock, in no range yet.
struct IsoClock {
    parts: [u32; 3],
    micros: u32,
    /// False when something was left over, which Python overlooks in front of an offset.
    complete: bool,
}

impl IsoClock {
    fn parse(text: &str) -> Option<Self> {
        let mut reader = Reader::new(text);
        let mut clock = Self { parts: [0; 3], micros: 0, complete: true };
        let mut colons = false;
        for (index, part) in clock.parts.iter_mut().enumerate() {
            *part = reader.exactly(2)?;
            let Some(next) = reader.peek() else { return Some(clock) };
            if index == 0 {
                colons = next == b':';
            }
            if reader.is_last() {
                clock.complete = false;
                return Some(clock);
            }
            match next {
                b':' if colons => reader.at += 1,
                b'.' | b',' => {
                    reader.at += 1;
                    break;
                }
                _ if colons => return None,
                // digits follow digits; after the seconds they are the fraction
                _ => {}
            }
        }
        let six = reader.bytes.len().saturating_sub(reader.at).min(6);
        let digits = u32::try_from(six).ok()?;
        clock.micros = reader.exactly(digits)? * 10_u32.pow(6 - digits);
        while reader.digit().is_some() {}
        clock.complete = reader.is_done();
        Some(clock)
    }
}

struct Reader<'t> {
    bytes: &'t [u8],
    at: usize,
}

impl<'t> Reader<'t> {
    fn new(text: &'t str) -> Self {
        Self { bytes: text.as_bytes(), at: 0 }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn is_done(&self) -> bool {
        self.at >= self.bytes.len()
    }

    fn is_last(&self) -> bool {
        self.at + 1 == self.bytes.len()
    }

    fn one_of(&mut self, set: &[u8]) -> Option<u8> {
        let byte = self.peek().filter(|byte| set.contains(byte))?;
        self.at += 1;
        Some(byte)
    }

    fn digit(&mut self) -> Option<u32> {
        let digit = self.peek().filter(u8::is_ascii_digit)?;
        self.at += 1;
        Some(u32::from(digit - b'0'))
    }

    fn exactly(&mut self, count: u32) -> Option<u32> {
        (0..count).try_fold(0, |number, _| Some(number * 10 + self.digit()?))
    }

    /// One digit or two.
    fn short(&mut self) -> Option<u32> {
        let first = self.digit()?;
        Some(self.digit().map_or(first, |second| first * 10 + second))
    }

    /// Digits of a fraction, at most twelve; the first six count.
    fn micros(&mut self) -> Option<u32> {
        let mut micros = self.digit()? * 100_000;
        let mut place = 10_000;
        let mut count = 1;
        while count < 12 {
            let Some(digit) = self.digit() else { break };
            micros += digit * place;
            place /= 10;
            count += 1;
        }
        Some(micros)
    }

    fn iso_date(&mut self) -> Option<NaiveDate> {
        let year = i32::try_from(self.exactly(4)?).ok()?;
        let hyphens = self.one_of(b"-").is_some();
        if self.one_of(b"W").is_some() {
            let week = self.exactly(2)?;
            let day = if self.is_done() {
                1
            } else {
                if hyphens {
                    self.one_of(b"-")?;
                }
                self.exactly(1)?
            };
            let weekday =
                chrono::Weekday::try_from(u8::try_from(day.checked_sub(1)?).ok()?).ok()?;
            let date = NaiveDate::from_isoywd_opt(year, week, weekday)?;
            return (1..=9999).contains(&date.year()).then_some(date);
        }
        let month = self.exactly(2)?;
        if hyphens {
            self.one_of(b"-")?;
        }
        let day = self.exactly(2)?;
        calendar(year, month, day)
    }

    /// `2020-1-2`
    fn loose_date(&mut self) -> Option<NaiveDate> {
        let year = i32::try_from(self.exactly(4)?).ok()?;
        self.one_of(b"-")?;
        let month = self.short()?;
        self.one_of(b"-")?;
        let day = self.short()?;
        calendar(year, month, day)
    }

    /// `1:2:3.5`
    fn loose_time(&mut self) -> Option<NaiveTime> {
        let hour = self.short()?;
        self.one_of(b":")?;
        let minute = self.short()?;
        let mut second = 0;
        let mut micros = 0;
        if self.one_of(b":").is_some() {
            second = self.short()?;
            if self.one_of(b".,").is_some() {
                micros = self.micros()?;
            }
        }
        NaiveTime::from_hms_micro_opt(hour, minute, second, micros)
    }

    fn spaces(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r' | 0x0B | 0x0C | 0x1C..=0x1F) = self.peek() {
            self.at += 1;
        }
    }

    /// `Z`, `+02`, `+0200`, `+02:00`
    fn loose_offset(&mut self) -> Option<TimeDelta> {
        let sign = self.one_of(b"Z+-")?;
        if sign == b'Z' {
            return Some(TimeDelta::zero());
        }
        let hours = self.exactly(2)?;
        let mut minutes = 0;
        if !self.is_done() {
            self.one_of(b":");
            minutes = self.exactly(2)?;
        }
        let size = hours * 60 + minutes;
        if size >= 24 * 60 {
            return None;
        }
        let size = TimeDelta::minutes(i64::from(size));
        Some(if sign == b'-' { -size } else { size })
    }
}

fn calendar(year: i32, month: u32, day: u32) -> Option<NaiveDate> {
    if year < 1 { None } else { NaiveDate::from_ymd_opt(year, month, day) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_told_in_words() {
        assert_eq!(humanized(&["%d/%m/%Y", "iso-8601"], "YYYY-MM-DD"), "DD/MM/YYYY, YYYY-MM-DD");
    }

    #[test]
    fn a_format_of_ones_own_replaces_iso() {
        let mut field = Field::datetime("d");
        field.kind = super::super::FieldKind::DateTime {
            input_formats: std::borrow::Cow::Borrowed(&["%d.%m.%Y %H:%M"]),
            format: None,
        };
        let run = |text: &str| field.run(Some(&Raw::Text(text.to_owned().into())), false);
        assert!(run("02.01.2020 03:04").is_ok());
        assert_eq!(
            run("2020-01-02").unwrap_err().to_json(),
            serde_json::json!([
                "Datetime has wrong format. Use one of these formats instead: DD.MM.YYYY hh:mm."
            ])
        );
    }

    #[test]
    fn a_moment_beyond_the_calendar_is_out_of_range() {
        let field = Field::datetime("d");
        let run = |text: &str| field.run(Some(&Raw::Text(text.to_owned().into())), false);
        for text in ["0001-01-01T00:00:00+02:00", "9999-12-31T23:59:59-02:00"] {
            assert_eq!(
                run(text).unwrap_err().to_json(),
                serde_json::json!(["Datetime value out of range."])
            );
        }
    }

    #[test]
    fn python_s_odder_forms_are_read() {
        let datetime = |text| parse_datetime(text).map(|(naive, _)| naive.to_string());
        assert_eq!(datetime("2020-W01-1T10"), Some("2019-12-30 10:00:00".into()));
        assert_eq!(datetime("2020W01"), Some("2019-12-30 00:00:00".into()));
        assert_eq!(datetime("2020-01-01é10:30"), Some("2020-01-01 10:30:00".into()));
        assert_eq!(datetime("2020-01-01T10:3000"), None);
        assert_eq!(
            datetime("2020-01-01 10:00:00.1234567890123"),
            Some("2020-01-01 10:00:00.123456".into())
        );
        assert_eq!(parse_time("T10:00").map(|time| time.to_string()), Some("10:00:00".into()));
    }
}
