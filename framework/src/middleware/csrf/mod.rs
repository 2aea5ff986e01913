//! CSRF protection (`CsrfViewMiddleware`).
//!
//! A cookie holds a secret; an unsafe request must send it a second time, in its form or in a
//! header, where another site cannot put it. Pages check every unsafe request, API views those that
//! a session authenticates. Messages are Django's.

mod failure;
mod origin;
mod token;

use actix_web::http::Method;
use actix_web::http::header::ORIGIN;

pub(crate) use failure::failure_page;

use crate::exceptions::Result;
use crate::request::{Context, CsrfState, Request};
use crate::response::{Cookie, Response, seconds};
use crate::settings::{CsrfSettings, Settings};
use crate::signing::constant_time_compare;

use origin::{check_referer, is_origin_trusted};
use token::{mask, random, secret_of};

/// The name of the form field with the token.
pub const FORM_FIELD: &str = "csrfmiddlewaretoken";

/// A token for a form or a script (`get_token`): the client's secret, masked differently each time.
/// The response sets the cookie and varies by it.
///
/// # Errors
/// If the system provides no random bytes.
pub fn get_token(cx: &mut Context) -> Result<String> {
    if cx.csrf.is_none() {
        cx.csrf = Some(Box::new(CsrfState::of(&cx.request, &cx.shared.settings.csrf)?));
    }
    let state = cx.csrf.get_or_insert_default();
    state.sets_cookie = true;
    let secret = match &state.secret {
        Some(secret) => secret.clone(),
        None => state.secret.insert(random()?).clone(),
    };
    mask(&secret)
}

/// Gives the client a new secret (`rotate_token`); done at every login.
///
/// # Errors
/// If the system provides no random bytes.
pub fn rotate_token(cx: &mut Context) -> Result<()> {
    cx.csrf = Some(Box::new(CsrfState { secret: Some(random()?), sets_cookie: true }));
    Ok(())
}

/// Checks an unsafe request; returns the reason for refusing it. `form` reads the token of the
/// body's form, and is only called if it is needed.
///
/// # Errors
/// What `form` reports.
pub(crate) fn check(
    cx: &mut Context,
    form: impl FnOnce(&mut Context) -> Result<Option<String>>,
) -> Result<Option<String>> {
    let method = &cx.request.method;
    if cx.request.is_safe() || *method == Method::TRACE {
        return Ok(None);
    }
    #[cfg(feature = "test")]
    if cx.request.marks.skips_csrf {
        return Ok(None);
    }
    let settings = &cx.shared.settings.csrf;
    if let Some(origin) = cx.request.headers.text(ORIGIN) {
        if !is_origin_trusted(&cx.request, settings, &origin) {
            return Ok(Some(format!(
                "Origin checking failed - {origin} does not match any trusted origins."
            )));
        }
    } else if cx.request.scheme == "https"
        && let Err(reason) = check_referer(&cx.request, settings)
    {
        return Ok(Some(reason));
    }
    let secret = match cx.request.cookie(&settings.cookie.name) {
        None => return Ok(Some("CSRF cookie not set.".to_owned())),
        Some(cookie) => match secret_of(&cookie) {
            Ok(secret) => secret,
            Err(reason) => return Ok(Some(format!("CSRF cookie {reason}."))),
        },
    };
    let sent = if *method == Method::POST { form(cx)? } else { None };
    let settings = &cx.shared.settings.csrf;
    let (token, source) = match sent.filter(|token| !token.is_empty()) {
        Some(token) => (token, "POST".to_owned()),
        None => match cx.request.headers.text(settings.header_name.as_str()) {
            Some(header) => {
                let source = format!("the '{}' HTTP header", titled(&settings.header_name));
                (header.into_owned(), source)
            }
            None => return Ok(Some("CSRF token missing.".to_owned())),
        },
    };
    Ok(match secret_of(&token) {
        Err(reason) => Some(format!("CSRF token from {source} {reason}.")),
        Ok(sent) if !constant_time_compare(&sent, &secret) => {
            Some(format!("CSRF token from {source} incorrect."))
        }
        Ok(_) => None,
    })
}

