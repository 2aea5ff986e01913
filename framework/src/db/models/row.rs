//! A row of either database, read column by column.

use chrono::{NaiveDate, NaiveTime, TimeDelta};

use crate::db::{ArrayItem, ColumnKind, Error};
use crate::values::types::{DateTime, Decimal, Uuid};
use crate::values::{Json, Value, ValueRef};

/// A row of a backend; `None` is NULL.
pub trait RawRow {
    /// A 16-, 32- or 64-bit integer of the given kind.
    fn int(&self, at: usize, kind: ColumnKind) -> Result<Option<i64>, Error>;
    /// A float.
    fn float(&self, at: usize) -> Result<Option<f64>, Error>;
    /// A truth value.
    fn bool(&self, at: usize) -> Result<Option<bool>, Error>;
    /// A text.
    fn text(&self, at: usize) -> Result<Option<String>, Error>;
    /// The value of a column of the given kind, borrowed, shown to `see`.
    fn see(
        &self,
        at: usize,
        kind: ColumnKind,
        see: &mut dyn FnMut(ValueRef<'_>),
    ) -> Result<(), Error>;
    /// A decimal.
    fn decimal(&self, at: usize) -> Result<Option<Decimal>, Error>;
    /// A moment.
    fn datetime(&self, at: usize) -> Result<Option<DateTime>, Error>;
    /// A day.
    fn date(&self, at: usize) -> Result<Option<NaiveDate>, Error>;
    /// A time of day.
    fn time(&self, at: usize) -> Result<Option<NaiveTime>, Error>;
    /// A UUID.
    fn uuid(&self, at: usize) -> Result<Option<Uuid>, Error>;
    /// Any JSON.
    fn json(&self, at: usize) -> Result<Option<serde_json::Value>, Error>;
    /// A length of time.
    fn duration(&self, at: usize) -> Result<Option<TimeDelta>, Error>;
    /// Bytes.
    fn bytes(&self, at: usize) -> Result<Option<Vec<u8>>, Error>;
    /// An IP address.
    fn address(&self, at: usize) -> Result<Option<String>, Error>;
    /// The items of an array of the given kind.
    fn array(&self, at: usize, kind: ColumnKind) -> Result<Option<Vec<Value>>, Error>;
}

/// A row being read.
#[allow(missing_debug_implementations)]
pub struct Row<'a>(pub(crate) &'a dyn RawRow);

/// What is done with each row of a statement. Not generic, so that the way to the database and
/// back is there once, whatever is read.
pub(crate) type ReadRow<'a> = &'a mut dyn FnMut(&Row<'_>) -> Result<(), Error>;

impl Row<'_> {
    /// The value of column `at`, which stores `kind`.
    ///
    /// # Errors
    /// When the column holds something else.
    pub fn get<T: ColumnValue>(&self, at: usize, kind: ColumnKind) -> Result<T, Error> {
        T::read(self.0, at, kind)
    }

    /// Shows the value of column `at`, which stores `kind`, to `see`, without copying a text.
    ///
    /// # Errors
    /// When the column does not hold `kind`.
    pub fn see(
        &self,
        at: usize,
        kind: ColumnKind,
        mut see: impl FnMut(ValueRef<'_>),
    ) -> Result<(), Error> {
        self.0.see(at, kind, &mut see)
    }

    /// The value of column `at` in its dynamic form.
    ///
    /// # Errors
    /// When the column does not hold `kind`.
    pub fn value(&self, at: usize, kind: ColumnKind) -> Result<Value, Error> {
        let mut value = Value::Null;
        self.see(at, kind, |seen| value = seen.to_value())?;
        Ok(value)
    }
}

/// A Rust type that a column can be read as.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not read from a column",
    label = "not a value of a column",
    note = "columns hold what fields of a model do, and `Option` of it"
)]
pub trait ColumnValue: Sized {
    /// Reads column `at`.
    ///
    /// # Errors
    /// When it is NULL or holds another type.
    fn read(row: &dyn RawRow, at: usize, kind: ColumnKind) -> Result<Self, Error> {
        Self::read_nullable(row, at, kind)?.ok_or_else(|| Error::Decode {
            column: at,
            reason: "NULL in a column that has none".into(),
        })
    }

    /// Reads column `at`, `None` for NULL.
    ///
    /// # Errors
    /// When it holds another type.
    fn read_nullable(row: &dyn RawRow, at: usize, kind: ColumnKind) -> Result<Option<Self>, Error>;
}

impl<T: ColumnValue> ColumnValue for Option<T> {
    fn read(row: &dyn RawRow, at: usize, kind: ColumnKind) -> Result<Self, Error> {
        T::read_nullable(row, at, kind)
    }

