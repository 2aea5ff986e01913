//! What a request knows of its CSRF token.

/// Where a request stands: its secret, and whether the response sets the cookie.
#[derive(Default)]
pub(crate) struct CsrfState {
    pub(crate) secret: Option<String>,
    pub(crate) sets_cookie: bool,
}
