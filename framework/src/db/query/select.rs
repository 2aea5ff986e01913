//! SELECT statements over one model and what its serializer asks for beside it.

use crate::db::assignments::ComputedColumn;
use crate::db::compile::{Compiler, Scope, default_order};
use crate::db::{
    AggregateCall, Annotated, Conn, Dialect, Error, Hop, Leaf, Lock, Model, ModelMeta, OrderTerm,
    Path, Predicate, QuerySet, Sql, in_scope, meta_of,
};
use crate::values::Value;

/// The alias of new values.
const NEW: &str = "N";

/// The name of the rows that are locked before they change.
const LOCKED: &str = "locked";

/// The place of a row among those of the row it belongs to.
const PLACE: &str = "place_of_row";

/// The alias of a link table.
const LINK: &str = "L";

/// What a statement returns besides the model's own columns.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Selected {
    /// The value at the end of a path that leads to one row (joined), or an annotation.
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
    pub(crate) order: Option<Vec<OrderTerm>>,
    limit: Option<i64>,
    offset: i64,
    extra: Vec<Selected>,
    /// The relation to many that the rows are reached by, and the keys of where it starts.
    via: Option<(Hop, Vec<Value>)>,
    /// The model's columns that are read, where not all of them are.
    only: Option<Vec<usize>>,
    /// Rows that are the same are read once.
    distinct: bool,
    /// Values of which each row has others than the rows before it.
    distinct_on: Vec<Path>,
    /// How the model's rows are locked.
    pub(crate) lock: Option<Lock>,
    /// What is given for annotations of the model.
    pub(crate) annotated: Annotated,
}

/// The start of a path that is used on one table only, and the model of what has none.
pub(crate) fn nowhere() -> &'static ModelMeta {
    static NOWHERE: ModelMeta = ModelMeta {
        constraints: &[],
        verbose_name_plural: None,
        name: "",
        verbose_name: "",
        app_label: "",
        table: "",
        columns: &[],
        pk: 0,
        ordering: &[],
        unique_together: &[],
        decode: |_, _| Err(crate::db::Error::NotFound),
        links: &[],
        annotations: &[],
        hooks: None,
        scopes: &[],
        get_latest_by: &[],
        permissions: &[],
        default_permissions: &[],
        generic: &[],
        this: nowhere,
        proxy_of: None,
    };
    &NOWHERE
}

