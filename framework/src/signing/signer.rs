//! Texts with a signature, and with the time of signing (`Signer`, `TimestampSigner`).

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::{base62, constant_time_compare, salted_hmac};
use crate::settings::Settings;

/// The secret keys: the first one signs, all of them verify.
#[derive(Clone, Copy)]
pub struct Keys<'a> {
    /// `SECRET_KEY`
    pub secret: &'a str,
    /// `SECRET_KEY_FALLBACKS`
    pub fallbacks: &'a [String],
}

impl<'a> Keys<'a> {
    /// The keys of the settings.
    pub fn of(settings: &'a Settings) -> Self {
        Self { secret: &settings.secret_key, fallbacks: &settings.secret_key_fallbacks }
    }

    /// Every key, the present one first.
    pub fn all(self) -> impl Iterator<Item = &'a str> {
        std::iter::once(self.secret).chain(self.fallbacks.iter().map(String::as_str))
    }
}

impl std::fmt::Debug for Keys<'_> {
    /// Without the keys.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Keys").finish_non_exhaustive()
    }
}

/// A text whose signature is wrong, missing or too old.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadSignature {
    /// There is no signature, or none of the keys made it.
    #[error("the signature does not match")]
    Mismatch,
    /// It was made longer ago than allowed.
    #[error("the signature is too old")]
    Expired,
    /// The signature is right, but the content is invalid.
    #[error("what was signed cannot be read")]
    Unreadable,
}

/// Signs texts together with the time: `value:timestamp:signature` (`TimestampSigner`).
///
/// ```
/// use quintet::signing::{Keys, TimestampSigner};
///
/// let keys = Keys { secret: "a long random text", fallbacks: &[] };
/// let signer = TimestampSigner::new(keys, "newsletter");
/// let signed = signer.sign("alice@example.com");
/// assert_eq!(signer.unsign(&signed, None), Ok("alice@example.com"));
/// assert!(signer.unsign("alice@example.com:1r31eq:forged", None).is_err());
/// ```
#[derive(Debug, Clone, Copy)]
pub struct TimestampSigner<'a> {
    keys: Keys<'a>,
    salt: &'a str,
}

impl<'a> TimestampSigner<'a> {
    /// Creates a signer. The salt names the purpose, so that a text signed for one purpose is
    /// invalid for another.
    pub fn new(keys: Keys<'a>, salt: &'a str) -> Self {
        Self { keys, salt }
    }

    /// The value with the current time and the signature.
    pub fn sign(&self, value: &str) -> String {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        self.sign_at(value, now.as_secs())
    }

    pub(super) fn sign_at(&self, value: &str, seconds: u64) -> String {
        let stamped = format!("{value}:{}", base62::encode(seconds));
        let signature = self.signature(&stamped, self.keys.secret);
        format!("{stamped}:{signature}")
    }

    /// The value of a signed text.
    ///
    /// # Errors
    /// If the signature is invalid or older than `max_age`.
    pub fn unsign<'t>(
        &self,
        signed: &'t str,
        max_age: Option<Duration>,
    ) -> Result<&'t str, BadSignature> {
        let (stamped, signature) = signed.rsplit_once(':').ok_or(BadSignature::Mismatch)?;
        let ours = |key| constant_time_compare(signature, &self.signature(stamped, key));
        if !self.keys.all().any(ours) {
            return Err(BadSignature::Mismatch);
        }
        let (value, timestamp) = stamped.rsplit_once(':').ok_or(BadSignature::Unreadable)?;
        let signed_at = base62::decode(timestamp).ok_or(BadSignature::Unreadable)?;
        if let Some(max_age) = max_age {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            if now.saturating_sub(Duration::from_secs(signed_at)) > max_age {
                return Err(BadSignature::Expired);
            }
        }
        Ok(value)
    }

    fn signature(&self, value: &str, key: &str) -> String {
        URL_SAFE_NO_PAD.encode(salted_hmac(&format!("{}signer", self.salt), value.as_bytes(), key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "reference-secret-key-for-tests-only-0123456789abcdef";
    const SIGNED: &str = "v:1r31eq:Zvh8JmHVqniea6WRinwN5ZjrVAnoHgZpUBa8y3VGjwg";

    fn signer<'a>(secret: &'a str, fallbacks: &'a [String]) -> TimestampSigner<'a> {
        TimestampSigner::new(Keys { secret, fallbacks }, "s")
    }

    #[test]
    fn a_text_is_signed_as_django_signs_it() {
        assert_eq!(signer(KEY, &[]).sign_at("v", 1_700_000_000), SIGNED);
        assert_eq!(signer(KEY, &[]).unsign(SIGNED, None), Ok("v"));
    }

    #[test]
    fn a_key_of_the_past_still_reads_but_does_not_sign() {
        let past = [KEY.to_owned()];
        let signer = signer("new", &past);
        assert_eq!(signer.unsign(SIGNED, None), Ok("v"));
        assert_ne!(signer.sign_at("v", 1_700_000_000), SIGNED);
    }

    #[test]
    fn a_changed_text_or_another_salt_or_key_is_refused() {
        let signer = signer(KEY, &[]);
        for text in [
            "",
            "v",
            ":",
            "::",
            "w:1r31eq:Zvh8JmHVqniea6WRinwN5ZjrVAnoHgZpUBa8y3VGjwg",
            "v:1r31er:Zvh8JmHVqniea6WRinwN5ZjrVAnoHgZpUBa8y3VGjwg",
            "v:1r31eq:Zvh8JmHVqniea6WRinwN5ZjrVAnoHgZpUBa8y3VGjwG",
            "v:1r31eq:Zvh8JmHVqniea6WRinwN5ZjrVAnoHgZpUBa8y3VGjw",
        ] {
            assert_eq!(signer.unsign(text, None), Err(BadSignature::Mismatch), "{text}");
        }
        let other = TimestampSigner::new(Keys { secret: KEY, fallbacks: &[] }, "t");
        assert_eq!(other.unsign(SIGNED, None), Err(BadSignature::Mismatch));
    }

    #[test]
    fn an_age_is_looked_at_when_one_is_given() {
        let signer = signer(KEY, &[]);
        let hour = Some(Duration::from_secs(3600));
        assert_eq!(signer.unsign(SIGNED, hour), Err(BadSignature::Expired));
        assert_eq!(signer.unsign(&signer.sign("v"), hour), Ok("v"));
    }
}
