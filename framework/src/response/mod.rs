//! A response before it is sent (`rest_framework.response`).
//!
//! The body is JSON, which the negotiated renderer turns into its own media type. Headers that
//! every response has (`Allow`, `Vary`, security headers) are added later.
//!
//! ```
//! use quintet::http::header::LOCATION;
//! use quintet::prelude::*;
//!
//! async fn create(_cx: &mut Context) -> Result<Response> {
//!     let body = serde_json::json!({ "id": 7 });
//!     Ok(Response::new(&body)?.with_status(201).with_header(LOCATION, "/books/7/"))
//! }
//!
//! let view = ApiView::new("Create").post(create);
//! # let _ = view;
//! ```
//!
//! A handler may return [`Json`](crate::views::Json), [`Item`](crate::views::Item) or
//! [`Page`](crate::views::Page) instead, whose types the OpenAPI document shows.
//!
//! # API reference
//!
//! - [`Response::new`]: anything that serde can serialise, DRF's `Response(data)`
//! - [`Response::json`]: JSON that is already serialised
//! - [`Response::empty`]: a status without a body
//! - [`Response::bytes`]: bytes of another media type
//! - [`Response::html`], [`Response::redirect`]: pages
//! - [`Response::as_attachment`]: a file to be saved; [`Event`]: a server-sent event
//! - [`Response::with_status`], [`Response::with_header`], [`Response::with_content_type`]: changes to any of
//!   them
//! - [`Cookie`]: a cookie to set
//! - [`status`]: whether a status is a success, a redirect or an error

mod cookies;
mod disposition;
pub mod status;
mod stored;
mod stream;
mod vary;

use std::fmt;

use actix_web::http::header::{
    CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, LOCATION, RETRY_AFTER,
};

pub use cookies::Cookie;
pub(crate) use cookies::{date_in, seconds};
pub(crate) use disposition::content_disposition;
pub(crate) use stored::Stored;
pub use stream::{BodyWriter, Event, StreamBody};
pub(crate) use stream::{BrokeOff, Chunks, Source};

use crate::exceptions::ApiException;
use crate::reverse::iri_to_uri;

/// The usual number of headers: type, `Allow`, `Vary` and security headers.
const USUAL_HEADERS: usize = 7;

/// The body of a response.
#[derive(Clone)]
#[non_exhaustive]
pub enum ResponseBody {
    /// None, and no `Content-Type`.
    Empty,
    /// JSON, compact, in the bytes that will be sent.
    Json(Vec<u8>),
    /// Bytes of another media type, sent as they are.
    Bytes {
        /// `Content-Type`
        content_type: String,
        /// The bytes.
        bytes: Vec<u8>,
    },
    /// Bytes that are written while they are sent.
    Stream {
        /// `Content-Type`
        content_type: String,
        /// What writes them.
        body: StreamBody,
    },
}

impl fmt::Debug for ResponseBody {
    /// Without the bytes, which may hold a token.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("Empty"),
            Self::Json(bytes) => write!(f, "Json({} bytes)", bytes.len()),
            Self::Bytes { content_type, bytes } => {
                write!(f, "Bytes({content_type}, {} bytes)", bytes.len())
            }
            Self::Stream { content_type, .. } => write!(f, "Stream({content_type})"),
        }
    }
}

/// A response: status, headers and body (`Response`, `HttpResponse`).
///
/// Handlers return it, or a type that says more about the body, such as
/// [`Json`](crate::views::Json). The body is JSON unless [`Response::html`] or
/// [`Response::bytes`] makes it something else; the negotiated renderer writes it.
///
/// ```
/// use quintet::http::header::LOCATION;
/// use quintet::response::Response;
///
/// let response = Response::new(&serde_json::json!({ "id": 7 }))?
///     .with_status(201)
///     .with_header(LOCATION, "/api/books/7/");
/// assert_eq!(response.status, 201);
/// # Ok::<(), quintet::exceptions::ApiException>(())
/// ```
#[doc(alias = "HttpResponse")]
#[doc(alias = "JsonResponse")]
#[derive(Clone)]
#[non_exhaustive]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// Headers in addition to those that every response has.
    pub headers: HeaderMap,
    /// The body.
    pub body: ResponseBody,
    /// Whether it is the response to an error (`response.exception`).
    pub exception: bool,
}

