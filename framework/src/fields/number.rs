//! Numbers as Python reads them.

use std::borrow::Cow;

use crate::db::types::Decimal;
use crate::exceptions::Detail;

use super::kind::DecimalOptions;
use super::{Field, Raw, Value, format, python};

/// The longest text that is looked at, in characters.
const MAX_STRING_LENGTH: usize = 1000;

fn too_long(field: &Field) -> Detail {
    field.fail("max_string_length", "String value too large.")
}

fn is_too_long(text: &str) -> bool {
    text.len() > MAX_STRING_LENGTH && text.chars().count() > MAX_STRING_LENGTH
}

/// `IntegerField.to_internal_value`
pub(super) fn integer(field: &Field, big: bool, raw: &Raw<'_>) -> Result<Value, Detail> {
    let parsed = match raw {
        Raw::Int(digits) => parse_int(digits),
        Raw::Text(text) | Raw::JsonText(text) => {
            if is_too_long(text) {
                return Err(too_long(field));
            }
            parse_int(without_zero_fraction(text))
        }
        Raw::Float(_) => parse_int(without_zero_fraction(&python::text(raw))),
        _ => None,
    };
    parsed.ok_or_else(|| {
        let text =
            if big { "A valid biginteger is required." } else { "A valid integer is required." };
        field.fail("invalid", text)
    })
}

/// Cuts `.`, `.0`, `.00 ` off the end.
fn without_zero_fraction(text: &str) -> &str {
    text.rsplit_once('.')
        .filter(|(_, tail)| tail.trim_start_matches('0').chars().all(python::is_space))
        .map_or(text, |(head, _)| head)
}

/// `int(text)`: white space at the ends, a sign, single underscores between digits, digits of
/// any script.
pub(super) fn parse_int(text: &str) -> Option<Value> {
    if let Ok(number) = text.parse() {
        return Some(Value::Int(number));
    }
    let text = python::ascii_digits(trimmed(text));
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, text.get(1..)?),
        b'+' => (false, text.get(1..)?),
        _ => (false, &*text),
    };
    let digits = without_underscores(digits)?;
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let digits = digits.trim_start_matches('0');
    let digits = if digits.is_empty() { "0" } else { digits };
    let spelling = if negative { Cow::Owned(format!("-{digits}")) } else { Cow::Borrowed(digits) };
    Some(spelling.parse().map_or_else(|_| Value::BigInt(spelling.as_ref().into()), Value::Int))
}

/// What `int` and `float` cut off: of an ASCII text only what C calls white space.
fn trimmed(text: &str) -> &str {
    if text.is_ascii() {
        text.trim_matches([' ', '\t', '\n', '\u{b}', '\u{c}', '\r'])
    } else {
        python::strip(text)
    }
}

/// Drops single underscores that stand between digits; `None` when one stands elsewhere.
fn without_underscores(text: &str) -> Option<Cow<'_, str>> {
    if !text.contains('_') {
        return Some(Cow::Borrowed(text));
    }
    let bytes = text.as_bytes();
    let digit = |at: Option<usize>| at.and_then(|at| bytes.get(at)).is_some_and(u8::is_ascii_digit);
    let between = |(at, byte): (usize, &u8)| {
        *byte != b'_' || (digit(at.checked_sub(1)) && digit(at.checked_add(1)))
    };
    bytes.iter().enumerate().all(between).then(|| Cow::Owned(text.replace('_', "")))
}

/// `FloatField.to_internal_value`
pub(super) fn float(field: &Field, raw: &Raw<'_>) -> Result<Value, Detail> {
    let parsed = match raw {
        Raw::Bool(value) => Some(f64::from(u8::from(*value))),
        Raw::Int(digits) => {
            let number = python::float(digits);
            if number.is_infinite() {
                let text = "Integer value too large to convert to float";
                return Err(field.fail("overflow", text));
            }
            Some(number)
        }
        Raw::Float(spelling) => Some(python::float(spelling)),
        Raw::Text(text) | Raw::JsonText(text) => {
            if is_too_long(text) {
                return Err(too_long(field));
            }
            parse_float(text)
        }
        _ => None,
    };
    parsed
        .filter(|number| number.is_finite())
        .map(Value::Float)
        .ok_or_else(|| field.fail("invalid", "A valid number is required."))
}

