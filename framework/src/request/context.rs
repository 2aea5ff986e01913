//! Everything that a view needs to respond to a request.

mod carried;
mod data;
mod files;
mod session;
mod user;

pub(crate) use carried::Carried;
pub(crate) use files::Storages;
pub use user::Auth;

use std::any::Any;
use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use actix_web::http::Method;
use futures_util::future::LocalBoxFuture;

use super::kept::Kept;
use super::{Action, CsrfState, Noun, Quota, Request, ResolverMatch};
use crate::auth::{Account, DynObjectPermissionBackend, PasswordHashers, UserMeta};
use crate::cache::{Counters, Pages};
use crate::db::{ColumnMeta, Conn, ModelMeta};
use crate::exceptions::{ApiException, Result};
use crate::negotiation::{Accepted, ContentNegotiation, Offer};
use crate::parsers::{Data, Parser};
use crate::response::Stored;
use crate::reverse::{LinkVersion, Origin, Urls};
use crate::sessions::Session;
use crate::settings::{FormatSettings, Settings};

/// What policies may know about the view: its name, lookup and model.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct ViewContext {
    /// The view's name: `Artist`.
    pub name: String,
    /// The beginning of its URL names: `artist` in `artist-list`.
    pub basename: String,
    /// Whether it is a URL of one object.
    pub detail: bool,
    /// The field that an object is looked up by.
    pub lookup_field: String,
    /// The capture that holds the value.
    pub lookup_kwarg: String,
    /// The model whose permissions apply to the view.
    pub model: Option<&'static ModelMeta>,
    /// Whether model permissions allow every request, as for the root of a router, which belongs to
    /// no model.
    pub ignore_model_permissions: bool,
    /// The key around its bodies.
    pub noun: Option<Noun>,
    /// The captures that name parents of its rows, each with the model and the column of its value.
    pub parents: Vec<(&'static str, &'static ModelMeta, &'static ColumnMeta)>,
}

/// Checks object permissions; the permissions of a view implement it.
pub(crate) trait ObjectGuard: Send + Sync {
    /// Whether a permission may refuse an object that the request may otherwise access.
    fn looks_at_objects(&self) -> bool;

    /// 403 or 401 if a permission refuses the object.
    fn check<'a>(
        &'a self,
        cx: &'a mut Context,
        object: &'a dyn Any,
    ) -> LocalBoxFuture<'a, Result<()>>;
}

/// State shared by all requests of a site.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    pub(crate) settings: Settings,
    /// Whether the settings have formats that are not the defaults.
    pub(crate) own_formats: bool,
    pub(crate) urls: Urls,
    /// The user model; Django's own if the site sets none.
    pub(crate) users: Option<Arc<UserMeta>>,
    /// The backends of object permissions.
    pub(crate) object_permissions: Vec<Arc<dyn DynObjectPermissionBackend>>,
    /// The threads that hash passwords.
    pub(crate) hashers: PasswordHashers,
    /// The site's state for generic views.
    pub(crate) generics: Option<Arc<dyn Any + Send + Sync>>,
    /// The logs of throttles.
    pub(crate) counters: Counters,
    /// Where files are stored.
    pub(crate) storages: Storages,
    /// The responses that are kept.
    pub(crate) pages: Pages<Stored>,
    /// The authentication backends, if the site names any.
    pub(crate) backends: Option<Arc<dyn Any + Send + Sync>>,
    /// The keys of JSON web tokens.
    #[cfg(feature = "jwt")]
    pub(crate) tokens: Option<Arc<dyn Any + Send + Sync>>,
}

