//! The door to hashing for everything that answers requests.

use std::sync::Arc;

use super::algorithms::{Algorithms, Checked};
use super::pool::Pool;
use crate::exceptions::{ApiException, Result};
use crate::settings::AuthSettings;

/// Makes and checks hashes on the site's hashing threads
/// (`settings.auth.hashing_threads`); [`Context::hashers`](crate::request::Context::hashers) has
/// those of the site.
///
/// # Debug builds
///
/// A million rounds of SHA-256 take a tenth of a second when everything is optimised, and several
/// seconds when nothing is. PBKDF2's loop is written over the block functions of `sha2` and `sha1`,
/// which are no generics and so are compiled with their crates: a project whose `Cargo.toml`
/// optimises those alone logs in within half a second in a debug build too. (The loop of the crate
/// `pbkdf2` is generic, and is compiled again, as slow as the rest, where it is called.)
///
/// ```toml
/// [profile.dev.package]
/// sha2 = { opt-level = 3 }
/// sha1 = { opt-level = 3 }
/// # for the other algorithms
/// argon2 = { opt-level = 3 }
/// bcrypt = { opt-level = 3 }
/// scrypt = { opt-level = 3 }
/// ```
#[derive(Debug)]
pub struct PasswordHashers {
    algorithms: Arc<Algorithms>,
    pool: Pool,
}

impl PasswordHashers {
    /// The algorithms and the threads that the settings name; no thread is started yet.
    pub fn new(settings: &AuthSettings) -> Self {
        let threads = settings.hashing_threads.unwrap_or_else(|| {
            std::thread::available_parallelism().map_or(1, |cores| cores.get() / 2)
        });
        Self { algorithms: Arc::new(Algorithms::new(settings)), pool: Pool::new(threads) }
    }

    /// A new hash of a password by the preferred algorithm (`make_password`).
    ///
    /// # Errors
    /// 503 when too many wait already, 500 when the system gives no random numbers or memory.
    pub async fn make(&self, password: &str) -> Result<String> {
        let (algorithms, password) = (Arc::clone(&self.algorithms), password.to_owned());
        let made = self.pool.run(move || algorithms.make(&password)).await?;
        made.map_err(ApiException::internal)
    }

    /// What stands in the place of a password that nobody can log in with
    /// (`make_password(None)`).
    ///
    /// # Errors
    /// 500 when the system gives no random numbers.
    pub fn unusable(&self) -> Result<String> {
        Algorithms::unusable().map_err(ApiException::internal)
    }

    /// Compares a password with a stored hash (`check_password`); a right one may bring a new hash
    /// to store. One that cannot be read or is of an unknown algorithm matches nothing, and takes
    /// as long.
    ///
    /// # Errors
    /// 503 when too many wait already, 500 when the system gives no random numbers or memory.
    pub async fn check(&self, password: &str, encoded: &str) -> Result<Checked> {
        let algorithms = Arc::clone(&self.algorithms);
        let (password, encoded) = (password.to_owned(), encoded.to_owned());
        let checked = self.pool.run(move || algorithms.check(&password, &encoded)).await?;
        checked.map_err(ApiException::internal)
    }

    /// How many hashes were computed, for tests of equal work.
    #[cfg(test)]
    pub(crate) fn computed(&self) -> u64 {
        self.algorithms.computed()
    }
}

impl Default for PasswordHashers {
    fn default() -> Self {
        Self::new(&AuthSettings::default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::testing::block_on;

    #[test]
    fn a_password_is_hashed_and_checked_elsewhere() {
        let settings = AuthSettings { pbkdf2_iterations: 10, ..AuthSettings::default() };
        let hashers = PasswordHashers::new(&settings);
        let encoded = block_on(hashers.make("secret")).unwrap();
        assert!(block_on(hashers.check("secret", &encoded)).unwrap().is_correct);
        assert!(!block_on(hashers.check("other", &encoded)).unwrap().is_correct);
        assert_eq!(hashers.computed(), 3);
    }
}
