//! The site's OpenAPI document.

use std::sync::Arc;

use super::{Site, SiteBuilder, SiteError};
use crate::reverse::Urls;
use crate::routers::Table;
use crate::schemas::{OpenApi, RenderedSchema, SiteSchema};

impl SiteBuilder {
    /// Adds an OpenAPI document of the site, served as `openapi` says.
    #[must_use]
    pub fn openapi(mut self, openapi: OpenApi) -> Self {
        self.openapi = Some(openapi);
        self
    }

    /// Writes the document of these addresses, and puts those that serve it in front of them.
    pub(super) fn document(
        &self,
        tables: &mut Vec<Table>,
        urls: &mut Urls,
    ) -> Result<Option<Arc<RenderedSchema>>, SiteError> {
        let Some(openapi) = self.openapi.clone() else { return Ok(None) };
        let entries = tables.iter().flat_map(|table| {
            let entries = table.entries.iter();
            entries.map(|entry| (table.prefix.as_str(), &entry.pattern, entry.endpoint.view()))
        });
        let site = SiteSchema {
            addresses: entries.collect(),
            defaults: &self.defaults,
            pagination: self.generics.pagination.as_ref(),
            ordering_filter: self.generics.ordering_filter,
            settings: &self.settings,
        };
        let (document, mount) = openapi.prepare(&site)?;
        tables.insert(0, mount.build(&self.defaults, urls)?);
        Ok(Some(document))
    }
}

impl Site {
    /// The OpenAPI document, if [`SiteBuilder::openapi`] was called.
    pub fn openapi(&self) -> Option<&RenderedSchema> {
        self.openapi.as_deref()
    }
}
