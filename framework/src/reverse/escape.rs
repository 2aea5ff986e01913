//! What stays unescaped in each part of a URL.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC};

/// In a query: RFC 3986's unreserved characters.
pub(crate) const QUERY: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// In a form, and in the query of a link: what Python's `quote_plus` leaves alone. The space becomes
/// `+` afterwards.
pub(crate) const FORM: &AsciiSet = &QUERY.remove(b' ');

/// In a parameter that holds a path (`urlencode(.., safe="/")`).
pub(crate) const PATH_IN_QUERY: &AsciiSet = &QUERY.remove(b'/');

/// In the path of the URL of a request (`escape_uri_path`).
pub(crate) const REQUEST_PATH: &AsciiSet = &PATH_IN_QUERY
    .remove(b':')
    .remove(b'@')
    .remove(b'&')
    .remove(b'+')
    .remove(b'$')
    .remove(b',')
    .remove(b'!')
    .remove(b'*')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')');

/// In a reversed path: RFC 3986's unreserved characters and sub-delimiters, and `/ ~ : @`.
pub(crate) const PATH: &AsciiSet = &REQUEST_PATH.remove(b';').remove(b'=');

/// In a whole URL (`iri_to_uri`).
pub(crate) const IRI: &AsciiSet =
    &PATH.remove(b'#').remove(b'%').remove(b'[').remove(b']').remove(b'?');
