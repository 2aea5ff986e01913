//! SELECT statements over one model and what its serializer asks for beside it.

use super::compile::{Compiler, default_order, order_term};
use super::joins::Joins;
use super::{
    Conn, Dialect, Error, Hop, Leaf, Lock, Model, ModelMeta, OrderTerm, Path, Predicate, QuerySet,
    Sql, meta_of,
};
use crate::fields::Value;

/// The alias of a link table.
const LINK: &str = "L";

/// What a statement answers besides the model's own columns.
#[derive(Debug, Clone)]
pub enum Selected {
    /// The value at the end of a path that leads to one row (joined), or a count.
    Value(Path),
    /// Every column of the model at the end of the hops (joined).
    Model(Vec<Hop>),
}

/// A SELECT being put together.
#[derive(Debug, Clone)]
pub struct Select {
    /// The model whose columns come first.
    pub model: &'static ModelMeta,
    model_fn: fn() -> &'static ModelMeta,
    conditions: Vec<Predicate>,
    order: Option<Vec<OrderTerm>>,
    limit: Option<i64>,
    offset: i64,
    extra: Vec<Selected>,
    /// The relation to many that the rows are reached by, and the keys of where it starts.
    via: Option<(Hop, Vec<Value>)>,
    /// The model's columns that are read, where not all of them are.
    only: Option<Vec<usize>>,
    /// How the model's rows are locked.
    pub(crate) lock: Option<Lock>,
}

/// The start of a path that is used on one table only, and the model of what has none.
pub(crate) fn nowhere() -> &'static ModelMeta {
    static NOWHERE: ModelMeta = ModelMeta {
        name: "",
        verbose_name: "",
        app_label: "",
        table: "",
        columns: &[],
        pk: 0,
        ordering: &[],
        unique_together: &[],
        decode: |_, _| Err(super::Error::NotFound),
        links: &[],
    };
    &NOWHERE
}

impl Path {
    /// A path to a column of whatever table it is used on.
    pub(crate) fn own(column: &'static super::ColumnMeta) -> Self {
        Self { model: nowhere, hops: Vec::new(), leaf: Leaf::Column(column) }
    }
}

impl<M: Model> From<QuerySet<M>> for Select {
    fn from(query: QuerySet<M>) -> Self {
        Self {
            model: M::META,
            model_fn: meta_of::<M>,
            conditions: query.conditions,
            order: query.order,
            limit: query.limit,
            offset: query.offset,
            extra: Vec::new(),
            via: None,
            only: None,
            lock: query.lock,
        }
    }
}

impl Select {
    /// Adds what a serializer needs; it is read after the columns before it.
    pub fn also(&mut self, selected: Selected) {
        self.extra.push(selected);
    }

    /// Every row of a model that is known by its description alone.
    pub(crate) fn of_model(model: &'static ModelMeta) -> Self {
        Self {
            model,
            model_fn: nowhere,
            conditions: Vec::new(),
            order: Some(Vec::new()),
            limit: None,
            offset: 0,
            extra: Vec::new(),
            via: None,
            only: None,
            lock: None,
        }
    }

    /// The rows at the end of a relation to many, for several rows at its start. The first column
    /// of each row is the key of the row it belongs to.
    pub(crate) fn related(hop: &Hop, keys: Vec<Value>) -> Self {
        let mut select = Self::of_model(hop.target());
        select.order = None;
        select.via = Some((*hop, keys));
        select
    }

    /// Keys alone: the rows of a link table, as pairs.
    pub(crate) fn links(
        dialect: Dialect,
        hop: &Hop,
        keys: Vec<Value>,
        key_kind: super::ColumnKind,
    ) -> Sql {
        let mut sql = Sql::new(dialect);
        if let Hop::ManyToMany { through, source, target, .. } = hop {
            sql.push("SELECT ").name(source).push(", ").name(target).push(" FROM ").name(through);
            sql.push(" WHERE ").name(source).any_of(keys, key_kind);
            sql.push(" ORDER BY ").name(target);
        }
        sql
    }

    /// Reads these columns of the model instead of all.
    pub(crate) fn only(&mut self, columns: Vec<usize>) {
        self.only = Some(columns);
    }