/// Sets the cookie if a token was created, or if the client's cookie is invalid.
pub(in crate::middleware) fn process_response(
    state: Option<&CsrfState>,
    request: &Request,
    settings: &Settings,
    response: &mut Response,
) -> Result<()> {
    let own;
    let state = match state {
        Some(state) => state,
        None if !request.has_cookies() => return Ok(()),
        None => {
            own = CsrfState::of(request, &settings.csrf)?;
            &own
        }
    };
    if let (Some(secret), true) = (&state.secret, state.sets_cookie) {
        let cookie = Cookie::new(&settings.csrf.cookie.name, secret)
            .max_age(seconds(settings.csrf.cookie.age))
            .with_settings(&settings.csrf.cookie);
        response.set_cookie(&cookie);
        response.vary_on(&["Cookie"]);
    }
    Ok(())
}

impl CsrfState {
    /// The state of a request (`process_request`): an invalid cookie is replaced.
    fn of(request: &Request, settings: &CsrfSettings) -> Result<Self> {
        Ok(match request.cookie(&settings.cookie.name) {
            None => Self::default(),
            Some(cookie) => match secret_of(&cookie) {
                Ok(secret) => Self { secret: Some(secret), sets_cookie: false },
                Err(_) => Self { secret: Some(random()?), sets_cookie: true },
            },
        })
    }
}

