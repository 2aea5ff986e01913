//! Responses to requests that never reach the site: they cannot be parsed, take too long, or find
//! no room.

use std::fmt::Write;
use std::sync::Arc;

use chrono::Utc;

use crate::middleware::{Security, page};
use crate::response::{Response, ResponseBody};
use crate::settings::{Settings, SettingsError};

/// Writes refusals, with the headers of every response.
#[derive(Debug, Clone)]
pub(super) struct Refusals {
    security: Arc<Security>,
}

impl Refusals {
    pub(super) fn new(settings: &Settings) -> Result<Self, SettingsError> {
        Ok(Self { security: Arc::new(Security::new(settings)?) })
    }

    /// A whole response, after which the connection is closed.
    pub(super) fn bytes(&self, status: u16) -> Vec<u8> {
        let (status, reason) = match status {
            408 => (408, "Request Timeout"),
            431 => (431, "Request Header Fields Too Large"),
            503 => (503, "Service Unavailable"),
            500 => (500, "Internal Server Error"),
            _ => (400, "Bad Request"),
        };
        let mut response = page(status, None);
        self.security.protect(&mut response, false, true);
        let Response { headers, body, .. } = response;
        let (content_type, body) = match body {
            ResponseBody::Bytes { content_type, bytes } => (content_type, bytes),
            ResponseBody::Json(bytes) => ("application/json".to_owned(), bytes),
            ResponseBody::Empty | ResponseBody::Stream { .. } => (String::new(), Vec::new()),
        };
        let date = Utc::now().format("%a, %d %b %Y %H:%M:%S GMT");
        let mut head = format!(
            "HTTP/1.1 {status} {reason}\r\ncontent-type: {content_type}\r\ncontent-length: {}\r\n\
             connection: close\r\ndate: {date}\r\n",
            body.len()
        );
        if status == 503 {
            head.push_str("retry-after: 1\r\n");
        }
        for (name, value) in &headers {
            if let Ok(value) = value.to_str() {
                // writing to a `String` cannot fail
                let _ = write!(head, "{name}: {value}\r\n");
            }
        }
        head.push_str("\r\n");
        [head.into_bytes(), body].concat()
    }
}

/// The status of a response that actix has written.
pub(super) fn status_of(answer: &[u8]) -> u16 {
    let digits = answer.get(9..12).and_then(|digits| std::str::from_utf8(digits).ok());
    digits.and_then(|digits| digits.parse().ok()).unwrap_or(400)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_a_page_with_the_headers_of_every_answer() {
        let refusals = Refusals::new(&Settings::default()).unwrap();
        let text = String::from_utf8(refusals.bytes(431)).unwrap();
        assert!(text.starts_with("HTTP/1.1 431 Request Header Fields Too Large\r\n"), "{text}");
        assert!(text.contains("\r\nx-content-type-options: nosniff\r\n"), "{text}");
        assert!(text.contains("\r\nx-frame-options: DENY\r\n"), "{text}");
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(head.contains(&format!("\r\ncontent-length: {}\r\n", body.len())), "{head}");
        assert!(body.contains("<h1>431 Request Header Fields Too Large</h1>"), "{body}");
        assert_eq!(status_of(b"HTTP/1.1 431 Request Header"), 431);
        assert_eq!(status_of(b"HTTP"), 400);
    }
}
