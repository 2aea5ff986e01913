//! Paths: decoded for matching, and redirected to their slash (`CommonMiddleware`).

use actix_web::http::header::LOCATION;

use crate::request::full_path;
use crate::response::{Response, ResponseBody};

/// The path after the script name, or the whole path if it does not start with it: `/store` is a
/// prefix of `/store/api/`, but not of `/storeapi/`.
pub(crate) fn behind_script<'a>(path: &'a str, script: &str) -> &'a str {
    path.strip_prefix(script)
        .filter(|rest| rest.is_empty() || rest.starts_with('/'))
        .unwrap_or(path)
}

/// 301 to a decoded path, with the query. The URL has no host.
pub(crate) fn redirect_to(path: &str, query_string: &str) -> Response {
    let mut location = full_path(path, query_string);
    if location.starts_with("//") {
        // two slashes would start a host
        location.replace_range(..2, "/%2F");
    }
    moved(&location)
}

/// 301 to a URL (`HttpResponsePermanentRedirect`).
pub(crate) fn moved(location: &str) -> Response {
    let body = ResponseBody::Bytes {
        content_type: "text/html; charset=utf-8".to_owned(),
        bytes: Vec::new(),
    };
    Response { body, ..Response::empty(301) }.with_header(LOCATION, location)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn location(path: &str, query: &str) -> String {
        let response = redirect_to(path, query);
        assert_eq!(response.status, 301);
        response.headers.get(LOCATION).unwrap().to_str().unwrap().to_owned()
    }

    #[test]
    fn a_redirect_is_relative_and_keeps_the_query() {
        assert_eq!(location("/api/artists/", "page=2"), "/api/artists/?page=2");
        assert_eq!(location("/a b;é/", ""), "/a%20b%3B%C3%A9/");
        assert_eq!(location("/", "a=%20b&c[]=<d>;é?#"), "/?a=%20b&c[]=%3Cd%3E;%C3%A9?#");
    }

    #[test]
    fn a_redirect_never_leads_to_another_host() {
        assert_eq!(location("//evil.example/x/", ""), "/%2Fevil.example/x/");
    }

    #[test]
    fn a_script_name_is_taken_off_in_whole_segments() {
        for (path, rest) in [
            ("/store/api/", "/api/"),
            ("/store", ""),
            ("/store/", "/"),
            ("/storeapi/", "/storeapi/"),
            ("/api/store/", "/api/store/"),
        ] {
            assert_eq!(behind_script(path, "/store"), rest);
            assert_eq!(behind_script(path, ""), path);
        }
    }
}
