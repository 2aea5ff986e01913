//! Names and passwords (`django.contrib.auth.authenticate`).
//!
//! Every refusal looks the same and costs the same: one hash is computed for an unknown name, for a
//! wrong password and for an inactive account. So neither the response nor its timing reveals which
//! names exist.
//!
//! If many requests wait for a hash, an account that may log in is served before unknown names,
//! unless it has failed several times lately; a failure is not reported any sooner
//! ([`PasswordHashers`]).

use super::backends::{BackendList, Credentials};
use crate::auth::{Account, PasswordHashers, check_password, is_password_usable};
use crate::exceptions::Result;
use crate::request::Context;
use crate::throttling;

/// The account with this name and password; `None` if there is none that may log in, for whatever
/// reason. The site's [backends](super::AuthenticationBackend) are asked in their order; the database, if
/// it names none. An outdated hash is replaced.
///
/// # Errors
/// 429 when the account was tried too often from this address ([`throttling::login`]); 503 when
/// the database cannot be asked, or too many passwords wait to be hashed.
pub async fn authenticate(
    cx: &mut Context,
    username: &str,
    password: &str,
) -> Result<Option<Account>> {
    let cx: &Context = cx;
    let attempt = throttling::login::check(cx, username).await?;
    if let Some(backends) =
        cx.shared.backends.as_ref().and_then(|own| own.downcast_ref::<BackendList>())
    {
        let credentials = Credentials { username, password, trusted: attempt.is_trusted() };
        let found = backends.authenticate(cx, &credentials).await;
        attempt.end(&found).await;
        return found;
    }
    let mut hashers = cx.hashers().known(false);
    let found = of_the_database(cx, &mut hashers, attempt.is_trusted(), username, password).await;
    attempt.end(&found).await;
    if let Ok(None) = found {
        hashers.wait_as_unknown(password).await?;
    }
    found
}

pub(super) async fn of_the_database(
    cx: &Context,
    hashers: &mut PasswordHashers,
    trusted: bool,
    username: &str,
    password: &str,
) -> Result<Option<Account>> {
    let Some(mut account) = cx.user_meta().by_username(cx, username).await? else {
        hashers.make(password).await?;
        return Ok(None);
    };
    if trusted && account.is_active() && is_password_usable(account.password()) {
        *hashers = hashers.clone().known(true);
    }
    let right = check_password(cx, hashers, &mut account, password).await?;
    Ok((right && account.is_active()).then_some(account))
}

#[cfg(all(test, feature = "sqlite"))]
mod tests {
    use std::sync::Arc;

    use actix_web::http::Method;

    use super::*;
    use crate::auth::{UserMeta, testing};
    use crate::db::testing::block_on;
    use crate::exceptions::ApiException;
    use crate::request::{Shared, ViewContext};
    use crate::settings::AuthSettings;

    fn hashers(rounds: u32) -> PasswordHashers {
        PasswordHashers::new(&AuthSettings { pbkdf2_iterations: rounds, ..AuthSettings::default() })
    }

    /// A request where alice and bob, who is shut, have the password `pw`.
    async fn request() -> Context {
        let mut cx = crate::request::testing::context(Method::POST, None, ViewContext::default());
        testing::tables(&cx).await.unwrap();
        cx.shared = Arc::new(Shared { hashers: hashers(10), ..Shared::default() });
        for name in ["alice", "bob"] {
            let mut account = stored(&cx, name).await;
            cx.set_password(&mut account, Some("pw")).await.unwrap();
        }
        cx
    }

    async fn stored(cx: &Context, name: &str) -> Account {
        UserMeta::djangos().by_username(cx, name).await.unwrap().unwrap()
    }

    #[test]
    fn failures_are_counted_and_a_refused_attempt_computes_no_hash() {
        block_on(async {
            let mut cx = request().await;
            for _ in 0..30 {
                assert_eq!(tried(&mut cx, "alice", "pw").await.0, Some("alice".into()));
            }
            for _ in 0..20 {
                assert_eq!(tried(&mut cx, "alice", "no").await, (None, 1));
            }
            let before = cx.hashers().computed();
            let refused = authenticate(&mut cx, "alice", "pw").await.unwrap_err();
            assert!(matches!(refused, ApiException::Throttled { wait: Some(_) }), "{refused}");
            assert_eq!(cx.hashers().computed(), before);
            assert_eq!(tried(&mut cx, "nobody", "pw").await, (None, 1));
        });
    }

    /// The name that is let in, and how many hashes were computed.
    async fn tried(cx: &mut Context, name: &str, password: &str) -> (Option<String>, u64) {
        let before = cx.hashers().computed();
        let account = authenticate(cx, name, password).await.unwrap();
        let name = account.map(|account| account.username().to_owned());
        (name, cx.hashers().computed() - before)
    }

    #[test]
    fn every_refusal_computes_one_hash_as_a_login_does() {
        block_on(async {
            let mut cx = request().await;
            assert_eq!(tried(&mut cx, "alice", "pw").await, (Some("alice".into()), 1));
            for (name, password) in
                [("alice", "no"), ("nobody", "pw"), ("bob", "pw"), ("bob", "no"), ("a\0b", "pw")]
            {
                assert_eq!(tried(&mut cx, name, password).await, (None, 1), "{name} {password}");
            }
            let mut alice = stored(&cx, "alice").await;
            cx.set_password(&mut alice, None).await.unwrap();
            assert_eq!(tried(&mut cx, "alice", "pw").await, (None, 1));
        });
    }

    #[test]
    fn a_hash_of_the_past_is_stored_anew_by_a_login() {
        block_on(async {
            let mut cx = request().await;
            cx.shared = Arc::new(Shared { hashers: hashers(20), ..Shared::default() });
            assert_eq!(tried(&mut cx, "alice", "no").await, (None, 1));
            assert!(stored(&cx, "alice").await.password().starts_with("pbkdf2_sha256$10$"));
            assert_eq!(tried(&mut cx, "alice", "pw").await, (Some("alice".into()), 2));
            assert!(stored(&cx, "alice").await.password().starts_with("pbkdf2_sha256$20$"));
            assert_eq!(tried(&mut cx, "alice", "pw").await, (Some("alice".into()), 1));
        });
    }
}
