//! Security headers (`SecurityMiddleware`, `XFrameOptionsMiddleware`).

use actix_web::http::header::{
    CROSS_ORIGIN_OPENER_POLICY, HeaderName, HeaderValue, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};

use crate::response::Response;
use crate::settings::Settings;

/// Adds the headers that the settings ask for and the answer lacks. `framed` is false for
/// answers of the layer above views (redirects, refused hosts), which have no
/// `X-Frame-Options`.
pub(crate) fn secure(settings: &Settings, response: &mut Response, framed: bool) {
    let mut add = |name: HeaderName, value: Option<&str>| {
        if let Some(value) = value.and_then(|value| HeaderValue::from_str(value).ok())
            && !response.headers.contains_key(&name)
        {
            response.headers.insert(name, value);
        }
    };
    let nosniff = settings.secure.content_type_nosniff.then_some("nosniff");
    add(X_CONTENT_TYPE_OPTIONS, nosniff);
    add(REFERRER_POLICY, settings.secure.referrer_policy.as_deref());
    add(CROSS_ORIGIN_OPENER_POLICY, settings.secure.cross_origin_opener_policy.as_deref());
    if framed {
        add(X_FRAME_OPTIONS, settings.x_frame_options.as_deref());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_answer_has_djangos_headers() {
        let mut response = Response::empty(200);
        secure(&Settings::default(), &mut response, true);
        let header = |name: &str| response.headers.get(name).unwrap().to_str().unwrap();
        assert_eq!(header("x-content-type-options"), "nosniff");
        assert_eq!(header("referrer-policy"), "same-origin");
        assert_eq!(header("cross-origin-opener-policy"), "same-origin");
        assert_eq!(header("x-frame-options"), "DENY");
    }

    #[test]
    fn a_header_of_the_view_stays_and_a_setting_can_be_off() {
        let mut settings = Settings::default();
        settings.secure.referrer_policy = None;
        let mut response = Response::empty(200).with_header(X_FRAME_OPTIONS, "SAMEORIGIN");
        secure(&settings, &mut response, true);
        assert_eq!(response.headers.get(X_FRAME_OPTIONS).unwrap(), "SAMEORIGIN");
        assert!(!response.headers.contains_key(REFERRER_POLICY));
    }

    #[test]
    fn a_redirect_has_no_frame_options() {
        let mut response = Response::empty(301);
        secure(&Settings::default(), &mut response, false);
        assert!(!response.headers.contains_key(X_FRAME_OPTIONS));
    }
}
