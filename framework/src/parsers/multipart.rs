//! The text parts of `multipart/form-data`: files are skipped.

use std::iter;

use actix_web::web::Bytes;
use memchr::memmem;

use super::charset::Charset;
use super::{Data, Parser, ParserContext, QueryParams, too_many_fields};
use crate::exceptions::{ApiException, Detail, Result};
use crate::negotiation::MediaType;
use crate::values::python;

/// The longest boundary, in bytes.
const MAX_BOUNDARY: usize = 201;

/// How far into a part its head may reach, in bytes.
const MAX_HEAD: usize = 1024;

/// Parts that a form may have in addition to its fields: the text before the first boundary and
/// after the last.
const BESIDE: usize = 2;

/// Parses `multipart/form-data` (`MultiPartParser`). Parts with files are skipped: there are no
/// file fields yet.
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
        let (mut fields, mut files) = (0_usize, 0_usize);
        for bytes in parts(body, boundary.as_bytes()) {
            let part = Part::read(bytes)?;
            if part.is_file {
                files += usize::from(part.name.is_some());
                if context.max_files.is_some_and(|most| files > most) {
                    return Err(ApiException::Suspicious(
                        "the form has more files than DATA_UPLOAD_MAX_NUMBER_FILES",
                    ));
                }
                continue;
            }
            fields += 1;
            if most.is_some_and(|most| fields > most) {
                return Err(too_many_fields());
            }
            if let Some(name) = &part.name {
                form.push(&charset.decode_lossy(name.as_bytes()), &part.text(charset));
            }
        }
        Ok(Data::Form(form))
    }
}

/// The boundary between the parts.
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

/// The parts between the boundaries, without the line end before each; found lazily, as a body may
/// consist of nothing but boundaries.
fn parts<'b>(body: &'b [u8], boundary: &'b [u8]) -> impl Iterator<Item = &'b [u8]> {
    let mut places = memmem::find_iter(body, boundary);
    let mut rest = Some(0);
    iter::from_fn(move || {
        let start = rest?;
        let Some(end) = places.next() else {
            rest = None;
            // what follows the last boundary is not a part
            return body.get(start..).filter(|part| !part.is_empty());
        };
        rest = Some(end + boundary.len());
        let part = body.get(start..end)?;
        Some(part.strip_suffix(b"\n").map_or(part, |p| p.strip_suffix(b"\r").unwrap_or(p)))
    })
}

/// A part; one without a head has no name and is ignored.
#[derive(Default)]
struct Part<'b> {
    name: Option<String>,
    is_file: bool,
    is_base64: bool,
    body: &'b [u8],
}

impl<'b> Part<'b> {
    fn read(bytes: &'b [u8]) -> Result<Self> {
        let head = bytes.get(..MAX_HEAD).unwrap_or(bytes);
        let Some((head, _)) =
            memmem::find(head, b"\r\n\r\n").and_then(|at| head.split_at_checked(at))
        else {
            return if bytes.len() < MAX_HEAD {
                Ok(Self::default())
            } else {
                Err(refused("Request max total header size exceeded."))
            };
        };
        let mut part =
            Self { body: bytes.get(head.len() + 4..).unwrap_or_default(), ..Self::default() };
        for line in head.split(|byte| *byte == b'\n') {
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
        Ok(part)
    }

    fn text(&self, charset: Charset) -> String {
        if self.is_base64 {
            let bytes = python::base64(self.body);
            return charset.decode_lossy(bytes.as_deref().unwrap_or(self.body)).into_owned();
        }
        charset.decode_lossy(self.body).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TYPE: &str = "multipart/form-data; boundary=x";

    fn parsed(body: &[u8], content_type: &str) -> Result<Vec<(String, String)>> {
        let context = ParserContext::new(content_type, Some(3)).max_files(Some(2));
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
        let mut body = b"--x\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n".repeat(3);
        body.extend(b"--x--\r\n");
        assert_eq!(parsed(&body, TYPE).unwrap().len(), 3);
        body.extend(b"--x");
        assert_eq!(parsed(&body, TYPE).unwrap().len(), 3);
        body.extend(b"--");
        assert!(matches!(parsed(&body, TYPE), Err(ApiException::Suspicious(_))));
    }

    #[test]
    fn what_is_between_boundaries_counts_whatever_it_is() {
        for part in [&b"--x"[..], b"--x\r\n\r\n\r\n", b"--x\r\nContent-Type: a/b\r\n\r\n"] {
            let body = part.repeat(2_500_000 / part.len());
            assert!(matches!(parsed(&body, TYPE), Err(ApiException::Suspicious(_))));
        }
        assert_eq!(parsed(&b"--x".repeat(5), TYPE).unwrap(), []);
        assert!(matches!(parsed(&b"--x".repeat(6), TYPE), Err(ApiException::Suspicious(_))));
    }

    #[test]
    fn files_are_counted_by_themselves() {
        let file = b"--x\r\nContent-Disposition: form-data; name=f; filename=f\r\n\r\n1\r\n";
        let field = b"--x\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n".repeat(3);
        let form = |files| [&file.repeat(files)[..], &field, b"--x--\r\n"].concat();
        assert_eq!(parsed(&form(2), TYPE).unwrap().len(), 3);
        assert!(matches!(parsed(&form(3), TYPE), Err(ApiException::Suspicious(_))));
    }

    #[test]
    fn a_head_is_bounded() {
        let form = |head| {
            let disposition = "Content-Disposition: form-data; name=a; b=";
            let line = format!("{disposition}{}", "b".repeat(head - disposition.len()));
            format!("--x\r\n{line}\r\n\r\n1\r\n--x--\r\n").into_bytes()
        };
        // with the line end that precedes it and the two that follow
        assert_eq!(parsed(&form(MAX_HEAD - 6), TYPE).unwrap(), [pair("a", "1")]);
        let Err(ApiException::ParseError(Some(detail))) = parsed(&form(MAX_HEAD - 5), TYPE) else {
            panic!("a head of {MAX_HEAD} bytes was read");
        };
        let text = "Multipart form parse error - Request max total header size exceeded.";
        assert_eq!(detail, Detail::new(text, "parse_error"));
    }
}
