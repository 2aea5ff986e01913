//! Plain views: one function per method.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use actix_web::http::Method;
use futures_util::future::LocalBoxFuture;

use super::{Answer, FromContext, OperationInfo, Policies, ResponseInfo, View, ViewInfo};
use crate::authentication::AuthenticationClasses;
use crate::caching::Caching;
use crate::db::Model;
use crate::exceptions::{ApiException, Result};
use crate::metadata::MetadataClass;
use crate::middleware::MiddlewareClasses;
use crate::negotiation::ContentNegotiationClass;
use crate::parsers::ParserClasses;
use crate::permissions::PermissionClasses;
use crate::renderers::RendererClasses;
use crate::request::{Context, Noun, handler_method};
use crate::response::Response;
use crate::serializers::Description;
use crate::throttling::ThrottleClasses;
use crate::versioning::VersioningClass;

/// A function that handles one method of an [`ApiView`]. Its arguments and its result are shown in
/// the OpenAPI document.
///
/// Every `async fn(…, cx: &mut Context) -> Result<…>` implements it if its arguments before the
/// context, at most three, are [`FromContext`], and its result is an [`Answer`]. `Args` is the
/// tuple of those arguments and that result; it is inferred.
#[diagnostic::on_unimplemented(
    message = "this function is not a handler of a view",
    label = "expected `async fn(.., cx: &mut Context) -> Result<..>`",
    note = "before the context stand up to three of `Valid<S>` and types with `impl FromContext<()>`",
    note = "the result is `Page<S>`, `Items<S>`, `Item<S>`, `Json<S>`, `NoContent` or `Response`"
)]
pub trait Handler<Args>: Send + Sync + 'static {
    /// Calls the function and makes its result a response.
    fn call<'a>(&'a self, cx: &'a mut Context) -> LocalBoxFuture<'a, Result<Response>>;

    /// Describes it in the OpenAPI document.
    fn describe(operation: &mut OperationInfo);
}

macro_rules! handlers {
    ($(($($name:ident)*))*) => {$(
        impl<F, R, $($name),*> Handler<($($name,)* R,)> for F
        where
            F: AsyncFn($($name,)* &mut Context) -> Result<R> + Send + Sync + 'static,
            R: Answer,
            $($name: FromContext<()>,)*
        {
            #[allow(non_snake_case, reason = "the names are those of the types")]
            fn call<'a>(&'a self, cx: &'a mut Context) -> LocalBoxFuture<'a, Result<Response>> {
                Box::pin(async move {
                    $(let $name = $name::from_context(&(), cx).await?;)*
                    self($($name,)* cx).await?.into_response(cx)
                })
            }

            fn describe(operation: &mut OperationInfo) {
                R::describe(operation);
                $($name::describe(operation);)*
            }
        }
    )*};
}

handlers! { () (A) (A B) (A B C) }

/// A [`Handler`] whose arguments are no longer in its type.
pub(super) trait DynHandler: Send + Sync {
    fn call<'a>(&'a self, cx: &'a mut Context) -> LocalBoxFuture<'a, Result<Response>>;
}

/// Calls the handler of the request's method.
pub(super) fn call<'a>(
    handlers: &'a [(Method, Box<dyn DynHandler>)],
    cx: &'a mut Context,
) -> LocalBoxFuture<'a, Result<Response>> {
    let sent = &cx.request.method;
    let find = |method: &Method| handlers.iter().find(|(own, _)| own == method);
    if let Some((_, handler)) = find(sent).or_else(|| find(handler_method(sent))) {
        handler.call(cx)
    } else {
        let error = ApiException::MethodNotAllowed(sent.to_string());
        Box::pin(std::future::ready(Err(error)))
    }
}

struct Erased<H, Args>(H, PhantomData<fn() -> Args>);

pub(super) fn erased<Args: 'static>(handler: impl Handler<Args>) -> Box<dyn DynHandler> {
    Box::new(Erased(handler, PhantomData))
}

impl<Args, H: Handler<Args>> DynHandler for Erased<H, Args> {
    fn call<'a>(&'a self, cx: &'a mut Context) -> LocalBoxFuture<'a, Result<Response>> {
        self.0.call(cx)
    }
}

