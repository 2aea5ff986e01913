//! What an answer looks like on the wire: its bytes, or that it has none.

use quintet::http::header::{CACHE_CONTROL, HeaderName};
use quintet::prelude::*;
use serde_json::json;

/// Responds without a body.
pub async fn empty(cx: &mut Context) -> Result<Response> {
    Ok(match cx.request.query_params().get("code") {
        Some("200") => Response::empty(200),
        Some("202") => Response::new(&json!({}))?.with_status(202),
        Some("304") => Response::empty(304),
        _ => Response::empty(204),
    })
}

/// Values that are easy to encode wrongly in JSON.
pub async fn encoding(_cx: &mut Context) -> Result<Response> {
    let answer = Response::new(&json!({
        "unicode": "Ænima – 日本語 🎸", "separator": "a\u{2028}b\u{2029}c", "html": "<b>&'\"</b>",
        "control": "\t\n\u{1}\u{7f}", "big": 1_u64 << 63, "float": 1.0, "tiny": 1e-07, "large": 1e22,
        "decimal": Decimal::new(110, 2), "none": null, "nested": [[], {}, [1, [2, [3]]]], "slash": "a/b\\c",
    }))?;
    Ok(answer
        .with_header(HeaderName::from_static("x-extra"), "yes")
        .with_header(CACHE_CONTROL, "no-store"))
}
