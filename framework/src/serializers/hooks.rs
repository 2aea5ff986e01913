//! The functions that a serializer calls, by what they are for.
//!
//! Each takes what it is about and may ask for the request: a last parameter `&Context` has the
//! user, the action and the view, as DRF's `self.context["request"]`. `#[derive(Serializer)]`
//! hands functions over by their names. A type of the user's may stand in a function's place
//! where it implements the trait, as [`CurrentUserDefault`] does.

use super::changes::Attrs;
use super::rows::Instance;
use crate::exceptions::Validated;
use crate::request::{Context, hook};
use crate::values::Value;

hook! {
    /// What a method field shows of a row (`SerializerMethodField`): `fn(&Track) -> String`, or of
    /// an [`Instance`], which knows the rows that were fetched for it.
    #[diagnostic::on_unimplemented(
        message = "`{Self}` is not a method field over `{M}` that shows `{T}`",
        label = "expected `fn(&{M}) -> {T}` or `fn(&{M}, &Context) -> {T}`",
        note = "in place of `&{M}` it may take `&Instance<'_, {M}>`"
    )]
    MethodField[M, T](row: &Instance<'_, M>) -> T, or (&M)
}

hook! {
    /// Checks the value of a field, and may change it (`validate_<field>`):
    /// `fn(String) -> Validated<String>`.
    #[diagnostic::on_unimplemented(
        message = "`{Self}` does not validate the value of a field",
        label = "expected `fn(T) -> Validated<T>` or `fn(T, &Context) -> Validated<T>`",
        note = "`T` is the type of the field's values: `String`, `Option<i32>`, the key of a relation"
    )]
    FieldValidator[T](value: T) -> Validated<T>
}

hook! {
    /// Checks all values together, and may change them (`validate`):
    /// `fn(&mut Attrs<'_, Track>) -> Validated`.
    #[diagnostic::on_unimplemented(
        message = "`{Self}` does not validate what is sent for a row of `{M}`",
        label = "expected `fn(&mut Attrs<'_, {M}>) -> Validated`, with `&Context` behind it or not"
    )]
    ObjectValidator[M](attrs: &mut Attrs<'_, M>) -> Validated
}

hook! {
    /// Checks a whole struct that was read (`validate` without a model): `fn(&self) -> Validated`.
    #[diagnostic::on_unimplemented(
        message = "`{Self}` does not validate a `{S}`",
        label = "expected `fn(&{S}) -> Validated` or `fn(&{S}, &Context) -> Validated`"
    )]
    StructValidator[S](value: &S) -> Validated
}

hook! {
    /// Makes the value of a field that was not sent (`default=callable`): `fn() -> String`.
    #[diagnostic::on_unimplemented(
        message = "`{Self}` does not make a default value",
        label = "expected `fn() -> T` or `fn(&Context) -> T`",
        note = "`T` is the type of the field's values: `String`, `Option<i32>`, the key of a relation"
    )]
    DefaultValue[T]() -> T
}

hook! {
    /// What is shown of a row (`to_representation`), made of what its fields show:
    /// `fn(&Track, JsonObject) -> JsonObject`, or anything else that serde can write. It may take
    /// an [`Instance`] for the row.
    #[diagnostic::on_unimplemented(
        message = "`{Self}` does not represent a row of `{M}`",
        label = "expected `fn(&{M}, JsonObject) -> T` or `fn(&{M}, JsonObject, &Context) -> T`",
        note = "`T` is a `JsonObject`, or any other type that serde can write"
    )]
    ToRepresentation[M, T](row: &Instance<'_, M>, shown: JsonObject) -> T, or (&M, JsonObject)
}

hook! {
    /// What the fields read (`to_internal_value`), made of what was sent:
    /// `fn(JsonObject) -> Validated<JsonObject>`.
    #[diagnostic::on_unimplemented(
        message = "`{Self}` does not make the values of fields of what is sent",
        label = "expected `fn(JsonObject) -> Validated<JsonObject>`, with `&Context` behind it or not"
    )]
    ToInternalValue[](data: JsonObject) -> Validated<JsonObject>
}

/// An object of JSON, in order: what [`ToRepresentation`] and [`ToInternalValue`] see.
pub type JsonObject = serde_json::Map<String, serde_json::Value>;

/// The primary key of the user who sends the request, null for an anonymous one
/// (`CurrentUserDefault`): `#[field(hidden, default_with = CurrentUserDefault)]`.
#[derive(Debug, Clone, Copy)]
pub struct CurrentUserDefault;

impl DefaultValue<Value, ()> for CurrentUserDefault {
    fn call(&self, cx: &Context) -> Value {
        cx.account().map_or(Value::Null, crate::auth::Account::key)
    }
}
