//! Session and CSRF cookies of a response (`SessionMiddleware`, `CsrfViewMiddleware`), set as the
//! last step of every request.

use super::csrf;
use crate::aside::aside;
use crate::exceptions::Result;
use crate::request::{Context, Request};
use crate::response::{Cookie, Response, date_in};
use crate::sessions::Session;
use crate::settings::Settings;
use crate::signing::Keys;

/// Stores the session of a request that used it, and sets its cookies. A request without cookies
/// that used neither session nor CSRF token passes at once.
///
/// # Errors
/// Django's 400 page if another request ended the session meanwhile, and what the database reports.
pub(crate) async fn process_response(cx: &mut Context, response: Response) -> Result<Response> {
    if cx.session.is_none() && cx.csrf.is_none() && !cx.request.has_cookies() {
        return Ok(response);
    }
    // most clients of an API send no cookie
    aside(|| store_and_set_cookies(cx, response)).await
}

async fn store_and_set_cookies(cx: &mut Context, mut response: Response) -> Result<Response> {
    csrf::process_response(cx.csrf.as_deref(), &cx.request, &cx.shared.settings, &mut response)?;
    let settings = &cx.shared.settings;
    let sent = cx.request.cookie(&settings.session.cookie.name);
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
    // sessions that the view ended are deleted, whatever the response is
    session.forget(&cx.conn).await?;
    if session.is_empty() {
        if sent.is_some() {
            delete_cookie(settings, &mut response);
        }
    } else if session.is_modified() && response.status < 500 {
        session.save(&cx.conn, settings).await?;
        let name = &settings.session.cookie.name;
        let mut cookie = Cookie::new(name, session.key().unwrap_or_default());
        if !session.expires_at_browser_close(&settings.session) {
            cookie = cookie.max_age(session.expiry_age(&settings.session));
        }
        response.set_cookie(&cookie.with_settings(&settings.session.cookie));
        response.vary_on(&["Cookie"]);
    }
    Ok(response)
}

/// Like `process_response`, for a response without a view, which touches no database. `inside` is
/// false for responses of the layer above the CSRF check.
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
    let sent = request.cookie(&settings.session.cookie.name);
    forget_useless(sent.as_deref(), settings, response);
}

/// Deletes a cookie that cannot be a session's, without a query.
fn forget_useless(sent: Option<&str>, settings: &Settings, response: &mut Response) {
    if sent.is_some_and(|key| !Session::is_key(key)) {
        delete_cookie(settings, response);
    }
}

fn delete_cookie(settings: &Settings, response: &mut Response) {
    let cookie = Cookie::expired(&settings.session.cookie.name);
    response.set_cookie(&cookie.with_settings(&settings.session.cookie).deleting());
    response.vary_on(&["Cookie"]);
}

/// Keeps a response out of every cache (`never_cache`).
pub(crate) fn never_cache(response: &mut Response) {
    use actix_web::http::header::{CACHE_CONTROL, EXPIRES, HeaderValue};
    let control = "max-age=0, no-cache, no-store, must-revalidate, private";
    response.headers.insert(CACHE_CONTROL, HeaderValue::from_static(control));
    if let Ok(now) = HeaderValue::from_str(&date_in(0)) {
        response.headers.insert(EXPIRES, now);
    }
}

#[cfg(all(test, feature = "sqlite"))]
mod tests {
    use std::sync::Arc;

    use actix_web::http::Method;
    use actix_web::http::header::{COOKIE, HeaderValue, SET_COOKIE, VARY};

    use super::*;
    use crate::db::testing::block_on;
    use crate::db::{ColumnKind, Sql};
    use crate::exceptions::ApiException;
    use crate::request::testing::context;
    use crate::request::{Shared, ViewContext};
    use crate::sessions::Expiry;

    const KEY: &str = "abcdefghijklmnopqrstuvwxyz012345";

