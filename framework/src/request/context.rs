//! All that a view has at hand while it answers one request.

use std::any::Any;
use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use actix_web::http::Method;
use futures_util::future::LocalBoxFuture;

use super::{Action, CsrfState};
use super::{Body, Quota, Request};
use crate::auth::{
    Account, DynObjectPermissionBackend, PasswordHashers, User, UserMeta, UserModel,
};
use crate::cache::Counters;
use crate::db::{Conn, Error, ModelMeta};
use crate::exceptions::{ApiException, DENIED, Detail, Result};
use crate::negotiation::{self, Accepted};
use crate::parsers::{self, Data, Parser, ParserContext};
use crate::reverse::{Origin, Urls};
use crate::sessions::Session;
use crate::settings::Settings;
use crate::signing::Keys;

/// What a policy may know of the view that asks it.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct ViewContext {
    /// The view's name: `Artist`.
    pub name: String,
    /// What the router's names start with: `artist` in `artist-list`.
    pub basename: String,
    /// True for addresses of one object.
    pub detail: bool,
    /// The column that an object is looked up by.
    pub lookup_field: String,
    /// The capture that holds the value.
    pub lookup_kwarg: String,
    /// The model whose permissions guard the view.
    pub model: Option<&'static ModelMeta>,
    /// True for a view that belongs to no model, as the root of a router: model permissions let
    /// everybody pass.
    pub ignore_model_permissions: bool,
}

/// How a request proved who sends it (`request.auth`): a token, a claim.
pub struct Auth {
    scheme: &'static str,
    value: Box<dyn Any>,
}

impl Auth {
    /// A proof of a scheme: `Auth::new("Token", key)`.
    pub fn new(scheme: &'static str, value: impl Any) -> Self {
        Self { scheme, value: Box::new(value) }
    }

    /// The scheme's name.
    pub fn scheme(&self) -> &'static str {
        self.scheme
    }

    /// The proof, when it is of this type.
    pub fn get<T: Any>(&self) -> Option<&T> {
        self.value.downcast_ref()
    }
}

impl fmt::Debug for Auth {
    /// Without the proof, which is a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Auth").field("scheme", &self.scheme).finish_non_exhaustive()
    }
}

/// Asks a view's permissions about an object; the permissions of the view implement it.
pub(crate) trait ObjectGuard: Send + Sync {
    /// True when a permission may refuse an object that the request may otherwise reach.
    fn looks_at_objects(&self) -> bool;

    /// 403 or 401 when a permission refuses the object.
    fn check<'a>(
        &'a self,
        cx: &'a mut Context,
        object: &'a dyn Any,
    ) -> LocalBoxFuture<'a, Result<()>>;
}

/// What all requests of a site share.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    pub(crate) settings: Settings,
    pub(crate) urls: Urls,
    /// The user model; Django's own where the site has none.
    pub(crate) users: Option<Arc<UserMeta>>,
    /// Who knows of permissions for single objects.
    pub(crate) object_permissions: Vec<Arc<dyn DynObjectPermissionBackend>>,
    /// The threads that hash passwords.
    pub(crate) hashers: PasswordHashers,
    /// What the floor of generic views keeps for a site.
    pub(crate) generics: Option<Arc<dyn Any + Send + Sync>>,
    /// The logs of throttles.
    pub(crate) counters: Counters,
    /// The keys of JSON web tokens, which authentication keeps for a site.
    #[cfg(feature = "jwt")]
    pub(crate) tokens: Option<Arc<dyn Any + Send + Sync>>,
}

/// What dispatch hands to the request before the view runs.
pub(crate) struct Equipment {
    pub(crate) view: Arc<ViewContext>,
    pub(crate) parsers: Vec<Arc<dyn Parser>>,
    pub(crate) guard: Arc<dyn ObjectGuard>,
    /// False when the view asks nobody who the client is: a refusal is 403 then.
    pub(crate) has_authenticators: bool,
    /// The scope that the view names for [`ScopedRateThrottle`](crate::throttling).
    pub(crate) throttle_scope: Option<String>,
}

/// Of a request before its view runs: see [`Context::restore`].
#[derive(Clone, Copy)]
pub(crate) struct BeforeView {
    session: bool,
    user_changes: u32,
}

/// Whether keys that a filter names are looked up at once. A list puts it off: rows that are found
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

