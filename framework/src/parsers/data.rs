//! The data of a body, and its files.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use super::{Bytes, QueryParams, json, json_error};
use crate::exceptions::Result;
use crate::files::UploadedFile;
use crate::values::Raw;

/// The data of a body, before validation (`request.data`). It owns its bytes.
#[derive(Clone)]
#[non_exhaustive]
pub enum Data {
    /// There was no body: an empty object.
    Empty,
    /// JSON, in UTF-8, not parsed yet.
    Json(Bytes),
    /// A form; an empty one when the body was empty and its type is a form's.
    Form(QueryParams),
    /// A form with files, or a file alone.
    Files(DataAndFiles),
}

/// The fields and the files of a body (`DataAndFiles`); the fields are `None` if the body was a file alone.
#[derive(Clone)]
pub struct DataAndFiles {
    data: Option<QueryParams>,
    files: Arc<[(String, UploadedFile)]>,
}

impl fmt::Debug for DataAndFiles {
    /// The names without the values, which may be secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let files = self.files.iter().map(|(field, _)| field.as_str());
        let data = self.data.iter().flat_map(|data| data.iter().map(|(name, _)| name));
        f.debug_set().entries(data.chain(files)).finish()
    }
}

impl DataAndFiles {
    /// Fields, and files by field.
    pub fn new(data: Option<QueryParams>, files: impl Into<Arc<[(String, UploadedFile)]>>) -> Self {
        Self { data, files: files.into() }
    }
}

impl fmt::Debug for Data {
    /// Without the values, which may be secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("Empty"),
            Self::Json(bytes) => write!(f, "Json({} bytes)", bytes.len()),
            Self::Form(form) => f.debug_tuple("Form").field(form).finish(),
            Self::Files(it) => f.debug_tuple("Files").field(it).finish(),
        }
    }
}

impl Data {
    /// The JSON value, borrowed from the body. For a form, it is an object of strings, the last
    /// value of each name; fields that read forms use [`Data::form`].
    ///
    /// # Errors
    /// 400 `JSON parse error - …`
    pub fn raw(&self) -> Result<Raw<'_>> {
        Ok(match self {
            Self::Empty => Raw::Map(Vec::new()),
            Self::Json(bytes) => json::parse(bytes).map_err(|reason| json_error(&reason))?,
            Self::Form(form) => last_of_each(texts(form)),
            Self::Files(it) => {
                let files =
                    it.files.iter().map(|(key, file)| (key.as_str(), Raw::File(file.clone())));
                last_of_each(it.data.iter().flat_map(texts).chain(files))
            }
        })
    }

    /// The data as a JSON value, for views without a serializer.
    ///
    /// # Errors
    /// 400 `JSON parse error - …`
    pub fn to_json(&self) -> Result<serde_json::Value> {
        Ok(crate::fields::to_json(&self.raw()?).unwrap_or_default())
    }

    /// The form, if the body was one: absent and empty values have other rules there.
    pub fn form(&self) -> Option<&QueryParams> {
        match self {
            Self::Form(form) => Some(form),
            Self::Files(it) => it.data.as_ref(),
            Self::Empty | Self::Json(_) => None,
        }
    }

    /// The files, by field, in the order in which they were sent (`request.FILES`).
    pub fn files(&self) -> &[(String, UploadedFile)] {
        match self {
            Self::Files(it) => &it.files,
            Self::Empty | Self::Json(_) | Self::Form(_) => &[],
        }
    }

    /// The last file of a field (`request.FILES["report"]`).
    pub fn file(&self, field: &str) -> Option<&UploadedFile> {
        self.files().iter().rev().find(|(own, _)| own == field).map(|(_, file)| file)
    }
}

fn texts(form: &QueryParams) -> impl Iterator<Item = (&str, Raw<'_>)> {
    form.iter().map(|(key, value)| (key, Raw::Text(value.into())))
}

/// The last value of each key, in the order in which the keys came first.
fn last_of_each<'a>(items: impl Iterator<Item = (&'a str, Raw<'a>)>) -> Raw<'a> {
    let mut places: HashMap<&str, usize> = HashMap::new();
    let mut values: Vec<(Cow<'a, str>, Raw<'a>)> = Vec::new();
    for (key, value) in items {
        let place = *places.entry(key).or_insert(values.len());
        match values.get_mut(place) {
            Some(known) => known.1 = value,
            None => values.push((key.into(), value)),
        }
    }
    Raw::Map(values)
}
