//! What databases hold beyond Python's calendar and clock: `infinity`, and the end of a day.
//!
//! Django fails on such a row. Here it is shown as the database shows it: the last day that chrono
//! knows stands for `infinity`, the first one for `-infinity`, a leap second at the end of the day
//! for `24:00:00`.

use chrono::{NaiveDate, NaiveTime, Timelike};

/// The end of a day (`24:00:00`), which no client can send.
pub(crate) const END_OF_DAY: &str = "24:00:00";

/// The word for a day that stands for infinity.
pub(crate) fn word(day: NaiveDate) -> Option<&'static str> {
    match day {
        NaiveDate::MAX => Some("infinity"),
        NaiveDate::MIN => Some("-infinity"),
        _ => None,
    }
}

/// The day that a word stands for.
pub(crate) fn day(word: &str) -> Option<NaiveDate> {
    match word {
        "infinity" => Some(NaiveDate::MAX),
        "-infinity" => Some(NaiveDate::MIN),
        _ => None,
    }
}

/// A text that begins with a year of more than four digits, with the sign that chrono then needs.
#[cfg(feature = "sqlite")]
pub(crate) fn signed(text: &str) -> Option<String> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let is_year = digits > 4 && text.as_bytes().get(digits) == Some(&b'-');
    is_year.then(|| format!("+{text}"))
}

/// True for what stands for the end of a day.
pub(crate) fn is_end_of_day(time: NaiveTime) -> bool {
    time.nanosecond() >= 1_000_000_000
}

/// A day as it is read from a column.
pub(crate) struct Day(pub(crate) NaiveDate);

/// A time of day as it is read from a column.
pub(crate) struct Clock(pub(crate) NaiveTime);

#[cfg(feature = "postgres")]
mod postgres {
    use chrono::{NaiveDate, NaiveTime};
    use diesel::deserialize::{self, FromSql};
    use diesel::pg::data_types::{PgDate, PgTime};
    use diesel::pg::{Pg, PgValue};
    use diesel::sql_types::{Date, Time};

    use super::{Clock, Day};

    /// Days from the year 1 to 2000, the epoch of `PostgreSQL`, as chrono counts them.
    const EPOCH: i32 = 730_120;

    /// Microseconds of a day.
    const DAY: i64 = 86_400_000_000;

    impl FromSql<Date, Pg> for Day {
        fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
            let PgDate(days) = FromSql::<Date, Pg>::from_sql(value)?;
            let day = match days {
                i32::MAX => Some(NaiveDate::MAX),
                i32::MIN => Some(NaiveDate::MIN),
                _ => days.checked_add(EPOCH).and_then(NaiveDate::from_num_days_from_ce_opt),
            };
            day.map(Self).ok_or_else(|| "date out of range".into())
        }
    }

    impl FromSql<Time, Pg> for Clock {
        fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
            let PgTime(micros) = FromSql::<Time, Pg>::from_sql(value)?;
            let (seconds, nanos) = match micros {
                DAY => (86_399, 1_000_000_000),
                _ => {
                    (u32::try_from(micros / 1_000_000)?, u32::try_from(micros % 1_000_000 * 1_000)?)
                }
            };
            let time = NaiveTime::from_num_seconds_from_midnight_opt(seconds, nanos);
            time.map(Self).ok_or_else(|| "time out of range".into())
        }
    }
}

#[cfg(feature = "sqlite")]
mod sqlite {
    use chrono::{NaiveDate, NaiveTime};
    use diesel::deserialize::{self, FromSql};
    use diesel::sql_types::{Date, Time};
    use diesel::sqlite::{Sqlite, SqliteValue};

    use super::{Clock, Day, day, signed};

    impl FromSql<Date, Sqlite> for Day {
        fn from_sql(mut value: SqliteValue<'_, '_, '_>) -> deserialize::Result<Self> {
            let text = value.read_text();
            let far = || NaiveDate::parse_from_str(&signed(text)?, "%Y-%m-%d").ok();
            match day(text).or_else(far) {
                Some(day) => Ok(Self(day)),
                None => <NaiveDate as FromSql<Date, Sqlite>>::from_sql(value).map(Self),
            }
        }
    }

    impl FromSql<Time, Sqlite> for Clock {
        fn from_sql(value: SqliteValue<'_, '_, '_>) -> deserialize::Result<Self> {
            <NaiveTime as FromSql<Time, Sqlite>>::from_sql(value).map(Self)
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::db::testing::on_each_with;
    use crate::db::{ColumnKind, Dialect, Sql};
    use crate::values::JsonWriter;

    const TABLE: &str = "CREATE TEMPORARY TABLE t_far (kind text, moment timestamptz, day date)";

    #[test]
    fn infinity_and_far_years_are_shown_as_the_database_has_them() {
        on_each_with(TABLE, async |conn| {
            for (stored, day, shown) in [
                ("'infinity'", "'infinity'", ["infinity", "infinity"]),
                ("'-infinity'", "'-infinity'", ["-infinity", "-infinity"]),
                ("'0001-01-01 00:00:00'", "'0001-01-01'", ["0001-01-01T00:00:00Z", "0001-01-01"]),
                ("'9999-12-31 23:59:59'", "'9999-12-31'", ["9999-12-31T23:59:59Z", "9999-12-31"]),
            ] {
                conn.batch_execute("DELETE FROM t_far").await.unwrap();
                let insert = format!("INSERT INTO t_far (moment, day) VALUES ({stored}, {day})");
                if conn.dialect() == Dialect::Postgres {
                    conn.batch_execute("SET LOCAL TIME ZONE 'UTC'").await.unwrap();
                }
                conn.batch_execute(&insert).await.unwrap();
                let mut sql = Sql::new(conn.dialect());
                sql.push("SELECT moment, day FROM t_far");
                let read = |row: &crate::db::Row<'_>| {
                    Ok([row.value(0, ColumnKind::DateTime)?, row.value(1, ColumnKind::Date)?])
                };
                let values = conn.rows(sql, read).await.unwrap().remove(0);
                for (value, shown) in values.iter().zip(shown) {
                    let mut json = JsonWriter::new();
                    json.value(value.as_ref());
                    assert_eq!(json.into_bytes(), format!("\"{shown}\"").into_bytes());
                }
            }
        });
    }

    #[test]
    fn the_end_of_a_day_is_not_its_beginning() {
        on_each_with("CREATE TEMPORARY TABLE t_hours (hour time)", async |conn| {
            if conn.dialect() == Dialect::Sqlite {
                return;
            }
            let mut sql = Sql::new(conn.dialect());
            sql.push("SELECT '24:00'::time");
            let read = |row: &crate::db::Row<'_>| row.value(0, ColumnKind::Time);
            let value = conn.rows(sql, read).await.unwrap().remove(0);
            let mut json = JsonWriter::new();
            json.value(value.as_ref());
            assert_eq!(json.into_bytes(), b"\"24:00:00\"");
        });
    }
}
