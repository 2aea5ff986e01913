//! A class of fields as another crate publishes it.

use quintet::exceptions::Validated;
use quintet::fields::{Field, Raw};
use quintet::serializers::{BoundField, FieldClass};

/// A text that clients see with a salt in front of it.
#[derive(Debug)]
pub struct HashidField {
    salt: String,
}

impl HashidField {
    /// Creates a field with its salt.
    pub fn new(salt: &str) -> Self {
        Self { salt: salt.to_owned() }
    }
}

impl FieldClass for HashidField {
    type Value = String;

    const DEFAULT_ERROR_MESSAGES: &'static [(&'static str, &'static str)] =
        &[("hash", "{value} does not start with {salt}."), ("blank", "Write a hash.")];

    fn field(&self, name: &'static str) -> Field {
        Field::char(name)
    }

    fn to_internal_value(&self, data: &Raw<'_>, field: &BoundField<'_>) -> Validated<String> {
        let text: String = field.to_internal_value(data)?;
        match text.strip_prefix(&self.salt) {
            Some(rest) => Ok(rest.to_owned()),
            None => Err(field.fail_with("hash", &[("value", &text), ("salt", &self.salt)])),
        }
    }

    fn to_representation(&self, value: String, field: &BoundField<'_>) -> serde_json::Value {
        let shown = field.to_representation(value);
        format!("{}{}", self.salt, shown.as_str().unwrap_or_default()).into()
    }
}
