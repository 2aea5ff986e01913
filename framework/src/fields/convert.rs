//! Converting input, by kind (`to_internal_value`), and the validators of each kind.

use std::borrow::Cow;

use crate::exceptions::Detail;
use crate::validators::words;

use super::kind::{Choice, FieldKind};
use super::{
    Field, Raw, Value, composite, duration, file, format, keys, moments, number, python, text,
};

pub(super) fn convert(field: &Field, raw: &Raw<'_>, partial: bool) -> Result<Value, Detail> {
    match &field.kind {
        FieldKind::Boolean => boolean(field, raw),
        FieldKind::Char(char) => text::convert(field, char, raw),
        FieldKind::Uuid { .. } => uuid(field, raw),
        FieldKind::Integer { big, .. } => number::integer(field, *big, raw),
        FieldKind::Float { .. } => number::float(field, raw),
        FieldKind::Decimal(options) => number::decimal(field, options, raw),
        FieldKind::DateTime { input_formats, .. } => moments::datetime(field, input_formats, raw),
        FieldKind::Date { input_formats, .. } => moments::date(field, input_formats, raw),
        FieldKind::Time { input_formats, .. } => moments::time(field, input_formats, raw),
        FieldKind::Duration { .. } => duration::convert(field, raw),
        FieldKind::Choice { choices, allow_blank } => choice(field, choices, *allow_blank, raw),
        FieldKind::MultipleChoice { choices, allow_blank, allow_empty } => {
            multiple_choice(field, choices, *allow_blank, *allow_empty, raw)
        }
        FieldKind::List { child, allow_empty, .. } => {
            composite::list(field, child, *allow_empty, raw, partial)
        }
        FieldKind::Dict { child, allow_empty } => {
            composite::dict(field, child, *allow_empty, raw, partial)
        }
        FieldKind::Json { binary } => composite::json(field, *binary, raw),
        FieldKind::File(options) => file::convert(field, options, raw),
        FieldKind::Bytes => bytes(field, raw),
        FieldKind::Any | FieldKind::Hidden | FieldKind::ReadOnly => Ok(composite::any(raw)),
        FieldKind::PrimaryKey { .. } | FieldKind::SlugKey => keys::key(field, raw),
        FieldKind::ManyRelated { child, .. } => {
            let found = keys::many(field, child, raw)?;
            found.error.map_or(Ok(Value::List(found.keys)), Err)
        }
        FieldKind::Nested { fields, many, .. } => {
            composite::nested(field, fields, *many, raw, partial)
        }
    }
}

/// The validators of a kind; they run after those of the field.
pub(super) fn bounds(field: &Field, value: &Value, raw: &Raw<'_>, errors: &mut Vec<Detail>) {
    match (&field.kind, value) {
        (FieldKind::Char(char), Value::Text(value)) => {
            let surrogate = match raw {
                Raw::Surrogate(_, unit) => Some(*unit),
                _ => None,
            };
            text::validate(field, char, value, surrogate, errors);
        }
        (FieldKind::Integer { min, max, .. }, Value::Int(value)) => {
            if let Some(max) = max.filter(|max| value > max) {
                errors.push(above(field, &max.to_string()));
            }
            if let Some(min) = min.filter(|min| value < min) {
                errors.push(below(field, &min.to_string()));
            }
        }
        (FieldKind::Integer { min, max, .. }, Value::BigInt(value)) => {
            // beyond every bound, on one side or the other
            match (value.starts_with('-'), min, max) {
                (false, _, Some(max)) => errors.push(above(field, &max.to_string())),
                (true, Some(min), _) => errors.push(below(field, &min.to_string())),
                _ => {}
            }
        }
        (FieldKind::Float { min, max }, Value::Float(value)) => {
            if let Some(max) = max.filter(|max| value > max) {
                errors.push(above(field, &float_text(max)));
            }
            if let Some(min) = min.filter(|min| value < min) {
                errors.push(below(field, &float_text(min)));
            }
        }
        (FieldKind::Decimal(options), Value::Decimal(value)) => {
            if let Some(max) = options.max.filter(|max| value > max) {
                errors.push(above(field, &max.to_string()));
            }
            if let Some(min) = options.min.filter(|min| value < min) {
                errors.push(below(field, &min.to_string()));
            }
        }
        (FieldKind::Duration { min, max, .. }, Value::Duration(value)) => {
            if let Some(max) = max.filter(|max| value > max) {
                errors.push(above(field, &format::timedelta(max)));
            }
            if let Some(min) = min.filter(|min| value < min) {
                errors.push(below(field, &format::timedelta(min)));
            }
        }
        (FieldKind::List { min_length, max_length, .. }, Value::List(items)) => {
            sizes(field, items.len(), *min_length, *max_length, errors);
        }
        _ => {}
    }
}

/// The messages of a list that is too long or too short.
pub(super) fn sizes(
    field: &Field,
    count: usize,
    min: Option<usize>,
    max: Option<usize>,
    errors: &mut Vec<Detail>,
) {
    if let Some(max) = max.filter(|max| count > *max) {
        let text = words::MOST_ELEMENTS;
        errors.push(field.message("max_length", text, &[("max_length", &max.to_string())]));
    }
    if let Some(min) = min.filter(|min| count < *min) {
        let text = words::FEWEST_ELEMENTS;
        errors.push(field.message("min_length", text, &[("min_length", &min.to_string())]));
    }
}

