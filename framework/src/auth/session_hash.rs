//! The hash that ties a session to a password (`AbstractBaseUser.get_session_auth_hash`).

use super::Account;
use crate::signing::{hex, salted_hmac};

const SALT: &str = "django.contrib.auth.models.AbstractBaseUser.get_session_auth_hash";

impl Account {
    /// A digest of the password's hash, stored in sessions: they become invalid when the password
    /// changes.
    pub fn session_auth_hash(&self, secret: &str) -> String {
        hex(&salted_hmac(SALT, self.password().as_bytes(), secret))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::User;
    use crate::auth::testing::user;

    #[test]
    fn the_digest_is_djangos() {
        let password =
            "pbkdf2_sha256$1000000$saltsalt$DgjRMu6hCbxn72T5IQNiSqdzsyhStavDr+kNs/p4+SA=";
        let account = Account::from(User { password: password.into(), ..user() });
        assert_eq!(
            account.session_auth_hash("reference-secret-key-for-tests-only-0123456789abcdef"),
            "edff1b072d8600530c620dbccbc23c3c5f2df0f9212e41cb738333ca9c57afb6"
        );
        assert_ne!(account.session_auth_hash("another"), account.session_auth_hash(""));
    }
}
