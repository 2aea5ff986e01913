//! Parameters of a query string or of a form.

use std::borrow::Cow;
use std::fmt;

use super::charset::Charset;

/// The parameters of a query string or form, in order (`QueryDict`).
///
/// ```
/// use quintet::parsers::QueryParams;
///
/// let params = QueryParams::parse("tag=a&tag=b+c&q=%C3%A4");
/// assert_eq!(params.get("tag"), Some("b c"));
/// assert_eq!(params.get_list("tag").collect::<Vec<_>>(), ["a", "b c"]);
/// assert_eq!(params.get("q"), Some("ä"));
/// ```
#[doc(alias = "QueryDict")]
#[derive(Clone, Default)]
pub struct QueryParams {
    /// Names and values, one behind the other.
    text: String,
    /// Where each name starts, where its value does, and where that ends.
    pairs: Vec<[usize; 3]>,
}

impl fmt::Debug for QueryParams {
    /// The names without the values, which may be secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter().map(|(name, _)| name)).finish()
    }
}

impl QueryParams {
    /// Splits at `&`, decodes `+` and percent escapes; bytes that are not UTF-8 become U+FFFD.
    pub fn parse(query: &str) -> Self {
        Self::parse_in(query, Charset::Utf8)
    }

    /// Like [`parse`](Self::parse), with another charset behind the percent escapes.
    pub(crate) fn parse_in(query: &str, charset: Charset) -> Self {
        let mut params = Self { text: String::with_capacity(query.len()), pairs: Vec::new() };
        let mut decode = |text: &str| {
            if text.bytes().any(|byte| matches!(byte, b'+' | b'%')) {
                unquote(&text.replace('+', " "), charset, &mut params.text);
            } else {
                params.text.push_str(text);
            }
            params.text.len()
        };
        let mut start = 0;
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (middle, end) = (decode(key), decode(value));
            params.pairs.push([start, middle, end]);
            start = end;
        }
        params
    }

    /// Adds a pair.
    pub(crate) fn push(&mut self, name: &str, value: &str) {
        let start = self.text.len();
        self.text.push_str(name);
        let middle = self.text.len();
        self.text.push_str(value);
        self.pairs.push([start, middle, self.text.len()]);
    }

    /// The last value under a name, as `query_params.get`.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.in_order().rev().find(|(key, _)| *key == name).map(|(_, value)| value)
    }

    /// Every value under a name, as `query_params.getlist`.
    pub fn get_list<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.iter().filter(move |(key, _)| *key == name).map(|(_, value)| value)
    }

    /// All pairs, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.in_order()
    }

    fn in_order(&self) -> impl DoubleEndedIterator<Item = (&str, &str)> {
        self.pairs.iter().filter_map(|&[start, middle, end]| {
            Some((self.text.get(start..middle)?, self.text.get(middle..end)?))
        })
    }

    /// Whether there are no parameters.
    pub fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }

    /// An upper bound for the number of pairs in a text of this form: Django counts before it
    /// parses.
    pub(crate) fn count(query: &[u8]) -> usize {
        query.split(|byte| *byte == b'&').count()
    }
}

/// `urllib.parse.unquote`: where there is an escape at all, every run of ASCII characters is
/// decoded by itself, and the characters between them stay.
fn unquote(text: &str, charset: Charset, out: &mut String) {
    if !text.contains('%') {
        out.push_str(text);
        return;
    }
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest.bytes().position(|byte| !byte.is_ascii()).unwrap_or(rest.len());
        let (ascii, others) = rest.split_at_checked(end).unwrap_or((rest, ""));
        if !ascii.is_empty() {
            let bytes = Cow::from(percent_encoding::percent_decode_str(ascii));
            out.push_str(&charset.decode_lossy(&bytes));
        }
        let end = others.bytes().position(|byte| byte.is_ascii()).unwrap_or(others.len());
        let (plain, next) = others.split_at_checked(end).unwrap_or((others, ""));
        out.push_str(plain);
        rest = next;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_value_of_a_name_counts_and_all_are_kept() {
        let query = QueryParams::parse("a=1&b=&a=%C3%A9+x&&c");
        assert_eq!(query.get("a"), Some("é x"));
        assert_eq!(query.get_list("a").collect::<Vec<_>>(), ["1", "é x"]);
        assert_eq!(query.get("b"), Some(""));
        assert_eq!(query.get("c"), Some(""));
        assert_eq!(query.get("d"), None);
    }

    #[test]
    fn bytes_that_are_no_text_become_replacement_characters() {
        let query = QueryParams::parse("a=%FF%FF&b=1");
        assert_eq!(query.get("a"), Some("\u{fffd}\u{fffd}"));
        assert_eq!(query.get("b"), Some("1"));
    }

    #[test]
    fn names_and_values_may_be_empty() {
        let query = QueryParams::parse("=x&=y&a=1&a=&b");
        assert_eq!(query.get(""), Some("y"));
        assert_eq!(query.get("a"), Some(""));
        let pairs: Vec<_> = query.iter().collect();
        assert_eq!(pairs, [("", "x"), ("", "y"), ("a", "1"), ("a", ""), ("b", "")]);
    }

    #[test]
    fn a_form_of_many_short_runs_costs_what_its_length_does() {
        let runs = 400_000;
        let form = format!("a={}", "é%E9".repeat(runs));
        let started = std::time::Instant::now();
        for name in ["cp1252", "iso8859-9", "koi8-r", "gbk", "ascii", "utf-16"] {
            let charset = Charset::from_name(name).unwrap();
            let query = QueryParams::parse_in(&form, charset);
            assert!(query.get("a").is_some_and(|text| text.chars().count() >= runs), "{name}");
            if name == "cp1252" {
                assert_eq!(query.get("a"), Some("é".repeat(2 * runs).as_str()));
            }
        }
        assert!(started.elapsed().as_secs() < 20, "{:?}", started.elapsed());
    }
}