    /// A request with this cookie, where one session is stored, `{"a": 1}`.
    async fn request(cookie: &str, change: impl FnOnce(&mut Settings)) -> Context {
        let mut cx = context(Method::GET, None, ViewContext::default());
        let mut settings = Settings {
            secret_key: "reference-secret-key-for-tests-only-0123456789abcdef".into(),
            ..Settings::default()
        };
        change(&mut settings);
        cx.shared = Arc::new(Shared { settings, ..Shared::default() });
        cx.batch_execute(
            "CREATE TABLE django_session (session_key varchar(40) NOT NULL PRIMARY KEY, \
             session_data text NOT NULL, expire_date datetime NOT NULL); \
             INSERT INTO django_session VALUES ('abcdefghijklmnopqrstuvwxyz012345', \
             'eyJhIjoxfQ:1r31eq:0hjNW3vtTnmWrIzrAkLCG1dDC5qxKMIfwG65_35yNHM', '2999-01-01 00:00:00')",
        )
        .await
        .unwrap();
        if !cookie.is_empty() {
            cx.request.headers.insert(COOKIE, HeaderValue::from_str(cookie).unwrap());
        }
        cx
    }

    fn stored_cookie() -> String {
        format!("sessionid={KEY}")
    }

    /// What the response sets, without dates, and what it says that it depends on.
    async fn answered(cx: &mut Context, status: u16) -> (String, String) {
        let response = process_response(cx, Response::empty(status)).await.unwrap();
        let set = response.headers.get_all(SET_COOKIE).map(|value| {
            let parts = value.to_str().unwrap().split("; ");
            let parts: Vec<&str> = parts.filter(|part| !part.starts_with("expires")).collect();
            parts.join("; ")
        });
        let set = set.collect::<Vec<_>>().join(" | ");
        let vary = response.headers.get(VARY).map(|value| value.to_str().unwrap().to_owned());
        (set, vary.unwrap_or_default())
    }

    async fn rows(cx: &Context) -> Vec<String> {
        let mut sql = Sql::new(cx.dialect());
        sql.push("SELECT session_key FROM django_session");
        cx.rows(sql, |row| row.get(0, ColumnKind::Text)).await.unwrap()
    }

    const DELETED: &str = "sessionid=\"\"; Max-Age=0; Path=/; SameSite=Lax";
    const REST: &str = "; HttpOnly; Max-Age=1209600; Path=/; SameSite=Lax";

    fn varied() -> String {
        "Cookie".into()
    }

    #[test]
    fn a_session_that_was_not_touched_is_left_alone() {
        block_on(async {
            for cookie in ["", "a=b", &stored_cookie()] {
                let mut cx = request(cookie, |_| {}).await;
                assert_eq!(answered(&mut cx, 200).await, (String::new(), String::new()));
            }
            let mut cx = request(&stored_cookie(), |_| {}).await;
            assert_eq!(cx.session().await.unwrap().get("a"), Some(&1.into()));
            assert_eq!(answered(&mut cx, 200).await, (String::new(), String::new()));
            // the view's own response says so
            assert_eq!(cx.varies_on(), ["Cookie"]);
        });
    }

    #[test]
    fn a_changed_session_is_stored_and_its_cookie_set_unless_the_server_failed() {
        block_on(async {
            let mut cx = request(&stored_cookie(), |_| {}).await;
            cx.session().await.unwrap().set("b", 2);
            assert_eq!(answered(&mut cx, 500).await, (String::new(), String::new()));
            assert!(cx.session().await.unwrap().is_modified());
            let cookie = format!("sessionid={KEY}{REST}");
            assert_eq!(answered(&mut cx, 404).await, (cookie, varied()));
            assert!(!cx.session().await.unwrap().is_modified());
        });
    }

    #[test]
    fn a_key_that_was_given_up_is_over_even_where_the_server_failed() {
        block_on(async {
            let mut cx = request(&stored_cookie(), |_| {}).await;
            let session = cx.session().await.unwrap();
            session.flush();
            session.set("notice", "bye");
            assert_eq!(answered(&mut cx, 503).await, (String::new(), String::new()));
            assert!(!rows(&cx).await.iter().any(|row| row == KEY));
        });
    }

    #[test]
    fn a_new_session_gets_a_cookie_and_nobody_chooses_its_key() {
        block_on(async {
            for cookie in ["", "sessionid=planted-by-somebody-else"] {
                let mut cx = request(cookie, |_| {}).await;
                cx.session().await.unwrap().set("b", 2);
                let (set, vary) = answered(&mut cx, 200).await;
                let key = set.strip_prefix("sessionid=").unwrap().strip_suffix(REST).unwrap();
                assert!(key.len() == 32 && key != KEY, "{set}");
                assert_eq!(vary, varied());
                assert!(rows(&cx).await.iter().any(|row| row == key));
            }
        });
    }

