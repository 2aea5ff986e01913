//! JSON, lengths of time and addresses between Rust and the databases, in Django's forms.

use chrono::TimeDelta;

use crate::values::{parse_json, to_json};

/// JSON as the database takes it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct JsonText(pub(crate) String);

/// JSON as the database has it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct StoredJson(pub(crate) serde_json::Value);

impl StoredJson {
    /// Text that is no JSON, which only others can have written, is shown as it is, as in Django.
    fn parse(text: &str) -> Self {
        let json = parse_json(text).ok().and_then(|raw| to_json(&raw));
        Self(json.unwrap_or_else(|| text.into()))
    }
}

/// A length of time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Span(pub(crate) TimeDelta);

/// An IP address, as text.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Address(pub(crate) String);

#[cfg(feature = "sqlite")]
mod sqlite {
    use diesel::deserialize::{self, FromSql};
    use diesel::serialize::{self, IsNull, Output, ToSql};
    use diesel::sqlite::{Sqlite, SqliteValue};

    use super::{Address, JsonText, Span, StoredJson, TimeDelta};
    use crate::values::types::sql_types;

    impl ToSql<sql_types::Json, Sqlite> for JsonText {
        fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
            out.set_value(self.0.as_str());
            Ok(IsNull::No)
        }
    }

    impl FromSql<sql_types::Json, Sqlite> for StoredJson {
        fn from_sql(mut value: SqliteValue<'_, '_, '_>) -> deserialize::Result<Self> {
            Ok(Self::parse(value.read_text()))
        }
    }

    /// Microseconds.
    impl ToSql<sql_types::Span, Sqlite> for Span {
        fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
            out.set_value(self.0.num_microseconds().ok_or("a length of time is out of range")?);
            Ok(IsNull::No)
        }
    }

    impl FromSql<sql_types::Span, Sqlite> for Span {
        fn from_sql(mut value: SqliteValue<'_, '_, '_>) -> deserialize::Result<Self> {
            Ok(Self(TimeDelta::microseconds(value.read_long())))
        }
    }

    impl ToSql<sql_types::Inet, Sqlite> for Address {
        fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
            out.set_value(self.0.as_str());
            Ok(IsNull::No)
        }
    }

    impl FromSql<sql_types::Inet, Sqlite> for Address {
        fn from_sql(mut value: SqliteValue<'_, '_, '_>) -> deserialize::Result<Self> {
            Ok(Self(value.read_text().to_owned()))
        }
    }
}

#[cfg(feature = "postgres")]
mod postgres {
    use std::io::Write as _;
    use std::net::IpAddr;

    use diesel::deserialize::{self, FromSql};
    use diesel::pg::{Pg, PgValue};
    use diesel::serialize::{self, IsNull, Output, ToSql};

    use super::{Address, JsonText, Span, StoredJson, TimeDelta};
    use crate::values::types::sql_types;

    /// The version of `jsonb`'s binary form: text behind this byte.
    const VERSION: u8 = 1;

    /// The families of addresses.
    const V4: u8 = 2;
    const V6: u8 = 3;

    impl ToSql<sql_types::Json, Pg> for JsonText {
        fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
            out.write_all(&[VERSION])?;
            out.write_all(self.0.as_bytes())?;
            Ok(IsNull::No)
        }
    }

    impl FromSql<sql_types::Json, Pg> for StoredJson {
        fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
            let bytes = value.as_bytes();
            // a column of the type `json` has no version
            let text = bytes.strip_prefix(&[VERSION]).unwrap_or(bytes);
            Ok(Self::parse(std::str::from_utf8(text)?))
        }
    }

    /// Microseconds of the day, days and months.
    impl ToSql<sql_types::Span, Pg> for Span {
        fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
            let days = self.0.num_days();
            let rest = self.0 - TimeDelta::days(days);
            let micros = rest.num_microseconds().ok_or("a length of time is out of range")?;
            out.write_all(&micros.to_be_bytes())?;
            out.write_all(&i32::try_from(days)?.to_be_bytes())?;
            out.write_all(&0_i32.to_be_bytes())?;
            Ok(IsNull::No)
        }
    }

    /// A year has 365 days and a month 30, as for psycopg.
    impl FromSql<sql_types::Span, Pg> for Span {
        fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
            let (micros, rest) = value.as_bytes().split_first_chunk().ok_or("cut short")?;
            let (days, rest) = rest.split_first_chunk().ok_or("cut short")?;
            let months = i32::from_be_bytes(*rest.first_chunk().ok_or("cut short")?);
            let days = i64::from(i32::from_be_bytes(*days))
                + i64::from(months / 12) * 365
                + i64::from(months % 12) * 30;
            let days = TimeDelta::try_days(days).ok_or("interval out of range")?;
            let length = days.checked_add(&TimeDelta::microseconds(i64::from_be_bytes(*micros)));
            Ok(Self(length.ok_or("interval out of range")?))
        }
    }

    impl ToSql<sql_types::Inet, Pg> for Address {
        fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
            let (address, bits) = match self.0.split_once('/') {
                Some((address, bits)) => (address.parse::<IpAddr>()?, Some(bits.parse::<u8>()?)),
                None => (self.0.parse::<IpAddr>()?, None),
            };
            match address {
                IpAddr::V4(address) => {
                    out.write_all(&[V4, bits.unwrap_or(32), 0, 4])?;
                    out.write_all(&address.octets())?;
                }
                IpAddr::V6(address) => {
                    out.write_all(&[V6, bits.unwrap_or(128), 0, 16])?;
                    out.write_all(&address.octets())?;
                }
            }
            Ok(IsNull::No)
        }
    }

    impl FromSql<sql_types::Inet, Pg> for Address {
        fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
            let (head, bytes) = value.as_bytes().split_first_chunk().ok_or("cut short")?;
            let [family, bits, _, _] = *head;
            let (address, all) = match family {
                V4 => (IpAddr::from(<[u8; 4]>::try_from(bytes)?), 32),
                V6 => (IpAddr::from(<[u8; 16]>::try_from(bytes)?), 128),
                _ => return Err("an address of an unknown family".into()),
            };
            let text = address.to_string();
            Ok(Self(if bits == all { text } else { format!("{text}/{bits}") }))
        }
    }
}
