//! The trait, and the throttles of a view.

use std::future::Future;
use std::sync::Arc;

use futures_util::future::LocalBoxFuture;

use crate::classes::class_list;
use crate::exceptions::{ApiException, Result};
use crate::request::Context;
use crate::settings::{Settings, SettingsError};

/// The result of a throttle.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Decision {
    /// The request may continue.
    Allow,
    /// The request is refused; the seconds until the next one would be allowed, if known.
    Refuse(Option<f64>),
}

/// Counts requests and refuses those over a limit (`BaseThrottle`).
///
/// Implement it for a rule of your own. For another key or rate of the usual rule, implement
/// [`SimpleRateThrottle`](super::SimpleRateThrottle), which is shorter. All throttles of a view
/// run, even after one of them has refused; the client gets a 429 with the longest wait in
/// `Retry-After`.
///
/// ```
/// use quintet::prelude::*;
/// use quintet::views::Policies;
/// use quintet::throttling::{Decision, Throttle};
///
/// /// Refuses one request in ten, as DRF's documentation does.
/// struct RandomRateThrottle;
///
/// impl Throttle for RandomRateThrottle {
///     async fn allow_request(&self, _cx: &mut Context) -> Result<Decision> {
///         let nanos = std::time::SystemTime::now()
///             .duration_since(std::time::UNIX_EPOCH)
///             .map_or(0, |since| since.subsec_nanos());
///         Ok(if nanos % 10 == 0 { Decision::Refuse(None) } else { Decision::Allow })
///     }
/// }
///
/// let policies = Policies::inherit().throttles(RandomRateThrottle);
/// # let _ = policies;
/// ```
#[doc(alias = "BaseThrottle")]
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a throttle",
    label = "this type has no `Throttle` implementation",
    note = "write `impl SimpleRateThrottle for {Self}`, or `impl Throttle for {Self}`"
)]
pub trait Throttle: Send + Sync + 'static {
    /// Counts this request.
    ///
    /// # Errors
    /// When the counter cannot be reached.
    fn allow_request(&self, cx: &mut Context) -> impl Future<Output = Result<Decision>>;

    /// Checks, when the site is built, whether the settings have what this throttle needs; `scope`
    /// is the view's own. Accepts them by default.
    ///
    /// # Errors
    /// If something is missing: the site does not start then.
    fn check(&self, settings: &Settings, scope: Option<&str>) -> Result<(), SettingsError> {
        let _ = (settings, scope);
        Ok(())
    }
}

/// An object-safe [`Throttle`]. Every throttle implements it; do not implement it yourself.
pub trait DynThrottle: Send + Sync {
    /// [`Throttle::allow_request`]
    fn ask<'a>(&'a self, cx: &'a mut Context) -> LocalBoxFuture<'a, Result<Decision>>;

    /// [`Throttle::check`]
    fn check(&self, settings: &Settings, scope: Option<&str>) -> Result<(), SettingsError>;
}

impl<T: Throttle> DynThrottle for T {
    fn ask<'a>(&'a self, cx: &'a mut Context) -> LocalBoxFuture<'a, Result<Decision>> {
        Box::pin(self.allow_request(cx))
    }

    fn check(&self, settings: &Settings, scope: Option<&str>) -> Result<(), SettingsError> {
        Throttle::check(self, settings, scope)
    }
}

class_list! {
    /// The `throttle_classes` of a view: one throttle, a tuple of them, which all run, `()` for
    /// none, or [`Inherit`](crate::classes::Inherit).
    #[diagnostic::on_unimplemented(
        message = "`{Self}` is neither a throttle nor a tuple of throttles",
        label = "expected a throttle, which is a type with `impl Throttle`, or a tuple of them",
        note = "write `impl SimpleRateThrottle for {Self}` for a number of requests in a period, or `impl \
                Throttle for {Self}`",
        note = "several throttles are a tuple: `(AnonRateThrottle::new(), \
                UserRateThrottle::new())`"
    )]
    ThrottleClasses of Throttle as DynThrottle
}

/// Runs all of them (`check_throttles`).
pub(crate) async fn check(throttles: &[Arc<dyn DynThrottle>], cx: &mut Context) -> Result<()> {
    let (mut refused, mut wait) = (false, None::<f64>);
    for throttle in throttles {
        if let Decision::Refuse(own) = throttle.ask(cx).await? {
            refused = true;
            wait = match (wait, own) {
                (Some(a), Some(b)) => Some(a.max(b)),
                (a, b) => a.or(b),
            };
        }
    }
    if refused { Err(ApiException::Throttled { wait }) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use actix_web::http::Method;
    use futures_util::FutureExt;

    use super::*;
    use crate::request::{ViewContext, testing};

    struct Says(Decision, Arc<AtomicUsize>);

    impl Throttle for Says {
        async fn allow_request(&self, _: &mut Context) -> Result<Decision> {
            self.1.fetch_add(1, Ordering::Relaxed);
            Ok(self.0)
        }
    }

    #[test]
    fn every_throttle_counts_and_the_longest_wait_is_told() {
        let asked = Arc::new(AtomicUsize::new(0));
        let says = |decision| Says(decision, Arc::clone(&asked));
        let list = (
            says(Decision::Refuse(Some(2.0))),
            says(Decision::Refuse(Some(9.0))),
            says(Decision::Refuse(None)),
            says(Decision::Allow),
        );
        let mut cx = testing::context(Method::GET, None, ViewContext::default());
        let refused =
            check(&list.into_list().unwrap(), &mut cx).now_or_never().unwrap().unwrap_err();
        assert!(matches!(refused, ApiException::Throttled { wait: Some(wait) } if wait > 8.0));
        assert_eq!(asked.load(Ordering::Relaxed), 4);
    }

    #[test]
    fn one_throttle_a_tuple_or_none_make_a_list() {
        let says = || Says(Decision::Allow, Arc::default());
        assert_eq!(says().into_list().unwrap().len(), 1);
        assert_eq!((says(), says()).into_list().unwrap().len(), 2);
        assert!(().into_list().unwrap().is_empty());
    }
}
