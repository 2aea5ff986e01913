//! Joins: the tables that the values and the orders of a statement come from.

use std::borrow::Cow;

use crate::db::compile::own_key;
use crate::db::{Hop, Sql};

/// LEFT JOINs along the hops of paths, each way joined once.
#[derive(Debug, Default)]
pub(crate) struct Joins {
    clauses: Vec<Join>,
}

#[derive(Debug)]
struct Join {
    alias: String,
    outer: String,
    column: &'static str,
    table: &'static str,
    key: &'static str,
}

impl Joins {
    /// The alias of the table at the end of the hops; `None` when a hop leads to several rows.
    pub(crate) fn along<'t>(&mut self, table: &'t str, hops: &[Hop]) -> Option<Cow<'t, str>> {
        if hops.iter().any(Hop::is_many) { None } else { Some(self.across(table, hops)) }
    }

    /// The same, with a row for each of several rows that a hop leads to.
    pub(crate) fn across<'t>(&mut self, table: &'t str, hops: &[Hop]) -> Cow<'t, str> {
        let mut outer = Cow::Borrowed(table);
        for hop in hops {
            outer = match hop {
                Hop::Forward { column, to } => {
                    let to = to();
                    self.join(&outer, column.column, to.table, to.pk_column().column)
                }
                Hop::Reverse { from, column, .. } => {
                    let from = from();
                    self.join(&outer, own_key(from, column), from.table, column)
                }
                Hop::ManyToMany { through, source, target, from, to, .. } => {
                    let to = to();
                    let link = self.join(&outer, from().pk_column().column, through, source);
                    self.join(&link, target, to.table, to.pk_column().column)
                }
            }
            .into();
        }
        outer
    }

    /// The alias of `table`, whose `key` is the `column` of the outer one.
    fn join(
        &mut self,
        outer: &str,
        column: &'static str,
        table: &'static str,
        key: &'static str,
    ) -> String {
        let mut known = self.clauses.iter();
        let same = |join: &&Join| {
            join.outer == outer && join.column == column && join.table == table && join.key == key
        };
        if let Some(join) = known.find(same) {
            return join.alias.clone();
        }
        let alias = format!("T{}", self.clauses.len() + 1);
        let outer = outer.to_owned();
        self.clauses.push(Join { alias: alias.clone(), outer, column, table, key });
        alias
    }

    pub(crate) fn write(&self, sql: &mut Sql) {
        for join in &self.clauses {
            sql.push(" LEFT JOIN ").name(join.table).push(" ").name(&join.alias).push(" ON ");
            sql.column(&join.alias, join.key).push(" = ").column(&join.outer, join.column);
        }
    }
}
