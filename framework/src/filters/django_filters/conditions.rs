//! Turns a path, a lookup and a cleaned value into a condition for the database.
//!
//! Operands have the type of what they are compared with: [`Value::Int`] for whole numbers, parts
//! of dates included, [`Value::Date`] for the date of a moment, [`Value::Text`] for patterns,
//! [`Value::Bool`] for `isnull`. Numbers that the column cannot hold are handled here.

use chrono::{Datelike as _, NaiveTime, TimeDelta};

use super::filter::LookupExpr;
use super::number::Number;
use crate::db::{
    ColumnKind, Compare, DatePart, DateTime, Lookup, Operand, Path, Predicate, pattern,
};
use crate::fields::{duration, moments};
use crate::filters::{python, temporal};
use crate::values::Value;

/// A value next to what it is compared with.
#[derive(Debug, PartialEq)]
pub(crate) enum Fit {
    /// Of the same type.
    Value(Value),
    /// Greater than any that can be stored.
    Above,
    /// Less than any that can be stored.
    Below,
    /// No such value.
    Misfit,
}

/// The value as the column, or the part of it, stores such values (`get_prep_value`).
pub(crate) fn fit(kind: ColumnKind, part: Option<DatePart>, value: &Value) -> Fit {
    match part {
        Some(DatePart::Date) => return date(value),
        Some(DatePart::Time) => return time(value),
        Some(DatePart::Year | DatePart::IsoYear) => return whole(value, 1, 9999),
        Some(_) => return whole(value, i64::MIN.into(), i64::MAX.into()),
        None => {}
    }
    match kind {
        ColumnKind::SmallInt => whole(value, i16::MIN.into(), i16::MAX.into()),
        ColumnKind::Integer => whole(value, i32::MIN.into(), i32::MAX.into()),
        ColumnKind::BigInt => whole(value, i64::MIN.into(), i64::MAX.into()),
        ColumnKind::Float => float(value),
        ColumnKind::Bool => truth(value),
        ColumnKind::Text => match python::value_text(value.as_ref()) {
            text if text.contains('\0') => Fit::Misfit,
            text => Fit::Value(Value::Text(text.into_owned())),
        },
        ColumnKind::Decimal { .. } | ColumnKind::Numeric => decimal(value),
        ColumnKind::DateTime => moment(value),
        ColumnKind::Date => date(value),
        ColumnKind::Time => time(value),
        ColumnKind::Json => match value {
            Value::Text(text) if text.contains('\0') => Fit::Misfit,
            value => Fit::Value(value.clone()),
        },
        ColumnKind::Duration => length(value),
        ColumnKind::Ip => match value {
            Value::Text(text) => address(text),
            _ => Fit::Misfit,
        },
        ColumnKind::Binary => match value {
            Value::Bytes(_) => Fit::Value(value.clone()),
            _ => Fit::Misfit,
        },
        ColumnKind::Array(_) => match value {
            Value::List(_) => Fit::Value(value.clone()),
            _ => Fit::Misfit,
        },
        ColumnKind::Uuid => match value {
            Value::Uuid(_) => Fit::Value(value.clone()),
            Value::Text(text) => {
                python::uuid(text).map_or(Fit::Misfit, |uuid| Fit::Value(Value::Uuid(uuid.into())))
            }
            _ => Fit::Misfit,
        },
    }
}

fn whole(value: &Value, least: i128, most: i128) -> Fit {
    let number = match value {
        Value::Int(number) => Some(i128::from(*number)),
        Value::Bool(truth) => Some(i128::from(*truth)),
        // int() cuts towards zero
        Value::Decimal(number) => Some(number.trunc().mantissa()),
        Value::Float(number) if *number < 0.0 => return Fit::Below,
        Value::Float(_) => return Fit::Above,
        Value::Text(text) => python::int(text),
        _ => None,
    };
    match number {
        Some(number) if number > most => Fit::Above,
        Some(number) if number < least => Fit::Below,
        Some(number) => {
            i64::try_from(number).map_or(Fit::Misfit, |number| Fit::Value(Value::Int(number)))
        }
        None => Fit::Misfit,
    }
}

fn float(value: &Value) -> Fit {
    let number = match value {
        Value::Float(number) => Some(*number),
        Value::Decimal(number) => Some(number.to_float()),
        #[allow(clippy::cast_precision_loss)] // as float() does
        Value::Int(number) => Some(*number as f64),
        Value::Text(text) => python::parse_float(text),
        _ => None,
    };
    match number {
        Some(number) if number.is_finite() => Fit::Value(Value::Float(number)),
        _ => Fit::Misfit,
    }
}

