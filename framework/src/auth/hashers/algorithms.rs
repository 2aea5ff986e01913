//! The algorithms that a site accepts, and the one that it prefers.

use std::collections::HashSet;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use super::pbkdf2::{Digest, Pbkdf2};
use super::random::random_text;
use super::{HashError, Hasher, UNUSABLE_PREFIX, is_password_usable};
use crate::settings::AuthSettings;

/// The number of random characters in an unusable password.
const UNUSABLE_LENGTH: usize = 40;

/// The most algorithms that are logged as unknown.
const MOST_COMPLAINTS: usize = 16;

/// The result of checking a password against a hash.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Checked {
    /// Whether the hash was made from the password.
    pub is_correct: bool,
    /// A new hash of the correct password, if the stored one has another algorithm or other costs
    /// than the site's. It should replace the stored one.
    pub upgrade: Option<String>,
}

impl fmt::Debug for Checked {
    /// Without the hash.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Checked").field("is_correct", &self.is_correct).finish_non_exhaustive()
    }
}

/// The algorithms of `settings.auth.password_hashers`. Its methods are slow by design.
pub(super) struct Algorithms {
    /// The preferred one comes first.
    hashers: Vec<Box<dyn Hasher>>,
    complained: Mutex<HashSet<String>>,
    computed: AtomicU64,
}

/// The algorithm with this identifier; `None` if it is unknown or its feature is off.
fn hasher(word: &str, settings: &AuthSettings) -> Option<Box<dyn Hasher>> {
    let rounds = settings.pbkdf2_iterations.max(1);
    Some(match word {
        "pbkdf2_sha256" => Box::new(Pbkdf2 { digest: Digest::Sha256, rounds }),
        "pbkdf2_sha1" => Box::new(Pbkdf2 { digest: Digest::Sha1, rounds }),
        #[cfg(feature = "hashers")]
        "argon2" => Box::new(super::argon2::Argon2Hasher::new()),
        #[cfg(feature = "hashers")]
        "bcrypt_sha256" => Box::new(super::bcrypt::BCrypt::new(true)),
        #[cfg(feature = "hashers")]
        "bcrypt" => Box::new(super::bcrypt::BCrypt::new(false)),
        #[cfg(feature = "hashers")]
        "scrypt" => Box::new(super::scrypt::Scrypt::new()),
        _ => return None,
    })
}

impl Algorithms {
    pub(super) fn new(settings: &AuthSettings) -> Self {
        let words = settings.password_hashers.iter();
        Self {
            hashers: words.filter_map(|word| hasher(word, settings)).collect(),
            complained: Mutex::default(),
            computed: AtomicU64::new(0),
        }
    }

    /// How many hashes were computed, for tests of equal work.
    #[cfg(test)]
    pub(super) fn computed(&self) -> u64 {
        self.computed.load(Ordering::Relaxed)
    }

    fn counted(&self) {
        self.computed.fetch_add(1, Ordering::Relaxed);
    }

    /// A new hash by the preferred algorithm (`make_password`).
    pub(super) fn make(&self, password: &str) -> Result<String, HashError> {
        self.counted();
        match self.hashers.first() {
            Some(preferred) => preferred.encode(password),
            // settings are checked when a site is built: an empty list does not get here
            None => Ok(Self::unusable()?),
        }
    }

    /// The stored value of a password that nobody can log in with.
    pub(super) fn unusable() -> Result<String, HashError> {
        Ok(format!("{UNUSABLE_PREFIX}{}", random_text(UNUSABLE_LENGTH)?))
    }

    /// Compares a password with a stored hash (`verify_password`). A hash is always computed, so
    /// that accounts without a usable password take the same time.
    pub(super) fn check(&self, password: &str, encoded: &str) -> Result<Checked, HashError> {
        let wrong = Checked { is_correct: false, upgrade: None };
        let Some(preferred) = self.hashers.first() else { return Ok(wrong) };
        let hasher = if is_password_usable(encoded) { self.identify(encoded) } else { None };
        let Some(hasher) = hasher else {
            self.make(password)?;
            return Ok(wrong);
        };
        self.counted();
        let Some(is_correct) = hasher.verify(password, encoded) else {
            self.complain(hasher.algorithm(), "a hash cannot be read, or its costs are too great");
            self.make(password)?;
            return Ok(wrong);
        };
        let changed = hasher.algorithm() != preferred.algorithm();
        if !is_correct {
            if !changed {
                hasher.harden_runtime(password, encoded);
            }
            return Ok(wrong);
        }
        let must_update = changed || preferred.must_update(encoded);
        let upgrade = if must_update { Some(self.make(password)?) } else { None };
        Ok(Checked { is_correct, upgrade })
    }

