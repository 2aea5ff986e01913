//! How a view processes a request (`APIView.dispatch`): negotiation, authentication, permissions,
//! throttles, method, handler, errors, headers.

use std::fmt;
use std::sync::Arc;

use actix_web::http::Method;
use actix_web::http::header::{ACCEPT, HeaderValue, WWW_AUTHENTICATE};
use futures_util::future::LocalBoxFuture;

use super::finalize::vary;
use super::options::ActionsOf;
use super::page::{self, PageInfo};
use super::settled::Settled;
use super::{ErrorContext, Policies, View, ViewError};
use crate::aside::aside;
use crate::caching::{Before, Caching};
use crate::db::{BUSY, Runs};
use crate::exceptions::{ApiException, Result};
use crate::metadata::{DynMetadata, ViewMetadata};
use crate::middleware::{self, DynMiddleware, Innermost, Next};
use crate::negotiation::{self, NegotiationContext};
use crate::renderers::JsonWriter;
use crate::request::{Action, Context, Versioned, handler_method};
use crate::response::Response;
use crate::settings::{Settings, SettingsError};
use crate::throttling;
use crate::versioning::Versioning;

/// A view with all its policies resolved, ready to serve.
pub struct Endpoint {
    view: Arc<dyn View>,
    policies: Settled,
    by_method: Vec<(Method, Settled)>,
    /// What runs around it.
    around: Option<Box<[Arc<dyn DynMiddleware>]>>,
    pub(super) allow: Option<HeaderValue>,
    /// Whether a warning about repeated statements was logged.
    #[cfg(debug_assertions)]
    warned: std::sync::atomic::AtomicBool,
}

impl Endpoint {
    /// Resolves a view's policies with the site's defaults.
    pub fn new(view: Arc<dyn View>, defaults: &Policies) -> Self {
        let info = view.info();
        let policies = info.policies.or(defaults);
        let by_method = info
            .method_policies
            .iter()
            .map(|(method, own)| (method.clone(), Settled::new(own.or(&policies), info)))
            .collect();
        let allowed = info.allowed_methods();
        let allow = allowed.iter().map(Method::as_str).collect::<Vec<_>>().join(", ");
        let around = policies.dispatch.clone().filter(|list| !list.is_empty());
        Self {
            policies: Settled::new(policies, info),
            by_method,
            around: around.map(Into::into),
            allow: HeaderValue::from_str(&allow).ok(),
            #[cfg(debug_assertions)]
            warned: std::sync::atomic::AtomicBool::default(),
            view,
        }
    }

    /// Checks that the settings have what the throttles need.
    ///
    /// # Errors
    /// If they do not.
    pub(crate) fn check(&self, settings: &Settings) -> Result<(), SettingsError> {
        let own = self.by_method.iter().map(|(_, settled)| settled);
        for settled in own.chain([&self.policies]) {
            let scope = settled.equipment.throttle_scope.as_deref();
            settled.throttles.iter().try_for_each(|throttle| throttle.check(settings, scope))?;
        }
        Ok(())
    }

    /// Checks that the view is consistent.
    ///
    /// # Errors
    /// If a permission is for the objects of another model, if two actions have one name, or if the policies
    /// of one action have a `dispatch`.
    pub(crate) fn check_view(&self) -> Result<(), ViewError> {
        let info = self.view.info();
        if let Some(problem) = &info.problem {
            return Err(problem.clone());
        }
        if info.method_policies.iter().any(|(_, policies)| policies.dispatch.is_some()) {
            return Err(ViewError::new(
                &info.name,
                "the policies of one of its actions have a `dispatch`, which runs before the policies of \
                 an action count: set `dispatch` for the whole view",
            ));
        }
        let Some(model) = info.context.model else { return Ok(()) };
        let own = self.by_method.iter().map(|(_, settled)| settled);
        let mut models = own.chain([&self.policies]).flat_map(|it| it.permissions.models());
        models.find(|other| **other != *model).map_or(Ok(()), |other| {
            Err(ViewError::new(
                &info.name,
                format!(
                    "one of its permissions looks at objects of `{}`, but the view's are of `{}`",
                    other.name, model.name
                ),
            ))
        })
    }

