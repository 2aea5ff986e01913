//! A token's form: three parts in base64, the last one a signature over the others.
//!
//! The form is parsed as `PyJWT` parses it, not by `jsonwebtoken::decode`, whose typed header
//! refuses what `PyJWT` accepts and whose rules for `exp`, `nbf` and `iat` differ. Keys and
//! signatures come from that crate.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use chrono::TimeDelta;
use serde_json::{Map, Value as Json};

use super::claims::{Claims, TokenError};
use super::keys::Keys;
use crate::db::DateTime;
use crate::exceptions::{ApiException, Result};
use crate::request::Context;
use crate::settings::{JwtSettings, Settings, SettingsError};

/// The longest token that is parsed. Servers accept no longer header.
const LONGEST: usize = 16 * 1024;

/// Makes and reads the tokens of a site (`rest_framework_simplejwt.state.token_backend`).
pub(crate) struct TokenBackend {
    keys: Keys,
    /// The first part of every token, in base64.
    header: String,
    pub(super) settings: JwtSettings,
    pub(super) access_lifetime: TimeDelta,
    pub(super) refresh_lifetime: TimeDelta,
}

impl TokenBackend {
    /// Creates the backend for these settings, and signs once to test the keys.
    ///
    /// # Errors
    /// If a JWT setting is invalid; the error names it.
    pub(crate) fn new(settings: &Settings) -> Result<Self, SettingsError> {
        let jwt = &settings.jwt;
        let is_word = |word: &String| {
            !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"')
        };
        if jwt.auth_header_types.is_empty() || !jwt.auth_header_types.iter().all(is_word) {
            let reason = "it takes words without spaces, one at least, as `Bearer`".into();
            return Err(SettingsError { name: "JWT_AUTH_HEADER_TYPES", reason });
        }
        let keys = Keys::new(settings)?;
        let header = BASE64.encode(format!(r#"{{"alg":"{}","typ":"JWT"}}"#, keys.algorithm()));
        let lifetime = |name, lifetime| {
            TimeDelta::from_std(lifetime)
                .ok()
                .filter(|lifetime| lifetime.num_days() <= 36_500)
                .ok_or(SettingsError { name, reason: "it is longer than a century".into() })
        };
        Ok(Self {
            keys,
            header,
            access_lifetime: lifetime("JWT_ACCESS_TOKEN_LIFETIME", jwt.access_token_lifetime)?,
            refresh_lifetime: lifetime("JWT_REFRESH_TOKEN_LIFETIME", jwt.refresh_token_lifetime)?,
            settings: jwt.clone(),
        })
    }

    /// The one of a request's site.
    pub(crate) fn of(cx: &Context) -> Result<&Self> {
        let backend = cx.shared.tokens.as_ref().and_then(|tokens| tokens.downcast_ref());
        backend.ok_or_else(|| ApiException::internal("a site without keys for tokens"))
    }

    /// The challenge of a 401: `Bearer realm="api"`.
    pub(super) fn challenge(&self) -> String {
        let word = self.settings.auth_header_types.first().map_or("Bearer", String::as_str);
        format!("{word} realm=\"api\"")
    }

    /// The text of a token.
    ///
    /// # Errors
    /// 500 where the site has no key to sign with.
    pub(super) fn encode(&self, claims: &Claims) -> Result<String> {
        let mut claims = claims.0.clone();
        if let Some(audience) = &self.settings.audience {
            claims.insert("aud".into(), audience.as_str().into());
        }
        if let Some(issuer) = &self.settings.issuer {
            claims.insert("iss".into(), issuer.as_str().into());
        }
        let payload = Json::Object(claims).to_string();
        let mut token = format!("{}.{}", self.header, BASE64.encode(payload));
        let signature = self.keys.sign(token.as_bytes()).map_err(ApiException::internal)?;
        token.push('.');
        BASE64.encode_string(signature, &mut token);
        Ok(token)
    }

    /// The claims of a token that is signed by this site's key and currently valid.
    pub(super) fn decode(&self, token: &[u8], now: DateTime) -> Result<Claims, TokenError> {
        let claims = Claims(self.read(token).ok_or(TokenError::Invalid)?);
        claims.check(&self.settings, now)?;
        Ok(claims)
    }

    fn read(&self, token: &[u8]) -> Option<Map<String, Json>> {
        if token.len() > LONGEST {
            return None;
        }
        let mut ends = token.rsplitn(2, |byte| *byte == b'.');
        let (signature, message) = (ends.next()?, ends.next()?);
        let mut starts = message.splitn(2, |byte| *byte == b'.');
        let (header, payload) = (starts.next()?, starts.next()?);
        if !self.is_fitting(&object(&part(header)?)?) {
            return None;
        }
        let payload = part(payload)?;
        if !self.keys.verify(message, &part(signature)?) {
            return None;
        }
        object(&payload)
    }

    /// Whether a header names this site's algorithm and no unknown extension.
    fn is_fitting(&self, header: &Map<String, Json>) -> bool {
        let critical = header.get("crit").is_none_or(|names| {
            names.as_array().is_some_and(|names| {
                !names.is_empty() && header.contains_key("b64") && names.iter().all(|n| n == "b64")
            })
        });
        critical
            && header.get("kid").is_none_or(Json::is_string)
            && header.get("b64") != Some(&Json::Bool(false))
            && header.get("alg").is_some_and(|name| name == self.keys.algorithm())
    }
}

/// A part in base64, with at most two padding characters at its end.
fn part(text: &[u8]) -> Option<Vec<u8>> {
    let signs = text.iter().rev().take_while(|byte| **byte == b'=').count();
    if signs > 2 || (signs > 0 && !text.len().is_multiple_of(4)) {
        return None;
    }
    BASE64.decode(text.get(..text.len() - signs)?).ok()
}

fn object(bytes: &[u8]) -> Option<Map<String, Json>> {
    serde_json::from_slice(bytes).ok()
}

impl fmt::Debug for TokenBackend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenBackend").field("keys", &self.keys).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::testing::{
        ES256, RECORDED, RECORDED_ES256, RECORDED_RS256, RS256, backend, backend_of, settings,
    };
    use super::*;

