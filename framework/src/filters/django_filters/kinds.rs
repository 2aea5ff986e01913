//! The kinds of filters, one type each, under django-filter's names.

use std::marker::PhantomData;

use chrono::{NaiveDate, NaiveTime, TimeDelta};

use super::custom::CustomInput;
use crate::db::{Choices, DateTime, Decimal, Model, ModelMeta, Uuid};
use crate::values::{FieldType, Value};

/// What a filter reads.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum FilterInput {
    /// Text, trimmed.
    Char,
    /// A number.
    Number,
    /// `true`, `false`, `1` or `0`; anything else does not filter.
    Boolean,
    /// A day.
    Date,
    /// A time of day.
    Time,
    /// A moment in the locale's formats or ISO 8601.
    DateTime,
    /// A moment in ISO 8601.
    IsoDateTime,
    /// A length of time.
    Duration,
    /// A UUID.
    Uuid,
    /// One of the filter's choices.
    Choice,
    /// Several of the filter's choices, the parameter repeated.
    MultipleChoice,
    /// The key of a row.
    ModelChoice(fn() -> &'static ModelMeta),
    /// The keys of rows, the parameter repeated.
    ModelMultipleChoice(fn() -> &'static ModelMeta),
    /// Several values between commas.
    BaseIn(Box<FilterInput>),
    /// Two values between commas.
    BaseRange(Box<FilterInput>),
    /// `{name}_min` and `{name}_max`, numbers.
    Range,
    /// `{name}_after` and `{name}_before`, days.
    DateFromToRange,
    /// `{name}_after` and `{name}_before`, moments.
    DateTimeFromToRange,
    /// `{name}_after` and `{name}_before`, moments in ISO 8601.
    IsoDateTimeFromToRange,
    /// `{name}_after` and `{name}_before`, times of day.
    TimeRange,
    /// `today`, `yesterday`, `week`, `month` or `year`.
    DateRange,
    /// Names to order by, between commas.
    Ordering,
    /// What a [`CustomFilter`](super::CustomFilter) reads.
    Custom(CustomInput),
}

/// A kind of filter, and the Rust type that it passes to a custom method.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a kind of filter",
    label = "this type has no `FilterKind` implementation",
    note = "use one of `quintet::filters::django_filters`: `CharFilter`, `NumberFilter`, ...; write `impl \
            CustomFilter for {Self}` for a kind of your own"
)]
pub trait FilterKind {
    /// The value that a custom method gets.
    type Value: FromFilterValue;

    /// The description.
    fn kind() -> FilterInput;

    /// The values that it accepts, with their labels, if its type knows them.
    fn choices() -> &'static [(&'static str, &'static str)] {
        &[]
    }
}

/// A Rust type that a cleaned value can become.
#[diagnostic::on_unimplemented(
    message = "a filter gives no `{Self}`",
    label = "not a value of a filter",
    note = "a method of a filter takes the type of its filter's values, and `Vec` of it where there are several"
)]
pub trait FromFilterValue: Sized {
    /// Reads the value; `None` when it is of another kind.
    fn from_filter_value(value: Value) -> Option<Self>;
}

impl FromFilterValue for Value {
    fn from_filter_value(value: Value) -> Option<Self> {
        Some(value)
    }
}

macro_rules! from_field_type {
    ($($type:ty),*) => {$(
        impl FromFilterValue for $type {
            fn from_filter_value(value: Value) -> Option<Self> {
                FieldType::from_value(value)
            }
        }
    )*};
}

from_field_type!(bool, i16, i32, i64, f64, String, NaiveDate, NaiveTime, DateTime, TimeDelta, Uuid);

impl FromFilterValue for Decimal {
    fn from_filter_value(value: Value) -> Option<Self> {
        match value {
            Value::Decimal(number) => Some(number),
            Value::Int(number) => Some(number.into()),
            // a number that no decimal can hold
            Value::Float(number) if number < 0.0 => Some(rust_decimal::Decimal::MIN.into()),
            Value::Float(_) => Some(rust_decimal::Decimal::MAX.into()),
            _ => None,
        }
    }
}

impl<T: FromFilterValue> FromFilterValue for Option<T> {
    fn from_filter_value(value: Value) -> Option<Self> {
        match value {
            Value::Null => Some(None),
            value => T::from_filter_value(value).map(Some),
        }
    }
}

impl<T: FromFilterValue> FromFilterValue for Vec<T> {
    fn from_filter_value(value: Value) -> Option<Self> {
        match value {
            Value::List(items) => {
                items.into_iter().filter(|item| !item.is_null()).map(T::from_filter_value).collect()
            }
            _ => None,
        }
    }
}

impl<T: FromFilterValue> FromFilterValue for (T, T) {
    fn from_filter_value(value: Value) -> Option<Self> {
        let Value::List(items) = value else { return None };
        let mut items = items.into_iter().map(T::from_filter_value);
        match (items.next(), items.next(), items.next()) {
            (Some(Some(low)), Some(Some(high)), None) => Some((low, high)),
            _ => None,
        }
    }
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident => $kind:ident, $value:ty;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, Default)]
        pub struct $name;

        impl FilterKind for $name {
            type Value = $value;

            fn kind() -> FilterInput {
                FilterInput::$kind
            }
        }
    )*};
}

