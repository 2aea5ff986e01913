//! The store's tables and rows, as SQL text for either database.
//!
//! The schema is the one that Django 5.2 makes for the same models, names of constraints and
//! indexes included, so that a Django project can take the database over (and the store can serve
//! a database that Django made). The rows are kept once, as JSON, in `data/`.

use serde::Deserialize;
use serde_json::Value;

/// The database that a statement is written for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// `SQLite`, the default.
    Sqlite,
    /// `PostgreSQL`.
    Postgres,
}

/// Rows of one table in one statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// The table that is filled.
    pub table: &'static str,
    /// How many rows the statement inserts.
    pub rows: usize,
    /// `INSERT INTO … VALUES …`
    pub sql: String,
}

/// Rows of one INSERT. `SQLite` wants fewer than its limit on terms, both want few round trips.
const ROWS_PER_STATEMENT: usize = 400;

/// Users, groups, permissions, content types, tokens; then the Chinook rows. Tables stand in the
/// order in which foreign keys allow them to be filled.
const DATA: [&str; 2] =
    [include_str!("../data/accounts.json"), include_str!("../data/chinook.json")];

/// One table of the data files.
#[derive(Debug, Deserialize)]
struct Table {
    #[serde(rename = "table")]
    name: &'static str,
    columns: Vec<&'static str>,
    /// Columns whose text is a UTC timestamp, `2024-01-01T08:30:00Z`.
    #[serde(default)]
    timestamps: Vec<&'static str>,
    rows: Vec<Vec<Value>>,
}

/// The statements that create every table of the store, on an empty database.
pub const fn migrations(database: Dialect) -> &'static str {
    match database {
        Dialect::Sqlite => concat!(
            include_str!("../migrations/sqlite/0001_django.up.sql"),
            include_str!("../migrations/sqlite/0002_store.up.sql"),
        ),
        Dialect::Postgres => concat!(
            include_str!("../migrations/postgres/0001_django.up.sql"),
            include_str!("../migrations/postgres/0002_store.up.sql"),
        ),
    }
}

/// A query of one number: 1 when the store's tables exist, as in a database that Django made.
pub const fn is_loaded_query(database: Dialect) -> &'static str {
    match database {
        Dialect::Sqlite => {
            "SELECT count(*) AS count FROM sqlite_master WHERE type = 'table' AND name = 'store_artist'"
        }
        Dialect::Postgres => {
            "SELECT count(*) AS count FROM pg_catalog.pg_class WHERE oid = to_regclass('store_artist')"
        }
    }
}

/// Every row of the store, a few hundred to a statement, in the order of the foreign keys.
///
/// # Errors
/// When the embedded data cannot be read, which the tests exclude.
pub fn rows(database: Dialect) -> serde_json::Result<Vec<Batch>> {
    let mut batches = Vec::new();
    for table in tables()? {
        for chunk in table.rows.chunks(ROWS_PER_STATEMENT) {
            let sql = insert(&table, chunk, database);
            batches.push(Batch { table: table.name, rows: chunk.len(), sql });
        }
    }
    Ok(batches)
}

/// What follows the rows: keys go on after the highest one loaded, and the planner gets its
/// statistics. (`SQLite` keeps count of its keys by itself.)
///
/// # Errors
/// As for [`rows`].
pub fn finish(database: Dialect) -> serde_json::Result<String> {
    let mut sql = String::new();
    if database == Dialect::Postgres {
        for table in tables()?.iter().filter(|table| table.columns.contains(&"id")) {
            for part in [
                "SELECT setval(pg_get_serial_sequence('",
                table.name,
                "', 'id'), max(id)) FROM ",
                table.name,
                ";\n",
            ] {
                sql.push_str(part);
            }
        }
    }
    sql.push_str("ANALYZE;\n");
    Ok(sql)
}

fn tables() -> serde_json::Result<Vec<Table>> {
    let mut tables = Vec::new();
    for text in DATA {
        tables.extend(serde_json::from_str::<Vec<Table>>(text)?);
    }
    Ok(tables)
}

fn insert(table: &Table, rows: &[Vec<Value>], database: Dialect) -> String {
    let mut sql = format!("INSERT INTO {} (", table.name);
    for (position, column) in table.columns.iter().enumerate() {
        sql.push_str(if position == 0 { "\"" } else { ", \"" });
        sql.push_str(column);
        sql.push('"');
    }
    sql.push_str(") VALUES");
    for (position, row) in rows.iter().enumerate() {
        sql.push_str(if position == 0 { "\n(" } else { ",\n(" });
        for (position, (column, value)) in table.columns.iter().zip(row).enumerate() {
            if position > 0 {
                sql.push_str(", ");
            }
            let timestamp = table.timestamps.contains(column);
            push_literal(&mut sql, value, timestamp, database);
        }
        sql.push(')');
    }
    sql.push_str(";\n");
    sql
}

