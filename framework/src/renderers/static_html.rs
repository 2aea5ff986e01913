//! `text/html` that a view has written itself.

use actix_web::http::StatusCode;

use super::{Renderer, RendererContext};

/// Pages whose text is the data of the response: `Response::new("<h1>Store</h1>")`
/// (`StaticHTMLRenderer`).
///
/// An error is a line of its status, `404 Not Found`, whatever its data. Data that is no text is shown as
/// JSON.
///
/// ```
/// use quintet::prelude::*;
/// use quintet::renderers::StaticHtmlRenderer;
///
/// async fn greet(_cx: &mut Context) -> Result<Response> {
///     Response::new("<html><body><h1>Hello</h1></body></html>")
/// }
///
/// let view = ApiView::new("Greeting").renderers(StaticHtmlRenderer).get(greet);
/// # let _ = view;
/// ```
#[doc(alias = "StaticHTMLRenderer")]
#[derive(Debug, Clone, Copy, Default)]
pub struct StaticHtmlRenderer;

impl Renderer for StaticHtmlRenderer {
    fn media_type(&self) -> &'static str {
        "text/html"
    }

    fn format(&self) -> &'static str {
        "html"
    }

    fn charset(&self) -> Option<&'static str> {
        Some("utf-8")
    }

    /// Django makes the page of an error with the user and the CSRF token at hand.
    fn varies_on(&self, context: &RendererContext<'_>) -> &'static [&'static str] {
        if context.exception { &["Cookie"] } else { &[] }
    }

    fn render(&self, json: Vec<u8>, context: &RendererContext<'_>) -> Vec<u8> {
        if context.exception {
            return status_line(context.status).into_bytes();
        }
        match serde_json::from_slice::<String>(&json) {
            Ok(text) => text.into_bytes(),
            Err(_) => json,
        }
    }
}

/// `404 Not Found`: the phrase as Python's `str.title` writes it.
fn status_line(status: u16) -> String {
    let phrase = StatusCode::from_u16(status).ok().and_then(|code| code.canonical_reason());
    let mut line = format!("{status} ");
    let mut starts = true;
    for letter in phrase.unwrap_or_default().chars() {
        let cased = if starts { letter.to_ascii_uppercase() } else { letter.to_ascii_lowercase() };
        line.push(cased);
        starts = !letter.is_alphabetic();
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rendered(json: &str, status: u16, exception: bool) -> String {
        let context = RendererContext::new("text/html").status(status, exception);
        String::from_utf8(StaticHtmlRenderer.render(json.into(), &context)).unwrap()
    }

    #[test]
    fn text_is_sent_as_it_is_and_an_error_is_its_status() {
        assert_eq!(rendered(r#""<h1>\u00e9\n</h1>""#, 200, false), "<h1>é\n</h1>");
        assert_eq!(rendered(r#"{"a":1}"#, 200, false), r#"{"a":1}"#);
        assert_eq!(rendered(r#"{"detail":"x"}"#, 406, true), "406 Not Acceptable");
        assert_eq!(rendered("{}", 405, true), "405 Method Not Allowed");
    }
}