    /// The algorithm of a stored hash (`identify_hasher`).
    fn identify(&self, encoded: &str) -> Option<&dyn Hasher> {
        let word = encoded.split('$').next().unwrap_or_default();
        let found = self.hashers.iter().find(|hasher| hasher.algorithm() == word);
        if found.is_none() {
            let named = encoded.contains('$')
                && word.len() <= 32
                && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
            // what is not a hash may be a password, so it is not logged
            let word = if named { word } else { "" };
            self.complain(word, unavailable(word));
        }
        found.map(|hasher| &**hasher)
    }

    /// Logs once per algorithm.
    fn complain(&self, algorithm: &str, reason: &str) {
        let mut complained = self.complained.lock().unwrap_or_else(PoisonError::into_inner);
        if complained.len() < MOST_COMPLAINTS && complained.insert(algorithm.to_owned()) {
            tracing::error!(algorithm, "a stored password is refused: {reason}");
        }
    }
}

/// Why an algorithm is unavailable.
fn unavailable(word: &str) -> &'static str {
    match word {
        "" => "it is not a hash in one of Django's formats",
        "argon2" | "bcrypt_sha256" | "bcrypt" | "scrypt" if cfg!(not(feature = "hashers")) => {
            "its algorithm needs the feature `hashers`"
        }
        _ => "its algorithm is not in PASSWORD_HASHERS",
    }
}

impl fmt::Debug for Algorithms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.hashers.iter().map(|hasher| hasher.algorithm())).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::super::vectors::UNICODE;
    use super::*;

    fn algorithms(words: &[&str]) -> Algorithms {
        let password_hashers = words.iter().map(|&word| word.to_owned()).collect();
        let settings = AuthSettings::default();
        Algorithms::new(&AuthSettings { password_hashers, pbkdf2_iterations: 1000, ..settings })
    }

    #[cfg(feature = "hashers")]
    #[test]
    fn every_algorithm_of_django_is_verified_with_djangos_costs() {
        let all = Algorithms::new(&AuthSettings::default());
        for (algorithm, encoded) in super::super::vectors::OF_DJANGO {
            let right = all.check(UNICODE, encoded).unwrap();
            assert!(right.is_correct, "{algorithm}");
            assert_eq!(right.upgrade.is_some(), algorithm != "pbkdf2_sha256", "{algorithm}");
            let wrong = all.check("Pässwörd → 日本 🎷", encoded).unwrap();
            assert_eq!(wrong, Checked { is_correct: false, upgrade: None }, "{algorithm}");
        }
    }

    const OLD: &str = "pbkdf2_sha256$10$abcdefghijklmnopqrstuv$";

    #[test]
    fn another_algorithm_or_other_rounds_bring_a_new_hash_with_the_right_password() {
        let made = algorithms(&["pbkdf2_sha1"]).make(UNICODE).unwrap();
        let all = algorithms(&["pbkdf2_sha256", "pbkdf2_sha1"]);
        let upgraded = all.check(UNICODE, &made).unwrap().upgrade.unwrap();
        assert!(upgraded.starts_with("pbkdf2_sha256$1000$"), "{upgraded}");
        let again = all.check(UNICODE, &upgraded).unwrap();
        assert_eq!(again, Checked { is_correct: true, upgrade: None });
        assert_eq!(all.check("other", &made).unwrap().upgrade, None);
    }

    #[test]
    fn whatever_is_stored_one_hash_is_computed_for_a_wrong_password() {
        let all = algorithms(&["pbkdf2_sha256"]);
        let current = all.make(UNICODE).unwrap();
        let unusable = Algorithms::unusable().unwrap();
        for encoded in [&current, &unusable, "", "plain text", "md5$salt$hash", "argon2$x"] {
            let before = all.computed();
            assert!(!all.check("other", encoded).unwrap().is_correct, "{encoded}");
            assert_eq!(all.computed() - before, 1, "{encoded}");
        }
        assert!(!all.check("other", &format!("{OLD}x")).unwrap().is_correct);
    }

    #[test]
    fn an_unusable_password_matches_nothing() {
        let unusable = Algorithms::unusable().unwrap();
        assert!(unusable.len() == 41 && !is_password_usable(&unusable));
        assert!(is_password_usable("pbkdf2_sha256$"));
        let all = algorithms(&["pbkdf2_sha256"]);
        assert!(!all.check(&unusable, &unusable).unwrap().is_correct);
    }

    #[test]
    fn an_algorithm_that_is_not_named_is_refused_and_said_so_once() {
        let all = algorithms(&["pbkdf2_sha256"]);
        let made = algorithms(&["pbkdf2_sha1"]).make(UNICODE).unwrap();
        for _ in 0..2 {
            assert!(!all.check(UNICODE, &made).unwrap().is_correct);
        }
        // a password in plain text is not repeated
        assert!(!all.check("hunter2", "hunter2").unwrap().is_correct);
        let complained = all.complained.lock().unwrap();
        let mut words: Vec<&str> = complained.iter().map(String::as_str).collect();
        words.sort_unstable();
        assert_eq!(words, ["", "pbkdf2_sha1"]);
    }
}
