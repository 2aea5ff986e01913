//! The storages of the site.

use std::sync::Arc;

use super::Context;
use crate::db::{Column, Model as _};
use crate::exceptions::{ApiException, Result};
use crate::files::{AnyStorage, FileSystemStorage};
use crate::settings::Settings;

/// The storages by name.
#[derive(Debug, Clone)]
pub(crate) struct Storages(Arc<[(String, AnyStorage)]>);

impl Default for Storages {
    fn default() -> Self {
        Self::new(Vec::new(), &Settings::default())
    }
}

impl Storages {
    /// Those of a site; the default one is the file system, unless it is among them.
    pub(crate) fn new(mut own: Vec<(String, AnyStorage)>, settings: &Settings) -> Self {
        if own.iter().all(|(name, _)| name != "default") {
            let files = &settings.file_upload;
            let default = FileSystemStorage::new(&settings.media_root, &settings.media_url)
                .permissions(files.permissions)
                .directory_permissions(files.directory_permissions);
            let default = AnyStorage::new(default);
            own.push(("default".to_owned(), default));
        }
        Self(own.into())
    }

    pub(crate) fn get(&self, name: &str) -> Option<&AnyStorage> {
        self.0.iter().rev().find(|(own, _)| own == name).map(|(_, storage)| storage)
    }
}

impl Context {
    /// A storage of the site by its name (`storages["default"]`): `default`, or one that
    /// [`SiteBuilder::storage`](crate::site::SiteBuilder::storage) has given.
    ///
    /// ```
    /// use quintet::files::File;
    /// use quintet::prelude::*;
    ///
    /// async fn export(cx: &mut Context) -> Result<Response> {
    ///     let storage = cx.storage("default")?;
    ///     let name = storage.save("exports/all.csv", &File::new("all.csv", "id,name\n")).await?;
    ///     Response::new(&storage.url(&name)?)
    /// }
    /// # let _ = ApiView::new("Export").post(export);
    /// ```
    ///
    /// # Errors
    /// 500 if there is none.
    pub fn storage(&self, name: &str) -> Result<&AnyStorage> {
        let missing = || ApiException::internal(format!("the site has no storage `{name}`"));
        self.shared.storages.get(name).ok_or_else(missing)
    }

    /// The storage of a column of files (`instance.cover.storage`).
    ///
    /// # Errors
    /// 500 if the column has no files.
    pub fn storage_of<C: Column>(&self, _column: C) -> Result<&AnyStorage> {
        let column = C::Model::META.columns.get(C::INDEX);
        match column.and_then(|column| column.file) {
            Some(file) => self.storage(file.storage),
            None => Err(ApiException::internal("a column without files has no storage")),
        }
    }

    /// The absolute URL of a stored file.
    pub(crate) fn file_url(&self, storage: &str, name: &str) -> Result<String> {
        let url = self.storage(storage)?.url(name)?;
        let is_absolute = url.starts_with("http://") || url.starts_with("https://");
        Ok(if is_absolute {
            url
        } else if url.starts_with("//") {
            format!("{}:{url}", self.request.scheme)
        } else {
            self.request.build_absolute_uri(&url)
        })
    }
}
