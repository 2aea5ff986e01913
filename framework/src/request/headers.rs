//! The headers of a request.

use std::fmt;

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};

/// The headers of a request; names have no case, and several of one name keep their order.
///
/// A list and no table: there are few, and a request that is answered from the database looks at
/// a handful of them.
#[derive(Clone, Default)]
pub struct Headers(Vec<(HeaderName, HeaderValue)>);

impl Headers {
    /// The first value under a name.
    pub fn get(&self, name: impl TryInto<HeaderName>) -> Option<&HeaderValue> {
        self.get_all(name).next()
    }

    /// Every value under a name.
    pub fn get_all(&self, name: impl TryInto<HeaderName>) -> impl Iterator<Item = &HeaderValue> {
        let name = name.try_into().ok();
        self.iter().filter(move |(own, _)| Some(*own) == name.as_ref()).map(|(_, value)| value)
    }

    /// True when there is a value under a name.
    pub fn contains_key(&self, name: impl TryInto<HeaderName>) -> bool {
        self.get(name).is_some()
    }

    /// Adds a value to those of its name.
    pub fn append(&mut self, name: HeaderName, value: HeaderValue) {
        self.0.push((name, value));
    }

    /// Puts a value in the place of those of its name.
    pub fn insert(&mut self, name: HeaderName, value: HeaderValue) {
        self.0.retain(|(own, _)| *own != name);
        self.append(name, value);
    }

    /// Every name with each of its values.
    pub fn iter(&self) -> impl Iterator<Item = (&HeaderName, &HeaderValue)> {
        self.0.iter().map(|(name, value)| (name, value))
    }
}

impl From<&HeaderMap> for Headers {
    fn from(headers: &HeaderMap) -> Self {
        let mut list = Vec::with_capacity(headers.len());
        list.extend(headers.iter().map(|(name, value)| (name.clone(), value.clone())));
        Self(list)
    }
}

/// Without the values, which may hold credentials.
impl fmt::Debug for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter().map(|(name, _)| name)).finish()
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::ACCEPT;

    use super::*;

    fn texts(headers: &Headers, name: &str) -> Vec<String> {
        headers.get_all(name).map(|value| value.to_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn values_of_one_name_keep_their_order_until_one_takes_their_place() {
        let mut headers = Headers::default();
        for value in ["a", "b"] {
            headers.append(ACCEPT, HeaderValue::from_static(value));
        }
        assert_eq!(texts(&headers, "Accept"), ["a", "b"]);
        assert_eq!(headers.get(ACCEPT).unwrap(), "a");
        headers.insert(ACCEPT, HeaderValue::from_static("c"));
        assert_eq!(texts(&headers, "ACCEPT"), ["c"]);
        assert!(headers.get("accept-language").is_none() && !headers.contains_key("x"));
        assert!(headers.get("no name").is_none() && headers.get("").is_none());
        assert_eq!(format!("{headers:?}"), "[\"accept\"]");
    }
}
