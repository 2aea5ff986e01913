//! Conditional requests (`django.utils.cache.get_conditional_response`).

use actix_web::http::Method;
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_LOCATION, CONTENT_TYPE, DATE, ETAG, EXPIRES, HeaderName, HeaderValue,
    IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_UNMODIFIED_SINCE, LAST_MODIFIED, SET_COOKIE,
    VARY,
};

use crate::request::{Headers, Request};
use crate::response::Response;

/// The headers that a 304 keeps.
const KEPT: [HeaderName; 8] =
    [CACHE_CONTROL, CONTENT_LOCATION, DATE, ETAG, EXPIRES, LAST_MODIFIED, VARY, SET_COOKIE];

/// What is known of the state of a resource.
#[derive(Debug, Clone, Default)]
pub(super) struct State {
    /// The tag, in its quotes.
    pub(super) etag: Option<String>,
    /// The second in which it was modified.
    pub(super) last_modified: Option<i64>,
}

impl State {
    /// The state that a response tells.
    pub(super) fn of(response: &Response) -> Self {
        let text =
            |name| response.headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
        Self {
            etag: text(ETAG).map(ToOwned::to_owned),
            last_modified: text(LAST_MODIFIED).and_then(http_date),
        }
    }
}

/// The outcome of a request's conditions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// They hold, or there are none.
    Proceeds,
    /// 304: the client has this state already.
    NotModified,
    /// 412: the client expects another state.
    Failed,
}

/// Compares the conditions of a request with the state of what it is for.
pub(super) fn outcome(request: &Request, state: &State) -> Outcome {
    let headers = &request.headers;
    let tags = |name| etags(&headers.text(name).unwrap_or_default());
    let (if_match, if_none_match) = (tags(IF_MATCH), tags(IF_NONE_MATCH));
    let reads = matches!(request.method, Method::GET | Method::HEAD);
    let (etag, modified) = (state.etag.as_deref(), state.last_modified);
    if !if_match.is_empty() {
        if !matches(etag, &if_match) {
            return Outcome::Failed;
        }
    } else if let Some(since) = date(headers, IF_UNMODIFIED_SINCE)
        && modified.is_none_or(|modified| modified > since)
    {
        return Outcome::Failed;
    }
    if !if_none_match.is_empty() {
        if matches_weakly(etag, &if_none_match) {
            return if reads { Outcome::NotModified } else { Outcome::Failed };
        }
    } else if let Some(since) = date(headers, IF_MODIFIED_SINCE)
        && reads
        && modified.is_some_and(|modified| modified <= since)
    {
        return Outcome::NotModified;
    }
    Outcome::Proceeds
}

/// A 304 in place of a response.
pub(super) fn not_modified(mut response: Response) -> Response {
    let mut changed = Response::empty(304);
    for name in KEPT {
        for value in response.headers.remove(&name) {
            changed.headers.append(name.clone(), value);
        }
    }
    changed
}

/// A 412, as Django answers it.
pub(super) fn precondition_failed() -> Response {
    Response::empty(412).with_header(CONTENT_TYPE, "text/html; charset=utf-8")
}

/// A tag in its quotes (`quote_etag`).
pub(super) fn quoted(tag: &str) -> String {
    if is_etag(tag) { tag.to_owned() } else { format!("\"{tag}\"") }
}

fn is_etag(text: &str) -> bool {
    let text = text.strip_prefix("W/").unwrap_or(text);
    let inner = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
    inner.is_some_and(|inner| !inner.contains('"')) && text.len() > 1
}

/// The tags of a header; what is no tag is left out.
fn etags(header: &str) -> Vec<String> {
    if header.trim() == "*" {
        return vec!["*".to_owned()];
    }
    let parts = header.split(',').map(str::trim);
    parts.filter(|part| is_etag(part)).map(ToOwned::to_owned).collect()
}

fn matches(etag: Option<&str>, tags: &[String]) -> bool {
    let Some(etag) = etag else { return false };
    match tags {
        [one] if one == "*" => true,
        _ => !etag.starts_with("W/") && tags.iter().any(|tag| tag == etag),
    }
}

