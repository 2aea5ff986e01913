//! Addresses as input (`HyperlinkedRelatedField.to_internal_value`).

use std::sync::Arc;

use super::field::KeyCheck;
use crate::exceptions::Detail;
use crate::fields::{Field, KeyKind};
use crate::request::{Context, decode_path};
use crate::reverse::Unresolved;
use crate::values::{Raw, Value};

/// The view whose addresses name rows.
#[derive(Clone, Debug)]
pub(crate) struct LinkInput {
    pub(crate) view_name: Arc<str>,
    pub(crate) kwarg: Arc<str>,
}

/// The text for an address whose row is not there.
pub(crate) const NO_OBJECT: &str = "Invalid hyperlink - Object does not exist.";

impl LinkInput {
    /// The value of the column that an address names rows by; `key` says which.
    pub(super) fn read(
        &self,
        field: &Field,
        key: KeyCheck,
        raw: &Raw<'_>,
        cx: &Context,
    ) -> Result<Value, Detail> {
        let text = match raw {
            Raw::Text(text) | Raw::JsonText(text) => text,
            Raw::Surrogate(..) => return Err(no_match(field)),
            other => {
                let text = "Incorrect type. Expected URL string, received {data_type}.";
                let found = [("data_type", other.type_name())];
                return Err(field.fail_with("incorrect_type", text, &found));
            }
        };
        let path = decode_path(cx.urls().path_in(text));
        let kwargs = cx.urls().resolve(&cx.origin(), &self.view_name, &path);
        let kwargs = kwargs.map_err(|wrong| match wrong {
            Unresolved::NoMatch => no_match(field),
            Unresolved::IncorrectMatch => {
                field.fail("incorrect_match", "Invalid hyperlink - Incorrect URL match.")
            }
        })?;
        let found = kwargs.into_iter().find(|(name, _)| **name == *self.kwarg);
        let found = found.and_then(|(_, value)| {
            let kind = (key.model)().columns.get(key.column)?.kind;
            let number = Field::primary_key("", KeyKind::of(kind));
            number.convert(&Raw::Text(value.into()), false).ok()
        });
        found.ok_or_else(|| field.fail("does_not_exist", NO_OBJECT))
    }
}

fn no_match(field: &Field) -> Detail {
    field.fail("no_match", "Invalid hyperlink - No URL match.")
}
