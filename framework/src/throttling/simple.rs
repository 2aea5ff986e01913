//! DRF's throttles with a rate: the general rule, and two keys for it.

use super::rate::{count, limit_of};
use super::{Decision, Throttle, get_ident};
use crate::auth::Account;
use crate::exceptions::{ApiException, Result};
use crate::request::Context;
use crate::settings::{Settings, SettingsError};

/// Limits the requests of each key to a rate, in a sliding window (`SimpleRateThrottle`).
///
/// Implement it to count by a key of your own; every `SimpleRateThrottle` is a [`Throttle`]. For a
/// decision that is not a rate, implement [`Throttle`]. The default rate is that of the scope; a
/// site does not start if the scope has none.
///
/// ```
/// use quintet::prelude::*;
/// use quintet::throttling::SimpleRateThrottle;
///
/// /// A limit for each value of a header; none without it.
/// pub struct PerClient;
///
/// impl SimpleRateThrottle for PerClient {
///     fn scope(&self) -> &str {
///         "client"
///     }
///
///     fn get_cache_key(&self, cx: &Context) -> Option<String> {
///         Some(self.format_key(&cx.request.header("x-client")?))
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a throttle with a rate",
    label = "this type has no `SimpleRateThrottle` implementation",
    note = "write `impl SimpleRateThrottle for {Self}` with `scope` and `get_cache_key`"
)]
pub trait SimpleRateThrottle: Send + Sync + 'static {
    /// The name of its rate in `THROTTLE_RATES`; part of every key.
    fn scope(&self) -> &str;

    /// The rate, `3/min`; by default, that of the scope.
    fn rate(&self) -> Option<&str> {
        None
    }

    /// The key under which the request is counted; `None` if it is not throttled.
    fn get_cache_key(&self, cx: &Context) -> Option<String>;

    /// The key of a client: `throttle_anon_127.0.0.1` (`cache_format`).
    fn format_key(&self, ident: &str) -> String {
        format_key(self.scope(), ident)
    }
}

pub(super) fn format_key(scope: &str, ident: &str) -> String {
    format!("throttle_{scope}_{ident}")
}

/// The user's primary key, or the address of a client without a user.
pub(super) fn user_or_address(cx: &Context) -> String {
    cx.account().map_or_else(|| get_ident(cx), Account::key_text)
}

#[diagnostic::do_not_recommend]
impl<T: SimpleRateThrottle> Throttle for T {
    async fn allow_request(&self, cx: &mut Context) -> Result<Decision> {
        let limit = limit_of(cx.settings(), self.scope(), self.rate());
        let Some(limit) = limit.map_err(ApiException::internal)? else {
            return Ok(Decision::Allow);
        };
        match self.get_cache_key(cx) {
            Some(key) => count(cx, self.scope(), limit, &key).await,
            None => Ok(Decision::Allow),
        }
    }

    fn check(&self, settings: &Settings, _: Option<&str>) -> Result<(), SettingsError> {
        limit_of(settings, self.scope(), self.rate()).map(drop)
    }
}

macro_rules! with_scope {
    ($name:ident, $scope:literal) => {
        impl $name {
            #[doc = concat!("With the rate of the scope `", $scope, "`.")]
            pub fn new() -> Self {
                Self { scope: $scope.into(), rate: None }
            }

            /// Uses the rate of another scope.
            #[must_use]
            pub fn scope(mut self, scope: impl Into<String>) -> Self {
                self.scope = scope.into();
                self
            }

            /// Sets the rate here instead of in the settings: `3/min`.
            #[must_use]
            pub fn rate(mut self, rate: impl Into<String>) -> Self {
                self.rate = Some(rate.into());
                self
            }
        }

        impl Default for $name {
            fn default() -> Self {
                Self::new()
            }
        }
    };
}

/// Limits anonymous clients by their address (`AnonRateThrottle`); authenticated users pass.
///
/// The rate is that of the scope `anon`, unless [`rate`](Self::rate) sets one. How the address is
/// found behind proxies is described at [`get_ident`].
///
/// ```
/// use quintet::prelude::*;
/// use quintet::throttling::{AnonRateThrottle, UserRateThrottle};
/// use quintet::views::Policies;
///
/// let everywhere =
///     (AnonRateThrottle::new().rate("100/day"), UserRateThrottle::new().rate("1000/day"));
/// let policies = Policies::inherit().throttles(everywhere);
/// # let _ = policies;
/// ```
#[derive(Debug, Clone)]
pub struct AnonRateThrottle {
    scope: String,
    rate: Option<String>,
}

with_scope!(AnonRateThrottle, "anon");

impl SimpleRateThrottle for AnonRateThrottle {
    fn scope(&self) -> &str {
        &self.scope
    }

