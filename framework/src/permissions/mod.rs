//! Who may do what (`rest_framework.permissions`).
//!
//! The permissions of a view are asked in order, before its handler runs; the first that refuses gives
//! the message. A refusal is a 403, or a 401 where nobody is logged in and the view's first
//! authenticator has a challenge. Those that look at objects are asked again once an action has found
//! its object.
//!
//! Permissions compose: `IsAuthenticated.and(IsOwner)`, `.or(..)` and `.not()` work on any type,
//! the operators `&`, `|` and `!` on ours. A tuple is a list.
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
//! - [`AllowAny`]: everybody, logged in or not
//! - [`IsAuthenticated`]: whoever is logged in
//! - [`IsAdminUser`]: whose account has `is_staff`
//! - [`IsAuthenticatedOrReadOnly`]: everybody reads, whoever is logged in writes
//! - [`ReadOnly`]: GET, HEAD and OPTIONS
//! - [`DjangoModelPermissions`]: whoever has `add`, `change` or `delete` of the view's model
//! - [`DjangoModelPermissionsOrAnonReadOnly`]: the same, and everybody reads
//! - [`DjangoObjectPermissions`]: whoever has them for the object, as the site's backends say
//!
//! # Custom permissions
//!
//! A rule about the request implements [`Permission`], one about the objects of a model
//! [`ObjectPermission`]. What a user may do and which groups it is in is asked once for a request:
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

pub use basic::{AllowAny, IsAdminUser, IsAuthenticated, IsAuthenticatedOrReadOnly, ReadOnly};
pub use compose::{And, Not, Or};
pub use list::{DynPermission, PermissionClasses};
pub use model::{DjangoModelPermissions, DjangoModelPermissionsOrAnonReadOnly};
pub use object::DjangoObjectPermissions;

pub(crate) use list::PermissionList;

use actix_web::http::Method;
use futures_util::future::LocalBoxFuture;

use crate::db::{Model, ModelMeta};
use crate::exceptions::{ApiException, Detail, Result};
use crate::request::Context;

/// Decides whether a request may go on.
///
/// Implement it for rules of your own that look at the request and its user. A rule about the
/// objects of a model implements [`ObjectPermission`] instead.
///
/// ```
/// use quintet::prelude::*;
///
/// /// Who sends `X-Tea: yes`.
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
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a permission",
    label = "this type has no `Permission` implementation",
    note = "write `impl Permission for {Self}`, or `impl ObjectPermission for {Self}` for a rule about \
            the objects of a model"
)]
pub trait Permission: Send + Sync + 'static {
    /// Asked before the view runs; yes by default.
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

    /// The code of the refusal: of the default text, and of every text of [`Permission::message`]
    /// that has none of its own. Clients do not see it; `Detail::codes` has it.
    fn code(&self) -> Option<&'static str> {
        None
    }

    /// Whether anonymous clients may use `method`, as shown in the OpenAPI document. `None`, the
    /// default, means unknown. It has no effect on the permission check.
    fn admits_anonymous(&self, method: &Method) -> Option<bool> {
        let _ = method;
        None
    }

    /// What is asked once an object was found; `None`, the default, for a permission that does not
    /// look at objects. An [`ObjectPermission`] has its own; implement it here for a permission over
    /// objects of whatever model.
    fn on_objects(&self) -> Option<&dyn OnObjects> {
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

/// Decides whether a request may reach an object of a model. It is a [`Permission`], too.
///
/// View sets ask it in `get_object`, so before an object is shown, changed or deleted, and before an
/// extra action gets it. A view set over another model refuses to start with it.
///
/// ```
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
/// let rule = (IsAuthenticatedOrReadOnly, IsOwnerOrReadOnly);
/// # let _ = rule;
/// # fn main() {}
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a permission about objects",
    label = "this type has no `ObjectPermission` implementation",
    note = "write `impl ObjectPermission for {Self}`, with `type Object` and `has_object_permission`"
)]
pub trait ObjectPermission: Send + Sync + 'static {
    /// The model of the objects.
    type Object: Model;

    /// Asked before the view runs, as [`Permission::has_permission`]; yes by default.
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
        object: &Self::Object,
    ) -> impl Future<Output = Result<bool>>;

    /// What a refused user reads instead of the default text.
    fn message(&self) -> Option<Detail> {
        None
    }

    /// The code of the refusal, as [`Permission::code`].
    fn code(&self) -> Option<&'static str> {
        None
    }

    /// Whether a client that does not say who it is may use a method, for documents, as
    /// [`Permission::admits_anonymous`].
    fn admits_anonymous(&self, method: &Method) -> Option<bool> {
        let _ = method;
        None
    }
}

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

/// What a permission asks about objects, whatever their model is.
pub trait OnObjects: Send + Sync {
    /// Asks about an object.
    fn ask<'a>(
        &'a self,
        cx: &'a mut Context,
        object: &'a dyn Any,
    ) -> LocalBoxFuture<'a, Result<bool>>;

    /// The models whose objects it knows; none, the default, for any model.
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
