//! Files in a folder.

use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use super::{File, Storage, StorageError};
use crate::files::file::blocking;
use crate::files::names::{basename, validate_file_name};

/// What `filepath_to_uri` escapes: all but letters, digits and `_.-~/!*()'`.
const ESCAPED: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'$')
    .add(b'%')
    .add(b'&')
    .add(b'+')
    .add(b',')
    .add(b':')
    .add(b';')
    .add(b'<')
    .add(b'=')
    .add(b'>')
    .add(b'?')
    .add(b'@')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// Keeps files in a folder (`FileSystemStorage`), without ever replacing one.
///
/// A temporary file of an upload becomes the stored one without a copy where both are on one disk.
///
/// ```
/// use quintet::files::{FileSystemStorage, Storage};
///
/// let storage = FileSystemStorage::new("/srv/media", "https://cdn.example.com/media/");
/// assert_eq!(storage.url("a b.png")?, "https://cdn.example.com/media/a%20b.png");
/// # Ok::<(), quintet::files::StorageError>(())
/// ```
#[derive(Debug, Clone)]
pub struct FileSystemStorage {
    location: PathBuf,
    base_url: String,
    permissions: Option<u32>,
    directory_permissions: Option<u32>,
}

impl FileSystemStorage {
    /// A folder, and the start of the URLs of what is in it: `/media/`.
    pub fn new(location: impl Into<PathBuf>, base_url: impl Into<String>) -> Self {
        Self {
            location: location.into(),
            base_url: base_url.into(),
            permissions: Some(0o644),
            directory_permissions: None,
        }
    }

    /// Sets the mode of stored files on Unix (`file_permissions_mode`); `None` leaves it to the umask, of
    /// temporary files too, which are copied then.
    #[must_use]
    pub fn permissions(mut self, mode: Option<u32>) -> Self {
        self.permissions = mode;
        self
    }

    /// Sets the mode of new folders on Unix (`directory_permissions_mode`), whatever the umask is; `None`
    /// leaves it to the umask.
    #[must_use]
    pub fn directory_permissions(mut self, mode: Option<u32>) -> Self {
        self.directory_permissions = mode;
        self
    }

    /// The path of a file on disk.
    ///
    /// # Errors
    /// If the name leads out of the folder.
    pub fn path(&self, name: &str) -> Result<PathBuf, StorageError> {
        validate_file_name(name)?;
        let is_inside = |part| matches!(part, Component::Normal(_) | Component::CurDir);
        // on Windows, what follows a colon is not the name of a file
        let is_stream = cfg!(windows) && name.contains(':');
        if is_stream || !Path::new(name).components().all(is_inside) {
            return Err(StorageError::name(name));
        }
        Ok(self.location.join(name))
    }

