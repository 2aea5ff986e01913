//! What an answer looks like on the wire: its bytes, or that it has none.

use quintet::http::header::{CACHE_CONTROL, HeaderName};
use quintet::prelude::*;
use quintet::renderers::{Renderer, RendererContext};
use serde_json::{Value, json};

/// One line for each key: `name=Motörhead`.
#[derive(Debug)]
pub struct PlainTextRenderer;

impl Renderer for PlainTextRenderer {
    fn media_type(&self) -> &'static str {
        "text/plain"
    }

    fn format(&self) -> &'static str {
        "txt"
    }

    fn charset(&self) -> Option<&'static str> {
        Some("utf-8")
    }

    fn render(&self, json: Vec<u8>, _: &RendererContext<'_>) -> Vec<u8> {
        let Ok(Value::Object(data)) = serde_json::from_slice(&json) else { return json };
        let lines = data.iter().map(|(key, value)| format!("{key}={}\n", text(value)));
        lines.collect::<String>().into_bytes()
    }
}

/// A line of keys, and one of quoted values for each object.
#[derive(Debug)]
pub struct CsvRenderer;

impl Renderer for CsvRenderer {
    fn media_type(&self) -> &'static str {
        "text/csv"
    }

    fn format(&self) -> &'static str {
        "csv"
    }

    fn charset(&self) -> Option<&'static str> {
        Some("utf-8")
    }

    fn render(&self, json: Vec<u8>, _: &RendererContext<'_>) -> Vec<u8> {
        let rows = match serde_json::from_slice(&json) {
            Ok(Value::Array(rows)) => rows,
            Ok(row) => vec![row],
            Err(_) => return json,
        };
        let rows: Vec<_> = rows.iter().filter_map(Value::as_object).collect();
        let keys = rows.first().map(|row| row.keys().cloned().collect::<Vec<_>>().join(","));
        let quoted = |value: &Value| format!("\"{}\"", text(value).replace('"', "\"\""));
        let lines = rows.iter().map(|row| row.values().map(quoted).collect::<Vec<_>>().join(","));
        let lines: Vec<String> = keys.into_iter().chain(lines).collect();
        (lines.join("\r\n") + "\r\n").into_bytes()
    }
}

/// A value as Python's `str` writes it.
fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Bool(true) => "True".into(),
        Value::Bool(false) => "False".into(),
        Value::Null => "None".into(),
        other => other.to_string(),
    }
}

/// The same document in each format.
pub async fn formats(cx: &mut Context) -> Result<Response> {
    let format = cx.accepted_renderer().map(|renderer| renderer.format);
    Response::new(&json!({ "name": "Motörhead", "format": format, "count": 3 }))
}

/// A page that is written here.
pub async fn html(_cx: &mut Context) -> Result<Response> {
    Response::new("<html><body><h1>Store</h1></body></html>")
}

/// Responds without a body.
pub async fn empty(cx: &mut Context) -> Result<Response> {
    Ok(match cx.request.query_params().get("code") {
        Some("200") => Response::empty(200),
        Some("202") => Response::new(&json!({}))?.with_status(202),
        Some("304") => Response::empty(304),
        _ => Response::empty(204),
    })
}

/// Values that are easy to encode wrongly in JSON.
pub async fn encoding(_cx: &mut Context) -> Result<Response> {
    let answer = Response::new(&json!({
        "unicode": "Ænima – 日本語 🎸", "separator": "a\u{2028}b\u{2029}c", "html": "<b>&'\"</b>",
        "control": "\t\n\u{1}\u{7f}", "big": 1_u64 << 63, "float": 1.0, "tiny": 1e-07, "large": 1e22,
        "decimal": Decimal::new(110, 2), "none": null, "nested": [[], {}, [1, [2, [3]]]], "slash": "a/b\\c",
    }))?;
    Ok(answer
        .with_header(HeaderName::from_static("x-extra"), "yes")
        .with_header(CACHE_CONTROL, "no-store"))
}
