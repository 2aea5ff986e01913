//! The limit of failed logins.
//!
//! DRF has none: passwords can be tried as fast as the login responds. Here, an account may be
//! tried `LOGIN_THROTTLE_RATE` times from one address, by default 20 times a minute; then the
//! response is DRF's 429. Successful logins do not count, so nobody who knows the password is
//! locked out, and attempts are counted by account and address together, so nobody can lock out an
//! account's owner from elsewhere.
//!
//! **An attempt takes a place before the password is checked** and releases it if the password was
//! right. Reading the log first and recording a failure afterwards would allow as many guesses as
//! arrive while hashes are computed. So a limit of 20 is never exceeded, however many try at once.
//! A login that finds all places taken waits while some may be released, so fifty concurrent logins
//! with the right password all succeed.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout_at};

use super::ident::trusted_ident;
use super::rate::{away, parse_for_log, wait};
use super::simple::format_key;
use crate::cache::{Counters, Limit, digest};
use crate::exceptions::{ApiException, Result};
use crate::request::{Context, Shared};
use crate::settings::{Settings, SettingsError};

/// The longest wait for attempts in progress.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long to wait before asking Redis about a full log again.
const MOMENT: Duration = Duration::from_millis(25);

/// The number of attempts at an account from one address that are served before those for unknown
/// names: people mistype now and then.
const TRUSTED: u32 = 5;

/// How many times in a row no attempt must be found in progress before one is refused: in between,
/// an attempt may take a place that it has not marked yet, or release one.
const QUIET: u32 = 2;

/// Runs a login as an attempt. It counts if it finds nobody; it does not count if it finds an
/// account or ends with an error.
///
/// ```
/// # use quintet::prelude::*;
/// use quintet::throttling::login;
///
/// # async fn look_up(_: &Context, _: &str, _: &str) -> Result<Option<i32>> { Ok(None) }
/// async fn log_in(cx: &Context, username: &str, password: &str) -> Result<Option<i32>> {
///     login::attempt(cx, username, look_up(cx, username, password)).await
/// }
/// ```
///
/// # Errors
/// Those of [`check`], and the login's own.
pub async fn attempt<T>(
    cx: &Context,
    username: &str,
    login: impl Future<Output = Result<Option<T>>>,
) -> Result<Option<T>> {
    let attempt = check(cx, username).await?;
    let found = login.await;
    attempt.end(&found).await;
    found
}

/// Takes a place for an attempt at an account, before the password is checked.
///
/// # Errors
/// 429 if the account was tried too often from this address, and 503 if the counters cannot be
/// reached and `THROTTLE_ON_FAILURE` is `closed`. Neither counts as an attempt.
pub async fn check(cx: &Context, username: &str) -> Result<Attempt> {
    let limit = limit(cx.settings()).map_err(ApiException::internal)?;
    let Some(limit) = limit else { return Ok(Attempt { place: None, trusted: true }) };
    let (key, counters) = (key(cx, username), &cx.shared.counters);
    let end = Instant::now() + PATIENCE;
    let mut quiet = 0;
    loop {
        let (entry, here) = if let Ok(entry) = counters.log(&key, limit).await {
            (entry, !counters.are_shared())
        } else {
            // guesses are counted whatever other throttles do
            away(cx)?;
            (counters.log_here(&key, limit), true)
        };
        if let Some(stored) = entry.stored {
            counters.pending.take(&key);
            let mark = if here { None } else { mark(counters, &key).await };
            let aside = here && counters.are_shared();
            let shared = Arc::clone(&cx.shared);
            let place = Place { shared, key, stored, aside, mark, given_back: false };
            return Ok(Attempt { place: Some(place), trusted: entry.count <= TRUSTED });
        }
        let goes_on = if here {
            match counters.pending.bell(&key) {
                Some(bell) => timeout_at(end, bell).await.is_ok(),
                None => false,
            }
        } else {
            // attempts of other processes may release their places as well
            quiet = if marked(counters, &key).await { 0 } else { quiet + 1 };
            let waits = Instant::now() < end && quiet < QUIET;
            if waits {
                sleep(MOMENT).await;
            }
            waits
        };
        if !goes_on {
            return Err(ApiException::Throttled { wait: wait(limit, entry) });
        }
    }
}

/// A mark in the shared store shows that an attempt is in progress; the login removes it.
const MARKS: Limit = Limit { number: 10_000, period: Duration::from_secs(30) };

fn marks(key: &str) -> String {
    format!("{key}_under_way")
}

async fn mark(counters: &Counters, key: &str) -> Option<u64> {
    counters.log(&marks(key), MARKS).await.ok()?.stored
}

/// Whether attempts are in progress, in any process. Reads a log that stores nothing.
async fn marked(counters: &Counters, key: &str) -> bool {
    let look = Limit { number: 0, ..MARKS };
    counters.log(&marks(key), look).await.is_ok_and(|entry| entry.count > 0)
}

