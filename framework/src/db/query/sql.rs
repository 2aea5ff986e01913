//! SQL text with its values, written per database and replayed to diesel.
//!
//! [`Sql`] is what the framework sends: a text with bound values and typed diesel nodes in it. The
//! text never holds a value and never a name from a request, so it is stable and can be prepared.

use std::sync::Arc;

use chrono::{NaiveDate, NaiveTime};
use diesel::query_builder::{Query, QueryId};
use diesel::sql_types::Untyped;

use crate::db::compile::Compiler;
use crate::db::prepared::LONGEST;
use crate::db::{ColumnKind, Conn, Error, ModelMeta, Node, Scope};
use crate::values::types::{Address, DateTime, Decimal, JsonText, Span, Uuid};
use crate::values::{FieldType, Value, dumps, json_of, python};

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
    /// JSON, in Django's text.
    Json(JsonText),
    Duration(Span),
    Binary(Vec<u8>),
    Ip(Address),
    /// An array of `PostgreSQL`.
    Array(ArrayBind),
    /// Several values at once: an array on `PostgreSQL`, a JSON text on `SQLite`.
    BigInts(Vec<i64>),
    Texts(Vec<String>),
    Uuids(Vec<Uuid>),
}

impl Bind {
    /// The value as the column stores it; a value of another kind is bound as it is.
    pub(crate) fn new(value: Value, kind: ColumnKind) -> Self {
        match (kind, &value) {
            (_, Value::Null) => return Self::Null(kind),
            (ColumnKind::Json, _) => return Self::Json(JsonText(json_text(value))),
            (ColumnKind::Array(item), Value::List(items)) => {
                return Self::Array(ArrayBind::new(items, *item));
            }
            (ColumnKind::Ip, Value::Text(_)) => {
                let Value::Text(text) = value else { return Self::Null(kind) };
                return Self::Ip(Address(text));
            }
            (ColumnKind::Duration, Value::Duration(length)) => {
                return Self::Duration(Span(*length));
            }
            _ => {}
        }
        match value {
            Value::Int(v) => Self::int(v, kind),
            // no column holds it; it still compares as a number
            Value::BigInt(v) => v.parse().map_or(Self::Float(f64::INFINITY), Self::Decimal),
            Value::Float(v) => match kind {
                ColumnKind::Decimal { .. } | ColumnKind::Numeric => {
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
            Value::Bytes(v) => Self::Binary(v),
            // one that is not stored has no path, and its name alone stands for it
            Value::File(file) => Self::Text(file.name().to_owned()),
            Value::Null | Value::List(_) | Value::Map(_) | Value::Json(_) => Self::Null(kind),
        }
    }

    fn int(value: i64, kind: ColumnKind) -> Self {
        match kind {
            ColumnKind::SmallInt => {
                i16::try_from(value).map_or(Self::BigInt(value), Self::SmallInt)
            }
            ColumnKind::Integer => i32::try_from(value).map_or(Self::BigInt(value), Self::Integer),
            ColumnKind::Decimal { .. } | ColumnKind::Numeric => Self::Decimal(value.into()),
            #[allow(clippy::cast_precision_loss)]
            ColumnKind::Float => Self::Float(value as f64),
            _ => Self::BigInt(value),
        }
    }

    /// Several values of one column of lengths of time.
    fn durations(values: Vec<Value>, dialect: Dialect) -> Self {
        let micros = values.into_iter().filter_map(|value| match value {
            Value::Duration(length) => length.num_microseconds(),
            _ => None,
        });
        match dialect {
            Dialect::Sqlite => Self::BigInts(micros.collect()),
            Dialect::Postgres => {
                Self::Texts(micros.map(|micros| format!("{micros} microseconds")).collect())
            }
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
                        Value::Bool(v) => i32::from(v).to_string(),
                        Value::DateTime(v) => v.to_sqlite_text(),
                        value if kind == ColumnKind::Json => json_text(value),
                        other => python::value_text(other.as_ref()).into_owned(),
                    })
                    .collect(),
            ),
        }
    }
}

