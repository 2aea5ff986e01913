//! The CSRF state of a request.

/// CSRF state of a request: the secret, and whether the response must set the cookie.
#[derive(Default)]
pub(crate) struct CsrfState {
    pub(crate) secret: Option<String>,
    pub(crate) sets_cookie: bool,
}
