//! What Django answered for annotations, conditions and orders that were put together at random:
//! `tests/parity/annotations.jsonl`. Each is built here of the same parts, by the typed functions,
//! and finds the same rows.

use musicstore::models::{Album, Invoice, Track};
use quintet::db::{
    Abs, Avg, Case, Cast, CastTo, Coalesce, Concat, Condition, Count, DatePart, Exists, Expression,
    Extract, Greatest, IntoExpression, Least, Length, Lookup, Lower, Max, Min, NullIf, One,
    Operand, Order, Round, Subquery, Sum, Trim, Upper,
};
use quintet::prelude::*;
use quintet_tests::store::{On, Store};
use serde_json::{Value, json};

type Number<M> = Expression<M, Option<i64>>;
type Money<M> = Expression<M, Option<Decimal>>;
type Text<M> = Expression<M, Option<String>>;

/// The names of a model's own values, and of those of the rows that it is related to.
trait Vocabulary: Model {
    fn number(name: &str) -> Number<Self>;
    fn money(name: &str) -> Money<Self>;
    fn text(name: &str) -> Text<Self>;
    fn part(part: DatePart, name: &str) -> Number<Self>;

    fn rows() -> Exists<Self>;
    /// In an order by numbers of the related rows: `["-tracks__bytes", "tracks__id"]`.
    fn in_order<T>(subquery: Subquery<Self, T>, order: &Value) -> Subquery<Self, T>;
    fn number_of(function: &str, name: &str, when: Condition<Self>) -> Number<Self>;
    fn money_of(function: &str, name: &str, when: Condition<Self>) -> Money<Self>;
    fn text_of(function: &str, name: &str) -> Text<Self>;
    fn first_number(name: &str, order: &Value, when: Condition<Self>) -> Number<Self>;
    fn first_money(name: &str, order: &Value, when: Condition<Self>) -> Money<Self>;
    fn first_text(name: &str, order: &Value, when: Condition<Self>) -> Text<Self>;
    fn compared(lookup: Lookup, name: &str, value: &Value) -> Condition<Self>;
}

fn cast<T: CastTo, M, O: IntoExpression<M, Cardinality = One>>(
    value: O,
) -> Expression<M, Option<T>> {
    Cast::to::<T, M, O>(value)
}

