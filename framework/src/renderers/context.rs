//! What a renderer knows beside the data.

use crate::request::Context;

/// What a renderer knows of the response and its request (`renderer_context`).
///
/// ```
/// use quintet::renderers::{JsonRenderer, Renderer, RendererContext};
///
/// let context = RendererContext::new("application/json; indent=1");
/// assert_eq!(JsonRenderer.render(b"[1]".to_vec(), &context), b"[\n 1\n]");
/// ```
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct RendererContext<'a> {
    /// The negotiated media type, with the client's parameters (`accepted_media_type`).
    pub accepted_media_type: &'a str,
    /// The status of the response.
    pub status: u16,
    /// Whether the response is that of an error (`response.exception`).
    pub exception: bool,
    /// The request; `None` outside of a site.
    pub cx: Option<&'a Context>,
}

impl<'a> RendererContext<'a> {
    /// The context of a response with the status 200, outside of a site.
    pub fn new(accepted_media_type: &'a str) -> Self {
        Self { accepted_media_type, status: 200, exception: false, cx: None }
    }

    /// Sets the status of the response, and whether it is that of an error.
    #[must_use]
    pub fn status(mut self, status: u16, exception: bool) -> Self {
        (self.status, self.exception) = (status, exception);
        self
    }

    /// Sets the request.
    #[must_use]
    pub fn request(mut self, cx: &'a Context) -> Self {
        self.cx = Some(cx);
        self
    }
}
