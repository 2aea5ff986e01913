//! Serializers without a model: input that becomes a struct (`serializers.Serializer`).

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::hash::BuildHasher;
use std::sync::Arc;

use chrono::{NaiveDate, NaiveTime, TimeDelta};

use super::changes::ChangeSet;
use super::custom::CustomField;
use super::description::{Description, KeyCheck, Output, SerializerField, Target, key_kind};
use super::hooks::{DefaultValue, FieldValidator, StructValidator, ToInternalValue};
use super::relations::PrimaryKeyRelated;
use super::write::write_own;
use crate::db::{DateTime, Decimal, Model, Uuid, meta_of, nowhere};
use crate::fields::{Field, Kind};
use crate::request::Context;
use crate::values::JsonWriter;
use crate::values::{FieldType, Value};

/// A serializer without a model: `#[derive(Serializer)]` alone. A body that passes becomes a value
/// of the struct.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a serializer without a model",
    label = "this type has no `Serializer` implementation",
    note = "add `#[derive(Serializer)]` to `{Self}`, and no `#[serializer(model = ..)]`"
)]
pub trait Serializer: Sized + 'static {
    /// What the serializer is; made once.
    fn description() -> &'static Description;

    /// Makes the struct from values that passed; `None` when one of them is missing.
    fn from_validated(values: &mut Validated) -> Option<Self>;

    /// The values of the struct, as [`Json`](crate::views::Json) shows them.
    fn into_values(self) -> Validated;
}

