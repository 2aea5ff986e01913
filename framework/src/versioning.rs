//! Versions of an API (`rest_framework.versioning`).
//!
//! A view without versions costs nothing and has none. A scheme determines the version of a request after
//! content negotiation and before anybody is asked who they are; [`Context::version`] is `request.version`,
//! and links in the response carry the version as the scheme says.
//!
//! ```
//! use quintet::prelude::*;
//! use quintet::versioning::UrlPathVersioning;
//!
//! async fn shelf(cx: &mut Context) -> Result<Response> {
//!     let version = cx.version().unwrap_or_default().to_owned();
//!     // `http://testserver/v2/shelf/` in a response of version v2
//!     let link = cx.reverse("shelf", &[])?;
//!     Response::new(&serde_json::json!({ "version": version, "self": link }))
//! }
//!
//! let versions = UrlPathVersioning::new().default_version("v1").allowed_versions(["v1", "v2"]);
//! let view = ApiView::new("Shelf").versioning(versions).get(shelf);
//! let router = Router::new().path("<version>/shelf/", view, "shelf");
//! # let _ = router;
//! ```
//!
//! # Setting the versioning
//!
//! A view set has [`versioning_class`](crate::viewsets::ViewSet::versioning_class), an
//! [`ApiView`](crate::views::ApiView) `.versioning(..)`, and the default of the site
//! [`SiteBuilder::versioning`](crate::site::SiteBuilder::versioning) (`DEFAULT_VERSIONING_CLASS`); `()` is
//! none. What a scheme does not set is `DEFAULT_VERSION`, `ALLOWED_VERSIONS` and `VERSION_PARAM` of
//! [`RestFrameworkSettings`](crate::settings::RestFrameworkSettings).
//! [`get_serializer_class`](crate::viewsets::ViewSet::get_serializer_class) can choose a serializer by
//! the version.
//!
//! # API reference
//!
//! | scheme | the version is in | another version is a |
//! | --- | --- | --- |
//! | [`UrlPathVersioning`] | a capture of the path: `<version>/books/` | 404 |
//! | [`NamespaceVersioning`] | the [namespace](crate::routers::Router::namespace) of the URL | 404 |
//! | [`AcceptHeaderVersioning`] | `Accept: application/json; version=1.0` | 406 |
//! | [`HostNameVersioning`] | the first label of the host: `v1.example.com` | 404 |
//! | [`QueryParameterVersioning`] | `?version=1.0` | 404 |
//!
//! # A scheme of your own
//!
//! ```
//! use quintet::prelude::*;
//! use quintet::versioning::Versioning;
//!
//! /// `X-API-Version: 2`; requests without it are of version 1.
//! struct HeaderVersioning;
//!
//! impl Versioning for HeaderVersioning {
//!     fn determine_version(&self, cx: &Context) -> Result<Option<String>> {
//!         match cx.request.header("x-api-version").as_deref() {
//!             None | Some("1") => Ok(Some("1".into())),
//!             Some("2") => Ok(Some("2".into())),
//!             Some(_) => Err(ApiException::NotFound(None)),
//!         }
//!     }
//! }
//! ```

use crate::classes::class_choice;
use crate::exceptions::{ApiException, Detail, Result};
use crate::negotiation::MediaType;
use crate::request::Context;
pub use crate::reverse::LinkVersion;
use crate::settings::Settings;

/// Determines the version of a request, and how links carry it (`BaseVersioning`).
///
/// Implement it for a scheme that is none of the five; the module documentation has an example. By
/// default, links carry no version.
#[doc(alias = "BaseVersioning")]
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a versioning scheme",
    label = "this type has no `Versioning` implementation",
    note = "write `impl Versioning for {Self}`, or use `UrlPathVersioning`, `NamespaceVersioning`, \
            `AcceptHeaderVersioning`, `HostNameVersioning` or `QueryParameterVersioning`"
)]
pub trait Versioning: Send + Sync + 'static {
    /// The version that a request asks for (`determine_version`).
    ///
    /// # Errors
    /// If there is no such version.
    fn determine_version(&self, cx: &Context) -> Result<Option<String>>;

    /// How links in the response carry that version (`reverse`).
    fn link_version(&self, _version: &str, _cx: &Context) -> Option<LinkVersion> {
        None
    }

    /// The capture of the path that holds the version, and the version for which the OpenAPI document
    /// shows the path. `None`, the default, shows captures as they are.
    fn path_version(&self, _settings: &Settings) -> Option<(String, String)> {
        None
    }
}

