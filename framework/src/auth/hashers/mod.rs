//! Passwords as Django stores them (`django.contrib.auth.hashers`), and the threads that hash them.
//!
//! A hash contains its algorithm and costs: `pbkdf2_sha256$1000000$salt$hash`. The algorithms in
//! `settings.auth.password_hashers` are accepted; the first one makes new hashes, and a hash with
//! another algorithm or other costs is replaced when its owner logs in.
//!
//! Hashing takes a good part of a second by design. It never runs on the threads that serve
//! requests, but on a few dedicated ones ([`PasswordHashers`]): concurrent logins wait for each
//! other, in a fair queue, and nobody else waits for them. A stored hash may name costs of any
//! size; those beyond a bound are refused, so that no row of the database can exhaust memory or
//! time.

mod algorithms;
#[cfg(feature = "hashers")]
mod argon2;
#[cfg(feature = "hashers")]
mod bcrypt;
mod line;
mod password_hashers;
mod pbkdf2;
mod pool;
mod random;
#[cfg(feature = "hashers")]
mod scrypt;
mod sha256;
#[cfg(test)]
mod vectors;

pub use algorithms::Checked;
pub use password_hashers::PasswordHashers;
pub(crate) use random::random_hex;

use random::NoRandomness;

/// The prefix of an unusable password; no hash starts with it.
const UNUSABLE_PREFIX: char = '!';

/// Whether a stored password is a hash, not the mark of an account that cannot log in with a
/// password (`is_password_usable`).
pub fn is_password_usable(encoded: &str) -> bool {
    !encoded.starts_with(UNUSABLE_PREFIX)
}

/// Why a hash could not be made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HashError {
    /// The system gives no random numbers.
    #[error(transparent)]
    Random(#[from] NoRandomness),
    /// There is not enough memory.
    #[cfg(feature = "hashers")]
    #[error("not enough memory to hash a password")]
    Memory,
}

/// One algorithm of Django's, with the costs of new hashes.
trait Hasher: Send + Sync {
    /// The word that its hashes start with.
    fn algorithm(&self) -> &'static str;

    /// A new hash.
    fn encode(&self, password: &str) -> Result<String, HashError>;

    /// True when a hash of this algorithm was made from this password; `None` when it cannot be
    /// read, or costs more than is computed.
    fn verify(&self, password: &str, encoded: &str) -> Option<bool>;

    /// True when a hash of this algorithm has other costs than new ones, or too short a salt.
    fn must_update(&self, encoded: &str) -> bool;

    /// Spends what a hash of smaller costs saves, after a wrong password: otherwise old accounts
    /// would be known by the time that they take.
    fn harden_runtime(&self, _password: &str, _encoded: &str) {}
}
