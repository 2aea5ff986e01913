//! The views of JSON web tokens (`rest_framework_simplejwt.views`).
//!
//! Rotation blacklists the old token and records the new one in one transaction, and of two
//! requests that refresh with the same token the database lets one succeed; simplejwt accepts both.
//! A refresh token that is used twice was stolen, or its client is broken: neither gets two.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use actix_web::http::Method;
use serde_json::{Value as Json, json};

use crate::auth::{Account, update_last_login};
use crate::authentication::authenticate;
use crate::authentication::jwt::{Challenge, RefreshToken, TokenError, UntypedToken};
use crate::exceptions::{ApiException, Detail, Result};
use crate::fields::Field;
use crate::permissions::AllowAny;
use crate::request::Context;
use crate::response::Response;
use crate::serializers::{Description, Existing, PlainBuilder, Serializer, ValidatedData};
use crate::views::{ApiView, Handler, OperationInfo, ResponseInfo};

#[derive(Serializer)]
struct TokenRefreshSerializer {
    #[field(read_only)]
    access: Option<String>,
    refresh: String,
}

#[derive(Serializer)]
struct TokenVerifySerializer {
    #[field(write_only)]
    token: String,
}

#[derive(Serializer)]
struct TokenBlacklistSerializer {
    #[field(write_only)]
    refresh: String,
}

/// Issues a pair of tokens for a user name and a password: `{"refresh", "access"}`
/// (`TokenObtainPairView`). The field of the name is that of the user model.
#[doc(alias = "TokenObtainPairView")]
pub fn token_obtain_pair() -> ApiView {
    let description = "Takes a set of user credentials and returns an access and refresh JSON web\n\
                       token pair to prove the authentication of those credentials.";
    view("Token Obtain Pair", description, credentials("username"), obtain)
        .serializer(Method::POST, Some(sent("username")))
        .non_atomic_requests()
}

/// Issues an access token for a refresh token: `{"access"}` (`TokenRefreshView`), and with
/// `JWT_ROTATE_REFRESH_TOKENS` a refresh token that replaces the old one.
#[doc(alias = "TokenRefreshView")]
pub fn token_refresh() -> ApiView {
    let description = "Takes a refresh type JSON web token and returns an access type JSON web\n\
                       token if the refresh token is valid.";
    view("Token Refresh", description, TokenRefreshSerializer::description(), refresh)
}

/// Returns whether a token of any kind is valid: `{}` or 401 (`TokenVerifyView`).
#[doc(alias = "TokenVerifyView")]
pub fn token_verify() -> ApiView {
    let description = "Takes a token and indicates if it is valid.  This view provides no\n\
         information about a token's fitness for a particular use.";
    view("Token Verify", description, TokenVerifySerializer::description(), verify)
}

/// Puts a refresh token on the blacklist: `{}` (`TokenBlacklistView`). It needs the setting
/// `JWT_BLACKLIST`.
#[doc(alias = "TokenBlacklistView")]
pub fn token_blacklist() -> ApiView {
    let description = "Takes a token and blacklists it. Must be used with the\n\
                       `rest_framework_simplejwt.token_blacklist` app installed.";
    view("Token Blacklist", description, TokenBlacklistSerializer::description(), blacklist)
}

fn view(
    name: &str,
    text: &'static str,
    body: &'static Description,
    handler: impl Handler<(Response,)>,
) -> ApiView {
    let mut operation = OperationInfo::new(Method::POST);
    operation.description = text;
    operation.request = Some(body);
    operation.response = ResponseInfo::One(body);
    ApiView::new(name)
        .description(text)
        .authentication(Challenge::default())
        .permissions(AllowAny)
        .documented(operation)
        .post(handler)
}

