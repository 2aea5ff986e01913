//! From the texts of a query string to cleaned values, with the messages of Django's forms.

use std::collections::HashSet;

use super::conditions::{Fit, fit, is_regex};
use super::filter::Described;
use super::kinds::FilterInput;
use super::number::Number;
use crate::db::{ColumnKind, ColumnMeta, Lookup, ModelMeta};
use crate::exceptions::Detail;
use crate::fields::duration::{self, TooLong};
use crate::filters::{python, temporal};
use crate::request::QueryParams;
use crate::validators::{fill, has_nuls, words};
use crate::values::Value;
use crate::values::distinct::distinct;

/// Keys that must exist.
#[derive(Debug)]
pub(super) struct Keys {
    pub(super) model: fn() -> &'static ModelMeta,
    pub(super) column: &'static ColumnMeta,
    pub(super) values: Vec<Value>,
}

/// A value that passed its form.
#[derive(Debug)]
pub(super) struct Cleaned {
    /// `None` does not filter.
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

fn not_a_choice(value: &str) -> Detail {
    Detail::new(
        format!("Select a valid choice. {value} is not one of the available choices."),
        "invalid_choice",
    )
}

/// The message of a filter for a key that does not exist.
pub(super) fn missing(kind: &FilterInput) -> fn(&Value) -> Detail {
    match kind {
        FilterInput::ModelMultipleChoice(_) => {
            |key| not_a_choice(&python::value_text(key.as_ref()))
        }
        _ => |_| no_such_row(),
    }
}

fn no_such_row() -> Detail {
    Detail::new(
        "Select a valid choice. That choice is not one of the available choices.",
        "invalid_choice",
    )
}

/// Reads the parameters of a filter, which must be there if it is required.
pub(super) fn clean(filter: &Described, query: &QueryParams) -> Result<Cleaned> {
    let cleaned = clean_optional(filter, query)?;
    // a `NullBooleanField` takes anything
    if filter.required && cleaned.value.is_none() && !matches!(filter.kind, FilterInput::Boolean) {
        return Err(vec![Detail::new("This field is required.", "required")]);
    }
    Ok(cleaned)
}

fn clean_optional(filter: &Described, query: &QueryParams) -> Result<Cleaned> {
    if let Some(suffixes) = filter.kind.suffixes() {
        return clean_pair(filter, suffixes, query).map(Cleaned::from);
    }
    match &filter.kind {
        FilterInput::MultipleChoice => {
            let values: Vec<&str> = query.get_list(&filter.name).collect();
            if let Some(wrong) = values.iter().find(|value| !is_choice(filter, value, false)) {
                return Err(vec![not_a_choice(wrong)]);
            }
            // a repeated value adds nothing
            let values = values.into_iter().map(|v| Value::Text(v.to_owned())).collect();
            let values = distinct(values);
            bounded(filter, values.len())?;
            Ok(Some(values).filter(|values| !values.is_empty()).map(Value::List).into())
        }
        FilterInput::ModelMultipleChoice(model) => {
            clean_keys(filter, *model, query.get_list(&filter.name).collect())
        }
        FilterInput::BaseIn(_) | FilterInput::BaseRange(_) | FilterInput::Ordering => {
            clean_list(filter, query)
        }
        kind => {
            let text = query.get(&filter.name).unwrap_or_default();
            let mut cleaned = clean_one(filter, kind, text)?;
            cleaned.value = cleaned.value.filter(|value| *value != Value::Text(String::new()));
            Ok(cleaned)
        }
    }
}

/// Parses one parameter. An empty string means "no value", except for a `CharField`, where it stays
/// an empty string.
fn clean_one(filter: &Described, kind: &FilterInput, text: &str) -> Result<Cleaned> {
    let or = |value: Option<Value>, message: &'static str| match value {
        _ if text.is_empty() => Ok(Cleaned::from(None)),
        Some(value) => Ok(Some(value).into()),
        None => invalid(message),
    };
    match kind {
        FilterInput::Char => clean_text(filter, text),
        FilterInput::Number | FilterInput::Range => {
            let number = Number::parse(text);
            if matches!(kind, FilterInput::Number)
                && number.as_ref().is_some_and(Number::is_too_large)
            {
                return Err(vec![Detail::new(
                    fill(words::GREATEST, "max_value", "1e+50"),
                    "max_value",
                )]);
            }
            or(number.map(|number| number.to_value()), "Enter a number.")
        }
        FilterInput::Boolean => Ok(match text.to_lowercase().as_str() {
            "true" | "1" => Some(Value::Bool(true)),
            "false" | "0" => Some(Value::Bool(false)),
            _ => None,
        }
        .into()),
        FilterInput::Date | FilterInput::DateFromToRange => {
            or(temporal::form_date(text).map(Value::Date), "Enter a valid date.")
        }
        FilterInput::Time | FilterInput::TimeRange => {
            or(temporal::form_time(text).map(Value::Time), "Enter a valid time.")
        }
        FilterInput::DateTime | FilterInput::DateTimeFromToRange => {
            or(temporal::form_datetime(text).map(Value::DateTime), "Enter a valid date/time.")
        }
        FilterInput::IsoDateTime | FilterInput::IsoDateTimeFromToRange => {
            or(temporal::iso_datetime(text).map(Value::DateTime), "Enter a valid date/time.")
        }
        FilterInput::Duration => {
            let length = match duration::parse(text) {
                Some(Err(TooLong)) => {
                    return Err(vec![Detail::new(
                        "The number of days must be between -999999999 and 999999999.",
                        "overflow",
                    )]);
                }
                length => length.and_then(std::result::Result::ok),
            };
            or(length.map(Value::Duration), "Enter a valid duration.")
        }
        FilterInput::Uuid => {
            let trimmed = python::strip(text);
            if trimmed.is_empty() {
                return Ok(None.into());
            }
            or(python::uuid(trimmed).map(|uuid| Value::Uuid(uuid.into())), "Enter a valid UUID.")
        }
        FilterInput::Custom(custom) => {
            if text.is_empty() {
                return Ok(None.into());
            }
            if text.contains('\0') {
                return Err(vec![has_nuls()]);
            }
            match (custom.clean)(text) {
                Ok(value) => Ok(value.into()),
                Err(Detail::List(messages)) => Err(messages),
                Err(message) => Err(vec![message]),
            }
        }
        FilterInput::Choice
        | FilterInput::DateRange
        | FilterInput::MultipleChoice
        | FilterInput::Ordering => {
            if text.is_empty() {
                return Ok(None.into());
            }
            if !is_choice(filter, text, true) {
                return Err(vec![not_a_choice(text)]);
            }
            Ok(Some(Value::Text(text.to_owned())).into())
        }
        FilterInput::ModelChoice(model) | FilterInput::ModelMultipleChoice(model) => {
            clean_key(filter, *model, text)
        }
        // lists of lists have no form
        FilterInput::BaseIn(inner) | FilterInput::BaseRange(inner) => {
            clean_one(filter, inner, text)
        }
    }
}

