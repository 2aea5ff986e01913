//! The stream between a socket and actix: what it lets through, and when.
//!
//! A request is handed on once the response to the previous one has been sent, so that a client
//! that sends many and reads nothing is held back by its own socket. A body is handed on when the
//! view reads it. What is held back is not read from the socket either.

use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use actix_web::rt::net::TcpStream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::connection::{Connection, Cut, Reading};
use super::framing::{Framing, Part, Step};
use super::limits::Seat;
use super::refusals::{Refusals, status_of};
use super::target;

/// How much is read and dropped of what comes after the end.
const LINGER: usize = 1024 * 1024;

/// How much is handed on before actix processes it: otherwise it keeps reading, into a buffer that
/// it does not shrink.
const BURST: usize = 32 * 1024;

/// What actix writes before a response where the client waits for it to send its body.
const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

/// A buffer of held-back bytes that is larger than this is freed once it is empty.
const KEEP: usize = 4096;

/// A socket whose requests are followed.
pub(crate) struct GuardedStream {
    io: TcpStream,
    connection: Rc<Connection>,
    framing: Framing,
    /// What has been read and belongs to what comes later, from `at` on.
    ahead: Vec<u8>,
    at: usize,
    /// What has been handed on since actix last worked.
    burst: usize,
    refusals: Refusals,
    /// A refusal in place of actix's, and how much of it has been sent.
    refusal: Option<(Vec<u8>, usize)>,
    /// Nothing more is read.
    over: bool,
    shut: bool,
    lingered: usize,
    _seat: Seat,
}

/// What to do with the bytes after those that were followed.
enum Rest {
    /// There are none.
    Nothing,
    /// They wait.
    Later,
    /// They begin with a character that must be encoded.
    Raw,
    /// They are too many.
    TooLong,
}

impl GuardedStream {
    pub(super) fn new(
        io: TcpStream,
        connection: Rc<Connection>,
        refusals: Refusals,
        seat: Seat,
    ) -> Self {
        Self {
            io,
            connection,
            framing: Framing::default(),
            ahead: Vec::new(),
            at: 0,
            burst: 0,
            refusals,
            refusal: None,
            over: false,
            shut: false,
            lingered: 0,
            _seat: seat,
        }
    }

    /// The connection that the responses report to.
    pub(super) fn connection(&self) -> &Rc<Connection> {
        &self.connection
    }

    /// Follows bytes, and returns how many of them may be handed on.
    fn follow(&mut self, bytes: &[u8]) -> (usize, Rest) {
        let connection = &*self.connection;
        let longest = connection.worker().limits.longest_head;
        let mut used = 0;
        loop {
            let rest = bytes.get(used..).unwrap_or_default();
            if rest.is_empty() {
                return (used, Rest::Nothing);
            }
            let was = self.framing.part();
            if was == Part::Start && connection.is_busy() {
                return (used, Rest::Later);
            }
            let (taken, step) = self.framing.feed(rest, longest);
            used += taken;
            let now = self.framing.part();
            if was == Part::Start && (now != Part::Start || step != Step::More) {
                connection.head_begins();
            }
            let in_body = matches!(was, Part::Length(_) | Part::Chunks);
            if in_body || was == Part::Through {
                connection.received(taken);
            }
            if was == Part::Chunks && connection.is_answered() {
                connection.dropped(taken);
            }
            match step {
                Step::More if in_body && now == Part::Through => connection.read(Reading::Through),
                Step::More => {}
                Step::Head if now == Part::Through => connection.head_ends(Reading::Through),
                Step::Head => connection.head_ends(Reading::Body),
                Step::End if in_body => connection.body_ends(),
                Step::End => connection.head_ends(Reading::Answer),
                Step::Raw => return (used, Rest::Raw),
                Step::TooLong if in_body => {
                    connection.cut(Cut::Refuse(400));
                    return (used, Rest::Nothing);
                }
                Step::TooLong => return (used, Rest::TooLong),
            }
        }
    }

    /// True when nothing more is handed on for now.
    fn waits(&self) -> bool {
        match self.framing.part() {
            Part::Start => self.at < self.ahead.len() && self.connection.is_busy(),
            Part::Length(_) | Part::Chunks => self.connection.body_waits(),
            Part::Head | Part::Through => false,
        }
    }

    /// True in a body that was not read to its end: after the response actix closes the
    /// connection, and until then keeps what arrives.
    fn is_unwanted(&self) -> bool {
        matches!(self.framing.part(), Part::Length(_)) && self.connection.is_answered()
    }

    /// Drops what has arrived of such a body; the connection ends after it.
    fn drop_unwanted(&mut self, unwanted: bool, buf: &mut ReadBuf<'_>, before: usize) {
        if unwanted {
            self.burst += buf.filled().len() - before;
            buf.set_filled(before);
            self.over |= !matches!(self.framing.part(), Part::Length(_));
        }
    }

