//! The body and the headers of every response (`APIView.finalize_response`).

use actix_web::http::header::{ALLOW, CONTENT_TYPE, HeaderValue, VARY};

use super::dispatch::Endpoint;
use super::settled::Settled;
use crate::renderers::RendererContext;
use crate::request::Context;
use crate::response::{Response, ResponseBody};

impl Endpoint {
    /// Renders the body and adds the headers of every response (`finalize_response`).
    pub(super) fn finalize(
        &self,
        policies: &Settled,
        cx: &Context,
        mut response: Response,
    ) -> Response {
        let mut varies: &[&str] = &[];
        if let ResponseBody::Json(json) = &mut response.body {
            // without an agreement the first renderer writes
            let at = match &cx.accepted {
                Some(accepted) => Some(accepted.renderer),
                None => policies.offers.iter().position(Option::is_some),
            };
            if let Some(chosen) = at.and_then(|at| policies.renderers.get(at)) {
                let accepted = cx.accepted_media_type().unwrap_or(chosen.renderer.media_type());
                let context = RendererContext::new(accepted)
                    .status(response.status, response.exception)
                    .request(cx);
                varies = chosen.renderer.varies_on(&context);
                *json = chosen.renderer.render(std::mem::take(json), &context);
                if let Some(value) = &chosen.content_type
                    && !response.headers.contains_key(CONTENT_TYPE)
                {
                    response.headers.insert(CONTENT_TYPE, value.clone());
                }
            }
            if json.is_empty() {
                response.headers.remove(CONTENT_TYPE);
                response.body = ResponseBody::Empty;
            }
        }
        if !varies.is_empty() {
            response.vary_on(varies);
        }
        if let Some(caching) = &policies.caching {
            response = caching.rendered(response, cx);
        }
        if let Some(quota) = cx.quota() {
            quota.write(&mut response.headers);
        }
        self.headers(policies, &mut response, cx.varies_on());
        response
    }

    /// Adds `Allow` and `Vary`.
    pub(super) fn headers(&self, policies: &Settled, response: &mut Response, consulted: &[&str]) {
        if let Some(allow) = &self.allow {
            response.headers.insert(ALLOW, allow.clone());
        }
        vary(response, policies.renderers.len() > 1, consulted);
    }
}

/// Adds to `Vary` the headers that were consulted.
pub(super) fn vary(response: &mut Response, accept: bool, consulted: &[&str]) {
    let has_own = response.headers.contains_key(VARY);
    let value = match (accept, consulted, has_own) {
        (false, [], _) => return,
        // the usual two need no text of their own
        (true, [], false) => HeaderValue::from_static("Accept"),
        (true, ["Cookie"], false) => HeaderValue::from_static("Accept, Cookie"),
        _ => {
            let accept = accept.then_some("Accept");
            let names: Vec<&str> = accept.into_iter().chain(consulted.iter().copied()).collect();
            return response.vary_on(&names);
        }
    };
    response.headers.insert(VARY, value);
}