/// The values of a body that passed, by field (`serializer.validated_data`).
#[derive(Clone, Default)]
pub struct Validated(Vec<(Cow<'static, str>, Value)>);

impl fmt::Debug for Validated {
    /// The names without the values, which may be secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

impl Validated {
    /// The values that a serializer without a model let pass.
    pub(crate) fn new(set: ChangeSet) -> Self {
        Self(set.others.into_iter().map(|(name, value)| (Cow::Borrowed(name), value)).collect())
    }

    /// Takes the value of a field; `None` when it is absent or of another type.
    pub fn take<T: FromValidated>(&mut self, field: &str) -> Option<T> {
        let at = self.0.iter().position(|(name, _)| name == field);
        T::from_validated(at.map(|at| self.0.swap_remove(at).1))
    }
}

impl Validated {
    /// Adds the value of a field; `None` leaves it out.
    pub fn put(&mut self, field: &'static str, value: impl IntoValidated) {
        if let Some(value) = value.into_validated() {
            self.0.push((Cow::Borrowed(field), value));
        }
    }
}

/// The values of a nested serializer as one value.
pub(super) fn to_map(set: ChangeSet) -> Value {
    Value::Map(Validated::new(set).0)
}

/// A Rust type that a validated value can become: the types of fields of a serializer without a
/// model.
#[diagnostic::on_unimplemented(
    message = "input cannot become a `{Self}`",
    label = "no field makes this type",
    note = "use a text, a number, a date, `serde_json::Value`, an `Option` or `Vec` of one, or a \
            struct with `#[derive(Serializer)]` and `#[field(nested)]`"
)]
pub trait FromValidated: Sized {
    /// Reads the value; an absent one is `None`. Returns `None` when it is of another kind.
    fn from_validated(value: Option<Value>) -> Option<Self>;
}

macro_rules! from_field_type {
    ($($type:ty),*) => {$(
        impl FromValidated for $type {
            fn from_validated(value: Option<Value>) -> Option<Self> {
                Self::from_value(value?)
            }
        }
    )*};
}

from_field_type!(
    bool, i16, i32, i64, f64, String, Decimal, DateTime, NaiveDate, NaiveTime, TimeDelta, Uuid
);

macro_rules! from_integer {
    ($($type:ty),*) => {$(
        impl FromValidated for $type {
            fn from_validated(value: Option<Value>) -> Option<Self> {
                i64::from_value(value?)?.try_into().ok()
            }
        }
    )*};
}

from_integer!(i8, u8, u16, u32, u64);

impl FromValidated for f32 {
    #[expect(clippy::cast_possible_truncation, reason = "the struct asked for less precision")]
    fn from_validated(value: Option<Value>) -> Option<Self> {
        f64::from_value(value?).map(|value| value as Self)
    }
}

/// Absent and null are both `None`; in `Option<Option<T>>` only absent is the outer one.
impl<T: FromValidated> FromValidated for Option<T> {
    fn from_validated(value: Option<Value>) -> Option<Self> {
        let Some(value) = value else { return Some(None) };
        let null = value.is_null();
        match T::from_validated(Some(value)) {
            None if null => Some(None),
            None => None,
            some => Some(some),
        }
    }
}

impl<T: FromValidated> FromValidated for Vec<T> {
    fn from_validated(value: Option<Value>) -> Option<Self> {
        match value? {
            Value::List(items) => {
                items.into_iter().map(|item| T::from_validated(Some(item))).collect()
            }
            _ => None,
        }
    }
}

fn entries<T: FromValidated, C: FromIterator<(String, T)>>(value: Option<Value>) -> Option<C> {
    let Value::Map(items) = value? else { return None };
    items
        .into_iter()
        .map(|(key, item)| Some((key.into_owned(), T::from_validated(Some(item))?)))
        .collect()
}

impl<T: FromValidated, H: BuildHasher + Default> FromValidated for HashMap<String, T, H> {
    fn from_validated(value: Option<Value>) -> Option<Self> {
        entries(value)
    }
}

impl<T: FromValidated> FromValidated for BTreeMap<String, T> {
    fn from_validated(value: Option<Value>) -> Option<Self> {
        entries(value)
    }
}

impl FromValidated for serde_json::Value {
    fn from_validated(value: Option<Value>) -> Option<Self> {
        match value? {
            Value::Json(json) => Some(*json),
            other => {
                let mut out = JsonWriter::new();
                out.value(other.as_ref());
                serde_json::from_slice(&out.into_bytes()).ok()
            }
        }
    }
}

impl<M> FromValidated for PrimaryKeyRelated<M> {
    fn from_validated(value: Option<Value>) -> Option<Self> {
        i64::from_value(value?).map(Self::new)
    }
}

impl<S: Serializer> FromValidated for S {
    fn from_validated(value: Option<Value>) -> Option<Self> {
        match value? {
            Value::Map(items) => S::from_validated(&mut Validated(items)),
            _ => None,
        }
    }
}

/// A Rust type whose values a field of a serializer without a model can show: the inverse of
/// [`FromValidated`].
#[diagnostic::on_unimplemented(
    message = "no field shows a `{Self}`",
    label = "this type cannot be shown",
    note = "use a text, a number, a date, `serde_json::Value`, an `Option` or `Vec` of one, or a \
            struct with `#[derive(Serializer)]` and `#[field(nested)]`"
)]
pub trait IntoValidated: Sized {
    /// The value; `None` for one that is absent.
    fn into_validated(self) -> Option<Value>;
}

macro_rules! into_value {
    ($($type:ty),*; $($integer:ty),*) => {
        $(impl IntoValidated for $type {
            fn into_validated(self) -> Option<Value> {
                Some(self.into_value())
            }
        })*
        $(impl IntoValidated for $integer {
            fn into_validated(self) -> Option<Value> {
                Some(Value::Int(self.into()))
            }
        })*
    };
}

into_value!(
    bool, i16, i32, i64, f64, String, Decimal, DateTime, NaiveDate, NaiveTime, TimeDelta, Uuid;
    i8, u8, u16, u32
);

impl IntoValidated for u64 {
    fn into_validated(self) -> Option<Value> {
        Some(i64::try_from(self).map_or_else(|_| Value::Json(Box::new(self.into())), Value::Int))
    }
}

impl IntoValidated for f32 {
    fn into_validated(self) -> Option<Value> {
        Some(f64::from(self).into_value())
    }
}