fn truth(value: &Value) -> Fit {
    let truth = match value {
        Value::Bool(truth) => Some(*truth),
        Value::Int(1) => Some(true),
        Value::Int(0) => Some(false),
        Value::Decimal(number) if number.is_zero() => Some(false),
        Value::Decimal(number) if *number == 1_i64.into() => Some(true),
        Value::Text(text) => match text.as_str() {
            "True" | "t" | "1" => Some(true),
            "False" | "f" | "0" => Some(false),
            _ => None,
        },
        _ => None,
    };
    truth.map_or(Fit::Misfit, |truth| Fit::Value(Value::Bool(truth)))
}

fn decimal(value: &Value) -> Fit {
    match value {
        Value::Decimal(_) => Fit::Value(value.clone()),
        Value::Int(number) => Fit::Value(Value::Decimal((*number).into())),
        Value::Float(number) if *number < 0.0 => Fit::Below,
        Value::Float(_) => Fit::Above,
        Value::Text(text) => match Number::parse(text).map(|number| number.to_value()) {
            Some(Value::Decimal(number)) => Fit::Value(Value::Decimal(number)),
            Some(number) => decimal(&number),
            None => Fit::Misfit,
        },
        _ => Fit::Misfit,
    }
}

fn moment(value: &Value) -> Fit {
    let moment = match value {
        Value::DateTime(moment) => Some(*moment),
        Value::Date(day) => Some(day.and_time(NaiveTime::MIN).and_utc().into()),
        Value::Text(text) => temporal::column_datetime(text),
        _ => None,
    };
    match moment.map(|moment| (moment, moment.year())) {
        Some((moment, 1..=9999)) => Fit::Value(Value::DateTime(moment)),
        // SQLite compares texts, and those of other years do not sort
        Some((_, 10_000..)) => Fit::Above,
        Some(_) => Fit::Below,
        None => Fit::Misfit,
    }
}

fn date(value: &Value) -> Fit {
    let day = match value {
        Value::Date(day) => Some(*day),
        Value::DateTime(moment) => Some(moment.naive_utc().date()),
        Value::Text(text) => moments::parse_date(text),
        _ => None,
    };
    day.map_or(Fit::Misfit, |day| Fit::Value(Value::Date(day)))
}

fn time(value: &Value) -> Fit {
    let time = match value {
        Value::Time(time) => Some(*time),
        Value::DateTime(moment) => Some(moment.naive_utc().time()),
        Value::Text(text) => moments::parse_time(text),
        _ => None,
    };
    time.map_or(Fit::Misfit, |time| Fit::Value(Value::Time(time)))
}

/// A length that Python's `timedelta` holds and microseconds in 64 bits do.
fn length(value: &Value) -> Fit {
    let length = match value {
        Value::Duration(length) => Some(*length),
        Value::Text(text) => duration::parse(text).and_then(Result::ok),
        _ => None,
    };
    match length {
        Some(length) if length.num_microseconds().is_some() => Fit::Value(Value::Duration(length)),
        Some(length) if length < TimeDelta::zero() => Fit::Below,
        Some(_) => Fit::Above,
        None => Fit::Misfit,
    }
}

/// An address as the column has it: the shortest form.
fn address(text: &str) -> Fit {
    match text.parse::<std::net::IpAddr>() {
        Ok(std::net::IpAddr::V6(address)) => {
            let inner = address.to_ipv4_mapped().map(|inner| inner.to_string());
            Fit::Value(Value::Text(inner.unwrap_or_else(|| address.to_string())))
        }
        Ok(address) => Fit::Value(Value::Text(address.to_string())),
        Err(_) => Fit::Misfit,
    }
}

/// Whether a text is a regular expression of bounded cost.
pub(crate) fn is_regex(text: &str, lookup: Lookup) -> bool {
    pattern::compile(text, lookup == Lookup::IRegex).is_some()
}

/// Matches every row, including those without a value.
fn always() -> Predicate {
    Predicate::All(Vec::new())
}

