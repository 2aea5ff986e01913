//! JSON bodies, with DRF's words when they are none (`rest_framework.parsers.JSONParser`).
//!
//! An error is the text that follows `JSON parse error - ` in DRF's answer.

use std::borrow::Cow;

use crate::fields::{Raw, parse_json};

use super::charset::{self, Charset};

/// Reads a UTF-8 body.
///
/// # Errors
/// The text that follows `JSON parse error - ` in DRF's answer.
pub fn parse(text: &[u8]) -> Result<Raw<'_>, String> {
    parse_json(charset::utf8(text)?)
}

/// Decodes a body in the encoding that the `charset` parameter of its media type names; an
/// unknown name is UTF-8, as Django has it. [`parse_json`] reads the result.
///
/// # Errors
/// As [`parse`].
pub fn decode<'a>(body: &'a [u8], charset: Option<&str>) -> Result<Cow<'a, str>, String> {
    charset.map_or(Charset::Utf8, Charset::from_name).decode(body)
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
        assert_eq!(parse(b"1\xc3").unwrap(), Raw::Int("1"));
    }

    #[test]
    fn other_charsets_are_obeyed_and_unknown_ones_are_utf8() {
        let read = |body: &[u8], charset| {
            decode(body, Some(charset)).and_then(|text| match parse_json(&text)? {
                Raw::Text(text) => Ok(text.into_owned()),
                other => Err(format!("{other:?}")),
            })
        };
        assert_eq!(read(b"\"\xe9\"", "latin-1").unwrap(), "é");
        assert_eq!(read(b"\xff\xfe\"\0\xe9\0\"\0", "UTF-16").unwrap(), "é");
        assert_eq!(read("\"é\"".as_bytes(), "klingon").unwrap(), "é");
        assert_eq!(
            read(b"\"\xe9\"", "ascii").unwrap_err(),
            "'ascii' codec can't decode byte 0xe9 in position 1: ordinal not in range(128)"
        );
        assert_eq!(read(b"{\0}\0", "utf-16").unwrap_err(), "UTF-16 stream does not start with BOM");
    }
}