    pub(crate) fn also_where(&mut self, condition: Predicate) {
        self.conditions.push(condition);
    }

    /// Writes `(SELECT key FROM … LIMIT 1)`.
    pub(crate) fn first_key(&self, sql: &mut Sql) {
        let key = self.model.pk_column().column;
        sql.push("(SELECT ").column(self.model.table, key).push(" FROM ").name(self.model.table);
        self.where_clause(sql, &mut Compiler::default());
        sql.push(" LIMIT 1)");
    }

    /// True when no row can come.
    pub fn is_empty(&self) -> bool {
        self.limit == Some(0)
    }

    /// Only rows whose `column` is one of `keys`, in one text whatever their number.
    pub fn among(&mut self, path: Path, keys: Vec<Value>) {
        self.conditions.push(Predicate::Lookup {
            path,
            lookup: super::Lookup::In,
            operand: super::Operand::Many(keys),
        });
    }

    /// The statement for the rows on a connection.
    pub(crate) fn statement(&self, conn: &Conn) -> Result<Sql, Error> {
        if self.lock.is_some() && !conn.in_transaction() {
            return Err(Error::NoTransaction);
        }
        Ok(self.rows(conn.dialect()))
    }

    /// The statement for the rows.
    pub fn rows(&self, dialect: Dialect) -> Sql {
        let table = self.model.table;
        let mut sql = Sql::new(dialect);
        let mut compiler = Compiler::default();
        let mut joins = Joins::default();
        sql.push("SELECT ");
        match &self.via {
            Some((Hop::Reverse { column, .. }, _)) => {
                sql.column(table, column).push(", ");
            }
            Some((Hop::ManyToMany { source, .. }, _)) => {
                sql.column(LINK, source).push(", ");
            }
            _ => {}
        }
        match &self.only {
            Some(only) => {
                let mut separator = "";
                for column in only.iter().filter_map(|index| self.model.columns.get(*index)) {
                    sql.push(separator).column(table, column.column);
                    separator = ", ";
                }
            }
            None => columns(&mut sql, self.model, table),
        }
        for selected in &self.extra {
            match selected {
                Selected::Value(path) => {
                    sql.push(", ");
                    let alias = joins.along(table, &path.hops).unwrap_or(table.into());
                    match path.leaf {
                        Leaf::Column(column) => {
                            sql.column(&alias, column.column);
                        }
                        Leaf::Count(annotation) => {
                            compiler.count(&mut sql, &(annotation.path)(), &alias);
                        }
                    }
                }
                Selected::Model(hops) => {
                    let Some(hop) = hops.last() else { continue };
                    let alias = joins.along(table, hops).unwrap_or(table.into());
                    sql.push(", ");
                    columns(&mut sql, hop.target(), &alias);
                }
            }
        }
        // the order decides on joins, so it is written aside first
        let mut order = Sql::new(dialect);
        let default;
        let terms = if let Some(terms) = &self.order {
            terms
        } else {
            default = default_order(self.model, self.model_fn);
            &default
        };
        for (index, term) in terms.iter().enumerate() {
            // what is equal in a term is equal in its repetition, as Django has it too
            if terms.iter().take(index).any(|earlier| earlier.path.is_same(&term.path)) {
                continue;
            }
            order.push(if index == 0 { " ORDER BY " } else { ", " });
            order_term(&mut order, &mut compiler, &mut joins, term, table);
        }
        sql.push(" FROM ").name(table);
        if let Some((Hop::ManyToMany { through, target, .. }, _)) = &self.via {
            sql.push(" INNER JOIN ").name(through).push(" ").name(LINK).push(" ON ");
            sql.column(LINK, target).push(" = ").column(table, self.model.pk_column().column);
        }
        joins.write(&mut sql);
        self.where_clause(&mut sql, &mut compiler);
        sql.append(order);
        self.slice(&mut sql);
        if let Some(lock) = self.lock
            && dialect == Dialect::Postgres
        {
            // not those of joined tables, which may have no row
            sql.push(lock.clause()).push(" OF ").name(table);
        }
        sql
    }

