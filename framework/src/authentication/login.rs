//! Names and passwords (`django.contrib.auth.authenticate`).

use crate::auth::{Account, check_password};
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
    Ok(account
        .filter(|account| account.is_active() && check_password(password, account.password())))
}
