//! Names and passwords (`django.contrib.auth.authenticate`).

use crate::auth::Account;
use crate::exceptions::Result;
use crate::request::Context;

/// The account of a name and a password; `None` when there is none that may log in, for whatever
/// reason.
///
/// # Errors
/// When the database cannot be asked.
pub async fn authenticate(
    cx: &mut Context,
    username: &str,
    password: &str,
) -> Result<Option<Account>> {
    let account = cx.user_meta().by_username(cx, username).await?;
    let Some(account) = account else { cx.hashers().make(password).await?; return Ok(None) };
    let checked = cx.hashers().check(password, account.password()).await?;
    Ok((checked.is_correct && account.is_active()).then_some(account))
}
