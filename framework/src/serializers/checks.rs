//! What only the database can confirm, asked in one statement.

use super::description::KeyCheck;
use crate::db::{
    ColumnKind, ColumnMeta, Condition, Conn, Error, Lookup, ModelMeta, Operand, Path, Select, Sql,
};
use crate::fields::Value;
use crate::fields::distinct::{ByValue, set_of};

/// One question.
#[derive(Debug, Clone)]
pub(crate) enum Check {
    /// The row that a key names.
    Key { model: fn() -> &'static ModelMeta, column: usize, value: Value },
    /// The rows that several keys name.
    Keys { model: fn() -> &'static ModelMeta, column: usize, values: Vec<Value> },
    /// Another row with the same values.
    Unique {
        model: &'static ModelMeta,
        values: Vec<(usize, Value)>,
        ignore_case: bool,
        except: Option<Value>,
    },
}

/// What the database says.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Answer {
    /// There is one: its primary key.
    Found(Value),
    /// There is none.
    NotFound,
    /// The item of a list, by index, that names no row.
    Missing(usize),
}

impl Check {
    pub(crate) fn key(key: KeyCheck, value: Value) -> Self {
        Self::Key { model: key.model, column: key.column, value }
    }

    pub(crate) fn keys(key: KeyCheck, values: Vec<Value>) -> Self {
        Self::Keys { model: key.model, column: key.column, values }
    }

    fn is_hopeless(&self) -> bool {
        // a number that no column holds, a null in a list
        let hopeless = |value: &Value| matches!(value, Value::BigInt(_) | Value::Null);
        match self {
            Self::Key { value, .. } => hopeless(value),
            Self::Keys { values, .. } => values.is_empty() || values.iter().any(hopeless),
            Self::Unique { .. } => false,
        }
    }
}

/// Asks every question in one statement; lists with a missing key cost one more each.
pub(crate) async fn run_checks(checks: &[Check], conn: &Conn) -> Result<Vec<Answer>, Error> {
    let mut sql = Sql::new(conn.dialect());
    let mut kinds = Vec::new();
    sql.push("SELECT ");
    for check in checks.iter().filter(|check| !check.is_hopeless()) {
        if !kinds.is_empty() {
            sql.push(", ");
        }
        kinds.push(question(&mut sql, check));
    }
    let mut found = Vec::new();
    if !kinds.is_empty() {
        let rows = conn
            .rows(sql, |row| {
                kinds
                    .iter()
                    .enumerate()
                    .map(|(at, kind)| row.value(at, *kind))
                    .collect::<Result<Vec<_>, _>>()
            })
            .await?;
        found = rows.into_iter().next().unwrap_or_default();
    }
    let mut found = found.into_iter();
    let mut answers = Vec::with_capacity(checks.len());
    for check in checks {
        let value =
            if check.is_hopeless() { Value::Null } else { found.next().unwrap_or(Value::Null) };
        answers.push(match (check, value) {
            (Check::Keys { model, column, values }, count) => {
                match missing(model(), *column, values, &count, conn).await? {
                    Some(index) => Answer::Missing(index),
                    None => Answer::Found(Value::Null),
                }
            }
            (_, Value::Null) => Answer::NotFound,
            (_, pk) => Answer::Found(pk),
        });
    }
    Ok(answers)
}

fn question(sql: &mut Sql, check: &Check) -> ColumnKind {
    match check {
        Check::Key { model, column, value } => {
            let model = model();
            let Some(wanted) = model.columns.get(*column) else { return ColumnKind::BigInt };
            sql.push("(SELECT ").name(model.pk_column().column).push(" FROM ").name(model.table);
            sql.push(" WHERE ").name(wanted.column).push(" = ").bind(value.clone(), wanted.kind);
            sql.push(" LIMIT 1)");
            model.pk_column().kind
        }
        Check::Keys { model, column, values } => {
            let model = model();
            let Some(wanted) = model.columns.get(*column) else { return ColumnKind::BigInt };
            sql.push("(SELECT COUNT(*) FROM ")
                .name(model.table)
                .push(" WHERE ")
                .name(wanted.column);
            sql.any_of(values.clone(), wanted.kind).push(")");
            ColumnKind::BigInt
        }
        Check::Unique { model, values, ignore_case, except } => {
            let lookup = if *ignore_case { Lookup::IExact } else { Lookup::Exact };
            let mut select = Select::of_model(model);
            for (column, value) in values {
                let Some(column) = model.columns.get(*column) else { continue };
                let lookup = if column.kind == ColumnKind::Text { lookup } else { Lookup::Exact };
                select.also_where(Condition::Lookup {
                    path: Path::own(column),
                    lookup,
                    operand: Operand::One(value.clone()),
                });
            }
            if let Some(pk) = except {
                let own = Path::own(model.pk_column());
                select.also_where(!Condition::exact(own, pk.clone()));
            }
            select.first_key(sql);
            model.pk_column().kind
        }
    }
}

/// The first key of a list that names no row; `count` says how many rows the list names.
async fn missing(
    model: &'static ModelMeta,
    column: usize,
    values: &[Value],
    count: &Value,
    conn: &Conn,
) -> Result<Option<usize>, Error> {
    let Some(column) = model.columns.get(column) else { return Ok(None) };
    let distinct = set_of(values).len();
    if *count == Value::Int(i64::try_from(distinct).unwrap_or(i64::MAX)) {
        return Ok(None);
    }
    let known = keys(model, column, values, conn).await?;
    let known = set_of(&known);
    Ok(values.iter().position(|value| !known.contains(&ByValue(value))))
}

async fn keys(
    model: &'static ModelMeta,
    column: &'static ColumnMeta,
    values: &[Value],
    conn: &Conn,
) -> Result<Vec<Value>, Error> {
    let values: Vec<Value> = values
        .iter()
        .filter(|value| !matches!(value, Value::BigInt(_) | Value::Null))
        .cloned()
        .collect();
    if values.is_empty() {
        return Ok(Vec::new());
    }
    let mut sql = Sql::new(conn.dialect());
    sql.push("SELECT ").name(column.column).push(" FROM ").name(model.table).push(" WHERE ");
    sql.name(column.column).any_of(values, column.kind);
    conn.rows(sql, |row| row.value(0, column.kind)).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::Model;
    use crate::db::testing::{Artist, on_each};

    #[test]
    fn a_missing_key_among_a_hundred_thousand_is_found_without_quadratic_time() {
        on_each(async |conn| {
            let rows = "INSERT INTO t_artist (id, name) WITH RECURSIVE n (i) AS (SELECT 1000 \
                        UNION ALL SELECT i + 1 FROM n WHERE i < 100999) SELECT i, 'x' || i FROM n";
            conn.batch_execute(rows).await.unwrap();
            let mut values: Vec<Value> = (1_000..101_000).map(Value::Int).collect();
            values.push(Value::Int(7));
            let keys = Check::Keys { model: || Artist::META, column: Artist::META.pk, values };
            assert_eq!(run_checks(&[keys], conn).await.unwrap(), [Answer::Missing(100_000)]);
        });
    }
}
