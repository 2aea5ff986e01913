//! The headers of a request.

use std::borrow::Cow;
use std::fmt;

use actix_web::http::header::{CONTENT_TYPE, HOST, HeaderMap, HeaderName, HeaderValue};

/// The headers of a request; names are case-insensitive, and several values of one name keep their
/// order.
///
/// A list, not a map: there are few, and most requests only read a handful of them.
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

    /// The value under a name as Django has it (`request.headers`): each byte a character, as in
    /// Latin-1, and several values joined by commas, as WSGI servers join them, so that none of
    /// them is believed here and overlooked there. Of several `Content-Type` the last one counts.
    pub fn text(&self, name: impl TryInto<HeaderName>) -> Option<Cow<'_, str>> {
        let name = name.try_into().ok()?;
        let is_single = name == CONTENT_TYPE;
        let mut values = self.get_all(name).map(latin1);
        let first = values.next()?;
        if is_single {
            return Some(values.last().unwrap_or(first));
        }
        Some(values.fold(first, |list, next| list + "," + next))
    }

    /// Whether a header whose value cannot be a list occurs more than once: each server on the way
    /// might believe a different one (RFC 9110, section 5.3).
    pub(crate) fn is_ambiguous(&self) -> bool {
        [HOST, CONTENT_TYPE].into_iter().any(|name| self.get_all(name).nth(1).is_some())
    }

    /// Whether there is a value under a name.
    pub fn contains_key(&self, name: impl TryInto<HeaderName>) -> bool {
        self.get(name).is_some()
    }

    /// Adds a value to those of its name.
    pub fn append(&mut self, name: HeaderName, value: HeaderValue) {
        self.0.push((name, value));
    }

    /// Replaces the values of its name.
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

/// Each byte as the character of its number.
fn latin1(value: &HeaderValue) -> Cow<'_, str> {
    match value.to_str() {
        Ok(text) => text.into(),
        Err(_) => value.as_bytes().iter().copied().map(char::from).collect::<String>().into(),
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

    #[test]
    fn several_values_are_one_text_and_the_last_content_type_counts() {
        let mut headers = Headers::default();
        for value in ["one".as_bytes(), "é".as_bytes()] {
            for name in [ACCEPT, CONTENT_TYPE] {
                headers.append(name, HeaderValue::from_bytes(value).unwrap());
            }
        }
        assert_eq!(headers.text(ACCEPT).as_deref(), Some("one,Ã©"));
        assert_eq!(headers.text("content-type").as_deref(), Some("Ã©"));
        assert_eq!(headers.text("x-client"), None);
        assert!(headers.is_ambiguous());
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain"));
        assert!(!headers.is_ambiguous());
    }
}
