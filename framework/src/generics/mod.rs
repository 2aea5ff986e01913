//! Generic views, and what views do with rows: pages, representation, saving, links, trees,
//! transactions (`rest_framework.generics`).
//!
//! A generic view has one URL. It is written as a view set is, with the same hooks, over one of the
//! nine bases; [`ViewSet::as_view`](crate::viewsets::ViewSet::as_view) makes it a view.
//!
//! ```
//! use quintet::generics::{ListCreateApiView, RetrieveUpdateDestroyApiView};
//! use quintet::prelude::*;
//!
//! # #[model(table = "book")]
//! # pub struct Book {
//! #     pub id: i64,
//! #     pub title: String,
//! # }
//! # #[derive(Serializer)]
//! # #[serializer(model = Book, fields = all)]
//! # pub struct BookSerializer {}
//! pub struct BookList;
//!
//! impl ViewSet for BookList {
//!     type Base = ListCreateApiView;
//!     type Serializer = BookSerializer;
//! }
//!
//! pub struct BookDetail;
//!
//! impl ViewSet for BookDetail {
//!     type Base = RetrieveUpdateDestroyApiView;
//!     type Serializer = BookSerializer;
//! }
//!
//! # fn main() {
//! let router = Router::simple()
//!     .path("books/", BookList.as_view(), "book-list")
//!     .path("books/<int:pk>/", BookDetail.as_view(), "book-detail");
//! # let _ = router;
//! # }
//! ```
//!
//! # API reference
//!
//! - [`CreateApiView`], [`ListApiView`], [`RetrieveApiView`], [`UpdateApiView`], [`DestroyApiView`],
//!   [`ListCreateApiView`], [`RetrieveUpdateApiView`], [`RetrieveDestroyApiView`],
//!   [`RetrieveUpdateDestroyApiView`]: the nine bases
//! - [`ListModelMixin`] and its like: the mixins, of which a base can be a tuple
//! - the methods of [`Context`] that views use: `save`, `delete`, `paginate`, `links`, `lock`,
//!   `transaction`, `descendants` and so on

mod bases;
mod cleaning;
mod files;
mod links;
mod lists;
mod objects;
mod saving;
mod slugs;
mod transactions;
mod trees;

use std::sync::Arc;

use crate::pagination::Pagination;
use crate::request::Context;
use crate::serializers::Writing;

pub use bases::{
    Actions, CreateApiView, CreateModelMixin, DestroyApiView, DestroyModelMixin, GenericBase,
    GenericViewSet, ListApiView, ListCreateApiView, ListModelMixin, Mixins, ModelViewSet,
    ReadOnlyModelViewSet, RetrieveApiView, RetrieveDestroyApiView, RetrieveModelMixin,
    RetrieveUpdateApiView, RetrieveUpdateDestroyApiView, UpdateApiView, UpdateModelMixin,
};
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
