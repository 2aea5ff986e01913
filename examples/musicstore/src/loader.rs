//! The store's tables and rows, as SQL text for either database.
//!
//! The schema is the one that Django 5.2 creates for the same models, including the names of
//! constraints and indexes, so that a Django project can use the database, and the store can serve
//! a database that Django created. The rows are stored once, as JSON, in `data/`.

use std::error::Error;

use diesel::sql_types::BigInt;
use futures_util::future::LocalBoxFuture;
use indicatif::{ProgressBar, ProgressStyle};
use quintet::db::{Conn, Dialect, StartupError};
use serde::Deserialize;
use serde_json::Value;

/// Rows of one table in one statement.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Batch {
    /// The table that is filled.
    table: &'static str,
    /// How many rows the statement inserts.
    rows: usize,
    /// `INSERT INTO … VALUES …`
    sql: String,
}

/// Rows per INSERT. `SQLite` limits the number of terms; both databases profit from few round
/// trips.
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
const fn migrations(database: Dialect) -> &'static str {
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

/// Counts the tables named `store_artist`: one, if the store's tables exist.
const fn is_loaded_query(database: Dialect) -> &'static str {
    match database {
        Dialect::Sqlite => {
            "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'store_artist'"
        }
        Dialect::Postgres => {
            "SELECT count(*) FROM pg_catalog.pg_class WHERE oid = to_regclass('store_artist')"
        }
    }
}

/// Creates and fills the store's tables in a database that has none of them, in one transaction.
/// Returns whether it did: a database that was loaded before, or that Django created, is left
/// alone.
///
/// # Errors
/// What the database reports; nothing is left behind then.
pub async fn load(conn: &mut Conn, progress: bool) -> Result<bool, Box<dyn Error + Send + Sync>> {
    conn.transaction(async |conn| {
        let database = conn.dialect();
        if database == Dialect::Postgres {
            // of two programs that start at once, one loads
            conn.batch_execute("SELECT pg_advisory_xact_lock(7311963)").await?;
        }
        let found: i64 =
            conn.get_result(diesel::dsl::sql::<BigInt>(is_loaded_query(database))).await?;
        if found > 0 {
            return Ok(false);
        }
        conn.batch_execute(migrations(database)).await?;
        let batches = rows(database)?;
        let total: usize = batches.iter().map(|batch| batch.rows).sum();
        let bar = if progress { ProgressBar::new(total as u64) } else { ProgressBar::hidden() };
        bar.set_style(ProgressStyle::with_template("{msg:>22} {wide_bar} {pos}/{len} rows")?);
        for batch in &batches {
            bar.set_message(batch.table);
            conn.batch_execute(&batch.sql).await?;
            bar.inc(batch.rows as u64);
        }
        conn.batch_execute(&finish(database)?).await?;
        bar.finish_and_clear();
        Ok(true)
    })
    .await
}

/// [`load`] as start-up work: see [`Database::once_reachable`](quintet::db::Database).
pub fn at_start(mut conn: Conn) -> LocalBoxFuture<'static, Result<bool, StartupError>> {
    Box::pin(async move { load(&mut conn, true).await })
}

/// Every row of the store, a few hundred to a statement, in the order of the foreign keys.
fn rows(database: Dialect) -> serde_json::Result<Vec<Batch>> {
    let mut batches = Vec::new();
    for table in tables()? {
        for chunk in table.rows.chunks(ROWS_PER_STATEMENT) {
            let sql = insert(&table, chunk, database);
            batches.push(Batch { table: table.name, rows: chunk.len(), sql });
        }
    }
    Ok(batches)
}

/// Statements after the rows: keys continue after the highest one loaded, and the planner gets its
/// statistics. `SQLite` numbers its keys by itself; samples of values (`sqlite_stat4`) are removed
/// again, because with them a statement is prepared again whenever its values change.
fn finish(database: Dialect) -> serde_json::Result<String> {
    if database == Dialect::Sqlite {
        return Ok("ANALYZE;\nDROP TABLE IF EXISTS sqlite_stat4;\nANALYZE sqlite_schema;\n\
                   DROP TABLE IF EXISTS sqlite_stat4;\n"
            .into());
    }
    let mut sql = String::new();
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
    use diesel::sql_types::Text;
    use quintet::db::{Database, DatabaseConfig};
    use serde_json::json;

    use super::*;

    type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

    /// What the reports of both databases come to after loading: the answers of two calls of
    /// [`load`], rows, the next key, a text, a timestamp and a price.
    async fn load_twice(conn: &mut Conn) -> Outcome<(bool, bool, i64, i64, String)> {
        let (first, second) = (load(conn, false).await?, load(conn, false).await?);
        let count = diesel::dsl::sql::<BigInt>(
            "SELECT (SELECT count(*) FROM store_track) + (SELECT count(*) FROM store_playlist_tracks)",
        );
        let count: i64 = conn.get_result(count).await?;
        let key =
            diesel::dsl::sql::<BigInt>("INSERT INTO store_artist (name) VALUES ('x') RETURNING id");
        let key: i64 = conn.get_result(key).await?;
        let text = diesel::dsl::sql::<Text>(
            "SELECT a.name || '|' || i.invoice_date || '|' || i.total \
             FROM store_artist a, store_invoice i WHERE a.id = 6 AND i.id = 1",
        );
        let text: String = conn.get_result(text).await?;
        Ok((first, second, count, key, text))
    }

    #[cfg(feature = "sqlite")]
    #[quintet::test]
    async fn an_empty_sqlite_database_is_loaded_once() {
        let folder = std::env::temp_dir().join(format!("musicstore-loader-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let url = format!("sqlite://{}", folder.join("store.sqlite3").display());
        let database = Database::open(DatabaseConfig::new(url)).unwrap();
        let loaded = database
            .worker()
            .run(true, |mut conn| Box::pin(async move { load_twice(&mut conn).await }))
            .await;
        drop(database);
        std::fs::remove_dir_all(&folder).unwrap();
        let text = "Antônio Carlos Jobim|2021-01-01 00:00:00|1.98".to_owned();
        assert_eq!(loaded.unwrap().unwrap(), (true, false, 12_218, 276, text));
    }

    #[cfg(feature = "postgres")]
    #[quintet::test]
    async fn an_empty_postgresql_schema_is_loaded_once() {
        let Ok(url) = std::env::var("QUINTET_TEST_POSTGRES") else { return };
        let database = Database::open(DatabaseConfig::new(url)).unwrap();
        let work = |mut conn: Conn| {
            Box::pin(async move {
                let end: Outcome<()> = conn
                    .transaction(async |conn| {
                        conn.batch_execute(
                            "CREATE SCHEMA loader_test; SET LOCAL search_path TO loader_test; \
                         SET LOCAL TIME ZONE 'UTC'",
                        )
                        .await?;
                        let text = "Antônio Carlos Jobim|2021-01-01 00:00:00+00|1.98".to_owned();
                        assert_eq!(load_twice(conn).await?, (true, false, 12_218, 276, text));
                        Err("rolled back".into())
                    })
                    .await;
                end.map_err(|error| error.to_string())
            }) as std::pin::Pin<Box<dyn Future<Output = Result<(), String>>>>
        };
        let end = database.worker().run(true, work).await.unwrap();
        assert_eq!(end, Err("rolled back".to_owned()));
    }

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
        assert!(!finish(Dialect::Sqlite).unwrap().contains("setval"));
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
