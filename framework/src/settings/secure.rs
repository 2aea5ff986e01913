//! The settings of `SecurityMiddleware`.

use actix_web::http::header::HeaderName;

use super::vars::Vars;
use super::{SettingsError, forms};

/// Headers and redirects of `SecurityMiddleware`: Django's `SECURE_…`.
#[derive(Debug, Clone)]
#[non_exhaustive]
#[allow(clippy::struct_excessive_bools, reason = "each is a setting of its own")]
pub struct SecureSettings {
    /// `SECURE_CONTENT_TYPE_NOSNIFF`: sends `X-Content-Type-Options: nosniff`. On by default.
    pub content_type_nosniff: bool,
    /// `SECURE_REFERRER_POLICY`: `Referrer-Policy`; `None` sends none. `same-origin`.
    pub referrer_policy: Option<String>,
    /// `SECURE_CROSS_ORIGIN_OPENER_POLICY`: `Cross-Origin-Opener-Policy`; `None` sends none.
    /// `same-origin`.
    pub cross_origin_opener_policy: Option<String>,
    /// `SECURE_HSTS_SECONDS`: how long browsers must use HTTPS; 0 sends no
    /// `Strict-Transport-Security`. 0.
    pub hsts_seconds: u64,
    /// `SECURE_HSTS_INCLUDE_SUBDOMAINS`: whether HSTS includes subdomains. Off by default.
    pub hsts_include_subdomains: bool,
    /// `SECURE_HSTS_PRELOAD`: allows browsers to ship the name in their lists. Off by default.
    pub hsts_preload: bool,
    /// `SECURE_SSL_REDIRECT`: whether plain HTTP is redirected to HTTPS. Off by default.
    pub ssl_redirect: bool,
    /// `SECURE_SSL_HOST`: the host that is redirected to; `None` keeps the request's.
    pub ssl_host: Option<String>,
    /// `SECURE_REDIRECT_EXEMPT`: paths, without their first slash, that are served over plain HTTP
    /// anyway, as regexes. None by default.
    pub redirect_exempt: Vec<String>,
    /// `SECURE_PROXY_SSL_HEADER`: the header and the value by which a proxy in front says that
    /// the client came over HTTPS, as `X-Forwarded-Proto: https` (in the environment) or a pair
    /// (in code). None by default.
    pub proxy_ssl_header: Option<(String, String)>,
}

impl Default for SecureSettings {
    fn default() -> Self {
        Self {
            content_type_nosniff: true,
            referrer_policy: Some("same-origin".into()),
            cross_origin_opener_policy: Some("same-origin".into()),
            hsts_seconds: 0,
            hsts_include_subdomains: false,
            hsts_preload: false,
            ssl_redirect: false,
            ssl_host: None,
            redirect_exempt: Vec::new(),
            proxy_ssl_header: None,
        }
    }
}

impl SecureSettings {
    pub(super) fn read(&mut self, vars: &Vars<'_>) -> Result<(), SettingsError> {
        vars.flag("SECURE_CONTENT_TYPE_NOSNIFF", &mut self.content_type_nosniff)?;
        vars.text_or_none("SECURE_REFERRER_POLICY", &mut self.referrer_policy)?;
        vars.text_or_none(
            "SECURE_CROSS_ORIGIN_OPENER_POLICY",
            &mut self.cross_origin_opener_policy,
        )?;
        vars.number("SECURE_HSTS_SECONDS", &mut self.hsts_seconds)?;
        vars.flag("SECURE_HSTS_INCLUDE_SUBDOMAINS", &mut self.hsts_include_subdomains)?;
        vars.flag("SECURE_HSTS_PRELOAD", &mut self.hsts_preload)?;
        vars.flag("SECURE_SSL_REDIRECT", &mut self.ssl_redirect)?;
        vars.text_or_none("SECURE_SSL_HOST", &mut self.ssl_host)?;
        vars.list("SECURE_REDIRECT_EXEMPT", &mut self.redirect_exempt)?;
        if let Some(header) = vars.get("SECURE_PROXY_SSL_HEADER") {
            let (name, value) = header.split_once(':').ok_or_else(|| SettingsError {
                name: "SECURE_PROXY_SSL_HEADER",
                reason: "write a header and its value, as `X-Forwarded-Proto: https`".into(),
            })?;
            self.proxy_ssl_header = Some((name.trim().into(), value.trim().into()));
        }
        Ok(())
    }

    pub(super) fn check(&self) -> Result<(), SettingsError> {
        forms::within("SECURE_HSTS_SECONDS", self.hsts_seconds, 0..=3_153_600_000, "")?;
        for pattern in &self.redirect_exempt {
            regex::Regex::new(pattern).map_err(|error| SettingsError {
                name: "SECURE_REDIRECT_EXEMPT",
                reason: format!("`{pattern}` is not a valid regular expression: {error}"),
            })?;
        }
        let wrong = |name, reason: String| Err(SettingsError { name, reason });
        if let Some((header, _)) = &self.proxy_ssl_header {
            if let Some(name) = header.strip_prefix("HTTP_") {
                let name = name.replace('_', "-");
                let reason = format!("write the header as it is sent, `{name}`, not `{header}`");
                return wrong("SECURE_PROXY_SSL_HEADER", reason);
            }
            if header.parse::<HeaderName>().is_err() {
                let reason = format!("`{header}` is not a valid header name");
                return wrong("SECURE_PROXY_SSL_HEADER", reason);
            }
        }
        match &self.ssl_host {
            Some(host) if host.is_empty() || host.contains('/') => {
                let reason = format!("`{host}` is not a host; write it like `www.example.com`");
                wrong("SECURE_SSL_HOST", reason)
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_is_named() {
        let refused = |change: fn(&mut SecureSettings)| {
            let mut settings = SecureSettings::default();
            change(&mut settings);
            settings.check().unwrap_err().to_string()
        };
        assert_eq!(
            refused(|secure| secure.ssl_host = Some("https://a.example".into())),
            "setting SECURE_SSL_HOST: `https://a.example` is not a host; write it like \
             `www.example.com`"
        );
        assert!(
            refused(|secure| secure.redirect_exempt = vec!["(".into()]).starts_with(
                "setting SECURE_REDIRECT_EXEMPT: `(` is not a valid regular expression"
            )
        );
        let django =
            "write the header as it is sent, `X-FORWARDED-PROTO`, not `HTTP_X_FORWARDED_PROTO`";
        for (name, reason) in [
            ("HTTP_X_FORWARDED_PROTO", django),
            ("X Forwarded", "`X Forwarded` is not a valid header name"),
        ] {
            let proxy_ssl_header = Some((name.to_owned(), "https".to_owned()));
            let settings = SecureSettings { proxy_ssl_header, ..SecureSettings::default() };
            let name = "SECURE_PROXY_SSL_HEADER";
            assert_eq!(settings.check(), Err(SettingsError { name, reason: reason.into() }));
        }
    }
}
