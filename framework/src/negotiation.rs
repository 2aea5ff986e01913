//! Selecting the renderer of the response and the parser of the body
//! (`rest_framework.negotiation`).
//!
//! A view negotiates as DRF's `DefaultContentNegotiation`: a format suffix or `?format=` narrows the
//! renderers, then `Accept` chooses one, the more specific media type first and among equals the view's
//! first renderer. Quality values are ignored.
//!
//! # Negotiation of your own
//!
//! A [`ContentNegotiation`] is named by a view set's
//! [`content_negotiation_class`](crate::viewsets::ViewSet::content_negotiation_class), an
//! [`ApiView`](crate::views::ApiView) or a site's [`Policies`](crate::views::Policies)
//! (`DEFAULT_CONTENT_NEGOTIATION_CLASS`):
//!
//! ```
//! use quintet::negotiation::{Accepted, ContentNegotiation, NegotiationContext, Offer};
//! use quintet::prelude::*;
//!
//! /// Ignores what the client accepts: the view's first renderer and parser.
//! struct IgnoreClient;
//!
//! impl ContentNegotiation for IgnoreClient {
//!     fn select_renderer(
//!         &self,
//!         offers: &[Option<Offer<'_>>],
//!         _: &NegotiationContext<'_>,
//!     ) -> Result<Accepted> {
//!         let first = offers.iter().position(Option::is_some);
//!         let at = first.ok_or(ApiException::NotAcceptable(None))?;
//!         Ok(Accepted::new(at, "application/json"))
//!     }
//!
//!     fn select_parser(&self, _: &[&str], _: &str) -> Option<usize> {
//!         Some(0)
//!     }
//! }
//!
//! let view = ApiView::new("Status").content_negotiation(IgnoreClient);
//! # let _ = view;
//! ```

use std::borrow::Cow;
use std::fmt;

use actix_web::http::Method;

use crate::classes::class_choice;
use crate::exceptions::{ApiException, Result};

/// The longest header that is parsed; a longer one is cut at the last comma before this.
const MAX_ACCEPT_LENGTH: usize = 8192;
/// The most media types that are considered.
const MAX_ACCEPT_TOKENS: usize = 64;
/// The longest media type that is considered; a longer one is skipped.
const MAX_MEDIA_TYPE_LENGTH: usize = 256;

/// A media type with its parameters; names are in lower case.
///
/// ```
/// use quintet::negotiation::MediaType;
///
/// let json = MediaType::parse("application/json; indent=4");
/// assert_eq!(json.param("indent"), Some("4"));
/// assert!(MediaType::parse("application/*").matches(&json));
/// assert_eq!(json.precedence(), 3);
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct MediaType {
    /// `application`
    pub main: String,
    /// `json`
    pub sub: String,
    /// `indent=4`
    pub params: Vec<(String, String)>,
}

impl MediaType {
    /// Parses a media type; an invalid one matches nothing.
    pub fn parse(text: &str) -> Self {
        let mut parts = split_unquoted(text);
        let full = parts.next().unwrap_or_default().trim().to_lowercase();
        let (main, sub) = full.split_once('/').unwrap_or((&full, ""));
        let params = parts
            .filter_map(|part| {
                let (name, value) = part.split_once('=')?;
                Some((name.trim().to_lowercase(), unquote(value.trim())))
            })
            .collect();
        Self { main: main.to_owned(), sub: sub.to_owned(), params }
    }

