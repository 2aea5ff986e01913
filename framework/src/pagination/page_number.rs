//! Numbered pages: `?page=3`.

use std::borrow::Cow;

use super::links::page_link;
use super::page_size::{PageSize, page_size_methods};
use super::{CountPolicy, Envelope, EnvelopeField, Pagination, Plan, foreign_plan, number_text};
use crate::db::OrderTerm;
use crate::exceptions::{ApiException, Detail, Result};
use crate::filters::{ParameterType, QueryParameter, python};
use crate::request::Request;

/// Splits a list into numbered pages (`PageNumberPagination`): `count`, `next`, `previous`,
/// `results`.
///
/// A page that does not exist is a 404. Without a page size, the whole list is returned as an
/// array.
///
/// ```
/// use quintet::http::Method;
/// use quintet::pagination::{PageNumberPagination, Pagination, Plan};
/// use quintet::request::Request;
///
/// let pages = PageNumberPagination::new()
///     .page_size(25)
///     .page_size_query_param("page_size")
///     .max_page_size(100);
///
/// let request = Request::new(Method::GET, "/api/books/?page=3");
/// let Some(Plan::Slice { offset, limit, .. }) = pages.plan(&request, None)? else {
///     panic!("a slice")
/// };
/// assert_eq!((offset, limit), (50, 25));
/// assert!(pages.plan(&Request::new(Method::GET, "/api/books/?page=0"), None).is_err());
/// # Ok::<(), quintet::exceptions::ApiException>(())
/// ```
#[derive(Debug, Clone)]
pub struct PageNumberPagination {
    page_size: PageSize,
    page_query_param: Cow<'static, str>,
    last_page_strings: Vec<Cow<'static, str>>,
    count: CountPolicy,
}

impl Default for PageNumberPagination {
    fn default() -> Self {
        Self {
            page_size: PageSize::default(),
            page_query_param: "page".into(),
            last_page_strings: vec!["last".into()],
            count: CountPolicy::Exact,
        }
    }
}

impl PageNumberPagination {
    /// Creates a page-number pagination without a page size.
    pub fn new() -> Self {
        Self::default()
    }

    page_size_methods!();

    /// Sets the query parameter for the page number; `page` by default.
    #[must_use]
    pub fn page_query_param(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.page_query_param = name.into();
        self
    }

    /// Sets the words that stand for the last page; `last` by default.
    #[must_use]
    pub fn last_page_strings<T: Into<Cow<'static, str>>>(
        mut self,
        words: impl IntoIterator<Item = T>,
    ) -> Self {
        self.last_page_strings = words.into_iter().map(Into::into).collect();
        self
    }

    /// Sets how rows are counted.
    #[must_use]
    pub fn count(mut self, policy: CountPolicy) -> Self {
        self.count = policy;
        self
    }
}

fn invalid_page() -> ApiException {
    ApiException::NotFound(Some(Detail::new("Invalid page.", "not_found")))
}

impl Pagination for PageNumberPagination {
    fn plan(&self, request: &Request, _ordering: Option<&[OrderTerm]>) -> Result<Option<Plan>> {
        let Some(size) = self.page_size.of(request) else { return Ok(None) };
        let text = request.query_params().get(&self.page_query_param).unwrap_or_default();
        if !text.is_empty() && self.last_page_strings.iter().any(|word| word == text) {
            return Ok(Some(Plan::NeedsCount { size }));
        }
        let page = if text.is_empty() { Some(1) } else { python::int(text) };
        let offset = page
            .filter(|page| *page >= 1)
            .and_then(|page| (page - 1).checked_mul(size.into()))
            .and_then(|offset| i64::try_from(offset).ok())
            .ok_or_else(invalid_page)?;
        Ok(Some(Plan::Slice { offset, limit: size, count: self.count }))
    }

    fn finish(
        &self,
        request: &Request,
        plan: &Plan,
        count: Option<i64>,
        rows_read: usize,
        _position_of: &dyn Fn(usize) -> String,
    ) -> Result<Envelope> {
        let (Plan::Slice { offset, limit, .. }, Some(count)) = (plan, count) else {
            return Err(foreign_plan());
        };
        let size = (*limit).max(1);
        let page = offset / size + 1;
        // rows that came after the count was taken are shown, so they count
        let read = i64::try_from(rows_read).unwrap_or(i64::MAX);
        let count = if read > 0 { count.max(offset.saturating_add(read)) } else { count };
        let last = (count - 1).max(0) / size + 1;
        if page > last {
            return Err(invalid_page());
        }
        let mut envelope = Envelope::new(Some(count), 0..rows_read);
        let link = |page: i64| {
            let number = (page > 1).then(|| number_text(page));
            page_link(request, &[(&*self.page_query_param, number.as_deref())])
        };
        envelope.next = (page < last).then(|| link(page + 1));
        envelope.previous = (page > 1).then(|| link(page - 1));
        Ok(envelope)
    }

