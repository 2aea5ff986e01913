//! From the values of rows, stored and computed, to SQL.

use crate::db::comparisons::date_part;
use crate::db::compile::{Compiler, Scope};
use crate::db::joins::Joins;
use crate::db::json::JsonSide;
use crate::db::{
    About, AggregateCall, Call, ColumnKind, DatePart, Dialect, Expr, Function, Hop, Infix, Leaf,
    OrderTerm, Path, Predicate, Related, Sql, Truncated,
};

impl Compiler {
    /// The value at the end of a path that starts at `table`.
    pub(crate) fn value(&mut self, sql: &mut Sql, path: &Path, table: &str) {
        let link = self.scope.joins.as_mut().and_then(|joins| joins.link(table, path));
        if let Some((alias, column)) = link {
            sql.column(&alias, column);
            return;
        }
        self.end(sql, &path.hops, &path.leaf, table);
    }

    /// One term of an order.
    pub(crate) fn order_term(&mut self, sql: &mut Sql, term: &OrderTerm, table: &str) {
        let sorts = std::mem::replace(&mut self.scope.sorts, true);
        self.value(sql, &term.path, table);
        self.scope.sorts = sorts;
        sql.push(term.direction());
    }

    /// The value of a leaf behind some hops.
    pub(super) fn end(&mut self, sql: &mut Sql, hops: &[Hop], leaf: &Leaf, table: &str) {
        if hops.is_empty() {
            self.leaf(sql, leaf, table);
        } else if let Some(joins) = &mut self.scope.joins {
            let alias = joins.across(table, hops);
            self.leaf(sql, leaf, &alias);
        } else {
            self.sub_select(sql, table, None, |own, sql| {
                own.end(sql, hops, leaf, table);
                None
            });
        }
    }

    fn leaf(&mut self, sql: &mut Sql, leaf: &Leaf, alias: &str) {
        match leaf {
            Leaf::Column(column) => {
                sql.column(alias, column.column);
            }
            // an aggregate that is a value of a row is not one of the rows
            Leaf::Annotation(annotation) => {
                let given = self.given(alias, annotation);
                let computed = given.as_ref().unwrap_or_else(|| annotation.computed());
                let over_rows = std::mem::replace(&mut self.scope.over_rows, false);
                self.expr(sql, &computed.expr, alias);
                self.scope.over_rows = over_rows;
            }
            Leaf::Expression(computed) => self.expr(sql, &computed.expr, alias),
            Leaf::Json(column, keys) => {
                let lhs = |sql: &mut Sql| {
                    sql.column(alias, column.column);
                };
                let side = JsonSide { column: lhs, keys };
                // sorted as Django sorts, and read as JSON
                if self.scope.sorts { side.plain(sql) } else { side.value(sql) }
            }
        }
    }

    /// `(SELECT … FROM …)` over the rows that a row of `table` leads to; `write` writes what is read
    /// of them, along joins, and returns what stands behind the conditions.
    fn sub_select(
        &mut self,
        sql: &mut Sql,
        table: &str,
        condition: Option<&Predicate>,
        write: impl FnOnce(&mut Self, &mut Sql) -> Option<Sql>,
    ) {
        let dialect = sql.dialect();
        let (mut what, mut only, mut end) = (Sql::new(dialect), None, None);
        let joins = Joins::inside(self.alias());
        let scope = Scope { joins: Some(joins), each: true, ..Scope::default() };
        let scope = self.inside(scope, |own| {
            end = write(own, &mut what);
            only = condition.map(|condition| {
                let mut only = Sql::new(dialect);
                own.condition(&mut only, condition, table);
                only
            });
        });
        sql.push("(SELECT ").append(what);
        if let Some(joins) = scope.joins {
            joins.write_from(sql, table);
        }
        if let Some(only) = only {
            sql.push(" AND ").append(only);
        }
        if let Some(end) = end {
            sql.append(end);
        }
        sql.push(")");
    }