/// An attempt that is counted as a failure until [`Attempt::withdraw`], even if its client
/// disconnects.
#[derive(Debug)]
#[must_use = "a login that succeeds gives its place back: `attempt.withdraw().await`"]
pub struct Attempt {
    place: Option<Place>,
    trusted: bool,
}

struct Place {
    shared: Arc<Shared>,
    key: String,
    stored: u64,
    /// It is counted in the memory of this process, because the shared store could not be reached.
    aside: bool,
    /// The mark that shows other processes that the place may be released.
    mark: Option<u64>,
    given_back: bool,
}

impl Attempt {
    /// Whether there were few failures lately and few attempts are in progress.
    pub fn is_trusted(&self) -> bool {
        self.trusted
    }

    /// Ends the attempt with the result of a login: it counts if nobody was found.
    pub async fn end<T>(self, found: &Result<Option<T>>) {
        match found {
            Ok(None) => self.failed().await,
            Ok(Some(_)) | Err(_) => self.withdraw().await,
        }
    }

    /// The password was right, or was not checked: the attempt does not count.
    pub async fn withdraw(mut self) {
        let Some(place) = &mut self.place else { return };
        let counters = &place.shared.counters;
        if place.aside {
            counters.forget_here(&place.key, place.stored);
            place.given_back = true;
        } else {
            // a place that cannot be released expires
            place.given_back = counters.forget(&place.key, place.stored).await.is_ok();
        }
        place.unmark().await;
    }

    /// The password was wrong: the attempt stays counted.
    pub async fn failed(mut self) {
        if let Some(place) = &mut self.place {
            place.unmark().await;
        }
    }
}

impl Place {
    async fn unmark(&mut self) {
        if let Some(mark) = self.mark.take() {
            // one that cannot be removed expires
            let _ = self.shared.counters.forget(&marks(&self.key), mark).await;
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.shared.counters.pending.settle(&self.key, self.given_back);
    }
}

impl std::fmt::Debug for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Place").field("stored", &self.stored).finish_non_exhaustive()
    }
}

/// The key of an account's name, in one case, and an address. It holds a hash of the name, because
/// clients can invent names of any length.
fn key(cx: &Context, username: &str) -> String {
    let name = digest(username.trim().to_lowercase());
    format_key("login", &format!("{name}_{}", trusted_ident(cx)))
}

fn limit(settings: &Settings) -> Result<Option<Limit>, SettingsError> {
    let wrong = |reason| SettingsError { name: "LOGIN_THROTTLE_RATE", reason };
    settings.auth.login_throttle_rate.as_deref().map(parse_for_log).transpose().map_err(wrong)
}

/// Checks that the rate is valid.
pub(crate) fn check_settings(settings: &Settings) -> Result<(), SettingsError> {
    limit(settings).map(drop)
}

#[cfg(test)]
mod tests {
    use actix_web::http::Method;
    use futures_util::future::join_all;
    use std::net::IpAddr;

    use super::*;
    use crate::db::testing::block_on;
    use crate::request::{ViewContext, testing};

    fn context(rate: Option<&str>) -> Context {
        let mut shared = Shared::default();
        shared.settings.auth.login_throttle_rate = rate.map(ToOwned::to_owned);
        let mut cx = testing::context(Method::POST, None, ViewContext::default());
        cx.shared = Arc::new(shared);
        cx.request.peer = Some(IpAddr::from([10, 0, 0, 7]));
        cx
    }

    fn ask(cx: &Context, username: &str) -> Result<Attempt> {
        block_on(check(cx, username))
    }

    #[test]
    fn twenty_failures_a_minute_are_let_through() {
        let default = Settings::default().auth.login_throttle_rate;
        let cx = context(default.as_deref());
        for _ in 0..20 {
            block_on(ask(&cx, "alice").unwrap().failed());
        }
        let refused = ask(&cx, "alice").unwrap_err();
        assert!(matches!(refused, ApiException::Throttled { wait: Some(wait) } if wait > 58.0));
        // one account in other letters is the same one
        assert!(ask(&cx, " ALICE ").is_err());
        assert!(ask(&cx, "bob").is_ok());
    }

    #[test]
    fn logins_that_succeed_do_not_count() {
        let cx = context(Some("2/min"));
        for _ in 0..50 {
            block_on(ask(&cx, "alice").unwrap().withdraw());
        }
        block_on(ask(&cx, "alice").unwrap().failed());
        // an attempt that is never finished counts as well
        drop(ask(&cx, "alice").unwrap());
        assert!(ask(&cx, "alice").is_err());
    }

    /// So many logins at once, each of which takes its time.
    fn at_once(cx: &Context, number: usize, found: Option<()>) -> Vec<Result<Option<()>>> {
        block_on(join_all((0..number).map(|_| {
            attempt(cx, "alice", async move {
                sleep(Duration::from_millis(20)).await;
                Ok(found)
            })
        })))
    }