/// A value as the text of JSON that Django stores.
fn json_text(value: Value) -> String {
    dumps(&json_of(value).unwrap_or_default())
}

/// The items of an array, typed for `PostgreSQL`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum ArrayBind {
    SmallInts(Vec<i16>),
    Integers(Vec<i32>),
    BigInts(Vec<i64>),
    Floats(Vec<f64>),
    Bools(Vec<bool>),
    Texts(Vec<String>),
    Decimals(Vec<Decimal>),
    DateTimes(Vec<DateTime>),
    Dates(Vec<NaiveDate>),
    Times(Vec<NaiveTime>),
    Uuids(Vec<Uuid>),
}

impl ArrayBind {
    /// Items of another kind are left out: the field has checked them.
    fn new(items: &[Value], kind: ColumnKind) -> Self {
        fn of<T: FieldType>(items: &[Value]) -> Vec<T> {
            items.iter().cloned().filter_map(T::from_value).collect()
        }
        match kind {
            ColumnKind::SmallInt => Self::SmallInts(of(items)),
            ColumnKind::Integer => Self::Integers(of(items)),
            ColumnKind::BigInt => Self::BigInts(of(items)),
            ColumnKind::Float => Self::Floats(of(items)),
            ColumnKind::Bool => Self::Bools(of(items)),
            ColumnKind::Decimal { .. } | ColumnKind::Numeric => Self::Decimals(of(items)),
            ColumnKind::DateTime => Self::DateTimes(of(items)),
            ColumnKind::Date => Self::Dates(of(items)),
            ColumnKind::Time => Self::Times(of(items)),
            ColumnKind::Uuid => Self::Uuids(of(items)),
            _ => Self::Texts(of(items)),
        }
    }
}

/// What stands in the text of a statement.
#[derive(Clone)]
pub(crate) enum Part {
    Bind(Bind),
    Node(Arc<dyn Node>),
    /// A scope, and the table or the alias of the rows that it is about.
    Scope(Scope, String),
    /// What this database cannot do: the statement is not sent.
    Refused(&'static str),
}

/// A statement of the framework's own, for one database.
#[derive(Clone)]
pub struct Sql {
    dialect: Dialect,
    text: String,
    /// What stands in the text, each with the length of the text before it.
    parts: Vec<(usize, Part)>,
}

impl std::fmt::Debug for Sql {
    /// Without its values, which may be secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, f)
    }
}

/// Without its values, which do not belong in a log.
impl std::fmt::Display for Sql {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (text, part) in self.stretches() {
            f.write_str(text)?;
            match part {
                Some(Part::Bind(_)) => f.write_str("?")?,
                Some(Part::Node(_)) => f.write_str("{diesel}")?,
                Some(Part::Scope(..)) => f.write_str("{scope}")?,
                Some(Part::Refused(_)) => f.write_str("{refused}")?,
                None => {}
            }
        }
        Ok(())
    }
}

impl Sql {
    /// The statement with its values, for tests.
    #[cfg(test)]
    pub(crate) fn spelled(&self) -> String {
        let stretches = self.stretches().map(|(text, part)| match part {
            Some(Part::Bind(bind)) => format!("{text}{{{bind:?}}}"),
            Some(Part::Node(_)) => format!("{text}{{diesel}}"),
            Some(Part::Scope(..)) => format!("{text}{{scope}}"),
            Some(Part::Refused(what)) => format!("{text}{{refused {what}}}"),
            None => text.to_owned(),
        });
        stretches.collect()
    }

    /// An empty statement.
    pub fn new(dialect: Dialect) -> Self {
        // room for what a page asks: its columns and a few values
        let (text, parts) = (String::with_capacity(512), Vec::with_capacity(8));
        Self { dialect, text, parts }
    }

    /// The database it is written for.
    pub fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// True when no diesel expression stands in it.
    #[cfg(feature = "postgres")]
    pub(crate) fn is_plain(&self) -> bool {
        !self.parts.iter().any(|(_, part)| matches!(part, Part::Node(_)))
    }

