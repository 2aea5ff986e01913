//! From conditions and orders to SQL, in Django's own form for each database.

use std::borrow::Cow;
use std::sync::Arc;

use crate::db::joins::Joins;
use crate::db::json::JsonSide;
use crate::db::lookups::{Compare, DatePart};
use crate::db::pattern::IGNORE_CASE;

use crate::db::{
    Annotated, AnnotationMeta, ColumnKind, ColumnMeta, Computed, Dialect, Hop, Leaf, Lookup,
    ModelMeta, Operand, OrderTerm, Path, Predicate, Sql,
};
use crate::values::{Value, python};

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
        self.inside(Scope::default(), |own| own.join(sql, conditions, table, " AND ", "1 = 1"));
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

/// The right side of a lookup.
enum Right<'a> {
    /// Values.
    Given(&'a Operand),
    /// Another value of the row, written where the row's table has its name.
    Computed(Sql),
}

/// A comparison of JSON, or of what stands at keys of it.
fn compare_json<L: Fn(&mut Sql)>(
    sql: &mut Sql,
    side: &JsonSide<'_, L>,
    lookup: Lookup,
    operand: &Operand,
) {
    let Some(value) = side.compare(sql, lookup, operand) else { return };
    // of one type, as each calls the other
    let text: &dyn Fn(&mut Sql) = &|sql| side.text(sql);
    compare(sql, text, ColumnKind::Text, lookup, &Right::Given(&Operand::One(value)));
}

/// The same with any right side.
fn compare_json_with<L: Fn(&mut Sql)>(
    sql: &mut Sql,
    side: &JsonSide<'_, L>,
    lookup: Lookup,
    right: &Right<'_>,
) {
    match right {
        Right::Given(operand) => compare_json(sql, side, lookup, operand),
        Right::Computed(value) => {
            compare_computed(sql, |sql| side.plain(sql), ColumnKind::Json, lookup, value);
        }
    }
}

