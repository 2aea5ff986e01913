//! Responses that are written while they are sent: streams, exports, events, files.

use std::any::Any;
use std::ffi::OsStr;
use std::fs::File;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use actix_web::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION};

use futures_util::future::LocalBoxFuture;

use super::{Answer, OperationInfo, ResponseInfo};
use crate::db::{Model, QuerySet};
use crate::exceptions::{ApiException, Result};
use crate::files::File as StoredFile;
use crate::request::Context;
use crate::response::{
    BodyWriter, Response, ResponseBody, Source, StreamBody, content_disposition,
};
use crate::serializers::{ModelFor, ModelSerializer, Representation};

/// How many rows of an export are in memory.
const BATCH: usize = 500;

/// A response whose body is written while it is sent, in constant memory (`StreamingHttpResponse`).
///
/// The function runs once the head of the response is on its way, with the request, its user and a
/// connection of its own, outside of the view's transaction. A client that reads slowly holds it back; if
/// the client goes away, the function is dropped. If the function fails, the body breaks off, so that the
/// client sees that it is not whole; the log has the reason.
///
/// ```
/// use quintet::prelude::*;
/// use quintet::views::StreamingResponse;
///
/// async fn squares(_cx: &mut Context) -> Result<StreamingResponse> {
///     Ok(StreamingResponse::new("text/plain", async |_cx, out| {
///         for number in 0_u64..1_000_000 {
///             out.write(format!("{}\n", number * number)).await?;
///         }
///         Ok(())
///     }))
/// }
///
/// let view = ApiView::new("Squares").get(squares);
/// # let _ = view;
/// ```
#[doc(alias = "StreamingHttpResponse")]
#[derive(Debug)]
pub struct StreamingResponse(Response);

impl StreamingResponse {
    /// A body of a media type, written by a function.
    pub fn new<W>(content_type: impl Into<String>, write: W) -> Self
    where
        W: AsyncFnOnce(&mut Context, &mut BodyWriter) -> Result<()> + Send + 'static,
    {
        Self::silent(content_type.into(), write, None)
    }

    fn silent<W>(content_type: String, write: W, keep_alive: Option<Duration>) -> Self
    where
        W: AsyncFnOnce(&mut Context, &mut BodyWriter) -> Result<()> + Send + 'static,
    {
        let work = move |cx: Box<dyn Any>, out: BodyWriter| -> LocalBoxFuture<'static, ()> {
            Box::pin(async move {
                // the site gives nothing else
                if let Ok(mut cx) = cx.downcast::<Context>() {
                    out.finish(async |out| write(&mut cx, out).await).await;
                }
            })
        };
        let body = StreamBody::new(Source::Work(Box::new(work), keep_alive));
        let body = ResponseBody::Stream { content_type, body };
        Self(Response { body, ..Response::empty(200) })
    }

    /// Server-sent events (`text/event-stream`), for `EventSource` in a browser. A view that is silent sends
    /// a comment every 15 seconds, which keeps proxies from closing the connection and finds out that a
    /// client has gone; [`events_every`](Self::events_every) sets another time.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use quintet::prelude::*;
    /// use quintet::response::Event;
    /// use quintet::rt::time::sleep;
    /// use quintet::views::StreamingResponse;
    ///
    /// async fn ticks(_cx: &mut Context) -> Result<StreamingResponse> {
    ///     Ok(StreamingResponse::events(async |_cx, events| {
    ///         for tick in 0_u32.. {
    ///             events.send(Event::json(&tick)?.name("tick")).await?;
    ///             sleep(Duration::from_secs(1)).await;
    ///         }
    ///         Ok(())
    ///     }))
    /// }
    /// # let _ = ApiView::new("Ticks").get(ticks);
    /// ```
    #[doc(alias = "EventSource")]
    pub fn events<W>(write: W) -> Self
    where
        W: AsyncFnOnce(&mut Context, &mut BodyWriter) -> Result<()> + Send + 'static,
    {
        Self::events_every(Duration::from_secs(15), write)
    }

    /// The same, with the longest time in which nothing is sent.
    pub fn events_every<W>(silence: Duration, write: W) -> Self
    where
        W: AsyncFnOnce(&mut Context, &mut BodyWriter) -> Result<()> + Send + 'static,
    {
        let Self(response) = Self::silent("text/event-stream".into(), write, Some(silence));
        // a proxy passes each event on
        let header = actix_web::http::header::HeaderName::from_static("x-accel-buffering");
        Self(response.with_header(CACHE_CONTROL, "no-cache").with_header(header, "no"))
    }

    /// The rows of a query as a serializer shows them, a JSON object on each line
    /// (`application/x-ndjson`). 500 rows are in memory, with what belongs to them.
    ///
    /// ```
    /// use quintet::prelude::*;
    /// use quintet::views::StreamingResponse;
    ///
    /// # #[model(table = "book")]
    /// # pub struct Book {
    /// #     pub id: i64,
    /// #     pub title: String,
    /// # }
    /// # #[derive(Serializer)]
    /// # #[serializer(model = Book, fields = all)]
    /// # pub struct BookSerializer {}
    /// async fn export(_cx: &mut Context) -> Result<StreamingResponse> {
    ///     let books = Book::objects();
    ///     Ok(StreamingResponse::ndjson::<BookSerializer, _>(books).as_attachment("books.ndjson"))
    /// }
    /// # fn main() {}
    /// ```
    pub fn ndjson<S, M>(queryset: QuerySet<M>) -> Self
    where
        S: ModelSerializer,
        S::Model: ModelFor<S, M>,
        M: Model + Clone,
    {
        Self::new("application/x-ndjson", async move |cx: &mut Context, out: &mut BodyWriter| {
            batches(cx, queryset, async |rows, cx| {
                out.write(shown::<S, M>(&rows).lines(cx).await?).await
            })
            .await
        })
    }

    /// The rows of a query as a serializer shows them, as a table (`text/csv`): a line of the fields'
    /// names, then a line for each row, quoted as Python's `csv` does. What is null is empty, and lists and
    /// objects are JSON. 500 rows are in memory, with what belongs to them.
    pub fn csv<S, M>(queryset: QuerySet<M>) -> Self
    where
        S: ModelSerializer,
        S::Model: ModelFor<S, M>,
        M: Model + Clone,
    {
        Self::new("text/csv; charset=utf-8", async move |cx: &mut Context, out: &mut BodyWriter| {
            let description = S::description().for_request(cx);
            let readable = description.fields().iter().filter(|field| !field.write_only);
            let names: Vec<String> = readable.map(|field| field.name.to_string()).collect();
            out.write(csv_line(names.iter().map(String::as_str))).await?;
            batches(cx, queryset, async |rows, cx| {
                let serde_json::Value::Array(rows) = shown::<S, M>(&rows).data(cx).await? else {
                    return Ok(());
                };
                for row in rows {
                    let cells: Vec<String> = names.iter().map(|name| cell(&row, name)).collect();
                    out.write(csv_line(cells.iter().map(String::as_str))).await?;
                }
                Ok(())
            })
            .await
        })
    }

    /// Makes browsers save it as a file of this name.
    #[must_use]
    pub fn as_attachment(self, filename: &str) -> Self {
        Self(self.0.as_attachment(filename))
    }

    /// The response, for other headers and another status.
    pub fn into_inner(self) -> Response {
        self.0
    }
}

