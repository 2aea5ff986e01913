//! Slices: `?limit=100&offset=400`.

use std::borrow::Cow;

use super::links::page_link;
use super::page_size::chosen_size;
use super::{
    CountPolicy, Envelope, EnvelopeField, Pagination, Plan, clamp, foreign_plan, number_text,
};
use crate::db::OrderTerm;
use crate::exceptions::Result;
use crate::filters::{ParameterType, QueryParameter, python};
use crate::request::Request;

/// Lets the client choose where a list starts and how many rows it gets (`LimitOffsetPagination`):
/// `count`, `next`, `previous`, `results`.
///
/// If neither the client nor [`default_limit`](Self::default_limit) sets a limit, the whole list is
/// returned as an array. An invalid limit or offset is ignored, as in DRF.
///
/// ```
/// use quintet::http::Method;
/// use quintet::pagination::{LimitOffsetPagination, Pagination, Plan};
/// use quintet::request::Request;
///
/// let pages = LimitOffsetPagination::new().default_limit(20).max_limit(200);
///
/// let request = Request::new(Method::GET, "/api/books/?limit=500&offset=40");
/// let Some(Plan::Slice { offset, limit, .. }) = pages.plan(&request, None)? else {
///     panic!("a slice")
/// };
/// assert_eq!((offset, limit), (40, 200));
/// # Ok::<(), quintet::exceptions::ApiException>(())
/// ```
#[derive(Debug, Clone)]
pub struct LimitOffsetPagination {
    default_limit: Option<i64>,
    limit_query_param: Cow<'static, str>,
    offset_query_param: Cow<'static, str>,
    max_limit: Option<i64>,
    count: CountPolicy,
}

impl Default for LimitOffsetPagination {
    fn default() -> Self {
        Self {
            default_limit: None,
            limit_query_param: "limit".into(),
            offset_query_param: "offset".into(),
            max_limit: None,
            count: CountPolicy::Exact,
        }
    }
}

impl LimitOffsetPagination {
    /// Creates a limit-offset pagination without a default limit.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the limit that applies if the client names none.
    #[must_use]
    pub fn default_limit(mut self, limit: u32) -> Self {
        self.default_limit = Some(limit.into()).filter(|limit| *limit > 0);
        self
    }

    /// Sets the query parameter for the limit; `limit` by default.
    #[must_use]
    pub fn limit_query_param(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.limit_query_param = name.into();
        self
    }

    /// Sets the query parameter for the offset; `offset` by default.
    #[must_use]
    pub fn offset_query_param(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.offset_query_param = name.into();
        self
    }

    /// Sets the largest limit that a client may choose.
    #[must_use]
    pub fn max_limit(mut self, limit: u32) -> Self {
        self.max_limit = Some(limit.into());
        self
    }

    /// Sets how rows are counted.
    #[must_use]
    pub fn count(mut self, policy: CountPolicy) -> Self {
        self.count = policy;
        self
    }

    /// The limit as the links write it, which may be beyond any statement.
    fn limit(&self, request: &Request) -> Option<i128> {
        chosen_size(request, Some(&self.limit_query_param), self.default_limit, self.max_limit)
    }

    fn offset(&self, request: &Request) -> i128 {
        request
            .query_params()
            .get(&self.offset_query_param)
            .and_then(python::int)
            .map_or(0, |offset| offset.max(0))
    }
}

impl Pagination for LimitOffsetPagination {
    fn plan(&self, request: &Request, _ordering: Option<&[OrderTerm]>) -> Result<Option<Plan>> {
        Ok(self.limit(request).map(|limit| Plan::Slice {
            offset: clamp(self.offset(request)),
            limit: clamp(limit),
            count: self.count,
        }))
    }

