//! Requests of scripts of other sites.

use std::time::Duration;

use super::SettingsError;
use super::vars::Vars;

/// Cross-origin requests: django-cors-headers' `CORS_…`. Without an allowed origin nothing is
/// allowed.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct CorsSettings {
    /// `CORS_ALLOW_ALL_ORIGINS`: off by default.
    pub allow_all_origins: bool,
    /// `CORS_ALLOWED_ORIGINS`: with their scheme, `https://www.example.com`. None by default.
    pub allowed_origins: Vec<String>,
    /// `CORS_ALLOWED_ORIGIN_REGEXES`: the same as regexes. None by default.
    pub allowed_origin_regexes: Vec<String>,
    /// `CORS_ALLOW_CREDENTIALS`: cookies may come along. Off by default.
    pub allow_credentials: bool,
    /// `CORS_ALLOW_METHODS`: DELETE, GET, OPTIONS, PATCH, POST, PUT.
    pub allow_methods: Vec<String>,
    /// `CORS_ALLOW_HEADERS`: the headers that a script may set.
    pub allow_headers: Vec<String>,
    /// `CORS_EXPOSE_HEADERS`: the headers of an answer that a script may read. None by default.
    pub expose_headers: Vec<String>,
    /// `CORS_PREFLIGHT_MAX_AGE`: how long a browser remembers the answer. A day.
    pub preflight_max_age: Duration,
    /// `CORS_URLS_REGEX`: the paths that this is for. Every one by default.
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
        vars.list("CORS_ALLOWED_ORIGINS", &mut self.allowed_origins);
        vars.list("CORS_ALLOWED_ORIGIN_REGEXES", &mut self.allowed_origin_regexes);
        vars.flag("CORS_ALLOW_CREDENTIALS", &mut self.allow_credentials)?;
        vars.list("CORS_ALLOW_METHODS", &mut self.allow_methods);
        vars.list("CORS_ALLOW_HEADERS", &mut self.allow_headers);
        vars.list("CORS_EXPOSE_HEADERS", &mut self.expose_headers);
        vars.seconds("CORS_PREFLIGHT_MAX_AGE", &mut self.preflight_max_age)?;
        vars.text("CORS_URLS_REGEX", &mut self.urls_regex);
        vars.flag("CORS_ALLOW_PRIVATE_NETWORK", &mut self.allow_private_network)?;
        Ok(())
    }
}