    fn query_parameters(&self) -> Vec<QueryParameter> {
        let mut parameters = vec![QueryParameter::new(
            self.page_query_param.clone(),
            ParameterType::Integer,
            "A page number within the paginated result set.",
        )];
        parameters.extend(self.page_size.query_parameter());
        parameters
    }

    fn envelope(&self) -> Vec<EnvelopeField> {
        let param = &self.page_query_param;
        vec![
            EnvelopeField::count(),
            EnvelopeField::link("next", &format!("{param}=4")),
            EnvelopeField::link("previous", &format!("{param}=2")),
        ]
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::Method;

    use super::*;

    fn pages() -> PageNumberPagination {
        PageNumberPagination::new()
            .page_size(25)
            .page_size_query_param("page_size")
            .max_page_size(100)
    }

    fn slice(path: &str) -> Result<(i64, i64)> {
        match pages().plan(&Request::new(Method::GET, path), None)? {
            Some(Plan::Slice { offset, limit, .. }) => Ok((offset, limit)),
            other => panic!("{other:?}"),
        }
    }

    fn links(path: &str, count: i64) -> Result<(Option<String>, Option<String>)> {
        let request = Request::new(Method::GET, path);
        let plan = pages().plan(&request, None)?.unwrap().counted(count);
        let Plan::Slice { offset, limit, .. } = plan else { panic!() };
        let rows = usize::try_from((count - offset).clamp(0, limit)).unwrap();
        let envelope = pages().finish(&request, &plan, Some(count), rows, &|_| String::new())?;
        assert_eq!(envelope.count, Some(count));
        Ok((envelope.next, envelope.previous))
    }

    #[test]
    fn a_missing_or_empty_page_is_the_first() {
        assert_eq!(slice("/a/").unwrap(), (0, 25));
        assert_eq!(slice("/a/?page=").unwrap(), (0, 25));
        assert_eq!(slice("/a/?page=2&page=3").unwrap(), (50, 25));
        assert_eq!(slice("/a/?page=%202").unwrap(), (25, 25));
    }

    #[test]
    fn a_page_that_is_no_positive_integer_is_404_invalid_page() {
        for page in ["0", "-1", "abc", "1.0", "%00", "99999999999999999999999999999999999999999"] {
            let error = slice(&format!("/a/?page={page}")).unwrap_err();
            assert_eq!(error.status(), 404, "{page}");
            assert_eq!(error.body(), serde_json::json!({"detail": "Invalid page."}));
        }
    }

    #[test]
    fn past_the_last_page_is_404_and_page_1_of_nothing_is_fine() {
        assert_eq!(links("/a/?page=12", 275).unwrap_err().status(), 404);
        assert_eq!(links("/a/?page=2", 0).unwrap_err().status(), 404);
        assert_eq!(links("/a/", 0).unwrap(), (None, None));
    }

    #[test]
    fn a_bad_size_is_the_default_and_a_large_one_is_cut() {
        for (query, size) in
            [("0", 25), ("-3", 25), ("abc", 25), ("3", 3), ("100", 100), ("1000", 100)]
        {
            assert_eq!(slice(&format!("/a/?page_size={query}")).unwrap(), (0, size));
        }
        let unbounded = PageNumberPagination::new().page_size_query_param("n");
        let request = Request::new(Method::GET, "/a/?n=99999999999999999999");
        let plan = unbounded.plan(&request, None).unwrap().unwrap();
        assert!(matches!(plan, Plan::Slice { limit: i64::MAX, .. }));
        let request = Request::new(Method::GET, "/a/?n=99999999999999999999&page=3");
        assert_eq!(unbounded.plan(&request, None).unwrap_err().status(), 404);
    }

    #[test]
    fn without_a_size_there_are_no_pages() {
        let request = Request::new(Method::GET, "/a/?page=abc");
        assert!(PageNumberPagination::new().plan(&request, None).unwrap().is_none());
    }

    #[test]
    fn links_keep_the_query_and_drop_page_1() {
        assert_eq!(
            links("/a/?z=1&page_size=3&page=2", 275).unwrap(),
            (
                Some("http://testserver/a/?page=3&page_size=3&z=1".into()),
                Some("http://testserver/a/?page_size=3&z=1".into())
            )
        );
        assert_eq!(
            links("/a/?page=last", 275).unwrap(),
            (None, Some("http://testserver/a/?page=10".into()))
        );
        assert_eq!(links("/a/?page=last", 3).unwrap(), (None, None));
    }

    #[test]
    fn parameters_are_described_in_drfs_words() {
        let names: Vec<_> = pages().query_parameters().into_iter().map(|p| p.description).collect();
        assert_eq!(
            names,
            [
                "A page number within the paginated result set.",
                "Number of results to return per page."
            ]
        );
        assert_eq!(pages().envelope()[1].example, "http://api.example.org/accounts/?page=4");
    }
}
