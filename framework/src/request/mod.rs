//! A request as views see it (`rest_framework.request`).
//!
//! [`Context`] is what every hook and handler gets: the request, its user, and the database connection
//! it is served on. [`Request`] is the part that came over the wire. The body is read when something
//! asks for it, by the parser that its `Content-Type` names.
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
//! How much of a body is read is `DATA_UPLOAD_MAX_MEMORY_SIZE` and `DATA_UPLOAD_MAX_NUMBER_FIELDS`,
//! which hosts are served `ALLOWED_HOSTS`, whether a proxy's headers are believed
//! `USE_X_FORWARDED_HOST` and `SECURE_PROXY_SSL_HEADER`: [`settings`](crate::settings).
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
//! | `self.request.accepted_renderer` | [`Context::accepted_media_type`] |

mod accounts;
mod action;
mod body;
mod client;
mod context;
mod cookies;
mod csrf;
mod headers;
mod hooks;
#[cfg(feature = "test")]
mod marks;
mod path;
mod quota;

use std::borrow::Cow;
use std::cell::OnceCell;
use std::net::IpAddr;

use actix_web::http::Method;
use actix_web::web::Bytes;

pub use action::Action;
pub use body::Body;
pub use context::{Auth, Context, ViewContext};
pub use headers::Headers;
pub use quota::Quota;

pub(crate) use body::{Arrived, Awaited, BodyMemory, BodyShare, Incoming, on_its_way};
pub(crate) use client::{network, network_text, proxied_address};
#[cfg(test)]
pub(crate) use context::testing;
pub(crate) use context::{Deferred, Equipment, ObjectGuard, Shared, handler_method};
pub(crate) use csrf::CsrfState;
pub(crate) use hooks::hook;
#[cfg(feature = "test")]
pub(crate) use marks::{ForcedUser, Marks};
pub(crate) use path::{decode_path, full_path};

pub use crate::parsers::QueryParams;
use crate::reverse::Origin;

/// A request, owned: it can cross to the thread that serves it.
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
    /// The port that the client came to (`request.get_port()`): the server's, or the proxy's where
    /// `USE_X_FORWARDED_PORT` says so.
    pub port: u16,
    /// The address of the other end of the socket.
    pub peer: Option<IpAddr>,
    /// What the route captured: `pk`, `format`.
    pub kwargs: Vec<(String, String)>,
    query: OnceCell<QueryParams>,
    /// A body that has not been read yet.
    pub(crate) incoming: Option<Incoming>,
    /// What a body that was read takes of the memory for bodies.
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
    /// A request for a path, as tests and schema generation make one.
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

    /// A header as Django reads it; several of one name are one, joined by commas
    /// ([`Headers::text`]).
    pub fn header(&self, name: &str) -> Option<Cow<'_, str>> {
        self.headers.text(name)
    }

    /// What the route captured under a name.
    pub fn kwarg(&self, name: &str) -> Option<&str> {
        self.kwargs.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The absolute address of a path on this host: `http://host/path`.
    pub fn build_absolute_uri(&self, path: &str) -> String {
        [self.scheme, "://", &self.host, path].concat()
    }

    /// What every link of the response starts and ends with.
    pub fn origin(&self) -> Origin {
        Origin {
            base: self.build_absolute_uri(""),
            format: self.kwarg("format").map(ToOwned::to_owned),
            format_query: self.query_params().get("format").map(ToOwned::to_owned),
        }
    }

    /// True when the client came over HTTPS (`request.is_secure()`).
    pub fn is_secure(&self) -> bool {
        self.scheme == "https"
    }

    /// True for GET, HEAD and OPTIONS.
    pub fn is_safe(&self) -> bool {
        matches!(self.method, Method::GET | Method::HEAD | Method::OPTIONS)
    }
}
