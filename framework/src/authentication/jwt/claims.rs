//! The claims of a token, and their errors.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value as Json};

use crate::auth::Account;
use crate::db::{ColumnKind, DateTime};
use crate::exceptions::Result;
use crate::request::Context;
use crate::settings::JwtSettings;
use crate::values::python;

/// Seconds of the end of the year 9999, the last moment that a token may name.
const LAST: i64 = 253_402_300_799;

/// Why a token is refused, in simplejwt's words (`TokenError`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// It is expired.
    #[error("Token is expired")]
    Expired,
    /// It is not a token, or not signed as it should be, or a claim has no meaning.
    #[error("Token is invalid")]
    Invalid,
    /// It has no `exp`.
    #[error("Token has no 'exp' claim")]
    NoExpiry,
    /// It has no `jti`.
    #[error("Token has no id")]
    NoId,
    /// It has no `token_type`.
    #[error("Token has no type")]
    NoType,
    /// It is of another kind.
    #[error("Token has wrong type")]
    WrongType,
    /// It is on the blacklist.
    #[error("Token is blacklisted")]
    Blacklisted,
}

/// The claims of a token, in order.
#[derive(Clone, PartialEq, Default)]
pub struct Claims(pub(super) Map<String, Json>);

impl Claims {
    /// A claim as a type of yours; `None` when it is absent or of another type.
    pub fn get<T: DeserializeOwned>(&self, claim: &str) -> Option<T> {
        T::deserialize(self.0.get(claim)?).ok()
    }

    /// A claim as it is.
    pub fn value(&self, claim: &str) -> Option<&Json> {
        self.0.get(claim)
    }

    /// Sets a claim.
    pub fn set(&mut self, claim: impl Into<String>, value: impl Into<Json>) {
        self.0.insert(claim.into(), value.into());
    }

    /// All claims, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Json)> {
        self.0.iter().map(|(claim, value)| (claim.as_str(), value))
    }

    /// `token_type`: `access`, `refresh`.
    pub fn token_type(&self) -> Option<&str> {
        self.0.get("token_type")?.as_str()
    }

    /// `jti`: what distinguishes it from every other token.
    pub fn id(&self) -> Option<&str> {
        self.0.get("jti")?.as_str()
    }

    /// `exp`: the expiry time.
    pub fn expires_at(&self) -> Option<DateTime> {
        moment(self.0.get("exp")?)
    }

    /// `iat`: the time of issue.
    pub fn issued_at(&self) -> Option<DateTime> {
        moment(self.0.get("iat")?)
    }

    /// The primary key of its user, as text, from the claim of this name.
    pub fn user_id(&self, claim: &str) -> Option<String> {
        match self.0.get(claim)? {
            Json::String(key) => Some(key.clone()),
            // written by older releases, and by whoever has numbers for keys
            Json::Number(key) if key.is_f64() => {
                key.as_f64().filter(|key| key.fract() == 0.0).map(|key| format!("{key:.0}"))
            }
            Json::Number(key) => Some(key.to_string()),
            _ => None,
        }
    }

    /// The account of its user, including inactive ones; `None` if the claim is not a key at all.
    pub(crate) async fn user(&self, cx: &Context) -> Result<Option<Account>> {
        let users = cx.user_meta();
        let Some(key) = self.user_id(&cx.settings().jwt.user_id_claim) else { return Ok(None) };
        // Django reads a number from text as Python does, with white space around it
        let number = match users.key_kind() {
            ColumnKind::SmallInt | ColumnKind::Integer | ColumnKind::BigInt => python::int(&key),
            _ => None,
        };
        let key = number.map_or(key, |number| number.to_string());
        Ok(users.by_key_text(cx, &key).await?)
    }

    /// Checks the claims that any token may have, at a moment (`PyJWT._validate_claims`, in its
    /// order).
    pub(super) fn check(&self, settings: &JwtSettings, now: DateTime) -> Result<(), TokenError> {
        let now = i128::from(now.timestamp_micros());
        let leeway = i128::try_from(settings.leeway.as_micros()).unwrap_or(i128::MAX);
        for claim in ["iat", "nbf"] {
            let from = self.0.get(claim).map(|value| integer(value).ok_or(TokenError::Invalid));
            if from.transpose()?.is_some_and(|from| micros(from) > now.saturating_add(leeway)) {
                return Err(TokenError::Invalid);
            }
        }
        if let Some(end) = self.0.get("exp") {
            let end = integer(end).ok_or(TokenError::Invalid)?;
            if micros(end) <= now.saturating_sub(leeway) {
                return Err(TokenError::Expired);
            }
        }
        let text = |claim: &str| self.0.get(claim).is_none_or(Json::is_string);
        let issued = settings.issuer.as_ref().is_none_or(|issuer| {
            self.0.get("iss").and_then(Json::as_str).is_some_and(|iss| iss == issuer)
        });
        let meant = settings.audience.as_ref().is_none_or(|audience| match self.0.get("aud") {
            Some(Json::String(one)) => one == audience,
            Some(Json::Array(several)) => {
                several.iter().all(Json::is_string) && several.iter().any(|one| one == audience)
            }
            _ => false,
        });
        let holds = issued && meant && text("sub") && text("jti");
        if holds { Ok(()) } else { Err(TokenError::Invalid) }
    }

    /// Checks that it has a valid `exp` and a `jti` (`Token.verify`).
    pub(super) fn verify(&self) -> Result<(), TokenError> {
        let end = self.0.get("exp").ok_or(TokenError::NoExpiry)?;
        // simplejwt fails on an end that is text or beyond its calendar, with a 500
        moment(end).ok_or(TokenError::Invalid)?;
        self.id().map(|_| ()).ok_or(TokenError::NoId)
    }

    /// Checks its kind (`Token.verify_token_type`).
    pub(super) fn verify_type(&self, token_type: &str) -> Result<(), TokenError> {
        match self.0.get("token_type") {
            None => Err(TokenError::NoType),
            Some(own) if own == token_type => Ok(()),
            Some(_) => Err(TokenError::WrongType),
        }
    }
}