/// A request on its way through a view, with the connection it works on. Dereferences to
/// [`Conn`].
pub struct Context {
    /// The request.
    pub request: Box<Request>,
    pub(crate) conn: Conn,
    pub(crate) shared: Arc<Shared>,
    pub(crate) equipment: Option<Arc<Equipment>>,
    pub(crate) action: Option<Action>,
    pub(crate) accepted: Option<Accepted>,
    /// What the view set declares, made when the site was built.
    pub(crate) generic: Option<Arc<dyn Any + Send + Sync>>,
    pub(crate) deferred: Deferred,
    /// How many rows the last page was made of.
    pub(crate) rows_read: usize,
    user: Option<Account>,
    auth: Option<Auth>,
    /// How often it was said who the user is.
    user_changes: u32,
    data: Option<Data>,
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
            generic: None,
            deferred: Deferred::Refused,
            rows_read: 0,
            user: None,
            auth: None,
            user_changes: 0,
            data: None,
            vary: Vec::new(),
            quota: None,
            session: None,
            csrf: None,
        }
    }

    /// The session of the client, loaded when it is first asked for: one statement, none where the
    /// client sends no cookie. What changes is stored with the answer. The answer depends on the
    /// cookie from now on, and says so in `Vary`.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn session(&mut self) -> Result<&mut Session> {
        self.load_session().await?;
        Ok(self.session.get_or_insert_default())
    }

    /// Loads the session, unless it was asked for before.
    async fn load_session(&mut self) -> Result<(), Error> {
        self.vary_on("Cookie");
        if self.session.is_none() {
            let settings = &self.shared.settings;
            let session = match self.session_cookie() {
                Some(key) => Session::load(&self.conn, &key, Keys::of(settings)).await?,
                None => Session::new(),
            };
            self.session = Some(Box::new(session));
        }
        Ok(())
    }

    /// The session, unless the site keeps none: its client's cookie is somebody else's then, as on
    /// a machine where several sites are tried out.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub(crate) async fn session_if_kept(&mut self) -> Result<Option<&mut Session>> {
        match self.load_session().await {
            Ok(()) => Ok(self.session.as_deref_mut()),
            Err(error) if error.is_missing_table("django_session") => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// False where there is neither a session nor a cookie of one, so that nothing needs loading.
    pub(crate) fn may_have_session(&self) -> bool {
        self.session.is_some() || self.session_cookie().is_some()
    }

    fn session_cookie(&self) -> Option<String> {
        self.request.cookie(&self.shared.settings.session.cookie_name)
    }

    /// The user who sends the request; `None` for an anonymous one. On a site with a user model of
    /// its own it is [`Context::user_as`].
    pub fn user(&self) -> Option<&User> {
        self.user_as()
    }

    /// The user who sends the request, as a row of the project's user model; `None` for an
    /// anonymous one, and for a model that is not the site's.
    pub fn user_as<M: UserModel>(&self) -> Option<&M> {
        self.user.as_ref().and_then(Account::get)
    }

    /// The user who sends the request, whatever the user model is; `None` for an anonymous one.
    pub fn account(&self) -> Option<&Account> {
        self.user.as_ref()
    }

    /// The user model of the site.
    pub fn user_meta(&self) -> Arc<UserMeta> {
        self.shared.users.clone().unwrap_or_else(UserMeta::djangos)
    }

    /// True when the request proved who sends it.
    pub fn is_authenticated(&self) -> bool {
        self.user.is_some()
    }

    /// How the user was recognised, when the authenticator says so.
    pub fn auth(&self) -> Option<&Auth> {
        self.auth.as_ref()
    }

    /// Makes the request one of this user (`force_authenticate`).
    pub fn set_user(&mut self, user: Option<Account>, auth: Option<Auth>) {
        self.user = user;
        self.auth = auth;
        self.user_changes = self.user_changes.wrapping_add(1);
    }

    /// What a view that is run again must find as it was.
    pub(crate) fn before_view(&self) -> BeforeView {
        BeforeView { session: self.session.is_some(), user_changes: self.user_changes }
    }

    /// Takes back what a view did to the request, whose transaction was rolled back, so that it can
    /// run again. False where that cannot be done: it logged somebody in or out, or changed a
    /// session that was there before.
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

    /// True when the user is active and has every one of these permissions
    /// (`user.has_perms(["store.add_artist"])`). An anonymous user has none. The first question
    /// takes a statement, later ones of the same request take none.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn user_has_perms(&self, perms: &[impl AsRef<str>]) -> Result<bool> {
        match &self.user {
            Some(user) => user.has_perms(&self.conn, perms).await,
            None => Ok(perms.is_empty()),
        }
    }

    /// True when the user has every one of these permissions for an object
    /// (`user.has_perms(perms, obj)`), as the site's backends know. An anonymous user has none.
    ///
    /// # Errors
    /// When a backend cannot say.
    pub async fn user_has_object_perms(&self, perms: &[String], object: &dyn Any) -> Result<bool> {
        let backends = &self.shared.object_permissions;
        match &self.user {
            Some(user) => user.has_object_perms(backends, &self.conn, perms, object).await,
            None => Ok(perms.is_empty()),
        }
    }

    /// True when the user is in the group of this name. An anonymous user is in none. The first
    /// question takes a statement, later ones of the same request take none.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn user_in_group(&self, name: &str) -> Result<bool> {
        match &self.user {
            Some(user) => Ok(user.group_names(&self.conn).await?.contains(name)),
            None => Ok(false),
        }
    }

    /// What is known of the view.
    pub fn view(&self) -> Arc<ViewContext> {
        self.equipment.as_ref().map(|equipment| Arc::clone(&equipment.view)).unwrap_or_default()
    }

    /// The action of a view set that answers; `None` in a view that is none.
    pub fn action(&self) -> Option<Action> {
        self.action
    }

    /// The method whose handler answers: GET for a HEAD.
    pub fn handler_method(&self) -> &Method {
        handler_method(&self.request.method)
    }

    /// The scope that the view names for its throttles (`throttle_scope`).
    pub fn throttle_scope(&self) -> Option<&str> {
        self.equipment.as_ref().and_then(|equipment| equipment.throttle_scope.as_deref())
    }

    /// The settings of the site.
    pub fn settings(&self) -> &Settings {
        &self.shared.settings
    }

    /// The names of the site's addresses.
    pub fn urls(&self) -> &Urls {
        &self.shared.urls
    }

    /// The media type that the answer will have, with the client's parameters.
    pub fn accepted_media_type(&self) -> Option<&str> {
        self.accepted.as_ref().map(|accepted| accepted.media_type.as_str())
    }

    /// What every link of this answer starts and ends with.
    pub fn origin(&self) -> Origin {
        self.request.origin()
    }

    /// The absolute address of a name (`reverse(name, kwargs=params, request=request)`): it keeps
    /// the request's `?format=`, but no format suffix.
    ///
    /// # Errors
    /// 500 when no address has this name and takes these values.
    pub fn reverse(&self, name: &str, params: &[(&str, &str)]) -> Result<String> {
        self.urls().reverse(&self.origin(), name, params).map_err(ApiException::internal)
    }

    /// The absolute address that a hyperlink field writes: as [`Context::reverse`], with the
    /// request's format suffix.
    ///
    /// # Errors
    /// 500 when no address has this name and takes these values.
    pub fn hyperlink(&self, name: &str, params: &[(&str, &str)]) -> Result<String> {
        self.urls().hyperlink(&self.origin(), name, params).map_err(ApiException::internal)
    }

    /// The data of the body (`request.data`), read by the parser that its type asks for. It
    /// shares the body's bytes and does not borrow from the context.
    ///
    /// # Errors
    /// 415 when no parser of the view reads the type, 400 when the parser refuses the body, and
    /// Django's 400 page when the body is longer than `DATA_UPLOAD_MAX_MEMORY_SIZE`. 500 before the
    /// view when the body is longer than 16 KiB and nobody called
    /// [`receive_body`](Context::receive_body).
    pub fn data(&mut self) -> Result<Data> {
        if let Some(data) = &self.data {
            return Ok(data.clone());
        }
        if self.request.incoming.is_some() {
            return Err(ApiException::internal(
                "the body has not been read yet: before the view, call `cx.receive_body().await` \
                 before `cx.data()`",
            ));
        }
        let data = self.parse()?;
        self.data = Some(data.clone());
        Ok(data)
    }

    fn parse(&self) -> Result<Data> {
        let content_type =
            self.request.headers.text(actix_web::http::header::CONTENT_TYPE).unwrap_or_default();
        if matches!(&self.request.body, Body::Read(bytes) if bytes.is_empty()) {
            return Ok(if parsers::is_form_media_type(&content_type) {
                Data::Form(super::QueryParams::default())
            } else {
                Data::Empty
            });
        }
        let parsers: &[_] = self.equipment.as_ref().map_or(&[], |equipment| &equipment.parsers);
        let media_types = parsers.iter().map(|parser| parser.media_type());
        let parser = negotiation::select_parser(media_types, &content_type)
            .and_then(|at| parsers.get(at))
            .ok_or_else(|| ApiException::UnsupportedMediaType(content_type.to_string()))?;
        let bytes = match &self.request.body {
            Body::Read(bytes) => bytes,
            Body::TooLarge => {
                return Err(ApiException::Suspicious(
                    "the body is longer than DATA_UPLOAD_MAX_MEMORY_SIZE",
                ));
            }
            Body::Broken => return Err(ApiException::Suspicious("the body broke off")),
        };
        let settings = self.settings();
        let context = ParserContext::new(&content_type, settings.data_upload_max_number_fields)
            .max_files(settings.data_upload_max_number_files);
        parser.parse(bytes, &context)
    }

    /// Asks the view's permissions about an object (`check_object_permissions`).
    ///
    /// # Errors
    /// 403, or 401 for a client that could still say who it is, when one refuses.
    pub async fn check_object_permissions<T: Any>(&mut self, object: &T) -> Result<()> {
        let Some(equipment) = &self.equipment else { return Ok(()) };
        if !equipment.guard.looks_at_objects() {
            return Ok(());
        }
        let guard = Arc::clone(&equipment.guard);
        guard.check(self, object).await
    }

    /// True when a permission of the view looks at objects, so that the stored row is needed
    /// before it is changed.
    pub fn has_object_permissions(&self) -> bool {
        self.equipment.as_ref().is_some_and(|equipment| equipment.guard.looks_at_objects())
    }

    /// The error of a refusal (`permission_denied`): 401 for a client that could still say who
    /// it is, else 403 with the permission's message and code, or the default ones.
    pub fn permission_denied(
        &self,
        message: Option<Detail>,
        code: Option<&'static str>,
    ) -> ApiException {
        let could_log_in = self.equipment.as_ref().is_some_and(|e| e.has_authenticators);
        if could_log_in && !self.is_authenticated() {
            return ApiException::NotAuthenticated(None);
        }
        match (message, code) {
            (None, None) => ApiException::PermissionDenied(None),
            (message, code) => ApiException::PermissionDenied(Some(
                message
                    .unwrap_or_else(|| DENIED.into())
                    .or_code(code.unwrap_or("permission_denied")),
            )),
        }
    }

    /// Notes that the answer depends on a request header, which `Vary` will name.
    pub fn vary_on(&mut self, header: &'static str) {
        if !self.vary.contains(&header) {
            self.vary.push(header);
        }
    }

    /// Notes what a throttle leaves to the client; the answer tells of the one that leaves least.
    pub fn note_quota(&mut self, quota: Quota) {
        let least = |noted: &Quota| (noted.remaining, std::cmp::Reverse(noted.reset));
        if self.quota.as_ref().is_none_or(|noted| least(&quota) < least(noted)) {
            self.quota = Some(Box::new(quota));
        }
    }

    /// What is left to the client, when a throttle has said.
    pub(crate) fn quota(&self) -> Option<&Quota> {
        self.quota.as_deref()
    }

    /// The headers noted so far.
    pub(crate) fn varies_on(&self) -> &[&'static str] {
        &self.vary
    }
}

