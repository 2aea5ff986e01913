//! The URL of a request, as Django writes it.

use std::borrow::Cow;

use super::Request;
use crate::middleware::{decode_path, full_path};

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
}
