//! Digests with a key, comparison in constant time, random texts (`django.utils.crypto`).

use std::fmt::Write as _;

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// Letters and digits (`RANDOM_STRING_CHARS`).
pub const RANDOM_STRING_CHARS: &[u8] =
    b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

/// HMAC-SHA256 of a value under a key made of a salt and a secret (`salted_hmac(…,
/// algorithm="sha256")`). Different salts keep digests for different purposes apart.
pub fn salted_hmac(key_salt: &str, value: &[u8], secret: &str) -> [u8; 32] {
    let key = Sha256::new().chain_update(key_salt).chain_update(secret).finalize();
    // an HMAC takes keys of any length
    let Ok(mac) = Hmac::<Sha256>::new_from_slice(&key) else { return [0; 32] };
    mac.chain_update(value).finalize().into_bytes().into()
}

/// Compares two strings in a time that depends on their lengths only (`constant_time_compare`).
pub fn constant_time_compare(left: &str, right: &str) -> bool {
    left.as_bytes().ct_eq(right.as_bytes()).into()
}

/// A random string of these ASCII characters (`get_random_string`), all equally likely, from the
/// system's random source.
///
/// # Errors
/// When the system gives no random bytes.
pub fn get_random_string(length: usize, allowed: &[u8]) -> Result<String, getrandom::Error> {
    let count = allowed.len().min(256);
    if count == 0 {
        return Ok(String::new());
    }
    // bytes from here on would make the first characters more likely than others
    let fair = 256 - 256 % count;
    let mut text = String::with_capacity(length);
    let mut bytes = [0; 64];
    while text.len() < length {
        getrandom::fill(&mut bytes)?;
        for byte in bytes.iter().map(|byte| usize::from(*byte)).filter(|byte| *byte < fair) {
            if text.len() == length {
                break;
            }
            let letter = allowed.get(byte % count).filter(|letter| letter.is_ascii());
            text.push(char::from(letter.copied().unwrap_or(b'0')));
        }
    }
    Ok(text)
}

/// Bytes in hex, lower case.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // writing into a string does not fail
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_salted_digest_is_djangos() {
        assert_eq!(
            hex(&salted_hmac("salt", b"value", "key")),
            "ff887e965d3b41cb36935f6eca4c18a5370a08b2e1430a7d591c8c5778650c6d"
        );
    }

    #[test]
    fn texts_are_compared_whole() {
        assert!(constant_time_compare("abc", "abc"));
        assert!(constant_time_compare("", ""));
        for other in ["", "ab", "abd", "abcd", "ABC"] {
            assert!(!constant_time_compare("abc", other), "{other}");
        }
    }

    #[test]
    fn a_random_text_has_its_length_and_uses_every_character() {
        let text = get_random_string(20_000, b"abcdefghijklmnopqrstuvwxyz0123456789").unwrap();
        assert_eq!(text.len(), 20_000);
        let mut counts = std::collections::BTreeMap::new();
        text.bytes().for_each(|byte| *counts.entry(byte).or_insert(0_u32) += 1);
        assert_eq!(counts.len(), 36);
        // about 556 each
        assert!(counts.values().all(|count| (400..720).contains(count)), "{counts:?}");
    }

    #[test]
    fn two_random_texts_differ_and_an_empty_alphabet_gives_an_empty_one() {
        let text = || get_random_string(32, b"ab01").unwrap();
        assert_ne!(text(), text());
        assert_eq!(get_random_string(5, b"").unwrap(), "");
    }
}