/// `None` is null; the outer one of `Option<Option<T>>` is absent.
impl<T: IntoValidated> IntoValidated for Option<T> {
    fn into_validated(self) -> Option<Value> {
        self.map_or(Some(Value::Null), T::into_validated)
    }
}

impl<T: IntoValidated> IntoValidated for Vec<T> {
    fn into_validated(self) -> Option<Value> {
        let items = self.into_iter().map(|item| item.into_validated().unwrap_or(Value::Null));
        Some(Value::List(items.collect()))
    }
}

fn map<T: IntoValidated>(entries: impl IntoIterator<Item = (String, T)>) -> Value {
    let value = |item: T| item.into_validated().unwrap_or(Value::Null);
    Value::Map(entries.into_iter().map(|(key, item)| (Cow::Owned(key), value(item))).collect())
}

impl<T: IntoValidated, H> IntoValidated for HashMap<String, T, H> {
    fn into_validated(self) -> Option<Value> {
        Some(map(self))
    }
}

impl<T: IntoValidated> IntoValidated for BTreeMap<String, T> {
    fn into_validated(self) -> Option<Value> {
        Some(map(self))
    }
}

impl IntoValidated for serde_json::Value {
    fn into_validated(self) -> Option<Value> {
        Some(Value::Json(Box::new(self)))
    }
}

impl<M> IntoValidated for PrimaryKeyRelated<M> {
    fn into_validated(self) -> Option<Value> {
        Some(Value::Int(self.key()))
    }
}

impl<S: Serializer> IntoValidated for S {
    fn into_validated(self) -> Option<Value> {
        Some(Value::Map(self.into_values().0))
    }
}

impl Description {
    /// Writes the values of a serializer without a model as an object.
    pub(crate) fn write_values(&self, values: &Validated, cx: &Context, out: &mut JsonWriter) {
        self.write_map(&values.0, cx, out);
    }

