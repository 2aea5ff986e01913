//! JSON as a value: of any shape, and of a Rust type.

use std::fmt;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{FieldType, JsonWriter, MakesValue, Raw, Value, ValueRef, python};
use crate::exceptions::{Detail, Validated};

/// Any JSON. Null is JSON's own null: what is missing is `None` of an `Option`.
impl FieldType for serde_json::Value {
    type Plain = Self;

    fn into_value(self) -> Value {
        Value::Json(Box::new(self))
    }

    fn from_value(value: Value) -> Option<Self> {
        json_of(value)
    }

    fn value_ref(&self) -> ValueRef<'_> {
        ValueRef::Made(self)
    }
}

impl MakesValue for serde_json::Value {
    fn to_value(&self) -> Value {
        Value::Json(Box::new(self.clone()))
    }

    fn write(&self, out: &mut JsonWriter) {
        out.json(self);
    }
}

/// A value as JSON; `None` for one that is null, which no column of JSON holds.
pub(crate) fn json_of(value: Value) -> Option<serde_json::Value> {
    match value {
        Value::Json(json) => Some(*json),
        Value::Null => None,
        other => {
            let mut out = JsonWriter::new();
            out.value(other.as_ref());
            serde_json::from_slice(&out.into_bytes()).ok()
        }
    }
}

/// A Rust type as JSON: the type of a column that holds JSON of this shape, and of a response.
///
/// A column stores what serde makes of the value, as Django's `JSONField` stores it, and a serializer
/// of the model refuses JSON that is no `T`, with serde's words. A row that holds something else
/// cannot be read: let new members have `#[serde(default)]`.
///
/// ```
/// use quintet::prelude::*;
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
/// pub struct Theme {
///     pub name: String,
///     #[serde(default)]
///     pub dark: bool,
/// }
///
/// #[model(app = "accounts")]
/// pub struct Profile {
///     pub id: i64,
///     #[field(default = Json(Theme::default()))]
///     pub theme: Json<Theme>,
/// }
///
/// # fn main() {
/// let dark = Profile::fields().theme().key("dark").exact(true);
/// let profiles = Profile::objects().filter_by(dark);
/// # }
/// ```
///
/// A view that returns it responds with a struct with `#[derive(Serializer)]`, or with a list of
/// them: each field as the serializer's field writes it.
///
/// ```
/// use quintet::prelude::*;
///
/// #[derive(Serializer)]
/// pub struct Renamed {
///     id: i64,
///     old_name: String,
///     name: String,
/// }
///
/// async fn renamed(_cx: &mut Context) -> Result<Json<Renamed>> {
///     Ok(Json(Renamed { id: 1, old_name: "Alice".into(), name: "Bob".into() }))
/// }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Json<T>(pub T);

impl<T> std::ops::Deref for Json<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> std::ops::DerefMut for Json<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0
    }
}

impl<T: Serialize + DeserializeOwned + fmt::Debug> FieldType for Json<T> {
    type Plain = Self;

    fn into_value(self) -> Value {
        self.to_value()
    }

    fn from_value(value: Value) -> Option<Self> {
        serde_json::from_value(json_of(value)?).ok().map(Self)
    }

    fn value_ref(&self) -> ValueRef<'_> {
        ValueRef::Made(self)
    }
}

/// What serde cannot write is null.
impl<T: Serialize + fmt::Debug> MakesValue for Json<T> {
    fn to_value(&self) -> Value {
        Value::Json(Box::new(serde_json::to_value(&self.0).unwrap_or_default()))
    }
}

/// Checks that a value is JSON of a type: a validator of a column that holds it.
///
/// # Errors
/// serde's words.
pub fn check_json<T: DeserializeOwned>(value: &Value) -> Validated {
    let Value::Json(json) = value else { return Ok(()) };
    match T::deserialize(&**json) {
        Ok(_) => Ok(()),
        Err(error) => Err(Detail::invalid(error.to_string())),
    }
}

