//! bcrypt, of the password itself (`bcrypt`) or of its SHA-256 (`bcrypt_sha256`):
//! `bcrypt$$2b$12$` and 53 characters of salt and hash.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::alphabet::BCRYPT;
use base64::engine::GeneralPurpose;
use base64::engine::general_purpose::NO_PAD;
use sha2::Digest as _;
use subtle::ConstantTimeEq;

use super::random::random_bytes;
use super::{HashError, Hasher};

/// The most that a stored hash may cost: sixteen times Django's twelve.
const MAX_COST: u32 = 16;

/// The number of bytes of a password that bcrypt uses, including its closing zero.
const MAX_PASSWORD: usize = 72;

const BASE64: GeneralPurpose = GeneralPurpose::new(&BCRYPT, NO_PAD);

/// `bcrypt` or `bcrypt_sha256`.
#[derive(Debug)]
pub(super) struct BCrypt {
    sha256: bool,
    cost: u32,
}

/// A parsed hash.
struct Parts {
    cost: u32,
    salt: [u8; 16],
    hash: Vec<u8>,
}

impl Parts {
    fn of(encoded: &str) -> Option<Self> {
        let mut parts = encoded.split('$').skip(1);
        let (empty, version, cost) = (parts.next()?, parts.next()?, parts.next()?);
        let (salt, hash) = parts.next()?.split_at_checked(22)?;
        let known = empty.is_empty() && ["2a", "2b", "2y"].contains(&version);
        let whole = known && parts.next().is_none() && hash.len() == 31;
        if !whole {
            return None;
        }
        let salt = BASE64.decode(salt).ok()?.try_into().ok()?;
        Some(Self { cost: cost.parse().ok()?, salt, hash: BASE64.decode(hash).ok()? })
    }
}

impl BCrypt {
    /// With Django's cost.
    pub(super) const fn new(sha256: bool) -> Self {
        Self { sha256, cost: 12 }
    }

    /// The 23 bytes that are stored.
    fn hash(&self, password: &str, cost: u32, salt: [u8; 16]) -> Vec<u8> {
        let mut bytes = if self.sha256 {
            let digest = sha2::Sha256::digest(password.as_bytes());
            let mut text = String::with_capacity(64);
            for byte in digest {
                let _ = write!(text, "{byte:02x}");
            }
            text.into_bytes()
        } else {
            // a zero would end the password for other implementations: they refuse it
            password.as_bytes().to_vec()
        };
        bytes.push(0);
        bytes.truncate(MAX_PASSWORD);
        let mut hash = bcrypt::bcrypt(cost, salt, &bytes).to_vec();
        hash.truncate(23);
        hash
    }
}

impl Hasher for BCrypt {
    fn algorithm(&self) -> &'static str {
        if self.sha256 { "bcrypt_sha256" } else { "bcrypt" }
    }

    fn encode(&self, password: &str) -> Result<String, HashError> {
        let salt = random_bytes()?;
        let hash = BASE64.encode(self.hash(password, self.cost, salt));
        let (algorithm, cost, salt) = (self.algorithm(), self.cost, BASE64.encode(salt));
        Ok(format!("{algorithm}$$2b${cost:02}${salt}{hash}"))
    }

    fn verify(&self, password: &str, encoded: &str) -> Option<bool> {
        let Parts { cost, salt, hash } = Parts::of(encoded)?;
        if !(4..=MAX_COST).contains(&cost) {
            return None;
        }
        Some(self.hash(password, cost, salt).ct_eq(&hash).into())
    }

    fn must_update(&self, encoded: &str) -> bool {
        Parts::of(encoded).is_none_or(|parts| parts.cost != self.cost)
    }

    /// Repeats the hash until the work equals that of the full cost.
    fn harden_runtime(&self, password: &str, encoded: &str) {
        let Some(Parts { cost, salt, .. }) = Parts::of(encoded) else { return };
        if (4..self.cost).contains(&cost) {
            for _ in 1..1_u32 << (self.cost - cost) {
                std::hint::black_box(self.hash(password, cost, salt));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::vectors::{LONG, UNICODE};
    use super::*;

    const PLAIN: BCrypt = BCrypt { sha256: false, cost: 4 };
    const HASHED: BCrypt = BCrypt { sha256: true, cost: 4 };
    const VECTOR: &str = "bcrypt$$2b$04$q6zxho6DaP3XW3cavhYaTeIXyt5BS9ulHFB.xjSzbY0iTbcQ.cfYm";

    #[test]
    fn djangos_hashes_are_verified_and_other_passwords_refused() {
        for (hasher, encoded) in [
            (PLAIN, VECTOR),
            (PLAIN, "bcrypt$$2a$04$78rJYHL7VgciesFgI54NQOdG3flL72s5LxX0wwS456eKSlDHyV766"),
            (HASHED, "bcrypt_sha256$$2b$04$q6zxho6DaP3XW3cavhYaTeMxKB3vPYPEvNcw4.b0.qhbsUZf8mue6"),
            (HASHED, "bcrypt_sha256$$2a$04$78rJYHL7VgciesFgI54NQOB6hoFovP.1AnburCBZXq5K6v2YvUUta"),
        ] {
            assert_eq!(hasher.verify(UNICODE, encoded), Some(true), "{encoded}");
            assert_eq!(hasher.verify("other", encoded), Some(false), "{encoded}");
        }
    }

    #[test]
    fn a_new_hash_has_djangos_form() {
        for hasher in [PLAIN, HASHED] {
            let encoded = hasher.encode(UNICODE).unwrap();
            let head = format!("{}$$2b$04$", hasher.algorithm());
            assert!(encoded.starts_with(&head) && encoded.len() == head.len() + 53, "{encoded}");
            assert_eq!(hasher.verify(UNICODE, &encoded), Some(true));
            assert!(!hasher.must_update(&encoded));
        }
    }

    #[test]
    fn only_the_digest_tells_long_passwords_apart() {
        let other = format!("{LONG}y");
        let encoded = PLAIN.encode(LONG).unwrap();
        assert_eq!(PLAIN.verify(&other, &encoded), Some(true));
        let encoded = HASHED.encode(LONG).unwrap();
        assert_eq!(HASHED.verify(&other, &encoded), Some(false));
    }

    #[test]
    fn another_cost_asks_for_a_new_hash() {
        assert!(!PLAIN.must_update(VECTOR));
        assert!(BCrypt::new(false).must_update(VECTOR));
        BCrypt { sha256: false, cost: 6 }.harden_runtime("x", VECTOR);
    }

    #[test]
    fn what_cannot_be_read_or_costs_too_much_is_refused_unseen() {
        for (part, other) in [
            ("04", "17"),
            ("04", "3"),
            ("04", "31"),
            ("04", "x"),
            ("2b", "2x"),
            ("$$", "$"),
            ("fYm", "f"),
            ("fYm", "fYmm"),
            ("q6z", "é6"),
            ("q6z", "*6z"),
        ] {
            let encoded = VECTOR.replacen(part, other, 1);
            assert_eq!(PLAIN.verify(UNICODE, &encoded), None, "{encoded}");
        }
    }
}
