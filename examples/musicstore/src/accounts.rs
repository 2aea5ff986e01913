//! Who is asking, by each way of proving it.

use quintet::authentication::*;
use quintet::prelude::*;

use crate::pages::whoami;

fn view(name: &str, authentication: impl IntoAuthentication) -> ApiView {
    ApiView::new(name)
        .authentication(authentication)
        .permissions(IsAuthenticated)
        .get(whoami)
        .post(whoami)
        .put(whoami)
}

/// The addresses below `auth/`.
pub fn urls() -> Router {
    let session_first = (SessionAuthentication, BasicAuthentication::new());
    Router::simple()
        .path("session/", view("Session Only", SessionAuthentication), "auth-session")
        .path("session-first/", view("Session First", session_first), "auth-session-first")
        .path("basic/", view("Basic Only", BasicAuthentication::new()), "auth-basic")
        .path("none/", view("No Auth", ()), "auth-none")
}
