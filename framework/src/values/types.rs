//! Column types whose stored form differs between the databases, in Django's own formats.
//!
//! | type | SQLite | PostgreSQL |
//! | --- | --- | --- |
//! | [`DateTime`] | text, UTC, no offset: `2024-01-02 03:04:05.000006` | `timestamptz` |
//! | [`Uuid`] | text, 32 hex digits | `uuid` |
//! | [`Decimal`] | a number (REAL or INTEGER) | `numeric` |
//! | JSON | text | `jsonb` |
//! | a length of time | microseconds, `bigint` | `interval` |
//! | an IP address | text | `inet` |

mod kinds;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "sqlite")]
mod sqlite;

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Deref, Mul, Neg, Sub};
use std::str::FromStr;

use chrono::{NaiveDateTime, Timelike, Utc};
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::serialize::{self, IsNull, Output, ToSql};
use rust_decimal::prelude::ToPrimitive;

use super::extremes;
pub(crate) use kinds::{Address, JsonText, Span, StoredJson};

/// The SQL types of columns that diesel does not have for both databases.
pub mod sql_types {
    use diesel::query_builder::QueryId;
    use diesel::sql_types::SqlType;

    /// A moment: `timestamptz` on `PostgreSQL`, Django's UTC text on `SQLite`. (diesel's `table!`
    /// takes a type called `Timestamptz` for its own.)
    #[derive(Debug, Clone, Copy, Default, QueryId, SqlType)]
    #[cfg_attr(feature = "sqlite", diesel(sqlite_type(name = "Text")))]
    #[cfg_attr(feature = "postgres", diesel(postgres_type(oid = 1184, array_oid = 1185)))]
    pub struct Moment;

    /// A UUID: `uuid` on `PostgreSQL`, 32 hex digits on `SQLite`.
    #[derive(Debug, Clone, Copy, Default, QueryId, SqlType)]
    #[cfg_attr(feature = "sqlite", diesel(sqlite_type(name = "Text")))]
    #[cfg_attr(feature = "postgres", diesel(postgres_type(oid = 2950, array_oid = 2951)))]
    pub struct Uuid;

    /// JSON: `jsonb` on `PostgreSQL`, text on `SQLite`.
    #[derive(Debug, Clone, Copy, Default, QueryId, SqlType)]
    #[cfg_attr(feature = "sqlite", diesel(sqlite_type(name = "Text")))]
    #[cfg_attr(feature = "postgres", diesel(postgres_type(oid = 3802, array_oid = 3807)))]
    pub struct Json;

    /// A length of time: `interval` on `PostgreSQL`, microseconds on `SQLite`.
    #[derive(Debug, Clone, Copy, Default, QueryId, SqlType)]
    #[cfg_attr(feature = "sqlite", diesel(sqlite_type(name = "Long")))]
    #[cfg_attr(feature = "postgres", diesel(postgres_type(oid = 1186, array_oid = 1187)))]
    pub struct Span;

    /// An IP address: `inet` on `PostgreSQL`, text on `SQLite`.
    #[derive(Debug, Clone, Copy, Default, QueryId, SqlType)]
    #[cfg_attr(feature = "sqlite", diesel(sqlite_type(name = "Text")))]
    #[cfg_attr(feature = "postgres", diesel(postgres_type(oid = 869, array_oid = 1041)))]
    pub struct Inet;

    /// An array of `PostgreSQL`; diesel's own is there with its feature alone.
    #[derive(Debug, Clone, Copy, Default, QueryId, SqlType)]
    pub struct Array;
}

/// A moment in UTC with microseconds, as Django stores it. Dereferences to chrono's type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, AsExpression, FromSqlRow)]
#[diesel(sql_type = sql_types::Moment)]
pub struct DateTime(chrono::DateTime<Utc>);

impl DateTime {
    /// This moment, cut to microseconds.
    pub fn now() -> Self {
        Utc::now().into()
    }

    /// The calendar time in UTC.
    pub fn naive_utc(self) -> NaiveDateTime {
        self.0.naive_utc()
    }

    /// The text that Django stores on `SQLite`: microseconds only when they are not zero.
    pub fn to_sqlite_text(self) -> String {
        if let Some(word) = extremes::word(self.0.date_naive()) {
            return word.to_owned();
        }
        let format =
            if self.0.nanosecond() < 1000 { "%Y-%m-%d %H:%M:%S" } else { "%Y-%m-%d %H:%M:%S%.6f" };
        // chrono puts a sign before years of more than four digits
        self.0.format(format).to_string().trim_start_matches('+').to_owned()
    }

