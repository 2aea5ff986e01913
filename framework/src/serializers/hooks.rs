//! The functions that a serializer calls, one trait per purpose.
//!
//! Each may take the request as a last parameter, `&Context`, with the user, the action and the
//! view, like DRF's `self.context["request"]`. `#[derive(Serializer)]` passes functions by name. A
//! type that implements the trait can replace a function, as [`CurrentUserDefault`] does.

use super::changes::Attrs;
use super::plain::{Serializer, ValidatedData};
use super::rows::Instance;
use crate::db::QuerySet;
use crate::exceptions::Validated;
use crate::request::{Context, hook};
use crate::values::Value;

hook! {
    /// The function of a method field (`SerializerMethodField`): `fn(&Track) -> String`. It may
    /// take an [`Instance`], which has the rows that were fetched for it.
    #[doc(alias = "SerializerMethodField")]
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
    /// Checks the value of a field, beside the field's own checks (an entry of `validators`):
    /// `fn(i64) -> Validated`.
    #[diagnostic::on_unimplemented(
        message = "`{Self}` is not a validator of a field",
        label = "expected `fn(T) -> Validated` or `fn(T, &Context) -> Validated`",
        note = "`T` is the type of the field's values: `String`, `i64`, `Vec<String>`"
    )]
    ValueValidator[T](value: T) -> Validated
}

/// Checks all values of a serializer without a model together (`validate`): `fn(&self) ->
/// Validated` sees the struct, `fn(&mut ValidatedData) -> Validated` the values, which it may
/// change. A partial body may lack what the struct needs; only the second kind is called then.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not validate a `{S}`",
    label = "expected `fn(&{S}) -> Validated` or `fn(&{S}, &Context) -> Validated`",
    note = "in place of `&{S}` it may take `&mut ValidatedData`"
)]
pub trait StructValidator<S, Shape>: Send + Sync + 'static {
    /// Calls it.
    fn call(&self, values: &mut ValidatedData, cx: &Context) -> Validated;
}

impl<S, Hook> StructValidator<S, fn(&S) -> Validated> for Hook
where
    S: Serializer,
    Hook: Fn(&S) -> Validated + Send + Sync + 'static,
{
    fn call(&self, values: &mut ValidatedData, _: &Context) -> Validated {
        S::from_validated(&mut values.clone()).map_or(Ok(()), |value| self(&value))
    }
}

impl<S, Hook> StructValidator<S, fn(&S, &Context) -> Validated> for Hook
where
    S: Serializer,
    Hook: Fn(&S, &Context) -> Validated + Send + Sync + 'static,
{
    fn call(&self, values: &mut ValidatedData, cx: &Context) -> Validated {
        S::from_validated(&mut values.clone()).map_or(Ok(()), |value| self(&value, cx))
    }
}

impl<S, Hook> StructValidator<S, fn(&mut ValidatedData) -> Validated> for Hook
where
    Hook: Fn(&mut ValidatedData) -> Validated + Send + Sync + 'static,
{
    fn call(&self, values: &mut ValidatedData, _: &Context) -> Validated {
        self(values)
    }
}

impl<S, Hook> StructValidator<S, fn(&mut ValidatedData, &Context) -> Validated> for Hook
where
    Hook: Fn(&mut ValidatedData, &Context) -> Validated + Send + Sync + 'static,
{
    fn call(&self, values: &mut ValidatedData, cx: &Context) -> Validated {
        self(values, cx)
    }
}

hook! {
    /// Computes the value of a field that was not sent (`default=callable`): `fn() -> String`.
    #[diagnostic::on_unimplemented(
        message = "`{Self}` does not make a default value",
        label = "expected `fn() -> T` or `fn(&Context) -> T`",
        note = "`T` is the type of the field's values: `String`, `Option<i32>`, the key of a relation"
    )]
    DefaultValue[T]() -> T
}

hook! {
    /// Makes the output of a row from the output of its fields (`to_representation`): `fn(&Track,
    /// JsonObject) -> JsonObject`, or any type that serde can serialise. It may take an
    /// [`Instance`] for the row.
    #[diagnostic::on_unimplemented(
        message = "`{Self}` does not represent a row of `{M}`",
        label = "expected `fn(&{M}, JsonObject) -> T` or `fn(&{M}, JsonObject, &Context) -> T`",
        note = "`T` is a `JsonObject`, or any other type that serde can write"
    )]
    ToRepresentation[M, T](row: &Instance<'_, M>, shown: JsonObject) -> T, or (&M, JsonObject)
}

hook! {
    /// Prepares the input for the fields (`to_internal_value`): `fn(JsonObject) ->
    /// Validated<JsonObject>`.
    #[diagnostic::on_unimplemented(
        message = "`{Self}` cannot be used as `to_internal_value`",
        label = "expected `fn(JsonObject) -> Validated<JsonObject>`, with `&Context` behind it or not"
    )]
    ToInternalValue[](data: JsonObject) -> Validated<JsonObject>
}

hook! {
    /// The rows that a related field accepts (`queryset=`, `get_queryset`): `fn(&Context) ->
    /// QuerySet<Album>`. It may be narrowed and ordered, and is no slice.
    #[diagnostic::on_unimplemented(
        message = "`{Self}` does not say which rows of `{T}` a field accepts",
        label = "expected `fn(&Context) -> QuerySet<{T}>` or `fn() -> QuerySet<{T}>`"
    )]
    RelatedQuerySet[T]() -> QuerySet<T>
}

/// An ordered JSON object, for [`ToRepresentation`] and [`ToInternalValue`].
pub type JsonObject = serde_json::Map<String, serde_json::Value>;

/// The primary key of the request's user, null for an anonymous one (`CurrentUserDefault`):
/// `#[field(hidden, default_with = CurrentUserDefault)]`.
#[derive(Debug, Clone, Copy)]
pub struct CurrentUserDefault;

impl DefaultValue<Value, ()> for CurrentUserDefault {
    fn call(&self, cx: &Context) -> Value {
        cx.account().map_or(Value::Null, crate::auth::Account::key)
    }
}
