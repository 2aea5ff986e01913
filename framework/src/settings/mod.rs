//! Settings (`django.conf.settings`): plain values under Django's names, safe by default.
//!
//! [`Settings`] is a struct with a field for each setting. Names with a common prefix form a group:
//! `SESSION_COOKIE_AGE` is `settings.session.cookie.age`. [`Settings::from_env`] reads each from
//! the environment variable of its full name; code may change them after that. A site does not
//! start with missing or invalid settings, and the error names the setting.
//!
//! ```no_run
//! use std::time::Duration;
//!
//! use quintet::prelude::*;
//!
//! # fn main() -> Result<(), StartError> {
//! let mut settings = Settings::from_env()?;
//! settings.allowed_hosts = vec![".example.com".into()];
//! settings.session.cookie.age = Duration::from_secs(24 * 60 * 60);
//! settings.throttle.default_rates([("anon", "100/hour")]);
//! settings.check()?;
//! # Ok(())
//! # }
//! ```
//!
//! DRF's settings that name classes (`DEFAULT_PERMISSION_CLASSES`, `DEFAULT_PAGINATION_CLASS`) are
//! methods of [`SiteBuilder`](crate::site::SiteBuilder).
//!
//! # API reference
//!
//! - [`Settings`]: `SECRET_KEY`, `ALLOWED_HOSTS`, `DEBUG`, `DATABASE_…`, limits of bodies
//! - [`SecureSettings`]: `SECURE_…`, HTTPS and security headers
//! - [`SessionSettings`], [`CsrfSettings`]: `SESSION_…`, `CSRF_…`, cookies
//! - [`AuthSettings`]: password hashers and validators, login URLs
//! - [`RestFrameworkSettings`]: `COMPACT_JSON`, `SEARCH_PARAM` and other values of `REST_FRAMEWORK`
//! - [`ThrottleSettings`]: `DEFAULT_THROTTLE_RATES`, `NUM_PROXIES`
//! - [`FormatSettings`]: `DATETIME_FORMAT`, `COERCE_DECIMAL_TO_STRING` and their like, set in code
//! - [`JwtSettings`]: `JWT_…`, as `SIMPLE_JWT`
//! - [`CorsSettings`]: `CORS_…`, as django-cors-headers
//! - [`FileUploadSettings`]: `FILE_UPLOAD_…`; `MEDIA_ROOT` and `MEDIA_URL` are fields of [`Settings`]
//! - [`ServerSettings`]: `SERVER_…`, deadlines and limits of the server

mod auth;
mod cookie;
mod cors;
mod csrf;
mod formats;
mod forms;
mod jwt;
mod origins;
mod rest_framework;
pub(crate) mod secret;
mod secure;
mod server;
mod session;
mod throttle;
mod uploads;
mod vars;

use std::cell::Cell;
use std::env::VarError;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

pub use auth::AuthSettings;
pub use cookie::CookieSettings;
pub use cors::CorsSettings;
pub use csrf::CsrfSettings;
pub use formats::FormatSettings;
pub use jwt::JwtSettings;
pub use origins::OriginRules;
pub use rest_framework::RestFrameworkSettings;
pub use secure::SecureSettings;
pub use server::ServerSettings;
pub use session::SessionSettings;
pub use throttle::{OnFailure, ThrottleSettings};
pub use uploads::FileUploadSettings;

use vars::Vars;

/// The most workers that actix starts.
const MOST_WORKERS: usize = 512;

/// The most connections to `PostgreSQL` with the defaults of `WORKERS` and `DATABASE_POOL_SIZE`:
/// the hundred that a server accepts by default, less some for others.
const POSTGRES_CONNECTIONS: usize = 80;

/// The `SECRET_KEY` of a demonstration.
const DEMO_KEY: &str = "a-key-for-a-demonstration-that-is-not-for-production";

