//! What signs tokens, and what their signatures are checked with.
//!
//! The algorithm is the one of the settings, never one that a token names: a token whose header
//! says another is refused before any key is looked at, and keys are of one family only. A secret
//! that looks like a key in PEM is refused, as it might be a public one: whoever knows it could sign.
//!
//! `jsonwebtoken` has a provider of cryptography for the whole process, chosen by whoever installs
//! one first, and panics at the first token when there is none or a choice of two. So it is left
//! alone: the provider is named in every call, and a project that installs another one for itself
//! meets no trouble. [`Keys::new`] signs and checks once, so that a wrong key keeps the site from
//! being built.

use std::fmt;

use jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER;
use jsonwebtoken::errors::Error;
use jsonwebtoken::{Algorithm, AlgorithmFamily, DecodingKey, EncodingKey};

use crate::settings::{Settings, SettingsError};

/// The algorithms, with the length of a key of HMAC that is as strong as its digest, or of a
/// public key on the curve.
const ALGORITHMS: [(&str, Algorithm, usize); 8] = [
    ("HS256", Algorithm::HS256, 32),
    ("HS384", Algorithm::HS384, 48),
    ("HS512", Algorithm::HS512, 64),
    ("RS256", Algorithm::RS256, 0),
    ("RS384", Algorithm::RS384, 0),
    ("RS512", Algorithm::RS512, 0),
    ("ES256", Algorithm::ES256, 65),
    ("ES384", Algorithm::ES384, 97),
];

/// The keys of a site, of one algorithm.
pub(super) struct Keys {
    name: &'static str,
    algorithm: Algorithm,
    /// `None` where tokens are checked only.
    signing: Option<EncodingKey>,
    verifying: DecodingKey,
}

impl Keys {
    /// The keys that the settings name, tried out.
    pub(super) fn new(settings: &Settings) -> Result<Self, SettingsError> {
        let jwt = &settings.jwt;
        let Some(&(name, algorithm, length)) =
            ALGORITHMS.iter().find(|(name, ..)| *name == jwt.algorithm)
        else {
            let names: Vec<&str> = ALGORITHMS.iter().map(|(name, ..)| *name).collect();
            let reason = format!("`{}` is not one of {}", jwt.algorithm, names.join(", "));
            return Err(wrong("JWT_ALGORITHM", reason));
        };
        let keys = match algorithm.family() {
            AlgorithmFamily::Hmac => {
                let (setting, secret) = match jwt.signing_key.as_str() {
                    "" => ("SECRET_KEY", &settings.secret_key),
                    _ => ("JWT_SIGNING_KEY", &jwt.signing_key),
                };
                Self::of_secret(setting, secret, (name, algorithm, length))?
            }
            family => Self::of_pair(settings, family, (name, algorithm, length))?,
        };
        keys.try_out()?;
        Ok(keys)
    }

