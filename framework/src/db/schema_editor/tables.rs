//! The statements that make tables: the tables first, then what points from one to another.

use super::{columns, literal, names};
use crate::db::{
    ColumnKind, ColumnMeta, Constraint, ConstraintKind, Dialect, Error, LinkTable, ModelMeta,
};

/// The statements that make the tables of these models and of their links, but for those that are
/// `there`.
pub(super) fn statements(
    models: &[&'static ModelMeta],
    there: &[String],
    to: Dialect,
) -> Result<Vec<String>, Error> {
    let mut script = Script { to, tables: Vec::new(), rest: Vec::new() };
    let mut made: Vec<&str> = there.iter().map(String::as_str).collect();
    for model in models {
        if !made.contains(&model.table) {
            made.push(model.table);
            script.table(model)?;
        }
    }
    // a table between two others may have a model of its own
    for (model, link) in models.iter().flat_map(|m| m.links.iter().map(move |link| (m, link))) {
        if !made.contains(&link.table) {
            made.push(link.table);
            script.link(model, link)?;
        }
    }
    let Script { mut tables, rest, .. } = script;
    tables.extend(rest);
    Ok(tables)
}

/// The statements so far.
struct Script {
    to: Dialect,
    tables: Vec<String>,
    /// Foreign keys, constraints and indexes.
    rest: Vec<String>,
}

impl Script {
    fn table(&mut self, model: &ModelMeta) -> Result<(), Error> {
        let columns = model.columns.iter().enumerate();
        let columns: Vec<_> = columns.map(|(at, column)| (column, at == model.pk)).collect();
        let mut inside = Vec::new();
        for (column, is_pk) in &columns {
            inside.push(columns::definition(column, *is_pk, self.to)?);
        }
        for constraint in model.constraints {
            inside.extend(self.constraint(model, constraint)?);
        }
        self.create(model.table, &inside);
        for set in model.unique_together {
            self.unique(model.table, set.iter().map(|at| model.columns[*at].column).collect());
        }
        for (column, is_pk) in columns {
            self.references(model.table, column);
            self.indexes(model.table, column, is_pk);
        }
        Ok(())
    }

    /// A constraint, if it is a part of the table's definition; others are statements of their own,
    /// and what only the database knows is left to the project.
    fn constraint(
        &mut self,
        model: &ModelMeta,
        constraint: &Constraint,
    ) -> Result<Option<String>, Error> {
        let name = constraint.name;
        Ok(match constraint.kind {
            ConstraintKind::Unique { columns, expressions: None, condition: None } => {
                let columns = quoted(columns.iter().map(|at| model.columns[*at].column));
                Some(format!("CONSTRAINT \"{name}\" UNIQUE ({columns})"))
            }
            ConstraintKind::Unique { columns, expressions, condition } => {
                let mut values: Vec<String> =
                    columns.iter().map(|at| quoted([model.columns[*at].column])).collect();
                for value in expressions.map(|expressions| expressions()).unwrap_or_default() {
                    values.push(format!("({})", literal::computed(model, &value, self.to)?));
                }
                let mut sql = format!(
                    "CREATE UNIQUE INDEX \"{name}\" ON \"{}\" ({})",
                    model.table,
                    values.join(", ")
                );
                if let Some(condition) = condition {
                    sql.push_str(" WHERE ");
                    sql.push_str(&literal::condition(model, &condition(), self.to)?);
                }
                self.rest.push(sql);
                None
            }
            ConstraintKind::Check { condition: Some(condition) } => {
                let condition = literal::condition(model, &condition(), self.to)?;
                Some(format!("CONSTRAINT \"{name}\" CHECK ({condition})"))
            }
            ConstraintKind::Check { condition: None } | ConstraintKind::Exclusion => None,
        })
    }

    /// The table of a relation that no model describes.
    fn link(&mut self, model: &ModelMeta, link: &LinkTable) -> Result<(), Error> {
        // whatever the keys of the two are, as `DEFAULT_AUTO_FIELD` has it
        let id = ColumnMeta::new("id", ColumnKind::BigInt);
        let end = |column, meta: fn() -> &'static ModelMeta| ColumnMeta {
            references: Some(meta),
            max_length: meta().pk_column().max_length,
            ..ColumnMeta::new(column, meta().pk_column().kind)
        };
        let ends = [end(link.source, model.this), end(link.target, link.to)];
        let mut inside = vec![columns::definition(&id, true, self.to)?];
        for column in &ends {
            inside.push(columns::definition(column, false, self.to)?);
        }
        self.create(link.table, &inside);
        self.unique(link.table, vec![link.source, link.target]);
        for column in &ends {
            self.references(link.table, column);
            self.indexes(link.table, column, false);
        }
        Ok(())
    }

    fn create(&mut self, table: &str, inside: &[String]) {
        self.tables.push(format!("CREATE TABLE \"{table}\" ({})", inside.join(", ")));
    }

    /// Makes columns unique together.
    fn unique(&mut self, table: &str, columns: Vec<&str>) {
        let name = names::index(table, &columns, "_uniq", self.to);
        let columns = quoted(columns);
        self.rest.push(match self.to {
            Dialect::Sqlite => {
                format!("CREATE UNIQUE INDEX \"{name}\" ON \"{table}\" ({columns})")
            }
            Dialect::Postgres => {
                format!("ALTER TABLE \"{table}\" ADD CONSTRAINT \"{name}\" UNIQUE ({columns})")
            }
        });
    }

    /// Adds a foreign key; on `SQLite` it is a part of the column's definition.
    fn references(&mut self, table: &str, column: &ColumnMeta) {
        let (Some(references), Dialect::Postgres) = (column.references, self.to) else { return };
        let (other, column) = (references(), column.column);
        let target = (other.table, other.pk_column().column);
        let name = names::foreign_key(table, column, target, self.to);
        let (other, key) = target;
        self.rest.push(format!(
            "ALTER TABLE \"{table}\" ADD CONSTRAINT \"{name}\" FOREIGN KEY (\"{column}\") \
             REFERENCES \"{other}\" (\"{key}\") DEFERRABLE INITIALLY DEFERRED"
        ));
    }

    fn indexes(&mut self, table: &str, column: &ColumnMeta, is_pk: bool) {
        let name = column.column;
        if columns::has_index(column, is_pk) {
            let index = names::index(table, &[name], "", self.to);
            self.rest.push(format!("CREATE INDEX \"{index}\" ON \"{table}\" (\"{name}\")"));
        }
        if self.to == Dialect::Postgres && columns::has_like_index(column, is_pk) {
            let index = names::index(table, &[name], "_like", self.to);
            let operators = if column.max_length.is_some() { "varchar" } else { "text" };
            self.rest.push(format!(
                "CREATE INDEX \"{index}\" ON \"{table}\" (\"{name}\" {operators}_pattern_ops)"
            ));
        }
    }
}

/// Names, quoted and separated by commas.
fn quoted<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let names: Vec<String> = names.into_iter().map(|name| format!("\"{name}\"")).collect();
    names.join(", ")
}
