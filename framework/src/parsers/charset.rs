//! Bytes to text, with the words of Python's codecs when they are no text.
//!
//! DRF reads a body through a stream, so a character that is cut short at the very end of the
//! body is dropped without a word.

use std::borrow::Cow;

/// The encodings that a `charset` parameter can name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Charset {
    Utf8,
    Utf8Sig,
    Ascii,
    Latin1,
    /// With a byte order mark.
    Utf16,
    Utf16Le,
    Utf16Be,
    /// With a byte order mark.
    Utf32,
    Utf32Le,
    Utf32Be,
}

impl Charset {
    /// The encoding of a name in Python's spellings; UTF-8 for a name that is not known, as
    /// Django has it.
    pub(super) fn from_name(name: &str) -> Self {
        let name: String = name
            .trim()
            .chars()
            .map(|c| if c == '_' || c == ' ' { '-' } else { c.to_ascii_lowercase() })
            .collect();
        match name.as_str() {
            "utf-8-sig" => Self::Utf8Sig,
            "ascii" | "us-ascii" | "646" => Self::Ascii,
            "latin-1" | "latin1" | "latin" | "l1" | "iso-8859-1" | "iso8859-1" | "8859"
            | "cp819" => Self::Latin1,
            "utf-16" | "utf16" | "u16" => Self::Utf16,
            "utf-16-le" | "utf-16le" | "unicodelittleunmarked" => Self::Utf16Le,
            "utf-16-be" | "utf-16be" | "unicodebigunmarked" => Self::Utf16Be,
            "utf-32" | "utf32" | "u32" => Self::Utf32,
            "utf-32-le" | "utf-32le" => Self::Utf32Le,
            "utf-32-be" | "utf-32be" => Self::Utf32Be,
            _ => Self::Utf8,
        }
    }

    /// Decodes a whole body.
    pub(super) fn decode(self, bytes: &[u8]) -> Result<Cow<'_, str>, String> {
        match self {
            Self::Utf8 => utf8(bytes).map(Cow::Borrowed),
            Self::Utf8Sig => {
                utf8(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)).map(Cow::Borrowed)
            }
            Self::Ascii => match bytes.iter().position(|byte| !byte.is_ascii()) {
                None => utf8(bytes).map(Cow::Borrowed),
                Some(at) => Err(refusal("ascii", bytes, at, 1, "ordinal not in range(128)")),
            },
            Self::Latin1 => Ok(Cow::Owned(bytes.iter().copied().map(char::from).collect())),
            Self::Utf16 => match bytes {
                [] => Ok(Cow::Borrowed("")),
                [0xFF, 0xFE, ..] => utf16(bytes, 2, false),
                [0xFE, 0xFF, ..] => utf16(bytes, 2, true),
                _ => Err("UTF-16 stream does not start with BOM".to_owned()),
            },
            Self::Utf16Le => utf16(bytes, 0, false),
            Self::Utf16Be => utf16(bytes, 0, true),
            Self::Utf32 => match bytes {
                [] => Ok(Cow::Borrowed("")),
                [0xFF, 0xFE, 0, 0, ..] => utf32(bytes, 4, false),
                [0, 0, 0xFE, 0xFF, ..] => utf32(bytes, 4, true),
                _ => Err("UTF-32 stream does not start with BOM".to_owned()),
            },
            Self::Utf32Le => utf32(bytes, 0, false),
            Self::Utf32Be => utf32(bytes, 0, true),
        }
    }
}

/// UTF-8; an incomplete last character is dropped.
pub(super) fn utf8(bytes: &[u8]) -> Result<&str, String> {
    let error = match std::str::from_utf8(bytes) {
        Ok(text) => return Ok(text),
        Err(error) => error,
    };
    let at = error.valid_up_to();
    let Some(length) = error.error_len() else {
        return Ok(bytes.get(..at).and_then(|head| std::str::from_utf8(head).ok()).unwrap_or(""));
    };
    let lead = bytes.get(at).copied().unwrap_or_default();
    let reason = if matches!(lead, 0xC2..=0xF4) {
        "invalid continuation byte"
    } else {
        "invalid start byte"
    };
    Err(refusal("utf-8", bytes, at, length, reason))
}

fn utf16(bytes: &[u8], skip: usize, big: bool) -> Result<Cow<'_, str>, String> {
    let codec = if big { "utf-16-be" } else { "utf-16-le" };
    let mut text = String::with_capacity(bytes.len() / 2);
    let units = bytes.get(skip..).unwrap_or_default().chunks_exact(2).map(|pair| match pair {
        [a, b] if big => u16::from_be_bytes([*a, *b]),
        [a, b] => u16::from_le_bytes([*a, *b]),
        _ => 0,
    });
    let count = bytes.len().saturating_sub(skip) / 2;
    let mut at = 0;
    for unit in char::decode_utf16(units) {
        match unit {
            Ok(c) => {
                text.push(c);
                at += c.len_utf16();
            }
            // a high surrogate whose other half has not come yet
            Err(error) if (0xD800..0xDC00).contains(&error.unpaired_surrogate()) => {
                if at + 1 == count {
                    break;
                }
                let start = skip + at * 2;
                return Err(refusal(codec, bytes, start, 2, "illegal UTF-16 surrogate"));
            }
            Err(_) => return Err(refusal(codec, bytes, skip + at * 2, 2, "illegal encoding")),
        }
    }
    Ok(Cow::Owned(text))
}

fn utf32(bytes: &[u8], skip: usize, big: bool) -> Result<Cow<'_, str>, String> {
    let codec = if big { "utf-32-be" } else { "utf-32-le" };
    let mut text = String::with_capacity(bytes.len() / 4);
    let words = bytes.get(skip..).unwrap_or_default().chunks_exact(4);
    for (index, word) in words.enumerate() {
        let &[a, b, c, d] = word else { continue };
        let code =
            if big { u32::from_be_bytes([a, b, c, d]) } else { u32::from_le_bytes([a, b, c, d]) };
        let Some(c) = char::from_u32(code) else {
            let reason = if code > 0x0010_FFFF {
                "code point not in range(0x110000)"
            } else {
                "code point in surrogate code point range(0xd800, 0xe000)"
            };
            return Err(refusal(codec, bytes, skip + index * 4, 4, reason));
        };
        text.push(c);
    }
    Ok(Cow::Owned(text))
}

fn refusal(codec: &str, bytes: &[u8], at: usize, length: usize, reason: &str) -> String {
    if length == 1 {
        let byte = bytes.get(at).copied().unwrap_or_default();
        format!("'{codec}' codec can't decode byte 0x{byte:02x} in position {at}: {reason}")
    } else {
        let last = at + length - 1;
        format!("'{codec}' codec can't decode bytes in position {at}-{last}: {reason}")
    }
}
