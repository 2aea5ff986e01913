//! Django's permissions for single objects.

use std::any::Any;

use actix_web::http::Method;
use futures_util::future::LocalBoxFuture;

use super::perms_map::{PermsMap, perms_map_methods};
use super::{OnObjects, Permission};
use crate::exceptions::{ApiException, Result};
use crate::request::Context;

/// Checks [`DjangoModelPermissions`](super::DjangoModelPermissions), and then the same permissions
/// for the object (`DjangoObjectPermissions`), as the site's
/// [`ObjectPermissionBackend`](crate::auth::ObjectPermissionBackend)s decide.
///
/// Clients that may not read an object cannot find out whether it exists: a refusal is a 404 for a
/// safe method, and for an unsafe one if the permissions of GET are refused as well; otherwise it
/// is a 403. Django's map needs no permission for GET; require `view` to hide objects:
///
/// ```
/// use quintet::http::Method;
/// use quintet::permissions::DjangoObjectPermissions;
///
/// let hidden = DjangoObjectPermissions::new()
///     .perms_map(Method::GET, &["%(app_label)s.view_%(model_name)s"]);
/// # let _ = hidden;
/// ```
#[derive(Debug, Clone, Default)]
pub struct DjangoObjectPermissions {
    perms_map: PermsMap,
}

impl DjangoObjectPermissions {
    perms_map_methods!();
}

impl Permission for DjangoObjectPermissions {
    async fn has_permission(&self, cx: &mut Context) -> Result<bool> {
        Ok(cx.is_authenticated() && self.perms_map.allows(cx).await?)
    }

    fn admits_anonymous(&self, _: &Method) -> Option<bool> {
        Some(false)
    }

    fn on_objects(&self) -> Option<&dyn OnObjects> {
        Some(self)
    }
}

impl OnObjects for DjangoObjectPermissions {
    fn ask<'a>(
        &'a self,
        cx: &'a mut Context,
        object: &'a dyn Any,
    ) -> LocalBoxFuture<'a, Result<bool>> {
        Box::pin(self.has_object_permission(cx, object))
    }
}

impl DjangoObjectPermissions {
    async fn has_object_permission(&self, cx: &mut Context, object: &dyn Any) -> Result<bool> {
        let view = cx.view();
        let perms = self.perms_map.required(&cx.request.method, &view)?;
        if perms.is_empty() || cx.user_has_object_perms(&perms, object).await? {
            return Ok(true);
        }
        if cx.request.is_safe() {
            return Err(ApiException::NotFound(None));
        }
        let reading = self.perms_map.required(&Method::GET, &view)?;
        if !reading.is_empty() && !cx.user_has_object_perms(&reading, object).await? {
            return Err(ApiException::NotFound(None));
        }
        Ok(false)
    }
}
