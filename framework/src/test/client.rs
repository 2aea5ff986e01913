//! A client of a site, without a socket.

use std::cell::RefCell;
use std::fmt;
use std::future::IntoFuture;
use std::net::{Ipv4Addr, SocketAddr};
use std::rc::Rc;
use std::sync::Arc;

use actix_http::{HttpMessage as _, Payload};
use actix_service::{IntoServiceFactory, Service as _, ServiceFactory as _, map_config};
use actix_web::App;
use actix_web::dev::{AppConfig, ServiceResponse};
use actix_web::http::header::{
    CONTENT_LENGTH, COOKIE, HOST, HeaderName, HeaderValue, LOCATION, SET_COOKIE,
};
use actix_web::http::{Method, Uri};
use futures_util::future::LocalBoxFuture;

use super::redirects::Target;
use super::request::{TestRequest, header, verbs};
use super::{HOST_NAME, SetCookie, TestResponse};
use crate::auth::{Account, UserModel};
use crate::authentication::{authenticate, login, logout};
use crate::exceptions::Result;
use crate::middleware;
use crate::request::{Context, ForcedUser, Marks};
use crate::response::Response;
use crate::reverse::iri_to_uri;
use crate::site::Site;

/// The most redirects that are followed (`django.test.Client`).
const MOST_REDIRECTS: usize = 20;

type Sent = LocalBoxFuture<'static, std::result::Result<ServiceResponse, actix_web::Error>>;

/// A client that sends requests through the whole stack of a site, and keeps its cookies
/// (`rest_framework.test.APIClient`). There is no socket: the requests go to the same `App` that
/// [`run_server`](Site::run_server) serves.
///
/// Requests come from `127.0.0.1` to the host `testserver`. CSRF checks are off, unless
/// [`enforce_csrf_checks`](Self::enforce_csrf_checks) turns them on.
///
/// ```
/// # use std::sync::Arc;
/// # use quintet::site::Site;
/// # async fn run(site: Arc<Site>) {
/// use quintet::test::ApiClient;
/// use serde_json::json;
///
/// let client = ApiClient::new(&site).await;
/// assert!(client.login("alice", "secret").await);
/// let response = client.post("/notes/").json(&json!({"title": "new idea"})).await;
/// assert_eq!(response.status(), 201);
/// assert_eq!(response.json(), json!({"id": 4, "title": "new idea"}));
/// # }
/// ```
#[doc(alias = "APIClient")]
pub struct ApiClient {
    site: Arc<Site>,
    app: Box<dyn Fn(actix_http::Request) -> Sent>,
    kept: RefCell<Kept>,
    skips_csrf: bool,
}

/// The state of a client that is sent with every request.
#[derive(Default)]
struct Kept {
    cookies: Vec<(String, String)>,
    credentials: Vec<(HeaderName, HeaderValue)>,
    user: Option<ForcedUser>,
}

verbs!(ApiClient);

impl ApiClient {
    /// Creates an anonymous client for a site.
    pub async fn new(site: &Arc<Site>) -> Self {
        let config = AppConfig::__priv_test_new(false, HOST_NAME.into(), address(80));
        let app = App::new().configure(site.configure()).into_factory();
        let app = map_config(app, move |()| config.clone()).new_service(()).await;
        let Ok(app) = app else { panic!("the site cannot be served: see the log") };
        let app = Rc::new(app);
        Self {
            site: Arc::clone(site),
            app: Box::new(move |request| Box::pin(app.call(request))),
            kept: RefCell::default(),
            skips_csrf: true,
        }
    }

    /// Turns on CSRF checks for requests of sessions, as for a browser
    /// (`APIClient(enforce_csrf_checks=True)`).
    #[must_use]
    pub fn enforce_csrf_checks(mut self) -> Self {
        self.skips_csrf = false;
        self
    }

    /// The site.
    pub fn site(&self) -> &Arc<Site> {
        &self.site
    }

    /// Logs in with a user name and a password: later requests use the session. False if the
    /// password is wrong or the account is inactive. No view runs.
    ///
    /// # Panics
    /// If the query fails, for example because there is no table of sessions.
    pub async fn login(&self, username: &str, password: &str) -> bool {
        let (username, password) = (username.to_owned(), password.to_owned());
        self.in_session(async move |cx| match authenticate(cx, &username, &password).await? {
            Some(account) => login(cx, account).await.map(|()| true),
            None => Ok(false),
        })
        .await
    }

