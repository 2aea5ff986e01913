//! Django's plain HTML pages (`django.views.defaults`), and JSON for clients that ask for it.

use crate::negotiation::MediaType;
use crate::response::{Response, ResponseBody};
use crate::settings::Settings;

/// The page of a status without a view: 400, 403, 404, 408, 429, 431, 503 or 500; `accept` is the
/// client's header.
pub(crate) fn page(status: u16, accept: Option<&str>) -> Response {
    let (title, text, detail) = match status {
        400 => ("Bad Request (400)", "", "Bad Request (400)"),
        403 => ("403 Forbidden", "", "You do not have permission to perform this action."),
        408 => {
            let text = "The request took too long.";
            ("408 Request Timeout", text, text)
        }
        429 => ("429 Too Many Requests", "", "Request was throttled."),
        431 => {
            let text = "The headers of the request are too long.";
            ("431 Request Header Fields Too Large", text, text)
        }
        503 => ("503 Service Unavailable", "", "Service temporarily unavailable, try again later."),
        404 => ("Not Found", "The requested resource was not found on this server.", "Not found."),
        _ => ("Server Error (500)", "", "A server error occurred."),
    };
    if accept.is_some_and(names_json) {
        return Response::json(format!("{{\"detail\":\"{detail}\"}}").into_bytes())
            .with_status(status);
    }
    let html = format!(
        "\n<!doctype html>\n<html lang=\"en\">\n<head>\n  <title>{title}</title>\n</head>\n\
         <body>\n  <h1>{title}</h1><p>{text}</p>\n</body>\n</html>\n"
    );
    let body = ResponseBody::Bytes {
        content_type: "text/html; charset=utf-8".to_owned(),
        bytes: html.into_bytes(),
    };
    Response { body, ..Response::empty(status) }
}

/// The page of a status for a request to a path; JSON below those of `JSON_ERRORS`.
pub(crate) fn page_at(
    settings: &Settings,
    path: &str,
    status: u16,
    accept: Option<&str>,
) -> Response {
    let json = settings.json_errors.iter().any(|prefix| is_below(path, prefix));
    page(status, if json { Some("application/json") } else { accept })
}

/// Whether a path is another one or below it: `/api/tracks/` is below `/api`, `/apiary/` is not.
fn is_below(path: &str, above: &str) -> bool {
    path.strip_prefix(above)
        .is_some_and(|rest| rest.is_empty() || above.ends_with('/') || rest.starts_with('/'))
}

/// Whether `Accept` names JSON and not HTML: an API client, not a browser.
fn names_json(accept: &str) -> bool {
    let names = |sub: &str, suffix: &str| {
        accept.split(',').map(MediaType::parse).any(|media_type| {
            media_type.sub == sub || !suffix.is_empty() && media_type.sub.ends_with(suffix)
        })
    };
    accept.contains("json") && names("json", "+json") && !names("html", "")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, accept: Option<&str>) -> (String, String) {
        match page(status, accept).body {
            ResponseBody::Bytes { content_type, bytes } => {
                (content_type, String::from_utf8(bytes).unwrap())
            }
            ResponseBody::Json(bytes) => {
                ("application/json".into(), String::from_utf8(bytes).unwrap())
            }
            ResponseBody::Empty | ResponseBody::Stream { .. } => (String::new(), String::new()),
        }
    }

    #[test]
    fn a_path_is_below_another_by_whole_segments() {
        for (path, above) in [("/api/tracks/", "/api"), ("/api", "/api"), ("/api/x", "/api/")] {
            assert!(is_below(path, above), "{path} {above}");
        }
        for (path, above) in [("/apiary/", "/api"), ("/", "/api"), ("/api", "/api/")] {
            assert!(!is_below(path, above), "{path} {above}");
        }
    }

    #[test]
    fn pages_are_djangos() {
        let (content_type, html) = answer(404, Some("*/*"));
        assert_eq!(content_type, "text/html; charset=utf-8");
        assert_eq!(
            html,
            "\n<!doctype html>\n<html lang=\"en\">\n<head>\n  <title>Not Found</title>\n</head>\n<body>\n  <h1>Not Found</h1><p>The requested resource was not found on this server.</p>\n</body>\n</html>\n"
        );
        assert!(answer(400, None).1.contains("<h1>Bad Request (400)</h1><p></p>"));
        assert!(answer(500, None).1.contains("<title>Server Error (500)</title>"));
    }

    #[test]
    fn a_client_that_names_json_gets_json() {
        let json = ("application/json".to_owned(), "{\"detail\":\"Not found.\"}".to_owned());
        assert_eq!(answer(404, Some("application/json")), json);
        assert_eq!(answer(404, Some("application/problem+json, */*;q=0.1")), json);
    }

    #[test]
    fn a_browser_gets_html() {
        assert_eq!(answer(404, Some("text/html,application/json")).0, "text/html; charset=utf-8");
        assert_eq!(answer(404, Some("application/*")).0, "text/html; charset=utf-8");
    }
}
