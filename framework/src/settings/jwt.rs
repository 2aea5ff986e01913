//! JSON web tokens.

use std::fmt;
use std::time::Duration;

use super::vars::Vars;
use super::{SettingsError, forms};

/// JSON web tokens: simplejwt's `SIMPLE_JWT`, each name with `JWT_` before it in the environment.
#[derive(Clone)]
#[non_exhaustive]
#[allow(clippy::struct_excessive_bools, reason = "each is a setting of its own")]
pub struct JwtSettings {
    /// `SIGNING_KEY`: the secret of HS256, or a private key in PEM; empty for `SECRET_KEY`.
    pub signing_key: String,
    /// `VERIFYING_KEY`: the public key in PEM of RS256 and ES256; empty for HS256.
    pub verifying_key: String,
    /// `ALGORITHM`: `HS256`, `HS384`, `HS512`, `RS256`, `RS384`, `RS512`, `ES256`, `ES384`. A
    /// token of any other one is refused.
    pub algorithm: String,
    /// `ACCESS_TOKEN_LIFETIME`: five minutes; seconds in the environment.
    pub access_token_lifetime: Duration,
    /// `REFRESH_TOKEN_LIFETIME`: a day; seconds in the environment.
    pub refresh_token_lifetime: Duration,
    /// `ROTATE_REFRESH_TOKENS`: whether a refresh issues a new refresh token. Off by default.
    pub rotate_refresh_tokens: bool,
    /// `BLACKLIST_AFTER_ROTATION`: whether rotation blacklists the old refresh token. Off by
    /// default.
    pub blacklist_after_rotation: bool,
    /// Whether the tables `token_blacklist_…` exist (the app `token_blacklist` is installed):
    /// refresh tokens are recorded when they are issued, and looked up when they are used.
    /// `JWT_BLACKLIST` in the environment, off by default.
    pub blacklist: bool,
    /// `UPDATE_LAST_LOGIN`: whether issuing tokens updates the last login. Off by default.
    pub update_last_login: bool,
    /// `AUDIENCE`: the claim `aud` of new tokens, which all tokens must have.
    pub audience: Option<String>,
    /// `ISSUER`: the claim `iss` of new tokens, which all tokens must have.
    pub issuer: Option<String>,
    /// `LEEWAY`: how far clocks may differ. None by default.
    pub leeway: Duration,
    /// `AUTH_HEADER_TYPES`: the words before the token. `Bearer`.
    pub auth_header_types: Vec<String>,
    /// `USER_ID_CLAIM`: the claim that names the user. `user_id`.
    pub user_id_claim: String,
    /// `CHECK_USER_IS_ACTIVE`: whether inactive accounts are refused. On by default.
    pub check_user_is_active: bool,
    /// `CHECK_REVOKE_TOKEN`: whether tokens become invalid when the password changes. Off by
    /// default.
    pub check_revoke_token: bool,
}

impl Default for JwtSettings {
    fn default() -> Self {
        Self {
            signing_key: String::new(),
            verifying_key: String::new(),
            algorithm: "HS256".into(),
            access_token_lifetime: Duration::from_secs(300),
            refresh_token_lifetime: Duration::from_secs(86_400),
            rotate_refresh_tokens: false,
            blacklist_after_rotation: false,
            blacklist: false,
            update_last_login: false,
            audience: None,
            issuer: None,
            leeway: Duration::ZERO,
            auth_header_types: vec!["Bearer".into()],
            user_id_claim: "user_id".into(),
            check_user_is_active: true,
            check_revoke_token: false,
        }
    }
}

impl fmt::Debug for JwtSettings {
    /// Without the keys.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JwtSettings").field("algorithm", &self.algorithm).finish_non_exhaustive()
    }
}

impl JwtSettings {
    pub(super) fn read(&mut self, vars: &Vars<'_>) -> Result<(), SettingsError> {
        vars.key("JWT_SIGNING_KEY", &mut self.signing_key);
        vars.key("JWT_VERIFYING_KEY", &mut self.verifying_key);
        vars.text("JWT_ALGORITHM", &mut self.algorithm)?;
        vars.seconds("JWT_ACCESS_TOKEN_LIFETIME", &mut self.access_token_lifetime)?;
        vars.seconds("JWT_REFRESH_TOKEN_LIFETIME", &mut self.refresh_token_lifetime)?;
        vars.flag("JWT_ROTATE_REFRESH_TOKENS", &mut self.rotate_refresh_tokens)?;
        vars.flag("JWT_BLACKLIST_AFTER_ROTATION", &mut self.blacklist_after_rotation)?;
        vars.flag("JWT_BLACKLIST", &mut self.blacklist)?;
        vars.flag("JWT_UPDATE_LAST_LOGIN", &mut self.update_last_login)?;
        vars.text_or_none("JWT_AUDIENCE", &mut self.audience)?;
        vars.text_or_none("JWT_ISSUER", &mut self.issuer)?;
        vars.seconds("JWT_LEEWAY", &mut self.leeway)?;
        vars.list("JWT_AUTH_HEADER_TYPES", &mut self.auth_header_types)?;
        vars.text("JWT_USER_ID_CLAIM", &mut self.user_id_claim)?;
        vars.flag("JWT_CHECK_USER_IS_ACTIVE", &mut self.check_user_is_active)?;
        vars.flag("JWT_CHECK_REVOKE_TOKEN", &mut self.check_revoke_token)?;
        Ok(())
    }

    pub(super) fn check(&self) -> Result<(), SettingsError> {
        let second = Duration::from_secs(1);
        forms::period("JWT_ACCESS_TOKEN_LIFETIME", self.access_token_lifetime, second)?;
        forms::period("JWT_REFRESH_TOKEN_LIFETIME", self.refresh_token_lifetime, second)?;
        forms::period("JWT_LEEWAY", self.leeway, Duration::ZERO)
    }
}
