//! Who sends a request (`rest_framework.authentication`).
//!
//! The authenticators of a view run in order, before anything else needs the user. The first one
//! that identifies a user sets [`Context::user`] and [`Context::auth`]; if none does, the request
//! is anonymous, and the [`permissions`](crate::permissions) decide whether that is enough. Wrong
//! credentials end the request, even on a public view. The challenge of a 401 comes from the first
//! authenticator; if it has none, a refusal is a 403.
//!
//! # Setting the authenticators
//!
//! The site's default is token and session authentication, until `Site::builder(..)
//! .authentication(..)` sets another (`DEFAULT_AUTHENTICATION_CLASSES`). A view set has
//! `authentication_classes`, an [`ApiView`](crate::views::ApiView) `.authentication(..)`; `()` is
//! none.
//!
//! # API reference
//!
//! - [`TokenAuthentication`]: `Authorization: Token 9944b0…`, with the tokens of `authtoken_token`
//! - [`SessionAuthentication`]: Django's session cookie, with the CSRF token for unsafe methods
//! - [`BasicAuthentication`]: a user name and a password
//! - [`KeyAuthentication`]: keys of your own behind a word, such as `Bearer`
//! - [`RemoteUserAuthentication`]: a header that a proxy sets
//! - `JwtAuthentication` (feature `jwt`): JSON web tokens, compatible with simplejwt
//! - [`AuthenticationBackend`]: where accounts and passwords are kept; [`ModelBackend`] is the database
//! - [`login`], [`logout`]: open and close a session; [`authenticate`] checks a password
//!
//! The views that issue tokens and sessions are in [`accounts`](crate::accounts).
//!
//! # Custom authentication
//!
//! ```
//! use quintet::authentication::{Authenticated, Authentication};
//! use quintet::prelude::*;
//!
//! /// Recognises the user that `X-Username` names, for a test installation.
//! struct ByName;
//!
//! impl Authentication for ByName {
//!     async fn authenticate(&self, cx: &mut Context) -> Result<Option<Authenticated>> {
//!         let Some(name) = cx.request.header("x-username").map(|name| name.into_owned()) else {
//!             return Ok(None);
//!         };
//!         match cx.user_meta().by_username(cx, &name).await? {
//!             Some(user) => Ok(Some(Authenticated::new(user))),
//!             None => Err(ApiException::AuthenticationFailed(Some("No such user.".into()))),
//!         }
//!     }
//!
//!     fn authenticate_header(&self) -> Option<String> {
//!         Some("X-Username".to_owned())
//!     }
//! }
//!
//! let view = ApiView::new("Profile").authentication(ByName);
//! # let _ = view;
//! ```

mod backends;
mod basic;
#[cfg(feature = "jwt")]
pub(crate) mod jwt;
mod key;
mod login;
mod remote_user;
mod session;
mod token;

use std::borrow::Cow;
use std::fmt;
use std::future::Future;
use std::sync::Arc;

use actix_web::http::header::{AUTHORIZATION, HeaderValue};
use futures_util::future::LocalBoxFuture;

pub(crate) use backends::BackendList;
pub use backends::{
    AuthenticationBackend, AuthenticationBackends, Credentials, DynAuthenticationBackend,
    ModelBackend,
};
pub use basic::BasicAuthentication;
#[cfg(feature = "jwt")]
pub use jwt::{
    AccessToken, BlacklistedToken, BlacklistedTokenFields, Claims, JwtAuthentication,
    OutstandingToken, OutstandingTokenFields, RefreshToken, TokenError, UntypedToken,
    blacklisted_token, flush_expired_tokens, outstanding_token,
};
pub use key::KeyAuthentication;
pub use login::authenticate;
pub use remote_user::RemoteUserAuthentication;
pub use session::{SessionAuthentication, login, logout, session_user, update_session_auth_hash};
pub use token::TokenAuthentication;

use crate::auth::Account;
use crate::classes::class_list;
use crate::exceptions::Result;
use crate::request::{Auth, Context, Request};

/// The `Authorization` header (`get_authorization_header`). Several headers are joined into one
/// list, so that two servers on the way cannot each believe a different one.
pub fn get_authorization_header(request: &Request) -> Option<Cow<'_, [u8]>> {
    let mut headers = request.headers.get_all(AUTHORIZATION).map(HeaderValue::as_bytes);
    let first = Cow::Borrowed(headers.next()?);
    Some(headers.fold(first, |list, next| [&*list, b",", next].concat().into()))
}

/// A user, and how the request identified them.
#[derive(Debug)]
#[non_exhaustive]
pub struct Authenticated {
    /// The account.
    pub user: Account,
    /// The token or the like, when the scheme has one.
    pub auth: Option<Auth>,
}

impl Authenticated {
    /// A user whose scheme has no token.
    pub fn new(user: Account) -> Self {
        Self { user, auth: None }
    }

    /// Keeps what the request showed: `request.auth` of DRF.
    #[must_use]
    pub fn with_auth(mut self, auth: Auth) -> Self {
        self.auth = Some(auth);
        self
    }
}

/// How credentials are sent, as described in the OpenAPI document.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum AuthenticationScheme {
    /// `Authorization`, the keyword, a key.
    Token {
        /// Usually `Token`.
        keyword: &'static str,
    },
    /// A session, named by a cookie.
    Session {
        /// The cookie; empty for the site's own (`SESSION_COOKIE_NAME`).
        cookie: String,
    },
    /// `Authorization: Basic` with a user name and a password.
    Basic,
    /// `Authorization: Bearer` with a token.
    Bearer {
        /// What the document calls it.
        name: &'static str,
    },
    /// `Authorization`, the first word of `JWT_AUTH_HEADER_TYPES`, a JSON web token.
    Jwt,
    /// A key in a header of its own.
    Header {
        /// What the document calls it.
        name: &'static str,
        /// The header.
        header: &'static str,
    },
}

