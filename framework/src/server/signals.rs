//! What ends a server from outside: SIGTERM, and SIGINT, which is Ctrl-C.

use std::io;
use std::task::{Context, Poll};

use actix_web::rt::signal;

/// The signals that end a server.
pub(super) struct Signals {
    #[cfg(unix)]
    interrupt: signal::unix::Signal,
    #[cfg(unix)]
    terminate: signal::unix::Signal,
    #[cfg(not(unix))]
    interrupt: std::pin::Pin<Box<dyn Future<Output = io::Result<()>>>>,
}

impl Signals {
    #[cfg(unix)]
    pub(super) fn listen() -> io::Result<Self> {
        use signal::unix::{SignalKind, signal};

        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    #[cfg(not(unix))]
    #[allow(clippy::unnecessary_wraps, reason = "on Unix it may fail")]
    pub(super) fn listen() -> io::Result<Self> {
        Ok(Self { interrupt: Box::pin(signal::ctrl_c()) })
    }

    /// Ready at the next one, with its name.
    #[cfg(unix)]
    pub(super) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<&'static str> {
        if self.interrupt.poll_recv(cx).is_ready() {
            return Poll::Ready("SIGINT");
        }
        self.terminate.poll_recv(cx).map(|_| "SIGTERM")
    }

    /// Ready at the next one, with its name.
    #[cfg(not(unix))]
    pub(super) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<&'static str> {
        std::task::ready!(self.interrupt.as_mut().poll(cx)).map_or(Poll::Pending, |()| {
            self.interrupt = Box::pin(signal::ctrl_c());
            Poll::Ready("Ctrl-C")
        })
    }
}
