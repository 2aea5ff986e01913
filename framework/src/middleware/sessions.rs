//! What an answer says of the session and of the CSRF cookie (`SessionMiddleware`,
//! `CsrfViewMiddleware`), as the last step of every request.

use super::csrf;
use crate::exceptions::Result;
use crate::request::{Context, Request};
use crate::response::{Cookie, Response, date_in};
use crate::sessions::Session;
use crate::settings::Settings;
use crate::signing::Keys;

/// Stores the session of a request that touched it, and sets its cookies. A request without
/// cookies that touched neither session nor CSRF token passes at once.
///
/// # Errors
/// Django's 400 page when the session was ended by another request meanwhile, and what the
/// database reports.
pub(crate) async fn process_response(cx: &mut Context, mut response: Response) -> Result<Response> {
    if cx.session.is_none() && cx.csrf.is_none() && !cx.request.has_cookies() {
        return Ok(response);
    }
    csrf::process_response(cx.csrf.as_deref(), &cx.request, &cx.shared.settings, &mut response)?;
    let settings = &cx.shared.settings;
    let sent = cx.request.cookie(&settings.session.cookie_name);
    if cx.session.is_none()
        && settings.session.save_every_request
        && let Some(key) = sent.as_deref()
    {
        let mut session = Session::load(&cx.conn, key, Keys::of(settings)).await?;
        if !session.is_empty() {
            session.touch();
        }
        cx.session = Some(Box::new(session));
    }
    let Some(session) = cx.session.as_deref_mut() else {
        forget_useless(sent.as_deref(), settings, &mut response);
        return Ok(response);
    };
    if settings.session.save_every_request {
        session.touch();
    }
    if session.is_empty() {
        session.forget(&cx.conn).await?;
        if sent.is_some() {
            delete_cookie(settings, &mut response);
        }
    } else if session.is_modified() && response.status < 500 {
        session.save(&cx.conn, settings).await?;
        let name = &settings.session.cookie_name;
        let mut cookie = Cookie::new(name, session.key().unwrap_or_default());
        if !session.expires_at_browser_close(&settings.session) {
            cookie = cookie.max_age(session.expiry_age(&settings.session));
        }
        response.set_cookie(&cookie.of_session(&settings.session));
        response.vary_on(&["Cookie"]);
    }
    Ok(response)
}

/// The same for an answer that no view gave, which touches no database: `inside` is false for
/// answers of the layer above the CSRF check.
pub(crate) fn process_plain(
    settings: &Settings,
    request: &Request,
    response: &mut Response,
    inside: bool,
) {
    if !request.has_cookies() {
        return;
    }
    if inside && let Err(error) = csrf::process_response(None, request, settings, response) {
        tracing::error!("no CSRF cookie: {error}");
    }
    let sent = request.cookie(&settings.session.cookie_name);
    forget_useless(sent.as_deref(), settings, response);
}

/// A cookie that cannot be a session's is deleted without a look at the rows.
fn forget_useless(sent: Option<&str>, settings: &Settings, response: &mut Response) {
    if sent.is_some_and(|key| !Session::is_key(key)) {
        delete_cookie(settings, response);
    }
}

fn delete_cookie(settings: &Settings, response: &mut Response) {
    let cookie = Cookie::expired(&settings.session.cookie_name);
    response.set_cookie(&cookie.of_session(&settings.session).deleting());
    response.vary_on(&["Cookie"]);
}

/// Keeps an answer out of every cache (`never_cache`).
pub(crate) fn never_cache(response: &mut Response) {
    use actix_web::http::header::{CACHE_CONTROL, EXPIRES, HeaderValue};
    let control = "max-age=0, no-cache, no-store, must-revalidate, private";
    response.headers.insert(CACHE_CONTROL, HeaderValue::from_static(control));
    if let Ok(now) = HeaderValue::from_str(&date_in(0)) {
        response.headers.insert(EXPIRES, now);
    }
}