    fn finish(
        &self,
        request: &Request,
        _plan: &Plan,
        count: Option<i64>,
        rows_read: usize,
        _position_of: &dyn Fn(usize) -> String,
    ) -> Result<Envelope> {
        let (Some(limit), Some(count)) = (self.limit(request), count) else {
            return Err(foreign_plan());
        };
        let offset = self.offset(request);
        let mut envelope = Envelope::new(Some(count), 0..rows_read);
        let limit_text = number_text(limit);
        let link = |offset: Option<i128>| {
            let offset = offset.map(number_text);
            let changes = [
                (&*self.limit_query_param, Some(limit_text.as_str())),
                (&*self.offset_query_param, offset.as_deref()),
            ];
            page_link(request, &changes)
        };
        let next = offset.saturating_add(limit);
        envelope.next = (next < i128::from(count)).then(|| link(Some(next)));
        envelope.previous =
            (offset > 0).then(|| link(Some(offset - limit).filter(|previous| *previous > 0)));
        Ok(envelope)
    }

    fn query_parameters(&self) -> Vec<QueryParameter> {
        vec![
            QueryParameter::page_size(&self.limit_query_param),
            QueryParameter::new(
                self.offset_query_param.clone(),
                ParameterType::Integer,
                "The initial index from which to return the results.",
            ),
        ]
    }

    /// Limits and offsets are never beyond the end.
    fn may_miss(&self) -> bool {
        false
    }

    fn envelope(&self) -> Vec<EnvelopeField> {
        let (limit, offset) = (&self.limit_query_param, &self.offset_query_param);
        vec![
            EnvelopeField::count(),
            EnvelopeField::link("next", &format!("{offset}=400&{limit}=100")),
            EnvelopeField::link("previous", &format!("{offset}=200&{limit}=100")),
        ]
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::Method;

    use super::*;

    fn pages() -> LimitOffsetPagination {
        LimitOffsetPagination::new().default_limit(20).max_limit(200)
    }

    fn slice(path: &str) -> (i64, i64) {
        match pages().plan(&Request::new(Method::GET, path), None).unwrap() {
            Some(Plan::Slice { offset, limit, .. }) => (offset, limit),
            other => panic!("{other:?}"),
        }
    }

    fn links(path: &str) -> (Option<String>, Option<String>) {
        let request = Request::new(Method::GET, path);
        let plan = pages().plan(&request, None).unwrap().unwrap();
        let envelope = pages().finish(&request, &plan, Some(3503), 0, &|_| String::new()).unwrap();
        let cut = |link: Option<String>| {
            link.map(|link| link.trim_start_matches("http://testserver/a/").to_owned())
        };
        (cut(envelope.next), cut(envelope.previous))
    }

    #[test]
    fn a_bad_limit_is_the_default_and_a_large_one_is_cut() {
        for (limit, rows) in [("", 20), ("0", 20), ("-1", 20), ("abc", 20), ("2", 2), ("500", 200)]
        {
            assert_eq!(slice(&format!("/a/?limit={limit}")), (0, rows));
        }
    }

    #[test]
    fn a_bad_offset_is_0_and_a_huge_one_is_bounded() {
        assert_eq!(slice("/a/?offset=-5").0, 0);
        assert_eq!(slice("/a/?offset=abc").0, 0);
        assert_eq!(slice("/a/?offset=99999999999999999999").0, i64::MAX);
    }

    #[test]
    fn links_set_the_effective_limit() {
        assert_eq!(links("/a/"), (Some("?limit=20&offset=20".into()), None));
        assert_eq!(links("/a/?limit=500"), (Some("?limit=200&offset=200".into()), None));
        assert_eq!(
            links("/a/?limit=2&offset=1"),
            (Some("?limit=2&offset=3".into()), Some("?limit=2".into()))
        );
        assert_eq!(links("/a/?limit=3&offset=3502"), (None, Some("?limit=3&offset=3499".into())));
    }

    #[test]
    fn an_offset_beyond_the_end_still_has_a_previous_link() {
        assert_eq!(
            links("/a/?offset=99999999999999999999&limit=1"),
            (None, Some("?limit=1&offset=99999999999999999998".into()))
        );
    }

    #[test]
    fn without_a_limit_there_are_no_pages() {
        let request = Request::new(Method::GET, "/a/?offset=3");
        assert!(LimitOffsetPagination::new().plan(&request, None).unwrap().is_none());
        let request = Request::new(Method::GET, "/a/?limit=3");
        assert!(LimitOffsetPagination::new().plan(&request, None).unwrap().is_some());
    }
}
