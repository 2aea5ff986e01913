//! The place of the browsable API in the list of renderers.

use super::Renderer;

/// `text/html`, format `api`.
///
/// A member of the default list, because responses vary by `Accept` with it. It has no pages, so
/// that it is never chosen: a client that accepts nothing but HTML gets 406, `?format=api` is 404.
#[derive(Debug, Clone, Copy, Default)]
pub struct BrowsableApiRenderer;

impl Renderer for BrowsableApiRenderer {
    fn media_type(&self) -> &'static str {
        "text/html"
    }

    fn format(&self) -> &'static str {
        "api"
    }

    fn charset(&self) -> Option<&'static str> {
        Some("utf-8")
    }

    fn is_available(&self) -> bool {
        false
    }

    fn render(&self, json: Vec<u8>, _accepted: &str) -> Vec<u8> {
        json
    }
}
