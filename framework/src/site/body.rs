//! When the body of a request is read: a small one before the view, a larger one once permissions
//! and throttles have let the request through.

use std::convert::Infallible;
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::http::Version;
use actix_web::http::header::{CONTENT_LENGTH, TRANSFER_ENCODING, UPGRADE};
use actix_web::web::{Bytes, BytesMut};
use futures_util::StreamExt;
use futures_util::future::{Either, select};

use crate::exceptions::ApiException;
use crate::parsers::BodyReader;
use crate::request::{Arrived, Awaited, Body, BodyMemory, BodyShare, Headers, Request, on_its_way};
use crate::response::Response;
use crate::server::{Connection, DRAIN, FIRST_OF_BODY};
use crate::settings::Settings;

/// How many bytes a parser that may wait for a disk gets at once.
const BATCH: usize = 256 * 1024;

/// What a head says about the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Announced {
    /// There is none.
    Nothing,
    /// It has this many bytes.
    Length(usize),
    /// It has no announced length.
    Unknown,
}

/// Reads the headers, as actix does to find where the request ends.
pub(super) fn announced(headers: &Headers, version: Version) -> Announced {
    match headers.get(CONTENT_LENGTH) {
        Some(value) => {
            match value.to_str().ok().and_then(|value| value.trim().parse().ok()) {
                Some(0) => Announced::Nothing,
                // what follows is of another protocol, and ends with the connection
                Some(_) if version != Version::HTTP_2 && is_upgrade(headers) => Announced::Nothing,
                length => length.map_or(Announced::Unknown, Announced::Length),
            }
        }
        None if headers.contains_key(TRANSFER_ENCODING) || version == Version::HTTP_2 => {
            Announced::Unknown
        }
        None => Announced::Nothing,
    }
}

fn is_upgrade(headers: &Headers) -> bool {
    let is_websocket = |value: &str| value.trim().eq_ignore_ascii_case("websocket");
    !headers.contains_key(TRANSFER_ENCODING)
        && headers.get_all(UPGRADE).any(|value| value.to_str().is_ok_and(is_websocket))
}

/// How much is read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    announced: Option<usize>,
    most: usize,
    /// Of a body that is parsed while it arrives.
    most_parsed: usize,
    /// How much of that its parser may have in memory: fields and files.
    memory: usize,
    /// Beyond, its parser may wait for a disk.
    inline: usize,
}

impl Limits {
    pub(super) fn of(settings: &Settings, announced: Announced) -> Self {
        let announced = match announced {
            Announced::Length(length) => Some(length),
            Announced::Nothing | Announced::Unknown => None,
        };
        let most = settings.data_upload_max_memory_size.unwrap_or(usize::MAX);
        let files = &settings.file_upload;
        Self {
            announced,
            most,
            most_parsed: files.max_size.unwrap_or(usize::MAX),
            memory: files
                .max_memory_size
                .saturating_add(settings.data_upload_max_memory_size.unwrap_or(0)),
            inline: files.max_memory_size,
        }
    }

    /// True for a body that usually arrives with its head, and whose memory need not be counted.
    pub(super) fn is_small(&self) -> bool {
        self.announced.is_some_and(|length| length <= FIRST_OF_BODY)
    }
}

/// Reads a body that is small.
pub(super) async fn read_small(payload: Payload, limits: Limits) -> Body {
    read(payload, limits, None).await.unwrap_or(Body::Broken)
}

/// Runs a request, and reads its body meanwhile as soon as the view asks for it.
pub(super) async fn beside<F: Future<Output = Response>>(
    payload: Payload,
    limits: Limits,
    memory: &Arc<BodyMemory>,
    connection: Option<&Rc<Connection>>,
    mut request: Box<Request>,
    run: impl FnOnce(Box<Request>) -> F,
) -> Response {
    if let Some(connection) = connection {
        connection.hold_body();
    }
    let (incoming, awaited) = on_its_way();
    request.incoming = Some(incoming);
    let receive = receive(payload, limits, memory.share(), connection, awaited);
    match select(pin!(run(request)), pin!(receive)).await {
        Either::Left((response, _)) => response,
        Either::Right((never, _)) => match never {},
    }
}

