//! Where files are kept (`django.core.files.storage`).

mod filesystem;
mod memory;

use std::fmt;
use std::future::Future;
use std::io;
use std::sync::Arc;

use futures_util::future::LocalBoxFuture;

use super::file::File;
use super::names::{basename, get_valid_filename, validate_file_name};
use crate::exceptions::ApiException;

pub use filesystem::FileSystemStorage;
pub use memory::InMemoryStorage;

/// How often another name is tried.
const MOST_NAMES: usize = 100;

/// The longest name of a file, without its folders, that file systems take, in bytes.
const MOST_BYTES: usize = 255;

/// What random characters take of it, with the line before them.
const RANDOM: usize = 8;

/// The longest extensions beside which a character of the name fits.
const LONGEST_END: usize = MOST_BYTES - RANDOM - 4;

/// Keeps files under names (`Storage`): paths with slashes, relative to where it keeps them.
///
/// Implement it for a place of your own, such as a bucket; [`FileSystemStorage`] and [`InMemoryStorage`]
/// are there. The functions may take their time: they are awaited, and must not block. By default, a name
/// that is taken gets seven random characters before its extension, as in Django.
///
/// ```
/// use std::sync::Mutex;
///
/// use quintet::files::{File, Storage, StorageError};
///
/// /// The last file alone, whatever its name.
/// #[derive(Debug, Default)]
/// struct LastFile(Mutex<Option<File>>);
///
/// impl Storage for LastFile {
///     async fn write(&self, name: &str, file: &File) -> Result<(), StorageError> {
///         *self.0.lock().unwrap() = Some(file.clone());
///         Ok(())
///     }
///
///     async fn open(&self, name: &str) -> Result<File, StorageError> {
///         self.0.lock().unwrap().clone().ok_or_else(StorageError::not_found)
///     }
///
///     async fn delete(&self, name: &str) -> Result<(), StorageError> {
///         self.0.lock().unwrap().take();
///         Ok(())
///     }
///
///     async fn exists(&self, name: &str) -> Result<bool, StorageError> {
///         Ok(false)
///     }
///
///     fn url(&self, name: &str) -> Result<String, StorageError> {
///         Ok(format!("https://files.example.com/{name}"))
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not keep files",
    label = "this type has no `Storage` implementation",
    note = "take `FileSystemStorage` or `InMemoryStorage`, or write `impl Storage for {Self}`"
)]
pub trait Storage: fmt::Debug + Send + Sync + 'static {
    /// Writes a file under a name that was free a moment ago (`_save`).
    ///
    /// # Errors
    /// [`StorageError::Taken`] if the name is taken by now, and another one is to be tried; others if the
    /// file cannot be stored, of which nothing is left then.
    fn write(&self, name: &str, file: &File) -> impl Future<Output = Result<(), StorageError>>;

    /// The file of a name.
    ///
    /// # Errors
    /// If there is none, or it cannot be read.
    fn open(&self, name: &str) -> impl Future<Output = Result<File, StorageError>>;

    /// Removes a file; one that is not there is no error.
    ///
    /// # Errors
    /// If it cannot be removed.
    fn delete(&self, name: &str) -> impl Future<Output = Result<(), StorageError>>;

    /// Whether a name is taken.
    ///
    /// # Errors
    /// If nobody can tell.
    fn exists(&self, name: &str) -> impl Future<Output = Result<bool, StorageError>>;

    /// Where a client gets a file: a path of this host, or an absolute URL.
    ///
    /// # Errors
    /// If the storage shows its files to nobody.
    fn url(&self, name: &str) -> Result<String, StorageError>;

    /// How many bytes a file has.
    ///
    /// # Errors
    /// If it is not there.
    fn size(&self, name: &str) -> impl Future<Output = Result<u64, StorageError>> {
        async { Ok(self.open(name).await?.size()) }
    }

    /// Stores a file under a name like this one, and returns the name that it has then. `max_length` is the
    /// most characters of the name, whose stem is cut off where it is longer; it is cut as well where the
    /// name without its folders has more than 255 bytes.
    ///
    /// # Errors
    /// If the name leads out of the storage, no name of that length is free, or the file cannot be stored.
    fn save(
        &self,
        name: &str,
        file: &File,
        max_length: Option<usize>,
    ) -> impl Future<Output = Result<String, StorageError>> {
        async move {
            for _ in 0..MOST_NAMES {
                let free = self.get_available_name(name, max_length).await?;
                match self.write(&free, file).await {
                    Err(StorageError::Taken) => {}
                    Err(error) => return Err(error),
                    Ok(()) => return Ok(free),
                }
            }
            Err(StorageError::Taken)
        }
    }

    /// A name like this one that is free.
    ///
    /// # Errors
    /// As for [`save`](Self::save).
    fn get_available_name(
        &self,
        name: &str,
        max_length: Option<usize>,
    ) -> impl Future<Output = Result<String, StorageError>> {
        async move {
            validate_file_name(name)?;
            let path = name.replace('\\', "/");
            let folder = path.strip_suffix(basename(&path)).unwrap_or_default();
            let (mut stem, end) = split(basename(&path));
            let mut tried = path.clone();
            if basename(&path).len() > MOST_BYTES {
                cut(&mut stem, MOST_BYTES - end.len());
                tried = format!("{folder}{stem}{end}");
            }
            for _ in 0..MOST_NAMES {
                let length = tried.chars().count();
                let fits = max_length.is_none_or(|most| length <= most);
                if fits && !self.exists(&tried).await? {
                    return Ok(tried);
                }
                let (word, used) =
                    (random()?, folder.chars().count() + end.chars().count() + RANDOM);
                if let Some(most) = max_length {
                    let left = most.saturating_sub(used);
                    if stem.chars().count() > left {
                        stem = stem.chars().take(left).collect();
                        if stem.is_empty() {
                            return Err(StorageError::name(name));
                        }
                    }
                }
                cut(&mut stem, MOST_BYTES - RANDOM - end.len());
                tried = format!("{folder}{stem}_{word}{end}");
            }
            Err(StorageError::Taken)
        }
    }

    /// The name under which a file is to be stored, from the one that it came with: folders stay, and its
    /// own name is made valid (`generate_filename`).
    ///
    /// # Errors
    /// If it leads out of the storage, or nothing is left of it.
    fn generate_filename(&self, name: &str) -> Result<String, StorageError> {
        let path = name.replace('\\', "/");
        let file = basename(&path);
        let folder = path.strip_suffix(file).unwrap_or_default();
        if folder.split('/').any(|part| part == "..") {
            return Err(StorageError::name(name));
        }
        let valid = get_valid_filename(file)?;
        let parts = folder.split('/').filter(|part| !matches!(*part, "" | "."));
        let path = parts.chain([valid.as_str()]).collect::<Vec<_>>().join("/");
        Ok(if folder.starts_with('/') { format!("/{path}") } else { path })
    }
}

