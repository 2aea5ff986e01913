//! Which origins `CORS_…` allows.

use regex::Regex;

use super::{CorsSettings, SettingsError};

/// The origins that `CORS_…` allows, and for which paths: the settings, parsed once.
#[derive(Debug)]
pub struct OriginRules {
    all: bool,
    /// Schemes and hosts with their ports.
    origins: Vec<(String, String)>,
    /// Whether the origin `null` is allowed.
    null: bool,
    regexes: Vec<Regex>,
    urls: Regex,
}

impl OriginRules {
    /// Reads the settings.
    ///
    /// # Errors
    /// When an origin has no scheme or more than scheme, host and port, or when an expression
    /// cannot be read.
    pub fn new(settings: &CorsSettings) -> Result<Self, SettingsError> {
        let regexes = settings.allowed_origin_regexes.iter();
        let origins = settings.allowed_origins.iter().filter(|origin| *origin != "null");
        Ok(Self {
            all: settings.allow_all_origins,
            origins: origins.map(|origin| listed(origin)).collect::<Result<_, _>>()?,
            null: settings.allowed_origins.iter().any(|origin| origin == "null"),
            regexes: regexes
                .map(|pattern| regex("CORS_ALLOWED_ORIGIN_REGEXES", pattern))
                .collect::<Result<_, _>>()?,
            urls: regex("CORS_URLS_REGEX", &settings.urls_regex)?,
        })
    }

    /// Whether every origin is allowed.
    pub fn allows_all(&self) -> bool {
        self.all
    }

    /// Whether an `Origin` header is allowed.
    pub fn allows(&self, origin: &str) -> bool {
        let is_listed = |(scheme, host): (&str, &str)| {
            let same =
                |(own, at): &(String, String)| own.eq_ignore_ascii_case(scheme) && at == host;
            self.origins.iter().any(same)
        };
        self.all
            || self.null && origin == "null"
            || split(origin).is_some_and(is_listed)
            || self.regexes.iter().any(|regex| regex.is_match(origin))
    }

    /// Whether the settings apply to a path, decoded and with its first slash.
    pub fn covers(&self, path: &str) -> bool {
        self.urls.is_match(path)
    }
}

/// The scheme of an origin, and its host with the port.
fn split(origin: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = origin.split_once("://")?;
    Some((scheme, rest.split(['/', '?', '#']).next().unwrap_or_default()))
}

fn listed(origin: &str) -> Result<(String, String), SettingsError> {
    let wrong = |reason: String| SettingsError { name: "CORS_ALLOWED_ORIGINS", reason };
    if origin == "*" {
        return Err(wrong("`*` is not an origin; set CORS_ALLOW_ALL_ORIGINS instead".into()));
    }
    match split(origin) {
        // files, on Chrome for Android
        Some(("file", "")) if origin == "file://" => Ok(("file".into(), String::new())),
        Some((scheme, host)) if !scheme.is_empty() && !host.is_empty() => {
            if scheme.len() + host.len() + 3 != origin.len() {
                return Err(wrong(format!(
                    "`{origin}` has more than an origin; write `{scheme}://{host}`"
                )));
            }
            Ok((scheme.into(), host.into()))
        }
        _ => Err(wrong(format!("`{origin}` lacks its scheme; write `https://{origin}`"))),
    }
}

/// A regex that is matched at the beginning, as Python's `re.match` does.
fn regex(name: &'static str, pattern: &str) -> Result<Regex, SettingsError> {
    Regex::new(&format!(r"\A(?:{pattern})")).map_err(|error| SettingsError {
        name,
        reason: format!("`{pattern}` is not a valid regular expression: {error}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(change: impl FnOnce(&mut CorsSettings)) -> CorsSettings {
        let mut settings = CorsSettings::default();
        change(&mut settings);
        settings
    }

    #[test]
    fn origins_are_compared_by_scheme_host_and_port() {
        let rules = OriginRules::new(&settings(|cors| {
            cors.allowed_origins =
                vec!["https://a.example".into(), "http://b.example:8080".into(), "null".into()];
            cors.allowed_origin_regexes = vec![r"https://\w+\.c\.example$".into()];
        }))
        .unwrap();
        for origin in [
            "https://a.example",
            "HTTPS://a.example",
            "http://b.example:8080",
            "null",
            "https://x.c.example",
        ] {
            assert!(rules.allows(origin), "{origin}");
        }
        for origin in [
            "http://a.example",
            "https://a.example:443",
            "https://a.example.evil",
            "https://A.example",
            "http://b.example",
            "https://x.c.example.evil",
            "xhttps://x.c.example",
            "a.example",
            "",
        ] {
            assert!(!rules.allows(origin), "{origin}");
        }
    }

    #[test]
    fn paths_are_matched_from_their_beginning() {
        let rules = OriginRules::new(&settings(|cors| cors.urls_regex = "^/api/".into())).unwrap();
        assert!(rules.covers("/api/artists/"));
        assert!(!rules.covers("/x/api/"));
        assert!(OriginRules::new(&CorsSettings::default()).unwrap().covers("/"));
    }
}
