//! serde's way to the same JSON.

use std::io::{self, Write};

use serde_json::ser::Formatter;

use super::writer;

/// Writes floats as Python spells them and escapes U+2028 and U+2029; the rest of `serde_json`'s
/// compact form is what Python writes too.
#[derive(Debug, Clone, Copy)]
pub(super) struct PythonFormatter;

impl Formatter for PythonFormatter {
    fn write_f32<W: ?Sized + Write>(&mut self, to: &mut W, value: f32) -> io::Result<()> {
        // the shortest digits of the float, not those of its widened form
        let value = value.to_string().parse().unwrap_or_else(|_| f64::from(value));
        self.write_f64(to, value)
    }

    fn write_f64<W: ?Sized + Write>(&mut self, to: &mut W, value: f64) -> io::Result<()> {
        let mut text = Vec::with_capacity(24);
        writer::write_float(&mut text, value);
        to.write_all(&text)
    }

    fn write_string_fragment<W: ?Sized + Write>(
        &mut self,
        to: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        let mut rest = fragment;
        while let Some(at) = rest.find(['\u{2028}', '\u{2029}']) {
            let (plain, separator) = rest.split_at(at);
            to.write_all(plain.as_bytes())?;
            to.write_all(if separator.starts_with('\u{2028}') { b"\\u2028" } else { b"\\u2029" })?;
            rest = separator.get('\u{2028}'.len_utf8()..).unwrap_or_default();
        }
        to.write_all(rest.as_bytes())
    }
}
