//! Joins: the tables that the values and the orders of a statement come from.

use std::borrow::Cow;

use super::{Hop, ModelMeta, Sql};

/// LEFT JOINs along foreign keys, each way joined once.
#[derive(Debug, Default)]
pub(crate) struct Joins {
    clauses: Vec<Join>,
}

#[derive(Debug)]
struct Join {
    alias: String,
    outer: String,
    column: &'static str,
    to: &'static ModelMeta,
}

impl Joins {
    /// The alias of the table at the end of the hops; `None` when a hop leads to several rows.
    pub(crate) fn along<'t>(&mut self, table: &'t str, hops: &[Hop]) -> Option<Cow<'t, str>> {
        let mut outer = Cow::Borrowed(table);
        for hop in hops {
            let Hop::Forward { column, to } = hop else { return None };
            let column = column.column;
            let mut known = self.clauses.iter();
            if let Some(join) = known.find(|join| join.outer == outer && join.column == column) {
                outer = Cow::Owned(join.alias.clone());
                continue;
            }
            let alias = format!("T{}", self.clauses.len() + 1);
            let outer_alias = std::mem::replace(&mut outer, Cow::Owned(alias.clone())).into_owned();
            self.clauses.push(Join { alias, outer: outer_alias, column, to: to() });
        }
        Some(outer)
    }

    pub(crate) fn write(&self, sql: &mut Sql) {
        for join in &self.clauses {
            sql.push(" LEFT JOIN ").name(join.to.table).push(" ").name(&join.alias).push(" ON ");
            sql.column(&join.alias, join.to.pk_column().column).push(" = ");
            sql.column(&join.outer, join.column);
        }
    }
}
