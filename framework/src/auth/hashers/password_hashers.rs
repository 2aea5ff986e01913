//! Hashing, for everything that serves requests.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use super::algorithms::{Algorithms, Checked};
use super::line::Place;
use super::pool::Pool;
use crate::exceptions::{ApiException, Result};
use crate::settings::AuthSettings;

/// Creates and verifies password hashes on the site's hashing threads
/// (`settings.auth.hashing_threads`); [`Context::hashers`](crate::request::Context::hashers) has
/// those of the site, for the client that sends the request.
///
/// # Who waits for whom
///
/// The queue of the threads is fair: addresses take turns, each may fill part of it, and known
/// accounts are served before names that may be invented. So a flood of logins with invented names
/// locks out nobody who has an account. Requests that find no room get a 503 after a second.
///
/// A wrong password for a known account is reported no sooner than one for a made-up name that came
/// at the same time, and an account that has failed a few times in a minute waits with the made-up
/// names. This does not hide which names exist from a client that sends several logins at once to a
/// site that nobody else uses: the one for a known name is hashed twice, so the last of them
/// returns one hash later.
///
/// # Debug builds
///
/// PBKDF2 with SHA-256, Django's usual algorithm, is written so that a login takes less than a
/// second in a debug build, where nothing is optimised, and a tenth of one in a release. The others
/// are libraries, which a debug build makes many times slower: a login takes half a second by
/// bcrypt, two by Argon2, four by scrypt. A project that uses one of them may have it optimised in
/// its own `Cargo.toml`:
///
/// ```toml
/// [profile.dev.package]
/// argon2 = { opt-level = 3 }
/// bcrypt = { opt-level = 3 }
/// blake2 = { opt-level = 3 }
/// blowfish = { opt-level = 3 }
/// scrypt = { opt-level = 3 }
/// sha1 = { opt-level = 3 }
/// ```
#[derive(Debug, Clone)]
pub struct PasswordHashers {
    shared: Arc<Shared>,
    place: Place,
    /// When its client joined the queue; now, if there is no client.
    asked: Option<Instant>,
}

#[derive(Debug)]
struct Shared {
    algorithms: Algorithms,
    pool: Pool,
}

impl PasswordHashers {
    /// The algorithms and the threads that the settings name; no thread is started yet.
    pub fn new(settings: &AuthSettings) -> Self {
        let threads = settings.hashing_threads.unwrap_or_else(|| {
            std::thread::available_parallelism().map_or(1, |cores| cores.get() / 2)
        });
        let shared = Shared { algorithms: Algorithms::new(settings), pool: Pool::new(threads) };
        Self { shared: Arc::new(shared), place: Place::default(), asked: None }
    }

    /// Queues jobs under this network, starting now.
    #[must_use]
    pub fn for_client(&self, network: Option<IpAddr>) -> Self {
        let place = Place { address: network, known: false };
        Self { shared: Arc::clone(&self.shared), place, asked: Some(Instant::now()) }
    }

    /// Sets whether the account exists and has not failed lately: it is then served before others.
    #[must_use]
    pub fn known(mut self, known: bool) -> Self {
        self.place.known = known;
        self
    }

    /// A new hash of a password by the preferred algorithm (`make_password`).
    ///
    /// # Errors
    /// 503 when too many wait already, 500 when the system gives no random numbers or memory.
    pub async fn make(&self, password: &str) -> Result<String> {
        let password = password.to_owned();
        let made = self.run(self.place, move |algorithms| algorithms.make(&password)).await?;
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
        let (password, encoded) = (password.to_owned(), encoded.to_owned());
        let check = move |algorithms: &Algorithms| algorithms.check(&password, &encoded);
        self.run(self.place, check).await?.map_err(ApiException::internal)
    }

    /// Waits once more, as an unknown client that came at the same time, if such a client would
    /// still be waiting: a wrong password for a known account is reported no sooner than an unknown
    /// name. The second hash delays those behind it. If no other client was overtaken, this does
    /// nothing.
    ///
    /// # Errors
    /// Those of [`PasswordHashers::make`].
    pub(crate) async fn wait_as_unknown(&self, password: &str) -> Result<()> {
        let passed = self.asked.is_some_and(|asked| self.shared.pool.has_waited_since(asked));
        if !self.place.known || !passed {
            return Ok(());
        }
        self.clone().known(false).make(password).await.map(drop)
    }

    async fn run<T: Send + 'static>(
        &self,
        place: Place,
        work: impl FnOnce(&Algorithms) -> T + Send + 'static,
    ) -> Result<T> {
        let asked = self.asked.unwrap_or_else(Instant::now);
        let shared = Arc::clone(&self.shared);
        self.shared.pool.run(place, asked, move || work(&shared.algorithms)).await
    }

    /// How many hashes were computed, for tests of equal work.
    #[cfg(test)]
    pub(crate) fn computed(&self) -> u64 {
        self.shared.algorithms.computed()
    }
}

impl Default for PasswordHashers {
    fn default() -> Self {
        Self::new(&AuthSettings::default())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use futures_util::future::{LocalBoxFuture, join_all};

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

    #[test]
    fn a_wrong_password_is_told_no_sooner_than_that_of_a_made_up_name() {
        let settings = AuthSettings {
            pbkdf2_iterations: 2000,
            hashing_threads: Some(1),
            ..AuthSettings::default()
        };
        let site = PasswordHashers::new(&settings);
        let encoded = block_on(site.make("secret")).unwrap();
        let told = Mutex::new(Vec::new());
        let made_up = async |name| {
            let made = site.for_client(None).make("guess").await;
            told.lock().unwrap().push(name);
            made.unwrap();
        };
        let log_in = async |name, password| {
            let hashers = site.for_client(None).known(true);
            if !hashers.check(password, &encoded).await.unwrap().is_correct {
                hashers.wait_as_unknown(password).await.unwrap();
            }
            told.lock().unwrap().push(name);
        };
        let all: [LocalBoxFuture<'_, ()>; 6] = [
            Box::pin(made_up("first")),
            Box::pin(made_up("second")),
            Box::pin(made_up("third")),
            Box::pin(log_in("wrong", "guess")),
            Box::pin(log_in("right", "secret")),
            Box::pin(made_up("last")),
        ];
        block_on(join_all(all));
        let told = told.into_inner().unwrap();
        let at = |name| told.iter().position(|other| *other == name).unwrap();
        assert!(at("right") < at("third") && at("wrong") > at("third"), "{told:?}");
        assert!(at("wrong") < at("last"), "{told:?}");
        let before = site.computed();
        block_on(log_in_alone(&site, &encoded));
        assert_eq!(site.computed() - before, 1);
    }

    async fn log_in_alone(site: &PasswordHashers, encoded: &str) {
        let hashers = site.for_client(None).known(true);
        assert!(!hashers.check("guess", encoded).await.unwrap().is_correct);
        hashers.wait_as_unknown("guess").await.unwrap();
    }
}
