//! The texts of a field by code (`default_error_messages`, `error_messages`).

use super::Field;
use super::kind::{Char, FieldKind, TextForm};
use crate::validators::words;

const NOT_A_LIST: &str = "Expected a list of items but got type \"{input_type}\".";

impl Field {
    /// The text of a code, with names in braces (`error_messages[code]`): the field's own, or that of
    /// its kind.
    ///
    /// ```
    /// use quintet::fields::Field;
    ///
    /// let name = Field::char("name").error("blank", "A name, please.");
    /// assert_eq!(name.error_message("blank"), Some("A name, please."));
    /// assert_eq!(name.error_message("required"), Some("This field is required."));
    /// assert_eq!(name.error_message("date"), None);
    /// ```
    pub fn error_message(&self, code: &str) -> Option<&str> {
        let own = self.messages.iter().find(|(known, _)| *known == code);
        own.map(|(_, text)| &**text).or_else(|| self.default_error_message(code))
    }

    /// The text that its kind has for a code.
    pub(crate) fn default_error_message(&self, code: &str) -> Option<&'static str> {
        Some(match (&self.kind, code) {
            (_, "required") => "This field is required.",
            (_, "null") => "This field may not be null.",
            (FieldKind::Boolean, "invalid") => "Must be a valid boolean.",
            (FieldKind::Char(char), code) => return text(char, code),
            (FieldKind::Uuid { .. }, "invalid") => "Must be a valid UUID.",
            (FieldKind::Integer { big: false, .. }, "invalid") => "A valid integer is required.",
            (FieldKind::Integer { big: true, .. }, "invalid") => "A valid biginteger is required.",
            (FieldKind::Float { .. } | FieldKind::Decimal(_), "invalid") => {
                "A valid number is required."
            }
            (
                FieldKind::Integer { .. }
                | FieldKind::Float { .. }
                | FieldKind::Decimal(_)
                | FieldKind::Duration { .. },
                "max_value",
            ) => words::GREATEST,
            (
                FieldKind::Integer { .. }
                | FieldKind::Float { .. }
                | FieldKind::Decimal(_)
                | FieldKind::Duration { .. },
                "min_value",
            ) => words::LEAST,
            (
                FieldKind::Integer { .. } | FieldKind::Float { .. } | FieldKind::Decimal(_),
                "max_string_length",
            ) => "String value too large.",
            (FieldKind::Decimal(_), "max_digits") => {
                "Ensure that there are no more than {max_digits} digits in total."
            }
            (FieldKind::Decimal(_), "max_decimal_places") => {
                "Ensure that there are no more than {max_decimal_places} decimal places."
            }
            (FieldKind::Decimal(_), "max_whole_digits") => {
                "Ensure that there are no more than {max_whole_digits} digits before the decimal point."
            }
            (FieldKind::DateTime { .. }, "invalid") => {
                "Datetime has wrong format. Use one of these formats instead: {format}."
            }
            (FieldKind::DateTime { .. }, "date") => "Expected a datetime but got a date.",
            (FieldKind::DateTime { .. }, "overflow") => "Datetime value out of range.",
            (FieldKind::Date { .. }, "invalid") => {
                "Date has wrong format. Use one of these formats instead: {format}."
            }
            (FieldKind::Time { .. }, "invalid") => {
                "Time has wrong format. Use one of these formats instead: {format}."
            }
            (FieldKind::Duration { .. }, "invalid") => {
                "Duration has wrong format. Use one of these formats instead: {format}."
            }
            (FieldKind::Choice { .. } | FieldKind::MultipleChoice { .. }, "invalid_choice") => {
                "\"{input}\" is not a valid choice."
            }
            (FieldKind::MultipleChoice { .. }, "empty") => "This selection may not be empty.",
            (FieldKind::Dict { .. }, "not_a_dict") => {
                "Expected a dictionary of items but got type \"{input_type}\"."
            }
            (FieldKind::Dict { .. }, "empty") => "This dictionary may not be empty.",
            (FieldKind::Json { .. }, "invalid") => "Value must be valid JSON.",
            (FieldKind::PrimaryKey { .. }, "does_not_exist") => {
                "Invalid pk \"{pk_value}\" - object does not exist."
            }
            (FieldKind::PrimaryKey { .. }, "incorrect_type") => {
                "Incorrect type. Expected pk value, received {data_type}."
            }
            (FieldKind::SlugKey, "does_not_exist") => {
                "Object with {slug_name}={value} does not exist."
            }
            (FieldKind::SlugKey, "invalid") => "Invalid value.",
            (FieldKind::Nested { many: false, .. }, "invalid") => {
                "Invalid data. Expected a dictionary, but got {datatype}."
            }
            (
                FieldKind::List { .. }
                | FieldKind::MultipleChoice { .. }
                | FieldKind::ManyRelated { .. }
                | FieldKind::Nested { many: true, .. },
                "not_a_list",
            ) => NOT_A_LIST,
            (
                FieldKind::List { .. }
                | FieldKind::ManyRelated { .. }
                | FieldKind::Nested { many: true, .. },
                "empty",
            ) => "This list may not be empty.",
            (FieldKind::List { .. } | FieldKind::Nested { many: true, .. }, "max_length") => {
                words::MOST_ELEMENTS
            }
            (FieldKind::List { .. } | FieldKind::Nested { many: true, .. }, "min_length") => {
                words::FEWEST_ELEMENTS
            }
            _ => return None,
        })
    }
}

