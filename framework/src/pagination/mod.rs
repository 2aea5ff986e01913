//! Pagination: which rows of a list are returned, and the links to the others
//! (`rest_framework.pagination`).
//!
//! # Setting the pagination
//!
//! Lists are not paginated until `Site::builder(..).pagination(..)` sets a default
//! (`DEFAULT_PAGINATION_CLASS` and `PAGE_SIZE`), such as
//! `PageNumberPagination::new().page_size(50)`; a view set sets its own with
//! [`pagination_class`](crate::viewsets::ViewSet::pagination_class).
//!
//! ```
//! use quintet::filters::order_by;
//! use quintet::pagination::{CursorPagination, Pagination};
//! use quintet::prelude::*;
//!
//! # #[model(table = "store_invoice")]
//! # pub struct Invoice {
//! #     pub id: i64,
//! #     pub created_at: DateTime,
//! # }
//! #
//! # #[derive(Serializer)]
//! # #[serializer(model = Invoice, fields = all)]
//! # pub struct InvoiceSerializer {}
//! #
//! pub struct InvoiceViewSet;
//!
//! impl ViewSet for InvoiceViewSet {
//!     type Base = ReadOnlyModelViewSet;
//!     type Serializer = InvoiceSerializer;
//!
//!     fn pagination_class(&self) -> impl Pagination + 'static {
//!         CursorPagination::new().page_size(20).ordering::<Invoice>(order_by![-created_at, id])
//!     }
//! }
//!
//! # fn main() {}
//! ```
//!
//! # API reference
//!
//! - [`PageNumberPagination`]: `?page=2`; `count`, `next`, `previous`, `results`
//! - [`LimitOffsetPagination`]: `?limit=20&offset=40`; the same keys
//! - [`CursorPagination`]: `?cursor=…`; no count, and pages cost the same wherever they are
//! - [`NoPagination`]: the whole list as an array (`pagination_class = None`)
//!
//! # Custom pagination
//!
//! A list action gets a [`Plan`] from the view's [`Pagination`], loads the rows that the plan
//! names, and passes their number back to get the [`Envelope`] around them. Implement the trait for
//! links or parameters of your own. [`Pagination::with_keys`] gives the pages of any pagination
//! other keys: [`EnvelopeKeys`] names them.

mod cursor;
mod cursor_text;
mod envelope;
mod limit_offset;
mod links;
mod page_number;
mod page_size;
mod with_keys;

use std::fmt;
use std::sync::Arc;

pub use cursor::{CursorPagination, CursorPlan, position_text};
pub use envelope::{Envelope, EnvelopeField, EnvelopeKeys, EnvelopeType};
pub use limit_offset::LimitOffsetPagination;
pub use links::{remove_query_param, replace_query_param};
pub use page_number::PageNumberPagination;
pub use with_keys::WithKeys;

use crate::db::OrderTerm;
use crate::exceptions::{ApiException, Result};
use crate::filters::QueryParameter;
use crate::request::Request;

/// How the total number of rows is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum CountPolicy {
    /// By a COUNT, unless the rows that were read already show it.
    #[default]
    Exact,
}

/// Which rows to load, as decided by a [`Pagination`].
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Plan {
    /// The rows must be counted before the slice is known; see [`Plan::counted`].
    NeedsCount {
        /// Rows on a page.
        size: i64,
    },
    /// `limit` rows after `offset` rows, in the query's own order.
    Slice {
        /// Rows to skip.
        offset: i64,
        /// Rows to read at most.
        limit: i64,
        /// How to count.
        count: CountPolicy,
    },
    /// The rows at a cursor.
    Cursor(Box<CursorPlan>),
}

impl Plan {
    /// Resolves [`Plan::NeedsCount`] to the last page once the rows are counted; leaves any other
    /// plan unchanged.
    #[must_use]
    pub fn counted(self, count: i64) -> Self {
        match self {
            Self::NeedsCount { size } => {
                let size = size.max(1);
                let offset = (count - 1).max(0) / size * size;
                Self::Slice { offset, limit: size, count: CountPolicy::Exact }
            }
            other => other,
        }
    }

    /// The total number of rows, if the number of rows read already shows it, so that no statement
    /// is needed.
    pub fn known_count(&self, rows_read: usize) -> Option<i64> {
        let Self::Slice { offset, limit, .. } = self else { return None };
        let rows = i64::try_from(rows_read).ok()?;
        let ends_here = rows < *limit && (rows > 0 || *offset == 0);
        ends_here.then(|| offset.saturating_add(rows))
    }

    /// Whether the response contains the total number of rows.
    pub fn is_counted(&self) -> bool {
        !matches!(self, Self::Cursor(_))
    }
}

