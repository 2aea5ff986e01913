//! Numbers as Python's `Decimal(text)` reads them.

use crate::db::Decimal;
use crate::fields::number::DecimalText;
use crate::fields::{Value, python};

/// The float 1e50, exactly: `NumberFilter` refuses anything greater.
const MOST: &str = "100000000000000007629769841091887003294964970946560";

/// A finite number of any size.
#[derive(Debug)]
pub(super) struct Number(DecimalText);

impl Number {
    /// `None` for anything that is no finite number.
    pub(super) fn parse(text: &str) -> Option<Self> {
        DecimalText::parse(python::strip(text)).map(Self)
    }

    /// The place of the first digit: 0 for ones, 2 for hundreds.
    fn magnitude(&self) -> i64 {
        i64::try_from(self.0.digits.len()).unwrap_or(i64::MAX / 2) + self.0.exponent - 1
    }

    /// True above the float 1e50.
    pub(super) fn is_too_large(&self) -> bool {
        if self.0.negative || self.0.digits.is_empty() {
            return false;
        }
        match self.magnitude() {
            ..50 => false,
            50 => {
                let digits = self.0.digits.trim_end_matches('0');
                let most = MOST.trim_end_matches('0');
                // digit by digit from the same place; the longer one is greater when they agree
                digits > most
            }
            _ => true,
        }
    }

    /// A decimal; a float where no decimal is large enough.
    pub(super) fn to_value(&self) -> Value {
        if self.0.digits.is_empty() {
            return Value::Decimal(Decimal::ZERO);
        }
        let magnitude = self.magnitude();
        let sign = if self.0.negative { -1.0 } else { 1.0 };
        if magnitude > 28 {
            return Value::Float(sign * 1e30);
        }
        if magnitude < -28 {
            return Value::Decimal(Decimal::ZERO);
        }
        self.to_decimal().map_or(Value::Float(sign * 1e30), Value::Decimal)
    }

    fn to_decimal(&self) -> Option<Decimal> {
        if let Some(number) = self.small() {
            return Some(number);
        }
        let sign = if self.0.negative { "-" } else { "" };
        // 40 digits are more than any column holds
        let kept = self.0.digits.get(..40).unwrap_or(&self.0.digits);
        let dropped = i64::try_from(self.0.digits.len() - kept.len()).ok()?;
        let exponent = self.0.exponent + dropped;
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

    /// A number of a few digits and places, as nearly all are.
    fn small(&self) -> Option<Decimal> {
        let digits: i64 = self.0.digits.parse().ok()?;
        let places = u32::try_from(-self.0.exponent).ok().filter(|places| *places <= 28)?;
        Some(Decimal::new(if self.0.negative { -digits } else { digits }, places))
    }
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
            "", "abc", "NaN", "Infinity", ".", "e5", "1e", "1e+", "1e5.0", "--1", "1 2", "1e1+1",
            "\0",
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
