//! From conditions and orders to SQL, in Django's own form for each database.

use std::borrow::Cow;
use std::sync::Arc;

use crate::db::comparisons::{Right, compare, compare_json_with};
use crate::db::joins::Joins;
use crate::db::json::JsonSide;
use crate::db::{
    Annotated, AnnotationMeta, ColumnMeta, Computed, Dialect, Hop, Leaf, Lookup, ModelMeta,
    Operand, OrderTerm, Path, Predicate, Sql,
};
use crate::values::Value;

/// Writes conditions, values and orders; counts the aliases it has given out.
#[derive(Debug, Default)]
pub(crate) struct Compiler {
    aliases: usize,
    /// The rows that lookups inside an `Exists` are about: the way to them, and their alias.
    pub(super) found: Vec<(Vec<Hop>, String)>,
    /// What the query set gives for annotations of its own model, and the table of that.
    annotated: Option<(&'static str, Annotated)>,
    pub(super) scope: Scope,
}

/// Where in a statement something is written.
#[derive(Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each says what one kind of place is like")]
pub(super) struct Scope {
    /// The joined tables that paths lead to; where there are none, each path is a sub-select.
    pub(super) joins: Option<Joins>,
    /// True where an aggregate is one of the rows, and not one of those related to a row.
    pub(super) over_rows: bool,
    /// True where a condition along a relation to many is one on each of the joined rows.
    pub(super) each: bool,
    /// True inside a negation that keeps the nulls of computed values: those of others are false.
    pub(super) negated: bool,
    /// True in an order.
    pub(super) sorts: bool,
}

impl Scope {
    /// Among the values of a SELECT.
    pub(super) fn values() -> Self {
        Self { joins: Some(Joins::default()), ..Self::default() }
    }

    /// Among what is read of groups of rows.
    pub(super) fn over_rows() -> Self {
        Self { joins: Some(Joins::default()), over_rows: true, each: true, ..Self::default() }
    }
}

impl Compiler {
    /// For the conditions of a scope, which stand in a statement that has aliases already.
    pub(crate) fn of_scope() -> Self {
        Self { aliases: 100, ..Self::default() }
    }

    /// For the rows of a table, with what a query set gives for its annotations.
    pub(crate) fn new(table: &'static str, annotated: &Annotated) -> Self {
        let annotated = (!annotated.is_empty()).then(|| (table, annotated.clone()));
        Self { annotated, ..Self::default() }
    }

    /// What the query set gives for an annotation of a table's rows.
    pub(super) fn given(
        &self,
        table: &str,
        annotation: &'static AnnotationMeta,
    ) -> Option<Arc<Computed>> {
        let (own, annotated) = self.annotated.as_ref()?;
        annotated.get(annotation, *own != table).cloned()
    }

    pub(super) fn alias(&mut self) -> String {
        self.aliases += 1;
        format!("U{}", self.aliases)
    }

    /// Writes something in another place of the statement; returns what became of that.
    pub(super) fn inside(&mut self, scope: Scope, write: impl FnOnce(&mut Self)) -> Scope {
        let outer = std::mem::replace(&mut self.scope, scope);
        write(self);
        std::mem::replace(&mut self.scope, outer)
    }

    /// Writes the joins that the values and orders so far have asked for.
    pub(crate) fn write_joins(&self, sql: &mut Sql) {
        if let Some(joins) = &self.scope.joins {
            joins.write(sql);
        }
    }

    /// All the conditions on the rows of a table; `TRUE` when there is none.
    pub(crate) fn all(&mut self, sql: &mut Sql, conditions: &[Predicate], table: &str) {
        if conditions.iter().any(Predicate::is_windowed) {
            return self.qualified(sql, conditions, table);
        }
        self.inside(Scope::default(), |own| own.join(sql, conditions, table, " AND ", "1 = 1"));
    }