fn above(field: &Field, bound: &str) -> Detail {
    field.message("max_value", words::GREATEST, &[("max_value", bound)])
}

fn below(field: &Field, bound: &str) -> Detail {
    field.message("min_value", words::LEAST, &[("min_value", bound)])
}

fn float_text(value: f64) -> String {
    let mut out = String::new();
    format::float(value, &mut out);
    out
}

fn boolean(field: &Field, raw: &Raw<'_>) -> Result<Value, Detail> {
    let found = match raw {
        Raw::Bool(value) => Some(Value::Bool(*value)),
        Raw::Int(digits) => match &**digits {
            "1" => Some(Value::Bool(true)),
            "0" => Some(Value::Bool(false)),
            _ => None,
        },
        Raw::Float(spelling) => match python::float(spelling) {
            0.0 => Some(Value::Bool(false)),
            1.0 => Some(Value::Bool(true)),
            _ => None,
        },
        Raw::Text(text) | Raw::JsonText(text) if text.len() <= 5 => {
            let is = |words: &[&str]| words.iter().any(|word| text.eq_ignore_ascii_case(word));
            if is(&["true", "t", "1", "y", "yes", "on"]) {
                Some(Value::Bool(true))
            } else if is(&["false", "f", "0", "n", "no", "off"]) {
                Some(Value::Bool(false))
            } else {
                (field.allow_null && is(&["null", ""])).then_some(Value::Null)
            }
        }
        _ => None,
    };
    found.ok_or_else(|| field.fail("invalid", "Must be a valid boolean."))
}

fn uuid(field: &Field, raw: &Raw<'_>) -> Result<Value, Detail> {
    parse_uuid(raw)
        .map(|uuid| Value::Uuid(uuid.into()))
        .ok_or_else(|| field.fail("invalid", "Must be a valid UUID."))
}

/// Base64, in which other characters count for nothing, as for Python.
fn bytes(field: &Field, raw: &Raw<'_>) -> Result<Value, Detail> {
    use base64::alphabet::STANDARD;
    use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
    let config = GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireCanonical);
    let decode = |text: &str| {
        let is_data = |letter: &char| letter.is_ascii_alphanumeric() || "+/=".contains(*letter);
        let data: String = text.chars().filter(is_data).collect();
        base64::Engine::decode(&GeneralPurpose::new(&STANDARD, config), data).ok()
    };
    match raw {
        Raw::Text(text) | Raw::JsonText(text) => decode(text).map(Value::Bytes),
        _ => None,
    }
    .ok_or_else(|| field.fail("invalid", "Value must be valid base64."))
}

/// A UUID: a text of one; a number, of which true and false are 1 and 0.
pub(super) fn parse_uuid(raw: &Raw<'_>) -> Option<uuid::Uuid> {
    match raw {
        Raw::Bool(value) => Some(uuid::Uuid::from_u128(u128::from(*value))),
        Raw::Int(digits) => digits.parse().ok().map(uuid::Uuid::from_u128),
        Raw::Text(text) | Raw::JsonText(text) => python::uuid(text),
        _ => None,
    }
}

fn choice(
    field: &Field,
    choices: &[Choice],
    allow_blank: bool,
    raw: &Raw<'_>,
) -> Result<Value, Detail> {
    let input = python::text(raw);
    if allow_blank && matches!(raw, Raw::Text(text) if text.is_empty()) {
        return Ok(Value::Text(String::new()));
    }
    let found = choices.iter().find(|choice| python::value_text(choice.value.as_ref()) == input);
    found.map(|choice| choice.value.clone()).ok_or_else(|| {
        let text = "\"{input}\" is not a valid choice.";
        field.fail_with("invalid_choice", text, &[("input", &input)])
    })
}

