//! Numbers as Python's `Decimal(text)` reads them.

use crate::db::Decimal;
use crate::fields::Value;
use crate::filters::python;

/// The float 1e50, exactly: `NumberFilter` refuses anything greater.
const MOST: &str = "100000000000000007629769841091887003294964970946560";

/// A finite number of any size.
#[derive(Debug)]
pub(super) struct Number {
    negative: bool,
    /// Digits without leading zeros; empty for zero.
    digits: String,
    /// What the digits are multiplied with, as a power of ten.
    exponent: i64,
}

impl Number {
    /// `None` for anything that is no finite number.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let text = python::strip(text).replace('_', "");
        let (negative, text) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(&text)),
        };
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => {
                let digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
                let plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
                (mantissa, plain.then(|| exponent.parse::<i64>().ok())??)
            }
            None => (text, 0),
        };
        // beyond this Python refuses too
        if exponent.unsigned_abs() > 999_999_999_999_999_999 {
            return None;
        }
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits = format!("{whole}{fraction}");
        if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let places = i64::try_from(fraction.len()).ok()?;
        Some(Self {
            negative,
            digits: digits.trim_start_matches('0').to_owned(),
            exponent: exponent - places,
        })
    }

    /// The place of the first digit: 0 for ones, 2 for hundreds.
    fn magnitude(&self) -> i64 {
        i64::try_from(self.digits.len()).unwrap_or(i64::MAX / 2) + self.exponent - 1
    }

    /// True above the float 1e50.
    pub(super) fn is_too_large(&self) -> bool {
        if self.negative || self.digits.is_empty() {
            return false;
        }
        match self.magnitude() {
            ..50 => false,
            50 => {
                let digits = self.digits.trim_end_matches('0');
                let most = MOST.trim_end_matches('0');
                // digit by digit from the same place; the longer one is greater when they agree
                digits > most
            }
            _ => true,
        }
    }

    /// A decimal; a float where no decimal is large enough.
    pub(super) fn to_value(&self) -> Value {
        if self.digits.is_empty() {
            return Value::Decimal(Decimal::ZERO);
        }
        let magnitude = self.magnitude();
        let sign = if self.negative { -1.0 } else { 1.0 };
        if magnitude > 28 {
            return Value::Float(sign * 1e30);
        }
        if magnitude < -28 {
            return Value::Decimal(Decimal::ZERO);
        }
        self.to_decimal().map_or(Value::Float(sign * 1e30), Value::Decimal)
    }

    fn to_decimal(&self) -> Option<Decimal> {
        let sign = if self.negative { "-" } else { "" };
        // 40 digits are more than any column holds
        let kept = self.digits.get(..40).unwrap_or(&self.digits);
        let dropped = i64::try_from(self.digits.len() - kept.len()).ok()?;
        let exponent = self.exponent + dropped;
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
