//! How often a client may ask (`rest_framework.throttling`): the trait and its place in the
//! order of policies, after permissions and before the handler.

use std::future::Future;
use std::sync::Arc;

use futures_util::future::LocalBoxFuture;

use crate::exceptions::{ApiException, Result};
use crate::request::Context;

/// What a throttle says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Decision {
    /// The request may go on.
    Allow,
    /// The request is refused; seconds until the next one would be let through, when known.
    Refuse(Option<f64>),
}

/// Counts requests and refuses those that are too many.
///
/// Every throttle of a view is asked, also after one has refused; the longest wait is the one
/// that the client reads.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a throttle",
    note = "write `impl Throttle for {Self}`"
)]
pub trait Throttle: Send + Sync + 'static {
    /// Counts this request.
    ///
    /// # Errors
    /// When the counter cannot be reached.
    fn allow_request(&self, cx: &mut Context) -> impl Future<Output = Result<Decision>>;
}

/// A [`Throttle`] behind a pointer; every throttle is one.
pub trait DynThrottle: Send + Sync {
    /// [`Throttle::allow_request`]
    fn ask<'a>(&'a self, cx: &'a mut Context) -> LocalBoxFuture<'a, Result<Decision>>;
}

impl<T: Throttle> DynThrottle for T {
    fn ask<'a>(&'a self, cx: &'a mut Context) -> LocalBoxFuture<'a, Result<Decision>> {
        Box::pin(self.allow_request(cx))
    }
}

/// Asks all of them (`check_throttles`).
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
        let decisions = [Decision::Refuse(Some(2.0)), Decision::Refuse(Some(9.0)), Decision::Allow];
        let list: Vec<Arc<dyn DynThrottle>> = decisions
            .into_iter()
            .map(|decision| Arc::new(Says(decision, Arc::clone(&asked))) as Arc<dyn DynThrottle>)
            .collect();
        let mut cx = testing::context(Method::GET, None, ViewContext::default());
        let refused = check(&list, &mut cx).now_or_never().unwrap().unwrap_err();
        assert!(matches!(refused, ApiException::Throttled { wait: Some(wait) } if wait > 8.0));
        assert_eq!(asked.load(Ordering::Relaxed), 3);
    }
}
