//! A cheap throttle: `governor`'s generic cell rate algorithm (GCRA).

use std::hash::{BuildHasher, RandomState};
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::DefaultKeyedStateStore;

use super::rate::parse;
use super::simple::user_or_address;
use super::{Decision, Throttle};
use crate::cache::Limit;
use crate::exceptions::Result;
use crate::request::{Context, Quota};
use crate::settings::{Settings, SettingsError};

/// The least number of requests between two sweeps over the known clients.
const SWEEP: usize = 1024;

/// The most clients that are kept: about 32 MiB. Beyond it, all are forgotten.
const MOST: usize = 1 << 20;

type Limiter = governor::RateLimiter<
    u64,
    DefaultKeyedStateStore<u64>,
    DefaultClock,
    StateInformationMiddleware,
>;
type Key = Arc<dyn Fn(&Context) -> Option<String> + Send + Sync>;

/// Limits users by primary key and anonymous clients by address, in the memory of this process,
/// with the generic cell rate algorithm.
///
/// It stores one number per client, where the sliding log of
/// [`SimpleRateThrottle`](super::SimpleRateThrottle) stores the time of every request, and it never
/// leaves the process. The result differs: after a burst of the whole rate, a request becomes free
/// every `period / number`, not a period after the first request. So within one period it may allow
/// up to twice the rate (a burst, and what is refilled meanwhile), and a refused client waits less.
/// Several servers each count for themselves. Use it to shed load; use the sliding log if the exact
/// number matters.
///
/// ```
/// use quintet::throttling::GcraThrottle;
///
/// let throttle = GcraThrottle::new("search", "600/min").burst(20);
/// # let _ = throttle;
/// ```
pub struct GcraThrottle {
    name: String,
    rate: String,
    burst: Option<u32>,
    key: Key,
    state: Option<State>,
}

struct State {
    limiter: RwLock<Arc<Limiter>>,
    quota: governor::Quota,
    limit: Limit,
    hasher: RandomState,
    most: usize,
    /// Requests until the next sweep.
    until_sweep: AtomicUsize,
}

impl GcraThrottle {
    /// Creates a throttle with a name, which `RateLimit` headers show, and a rate such as
    /// `600/min`. The burst is the whole rate.
    pub fn new(name: impl Into<String>, rate: impl Into<String>) -> Self {
        let key: Key = Arc::new(|cx| Some(user_or_address(cx)));
        let (name, rate) = (name.into(), rate.into());
        Self { name, rate, burst: None, key, state: None }.ready()
    }

    /// Sets the burst: how many requests are allowed at once after an idle period.
    #[must_use]
    pub fn burst(mut self, number: u32) -> Self {
        self.burst = Some(number);
        self.ready()
    }

    /// Counts by a key of your own; a request for which it returns `None` is not throttled.
    #[must_use]
    pub fn key(mut self, key: impl Fn(&Context) -> Option<String> + Send + Sync + 'static) -> Self {
        self.key = Arc::new(key);
        self
    }

    fn ready(mut self) -> Self {
        self.state = self.quota().ok().map(|(quota, limit)| State {
            limiter: RwLock::new(Arc::new(limiter(quota))),
            quota,
            limit,
            hasher: RandomState::new(),
            most: MOST,
            until_sweep: AtomicUsize::new(SWEEP),
        });
        self
    }

    fn quota(&self) -> Result<(governor::Quota, Limit), String> {
        let limit = parse(&self.rate)?;
        let zero =
            || format!("`{}` with a burst of {:?} lets nothing through", self.rate, self.burst);
        let number = NonZeroU32::new(limit.number).ok_or_else(zero)?;
        let burst = NonZeroU32::new(self.burst.unwrap_or(limit.number)).ok_or_else(zero)?;
        let quota = governor::Quota::with_period(limit.period / number.get()).ok_or_else(zero)?;
        Ok((quota.allow_burst(burst), limit))
    }
}

fn limiter(quota: governor::Quota) -> Limiter {
    governor::RateLimiter::keyed(quota).with_middleware()
}

