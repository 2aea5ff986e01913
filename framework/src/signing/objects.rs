//! Signed JSON, compressed if that is shorter (`signing.dumps`, `signing.loads`).

use std::io::{Read as _, Write as _};
use std::time::Duration;

use base64::Engine as _;
use base64::alphabet::URL_SAFE;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use base64::engine::{DecodePaddingMode, general_purpose::URL_SAFE_NO_PAD};
use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;
use serde_json::Value;

use super::{BadSignature, Keys, TimestampSigner};

/// The most bytes that a compressed text may expand to. Only somebody with the key could sign a
/// larger one; memory is bounded anyway.
const MOST: u64 = 4 * 1024 * 1024;

const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// Signs a value (`dumps`); with `compress`, a leading dot means that zlib made it shorter.
pub fn dumps(value: &Value, keys: Keys<'_>, salt: &str, compress: bool) -> String {
    TimestampSigner::new(keys, salt).sign(&payload(value, compress))
}

/// The value of a signed text (`loads`).
///
/// # Errors
/// If the signature is invalid or older than `max_age`, or if the content is not JSON, or more than
/// 4 MiB.
pub fn loads(
    signed: &str,
    keys: Keys<'_>,
    salt: &str,
    max_age: Option<Duration>,
) -> Result<Value, BadSignature> {
    let payload = TimestampSigner::new(keys, salt).unsign(signed, max_age)?;
    read(payload).ok_or(BadSignature::Unreadable)
}

fn payload(value: &Value, compress: bool) -> String {
    let json = ascii(&value.to_string());
    if compress {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
        let packed = encoder.write_all(json.as_bytes()).and_then(|()| encoder.finish());
        if let Ok(packed) = packed
            && packed.len() + 1 < json.len()
        {
            return format!(".{}", URL_SAFE_NO_PAD.encode(packed));
        }
    }
    URL_SAFE_NO_PAD.encode(json)
}

fn read(payload: &str) -> Option<Value> {
    let Some(packed) = payload.strip_prefix('.') else {
        return serde_json::from_slice(&LENIENT.decode(payload).ok()?).ok();
    };
    let packed = LENIENT.decode(packed).ok()?;
    let mut json = Vec::new();
    ZlibDecoder::new(packed.as_slice()).take(MOST + 1).read_to_end(&mut json).ok()?;
    if u64::try_from(json.len()).ok()? > MOST {
        return None;
    }
    serde_json::from_slice(&json).ok()
}

/// JSON without characters beyond ASCII, as Python writes it.
fn ascii(json: &str) -> String {
    use std::fmt::Write as _;
    let mut text = String::with_capacity(json.len());
    for letter in json.chars() {
        // Python leaves DEL as it is, and so does serde
        if letter.is_ascii() {
            text.push(letter);
        } else {
            for unit in letter.encode_utf16(&mut [0; 2]) {
                // writing into a string does not fail
                let _ = write!(text, "\\u{unit:04x}");
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const KEYS: Keys<'static> =
        Keys { secret: "reference-secret-key-for-tests-only-0123456789abcdef", fallbacks: &[] };
    const SALT: &str = "django.contrib.sessions.SessionStore";

    #[test]
    fn texts_of_django_are_read() {
        let session = |text| loads(text, KEYS, SALT, None);
        assert_eq!(
            session("e30:1r31eq:_a1VPcz1AYDrUlq7XcgJfIBBDcdYO_n0jBn36jv2PXU"),
            Ok(json!({}))
        );
        assert_eq!(
            session(
                ".eJyrVopPLC3JiC8tTi2Kz0xRslIyVtJBFktKTM5OzQNJpGQl5qXn6yXn55UUZSbpgZToQWWL9XzzU1\
                 JznKBqUQzISCzOAOpOTKIMKtUCAM8XPq8:1r31eq:2MDS2NXL_eEPPH8qE02fMGFnhTnjU5jbDeaN5cZ8cJw"
            ),
            Ok(json!({
                "_auth_user_id": "3",
                "_auth_user_backend": "django.contrib.auth.backends.ModelBackend",
                "_auth_user_hash": "ab".repeat(32),
            }))
        );
        assert_eq!(
            session(
                ".eJwdjc0OgjAQhF_FzNUF28X-wKu4HhCKmkAPhiYmDe9u62X2m9ndTEYct4ABkpSabHxv40kSK92VYU0wRR1Pkv\
                 zYhxLNvitmXh6-Pril3rIXiFwk1khpECKGm6aGW0MxrSvtnxQo44shH8edUAp1ODMT9kqNcoSlUKsIz_9OW8KrEHdX\
                 Y53vW83m-AFDby-0:1r31eq:RPOHNairDXG8kBBb-5nDjQjhh-FDgW1dSBsZNhclIEI"
            ),
            Ok(json!({
                "name": "Ænima – 日本語 🎸\u{7f}\u{2028}\"\\/\n\u{1}",
                "n": [1, -2.5, null, true, {"x": {}}],
                "e": 1e22, "t": 1e-7, "f": 1.0, "g": 1e16, "h": 123_456_789.125,
            }))
        );
    }

    #[test]
    fn a_text_is_written_as_django_writes_it() {
        let text = dumps(&json!({"a": 1}), KEYS, SALT, true);
        assert!(text.starts_with("eyJhIjoxfQ:"), "{text}");
        let object = payload(&json!({"x": [1, 2]}), false);
        assert_eq!(object, "eyJ4IjpbMSwyXX0");
        assert_eq!(
            ascii(&json!("é🎸\u{7f}\u{1}").to_string()),
            "\"\\u00e9\\ud83c\\udfb8\u{7f}\\u0001\""
        );
    }

    #[test]
    fn what_is_written_is_read() {
        let long = json!({"text": "long ".repeat(200), "é": [null, 1.5, {}]});
        let text = dumps(&long, KEYS, SALT, true);
        assert!(text.starts_with('.') && text.len() < 200, "{text}");
        assert_eq!(loads(&text, KEYS, SALT, None), Ok(long));
    }

    #[test]
    fn a_text_that_grows_without_end_is_not_read() {
        let bomb = json!("x".repeat(5_000_000));
        let text = dumps(&bomb, KEYS, SALT, true);
        assert!(text.len() < 10_000);
        assert_eq!(loads(&text, KEYS, SALT, None), Err(BadSignature::Unreadable));
    }

    #[test]
    fn what_is_signed_but_no_json_is_unreadable() {
        let signer = TimestampSigner::new(KEYS, SALT);
        for payload in ["", ".", "%%%", "bm9uZQ", ".bm9uZQ", ".eJw", "/w", "eyJhIjo"] {
            let text = signer.sign(payload);
            assert_eq!(loads(&text, KEYS, SALT, None), Err(BadSignature::Unreadable), "{payload}");
        }
    }
}