/// `(lhs <lookup> rhs)` as Django writes it.
fn compare(
    sql: &mut Sql,
    lhs: impl Fn(&mut Sql),
    kind: ColumnKind,
    lookup: Lookup,
    right: &Right<'_>,
) {
    let operand = match right {
        Right::Given(operand) => *operand,
        Right::Computed(value) => return compare_computed(sql, lhs, kind, lookup, value),
    };
    let dialect = sql.dialect();
    if kind == ColumnKind::Json {
        return compare_json(sql, &JsonSide { column: lhs, keys: &[] }, lookup, operand);
    }
    if let (ColumnKind::Array(item), Operand::One(value)) = (kind, operand)
        && let Some(operator) = array_operator(lookup)
        && !value.is_null()
    {
        lhs(sql);
        // an array of `varchar` is not compared with one of `text`
        sql.push(if *item == ColumnKind::Text { "::text[]" } else { "" });
        sql.push(operator).bind(value.clone(), kind);
        return;
    }
    // PostgreSQL takes no text with a null character, so none of its rows has one
    let storable = |value: &Value| {
        dialect == Dialect::Sqlite || !matches!(value, Value::Text(text) if text.contains('\0'))
    };
    let value = match operand {
        Operand::One(value) if !storable(value) => {
            sql.push("1 = 0");
            return;
        }
        Operand::One(value) => value,
        Operand::Many(values) => {
            let kind = if let Lookup::Part(part, _) = lookup {
                date_part(sql, lhs, kind, part)
            } else {
                lhs(sql);
                kind
            };
            sql.any_of(values.iter().filter(|value| storable(value)).cloned().collect(), kind);
            return;
        }
        Operand::Range(low, high) => {
            lhs(sql);
            sql.push(" BETWEEN ").bind(low.clone(), kind).push(" AND ").bind(high.clone(), kind);
            return;
        }
        // written above
        Operand::Expression(_) => return,
    };
    let simple = |word: &str, sql: &mut Sql| {
        lhs(sql);
        sql.push(word).bind(value.clone(), kind);
    };
    // the text of an address, without the bits of its network
    let text = |sql: &mut Sql| {
        let is_inet = kind == ColumnKind::Ip && dialect == Dialect::Postgres;
        sql.push(if is_inet { "HOST(" } else { "" });
        lhs(sql);
        sql.push(if is_inet { ")" } else { "" });
    };
    match lookup {
        Lookup::Exact | Lookup::IExact if value.is_null() => {
            lhs(sql);
            sql.push(" IS NULL");
        }
        // a `range` of one value is that value
        Lookup::Exact | Lookup::Range => simple(" = ", sql),
        Lookup::Gt => simple(" > ", sql),
        Lookup::Gte => simple(" >= ", sql),
        Lookup::Lt => simple(" < ", sql),
        Lookup::Lte => simple(" <= ", sql),
        Lookup::IsNull => {
            lhs(sql);
            sql.push(if *value == Value::Bool(false) { " IS NOT NULL" } else { " IS NULL" });
        }
        Lookup::IExact => pattern(sql, text, value, "", "", true, true),
        Lookup::Contains => pattern(sql, text, value, "%", "%", false, false),
        Lookup::IContains => pattern(sql, text, value, "%", "%", true, false),
        Lookup::StartsWith => pattern(sql, text, value, "", "%", false, false),
        Lookup::IStartsWith => pattern(sql, text, value, "", "%", true, false),
        Lookup::EndsWith => pattern(sql, text, value, "%", "", false, false),
        Lookup::IEndsWith => pattern(sql, text, value, "%", "", true, false),
        Lookup::Regex | Lookup::IRegex => {
            regex(sql, text, value.clone(), lookup == Lookup::IRegex);
        }
        Lookup::Part(part, how) => {
            let kind = date_part(sql, lhs, kind, part);
            sql.push(operator(how)).bind(part_value(value, kind), kind);
        }
        // of JSON and arrays
        Lookup::HasKey
        | Lookup::HasKeys
        | Lookup::HasAnyKeys
        | Lookup::ContainedBy
        | Lookup::Overlap => {
            sql.push("1 = 0");
        }
        // an `in` of one value
        Lookup::In => {
            lhs(sql);
            sql.any_of(vec![value.clone()], kind);
        }
    }
}

/// `(lhs <lookup> rhs)` with another value of the row on the right.
fn compare_computed(
    sql: &mut Sql,
    lhs: impl Fn(&mut Sql),
    kind: ColumnKind,
    lookup: Lookup,
    value: &Sql,
) {
    let (before, after, fold) = match lookup {
        Lookup::Gt | Lookup::Gte | Lookup::Lt | Lookup::Lte => {
            lhs(sql);
            sql.push(match lookup {
                Lookup::Gt => " > ",
                Lookup::Gte => " >= ",
                Lookup::Lt => " < ",
                _ => " <= ",
            });
            sql.append(value.clone());
            return;
        }
        Lookup::Part(part, how) => {
            date_part(sql, lhs, kind, part);
            sql.push(operator(how)).append(value.clone());
            return;
        }
        Lookup::Regex | Lookup::IRegex => {
            let fold = lookup == Lookup::IRegex;
            lhs(sql);
            match (sql.dialect(), fold) {
                (Dialect::Sqlite, true) => sql.push(" REGEXP '").push(IGNORE_CASE).push("' || "),
                (Dialect::Sqlite, false) => sql.push(" REGEXP "),
                (Dialect::Postgres, true) => sql.push("::text ~* "),
                (Dialect::Postgres, false) => sql.push("::text ~ "),
            };
            sql.append(value.clone());
            return;
        }
        Lookup::IExact => ("", "", true),
        Lookup::Contains => ("'%' || ", " || '%'", false),
        Lookup::IContains => ("'%' || ", " || '%'", true),
        Lookup::StartsWith => ("", " || '%'", false),
        Lookup::IStartsWith => ("", " || '%'", true),
        Lookup::EndsWith => ("'%' || ", "", false),
        Lookup::IEndsWith => ("'%' || ", "", true),
        Lookup::Exact
        | Lookup::In
        | Lookup::Range
        | Lookup::IsNull
        | Lookup::HasKey
        | Lookup::HasKeys
        | Lookup::HasAnyKeys
        | Lookup::ContainedBy
        | Lookup::Overlap => {
            lhs(sql);
            sql.push(" = ").append(value.clone());
            return;
        }
    };
    let upper = fold && sql.dialect() == Dialect::Postgres;
    sql.push(if upper { "UPPER(" } else { "" });
    lhs(sql);
    sql.push(match (sql.dialect(), upper) {
        (Dialect::Sqlite, _) => " LIKE ",
        (Dialect::Postgres, true) => "::text) LIKE UPPER(",
        (Dialect::Postgres, false) => "::text LIKE ",
    });
    sql.push(before).push("REPLACE(REPLACE(REPLACE(").append(value.clone());
    sql.push(r", '\', '\\'), '%', '\%'), '_', '\_')").push(after);
    sql.push(if upper { ")" } else { "" }).push(r" ESCAPE '\'");
}

