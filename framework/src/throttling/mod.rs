//! How often a client may send requests (`rest_framework.throttling`).
//!
//! The throttles of a view run after its permissions; a request that one of them refuses gets a
//! 429, whose `Retry-After` says how long to wait. Limits are exact, even under concurrency, and
//! with `REDIS_URL` they are shared by all servers. If Redis cannot be reached,
//! `settings.throttle.on_failure` decides whether requests continue uncounted or get a 503.
//!
//! # Setting the throttles
//!
//! Rates are written as in DRF, `100/day`, by scope (`DEFAULT_THROTTLE_RATES`): in the environment
//! as `THROTTLE_RATES`, in code as `settings.throttle.rates` or, for those that the environment may
//! override, with `default_rates`. `Site::builder(..).throttles(..)` sets the default
//! (`DEFAULT_THROTTLE_CLASSES`), and a view can set its own:
//!
//! ```
//! use quintet::prelude::*;
//! use quintet::throttling::{AnonRateThrottle, ScopedRateThrottle, UserRateThrottle};
//! use quintet::views::Policies;
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
//! - [`AnonRateThrottle`]: anonymous clients, by address; the scope `anon`
//! - [`UserRateThrottle`]: users by key, anonymous clients by address; the scope `user`
//! - [`ScopedRateThrottle`]: likewise, for the scope that the view names
//! - `GcraThrottle` (feature `governor`): cheap, within one process
//! - [`login`]: failed logins, limited per account and address
//!
//! `NUM_PROXIES` is the number of proxies in front, and decides whose address counts
//! ([`get_ident`]).
//!
//! # Custom throttles
//!
//! [`SimpleRateThrottle`] counts by another key or with another rate: it needs a scope and
//! `get_cache_key`. [`Throttle`] can decide by any rule.

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
