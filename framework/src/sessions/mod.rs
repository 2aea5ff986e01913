//! Django's sessions in its own table (`django.contrib.sessions`).
//!
//! A row written here is read by Django with the same `SECRET_KEY`, and the reverse: a person who
//! logs in at one of two servers is known at the other. [`Context::session`] loads the session of a
//! request when it is first asked for; what changed is stored when the response is ready.
//!
//! Nothing is written before that. Django inserts a row for a new key at once, and deletes the old
//! one; here a session collects what is to be done, and [`Session::save`] does it in as few
//! statements as it takes: one for a change, two where a key is given up for another.
//!
//! [`Context::session`]: crate::request::Context::session

mod expiry;
mod session;
mod store;

pub use expiry::Expiry;
pub use session::Session;
pub use store::{SessionError, clear_expired};
