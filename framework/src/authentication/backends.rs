//! Where accounts are looked up (`AUTHENTICATION_BACKENDS`).

use std::fmt;
use std::future::Future;
use std::sync::Arc;

use futures_util::future::LocalBoxFuture;

use super::login::of_the_database;
use crate::auth::Account;
use crate::classes::class_list;
use crate::exceptions::{ApiException, Result};
use crate::request::Context;

/// A user name and a password.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct Credentials<'a> {
    /// The name, as it was sent.
    pub username: &'a str,
    /// The password.
    pub password: &'a str,
    /// Whether the account has not failed lately.
    pub(super) trusted: bool,
}

impl fmt::Debug for Credentials<'_> {
    /// Without the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").field("username", &self.username).finish_non_exhaustive()
    }
}

/// Checks a user name and a password: one of `AUTHENTICATION_BACKENDS`.
///
/// Implement it for accounts that are kept elsewhere, such as LDAP or another service, and name it with
/// the others in [`SiteBuilder::authentication_backends`](crate::site::SiteBuilder::authentication_backends).
/// [`authenticate`](super::authenticate) asks them in their order, and with it every login: the login page,
/// sessions, `BasicAuthentication`, the views of tokens. Failed logins are counted before a backend is
/// asked, once for all of them. An account that is not active does not log in, whoever knows it.
///
/// ```
/// use quintet::authentication::{AuthenticationBackend, Credentials, ModelBackend};
/// use quintet::auth::Account;
/// use quintet::prelude::*;
///
/// # async fn bind(_: &str, _: &str) -> std::result::Result<bool, std::io::Error> { Ok(false) }
/// /// Accounts whose passwords the directory knows.
/// struct Directory;
///
/// impl AuthenticationBackend for Directory {
///     async fn authenticate(
///         &self,
///         cx: &Context,
///         credentials: &Credentials<'_>,
///     ) -> Result<Option<Account>> {
///         let right = bind(credentials.username, credentials.password).await;
///         if !right.map_err(ApiException::internal)? {
///             return Ok(None);
///         }
///         Ok(cx.user_meta().by_username(cx, credentials.username).await?)
///     }
/// }
///
/// # fn site(settings: Settings, database: std::sync::Arc<Database>) {
/// let site = Site::builder(settings, database).authentication_backends((Directory, ModelBackend));
/// # let _ = site;
/// # }
/// ```
#[doc(alias = "AUTHENTICATION_BACKENDS")]
#[doc(alias = "BaseBackend")]
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an authentication backend",
    label = "this type has no `AuthenticationBackend` implementation",
    note = "write `impl AuthenticationBackend for {Self}`"
)]
pub trait AuthenticationBackend: Send + Sync + 'static {
    /// The account with these credentials; `None` if this backend does not know it, or if the password
    /// is wrong: then the next one is asked.
    ///
    /// # Errors
    /// [`PermissionDenied`](ApiException::PermissionDenied) refuses the login without asking the next
    /// one, as in Django. Any other error is the response.
    fn authenticate(
        &self,
        cx: &Context,
        credentials: &Credentials<'_>,
    ) -> impl Future<Output = Result<Option<Account>>>;
}

/// An object-safe [`AuthenticationBackend`]. Every backend implements it; do not implement it yourself.
pub trait DynAuthenticationBackend: Send + Sync {
    /// [`AuthenticationBackend::authenticate`]
    fn ask<'a>(
        &'a self,
        cx: &'a Context,
        credentials: &'a Credentials<'a>,
    ) -> LocalBoxFuture<'a, Result<Option<Account>>>;
}

impl<B: AuthenticationBackend> DynAuthenticationBackend for B {
    fn ask<'a>(
        &'a self,
        cx: &'a Context,
        credentials: &'a Credentials<'a>,
    ) -> LocalBoxFuture<'a, Result<Option<Account>>> {
        Box::pin(self.authenticate(cx, credentials))
    }
}

class_list! {
    /// The `AUTHENTICATION_BACKENDS` of a site: one backend, or a tuple of them, which are asked in
    /// order.
    #[diagnostic::on_unimplemented(
        message = "`{Self}` is neither an authentication backend nor a tuple of them",
        label = "expected a type with `impl AuthenticationBackend`, or a tuple of them",
        note = "several backends are a tuple: `(Directory, ModelBackend)`"
    )]
    AuthenticationBackends of AuthenticationBackend as DynAuthenticationBackend
}

/// The accounts of the site's database: Django's `ModelBackend`, and the only backend of a site that
/// names none.
#[derive(Debug, Clone, Copy, Default)]
pub struct ModelBackend;

impl AuthenticationBackend for ModelBackend {
    async fn authenticate(
        &self,
        cx: &Context,
        credentials: &Credentials<'_>,
    ) -> Result<Option<Account>> {
        let Credentials { username, password, trusted } = *credentials;
        let mut hashers = cx.hashers().known(false);
        let found = of_the_database(cx, &mut hashers, trusted, username, password).await;
        if let Ok(None) = found {
            hashers.wait_as_unknown(password).await?;
        }
        found
    }
}

/// The backends of a site, in their order.
pub(crate) struct BackendList(pub(crate) Vec<Arc<dyn DynAuthenticationBackend>>);

impl BackendList {
    /// Asks one backend after the other.
    pub(super) async fn authenticate(
        &self,
        cx: &Context,
        credentials: &Credentials<'_>,
    ) -> Result<Option<Account>> {
        for backend in &self.0 {
            match backend.ask(cx, credentials).await {
                Ok(Some(account)) => return Ok(Some(account).filter(Account::is_active)),
                Ok(None) => {}
                Err(ApiException::PermissionDenied(_)) => return Ok(None),
                Err(error) => return Err(error),
            }
        }
        Ok(None)
    }
}
