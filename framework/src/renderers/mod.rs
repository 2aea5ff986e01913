//! From an answer to its bytes (`rest_framework.renderers`).
//!
//! Views write JSON once, with [`JsonWriter`]; a renderer turns those bytes into its own media
//! type.

mod browsable;
mod json;

use std::fmt;

pub use browsable::BrowsableApiRenderer;
pub use json::JsonRenderer;

use crate::classes::class_list;
use crate::negotiation::Offer;
pub use crate::values::JsonWriter;

class_list! {
    /// What a view names as its `renderer_classes`: one renderer, a tuple of them, the preferred one
    /// first, or [`Inherit`](crate::classes::Inherit).
    #[diagnostic::on_unimplemented(
        message = "`{Self}` is neither a renderer nor a tuple of renderers",
        label = "expected a renderer"
    )]
    RendererClasses of Renderer as Renderer
}

/// Writes answers in one media type.
///
/// Implement it for a format of your own; the answer arrives as compact JSON.
///
/// ```
/// use quintet::renderers::Renderer;
///
/// /// `application/json` behind a line that no script can run.
/// #[derive(Debug)]
/// struct Guarded;
///
/// impl Renderer for Guarded {
///     fn media_type(&self) -> &'static str {
///         "application/json"
///     }
///     fn format(&self) -> &'static str {
///         "guarded"
///     }
///     fn render(&self, mut json: Vec<u8>, _accepted: &str) -> Vec<u8> {
///         json.splice(0..0, *b")]}'\n");
///         json
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a renderer",
    note = "write `impl Renderer for {Self}`"
)]
pub trait Renderer: fmt::Debug + Send + Sync + 'static {
    /// What it writes: `application/json`.
    fn media_type(&self) -> &'static str;

    /// Its name as a suffix and in `?format=`.
    fn format(&self) -> &'static str;

    /// The `charset` of its `Content-Type`; none by default.
    fn charset(&self) -> Option<&'static str> {
        None
    }

    /// False for a renderer that is a member of the list, so that answers vary by `Accept`, but
    /// is never chosen.
    fn is_available(&self) -> bool {
        true
    }

    /// Turns compact JSON into this media type. `accepted` is the media type that was agreed on,
    /// with the client's parameters.
    fn render(&self, json: Vec<u8>, accepted: &str) -> Vec<u8>;

    /// The value of `Content-Type`.
    fn content_type(&self) -> String {
        match self.charset() {
            Some(charset) => format!("{}; charset={charset}", self.media_type()),
            None => self.media_type().to_owned(),
        }
    }
}

/// What negotiation sees of a renderer.
pub(crate) fn offer(renderer: &dyn Renderer) -> Option<Offer<'static>> {
    renderer
        .is_available()
        .then(|| Offer { media_type: renderer.media_type(), format: renderer.format() })
}
