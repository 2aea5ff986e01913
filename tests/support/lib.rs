//! What the black-box tests share: the store on a database of its own, a client, and scenarios of
//! recorded requests and answers (`tests/parity`) with a player and a comparison.

/// The guide, whose examples are compiled.
#[cfg(doctest)]
#[doc = include_str!("../../docs/testing.md")]
struct Guide;

/// A whole project on a page.
#[cfg(doctest)]
#[doc = include_str!("../../docs/your-own-project.md")]
struct Project;

pub mod browser;
pub mod client;
pub mod compare;
pub mod fields;
pub mod proxy;
pub mod replay;
pub mod scenario;
pub mod store;