fn clean_text(filter: &Described, text: &str) -> Result<Cleaned> {
    let text = python::strip(text);
    if text.contains('\0') {
        return Err(vec![has_nuls()]);
    }
    let lookup = filter.expr.lookup;
    if matches!(lookup, Lookup::Regex | Lookup::IRegex) && !is_regex(text, lookup) {
        return invalid("Enter a valid regular expression.");
    }
    Ok(Some(Value::Text(text.to_owned())).into())
}

fn is_choice(filter: &Described, value: &str, blank: bool) -> bool {
    (blank && value.is_empty())
        || filter.is_null_word(value)
        || filter.choices.iter().any(|(choice, _)| choice == value)
        || filter.ordering.iter().any(|c| c.param == value.strip_prefix('-').unwrap_or(value))
}

/// The most values that become a condition each: each adds to the statement, along a relation even
/// a sub-select.
const MOST_CONDITIONS: usize = 100;

/// Refuses more values than a statement may have conditions. Values of which any may match are one
/// list, of any length.
fn bounded(filter: &Described, values: usize) -> Result<()> {
    if filter.is_one_condition() || values <= MOST_CONDITIONS {
        return Ok(());
    }
    Err(vec![Detail::new(
        fill(words::MOST_ELEMENTS, "max_length", &MOST_CONDITIONS.to_string()),
        "max_length",
    )])
}

