//! JSON made of several values of a row.

use std::marker::PhantomData;

use super::Expression;
use super::expr::{Computed, Expr};
use super::operand::IntoExpression;
use crate::db::{ColumnKind, One, SingleValued, single};

/// An object of JSON, made of values of a row (`JSONObject`).
///
/// The values are what the database makes of them: on `SQLite`, decimals are numbers and truth values
/// 0 and 1, as in Django.
///
/// ```
/// use quintet::db::{Expression, JsonObject};
/// use quintet::prelude::*;
///
/// # #[model(table = "artist")]
/// # pub struct Artist {
/// #     pub id: i64,
/// #     pub name: String,
/// # }
/// # #[model(table = "album")]
/// # pub struct Album {
/// #     pub id: i64,
/// #     pub title: String,
/// #     #[field(foreign_key = Artist, related_name = albums)]
/// #     pub artist_id: i64,
/// # }
/// fn label() -> Expression<Album, serde_json::Value> {
///     JsonObject::new()
///         .member("title", album::title)
///         .member("by", Album::fields().artist().name())
///         .into()
/// }
/// # fn main() {}
/// ```
#[doc(alias = "JSONObject")]
#[must_use = "it becomes an expression by `into`, or where one is taken"]
pub struct JsonObject<M> {
    names: Vec<String>,
    values: Vec<Expr>,
    model: PhantomData<fn() -> M>,
}

/// A list of JSON, made of values of a row (`JSONArray`).
#[doc(alias = "JSONArray")]
#[must_use = "it becomes an expression by `into`, or where one is taken"]
pub struct JsonArray<M> {
    values: Vec<Expr>,
    model: PhantomData<fn() -> M>,
}

impl<M> Clone for JsonObject<M> {
    fn clone(&self) -> Self {
        Self { names: self.names.clone(), values: self.values.clone(), model: PhantomData }
    }
}

impl<M> Clone for JsonArray<M> {
    fn clone(&self) -> Self {
        Self { values: self.values.clone(), model: PhantomData }
    }
}

impl<M> std::fmt::Debug for JsonObject<M> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("JsonObject").field(&self.names).finish()
    }
}

impl<M> std::fmt::Debug for JsonArray<M> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("JsonArray").field(&self.values.len()).finish()
    }
}

impl<M> Default for JsonObject<M> {
    fn default() -> Self {
        Self::new()
    }
}

impl<M> Default for JsonArray<M> {
    fn default() -> Self {
        Self::new()
    }
}

impl<M> JsonObject<M> {
    /// An object without members.
    pub fn new() -> Self {
        Self { names: Vec::new(), values: Vec::new(), model: PhantomData }
    }

    /// Adds a member: a column, a path, an expression, another object, or a plain value.
    pub fn member<O>(mut self, name: impl Into<String>, value: O) -> Self
    where
        O: IntoExpression<M, Cardinality: SingleValued>,
    {
        self.names.push(name.into());
        self.values.push(single::<M, _>(value).expr);
        self
    }
}

impl<M> JsonArray<M> {
    /// A list without items.
    pub fn new() -> Self {
        Self { values: Vec::new(), model: PhantomData }
    }

    /// Adds an item, as [`JsonObject::member`].
    pub fn item<O>(mut self, value: O) -> Self
    where
        O: IntoExpression<M, Cardinality: SingleValued>,
    {
        self.values.push(single::<M, _>(value).expr);
        self
    }
}

fn json(names: Option<Vec<String>>, values: Vec<Expr>) -> Computed {
    Computed { expr: Expr::Json(names, values), kind: ColumnKind::Json, nullable: false }
}

impl<M> IntoExpression<M> for JsonObject<M> {
    type Value = serde_json::Value;
    type Cardinality = One;

    fn computed(self) -> Computed {
        json(Some(self.names), self.values)
    }
}

impl<M> IntoExpression<M> for JsonArray<M> {
    type Value = serde_json::Value;
    type Cardinality = One;

    fn computed(self) -> Computed {
        json(None, self.values)
    }
}

impl<M> From<JsonObject<M>> for Expression<M, serde_json::Value> {
    fn from(object: JsonObject<M>) -> Self {
        Self { computed: object.computed(), types: PhantomData }
    }
}

impl<M> From<JsonArray<M>> for Expression<M, serde_json::Value> {
    fn from(list: JsonArray<M>) -> Self {
        Self { computed: list.computed(), types: PhantomData }
    }
}
