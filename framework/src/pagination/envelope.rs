//! What is written around the rows of a page.

use std::ops::Range;

use crate::values::JsonWriter;

/// The count and links of a page, and which of the rows read are shown.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Envelope {
    /// The number of all rows; absent from cursor pages.
    pub count: Option<i64>,
    /// The address of the next page.
    pub next: Option<String>,
    /// The address of the previous page.
    pub previous: Option<String>,
    /// The rows to show, by their place among those that were read.
    pub shown: Range<usize>,
    /// True when they are shown last one first.
    pub reversed: bool,
}

impl Envelope {
    /// Creates an envelope without links.
    pub fn new(count: Option<i64>, shown: Range<usize>) -> Self {
        Self { count, next: None, previous: None, shown, reversed: false }
    }

    /// Writes everything up to the rows: `{"count":3,"next":null,"previous":null,"results":`. What
    /// `out` holds already must end where a value is due.
    pub fn write_head(&self, out: &mut Vec<u8>) {
        let mut json = JsonWriter::after(std::mem::take(out));
        json.begin_object();
        if let Some(count) = self.count {
            json.key("count");
            json.i64(count);
        }
        for (key, link) in [("next", &self.next), ("previous", &self.previous)] {
            json.key(key);
            match link {
                Some(link) => json.str(link),
                None => json.null(),
            }
        }
        json.key("results");
        *out = json.into_bytes();
    }

    /// Writes what follows the rows: `}`.
    pub fn write_tail(&self, out: &mut Vec<u8>) {
        out.push(b'}');
    }
}

/// The type of a value in an envelope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum EnvelopeType {
    /// `integer`
    Integer,
    /// `string`, format `uri`, or null
    Link,
}

/// A key of an envelope, as shown in the OpenAPI document.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct EnvelopeField {
    /// The key.
    pub name: &'static str,
    /// What it holds.
    pub kind: EnvelopeType,
    /// True when the document lists it as required.
    pub required: bool,
    /// An example: a number, or an address.
    pub example: String,
}

impl EnvelopeField {
    /// A key that every page has.
    pub fn new(name: &'static str, kind: EnvelopeType, example: impl Into<String>) -> Self {
        Self { name, kind, required: true, example: example.into() }
    }

    /// A key that may be missing.
    #[must_use]
    pub fn optional(mut self) -> Self {
        self.required = false;
        self
    }

    pub(super) fn count() -> Self {
        Self::new("count", EnvelopeType::Integer, "123")
    }

    pub(super) fn link(name: &'static str, query: &str) -> Self {
        let example = format!("http://api.example.org/accounts/?{query}");
        Self::new(name, EnvelopeType::Link, example).optional()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_come_in_drfs_order() {
        let mut envelope = Envelope::new(Some(3), 0..1);
        envelope.next = Some("http://h/?page=2&q=\"".to_owned());
        let mut out = Vec::new();
        envelope.write_head(&mut out);
        out.extend_from_slice(b"[]");
        envelope.write_tail(&mut out);
        assert_eq!(
            String::from_utf8(out).unwrap(),
            r#"{"count":3,"next":"http://h/?page=2&q=\"","previous":null,"results":[]}"#
        );
    }

    #[test]
    fn a_cursor_page_has_no_count() {
        let mut out = Vec::new();
        Envelope::new(None, 0..0).write_head(&mut out);
        assert_eq!(String::from_utf8(out).unwrap(), r#"{"next":null,"previous":null,"results":"#);
    }
}