/// Input as JSON; `None` for what JSON cannot express: an infinite number, a lone surrogate.
pub fn to_json(raw: &Raw<'_>) -> Option<serde_json::Value> {
    use serde_json::Value as Json;
    Some(match raw {
        Raw::Null => Json::Null,
        Raw::Bool(value) => Json::Bool(*value),
        Raw::Int(digits) => match (digits.parse::<i64>(), digits.parse::<u64>()) {
            (Ok(number), _) => number.into(),
            (_, Ok(number)) => number.into(),
            _ => serde_json::Number::from_f64(python::float(digits)).map(Json::Number)?,
        },
        Raw::Float(spelling) => {
            serde_json::Number::from_f64(python::float(spelling)).map(Json::Number)?
        }
        Raw::Text(text) | Raw::JsonText(text) => Json::String(text.to_string()),
        Raw::File(file) => Json::String(file.name().to_owned()),
        Raw::Surrogate(..) => return None,
        Raw::List(items) => Json::Array(items.iter().map(to_json).collect::<Option<_>>()?),
        Raw::Map(items) => {
            let pairs = items.iter().map(|(key, item)| Some((key.to_string(), to_json(item)?)));
            Json::Object(pairs.collect::<Option<_>>()?)
        }
    })
}

/// JSON as Django stores it on `SQLite`: a blank behind commas and colons, and nothing but ASCII
/// (`json.dumps`).
pub(crate) fn dumps(json: &serde_json::Value) -> String {
    let mut out = Vec::new();
    let mut to = serde_json::Serializer::with_formatter(&mut out, Dumps);
    match json.serialize(&mut to) {
        Ok(()) => String::from_utf8(out).unwrap_or_default(),
        Err(_) => "null".to_owned(),
    }
}

/// Python's own form of JSON.
struct Dumps;

impl serde_json::ser::Formatter for Dumps {
    fn begin_array_value<W: ?Sized + std::io::Write>(
        &mut self,
        to: &mut W,
        first: bool,
    ) -> std::io::Result<()> {
        if first { Ok(()) } else { to.write_all(b", ") }
    }

    fn begin_object_key<W: ?Sized + std::io::Write>(
        &mut self,
        to: &mut W,
        first: bool,
    ) -> std::io::Result<()> {
        if first { Ok(()) } else { to.write_all(b", ") }
    }

    fn begin_object_value<W: ?Sized + std::io::Write>(
        &mut self,
        to: &mut W,
    ) -> std::io::Result<()> {
        to.write_all(b": ")
    }

    fn write_f64<W: ?Sized + std::io::Write>(
        &mut self,
        to: &mut W,
        value: f64,
    ) -> std::io::Result<()> {
        let mut text = Vec::with_capacity(24);
        super::writer::write_float(&mut text, value);
        to.write_all(&text)
    }

    fn write_string_fragment<W: ?Sized + std::io::Write>(
        &mut self,
        to: &mut W,
        fragment: &str,
    ) -> std::io::Result<()> {
        for letter in fragment.chars() {
            // DEL is ASCII, and stays
            if letter.is_ascii() {
                to.write_all(&[u8::try_from(letter).unwrap_or_default()])?;
                continue;
            }
            for unit in letter.encode_utf16(&mut [0; 2]) {
                write!(to, "\\u{unit:04x}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn json_is_stored_as_pythons_dumps_writes_it() {
        let value =
            json!({"b": [1, 2.0, 1e22, null], "é": "\u{1f600}\u{2028}\u{7f}\"\\\n/", "a": {}});
        let text = "{\"b\": [1, 2.0, 1e+22, null], \"\\u00e9\": \"\\ud83d\\ude00\\u2028\u{7f}\\\"\\\\\\n/\", \"a\": {}}";
        assert_eq!(dumps(&value), text);
        assert_eq!(serde_json::from_str::<serde_json::Value>(text).unwrap(), value);
    }

    #[test]
    fn a_type_is_json_and_back() {
        let value = Json(vec![(1, "a".to_owned())]);
        assert_eq!(value.value_ref().to_value(), Value::Json(Box::new(json!([[1, "a"]]))));
        assert_eq!(Json::from_value(value.clone().into_value()), Some(value));
        assert_eq!(Json::<Vec<i32>>::from_value(Value::Json(Box::new(json!({})))), None);
        let refused = check_json::<Vec<i32>>(&Value::Json(Box::new(json!(["x"])))).unwrap_err();
        let words = "invalid type: string \"x\", expected i32";
        assert_eq!(refused.to_json(), json!(words));
        assert!(check_json::<Vec<i32>>(&Value::Json(Box::new(json!([1])))).is_ok());
    }

    #[test]
    fn null_of_json_is_a_value() {
        type Any = Option<serde_json::Value>;
        assert_eq!(Any::from_value(Value::Null), Some(None));
        let null = Value::Json(Box::new(json!(null)));
        assert_eq!(Any::from_value(null.clone()), Some(Some(json!(null))));
        assert_eq!(Some(json!(null)).into_value(), null);
    }
}