/// The texts of `CharField` and its subclasses.
fn text(char: &Char, code: &str) -> Option<&'static str> {
    Some(match code {
        "blank" => "This field may not be blank.",
        "max_length" => words::MOST_CHARACTERS,
        "min_length" => words::FEWEST_CHARACTERS,
        "invalid" => match &char.form {
            TextForm::Plain => "Not a valid string.",
            TextForm::Email => words::EMAIL,
            TextForm::Regex(_) => words::PATTERN,
            TextForm::Pattern { message, .. } => message,
            TextForm::Slug { allow_unicode: false } => {
                "Enter a valid \"slug\" consisting of letters, numbers, underscores or hyphens."
            }
            TextForm::Slug { allow_unicode: true } => {
                "Enter a valid \"slug\" consisting of Unicode letters, numbers, underscores, or hyphens."
            }
            TextForm::Url => words::URL,
            TextForm::Ip(_) => words::IP,
        },
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::super::{Raw, parse_json};
    use super::*;

    #[test]
    fn texts_by_code_are_those_that_fields_fail_with() {
        let cases = [
            (Field::boolean("f"), "invalid", "[]"),
            (Field::char("f"), "blank", r#""""#),
            (Field::char("f"), "invalid", "true"),
            (Field::char("f"), "null", "null"),
            (Field::email("f"), "invalid", r#""x""#),
            (Field::slug("f"), "invalid", r#""x y""#),
            (Field::unicode_slug("f"), "invalid", r#""x y""#),
            (Field::url("f"), "invalid", r#""x""#),
            (Field::ip_address("f", crate::fields::Protocol::Both), "invalid", r#""x""#),
            (Field::uuid("f"), "invalid", r#""x""#),
            (Field::integer("f"), "invalid", r#""x""#),
            (Field::big_integer("f"), "invalid", r#""x""#),
            (Field::float("f"), "invalid", r#""x""#),
            (Field::decimal("f", 4, 2), "invalid", r#""x""#),
            (Field::json("f"), "invalid", "1e400"),
            (Field::list("f", Field::char("")).refuse_empty(), "empty", "[]"),
            (Field::dict("f", Field::char("")).refuse_empty(), "empty", "{}"),
            (Field::multiple_choice("f", ["a"]).refuse_empty(), "empty", "[]"),
        ];
        for (field, code, body) in cases {
            let text = field.error_message(code).unwrap();
            let error = field.run(Some(&parse_json(body).unwrap()), false).unwrap_err();
            assert_eq!(error.to_json(), serde_json::json!([text]), "{code} of {:?}", field.kind);
        }
        let bounds = [
            (Field::char("f").max_length(1), "max_length", Raw::Text("ab".into()), "1"),
            (Field::char("f").min_length(3), "min_length", Raw::Text("ab".into()), "3"),
            (Field::integer("f").max_value("1"), "max_value", Raw::Int("2".into()), "1"),
            (Field::integer("f").min_value("3"), "min_value", Raw::Int("2".into()), "3"),
            (Field::choice("f", ["a"]), "invalid_choice", Raw::Text("b".into()), "b"),
            (Field::list("f", Field::char("")), "not_a_list", Raw::Bool(true), "bool"),
            (Field::dict("f", Field::char("")), "not_a_dict", Raw::Bool(true), "bool"),
        ];
        for (field, code, raw, bound) in bounds {
            let text = field.error_message(code).unwrap();
            let names =
                ["max_length", "min_length", "max_value", "min_value", "input", "input_type"];
            let text = names
                .iter()
                .fold(text.to_owned(), |text, name| text.replace(&format!("{{{name}}}"), bound));
            let error = field.run(Some(&raw), false).unwrap_err();
            assert_eq!(error.to_json(), serde_json::json!([text]), "{code}");
        }
    }
}
