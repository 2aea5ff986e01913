//! The keys of relations: their form. The database checks later whether a row has the key.

use std::borrow::Cow;

use crate::exceptions::Detail;

use super::kind::{FieldKind, KeyKind};
use super::{Field, Raw, Value, composite, convert, number, python};

/// The keys of a to-many relation, as far as they could be parsed.
#[derive(Debug, Clone, PartialEq)]
pub struct ManyKeys {
    /// The keys before the first invalid item; null for a null item, which matches no row.
    pub keys: Vec<Value>,
    /// The error of the item after them. An earlier key that does not exist is reported first.
    pub error: Option<Detail>,
}

impl Field {
    /// Parses the keys of a to-many relation one by one; [`Field::run`] reports the first invalid
    /// item at once, which is too early if the row of an item before it is missing.
    ///
    /// # Errors
    /// If the input is not a list, or an empty one that is refused.
    pub fn many_keys(&self, raw: &Raw<'_>) -> Result<ManyKeys, Detail> {
        match &self.kind {
            FieldKind::ManyRelated { child, .. } => many(self, child, raw),
            _ => key(self, raw).map(|key| ManyKeys { keys: vec![key], error: None }),
        }
    }

    /// Like [`many_keys`](Self::many_keys), with a function that reads each item.
    pub(crate) fn many_keys_by(
        &self,
        raw: &Raw<'_>,
        read: impl Fn(&Raw<'_>) -> Result<Value, Detail>,
    ) -> Result<ManyKeys, Detail> {
        many_by(self, raw, read)
    }
}

/// What one item of a list names; an item of another kind than a key passes all its checks.
fn item(child: &Field, raw: &Raw<'_>) -> Result<Value, Detail> {
    match child.kind {
        FieldKind::PrimaryKey { .. } | FieldKind::SlugKey => key(child, raw),
        _ => Ok(child.run(Some(raw), false)?.unwrap_or(Value::Null)),
    }
}

pub(super) fn many(field: &Field, child: &Field, raw: &Raw<'_>) -> Result<ManyKeys, Detail> {
    many_by(field, raw, |raw| item(child, raw))
}

fn many_by(
    field: &Field,
    raw: &Raw<'_>,
    read: impl Fn(&Raw<'_>) -> Result<Value, Detail>,
) -> Result<ManyKeys, Detail> {
    let names: Vec<Raw<'_>>;
    let items: &[Raw<'_>] = match raw {
        Raw::List(items) => items,
        // Python iterates over the keys of a dict
        Raw::Map(items) => {
            names = items.iter().map(|(name, _)| Raw::Text(Cow::Borrowed(name))).collect();
            &names
        }
        _ => return Err(composite::not_a_list(field, raw)),
    };
    if items.is_empty() && matches!(field.kind, FieldKind::ManyRelated { allow_empty: false, .. }) {
        return Err(composite::empty_list(field));
    }
    let mut keys = Vec::with_capacity(items.len());
    for item in items {
        match read(item) {
            Ok(key) => keys.push(key),
            Err(error) => return Ok(ManyKeys { keys, error: Some(error) }),
        }
    }
    Ok(ManyKeys { keys, error: None })
}

/// Parses one key. A number too large for any column stays a [`Value::BigInt`] and matches no row.
pub(super) fn key(field: &Field, raw: &Raw<'_>) -> Result<Value, Detail> {
    let FieldKind::PrimaryKey { key } = &field.kind else { return slug(field, raw) };
    let incorrect = || {
        let text = "Incorrect type. Expected pk value, received {data_type}.";
        field.fail_with("incorrect_type", text, &[("data_type", raw.type_name())])
    };
    if matches!(raw, Raw::Bool(_)) {
        return Err(incorrect());
    }
    if matches!(raw, Raw::Null) {
        return Ok(Value::Null);
    }
    match key {
        KeyKind::Int => integer(raw).ok_or_else(incorrect),
        KeyKind::Text => storable(raw).ok_or_else(incorrect),
        KeyKind::Uuid => {
            convert::parse_uuid(raw).map(|uuid| Value::Uuid(uuid.into())).ok_or_else(|| {
                let text = "“{value}” is not a valid UUID.";
                field.fail_with("invalid", text, &[("value", &python::text(raw))])
            })
        }
    }
}

/// `int(value)`: a fraction is cut off.
fn integer(raw: &Raw<'_>) -> Option<Value> {
    match raw {
        Raw::Int(text) | Raw::Text(text) | Raw::JsonText(text) => number::parse_int(text),
        Raw::Float(spelling) => {
            let number = python::float(spelling);
            number
                .is_finite()
                .then(|| format!("{:.0}", number.trunc()))
                .and_then(|digits| number::parse_int(&digits))
        }
        _ => None,
    }
}

fn slug(field: &Field, raw: &Raw<'_>) -> Result<Value, Detail> {
    if matches!(raw, Raw::Null) {
        return Ok(Value::Null);
    }
    storable(raw).ok_or_else(|| field.fail("invalid", "Invalid value."))
}

/// The value as text, if it is text. Text with a NUL is accepted here; it matches no row.
fn storable(raw: &Raw<'_>) -> Option<Value> {
    (!matches!(raw, Raw::Surrogate(..))).then(|| Value::Text(python::text(raw).into_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(field: &Field, raw: &Raw<'_>) -> Result<Option<Value>, serde_json::Value> {
        field.run(Some(raw), false).map_err(|error| error.to_json())
    }

    #[test]
    fn a_key_is_a_number_or_its_text() {
        let field = Field::primary_key("album", KeyKind::Int);
        assert_eq!(run(&field, &Raw::Int("7".into())), Ok(Some(Value::Int(7))));
        assert_eq!(run(&field, &Raw::Text(" 7 ".into())), Ok(Some(Value::Int(7))));
        assert_eq!(run(&field, &Raw::Float("7.0".into())), Ok(Some(Value::Int(7))));
        for (raw, name) in [
            (Raw::Bool(true), "bool"),
            (Raw::List(vec![]), "list"),
            (Raw::Map(vec![]), "dict"),
            (Raw::Text("x".into()), "str"),
        ] {
            let message = format!("Incorrect type. Expected pk value, received {name}.");
            assert_eq!(run(&field, &raw), Err(serde_json::json!([message])));
        }
    }

    #[test]
    fn an_empty_text_is_null() {
        let field = Field::primary_key("album", KeyKind::Int);
        let null = serde_json::json!(["This field may not be null."]);
        assert_eq!(run(&field, &Raw::Text("".into())), Err(null));
        let nullable = field.allow_null();
        assert_eq!(run(&nullable, &Raw::Text("".into())), Ok(Some(Value::Null)));
    }

    #[test]
    fn the_first_bad_item_of_many_is_told_flat() {
        let field = Field::many_related("tracks", Field::primary_key("", KeyKind::Int));
        let raw = Raw::List(vec![Raw::Int("1".into()), Raw::Bool(true), Raw::Text("x".into())]);
        let message = "Incorrect type. Expected pk value, received bool.";
        assert_eq!(run(&field, &raw), Err(serde_json::json!([message])));
        let found = field.many_keys(&raw).unwrap();
        assert_eq!(found.keys, [Value::Int(1)]);
        assert!(found.error.is_some());
        let empty = run(&field.refuse_empty(), &Raw::List(vec![]));
        assert_eq!(empty, Err(serde_json::json!(["This list may not be empty."])));
    }

    #[test]
    fn a_slug_is_a_text_or_prints_as_one() {
        let field = Field::slug_key("genre");
        assert_eq!(run(&field, &Raw::Int("5".into())), Ok(Some(Value::Text("5".into()))));
        let nul = run(&field, &Raw::Text("a\0".into()));
        assert_eq!(nul, Ok(Some(Value::Text("a\0".into()))));
        let half = run(&field, &Raw::Surrogate("a\u{fffd}".into(), 0xD800));
        assert_eq!(half, Err(serde_json::json!(["Invalid value."])));
    }
}
