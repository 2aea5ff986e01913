//! Kinds of filters of your own: a subclass of django-filter's `Filter`.

use super::conditions::compare;
use super::filter::{Described, LookupExpr};
use super::kinds::{FilterInput, FilterKind, FromFilterValue};
use crate::db::{Lookup, Path, Predicate};
use crate::exceptions::Validated;
use crate::filters::ParameterType;
use crate::values::{FieldType, Value};

/// A kind of filter of your own (a subclass of `django_filters.Filter`).
///
/// Implement it for an empty struct to read the text of a parameter in your own way, or to turn a value
/// into conditions of your own. The type is then a [`FilterKind`] as those of this module are: of fields
/// in `#[derive(FilterSet)]`, of [`Filter::new`](super::Filter::new), and inside
/// [`BaseInFilter`](super::BaseInFilter). By default, the value is compared by the filter's lookup.
///
/// ```
/// use quintet::db::{Lookup, Predicate};
/// use quintet::exceptions::Validated;
/// use quintet::filters::FilterSet;
/// use quintet::filters::django_filters::{CustomFilter, FilteredField};
/// use quintet::prelude::*;
///
/// # #[model(table = "song")]
/// # pub struct Song {
/// #     pub id: i64,
/// #     pub seconds: i32,
/// # }
/// /// A length as `3:45`, which songs reach within five seconds.
/// pub struct LengthFilter;
///
/// impl CustomFilter for LengthFilter {
///     type Value = i32;
///
///     fn clean(text: &str) -> Validated<Option<i32>> {
///         let length = text.split_once(':').and_then(|(minutes, seconds)| {
///             let minutes: i32 = minutes.parse().ok()?;
///             minutes.checked_mul(60)?.checked_add(seconds.parse().ok()?)
///         });
///         length.map(Some).ok_or("Write a length as `m:ss`.".into())
///     }
///
///     fn condition(field: &FilteredField<'_>, value: i32) -> Predicate {
///         let (low, high) = (value.saturating_sub(5), value.saturating_add(5));
///         field.compare(Lookup::Gte, low).and(field.compare(Lookup::Lte, high))
///     }
/// }
///
/// /// `?length=3:45`
/// #[derive(FilterSet)]
/// #[filter_set(model = Song)]
/// pub struct SongFilter {
///     #[filter(field = seconds, label = "Length")]
///     length: LengthFilter,
/// }
/// # fn main() {}
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a kind of filter",
    label = "this type has no `CustomFilter` implementation",
    note = "write `impl CustomFilter for {Self}`, with `type Value` and `fn clean`"
)]
pub trait CustomFilter: 'static {
    /// The value, which a method of the filter set gets too.
    type Value: FieldType + FromFilterValue;

    /// Reads the text of the parameter, which is never empty; `None` does not filter.
    ///
    /// # Errors
    /// The message of a 400, under the filter's name.
    fn clean(text: &str) -> Validated<Option<Self::Value>>;

    /// Which rows a value selects; by default, those that compare as the filter's lookup says.
    fn condition(field: &FilteredField<'_>, value: Self::Value) -> Predicate {
        field.compare(field.lookup(), value)
    }

    /// The type of the parameter in the OpenAPI document; a string by default.
    fn parameter_type() -> ParameterType {
        ParameterType::String
    }
}

#[diagnostic::do_not_recommend]
impl<F: CustomFilter> FilterKind for F {
    type Value = F::Value;

    fn kind() -> FilterInput {
        FilterInput::Custom(CustomInput {
            clean: |text| Ok(F::clean(text)?.map(FieldType::into_value)),
            condition: |field, value| match FieldType::from_value(value.clone()) {
                Some(value) => F::condition(field, value),
                // several values, as of a `BaseInFilter`
                None => compare(field.path, field.filter.expr, value),
            },
            parameter_type: F::parameter_type,
        })
    }
}

/// A [`CustomFilter`] without its type.
#[derive(Debug, Clone, Copy)]
pub struct CustomInput {
    pub(super) clean: fn(&str) -> Validated<Option<Value>>,
    pub(super) condition: fn(&FilteredField<'_>, &Value) -> Predicate,
    pub(super) parameter_type: fn() -> ParameterType,
}

/// The field that a filter of a set compares.
#[derive(Debug, Clone, Copy)]
pub struct FilteredField<'a> {
    pub(super) filter: &'a Described,
    pub(super) path: &'a Path,
}

impl FilteredField<'_> {
    /// The name of the filter.
    pub fn name(&self) -> &str {
        &self.filter.name
    }

    /// The lookup that the filter set names; `exact` if it names none.
    pub fn lookup(&self) -> LookupExpr {
        self.filter.expr
    }

    /// The rows whose field compares with a value: `field.compare(Lookup::Gte, 3)`.
    pub fn compare(&self, lookup: impl Into<LookupExpr>, value: impl FieldType) -> Predicate {
        compare(self.path, lookup.into(), &value.into_value())
    }

    /// The rows whose field has no value.
    pub fn is_null(&self) -> Predicate {
        compare(self.path, Lookup::IsNull.into(), &Value::Bool(true))
    }
}
