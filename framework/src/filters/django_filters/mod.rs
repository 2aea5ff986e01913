//! Filter sets: query parameters that each compare something (`django_filters`).
//!
//! A filter set is a list of [`Filter`]s, written by `#[derive(FilterSet)]`, by
//! `filter_fields!`, or by hand. Parsing a request gives a [`Filtered`]: conditions, and keys
//! that must be found in the database first.

mod clean;
mod conditions;
mod custom;
mod filter;
mod hooks;
mod kinds;
mod number;
mod set;

pub(crate) use conditions::{Fit, compare, fit, is_regex};
pub use custom::{CustomFilter, CustomInput, FilteredField};
pub use filter::{Filter, FilterMethod, LookupExpr, OrderingChoice};
pub use hooks::{FilterOverrides, FilterQuerySet, GetFilters};
pub use kinds::{
    BaseInFilter, BaseRangeFilter, BooleanFilter, CharFilter, ChoiceFilter, DateFilter,
    DateFromToRangeFilter, DateRangeFilter, DateTimeFilter, DateTimeFromToRangeFilter,
    DurationFilter, FilterInput, FilterKind, FromFilterValue, IsoDateTimeFilter,
    IsoDateTimeFromToRangeFilter, ModelChoiceFilter, ModelMultipleChoiceFilter,
    MultipleChoiceFilter, NumberFilter, OrderingFilter, RangeFilter, TimeFilter, TimeRangeFilter,
    TypedChoiceFilter, TypedMultipleChoiceFilter, UuidFilter,
};
pub use set::{FilterSet, FilterSpec, Filtered, Filters, KeyCheck};