/// Splits a list into pages (`BasePagination`).
///
/// Implement it for an envelope, links or parameters of your own; [`PageNumberPagination`],
/// [`LimitOffsetPagination`] and [`CursorPagination`] only need to be configured. A list action
/// first calls [`plan`](Self::plan), reads the rows that the plan names, and then calls
/// [`finish`](Self::finish). The methods that describe the pagination in the OpenAPI document
/// return nothing by default.
///
/// ```
/// use quintet::db::OrderTerm;
/// use quintet::exceptions::Result;
/// use quintet::pagination::{Envelope, Pagination, Plan};
/// use quintet::request::Request;
///
/// /// The first rows of a list, as many as fit on a screen, and the count of all.
/// #[derive(Debug)]
/// struct FirstScreen;
///
/// impl Pagination for FirstScreen {
///     fn plan(&self, _: &Request, _: Option<&[OrderTerm]>) -> Result<Option<Plan>> {
///         Ok(Some(Plan::Slice { offset: 0, limit: 12, count: Default::default() }))
///     }
///
///     fn finish(
///         &self,
///         _: &Request,
///         _: &Plan,
///         count: Option<i64>,
///         rows_read: usize,
///         _: &dyn Fn(usize) -> String,
///     ) -> Result<Envelope> {
///         Ok(Envelope::new(count, 0..rows_read))
///     }
/// }
/// ```
#[doc(alias = "BasePagination")]
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a pagination",
    label = "this type has no `Pagination` implementation",
    note = "write `impl Pagination for {Self}`, or use `PageNumberPagination::new()`"
)]
pub trait Pagination: Send + Sync + fmt::Debug {
    /// Which rows the request asks for; `None` sends the whole list without an envelope.
    ///
    /// `ordering` is the order that the view's ordering filter chose, if it has one.
    ///
    /// # Errors
    /// 404 when the page or the cursor is malformed.
    fn plan(&self, request: &Request, ordering: Option<&[OrderTerm]>) -> Result<Option<Plan>>;

    /// The envelope around the rows, once they are read.
    ///
    /// `count` is the total number of rows, if the plan is counted; `position_of` gives the
    /// [`position_text`] of a row, by its place among the rows that were read, in the column of the
    /// plan's first order term.
    ///
    /// # Errors
    /// 404 when the page does not exist.
    fn finish(
        &self,
        request: &Request,
        plan: &Plan,
        count: Option<i64>,
        rows_read: usize,
        position_of: &dyn Fn(usize) -> String,
    ) -> Result<Envelope>;

    /// The query parameters that it reads.
    fn query_parameters(&self) -> Vec<QueryParameter> {
        Vec::new()
    }

    /// The keys of the envelope except that of the rows, which comes last; empty if there is no
    /// envelope.
    fn envelope(&self) -> Vec<EnvelopeField> {
        Vec::new()
    }

    /// The key of the rows; `results` by default. It is that of the [`Envelope`]'s
    /// [`keys`](Envelope::keys).
    #[allow(clippy::unnecessary_literal_bound, reason = "an implementation may hold its key")]
    fn results_key(&self) -> &str {
        "results"
    }

    /// Whether a request may ask for a page that does not exist, which is a 404; true by default.
    fn may_miss(&self) -> bool {
        true
    }

    /// The same pages under keys of your own (an overridden `get_paginated_response`):
    ///
    /// ```
    /// use quintet::pagination::{EnvelopeKeys, LimitOffsetPagination, Pagination};
    ///
    /// /// `{"articlesCount": 2, "articles": [..]}`
    /// fn pages() -> impl Pagination {
    ///     let keys = EnvelopeKeys::new().results("articles").count("articlesCount").without_links();
    ///     LimitOffsetPagination::new().default_limit(20).with_keys(keys)
    /// }
    /// # let _ = pages();
    /// ```
    #[doc(alias = "get_paginated_response")]
    fn with_keys(self, keys: EnvelopeKeys) -> WithKeys<Self>
    where
        Self: Sized,
    {
        WithKeys::new(self, keys)
    }

    /// What takes the place of this pagination on a site that has a default one: that one for
    /// [`DefaultPagination`], and `None`, which is nothing, for all that paginate by themselves.
    fn replaced_by(&self, _site: &Arc<dyn Pagination>) -> Option<Arc<dyn Pagination>> {
        None
    }
}

macro_rules! forward {
    ($($type:ty),*) => {$(
        impl<P: Pagination + ?Sized> Pagination for $type {
            fn plan(&self, request: &Request, ordering: Option<&[OrderTerm]>) -> Result<Option<Plan>> {
                (**self).plan(request, ordering)
            }

            fn finish(
                &self,
                request: &Request,
                plan: &Plan,
                count: Option<i64>,
                rows_read: usize,
                position_of: &dyn Fn(usize) -> String,
            ) -> Result<Envelope> {
                (**self).finish(request, plan, count, rows_read, position_of)
            }

            fn query_parameters(&self) -> Vec<QueryParameter> {
                (**self).query_parameters()
            }

            fn envelope(&self) -> Vec<EnvelopeField> {
                (**self).envelope()
            }

            fn results_key(&self) -> &str {
                (**self).results_key()
            }

            fn may_miss(&self) -> bool {
                (**self).may_miss()
            }

            fn replaced_by(&self, site: &Arc<dyn Pagination>) -> Option<Arc<dyn Pagination>> {
                (**self).replaced_by(site)
            }
        }
    )*};
}

