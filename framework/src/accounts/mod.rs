//! Views for logging in and out, to be mounted where a site needs them (`rest_framework.urls`,
//! `rest_framework.authtoken.views`, simplejwt's views, `django.contrib.auth.views`).
//!
//! The pages are plain HTML: they need no script, load nothing, and have a content security policy
//! that prevents both.

mod fields;
mod html;
#[cfg(feature = "jwt")]
mod jwt;
mod login;
mod logout;
mod next;
mod password_change;
mod token;

#[cfg(feature = "jwt")]
pub use jwt::{token_blacklist, token_obtain_pair, token_refresh, token_verify};
pub use login::login_page;
pub use logout::logout_page;
pub use password_change::{password_change_done_page, password_change_page};
pub use token::obtain_auth_token;

use crate::routers::Router;

/// The login and logout pages under DRF's names (`include("rest_framework.urls")`); they are
/// usually mounted at `/api-auth/`.
///
/// ```
/// use quintet::accounts;
///
/// let mount = accounts::urls().at("/api-auth/");
/// # let _ = mount;
/// ```
pub fn urls() -> Router {
    Router::simple().path("login/", login_page(), "rest_framework:login").path(
        "logout/",
        logout_page(),
        "rest_framework:logout",
    )
}

/// The pages on which users change their password, under Django's names
/// (`django.contrib.auth.urls`).
pub fn password_urls() -> Router {
    Router::simple().path("password_change/", password_change_page(), "password_change").path(
        "password_change/done/",
        password_change_done_page(),
        "password_change_done",
    )
}