/// A storage that others have too, as a test has the one of its site.
impl<S: Storage> Storage for Arc<S> {
    async fn write(&self, name: &str, file: &File) -> Result<(), StorageError> {
        (**self).write(name, file).await
    }

    async fn open(&self, name: &str) -> Result<File, StorageError> {
        (**self).open(name).await
    }

    async fn delete(&self, name: &str) -> Result<(), StorageError> {
        (**self).delete(name).await
    }

    async fn exists(&self, name: &str) -> Result<bool, StorageError> {
        (**self).exists(name).await
    }

    fn url(&self, name: &str) -> Result<String, StorageError> {
        (**self).url(name)
    }

    async fn size(&self, name: &str) -> Result<u64, StorageError> {
        (**self).size(name).await
    }

    async fn save(
        &self,
        name: &str,
        file: &File,
        max_length: Option<usize>,
    ) -> Result<String, StorageError> {
        (**self).save(name, file, max_length).await
    }

    async fn get_available_name(
        &self,
        name: &str,
        max_length: Option<usize>,
    ) -> Result<String, StorageError> {
        (**self).get_available_name(name, max_length).await
    }

    fn generate_filename(&self, name: &str) -> Result<String, StorageError> {
        (**self).generate_filename(name)
    }
}

/// Cuts a text to so many bytes, between its characters.
fn cut(text: &mut String, most: usize) {
    while text.len() > most {
        text.pop();
    }
}

/// A name before its extensions, and these: `archive`, `.tar.gz` (`PurePath.suffixes`). Extensions that leave
/// no room for a name are none.
fn split(name: &str) -> (String, &str) {
    let start = name.len() - name.trim_start_matches('.').len();
    let end = name.get(start..).and_then(|rest| rest.find('.')).map(|at| start + at);
    // a dot at the end starts no extension
    let end = end.filter(|end| !name.ends_with('.') && name.len() - end <= LONGEST_END);
    match end.and_then(|at| name.split_at_checked(at)) {
        Some((stem, end)) => (stem.to_owned(), end),
        None => (name.to_owned(), ""),
    }
}