class_choice! {
    /// The `versioning_class` of a view: a [`Versioning`], `()` for none, or
    /// [`Inherit`](crate::classes::Inherit).
    #[diagnostic::on_unimplemented(
        message = "`{Self}` is not a versioning scheme",
        label = "expected a type with `impl Versioning`, or `()` for none",
        note = "write `impl Versioning for {Self}`, or use `UrlPathVersioning` and its like"
    )]
    VersioningClass of Versioning as Versioning
}

/// What the five schemes have in common; the settings stand in for what is not set.
#[derive(Debug, Clone, Default)]
struct Versions {
    default: Option<String>,
    allowed: Option<Vec<String>>,
    param: Option<String>,
}

impl Versions {
    fn default<'a>(&'a self, cx: &'a Context) -> Option<&'a str> {
        self.default.as_deref().or(cx.settings().rest_framework.default_version.as_deref())
    }

    fn param<'a>(&'a self, cx: &'a Context) -> &'a str {
        self.param.as_deref().unwrap_or(&cx.settings().rest_framework.version_param)
    }

    /// `is_allowed_version`
    fn allows(&self, version: Option<&str>, cx: &Context) -> bool {
        let allowed =
            self.allowed.as_ref().unwrap_or(&cx.settings().rest_framework.allowed_versions);
        if allowed.is_empty() {
            return true;
        }
        version.is_some_and(|version| {
            Some(version) == self.default(cx) || allowed.iter().any(|own| own == version)
        })
    }

    /// The version if it is allowed, or else 404.
    fn checked(
        &self,
        version: Option<&str>,
        cx: &Context,
        message: &'static str,
    ) -> Result<Option<String>> {
        if self.allows(version, cx) {
            return Ok(version.map(ToOwned::to_owned));
        }
        Err(ApiException::NotFound(Some(Detail::new(message, "not_found"))))
    }
}

macro_rules! schemes {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Default)]
        pub struct $name(Versions);

        impl $name {
            /// The scheme, with the versions of the settings.
            pub fn new() -> Self {
                Self::default()
            }

            /// Sets the version of requests that name none (`default_version`).
            #[must_use]
            pub fn default_version(mut self, version: impl Into<String>) -> Self {
                self.0.default = Some(version.into());
                self
            }

            /// Sets the versions that there are (`allowed_versions`), besides the default one; none of them
            /// allows any.
            #[must_use]
            pub fn allowed_versions<V: Into<String>>(
                mut self,
                versions: impl IntoIterator<Item = V>,
            ) -> Self {
                self.0.allowed = Some(versions.into_iter().map(Into::into).collect());
                self
            }
        }
    )*};
}

schemes! {
    /// The version is a capture of the path (`URLPathVersioning`): `<version>/books/`. Links to names that
    /// have this capture get the version of the request.
    #[doc(alias = "URLPathVersioning")]
    UrlPathVersioning;
    /// The version is a namespace of the URL (`NamespaceVersioning`): one that
    /// [`Router::namespace`](crate::routers::Router::namespace) names. Links to a name lead to that of the
    /// version's namespace, if it has one of this name.
    NamespaceVersioning;
    /// The version is a parameter of the media type that was negotiated (`AcceptHeaderVersioning`):
    /// `Accept: application/json; version=1.0`. One that is not allowed is a 406.
    AcceptHeaderVersioning;
    /// The version is the first label of a host of three (`HostNameVersioning`): `v1.example.com`.
    HostNameVersioning;
    /// The version is a parameter of the query (`QueryParameterVersioning`): `?version=1.0`. Links get it,
    /// too.
    QueryParameterVersioning;
}

