//! The kinds of tokens: access, refresh, and any.

use std::ops::{Deref, DerefMut};

use chrono::TimeDelta;
use serde_json::Map;

use super::backend::TokenBackend;
use super::blacklist;
use super::claims::{Claims, TokenError};
use crate::auth::Account;
use crate::db::DateTime;
use crate::exceptions::Result;
use crate::request::Context;

/// Claims of a refresh token that its access tokens do not get.
const NOT_COPIED: [&str; 4] = ["token_type", "exp", "jti", "iat"];

/// The claim that ties a token to a password.
const PASSWORD: &str = "hash_password";

/// A short-lived token that authenticates requests, without a database query of its own.
/// Dereferences to [`Claims`].
#[derive(Debug, Clone, PartialEq)]
pub struct AccessToken(Claims);

/// A token from which access tokens are created. Dereferences to [`Claims`].
///
/// A custom login can issue a pair with additional claims:
///
/// ```
/// use quintet::authentication::{RefreshToken, authenticate};
/// use quintet::prelude::*;
/// use serde_json::json;
///
/// async fn login(cx: &mut Context) -> Result<Response> {
///     let Some(account) = authenticate(cx, "alice", "secret").await? else {
///         return Err(ApiException::AuthenticationFailed(None));
///     };
///     let mut refresh = RefreshToken::for_user(cx, &account).await?;
///     refresh.set("tier", "gold");
///     let access = refresh.access_token(cx)?;
///     Response::new(&json!({ "refresh": refresh.encode(cx)?, "access": access.encode(cx)? }))
/// }
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct RefreshToken {
    claims: Claims,
    /// When it was made or read: its access tokens end with their lifetime after this.
    now: DateTime,
}

/// A token of any kind, for callers that only verify it. Dereferences to [`Claims`].
#[derive(Debug, Clone, PartialEq)]
pub struct UntypedToken(Claims);

impl AccessToken {
    pub(super) const TYPE: &'static str = "access";

    /// Creates a token for an account, without a refresh token (`AccessToken.for_user`). An account is
    /// what [`Context::account`] returns, or [`Account::new`] makes of a row.
    ///
    /// # Errors
    /// 500 in a context without a site.
    pub fn for_user(cx: &Context, account: &Account) -> Result<Self> {
        let backend = TokenBackend::of(cx)?;
        let mut claims = fresh(Self::TYPE, DateTime::now(), backend.access_lifetime);
        identify(&mut claims, backend, account);
        Ok(Self(claims))
    }

    /// Reads a token.
    pub(super) fn read(backend: &TokenBackend, token: &[u8]) -> Result<Self, TokenError> {
        let claims = backend.decode(token, DateTime::now())?;
        claims.verify()?;
        claims.verify_type(Self::TYPE)?;
        Ok(Self(claims))
    }

    /// Its text, signed.
    ///
    /// # Errors
    /// 500 on a site that has no key to sign with.
    pub fn encode(&self, cx: &Context) -> Result<String> {
        TokenBackend::of(cx)?.encode(self)
    }
}

impl RefreshToken {
    const TYPE: &'static str = "refresh";

    /// Creates a token for an account (`RefreshToken.for_user`), and records it if the site keeps a
    /// blacklist.
    ///
    /// # Errors
    /// When the database does not take it, and 500 on a site that has no key to sign with.
    pub async fn for_user(cx: &Context, account: &Account) -> Result<Self> {
        let backend = TokenBackend::of(cx)?;
        let token = Self::new(backend, account, DateTime::now());
        if backend.settings.blacklist {
            blacklist::outstand(cx, &token, &backend.encode(&token)?, Some(account)).await?;
        }
        Ok(token)
    }

    fn new(backend: &TokenBackend, account: &Account, now: DateTime) -> Self {
        let mut claims = fresh(Self::TYPE, now, backend.refresh_lifetime);
        identify(&mut claims, backend, account);
        Self { claims, now }
    }

