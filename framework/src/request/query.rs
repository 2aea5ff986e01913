//! Parameters of a query string or of a form.

use std::borrow::Cow;

/// The parameters of a query string, in order, as Django's `QueryDict` reads them.
#[derive(Debug, Clone, Default)]
pub struct QueryParams {
    /// Names and values, one behind the other.
    text: String,
    /// Where each name starts, where its value does, and where that ends.
    pairs: Vec<[usize; 3]>,
}

impl QueryParams {
    /// Splits at `&`, decodes `+` and percent escapes; bytes that are no UTF-8 become U+FFFD.
    pub fn parse(query: &str) -> Self {
        Self::parse_with(query, |bytes| String::from_utf8_lossy(bytes).into_owned())
    }

    /// The same, with another charset behind the percent escapes.
    pub(crate) fn parse_with(query: &str, charset: impl Fn(&[u8]) -> String) -> Self {
        let mut params = Self { text: String::with_capacity(query.len()), pairs: Vec::new() };
        let mut decode = |text: &str| {
            if text.bytes().any(|byte| matches!(byte, b'+' | b'%')) {
                let text = text.replace('+', " ");
                let bytes = Cow::from(percent_encoding::percent_decode_str(&text));
                params.text.push_str(&charset(&bytes));
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

    /// True when there is none.
    pub fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }

    /// How many pairs a text of this form has at most: Django counts before it reads.
    pub(crate) fn count(query: &[u8]) -> usize {
        query.split(|byte| *byte == b'&').count()
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
}
