//! JSON values as YAML: block style, quoted wherever a plain word could be taken for something
//! else, several lines as a literal block.

use std::fmt::Write as _;

use serde_json::Value;

/// The text of a value, ending with a line break.
pub(crate) fn to_string(value: &Value) -> String {
    let mut out = String::new();
    match value {
        Value::Object(map) if !map.is_empty() => block(&mut out, value, 0),
        Value::Array(list) if !list.is_empty() => block(&mut out, value, 0),
        _ => {
            scalar(&mut out, value, 1);
            out.push('\n');
        }
    }
    out
}

fn block(out: &mut String, value: &Value, depth: usize) {
    match value {
        Value::Object(map) => {
            for (index, (key, value)) in map.iter().enumerate() {
                if index > 0 {
                    indent(out, depth);
                }
                string(out, key);
                out.push(':');
                entry(out, value, depth);
            }
        }
        Value::Array(list) => {
            for (index, item) in list.iter().enumerate() {
                if index > 0 {
                    indent(out, depth);
                }
                out.push('-');
                if nested(item) {
                    // The first line of the item stands beside its dash.
                    out.push(' ');
                    block(out, item, depth + 1);
                } else {
                    entry(out, item, depth);
                }
            }
        }
        _ => {}
    }
}

/// What follows a colon or a dash.
fn entry(out: &mut String, value: &Value, depth: usize) {
    if nested(value) {
        // A list may stand at the depth of its key.
        let depth = if value.is_array() { depth } else { depth + 1 };
        out.push('\n');
        indent(out, depth);
        block(out, value, depth);
    } else {
        out.push(' ');
        scalar(out, value, depth + 1);
        out.push('\n');
    }
}

fn nested(value: &Value) -> bool {
    match value {
        Value::Object(map) => !map.is_empty(),
        Value::Array(list) => !list.is_empty(),
        _ => false,
    }
}

fn indent(out: &mut String, depth: usize) {
    for _ in 0..depth {
        out.push_str("  ");
    }
}

fn scalar(out: &mut String, value: &Value, depth: usize) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(true) => out.push_str("true"),
        Value::Bool(false) => out.push_str("false"),
        Value::Number(number) => {
            let text = number.to_string();
            // YAML 1.1 takes `1e20` for a word.
            let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((&text, ""));
            out.push_str(mantissa);
            if !exponent.is_empty() {
                let point = if mantissa.contains('.') { "" } else { ".0" };
                let sign = if exponent.starts_with(['-', '+']) { "" } else { "+" };
                let _ = write!(out, "{point}e{sign}{exponent}");
            }
        }
        Value::String(text) if is_literal(text) => literal(out, text, depth),
        Value::String(text) => string(out, text),
        Value::Array(_) => out.push_str("[]"),
        Value::Object(_) => out.push_str("{}"),
    }
}

/// Several lines that a literal block gives back unchanged.
fn is_literal(text: &str) -> bool {
    text.contains('\n')
        && !text.starts_with(['\n', ' '])
        && !text.ends_with("\n\n")
        && text.lines().all(|line| !line.ends_with(' ') && !line.ends_with('\t'))
        && text.chars().all(|letter| letter == '\n' || printable(letter))
}

fn literal(out: &mut String, text: &str, depth: usize) {
    out.push_str(if text.ends_with('\n') { "|" } else { "|-" });
    for line in text.trim_end_matches('\n').split('\n') {
        out.push('\n');
        if !line.is_empty() {
            indent(out, depth);
            out.push_str(line);
        }
    }
}

fn string(out: &mut String, text: &str) {
    if is_plain(text) {
        out.push_str(text);
    } else if text.chars().all(printable) {
        out.push('\'');
        out.push_str(&text.replace('\'', "''"));
        out.push('\'');
    } else {
        quoted(out, text);
    }
}

fn quoted(out: &mut String, text: &str) {
    out.push('"');
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            letter if printable(letter) => out.push(letter),
            letter => {
                let _ = write!(out, "\\U{:08X}", u32::from(letter));
            }
        }
    }
    out.push('"');
}

/// What YAML lets stand as it is, line breaks of any kind and the byte order mark apart.
fn printable(letter: char) -> bool {
    matches!(letter, ' '..='~' | '\u{a0}'..='\u{2027}' | '\u{202a}'..='\u{d7ff}'
        | '\u{e000}'..='\u{fefe}' | '\u{ff00}'..='\u{fffd}' | '\u{10000}'..='\u{10ffff}')
}

