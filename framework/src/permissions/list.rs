//! The permissions of a view: a list, asked in order.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use futures_util::future::LocalBoxFuture;

use actix_web::http::Method;

use super::Permission;
use crate::exceptions::{Detail, Result};
use crate::request::{Context, ObjectGuard};

/// A [`Permission`] behind a pointer; every permission is one.
pub trait DynPermission: Send + Sync {
    /// [`Permission::has_permission`]
    fn ask<'a>(&'a self, cx: &'a mut Context) -> LocalBoxFuture<'a, Result<bool>>;

    /// [`Permission::has_object_permission`]
    fn ask_about<'a>(
        &'a self,
        cx: &'a mut Context,
        object: &'a dyn Any,
    ) -> LocalBoxFuture<'a, Result<bool>>;

    /// [`Permission::message`]
    fn refusal(&self) -> Option<Detail>;

    /// [`Permission::code`]
    fn refusal_code(&self) -> Option<&'static str>;

    /// [`Permission::looks_at_objects`]
    fn wants_objects(&self) -> bool;

    /// [`Permission::admits_anonymous`]
    fn lets_anonymous_in(&self, method: &Method) -> Option<bool>;
}

impl<P: Permission> DynPermission for P {
    fn ask<'a>(&'a self, cx: &'a mut Context) -> LocalBoxFuture<'a, Result<bool>> {
        Box::pin(self.has_permission(cx))
    }

    fn ask_about<'a>(
        &'a self,
        cx: &'a mut Context,
        object: &'a dyn Any,
    ) -> LocalBoxFuture<'a, Result<bool>> {
        Box::pin(self.has_object_permission(cx, object))
    }

    fn refusal(&self) -> Option<Detail> {
        self.message()
    }

    fn refusal_code(&self) -> Option<&'static str> {
        self.code()
    }

    fn wants_objects(&self) -> bool {
        self.looks_at_objects()
    }

    fn lets_anonymous_in(&self, method: &Method) -> Option<bool> {
        self.admits_anonymous(method)
    }
}

/// One permission, or a tuple of them that are asked in order; `()` is none, which lets everybody
/// pass.
pub trait IntoPermissions {
    /// The list.
    fn into_permissions(self) -> Vec<Arc<dyn DynPermission>>;
}

impl<P: Permission> IntoPermissions for P {
    fn into_permissions(self) -> Vec<Arc<dyn DynPermission>> {
        vec![Arc::new(self)]
    }
}

impl IntoPermissions for Vec<Arc<dyn DynPermission>> {
    fn into_permissions(self) -> Vec<Arc<dyn DynPermission>> {
        self
    }
}

macro_rules! tuples {
    ($(($($name:ident)*))*) => {$(
        impl<$($name: Permission),*> IntoPermissions for ($($name,)*) {
            #[allow(non_snake_case)]
            fn into_permissions(self) -> Vec<Arc<dyn DynPermission>> {
                let ($($name,)*) = self;
                vec![$(Arc::new($name)),*]
            }
        }
    )*};
}

tuples! { () (A) (A B) (A B C) (A B C D) (A B C D E) (A B C D E F) }

/// The permissions of one view, ready to be asked.
pub(crate) struct PermissionList {
    list: Vec<Arc<dyn DynPermission>>,
    objects: bool,
}

impl PermissionList {
    pub(crate) fn new(list: Vec<Arc<dyn DynPermission>>) -> Self {
        let objects = list.iter().any(|permission| permission.wants_objects());
        Self { list, objects }
    }

    /// Asks all of them (`check_permissions`).
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
                if permission.wants_objects() && !permission.ask_about(cx, object).await? {
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
