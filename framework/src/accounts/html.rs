//! The HTML of the pages.

use std::sync::LazyLock;

use actix_web::http::header::CONTENT_SECURITY_POLICY;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use crate::response::Response;

const STYLE: &str = "\
:root{color-scheme:light dark;--line:#bbb;--well:#f5f5f5;--ink:#222;--go:#2a6496;--bad:#a4262c}\
@media(prefers-color-scheme:dark){:root{--line:#555;--well:#222;--ink:#eee;--go:#2f6f9f;--bad:#ff9a94}}\
*{box-sizing:border-box}\
body{margin:0;font:16px/1.5 system-ui,sans-serif;color:var(--ink)}\
main{max-width:22rem;margin:10vh auto 2rem;padding:1.5rem;border:1px solid var(--line);\
border-radius:6px;background:var(--well)}\
h1{margin:0 0 1rem;font-size:1.4rem}\
label{display:block;font-weight:600}\
input{width:100%;margin:.25rem 0;padding:.5rem;font:inherit;border:1px solid var(--line);border-radius:4px}\
input[aria-invalid]{border-color:var(--bad)}\
button{width:100%;margin-top:.5rem;padding:.6rem;font:inherit;font-weight:600;color:#fff;\
background:var(--go);border:0;border-radius:4px;cursor:pointer}\
:focus-visible{outline:3px solid var(--go);outline-offset:2px}\
.field{margin-bottom:1rem}.help{margin:0;font-size:.9rem}\
.error{margin:.25rem 0;color:var(--bad)}[role=alert]{margin-bottom:1rem}a{color:inherit}";

/// A content security policy: nothing is loaded, nothing runs, and the style is identified by its
/// digest.
static POLICY: LazyLock<String> = LazyLock::new(|| {
    let digest = STANDARD.encode(Sha256::digest(STYLE));
    format!(
        "default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; frame-ancestors 'none'"
    )
});

/// A page of this title; `body` is HTML.
pub(super) fn page(title: &str, body: &str) -> Response {
    let title = escape(title);
    let html = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"robots\" content=\"noindex\">\n<title>{title}</title>\n\
         <style>{STYLE}</style>\n</head>\n<body>\n<main>\n<h1>{title}</h1>\n{body}\n</main>\n\
         </body>\n</html>\n"
    );
    Response::html(html).with_header(CONTENT_SECURITY_POLICY, &POLICY)
}

/// A text as HTML shows it, between tags and in quoted attributes.
pub(super) fn escape(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#x27;"),
            _ => html.push(letter),
        }
    }
    html
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::response::ResponseBody;

    #[test]
    fn what_a_client_sent_is_no_html() {
        assert_eq!(
            escape("<a href='x' b=\"&\">"),
            "&lt;a href=&#x27;x&#x27; b=&quot;&amp;&quot;&gt;"
        );
    }

    #[test]
    fn the_policy_knows_the_style_and_nothing_else() {
        let page = page("A & B", "<p>text</p>");
        let policy = page.headers.get(CONTENT_SECURITY_POLICY).unwrap().to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"), "{policy}");
        let ResponseBody::Bytes { bytes, .. } = page.body else { panic!("a page") };
        let html = String::from_utf8(bytes).unwrap();
        assert!(html.contains("<h1>A &amp; B</h1>\n<p>text</p>"), "{html}");
        // a policy of digests lets no attribute of style through
        assert!(!html.contains("style=") && !html.contains("<script"));
    }
}
