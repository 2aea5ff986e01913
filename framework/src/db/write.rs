//! Writing rows: defaults, links, and what a deletion takes with it.

use super::select::insert;
use super::{
    ColumnDefault, ColumnKind, ColumnMeta, Conn, DateTime, Error, Hop, ModelMeta, ModelRow,
    OnDelete, Row, Select, Sql,
};
use crate::fields::Value;

/// A row that cannot be deleted because another one points at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Protected {
    /// The model of the row.
    pub model: &'static str,
    /// The model that points at it.
    pub by: &'static str,
    /// The field that does.
    pub field: &'static str,
}

/// Why a deletion did not happen.
#[derive(Debug, thiserror::Error)]
pub enum DeleteError {
    /// A protected foreign key points at the row.
    #[error("{} is protected by {}.{}", .0.model, .0.by, .0.field)]
    Protected(Protected),
    /// The database refused.
    #[error(transparent)]
    Database(#[from] Error),
}

impl PartialEq for ModelMeta {
    fn eq(&self, other: &Self) -> bool {
        self.table == other.table
    }
}

/// The columns of a new row: what was given, the model's defaults, and an empty text where a text
/// column has none, as Django does.
pub(crate) fn with_defaults(
    model: &ModelMeta,
    mut set: Vec<(usize, Value)>,
) -> Vec<(usize, Value)> {
    for (index, column) in model.columns.iter().enumerate() {
        if set.iter().any(|(given, _)| *given == index) {
            continue;
        }
        let value = match column.default {
            Some(ColumnDefault::Value(make)) => make(),
            Some(ColumnDefault::AutoNow | ColumnDefault::AutoNowAdd) => {
                Value::DateTime(DateTime::now())
            }
            None if column.kind == ColumnKind::Text && !column.nullable && index != model.pk => {
                Value::Text(String::new())
            }
            None => continue,
        };
        set.push((index, value));
    }
    set
}

fn decode(model: &'static ModelMeta) -> impl FnMut(&Row<'_>) -> Result<Box<dyn ModelRow>, Error> {
    move |row| (model.decode)(row, 0)
}

impl Conn {
    /// Inserts a row and answers it as stored.
    pub(crate) async fn insert_row(
        &self,
        model: &'static ModelMeta,
        set: Vec<(usize, Value)>,
    ) -> Result<Box<dyn ModelRow>, Error> {
        let sql = insert(self.dialect(), model, &with_defaults(model, set));
        self.rows(sql, decode(model)).await?.into_iter().next().ok_or(Error::NotFound)
    }

    /// Changes the rows of a query (one row, as a rule) and answers the first as stored; `None`
    /// when there is none. Nothing but `auto_now` columns changes when `set` is empty.
    pub(crate) async fn update_row(
        &self,
        select: &Select,
        mut set: Vec<(usize, Value)>,
    ) -> Result<Option<Box<dyn ModelRow>>, Error> {
        let model = select.model;
        for (index, column) in model.columns.iter().enumerate() {
            if matches!(column.default, Some(ColumnDefault::AutoNow))
                && !set.iter().any(|(given, _)| *given == index)
            {
                set.push((index, Value::DateTime(DateTime::now())));
            }
        }
        let sql = if set.is_empty() {
            select.rows(self.dialect())
        } else {
            select.update(self.dialect(), &set)
        };
        Ok(self.rows(sql, decode(model)).await?.into_iter().next())
    }

    /// Makes the links of a many-to-many relation those of `keys` and no others.
    pub(crate) async fn set_links(
        &self,
        hop: &Hop,
        pk: &Value,
        keys: &[Value],
    ) -> Result<(), Error> {
        let Hop::ManyToMany { through, source, from, .. } = hop else { return Ok(()) };
        let mut sql = Sql::new(self.dialect());
        sql.push("DELETE FROM ").name(through).push(" WHERE ").name(source).push(" = ");
        sql.bind(pk.clone(), from().pk_column().kind);
        self.send(sql).await?;
        self.add_links(hop, pk, keys).await.map(|_| ())
    }

    /// Adds links of a many-to-many relation; those that are there stay.
    pub(crate) async fn add_links(
        &self,
        hop: &Hop,
        pk: &Value,
        keys: &[Value],
    ) -> Result<usize, Error> {
        let Hop::ManyToMany { through, source, target, from, to, .. } = hop else { return Ok(0) };
        if keys.is_empty() {
            return Ok(0);
        }
        let (from, to) = (from(), to());
        let mut sql = Sql::new(self.dialect());
        sql.push("INSERT INTO ").name(through).push(" (").name(source).push(", ").name(target);
        sql.push(") SELECT CAST(").bind(pk.clone(), from.pk_column().kind);
        sql.push(" AS ").push(integer(from.pk_column())).push("), ").name(to.pk_column().column);
        sql.push(" FROM ").name(to.table).push(" WHERE ").name(to.pk_column().column);
        sql.any_of(keys.to_vec(), to.pk_column().kind);
        sql.push(" AND ").name(to.pk_column().column).push(" NOT IN (SELECT ").name(target);
        sql.push(" FROM ").name(through).push(" WHERE ").name(source).push(" = ");
        sql.bind(pk.clone(), from.pk_column().kind).push(")");
        self.send(sql).await
    }

