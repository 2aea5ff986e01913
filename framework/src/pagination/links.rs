//! Links to other pages: the request's URL with one parameter changed
//! (`rest_framework.utils.urls`).

use percent_encoding::utf8_percent_encode;

use crate::request::{QueryParams, Request};
use crate::reverse::escape::FORM;

/// Appends a text in form encoding: a space as `+`, all but letters, digits and `_.-~` escaped.
pub(crate) fn push_form_encoded(out: &mut String, text: &str) {
    let plain =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-' | b'~');
    if text.bytes().all(plain) {
        return out.push_str(text);
    }
    for piece in utf8_percent_encode(text, FORM) {
        if piece.contains(' ') {
            out.push_str(&piece.replace(' ', "+"));
        } else {
            out.push_str(piece);
        }
    }
}

/// The URL with a query parameter set; parameters are sorted by name, and values keep their order
/// (`replace_query_param`).
pub fn replace_query_param(url: &str, name: &str, value: &str) -> String {
    rewrite(url, (name, Some(value)))
}

/// The URL without a query parameter (`remove_query_param`).
pub fn remove_query_param(url: &str, name: &str) -> String {
    rewrite(url, (name, None))
}

/// The request's URL with some of its query parameters set or, for `None`, removed.
pub(super) fn page_link(request: &Request, changes: &[(&str, Option<&str>)]) -> String {
    let mut out = request.build_absolute_uri(&request.escaped_path());
    push_query(&mut out, request.query_params(), changes);
    out
}

fn rewrite(url: &str, change: (&str, Option<&str>)) -> String {
    let (url, fragment) = match url.split_once('#') {
        Some((url, fragment)) => (url, Some(fragment)),
        None => (url, None),
    };
    let (base, query) = url.split_once('?').unwrap_or((url, ""));
    let mut out = String::with_capacity(url.len() + 32);
    out.push_str(base);
    push_query(&mut out, &QueryParams::parse(query), &[change]);
    if let Some(fragment) = fragment.filter(|text| !text.is_empty()) {
        out.push('#');
        out.push_str(fragment);
    }
    out
}

fn push_query(out: &mut String, params: &QueryParams, changes: &[(&str, Option<&str>)]) {
    let kept = params.iter().filter(|(key, _)| changes.iter().all(|(name, _)| name != key));
    let added = changes.iter().filter_map(|(name, value)| Some((*name, (*value)?)));
    let mut pairs: Vec<(&str, &str)> = kept.chain(added).collect();
    pairs.sort_by_key(|(key, _)| *key);
    let mut separator = '?';
    for (key, value) in pairs {
        out.push(separator);
        separator = '&';
        push_form_encoded(out, key);
        out.push('=');
        push_form_encoded(out, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_built_as_drf_builds_them() {
        for line in include_str!("vectors/link.jsonl").lines() {
            let vector: serde_json::Value = serde_json::from_str(line).unwrap();
            let url = vector["url"].as_str().unwrap();
            assert_eq!(replace_query_param(url, "page", "5"), vector["replace_page_5"], "{url}");
            assert_eq!(remove_query_param(url, "page"), vector["remove_page"], "{url}");
        }
    }

    #[test]
    fn broken_percent_escapes_are_taken_as_text() {
        assert_eq!(replace_query_param("http://h/?q=%zz%4", "p", "1"), "http://h/?p=1&q=%25zz%254");
    }

    #[test]
    fn the_fragment_is_kept() {
        assert_eq!(replace_query_param("http://h/?b=1#x", "a", "é"), "http://h/?a=%C3%A9&b=1#x");
    }
}
