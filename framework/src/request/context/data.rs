//! The data of a request's body.

use std::borrow::Cow;

use actix_web::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};

use super::super::{Body, QueryParams};
use super::Context;
use crate::exceptions::{ApiException, Result};
use crate::negotiation;
use crate::parsers::{self, BodyReader, Data, Parser, ParserContext};

impl Context {
    /// The data of the body (`request.data`), parsed according to its `Content-Type`. It shares the
    /// body's bytes and does not borrow from the context.
    ///
    /// # Errors
    /// 415 if no parser of the view reads the type, 400 if the parser refuses the body, and
    /// Django's 400 page if the body is longer than `DATA_UPLOAD_MAX_MEMORY_SIZE`. 500 before the
    /// view if the body is longer than 16 KiB and nobody called
    /// [`receive_body`](Context::receive_body).
    pub fn data(&mut self) -> Result<Data> {
        if let Some(data) = &self.data {
            return Ok(data.clone());
        }
        if let Some(error) = self.refused_data.take() {
            // what asks again, after an error, gets nothing
            self.data = Some(Data::Form(QueryParams::default()));
            return Err(error);
        }
        if self.request.incoming.is_some() {
            return Err(ApiException::internal(
                "the body has not been read yet: before the view, call `cx.receive_body().await` \
                 before `cx.data()`",
            ));
        }
        let data = self.parse()?;
        self.data = Some(data.clone());
        Ok(data)
    }

    fn parse(&self) -> Result<Data> {
        let content_type = self.content_type();
        if matches!(&self.request.body, Body::Read(bytes) if bytes.is_empty()) {
            return Ok(if parsers::is_form_media_type(&content_type) {
                Data::Form(QueryParams::default())
            } else {
                Data::Empty
            });
        }
        let parser = self
            .parser(&content_type)
            .ok_or_else(|| ApiException::UnsupportedMediaType(content_type.to_string()))?;
        let bytes = match &self.request.body {
            Body::Read(bytes) => bytes,
            Body::TooLarge => {
                return Err(ApiException::Suspicious(
                    "the body is longer than DATA_UPLOAD_MAX_MEMORY_SIZE",
                ));
            }
            Body::Broken => return Err(ApiException::Suspicious("the body broke off")),
        };
        self.with_parser_context(&content_type, |context| parser.parse(bytes, context))
    }

    /// The parser of a type.
    fn parser(&self, content_type: &str) -> Option<&dyn Parser> {
        let parsers: &[_] = self.equipment.as_ref().map_or(&[], |equipment| &equipment.parsers);
        let media_types = parsers.iter().map(|parser| parser.media_type());
        let own = self.equipment.as_ref().and_then(|equipment| equipment.negotiation.as_ref());
        let at = match own {
            Some(own) => own.select_parser(&media_types.collect::<Vec<_>>(), content_type),
            None => negotiation::select_parser(media_types, content_type),
        };
        parsers.get(at?).map(|parser| &**parser)
    }

    /// What parses the body while it arrives, if the parser of its type does that.
    pub(in super::super) fn body_reader(&self) -> Result<Option<Box<dyn BodyReader>>> {
        let content_type = self.content_type();
        let Some(parser) = self.parser(&content_type) else { return Ok(None) };
        self.with_parser_context(&content_type, |context| parser.reader(context))
    }

    fn content_type(&self) -> Cow<'_, str> {
        self.request.headers.text(CONTENT_TYPE).unwrap_or_default()
    }

    fn with_parser_context<T>(
        &self,
        content_type: &str,
        work: impl FnOnce(&ParserContext<'_>) -> T,
    ) -> T {
        let disposition = self.request.headers.text(CONTENT_DISPOSITION);
        let context = ParserContext {
            content_disposition: disposition.as_deref(),
            ..ParserContext::new(content_type, None).limits(self.settings())
        };
        work(&context.filename(self.request.kwarg("filename")))
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::Method;
    use actix_web::http::header::HeaderValue;
    use actix_web::web::Bytes;

    use super::super::ViewContext;
    use super::super::testing::context;
    use super::*;

    const FORM: &str = "application/x-www-form-urlencoded";

    fn posted(content_type: &'static str, body: Body) -> Result<Data> {
        let mut cx = context(Method::POST, None, ViewContext::default());
        cx.request.headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        cx.request.body = body;
        cx.data()
    }

    #[test]
    fn an_empty_body_is_empty_data_whatever_its_type() {
        let empty = || Body::Read(Bytes::new());
        assert!(matches!(posted("text/plain", empty()), Ok(Data::Empty)));
        assert!(matches!(posted("multipart/form-data; boundary=x", empty()), Ok(Data::Form(_))));
    }

    #[test]
    fn the_type_is_looked_at_before_the_length() {
        let status = |content_type, body| posted(content_type, body).unwrap_err().status();
        assert_eq!(status("text/plain", Body::TooLarge), 415);
        assert!(matches!(posted(FORM, Body::TooLarge), Err(ApiException::Suspicious(_))));
        assert!(matches!(posted(FORM, Body::Broken), Err(ApiException::Suspicious(_))));
    }
}
