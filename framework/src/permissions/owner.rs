//! The permission of whoever an object belongs to.

use actix_web::http::Method;

use super::ObjectPermission;
use crate::auth::Account;
use crate::db::Column;
use crate::exceptions::Result;
use crate::request::Context;

/// Allows a request about an object to the user whom one of its columns names: the owner, the author.
///
/// DRF's tutorial writes this permission, and so do many projects. `ReadOnly.or(..)` lets others read:
///
/// ```
/// use quintet::auth::User;
/// use quintet::permissions::{IsOwner, ReadOnly};
/// use quintet::prelude::*;
///
/// # #[model(table = "playlist")]
/// # pub struct Playlist {
/// #     pub id: i64,
/// #     #[field(foreign_key = User)]
/// #     pub owner_id: Option<i32>,
/// # }
/// # fn main() {
/// let rule = ReadOnly.or(IsOwner::by(playlist::owner_id));
/// # let _ = rule;
/// # }
/// ```
///
/// Only authenticated users get to an object or create one. Lists are not checked, as with every
/// object permission. A column that is null belongs to nobody.
#[derive(Debug, Clone, Copy)]
pub struct IsOwner<C> {
    column: std::marker::PhantomData<C>,
}

impl<C: Column> IsOwner<C> {
    /// By the foreign key to the user: `playlist::owner_id`.
    pub fn by(_column: C) -> Self {
        Self { column: std::marker::PhantomData }
    }
}

impl<C: Column + Send + Sync + 'static> ObjectPermission for IsOwner<C> {
    type Object = C::Model;

    async fn has_permission(&self, cx: &mut Context) -> Result<bool> {
        Ok(cx.is_authenticated())
    }

    async fn has_object_permission(&self, cx: &mut Context, object: &C::Model) -> Result<bool> {
        use crate::db::ModelRow as _;
        let user = cx.account().map(Account::key);
        Ok(user.is_some_and(|user| object.value(C::INDEX).to_value() == user))
    }

    fn admits_anonymous(&self, _: &Method) -> Option<bool> {
        Some(false)
    }
}
