//! Answers that fail: each exception, and writes that are rolled back.

use quintet::prelude::*;
use serde_json::json;

use crate::models::*;

/// Raises the exception named in the path.
pub async fn raise(cx: &mut Context) -> Result<Response> {
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
