//! Parameters of a query string or of a form.

use std::borrow::Cow;

/// The parameters of a query string, in order, as Django's `QueryDict` reads them.
#[derive(Debug, Clone, Default)]
pub struct QueryParams {
    /// Names and values, one behind the other.
    text: String,
    /// Where each pair's value starts and ends; its name starts at the end of the pair before it.
    pairs: Vec<(usize, usize)>,
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
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            params.pairs.push((decode(key), decode(value)));
        }
        params
    }

    /// The last value under a name, as `query_params.get`.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter().rev().find(|(key, _)| *key == name).map(|(_, value)| value)
    }

    /// Every value under a name, as `query_params.getlist`.
    pub fn get_list<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.iter().filter(move |(key, _)| *key == name).map(|(_, value)| value)
    }

    /// All pairs, in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&str, &str)> {
        (0..self.pairs.len()).filter_map(|at| {
            let start = at.checked_sub(1).map_or(0, |before| self.pairs[before].1);
            let (middle, end) = self.pairs[at];
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
        assert_eq!(QueryParams::parse("a=%FF").get("a"), Some("\u{fffd}"));
    }
}