    /// Hands on what was held back.
    fn take_ahead(&mut self, buf: &mut ReadBuf<'_>) {
        let ahead = std::mem::take(&mut self.ahead);
        let left = ahead.get(self.at..).unwrap_or_default();
        let slice = left.get(..left.len().min(buf.remaining())).unwrap_or_default();
        let (used, rest) = self.follow(slice);
        match rest {
            Rest::TooLong => return self.refuse(431),
            Rest::Raw => {
                buf.put_slice(slice.get(..used).unwrap_or_default());
                self.ahead = target::encode(left.get(used..).unwrap_or_default());
                self.at = 0;
                return;
            }
            Rest::Nothing | Rest::Later => buf.put_slice(slice.get(..used).unwrap_or_default()),
        }
        self.at += used;
        self.ahead = ahead;
        if self.at == self.ahead.len() {
            self.at = 0;
            self.ahead.clear();
            if self.ahead.capacity() > KEEP {
                self.ahead = Vec::new();
            }
        }
    }

    /// Writes a refusal, as far as the socket takes it, and reads no more.
    fn refuse(&mut self, status: u16) {
        if !self.connection.has_begun() {
            // a client that does not take these few bytes is cut off all the same
            let _ = self.io.try_write(&self.refusals.bytes(status));
        }
        self.over = true;
    }

    /// Ends the connection for its worker's clock.
    fn end(&mut self, cut: Cut) -> io::Error {
        if let (Cut::Refuse(status), false) = (cut, self.over) {
            self.refuse(status);
        }
        self.over = true;
        io::ErrorKind::TimedOut.into()
    }

    /// Writes our refusal where actix's has no body.
    fn poll_refusal(&mut self, cx: &mut Context<'_>, theirs: &[u8]) -> Poll<io::Result<usize>> {
        let (bytes, at) =
            self.refusal.get_or_insert_with(|| (self.refusals.bytes(status_of(theirs)), 0));
        while let Some(rest) = bytes.get(*at..).filter(|rest| !rest.is_empty()) {
            match Pin::new(&mut self.io).poll_write(cx, rest) {
                Poll::Ready(Ok(0)) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                Poll::Ready(Ok(written)) => *at += written,
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => {
                    self.connection.blocks(rest.len());
                    return Poll::Pending;
                }
            }
        }
        Poll::Ready(Ok(theirs.len()))
    }
}

impl AsyncRead for GuardedStream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        this.connection.remember(cx.waker());
        if let Some(cut) = this.connection.cut.get() {
            return Poll::Ready(Err(this.end(cut)));
        }
        let before = buf.filled().len();
        // an empty read means the end to actix
        while buf.filled().len() == before && !this.over {
            if this.burst >= BURST {
                this.burst = 0;
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            if this.waits() {
                this.burst = 0;
                this.connection.hold();
                return Poll::Pending;
            }
            let unwanted = this.is_unwanted();
            if this.at < this.ahead.len() {
                this.take_ahead(buf);
                this.drop_unwanted(unwanted, buf, before);
                continue;
            }
            match Pin::new(&mut this.io).poll_read(cx, buf) {
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => {
                    this.burst = 0;
                    this.connection.starves();
                    return Poll::Pending;
                }
            }
            let bytes = buf.filled().get(before..).unwrap_or_default();
            if bytes.is_empty() {
                return Poll::Ready(Ok(()));
            }
            let (used, rest) = this.follow(bytes);
            let left = bytes.get(used..).unwrap_or_default();
            match rest {
                Rest::Nothing => {}
                Rest::Later => this.ahead = left.to_vec(),
                Rest::Raw => this.ahead = target::encode(left),
                Rest::TooLong => this.refuse(431),
            }
            buf.set_filled(if this.over { before } else { before + used });
            this.drop_unwanted(unwanted, buf, before);
        }
        this.burst += buf.filled().len() - before;
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for GuardedStream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        this.connection.remember(cx.waker());
        if let Some(cut) = this.connection.cut.get() {
            return Poll::Ready(Err(this.end(cut)));
        }
        if this.connection.is_refused() {
            return this.poll_refusal(cx, buf);
        }
        let written = Pin::new(&mut this.io).poll_write(cx, buf);
        match &written {
            Poll::Ready(Ok(bytes)) => {
                let begun = this.connection.has_begun();
                let before = if !begun && buf.starts_with(CONTINUE) { CONTINUE.len() } else { 0 };
                this.connection.wrote(bytes.saturating_sub(before));
            }
            Poll::Ready(Err(_)) => {}
            Poll::Pending => this.connection.blocks(buf.len()),
        }
        written
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        this.connection.flushed();
        Pin::new(&mut this.io).poll_flush(cx)
    }

    /// Closes our half, and keeps reading for a while where the client may still be sending: it
    /// would otherwise lose the response with the connection.
    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        this.connection.remember(cx.waker());
        if !this.shut {
            ready!(Pin::new(&mut this.io).poll_shutdown(cx))?;
            this.shut = true;
            this.connection.read(Reading::Closing);
        }
        let unread = this.over
            || this.at < this.ahead.len()
            || this.framing.part() != Part::Start
            || this.connection.is_refused();
        let mut dropped = [0; 4096];
        while unread && this.lingered < LINGER && this.connection.cut.get().is_none() {
            let mut buf = ReadBuf::new(&mut dropped);
            match ready!(Pin::new(&mut this.io).poll_read(cx, &mut buf)) {
                Ok(()) if !buf.filled().is_empty() => this.lingered += buf.filled().len(),
                _ => break,
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl Drop for GuardedStream {
    fn drop(&mut self) {
        self.connection.worker().close(&self.connection);
    }
}