impl State {
    fn limiter(&self) -> Arc<Limiter> {
        Arc::clone(&self.limiter.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Removes clients with a full quota, once as many requests have arrived as there were clients.
    /// The cost per request is constant.
    fn sweep(&self, limiter: &Limiter) {
        let until = |left: usize| left.checked_sub(1);
        if self.until_sweep.fetch_update(Ordering::Relaxed, Ordering::Relaxed, until).is_ok() {
            return;
        }
        self.until_sweep.store(usize::MAX, Ordering::Relaxed);
        limiter.retain_recent();
        if limiter.len() > self.most {
            tracing::warn!("a throttle forgets its clients: they are more than {}", self.most);
            *self.limiter.write().unwrap_or_else(PoisonError::into_inner) =
                Arc::new(self::limiter(self.quota));
        }
        limiter.shrink_to_fit();
        self.until_sweep.store(limiter.len().min(self.most / 4).max(SWEEP), Ordering::Relaxed);
    }
}

fn seconds(time: Duration) -> u64 {
    time.as_secs() + u64::from(time.subsec_nanos() > 0)
}

impl Throttle for GcraThrottle {
    async fn allow_request(&self, cx: &mut Context) -> Result<Decision> {
        let Some(state) = &self.state else { return Ok(Decision::Allow) };
        let Some(key) = (self.key)(cx) else { return Ok(Decision::Allow) };
        let limiter = state.limiter();
        let asked = limiter.check_key(&state.hasher.hash_one(key));
        let (decision, remaining, reset) = match asked {
            Ok(snapshot) => (
                Decision::Allow,
                snapshot.remaining_burst_capacity(),
                state.quota.replenish_interval(),
            ),
            Err(until) => {
                let wait = until.wait_time_from(limiter.clock().now());
                (Decision::Refuse(Some(wait.as_secs_f64())), 0, wait)
            }
        };
        state.sweep(&limiter);
        if cx.settings().throttle.headers {
            cx.note_quota(Quota {
                name: self.name.clone(),
                limit: state.limit.number,
                window: state.limit.period.as_secs(),
                remaining,
                reset: seconds(reset),
            });
        }
        Ok(decision)
    }

    fn check(&self, _: &Settings, _: Option<&str>) -> Result<(), SettingsError> {
        let wrong = |reason| SettingsError {
            name: "THROTTLE_RATES",
            reason: format!("the throttle `{}`: {reason}", self.name),
        };
        self.quota().map(drop).map_err(wrong)
    }
}

impl std::fmt::Debug for GcraThrottle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GcraThrottle")
            .field("name", &self.name)
            .field("rate", &self.rate)
            .field("burst", &self.burst)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::Method;
    use futures_util::FutureExt;

    use super::*;
    use crate::request::{ViewContext, testing};

    fn ask(throttle: &GcraThrottle, cx: &mut Context) -> Decision {
        throttle.allow_request(cx).now_or_never().unwrap().unwrap()
    }

    #[test]
    fn a_burst_is_let_through_and_then_one_after_the_other() {
        let throttle = GcraThrottle::new("search", "60/min").burst(2);
        let mut cx = testing::context(Method::GET, None, ViewContext::default());
        cx.request.peer = Some([10, 0, 0, 7].into());
        assert_eq!(ask(&throttle, &mut cx), Decision::Allow);
        assert_eq!(ask(&throttle, &mut cx), Decision::Allow);
        let Decision::Refuse(Some(wait)) = ask(&throttle, &mut cx) else { panic!("refused") };
        // a place a second, not a minute after the first
        assert!(wait > 0.5 && wait <= 1.0, "{wait}");
        cx.request.peer = Some([10, 0, 0, 8].into());
        assert_eq!(ask(&throttle, &mut cx), Decision::Allow);
    }

    #[test]
    fn a_request_without_a_key_is_not_throttled() {
        let throttle = GcraThrottle::new("client", "1/day")
            .key(|cx| cx.request.header("x-client").map(Into::into));
        let mut cx = testing::context(Method::GET, None, ViewContext::default());
        for _ in 0..10 {
            assert_eq!(ask(&throttle, &mut cx), Decision::Allow);
        }
    }

    #[test]
    fn clients_that_are_as_good_as_new_are_not_kept() {
        let throttle = GcraThrottle::new("all", "1000000/s").burst(1);
        let state = throttle.state.as_ref().unwrap();
        for client in 0..50_000_u64 {
            let limiter = state.limiter();
            let _ = limiter.check_key(&client);
            state.sweep(&limiter);
        }
        assert!(state.limiter().len() <= 4 * SWEEP, "{}", state.limiter().len());
    }

    #[test]
    fn clients_beyond_what_memory_is_set_aside_for_are_forgotten() {
        let mut throttle = GcraThrottle::new("all", "1/day");
        let state = throttle.state.as_mut().unwrap();
        state.most = 5000;
        for client in 0..50_000_u64 {
            let limiter = state.limiter();
            let _ = limiter.check_key(&client);
            state.sweep(&limiter);
            assert!(limiter.len() < 8000, "{}", limiter.len());
        }
    }

    #[test]
    fn a_rate_that_lets_nothing_through_keeps_the_site_from_starting() {
        let settings = Settings::default();
        for throttle in [
            GcraThrottle::new("all", "often"),
            GcraThrottle::new("all", "0/s"),
            GcraThrottle::new("all", "1/s").burst(0),
        ] {
            let error = Throttle::check(&throttle, &settings, None).unwrap_err();
            assert!(error.to_string().contains("the throttle `all`"), "{error}");
        }
        assert_eq!(Throttle::check(&GcraThrottle::new("all", "5/s"), &settings, None), Ok(()));
    }
}