/// The serializer of a login, whose first field has the name of the user model's username field, as the
/// OpenAPI document shows it: with the tokens. One is created per name and kept: a program has one user
/// model, or a few in its tests.
fn credentials(username: &'static str) -> &'static Description {
    static MADE: Mutex<BTreeMap<&'static str, &'static Description>> = Mutex::new(BTreeMap::new());
    kept(&MADE, username, || {
        asked_for(username)
            .field(Field::char("access").read_only())
            .field(Field::char("refresh").read_only())
    })
}

/// The same without the tokens, as OPTIONS shows it.
fn sent(username: &'static str) -> &'static Description {
    static MADE: Mutex<BTreeMap<&'static str, &'static Description>> = Mutex::new(BTreeMap::new());
    kept(&MADE, username, || asked_for(username))
}

fn asked_for(username: &'static str) -> PlainBuilder {
    Description::plain("TokenObtainPair")
        .field(Field::char(username).write_only())
        .field(Field::char("password").write_only())
}

fn kept(
    known: &Mutex<BTreeMap<&'static str, &'static Description>>,
    username: &'static str,
    make: impl FnOnce() -> PlainBuilder,
) -> &'static Description {
    let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
    known.entry(username).or_insert_with(|| Box::leak(Box::new(make().build())))
}

async fn obtain(cx: &mut Context) -> Result<Response> {
    let username = cx.user_meta().username_field();
    let set = cx.changes(credentials(username), false, Existing::default()).await?;
    let mut body = ValidatedData::new(set);
    let (name, password): (Option<String>, Option<String>) =
        (body.take(username), body.take("password"));
    let (name, password) = (name.unwrap_or_default(), password.unwrap_or_default());
    let Some(account) = authenticate(cx, &name, &password).await? else {
        return Err(no_account("No active account found with the given credentials"));
    };
    let token = RefreshToken::for_user(cx, &account).await?;
    let access = token.access_token(cx)?.encode(cx)?;
    if cx.settings().jwt.update_last_login {
        update_last_login(cx, &account).await?;
    }
    Response::new(&json!({ "refresh": token.encode(cx)?, "access": access }))
}

async fn refresh(cx: &mut Context) -> Result<Response> {
    let body: TokenRefreshSerializer = cx.validated().await?;
    let token = RefreshToken::read(cx, &body.refresh).await?.map_err(not_valid)?;
    let user = user_of(cx, &token).await?;
    let access = token.access_token(cx)?.encode(cx)?;
    let jwt = &cx.settings().jwt;
    if !jwt.rotate_refresh_tokens {
        return Response::new(&json!({ "access": access }));
    }
    let next = if jwt.blacklist {
        let ends = jwt.blacklist_after_rotation;
        cx.transaction(async |cx| {
            if ends && !token.blacklist_of(cx, user.as_ref()).await? {
                return Err(not_valid(TokenError::Blacklisted));
            }
            token.rotated(cx, user.as_ref()).await
        })
        .await?
    } else {
        token.rotated(cx, user.as_ref()).await?
    };
    Response::new(&json!({ "access": access, "refresh": next.encode(cx)? }))
}

async fn verify(cx: &mut Context) -> Result<Response> {
    let body: TokenVerifySerializer = cx.validated().await?;
    let token = UntypedToken::read(cx, &body.token)?.map_err(not_valid)?;
    let jwt = &cx.settings().jwt;
    if jwt.blacklist && jwt.blacklist_after_rotation && token.is_blacklisted(cx).await? {
        let messages = [TokenError::Blacklisted.to_string()];
        return Err(ApiException::validation(Detail::non_field(messages)));
    }
    Response::new(&json!({}))
}

async fn blacklist(cx: &mut Context) -> Result<Response> {
    let body: TokenBlacklistSerializer = cx.validated().await?;
    let token = RefreshToken::read(cx, &body.refresh).await?.map_err(not_valid)?;
    if cx.settings().jwt.blacklist {
        token.blacklist(cx).await?;
    }
    Response::new(&json!({}))
}

/// The account of a refresh token; `None` for a token without a user.
async fn user_of(cx: &Context, token: &RefreshToken) -> Result<Option<Account>> {
    let jwt = &cx.settings().jwt;
    if token.value(&jwt.user_id_claim).is_none_or(is_nothing) {
        return Ok(None);
    }
    match token.user(cx).await? {
        Some(user) if user.is_active() || !jwt.check_user_is_active => Ok(Some(user)),
        _ => Err(no_account("No active account found for the given token.")),
    }
}

/// Whether the value stands for no user; a value that is neither that nor a key is refused.
fn is_nothing(user_id: &Json) -> bool {
    match user_id {
        Json::Null => true,
        Json::Bool(flag) => !flag,
        Json::Number(number) => number.as_f64() == Some(0.0),
        _ => false,
    }
}

/// 401 with simplejwt's text and code (`InvalidToken`).
fn not_valid(error: TokenError) -> ApiException {
    let detail = Detail::map([("detail", error.to_string()), ("code", "token_not_valid".into())]);
    ApiException::AuthenticationFailed(Some(detail))
}

fn no_account(text: &'static str) -> ApiException {
    ApiException::AuthenticationFailed(Some(Detail::new(text, "no_active_account")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_is_asked_for_under_the_user_models_name() {
        let names = |username| {
            credentials(username).fields().iter().map(|field| field.name).collect::<Vec<_>>()
        };
        assert_eq!(names("email"), ["email", "password", "access", "refresh"]);
        assert!(std::ptr::eq(credentials("email"), credentials("email")));
    }

    #[test]
    fn a_token_may_be_nobodys() {
        for nothing in [json!(null), json!(0), json!(0.0), json!(false)] {
            assert!(is_nothing(&nothing), "{nothing}");
        }
        for something in [json!(1), json!("0"), json!(""), json!([]), json!({}), json!(true)] {
            assert!(!is_nothing(&something), "{something}");
        }
    }
}
