//! Who may do what (`rest_framework.permissions`).
//!
//! The permissions of a view run in order, before its handler; the first one that refuses the
//! request decides the message. A refusal is a 403, or a 401 if nobody is logged in and the view's
//! first authenticator has a challenge. Object permissions run again once an action has found its
//! object.
//!
//! Permissions compose: `IsAuthenticated.and(IsOwner)`, `.or(..)` and `.not()` work on any type,
//! the operators `&`, `|` and `!` on the types of this module. A tuple is a list.
//!
//! # Setting the permissions
//!
//! The site's default is [`AllowAny`], as in DRF, until `Site::builder(..).permissions(..)` sets
//! another (`DEFAULT_PERMISSION_CLASSES`). A view set has
//! [`permission_classes`](crate::viewsets::ViewSet::permission_classes), one of its actions
//! [`action_policies`](crate::viewsets::ViewSet::action_policies), an
//! [`ApiView`](crate::views::ApiView) `.permissions(..)`.
//!
//! # API reference
//!
//! - [`AllowAny`]: every client, authenticated or not
//! - [`IsAuthenticated`]: authenticated users
//! - [`IsAdminUser`]: users whose account has `is_staff`
//! - [`IsAuthenticatedOrReadOnly`]: everybody may read, authenticated users may write
//! - [`ReadOnly`]: GET, HEAD and OPTIONS only
//! - [`IsOwner`]: the user whom a column of the object names
//! - [`DjangoModelPermissions`]: users with `add`, `change` or `delete` for the view's model
//! - [`DjangoModelPermissionsOrAnonReadOnly`]: likewise, and everybody may read
//! - [`DjangoObjectPermissions`]: users who have them for the object, as the site's backends decide
//!
//! # Custom permissions
//!
//! A rule about the request implements [`Permission`], one about the objects of a model
//! [`ObjectPermission`]. The user's permissions and groups are read once per request:
//!
//! ```
//! use quintet::permissions::{IsAdminUser, Permission};
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
mod owner;
mod perms_map;

use std::any::Any;
use std::future::Future;

pub use basic::{AllowAny, IsAdminUser, IsAuthenticated, IsAuthenticatedOrReadOnly, ReadOnly};
pub use compose::{And, Not, Or};
pub use list::{DynPermission, PermissionClasses};
pub use model::{DjangoModelPermissions, DjangoModelPermissionsOrAnonReadOnly};
pub use object::DjangoObjectPermissions;
pub use owner::IsOwner;

pub(crate) use list::PermissionList;

use actix_web::http::Method;
use futures_util::future::LocalBoxFuture;

use crate::db::{Model, ModelMeta};
use crate::exceptions::{ApiException, Detail, Result};
use crate::request::Context;

/// Decides whether a request may continue (`BasePermission`).
///
/// Implement it for rules about the request and its user. For a rule about the objects of a model,
/// implement [`ObjectPermission`] instead. By default, every method allows the request, and a
/// refusal has DRF's message. Permissions run after authentication and before throttles and the
/// handler.
///
/// ```
/// use quintet::permissions::Permission;
/// use quintet::prelude::*;
///
/// /// Clients that send `X-Tea: yes`.
/// struct HasTeaHeader;
///
/// impl Permission for HasTeaHeader {
///     async fn has_permission(&self, cx: &mut Context) -> Result<bool> {
///         Ok(cx.request.header("x-tea").as_deref() == Some("yes"))
///     }
///
///     fn message(&self) -> Option<Detail> {
///         Some("Send X-Tea: yes.".into())
///     }
/// }
///
/// let rule = HasTeaHeader.and(IsAuthenticated);
/// # let _ = rule;
/// ```
#[doc(alias = "BasePermission")]
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a permission",
    label = "this type has no `Permission` implementation",
    note = "write `impl Permission for {Self}`, or `impl ObjectPermission for {Self}` for a rule about \
            the objects of a model"
)]
pub trait Permission: Send + Sync + 'static {
    /// Runs before the view; allows the request by default.
    ///
    /// # Errors
    /// What the client gets instead of a plain refusal.
    fn has_permission(&self, cx: &mut Context) -> impl Future<Output = Result<bool>> {
        let _ = cx;
        async { Ok(true) }
    }

    /// What a refused user reads instead of the default text.
    fn message(&self) -> Option<Detail> {
        None
    }

    /// The code of a refusal: of the default message, and of every message of
    /// [`Permission::message`] without its own code. It is not sent; `Detail::codes` returns it.
    fn code(&self) -> Option<&'static str> {
        None
    }

    /// Whether anonymous clients may use `method`, as shown in the OpenAPI document. `None`, the
    /// default, means unknown. It has no effect on the permission check.
    fn admits_anonymous(&self, method: &Method) -> Option<bool> {
        let _ = method;
        None
    }

    /// The check for objects; `None`, the default, if the permission does not check them. An
    /// [`ObjectPermission`] has its own; implement this for a permission on objects of any model.
    fn on_objects(&self) -> Option<&dyn OnObjects> {
        None
    }

    /// Allows the request if both permissions do.
    fn and<Other: Permission>(self, other: Other) -> And<Self, Other>
    where
        Self: Sized,
    {
        And(self, other)
    }

    /// Allows the request if one of the permissions does.
    fn or<Other: Permission>(self, other: Other) -> Or<Self, Other>
    where
        Self: Sized,
    {
        Or(self, other)
    }

    /// Allows the request if this permission refuses it.
    fn not(self) -> Not<Self>
    where
        Self: Sized,
    {
        Not(self)
    }
}

