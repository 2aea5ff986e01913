//! A request of a test, before it is sent.

use std::fmt;

use actix_web::http::Method;
use actix_web::http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use actix_web::web::Bytes;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;

use super::Multipart;
use crate::request::ForcedUser;

/// What a form leaves as it is.
const FORM: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'*');

/// A request of an [`ApiClient`](super::ApiClient), sent when it is awaited, or of an
/// [`ApiRequestFactory`](super::ApiRequestFactory), which passes it to a view or to a function.
///
/// Its body is written by [`json`](Self::json), [`form`](Self::form),
/// [`multipart`](Self::multipart) or [`body`](Self::body); the last one counts.
///
/// ```
/// # use quintet::test::{ApiClient, Multipart};
/// # async fn run(client: ApiClient, png: Vec<u8>) {
/// let note = serde_json::json!({"title": "new idea"});
/// client.post("/notes/").json(&note).await;
/// client.put("/notes/1/").form([("title", "newer")]).header("Accept-Language", "de").await;
/// let scan = Multipart::new().field("title", "scanned").file("scan", "a.png", "image/png", png);
/// client.post("/notes/").multipart(&scan).await;
/// # }
/// ```
#[must_use = "a request of a client is sent when it is awaited"]
pub struct TestRequest<C> {
    pub(super) sender: C,
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) headers: Vec<(HeaderName, HeaderValue)>,
    pub(super) body: Bytes,
    pub(super) is_secure: bool,
    pub(super) follows: bool,
    pub(super) user: Option<ForcedUser>,
    pub(super) kwargs: Vec<(String, String)>,
}

impl<C> TestRequest<C> {
    pub(super) fn new(sender: C, method: Method, path: &str) -> Self {
        Self {
            sender,
            method,
            path: path.to_owned(),
            headers: Vec::new(),
            body: Bytes::new(),
            is_secure: false,
            follows: false,
            user: None,
            kwargs: Vec::new(),
        }
    }

    /// Sets a header of this request; it replaces the client's own of the same name.
    ///
    /// # Panics
    /// When the name or the value cannot stand in a header.
    #[track_caller]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        let (name, value) = header(name, value);
        self.headers.retain(|(own, _)| *own != name);
        self.headers.push((name, value));
        self
    }

    /// A JSON body: a [`serde_json::Value`], or anything that serde can serialise.
    ///
    /// # Panics
    /// If the value cannot be serialised.
    #[track_caller]
    pub fn json(self, data: &(impl Serialize + ?Sized)) -> Self {
        match serde_json::to_vec(data) {
            Ok(bytes) => self.body("application/json", bytes),
            Err(error) => panic!("the body cannot be written as JSON: {error}"),
        }
    }

    /// The body of a form, `application/x-www-form-urlencoded`.
    pub fn form<N: AsRef<str>, V: AsRef<str>>(
        self,
        fields: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        let encode = |text: &str| utf8_percent_encode(text, FORM).to_string().replace("%20", "+");
        let pairs = fields
            .into_iter()
            .map(|(name, value)| format!("{}={}", encode(name.as_ref()), encode(value.as_ref())));
        let text = pairs.collect::<Vec<_>>().join("&");
        self.body("application/x-www-form-urlencoded", text)
    }

    /// The body of a form with files, `multipart/form-data`.
    pub fn multipart(self, form: &Multipart) -> Self {
        self.body(&form.content_type(), form.to_bytes())
    }

    /// A body of any media type.
    ///
    /// # Panics
    /// If the media type cannot be sent in a header.
    #[track_caller]
    pub fn body(mut self, content_type: &str, bytes: impl Into<Bytes>) -> Self {
        self.body = bytes.into();
        self.header(CONTENT_TYPE.as_str(), content_type)
    }

    /// Sends the request over HTTPS (`secure=True`).
    pub fn secure(mut self) -> Self {
        self.is_secure = true;
        self
    }
}

/// A header of a name and a value as a test writes them.
#[track_caller]
pub(super) fn header(name: &str, value: &str) -> (HeaderName, HeaderValue) {
    match (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_str(value)) {
        (Ok(name), Ok(value)) => (name, value),
        (Err(error), _) => panic!("`{name}` is no name of a header: {error}"),
        (_, Err(error)) => panic!("`{value}` cannot be the value of `{name}`: {error}"),
    }
}

impl<C> fmt::Debug for TestRequest<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestRequest")
            .field("method", &self.method)
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

/// The methods that create requests.
macro_rules! verbs {
    ($sender:ty) => {
        impl $sender {
            /// A GET request.
            pub fn get(&self, path: &str) -> TestRequest<&Self> {
                self.request(Method::GET, path)
            }

            /// A POST request.
            pub fn post(&self, path: &str) -> TestRequest<&Self> {
                self.request(Method::POST, path)
            }

            /// A PUT request.
            pub fn put(&self, path: &str) -> TestRequest<&Self> {
                self.request(Method::PUT, path)
            }

            /// A PATCH request.
            pub fn patch(&self, path: &str) -> TestRequest<&Self> {
                self.request(Method::PATCH, path)
            }

            /// A DELETE request.
            pub fn delete(&self, path: &str) -> TestRequest<&Self> {
                self.request(Method::DELETE, path)
            }

            /// A HEAD request.
            pub fn head(&self, path: &str) -> TestRequest<&Self> {
                self.request(Method::HEAD, path)
            }

            /// An OPTIONS request.
            pub fn options(&self, path: &str) -> TestRequest<&Self> {
                self.request(Method::OPTIONS, path)
            }

            /// A TRACE request.
            pub fn trace(&self, path: &str) -> TestRequest<&Self> {
                self.request(Method::TRACE, path)
            }

            /// A request of any method (`generic`). The path may hold a query.
            pub fn request(&self, method: Method, path: &str) -> TestRequest<&Self> {
                TestRequest::new(self, method, path)
            }
        }
    };
}

pub(super) use verbs;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_encoded_as_browsers_do() {
        let request = TestRequest::new((), Method::POST, "/").form([("a b", "1&2"), ("é", "+")]);
        assert_eq!(request.body, "a+b=1%262&%C3%A9=%2B");
    }

    #[test]
    fn the_last_header_of_a_name_counts() {
        let request = TestRequest::new((), Method::GET, "/").header("A", "1").header("a", "2");
        assert_eq!(request.headers, [header("a", "2")]);
    }
}
