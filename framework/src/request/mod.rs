//! A request as views see it (`rest_framework.request`).
//!
//! Every hook and handler gets a [`Context`]: the request, its user, and its database connection.
//! [`Request`] is the part that came over the wire. The body is parsed on demand, according to its
//! `Content-Type`.
//!
//! ```
//! use quintet::prelude::*;
//!
//! async fn echo(cx: &mut Context) -> Result<Response> {
//!     let name = cx.request.query_params().get("name").unwrap_or("nobody").to_owned();
//!     let agent = cx.request.header("user-agent").map(|agent| agent.into_owned());
//!     let user = cx.user().map(|user| user.username.clone());
//!     let data = cx.data()?.to_json()?;
//!     Response::new(&serde_json::json!({ "name": name, "agent": agent, "user": user, "data": data }))
//! }
//!
//! let view = ApiView::new("Echo").post(echo);
//! # let _ = view;
//! ```
//!
//! # Setting the limits
//!
//! `DATA_UPLOAD_MAX_MEMORY_SIZE` and `DATA_UPLOAD_MAX_NUMBER_FIELDS` limit bodies, `ALLOWED_HOSTS`
//! the hosts; `USE_X_FORWARDED_HOST` and `SECURE_PROXY_SSL_HEADER` decide whether a proxy's headers
//! are trusted: [`settings`](crate::settings).
//!
//! # API reference
//!
//! | DRF | here |
//! | --- | --- |
//! | `request.data` | [`Context::data`] |
//! | `request.query_params` | [`Request::query_params`] |
//! | `request.user`, `request.auth` | [`Context::user`], [`Context::auth`] |
//! | `request.method`, `request.headers` | [`Request::method`], [`Request::header`] |
//! | `request.session` | [`Context::session`] |
//! | `request.build_absolute_uri(path)` | [`Request::build_absolute_uri`] |
//! | `self.action` | [`Context::action`] |
//! | `self.kwargs["pk"]` | [`Request::kwarg`] |
//! | `request.resolver_match` | [`Request::resolver_match`] |
//! | `request.accepted_renderer` | [`Context::accepted_renderer`] |
//! | `request.accepted_media_type` | [`Context::accepted_media_type`] |
//! | `request.version` | [`Context::version`] |

mod accounts;
mod action;
mod body;
mod client;
mod context;
mod cookies;
mod csrf;
mod headers;
mod hooks;
mod kept;
#[cfg(feature = "test")]
mod marks;
mod noun;
mod path;
mod quota;
mod resolver_match;

use std::borrow::Cow;
use std::cell::OnceCell;
use std::net::IpAddr;
use std::sync::Arc;

use actix_web::http::Method;
use actix_web::web::Bytes;

pub use action::Action;
pub use body::Body;
pub use context::{Auth, Context, ViewContext};
pub use headers::Headers;
pub use noun::Noun;
pub use quota::Quota;
pub use resolver_match::ResolverMatch;

pub(crate) use body::{Arrived, Awaited, BodyMemory, BodyShare, Incoming, on_its_way};
pub(crate) use client::{network, network_text, proxied_address};
#[cfg(test)]
pub(crate) use context::testing;
pub(crate) use context::{
    Carried, Deferred, Equipment, ObjectGuard, Shared, Storages, Versioned, handler_method,
};
pub(crate) use csrf::CsrfState;
pub(crate) use hooks::hook;
#[cfg(feature = "test")]
pub(crate) use marks::{ForcedUser, Marks};
pub(crate) use path::{decode_path, full_path};

pub use crate::parsers::QueryParams;
use crate::reverse::Origin;

