//! Validation of new passwords (`django.contrib.auth.password_validation`), with Django's messages:
//! `settings.auth.password_validators` names the validators and their order.
//!
//! The list of common passwords is that of the crate `passwords`, a hundred thousand of them; of
//! the twenty thousand that Django refuses, more than 99 in a hundred are on it.

mod similarity;

use std::borrow::Cow;

use super::{Account, User};
use crate::db::{Model, ModelMeta};
use crate::exceptions::{Detail, Validated};
use crate::settings::AuthSettings;
use crate::values::{ValueRef, python};

/// The fields that a password must not be similar to.
const ATTRIBUTES: [&str; 4] = ["username", "first_name", "last_name", "email"];

/// Attributes of the user, by verbose name. Similarity is checked against these only.
#[derive(Debug, Clone, Default)]
pub struct UserAttributes(Vec<(Cow<'static, str>, String)>);

impl UserAttributes {
    /// Adds a field: `with("email address", "alice@example.com")`.
    #[must_use]
    pub fn with(mut self, name: impl Into<Cow<'static, str>>, value: impl Into<String>) -> Self {
        self.0.push((name.into(), value.into()));
        self
    }
}

impl From<&Account> for UserAttributes {
    fn from(account: &Account) -> Self {
        let model = account.meta().model;
        let mut known = Self::default();
        for name in ATTRIBUTES {
            if let Some(ValueRef::Text(value)) = account.value(name) {
                known = known.with(verbose_name(model, name), value);
            }
        }
        known
    }
}

/// The verbose name of a field of a user model.
pub(crate) fn verbose_name(model: &ModelMeta, field: &str) -> String {
    if *model == *User::META && field == "email" {
        return "email address".into();
    }
    field.replace('_', " ")
}

/// Runs every validator of the settings on a password, and reports all failures, in order.
///
/// ```
/// use quintet::auth::{UserAttributes, validate_password};
/// use quintet::settings::AuthSettings;
///
/// let user = UserAttributes::default().with("username", "alice.smith");
/// let refused = validate_password("alicesmith", &user, &AuthSettings::default()).unwrap_err();
/// let texts = serde_json::json!(["The password is too similar to the username."]);
/// assert_eq!(refused.to_json(), texts);
/// ```
///
/// # Errors
/// The list of messages, with Django's codes.
pub fn validate_password(
    password: &str,
    user: &UserAttributes,
    settings: &AuthSettings,
) -> Validated {
    let refused: Vec<Detail> = settings
        .password_validators
        .iter()
        .filter_map(|name| check(name, password, user, settings))
        .collect();
    if refused.is_empty() { Ok(()) } else { Err(Detail::List(refused)) }
}

/// The help texts of the validators in the settings (`password_validators_help_texts`).
pub fn password_validators_help_texts(settings: &AuthSettings) -> Vec<String> {
    let least = settings.password_min_length;
    let text = |name: &String| {
        Some(match name.as_str() {
            "UserAttributeSimilarityValidator" => {
                "Your password can’t be too similar to your other personal information.".into()
            }
            "MinimumLengthValidator" => {
                format!("Your password must contain at least {least} {}.", characters(least))
            }
            "CommonPasswordValidator" => "Your password can’t be a commonly used password.".into(),
            "NumericPasswordValidator" => "Your password can’t be entirely numeric.".into(),
            _ => return None,
        })
    };
    settings.password_validators.iter().filter_map(text).collect()
}

/// Runs one validator.
fn check(
    name: &str,
    password: &str,
    user: &UserAttributes,
    settings: &AuthSettings,
) -> Option<Detail> {
    match name {
        "UserAttributeSimilarityValidator" => {
            let lower = password.to_lowercase();
            let (name, _) =
                user.0.iter().find(|(_, value)| similarity::is_too_similar(&lower, value))?;
            let text = format!("The password is too similar to the {name}.");
            Some(Detail::new(text, "password_too_similar"))
        }
        "MinimumLengthValidator" => {
            let least = settings.password_min_length;
            (password.chars().count() < least).then(|| {
                let unit = characters(least);
                let text =
                    format!("This password is too short. It must contain at least {least} {unit}.");
                Detail::new(text, "password_too_short")
            })
        }
        "CommonPasswordValidator" => is_common(password)
            .then(|| Detail::new("This password is too common.", "password_too_common")),
        "NumericPasswordValidator" => is_numeric(password).then(|| {
            Detail::new("This password is entirely numeric.", "password_entirely_numeric")
        }),
        _ => None,
    }
}

fn characters(count: usize) -> &'static str {
    if count == 1 { "character" } else { "characters" }
}

/// Never: settings that name a list that is not compiled in are refused.
#[cfg(not(feature = "common-passwords"))]
fn is_common(_: &str) -> bool {
    false
}

/// Whether a password is common, ignoring case: the list has some in capitals only.
#[cfg(feature = "common-passwords")]
fn is_common(password: &str) -> bool {
    let lower = password.to_lowercase();
    let lower = python::strip(&lower);
    let mut rest = lower.chars();
    let capitalized: String = match rest.next() {
        Some(first) => first.to_uppercase().chain(rest).collect(),
        None => return false,
    };
    [lower, &capitalized, &lower.to_uppercase()]
        .into_iter()
        .any(passwords::analyzer::is_common_password)
}

/// `str.isdigit`: digits of any script, and raised, lowered or circled ones.
fn is_numeric(password: &str) -> bool {
    let is_digit = |c: char| {
        python::digit(c).is_some()
            || matches!(c, '²' | '³' | '¹' | '⁰' | '⁴'..='⁹' | '₀'..='₉' | '①'..='⑨' | '⑴'..='⑼'
                | '⒈'..='⒐' | '⓪' | '⓵'..='⓽' | '⓿' | '❶'..='❾' | '➀'..='➈' | '➊'..='➒'
                | '፩'..='፱')
    };
    !password.is_empty() && password.chars().all(is_digit)
}

#[cfg(all(test, feature = "common-passwords"))]
mod tests {
    use serde_json::json;

    use super::*;

    fn texts(password: &str) -> serde_json::Value {
        let user = UserAttributes::default()
            .with("username", "alice.smith")
            .with("first name", "Alice")
            .with("last name", "Smith-Jones")
            .with("email address", "alice@example.com");
        match validate_password(password, &user, &AuthSettings::default()) {
            Ok(()) => json!([]),
            Err(detail) => detail.to_json(),
        }
    }

    const SHORT: &str = "This password is too short. It must contain at least 8 characters.";
    const COMMON: &str = "This password is too common.";
    const NUMERIC: &str = "This password is entirely numeric.";

    fn like(name: &str) -> String {
        format!("The password is too similar to the {name}.")
    }

    /// Django 5.2 said the same.
    #[test]
    fn all_that_is_wrong_is_told_in_djangos_words_and_order() {
        for (password, expected) in [
            ("", json!([SHORT])),
            ("1234", json!([SHORT, COMMON, NUMERIC])),
            ("password", json!([COMMON])),
            ("  PASSWORD  ", json!([COMMON])),
            ("alicesmith", json!([like("username")])),
            ("ecila", json!([like("username"), SHORT])),
            ("smithjones1", json!([like("last name")])),
            ("example1", json!([like("email address")])),
            ("alice@example.com", json!([like("email address")])),
            ("moc.elpmaxe", json!([like("email address")])),
            ("Alice", json!([like("username"), SHORT, COMMON])),
            ("12345678901234", json!([NUMERIC])),
            ("²³¹²³¹²³", json!([NUMERIC])),
            ("٣٣٣٣٣٣٣٣", json!([NUMERIC])),
            ("½½½½½½½½", json!([])),
            ("straße", json!([SHORT])),
            ("correct horse", json!([])),
        ] {
            assert_eq!(texts(password), expected, "{password}");
        }
    }

    #[test]
    fn codes_are_djangos() {
        let refused =
            validate_password("1234", &UserAttributes::default(), &AuthSettings::default());
        let codes =
            json!(["password_too_short", "password_too_common", "password_entirely_numeric"]);
        assert_eq!(refused.unwrap_err().codes(), codes);
    }

    #[test]
    fn the_settings_choose_the_checks_their_order_and_the_length() {
        let names = ["NumericPasswordValidator", "MinimumLengthValidator"];
        let mut settings = AuthSettings {
            password_validators: names.map(Into::into).to_vec(),
            password_min_length: 1,
            ..AuthSettings::default()
        };
        let check = |password| validate_password(password, &UserAttributes::default(), &settings);
        assert_eq!(check("1").unwrap_err().to_json(), json!([NUMERIC]));
        let one = "This password is too short. It must contain at least 1 character.";
        assert_eq!(check("").unwrap_err().to_json(), json!([one]));
        assert_eq!(
            password_validators_help_texts(&settings),
            [
                "Your password can’t be entirely numeric.",
                "Your password must contain at least 1 character."
            ]
        );
        settings.password_validators.clear();
        assert_eq!(validate_password("", &UserAttributes::default(), &settings), Ok(()));
    }

    #[test]
    fn an_account_is_known_by_its_names_and_its_address() {
        let mut user = super::super::testing::user();
        user.email = "alice@example.com".into();
        let known = UserAttributes::from(&Account::from(user));
        let refused = validate_password("alice@example", &known, &AuthSettings::default());
        assert_eq!(refused.unwrap_err().to_json(), json!([like("email address")]));
    }
}
