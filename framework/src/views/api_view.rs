//! Plain views: one function per method.

use std::fmt;
use std::sync::Arc;

use actix_web::http::Method;
use futures_util::future::LocalBoxFuture;

use super::{OperationInfo, Policies, View, ViewInfo};
use crate::authentication::IntoAuthentication;
use crate::exceptions::{ApiException, Result};
use crate::parsers::Parser;
use crate::permissions::IntoPermissions;
use crate::renderers::Renderer;
use crate::request::{Context, handler_method};
use crate::response::Response;
use crate::throttling::IntoThrottles;

/// A function that answers one method; every `async fn(&mut Context) -> Result<Response>` is
/// one.
pub trait Handler: Send + Sync + 'static {
    /// Answers.
    fn call<'a>(&'a self, cx: &'a mut Context) -> LocalBoxFuture<'a, Result<Response>>;
}

impl<F> Handler for F
where
    F: AsyncFn(&mut Context) -> Result<Response> + Send + Sync + 'static,
{
    fn call<'a>(&'a self, cx: &'a mut Context) -> LocalBoxFuture<'a, Result<Response>> {
        Box::pin(self(cx))
    }
}

/// A view with a handler for each method: DRF's `APIView`.
///
/// ```
/// use quintet::exceptions::Result;
/// use quintet::permissions::AllowAny;
/// use quintet::request::Context;
/// use quintet::response::Response;
/// use quintet::views::ApiView;
///
/// async fn whoami(cx: &mut Context) -> Result<Response> {
///     let name = cx.user().map(|user| user.username.clone());
///     Response::new(&serde_json::json!({ "user": name }))
/// }
///
/// let view = ApiView::new("Who Am I").permissions(AllowAny).get(whoami).post(whoami);
/// # let _ = view;
/// ```
pub struct ApiView {
    info: ViewInfo,
    handlers: Vec<(Method, Box<dyn Handler>)>,
    operations: Vec<OperationInfo>,
}

impl ApiView {
    /// A view of this name, in words.
    pub fn new(name: impl Into<String>) -> Self {
        Self { info: ViewInfo::new(name, []), handlers: Vec::new(), operations: Vec::new() }
    }

    /// What it does, for people.
    #[must_use]
    pub fn description(mut self, text: impl Into<String>) -> Self {
        self.info.description = text.into();
        self
    }

    /// What the document says of one of its methods; a method that nothing is said of is not in
    /// the document.
    #[must_use]
    pub fn documented(mut self, operation: OperationInfo) -> Self {
        self.operations.push(operation);
        self
    }

    /// Its authenticators; `()` for none.
    #[must_use]
    pub fn authentication(self, list: impl IntoAuthentication) -> Self {
        self.policies(|policies| policies.authentication(list))
    }

    /// Its permissions.
    #[must_use]
    pub fn permissions(self, list: impl IntoPermissions) -> Self {
        self.policies(|policies| policies.permissions(list))
    }

    /// Its throttles; `()` for none.
    #[must_use]
    pub fn throttles(self, list: impl IntoThrottles) -> Self {
        self.policies(|policies| policies.throttles(list))
    }

    /// The scope whose rate [`ScopedRateThrottle`](crate::throttling::ScopedRateThrottle) holds it
    /// to.
    #[must_use]
    pub fn throttle_scope(self, scope: impl Into<String>) -> Self {
        self.policies(|policies| policies.throttle_scope(scope))
    }

    /// Its renderers.
    #[must_use]
    pub fn renderers(self, list: Vec<Arc<dyn Renderer>>) -> Self {
        self.policies(|policies| policies.renderers(list))
    }

    /// Its parsers.
    #[must_use]
    pub fn parsers(self, list: Vec<Arc<dyn Parser>>) -> Self {
        self.policies(|policies| policies.parsers(list))
    }

    fn policies(mut self, change: impl FnOnce(Policies) -> Policies) -> Self {
        self.info.policies = change(std::mem::take(&mut self.info.policies));
        self
    }

    /// Answers GET, and HEAD by it.
    #[must_use]
    pub fn get(self, handler: impl Handler) -> Self {
        self.method(Method::GET, handler)
    }

    /// Does not answer HEAD: DRF's `@api_view(["GET"])` answers it with 405.
    #[must_use]
    pub fn without_head(mut self) -> Self {
        self.info.no_head = true;
        self
    }

    /// Opens no transaction under `ATOMIC_REQUESTS` (`transaction.non_atomic_requests`): for a view
    /// that waits for something else than the database, a password's hash for one, and would keep a
    /// connection from others meanwhile.
    #[must_use]
    pub fn non_atomic_requests(mut self) -> Self {
        self.info.non_atomic = true;
        self
    }

    /// Answers POST.
    #[must_use]
    pub fn post(self, handler: impl Handler) -> Self {
        self.method(Method::POST, handler)
    }

    /// Answers PUT.
    #[must_use]
    pub fn put(self, handler: impl Handler) -> Self {
        self.method(Method::PUT, handler)
    }

    /// Answers PATCH.
    #[must_use]
    pub fn patch(self, handler: impl Handler) -> Self {
        self.method(Method::PATCH, handler)
    }

    /// Answers DELETE.
    #[must_use]
    pub fn delete(self, handler: impl Handler) -> Self {
        self.method(Method::DELETE, handler)
    }

    /// Answers any other method.
    #[must_use]
    pub fn method(mut self, method: Method, handler: impl Handler) -> Self {
        self.info.add_method(method.clone());
        self.handlers.retain(|(own, _)| *own != method);
        self.handlers.push((method, Box::new(handler)));
        self
    }
}

impl View for ApiView {
    fn info(&self) -> &ViewInfo {
        &self.info
    }

    fn handle<'a>(&'a self, cx: &'a mut Context) -> LocalBoxFuture<'a, Result<Response>> {
        let sent = &cx.request.method;
        let find = |method: &Method| self.handlers.iter().find(|(own, _)| own == method);
        if let Some((_, handler)) = find(sent).or_else(|| find(handler_method(sent))) {
            handler.call(cx)
        } else {
            let error = ApiException::MethodNotAllowed(sent.to_string());
            Box::pin(std::future::ready(Err(error)))
        }
    }

    fn operations(&self) -> Vec<OperationInfo> {
        self.operations.clone()
    }
}

impl fmt::Debug for ApiView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiView").field("info", &self.info).finish_non_exhaustive()
    }
}
