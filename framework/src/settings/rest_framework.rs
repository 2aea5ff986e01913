//! What DRF keeps in `REST_FRAMEWORK` that is neither a class nor of a group of its own.

use super::SettingsError;
use super::vars::Vars;

/// The values of DRF's `REST_FRAMEWORK` (`rest_framework.settings.api_settings`): `settings.rest_framework`.
/// Those that name classes are methods of [`SiteBuilder`](crate::site::SiteBuilder), those of throttles are
/// in [`ThrottleSettings`](super::ThrottleSettings).
///
/// ```
/// use quintet::settings::Settings;
///
/// let mut settings = Settings::default();
/// settings.rest_framework.compact_json = false;
/// settings.rest_framework.search_param = "q".into();
/// ```
#[doc(alias = "api_settings")]
#[doc(alias = "REST_FRAMEWORK")]
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct RestFrameworkSettings {
    /// `UNICODE_JSON`: whether JSON has letters beyond ASCII as they are, not as `\u00e9`. On by default.
    pub unicode_json: bool,
    /// `COMPACT_JSON`: whether JSON has no space after `,` and `:`. On by default.
    pub compact_json: bool,
    /// `URL_FORMAT_OVERRIDE`: the query parameter that names a format, `?format=json`; `None` for none.
    /// `format`.
    pub url_format_override: Option<String>,
    /// `SEARCH_PARAM`: the query parameter of the search filter. `search`.
    pub search_param: String,
    /// `ORDERING_PARAM`: the query parameter of the ordering filter. `ordering`.
    pub ordering_param: String,
    /// `DEFAULT_VERSION`: the version of requests that name none, for schemes that do not set it. None by
    /// default.
    pub default_version: Option<String>,
    /// `ALLOWED_VERSIONS`: the versions that exist, for schemes that do not set them; empty, the default,
    /// allows any.
    pub allowed_versions: Vec<String>,
    /// `VERSION_PARAM`: the capture, media type parameter or query parameter that holds the version, for
    /// schemes that do not set it. `version`.
    pub version_param: String,
}

impl Default for RestFrameworkSettings {
    fn default() -> Self {
        Self {
            unicode_json: true,
            compact_json: true,
            url_format_override: Some("format".into()),
            search_param: "search".into(),
            ordering_param: "ordering".into(),
            default_version: None,
            allowed_versions: Vec::new(),
            version_param: "version".into(),
        }
    }
}

impl RestFrameworkSettings {
    pub(super) fn read(&mut self, vars: &Vars<'_>) -> Result<(), SettingsError> {
        vars.flag("UNICODE_JSON", &mut self.unicode_json)?;
        vars.flag("COMPACT_JSON", &mut self.compact_json)?;
        vars.text_or_none("URL_FORMAT_OVERRIDE", &mut self.url_format_override)?;
        vars.text("SEARCH_PARAM", &mut self.search_param)?;
        vars.text("ORDERING_PARAM", &mut self.ordering_param)?;
        vars.text_or_none("DEFAULT_VERSION", &mut self.default_version)?;
        vars.list("ALLOWED_VERSIONS", &mut self.allowed_versions)?;
        vars.text("VERSION_PARAM", &mut self.version_param)
    }

    pub(super) fn check(&self) -> Result<(), SettingsError> {
        for (name, value) in [
            ("SEARCH_PARAM", &self.search_param),
            ("ORDERING_PARAM", &self.ordering_param),
            ("VERSION_PARAM", &self.version_param),
        ] {
            if value.is_empty() {
                let reason = "it is empty; write the name of a parameter, or leave it out".into();
                return Err(SettingsError { name, reason });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<RestFrameworkSettings, SettingsError> {
        let mut settings = RestFrameworkSettings::default();
        let get =
            |name| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
        settings.read(&Vars(&get))?;
        settings.check().map(|()| settings)
    }

    #[test]
    fn variables_have_drfs_names() {
        let settings = read(&[
            ("UNICODE_JSON", "0"),
            ("COMPACT_JSON", "0"),
            ("URL_FORMAT_OVERRIDE", "none"),
            ("SEARCH_PARAM", "q"),
            ("ORDERING_PARAM", "o"),
            ("DEFAULT_VERSION", "1.0"),
            ("ALLOWED_VERSIONS", "1.0, 2.0"),
            ("VERSION_PARAM", "v"),
        ])
        .unwrap();
        assert!(!settings.unicode_json && !settings.compact_json);
        assert_eq!(settings.url_format_override, None);
        assert_eq!((settings.search_param.as_str(), settings.ordering_param.as_str()), ("q", "o"));
        assert_eq!(settings.default_version.as_deref(), Some("1.0"));
        assert_eq!(settings.allowed_versions, ["1.0", "2.0"]);
        assert_eq!(settings.version_param, "v");
    }

    #[test]
    fn a_parameter_without_a_name_is_refused() {
        let refused = |name, value| read(&[(name, value)]).unwrap_err().to_string();
        assert!(refused("SEARCH_PARAM", "").starts_with("setting SEARCH_PARAM: it is empty"));
    }
}
