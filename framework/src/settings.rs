//! What a project sets (`django.conf.settings`): plain values under Django's names, safe by default.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// The settings of a project.
///
/// ```
/// use quintet::settings::Settings;
///
/// let mut settings = Settings::default();
/// settings.secret_key = "a long random text".into();
/// settings.allowed_hosts = vec![".example.com".into()];
/// assert!(settings.check().is_ok());
/// ```
#[derive(Clone)]
#[non_exhaustive]
#[allow(clippy::struct_excessive_bools, reason = "each is a setting of its own")]
pub struct Settings {
    /// `SECRET_KEY`: signs whatever the server gives out and wants back. No default.
    pub secret_key: String,
    /// `DEBUG`: lets an empty `ALLOWED_HOSTS` stand for this machine. Off by default.
    pub debug: bool,
    /// `ALLOWED_HOSTS`: the names that this site answers to; `.example.com` stands for the name
    /// and everything below it, `*` for any. Empty by default: nobody.
    pub allowed_hosts: Vec<String>,
    /// `APPEND_SLASH`: a path that only lacks its slash is redirected. On by default.
    pub append_slash: bool,
    /// `DATA_UPLOAD_MAX_MEMORY_SIZE`: longest body in bytes; `None` for no limit. 2.5 MB.
    pub data_upload_max_memory_size: Option<usize>,
    /// `DATA_UPLOAD_MAX_NUMBER_FIELDS`: most parameters of a query or a form; `None` for no
    /// limit. 1000.
    pub data_upload_max_number_fields: Option<usize>,
    /// `ATOMIC_REQUESTS`: every request is one transaction. Off by default.
    pub atomic_requests: bool,
    /// `DATABASE_URL`: `sqlite://relative.db`, `sqlite:///absolute/path.db` or `postgres://…`.
    pub database_url: String,
    /// `DATABASE_POOL_SIZE`: most connections to the database: of each worker to `PostgreSQL`, of the
    /// whole program to `SQLite`.
    pub database_pool_size: usize,
    /// `DATABASE_WAIT_TIMEOUT`: longest wait for a connection, in seconds; then 503.
    pub database_wait_timeout: Duration,
    /// `DATABASE_CONNECT_TIMEOUT`: longest wait for the database to take a connection, in
    /// seconds; then 503.
    pub database_connect_timeout: Duration,
    /// `SECURE_CONTENT_TYPE_NOSNIFF`: sends `X-Content-Type-Options: nosniff`. On by default.
    pub secure_content_type_nosniff: bool,
    /// `SECURE_REFERRER_POLICY`: `Referrer-Policy`; `None` sends none. `same-origin`.
    pub secure_referrer_policy: Option<String>,
    /// `SECURE_CROSS_ORIGIN_OPENER_POLICY`: `Cross-Origin-Opener-Policy`; `None` sends none.
    /// `same-origin`.
    pub secure_cross_origin_opener_policy: Option<String>,
    /// `X_FRAME_OPTIONS`: `X-Frame-Options`; `None` sends none. `DENY`.
    pub x_frame_options: Option<String>,
    /// `USE_X_FORWARDED_HOST`: a proxy in front sets `X-Forwarded-Host`. Off by default.
    pub use_x_forwarded_host: bool,
    /// `SECURE_PROXY_SSL_HEADER`: the header and the value by which a proxy in front says that
    /// the client came over HTTPS, as `X-Forwarded-Proto: https` (in the environment) or a pair
    /// (in code). None by default.
    pub secure_proxy_ssl_header: Option<(String, String)>,
    /// `FORCE_SCRIPT_NAME`: what stands before every path of this site, without a slash at the
    /// end. Empty by default.
    pub force_script_name: String,
    /// `WORKERS`: threads that answer requests; `None` for one per core.
    pub workers: Option<usize>,
    /// `NUM_PROXIES`: proxies in front that append to `X-Forwarded-For`; `None` when unknown.
    pub num_proxies: Option<usize>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            secret_key: String::new(),
            debug: false,
            allowed_hosts: Vec::new(),
            append_slash: true,
            data_upload_max_memory_size: Some(2_621_440),
            data_upload_max_number_fields: Some(1000),
            atomic_requests: false,
            database_url: "sqlite://db.sqlite3".into(),
            database_pool_size: 16,
            database_wait_timeout: Duration::from_secs(5),
            database_connect_timeout: Duration::from_secs(5),
            secure_content_type_nosniff: true,
            secure_referrer_policy: Some("same-origin".into()),
            secure_cross_origin_opener_policy: Some("same-origin".into()),
            x_frame_options: Some("DENY".into()),
            use_x_forwarded_host: false,
            secure_proxy_ssl_header: None,
            force_script_name: String::new(),
            workers: None,
            num_proxies: None,
        }
    }
}

