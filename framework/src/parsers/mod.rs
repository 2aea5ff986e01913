//! Parsing the bytes of a request body (`rest_framework.parsers`).
//!
//! `Content-Type` selects the parser of a body; if none of the view's parsers reads it, the
//! response is a 415. The body is parsed when the view uses its data, so that a request that is
//! refused before costs nothing.
//!
//! # Setting the parsers
//!
//! By default, a site reads JSON and both kinds of forms. A view set has
//! [`parser_classes`](crate::viewsets::ViewSet::parser_classes), an
//! [`ApiView`](crate::views::ApiView) `.parsers(..)`, and the default of the site is part of its
//! [`Policies`](crate::views::Policies) (`DEFAULT_PARSER_CLASSES`).
//!
//! # API reference
//!
//! - [`JsonParser`] reads `application/json`
//! - [`FormParser`] reads `application/x-www-form-urlencoded`
//! - [`MultiPartParser`] reads `multipart/form-data`, with files
//! - [`FileUploadParser`] reads any type: the body is one file
//!
//! # Files
//!
//! The files of a body are part of its data (`request.FILES`): [`Data::file`] and [`Data::files`], each an
//! [`UploadedFile`](crate::files::UploadedFile). They are read while they arrive, and what does not fit
//! in `FILE_UPLOAD_MAX_MEMORY_SIZE` goes to temporary files, so that a long upload takes no memory.
//!
//! ```
//! use quintet::parsers::MultiPartParser;
//! use quintet::prelude::*;
//!
//! async fn upload(cx: &mut Context) -> Result<Response> {
//!     let data = cx.data()?;
//!     let Some(file) = data.file("report") else {
//!         return Err(ApiException::validation(Detail::field("report", ["No file was submitted."])));
//!     };
//!     Response::new(&serde_json::json!({ "name": file.name(), "size": file.size() }))
//! }
//!
//! let view = ApiView::new("Upload").parsers(MultiPartParser).post(upload);
//! # let _ = view;
//! ```
//!
//! # Custom parsers
//!
//! ```
//! use quintet::exceptions::Result;
//! use quintet::parsers::{Bytes, Data, JsonParser, Parser, ParserContext};
//! use quintet::views::ApiView;
//!
//! /// One JSON object per line, read as an array.
//! #[derive(Debug)]
//! struct LinesParser;
//!
//! impl Parser for LinesParser {
//!     fn media_type(&self) -> &'static str {
//!         "application/x-ndjson"
//!     }
//!
//!     fn parse(&self, body: &Bytes, _context: &ParserContext<'_>) -> Result<Data> {
//!         let lines: Vec<&[u8]> =
//!             body.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).collect();
//!         Ok(Data::Json([b"[", lines.join(&b","[..]).as_slice(), b"]"].concat().into()))
//!     }
//! }
//!
//! let view = ApiView::new("Import").parsers((JsonParser, LinesParser));
//! # let _ = view;
//! ```

pub(crate) mod charset;
mod data;
mod form;
mod header;
mod json;
mod multipart;
mod query;
mod upload;
#[cfg(test)]
mod vectors;

use std::fmt;
use std::path::Path;

/// Bytes that are shared, not copied, as actix-web has them.
pub use actix_web::web::Bytes;

pub use data::{Data, DataAndFiles};
pub use form::FormParser;
pub use json::parse;
pub use multipart::MultiPartParser;
pub use query::QueryParams;
pub use upload::FileUploadParser;

use crate::classes::class_list;
use crate::exceptions::{ApiException, Detail, Result};
use crate::negotiation::MediaType;
use crate::settings::{FileUploadSettings, Settings};

use charset::Charset;

/// What a parser knows in addition to the bytes (`parser_context`).
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct ParserContext<'a> {
    /// The whole `Content-Type`.
    pub content_type: &'a str,
    /// `DATA_UPLOAD_MAX_NUMBER_FIELDS`
    pub max_fields: Option<usize>,
    /// `DATA_UPLOAD_MAX_NUMBER_FILES`
    pub max_files: Option<usize>,
    /// `DATA_UPLOAD_MAX_MEMORY_SIZE`, which the fields of a form with files share.
    pub max_memory_size: Option<usize>,
    /// `FILE_UPLOAD_MAX_MEMORY_SIZE`, which the files of a body share.
    pub max_file_memory: usize,
    /// `FILE_UPLOAD_TEMP_DIR`
    pub temp_dir: Option<&'a Path>,
    /// The capture `filename` of the URL.
    pub filename: Option<&'a str>,
    /// `Content-Disposition`
    pub content_disposition: Option<&'a str>,
}

