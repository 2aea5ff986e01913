//! Where the requests of a connection begin and end (RFC 9112).
//!
//! This reads as actix does and keeps nothing: what actix refuses need not be followed. A unit test
//! compares it with actix's own decoder.

use memchr::memchr;

use super::chunks::{ChunkCounter, Chunks};
use super::target::is_raw;

/// The one method that changes where a request ends.
const CONNECT: &[u8] = b"CONNECT";

/// What a connection's next bytes belong to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Part {
    /// The next request, of which nothing has come.
    #[default]
    Start,
    /// The head.
    Head,
    /// A body, and how much of it is missing.
    Length(u64),
    /// A chunked body.
    Chunks,
    /// Not a request that can be followed: actix refuses it, or upgrades the connection.
    Through,
}

/// A place in the request line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Line {
    #[default]
    Method,
    Target,
    Version,
    /// Behind it: a header.
    Header,
}

/// Why [`Framing::feed`] stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// The bytes are used up.
    More,
    /// A head ends here, and its body begins.
    Head,
    /// A request ends here.
    End,
    /// Here is a character of the target that must be encoded.
    Raw,
    /// The head is longer than it may be, or what a body in chunks holds beside its data.
    TooLong,
}

/// Follows the requests of a connection.
#[derive(Debug, Default)]
pub(super) struct Framing {
    part: Part,
    line: Line,
    /// Bytes of the head so far, and of the blank lines before it.
    head: usize,
    /// What has come of a line that came in pieces.
    piece: Vec<u8>,
    /// The last byte of the request line: its version.
    version: u8,
    /// How much of [`CONNECT`] the method is so far; `None` once it is another one.
    connect: Option<usize>,
    length: Option<u64>,
    chunked: bool,
    upgrade: bool,
    refused: bool,
    chunks: ChunkCounter,
}

impl Framing {
    pub(super) fn part(&self) -> Part {
        self.part
    }

    /// Follows bytes up to the next event, and returns how many those were.
    pub(super) fn feed(&mut self, bytes: &[u8], longest: usize) -> (usize, Step) {
        match self.part {
            Part::Start => {
                let blank = bytes.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
                self.head += blank;
                if self.head > longest {
                    self.part = Part::Through;
                    return (blank, Step::TooLong);
                }
                if blank == bytes.len() {
                    return (blank, Step::More);
                }
                self.begin();
                let (used, step) = self.feed_head(bytes.get(blank..).unwrap_or_default(), longest);
                (blank + used, step)
            }
            Part::Head => self.feed_head(bytes, longest),
            Part::Length(missing) => {
                let there = bytes.len() as u64;
                if missing > there {
                    self.part = Part::Length(missing - there);
                    return (bytes.len(), Step::More);
                }
                self.part = Part::Start;
                (usize::try_from(missing).unwrap_or(bytes.len()), Step::End)
            }
            Part::Chunks => match self.chunks.feed(bytes) {
                Chunks::More => (bytes.len(), Step::More),
                Chunks::End(used) => {
                    self.part = Part::Start;
                    (used, Step::End)
                }
                Chunks::TooLong => {
                    self.part = Part::Through;
                    (bytes.len(), Step::TooLong)
                }
                Chunks::Wrong => {
                    self.part = Part::Through;
                    (bytes.len(), Step::More)
                }
            },
            Part::Through => (bytes.len(), Step::More),
        }
    }

    fn begin(&mut self) {
        self.part = Part::Head;
        self.line = Line::Method;
        self.version = 0;
        self.connect = Some(0);
        self.length = None;
        self.chunked = false;
        self.upgrade = false;
        self.refused = false;
        self.chunks = ChunkCounter::default();
    }

    fn feed_head(&mut self, bytes: &[u8], longest: usize) -> (usize, Step) {
        let mut used = 0;
        let step = loop {
            let rest = bytes.get(used..).unwrap_or_default();
            if rest.is_empty() {
                break Step::More;
            }
            if self.line == Line::Header {
                let Some(end) = memchr(b'\n', rest) else {
                    used = bytes.len();
                    if self.head + used <= longest {
                        self.piece.extend_from_slice(rest);
                    }
                    break Step::More;
                };
                used += end + 1;
                let line = rest.get(..end).unwrap_or_default();
                if self.header(line) {
                    break self.end_of_head();
                }
            } else {
                let (taken, raw) = self.request_line(rest);
                used += taken;
                if raw {
                    break Step::Raw;
                }
            }
        };
        self.head += used;
        if self.head > longest {
            self.part = Part::Through;
            return (used, Step::TooLong);
        }
        if matches!(step, Step::Head | Step::End) {
            self.head = 0;
        }
        (used, step)
    }