/// The HTTP request, owned, so that it can move to the thread that serves it (`request`,
/// `HttpRequest`).
///
/// Handlers find it in [`Context::request`]. Tests build one to call a policy without a server:
///
/// ```
/// use quintet::http::Method;
/// use quintet::request::Request;
///
/// let request = Request::new(Method::GET, "/api/books/?search=dune&page=2");
/// assert_eq!(request.query_params().get("search"), Some("dune"));
/// assert!(request.is_safe());
/// ```
#[doc(alias = "HttpRequest")]
pub struct Request {
    /// The method.
    pub method: Method,
    /// The path as it was sent, percent-encoded.
    pub path: String,
    /// What follows the question mark, as it was sent.
    pub query_string: String,
    /// The headers.
    pub headers: Headers,
    /// The body.
    pub body: Body,
    /// `http` or `https`.
    pub scheme: &'static str,
    /// The host with its port, checked against `ALLOWED_HOSTS`.
    pub host: String,
    /// The port that the client connected to (`request.get_port()`): the server's, or the proxy's
    /// with `USE_X_FORWARDED_PORT`.
    pub port: u16,
    /// The address of the other end of the socket.
    pub peer: Option<IpAddr>,
    /// What the route captured: `pk`, `format`.
    pub kwargs: Vec<(String, String)>,
    pub(crate) resolver_match: Option<Arc<ResolverMatch>>,
    query: OnceCell<QueryParams>,
    /// A body that has not been read yet.
    pub(crate) incoming: Option<Incoming>,
    /// The share of the body in the memory for bodies.
    share: Option<BodyShare>,
    /// What a test says of it.
    #[cfg(feature = "test")]
    pub(crate) marks: Marks,
}

impl std::fmt::Debug for Request {
    /// Without headers, query and body, which may hold credentials.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

impl Request {
    /// Creates a request for a path, which may have a query; for tests.
    pub fn new(method: Method, path: impl Into<String>) -> Self {
        let path = path.into();
        let (path, query_string) = match path.split_once('?') {
            Some((path, query)) => (path.to_owned(), query.to_owned()),
            None => (path, String::new()),
        };
        Self {
            method,
            path,
            query_string,
            headers: Headers::default(),
            body: Body::Read(Bytes::new()),
            scheme: "http",
            host: "testserver".to_owned(),
            port: 80,
            peer: None,
            kwargs: Vec::new(),
            resolver_match: None,
            query: OnceCell::new(),
            incoming: None,
            share: None,
            #[cfg(feature = "test")]
            marks: Marks::default(),
        }
    }

    /// The parameters of the query string (`request.query_params`).
    pub fn query_params(&self) -> &QueryParams {
        self.query.get_or_init(|| QueryParams::parse(&self.query_string))
    }

    /// A header as Django reads it; several of one name are joined by commas ([`Headers::text`]).
    pub fn header(&self, name: &str) -> Option<Cow<'_, str>> {
        self.headers.text(name)
    }

    /// What the route captured under a name.
    pub fn kwarg(&self, name: &str) -> Option<&str> {
        self.kwargs.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The URL that the request matched (`request.resolver_match`); `None` before routing, and for a view
    /// that a test calls without one.
    pub fn resolver_match(&self) -> Option<&ResolverMatch> {
        self.resolver_match.as_deref()
    }

    /// The absolute URL of a path on this host: `http://host/path`.
    pub fn build_absolute_uri(&self, path: &str) -> String {
        [self.scheme, "://", &self.host, path].concat()
    }

    /// The beginning and end of every link in the response.
    pub fn origin(&self) -> Origin {
        self.origin_of(Some("format"))
    }

    /// [`Request::origin`], for a parameter of another name than `format`, or without one.
    pub(crate) fn origin_of(&self, format: Option<&str>) -> Origin {
        let format_query = format.and_then(|name| {
            let value = self.query_params().get(name)?;
            Some((name.to_owned(), value.to_owned()))
        });
        Origin {
            base: self.build_absolute_uri(""),
            format: self.kwarg("format").map(ToOwned::to_owned),
            format_query,
            version: None,
        }
    }

    /// Whether the client connected over HTTPS (`request.is_secure()`).
    pub fn is_secure(&self) -> bool {
        self.scheme == "https"
    }

    /// Whether the method is GET, HEAD or OPTIONS (`request.method in SAFE_METHODS`).
    #[doc(alias = "SAFE_METHODS")]
    pub fn is_safe(&self) -> bool {
        matches!(self.method, Method::GET | Method::HEAD | Method::OPTIONS)
    }
}
