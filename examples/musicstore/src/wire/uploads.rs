//! Bodies: what parsers make of them, and files.

use quintet::fields::{Field, FieldKind, Value};
use quintet::files::UploadedFile;
use quintet::parsers::QueryParams;
use quintet::prelude::*;
use quintet::renderers::JsonWriter;
use serde_json::{Map, json};

/// Responds with the data of the body and the query; the values of forms are lists.
pub async fn echo(cx: &mut Context) -> Result<Response> {
    let data = cx.data()?;
    let shown = match data.form() {
        Some(form) => {
            let file = |(key, file): &(String, UploadedFile)| {
                (key.clone(), format!("<file {} {}>", file.name(), file.size()))
            };
            Value::Json(Box::new(lists(texts(form).chain(data.files().iter().map(file)))))
        }
        // numbers of any size
        None => Field::new("data", FieldKind::Any).convert(&data.raw()?, false)?,
    };
    let content_type = cx.request.header("content-type").unwrap_or_default();
    let mut out = JsonWriter::new();
    out.begin_object();
    out.key("data");
    out.value(shown.as_ref());
    out.key("query");
    out.json(&lists(texts(cx.request.query_params())));
    out.key("content_type");
    out.str(&content_type);
    out.end_object();
    Ok(Response::json(out.into_bytes()))
}

fn texts(params: &QueryParams) -> impl Iterator<Item = (String, String)> {
    params.iter().map(|(key, value)| (key.to_owned(), value.to_owned()))
}

fn lists(pairs: impl Iterator<Item = (String, String)>) -> serde_json::Value {
    let mut lists = Map::new();
    for (key, value) in pairs {
        if let Some(list) = lists.entry(key).or_insert_with(|| json!([])).as_array_mut() {
            list.push(value.into());
        }
    }
    lists.into()
}

/// A document with files.
#[derive(Serializer)]
pub struct UploadSerializer {
    #[field(max_length = 20)]
    title: String,
    #[field(max_length = 30)]
    file: UploadedFile,
    #[field(kind = image, required = false)]
    image: Option<UploadedFile>,
    #[field(required = false)]
    attachments: Option<Vec<UploadedFile>>,
}

/// Responds with names, sizes and types of files.
pub async fn upload(sent: Valid<UploadSerializer>, _cx: &mut Context) -> Result<Response> {
    let mut shown = json!({"title": sent.title, "file": describe(&sent.file)});
    if let Some(image) = &sent.image {
        shown["image"] = describe(image);
        if let Some((width, height)) = image.dimensions().await {
            shown["image"]["width"] = width.into();
            shown["image"]["height"] = height.into();
        }
    }
    if let Some(attachments) = &sent.attachments {
        shown["attachments"] = attachments.iter().map(describe).collect();
    }
    Ok(Response::new(&shown)?.with_status(201))
}

/// A body that is one file.
pub async fn raw_upload(cx: &mut Context) -> Result<Response> {
    match cx.data()?.file("file") {
        Some(file) => Response::new(&describe(file)),
        None => Err(ApiException::ParseError(None)),
    }
}

fn describe(file: &UploadedFile) -> serde_json::Value {
    json!({"name": file.name(), "size": file.size(), "content_type": file.content_type()})
}