/// The default of `DATABASE_POOL_SIZE`.
const DEFAULT_POOL_SIZE: usize = 4;

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
    /// `SECRET_KEY`: signs sessions, tokens and other values that clients send back. Required.
    pub secret_key: String,
    /// `SECRET_KEY_FALLBACKS`: previous keys, still accepted when verifying signatures. None by
    /// default.
    pub secret_key_fallbacks: Vec<String>,
    /// `DEBUG`: makes an empty `ALLOWED_HOSTS` mean this machine. Off by default.
    pub debug: bool,
    /// `ALLOWED_HOSTS`: the host names of this site; `.example.com` stands for the name and all its
    /// subdomains, `*` for any host. Empty by default, which allows none.
    pub allowed_hosts: Vec<String>,
    /// `APPEND_SLASH`: whether a path that only lacks its slash is redirected. On by default.
    pub append_slash: bool,
    /// Paths below which Django's pages for errors that no view answers are JSON, `{"detail": ".."}`,
    /// whatever the client accepts: unknown paths, refused hosts, the server's own errors.
    /// `JSON_ERRORS=/api/` in the environment; none by default, as in Django.
    pub json_errors: Vec<String>,
    /// `DATA_UPLOAD_MAX_MEMORY_SIZE`: longest body in bytes; `None` for no limit. 2.5 MB.
    pub data_upload_max_memory_size: Option<usize>,
    /// `DATA_UPLOAD_MAX_NUMBER_FIELDS`: most parameters of a query or a form; `None` for no
    /// limit. 1000.
    pub data_upload_max_number_fields: Option<usize>,
    /// `DATA_UPLOAD_MAX_NUMBER_FILES`: most files of a multipart form; `None` for no limit. 100.
    pub data_upload_max_number_files: Option<usize>,
    /// `FILE_UPLOAD_…`
    pub file_upload: FileUploadSettings,
    /// `MEDIA_ROOT`: the folder of stored files; a storage that has files in it must be told where.
    /// Empty by default, which is the folder in which the program runs.
    pub media_root: PathBuf,
    /// `MEDIA_URL`: where clients get stored files, a path or an absolute URL that ends with a slash.
    /// `/` by default, as in Django, where an empty one is the root.
    pub media_url: String,
    /// `UPLOADED_FILES_USE_URL`: whether fields of files show URLs; otherwise they show the names under which
    /// files are stored. On by default.
    pub uploaded_files_use_url: bool,
    /// `ATOMIC_REQUESTS`: whether every request is one transaction. Off by default.
    pub atomic_requests: bool,
    /// `DATABASE_URL`: `sqlite://relative.db`, `sqlite:///absolute/path.db` or `postgres://…`.
    pub database_url: String,
    /// `DATABASES`: further databases, by their names, each with its URL. In the environment, with
    /// spaces between them: `archive=sqlite://archive.db replica=postgres://…`. None by default.
    pub databases: Vec<(String, String)>,
    /// `DATABASE_REPLICA`: the one of them that requests with a safe method read from. None by default.
    pub database_replica: Option<String>,
    /// `DATABASE_POOL_SIZE`: most connections to the database: of each worker to `PostgreSQL`, and
    /// as many again for transactions; of the whole program to `SQLite`. 4: more of them do not
    /// make a database faster, and statements that travel together cost less. A worker whose
    /// statements are often slow (reports, searches) wants more, so that others pass them. `None`,
    /// the default, is four, and fewer to `PostgreSQL` beyond ten workers: all of them stay below
    /// the hundred connections that a `PostgreSQL` server takes by default.
    pub database_pool_size: Option<usize>,
    /// `DATABASE_WAIT_TIMEOUT`: longest wait for a connection, in seconds; then 503.
    pub database_wait_timeout: Duration,
    /// `DATABASE_CONNECT_TIMEOUT`: longest wait for the database to take a connection, in
    /// seconds; then 503.
    pub database_connect_timeout: Duration,
    /// `X_FRAME_OPTIONS`: `X-Frame-Options`; `None` sends none. `DENY`.
    pub x_frame_options: Option<String>,
    /// `USE_X_FORWARDED_HOST`: a proxy in front sets `X-Forwarded-Host`. Off by default.
    pub use_x_forwarded_host: bool,
    /// `USE_X_FORWARDED_PORT`: a proxy in front sets `X-Forwarded-Port`. Off by default.
    pub use_x_forwarded_port: bool,
    /// `FORCE_SCRIPT_NAME`: the prefix of every path of this site, without a slash at the end.
    /// Empty by default.
    pub force_script_name: String,
    /// `WORKERS`: threads that serve requests. `None`, the default, is one per core; with
    /// `PostgreSQL` at most 40, so that two connections of each stay below its default of a
    /// hundred.
    pub workers: Option<usize>,
    /// `REDIS_URL`: `redis://host:6379/0`, for what several processes share; `None` keeps it in
    /// the memory of each.
    pub redis_url: Option<String>,
    /// `SECURE_…`
    pub secure: SecureSettings,
    /// `SESSION_…`
    pub session: SessionSettings,
    /// `CSRF_…`
    pub csrf: CsrfSettings,
    /// `PASSWORD_HASHERS`, `LOGIN_REDIRECT_URL` and other settings of accounts.
    pub auth: AuthSettings,
    /// `JWT_…`
    pub jwt: JwtSettings,
    /// `CORS_…`
    pub cors: CorsSettings,
    /// `UNICODE_JSON`, `SEARCH_PARAM` and other values of DRF's `REST_FRAMEWORK`.
    pub rest_framework: RestFrameworkSettings,
    /// `THROTTLE_…` and `NUM_PROXIES`
    pub throttle: ThrottleSettings,
    /// `DATETIME_FORMAT`, `COERCE_DECIMAL_TO_STRING` and other formats of fields.
    pub formats: FormatSettings,
    /// `SERVER_…`
    pub server: ServerSettings,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            secret_key: String::new(),
            secret_key_fallbacks: Vec::new(),
            debug: false,
            allowed_hosts: Vec::new(),
            append_slash: true,
            json_errors: Vec::new(),
            data_upload_max_memory_size: Some(2_621_440),
            data_upload_max_number_fields: Some(1000),
            data_upload_max_number_files: Some(100),
            file_upload: FileUploadSettings::default(),
            media_root: PathBuf::new(),
            media_url: "/".into(),
            uploaded_files_use_url: true,
            atomic_requests: false,
            database_url: "sqlite://db.sqlite3".into(),
            databases: Vec::new(),
            database_replica: None,
            database_pool_size: None,
            database_wait_timeout: Duration::from_secs(5),
            database_connect_timeout: Duration::from_secs(5),
            x_frame_options: Some("DENY".into()),
            use_x_forwarded_host: false,
            use_x_forwarded_port: false,
            force_script_name: String::new(),
            workers: None,
            redis_url: None,
            secure: SecureSettings::default(),
            session: SessionSettings::default(),
            csrf: CsrfSettings::default(),
            auth: AuthSettings::default(),
            jwt: JwtSettings::default(),
            cors: CorsSettings::default(),
            rest_framework: RestFrameworkSettings::default(),
            throttle: ThrottleSettings::default(),
            formats: FormatSettings::default(),
            server: ServerSettings::default(),
        }
    }
}

