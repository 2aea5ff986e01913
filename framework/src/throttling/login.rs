//! The limit of failed logins.
//!
//! DRF has none: passwords can be tried at a login as fast as it answers. Here an account may be
//! tried `LOGIN_THROTTLE_RATE` times from one address, 20 a minute where nothing is set; then the
//! answer is DRF's 429. Logins that succeed do not count, so that nobody who knows the password is
//! kept out by it, and accounts and addresses count together, so that nobody can keep an account's
//! owner out from elsewhere.
//!
//! **An attempt takes its place before the password is looked at** and gives it back when the
//! password was right. To look at the log first and write down a failure afterwards would let as
//! many guesses through as come in while hashes are being computed. So a limit of 20 is never 21,
//! however many try at once; an attempt whose client has left keeps its place.

use super::ident::trusted_ident;
use super::rate::{away, parse_for_log, wait};
use super::simple::format_key;
use crate::cache::{Limit, digest};
use crate::exceptions::{ApiException, Result};
use crate::request::Context;
use crate::settings::{Settings, SettingsError};

/// An attempt that has taken its place among the failures; it is one until
/// [`Attempt::succeeded`] says otherwise.
#[derive(Debug)]
#[must_use = "a login that succeeds gives its place back: `attempt.succeeded(cx)`"]
pub struct Attempt {
    place: Option<(String, u64)>,
}

/// Takes a place for an attempt at an account, before its password is looked at.
///
/// # Errors
/// 429 when the account was tried too often from this address, and 503 when the counters are away
/// and `THROTTLE_ON_FAILURE` is `closed`. Neither is stored.
pub async fn check(cx: &Context, username: &str) -> Result<Attempt> {
    let limit = limit(cx.settings()).map_err(ApiException::internal)?;
    let Some(limit) = limit else { return Ok(Attempt { place: None }) };
    let key = key(cx, username);
    match cx.shared.counters.log(&key, limit).await {
        Ok(entry) => match entry.stored {
            Some(stored) => Ok(Attempt { place: Some((key, stored)) }),
            None => Err(ApiException::Throttled { wait: wait(limit, entry) }),
        },
        Err(_) => away(cx).map(|()| Attempt { place: None }),
    }
}

impl Attempt {
    /// The password was right: the attempt does not count.
    pub async fn succeeded(self, cx: &Context) {
        if let Some((key, stored)) = self.place {
            // a place that cannot be given back expires
            let _ = cx.shared.counters.forget(&key, stored).await;
        }
    }

    /// The password was wrong: the attempt keeps its place.
    pub fn failed(self) {}
}

/// An account's name as it is looked up, small or large, and the address. Of a name that a client
/// has made up the hash is kept.
fn key(cx: &Context, username: &str) -> String {
    let name = digest(&username.trim().to_lowercase());
    format_key("login", &format!("{name}_{}", trusted_ident(cx)))
}

fn limit(settings: &Settings) -> Result<Option<Limit>, SettingsError> {
    let wrong = |reason| SettingsError { name: "LOGIN_THROTTLE_RATE", reason };
    settings.auth.login_throttle_rate.as_deref().map(parse_for_log).transpose().map_err(wrong)
}

/// Looks whether the rate can be read.
pub(crate) fn check_settings(settings: &Settings) -> Result<(), SettingsError> {
    limit(settings).map(drop)
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;
    use std::sync::Arc;

    use actix_web::http::Method;
    use futures_util::FutureExt;

    use super::*;
    use crate::request::{Shared, ViewContext, testing};

    fn context(rate: Option<&str>) -> Context {
        let mut shared = Shared::default();
        shared.settings.auth.login_throttle_rate = rate.map(ToOwned::to_owned);
        let mut cx = testing::context(Method::POST, None, ViewContext::default());
        cx.shared = Arc::new(shared);
        cx.request.peer = Some(IpAddr::from([10, 0, 0, 7]));
        cx
    }

    fn ask(cx: &Context, username: &str) -> Result<Attempt> {
        check(cx, username).now_or_never().unwrap()
    }

    #[test]
    fn twenty_failures_a_minute_are_let_through() {
        let default = Settings::default().auth.login_throttle_rate;
        let cx = context(default.as_deref());
        for _ in 0..20 {
            ask(&cx, "alice").unwrap().failed();
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
            let attempt = ask(&cx, "alice").unwrap();
            attempt.succeeded(&cx).now_or_never().unwrap();
        }
        ask(&cx, "alice").unwrap().failed();
        // an attempt that is never finished counts as well
        drop(ask(&cx, "alice").unwrap());
        assert!(ask(&cx, "alice").is_err());
    }

    #[test]
    fn as_many_as_are_under_way_count() {
        let cx = context(Some("20/min"));
        let under_way: Vec<_> = (0..64).map(|_| ask(&cx, "alice")).collect();
        assert_eq!(under_way.iter().filter(|attempt| attempt.is_ok()).count(), 20);
    }

    #[test]
    fn another_address_counts_for_itself_and_a_header_is_no_address() {
        let mut cx = context(Some("1/min"));
        Arc::get_mut(&mut cx.shared).unwrap().settings.throttle.num_proxies = None;
        ask(&cx, "alice").unwrap().failed();
        let header = actix_web::http::header::HeaderName::from_static("x-forwarded-for");
        let value = actix_web::http::header::HeaderValue::from_static("1.2.3.4");
        cx.request.headers.insert(header, value);
        assert!(ask(&cx, "alice").is_err());
        cx.request.peer = Some(IpAddr::from([10, 0, 0, 8]));
        assert!(ask(&cx, "alice").is_ok());
    }

    #[test]
    fn without_a_rate_there_is_no_limit_and_a_wrong_one_is_found_at_the_start() {
        let cx = context(None);
        for _ in 0..100 {
            ask(&cx, "alice").unwrap().failed();
        }
        assert_eq!(check_settings(cx.settings()), Ok(()));
        let error = check_settings(context(Some("often")).settings()).unwrap_err();
        assert_eq!(error.name, "LOGIN_THROTTLE_RATE");
    }
}
