//! Quintet: a REST framework for actix-web and diesel that responds as Django REST framework does.
//!
//! A whole API with Swagger UI:
//!
//! ```no_run
//! use std::sync::Arc;
//!
//! use quintet::authentication::BasicAuthentication;
//! use quintet::permissions::IsAuthenticatedOrReadOnly;
//! use quintet::{management::Program, prelude::*, site::SiteError};
//!
//! #[model(app = "library", ordering(id))]
//! pub struct Book {
//!     pub id: i64,
//!     #[field(max_length = 200)]
//!     pub title: String,
//!     #[field(min_value = 1450)]
//!     pub year: i32,
//! }
//!
//! #[derive(Serializer)]
//! #[serializer(model = Book, fields = all)]
//! pub struct BookSerializer {}
//!
//! pub struct BookViewSet;
//!
//! impl ViewSet for BookViewSet {
//!     type Base = ModelViewSet;
//!     type Serializer = BookSerializer;
//!     const SEARCH_FIELDS: SearchFields<Book> = search_fields![title];
//!     const FILTERSET_FIELDS: Filters<Book> = filter_fields![year(exact, gte, lt)];
//! }
//!
//! pub fn site(settings: Settings, database: Arc<Database>) -> Result<Arc<Site>, SiteError> {
//!     Site::builder(settings, database)
//!         .authentication(BasicAuthentication::new())
//!         .permissions(IsAuthenticatedOrReadOnly)
//!         .pagination(PageNumberPagination::new().page_size(20))
//!         .mount(Router::new().register("books", BookViewSet).at("/api/"))
//!         .openapi(OpenApi::new("Books", "1.0.0"))
//!         .build()
//! }
//!
//! #[quintet::main]
//! async fn main() -> Result<(), StartError> {
//!     let books = Program::new("quickstart", site).database("sqlite://quickstart.sqlite3");
//!     books.create_tables().run().await
//! }
//! ```
//!
//! A model, a serializer, a filter set and a view each yield **one description**, a plain value
//! built once at start-up. Everything else reads it: parsing and validation, SQL, JSON, OpenAPI.
//! Macros write descriptions, in calls of ordinary functions, which do the work; those of serializers,
//! filters and views can be written by hand as well. A request goes from its route through negotiation, authentication, permissions and
//! throttles to its view; there through the query set and its filters, or through the body and its
//! serializer; and out as JSON, written straight from rows. The wire format is that of Django REST
//! framework: the same URLs, keys, messages, status codes and headers, over Django's tables.
//!
//! # Rooms
//!
//! Modules are named after DRF's. Nearly every app starts with the [`prelude`], and imports the rest
//! from its room.
//!
//! | to | look into |
//! | --- | --- |
//! | describe a table | [`macro@model`], [`db`] |
//! | say what goes in and comes out | [`serializers`], [`fields`], [`validators`] |
//! | narrow, sort and split lists | [`filters`], [`pagination`] |
//! | say who may do what | [`authentication`], [`permissions`], [`throttling`], [`auth`] |
//! | let rows belong to rows of any model | [`contenttypes`] |
//! | keep sessions, sign values | [`sessions`], [`signing`] |
//! | respond to requests | [`viewsets`], [`mixins`], [`generics`], [`views`], [`request`], [`response`] |
//! | log in, make accounts | [`accounts`], [`management`] |
//! | define URLs | [`routers`], [`reverse`] |
//! | read and write bodies | [`parsers`], [`renderers`], [`negotiation`], [`metadata`] |
//! | test it | `test` (a feature) |
//! | put a site together, serve it | [`site`], [`server`], [`settings`], [`middleware`], [`exceptions`] |
//!
//! # Features
//!
//! | feature | gives | default |
//! | --- | --- | --- |
//! | `sqlite` | SQLite, compiled in: no library needs to be installed | yes |
//! | `postgres` | PostgreSQL, in pure Rust: no libpq | |
//! | `hashers` | passwords hashed with Argon2, bcrypt and scrypt, beside PBKDF2 | yes |
//! | `common-passwords` | new passwords are held against a list of common ones | yes |
//! | `management` | commands that make accounts and change passwords at a terminal: [`management`] | yes |
//! | `validator` | functions in the form of the crate `validator` as validators | yes |
//! | `openapi` | the OpenAPI document and Swagger UI | yes |
//! | `jwt` | JSON web tokens as simplejwt has them (compiles aws-lc, which is C) | |
//! | `redis` | throttles that several servers share | |
//! | `governor` | a GCRA throttle, which stores one number per client | |
//! | `cors` | cross-origin requests (CORS), through actix-cors | |
//! | `large-tables` | models of 17 to 32 columns (compiles longer) | |
//! | `test` | a client, databases and counted statements for tests (for `[dev-dependencies]`) | |
//!
//! With both databases, the URL chooses at start-up ([`db::Database::open`]).

// docs.rs, which builds with a nightly toolchain, shows the feature of each item
#![cfg_attr(docsrs, feature(doc_cfg))]

extern crate self as quintet;

#[doc(hidden)]
pub mod __private;
pub mod accounts;
mod aside;
pub mod auth;
pub mod authentication;
mod cache;
pub mod caching;
pub mod classes;
pub mod contenttypes;
pub mod db;
pub mod exceptions;
pub mod fields;
pub mod files;
pub mod filters;
pub mod generics;
#[cfg(feature = "management")]
pub mod management;
pub mod metadata;
pub mod middleware;
pub mod negotiation;
pub mod pagination;
pub mod parsers;
pub mod permissions;
pub mod prelude;
pub mod renderers;
pub mod request;
pub mod response;
pub mod reverse;
pub mod routers;
#[cfg(feature = "openapi")]
pub mod schemas;
pub mod serializers;
pub mod server;
pub mod sessions;
pub mod settings;
pub mod signing;
pub mod site;
#[cfg(feature = "test")]
pub mod test;
pub mod throttling;
pub mod validators;
pub mod values;
pub mod versioning;
pub mod views;
pub mod viewsets;

/// Methods, statuses and headers, as actix-web has them.
pub use actix_web::http;
/// The runtime that the server runs on, as actix-web has it.
pub use actix_web::rt;
/// Runs an `async fn main` on actix's runtime: `#[quintet::main]`.
///
/// ```no_run
/// use quintet::prelude::*;
///
/// #[quintet::main]
/// async fn main() -> Result<(), StartError> {
///     let settings = Settings::from_env_or_demo("sqlite://site.sqlite3")?;
///     let database = Database::open(&settings)?;
///     Site::builder(settings, database).build()?.run_server("127.0.0.1:8000").await
/// }
/// ```
pub use quintet_codegen::main;
#[doc = include_str!("db/model.md")]
pub use quintet_codegen::model;
/// Runs an `async fn` of a test on actix's runtime: `#[quintet::test]`.
///
/// ```
/// #[quintet::test]
/// async fn one_and_one_is_two() {
///     assert_eq!(1 + 1, 2);
/// }
/// ```
#[cfg(feature = "test")]
pub use quintet_codegen::test;
pub use viewsets::mixins;

#[cfg(not(any(feature = "sqlite", feature = "postgres")))]
compile_error!("quintet needs a database: enable the feature `sqlite`, `postgres`, or both");