/// A header's name as Django prints it: `X-Csrftoken`.
fn titled(name: &str) -> String {
    let mut first = true;
    name.chars()
        .map(|letter| {
            let cased =
                if first { letter.to_ascii_uppercase() } else { letter.to_ascii_lowercase() };
            first = !letter.is_ascii_alphabetic();
            cased
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{COOKIE, HeaderName, HeaderValue};

    use super::*;
    use crate::request::ViewContext;
    use crate::request::testing::context;

    const SECRET: &str = "abcdefghijklmnopqrstuvwxyz012345";

    /// A POST with these headers and this token in its form.
    fn reason(headers: &[(&str, &str)], form: Option<&str>) -> Option<String> {
        reason_of(headers, form, |_| {})
    }

    fn reason_of(
        headers: &[(&str, &str)],
        form: Option<&str>,
        change: impl FnOnce(&mut Context),
    ) -> Option<String> {
        let mut cx = context(Method::POST, None, ViewContext::default());
        for (name, value) in headers {
            let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
            cx.request.headers.append(name, HeaderValue::from_str(value).unwrap());
        }
        change(&mut cx);
        check(&mut cx, |_| Ok(form.map(ToOwned::to_owned))).unwrap()
    }

    fn cookie() -> (&'static str, String) {
        ("cookie", format!("csrftoken={SECRET}"))
    }

    fn token_reason(form: Option<&str>, header: Option<&str>) -> Option<String> {
        let (name, value) = cookie();
        let mut headers = vec![(name, value.as_str())];
        headers.extend(header.map(|header| ("x-csrftoken", header)));
        reason(&headers, form)
    }

    #[test]
    fn the_token_may_come_in_the_form_or_in_the_header_plain_or_masked() {
        let masked = mask(SECRET).unwrap();
        assert_eq!(token_reason(Some(SECRET), None), None);
        assert_eq!(token_reason(Some(&masked), None), None);
        assert_eq!(token_reason(None, Some(SECRET)), None);
        assert_eq!(token_reason(Some(""), Some(&masked)), None);
        // the form counts where it has one
        assert_eq!(
            token_reason(Some("x"), Some(SECRET)).unwrap(),
            "CSRF token from POST has incorrect length."
        );
    }

    #[test]
    fn a_missing_or_wrong_token_is_refused_in_djangos_words() {
        let other = SECRET.to_uppercase();
        for (header, words) in [
            (None, "CSRF token missing."),
            (Some("short"), "CSRF token from the 'X-Csrftoken' HTTP header has incorrect length."),
            (
                Some("abcdefghijklmnopqrstuvwxyz01234-"),
                "CSRF token from the 'X-Csrftoken' HTTP header has invalid characters.",
            ),
            (Some(&other), "CSRF token from the 'X-Csrftoken' HTTP header incorrect."),
        ] {
            assert_eq!(token_reason(None, header).as_deref(), Some(words));
        }
        assert_eq!(
            token_reason(Some(&"x".repeat(64)), None).unwrap(),
            "CSRF token from POST incorrect."
        );
    }

    #[test]
    fn a_missing_or_malformed_cookie_is_refused() {
        assert_eq!(reason(&[("x-csrftoken", SECRET)], None).unwrap(), "CSRF cookie not set.");
        assert_eq!(
            reason(&[("cookie", "csrftoken=x"), ("x-csrftoken", "x")], None).unwrap(),
            "CSRF cookie has incorrect length."
        );
        let odd = format!("csrftoken={}", "-".repeat(32));
        assert_eq!(
            reason(&[("cookie", &odd)], None).unwrap(),
            "CSRF cookie has invalid characters."
        );
    }

    fn from_origin(origin: &str, trusted: &[&str]) -> bool {
        let (name, value) = cookie();
        let headers = [(name, value.as_str()), ("x-csrftoken", SECRET), ("origin", origin)];
        let trusted = trusted.iter().map(|own| (*own).to_owned()).collect();
        let reason = reason_of(&headers, None, |cx| {
            let mut settings = Settings::default();
            settings.csrf.trusted_origins = trusted;
            cx.shared = std::sync::Arc::new(crate::request::Shared {
                settings,
                ..crate::request::Shared::default()
            });
        });
        if let Some(reason) = &reason {
            let words =
                format!("Origin checking failed - {origin} does not match any trusted origins.");
            assert_eq!(*reason, words);
        }
        reason.is_none()
    }

    #[test]
    fn an_origin_must_be_this_site_or_a_trusted_one() {
        assert!(from_origin("http://testserver", &[]));
        let trusted = ["https://a.example", "https://*.b.example", "http://*.c.example:8000"];
        for origin in [
            "https://a.example",
            "https://b.example",
            "https://x.y.b.example",
            "http://x.c.example:8000",
        ] {
            assert!(from_origin(origin, &trusted), "{origin}");
        }
        for origin in [
            "null",
            "https://testserver",
            "http://testserver:8000",
            "http://testserver.evil.example",
            "http://a.example",
            "https://x.a.example",
            "http://x.b.example",
            "https://evilb.example",
            "https://x.b.example:8000",
            "https://[x.b.example",
            "",
        ] {
            assert!(!from_origin(origin, &trusted), "{origin}");
        }
    }

    fn from_page(referer: Option<&str>) -> Option<String> {
        let (name, value) = cookie();
        let mut headers = vec![(name, value.as_str()), ("x-csrftoken", SECRET)];
        headers.extend(referer.map(|referer| ("referer", referer)));
        reason_of(&headers, None, |cx| cx.request.scheme = "https")
    }

    #[test]
    fn over_https_the_referer_must_be_this_site() {
        for referer in ["https://testserver/form?x", "HTTPS://testserver"] {
            assert_eq!(from_page(Some(referer)), None, "{referer}");
        }
        for referer in [
            "https://TESTSERVER/",
            "https://testserver:443/",
            "https://user@testserver/",
            "https://testserver.evil.example/x?a#b",
        ] {
            let words = format!("{referer} does not match any trusted origins.");
            assert_eq!(
                from_page(Some(referer)),
                Some(format!("Referer checking failed - {words}"))
            );
        }
        for (referer, words) in [
            (None, "no Referer."),
            (Some(""), "Referer is malformed."),
            (Some("testserver/"), "Referer is malformed."),
            (Some("//testserver/"), "Referer is malformed."),
            (Some("https:///x"), "Referer is malformed."),
            (Some("https://[testserver/"), "Referer is malformed."),
            (Some("http://testserver/"), "Referer is insecure while host is secure."),
            (
                Some("https://evil.example/x"),
                "https://evil.example/x does not match any trusted origins.",
            ),
        ] {
            assert_eq!(from_page(referer), Some(format!("Referer checking failed - {words}")));
        }
    }

    #[test]
    fn over_http_no_referer_is_needed_and_safe_methods_need_nothing() {
        assert_eq!(token_reason(None, Some(SECRET)), None);
        for method in [Method::GET, Method::HEAD, Method::OPTIONS, Method::TRACE] {
            let mut cx = context(method, None, ViewContext::default());
            assert_eq!(check(&mut cx, |_| Ok(None)).unwrap(), None);
        }
    }

    #[test]
    fn a_token_is_of_the_clients_secret_and_a_rotated_one_is_not() {
        let mut cx = context(Method::GET, None, ViewContext::default());
        let (_, value) = cookie();
        cx.request.headers.insert(COOKIE, HeaderValue::from_str(&value).unwrap());
        let secret = |cx: &mut Context| secret_of(&get_token(cx).unwrap()).unwrap();
        assert_eq!(secret(&mut cx), SECRET);
        rotate_token(&mut cx).unwrap();
        assert_ne!(secret(&mut cx), SECRET);
    }
}
