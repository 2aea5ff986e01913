//! Where a chunked body ends (RFC 9112, section 7.1).

/// How much a body may hold beside its data: extensions of chunks, and trailers.
const EXCESS: u64 = 16 * 1024;

/// What a chunk may bring beside its data without being counted, and what each byte of data allows,
/// as in Go's `net/http`.
const FREE: u64 = 16;
const FREE_PER_BYTE: u64 = 2;

/// A place in a chunked body, as actix's decoder keeps it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Place {
    #[default]
    SizeFirst,
    SizeRest,
    Space,
    Extension,
    SizeLf,
    Data,
    DataCr,
    DataLf,
    EndCr,
    EndLf,
    Trailer,
    TrailerLf,
}

/// What became of some bytes.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Chunks {
    /// All belong to the body, which continues.
    More,
    /// The body ends after this many of them.
    End(usize),
    /// It is mostly not data.
    TooLong,
    /// This is not a chunked body.
    Wrong,
}

/// Follows a chunked body without keeping it.
#[derive(Debug, Default)]
pub(super) struct ChunkCounter {
    place: Place,
    size: u64,
    /// What has come beside data, and was not free.
    excess: u64,
}

impl ChunkCounter {
    pub(super) fn feed(&mut self, bytes: &[u8]) -> Chunks {
        let mut at = 0;
        while let Some(byte) = bytes.get(at) {
            if self.place == Place::Data {
                let there = bytes.len() - at;
                let taken = usize::try_from(self.size).map_or(there, |size| size.min(there));
                self.size -= taken as u64;
                let free = FREE_PER_BYTE.saturating_mul(taken as u64);
                self.excess = self.excess.saturating_sub(free);
                at += taken;
                if self.size == 0 {
                    self.place = Place::DataCr;
                }
                continue;
            }
            at += 1;
            self.excess += 1;
            if self.excess > EXCESS {
                return Chunks::TooLong;
            }
            let Some(next) = self.step(*byte) else { return Chunks::Wrong };
            let Some(place) = next else {
                *self = Self::default();
                return Chunks::End(at);
            };
            self.place = place;
            if place == Place::Data {
                self.excess = self.excess.saturating_sub(FREE);
            }
        }
        Chunks::More
    }

    /// The place after a byte: `Some(None)` at the end, `None` where the byte is not allowed.
    #[allow(clippy::option_option, reason = "the end and a mistake are two things")]
    fn step(&mut self, byte: u8) -> Option<Option<Place>> {
        let digit = char::from(byte).to_digit(16).map(u64::from);
        Some(Some(match (self.place, byte) {
            (Place::SizeFirst, _) => {
                self.size = digit?;
                Place::SizeRest
            }
            (Place::SizeRest, _) if digit.is_some() => {
                self.size = self.size.checked_mul(16)?.checked_add(digit?)?;
                Place::SizeRest
            }
            (Place::SizeRest | Place::Space, b'\t' | b' ') => Place::Space,
            (Place::SizeRest | Place::Space, b';')
            | (Place::Extension, b'\t' | b' '..=0x7e | 0x80..) => Place::Extension,
            (Place::SizeRest | Place::Space | Place::Extension, b'\r') => Place::SizeLf,
            (Place::SizeLf, b'\n') if self.size == 0 => Place::EndCr,
            (Place::SizeLf, b'\n') => Place::Data,
            (Place::DataCr, b'\r') => Place::DataLf,
            (Place::DataLf, b'\n') => Place::SizeFirst,
            (Place::EndCr, b'\r') => Place::EndLf,
            (Place::Trailer, b'\r') => Place::TrailerLf,
            (Place::EndCr | Place::Trailer, _) => Place::Trailer,
            (Place::TrailerLf, b'\n') => Place::EndCr,
            (Place::EndLf, b'\n') => return Some(None),
            _ => return None,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_ends_behind_its_last_chunk_however_it_is_cut() {
        let body = b"4;x=y\r\nWiki\r\n5 \r\npedia\r\n0\r\nA: b\r\n\r\nGET /";
        let end = body.len() - 5;
        assert_eq!(ChunkCounter::default().feed(body), Chunks::End(end));
        for cut in 1..end {
            let mut counter = ChunkCounter::default();
            assert_eq!(counter.feed(&body[..cut]), Chunks::More, "{cut}");
            assert_eq!(counter.feed(&body[cut..]), Chunks::End(end - cut), "{cut}");
        }
    }

    #[test]
    fn a_body_may_be_in_small_chunks_and_not_in_extensions_or_trailers() {
        let small = "1\r\na\r\n".repeat(100_000) + "0\r\n\r\n";
        assert_eq!(ChunkCounter::default().feed(small.as_bytes()), Chunks::End(small.len()));
        let long = "x".repeat(20_000);
        for body in [
            format!("5;{long}"),
            format!("0\r\nA: {long}"),
            format!("5{}", " ".repeat(20_000)),
            format!("{}5", "0".repeat(20_000)),
            format!("1;{}\r\na\r\n", "x".repeat(100)).repeat(1000),
            "0\r\n".to_owned() + &"A: b\r\n".repeat(5000),
        ] {
            let mut counter = ChunkCounter::default();
            assert_eq!(counter.feed(&body.as_bytes()[..1]), Chunks::More);
            assert_eq!(counter.feed(&body.as_bytes()[1..]), Chunks::TooLong, "{:?}", &body[..9]);
        }
    }

    #[test]
    fn what_is_no_chunked_body_is_wrong() {
        for body in ["x", "4\n", "1\r\nab\r\n", "fffffffffffffffff\r\n", "0\r\n\rx", "1;\x01\r\n"] {
            assert_eq!(ChunkCounter::default().feed(body.as_bytes()), Chunks::Wrong, "{body:?}");
        }
    }
}
