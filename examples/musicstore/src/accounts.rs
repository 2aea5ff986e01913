//! The user of a request, for each kind of authentication, and the views that issue credentials.

use quintet::accounts::*;
use quintet::authentication::*;
use quintet::prelude::*;
use serde_json::json;

fn view(name: &str, authentication: impl AuthenticationClasses) -> ApiView {
    ApiView::new(name)
        .authentication(authentication)
        .permissions(IsAuthenticated)
        .get(whoami)
        .post(whoami)
        .put(whoami)
}

/// The user of the request.
async fn whoami(cx: &mut Context) -> Result<Response> {
    Response::new(&json!({
        "user": cx.user().map(|user| user.username.as_str()),
        "authenticated": cx.is_authenticated(),
        "auth": cx.auth().map(|auth| auth.scheme()),
        "staff": cx.user().is_some_and(|user| user.is_staff),
    }))
}

/// The URLs below `auth/`.
pub fn urls() -> Router {
    let everybody = ApiView::new("Who Am I")
        .description("Default authenticators: token, JWT, basic, session.")
        .permissions(AllowAny)
        .get(whoami)
        .post(whoami);
    let session_first = (SessionAuthentication, BasicAuthentication::new());
    let token = TokenAuthentication::new();
    Router::simple()
        .path("whoami/", everybody, "whoami")
        .path("session/", view("Session Only", SessionAuthentication), "auth-session")
        .path("session-first/", view("Session First", session_first), "auth-session-first")
        .path("basic/", view("Basic Only", BasicAuthentication::new()), "auth-basic")
        .path("token-only/", view("Token Only", token), "auth-token-only")
        .path("keyword/", view("Keyword Token", token.keyword("Store")), "auth-keyword")
        .path("jwt/", view("JWT Only", JwtAuthentication::new()), "auth-jwt")
        .path("none/", view("No Auth", ()), "auth-none")
        .path("token/", obtain_auth_token(), "obtain-token")
        .path("jwt/create/", token_obtain_pair(), "jwt-create")
        .path("jwt/refresh/", token_refresh(), "jwt-refresh")
        .path("jwt/verify/", token_verify(), "jwt-verify")
        .path("jwt/blacklist/", token_blacklist(), "jwt-blacklist")
}