    /// The view.
    pub fn view(&self) -> &dyn View {
        &*self.view
    }

    /// Responds to a request; errors become responses too.
    pub async fn dispatch(&self, cx: &mut Context) -> Response {
        if let Some(around) = &self.around {
            // as in DRF, the view and its action are known before anything runs
            self.prepare(self.policies_of(&cx.request.method), cx);
            let inside = Inside(self);
            return aside(|| Next::new(around, &inside).run(&mut *cx)).await;
        }
        self.dispatch_inside(cx).await
    }

    /// `dispatch` without what runs around it.
    async fn dispatch_inside(&self, cx: &mut Context) -> Response {
        if let Some(page) = self.view.info().page {
            return aside(|| self.dispatch_page(page, cx)).await;
        }
        let usual = self.policies_of(&cx.request.method);
        self.prepare(usual, cx);
        let own = self.view.request_policies(cx).map(|own| Box::new(usual.for_request(own)));
        let policies = own.as_deref().unwrap_or(usual);
        if own.is_some() {
            cx.equipment = Some(Arc::clone(&policies.equipment));
        }
        let result = self.run(policies, cx).await;
        #[cfg(debug_assertions)]
        self.warn_of_repeats(cx);
        let failed = result.is_err();
        let result = match result {
            Ok(response) => Ok(response),
            Err(error) => self.view.handle_exception(error, cx),
        };
        let mut response = match result {
            Ok(response) => response,
            Err(error) => match error_response(&error, policies, cx) {
                ErrorResponse::Api(response) => self.handled(policies, &error, response, cx),
                ErrorResponse::Page(response) => {
                    // Django's own pages do not depend on the view
                    let mut response = self.handled(policies, &error, response, cx);
                    vary(&mut response, false, cx.varies_on());
                    return response;
                }
            },
        };
        if failed && let Some(caching) = &policies.caching {
            caching.mark(&mut response);
        }
        let response = self.view.finalize_response(response, cx);
        self.finalize(policies, cx, response)
    }

    /// Says once for each view that its statements seem to grow with its rows: one response sent the
    /// same SELECT more than ten times, with other values or the same.
    #[cfg(debug_assertions)]
    fn warn_of_repeats(&self, cx: &Context) {
        use std::sync::atomic::Ordering;

        let Some((sql, times)) = cx.repeats().worst() else { return };
        if !self.warned.swap(true, Ordering::Relaxed) {
            let view = &self.view.info().name;
            let action = cx.action().map_or("", |action| action.name());
            tracing::warn!(
                view, action, times, %sql,
                "the same statement many times for one response: ask once for all rows, by \
                 `#[field(batch)]`, `eq_any` or `cx.prefetch`"
            );
        }
    }

    /// The response to an error, as the exception handler has it.
    fn handled(
        &self,
        policies: &Settled,
        error: &ApiException,
        response: Response,
        cx: &Context,
    ) -> Response {
        let Some(handler) = &policies.exception_handler else { return response };
        let request = &cx.request;
        let place = ErrorContext::new(&request.method, &request.path);
        handler.handle(error, response, &place.in_view(self.view.info(), Some(cx)))
    }

    /// Like `handled`, for an error from before or after the view.
    pub(crate) fn handled_outside(
        &self,
        error: &ApiException,
        response: Response,
        method: &Method,
        path: &str,
    ) -> Response {
        let Some(handler) = &self.policies_of(method).exception_handler else { return response };
        let place = ErrorContext::new(method, path).in_view(self.view.info(), None);
        handler.handle(error, response, &place)
    }

    /// True when errors go through an exception handler.
    pub(crate) fn has_exception_handler(&self) -> bool {
        self.policies.exception_handler.is_some()
    }