/// A setting that is missing or that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("setting {name}: {reason}")]
pub struct SettingsError {
    /// The setting's name, as in the environment.
    pub name: &'static str,
    /// What is wrong and what to write instead.
    pub reason: String,
}

impl Settings {
    /// The defaults, changed by what the environment says under the same names.
    ///
    /// # Errors
    /// When a variable is there and cannot be read. A missing `SECRET_KEY` is found by
    /// [`Settings::check`], so that code can set it after this.
    pub fn from_env() -> Result<Self, SettingsError> {
        Self::from_vars(|name| std::env::var(name).ok())
    }

    /// The same, from any source of variables.
    ///
    /// # Errors
    /// When a variable is there and cannot be read.
    pub fn from_vars(vars: impl Fn(&'static str) -> Option<String>) -> Result<Self, SettingsError> {
        let vars = Vars(vars);
        let mut to = Self::default();
        vars.text("SECRET_KEY", &mut to.secret_key);
        vars.flag("DEBUG", &mut to.debug)?;
        if let Some(hosts) = vars.get("ALLOWED_HOSTS") {
            to.allowed_hosts = hosts
                .split(',')
                .map(str::trim)
                .filter(|host| !host.is_empty())
                .map(ToOwned::to_owned)
                .collect();
        }
        vars.flag("APPEND_SLASH", &mut to.append_slash)?;
        vars.number_or_none("DATA_UPLOAD_MAX_MEMORY_SIZE", &mut to.data_upload_max_memory_size)?;
        vars.number_or_none(
            "DATA_UPLOAD_MAX_NUMBER_FIELDS",
            &mut to.data_upload_max_number_fields,
        )?;
        vars.flag("ATOMIC_REQUESTS", &mut to.atomic_requests)?;
        vars.text("DATABASE_URL", &mut to.database_url);
        vars.number("DATABASE_POOL_SIZE", &mut to.database_pool_size)?;
        vars.seconds("DATABASE_WAIT_TIMEOUT", &mut to.database_wait_timeout)?;
        vars.seconds("DATABASE_CONNECT_TIMEOUT", &mut to.database_connect_timeout)?;
        vars.flag("SECURE_CONTENT_TYPE_NOSNIFF", &mut to.secure_content_type_nosniff)?;
        vars.text_or_none("SECURE_REFERRER_POLICY", &mut to.secure_referrer_policy);
        vars.text_or_none(
            "SECURE_CROSS_ORIGIN_OPENER_POLICY",
            &mut to.secure_cross_origin_opener_policy,
        );
        vars.text_or_none("X_FRAME_OPTIONS", &mut to.x_frame_options);
        vars.flag("USE_X_FORWARDED_HOST", &mut to.use_x_forwarded_host)?;
        if let Some(header) = vars.get("SECURE_PROXY_SSL_HEADER") {
            let (name, value) = header.split_once(':').ok_or_else(|| SettingsError {
                name: "SECURE_PROXY_SSL_HEADER",
                reason: "write a header and its value, as `X-Forwarded-Proto: https`".into(),
            })?;
            to.secure_proxy_ssl_header = Some((name.trim().into(), value.trim().into()));
        }
        vars.text("FORCE_SCRIPT_NAME", &mut to.force_script_name);
        vars.number_or_none("WORKERS", &mut to.workers)?;
        vars.number_or_none("NUM_PROXIES", &mut to.num_proxies)?;
        Ok(to)
    }

    /// Looks for what would go wrong later.
    ///
    /// # Errors
    /// When there is no secret key, when a number is zero that must not be, when the script name
    /// is no path.
    pub fn check(&self) -> Result<(), SettingsError> {
        let wrong = |name, reason: &str| Err(SettingsError { name, reason: reason.into() });
        if self.secret_key.is_empty() {
            return wrong(
                "SECRET_KEY",
                "it is empty; put a long random text into the variable SECRET_KEY, or set \
                 `settings.secret_key`",
            );
        }
        if self.database_pool_size == 0 {
            return wrong("DATABASE_POOL_SIZE", "it is 0; a server needs one connection at least");
        }
        if self.workers == Some(0) {
            return wrong("WORKERS", "it is 0; leave it out for one per core");
        }
        let script = &self.force_script_name;
        if !script.is_empty() && (!script.starts_with('/') || script.ends_with('/')) {
            return wrong(
                "FORCE_SCRIPT_NAME",
                "it starts with a slash and has none at its end, as `/store`",
            );
        }
        Ok(())
    }
}

impl fmt::Debug for Settings {
    /// Without what must not reach a log: the secret key and the database's password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("debug", &self.debug)
            .field("allowed_hosts", &self.allowed_hosts)
            .field("workers", &self.workers)
            .finish_non_exhaustive()
    }
}