    fn write_now(&self, path: &Path, file: &File) -> Result<(), StorageError> {
        if let Some(folder) = path.parent() {
            self.create_folders(folder)?;
        }
        // a temporary file is its owner's alone
        let may_link = file.is_temporary() && self.permissions.is_some();
        let linked = match file.path().filter(|_| may_link) {
            // like renaming, but it replaces nothing
            Some(temporary) => match fs::hard_link(temporary, path) {
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                    return Err(StorageError::Taken);
                }
                linked => linked.is_ok(),
            },
            None => false,
        };
        if !linked {
            copy(path, file)?;
        }
        self.set_permissions(path).map_err(|error| {
            // best effort: the error is the one to tell
            let _ = fs::remove_file(path);
            error.into()
        })
    }

    #[cfg(unix)]
    fn set_permissions(&self, path: &Path) -> io::Result<()> {
        use std::os::unix::fs::PermissionsExt as _;
        match self.permissions {
            Some(mode) => fs::set_permissions(path, fs::Permissions::from_mode(mode)),
            None => Ok(()),
        }
    }

    #[cfg(not(unix))]
    #[allow(clippy::unused_self, clippy::unnecessary_wraps, reason = "as on Unix")]
    fn set_permissions(&self, _path: &Path) -> io::Result<()> {
        Ok(())
    }

    #[cfg(unix)]
    fn create_folders(&self, folder: &Path) -> io::Result<()> {
        use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
        let Some(mode) = self.directory_permissions else { return fs::create_dir_all(folder) };
        let is_missing = |path: &&Path| !path.as_os_str().is_empty() && !path.is_dir();
        let missing: Vec<&Path> = folder.ancestors().take_while(is_missing).collect();
        for path in missing.into_iter().rev() {
            match fs::DirBuilder::new().mode(mode).create(path) {
                // the umask has taken something away
                Ok(()) => fs::set_permissions(path, fs::Permissions::from_mode(mode))?,
                Err(error) if error.kind() == ErrorKind::AlreadyExists && path.is_dir() => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    #[cfg(not(unix))]
    #[allow(clippy::unused_self, reason = "as on Unix")]
    fn create_folders(&self, folder: &Path) -> io::Result<()> {
        fs::create_dir_all(folder)
    }
}

/// A file that is being written on another thread: where nobody waits for it any more, it goes.
struct Writing(Arc<Mutex<State>>, PathBuf);

enum State {
    Writing,
    Written,
    Abandoned,
    /// Whoever waited has the answer, or there is no file: nothing is to be removed.
    Done,
}

impl Writing {
    fn done(self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = State::Done;
    }
}

impl Drop for Writing {
    fn drop(&mut self) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match *state {
            State::Writing => *state = State::Abandoned,
            State::Written => remove(&self.1),
            State::Abandoned | State::Done => {}
        }
    }
}

fn remove(path: &Path) {
    if let Err(error) = fs::remove_file(path) {
        tracing::error!("the file {} stays behind: {error}", path.display());
    }
}

/// Writes a new file; nothing is left of one that fails.
fn copy(path: &Path, file: &File) -> Result<(), StorageError> {
    let created = OpenOptions::new().write(true).create_new(true).open(path);
    let mut target = created.map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => StorageError::Taken,
        _ => error.into(),
    })?;
    let copied = match file.bytes() {
        Some(bytes) => target.write_all(bytes),
        None => file.open().and_then(|mut source| io::copy(&mut source, &mut target)).map(drop),
    };
    copied.map_err(|error| {
        let _ = fs::remove_file(path);
        error.into()
    })
}

/// The URL of a name below another one.
pub(super) fn join(base: &str, name: &str) -> String {
    let slash = if base.ends_with('/') || base.is_empty() { "" } else { "/" };
    let name = name.replace('\\', "/");
    format!("{base}{slash}{}", utf8_percent_encode(name.trim_start_matches('/'), ESCAPED))
}

impl Storage for FileSystemStorage {
    async fn write(&self, name: &str, file: &File) -> Result<(), StorageError> {
        let (path, file, this) = (self.path(name)?, file.clone(), self.clone());
        let writing = Writing(Arc::new(Mutex::new(State::Writing)), path.clone());
        let state = Arc::clone(&writing.0);
        let written = blocking(move || {
            let written = this.write_now(&path, &file);
            let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
            if written.is_ok() && matches!(*state, State::Abandoned) {
                remove(&path);
            }
            *state = if written.is_ok() { State::Written } else { State::Done };
            Ok(written)
        });
        let written = written.await?;
        writing.done();
        written
    }

    async fn open(&self, name: &str) -> Result<File, StorageError> {
        Ok(File::at(basename(name), self.path(name)?).await?)
    }

    async fn delete(&self, name: &str) -> Result<(), StorageError> {
        let path = self.path(name)?;
        let removed = blocking(move || fs::remove_file(path)).await.map_err(StorageError::from);
        removed.or_else(|error| if error.is_not_found() { Ok(()) } else { Err(error) })
    }

