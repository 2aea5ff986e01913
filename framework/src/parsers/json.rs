//! JSON bodies, with DRF's messages for invalid ones (`rest_framework.parsers.JSONParser`).
//!
//! An error is the text that follows `JSON parse error - ` in DRF's response.

use crate::values::{Raw, parse_json};

use super::charset::Charset;

/// Parses a UTF-8 body.
///
/// # Errors
/// The text that follows `JSON parse error - ` in DRF's response.
pub fn parse(text: &[u8]) -> Result<Raw<'_>, String> {
    match std::str::from_utf8(text) {
        Ok(text) => parse_json(text),
        Err(error) => match Charset::Utf8.read(text) {
            // a character that is cut short at the end was dropped
            Ok(_) => parse_json(head(text, error.valid_up_to())),
            Err(reason) => Err(reason),
        },
    }
}

fn head(text: &[u8], length: usize) -> &str {
    text.get(..length).and_then(|head| std::str::from_utf8(head).ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(body: &[u8]) -> String {
        parse(body).unwrap_err()
    }

    #[test]
    fn bytes_that_are_no_utf8_are_named() {
        let codec = "'utf-8' codec can't decode";
        assert_eq!(
            refused(b"\xff"),
            format!("{codec} byte 0xff in position 0: invalid start byte")
        );
        assert_eq!(
            refused(b"\"\xf0\x9f\""),
            format!("{codec} bytes in position 1-2: invalid continuation byte")
        );
        assert_eq!(
            refused(b"\"\xed\xa0\x80\""),
            format!("{codec} byte 0xed in position 1: invalid continuation byte")
        );
        assert_eq!(parse(b"1\xc3").unwrap(), Raw::Int("1".into()));
    }
}
