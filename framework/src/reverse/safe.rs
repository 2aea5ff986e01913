//! URLs sent by clients, such as `next` (`django.utils.http`).

use std::sync::LazyLock;

use percent_encoding::utf8_percent_encode;
use regex::Regex;

use super::SplitUrl;
use super::escape::IRI;
use crate::values::python::strip;

/// The longest URL that is considered.
const LONGEST: usize = 2048;

/// Control characters, invisible ones and unassigned ones: browsers skip some at the beginning.
static INVISIBLE: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"^\p{C}").ok());

/// Whether a URL sent by a client is safe to redirect to: it leads to one of these hosts, or stays
/// on this one, and has a web scheme. This is the check against open redirects. An empty URL is
/// refused. With `require_https`, plain HTTP is refused too.
///
/// ```
/// use quintet::reverse::url_has_allowed_host_and_scheme as is_safe;
///
/// assert!(is_safe("/api/artists/", &["example.com"], false));
/// assert!(!is_safe("//evil.example", &["example.com"], false));
/// assert!(!is_safe("javascript:alert(1)", &["example.com"], false));
/// ```
pub fn url_has_allowed_host_and_scheme(url: &str, allowed: &[&str], require_https: bool) -> bool {
    let url = strip(url);
    // browsers read a backslash in a path as a slash; in the user's part they do not
    is_allowed(url, allowed, require_https)
        && is_allowed(&url.replace('\\', "/"), allowed, require_https)
}

fn is_allowed(url: &str, allowed: &[&str], require_https: bool) -> bool {
    // browsers read three slashes as two
    if url.is_empty() || url.starts_with("///") || url.chars().count() > LONGEST {
        return false;
    }
    let Some(SplitUrl { scheme, netloc, .. }) = SplitUrl::parse(url) else { return false };
    // browsers take what follows `http:///` for a host
    if netloc.is_empty() && !scheme.is_empty() {
        return false;
    }
    if INVISIBLE.as_ref().is_none_or(|invisible| invisible.is_match(url)) {
        return false;
    }
    // `//host` is taken for HTTP
    let scheme = if scheme.is_empty() && !netloc.is_empty() { "http" } else { &scheme };
    let scheme_fits = match scheme {
        "" | "https" => true,
        "http" => !require_https,
        _ => false,
    };
    scheme_fits && (netloc.is_empty() || allowed.contains(&netloc.as_str()))
}

/// A URL as a header may hold it: what is not ASCII, or would end the line, is escaped.
pub fn iri_to_uri(iri: &str) -> String {
    utf8_percent_encode(iri, IRI).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn safe(url: &str) -> (bool, bool) {
        let check = |https| url_has_allowed_host_and_scheme(url, &["testserver"], https);
        (check(false), check(true))
    }

    #[test]
    fn addresses_here_are_safe_as_django_has_it() {
        for url in [
            "/",
            "/api/",
            "api/",
            "?x=1",
            "https://testserver/x",
            "/\0",
            "1a:b",
            "1http://evil.example",
            "/%2Fevil.example",
            ".//evil",
            "//",
            "/a b",
            "/path?next=http://evil.example",
        ] {
            assert_eq!(safe(url), (true, true), "{url:?}");
        }
        for url in [
            "http://testserver/",
            "//testserver/x",
            "ht\ntp://testserver/",
            "http://testserver?x",
            "http://testserver#x",
            "//testserver",
            "//test\tserver/x",
        ] {
            assert_eq!(safe(url), (true, false), "{url:?}");
        }
        assert_eq!(safe(&format!("/{}", "x".repeat(2047))), (true, true));
    }

    #[test]
    fn addresses_elsewhere_are_not() {
        for url in [
            "",
            "  ",
            "http://evil.example/",
            "//evil.example",
            "///evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "\\/evil.example",
            "http:///evil.example",
            "javascript:alert(1)",
            "JaVaScRiPt:alert(1)",
            "ftp://testserver/",
            "http:testserver",
            "http:/testserver",
            "\u{8}//evil.example",
            "\0/",
            "\u{200b}/x",
            "\u{ad}/x",
            "http://testserver:80/",
            "http://TESTSERVER/",
            "http://user@testserver/",
            "http:\\\\evil.example",
            "h\ttp://evil.example",
            "/\t/evil.example",
            "http://[::1/",
            "http://[::1]/",
            "//[evil",
            "mailto:x@y",
            "a:b",
            "//evil.example\\@testserver",
            "http://testserver\\@evil.example",
            "http://testserver@evil.example",
            "//\u{ff45}vil.example",
            "http://testserver\u{ff0f}evil/",
            " http://evil.example",
            "\u{3000}//evil.example",
            "http://\u{2100}/",
            "http://",
            "http:",
            "\u{7f}/x",
            "\u{1f}//evil.example",
            "https:evil",
        ] {
            assert_eq!(safe(url), (false, false), "{url:?}");
        }
        assert_eq!(safe(&"x".repeat(2049)), (false, false));
    }

    #[test]
    fn what_goes_into_a_header_is_escaped_once() {
        assert_eq!(iri_to_uri("/a b?x=é&y=%20#z"), "/a%20b?x=%C3%A9&y=%20#z");
        assert_eq!(iri_to_uri("/\r\nX: y\0"), "/%0D%0AX:%20y%00");
    }
}
