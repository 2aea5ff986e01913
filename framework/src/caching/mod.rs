//! Responses that caches may store, and those that this server stores itself
//! (`django.views.decorators.cache`, `.vary`, `.http`).
//!
//! ```
//! use quintet::caching::{CacheControl, Caching};
//! use quintet::prelude::*;
//!
//! async fn prices(_cx: &mut Context) -> Result<Response> {
//!     Response::new(&serde_json::json!({ "dune": 9 }))
//! }
//!
//! async fn account(_cx: &mut Context) -> Result<Response> {
//!     Response::new(&serde_json::json!({ "balance": 0 }))
//! }
//!
//! // computed once a minute for each value of `X-Shelf`
//! let stored = Caching::new().cache_page(60).vary_on_headers(["X-Shelf"]);
//! let prices = ApiView::new("Prices").caching(stored).get(prices);
//! // by the client alone, and for an hour
//! let own = Caching::new().cache_control(CacheControl::new().private().max_age(3600));
//! let account = ApiView::new("Account").caching(own).get(account);
//! # let _ = (prices, account);
//! ```
//!
//! # Setting it
//!
//! A view set has [`caching`](crate::viewsets::ViewSet::caching), an [`ApiView`](crate::views::ApiView)
//! `.caching(..)`. For one action or method, use the [`Policies`](crate::views::Policies) of
//! [`action_policies`](crate::viewsets::ViewSet::action_policies). Nothing is cached by default.
//!
//! # What is stored
//!
//! [`Caching::cache_page`] keeps responses to GET and HEAD with the status 200 in the memory of the process,
//! up to 32 MB, not in the cache of the settings: several processes store apart.
//!
//! Authentication, throttles and the view's permissions ([`has_permission`](crate::permissions::Permission))
//! run before it. **What the handler checks does not**: a stored response is sent without the permissions of
//! an object (`has_object_permission`), `get_queryset` and `initial`, so leave `cache_page` out where these
//! depend on more than the user and the headers that the response varies on.
//!
//! A response is kept under the absolute URL, the version, the negotiated format, the headers that it varies
//! on (those of the view, and those that its policies consulted, such as `Cookie`), and, unless its
//! `Cache-Control` is `public`, the user and `Authorization`. Never kept: a response that sets a cookie or
//! holds a CSRF token, whose `Cache-Control` is `private`, `no-cache` or `no-store`, or whose `Vary` is `*`;
//! a stream.

mod conditional;
mod control;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use actix_web::http::Method;
use actix_web::http::header::{
    AGE, AUTHORIZATION, ETAG, EXPIRES, HeaderName, HeaderValue, LAST_MODIFIED, SET_COOKIE, VARY,
};
use futures_util::future::LocalBoxFuture;

pub use control::CacheControl;

use crate::auth::Account;
use crate::cache::digest;
use crate::db::DateTime;
use crate::exceptions::Result;
use crate::middleware;
use crate::request::Context;
use crate::response::{Response, ResponseBody, Stored, date_in};
use conditional::{Outcome, State};

/// Bytes that a stored header takes beside its text: its name and value in the map, which allocates for more
/// of both.
const HEADER: usize = 256;

/// The most names of headers to which a URL adds more, in case its view takes them from the client.
const NAMES: usize = 64;

/// How the responses of a view may be cached; see the [module](self).
#[derive(Clone, Default)]
pub struct Caching {
    page: Option<u64>,
    never: bool,
    control: CacheControl,
    vary: Vec<&'static str>,
    conditional: bool,
    etag: Option<Arc<dyn DynAsk<String>>>,
    last_modified: Option<Arc<dyn DynAsk<DateTime>>>,
}

/// An object-safe `async fn(&mut Context) -> Result<Option<T>>`.
trait DynAsk<T>: Send + Sync {
    fn ask<'a>(&'a self, cx: &'a mut Context) -> LocalBoxFuture<'a, Result<Option<T>>>;
}

impl<T, F> DynAsk<T> for F
where
    F: AsyncFn(&mut Context) -> Result<Option<T>> + Send + Sync,
{
    fn ask<'a>(&'a self, cx: &'a mut Context) -> LocalBoxFuture<'a, Result<Option<T>>> {
        Box::pin(self(cx))
    }
}

impl Caching {
    /// Nothing yet: responses are as the view makes them.
    pub fn new() -> Self {
        Self::default()
    }

    /// Stores responses for this many seconds, and says so in `Expires` and `Cache-Control: max-age`
    /// (`cache_page`). A stored response also has `Age`.
    #[must_use]
    pub fn cache_page(mut self, seconds: u64) -> Self {
        self.page = Some(seconds);
        self
    }

