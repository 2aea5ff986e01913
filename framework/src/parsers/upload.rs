//! Files in bodies: what all parsers of them share, and a body that is one file.

use std::path::Path;

use super::header::Header;
use super::{BodyReader, Bytes, Data, DataAndFiles, Parser, ParserContext};
use crate::exceptions::{ApiException, Detail, Result};
use crate::files::{Spool, SpoolLimits, UploadedFile, basename};

/// The files of a request, by field.
pub(super) type SentFiles = Vec<(String, UploadedFile)>;

/// What a request may send.
#[derive(Debug)]
pub(super) struct Limits {
    pub(super) max_fields: Option<usize>,
    pub(super) max_memory_size: Option<usize>,
    max_files: Option<usize>,
    files: usize,
    spool: SpoolLimits,
}

impl Limits {
    pub(super) fn new(context: &ParserContext<'_>) -> Self {
        Self {
            max_fields: context.max_fields,
            max_memory_size: context.max_memory_size,
            max_files: context.max_files,
            files: 0,
            spool: SpoolLimits {
                memory: context.max_file_memory,
                folder: context.temp_dir.map(Path::to_owned),
            },
        }
    }

    /// Counts a file.
    pub(super) fn count_file(&mut self) -> Result<()> {
        self.files += 1;
        if self.max_files.is_some_and(|most| self.files > most) {
            return Err(ApiException::Suspicious(
                "the form has more files than DATA_UPLOAD_MAX_NUMBER_FILES",
            ));
        }
        Ok(())
    }

    pub(super) fn write(&mut self, spool: &mut Spool, bytes: &[u8]) -> Result<()> {
        spool.write(bytes, &mut self.spool).map_err(|error| {
            tracing::error!("an uploaded file cannot be written: {error}");
            ApiException::Unavailable("uploaded files cannot be written")
        })
    }
}

/// A body that is one file, of any type (`FileUploadParser`). Its name is the URL's capture `filename`, or
/// the one of `Content-Disposition`; the data has it under `file`.
///
/// ```
/// use quintet::parsers::{FileUploadParser, Parser, ParserContext};
///
/// let context = ParserContext::new("image/png", None).filename(Some("a.png"));
/// let data = FileUploadParser.parse(&b"\x89PNG"[..].into(), &context)?;
/// assert_eq!(data.file("file").map(|file| file.name()), Some("a.png"));
/// # Ok::<(), quintet::exceptions::ApiException>(())
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct FileUploadParser;

impl Parser for FileUploadParser {
    fn media_type(&self) -> &'static str {
        "*/*"
    }

    fn parse(&self, body: &Bytes, context: &ParserContext<'_>) -> Result<Data> {
        let mut reader = FileReader::new(context)?;
        reader.feed(body)?;
        Ok(reader.end())
    }

    fn reader(&self, context: &ParserContext<'_>) -> Result<Option<Box<dyn BodyReader>>> {
        Ok(Some(Box::new(FileReader::new(context)?)))
    }
}

/// Reads one file.
#[derive(Debug)]
struct FileReader {
    name: String,
    content_type: String,
    limits: Limits,
    spool: Spool,
}

impl FileReader {
    fn new(context: &ParserContext<'_>) -> Result<Self> {
        let disposition = context.content_disposition.and_then(Header::parse);
        let sent = || disposition.as_ref().and_then(|header| header.param("filename"));
        let Some(name) = context.filename.or_else(sent).filter(|name| !name.is_empty()) else {
            let text = "Missing filename. Request should include a Content-Disposition header with a \
                        filename parameter.";
            return Err(ApiException::ParseError(Some(Detail::new(text, "parse_error"))));
        };
        if matches!(basename(name), "" | "." | "..") {
            return Err(ApiException::Suspicious("the name of an uploaded file names no file"));
        }
        Ok(Self {
            name: name.to_owned(),
            content_type: context.content_type.to_owned(),
            limits: Limits::new(context),
            spool: Spool::new(),
        })
    }

    fn end(self) -> Data {
        let file = self.spool.finish(self.name, self.content_type);
        Data::Files(DataAndFiles::new(None, vec![("file".to_owned(), file)]))
    }
}

impl BodyReader for FileReader {
    fn feed(&mut self, bytes: &[u8]) -> Result<()> {
        self.limits.write(&mut self.spool, bytes)
    }

    fn finish(self: Box<Self>) -> Result<Data> {
        Ok(self.end())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(filename: Option<&'static str>, disposition: Option<&'static str>) -> Result<String> {
        let context = ParserContext::new("a/b", None).filename(filename);
        let context = ParserContext { content_disposition: disposition, ..context };
        let data = FileUploadParser.parse(&Bytes::from_static(b"1"), &context)?;
        Ok(data.file("file").map(|file| file.name().to_owned()).unwrap_or_default())
    }

    #[test]
    fn the_urls_name_comes_before_the_headers() {
        let header = Some("attachment; filename=\"b/é.txt\"");
        assert_eq!(name(Some("a.txt"), header).unwrap(), "a.txt");
        assert_eq!(name(None, header).unwrap(), "é.txt");
        let encoded = Some("attachment; filename=no; filename*=UTF-8''%c3%a9");
        assert_eq!(name(None, encoded).unwrap(), "é");
        for without in [None, Some("attachment"), Some("attachment; filename=")] {
            assert!(matches!(name(None, without), Err(ApiException::ParseError(Some(_)))));
        }
        assert!(matches!(name(Some(".."), None), Err(ApiException::Suspicious(_))));
    }

    #[test]
    fn what_cannot_be_written_is_no_error_of_the_clients() {
        let folder = Path::new("/there/is/none");
        let context = ParserContext::new("a/b", None).filename(Some("a"));
        let context = ParserContext { max_file_memory: 0, temp_dir: Some(folder), ..context };
        let body = Bytes::from_static(b"1");
        assert!(matches!(
            FileUploadParser.parse(&body, &context),
            Err(ApiException::Unavailable(_))
        ));
    }
}
