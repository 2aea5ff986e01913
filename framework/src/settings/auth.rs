//! Accounts and passwords.

use super::vars::Vars;
use super::{SettingsError, forms};

/// Django's algorithms, and whether each needs the feature `hashers`.
const HASHERS: [(&str, bool); 6] = [
    ("pbkdf2_sha256", false),
    ("pbkdf2_sha1", false),
    ("argon2", true),
    ("bcrypt_sha256", true),
    ("bcrypt", true),
    ("scrypt", true),
];

/// More rounds than this take minutes.
const MOST_ITERATIONS: u32 = 100_000_000;

/// The one of them that needs the feature `common-passwords`.
const WITH_LIST: &str = "CommonPasswordValidator";

/// The names of Django's password validators.
const VALIDATORS: [&str; 4] = [
    "UserAttributeSimilarityValidator",
    "MinimumLengthValidator",
    WITH_LIST,
    "NumericPasswordValidator",
];

/// Accounts and passwords: what `django.contrib.auth` reads.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct AuthSettings {
    /// `PASSWORD_HASHERS`: the accepted algorithms, by the prefix of their hashes; the first one
    /// makes new hashes, and hashes of another one are replaced at login. By default,
    /// `pbkdf2_sha256`, then all others of Django's.
    pub password_hashers: Vec<String>,
    /// `PBKDF2_ITERATIONS`: the rounds of a new PBKDF2 hash. Django 5.2's 1,000,000.
    pub pbkdf2_iterations: u32,
    /// `HASHING_THREADS`: the number of threads that hash passwords, each one login at a time;
    /// `None` for half of the cores.
    pub hashing_threads: Option<usize>,
    /// `AUTH_PASSWORD_VALIDATORS`: the validators of new passwords, by the names of Django's
    /// classes and in this order. By default, the four of a new Django project; that of common
    /// passwords needs the feature `common-passwords`.
    pub password_validators: Vec<String>,
    /// `AUTH_PASSWORD_MIN_LENGTH`: the minimum of the length validator. 8.
    pub password_min_length: usize,
    /// `LOGIN_URL`: where browsers are redirected to log in. `/accounts/login/`.
    pub login_url: String,
    /// `LOGIN_REDIRECT_URL`: where a login without `next` redirects to. `/accounts/profile/`.
    pub login_redirect_url: String,
    /// `LOGOUT_REDIRECT_URL`: where a logout redirects to; `None` shows a page.
    pub logout_redirect_url: Option<String>,
    /// `LOGIN_THROTTLE_RATE`: failed logins of one account from one address; `None` for no limit.
    /// `20/min`.
    pub login_throttle_rate: Option<String>,
}

impl Default for AuthSettings {
    fn default() -> Self {
        Self {
            password_hashers: HASHERS.map(|(word, _)| word.to_owned()).to_vec(),
            pbkdf2_iterations: 1_000_000,
            hashing_threads: None,
            password_validators: VALIDATORS
                .into_iter()
                .filter(|name| cfg!(feature = "common-passwords") || *name != WITH_LIST)
                .map(ToOwned::to_owned)
                .collect(),
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
        vars.list("PASSWORD_HASHERS", &mut self.password_hashers)?;
        vars.number("PBKDF2_ITERATIONS", &mut self.pbkdf2_iterations)?;
        vars.number_or_none("HASHING_THREADS", &mut self.hashing_threads)?;
        vars.list("AUTH_PASSWORD_VALIDATORS", &mut self.password_validators)?;
        vars.number("AUTH_PASSWORD_MIN_LENGTH", &mut self.password_min_length)?;
        vars.text("LOGIN_URL", &mut self.login_url)?;
        vars.text("LOGIN_REDIRECT_URL", &mut self.login_redirect_url)?;
        vars.text_or_none("LOGOUT_REDIRECT_URL", &mut self.logout_redirect_url)?;
        vars.text_or_none("LOGIN_THROTTLE_RATE", &mut self.login_throttle_rate)?;
        Ok(())
    }

    /// Checks for settings that would refuse or accept every password.
    pub(super) fn check(&self) -> Result<(), SettingsError> {
        let wrong = |name, reason| Err(SettingsError { name, reason });
        for (at, word) in self.password_hashers.iter().enumerate() {
            let Some((_, needs)) = HASHERS.iter().find(|(known, _)| known == word) else {
                let known = HASHERS.map(|(word, _)| word).join(", ");
                return wrong("PASSWORD_HASHERS", format!("`{word}` is not one of {known}"));
            };
            if at == 0 && *needs && cfg!(not(feature = "hashers")) {
                let reason = format!("`{word}` comes first and needs the feature `hashers`");
                return wrong("PASSWORD_HASHERS", reason);
            }
        }
        if self.password_hashers.is_empty() {
            return wrong("PASSWORD_HASHERS", "it is empty: no password would be right".into());
        }
        let iterations = self.pbkdf2_iterations;
        forms::within(
            "PBKDF2_ITERATIONS",
            iterations,
            1..=MOST_ITERATIONS,
            "; Django has 1000000",
        )?;
        if let Some(threads) = self.hashing_threads {
            let otherwise = "; leave it out for half of the cores";
            forms::within("HASHING_THREADS", threads, 1..=1024, otherwise)?;
        }
        forms::within("AUTH_PASSWORD_MIN_LENGTH", self.password_min_length, 0..=4096, "")?;
        if let Some(name) =
            self.password_validators.iter().find(|name| !VALIDATORS.contains(&name.as_str()))
        {
            let known = VALIDATORS.join(", ");
            let reason = format!("`{name}` is not one of {known}");
            return wrong("AUTH_PASSWORD_VALIDATORS", reason);
        }
        let wants_list = self.password_validators.iter().any(|name| name == WITH_LIST);
        if wants_list && cfg!(not(feature = "common-passwords")) {
            let reason = format!("`{WITH_LIST}` needs the feature `common-passwords`");
            return wrong("AUTH_PASSWORD_VALIDATORS", reason);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(not(feature = "common-passwords"))]
    #[test]
    fn a_list_that_is_not_compiled_in_is_not_asked_for() {
        assert_eq!(AuthSettings::default().password_validators.len(), 3);
        let error = refused(|auth| auth.password_validators.push(WITH_LIST.into()));
        assert!(error.contains("needs the feature `common-passwords`"), "{error}");
    }

    fn refused(change: impl FnOnce(&mut AuthSettings)) -> String {
        let mut settings = AuthSettings::default();
        assert_eq!(settings.check(), Ok(()));
        change(&mut settings);
        settings.check().unwrap_err().to_string()
    }

    #[test]
    fn what_is_misspelt_is_named_with_what_there_is() {
        let error = refused(|auth| auth.password_hashers.push("md5".into()));
        assert_eq!(
            error,
            "setting PASSWORD_HASHERS: `md5` is not one of pbkdf2_sha256, pbkdf2_sha1, argon2, \
             bcrypt_sha256, bcrypt, scrypt"
        );
        let error = refused(|auth| auth.password_validators = vec!["Length".into()]);
        assert!(error.starts_with("setting AUTH_PASSWORD_VALIDATORS: `Length` is not one of User"));
    }

    #[test]
    fn nothing_that_refuses_every_password_gets_through() {
        refused(|auth| auth.password_hashers.clear());
        refused(|auth| auth.pbkdf2_iterations = 0);
        refused(|auth| auth.hashing_threads = Some(0));
    }
}