/// The condition that compares a path with a cleaned value.
pub(crate) fn compare(path: &Path, expr: LookupExpr, value: &Value) -> Predicate {
    let LookupExpr { part, lookup } = expr;
    let lookup = match lookup {
        // a number or a date has no case; an address and JSON have
        Lookup::IExact if part.is_some() => Lookup::Exact,
        Lookup::IExact
            if !matches!(path.kind(), ColumnKind::Text | ColumnKind::Ip | ColumnKind::Json) =>
        {
            Lookup::Exact
        }
        other => other,
    };
    match (lookup, path.kind(), value) {
        (Lookup::HasKeys | Lookup::HasAnyKeys, _, Value::List(keys)) => {
            let operand = Operand::Many(keys.clone());
            return Predicate::Lookup { path: path.clone(), lookup, operand };
        }
        (
            Lookup::Contains | Lookup::ContainedBy | Lookup::Overlap | Lookup::Exact,
            ColumnKind::Json | ColumnKind::Array(_),
            value,
        ) => return one(path, None, lookup, value.clone()),
        (Lookup::IExact, ColumnKind::Ip | ColumnKind::Json, value) if !value.is_null() => {
            let text = python::value_text(value.as_ref()).into_owned();
            return one(path, None, lookup, Value::Text(text));
        }
        _ => {}
    }
    match lookup {
        Lookup::IsNull => one(path, None, lookup, Value::Bool(*value == Value::Bool(true))),
        Lookup::In => within(path, part, value),
        Lookup::Range => between(path, part, value),
        Lookup::Exact | Lookup::IExact if value.is_null() => {
            one(path, None, Lookup::IsNull, Value::Bool(true))
        }
        Lookup::Exact | Lookup::IExact | Lookup::Gt | Lookup::Gte | Lookup::Lt | Lookup::Lte => {
            match (fit(path.kind(), part, value), lookup) {
                (Fit::Value(value), _) => one(path, part, lookup, value),
                (Fit::Above, Lookup::Lt | Lookup::Lte) | (Fit::Below, Lookup::Gt | Lookup::Gte) => {
                    always()
                }
                _ => Predicate::never(),
            }
        }
        // patterns compare texts, whatever the column
        _ => one(path, None, lookup, Value::Text(python::value_text(value.as_ref()).into_owned())),
    }
}

fn one(path: &Path, part: Option<DatePart>, lookup: Lookup, value: Value) -> Predicate {
    let compare = match lookup {
        Lookup::Gt => Compare::Gt,
        Lookup::Gte => Compare::Gte,
        Lookup::Lt => Compare::Lt,
        Lookup::Lte => Compare::Lte,
        _ => Compare::Exact,
    };
    let lookup = part.map_or(lookup, |part| Lookup::Part(part, compare));
    Predicate::new(path.clone(), lookup, value)
}

fn within(path: &Path, part: Option<DatePart>, value: &Value) -> Predicate {
    let Value::List(items) = value else { return Predicate::never() };
    let fitting: Vec<Value> = items
        .iter()
        .filter(|item| !item.is_null())
        .filter_map(|item| match fit(path.kind(), part, item) {
            Fit::Value(value) => Some(value),
            _ => None,
        })
        .collect();
    if fitting.is_empty() {
        return Predicate::never();
    }
    let lookup = part.map_or(Lookup::In, |part| Lookup::Part(part, Compare::Exact));
    Predicate::Lookup { path: path.clone(), lookup, operand: Operand::Many(fitting) }
}

fn between(path: &Path, part: Option<DatePart>, value: &Value) -> Predicate {
    let Value::List(bounds) = value else { return Predicate::never() };
    let [low, high] = bounds.as_slice() else { return Predicate::never() };
    if low.is_null() || high.is_null() {
        return Predicate::never();
    }
    if part.is_none() {
        let kind = path.kind();
        if let (Fit::Value(low), Fit::Value(high)) = (fit(kind, None, low), fit(kind, None, high)) {
            return Predicate::Lookup {
                path: path.clone(),
                lookup: Lookup::Range,
                operand: Operand::Range(low, high),
            };
        }
    }
    compare(path, LookupExpr { part, lookup: Lookup::Gte }, low).and(compare(
        path,
        LookupExpr { part, lookup: Lookup::Lte },
        high,
    ))
}

