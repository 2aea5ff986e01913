//! PBKDF2 with SHA-256 (Django's usual algorithm) and with SHA-1.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use subtle::ConstantTimeEq;

use super::random::{is_short, salt};
use super::{HashError, Hasher};

/// The most rounds that are computed for a stored hash: twenty times Django 5.2's.
const MAX_ROUNDS: u32 = 20_000_000;

/// Bytes of a block of either hash function.
const BLOCK: usize = 64;

/// The hash function inside.
#[derive(Debug, Clone, Copy)]
pub(super) enum Digest {
    Sha256,
    Sha1,
}

/// `pbkdf2_sha256` or `pbkdf2_sha1`.
#[derive(Debug)]
pub(super) struct Pbkdf2 {
    pub(super) digest: Digest,
    /// The rounds of a new hash.
    pub(super) rounds: u32,
}

/// The parts of `algorithm$rounds$salt$hash`.
struct Parts<'a> {
    rounds: u32,
    salt: &'a str,
    hash: &'a str,
}

impl<'a> Parts<'a> {
    fn of(encoded: &'a str) -> Option<Self> {
        let mut parts = encoded.splitn(4, '$').skip(1);
        let rounds = parts.next()?.parse().ok().filter(|rounds| *rounds > 0)?;
        let (salt, hash) = (parts.next()?, parts.next()?);
        (!salt.is_empty()).then_some(Self { rounds, salt, hash })
    }
}

impl Pbkdf2 {
    fn hash(&self, password: &str, salt: &str, rounds: u32) -> String {
        let (password, salt) = (password.as_bytes(), salt.as_bytes());
        match self.digest {
            Digest::Sha256 => STANDARD.encode(sha256(password, salt, rounds)),
            Digest::Sha1 => STANDARD.encode(sha1(password, salt, rounds)),
        }
    }

    /// What a stored hash lacks in rounds.
    fn missing_rounds(&self, encoded: &str) -> u32 {
        Parts::of(encoded).map_or(0, |parts| self.rounds.saturating_sub(parts.rounds))
    }
}

impl Hasher for Pbkdf2 {
    fn algorithm(&self) -> &'static str {
        match self.digest {
            Digest::Sha256 => "pbkdf2_sha256",
            Digest::Sha1 => "pbkdf2_sha1",
        }
    }

    fn encode(&self, password: &str) -> Result<String, HashError> {
        let salt = salt()?;
        let hash = self.hash(password, &salt, self.rounds);
        Ok(format!("{}${}${salt}${hash}", self.algorithm(), self.rounds))
    }

    fn verify(&self, password: &str, encoded: &str) -> Option<bool> {
        let Parts { rounds, salt, hash } = Parts::of(encoded)?;
        if rounds > MAX_ROUNDS.max(self.rounds) {
            return None;
        }
        let own = self.hash(password, salt, rounds);
        Some(own.as_bytes().ct_eq(hash.as_bytes()).into())
    }

    fn must_update(&self, encoded: &str) -> bool {
        Parts::of(encoded).is_none_or(|parts| parts.rounds != self.rounds || is_short(parts.salt))
    }

    fn harden_runtime(&self, password: &str, encoded: &str) {
        let missing = self.missing_rounds(encoded);
        if missing > 0 {
            std::hint::black_box(self.hash(password, "", missing));
        }
    }
}

fn sha256(password: &[u8], salt: &[u8], rounds: u32) -> [u8; 32] {
    const START: [u32; 8] = [
        0x6a09_e667,
        0xbb67_ae85,
        0x3c6e_f372,
        0xa54f_f53a,
        0x510e_527f,
        0x9b05_688c,
        0x1f83_d9ab,
        0x5be0_cd19,
    ];
    let compress: Compress<8> = if cfg!(debug_assertions) {
        super::sha256::compress
    } else {
        |state, block| {
            let mut state = *state;
            sha2::block_api::compress256(&mut state, &[bytes(block)]);
            state
        }
    };
    let mut key = [0; 32];
    write(&derive(compress, START, password, salt, rounds), &mut key);
    key
}