/// Writes a JSON value as an SQL literal. Decimals are text in the data: both databases turn them
/// into the column's type. Timestamps take Django's form in `SQLite`: a space, and no zone.
fn push_literal(sql: &mut String, value: &Value, timestamp: bool, database: Dialect) {
    match value {
        Value::Null => sql.push_str("NULL"),
        Value::Bool(value) => sql.push_str(match (database, value) {
            (Dialect::Sqlite, true) => "1",
            (Dialect::Sqlite, false) => "0",
            (Dialect::Postgres, true) => "TRUE",
            (Dialect::Postgres, false) => "FALSE",
        }),
        Value::Number(number) => sql.push_str(&number.to_string()),
        Value::String(text) if timestamp && database == Dialect::Sqlite => {
            push_text(sql, &text.replace('T', " ").replace('Z', ""));
        }
        Value::String(text) => push_text(sql, text),
        Value::Array(_) | Value::Object(_) => push_text(sql, &value.to_string()),
    }
}

fn push_text(sql: &mut String, text: &str) {
    sql.push('\'');
    sql.push_str(&text.replace('\'', "''"));
    sql.push('\'');
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn literal(value: &Value, timestamp: bool, database: Dialect) -> String {
        let mut sql = String::new();
        push_literal(&mut sql, value, timestamp, database);
        sql
    }

    #[test]
    fn quotes_in_text_are_doubled_and_other_characters_kept() {
        let text = json!("Livin' on \"the\" \\ Edge; -- Antônio 音");
        let written = "'Livin'' on \"the\" \\ Edge; -- Antônio 音'";
        assert_eq!(literal(&text, false, Dialect::Sqlite), written);
        assert_eq!(literal(&text, false, Dialect::Postgres), written);
    }

    #[test]
    fn booleans_and_null_are_written_as_each_database_has_them() {
        assert_eq!(literal(&json!(true), false, Dialect::Sqlite), "1");
        assert_eq!(literal(&json!(false), false, Dialect::Postgres), "FALSE");
        assert_eq!(literal(&json!(null), false, Dialect::Postgres), "NULL");
    }

    #[test]
    fn timestamps_take_django_s_form_in_sqlite() {
        let time = json!("2024-02-01T09:15:30.123456Z");
        assert_eq!(literal(&time, true, Dialect::Sqlite), "'2024-02-01 09:15:30.123456'");
        assert_eq!(literal(&time, true, Dialect::Postgres), "'2024-02-01T09:15:30.123456Z'");
    }

    #[test]
    fn every_row_of_every_table_is_written_once() {
        for database in [Dialect::Sqlite, Dialect::Postgres] {
            let mut counts: Vec<(&str, usize)> = Vec::new();
            for batch in rows(database).unwrap() {
                match counts.last_mut() {
                    Some((table, count)) if *table == batch.table => *count += batch.rows,
                    _ => counts.push((batch.table, batch.rows)),
                }
            }
            assert_eq!(
                counts,
                [
                    ("django_migrations", 35),
                    ("django_content_type", 20),
                    ("auth_permission", 80),
                    ("auth_group", 3),
                    ("auth_group_permissions", 21),
                    ("auth_user", 6),
                    ("auth_user_groups", 3),
                    ("authtoken_token", 6),
                    ("store_artist", 275),
                    ("store_album", 347),
                    ("store_genre", 25),
                    ("store_mediatype", 5),
                    ("store_track", 3503),
                    ("store_employee", 8),
                    ("store_customer", 59),
                    ("store_invoice", 412),
                    ("store_invoiceline", 2240),
                    ("store_playlist", 18),
                    ("store_playlist_tracks", 8715),
                ]
            );
        }
    }

    #[test]
    fn every_row_has_a_value_for_every_column() {
        for table in tables().unwrap() {
            for row in &table.rows {
                assert_eq!(row.len(), table.columns.len(), "{}: {row:?}", table.name);
            }
        }
    }

    #[test]
    fn a_statement_names_its_columns_and_ends() {
        let batches = rows(Dialect::Sqlite).unwrap();
        let genres = batches.iter().find(|batch| batch.table == "store_genre").unwrap();
        assert!(
            genres
                .sql
                .starts_with("INSERT INTO store_genre (\"id\", \"name\") VALUES\n(1, 'Rock'),\n")
        );
        assert!(genres.sql.ends_with("(25, 'Opera');\n"));
    }

    #[test]
    fn sequences_are_moved_on_where_the_database_has_them() {
        let sql = finish(Dialect::Postgres).unwrap();
        assert!(sql.contains(
            "SELECT setval(pg_get_serial_sequence('store_track', 'id'), max(id)) FROM store_track;"
        ));
        assert!(!sql.contains("authtoken_token"));
        assert_eq!(finish(Dialect::Sqlite).unwrap(), "ANALYZE;\n");
    }

    #[test]
    fn every_filled_table_is_created_before_it_is_filled() {
        for database in [Dialect::Sqlite, Dialect::Postgres] {
            let plain = migrations(database).replace('"', "");
            for table in tables().unwrap() {
                assert!(
                    plain.contains(&format!("CREATE TABLE {} (", table.name)),
                    "{}",
                    table.name
                );
            }
        }
    }
}
