//! Sessions.

use std::time::Duration;

use super::vars::Vars;
use super::{SettingsError, forms};

/// Sessions and their cookie: Django's `SESSION_…`.
#[derive(Debug, Clone)]
#[non_exhaustive]
#[allow(clippy::struct_excessive_bools, reason = "each is a setting of its own")]
pub struct SessionSettings {
    /// `SESSION_COOKIE_NAME`: `sessionid`.
    pub cookie_name: String,
    /// `SESSION_COOKIE_AGE`: how long a browser keeps the cookie, in seconds in the environment.
    pub cookie_age: Duration,
    /// `SESSION_COOKIE_DOMAIN`: `None` for this host alone.
    pub cookie_domain: Option<String>,
    /// `SESSION_COOKIE_PATH`: `/`.
    pub cookie_path: String,
    /// `SESSION_COOKIE_SECURE`: sent over HTTPS only. Off by default.
    pub cookie_secure: bool,
    /// `SESSION_COOKIE_HTTPONLY`: hidden from scripts. On by default.
    pub cookie_httponly: bool,
    /// `SESSION_COOKIE_SAMESITE`: `Lax`, `Strict`, `None`; `none` in the environment leaves the
    /// attribute out, as `None` in code.
    pub cookie_samesite: Option<String>,
    /// `SESSION_SAVE_EVERY_REQUEST`: saves the session, and renews its expiry, on every request
    /// that has one. Off by default.
    pub save_every_request: bool,
    /// `SESSION_EXPIRE_AT_BROWSER_CLOSE`: the cookie ends with the browser. Off by default.
    pub expire_at_browser_close: bool,
}

impl Default for SessionSettings {
    fn default() -> Self {
        Self {
            cookie_name: "sessionid".into(),
            cookie_age: Duration::from_secs(1_209_600),
            cookie_domain: None,
            cookie_path: "/".into(),
            cookie_secure: false,
            cookie_httponly: true,
            cookie_samesite: Some("Lax".into()),
            save_every_request: false,
            expire_at_browser_close: false,
        }
    }
}

impl SessionSettings {
    pub(super) fn read(&mut self, vars: &Vars<'_>) -> Result<(), SettingsError> {
        vars.text("SESSION_COOKIE_NAME", &mut self.cookie_name)?;
        vars.seconds("SESSION_COOKIE_AGE", &mut self.cookie_age)?;
        vars.text_or_none("SESSION_COOKIE_DOMAIN", &mut self.cookie_domain)?;
        vars.text("SESSION_COOKIE_PATH", &mut self.cookie_path)?;
        vars.flag("SESSION_COOKIE_SECURE", &mut self.cookie_secure)?;
        vars.flag("SESSION_COOKIE_HTTPONLY", &mut self.cookie_httponly)?;
        vars.text_or_none("SESSION_COOKIE_SAMESITE", &mut self.cookie_samesite)?;
        vars.flag("SESSION_SAVE_EVERY_REQUEST", &mut self.save_every_request)?;
        vars.flag("SESSION_EXPIRE_AT_BROWSER_CLOSE", &mut self.expire_at_browser_close)?;
        Ok(())
    }

    pub(super) fn check(&self) -> Result<(), SettingsError> {
        forms::cookie_name("SESSION_COOKIE_NAME", &self.cookie_name)?;
        forms::period("SESSION_COOKIE_AGE", self.cookie_age, Duration::from_secs(1))?;
        forms::cookie_path("SESSION_COOKIE_PATH", &self.cookie_path)?;
        forms::cookie_domain("SESSION_COOKIE_DOMAIN", self.cookie_domain.as_deref())?;
        super::csrf::check_same_site("SESSION_COOKIE_SAMESITE", self.cookie_samesite.as_deref())
    }
}