    /// An error that happened before the view was reached, in the view's format.
    pub(crate) fn refuse(&self, error: &ApiException, method: &Method) -> Response {
        if self.view.info().page.is_some() {
            return page::plain_error(error, None);
        }
        let mut response = api_error(error);
        let policies = self.policies_of(method);
        self.headers(policies, &mut response, &[]);
        response
    }

    /// How a page processes a request (`django.views.View.dispatch`, with the CSRF check before
    /// it).
    async fn dispatch_page(&self, page: PageInfo, cx: &mut Context) -> Response {
        cx.equipment = Some(Arc::clone(&self.policies.equipment));
        let result = self.run_page(page, cx).await;
        let mut response = result.unwrap_or_else(|error| page::error_page(&error, cx));
        vary(&mut response, false, cx.varies_on());
        response
    }

    async fn run_page(&self, page: PageInfo, cx: &mut Context) -> Result<Response> {
        let info = self.view.info();
        check_query(cx)?;
        // the token may be in the form
        cx.receive_body().await?;
        if let Some(refusal) = page::refusal(page, cx)? {
            return Ok(refusal);
        }
        let method = &cx.request.method;
        let mut response =
            if info.methods.contains(method) || info.methods.contains(handler_method(method)) {
                self.handle(cx).await?
            } else {
                page::without_handler(info, method)
            };
        if page.never_cached {
            middleware::never_cache(&mut response);
        }
        Ok(response)
    }

    fn policies_of(&self, method: &Method) -> &Settled {
        let find = |method| self.by_method.iter().find(|(own, _)| own == method);
        find(method)
            .or_else(|| find(handler_method(method)))
            .map_or(&self.policies, |(_, settled)| settled)
    }

    /// Tells the request what its view is, and which of its actions is meant.
    fn prepare(&self, policies: &Settled, cx: &mut Context) {
        let info = self.view.info();
        cx.equipment = Some(Arc::clone(&policies.equipment));
        cx.action = info.action(&cx.request.method).or_else(|| info.action(cx.handler_method()));
        if cx.action.is_none() && cx.request.method == Method::OPTIONS && !info.actions.is_empty() {
            cx.action = Some(Action::Metadata);
        }
    }

    async fn run(&self, policies: &Settled, cx: &mut Context) -> Result<Response> {
        let info = self.view.info();
        check_query(cx)?;
        negotiate(policies, cx)?;
        if let Some(versioning) = &policies.versioning {
            determine_version(&**versioning, cx)?;
        }
        policies.authentication.authenticate(cx).await?;
        if let Some(own) = self.view.access_policies(cx) {
            aside(|| policies.check_access(own, cx)).await?;
        } else {
            policies.permissions.check_request(cx).await?;
            if !policies.throttles.is_empty() {
                throttling::check(&policies.throttles, cx).await?;
            }
        }
        let method = &cx.request.method;
        if info.answers(method) {
            if cx.request.incoming.is_some() {
                aside(|| cx.receive_body()).await?;
            }
            match &policies.caching {
                None => self.handle(cx).await,
                Some(caching) => aside(|| self.handle_cached(caching, cx)).await,
            }
        } else if *method == Method::OPTIONS && info.permits(method) {
            match &policies.metadata {
                Some(metadata) => aside(|| self.options(&**metadata, policies, cx)).await,
                None => Err(ApiException::MethodNotAllowed(method.to_string())),
            }
        } else {
            Err(ApiException::MethodNotAllowed(method.to_string()))
        }
    }

    /// The view's own response, in a transaction if `ATOMIC_REQUESTS` is set.
    fn handle<'a>(&'a self, cx: &'a mut Context) -> LocalBoxFuture<'a, Result<Response>> {
        if self.is_atomic(cx) {
            aside(|| self.handle_atomic(None, cx))
        } else {
            self.view.handle(cx)
        }
    }

