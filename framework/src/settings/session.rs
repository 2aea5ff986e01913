//! Sessions.

use super::SettingsError;
use super::cookie::{CookieNames, CookieSettings, cookie_names};
use super::vars::Vars;

const COOKIE: CookieNames = cookie_names!("SESSION");

/// Sessions and their cookie: Django's `SESSION_…`.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct SessionSettings {
    /// `SESSION_COOKIE_…`
    pub cookie: CookieSettings,
    /// `SESSION_SAVE_EVERY_REQUEST`: saves the session, and renews its expiry, on every request
    /// that has one. Off by default.
    pub save_every_request: bool,
    /// `SESSION_EXPIRE_AT_BROWSER_CLOSE`: the cookie ends with the browser. Off by default.
    pub expire_at_browser_close: bool,
}

impl Default for SessionSettings {
    fn default() -> Self {
        Self {
            cookie: CookieSettings::new("sessionid", 1_209_600, true),
            save_every_request: false,
            expire_at_browser_close: false,
        }
    }
}

impl SessionSettings {
    pub(super) fn read(&mut self, vars: &Vars<'_>) -> Result<(), SettingsError> {
        self.cookie.read(&COOKIE, vars)?;
        vars.flag("SESSION_SAVE_EVERY_REQUEST", &mut self.save_every_request)?;
        vars.flag("SESSION_EXPIRE_AT_BROWSER_CLOSE", &mut self.expire_at_browser_close)?;
        Ok(())
    }

    pub(super) fn check(&self) -> Result<(), SettingsError> {
        self.cookie.check(&COOKIE)
    }
}
