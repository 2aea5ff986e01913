//! Fields: which values are valid, and the messages for those that are not
//! (`rest_framework.fields`).
//!
//! A [`Field`] is a description, built once at start-up; [`Field::run`] validates a [`Raw`] in
//! DRF's stages and returns a [`Value`] or DRF's messages.
//!
//! ```
//! use quintet::fields::{Field, Value, parse_json};
//!
//! let name = Field::char("name").max_length(5);
//! let raw = parse_json(r#"{"name": " Jazz "}"#)?;
//! assert_eq!(name.run(raw.get("name"), false), Ok(Some(Value::Text("Jazz".into()))));
//! let error = name.run(None, false).unwrap_err();
//! assert_eq!(error.to_json(), serde_json::json!(["This field is required."]));
//! # Ok::<(), String>(())
//! ```

mod column;
mod composite;
mod convert;
pub(crate) mod duration;
mod field;
mod file;
mod file_path;
pub mod form;
mod formats;
mod keys;
mod kind;
mod messages;
pub(crate) mod moments;
pub(crate) mod number;
mod represent;
mod text;
#[cfg(test)]
mod vectors;

pub(crate) use composite::from_json;
pub(crate) use field::message;
pub use field::{Field, Start};
pub use file_path::FilePaths;
pub use keys::ManyKeys;
pub use kind::{
    Char, Choice, DecimalOptions, FieldDefault, FieldKind, FileOptions, KeyKind, Protocol,
    Rounding, TextForm,
};

pub use crate::validators::Validator;
pub use crate::values::{
    FieldType, JsonWriter, Pattern, Raw, UuidFormat, Value, ValueRef, format, parse_json, python,
    to_json,
};
