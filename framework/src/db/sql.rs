//! SQL text with its values, written per database and replayed to diesel.
//!
//! [`Sql`] is what the framework sends: pieces of text, bound values and typed diesel nodes. Its
//! text never holds a value and never a name from a request, so it is stable and can be prepared.

use std::sync::Arc;

use chrono::{NaiveDate, NaiveTime};
use diesel::query_builder::{Query, QueryId};
use diesel::sql_types::Untyped;

use super::types::{DateTime, Decimal, Uuid};
use super::{ColumnKind, Node};
use crate::fields::Value;

/// The database a statement is written for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// `SQLite`
    Sqlite,
    /// `PostgreSQL`
    Postgres,
}

/// A bound value, typed for its column.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Bind {
    Null(ColumnKind),
    SmallInt(i16),
    Integer(i32),
    BigInt(i64),
    Float(f64),
    Bool(bool),
    Text(String),
    Decimal(Decimal),
    DateTime(DateTime),
    Date(NaiveDate),
    Time(NaiveTime),
    Uuid(Uuid),
    /// Several values at once: an array on PostgreSQL, a JSON text on SQLite.
    BigInts(Vec<i64>),
    Texts(Vec<String>),
    Uuids(Vec<Uuid>),
}

impl Bind {
    /// The value as the column stores it; a value of another kind is bound as it is.
    pub(crate) fn new(value: Value, kind: ColumnKind) -> Self {
        match value {
            Value::Int(v) => Self::int(v, kind),
            // no column holds it; it still compares as a number
            Value::BigInt(v) => v.parse().map_or(Self::Float(f64::INFINITY), Self::Decimal),
            Value::Float(v) => match kind {
                ColumnKind::Decimal { .. } => {
                    Decimal::from_float(v).map_or(Self::Float(v), Self::Decimal)
                }
                _ => Self::Float(v),
            },
            Value::Bool(v) => Self::Bool(v),
            Value::Text(v) => Self::Text(v),
            Value::Decimal(v) => match kind {
                ColumnKind::Float => Self::Float(v.to_float()),
                _ => Self::Decimal(v),
            },
            Value::DateTime(v) => Self::DateTime(v),
            Value::Date(v) => Self::Date(v),
            Value::Time(v) => Self::Time(v),
            Value::Uuid(v) => Self::Uuid(v),
            Value::Duration(v) => Self::BigInt(v.num_microseconds().unwrap_or(i64::MAX)),
            Value::Null | Value::List(_) | Value::Map(_) | Value::Json(_) => Self::Null(kind),
        }
    }

    fn int(value: i64, kind: ColumnKind) -> Self {
        match kind {
            ColumnKind::SmallInt => {
                i16::try_from(value).map_or(Self::BigInt(value), Self::SmallInt)
            }
            ColumnKind::Integer => i32::try_from(value).map_or(Self::BigInt(value), Self::Integer),
            ColumnKind::Decimal { .. } => Self::Decimal(value.into()),
            #[allow(clippy::cast_precision_loss)]
            ColumnKind::Float => Self::Float(value as f64),
            _ => Self::BigInt(value),
        }
    }

    /// Several values of one column.
    pub(crate) fn list(values: Vec<Value>, kind: ColumnKind) -> Self {
        match kind {
            ColumnKind::SmallInt | ColumnKind::Integer | ColumnKind::BigInt => Self::BigInts(
                values
                    .into_iter()
                    .filter_map(|value| match value {
                        Value::Int(v) => Some(v),
                        Value::Decimal(v) if v.fract().is_zero() => v.to_string().parse().ok(),
                        _ => None,
                    })
                    .collect(),
            ),
            ColumnKind::Uuid => Self::Uuids(
                values
                    .into_iter()
                    .filter_map(|value| match value {
                        Value::Uuid(v) => Some(v),
                        _ => None,
                    })
                    .collect(),
            ),
            _ => Self::Texts(
                values
                    .into_iter()
                    .map(|value| match value {
                        Value::Text(v) => v,
                        Value::Decimal(v) => v.normalize().to_string(),
                        Value::Int(v) => v.to_string(),
                        Value::Float(v) => v.to_string(),
                        Value::Bool(v) => i32::from(v).to_string(),
                        Value::Date(v) => v.to_string(),
                        Value::Time(v) => v.to_string(),
                        Value::DateTime(v) => v.to_sqlite_text(),
                        other => format!("{other:?}"),
                    })
                    .collect(),
            ),
        }
    }
}

#[derive(Clone)]
pub(crate) enum Piece {
    Text(String),
    Bind(Bind),
    Node(Arc<dyn Node>),
}