/// Reads variables into settings; an absent one leaves the setting as it is.
struct Vars<F>(F);

impl<F: Fn(&'static str) -> Option<String>> Vars<F> {
    fn get(&self, name: &'static str) -> Option<String> {
        (self.0)(name)
    }

    fn text(&self, name: &'static str, to: &mut String) {
        if let Some(value) = self.get(name) {
            *to = value;
        }
    }

    fn text_or_none(&self, name: &'static str, to: &mut Option<String>) {
        if let Some(value) = self.get(name) {
            *to = (!is_none(&value)).then_some(value);
        }
    }

    fn flag(&self, name: &'static str, to: &mut bool) -> Result<(), SettingsError> {
        let Some(value) = self.get(name) else { return Ok(()) };
        *to = match value.trim().to_ascii_lowercase().as_str() {
            "1" | "true" | "yes" | "on" => true,
            "" | "0" | "false" | "no" | "off" => false,
            _ => return Err(unreadable(name, &value, "1 or 0")),
        };
        Ok(())
    }

    fn number<T: FromStr>(&self, name: &'static str, to: &mut T) -> Result<(), SettingsError> {
        if let Some(value) = self.get(name) {
            *to = value.trim().parse().map_err(|_| unreadable(name, &value, "a whole number"))?;
        }
        Ok(())
    }

    fn number_or_none(
        &self,
        name: &'static str,
        to: &mut Option<usize>,
    ) -> Result<(), SettingsError> {
        let Some(value) = self.get(name) else { return Ok(()) };
        *to = if is_none(&value) {
            None
        } else {
            let number = value.trim().parse();
            Some(number.map_err(|_| unreadable(name, &value, "a whole number or `none`"))?)
        };
        Ok(())
    }

    fn seconds(&self, name: &'static str, to: &mut Duration) -> Result<(), SettingsError> {
        let Some(value) = self.get(name) else { return Ok(()) };
        let seconds = value.trim().parse::<f64>().ok();
        *to = seconds
            .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
            .ok_or_else(|| unreadable(name, &value, "a number of seconds"))?;
        Ok(())
    }
}

fn is_none(value: &str) -> bool {
    matches!(value.trim().to_ascii_lowercase().as_str(), "" | "none")
}

fn unreadable(name: &'static str, value: &str, expected: &str) -> SettingsError {
    SettingsError { name, reason: format!("`{value}` is not {expected}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(pairs: &[(&str, &str)]) -> Result<Settings, SettingsError> {
        Settings::from_vars(|name| {
            pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn variables_have_djangos_names() {
        let settings = from(&[
            ("SECRET_KEY", "k"),
            ("DEBUG", "True"),
            ("ALLOWED_HOSTS", "a.example, .b.example,"),
            ("X_FRAME_OPTIONS", "none"),
            ("DATABASE_WAIT_TIMEOUT", "0.5"),
            ("SECURE_PROXY_SSL_HEADER", "X-Forwarded-Proto: https"),
        ])
        .unwrap();
        assert!(settings.debug);
        assert_eq!(settings.allowed_hosts, ["a.example", ".b.example"]);
        assert_eq!(settings.x_frame_options, None);
        assert_eq!(settings.database_wait_timeout, Duration::from_millis(500));
        let header = settings.secure_proxy_ssl_header.unwrap();
        assert_eq!(header, ("X-Forwarded-Proto".to_owned(), "https".to_owned()));
    }

    #[test]
    fn an_unreadable_variable_is_named() {
        let error = from(&[("DATABASE_POOL_SIZE", "many")]).unwrap_err();
        assert_eq!(error.to_string(), "setting DATABASE_POOL_SIZE: `many` is not a whole number");
    }

    #[test]
    fn a_missing_secret_key_is_an_error_unless_code_sets_one() {
        let mut settings = from(&[]).unwrap();
        assert_eq!(settings.check().unwrap_err().name, "SECRET_KEY");
        settings.secret_key = "k".into();
        assert_eq!(settings.check(), Ok(()));
    }

    #[test]
    fn secrets_stay_out_of_the_debug_form() {
        let settings = from(&[("SECRET_KEY", "hidden")]).unwrap();
        assert!(!format!("{settings:?}").contains("hidden"));
    }
}