    /// Logs this user in without a password: later requests use the session.
    ///
    /// # Panics
    /// If the user's model is not a valid user model, or the query fails.
    pub async fn force_login<M: UserModel + Clone>(&self, user: &M) {
        let account = account(user);
        self.in_session(async move |cx| login(cx, account).await).await;
    }

    /// Makes the client anonymous: ends its session, and removes its cookies, its
    /// [`credentials`](Self::credentials) and the user of
    /// [`force_authenticate`](Self::force_authenticate).
    ///
    /// # Panics
    /// When the database cannot be asked.
    pub async fn logout(&self) {
        let name = &self.site.settings().session.cookie.name;
        if self.cookie(name).is_some() {
            self.in_session(async |cx| logout(cx).await).await;
        }
        self.kept.take();
    }

    /// Makes later requests those of this user, bypassing the authenticators. It takes no
    /// statement.
    ///
    /// # Panics
    /// If the user's model is not a valid user model.
    pub fn force_authenticate<M: UserModel + Clone>(&self, user: &M) {
        self.kept.borrow_mut().user = Some(forced(user));
    }

    /// Sends a header with every later request, usually `Authorization`, until
    /// [`logout`](Self::logout) or until it is set again.
    ///
    /// ```
    /// # use quintet::test::ApiClient;
    /// # fn of(client: &ApiClient, key: &str) {
    /// client.credentials("Authorization", &format!("Token {key}"));
    /// # }
    /// ```
    ///
    /// # Panics
    /// If the name or the value cannot be sent in a header.
    #[track_caller]
    pub fn credentials(&self, name: &str, value: &str) {
        let (name, value) = header(name, value);
        let mut kept = self.kept.borrow_mut();
        kept.credentials.retain(|(own, _)| *own != name);
        kept.credentials.push((name, value));
    }

    /// The value of a stored cookie.
    pub fn cookie(&self, name: &str) -> Option<String> {
        let kept = self.kept.borrow();
        kept.cookies.iter().find(|(own, _)| own == name).map(|(_, value)| value.clone())
    }

    /// Stores a cookie, as if a response had set it.
    pub fn set_cookie(&self, name: &str, value: &str) {
        let mut kept = self.kept.borrow_mut();
        kept.cookies.retain(|(own, _)| own != name);
        kept.cookies.push((name.to_owned(), value.to_owned()));
    }

    fn forget_cookie(&self, name: &str) {
        self.kept.borrow_mut().cookies.retain(|(own, _)| own != name);
    }

    fn keep(&self, cookie: &SetCookie) {
        if cookie.is_deletion() {
            self.forget_cookie(&cookie.name);
        } else {
            self.set_cookie(&cookie.name, &cookie.value);
        }
    }

    /// The header `Cookie`, where there are any.
    fn cookies(&self) -> Option<HeaderValue> {
        let kept = self.kept.borrow();
        let pairs = kept.cookies.iter().map(|(name, value)| format!("{name}={value}"));
        let text = pairs.collect::<Vec<_>>().join("; ");
        HeaderValue::from_str(&text).ok().filter(|text| !text.is_empty())
    }

