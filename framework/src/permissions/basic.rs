//! The permissions that only depend on the user and the method.

use actix_web::http::Method;

use super::Permission;
use crate::auth::Account;
use crate::exceptions::Result;
use crate::request::Context;

/// Allows every request, authenticated or not (`AllowAny`). It is the default of a site.
///
/// Naming it on a view opens that view where the site's default is stricter:
///
/// ```
/// use quintet::prelude::*;
///
/// async fn status(_cx: &mut Context) -> Result<Response> {
///     Response::new("up")
/// }
///
/// let view = ApiView::new("Status").permissions(AllowAny).get(status);
/// # let _ = view;
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct AllowAny;

impl Permission for AllowAny {
    fn admits_anonymous(&self, _: &Method) -> Option<bool> {
        Some(true)
    }
}

/// Allows authenticated users only (`IsAuthenticated`).
///
/// Anonymous clients get a 401, or a 403 if the view's first authenticator has no challenge.
///
/// ```
/// use quintet::prelude::*;
///
/// # #[model(table = "note")]
/// # pub struct Note {
/// #     pub id: i64,
/// #     pub text: String,
/// # }
/// # #[derive(Serializer)]
/// # #[serializer(model = Note, fields = all)]
/// # pub struct NoteSerializer {}
/// pub struct NoteViewSet;
///
/// impl ViewSet for NoteViewSet {
///     type Base = ModelViewSet;
///     type Serializer = NoteSerializer;
///
///     fn permission_classes(&self) -> impl PermissionClasses {
///         IsAuthenticated
///     }
/// }
/// # fn main() {}
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct IsAuthenticated;

impl Permission for IsAuthenticated {
    async fn has_permission(&self, cx: &mut Context) -> Result<bool> {
        Ok(cx.is_authenticated())
    }

    fn admits_anonymous(&self, _: &Method) -> Option<bool> {
        Some(false)
    }
}

/// Allows staff only: users whose account has `is_staff` (`IsAdminUser`).
///
/// Superusers without `is_staff` are refused, as in DRF.
///
/// ```
/// use quintet::permissions::{IsAdminUser, ReadOnly};
/// use quintet::prelude::*;
///
/// // everybody reads, staff writes
/// let rule = IsAdminUser | ReadOnly;
/// # let _ = rule;
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct IsAdminUser;

impl Permission for IsAdminUser {
    async fn has_permission(&self, cx: &mut Context) -> Result<bool> {
        Ok(cx.account().is_some_and(Account::is_staff))
    }

    fn admits_anonymous(&self, _: &Method) -> Option<bool> {
        Some(false)
    }
}

/// Allows safe methods (GET, HEAD, OPTIONS) and refuses all others, whoever sends them.
///
/// DRF has this class in its documentation as an example. It is useful in a composition:
///
/// ```
/// use quintet::permissions::{IsAdminUser, ReadOnly};
/// use quintet::prelude::*;
///
/// let rule = IsAdminUser | ReadOnly;
/// # let _ = rule;
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct ReadOnly;

impl Permission for ReadOnly {
    async fn has_permission(&self, cx: &mut Context) -> Result<bool> {
        Ok(cx.request.is_safe())
    }

    fn admits_anonymous(&self, method: &Method) -> Option<bool> {
        Some(method.is_safe())
    }
}

/// Allows safe methods to everybody and all methods to authenticated users
/// (`IsAuthenticatedOrReadOnly`).
///
/// ```
/// use quintet::permissions::IsAuthenticatedOrReadOnly;
/// use quintet::prelude::*;
///
/// async fn read(_cx: &mut Context) -> Result<Response> {
///     Response::new("a page of the wiki")
/// }
///
/// async fn write(_cx: &mut Context) -> Result<NoContent> {
///     Ok(NoContent)
/// }
///
/// let view = ApiView::new("Wiki").permissions(IsAuthenticatedOrReadOnly).get(read).put(write);
/// # let _ = view;
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct IsAuthenticatedOrReadOnly;

impl Permission for IsAuthenticatedOrReadOnly {
    async fn has_permission(&self, cx: &mut Context) -> Result<bool> {
        Ok(cx.request.is_safe() || cx.is_authenticated())
    }

    fn admits_anonymous(&self, method: &Method) -> Option<bool> {
        Some(method.is_safe())
    }
}
