//! Rates as DRF writes them: `100/day`.

use std::time::Duration;

use crate::cache::{Entry, Limit};
use crate::exceptions::{ApiException, Result};
use crate::request::{Context, Quota};
use crate::settings::{OnFailure, Settings, SettingsError};

use super::Decision;

/// The most requests that a log may hold: it stores the time of each.
const MOST: u32 = 1_000_000;

/// Parses a rate (`parse_rate`). Only the first letter of the period counts, so `1/month` is one
/// per minute, as in DRF.
///
/// # Errors
/// Says what is wrong with it.
pub(super) fn parse(rate: &str) -> Result<Limit, String> {
    let unreadable =
        || format!("`{rate}` is not a rate such as `100/day`: a number, `/`, and s, m, h or d");
    let (number, period) = rate.split_once('/').ok_or_else(unreadable)?;
    let number = number.trim().parse::<u32>().map_err(|_| unreadable())?;
    let seconds = match period.chars().next() {
        Some('s') => 1,
        Some('m') => 60,
        Some('h') => 3600,
        Some('d') => 86_400,
        _ => return Err(unreadable()),
    };
    Ok(Limit { number, period: Duration::from_secs(seconds) })
}

/// Reads the rate of a log.
///
/// # Errors
/// Says what is wrong with it.
pub(super) fn parse_for_log(rate: &str) -> Result<Limit, String> {
    let limit = parse(rate)?;
    if limit.number > MOST {
        return Err(format!(
            "`{rate}` is more than {MOST} requests, and the time of each is kept; the throttle \
             `GcraThrottle` keeps none"
        ));
    }
    Ok(limit)
}

/// The limit of a scope: a throttle's own rate, or that of `THROTTLE_RATES`. The rate `none` is no
/// limit.
///
/// # Errors
/// When there is no rate, or it cannot be read.
pub(super) fn limit_of(
    settings: &Settings,
    scope: &str,
    own: Option<&str>,
) -> Result<Option<Limit>, SettingsError> {
    let wrong = |reason| SettingsError { name: "THROTTLE_RATES", reason };
    let rate = own.or_else(|| settings.throttle.rate(scope)).ok_or_else(|| {
        wrong(format!(
            "it has no rate for the scope `{scope}` of a throttle; set one, as \
             `{scope}=100/day`, or `{scope}=none` for no limit"
        ))
    })?;
    if rate.trim().eq_ignore_ascii_case("none") {
        return Ok(None);
    }
    parse_for_log(rate).map(Some).map_err(|reason| wrong(format!("scope `{scope}`: {reason}")))
}

/// Checks every rate of `THROTTLE_RATES`, including those of scopes that no throttle uses yet.
///
/// # Errors
/// Names the scope whose rate cannot be read.
pub(crate) fn check_rates(settings: &Settings) -> Result<(), SettingsError> {
    let rates = &settings.throttle.rates;
    rates.iter().try_for_each(|(scope, rate)| {
        if rate.trim().eq_ignore_ascii_case("none") {
            return Ok(());
        }
        let read = parse(rate).map(drop);
        let reason = |reason| format!("scope `{scope}`: {reason}");
        read.map_err(|error| SettingsError { name: "THROTTLE_RATES", reason: reason(error) })
    })
}

/// How long to wait for a place in a full log (`SimpleRateThrottle.wait`): the time until the
/// oldest request leaves it, divided by the places that are free then. `None` if the log is longer
/// than the limit, as after the rate was lowered.
#[expect(clippy::cast_precision_loss, reason = "seconds of a day in microseconds fit")]
pub(super) fn wait(limit: Limit, entry: Entry) -> Option<f64> {
    let available = (limit.number + 1).checked_sub(entry.count).filter(|free| *free > 0)?;
    let left = limit.period.saturating_sub(entry.age).as_micros() as f64 / 1e6;
    Some(left / f64::from(available))
}

/// Stores a request in the log of a key.
///
/// # Errors
/// 503 if the store cannot be reached and `THROTTLE_ON_FAILURE` is `closed`.
pub(super) async fn count(
    cx: &mut Context,
    scope: &str,
    limit: Limit,
    key: &str,
) -> Result<Decision> {
    let Ok(entry) = cx.shared.counters.log(key, limit).await else {
        return away(cx).map(|()| Decision::Allow);
    };
    if cx.settings().throttle.headers {
        let left = limit.period.saturating_sub(entry.age);
        cx.note_quota(Quota {
            name: scope.to_owned(),
            limit: limit.number,
            window: limit.period.as_secs(),
            remaining: limit.number.saturating_sub(entry.count),
            reset: left.as_secs() + u64::from(left.subsec_nanos() > 0),
        });
    }
    Ok(match entry.stored {
        Some(_) => Decision::Allow,
        None => Decision::Refuse(wait(limit, entry)),
    })
}

/// What happens to a request that cannot be counted.
pub(super) fn away(cx: &Context) -> Result<()> {
    match cx.settings().throttle.on_failure {
        OnFailure::Open => Ok(()),
        OnFailure::Closed => {
            Err(ApiException::Unavailable("the counters of throttles cannot be reached"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_the_period_the_first_letter_counts_alone() {
        for (rate, number, seconds) in [
            ("1/s", 1, 1),
            ("4/min", 4, 60),
            ("1/month", 1, 60),
            ("20/hour", 20, 3600),
            (" 100 /day", 100, 86_400),
            ("0/d", 0, 86_400),
        ] {
            let expected = Limit { number, period: Duration::from_secs(seconds) };
            assert_eq!(parse(rate), Ok(expected), "{rate}");
        }
    }

    #[test]
    fn what_is_no_rate_is_refused() {
        for rate in ["", "1", "/m", "1/", "x/m", "-1/m", "1/year", "1/M", "1/ m", "2000000/d"] {
            assert!(parse_for_log(rate).is_err(), "{rate}");
        }
    }

    #[test]
    fn the_wait_is_shared_among_the_places_that_are_free() {
        let limit = parse("4/m").unwrap();
        let entry = |count, age| Entry { stored: None, count, age: Duration::from_secs(age) };
        assert_eq!(wait(limit, entry(4, 4)), Some(56.0));
        assert_eq!(wait(limit, entry(4, 59)), Some(1.0));
        // a log that was filled under a higher rate
        assert_eq!(wait(limit, entry(5, 4)), None);
        assert_eq!(wait(parse("0/m").unwrap(), entry(0, 0)), Some(60.0));
    }

    #[test]
    fn a_scope_without_a_rate_is_named() {
        let mut settings = Settings::default();
        let error = limit_of(&settings, "burst", None).unwrap_err();
        assert!(error.to_string().contains("the scope `burst`"), "{error}");
        assert!(limit_of(&settings, "burst", Some("1/d")).unwrap().is_some());
        settings.throttle.rates =
            vec![("burst".into(), "often".into()), ("off".into(), "none".into())];
        let error = limit_of(&settings, "burst", None).unwrap_err();
        assert!(error.to_string().contains("scope `burst`: `often` is not a rate"), "{error}");
        assert_eq!(limit_of(&settings, "off", None), Ok(None));
    }
}
