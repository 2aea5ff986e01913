//! One comparison as SQL: lookups, patterns and parts of dates, in Django's own form for each
//! database.

use crate::db::json::JsonSide;
use crate::db::lookups::{Compare, DatePart};
use crate::db::pattern::IGNORE_CASE;
use crate::db::{ColumnKind, Dialect, Lookup, Operand, Sql};
use crate::values::{Value, python};

/// The right side of a lookup.
pub(super) enum Right<'a> {
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
pub(super) fn compare_json_with<L: Fn(&mut Sql)>(
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
pub(super) fn compare(
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