    /// An expression over the rows of `table`.
    pub(crate) fn expr(&mut self, sql: &mut Sql, expr: &Expr, table: &str) {
        match expr {
            Expr::Path(path) => self.value(sql, path, table),
            Expr::Value(value, kind) => {
                sql.bind(value.clone(), *kind);
            }
            Expr::Aggregate(aggregate) if self.scope.over_rows => {
                self.aggregate(sql, aggregate, table);
            }
            Expr::Aggregate(aggregate) => self.aggregate_of_related(sql, aggregate, table),
            Expr::Related(related) => self.related(sql, related, table),
            Expr::Matched(matched) => self.matched(sql, matched, table),
            Expr::Call(call, arguments) => self.call(sql, *call, arguments, table),
            Expr::Named(name, arguments) => {
                sql.push(name).push("(");
                self.arguments(sql, arguments, table);
                sql.push(")");
            }
            Expr::Infix(operator, sides) => {
                let is_real = *operator == Infix::Ratio && sql.dialect() == Dialect::Sqlite;
                sql.push(if is_real { "(CAST(" } else { "(" });
                self.expr(sql, &sides.0, table);
                sql.push(if is_real { " AS real)" } else { "" });
                sql.push(match operator {
                    Infix::Add => " + ",
                    Infix::Sub => " - ",
                    Infix::Mul => " * ",
                    // a division by zero is null, as it is on SQLite anyway
                    Infix::Div | Infix::Ratio => " / NULLIF(",
                    Infix::Rest => " % NULLIF(",
                });
                self.expr(sql, &sides.1, table);
                let divides = matches!(operator, Infix::Div | Infix::Ratio | Infix::Rest);
                sql.push(if divides { ", 0))" } else { ")" });
            }
            Expr::Case(branches, otherwise) => {
                sql.push("CASE");
                for (condition, then) in branches {
                    sql.push(" WHEN ");
                    self.condition(sql, condition, table);
                    sql.push(" THEN ");
                    self.expr(sql, then, table);
                }
                if let Some(otherwise) = otherwise {
                    sql.push(" ELSE ");
                    self.expr(sql, otherwise, table);
                }
                sql.push(" END");
            }
            Expr::Cast(inner, kind) => {
                sql.push("CAST(");
                self.expr(sql, inner, table);
                let name = type_name(*kind, sql.dialect());
                sql.push(" AS ").push(name).push(")");
            }
            Expr::Part(part, inner, kind) => {
                let mut value = Sql::new(sql.dialect());
                self.expr(&mut value, inner, table);
                let is_number = !matches!(part, DatePart::Date | DatePart::Time);
                sql.push(if is_number { "CAST(" } else { "" });
                let lhs = |sql: &mut Sql| {
                    sql.append(value.clone());
                };
                date_part(sql, lhs, *kind, *part);
                sql.push(if is_number { " AS bigint)" } else { "" });
            }
            Expr::Trunc(to, inner, kind) => {
                let mut value = Sql::new(sql.dialect());
                self.expr(&mut value, inner, table);
                truncated(sql, value, *to, *kind);
            }
            Expr::Condition(condition) => {
                sql.push("(");
                self.condition(sql, condition, table);
                sql.push(")");
            }
            Expr::Raw(text, arguments) => self.raw(sql, text, arguments, table),
            Expr::Json(names, values) => self.json(sql, names.as_deref(), values, table),
            Expr::Window(windowed) => self.window(sql, windowed, table),
            Expr::Postgres(what, inner) => {
                if sql.dialect() == Dialect::Sqlite {
                    sql.refuse(what);
                }
                self.expr(sql, inner, table);
            }
        }
    }

    /// An expression as the new value of a column. What `PostgreSQL` converts to the column's type,
    /// or refuses, is converted or refused here on `SQLite`, whose columns take any number.
    pub(crate) fn assigned(&mut self, sql: &mut Sql, expr: &Expr, kind: ColumnKind, table: &str) {
        let (least, most) = match (sql.dialect(), kind) {
            (Dialect::Sqlite, ColumnKind::SmallInt) => (i64::from(i16::MIN), i64::from(i16::MAX)),
            (Dialect::Sqlite, ColumnKind::Integer) => (i64::from(i32::MIN), i64::from(i32::MAX)),
            (Dialect::Sqlite, ColumnKind::BigInt) => (i64::MIN, i64::MAX),
            (Dialect::Sqlite, ColumnKind::Decimal { places, .. }) => {
                sql.push("ROUND(");
                self.expr(sql, expr, table);
                sql.push(&format!(", {places})"));
                return;
            }
            _ => return self.expr(sql, expr, table),
        };
        let mut value = Sql::new(sql.dialect());
        self.expr(&mut value, expr, table);
        // the absolute value of the least integer is an error: "integer overflow"
        sql.push("CASE WHEN ").append(value.clone());
        sql.push(&format!(
            " NOT BETWEEN {least} AND {most} THEN ABS(-9223372036854775807 - 1) ELSE "
        ));
        sql.append(value).push(" END");
    }

    /// The alias of the table at the end of the hops, joined.
    pub(super) fn across(&mut self, table: &str, hops: &[Hop]) -> String {
        match &mut self.scope.joins {
            Some(joins) => joins.across(table, hops).into_owned(),
            None => table.to_owned(),
        }
    }

