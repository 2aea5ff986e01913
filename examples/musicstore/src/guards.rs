//! Small views behind guards, and what they are guarded by.

use quintet::authentication::TokenAuthentication;
use quintet::prelude::*;
use serde_json::json;

use crate::pages::whoami;
use crate::permissions::{HasTeaHeader, IsInGroup, ReadOnly};

/// The addresses `auth/..` for one scheme each, and `perm/..` for one rule each.
pub fn urls() -> Router {
    let who = |name| {
        let view = ApiView::new(name).permissions(IsAuthenticated);
        view.get(whoami).post(whoami).put(whoami)
    };
    let behind = |name| ApiView::new(name).get(allowed).post(allowed);
    let token = TokenAuthentication::new();
    let (editor, clerk) = (IsInGroup("editors"), IsInGroup("clerks"));
    Router::simple()
        .path("auth/token-only/", who("Token Only").authentication(token), "auth-token-only")
        .path(
            "auth/keyword/",
            who("Keyword Token").authentication(token.keyword("Store")),
            "auth-keyword",
        )
        .path("perm/and/", behind("And").permissions(IsAuthenticated & editor), "perm-and")
        .path("perm/or/", behind("Or").permissions(IsAdminUser | editor | ReadOnly), "perm-or")
        .path("perm/not/", behind("Not").permissions(!IsAuthenticated), "perm-not")
        .path(
            "perm/mixed/",
            behind("Mixed").permissions(editor.or(clerk) & !IsAdminUser),
            "perm-mixed",
        )
        .path(
            "perm/list/",
            behind("List").permissions((IsAuthenticated, HasTeaHeader)),
            "perm-list",
        )
        .path("perm/tea/", behind("Tea").permissions(HasTeaHeader), "perm-tea")
        .path("perm/deny/", behind("Deny").permissions(AllowAny & !AllowAny), "perm-deny")
}

async fn allowed(cx: &mut Context) -> Result<Response> {
    Response::new(&json!({"allowed": true, "user": cx.user().map(|user| &user.username)}))
}
