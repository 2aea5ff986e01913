//! `Authorization: Bearer eyJ…`

use std::sync::OnceLock;

use super::backend::TokenBackend;
use super::claims::TokenError;
use super::tokens::AccessToken;
use crate::authentication::{
    Authenticated, Authentication, AuthenticationScheme, get_authorization_header,
};
use crate::exceptions::{ApiException, Detail, Result};
use crate::request::{Auth, Context};

/// Authenticates by an access token, `Authorization: Bearer eyJ…` (`JWTAuthentication`), with the
/// settings `JWT_…`. [`Context::auth`] holds the [`AccessToken`].
///
/// A token is a 401 if it is expired, has a wrong signature, or names a user that is gone or
/// inactive.
///
/// ```
/// use quintet::authentication::JwtAuthentication;
/// use quintet::prelude::*;
///
/// async fn profile(cx: &mut Context) -> Result<Response> {
///     Response::new(&cx.user().map(|user| &user.username))
/// }
///
/// let view = ApiView::new("Profile")
///     .authentication(JwtAuthentication::new())
///     .permissions(IsAuthenticated)
///     .get(profile);
/// # let _ = view;
/// ```
#[doc(alias = "JWTAuthentication")]
#[derive(Debug, Default)]
pub struct JwtAuthentication {
    challenge: Challenge,
}

impl JwtAuthentication {
    /// Creates the authenticator. The word before the token is a setting, `JWT_AUTH_HEADER_TYPES`.
    pub fn new() -> Self {
        Self::default()
    }
}

/// An authenticator that recognises nobody but has the challenge of JWTs: for the token views,
/// which need no credentials. The word of the challenge is a setting, known with the first request.
#[derive(Debug, Default)]
pub(crate) struct Challenge(OnceLock<String>);

impl Authentication for Challenge {
    async fn authenticate(&self, cx: &mut Context) -> Result<Option<Authenticated>> {
        let backend = TokenBackend::of(cx)?;
        self.0.get_or_init(|| backend.challenge());
        Ok(None)
    }

    fn authenticate_header(&self) -> Option<String> {
        Some(self.0.get().map_or_else(|| "Bearer realm=\"api\"".to_owned(), Clone::clone))
    }
}

impl Authentication for JwtAuthentication {
    async fn authenticate(&self, cx: &mut Context) -> Result<Option<Authenticated>> {
        self.challenge.authenticate(cx).await?;
        let token = match get_authorization_header(&cx.request) {
            Some(header) => access_token(TokenBackend::of(cx)?, &header)?,
            None => None,
        };
        let Some(token) = token else { return Ok(None) };
        let settings = &cx.settings().jwt;
        if token.value(&settings.user_id_claim).is_none() {
            let text = "Token contained no recognizable user identification";
            return Err(failed(text, "token_not_valid"));
        }
        let user = token.user(cx).await?;
        let user = user.ok_or_else(|| failed("User not found", "user_not_found"))?;
        if settings.check_user_is_active && !user.is_active() {
            return Err(failed("User is inactive", "user_inactive"));
        }
        if settings.check_revoke_token && !token.is_of_password(&user) {
            return Err(failed("The user's password has been changed.", "password_changed"));
        }
        Ok(Some(Authenticated { user, auth: Some(Auth::new("AccessToken", token)) }))
    }

    fn authenticate_header(&self) -> Option<String> {
        self.challenge.authenticate_header()
    }

    fn scheme(&self) -> Option<AuthenticationScheme> {
        Some(AuthenticationScheme::Jwt)
    }
}

/// The token in a header; `None` if it uses another scheme.
fn access_token(backend: &TokenBackend, header: &[u8]) -> Result<Option<AccessToken>> {
    let space = |byte: &u8| byte.is_ascii_whitespace() || *byte == 0x0B;
    let mut words = header.split(space).filter(|word| !word.is_empty());
    let Some(scheme) = words.next() else { return Ok(None) };
    if !backend.settings.auth_header_types.iter().any(|word| word.as_bytes() == scheme) {
        return Ok(None);
    }
    let (Some(token), None) = (words.next(), words.next()) else {
        let text = "Authorization header must contain two space-delimited values";
        return Err(failed(text, "bad_authorization_header"));
    };
    AccessToken::read(backend, token).map(Some).map_err(not_valid)
}

/// simplejwt says what was wrong for each kind of token; there is one kind here.
fn not_valid(error: TokenError) -> ApiException {
    let message = Detail::map([
        ("token_class", Detail::new("AccessToken", "token_not_valid")),
        ("token_type", Detail::new(AccessToken::TYPE, "token_not_valid")),
        ("message", Detail::new(error.to_string(), "token_not_valid")),
    ]);
    let detail = Detail::map([
        ("detail", Detail::new("Given token not valid for any token type", "token_not_valid")),
        ("code", Detail::new("token_not_valid", "token_not_valid")),
        ("messages", Detail::List(vec![message])),
    ]);
    ApiException::AuthenticationFailed(Some(detail))
}

/// An error whose body has the code beside the text (`DetailDictMixin`).
fn failed(text: &'static str, code: &'static str) -> ApiException {
    let detail = Detail::map(
        [("detail", text), ("code", code)].map(|(key, text)| (key, Detail::new(text, code))),
    );
    ApiException::AuthenticationFailed(Some(detail))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::testing::{RECORDED, backend, backend_of};
    use super::*;

    fn read(header: &[u8]) -> Result<Option<AccessToken>, serde_json::Value> {
        access_token(backend(), header).map_err(|error| error.body())
    }

    #[test]
    fn the_word_is_read_with_its_case() {
        for header in [format!("Bearer {RECORDED}"), format!(" Bearer\t  {RECORDED} ")] {
            assert!(read(header.as_bytes()).unwrap().is_some());
        }
        for header in ["", " ", "bearer x", "BEARER x", "Token x", "JWT x", "Bearerx"] {
            assert_eq!(read(header.as_bytes()), Ok(None), "{header}");
        }
    }

    #[test]
    fn words_are_a_setting() {
        let backend = backend_of(|settings| {
            settings.jwt.auth_header_types = vec!["JWT".into(), "Bearer".into()];
        });
        for word in ["JWT", "Bearer"] {
            let header = format!("{word} {RECORDED}");
            assert!(access_token(&backend, header.as_bytes()).unwrap().is_some());
        }
        assert_eq!(backend.challenge(), "JWT realm=\"api\"");
    }

    #[test]
    fn a_header_has_two_words() {
        for header in ["Bearer", "Bearer ", "Bearer a b"] {
            assert_eq!(
                read(header.as_bytes()),
                Err(json!({
                    "detail": "Authorization header must contain two space-delimited values",
                    "code": "bad_authorization_header",
                }))
            );
        }
    }

    #[test]
    fn a_bad_token_is_refused_with_the_reason() {
        for header in [&b"Bearer x"[..], b"Bearer a.b.c", b"Bearer \xff\xfe"] {
            assert_eq!(
                read(header),
                Err(json!({
                    "detail": "Given token not valid for any token type",
                    "code": "token_not_valid",
                    "messages": [{
                        "token_class": "AccessToken",
                        "token_type": "access",
                        "message": "Token is invalid",
                    }],
                }))
            );
        }
    }
}