fn sha1(password: &[u8], salt: &[u8], rounds: u32) -> [u8; 20] {
    const START: [u32; 5] = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476, 0xc3d2_e1f0];
    let compress: Compress<5> = |state, block| {
        let mut state = *state;
        ::sha1::block_api::compress(&mut state, &[bytes(block)]);
        state
    };
    let mut key = [0; 20];
    write(&derive(compress, START, password, salt, rounds), &mut key);
    key
}

/// The state after a block: the part of a hash function that takes the time.
type Compress<const WORDS: usize> = fn(&[u32; WORDS], &[u32; 16]) -> [u32; WORDS];

/// The first (and here only) block of PBKDF2's output, RFC 8018 5.2, over HMAC, RFC 2104.
///
/// Each round is two calls of `compress`: the states behind HMAC's two keys are computed once, and
/// what follows them, a digest and its padding, fits into a block. All is done in words, so that no
/// round turns them into bytes and back.
fn derive<const WORDS: usize>(
    compress: Compress<WORDS>,
    start: [u32; WORDS],
    password: &[u8],
    salt: &[u8],
    rounds: u32,
) -> [u32; WORDS] {
    let mut key = [0; BLOCK];
    if password.len() <= BLOCK {
        key[..password.len()].copy_from_slice(password);
    } else {
        write(&finish(compress, start, 0, password), &mut key);
    }
    let keyed = |pad: u8| compress(&start, &words(&key.map(|byte| byte ^ pad)));
    let (inner, outer) = (keyed(0x36), keyed(0x5c));

    // the padding behind a digest that follows one block; it stays from round to round
    let mut block = [0; 16];
    block[WORDS] = 1 << 31;
    block[15] = 512 + [32; WORDS].iter().sum::<u32>();
    let message = [salt, &1_u32.to_be_bytes()].concat();
    block[..WORDS].copy_from_slice(&finish(compress, inner, BLOCK, &message));
    let mut state = compress(&outer, &block);
    let mut result = state;
    for _ in 1..rounds {
        block[..WORDS].copy_from_slice(&state);
        state = compress(&inner, &block);
        block[..WORDS].copy_from_slice(&state);
        state = compress(&outer, &block);
        // a loop of indices is what a debug build is quickest at
        let mut at = 0;
        while at < WORDS {
            result[at] ^= state[at];
            at += 1;
        }
    }
    result
}

/// The state after a message and its padding; `before` bytes are in it already.
fn finish<const WORDS: usize>(
    compress: Compress<WORDS>,
    mut state: [u32; WORDS],
    before: usize,
    message: &[u8],
) -> [u32; WORDS] {
    let bits = 8 * (before + message.len()) as u64;
    let (blocks, rest) = message.as_chunks::<BLOCK>();
    let mut tail = [[0; BLOCK]; 2];
    tail[0][..rest.len()].copy_from_slice(rest);
    tail[0][rest.len()] = 0x80;
    // the length takes eight bytes at the end
    let used = if rest.len() < BLOCK - 8 { 1 } else { 2 };
    tail[used - 1][BLOCK - 8..].copy_from_slice(&bits.to_be_bytes());
    for block in blocks.iter().chain(&tail[..used]) {
        state = compress(&state, &words(block));
    }
    state
}

/// A block as words.
fn words(block: &[u8; BLOCK]) -> [u32; 16] {
    let (bytes, _) = block.as_chunks();
    std::array::from_fn(|at| u32::from_be_bytes(bytes[at]))
}

/// A block as bytes.
fn bytes(block: &[u32; 16]) -> [u8; BLOCK] {
    let mut bytes = [0; BLOCK];
    write(block, &mut bytes);
    bytes
}

/// Words as bytes, at the beginning of `out`.
fn write(words: &[u32], out: &mut [u8]) {
    for (word, out) in words.iter().zip(out.as_chunks_mut().0) {
        *out = word.to_be_bytes();
    }
}

#[cfg(test)]
mod tests {
    use super::super::vectors::{LONG, UNICODE};
    use super::*;