    /// Reads the text that Django (or `SQLite`'s own functions) stores.
    pub fn from_sqlite_text(text: &str) -> Option<Self> {
        if let Some(day) = extremes::day(text) {
            return Some(day.and_time(chrono::NaiveTime::MIN).and_utc().into());
        }
        #[cfg(feature = "sqlite")]
        if let Some(signed) = extremes::signed(text) {
            return Self::from_sqlite_text(&signed);
        }
        let naive = ["%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.fZ"];
        let offset = ["%Y-%m-%d %H:%M:%S%.f%:z", "%Y-%m-%dT%H:%M:%S%.f%:z"];
        naive
            .iter()
            .find_map(|format| NaiveDateTime::parse_from_str(text, format).ok())
            .or_else(|| {
                offset.iter().find_map(|format| {
                    chrono::DateTime::parse_from_str(text, format).ok().map(|t| t.naive_utc())
                })
            })
            .map(|naive| naive.and_utc().into())
    }
}

impl From<chrono::DateTime<Utc>> for DateTime {
    fn from(value: chrono::DateTime<Utc>) -> Self {
        let micros = value.nanosecond() / 1000 * 1000;
        Self(value.with_nanosecond(micros).unwrap_or(value))
    }
}

impl Deref for DateTime {
    type Target = chrono::DateTime<Utc>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

/// A UUID. Dereferences to [`uuid::Uuid`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, AsExpression, FromSqlRow)]
#[diesel(sql_type = sql_types::Uuid)]
pub struct Uuid(uuid::Uuid);

impl Uuid {
    /// A random UUID (version 4).
    pub fn random() -> Self {
        Self(uuid::Uuid::new_v4())
    }
}

impl From<uuid::Uuid> for Uuid {
    fn from(value: uuid::Uuid) -> Self {
        Self(value)
    }
}

impl Deref for Uuid {
    type Target = uuid::Uuid;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl fmt::Display for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// An exact decimal number: a scaled integer of up to 28 digits.
///
/// Equality and order ignore trailing zeros; [`Decimal::quantize`] sets the number of places
/// that is written. Dereferences to [`rust_decimal::Decimal`].
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, AsExpression, FromSqlRow,
)]
#[diesel(sql_type = diesel::sql_types::Numeric)]
pub struct Decimal(rust_decimal::Decimal);

impl Decimal {
    /// Zero, without places.
    pub const ZERO: Self = Self(rust_decimal::Decimal::ZERO);

    /// `mantissa` divided by ten to the power of `scale`: `Decimal::new(199, 2)` is 1.99.
    pub fn new(mantissa: i64, scale: u32) -> Self {
        Self(rust_decimal::Decimal::new(mantissa, scale))
    }

    /// Rounds to exactly `places` digits after the point (half to even, like Python's `quantize`).
    #[must_use]
    #[inline]
    pub fn quantize(self, places: u32) -> Self {
        if self.0.scale() == places { self } else { self.rescaled(places) }
    }

    fn rescaled(self, places: u32) -> Self {
        let mut value = self.0.round_dp(places);
        value.rescale(places);
        Self(value)
    }

    /// Extends the number to at least this many places, if it has room for them.
    fn widened(mut self, places: u32) -> Self {
        if self.0.scale() < places {
            self.0.rescale(places);
        }
        self
    }

    /// A zero with the places of both.
    fn zero(self, other: Self) -> Self {
        Self::zero_of(self.0.scale().max(other.0.scale()))
    }

    /// A zero with this many places; there is no negative one.
    fn zero_of(places: u32) -> Self {
        let places = places.min(rust_decimal::Decimal::MAX_SCALE);
        Self(rust_decimal::Decimal::from_parts(0, 0, 0, false, places))
    }

    /// Converts what `SQLite` returns for a decimal column: 15 significant digits of a float.
    pub fn from_float(value: f64) -> Option<Self> {
        rust_decimal::Decimal::from_f64_retain(value)
            .and_then(|exact| exact.round_sf(15))
            .map(|rounded| Self(rounded.normalize()))
    }

    /// The nearest float.
    pub fn to_float(self) -> f64 {
        self.0.to_f64().unwrap_or(f64::NAN)
    }
}

impl From<rust_decimal::Decimal> for Decimal {
    fn from(value: rust_decimal::Decimal) -> Self {
        Self(value)
    }
}

impl From<i32> for Decimal {
    fn from(value: i32) -> Self {
        Self(value.into())
    }
}

impl From<i64> for Decimal {
    fn from(value: i64) -> Self {
        Self(value.into())
    }
}

impl FromStr for Decimal {
    type Err = rust_decimal::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.contains(['e', 'E']) {
            return rust_decimal::Decimal::from_scientific(text).map(Self);
        }
        rust_decimal::Decimal::from_str_exact(text).map(Self)
    }
}