    /// The value of a parameter.
    pub fn param(&self, name: &str) -> Option<&str> {
        self.params.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Whether this media type accepts the other one; `*` on either side matches anything.
    pub fn matches(&self, other: &Self) -> bool {
        let fits = |a: &str, b: &str| a == "*" || b == "*" || a == b;
        self.params.iter().all(|(key, value)| key == "q" || other.param(key) == Some(value))
            && fits(&self.sub, &other.sub)
            && fits(&self.main, &other.main)
    }

    /// How specific it is, from 0 (`*/*`) to 3 (with parameters other than `q`).
    pub fn precedence(&self) -> u8 {
        if self.main == "*" {
            0
        } else if self.sub == "*" {
            1
        } else if self.params.iter().all(|(key, _)| key == "q") {
            2
        } else {
            3
        }
    }
}

fn split_unquoted(text: &str) -> impl Iterator<Item = &str> {
    let (mut quoted, mut escaped) = (false, false);
    text.split(move |char| {
        match char {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            ';' => return !quoted,
            _ => {}
        }
        false
    })
}

fn unquote(value: &str) -> String {
    match value.strip_prefix('"').and_then(|inner| inner.strip_suffix('"')) {
        Some(inner) => inner.replace("\\\\", "\\").replace("\\\"", "\""),
        None => value.to_owned(),
    }
}

/// A renderer as negotiation sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Offer<'a> {
    /// Its media type.
    pub media_type: &'a str,
    /// Its name as a suffix and in `?format=`.
    pub format: &'a str,
}

impl<'a> Offer<'a> {
    /// A renderer of this media type and format.
    pub const fn new(media_type: &'a str, format: &'a str) -> Self {
        Self { media_type, format }
    }
}

/// The result of negotiation.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Accepted {
    /// Index among the offers.
    pub renderer: usize,
    /// The more specific of the two media types: the client's `application/json; indent=4`.
    pub media_type: String,
}

impl Accepted {
    /// The renderer of this index, with the media type that it is asked for.
    pub fn new(renderer: usize, media_type: impl Into<String>) -> Self {
        Self { renderer, media_type: media_type.into() }
    }
}

/// What a request says of the response that it wants.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct NegotiationContext<'a> {
    /// The method.
    pub method: &'a Method,
    /// The path as it was sent.
    pub path: &'a str,
    /// The format suffix, or the value of `?format=`; neither is empty.
    pub format: Option<&'a str>,
    header: &'a dyn Fn(&str) -> Option<Cow<'a, str>>,
}

impl<'a> NegotiationContext<'a> {
    pub(crate) fn new(
        method: &'a Method,
        path: &'a str,
        format: Option<&'a str>,
        header: &'a dyn Fn(&str) -> Option<Cow<'a, str>>,
    ) -> Self {
        Self { method, path, format, header }
    }

    /// A header of the request.
    pub fn header(&self, name: &str) -> Option<Cow<'a, str>> {
        (self.header)(name)
    }
}

impl fmt::Debug for NegotiationContext<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NegotiationContext").field("format", &self.format).finish_non_exhaustive()
    }
}

/// Chooses the renderer and the parser of a request (`BaseContentNegotiation`).
///
/// Implement it where clients do not say what they want as HTTP has it; the module documentation has an
/// example. By default, both choose as [`DefaultContentNegotiation`].
#[doc(alias = "BaseContentNegotiation")]
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a content negotiation",
    label = "this type has no `ContentNegotiation` implementation",
    note = "write `impl ContentNegotiation for {Self}`"
)]
pub trait ContentNegotiation: Send + Sync + 'static {
    /// Chooses one of the view's renderers, by its index; `None` in the list is one that cannot be
    /// chosen.
    ///
    /// # Errors
    /// 406 if none fits, 404 if none has the format.
    fn select_renderer(
        &self,
        offers: &[Option<Offer<'_>>],
        context: &NegotiationContext<'_>,
    ) -> Result<Accepted> {
        select_renderer(offers, context.format, context.header("accept").as_deref())
    }

    /// Chooses one of the view's parsers by the index of its media type; `None` is a 415.
    fn select_parser(&self, media_types: &[&str], content_type: &str) -> Option<usize> {
        select_parser(media_types.iter().copied(), content_type)
    }
}

/// By format, then by `Accept`, as [`select_renderer`] and [`select_parser`] do: the negotiation of views
/// that name none.
#[derive(Debug, Clone, Copy, Default)]
pub struct DefaultContentNegotiation;

impl ContentNegotiation for DefaultContentNegotiation {}