impl Answer for StreamingResponse {
    fn into_response(self, _: &Context) -> Result<Response> {
        Ok(self.0)
    }

    fn describe(operation: &mut OperationInfo) {
        operation.response = ResponseInfo::Anything;
    }
}

/// Rows as a serializer shows them.
fn shown<S, M>(rows: &[M]) -> Representation
where
    S: ModelSerializer,
    S::Model: ModelFor<S, M>,
    M: Model + Clone,
{
    Representation::of_rows(S::description(), rows)
}

/// Calls a function with batch after batch of the rows.
async fn batches<M: Model>(
    cx: &Context,
    queryset: QuerySet<M>,
    mut write: impl AsyncFnMut(Vec<M>, &Context) -> Result<()>,
) -> Result<()> {
    let mut rows = queryset.iterate(cx).chunk_size(500);
    loop {
        let mut batch = Vec::with_capacity(BATCH);
        while batch.len() < BATCH
            && let Some(row) = rows.next().await?
        {
            batch.push(row);
        }
        if batch.is_empty() {
            return Ok(());
        }
        write(batch, cx).await?;
    }
}

/// What a row shows under a name, as text.
fn cell(row: &serde_json::Value, name: &str) -> String {
    match row.get(name) {
        None | Some(serde_json::Value::Null) => String::new(),
        Some(serde_json::Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

/// A line of Python's `csv.writer`.
fn csv_line<'a>(cells: impl Iterator<Item = &'a str>) -> String {
    let mut line = String::new();
    let mut count = 0;
    for (at, cell) in cells.enumerate() {
        count = at + 1;
        if at > 0 {
            line.push(',');
        }
        if cell.contains([',', '"', '\r', '\n']) {
            line.push('"');
            line.push_str(&cell.replace('"', "\"\""));
            line.push('"');
        } else {
            line.push_str(cell);
        }
    }
    if count == 1 && line.is_empty() {
        // an empty line would be no row
        line.push_str("\"\"");
    }
    line.push_str("\r\n");
    line
}

/// A file, read while it is sent (`FileResponse`).
///
/// Its media type follows the name, `Content-Length` is the file's, and the name is quoted as Django quotes
/// it. Like Django's, it is sent whole: there are no ranges. The path is for code to choose: never open one
/// that a client sent.
///
/// ```
/// use quintet::prelude::*;
/// use quintet::views::FileResponse;
///
/// async fn manual(_cx: &mut Context) -> Result<FileResponse> {
///     Ok(FileResponse::open("files/manual.pdf").await?.as_attachment("The manual.pdf"))
/// }
///
/// let view = ApiView::new("Manual").get(manual);
/// # let _ = view;
/// ```
#[derive(Debug)]
pub struct FileResponse(Response);

impl FileResponse {
    /// Opens a file.
    ///
    /// # Errors
    /// 404 if there is no file at the path, 500 if it cannot be read.
    pub async fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref().to_owned();
        let name = path.file_name().and_then(OsStr::to_str).unwrap_or_default().to_owned();
        Self::named(path, &name).await
    }

    /// A file of a storage, under its name there.
    ///
    /// ```
    /// use quintet::prelude::*;
    /// use quintet::views::FileResponse;
    ///
    /// /// `<path:name>`
    /// async fn media(cx: &mut Context) -> Result<FileResponse> {
    ///     let name = cx.request.kwarg("name").unwrap_or_default();
    ///     FileResponse::of(&cx.storage("default")?.open(name).await?).await
    /// }
    /// # let _ = ApiView::new("Media").get(media);
    /// ```
    ///
    /// # Errors
    /// 404 if the file is gone, 500 if it cannot be read.
    pub async fn of(file: &StoredFile) -> Result<Self> {
        if let Some(path) = file.path() {
            return Self::named(path.to_owned(), file.name()).await;
        }
        let bytes = file.read().await.map_err(ApiException::internal)?;
        let response = Response::bytes(media_type(file.name()), bytes.to_vec());
        Ok(Self(under_name(response, file.name())))
    }

    async fn named(path: PathBuf, name: &str) -> Result<Self> {
        let opened = actix_web::web::block(move || {
            let file = File::open(path)?;
            let metadata = file.metadata()?;
            if !metadata.is_file() {
                return Err(ErrorKind::NotFound.into());
            }
            Ok::<_, std::io::Error>((file, metadata.len()))
        });
        let (file, length) =
            opened.await.map_err(ApiException::internal)?.map_err(|error| match error.kind() {
                ErrorKind::NotFound => ApiException::NotFound(None),
                _ => ApiException::internal(error),
            })?;
        let content_type = media_type(name).to_owned();
        let body = ResponseBody::Stream {
            content_type,
            body: StreamBody::new(Source::File(file, length)),
        };
        Ok(Self(under_name(Response { body, ..Response::empty(200) }, name)))
    }

    /// Makes browsers save it under a name, instead of showing it.
    #[must_use]
    pub fn as_attachment(self, filename: &str) -> Self {
        Self(self.0.as_attachment(filename))
    }

    /// Sets another media type than that of the name.
    #[must_use]
    pub fn content_type(mut self, media_type: impl Into<String>) -> Self {
        if let ResponseBody::Stream { content_type, .. }
        | ResponseBody::Bytes { content_type, .. } = &mut self.0.body
        {
            *content_type = media_type.into();
        }
        self
    }

    /// The response, for other headers and another status.
    pub fn into_inner(self) -> Response {
        self.0
    }
}

impl Answer for FileResponse {
    fn into_response(self, _: &Context) -> Result<Response> {
        Ok(self.0)
    }

    fn describe(operation: &mut OperationInfo) {
        operation.response = ResponseInfo::Anything;
    }
}

fn under_name(response: Response, name: &str) -> Response {
    match content_disposition(false, name) {
        Some(value) => response.with_header(CONTENT_DISPOSITION, &value),
        None => response,
    }
}

/// The media type of a file's name, as Python's `mimetypes` knows the usual ones.
fn media_type(name: &str) -> &'static str {
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    match extension.to_ascii_lowercase().as_str() {
        "txt" => "text/plain",
        "csv" => "text/csv",
        "html" | "htm" => "text/html",
        "css" => "text/css",
        "js" | "mjs" => "text/javascript",
        "xml" => "text/xml",
        "json" => "application/json",
        "pdf" => "application/pdf",
        "zip" => "application/zip",
        "gz" => "application/gzip",
        "tar" => "application/x-tar",
        "doc" => "application/msword",
        "xls" => "application/vnd.ms-excel",
        "wasm" => "application/wasm",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "gif" => "image/gif",
        "svg" => "image/svg+xml",
        "ico" => "image/vnd.microsoft.icon",
        "tif" | "tiff" => "image/tiff",
        "mp3" => "audio/mpeg",
        "wav" => "audio/x-wav",
        "mp4" => "video/mp4",
        "webm" => "video/webm",
        "mpeg" | "mpg" => "video/mpeg",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_as_python_does() {
        let line = |cells: &[&str]| csv_line(cells.iter().copied());
        assert_eq!(line(&["1", "AC/DC", ""]), "1,AC/DC,\r\n");
        assert_eq!(
            line(&["a,b", "say \"hi\"", "two\nlines"]),
            "\"a,b\",\"say \"\"hi\"\"\",\"two\nlines\"\r\n"
        );
        assert_eq!(line(&[]), "\r\n");
        assert_eq!((line(&[""]), line(&["", ""])), ("\"\"\r\n".into(), ",\r\n".into()));
    }
}