/// Sends a body to the view, if it wants it.
async fn receive(
    payload: Payload,
    limits: Limits,
    mut share: BodyShare,
    connection: Option<&Rc<Connection>>,
    awaited: Awaited,
) -> Infallible {
    let Awaited { asked, body } = awaited;
    if let Ok(reader) = asked.await {
        if let Some(connection) = connection {
            connection.want_body();
        }
        if let Some(reader) = reader {
            // the view may have gone meanwhile
            drop(body.send(read_into(payload, limits, share, reader).await));
            return std::future::pending().await;
        }
        let read = read(payload, limits, Some(&mut share)).await;
        let arrived = if let Some(read) = read {
            if !matches!(read, Body::Read(_)) {
                share.clear();
            }
            Arrived::Body(read, share)
        } else {
            drop(share);
            Arrived::NoRoom
        };
        // the view may have gone meanwhile
        drop(body.send(arrived));
    }
    std::future::pending().await
}

/// Lets a parser read a body while it arrives.
async fn read_into(
    mut payload: Payload,
    limits: Limits,
    mut share: BodyShare,
    mut reader: Box<dyn BodyReader>,
) -> Arrived {
    let too_long = || ApiException::Suspicious("the body is longer than FILE_UPLOAD_MAX_SIZE");
    if limits.announced.is_some_and(|length| length > limits.most_parsed) {
        drain(payload).await;
        return Arrived::Data(Err(too_long()), share);
    }
    let (mut read, mut counted) = (0_usize, 0_usize);
    let mut batch = Vec::new();
    let mut waiting = 0_usize;
    while let Some(chunk) = payload.next().await {
        let Ok(chunk) = chunk else { return Arrived::Body(Body::Broken, share) };
        read = read.saturating_add(chunk.len());
        let taken = chunk.len().min(limits.memory.saturating_sub(counted));
        if !share.grow(taken) {
            return Arrived::NoRoom;
        }
        counted += taken;
        let fed = if read > limits.most_parsed {
            Err(too_long())
        } else if read <= limits.inline {
            reader.feed(&chunk)
        } else {
            waiting += chunk.len();
            batch.push(chunk);
            if waiting < BATCH {
                continue;
            }
            waiting = 0;
            match feed(reader, std::mem::take(&mut batch)).await {
                Ok(fed) => {
                    reader = fed;
                    Ok(())
                }
                Err(error) => {
                    drain(payload).await;
                    return Arrived::Data(Err(error), share);
                }
            }
        };
        if let Err(error) = fed {
            drain(payload).await;
            return Arrived::Data(Err(error), share);
        }
    }
    let data = if read <= limits.inline {
        reader.finish()
    } else {
        off_worker(move || feed_now(reader, &batch)?.finish()).await
    };
    Arrived::Data(data, share)
}

/// Feeds a parser where it may wait for a disk.
async fn feed(
    reader: Box<dyn BodyReader>,
    chunks: Vec<Bytes>,
) -> Result<Box<dyn BodyReader>, ApiException> {
    off_worker(move || feed_now(reader, &chunks)).await
}

fn feed_now(
    mut reader: Box<dyn BodyReader>,
    chunks: &[Bytes],
) -> Result<Box<dyn BodyReader>, ApiException> {
    chunks.iter().try_for_each(|chunk| reader.feed(chunk))?;
    Ok(reader)
}

async fn off_worker<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ApiException> + Send + 'static,
) -> Result<T, ApiException> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => Err(ApiException::internal(error)),
    }
}

