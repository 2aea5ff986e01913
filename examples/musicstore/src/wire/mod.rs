//! Pages that show one feature of the wire each: they belong to no resource.

mod bulk;
mod errors;
mod fields;
mod formats;
mod uploads;

use quintet::parsers::{FileUploadParser, MultiPartParser};
use quintet::permissions::IsAuthenticated;
use quintet::prelude::*;

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
    let upload = open("Upload").parsers(MultiPartParser).post(uploads::upload);
    let raw_upload = open("RawUpload").parsers(FileUploadParser).put(uploads::raw_upload);
    Router::simple()
        .path("upload/", upload, "upload")
        .path("raw-upload/<str:filename>", raw_upload, "raw-upload")
        .path("echo/", echo.delete(uploads::echo), "echo")
        .path("atomic/", atomic, "atomic")
        .path("empty/", open("Empty").get(formats::empty), "empty")
        .path("bulk/artists/", bulk::view(), "bulk-artists")
        .path("fields/", fields::view(), "fields")
        .path("errors/<slug:kind>/", raising.get(errors::raise).post(errors::raise), "errors")
        .path_with_suffix("encoding/", encoding.get(formats::encoding), "encoding")
}
