//! Filters: which rows of a list a query string asks for, and in which order
//! (`rest_framework.filters`, `django_filters`).
//!
//! A query string can only choose among what is described: paths come from code, never from a
//! request.

pub mod django_filters;
mod ordering;
mod parameter;
pub(crate) mod python;
mod search;
mod temporal;
#[cfg(test)]
pub(crate) mod testing;

pub use django_filters::{FilterSet, FilterSpec};
pub use ordering::{OrderingField, OrderingFilter};
pub use parameter::{ParameterType, QueryParameter, Several};
pub use quintet_codegen::{FilterSet, filter_fields, order_by, ordering_fields, search_fields};
pub use search::{SearchField, SearchFilter};

use crate::db::{Model, QuerySet};
use crate::exceptions::Result;
use crate::request::Request;

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
    fn filter_queryset(&self, request: &Request, queryset: QuerySet<M>) -> Result<QuerySet<M>>;

    /// The parameters it reads.
    fn query_parameters(&self) -> Vec<QueryParameter> {
        Vec::new()
    }
}
