//! Django's sessions (`rest_framework.authentication.SessionAuthentication`,
//! `django.contrib.auth`).

mod login;
mod user;

pub use login::{login, logout, update_session_auth_hash};
pub use user::session_user;

use actix_web::http::Method;

use super::{Authenticated, Authentication, AuthenticationScheme};
use crate::exceptions::{ApiException, Detail, Result};
use crate::middleware::csrf;
use crate::parsers::Data;
use crate::request::Context;

/// The session key of the user's primary key.
const USER_ID: &str = "_auth_user_id";
const BACKEND: &str = "_auth_user_backend";
const HASH: &str = "_auth_user_hash";

/// Django's name for the check of a password.
const MODEL_BACKEND: &str = "django.contrib.auth.backends.ModelBackend";

/// Authenticates by Django's session cookie (`SessionAuthentication`): for users who logged in on a
/// page, here or on a Django server with the same `SECRET_KEY`.
///
/// Unsafe requests must carry the CSRF token, otherwise they are a 403. Responses vary by `Cookie`,
/// whether the request had one or not. It has no challenge, so as the first authenticator of a view
/// it makes refusals 403s rather than 401s.
///
/// ```
/// use quintet::authentication::SessionAuthentication;
/// use quintet::views::ApiView;
///
/// let view = ApiView::new("Cart").authentication(SessionAuthentication);
/// # let _ = view;
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct SessionAuthentication;

impl Authentication for SessionAuthentication {
    async fn authenticate(&self, cx: &mut Context) -> Result<Option<Authenticated>> {
        let Some(user) = session_user(cx).await? else { return Ok(None) };
        if cx.request.method == Method::POST {
            // the token may be in the form
            cx.receive_body().await?;
        }
        if let Some(reason) = csrf::check(cx, form_token)? {
            let text = format!("CSRF Failed: {reason}");
            return Err(ApiException::PermissionDenied(Some(Detail::new(
                text,
                "permission_denied",
            ))));
        }
        Ok(Some(Authenticated { user, auth: None }))
    }

    fn scheme(&self) -> Option<AuthenticationScheme> {
        Some(AuthenticationScheme::Session { cookie: String::new() })
    }
}

/// The token in the form. As in DRF, the whole body is parsed for it, so invalid JSON is reported
/// before a missing token.
fn form_token(cx: &mut Context) -> Result<Option<String>> {
    if cx.request.method != Method::POST {
        return Ok(None);
    }
    let data = cx.data()?;
    if let Data::Json(_) = &data {
        data.raw()?;
    }
    Ok(data.form().and_then(|form| form.get(csrf::FORM_FIELD)).map(ToOwned::to_owned))
}