    fn of_secret(
        setting: &'static str,
        secret: &str,
        (name, algorithm, length): (&'static str, Algorithm, usize),
    ) -> Result<Self, SettingsError> {
        if secret.is_empty() {
            return Err(wrong(setting, "it is empty; put a long random text there".into()));
        }
        if secret.contains("-----BEGIN ") {
            let reason = format!("it is a key in PEM, which is not a secret for {name}; use RS256");
            return Err(wrong(setting, reason));
        }
        if secret.len() < length {
            tracing::warn!("{setting} is shorter than the {length} bytes that {name} should have");
        }
        let signing = Some(EncodingKey::from_secret(secret.as_bytes()));
        let verifying = DecodingKey::from_secret(secret.as_bytes());
        Ok(Self { name, algorithm, signing, verifying })
    }

    fn of_pair(
        settings: &Settings,
        family: AlgorithmFamily,
        (name, algorithm, length): (&'static str, Algorithm, usize),
    ) -> Result<Self, SettingsError> {
        let (public, private) = (&settings.jwt.verifying_key, &settings.jwt.signing_key);
        let unread = |setting, what: &str, error: &Error| {
            wrong(setting, format!("it is not a {what} for {name} in PEM (PKCS#8): {error}"))
        };
        if public.is_empty() || public.contains("PRIVATE KEY") {
            return Err(wrong("JWT_VERIFYING_KEY", format!("put the public key of {name} there")));
        }
        let is_rsa = matches!(family, AlgorithmFamily::Rsa);
        let read_public = if is_rsa { DecodingKey::from_rsa_pem } else { DecodingKey::from_ec_pem };
        let read_private =
            if is_rsa { EncodingKey::from_rsa_pem } else { EncodingKey::from_ec_pem };
        let verifying = read_public(public.as_bytes())
            .and_then(|key| check_public(&key, family, length).map(|()| key))
            .map_err(|error| unread("JWT_VERIFYING_KEY", "public key", &error))?;
        let signing = match private.as_str() {
            "" => None,
            private => Some(
                read_private(private.as_bytes())
                    .map_err(|error| unread("JWT_SIGNING_KEY", "private key", &error))?,
            ),
        };
        Ok(Self { name, algorithm, signing, verifying })
    }

    /// Signs and checks something.
    fn try_out(&self) -> Result<(), SettingsError> {
        if self.signing.is_none() {
            return Ok(());
        }
        let message = b"a message";
        let signature = self.sign(message).map_err(|error| {
            wrong("JWT_SIGNING_KEY", format!("nothing can be signed with it: {error}"))
        })?;
        if !self.verify(message, &signature) {
            let reason = "it does not belong to JWT_SIGNING_KEY: what that signs is refused";
            return Err(wrong("JWT_VERIFYING_KEY", reason.into()));
        }
        Ok(())
    }

    /// The algorithm's name, as in a token's header.
    pub(super) fn algorithm(&self) -> &'static str {
        self.name
    }

    /// The signature of a message.
    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        let key = self.signing.as_ref().ok_or(KeyError::NoSigningKey)?;
        let signer = (DEFAULT_PROVIDER.signer_factory)(&self.algorithm, key)?;
        signer.try_sign(message).map_err(|_| KeyError::Refused)
    }

    /// True when the signature is the message's.
    pub(super) fn verify(&self, message: &[u8], signature: &Vec<u8>) -> bool {
        (DEFAULT_PROVIDER.verifier_factory)(&self.algorithm, &self.verifying)
            .is_ok_and(|verifier| verifier.verify(message, signature).is_ok())
    }
}

fn check_public(key: &DecodingKey, family: AlgorithmFamily, length: usize) -> Result<(), Error> {
    let bytes = key.try_get_as_bytes()?;
    match family {
        AlgorithmFamily::Rsa => {
            (DEFAULT_PROVIDER.key_utils.rsa_pub_components_from_public_key)(bytes).map(|_| ())
        }
        _ if bytes.len() == length => Ok(()),
        _ => Err(jsonwebtoken::errors::ErrorKind::InvalidEcdsaKey.into()),
    }
}

fn wrong(name: &'static str, reason: String) -> SettingsError {
    SettingsError { name, reason }
}

impl fmt::Debug for Keys {
    /// Without the keys.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys").field("algorithm", &self.name).finish_non_exhaustive()
    }
}

/// Why nothing was signed.
#[derive(Debug, thiserror::Error)]
pub(super) enum KeyError {
    /// The site only checks tokens.
    #[error("JWT_SIGNING_KEY is not set: this site hands out no tokens")]
    NoSigningKey,
    /// The key is of another kind.
    #[error(transparent)]
    Key(#[from] Error),
    /// The cryptography refused.
    #[error("the key was refused")]
    Refused,
}

#[cfg(test)]
mod tests {
    use super::super::testing::{ES256, ES384, RS256, settings};
    use super::*;

    fn refused(change: impl FnOnce(&mut Settings)) -> String {
        let mut settings = settings();
        change(&mut settings);
        Keys::new(&settings).unwrap_err().to_string()
    }

