//! `application/x-www-form-urlencoded`.

use std::borrow::Cow;

use actix_web::web::Bytes;

use super::{Data, Parser, ParserContext, decode};
use crate::exceptions::{ApiException, Result};
use crate::request::QueryParams;

/// HTML forms. Bytes that are no UTF-8 are read as ISO 8859-1, as Django does.
#[derive(Debug, Clone, Copy, Default)]
pub struct FormParser;

impl Parser for FormParser {
    fn media_type(&self) -> &'static str {
        "application/x-www-form-urlencoded"
    }

    fn parse(&self, body: &Bytes, context: &ParserContext<'_>) -> Result<Data> {
        if context.max_fields.is_some_and(|most| QueryParams::count(body) > most) {
            return Err(ApiException::Suspicious(
                "the form has more fields than DATA_UPLOAD_MAX_NUMBER_FIELDS",
            ));
        }
        let form = match context.charset() {
            None => match std::str::from_utf8(body) {
                Ok(text) => QueryParams::parse(text),
                Err(_) => QueryParams::parse(&latin1(body)),
            },
            Some(charset) => {
                let read = |bytes: &[u8]| {
                    decode(bytes, Some(&charset)).map_or_else(|_| latin1(bytes), Cow::into_owned)
                };
                QueryParams::parse_with(&read(body), |escaped| read(escaped))
            }
        };
        Ok(Data::Form(form))
    }
}

/// Each byte as the character of its number.
fn latin1(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| char::from(*byte)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(body: &'static [u8], content_type: &str) -> Result<QueryParams> {
        let context = ParserContext::new(content_type, Some(3));
        let data = FormParser.parse(&Bytes::from_static(body), &context)?;
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
    fn too_many_fields_are_refused() {
        assert!(matches!(parsed(b"a&b&c&d", FORM), Err(ApiException::Suspicious(_))));
    }
}