/// A text read as a key of the model.
enum Key {
    /// A key that a row may have.
    Possible(Value),
    /// A key that no row can have.
    Impossible,
    /// Not a key.
    Malformed,
}

fn key(column: &ColumnMeta, text: &str) -> Key {
    match fit(column.kind, None, &Value::Text(text.to_owned())) {
        Fit::Value(key) => Key::Possible(key),
        Fit::Above | Fit::Below => Key::Impossible,
        Fit::Misfit => Key::Malformed,
    }
}

/// Django's message for text that is not a key: `fallback`, except for UUIDs.
fn bad_key(column: &ColumnMeta, text: &str, fallback: Detail) -> Detail {
    if column.kind == ColumnKind::Uuid {
        return Detail::invalid(format!("“{text}” is not a valid UUID."));
    }
    fallback
}

fn clean_key(filter: &Described, model: fn() -> &'static ModelMeta, text: &str) -> Result<Cleaned> {
    if text.is_empty() {
        return Ok(None.into());
    }
    if filter.is_null_word(text) {
        return Ok(Some(Value::Null).into());
    }
    if text.contains('\0') {
        return Err(vec![has_nuls()]);
    }
    let column = filter.named_by(model());
    match key(column, text) {
        Key::Possible(key) => {
            let keys = Keys { model, column, values: vec![key.clone()] };
            Ok(Cleaned { value: Some(key), keys: Some(keys) })
        }
        Key::Impossible => Err(vec![no_such_row()]),
        Key::Malformed => Err(vec![bad_key(column, text, no_such_row())]),
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
    let null = texts.iter().any(|text| filter.is_null_word(text));
    let column = filter.named_by(model());
    let mut keys: Vec<(&str, Option<Value>)> = Vec::new();
    let mut known = HashSet::new();
    for text in texts.into_iter().filter(|text| !filter.is_null_word(text)) {
        if text.contains('\0') {
            return Err(vec![has_nuls()]);
        }
        let key = match key(column, text) {
            Key::Possible(key) => Some(key),
            Key::Impossible => None,
            Key::Malformed => {
                let message =
                    Detail::new(format!("“{text}” is not a valid value."), "invalid_pk_value");
                return Err(vec![bad_key(column, text, message)]);
            }
        };
        if known.insert(text) {
            keys.push((text, key));
        }
    }
    bounded(filter, keys.len())?;
    let mut found = Vec::with_capacity(keys.len());
    for (text, key) in keys {
        // Django compares texts, so `01` is not a key although `1` is
        match key.filter(|key| python::value_text(key.as_ref()) == text) {
            Some(key) => found.push(key),
            None => return Err(vec![not_a_choice(text)]),
        }
    }
    let mut values = found.clone();
    values.extend(null.then_some(Value::Null));
    Ok(Cleaned {
        value: Some(Value::List(values)),
        keys: Some(Keys { model, column, values: found }),
    })
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
                Some(keys) => keys.values.extend(new.values),
                None => keys = Some(new),
            }
        }
    }
    if matches!(filter.kind, FilterInput::BaseRange(_)) && values.len() != 2 {
        return Err(vec![Detail::new("Range query expects two values.", "invalid_values")]);
    }
    Ok(Cleaned { value: Some(Value::List(values)), keys })
}

