//! Files: what clients upload, and where it is stored (`django.core.files`).
//!
//! A [`File`] is a name and bytes, in memory or on disk; an [`UploadedFile`] also has the type that the
//! client says it has. A [`Storage`] keeps files under names that it gives them: [`FileSystemStorage`] in a
//! folder, [`InMemoryStorage`] for tests, one of your own in a bucket.
//!
//! ```
//! use quintet::files::{File, InMemoryStorage, Storage};
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let storage = InMemoryStorage::new("/media/");
//! let name = storage.save("covers/a.txt", &File::new("a.txt", "hello"), None).await?;
//! assert_eq!(name, "covers/a.txt");
//! assert_eq!(storage.open(&name).await?.read().await?, "hello");
//! assert_eq!(storage.url(&name)?, "/media/covers/a.txt");
//! # Ok(())
//! # }
//! ```
//!
//! # Where files are kept
//!
//! Files of a request are in memory up to `FILE_UPLOAD_MAX_MEMORY_SIZE`; what is beyond is written to
//! temporary files while it arrives, and those are removed with the request. `MEDIA_ROOT` and `MEDIA_URL`
//! say where the default storage keeps files and where clients get them.
//!
//! # Serving files
//!
//! Let the web server in front serve what everybody may see, from `MEDIA_ROOT` at `MEDIA_URL`, or have a
//! storage whose URLs lead elsewhere. A view may serve the rest, after its permissions, by
//! [`FileResponse::of`](crate::views::FileResponse::of).
//!
//! # API reference
//!
//! | Django | here |
//! | --- | --- |
//! | `File`, `ContentFile` | [`File`] |
//! | `UploadedFile`, `InMemoryUploadedFile`, `TemporaryUploadedFile` | [`UploadedFile`] |
//! | `Storage`, `FileSystemStorage`, `InMemoryStorage` | [`Storage`], [`FileSystemStorage`], [`InMemoryStorage`] |
//! | `get_image_dimensions` | [`File::dimensions`] |

mod file;
mod image;
mod names;
mod spool;
mod storage;

pub use file::{Chunks, File, UploadedFile};
pub(crate) use image::EXTENSIONS;
pub use image::ImageInfo;
pub(crate) use names::{basename, extension, sanitized};
pub use names::{get_valid_filename, validate_file_name};
pub(crate) use spool::{Spool, SpoolLimits};
pub(crate) use storage::NewlyStored;
pub use storage::{AnyStorage, FileSystemStorage, InMemoryStorage, Storage, StorageError};
