//! Middleware of a project's own.

use std::fmt;
use std::future::Future;
use std::sync::Arc;

use futures_util::future::LocalBoxFuture;

use crate::classes::class_list;
use crate::exceptions::Result;
use crate::request::Context;
use crate::response::Response;

/// What runs around every view of a site (`MIDDLEWARE`).
///
/// It gets the request with its connection before the view's own policies run, and the view's response
/// afterwards; then [`Context::user`] is the user that the view's authenticators found. What a view,
/// permission or serializer should know, it attaches to the request by
/// [`Conn::set_extension`](crate::db::Conn::set_extension). An error becomes a response as a view's does.
/// Requests that no view answers do not pass it: unknown paths, refused hosts, redirects to the slash.
///
/// [`SiteBuilder::middleware`](crate::site::SiteBuilder::middleware) adds one; the first is the outermost.
///
/// ```
/// use quintet::http::header::HeaderName;
/// use quintet::middleware::{Middleware, Next};
/// use quintet::prelude::*;
///
/// /// The number of a request, for views and logs.
/// pub struct RequestId(pub String);
///
/// struct Numbers;
///
/// impl Middleware for Numbers {
///     async fn call(&self, cx: &mut Context, next: Next<'_>) -> Result<Response> {
///         let id = cx.request.header("x-request-id").map_or("none".into(), |id| id.into_owned());
///         cx.set_extension(RequestId(id.clone()));
///         let response = next.run(cx).await;
///         Ok(response.with_header(HeaderName::from_static("x-request-id"), &id))
///     }
/// }
///
/// # fn site(settings: Settings, database: std::sync::Arc<Database>) {
/// let site = Site::builder(settings, database).middleware(Numbers);
/// # let _ = site;
/// # }
/// ```
#[doc(alias = "MiddlewareMixin")]
#[doc(alias = "process_request")]
#[doc(alias = "process_response")]
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not middleware of a site",
    label = "this type has no `Middleware` implementation",
    note = "write `impl Middleware for {Self}`; middleware of actix wraps an `App` instead"
)]
pub trait Middleware: Send + Sync + 'static {
    /// Responds to a request, usually by [`Next::run`].
    ///
    /// # Errors
    /// What the client gets instead of the view's response.
    fn call(&self, cx: &mut Context, next: Next<'_>) -> impl Future<Output = Result<Response>>;
}

/// An object-safe [`Middleware`].
pub trait DynMiddleware: Send + Sync {
    /// As [`Middleware::call`].
    fn pass<'a>(
        &'a self,
        cx: &'a mut Context,
        next: Next<'a>,
    ) -> LocalBoxFuture<'a, Result<Response>>;
}

impl<M: Middleware> DynMiddleware for M {
    fn pass<'a>(
        &'a self,
        cx: &'a mut Context,
        next: Next<'a>,
    ) -> LocalBoxFuture<'a, Result<Response>> {
        Box::pin(self.call(cx, next))
    }
}

class_list! {
    /// What runs around a view (`dispatch`): a [`Middleware`], a tuple of them, the outermost first, or
    /// [`Inherit`](crate::classes::Inherit).
    #[diagnostic::on_unimplemented(
        message = "`{Self}` is neither middleware nor a tuple of middleware",
        label = "expected a type with `impl Middleware`, or a tuple of them",
        note = "write `impl Middleware for {Self}`"
    )]
    MiddlewareClasses of Middleware as DynMiddleware
}

/// The view behind the middleware.
pub(crate) trait Innermost: Sync {
    fn respond<'a>(&'a self, cx: &'a mut Context) -> LocalBoxFuture<'a, Response>;

    /// The response to an error of a middleware.
    fn refused(&self, error: &crate::exceptions::ApiException, cx: &Context) -> Response;
}

/// The rest of a request's way: further middleware, and the view.
#[derive(Clone, Copy)]
pub struct Next<'a> {
    rest: &'a [Arc<dyn DynMiddleware>],
    view: &'a dyn Innermost,
}

impl<'a> Next<'a> {
    pub(crate) fn new(rest: &'a [Arc<dyn DynMiddleware>], view: &'a dyn Innermost) -> Self {
        Self { rest, view }
    }

    /// The response of the rest; its errors are responses already.
    pub async fn run(self, cx: &mut Context) -> Response {
        match self.rest.split_first() {
            None => self.view.respond(cx).await,
            Some((first, rest)) => {
                let next = Next { rest, view: self.view };
                match first.pass(cx, next).await {
                    Ok(response) => response,
                    Err(error) => self.view.refused(&error, cx),
                }
            }
        }
    }
}

impl fmt::Debug for Next<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Next").field("middleware", &self.rest.len()).finish_non_exhaustive()
    }
}
