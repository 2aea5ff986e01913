//! What views do with rows: pages, representation, saving, links, trees, transactions.
//!
//! There are no generic views here: the actions of DRF's `GenericAPIView` and its subclasses are
//! those of a [`ViewSet`](crate::viewsets::ViewSet) whose base names the mixins, and this module
//! adds the methods of [`Context`] that such actions, and your own views,
//! use.

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

/// The site's defaults for generic views.
#[derive(Debug, Default)]
pub(crate) struct SiteGenerics {
    /// `DEFAULT_PAGINATION_CLASS`
    pub(crate) pagination: Option<Arc<dyn Pagination>>,
    /// Whether `DEFAULT_FILTER_BACKENDS` has the ordering filter: a view without ordering fields
    /// then uses its serializer's fields.
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