    const SHA256: Pbkdf2 = Pbkdf2 { digest: Digest::Sha256, rounds: 1000 };
    const SHA1: Pbkdf2 = Pbkdf2 { digest: Digest::Sha1, rounds: 1000 };

    #[test]
    fn the_loop_computes_what_the_crate_of_the_algorithm_does() {
        for (length, rounds) in [(0, 1), (1, 2), (55, 3), (63, 4), (64, 5), (65, 6), (300, 1)] {
            let (password, salt) = (vec![b'p'; length], vec![b's'; length]);
            let mut expected = [0; 32];
            pbkdf2::pbkdf2_hmac::<sha2::Sha256>(&password, &salt, rounds, &mut expected);
            assert_eq!(sha256(&password, &salt, rounds), expected, "{length}");
            let mut expected = [0; 20];
            pbkdf2::pbkdf2_hmac::<::sha1::Sha1>(&password, &salt, rounds, &mut expected);
            assert_eq!(super::sha1(&password, &salt, rounds), expected, "{length}");
        }
    }

    #[test]
    fn djangos_hashes_are_verified_and_other_passwords_refused() {
        for (hasher, password, encoded) in [
            (
                SHA256,
                UNICODE,
                "pbkdf2_sha256$1000$seasalt$24fphe444M2e8hTAXJcsahX191vJuu/Wta+P5nuhBUA=",
            ),
            (SHA256, LONG, "pbkdf2_sha256$1$seasalt$7TafESrC8qeDe2l5nliYmfZVb27EUfWRqYgOghFXoWs="),
            (SHA1, UNICODE, "pbkdf2_sha1$1000$seasalt$Lnb0ojiqLW84IkKmCII9wWBrLh8="),
            (SHA1, LONG, "pbkdf2_sha1$1$seasalt$xZ9GbkfRsM5heQxkiuYTZ8v+Sgs="),
        ] {
            assert_eq!(hasher.verify(password, encoded), Some(true), "{encoded}");
            assert_eq!(hasher.verify("other", encoded), Some(false), "{encoded}");
        }
    }

    #[test]
    fn a_new_hash_has_djangos_form() {
        let encoded = SHA256.encode(UNICODE).unwrap();
        assert!(encoded.starts_with("pbkdf2_sha256$1000$") && encoded.len() == 86, "{encoded}");
        assert_eq!(SHA256.verify(UNICODE, &encoded), Some(true));
        assert!(!SHA256.must_update(&encoded));
        assert_ne!(SHA256.encode(UNICODE).unwrap(), encoded);
    }

    #[test]
    fn other_rounds_and_a_short_salt_ask_for_a_new_hash() {
        let long = "abcdefghijklmnopqrstuv";
        assert!(!SHA256.must_update(&format!("pbkdf2_sha256$1000${long}$x")));
        assert!(SHA256.must_update(&format!("pbkdf2_sha256$1001${long}$x")));
        assert!(SHA256.must_update("pbkdf2_sha256$1000$abcdefghijklmnopqrstu$x"));
    }

    #[test]
    fn a_wrong_password_costs_as_many_rounds_whatever_the_hash() {
        assert_eq!(SHA256.missing_rounds("pbkdf2_sha256$300$salt$x"), 700);
        assert_eq!(SHA256.missing_rounds("pbkdf2_sha256$3000$salt$x"), 0);
    }

    #[test]
    fn what_cannot_be_read_or_costs_too_much_is_refused() {
        for encoded in [
            "pbkdf2_sha256",
            "pbkdf2_sha256$$salt$x",
            "pbkdf2_sha256$0$salt$x",
            "pbkdf2_sha256$-1$salt$x",
            "pbkdf2_sha256$1$$x",
            "pbkdf2_sha256$1$salt",
            "pbkdf2_sha256$20000001$salt$x",
            "pbkdf2_sha256$99999999999$salt$x",
        ] {
            assert_eq!(SHA256.verify("x", encoded), None, "{encoded}");
            SHA256.harden_runtime("x", "pbkdf2_sha256$nothing");
        }
    }
}