    #[test]
    fn a_cookie_of_no_session_is_deleted_when_it_was_looked_up() {
        block_on(async {
            let mut cx = request("sessionid=unknown-but-long-enough", |_| {}).await;
            assert_eq!(answered(&mut cx, 200).await, (String::new(), String::new()));
            cx.session().await.unwrap();
            assert_eq!(answered(&mut cx, 200).await, (DELETED.into(), varied()));
            // one that no session can have, at once
            let mut cx = request("sessionid=short", |_| {}).await;
            assert_eq!(answered(&mut cx, 200).await, (DELETED.into(), varied()));
        });
    }

    #[test]
    fn an_ended_session_loses_its_row_and_its_cookie_even_where_the_server_failed() {
        block_on(async {
            for status in [200, 500] {
                let mut cx = request(&stored_cookie(), |_| {}).await;
                cx.session().await.unwrap().flush();
                assert_eq!(answered(&mut cx, status).await, (DELETED.into(), varied()));
                assert!(rows(&cx).await.is_empty());
            }
        });
    }

    #[test]
    fn a_session_that_another_request_ended_meanwhile_is_a_400_and_stays_ended() {
        block_on(async {
            let mut cx = request(&stored_cookie(), |_| {}).await;
            cx.session().await.unwrap().set("b", 2);
            cx.batch_execute("DELETE FROM django_session").await.unwrap();
            let refused = process_response(&mut cx, Response::empty(200)).await;
            assert!(matches!(refused, Err(ApiException::Suspicious(_))), "{refused:?}");
            assert!(rows(&cx).await.is_empty());
        });
    }

    #[test]
    fn the_cookie_is_as_the_settings_and_the_session_say() {
        block_on(async {
            let mut cx = request(&stored_cookie(), |settings| {
                settings.session.cookie.secure = true;
                settings.session.cookie.httponly = false;
                settings.session.cookie.samesite = None;
                settings.session.cookie.domain = Some("example.com".into());
                settings.session.cookie.path = "/x".into();
            })
            .await;
            cx.session().await.unwrap().set_expiry(Expiry::AtBrowserClose);
            let cookie = format!("sessionid={KEY}; Domain=example.com; Path=/x; Secure");
            assert_eq!(answered(&mut cx, 200).await.0, cookie);
            cx.session().await.unwrap().set_expiry(Expiry::Seconds(60));
            let cookie =
                format!("sessionid={KEY}; Domain=example.com; Max-Age=60; Path=/x; Secure");
            assert_eq!(answered(&mut cx, 200).await.0, cookie);
        });
    }

    #[test]
    fn every_request_may_begin_the_age_anew() {
        block_on(async {
            let every = |settings: &mut Settings| settings.session.save_every_request = true;
            let mut cx = request(&stored_cookie(), every).await;
            let cookie = format!("sessionid={KEY}{REST}");
            assert_eq!(answered(&mut cx, 200).await, (cookie, varied()));
            let mut cx = request("sessionid=unknown-but-long-enough", every).await;
            assert_eq!(answered(&mut cx, 200).await, (DELETED.into(), varied()));
            assert_eq!(rows(&cx).await.len(), 1);
            let mut cx = request("", every).await;
            assert_eq!(answered(&mut cx, 200).await, (String::new(), String::new()));
        });
    }

    #[test]
    fn a_csrf_cookie_that_is_no_token_is_replaced() {
        block_on(async {
            let mut cx = request("csrftoken=x", |_| {}).await;
            let (set, vary) = answered(&mut cx, 200).await;
            let rest = "; Max-Age=31449600; Path=/; SameSite=Lax";
            let secret = set.strip_prefix("csrftoken=").unwrap().strip_suffix(rest).unwrap();
            assert_eq!((secret.len(), vary), (32, varied()));
            let mut cx = request(&format!("csrftoken={secret}"), |_| {}).await;
            assert_eq!(answered(&mut cx, 200).await, (String::new(), String::new()));
            let mut response = Response::empty(404);
            process_plain(cx.settings(), &cx.request, &mut response, true);
            assert!(!response.headers.contains_key(SET_COOKIE));
        });
    }
}
