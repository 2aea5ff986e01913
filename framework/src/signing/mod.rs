//! Signing of values that clients store and send back (`django.core.signing`,
//! `django.utils.crypto`).
//!
//! Texts signed here are read by Django with the same `SECRET_KEY`, and the reverse. The digest is
//! SHA-256 throughout: what Django signs sessions, cookies and tokens with.

mod base62;
mod crypto;
mod objects;
mod signer;

pub use crypto::{RANDOM_STRING_CHARS, constant_time_compare, get_random_string, salted_hmac};
pub use objects::{dumps, loads};
pub use signer::{BadSignature, Keys, TimestampSigner};

pub(crate) use crypto::hex;
