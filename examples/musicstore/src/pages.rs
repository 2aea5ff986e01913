//! The small views beside the resources.

use quintet::http::header::{CACHE_CONTROL, HeaderName};
use quintet::prelude::*;
use serde_json::json;

use crate::models::*;

/// The user of the request.
pub async fn whoami(cx: &mut Context) -> Result<Response> {
    Response::new(&json!({
        "user": cx.user().map(|user| user.username.as_str()),
        "authenticated": cx.is_authenticated(),
        "auth": cx.auth().map(|auth| auth.scheme()),
        "staff": cx.user().is_some_and(|user| user.is_staff),
    }))
}

/// Creates an artist, then fails as requested; the insert must be rolled back.
pub async fn atomic(cx: &mut Context) -> Result<Response> {
    let data = cx.data()?.to_json()?;
    let text = |key: &str| data.get(key).and_then(|value| value.as_str().map(ToOwned::to_owned));
    let (name, fail) = (text("name").unwrap_or_else(|| "Rolled Back".into()), text("fail"));
    cx.transaction(async |cx| {
        let artist = cx.save(Changes::new().set(artist::name, name)).await?;
        match fail.as_deref() {
            Some("validation") => {
                Err(ApiException::validation(Detail::field("fail", ["asked to fail"])))
            }
            Some("denied") => {
                Err(ApiException::PermissionDenied(Some("asked to be denied".into())))
            }
            Some("missing") => Err(ApiException::NotFound(Some("asked to be missing".into()))),
            _ => {
                Ok(Response::new(&json!({"id": artist.id, "name": artist.name}))?.with_status(201))
            }
        }
    })
    .await
}

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

/// Raises the exception named in the path.
pub async fn errors(cx: &mut Context) -> Result<Response> {
    use ApiException as E;
    let given = |text: &'static str| Some(Detail::from(text));
    let custom = |status, detail| E::Custom { status, detail };
    Err(match cx.request.kwarg("kind").unwrap_or_default() {
        "parse" => E::ParseError(None),
        "parse-detail" => E::ParseError(given("Cannot read that.")),
        "authentication-failed" => E::AuthenticationFailed(None),
        "not-authenticated" => E::NotAuthenticated(None),
        "permission-denied" => E::PermissionDenied(None),
        "permission-denied-detail" => {
            E::PermissionDenied(Some(Detail::new("Not on Sundays.", "sunday")))
        }
        "method" => E::MethodNotAllowed("BREW".into()),
        "not-acceptable" => E::NotAcceptable(None),
        "media-type" => E::UnsupportedMediaType("application/vnd.tea".into()),
        "throttled" => E::Throttled { wait: None },
        "throttled-wait" => E::Throttled { wait: Some(12.3) },
        "throttled-one" => E::Throttled { wait: Some(1.0) },
        "validation" => E::validation("Invalid input."),
        "validation-text" => E::validation("One message."),
        "validation-list" => E::validation(["First.", "Second."]),
        "validation-dict" => E::validation(Detail::map([
            ("name", ["Bad name."].into()),
            ("nested", Detail::field("deep", [Detail::new("Deep.", "deep")])),
        ])),
        "validation-dict-text" => E::validation(Detail::map([
            ("name", "Bare text."),
            ("count", "3"),
            ("flag", "True"),
            ("nothing", "None"),
        ])),
        "django-404" => E::NotFound(given("never shown")),
        "django-denied" => E::PermissionDenied(given("never shown")),
        "closed" => custom(503, "The store is closed.".into()),
        "closed-detail" => custom(503, "Closed until noon.".into()),
        "conflict" => custom(409, Detail::map([("reason", "conflict"), ("retry", "False")])),
        "teapot" => custom(418, "short and stout".into()),
        "suspicious" => E::Suspicious("never shown"),
        _ => E::NotFound(None),
    })
}
