//! Characters that appear unescaped in URLs though they should not: `"` in a query, a backtick in a
//! path.
//!
//! Browsers and curl send them, gunicorn and Django accept them, and the parser of `http` refuses
//! some. They are percent-encoded before it sees them, which does not change their meaning.

/// True for a visible ASCII character that is not allowed in a URL (RFC 3986, appendix A).
pub(super) fn is_raw(byte: u8) -> bool {
    matches!(byte, b'"' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{' | b'|' | b'}')
}

/// The rest of a request from inside its target on, with those characters of the target encoded.
pub(super) fn encode(rest: &[u8]) -> Vec<u8> {
    let end = rest.iter().position(|byte| matches!(byte, b' ' | b'\n')).unwrap_or(rest.len());
    let (target, after) = rest.split_at(end);
    let mut encoded = Vec::with_capacity(rest.len() + 64);
    for byte in target {
        if is_raw(*byte) {
            encoded.extend_from_slice(percent_encoding::percent_encode_byte(*byte).as_bytes());
        } else {
            encoded.push(*byte);
        }
    }
    encoded.extend_from_slice(after);
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_target_is_encoded() {
        let rest = b"/a\"<b>%22?c=`{|}^\\ HTTP/1.1\r\nX: \"<>\"\r\n\r\n";
        assert_eq!(
            encode(rest),
            b"/a%22%3Cb%3E%22?c=%60%7B%7C%7D%5E%5C HTTP/1.1\r\nX: \"<>\"\r\n\r\n"
        );
        assert_eq!(encode(b"a|b"), b"a%7Cb");
    }
}
