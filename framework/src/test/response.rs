//! The response to a test's request.

use std::borrow::Cow;
use std::fmt;

use actix_web::HttpResponse;
use actix_web::body::{MessageBody, to_bytes};
use actix_web::http::header::{HeaderMap, SET_COOKIE};
use actix_web::web::Bytes;
use serde_json::Value;

/// A response, as a client sees it.
pub struct TestResponse {
    status: u16,
    headers: HeaderMap,
    body: Bytes,
    redirect_chain: Vec<(String, u16)>,
}

impl TestResponse {
    pub(super) async fn read<B: MessageBody>(response: HttpResponse<B>, is_head: bool) -> Self {
        let (head, body) = response.into_parts();
        let body = match to_bytes(body).await {
            Ok(_) if is_head => Bytes::new(),
            Ok(body) => body,
            Err(error) => panic!("the body of the response broke off: {}", error.into()),
        };
        Self {
            status: head.status().as_u16(),
            headers: head.headers().clone(),
            body,
            redirect_chain: Vec::new(),
        }
    }

    pub(super) fn after(mut self, chain: Vec<(String, u16)>) -> Self {
        self.redirect_chain = chain;
        self
    }

    /// The status.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The headers.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The first header of a name, when it is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The body as JSON.
    ///
    /// # Panics
    /// If it is not JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        match serde_json::from_slice(&self.body) {
            Ok(json) => json,
            Err(error) => panic!("no JSON ({error}) in {self:?}"),
        }
    }

    /// The body as text.
    pub fn text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.body)
    }

    /// The body.
    pub fn bytes(&self) -> &Bytes {
        &self.body
    }

    /// The cookies that the response sets.
    pub fn cookies(&self) -> Vec<SetCookie> {
        let texts = self.headers.get_all(SET_COOKIE).filter_map(|value| value.to_str().ok());
        texts.map(SetCookie::parse).collect()
    }

    /// The cookie of a name that the response sets.
    pub fn cookie(&self, name: &str) -> Option<SetCookie> {
        self.cookies().into_iter().find(|cookie| cookie.name == name)
    }

    /// The URLs that the client was redirected to, each with the status of the redirect; empty
    /// unless the request [follows](super::TestRequest::follow) redirects.
    pub fn redirect_chain(&self) -> &[(String, u16)] {
        &self.redirect_chain
    }
}

impl fmt::Debug for TestResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:?}", self.status, self.text())
    }
}

/// A cookie that a response sets.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SetCookie {
    /// The name.
    pub name: String,
    /// The value as it was sent.
    pub value: String,
    /// `Path`, `HttpOnly` and so on; those without a value have an empty one.
    pub attributes: Vec<(String, String)>,
}

impl SetCookie {
    pub(super) fn parse(text: &str) -> Self {
        let mut pairs = text.split(';').map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (name.trim().to_owned(), value.trim().to_owned())
        });
        let (name, value) = pairs.next().unwrap_or_default();
        Self { name, value, attributes: pairs.collect() }
    }

    /// An attribute, by its name in any case.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        let mut pairs = self.attributes.iter();
        pairs.find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// Whether it deletes the cookie.
    pub fn is_deletion(&self) -> bool {
        self.attribute("Max-Age") == Some("0")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_read_with_its_attributes() {
        let cookie = SetCookie::parse("sessionid=abc=1; Path=/; HttpOnly; Max-Age=0");
        assert_eq!((cookie.name.as_str(), cookie.value.as_str()), ("sessionid", "abc=1"));
        assert_eq!(cookie.attribute("path"), Some("/"));
        assert_eq!(cookie.attribute("httponly"), Some(""));
        assert_eq!(cookie.attribute("secure"), None);
        assert!(cookie.is_deletion());
    }
}