/// What dispatch passes to the request before the view runs.
#[derive(Clone)]
pub(crate) struct Equipment {
    pub(crate) view: Arc<ViewContext>,
    pub(crate) parsers: Vec<Arc<dyn Parser>>,
    /// What chooses among them, if it is not the usual way.
    pub(crate) negotiation: Option<Arc<dyn ContentNegotiation>>,
    pub(crate) guard: Arc<dyn ObjectGuard>,
    /// Whether the view has authenticators; if not, a refusal is a 403.
    pub(crate) has_authenticators: bool,
    /// The scope that the view names for [`ScopedRateThrottle`](crate::throttling).
    pub(crate) throttle_scope: Option<String>,
}

/// The version of a request, as its view's scheme determined it.
#[derive(Debug, Clone)]
pub(crate) struct Versioned {
    pub(crate) version: Option<String>,
    /// How links carry it.
    pub(crate) links: Option<LinkVersion>,
}

/// The state of a request before its view runs: see [`Context::restore`].
#[derive(Clone, Copy)]
pub(crate) struct BeforeView {
    session: bool,
    user_changes: u32,
}

/// Whether keys that a filter names are looked up at once. A list defers it: rows that are found
/// prove that the keys exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Deferred {
    /// They are looked up at once.
    #[default]
    Refused,
    /// They need not be.
    Allowed,
    /// They were not.
    Taken,
}

/// A request on its way through a view, with its user and its database connection: what DRF's
/// `self`, `request` and `self.request` are together. It dereferences to [`Conn`].
///
/// Every hook and handler takes it, as `cx: &mut Context` or `&Context`.
///
/// ```
/// use quintet::prelude::*;
///
/// async fn profile(cx: &mut Context) -> Result<Response> {
///     let Some(name) = cx.user().map(|user| user.username.clone()) else {
///         return Err(ApiException::NotAuthenticated(None));
///     };
///     let staff = cx.user_in_group("staff").await?;
///     let books = cx.reverse("book-list", &[])?;
///     Response::new(&serde_json::json!({ "name": name, "staff": staff, "books": books }))
/// }
///
/// let view = ApiView::new("Profile").get(profile);
/// # let _ = view;
/// ```
pub struct Context {
    /// The request.
    pub request: Box<Request>,
    pub(crate) conn: Conn,
    pub(crate) shared: Arc<Shared>,
    pub(crate) equipment: Option<Arc<Equipment>>,
    pub(crate) action: Option<Action>,
    pub(crate) accepted: Option<Accepted>,
    pub(crate) accepted_renderer: Option<Offer<'static>>,
    pub(crate) versioned: Option<Box<Versioned>>,
    /// The declarations of the view set, made when the site was built.
    pub(crate) generic: Option<Arc<dyn Any + Send + Sync>>,
    pub(crate) deferred: Deferred,
    /// How many rows were read for the last page.
    pub(crate) rows_read: usize,
    /// What is made once for the request.
    pub(crate) kept: Kept,
    user: Option<Account>,
    auth: Option<Auth>,
    /// How many times the user was set.
    user_changes: u32,
    pub(super) data: Option<Data>,
    /// Why there is none, until a view asks.
    pub(super) refused_data: Option<ApiException>,
    vary: Vec<&'static str>,
    quota: Option<Box<Quota>>,
    /// Once it was asked for.
    pub(crate) session: Option<Box<Session>>,
    /// Once a token was made.
    pub(crate) csrf: Option<Box<CsrfState>>,
}

impl Context {
    pub(crate) fn new(request: Box<Request>, conn: Conn, shared: Arc<Shared>) -> Self {
        Self {
            request,
            conn,
            shared,
            equipment: None,
            action: None,
            accepted: None,
            accepted_renderer: None,
            versioned: None,
            generic: None,
            deferred: Deferred::Refused,
            rows_read: 0,
            kept: Kept::default(),
            user: None,
            auth: None,
            user_changes: 0,
            data: None,
            refused_data: None,
            vary: Vec::new(),
            quota: None,
            session: None,
            csrf: None,
        }
    }

    /// Saves the state that a view must find unchanged if it runs again.
    pub(crate) fn before_view(&self) -> BeforeView {
        BeforeView { session: self.session.is_some(), user_changes: self.user_changes }
    }