    /// An aggregate of the rows of the statement.
    pub(super) fn aggregate(&mut self, sql: &mut Sql, aggregate: &AggregateCall, table: &str) {
        self.filtered_call(sql, aggregate, table);
        close_cast(sql, aggregate);
    }

    /// The call with its condition, and without the end of its cast.
    pub(super) fn filtered_call(&mut self, sql: &mut Sql, aggregate: &AggregateCall, table: &str) {
        let outer = (self.scope.over_rows, self.scope.each);
        (self.scope.over_rows, self.scope.each) = (false, true);
        self.aggregate_call(sql, aggregate, table);
        if let Some(condition) = &aggregate.condition {
            sql.push(" FILTER (WHERE ");
            self.condition(sql, condition, table);
            sql.push(")");
        }
        (self.scope.over_rows, self.scope.each) = outer;
    }

    /// An aggregate of the rows that one row is related to.
    fn aggregate_of_related(&mut self, sql: &mut Sql, aggregate: &AggregateCall, table: &str) {
        if !aggregate.is_many() {
            // of the row itself, which a sub-select has to read again to aggregate it
            let (model, own) = ((aggregate.model)(), self.alias());
            let key = model.pk_column().column;
            let mut call = Sql::new(sql.dialect());
            let scope = Scope { joins: Some(Joins::inside(self.alias())), ..Scope::default() };
            let scope = self.inside(scope, |inner| inner.aggregate(&mut call, aggregate, &own));
            sql.push("(SELECT ").append(call).push(" FROM ").name(model.table).push(" ").name(&own);
            if let Some(joins) = scope.joins {
                joins.write(sql);
            }
            sql.push(" WHERE ").column(&own, key).push(" = ").column(table, key).push(")");
            return;
        }
        self.sub_select(sql, table, aggregate.condition.as_ref(), |own, sql| {
            let mut call = Sql::new(sql.dialect());
            own.aggregate_call(&mut call, aggregate, table);
            close_cast(&mut call, aggregate);
            let is_single = own.scope.joins.as_ref().is_some_and(Joins::is_single);
            if is_single && aggregate.counts_keys() {
                sql.push("COUNT(*)");
            } else {
                sql.append(call);
            }
            None
        });
    }

    /// The call alone, without its condition.
    fn aggregate_call(&mut self, sql: &mut Sql, aggregate: &AggregateCall, table: &str) {
        if cast_of(aggregate, sql.dialect()).is_some() {
            sql.push("CAST(");
        }
        let dialect = sql.dialect();
        sql.push(match (aggregate.function, dialect) {
            (Function::Count, _) => "COUNT",
            (Function::Sum, _) => "SUM",
            (Function::Avg, _) => "AVG",
            (Function::Min, _) => "MIN",
            (Function::Max, _) => "MAX",
            (Function::Array, _) => "ARRAY_AGG",
            (Function::Text, Dialect::Sqlite) => "GROUP_CONCAT",
            (Function::Text, Dialect::Postgres) => "STRING_AGG",
            (Function::Named(name), _) => name,
        });
        if aggregate.function == Function::Array && dialect == Dialect::Sqlite {
            sql.refuse("`ArrayAgg`");
        }
        if aggregate.function == Function::Text && aggregate.distinct && dialect == Dialect::Sqlite
        {
            // which takes no separator there
            sql.refuse("`StringAgg` of distinct values");
        }
        sql.push("(");
        if aggregate.distinct {
            sql.push("DISTINCT ");
        }
        match &aggregate.argument {
            None => {
                sql.push("*");
            }
            Some(argument) => self.expr(sql, argument, table),
        }
        for more in &aggregate.more {
            sql.push(", ");
            self.expr(sql, more, table);
        }
        let mut word = " ORDER BY ";
        for term in &aggregate.order {
            sql.push(word);
            self.order_term(sql, term, table);
            word = ", ";
        }
        sql.push(")");
    }

    /// A key as a column of text holds it.
    fn key_text(&mut self, sql: &mut Sql, key: &Expr, table: &str) {
        let mut value = Sql::new(sql.dialect());
        self.expr(&mut value, key, table);
        let is_uuid = matches!(key, Expr::Path(path) if path.kind() == ColumnKind::Uuid);
        if sql.dialect() == Dialect::Postgres || !is_uuid {
            let name = type_name(ColumnKind::Text, sql.dialect());
            sql.push("CAST(").append(value).push(" AS ").push(name).push(")");
            return;
        }
        // a UUID is stored without hyphens
        let mut before = "(";
        for (start, length) in [(1, 8), (9, 4), (13, 4), (17, 4), (21, 12)] {
            sql.push(before).push("SUBSTR(").append(value.clone());
            sql.push(&format!(", {start}, {length})"));
            before = " || '-' || ";
        }
        sql.push(")");
    }

