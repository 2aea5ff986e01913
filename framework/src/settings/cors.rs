//! Cross-origin requests (CORS).

use std::time::Duration;

use super::vars::Vars;
use super::{OriginRules, SettingsError, forms};
use actix_web::http::Method;
use actix_web::http::header::HeaderName;

/// Cross-origin requests: django-cors-headers' `CORS_…`. Without an allowed origin nothing is
/// allowed.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct CorsSettings {
    /// `CORS_ALLOW_ALL_ORIGINS`: off by default.
    pub allow_all_origins: bool,
    /// `CORS_ALLOWED_ORIGINS`: with their scheme, `https://www.example.com`. None by default.
    pub allowed_origins: Vec<String>,
    /// `CORS_ALLOWED_ORIGIN_REGEXES`: regexes of allowed origins. None by default.
    pub allowed_origin_regexes: Vec<String>,
    /// `CORS_ALLOW_CREDENTIALS`: whether cookies may be sent. Off by default.
    pub allow_credentials: bool,
    /// `CORS_ALLOW_METHODS`: DELETE, GET, OPTIONS, PATCH, POST, PUT.
    pub allow_methods: Vec<String>,
    /// `CORS_ALLOW_HEADERS`: the headers that a script may set.
    pub allow_headers: Vec<String>,
    /// `CORS_EXPOSE_HEADERS`: the headers of a response that a script may read. None by default.
    pub expose_headers: Vec<String>,
    /// `CORS_PREFLIGHT_MAX_AGE`: how long a browser remembers the response. A day.
    pub preflight_max_age: Duration,
    /// `CORS_URLS_REGEX`: the paths that allow cross-origin requests. All by default.
    pub urls_regex: String,
    /// `CORS_ALLOW_PRIVATE_NETWORK`: off by default.
    pub allow_private_network: bool,
}

impl Default for CorsSettings {
    fn default() -> Self {
        let list = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        Self {
            allow_all_origins: false,
            allowed_origins: Vec::new(),
            allowed_origin_regexes: Vec::new(),
            allow_credentials: false,
            allow_methods: list(&["DELETE", "GET", "OPTIONS", "PATCH", "POST", "PUT"]),
            allow_headers: list(&[
                "accept",
                "authorization",
                "content-type",
                "user-agent",
                "x-csrftoken",
                "x-requested-with",
            ]),
            expose_headers: Vec::new(),
            preflight_max_age: Duration::from_secs(86_400),
            urls_regex: "^.*$".into(),
            allow_private_network: false,
        }
    }
}

impl CorsSettings {
    pub(super) fn read(&mut self, vars: &Vars<'_>) -> Result<(), SettingsError> {
        vars.flag("CORS_ALLOW_ALL_ORIGINS", &mut self.allow_all_origins)?;
        vars.list("CORS_ALLOWED_ORIGINS", &mut self.allowed_origins)?;
        vars.list("CORS_ALLOWED_ORIGIN_REGEXES", &mut self.allowed_origin_regexes)?;
        vars.flag("CORS_ALLOW_CREDENTIALS", &mut self.allow_credentials)?;
        vars.list("CORS_ALLOW_METHODS", &mut self.allow_methods)?;
        vars.list("CORS_ALLOW_HEADERS", &mut self.allow_headers)?;
        vars.list("CORS_EXPOSE_HEADERS", &mut self.expose_headers)?;
        vars.seconds("CORS_PREFLIGHT_MAX_AGE", &mut self.preflight_max_age)?;
        vars.text("CORS_URLS_REGEX", &mut self.urls_regex)?;
        vars.flag("CORS_ALLOW_PRIVATE_NETWORK", &mut self.allow_private_network)?;
        Ok(())
    }

    /// Whether any origin is allowed.
    pub fn allows_somebody(&self) -> bool {
        self.allow_all_origins
            || !self.allowed_origins.is_empty()
            || !self.allowed_origin_regexes.is_empty()
    }

    pub(super) fn check(&self) -> Result<(), SettingsError> {
        if cfg!(not(feature = "cors")) && self.allows_somebody() {
            return Err(SettingsError {
                name: "CORS_ALLOWED_ORIGINS",
                reason: "it needs the feature `cors` of the crate".into(),
            });
        }
        forms::period("CORS_PREFLIGHT_MAX_AGE", self.preflight_max_age, Duration::ZERO)?;
        for method in &self.allow_methods {
            method.parse::<Method>().map_err(|_| wrong("CORS_ALLOW_METHODS", method, "method"))?;
        }
        for (name, list) in [
            ("CORS_ALLOW_HEADERS", &self.allow_headers),
            ("CORS_EXPOSE_HEADERS", &self.expose_headers),
        ] {
            for header in list {
                let known = header == "*" || header.parse::<HeaderName>().is_ok();
                known.then_some(()).ok_or_else(|| wrong(name, header, "header"))?;
            }
        }
        OriginRules::new(self).map(drop)
    }
}

fn wrong(name: &'static str, value: &str, what: &str) -> SettingsError {
    SettingsError { name, reason: format!("`{value}` is not a valid name of a {what}") }
}

#[cfg(all(test, feature = "cors"))]
mod tests {
    use super::*;

    fn settings(change: impl FnOnce(&mut CorsSettings)) -> CorsSettings {
        let mut settings = CorsSettings::default();
        change(&mut settings);
        settings
    }

    fn refused(change: impl FnOnce(&mut CorsSettings)) -> (&'static str, String) {
        let error = settings(change).check().unwrap_err();
        (error.name, error.reason)
    }

    #[test]
    fn what_is_wrong_is_named_with_what_to_write() {
        let origin = |text: &'static str| refused(|cors| cors.allowed_origins = vec![text.into()]);
        assert_eq!(
            origin("a.example"),
            (
                "CORS_ALLOWED_ORIGINS",
                "`a.example` lacks its scheme; write `https://a.example`".into()
            )
        );
        assert_eq!(
            origin("https://a.example/").1,
            "`https://a.example/` has more than an origin; write `https://a.example`"
        );
        assert!(origin("*").1.contains("CORS_ALLOW_ALL_ORIGINS"));
        assert!(origin("https://").1.contains("scheme"));
        let name = |change: fn(&mut CorsSettings)| refused(change).0;
        assert_eq!(name(|cors| cors.urls_regex = "(".into()), "CORS_URLS_REGEX");
        assert_eq!(
            name(|cors| cors.allowed_origin_regexes = vec!["[".into()]),
            "CORS_ALLOWED_ORIGIN_REGEXES"
        );
        assert_eq!(name(|cors| cors.allow_methods = vec!["GET IT".into()]), "CORS_ALLOW_METHODS");
        assert_eq!(name(|cors| cors.allow_headers = vec!["a b".into()]), "CORS_ALLOW_HEADERS");
        assert_eq!(name(|cors| cors.expose_headers = vec!["é".into()]), "CORS_EXPOSE_HEADERS");
    }
}