    /// True for a statement that writes nothing.
    #[cfg(feature = "sqlite")]
    pub(crate) fn only_reads(&self) -> bool {
        self.text.starts_with("SELECT")
    }

    /// True when a connection keeps it prepared.
    pub(crate) fn is_kept(&self) -> bool {
        self.text.len() < LONGEST
    }

    /// The stretches of text, each with what stands behind it; nothing does behind the last.
    pub(crate) fn stretches(&self) -> impl Iterator<Item = (&str, Option<&Part>)> {
        let ends = self.parts.iter().map(|(end, part)| (*end, Some(part)));
        ends.chain([(self.text.len(), None)]).scan(0, |start, (end, part)| {
            let text = self.text.get(*start..end)?;
            *start = end;
            Some((text, part))
        })
    }

    /// Appends SQL text; the caller vouches that it holds no value.
    // not inlined, as the two below: a statement takes dozens of these calls, and their code
    // would be repeated at each
    #[inline(never)]
    pub fn push(&mut self, text: &str) -> &mut Self {
        self.text.push_str(text);
        self
    }

    /// Appends a quoted name.
    #[inline(never)]
    pub fn name(&mut self, name: &str) -> &mut Self {
        quote(&mut self.text, name);
        self
    }

    /// Appends `"table"."column"`.
    #[inline(never)]
    pub fn column(&mut self, table: &str, column: &str) -> &mut Self {
        quote(&mut self.text, table);
        self.text.push('.');
        quote(&mut self.text, column);
        self
    }

    /// Appends another statement's text and values.
    pub(crate) fn append(&mut self, other: Self) -> &mut Self {
        let before = self.text.len();
        self.text.push_str(&other.text);
        self.parts.extend(other.parts.into_iter().map(|(at, part)| (before + at, part)));
        self
    }

    /// Appends what a scope will ask of the rows of a table.
    pub(crate) fn scope(&mut self, scope: Scope, table: &str) -> &mut Self {
        self.part(Part::Scope(scope, table.to_owned()))
    }

    /// Appends what the scope of a model asks of the rows of its table, behind another condition.
    pub(crate) fn and_in_scope(&mut self, model: &ModelMeta) -> &mut Self {
        for scope in model.scopes {
            self.push(" AND (").scope(*scope, model.table).push(")");
        }
        self
    }

    /// The statement with what its scopes ask, now that the request is known. A connection sends no
    /// other.
    pub(crate) fn scoped(self, conn: &Conn) -> Result<Self, Error> {
        let is_scope =
            |(_, part): &(usize, Part)| matches!(part, Part::Scope(..) | Part::Refused(_));
        if !self.parts.iter().any(is_scope) {
            return Ok(self);
        }
        let mut sql = Self::new(self.dialect);
        for (text, part) in self.stretches() {
            sql.push(text);
            match part {
                Some(Part::Scope(scope, table)) => {
                    let (conditions, mut asked) = (scope(conn)?, Self::new(self.dialect));
                    Compiler::of_scope().all(&mut asked, &conditions, table);
                    // the rows of another model that a condition names may have a scope as well
                    sql.append(asked.scoped(conn)?);
                }
                Some(Part::Refused(what)) => return Err(Error::NotSupported(what)),
                Some(part) => {
                    sql.part(part.clone());
                }
                None => {}
            }
        }
        Ok(sql)
    }

    /// Says that the database cannot do what is asked: sending the statement is
    /// [`Error::NotSupported`].
    pub(crate) fn refuse(&mut self, what: &'static str) -> &mut Self {
        self.part(Part::Refused(what))
    }

    fn part(&mut self, part: Part) -> &mut Self {
        self.parts.push((self.text.len(), part));
        self
    }

    /// Appends a bound value for a column of the given kind.
    pub fn bind(&mut self, value: Value, kind: ColumnKind) -> &mut Self {
        self.part(Part::Bind(Bind::new(value, kind)))
    }

    pub(crate) fn bind_raw(&mut self, bind: Bind) -> &mut Self {
        self.part(Part::Bind(bind))
    }