/// How arrays are compared.
fn array_operator(lookup: Lookup) -> Option<&'static str> {
    Some(match lookup {
        Lookup::Contains => " @> ",
        Lookup::ContainedBy => " <@ ",
        Lookup::Overlap => " && ",
        Lookup::Exact => " = ",
        _ => return None,
    })
}

/// LIKE with Django's escapes; `exact` compares whole texts.
fn pattern(
    sql: &mut Sql,
    lhs: impl Fn(&mut Sql),
    value: &Value,
    before: &str,
    after: &str,
    fold: bool,
    exact: bool,
) {
    let text = python::value_text(value.as_ref());
    match sql.dialect() {
        Dialect::Sqlite => {
            lhs(sql);
            sql.push(" LIKE ").bind(Value::Text(like(before, &text, after)), ColumnKind::Text);
            sql.push(" ESCAPE '\\'");
        }
        Dialect::Postgres => {
            let (open, close) = if fold { ("UPPER(", "::text)") } else { ("", "::text") };
            sql.push(open);
            lhs(sql);
            sql.push(close).push(if exact { " = " } else { " LIKE " });
            let text = if exact { text.into_owned() } else { like(before, &text, after) };
            sql.push(if fold { "UPPER(" } else { "" });
            sql.bind(Value::Text(text), ColumnKind::Text);
            sql.push(if fold { ")" } else { "" });
        }
    }
}

/// A pattern of LIKE that matches this very text; what stands around it may hold wildcards.
fn like(before: &str, text: &str, after: &str) -> String {
    let mut pattern = String::with_capacity(before.len() + text.len() + after.len());
    pattern.push_str(before);
    for letter in text.chars() {
        if matches!(letter, '\\' | '%' | '_') {
            pattern.push('\\');
        }
        pattern.push(letter);
    }
    pattern.push_str(after);
    pattern
}

fn regex(sql: &mut Sql, lhs: impl Fn(&mut Sql), value: Value, fold: bool) {
    match sql.dialect() {
        Dialect::Sqlite => {
            let Value::Text(text) = value else { return };
            let text = if fold { format!("{IGNORE_CASE}{text}") } else { text };
            lhs(sql);
            sql.push(" REGEXP ").bind(Value::Text(text), ColumnKind::Text);
        }
        Dialect::Postgres => {
            lhs(sql);
            sql.push(if fold { "::text ~* " } else { "::text ~ " }).bind(value, ColumnKind::Text);
        }
    }
}

pub(super) fn operator(how: Compare) -> &'static str {
    match how {
        Compare::Exact => " = ",
        Compare::Gt => " > ",
        Compare::Gte => " >= ",
        Compare::Lt => " < ",
        Compare::Lte => " <= ",
    }
}

