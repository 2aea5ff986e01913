//! Turning a response into bytes (`rest_framework.renderers`).
//!
//! Views write JSON, with [`JsonWriter`] or through a serializer; a renderer turns those bytes into
//! its own media type. `Accept`, a format suffix (`/books.json`) or `?format=` selects the
//! renderer. If none satisfies `Accept`, the response is a 406; if none has the format, it is a
//! 404.
//!
//! # Setting the renderers
//!
//! A site has [`JsonRenderer`] and [`BrowsableApiRenderer`]. A view set has
//! [`renderer_classes`](crate::viewsets::ViewSet::renderer_classes), an
//! [`ApiView`](crate::views::ApiView) `.renderers(..)`, and the default of the site is part of its
//! [`Policies`](crate::views::Policies) (`DEFAULT_RENDERER_CLASSES`).
//!
//! # API reference
//!
//! - [`JsonRenderer`]: `application/json`, compact, or indented if `Accept` says so
//! - [`StaticHtmlRenderer`]: pages that are text in the view's response
//! - [`BrowsableApiRenderer`]: a placeholder for DRF's browsable API, so that responses vary by
//!   `Accept` as DRF's do; it has no pages, and is never chosen
//!
//! # Custom renderers
//!
//! A renderer gets the JSON of every response, errors included, and with it the response's status, the
//! media type that the client accepts, and the request:
//!
//! ```
//! use quintet::renderers::{JsonRenderer, Renderer, RendererContext};
//! use quintet::views::ApiView;
//!
//! /// JSON under the company's own media type.
//! #[derive(Debug)]
//! struct LibraryRenderer;
//!
//! impl Renderer for LibraryRenderer {
//!     fn media_type(&self) -> &'static str {
//!         "application/vnd.library+json"
//!     }
//!
//!     fn format(&self) -> &'static str {
//!         "library"
//!     }
//!
//!     fn render(&self, json: Vec<u8>, _: &RendererContext<'_>) -> Vec<u8> {
//!         json
//!     }
//! }
//!
//! let view = ApiView::new("Status").renderers((JsonRenderer, LibraryRenderer));
//! # let _ = view;
//! ```

mod browsable;
mod context;
mod json;
mod static_html;

use std::fmt;

pub use browsable::BrowsableApiRenderer;
pub use context::RendererContext;
pub use json::JsonRenderer;
pub use static_html::StaticHtmlRenderer;

use crate::classes::class_list;
use crate::negotiation::Offer;
pub use crate::values::JsonWriter;

class_list! {
    /// The `renderer_classes` of a view: one renderer, a tuple of them, the preferred one first, or
    /// [`Inherit`](crate::classes::Inherit).
    #[diagnostic::on_unimplemented(
        message = "`{Self}` is neither a renderer nor a tuple of renderers",
        label = "expected a renderer, which is a type with `impl Renderer`, or a tuple of them",
        note = "write `impl Renderer for {Self}`; several renderers are a tuple, the preferred one first: \
                `(JsonRenderer, BrowsableApiRenderer)`"
    )]
    RendererClasses of Renderer as Renderer
}

/// Writes responses in one media type (`BaseRenderer`).
///
/// Implement it for a format of your own; the response, errors included, arrives as compact JSON.
/// By default, `Content-Type` has no charset.
///
/// ```
/// use quintet::renderers::{Renderer, RendererContext};
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
///     fn render(&self, mut json: Vec<u8>, _: &RendererContext<'_>) -> Vec<u8> {
///         json.splice(0..0, *b")]}'\n");
///         json
///     }
/// }
/// ```
#[doc(alias = "BaseRenderer")]
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a renderer",
    note = "write `impl Renderer for {Self}`"
)]
pub trait Renderer: fmt::Debug + Send + Sync + 'static {
    /// Its media type: `application/json`.
    fn media_type(&self) -> &'static str;

    /// Its name as a format suffix and in `?format=`.
    fn format(&self) -> &'static str;

    /// The `charset` of its `Content-Type`; none by default.
    fn charset(&self) -> Option<&'static str> {
        None
    }

    /// Whether it can be chosen. False for a renderer that is only in the list so that responses
    /// vary by `Accept`.
    fn is_available(&self) -> bool {
        true
    }

    /// Turns compact JSON into this media type. The context has the negotiated media type, with the
    /// client's parameters, and the status.
    fn render(&self, json: Vec<u8>, context: &RendererContext<'_>) -> Vec<u8>;

    /// The request headers, besides `Accept`, that what it writes depends on, for `Vary`; none by default.
    fn varies_on(&self, _context: &RendererContext<'_>) -> &'static [&'static str] {
        &[]
    }

    /// The value of `Content-Type`.
    fn content_type(&self) -> String {
        match self.charset() {
            Some(charset) => format!("{}; charset={charset}", self.media_type()),
            None => self.media_type().to_owned(),
        }
    }
}

/// A renderer as negotiation sees it.
pub(crate) fn offer(renderer: &dyn Renderer) -> Option<Offer<'static>> {
    renderer
        .is_available()
        .then(|| Offer { media_type: renderer.media_type(), format: renderer.format() })
}