/// `float(text)`, with the same latitude as [`parse_int`].
fn parse_float(text: &str) -> Option<f64> {
    let text = python::ascii_digits(trimmed(text));
    without_underscores(&text)?.parse().ok()
}

/// `DecimalField.to_internal_value`
pub(super) fn decimal(
    field: &Field,
    options: &DecimalOptions,
    raw: &Raw<'_>,
) -> Result<Value, Detail> {
    let invalid = || field.fail("invalid", "A valid number is required.");
    let text = match raw {
        Raw::Text(_) | Raw::JsonText(_) | Raw::Int(_) | Raw::Float(_) => python::text(raw),
        _ => return Err(invalid()),
    };
    let text = python::strip(&text);
    if is_too_long(text) {
        return Err(too_long(field));
    }
    let digits = Digits::parse(text).ok_or_else(invalid)?;
    let (total, whole, places) = digits.sizes();
    if let Some(max) = options.max_digits.filter(|max| total > u64::from(*max)) {
        let text = "Ensure that there are no more than {max_digits} digits in total.";
        return Err(field.fail_with("max_digits", text, &[("max_digits", &max.to_string())]));
    }
    if let Some(max) = options.decimal_places.filter(|max| places > u64::from(*max)) {
        let text = "Ensure that there are no more than {max_decimal_places} decimal places.";
        let parameter = ("max_decimal_places", &*max.to_string());
        return Err(field.fail_with("max_decimal_places", text, &[parameter]));
    }
    if let (Some(digits), Some(places)) = (options.max_digits, options.decimal_places) {
        let max = digits.saturating_sub(places);
        if whole > u64::from(max) {
            let text = "Ensure that there are no more than {max_whole_digits} digits before the \
                        decimal point.";
            let parameter = ("max_whole_digits", &*max.to_string());
            return Err(field.fail_with("max_whole_digits", text, &[parameter]));
        }
    }
    let value = digits.number().ok_or_else(invalid)?;
    Ok(Value::Decimal(match options.decimal_places {
        Some(places) => format::quantized(value, places),
        None => value,
    }))
}

/// A decimal as Python's tuple has it: digits without leading zeros, and a power of ten.
struct Digits {
    negative: bool,
    /// The digits as a number; `None` when they do not fit.
    mantissa: Option<i128>,
    count: u64,
    exponent: i64,
}

impl Digits {
    /// `Decimal(text)` without NaN and Infinity, which no field takes.
    fn parse(text: &str) -> Option<Self> {
        let text = python::ascii_digits(text);
        let text = if text.contains('_') { Cow::Owned(text.replace('_', "")) } else { text };
        let bytes = text.as_bytes();
        let (negative, mut at) = match bytes.first()? {
            b'-' => (true, 1),
            b'+' => (false, 1),
            _ => (false, 0),
        };
        let mut digits = Self { negative, mantissa: Some(0), count: 0, exponent: 0 };
        let (mut seen, mut point) = (false, false);
        while let Some(byte) = bytes.get(at) {
            match byte {
                b'0'..=b'9' => {
                    seen = true;
                    digits.push(byte - b'0');
                    if point {
                        digits.exponent -= 1;
                    }
                }
                b'.' if !point => point = true,
                _ => break,
            }
            at += 1;
        }
        if !seen {
            return None;
        }
        // a zero is one digit, however many are written
        digits.count = digits.count.max(1);
        if let Some(b'e' | b'E') = bytes.get(at) {
            let power = text.get(at + 1..)?;
            let bare = power.strip_prefix(['-', '+']).unwrap_or(power);
            if bare.is_empty() || !bare.bytes().all(|byte| byte.is_ascii_digit()) {
                return None;
            }
            let power: i64 = power.parse().ok().filter(|power: &i64| power.abs() < 1 << 59)?;
            digits.exponent += power;
        } else if at < bytes.len() {
            return None;
        }
        Some(digits)
    }

