//! A placeholder for the browsable API in the list of renderers.

use super::{Renderer, RendererContext};

/// `text/html`, format `api`: DRF's `BrowsableAPIRenderer`.
///
/// It is in the default list because DRF's responses vary by `Accept` with it. It has no pages, so
/// it is never chosen: a client that accepts only HTML gets a 406, and `?format=api` is a 404.
#[doc(alias = "BrowsableAPIRenderer")]
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

    fn render(&self, json: Vec<u8>, _: &RendererContext<'_>) -> Vec<u8> {
        json
    }
}