/// Decides whether a request may access an object of a model (`has_object_permission`). Every
/// `ObjectPermission` is a [`Permission`] too.
///
/// View sets call it in `get_object`: before an object is shown, changed or deleted, and before an
/// extra action receives it. Lists do not call it; restrict them in `get_queryset`. A site does not
/// start if the permission is for another model than the view set's.
///
/// ```
/// use quintet::permissions::{IsAuthenticatedOrReadOnly, ObjectPermission};
/// use quintet::prelude::*;
///
/// # #[model(table = "playlist")]
/// # pub struct Playlist {
/// #     pub id: i64,
/// #     pub owner_id: Option<i32>,
/// # }
/// /// Everybody reads a playlist, its owner changes it.
/// struct IsOwnerOrReadOnly;
///
/// impl ObjectPermission for IsOwnerOrReadOnly {
///     type Object = Playlist;
///
///     async fn has_object_permission(&self, cx: &mut Context, playlist: &Playlist) -> Result<bool> {
///         let user = cx.user().map(|user| user.id);
///         Ok(cx.request.is_safe() || user.is_some() && playlist.owner_id == user)
///     }
/// }
///
/// # fn main() {
/// let rule = (IsAuthenticatedOrReadOnly, IsOwnerOrReadOnly);
/// # let _ = rule;
/// # }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a permission about objects",
    label = "this type has no `ObjectPermission` implementation",
    note = "write `impl ObjectPermission for {Self}`, with `type Object` and `has_object_permission`"
)]
pub trait ObjectPermission: Send + Sync + 'static {
    /// The model of the objects.
    type Object: Model;

    /// Runs before the view, like [`Permission::has_permission`]; allows the request by default.
    ///
    /// # Errors
    /// What the client gets instead of a plain refusal.
    fn has_permission(&self, cx: &mut Context) -> impl Future<Output = Result<bool>> {
        let _ = cx;
        async { Ok(true) }
    }

    /// Runs once an object was found.
    ///
    /// # Errors
    /// What the client gets instead of a plain refusal.
    fn has_object_permission(
        &self,
        cx: &mut Context,
        object: &Self::Object,
    ) -> impl Future<Output = Result<bool>>;

    /// What a refused user reads instead of the default text.
    fn message(&self) -> Option<Detail> {
        None
    }

    /// The code of a refusal, like [`Permission::code`].
    fn code(&self) -> Option<&'static str> {
        None
    }

    /// Whether anonymous clients may use `method`, like [`Permission::admits_anonymous`].
    fn admits_anonymous(&self, method: &Method) -> Option<bool> {
        let _ = method;
        None
    }
}

#[diagnostic::do_not_recommend]
impl<P: ObjectPermission> Permission for P {
    async fn has_permission(&self, cx: &mut Context) -> Result<bool> {
        ObjectPermission::has_permission(self, cx).await
    }

    fn message(&self) -> Option<Detail> {
        ObjectPermission::message(self)
    }

    fn code(&self) -> Option<&'static str> {
        ObjectPermission::code(self)
    }

    fn admits_anonymous(&self, method: &Method) -> Option<bool> {
        ObjectPermission::admits_anonymous(self, method)
    }

    fn on_objects(&self) -> Option<&dyn OnObjects> {
        Some(self)
    }
}

/// Checks objects of any model: what [`Permission::on_objects`] returns.
///
/// [`ObjectPermission`] implements it for one model. Implement it yourself only for a permission
/// that works on objects of several models, as [`DjangoObjectPermissions`] does.
pub trait OnObjects: Send + Sync {
    /// Checks an object.
    fn ask<'a>(
        &'a self,
        cx: &'a mut Context,
        object: &'a dyn Any,
    ) -> LocalBoxFuture<'a, Result<bool>>;

    /// The models whose objects it checks; empty, the default, for any model.
    fn models(&self) -> Vec<&'static ModelMeta> {
        Vec::new()
    }
}

impl<P: ObjectPermission> OnObjects for P {
    fn ask<'a>(
        &'a self,
        cx: &'a mut Context,
        object: &'a dyn Any,
    ) -> LocalBoxFuture<'a, Result<bool>> {
        Box::pin(async move {
            let Some(object) = object.downcast_ref() else {
                let (rule, model) = (std::any::type_name::<P>(), P::Object::META.name);
                let problem = format!("{rule} was asked about an object that is no {model}");
                return Err(ApiException::internal(problem));
            };
            self.has_object_permission(cx, object).await
        })
    }

    fn models(&self) -> Vec<&'static ModelMeta> {
        vec![P::Object::META]
    }
}