    /// Changes the client's session, and keeps its cookie.
    async fn in_session<T: Send + 'static>(
        &self,
        work: impl AsyncFnOnce(&mut Context) -> Result<T> + Send + 'static,
    ) -> T {
        let cookies = self.cookies();
        let done = self.site.with_context(true, move |mut cx| {
            Box::pin(async move {
                cx.request.peer = Some(Ipv4Addr::LOCALHOST.into());
                if let Some(cookies) = cookies {
                    cx.request.headers.insert(COOKIE, cookies);
                }
                let value = work(&mut cx).await?;
                let response = middleware::process_response(&mut cx, Response::empty(200)).await?;
                Ok((value, response))
            })
        });
        let done: Result<_> = done.await.and_then(|done| done);
        let (value, response) = match done {
            Ok(done) => done,
            Err(error) => panic!("the client's session cannot be changed: {error}"),
        };
        // a token against forged requests comes with a page
        let name = &self.site.settings().session.cookie.name;
        let texts = response.headers.get_all(SET_COOKIE).filter_map(|value| value.to_str().ok());
        texts.map(SetCookie::parse).filter(|it| it.name == *name).for_each(|it| self.keep(&it));
        value
    }

    async fn send(&self, mut request: TestRequest<&Self>) -> TestResponse {
        let mut chain = Vec::new();
        loop {
            let response = self.exchange(&request).await;
            let target = request.follows.then(|| response.header(LOCATION.as_str())).flatten();
            let Some(target) = target.filter(|_| (300..400).contains(&response.status())) else {
                return response.after(chain);
            };
            assert!(chain.len() < MOST_REDIRECTS, "too many redirects: {chain:?}");
            chain.push((target.to_owned(), response.status()));
            let target = Target::of(&request.path, target);
            request.path = target.path;
            if let Some((is_secure, host)) = target.site {
                request.is_secure = is_secure;
                request = request.header(HOST.as_str(), &host);
            }
            if !matches!(response.status(), 307 | 308) {
                if request.method != Method::HEAD {
                    request.method = Method::GET;
                }
                request.body.clear();
                request.headers.retain(|(name, _)| *name != "content-type");
            }
        }
    }

    async fn exchange(&self, request: &TestRequest<&Self>) -> TestResponse {
        let is_head = request.method == Method::HEAD;
        let response = match (self.app)(self.http(request)).await {
            Ok(response) => response.into_parts().1,
            Err(error) => error.error_response(),
        };
        let response = TestResponse::read(response, is_head).await;
        response.cookies().iter().for_each(|cookie| self.keep(cookie));
        response
    }

    /// The request as actix reads it from a socket.
    fn http(&self, request: &TestRequest<&Self>) -> actix_http::Request {
        let mut http = actix_http::Request::new();
        let head = http.head_mut();
        head.method = request.method.clone();
        head.uri = uri(&request.path);
        head.peer_addr = Some(address(50000));
        let kept = self.kept.borrow();
        let cookies = self.cookies().map(|cookies| (COOKIE, cookies));
        let host = (HOST, HeaderValue::from_static(HOST_NAME));
        for (name, value) in [host].into_iter().chain(cookies).chain(kept.credentials.clone()) {
            head.headers.insert(name, value);
        }
        for (name, value) in request.headers.iter().cloned() {
            head.headers.insert(name, value);
        }
        if !request.body.is_empty() {
            head.headers.insert(CONTENT_LENGTH, request.body.len().into());
            let body = futures_util::stream::iter([Ok(request.body.clone())]);
            *http.payload() = Payload::Stream { payload: Box::pin(body) };
        }
        http.extensions_mut().insert(Marks {
            user: kept.user.clone(),
            skips_csrf: self.skips_csrf,
            is_secure: request.is_secure,
        });
        http
    }
}

impl TestRequest<&ApiClient> {
    /// Follows redirects, up to twenty of them; the [chain](TestResponse::redirect_chain) is kept.
    pub fn follow(mut self) -> Self {
        self.follows = true;
        self
    }
}

impl<'c> IntoFuture for TestRequest<&'c ApiClient> {
    type Output = TestResponse;
    type IntoFuture = LocalBoxFuture<'c, TestResponse>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.sender.send(self))
    }
}

impl fmt::Debug for ApiClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiClient").finish_non_exhaustive()
    }
}

fn address(port: u16) -> SocketAddr {
    (Ipv4Addr::LOCALHOST, port).into()
}

/// A path, percent-encoded where that is missing.
fn uri(path: &str) -> Uri {
    let path = path.split('#').next().unwrap_or_default();
    match iri_to_uri(path).parse() {
        Ok(uri) => uri,
        Err(error) => panic!("`{path}` is no path: {error}"),
    }
}

/// The account of a row.
fn account<M: UserModel + Clone>(user: &M) -> Account {
    match Account::new(user.clone()) {
        Ok(account) => account,
        Err(error) => panic!("{error}"),
    }
}

/// What makes the account of a row, once for each request.
pub(super) fn forced<M: UserModel + Clone>(user: &M) -> ForcedUser {
    drop(account(user));
    let user = user.clone();
    Arc::new(move || Account::new(user.clone()).ok())
}
