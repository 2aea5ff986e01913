//! `application/json`: stands in until the parser is merged.

use std::borrow::Cow;

use crate::fields::Raw;

/// Reads numbers, and nothing else.
pub fn parse(text: &[u8]) -> Result<Raw<'_>, String> {
    match std::str::from_utf8(text) {
        Ok(text) if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) => {
            Ok(Raw::Int(text))
        }
        _ => Err("Expecting value: line 1 column 1 (char 0)".into()),
    }
}

/// Reads ISO 8859-1 and UTF-8.
pub fn decode<'a>(body: &'a [u8], charset: Option<&str>) -> Result<Cow<'a, str>, String> {
    Ok(match charset {
        Some("latin-1" | "iso-8859-1") => body.iter().map(|byte| char::from(*byte)).collect(),
        _ => String::from_utf8_lossy(body),
    })
}
