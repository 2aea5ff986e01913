//! Django's sessions in its own table (`django.contrib.sessions`).
//!
//! A row written here is read by Django with the same `SECRET_KEY`, and the reverse: a user who
//! logs in on one of two servers is logged in on the other. [`Context::session`] loads the session
//! of a request on first use; changes are stored when the response is ready.
//!
//! Nothing is written before that. Django inserts a row for a new key at once, and deletes the old
//! one; here, a session collects the changes, and [`Session::save`] writes them in as few
//! statements as possible: one for a change, two if the key is replaced.
//!
//! [`Context::session`]: crate::request::Context::session

mod expiry;
mod row;
mod session;
mod store;

pub use expiry::Expiry;
pub use row::StoredSession;
pub use session::Session;
pub use store::{SessionError, clear_expired};