/// Writes a part of a date or a time; returns what kind of value it is.
pub(super) fn date_part(
    sql: &mut Sql,
    lhs: impl Fn(&mut Sql),
    kind: ColumnKind,
    part: DatePart,
) -> ColumnKind {
    let moment = kind == ColumnKind::DateTime;
    match sql.dialect() {
        Dialect::Sqlite => sqlite_part(sql, lhs, part),
        Dialect::Postgres => {
            let zone = if moment { " AT TIME ZONE 'UTC')" } else { ")" };
            let extract = |field: &str, sql: &mut Sql| {
                sql.push("EXTRACT(").push(field).push(" FROM (");
                lhs(sql);
                sql.push(zone).push(")");
            };
            match part {
                DatePart::Date | DatePart::Time => {
                    sql.push("(");
                    lhs(sql);
                    sql.push(zone).push(if part == DatePart::Date { "::date" } else { "::time" });
                }
                DatePart::WeekDay => {
                    extract("DOW", sql);
                    sql.push(" + 1");
                }
                DatePart::Year => extract("YEAR", sql),
                DatePart::IsoYear => extract("ISOYEAR", sql),
                DatePart::Month => extract("MONTH", sql),
                DatePart::Day => extract("DAY", sql),
                DatePart::Week => extract("WEEK", sql),
                DatePart::IsoWeekDay => extract("ISODOW", sql),
                DatePart::Quarter => extract("QUARTER", sql),
                DatePart::Hour => extract("HOUR", sql),
                DatePart::Minute => extract("MINUTE", sql),
                DatePart::Second => {
                    sql.push("FLOOR(");
                    extract("SECOND", sql);
                    sql.push(")");
                }
            }
        }
    }
    match part {
        DatePart::Date => ColumnKind::Date,
        DatePart::Time => ColumnKind::Time,
        // EXTRACT is numeric: a bound number of any width compares
        _ => ColumnKind::BigInt,
    }
}

/// The value that a part of this kind is compared with.
fn part_value(value: &Value, kind: ColumnKind) -> Value {
    match (value, kind) {
        (Value::DateTime(v), ColumnKind::Date) => Value::Date(v.naive_utc().date()),
        (Value::Decimal(v), ColumnKind::BigInt) => {
            // a fraction or a huge number equals no part
            v.normalize().to_string().parse().map_or(Value::Decimal(*v), Value::Int)
        }
        _ => value.clone(),
    }
}

fn sqlite_part(sql: &mut Sql, lhs: impl Fn(&mut Sql), part: DatePart) {
    let number = |format: &str, sql: &mut Sql| {
        sql.push("CAST(strftime('").push(format).push("', ");
        lhs(sql);
        sql.push(") AS INTEGER)");
    };
    match part {
        DatePart::Date => {
            sql.push("date(");
            lhs(sql);
            sql.push(")");
        }
        DatePart::Time => {
            // `time()` drops the fraction, which Django keeps
            sql.push("substr(");
            lhs(sql);
            sql.push(", 12)");
        }
        DatePart::Year => number("%Y", sql),
        DatePart::IsoYear => number("%G", sql),
        DatePart::Month => number("%m", sql),
        DatePart::Day => number("%d", sql),
        DatePart::Week => number("%V", sql),
        DatePart::WeekDay => {
            sql.push("(");
            number("%w", sql);
            sql.push(" + 1)");
        }
        DatePart::IsoWeekDay => number("%u", sql),
        DatePart::Quarter => {
            sql.push("((");
            number("%m", sql);
            sql.push(" + 2) / 3)");
        }
        DatePart::Hour => number("%H", sql),
        DatePart::Minute => number("%M", sql),
        DatePart::Second => number("%S", sql),
    }
}

#[cfg(test)]
mod tests;
