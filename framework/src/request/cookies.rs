//! Cookies of a request, as Django reads them (`parse_cookie`).

use actix_web::http::header::COOKIE;

use super::Request;
use crate::values::python::strip;

impl Request {
    /// The value of a cookie; the last one of its name counts. Several `Cookie` headers are one
    /// list, as HTTP/2 sends them.
    ///
    /// ```
    /// use quintet::http::Method;
    /// use quintet::http::header::{COOKIE, HeaderValue};
    /// use quintet::request::Request;
    ///
    /// let mut request = Request::new(Method::GET, "/");
    /// request.headers.insert(COOKIE, HeaderValue::from_static("theme=dark; lang=\"de\""));
    /// assert_eq!(request.cookie("lang").as_deref(), Some("de"));
    /// ```
    pub fn cookie(&self, name: &str) -> Option<String> {
        let mut found = None;
        for header in self.headers.get_all(COOKIE) {
            let text = String::from_utf8_lossy(header.as_bytes());
            for pair in text.split(';') {
                let (key, value) = pair.split_once('=').unwrap_or(("", pair));
                let (key, value) = (strip(key), strip(value));
                if key == name && !(key.is_empty() && value.is_empty()) {
                    found = Some(unquoted(value));
                }
            }
        }
        found
    }

    /// Whether it has any cookies.
    pub(crate) fn has_cookies(&self) -> bool {
        self.headers.contains_key(COOKIE)
    }
}

/// A value without the quotes around it, and what is escaped between them.
fn unquoted(value: &str) -> String {
    let inner = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    let Some(inner) = inner else { return value.to_owned() };
    let mut text = String::with_capacity(inner.len());
    let mut rest = inner.chars();
    while let Some(letter) = rest.next() {
        if letter != '\\' {
            text.push(letter);
            continue;
        }
        let octal = octal(rest.as_str());
        if let Some(octal) = octal {
            text.push(char::from(octal));
            rest.nth(2);
        } else {
            // a lone backslash at the end stays
            text.push(rest.next().unwrap_or('\\'));
        }
    }
    text
}

/// The byte of three octal digits at the beginning of a text.
fn octal(text: &str) -> Option<u8> {
    let digits = text.get(..3)?;
    if !digits.bytes().all(|digit| matches!(digit, b'0'..=b'7')) {
        return None;
    }
    u8::from_str_radix(digits, 8).ok()
}

#[cfg(test)]
mod tests {
    use actix_web::http::Method;
    use actix_web::http::header::HeaderValue;

    use super::*;

    fn cookie(headers: &[&str], name: &str) -> Option<String> {
        let mut request = Request::new(Method::GET, "/");
        for header in headers {
            request.headers.append(COOKIE, HeaderValue::from_bytes(header.as_bytes()).unwrap());
        }
        request.cookie(name)
    }

    #[test]
    fn cookies_are_read_as_django_reads_them() {
        for (header, name, value) in [
            ("a=1; b=2", "a", Some("1")),
            ("a=1; b=2", "b", Some("2")),
            ("a=1; a=2", "a", Some("2")),
            ("a = b ; c", "a", Some("b")),
            ("a = b ; c", "", Some("c")),
            ("novalue; =x; ;y=", "", Some("x")),
            ("novalue; =x; ;y=", "y", Some("")),
            ("a=b=c", "a", Some("b=c")),
            ("A=1", "a", None),
            ("é=ü", "é", Some("ü")),
            ("", "a", None),
            (";", "", None),
        ] {
            assert_eq!(cookie(&[header], name).as_deref(), value, "{header}");
        }
    }

    #[test]
    fn quotes_go_and_what_they_escape_comes_back() {
        for (value, read) in [
            ("\"x\\\"y\\054z\"", "x\"y,z"),
            ("\" q \"", " q "),
            ("\"", "\""),
            ("\"\"", ""),
            ("\"\\999\"", "999"),
            ("\"\\3\"", "3"),
            ("\"a\\\"", "a\\"),
            ("\"a", "\"a"),
            ("\"\\351\"", "é"),
            ("\"\\é\"", "é"),
        ] {
            assert_eq!(cookie(&[&format!("k={value}")], "k").as_deref(), Some(read), "{value}");
        }
    }

    #[test]
    fn several_headers_are_one_list() {
        assert_eq!(cookie(&["a=1", "b=2; a=3"], "a").as_deref(), Some("3"));
        assert_eq!(cookie(&["a=1", "b=2"], "b").as_deref(), Some("2"));
    }
}
