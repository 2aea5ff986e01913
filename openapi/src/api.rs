//! Description of an API, independent of the server.

use crate::operation::Operation;
use crate::schema::{Component, SchemaRef};
use crate::security::SecurityScheme;

/// A whole API: what [`Api::document`] turns into an OpenAPI document.
///
/// ```
/// use quintet_openapi::{Api, Component, FieldSchema, SchemaKind, Method, Operation, Response, SchemaRef};
///
/// let document = Api::new("Music store API", "1.0.0")
///     .path_prefix("/api/")
///     .component(
///         Component::new("Artist").field(FieldSchema::new("name", SchemaKind::string()).required(true)),
///     )
///     .operation(
///         Operation::new(Method::Get, "/api/artists/{id}/")
///             .response(Response::new(200).schema(SchemaRef::component("Artist"))),
///     )
///     .document();
/// assert!(document.paths.paths.contains_key("/api/artists/{id}/"));
/// ```
#[derive(Clone, Debug, Default)]
pub struct Api {
    pub(crate) title: String,
    pub(crate) version: String,
    pub(crate) description: Option<String>,
    pub(crate) license: Option<License>,
    pub(crate) path_prefix: Option<String>,
    pub(crate) servers: Vec<Server>,
    pub(crate) tags: Vec<(String, String)>,
    pub(crate) security_schemes: Vec<SecurityScheme>,
    pub(crate) components: Vec<Component>,
    pub(crate) operations: Vec<Operation>,
    pub(crate) error_schema: Option<SchemaRef>,
    pub(crate) validation_status: Option<u16>,
}

#[derive(Clone, Debug)]
pub(crate) struct License {
    pub(crate) name: String,
    pub(crate) identifier: Option<String>,
    pub(crate) url: Option<String>,
}

#[derive(Clone, Debug)]
pub(crate) struct Server {
    pub(crate) url: String,
    pub(crate) description: Option<String>,
}

impl Api {
    /// An API without operations.
    pub fn new(title: impl Into<String>, version: impl Into<String>) -> Self {
        Self { title: title.into(), version: version.into(), ..Self::default() }
    }

    /// What the API is for; Markdown.
    #[must_use]
    pub fn description(mut self, text: impl Into<String>) -> Self {
        self.description = Some(text.into());
        self
    }

    /// The licence of the API by its SPDX identifier, such as `Apache-2.0`.
    #[must_use]
    pub fn license(mut self, name: impl Into<String>, identifier: impl Into<String>) -> Self {
        self.license =
            Some(License { name: name.into(), identifier: Some(identifier.into()), url: None });
        self
    }

    /// The licence of the API by an address to read it at. A document has one or the other.
    #[must_use]
    pub fn license_url(mut self, name: impl Into<String>, url: impl Into<String>) -> Self {
        self.license = Some(License { name: name.into(), identifier: None, url: Some(url.into()) });
        self
    }

    /// The part of every path that names nothing, such as `/api/`: left out of operation ids and
    /// tags. By default it is what all paths begin with.
    #[must_use]
    pub fn path_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.path_prefix = Some(prefix.into());
        self
    }

    /// Sets the body of every error, instead of DRF's.
    #[must_use]
    pub fn error_schema(mut self, schema: SchemaRef) -> Self {
        self.error_schema = Some(schema);
        self
    }

    /// Sets the status of a body with mistakes, instead of 400.
    #[must_use]
    pub fn validation_status(mut self, status: u16) -> Self {
        self.validation_status = Some(status);
        self
    }

    /// Adds an address at which the API is served.
    #[must_use]
    pub fn server(mut self, url: impl Into<String>) -> Self {
        self.servers.push(Server { url: url.into(), description: None });
        self
    }

    /// Adds an address at which the API is served, with a line about it.
    #[must_use]
    pub fn described_server(
        mut self,
        url: impl Into<String>,
        description: impl Into<String>,
    ) -> Self {
        self.servers.push(Server { url: url.into(), description: Some(description.into()) });
        self
    }

    /// Says what the operations under a tag have in common.
    #[must_use]
    pub fn tag(mut self, name: impl Into<String>, description: impl Into<String>) -> Self {
        self.tags.push((name.into(), description.into()));
        self
    }

    /// Adds a way to authenticate. A second scheme of the same name is ignored.
    #[must_use]
    pub fn security_scheme(mut self, scheme: SecurityScheme) -> Self {
        if !self.security_schemes.iter().any(|known| known.name == scheme.name) {
            self.security_schemes.push(scheme);
        }
        self
    }

    /// Adds a serializer's schema. The same component may be added many times; two that differ
    /// under one name are a mistake that [`Api::problems`] reports, and the first one counts.
    #[must_use]
    pub fn component(mut self, component: Component) -> Self {
        if !self.components.contains(&component) {
            self.components.push(component);
        }
        self
    }

    /// Adds several components.
    #[must_use]
    pub fn components(self, components: impl IntoIterator<Item = Component>) -> Self {
        components.into_iter().fold(self, Self::component)
    }

    /// Adds an operation. The first one of a method and path counts, as in a URL table.
    #[must_use]
    pub fn operation(mut self, operation: Operation) -> Self {
        self.operations.push(operation);
        self
    }

    /// Adds several operations.
    #[must_use]
    pub fn operations(mut self, operations: impl IntoIterator<Item = Operation>) -> Self {
        self.operations.extend(operations);
        self
    }

    /// Whether a component of this name was added.
    pub fn has_component(&self, name: &str) -> bool {
        self.components.iter().any(|component| component.name == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scheme_and_a_component_are_kept_once() {
        let api = Api::new("A", "1")
            .security_scheme(SecurityScheme::basic())
            .security_scheme(SecurityScheme::basic())
            .component(Component::new("Artist"))
            .component(Component::new("Artist"));
        assert_eq!((api.security_schemes.len(), api.components.len()), (1, 1));
        assert!(api.has_component("Artist"));
    }
}