    fn is_atomic(&self, cx: &Context) -> bool {
        cx.settings().atomic_requests && !self.view.info().non_atomic
    }

    /// The view's response, or one that caching makes without it. The conditions of a change belong into
    /// its transaction; a read that needs no view needs none.
    async fn handle_cached(&self, caching: &Caching, cx: &mut Context) -> Result<Response> {
        if !cx.request.is_safe() && self.is_atomic(cx) {
            return aside(|| self.handle_atomic(Some(caching), cx)).await;
        }
        match caching.before(cx).await? {
            Before::Answered(response) => Ok(response),
            Before::Needed(asked) => {
                let response = self.handle(cx).await?;
                Ok(caching.after(asked, response, cx))
            }
        }
    }

    /// The view's own response, if caching needs it.
    async fn handle_in_place(&self, caching: &Caching, cx: &mut Context) -> Result<Response> {
        match caching.before(cx).await? {
            Before::Answered(response) => Ok(response),
            Before::Needed(asked) => {
                let response = self.view.handle(cx).await?;
                Ok(caching.after(asked, response, cx))
            }
        }
    }

    /// After a deadlock, the view runs again, as often as a transaction does. So does a safe
    /// request that writes after all, if another one has written since it began to read: `SQLite`
    /// only lets it write in a new transaction, which waits for its turn.
    async fn handle_atomic(&self, caching: Option<&Caching>, cx: &mut Context) -> Result<Response> {
        let before = cx.before_view();
        let mut runs = Runs::default();
        let mut reads = cx.request.is_safe();
        loop {
            let scope =
                if reads { cx.conn.begin_reading().await? } else { cx.conn.begin().await? };
            let result = match caching {
                None => self.view.handle(cx).await,
                Some(caching) => aside(|| self.handle_in_place(caching, cx)).await,
            };
            match cx.conn.settle(scope, result).await {
                Err(ApiException::Deadlock) if cx.restore(before) && runs.again().await => {}
                Err(ApiException::Unavailable(BUSY)) if reads && cx.restore(before) => {
                    reads = false;
                }
                result => return result,
            }
        }
    }

    /// The response to OPTIONS.
    async fn options(
        &self,
        metadata: &dyn DynMetadata,
        policies: &Settled,
        cx: &mut Context,
    ) -> Result<Response> {
        let info = self.view.info();
        let renders: Vec<&'static str> =
            policies.renderers.iter().map(|chosen| chosen.renderer.media_type()).collect();
        let parses: Vec<&'static str> =
            policies.equipment.parsers.iter().map(|parser| parser.media_type()).collect();
        let actions = ActionsOf { endpoint: self, policies };
        let texts = (info.name.as_str(), info.description.as_str());
        let view = ViewMetadata::new(texts, (&renders, &parses), &actions);
        let mut response = Response::new(&metadata.determine(&view, cx).await?)?;
        if let Some(caching) = &policies.caching {
            caching.mark(&mut response);
        }
        Ok(response)
    }
}

/// 400 for a query of more parameters than `DATA_UPLOAD_MAX_NUMBER_FIELDS`.
fn check_query(cx: &Context) -> Result<()> {
    let most = cx.settings().data_upload_max_number_fields;
    let query = cx.request.query_string.as_bytes();
    if most.is_some_and(|most| crate::request::QueryParams::count(query) > most) {
        return Err(ApiException::Suspicious(
            "the query has more parameters than DATA_UPLOAD_MAX_NUMBER_FIELDS",
        ));
    }
    Ok(())
}

