//! Pages that show one feature of the wire each: they belong to no resource.

mod bulk;
mod errors;
mod fields;
mod formats;

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
    Router::simple()
        .path("atomic/", atomic, "atomic")
        .path("empty/", open("Empty").get(formats::empty), "empty")
        .path("bulk/artists/", bulk::view(), "bulk-artists")
        .path("fields/", fields::view(), "fields")
        .path("errors/<slug:kind>/", raising.get(errors::raise).post(errors::raise), "errors")
        .path_with_suffix("encoding/", encoding.get(formats::encoding), "encoding")
}
