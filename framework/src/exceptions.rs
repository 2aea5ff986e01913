//! Errors, with DRF's classes, codes and messages (`rest_framework.exceptions`).
//!
//! [`ApiException`] is the only error that becomes a response; its status, its body and its headers
//! are decided here and nowhere else. Hooks and handlers return [`Result`], so `?` turns it into
//! the response. Validation hooks return [`Validated`], whose error is a [`Detail`]: a message, a
//! list of them, or messages by field.
//!
//! ```
//! use quintet::prelude::*;
//!
//! async fn publish(cx: &mut Context) -> Result<NoContent> {
//!     if !cx.is_authenticated() {
//!         return Err(ApiException::NotAuthenticated(None));
//!     }
//!     let detail = Detail::new("This book is published already.", "conflict");
//!     Err(ApiException::Custom { status: 409, detail })
//! }
//!
//! fn validate_title(title: String) -> Validated<String> {
//!     if title.is_empty() { Err("A title, please.".into()) } else { Ok(title) }
//! }
//! # let _ = (ApiView::new("Publish").post(publish), validate_title);
//! ```
//!
//! # API reference
//!
//! | class | status |
//! | --- | --- |
//! | [`ApiException::Validation`] | 400, with the messages by field |
//! | [`ApiException::ParseError`] | 400 |
//! | [`ApiException::AuthenticationFailed`], [`ApiException::NotAuthenticated`] | 401, or 403 without a challenge |
//! | [`ApiException::PermissionDenied`] | 403 |
//! | [`ApiException::NotFound`] | 404 |
//! | [`ApiException::MethodNotAllowed`] | 405 |
//! | [`ApiException::NotAcceptable`] | 406 |
//! | [`ApiException::UnsupportedMediaType`] | 415 |
//! | [`ApiException::Throttled`] | 429, with `Retry-After` |
//! | [`ApiException::Unavailable`], [`ApiException::Deadlock`] | 503, with `Retry-After` |
//! | [`ApiException::Internal`] | 500; the log has the reason, the client does not |
//!
//! # Custom exceptions
//!
//! [`ApiException::Custom`] has any status and a detail, like a subclass of `APIException`.
//! Implement `From` for your own error types, so that `?` converts them.

use std::borrow::Cow;
use std::fmt;

/// The result of hooks and handlers.
pub type Result<T, E = ApiException> = std::result::Result<T, E>;

/// The result of a validation hook.
pub type Validated<T = ()> = std::result::Result<T, Detail>;