impl std::fmt::Debug for Claims {
    /// The names without the values, which may be private.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// `int(value)`: numbers are cut, texts and booleans are read.
#[expect(clippy::cast_possible_truncation, reason = "a cast is bounded, as it should be here")]
fn integer(value: &Json) -> Option<i128> {
    match value {
        Json::Number(number) => number
            .as_i128()
            .or_else(|| number.as_f64().filter(|n| n.is_finite()).map(|n| n as i128)),
        Json::String(text) => python::int(text),
        Json::Bool(flag) => Some(i128::from(*flag)),
        _ => None,
    }
}

fn micros(seconds: i128) -> i128 {
    seconds.saturating_mul(1_000_000)
}

/// `datetime.fromtimestamp(value)` of a number.
#[expect(clippy::cast_possible_truncation, reason = "the value is within bounds")]
fn moment(value: &Json) -> Option<DateTime> {
    let Json::Number(number) = value else { return None };
    let micros = match number.as_i64() {
        Some(seconds) if (0..=LAST).contains(&seconds) => seconds.checked_mul(1_000_000)?,
        Some(_) => return None,
        None => {
            let seconds = number.as_f64()?;
            let last = 253_402_300_799.0;
            ((0.0..=last).contains(&seconds)).then_some((seconds * 1e6).round() as i64)?
        }
    };
    chrono::DateTime::from_timestamp_micros(micros).map(DateTime::from)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;

    use super::*;

    /// The moment at which the claims are looked at: 2024-01-01 00:00:00.25.
    fn now() -> DateTime {
        chrono::DateTime::from_timestamp_micros(1_704_067_200_250_000).unwrap().into()
    }

    fn claims(value: Json) -> Claims {
        match value {
            Json::Object(map) => Claims(map),
            other => panic!("{other} is no object"),
        }
    }

    fn checked(value: Json) -> Result<(), TokenError> {
        claims(value).check(&JwtSettings::default(), now())
    }

    fn with(change: impl FnOnce(&mut JwtSettings), value: Json) -> Result<(), TokenError> {
        let mut settings = JwtSettings::default();
        change(&mut settings);
        claims(value).check(&settings, now())
    }

    const OK: Result<(), TokenError> = Ok(());
    const INVALID: Result<(), TokenError> = Err(TokenError::Invalid);
    const EXPIRED: Result<(), TokenError> = Err(TokenError::Expired);

    #[test]
    fn a_token_ends_with_the_second_that_it_names() {
        assert_eq!(checked(json!({"exp": 1_704_067_201})), OK);
        assert_eq!(checked(json!({"exp": 1_704_067_200})), EXPIRED);
        assert_eq!(checked(json!({"exp": 1_704_067_200.9})), EXPIRED);
        assert_eq!(checked(json!({"exp": -1})), EXPIRED);
        assert_eq!(checked(json!({"exp": true})), EXPIRED);
        assert_eq!(checked(json!({"exp": "5"})), EXPIRED);
    }

    #[test]
    fn leeway_moves_the_end_and_the_beginning() {
        let leeway = |settings: &mut JwtSettings| settings.leeway = Duration::from_secs(10);
        assert_eq!(with(leeway, json!({"exp": 1_704_067_191})), OK);
        assert_eq!(with(leeway, json!({"exp": 1_704_067_190})), EXPIRED);
        assert_eq!(with(leeway, json!({"iat": 1_704_067_210})), OK);
        assert_eq!(with(leeway, json!({"nbf": 1_704_067_211})), INVALID);
    }

    #[test]
    fn a_token_of_the_future_is_invalid() {
        for claim in ["iat", "nbf"] {
            assert_eq!(checked(json!({claim: 1_704_067_200})), OK);
            assert_eq!(checked(json!({claim: 1_704_067_201})), INVALID);
            assert_eq!(checked(json!({claim: "1704067200"})), OK);
            assert_eq!(checked(json!({claim: "now"})), INVALID);
            assert_eq!(checked(json!({claim: null})), INVALID);
            assert_eq!(checked(json!({claim: {}})), INVALID);
            assert_eq!(checked(json!({claim: 1e300})), INVALID);
        }
    }

    #[test]
    fn an_end_must_be_a_number_within_the_calendar() {
        let verified = |exp: Json| {
            let claims = claims(json!({"exp": exp, "jti": "x"}));
            claims.check(&JwtSettings::default(), now()).and_then(|()| claims.verify())
        };
        assert_eq!(verified(json!(4_102_444_800_i64)), OK);
        assert_eq!(verified(json!(4_102_444_800.5)), OK);
        for exp in [
            json!("4102444800"),
            json!(253_402_300_800_i64),
            json!(u64::MAX),
            json!(1e300),
            json!("soon"),
            json!([4_102_444_800_i64]),
            json!({}),
            json!(null),
        ] {
            assert_eq!(verified(exp.clone()), INVALID, "{exp}");
        }
        assert_eq!(claims(json!({"jti": "x"})).verify(), Err(TokenError::NoExpiry));
        assert_eq!(claims(json!({"exp": 4_102_444_800_i64})).verify(), Err(TokenError::NoId));
    }

    #[test]
    fn the_issuer_must_be_the_one_of_the_settings() {
        let issuer = |settings: &mut JwtSettings| settings.issuer = Some("me".into());
        assert_eq!(with(issuer, json!({"iss": "me"})), OK);
        for wrong in [json!({}), json!({"iss": "you"}), json!({"iss": ["me"]})] {
            assert_eq!(with(issuer, wrong), INVALID);
        }
        assert_eq!(checked(json!({"iss": "anybody"})), OK);
    }

    #[test]
    fn the_audience_must_hold_the_one_of_the_settings() {
        let audience = |settings: &mut JwtSettings| settings.audience = Some("us".into());
        assert_eq!(with(audience, json!({"aud": "us"})), OK);
        assert_eq!(with(audience, json!({"aud": ["them", "us"]})), OK);
        for wrong in [
            json!({}),
            json!({"aud": ""}),
            json!({"aud": "them"}),
            json!({"aud": []}),
            json!({"aud": ["us", 1]}),
            json!({"aud": {"us": 1}}),
            json!({"aud": null}),
        ] {
            assert_eq!(with(audience, wrong.clone()), INVALID, "{wrong}");
        }
        assert_eq!(checked(json!({"aud": "anybody"})), OK);
    }

    #[test]
    fn names_must_be_texts() {
        for wrong in [json!({"sub": 5}), json!({"jti": 5}), json!({"jti": null})] {
            assert_eq!(checked(wrong), INVALID);
        }
    }

    #[test]
    fn a_user_is_named_by_text_or_a_whole_number() {
        let user = |value: Json| claims(json!({"user_id": value})).user_id("user_id");
        assert_eq!(user(json!("3")).as_deref(), Some("3"));
        assert_eq!(user(json!(3)).as_deref(), Some("3"));
        assert_eq!(user(json!(3.0)).as_deref(), Some("3"));
        assert_eq!(user(json!(u64::MAX)).as_deref(), Some("18446744073709551615"));
        for none in [json!(3.5), json!(true), json!(null), json!([3]), json!({"id": 3})] {
            assert_eq!(user(none.clone()), None, "{none}");
        }
    }

    #[test]
    fn claims_are_typed_on_the_way_out() {
        let mut claims = claims(json!({"exp": 4_102_444_800_i64, "tier": "gold", "seats": 3}));
        claims.set("beta", true);
        assert_eq!(claims.get::<String>("tier").as_deref(), Some("gold"));
        assert_eq!(claims.get::<u8>("seats"), Some(3));
        assert_eq!(claims.get::<u8>("tier"), None);
        assert_eq!(claims.get::<bool>("beta"), Some(true));
        assert_eq!(claims.expires_at().unwrap().to_sqlite_text(), "2100-01-01 00:00:00");
        assert_eq!(format!("{claims:?}"), r#"{"exp", "tier", "seats", "beta"}"#);
    }
}
