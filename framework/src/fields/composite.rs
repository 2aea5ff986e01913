//! Lists, dictionaries, JSON and nested objects.

use std::borrow::Cow;

use crate::exceptions::Detail;

use super::kind::FieldKind;
use super::{Field, Raw, Value, convert, parse_json, python, to_json};

pub(super) fn not_a_list(field: &Field, raw: &Raw<'_>) -> Detail {
    let text = "Expected a list of items but got type \"{input_type}\".";
    field.fail_with("not_a_list", text, &[("input_type", raw.type_name())])
}

pub(super) fn empty_list(field: &Field) -> Detail {
    field.fail("empty", "This list may not be empty.")
}

/// `ListField.to_internal_value`: messages by index.
pub(super) fn list(
    field: &Field,
    child: &Field,
    allow_empty: bool,
    raw: &Raw<'_>,
    partial: bool,
) -> Result<Value, Detail> {
    let Raw::List(items) = raw else { return Err(not_a_list(field, raw)) };
    if items.is_empty() && !allow_empty {
        return Err(empty_list(field));
    }
    let mut values = Vec::with_capacity(items.len());
    let mut errors = Vec::new();
    for (index, item) in items.iter().enumerate() {
        match child.run(Some(item), partial) {
            Ok(value) => values.push(value.unwrap_or(Value::Null)),
            Err(error) => errors.push((Cow::Owned(index.to_string()), error)),
        }
    }
    if errors.is_empty() { Ok(Value::List(values)) } else { Err(Detail::Map(errors)) }
}

/// `DictField.to_internal_value`: messages by key.
pub(super) fn dict(
    field: &Field,
    child: &Field,
    allow_empty: bool,
    raw: &Raw<'_>,
    partial: bool,
) -> Result<Value, Detail> {
    let Raw::Map(items) = raw else {
        let text = "Expected a dictionary of items but got type \"{input_type}\".";
        return Err(field.fail_with("not_a_dict", text, &[("input_type", raw.type_name())]));
    };
    if items.is_empty() && !allow_empty {
        return Err(field.fail("empty", "This dictionary may not be empty."));
    }
    let mut values = Vec::with_capacity(items.len());
    let mut errors = Vec::new();
    for (key, item) in items {
        let key = Cow::Owned(key.clone().into_owned());
        match child.run(Some(item), partial) {
            Ok(value) => values.push((key, value.unwrap_or(Value::Null))),
            Err(error) => errors.push((key, error)),
        }
    }
    if errors.is_empty() { Ok(Value::Map(values)) } else { Err(Detail::Map(errors)) }
}

/// `JSONField.to_internal_value`
pub(super) fn json(field: &Field, binary: bool, raw: &Raw<'_>) -> Result<Value, Detail> {
    let value = match raw {
        Raw::JsonText(text) => parse_json(text).ok().and_then(|raw| to_json(&raw)),
        Raw::Text(text) if binary => parse_json(text).ok().and_then(|raw| to_json(&raw)),
        _ if binary => None,
        raw => to_json(raw),
    };
    let json = value.ok_or_else(|| field.fail("invalid", "Value must be valid JSON."))?;
    Ok(Value::Json(Box::new(json)))
}

/// JSON as input.
pub(crate) fn from_json(json: serde_json::Value) -> Raw<'static> {
    use serde_json::Value as Json;
    match json {
        Json::Null => Raw::Null,
        Json::Bool(value) => Raw::Bool(value),
        Json::Number(number) if number.is_f64() => Raw::Float(number.to_string().into()),
        Json::Number(number) => Raw::Int(number.to_string().into()),
        Json::String(text) => Raw::Text(text.into()),
        Json::Array(items) => Raw::List(items.into_iter().map(from_json).collect()),
        Json::Object(items) => Raw::Map(
            items.into_iter().map(|(key, item)| (Cow::Owned(key), from_json(item))).collect(),
        ),
    }
}

/// A value of any shape: plain values as they are, the rest as JSON.
pub(super) fn any(raw: &Raw<'_>) -> Value {
    match raw {
        Raw::Null => Value::Null,
        Raw::Bool(value) => Value::Bool(*value),
        Raw::Int(digits) => super::number::parse_int(digits).unwrap_or(Value::Null),
        Raw::Float(spelling) => Value::Float(python::float(spelling)),
        Raw::Text(text) | Raw::JsonText(text) | Raw::Surrogate(text, _) => {
            Value::Text(text.to_string())
        }
        Raw::File(file) => Value::File(Box::new(file.clone())),
        Raw::List(items) => Value::List(items.iter().map(any).collect()),
        Raw::Map(items) => Value::Map(
            items.iter().map(|(key, item)| (Cow::Owned(key.to_string()), any(item))).collect(),
        ),
    }
}

