//! `Authorization: Basic …` (`rest_framework.authentication.BasicAuthentication`).

use actix_web::http::header::AUTHORIZATION;

use super::{
    Authenticated, Authentication, AuthenticationScheme, authenticate, get_authorization_header,
};
use crate::exceptions::{ApiException, Detail, Result};
use crate::request::{Context, Request};
use crate::values::python;

/// HTTP Basic: a user name and a password with every request (`BasicAuthentication`).
///
/// Each request costs a password hash, so it suits tests and scripts. Over plain HTTP, everybody on
/// the way can read the password. Failed attempts count towards `LOGIN_THROTTLE_RATE`.
///
/// ```
/// use quintet::authentication::BasicAuthentication;
/// use quintet::views::ApiView;
///
/// let view = ApiView::new("Report").authentication(BasicAuthentication::new().realm("reports"));
/// # let _ = view;
/// ```
#[derive(Debug, Clone, Copy)]
pub struct BasicAuthentication {
    realm: &'static str,
}

impl BasicAuthentication {
    /// Creates the authenticator with the realm `api`.
    pub fn new() -> Self {
        Self { realm: "api" }
    }

    /// Sets the realm, which a browser shows (`www_authenticate_realm`).
    #[must_use]
    pub fn realm(mut self, realm: &'static str) -> Self {
        self.realm = realm;
        self
    }
}

impl Default for BasicAuthentication {
    fn default() -> Self {
        Self::new()
    }
}

impl Authentication for BasicAuthentication {
    fn applies(&self, request: &Request) -> bool {
        request.headers.contains_key(AUTHORIZATION)
    }

    async fn authenticate(&self, cx: &mut Context) -> Result<Option<Authenticated>> {
        let Some(header) = get_authorization_header(&cx.request) else { return Ok(None) };
        let Some((username, password)) = credentials(&header)? else { return Ok(None) };
        let user = authenticate(cx, &username, &password).await?;
        let user = user.ok_or_else(|| failed("Invalid username/password."))?;
        if !user.is_active() {
            return Err(failed("User inactive or deleted."));
        }
        Ok(Some(Authenticated { user, auth: None }))
    }

    fn authenticate_header(&self) -> Option<String> {
        Some(format!("Basic realm=\"{}\"", self.realm))
    }

    fn scheme(&self) -> Option<AuthenticationScheme> {
        Some(AuthenticationScheme::Basic)
    }
}

fn failed(text: &'static str) -> ApiException {
    ApiException::AuthenticationFailed(Some(Detail::new(text, "authentication_failed")))
}

/// The name and password in a header; `None` if it uses another scheme.
fn credentials(header: &[u8]) -> Result<Option<(String, String)>> {
    let space = |byte: &u8| byte.is_ascii_whitespace() || *byte == 0x0B;
    let mut words = header.split(space).filter(|word| !word.is_empty());
    let Some(scheme) = words.next() else { return Ok(None) };
    if !scheme.eq_ignore_ascii_case(b"basic") {
        return Ok(None);
    }
    let Some(encoded) = words.next() else {
        return Err(failed("Invalid basic header. No credentials provided."));
    };
    if words.next().is_some() {
        return Err(failed("Invalid basic header. Credentials string should not contain spaces."));
    }
    let bytes = python::base64(encoded);
    let text = bytes.map(|bytes| match String::from_utf8(bytes) {
        Ok(text) => text,
        // ISO 8859-1
        Err(error) => error.as_bytes().iter().map(|byte| char::from(*byte)).collect(),
    });
    match text.as_ref().and_then(|text| text.split_once(':')) {
        Some((username, password)) => Ok(Some((username.to_owned(), password.to_owned()))),
        None => Err(failed("Invalid basic header. Credentials not correctly base64 encoded.")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(header: &[u8]) -> Result<Option<(String, String)>, String> {
        credentials(header)
            .map_err(|error| error.detail().to_json().as_str().unwrap_or_default().to_owned())
    }

    fn pair(username: &str, password: &str) -> (String, String) {
        (username.to_owned(), password.to_owned())
    }

    #[test]
    fn name_and_password_are_read_as_utf8_or_as_latin1() {
        assert_eq!(
            read(b"Basic YWxpY2U6YWxpY2UtcGFzcy0x"),
            Ok(Some(pair("alice", "alice-pass-1")))
        );
        assert_eq!(read(b"BASIC  YTpiOmM="), Ok(Some(pair("a", "b:c"))));
        assert_eq!(read(b"basic Og=="), Ok(Some(pair("", ""))));
        assert_eq!(read("Basic w6k6w7w=".as_bytes()), Ok(Some(pair("é", "ü"))));
        assert_eq!(read(b"Basic //46eA=="), Ok(Some(pair("\u{ff}\u{fe}", "x"))));
    }

    #[test]
    fn another_scheme_is_left_to_others() {
        for header in [&b""[..], b"Token abc", b"Basicabc", b"YTpi"] {
            assert_eq!(read(header), Ok(None));
        }
    }

    #[test]
    fn a_malformed_header_is_refused_in_drfs_words() {
        let refused = |header| read(header).unwrap_err();
        assert_eq!(refused(b"Basic "), "Invalid basic header. No credentials provided.");
        assert_eq!(
            refused(b"Basic a b"),
            "Invalid basic header. Credentials string should not contain spaces."
        );
        for header in [&b"Basic ???"[..], b"Basic bm9jb2xvbg==", b"Basic YTpi\xff=Y", b"Basic YQ"] {
            assert_eq!(
                refused(header),
                "Invalid basic header. Credentials not correctly base64 encoded."
            );
        }
    }
}
