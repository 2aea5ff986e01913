//! INSERT statements, of one row or of several.

use crate::db::select::returning;
use crate::db::{ColumnMeta, Dialect, ModelMeta, Sql};
use crate::values::Value;

/// The values of a new row, by column.
pub(crate) type NewRow = Vec<(usize, Value)>;

/// What to do if a row with the same unique values exists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Conflict {
    /// The statement fails.
    Fail,
    /// The row is left out.
    DoNothing,
    /// The stored row gets the new values of some columns.
    Update {
        /// The columns that are unique together.
        unique: Vec<usize>,
        /// Those that get new values.
        update: Vec<usize>,
    },
}

/// The columns that any of the rows has a value for, in the order of their first mention.
pub(crate) fn columns_of(rows: &[NewRow]) -> Vec<usize> {
    let mut columns = Vec::new();
    for (index, _) in rows.iter().flatten() {
        if !columns.contains(index) {
            columns.push(*index);
        }
    }
    columns
}

/// `INSERT INTO … RETURNING columns`. What a row has no value for takes the table's default; where
/// other rows have one, `SQLite` knows none but NULL, which numbers a key.
pub(crate) fn insert(
    dialect: Dialect,
    model: &'static ModelMeta,
    rows: &[NewRow],
    conflict: &Conflict,
) -> Sql {
    let mut columns = columns_of(rows);
    if columns.is_empty() && (rows.len() > 1 || *conflict != Conflict::Fail) {
        columns.push(model.pk);
    }
    let columns: Vec<(usize, &ColumnMeta)> =
        columns.iter().filter_map(|index| Some((*index, model.columns.get(*index)?))).collect();
    let mut sql = Sql::new(dialect);
    sql.push("INSERT INTO ").name(model.table);
    if columns.is_empty() {
        sql.push(" DEFAULT VALUES");
    } else {
        let mut separator = " (";
        for (_, column) in &columns {
            sql.push(separator).name(column.column);
            separator = ", ";
        }
        let mut separator = ") VALUES ";
        for row in rows {
            sql.push(separator);
            values(&mut sql, &columns, row);
            separator = ", ";
        }
    }
    on_conflict(&mut sql, model, conflict);
    returning(&mut sql, model);
    sql
}

/// ` ON CONFLICT …`.
fn on_conflict(sql: &mut Sql, model: &ModelMeta, conflict: &Conflict) {
    let (unique, update) = match conflict {
        Conflict::Fail => return,
        Conflict::DoNothing => {
            sql.push(" ON CONFLICT DO NOTHING");
            return;
        }
        Conflict::Update { unique, update } => (unique, update),
    };
    let names = |columns: &[usize]| -> Vec<&'static str> {
        columns.iter().filter_map(|index| Some(model.columns.get(*index)?.column)).collect()
    };
    let mut separator = " ON CONFLICT (";
    for name in names(unique) {
        sql.push(separator).name(name);
        separator = ", ";
    }
    let mut separator = ") DO UPDATE SET ";
    for name in names(update) {
        sql.push(separator).name(name).push(" = ").column("excluded", name);
        separator = ", ";
    }
}

/// `(value, …)` of one row.
fn values(sql: &mut Sql, columns: &[(usize, &ColumnMeta)], row: &NewRow) {
    let mut separator = "(";
    for (index, column) in columns {
        sql.push(separator);
        match row.iter().find(|(own, _)| own == index) {
            Some((_, value)) => sql.bind(value.clone(), column.kind),
            None if sql.dialect() == Dialect::Postgres => sql.push("DEFAULT"),
            None => sql.push("NULL"),
        };
        separator = ", ";
    }
    sql.push(")");
}