/// A view with one handler per method (`APIView`, `@api_view`).
///
/// Policies that it does not set are those of the site. A method without a handler is a 405; HEAD
/// and OPTIONS are handled. Handlers take up to three arguments before the context, such as
/// [`Valid`](super::Valid), and return an [`Answer`].
///
/// ```
/// use quintet::prelude::*;
///
/// #[derive(Serializer)]
/// pub struct Greeting {
///     #[field(max_length = 40)]
///     name: String,
/// }
///
/// async fn whoami(cx: &mut Context) -> Result<Response> {
///     Response::new(&serde_json::json!({ "user": cx.user().map(|user| &user.username) }))
/// }
///
/// async fn greet(greeting: Valid<Greeting>, _cx: &mut Context) -> Result<Json<Greeting>> {
///     Ok(Json(Greeting { name: format!("Hello, {}", greeting.name) }))
/// }
///
/// let view = ApiView::new("Who Am I").permissions(AllowAny).get(whoami).post(greet);
/// let router = Router::new().path("whoami/", view, "whoami");
/// # let _ = router;
/// ```
#[doc(alias = "APIView")]
#[doc(alias = "api_view")]
pub struct ApiView {
    info: ViewInfo,
    handlers: Vec<(Method, Box<dyn DynHandler>)>,
    operations: Vec<OperationInfo>,
    serializers: Vec<(Method, Option<&'static Description>)>,
}

impl ApiView {
    /// Creates a view with a name for people: `Who Am I`.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            info: ViewInfo::new(name, []),
            handlers: Vec::new(),
            operations: Vec::new(),
            serializers: Vec::new(),
        }
    }

    /// Sets the description, shown in the OpenAPI document and in the response to OPTIONS.
    #[must_use]
    pub fn description(mut self, text: impl Into<String>) -> Self {
        self.info.description = text.into();
        self
    }

    /// Sets the model whose rows it is about (`queryset`), for permissions that ask for those of a model
    /// ([`DjangoModelPermissions`](crate::permissions::DjangoModelPermissions)).
    #[must_use]
    pub fn model<M: Model>(mut self) -> Self {
        Arc::make_mut(&mut self.info.context).model = Some(M::META);
        self
    }

    /// Sets the key around its bodies: `{"user": {..}}`. See [`Noun`].
    #[must_use]
    pub fn noun(mut self, noun: impl Into<Noun>) -> Self {
        Arc::make_mut(&mut self.info.context).noun = Some(noun.into());
        self
    }

    /// Sets what the OpenAPI document says about one of its methods, instead of what the types of
    /// the handler say. A method whose handler takes nothing and returns a [`Response`] is not in
    /// the document.
    #[must_use]
    pub fn documented(mut self, operation: OperationInfo) -> Self {
        self.operations.retain(|own| own.method != operation.method);
        self.operations.push(operation);
        self
    }

    /// Sets what OPTIONS says that a POST or a PUT may send (`get_serializer`), instead of what the OpenAPI
    /// document shows; `None` for nothing.
    #[must_use]
    pub fn serializer(mut self, method: Method, description: Option<&'static Description>) -> Self {
        self.serializers.retain(|(own, _)| *own != method);
        self.serializers.push((method, description));
        self
    }

    /// Sets the authenticators (`authentication_classes`); `()` for none.
    #[must_use]
    pub fn authentication(self, list: impl AuthenticationClasses) -> Self {
        self.policies(|policies| policies.authentication(list))
    }

    /// Sets the permissions (`permission_classes`).
    #[must_use]
    pub fn permissions(self, list: impl PermissionClasses) -> Self {
        self.policies(|policies| policies.permissions(list))
    }

    /// Sets the throttles (`throttle_classes`); `()` for none.
    #[must_use]
    pub fn throttles(self, list: impl ThrottleClasses) -> Self {
        self.policies(|policies| policies.throttles(list))
    }

    /// Sets the scope for [`ScopedRateThrottle`](crate::throttling::ScopedRateThrottle)
    /// (`throttle_scope`).
    #[must_use]
    pub fn throttle_scope(self, scope: impl Into<String>) -> Self {
        self.policies(|policies| policies.throttle_scope(scope))
    }

    /// Sets the renderers (`renderer_classes`).
    #[must_use]
    pub fn renderers(self, list: impl RendererClasses) -> Self {
        self.policies(|policies| policies.renderers(list))
    }

    /// Sets the parsers (`parser_classes`).
    #[must_use]
    pub fn parsers(self, list: impl ParserClasses) -> Self {
        self.policies(|policies| policies.parsers(list))
    }

    /// Sets how the version of a request is determined (`versioning_class`); `()` for not at all.
    #[must_use]
    pub fn versioning(self, scheme: impl VersioningClass) -> Self {
        self.policies(|policies| policies.versioning(scheme))
    }

    /// Sets how the renderer and the parser are chosen (`content_negotiation_class`).
    #[must_use]
    pub fn content_negotiation(self, class: impl ContentNegotiationClass) -> Self {
        self.policies(|policies| policies.content_negotiation(class))
    }

    /// Sets what answers OPTIONS (`metadata_class`); `()` refuses it with 405.
    #[must_use]
    pub fn metadata(self, class: impl MetadataClass) -> Self {
        self.policies(|policies| policies.metadata(class))
    }

    /// Sets how responses may be cached (`cache_page`, `never_cache`, `vary_on_headers`, `condition`).
    #[must_use]
    pub fn caching(self, caching: Caching) -> Self {
        self.policies(|policies| policies.caching(caching))
    }

    /// Sets what runs around everything that the view does (`dispatch`): it may change the request before
    /// (`initialize_request`), answer itself, and change the response.
    #[must_use]
    pub fn dispatch(self, list: impl MiddlewareClasses) -> Self {
        self.policies(|policies| policies.dispatch(list))
    }

    fn policies(mut self, change: impl FnOnce(Policies) -> Policies) -> Self {
        self.info.policies = change(std::mem::take(&mut self.info.policies));
        self
    }

    /// Handles GET (and HEAD).
    #[must_use]
    pub fn get<Args: 'static>(self, handler: impl Handler<Args>) -> Self {
        self.method(Method::GET, handler)
    }

    /// Responds to HEAD with 405, as DRF's `@api_view(["GET"])` does.
    #[must_use]
    pub fn without_head(mut self) -> Self {
        self.info.no_head = true;
        self
    }

    /// Opens no transaction under `ATOMIC_REQUESTS` (`transaction.non_atomic_requests`): for a view
    /// that waits for something other than the database, such as a password hash, and would block a
    /// connection meanwhile.
    #[must_use]
    pub fn non_atomic_requests(mut self) -> Self {
        self.info.non_atomic = true;
        self
    }

    /// Handles POST.
    #[must_use]
    pub fn post<Args: 'static>(self, handler: impl Handler<Args>) -> Self {
        self.method(Method::POST, handler)
    }

    /// Handles PUT.
    #[must_use]
    pub fn put<Args: 'static>(self, handler: impl Handler<Args>) -> Self {
        self.method(Method::PUT, handler)
    }

    /// Handles PATCH.
    #[must_use]
    pub fn patch<Args: 'static>(self, handler: impl Handler<Args>) -> Self {
        self.method(Method::PATCH, handler)
    }

    /// Handles DELETE.
    #[must_use]
    pub fn delete<Args: 'static>(self, handler: impl Handler<Args>) -> Self {
        self.method(Method::DELETE, handler)
    }

    /// Handles any other method.
    #[must_use]
    pub fn method<Args: 'static, H: Handler<Args>>(mut self, method: Method, handler: H) -> Self {
        self.info.add_method(method.clone());
        let mut told = OperationInfo::new(method.clone());
        H::describe(&mut told);
        let says_nothing =
            matches!(told.response, ResponseInfo::Anything) && told.request.is_none();
        if !says_nothing && !self.operations.iter().any(|own| own.method == method) {
            self.operations.push(told);
        }
        self.handlers.retain(|(own, _)| *own != method);
        self.handlers.push((method, erased(handler)));
        self
    }
}

impl View for ApiView {
    fn info(&self) -> &ViewInfo {
        &self.info
    }

    fn handle<'a>(&'a self, cx: &'a mut Context) -> LocalBoxFuture<'a, Result<Response>> {
        call(&self.handlers, cx)
    }

    fn serializer(&self, method: &Method, _: &Context) -> Option<&'static Description> {
        if let Some((_, own)) = self.serializers.iter().find(|(own, _)| own == method) {
            return *own;
        }
        let found = self.operations.iter().find(|operation| operation.method == *method)?;
        found.request
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