    /// Reads a token; one that is blacklisted is refused, where the site keeps a blacklist.
    ///
    /// # Errors
    /// Why it is refused, and what the database reports.
    pub(crate) async fn read(cx: &Context, token: &str) -> Result<Result<Self, TokenError>> {
        let backend = TokenBackend::of(cx)?;
        let now = DateTime::now();
        let claims = match backend.decode(token.as_bytes(), now) {
            Ok(claims) => claims,
            Err(error) => return Ok(Err(error)),
        };
        if backend.settings.blacklist {
            let Some(id) = claims.id() else { return Ok(Err(TokenError::NoId)) };
            match blacklist::contains(cx, id).await? {
                Ok(false) => {}
                Ok(true) => return Ok(Err(TokenError::Blacklisted)),
                Err(error) => return Ok(Err(error)),
            }
        }
        let verified = claims.verify().and_then(|()| claims.verify_type(Self::TYPE));
        // it could not be signed again with another issuer: simplejwt fails with a 500
        let issuer = claims.value("iss").is_none_or(serde_json::Value::is_string);
        let verified = verified.and(if issuer { Ok(()) } else { Err(TokenError::Invalid) });
        Ok(verified.map(|()| Self { claims, now }))
    }

    /// An access token with the claims of this one.
    ///
    /// # Errors
    /// 500 in a context without a site.
    pub fn access_token(&self, cx: &Context) -> Result<AccessToken> {
        let lifetime = TokenBackend::of(cx)?.access_lifetime;
        let mut claims = fresh(AccessToken::TYPE, self.now, lifetime);
        claims.set("iat", DateTime::now().timestamp());
        for (claim, value) in self.claims.iter().filter(|(claim, _)| !NOT_COPIED.contains(claim)) {
            claims.set(claim, value.clone());
        }
        Ok(AccessToken(claims))
    }

    /// Its text, signed.
    ///
    /// # Errors
    /// 500 on a site that has no key to sign with.
    pub fn encode(&self, cx: &Context) -> Result<String> {
        TokenBackend::of(cx)?.encode(self)
    }

    /// Puts it on the blacklist. Returns false when it is there already, because another request
    /// came first.
    ///
    /// # Errors
    /// When the database does not take it.
    pub async fn blacklist(&self, cx: &Context) -> Result<bool> {
        let user = self.claims.user(cx).await?;
        self.blacklist_of(cx, user.as_ref()).await
    }

    /// Like `blacklist`, for a token whose account is known.
    pub(crate) async fn blacklist_of(&self, cx: &Context, user: Option<&Account>) -> Result<bool> {
        blacklist::outstand(cx, self, &self.encode(cx)?, user).await?;
        blacklist::add(cx, self).await
    }

    /// A new token with the same claims, recorded if the site keeps a blacklist.
    pub(crate) async fn rotated(&self, cx: &Context, user: Option<&Account>) -> Result<Self> {
        let backend = TokenBackend::of(cx)?;
        let mut token = self.clone();
        for (claim, value) in fresh(Self::TYPE, self.now, backend.refresh_lifetime).iter() {
            token.claims.set(claim, value.clone());
        }
        if backend.settings.blacklist {
            blacklist::outstand(cx, &token, &backend.encode(&token)?, user).await?;
        }
        Ok(token)
    }
}

impl UntypedToken {
    /// Reads a token of any kind.
    pub(crate) fn read(cx: &Context, token: &str) -> Result<Result<Self, TokenError>> {
        let claims = TokenBackend::of(cx)?.decode(token.as_bytes(), DateTime::now());
        Ok(claims.and_then(|claims| claims.verify().map(|()| Self(claims))))
    }

    /// True when it is on the site's blacklist.
    pub(crate) async fn is_blacklisted(&self, cx: &Context) -> Result<bool> {
        match self.0.id() {
            Some(id) => Ok(blacklist::contains(cx, id).await?.unwrap_or(false)),
            None => Ok(false),
        }
    }
}

/// The claims that every new token has.
fn fresh(token_type: &str, now: DateTime, lifetime: TimeDelta) -> Claims {
    let end = now.checked_add_signed(lifetime).unwrap_or(*now);
    let mut claims = Claims(Map::new());
    claims.set("token_type", token_type);
    claims.set("exp", end.timestamp());
    claims.set("iat", now.timestamp());
    claims.set("jti", uuid::Uuid::new_v4().simple().to_string());
    claims
}