    /// Keeps responses out of every cache (`never_cache`), errors and answers to OPTIONS included.
    #[must_use]
    pub fn never_cache(mut self) -> Self {
        self.never = true;
        self
    }

    /// Adds directives to `Cache-Control` (`cache_control`), errors and answers to OPTIONS included.
    #[must_use]
    pub fn cache_control(mut self, control: CacheControl) -> Self {
        self.control = control;
        self
    }

    /// Adds headers to `Vary` (`vary_on_headers`), errors and answers to OPTIONS included.
    #[must_use]
    pub fn vary_on_headers(mut self, names: impl IntoIterator<Item = &'static str>) -> Self {
        self.vary.extend(names);
        self
    }

    /// Adds `Cookie` to `Vary` (`vary_on_cookie`).
    #[must_use]
    pub fn vary_on_cookie(self) -> Self {
        self.vary_on_headers(["Cookie"])
    }

    /// Gives responses to GET an `ETag` of their content, and answers a client that has it with 304
    /// (`conditional_page`). The view runs all the same.
    #[must_use]
    pub fn conditional_page(mut self) -> Self {
        self.conditional = true;
        self
    }

    /// Sets a function that returns the tag of what the request is for (`etag`, `condition`). It runs before
    /// the view, which is not called for a client that has this state (304) or expects another (412, for
    /// `If-Match` before a change).
    ///
    /// Of two changes at once that expect the same state, both are made, the second over the first, as in
    /// Django, unless the function and the change are in one transaction in which the rows are locked: set
    /// `ATOMIC_REQUESTS`, and read with
    /// [`select_for_update`](crate::db::QuerySet::select_for_update) before a change.
    ///
    /// ```
    /// use quintet::caching::Caching;
    /// use quintet::prelude::*;
    ///
    /// async fn edition(cx: &mut Context) -> Result<Option<String>> {
    ///     Ok(cx.request.kwarg("pk").map(|pk| format!("{pk}-3")))
    /// }
    ///
    /// let caching = Caching::new().etag(edition);
    /// # let _ = caching;
    /// ```
    #[must_use]
    pub fn etag(
        mut self,
        function: impl AsyncFn(&mut Context) -> Result<Option<String>> + Send + Sync + 'static,
    ) -> Self {
        self.etag = Some(Arc::new(function));
        self
    }

    /// Sets a function that returns when what the request is for was modified (`last_modified`,
    /// `condition`); otherwise like [`Caching::etag`].
    #[must_use]
    pub fn last_modified(
        mut self,
        function: impl AsyncFn(&mut Context) -> Result<Option<DateTime>> + Send + Sync + 'static,
    ) -> Self {
        self.last_modified = Some(Arc::new(function));
        self
    }
}

impl fmt::Debug for Caching {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Caching")
            .field("page", &self.page)
            .field("never", &self.never)
            .field("control", &self.control)
            .field("vary", &self.vary)
            .field("conditional", &self.conditional)
            .field("etag", &self.etag.is_some())
            .field("last_modified", &self.last_modified.is_some())
            .finish()
    }
}

/// A request that may have been answered before.
pub(crate) struct Asked {
    /// The key of the URL; `None` if nothing is stored for this request.
    url: Option<String>,
    state: State,
    has_state: bool,
}

/// Whether the view is needed.
pub(crate) enum Before {
    /// It is not.
    Answered(Response),
    /// It is.
    Needed(Asked),
}

impl Caching {
    /// The response that needs no view: a stored one, a 304, a 412. Otherwise what is needed once the view
    /// has answered.
    pub(crate) async fn before(&self, cx: &mut Context) -> Result<Before> {
        let url = self.page.filter(|_| is_read(&cx.request.method)).map(|_| url_key(cx));
        if let Some(response) = url.as_deref().and_then(|url| stored(url, cx)) {
            return Ok(Before::Answered(self.of_stored(response, cx)));
        }
        let mut state = State::default();
        if let Some(function) = &self.etag {
            state.etag = function.ask(cx).await?.map(|tag| conditional::quoted(&tag));
        }
        if let Some(function) = &self.last_modified {
            let moment = function.ask(cx).await?;
            state.last_modified = moment.map(|moment| moment.naive_utc().and_utc().timestamp());
        }
        let has_state = self.has_state();
        let asked = Asked { url, state, has_state };
        if !has_state {
            return Ok(Before::Needed(asked));
        }
        let response = match conditional::outcome(&cx.request, &asked.state) {
            Outcome::Proceeds => return Ok(Before::Needed(asked)),
            Outcome::NotModified => Response::empty(304),
            Outcome::Failed => conditional::precondition_failed(),
        };
        Ok(Before::Answered(self.after(asked, response, cx)))
    }

