//! `Authorization: Token 0123…` over Django's `authtoken_token`.

use actix_web::http::header::AUTHORIZATION;

use super::{Authenticated, Authentication, AuthenticationScheme, get_authorization_header};
use crate::exceptions::{ApiException, Detail, Result};
use crate::request::{Auth, Context, Request};

/// Authenticates by a key, `Authorization: Token 9944b0…` (`TokenAuthentication`), stored in
/// Django's table `authtoken_token`. [`Context::auth`] holds the key, a `String`.
///
/// Clients obtain a key from [`obtain_auth_token`](crate::accounts::obtain_auth_token). An unknown
/// key, or that of an inactive user, is a 401.
///
/// ```
/// use quintet::authentication::TokenAuthentication;
/// use quintet::views::ApiView;
///
/// // `Authorization: Bearer 9944b0…`
/// let view = ApiView::new("Orders").authentication(TokenAuthentication::new().keyword("Bearer"));
/// # let _ = view;
/// ```
#[derive(Debug, Clone, Copy)]
pub struct TokenAuthentication {
    keyword: &'static str,
}

impl TokenAuthentication {
    /// Creates the authenticator with the keyword `Token`.
    pub fn new() -> Self {
        Self { keyword: "Token" }
    }

    /// Sets the word before the key, in the header and in the challenge.
    #[must_use]
    pub fn keyword(mut self, keyword: &'static str) -> Self {
        self.keyword = keyword;
        self
    }

    /// The key in a header; `None` if it uses another scheme.
    fn key_of(self, header: &[u8]) -> Result<Option<&str>> {
        key_of(header, self.keyword)
    }
}

/// The key behind a word; `None` if the header uses another scheme.
pub(super) fn key_of<'a>(header: &'a [u8], keyword: &str) -> Result<Option<&'a str>> {
    let space = |byte: &u8| byte.is_ascii_whitespace() || *byte == 0x0B;
    let mut words = header.split(space).filter(|word| !word.is_empty());
    let Some(scheme) = words.next() else { return Ok(None) };
    if !scheme.eq_ignore_ascii_case(keyword.as_bytes()) {
        return Ok(None);
    }
    let Some(key) = words.next() else {
        return Err(failed("Invalid token header. No credentials provided."));
    };
    if words.next().is_some() {
        return Err(failed("Invalid token header. Token string should not contain spaces."));
    }
    std::str::from_utf8(key).map(Some).map_err(|_| {
        failed("Invalid token header. Token string should not contain invalid characters.")
    })
}

impl Default for TokenAuthentication {
    fn default() -> Self {
        Self::new()
    }
}

fn failed(text: &'static str) -> ApiException {
    ApiException::AuthenticationFailed(Some(Detail::new(text, "authentication_failed")))
}

impl Authentication for TokenAuthentication {
    fn applies(&self, request: &Request) -> bool {
        request.headers.contains_key(AUTHORIZATION)
    }

    async fn authenticate(&self, cx: &mut Context) -> Result<Option<Authenticated>> {
        let Some(header) = get_authorization_header(&cx.request) else { return Ok(None) };
        let Some(key) = self.key_of(&header)? else { return Ok(None) };
        let user = cx.user_meta().by_token(cx, key).await?;
        let user = user.ok_or_else(|| failed("Invalid token."))?;
        if !user.is_active() {
            return Err(failed("User inactive or deleted."));
        }
        Ok(Some(Authenticated { user, auth: Some(Auth::new("Token", key.to_owned())) }))
    }

    fn authenticate_header(&self) -> Option<String> {
        Some(self.keyword.to_owned())
    }

    fn scheme(&self) -> Option<AuthenticationScheme> {
        Some(AuthenticationScheme::Token { keyword: self.keyword })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(header: &[u8]) -> Result<Option<&str>, String> {
        TokenAuthentication::new()
            .key_of(header)
            .map_err(|error| error.detail().to_json().as_str().unwrap_or_default().to_owned())
    }

    #[test]
    fn the_word_is_read_without_case_and_spaces_may_be_many() {
        for header in [&b"Token abc"[..], b"TOKEN  abc", b" token\tabc "] {
            assert_eq!(key(header), Ok(Some("abc")));
        }
    }

    #[test]
    fn another_scheme_is_left_to_others() {
        for header in [&b""[..], b"abc", b"Bearer abc", b"Tokenabc"] {
            assert_eq!(key(header), Ok(None));
        }
    }

    #[test]
    fn a_malformed_header_is_refused_in_drfs_words() {
        let refused = |header| key(header).unwrap_err();
        assert_eq!(refused(b"Token "), "Invalid token header. No credentials provided.");
        assert_eq!(
            refused(b"Token a b"),
            "Invalid token header. Token string should not contain spaces."
        );
        assert_eq!(
            refused(b"Token k\xe9y"),
            "Invalid token header. Token string should not contain invalid characters."
        );
    }

    #[test]
    fn the_keyword_can_be_another() {
        let store = TokenAuthentication::new().keyword("Store");
        assert_eq!(store.key_of(b"store k").unwrap(), Some("k"));
        assert_eq!(store.key_of(b"Token k").unwrap(), None);
        assert_eq!(store.authenticate_header().as_deref(), Some("Store"));
    }
}