impl fmt::Debug for Response {
    /// Without the values of headers, which may set cookies.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("status", &self.status)
            .field("headers", &self.headers.keys().collect::<Vec<_>>())
            .field("body", &self.body)
            .field("exception", &self.exception)
            .finish()
    }
}

impl Response {
    /// 200 with a JSON body of anything that serde can serialise: DRF's `Response(data)`.
    ///
    /// ```
    /// use quintet::response::Response;
    ///
    /// let response = Response::new(&serde_json::json!({"ok": true}))?.with_status(202);
    /// assert_eq!(response.status, 202);
    /// # Ok::<(), quintet::exceptions::ApiException>(())
    /// ```
    ///
    /// # Errors
    /// If the value cannot be serialised, such as a map whose keys are not strings.
    pub fn new<T: serde::Serialize + ?Sized>(data: &T) -> crate::exceptions::Result<Self> {
        let mut json = crate::values::JsonWriter::new();
        json.serialize(data)?;
        Ok(Self::json(json.into_bytes()))
    }

    /// 200 with a JSON body that is already serialised.
    pub fn json(bytes: Vec<u8>) -> Self {
        Self { body: ResponseBody::Json(bytes), ..Self::empty(200) }
    }

    /// The data of a JSON response (`response.data`); `None` if it has another body, or none.
    pub fn data(&self) -> Option<serde_json::Value> {
        match &self.body {
            ResponseBody::Json(bytes) => serde_json::from_slice(bytes).ok(),
            _ => None,
        }
    }

    /// Replaces the body with data, as JSON; status and headers stay. Data that cannot be JSON leaves the
    /// response as it was.
    #[must_use]
    pub fn with_data<T: serde::Serialize + ?Sized>(mut self, data: &T) -> Self {
        if let Ok(Self { body, .. }) = Self::new(data) {
            self.headers.remove(CONTENT_TYPE);
            self.body = body;
        }
        self
    }

    /// A status without a body.
    pub fn empty(status: u16) -> Self {
        let headers = HeaderMap::with_capacity(USUAL_HEADERS);
        Self { status, headers, body: ResponseBody::Empty, exception: false }
    }

    /// 200 with an HTML page.
    pub fn html(text: impl Into<String>) -> Self {
        Self::bytes("text/html; charset=utf-8", text.into())
    }

    /// 200 with bytes of another media type (`HttpResponse(content, content_type=..)`), sent as they are.
    ///
    /// ```
    /// use quintet::response::Response;
    ///
    /// let table = Response::bytes("text/csv", "id,name\r\n1,AC/DC\r\n");
    /// assert_eq!(table.status, 200);
    /// ```
    pub fn bytes(content_type: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Self {
        let body = ResponseBody::Bytes { content_type: content_type.into(), bytes: bytes.into() };
        Self { body, ..Self::empty(200) }
    }

    /// 302 to another URL, which may be a path. Do not redirect to a URL that a client sent unless
    /// [`url_has_allowed_host_and_scheme`](crate::reverse::url_has_allowed_host_and_scheme) accepts
    /// it.
    #[doc(alias = "HttpResponseRedirect")]
    pub fn redirect(address: &str) -> Self {
        Self::html("").with_status(302).with_header(LOCATION, &iri_to_uri(address))
    }

    /// Sets the status (`status=status.HTTP_201_CREATED`).
    #[doc(alias = "HTTP_201_CREATED")]
    #[doc(alias = "status")]
    #[must_use]
    pub fn with_status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    /// Sets `Content-Type` instead of the renderer's (`Response(content_type=..)`); the renderer writes the
    /// body as before. A value that cannot be sent in a header is left out.
    #[must_use]
    pub fn with_content_type(self, content_type: &str) -> Self {
        self.with_header(CONTENT_TYPE, content_type)
    }

    /// Adds the error's `Retry-After`, if it has one.
    #[must_use]
    pub(crate) fn retry_after(self, error: &ApiException) -> Self {
        match error.retry_after() {
            Some(seconds) => self.with_header(RETRY_AFTER, &seconds),
            None => self,
        }
    }

    /// Adds a header; a value that cannot be sent in a header is left out.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.insert(name, value);
        }
        self
    }
}
