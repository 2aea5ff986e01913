//! Bodies that are written while they are sent: the work runs where a connection is, its chunks wait for
//! the socket.

use std::fs::File;
use std::io::Read as _;
use std::sync::Arc;

use actix_web::body::{BodyStream, BoxBody, SizedStream};
use actix_web::http::Method;
use actix_web::web::{self, Bytes};
use futures_util::stream;
use tokio::time::timeout;

use super::Site;
use crate::db::DatabaseWorker;
use crate::request::{Carried, Context};
use crate::response::{BodyWriter, BrokeOff, Chunks, Response, ResponseBody, Source, StreamBody};

/// How much of a file is read at once.
const PIECE: usize = 64 * 1024;

impl Site {
    /// Starts the work of a body, with what it needs of its request.
    #[cold]
    pub(super) fn start_stream(
        &self,
        worker: &DatabaseWorker,
        response: &mut Response,
        carried: Box<Carried>,
        method: &Method,
    ) {
        let ResponseBody::Stream { body, .. } = &mut response.body else { return };
        if *method == Method::HEAD {
            // nothing is written that nobody reads
            let length = match body.take() {
                Some(Source::File(_, length)) => Some(length),
                _ => None,
            };
            *body = StreamBody::new(Source::Head(length));
            return;
        }
        match body.take() {
            Some(Source::Work(work, keep_alive)) => {
                let (writer, chunks) = BodyWriter::channel();
                *body = StreamBody::new(Source::Chunks(chunks, keep_alive));
                let (worker, shared) = (worker.clone(), Arc::clone(&self.shared));
                actix_web::rt::spawn(async move {
                    let run = worker.run(false, move |conn| {
                        work(Box::new(Context::again(*carried, conn, shared)), writer)
                    });
                    if let Err(error) = run.await {
                        tracing::error!("the body of a response broke off: {error}");
                    }
                });
            }
            Some(other) => *body = StreamBody::new(other),
            None => {}
        }
    }
}

/// A body as actix sends it.
pub(super) fn into_body(body: &StreamBody) -> BoxBody {
    match body.take() {
        Some(Source::Chunks(chunks, keep_alive)) => BoxBody::new(BodyStream::new(stream::unfold(
            Some(chunks),
            move |chunks: Option<Chunks>| async move {
                let mut chunks = chunks?;
                let next = match keep_alive {
                    None => chunks.recv().await,
                    Some(silence) => match timeout(silence, chunks.recv()).await {
                        Ok(next) => next,
                        // a client that has gone is found out by writing to it
                        Err(_) => return Some((Ok(Bytes::from_static(b":\n\n")), Some(chunks))),
                    },
                };
                match next {
                    Some(Ok(chunk)) if chunk.is_empty() => None,
                    Some(Ok(chunk)) => Some((Ok(chunk), Some(chunks))),
                    Some(Err(BrokeOff)) | None => Some((Err(BrokeOff), None)),
                }
            },
        ))),
        Some(Source::Head(Some(length))) => {
            BoxBody::new(SizedStream::new(length, stream::empty::<Result<Bytes, BrokeOff>>()))
        }
        Some(Source::Head(None)) => {
            BoxBody::new(BodyStream::new(stream::empty::<Result<Bytes, BrokeOff>>()))
        }
        Some(Source::File(file, length)) => {
            BoxBody::new(SizedStream::new(length, Box::pin(pieces(file, length))))
        }
        Some(Source::Work(..)) | None => BoxBody::new(Bytes::new()),
    }
}

/// A file in pieces; one that became shorter meanwhile breaks off.
fn pieces(
    file: File,
    length: u64,
) -> impl futures_util::Stream<Item = Result<Bytes, std::io::Error>> {
    stream::unfold(Some((file, length)), async |state| {
        let (mut file, left) = state?;
        if left == 0 {
            return None;
        }
        let size = usize::try_from(left).unwrap_or(PIECE).min(PIECE);
        let read = web::block(move || {
            let mut piece = vec![0; size];
            let read = file.read(&mut piece)?;
            if read == 0 {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
            piece.truncate(read);
            Ok((file, piece))
        });
        Some(match read.await {
            Ok(Ok((file, piece))) => {
                let left = left.saturating_sub(piece.len() as u64);
                (Ok(Bytes::from(piece)), Some((file, left)))
            }
            Ok(Err(error)) => (Err(error), None),
            Err(error) => (Err(std::io::Error::other(error)), None),
        })
    })
}

/// The response with its whole body, for what has no socket. A body that breaks off, which a client at a
/// socket sees by the end of its connection, is a 500.
pub(super) async fn collected(mut response: Response) -> Response {
    let ResponseBody::Stream { content_type, body } = &response.body else { return response };
    match actix_web::body::to_bytes(into_body(body)).await {
        Ok(bytes) => {
            let content_type = content_type.clone();
            response.body = ResponseBody::Bytes { content_type, bytes: bytes.into() };
            response
        }
        Err(error) => {
            tracing::error!("the body of a response broke off: {error}");
            Response::empty(500)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[actix_web::test]
    async fn a_body_that_breaks_off_is_no_success() {
        let path = std::env::temp_dir().join(format!("quintet-{}.txt", std::process::id()));
        std::fs::write(&path, "abc").unwrap();
        let of_length = |length| {
            let file = File::open(&path).unwrap();
            let body = StreamBody::new(Source::File(file, length));
            let content_type = "text/plain".to_owned();
            Response { body: ResponseBody::Stream { content_type, body }, ..Response::empty(200) }
        };
        let whole = collected(of_length(3)).await;
        assert!(matches!(&whole.body, ResponseBody::Bytes { bytes, .. } if bytes == b"abc"));
        assert_eq!((whole.status, collected(of_length(4)).await.status), (200, 500));
        std::fs::remove_file(&path).unwrap();
    }
}