/// Reads a part of what nobody wants, so that its client comes to read the response.
async fn drain(mut payload: Payload) {
    let mut dropped = 0_usize;
    while let Some(Ok(chunk)) = payload.next().await {
        dropped = dropped.saturating_add(chunk.len());
        if dropped > DRAIN {
            return;
        }
    }
}

/// Reads a body up to the limit; more of a longer one is read for a while and dropped. `None` when
/// there is no memory left for its share; without a share it is not counted.
async fn read(
    mut payload: Payload,
    limits: Limits,
    mut share: Option<&mut BodyShare>,
) -> Option<Body> {
    let Limits { announced, most, .. } = limits;
    let mut fits = announced.is_none_or(|length| length <= most);
    let mut body = BytesMut::new();
    let mut whole: Option<Bytes> = None;
    let mut dropped = 0_usize;
    while let Some(chunk) = payload.next().await {
        let Ok(chunk) = chunk else { return Some(Body::Broken) };
        let read = body.len() + whole.as_ref().map_or(0, Bytes::len);
        if fits && chunk.len() > most.saturating_sub(read) {
            fits = false;
        }
        if !fits {
            body = BytesMut::new();
            whole = None;
            if let Some(share) = share.as_deref_mut() {
                share.clear();
            }
            dropped = dropped.saturating_add(chunk.len());
            if dropped > DRAIN {
                break;
            }
            continue;
        }
        if share.as_deref_mut().is_some_and(|share| !share.grow(chunk.len())) {
            return None;
        }
        if read == 0 {
            // most bodies come in one piece
            whole = Some(chunk);
        } else {
            if let Some(first) = whole.take() {
                // without a limit the client's word is not taken for more than this
                let length = announced.unwrap_or(first.len() + chunk.len());
                body.reserve(length.min(most).min(DRAIN));
                body.extend_from_slice(&first);
            }
            body.extend_from_slice(&chunk);
        }
    }
    Some(if fits { Body::Read(whole.unwrap_or_else(|| body.freeze())) } else { Body::TooLarge })
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    #[test]
    fn a_body_is_announced_by_its_length_or_by_chunks() {
        let mut headers = Headers::default();
        assert_eq!(announced(&headers, Version::HTTP_11), Announced::Nothing);
        headers.append(TRANSFER_ENCODING, HeaderValue::from_static("chunked"));
        assert_eq!(announced(&headers, Version::HTTP_11), Announced::Unknown);
        headers.append(CONTENT_LENGTH, HeaderValue::from_static("16384"));
        let length = announced(&headers, Version::HTTP_11);
        assert_eq!(length, Announced::Length(16384));
        assert!(Limits::of(&Settings::default(), length).is_small());
        assert!(!Limits::of(&Settings::default(), Announced::Length(16385)).is_small());
        assert!(!Limits::of(&Settings::default(), Announced::Unknown).is_small());
    }

    #[test]
    fn what_lasts_until_the_connection_ends_is_no_body() {
        let of = |sent: &[(_, &'static str)]| {
            let mut headers = Headers::default();
            for (name, value) in sent {
                headers.append(Clone::clone(name), HeaderValue::from_static(value));
            }
            announced(&headers, Version::HTTP_11)
        };
        assert_eq!(of(&[(UPGRADE, "websocket")]), Announced::Nothing);
        let five = (CONTENT_LENGTH, "5");
        assert_eq!(of(&[(UPGRADE, " WebSocket "), five.clone()]), Announced::Nothing);
        assert_eq!(
            of(&[(UPGRADE, "h2c"), (UPGRADE, "websocket"), five.clone()]),
            Announced::Nothing
        );
        assert_eq!(of(&[(UPGRADE, "h2c"), five]), Announced::Length(5));
        let chunked = (TRANSFER_ENCODING, "chunked");
        assert_eq!(of(&[(UPGRADE, "websocket"), chunked]), Announced::Unknown);
        // as of CONNECT
        assert_eq!(of(&[(CONTENT_LENGTH, "0")]), Announced::Nothing);
    }
}
