//! CSRF protection.

use super::SettingsError;
use super::cookie::{CookieNames, CookieSettings, cookie_names};
use super::vars::Vars;

const COOKIE: CookieNames = cookie_names!("CSRF");

/// CSRF protection: Django's `CSRF_…` settings.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct CsrfSettings {
    /// `CSRF_COOKIE_…`
    pub cookie: CookieSettings,
    /// `CSRF_HEADER_NAME`: the header that may hold the token, as it is sent: `X-CSRFToken`.
    pub header_name: String,
    /// `CSRF_TRUSTED_ORIGINS`: other origins whose unsafe requests are accepted, with their scheme:
    /// `https://www.example.com`, `https://*.example.com`. None by default.
    pub trusted_origins: Vec<String>,
}

impl Default for CsrfSettings {
    fn default() -> Self {
        Self {
            cookie: CookieSettings::new("csrftoken", 31_449_600, false),
            header_name: "X-CSRFToken".into(),
            trusted_origins: Vec::new(),
        }
    }
}

impl CsrfSettings {
    pub(super) fn read(&mut self, vars: &Vars<'_>) -> Result<(), SettingsError> {
        self.cookie.read(&COOKIE, vars)?;
        vars.text("CSRF_HEADER_NAME", &mut self.header_name)?;
        vars.list("CSRF_TRUSTED_ORIGINS", &mut self.trusted_origins)?;
        Ok(())
    }

    pub(super) fn check(&self) -> Result<(), SettingsError> {
        self.cookie.check(&COOKIE)?;
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
        Ok(())
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
        assert_eq!(name(|s| s.cookie.samesite = Some("lazy".into())), Some("CSRF_COOKIE_SAMESITE"));
        assert_eq!(name(|s| s.cookie.samesite = None), None);
    }
}
