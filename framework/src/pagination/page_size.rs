//! How many rows a page has, and how far a client may choose.

use std::borrow::Cow;

use super::clamp;
use crate::filters::QueryParameter;
use crate::request::Request;
use crate::values::python;

/// The page size of a pagination whose clients may choose it.
#[derive(Debug, Clone, Default)]
pub(super) struct PageSize {
    pub(super) size: Option<i64>,
    pub(super) query_param: Option<Cow<'static, str>>,
    pub(super) max: Option<i64>,
}

/// The builder methods for a field `page_size` that is a [`PageSize`].
macro_rules! page_size_methods {
    () => {
        /// Sets the number of rows per page.
        #[must_use]
        pub fn page_size(mut self, size: u32) -> Self {
            self.page_size.size = Some(size.into()).filter(|size| *size > 0);
            self
        }

        /// Sets the query parameter with which a client chooses the page size; none by default.
        #[must_use]
        pub fn page_size_query_param(mut self, name: impl Into<Cow<'static, str>>) -> Self {
            self.page_size.query_param = Some(name.into());
            self
        }

        /// Sets the largest page size that a client may choose.
        #[must_use]
        pub fn max_page_size(mut self, size: u32) -> Self {
            self.page_size.max = Some(size.into());
            self
        }
    };
}
pub(super) use page_size_methods;

impl PageSize {
    /// The page size of a request; `None` where neither the client nor the pagination says one.
    pub(super) fn of(&self, request: &Request) -> Option<i64> {
        chosen_size(request, self.query_param.as_deref(), self.size, self.max).map(clamp)
    }

    /// The parameter that the OpenAPI document shows.
    pub(super) fn query_parameter(&self) -> Option<QueryParameter> {
        self.query_param.as_deref().map(QueryParameter::page_size)
    }
}

/// The page size that the client chose: a positive integer up to `max`, or else the default
/// (`_positive_int(strict=True)`).
pub(super) fn chosen_size(
    request: &Request,
    param: Option<&str>,
    default: Option<i64>,
    max: Option<i64>,
) -> Option<i128> {
    param
        .and_then(|param| request.query_params().get(param))
        .and_then(python::int)
        .filter(|size| *size > 0)
        .map(|size| match max {
            Some(max) if max != 0 => size.min(i128::from(max)),
            _ => size,
        })
        .or(default.map(i128::from))
}
