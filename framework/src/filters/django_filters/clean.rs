//! From the texts of a query string to cleaned values, with the messages of Django's forms.

use super::conditions::{Fit, fit, is_regex, uuid};
use super::filter::Described;
use super::kinds::Kind;
use super::number::Number;
use crate::db::{ColumnKind, Lookup, ModelMeta};
use crate::exceptions::Detail;
use crate::fields::Value;
use crate::filters::{python, temporal};
use crate::request::QueryParams;

/// The value that stands for rows without one, where a filter has a null label.
pub(super) const NULL: &str = "null";

/// Keys that must be found, each with what is said when it is not.
#[derive(Debug)]
pub(super) struct Keys {
    pub(super) model: fn() -> &'static ModelMeta,
    pub(super) keys: Vec<(Value, Detail)>,
}

/// A value that passed its form.
#[derive(Debug)]
pub(super) struct Cleaned {
    /// `None` is no filter.
    pub(super) value: Option<Value>,
    pub(super) keys: Option<Keys>,
}

impl From<Option<Value>> for Cleaned {
    fn from(value: Option<Value>) -> Self {
        Self { value, keys: None }
    }
}

type Result<T> = std::result::Result<T, Vec<Detail>>;

fn invalid<T>(text: &'static str) -> Result<T> {
    Err(vec![Detail::invalid(text)])
}

fn nul() -> Detail {
    Detail::new("Null characters are not allowed.", "null_characters_not_allowed")
}

fn not_a_choice(value: &str) -> Detail {
    Detail::new(
        format!("Select a valid choice. {value} is not one of the available choices."),
        "invalid_choice",
    )
}

fn no_such_row() -> Detail {
    Detail::new(
        "Select a valid choice. That choice is not one of the available choices.",
        "invalid_choice",
    )
}

/// Reads the parameters of a filter.
pub(super) fn clean(filter: &Described, query: &QueryParams) -> Result<Cleaned> {
    if let Some(suffixes) = filter.kind.suffixes() {
        return clean_pair(filter, suffixes, query).map(Cleaned::from);
    }
    match &filter.kind {
        Kind::MultipleChoice => {
            let values: Vec<&str> = query.get_list(&filter.name).collect();
            if let Some(wrong) = values.iter().find(|value| !is_choice(filter, value, false)) {
                return Err(vec![not_a_choice(wrong)]);
            }
            let values: Vec<Value> = values.into_iter().map(|v| Value::Text(v.to_owned())).collect();
            Ok(Some(values).filter(|values| !values.is_empty()).map(Value::List).into())
        }
        Kind::ModelMultipleChoice(model) => {
            clean_keys(filter, *model, query.get_list(&filter.name).collect())
        }
        Kind::BaseIn(_) | Kind::BaseRange(_) | Kind::Ordering => clean_list(filter, query),
        kind => {
            let text = query.get(&filter.name).unwrap_or_default();
            let mut cleaned = clean_one(filter, kind, text)?;
            cleaned.value = cleaned.value.filter(|value| *value != Value::Text(String::new()));
            Ok(cleaned)
        }
    }
}

