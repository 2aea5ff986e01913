//! Storing the files of a row, before the row that names them.

use std::borrow::Cow;

use crate::db::{FileColumn, ModelMeta, ModelRow, NewFile, Select, UploadTo};
use crate::exceptions::Result;
use crate::files::{File, NewlyStored};
use crate::request::Context;
use crate::values::{DateTime, Value, format};

/// Values of columns, with files among them.
type Values = Vec<(usize, Value)>;

/// Whether a value is a file.
pub(super) fn has_files(values: &[(usize, Value)]) -> bool {
    values.iter().any(|(_, value)| matches!(value, Value::File(_)))
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
            let Some((index, Value::File(file))) = values.get(at) else { continue };
            let (index, file) = (*index, File::from((**file).clone()));
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
                let size = |side: fn((u32, u32)) -> u32| size.map(|size| i64::from(side(size)));
                let sides =
                    [(spec.width_field, size(|(w, _)| w)), (spec.height_field, size(|(_, h)| h))];
                for (name, pixels) in sides {
                    let side = model.columns.iter().position(|own| Some(own.name) == name);
                    if let Some(side) = side {
                        set_value(values, side, pixels.map_or(Value::Null, Value::Int));
                    }
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
