//! The logout page (`LogoutView`).

use super::{html, next};
use crate::authentication::logout;
use crate::exceptions::Result;
use crate::request::Context;
use crate::response::Response;
use crate::reverse::Origin;
use crate::views::{PageView, form_of};

/// The logout page. It only accepts POST, so that an image on another page cannot log anybody out.
/// It redirects to `next` or to `LOGOUT_REDIRECT_URL`, or shows a page that confirms the logout.
pub fn logout_page() -> PageView {
    PageView::new("Logout").post(submit)
}

async fn submit(cx: &mut Context) -> Result<Response> {
    let sent = form_of(cx)?;
    logout(cx).await?;
    let to = match (next::named(cx, &sent), &cx.settings().auth.logout_redirect_url) {
        (Some(next), _) => next,
        (None, Some(url)) => next::resolved(cx, url)?,
        (None, None) => cx.request.path.clone(),
    };
    if to != cx.request.full_path() {
        return Ok(Response::redirect(&to));
    }
    let again = cx.urls().reverse(&Origin::default(), "rest_framework:login", &[]);
    let again = again.unwrap_or_else(|_| cx.settings().auth.login_url.clone());
    let again = html::escape(&again);
    let body = format!("<p>You are logged out.</p>\n<p><a href=\"{again}\">Log in again</a></p>");
    Ok(html::page("Logged out", &body))
}
