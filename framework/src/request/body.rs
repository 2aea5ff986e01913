//! The body of a request: read before the view runs, or later.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use actix_web::web::Bytes;
use tokio::sync::oneshot;

use super::Context;
use crate::exceptions::{ApiException, Result};
use crate::parsers::{BodyReader, Data};

/// The body of a request, up to the limit.
#[derive(Clone)]
pub enum Body {
    /// The whole body.
    Read(Bytes),
    /// More than `DATA_UPLOAD_MAX_MEMORY_SIZE`; 400 once a view asks for it.
    TooLarge,
    /// The connection broke before the end; 400 once a view asks for it.
    Broken,
}

impl std::fmt::Debug for Body {
    /// Without the bytes, which may hold credentials.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Read(bytes) => write!(f, "Read({} bytes)", bytes.len()),
            Self::TooLarge => f.write_str("TooLarge"),
            Self::Broken => f.write_str("Broken"),
        }
    }
}

/// The memory that the bodies of all requests share (`SERVER_MAX_BODIES_SIZE`).
#[derive(Debug)]
pub(crate) struct BodyMemory {
    left: AtomicUsize,
}

impl BodyMemory {
    pub(crate) fn new(most: usize) -> Arc<Self> {
        Arc::new(Self { left: AtomicUsize::new(most) })
    }

    /// Starts with nothing.
    pub(crate) fn share(self: &Arc<Self>) -> BodyShare {
        BodyShare { memory: Arc::clone(self), bytes: 0 }
    }
}

/// The share of one body, until it is dropped.
#[derive(Debug)]
pub(crate) struct BodyShare {
    memory: Arc<BodyMemory>,
    bytes: usize,
}

impl BodyShare {
    /// Reserves more; false if there is none left.
    pub(crate) fn grow(&mut self, bytes: usize) -> bool {
        let left = &self.memory.left;
        let taken =
            left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(bytes));
        if taken.is_ok() {
            self.bytes += bytes;
        }
        taken.is_ok()
    }

    /// Releases all of it.
    pub(crate) fn clear(&mut self) {
        self.memory.left.fetch_add(std::mem::take(&mut self.bytes), Ordering::Relaxed);
    }
}

impl Drop for BodyShare {
    fn drop(&mut self) {
        self.clear();
    }
}

/// The result of reading a body on demand.
#[derive(Debug)]
pub(crate) enum Arrived {
    /// It has been read.
    Body(Body, BodyShare),
    /// It was parsed while it was read.
    Data(Result<Data>, BodyShare),
    /// There was no memory for it.
    NoRoom,
}

/// The view's end of a body that is read on demand: the view may run on another thread than the
/// socket.
#[derive(Debug)]
pub(crate) struct Incoming {
    ask: oneshot::Sender<Option<Box<dyn BodyReader>>>,
    body: oneshot::Receiver<Arrived>,
}

/// The socket's end of it.
#[derive(Debug)]
pub(crate) struct Awaited {
    /// Ready once the view wants the body, with what parses it while it arrives, if anything does; an
    /// error once it no longer does.
    pub(crate) asked: oneshot::Receiver<Option<Box<dyn BodyReader>>>,
    /// Where the body is sent.
    pub(crate) body: oneshot::Sender<Arrived>,
}

/// Both ends of a body that is read on demand.
pub(crate) fn on_its_way() -> (Incoming, Awaited) {
    let (ask, asked) = oneshot::channel();
    let (sender, receiver) = oneshot::channel();
    (Incoming { ask, body: receiver }, Awaited { asked, body: sender })
}

impl Context {
    /// Reads the body if it has not been read yet, so that [`data`](Context::data) can return it.
    ///
    /// A body of more than 16 KiB is read only after permissions and throttles have allowed the
    /// request. Code that runs before the view and needs the data (an authenticator, a permission)
    /// must call this first; views need not.
    ///
    /// # Errors
    /// 503 if the bodies of other requests fill `SERVER_MAX_BODIES_SIZE`.
    pub async fn receive_body(&mut self) -> Result<()> {
        let Some(Incoming { ask, body }) = self.request.incoming.take() else { return Ok(()) };
        let reader = match self.body_reader() {
            Ok(reader) => reader,
            Err(error) => {
                self.refused_data = Some(error);
                return Ok(());
            }
        };
        // if the receiver is gone, so is the sender
        let _ = ask.send(reader);
        match body.await {
            Ok(Arrived::Data(data, share)) => {
                match data {
                    Ok(data) => self.data = Some(data),
                    Err(error) => self.refused_data = Some(error),
                }
                self.request.share = Some(share);
                Ok(())
            }
            Ok(Arrived::Body(body, share)) => {
                self.request.body = body;
                self.request.share = Some(share);
                Ok(())
            }
            Ok(Arrived::NoRoom) => {
                Err(ApiException::Unavailable("SERVER_MAX_BODIES_SIZE is in use"))
            }
            Err(_) => {
                self.request.body = Body::Broken;
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_take_no_more_than_there_is() {
        let memory = BodyMemory::new(10);
        let (mut one, mut two) = (memory.share(), memory.share());
        assert!(one.grow(6) && two.grow(4) && !two.grow(1));
        one.clear();
        assert!(two.grow(6) && !one.grow(1));
        drop(two);
        assert!(one.grow(10));
    }
}