    fn write_map(&self, values: &[(Cow<'static, str>, Value)], cx: &Context, out: &mut JsonWriter) {
        out.begin_object();
        for field in self.fields.iter().filter(|field| !field.field.write_only) {
            let value = values.iter().find(|(name, _)| name == field.field.name);
            let Some((_, value)) = value else { continue };
            out.prepared_key(&field.member);
            match field.nested {
                Some(nested) => nested().write_nested(value, cx, out),
                None => write_own(field, value.as_ref(), cx, out),
            }
        }
        out.end_object();
    }

    fn write_nested(&self, value: &Value, cx: &Context, out: &mut JsonWriter) {
        match value {
            Value::Map(values) => self.write_map(values, cx, out),
            Value::List(items) => {
                out.begin_array();
                for item in items {
                    self.write_nested(item, cx, out);
                }
                out.end_array();
            }
            _ => out.null(),
        }
    }
}

impl Description {
    /// Starts the description of a serializer without a model.
    pub fn plain(name: &'static str) -> PlainBuilder {
        PlainBuilder { description: Self::new(name, nowhere) }
    }

    /// True for a serializer without a model.
    pub fn is_plain(&self) -> bool {
        std::ptr::eq(self.model, nowhere())
    }
}

/// Puts the [`Description`] of a serializer without a model together, field by field; a modifier
/// changes the field before it.
#[derive(Debug)]
pub struct PlainBuilder {
    description: Description,
}

impl PlainBuilder {
    fn last(&mut self, change: impl FnOnce(&mut SerializerField)) {
        if let Some(field) = self.description.fields.get_mut(self.description.current) {
            change(field);
        }
    }

    /// A field of its own.
    pub fn field(mut self, field: Field) -> Self {
        let target = if field.read_only { Target::None } else { Target::Other };
        self.description.push(field, Output::None, target);
        self
    }

    /// A field of the user's own.
    pub fn custom<F: CustomField>(self, name: &'static str) -> Self {
        let mut builder = self.field(Field::json(name));
        builder.last(SerializerField::set_custom::<F>);
        builder
    }

    /// The primary key of a row of `M` that exists.
    pub fn key<M: Model>(self, name: &'static str) -> Self {
        let kind = Kind::PrimaryKey { key: key_kind(M::META.pk_column().kind) };
        self.checked::<M>(Field::new(name, kind))
    }

    /// Primary keys of rows of `M` that exist.
    pub fn keys<M: Model>(self, name: &'static str) -> Self {
        let child = Field::new("", Kind::PrimaryKey { key: key_kind(M::META.pk_column().kind) });
        self.checked::<M>(Field::many_related(name, child))
    }

    fn checked<M: Model>(self, field: Field) -> Self {
        let mut builder = self.field(field);
        builder.last(|field| {
            field.key = Some(KeyCheck { model: meta_of::<M>, column: M::META.pk });
        });
        builder
    }

    /// Another serializer as a field.
    pub fn nested<S: Serializer>(self, name: &'static str) -> Self {
        self.inner::<S>(name, false)
    }

    /// Another serializer as a field that is only shown; it may hold this one.
    pub fn shows<S: Serializer>(self, name: &'static str) -> Self {
        self.shown::<S>(name, false)
    }

    /// A list of objects that is only shown; they may be of this serializer.
    pub fn shows_many<S: Serializer>(self, name: &'static str) -> Self {
        self.shown::<S>(name, true)
    }

    fn shown<S: Serializer>(self, name: &'static str, many: bool) -> Self {
        let mut builder = self.field(Field::nested(name, [], many).read_only());
        builder.last(|field| field.nested = Some(S::description));
        builder
    }

    /// A list of objects, each read by another serializer.
    pub fn nested_many<S: Serializer>(self, name: &'static str) -> Self {
        self.inner::<S>(name, true)
    }

    fn inner<S: Serializer>(self, name: &'static str, many: bool) -> Self {
        let fields = Arc::clone(&S::description().input);
        let mut builder = self.field(Field::nested(name, fields, many));
        builder.last(|field| field.nested = Some(S::description));
        builder
    }

    /// Changes the description of the field before it.
    pub fn with(mut self, change: impl FnOnce(Field) -> Field) -> Self {
        self.last(|field| field.change(change));
        self
    }

    /// A hook for the value of the field before it (`validate_<field>`): it may change the value
    /// or refuse it.
    pub fn validate_field<T: FieldType, Shape>(
        mut self,
        hook: impl FieldValidator<T, Shape>,
    ) -> Self {
        self.last(|field| field.set_hook(hook));
        self
    }

    /// What makes the value of the field before it where none is sent (`default=callable`).
    pub fn default_with<T: FieldType, Shape>(mut self, make: impl DefaultValue<T, Shape>) -> Self {
        self.last(|field| field.set_default(make));
        self
    }

    /// These fields are read-only (`read_only_fields`).
    pub fn read_only(mut self, names: &[&str]) -> Self {
        self.description.make_read_only(names);
        self
    }

    /// The field `name` must hold what the field `other` holds.
    pub fn must_match(mut self, name: &str, other: &str) -> Self {
        self.description.must_match(name, other);
        self
    }

    /// What the fields read instead of what was sent (`to_internal_value`).
    pub fn to_internal_value<Shape>(mut self, hook: impl ToInternalValue<Shape>) -> Self {
        self.description.set_internal_value(hook);
        self
    }

    /// A hook for the whole struct, after those before it (`validate`).
    pub fn validate<S: Serializer, Shape>(mut self, hook: impl StructValidator<S, Shape>) -> Self {
        let before = self.description.validate.take();
        self.description.validate = Some(Arc::new(move |changes, row, cx| {
            if let Some(before) = &before {
                before(changes, row, cx)?;
            }
            // a partial body may not be enough for the struct: there is nothing to ask then
            S::from_validated(&mut Validated::new(changes.clone()))
                .map_or(Ok(()), |value| hook.call(&value, cx))
        }));
        self
    }

    /// The description.
    pub fn build(mut self) -> Description {
        self.description.seal();
        self.description
    }
}
