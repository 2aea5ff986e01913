//! Logging in and out (`django.contrib.auth.login`, `logout`).

use super::{BACKEND, HASH, MODEL_BACKEND, USER_ID};
use crate::auth::{Account, update_last_login};
use crate::exceptions::Result;
use crate::middleware::csrf;
use crate::request::Context;
use crate::signing::constant_time_compare;

/// Logs the account in: the client's session belongs to it from now on
/// (`django.contrib.auth.login`). Check the password first:
/// [`authenticate`](crate::authentication::authenticate).
///
/// The session gets a new key, which makes a planted one worthless, and keeps its values; a session
/// of another account is ended instead. The CSRF token is renewed, and the account's last login is
/// recorded.
///
/// ```
/// use quintet::authentication::{authenticate, login};
/// use quintet::exceptions::{ApiException, Result};
/// use quintet::request::Context;
/// use quintet::response::Response;
/// use quintet::views::form_of;
///
/// async fn enter(cx: &mut Context) -> Result<Response> {
///     let form = form_of(cx)?;
///     let (name, password) = (form.get("name").unwrap_or(""), form.get("password").unwrap_or(""));
///     match authenticate(cx, name, password).await? {
///         Some(account) => login(cx, account).await?,
///         None => return Err(ApiException::PermissionDenied(None)),
///     }
///     Ok(Response::redirect("/welcome/"))
/// }
/// # let _ = quintet::views::PageView::new("Enter").post(enter);
/// ```
///
/// # Errors
/// When the database cannot be asked.
pub async fn login(cx: &mut Context, account: Account) -> Result<()> {
    let hash = account.session_auth_hash(&cx.settings().secret_key);
    let id = account.key_text();
    let session = cx.session().await?;
    if session.contains(USER_ID) {
        let same = session.get_str(USER_ID) == Some(id.as_str())
            && constant_time_compare(session.get_str(HASH).unwrap_or_default(), &hash);
        if !same {
            session.flush();
        }
    } else {
        session.cycle_key();
    }
    session.set(USER_ID, id);
    session.set(BACKEND, MODEL_BACKEND);
    session.set(HASH, hash);
    csrf::rotate_token(cx)?;
    update_last_login(cx, &account).await?;
    cx.set_user(Some(account), None);
    Ok(())
}

/// Ends the client's session: its row, values and cookie are deleted
/// (`django.contrib.auth.logout`).
///
/// # Errors
/// When the database cannot be asked.
pub async fn logout(cx: &mut Context) -> Result<()> {
    cx.session().await?.flush();
    cx.set_user(None, None);
    Ok(())
}

/// Keeps the client logged in after its own password was changed, which ends every other session
/// of the account (`update_session_auth_hash`). `account` is the one with the new password.
///
/// # Errors
/// When the database cannot be asked.
pub async fn update_session_auth_hash(cx: &mut Context, account: &Account) -> Result<()> {
    let hash = account.session_auth_hash(&cx.settings().secret_key);
    let session = cx.session().await?;
    session.cycle_key();
    session.set(HASH, hash);
    Ok(())
}