/// Reads one text; an empty one is no value, but the empty text of a `CharField`.
fn clean_one(filter: &Described, kind: &Kind, text: &str) -> Result<Cleaned> {
    let or = |value: Option<Value>, message: &'static str| match value {
        _ if text.is_empty() => Ok(Cleaned::from(None)),
        Some(value) => Ok(Some(value).into()),
        None => invalid(message),
    };
    match kind {
        Kind::Char => clean_text(filter, text),
        Kind::Number | Kind::Range => {
            let number = Number::parse(text);
            if matches!(kind, Kind::Number) && number.as_ref().is_some_and(Number::is_too_large) {
                return Err(vec![Detail::new(
                    "Ensure this value is less than or equal to 1e+50.",
                    "max_value",
                )]);
            }
            or(number.map(|number| number.to_value()), "Enter a number.")
        }
        Kind::Boolean => Ok(match text.to_lowercase().as_str() {
            "true" | "1" => Some(Value::Bool(true)),
            "false" | "0" => Some(Value::Bool(false)),
            _ => None,
        }
        .into()),
        Kind::Date | Kind::DateFromToRange => {
            or(temporal::form_date(text).map(Value::Date), "Enter a valid date.")
        }
        Kind::Time | Kind::TimeRange => {
            or(temporal::form_time(text).map(Value::Time), "Enter a valid time.")
        }
        Kind::DateTime | Kind::DateTimeFromToRange => {
            or(temporal::form_datetime(text).map(Value::DateTime), "Enter a valid date/time.")
        }
        Kind::IsoDateTime | Kind::IsoDateTimeFromToRange => {
            or(temporal::iso_datetime(text).map(Value::DateTime), "Enter a valid date/time.")
        }
        Kind::Duration => {
            or(temporal::duration(text).map(Value::Duration), "Enter a valid duration.")
        }
        Kind::Uuid => {
            let trimmed = python::strip(text);
            if trimmed.is_empty() {
                return Ok(None.into());
            }
            or(uuid(trimmed).map(Value::Uuid), "Enter a valid UUID.")
        }
        Kind::Choice | Kind::DateRange | Kind::MultipleChoice | Kind::Ordering => {
            if text.is_empty() {
                return Ok(None.into());
            }
            if !is_choice(filter, text, true) {
                return Err(vec![not_a_choice(text)]);
            }
            Ok(Some(Value::Text(text.to_owned())).into())
        }
        Kind::ModelChoice(model) | Kind::ModelMultipleChoice(model) => {
            clean_key(filter, *model, text)
        }
        // lists of lists have no form
        Kind::BaseIn(inner) | Kind::BaseRange(inner) => clean_one(filter, inner, text),
    }
}

fn clean_text(filter: &Described, text: &str) -> Result<Cleaned> {
    let text = python::strip(text);
    if text.contains('\0') {
        return Err(vec![nul()]);
    }
    if matches!(filter.expr.lookup, Lookup::Regex | Lookup::IRegex) && !is_regex(text) {
        return invalid("Enter a valid regular expression.");
    }
    Ok(Some(Value::Text(text.to_owned())).into())
}

fn is_choice(filter: &Described, value: &str, blank: bool) -> bool {
    (blank && value.is_empty())
        || (value == NULL && filter.null_label.is_some())
        || filter.choices.iter().any(|(choice, _)| choice == value)
        || filter.ordering.iter().any(|c| c.param == value.strip_prefix('-').unwrap_or(value))
}

/// `None` for a text that is no key of the model; `Some(None)` for a key no row can have.
fn key(model: &ModelMeta, text: &str) -> Option<Option<Value>> {
    match fit(model.pk_column().kind, None, &Value::Text(text.to_owned())) {
        Fit::Value(key) => Some(Some(key)),
        Fit::Above | Fit::Below => Some(None),
        Fit::Misfit => None,
    }
}

/// What Django says about a text that is no key, `fallback` but for UUIDs.
fn bad_key(model: &ModelMeta, text: &str, fallback: Detail) -> Detail {
    if model.pk_column().kind == ColumnKind::Uuid {
        return Detail::invalid(format!("“{text}” is not a valid UUID."));
    }
    fallback
}

fn clean_key(
    filter: &Described,
    model: fn() -> &'static ModelMeta,
    text: &str,
) -> Result<Cleaned> {
    if text.is_empty() {
        return Ok(None.into());
    }
    if text == NULL && filter.null_label.is_some() {
        return Ok(Some(Value::Null).into());
    }
    if text.contains('\0') {
        return Err(vec![nul()]);
    }
    match key(model(), text) {
        Some(Some(key)) => Ok(Cleaned {
            value: Some(key.clone()),
            keys: Some(Keys { model, keys: vec![(key, no_such_row())] }),
        }),
        Some(None) => Err(vec![no_such_row()]),
        None => Err(vec![bad_key(model(), text, no_such_row())]),
    }
}

