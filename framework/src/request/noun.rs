//! The key around the bodies of a view.

use super::Context;
use crate::response::Response;
use crate::values::{JsonWriter, Raw};

/// The key under which the bodies of a view hold their object, in requests and in responses:
/// `{"article": {"title": ".."}}`.
///
/// A view set names it as [`NOUN`](crate::viewsets::ViewSet::NOUN), an
/// [`ApiView`](crate::views::ApiView::noun) by a method. What serializers write and read is then under
/// that key; the OpenAPI document shows it. A body without the key is read as an empty object, so that the
/// messages name the fields that are missing. Forms have no key, and neither has a
/// [`Response`] that a handler makes itself.
///
/// Lists that are not pages have the key for several, if there is one: `{"tags": [..]}`. The keys of
/// pages are their pagination's ([`EnvelopeKeys`](crate::pagination::EnvelopeKeys)).
///
/// ```
/// use quintet::prelude::*;
/// use quintet::request::Noun;
///
/// # #[model(table = "comment")]
/// # pub struct Comment {
/// #     pub id: i64,
/// #     pub body: String,
/// # }
/// # #[derive(Serializer)]
/// # #[serializer(model = Comment, fields = all)]
/// # pub struct CommentSerializer {}
/// pub struct CommentViewSet;
///
/// /// `{"comment": {"id": 1, "body": ".."}}`, and `{"comments": [..]}`.
/// impl ViewSet for CommentViewSet {
///     type Base = ModelViewSet;
///     type Serializer = CommentSerializer;
///     const NOUN: Option<Noun> = Some(Noun::new("comment").many("comments"));
/// }
/// # fn main() {}
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Noun {
    one: &'static str,
    many: Option<&'static str>,
}

impl Noun {
    /// The key around one object.
    pub const fn new(one: &'static str) -> Self {
        Self { one, many: None }
    }

    /// Sets the key around a list; without one, a list is a bare array.
    #[must_use]
    pub const fn many(self, many: &'static str) -> Self {
        Self { many: Some(many), ..self }
    }

    /// The key around one object.
    pub const fn one_key(self) -> &'static str {
        self.one
    }

    /// The key around a list.
    pub const fn many_key(self) -> Option<&'static str> {
        self.many
    }

    /// The object in a body.
    fn inside(self, body: Raw<'_>) -> Raw<'_> {
        match body {
            Raw::Map(items) => {
                let found = items.into_iter().rev().find(|(key, _)| key == self.one);
                found.map_or_else(|| Raw::Map(Vec::new()), |(_, object)| object)
            }
            other => other,
        }
    }
}

impl From<&'static str> for Noun {
    fn from(one: &'static str) -> Self {
        Self::new(one)
    }
}

fn around(key: &str, json: &[u8]) -> Vec<u8> {
    let mut out = JsonWriter::new();
    out.begin_object();
    out.key(key);
    let mut bytes = out.into_bytes();
    bytes.extend_from_slice(json);
    bytes.push(b'}');
    bytes
}

impl Context {
    /// The noun of the view.
    pub fn noun(&self) -> Option<Noun> {
        self.equipment.as_ref()?.view.noun
    }

    /// 200 with an object, under the view's noun.
    pub(crate) fn one(&self, json: Vec<u8>) -> Response {
        Response::json(match self.noun() {
            Some(noun) => around(noun.one, &json),
            None => json,
        })
    }

    /// 200 with a list, under the view's noun for several.
    pub(crate) fn all(&self, json: Vec<u8>) -> Response {
        Response::json(match self.noun().and_then(Noun::many_key) {
            Some(many) => around(many, &json),
            None => json,
        })
    }

    /// The object in a body.
    pub(crate) fn object_in<'a>(&self, body: Raw<'a>) -> Raw<'a> {
        match self.noun() {
            Some(noun) => noun.inside(body),
            None => body,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inside(body: Raw<'static>) -> Raw<'static> {
        Noun::new("tag").inside(body)
    }

    #[test]
    fn a_body_without_the_key_is_an_empty_object() {
        let other = Raw::Map(vec![("name".into(), Raw::Text("x".into()))]);
        assert_eq!(inside(other), Raw::Map(Vec::new()));
        assert_eq!(inside(Raw::Map(vec![("tag".into(), Raw::Null)])), Raw::Null);
        assert_eq!(inside(Raw::List(Vec::new())), Raw::List(Vec::new()));
    }

    #[test]
    fn the_key_is_written_as_json() {
        assert_eq!(around("a\"b", b"[1]"), br#"{"a\"b":[1]}"#);
    }
}
