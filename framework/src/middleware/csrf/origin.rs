//! The origin of a request, as reported by its browser.

use actix_web::http::header::REFERER;

use crate::request::Request;
use crate::reverse::{SplitUrl, is_same_domain};
use crate::settings::CsrfSettings;

/// Whether an origin is this site or a trusted one.
pub(super) fn is_origin_trusted(request: &Request, settings: &CsrfSettings, origin: &str) -> bool {
    let trusted = &settings.trusted_origins;
    if origin == format!("{}://{}", request.scheme, request.host)
        || trusted.iter().any(|own| !own.contains('*') && own == origin)
    {
        return true;
    }
    let Some(sent) = SplitUrl::parse(origin) else { return false };
    trusted.iter().filter(|own| own.contains('*')).filter_map(|own| SplitUrl::parse(own)).any(
        |own| {
            own.scheme == sent.scheme
                && is_same_domain(&sent.netloc, own.netloc.trim_start_matches('*'))
        },
    )
}

/// Checks `Referer` over HTTPS if there is no `Origin`: a man in the middle could set the cookie
/// over plain HTTP.
pub(super) fn check_referer(request: &Request, settings: &CsrfSettings) -> Result<(), String> {
    let failed = |why: &str| Err(format!("Referer checking failed - {why}"));
    let Some(referer) = request.headers.text(REFERER) else { return failed("no Referer.") };
    let Some(referer) = SplitUrl::parse(&referer) else {
        return failed("Referer is malformed.");
    };
    if referer.scheme.is_empty() || referer.netloc.is_empty() {
        return failed("Referer is malformed.");
    }
    if referer.scheme != "https" {
        return failed("Referer is insecure while host is secure.");
    }
    let trusted = settings.trusted_origins.iter().filter_map(|own| SplitUrl::parse(own));
    if trusted
        .into_iter()
        .any(|own| is_same_domain(&referer.netloc, own.netloc.trim_start_matches('*')))
    {
        return Ok(());
    }
    let port = Some(request.port).filter(|port| ![443, 80].contains(port));
    let good = match (&settings.cookie.domain, port) {
        (None, _) => request.host.clone(),
        (Some(domain), None) => domain.clone(),
        (Some(domain), Some(port)) => format!("{domain}:{port}"),
    };
    if is_same_domain(&referer.netloc, &good) {
        return Ok(());
    }
    failed(&format!("{} does not match any trusted origins.", referer.url()))
}
