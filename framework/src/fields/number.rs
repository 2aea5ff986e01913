//! Numbers as Python reads them.

use std::borrow::Cow;

use crate::exceptions::Detail;
use crate::values::types::Decimal;

use super::kind::DecimalOptions;
use super::{Field, Raw, Value, format, python};

/// The longest text that is parsed, in characters.
const MAX_STRING_LENGTH: usize = 1000;

/// The greatest power of ten that Python's `Decimal` takes.
const MAX_EXPONENT: i64 = 999_999_999_999_999_999;

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

/// `int(text)` of any size.
pub(super) fn parse_int(text: &str) -> Option<Value> {
    if let Ok(number) = text.parse() {
        return Some(Value::Int(number));
    }
    let digits = python::int_digits(text)?;
    Some(digits.parse().map_or_else(|_| Value::BigInt(digits.as_str().into()), Value::Int))
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
            python::parse_float(text)
        }
        _ => None,
    };
    parsed
        .filter(|number| number.is_finite())
        .map(Value::Float)
        .ok_or_else(|| field.fail("invalid", "A valid number is required."))
}

/// `DecimalField.to_internal_value`
pub(super) fn decimal(
    field: &Field,
    options: &DecimalOptions,
    raw: &Raw<'_>,
) -> Result<Value, Detail> {
    let invalid = || field.fail("invalid", "A valid number is required.");
    // of anything else, too, the text is measured (`smart_str(data)`)
    let text = python::text(raw);
    let text = python::strip(&text);
    if is_too_long(text) {
        return Err(too_long(field));
    }
    let digits = DecimalText::parse(text).ok_or_else(invalid)?;
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

/// A decimal as Python's tuple has it: digits, and a power of ten.
#[derive(Debug)]
pub(crate) struct DecimalText {
    /// True behind a minus.
    pub(crate) negative: bool,
    /// Without leading zeros; empty for zero.
    pub(crate) digits: String,
    /// What the digits are multiplied with, as a power of ten.
    pub(crate) exponent: i64,
}

impl DecimalText {
    /// `Decimal(text)` without NaN and Infinity, which no field takes.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let text = python::ascii_digits(text);
        let text = if text.contains('_') { Cow::Owned(text.replace('_', "")) } else { text };
        let (negative, text) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(&text)),
        };
        let all_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let (mantissa, power) = match text.split_once(['e', 'E']) {
            Some((mantissa, power)) => {
                let bare = power.strip_prefix(['-', '+']).unwrap_or(power);
                let power =
                    (!bare.is_empty() && all_digits(bare)).then(|| power.parse().ok())??;
                (mantissa, power)
            }
            None => (text, 0_i64),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let written = !whole.is_empty() || !fraction.is_empty();
        if !written || !all_digits(whole) || !all_digits(fraction) || power.abs() > MAX_EXPONENT {
            return None;
        }
        let whole = whole.trim_start_matches('0');
        let digits = if whole.is_empty() {
            fraction.trim_start_matches('0').to_owned()
        } else {
            [whole, fraction].concat()
        };
        Some(Self { negative, digits, exponent: power - i64::try_from(fraction.len()).ok()? })
    }

    /// How many digits; a zero is one, however many are written.
    fn count(&self) -> u64 {
        self.digits.len().max(1) as u64
    }

    /// Digits in all, before the point, behind it: as `DecimalField.validate_precision` counts.
    fn sizes(&self) -> (u64, u64, u64) {
        let (count, shift) = (self.count(), self.exponent.unsigned_abs());
        if self.exponent >= 0 {
            (count + shift, count + shift, 0)
        } else if count > shift {
            (count, count - shift, shift)
        } else {
            (shift, 0, shift)
        }
    }

    /// The number, if it can be represented exactly.
    fn number(&self) -> Option<Decimal> {
        let digits = if self.digits.is_empty() { "0" } else { self.digits.as_str() };
        let mut mantissa: i128 = digits.parse().ok()?;
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
        let sizes = |text| DecimalText::parse(text).map(|digits| digits.sizes());
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
    fn a_long_list_is_a_text_that_is_too_large_for_a_decimal() {
        let error = |raw| Field::decimal("d", 5, 2).run(Some(&raw), false).unwrap_err().to_json();
        let long = Raw::List(vec![Raw::Text("x".repeat(1000).into())]);
        assert_eq!(error(long), serde_json::json!(["String value too large."]));
        let number = serde_json::json!(["A valid number is required."]);
        assert_eq!(error(Raw::List(vec![Raw::Int("1".into())])), number);
        assert_eq!(error(Raw::Bool(true)), number);
    }

    #[test]
    fn a_decimal_too_long_to_hold_is_no_number() {
        let mut field = Field::decimal("d", 40, 2);
        assert!(field.run(Some(&Raw::Text("1".repeat(38).into())), false).is_err());
        if let super::super::FieldKind::Decimal(options) = &mut field.kind {
            options.max_digits = None;
        }
        assert!(field.run(Some(&Raw::Text("1e999999".into())), false).is_err());
    }
}