    /// Undoes what a view did to the request after its transaction was rolled back, so that it can
    /// run again. False if that is impossible: it logged somebody in or out, or changed an existing
    /// session.
    pub(crate) fn restore(&mut self, before: BeforeView) -> bool {
        if self.user_changes != before.user_changes {
            return false;
        }
        if before.session {
            return !self.session.as_ref().is_some_and(|session| session.is_modified());
        }
        self.session = None;
        true
    }

    /// What policies may know about the view.
    pub fn view(&self) -> Arc<ViewContext> {
        self.equipment.as_ref().map(|equipment| Arc::clone(&equipment.view)).unwrap_or_default()
    }

    /// The current view set action; `None` outside view sets.
    pub fn action(&self) -> Option<Action> {
        self.action
    }

    /// The method whose handler runs: GET for a HEAD.
    pub fn handler_method(&self) -> &Method {
        handler_method(&self.request.method)
    }

    /// The view's scope for throttles (`throttle_scope`).
    pub fn throttle_scope(&self) -> Option<&str> {
        self.equipment.as_ref().and_then(|equipment| equipment.throttle_scope.as_deref())
    }

    /// The formats of fields, if the site sets some.
    pub(crate) fn own_formats(&self) -> Option<&FormatSettings> {
        self.shared.own_formats.then_some(&self.shared.settings.formats)
    }

    /// The settings of the site.
    pub fn settings(&self) -> &Settings {
        &self.shared.settings
    }

    /// The named URLs of the site.
    pub fn urls(&self) -> &Urls {
        &self.shared.urls
    }

    /// The media type of the response, with the client's parameters.
    pub fn accepted_media_type(&self) -> Option<&str> {
        self.accepted.as_ref().map(|accepted| accepted.media_type.as_str())
    }

    /// The renderer that was negotiated (`request.accepted_renderer`): its media type and its format.
    pub fn accepted_renderer(&self) -> Option<Offer<'static>> {
        self.accepted_renderer
    }

    /// The version that the request asks for (`request.version`), as the view's
    /// [versioning](crate::versioning) determined it; `None` without one.
    pub fn version(&self) -> Option<&str> {
        self.versioned.as_deref()?.version.as_deref()
    }

    /// The beginning and end of every link in this response.
    pub fn origin(&self) -> Origin {
        let format = &self.settings().rest_framework.url_format_override;
        let mut origin = self.request.origin_of(format.as_deref());
        if let Some(versioned) = &self.versioned {
            origin.version.clone_from(&versioned.links);
        }
        origin
    }

    /// The absolute URL of a name (`reverse(name, kwargs=params, request=request)`): it keeps the
    /// request's `?format=`, but no format suffix.
    ///
    /// # Errors
    /// 500 if no URL has this name and takes these values.
    pub fn reverse(&self, name: &str, params: &[(&str, &str)]) -> Result<String> {
        self.urls().reverse(&self.origin(), name, params).map_err(ApiException::internal)
    }

    /// The absolute URL of an action of this view set (`reverse_action`): `"tracks"` for
    /// `album-tracks`.
    ///
    /// # Errors
    /// 500 if there is no such action that takes these values.
    pub fn reverse_action(&self, url_name: &str, params: &[(&str, &str)]) -> Result<String> {
        let name = format!("{}-{url_name}", self.view().basename);
        match self.request.resolver_match().and_then(ResolverMatch::namespace) {
            Some(namespace) => self.reverse(&format!("{namespace}:{name}"), params),
            None => self.reverse(&name, params),
        }
    }

    /// The absolute URL that a hyperlink field writes: like [`Context::reverse`], with the
    /// request's format suffix.
    ///
    /// # Errors
    /// 500 if no URL has this name and takes these values.
    pub fn hyperlink(&self, name: &str, params: &[(&str, &str)]) -> Result<String> {
        self.urls().hyperlink(&self.origin(), name, params).map_err(ApiException::internal)
    }

    /// Adds a request header to `Vary`, because the response depends on it.
    pub fn vary_on(&mut self, header: &'static str) {
        if !self.vary.contains(&header) {
            self.vary.push(header);
        }
    }

    /// Records a throttle's remaining quota; the response reports the smallest one.
    pub fn note_quota(&mut self, quota: Quota) {
        let least = |noted: &Quota| (noted.remaining, std::cmp::Reverse(noted.reset));
        if self.quota.as_ref().is_none_or(|noted| least(&quota) < least(noted)) {
            self.quota = Some(Box::new(quota));
        }
    }

    /// The remaining quota, if a throttle recorded one.
    pub(crate) fn quota(&self) -> Option<&Quota> {
        self.quota.as_deref()
    }

    /// The headers added to `Vary` so far.
    pub(crate) fn varies_on(&self) -> &[&'static str] {
        &self.vary
    }
}