/// A setting that is missing or invalid. `Debug` prints the same message as `Display`, so that
/// `main` may return it.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[error("setting {name}: {reason}")]
#[non_exhaustive]
pub struct SettingsError {
    /// The setting's name, as in the environment.
    pub name: &'static str,
    /// What is wrong and what to write instead.
    pub reason: String,
}

crate::values::debug_is_display!(SettingsError);

impl Settings {
    /// The defaults, overridden by environment variables of the same names.
    ///
    /// # Errors
    /// If a variable is invalid, for example not UTF-8. A missing `SECRET_KEY` is reported by
    /// [`Settings::check`], so that code can set it after this.
    pub fn from_env() -> Result<Self, SettingsError> {
        let broken = Cell::new(None);
        let read = Self::from_vars(|name| match std::env::var(name) {
            Ok(value) => Some(value),
            Err(VarError::NotPresent) => None,
            Err(VarError::NotUnicode(_)) => {
                broken.set(broken.get().or(Some(name)));
                None
            }
        });
        match broken.get() {
            None => read,
            Some(name) => {
                let reason = "its value is not UTF-8; write it in that encoding".into();
                Err(SettingsError { name, reason })
            }
        }
    }

    /// [`Settings::from_env`] for a demo: if the environment lacks `SECRET_KEY`, `ALLOWED_HOSTS` or
    /// `DATABASE_URL`, it uses a demo value, which only serves this machine, and says so on
    /// standard error.
    ///
    /// # Errors
    /// As [`Settings::from_env`]; also if `DEBUG` is explicitly off, because production needs its
    /// own values.
    pub fn from_env_or_demo(database_url: &str) -> Result<Self, SettingsError> {
        let mut settings = Self::from_env()?;
        let is_absent = |name: &str| std::env::var_os(name).is_none();
        let mut demo = Vec::new();
        if is_absent("SECRET_KEY") {
            settings.secret_key = DEMO_KEY.into();
            demo.push("SECRET_KEY");
        }
        if is_absent("ALLOWED_HOSTS") {
            settings.allowed_hosts = ["localhost", "127.0.0.1", "[::1]"].map(Into::into).to_vec();
            demo.push("ALLOWED_HOSTS");
        }
        if is_absent("DATABASE_URL") {
            settings.database_url = database_url.into();
            demo.push("DATABASE_URL");
        }
        if demo.is_empty() {
            return Ok(settings);
        }
        let demo = demo.join(", ");
        if !is_absent("DEBUG") && !settings.debug {
            let reason = format!(
                "it is off, and there are values for a demonstration alone for {demo}; set them"
            );
            return Err(SettingsError { name: "DEBUG", reason });
        }
        eprintln!("Demo values for {demo}: set them in production.");
        Ok(settings)
    }

