//! Charsets of one or several bytes per character, by their tables.

use encoding_rs::{Decoder, DecoderResult, Encoding};

use super::{Fault, Sink};

pub(super) fn ascii(bytes: &[u8], sink: &mut Sink<'_>) {
    for (at, byte) in bytes.iter().enumerate() {
        let reason = "ordinal not in range(128)";
        if byte.is_ascii() {
            sink.text.push(char::from(*byte));
        } else if !sink.fault(Fault { codec: "ascii", at, length: 1, reason, cut: false }) {
            return;
        }
    }
}

/// One byte per character. Where Python's tables have gaps, those of browsers have control
/// characters: in ISO charsets these are kept, in others they count as gaps.
pub(super) fn single(bytes: &[u8], encoding: &'static Encoding, iso: bool, sink: &mut Sink<'_>) {
    // no state from one byte to the next; a form is decoded in pieces of a byte or two, so nothing
    // may be prepared here
    let mut decoder = encoding.new_decoder_without_bom_handling();
    for (at, byte) in bytes.iter().enumerate() {
        let found = match byte {
            0..0x80 => Some(char::from(*byte)),
            0x80..0xA0 if iso => Some(char::from(*byte)),
            _ => upper(*byte, &mut decoder),
        };
        let reason = "character maps to <undefined>";
        if let Some(c) = found {
            sink.text.push(c);
        } else if !sink.fault(Fault { codec: "charmap", at, length: 1, reason, cut: false }) {
            return;
        }
    }
}

/// What a byte of the upper half stands for.
fn upper(byte: u8, decoder: &mut Decoder) -> Option<char> {
    let mut text = [0; 4];
    let (result, _, written) =
        decoder.decode_to_utf8_without_replacement(&[byte], &mut text, false);
    if result != DecoderResult::InputEmpty {
        return None;
    }
    let found = std::str::from_utf8(text.get(..written)?).ok()?.chars().next();
    found.filter(|c| !matches!(c, '\u{80}'..'\u{a0}'))
}

pub(super) fn multi(
    bytes: &[u8],
    encoding: &'static Encoding,
    codec: &'static str,
    sink: &mut Sink<'_>,
) {
    let mut decoder = encoding.new_decoder_without_bom_handling();
    let mut read = 0;
    loop {
        let rest = bytes.get(read..).unwrap_or_default();
        let room = decoder.max_utf8_buffer_length_without_replacement(rest.len()).unwrap_or(0);
        sink.text.reserve(room);
        let (result, taken) =
            decoder.decode_to_string_without_replacement(rest, &mut sink.text, true);
        read += taken;
        match result {
            DecoderResult::InputEmpty => return,
            DecoderResult::OutputFull if room == 0 => return,
            DecoderResult::OutputFull => {}
            DecoderResult::Malformed(length, behind) => {
                let (length, behind) = (usize::from(length), usize::from(behind));
                let at = read.saturating_sub(length + behind);
                let cut = at + length >= bytes.len() && bytes.get(at).is_some_and(|b| *b < 0xFF);
                let reason = if cut {
                    "incomplete multibyte sequence"
                } else {
                    "illegal multibyte sequence"
                };
                if !sink.fault(Fault { codec, at, length, reason, cut }) {
                    return;
                }
            }
        }
    }
}