/// The method whose handler runs: GET for a HEAD.
pub(crate) fn handler_method(method: &Method) -> &Method {
    if *method == Method::HEAD { &Method::GET } else { method }
}

impl Deref for Context {
    type Target = Conn;

    fn deref(&self) -> &Conn {
        &self.conn
    }
}

impl DerefMut for Context {
    fn deref_mut(&mut self) -> &mut Conn {
        &mut self.conn
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context")
            .field("request", &self.request)
            .field("action", &self.action)
            .finish_non_exhaustive()
    }
}

/// Contexts as dispatch makes them, for the tests of policies.
#[cfg(test)]
pub(crate) mod testing {
    use super::*;
    use crate::auth::User;
    use crate::parsers;

    struct Nobody;

    impl ObjectGuard for Nobody {
        fn looks_at_objects(&self) -> bool {
            false
        }

        fn check<'a>(
            &'a self,
            _: &'a mut Context,
            _: &'a dyn Any,
        ) -> LocalBoxFuture<'a, Result<()>> {
            Box::pin(std::future::ready(Ok(())))
        }
    }

    /// A request of a user to a view; policies that ask the database have none to ask.
    pub(crate) fn context(method: Method, user: Option<User>, view: ViewContext) -> Context {
        let request = Request::new(method, "/");
        let mut cx =
            Context::new(Box::new(request), Conn::for_tests(), Arc::new(Shared::default()));
        cx.equipment = Some(Arc::new(Equipment {
            view: Arc::new(view),
            parsers: vec![Arc::new(parsers::FormParser)],
            negotiation: None,
            guard: Arc::new(Nobody),
            has_authenticators: true,
            throttle_scope: None,
        }));
        cx.set_user(user.map(Account::from), None);
        cx
    }
}

#[cfg(test)]
mod tests {
    use super::testing::context;
    use super::*;

    #[test]
    fn a_view_runs_again_unless_it_changed_the_user_or_a_session_that_was_there() {
        let mut cx = context(Method::POST, None, ViewContext::default());
        let before = cx.before_view();
        assert!(cx.restore(before));
        // a session that the view asked for is asked for again
        cx.session = Some(Box::default());
        assert!(cx.restore(before) && cx.session.is_none());
        cx.session = Some(Box::default());
        let before = cx.before_view();
        assert!(cx.restore(before));
        cx.session.as_mut().unwrap().set("visits", 1);
        assert!(!cx.restore(before));
        let before = cx.before_view();
        cx.session = Some(Box::default());
        cx.set_user(Some(crate::auth::testing::user().into()), None);
        assert!(!cx.restore(before));
    }

    #[test]
    fn vary_names_each_header_once() {
        let mut cx = context(Method::GET, None, ViewContext::default());
        cx.vary_on("Cookie");
        cx.vary_on("Cookie");
        assert_eq!(cx.varies_on(), ["Cookie"]);
    }
}