/// Seven letters and digits.
fn random() -> Result<String, StorageError> {
    const LETTERS: &[u8; 62] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    let bits = getrandom::u64().map_err(|error| StorageError::Io(io::Error::other(error)))?;
    let mut left = bits;
    let letters = (0..7).map(|_| {
        let at = usize::try_from(left % 62).unwrap_or_default();
        left /= 62;
        char::from(*LETTERS.get(at).unwrap_or(&b'a'))
    });
    Ok(letters.collect())
}

/// Why a storage did not do what it was asked for.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StorageError {
    /// A name that leads out of the storage, or names no file (`SuspiciousFileOperation`).
    #[error("`{0}` is not the name of a file that can be stored")]
    Name(String),
    /// The name is taken.
    #[error("the name is taken by another file")]
    Taken,
    /// The files of this storage have no URLs.
    #[error("the files of this storage have no URLs")]
    NoUrl,
    /// The disk or the network failed, or the file is not there.
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl StorageError {
    /// There is no such file.
    pub fn not_found() -> Self {
        Self::Io(io::ErrorKind::NotFound.into())
    }

    /// Whether there is no such file, as there is none below another file, or under a name that no file can
    /// have.
    pub fn is_not_found(&self) -> bool {
        use io::ErrorKind::{InvalidFilename, InvalidInput, NotADirectory, NotFound};
        let Self::Io(error) = self else { return false };
        matches!(error.kind(), NotFound | NotADirectory | InvalidFilename | InvalidInput)
    }

    pub(super) fn name(name: &str) -> Self {
        Self::Name(name.chars().take(100).collect())
    }
}

/// A wrong name is Django's 400 page, a file that is not there a 404, a disk that fails a 500.
impl From<StorageError> for ApiException {
    fn from(error: StorageError) -> Self {
        match error {
            StorageError::Name(_) => {
                Self::Suspicious("the name of a file leads out of its storage, or names no file")
            }
            error if error.is_not_found() => Self::NotFound(None),
            error => Self::internal(error),
        }
    }
}

/// A storage of the site, without its type (`storages["default"]`):
/// [`Context::storage`](crate::request::Context::storage) has it.
#[derive(Clone, Debug)]
pub struct AnyStorage(Arc<dyn DynStorage>);

impl AnyStorage {
    /// A storage without its type.
    pub fn new(storage: impl Storage) -> Self {
        Self(Arc::new(storage))
    }

    /// Stores a file under a name like this one, and returns the name that it has then.
    ///
    /// # Errors
    /// As for [`Storage::save`].
    pub async fn save(&self, name: &str, file: &File) -> Result<String, StorageError> {
        self.0.save(name, file, None).await
    }

    /// The file of a name.
    ///
    /// # Errors
    /// If there is none, or it cannot be read.
    pub async fn open(&self, name: &str) -> Result<File, StorageError> {
        self.0.open(name).await
    }

    /// Removes a file; one that is not there is no error.
    ///
    /// # Errors
    /// If it cannot be removed.
    pub async fn delete(&self, name: &str) -> Result<(), StorageError> {
        self.0.delete(name).await
    }

    /// Whether a name is taken.
    ///
    /// # Errors
    /// If nobody can tell.
    pub async fn exists(&self, name: &str) -> Result<bool, StorageError> {
        self.0.exists(name).await
    }

    /// How many bytes a file has.
    ///
    /// # Errors
    /// If it is not there.
    pub async fn size(&self, name: &str) -> Result<u64, StorageError> {
        self.0.size(name).await
    }

    /// Where a client gets a file: a path of this host, or an absolute URL.
    ///
    /// # Errors
    /// If the storage shows its files to nobody.
    pub fn url(&self, name: &str) -> Result<String, StorageError> {
        self.0.url(name)
    }

    /// Stores the file of a column, under a name that is made valid; it goes again unless it is kept.
    pub(crate) async fn store(
        &self,
        name: &str,
        file: &File,
        max_length: Option<usize>,
    ) -> Result<NewlyStored, StorageError> {
        validate_file_name(name)?;
        let name = self.0.generate_filename(name)?;
        let name = self.0.save(&name, file, max_length).await?;
        Ok(NewlyStored { storage: self.clone(), name: Some(name), is_sent: false })
    }
}

/// A file that was stored for a row that is not: it is removed with this, unless it is kept, or the row may
/// be stored all the same. A file without a row does less harm than a row without its file.
#[derive(Debug)]
pub(crate) struct NewlyStored {
    storage: AnyStorage,
    name: Option<String>,
    /// The database has been asked to store the row.
    is_sent: bool,
}