macro_rules! vocabulary {
    (
        $model:ident, $rows:literal => $relation:expr,
        own numbers { $($number:literal => $number_path:expr,)+ }
        own money { $($money:literal => $money_path:expr,)* }
        own texts { $($text:literal => $text_path:expr,)+ }
        moments { $($moment:literal => $moment_path:expr,)* }
        numbers { $($far:literal => $far_path:expr,)+ }
        money { $($far_money:literal => $far_money_path:expr,)+ }
        texts { $($far_text:literal => $far_text_path:expr,)+ }
    ) => {
        impl Vocabulary for $model {
            fn number(name: &str) -> Number<Self> {
                match name {
                    $($number => cast($number_path),)+
                    _ => panic!("{name}"),
                }
            }

            fn money(name: &str) -> Money<Self> {
                match name {
                    $($money => cast($money_path),)*
                    _ => panic!("{name}"),
                }
            }

            fn text(name: &str) -> Text<Self> {
                match name {
                    $($text => cast($text_path),)+
                    _ => panic!("{name}"),
                }
            }

            fn part(part: DatePart, name: &str) -> Number<Self> {
                match name {
                    $($moment => Extract::part(part, $moment_path),)*
                    _ => panic!("{part:?} of {name}"),
                }
            }

            fn rows() -> Exists<Self> {
                Exists::of($relation)
            }

            fn in_order<T>(mut subquery: Subquery<Self, T>, order: &Value) -> Subquery<Self, T> {
                for term in order.as_array().unwrap().iter().map(text_of) {
                    subquery = match (term.trim_start_matches('-'), term.starts_with('-')) {
                        $(
                            ($far, false) => subquery.order_by($far_path),
                            ($far, true) => subquery.order_by_desc($far_path),
                        )+
                        _ => panic!("{term}"),
                    };
                }
                subquery
            }

            fn number_of(function: &str, name: &str, when: Condition<Self>) -> Number<Self> {
                match (function, name) {
                    ("count", $rows) => cast(Count::of($relation).filter(when)),
                    $(
                        ("count", $far) => cast(Count::of($far_path).filter(when)),
                        ("countd", $far) => cast(Count::distinct($far_path).filter(when)),
                        ("sum", $far) => cast(Sum::of($far_path).filter(when)),
                        ("min", $far) => cast(Min::of($far_path).filter(when)),
                        ("max", $far) => cast(Max::of($far_path).filter(when)),
                    )+
                    _ => panic!("{function} of {name}"),
                }
            }

            fn money_of(function: &str, name: &str, when: Condition<Self>) -> Money<Self> {
                match (function, name) {
                    $(
                        ("dsum", $far_money) => cast(Sum::of($far_money_path).filter(when)),
                        ("dmin", $far_money) => cast(Min::of($far_money_path).filter(when)),
                        ("dmax", $far_money) => cast(Max::of($far_money_path).filter(when)),
                        ("davg", $far_money) => cast(Avg::of($far_money_path).filter(when)),
                    )+
                    _ => panic!("{function} of {name}"),
                }
            }

            fn text_of(function: &str, name: &str) -> Text<Self> {
                match (function, name) {
                    $(
                        ("tmin", $far_text) => cast(Min::of($far_text_path)),
                        ("tmax", $far_text) => cast(Max::of($far_text_path)),
                    )+
                    _ => panic!("{function} of {name}"),
                }
            }

            fn first_number(name: &str, order: &Value, when: Condition<Self>) -> Number<Self> {
                match name {
                    $($far => {
                        cast(Self::in_order(Subquery::first($far_path).filter(when), order))
                    })+
                    _ => panic!("{name}"),
                }
            }

            fn first_money(name: &str, order: &Value, when: Condition<Self>) -> Money<Self> {
                match name {
                    $($far_money => {
                        Self::in_order(Subquery::first($far_money_path).filter(when), order).into()
                    })+
                    _ => panic!("{name}"),
                }
            }

            fn first_text(name: &str, order: &Value, when: Condition<Self>) -> Text<Self> {
                match name {
                    $($far_text => {
                        Self::in_order(Subquery::first($far_text_path).filter(when), order).into()
                    })+
                    _ => panic!("{name}"),
                }
            }

            fn compared(lookup: Lookup, name: &str, value: &Value) -> Condition<Self> {
                match name {
                    $($far => Condition::new($far_path, lookup, operand(value)),)+
                    $($far_text => Condition::new($far_text_path, lookup, operand(value)),)+
                    _ => panic!("{name}"),
                }
            }
        }
    };
}

vocabulary! {
    Track, "invoice_lines" => Self::fields().invoice_lines(),
    own numbers {
        "id" => Self::fields().id(),
        "milliseconds" => Self::fields().milliseconds(),
        "bytes" => Self::fields().bytes(),
        "album_id" => Self::fields().album_id(),
    }
    own money { "unit_price" => Self::fields().unit_price(), }
    own texts {
        "name" => Self::fields().name(),
        "composer" => Self::fields().composer(),
        "album__title" => Self::fields().album().title(),
        "album__artist__name" => Self::fields().album().artist().name(),
        "genre__name" => Self::fields().genre().name(),
        "media_type__name" => Self::fields().media_type().name(),
    }
    moments {}
    numbers {
        "invoice_lines__id" => Self::fields().invoice_lines().id(),
        "invoice_lines__quantity" => Self::fields().invoice_lines().quantity(),
        "invoice_lines__invoice_id" => Self::fields().invoice_lines().invoice_id(),
    }
    money {
        "invoice_lines__unit_price" => Self::fields().invoice_lines().unit_price(),
        "invoice_lines__invoice__total" => Self::fields().invoice_lines().invoice().total(),
    }
    texts {
        "invoice_lines__invoice__billing_country" =>
            Self::fields().invoice_lines().invoice().billing_country(),
    }
}

