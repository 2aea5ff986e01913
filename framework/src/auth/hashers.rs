//! Passwords as Django stores them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use subtle::ConstantTimeEq;

use crate::exceptions::{ApiException, Result};
use crate::settings::Settings;

/// True when a hash of Django's was made from this password.
pub fn check_password(password: &str, encoded: &str) -> bool {
    let mut parts = encoded.splitn(4, '$');
    let (Some("pbkdf2_sha256"), Some(rounds), Some(salt), Some(hash)) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return false;
    };
    let Ok(rounds) = rounds.parse() else { return false };
    let mut key = [0; 32];
    pbkdf2::pbkdf2_hmac::<sha2::Sha256>(password.as_bytes(), salt.as_bytes(), rounds, &mut key);
    STANDARD.encode(key).as_bytes().ct_eq(hash.as_bytes()).into()
}

const SALT: &[u8; 62] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

/// The hash that is stored for a password: PBKDF2 with SHA-256, a fresh salt, and as many rounds
/// as `PBKDF2_ITERATIONS` says.
///
/// # Errors
/// When the system has no randomness to give.
pub async fn make_password(settings: &Settings, password: &str) -> Result<String> {
    let mut random = [0; 22];
    getrandom::fill(&mut random).map_err(|error| ApiException::internal(error.to_string()))?;
    let salt: String = random
        .iter()
        .filter_map(|byte| SALT.get(usize::from(*byte) % SALT.len()))
        .map(|&letter| char::from(letter))
        .collect();
    let rounds = settings.auth.pbkdf2_iterations;
    let mut key = [0; 32];
    pbkdf2::pbkdf2_hmac::<sha2::Sha256>(password.as_bytes(), salt.as_bytes(), rounds, &mut key);
    Ok(format!("pbkdf2_sha256${rounds}${salt}${}", STANDARD.encode(key)))
}