/// The method whose handler answers: GET for a HEAD.
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
    use actix_web::http::header::{CONTENT_TYPE, HeaderValue};
    use actix_web::web::Bytes;

    use super::testing::context;
    use super::*;

    fn posted(content_type: &'static str, body: Body) -> Result<Data> {
        let mut cx = context(Method::POST, None, ViewContext::default());
        cx.request.headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        cx.request.body = body;
        cx.data()
    }

    const FORM: &str = "application/x-www-form-urlencoded";

    #[test]
    fn an_empty_body_is_empty_data_whatever_its_type() {
        let empty = || Body::Read(Bytes::new());
        assert!(matches!(posted("text/plain", empty()), Ok(Data::Empty)));
        assert!(matches!(posted("multipart/form-data; boundary=x", empty()), Ok(Data::Form(_))));
    }

    #[test]
    fn the_type_is_looked_at_before_the_length() {
        let status = |content_type, body| posted(content_type, body).unwrap_err().status();
        assert_eq!(status("text/plain", Body::TooLarge), 415);
        assert!(matches!(posted(FORM, Body::TooLarge), Err(ApiException::Suspicious(_))));
        assert!(matches!(posted(FORM, Body::Broken), Err(ApiException::Suspicious(_))));
    }

    #[test]
    fn a_refusal_asks_an_anonymous_client_to_log_in() {
        let denied = |user| {
            let cx = context(Method::GET, user, ViewContext::default());
            cx.permission_denied(Some("No tea.".into()), None).body()
        };
        let anonymous = "Authentication credentials were not provided.";
        assert_eq!(denied(None), serde_json::json!({ "detail": anonymous }));
        assert_eq!(
            denied(Some(crate::auth::testing::user())),
            serde_json::json!({ "detail": "No tea." })
        );
    }

    #[test]
    fn a_refusal_has_a_code_that_clients_do_not_see() {
        let cx = context(Method::GET, Some(crate::auth::testing::user()), ViewContext::default());
        let codes = |message, code| cx.permission_denied(message, code).detail().codes();
        assert_eq!(codes(None, None), "permission_denied");
        assert_eq!(codes(None, Some("tea")), "tea");
        assert_eq!(codes(Some("No tea.".into()), None), "permission_denied");
        assert_eq!(codes(Some(Detail::new("No tea.", "own")), Some("tea")), "own");
        let both = Detail::map([("reason", "no tea"), ("hint", "send some")]);
        let expected = serde_json::json!({"reason": "tea", "hint": "tea"});
        assert_eq!(codes(Some(both), Some("tea")), expected);
        let usual = cx.permission_denied(None, Some("tea")).body();
        assert_eq!(usual, ApiException::PermissionDenied(None).body());
    }

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