vocabulary! {
    Album, "tracks" => Self::fields().tracks(),
    own numbers {
        "id" => Self::fields().id(),
        "artist_id" => Self::fields().artist_id(),
    }
    own money {}
    own texts {
        "title" => Self::fields().title(),
        "artist__name" => Self::fields().artist().name(),
    }
    moments {}
    numbers {
        "tracks__id" => Self::fields().tracks().id(),
        "tracks__milliseconds" => Self::fields().tracks().milliseconds(),
        "tracks__bytes" => Self::fields().tracks().bytes(),
    }
    money { "tracks__unit_price" => Self::fields().tracks().unit_price(), }
    texts {
        "tracks__name" => Self::fields().tracks().name(),
        "tracks__composer" => Self::fields().tracks().composer(),
    }
}

vocabulary! {
    Invoice, "lines" => Self::fields().lines(),
    own numbers {
        "id" => Self::fields().id(),
        "customer_id" => Self::fields().customer_id(),
    }
    own money { "total" => Self::fields().total(), }
    own texts {
        "billing_country" => Self::fields().billing_country(),
        "billing_city" => Self::fields().billing_city(),
        "billing_state" => Self::fields().billing_state(),
        "customer__first_name" => Self::fields().customer().first_name(),
        "customer__last_name" => Self::fields().customer().last_name(),
    }
    moments { "invoice_date" => Self::fields().invoice_date(), }
    numbers {
        "lines__id" => Self::fields().lines().id(),
        "lines__quantity" => Self::fields().lines().quantity(),
        "lines__track_id" => Self::fields().lines().track_id(),
        "lines__track__milliseconds" => Self::fields().lines().track().milliseconds(),
    }
    money { "lines__unit_price" => Self::fields().lines().unit_price(), }
    texts { "lines__track__name" => Self::fields().lines().track().name(), }
}

fn operand(value: &Value) -> Operand {
    match value {
        Value::Bool(truth) => Operand::from(*truth),
        Value::Number(number) => Operand::from(number.as_i64().unwrap()),
        Value::String(text) => Operand::from(&**text),
        other => panic!("{other}"),
    }
}

fn text_of(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text"))
}

fn int(value: &Value) -> i64 {
    value.as_i64().unwrap_or_else(|| panic!("{value} is no number"))
}

fn decimal(value: &Value) -> Decimal {
    text_of(value).parse().unwrap()
}

/// The condition on related rows at this place, if there is one.
fn when<M: Vocabulary>(condition: Option<&Value>) -> Condition<M> {
    condition.map_or_else(
        || Condition::all([]),
        |parts| {
            M::compared(
                Lookup::from_name(text_of(&parts[0])).unwrap(),
                text_of(&parts[1]),
                &parts[2],
            )
        },
    )
}

fn number<M: Vocabulary>(parts: &Value) -> Number<M> {
    let of = |index: usize| number::<M>(&parts[index]);
    match text_of(&parts[0]) {
        "col" => M::number(text_of(&parts[1])),
        "add" if parts[2].is_array() => of(1) + of(2),
        "add" => of(1) + int(&parts[2]),
        "sub" if parts[2].is_array() => of(1) - of(2),
        "sub" => of(1) - int(&parts[2]),
        "mul" => of(1) * int(&parts[2]),
        "div" => of(1) / int(&parts[2]),
        "length" => cast(Length::of(text::<M>(&parts[1]))),
        "abs" => Abs::of(of(1)),
        "coalesce" => cast(Coalesce::of(of(1), int(&parts[2]))),
        "nullif" => NullIf::of(of(1), int(&parts[2])),
        "greatest" => Greatest::of(of(1), int(&parts[2])),
        "least" => Least::of(of(1), int(&parts[2])),
        "case" => {
            let otherwise: Number<M> = cast(int(&parts[3]));
            Case::when(condition(&parts[1]), of(2)).otherwise(otherwise)
        }
        "extract" => {
            let part = DatePart::from_name(text_of(&parts[1])).unwrap();
            M::part(part, text_of(&parts[2]))
        }
        "first" => M::first_number(text_of(&parts[1]), &parts[2], when(parts.get(3))),
        function => M::number_of(function, text_of(&parts[1]), when(parts.get(2))),
    }
}

