//! Argon2, in Django's form: `argon2$argon2id$v=19$m=102400,t=2,p=8$salt$hash`.

use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use subtle::ConstantTimeEq;

use super::random::{is_short, salt};
use super::{HashError, Hasher};

/// The most memory used to verify a stored hash, in KiB: five times Django's.
const MAX_MEMORY: u32 = 512 * 1024;

/// The most passes over it.
const MAX_TIME: u32 = 32;

/// The most lanes.
const MAX_LANES: u32 = 64;

/// Bytes of a new hash.
const LENGTH: usize = 32;

/// `argon2`: makes Argon2id, verifies all three kinds.
#[derive(Debug)]
pub(super) struct Argon2Hasher {
    memory: u32,
    time: u32,
    lanes: u32,
}

impl Argon2Hasher {
    /// With Django's costs.
    pub(super) const fn new() -> Self {
        Self { memory: 102_400, time: 2, lanes: 8 }
    }
}

/// A parsed hash.
struct Parts {
    algorithm: Algorithm,
    version: Version,
    memory: u32,
    time: u32,
    lanes: u32,
    salt: Vec<u8>,
    hash: Vec<u8>,
}

impl Parts {
    fn of(encoded: &str) -> Option<Self> {
        let mut parts = encoded.split('$').skip(1).peekable();
        let algorithm = Algorithm::new(parts.next()?).ok()?;
        // the first version was written without its number
        let version = match parts.peek()?.strip_prefix("v=") {
            Some(number) => {
                parts.next();
                Version::try_from(number.parse::<u32>().ok()?).ok()?
            }
            None => Version::V0x10,
        };
        let mut costs = parts.next()?.split(',');
        let mut cost = |name: &str| costs.next()?.strip_prefix(name)?.parse::<u32>().ok();
        let (memory, time, lanes) = (cost("m=")?, cost("t=")?, cost("p=")?);
        let mut bytes = || STANDARD_NO_PAD.decode(parts.next()?).ok();
        let (salt, hash) = (bytes()?, bytes()?);
        let whole = costs.next().is_none() && parts.next().is_none();
        whole.then_some(Self { algorithm, version, memory, time, lanes, salt, hash })
    }

    fn is_bearable(&self) -> bool {
        self.memory <= MAX_MEMORY && self.time <= MAX_TIME && self.lanes <= MAX_LANES
    }

    /// The hash of a password with the parameters and the salt of this one.
    fn compute(&self, password: &str) -> Option<Vec<u8>> {
        let params = Params::new(self.memory, self.time, self.lanes, Some(self.hash.len())).ok()?;
        let mut hash = vec![0; self.hash.len()];
        Argon2::new(self.algorithm, self.version, params)
            .hash_password_into(password.as_bytes(), &self.salt, &mut hash)
            .ok()?;
        Some(hash)
    }
}