/// Days named by a word, relative to `now` (`DateRangeFilter`).
pub(super) fn named_days(path: &Path, word: &str, now: DateTime) -> Predicate {
    let day = |days| *now + TimeDelta::days(days);
    let part = |part, number: i64| one(path, Some(part), Lookup::Exact, Value::Int(number));
    let parts = |moment: chrono::DateTime<chrono::Utc>, count: usize| {
        let all = [
            part(DatePart::Year, moment.year().into()),
            part(DatePart::Month, moment.month().into()),
            part(DatePart::Day, moment.day().into()),
        ];
        Predicate::All(all.into_iter().take(count).collect())
    };
    match word {
        "today" => parts(day(0), 3),
        "yesterday" => parts(day(-1), 3),
        "week" => {
            let bound = |days| Value::Date(day(days).date_naive());
            compare(path, Lookup::Gte.into(), &bound(-7)).and(compare(
                path,
                Lookup::Lt.into(),
                &bound(1),
            ))
        }
        "month" => parts(day(0), 2),
        "year" => parts(day(0), 1),
        _ => Predicate::never(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filters::testing::column;

    fn text(path: &str, expr: impl Into<LookupExpr>, value: &Value) -> String {
        compare(&column(path).path, expr.into(), value).spelled()
    }

    fn number(text: &str) -> Value {
        Number::parse(text).unwrap().to_value()
    }

    #[test]
    fn numbers_take_the_type_of_their_column() {
        assert_eq!(text("size", Lookup::Exact, &number("1.9")), "size__Exact(One(Int(1)))");
        assert_eq!(
            text("price", Lookup::Gte, &number("1.50")),
            "price__Gte(One(Decimal(Decimal(1.50))))"
        );
        assert_eq!(
            text("name", Lookup::IContains, &number("5")),
            "name__IContains(One(Text(\"5\")))"
        );
        assert_eq!(text("tag_count", Lookup::Gte, &number("3")), "tag_count__Gte(One(Int(3)))");
    }

    #[test]
    fn a_number_that_no_row_can_hold_is_decided_without_the_database() {
        let (none, all) = ("Any([])", "All([])");
        let huge = number("99999999999");
        assert_eq!(text("size", Lookup::Exact, &huge), none);
        assert_eq!(text("size", Lookup::Gt, &huge), none);
        assert_eq!(text("size", Lookup::Lt, &huge), all);
        assert_eq!(text("size", Lookup::Gte, &number("-1e60")), all);
        assert_eq!(text("size", Lookup::Lte, &number("-1e60")), none);
        assert_eq!(text("size", Lookup::In, &Value::List(vec![huge.clone()])), none);
        assert_eq!(
            text("size", Lookup::Range, &Value::List(vec![number("1"), huge])),
            "All([size__Gte(One(Int(1))), All([])])"
        );
        let year = LookupExpr::part(DatePart::Year, Lookup::Exact);
        assert_eq!(text("created", year, &number("99999")), none);
        assert_eq!(
            text("created", year, &number("2023.7")),
            "created__Part(Year, Exact)(One(Int(2023)))"
        );
    }

    #[test]
    fn a_day_next_to_a_moment_is_its_midnight() {
        let day = Value::Date(chrono::NaiveDate::from_ymd_opt(2024, 3, 4).unwrap());
        let on = LookupExpr::part(DatePart::Date, Lookup::Exact);
        assert_eq!(text("created", on, &day), "created__Part(Date, Exact)(One(Date(2024-03-04)))");
        assert!(text("created", Lookup::Gte, &day).contains("2024-03-04T00:00:00Z"));
    }

    #[test]
    fn a_moment_outside_the_calendar_is_before_or_after_every_row() {
        let moment = |text| Value::DateTime(temporal::iso_datetime(text).unwrap());
        let early = moment("0001-01-01T00:00:00+14:00");
        let late = moment("9999-12-31T23:59:59-14:00");
        let (none, all) = ("Any([])", "All([])");
        for (value, lookup, expected) in [
            (&early, Lookup::Gte, all),
            (&early, Lookup::Lt, none),
            (&late, Lookup::Gte, none),
            (&late, Lookup::Lt, all),
            (&late, Lookup::Exact, none),
        ] {
            assert_eq!(text("created", lookup, value), expected, "{lookup:?}");
        }
    }

    #[test]
    fn a_range_of_a_part_is_two_comparisons() {
        let years = Value::List(vec![number("2020"), number("2021")]);
        assert_eq!(
            text("created", LookupExpr::part(DatePart::Year, Lookup::Range), &years),
            "All([created__Part(Year, Gte)(One(Int(2020))), created__Part(Year, Lte)(One(Int(2021)))])"
        );
        assert_eq!(
            text("created", LookupExpr::part(DatePart::Year, Lookup::In), &years),
            "created__Part(Year, Exact)(Many([Int(2020), Int(2021)]))"
        );
    }

    #[test]
    fn named_days_are_seen_from_now() {
        let now = DateTime::from_sqlite_text("2024-03-01 10:00:00").unwrap();
        let text = |word| named_days(&column("created").path, word, now).spelled();
        assert_eq!(
            text("yesterday"),
            "All([created__Part(Year, Exact)(One(Int(2024))), created__Part(Month, Exact)(One(Int(2))), \
             created__Part(Day, Exact)(One(Int(29)))])"
        );
        assert_eq!(text("year"), "All([created__Part(Year, Exact)(One(Int(2024)))])");
        assert!(text("week").contains("2024-02-23") && text("week").contains("2024-03-02"));
    }
}
