//! How often a client may ask (`rest_framework.throttling`).
//!
//! The throttles of a view are asked after its permissions; a request that one of them refuses is
//! answered 429. Rates are written as in DRF, `100/day`, in `settings.throttle.rates` by scope:
//!
//! ```
//! use quintet::prelude::*;
//!
//! async fn search(_: &mut Context) -> Result<Response> {
//!     Ok(Response::empty(204))
//! }
//!
//! let mut settings = Settings::default();
//! settings.throttle.default_rates([("anon", "100/day"), ("search", "10/min")]);
//!
//! let everywhere = (AnonRateThrottle::new(), UserRateThrottle::new().rate("1000/day"));
//! let policies = Policies::inherit().throttles(everywhere);
//! let search = ApiView::new("Search").throttles(ScopedRateThrottle).throttle_scope("search").get(search);
//! # let _ = (policies, search);
//! ```
//!
//! Limits are exact, also when many ask at once, and with `REDIS_URL` over all servers together.
//! When Redis is away, `settings.throttle.on_failure` says whether requests go on uncounted or are
//! answered 503.

#[cfg(feature = "governor")]
mod gcra;
mod ident;
pub mod login;
mod rate;
mod scoped;
mod simple;
mod throttle;

#[cfg(feature = "governor")]
pub use gcra::GcraThrottle;
pub use ident::get_ident;
pub use scoped::ScopedRateThrottle;
pub use simple::{AnonRateThrottle, SimpleRateThrottle, UserRateThrottle};
pub use throttle::{Decision, DynThrottle, Throttle, ThrottleClasses};

pub(crate) use rate::check_rates;
pub(crate) use throttle::check;