impl Hasher for Argon2Hasher {
    fn algorithm(&self) -> &'static str {
        "argon2"
    }

    fn encode(&self, password: &str) -> Result<String, HashError> {
        let Self { memory, time, lanes } = *self;
        let (algorithm, version) = (Algorithm::Argon2id, Version::V0x13);
        let (salt, hash) = (salt()?.into_bytes(), vec![0; LENGTH]);
        let parts = Parts { algorithm, version, memory, time, lanes, salt, hash };
        // its parameters are valid: only memory can be lacking
        let hash = STANDARD_NO_PAD.encode(parts.compute(password).ok_or(HashError::Memory)?);
        let salt = STANDARD_NO_PAD.encode(&parts.salt);
        Ok(format!("argon2$argon2id$v=19$m={memory},t={time},p={lanes}${salt}${hash}"))
    }

    fn verify(&self, password: &str, encoded: &str) -> Option<bool> {
        let parts = Parts::of(encoded).filter(Parts::is_bearable)?;
        Some(parts.compute(password)?.ct_eq(&parts.hash).into())
    }

    fn must_update(&self, encoded: &str) -> bool {
        Parts::of(encoded).is_none_or(|parts| {
            parts.algorithm != Algorithm::Argon2id
                || parts.version != Version::V0x13
                || (parts.memory, parts.time, parts.lanes) != (self.memory, self.time, self.lanes)
                || parts.hash.len() != LENGTH
                || std::str::from_utf8(&parts.salt).is_ok_and(is_short)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::vectors::UNICODE;
    use super::*;

    const SMALL: Argon2Hasher = Argon2Hasher { memory: 64, time: 1, lanes: 2 };

    /// `argon2-cffi` made them, of small costs.
    const VECTORS: [&str; 4] = [
        "argon2$argon2d$v=19$m=64,t=1,p=2$c2FsdHNhbHRzYWx0c2FsdHNhbHRzYQ$4/F+JQ2cQkyjmcnPLf9EN/yppFiA20c8TTHu7JYjnxY",
        "argon2$argon2i$v=19$m=64,t=1,p=2$c2FsdHNhbHRzYWx0c2FsdHNhbHRzYQ$5tbMoTwOyNexxcckeQ2/6US9D9kqKFdd4TgiShg2Spw",
        "argon2$argon2id$v=19$m=64,t=1,p=2$c2FsdHNhbHRzYWx0c2FsdHNhbHRzYQ$7L5HwHPlGbZfvt0A9tTg6DSfy4fVKCsYG3G+bHMeQP0",
        "argon2$argon2i$v=16$m=512,t=2,p=2$c2FsdHNhbHQ$lwxF5baAkVv+sr1Sqkf+yA",
    ];

    #[test]
    fn all_three_kinds_and_both_versions_are_verified() {
        for encoded in VECTORS {
            assert_eq!(SMALL.verify(UNICODE, encoded), Some(true), "{encoded}");
            assert_eq!(SMALL.verify("other", encoded), Some(false), "{encoded}");
        }
        let unnumbered = VECTORS[3].replace("v=16$", "");
        assert_eq!(SMALL.verify(UNICODE, &unnumbered), Some(true));
    }

    #[test]
    fn a_new_hash_is_argon2id_with_its_name() {
        let encoded = SMALL.encode(UNICODE).unwrap();
        assert!(encoded.starts_with("argon2$argon2id$v=19$m=64,t=1,p=2$"), "{encoded}");
        assert_eq!(SMALL.verify(UNICODE, &encoded), Some(true));
        assert!(!SMALL.must_update(&encoded));
    }

    #[test]
    fn another_kind_other_costs_and_a_short_salt_ask_for_a_new_hash() {
        assert!(SMALL.must_update(VECTORS[0]) && SMALL.must_update(VECTORS[3]));
        assert!(!SMALL.must_update(VECTORS[2]));
        assert!(Argon2Hasher::new().must_update(VECTORS[2]));
        let short = VECTORS[2].replace("c2FsdHNhbHRzYWx0c2FsdHNhbHRzYQ", "c2FsdHNhbHQ");
        assert!(SMALL.must_update(&short));
    }

    #[test]
    fn what_cannot_be_read_or_costs_too_much_is_refused_unseen() {
        for (part, other) in [
            ("m=64", "m=4294967295"),
            ("t=1", "t=33"),
            ("p=2", "p=65"),
            ("m=64", "m=1"),
            ("m=64", "m=x"),
            ("m=64,t=1", "t=1,m=64"),
            ("p=2", "p=2,keyid=x"),
            ("argon2id", "argon2x"),
            ("v=19", "v=20"),
            ("c2FsdHNhbHRzYWx0c2FsdHNhbHRzYQ", "c2Fsd"),
            ("7L5HwHPlGbZfvt0A9tTg6DSfy4fVKCsYG3G+bHMeQP0", ""),
            ("$c2FsdHNhbHRzYWx0c2FsdHNhbHRzYQ", ""),
        ] {
            let encoded = VECTORS[2].replacen(part, other, 1);
            assert_eq!(SMALL.verify(UNICODE, &encoded), None, "{encoded}");
        }
        assert_eq!(SMALL.verify(UNICODE, "argon2"), None);
    }
}
