//! What views do with rows: pages, representation, saving, links, trees, transactions.

mod links;
mod lists;
mod objects;
mod saving;
mod transactions;
mod trees;

use std::sync::Arc;

use crate::pagination::Pagination;
use crate::request::Context;
use crate::serializers::Writing;

pub use links::LinkSet;
pub use trees::Descendants;

pub(crate) use saving::{by_key, related_is_gone, represent_saved};

/// What a site says of all its generic views.
#[derive(Debug, Default)]
pub(crate) struct SiteGenerics {
    /// `DEFAULT_PAGINATION_CLASS`
    pub(crate) pagination: Option<Arc<dyn Pagination>>,
    /// True when `DEFAULT_FILTER_BACKENDS` has the ordering filter: a view that does not say
    /// what may be ordered by lets its serializer's fields be.
    pub(crate) ordering_filter: bool,
}

impl Context {
    pub(super) fn writing(&self, partial: bool) -> Writing<'_> {
        Writing { cx: self, partial }
    }

    pub(crate) fn site(&self) -> Option<&SiteGenerics> {
        self.shared.generics.as_ref()?.downcast_ref()
    }
}
