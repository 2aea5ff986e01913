//! Accounts and passwords.

use super::SettingsError;
use super::vars::Vars;

/// Accounts and passwords: what `django.contrib.auth` reads.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct AuthSettings {
    /// `PASSWORD_HASHERS`: the algorithms that are accepted, by the word that a hash starts with;
    /// the first one makes new hashes, and hashes of another one are made anew at login.
    /// `pbkdf2_sha256`, then every other one of Django's.
    pub password_hashers: Vec<String>,
    /// `PBKDF2_ITERATIONS`: the rounds of a new PBKDF2 hash. Django 5.2's 1,000,000.
    pub pbkdf2_iterations: u32,
    /// `HASHING_THREADS`: threads that hash passwords, so many logins at a time; `None` for half
    /// of the cores.
    pub hashing_threads: Option<usize>,
    /// `AUTH_PASSWORD_MIN_LENGTH`: what the length validator asks for. 8.
    pub password_min_length: usize,
    /// `LOGIN_URL`: where a browser is sent to log in. `/accounts/login/`.
    pub login_url: String,
    /// `LOGIN_REDIRECT_URL`: where a login leads that names no `next`. `/accounts/profile/`.
    pub login_redirect_url: String,
    /// `LOGOUT_REDIRECT_URL`: where a logout leads; `None` shows a page.
    pub logout_redirect_url: Option<String>,
    /// `LOGIN_THROTTLE_RATE`: failed logins of one account from one address; `None` for no limit.
    /// `20/min`.
    pub login_throttle_rate: Option<String>,
}

impl Default for AuthSettings {
    fn default() -> Self {
        let hashers =
            ["pbkdf2_sha256", "pbkdf2_sha1", "argon2", "bcrypt_sha256", "bcrypt", "scrypt"];
        Self {
            password_hashers: hashers.map(ToOwned::to_owned).to_vec(),
            pbkdf2_iterations: 1_000_000,
            hashing_threads: None,
            password_min_length: 8,
            login_url: "/accounts/login/".into(),
            login_redirect_url: "/accounts/profile/".into(),
            logout_redirect_url: None,
            login_throttle_rate: Some("20/min".into()),
        }
    }
}

impl AuthSettings {
    pub(super) fn read(&mut self, vars: &Vars<'_>) -> Result<(), SettingsError> {
        vars.list("PASSWORD_HASHERS", &mut self.password_hashers);
        vars.number("PBKDF2_ITERATIONS", &mut self.pbkdf2_iterations)?;
        vars.number_or_none("HASHING_THREADS", &mut self.hashing_threads)?;
        vars.number("AUTH_PASSWORD_MIN_LENGTH", &mut self.password_min_length)?;
        vars.text("LOGIN_URL", &mut self.login_url);
        vars.text("LOGIN_REDIRECT_URL", &mut self.login_redirect_url);
        vars.text_or_none("LOGOUT_REDIRECT_URL", &mut self.logout_redirect_url);
        vars.text_or_none("LOGIN_THROTTLE_RATE", &mut self.login_throttle_rate);
        Ok(())
    }
}
