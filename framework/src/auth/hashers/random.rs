//! Random texts for salts, unusable passwords and keys.

use crate::signing::hex;

/// The characters of a random text (`RANDOM_STRING_CHARS`).
const CHARS: &[u8; 62] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

/// Characters of a salt: 22 of them hold 128 bits.
const SALT_LENGTH: usize = 22;

/// The system gives no random numbers.
#[derive(Debug, thiserror::Error)]
#[error("the system gives no random numbers: {0}")]
pub(crate) struct NoRandomness(getrandom::Error);

fn fill(bytes: &mut [u8]) -> Result<(), NoRandomness> {
    getrandom::fill(bytes).map_err(NoRandomness)
}

/// Letters and digits (`get_random_string`).
pub(super) fn random_text(length: usize) -> Result<String, NoRandomness> {
    let mut text = String::with_capacity(length);
    let mut bytes = [0; 64];
    while text.len() < length {
        fill(&mut bytes)?;
        // six bits of each byte; those that are not an index are dropped, so that no character is
        // likelier
        let chars = bytes.iter().filter_map(|byte| CHARS.get(usize::from(byte & 63)));
        text.extend(chars.take(length - text.len()).map(|&char| char::from(char)));
    }
    Ok(text)
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
