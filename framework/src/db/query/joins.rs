//! Joins: the tables that the values and the orders of a statement come from.

use std::borrow::Cow;

use crate::db::compile::own_key;
use crate::db::{Hop, Leaf, Path, Sql};

/// LEFT JOINs along the hops of paths, each way joined once.
#[derive(Debug)]
pub(crate) struct Joins {
    /// What the aliases are called; those of a sub-select have a name that no other has.
    name: Cow<'static, str>,
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

impl Default for Joins {
    fn default() -> Self {
        Self { name: Cow::Borrowed("T"), clauses: Vec::new() }
    }
}

impl Joins {
    /// Those of a sub-select: the first table is called so, the others with a number behind it.
    pub(crate) fn inside(name: String) -> Self {
        Self { name: Cow::Owned(name), clauses: Vec::new() }
    }

    /// The key at the end of a relation through a link table, which the link holds, too: its alias
    /// and its column; `None` for any other path.
    pub(crate) fn link(&mut self, table: &str, path: &Path) -> Option<(String, &'static str)> {
        let (last, before) = path.hops.split_last()?;
        let (Hop::ManyToMany { through, source, target, from, to, .. }, Leaf::Column(column)) =
            (last, &path.leaf)
        else {
            return None;
        };
        if column.column != to().pk_column().column {
            return None;
        }
        let outer = self.across(table, before);
        Some((self.join(&outer, from().pk_column().column, through, source), target))
    }

    /// True when one table is joined and no other.
    pub(crate) fn is_single(&self) -> bool {
        self.clauses.len() == 1
    }

    /// The alias of the table at the end of the hops, with a row for each of several rows that a hop
    /// leads to.
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
        let alias = match self.clauses.len() {
            0 if self.name != "T" => self.name.clone().into_owned(),
            before if self.name != "T" => format!("{}_{}", self.name, before + 1),
            before => format!("T{}", before + 1),
        };
        let outer = outer.to_owned();
        self.clauses.push(Join { alias: alias.clone(), outer, column, table, key });
        alias
    }

    /// Writes the joins.
    pub(crate) fn write(&self, sql: &mut Sql) {
        Self::write_all(sql, &self.clauses.iter().collect::<Vec<_>>());
    }

    /// Writes ` FROM … WHERE …` of a sub-select about the rows that a row of `outer` leads to, up to
    /// where another condition may follow.
    pub(crate) fn write_from(&self, sql: &mut Sql, outer: &str) {
        let (first, others): (Vec<&Join>, Vec<&Join>) =
            self.clauses.iter().partition(|join| join.outer == outer);
        let [first] = first.as_slice() else {
            // no row of one table leads to all the others
            sql.push(" FROM (SELECT 1) ").name(&format!("{}_0", self.name));
            self.write(sql);
            sql.push(" WHERE 1 = 1");
            return;
        };
        sql.push(" FROM ").name(first.table).push(" ").name(&first.alias);
        Self::write_all(sql, &others);
        sql.push(" WHERE ").column(&first.alias, first.key);
        sql.push(" = ").column(&first.outer, first.column);
    }

    fn write_all(sql: &mut Sql, clauses: &[&Join]) {
        for join in clauses {
            sql.push(" LEFT JOIN ").name(join.table).push(" ").name(&join.alias).push(" ON ");
            sql.column(&join.alias, join.key).push(" = ").column(&join.outer, join.column);
        }
    }
}
