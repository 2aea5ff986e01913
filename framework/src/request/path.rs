//! The URL of a request, as Django writes it.

use std::borrow::Cow;
use std::fmt::Write as _;

use percent_encoding::{percent_decode_str, utf8_percent_encode};

use super::Request;
use crate::reverse::escape::{IRI, REQUEST_PATH};

impl Request {
    /// The path and the query of this request as they are written in a URL
    /// (`get_full_path`): however the client escaped the path, the escaping is normalised.
    pub fn full_path(&self) -> Cow<'_, str> {
        if self.query_string.is_empty() {
            return self.escaped_path();
        }
        full_path(&decode_path(&self.path), &self.query_string).into()
    }

    /// The absolute URL of this request, query included (`build_absolute_uri`).
    pub fn absolute_uri(&self) -> String {
        self.build_absolute_uri(&self.full_path())
    }

    /// The path without the query, with normalised escaping.
    pub(crate) fn escaped_path(&self) -> Cow<'_, str> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-_.".contains(&byte);
        if self.path.bytes().all(plain) {
            return Cow::Borrowed(&self.path);
        }
        full_path(&decode_path(&self.path), "").into()
    }
}

/// The path as patterns see it. Bytes that are not UTF-8 stay escaped.
pub(crate) fn decode_path(path: &str) -> Cow<'_, str> {
    if !path.contains('%') {
        return Cow::Borrowed(path);
    }
    let bytes: Cow<'_, [u8]> = percent_decode_str(path).into();
    let mut decoded = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        decoded.push_str(chunk.valid());
        for byte in chunk.invalid() {
            // writing into a string does not fail
            let _ = write!(decoded, "%{byte:02X}");
        }
    }
    Cow::Owned(decoded)
}

/// The path and the query of a request as they are written in a URL (`HttpRequest.get_full_path`);
/// the path is decoded.
pub(crate) fn full_path(path: &str, query_string: &str) -> String {
    let mut full: String = utf8_percent_encode(path, REQUEST_PATH).collect();
    if !query_string.is_empty() {
        full.push('?');
        full.extend(utf8_percent_encode(query_string, IRI));
    }
    full
}

#[cfg(test)]
mod tests {
    use actix_web::http::Method;

    use super::*;

    #[test]
    fn a_path_is_escaped_in_one_way_however_it_was_sent() {
        for (sent, full) in [
            ("/api/artist%73/", "/api/artists/"),
            ("/api/artists/%39%30/?a=%62", "/api/artists/90/?a=%62"),
            ("/a%2fb/", "/a/b/"),
            ("/a%20b;=/", "/a%20b%3B%3D/"),
            ("/%c3%a9%FF/", "/%C3%A9%25FF/"),
            ("/a(b)!/", "/a(b)!/"),
        ] {
            let request = Request::new(Method::GET, sent);
            assert_eq!(request.full_path(), full, "{sent}");
            assert_eq!(request.absolute_uri(), format!("http://testserver{full}"));
        }
    }

    #[test]
    fn broken_bytes_of_a_path_stay_escaped() {
        assert_eq!(decode_path("/a%20b/%E2%82%AC/%ff/%"), "/a b/€/%FF/%");
        assert_eq!(decode_path("/plain/"), "/plain/");
    }
}
