//! What may be cached.

use quintet::caching::Caching;
use quintet::prelude::*;
use serde_json::json;

use crate::models::*;

/// For a minute, apart for each value of X-Shelf.
pub fn for_a_minute() -> Caching {
    Caching::new().cache_page(60).vary_on_headers(["X-Shelf"])
}

/// The number of genres.
pub async fn genres(cx: &mut Context) -> Result<Response> {
    Response::new(&json!({ "genres": Genre::objects().count(cx).await? }))
}

/// Something that must be made anew each time.
pub async fn never(_cx: &mut Context) -> Result<Response> {
    Response::new(&json!({ "cached": false }))
}
