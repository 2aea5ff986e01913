//! The messages for keys without a row.

use std::borrow::Cow;

use super::super::checks::Answer;
use super::super::field::KeyCheck;
use crate::exceptions::Detail;
use crate::fields::{Field, FieldKind, ManyKeys};
use crate::values::{Raw, python};

/// The message for a missing row.
pub(super) fn missing(field: &Field, key: KeyCheck, raw: &Raw<'_>) -> Detail {
    let value = python::text(raw);
    Detail::List(vec![missing_message(field, key, &value)])
}

fn missing_message(field: &Field, key: KeyCheck, value: &str) -> Detail {
    let model = (key.model)();
    if key.column == model.pk {
        let text = "Invalid pk \"{pk_value}\" - object does not exist.";
        return field.message("does_not_exist", text, &[("pk_value", value)]);
    }
    let slug = model.columns.get(key.column).map_or("", |column| column.name);
    let text = "Object with {slug_name}={value} does not exist.";
    field.message("does_not_exist", text, &[("slug_name", slug), ("value", value)])
}

/// Checks a list of keys after the lookup: the first wrong item is reported.
pub(super) fn all_are_there(
    field: &Field,
    key: KeyCheck,
    keys: &mut ManyKeys,
    raw: &Raw<'_>,
    answer: Option<&Answer>,
) -> Result<(), Detail> {
    let item = match &field.kind {
        FieldKind::ManyRelated { child, .. } => child,
        _ => field,
    };
    if let Some(Answer::Missing(index)) = answer {
        let value = match raw {
            Raw::List(items) => items.get(*index).map(python::text),
            Raw::Map(items) => items.get(*index).map(|(key, _)| Cow::Borrowed(&**key)),
            _ => None,
        };
        let value = value.unwrap_or_default();
        return Err(Detail::List(vec![missing_message(item, key, &value)]));
    }
    if let Some(Answer::Keys(found)) = answer {
        keys.keys = found.iter().filter_map(|key| key.clone().ok()).collect();
    }
    match keys.error.take() {
        Some(error) => Err(error.into_list()),
        None => Ok(()),
    }
}
