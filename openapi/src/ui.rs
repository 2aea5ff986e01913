//! Swagger UI without the network: the page, its files and its policy.
//!
//! The files are those of the npm package `swagger-ui-dist` (Apache-2.0; licence and notices
//! beside them in `assets/swagger-ui`), and two of our own. No script stands in the page, so the
//! policy allows none there.
//!
//! ```
//! use quintet_openapi::ui;
//!
//! let page = ui::page("/api/schema/", "Music store API");
//! assert!(page.contains("data-schema-url=\"/api/schema/\""));
//! assert_eq!(ui::asset("docs.js").unwrap().content_type, "text/javascript; charset=utf-8");
//! assert!(ui::asset("../Cargo.toml").is_none());
//! ```

use std::fmt::Write as _;
use std::sync::OnceLock;

/// The release of Swagger UI.
pub const SWAGGER_UI_VERSION: &str = "5.32.6";

/// `Content-Security-Policy` of the page: nothing from elsewhere, no script or style in the page
/// itself, requests to this host only, not in a frame.
pub const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; \
    style-src 'self'; img-src 'self' data:; font-src 'self' data:; connect-src 'self'; \
    base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// `Content-Type` of the page.
pub const PAGE_CONTENT_TYPE: &str = "text/html; charset=utf-8";

/// `Cache-Control` of the assets: the page links to them by their contents, so they never change.
pub const ASSET_CACHE_CONTROL: &str = "public, max-age=31536000, immutable";

/// A file that the page loads.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Asset {
    /// The file's name, the last part of its URL.
    pub name: &'static str,
    /// The value of `Content-Type`.
    pub content_type: &'static str,
    /// The contents.
    pub body: &'static [u8],
    /// The value of `ETag`, quotes included.
    pub etag: String,
}

impl Asset {
    fn new(name: &'static str, content_type: &'static str, body: &'static [u8]) -> Self {
        Self { name, content_type, body, etag: format!("\"{:016x}\"", fnv(body)) }
    }

    /// What the page adds to the URL.
    fn version(&self) -> &str {
        self.etag.trim_matches('"')
    }
}

/// The file of a name.
pub fn asset(name: &str) -> Option<&'static Asset> {
    assets().iter().find(|asset| asset.name == name)
}

/// All files.
pub fn assets() -> &'static [Asset] {
    static ASSETS: OnceLock<Vec<Asset>> = OnceLock::new();
    ASSETS.get_or_init(|| {
        const SCRIPT: &str = "text/javascript; charset=utf-8";
        const STYLE: &str = "text/css; charset=utf-8";
        vec![
            Asset::new(
                "swagger-ui.css",
                STYLE,
                include_bytes!("../assets/swagger-ui/swagger-ui.css"),
            ),
            Asset::new(
                "swagger-ui-bundle.js",
                SCRIPT,
                include_bytes!("../assets/swagger-ui/swagger-ui-bundle.js"),
            ),
            Asset::new(
                "favicon-32x32.png",
                "image/png",
                include_bytes!("../assets/swagger-ui/favicon-32x32.png"),
            ),
            Asset::new("docs.css", STYLE, include_bytes!("../assets/docs/docs.css")),
            Asset::new("docs.js", SCRIPT, include_bytes!("../assets/docs/docs.js")),
        ]
    })
}

/// The page over the document at a URL. It looks for the assets beside itself, so its own URL
/// ends in a slash.
pub fn page(schema_url: &str, title: &str) -> String {
    let link = |name: &str| {
        let version = asset(name).map_or("", Asset::version);
        format!("{name}?v={version}")
    };
    let mut page = String::from("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n");
    let _ = write!(
        page,
        "<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title}</title>\n\
         <link rel=\"icon\" type=\"image/png\" href=\"{icon}\">\n\
         <link rel=\"stylesheet\" href=\"{ui_style}\">\n\
         <link rel=\"stylesheet\" href=\"{style}\">\n\
         </head>\n<body>\n\
         <div id=\"swagger-ui\" data-schema-url=\"{schema_url}\"></div>\n\
         <noscript>This page needs JavaScript. The document itself is at \
         <a href=\"{schema_url}\">{schema_url}</a>.</noscript>\n\
         <script src=\"{bundle}\"></script>\n\
         <script src=\"{script}\"></script>\n\
         </body>\n</html>\n",
        title = escape(title),
        schema_url = escape(schema_url),
        icon = link("favicon-32x32.png"),
        ui_style = link("swagger-ui.css"),
        style = link("docs.css"),
        bundle = link("swagger-ui-bundle.js"),
        script = link("docs.js"),
    );
    page
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#x27;"),
            letter => out.push(letter),
        }
    }
    out
}

/// FNV-1a: tells contents apart, protects nothing.
fn fnv(bytes: &[u8]) -> u64 {
    let step = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, step)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_the_page_links_to_is_there() {
        let page = page("/api/schema/", "Store");
        let links: Vec<&str> = page
            .split(['"'])
            .filter_map(|part| part.split_once("?v=").map(|(name, _)| name))
            .collect();
        assert_eq!(links.len(), 5);
        assert!(links.iter().all(|name| asset(name).is_some_and(|asset| !asset.body.is_empty())));
    }

    #[test]
    fn titles_and_addresses_are_escaped() {
        let page = page("/schema/?a=1&b=\"", "<script>");
        assert!(page.contains("data-schema-url=\"/schema/?a=1&amp;b=&quot;\""));
        assert!(page.contains("<title>&lt;script&gt;</title>"));
    }

    #[test]
    fn there_is_no_script_or_style_in_the_page() {
        let page = page("/api/schema/", "Store");
        assert!(page.split("<script").skip(1).all(|rest| rest.starts_with(" src=")));
        assert!(!page.contains("<style") && !page.contains(" style=") && !page.contains("://"));
    }

    #[test]
    fn tags_of_different_contents_differ() {
        let tags: std::collections::BTreeSet<_> = assets().iter().map(|one| &one.etag).collect();
        assert_eq!(tags.len(), assets().len());
        assert_eq!(fnv(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fnv(b"a"), 0xaf63_dc4c_8601_ec8c);
    }
}
