//! Columns of files: where a file is stored, and under which name.

use std::fmt;

use super::model::{Column, Model, ModelMeta, ModelRow};
use crate::values::{FieldType, Value};

/// What a column of files says of them (`FileField`, `ImageField`). The column has the name under which its
/// storage keeps the file.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct FileColumn {
    /// Under which name a new file is stored.
    pub upload_to: UploadTo,
    /// The name of the storage.
    pub storage: &'static str,
    /// Whether files must be images.
    pub is_image: bool,
    /// The column that gets the width of an image.
    pub width_field: Option<&'static str>,
    /// The column that gets the height of an image.
    pub height_field: Option<&'static str>,
}

impl FileColumn {
    /// Files in the default storage.
    pub const fn new(upload_to: UploadTo) -> Self {
        Self {
            upload_to,
            storage: "default",
            is_image: false,
            width_field: None,
            height_field: None,
        }
    }

    /// Files in the storage of a name.
    pub const fn storage(mut self, name: &'static str) -> Self {
        self.storage = name;
        self
    }

    /// Images alone.
    pub const fn image(mut self) -> Self {
        self.is_image = true;
        self
    }

    /// Stores the width of an image in another column.
    pub const fn width_field(mut self, name: &'static str) -> Self {
        self.width_field = Some(name);
        self
    }

    /// Stores the height of an image in another column.
    pub const fn height_field(mut self, name: &'static str) -> Self {
        self.height_field = Some(name);
        self
    }
}

/// Under which name a new file is stored (`upload_to`).
#[derive(Clone, Copy)]
#[non_exhaustive]
pub enum UploadTo {
    /// A folder, in which `strftime` writes the moment: `covers/%Y/`.
    Folder(&'static str),
    /// A function of the file's name and its row.
    Name(fn(&NewFile<'_>) -> String),
}

impl fmt::Debug for UploadTo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(folder) => f.debug_tuple("Folder").field(folder).finish(),
            Self::Name(_) => f.write_str("Name(..)"),
        }
    }
}

/// A file that is about to be stored with its row: the argument of a function that names it.
///
/// ```
/// use quintet::db::NewFile;
/// use quintet::prelude::*;
///
/// #[model(table = "album")]
/// pub struct Album {
///     pub id: i64,
///     pub title: String,
///     #[field(upload_to = cover_name, image, blank)]
///     pub cover: String,
/// }
///
/// fn cover_name(file: &NewFile<'_>) -> String {
///     let title = file.get(album::title).unwrap_or_default();
///     format!("covers/{title}/{}", file.filename())
/// }
/// # fn main() {}
/// ```
#[derive(Clone, Copy)]
pub struct NewFile<'a> {
    filename: &'a str,
    model: &'static ModelMeta,
    values: &'a [(usize, Value)],
    row: Option<&'a dyn ModelRow>,
}

impl fmt::Debug for NewFile<'_> {
    /// Without the values, which may be secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewFile").field("filename", &self.filename).finish_non_exhaustive()
    }
}

impl<'a> NewFile<'a> {
    pub(crate) fn new(
        filename: &'a str,
        model: &'static ModelMeta,
        values: &'a [(usize, Value)],
        row: Option<&'a dyn ModelRow>,
    ) -> Self {
        Self { filename, model, values, row }
    }

    /// The name that it was sent under.
    pub fn filename(&self) -> &'a str {
        self.filename
    }

    /// The value that the row is going to have: what is written, or else what is stored. `None` for a new row
    /// without one, as of a key that the database chooses.
    pub fn get<C: Column>(&self, _column: C) -> Option<C::Value> {
        if *self.model != *C::Model::META {
            return None;
        }
        let new = self.values.iter().find(|(index, _)| *index == C::INDEX);
        let new = new.map(|(_, value)| value.clone());
        let value = new.or_else(|| self.row.map(|row| row.value(C::INDEX).to_value()))?;
        C::Value::from_value(value)
    }
}
