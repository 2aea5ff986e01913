//! How `PostgreSQL` stores the types.

use diesel::pg::data_types::PgNumeric;
use diesel::pg::{Pg, PgValue};
use diesel::sql_types::Numeric;
use std::io::Write;

use super::{
    DateTime, Decimal, FromSql, IsNull, Output, ToSql, Uuid, deserialize, extremes, serialize,
    sql_types,
};

/// Microseconds from 1970 to 2000, the epoch of `PostgreSQL`.
const EPOCH: i64 = 946_684_800_000_000;

impl FromSql<sql_types::Moment, Pg> for DateTime {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        let micros = <i64 as FromSql<diesel::sql_types::BigInt, Pg>>::from_sql(value)?;
        match micros {
            i64::MAX => Ok(Self(chrono::DateTime::<chrono::Utc>::MAX_UTC)),
            i64::MIN => Ok(Self(chrono::DateTime::<chrono::Utc>::MIN_UTC)),
            _ => micros
                .checked_add(EPOCH)
                .and_then(chrono::DateTime::from_timestamp_micros)
                .map(Self)
                .ok_or_else(|| "timestamp out of range".into()),
        }
    }
}

impl ToSql<sql_types::Moment, Pg> for DateTime {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        let micros = match extremes::word(self.0.date_naive()) {
            None => self.0.timestamp_micros() - EPOCH,
            Some("infinity") => i64::MAX,
            Some(_) => i64::MIN,
        };
        out.write_all(&micros.to_be_bytes())?;
        Ok(IsNull::No)
    }
}

impl FromSql<sql_types::Uuid, Pg> for Uuid {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        Ok(Self(uuid::Uuid::from_slice(value.as_bytes())?))
    }
}

impl ToSql<sql_types::Uuid, Pg> for Uuid {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        out.write_all(self.0.as_bytes())?;
        Ok(IsNull::No)
    }
}

impl FromSql<Numeric, Pg> for Decimal {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        from_numeric(value.as_bytes())
    }
}

impl ToSql<Numeric, Pg> for Decimal {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        ToSql::<Numeric, Pg>::to_sql(&to_numeric(*self)?, &mut out.reborrow())
    }
}

/// Reads `PostgreSQL`'s form: digits of base 10000, the first one worth 10000^weight.
pub(super) fn from_numeric(bytes: &[u8]) -> deserialize::Result<Decimal> {
    let word = |at: usize| -> deserialize::Result<i16> {
        let pair = bytes.get(at..at + 2).and_then(|pair| pair.try_into().ok());
        Ok(i16::from_be_bytes(pair.ok_or("numeric is cut short")?))
    };
    let (count, weight, sign, scale) = (word(0)?, word(2)?, word(4)?, word(6)?);
    let negative = match sign {
        0 => false,
        0x4000 => true,
        // NaN and the infinities
        _ => return Err("numeric is not a number".into()),
    };
    let scale = u32::try_from(scale)?;
    let mut mantissa: i128 = 0;
    for at in 0..count {
        let digit = word(8 + usize::try_from(at)? * 2)?;
        mantissa = mantissa
            .checked_mul(10_000)
            .and_then(|m| m.checked_add(i128::from(digit)))
            .ok_or("numeric has too many digits")?;
    }
    let places = (i32::from(count) - i32::from(weight) - 1) * 4;
    let shift = i32::try_from(scale)? - places;
    mantissa = shifted(mantissa, shift).ok_or("numeric has too many digits")?;
    if negative {
        mantissa = -mantissa;
    }
    Ok(Decimal(rust_decimal::Decimal::try_from_i128_with_scale(mantissa, scale)?))
}

/// A number with `by` more zeros or, if negative, fewer digits.
fn shifted(number: i128, by: i32) -> Option<i128> {
    let places = by.unsigned_abs();
    // nearly all numbers fit into 64 bits, where dividing is much quicker
    if let Ok(small) = i64::try_from(number)
        && let Some(power) = 10_i64.checked_pow(places)
        && let Some(result) = if by < 0 { Some(small / power) } else { small.checked_mul(power) }
    {
        return Some(result.into());
    }
    let power = 10_i128.checked_pow(places)?;
    if by < 0 { Some(number / power) } else { number.checked_mul(power) }
}

pub(super) fn to_numeric(value: Decimal) -> Result<PgNumeric, std::num::TryFromIntError> {
    let scale = u16::try_from(value.scale())?;
    // pad the places to whole base-10000 digits
    let padding = (4 - scale % 4) % 4;
    // rust_decimal holds 96 bits, so one more factor of 1000 fits into 128
    let mut rest = value.mantissa().unsigned_abs() * 10_u128.pow(u32::from(padding));
    let mut digits = Vec::with_capacity(8);
    while rest > 0 {
        digits.push(i16::try_from(rest % 10_000)?);
        rest /= 10_000;
    }
    digits.reverse();
    let fraction = i16::try_from((scale + padding) / 4)?;
    let weight = i16::try_from(digits.len())? - fraction - 1;
    Ok(if value.is_sign_negative() {
        PgNumeric::Negative { weight, scale, digits }
    } else {
        PgNumeric::Positive { weight, scale, digits }
    })
}