impl Deref for Decimal {
    type Target = rust_decimal::Decimal;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// Serialises as a number, as DRF does for a decimal in a view's own response; serializers write
/// decimals as strings with their places.
impl serde::Serialize for Decimal {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.to_float())
    }
}

/// The places of the operands decide those of the result, zeros included, as in Python's
/// `decimal`: `0.00 + 5` is `5.00`.
impl Add for Decimal {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        let sum = self.0.saturating_add(other.0);
        if sum.is_zero() {
            return self.zero(other);
        }
        Self(sum).widened(self.0.scale().max(other.0.scale()))
    }
}

impl AddAssign for Decimal {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sub for Decimal {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        let rest = self.0.saturating_sub(other.0);
        if rest.is_zero() {
            return self.zero(other);
        }
        Self(rest).widened(self.0.scale().max(other.0.scale()))
    }
}

/// A zero becomes a positive one.
impl Neg for Decimal {
    type Output = Self;

    fn neg(self) -> Self {
        let mut negated = -self.0;
        if negated.is_zero() {
            negated.set_sign_positive(true);
        }
        Self(negated)
    }
}

/// The product has the places of both factors together, zeros included: `0.00 * 2` is `0.00`.
impl<T: Into<Decimal>> Mul<T> for Decimal {
    type Output = Self;

    fn mul(self, other: T) -> Self {
        let other = other.into();
        if self.0.is_zero() || other.0.is_zero() {
            return Self::zero_of(self.0.scale() + other.0.scale());
        }
        Self(self.0.saturating_mul(other.0))
    }
}