fn clean_keys(
    filter: &Described,
    model: fn() -> &'static ModelMeta,
    texts: Vec<&str>,
) -> Result<Cleaned> {
    if texts.is_empty() {
        return Ok(None.into());
    }
    let null = filter.null_label.is_some() && texts.contains(&NULL);
    let mut keys: Vec<(&str, Option<Value>)> = Vec::new();
    for text in texts.into_iter().filter(|text| !(null && *text == NULL)) {
        if text.contains('\0') {
            return Err(vec![nul()]);
        }
        let Some(key) = key(model(), text) else {
            let message = Detail::new(format!("“{text}” is not a valid value."), "invalid_pk_value");
            return Err(vec![bad_key(model(), text, message)]);
        };
        if !keys.iter().any(|(known, _)| *known == text) {
            keys.push((text, key));
        }
    }
    let mut found = Vec::with_capacity(keys.len());
    for (text, key) in keys {
        // Django compares texts, so `01` is no key though 1 is
        match key.filter(|key| python::text(key.as_ref()) == text) {
            Some(key) => found.push((key, not_a_choice(text))),
            None => return Err(vec![not_a_choice(text)]),
        }
    }
    let mut values: Vec<Value> = found.iter().map(|(key, _)| key.clone()).collect();
    values.extend(null.then_some(Value::Null));
    Ok(Cleaned { value: Some(Value::List(values)), keys: Some(Keys { model, keys: found }) })
}

fn clean_list(filter: &Described, query: &QueryParams) -> Result<Cleaned> {
    let (Some(text), kind) = (query.get(&filter.name), element(&filter.kind)) else {
        return Ok(None.into());
    };
    if text.is_empty() {
        return Ok(None.into());
    }
    let mut values = Vec::new();
    let mut keys: Option<Keys> = None;
    for part in text.split(',') {
        let cleaned = clean_one(filter, kind, part)?;
        values.push(cleaned.value.unwrap_or(Value::Null));
        if let Some(new) = cleaned.keys {
            match &mut keys {
                Some(keys) => keys.keys.extend(new.keys),
                None => keys = Some(new),
            }
        }
    }
    if matches!(filter.kind, Kind::BaseRange(_)) && values.len() != 2 {
        return Err(vec![Detail::new("Range query expects two values.", "invalid_values")]);
    }
    Ok(Cleaned { value: Some(Value::List(values)), keys })
}

fn element(kind: &Kind) -> &Kind {
    match kind {
        Kind::BaseIn(inner) | Kind::BaseRange(inner) => element(inner),
        other => other,
    }
}

/// Reads the two parameters of a range: a list of two, null where one was not sent.
fn clean_pair(
    filter: &Described,
    suffixes: [&'static str; 2],
    query: &QueryParams,
) -> Result<Option<Value>> {
    let mut errors: Vec<Detail> = Vec::new();
    let mut bounds = Vec::new();
    for suffix in suffixes {
        let text = query.get(&format!("{}_{suffix}", filter.name)).unwrap_or_default();
        match clean_one(filter, &filter.kind, text) {
            Ok(cleaned) => bounds.push(cleaned.value.unwrap_or(Value::Null)),
            Err(new) => {
                for error in new {
                    if !errors.contains(&error) {
                        errors.push(error);
                    }
                }
            }
        }
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    if bounds.iter().all(Value::is_null) {
        return Ok(None);
    }
    if matches!(filter.kind, Kind::DateFromToRange) {
        for (at, bound) in bounds.iter_mut().enumerate() {
            if let Value::Date(day) = bound {
                let time = if at == 0 { Some(chrono::NaiveTime::MIN) } else { last_of_day() };
                let moment = day.and_time(time.unwrap_or_default()).and_utc();
                *bound = Value::DateTime(moment.into());
            }
        }
    }
    Ok(Some(Value::List(bounds)))
}

fn last_of_day() -> Option<chrono::NaiveTime> {
    chrono::NaiveTime::from_hms_micro_opt(23, 59, 59, 999_999)
}