impl<'a> ParserContext<'a> {
    /// Creates a context for a `Content-Type` and a limit of fields.
    pub fn new(content_type: &'a str, max_fields: Option<usize>) -> Self {
        Self {
            content_type,
            max_fields,
            max_files: None,
            max_memory_size: None,
            max_file_memory: FileUploadSettings::default().max_memory_size,
            temp_dir: None,
            filename: None,
            content_disposition: None,
        }
    }

    /// Sets a limit for the bytes of the fields of a form with files.
    #[must_use]
    pub fn max_memory_size(mut self, most: Option<usize>) -> Self {
        self.max_memory_size = most;
        self
    }

    /// Sets the name that the URL gives to a body that is a file.
    #[must_use]
    pub fn filename(mut self, name: Option<&'a str>) -> Self {
        self.filename = name;
        self
    }

    /// The limits of a site.
    #[must_use]
    pub(crate) fn limits(mut self, settings: &'a Settings) -> Self {
        self.max_fields = settings.data_upload_max_number_fields;
        self.max_files = settings.data_upload_max_number_files;
        self.max_memory_size = settings.data_upload_max_memory_size;
        self.max_file_memory = settings.file_upload.max_memory_size;
        self.temp_dir = settings.file_upload.temp_dir.as_deref();
        self
    }

    /// Sets a limit for the number of files.
    #[must_use]
    pub fn max_files(mut self, most: Option<usize>) -> Self {
        self.max_files = most;
        self
    }

    /// The `charset` of the `Content-Type`.
    pub fn charset(&self) -> Option<String> {
        // most have no parameters
        self.content_type
            .contains(';')
            .then(|| MediaType::parse(self.content_type))?
            .param("charset")
            .map(ToOwned::to_owned)
    }

    /// The charset with which the body is decoded.
    ///
    /// # Errors
    /// 400 for an unsupported charset.
    pub(crate) fn decoder(&self) -> Result<Charset> {
        let Some(name) = self.charset() else { return Ok(Charset::Utf8) };
        Charset::from_name(&name).ok_or_else(|| {
            let text = format!("Unsupported charset \"{name}\" in request Content-Type header.");
            ApiException::ParseError(Some(Detail::new(text, "parse_error")))
        })
    }
}

class_list! {
    /// The `parser_classes` of a view: one parser, a tuple of them, `()` for none, or
    /// [`Inherit`](crate::classes::Inherit).
    #[diagnostic::on_unimplemented(
        message = "`{Self}` is neither a parser nor a tuple of parsers",
        label = "expected a parser, which is a type with `impl Parser`, or a tuple of them",
        note = "write `impl Parser for {Self}`; several parsers are a tuple: `(JsonParser, FormParser)`"
    )]
    ParserClasses of Parser as Parser
}

/// Reads request bodies of one media type (`BaseParser`).
///
/// Implement it for a format of your own; name it in `parser_classes`, with the preferred ones
/// first. It is called when the view asks for the data of a body that is not empty. There are no
/// defaults.
///
/// ```
/// use quintet::exceptions::{ApiException, Result};
/// use quintet::parsers::{Bytes, Data, Parser, ParserContext};
///
/// /// Plain text: an object with the key `text`.
/// #[derive(Debug)]
/// struct PlainTextParser;
///
/// impl Parser for PlainTextParser {
///     fn media_type(&self) -> &'static str {
///         "text/plain"
///     }
///
///     fn parse(&self, body: &Bytes, _context: &ParserContext<'_>) -> Result<Data> {
///         let text = std::str::from_utf8(body).map_err(|_| ApiException::ParseError(None))?;
///         Ok(Data::Json(serde_json::json!({ "text": text }).to_string().into()))
///     }
/// }
/// ```
#[doc(alias = "BaseParser")]
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a parser",
    label = "this type has no `Parser` implementation",
    note = "write `impl Parser for {Self}`"
)]
pub trait Parser: fmt::Debug + Send + Sync + 'static {
    /// The media type that it reads: `application/json`.
    fn media_type(&self) -> &'static str;

    /// Parses a body that is not empty.
    ///
    /// # Errors
    /// 400 if the body is invalid.
    fn parse(&self, body: &Bytes, context: &ParserContext<'_>) -> Result<Data>;

    /// What reads a body while it arrives, for a parser of files: it may be as long as
    /// `FILE_UPLOAD_MAX_SIZE`. By default there is none, and [`parse`](Self::parse) gets bodies of up to
    /// `DATA_UPLOAD_MAX_MEMORY_SIZE`.
    ///
    /// # Errors
    /// 400 if the head of the request says that the body is invalid.
    fn reader(&self, context: &ParserContext<'_>) -> Result<Option<Box<dyn BodyReader>>> {
        let _ = context;
        Ok(None)
    }
}