    pub(crate) fn node(&mut self, node: &Arc<dyn Node>) -> &mut Self {
        self.part(Part::Node(Arc::clone(node)))
    }

    /// Appends `IN (…)` over a list of values, one text whatever its length.
    pub fn any_of(&mut self, values: Vec<Value>, kind: ColumnKind) -> &mut Self {
        match self.dialect {
            Dialect::Sqlite => {
                self.push(" IN (SELECT value FROM json_each(").list(values, kind).push("))")
            }
            Dialect::Postgres => self.push(" = ANY(").list(values, kind).push(")"),
        }
    }

    /// Appends a list of values as a table `q` with the columns `key`, the place of each from
    /// [`Sql::first_place`] on, and `value`; one text whatever its length.
    pub(crate) fn each_of(&mut self, values: Vec<Value>, kind: ColumnKind) -> &mut Self {
        match self.dialect {
            Dialect::Sqlite => self.push("json_each(").list(values, kind).push(") q"),
            Dialect::Postgres => {
                self.push("unnest(").list(values, kind).push(") WITH ORDINALITY q(value, key)")
            }
        }
    }

    /// The `key` of the first value of [`Sql::each_of`].
    pub(crate) fn first_place(dialect: Dialect) -> i64 {
        match dialect {
            Dialect::Sqlite => 0,
            Dialect::Postgres => 1,
        }
    }

    fn list(&mut self, values: Vec<Value>, kind: ColumnKind) -> &mut Self {
        let list = match kind {
            ColumnKind::Duration => Bind::durations(values, self.dialect),
            _ => Bind::list(values, kind),
        };
        // texts stand for the kinds that have no array of their own here
        let cast = match (&list, kind) {
            _ if self.dialect == Dialect::Sqlite => "",
            (Bind::Texts(_), ColumnKind::Decimal { .. } | ColumnKind::Numeric) => "::numeric[]",
            (Bind::Texts(_), ColumnKind::Float) => "::double precision[]",
            (Bind::Texts(_), ColumnKind::Date) => "::date[]",
            (Bind::Texts(_), ColumnKind::Time) => "::time[]",
            (Bind::Texts(_), ColumnKind::DateTime) => "::timestamptz[]",
            (Bind::Texts(_), ColumnKind::Bool) => "::int[]::bool[]",
            (Bind::Texts(_), ColumnKind::Json) => "::jsonb[]",
            (Bind::Texts(_), ColumnKind::Duration) => "::interval[]",
            (Bind::Texts(_), ColumnKind::Ip) => "::inet[]",
            _ => "",
        };
        self.bind_raw(list).push(cast)
    }
}

fn quote(text: &mut String, name: &str) {
    text.reserve(name.len() + 2);
    text.push('"');
    text.push_str(name);
    text.push('"');
}

impl Query for Sql {
    type SqlType = Untyped;
}