/// A statement of the framework's own, for one database.
#[derive(Clone)]
pub struct Sql {
    pub(crate) dialect: Dialect,
    pub(crate) pieces: Vec<Piece>,
    /// False when its text is one of too many to be kept prepared.
    pub(crate) cached: bool,
}

impl std::fmt::Debug for Sql {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => f.write_str(text)?,
                Piece::Bind(bind) => write!(f, "{{{bind:?}}}")?,
                Piece::Node(_) => f.write_str("{diesel}")?,
            }
        }
        Ok(())
    }
}

impl Sql {
    /// An empty statement.
    pub fn new(dialect: Dialect) -> Self {
        Self { dialect, pieces: Vec::with_capacity(8), cached: true }
    }

    /// The database it is written for.
    pub fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// Appends SQL text; the caller vouches that it holds no value.
    pub fn push(&mut self, text: &str) -> &mut Self {
        if let Some(Piece::Text(last)) = self.pieces.last_mut() {
            last.push_str(text);
        } else {
            let mut piece = String::with_capacity(text.len().max(192));
            piece.push_str(text);
            self.pieces.push(Piece::Text(piece));
        }
        self
    }

    /// Appends a quoted name.
    pub fn name(&mut self, name: &str) -> &mut Self {
        self.push("\"").push(name).push("\"")
    }

    /// Appends `"table"."column"`.
    pub fn column(&mut self, table: &str, column: &str) -> &mut Self {
        self.name(table).push(".").name(column)
    }

    /// Appends a bound value for a column of the given kind.
    pub fn bind(&mut self, value: Value, kind: ColumnKind) -> &mut Self {
        self.pieces.push(Piece::Bind(Bind::new(value, kind)));
        self
    }

    pub(crate) fn bind_raw(&mut self, bind: Bind) -> &mut Self {
        self.pieces.push(Piece::Bind(bind));
        self
    }

    pub(crate) fn node(&mut self, node: &Arc<dyn Node>) -> &mut Self {
        self.pieces.push(Piece::Node(Arc::clone(node)));
        self
    }

    /// Appends `IN (…)` over a list of values, one text whatever its length.
    pub fn any_of(&mut self, values: Vec<Value>, kind: ColumnKind) -> &mut Self {
        let list = Bind::list(values, kind);
        match self.dialect {
            Dialect::Sqlite => {
                self.push(" IN (SELECT value FROM json_each(").bind_raw(list).push("))")
            }
            Dialect::Postgres => {
                // texts stand for the kinds that have no array of their own here
                let cast = match (&list, kind) {
                    (Bind::Texts(_), ColumnKind::Decimal { .. }) => "::numeric[]",
                    (Bind::Texts(_), ColumnKind::Float) => "::double precision[]",
                    (Bind::Texts(_), ColumnKind::Date) => "::date[]",
                    (Bind::Texts(_), ColumnKind::Time) => "::time[]",
                    (Bind::Texts(_), ColumnKind::DateTime) => "::timestamptz[]",
                    (Bind::Texts(_), ColumnKind::Bool) => "::int[]::bool[]",
                    _ => "",
                };
                self.push(" = ANY(").bind_raw(list).push(cast).push(")")
            }
        }
    }

    /// Numbers what identifies the text, for the bound on prepared statements.
    pub(crate) fn shape(&self) -> u64 {
        use std::hash::{DefaultHasher, Hash, Hasher};
        let mut hasher = DefaultHasher::new();
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => text.hash(&mut hasher),
                Piece::Bind(bind) => std::mem::discriminant(bind).hash(&mut hasher),
                Piece::Node(_) => 7_u8.hash(&mut hasher),
            }
        }
        hasher.finish()
    }
}

impl Query for Sql {
    type SqlType = Untyped;
}

