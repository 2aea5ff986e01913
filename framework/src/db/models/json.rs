//! Conditions on JSON: on what stands at its keys, and on the keys that it has.

use std::sync::Arc;

use crate::db::{ArrayItem, Condition, FieldPath, Leaf, Lookup, Operand, TextField};
use crate::values::{FieldType, Json, Value};

/// A field of JSON, nullable or not.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not JSON, and has no keys",
    label = "the field at the end of this path holds `{Self}`"
)]
pub trait JsonField {}
impl JsonField for serde_json::Value {}
impl<T> JsonField for Json<T> {}
impl<T: JsonField> JsonField for Option<T> {}

/// A text of JSON has the lookups of texts: `key("name").icontains("a")`. `contains` of JSON is that
/// of JSON.
impl TextField for serde_json::Value {}
impl TextField for Option<serde_json::Value> {}

impl<M, T: JsonField, C> FieldPath<M, T, C> {
    /// What stands at a key of an object, or at a place of an array: `settings__theme`,
    /// `settings__sizes__0`. It may be missing.
    ///
    /// ```
    /// use quintet::prelude::*;
    ///
    /// # #[model(table = "profile")]
    /// # pub struct Profile {
    /// #     pub id: i64,
    /// #     pub settings: serde_json::Value,
    /// # }
    /// # fn main() {
    /// let settings = || Profile::fields().settings();
    /// let dark = settings().key("theme").key("name").icontains("dark");
    /// let large = settings().key("size").gte(12) & !settings().key("hidden").exact(true);
    /// let profiles = Profile::objects().filter_by(dark | large);
    /// # }
    /// ```
    #[must_use]
    #[expect(clippy::needless_pass_by_value, reason = "a text or a number, as it is written")]
    pub fn key(self, key: impl ToString) -> FieldPath<M, Option<serde_json::Value>, C> {
        let mut path = self.path;
        path.leaf = match path.leaf {
            Leaf::Column(column) => Leaf::Json(column, Arc::from([key.to_string()])),
            Leaf::Json(column, keys) => {
                Leaf::Json(column, keys.iter().cloned().chain([key.to_string()]).collect())
            }
            other => other,
        };
        FieldPath::new(path)
    }

    /// An object has this key, or an array this text (`has_key`).
    #[must_use]
    #[expect(clippy::needless_pass_by_value, reason = "a text or a number, as it is written")]
    pub fn has_key(self, key: impl ToString) -> Condition<M> {
        Condition::new(self, Lookup::HasKey, Operand::One(Value::Text(key.to_string())))
    }

    /// An object has all of these keys (`has_keys`).
    #[must_use]
    pub fn has_keys<K: ToString>(self, keys: impl IntoIterator<Item = K>) -> Condition<M> {
        Condition::new(self, Lookup::HasKeys, texts(keys))
    }

    /// An object has any of these keys (`has_any_keys`).
    #[must_use]
    pub fn has_any_keys<K: ToString>(self, keys: impl IntoIterator<Item = K>) -> Condition<M> {
        Condition::new(self, Lookup::HasAnyKeys, texts(keys))
    }

    /// The JSON holds all that this JSON has (`contains`, `@>` of `PostgreSQL`): members of objects
    /// by key, items of arrays anywhere.
    #[must_use]
    pub fn contains_json(self, json: impl Into<serde_json::Value>) -> Condition<M> {
        Condition::new(self, Lookup::Contains, Operand::One(json.into().into_value()))
    }

    /// All that the JSON has is in this JSON (`contained_by`).
    #[must_use]
    pub fn contained_by_json(self, json: impl Into<serde_json::Value>) -> Condition<M> {
        Condition::new(self, Lookup::ContainedBy, Operand::One(json.into().into_value()))
    }
}

fn texts<K: ToString>(keys: impl IntoIterator<Item = K>) -> Operand {
    Operand::Many(keys.into_iter().map(|key| Value::Text(key.to_string())).collect())
}

/// A field of an array, nullable or not, of items of the type `T`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an array of `{T}`",
    label = "the field at the end of this path holds `{Self}`"
)]
pub trait ArrayField<T> {}
impl<T: ArrayItem> ArrayField<T> for Vec<T> {}
impl<T: ArrayItem> ArrayField<T> for Option<Vec<T>> {}

/// Conditions on arrays of `PostgreSQL`.
impl<M, A, C> FieldPath<M, A, C> {
    /// The array has all of these items (`contains`).
    #[must_use]
    pub fn contains_items<T: ArrayItem>(self, items: impl IntoIterator<Item = T>) -> Condition<M>
    where
        A: ArrayField<T>,
    {
        Condition::new(self, Lookup::Contains, items_of(items))
    }

    /// The array has none but these items (`contained_by`).
    #[must_use]
    pub fn contained_by_items<T: ArrayItem>(
        self,
        items: impl IntoIterator<Item = T>,
    ) -> Condition<M>
    where
        A: ArrayField<T>,
    {
        Condition::new(self, Lookup::ContainedBy, items_of(items))
    }

    /// The array has one of these items at least (`overlap`).
    #[must_use]
    pub fn overlaps<T: ArrayItem>(self, items: impl IntoIterator<Item = T>) -> Condition<M>
    where
        A: ArrayField<T>,
    {
        Condition::new(self, Lookup::Overlap, items_of(items))
    }
}

fn items_of<T: ArrayItem>(items: impl IntoIterator<Item = T>) -> Operand {
    Operand::One(Value::List(items.into_iter().map(FieldType::into_value).collect()))
}
