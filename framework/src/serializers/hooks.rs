//! The functions that a serializer calls, one trait per purpose.
//!
//! Each may take the request as a last parameter, `&Context`, with the user, the action and the
//! view, like DRF's `self.context["request"]`. `#[derive(Serializer)]` passes functions by name. A
//! type that implements the trait can replace a function, as [`CurrentUserDefault`] does.

use super::bound::{BoundField, BoundSerializer};
use super::changes::Attrs;
use super::plain::{Serializer, ValidatedData};
use super::rows::Instance;
use crate::db::QuerySet;
use crate::exceptions::Validated;
use crate::request::{Context, hook};
use crate::values::Value;

/// A hook of a field's value, which may take the field itself in place of the request.
macro_rules! field_hook {
    ($(#[$meta:meta])* $name:ident -> $answer:ty) => {
        $(#[$meta])*
        pub trait $name<T, Shape>: Send + Sync + 'static {
            /// Calls it.
            fn call(&self, value: T, field: &BoundField<'_>) -> Validated<$answer>;

            /// Whether it may ask for the stored row, which is then read before.
            fn sees_instance(&self) -> bool {
                false
            }
        }

        impl<T, Hook> $name<T, fn(T) -> Validated<$answer>> for Hook
        where
            Hook: Fn(T) -> Validated<$answer> + Send + Sync + 'static,
        {
            fn call(&self, value: T, _: &BoundField<'_>) -> Validated<$answer> {
                self(value)
            }
        }

        impl<T, Hook> $name<T, fn(T, &Context) -> Validated<$answer>> for Hook
        where
            Hook: Fn(T, &Context) -> Validated<$answer> + Send + Sync + 'static,
        {
            fn call(&self, value: T, field: &BoundField<'_>) -> Validated<$answer> {
                self(value, field.context())
            }
        }

        impl<T, Hook> $name<T, fn(T, &BoundField<'_>) -> Validated<$answer>> for Hook
        where
            Hook: Fn(T, &BoundField<'_>) -> Validated<$answer> + Send + Sync + 'static,
        {
            fn call(&self, value: T, field: &BoundField<'_>) -> Validated<$answer> {
                self(value, field)
            }

            fn sees_instance(&self) -> bool {
                true
            }
        }
    };
}

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

field_hook! {
    /// Checks the value of a field, and may change it (`validate_<field>`):
    /// `fn(String) -> Validated<String>`.
    #[diagnostic::on_unimplemented(
        message = "`{Self}` does not validate the value of a field",
        label = "expected `fn(T) -> Validated<T>` or `fn(T, &Context) -> Validated<T>`",
        note = "`T` is the type of the field's values: `String`, `Option<i32>`, the key of a relation; \
                in place of `&Context` it may take `&BoundField<'_>`"
    )]
    FieldValidator -> T
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

field_hook! {
    /// Checks the value of a field, beside the field's own checks (an entry of `validators`):
    /// `fn(i64) -> Validated`.
    #[diagnostic::on_unimplemented(
        message = "`{Self}` is not a validator of a field",
        label = "expected `fn(T) -> Validated` or `fn(T, &Context) -> Validated`",
        note = "`T` is the type of the field's values: `String`, `i64`, `Vec<String>`; in place of \
                `&Context` it may take `&BoundField<'_>`"
    )]
    ValueValidator -> ()
}

/// Checks all values of a serializer without a model together (`validate`): `fn(&self) ->
/// Validated` sees the struct, `fn(&mut ValidatedData) -> Validated` the values, which it may
/// change. A partial body may lack what the struct needs; only the second kind is called then.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not validate a `{S}`",
    label = "expected `fn(&{S}) -> Validated` or `fn(&{S}, &Context) -> Validated`",
    note = "in place of `&{S}` it may take `&mut ValidatedData`, and in place of `&Context` then \
            `&BoundSerializer<'_>`"
)]
pub trait StructValidator<S, Shape>: Send + Sync + 'static {
    /// Calls it.
    fn call(&self, values: &mut ValidatedData, serializer: &BoundSerializer<'_>) -> Validated;
}

impl<S, Hook> StructValidator<S, fn(&S) -> Validated> for Hook
where
    S: Serializer,
    Hook: Fn(&S) -> Validated + Send + Sync + 'static,
{
    fn call(&self, values: &mut ValidatedData, _: &BoundSerializer<'_>) -> Validated {
        S::from_validated(&mut values.clone()).map_or(Ok(()), |value| self(&value))
    }
}

