//! `application/x-www-form-urlencoded`.

use actix_web::web::Bytes;

use super::charset::Charset;
use super::{Data, Parser, ParserContext, QueryParams, too_many_fields};
use crate::exceptions::Result;

/// HTML forms, `application/x-www-form-urlencoded` (`FormParser`). Bytes that are not UTF-8 are
/// read as ISO 8859-1, as in Django.
///
/// ```
/// use quintet::http::Method;
/// use quintet::parsers::{FormParser, Parser, ParserContext};
///
/// let context = ParserContext::new("application/x-www-form-urlencoded", None);
/// let data = FormParser.parse(&b"title=Dune&year=1965"[..].into(), &context)?;
/// assert_eq!(data.to_json()?, serde_json::json!({"title": "Dune", "year": "1965"}));
/// # let _ = Method::GET;
/// # Ok::<(), quintet::exceptions::ApiException>(())
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct FormParser;

impl Parser for FormParser {
    fn media_type(&self) -> &'static str {
        "application/x-www-form-urlencoded"
    }

    fn parse(&self, body: &Bytes, context: &ParserContext<'_>) -> Result<Data> {
        if context.max_fields.is_some_and(|most| QueryParams::count(body) > most) {
            return Err(too_many_fields());
        }
        let charset = context.decoder()?;
        Ok(Data::Form(match charset.decode(body) {
            Some(text) => QueryParams::parse_in(&text, charset),
            None => QueryParams::parse_in(&Charset::Latin1.decode_lossy(body), charset),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exceptions::ApiException;

    fn parsed(body: &[u8], content_type: &str) -> Result<QueryParams> {
        let context = ParserContext::new(content_type, Some(3));
        let data = FormParser.parse(&Bytes::copy_from_slice(body), &context)?;
        Ok(data.form().cloned().unwrap_or_default())
    }

    const FORM: &str = "application/x-www-form-urlencoded";

    #[test]
    fn values_are_decoded() {
        let form = parsed(b"a=1&b=%C3%A9+x&c=", FORM).unwrap();
        assert_eq!(form.get("b"), Some("é x"));
        assert_eq!(form.get("c"), Some(""));
    }

    #[test]
    fn bytes_that_are_no_utf8_are_latin1() {
        assert_eq!(parsed(b"a=\xe9", FORM).unwrap().get("a"), Some("é"));
        let latin1 = format!("{FORM}; charset=iso-8859-1");
        assert_eq!(parsed(b"a=%E9", &latin1).unwrap().get("a"), Some("é"));
    }

    #[test]
    fn a_named_charset_reads_as_well_as_none() {
        for form in [FORM.to_owned(), format!("{FORM}; charset=UTF-8")] {
            for (body, text) in [
                (&b"a=x%C3"[..], "x\u{fffd}"),
                (b"a=x%80%81y", "x\u{fffd}\u{fffd}y"),
                (b"a=%C3\xa9", "\u{fffd}\u{a9}"),
                (b"a=\xc3\xa9%C3%A9", "\u{e9}\u{e9}"),
            ] {
                assert_eq!(parsed(body, &form).unwrap().get("a"), Some(text), "{form} {body:?}");
            }
        }
    }

    #[test]
    fn a_charset_of_wide_characters_holds_other_names() {
        let wide = format!("{FORM}; charset=utf-16");
        assert_eq!(parsed(b"name=off", &wide).unwrap().get("name"), None);
        let form = parsed(b"\xff\xfea\0=\0b\0", &wide).unwrap();
        assert_eq!(form.get("a"), Some("b"));
    }

    #[test]
    fn a_codec_that_makes_no_text_is_refused() {
        for name in ["hex", "utf-7"] {
            let Err(ApiException::ParseError(Some(detail))) =
                parsed(b"a=1", &format!("{FORM}; charset={name}"))
            else {
                panic!("{name} was read");
            };
            assert_eq!(
                detail,
                crate::exceptions::Detail::new(
                    format!("Unsupported charset \"{name}\" in request Content-Type header."),
                    "parse_error"
                )
            );
        }
        assert_eq!(parsed(b"a=1", &format!("{FORM}; charset=x")).unwrap().get("a"), Some("1"));
    }

    #[test]
    fn too_many_fields_are_refused() {
        assert!(matches!(parsed(b"a&b&c&d", FORM), Err(ApiException::Suspicious(_))));
    }
}
