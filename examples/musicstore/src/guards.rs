//! Small views, each with a permission of its own.

use quintet::permissions::{IsAdminUser, ReadOnly};
use quintet::prelude::*;
use serde_json::json;

use crate::permissions::{HasTeaHeader, IsInGroup};

/// The URLs below `perm/`, one permission each.
pub fn urls() -> Router {
    let behind = |name| ApiView::new(name).get(allowed).post(allowed);
    let (editor, clerk) = (IsInGroup("editors"), IsInGroup("clerks"));
    Router::simple()
        .path("and/", behind("And").permissions(IsAuthenticated & editor), "perm-and")
        .path("or/", behind("Or").permissions(IsAdminUser | editor | ReadOnly), "perm-or")
        .path("not/", behind("Not").permissions(!IsAuthenticated), "perm-not")
        .path("mixed/", behind("Mixed").permissions(editor.or(clerk) & !IsAdminUser), "perm-mixed")
        .path("list/", behind("List").permissions((IsAuthenticated, HasTeaHeader)), "perm-list")
        .path("tea/", behind("Tea").permissions(HasTeaHeader), "perm-tea")
        .path("deny/", behind("Deny").permissions(AllowAny & !AllowAny), "perm-deny")
}

async fn allowed(cx: &mut Context) -> Result<Response> {
    Response::new(&json!({"allowed": true, "user": cx.user().map(|user| &user.username)}))
}