forward!(Box<P>, Arc<P>);

/// Returns the whole list as an array (`pagination_class = None`): for a view set of a site that
/// has a default pagination.
///
/// ```
/// use quintet::pagination::{NoPagination, Pagination};
/// use quintet::prelude::*;
///
/// # #[model(table = "genre")]
/// # pub struct Genre {
/// #     pub id: i64,
/// #     pub name: String,
/// # }
/// # #[derive(Serializer)]
/// # #[serializer(model = Genre, fields = all)]
/// # pub struct GenreSerializer {}
/// pub struct GenreViewSet;
///
/// impl ViewSet for GenreViewSet {
///     type Base = ReadOnlyModelViewSet;
///     type Serializer = GenreSerializer;
///
///     fn pagination_class(&self) -> impl Pagination + 'static {
///         NoPagination
///     }
/// }
/// # fn main() {}
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct NoPagination;

/// The site's default pagination (`DEFAULT_PAGINATION_CLASS`), or none if the site has none. View
/// sets use it unless they set their own.
#[derive(Debug, Clone, Copy, Default)]
pub struct DefaultPagination;

macro_rules! no_pages {
    ($type:ty, $is_default:literal) => {
        impl Pagination for $type {
            fn plan(&self, _: &Request, _: Option<&[OrderTerm]>) -> Result<Option<Plan>> {
                Ok(None)
            }

            fn finish(
                &self,
                _: &Request,
                _: &Plan,
                count: Option<i64>,
                rows_read: usize,
                _: &dyn Fn(usize) -> String,
            ) -> Result<Envelope> {
                Ok(Envelope::new(count, 0..rows_read))
            }

            fn replaced_by(&self, site: &Arc<dyn Pagination>) -> Option<Arc<dyn Pagination>> {
                $is_default.then(|| Arc::clone(site))
            }
        }
    };
}

no_pages!(NoPagination, false);
no_pages!(DefaultPagination, true);

/// Clamps a number to what a statement can take.
fn clamp(number: i128) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A number as a link has it.
fn number_text(number: impl itoa::Integer) -> String {
    itoa::Buffer::new().format(number).to_owned()
}

/// The error for a plan or a count that another pagination made.
fn foreign_plan() -> ApiException {
    ApiException::internal("this plan is not of this pagination, or its count is missing")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fewer_rows_than_asked_for_show_the_count() {
        let plan = Plan::Slice { offset: 20, limit: 10, count: CountPolicy::Exact };
        assert_eq!(plan.known_count(4), Some(24));
        assert_eq!(plan.known_count(10), None);
        assert_eq!(plan.known_count(0), None);
        let first = Plan::Slice { offset: 0, limit: 10, count: CountPolicy::Exact };
        assert_eq!(first.known_count(0), Some(0));
    }

    #[test]
    fn the_last_page_of_nothing_is_the_first() {
        let start = |count| match (Plan::NeedsCount { size: 10 }).counted(count) {
            Plan::Slice { offset, limit: 10, .. } => offset,
            other => panic!("{other:?}"),
        };
        assert_eq!([start(0), start(1), start(10), start(11)], [0, 0, 0, 10]);
    }

    /// The rows of a page that a pagination asks for on a site whose default is pages of 20.
    fn limit_on_site(own: &dyn Pagination) -> Option<(i64, String)> {
        let site: Arc<dyn Pagination> = Arc::new(PageNumberPagination::new().page_size(20));
        let replaced = own.replaced_by(&site);
        let pagination = replaced.as_deref().unwrap_or(own);
        let request = Request::new(actix_web::http::Method::GET, "/a/");
        match pagination.plan(&request, None).unwrap()? {
            Plan::Slice { limit, .. } => Some((limit, pagination.results_key().to_owned())),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_default_gives_way_to_the_sites_through_a_box_and_under_other_keys() {
        let boxed: Box<dyn Pagination> = Box::new(DefaultPagination);
        assert_eq!(limit_on_site(&boxed), Some((20, "results".to_owned())));
        let named = DefaultPagination.with_keys(EnvelopeKeys::new().results("articles"));
        assert_eq!(limit_on_site(&named), Some((20, "articles".to_owned())));
        assert_eq!(limit_on_site(&NoPagination), None);
        let own = PageNumberPagination::new().page_size(5);
        assert_eq!(limit_on_site(&own), Some((5, "results".to_owned())));
    }
}
