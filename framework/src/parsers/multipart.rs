//! The text parts of `multipart/form-data`: files are skipped.

use actix_web::web::Bytes;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use regex::bytes::Regex;

use super::charset::Charset;
use super::{Data, Parser, ParserContext, too_many_fields};
use crate::exceptions::{ApiException, Detail, Result};
use crate::negotiation::MediaType;
use crate::request::QueryParams;

/// The longest boundary, in bytes.
const MAX_BOUNDARY: usize = 201;

/// How far into a part its head may reach, in bytes.
const MAX_HEAD: usize = 1024;

/// Parts that a form may have in addition to its fields: what precedes the first boundary and what
/// follows the last.
const BESIDE: usize = 2;

/// Parses `multipart/form-data`. A part with a file is skipped: no field takes one.
#[derive(Debug, Clone, Copy, Default)]
pub struct MultiPartParser;

impl Parser for MultiPartParser {
    fn media_type(&self) -> &'static str {
        "multipart/form-data"
    }

    fn parse(&self, body: &Bytes, context: &ParserContext<'_>) -> Result<Data> {
        let charset = context.decoder()?;
        let boundary = boundary(context.content_type)?;
        let most = context.max_fields.map(|most| most.saturating_add(BESIDE));
        let mut form = QueryParams::default();
        let mut count = 0_usize;
        for part in parts(body, &boundary).filter_map(Part::read) {
            if part.is_file {
                continue;
            }
            count += 1;
            if most.is_some_and(|most| count > most) {
                return Err(too_many_fields());
            }
            if let Some(name) = &part.name {
                form.push(&charset.decode_lossy(name.as_bytes()), &part.text(charset));
            }
        }
        Ok(Data::Form(form))
    }
}

/// What separates the parts.
fn boundary(content_type: &str) -> Result<String> {
    if !content_type.is_ascii() {
        let text = format!("Invalid non-ASCII Content-Type in multipart: {content_type}");
        return Err(refused(&text));
    }
    let media_type = MediaType::parse(content_type);
    let boundary = media_type.param("boundary");
    let is_fine = |text: &&str| {
        (1..=MAX_BOUNDARY).contains(&text.len())
            && text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
            && !text.ends_with(' ')
    };
    boundary.filter(is_fine).map(|text| format!("--{text}")).ok_or_else(|| {
        refused(&format!("Invalid boundary in multipart: {}", boundary.unwrap_or("None")))
    })
}

fn refused(reason: &str) -> ApiException {
    let text = format!("Multipart form parse error - {reason}");
    ApiException::ParseError(Some(Detail::new(text, "parse_error")))
}

/// What is between the boundaries, without the line end before each.
fn parts<'b>(body: &'b [u8], boundary: &str) -> impl Iterator<Item = &'b [u8]> {
    let found = Regex::new(&regex::escape(boundary)).ok();
    let places: Vec<_> =
        found.iter().flat_map(|regex| regex.find_iter(body)).map(|at| at.range()).collect();
    let mut start = 0;
    let mut parts = Vec::with_capacity(places.len() + 1);
    for place in places {
        let part = body.get(start..place.start).unwrap_or_default();
        let part = part.strip_suffix(b"\n").map_or(part, |p| p.strip_suffix(b"\r").unwrap_or(p));
        parts.push(part);
        start = place.end;
    }
    parts.push(body.get(start..).unwrap_or_default());
    parts.into_iter()
}

/// A part that has a head.
struct Part<'b> {
    name: Option<String>,
    is_file: bool,
    is_base64: bool,
    body: &'b [u8],
}

impl<'b> Part<'b> {
    fn read(bytes: &'b [u8]) -> Option<Self> {
        let head = bytes.get(..MAX_HEAD).unwrap_or(bytes);
        let end = head.windows(4).position(|window| window == b"\r\n\r\n")?;
        let mut part = Self {
            name: None,
            is_file: false,
            is_base64: false,
            body: bytes.get(end + 4..).unwrap_or_default(),
        };
        for line in head.get(..end)?.split(|byte| *byte == b'\n') {
            let Some((name, value)) =
                std::str::from_utf8(line).ok().and_then(|line| line.split_once(':'))
            else {
                continue;
            };
            let value = MediaType::parse(value.trim());
            if name.trim().eq_ignore_ascii_case("content-disposition") {
                part.name = value.param("name").map(|name| name.trim().to_owned());
                part.is_file = value.param("filename").is_some_and(|name| !name.is_empty());
            } else if name.trim().eq_ignore_ascii_case("content-transfer-encoding") {
                part.is_base64 = value.main == "base64";
            }
        }
        Some(part)
    }

    fn text(&self, charset: Charset) -> String {
        if self.is_base64 {
            let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/=".contains(byte);
            let digits: Vec<u8> = self.body.iter().copied().filter(plain).collect();
            if let Ok(bytes) = STANDARD.decode(digits) {
                return charset.decode_lossy(&bytes).into_owned();
            }
        }
        charset.decode_lossy(self.body).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TYPE: &str = "multipart/form-data; boundary=x";

    fn parsed(body: &[u8], content_type: &str) -> Result<Vec<(String, String)>> {
        let context = ParserContext::new(content_type, Some(3));
        let data = MultiPartParser.parse(&Bytes::copy_from_slice(body), &context)?;
        let form = data.form().cloned().unwrap_or_default();
        Ok(form.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
    }

    fn pair(name: &str, value: &str) -> (String, String) {
        (name.to_owned(), value.to_owned())
    }

    #[test]
    fn texts_are_fields_and_files_are_passed_over() {
        let body = b"--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n2\r\n\
            --x\r\ncontent-disposition: form-data; name=f; filename=\"f.txt\"\r\n\
            Content-Type: text/plain\r\n\r\nfile\r\n\
            --x\r\nContent-Disposition: form-data; name=a\r\nContent-Transfer-Encoding: base64\
            \r\n\r\nw6k=\r\n--x\r\nContent-Disposition: form-data\r\n\r\nno name\r\n--x--\r\n";
        assert_eq!(parsed(body, TYPE).unwrap(), [pair("a", "1\r\n2"), pair("a", "é")]);
    }

    #[test]
    fn a_form_that_breaks_off_keeps_what_has_come() {
        let body = b"--x\r\nContent-Disposition: form-data; name=a\r\n\r\nend\xc3";
        assert_eq!(parsed(body, TYPE).unwrap(), [pair("a", "end\u{fffd}")]);
        let latin1 = "multipart/form-data; charset=latin-1; boundary=\"x\"";
        assert_eq!(parsed(body, latin1).unwrap(), [pair("a", "endÃ")]);
        assert_eq!(parsed(b"x", TYPE).unwrap(), []);
    }

    #[test]
    fn a_boundary_is_needed_and_fields_are_counted() {
        for (content_type, reason) in [
            ("multipart/form-data", "Invalid boundary in multipart: None"),
            ("multipart/form-data; boundary=\"a \"", "Invalid boundary in multipart: a "),
            (
                "multipart/form-data; boundary=é",
                "Invalid non-ASCII Content-Type in multipart: multipart/form-data; boundary=é",
            ),
        ] {
            let Err(ApiException::ParseError(Some(detail))) = parsed(b"--x", content_type) else {
                panic!("{content_type} was read");
            };
            let text = format!("Multipart form parse error - {reason}");
            assert_eq!(detail, Detail::new(text, "parse_error"));
        }
        let part = b"--x\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n";
        assert_eq!(parsed(&part.repeat(5), TYPE).unwrap().len(), 5);
        assert!(matches!(parsed(&part.repeat(6), TYPE), Err(ApiException::Suspicious(_))));
    }
}
