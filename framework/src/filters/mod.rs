//! Filters: which rows of a list a query string asks for, and in which order
//! (`rest_framework.filters`, `django_filters`).
//!
//! A query string can only choose among what is described: paths come from code, never from a
//! request.

pub mod django_filters;
mod ordering;
mod parameter;
mod search;
mod temporal;
#[cfg(test)]
pub(crate) mod testing;

use std::sync::Arc;

pub use django_filters::{FilterSet, FilterSpec, Filters};
pub use ordering::{OrderingField, OrderingFields, OrderingFilter};
pub use parameter::{ParameterType, QueryParameter, Several};
/// Writes [`FilterSet`](trait@FilterSet) for a struct: each field is a declared filter, its type
/// the kind, and `fields(..)` asks for generated ones (`Meta.fields`).
///
/// ```text
/// #[derive(FilterSet)]
/// #[filter_set(model = Track, fields(name, album(exact, isnull), milliseconds(gte, lte)))]
/// pub struct TrackFilter {
///     /// `?artist=1`
///     #[filter(field = album__artist)]
///     artist: NumberFilter,
///     /// `?album__title=facelift`
///     #[filter(name = "album__title", field = album__title, lookup = iexact)]
///     album_title: CharFilter,
///     /// `?media_type=1&media_type=2`
///     media_type: ModelMultipleChoiceFilter<MediaType>,
///     /// `?price_tier=budget`, applied by `TrackFilter::filter_price_tier`
///     #[filter(choices = PRICE_TIERS, method = filter_price_tier)]
///     price_tier: ChoiceFilter,
///     /// `?sort=-created,name`
///     #[filter(ordering(name, created_at = created))]
///     sort: OrderingFilter,
/// }
/// ```
///
/// On a field: `field = path` (its own name where there is none), `lookup = gte` or
/// `year__gte`, `name = "parameter"`, `method = function`, `choices = list`, `conjoined`,
/// `exclude`, `null_label = "None"`, `help_text = ".."`, `ordering(field = parameter, ..)`.
pub use quintet_codegen::FilterSet;
/// The filters of a view set in place (`filterset_fields`):
/// `filter_fields![name, album(exact, isnull)]`.
pub use quintet_codegen::filter_fields;
/// The field that an object is looked up by: `lookup_field!(username)`.
pub use quintet_codegen::lookup_field;
/// An order: `order_by![-invoice_date, -id]`.
pub use quintet_codegen::order_by;
/// What `?ordering=` may name: `ordering_fields![id, album__title]`; `__all__` stands for every
/// column.
pub use quintet_codegen::ordering_fields;
/// What `?search=` looks at: `search_fields![^name, =composer, album__title]`; the prefixes are
/// DRF's, a lookup at the end (`name__endswith`) is used as it is.
pub use quintet_codegen::search_fields;
pub use search::{SearchField, SearchFields, SearchFilter};

pub(crate) use crate::fields::python;

use crate::db::{Model, QuerySet};
use crate::exceptions::Result;
use crate::request::Context;

/// Narrows or sorts the rows of a view by what a request says.
///
/// Implement it for a rule of your own, such as "only rows of the caller's shop". Search and
/// ordering are built in ([`SearchFilter`], [`OrderingFilter`]); a [`FilterSet`] has a door of
/// its own, because its keys are looked up in the database. By default it reads no parameter.
pub trait FilterBackend<M: Model>: Send + Sync {
    /// The rows that are left.
    ///
    /// # Errors
    /// 400 when a parameter is wrong.
    fn filter_queryset(&self, cx: &Context, queryset: QuerySet<M>) -> Result<QuerySet<M>>;

    /// The parameters it reads.
    fn query_parameters(&self) -> Vec<QueryParameter> {
        Vec::new()
    }
}

/// What a view set names as its `filter_backends`: a tuple of up to four, `()` for none.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a tuple of filter backends for rows of `{M}`",
    label = "expected a tuple, such as `(OnlyMine,)`",
    note = "each part needs `impl FilterBackend<{M}>`"
)]
pub trait FilterBackends<M: Model> {
    /// The list.
    fn into_list(self) -> Vec<Arc<dyn FilterBackend<M>>>;
}

macro_rules! tuples {
    ($(($($name:ident)*))*) => {$(
        impl<M: Model, $($name: FilterBackend<M> + 'static),*> FilterBackends<M> for ($($name,)*) {
            #[allow(non_snake_case, reason = "the names are those of the types")]
            fn into_list(self) -> Vec<Arc<dyn FilterBackend<M>>> {
                let ($($name,)*) = self;
                vec![$(Arc::new($name)),*]
            }
        }
    )*};
}

tuples! { () (A) (A B) (A B C) (A B C D) }
