//! Who may change what.

use std::any::Any;

use actix_web::http::Method;
use quintet::prelude::*;

use crate::models::Playlist;

/// Anyone may look.
pub struct ReadOnly;

impl Permission for ReadOnly {
    async fn has_permission(&self, cx: &mut Context) -> Result<bool> {
        Ok(cx.request.is_safe())
    }

    fn looks_at_objects(&self) -> bool {
        false
    }

    fn admits_anonymous(&self, method: &Method) -> Option<bool> {
        Some(method.is_safe())
    }
}

/// Anyone who can see a playlist may read it; only its owner may change it.
pub struct IsOwnerOrReadOnly;

impl Permission for IsOwnerOrReadOnly {
    async fn has_object_permission(&self, cx: &mut Context, object: &dyn Any) -> Result<bool> {
        let owner = object.downcast_ref::<Playlist>().and_then(|playlist| playlist.owner_id);
        Ok(cx.request.is_safe() || owner.is_some() && owner == cx.user().map(|user| user.id))
    }

    fn message(&self) -> Option<Detail> {
        Some(Detail::new("Only the owner may change this playlist.", "not_owner"))
    }
}

/// Members of a group.
#[derive(Clone, Copy)]
pub struct IsInGroup(pub &'static str);

impl Permission for IsInGroup {
    async fn has_permission(&self, cx: &mut Context) -> Result<bool> {
        cx.user_in_group(self.0).await
    }
}

/// Refuses with words of its own.
pub struct HasTeaHeader;

impl Permission for HasTeaHeader {
    async fn has_permission(&self, cx: &mut Context) -> Result<bool> {
        Ok(cx.request.header("x-tea").as_deref() == Some("yes"))
    }

    fn message(&self) -> Option<Detail> {
        Some(Detail::map([("reason", "no tea"), ("hint", "send X-Tea: yes")]))
    }
}
