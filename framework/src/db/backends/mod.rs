//! The two databases: their connections, and what each of them needs in addition to diesel.

#[cfg(feature = "postgres")]
pub(super) mod away;
#[cfg(feature = "postgres")]
pub(super) mod flight;
#[cfg(feature = "postgres")]
pub(super) mod postgresql;
pub(super) mod prepared;
#[cfg(feature = "postgres")]
pub(super) mod room;
#[cfg(feature = "sqlite")]
pub(super) mod sqlite;
pub(super) mod url;
