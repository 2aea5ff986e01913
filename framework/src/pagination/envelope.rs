//! What is written around the rows of a page.

use std::borrow::Cow;
use std::ops::Range;

use crate::values::JsonWriter;

/// What the keys around the rows of a page are called, and which there are: DRF's by default.
/// [`Pagination::with_keys`](super::Pagination::with_keys) gives them to a pagination.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnvelopeKeys {
    count: Option<Cow<'static, str>>,
    links: Option<(Cow<'static, str>, Cow<'static, str>)>,
    results: Cow<'static, str>,
}

impl Default for EnvelopeKeys {
    fn default() -> Self {
        Self {
            count: Some("count".into()),
            links: Some(("next".into(), "previous".into())),
            results: "results".into(),
        }
    }
}

impl EnvelopeKeys {
    /// `count`, `next`, `previous`, `results`.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the key of the rows.
    #[must_use]
    pub fn results(mut self, key: impl Into<Cow<'static, str>>) -> Self {
        self.results = key.into();
        self
    }

    /// Sets the key of the number of all rows.
    #[must_use]
    pub fn count(mut self, key: impl Into<Cow<'static, str>>) -> Self {
        self.count = Some(key.into());
        self
    }

    /// Sets the keys of the addresses of the next page and of the previous one.
    #[must_use]
    pub fn links(
        mut self,
        next: impl Into<Cow<'static, str>>,
        previous: impl Into<Cow<'static, str>>,
    ) -> Self {
        self.links = Some((next.into(), previous.into()));
        self
    }

    /// Leaves the links out.
    #[must_use]
    pub fn without_links(mut self) -> Self {
        self.links = None;
        self
    }

    /// Leaves the number of rows out. They are counted all the same.
    #[must_use]
    pub fn without_count(mut self) -> Self {
        self.count = None;
        self
    }

    /// The key of the rows.
    pub fn results_key(&self) -> &str {
        &self.results
    }

    /// A pagination's fields, under these keys.
    pub(super) fn rename(&self, field: EnvelopeField) -> Option<EnvelopeField> {
        let key = match &*field.name {
            "count" => self.count.clone()?,
            "next" => self.links.clone()?.0,
            "previous" => self.links.clone()?.1,
            _ => return Some(field),
        };
        Some(EnvelopeField { name: key, ..field })
    }
}

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
    /// What its keys are called.
    pub keys: EnvelopeKeys,
    /// Keys of its own, before the rows (an overridden `get_paginated_response`). A pagination
    /// that adds some describes them in [`Pagination::envelope`](super::Pagination::envelope).
    pub extra: Vec<(Cow<'static, str>, serde_json::Value)>,
}

impl Envelope {
    /// Creates an envelope without links.
    pub fn new(count: Option<i64>, shown: Range<usize>) -> Self {
        Self {
            count,
            next: None,
            previous: None,
            shown,
            reversed: false,
            keys: EnvelopeKeys::new(),
            extra: Vec::new(),
        }
    }

    /// Writes everything up to the rows: `{"count":3,"next":null,"previous":null,"results":`. What
    /// `out` holds already must end where a value is due.
    pub fn write_head(&self, out: &mut Vec<u8>) {
        let mut json = JsonWriter::after(std::mem::take(out));
        json.begin_object();
        if let (Some(count), Some(key)) = (self.count, &self.keys.count) {
            json.key(key);
            json.i64(count);
        }
        if let Some((next, previous)) = &self.keys.links {
            for (key, link) in [(next, &self.next), (previous, &self.previous)] {
                json.key(key);
                match link {
                    Some(link) => json.str(link),
                    None => json.null(),
                }
            }
        }
        for (key, value) in &self.extra {
            json.key(key);
            // a value is always JSON
            let _ = json.serialize(value);
        }
        json.key(&self.keys.results);
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
    pub name: Cow<'static, str>,
    /// What it holds.
    pub kind: EnvelopeType,
    /// True when the document lists it as required.
    pub required: bool,
    /// An example: a number, or an address.
    pub example: String,
}

impl EnvelopeField {
    /// A key that every page has.
    pub fn new(
        name: impl Into<Cow<'static, str>>,
        kind: EnvelopeType,
        example: impl Into<String>,
    ) -> Self {
        Self { name: name.into(), kind, required: true, example: example.into() }
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
    fn keys_have_the_names_that_they_are_given() {
        let mut envelope = Envelope::new(Some(3), 0..0);
        envelope.keys = EnvelopeKeys::new().results("articles").count("total").without_links();
        envelope.extra.push(("took".into(), serde_json::json!({"ms": 4})));
        let mut out = Vec::new();
        envelope.write_head(&mut out);
        assert_eq!(String::from_utf8(out).unwrap(), r#"{"total":3,"took":{"ms":4},"articles":"#);
    }

    #[test]
    fn a_cursor_page_has_no_count() {
        let mut out = Vec::new();
        Envelope::new(None, 0..0).write_head(&mut out);
        assert_eq!(String::from_utf8(out).unwrap(), r#"{"next":null,"previous":null,"results":"#);
    }
}
