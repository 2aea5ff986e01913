//! Serializers without a model: input that becomes a struct (`serializers.Serializer`).

use std::borrow::Cow;
use std::fmt;

use super::changes::ChangeSet;
use super::convert::{FromValidated, IntoValidated};
use super::description::Description;
use crate::values::Value;

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
}

/// The values of a body that passed, by field (`serializer.validated_data`).
#[derive(Clone, Default)]
pub struct ValidatedData(pub(super) Vec<(Cow<'static, str>, Value)>);

impl fmt::Debug for ValidatedData {
    /// The names without the values, which may be secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

impl ValidatedData {
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

impl ValidatedData {
    /// Adds the value of a field; `None` leaves it out.
    pub fn put(&mut self, field: &'static str, value: impl IntoValidated) {
        if let Some(value) = value.into_validated() {
            self.0.push((Cow::Borrowed(field), value));
        }
    }
}

/// The values of a nested serializer as one value.
pub(super) fn to_map(set: ChangeSet) -> Value {
    Value::Map(ValidatedData::new(set).0)
}
