//! CSRF protection.

use std::time::Duration;

use super::vars::Vars;
use super::{SettingsError, forms};

/// CSRF protection: Django's `CSRF_…` settings.
#[derive(Debug, Clone)]
#[non_exhaustive]
#[allow(clippy::struct_excessive_bools, reason = "each is a setting of its own")]
pub struct CsrfSettings {
    /// `CSRF_COOKIE_NAME`: `csrftoken`.
    pub cookie_name: String,
    /// `CSRF_COOKIE_AGE`: how long a browser keeps the cookie, in seconds in the environment.
    pub cookie_age: Duration,
    /// `CSRF_COOKIE_DOMAIN`: `None` for this host alone.
    pub cookie_domain: Option<String>,
    /// `CSRF_COOKIE_PATH`: `/`.
    pub cookie_path: String,
    /// `CSRF_COOKIE_SECURE`: sent over HTTPS only. Off by default.
    pub cookie_secure: bool,
    /// `CSRF_COOKIE_HTTPONLY`: hidden from scripts. Off by default.
    pub cookie_httponly: bool,
    /// `CSRF_COOKIE_SAMESITE`: `Lax`, `Strict`, `None`; `none` in the environment leaves the
    /// attribute out, as `None` in code.
    pub cookie_samesite: Option<String>,
    /// `CSRF_HEADER_NAME`: the header that may hold the token, as it is sent: `X-CSRFToken`.
    pub header_name: String,
    /// `CSRF_TRUSTED_ORIGINS`: other origins whose unsafe requests are accepted, with their scheme:
    /// `https://www.example.com`, `https://*.example.com`. None by default.
    pub trusted_origins: Vec<String>,
}

impl Default for CsrfSettings {
    fn default() -> Self {
        Self {
            cookie_name: "csrftoken".into(),
            cookie_age: Duration::from_secs(31_449_600),
            cookie_domain: None,
            cookie_path: "/".into(),
            cookie_secure: false,
            cookie_httponly: false,
            cookie_samesite: Some("Lax".into()),
            header_name: "X-CSRFToken".into(),
            trusted_origins: Vec::new(),
        }
    }
}

impl CsrfSettings {
    pub(super) fn read(&mut self, vars: &Vars<'_>) -> Result<(), SettingsError> {
        vars.text("CSRF_COOKIE_NAME", &mut self.cookie_name)?;
        vars.seconds("CSRF_COOKIE_AGE", &mut self.cookie_age)?;
        vars.text_or_none("CSRF_COOKIE_DOMAIN", &mut self.cookie_domain)?;
        vars.text("CSRF_COOKIE_PATH", &mut self.cookie_path)?;
        vars.flag("CSRF_COOKIE_SECURE", &mut self.cookie_secure)?;
        vars.flag("CSRF_COOKIE_HTTPONLY", &mut self.cookie_httponly)?;
        vars.text_or_none("CSRF_COOKIE_SAMESITE", &mut self.cookie_samesite)?;
        vars.text("CSRF_HEADER_NAME", &mut self.header_name)?;
        vars.list("CSRF_TRUSTED_ORIGINS", &mut self.trusted_origins)?;
        Ok(())
    }

    pub(super) fn check(&self) -> Result<(), SettingsError> {
        forms::cookie_name("CSRF_COOKIE_NAME", &self.cookie_name)?;
        forms::period("CSRF_COOKIE_AGE", self.cookie_age, Duration::from_secs(1))?;
        forms::cookie_path("CSRF_COOKIE_PATH", &self.cookie_path)?;
        forms::cookie_domain("CSRF_COOKIE_DOMAIN", self.cookie_domain.as_deref())?;
        let wrong = |name, reason: String| Err(SettingsError { name, reason });
        if let Some(origin) = self.trusted_origins.iter().find(|origin| !origin.contains("://")) {
            let reason = format!("`{origin}` has no scheme; write `https://{origin}`");
            return wrong("CSRF_TRUSTED_ORIGINS", reason);
        }
        let token = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        if self.header_name.is_empty() || !self.header_name.bytes().all(token) {
            let reason = format!("`{}` is not a header such as `X-CSRFToken`", self.header_name);
            return wrong("CSRF_HEADER_NAME", reason);
        }
        check_same_site("CSRF_COOKIE_SAMESITE", self.cookie_samesite.as_deref())
    }
}

/// Checks that `SameSite` is one of its three values.
pub(super) fn check_same_site(
    name: &'static str,
    value: Option<&str>,
) -> Result<(), SettingsError> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_never_match_is_told_at_the_start() {
        let name = |change: fn(&mut CsrfSettings)| {
            let mut settings = CsrfSettings::default();
            change(&mut settings);
            settings.check().err().map(|error| error.name)
        };
        assert_eq!(name(|_| {}), None);
        assert_eq!(name(|s| s.trusted_origins = vec!["https://*.example.com".into()]), None);
        assert_eq!(
            name(|s| s.trusted_origins = vec!["example.com".into()]),
            Some("CSRF_TRUSTED_ORIGINS")
        );
        assert_eq!(name(|s| s.header_name = "X CSRF".into()), Some("CSRF_HEADER_NAME"));
        assert_eq!(name(|s| s.cookie_samesite = Some("lazy".into())), Some("CSRF_COOKIE_SAMESITE"));
        assert_eq!(name(|s| s.cookie_samesite = None), None);
    }
}
