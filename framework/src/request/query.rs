//! Parameters of a query string or of a form.

use std::borrow::Cow;

/// The parameters of a query string, in order, as Django's `QueryDict` reads them.
#[derive(Debug, Clone, Default)]
pub struct QueryParams {
    items: Vec<(String, String)>,
}

impl QueryParams {
    /// Splits at `&`, decodes `+` and percent escapes; bytes that are no UTF-8 become U+FFFD.
    pub fn parse(query: &str) -> Self {
        Self::parse_with(query, |bytes| String::from_utf8_lossy(bytes).into_owned())
    }

    /// The same, with another charset behind the percent escapes.
    pub(crate) fn parse_with(query: &str, charset: impl Fn(&[u8]) -> String) -> Self {
        let decode = |text: &str| {
            if !text.bytes().any(|byte| matches!(byte, b'+' | b'%')) {
                return text.to_owned();
            }
            let text = text.replace('+', " ");
            charset(&Cow::from(percent_encoding::percent_decode_str(&text)))
        };
        let items = query
            .split('&')
            .filter(|pair| !pair.is_empty())
            .map(|pair| {
                let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
                (decode(key), decode(value))
            })
            .collect();
        Self { items }
    }

    /// The last value under a name, as `query_params.get`.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.items.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Every value under a name, as `query_params.getlist`.
    pub fn get_list<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.items.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// All pairs, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.items.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }

    /// True when there is none.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
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
