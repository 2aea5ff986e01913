//! A file in memory or on disk.

use std::fmt;
use std::io::{self, Cursor, Read, Seek};
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use actix_web::web::Bytes;
use tempfile::TempPath;

use super::image::ImageInfo;
use super::names::shortened;

/// How much of a file is read at once.
const CHUNK: usize = 64 * 1024;

/// A name and bytes (`File`, `ContentFile`). Copies share the bytes.
///
/// What is on disk is read on threads for that; a temporary file is removed with its last copy.
#[derive(Clone)]
pub struct File {
    name: String,
    size: u64,
    content: Content,
    image: Arc<OnceLock<Option<ImageInfo>>>,
}

#[derive(Clone)]
enum Content {
    Memory(Bytes),
    Temporary(Arc<TempPath>),
    Stored(Arc<Path>),
}

impl fmt::Debug for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "File({:?}, {} bytes)", self.name, self.size)
    }
}

/// Two are equal if they have the same name and share their bytes.
impl PartialEq for File {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
            && match (&self.content, &other.content) {
                (Content::Memory(one), Content::Memory(two)) => one == two,
                (Content::Temporary(one), Content::Temporary(two)) => Arc::ptr_eq(one, two),
                (Content::Stored(one), Content::Stored(two)) => one == two,
                _ => false,
            }
    }
}

impl File {
    /// A file in memory (`ContentFile`).
    pub fn new(name: impl Into<String>, bytes: impl Into<Bytes>) -> Self {
        let bytes = bytes.into();
        Self::of(name.into(), bytes.len() as u64, Content::Memory(bytes))
    }

    /// A file on disk that stays there.
    ///
    /// # Errors
    /// If it is not there.
    pub async fn at(name: impl Into<String>, path: impl Into<PathBuf>) -> io::Result<Self> {
        let (name, path) = (name.into(), path.into());
        blocking(move || Self::stored(name, &path)).await
    }

    /// The same, for code that may block.
    pub(super) fn stored(name: String, path: &Path) -> io::Result<Self> {
        let meta = std::fs::metadata(path)?;
        if !meta.is_file() {
            return Err(io::ErrorKind::NotFound.into());
        }
        Ok(Self::of(name, meta.len(), Content::Stored(path.into())))
    }

    pub(super) fn temporary(name: String, size: u64, path: TempPath) -> Self {
        Self::of(name, size, Content::Temporary(Arc::new(path)))
    }

    fn of(name: String, size: u64, content: Content) -> Self {
        Self { name, size, content, image: Arc::default() }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How many bytes it has.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Where it is, if it is on disk (`temporary_file_path`).
    pub fn path(&self) -> Option<&Path> {
        match &self.content {
            Content::Memory(_) => None,
            Content::Temporary(path) => Some(path),
            Content::Stored(path) => Some(path),
        }
    }

    /// Whether it is on disk until its last copy goes.
    pub(super) fn is_temporary(&self) -> bool {
        matches!(self.content, Content::Temporary(_))
    }

    /// Its bytes, if they are in memory.
    pub fn bytes(&self) -> Option<&Bytes> {
        match &self.content {
            Content::Memory(bytes) => Some(bytes),
            Content::Temporary(_) | Content::Stored(_) => None,
        }
    }

    /// All its bytes (`read()`), which are then in memory; [`chunks`](Self::chunks) reads a long file.
    ///
    /// # Errors
    /// If it cannot be read.
    pub async fn read(&self) -> io::Result<Bytes> {
        match &self.content {
            Content::Memory(bytes) => Ok(bytes.clone()),
            Content::Temporary(_) | Content::Stored(_) => {
                let file = self.clone();
                blocking(move || {
                    let mut bytes = Vec::new();
                    file.open()?.read_to_end(&mut bytes)?;
                    Ok(bytes.into())
                })
                .await
            }
        }
    }

    /// Its bytes, piece by piece (`chunks()`).
    pub fn chunks(&self) -> Chunks {
        Chunks { file: self.clone(), reader: None, is_done: false }
    }

    /// The bytes, for code that may block; they are at their start.
    ///
    /// # Errors
    /// If it cannot be opened.
    pub fn open(&self) -> io::Result<impl Read + Seek + use<>> {
        Ok(match &self.content {
            Content::Memory(bytes) => Reader::Memory(Cursor::new(bytes.clone())),
            Content::Temporary(path) => Reader::Disk(std::fs::File::open(&**path)?),
            Content::Stored(path) => Reader::Disk(std::fs::File::open(path)?),
        })
    }

    /// The width and height of an image (`get_image_dimensions`); `None` if it is none.
    pub async fn dimensions(&self) -> Option<(u32, u32)> {
        if self.image.get().is_none() && self.path().is_some() {
            let file = self.clone();
            // without an answer it is looked at below
            let _ = blocking(move || Ok(file.image().is_some())).await;
        }
        self.image().map(|image| (image.width, image.height))
    }

    /// What its head says of it as an image. It is read once; what was uploaded has been looked at when
    /// it had arrived.
    pub(crate) fn image(&self) -> Option<ImageInfo> {
        *self.image.get_or_init(|| self.open().ok().and_then(ImageInfo::read))
    }
}

/// Runs what waits for a disk on a thread for that.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => Err(io::Error::other(error)),
    }
}