impl QueryId for Sql {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl diesel::query_dsl::RunQueryDsl<()> for Sql {}

macro_rules! walk {
    ($backend:ty, $out:ident, $bind:ident, { $($special:tt)* }) => {{
        use diesel::sql_types as st;
        use crate::db::types::sql_types as own;
        match $bind {
            Bind::Null(kind) => match kind {
                ColumnKind::SmallInt => $out.push_bind_param::<st::Nullable<st::SmallInt>, _>(&None::<i16>)?,
                ColumnKind::Integer => $out.push_bind_param::<st::Nullable<st::Integer>, _>(&None::<i32>)?,
                ColumnKind::BigInt => $out.push_bind_param::<st::Nullable<st::BigInt>, _>(&None::<i64>)?,
                ColumnKind::Float => $out.push_bind_param::<st::Nullable<st::Double>, _>(&None::<f64>)?,
                ColumnKind::Bool => $out.push_bind_param::<st::Nullable<st::Bool>, _>(&None::<bool>)?,
                ColumnKind::Text => $out.push_bind_param::<st::Nullable<st::Text>, _>(&None::<&'static str>)?,
                ColumnKind::Decimal { .. } => $out.push_bind_param::<st::Nullable<st::Numeric>, _>(&None::<Decimal>)?,
                ColumnKind::DateTime => $out.push_bind_param::<st::Nullable<own::Moment>, _>(&None::<DateTime>)?,
                ColumnKind::Date => $out.push_bind_param::<st::Nullable<st::Date>, _>(&None::<NaiveDate>)?,
                ColumnKind::Time => $out.push_bind_param::<st::Nullable<st::Time>, _>(&None::<NaiveTime>)?,
                ColumnKind::Uuid => $out.push_bind_param::<st::Nullable<own::Uuid>, _>(&None::<Uuid>)?,
            },
            Bind::SmallInt(v) => $out.push_bind_param::<st::SmallInt, _>(v)?,
            Bind::Integer(v) => $out.push_bind_param::<st::Integer, _>(v)?,
            Bind::BigInt(v) => $out.push_bind_param::<st::BigInt, _>(v)?,
            Bind::Float(v) => $out.push_bind_param::<st::Double, _>(v)?,
            Bind::Bool(v) => $out.push_bind_param::<st::Bool, _>(v)?,
            Bind::Text(v) => $out.push_bind_param::<st::Text, _>(v)?,
            Bind::Decimal(v) => $out.push_bind_param::<st::Numeric, _>(v)?,
            Bind::DateTime(v) => $out.push_bind_param::<own::Moment, _>(v)?,
            Bind::Date(v) => $out.push_bind_param::<st::Date, _>(v)?,
            Bind::Time(v) => $out.push_bind_param::<st::Time, _>(v)?,
            Bind::Uuid(v) => $out.push_bind_param::<own::Uuid, _>(v)?,
            $($special)*
        }
    }};
}

#[cfg(feature = "sqlite")]
mod sqlite {
    use diesel::QueryResult;
    use diesel::query_builder::{AstPass, QueryFragment};
    use diesel::serialize::{self, IsNull, Output, ToSql};
    use diesel::sqlite::Sqlite;

    use super::*;

    impl QueryFragment<Sqlite> for Sql {
        fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
            if !self.cached {
                out.unsafe_to_cache_prepared();
            }
            for piece in &self.pieces {
                match piece {
                    Piece::Text(text) => out.push_sql(text),
                    Piece::Node(node) => {
                        QueryFragment::<Sqlite>::walk_ast(&**node, out.reborrow())?
                    }
                    Piece::Bind(bind) => walk!(Sqlite, out, bind, {
                        Bind::BigInts(_) | Bind::Texts(_) | Bind::Uuids(_) => {
                            out.push_bind_param::<diesel::sql_types::Text, Bind>(bind)?;
                        }
                    }),
                }
            }
            Ok(())
        }
    }

    impl ToSql<diesel::sql_types::Text, Sqlite> for Bind {
        fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
            let json = match self {
                Self::BigInts(items) => serde_json::to_string(items)?,
                Self::Texts(items) => serde_json::to_string(items)?,
                Self::Uuids(items) => serde_json::to_string(
                    &items.iter().map(|id| id.simple().to_string()).collect::<Vec<_>>(),
                )?,
                _ => "[]".to_owned(),
            };
            out.set_value(json);
            Ok(IsNull::No)
        }
    }
}

#[cfg(feature = "postgres")]
mod postgres {
    use diesel::QueryResult;
    use diesel::pg::Pg;
    use diesel::query_builder::{AstPass, QueryFragment};
    use diesel::sql_types::{Array, BigInt, Text};

    use super::*;

    impl QueryFragment<Pg> for Sql {
        fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
            if !self.cached {
                out.unsafe_to_cache_prepared();
            }
            for piece in &self.pieces {
                match piece {
                    Piece::Text(text) => out.push_sql(text),
                    Piece::Node(node) => QueryFragment::<Pg>::walk_ast(&**node, out.reborrow())?,
                    Piece::Bind(bind) => walk!(Pg, out, bind, {
                        Bind::BigInts(v) => out.push_bind_param::<Array<BigInt>, _>(v)?,
                        Bind::Texts(v) => out.push_bind_param::<Array<Text>, _>(v)?,
                        Bind::Uuids(v) => {
                            out.push_bind_param::<Array<super::super::types::sql_types::Uuid>, _>(v)?;
                        }
                    }),
                }
            }
            Ok(())
        }
    }
}
