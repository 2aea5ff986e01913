//! Where a login or a logout leads (`RedirectURLMixin`).

use crate::exceptions::Result;
use crate::request::{Context, QueryParams};
use crate::reverse::{Origin, url_has_allowed_host_and_scheme};

/// The name of the field and the parameter.
pub(super) const NEXT: &str = "next";

/// The address that the client names, when it may: one of this host, and HTTPS where this is.
pub(super) fn named(cx: &Context, form: &QueryParams) -> Option<String> {
    let request = &cx.request;
    let next = form.get(NEXT).or_else(|| request.query_params().get(NEXT))?;
    let https = request.scheme == "https";
    url_has_allowed_host_and_scheme(next, &[&request.host], https).then(|| next.to_owned())
}

/// An address of the settings, which may be the name of one (`resolve_url`).
///
/// # Errors
/// 500 when it is a name that no address has.
pub(super) fn resolved(cx: &Context, to: &str) -> Result<String> {
    if to.contains(['/', '.']) {
        return Ok(to.to_owned());
    }
    cx.urls()
        .reverse(&Origin::default(), to, &[])
        .map_err(crate::exceptions::ApiException::internal)
}
