//! Throttles.

use std::time::Duration;

use super::vars::{Vars, unreadable};
use super::{SettingsError, forms};

/// What happens to a request if the counters of throttles cannot be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum OnFailure {
    /// It continues uncounted.
    #[default]
    Open,
    /// It is refused with 503.
    Closed,
}

/// Throttles: DRF's `DEFAULT_THROTTLE_RATES` and `NUM_PROXIES`, and the store of the counters.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ThrottleSettings {
    /// `THROTTLE_RATES`: the rate of each scope: `anon=100/day,user=1000/day`.
    pub rates: Vec<(String, String)>,
    /// `NUM_PROXIES`: proxies in front that append to `X-Forwarded-For`, counted from its end; 0,
    /// the default, ignores the header. `None`, DRF's default (`none` in the environment), takes
    /// the whole header for the client's address, which clients can choose.
    pub num_proxies: Option<usize>,
    /// `THROTTLE_ON_FAILURE`: `open` or `closed`, when the counters cannot be reached.
    pub on_failure: OnFailure,
    /// `THROTTLE_TIMEOUT`: the longest wait for counters in Redis, in seconds. 0.5.
    pub timeout: Duration,
    /// `THROTTLE_HEADERS`: whether responses have `RateLimit` and `RateLimit-Policy`. Off by
    /// default.
    pub headers: bool,
}

impl Default for ThrottleSettings {
    fn default() -> Self {
        Self {
            rates: Vec::new(),
            num_proxies: Some(0),
            on_failure: OnFailure::Open,
            timeout: Duration::from_millis(500),
            headers: false,
        }
    }
}

impl ThrottleSettings {
    /// The rate of a scope.
    pub fn rate(&self, scope: &str) -> Option<&str> {
        self.rates.iter().find(|(own, _)| own == scope).map(|(_, rate)| rate.as_str())
    }

    /// Sets the rates of scopes that have none yet, so that the environment overrides those in
    /// code.
    pub fn default_rates<const N: usize>(&mut self, rates: [(&str, &str); N]) {
        for (scope, rate) in rates {
            if self.rate(scope).is_none() {
                self.rates.push((scope.to_owned(), rate.to_owned()));
            }
        }
    }

    pub(super) fn read(&mut self, vars: &Vars<'_>) -> Result<(), SettingsError> {
        let mut rates = Vec::new();
        vars.list("THROTTLE_RATES", &mut rates)?;
        for rate in rates {
            let (scope, rate) = rate.split_once('=').ok_or_else(|| {
                unreadable("THROTTLE_RATES", &rate, "a scope and its rate, as `anon=100/day`")
            })?;
            self.rates.push((scope.trim().to_owned(), rate.trim().to_owned()));
        }
        vars.number_or_none("NUM_PROXIES", &mut self.num_proxies)?;
        if let Some(word) = vars.get("THROTTLE_ON_FAILURE") {
            self.on_failure = match word.trim() {
                "open" => OnFailure::Open,
                "closed" => OnFailure::Closed,
                _ => return Err(unreadable("THROTTLE_ON_FAILURE", &word, "`open` or `closed`")),
            };
        }
        vars.seconds("THROTTLE_TIMEOUT", &mut self.timeout)?;
        vars.flag("THROTTLE_HEADERS", &mut self.headers)
    }

    pub(super) fn check(&self) -> Result<(), SettingsError> {
        if let Some(proxies) = self.num_proxies {
            forms::within("NUM_PROXIES", proxies, 0..=100, "")?;
        }
        forms::period("THROTTLE_TIMEOUT", self.timeout, Duration::from_millis(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(rates: &str) -> Result<ThrottleSettings, SettingsError> {
        let mut settings = ThrottleSettings::default();
        let get = |name| (name == "THROTTLE_RATES").then(|| rates.to_owned());
        settings.read(&Vars(&get)).map(|()| settings)
    }

    #[test]
    fn a_projects_rates_are_those_that_the_environment_does_not_set() {
        let mut settings = read("anon=100/day, burst = 60/min").unwrap();
        settings.default_rates([("anon", "2/min"), ("user", "3/min")]);
        let rate = |scope| settings.rate(scope);
        assert_eq!(rate("anon"), Some("100/day"));
        assert_eq!(rate("burst"), Some("60/min"));
        assert_eq!(rate("user"), Some("3/min"));
        assert_eq!(rate("other"), None);
        assert!(read("anon").is_err());
    }
}
