//! A rate that the view names.

use super::rate::{count, limit_of};
use super::simple::{format_key, user_or_address};
use super::{Decision, Throttle};
use crate::exceptions::{ApiException, Result};
use crate::request::Context;
use crate::settings::{Settings, SettingsError};

/// Limits users and anonymous clients by the scope that the view names (`ScopedRateThrottle`).
///
/// The rate is that of the scope in `settings.throttle.rates`. Views that name the same scope share
/// it. A view without a scope is not throttled, so this can be a default of the site.
///
/// ```
/// use quintet::prelude::*;
/// use quintet::throttling::ScopedRateThrottle;
///
/// async fn upload(_cx: &mut Context) -> Result<NoContent> {
///     Ok(NoContent)
/// }
///
/// let mut settings = Settings::default();
/// settings.throttle.default_rates([("uploads", "20/day")]);
///
/// let view = ApiView::new("Upload")
///     .throttles(ScopedRateThrottle)
///     .throttle_scope("uploads")
///     .post(upload);
/// # let _ = view;
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct ScopedRateThrottle;

impl Throttle for ScopedRateThrottle {
    async fn allow_request(&self, cx: &mut Context) -> Result<Decision> {
        let Some(scope) = cx.throttle_scope() else { return Ok(Decision::Allow) };
        let limit = limit_of(cx.settings(), scope, None).map_err(ApiException::internal)?;
        let Some(limit) = limit else { return Ok(Decision::Allow) };
        let (scope, key) = (scope.to_owned(), format_key(scope, &user_or_address(cx)));
        count(cx, &scope, limit, &key).await
    }

    fn check(&self, settings: &Settings, scope: Option<&str>) -> Result<(), SettingsError> {
        scope.map_or(Ok(()), |scope| limit_of(settings, scope, None).map(drop))
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::Method;
    use futures_util::FutureExt;

    use super::*;
    use crate::request::{ViewContext, testing};

    #[test]
    fn a_view_without_a_scope_is_not_throttled() {
        let mut cx = testing::context(Method::GET, None, ViewContext::default());
        let decision = ScopedRateThrottle.allow_request(&mut cx).now_or_never().unwrap().unwrap();
        assert_eq!(decision, Decision::Allow);
        assert_eq!(ScopedRateThrottle.check(cx.settings(), None), Ok(()));
        let error = ScopedRateThrottle.check(cx.settings(), Some("burst")).unwrap_err();
        assert!(error.to_string().contains("`burst`"));
    }
}