impl Field {
    /// The items of a list of nested objects, which are as many as the field allows.
    pub(crate) fn objects<'r, 'a>(&self, raw: &'r Raw<'a>) -> Result<&'r [Raw<'a>], Detail> {
        let Raw::List(items) = raw else { return Err(Detail::non_field(not_a_list(self, raw))) };
        let FieldKind::Nested { allow_empty, min_length, max_length, .. } = &self.kind else {
            return Ok(items);
        };
        if items.is_empty() && !allow_empty {
            return Err(Detail::non_field(empty_list(self)));
        }
        let mut errors = Vec::new();
        convert::sizes(self, items.len(), *min_length, *max_length, &mut errors);
        match errors.into_iter().next() {
            Some(error) => Err(Detail::non_field(error)),
            None => Ok(items),
        }
    }
}

/// `Serializer.to_internal_value`, without hooks: every field's value or message, in field order.
pub(super) fn nested(
    field: &Field,
    fields: &[Field],
    many: bool,
    raw: &Raw<'_>,
    partial: bool,
) -> Result<Value, Detail> {
    if !many {
        return object(field, fields, raw, partial);
    }
    let items = field.objects(raw)?;
    let mut values = Vec::with_capacity(items.len());
    let mut errors = Vec::new();
    for (index, item) in items.iter().enumerate() {
        let result = match item {
            Raw::Null => Err(field.fail("null", "This field may not be null.")),
            item => object(field, fields, item, partial),
        };
        match result {
            Ok(value) => values.push(value),
            Err(error) => errors.push((Cow::Owned(index.to_string()), error)),
        }
    }
    if errors.is_empty() { Ok(Value::List(values)) } else { Err(Detail::Map(errors)) }
}

fn object(field: &Field, fields: &[Field], raw: &Raw<'_>, partial: bool) -> Result<Value, Detail> {
    if !matches!(raw, Raw::Map(_)) {
        let text = "Invalid data. Expected a dictionary, but got {datatype}.";
        let error = field.fail_with("invalid", text, &[("datatype", raw.type_name())]);
        return Err(Detail::non_field(error));
    }
    let mut values = Vec::with_capacity(fields.len());
    let mut errors = Vec::new();
    for field in fields.iter().filter(|field| field.is_writable()) {
        match field.run(raw.get(field.name), partial) {
            Ok(Some(value)) => values.push((Cow::Borrowed(field.source_name()), value)),
            Ok(None) => {}
            Err(error) => errors.push((Cow::Borrowed(field.name), error)),
        }
    }
    if errors.is_empty() { Ok(Value::Map(values)) } else { Err(Detail::Map(errors)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(field: &Field, json: &str) -> Result<Value, serde_json::Value> {
        let raw = parse_json(json).unwrap();
        field.run(Some(&raw), false).map(Option::unwrap).map_err(|error| error.to_json())
    }

    fn lines() -> Field {
        Field::nested("lines", vec![Field::integer("n"), Field::char("t").required(false)], true)
    }

    #[test]
    fn errors_of_a_list_of_objects_stand_under_their_index() {
        assert_eq!(
            run(&lines(), r#"[{"n": 1}, {"n": "x", "t": ""}, null, 5]"#),
            Err(serde_json::json!({
                "1": {"n": ["A valid integer is required."], "t": ["This field may not be blank."]},
                "2": ["This field may not be null."],
                "3": {"non_field_errors": ["Invalid data. Expected a dictionary, but got int."]},
            }))
        );
        assert_eq!(
            run(&lines().refuse_empty(), "[]"),
            Err(serde_json::json!({"non_field_errors": ["This list may not be empty."]}))
        );
        assert_eq!(
            run(&lines().max_length(1), r#"[{"n": 1}, {"n": 1}]"#),
            Err(serde_json::json!({
                "non_field_errors": ["Ensure this field has no more than 1 elements."]
            }))
        );
    }

    #[test]
    fn unknown_keys_are_ignored_and_absent_ones_left_out() {
        let expected = vec![(Cow::Borrowed("n"), Value::Int(1))];
        assert_eq!(
            run(&lines(), r#"[{"n": 1, "other": 2}]"#),
            Ok(Value::List(vec![Value::Map(expected)]))
        );
    }

    #[test]
    fn an_infinite_number_is_no_json() {
        let error = Err(serde_json::json!(["Value must be valid JSON."]));
        assert_eq!(run(&Field::json("j"), "[1e400]"), error);
        let text = Raw::JsonText("{bad".into());
        assert!(Field::json("j").run(Some(&text), false).is_err());
        let text = Raw::JsonText("null".into());
        let null = Value::Json(Box::new(serde_json::Value::Null));
        assert_eq!(Field::json("j").run(Some(&text), false), Ok(Some(null)));
    }
}