fn multiple_choice(
    field: &Field,
    choices: &[Choice],
    allow_blank: bool,
    allow_empty: bool,
    raw: &Raw<'_>,
) -> Result<Value, Detail> {
    let keys: Vec<Raw<'_>>;
    let items: &[Raw<'_>] = match raw {
        Raw::List(items) => items,
        // Python iterates over the keys of a dict
        Raw::Map(items) => {
            keys = items.iter().map(|(key, _)| Raw::Text(Cow::Borrowed(key))).collect();
            &keys
        }
        _ => return Err(composite::not_a_list(field, raw)),
    };
    if items.is_empty() && !allow_empty {
        return Err(field.fail("empty", "This selection may not be empty."));
    }
    let mut chosen: Vec<Value> = Vec::new();
    for item in items {
        let value = choice(field, choices, allow_blank, item)?;
        if !chosen.contains(&value) {
            chosen.push(value);
        }
    }
    Ok(Value::List(chosen))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(result: Result<Option<Value>, Detail>) -> serde_json::Value {
        result.unwrap_err().to_json()
    }

    #[test]
    fn bounds_print_as_they_are_written() {
        let decimal = Field::decimal("price", 10, 2).max_value("999.99").min_value("0.00");
        assert_eq!(
            texts(decimal.run(Some(&Raw::Text("1000".into())), false)),
            serde_json::json!(["Ensure this value is less than or equal to 999.99."])
        );
        assert_eq!(
            texts(decimal.run(Some(&Raw::Float("-0.5".into())), false)),
            serde_json::json!(["Ensure this value is greater than or equal to 0.00."])
        );
        let float = Field::float("f").max_value("1e6");
        assert_eq!(
            texts(float.run(Some(&Raw::Float("1e7".into())), false)),
            serde_json::json!(["Ensure this value is less than or equal to 1000000.0."])
        );
    }

    #[test]
    fn a_boolean_has_many_words_and_no_others() {
        let run = |raw: Raw<'_>| Field::boolean("b").allow_null().run(Some(&raw), false);
        let text = |text: &str| Raw::Text(text.to_owned().into());
        let float = |spelling: &'static str| Raw::Float(spelling.into());
        let truths = ["true", "True", "TRUE", "tRuE", "t", "T", "yes", "YES", "y", "Y", "on", "1"];
        let falsehoods = ["false", "False", "f", "F", "no", "NO", "n", "N", "off", "Off", "0"];
        for (words, value) in [(&truths[..], true), (&falsehoods[..], false)] {
            for word in words {
                assert_eq!(run(text(word)), Ok(Some(Value::Bool(value))), "{word}");
            }
            let (int, decimal) = if value { ("1", "1.0") } else { ("0", "-0.0") };
            for raw in [Raw::Bool(value), Raw::Int(int.into()), float(decimal)] {
                assert_eq!(run(raw), Ok(Some(Value::Bool(value))));
            }
        }
        for word in ["null", "Null", "NULL", ""] {
            assert_eq!(run(text(word)), Ok(Some(Value::Null)), "{word}");
        }
        let words = serde_json::json!(["Must be a valid boolean."]);
        for word in ["tr", "yess", "2", "01", "1.0", " true", "none", "enabled"] {
            assert_eq!(texts(run(text(word))), words, "{word}");
        }
        for raw in [Raw::Int("2".into()), float("0.5"), Raw::List(vec![]), Raw::Map(vec![])] {
            assert_eq!(texts(run(raw)), words);
        }
    }

    #[test]
    fn a_number_beyond_64_bits_is_beyond_every_bound() {
        let field = Field::integer("n").min_value("-5").max_value("5");
        let big = "99999999999999999999";
        assert_eq!(
            texts(field.run(Some(&Raw::Int(big.into())), false)),
            serde_json::json!(["Ensure this value is less than or equal to 5."])
        );
        let free = Field::integer("n").run(Some(&Raw::Int(big.into())), false);
        assert_eq!(free, Ok(Some(Value::BigInt(big.into()))));
    }

    #[test]
    fn an_empty_selection_or_dictionary_is_refused_where_its_field_says_so() {
        let selection = Field::multiple_choice("c", ["a"]).refuse_empty();
        assert_eq!(
            texts(selection.run(Some(&Raw::List(vec![])), false)),
            serde_json::json!(["This selection may not be empty."])
        );
        let dict = Field::dict("d", Field::integer("")).refuse_empty();
        assert_eq!(
            texts(dict.run(Some(&Raw::Map(vec![])), false)),
            serde_json::json!(["This dictionary may not be empty."])
        );
    }

    #[test]
    fn an_integer_beyond_every_float_is_too_large_for_one() {
        let digits = "9".repeat(400);
        assert_eq!(
            texts(Field::float("f").run(Some(&Raw::Int(digits.into())), false)),
            serde_json::json!(["Integer value too large to convert to float"])
        );
    }

    #[test]
    fn an_address_of_another_version_gets_one_message() {
        for (protocol, text, words) in [
            (super::super::Protocol::V4, "::1", "Enter a valid IPv4 address."),
            (super::super::Protocol::V6, "10.0.0.1", "Enter a valid IPv6 address."),
            (super::super::Protocol::Both, "x", "Enter a valid IPv4 or IPv6 address."),
        ] {
            let field = Field::ip_address("ip", protocol);
            let error = texts(field.run(Some(&Raw::Text(text.into())), false));
            assert_eq!(error, serde_json::json!([words]));
        }
        let mapped = Field::ip_address("ip", super::super::Protocol::Both);
        let value = mapped.run(Some(&Raw::Text("::ffff:1.2.3.4".into())), false);
        assert_eq!(value, Ok(Some(Value::Text("1.2.3.4".into()))));
    }

    #[test]
    fn choices_find_numbers_by_their_text() {
        let field = Field::choice("c", [1_i64, 2]);
        assert_eq!(field.run(Some(&Raw::Text("2".into())), false), Ok(Some(Value::Int(2))));
        assert_eq!(
            texts(field.run(Some(&Raw::Bool(true)), false)),
            serde_json::json!(["\"True\" is not a valid choice."])
        );
    }
}
