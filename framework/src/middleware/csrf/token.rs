//! Secrets of 32 characters, and tokens of 64 that hide them.

use crate::exceptions::{ApiException, Result};
use crate::signing::{RANDOM_STRING_CHARS as CHARS, get_random_string};

const SECRET_LENGTH: usize = 32;
const TOKEN_LENGTH: usize = 2 * SECRET_LENGTH;

/// A new secret.
pub(super) fn random() -> Result<String> {
    get_random_string(SECRET_LENGTH, CHARS).map_err(ApiException::internal)
}

/// The secret of a cookie or a token, masked or not; otherwise, why it is invalid.
pub(super) fn secret_of(token: &str) -> Result<String, &'static str> {
    if ![SECRET_LENGTH, TOKEN_LENGTH].contains(&token.chars().count()) {
        return Err("has incorrect length");
    }
    if !token.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Err("has invalid characters");
    }
    if token.len() == SECRET_LENGTH {
        return Ok(token.to_owned());
    }
    let (mask, cipher) = token.split_at(SECRET_LENGTH);
    Ok(shift(cipher, mask, |letter, mask| letter + CHARS.len() - mask))
}

/// A token of a secret: a random mask, and the secret shifted by it. It differs each time, so that
/// the length of a compressed page reveals nothing.
pub(super) fn mask(secret: &str) -> Result<String> {
    let mask = random()?;
    let cipher = shift(secret, &mask, |letter, mask| letter + mask);
    Ok(mask + &cipher)
}

fn shift(text: &str, mask: &str, by: impl Fn(usize, usize) -> usize) -> String {
    let place = |byte: u8| CHARS.iter().position(|own| *own == byte).unwrap_or_default();
    text.bytes()
        .zip(mask.bytes())
        .filter_map(|(letter, mask)| CHARS.get(by(place(letter), place(mask)) % CHARS.len()))
        .map(|byte| char::from(*byte))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "abcdefghijklmnopqrstuvwxyz012345";

    #[test]
    fn a_masked_token_is_djangos() {
        let token = "abcdefghijklmnopqrstuvwxyzABCDEF9876543210ZYXWVUTSRQPONMLKJIHGFE";
        assert_eq!(secret_of(token).unwrap(), "97531ZXVTRPNLJHFDBzxvtrpnljhfdb9");
        let masked = mask(SECRET).unwrap();
        assert_eq!(masked.len(), TOKEN_LENGTH);
        assert_eq!(secret_of(&masked).unwrap(), SECRET);
        assert_ne!(mask(SECRET).unwrap(), masked);
    }

    #[test]
    fn what_is_no_token_is_told_apart() {
        for token in ["", "short", &"x".repeat(33), &"x".repeat(65)] {
            assert_eq!(secret_of(token), Err("has incorrect length"), "{token}");
        }
        for token in ["-".repeat(32), "é".repeat(64)] {
            assert_eq!(secret_of(&token), Err("has invalid characters"), "{token}");
        }
    }
}
