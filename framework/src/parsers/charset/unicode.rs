//! UTF-8, UTF-16 and UTF-32.

use super::{Fault, Order, Sink};

/// The order that a byte order mark of this width gives.
pub(super) fn order(bytes: &[u8], width: usize) -> Option<Order> {
    match (width, bytes) {
        (2, [0xFF, 0xFE, ..]) | (4, [0xFF, 0xFE, 0, 0, ..]) => Some(Order::Little),
        (2, [0xFE, 0xFF, ..]) | (4, [0, 0, 0xFE, 0xFF, ..]) => Some(Order::Big),
        _ => None,
    }
}

/// The order of the bytes and where the text begins; without a mark it is that of the machine.
fn start(bytes: &[u8], width: usize, given: Option<Order>) -> (Order, usize) {
    match (given, order(bytes, width)) {
        (Some(given), _) => (given, 0),
        (None, Some(marked)) => (marked, width),
        (None, None) => (Order::Little, 0),
    }
}

pub(super) fn utf8(bytes: &[u8], skip: usize, sink: &mut Sink<'_>) {
    let mut at = skip;
    for chunk in bytes.get(skip..).unwrap_or_default().utf8_chunks() {
        sink.text.push_str(chunk.valid());
        at += chunk.valid().len();
        let wrong = chunk.invalid();
        let Some(lead) = wrong.first() else { return };
        let cut = at + wrong.len() == bytes.len() && is_beginning(wrong);
        let reason = if cut {
            "unexpected end of data"
        } else if matches!(lead, 0xC2..=0xF4) {
            "invalid continuation byte"
        } else {
            "invalid start byte"
        };
        if !sink.fault(Fault { codec: "utf-8", at, length: wrong.len(), reason, cut }) {
            return;
        }
        at += wrong.len();
    }
}

/// True for bytes that a character may begin with.
fn is_beginning(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_err_and(|error| error.error_len().is_none())
}

pub(super) fn utf16(bytes: &[u8], given: Option<Order>, sink: &mut Sink<'_>) {
    let (order, mut at) = start(bytes, 2, given);
    let codec = if order == Order::Big { "utf-16-be" } else { "utf-16-le" };
    let unit = |at: usize| {
        let pair = bytes.get(at..)?.first_chunk()?;
        Some(if order == Order::Big {
            u16::from_be_bytes(*pair)
        } else {
            u16::from_le_bytes(*pair)
        })
    };
    while at < bytes.len() {
        let next = unit(at).map(|high| (high, unit(at + 2)));
        let fault = |length, reason, cut| Fault { codec, at, length, reason, cut };
        let wrong = match next {
            None => fault(bytes.len() - at, "truncated data", true),
            Some((high @ 0xD800..0xDC00, Some(low @ 0xDC00..0xE000))) => {
                sink.text.extend(char::decode_utf16([high, low]).flatten());
                at += 4;
                continue;
            }
            Some((0xD800..0xDC00, None)) => fault(bytes.len() - at, "unexpected end of data", true),
            Some((0xD800..0xDC00, Some(_))) => fault(2, "illegal UTF-16 surrogate", false),
            Some((0xDC00..0xE000, _)) => fault(2, "illegal encoding", false),
            Some((unit, _)) => {
                sink.text.extend(char::from_u32(unit.into()));
                at += 2;
                continue;
            }
        };
        let length = wrong.length;
        if !sink.fault(wrong) {
            return;
        }
        at += length;
    }
}

pub(super) fn utf32(bytes: &[u8], given: Option<Order>, sink: &mut Sink<'_>) {
    let (order, start) = start(bytes, 4, given);
    let codec = if order == Order::Big { "utf-32-be" } else { "utf-32-le" };
    for (index, word) in bytes.get(start..).unwrap_or_default().chunks(4).enumerate() {
        let (code, reason, cut) = match word.first_chunk::<4>() {
            None => (None, "truncated data", true),
            Some(word) if order == Order::Big => (Some(u32::from_be_bytes(*word)), "", false),
            Some(word) => (Some(u32::from_le_bytes(*word)), "", false),
        };
        if let Some(c) = code.and_then(char::from_u32) {
            sink.text.push(c);
            continue;
        }
        let reason = match code {
            None => reason,
            Some(0xD800..0xE000) => "code point in surrogate code point range(0xd800, 0xe000)",
            Some(_) => "code point not in range(0x110000)",
        };
        let at = start + index * 4;
        if !sink.fault(Fault { codec, at, length: word.len(), reason, cut }) {
            return;
        }
    }
}
