//! How often a client may ask (`rest_framework.throttling`).
//!
//! The throttles of a view are asked after its permissions; a request that one of them refuses gets
//! a 429 whose `Retry-After` says how long to wait. Limits are exact, also when many ask at once,
//! and with `REDIS_URL` over all servers together. When Redis is away,
//! `settings.throttle.on_failure` says whether requests go on uncounted or get a 503.
//!
//! # Setting the throttles
//!
//! Rates are written as in DRF, `100/day`, in `settings.throttle.rates` by scope
//! (`DEFAULT_THROTTLE_RATES`). `Site::builder(..).throttles(..)` sets the default
//! (`DEFAULT_THROTTLE_CLASSES`), a view its own:
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
//! let search = ApiView::new("Search")
//!     .throttles(ScopedRateThrottle)
//!     .throttle_scope("search")
//!     .get(search);
//! # let _ = (policies, search);
//! ```
//!
//! # API reference
//!
//! - [`AnonRateThrottle`]: clients without a user, by address; the scope `anon`
//! - [`UserRateThrottle`]: users by key, other clients by address; the scope `user`
//! - [`ScopedRateThrottle`]: the same, counted for the scope that the view names
//! - `GcraThrottle` (feature `governor`): within one process, one number for each client
//! - [`login`]: failed logins, limited for each account and address
//!
//! How many proxies stand in front, and so whose address counts, is `NUM_PROXIES` ([`get_ident`]).
//!
//! # Custom throttles
//!
//! [`SimpleRateThrottle`] counts by another key or with another rate: it needs a scope and
//! `get_cache_key`. [`Throttle`] decides by a rule of its own.

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
