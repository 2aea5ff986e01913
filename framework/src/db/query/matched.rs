//! From rows that match a row of another statement to SQL: sub-queries with tables of their own.

use crate::db::comparisons::operator;
use crate::db::compile::{Compiler, Scope};
use crate::db::joins::Joins;
use crate::db::{Expr, Matched, OfMatched, Sql};

impl Compiler {
    /// `(SELECT … FROM … WHERE …)` about the rows that match the row of `table`.
    pub(super) fn matched(&mut self, sql: &mut Sql, matched: &Matched, table: &str) {
        let dialect = sql.dialect();
        // what is compared belongs to the row outside
        let compared = |own: &mut Self, expr: &Expr| {
            let mut value = Sql::new(dialect);
            own.expr(&mut value, expr, table);
            value
        };
        let outer: Vec<Sql> =
            matched.matches.iter().map(|(_, _, expr)| compared(self, expr)).collect();
        let outside = std::mem::take(&mut self.found);
        let rows = self.alias();
        let joins = Some(Joins::inside(self.alias()));
        let (mut what, mut only, mut order) =
            (Sql::new(dialect), Sql::new(dialect), Sql::new(dialect));
        let scope = self.inside(Scope { joins, ..Scope::default() }, |own| {
            match &matched.what {
                OfMatched::Exists => {
                    what.push("1");
                }
                OfMatched::First(path, terms) => {
                    own.value(&mut what, path, &rows);
                    let mut word = " ORDER BY ";
                    for term in terms.iter().filter(|term| !term.path.is_many()) {
                        order.push(std::mem::replace(&mut word, ", "));
                        own.order_term(&mut order, term, &rows);
                    }
                    order.push(" LIMIT 1");
                }
                OfMatched::Aggregate(call) => own.aggregate(&mut what, call, &rows),
            }
            for ((path, how, _), value) in matched.matches.iter().zip(outer) {
                own.value(&mut only, path, &rows);
                only.push(operator(*how)).append(value).push(" AND ");
            }
        });
        self.all(&mut only, &matched.conditions, &rows);
        self.found = outside;
        sql.push(if matches!(matched.what, OfMatched::Exists) {
            "EXISTS(SELECT "
        } else {
            "(SELECT "
        });
        sql.append(what).push(" FROM ").name(matched.model.table).push(" ").name(&rows);
        if let Some(joins) = scope.joins {
            joins.write(sql);
        }
        sql.push(" WHERE ").append(only).append(order).push(")");
    }
}
