//! Bytes to text, with the messages of Python's codecs for invalid bytes.

mod names;
mod table;
mod unicode;

use std::borrow::Cow;

use encoding_rs::Encoding;

use names::Named;

/// A charset that the `Content-Type` of a body names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Charset {
    /// `utf-8`
    Utf8,
    /// `utf-8-sig`: with or without a byte order mark.
    Utf8Sig,
    /// `ascii`
    Ascii,
    /// `latin-1`
    Latin1,
    /// `utf-16`; `None` means that a byte order mark gives the order.
    Utf16(Option<Order>),
    /// `utf-32`; `None` means that a byte order mark gives the order.
    Utf32(Option<Order>),
    /// One byte per character; 0x80 to 0x9F are control characters.
    Iso(&'static Encoding),
    /// One byte per character.
    Table(&'static Encoding),
    /// Several bytes per character, and the name in messages.
    Multi(&'static Encoding, &'static str),
}

/// Which byte of a number comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    /// The most significant one.
    Big,
    /// The least significant one.
    Little,
}

/// Bytes that do not form a character.
struct Fault {
    codec: &'static str,
    at: usize,
    length: usize,
    reason: &'static str,
    /// They are the beginning of a character that is cut short by the end.
    cut: bool,
}

impl Fault {
    /// As Python's `UnicodeDecodeError` prints it.
    fn text(&self, bytes: &[u8]) -> String {
        let Self { codec, at, length, reason, .. } = *self;
        if length == 1 {
            let byte = bytes.get(at).copied().unwrap_or_default();
            format!("'{codec}' codec can't decode byte 0x{byte:02x} in position {at}: {reason}")
        } else {
            let last = (at + length).saturating_sub(1);
            format!("'{codec}' codec can't decode bytes in position {at}-{last}: {reason}")
        }
    }
}

/// The output of decoding: characters, and how to handle a fault.
struct Sink<'s> {
    text: String,
    /// True to continue after a fault, with U+FFFD in its place.
    fault: &'s mut dyn FnMut(Fault) -> bool,
}

impl Sink<'_> {
    fn fault(&mut self, fault: Fault) -> bool {
        let goes_on = (self.fault)(fault);
        if goes_on {
            self.text.push('\u{fffd}');
        }
        goes_on
    }
}

