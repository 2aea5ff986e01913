//! An API key for a name and a password (`rest_framework.authtoken.views.ObtainAuthToken`).

use actix_web::http::Method;
use serde_json::json;

use crate::auth::get_or_create_token;
use crate::authentication::authenticate;
use crate::exceptions::{ApiException, Detail, Result};
use crate::parsers::{FormParser, JsonParser, MultiPartParser};
use crate::permissions::AllowAny;
use crate::renderers::JsonRenderer;
use crate::request::Context;
use crate::response::Response;
use crate::serializers::Serializer;
use crate::views::{ApiView, OperationInfo, ResponseInfo};

#[derive(Serializer)]
struct AuthTokenSerializer {
    username: String,
    #[field(trim_whitespace = false)]
    password: String,
    #[field(read_only)]
    token: Option<String>,
}

#[derive(Serializer)]
#[serializer(name = "Token")]
struct TokenSerializer {
    token: String,
}

/// A view that returns the API key of an account for its user name and password, and creates the
/// key if there is none (`obtain_auth_token`). It is open to everybody; failed logins are counted
/// by [`authenticate`](crate::authentication::authenticate).
///
/// ```
/// use quintet::accounts::obtain_auth_token;
/// use quintet::prelude::*;
///
/// let urls = Router::new().path("auth/token/", obtain_auth_token(), "obtain-token");
/// # let _ = urls;
/// ```
pub fn obtain_auth_token() -> ApiView {
    let mut operation = OperationInfo::new(Method::POST);
    operation.description = "Answers a user name and a password with the user's API key.";
    operation.request = Some(AuthTokenSerializer::description());
    operation.response = ResponseInfo::One(TokenSerializer::description());
    ApiView::new("Obtain Auth Token")
        .permissions(AllowAny)
        .throttles(())
        .non_atomic_requests()
        .parsers((FormParser, MultiPartParser, JsonParser))
        .renderers(JsonRenderer)
        .documented(operation)
        .post(obtain)
}

async fn obtain(cx: &mut Context) -> Result<Response> {
    let AuthTokenSerializer { username, password, .. } = cx.validated().await?;
    let Some(account) = authenticate(cx, &username, &password).await? else {
        let refused = Detail::new("Unable to log in with provided credentials.", "authorization");
        return Err(ApiException::validation(Detail::non_field(refused)));
    };
    Response::new(&json!({ "token": get_or_create_token(cx, &account).await? }))
}