    fn read_nullable(row: &dyn RawRow, at: usize, kind: ColumnKind) -> Result<Option<Self>, Error> {
        T::read_nullable(row, at, kind).map(Some)
    }
}

macro_rules! column_value {
    ($($type:ty => $row:ident, $at:ident, $kind:ident: $read:expr;)*) => {$(
        impl ColumnValue for $type {
            #[allow(unused_variables)]
            fn read_nullable($row: &dyn RawRow, $at: usize, $kind: ColumnKind) -> Result<Option<Self>, Error> {
                $read
            }
        }
    )*};
}

fn narrow<T: TryFrom<i64>>(value: Option<i64>, at: usize) -> Result<Option<T>, Error> {
    value
        .map(|v| {
            T::try_from(v)
                .map_err(|_| Error::Decode { column: at, reason: format!("{v} is out of range") })
        })
        .transpose()
}

column_value! {
    i16 => row, at, kind: narrow(row.int(at, kind)?, at);
    i32 => row, at, kind: narrow(row.int(at, kind)?, at);
    i64 => row, at, kind: row.int(at, kind);
    f64 => row, at, kind: row.float(at);
    bool => row, at, kind: row.bool(at);
    String => row, at, kind: match kind {
        ColumnKind::Ip => row.address(at),
        _ => row.text(at),
    };
    serde_json::Value => row, at, kind: row.json(at);
    TimeDelta => row, at, kind: row.duration(at);
    Vec<u8> => row, at, kind: row.bytes(at);
    Decimal => row, at, kind: row.decimal(at).map(|value| value.map(|d| match kind {
        ColumnKind::Decimal { places, .. } => d.quantize(places),
        _ => d,
    }));
    DateTime => row, at, kind: row.datetime(at);
    NaiveDate => row, at, kind: row.date(at);
    NaiveTime => row, at, kind: row.time(at);
    Uuid => row, at, kind: row.uuid(at);
}

impl<T: serde::Serialize + serde::de::DeserializeOwned + std::fmt::Debug> ColumnValue for Json<T> {
    fn read_nullable(row: &dyn RawRow, at: usize, _: ColumnKind) -> Result<Option<Self>, Error> {
        let Some(json) = row.json(at)? else { return Ok(None) };
        let typed = serde_json::from_value(json).map(|value| Some(Self(value)));
        typed.map_err(|error| Error::Decode { column: at, reason: error.to_string() })
    }
}

impl<T: ArrayItem> ColumnValue for Vec<T> {
    fn read_nullable(row: &dyn RawRow, at: usize, kind: ColumnKind) -> Result<Option<Self>, Error> {
        let item = if let ColumnKind::Array(item) = kind { *item } else { T::KIND };
        let Some(items) = row.array(at, item)? else { return Ok(None) };
        let typed = items.into_iter().map(T::from_value).collect::<Option<Self>>();
        let none = || Error::Decode { column: at, reason: "an item of another type".into() };
        typed.map(Some).ok_or_else(none)
    }
}