impl Charset {
    /// The charset of a name in Python's spellings; UTF-8 for one that Python does not know, as in
    /// Django. `None` for a Python codec that is not supported: one that does not decode text
    /// (`hex`), or a rare one.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        match names::find(name) {
            Named::Known(charset) => Some(charset),
            Named::Refused => None,
            Named::Unknown => Some(Self::Utf8),
        }
    }

    /// True for a name that Python knows.
    pub(crate) fn is_known(name: &str) -> bool {
        names::find(name) != Named::Unknown
    }

    /// Reads a whole body as a stream, which is how DRF reads JSON: in most charsets, a character
    /// that is cut short at the very end is dropped silently.
    ///
    /// # Errors
    /// Python's message for invalid bytes.
    pub(crate) fn read(self, bytes: &[u8]) -> Result<Cow<'_, str>, String> {
        let mut error = None;
        let text = self.run(bytes, &mut |fault| {
            if !fault.cut || matches!(self, Self::Multi(..)) {
                error = Some(fault.text(bytes));
            }
            false
        });
        let (bits, width) = match self {
            Self::Utf16(None) => (16, 2),
            Self::Utf32(None) => (32, 4),
            _ => return error.map_or(Ok(text), Err),
        };
        if error.is_none() && bytes.len() >= width && unicode::order(bytes, width).is_none() {
            error = Some(format!("UTF-{bits} stream does not start with BOM"));
        }
        error.map_or(Ok(text), Err)
    }

    /// Decodes a text; `None` when some bytes are invalid.
    pub(crate) fn decode(self, bytes: &[u8]) -> Option<Cow<'_, str>> {
        let mut is_text = true;
        let text = self.run(bytes, &mut |_| {
            is_text = false;
            false
        });
        is_text.then_some(text)
    }

    /// Decodes a text; invalid bytes become U+FFFD.
    pub(crate) fn decode_lossy(self, bytes: &[u8]) -> Cow<'_, str> {
        self.run(bytes, &mut |_| true)
    }

    fn run<'b>(self, bytes: &'b [u8], fault: &mut dyn FnMut(Fault) -> bool) -> Cow<'b, str> {
        if let Self::Utf8 | Self::Ascii | Self::Latin1 | Self::Iso(_) | Self::Table(_) = self
            && bytes.is_ascii()
        {
            return std::str::from_utf8(bytes).unwrap_or_default().into();
        }
        if self == Self::Utf8
            && let Ok(text) = std::str::from_utf8(bytes)
        {
            return text.into();
        }
        let mut sink = Sink { text: String::with_capacity(bytes.len()), fault };
        match self {
            Self::Utf8 => unicode::utf8(bytes, 0, &mut sink),
            Self::Utf8Sig => {
                let skip = if bytes.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
                unicode::utf8(bytes, skip, &mut sink);
            }
            Self::Utf16(order) => unicode::utf16(bytes, order, &mut sink),
            Self::Utf32(order) => unicode::utf32(bytes, order, &mut sink),
            Self::Ascii => table::ascii(bytes, &mut sink),
            Self::Latin1 => sink.text.extend(bytes.iter().copied().map(char::from)),
            Self::Iso(encoding) => table::single(bytes, encoding, true, &mut sink),
            Self::Table(encoding) => table::single(bytes, encoding, false, &mut sink),
            Self::Multi(encoding, codec) => table::multi(bytes, encoding, codec, &mut sink),
        }
        sink.text.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn charset(name: &str) -> Charset {
        Charset::from_name(name).unwrap()
    }

    #[test]
    fn names_are_those_of_python() {
        assert_eq!(charset("UTF-8"), Charset::Utf8);
        assert_eq!(charset("latin 1"), Charset::Latin1);
        assert_eq!(charset("ISO-8859-1"), Charset::Latin1);
        assert_eq!(charset("utf--16__LE"), Charset::Utf16(Some(Order::Little)));
        assert_eq!(charset("ansi_x3.4-1968"), Charset::Ascii);
        assert_eq!(charset("Windows-1252"), Charset::Table(encoding_rs::WINDOWS_1252));
        assert_eq!(charset("klingon"), Charset::Utf8);
        assert_eq!(charset(""), Charset::Utf8);
        for name in ["hex", "base64", "bz2_codec", "rot13", "undefined", "utf-7", "cp037"] {
            assert_eq!(Charset::from_name(name), None, "{name}");
        }
        assert!(Charset::is_known("hex") && !Charset::is_known("klingon"));
    }

    #[test]
    fn a_charset_reads_what_python_reads_with_it() {
        for (name, bytes, text) in [
            ("cp1252", &b"n\xe9\x80"[..], "né€"),
            ("iso-8859-15", b"\xa4\x85", "€\u{85}"),
            ("iso8859-9", b"\xf0\x85", "ğ\u{85}"),
            ("cp1251", b"\xdf", "Я"),
            ("koi8-r", b"\xc1", "а"),
            ("cp866", b"\x80", "А"),
            ("mac-roman", b"\x8e", "é"),
            ("gbk", b"\xc4\xe3", "你"),
            ("shift_jis", b"\x82\xa0", "あ"),
            ("euc-kr", b"\xb0\xa1", "가"),
            ("big5", b"\xa4\xa4", "中"),
            ("utf-8-sig", b"\xef\xbb\xbfa", "a"),
            ("utf-16", b"\xff\xfea\0", "a"),
            ("utf-16-be", b"\0a", "a"),
            ("utf-32", b"\0\0\xfe\xff\0\0\0a", "a"),
        ] {
            assert_eq!(charset(name).read(bytes).as_deref(), Ok(text), "{name}");
            assert_eq!(charset(name).decode(bytes).as_deref(), Some(text), "{name}");
            assert_eq!(charset(name).decode_lossy(bytes), text, "{name}");
        }
    }

    #[test]
    fn bytes_that_are_no_text_are_named_as_python_names_them() {
        for (name, bytes, text) in [
            ("ascii", &b"a\xe9"[..], "byte 0xe9 in position 1: ordinal not in range(128)"),
            ("cp1252", b"a\x81", "byte 0x81 in position 1: character maps to <undefined>"),
            ("iso8859-6", b"\xff", "byte 0xff in position 0: character maps to <undefined>"),
            ("utf-8", b"\xff", "byte 0xff in position 0: invalid start byte"),
            ("utf-8", b"\xf0\x9f\"", "bytes in position 0-1: invalid continuation byte"),
            ("gbk", b"a\xff", "byte 0xff in position 1: illegal multibyte sequence"),
            ("gbk", b"a\xc4", "byte 0xc4 in position 1: incomplete multibyte sequence"),
            ("utf-16-le", b"\0\xdc", "bytes in position 0-1: illegal encoding"),
        ] {
            let error = charset(name).read(bytes).unwrap_err();
            assert!(error.ends_with(&format!(" codec can't decode {text}")), "{name}: {error}");
            assert_eq!(charset(name).decode(bytes), None, "{name}");
        }
        assert_eq!(
            charset("utf-16").read(b"{\0").unwrap_err(),
            "UTF-16 stream does not start with BOM"
        );
        assert_eq!(charset("utf-16").decode(b"{\0").unwrap(), "{");
    }

    #[test]
    fn a_stream_drops_a_character_that_is_cut_short_and_a_text_does_not() {
        for (name, bytes) in [("utf-8", &b"a\xc3"[..]), ("utf-16-le", b"a\0\xe9")] {
            assert_eq!(charset(name).read(bytes).as_deref(), Ok("a"), "{name}");
            assert_eq!(charset(name).decode(bytes), None, "{name}");
            assert_eq!(charset(name).decode_lossy(bytes), "a\u{fffd}", "{name}");
        }
    }

    #[test]
    fn what_is_no_text_becomes_replacement_characters_one_for_each_fault() {
        assert_eq!(
            charset("utf-8").decode_lossy(b"x\x80\x81y\xe2\x82"),
            "x\u{fffd}\u{fffd}y\u{fffd}"
        );
        assert_eq!(charset("ascii").decode_lossy(b"\xc3\xa9"), "\u{fffd}\u{fffd}");
        assert_eq!(charset("cp1252").decode_lossy(b"\x81a"), "\u{fffd}a");
        assert_eq!(charset("utf-16-le").decode_lossy(b"\0\xd8a\0"), "\u{fffd}a");
    }
}
