//! Requests for a single view, permission or serializer.

use std::fmt;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, PoisonError};

use actix_web::http::Method;
use futures_util::future::LocalBoxFuture;

use super::client::forced;
use super::request::{TestRequest, verbs};
use super::{HOST_NAME, TestResponse};
use crate::auth::UserModel;
use crate::exceptions::Result;
use crate::permissions::AllowAny;
use crate::request::{Body, Context, Marks, Request};
use crate::response::Response;
use crate::reverse::iri_to_uri;
use crate::site::Site;
use crate::views::{Policies, View, ViewInfo};

/// Creates requests that go to one view, or to a function of the test, without a router
/// (`rest_framework.test.APIRequestFactory`).
///
/// It takes settings, database and default policies from a site, whose own views are not used.
///
/// ```
/// # use std::sync::Arc;
/// # use quintet::auth::User;
/// # use quintet::exceptions::Result;
/// # use quintet::request::Context;
/// # use quintet::response::Response;
/// # use quintet::site::Site;
/// # async fn whoami(cx: &mut Context) -> Result<Response> { Ok(Response::empty(204)) }
/// # async fn run(site: Arc<Site>, alice: User) {
/// use quintet::test::ApiRequestFactory;
/// use quintet::views::ApiView;
///
/// let factory = ApiRequestFactory::new(&site);
/// // a view
/// let response = factory.get("/whoami/").view(ApiView::new("Who Am I").get(whoami)).await;
/// assert_eq!(response.status(), 204);
/// // a function that gets the request as a view does
/// let request = factory.post("/").form([("title", "new idea")]).force_authenticate(&alice);
/// let is_known = request.run(async |cx| cx.is_authenticated()).await;
/// assert!(is_known);
/// # }
/// ```
#[doc(alias = "APIRequestFactory")]
pub struct ApiRequestFactory {
    site: Arc<Site>,
    skips_csrf: bool,
}

verbs!(ApiRequestFactory);

impl ApiRequestFactory {
    /// Creates a factory for views with a site's settings and defaults.
    pub fn new(site: &Arc<Site>) -> Self {
        Self { site: Arc::clone(site), skips_csrf: true }
    }

    /// Turns on CSRF checks for requests of sessions.
    #[must_use]
    pub fn enforce_csrf_checks(mut self) -> Self {
        self.skips_csrf = false;
        self
    }
}

impl TestRequest<&ApiRequestFactory> {
    /// Makes it a request of this user, bypassing the authenticators (`force_authenticate`).
    ///
    /// # Panics
    /// When the user's model is not one.
    pub fn force_authenticate<M: UserModel + Clone>(mut self, user: &M) -> Self {
        self.user = Some(forced(user));
        self
    }

    /// Sets what a route would capture: `pk`.
    pub fn kwarg(mut self, name: &str, value: &str) -> Self {
        self.kwargs.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Passes the request to a view, and returns its response.
    pub async fn view(self, view: impl View) -> TestResponse {
        self.answer(Arc::new(view)).await
    }

    /// Passes the request to a function, as to a view: its body can be read, and its user is known.
    /// Permissions and throttles do not run.
    ///
    /// # Panics
    /// If the request is refused before that, for example because of wrong credentials.
    pub async fn run<T: Send + 'static>(
        self,
        work: impl AsyncFnOnce(&mut Context) -> T + Send + 'static,
    ) -> T {
        let made = Arc::new(Mutex::new(None));
        let mut info = ViewInfo::new("Test", [self.method.clone()]);
        info.policies = Policies::inherit().permissions(AllowAny).throttles(());
        let view = Once { info, work: Mutex::new(Some(work)), made: Arc::clone(&made) };
        let response = self.answer(Arc::new(view)).await;
        let made = made.lock().unwrap_or_else(PoisonError::into_inner).take();
        match made {
            Some(made) => made,
            None => panic!("the request was refused, or the function panicked: {response:?}"),
        }
    }

    async fn answer(self, view: Arc<dyn View>) -> TestResponse {
        let (site, is_head) = (Arc::clone(&self.sender.site), self.method == Method::HEAD);
        let mut request = Request::new(self.method, iri_to_uri(&self.path));
        for (name, value) in self.headers {
            request.headers.append(name, value);
        }
        request.body = Body::Read(self.body);
        request.kwargs = self.kwargs;
        request.host = HOST_NAME.into();
        request.peer = Some(Ipv4Addr::LOCALHOST.into());
        if self.is_secure {
            (request.scheme, request.port) = ("https", 443);
        }
        request.marks = Marks {
            user: self.user,
            skips_csrf: self.sender.skips_csrf,
            is_secure: self.is_secure,
        };
        TestResponse::read(site.answer_by(request, view).await, is_head).await
    }
}

/// A view that runs a function once, and keeps what it returns.
struct Once<F, T> {
    info: ViewInfo,
    work: Mutex<Option<F>>,
    made: Arc<Mutex<Option<T>>>,
}

impl<F, T> View for Once<F, T>
where
    F: AsyncFnOnce(&mut Context) -> T + Send + 'static,
    T: Send + 'static,
{
    fn info(&self) -> &ViewInfo {
        &self.info
    }

    fn handle<'a>(&'a self, cx: &'a mut Context) -> LocalBoxFuture<'a, Result<Response>> {
        Box::pin(async move {
            let work = self.work.lock().unwrap_or_else(PoisonError::into_inner).take();
            if let Some(work) = work {
                let made = work(cx).await;
                *self.made.lock().unwrap_or_else(PoisonError::into_inner) = Some(made);
            }
            Ok(Response::empty(204))
        })
    }
}

impl fmt::Debug for ApiRequestFactory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiRequestFactory").finish_non_exhaustive()
    }
}
