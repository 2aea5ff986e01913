//! Tables made from models, as Django's `schema_editor` makes them: [`Database::create_tables`].
//!
//! A table has Django's types, names of indexes and names of constraints, so that Django can take
//! over a database that was made here. What changes a table that exists belongs to migrations.

mod columns;
mod literal;
mod names;
mod tables;

use std::sync::Arc;

use futures_util::future::LocalBoxFuture;

use crate::db::write::reachable;
use crate::db::{ColumnKind, Conn, Database, Dialect, Error, ModelMeta, Sql};

/// The key of the lock of those who make tables.
const LOCK: &str = "SELECT pg_advisory_xact_lock(7239180245162)";

impl Database {
    /// Creates the tables of models, of those that they reference, and of their links, as far as
    /// they do not exist (`migrate --run-syncdb`). A table that exists stays as it is. All happens in
    /// one transaction, and programs that start at the same time wait for each other.
    ///
    /// A [`Site`](crate::site::Site) does this for all its models: its own
    /// [`create_tables`](crate::site::Site::create_tables).
    ///
    /// ```no_run
    /// use quintet::db::{Database, DatabaseConfig, Model};
    /// use quintet::prelude::*;
    ///
    /// #[model(app = "library")]
    /// pub struct Book {
    ///     pub id: i64,
    ///     #[field(max_length = 200, unique)]
    ///     pub title: String,
    /// }
    ///
    /// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
    /// let database = Database::open(DatabaseConfig::new("sqlite://library.sqlite3"))?;
    /// database.create_tables([Book::META]).await?;
    /// # Ok(())
    /// # }
    /// # fn main() {}
    /// ```
    ///
    /// # Errors
    /// When the database refuses, when it has no type for a column (`SQLite` has no arrays), or when
    /// the condition of a constraint cannot be written as a part of it.
    pub async fn create_tables(
        self: &Arc<Self>,
        models: impl IntoIterator<Item = &'static ModelMeta>,
    ) -> Result<(), Error> {
        let models: Vec<_> = models.into_iter().collect();
        let work = |mut conn: Conn| -> LocalBoxFuture<'static, _> {
            Box::pin(async move { conn.create_tables(models).await })
        };
        self.worker().run(true, work).await?
    }
}

impl Conn {
    /// Creates the tables of models on this connection, as [`Database::create_tables`] does.
    ///
    /// # Errors
    /// The same.
    pub async fn create_tables(
        &mut self,
        models: impl IntoIterator<Item = &'static ModelMeta>,
    ) -> Result<(), Error> {
        let models = reachable(models);
        self.transaction(async |conn| {
            if conn.dialect() == Dialect::Postgres {
                conn.batch_execute(LOCK).await?;
            }
            let there = conn.names_taken().await?;
            let statements = tables::statements(&models, &there, conn.dialect())?;
            if statements.is_empty() {
                return Ok(());
            }
            conn.batch_execute(&statements.join(";\n")).await
        })
        .await
    }

    /// The names that no new table can have: those of tables and views.
    async fn names_taken(&self) -> Result<Vec<String>, Error> {
        let mut sql = Sql::new(self.dialect());
        sql.push(match self.dialect() {
            Dialect::Sqlite => "SELECT name FROM sqlite_master WHERE type IN ('table', 'view')",
            Dialect::Postgres => {
                "SELECT relname::text FROM pg_class \
                 WHERE relkind IN ('r', 'p', 'v', 'm', 'f') AND pg_table_is_visible(oid)"
            }
        });
        self.rows(sql, |row| row.get(0, ColumnKind::Text)).await
    }
}
