//! Random texts for salts, unusable passwords and keys.

use crate::signing::{RANDOM_STRING_CHARS, get_random_string, hex};

/// Characters of a salt: 22 of them hold 128 bits.
const SALT_LENGTH: usize = 22;

/// The system gives no random numbers.
#[derive(Debug, thiserror::Error)]
#[error("the system gives no random numbers: {0}")]
pub(crate) struct NoRandomness(getrandom::Error);

fn fill(bytes: &mut [u8]) -> Result<(), NoRandomness> {
    getrandom::fill(bytes).map_err(NoRandomness)
}

/// Letters and digits.
pub(super) fn random_text(length: usize) -> Result<String, NoRandomness> {
    get_random_string(length, RANDOM_STRING_CHARS).map_err(NoRandomness)
}

/// A salt (`BasePasswordHasher.salt`).
pub(super) fn salt() -> Result<String, NoRandomness> {
    random_text(SALT_LENGTH)
}

/// Whether a salt has less than 128 bits (`must_update_salt`).
pub(super) fn is_short(salt: &str) -> bool {
    salt.chars().count() < SALT_LENGTH
}

/// Random bytes.
#[cfg(feature = "hashers")]
pub(super) fn random_bytes<const N: usize>() -> Result<[u8; N], NoRandomness> {
    let mut bytes = [0; N];
    fill(&mut bytes)?;
    Ok(bytes)
}

/// Random bytes in hexadecimal digits (`secrets.token_hex`).
pub(crate) fn random_hex<const N: usize>() -> Result<String, NoRandomness> {
    let mut bytes = [0; N];
    fill(&mut bytes)?;
    Ok(hex(&bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_random_text_has_its_length_and_letters_and_digits_alone() {
        let (one, other) = (random_text(100).unwrap(), random_text(100).unwrap());
        assert!(one.len() == 100 && one.bytes().all(|byte| byte.is_ascii_alphanumeric()));
        assert_ne!(one, other);
        assert_eq!(random_hex::<20>().unwrap().len(), 40);
    }
}
