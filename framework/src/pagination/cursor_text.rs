//! The text of a cursor: `o` (offset), `r` (direction) and `p` (position), form-encoded, then
//! base64.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::clamp;
use super::links::push_form_encoded;
use crate::filters::python;
use crate::request::QueryParams;

/// A place in a list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Cursor {
    pub(super) offset: i64,
    pub(super) reverse: bool,
    pub(super) position: Option<String>,
}

impl Cursor {
    pub(super) fn decode(encoded: &str, offset_cutoff: i64) -> Option<Self> {
        let bytes = encoded.is_ascii().then(|| python::base64(encoded.as_bytes())).flatten()?;
        let query = String::from_utf8(bytes).ok().filter(|text| text.is_ascii())?;
        let tokens = QueryParams::parse(&query);
        let first = |name: &str| tokens.iter().find(|(key, _)| *key == name).map(|(_, v)| v);
        let offset = python::int(first("o").unwrap_or("0")).filter(|offset| *offset >= 0)?;
        let mut offset = clamp(offset);
        if offset_cutoff > 0 {
            offset = offset.min(offset_cutoff);
        }
        let reverse = python::int(first("r").unwrap_or("0"))? != 0;
        Some(Self { offset, reverse, position: first("p").map(str::to_owned) })
    }

    pub(super) fn encode(&self) -> String {
        let mut query = String::new();
        if self.offset != 0 {
            let _ = write!(query, "o={}", self.offset);
        }
        if self.reverse {
            query.push_str(if query.is_empty() { "r=1" } else { "&r=1" });
        }
        if let Some(position) = &self.position {
            query.push_str(if query.is_empty() { "p=" } else { "&p=" });
            push_form_encoded(&mut query, position);
        }
        STANDARD.encode(query)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_of_a_cursor_is_drfs() {
        let cursor = |offset, reverse, position: Option<&str>| {
            Cursor { offset, reverse, position: position.map(str::to_owned) }.encode()
        };
        assert_eq!(cursor(0, false, Some("t0")), "cD10MA==");
        assert_eq!(cursor(0, true, Some("t1")), "cj0xJnA9dDE=");
        assert_eq!(
            cursor(0, false, Some("2025-12-09 00:00:00+00:00")),
            "cD0yMDI1LTEyLTA5KzAwJTNBMDAlM0EwMCUyQjAwJTNBMDA="
        );
        assert_eq!(
            Cursor::decode("cj0xJnA9dDE=", 1000),
            Some(Cursor { offset: 0, reverse: true, position: Some("t1".into()) })
        );
        // base64 that skips what is none, as Python's
        assert_eq!(Cursor::decode("cj0x Jn!A9dDE=xx", 1000), Cursor::decode("cj0xJnA9dDE=", 1000));
        assert_eq!(Cursor::decode("", 1000), Some(Cursor::default()));
    }
}