    /// Removes links of a many-to-many relation.
    pub(crate) async fn remove_links(
        &self,
        hop: &Hop,
        pk: &Value,
        keys: &[Value],
    ) -> Result<usize, Error> {
        let Hop::ManyToMany { through, source, target, from, to, .. } = hop else { return Ok(0) };
        let mut sql = Sql::new(self.dialect());
        sql.push("DELETE FROM ").name(through).push(" WHERE ").name(source).push(" = ");
        sql.bind(pk.clone(), from().pk_column().kind).push(" AND ").name(target);
        sql.any_of(keys.to_vec(), to().pk_column().kind);
        self.send(sql).await
    }

    /// How many links a row has.
    pub(crate) async fn count_links(&self, hop: &Hop, pk: &Value) -> Result<i64, Error> {
        let Hop::ManyToMany { through, source, from, .. } = hop else { return Ok(0) };
        let mut sql = Sql::new(self.dialect());
        sql.push("SELECT COUNT(*) FROM ").name(through).push(" WHERE ").name(source).push(" = ");
        sql.bind(pk.clone(), from().pk_column().kind);
        let rows = self.rows(sql, |row| row.get::<i64>(0, ColumnKind::BigInt)).await?;
        Ok(rows.into_iter().next().unwrap_or(0))
    }

    /// Deletes rows and what belongs to them, as the foreign keys of `models` say (Django's
    /// `on_delete`). Belongs in a transaction when anything points at the model.
    pub(crate) async fn delete_rows(
        &self,
        models: &[&'static ModelMeta],
        model: &'static ModelMeta,
        keys: Vec<Value>,
    ) -> Result<(), DeleteError> {
        let kind = model.pk_column().kind;
        for (other, column) in references(models, model) {
            let pointing = |sql: &mut Sql| {
                sql.push(" WHERE ").name(column.column).any_of(keys.clone(), kind);
            };
            if column.on_delete == OnDelete::SetNull {
                let mut sql = Sql::new(self.dialect());
                sql.push("UPDATE ")
                    .name(other.table)
                    .push(" SET ")
                    .name(column.column)
                    .push(" = NULL");
                pointing(&mut sql);
                self.send(sql).await?;
                continue;
            }
            let pk = other.pk_column();
            let mut sql = Sql::new(self.dialect());
            sql.push("SELECT ").name(pk.column).push(" FROM ").name(other.table);
            pointing(&mut sql);
            if column.on_delete == OnDelete::Protect {
                sql.push(" LIMIT 1");
            }
            let found = self.rows(sql, |row| row.value(0, pk.kind)).await?;
            if found.is_empty() {
                continue;
            }
            if column.on_delete == OnDelete::Protect {
                return Err(DeleteError::Protected(Protected {
                    model: model.name,
                    by: other.name,
                    field: column.name,
                }));
            }
            Box::pin(self.delete_rows(models, other, found)).await?;
        }
        for other in models {
            for link in other.links {
                let sides = [(**other == *model, link.source), ((link.to)() == model, link.target)];
                for (_, column) in sides.into_iter().filter(|(ours, _)| *ours) {
                    let mut sql = Sql::new(self.dialect());
                    sql.push("DELETE FROM ").name(link.table).push(" WHERE ").name(column);
                    sql.any_of(keys.clone(), kind);
                    self.send(sql).await?;
                }
            }
        }
        let mut sql = Sql::new(self.dialect());
        sql.push("DELETE FROM ").name(model.table).push(" WHERE ").name(model.pk_column().column);
        sql.any_of(keys, kind);
        self.send(sql).await?;
        Ok(())
    }
}

/// The foreign keys of `models` that point at a model.
pub(crate) fn references<'a>(
    models: &'a [&'static ModelMeta],
    model: &'static ModelMeta,
) -> impl Iterator<Item = (&'static ModelMeta, &'static ColumnMeta)> + 'a {
    models.iter().flat_map(move |other| {
        let other: &'static ModelMeta = other;
        other
            .columns
            .iter()
            .filter(move |column| column.references.is_some_and(|to| to() == model))
            .map(move |column| (other, column))
    })
}

/// True when deleting a row of the model may touch other tables.
pub(crate) fn is_referenced(models: &[&'static ModelMeta], model: &'static ModelMeta) -> bool {
    references(models, model).next().is_some()
        || models
            .iter()
            .any(|other| other.links.iter().any(|link| **other == *model || (link.to)() == model))
}

/// The name of an integer column's type in a cast.
fn integer(column: &ColumnMeta) -> &'static str {
    match column.kind {
        ColumnKind::SmallInt => "smallint",
        ColumnKind::Integer => "integer",
        _ => "bigint",
    }
}

/// Every model that is named or pointed at, each once.
pub(crate) fn reachable(
    start: impl IntoIterator<Item = &'static ModelMeta>,
) -> Vec<&'static ModelMeta> {
    let mut todo: Vec<&'static ModelMeta> = start.into_iter().collect();
    let mut found: Vec<&'static ModelMeta> = Vec::new();
    while let Some(model) = todo.pop() {
        if found.contains(&model) {
            continue;
        }
        found.push(model);
        todo.extend(model.columns.iter().filter_map(|column| column.references).map(|to| to()));
        todo.extend(model.links.iter().map(|link| (link.to)()));
    }
    found.sort_by_key(|model| model.table);
    found
}