/// Reads a body piece by piece, for [`Parser::reader`].
///
/// Pieces come one after the other, on a thread that may wait for a disk once there have been more bytes than
/// `FILE_UPLOAD_MAX_MEMORY_SIZE`. It must hold no more than a bounded part of the body in memory.
///
/// ```
/// use quintet::exceptions::Result;
/// use quintet::parsers::{BodyReader, Bytes, Data, Parser, ParserContext};
///
/// /// Counts the lines of a body of any length.
/// #[derive(Debug)]
/// struct LineCount;
///
/// #[derive(Debug)]
/// struct Lines(usize);
///
/// impl BodyReader for Lines {
///     fn feed(&mut self, bytes: &[u8]) -> Result<()> {
///         self.0 += bytes.iter().filter(|byte| **byte == b'\n').count();
///         Ok(())
///     }
///
///     fn finish(self: Box<Self>) -> Result<Data> {
///         Ok(Data::Json(self.0.to_string().into()))
///     }
/// }
///
/// impl Parser for LineCount {
///     fn media_type(&self) -> &'static str {
///         "text/plain"
///     }
///
///     fn parse(&self, body: &Bytes, _context: &ParserContext<'_>) -> Result<Data> {
///         let mut lines = Box::new(Lines(0));
///         lines.feed(body)?;
///         lines.finish()
///     }
///
///     fn reader(&self, _context: &ParserContext<'_>) -> Result<Option<Box<dyn BodyReader>>> {
///         Ok(Some(Box::new(Lines(0))))
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not read bodies",
    label = "this type has no `BodyReader` implementation",
    note = "write `impl BodyReader for {Self}`"
)]
pub trait BodyReader: fmt::Debug + Send {
    /// Reads the next bytes.
    ///
    /// # Errors
    /// 400 if the body is invalid; no more of it is read then.
    fn feed(&mut self, bytes: &[u8]) -> Result<()>;

    /// The body has ended.
    ///
    /// # Errors
    /// 400 if it is invalid.
    fn finish(self: Box<Self>) -> Result<Data>;
}

/// `application/json` (`JSONParser`). A body that is not JSON is a 400 `JSON parse error - …`.
///
/// ```
/// use quintet::parsers::{JsonParser, Parser, ParserContext};
///
/// let context = ParserContext::new("application/json", None);
/// let data = JsonParser.parse(&br#"{"title": "Dune"}"#[..].into(), &context)?;
/// assert_eq!(data.to_json()?, serde_json::json!({"title": "Dune"}));
/// # Ok::<(), quintet::exceptions::ApiException>(())
/// ```
#[doc(alias = "JSONParser")]
#[derive(Debug, Clone, Copy, Default)]
pub struct JsonParser;

impl Parser for JsonParser {
    fn media_type(&self) -> &'static str {
        "application/json"
    }

    fn parse(&self, body: &Bytes, context: &ParserContext<'_>) -> Result<Data> {
        let charset = context.decoder()?;
        if charset == Charset::Utf8 {
            // the JSON reader takes UTF-8
            return Ok(Data::Json(body.clone()));
        }
        let text = charset.read(body).map_err(|reason| json_error(&reason))?;
        Ok(Data::Json(Bytes::from(text.into_owned())))
    }
}

fn json_error(reason: &str) -> ApiException {
    let text = format!("JSON parse error - {reason}");
    ApiException::ParseError(Some(Detail::new(text, "parse_error")))
}

fn too_many_fields() -> ApiException {
    ApiException::Suspicious("the form has more fields than DATA_UPLOAD_MAX_NUMBER_FIELDS")
}

/// True for the media types of forms.
pub(crate) fn is_form_media_type(content_type: &str) -> bool {
    let media_type = content_type.split(';').next().unwrap_or_default().trim();
    ["application/x-www-form-urlencoded", "multipart/form-data"]
        .iter()
        .any(|form| media_type.eq_ignore_ascii_case(form))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::values::Raw;

    #[test]
    fn json_in_another_charset_is_turned_into_utf8() {
        let body = Bytes::from_static(b"{\"a\":\"\xe9\"}");
        let context = ParserContext::new("application/json; charset=latin-1", None);
        let data = JsonParser.parse(&body, &context).unwrap();
        assert!(matches!(&data, Data::Json(bytes) if bytes == "{\"a\":\"é\"}".as_bytes()));
    }

    #[test]
    fn the_last_value_of_a_form_is_the_one_a_field_reads() {
        let data = Data::Form(QueryParams::parse("a=1&b=2&a=3"));
        let raw = data.raw().unwrap();
        assert_eq!(raw.get("a"), Some(&Raw::Text("3".into())));
        assert_eq!(raw.get("b"), Some(&Raw::Text("2".into())));
    }

    #[test]
    fn no_body_is_an_empty_object() {
        assert_eq!(Data::Empty.raw().unwrap(), Raw::Map(Vec::new()));
        assert!(Data::Empty.form().is_none());
    }
}