/// A message with its code, or a tree of them: DRF's `detail` (`ErrorDetail`).
///
/// Texts, lists and maps convert into it:
///
/// ```
/// use quintet::exceptions::Detail;
/// use serde_json::json;
///
/// let one: Detail = "Enter a title.".into();
/// assert_eq!(one.to_json(), json!("Enter a title."));
///
/// let by_field = Detail::field("title", ["Too short.", "Too plain."]);
/// assert_eq!(by_field.to_json(), json!({"title": ["Too short.", "Too plain."]}));
/// assert_eq!(by_field.codes(), json!({"title": ["invalid", "invalid"]}));
/// ```
#[doc(alias = "ErrorDetail")]
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Detail {
    /// One message.
    Message {
        /// The text that a client reads.
        text: Cow<'static, str>,
        /// The code, for programs; never sent by default.
        code: Cow<'static, str>,
    },
    /// Several messages, in order.
    List(Vec<Detail>),
    /// Messages by field, in field order.
    Map(Vec<(Cow<'static, str>, Detail)>),
    /// A value that is not a message, sent as it is (a number, a boolean, null).
    Raw(serde_json::Value),
}

impl Detail {
    /// Creates a message with a code.
    pub fn new(text: impl Into<Cow<'static, str>>, code: impl Into<Cow<'static, str>>) -> Self {
        Self::Message { text: text.into(), code: code.into() }
    }

    /// Creates a message with the code `invalid`.
    pub fn invalid(text: impl Into<Cow<'static, str>>) -> Self {
        Self::new(text, "invalid")
    }

    /// Messages under one key: `{"name": [..]}`.
    pub fn field(name: impl Into<Cow<'static, str>>, detail: impl Into<Detail>) -> Self {
        Self::Map(vec![(name.into(), detail.into())])
    }

    /// Messages about no field in particular: `{"non_field_errors": [..]}`.
    pub fn non_field(detail: impl Into<Detail>) -> Self {
        Self::field("non_field_errors", detail.into().into_list())
    }

    /// Messages under several keys, in order.
    pub fn map<T: Into<Detail>>(items: impl IntoIterator<Item = (&'static str, T)>) -> Self {
        Self::Map(items.into_iter().map(|(name, detail)| (name.into(), detail.into())).collect())
    }

    /// Whether there are no messages.
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Message { .. } | Self::Raw(_) => false,
            Self::List(items) => items.is_empty(),
            Self::Map(items) => items.is_empty(),
        }
    }

    /// The JSON form: texts, lists and objects.
    pub fn to_json(&self) -> serde_json::Value {
        match self {
            Self::Message { text, .. } => text.clone().into(),
            Self::List(items) => items.iter().map(Self::to_json).collect(),
            Self::Map(items) => {
                items.iter().map(|(key, value)| (key.to_string(), value.to_json())).collect()
            }
            Self::Raw(value) => value.clone(),
        }
    }

    /// All messages in the tree, in order.
    pub fn texts(&self) -> Vec<String> {
        match self {
            Self::Message { text, .. } => vec![text.clone().into_owned()],
            Self::List(items) => items.iter().flat_map(Self::texts).collect(),
            Self::Map(items) => items.iter().flat_map(|(_, detail)| detail.texts()).collect(),
            Self::Raw(value) => vec![value.to_string()],
        }
    }

    /// The tree with codes instead of texts (`get_codes`).
    pub fn codes(&self) -> serde_json::Value {
        match self {
            Self::Message { code, .. } => code.clone().into(),
            Self::List(items) => items.iter().map(Self::codes).collect(),
            Self::Map(items) => {
                items.iter().map(|(key, value)| (key.to_string(), value.codes())).collect()
            }
            Self::Raw(value) => value.clone(),
        }
    }

    /// The tree with this code for every message whose code is `invalid`, the one that plain text
    /// gets.
    #[must_use]
    pub(crate) fn or_code(self, code: &'static str) -> Self {
        match self {
            Self::Message { text, code: own } if own == "invalid" => Self::new(text, code),
            Self::List(items) => {
                Self::List(items.into_iter().map(|item| item.or_code(code)).collect())
            }
            Self::Map(items) => {
                Self::Map(items.into_iter().map(|(key, item)| (key, item.or_code(code))).collect())
            }
            other => other,
        }
    }

    /// The messages as a serializer reports them (`as_serializer_error`): those by field in lists, and
    /// any others under `non_field_errors`.
    ///
    /// ```
    /// use quintet::exceptions::Detail;
    /// use serde_json::json;
    ///
    /// let detail = Detail::field("day", "The room is taken.").as_serializer_error();
    /// assert_eq!(detail.to_json(), json!({"day": ["The room is taken."]}));
    /// let detail = Detail::from("Nothing fits.").as_serializer_error();
    /// assert_eq!(detail.to_json(), json!({"non_field_errors": ["Nothing fits."]}));
    /// ```
    #[must_use]
    pub fn as_serializer_error(self) -> Self {
        match self {
            Self::Map(items) => {
                Self::Map(items.into_iter().map(|(key, value)| (key, value.into_list())).collect())
            }
            other => Self::non_field(other),
        }
    }

    /// A list of one message if this is a lone message, as DRF keeps messages inside a serializer.
    #[must_use]
    pub fn into_list(self) -> Self {
        match self {
            Self::Message { .. } => Self::List(vec![self]),
            other => other,
        }
    }
}

impl From<&'static str> for Detail {
    fn from(text: &'static str) -> Self {
        Self::invalid(text)
    }
}

impl From<String> for Detail {
    fn from(text: String) -> Self {
        Self::invalid(text)
    }
}

impl<T: Into<Detail>> From<Vec<T>> for Detail {
    fn from(items: Vec<T>) -> Self {
        Self::List(items.into_iter().map(Into::into).collect())
    }
}

impl<T: Into<Detail>, const N: usize> From<[T; N]> for Detail {
    fn from(items: [T; N]) -> Self {
        Self::List(items.into_iter().map(Into::into).collect())
    }
}

/// The message of a refusal by a permission without a message of its own.
pub(crate) const DENIED: &str = "You do not have permission to perform this action.";