    const INVALID: Result<Claims, TokenError> = Err(TokenError::Invalid);

    fn read(token: impl AsRef<[u8]>) -> Result<Claims, TokenError> {
        backend().decode(token.as_ref(), DateTime::now())
    }

    fn good() -> Claims {
        let json = json!({"token_type": "access", "exp": 4_102_444_800_i64, "user_id": "3"});
        Claims(json.as_object().unwrap().clone())
    }

    /// A token of any header and payload, well signed.
    fn signed(header: &str, payload: &str) -> String {
        let message = format!("{}.{}", BASE64.encode(header), BASE64.encode(payload));
        let signature = backend().keys.sign(message.as_bytes()).unwrap();
        format!("{message}.{}", BASE64.encode(signature))
    }

    const HEADER: &str = r#"{"alg":"HS256","typ":"JWT"}"#;
    const PAYLOAD: &str = r#"{"exp":4102444800,"user_id":"3"}"#;

    #[test]
    fn what_is_written_is_read() {
        let token = backend().encode(&good()).unwrap();
        assert!(token.starts_with("eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJ0b2tlbl90eXBlIjoi"));
        assert_eq!(read(token), Ok(good()));
    }

    #[test]
    fn tokens_recorded_from_simplejwt_are_read() {
        for token in [RECORDED, &backend().encode(&good()).unwrap()] {
            let claims = read(token).unwrap();
            assert_eq!(claims.token_type(), Some("access"));
            assert_eq!(claims.user_id("user_id").as_deref(), Some("3"));
        }
        for (name, keys, token) in
            [("RS256", RS256, RECORDED_RS256), ("ES256", ES256, RECORDED_ES256)]
        {
            let backend = backend_of(|settings| {
                settings.jwt.algorithm = name.into();
                settings.jwt.signing_key = keys.0.into();
                settings.jwt.verifying_key = keys.1.into();
            });
            let claims = backend.decode(token.as_bytes(), DateTime::now()).unwrap();
            assert_eq!(claims.user_id("user_id").as_deref(), Some("3"), "{name}");
        }
    }

