//! Serializers without a model: input that becomes a struct (`serializers.Serializer`).

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use super::changes::ChangeSet;
use super::convert::{FromValidated, IntoValidated};
use super::description::Description;
use super::hooks::JsonObject;
use super::input::InitialData;
use super::list::{Instances, ListSerializer};
use super::validate::Existing;
use super::write::write_values;
use crate::exceptions::{ApiException, Detail, Result};
use crate::request::Context;
use crate::values::{JsonWriter, Value};

/// A serializer without a model (`serializers.Serializer`): a body that passes becomes a value of
/// the struct.
///
/// `#[derive(Serializer)]` without a model implements it; actions and views take it as
/// [`Valid<S>`](crate::views::Valid) and return it as [`Json<S>`](crate::views::Json). For the rows
/// of a model, derive it with `#[serializer(model = ..)]`, which is a
/// [`ModelSerializer`](super::ModelSerializer). Implement it by hand for a struct whose fields are
/// not those of the input. There are no defaults.
///
/// ```
/// use std::sync::OnceLock;
///
/// use quintet::fields::Field;
/// use quintet::serializers::{Description, Serializer, ValidatedData};
///
/// /// The input is `{"from": 1990, "to": 1999}`.
/// pub struct Years(std::ops::RangeInclusive<i64>);
///
/// impl Serializer for Years {
///     fn description() -> &'static Description {
///         static DESCRIPTION: OnceLock<Description> = OnceLock::new();
///         DESCRIPTION.get_or_init(|| {
///             Description::plain("Years")
///                 .field(Field::integer("from"))
///                 .field(Field::integer("to"))
///                 .build()
///         })
///     }
///
///     fn from_validated(values: &mut ValidatedData) -> Option<Self> {
///         Some(Self(values.take("from")?..=values.take("to")?))
///     }
///
///     fn into_values(self) -> ValidatedData {
///         let mut values = ValidatedData::default();
///         values.put("from", *self.0.start());
///         values.put("to", *self.0.end());
///         values
///     }
/// }
/// # let _ = Years::description();
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a serializer without a model",
    label = "this type has no `Serializer` implementation",
    note = "add `#[derive(Serializer)]` to `{Self}`, and no `#[serializer(model = ..)]`"
)]
pub trait Serializer: Sized + 'static {
    /// What the serializer is; made once.
    fn description() -> &'static Description;

    /// Makes the struct from values that passed; `None` when one of them is missing.
    fn from_validated(values: &mut ValidatedData) -> Option<Self>;

    /// The values of the struct, as [`Json`](crate::views::Json) shows them.
    fn into_values(self) -> ValidatedData;

    /// What a form shows first, by field (`PointSerializer().data`, `get_initial`).
    fn get_initial() -> JsonObject {
        Self::description().get_initial()
    }

    /// Input, to be validated (`PointSerializer(data=request.data)`): `PointSerializer::from_data(
    /// cx.data()?)`, then [`partial`](UnvalidatedData::partial) as needed, then
    /// [`validated`](UnvalidatedData::validated).
    fn from_data(data: impl Into<InitialData>) -> UnvalidatedData<Self> {
        UnvalidatedData::new(data.into())
    }

    /// The message of a code that `#[serializer(error(..))]` declares (`self.fail("mismatch")`);
    /// `Invalid input.` for another code.
    fn fail(code: &'static str) -> Detail {
        Self::description().message(code, "Invalid input.", &[])
    }
}

/// The values of a body that passed, by field (`serializer.validated_data`).
#[derive(Clone, Default)]
pub struct ValidatedData {
    pub(super) values: Vec<(Cow<'static, str>, Value)>,
    /// Whether they were sent for a partial update: what is absent then has no default.
    pub(super) partial: bool,
}

impl fmt::Debug for ValidatedData {
    /// The names without the values, which may be secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.values.iter().map(|(name, _)| name)).finish()
    }
}

impl ValidatedData {
    /// The values that a serializer without a model let pass.
    pub(crate) fn new(set: ChangeSet) -> Self {
        Self::from_others(set.others)
    }