fn money<M: Vocabulary>(parts: &Value) -> Money<M> {
    let of = |index: usize| money::<M>(&parts[index]);
    match text_of(&parts[0]) {
        "dcol" => M::money(text_of(&parts[1])),
        "dadd" => of(1) + decimal(&parts[2]),
        "dsub" => of(1) - decimal(&parts[2]),
        "dmul" => of(1) * int(&parts[2]),
        "dround" => Round::of(of(1), u32::try_from(int(&parts[2])).unwrap()),
        "dcoalesce" => cast(Coalesce::of(of(1), decimal(&parts[2]))),
        "dcase" => {
            let otherwise: Money<M> = cast(decimal(&parts[3]));
            Case::when(condition(&parts[1]), of(2)).otherwise(otherwise)
        }
        "dfirst" => M::first_money(text_of(&parts[1]), &parts[2], when(parts.get(3))),
        function => M::money_of(function, text_of(&parts[1]), when(parts.get(2))),
    }
}

fn text<M: Vocabulary>(parts: &Value) -> Text<M> {
    let of = |index: usize| text::<M>(&parts[index]);
    match text_of(&parts[0]) {
        "tcol" => M::text(text_of(&parts[1])),
        "lower" => Lower::of(of(1)),
        "upper" => Upper::of(of(1)),
        "trim" => Trim::of(of(1)),
        "concat" if parts[2].is_array() => cast(Concat::of(of(1), of(2))),
        "concat" => cast(Concat::of(of(1), text_of(&parts[2]))),
        "tcoalesce" => cast(Coalesce::of(of(1), text_of(&parts[2]))),
        "tnullif" => NullIf::of(of(1), text_of(&parts[2])),
        "tcase" => {
            let otherwise: Text<M> = cast(text_of(&parts[3]));
            Case::when(condition(&parts[1]), of(2)).otherwise(otherwise)
        }
        "cast" => cast(number::<M>(&parts[1])),
        "tfirst" => M::first_text(text_of(&parts[1]), &parts[2], when(parts.get(3))),
        function => M::text_of(function, text_of(&parts[1])),
    }
}

fn condition<M: Vocabulary>(parts: &Value) -> Condition<M> {
    let name = text_of(&parts[0]);
    let of = |index: usize| condition::<M>(&parts[index]);
    match name {
        "and" => of(1) & of(2),
        "or" => of(1) | of(2),
        "not" => !of(1),
        "exists" => {
            let there: Expression<M, bool> = M::rows().filter(when(parts.get(1))).into();
            there.exact(true)
        }
        "isnull" if is_text(&parts[1]) => text(&parts[1]).isnull(parts[2].as_bool().unwrap()),
        "isnull" => number(&parts[1]).isnull(parts[2].as_bool().unwrap()),
        "in" => number(&parts[1]).is_in(parts[2].as_array().unwrap().iter().map(int)),
        "range" => number(&parts[1]).range(int(&parts[2][0]), int(&parts[2][1])),
        "dgt" => money(&parts[1]).gt(decimal(&parts[2])),
        "dgte" => money(&parts[1]).gte(decimal(&parts[2])),
        "dlt" => money(&parts[1]).lt(decimal(&parts[2])),
        "dlte" => money(&parts[1]).lte(decimal(&parts[2])),
        _ => {
            let lookup = Lookup::from_name(name).unwrap_or_else(|| panic!("{name}"));
            if is_text(&parts[1]) {
                Condition::new(text::<M>(&parts[1]), lookup, operand(&parts[2]))
            } else {
                Condition::new(number::<M>(&parts[1]), lookup, operand(&parts[2]))
            }
        }
    }
}

