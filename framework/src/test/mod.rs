//! Tests of a site: a client without a socket, a database for each test, and counted statements
//! (`rest_framework.test`, `django.test`).
//!
//! Enable the feature `test` in the `[dev-dependencies]` of a project:
//!
//! ```toml
//! [dev-dependencies]
//! quintet = { git = "https://github.com/quintet-rs/quintet", features = ["test"] }
//! ```
//!
//! | Django REST framework | here |
//! | --- | --- |
//! | `APIClient`, `force_authenticate`, `credentials` | [`ApiClient`] |
//! | `APIRequestFactory` | [`ApiRequestFactory`] |
//! | `TestCase`, `TransactionTestCase`, `setUpTestData` | [`Template`], [`TestDatabase`] |
//! | `override_settings` | [`TestDatabase::override_settings`] |
//! | `assertNumQueries`, `CaptureQueriesContext` | [`assert_num_queries`], [`CaptureQueries`] |
//! | `LiveServerTestCase` | [`LiveServer`] |
//!
//! ```
//! use std::sync::Arc;
//!
//! use quintet::db::StartupError;
//! use quintet::prelude::*;
//! use quintet::site::SiteError;
//! use quintet::test::Template;
//! use serde_json::json;
//!
//! #[model(table = "note")]
//! pub struct Note {
//!     pub id: i64,
//!     #[field(max_length = 20)]
//!     pub title: String,
//! }
//!
//! #[derive(Serializer)]
//! #[serializer(model = Note, fields = all)]
//! pub struct NoteSerializer {}
//!
//! pub struct NoteViewSet;
//!
//! impl ViewSet for NoteViewSet {
//!     type Base = ModelViewSet;
//!     type Serializer = NoteSerializer;
//! }
//!
//! // as the program has it
//! fn site(settings: Settings, database: Arc<Database>) -> Result<Arc<Site>, SiteError> {
//!     let router = Router::new().register("notes", NoteViewSet);
//!     Site::builder(settings, database).mount(router.at("/")).build()
//! }
//!
//! static NOTES: Template = Template::new(|conn| Box::pin(async move {
//!     Ok(conn.create_tables([Note::META]).await?)
//! }));
//!
//! # mod tests { use super::*;
//! #[quintet::test]
//! # async fn attributed() -> Result<(), StartupError> { creates_a_note().await } }
//! # #[quintet::main] async fn main() -> Result<(), StartupError> { creates_a_note().await }
//! async fn creates_a_note() -> Result<(), StartupError> {
//!     let site = NOTES.sqlite().await?.site(site)?;
//!     let client = site.client().await;
//!     let create = async || client.post("/notes/").json(&json!({"title": "milk"})).await;
//!     let response = site.assert_num_queries(1, create).await;
//!     assert_eq!((response.status(), response.json()), (201, json!({"id": 1, "title": "milk"})));
//!     Ok(())
//! }
//! ```
//!
//! Mistakes in the test itself (an invalid header, a body that is not JSON) panic, as assertions
//! do. `docs/testing.md` is the guide.

mod client;
mod database;
mod factory;
mod leftovers;
mod live;
mod multipart;
#[cfg(feature = "postgres")]
mod postgres;
mod queries;
mod redirects;
mod request;
mod response;
#[cfg(feature = "sqlite")]
mod sqlite;
mod template;

pub use client::ApiClient;
pub use database::{TestDatabase, TestSite};
pub use factory::ApiRequestFactory;
pub use live::LiveServer;
pub use multipart::Multipart;
pub use queries::{CaptureQueries, assert_num_queries};
pub use request::TestRequest;
pub use response::{SetCookie, TestResponse};
pub use template::{Loader, Template};

/// The host of requests, as in Django.
const HOST_NAME: &str = "testserver";