class_choice! {
    /// The `content_negotiation_class` of a view: a [`ContentNegotiation`], or
    /// [`Inherit`](crate::classes::Inherit).
    #[diagnostic::on_unimplemented(
        message = "`{Self}` is not a content negotiation",
        label = "expected a type with `impl ContentNegotiation`",
        note = "write `impl ContentNegotiation for {Self}`"
    )]
    ContentNegotiationClass of ContentNegotiation as ContentNegotiation
}

/// Chooses a renderer by format (suffix or `?format=`) and by `Accept`
/// (`DefaultContentNegotiation.select_renderer`). `None` in the list is a renderer that cannot be
/// chosen.
///
/// ```
/// use quintet::negotiation::{Offer, select_renderer};
///
/// let offers = [
///     Some(Offer::new("application/json", "json")),
///     Some(Offer::new("text/csv", "csv")),
/// ];
/// assert_eq!(select_renderer(&offers, None, Some("text/*, */*;q=0.1"))?.renderer, 1);
/// assert_eq!(select_renderer(&offers, Some("csv"), None)?.media_type, "text/csv");
/// assert_eq!(select_renderer(&offers, None, Some("image/png")).unwrap_err().status(), 406);
/// # Ok::<(), quintet::exceptions::ApiException>(())
/// ```
///
/// # Errors
/// 404 if no renderer has the format, 406 if none satisfies `Accept`.
pub fn select_renderer(
    offers: &[Option<Offer<'_>>],
    format: Option<&str>,
    accept: Option<&str>,
) -> Result<Accepted> {
    let format = format.filter(|format| !format.is_empty());
    let mut candidates = offers
        .iter()
        .enumerate()
        .filter_map(|(at, offer)| offer.map(|offer| (at, offer)))
        .filter(|(_, offer)| format.is_none_or(|format| format == offer.format))
        .peekable();
    let Some((first, offer)) = candidates.peek().copied() else {
        return Err(match format {
            Some(_) => ApiException::NotFound(None),
            None => ApiException::NotAcceptable(None),
        });
    };
    // the usual request needs no parsing
    let accept = accept.unwrap_or("*/*");
    if accept == "*/*" || accept == offer.media_type {
        return Ok(Accepted { renderer: first, media_type: offer.media_type.to_owned() });
    }
    let candidates: Vec<_> = candidates
        .map(|(at, offer)| (at, offer.media_type, MediaType::parse(offer.media_type)))
        .collect();
    let accepts: Vec<_> =
        accept_list(accept).map(|token| (token, MediaType::parse(token))).collect();
    for precedence in (0..=3).rev() {
        for (at, own, parsed) in &candidates {
            for (token, wanted) in accepts.iter().filter(|(_, m)| m.precedence() == precedence) {
                if !parsed.matches(wanted) {
                    continue;
                }
                let media_type = if parsed.precedence() > precedence {
                    let params = wanted.params.iter().map(|(key, value)| format!(";{key}={value}"));
                    std::iter::once((*own).to_owned()).chain(params).collect()
                } else {
                    (*token).to_owned()
                };
                return Ok(Accepted { renderer: *at, media_type });
            }
        }
    }
    Err(ApiException::NotAcceptable(None))
}

fn accept_list(header: &str) -> impl Iterator<Item = &str> {
    let header = match header.char_indices().nth(MAX_ACCEPT_LENGTH) {
        Some((end, _)) => {
            let head = &header[..end];
            &head[..head.rfind(',').map_or(0, |at| at + 1)]
        }
        None => header,
    };
    header
        .split(',')
        .map(str::trim)
        .filter(|token| !token.is_empty() && token.chars().count() <= MAX_MEDIA_TYPE_LENGTH)
        .take(MAX_ACCEPT_TOKENS)
}

/// The index of the first parser whose media type matches that of the body
/// (`DefaultContentNegotiation.select_parser`), or `None`: a 415.
pub fn select_parser<'a>(
    parsers: impl IntoIterator<Item = &'a str>,
    content_type: &str,
) -> Option<usize> {
    if content_type.chars().count() > MAX_MEDIA_TYPE_LENGTH {
        return None;
    }
    let content_type = MediaType::parse(content_type);
    parsers.into_iter().position(|parser| MediaType::parse(parser).matches(&content_type))
}

