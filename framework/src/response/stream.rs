//! Bodies that are written while they are sent.

use std::any::Any;
use std::fmt;
use std::fs::File;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use actix_web::web::Bytes;
use futures_util::future::LocalBoxFuture;
use tokio::sync::mpsc;

use crate::exceptions::{ApiException, Result};

/// How much is gathered before it is sent.
const CHUNK: usize = 16 * 1024;

/// How many chunks may wait for a slow client.
const WAITING: usize = 4;

/// The body broke off.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("the body of a response broke off")]
pub(crate) struct BrokeOff;

/// The client no longer reads.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("the client has gone")]
struct Gone;

/// Chunks on their way to the socket. An empty one is the end; a body without it broke off.
pub(crate) type Chunks = mpsc::Receiver<Result<Bytes, BrokeOff>>;

/// Writes a body; it gets a context of the request.
pub(crate) type Work =
    Box<dyn FnOnce(Box<dyn Any>, BodyWriter) -> LocalBoxFuture<'static, ()> + Send>;

/// Where a body comes from.
pub(crate) enum Source {
    /// Work that has not begun, and how often a comment is sent where it is silent.
    Work(Work, Option<Duration>),
    /// Work that has.
    Chunks(Chunks, Option<Duration>),
    /// A file of this length.
    File(File, u64),
    /// The body of a HEAD, of a known length or of none.
    Head(Option<u64>),
}

/// The body of a response that is written while it is sent, in constant memory:
/// [`StreamingResponse`](crate::views::StreamingResponse) and
/// [`FileResponse`](crate::views::FileResponse) make it. It is sent once: clones share it.
#[derive(Clone)]
pub struct StreamBody(Arc<Mutex<Option<Source>>>);

impl StreamBody {
    pub(crate) fn new(source: Source) -> Self {
        Self(Arc::new(Mutex::new(Some(source))))
    }

    /// Takes where it comes from.
    pub(crate) fn take(&self) -> Option<Source> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl fmt::Debug for StreamBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StreamBody")
    }
}

/// The end of a [`StreamingResponse`](crate::views::StreamingResponse) that the view writes to.
///
/// Bytes are gathered into chunks. A client that reads slowly holds the writer back, so that memory stays
/// bounded; if it goes away, the next write is an error, and work that waits is dropped.
pub struct BodyWriter {
    buffer: Vec<u8>,
    chunks: mpsc::Sender<Result<Bytes, BrokeOff>>,
}

impl BodyWriter {
    /// Both ends of a body.
    pub(crate) fn channel() -> (Self, Chunks) {
        let (chunks, receiver) = mpsc::channel(WAITING);
        (Self { buffer: Vec::new(), chunks }, receiver)
    }

    /// Adds to the body.
    ///
    /// # Errors
    /// When the client has gone.
    pub async fn write(&mut self, bytes: impl AsRef<[u8]>) -> Result<()> {
        self.buffer.extend_from_slice(bytes.as_ref());
        if self.buffer.len() >= CHUNK {
            self.flush().await?;
        }
        Ok(())
    }

    /// Sends what has been gathered at once.
    ///
    /// # Errors
    /// When the client has gone.
    pub async fn flush(&mut self) -> Result<()> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        let chunk = Bytes::from(std::mem::take(&mut self.buffer));
        self.chunks.send(Ok(chunk)).await.map_err(|_| ApiException::internal(Gone))
    }

    /// Sends an event of a stream of events at once.
    ///
    /// # Errors
    /// When the client has gone.
    pub async fn send(&mut self, event: Event) -> Result<()> {
        self.buffer.extend_from_slice(event.text.as_bytes());
        self.buffer.push(b'\n');
        self.flush().await
    }

    /// Whether the client has gone.
    pub fn is_closed(&self) -> bool {
        self.chunks.is_closed()
    }

    /// Runs work until it ends or the client goes, and ends the body; a body whose work fails breaks off.
    pub(crate) async fn finish(mut self, work: impl AsyncFnOnce(&mut Self) -> Result<()>) {
        let chunks = self.chunks.clone();
        let run = async {
            let result = match work(&mut self).await {
                Ok(()) => self.flush().await,
                Err(error) => Err(error),
            };
            match result {
                // a client that has gone meanwhile reads no end
                Ok(()) => drop(self.chunks.send(Ok(Bytes::new())).await),
                Err(_) if self.is_closed() => {}
                Err(error) => {
                    tracing::error!("the body of a response broke off: {error}");
                    drop(self.chunks.send(Err(BrokeOff)).await);
                }
            }
        };
        let gone = chunks.closed();
        futures_util::pin_mut!(run, gone);
        futures_util::future::select(run, gone).await;
    }
}

impl fmt::Debug for BodyWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BodyWriter").field("gathered", &self.buffer.len()).finish_non_exhaustive()
    }
}

/// A server-sent event (`text/event-stream`).
///
/// ```
/// use quintet::response::Event;
///
/// let event = Event::new("first line\nsecond line").name("news").id("7");
/// assert_eq!(event.as_str(), "event: news\nid: 7\ndata: first line\ndata: second line\n");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    text: String,
    /// Where its data begin.
    data: usize,
}

impl Event {
    /// An event with data, which may have several lines.
    pub fn new(data: impl AsRef<str>) -> Self {
        let mut text = String::new();
        for line in data.as_ref().replace("\r\n", "\n").split(['\n', '\r']) {
            text.push_str("data: ");
            text.push_str(line);
            text.push('\n');
        }
        Self { text, data: 0 }
    }

    /// An event with data as JSON.
    ///
    /// # Errors
    /// When the value cannot be JSON.
    pub fn json<T: serde::Serialize + ?Sized>(data: &T) -> Result<Self> {
        serde_json::to_string(data).map(Self::new).map_err(ApiException::internal)
    }

    /// A line that clients pass over, which keeps a connection open.
    pub fn comment(text: impl AsRef<str>) -> Self {
        Self { text: format!(": {}\n", one_line(text.as_ref())), data: 0 }
    }

    /// Sets the event's name; a client listens for `message` where there is none.
    #[must_use]
    pub fn name(self, name: impl AsRef<str>) -> Self {
        self.field("event", name.as_ref())
    }

    /// Sets its number, which a client that comes back sends as `Last-Event-ID`.
    #[must_use]
    pub fn id(self, id: impl AsRef<str>) -> Self {
        self.field("id", id.as_ref())
    }

    /// Sets after how many milliseconds a client comes back.
    #[must_use]
    pub fn retry(self, milliseconds: u32) -> Self {
        self.field("retry", &milliseconds.to_string())
    }

    /// The lines of the event.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    fn field(mut self, name: &str, value: &str) -> Self {
        let line = format!("{name}: {}\n", one_line(value));
        self.text.insert_str(self.data, &line);
        self.data += line.len();
        self
    }
}

/// A text without line breaks, which would begin another field.
fn one_line(text: &str) -> String {
    text.replace(['\n', '\r', '\0'], " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_break_begins_no_other_field() {
        let event = Event::new("a\r\nb\rc\n\n").name("x\ndata: y").id("1\r\n");
        let lines = "event: x data: y\nid: 1  \ndata: a\ndata: b\ndata: c\ndata: \ndata: \n";
        assert_eq!(event.as_str(), lines);
        assert_eq!(Event::comment("a\nb").as_str(), ": a b\n");
        assert_eq!(Event::json(&[1, 2]).unwrap().as_str(), "data: [1,2]\n");
    }
}