    /// Follows the request line; true when it stopped at a character to be encoded.
    fn request_line(&mut self, bytes: &[u8]) -> (usize, bool) {
        for (at, byte) in bytes.iter().enumerate() {
            match (self.line, byte) {
                (_, b'\n') => {
                    self.line = Line::Header;
                    return (at + 1, false);
                }
                (Line::Method, b' ') => self.line = Line::Target,
                (Line::Method, byte) => {
                    let next = self.connect.filter(|at| CONNECT.get(*at) == Some(byte));
                    self.connect = next.map(|at| at + 1);
                }
                (Line::Target, b' ') => self.line = Line::Version,
                (Line::Target, byte) if is_raw(*byte) => return (at, true),
                (Line::Version, byte) if *byte != b'\r' => self.version = *byte,
                _ => {}
            }
        }
        (bytes.len(), false)
    }

    /// Reads a line after the request line; true for the empty one.
    fn header(&mut self, rest: &[u8]) -> bool {
        if self.piece.is_empty() {
            return self.read_header(rest);
        }
        let mut line = std::mem::take(&mut self.piece);
        line.extend_from_slice(rest);
        let is_last = self.read_header(&line);
        line.clear();
        // the buffer of a head that came in pieces is not kept for the life of the connection
        if line.capacity() <= 1024 {
            self.piece = line;
        }
        is_last
    }

    fn read_header(&mut self, line: &[u8]) -> bool {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        match line.first() {
            None => return true,
            Some(b'C' | b'c' | b'T' | b't' | b'U' | b'u') => {}
            // names in small letters and in large ones
            Some(_) => return false,
        }
        let Some(colon) = memchr(b':', line) else { return false };
        let (name, value) = line.split_at(colon);
        let value = value.get(1..).unwrap_or_default();
        if name.eq_ignore_ascii_case(b"content-length") {
            self.refused |= self.length.is_some();
            self.length = content_length(value);
            self.refused |= self.length.is_none();
        } else if name.eq_ignore_ascii_case(b"transfer-encoding") {
            let is_chunked = value.trim_ascii().eq_ignore_ascii_case(b"chunked");
            self.refused |= self.chunked || !is_chunked || self.version != b'1';
            self.chunked = true;
        } else if name.eq_ignore_ascii_case(b"upgrade") {
            self.upgrade |= value.trim_ascii().eq_ignore_ascii_case(b"websocket");
        }
        false
    }

    fn end_of_head(&mut self) -> Step {
        let length = self.length.unwrap_or_default();
        self.part = if self.refused || self.chunked && self.length.is_some() {
            Part::Through
        } else if self.chunked {
            Part::Chunks
        } else if self.upgrade {
            Part::Through
        } else if length > 0 {
            Part::Length(length)
        } else if self.connect == Some(CONNECT.len()) {
            Part::Through
        } else {
            Part::Start
        };
        if self.part == Part::Start { Step::End } else { Step::Head }
    }
}

/// The value of `Content-Length`, as actix takes it.
fn content_length(value: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(value).ok()?.trim();
    if text.starts_with('+') { None } else { text.parse().ok() }
}

#[cfg(test)]
mod tests {
    use actix_codec::Decoder;
    use actix_http::h1::{Codec, Message, MessageType};
    use actix_web::web::BytesMut;

    use super::*;

    const LONGEST: usize = 32 * 1024;

    /// Where each request ends for actix; what it refuses ends nowhere.
    fn by_actix(bytes: &[u8]) -> Vec<usize> {
        let mut codec = Codec::default();
        let mut left = BytesMut::from(bytes);
        let mut ends = Vec::new();
        while let Ok(Some(message)) = codec.decode(&mut left) {
            let ended = match message {
                Message::Item(_) => codec.message_type() == MessageType::None,
                Message::Chunk(chunk) => chunk.is_none(),
            };
            if ended {
                ends.push(bytes.len() - left.len());
            }
        }
        ends
    }

    /// Our result, with the bytes in pieces of a size.
    fn by_us(bytes: &[u8], piece: usize) -> Vec<usize> {
        let mut framing = Framing::default();
        let (mut at, mut ends) = (0, Vec::new());
        while at < bytes.len() {
            let (used, step) = framing.feed(&bytes[at..bytes.len().min(at + piece)], LONGEST);
            at += used;
            match step {
                Step::End => ends.push(at),
                Step::Raw | Step::TooLong => panic!("{step:?} at {at}"),
                Step::More | Step::Head => {}
            }
        }
        ends
    }