impl<S, Hook> StructValidator<S, fn(&S, &Context) -> Validated> for Hook
where
    S: Serializer,
    Hook: Fn(&S, &Context) -> Validated + Send + Sync + 'static,
{
    fn call(&self, values: &mut ValidatedData, serializer: &BoundSerializer<'_>) -> Validated {
        let check = |value: S| self(&value, serializer.context());
        S::from_validated(&mut values.clone()).map_or(Ok(()), check)
    }
}

impl<S, Hook> StructValidator<S, fn(&mut ValidatedData) -> Validated> for Hook
where
    Hook: Fn(&mut ValidatedData) -> Validated + Send + Sync + 'static,
{
    fn call(&self, values: &mut ValidatedData, _: &BoundSerializer<'_>) -> Validated {
        self(values)
    }
}

impl<S, Hook> StructValidator<S, fn(&mut ValidatedData, &Context) -> Validated> for Hook
where
    Hook: Fn(&mut ValidatedData, &Context) -> Validated + Send + Sync + 'static,
{
    fn call(&self, values: &mut ValidatedData, serializer: &BoundSerializer<'_>) -> Validated {
        self(values, serializer.context())
    }
}

impl<S, Hook> StructValidator<S, fn(&mut ValidatedData, &BoundSerializer<'_>) -> Validated> for Hook
where
    Hook: Fn(&mut ValidatedData, &BoundSerializer<'_>) -> Validated + Send + Sync + 'static,
{
    fn call(&self, values: &mut ValidatedData, serializer: &BoundSerializer<'_>) -> Validated {
        self(values, serializer)
    }
}

/// Computes the value of a field that was not sent (`default=callable`): `fn() -> String`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not make a default value",
    label = "expected `fn() -> T` or `fn(&Context) -> T`",
    note = "`T` is the type of the field's values: `String`, `Option<i32>`, the key of a relation"
)]
pub trait DefaultValue<T, Shape>: Send + Sync + 'static {
    /// Calls it.
    fn call(&self, cx: &Context) -> T;

    /// Whether only new rows get the value.
    fn create_only(&self) -> bool {
        false
    }
}

impl<T, Hook> DefaultValue<T, fn() -> T> for Hook
where
    Hook: Fn() -> T + Send + Sync + 'static,
{
    fn call(&self, _: &Context) -> T {
        self()
    }
}

impl<T, Hook> DefaultValue<T, fn(&Context) -> T> for Hook
where
    Hook: Fn(&Context) -> T + Send + Sync + 'static,
{
    fn call(&self, cx: &Context) -> T {
        self(cx)
    }
}

/// A default that only new rows get (`CreateOnlyDefault`): an update that does not contain the field
/// leaves it as it is. `#[field(default_with = CreateOnlyDefault(today))]`
#[derive(Debug, Clone, Copy)]
pub struct CreateOnlyDefault<D>(pub D);

impl<T, Shape, D: DefaultValue<T, Shape>> DefaultValue<T, (Shape,)> for CreateOnlyDefault<D> {
    fn call(&self, cx: &Context) -> T {
        self.0.call(cx)
    }

    fn create_only(&self) -> bool {
        true
    }
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
    /// Changes what is shown of one row or object (`data`): `fn(JsonObject) -> JsonObject`.
    #[diagnostic::on_unimplemented(
        message = "`{Self}` cannot be used as `data`",
        label = "expected `fn(JsonObject) -> JsonObject`, with `&Context` behind it or not"
    )]
    DataHook[](shown: JsonObject) -> JsonObject
}

hook! {
    /// The value of a method field without a model (`SerializerMethodField`): `fn(&Order) -> String`.
    #[diagnostic::on_unimplemented(
        message = "`{Self}` is not a method field of `{S}` that shows `{T}`",
        label = "expected `fn(&{S}) -> {T}` or `fn(&{S}, &Context) -> {T}`"
    )]
    StructMethod[S, T](value: &S) -> T
}

hook! {
    /// The address of a row (`get_url`): `fn(&Album, &Context) -> Option<String>`; null for none.
    #[diagnostic::on_unimplemented(
        message = "`{Self}` does not make the address of a row of `{M}`",
        label = "expected `fn(&{M}, &Context) -> Option<String>`"
    )]
    GetUrl[M](row: &M) -> Option<String>
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
