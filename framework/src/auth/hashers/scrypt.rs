//! scrypt: `scrypt$16384$salt$8$5$hash`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use scrypt::Params;
use subtle::ConstantTimeEq;

use super::random::salt;
use super::{HashError, Hasher};

/// The most memory used to verify a stored hash, in bytes: sixteen times Django's.
const MAX_MEMORY: u64 = 256 << 20;

/// The most that a stored hash may cost, in bytes worked through: about ten times Django's.
const MAX_WORK: u64 = 1 << 30;

/// `scrypt`
#[derive(Debug)]
pub(super) struct Scrypt {
    n: u64,
    r: u32,
    p: u32,
}

/// The parts of `scrypt$n$salt$r$p$hash`.
struct Parts<'a> {
    n: u64,
    r: u32,
    p: u32,
    salt: &'a str,
    hash: &'a str,
}

impl<'a> Parts<'a> {
    fn of(encoded: &'a str) -> Option<Self> {
        let mut parts = encoded.split('$').skip(1);
        let n = parts.next()?.parse().ok()?;
        let salt = parts.next().filter(|salt| !salt.is_empty())?;
        let (r, p) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        let hash = parts.next()?;
        parts.next().is_none().then_some(Self { n, r, p, salt, hash })
    }

    fn is_bearable(&self) -> bool {
        let block = 128 * u64::from(self.r);
        let memory = self.n.max(self.p.into()).saturating_mul(block);
        memory <= MAX_MEMORY && memory.saturating_mul(self.p.into()) <= MAX_WORK
    }
}

impl Scrypt {
    /// With Django's costs.
    pub(super) const fn new() -> Self {
        Self { n: 1 << 14, r: 8, p: 5 }
    }
}

fn hash(password: &str, salt: &str, n: u64, r: u32, p: u32) -> Option<String> {
    if !n.is_power_of_two() || n < 2 {
        return None;
    }
    let params = Params::new(u8::try_from(n.trailing_zeros()).ok()?, r, p).ok()?;
    let mut hash = [0; 64];
    scrypt::scrypt(password.as_bytes(), salt.as_bytes(), &params, &mut hash).ok()?;
    Some(STANDARD.encode(hash))
}

impl Hasher for Scrypt {
    fn algorithm(&self) -> &'static str {
        "scrypt"
    }

    fn encode(&self, password: &str) -> Result<String, HashError> {
        let (Self { n, r, p }, salt) = (self, salt()?);
        let hash = hash(password, &salt, *n, *r, *p).ok_or(HashError::Memory)?;
        Ok(format!("scrypt${n}${salt}${r}${p}${hash}"))
    }

    fn verify(&self, password: &str, encoded: &str) -> Option<bool> {
        let Parts { n, r, p, salt, hash: stored } =
            Parts::of(encoded).filter(Parts::is_bearable)?;
        let own = hash(password, salt, n, r, p)?;
        Some(own.as_bytes().ct_eq(stored.as_bytes()).into())
    }

    fn must_update(&self, encoded: &str) -> bool {
        Parts::of(encoded)
            .is_none_or(|parts| (parts.n, parts.r, parts.p) != (self.n, self.r, self.p))
    }
}

#[cfg(test)]
mod tests {
    use super::super::vectors::UNICODE;
    use super::*;

    const SMALL: Scrypt = Scrypt { n: 16, r: 8, p: 1 };
    const VECTOR: &str = "scrypt$16$seasalt$8$1$vaNDnhkjN6cr/vyOdWkIt7q0OZbiBHU4vReoBtzBTtQJ4oLQlpvVukQ7mlwCZi321dOIKXgsgbc62jk+dznnWA==";

    #[test]
    fn djangos_hashes_are_verified_and_other_passwords_refused() {
        assert_eq!(SMALL.verify(UNICODE, VECTOR), Some(true));
        assert_eq!(SMALL.verify("other", VECTOR), Some(false));
    }

    #[test]
    fn a_new_hash_has_djangos_form() {
        let encoded = SMALL.encode(UNICODE).unwrap();
        assert!(encoded.starts_with("scrypt$16$"), "{encoded}");
        assert_eq!(SMALL.verify(UNICODE, &encoded), Some(true));
        assert!(!SMALL.must_update(&encoded) && Scrypt::new().must_update(&encoded));
    }

    #[test]
    fn what_cannot_be_read_or_costs_too_much_is_refused_unseen() {
        for (part, other) in [
            ("$16$", "$15$"),
            ("$16$", "$1$"),
            ("$16$", "$0$"),
            ("$16$", "$18446744073709551615$"),
            ("$16$", "$1073741824$"),
            ("$8$", "$0$"),
            ("$8$1", "$8$0"),
            ("$8$1", "$4294967295$4294967295"),
            ("$8$1", "$8$1048576"),
            ("seasalt", ""),
            ("$8$1$", "$8$"),
        ] {
            let encoded = VECTOR.replacen(part, other, 1);
            assert_eq!(SMALL.verify(UNICODE, &encoded), None, "{encoded}");
        }
    }
}
