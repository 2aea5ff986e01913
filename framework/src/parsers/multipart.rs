//! `multipart/form-data`, read while it arrives (`django.http.multipartparser`).
//!
//! `actix-multipart` and `multer` read what RFC 7578 allows and refuse the rest. Django reads whatever has a
//! boundary, and clients see the difference in what a form that is cut short or put together by hand becomes,
//! so this follows Django: a part is what stands between two boundaries, whatever it is.

use memchr::memmem::Finder;

use super::charset::Charset;
use super::header::Header;
use super::upload::{Limits, SentFiles};
use super::{
    BodyReader, Bytes, Data, DataAndFiles, Parser, ParserContext, QueryParams, too_many_fields,
};
use crate::exceptions::{ApiException, Detail, Result};
use crate::files::{Spool, sanitized};
use crate::values::python;

/// The longest boundary, in bytes.
const MAX_BOUNDARY: usize = 201;

/// How far into a part its head may reach, in bytes.
const MAX_HEAD: usize = 1024;

/// Parts that a form may have in addition to its fields: the text before the first boundary and
/// after the last.
const BESIDE: usize = 2;

/// The line end before a boundary.
const LINE_END: usize = 2;

/// `multipart/form-data` (`MultiPartParser`): fields and files. Files are written to temporary files while they
/// arrive where they are longer than `FILE_UPLOAD_MAX_MEMORY_SIZE`; `DATA_UPLOAD_MAX_MEMORY_SIZE` is for
/// the fields, `FILE_UPLOAD_MAX_SIZE` for all of it.
///
/// ```
/// use quintet::parsers::{MultiPartParser, Parser, ParserContext};
///
/// let context = ParserContext::new("multipart/form-data; boundary=x", None);
/// let body = b"--x\r\nContent-Disposition: form-data; name=\"cover\"; filename=\"a.txt\"\r\n\r\n\
///     hello\r\n--x--\r\n";
/// let data = MultiPartParser.parse(&body[..].into(), &context)?;
/// assert_eq!(data.file("cover").map(|file| (file.name(), file.size())), Some(("a.txt", 5)));
/// # Ok::<(), quintet::exceptions::ApiException>(())
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct MultiPartParser;

impl Parser for MultiPartParser {
    fn media_type(&self) -> &'static str {
        "multipart/form-data"
    }

    fn parse(&self, body: &Bytes, context: &ParserContext<'_>) -> Result<Data> {
        let mut reader = MultiPartReader::new(context)?;
        reader.feed(body)?;
        reader.end()
    }

    fn reader(&self, context: &ParserContext<'_>) -> Result<Option<Box<dyn BodyReader>>> {
        Ok(Some(Box::new(MultiPartReader::new(context)?)))
    }
}