    #[test]
    fn what_is_no_token_is_invalid() {
        let huge = format!("{}.{}.x", BASE64.encode(HEADER), "A".repeat(LONGEST));
        for token in ["", ".", "..", "...", "x", "a.b", "a.b.c", "a.b.c.d", "é.ü.ö", &huge] {
            assert_eq!(read(token), INVALID, "{token}");
        }
        assert_eq!(read(b"\xff\xfe.\x80.\x00"), INVALID);
        for (header, payload) in [
            ("", PAYLOAD),
            ("[]", PAYLOAD),
            ("{", PAYLOAD),
            (HEADER, ""),
            (HEADER, "null"),
            (HEADER, "[]"),
            (HEADER, "{\"exp\": NaN}"),
            (HEADER, "{\"exp\": 4102444800} x"),
        ] {
            assert_eq!(read(signed(header, payload)), INVALID, "{header} {payload}");
        }
        let deep = format!("{}{}", "[".repeat(9000), "]".repeat(9000));
        assert_eq!(read(signed(HEADER, &deep)), INVALID);
    }

    #[test]
    fn a_changed_token_is_invalid() {
        let token = signed(HEADER, PAYLOAD);
        assert!(read(&token).is_ok());
        let (message, signature) = token.rsplit_once('.').unwrap();
        let (header, _) = message.split_once('.').unwrap();
        let forged = BASE64.encode(r#"{"exp":4102444800,"user_id":"1"}"#);
        for token in [
            format!("{header}.{forged}.{signature}"),
            format!("{message}."),
            format!("{message}.AAAA"),
            format!("{message}.{signature}AAAA"),
            format!("{message}.{}", &signature[..signature.len() - 1]),
            format!("{token}."),
            format!("{token}.x"),
        ] {
            assert_eq!(read(&token), INVALID, "{token}");
        }
    }

    #[test]
    fn the_algorithm_is_the_settings_and_never_the_tokens() {
        for header in [
            r#"{"alg":"none"}"#,
            r#"{"alg":"None","typ":"JWT"}"#,
            r#"{"alg":"hs256","typ":"JWT"}"#,
            r#"{"alg":"HS512","typ":"JWT"}"#,
            r#"{"alg":"RS256","typ":"JWT"}"#,
            r#"{"alg":"","typ":"JWT"}"#,
            r#"{"alg":null,"typ":"JWT"}"#,
            r#"{"alg":["HS256"],"typ":"JWT"}"#,
            r#"{"typ":"JWT"}"#,
            "{}",
        ] {
            let token = signed(header, PAYLOAD);
            assert_eq!(read(&token), INVALID, "{header}");
            let (message, _) = token.rsplit_once('.').unwrap();
            assert_eq!(read(format!("{message}.")), INVALID, "{header} without a signature");
        }
        // the last of two counts, as for Python
        assert!(read(signed(r#"{"alg":"none","alg":"HS256"}"#, PAYLOAD)).is_ok());
        assert_eq!(read(signed(r#"{"alg":"HS256","alg":"none"}"#, PAYLOAD)), INVALID);
    }

    #[test]
    fn a_public_key_is_no_secret() {
        let backend = backend_of(|settings| {
            settings.jwt.algorithm = "RS256".into();
            settings.jwt.signing_key = RS256.0.into();
            settings.jwt.verifying_key = RS256.1.into();
        });
        let own = backend.encode(&good()).unwrap();
        assert!(backend.decode(own.as_bytes(), DateTime::now()).is_ok());
        // whoever has the public key signs with HS256, taking it for the secret
        let secret = jsonwebtoken::EncodingKey::from_secret(RS256.1.as_bytes());
        for header in [HEADER, r#"{"alg":"RS256","typ":"JWT"}"#] {
            let message = format!("{}.{}", BASE64.encode(header), BASE64.encode(PAYLOAD));
            let signature = jsonwebtoken::crypto::sign(
                message.as_bytes(),
                &secret,
                jsonwebtoken::Algorithm::HS256,
            );
            let token = format!("{message}.{}", signature.unwrap());
            assert_eq!(backend.decode(token.as_bytes(), DateTime::now()), INVALID);
        }
    }

    #[test]
    fn headers_are_read_as_pyjwt_reads_them() {
        for header in [
            r#"{"alg":"HS256"}"#,
            r#"{"alg":"HS256","typ":5,"jwk":"?","x5c":{},"kid":"1"}"#,
            r#"{"alg":"HS256","b64":true,"crit":["b64"]}"#,
        ] {
            assert!(read(signed(header, PAYLOAD)).is_ok(), "{header}");
        }
        for header in [
            r#"{"alg":"HS256","kid":1}"#,
            r#"{"alg":"HS256","crit":[]}"#,
            r#"{"alg":"HS256","crit":["b64"]}"#,
            r#"{"alg":"HS256","crit":["exp"],"exp":1}"#,
            r#"{"alg":"HS256","crit":"b64","b64":true}"#,
            r#"{"alg":"HS256","crit":["b64"],"b64":false}"#,
            r#"{"alg":"HS256","b64":false}"#,
        ] {
            assert_eq!(read(signed(header, PAYLOAD)), INVALID, "{header}");
        }
    }

    #[test]
    fn padding_is_let_pass_where_it_belongs() {
        let payload = r#"{"exp":4102444800,"a":1}"#;
        let message = format!("{}=.{}", BASE64.encode(HEADER), BASE64.encode(payload));
        assert_eq!(BASE64.encode(HEADER).len() % 4, 0, "no sign belongs to this header");
        let sign = |message: &str| BASE64.encode(backend().keys.sign(message.as_bytes()).unwrap());
        assert_eq!(read(format!("{message}.{}", sign(&message))), INVALID);
        let message = format!("{}.{}", BASE64.encode(HEADER), BASE64.encode(payload));
        assert!(read(format!("{message}.{}=", sign(&message))).is_ok());
        assert_eq!(read(format!("{message}.{}==", sign(&message))), INVALID);
    }

    #[test]
    fn of_a_claim_that_is_told_twice_the_last_counts() {
        let claims = read(signed(HEADER, r#"{"exp":1,"user_id":"1","exp":4102444800}"#)).unwrap();
        assert_eq!(claims.user_id("user_id").as_deref(), Some("1"));
        let expired = read(signed(HEADER, r#"{"exp":4102444800,"exp":1}"#));
        assert_eq!(expired, Err(TokenError::Expired));
    }

    #[test]
    fn issuer_and_audience_of_the_settings_are_written_last() {
        let backend = backend_of(|settings| {
            settings.jwt.issuer = Some("me".into());
            settings.jwt.audience = Some("us".into());
        });
        let token = backend.encode(&good()).unwrap();
        let claims = backend.decode(token.as_bytes(), DateTime::now()).unwrap();
        let names: Vec<&str> = claims.iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["token_type", "exp", "user_id", "aud", "iss"]);
        // a site that asks for neither lets them pass, and the reverse not
        assert!(read(&token).is_ok());
        let bare = super::super::testing::backend().encode(&good()).unwrap();
        assert_eq!(backend.decode(bare.as_bytes(), DateTime::now()), INVALID);
    }

    #[test]
    fn a_wrong_setting_is_named() {
        let refused = |change: fn(&mut Settings)| {
            let mut settings = settings();
            change(&mut settings);
            TokenBackend::new(&settings).unwrap_err().name
        };
        assert_eq!(refused(|s| s.jwt.auth_header_types.clear()), "JWT_AUTH_HEADER_TYPES");
        assert_eq!(
            refused(|s| s.jwt.auth_header_types = vec!["Two words".into()]),
            "JWT_AUTH_HEADER_TYPES"
        );
        assert_eq!(
            refused(|s| s.jwt.access_token_lifetime = std::time::Duration::MAX),
            "JWT_ACCESS_TOKEN_LIFETIME"
        );
        assert_eq!(refused(|s| s.jwt.algorithm = "HS1".into()), "JWT_ALGORITHM");
    }
}