    fn related(&mut self, sql: &mut Sql, related: &Related, table: &str) {
        let (path, condition) = (&related.path, related.condition.as_ref());
        match &related.what {
            About::Exists => {
                // the value is not null, of a relation its key
                let there = Predicate::new(
                    path.clone(),
                    crate::db::Lookup::IsNull,
                    crate::values::Value::Bool(false),
                );
                let condition = match condition {
                    Some(condition) => there.and(condition.clone()),
                    None => there,
                };
                sql.push("EXISTS");
                self.sub_select(sql, table, Some(&condition), |_, sql| {
                    sql.push("1");
                    None
                });
            }
            About::First(terms) => {
                self.sub_select(sql, table, condition, |own, sql| {
                    own.value(sql, path, table);
                    let mut order = Sql::new(sql.dialect());
                    for (index, term) in terms.iter().enumerate() {
                        order.push(if index == 0 { " ORDER BY " } else { ", " });
                        own.order_term(&mut order, term, table);
                    }
                    order.push(" LIMIT 1");
                    Some(order)
                });
            }
        }
    }

    pub(super) fn arguments(&mut self, sql: &mut Sql, arguments: &[Expr], table: &str) {
        for (index, argument) in arguments.iter().enumerate() {
            sql.push(if index == 0 { "" } else { ", " });
            self.expr(sql, argument, table);
        }
    }

    fn call(&mut self, sql: &mut Sql, call: Call, arguments: &[Expr], table: &str) {
        let dialect = sql.dialect();
        if call == Call::KeyText {
            return arguments.iter().for_each(|key| self.key_text(sql, key, table));
        }
        if call == Call::Concat {
            let mut separator = "(";
            for argument in arguments {
                sql.push(separator).push("COALESCE(");
                self.expr(sql, argument, table);
                sql.push(", '')");
                separator = " || ";
            }
            sql.push(")");
            return;
        }
        if matches!(call, Call::Greatest | Call::Least) && dialect == Dialect::Postgres {
            // it passes over nulls there; on SQLite one makes the result null
            sql.push("CASE WHEN ");
            let mut separator = "";
            for argument in arguments {
                sql.push(separator);
                self.expr(sql, argument, table);
                sql.push(" IS NOT NULL");
                separator = " AND ";
            }
            sql.push(" THEN ");
        }
        sql.push(match (call, dialect) {
            (Call::Abs, _) => "ABS(",
            (Call::Coalesce, _) => "COALESCE(",
            (Call::Greatest, Dialect::Sqlite) => "MAX(",
            (Call::Greatest, Dialect::Postgres) => "GREATEST(",
            (Call::Least, Dialect::Sqlite) => "MIN(",
            (Call::Least, Dialect::Postgres) => "LEAST(",
            (Call::Length, _) => "LENGTH(",
            (Call::Lower, _) => "LOWER(",
            (Call::NullIf, _) => "NULLIF(",
            // in the form of a stored moment
            (Call::Now, Dialect::Sqlite) => "STRFTIME('%Y-%m-%d %H:%M:%f', 'now'",
            (Call::Now, Dialect::Postgres) => "STATEMENT_TIMESTAMP(",
            (Call::Replace, _) => "REPLACE(",
            (Call::Round, _) => "ROUND(",
            (Call::StrIndex, Dialect::Sqlite) => "INSTR(",
            (Call::StrIndex, Dialect::Postgres) => "STRPOS(",
            (Call::Substr, _) => "SUBSTR(",
            (Call::Trim, _) => "TRIM(",
            (Call::Upper, _) => "UPPER(",
            (Call::Concat | Call::KeyText, _) => "(",
        });
        self.arguments(sql, arguments, table);
        sql.push(")");
        if matches!(call, Call::Greatest | Call::Least) && dialect == Dialect::Postgres {
            sql.push(" END");
        }
    }
}