    /// Conditions some of which are about a window of rows: those are looked at where the others have
    /// chosen the rows, as Django does it.
    fn qualified(&mut self, sql: &mut Sql, conditions: &[Predicate], table: &str) {
        let (late, early): (Vec<_>, Vec<_>) =
            conditions.iter().cloned().partition(Predicate::is_windowed);
        let Some(model) = late.iter().find_map(Predicate::windowed_model) else { return };
        let (key, alias) = (model.pk_column().column, self.alias());
        let mut which = Sql::new(sql.dialect());
        let scope = self.inside(Scope::values(), |own| {
            own.join(&mut which, &late, table, " AND ", "1 = 1");
        });
        sql.column(table, key).push(" IN (SELECT ").column(&alias, "key").push(" FROM (SELECT ");
        sql.column(table, key).push(" AS ").name("key").push(", (").append(which).push(") AS ");
        sql.name("qualifies").push(" FROM ").name(table);
        if let Some(joins) = scope.joins {
            joins.write(sql);
        }
        sql.push(" WHERE ");
        self.all(sql, &early, table);
        sql.push(") ").name(&alias).push(" WHERE ").column(&alias, "qualifies").push(")");
    }

    pub(super) fn join(
        &mut self,
        sql: &mut Sql,
        items: &[Predicate],
        table: &str,
        word: &str,
        empty: &str,
    ) {
        if items.is_empty() {
            sql.push(empty);
        }
        for (index, item) in items.iter().enumerate() {
            if index > 0 {
                sql.push(word);
            }
            self.condition(sql, item, table);
        }
    }

    pub(super) fn condition(&mut self, sql: &mut Sql, condition: &Predicate, table: &str) {
        match condition {
            Predicate::Lookup { .. }
            | Predicate::Typed(_)
            | Predicate::Within(_)
            | Predicate::Scope(_)
                if self.scope.negated && !condition.is_computed() =>
            {
                self.scope.negated = false;
                sql.push("COALESCE(");
                self.condition(sql, condition, table);
                sql.push(no(sql.dialect()));
                self.scope.negated = true;
            }
            Predicate::Lookup { path, lookup, operand } => {
                let found = self.found.iter().rev().find(|(way, _)| leads(way, &path.hops));
                let (walked, start) = match found {
                    Some((way, alias)) => (way.len(), Cow::Owned(alias.clone())),
                    None => (0, Cow::Borrowed(table)),
                };
                let rest = path.hops.get(walked..).unwrap_or_default();
                let right = match operand {
                    Operand::Expression(computed) => {
                        let mut right = Sql::new(sql.dialect());
                        self.expr(&mut right, &computed.expr, table);
                        Right::Computed(right)
                    }
                    operand => Right::Given(operand),
                };
                self.lookup(sql, path, rest, *lookup, &right, &start);
            }
            Predicate::Exists { hops, inner } => {
                let mut alias = table.to_owned();
                for hop in hops {
                    alias = self.open(sql, hop, &alias);
                }
                self.found.push((hops.clone(), alias));
                self.inside(Scope::default(), |own| own.condition(sql, inner, table));
                self.found.pop();
                sql.push(&")".repeat(hops.len()));
            }
            Predicate::All(items) => {
                sql.push("(");
                self.join(sql, items, table, " AND ", "1 = 1");
                sql.push(")");
            }
            Predicate::Any(items) => {
                sql.push("(");
                self.join(sql, items, table, " OR ", "1 = 0");
                sql.push(")");
            }
            Predicate::Not(inner) if inner.is_computed() => {
                // as Django has it, the opposite of a null that was computed is null
                sql.push("NOT (");
                let outer = std::mem::replace(&mut self.scope.negated, true);
                self.condition(sql, inner, table);
                self.scope.negated = outer;
                sql.push(")");
            }
            Predicate::Not(inner) => {
                // COALESCE: a comparison with NULL inside counts as false, so its opposite holds
                sql.push("NOT COALESCE(");
                self.condition(sql, inner, table);
                sql.push(no(sql.dialect()));
            }
            Predicate::Holds(computed) => self.expr(sql, &computed.expr, table),
            Predicate::Typed(node) => {
                sql.push("(").node(node).push(")");
            }
            Predicate::Within(rows) => {
                sql.column(table, rows.model.pk_column().column).push(" IN (");
                sql.append(rows.rows(sql.dialect())).push(")");
            }
            Predicate::Scope(scope) => {
                sql.push("(").scope(*scope, table).push(")");
            }
        }
    }

