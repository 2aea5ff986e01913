//! The parts of a URL, as Python's `urlsplit` sees them: Django uses it to decide what another site
//! is.

use std::net::Ipv6Addr;

/// The parts that decide where a URL leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SplitUrl {
    /// In lower case; empty where there is none.
    pub(crate) scheme: String,
    /// User, host and port; empty where there is none.
    pub(crate) netloc: String,
    /// What follows: path, query, fragment.
    pub(crate) rest: String,
}

impl SplitUrl {
    /// Splits a URL; `None` if brackets do not hold an IPv6 address.
    pub(crate) fn parse(url: &str) -> Option<Self> {
        // browsers drop these, too
        let url =
            url.trim_start_matches(|letter: char| letter <= ' ').replace(['\t', '\r', '\n'], "");
        let mut rest = url.as_str();
        let mut scheme = String::new();
        if let Some((before, after)) = url.split_once(':')
            && before.starts_with(|first: char| first.is_ascii_alphabetic())
            && before.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'))
        {
            scheme = before.to_ascii_lowercase();
            rest = after;
        }
        let mut netloc = "";
        if let Some(after) = rest.strip_prefix("//") {
            let (host, path) = after.split_at(after.find(['/', '?', '#']).unwrap_or(after.len()));
            (netloc, rest) = (host, path);
        }
        if netloc.contains('[') != netloc.contains(']') {
            return None;
        }
        if let Some((_, inner)) = netloc.split_once('[') {
            let host = inner.split(']').next().unwrap_or_default();
            let address = host.split('%').next().unwrap_or_default();
            if !host.starts_with('v') && address.parse::<Ipv6Addr>().is_err() {
                return None;
            }
        }
        Some(Self { scheme, netloc: netloc.to_owned(), rest: rest.to_owned() })
    }

    /// The whole URL (`geturl`).
    pub(crate) fn url(&self) -> String {
        let netloc =
            if self.netloc.is_empty() { String::new() } else { format!("//{}", self.netloc) };
        let scheme =
            if self.scheme.is_empty() { String::new() } else { format!("{}:", self.scheme) };
        format!("{scheme}{netloc}{}", self.rest)
    }
}

/// Whether a host matches this pattern, or is a subdomain of it if it starts with a dot.
pub(crate) fn is_same_domain(host: &str, pattern: &str) -> bool {
    let pattern = pattern.to_lowercase();
    match pattern.strip_prefix('.') {
        Some(base) => host.ends_with(&pattern) || host == base,
        None => !pattern.is_empty() && host == pattern,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_a_scheme_a_host_and_the_rest() {
        let split =
            |url: &str| SplitUrl::parse(url).map(|split| (split.scheme, split.netloc, split.rest));
        for (url, scheme, netloc, rest) in [
            ("HTTPS://a.example:80/x?y#z", "https", "a.example:80", "/x?y#z"),
            ("//a.example", "", "a.example", ""),
            ("https://a.example?x", "https", "a.example", "?x"),
            (" \u{1}h\tttp:/x", "http", "", "/x"),
            ("1a:b", "", "", "1a:b"),
            ("/a:b", "", "", "/a:b"),
            ("null", "", "", "null"),
            ("http://[::1]:80/", "http", "[::1]:80", "/"),
        ] {
            let parts = (scheme.to_owned(), netloc.to_owned(), rest.to_owned());
            assert_eq!(split(url), Some(parts), "{url}");
        }
        for url in ["http://[::1/", "//evil]", "//[evil]/"] {
            assert_eq!(split(url), None, "{url}");
        }
    }

    #[test]
    fn an_address_is_put_together_again() {
        for url in ["https://a.example/x?y", "//a.example/", "/x", "a:b"] {
            assert_eq!(SplitUrl::parse(url).unwrap().url(), url);
        }
    }

    #[test]
    fn a_leading_dot_stands_for_everything_below() {
        assert!(is_same_domain("a.example", "A.example"));
        assert!(is_same_domain("a.example", ".example") && is_same_domain("example", ".example"));
        assert!(!is_same_domain("badexample", ".example") && !is_same_domain("", ""));
        assert!(!is_same_domain("a.example:80", "a.example"));
    }
}