    fn rate(&self) -> Option<&str> {
        self.rate.as_deref()
    }

    fn get_cache_key(&self, cx: &Context) -> Option<String> {
        (!cx.is_authenticated()).then(|| self.format_key(&get_ident(cx)))
    }
}

/// Limits users by primary key and anonymous clients by address (`UserRateThrottle`).
///
/// The rate is that of the scope `user`. Several of them with different scopes limit bursts and
/// days:
///
/// ```
/// use quintet::prelude::*;
/// use quintet::throttling::UserRateThrottle;
/// use quintet::views::Policies;
///
/// let mut settings = Settings::default();
/// settings.throttle.default_rates([("burst", "60/min"), ("sustained", "1000/day")]);
///
/// let both = (UserRateThrottle::new().scope("burst"), UserRateThrottle::new().scope("sustained"));
/// let policies = Policies::inherit().throttles(both);
/// # let _ = policies;
/// ```
#[derive(Debug, Clone)]
pub struct UserRateThrottle {
    scope: String,
    rate: Option<String>,
}

with_scope!(UserRateThrottle, "user");

impl SimpleRateThrottle for UserRateThrottle {
    fn scope(&self) -> &str {
        &self.scope
    }

    fn rate(&self) -> Option<&str> {
        self.rate.as_deref()
    }

    fn get_cache_key(&self, cx: &Context) -> Option<String> {
        Some(self.format_key(&user_or_address(cx)))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use actix_web::http::Method;
    use futures_util::FutureExt;

    use super::*;
    use crate::auth::testing::user;
    use crate::request::{Shared, ViewContext, testing};

    fn context(user: Option<crate::auth::User>) -> Context {
        let mut cx = testing::context(Method::GET, user, ViewContext::default());
        cx.request.peer = Some([10, 0, 0, 7].into());
        cx
    }

    fn ask(throttle: &impl Throttle, cx: &mut Context) -> Decision {
        throttle.allow_request(cx).now_or_never().unwrap().unwrap()
    }

    #[test]
    fn keys_are_drfs() {
        let (anon, known) = (context(None), context(Some(user())));
        let throttle = AnonRateThrottle::new();
        assert_eq!(throttle.get_cache_key(&anon).unwrap(), "throttle_anon_10.0.0.7");
        assert_eq!(throttle.get_cache_key(&known), None);
        let throttle = UserRateThrottle::new().scope("burst");
        assert_eq!(throttle.get_cache_key(&anon).unwrap(), "throttle_burst_10.0.0.7");
        assert_eq!(throttle.get_cache_key(&known).unwrap(), "throttle_burst_1");
    }

    #[test]
    fn a_client_beyond_its_rate_is_told_how_long_to_wait() {
        let throttle = UserRateThrottle::new().rate("2/min");
        let mut cx = context(None);
        assert_eq!(ask(&throttle, &mut cx), Decision::Allow);
        assert_eq!(ask(&throttle, &mut cx), Decision::Allow);
        let Decision::Refuse(Some(wait)) = ask(&throttle, &mut cx) else { panic!("refused") };
        assert!(wait > 58.0 && wait <= 60.0, "{wait}");
        assert_eq!(cx.quota(), None);
        cx.request.peer = Some([10, 0, 0, 8].into());
        assert_eq!(ask(&throttle, &mut cx), Decision::Allow);
    }

    #[test]
    fn a_rate_of_none_is_no_limit_and_a_missing_one_keeps_the_site_from_starting() {
        let mut settings = Settings::default();
        let throttle = AnonRateThrottle::new();
        let error = Throttle::check(&throttle, &settings, None).unwrap_err();
        assert!(error.to_string().contains("`anon`"));
        settings.throttle.rates = vec![("anon".into(), "none".into())];
        assert_eq!(Throttle::check(&throttle, &settings, None), Ok(()));
        let mut cx = context(None);
        cx.shared = Arc::new(Shared { settings, ..Shared::default() });
        for _ in 0..100 {
            assert_eq!(ask(&throttle, &mut cx), Decision::Allow);
        }
    }

    #[test]
    fn what_is_left_is_noted_where_headers_are_asked_for() {
        let mut shared = Shared::default();
        shared.settings.throttle.headers = true;
        let mut cx = context(None);
        cx.shared = Arc::new(shared);
        let (wide, tight) =
            (UserRateThrottle::new().rate("9/hour"), AnonRateThrottle::new().rate("3/min"));
        for _ in 0..2 {
            ask(&tight, &mut cx);
            ask(&wide, &mut cx);
        }
        let quota = cx.quota().unwrap();
        assert_eq!((quota.name.as_str(), quota.limit, quota.window), ("anon", 3, 60));
        assert_eq!((quota.remaining, quota.reset), (1, 60));
    }
}