fn matches_weakly(etag: Option<&str>, tags: &[String]) -> bool {
    let strong = |tag: &str| tag.strip_prefix("W/").unwrap_or(tag).to_owned();
    let Some(etag) = etag.map(strong) else { return false };
    match tags {
        [one] if one == "*" => true,
        _ => tags.iter().any(|tag| strong(tag) == etag),
    }
}

fn date(headers: &Headers, name: HeaderName) -> Option<i64> {
    http_date(&headers.text(name)?)
}

/// The second of a date in one of HTTP's three forms (`parse_http_date_safe`).
pub(super) fn http_date(text: &str) -> Option<i64> {
    let forms = ["%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"];
    let read = |form: &&str| chrono::NaiveDateTime::parse_from_str(text.trim(), form).ok();
    forms.iter().find_map(read).map(|moment| moment.and_utc().timestamp())
}

/// A moment as HTTP writes it.
pub(super) fn written(second: i64) -> Option<String> {
    let moment = chrono::DateTime::from_timestamp(second, 0)?;
    Some(moment.format("%a, %d %b %Y %H:%M:%S GMT").to_string())
}

#[cfg(test)]
mod tests {
    use super::Outcome::{Failed, NotModified, Proceeds};
    use super::*;

    fn of(method: Method, headers: &[(HeaderName, &'static str)], state: &State) -> Outcome {
        let mut request = Request::new(method, "/");
        for (name, value) in headers {
            request.headers.append(name.clone(), HeaderValue::from_static(value));
        }
        outcome(&request, state)
    }

    #[test]
    fn conditions_are_those_of_django() {
        const DATE: &str = "Sat, 28 Nov 2026 01:00:00 GMT";
        const EARLIER: &str = "Saturday, 28-Nov-26 00:59:59 GMT";
        let modified = http_date(DATE);
        let state = State { etag: Some("\"a\"".into()), last_modified: modified };
        let none = State::default();
        let get = |headers: &[_], state: &State| of(Method::GET, headers, state);
        let put = |headers: &[_], state: &State| of(Method::PUT, headers, state);
        assert_eq!(get(&[], &state), Proceeds);
        assert_eq!(get(&[(IF_NONE_MATCH, "\"b\", W/\"a\"")], &state), NotModified);
        assert_eq!(put(&[(IF_NONE_MATCH, "*")], &state), Failed);
        assert_eq!(put(&[(IF_NONE_MATCH, "*")], &none), Proceeds);
        assert_eq!(get(&[(IF_NONE_MATCH, "a")], &state), Proceeds);
        assert_eq!(put(&[(IF_MATCH, "\"a\"")], &state), Proceeds);
        assert_eq!(put(&[(IF_MATCH, "*")], &none), Failed);
        assert_eq!(put(&[(IF_MATCH, "W/\"a\"")], &state), Failed);
        assert_eq!(get(&[(IF_MODIFIED_SINCE, DATE)], &state), NotModified);
        assert_eq!(get(&[(IF_MODIFIED_SINCE, EARLIER)], &state), Proceeds);
        assert_eq!(get(&[(IF_MODIFIED_SINCE, "yesterday")], &state), Proceeds);
        // a tag that differs counts more than a date
        assert_eq!(get(&[(IF_NONE_MATCH, "\"b\""), (IF_MODIFIED_SINCE, DATE)], &state), Proceeds);
        assert_eq!(put(&[(IF_UNMODIFIED_SINCE, EARLIER)], &state), Failed);
        assert_eq!(put(&[(IF_UNMODIFIED_SINCE, DATE)], &state), Proceeds);
        assert_eq!(put(&[(IF_UNMODIFIED_SINCE, DATE)], &none), Failed);
        assert_eq!(http_date("Sat Nov 28 01:00:00 2026"), modified);
        assert_eq!(modified.and_then(written).as_deref(), Some(DATE));
    }

    #[test]
    fn a_tag_gets_quotes_once() {
        assert_eq!(quoted("a"), "\"a\"");
        assert_eq!(quoted("\"a\""), "\"a\"");
        assert_eq!(quoted("W/\"a\""), "W/\"a\"");
        assert_eq!(quoted("\""), "\"\"\"");
    }
}