    fn where_clause(&self, sql: &mut Sql, compiler: &mut Compiler) {
        let mut word = " WHERE ";
        if let Some((hop, keys)) = &self.via {
            sql.push(word);
            word = " AND ";
            let kind = match hop {
                Hop::Reverse { from, column, .. } => {
                    sql.column(self.model.table, column);
                    from().column(column).map(|column| column.kind)
                }
                Hop::ManyToMany { source, from, .. } => {
                    sql.column(LINK, source);
                    Some(from().pk_column().kind)
                }
                Hop::Forward { .. } => None,
            };
            sql.any_of(keys.clone(), kind.unwrap_or(super::ColumnKind::BigInt));
        }
        if !self.conditions.is_empty() {
            sql.push(word);
            compiler.all(sql, &self.conditions, self.model.table);
        }
    }

    fn slice(&self, sql: &mut Sql) {
        if let Some(limit) = self.limit {
            match sql.dialect() {
                // SQLite prepares a statement anew when a bound LIMIT changes
                Dialect::Sqlite => {
                    sql.push(" LIMIT ").push(&limit.to_string());
                }
                Dialect::Postgres => {
                    sql.push(" LIMIT ").bind(Value::Int(limit), super::ColumnKind::BigInt);
                }
            }
        }
        if self.offset > 0 {
            if self.limit.is_none() && sql.dialect() == Dialect::Sqlite {
                sql.push(" LIMIT -1");
            }
            match sql.dialect() {
                Dialect::Sqlite => {
                    sql.push(" OFFSET ").push(&self.offset.to_string());
                }
                Dialect::Postgres => {
                    sql.push(" OFFSET ").bind(Value::Int(self.offset), super::ColumnKind::BigInt);
                }
            }
        }
    }

    /// The statement that counts the rows; slices do not count.
    pub fn count(&self, dialect: Dialect) -> Sql {
        self.aggregate(dialect, "COUNT(*)")
    }

    /// The statement that answers one aggregate over the rows.
    pub(crate) fn aggregate(&self, dialect: Dialect, what: &str) -> Sql {
        let mut sql = Sql::new(dialect);
        sql.push("SELECT ").push(what).push(" FROM ").name(self.model.table);
        self.where_clause(&mut sql, &mut Compiler::default());
        sql
    }

    /// `UPDATE … SET column = value, … RETURNING columns` of the rows.
    pub(crate) fn update(&self, dialect: Dialect, set: &[(usize, Value)]) -> Sql {
        let mut sql = Sql::new(dialect);
        sql.push("UPDATE ").name(self.model.table).push(" SET ");
        let mut separator = "";
        for (index, value) in set {
            let Some(column) = self.model.columns.get(*index) else { continue };
            sql.push(separator).name(column.column).push(" = ").bind(value.clone(), column.kind);
            separator = ", ";
        }
        self.where_clause(&mut sql, &mut Compiler::default());
        sql.push(" RETURNING ");
        columns(&mut sql, self.model, self.model.table);
        sql
    }
}

/// Writes the columns of a model, separated by commas.
pub fn columns(sql: &mut Sql, model: &'static ModelMeta, alias: &str) {
    for (index, column) in model.columns.iter().enumerate() {
        if index > 0 {
            sql.push(", ");
        }
        sql.column(alias, column.column);
    }
}

/// `INSERT INTO … RETURNING columns`.
pub(crate) fn insert(dialect: Dialect, model: &'static ModelMeta, set: &[(usize, Value)]) -> Sql {
    let mut sql = Sql::new(dialect);
    sql.push("INSERT INTO ").name(model.table);
    if set.is_empty() {
        sql.push(" DEFAULT VALUES");
    } else {
        sql.push(" (");
        let mut separator = "";
        for (index, _) in set {
            let Some(column) = model.columns.get(*index) else { continue };
            sql.push(separator).name(column.column);
            separator = ", ";
        }
        sql.push(") VALUES (");
        separator = "";
        for (index, value) in set {
            let Some(column) = model.columns.get(*index) else { continue };
            sql.push(separator).bind(value.clone(), column.kind);
            separator = ", ";
        }
        sql.push(")");
    }
    sql.push(" RETURNING ");
    columns(&mut sql, model, model.table);
    sql
}

#[cfg(test)]
mod tests;
