//! One place for the responses of all errors (`EXCEPTION_HANDLER`).

use std::fmt;

use actix_web::http::Method;

use super::ViewInfo;
use crate::exceptions::ApiException;
use crate::request::Context;
use crate::response::Response;

/// Changes the responses of errors, for a whole site (`EXCEPTION_HANDLER`);
/// [`SiteBuilder::exception_handler`](crate::site::SiteBuilder::exception_handler) sets it.
///
/// It sees every error: of parsers, authentication, permissions, throttles, validation, views, unknown
/// paths, wrong methods, refused hosts, an unreachable database, and of the server itself. It gets the
/// error and the usual response, and returns the response that is sent. A function of these arguments
/// is one; implement it for a type that holds something.
///
/// The response of an error in an API is JSON ([`Response::data`]). That of an unknown path, of a
/// suspicious request and of a server error is a page, as with Django.
///
/// ```
/// use quintet::exceptions::ApiException;
/// use quintet::response::Response;
/// use quintet::views::ErrorContext;
/// use serde_json::json;
///
/// /// `{"status": 404, "errors": {"detail": "Not found."}}`, for every error of the API.
/// fn envelope(error: &ApiException, response: Response, cx: &ErrorContext<'_>) -> Response {
///     if !cx.path().starts_with("/api/") {
///         return response;
///     }
///     let errors = response.data().unwrap_or_else(|| error.body());
///     let body = json!({ "status": response.status, "errors": errors });
///     response.with_data(&body)
/// }
/// ```
#[doc(alias = "EXCEPTION_HANDLER")]
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an exception handler",
    label = "expected `fn(&ApiException, Response, &ErrorContext<'_>) -> Response`"
)]
pub trait ExceptionHandler: Send + Sync + 'static {
    /// The response that is sent.
    fn handle(&self, error: &ApiException, response: Response, cx: &ErrorContext<'_>) -> Response;
}

impl<F> ExceptionHandler for F
where
    F: Fn(&ApiException, Response, &ErrorContext<'_>) -> Response + Send + Sync + 'static,
{
    fn handle(&self, error: &ApiException, response: Response, cx: &ErrorContext<'_>) -> Response {
        self(error, response, cx)
    }
}

/// Where an error happened: the `context` of DRF's exception handlers.
pub struct ErrorContext<'a> {
    method: &'a Method,
    path: &'a str,
    cx: Option<&'a Context>,
    view: Option<&'a ViewInfo>,
}

impl<'a> ErrorContext<'a> {
    pub(crate) fn new(method: &'a Method, path: &'a str) -> Self {
        Self { method, path, cx: None, view: None }
    }

    pub(crate) fn in_view(mut self, view: &'a ViewInfo, cx: Option<&'a Context>) -> Self {
        (self.view, self.cx) = (Some(view), cx);
        self
    }

    /// The method of the request.
    pub fn method(&self) -> &Method {
        self.method
    }

    /// The path of the request, as it was sent.
    pub fn path(&self) -> &str {
        self.path
    }

    /// The request with its user; `None` when it did not reach a view, because no view has its path,
    /// or because the database cannot be reached.
    pub fn context(&self) -> Option<&Context> {
        self.cx
    }

    /// The description of the view; `None` when no view has the path.
    pub fn view(&self) -> Option<&ViewInfo> {
        self.view
    }
}

impl fmt::Debug for ErrorContext<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ErrorContext")
            .field("method", self.method)
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}