fn element(kind: &FilterInput) -> &FilterInput {
    match kind {
        FilterInput::BaseIn(inner) | FilterInput::BaseRange(inner) => element(inner),
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
    if matches!(filter.kind, FilterInput::DateFromToRange) {
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

#[cfg(test)]
mod tests {
    use super::super::filter::Filter;
    use super::super::kinds::*;
    use super::*;
    use crate::filters::testing::{Note, Tag, column};

    fn filter<K: FilterKind>(path: &str) -> Filter<Note> {
        Filter::new::<K>("f", column(path))
    }

    fn value(filter: &Filter<Note>, query: &str) -> std::result::Result<Option<Value>, String> {
        clean(&filter.described, &QueryParams::parse(query)).map(|cleaned| cleaned.value).map_err(
            |errors| {
                let texts: Vec<_> =
                    errors.iter().map(|e| e.to_json().as_str().unwrap().to_owned()).collect();
                texts.join("|")
            },
        )
    }

    fn error(filter: &Filter<Note>, query: &str) -> String {
        value(filter, query).unwrap_err()
    }

    fn text(value: &str) -> Value {
        Value::Text(value.to_owned())
    }

    fn int(value: i64) -> Value {
        Value::Decimal(value.into())
    }

    #[test]
    fn an_empty_or_missing_value_is_no_filter() {
        for kind in [
            filter::<CharFilter>("name"),
            filter::<NumberFilter>("size"),
            filter::<BooleanFilter>("is_public"),
            filter::<DateFilter>("day"),
            filter::<TimeFilter>("created"),
            filter::<DateTimeFilter>("created"),
            filter::<IsoDateTimeFilter>("created"),
            filter::<DurationFilter>("size"),
            filter::<UuidFilter>("name"),
            filter::<ChoiceFilter>("grade"),
            filter::<ModelChoiceFilter<Tag>>("tags"),
            filter::<BaseInFilter<NumberFilter>>("id"),
            filter::<BaseRangeFilter<NumberFilter>>("id"),
            filter::<DateRangeFilter>("created"),
        ] {
            assert_eq!(value(&kind, "f="), Ok(None), "{kind:?}");
            assert_eq!(value(&kind, "other=1"), Ok(None), "{kind:?}");
        }
        let range = filter::<RangeFilter>("size");
        assert_eq!(value(&range, "f_min=&f_max="), Ok(None));
    }

    #[test]
    fn the_last_of_repeated_values_counts() {
        assert_eq!(value(&filter::<CharFilter>("name"), "f=a&f=b"), Ok(Some(text("b"))));
    }

    #[test]
    fn a_text_is_trimmed_and_holds_no_has_nuls() {
        let filter = filter::<CharFilter>("name");
        assert_eq!(value(&filter, "f=+a+b+"), Ok(Some(text("a b"))));
        assert_eq!(value(&filter, "f=+"), Ok(None));
        assert_eq!(error(&filter, "f=%00"), "Null characters are not allowed.");
        let pattern = filter.lookup(Lookup::Regex);
        assert_eq!(error(&pattern, "f=("), "Enter a valid regular expression.");
    }

    #[test]
    fn numbers_are_finite_and_at_most_1e50() {
        let filter = filter::<NumberFilter>("size");
        assert_eq!(value(&filter, "f=+343719+"), Ok(Some(int(343_719))));
        for bad in ["abc", "NaN", "Infinity", "+", "1,5", "%00"] {
            assert_eq!(error(&filter, &format!("f={bad}")), "Enter a number.");
        }
        assert_eq!(error(&filter, "f=1e51"), "Ensure this value is less than or equal to 1e+50.");
    }

    #[test]
    fn only_four_words_are_booleans() {
        let filter = filter::<BooleanFilter>("is_public");
        for (word, expected) in [
            ("true", Some(true)),
            ("True", Some(true)),
            ("TRUE", Some(true)),
            ("1", Some(true)),
            ("false", Some(false)),
            ("0", Some(false)),
            ("yes", None),
            ("maybe", None),
        ] {
            assert_eq!(value(&filter, &format!("f={word}")), Ok(expected.map(Value::Bool)));
        }
    }

    #[test]
    fn dates_times_and_uuids_have_djangos_messages() {
        assert_eq!(error(&filter::<DateFilter>("day"), "f=bad"), "Enter a valid date.");
        assert_eq!(error(&filter::<DateFilter>("day"), "f=+"), "Enter a valid date.");
        assert_eq!(error(&filter::<TimeFilter>("day"), "f=25:00"), "Enter a valid time.");
        let moment = "Enter a valid date/time.";
        assert_eq!(error(&filter::<DateTimeFilter>("created"), "f=bad"), moment);
        assert_eq!(error(&filter::<IsoDateTimeFilter>("created"), "f=12/05/2025"), moment);
        assert!(value(&filter::<DateTimeFilter>("created"), "f=12/05/2025").is_ok());
        assert_eq!(error(&filter::<DurationFilter>("size"), "f=soon"), "Enter a valid duration.");
        let days = "The number of days must be between -999999999 and 999999999.";
        assert_eq!(error(&filter::<DurationFilter>("size"), "f=1000000000 00:00:00"), days);
        assert_eq!(error(&filter::<UuidFilter>("name"), "f=abc"), "Enter a valid UUID.");
        assert_eq!(value(&filter::<UuidFilter>("name"), "f=+"), Ok(None));
    }

    #[test]
    fn a_choice_is_one_of_the_choices() {
        let choice = filter::<ChoiceFilter>("grade").choices([("a", "A"), ("b", "B")]);
        assert_eq!(value(&choice, "f=a"), Ok(Some(text("a"))));
        let message = "Select a valid choice. gold is not one of the available choices.";
        assert_eq!(error(&choice, "f=gold"), message);
        assert!(error(&choice, "f=null").starts_with("Select a valid choice. null"));
        assert_eq!(value(&choice.null_label("None"), "f=null"), Ok(Some(text("null"))));
        let many = filter::<MultipleChoiceFilter>("grade").choices([("a", "A"), ("b", "B")]);
        assert_eq!(value(&many, "f=a&f=b"), Ok(Some(Value::List(vec![text("a"), text("b")]))));
        assert_eq!(error(&many, "f=a&f=gold"), message);
        assert_eq!(
            error(&many, "f="),
            "Select a valid choice.  is not one of the available choices."
        );
        let days = filter::<DateRangeFilter>("created");
        assert_eq!(value(&days, "f=week"), Ok(Some(text("week"))));
        assert!(error(&days, "f=decade").starts_with("Select a valid choice. decade is not"));
    }

    #[test]
    fn a_text_that_is_no_key_is_refused() {
        let message = "Select a valid choice. That choice is not one of the available choices.";
        let one = filter::<ModelChoiceFilter<Tag>>("tags");
        for bad in ["abc", "1.0", "99999999999999999999"] {
            assert_eq!(error(&one, &format!("f={bad}")), message, "{bad}");
        }
        assert_eq!(error(&one, "f=%00"), "Null characters are not allowed.");
        assert_eq!(value(&one, "f=+5+"), Ok(Some(Value::Int(5))));
        let several = filter::<BaseInFilter<ModelChoiceFilter<Tag>>>("tags");
        assert_eq!(error(&several, "f=1,x"), message);
        let many = filter::<ModelMultipleChoiceFilter<Tag>>("tags");
        assert_eq!(error(&many, "f=1&f=abc"), "“abc” is not a valid value.");
        assert_eq!(error(&many, "f="), "“” is not a valid value.");
        assert_eq!(
            error(&many, "f=01"),
            "Select a valid choice. 01 is not one of the available choices."
        );
        assert_eq!(error(&many, "f=%00"), "Null characters are not allowed.");
    }

    #[test]
    fn lists_stand_between_commas() {
        let numbers = filter::<BaseInFilter<NumberFilter>>("id");
        assert_eq!(
            value(&numbers, "f=1,,2"),
            Ok(Some(Value::List(vec![int(1), Value::Null, int(2)])))
        );
        assert_eq!(error(&numbers, "f=1,abc,def"), "Enter a number.");
        let texts = filter::<BaseInFilter<CharFilter>>("name");
        assert_eq!(value(&texts, "f=,"), Ok(Some(Value::List(vec![text(""), text("")]))));
    }

    #[test]
    fn a_range_has_two_values() {
        let range = filter::<BaseRangeFilter<NumberFilter>>("id");
        for bad in ["5", "1,2,3"] {
            assert_eq!(error(&range, &format!("f={bad}")), "Range query expects two values.");
        }
        assert_eq!(error(&range, "f=a,b,c"), "Enter a number.");
        assert_eq!(value(&range, "f=1,2"), Ok(Some(Value::List(vec![int(1), int(2)]))));
    }

    #[test]
    fn what_cannot_be_chosen_has_the_code_of_a_choice() {
        let choice = filter::<ChoiceFilter>("name").choices([("a", "A")]);
        let several = filter::<MultipleChoiceFilter>("name").choices([("a", "A")]);
        for filter in [choice, several] {
            let errors = clean(&filter.described, &QueryParams::parse("f=b")).unwrap_err();
            let codes: Vec<_> = errors.iter().map(Detail::codes).collect();
            assert_eq!(codes, ["invalid_choice"]);
            let text = "Select a valid choice. b is not one of the available choices.";
            assert_eq!(error(&filter, "f=b"), text);
        }
    }

    #[test]
    fn a_pair_reports_equal_errors_once() {
        let size = filter::<RangeFilter>("size");
        assert_eq!(error(&size, "f_min=a&f_max=b"), "Enter a number.");
        assert_eq!(value(&size, "f_min=1"), Ok(Some(Value::List(vec![int(1), Value::Null]))));
        // a range has no greatest number
        assert!(value(&size, "f_max=1e60").is_ok());
        let days = filter::<DateFromToRangeFilter>("created");
        assert_eq!(error(&days, "f_before=2021-13-01"), "Enter a valid date.");
        let Ok(Some(Value::List(bounds))) = value(&days, "f_after=2024-01-01&f_before=2024-01-31")
        else {
            panic!()
        };
        let texts: Vec<_> = bounds.iter().map(|b| python::value_text(b.as_ref())).collect();
        assert_eq!(texts, ["2024-01-01 00:00:00+00:00", "2024-01-31 23:59:59.999999+00:00"]);
        let times = filter::<TimeRangeFilter>("created");
        assert_eq!(error(&times, "f_after=x"), "Enter a valid time.");
        let moments = filter::<IsoDateTimeFromToRangeFilter>("created");
        assert_eq!(error(&moments, "f_after=x"), "Enter a valid date/time.");
        let moments = filter::<DateTimeFromToRangeFilter>("created");
        assert!(value(&moments, "f_after=10/25/2006").is_ok());
    }

    #[test]
    fn a_wrong_name_to_order_by_is_refused() {
        let sort = Filter::<Note>::ordering(
            "f",
            [super::super::filter::OrderingChoice::new("created", column("created"))],
        );
        assert_eq!(
            value(&sort, "f=-created,"),
            Ok(Some(Value::List(vec![text("-created"), Value::Null])))
        );
        assert_eq!(
            error(&sort, "f=bad"),
            "Select a valid choice. bad is not one of the available choices."
        );
        assert_eq!(
            error(&sort, "f=--created"),
            "Select a valid choice. --created is not one of the available choices."
        );
    }
}