kinds! {
    /// A text.
    CharFilter => Char, String;
    /// A number.
    NumberFilter => Number, Decimal;
    /// True or false; anything else does not filter.
    BooleanFilter => Boolean, bool;
    /// A day, `2024-10-25` or in the other formats of Django's English locale.
    DateFilter => Date, NaiveDate;
    /// A time of day, `14:30`.
    TimeFilter => Time, NaiveTime;
    /// A moment, in ISO 8601 or in the formats of Django's English locale.
    DateTimeFilter => DateTime, DateTime;
    /// A moment in ISO 8601.
    IsoDateTimeFilter => IsoDateTime, DateTime;
    /// A length of time, `3 days, 04:05:06` or `P3DT4H`.
    DurationFilter => Duration, TimeDelta;
    /// A UUID (`UUIDFilter`).
    #[doc(alias = "UUIDFilter")]
    UuidFilter => Uuid, Uuid;
    /// One of several choices.
    ChoiceFilter => Choice, String;
    /// Any of several choices, the parameter repeated; all of them with `conjoined`.
    MultipleChoiceFilter => MultipleChoice, Vec<String>;
    /// Numbers from `{name}_min` to `{name}_max`.
    RangeFilter => Range, (Option<Decimal>, Option<Decimal>);
    /// Days from `{name}_after` to `{name}_before`, the last one whole.
    DateFromToRangeFilter => DateFromToRange, (Option<DateTime>, Option<DateTime>);
    /// Moments from `{name}_after` to `{name}_before`.
    DateTimeFromToRangeFilter => DateTimeFromToRange, (Option<DateTime>, Option<DateTime>);
    /// Moments in ISO 8601 from `{name}_after` to `{name}_before`.
    IsoDateTimeFromToRangeFilter => IsoDateTimeFromToRange, (Option<DateTime>, Option<DateTime>);
    /// Times of day from `{name}_after` to `{name}_before`.
    TimeRangeFilter => TimeRange, (Option<NaiveTime>, Option<NaiveTime>);
    /// `today`, `yesterday`, `week` (the past 7 days), `month` or `year`.
    DateRangeFilter => DateRange, String;
    /// Names to order by, between commas, `-` for descending; a wrong one is 400.
    OrderingFilter => Ordering, Vec<String>;
}

macro_rules! kinds_of {
    ($($(#[$doc:meta])* $name:ident<$of:ident: $bound:ident> => $kind:expr, $value:ty;)*) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $name<$of>(PhantomData<fn() -> $of>);

        impl<$of: $bound> FilterKind for $name<$of> {
            type Value = $value;

            fn kind() -> FilterInput {
                $kind
            }
        }
    )*};
}

kinds_of! {
    /// The key of a row of `M`, which must exist.
    ModelChoiceFilter<M: Model> => FilterInput::ModelChoice(|| M::META), Value;
    /// Any of several rows of `M`, by key, the parameter repeated; all must exist.
    ModelMultipleChoiceFilter<M: Model> => FilterInput::ModelMultipleChoice(|| M::META), Vec<Value>;
    /// Several values between commas, each read by `F`.
    BaseInFilter<F: FilterKind> => FilterInput::BaseIn(Box::new(F::kind())), Vec<F::Value>;
    /// Two values between commas, each read by `F`.
    BaseRangeFilter<F: FilterKind> =>
        FilterInput::BaseRange(Box::new(F::kind())), (Option<F::Value>, Option<F::Value>);
}

/// One of the choices of the enum `C` (`TypedChoiceFilter`), which it lists by itself; a custom
/// method gets the variant.
#[derive(Debug)]
pub struct TypedChoiceFilter<C>(PhantomData<fn() -> C>);

impl<C: Choices + FromFilterValue> FilterKind for TypedChoiceFilter<C> {
    type Value = C;

    fn kind() -> FilterInput {
        FilterInput::Choice
    }

    fn choices() -> &'static [(&'static str, &'static str)] {
        C::CHOICES
    }
}

/// Any of several choices of the enum `C`, the parameter repeated (`TypedMultipleChoiceFilter`).
#[derive(Debug)]
pub struct TypedMultipleChoiceFilter<C>(PhantomData<fn() -> C>);

impl<C: Choices + FromFilterValue> FilterKind for TypedMultipleChoiceFilter<C> {
    type Value = Vec<C>;

    fn kind() -> FilterInput {
        FilterInput::MultipleChoice
    }

    fn choices() -> &'static [(&'static str, &'static str)] {
        C::CHOICES
    }
}

impl FilterInput {
    /// The suffixes of its query parameters, for kinds that have two.
    pub(super) fn suffixes(&self) -> Option<[&'static str; 2]> {
        match self {
            Self::Range => Some(["min", "max"]),
            Self::DateFromToRange
            | Self::DateTimeFromToRange
            | Self::IsoDateTimeFromToRange
            | Self::TimeRange => Some(["after", "before"]),
            _ => None,
        }
    }
}