macro_rules! with_param {
    ($($name:ident)*) => {$(
        impl $name {
            /// Sets the name under which the version is sent (`version_param`).
            #[must_use]
            pub fn version_param(mut self, name: impl Into<String>) -> Self {
                self.0.param = Some(name.into());
                self
            }
        }
    )*};
}

with_param! { UrlPathVersioning AcceptHeaderVersioning QueryParameterVersioning }

impl Versioning for UrlPathVersioning {
    fn determine_version(&self, cx: &Context) -> Result<Option<String>> {
        let sent = cx.request.kwarg(self.0.param(cx));
        let version = sent.or_else(|| self.0.default(cx));
        self.0.checked(version, cx, "Invalid version in URL path.")
    }

    fn link_version(&self, version: &str, cx: &Context) -> Option<LinkVersion> {
        Some(LinkVersion::Kwarg(self.0.param(cx).to_owned(), version.to_owned()))
    }

    fn path_version(&self, settings: &Settings) -> Option<(String, String)> {
        let rest = &settings.rest_framework;
        let version = self.0.default.as_ref().or(rest.default_version.as_ref())?;
        let param = self.0.param.as_ref().unwrap_or(&rest.version_param);
        Some((param.clone(), version.clone()))
    }
}

impl Versioning for NamespaceVersioning {
    fn determine_version(&self, cx: &Context) -> Result<Option<String>> {
        let matched = cx.request.resolver_match().filter(|url| !url.namespaces.is_empty());
        let Some(matched) = matched else {
            return Ok(self.0.default(cx).map(ToOwned::to_owned));
        };
        let version = matched.namespaces.iter().find(|name| self.0.allows(Some(name.as_str()), cx));
        version.map(|version| Some(version.clone())).ok_or_else(|| {
            let message = "Invalid version in URL path. Does not match any version namespace.";
            ApiException::NotFound(Some(Detail::new(message, "not_found")))
        })
    }

    fn link_version(&self, version: &str, _: &Context) -> Option<LinkVersion> {
        Some(LinkVersion::Namespace(version.to_owned()))
    }
}

impl Versioning for AcceptHeaderVersioning {
    fn determine_version(&self, cx: &Context) -> Result<Option<String>> {
        let accepted = cx.accepted_media_type().unwrap_or_default();
        let media_type = MediaType::parse(accepted);
        let version = media_type.param(self.0.param(cx)).or_else(|| self.0.default(cx));
        if self.0.allows(version, cx) {
            return Ok(version.map(ToOwned::to_owned));
        }
        let message = "Invalid version in \"Accept\" header.";
        Err(ApiException::NotAcceptable(Some(Detail::new(message, "not_acceptable"))))
    }
}

impl Versioning for HostNameVersioning {
    fn determine_version(&self, cx: &Context) -> Result<Option<String>> {
        let host = cx.request.host.split(':').next().unwrap_or_default();
        let labels: Vec<&str> = host.split('.').collect();
        let is_word = |label: &&str| {
            !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric())
        };
        match labels.as_slice() {
            [version, ..] if labels.len() == 3 && labels.iter().all(is_word) => {
                self.0.checked(Some(version), cx, "Invalid version in hostname.")
            }
            _ => Ok(self.0.default(cx).map(ToOwned::to_owned)),
        }
    }
}

impl Versioning for QueryParameterVersioning {
    fn determine_version(&self, cx: &Context) -> Result<Option<String>> {
        let sent = cx.request.query_params().get(self.0.param(cx));
        let version = sent.or_else(|| self.0.default(cx));
        self.0.checked(version, cx, "Invalid version in query parameter.")
    }

    fn link_version(&self, version: &str, cx: &Context) -> Option<LinkVersion> {
        Some(LinkVersion::Query(self.0.param(cx).to_owned(), version.to_owned()))
    }
}