enum Reader {
    Memory(Cursor<Bytes>),
    Disk(std::fs::File),
}

impl Read for Reader {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Memory(bytes) => bytes.read(into),
            Self::Disk(file) => file.read(into),
        }
    }
}

impl Seek for Reader {
    fn seek(&mut self, to: io::SeekFrom) -> io::Result<u64> {
        match self {
            Self::Memory(bytes) => bytes.seek(to),
            Self::Disk(file) => file.seek(to),
        }
    }
}

/// The bytes of a file, piece by piece.
#[derive(Debug)]
pub struct Chunks {
    file: File,
    reader: Option<std::fs::File>,
    is_done: bool,
}

impl Chunks {
    /// The next piece; `None` at the end.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub async fn next(&mut self) -> io::Result<Option<Bytes>> {
        if self.is_done {
            return Ok(None);
        }
        let path = match &self.file.content {
            Content::Memory(bytes) => {
                self.is_done = true;
                return Ok(Some(bytes.clone()).filter(|bytes| !bytes.is_empty()));
            }
            Content::Temporary(_) | Content::Stored(_) => self.file.clone(),
        };
        let reader = self.reader.take();
        let (reader, bytes) = blocking(move || {
            let mut reader = match (reader, path.path()) {
                (Some(reader), _) => reader,
                (None, Some(path)) => std::fs::File::open(path)?,
                (None, None) => return Err(io::ErrorKind::NotFound.into()),
            };
            let mut bytes = Vec::with_capacity(CHUNK);
            (&mut reader).take(CHUNK as u64).read_to_end(&mut bytes)?;
            Ok((reader, bytes))
        })
        .await?;
        self.is_done = bytes.is_empty();
        self.reader = Some(reader);
        Ok(Some(Bytes::from(bytes)).filter(|bytes| !bytes.is_empty()))
    }
}

/// A file that a client sent (`UploadedFile`): a [`File`] with what the client says of it. Its name is the
/// end of a path, of at most 255 characters; it is nothing to trust beyond that.
#[derive(Clone, Debug, PartialEq)]
pub struct UploadedFile {
    file: File,
    content_type: String,
    charset: Option<String>,
}

impl Deref for UploadedFile {
    type Target = File;

    fn deref(&self) -> &File {
        &self.file
    }
}

impl UploadedFile {
    /// A file with a type, as a client sends it; for tests and own parsers.
    pub fn new(file: File, content_type: impl Into<String>) -> Self {
        let name = shortened(super::basename(&file.name).to_owned());
        Self { file: File { name, ..file }, content_type: content_type.into(), charset: None }
    }

    #[must_use]
    pub(crate) fn with_charset(mut self, charset: Option<String>) -> Self {
        self.charset = charset;
        self
    }

    /// The type that the client sent: without parameters in a form, the whole header of a file that is sent
    /// alone; the one of the image once an image field has read it.
    pub fn content_type(&self) -> &str {
        &self.content_type
    }

    /// The `charset` of the type.
    pub fn charset(&self) -> Option<&str> {
        self.charset.as_deref()
    }

    /// The file.
    pub fn file(&self) -> &File {
        &self.file
    }

    /// The same file with another type.
    #[must_use]
    pub(crate) fn with_content_type(mut self, content_type: &str) -> Self {
        content_type.clone_into(&mut self.content_type);
        self
    }
}

impl From<UploadedFile> for File {
    fn from(uploaded: UploadedFile) -> Self {
        uploaded.file
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[actix_web::test]
    async fn bytes_in_memory_and_on_disk_read_alike() {
        let mut on_disk = tempfile::NamedTempFile::new().unwrap();
        let content = vec![7_u8; 2 * CHUNK + 3];
        io::Write::write_all(&mut on_disk, &content).unwrap();
        let size = content.len() as u64;
        let file = File::temporary("a".into(), size, on_disk.into_temp_path());
        for file in [file, File::new("a", content.clone())] {
            assert_eq!((file.size(), file.read().await.unwrap().len()), (size, content.len()));
            let (mut chunks, mut joined) = (file.chunks(), Vec::new());
            while let Some(chunk) = chunks.next().await.unwrap() {
                joined.extend_from_slice(&chunk);
            }
            assert_eq!(joined, content);
            assert!(chunks.next().await.unwrap().is_none());
        }
    }

    #[actix_web::test]
    async fn a_temporary_file_goes_with_its_last_copy() {
        let on_disk = tempfile::NamedTempFile::new().unwrap().into_temp_path();
        let path = on_disk.to_path_buf();
        let file = File::temporary("a".into(), 0, on_disk);
        let copy = file.clone();
        drop(file);
        assert!(path.exists());
        drop(copy);
        assert!(!path.exists());
        assert!(File::at("a", path).await.is_err());
        assert!(File::at("a", "/").await.is_err());
    }
}