impl QueryId for Sql {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl diesel::query_dsl::RunQueryDsl<()> for Sql {}

/// The error for a statement whose scopes nobody has asked: it reads rows that it must not.
fn without_scope() -> diesel::result::Error {
    diesel::result::Error::QueryBuilderError("a statement is sent without the model's scope".into())
}

/// Replays a statement to diesel: its text, its nodes and its values, those apart that a database
/// takes in its own way.
macro_rules! walk {
    ($sql:ident, $backend:ty, $out:ident, $bind:ident, { $($special:tt)* }) => {
        if !$sql.is_kept() {
            $out.unsafe_to_cache_prepared();
        }
        for (text, part) in $sql.stretches() {
            $out.push_sql(text);
            match part {
                None => {}
                Some(Part::Node(node)) => {
                    QueryFragment::<$backend>::walk_ast(&**node, $out.reborrow())?;
                }
                Some(Part::Scope(..) | Part::Refused(_)) => return Err(super::without_scope()),
                Some(Part::Bind($bind)) => walk!($out, $bind, { $($special)* }),
            }
        }
    };
    ($out:ident, $bind:ident, { $($special:tt)* }) => {{
        use diesel::sql_types as st;
        use crate::values::types::sql_types as own;
        match $bind {
            Bind::Null(kind) => match kind {
                ColumnKind::SmallInt => $out.push_bind_param::<st::Nullable<st::SmallInt>, _>(&None::<i16>)?,
                ColumnKind::Integer => $out.push_bind_param::<st::Nullable<st::Integer>, _>(&None::<i32>)?,
                ColumnKind::BigInt => $out.push_bind_param::<st::Nullable<st::BigInt>, _>(&None::<i64>)?,
                ColumnKind::Float => $out.push_bind_param::<st::Nullable<st::Double>, _>(&None::<f64>)?,
                ColumnKind::Bool => $out.push_bind_param::<st::Nullable<st::Bool>, _>(&None::<bool>)?,
                ColumnKind::Text => $out.push_bind_param::<st::Nullable<st::Text>, _>(&None::<&'static str>)?,
                ColumnKind::Decimal { .. } | ColumnKind::Numeric => $out.push_bind_param::<st::Nullable<st::Numeric>, _>(&None::<Decimal>)?,
                ColumnKind::DateTime => $out.push_bind_param::<st::Nullable<own::Moment>, _>(&None::<DateTime>)?,
                ColumnKind::Date => $out.push_bind_param::<st::Nullable<st::Date>, _>(&None::<NaiveDate>)?,
                ColumnKind::Time => $out.push_bind_param::<st::Nullable<st::Time>, _>(&None::<NaiveTime>)?,
                ColumnKind::Uuid => $out.push_bind_param::<st::Nullable<own::Uuid>, _>(&None::<Uuid>)?,
                ColumnKind::Json => $out.push_bind_param::<st::Nullable<own::Json>, _>(&None::<JsonText>)?,
                ColumnKind::Duration => $out.push_bind_param::<st::Nullable<own::Span>, _>(&None::<Span>)?,
                ColumnKind::Binary => $out.push_bind_param::<st::Nullable<st::Binary>, _>(&None::<&'static [u8]>)?,
                ColumnKind::Ip => $out.push_bind_param::<st::Nullable<own::Inet>, _>(&None::<Address>)?,
                // a constant, which has no type
                ColumnKind::Array(_) => $out.push_sql("NULL"),
            },
            Bind::Json(v) => $out.push_bind_param::<own::Json, _>(v)?,
            Bind::Duration(v) => $out.push_bind_param::<own::Span, _>(v)?,
            Bind::Binary(v) => $out.push_bind_param::<st::Binary, _>(v)?,
            Bind::Ip(v) => $out.push_bind_param::<own::Inet, _>(v)?,
            Bind::SmallInt(v) => $out.push_bind_param::<st::SmallInt, _>(v)?,
            Bind::Integer(v) => $out.push_bind_param::<st::Integer, _>(v)?,
            Bind::BigInt(v) => $out.push_bind_param::<st::BigInt, _>(v)?,
            Bind::Float(v) => $out.push_bind_param::<st::Double, _>(v)?,
            Bind::Bool(v) => $out.push_bind_param::<st::Bool, _>(v)?,
            Bind::Text(v) => $out.push_bind_param::<st::Text, _>(v)?,
            Bind::Decimal(v) => $out.push_bind_param::<st::Numeric, _>(v)?,
            Bind::DateTime(v) => $out.push_bind_param::<own::Moment, _>(v)?,
            Bind::Date(v) => $out.push_bind_param::<st::Date, _>(v)?,
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

    use super::{
        Address, Bind, ColumnKind, DateTime, Decimal, JsonText, NaiveDate, NaiveTime, Part, Span,
        Sql, Uuid,
    };
    use crate::values::format;

    impl QueryFragment<Sqlite> for Sql {
        fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
            walk!(self, Sqlite, out, bind, {
                // diesel's text of a time cuts zeros off, which Django's has
                Bind::Time(_)
                | Bind::BigInts(_)
                | Bind::Texts(_)
                | Bind::Uuids(_)
                | Bind::Array(_) => {
                    out.push_bind_param::<diesel::sql_types::Text, Bind>(bind)?;
                }
            });
            Ok(())
        }
    }

    impl ToSql<diesel::sql_types::Text, Sqlite> for Bind {
        fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
            let text = match self {
                Self::Time(time) => {
                    let mut text = String::with_capacity(15);
                    format::time(*time, &mut text);
                    text
                }
                Self::BigInts(items) => serde_json::to_string(items)?,
                Self::Texts(items) => serde_json::to_string(items)?,
                Self::Uuids(items) => serde_json::to_string(
                    &items.iter().map(|id| id.simple().to_string()).collect::<Vec<_>>(),
                )?,
                _ => "[]".to_owned(),
            };
            out.set_value(text);
            Ok(IsNull::No)
        }
    }
}

#[cfg(feature = "postgres")]
mod postgres {
    use diesel::QueryResult;
    use diesel::pg::Pg;
    use diesel::query_builder::{AstPass, QueryFragment};
    use diesel::sql_types::{
        Array, BigInt, Bool, Date, Double, Integer, Numeric, SmallInt, Text, Time,
    };

    use super::{
        Address, ArrayBind, Bind, ColumnKind, DateTime, Decimal, JsonText, NaiveDate, NaiveTime,
        Part, Span, Sql, Uuid,
    };

    impl QueryFragment<Pg> for Sql {
        fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
            walk!(self, Pg, out, bind, {
                Bind::Time(v) => out.push_bind_param::<Time, _>(v)?,
                Bind::BigInts(v) => out.push_bind_param::<Array<BigInt>, _>(v)?,
                Bind::Texts(v) => out.push_bind_param::<Array<Text>, _>(v)?,
                Bind::Uuids(v) => {
                    out.push_bind_param::<Array<crate::values::types::sql_types::Uuid>, _>(v)?;
                }
                Bind::Array(items) => {
                    use crate::values::types::sql_types as own;
                    match items {
                        ArrayBind::SmallInts(v) => out.push_bind_param::<Array<SmallInt>, _>(v)?,
                        ArrayBind::Integers(v) => out.push_bind_param::<Array<Integer>, _>(v)?,
                        ArrayBind::BigInts(v) => out.push_bind_param::<Array<BigInt>, _>(v)?,
                        ArrayBind::Floats(v) => out.push_bind_param::<Array<Double>, _>(v)?,
                        ArrayBind::Bools(v) => out.push_bind_param::<Array<Bool>, _>(v)?,
                        ArrayBind::Texts(v) => out.push_bind_param::<Array<Text>, _>(v)?,
                        ArrayBind::Decimals(v) => out.push_bind_param::<Array<Numeric>, _>(v)?,
                        ArrayBind::DateTimes(v) => {
                            out.push_bind_param::<Array<own::Moment>, _>(v)?;
                        }
                        ArrayBind::Dates(v) => out.push_bind_param::<Array<Date>, _>(v)?,
                        ArrayBind::Times(v) => out.push_bind_param::<Array<Time>, _>(v)?,
                        ArrayBind::Uuids(v) => out.push_bind_param::<Array<own::Uuid>, _>(v)?,
                    }
                }
            });
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::testing::on_each_with;

    #[test]
    fn a_value_is_bound_as_its_column_stores_it() {
        let bound = |value, kind| Bind::new(value, kind);
        let price = ColumnKind::Decimal { digits: 10, places: 2 };
        assert_eq!(bound(Value::Int(7), ColumnKind::SmallInt), Bind::SmallInt(7));
        assert_eq!(bound(Value::Int(7), ColumnKind::Integer), Bind::Integer(7));
        assert_eq!(bound(Value::Int(7), ColumnKind::BigInt), Bind::BigInt(7));
        assert_eq!(bound(Value::Int(7), price), Bind::Decimal(7.into()));
        assert_eq!(bound(Value::Int(7), ColumnKind::Float), Bind::Float(7.0));
        assert_eq!(bound(Value::Float(0.5), price), Bind::Decimal(Decimal::new(5, 1)));
        assert_eq!(bound(Value::Decimal(Decimal::new(5, 1)), ColumnKind::Float), Bind::Float(0.5));
        assert_eq!(bound(Value::Null, ColumnKind::Date), Bind::Null(ColumnKind::Date));
    }

    #[test]
    fn a_number_too_large_for_its_column_is_bound_as_it_is() {
        assert_eq!(Bind::new(Value::Int(40_000), ColumnKind::SmallInt), Bind::BigInt(40_000));
        let huge = Value::BigInt("9".repeat(60).into());
        assert_eq!(Bind::new(huge, ColumnKind::BigInt), Bind::Float(f64::INFINITY));
    }

    #[test]
    fn a_list_is_one_value_whatever_its_length() {
        let text = |dialect, count, kind| {
            let mut sql = Sql::new(dialect);
            sql.push("x").any_of((0..count).map(Value::Int).collect(), kind);
            sql.spelled()
        };
        assert_eq!(
            text(Dialect::Sqlite, 2, ColumnKind::BigInt),
            "x IN (SELECT value FROM json_each({BigInts([0, 1])}))"
        );
        assert_eq!(text(Dialect::Postgres, 0, ColumnKind::Integer), "x = ANY({BigInts([])})");
        let price = ColumnKind::Decimal { digits: 10, places: 2 };
        assert_eq!(text(Dialect::Postgres, 1, price), "x = ANY({Texts([\"0\"])}::numeric[])");
    }

    /// A column of every kind, with a value of it.
    fn samples() -> Vec<(&'static str, ColumnKind, Value)> {
        let moment = DateTime::from_sqlite_text("2024-02-29 23:59:59.500000").unwrap();
        let day = moment.naive_utc();
        let price = ColumnKind::Decimal { digits: 10, places: 2 };
        vec![
            ("small", ColumnKind::SmallInt, Value::Int(-7)),
            ("whole", ColumnKind::Integer, Value::Int(i32::MAX.into())),
            ("big", ColumnKind::BigInt, Value::Int(i64::MIN)),
            ("broken", ColumnKind::Float, Value::Float(0.1)),
            ("truth", ColumnKind::Bool, Value::Bool(true)),
            ("word", ColumnKind::Text, Value::Text("Æ\"'\\%".into())),
            ("price", price, Value::Decimal(Decimal::new(-990, 2))),
            ("moment", ColumnKind::DateTime, Value::DateTime(moment)),
            ("day", ColumnKind::Date, Value::Date(day.date())),
            ("hour", ColumnKind::Time, Value::Time(day.time())),
            ("mark", ColumnKind::Uuid, Value::Uuid(uuid::Uuid::from_u128(0x1234).into())),
        ]
    }

    const TABLE: &str = "CREATE TEMPORARY TABLE t_kinds (small smallint, whole integer, big bigint, \
                         broken double precision, truth bool, word text, price numeric(10, 2), \
                         moment timestamptz, day date, hour time, mark {uuid})";

    #[test]
    fn every_kind_is_stored_read_compared_and_found_in_lists() {
        on_each_with(TABLE, async |conn| {
            for (column, kind, value) in samples() {
                for value in [value, Value::Null] {
                    let mut sql = Sql::new(conn.dialect());
                    sql.push("INSERT INTO t_kinds (").name(column).push(") VALUES (");
                    sql.bind(value.clone(), kind).push(") RETURNING ").name(column);
                    let stored = conn.rows(sql, |row| row.value(0, kind)).await.unwrap();
                    assert_eq!(stored, [value], "{column}");
                }
                let mut sql = Sql::new(conn.dialect());
                sql.push("SELECT ").name(column).push(" FROM t_kinds WHERE ").name(column);
                sql.push(" = ").bind(value_of(column), kind).push(" AND ").name(column);
                sql.any_of(vec![value_of(column), value_of(column)], kind);
                let found = conn.rows(sql, |row| row.value(0, kind)).await.unwrap();
                assert_eq!(found.len(), 1, "{column}");
            }
        });
    }

    fn value_of(column: &str) -> Value {
        samples().into_iter().find(|sample| sample.0 == column).unwrap().2
    }
}
