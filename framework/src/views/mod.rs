//! Views: what responds to a request, and the policies around it (`rest_framework.views`).
//!
//! Before its handler runs, a view negotiates the media type, authenticates the client, and runs
//! its permissions and throttles, in this order. Every error becomes a response with DRF's message.
//! `Allow`, `Vary`, HEAD and OPTIONS are handled.
//!
//! ```
//! use quintet::prelude::*;
//!
//! #[derive(Serializer)]
//! pub struct Greeting {
//!     #[field(max_length = 40)]
//!     name: String,
//! }
//!
//! async fn greet(greeting: Valid<Greeting>, _cx: &mut Context) -> Result<Json<Greeting>> {
//!     Ok(Json(Greeting { name: format!("Hello, {}", greeting.name) }))
//! }
//!
//! async fn forget(_cx: &mut Context) -> Result<NoContent> {
//!     Ok(NoContent)
//! }
//!
//! let view = ApiView::new("Greeting").permissions(AllowAny).post(greet).delete(forget);
//! let router = Router::new().path("greeting/", view, "greeting");
//! # let _ = router;
//! ```
//!
//! # Setting the policies
//!
//! A view has authenticators, permissions, throttles, renderers and parsers. An action inherits
//! those that it does not set from its view, and a view from its site; [`Policies`] is such a set.
//! [`ApiView`] has a method for each, a view set DRF's `permission_classes` and its siblings, and
//! [`SiteBuilder`](crate::site::SiteBuilder) sets the defaults.
//!
//! # API reference
//!
//! - [`ApiView`]: a function for each method, DRF's `APIView` and `@api_view`
//! - [`PageView`]: a page for people, with CSRF protection and without DRF's policies, like
//!   Django's own views
//! - [`Policies`]: authenticators, permissions, throttles, renderers and parsers
//! - [`Valid`]: an argument, the body that passed a serializer without a model
//! - [`Json`], [`Item`], [`Items`], [`Page`], [`Created`], [`NoContent`], [`Response`]: what a handler
//!   may return
//! - [`StreamingResponse`], [`FileResponse`]: bodies that are written while they are sent: exports,
//!   server-sent events, downloads
//! - [`View`]: the trait behind all of them
//!
//! View sets are views too: [`viewsets`](crate::viewsets).
//!
//! # Arguments and results of your own
//!
//! A handler takes up to three arguments before its context. Implement [`FromContext`] for an
//! argument of your own type, and [`Answer`] for a result. Both describe themselves in the OpenAPI
//! document.

mod answer;
mod api_view;
mod dispatch;
mod exception_handler;
mod finalize;
mod input;
mod options;
mod page;
mod policies;
mod routes;
mod settled;
mod streaming;

use std::fmt;
use std::sync::Arc;

use actix_web::http::Method;
/// A boxed future of one thread: what [`View::handle`] and other object-safe methods return.
pub use futures_util::future::LocalBoxFuture;

pub use answer::{Answer, Created, Item, Items, Json, NoContent, Page};
pub use api_view::{ApiView, Handler};
pub use dispatch::Endpoint;
pub use exception_handler::{ErrorContext, ExceptionHandler};
pub use input::{FromContext, Valid};
pub use page::{PageInfo, PageView, form_of};
pub use policies::Policies;
pub use routes::{ViewSetRoute, ViewSetRoutes};
pub use streaming::{FileResponse, StreamingResponse};

use crate::db::ModelMeta;
use crate::exceptions::{ApiException, Result};
use crate::filters::QueryParameter;
use crate::pagination::Pagination;
use crate::request::{Action, Context, ViewContext};
use crate::response::Response;
use crate::serializers::{Description, ListSerializer};
use crate::values::debug_is_display;

/// An inconsistent view, reported when the site is built. `Debug` prints the same message as
/// `Display`.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[error("the view \"{view}\": {problem}")]
pub struct ViewError {
    view: String,
    problem: String,
}

impl ViewError {
    pub(crate) fn new(view: &str, problem: impl Into<String>) -> Self {
        Self { view: view.to_owned(), problem: problem.into() }
    }
}

debug_is_display!(ViewError);

/// The order of methods in `Allow`.
pub(crate) const ORDER: [Method; 8] = [
    Method::GET,
    Method::POST,
    Method::PUT,
    Method::PATCH,
    Method::DELETE,
    Method::HEAD,
    Method::OPTIONS,
    Method::TRACE,
];