    #[test]
    fn of_guesses_at_once_no_more_are_let_through() {
        let cx = context(Some("20/min"));
        let guesses = at_once(&cx, 64, None);
        assert_eq!(guesses.iter().filter(|guess| guess.is_ok()).count(), 20);
        assert!(guesses.iter().all(|guess| matches!(
            guess,
            Ok(None) | Err(ApiException::Throttled { wait: Some(_) })
        )));
    }

    #[test]
    fn logins_at_once_that_succeed_are_all_let_in() {
        let cx = context(Some("20/min"));
        assert!(at_once(&cx, 64, Some(())).iter().all(|login| matches!(login, Ok(Some(())))));
        assert_eq!(at_once(&cx, 20, None).iter().filter(|guess| guess.is_ok()).count(), 20);
    }

    #[test]
    fn a_login_that_ends_with_an_error_does_not_count() {
        let cx = context(Some("1/min"));
        for _ in 0..5 {
            let failed = async { Err::<Option<()>, _>(ApiException::Unavailable("busy")) };
            let result = block_on(attempt(&cx, "alice", failed));
            assert!(matches!(result, Err(ApiException::Unavailable("busy"))));
        }
    }

    #[test]
    fn another_address_counts_for_itself_and_a_header_is_no_address() {
        let mut cx = context(Some("1/min"));
        Arc::get_mut(&mut cx.shared).unwrap().settings.throttle.num_proxies = None;
        block_on(ask(&cx, "alice").unwrap().failed());
        let header = actix_web::http::header::HeaderName::from_static("x-forwarded-for");
        let value = actix_web::http::header::HeaderValue::from_static("1.2.3.4");
        cx.request.headers.insert(header, value);
        assert!(ask(&cx, "alice").is_err());
        cx.request.peer = Some(IpAddr::from([10, 0, 0, 8]));
        assert!(ask(&cx, "alice").is_ok());
    }

    #[test]
    fn addresses_of_one_ipv6_network_count_as_one() {
        let mut cx = context(Some("1/min"));
        let from = |cx: &mut Context, address: &str| {
            cx.request.peer = Some(address.parse().unwrap());
            ask(cx, "alice")
        };
        block_on(from(&mut cx, "2001:db8:1:2::7").unwrap().failed());
        assert!(from(&mut cx, "2001:db8:1:2:ffff::8").is_err());
        assert!(from(&mut cx, "2001:db8:1:3::7").is_ok());
    }

    #[cfg(feature = "redis")]
    #[test]
    fn guesses_are_counted_here_while_the_shared_store_is_away() {
        let away = |on_failure| {
            let mut cx = context(Some("3/min"));
            let shared = Arc::get_mut(&mut cx.shared).unwrap();
            shared.settings.redis_url = Some("redis://127.0.0.1:1/".into());
            shared.settings.throttle.on_failure = on_failure;
            shared.counters = Counters::open(&shared.settings).unwrap();
            cx
        };
        let cx = away(crate::settings::OnFailure::Open);
        block_on(ask(&cx, "alice").unwrap().withdraw());
        for _ in 0..3 {
            block_on(ask(&cx, "alice").unwrap().failed());
        }
        assert!(matches!(ask(&cx, "alice"), Err(ApiException::Throttled { .. })));
        let cx = away(crate::settings::OnFailure::Closed);
        assert!(matches!(ask(&cx, "alice"), Err(ApiException::Unavailable(_))));
    }

    /// Two servers with one Redis, where there is one.
    #[cfg(feature = "redis")]
    #[test]
    fn logins_at_two_servers_that_succeed_are_all_let_in_and_guesses_are_not() {
        let Some(url) = std::env::var("QUINTET_TEST_REDIS").ok().filter(|url| !url.is_empty())
        else {
            return eprintln!("skipped: QUINTET_TEST_REDIS names no Redis");
        };
        let server = || {
            let mut cx = context(Some("5/min"));
            let shared = Arc::get_mut(&mut cx.shared).unwrap();
            shared.settings.redis_url = Some(url.clone());
            shared.settings.throttle.timeout = Duration::from_secs(5);
            shared.counters = Counters::open(&shared.settings).unwrap();
            cx
        };
        let (one, two) = (server(), server());
        let now = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_nanos();
        let name = format!("two-{}-{now}", std::process::id());
        let all = |found: Option<()>| {
            let login = |cx| {
                attempt(cx, &name, async move {
                    sleep(Duration::from_millis(60)).await;
                    Ok(found)
                })
            };
            let logins = (0..10).flat_map(|_| [login(&one), login(&two)]);
            block_on(join_all(logins)).into_iter().flatten().count()
        };
        assert_eq!(all(Some(())), 20);
        assert_eq!(all(None), 5);
    }

    #[test]
    fn without_a_rate_there_is_no_limit_and_a_wrong_one_is_found_at_the_start() {
        let cx = context(None);
        for _ in 0..100 {
            block_on(ask(&cx, "alice").unwrap().failed());
        }
        assert_eq!(check_settings(cx.settings()), Ok(()));
        let error = check_settings(context(Some("often")).settings()).unwrap_err();
        assert_eq!(error.name, "LOGIN_THROTTLE_RATE");
    }
}
