//! How long a session lives (`get_expiry_age`, `set_expiry`).

use chrono::{DateTime as Moment, TimeDelta, Utc};
use serde_json::Value;

use super::Session;
use crate::db::DateTime;
use crate::settings::SessionSettings;

/// Session key under which a custom expiry is stored.
const EXPIRY: &str = "_session_expiry";

/// How long a session lives, if not for `SESSION_COOKIE_AGE`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Expiry {
    /// As set by `SESSION_COOKIE_AGE` and `SESSION_EXPIRE_AT_BROWSER_CLOSE`.
    Default,
    /// A number of seconds after each change.
    Seconds(i64),
    /// Until a moment.
    At(DateTime),
    /// Until the browser is closed.
    AtBrowserClose,
}

impl Session {
    /// Sets how long it lives.
    pub fn set_expiry(&mut self, expiry: Expiry) {
        match expiry {
            Expiry::Default => drop(self.remove(EXPIRY)),
            Expiry::Seconds(seconds) => self.set(EXPIRY, seconds),
            Expiry::At(moment) => self.set(EXPIRY, moment.to_rfc3339()),
            Expiry::AtBrowserClose => self.set(EXPIRY, 0),
        }
    }

    /// Whether the cookie ends with the browser (`get_expire_at_browser_close`).
    pub fn expires_at_browser_close(&self, settings: &SessionSettings) -> bool {
        match self.get(EXPIRY) {
            None | Some(Value::Null) => settings.expire_at_browser_close,
            Some(expiry) => expiry.as_f64() == Some(0.0),
        }
    }

    /// The seconds that it lives from now on; negative if it has expired.
    pub fn expiry_age(&self, settings: &SessionSettings) -> i64 {
        self.age_at(Utc::now(), settings)
    }

    /// When its row expires (`get_expiry_date`).
    pub fn expiry_date(&self, settings: &SessionSettings) -> DateTime {
        let now = Utc::now();
        let age = TimeDelta::try_seconds(self.age_at(now, settings));
        let date = self.fixed_end().or_else(|| age.and_then(|age| now.checked_add_signed(age)));
        date.unwrap_or(now).into()
    }

    fn age_at(&self, now: Moment<Utc>, settings: &SessionSettings) -> i64 {
        if let Some(end) = self.fixed_end() {
            // whole seconds, downwards, as Python's `timedelta` counts them
            return (end - now).num_milliseconds().div_euclid(1000);
        }
        let own = self.get(EXPIRY).and_then(|value| {
            #[allow(clippy::cast_possible_truncation, reason = "seconds have no fractions here")]
            value.as_i64().or_else(|| value.as_f64().map(|seconds| seconds as i64))
        });
        match own {
            None | Some(0) => i64::try_from(settings.cookie.age.as_secs()).unwrap_or(i64::MAX),
            Some(seconds) => seconds,
        }
    }

    fn fixed_end(&self) -> Option<Moment<Utc>> {
        let end = Moment::parse_from_rfc3339(self.get_str(EXPIRY)?).ok()?;
        Some(end.with_timezone(&Utc))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> SessionSettings {
        SessionSettings::default()
    }

    fn now() -> Moment<Utc> {
        "2024-01-01T00:00:00.25Z".parse().unwrap()
    }

    #[test]
    fn the_settings_decide_where_the_session_does_not() {
        let mut session = Session::new();
        assert_eq!(session.age_at(now(), &settings()), 1_209_600);
        assert!(!session.expires_at_browser_close(&settings()));
        let mut at_close = settings();
        at_close.expire_at_browser_close = true;
        assert!(session.expires_at_browser_close(&at_close));
        session.set_expiry(Expiry::Seconds(60));
        assert!(!session.expires_at_browser_close(&at_close));
        session.set_expiry(Expiry::Default);
        assert!(!session.contains(EXPIRY));
    }

    #[test]
    fn a_session_may_live_so_many_seconds_or_until_a_moment() {
        let mut session = Session::new();
        session.set_expiry(Expiry::Seconds(-5));
        assert_eq!(session.age_at(now(), &settings()), -5);
        // as Python writes it
        session.set(EXPIRY, "2024-01-01T00:01:00+00:00");
        assert_eq!(session.age_at(now(), &settings()), 59);
        session.set(EXPIRY, "2023-12-31T23:59:59.500000+00:00");
        assert_eq!(session.age_at(now(), &settings()), -1);
        session.set_expiry(Expiry::At(now().into()));
        assert_eq!(session.expiry_date(&settings()), now().into());
    }

    #[test]
    fn no_seconds_are_until_the_browser_is_closed() {
        let mut session = Session::new();
        session.set_expiry(Expiry::AtBrowserClose);
        assert!(session.expires_at_browser_close(&settings()));
        assert_eq!(session.age_at(now(), &settings()), 1_209_600);
    }

    #[test]
    fn what_is_no_expiry_counts_as_none() {
        for value in [Value::Null, "tomorrow".into(), true.into(), serde_json::json!([1])] {
            let mut session = Session::new();
            session.set(EXPIRY, value);
            assert_eq!(session.age_at(now(), &settings()), 1_209_600);
        }
    }
}
