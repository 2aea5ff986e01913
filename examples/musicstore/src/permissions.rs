//! Who may change what.

use quintet::permissions::{ObjectPermission, Permission};
use quintet::prelude::*;

use crate::models::Playlist;

/// Anyone who can see a playlist may read it; only its owner may change it.
pub struct IsOwnerOrReadOnly;

impl ObjectPermission for IsOwnerOrReadOnly {
    type Object = Playlist;

    async fn has_object_permission(&self, cx: &mut Context, playlist: &Playlist) -> Result<bool> {
        let user = cx.user().map(|user| user.id);
        Ok(cx.request.is_safe() || user.is_some() && playlist.owner_id == user)
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

/// Refuses with a custom message.
pub struct HasTeaHeader;

impl Permission for HasTeaHeader {
    async fn has_permission(&self, cx: &mut Context) -> Result<bool> {
        Ok(cx.request.header("x-tea").as_deref() == Some("yes"))
    }

    fn message(&self) -> Option<Detail> {
        Some(Detail::map([("reason", "no tea"), ("hint", "send X-Tea: yes")]))
    }
}
