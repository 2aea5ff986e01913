//! Where a login or a logout redirects to (`RedirectURLMixin`).

use crate::exceptions::Result;
use crate::request::{Context, QueryParams};
use crate::reverse::{Origin, url_has_allowed_host_and_scheme};

/// The name of the field and the parameter.
pub(super) const NEXT: &str = "next";

/// The URL that the client names, if it is safe: on this host, and HTTPS if the request is.
pub(super) fn named(cx: &Context, form: &QueryParams) -> Option<String> {
    let request = &cx.request;
    let next = form.get(NEXT).or_else(|| request.query_params().get(NEXT))?;
    let https = request.scheme == "https";
    url_has_allowed_host_and_scheme(next, &[&request.host], https).then(|| next.to_owned())
}

/// A URL from the settings, which may be the name of one (`resolve_url`).
///
/// # Errors
/// 500 if no URL has this name.
pub(super) fn resolved(cx: &Context, to: &str) -> Result<String> {
    if to.contains(['/', '.']) {
        return Ok(to.to_owned());
    }
    cx.urls()
        .reverse(&Origin::default(), to, &[])
        .map_err(crate::exceptions::ApiException::internal)
}
