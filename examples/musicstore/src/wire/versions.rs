//! Versions of the API: in the path, in `Accept`, in the query.

use quintet::generics::RetrieveApiView;
use quintet::prelude::*;
use quintet::serializers::SerializerClass;
use quintet::versioning::*;
use serde_json::json;

use crate::models::*;

/// `v1/…`, `v2/…`
pub fn url_versioning() -> UrlPathVersioning {
    UrlPathVersioning::new().default_version("v1").allowed_versions(["v1", "v2"])
}

/// `Accept: application/json; version=2.0`
pub fn header_versioning() -> AcceptHeaderVersioning {
    AcceptHeaderVersioning::new().default_version("1.0").allowed_versions(["1.0", "2.0"])
}

/// `?v=2`
pub fn parameter_versioning() -> QueryParameterVersioning {
    let versions = QueryParameterVersioning::new().default_version("1");
    versions.allowed_versions(["1", "2"]).version_param("v")
}

/// The version with links that keep it.
pub async fn url_version(cx: &mut Context) -> Result<Response> {
    let own = cx.reverse("versioned", &[])?;
    let genre = cx.reverse("versioned-catalog", &[("pk", "1")])?;
    Response::new(&json!({ "version": cx.version(), "self": own, "genre": genre }))
}

/// The version alone.
pub async fn header_version(cx: &mut Context) -> Result<Response> {
    Response::new(&json!({ "version": cx.version() }))
}

/// The version with a link that keeps it.
pub async fn parameter_version(cx: &mut Context) -> Result<Response> {
    let own = cx.reverse("query-version", &[])?;
    Response::new(&json!({ "version": cx.version(), "self": own }))
}

#[derive(Serializer)]
#[serializer(model = Genre, fields(id, name))]
pub struct CatalogV1Serializer {}

#[derive(Serializer)]
#[serializer(model = Genre, fields(id, label, track_count))]
pub struct CatalogV2Serializer {
    #[field(source = name)]
    label: String,
}

/// A genre, in the serializer of the version.
pub struct Catalog<V>(pub V);

impl<V: Versioning + Clone> ViewSet for Catalog<V> {
    type Base = RetrieveApiView;
    type Serializer = CatalogV1Serializer;

    fn permission_classes(&self) -> impl PermissionClasses {
        AllowAny
    }

    fn versioning_class(&self) -> impl VersioningClass {
        self.0.clone()
    }

    fn get_serializer_class(&self, cx: &Context) -> SerializerClass<Genre> {
        match cx.version() {
            Some("v2" | "2.0") => CatalogV2Serializer::class(),
            _ => CatalogV1Serializer::class(),
        }
    }
}
