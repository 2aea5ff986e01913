//! Views: what responds to a request, and the policies around it (`rest_framework.views`).
//!
//! Before its handler runs, a view negotiates the media type, authenticates the client, and asks its
//! permissions and throttles, in this order. Every error on the way becomes a response in DRF's words.
//! `Allow`, `Vary`, HEAD and OPTIONS are taken care of.
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
//! A view has authenticators, permissions, throttles, renderers and parsers. What an action does not
//! set is its view's, and what a view does not set is its site's; [`Policies`] is such a set.
//! [`ApiView`] has a method for each, a view set DRF's `permission_classes` and the like, and
//! [`SiteBuilder`](crate::site::SiteBuilder) sets the defaults.
//!
//! # API reference
//!
//! - [`ApiView`]: a function for each method, DRF's `APIView` and `@api_view`
//! - [`PageView`]: a page for people, with CSRF protection and without DRF's policies, as Django's
//!   own views
//! - [`Policies`]: what stands before a handler
//! - [`Valid`]: an argument, the body that passed a serializer without a model
//! - [`Json`], [`Item`], [`Items`], [`Page`], [`NoContent`], [`Response`]: what a handler may return
//! - [`View`]: the trait behind all of them
//!
//! View sets are views too: [`viewsets`](crate::viewsets).
//!
//! # Arguments and results of your own
//!
//! A handler takes up to three arguments before its context. [`FromContext`] makes one of a type of
//! your own, and [`Answer`] lets a handler return one. Both say what the OpenAPI document shows.

mod answer;
mod api_view;
mod dispatch;
mod input;
mod page;
mod policies;
mod routes;

use std::fmt;
use std::sync::Arc;

use actix_web::http::Method;
use futures_util::future::LocalBoxFuture;

pub use answer::{Answer, Item, Items, Json, NoContent, Page};
pub use api_view::{ApiView, Handler};
pub use dispatch::Endpoint;
pub use input::{FromContext, Valid};
pub use page::{PageInfo, PageView, form_of};
pub use policies::Policies;
pub use routes::{ViewSetRoute, ViewSetRoutes};

use crate::exceptions::Result;
use crate::filters::QueryParameter;
use crate::pagination::Pagination;
use crate::request::{Action, Context, ViewContext};
use crate::response::Response;
use crate::serializers::Description;

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

impl fmt::Debug for ViewError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The order of methods in `Allow`.
const ORDER: [Method; 8] = [
    Method::GET,
    Method::POST,
    Method::PUT,
    Method::PATCH,
    Method::DELETE,
    Method::HEAD,
    Method::OPTIONS,
    Method::TRACE,
];

/// What responds to requests.
///
/// View sets and [`ApiView`] implement it; policies, HEAD, OPTIONS, unknown methods and errors are
/// handled before and after [`View::handle`].
pub trait View: Send + Sync + 'static {
    /// The description, made once.
    fn info(&self) -> &ViewInfo;

    /// Responds to a request whose method is one of the description's; a HEAD arrives when GET is
    /// among them.
    fn handle<'a>(&'a self, cx: &'a mut Context) -> LocalBoxFuture<'a, Result<Response>>;

    /// What the document says of it; a view that says nothing is not in the document.
    fn operations(&self) -> Vec<OperationInfo> {
        Vec::new()
    }
}

/// What the document says of one method of a view.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct OperationInfo {
    /// The method.
    pub method: Method,
    /// The action of a view set; `None` for another view.
    pub action: Option<Action>,
    /// What people read.
    pub description: &'static str,
    /// What the body holds.
    pub request: Option<&'static Description>,
    /// The status of the response.
    pub status: u16,
    /// What the response holds.
    pub response: ResponseInfo,
    /// What the query string may hold.
    pub parameters: Vec<QueryParameter>,
    /// How a page of rows is made.
    pub lists: Option<Lists>,
}

/// What a response holds.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum ResponseInfo {
    /// No body.
    Nothing,
    /// A body that nothing is known of.
    Anything,
    /// An object.
    One(&'static Description),
    /// An array of objects.
    All(&'static Description),
    /// A page of objects, as the pagination has it; an array where there is none.
    Page(&'static Description),
}

/// How a page of rows is made.
#[derive(Debug, Clone)]
pub struct Lists {
    /// How the rows are split.
    pub pagination: Arc<dyn Pagination>,
    /// True when the site's ordering filter, where it has one, is a parameter too.
    pub ordering_by_default: bool,
}

impl OperationInfo {
    /// A method that takes nothing, and returns 200 without a body.
    pub fn new(method: Method) -> Self {
        Self {
            method,
            action: None,
            description: "",
            request: None,
            status: 200,
            response: ResponseInfo::Nothing,
            parameters: Vec::new(),
            lists: None,
        }
    }
}

/// What is known of a view.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct ViewInfo {
    /// Its name in words: `Artist List`.
    pub name: String,
    /// What it does, for people.
    pub description: String,
    /// The methods that it has handlers for, in the order of `Allow`. HEAD and OPTIONS need not
    /// be among them.
    pub methods: Vec<Method>,
    /// True where GET does not answer HEAD, as in a view of `@api_view(["GET"])`.
    pub no_head: bool,
    /// True where `ATOMIC_REQUESTS` opens no transaction (`transaction.non_atomic_requests`).
    pub non_atomic: bool,
    /// The actions behind the methods, for view sets.
    pub actions: Vec<(Method, Action)>,
    /// What policies may know of it.
    pub context: Arc<ViewContext>,
    /// Its policies; what it does not set is the site's.
    pub policies: Policies,
    /// Policies of single methods; what they do not set is the view's.
    pub method_policies: Vec<(Method, Policies)>,
    /// Set for a page: Django's view instead of DRF's.
    pub page: Option<PageInfo>,
    /// Why a site cannot start with it.
    pub(crate) problem: Option<ViewError>,
}

impl ViewInfo {
    /// A view with handlers for these methods.
    pub fn new(name: impl Into<String>, methods: impl IntoIterator<Item = Method>) -> Self {
        let name = name.into();
        let context = ViewContext { name: name.clone(), ..ViewContext::default() };
        let mut info = Self { name, context: Arc::new(context), ..Self::default() };
        methods.into_iter().for_each(|method| info.add_method(method));
        info
    }

    /// One method more, at its place.
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

    /// True when the view has a handler for a method; that of GET answers HEAD.
    pub fn answers(&self, method: &Method) -> bool {
        let has_head = || !self.no_head && self.methods.contains(&Method::GET);
        self.methods.contains(method) || *method == Method::HEAD && has_head()
    }

    /// The methods that `Allow` names: those that it answers, and OPTIONS.
    pub fn allowed_methods(&self) -> Vec<Method> {
        let has = |method: &Method| self.answers(method) || *method == Method::OPTIONS;
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

    #[test]
    fn allow_names_head_with_get_and_options_always() {
        let allow = |methods: &[Method]| {
            let info = ViewInfo::new("x", methods.to_vec());
            info.allowed_methods().iter().map(Method::as_str).collect::<Vec<_>>().join(", ")
        };
        assert_eq!(allow(&[Method::POST, Method::GET]), "GET, POST, HEAD, OPTIONS");
        assert_eq!(allow(&[Method::DELETE, Method::PUT]), "PUT, DELETE, OPTIONS");
        assert_eq!(allow(&[]), "OPTIONS");
        let info = ViewInfo { no_head: true, ..ViewInfo::new("x", [Method::GET]) };
        assert_eq!(info.allowed_methods(), [Method::GET, Method::OPTIONS]);
    }
}