impl NewlyStored {
    /// The name under which it is stored.
    pub(crate) fn name(&self) -> &str {
        self.name.as_deref().unwrap_or_default()
    }

    /// The statement that stores the row for good is about to be sent: what drops this from now on does not
    /// know whether it has.
    pub(crate) fn mark_sent(&mut self) {
        self.is_sent = true;
    }

    /// The row is stored too.
    pub(crate) fn keep(mut self) {
        self.name = None;
    }

    /// The row is not stored.
    pub(crate) async fn remove(mut self) {
        if let Some(name) = &self.name {
            let removed = self.storage.delete(name).await;
            log_left(name, &removed);
        }
        self.name = None;
    }
}

/// A request that is dropped removes its files in the background.
impl Drop for NewlyStored {
    fn drop(&mut self) {
        let Some(name) = self.name.take() else { return };
        if self.is_sent {
            tracing::error!("the file {name} stays: nobody knows whether its row is stored");
            return;
        }
        let storage = self.storage.clone();
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            tracing::error!("the file {name} of a row that is not stored stays behind");
            return;
        };
        let here = runtime.clone();
        runtime.spawn_blocking(move || {
            log_left(&name, &here.block_on(storage.delete(&name)));
        });
    }
}

fn log_left(name: &str, removed: &Result<(), StorageError>) {
    if let Err(error) = removed {
        tracing::error!("the file {name} of a row that is not stored stays behind: {error}");
    }
}

/// A storage without its type.
trait DynStorage: fmt::Debug + Send + Sync {
    fn save<'a>(
        &'a self,
        name: &'a str,
        file: &'a File,
        max_length: Option<usize>,
    ) -> LocalBoxFuture<'a, Result<String, StorageError>>;
    fn open<'a>(&'a self, name: &'a str) -> LocalBoxFuture<'a, Result<File, StorageError>>;
    fn delete<'a>(&'a self, name: &'a str) -> LocalBoxFuture<'a, Result<(), StorageError>>;
    fn exists<'a>(&'a self, name: &'a str) -> LocalBoxFuture<'a, Result<bool, StorageError>>;
    fn size<'a>(&'a self, name: &'a str) -> LocalBoxFuture<'a, Result<u64, StorageError>>;
    fn url(&self, name: &str) -> Result<String, StorageError>;
    fn generate_filename(&self, name: &str) -> Result<String, StorageError>;
}

impl<S: Storage> DynStorage for S {
    fn save<'a>(
        &'a self,
        name: &'a str,
        file: &'a File,
        max_length: Option<usize>,
    ) -> LocalBoxFuture<'a, Result<String, StorageError>> {
        Box::pin(Storage::save(self, name, file, max_length))
    }

    fn open<'a>(&'a self, name: &'a str) -> LocalBoxFuture<'a, Result<File, StorageError>> {
        Box::pin(Storage::open(self, name))
    }

    fn delete<'a>(&'a self, name: &'a str) -> LocalBoxFuture<'a, Result<(), StorageError>> {
        Box::pin(Storage::delete(self, name))
    }

    fn exists<'a>(&'a self, name: &'a str) -> LocalBoxFuture<'a, Result<bool, StorageError>> {
        Box::pin(Storage::exists(self, name))
    }

    fn size<'a>(&'a self, name: &'a str) -> LocalBoxFuture<'a, Result<u64, StorageError>> {
        Box::pin(Storage::size(self, name))
    }

    fn url(&self, name: &str) -> Result<String, StorageError> {
        Storage::url(self, name)
    }

    fn generate_filename(&self, name: &str) -> Result<String, StorageError> {
        Storage::generate_filename(self, name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[actix_web::test]
    async fn a_file_whose_row_may_be_stored_outlives_what_stored_it() {
        let storage = Arc::new(InMemoryStorage::new("/"));
        let any = AnyStorage::new(Arc::clone(&storage));
        let file = File::new("a", "1");
        let mut sent = any.store("sent", &file, None).await.unwrap();
        let refused = any.store("refused", &file, None).await.unwrap();
        sent.mark_sent();
        drop((sent, refused));
        for _ in 0..500 {
            if storage.names() == ["sent"] {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        assert_eq!(storage.names(), ["sent"]);
        // a refusal is known
        let mut sent = any.store("refused", &file, None).await.unwrap();
        sent.mark_sent();
        sent.remove().await;
        assert_eq!(storage.names(), ["sent"]);
    }
}