/// An error that becomes a response: DRF's exception classes in one type.
///
/// The status, body and headers of an error are decided here and nowhere else. An `Option<Detail>`
/// replaces the default message. Return one from any hook or handler:
///
/// ```
/// use quintet::exceptions::ApiException;
/// use serde_json::json;
///
/// let error = ApiException::validation(["Choose a later date."]);
/// assert_eq!((error.status(), error.body()), (400, json!(["Choose a later date."])));
///
/// let error = ApiException::PermissionDenied(Some("Members only.".into()));
/// assert_eq!((error.status(), error.body()), (403, json!({"detail": "Members only."})));
/// ```
#[doc(alias = "APIException")]
#[doc(alias = "ValidationError")]
#[doc(alias = "Http404")]
#[derive(Debug)]
#[non_exhaustive]
pub enum ApiException {
    /// 400, field errors or a list of messages.
    Validation(Detail),
    /// 400 `Malformed request.`
    ParseError(Option<Detail>),
    /// 401 or 403 `Incorrect authentication credentials.`
    AuthenticationFailed(Option<Detail>),
    /// 401 or 403 `Authentication credentials were not provided.`
    NotAuthenticated(Option<Detail>),
    /// 403 `You do not have permission to perform this action.`
    PermissionDenied(Option<Detail>),
    /// 404 `Not found.`
    NotFound(Option<Detail>),
    /// 405 `Method "{method}" not allowed.`
    MethodNotAllowed(String),
    /// 406 `Could not satisfy the request Accept header.`
    NotAcceptable(Option<Detail>),
    /// 415 `Unsupported media type "{media_type}" in request.`
    UnsupportedMediaType(String),
    /// 429 `Request was throttled.`
    Throttled {
        /// Seconds until the next request would be allowed, if known.
        wait: Option<f64>,
    },
    /// Any other status and body (a subclass of `APIException`).
    Custom {
        /// The HTTP status.
        status: u16,
        /// The body: a message becomes `{"detail": ..}`.
        detail: Detail,
    },
    /// 400 as Django's plain HTML page: a request that is refused before it is parsed
    /// (`SuspiciousOperation`: an invalid `Host`, a body over the limit).
    Suspicious(&'static str),
    /// 503 with `Retry-After`: the database cannot be reached, or every connection is busy.
    Unavailable(&'static str),
    /// 503 with `Retry-After`: a deadlock with another request, which persisted after retries.
    Deadlock,
    /// 500: a bug or a broken server; the source is logged, never sent.
    Internal(Box<dyn std::error::Error + Send + Sync>),
}

impl ApiException {
    /// A 404 with Django's text for a missing row: `No Track matches the given query.`
    pub fn no_match(object_name: &str) -> Self {
        Self::NotFound(Some(Detail::new(
            format!("No {object_name} matches the given query."),
            "not_found",
        )))
    }

    /// A 500; the reason is logged, never sent.
    pub fn internal(reason: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Internal(reason.into())
    }

    /// A 400 from anything that converts into a [`Detail`]: a text, a list, a map.
    pub fn validation(detail: impl Into<Detail>) -> Self {
        Self::Validation(detail.into())
    }

    /// The HTTP status. Authentication errors are 401 here; a view turns them into 403 if its first
    /// authenticator has no challenge.
    pub fn status(&self) -> u16 {
        match self {
            Self::Validation(_) | Self::ParseError(_) | Self::Suspicious(_) => 400,
            Self::AuthenticationFailed(_) | Self::NotAuthenticated(_) => 401,
            Self::PermissionDenied(_) => 403,
            Self::NotFound(_) => 404,
            Self::MethodNotAllowed(_) => 405,
            Self::NotAcceptable(_) => 406,
            Self::UnsupportedMediaType(_) => 415,
            Self::Throttled { .. } => 429,
            Self::Custom { status, .. } => *status,
            Self::Unavailable(_) | Self::Deadlock => 503,
            Self::Internal(_) => 500,
        }
    }

    /// The detail that a client reads: the given one, or the default of its class. Plain texts have
    /// the code of the class.
    pub fn detail(&self) -> Detail {
        let or = |given: &Option<Detail>, text: &'static str, code: &'static str| {
            given.clone().map_or_else(|| Detail::new(text, code), |given| given.or_code(code))
        };
        match self {
            Self::Validation(detail) => match detail {
                Detail::Message { .. } => Detail::List(vec![detail.clone()]),
                other => other.clone(),
            },
            Self::ParseError(d) => or(d, "Malformed request.", "parse_error"),
            Self::AuthenticationFailed(d) => {
                or(d, "Incorrect authentication credentials.", "authentication_failed")
            }
            Self::NotAuthenticated(d) => {
                or(d, "Authentication credentials were not provided.", "not_authenticated")
            }
            Self::PermissionDenied(d) => or(d, DENIED, "permission_denied"),
            Self::NotFound(d) => or(d, "Not found.", "not_found"),
            Self::MethodNotAllowed(method) => {
                Detail::new(format!("Method \"{method}\" not allowed."), "method_not_allowed")
            }
            Self::NotAcceptable(d) => {
                or(d, "Could not satisfy the request Accept header.", "not_acceptable")
            }
            Self::UnsupportedMediaType(media_type) => Detail::new(
                format!("Unsupported media type \"{media_type}\" in request."),
                "unsupported_media_type",
            ),
            Self::Throttled { wait } => Detail::new(throttled_text(*wait), "throttled"),
            Self::Custom { detail, .. } => detail.clone(),
            Self::Suspicious(_) => Detail::new("Bad Request (400)", "bad_request"),
            Self::Unavailable(_) => {
                Detail::new("Service temporarily unavailable, try again later.", "unavailable")
            }
            Self::Deadlock => {
                Detail::new("Deadlock with another request, try again later.", "deadlock")
            }
            Self::Internal(_) => Detail::new("A server error occurred.", "error"),
        }
    }

    /// The value of `Retry-After`: seconds until the request may be sent again, if known.
    pub fn retry_after(&self) -> Option<String> {
        match self {
            Self::Throttled { wait } => wait.map(|wait| wait.max(0.0).ceil().to_string()),
            Self::Unavailable(_) | Self::Deadlock => Some("1".into()),
            _ => None,
        }
    }

    /// The JSON body: validation details as they are, any other message under `detail`.
    pub fn body(&self) -> serde_json::Value {
        match self.detail() {
            detail @ Detail::Message { .. } => serde_json::json!({ "detail": detail.to_json() }),
            other => other.to_json(),
        }
    }
}

fn throttled_text(wait: Option<f64>) -> String {
    let Some(wait) = wait else { return "Request was throttled.".into() };
    let seconds = wait.max(0.0).ceil();
    let unit = if (seconds - 1.0).abs() < f64::EPSILON { "second" } else { "seconds" };
    format!("Request was throttled. Expected available in {seconds} {unit}.")
}

impl fmt::Display for ApiException {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Internal(source) => write!(f, "server error: {source}"),
            Self::Unavailable(reason) | Self::Suspicious(reason) => f.write_str(reason),
            other => write!(f, "{} {}", other.status(), other.detail().to_json()),
        }
    }
}