    #[actix_web::test]
    async fn requests_end_where_they_end_for_actix() {
        let get = "GET /a HTTP/1.1\r\nHost: a\r\n";
        let post = "POST /a HTTP/1.1\r\nhost: a\r\n";
        let next = "GET /b HTTP/1.1\r\nHost: b\r\n\r\n";
        let mut refused = 0;
        for request in [
            format!("{get}\r\n"),
            format!("\r\n\n{get}\n"),
            "GET /a HTTP/1.1\nHost: a\nContent-Length: 2\n\nab".to_owned(),
            format!("{post}Content-Length: 5\r\n\r\nGET /"),
            format!("{post}CONTENT-LENGTH:  005 \r\n\r\nhello"),
            format!("{post}Content-Length: 0\r\n\r\n"),
            format!("{post}Content-Length: +5\r\n\r\nhello"),
            format!("{post}Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello"),
            format!("{post}Content-Length : 5\r\n\r\nhello"),
            format!("{post}X: y\r\n Content-Length: 5\r\n\r\nhello"),
            format!("{post}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"),
            format!("{post}transfer-encoding: Chunked\r\n\r\n1;a=b\r\nx\r\n0\r\nA: b\r\n\r\n"),
            format!("{post}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"),
            format!("{post}Transfer-Encoding: identity\r\n\r\n"),
            format!("{post}Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n"),
            format!(
                "{post}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
            ),
            format!("{post}Transfer-Encoding: chunked\r\n\r\nx\r\n"),
            format!("{get}Upgrade: websocket\r\n\r\n"),
            format!("{get}Upgrade: h2c\r\n\r\n"),
            "CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(),
            "CONNECT a:80 HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n".to_owned(),
            "XCONNECT / HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(),
            "AACONNECT / HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(),
            "CONNECTCONNECT / HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(),
            "ONNECT / HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(),
            "connect / HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(),
            format!("{post}Upgrade: websocket\r\nContent-Length: 5\r\n\r\nhello"),
            "GET /a HTTP/1.0\r\n\r\n".to_owned(),
            "POST /a HTTP/1.0\r\nContent-Length: 2\r\n\r\nab".to_owned(),
            "POST /a HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n".to_owned(),
            "GET /a HTTP/1.1\r\n\r\n".to_owned(),
            "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(),
            "GARBAGE\r\n\r\n".to_owned(),
        ] {
            let bytes = [&request, next, next].concat();
            let ends = by_actix(bytes.as_bytes());
            for piece in [1, 2, 7, bytes.len()] {
                let ours = by_us(bytes.as_bytes(), piece);
                if ends.is_empty() {
                    // nothing behind a refusal is read
                    refused += usize::from(piece == 1);
                } else {
                    assert_eq!(ours, ends, "{request:?} in pieces of {piece}");
                }
            }
        }
        assert_eq!(refused, 17);
    }

    #[test]
    fn a_head_that_is_too_long_is_told_so() {
        let mut framing = Framing::default();
        assert_eq!(framing.feed(b"GET / HTTP/1.1\r\n", 64), (16, Step::More));
        assert_eq!(framing.feed(&[b'a'; 48], 64), (48, Step::More));
        assert_eq!(framing.feed(b"a", 64), (1, Step::TooLong));
    }

    #[test]
    fn blank_lines_before_a_head_count_as_part_of_it() {
        let mut framing = Framing::default();
        for _ in 0..3 {
            assert_eq!(framing.feed(b"\r\n\r\nGET / HTTP/1.1\r\n\r\n", 64), (22, Step::End));
        }
        assert_eq!(framing.feed(&[b'\n'; 60], 64), (60, Step::More));
        assert_eq!(framing.feed(b"GET / HTTP/1.1\r\n\r\n", 64), (18, Step::TooLong));
        let mut framing = Framing::default();
        assert_eq!(framing.feed(&[b'\r'; 64], 64), (64, Step::More));
        assert_eq!(framing.feed(b"\r", 64), (1, Step::TooLong));
    }

    #[test]
    fn raw_characters_stop_in_the_target_alone() {
        let mut framing = Framing::default();
        let request = b"GET /a?b=\"c HTTP/1.1\r\nX: \"\r\n\r\n";
        assert_eq!(framing.feed(request, LONGEST), (9, Step::Raw));
        assert_eq!(framing.feed(b"%22c HTTP/1.1\r\nX: \"\r\n\r\n", LONGEST).1, Step::End);
    }
}