    pub(super) fn of(values: Vec<(Cow<'static, str>, Value)>) -> Self {
        Self { values, partial: false }
    }

    pub(super) fn from_others(others: Vec<(&'static str, Value)>) -> Self {
        Self::of(others.into_iter().map(|(name, value)| (Cow::Borrowed(name), value)).collect())
    }

    /// The keys of the values, in the order of the fields.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.values.iter().map(|(name, _)| &**name)
    }

    /// Whether there is a value under a key; null is one.
    pub fn contains(&self, field: &str) -> bool {
        self.value(field).is_some()
    }

    /// The value under a key, as its field read it.
    pub fn value(&self, field: &str) -> Option<&Value> {
        self.values.iter().find(|(name, _)| name == field).map(|(_, value)| value)
    }

    /// The value under a key, in a type; `None` when it is absent or of another type.
    pub fn get<T: FromValidated>(&self, field: &str) -> Option<T> {
        self.value(field).and_then(|value| T::from_validated(Some(value.clone())))
    }

    /// What a serializer shows of the values (`PointSerializer(values).data`), as JSON text. A field
    /// whose value is absent shows its default, null if it allows that, or is left out; after a
    /// partial update, a field with a default is left out.
    pub fn json<S: Serializer>(&self, cx: &Context) -> Vec<u8> {
        let mut out = JsonWriter::new();
        write_values(S::description(), self, cx, &mut out);
        out.into_bytes()
    }

    /// What a serializer shows of the values, as a value; as [`json`](Self::json).
    ///
    /// # Errors
    /// 500 when a number is beyond what `serde_json` holds.
    pub fn data<S: Serializer>(&self, cx: &Context) -> Result<serde_json::Value> {
        serde_json::from_slice(&self.json::<S>(cx)).map_err(ApiException::internal)
    }

    /// A value made of all of them (`source="*"`).
    #[doc(hidden)]
    pub fn take_whole<T: FromValidated>(self) -> Option<T> {
        T::from_validated(Some(Value::Map(self.values)))
    }

    /// Adds the members of a value (`source="*"`).
    #[doc(hidden)]
    pub fn put_whole(&mut self, value: impl IntoValidated) {
        if let Some(Value::Map(members)) = value.into_validated() {
            self.values.extend(members);
        }
    }

    /// Takes the value of a field; `None` when it is absent or of another type.
    pub fn take<T: FromValidated>(&mut self, field: &str) -> Option<T> {
        let at = self.values.iter().position(|(name, _)| name == field);
        T::from_validated(at.map(|at| self.values.swap_remove(at).1))
    }
}

impl ValidatedData {
    /// Adds the value of a field, or replaces it; a value that is absent is left out.
    pub fn put(&mut self, field: &'static str, value: impl IntoValidated) {
        let at = self.values.iter().position(|(name, _)| name == field);
        match (at.and_then(|at| self.values.get_mut(at)), value.into_validated()) {
            (Some((_, own)), Some(value)) => *own = value,
            (None, Some(value)) => self.values.push((Cow::Borrowed(field), value)),
            (_, None) => {}
        }
    }
}

impl ValidatedData {
    /// The values, as changes without a column.
    pub(super) fn into_others(self) -> Vec<(&'static str, Value)> {
        let own = self.values.into_iter().filter_map(|(name, value)| match name {
            Cow::Borrowed(name) => Some((name, value)),
            Cow::Owned(_) => None,
        });
        own.collect()
    }
}

/// Input of a serializer without a model, from wherever it comes (`PointSerializer(data=data)`):
/// [`Serializer::from_data`] makes it.
///
/// A partial update names only what it changes: the values are then [`ValidatedData`], which knows
/// what was sent.
///
/// ```
/// use quintet::prelude::*;
///
/// #[derive(Serializer)]
/// pub struct SettingsSerializer {
///     #[field(choices = ["light", "dark"])]
///     theme: String,
///     #[field(min_value = 1, max_value = 100)]
///     page_size: i64,
/// }
///
/// /// `PATCH /settings/`
/// async fn change(cx: &mut Context) -> Result<Response> {
///     let sent = SettingsSerializer::from_data(cx.data()?).partial().validated(cx).await?;
///     if sent.contains("page_size") && cx.user().is_none() {
///         return Err(Detail::field("page_size", "Log in to change it.").into());
///     }
///     Response::new(&sent.data::<SettingsSerializer>(cx)?)
/// }
/// # fn main() {
/// # let _ = ApiView::new("Settings").patch(change);
/// # }
/// ```
#[must_use = "nothing is validated before `validated` is called"]
pub struct UnvalidatedData<S> {
    data: InitialData,
    partial: bool,
    serializer: PhantomData<fn() -> S>,
}

impl<S: Serializer> fmt::Debug for UnvalidatedData<S> {
    /// Without the data, which may be secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("UnvalidatedData").field(&S::description().name).finish()
    }
}

impl<S: Serializer> UnvalidatedData<S> {
    fn new(data: InitialData) -> Self {
        Self { data, partial: false, serializer: PhantomData }
    }

    /// Nothing is required, and what was not sent has no default (`partial=True`).
    pub fn partial(mut self) -> Self {
        self.partial = true;
        self
    }

    /// A list of objects (`many=True`), up to 1000 of them unless `list` says otherwise: the values of
    /// each, in their order. The errors of an item stand under its number.
    ///
    /// # Errors
    /// As [`validated`](Self::validated).
    pub async fn validated_many(
        self,
        list: ListSerializer,
        cx: &Context,
    ) -> Result<Vec<ValidatedData>> {
        let none = Instances::default();
        let items =
            self.data.validate_list(S::description(), list, self.partial, &none, cx).await?;
        let values = |set| ValidatedData { partial: self.partial, ..ValidatedData::new(set) };
        Ok(items.into_iter().map(|(set, _)| values(set)).collect())
    }

    /// The values that were sent (`is_valid(raise_exception=True)`, `validated_data`).
    /// `S::from_validated(&mut values)` makes a struct of them, if none is missing.
    ///
    /// # Errors
    /// 400 with every message; 503 when the database is away.
    pub async fn validated(self, cx: &Context) -> Result<ValidatedData> {
        let existing = Existing::default();
        let set = self.data.validate(S::description(), self.partial, existing, cx).await?;
        Ok(ValidatedData { partial: self.partial, ..ValidatedData::new(set) })
    }
}

/// The values of a nested serializer as one value.
pub(super) fn to_map(set: ChangeSet) -> Value {
    Value::Map(ValidatedData::new(set).values)
}