impl std::error::Error for ApiException {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Internal(source) => Some(&**source),
            _ => None,
        }
    }
}

impl From<Detail> for ApiException {
    fn from(detail: Detail) -> Self {
        Self::Validation(detail)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_of_a_serializer_stand_in_lists_by_field_or_under_no_field() {
        let one = Detail::from("No.").as_serializer_error();
        assert_eq!(one.to_json(), serde_json::json!({"non_field_errors": ["No."]}));
        let several = Detail::from(["No.", "Never."]).as_serializer_error();
        assert_eq!(several.to_json(), serde_json::json!({"non_field_errors": ["No.", "Never."]}));
        let fields = Detail::Map(vec![
            ("a".into(), "No.".into()),
            ("b".into(), ["Never."].into()),
            ("c".into(), Detail::field("d", "Not here.")),
        ]);
        let expected = serde_json::json!({"a": ["No."], "b": ["Never."], "c": {"d": "Not here."}});
        assert_eq!(fields.as_serializer_error().to_json(), expected);
    }

    #[test]
    fn a_lone_validation_message_is_sent_as_a_list() {
        assert_eq!(ApiException::validation("No.").body(), serde_json::json!(["No."]));
    }

    #[test]
    fn a_message_of_any_other_class_is_sent_under_detail() {
        assert_eq!(
            ApiException::no_match("Track").body(),
            serde_json::json!({"detail": "No Track matches the given query."})
        );
    }

    #[test]
    fn one_second_is_singular() {
        assert_eq!(
            ApiException::Throttled { wait: Some(0.2) }.body(),
            serde_json::json!({"detail": "Request was throttled. Expected available in 1 second."})
        );
    }
}
