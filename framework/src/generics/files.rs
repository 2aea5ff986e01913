//! Storing the files of a row, before the row that names them.

use std::borrow::Cow;

use crate::db::{FileColumn, ModelMeta, ModelRow, NewFile, Select, UploadTo};
use crate::exceptions::Result;
use crate::files::{File, NewlyStored};
use crate::request::Context;
use crate::values::{DateTime, Value, format};

/// Values of columns, with files among them.
type Values = Vec<(usize, Value)>;

/// Whether a value is a file, or takes away an image whose sides are stored.
pub(super) fn has_files(model: &ModelMeta, values: &[(usize, Value)]) -> bool {
    values.iter().any(|(index, value)| match value {
        Value::File(_) => true,
        value => is_empty(value) && sides(model, *index).any(|_| true),
    })
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Text(name) => name.is_empty(),
        _ => false,
    }
}

/// The columns of the sides of a column's image, and whether each is the width.
fn sides(model: &ModelMeta, index: usize) -> impl Iterator<Item = (usize, bool)> {
    let file = model.columns.get(index).and_then(|column| column.file);
    let sides = file.map(|file| [(file.width_field, true), (file.height_field, false)]);
    sides.into_iter().flatten().filter_map(|(name, is_width)| {
        let name = name?;
        Some((model.columns.iter().position(|own| own.name == name)?, is_width))
    })
}

impl Context {
    /// Stores the files among the values of a row, and replaces them by the names under which they are stored
    /// (`FileField.pre_save`). They are removed unless they are kept.
    pub(super) async fn store_files(
        &self,
        model: &'static ModelMeta,
        target: Option<&Select>,
        values: &mut Values,
    ) -> Result<Vec<NewlyStored>> {
        let mut stored = Vec::new();
        let mut row = None;
        for at in 0..values.len() {
            let (index, file) = match values.get(at) {
                Some((index, Value::File(file))) => (*index, File::from((**file).clone())),
                Some((index, value)) if is_empty(value) => {
                    let index = *index;
                    for (side, _) in sides(model, index) {
                        set_value(values, side, Value::Null);
                    }
                    continue;
                }
                _ => continue,
            };
            let Some(column) = model.columns.get(index) else { continue };
            let Some(spec) = &column.file else { continue };
            if let (UploadTo::Name(_), None, Some(target)) = (spec.upload_to, &row, target) {
                row = self.row_of(model, target).await?;
            }
            let name = name_of(spec, &NewFile::new(file.name(), model, values, row.as_deref()));
            let new = self.storage(spec.storage)?.store(&name, &file, column.max_length).await?;
            set_value(values, index, Value::Text(new.name().to_owned()));
            stored.push(new);
            if spec.width_field.is_some() || spec.height_field.is_some() {
                let size = file.dimensions().await;
                for (side, is_width) in sides(model, index) {
                    let pixels = size.map(|(width, height)| if is_width { width } else { height });
                    let pixels = pixels.map_or(Value::Null, |pixels| Value::Int(pixels.into()));
                    set_value(values, side, pixels);
                }
            }
        }
        Ok(stored)
    }

    /// The stored row that is changed.
    async fn row_of(
        &self,
        model: &'static ModelMeta,
        target: &Select,
    ) -> Result<Option<Box<dyn ModelRow>>> {
        let sql = target.rows(self.dialect());
        let rows = self.rows(sql, |row| (model.decode)(row, 0)).await?;
        Ok(rows.into_iter().next())
    }
}

fn set_value(values: &mut Values, index: usize, value: Value) {
    match values.iter_mut().find(|(own, _)| *own == index) {
        Some((_, own)) => *own = value,
        None => values.push((index, value)),
    }
}

/// The name of a new file (`FileField.generate_filename`).
fn name_of(spec: &FileColumn, file: &NewFile<'_>) -> String {
    match spec.upload_to {
        UploadTo::Name(function) => function(file),
        UploadTo::Folder(folder) => {
            let folder: Cow<'_, str> = if folder.contains('%') {
                let mut out = String::new();
                format::strftime(DateTime::now(), folder, &mut out);
                out.into()
            } else {
                folder.into()
            };
            let slash = if folder.is_empty() || folder.ends_with('/') { "" } else { "/" };
            format!("{folder}{slash}{}", file.filename())
        }
    }
}