/// Writes a [`RawRow`] over a backend's own row; the integer's width is the backend's affair.
macro_rules! raw_row {
    (
        $name:ident, $backend:ty,
        |$row:ident, $at:ident, $kind:ident| $int:expr,
        |$value:ident| $text:expr,
        |$items:ident, $place:ident, $item:ident| $array:expr
    ) => {
        struct $name<'r, R>(&'r R);

        impl<R> $name<'_, R> {
            fn get<'a, ST, T>(&self, at: usize) -> Result<Option<T>, $crate::db::Error>
            where
                R: diesel::row::Row<'a, $backend> + diesel::row::RowIndex<usize>,
                T: diesel::deserialize::FromSql<ST, $backend>,
            {
                use diesel::row::Field;
                let decode = |reason: String| $crate::db::Error::Decode { column: at, reason };
                let field = self.0.get(at).ok_or_else(|| decode("no such column".into()))?;
                let value = field.value().map(T::from_sql).transpose();
                value.map_err(|error| decode(error.to_string()))
            }
        }

        impl<'a, R> $crate::db::row::RawRow for $name<'_, R>
        where
            R: diesel::row::Row<'a, $backend> + diesel::row::RowIndex<usize>,
        {
            fn int(&self, $at: usize, $kind: $crate::db::ColumnKind) -> Result<Option<i64>, $crate::db::Error> {
                let $row = self;
                $int
            }

            fn see(
                &self,
                at: usize,
                kind: $crate::db::ColumnKind,
                see: &mut dyn FnMut($crate::values::ValueRef<'_>),
            ) -> Result<(), $crate::db::Error> {
                use $crate::db::ColumnKind;
                use $crate::values::ValueRef;
                let value = match kind {
                    ColumnKind::SmallInt | ColumnKind::Integer | ColumnKind::BigInt => {
                        self.int(at, kind)?.map(ValueRef::Int)
                    }
                    ColumnKind::Text => {
                        use diesel::row::Field;
                        let decode = |reason: &str| $crate::db::Error::Decode { column: at, reason: reason.into() };
                        let field = self.0.get(at).ok_or_else(|| decode("no such column"))?;
                        match field.value() {
                            #[allow(unused_mut, reason = "one of the databases reads by changing")]
                            Some(mut $value) => see(ValueRef::Text($text.map_err(|_| decode("not UTF-8"))?)),
                            None => see(ValueRef::Null),
                        }
                        return Ok(());
                    }
                    ColumnKind::Decimal { places, .. } => {
                        self.decimal(at)?.map(|value| ValueRef::Decimal(value.quantize(places)))
                    }
                    ColumnKind::Numeric => self.decimal(at)?.map(ValueRef::Decimal),
                    ColumnKind::Float => self.float(at)?.map(ValueRef::Float),
                    ColumnKind::Bool => self.bool(at)?.map(ValueRef::Bool),
                    ColumnKind::DateTime => self.datetime(at)?.map(ValueRef::DateTime),
                    ColumnKind::Date => self.date(at)?.map(ValueRef::Date),
                    ColumnKind::Time => self.time(at)?.map(ValueRef::Time),
                    ColumnKind::Uuid => self.uuid(at)?.map(ValueRef::Uuid),
                    ColumnKind::Duration => self.duration(at)?.map(ValueRef::Duration),
                    ColumnKind::Json => {
                        let json = self.json(at)?;
                        see(json.as_ref().map_or(ValueRef::Null, |json| ValueRef::Made(json)));
                        return Ok(());
                    }
                    ColumnKind::Binary => {
                        let bytes = self.bytes(at)?;
                        see(bytes.as_deref().map_or(ValueRef::Null, ValueRef::Bytes));
                        return Ok(());
                    }
                    ColumnKind::Ip => {
                        let address = self.address(at)?;
                        see(address.as_deref().map_or(ValueRef::Null, ValueRef::Text));
                        return Ok(());
                    }
                    ColumnKind::Array(item) => {
                        let items = self.array(at, *item)?.map($crate::values::Value::List);
                        see(items.as_ref().map_or(ValueRef::Null, $crate::values::Value::as_ref));
                        return Ok(());
                    }
                };
                see(value.unwrap_or(ValueRef::Null));
                Ok(())
            }

            fn json(&self, at: usize) -> Result<Option<serde_json::Value>, $crate::db::Error> {
                use $crate::values::types::{StoredJson, sql_types::Json};
                Ok(self.get::<Json, StoredJson>(at)?.map(|json| json.0))
            }

            fn duration(&self, at: usize) -> Result<Option<chrono::TimeDelta>, $crate::db::Error> {
                use $crate::values::types::{Span, sql_types};
                Ok(self.get::<sql_types::Span, Span>(at)?.map(|length| length.0))
            }

            fn address(&self, at: usize) -> Result<Option<String>, $crate::db::Error> {
                use $crate::values::types::{Address, sql_types::Inet};
                Ok(self.get::<Inet, Address>(at)?.map(|address| address.0))
            }

            fn array(
                &self,
                $place: usize,
                $item: $crate::db::ColumnKind,
            ) -> Result<Option<Vec<$crate::values::Value>>, $crate::db::Error> {
                let $items = self;
                $array
            }

            fn date(&self, at: usize) -> Result<Option<chrono::NaiveDate>, $crate::db::Error> {
                use $crate::values::extremes::Day;
                Ok(self.get::<diesel::sql_types::Date, Day>(at)?.map(|day| day.0))
            }

            fn time(&self, at: usize) -> Result<Option<chrono::NaiveTime>, $crate::db::Error> {
                use $crate::values::extremes::Clock;
                Ok(self.get::<diesel::sql_types::Time, Clock>(at)?.map(|clock| clock.0))
            }

            $crate::db::row::raw_row!(@columns $backend;
                float: f64 = diesel::sql_types::Double;
                bool: bool = diesel::sql_types::Bool;
                text: String = diesel::sql_types::Text;
                bytes: Vec<u8> = diesel::sql_types::Binary;
                decimal: $crate::db::Decimal = diesel::sql_types::Numeric;
                datetime: $crate::db::DateTime = $crate::values::types::sql_types::Moment;
                uuid: $crate::db::Uuid = $crate::values::types::sql_types::Uuid;
            );
        }
    };
    (@columns $backend:ty; $($method:ident: $type:ty = $sql:ty;)*) => {$(
        fn $method(&self, at: usize) -> Result<Option<$type>, $crate::db::Error> {
            self.get::<$sql, $type>(at)
        }
    )*};
}
pub(crate) use raw_row;