    /// Whether the state is known before the view runs.
    fn has_state(&self) -> bool {
        self.etag.is_some() || self.last_modified.is_some()
    }

    /// A stored response, or what is sent in its place to a client that has it or expects another.
    fn of_stored(&self, response: Response, cx: &Context) -> Response {
        if !self.has_state() {
            return response;
        }
        match conditional::outcome(&cx.request, &State::of(&response)) {
            Outcome::Proceeds => response,
            Outcome::NotModified => conditional::not_modified(response),
            Outcome::Failed => conditional::precondition_failed(),
        }
    }

    /// The view's response with the headers of caching, once it is stored.
    pub(crate) fn after(&self, asked: Asked, mut response: Response, cx: &Context) -> Response {
        if asked.has_state && is_read(&cx.request.method) {
            let State { etag, last_modified } = asked.state;
            let last_modified = last_modified.and_then(conditional::written);
            for (name, value) in [(LAST_MODIFIED, last_modified), (ETAG, etag)] {
                if !response.headers.contains_key(&name)
                    && let Some(value) = value
                {
                    response = response.with_header(name, &value);
                }
            }
        }
        self.mark(&mut response);
        if let (Some(seconds), Some(url)) = (self.page, asked.url) {
            keep(seconds, &url, &mut response, cx);
        }
        response
    }

    /// Adds the headers that every response has, those to errors and to OPTIONS, too.
    pub(crate) fn mark(&self, response: &mut Response) {
        if !self.vary.is_empty() {
            response.vary_on(&self.vary);
        }
        if !self.control.is_empty() {
            self.control.apply(response);
        }
        if self.never {
            middleware::never_cache(response);
        }
    }

    /// Tags the content of a response, and answers a client that has it with 304.
    pub(crate) fn rendered(&self, mut response: Response, cx: &Context) -> Response {
        if !self.conditional || cx.request.method != Method::GET {
            return response;
        }
        let is_unstored =
            control::directives_of(&response).iter().any(|(name, _)| name == "no-store");
        let content = match &response.body {
            ResponseBody::Json(bytes) | ResponseBody::Bytes { bytes, .. } if !bytes.is_empty() => {
                Some(bytes)
            }
            _ => None,
        };
        if !is_unstored
            && !response.headers.contains_key(ETAG)
            && let Some(content) = content
        {
            let tag = conditional::quoted(&digest(content));
            response = response.with_header(ETAG, &tag);
        }
        let state = State::of(&response);
        let has_state = state.etag.is_some() || state.last_modified.is_some();
        if !has_state || !(200..300).contains(&response.status) {
            return response;
        }
        match conditional::outcome(&cx.request, &state) {
            Outcome::Proceeds => response,
            Outcome::NotModified => conditional::not_modified(response),
            Outcome::Failed => conditional::precondition_failed(),
        }
    }
}

fn is_read(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD)
}

/// A key of parts, which are written so that no two lists of parts have the same key.
#[derive(Default)]
struct Parts(Vec<u8>);

impl Parts {
    fn with(mut self, part: Option<&[u8]>) -> Self {
        match part {
            // what is not there differs from what is empty
            None => self.0.push(b'-'),
            Some(part) => {
                self.0.extend_from_slice(part.len().to_string().as_bytes());
                self.0.push(b':');
                self.0.extend_from_slice(part);
            }
        }
        self
    }

    fn text(self, part: &str) -> Self {
        self.with(Some(part.as_bytes()))
    }

    fn digest(self) -> String {
        digest(self.0)
    }
}

/// What tells the responses of a view apart, besides what they vary on.
fn url_key(cx: &Context) -> String {
    let format = cx.accepted_renderer().map(|renderer| renderer.media_type.as_bytes());
    let version = cx.version().map(str::as_bytes);
    Parts::default().with(format).with(version).text(&cx.request.absolute_uri()).digest()
}

/// The key of what a URL varies on, which is another one than that of a page.
fn varies_key(url: &str) -> String {
    Parts::default().text("varies").text(url).digest()
}

fn page_key(
    method: &Method,
    url: &str,
    (headers, by_user): (&[String], bool),
    cx: &Context,
) -> String {
    let mut key = Parts::default().text("page").text(method.as_str()).text(url);
    if by_user {
        let user = cx.account().map(Account::key_text);
        key = key.with(user.as_deref().map(str::as_bytes));
    }
    for name in headers {
        key = key.text(name);
        for value in cx.request.headers.get_all(name.as_str()) {
            key = key.with(Some(value.as_bytes()));
        }
        key = key.with(None);
    }
    key.digest()
}