impl Path {
    /// A path to a column of whatever table it is used on.
    pub(crate) fn own(column: &'static crate::db::ColumnMeta) -> Self {
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
            distinct: query.distinct,
            distinct_on: query.distinct_on,
            lock: query.lock,
            annotated: query.annotated,
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
            distinct: false,
            distinct_on: Vec::new(),
            lock: None,
            annotated: Annotated::default(),
        }
    }

    fn compiler(&self) -> Compiler {
        Compiler::new(self.model.table, &self.annotated)
    }

    /// The rows at the end of a relation to many, as far as they are in the scope of their model, for
    /// several rows at its start. The first column of each row is the key of the row it belongs to.
    pub(crate) fn related(hop: &Hop, keys: Vec<Value>) -> Self {
        let mut select = Self::of_model(hop.target());
        select.conditions.extend(in_scope(hop.target()));
        select.order = None;
        select.via = Some((*hop, keys));
        select
    }

    /// Only rows at the end of a relation to many; the first column of each is the key of the row
    /// it belongs to.
    pub(crate) fn belonging(&mut self, hop: &Hop, keys: Vec<Value>) {
        self.via = Some((*hop, keys));
    }

    /// The statement for rows that belong to others, where a slice is one of those of each.
    pub(crate) fn of_each(&self, dialect: Dialect) -> Sql {
        if self.limit.is_none() && self.offset == 0 {
            return self.rows(dialect);
        }
        let mut all = self.clone();
        (all.limit, all.offset) = (None, 0);
        let mut sql = Sql::new(dialect);
        sql.push("SELECT * FROM (").append(all.written(dialect, true)).push(") ").name(NEW);
        sql.push(" WHERE ").name(PLACE).push(&format!(" > {}", self.offset));
        if let Some(limit) = self.limit {
            let last = self.offset.saturating_add(limit);
            sql.push(" AND ").name(PLACE).push(&format!(" <= {last}"));
        }
        sql.push(" ORDER BY ").name(PLACE);
        sql
    }

    /// Keys alone: the rows of a link table, as pairs.
    pub(crate) fn links(
        dialect: Dialect,
        hop: &Hop,
        keys: Vec<Value>,
        key_kind: crate::db::ColumnKind,
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

    /// Reads the keys of the rows alone.
    pub(crate) fn only_keys(mut self) -> Self {
        self.only = Some(vec![self.model.pk]);
        self
    }

    pub(crate) fn also_where(&mut self, condition: Predicate) {
        self.conditions.push(condition);
    }

    /// At most so many rows from the start of the slice.
    pub(crate) fn first(&mut self, rows: i64) {
        self.limit = Some(rows);
    }

    /// At most so many rows from the first on.
    pub(crate) fn restart(&mut self, rows: i64) {
        (self.offset, self.limit) = (0, Some(rows));
    }

    /// All rows, whatever the slice was.
    pub(crate) fn restart_whole(&mut self) {
        (self.offset, self.limit) = (0, None);
    }

    /// Whether only some of the rows are read, counted from the first.
    pub(crate) fn is_sliced(&self) -> bool {
        self.limit.is_some() || self.offset > 0 || !self.distinct_on.is_empty()
    }

    /// Writes `(SELECT key FROM … LIMIT 1)`.
    pub(crate) fn first_key(&self, sql: &mut Sql) {
        let key = self.model.pk_column().column;
        sql.push("(SELECT ").column(self.model.table, key).push(" FROM ").name(self.model.table);
        self.where_clause(sql, &mut self.compiler());
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
            lookup: crate::db::Lookup::In,
            operand: crate::db::Operand::Many(keys),
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
        self.written(dialect, false)
    }

    /// The same; with places, the last column is that of each row among those of the row it belongs
    /// to, and the rows are in any order.
    fn written(&self, dialect: Dialect, with_places: bool) -> Sql {
        let table = self.model.table;
        let mut sql = Sql::new(dialect);
        let mut compiler = self.compiler();
        compiler.scope = Scope::values();
        // the rows of a model are different by their keys
        let distinct = self.distinct && self.only.is_some();
        sql.push(if distinct { "SELECT DISTINCT " } else { "SELECT " });
        if !self.distinct_on.is_empty() {
            if dialect == Dialect::Sqlite {
                sql.refuse("`distinct_on`");
            }
            let mut word = "DISTINCT ON (";
            for path in &self.distinct_on {
                sql.push(word);
                compiler.value(&mut sql, path, table);
                word = ", ";
            }
            sql.push(") ");
        }
        self.selected(&mut sql, &mut compiler);
        let mut read = self.only.as_ref().map_or(0, Vec::len) + self.extra.len();
        // the order decides on joins, so it is written aside first
        let mut order = Sql::new(dialect);
        let default;
        let terms = if let Some(terms) = &self.order {
            terms
        } else {
            default = default_order(self.model, self.model_fn);
            &default
        };
        let mut word = " ORDER BY ";
        for (index, term) in terms.iter().enumerate() {
            // what is equal in a term is equal in its repetition, as Django has it too; and a way to
            // many rows orders nothing
            let again = terms.iter().take(index).any(|earlier| earlier.path.is_same(&term.path));
            if again || term.path.is_many() {
                continue;
            }
            order.push(std::mem::replace(&mut word, ", "));
            if !distinct {
                compiler.order_term(&mut order, term, table);
                continue;
            }
            // what is read once can be ordered only by what is read, as Django has it too
            let place = self.place(&term.path).unwrap_or_else(|| {
                read += 1;
                sql.push(", ");
                compiler.value(&mut sql, &term.path, table);
                read
            });
            order.push(&place.to_string()).push(term.direction());
        }
        if with_places {
            sql.push(", ROW_NUMBER() OVER (PARTITION BY ");
            self.owner(&mut sql);
            let order = std::mem::replace(&mut order, Sql::new(dialect));
            sql.append(order).push(") AS ").name(PLACE);
        }
        sql.push(" FROM ").name(table);
        if let Some((Hop::ManyToMany { through, target, .. }, _)) = &self.via {
            sql.push(" INNER JOIN ").name(through).push(" ").name(LINK).push(" ON ");
            sql.column(LINK, target).push(" = ").column(table, self.model.pk_column().column);
        }
        compiler.write_joins(&mut sql);
        self.where_clause(&mut sql, &mut compiler);
        sql.append(order);
        slice(&mut sql, self.limit, self.offset);
        if let Some(lock) = self.lock
            && dialect == Dialect::Postgres
        {
            // not those of joined tables, which may have no row
            sql.push(lock.clause()).push(" OF ").name(table).push(lock.patience());
        }
        sql
    }

    /// Writes the key of the row that a row belongs to, if it was reached from one.
    fn owner(&self, sql: &mut Sql) -> bool {
        match &self.via {
            Some((Hop::Reverse { column, .. }, _)) => sql.column(self.model.table, column),
            Some((Hop::ManyToMany { source, .. }, _)) => sql.column(LINK, source),
            _ => return false,
        };
        true
    }

    /// Writes what is read of a row.
    fn selected(&self, sql: &mut Sql, compiler: &mut Compiler) {
        let table = self.model.table;
        if self.owner(sql) {
            sql.push(", ");
        }
        let mut separator = ", ";
        match &self.only {
            Some(only) => {
                separator = "";
                for column in only.iter().filter_map(|index| self.model.columns.get(*index)) {
                    sql.push(separator).column(table, column.column);
                    separator = ", ";
                }
            }
            None => columns(sql, self.model, table),
        }
        for selected in &self.extra {
            match selected {
                Selected::Value(path) => {
                    sql.push(separator);
                    compiler.value(sql, path, table);
                }
                Selected::Model(hops) => {
                    let model = hops.last().map_or(self.model, Hop::target);
                    let alias = compiler.across(table, hops);
                    sql.push(separator);
                    columns(sql, model, &alias);
                }
            }
            separator = ", ";
        }
    }

    /// The place of a value beside the columns, from 1 on.
    fn place(&self, path: &Path) -> Option<usize> {
        let same =
            |selected: &Selected| matches!(selected, Selected::Value(own) if own.is_same(path));
        let columns = self.only.as_ref().map_or(0, Vec::len);
        self.extra.iter().position(same).map(|at| columns + at + 1)
    }

    /// Writes ` WHERE …`, if anything stands there.
    fn where_clause(&self, sql: &mut Sql, compiler: &mut Compiler) -> bool {
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
            sql.any_of(keys.clone(), kind.unwrap_or(crate::db::ColumnKind::BigInt));
        }
        if !self.conditions.is_empty() {
            sql.push(word);
            compiler.all(sql, &self.conditions, self.model.table);
        }
        self.via.is_some() || !self.conditions.is_empty()
    }

    /// The statement that computes aggregates over the rows, in one row. The rows are not sliced.
    ///
    /// One that follows a relation to many is a sub-query: the rows that it joins are not counted
    /// by those beside it.
    pub(crate) fn aggregates(&self, dialect: Dialect, aggregates: &[AggregateCall]) -> Sql {
        let (mut sql, mut compiler) = (Sql::new(dialect), self.compiler());
        compiler.scope = Scope::values();
        let mut separator = "SELECT ";
        for aggregate in aggregates {
            sql.push(separator);
            if aggregate.is_many() && aggregates.len() > 1 {
                let alone = self.aggregates(dialect, std::slice::from_ref(aggregate));
                sql.push("(").append(alone).push(")");
            } else {
                compiler.aggregate(&mut sql, aggregate, self.model.table);
            }
            separator = ", ";
        }
        // without a table where each is a query of its own
        if aggregates.len() == 1 || !aggregates.iter().all(AggregateCall::is_many) {
            sql.push(" FROM ").name(self.model.table);
            compiler.write_joins(&mut sql);
            self.where_clause(&mut sql, &mut compiler);
        }
        sql
    }

    /// `SELECT 1 … LIMIT 1`: whether there is a row.
    pub(crate) fn exists(&self, dialect: Dialect) -> Sql {
        let mut sql = Sql::new(dialect);
        sql.push("SELECT 1 FROM ").name(self.model.table);
        self.where_clause(&mut sql, &mut self.compiler());
        slice(&mut sql, self.limit, self.offset);
        sql
    }

    /// `UPDATE … SET column = value, …` of the rows, which are not sliced.
    pub(crate) fn update(
        &self,
        dialect: Dialect,
        set: &[(usize, Value)],
        computed: &[ComputedColumn],
    ) -> Sql {
        let (mut sql, mut compiler) = (Sql::new(dialect), self.compiler());
        sql.push("UPDATE ").name(self.model.table).push(" SET ");
        let mut separator = "";
        for (index, value) in set {
            let Some(column) = self.model.columns.get(*index) else { continue };
            sql.push(separator).name(column.column).push(" = ").bind(value.clone(), column.kind);
            separator = ", ";
        }
        for (index, computed) in computed {
            let Some(column) = self.model.columns.get(*index) else { continue };
            sql.push(separator).name(column.column).push(" = ");
            compiler.assigned(&mut sql, &computed.expr, column.kind, self.model.table);
            separator = ", ";
        }
        self.where_clause(&mut sql, &mut compiler);
        sql
    }

    /// Like [`update`](Self::update), but returns the rows as they are stored.
    pub(crate) fn update_returning(
        &self,
        dialect: Dialect,
        set: &[(usize, Value)],
        computed: &[ComputedColumn],
    ) -> Sql {
        let mut sql = self.update(dialect, set, computed);
        returning(&mut sql, self.model);
        sql
    }

    /// `WITH … (VALUES …) UPDATE … FROM …`: columns of the rows, which are not sliced, get values by
    /// their keys. On PostgreSQL the rows are locked first, in the order of their keys: two who write
    /// the same rows wait for each other rather than deadlock.
    pub(crate) fn update_each(
        &self,
        dialect: Dialect,
        columns: &[usize],
        rows: Vec<(Value, Vec<Value>)>,
    ) -> Sql {
        let (mut sql, model) = (Sql::new(dialect), self.model);
        let columns: Vec<_> =
            columns.iter().filter_map(|index| model.columns.get(*index)).collect();
        let key = model.pk_column();
        let mut separator = " AS (VALUES (";
        sql.push("WITH ").name(NEW);
        for (own, values) in rows {
            sql.push(separator).bind(own, key.kind);
            for (column, value) in columns.iter().zip(values) {
                sql.push(", ").bind(value, column.kind);
            }
            separator = "), (";
        }
        sql.push("))");
        // both databases name the columns of VALUES so
        if dialect == Dialect::Postgres {
            sql.push(", ").name(LOCKED).push(" AS (SELECT ").column(model.table, key.column);
            sql.push(" FROM ").name(model.table).push(" WHERE ").column(model.table, key.column);
            sql.push(" IN (SELECT ").column(NEW, "column1").push(" FROM ").name(NEW);
            sql.push(") ORDER BY ").column(model.table, key.column);
            sql.push(Lock::NoKeyUpdate.clause()).push(")");
        }
        sql.push(" UPDATE ").name(model.table).push(" SET ");
        let mut separator = "";
        for (place, column) in columns.iter().enumerate() {
            sql.push(separator).name(column.column).push(" = ");
            sql.column(NEW, &format!("column{}", place + 2));
            separator = ", ";
        }
        sql.push(" FROM ").name(NEW);
        if dialect == Dialect::Postgres {
            sql.push(" JOIN ").name(LOCKED).push(" ON ").column(LOCKED, key.column);
            sql.push(" = ").column(NEW, "column1");
        }
        let has_more = self.where_clause(&mut sql, &mut self.compiler());
        sql.push(if has_more { " AND " } else { " WHERE " });
        sql.column(model.table, key.column).push(" = ").column(NEW, "column1");
        sql
    }

    /// `DELETE FROM …` of the rows, which are not sliced.
    pub(crate) fn delete(&self, dialect: Dialect) -> Sql {
        let mut sql = Sql::new(dialect);
        sql.push("DELETE FROM ").name(self.model.table);
        self.where_clause(&mut sql, &mut self.compiler());
        sql
    }
}