#[cfg(test)]
mod tests {
    use super::*;

    const JSON: Offer<'_> = Offer { media_type: "application/json", format: "json" };
    const TEXT: Offer<'_> = Offer { media_type: "text/plain", format: "txt" };
    const CSV: Offer<'_> = Offer { media_type: "text/csv", format: "csv" };
    const ALL: &[Option<Offer<'_>>] = &[Some(JSON), Some(TEXT), Some(CSV), None];

    fn chosen(format: Option<&str>, accept: Option<&str>) -> Result<(usize, String), u16> {
        select_renderer(ALL, format, accept)
            .map(|accepted| (accepted.renderer, accepted.media_type))
            .map_err(|error| error.status())
    }

    #[test]
    fn without_accept_the_first_renderer_answers() {
        assert_eq!(chosen(None, None), Ok((0, "application/json".into())));
        assert_eq!(chosen(None, Some("*/*")), Ok((0, "application/json".into())));
    }

    #[test]
    fn the_order_of_renderers_decides_within_a_precedence_and_q_is_ignored() {
        assert_eq!(chosen(None, Some("text/*")).unwrap().0, 1);
        assert_eq!(chosen(None, Some("text/csv, text/plain;q=0.5")).unwrap().0, 1);
        assert_eq!(chosen(None, Some("text/csv, application/json;q=0.1")).unwrap().0, 0);
    }

    #[test]
    fn the_more_specific_type_wins_over_the_order() {
        assert_eq!(chosen(None, Some("*/*, text/csv")).unwrap().0, 2);
        assert_eq!(chosen(None, Some("application/json, text/csv; x=1")).unwrap().0, 2);
    }

    #[test]
    fn parameters_reach_the_renderer() {
        let (_, media_type) = chosen(None, Some("application/json; indent=4")).unwrap();
        assert_eq!(media_type, "application/json; indent=4");
        let (_, media_type) = chosen(None, Some("*/*; indent=4")).unwrap();
        assert_eq!(media_type, "application/json;indent=4");
    }

    #[test]
    fn nothing_that_fits_is_406() {
        for accept in ["application/xml", "", "garbage", "*", ",,", "text/html"] {
            assert_eq!(chosen(None, Some(accept)), Err(406), "{accept}");
        }
    }

    #[test]
    fn the_format_is_looked_at_before_accept() {
        assert_eq!(chosen(Some("csv"), None).unwrap().0, 2);
        assert_eq!(chosen(Some("csv"), Some("application/json")), Err(406));
        assert_eq!(chosen(Some("xml"), Some("application/xml")), Err(404));
        assert_eq!(chosen(Some(""), None).unwrap().0, 0);
    }

    #[test]
    fn a_long_list_is_read_up_to_its_64th_type() {
        let list = format!("{}text/csv", "a/b,".repeat(64));
        assert_eq!(chosen(None, Some(&list)), Err(406));
        let long = format!("{}/{},text/csv", "a".repeat(200), "b".repeat(200));
        assert_eq!(chosen(None, Some(&long)).unwrap().0, 2);
        let list = format!("text/csv,{}", "x".repeat(9000));
        assert_eq!(chosen(None, Some(&list)).unwrap().0, 2);
    }

    #[test]
    fn a_parser_is_chosen_without_regard_to_case_and_charset() {
        let parsers = ["application/json", "application/x-www-form-urlencoded"];
        let select = |content_type| select_parser(parsers, content_type);
        assert_eq!(select("APPLICATION/JSON; charset=utf-8"), Some(0));
        assert_eq!(select("application/x-www-form-urlencoded"), Some(1));
        assert_eq!(select("text/plain"), None);
        assert_eq!(select(""), None);
        assert_eq!(select(&"a".repeat(300)), None);
    }
}
