//! Django's own views (`django.views.View`): pages for people rather than data for programs.

use std::fmt;

use actix_web::http::Method;
use actix_web::http::header::{ALLOW, CONTENT_TYPE};
use futures_util::future::LocalBoxFuture;

use super::api_view::{DynHandler, call, erased};
use super::{Handler, Policies, View, ViewInfo};
use crate::exceptions::{ApiException, Result};
use crate::middleware::{self, csrf};
use crate::parsers::charset::Charset;
use crate::parsers::{FormParser, MultiPartParser, Parser, ParserContext};
use crate::request::{Context, QueryParams};
use crate::response::Response;

/// What makes a view a page.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct PageInfo {
    /// Whether unsafe requests must carry the CSRF token.
    pub csrf_protected: bool,
    /// Whether caches must not store responses.
    pub never_cached: bool,
}

/// A page for people, with one handler per method (`django.views.View`).
///
/// It does none of what API views do: no negotiation, no authenticators, no permissions, no `Allow`
/// unless the method is refused. Instead, unsafe requests must carry the CSRF token, and responses
/// are not cached. [`session_user`](crate::authentication::session_user) returns the user who is
/// logged in.
///
/// ```
/// use quintet::exceptions::Result;
/// use quintet::middleware::csrf;
/// use quintet::request::Context;
/// use quintet::response::Response;
/// use quintet::views::{PageView, form_of};
///
/// async fn show(cx: &mut Context) -> Result<Response> {
///     let token = csrf::get_token(cx)?;
///     Ok(Response::html(format!(
///         "<form method=post><input type=hidden name=csrfmiddlewaretoken value={token}><button>Go</button></form>"
///     )))
/// }
///
/// async fn go(cx: &mut Context) -> Result<Response> {
///     let form = form_of(cx)?;
///     Ok(Response::redirect(if form.get("back").is_some() { "/" } else { "/done/" }))
/// }
///
/// let page = PageView::new("Go").get(show).post(go);
/// # let _ = page;
/// ```
pub struct PageView {
    info: ViewInfo,
    handlers: Vec<(Method, Box<dyn DynHandler>)>,
}

impl PageView {
    /// Creates a page with a name for people.
    pub fn new(name: impl Into<String>) -> Self {
        let mut info = ViewInfo::new(name, []);
        info.page = Some(PageInfo { csrf_protected: true, never_cached: true });
        info.policies = Policies::inherit()
            .authentication(())
            .permissions(())
            .throttles(Vec::new())
            .renderers(())
            .parsers((FormParser, MultiPartParser));
        Self { info, handlers: Vec::new() }
    }

    /// Accepts unsafe requests without the CSRF token (`csrf_exempt`).
    #[must_use]
    pub fn csrf_exempt(self) -> Self {
        self.page(|page| page.csrf_protected = false)
    }

    /// Allows caches to store the responses.
    #[must_use]
    pub fn cacheable(self) -> Self {
        self.page(|page| page.never_cached = false)
    }

    /// Opens no transaction under `ATOMIC_REQUESTS` (`transaction.non_atomic_requests`): for a view
    /// that waits for something other than the database, such as a password hash, and would keep a
    /// connection from others meanwhile.
    #[must_use]
    pub fn non_atomic_requests(mut self) -> Self {
        self.info.non_atomic = true;
        self
    }

    fn page(mut self, change: impl FnOnce(&mut PageInfo)) -> Self {
        self.info.page.as_mut().map(change);
        self
    }

    /// Handles GET (and HEAD).
    #[must_use]
    pub fn get<Args: 'static>(self, handler: impl Handler<Args>) -> Self {
        self.method(Method::GET, handler)
    }

    /// Handles POST.
    #[must_use]
    pub fn post<Args: 'static>(self, handler: impl Handler<Args>) -> Self {
        self.method(Method::POST, handler)
    }

    /// Handles any other method.
    #[must_use]
    pub fn method<Args: 'static>(mut self, method: Method, handler: impl Handler<Args>) -> Self {
        self.info.add_method(method.clone());
        self.handlers.retain(|(own, _)| *own != method);
        self.handlers.push((method, erased(handler)));
        self
    }
}

impl View for PageView {
    fn info(&self) -> &ViewInfo {
        &self.info
    }

    fn handle<'a>(&'a self, cx: &'a mut Context) -> LocalBoxFuture<'a, Result<Response>> {
        call(&self.handlers, cx)
    }
}

impl fmt::Debug for PageView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PageView").field("info", &self.info).finish_non_exhaustive()
    }
}

/// The form of a POST (`request.POST`); empty for any other body.
///
/// # Errors
/// Django's 400 page if the body is too long or has too many fields.
pub fn form_of(cx: &mut Context) -> Result<QueryParams> {
    if cx.request.method != Method::POST {
        return Ok(QueryParams::default());
    }
    check_charset(cx)?;
    match cx.data() {
        Ok(data) => Ok(data.form().cloned().unwrap_or_default()),
        Err(ApiException::UnsupportedMediaType(_)) => Ok(QueryParams::default()),
        Err(error) => Err(error),
    }
}

/// 400 for a URL-encoded form that declares another charset than UTF-8
/// (`HttpRequest._load_post_and_files`).
fn check_charset(cx: &Context) -> Result<()> {
    let content_type = cx.request.headers.text(CONTENT_TYPE).unwrap_or_default();
    let context = ParserContext::new(&content_type, None);
    let is_other = |name: &String| !name.eq_ignore_ascii_case("utf-8") && Charset::is_known(name);
    let media_type = content_type.split(';').next().unwrap_or_default().trim();
    let is_url_encoded = media_type.eq_ignore_ascii_case(FormParser.media_type());
    if is_url_encoded && context.charset().as_ref().is_some_and(is_other) {
        return Err(ApiException::Suspicious("a form is not in UTF-8"));
    }
    Ok(())
}

/// The response to a page request without a valid CSRF token: Django's 403 page.
pub(super) fn refusal(page: PageInfo, cx: &mut Context) -> Result<Option<Response>> {
    if !page.csrf_protected {
        return Ok(None);
    }
    let form_token =
        |cx: &mut Context| Ok(form_of(cx)?.get(csrf::FORM_FIELD).map(ToOwned::to_owned));
    let reason = csrf::check(cx, form_token)?;
    Ok(reason.map(|reason| csrf::failure_page(&reason, &cx.request.path)))
}

/// The response to OPTIONS, and to a method without a handler.
pub(super) fn without_handler(info: &ViewInfo, method: &Method) -> Response {
    let allowed = info.allowed_methods();
    let allowed = allowed.iter().map(Method::as_str).collect::<Vec<_>>().join(", ");
    let status = if *method == Method::OPTIONS { 200 } else { 405 };
    Response::html("").with_status(status).with_header(ALLOW, &allowed)
}

/// Django's page for an error.
pub(super) fn error_page(error: &ApiException, cx: &Context) -> Response {
    match error {
        ApiException::Internal(source) => {
            tracing::error!(path = cx.request.path, "server error: {source}");
        }
        ApiException::Suspicious(reason) | ApiException::Unavailable(reason) => {
            tracing::warn!(path = cx.request.path, "refused: {reason}");
        }
        ApiException::Deadlock => {
            tracing::warn!(path = cx.request.path, "refused: a deadlock was not resolved");
        }
        _ => {}
    }
    plain_error(error, cx.request.header("accept").as_deref())
}

/// Like `error_page`, for a request that failed before it reached the page.
pub(super) fn plain_error(error: &ApiException, accept: Option<&str>) -> Response {
    middleware::page(error.status(), accept).retry_after(error)
}