/// Writes `LIMIT … OFFSET …`.
pub(crate) fn slice(sql: &mut Sql, limit: Option<i64>, offset: i64) {
    let dialect = sql.dialect();
    let number = |sql: &mut Sql, word: &str, number: i64| match dialect {
        // SQLite prepares a statement again when a bound LIMIT changes
        Dialect::Sqlite => {
            sql.push(word).push(&number.to_string());
        }
        Dialect::Postgres => {
            sql.push(word).bind(Value::Int(number), crate::db::ColumnKind::BigInt);
        }
    };
    if let Some(limit) = limit {
        number(sql, " LIMIT ", limit);
    }
    if offset > 0 {
        if limit.is_none() && dialect == Dialect::Sqlite {
            sql.push(" LIMIT -1");
        }
        number(sql, " OFFSET ", offset);
    }
}

/// Writes ` RETURNING columns`.
pub(crate) fn returning(sql: &mut Sql, model: &'static ModelMeta) {
    sql.push(" RETURNING ");
    columns(sql, model, model.table);
}

/// Writes the columns of a model, separated by commas.
pub(crate) fn columns(sql: &mut Sql, model: &'static ModelMeta, alias: &str) {
    for (index, column) in model.columns.iter().enumerate() {
        if index > 0 {
            sql.push(", ");
        }
        sql.column(alias, column.column);
    }
}

#[cfg(test)]
mod tests;
