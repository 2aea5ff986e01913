//! Django's model permissions.

use actix_web::http::Method;

use super::Permission;
use super::perms_map::{PermsMap, perms_map_methods};
use crate::exceptions::Result;
use crate::request::Context;

/// Checks Django's model permissions (`DjangoModelPermissions`): POST needs `add`, PUT and PATCH
/// need `change`, DELETE needs `delete`. Safe methods only need an authenticated user.
///
/// The permissions come from the user and its groups, and are read once per request. A view without
/// a model cannot use it: the request fails with a 500, as in DRF. Change what a method needs with
/// [`perms_map`](Self::perms_map):
///
/// ```
/// use quintet::http::Method;
/// use quintet::permissions::DjangoModelPermissions;
///
/// let strict = DjangoModelPermissions::new()
///     .perms_map(Method::GET, &["%(app_label)s.view_%(model_name)s"]);
/// # let _ = strict;
/// ```
#[derive(Debug, Clone, Default)]
pub struct DjangoModelPermissions {
    perms_map: PermsMap,
}

impl DjangoModelPermissions {
    perms_map_methods!();
}

impl Permission for DjangoModelPermissions {
    async fn has_permission(&self, cx: &mut Context) -> Result<bool> {
        Ok(cx.is_authenticated() && self.perms_map.allows(cx).await?)
    }

    fn admits_anonymous(&self, _: &Method) -> Option<bool> {
        Some(false)
    }
}

/// Like [`DjangoModelPermissions`], but anonymous clients may use safe methods
/// (`DjangoModelPermissionsOrAnonReadOnly`).
///
/// ```
/// use quintet::permissions::DjangoModelPermissionsOrAnonReadOnly;
/// use quintet::prelude::*;
/// use quintet::views::Policies;
///
/// let policies = Policies::inherit().permissions(DjangoModelPermissionsOrAnonReadOnly::new());
/// # let _ = policies;
/// ```
#[derive(Debug, Clone, Default)]
pub struct DjangoModelPermissionsOrAnonReadOnly {
    perms_map: PermsMap,
}

impl DjangoModelPermissionsOrAnonReadOnly {
    perms_map_methods!();
}

impl Permission for DjangoModelPermissionsOrAnonReadOnly {
    async fn has_permission(&self, cx: &mut Context) -> Result<bool> {
        self.perms_map.allows(cx).await
    }

    fn admits_anonymous(&self, method: &Method) -> Option<bool> {
        Some(self.perms_map.asks_for_nothing(method))
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;
    use crate::auth::{User, testing::user};
    use crate::db::Model as _;
    use crate::request::ViewContext;
    use crate::request::testing::context;

    #[crate::model(app = "store")]
    pub struct Genre {
        pub id: i64,
    }

    fn allowed(rule: &impl Permission, method: Method, user: Option<User>) -> Result<bool> {
        let view = ViewContext { model: Some(Genre::META), ..ViewContext::default() };
        rule.has_permission(&mut context(method, user, view)).now_or_never().unwrap()
    }

    fn superuser() -> User {
        User { is_active: true, is_superuser: true, ..user() }
    }

    #[test]
    fn reading_needs_a_user_or_nobody() {
        let strict = DjangoModelPermissions::new();
        assert!(!allowed(&strict, Method::GET, None).unwrap());
        assert!(allowed(&strict, Method::GET, Some(user())).unwrap());
        let open = DjangoModelPermissionsOrAnonReadOnly::new();
        assert!(allowed(&open, Method::GET, None).unwrap());
        assert!(!allowed(&open, Method::POST, None).unwrap());
    }

    #[test]
    fn writing_needs_the_permission() {
        let rule = DjangoModelPermissions::new();
        assert!(!allowed(&rule, Method::POST, Some(user())).unwrap());
        assert!(allowed(&rule, Method::DELETE, Some(superuser())).unwrap());
    }

    #[test]
    fn a_method_without_an_entry_is_405_and_an_entry_can_be_another() {
        let rule = DjangoModelPermissions::new();
        assert_eq!(allowed(&rule, Method::TRACE, Some(superuser())).unwrap_err().status(), 405);
        let rule = rule.perms_map(Method::GET, &["%(app_label)s.view_%(model_name)s"]);
        assert!(!allowed(&rule, Method::GET, Some(user())).unwrap());
    }

    #[test]
    fn head_asks_for_what_get_does_unless_it_has_an_entry_of_its_own() {
        let view = &["%(app_label)s.view_%(model_name)s"][..];
        let strict = DjangoModelPermissions::new().perms_map(Method::GET, view);
        assert!(!allowed(&strict, Method::HEAD, Some(user())).unwrap());
        assert!(allowed(&strict, Method::HEAD, Some(superuser())).unwrap());
        assert!(allowed(&strict, Method::OPTIONS, Some(user())).unwrap());
        let open = DjangoModelPermissionsOrAnonReadOnly::new();
        assert!(allowed(&open, Method::HEAD, None).unwrap());
        let open = open.perms_map(Method::GET, view);
        assert!(!allowed(&open, Method::HEAD, None).unwrap());
        assert_eq!(open.admits_anonymous(&Method::HEAD), Some(false));
        // in whichever order they are set
        for rule in [
            DjangoModelPermissions::new().perms_map(Method::HEAD, &[]).perms_map(Method::GET, view),
            DjangoModelPermissions::new().perms_map(Method::GET, view).perms_map(Method::HEAD, &[]),
        ] {
            assert!(allowed(&rule, Method::HEAD, Some(user())).unwrap());
            assert!(!allowed(&rule, Method::GET, Some(user())).unwrap());
        }
    }

    #[test]
    fn the_root_of_a_router_belongs_to_no_model() {
        let view = ViewContext { ignore_model_permissions: true, ..ViewContext::default() };
        let mut cx = context(Method::POST, Some(user()), view);
        let rule = DjangoModelPermissions::new();
        assert!(rule.has_permission(&mut cx).now_or_never().unwrap().unwrap());
    }
}
