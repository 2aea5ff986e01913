//! The tables, in PostgreSQL's dialect: SQLite numbers the rows of any `integer PRIMARY KEY`.

use quintet::db::{Conn, Dialect, StartupError};

/// Creates those that are missing.
///
/// # Errors
/// What the database reports.
pub async fn create(conn: &Conn) -> Result<bool, StartupError> {
    let tables = include_str!("migrations.sql");
    let tables = match conn.dialect() {
        Dialect::Sqlite => tables.replace("bigserial", "integer"),
        Dialect::Postgres => tables.to_owned(),
    };
    conn.batch_execute(&tables).await?;
    Ok(true)
}