/// Words that no reader of YAML 1.1 or 1.2 takes for anything but a string.
fn is_plain(text: &str) -> bool {
    const TAKEN: [&str; 11] =
        ["null", "true", "false", "yes", "no", "on", "off", "y", "n", "inf", "nan"];
    let starts = |c: char| c.is_ascii_alphabetic() || matches!(c, '_' | '/' | '$');
    let follows = |c: char| {
        c.is_ascii_alphanumeric()
            || matches!(c, '_' | '-' | '.' | '/' | '+' | ' ' | '{' | '}' | '$')
    };
    text.starts_with(starts)
        && text.chars().all(follows)
        && !text.ends_with(' ')
        && !TAKEN.iter().any(|word| text.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn maps_and_lists_are_blocks() {
        let value = json!({"openapi": "3.1.0", "tags": [{"name": "a", "of": ["x", 1]}, []],
            "none": {}, "security": [{"tokenAuth": []}, {}]});
        assert_eq!(
            to_string(&value),
            "openapi: '3.1.0'\ntags:\n- name: a\n  of:\n  - x\n  - 1\n- []\nnone: {}\n\
             security:\n- tokenAuth: []\n- {}\n"
        );
    }

    #[test]
    fn lists_in_lists_stand_beside_their_dash() {
        assert_eq!(
            to_string(&json!([[1, [2]], {"a": {"b": 1}}])),
            "- - 1\n  - - 2\n- a:\n    b: 1\n"
        );
    }

    #[test]
    fn words_that_mean_something_else_are_quoted() {
        let of = |text: &str| to_string(&json!(text));
        assert_eq!(of("200"), "'200'\n");
        assert_eq!(of("No"), "'No'\n");
        assert_eq!(of("null"), "'null'\n");
        assert_eq!(of(""), "''\n");
        assert_eq!(of("it's: # - a"), "'it''s: # - a'\n");
        assert_eq!(of("1e5"), "'1e5'\n");
        assert_eq!(of("#/components/schemas/A"), "'#/components/schemas/A'\n");
        assert_eq!(of("/api/a/{id}/"), "/api/a/{id}/\n");
        assert_eq!(of("a\u{0}\u{2028}é"), "\"a\\U00000000\\U00002028é\"\n");
        assert_eq!(of("a\t\r\"\\"), "\"a\\t\\r\\\"\\\\\"\n");
    }

    #[test]
    fn several_lines_are_a_literal_block() {
        let value = json!({"description": "One.\n\n* `a` - A: b", "list": ["x\ny\n"]});
        assert_eq!(
            to_string(&value),
            "description: |-\n  One.\n\n  * `a` - A: b\nlist:\n- |\n  x\n  y\n"
        );
        assert_eq!(to_string(&json!("a \nb")), "\"a \\nb\"\n");
        assert_eq!(to_string(&json!("\n")), "\"\\n\"\n");
    }

    #[test]
    fn large_numbers_keep_a_point() {
        assert_eq!(
            to_string(&json!([1e30, 1.5e-9, -3, 0.5])),
            "- 1.0e+30\n- 1.5e-9\n- -3\n- 0.5\n"
        );
    }

    #[test]
    fn whatever_is_written_is_read_back() {
        let words = [
            "",
            " ",
            "a b",
            " a",
            "a ",
            "a:",
            "a: b",
            "a #b",
            "#",
            "- a",
            "-",
            "?",
            "? a",
            "!a",
            "&a",
            "*a",
            "%a",
            "@a",
            "`a`",
            "{a}",
            "[a]",
            "a,b",
            "'",
            "''",
            "\"",
            "\\",
            "|",
            ">",
            "~",
            "null",
            "True",
            "yes",
            "OFF",
            "y",
            "1",
            "1.5",
            "0x1f",
            "0o7",
            "1e5",
            ".5",
            "+1",
            "1_000",
            "12:30",
            "2026-01-01",
            "=",
            "<<",
            ".inf",
            "NaN",
            "a\nb",
            "a\n",
            "\na",
            "a\n\n",
            "a\n\nb\n",
            "a \nb",
            " a\nb",
            "a\n b\n\tc",
            "\n",
            "\t",
            "\r",
            "a\r\nb",
            "\u{0}",
            "\u{7f}",
            "\u{85}",
            "\u{2028}",
            "\u{feff}",
            "\u{fffe}",
            "é",
            "😀",
            "😀\né",
            "---",
            "...",
            "--- a",
            "a\n---\nb",
            "/api/{id}/",
            "^-?\\d{0,8}$",
            "# a\nb",
            "- a\n- b",
        ];
        for word in words {
            for value in [
                json!(word),
                json!({ word: word }),
                json!([word, [word, [word]], { "a": word, word: [word] }]),
                json!({ "a": { "b": [{ "c": word, "d": { "e": word } }, [], {}] } }),
            ] {
                let text = to_string(&value);
                let read: Result<Value, _> = yaml_serde::from_str(&text);
                assert_eq!(read.ok(), Some(value), "{word:?} was written as\n{text}");
            }
        }
    }
}
