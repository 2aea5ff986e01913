//! What a database says of its tables (`connection.introspection`, `connection.ops`).

use super::{ColumnKind, Conn, Dialect, Error, ModelMeta, Sql};

impl Conn {
    /// The names of the tables, in their order (`connection.introspection.table_names()`): without
    /// views, and without those of the database itself. On `PostgreSQL`, those that are found without a
    /// schema.
    ///
    /// # Errors
    /// What the database reports.
    pub async fn table_names(&self) -> Result<Vec<String>, Error> {
        let mut sql = Sql::new(self.dialect());
        sql.push(match self.dialect() {
            Dialect::Sqlite => {
                "SELECT name FROM sqlite_master WHERE type = 'table' AND name <> 'sqlite_sequence' \
                 ORDER BY name"
            }
            Dialect::Postgres => {
                "SELECT c.relname::text FROM pg_catalog.pg_class c \
                 WHERE c.relkind IN ('r', 'p') AND pg_catalog.pg_table_is_visible(c.oid) \
                 AND c.relnamespace NOT IN \
                 (SELECT oid FROM pg_catalog.pg_namespace \
                  WHERE nspname IN ('pg_catalog', 'pg_toast', 'information_schema')) \
                 ORDER BY c.relname"
            }
        });
        self.rows(sql, |row| row.get(0, ColumnKind::Text)).await
    }

    /// Lets the keys of new rows start after the greatest one of each model (`sequence_reset_sql`):
    /// for a program that inserted rows with keys of their own. `SQLite` does so by itself.
    ///
    /// # Errors
    /// What the database reports.
    pub async fn reset_sequences(
        &self,
        models: impl IntoIterator<Item = &'static ModelMeta>,
    ) -> Result<(), Error> {
        if self.dialect() == Dialect::Sqlite {
            return Ok(());
        }
        for model in models {
            let key = model.pk_column();
            let is_number =
                matches!(key.kind, ColumnKind::SmallInt | ColumnKind::Integer | ColumnKind::BigInt);
            if !is_number {
                continue;
            }
            let text = |text: String| crate::values::Value::Text(text);
            let mut sql = Sql::new(self.dialect());
            // null, and nothing happens, where the column has no sequence
            sql.push("SELECT setval(pg_get_serial_sequence(");
            sql.bind(text(format!("\"{}\"", model.table)), ColumnKind::Text).push(", ");
            sql.bind(text(key.column.to_owned()), ColumnKind::Text).push("), coalesce(max(");
            sql.name(key.column).push("), 1), max(").name(key.column).push(") IS NOT NULL) FROM ");
            sql.name(model.table);
            self.send(sql).await?;
        }
        Ok(())
    }
}
