//! Text: `CharField` and its subclasses.

use std::net::IpAddr;

use crate::exceptions::Detail;
use crate::validators::{self, words};

use super::kind::{Char, Protocol, TextForm};
use super::{Field, Raw, Value, python};

/// Whether text is empty, or would be after trimming.
pub(super) fn is_blank(text: &str, trim: bool) -> bool {
    text.is_empty() || (trim && python::strip(text).is_empty())
}

pub(super) fn convert(field: &Field, char: &Char, raw: &Raw<'_>) -> Result<Value, Detail> {
    if let TextForm::Ip(protocol) = char.form {
        let Some(text) = raw.as_text() else {
            return Err(field.fail("invalid", invalid(&TextForm::Ip(Protocol::Both))));
        };
        if text.contains(':') && protocol != Protocol::V4 {
            return clean_ipv6(text, protocol == Protocol::Both)
                .map(Value::Text)
                .ok_or_else(|| field.fail("invalid", invalid(&TextForm::Ip(Protocol::Both))));
        }
    }
    let text = match raw {
        Raw::Text(_) | Raw::Surrogate(..) | Raw::JsonText(_) | Raw::Int(_) | Raw::Float(_) => {
            python::text(raw)
        }
        _ => {
            // the code `invalid` has one text for every way of being invalid
            let form = match &char.form {
                TextForm::Slug { .. } => &TextForm::Slug { allow_unicode: false },
                form => form,
            };
            return Err(field.fail("invalid", invalid(form)));
        }
    };
    let text = if char.trim_whitespace { python::strip(&text) } else { &text };
    Ok(Value::Text(text.to_owned()))
}

pub(super) fn validate(
    field: &Field,
    char: &Char,
    value: &str,
    surrogate: Option<u16>,
    errors: &mut Vec<Detail>,
) {
    // a model's validators run before those of the field
    if let TextForm::Pattern { regex, message } = &char.form
        && !regex.is_match(value)
    {
        errors.push(Detail::invalid(*message));
    }
    if let Some(max) = char.max_length
        && value.len() > max
        && value.chars().count() > max
    {
        let text = words::MOST_CHARACTERS;
        errors.push(field.message("max_length", text, &[("max_length", &max.to_string())]));
    }
    if let Some(min) = char.min_length
        && (value.len() < min || value.chars().count() < min)
    {
        let text = words::FEWEST_CHARACTERS;
        errors.push(field.message("min_length", text, &[("min_length", &min.to_string())]));
    }
    if value.as_bytes().contains(&0) {
        errors.push(validators::has_nuls());
    }
    if let Some(unit) = surrogate {
        errors.push(Detail::new(
            format!("Surrogate characters are not allowed: U+{unit:X}."),
            "surrogate_characters_not_allowed",
        ));
    }
    let fits = match &char.form {
        TextForm::Plain | TextForm::Pattern { .. } => true,
        TextForm::Email => validators::is_email(value),
        TextForm::Url => validators::is_url(value),
        TextForm::Slug { allow_unicode } => validators::is_slug(value, *allow_unicode),
        TextForm::Regex(expression) => expression.is_match(value),
        TextForm::Ip(protocol) => is_ip(value, *protocol),
    };
    if !fits {
        let code = if matches!(char.form, TextForm::Slug { allow_unicode: true }) {
            "invalid_unicode"
        } else {
            "invalid"
        };
        let message = field.message(code, invalid(&char.form), &[]);
        // the code is `invalid`, whatever the message is called
        errors.push(match message {
            Detail::Message { text, .. } => Detail::invalid(text),
            other => other,
        });
    }
}

fn invalid(form: &TextForm) -> &'static str {
    match form {
        TextForm::Plain | TextForm::Pattern { .. } => "Not a valid string.",
        TextForm::Email => words::EMAIL,
        TextForm::Url => words::URL,
        TextForm::Slug { allow_unicode: false } => {
            "Enter a valid \"slug\" consisting of letters, numbers, underscores or hyphens."
        }
        TextForm::Slug { allow_unicode: true } => {
            "Enter a valid \"slug\" consisting of Unicode letters, numbers, underscores, or hyphens."
        }
        TextForm::Regex(_) => words::PATTERN,
        TextForm::Ip(Protocol::Both) => words::IP,
        TextForm::Ip(Protocol::V4) => words::IPV4,
        TextForm::Ip(Protocol::V6) => words::IPV6,
    }
}

fn is_ip(value: &str, protocol: Protocol) -> bool {
    match protocol {
        Protocol::Both => validators::is_ipv4(value) || validators::is_ipv6(value),
        Protocol::V4 => validators::is_ipv4(value),
        Protocol::V6 => validators::is_ipv6(value),
    }
}

/// The shortest form of an IPv6 address, without its zone; an IPv4 address that it carries is
/// taken out when `unpack`.
fn clean_ipv6(text: &str, unpack: bool) -> Option<String> {
    let address = validators::parse_ipv6(text)?;
    let shortest = match address.to_ipv4_mapped() {
        Some(inner) if unpack => IpAddr::V4(inner),
        _ => IpAddr::V6(address),
    };
    Some(shortest.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_come_in_order_lengths_first() {
        let field = Field::slug("s").min_length(5).max_length(2);
        let error = field.run(Some(&Raw::Text("a b".into())), false).unwrap_err();
        assert_eq!(error.codes(), serde_json::json!(["max_length", "min_length", "invalid"]));
    }

    #[test]
    fn a_lone_surrogate_is_named() {
        let field = Field::char("c");
        let raw = Raw::Surrogate("a\u{fffd}".into(), 0xD800);
        assert_eq!(
            field.run(Some(&raw), false).unwrap_err().to_json(),
            serde_json::json!(["Surrogate characters are not allowed: U+D800."])
        );
    }

    #[test]
    fn lengths_count_characters() {
        let field = Field::char("c").max_length(3);
        assert!(field.run(Some(&Raw::Text("👍👍👍".into())), false).is_ok());
        assert!(field.run(Some(&Raw::Text("👍👍👍👍".into())), false).is_err());
    }

    #[test]
    fn a_field_may_have_its_own_words() {
        let field = Field::char("c").error("blank", "A track needs a name.").max_length(2);
        let field = field.error("max_length", "Only {max_length}!");
        let run = |text: &str| field.run(Some(&Raw::Text(text.into())), false).unwrap_err();
        assert_eq!(run(" ").to_json(), serde_json::json!(["A track needs a name."]));
        assert_eq!(run("abc").to_json(), serde_json::json!(["Only 2!"]));
    }
}