/// The sum of nothing is a zero without places.
impl Sum for Decimal {
    fn sum<I: Iterator<Item = Self>>(values: I) -> Self {
        values.fold(Self::ZERO, Add::add)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_float_from_sqlite_loses_its_binary_tail() {
        assert_eq!(Decimal::from_float(0.989_999_999_999_999_9).unwrap().to_string(), "0.99");
        assert_eq!(Decimal::from_float(0.99).unwrap().quantize(3).to_string(), "0.990");
    }

    #[test]
    fn a_timestamp_is_written_as_django_writes_it() {
        let text = "2024-02-01 09:15:30.123456";
        assert_eq!(DateTime::from_sqlite_text(text).unwrap().to_sqlite_text(), text);
        let whole = "2024-01-01 08:30:00";
        assert_eq!(DateTime::from_sqlite_text(whole).unwrap().to_sqlite_text(), whole);
    }

    #[test]
    fn timestamps_are_read_in_every_form_that_sqlite_holds() {
        let read = |text| DateTime::from_sqlite_text(text).map(DateTime::to_sqlite_text);
        let noon = || Some("2024-02-01 12:00:00".to_owned());
        for text in [
            "2024-02-01 12:00:00",
            "2024-02-01T12:00:00",
            "2024-02-01 14:00:00+02:00",
            "2024-02-01T12:00:00Z",
            "2024-02-01T12:00:00.000Z",
        ] {
            assert_eq!(read(text), noon(), "{text}");
        }
        for text in ["", "2024-02-01", "yesterday", "2024-02-30 00:00:00"] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn a_moment_is_cut_to_microseconds() {
        let moment = chrono::DateTime::from_timestamp_nanos(1_999).into();
        assert_eq!(DateTime::to_sqlite_text(moment), "1970-01-01 00:00:00.000001");
    }

    #[test]
    fn quantize_rounds_half_to_even_and_pads() {
        let quantized =
            |text: &str, places| text.parse::<Decimal>().unwrap().quantize(places).to_string();
        assert_eq!(quantized("1.005", 2), "1.00");
        assert_eq!(quantized("1.015", 2), "1.02");
        assert_eq!(quantized("7", 2), "7.00");
    }

    #[test]
    fn places_of_a_result_are_those_of_pythons_decimals() {
        let number = |text: &str| text.parse::<Decimal>().unwrap();
        for (result, text) in [
            (number("0.00") * 2, "0.00"),
            (number("0.00") * number("1.5"), "0.000"),
            (number("1.50") * number("2.00"), "3.0000"),
            (number("1.50") * number("0"), "0.00"),
            (number("0.00") * -1, "0.00"),
            (number("0.00") + number("5"), "5.00"),
            (number("5") + number("0.00"), "5.00"),
            (number("0") + number("0.000"), "0.000"),
            (number("1.10") - number("1.1"), "0.00"),
            (number("1.1") - number("1.1"), "0.0"),
            (number("0.00") - number("0"), "0.00"),
            (number("5") - number("0.000"), "5.000"),
            (number("0.00") - number("5"), "-5.00"),
            (-number("0.00"), "0.00"),
            (number("0").quantize(2), "0.00"),
            (number("0.001").quantize(2), "0.00"),
            ([number("0.00"), number("0.0")].into_iter().sum(), "0.00"),
            ([number("1.50"), number("2")].into_iter().sum(), "3.50"),
            (std::iter::empty().sum(), "0"),
        ] {
            assert_eq!(result.to_string(), text);
        }
        let most = rust_decimal::Decimal::MAX_SCALE;
        let tiny = Decimal::zero_of(most);
        assert_eq!((tiny * tiny).scale(), most);
    }

    #[test]
    fn decimals_are_exact_and_do_not_overflow() {
        let number = |text: &str| text.parse::<Decimal>().unwrap();
        assert_eq!(number("0.1") + number("0.2"), number("0.3"));
        assert_eq!(number("1.50"), number("1.5"));
        assert_eq!(number("1e3"), number("1000"));
        assert_eq!(-(number("2.5") * 4 - number("3")), number("-7"));
        let most = Decimal::from(rust_decimal::Decimal::MAX);
        assert_eq!(most + most, most);
        assert_eq!(most * 2, most);
        assert!("1e99".parse::<Decimal>().is_err());
        assert!(Decimal::from_float(f64::NAN).is_none());
    }

    #[cfg(feature = "postgres")]
    mod numeric {
        use super::super::Decimal;
        use super::super::postgres::{from_numeric, to_numeric};
        use diesel::pg::data_types::PgNumeric;

        fn bytes(words: &[i16]) -> Vec<u8> {
            words.iter().flat_map(|word| word.to_be_bytes()).collect()
        }

        fn read(words: &[i16]) -> Option<String> {
            from_numeric(&bytes(words)).ok().map(|number| number.to_string())
        }

        #[test]
        fn digits_of_ten_thousand_are_read() {
            // digits, weight, sign, places, then the digits
            assert_eq!(read(&[1, -1, 0, 2, 9900]).as_deref(), Some("0.99"));
            assert_eq!(read(&[2, 0, 0x4000, 2, 12, 5000]).as_deref(), Some("-12.50"));
            assert_eq!(read(&[0, 0, 0, 0]).as_deref(), Some("0"));
            assert_eq!(read(&[0, 0, 0, 2]).as_deref(), Some("0.00"));
            assert_eq!(read(&[1, 2, 0, 0, 3]).as_deref(), Some("300000000"));
            assert_eq!(read(&[1, -3, 0, 12, 7]).as_deref(), Some("0.000000000007"));
            // the number fits 64 bits, and its zeros do not
            assert_eq!(
                read(&[3, 2, 0, 12, 9999, 9999, 9999]).as_deref(),
                Some("999999999999.000000000000")
            );
        }

        #[test]
        fn what_is_no_number_or_too_long_is_an_error() {
            for sign in [0xC000_u16, 0xD000, 0xF000] {
                assert_eq!(read(&[0, 0, sign.cast_signed(), 0]), None);
            }
            assert_eq!(read(&[1, 0, 0, 0]), None);
            assert_eq!(read(&[1, 30, 0, 0, 1]), None);
            assert_eq!(read(&[1, 0, 0, 60, 1]), None);
            assert_eq!(read(&[12, 11, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]), None);
        }

        #[test]
        fn numbers_are_written_as_they_are_read() {
            let whole = |text: &str| to_numeric(text.parse::<Decimal>().unwrap()).unwrap();
            assert_eq!(
                whole("-12.50"),
                PgNumeric::Negative { weight: 0, scale: 2, digits: vec![12, 5000] }
            );
            assert_eq!(
                whole("0.00001"),
                PgNumeric::Positive { weight: -2, scale: 5, digits: vec![1000] }
            );
            for text in [
                "0",
                "0.00",
                "0.99",
                "-0.01",
                "10000",
                "99999999.99",
                "79228162514264337593543950335",
                "-7.9228162514264337593543950335",
            ] {
                let (negative, weight, scale, digits) = match whole(text) {
                    PgNumeric::Positive { weight, scale, digits } => (0, weight, scale, digits),
                    PgNumeric::Negative { weight, scale, digits } => {
                        (0x4000, weight, scale, digits)
                    }
                    PgNumeric::NaN => panic!("{text}"),
                };
                let count = i16::try_from(digits.len()).unwrap();
                let mut words = vec![count, weight, negative, scale.cast_signed()];
                words.extend(digits);
                assert_eq!(read(&words).as_deref(), Some(text));
            }
        }
    }
}
