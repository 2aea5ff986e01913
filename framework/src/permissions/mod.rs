//! Who may do what (`rest_framework.permissions`).
//!
//! Permissions compose: `IsAuthenticated.and(IsOwner)`, `.or(..)` and `.not()` work on any type,
//! the operators `&`, `|` and `!` on ours. A tuple is a list, asked in order; the first that
//! refuses gives the message.
//!
//! What a user may do and which groups it is in is asked once for a request:
//!
//! ```
//! use quintet::prelude::*;
//!
//! /// Members of a group.
//! struct IsInGroup(&'static str);
//!
//! impl Permission for IsInGroup {
//!     async fn has_permission(&self, cx: &mut Context) -> Result<bool> {
//!         cx.user_in_group(self.0).await
//!     }
//! }
//!
//! let rule = IsInGroup("editors").or(IsInGroup("clerks")) & !IsAdminUser;
//! # let _ = rule;
//! ```

mod basic;
mod compose;
mod list;
mod model;
mod object;
mod perms_map;

use std::any::Any;
use std::future::Future;

pub use basic::{AllowAny, IsAdminUser, IsAuthenticated, IsAuthenticatedOrReadOnly};
pub use compose::{And, Not, Or};
pub use list::{DynPermission, IntoPermissions};
pub use model::{DjangoModelPermissions, DjangoModelPermissionsOrAnonReadOnly};
pub use object::DjangoObjectPermissions;

pub(crate) use list::PermissionList;

use actix_web::http::Method;

use crate::exceptions::{Detail, Result};
use crate::request::Context;

/// Decides whether a request may go on.
///
/// Implement it for rules of your own; both questions answer yes by default.
///
/// ```
/// use std::any::Any;
///
/// use quintet::exceptions::Result;
/// use quintet::permissions::{IsAuthenticated, Permission};
/// use quintet::request::Context;
///
/// struct Playlist {
///     owner_id: Option<i32>,
/// }
///
/// struct IsOwnerOrReadOnly;
///
/// impl Permission for IsOwnerOrReadOnly {
///     async fn has_object_permission(&self, cx: &mut Context, object: &dyn Any) -> Result<bool> {
///         let owner = object.downcast_ref::<Playlist>().and_then(|playlist| playlist.owner_id);
///         Ok(cx.request.is_safe() || owner.is_some() && owner == cx.user().map(|user| user.id))
///     }
/// }
///
/// let rule = IsOwnerOrReadOnly.and(IsAuthenticated);
/// # let _ = rule;
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a permission",
    label = "this type has no `Permission` implementation",
    note = "write `impl Permission for {Self}`"
)]
pub trait Permission: Send + Sync + 'static {
    /// Asked before the view runs.
    ///
    /// # Errors
    /// What the client gets instead of a plain refusal.
    fn has_permission(&self, cx: &mut Context) -> impl Future<Output = Result<bool>> {
        let _ = cx;
        async { Ok(true) }
    }

    /// Asked once an object was found.
    ///
    /// # Errors
    /// What the client gets instead of a plain refusal.
    fn has_object_permission(
        &self,
        cx: &mut Context,
        object: &dyn Any,
    ) -> impl Future<Output = Result<bool>> {
        let _ = (cx, object);
        async { Ok(true) }
    }

    /// What a refused user reads instead of the default text.
    fn message(&self) -> Option<Detail> {
        None
    }

    /// The code of the refusal: of the default text, and of every text of [`Permission::message`]
    /// that has none of its own. Clients do not see it; `Detail::codes` tells it.
    fn code(&self) -> Option<&'static str> {
        None
    }

    /// False when [`Permission::has_object_permission`] always answers yes: the stored row is
    /// not read for it then.
    fn looks_at_objects(&self) -> bool {
        true
    }

    /// Whether a client that does not say who it is may use a method, for documents; `None` by
    /// default, for a permission that does not say. It decides nothing.
    fn admits_anonymous(&self, method: &Method) -> Option<bool> {
        let _ = method;
        None
    }

    /// Both must agree.
    fn and<Other: Permission>(self, other: Other) -> And<Self, Other>
    where
        Self: Sized,
    {
        And(self, other)
    }

    /// One must agree.
    fn or<Other: Permission>(self, other: Other) -> Or<Self, Other>
    where
        Self: Sized,
    {
        Or(self, other)
    }

    /// This one must refuse.
    fn not(self) -> Not<Self>
    where
        Self: Sized,
    {
        Not(self)
    }
}
