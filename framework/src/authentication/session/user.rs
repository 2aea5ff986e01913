//! The user of a session (`django.contrib.auth.get_user`).

use serde_json::Value;

use super::{BACKEND, HASH, MODEL_BACKEND, USER_ID};
use crate::aside::aside;
use crate::auth::Account;
use crate::exceptions::Result;
use crate::request::Context;
use crate::signing::constant_time_compare;

/// The account that the client's session belongs to; `None` if it is inactive.
///
/// A session is ended if the password was changed since. One signed with a previous secret
/// (`SECRET_KEY_FALLBACKS`) is signed again, under a new key.
///
/// # Errors
/// When the database cannot be asked.
pub async fn session_user(cx: &mut Context) -> Result<Option<Account>> {
    if !cx.may_have_session() {
        cx.vary_on("Cookie");
        return Ok(None);
    }
    // most clients of an API send no cookie
    aside(|| stored_user(cx)).await
}

async fn stored_user(cx: &mut Context) -> Result<Option<Account>> {
    let Some(session) = cx.session_if_kept().await? else { return Ok(None) };
    let Some(id) = session.get(USER_ID).and_then(key_text) else { return Ok(None) };
    if session.get_str(BACKEND) != Some(MODEL_BACKEND) {
        return Ok(None);
    }
    let hash = session.get_str(HASH).unwrap_or_default().to_owned();
    let account = cx.user_meta().by_key_text(cx, &id).await?;
    let Some(account) = account.filter(Account::is_active) else { return Ok(None) };
    let shared = std::sync::Arc::clone(&cx.shared);
    let settings = &shared.settings;
    let present = account.session_auth_hash(&settings.secret_key);
    if constant_time_compare(&hash, &present) {
        return Ok(Some(account));
    }
    let mut past = settings.secret_key_fallbacks.iter();
    let session = cx.session().await?;
    if past.any(|secret| constant_time_compare(&hash, &account.session_auth_hash(secret))) {
        session.cycle_key();
        session.set(HASH, present);
        return Ok(Some(account));
    }
    session.flush();
    Ok(None)
}

/// A primary key as text: Django writes it as one, whatever its type.
fn key_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}