/// The stored response to a request, with its `Age`. A HEAD may have that of a GET, but no GET that of a
/// HEAD.
fn stored(url: &str, cx: &Context) -> Option<Response> {
    let pages = &cx.shared.pages;
    let varies = pages.get(&varies_key(url))?;
    let Stored::Varies { headers, by_user } = &*varies else { return None };
    let of = |method| pages.get(&page_key(method, url, (headers, *by_user), cx));
    let page = match of(&Method::GET) {
        None if cx.request.method == Method::HEAD => of(&Method::HEAD),
        page => page,
    }?;
    let Stored::Page { headers, body, expires, lifetime } = &*page else { return None };
    let mut response = Response::empty(200);
    response.headers = headers.clone();
    response.body = body.clone();
    let age = (lifetime - (expires - now())).max(0);
    Some(response.with_header(AGE, &age.to_string()))
}

/// Stores a response if it may be stored.
fn keep(seconds: u64, url: &str, response: &mut Response, cx: &Context) {
    let refuses = |(name, _): &(String, Option<String>)| {
        matches!(name.as_str(), "private" | "no-cache" | "no-store")
    };
    let directives = control::directives_of(response);
    let size = match &response.body {
        ResponseBody::Empty => 0,
        ResponseBody::Json(bytes) | ResponseBody::Bytes { bytes, .. } => bytes.len(),
        ResponseBody::Stream { .. } => return,
    };
    let names_all = |response: &Response| {
        let values = response.headers.get_all(VARY).filter_map(|value| value.to_str().ok());
        let names = values.flat_map(|value| value.split(','));
        names.map(|name| name.trim().to_ascii_lowercase()).collect::<Vec<_>>()
    };
    let sets_cookie = response.headers.contains_key(SET_COOKIE)
        || cx.session.as_ref().is_some_and(|session| session.is_modified())
        // the cookie is added later; the secret of one client is in the page already
        || cx.csrf.as_ref().is_some_and(|csrf| csrf.sets_cookie);
    if !matches!(response.status, 200 | 304)
        || sets_cookie
        || directives.iter().any(refuses)
        || names_all(response).iter().any(|name| name == "*")
    {
        return;
    }
    if !response.headers.contains_key(EXPIRES) {
        let date = date_in(i64::try_from(seconds).unwrap_or(i64::MAX));
        *response = std::mem::replace(response, Response::empty(200)).with_header(EXPIRES, &date);
    }
    CacheControl::new().max_age(seconds).apply(response);
    let by_user = !directives.iter().any(|(name, _)| name == "public");
    if by_user && cx.request.headers.contains_key(AUTHORIZATION) {
        response.vary_on(&[AUTHORIZATION.as_str()]);
    }
    if seconds == 0 || response.status != 200 {
        return;
    }
    let mut names = names_all(response);
    let consulted = cx.varies_on().iter().map(|name| name.to_ascii_lowercase());
    names.extend(consulted);
    if by_user {
        // who sends one later must not get what those without one get
        names.push(AUTHORIZATION.as_str().to_owned());
    }
    let pages = &cx.shared.pages;
    // what was stored of this URL is found as long as its names count, too
    let mut by_user = by_user;
    if let Some(varies) = pages.get(&varies_key(url))
        && let Stored::Varies { headers, by_user: others } = &*varies
        && headers.len() <= NAMES
    {
        names.extend(headers.iter().cloned());
        by_user |= others;
    }
    names.sort_unstable();
    names.dedup();
    let lifetime = i64::try_from(seconds).unwrap_or(i64::MAX);
    let page = Stored::Page {
        headers: response.headers.clone(),
        body: response.body.clone(),
        expires: now().saturating_add(lifetime),
        lifetime,
    };
    let timeout = Duration::from_secs(seconds);
    let of_header =
        |(name, value): (&HeaderName, &HeaderValue)| HEADER + name.as_str().len() + value.len();
    let size = size + response.headers.iter().map(of_header).sum::<usize>();
    let key = page_key(&cx.request.method, url, (&names, by_user), cx);
    pages.set(&key, page, size, timeout);
    let size = names.iter().map(|name| size_of::<String>() + name.len()).sum();
    pages.set(&varies_key(url), Stored::Varies { headers: names, by_user }, size, timeout);
}

fn now() -> i64 {
    chrono::Utc::now().timestamp()
}