    async fn exists(&self, name: &str) -> Result<bool, StorageError> {
        let path = self.path(name)?;
        let meta = blocking(move || fs::symlink_metadata(path)).await.map_err(StorageError::from);
        match meta {
            Ok(_) => Ok(true),
            Err(error) if error.is_not_found() => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn url(&self, name: &str) -> Result<String, StorageError> {
        Ok(join(&self.base_url, name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::spool::{Spool, SpoolLimits};

    fn uploaded(bytes: &[u8], memory: usize) -> File {
        let mut spool = Spool::new();
        spool.write(bytes, &mut SpoolLimits { memory, folder: None }).unwrap();
        spool.finish("a.txt".into(), "text/plain".into()).into()
    }

    #[actix_web::test]
    async fn files_in_memory_and_temporary_ones_are_stored_and_removed() {
        let folder = tempfile::tempdir().unwrap();
        let storage = FileSystemStorage::new(folder.path().join("media"), "/media/");
        for memory in [100, 0] {
            let file = uploaded(b"hello", memory);
            let name = storage.save("d/é b.txt", &file, None).await.unwrap();
            drop(file);
            assert_eq!(name, "d/é b.txt");
            assert_eq!(storage.url(&name).unwrap(), "/media/d/%C3%A9%20b.txt");
            assert_eq!(storage.size(&name).await.unwrap(), 5);
            assert_eq!(storage.open(&name).await.unwrap().read().await.unwrap(), "hello");
            #[cfg(unix)]
            {
                use std::os::unix::fs::PermissionsExt as _;
                let mode = storage.path(&name).unwrap().metadata().unwrap().permissions().mode();
                assert_eq!(mode & 0o777, 0o644);
            }
            storage.delete(&name).await.unwrap();
            assert!(!storage.exists(&name).await.unwrap());
            storage.delete(&name).await.unwrap();
            assert!(storage.open(&name).await.unwrap_err().is_not_found());
        }
    }

    #[actix_web::test]
    async fn a_taken_name_gets_random_letters_and_fits_its_column() {
        let folder = tempfile::tempdir().unwrap();
        let storage = FileSystemStorage::new(folder.path(), "/");
        let first = File::new("a", "1");
        assert_eq!(storage.save("x.tar.gz", &first, None).await.unwrap(), "x.tar.gz");
        let second = storage.save("x.tar.gz", &first, None).await.unwrap();
        let word = second.strip_prefix("x_").and_then(|it| it.strip_suffix(".tar.gz")).unwrap();
        assert!(word.len() == 7 && word.bytes().all(|byte| byte.is_ascii_alphanumeric()));
        let short = storage.save("abcdefghijklmnop.txt", &first, Some(14)).await.unwrap();
        assert!(short.starts_with("ab_") && short.len() == 14, "{short}");
        assert!(storage.save("folder/longname.txt", &first, Some(12)).await.is_err());
    }

    #[actix_web::test]
    async fn a_name_stays_in_the_folder() {
        let folder = tempfile::tempdir().unwrap();
        let storage = FileSystemStorage::new(folder.path().join("m"), "/");
        let file = File::new("a", "1");
        for name in ["../a", "/a", "a/../../b", "..\\a", "a/", ""] {
            assert!(
                matches!(storage.save(name, &file, None).await, Err(StorageError::Name(_))),
                "{name}"
            );
            assert!(storage.open(name).await.is_err() && storage.delete(name).await.is_err());
        }
        assert_eq!(storage.generate_filename("a/./b c/d e.txt").unwrap(), "a/b c/d_e.txt");
        assert!(storage.generate_filename("a/../b").is_err());
        assert_eq!(folder.path().read_dir().unwrap().count(), 0);
    }

    #[actix_web::test]
    async fn a_file_that_nobody_waits_for_goes_when_it_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let storage = FileSystemStorage::new(folder.path(), "/");
        let files = |round: usize| folder.path().join(round.to_string());
        let count = |round| files(round).read_dir().map_or(0, Iterator::count);
        for round in 0..50 {
            let (name, file) = (format!("{round}/a.txt"), uploaded(b"hello", round % 2 * 9));
            let mut write = Box::pin(storage.write(&name, &file));
            let once =
                |cx: &mut std::task::Context<'_>| std::task::Poll::Ready(write.as_mut().poll(cx));
            if std::future::poll_fn(once).await.is_ready() {
                // it was written at once
                storage.delete(&name).await.unwrap();
            } else if round % 3 == 0 {
                // it is there before nobody waits for it
                until(|| count(round) == 1).await;
            }
        }
        // each was begun, and is gone
        until(|| (0..50).all(|round| files(round).is_dir())).await;
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        until(|| (0..50).all(|round| count(round) == 0)).await;
    }

    async fn until(holds: impl Fn() -> bool) {
        for _ in 0..500 {
            if holds() {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        panic!("it never holds");
    }

    #[cfg(unix)]
    #[actix_web::test]
    async fn modes_are_those_that_are_set_or_those_of_the_umask() {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
        let folder = tempfile::tempdir().unwrap();
        let (plain_file, plain_folder) = (folder.path().join("plain"), folder.path().join("dir"));
        fs::write(&plain_file, "").unwrap();
        fs::create_dir(&plain_folder).unwrap();
        for memory in [100, 0] {
            let at = folder.path().join(format!("m{memory}"));
            let file = uploaded(b"hello", memory);
            let umask = FileSystemStorage::new(at.join("umask"), "/").permissions(None);
            umask.write("d/a", &file).await.unwrap();
            assert_eq!(mode(&at.join("umask/d/a")), mode(&plain_file));
            assert_eq!(mode(&at.join("umask/d")), mode(&plain_folder));
            let set = FileSystemStorage::new(at.join("set"), "/")
                .permissions(Some(0o606))
                .directory_permissions(Some(0o777));
            set.write("d/e/a", &file).await.unwrap();
            set.write("d/e/b", &file).await.unwrap();
            assert_eq!(mode(&at.join("set/d/e/a")), 0o606);
            for own in ["set", "set/d", "set/d/e"] {
                assert_eq!(mode(&at.join(own)), 0o777, "{own}");
            }
            // a folder that was there keeps its mode
            assert_eq!(mode(&at), mode(&plain_folder));
        }
    }

    #[actix_web::test]
    async fn names_that_no_file_can_have_are_not_there_and_long_ones_are_cut() {
        let folder = tempfile::tempdir().unwrap();
        let storage = FileSystemStorage::new(folder.path(), "/");
        let file = File::new("a", "1");
        storage.save("a", &file, None).await.unwrap();
        let long = "字".repeat(100);
        for name in ["a/b", "a\0b", long.as_str()] {
            assert!(!storage.exists(name).await.unwrap(), "{name}");
            assert!(storage.open(name).await.unwrap_err().is_not_found(), "{name}");
            storage.delete(name).await.unwrap();
        }
        for sent in [format!("d/{long}.txt"), format!("d/{long}"), format!("d/x.{long}")] {
            let mut names = Vec::new();
            for _ in 0..2 {
                let name = storage.save(&sent, &file, Some(100)).await.unwrap();
                assert!(basename(&name).len() <= 255 && name.chars().count() <= 100, "{name}");
                let extension =
                    |name: &str| std::path::Path::new(name).extension() == Some("txt".as_ref());
                assert_eq!(extension(&name), extension(&sent), "{name}");
                assert!(storage.exists(&name).await.unwrap());
                names.push(name);
            }
            assert_ne!(names[0], names[1]);
        }
        #[cfg(unix)]
        {
            // nobody can tell
            std::os::unix::fs::symlink("loop", folder.path().join("loop")).unwrap();
            assert!(storage.exists("loop/a").await.is_err());
        }
    }

    #[actix_web::test]
    async fn of_two_that_save_at_once_each_has_a_file_of_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let storage = FileSystemStorage::new(folder.path(), "/");
        let files: Vec<File> =
            (0..20).map(|n| uploaded(format!("{n}").as_bytes(), n % 2 * 9)).collect();
        let names = futures_util::future::join_all(
            files.iter().map(|file| storage.save("same.txt", file, None)),
        )
        .await;
        let mut contents = Vec::new();
        for name in names {
            contents.push(storage.open(&name.unwrap()).await.unwrap().read().await.unwrap());
        }
        let expected: Vec<_> = (0..20).map(|n| n.to_string()).collect();
        assert_eq!(contents, expected);
    }
}
