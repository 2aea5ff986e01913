//! The attributes of a cookie that Django has settings for.

use std::time::Duration;

use super::vars::Vars;
use super::{SettingsError, forms};

/// A cookie: Django's `…_COOKIE_NAME`, `…_COOKIE_AGE` and so on, for the session
/// (`SESSION_COOKIE_…`) and for CSRF protection (`CSRF_COOKIE_…`).
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct CookieSettings {
    /// `…_COOKIE_NAME`: `sessionid`, `csrftoken`.
    pub name: String,
    /// `…_COOKIE_AGE`: how long a browser keeps the cookie, in seconds in the environment. Two weeks
    /// for the session, a year for CSRF protection.
    pub age: Duration,
    /// `…_COOKIE_DOMAIN`: `None` for this host alone.
    pub domain: Option<String>,
    /// `…_COOKIE_PATH`: `/`.
    pub path: String,
    /// `…_COOKIE_SECURE`: sent over HTTPS only. Off by default.
    pub secure: bool,
    /// `…_COOKIE_HTTPONLY`: hidden from scripts. On by default for the session only.
    pub httponly: bool,
    /// `…_COOKIE_SAMESITE`: `Lax`, `Strict`, `None`; `none` in the environment leaves the attribute
    /// out, as `None` in code.
    pub samesite: Option<String>,
}

/// The settings of a cookie, by name.
pub(super) struct CookieNames {
    pub(super) name: &'static str,
    pub(super) age: &'static str,
    pub(super) domain: &'static str,
    pub(super) path: &'static str,
    pub(super) secure: &'static str,
    pub(super) httponly: &'static str,
    pub(super) samesite: &'static str,
}

/// The names of the settings that start with a word.
macro_rules! cookie_names {
    ($word:literal) => {
        $crate::settings::cookie::CookieNames {
            name: concat!($word, "_COOKIE_NAME"),
            age: concat!($word, "_COOKIE_AGE"),
            domain: concat!($word, "_COOKIE_DOMAIN"),
            path: concat!($word, "_COOKIE_PATH"),
            secure: concat!($word, "_COOKIE_SECURE"),
            httponly: concat!($word, "_COOKIE_HTTPONLY"),
            samesite: concat!($word, "_COOKIE_SAMESITE"),
        }
    };
}
pub(super) use cookie_names;

impl CookieSettings {
    /// Django's defaults, apart from what differs.
    pub(super) fn new(name: &str, age: u64, httponly: bool) -> Self {
        Self {
            name: name.to_owned(),
            age: Duration::from_secs(age),
            domain: None,
            path: "/".into(),
            secure: false,
            httponly,
            samesite: Some("Lax".into()),
        }
    }

    pub(super) fn read(
        &mut self,
        names: &CookieNames,
        vars: &Vars<'_>,
    ) -> Result<(), SettingsError> {
        vars.text(names.name, &mut self.name)?;
        vars.seconds(names.age, &mut self.age)?;
        vars.text_or_none(names.domain, &mut self.domain)?;
        vars.text(names.path, &mut self.path)?;
        vars.flag(names.secure, &mut self.secure)?;
        vars.flag(names.httponly, &mut self.httponly)?;
        vars.text_or_none(names.samesite, &mut self.samesite)?;
        Ok(())
    }

    pub(super) fn check(&self, names: &CookieNames) -> Result<(), SettingsError> {
        forms::cookie_name(names.name, &self.name)?;
        forms::period(names.age, self.age, Duration::from_secs(1))?;
        forms::cookie_path(names.path, &self.path)?;
        forms::cookie_domain(names.domain, self.domain.as_deref())?;
        check_same_site(names.samesite, self.samesite.as_deref())
    }
}

/// Checks that `SameSite` is one of its three values.
fn check_same_site(name: &'static str, value: Option<&str>) -> Result<(), SettingsError> {
    let known = |value: &str| {
        ["lax", "strict", "none"].iter().any(|known| value.eq_ignore_ascii_case(known))
    };
    match value.filter(|value| !known(value)) {
        None => Ok(()),
        Some(value) => {
            let reason = format!("`{value}` is not `Lax`, `Strict` or `None`");
            Err(SettingsError { name, reason })
        }
    }
}
