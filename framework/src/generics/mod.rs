//! What generic views share: queryset, filters, lookup, pages, saving (`rest_framework.generics`).

mod links;
mod lists;
mod objects;
mod saving;
mod transactions;
mod trees;

use std::any::Any;
use std::sync::Arc;

use crate::db::{self, Model, ModelMeta, Path};
use crate::filters::{FilterBackend, FilterSpec, OrderingField, OrderingFilter, SearchFilter};
use crate::pagination::{DefaultPagination, Pagination};
use crate::request::Context;
use crate::serializers::{Description, Links, Writing};

pub use links::LinkSet;
pub use trees::Descendants;

pub(crate) use saving::{by_key, related_is_gone, represent_saved};

/// How a view set finds one object.
#[derive(Debug, Clone)]
pub struct ObjectLookup {
    /// The column (`lookup_field`).
    pub path: Path,
    /// The capture that holds its value (`lookup_url_kwarg`).
    pub kwarg: String,
    /// What the value looks like (`lookup_value_regex`).
    pub value_regex: Option<String>,
}

/// What a generic view is, made once from its hooks.
pub struct GenericView<M> {
    pub(crate) filters: FilterSpec<M>,
    pub(crate) search: SearchFilter<M>,
    pub(crate) ordering: Option<OrderingFilter<M>>,
    /// True when the view does not say what may be ordered by.
    pub(crate) ordering_by_default: bool,
    pub(crate) backends: Vec<Box<dyn FilterBackend<M>>>,
    pub(crate) pagination: Arc<dyn Pagination>,
    pub(crate) lookup: ObjectLookup,
}

impl<M> std::fmt::Debug for GenericView<M> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GenericView").field("pagination", &self.pagination).finish_non_exhaustive()
    }
}

/// The part of a generic view that does not depend on its model, in reach of every request.
pub(crate) struct Generic {
    pub(crate) view: Arc<dyn Any + Send + Sync>,
    pub(crate) pagination: Arc<dyn Pagination>,
}

/// What a site says of all its generic views.
#[derive(Debug, Default)]
pub(crate) struct SiteGenerics {
    /// `DEFAULT_PAGINATION_CLASS`
    pub(crate) pagination: Option<Arc<dyn Pagination>>,
    /// True when `DEFAULT_FILTER_BACKENDS` has the ordering filter: a view that does not say
    /// what may be ordered by lets its serializer's fields be.
    pub(crate) ordering_filter: bool,
    /// Every model of the site: who may point at whom.
    pub(crate) models: Vec<&'static ModelMeta>,
}

/// The names that an unset `ordering_fields` allows: the serializer's readable fields.
pub(crate) fn default_ordering_fields<M>(description: &Description) -> Vec<OrderingField<M>> {
    description
        .fields()
        .iter()
        .enumerate()
        .filter(|(_, field)| !field.write_only)
        .filter_map(|(index, field)| {
            Some(OrderingField::of(field.name.into(), description.source(index)?))
        })
        .collect()
}

impl Links for Context {
    fn address(&self, name: &str, kwarg: &str, value: &str) -> Option<String> {
        self.hyperlink(name, &[(kwarg, value)]).ok()
    }
}

impl Context {
    pub(super) fn writing(&self, partial: bool) -> Writing<'_> {
        Writing { links: self, partial }
    }

    pub(super) fn generic(&self) -> Option<&Generic> {
        self.generic.as_ref()?.downcast_ref()
    }

    pub(super) fn view_of<M: Model>(&self) -> Option<Arc<GenericView<M>>> {
        Arc::clone(&self.generic()?.view).downcast().ok()
    }

    pub(super) fn site(&self) -> Option<&SiteGenerics> {
        self.shared.generics.as_ref()?.downcast_ref()
    }

    pub(super) fn paginator(&self) -> Arc<dyn Pagination> {
        match self.generic() {
            Some(generic) if !generic.pagination.is_project_default() => {
                Arc::clone(&generic.pagination)
            }
            _ => self
                .site()
                .and_then(|site| site.pagination.clone())
                .unwrap_or_else(|| Arc::new(DefaultPagination)),
        }
    }

    pub(crate) fn models(&self) -> Vec<&'static ModelMeta> {
        self.site().map(|site| site.models.clone()).unwrap_or_default()
    }

    /// The order that the request and the view ask for.
    pub(super) fn ordering<M: Model>(&self, view: &GenericView<M>) -> Option<Vec<db::OrderTerm>> {
        let by_default = self.site().is_some_and(|site| site.ordering_filter);
        let filter = view.ordering.as_ref().filter(|_| !view.ordering_by_default || by_default)?;
        filter.get_ordering(&self.request)
    }
}
