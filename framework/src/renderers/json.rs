//! `application/json`.

use super::{Renderer, RendererContext};
use crate::negotiation::MediaType;
use crate::values::python::ensure_ascii;

/// JSON: compact, or indented if the client sends `Accept: application/json; indent=4`
/// (`JSONRenderer`). `UNICODE_JSON` and `COMPACT_JSON` change what it writes.
///
/// ```
/// use quintet::renderers::{JsonRenderer, Renderer, RendererContext};
///
/// let json = br#"{"id":1}"#.to_vec();
/// let indented = JsonRenderer.render(json, &RendererContext::new("application/json; indent=2"));
/// assert_eq!(indented, b"{\n  \"id\": 1\n}");
/// ```
#[doc(alias = "JSONRenderer")]
#[derive(Debug, Clone, Copy, Default)]
pub struct JsonRenderer;

impl Renderer for JsonRenderer {
    fn media_type(&self) -> &'static str {
        "application/json"
    }

    fn format(&self) -> &'static str {
        "json"
    }

    fn render(&self, json: Vec<u8>, context: &RendererContext<'_>) -> Vec<u8> {
        let settings = context.cx.map(|cx| &cx.settings().rest_framework);
        let json = match indent_of(context.accepted_media_type) {
            Some(indent) => indented(&json, indent),
            None if settings.is_some_and(|settings| !settings.compact_json) => spaced(&json),
            None => json,
        };
        if settings.is_some_and(|settings| !settings.unicode_json) { ascii(json) } else { json }
    }
}

/// Compact JSON with a space after `,` and `:`, as Python's `json.dumps` writes it by default.
fn spaced(json: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(json.len() + json.len() / 8);
    let (mut in_text, mut escaped) = (false, false);
    for byte in json {
        out.push(*byte);
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = in_text,
            b'"' => in_text = !in_text,
            b',' | b':' if !in_text => out.push(b' '),
            _ => {}
        }
    }
    out
}

/// JSON in ASCII.
fn ascii(json: Vec<u8>) -> Vec<u8> {
    match String::from_utf8(json) {
        Ok(text) if text.bytes().all(|byte| byte <= b'~') => text.into_bytes(),
        Ok(text) => {
            let mut out = String::with_capacity(text.len() * 2);
            ensure_ascii(&text, &mut out);
            out.into_bytes()
        }
        Err(broken) => broken.into_bytes(),
    }
}

/// The `indent` of a media type, from 1 to 8; other values mean compact or are clamped.
fn indent_of(accepted: &str) -> Option<usize> {
    if !accepted.contains(';') {
        return None;
    }
    let media_type = MediaType::parse(accepted);
    let indent: i64 = media_type.param("indent")?.trim().parse().ok()?;
    usize::try_from(indent.clamp(0, 8)).ok().filter(|indent| *indent > 0)
}

/// Indents compact JSON as Python's `json.dumps(indent=..)` does.
fn indented(json: &[u8], indent: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(json.len() * 2);
    let mut depth = 0_usize;
    let mut in_text = false;
    let mut escaped = false;
    let line = |out: &mut Vec<u8>, depth: usize| {
        out.push(b'\n');
        out.resize(out.len() + depth * indent, b' ');
    };
    for (at, byte) in json.iter().enumerate() {
        if in_text {
            out.push(*byte);
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => in_text = false,
                _ => {}
            }
            continue;
        }
        match byte {
            b'{' | b'[' => {
                out.push(*byte);
                depth += 1;
                if !matches!(json.get(at + 1), Some(b'}' | b']')) {
                    line(&mut out, depth);
                }
            }
            b'}' | b']' => {
                depth = depth.saturating_sub(1);
                if !matches!(out.last(), Some(b'{' | b'[')) {
                    line(&mut out, depth);
                }
                out.push(*byte);
            }
            b',' => {
                out.push(b',');
                line(&mut out, depth);
            }
            b':' => out.extend_from_slice(b": "),
            _ => {
                in_text = *byte == b'"';
                out.push(*byte);
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rendered(json: &str, accepted: &str) -> String {
        String::from_utf8(JsonRenderer.render(json.into(), &RendererContext::new(accepted)))
            .unwrap()
    }

    #[test]
    fn an_indent_lays_out_as_python_does() {
        let json = r#"{"a":[1,{"b,":"x:{\"["}],"c":[],"d":{}}"#;
        let expected = "{\n  \"a\": [\n    1,\n    {\n      \"b,\": \"x:{\\\"[\"\n    }\n  ],\n  \"c\": [],\n  \"d\": {}\n}";
        assert_eq!(rendered(json, "application/json; indent=2"), expected);
    }

    #[test]
    fn odd_indents_are_compact_or_cut() {
        for accepted in
            ["application/json; indent=0", "application/json; indent=-3", "*/*;indent=x"]
        {
            assert_eq!(rendered("[1]", accepted), "[1]");
        }
        assert_eq!(rendered("[1]", "application/json; indent=99"), "[\n        1\n]");
    }

    #[test]
    fn spaces_and_escapes_are_pythons() {
        let json = r#"{"a,b":[1,"x:\\","é🎸"],"c":{}}"#;
        assert_eq!(spaced(json.as_bytes()), r#"{"a,b": [1, "x:\\", "é🎸"], "c": {}}"#.as_bytes());
        let expected = r#"{"a,b":[1,"x:\\","\u00e9\ud83c\udfb8"],"c":{}}"#;
        assert_eq!(String::from_utf8(ascii(json.into())).unwrap(), expected);
        assert_eq!(ascii(b"[\"~\x7f\"]".to_vec()), br#"["~\u007f"]"#);
    }
}
