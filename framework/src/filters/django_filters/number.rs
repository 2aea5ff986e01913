//! Numbers as Python's `Decimal(text)` reads them.

use crate::db::Decimal;
use crate::fields::number::DecimalText;
use crate::values::{Value, python};

/// The float 1e50, exactly: `NumberFilter` refuses anything greater.
const MOST: &str = "100000000000000007629769841091887003294964970946560";

/// A finite number of any size.
#[derive(Debug)]
pub(super) enum Number {
    /// Of a few digits and nothing else, as nearly all are.
    Plain(Decimal),
    /// Any other.
    Spelled(DecimalText),
}

impl Number {
    /// `None` for anything that is not a finite number.
    pub(super) fn parse(text: &str) -> Option<Self> {
        match plain(text) {
            Some(number) => Some(Self::Plain(number)),
            None => DecimalText::parse(python::strip(text)).map(Self::Spelled),
        }
    }

    /// True above the float 1e50.
    pub(super) fn is_too_large(&self) -> bool {
        let Self::Spelled(number) = self else { return false };
        if number.negative || number.digits.is_empty() {
            return false;
        }
        match magnitude(number) {
            ..50 => false,
            50 => {
                let digits = number.digits.trim_end_matches('0');
                let most = MOST.trim_end_matches('0');
                // digit by digit from the same place; the longer one is greater when they agree
                digits > most
            }
            _ => true,
        }
    }

    /// A decimal; a float where no decimal is large enough.
    pub(super) fn to_value(&self) -> Value {
        let number = match self {
            Self::Plain(number) => return Value::Decimal(*number),
            Self::Spelled(number) => number,
        };
        if number.digits.is_empty() {
            return Value::Decimal(Decimal::ZERO);
        }
        let magnitude = magnitude(number);
        let sign = if number.negative { -1.0 } else { 1.0 };
        if magnitude > 28 {
            return Value::Float(sign * 1e30);
        }
        if magnitude < -28 {
            return Value::Decimal(Decimal::ZERO);
        }
        to_decimal(number).map_or(Value::Float(sign * 1e30), Value::Decimal)
    }
}

/// Up to 18 digits, with a point or without.
fn plain(text: &str) -> Option<Decimal> {
    let (mut digits, mut places) = (0_i64, None);
    if text.len() > 18 || text.is_empty() || text == "." {
        return None;
    }
    for byte in text.bytes() {
        match byte {
            b'0'..=b'9' => {
                digits = digits * 10 + i64::from(byte - b'0');
                places = places.map(|places| places + 1);
            }
            b'.' if places.is_none() => places = Some(0),
            _ => return None,
        }
    }
    Some(if digits == 0 { Decimal::ZERO } else { Decimal::new(digits, places.unwrap_or(0)) })
}

/// The place of the first digit: 0 for ones, 2 for hundreds.
fn magnitude(number: &DecimalText) -> i64 {
    i64::try_from(number.digits.len()).unwrap_or(i64::MAX / 2) + number.exponent - 1
}

fn to_decimal(number: &DecimalText) -> Option<Decimal> {
    let sign = if number.negative { "-" } else { "" };
    // 40 digits are more than any column holds
    let kept = number.digits.get(..40).unwrap_or(&number.digits);
    let dropped = i64::try_from(number.digits.len() - kept.len()).ok()?;
    let exponent = number.exponent + dropped;
    let places = usize::try_from(exponent.unsigned_abs()).ok()?;
    let text = if exponent >= 0 {
        format!("{sign}{kept}{}", "0".repeat(places))
    } else {
        let padded = format!("{kept:0>width$}", width = places + 1);
        let (whole, fraction) = padded.split_at(padded.len() - places);
        format!("{sign}{whole}.{fraction}")
    };
    text.parse::<rust_decimal::Decimal>().ok().map(Decimal::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> Option<String> {
        Number::parse(text).map(|number| format!("{:?}", number.to_value()))
    }

    #[test]
    fn numbers_are_read_as_python_reads_them() {
        for (text, expected) in [
            (" 343719 ", "Decimal(Decimal(343719))"),
            ("1e3", "Decimal(Decimal(1000))"),
            ("0.990", "Decimal(Decimal(0.990))"),
            ("+.5e+3", "Decimal(Decimal(500))"),
            ("5.", "Decimal(Decimal(5))"),
            ("00.50", "Decimal(Decimal(0.50))"),
            ("0.000", "Decimal(Decimal(0))"),
            ("999999999999999999", "Decimal(Decimal(999999999999999999))"),
            ("9999999999999999.99", "Decimal(Decimal(9999999999999999.99))"),
            ("0.0000000000000000000000000001", "Decimal(Decimal(0.0000000000000000000000000001))"),
            ("1_0", "Decimal(Decimal(10))"),
            ("-1.5", "Decimal(Decimal(-1.5))"),
            ("-0", "Decimal(Decimal(0))"),
            ("1e-999999999", "Decimal(Decimal(0))"),
            ("-1e60", "Float(-1e30)"),
            ("99999999999999999999", "Decimal(Decimal(99999999999999999999))"),
            ("79228162514264337593543950336", "Float(1e30)"),
        ] {
            assert_eq!(value(text).as_deref(), Some(expected), "{text}");
        }
        for text in [
            "", "abc", "NaN", "Infinity", ".", "1.2.3", "..", "e5", "1e", "1e+", "1e5.0", "--1",
            "1 2", "1e1+1", "\0",
        ] {
            assert_eq!(value(text), None, "{text}");
        }
        assert_eq!(value("1e9999999999999999999"), None);
    }

    #[test]
    fn long_texts_are_read_without_harm() {
        assert!(value(&"9".repeat(100_000)).is_some());
        assert!(value(&format!("0.{}", "1".repeat(100_000))).is_some());
        assert!(value(&format!("{}e-99999", "1".repeat(100_000))).is_some());
    }

    #[test]
    fn more_than_the_float_1e50_is_too_large() {
        let too_large = |text| Number::parse(text).unwrap().is_too_large();
        assert!(!too_large("1e50"));
        assert!(!too_large(MOST));
        assert!(too_large("100000000000000007629769841091887003294964970946561"));
        assert!(too_large("1e51") && too_large("2e50") && too_large("1e400"));
        assert!(!too_large("-1e60") && !too_large("0e99"));
    }
}
