//! Redirects to HTTPS and security headers (`SecurityMiddleware`, `XFrameOptionsMiddleware`).

use actix_web::http::header::{
    CROSS_ORIGIN_OPENER_POLICY, HeaderName, HeaderValue, REFERRER_POLICY,
    STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};

use super::{allowed_host, moved};
use crate::request::Request;
use crate::request::full_path;
use crate::response::Response;
use crate::settings::{Settings, SettingsError};
use crate::values::Pattern;

/// What the settings require, parsed once.
#[derive(Debug, Default)]
pub(crate) struct Security {
    /// Headers for every response that lacks them.
    headers: Vec<(HeaderName, HeaderValue)>,
    /// For responses of views and for pages.
    frame_options: Option<HeaderValue>,
    /// For responses over HTTPS.
    transport: Option<HeaderValue>,
    redirect: Option<Redirect>,
}

#[derive(Debug)]
struct Redirect {
    host: Option<String>,
    exempt: Vec<Pattern>,
}

impl Security {
    /// Reads the settings.
    ///
    /// # Errors
    /// If a value cannot be sent in a header, or a pattern is not a regular expression.
    pub(crate) fn new(settings: &Settings) -> Result<Self, SettingsError> {
        let secure = &settings.secure;
        let referrer = secure
            .referrer_policy
            .as_ref()
            .map(|policies| policies.split(',').map(str::trim).collect::<Vec<_>>().join(","));
        let opener = secure.cross_origin_opener_policy.as_deref();
        let mut headers = Vec::new();
        if secure.content_type_nosniff {
            headers.push((X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")));
        }
        if let Some(value) = value("SECURE_REFERRER_POLICY", referrer.as_deref())? {
            headers.push((REFERRER_POLICY, value));
        }
        if let Some(value) = value("SECURE_CROSS_ORIGIN_OPENER_POLICY", opener)? {
            headers.push((CROSS_ORIGIN_OPENER_POLICY, value));
        }
        let transport = (secure.hsts_seconds > 0).then(|| {
            let mut text = format!("max-age={}", secure.hsts_seconds);
            if secure.hsts_include_subdomains {
                text.push_str("; includeSubDomains");
            }
            if secure.hsts_preload {
                text.push_str("; preload");
            }
            text
        });
        Ok(Self {
            headers,
            frame_options: value("X_FRAME_OPTIONS", settings.x_frame_options.as_deref())?,
            transport: value("SECURE_HSTS_SECONDS", transport.as_deref())?,
            redirect: secure.ssl_redirect.then(|| Redirect::new(settings)).transpose()?,
        })
    }

    /// The response to a request that must not come over plain HTTP: a redirect, or 400 for a host
    /// that is not allowed. It comes before anything else; `path` is decoded and starts with the
    /// script name.
    pub(crate) fn redirect(
        &self,
        settings: &Settings,
        request: &Request,
        path: impl FnOnce() -> String,
    ) -> Option<Result<Response, ()>> {
        let redirect = self.redirect.as_ref().filter(|_| !request.is_secure())?;
        let path = path();
        let relative = path.trim_start_matches('/');
        if redirect.exempt.iter().any(|pattern| pattern.is_match(relative)) {
            return None;
        }
        let host = match &redirect.host {
            Some(host) => host,
            None if allowed_host(settings, &request.host) => &request.host,
            None => return Some(Err(())),
        };
        let path = full_path(&path, &request.query_string);
        Some(Ok(moved(&format!("https://{host}{path}"))))
    }

    /// Adds the headers that the response lacks. `framed` is false for responses of the layer above
    /// views (redirects, refused hosts), which have no `X-Frame-Options`.
    pub(crate) fn protect(&self, response: &mut Response, is_secure: bool, framed: bool) {
        let mut add = |name: &HeaderName, value: &HeaderValue| {
            if !response.headers.contains_key(name) {
                response.headers.insert(name.clone(), value.clone());
            }
        };
        for (name, value) in &self.headers {
            add(name, value);
        }
        if let Some(value) = self.transport.as_ref().filter(|_| is_secure) {
            add(&STRICT_TRANSPORT_SECURITY, value);
        }
        if let Some(value) = self.frame_options.as_ref().filter(|_| framed) {
            add(&X_FRAME_OPTIONS, value);
        }
    }
}

impl Redirect {
    fn new(settings: &Settings) -> Result<Self, SettingsError> {
        let secure = &settings.secure;
        let compile = |pattern: &String| {
            Pattern::new(pattern).map_err(|error| SettingsError {
                name: "SECURE_REDIRECT_EXEMPT",
                reason: format!("`{pattern}` is not a valid regular expression: {error}"),
            })
        };
        let exempt = secure.redirect_exempt.iter().map(compile).collect::<Result<_, _>>()?;
        Ok(Self { host: secure.ssl_host.clone(), exempt })
    }
}

/// The value of a header, if the setting requires one.
fn value(name: &'static str, text: Option<&str>) -> Result<Option<HeaderValue>, SettingsError> {
    let Some(text) = text else { return Ok(None) };
    HeaderValue::from_str(text).map(Some).map_err(|_| SettingsError {
        name,
        reason: format!("{text:?} cannot be the value of a header"),
    })
}

#[cfg(test)]
mod tests {
    use actix_web::http::Method;
    use actix_web::http::header::LOCATION;

    use super::*;

    fn settings(change: impl FnOnce(&mut Settings)) -> Settings {
        let mut settings = Settings::default();
        change(&mut settings);
        settings
    }

    fn protected(settings: &Settings, mut response: Response, secure: bool) -> Response {
        Security::new(settings).unwrap().protect(&mut response, secure, true);
        response
    }

    fn header(response: &Response, name: &str) -> Option<String> {
        response.headers.get(name).map(|value| value.to_str().unwrap().to_owned())
    }

    #[test]
    fn every_answer_has_djangos_headers() {
        let response = protected(&Settings::default(), Response::empty(200), true);
        let header = |name: &str| header(&response, name).unwrap_or_default();
        assert_eq!(header("x-content-type-options"), "nosniff");
        assert_eq!(header("referrer-policy"), "same-origin");
        assert_eq!(header("cross-origin-opener-policy"), "same-origin");
        assert_eq!(header("x-frame-options"), "DENY");
        assert_eq!(header("strict-transport-security"), "");
    }

    #[test]
    fn a_header_of_the_view_stays_and_a_setting_can_be_off() {
        let settings = settings(|settings| settings.secure.referrer_policy = None);
        let response = Response::empty(200).with_header(X_FRAME_OPTIONS, "SAMEORIGIN");
        let response = protected(&settings, response, false);
        assert_eq!(header(&response, "x-frame-options").unwrap(), "SAMEORIGIN");
        assert!(!response.headers.contains_key(REFERRER_POLICY));
    }

    #[test]
    fn several_referrer_policies_are_a_list() {
        let two = "no-referrer , same-origin";
        let settings = settings(|settings| settings.secure.referrer_policy = Some(two.into()));
        let response = protected(&settings, Response::empty(200), false);
        assert_eq!(header(&response, "referrer-policy").unwrap(), "no-referrer,same-origin");
    }

    #[test]
    fn a_redirect_has_no_frame_options() {
        let mut response = Response::empty(301);
        let security = Security::new(&Settings::default()).unwrap();
        security.protect(&mut response, false, false);
        assert!(!response.headers.contains_key(X_FRAME_OPTIONS));
    }

    #[test]
    fn https_is_insisted_on_over_https_alone() {
        let mut settings = settings(|settings| settings.secure.hsts_seconds = 3600);
        let sent = |settings: &Settings, secure| {
            header(&protected(settings, Response::empty(200), secure), "strict-transport-security")
        };
        assert_eq!(sent(&settings, true).unwrap(), "max-age=3600");
        assert_eq!(sent(&settings, false), None);
        settings.secure.hsts_include_subdomains = true;
        settings.secure.hsts_preload = true;
        assert_eq!(sent(&settings, true).unwrap(), "max-age=3600; includeSubDomains; preload");
    }

    fn redirected(settings: &Settings, host: &str, path: &str, query: &str) -> Option<String> {
        let mut request = Request::new(Method::POST, path);
        host.clone_into(&mut request.host);
        query.clone_into(&mut request.query_string);
        let security = Security::new(settings).unwrap();
        security.redirect(settings, &request, || path.to_owned()).map(|answer| match answer {
            Ok(response) => header(&response, LOCATION.as_str()).unwrap(),
            Err(()) => "400".to_owned(),
        })
    }

    #[test]
    fn plain_http_is_redirected_with_host_path_and_query() {
        let mut settings = settings(|settings| settings.allowed_hosts = vec!["a.example".into()]);
        assert_eq!(redirected(&settings, "a.example", "/x/", ""), None);
        settings.secure.ssl_redirect = true;
        settings.secure.redirect_exempt = vec!["^health/$".into(), "open".into()];
        let to = |host, path, query| redirected(&settings, host, path, query);
        assert_eq!(
            to("a.example:80", "/é/", "a=b&c").unwrap(),
            "https://a.example:80/%C3%A9/?a=b&c"
        );
        assert_eq!(to("a.example", "/health/", ""), None);
        assert_eq!(to("a.example", "//health/", ""), None);
        assert_eq!(to("a.example", "/x/open/", ""), None);
        assert_eq!(to("evil.example", "/x/", "").unwrap(), "400");
        settings.secure.ssl_host = Some("secure.example".into());
        let to = |host, path, query| redirected(&settings, host, path, query);
        assert_eq!(to("evil.example", "/x/", "").unwrap(), "https://secure.example/x/");
    }

    #[test]
    fn a_value_that_is_no_header_is_named() {
        let settings = settings(|settings| settings.secure.referrer_policy = Some("a\nb".into()));
        let error = Security::new(&settings).unwrap_err();
        assert_eq!(error.name, "SECURE_REFERRER_POLICY");
    }
}
