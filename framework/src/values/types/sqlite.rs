//! How `SQLite` stores the types.

use diesel::sql_types::Numeric;
use diesel::sqlite::{Sqlite, SqliteValue};

use super::{
    DateTime, Decimal, FromSql, IsNull, Output, ToSql, Uuid, deserialize, serialize, sql_types,
};

impl FromSql<sql_types::Moment, Sqlite> for DateTime {
    fn from_sql(mut value: SqliteValue<'_, '_, '_>) -> deserialize::Result<Self> {
        let text = value.read_text();
        Self::from_sqlite_text(text).ok_or_else(|| format!("`{text}` is no timestamp").into())
    }
}

impl ToSql<sql_types::Moment, Sqlite> for DateTime {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        out.set_value(self.to_sqlite_text());
        Ok(IsNull::No)
    }
}

impl FromSql<sql_types::Uuid, Sqlite> for Uuid {
    fn from_sql(mut value: SqliteValue<'_, '_, '_>) -> deserialize::Result<Self> {
        Ok(Self(uuid::Uuid::parse_str(value.read_text())?))
    }
}

impl ToSql<sql_types::Uuid, Sqlite> for Uuid {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        out.set_value(self.0.simple().to_string());
        Ok(IsNull::No)
    }
}

impl FromSql<Numeric, Sqlite> for Decimal {
    fn from_sql(mut value: SqliteValue<'_, '_, '_>) -> deserialize::Result<Self> {
        let float = value.read_double();
        Self::from_float(float).ok_or_else(|| format!("{float} is no decimal").into())
    }
}

impl ToSql<Numeric, Sqlite> for Decimal {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        out.set_value(self.to_float());
        Ok(IsNull::No)
    }
}
