//! The permissions of a view: a list that runs in order.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use futures_util::future::LocalBoxFuture;

use actix_web::http::Method;

use super::{OnObjects, Permission};
use crate::classes::class_list;
use crate::db::ModelMeta;
use crate::exceptions::{Detail, Result};
use crate::request::{Context, ObjectGuard};

/// An object-safe [`Permission`]. Every permission implements it; do not implement it yourself.
pub trait DynPermission: Send + Sync {
    /// [`Permission::has_permission`]
    fn ask<'a>(&'a self, cx: &'a mut Context) -> LocalBoxFuture<'a, Result<bool>>;

    /// [`Permission::message`]
    fn refusal(&self) -> Option<Detail>;

    /// [`Permission::code`]
    fn refusal_code(&self) -> Option<&'static str>;

    /// [`Permission::on_objects`]
    fn object_check(&self) -> Option<&dyn OnObjects>;

    /// [`Permission::admits_anonymous`]
    fn lets_anonymous_in(&self, method: &Method) -> Option<bool>;
}

impl<P: Permission> DynPermission for P {
    fn ask<'a>(&'a self, cx: &'a mut Context) -> LocalBoxFuture<'a, Result<bool>> {
        Box::pin(self.has_permission(cx))
    }

    fn refusal(&self) -> Option<Detail> {
        self.message()
    }

    fn refusal_code(&self) -> Option<&'static str> {
        self.code()
    }

    fn object_check(&self) -> Option<&dyn OnObjects> {
        self.on_objects()
    }

    fn lets_anonymous_in(&self, method: &Method) -> Option<bool> {
        self.admits_anonymous(method)
    }
}

class_list! {
    /// The `permission_classes` of a view: one permission, a tuple of them, which run in order,
    /// `()` to allow every request, or [`Inherit`](crate::classes::Inherit).
    #[diagnostic::on_unimplemented(
        message = "`{Self}` is neither a permission nor a tuple of permissions",
        label = "expected a permission, which is a type with `impl Permission`, or a tuple of them",
        note = "write `impl Permission for {Self}`, or `impl ObjectPermission for {Self}` for a rule \
                about the objects of one model",
        note = "several permissions are a tuple, `(IsAuthenticated, IsOwner)`; `()` allows everything"
    )]
    PermissionClasses of Permission as DynPermission
}

/// The permissions of one view, ready to run.
pub(crate) struct PermissionList {
    list: Vec<Arc<dyn DynPermission>>,
    objects: bool,
}

impl PermissionList {
    pub(crate) fn new(list: Vec<Arc<dyn DynPermission>>) -> Self {
        let objects = list.iter().any(|permission| permission.object_check().is_some());
        Self { list, objects }
    }

    /// The models whose objects they check.
    pub(crate) fn models(&self) -> impl Iterator<Item = &'static ModelMeta> {
        self.list.iter().filter_map(|one| one.object_check()).flat_map(OnObjects::models)
    }

    /// Runs all of them (`check_permissions`).
    pub(crate) async fn check_request(&self, cx: &mut Context) -> Result<()> {
        for permission in &self.list {
            if !permission.ask(cx).await? {
                return Err(cx.permission_denied(permission.refusal(), permission.refusal_code()));
            }
        }
        Ok(())
    }
}

impl ObjectGuard for PermissionList {
    fn looks_at_objects(&self) -> bool {
        self.objects
    }

    fn check<'a>(
        &'a self,
        cx: &'a mut Context,
        object: &'a dyn Any,
    ) -> LocalBoxFuture<'a, Result<()>> {
        Box::pin(async move {
            for permission in &self.list {
                let Some(check) = permission.object_check() else { continue };
                if !check.ask(cx, object).await? {
                    return Err(
                        cx.permission_denied(permission.refusal(), permission.refusal_code())
                    );
                }
            }
            Ok(())
        })
    }
}

impl fmt::Debug for PermissionList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PermissionList").field("len", &self.list.len()).finish_non_exhaustive()
    }
}
