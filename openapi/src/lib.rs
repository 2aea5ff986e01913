//! OpenAPI documents for [quintet](https://docs.rs/quintet), and the pages that show them.
//!
//! The crate knows neither views nor databases. An [`Api`] describes an API in small values;
//! [`Api::document`] turns it into an OpenAPI 3.1 document with drf-spectacular's names and shapes,
//! so that clients generated from a Django project's document keep working; [`RenderedSchema`]
//! writes the document as YAML and JSON; [`ui`] has Swagger UI; [`check`] reports errors of a
//! document.

mod api;
pub mod check;
mod document;
mod enums;
mod errors;
mod naming;
mod operation;
mod parameter;
mod problems;
mod renderers;
mod schema;
mod schemas;
mod security;
pub mod ui;
mod yaml;

pub use api::Api;
pub use errors::ErrorResponse;
pub use operation::{Body, Method, Operation, Response};
pub use parameter::{Location, Parameter};
pub use renderers::{RenderedSchema, SCHEMA_RENDERERS, SchemaRenderer};
pub use schema::{Component, Envelope, EnvelopeKey, FieldSchema, SchemaKind, SchemaRef};
pub use security::SecurityScheme;
pub use utoipa;