/// Chooses the renderer (`perform_content_negotiation`).
fn negotiate(policies: &Settled, cx: &mut Context) -> Result<()> {
    let request = &cx.request;
    let format = request.kwarg("format").filter(|format| !format.is_empty());
    let named = cx.settings().rest_framework.url_format_override.as_deref();
    let format = match (format, named) {
        (Some(format), _) => Some(format),
        (None, Some(name)) if !request.query_string.is_empty() => request.query_params().get(name),
        (None, _) => None,
    };
    let accepted = if let Some(own) = &policies.negotiation {
        let header = |name: &str| request.headers.text(name);
        let format = format.filter(|format| !format.is_empty());
        let context = NegotiationContext::new(&request.method, &request.path, format, &header);
        own.select_renderer(&policies.offers, &context)?
    } else {
        let accept = request.headers.text(ACCEPT);
        negotiation::select_renderer(&policies.offers, format, accept.as_deref())?
    };
    let Some(offer) = policies.offers.get(accepted.renderer) else {
        return Err(ApiException::internal(
            "the negotiation chose a renderer that the view does not have",
        ));
    };
    cx.accepted_renderer = *offer;
    cx.accepted = Some(accepted);
    Ok(())
}

/// `determine_version`
fn determine_version(versioning: &dyn Versioning, cx: &mut Context) -> Result<()> {
    let version = versioning.determine_version(cx)?;
    let links = version.as_deref().and_then(|version| versioning.link_version(version, cx));
    cx.versioned = Some(Box::new(Versioned { version, links }));
    Ok(())
}

enum ErrorResponse {
    /// The view's own response.
    Api(Response),
    /// Django's page.
    Page(Response),
}

/// `handle_exception`
fn error_response(error: &ApiException, policies: &Settled, cx: &Context) -> ErrorResponse {
    match error {
        ApiException::Suspicious(reason) => {
            tracing::warn!(path = cx.request.path, "refused: {reason}");
            ErrorResponse::Page(page_of(400, cx))
        }
        ApiException::Internal(source) => {
            tracing::error!(path = cx.request.path, "server error: {source}");
            ErrorResponse::Page(page_of(500, cx))
        }
        ApiException::NotAuthenticated(_) | ApiException::AuthenticationFailed(_) => {
            let response = api_error(error);
            ErrorResponse::Api(match policies.authentication.challenge() {
                Some(challenge) => response.with_header(WWW_AUTHENTICATE, &challenge),
                None => response.with_status(403),
            })
        }
        _ => ErrorResponse::Api(api_error(error)),
    }
}

fn page_of(status: u16, cx: &Context) -> Response {
    let accept = cx.request.header("accept");
    middleware::page_at(cx.settings(), &cx.request.path, status, accept.as_deref())
}

/// The body and the headers that belong to an error alone.
fn api_error(error: &ApiException) -> Response {
    let mut json = JsonWriter::with_capacity(96);
    json.json(&error.body());
    match error {
        ApiException::Unavailable(reason) => tracing::error!("unavailable: {reason}"),
        ApiException::Deadlock => tracing::error!("unavailable: a deadlock was not resolved"),
        _ => {}
    }
    let mut response = Response::json(json.into_bytes()).with_status(error.status());
    response.exception = true;
    response.retry_after(error)
}

/// A view behind what runs around it.
struct Inside<'e>(&'e Endpoint);

impl Innermost for Inside<'_> {
    fn respond<'a>(&'a self, cx: &'a mut Context) -> LocalBoxFuture<'a, Response> {
        Box::pin(self.0.dispatch_inside(cx))
    }

    fn refused(&self, error: &ApiException, cx: &Context) -> Response {
        self.0.refused(error, cx)
    }
}

impl Innermost for Endpoint {
    fn respond<'a>(&'a self, cx: &'a mut Context) -> LocalBoxFuture<'a, Response> {
        Box::pin(self.dispatch(cx))
    }

    fn refused(&self, error: &ApiException, cx: &Context) -> Response {
        let policies = self.policies_of(&cx.request.method);
        match error_response(error, policies, cx) {
            ErrorResponse::Api(response) => {
                let mut response = self.handled(policies, error, response, cx);
                self.headers(policies, &mut response, cx.varies_on());
                response
            }
            ErrorResponse::Page(response) => self.handled(policies, error, response, cx),
        }
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint").field("view", &self.view).finish_non_exhaustive()
    }
}
