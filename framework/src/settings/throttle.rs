//! How often a client may ask.

use super::SettingsError;
use super::vars::{Vars, unreadable};

/// What becomes of a request when the counters of throttles cannot be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnFailure {
    /// It goes on, uncounted.
    #[default]
    Open,
    /// It is refused with 503.
    Closed,
}

/// Throttles: DRF's `DEFAULT_THROTTLE_RATES` and `NUM_PROXIES`, and where the counters are.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ThrottleSettings {
    /// `THROTTLE_RATES`: the rate of each scope: `anon=100/day,user=1000/day`.
    pub rates: Vec<(String, String)>,
    /// `NUM_PROXIES`: proxies in front that append to `X-Forwarded-For`, counted from its end; 0,
    /// the default, does not believe the header. `None`, DRF's default (`none` in the
    /// environment), takes the whole header for the client's address: whoever sends it chooses.
    pub num_proxies: Option<usize>,
    /// `THROTTLE_ON_FAILURE`: `open` or `closed`, when the counters cannot be reached.
    pub on_failure: OnFailure,
    /// `THROTTLE_HEADERS`: answers say in `RateLimit` and `RateLimit-Policy` what is left. Off by
    /// default.
    pub headers: bool,
}

impl Default for ThrottleSettings {
    fn default() -> Self {
        Self {
            rates: Vec::new(),
            num_proxies: Some(0),
            on_failure: OnFailure::Open,
            headers: false,
        }
    }
}

impl ThrottleSettings {
    /// The rate of a scope.
    pub fn rate(&self, scope: &str) -> Option<&str> {
        self.rates.iter().find(|(own, _)| own == scope).map(|(_, rate)| rate.as_str())
    }

    pub(super) fn read(&mut self, vars: &Vars<'_>) -> Result<(), SettingsError> {
        let mut rates = Vec::new();
        vars.list("THROTTLE_RATES", &mut rates);
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
        vars.flag("THROTTLE_HEADERS", &mut self.headers)
    }
}