/// What PostgreSQL widens and SQLite does not: the sum of `bigint` is `numeric` there.
fn cast_of(aggregate: &AggregateCall, dialect: Dialect) -> Option<&'static str> {
    if let Function::Named(_) = aggregate.function {
        return Some(match (aggregate.kind, dialect) {
            (ColumnKind::Bool, _) => " AS bool)",
            (ColumnKind::Integer, _) => " AS integer)",
            (ColumnKind::BigInt, _) => " AS bigint)",
            (ColumnKind::Float, Dialect::Sqlite) => " AS real)",
            (ColumnKind::Float, Dialect::Postgres) => " AS double precision)",
            (ColumnKind::Numeric, _) => " AS numeric)",
            _ => " AS text)",
        });
    }
    let exact = matches!(aggregate.of, ColumnKind::Decimal { .. } | ColumnKind::Numeric);
    match (dialect, aggregate.function) {
        (Dialect::Postgres, Function::Sum) if aggregate.kind == ColumnKind::BigInt => {
            Some(" AS bigint)")
        }
        (Dialect::Postgres, Function::Avg) if !exact => Some(" AS double precision)"),
        _ => None,
    }
}

pub(super) fn close_cast(sql: &mut Sql, aggregate: &AggregateCall) {
    let cast = cast_of(aggregate, sql.dialect());
    sql.push(cast.unwrap_or_default());
}

pub(crate) fn type_name(kind: ColumnKind, dialect: Dialect) -> &'static str {
    match (kind, dialect) {
        (ColumnKind::SmallInt, _) => "smallint",
        (ColumnKind::Integer, _) => "integer",
        (ColumnKind::BigInt, _) | (ColumnKind::Duration, Dialect::Sqlite) => "bigint",
        (ColumnKind::Float, Dialect::Sqlite) => "real",
        (ColumnKind::Float, Dialect::Postgres) => "double precision",
        (ColumnKind::Bool, _) => "bool",
        // nothing is cast to an array
        (ColumnKind::Text | ColumnKind::Array(_), _)
        | (ColumnKind::Json | ColumnKind::Ip, Dialect::Sqlite) => "text",
        (ColumnKind::Decimal { .. } | ColumnKind::Numeric, _) => "numeric",
        (ColumnKind::DateTime, Dialect::Sqlite) => "datetime",
        (ColumnKind::DateTime, Dialect::Postgres) => "timestamptz",
        (ColumnKind::Date, _) => "date",
        (ColumnKind::Time, _) => "time",
        (ColumnKind::Uuid, Dialect::Sqlite) => "char(32)",
        (ColumnKind::Uuid, Dialect::Postgres) => "uuid",
        (ColumnKind::Json, Dialect::Postgres) => "jsonb",
        (ColumnKind::Duration, Dialect::Postgres) => "interval",
        (ColumnKind::Binary, Dialect::Sqlite) => "blob",
        (ColumnKind::Binary, Dialect::Postgres) => "bytea",
        (ColumnKind::Ip, Dialect::Postgres) => "inet",
    }
}

/// The start of the year, the month, .. of a value.
fn truncated(sql: &mut Sql, value: Sql, to: Truncated, kind: ColumnKind) {
    match sql.dialect() {
        Dialect::Postgres => {
            let field = match to {
                Truncated::Year => "year",
                Truncated::Quarter => "quarter",
                Truncated::Month => "month",
                Truncated::Week => "week",
                Truncated::Day => "day",
                Truncated::Hour => "hour",
                Truncated::Minute => "minute",
                Truncated::Second => "second",
            };
            let (zone, back) = match kind {
                ColumnKind::Date => ("", ")::date"),
                _ => (" AT TIME ZONE 'UTC'", ") AT TIME ZONE 'UTC'"),
            };
            sql.push("(DATE_TRUNC('").push(field).push("', ").append(value);
            sql.push(zone).push(back).push(")");
        }
        Dialect::Sqlite => {
            // the text of a moment in Django's form; that of a date ends after ten characters
            let (date, time) = match to {
                Truncated::Year => ("%Y-01-01", " 00:00:00"),
                Truncated::Quarter | Truncated::Month => ("%Y-%m-01", " 00:00:00"),
                Truncated::Week | Truncated::Day => ("%Y-%m-%d", " 00:00:00"),
                Truncated::Hour => ("%Y-%m-%d", " %H:00:00"),
                Truncated::Minute => ("%Y-%m-%d", " %H:%M:00"),
                Truncated::Second => ("%Y-%m-%d", " %H:%M:%S"),
            };
            sql.push("strftime('").push(date);
            sql.push(if kind == ColumnKind::Date { "" } else { time }).push("', ");
            sql.append(value.clone());
            match to {
                Truncated::Quarter => {
                    sql.push(", 'start of month', '-' || ((CAST(strftime('%m', ").append(value);
                    sql.push(") AS INTEGER) - 1) % 3) || ' months'");
                }
                Truncated::Week => {
                    sql.push(", '-6 days', 'weekday 1'");
                }
                _ => {}
            }
            sql.push(")");
        }
    }
}