/// Whether the parts make a text.
fn is_text(parts: &Value) -> bool {
    let name = text_of(&parts[0]);
    matches!(name, "lower" | "upper" | "trim" | "concat" | "cast") || name.starts_with('t')
}

fn ordered_by<M: Model, T>(value: Expression<M, T>, order: &Value) -> Order<M> {
    let by = if order["desc"] == json!(true) {
        Order::descending(value)
    } else {
        Order::ascending(value)
    };
    match order["nulls"].as_str() {
        Some("first") => by.nulls_first(),
        Some("last") => by.nulls_last(),
        _ => by,
    }
}

/// The count of a recording's rows and four of them, as JSON.
async fn found<M: Vocabulary>(recorded: &Value, conn: &quintet::db::Conn) -> Value {
    let (numbers, moneys, texts) = (
        number::<M>(&recorded["number"]),
        money::<M>(&recorded["decimal"]),
        text::<M>(&recorded["text"]),
    );
    let flag = Case::when(condition(&recorded["flag"]), true).otherwise(false);
    let mut rows = QuerySet::<M>::new();
    if let Some(parts) = recorded.get("filter") {
        rows = rows.filter_by(condition(parts));
    }
    let order = &recorded["order"];
    let by = match text_of(&order["by"]) {
        "number" => ordered_by(numbers.clone(), order),
        "decimal" => ordered_by(moneys.clone(), order),
        _ => ordered_by(texts.clone(), order),
    };
    let count = rows.clone().count(conn).await.expect("a count");
    let rows = rows.unordered().then(by).then(Order::ascending(M::number("id")));
    let rows = rows.slice(int(&recorded["offset"]), 4);
    let rows = rows.values((M::number("id"), numbers, moneys, texts, flag)).all(conn).await;
    let rows: Vec<Value> = rows
        .expect("rows")
        .into_iter()
        .map(|(id, number, money, text, flag)| json!([id, number, money.map(short), text, flag]))
        .collect();
    json!({"count": count, "rows": rows})
}

/// Twelve digits, as the recordings have decimals: `SQLite` computes with binary fractions.
fn short(money: Decimal) -> String {
    money.round_sf(12).map_or_else(|| money.to_string(), |short| short.normalize().to_string())
}

#[test]
fn random_annotations_find_the_rows_that_django_finds() {
    let recordings: Vec<Value> = include_str!("../../parity/annotations.jsonl")
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert!(recordings.len() >= 500);
    for on in On::all() {
        let recordings = recordings.clone();
        let wrong: Vec<String> = Store::shared(on).run(async move |conn| {
            let mut wrong = Vec::new();
            for (line, recorded) in recordings.iter().enumerate() {
                let own = match on {
                    On::Sqlite => &recorded["sqlite"],
                    On::Postgres => recorded.get("postgresql").unwrap_or(&recorded["sqlite"]),
                };
                // an overflow there, and a wider number here
                if own.is_null() {
                    continue;
                }
                let found = match text_of(&recorded["model"]) {
                    "track" => found::<Track>(recorded, conn).await,
                    "album" => found::<Album>(recorded, conn).await,
                    _ => found::<Invoice>(recorded, conn).await,
                };
                if found != *own {
                    wrong.push(format!("line {}: {found}\nDjango: {own}", line + 1));
                }
            }
            wrong
        });
        let shown = wrong.iter().take(5).cloned().collect::<Vec<_>>().join("\n");
        assert!(wrong.is_empty(), "{on:?}: {} differ\n{shown}", wrong.len());
    }
}
