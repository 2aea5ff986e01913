//! OpenAPI documents for [quintet](https://docs.rs/quintet), and the pages that show them.
//!
//! The crate knows neither views nor databases. An [`Api`] says in small values what is offered;
//! [`Api::document`] makes an OpenAPI 3.1 document of it whose names and shapes are
//! drf-spectacular's, so that a client generated from a Django project's document still fits;
//! [`RenderedSchema`] writes the document as YAML and JSON; [`ui`] has Swagger UI; [`check`]
//! finds what is wrong with a document.

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
pub use schema::{Component, Envelope, FieldSchema, SchemaKind, SchemaRef};
pub use security::SecurityScheme;
pub use utoipa;
