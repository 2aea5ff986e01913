//! What a view says of itself to OPTIONS (`rest_framework.metadata`).
//!
//! A view that has no handler of its own for OPTIONS responds with its name, its description and the
//! media types that it renders and parses, once the request has passed authentication, permissions and
//! throttles. DRF's `actions`, the fields of serializers, are in the OpenAPI document instead.
//!
//! A handler of your own can respond with more:
//!
//! ```
//! use quintet::http::header::CONTENT_LANGUAGE;
//! use quintet::metadata::SimpleMetadata;
//! use quintet::prelude::*;
//!
//! async fn options(_cx: &mut Context) -> Result<Response> {
//!     let metadata = SimpleMetadata::new("Greeting", "Greets in the language of the client.")
//!         .renders(&["application/json"])
//!         .parses(&["application/json"]);
//!     Ok(metadata.into_response().with_header(CONTENT_LANGUAGE, "en"))
//! }
//! # let metadata = SimpleMetadata::new("Greeting", "").renders(&["application/json"]);
//! # let shown = r#"{"name":"Greeting","description":"","renders":["application/json"],"parses":[]}"#;
//! # assert_eq!(metadata.to_json(), shown.as_bytes());
//! ```

use crate::renderers::JsonWriter;
use crate::response::Response;

/// The body of a response to OPTIONS (`SimpleMetadata`), without the fields of serializers.
#[doc(alias = "BaseMetadata")]
#[derive(Debug, Clone, Copy)]
pub struct SimpleMetadata<'a> {
    name: &'a str,
    description: &'a str,
    renders: &'a [&'a str],
    parses: &'a [&'a str],
}

impl<'a> SimpleMetadata<'a> {
    /// The metadata of a view that renders and parses nothing yet.
    pub fn new(name: &'a str, description: &'a str) -> Self {
        Self { name, description, renders: &[], parses: &[] }
    }

    /// The media types of its responses.
    #[must_use]
    pub fn renders(mut self, media_types: &'a [&'a str]) -> Self {
        self.renders = media_types;
        self
    }

    /// The media types of bodies that it takes.
    #[must_use]
    pub fn parses(mut self, media_types: &'a [&'a str]) -> Self {
        self.parses = media_types;
        self
    }

    /// It as JSON.
    pub fn to_json(&self) -> Vec<u8> {
        let mut json = JsonWriter::new();
        json.begin_object();
        json.key("name");
        json.str(self.name);
        json.key("description");
        json.str(self.description);
        for (key, media_types) in [("renders", self.renders), ("parses", self.parses)] {
            json.key(key);
            json.begin_array();
            for media_type in media_types {
                json.str(media_type);
            }
            json.end_array();
        }
        json.end_object();
        json.into_bytes()
    }

    /// A response with it, rendered as the view renders all others.
    pub fn into_response(self) -> Response {
        Response::json(self.to_json())
    }
}