/// Identifies the user of a request (`BaseAuthentication`).
///
/// Implement it for a scheme of your own. Return `None` if the request does not use the scheme, so
/// that the next authenticator runs. Return an error if it does and the credentials are wrong: the
/// request ends there, even on a public view. By default, there is no challenge, so that refusals
/// are 403s, and the scheme is not in the OpenAPI document.
///
/// ```
/// use quintet::authentication::{Authenticated, Authentication};
/// use quintet::prelude::*;
///
/// /// The user that `X-Username` names, for a test installation.
/// struct ByName;
///
/// impl Authentication for ByName {
///     async fn authenticate(&self, cx: &mut Context) -> Result<Option<Authenticated>> {
///         // caches must not give one user's response to another
///         cx.vary_on("X-Username");
///         let Some(name) = cx.request.header("x-username").map(|name| name.into_owned()) else {
///             return Ok(None);
///         };
///         match cx.user_meta().by_username(cx, &name).await? {
///             Some(user) => Ok(Some(Authenticated::new(user))),
///             None => Err(ApiException::AuthenticationFailed(Some("No such user.".into()))),
///         }
///     }
/// }
/// ```
#[doc(alias = "BaseAuthentication")]
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an authenticator",
    label = "this type has no `Authentication` implementation",
    note = "write `impl Authentication for {Self}`"
)]
pub trait Authentication: Send + Sync + 'static {
    /// Whether the request uses this scheme at all. If not, `authenticate` is not called, which
    /// saves its cost. True by default.
    fn applies(&self, request: &Request) -> bool {
        let _ = request;
        true
    }

    /// The user, if the request uses this scheme.
    ///
    /// # Errors
    /// `AuthenticationFailed` when the credentials are bad.
    fn authenticate(&self, cx: &mut Context)
    -> impl Future<Output = Result<Option<Authenticated>>>;

    /// The challenge of a 401 (`WWW-Authenticate`), taken from the first authenticator of a view;
    /// without one, refusals are 403s.
    fn authenticate_header(&self) -> Option<String> {
        None
    }

    /// How its credentials are sent, for the OpenAPI document; `None` leaves it out.
    fn scheme(&self) -> Option<AuthenticationScheme> {
        None
    }
}

/// An object-safe [`Authentication`]. Every authenticator implements it; do not implement it
/// yourself.
pub trait DynAuthentication: Send + Sync {
    /// [`Authentication::applies`]
    fn is_for(&self, request: &Request) -> bool;

    /// [`Authentication::authenticate`]
    fn ask<'a>(&'a self, cx: &'a mut Context) -> LocalBoxFuture<'a, Result<Option<Authenticated>>>;

    /// [`Authentication::authenticate_header`]
    fn challenge(&self) -> Option<String>;

    /// [`Authentication::scheme`]
    fn describe(&self) -> Option<AuthenticationScheme>;
}

impl<A: Authentication> DynAuthentication for A {
    fn is_for(&self, request: &Request) -> bool {
        self.applies(request)
    }

    fn ask<'a>(&'a self, cx: &'a mut Context) -> LocalBoxFuture<'a, Result<Option<Authenticated>>> {
        Box::pin(self.authenticate(cx))
    }

    fn challenge(&self) -> Option<String> {
        self.authenticate_header()
    }

    fn describe(&self) -> Option<AuthenticationScheme> {
        self.scheme()
    }
}

class_list! {
    /// The `authentication_classes` of a view: one authenticator, a tuple of them, which run in
    /// order, `()` for none, or [`Inherit`](crate::classes::Inherit).
    #[diagnostic::on_unimplemented(
        message = "`{Self}` is neither an authenticator nor a tuple of authenticators",
        label = "expected an authenticator, which is a type with `impl Authentication`, or a tuple of them",
        note = "write `impl Authentication for {Self}`; several authenticators are a tuple: \
                `(SessionAuthentication, TokenAuthentication)`"
    )]
    AuthenticationClasses of Authentication as DynAuthentication
}

/// The authenticators of one view, ready to run.
#[derive(Clone)]
pub(crate) struct AuthenticationList {
    list: Vec<Arc<dyn DynAuthentication>>,
}

impl AuthenticationList {
    pub(crate) fn new(list: Vec<Arc<dyn DynAuthentication>>) -> Self {
        Self { list }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The challenge of the first one (`get_authenticate_header`).
    pub(crate) fn challenge(&self) -> Option<String> {
        self.list.first().and_then(|first| first.challenge())
    }

    /// Runs one authenticator after the other until one identifies the user
    /// (`perform_authentication`).
    pub(crate) async fn authenticate(&self, cx: &mut Context) -> Result<()> {
        #[cfg(feature = "test")]
        if let Some(user) = cx.request.marks.user() {
            cx.set_user(Some(user), None);
            return Ok(());
        }
        for authenticator in &self.list {
            if !authenticator.is_for(&cx.request) {
                continue;
            }
            if let Some(Authenticated { user, auth }) = authenticator.ask(cx).await? {
                cx.set_user(Some(user), auth);
                break;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for AuthenticationList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthenticationList").field("len", &self.list.len()).finish_non_exhaustive()
    }
}
