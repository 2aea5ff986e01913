//! Files in memory, for tests.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use actix_web::web::Bytes;

use super::{File, Storage, StorageError};
use crate::files::names::basename;

/// Keeps files in memory (`InMemoryStorage`): for tests, which then leave nothing behind. Without a bound,
/// so not for what clients upload to a server.
pub struct InMemoryStorage {
    base_url: String,
    files: Mutex<HashMap<String, Bytes>>,
}

impl fmt::Debug for InMemoryStorage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InMemoryStorage").field("base_url", &self.base_url).finish_non_exhaustive()
    }
}

impl InMemoryStorage {
    /// An empty storage whose files have URLs that start like this: `/media/`.
    pub fn new(base_url: impl Into<String>) -> Self {
        Self { base_url: base_url.into(), files: Mutex::default() }
    }

    /// The names of all files, in order.
    pub fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = self.files().keys().cloned().collect();
        names.sort();
        names
    }

    fn files(&self) -> MutexGuard<'_, HashMap<String, Bytes>> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Storage for InMemoryStorage {
    async fn write(&self, name: &str, file: &File) -> Result<(), StorageError> {
        let bytes = file.read().await?;
        let mut files = self.files();
        if files.contains_key(name) {
            return Err(StorageError::Taken);
        }
        files.insert(name.to_owned(), bytes);
        Ok(())
    }

    async fn open(&self, name: &str) -> Result<File, StorageError> {
        let bytes = self.files().get(name).cloned().ok_or_else(StorageError::not_found)?;
        Ok(File::new(basename(name), bytes))
    }

    async fn delete(&self, name: &str) -> Result<(), StorageError> {
        self.files().remove(name);
        Ok(())
    }

    async fn exists(&self, name: &str) -> Result<bool, StorageError> {
        Ok(self.files().contains_key(name))
    }

    fn url(&self, name: &str) -> Result<String, StorageError> {
        Ok(super::filesystem::join(&self.base_url, name))
    }
}