    /// Reads the settings from any source of variables.
    ///
    /// # Errors
    /// If a variable is there and cannot be read.
    pub fn from_vars(vars: impl Fn(&'static str) -> Option<String>) -> Result<Self, SettingsError> {
        let vars = Vars(&vars);
        let mut to = Self::default();
        vars.key("SECRET_KEY", &mut to.secret_key);
        vars.keys("SECRET_KEY_FALLBACKS", &mut to.secret_key_fallbacks)?;
        vars.flag("DEBUG", &mut to.debug)?;
        vars.list("ALLOWED_HOSTS", &mut to.allowed_hosts)?;
        vars.flag("APPEND_SLASH", &mut to.append_slash)?;
        vars.list("JSON_ERRORS", &mut to.json_errors)?;
        vars.number_or_none("DATA_UPLOAD_MAX_MEMORY_SIZE", &mut to.data_upload_max_memory_size)?;
        vars.number_or_none(
            "DATA_UPLOAD_MAX_NUMBER_FIELDS",
            &mut to.data_upload_max_number_fields,
        )?;
        vars.number_or_none("DATA_UPLOAD_MAX_NUMBER_FILES", &mut to.data_upload_max_number_files)?;
        to.file_upload.read(&vars)?;
        let mut folder = None;
        vars.text_or_none("MEDIA_ROOT", &mut folder)?;
        to.media_root = folder.map_or_else(PathBuf::new, PathBuf::from);
        vars.text("MEDIA_URL", &mut to.media_url)?;
        vars.flag("UPLOADED_FILES_USE_URL", &mut to.uploaded_files_use_url)?;
        vars.flag("ATOMIC_REQUESTS", &mut to.atomic_requests)?;
        vars.text("DATABASE_URL", &mut to.database_url)?;
        vars.named_urls("DATABASES", &mut to.databases)?;
        vars.text_or_none("DATABASE_REPLICA", &mut to.database_replica)?;
        vars.number_or_none("DATABASE_POOL_SIZE", &mut to.database_pool_size)?;
        vars.seconds("DATABASE_WAIT_TIMEOUT", &mut to.database_wait_timeout)?;
        vars.seconds("DATABASE_CONNECT_TIMEOUT", &mut to.database_connect_timeout)?;
        vars.text_or_none("X_FRAME_OPTIONS", &mut to.x_frame_options)?;
        vars.flag("USE_X_FORWARDED_HOST", &mut to.use_x_forwarded_host)?;
        vars.flag("USE_X_FORWARDED_PORT", &mut to.use_x_forwarded_port)?;
        vars.text("FORCE_SCRIPT_NAME", &mut to.force_script_name)?;
        vars.number_or_none("WORKERS", &mut to.workers)?;
        vars.text_or_none("REDIS_URL", &mut to.redis_url)?;
        to.secure.read(&vars)?;
        to.session.read(&vars)?;
        to.csrf.read(&vars)?;
        to.auth.read(&vars)?;
        to.jwt.read(&vars)?;
        to.cors.read(&vars)?;
        to.rest_framework.read(&vars)?;
        to.throttle.read(&vars)?;
        to.server.read(&vars)?;
        Ok(to)
    }

    /// The number of workers. By default, as many as there are cores, and with `PostgreSQL` no more
    /// than there are connections for.
    pub(crate) fn worker_count(&self) -> usize {
        let cores = || std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let workers = self.workers.unwrap_or_else(|| self.default_workers(cores()));
        workers.clamp(1, MOST_WORKERS)
    }

    fn default_workers(&self, cores: usize) -> usize {
        if !self.is_on_postgres() {
            return cores;
        }
        let connections = 2 * self.database_pool_size.unwrap_or(1).max(1);
        cores.min(POSTGRES_CONNECTIONS / connections).max(1)
    }

    /// The connections of each worker to `PostgreSQL`, or of the whole program to `SQLite`.
    pub(crate) fn pool_size(&self) -> usize {
        self.database_pool_size.unwrap_or_else(|| {
            if self.is_on_postgres() {
                (POSTGRES_CONNECTIONS / (2 * self.worker_count())).clamp(1, DEFAULT_POOL_SIZE)
            } else {
                DEFAULT_POOL_SIZE
            }
        })
    }

    fn is_on_postgres(&self) -> bool {
        self.database_url.starts_with("postgres")
    }

    /// Checks the settings.
    ///
    /// # Errors
    /// If there is no secret key, a number is out of bounds, a name, host or path is invalid, or
    /// the settings of a group contradict each other. JWT keys and throttle rates are checked when
    /// the site is built.
    pub fn check(&self) -> Result<(), SettingsError> {
        let wrong = |name, reason: &str| Err(SettingsError { name, reason: reason.into() });
        if self.secret_key.is_empty() {
            return wrong(
                "SECRET_KEY",
                "it is empty; put a long random text into the variable SECRET_KEY, or set \
                 `settings.secret_key`",
            );
        }
        if self.secret_key_fallbacks.iter().any(|key| key.trim().is_empty()) {
            return wrong("SECRET_KEY_FALLBACKS", "one of them is empty; remove it");
        }
        for host in &self.allowed_hosts {
            forms::host("ALLOWED_HOSTS", host)?;
        }
        if let Some(size) = self.database_pool_size {
            forms::within("DATABASE_POOL_SIZE", size, 1..=1000, "")?;
        }
        if let Some(workers) = self.workers {
            let otherwise = "; leave it out for one per core";
            forms::within("WORKERS", workers, 1..=MOST_WORKERS, otherwise)?;
        }
        let moment = Duration::from_millis(1);
        forms::period("DATABASE_WAIT_TIMEOUT", self.database_wait_timeout, moment)?;
        forms::period("DATABASE_CONNECT_TIMEOUT", self.database_connect_timeout, moment)?;
        let script = &self.force_script_name;
        let path = script.starts_with('/') && !script.ends_with('/');
        let graphic = script.bytes().all(|byte| byte.is_ascii_graphic());
        if !script.is_empty() && (!path || !graphic) {
            return wrong(
                "FORCE_SCRIPT_NAME",
                "it must start with a slash and must not end with one, like `/store`",
            );
        }
        if !self.media_url.ends_with('/') {
            return wrong("MEDIA_URL", "it must end with a slash, like `/media/`");
        }
        self.file_upload.check()?;
        self.cors.check()?;
        self.auth.check()?;
        self.session.check()?;
        self.csrf.check()?;
        if self.session.cookie.name == self.csrf.cookie.name {
            return wrong(
                "SESSION_COOKIE_NAME",
                "CSRF_COOKIE_NAME has the same value; change one of them",
            );
        }
        self.jwt.check()?;
        self.rest_framework.check()?;
        self.throttle.check()?;
        self.server.check()?;
        self.secure.check()
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
        let header = settings.secure.proxy_ssl_header.unwrap();
        assert_eq!(header, ("X-Forwarded-Proto".to_owned(), "https".to_owned()));
    }

    #[test]
    fn an_unreadable_variable_is_named() {
        let error = from(&[("DATABASE_POOL_SIZE", "many")]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "setting DATABASE_POOL_SIZE: `many` is not a whole number, 0 or more, such as `10`, or `none`"
        );
    }

    #[test]
    fn defaults_stay_within_what_postgresql_takes() {
        let url = ("DATABASE_URL", "postgres://u@h/d");
        let size = |pairs: &[(&str, &str)]| from(pairs).unwrap().pool_size();
        for (workers, connections) in [("1", 4), ("10", 4), ("13", 3), ("32", 1), ("64", 1)] {
            assert_eq!(size(&[url, ("WORKERS", workers)]), connections, "{workers}");
        }
        assert_eq!(size(&[url, ("WORKERS", "32"), ("DATABASE_POOL_SIZE", "4")]), 4);
        assert_eq!(size(&[("DATABASE_URL", "sqlite://x"), ("WORKERS", "32")]), 4);
        let workers = |pairs: &[(&str, &str)], cores| from(pairs).unwrap().default_workers(cores);
        for (cores, most) in [(2, 2), (40, 40), (41, 40), (512, 40)] {
            assert_eq!(workers(&[url], cores), most, "{cores}");
        }
        assert_eq!(workers(&[url, ("DATABASE_POOL_SIZE", "4")], 64), 10);
        assert_eq!(workers(&[url, ("DATABASE_POOL_SIZE", "900")], 64), 1);
        assert_eq!(workers(&[("DATABASE_URL", "sqlite://x")], 64), 64);
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