/// Responds to requests.
///
/// [`ApiView`], [`PageView`] and view sets implement it; implement it yourself only for a view that
/// none of them can express. Policies, HEAD, OPTIONS, unknown methods and errors are handled before
/// and after [`View::handle`]. By default, a view is not in the OpenAPI document.
///
/// ```
/// use quintet::http::Method;
/// use quintet::prelude::*;
/// use quintet::views::{LocalBoxFuture, View, ViewInfo};
///
/// /// Returns the path of the request.
/// struct Echo(ViewInfo);
///
/// impl View for Echo {
///     fn info(&self) -> &ViewInfo {
///         &self.0
///     }
///
///     fn handle<'a>(&'a self, cx: &'a mut Context) -> LocalBoxFuture<'a, Result<Response>> {
///         Box::pin(async move { Response::new(&cx.request.path) })
///     }
/// }
///
/// let view = Echo(ViewInfo::new("Echo", [Method::GET]));
/// let router = Router::new().path("echo/", view, "echo");
/// # let _ = router;
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a view",
    label = "this type has no `View` implementation",
    note = "make an `ApiView`, or register a view set with a router"
)]
pub trait View: Send + Sync + 'static {
    /// The description, made once when the site is built.
    fn info(&self) -> &ViewInfo;

    /// Responds to a request whose method is in the description; HEAD arrives here if GET is.
    fn handle<'a>(&'a self, cx: &'a mut Context) -> LocalBoxFuture<'a, Result<Response>>;

    /// The authenticators, renderers and parsers of this request where they are not those of the
    /// description (`get_authenticators`, `get_renderers`, `get_parsers`). Called first, when nobody
    /// is known to be the user. `None`, the default, for the usual ones.
    fn request_policies(&self, _cx: &Context) -> Option<Policies> {
        None
    }

    /// The permissions and throttles of this request where they are not those of the description
    /// (`get_permissions`, `get_throttles`). Called once the user is known. `None`, the default, for
    /// the usual ones.
    fn access_policies(&self, _cx: &Context) -> Option<Policies> {
        None
    }

    /// Turns an error into a response, or returns it, which makes it the usual one
    /// (`handle_exception`); the default.
    ///
    /// # Errors
    /// The error whose usual response is sent.
    fn handle_exception(&self, error: ApiException, _cx: &Context) -> Result<Response> {
        Err(error)
    }

    /// Changes the response before it is rendered (`finalize_response`); by default, nothing.
    fn finalize_response(&self, response: Response, _cx: &Context) -> Response {
        response
    }

    /// The serializer of what a method of this request reads (`get_serializer`), for the `actions` of
    /// OPTIONS. By default, what the OpenAPI document says.
    fn serializer(&self, method: &Method, _cx: &Context) -> Option<&'static Description> {
        let operations = self.operations();
        let found = operations.iter().find(|operation| operation.method == *method)?;
        found.request
    }

    /// Looks for the object that the URL names (`get_object`), which OPTIONS does before it says what a
    /// PUT may send. By default, there is none to look for.
    ///
    /// # Errors
    /// 404 if there is no such object, 403 or 401 if a permission refuses it.
    fn find_object<'a>(&'a self, _cx: &'a mut Context) -> LocalBoxFuture<'a, Result<()>> {
        Box::pin(std::future::ready(Ok(())))
    }

    /// What the OpenAPI document says about the view; empty, the default, leaves it out.
    fn operations(&self) -> Vec<OperationInfo> {
        Vec::new()
    }
}

/// What the OpenAPI document says about one method of a view.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct OperationInfo {
    /// The method.
    pub method: Method,
    /// The action of a view set; `None` for another view.
    pub action: Option<Action>,
    /// The description, for people.
    pub description: &'static str,
    /// What the body holds.
    pub request: Option<&'static Description>,
    /// Whether nothing is required of the body.
    pub partial: bool,
    /// How long a list may be that the body holds in place of an object, and the response likewise.
    pub list: Option<ListSerializer>,
    /// The status of the response.
    pub status: u16,
    /// What the response holds.
    pub response: ResponseInfo,
    /// What the query string may hold.
    pub parameters: Vec<QueryParameter>,
    /// How a page of rows is made.
    pub lists: Option<Lists>,
}

