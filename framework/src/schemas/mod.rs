//! The OpenAPI document of a site, made from the descriptions that serve its requests
//! (drf-spectacular's `AutoSchema`), and the pages that show it.
//!
//! [`OpenApi`] adds what the descriptions lack: title, version, URLs. Pass it to
//! [`SiteBuilder::openapi`](crate::site::SiteBuilder::openapi).

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
use crate::serializers::{Description, Serializer};

/// The OpenAPI document of a site, and where it is served (`SpectacularAPIView`,
/// `SPECTACULAR_SETTINGS`).
///
/// Everything but title, version and other prose comes from the models, serializers, filters and
/// views of the site. Pass it to [`SiteBuilder::openapi`](crate::site::SiteBuilder::openapi).
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
#[doc(alias = "SpectacularAPIView")]
#[doc(alias = "AutoSchema")]
#[derive(Debug, Clone)]
pub struct OpenApi {
    api: Api,
    title: String,
    path_prefix: Option<String>,
    /// What every error holds, if it is not DRF's.
    errors: Option<&'static Description>,
    schema_path: Option<String>,
    docs_path: Option<String>,
}

/// Why the OpenAPI document would be wrong, reported when the site is built.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SchemaError {
    /// Serializers or operations contradict each other.
    #[error("the OpenAPI document: {}", .0.join("; "))]
    Problems(Vec<String>),
    /// The page has no document to load.
    #[error(
        "OpenApi::docs_path needs OpenApi::schema_path: the page loads the document from there"
    )]
    DocsWithoutSchema,
    /// The document cannot be written.
    #[error("the OpenAPI document cannot be written: {0}")]
    Unwritable(String),
}

impl OpenApi {
    /// Creates a document with this title and version, served at `/api/schema/`, with Swagger UI at
    /// `/api/docs/`.
    pub fn new(title: impl Into<String>, version: impl Into<String>) -> Self {
        let title = title.into();
        Self {
            api: Api::new(title.clone(), version),
            title,
            path_prefix: None,
            errors: None,
            schema_path: Some("/api/schema/".into()),
            docs_path: Some("/api/docs/".into()),
        }
    }

    /// Sets what the bodies of errors hold, where an [`ExceptionHandler`](crate::views::ExceptionHandler)
    /// changes them.
    ///
    /// ```
    /// use std::collections::HashMap;
    ///
    /// use quintet::prelude::*;
    ///
    /// /// `{"errors": {"title": ["can't be blank"]}}`
    /// #[derive(Serializer)]
    /// pub struct Errors {
    ///     errors: HashMap<String, Vec<String>>,
    /// }
    ///
    /// let openapi = OpenApi::new("Blog", "1.0.0").errors::<Errors>().validation_status(422);
    /// # let _ = openapi;
    /// ```
    #[must_use]
    pub fn errors<S: Serializer>(mut self) -> Self {
        self.errors = Some(S::description());
        self
    }

    /// Sets the status of a body with mistakes, where an exception handler changes it from 400.
    #[must_use]
    pub fn validation_status(mut self, status: u16) -> Self {
        self.api = self.api.validation_status(status);
        self
    }

    /// Serves neither the document nor Swagger UI; [`Site::openapi`](crate::site::Site::openapi)
    /// still returns the document.
    #[must_use]
    pub fn unserved(self) -> Self {
        Self { schema_path: None, docs_path: None, ..self }
    }

    /// Sets the description of the API, in Markdown.
    #[must_use]
    pub fn description(mut self, text: impl Into<String>) -> Self {
        self.api = self.api.description(text);
        self
    }

    /// Sets the licence of the API, by its name and its SPDX identifier.
    #[must_use]
    pub fn license(mut self, name: impl Into<String>, identifier: impl Into<String>) -> Self {
        self.api = self.api.license(name, identifier);
        self
    }

    /// Adds a base URL of the API; without one, it is the URL of the document.
    #[must_use]
    pub fn server(mut self, url: impl Into<String>) -> Self {
        self.api = self.api.server(url);
        self
    }

    /// Describes a tag. Operations are tagged with the first segment of their path.
    #[must_use]
    pub fn tag(mut self, name: impl Into<String>, description: impl Into<String>) -> Self {
        self.api = self.api.tag(name, description);
        self
    }

    /// Sets the part of every path that operation ids and tags leave out (`SCHEMA_PATH_PREFIX`); by
    /// default, the path of the router.
    #[must_use]
    pub fn path_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.path_prefix = Some(prefix.into());
        self
    }

    /// Sets the path of the document, which is served as YAML and JSON. Its URL is named `schema`.
    #[must_use]
    pub fn schema_path(mut self, path: impl Into<String>) -> Self {
        self.schema_path = Some(path.into());
        self
    }

    /// Sets the path of Swagger UI. Its URL is named `docs`.
    #[doc(alias = "SpectacularSwaggerView")]
    #[must_use]
    pub fn docs_path(mut self, path: impl Into<String>) -> Self {
        self.docs_path = Some(path.into());
        self
    }

    /// Writes the document of a site, and creates the routes that serve it.
    pub(crate) fn prepare(
        self,
        site: &SiteSchema<'_>,
    ) -> Result<(Arc<RenderedSchema>, Mount), SchemaError> {
        let script_name = site.settings.force_script_name.trim_end_matches('/');
        let mut api = self.api;
        if !script_name.is_empty() {
            api = api.server(script_name);
        }
        let api = site.describe(api, self.path_prefix, self.errors);
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