    fn push(&mut self, digit: u8) {
        if self.count > 0 || digit > 0 {
            self.count += 1;
        }
        let mantissa = self.mantissa.and_then(|mantissa| mantissa.checked_mul(10));
        self.mantissa = mantissa.and_then(|mantissa| mantissa.checked_add(i128::from(digit)));
    }

    /// Digits in all, before the point, behind it: as `DecimalField.validate_precision` counts.
    fn sizes(&self) -> (u64, u64, u64) {
        let shift = self.exponent.unsigned_abs();
        if self.exponent >= 0 {
            (self.count + shift, self.count + shift, 0)
        } else if self.count > shift {
            (self.count, self.count - shift, shift)
        } else {
            (shift, 0, shift)
        }
    }

    fn number(&self) -> Option<Decimal> {
        let mut mantissa = self.mantissa?;
        let mut scale = 0;
        if self.exponent >= 0 {
            let power = u32::try_from(self.exponent).ok()?;
            if mantissa != 0 {
                mantissa = mantissa.checked_mul(10_i128.checked_pow(power)?)?;
            }
        } else {
            scale = u32::try_from(self.exponent.unsigned_abs()).ok()?;
        }
        let mut number = rust_decimal::Decimal::try_from_i128_with_scale(mantissa, scale).ok()?;
        number.set_sign_negative(self.negative);
        Some(number.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_are_read_as_python_reads_them() {
        let cases = [
            (" 7 ", Some(7)),
            ("+7", Some(7)),
            ("-007", Some(-7)),
            ("1_000", Some(1000)),
            ("７", Some(7)),
            ("-0", Some(0)),
            ("1__0", None),
            ("_1", None),
            ("1_", None),
            ("+-1", None),
            ("", None),
            ("0x10", None),
        ];
        for (text, number) in cases {
            assert_eq!(parse_int(text), number.map(Value::Int), "{text}");
        }
        let big = parse_int("-0099999999999999999999");
        assert_eq!(big, Some(Value::BigInt("-99999999999999999999".into())));
    }

    #[test]
    fn a_fraction_of_zeros_is_no_fraction() {
        assert_eq!(without_zero_fraction("5.00 "), "5");
        assert_eq!(without_zero_fraction("7."), "7");
        assert_eq!(without_zero_fraction("7.1"), "7.1");
        assert_eq!(without_zero_fraction("1.0.0"), "1.0");
    }

    #[test]
    fn decimals_count_the_digits_that_are_written() {
        let sizes = |text| Digits::parse(text).map(|digits| digits.sizes());
        assert_eq!(sizes("123.45"), Some((5, 3, 2)));
        assert_eq!(sizes("0001.50"), Some((3, 1, 2)));
        assert_eq!(sizes("0.001"), Some((3, 0, 3)));
        assert_eq!(sizes("1e3"), Some((4, 4, 0)));
        assert_eq!(sizes("0e5"), Some((6, 6, 0)));
        assert_eq!(sizes("1e-99999"), Some((99999, 0, 99999)));
        for refused in ["", ".", "1e", "e5", "1.2.3", "NaN", "Infinity", "1e99999999999999999999"] {
            assert_eq!(sizes(refused), None, "{refused}");
        }
    }

    #[test]
    fn a_decimal_too_long_to_hold_is_no_number() {
        let mut field = Field::decimal("d", 40, 2);
        assert!(field.run(Some(&Raw::Text("1".repeat(38).into())), false).is_err());
        if let super::super::Kind::Decimal(options) = &mut field.kind {
            options.max_digits = None;
        }
        assert!(field.run(Some(&Raw::Text("1e999999".into())), false).is_err());
    }
}