/// The boundary between the parts.
fn boundary(content_type: &str) -> Result<String> {
    if !content_type.is_ascii() {
        let text = format!("Invalid non-ASCII Content-Type in multipart: {content_type}");
        return Err(refused(&text));
    }
    if !content_type.starts_with("multipart/") {
        return Err(refused(&format!("Invalid Content-Type: {content_type}")));
    }
    let header = Header::parse(content_type);
    let boundary = header.as_ref().and_then(|header| header.param("boundary"));
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

/// Reads a form from pieces of any length.
#[derive(Debug)]
struct MultiPartReader {
    boundary: Finder<'static>,
    charset: Charset,
    limits: Limits,
    /// What has arrived and is not part of anything yet, from `at` on.
    buffer: Vec<u8>,
    at: usize,
    part: Part,
    /// A file that was read to its boundary: it is there once another part begins.
    done: Option<OpenFile>,
    form: QueryParams,
    files: SentFiles,
    fields: usize,
    /// How much memory fields have taken.
    field_bytes: usize,
}

/// What is being read.
#[derive(Debug)]
enum Part {
    /// A boundary has been read, and nothing after it.
    Before,
    Head,
    Field(OpenField),
    File(OpenFile),
    /// A part that nobody wants.
    Other,
}

#[derive(Debug)]
struct OpenField {
    name: String,
    is_base64: bool,
    bytes: Vec<u8>,
}

#[derive(Debug)]
struct OpenFile {
    field: String,
    name: String,
    content_type: String,
    charset: Option<String>,
    spool: Spool,
    /// Digits of base64 that have not been decoded yet, if it is sent as that.
    base64: Option<Vec<u8>>,
}

/// What a look at the buffer finds.
struct Sight {
    /// How many bytes certainly belong to the part.
    len: usize,
    /// Where the next part starts, if the end of this one has arrived.
    next: Option<usize>,
}

impl MultiPartReader {
    fn new(context: &ParserContext<'_>) -> Result<Self> {
        let charset = context.decoder()?;
        let boundary = boundary(context.content_type)?;
        Ok(Self {
            boundary: Finder::new(boundary.as_bytes()).into_owned(),
            charset,
            limits: Limits::new(context),
            buffer: Vec::new(),
            at: 0,
            // text before the first boundary is a part too
            part: Part::Before,
            done: None,
            form: QueryParams::default(),
            files: SentFiles::default(),
            fields: 0,
            field_bytes: 0,
        })
    }

    fn rest(&self) -> &[u8] {
        self.buffer.get(self.at..).unwrap_or_default()
    }

    /// How far the part reaches; all of what is there belongs to it if no more is to come.
    fn look(&self, is_end: bool) -> Sight {
        let rest = self.rest();
        if let Some(end) = self.boundary.find(rest) {
            let part = rest.get(..end).unwrap_or_default();
            let part = part.strip_suffix(b"\n").unwrap_or(part);
            let part = part.strip_suffix(b"\r").unwrap_or(part);
            return Sight { len: part.len(), next: Some(end + self.boundary.needle().len()) };
        }
        // a boundary, and the line end before it, may have begun
        let held = if is_end { 0 } else { self.boundary.needle().len() - 1 + LINE_END };
        Sight { len: rest.len().saturating_sub(held), next: None }
    }

    /// Reads what has arrived, as far as it is certain.
    fn advance(&mut self, is_end: bool) -> Result<()> {
        loop {
            if matches!(self.part, Part::Before) {
                if self.rest().is_empty() {
                    return Ok(());
                }
                if let Some(file) = self.done.take() {
                    self.keep(file);
                }
                self.part = Part::Head;
            }
            if matches!(self.part, Part::Head) && !self.head(is_end)? {
                return Ok(());
            }
            let (start, sight) = (self.at, self.look(is_end));
            self.take(sight.len)?;
            let Some(next) = sight.next else { return Ok(()) };
            self.at = start + next;
            self.end_part()?;
        }
    }

    /// Reads the head of a part; false if more of it is to come.
    fn head(&mut self, is_end: bool) -> Result<bool> {
        let sight = self.look(is_end);
        let part = self.rest().get(..sight.len).unwrap_or_default();
        let head = part.get(..MAX_HEAD).unwrap_or(part);
        let Some(end) = memchr::memmem::find(head, b"\r\n\r\n") else {
            if part.len() >= MAX_HEAD {
                return Err(refused("Request max total header size exceeded."));
            }
            if sight.next.is_none() && !is_end {
                return Ok(false);
            }
            self.count_field()?;
            self.part = Part::Other;
            return Ok(true);
        };
        let head = Head::read(head.get(..end).unwrap_or_default());
        self.at += end + 4;
        self.part = self.begin(head)?;
        Ok(true)
    }

    /// What a part with this head is.
    fn begin(&mut self, head: Head) -> Result<Part> {
        let disposition = head.disposition.as_ref();
        let filename = disposition.and_then(|it| it.param("filename")).filter(|it| !it.is_empty());
        if filename.is_none() {
            self.count_field()?;
        }
        let Some(name) = disposition.and_then(|it| it.param("name")) else {
            return Ok(Part::Other);
        };
        let name = self.charset.decode_lossy(name.trim().as_bytes()).into_owned();
        let Some(filename) = filename else {
            return Ok(Part::Field(OpenField {
                name,
                is_base64: head.is_base64,
                bytes: Vec::new(),
            }));
        };
        self.limits.count_file()?;
        let Some(filename) = sanitized(&self.charset.decode_lossy(filename.as_bytes())) else {
            return Ok(Part::Other);
        };
        let (content_type, charset) = head.content_type.map_or_else(Default::default, |header| {
            (value_of(&header), header.param("charset").map(ToOwned::to_owned))
        });
        Ok(Part::File(OpenFile {
            field: name,
            name: filename,
            content_type,
            charset,
            spool: Spool::new(),
            base64: head.is_base64.then(Vec::new),
        }))
    }

    /// Counts a part that is no file.
    fn count_field(&mut self) -> Result<()> {
        self.fields += 1;
        let most = self.limits.max_fields.map(|most| most.saturating_add(BESIDE));
        if most.is_some_and(|most| self.fields > most) { Err(too_many_fields()) } else { Ok(()) }
    }

    /// Takes bytes of the part.
    fn take(&mut self, len: usize) -> Result<()> {
        let bytes = self.buffer.get(self.at..self.at + len).unwrap_or_default();
        match &mut self.part {
            Part::Before | Part::Head | Part::Other => {}
            Part::Field(field) => {
                let taken = self.field_bytes + field.bytes.len() + bytes.len();
                if self.limits.max_memory_size.is_some_and(|most| taken > most) {
                    return Err(too_long());
                }
                field.bytes.extend_from_slice(bytes);
            }
            Part::File(file) => match &mut file.base64 {
                None => self.limits.write(&mut file.spool, bytes)?,
                Some(digits) => {
                    digits.extend(bytes.iter().filter(|byte| !byte.is_ascii_whitespace()));
                    let rest = digits.split_off(digits.len() / 4 * 4);
                    let digits = std::mem::replace(digits, rest);
                    let decoded = python::base64(&digits).ok_or_else(not_base64)?;
                    self.limits.write(&mut file.spool, &decoded)?;
                }
            },
        }
        self.at += len;
        Ok(())
    }

    /// A part has been read to its end.
    fn end_part(&mut self) -> Result<()> {
        match std::mem::replace(&mut self.part, Part::Before) {
            Part::Before | Part::Head | Part::Other => {}
            Part::Field(field) => self.keep_field(field)?,
            Part::File(file) => {
                if file.base64.as_ref().is_some_and(|digits| !digits.is_empty()) {
                    return Err(not_base64());
                }
                self.done = Some(file);
            }
        }
        Ok(())
    }

    fn keep_field(&mut self, field: OpenField) -> Result<()> {
        // two more, for the signs that a form has between names and values
        self.field_bytes += field.bytes.len() + field.name.chars().count() + 2;
        if self.limits.max_memory_size.is_some_and(|most| self.field_bytes > most) {
            return Err(too_long());
        }
        let decoded = if field.is_base64 { python::base64(&field.bytes) } else { None };
        let bytes = decoded.unwrap_or(field.bytes);
        self.form.push(&field.name, &self.charset.decode_lossy(&bytes));
        Ok(())
    }

    fn keep(&mut self, file: OpenFile) {
        // as Django forgets those
        if file.field.is_empty() {
            return;
        }
        let uploaded = file.spool.finish(file.name, file.content_type).with_charset(file.charset);
        self.files.push((file.field, uploaded));
    }

    fn end(mut self) -> Result<Data> {
        self.advance(true)?;
        // a file without a boundary after it has broken off
        if let Part::Field(field) = std::mem::replace(&mut self.part, Part::Before) {
            self.keep_field(field)?;
        }
        Ok(if self.files.is_empty() {
            Data::Form(self.form)
        } else {
            Data::Files(DataAndFiles::new(Some(self.form), self.files))
        })
    }
}

fn too_long() -> ApiException {
    ApiException::Suspicious("the fields of the form are longer than DATA_UPLOAD_MAX_MEMORY_SIZE")
}

fn not_base64() -> ApiException {
    refused("Could not decode base64 data.")
}

impl BodyReader for MultiPartReader {
    fn feed(&mut self, bytes: &[u8]) -> Result<()> {
        self.buffer.drain(..self.at);
        self.at = 0;
        self.buffer.extend_from_slice(bytes);
        self.advance(false)
    }

    fn finish(self: Box<Self>) -> Result<Data> {
        self.end()
    }
}

/// The head of a part.
#[derive(Default)]
struct Head {
    disposition: Option<Header>,
    content_type: Option<Header>,
    is_base64: bool,
}

impl Head {
    fn read(bytes: &[u8]) -> Self {
        let mut head = Self::default();
        let mut rest = bytes;
        loop {
            let (line, next) = match memchr::memmem::find(rest, b"\r\n")
                .and_then(|at| rest.split_at_checked(at))
            {
                Some((line, next)) => (line, Some(next.get(2..).unwrap_or_default())),
                None => (rest, None),
            };
            if let Some(header) = std::str::from_utf8(line).ok().and_then(Header::parse) {
                match header.main.split_once(':').map(|(name, _)| name) {
                    Some("content-disposition") => head.disposition = Some(header),
                    Some("content-type") => head.content_type = Some(header),
                    Some("content-transfer-encoding") => {
                        head.is_base64 = value_of(&header) == "base64";
                    }
                    _ => {}
                }
            }
            match next {
                Some(next) => rest = next,
                None => return head,
            }
        }
    }
}

/// What stands between the name of a header and its parameters.
fn value_of(header: &Header) -> String {
    header.main.split_once(':').map_or_else(String::new, |(_, value)| value.trim().to_owned())
}

#[cfg(test)]
mod tests;