/// Names the account that a token is for.
fn identify(claims: &mut Claims, backend: &TokenBackend, account: &Account) {
    claims.set(backend.settings.user_id_claim.as_str(), account.key_text());
    if backend.settings.check_revoke_token {
        claims.set(PASSWORD, password_mark(account));
    }
}

/// What `CHECK_REVOKE_TOKEN` ties a token to: a digest of the password's hash. It keeps nothing
/// secret; it only changes with the password.
fn password_mark(account: &Account) -> String {
    use std::fmt::Write as _;

    use md5::Digest as _;

    let digest = md5::Md5::digest(account.password());
    digest.iter().fold(String::with_capacity(32), |mut hex, byte| {
        let _ = write!(hex, "{byte:02X}");
        hex
    })
}

impl AccessToken {
    /// True when it was made with the password that the account has now.
    pub(super) fn is_of_password(&self, account: &Account) -> bool {
        self.value(PASSWORD).and_then(|mark| mark.as_str()) == Some(&password_mark(account))
    }
}

macro_rules! dereferences {
    ($($token:ty => $field:tt),*) => {$(
        impl Deref for $token {
            type Target = Claims;

            fn deref(&self) -> &Claims {
                &self.$field
            }
        }

        impl DerefMut for $token {
            fn deref_mut(&mut self) -> &mut Claims {
                &mut self.$field
            }
        }
    )*};
}

dereferences! { AccessToken => 0, RefreshToken => claims, UntypedToken => 0 }

#[cfg(test)]
mod tests {
    use super::super::testing::{backend, backend_of};
    use super::*;
    use crate::auth::testing::user;

    fn account() -> Account {
        let mut user = user();
        user.id = 3;
        user.password = "pbkdf2_sha256$1000000$salt$hash".into();
        Account::from(user)
    }

    fn names(claims: &Claims) -> Vec<&str> {
        claims.iter().map(|(name, _)| name).collect()
    }

    #[test]
    fn a_new_refresh_token_has_simplejwts_claims() {
        let now = DateTime::now();
        let token = RefreshToken::new(backend(), &account(), now);
        assert_eq!(names(&token), ["token_type", "exp", "iat", "jti", "user_id"]);
        assert_eq!(token.value("user_id").unwrap(), "3");
        assert_eq!(token.get::<i64>("exp"), Some(now.timestamp() + 86_400));
        assert_eq!(token.get::<i64>("iat"), Some(now.timestamp()));
        let id = token.id().unwrap();
        assert!(id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()), "{id}");
    }

    #[test]
    fn the_mark_of_a_password_is_its_hashs_md5_in_capitals() {
        let backend = backend_of(|settings| settings.jwt.check_revoke_token = true);
        let token = RefreshToken::new(&backend, &account(), DateTime::now());
        // hashlib.md5(b"pbkdf2_sha256$1000000$salt$hash").hexdigest().upper()
        assert_eq!(token.value(PASSWORD).unwrap(), "A1C86D99A9B04CAA4782947A89B21B4F");
        let access = AccessToken(token.claims);
        assert!(access.is_of_password(&account()));
        assert!(!access.is_of_password(&Account::from(user())));
        assert!(!AccessToken(Claims::default()).is_of_password(&account()));
    }

    #[test]
    fn a_token_of_another_kind_opens_nothing() {
        let refresh = RefreshToken::new(backend(), &account(), DateTime::now());
        let text = backend().encode(&refresh).unwrap();
        assert_eq!(AccessToken::read(backend(), text.as_bytes()), Err(TokenError::WrongType));
        let mut odd = refresh.clone();
        for kind in [serde_json::json!(5), serde_json::json!(["access"]), serde_json::json!(null)] {
            odd.set("token_type", kind);
            let text = backend().encode(&odd).unwrap();
            assert_eq!(AccessToken::read(backend(), text.as_bytes()), Err(TokenError::WrongType));
        }
        odd.claims.0.shift_remove("token_type");
        let text = backend().encode(&odd).unwrap();
        assert_eq!(AccessToken::read(backend(), text.as_bytes()), Err(TokenError::NoType));
        odd.claims.0.shift_remove("jti");
        let text = backend().encode(&odd).unwrap();
        assert_eq!(AccessToken::read(backend(), text.as_bytes()), Err(TokenError::NoId));
    }
}
