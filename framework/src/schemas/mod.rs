//! The OpenAPI document of a site, made from the descriptions that answer its requests
//! (drf-spectacular's `AutoSchema`), and the pages that show it.
//!
//! [`OpenApi`] says what no description does: title, version, addresses.
//! [`SiteBuilder::openapi`](crate::site::SiteBuilder::openapi) takes it.

mod components;
mod operations;
#[cfg(test)]
mod tests;
mod views;

use std::sync::Arc;

pub use quintet_openapi::RenderedSchema;
use quintet_openapi::{Api, ui};

pub(crate) use operations::SiteSchema;

use crate::routers::{Mount, Router};

/// The document of a site and where it is served.
///
/// ```
/// use quintet::schemas::OpenApi;
///
/// let openapi = OpenApi::new("Music store API", "1.0.0")
///     .description("Artists, albums and tracks.")
///     .license("MIT", "MIT")
///     .docs_path("/docs/");
/// # let _ = openapi;
/// ```
#[derive(Debug, Clone)]
pub struct OpenApi {
    api: Api,
    title: String,
    path_prefix: Option<String>,
    schema_path: Option<String>,
    docs_path: Option<String>,
}

/// A document that would not be true.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SchemaError {
    /// Serializers or operations contradict each other.
    #[error("the OpenAPI document: {}", .0.join("; "))]
    Problems(Vec<String>),
    /// The page has no document to show.
    #[error(
        "OpenApi::docs_path needs OpenApi::schema_path: the page loads the document from there"
    )]
    DocsWithoutSchema,
    /// The document cannot be written.
    #[error("the OpenAPI document cannot be written: {0}")]
    Unwritable(String),
}

impl OpenApi {
    /// A document of this title and version, at `/api/schema/`, with Swagger UI at `/api/docs/`.
    pub fn new(title: impl Into<String>, version: impl Into<String>) -> Self {
        let title = title.into();
        Self {
            api: Api::new(title.clone(), version),
            title,
            path_prefix: None,
            schema_path: Some("/api/schema/".into()),
            docs_path: Some("/api/docs/".into()),
        }
    }

    /// Serves neither the document nor Swagger UI; the document is there all the same
    /// ([`Site::openapi`](crate::site::Site::openapi)).
    #[must_use]
    pub fn unserved(self) -> Self {
        Self { schema_path: None, docs_path: None, ..self }
    }

    /// What the API is for; Markdown.
    #[must_use]
    pub fn description(mut self, text: impl Into<String>) -> Self {
        self.api = self.api.description(text);
        self
    }

    /// The licence of the API, by its name and its SPDX identifier.
    #[must_use]
    pub fn license(mut self, name: impl Into<String>, identifier: impl Into<String>) -> Self {
        self.api = self.api.license(name, identifier);
        self
    }

    /// Adds an address at which the API is served; without one it is where the document is.
    #[must_use]
    pub fn server(mut self, url: impl Into<String>) -> Self {
        self.api = self.api.server(url);
        self
    }

    /// Says what the operations under a tag have in common; tags are the first words of paths.
    #[must_use]
    pub fn tag(mut self, name: impl Into<String>, description: impl Into<String>) -> Self {
        self.api = self.api.tag(name, description);
        self
    }

    /// The part of every path that names nothing and is left out of operation ids and tags
    /// (`SCHEMA_PATH_PREFIX`); by default the place of the router.
    #[must_use]
    pub fn path_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.path_prefix = Some(prefix.into());
        self
    }

    /// Another place for the document, which is served as YAML and JSON, under the name `schema`.
    #[must_use]
    pub fn schema_path(mut self, path: impl Into<String>) -> Self {
        self.schema_path = Some(path.into());
        self
    }

    /// Another place for Swagger UI, which has the name `docs`.
    #[must_use]
    pub fn docs_path(mut self, path: impl Into<String>) -> Self {
        self.docs_path = Some(path.into());
        self
    }

    /// Writes the document of a site, and makes the addresses that serve it.
    pub(crate) fn prepare(
        self,
        site: &SiteSchema<'_>,
    ) -> Result<(Arc<RenderedSchema>, Mount), SchemaError> {
        let script_name = site.settings.force_script_name.trim_end_matches('/');
        let mut api = self.api;
        if !script_name.is_empty() {
            api = api.server(script_name);
        }
        let api = site.describe(api, self.path_prefix);
        let problems = api.problems();
        if !problems.is_empty() {
            return Err(SchemaError::Problems(problems));
        }
        let document = RenderedSchema::new(&api.document())
            .map_err(|error| SchemaError::Unwritable(error.to_string()))?;
        let document = Arc::new(document);
        let relative = |path: &str| format!("{}/", path.trim_matches('/'));
        let mut router = Router::simple();
        if let Some(path) = &self.schema_path {
            router = router.path(&relative(path), views::schema(Arc::clone(&document)), "schema");
        }
        if let Some(path) = &self.docs_path {
            let schema_path = self.schema_path.as_ref().ok_or(SchemaError::DocsWithoutSchema)?;
            let page = ui::page(&format!("{script_name}/{}", relative(schema_path)), &self.title);
            let path = relative(path);
            router = router.path(&path, views::docs(page), "docs").path(
                &format!("{path}<str:name>"),
                views::assets(),
                "docs-asset",
            );
        }
        Ok((document, router.at("/")))
    }
}