/// What a response holds, as shown in the OpenAPI document.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum ResponseInfo {
    /// No body.
    Nothing,
    /// A body of unknown form.
    Anything,
    /// An object.
    One(&'static Description),
    /// An array of objects.
    All(&'static Description),
    /// A page of objects, as the pagination has it; an array where there is none.
    Page(&'static Description),
}

/// How a list is paginated, as shown in the OpenAPI document.
#[derive(Debug, Clone)]
pub struct Lists {
    /// How the rows are split.
    pub pagination: Arc<dyn Pagination>,
    /// Whether the site's ordering filter, if it has one, is a parameter too.
    pub ordering_by_default: bool,
}

impl OperationInfo {
    /// Describes a method that takes no body and returns 200 without one.
    pub fn new(method: Method) -> Self {
        Self {
            method,
            action: None,
            description: "",
            request: None,
            partial: false,
            list: None,
            status: 200,
            response: ResponseInfo::Nothing,
            parameters: Vec::new(),
            lists: None,
        }
    }
}

/// The description of a view, made once when the site is built.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct ViewInfo {
    /// Its name in words: `Artist List`.
    pub name: String,
    /// What it does, for people.
    pub description: String,
    /// The methods with handlers, in the order of `Allow`. HEAD and OPTIONS need not be among them.
    pub methods: Vec<Method>,
    /// The methods that are not refused whatever has a handler, in the order of `Allow`
    /// (`http_method_names`); `None` for all.
    pub http_method_names: Option<&'static [Method]>,
    /// Whether HEAD is refused although there is a GET, as in a view of `@api_view(["GET"])`.
    pub no_head: bool,
    /// Whether `ATOMIC_REQUESTS` opens no transaction (`transaction.non_atomic_requests`).
    pub non_atomic: bool,
    /// The actions behind the methods, for view sets.
    pub actions: Vec<(Method, Action)>,
    /// What policies may know about it.
    pub context: Arc<ViewContext>,
    /// Its policies; those not set are inherited from the site.
    pub policies: Policies,
    /// Policies of single methods; those not set are inherited from the view.
    pub method_policies: Vec<(Method, Policies)>,
    /// Set if this is a page: a view of Django's kind instead of DRF's.
    pub page: Option<PageInfo>,
    /// The models of the rows that it shows.
    pub(crate) models: Vec<&'static ModelMeta>,
    /// Why a site cannot start with it.
    pub(crate) problem: Option<ViewError>,
}

impl ViewInfo {
    /// Describes a view with handlers for these methods.
    pub fn new(name: impl Into<String>, methods: impl IntoIterator<Item = Method>) -> Self {
        let name = name.into();
        let context = ViewContext { name: name.clone(), ..ViewContext::default() };
        let mut info = Self { name, context: Arc::new(context), ..Self::default() };
        methods.into_iter().for_each(|method| info.add_method(method));
        info
    }

    /// Adds a method, in the order of `Allow`.
    pub fn add_method(&mut self, method: Method) {
        if !self.methods.contains(&method) {
            self.methods.push(method);
            self.methods.sort_by_key(|m| ORDER.iter().position(|o| o == m).unwrap_or(ORDER.len()));
        }
    }

    /// The action behind a method.
    pub fn action(&self, method: &Method) -> Option<Action> {
        self.actions.iter().find(|(own, _)| own == method).map(|(_, action)| *action)
    }

    /// Whether the view responds to a method. The handler of GET also responds to HEAD.
    pub fn answers(&self, method: &Method) -> bool {
        if !self.permits(method) {
            return false;
        }
        let has_head = || !self.no_head && self.methods.contains(&Method::GET);
        self.methods.contains(method) || *method == Method::HEAD && has_head()
    }

    /// Whether `http_method_names` has a method.
    pub(crate) fn permits(&self, method: &Method) -> bool {
        self.http_method_names.is_none_or(|names| names.contains(method))
    }

    /// The methods in `Allow`: those that the view responds to, and OPTIONS.
    pub fn allowed_methods(&self) -> Vec<Method> {
        let has = |method: &Method| {
            self.answers(method) || *method == Method::OPTIONS && self.permits(method)
        };
        if let Some(names) = self.http_method_names {
            return names.iter().filter(|method| has(method)).cloned().collect();
        }
        let others = self.methods.iter().filter(|method| !ORDER.contains(method));
        ORDER.iter().filter(|method| has(method)).chain(others).cloned().collect()
    }
}

impl fmt::Debug for dyn View {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("View").field("name", &self.info().name).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: &[Method] = &[Method::HEAD, Method::POST, Method::GET];

    #[test]
    fn allow_names_head_with_get_and_options_always() {
        let allow = |methods: &[Method]| {
            let info = ViewInfo::new("x", methods.to_vec());
            info.allowed_methods().iter().map(Method::as_str).collect::<Vec<_>>().join(", ")
        };
        assert_eq!(allow(&[Method::POST, Method::GET]), "GET, POST, HEAD, OPTIONS");
        assert_eq!(allow(&[Method::DELETE, Method::PUT]), "PUT, DELETE, OPTIONS");
        assert_eq!(allow(&[]), "OPTIONS");
        let all = [Method::GET, Method::POST, Method::PUT];
        let info = ViewInfo { http_method_names: Some(NAMES), ..ViewInfo::new("x", all) };
        assert_eq!(info.allowed_methods(), NAMES);
        assert!(!info.answers(&Method::PUT) && !info.permits(&Method::OPTIONS));
        let info = ViewInfo { no_head: true, ..ViewInfo::new("x", [Method::GET]) };
        assert_eq!(info.allowed_methods(), [Method::GET, Method::OPTIONS]);
    }
}
