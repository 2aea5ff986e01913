//! Conditions of constraints, with their values in the text: a definition takes no bound values.

use crate::db::compile::Compiler;
use crate::db::query::sql::{Bind, Part};
use crate::db::{Dialect, Error, Lookup, ModelMeta, Operand, Path, Predicate, Sql};
use crate::values::format;

/// The condition on the rows of a model's table.
pub(super) fn condition(
    model: &ModelMeta,
    condition: &Predicate,
    to: Dialect,
) -> Result<String, Error> {
    let mut sql = Sql::new(to);
    Compiler::default().all(&mut sql, &[without_lists(condition)], model.table);
    text(model, &sql, to)
}

/// A value that is computed from a row.
pub(super) fn computed(model: &ModelMeta, value: &Path, to: Dialect) -> Result<String, Error> {
    let mut sql = Sql::new(to);
    Compiler::default().value(&mut sql, value, model.table);
    text(model, &sql, to)
}

/// SQL with its values in the text, about the columns of one table: no name of a table stands in a
/// definition.
fn text(model: &ModelMeta, sql: &Sql, to: Dialect) -> Result<String, Error> {
    let table = format!("\"{}\".", model.table);
    let mut text = String::new();
    for (written, part) in sql.stretches() {
        text.push_str(&written.replace(&table, ""));
        match part {
            Some(Part::Bind(bind)) => text.push_str(&value(bind, to).ok_or_else(refused)?),
            Some(_) => return Err(refused()),
            None => {}
        }
    }
    Ok(text)
}

fn refused() -> Error {
    Error::Misuse("a constraint is about columns and plain values".to_owned())
}

/// The condition with each `in` as the comparisons that it stands for: no sub-select may stand in a
/// constraint.
fn without_lists(condition: &Predicate) -> Predicate {
    let each = |items: &[Predicate]| items.iter().map(without_lists).collect();
    match condition {
        Predicate::All(items) => Predicate::All(each(items)),
        Predicate::Any(items) => Predicate::Any(each(items)),
        Predicate::Not(inner) => Predicate::Not(Box::new(without_lists(inner))),
        Predicate::Lookup { path, lookup: Lookup::In, operand: Operand::Many(values) } => {
            let exact = |value: &crate::values::Value| Predicate::Lookup {
                path: path.clone(),
                lookup: Lookup::Exact,
                operand: Operand::One(value.clone()),
            };
            Predicate::Any(values.iter().map(exact).collect())
        }
        other => other.clone(),
    }
}

/// A value as a literal; `None` for one of a kind that no condition of a constraint has.
fn value(bind: &Bind, to: Dialect) -> Option<String> {
    let quoted = |text: &str| format!("'{}'", text.replace('\'', "''"));
    Some(match bind {
        Bind::Null(_) => "NULL".to_owned(),
        Bind::SmallInt(number) => number.to_string(),
        Bind::Integer(number) => number.to_string(),
        Bind::BigInt(number) => number.to_string(),
        Bind::Float(number) => number.to_string(),
        Bind::Decimal(number) => number.to_string(),
        Bind::Bool(flag) if to == Dialect::Sqlite => i32::from(*flag).to_string(),
        Bind::Bool(flag) => flag.to_string(),
        Bind::Text(text) => quoted(text),
        Bind::DateTime(moment) if to == Dialect::Sqlite => quoted(&moment.to_sqlite_text()),
        Bind::DateTime(moment) => quoted(&format!("{}+00:00", moment.to_sqlite_text())),
        Bind::Date(day) => quoted(&day.to_string()),
        Bind::Time(time) => {
            let mut text = String::new();
            format::time(*time, &mut text);
            quoted(&text)
        }
        Bind::Uuid(id) if to == Dialect::Sqlite => quoted(&id.simple().to_string()),
        Bind::Uuid(id) => quoted(&id.hyphenated().to_string()),
        _ => return None,
    })
}
