//! `Content-Disposition` (`django.utils.http.content_disposition_header`).

use actix_web::http::header::CONTENT_DISPOSITION;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::Response;

/// What Python's `quote` leaves as it is.
const QUOTED: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'_').remove(b'.').remove(b'-').remove(b'~').remove(b'/');

/// The header for a file name; `None` for a file that is shown and has none.
pub(crate) fn content_disposition(attachment: bool, filename: &str) -> Option<String> {
    let disposition = if attachment { "attachment" } else { "inline" };
    if filename.is_empty() {
        return attachment.then(|| disposition.to_owned());
    }
    let quotable = |byte: u8| byte == b'\t' || (0x20..=0x7e).contains(&byte);
    let name = if filename.bytes().all(quotable) {
        format!("filename=\"{}\"", filename.replace('\\', "\\\\").replace('"', "\\\""))
    } else {
        format!("filename*=utf-8''{}", utf8_percent_encode(filename, QUOTED))
    };
    Some(format!("{disposition}; {name}"))
}

impl Response {
    /// Makes browsers save the body as a file of this name (`FileResponse(as_attachment=True)`), quoted
    /// as Django quotes it.
    ///
    /// ```
    /// use quintet::response::Response;
    ///
    /// let report = Response::bytes("text/csv", "a,b\r\n").as_attachment("report.csv");
    /// assert_eq!(report.headers.get("content-disposition").unwrap(), "attachment; filename=\"report.csv\"");
    /// ```
    #[must_use]
    pub fn as_attachment(self, filename: &str) -> Self {
        match content_disposition(true, filename) {
            Some(value) => self.with_header(CONTENT_DISPOSITION, &value),
            None => self,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `content_disposition_header` of Django 5.2.
    #[test]
    fn names_are_quoted_as_django_quotes_them() {
        for (attachment, name, header) in [
            (true, "report.csv", Some(r#"attachment; filename="report.csv""#)),
            (false, "a b.txt", Some(r#"inline; filename="a b.txt""#)),
            (true, r#"say "hi" \o/"#, Some(r#"attachment; filename="say \"hi\" \\o/""#)),
            (true, "tab\there", Some("attachment; filename=\"tab\there\"")),
            (true, "été.csv", Some("attachment; filename*=utf-8''%C3%A9t%C3%A9.csv")),
            (
                true,
                "a\r\nSet-Cookie: x",
                Some("attachment; filename*=utf-8''a%0D%0ASet-Cookie%3A%20x"),
            ),
            (false, "€/~.-_", Some("inline; filename*=utf-8''%E2%82%AC/~.-_")),
            (true, "", Some("attachment")),
            (false, "", None),
        ] {
            assert_eq!(content_disposition(attachment, name).as_deref(), header, "{name}");
        }
    }
}
