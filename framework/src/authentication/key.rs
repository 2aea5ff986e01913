//! Keys of a project's own: `TokenAuthentication` with another table.

use std::future::Future;

use actix_web::http::header::AUTHORIZATION;

use super::token::key_of;
use super::{Authenticated, Authentication, AuthenticationScheme, get_authorization_header};
use crate::exceptions::{ApiException, Detail, Result};
use crate::request::{Context, Request};

/// Authenticates by a key behind a word, `Authorization: Bearer 9944b0…`, that a project looks up itself: a
/// subclass of `TokenAuthentication` with its own `model` or `authenticate_credentials`.
///
/// Every `KeyAuthentication` is an [`Authentication`]. Several may share their word: one that does not know
/// a key leaves it to the next, and a key that none of them knows leaves the request anonymous. The
/// messages for malformed headers are those of `TokenAuthentication`. A table that others may read should
/// hold digests of the keys, and the digest of what was sent is looked up.
///
/// ```
/// use quintet::authentication::{Authenticated, KeyAuthentication};
/// use quintet::prelude::*;
///
/// # #[model(table = "api_key")]
/// # pub struct ApiKey {
/// #     pub id: i64,
/// #     pub key: String,
/// #     pub username: String,
/// # }
/// /// `Authorization: Api-Key ..`
/// struct ApiKeys;
///
/// impl KeyAuthentication for ApiKeys {
///     const KEYWORD: &'static str = "Api-Key";
///
///     async fn authenticate_credentials(
///         &self,
///         key: &str,
///         cx: &mut Context,
///     ) -> Result<Option<Authenticated>> {
///         let rows = ApiKey::objects().filter(api_key::key.eq(key.to_owned()));
///         let Some(found) = rows.first(cx).await? else { return Ok(None) };
///         let user = cx.user_meta().by_username(cx, &found.username).await?;
///         Ok(user.map(Authenticated::new))
///     }
/// }
///
/// # fn main() {
/// let view = ApiView::new("Orders").authentication(ApiKeys);
/// # let _ = view;
/// # }
/// ```
#[doc(alias = "authenticate_credentials")]
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not look up keys",
    label = "this type has no `KeyAuthentication` implementation",
    note = "write `impl KeyAuthentication for {Self}`, with `async fn authenticate_credentials`"
)]
pub trait KeyAuthentication: Send + Sync + 'static {
    /// The word before the key, in the header and in the challenge.
    const KEYWORD: &'static str = "Bearer";

    /// What the OpenAPI document calls the scheme; the keyword by default.
    const SCHEME: &'static str = Self::KEYWORD;

    /// The user of a key; `None` if it is not one of these.
    ///
    /// # Errors
    /// `AuthenticationFailed` ends the request, even on a public view: for an expired key, say.
    fn authenticate_credentials(
        &self,
        key: &str,
        cx: &mut Context,
    ) -> impl Future<Output = Result<Option<Authenticated>>>;
}

#[diagnostic::do_not_recommend]
impl<K: KeyAuthentication> Authentication for K {
    fn applies(&self, request: &Request) -> bool {
        request.headers.contains_key(AUTHORIZATION)
    }

    async fn authenticate(&self, cx: &mut Context) -> Result<Option<Authenticated>> {
        let header = get_authorization_header(&cx.request);
        let Some(key) = header.as_deref().map(|header| key_of(header, K::KEYWORD)).transpose()?
        else {
            return Ok(None);
        };
        let Some(key) = key.map(ToOwned::to_owned) else { return Ok(None) };
        match self.authenticate_credentials(&key, cx).await? {
            Some(found) if !found.user.is_active() => {
                let text = "User inactive or deleted.";
                let detail = Detail::new(text, "authentication_failed");
                Err(ApiException::AuthenticationFailed(Some(detail)))
            }
            found => Ok(found),
        }
    }

    fn authenticate_header(&self) -> Option<String> {
        Some(K::KEYWORD.to_owned())
    }

    fn scheme(&self) -> Option<AuthenticationScheme> {
        Some(if K::KEYWORD == "Bearer" {
            AuthenticationScheme::Bearer { name: K::SCHEME }
        } else {
            AuthenticationScheme::Token { keyword: K::KEYWORD }
        })
    }
}