    fn lookup(
        &mut self,
        sql: &mut Sql,
        path: &Path,
        hops: &[Hop],
        lookup: Lookup,
        right: &Right<'_>,
        table: &str,
    ) {
        if let ([], Leaf::Column(column)) = (hops, &path.leaf) {
            let lhs = |sql: &mut Sql| {
                sql.column(table, column.column);
            };
            return compare(sql, lhs, column.kind, lookup, right);
        }
        if let ([], Leaf::Json(column, keys)) = (hops, &path.leaf) {
            let lhs = |sql: &mut Sql| {
                sql.column(table, column.column);
            };
            return compare_json_with(sql, &JsonSide { column: lhs, keys }, lookup, right);
        }
        let is_joined = self.scope.joins.is_some() && (self.scope.each || !path.is_many());
        if is_joined || hops.is_empty() {
            let mut value = Sql::new(sql.dialect());
            // keys are written with their comparison
            let (path, keys) = match &path.leaf {
                Leaf::Json(column, keys) => {
                    let whole = Path { leaf: Leaf::Column(column), ..path.clone() };
                    (Cow::Owned(whole), Some(keys))
                }
                _ => (Cow::Borrowed(path), None),
            };
            if hops.len() == path.hops.len() {
                self.value(&mut value, &path, table);
            } else {
                self.end(&mut value, hops, &path.leaf, table);
            }
            let lhs = |sql: &mut Sql| {
                sql.append(value.clone());
            };
            if let Some(keys) = keys {
                return compare_json_with(sql, &JsonSide { column: lhs, keys }, lookup, right);
            }
            return compare(sql, lhs, path.kind(), lookup, right);
        }
        let Some((hop, rest)) = hops.split_first() else { return };
        // "no related row" is no row of a sub-select, and a NULL key is in none
        if lookup == Lookup::IsNull
            && matches!(right, Right::Given(Operand::One(Value::Bool(true))))
        {
            sql.push("NOT COALESCE(");
            let not_null = Operand::One(Value::Bool(false));
            self.lookup(sql, path, hops, lookup, &Right::Given(&not_null), table);
            sql.push(no(sql.dialect()));
            return;
        }
        let inner = self.open(sql, hop, table);
        self.inside(Scope::default(), |own| {
            own.lookup(sql, path, rest, lookup, right, &inner);
        });
        sql.push(")");
    }

    /// Writes `key IN (SELECT … WHERE ` for one hop and returns the alias of the far table.
    fn open(&mut self, sql: &mut Sql, hop: &Hop, table: &str) -> String {
        let inner = self.alias();
        match hop {
            Hop::Forward { column, to } => {
                let to = to();
                sql.column(table, column.column).push(" IN (SELECT ");
                sql.column(&inner, to.pk_column().column).push(" FROM ").name(to.table);
                sql.push(" ").name(&inner).push(" WHERE ");
            }
            Hop::Reverse { from, column, .. } => {
                let from = from();
                sql.column(table, own_key(from, column)).push(" IN (SELECT ");
                sql.column(&inner, column).push(" FROM ").name(from.table);
                sql.push(" ").name(&inner).push(" WHERE ");
            }
            Hop::ManyToMany { through, source, target, from, to, .. } => {
                let to = to();
                let link = self.alias();
                sql.column(table, from().pk_column().column)
                    .push(" IN (SELECT ")
                    .column(&link, source);
                sql.push(" FROM ").name(through).push(" ").name(&link).push(" INNER JOIN ");
                sql.name(to.table).push(" ").name(&inner).push(" ON ");
                sql.column(&inner, to.pk_column().column).push(" = ").column(&link, target);
                sql.push(" WHERE ");
            }
        }
        inner
    }
}

/// True when a way starts with another one.
fn leads(start: &[Hop], way: &[Hop]) -> bool {
    start.len() <= way.len() && start.iter().zip(way).all(|(a, b)| a.is_same(b))
}

/// The end of `COALESCE(…` that makes NULL false.
fn no(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Sqlite => ", 0)",
        Dialect::Postgres => ", FALSE)",
    }
}

/// The column that a foreign key of another model points at.
pub(crate) fn own_key(from: &'static ModelMeta, column: &str) -> &'static str {
    from.column(column)
        .and_then(|column| column.references)
        .map_or("id", |model| model().pk_column().column)
}

/// The default order of a model as terms.
pub(crate) fn default_order(
    meta: &'static ModelMeta,
    model: fn() -> &'static ModelMeta,
) -> Vec<OrderTerm> {
    meta.ordering
        .iter()
        .filter_map(|&(index, descending)| {
            let column: &'static ColumnMeta = meta.columns.get(index)?;
            let path = Path { model, hops: Vec::new(), leaf: Leaf::Column(column) };
            Some(OrderTerm::new(path, descending))
        })
        .collect()
}

#[cfg(test)]
mod tests;