    fn pair(name: &str, (private, public): (&str, &str)) -> Settings {
        let mut settings = settings();
        settings.jwt.algorithm = name.into();
        settings.jwt.signing_key = private.into();
        settings.jwt.verifying_key = public.into();
        settings
    }

    #[test]
    fn every_algorithm_signs_what_it_accepts() {
        let pairs = [
            ("RS256", RS256),
            ("RS384", RS256),
            ("RS512", RS256),
            ("ES256", ES256),
            ("ES384", ES384),
        ];
        let all = ["HS256", "HS384", "HS512"].map(|name| {
            let mut settings = settings();
            settings.jwt.algorithm = name.into();
            settings
        });
        for settings in all.into_iter().chain(pairs.map(|(name, keys)| pair(name, keys))) {
            let keys = Keys::new(&settings).unwrap();
            let signature = keys.sign(b"x").unwrap();
            assert!(keys.verify(b"x", &signature), "{keys:?}");
            assert!(!keys.verify(b"y", &signature), "{keys:?}");
            assert!(!keys.verify(b"x", &Vec::new()), "{keys:?}");
        }
    }

    #[test]
    fn the_secret_is_the_sites_where_there_is_no_other() {
        let mut settings = settings();
        let own = Keys::new(&settings).unwrap().sign(b"x").unwrap();
        settings.jwt.signing_key = settings.secret_key.clone();
        settings.secret_key = "another".into();
        assert!(Keys::new(&settings).unwrap().verify(b"x", &own));
    }

    #[test]
    fn a_site_without_a_private_key_checks_tokens_and_signs_none() {
        let keys = Keys::new(&pair("RS256", ("", RS256.1))).unwrap();
        assert!(matches!(keys.sign(b"x"), Err(KeyError::NoSigningKey)));
    }

    #[test]
    fn a_wrong_setting_is_named() {
        assert_eq!(
            refused(|settings| settings.jwt.algorithm = "none".into()),
            "setting JWT_ALGORITHM: `none` is not one of HS256, HS384, HS512, RS256, RS384, RS512, \
             ES256, ES384"
        );
        let public = refused(|settings| settings.jwt.algorithm = "RS256".into());
        assert_eq!(public, "setting JWT_VERIFYING_KEY: put the public key of RS256 there");
        let pem = refused(|settings| settings.jwt.signing_key = RS256.1.into());
        assert!(pem.starts_with("setting JWT_SIGNING_KEY: it is a key in PEM"), "{pem}");
        let wrong = |name, keys| Keys::new(&pair(name, keys)).unwrap_err().to_string();
        for (name, keys, setting) in [
            ("RS256", (RS256.0, "no key"), "JWT_VERIFYING_KEY"),
            ("RS256", (RS256.0, ES256.1), "JWT_VERIFYING_KEY"),
            ("RS256", (RS256.1, RS256.1), "JWT_SIGNING_KEY"),
            ("RS256", (ES256.0, RS256.1), "JWT_SIGNING_KEY"),
            ("ES256", (ES384.0, ES384.1), "JWT_VERIFYING_KEY"),
            ("ES256", (ES384.0, ES256.1), "JWT_SIGNING_KEY"),
            ("ES384", (ES384.0, ES256.1), "JWT_VERIFYING_KEY"),
            ("ES256", (ES256.0, ES256.0), "JWT_VERIFYING_KEY"),
        ] {
            let reason = wrong(name, keys);
            assert!(reason.starts_with(&format!("setting {setting}: ")), "{name} {reason}");
        }
    }

    #[test]
    fn keys_that_do_not_belong_together_are_found_out() {
        let (_, other) = super::super::testing::RS256_OTHER;
        let reason = Keys::new(&pair("RS256", (RS256.0, other))).unwrap_err().to_string();
        assert!(reason.contains("JWT_VERIFYING_KEY: it does not belong"), "{reason}");
    }
}
