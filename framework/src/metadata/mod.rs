//! What a view says of itself to OPTIONS (`rest_framework.metadata`).
//!
//! A view that has no handler of its own for OPTIONS responds with its name, its description and the
//! media types that it renders and parses, once the request has passed authentication, permissions and
//! throttles. Its `actions` are the fields that a POST or a PUT of this client may send: a method is left
//! out if the permissions refuse it, a PUT also if there is no such object.
//!
//! ```text
//! {"name": "Artist List", "description": "..", "renders": [".."], "parses": [".."], "actions": {"POST": {
//!   "id": {"type": "integer", "required": false, "read_only": true, "label": "ID"},
//!   "name": {"type": "string", "required": true, "read_only": false, "label": "Name", "max_length": 120}
//! }}}
//! ```
//!
//! # Metadata of your own
//!
//! A view set names a [`Metadata`] by [`metadata_class`](crate::viewsets::ViewSet::metadata_class), an
//! [`ApiView`](crate::views::ApiView) by `.metadata(..)`, a site by
//! [`SiteBuilder::metadata`](crate::site::SiteBuilder::metadata) (`DEFAULT_METADATA_CLASS`). `()` refuses
//! OPTIONS with 405.
//!
//! ```
//! use quintet::metadata::{Metadata, SimpleMetadata, ViewMetadata};
//! use quintet::prelude::*;
//!
//! /// DRF's metadata, with the version of the API.
//! struct VersionedMetadata;
//!
//! impl Metadata for VersionedMetadata {
//!     async fn determine_metadata(
//!         &self,
//!         view: &ViewMetadata<'_>,
//!         cx: &mut Context,
//!     ) -> Result<serde_json::Value> {
//!         let mut metadata = SimpleMetadata.determine_metadata(view, cx).await?;
//!         metadata["version"] = "1.0".into();
//!         Ok(metadata)
//!     }
//! }
//!
//! let view = ApiView::new("Status").metadata(VersionedMetadata);
//! # let _ = view;
//! ```

mod fields;

use std::fmt;
use std::future::Future;

use actix_web::http::Method;
use futures_util::future::LocalBoxFuture;
use serde_json::{Map, Value, json};

pub use fields::{field_info, serializer_info};

use crate::classes::class_choice;
use crate::exceptions::Result;
use crate::request::Context;
use crate::serializers::Description;

/// What a view tells its metadata class.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct ViewMetadata<'a> {
    /// Its name for people (`view.get_view_name()`).
    pub name: &'a str,
    /// Its description (`view.get_view_description()`).
    pub description: &'a str,
    /// The media types of its responses.
    pub renders: &'a [&'static str],
    /// The media types of bodies that it takes.
    pub parses: &'a [&'static str],
    actions: &'a dyn DetermineActions,
}

/// Finds what a client may send; the view implements it.
pub(crate) trait DetermineActions {
    fn determine<'a>(
        &'a self,
        cx: &'a mut Context,
    ) -> LocalBoxFuture<'a, Result<Vec<(Method, &'static Description)>>>;
}

impl<'a> ViewMetadata<'a> {
    pub(crate) fn new(
        (name, description): (&'a str, &'a str),
        (renders, parses): (&'a [&'static str], &'a [&'static str]),
        actions: &'a dyn DetermineActions,
    ) -> Self {
        Self { name, description, renders, parses, actions }
    }

    /// The methods POST and PUT that this client may use, with what each reads (`determine_actions`): the
    /// permissions are asked as for such a request, and for a PUT whether there is the object.
    ///
    /// # Errors
    /// When the database cannot be asked; a refusal only leaves the method out.
    pub async fn actions(&self, cx: &mut Context) -> Result<Vec<(Method, &'static Description)>> {
        self.actions.determine(cx).await
    }
}

impl fmt::Debug for ViewMetadata<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ViewMetadata").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Answers OPTIONS (`BaseMetadata`).
///
/// Implement it for another body than [`SimpleMetadata`]'s; the module documentation has an example. There
/// are no defaults.
#[doc(alias = "BaseMetadata")]
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a metadata class",
    label = "this type has no `Metadata` implementation",
    note = "write `impl Metadata for {Self}`, or use `SimpleMetadata`"
)]
pub trait Metadata: Send + Sync + 'static {
    /// The body of the response (`determine_metadata`).
    ///
    /// # Errors
    /// What the client gets instead.
    fn determine_metadata(
        &self,
        view: &ViewMetadata<'_>,
        cx: &mut Context,
    ) -> impl Future<Output = Result<Value>>;
}

/// An object-safe [`Metadata`].
pub trait DynMetadata: Send + Sync {
    /// As [`Metadata::determine_metadata`].
    fn determine<'a>(
        &'a self,
        view: &'a ViewMetadata<'a>,
        cx: &'a mut Context,
    ) -> LocalBoxFuture<'a, Result<Value>>;
}

impl<M: Metadata> DynMetadata for M {
    fn determine<'a>(
        &'a self,
        view: &'a ViewMetadata<'a>,
        cx: &'a mut Context,
    ) -> LocalBoxFuture<'a, Result<Value>> {
        Box::pin(self.determine_metadata(view, cx))
    }
}

class_choice! {
    /// The `metadata_class` of a view: a [`Metadata`], `()` to refuse OPTIONS, or
    /// [`Inherit`](crate::classes::Inherit).
    #[diagnostic::on_unimplemented(
        message = "`{Self}` is not a metadata class",
        label = "expected a type with `impl Metadata`, or `()` to refuse OPTIONS",
        note = "write `impl Metadata for {Self}`, or use `SimpleMetadata`"
    )]
    MetadataClass of Metadata as DynMetadata
}

/// DRF's body: `name`, `description`, `renders`, `parses`, and `actions` with every field that the client
/// may send (`SimpleMetadata`). The module documentation shows one.
#[derive(Debug, Clone, Copy, Default)]
pub struct SimpleMetadata;

impl Metadata for SimpleMetadata {
    async fn determine_metadata(&self, view: &ViewMetadata<'_>, cx: &mut Context) -> Result<Value> {
        let mut metadata = json!({
            "name": view.name,
            "description": view.description,
            "renders": view.renders,
            "parses": view.parses,
        });
        let actions = view.actions(cx).await?;
        if !actions.is_empty() {
            let info = |(method, description): (Method, &'static Description)| {
                (method.to_string(), serializer_info(description, cx))
            };
            let actions: Map<String, Value> = actions.into_iter().map(info).collect();
            if let Some(metadata) = metadata.as_object_mut() {
                metadata.insert("actions".into(), actions.into());
            }
        }
        Ok(metadata)
    }
}
