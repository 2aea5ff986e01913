//! Pages that show one feature of the wire each: they belong to no resource.

mod bulk;
mod caches;
mod errors;
mod fields;
mod formats;
mod uploads;
mod versions;

use quintet::caching::Caching;
use quintet::http::Method;
use quintet::parsers::{FileUploadParser, MultiPartParser};
use quintet::permissions::IsAuthenticated;
use quintet::prelude::*;
use quintet::renderers::{BrowsableApiRenderer, JsonRenderer, StaticHtmlRenderer};

/// The URLs of these pages.
pub fn urls() -> Router {
    let open = |name| ApiView::new(name).permissions(AllowAny);
    let atomic = ApiView::new("Atomic")
        .description("Writes an artist, then fails in the asked way; nothing must stay.")
        .permissions(IsAuthenticated)
        .post(errors::atomic);
    let raising = open("Raising").description("Raises the exception named in the path.");
    let encoding = open("Encoding").description("Values whose JSON form is easily got wrong.");
    let echo = open("Echo").description("Says what the parser made of the body.");
    let echo = echo.post(uploads::echo).put(uploads::echo).patch(uploads::echo);
    let upload = open("Upload").parsers(MultiPartParser).serializer(Method::POST, None);
    let raw_upload = open("RawUpload").parsers(FileUploadParser).put(uploads::raw_upload);
    let formats = open("Formats")
        .description("One document in JSON, HTML (browsable), plain text and CSV.")
        .renderers((
            JsonRenderer,
            formats::PlainTextRenderer,
            formats::CsvRenderer,
            BrowsableApiRenderer,
        ))
        .get(formats::formats);
    let html = open("Html Only").renderers(StaticHtmlRenderer).get(formats::html);
    let cached = open("Cached").renderers(JsonRenderer).caching(caches::for_a_minute());
    let never = open("Never Cached").caching(Caching::new().never_cache());
    let url = open("URL Version").versioning(versions::url_versioning());
    let header = open("Header Version").versioning(versions::header_versioning());
    let parameter = open("Parameter Version").versioning(versions::parameter_versioning());
    let url_catalog = versions::Catalog(versions::url_versioning()).as_view();
    let header_catalog = versions::Catalog(versions::header_versioning()).as_view();
    Router::simple()
        .path("upload/", upload.post(uploads::upload), "upload")
        .path("raw-upload/<str:filename>", raw_upload, "raw-upload")
        .path("echo/", echo.delete(uploads::echo), "echo")
        .path("atomic/", atomic, "atomic")
        .path("empty/", open("Empty").get(formats::empty), "empty")
        .path("bulk/artists/", bulk::view(), "bulk-artists")
        .path("fields/", fields::view(), "fields")
        .path("errors/<slug:kind>/", raising.get(errors::raise).post(errors::raise), "errors")
        .path("cached/", cached.get(caches::genres), "cached")
        .path("never-cached/", never.get(caches::never), "never-cached")
        .path("html/", html, "html")
        .path("(?P<version>v[^/]*)/version/", url.get(versions::url_version), "versioned")
        .path(r"(?P<version>v[^/]*)/catalog/(?P<pk>\d+)/", url_catalog, "versioned-catalog")
        .path("accept-version/", header.get(versions::header_version), "accept-version")
        .path("accept-version/catalog/<int:pk>/", header_catalog, "accept-version-catalog")
        .path("query-version/", parameter.get(versions::parameter_version), "query-version")
        .path_with_suffix("formats/", formats, "formats")
        .path_with_suffix("encoding/", encoding.get(formats::encoding), "encoding")
}
