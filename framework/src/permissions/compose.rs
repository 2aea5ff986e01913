//! Permissions composed of others. Their refusals have the default message.

use std::any::Any;
use std::ops::{BitAnd, BitOr};

use actix_web::http::Method;
use futures_util::future::LocalBoxFuture;

use super::{
    AllowAny, DjangoModelPermissions, DjangoModelPermissionsOrAnonReadOnly,
    DjangoObjectPermissions, IsAdminUser, IsAuthenticated, IsAuthenticatedOrReadOnly, OnObjects,
    Permission, ReadOnly,
};
use crate::db::ModelMeta;
use crate::exceptions::Result;
use crate::request::Context;

/// Both permissions must allow the request: [`Permission::and`], or `&` between Quintet's own.
///
/// The second one runs only if the first one allows the request. A refusal has the default message.
#[derive(Debug, Clone, Copy, Default)]
pub struct And<A, B>(pub(super) A, pub(super) B);

impl<A: Permission, B: Permission> Permission for And<A, B> {
    async fn has_permission(&self, cx: &mut Context) -> Result<bool> {
        Ok(self.0.has_permission(cx).await? && self.1.has_permission(cx).await?)
    }

    /// `None` from one part leaves the decision to the other.
    fn admits_anonymous(&self, method: &Method) -> Option<bool> {
        match (self.0.admits_anonymous(method), self.1.admits_anonymous(method)) {
            (Some(a), Some(b)) => Some(a && b),
            (a, b) => a.or(b),
        }
    }

    fn on_objects(&self) -> Option<&dyn OnObjects> {
        either(&self.0, &self.1).then_some(self)
    }
}

impl<A: Permission, B: Permission> OnObjects for And<A, B> {
    fn ask<'a>(
        &'a self,
        cx: &'a mut Context,
        object: &'a dyn Any,
    ) -> LocalBoxFuture<'a, Result<bool>> {
        Box::pin(async move {
            Ok(ask_about(&self.0, cx, object).await? && ask_about(&self.1, cx, object).await?)
        })
    }

    fn models(&self) -> Vec<&'static ModelMeta> {
        models_of(&self.0, &self.1)
    }
}

/// One of the two permissions must allow the request: [`Permission::or`], or `|` between Quintet's
/// own.
///
/// The second one runs only if the first one refuses. For an object, one of the two must allow both
/// the request and the object, as in DRF. A refusal has the default message.
#[derive(Debug, Clone, Copy, Default)]
pub struct Or<A, B>(pub(super) A, pub(super) B);

impl<A: Permission, B: Permission> Permission for Or<A, B> {
    async fn has_permission(&self, cx: &mut Context) -> Result<bool> {
        Ok(self.0.has_permission(cx).await? || self.1.has_permission(cx).await?)
    }

    /// `None` means that the part may admit them.
    fn admits_anonymous(&self, method: &Method) -> Option<bool> {
        match (self.0.admits_anonymous(method), self.1.admits_anonymous(method)) {
            (Some(true), _) | (_, Some(true)) => Some(true),
            (Some(false), Some(false)) => Some(false),
            _ => None,
        }
    }

    fn on_objects(&self) -> Option<&dyn OnObjects> {
        either(&self.0, &self.1).then_some(self)
    }
}

impl<A: Permission, B: Permission> OnObjects for Or<A, B> {
    fn ask<'a>(
        &'a self,
        cx: &'a mut Context,
        object: &'a dyn Any,
    ) -> LocalBoxFuture<'a, Result<bool>> {
        let (a, b) = (&self.0, &self.1);
        Box::pin(async move {
            Ok(a.has_permission(cx).await? && ask_about(a, cx, object).await?
                || b.has_permission(cx).await? && ask_about(b, cx, object).await?)
        })
    }

    fn models(&self) -> Vec<&'static ModelMeta> {
        models_of(&self.0, &self.1)
    }
}

/// The permission must refuse the request: [`Permission::not`], or `!` before one of Quintet's own.
///
/// A permission that does not check objects allows all of them, so its negation refuses all of
/// them.
#[derive(Debug, Clone, Copy, Default)]
pub struct Not<A>(pub(super) A);

impl<A: Permission> Permission for Not<A> {
    async fn has_permission(&self, cx: &mut Context) -> Result<bool> {
        Ok(!self.0.has_permission(cx).await?)
    }

    fn admits_anonymous(&self, method: &Method) -> Option<bool> {
        self.0.admits_anonymous(method).map(|admits| !admits)
    }

    /// The negation of a permission that allows every object refuses every object.
    fn on_objects(&self) -> Option<&dyn OnObjects> {
        Some(self)
    }
}

impl<A: Permission> OnObjects for Not<A> {
    fn ask<'a>(
        &'a self,
        cx: &'a mut Context,
        object: &'a dyn Any,
    ) -> LocalBoxFuture<'a, Result<bool>> {
        Box::pin(async move { Ok(!ask_about(&self.0, cx, object).await?) })
    }

    fn models(&self) -> Vec<&'static ModelMeta> {
        self.0.on_objects().map(OnObjects::models).unwrap_or_default()
    }
}

/// Whether a permission allows an object: yes, if it does not check objects.
async fn ask_about(
    permission: &impl Permission,
    cx: &mut Context,
    object: &dyn Any,
) -> Result<bool> {
    match permission.on_objects() {
        Some(check) => check.ask(cx, object).await,
        None => Ok(true),
    }
}

fn either(a: &impl Permission, b: &impl Permission) -> bool {
    a.on_objects().is_some() || b.on_objects().is_some()
}

fn models_of(a: &impl Permission, b: &impl Permission) -> Vec<&'static ModelMeta> {
    let parts = [a.on_objects(), b.on_objects()];
    parts.into_iter().flatten().flat_map(OnObjects::models).collect()
}

macro_rules! operators {
    ($([$($generic:ident)*] $type:ty;)*) => {$(
        impl<Other: Permission, $($generic: Permission),*> BitAnd<Other> for $type {
            type Output = And<Self, Other>;

            fn bitand(self, other: Other) -> Self::Output {
                And(self, other)
            }
        }

        impl<Other: Permission, $($generic: Permission),*> BitOr<Other> for $type {
            type Output = Or<Self, Other>;

            fn bitor(self, other: Other) -> Self::Output {
                Or(self, other)
            }
        }

        impl<$($generic: Permission),*> std::ops::Not for $type {
            type Output = Not<Self>;

            fn not(self) -> Self::Output {
                Not(self)
            }
        }
    )*};
}

operators! {
    [] AllowAny;
    [] IsAuthenticated;
    [] IsAdminUser;
    [] IsAuthenticatedOrReadOnly;
    [] ReadOnly;
    [] DjangoModelPermissions;
    [] DjangoModelPermissionsOrAnonReadOnly;
    [] DjangoObjectPermissions;
    [A B] And<A, B>;
    [A B] Or<A, B>;
    [A] Not<A>;
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;
    use crate::auth::{User, testing::user};
    use crate::request::{ViewContext, testing};

    /// Agrees to requests and objects as told.
    #[derive(Clone, Copy)]
    struct Says(bool, bool);

    impl Permission for Says {
        async fn has_permission(&self, _: &mut Context) -> Result<bool> {
            Ok(self.0)
        }

        fn on_objects(&self) -> Option<&dyn OnObjects> {
            Some(self)
        }
    }

    impl OnObjects for Says {
        fn ask<'a>(
            &'a self,
            _: &'a mut Context,
            _: &'a dyn Any,
        ) -> LocalBoxFuture<'a, Result<bool>> {
            Box::pin(std::future::ready(Ok(self.1)))
        }
    }

    fn context(method: Method, user: Option<User>) -> Context {
        testing::context(method, user, ViewContext::default())
    }

    fn asked(permission: &impl Permission, cx: &mut Context) -> (bool, bool) {
        let request = permission.has_permission(cx).now_or_never().unwrap().unwrap();
        let object = ask_about(permission, cx, &()).now_or_never().unwrap().unwrap();
        (request, object)
    }

    #[test]
    fn and_or_and_not_are_those_of_logic() {
        let mut cx = context(Method::GET, None);
        let (yes, no) = (Says(true, true), Says(false, false));
        assert_eq!(asked(&yes.and(no), &mut cx), (false, false));
        assert_eq!(asked(&yes.and(yes), &mut cx), (true, true));
        assert_eq!(asked(&no.or(yes), &mut cx), (true, true));
        assert_eq!(asked(&no.or(no), &mut cx), (false, false));
        assert_eq!(asked(&no.not(), &mut cx), (true, true));
    }

    #[test]
    fn or_wants_one_side_to_agree_to_request_and_object() {
        let mut cx = context(Method::GET, None);
        let split = Says(true, false).or(Says(false, true));
        assert_eq!(asked(&split, &mut cx), (true, false));
        assert_eq!(asked(&Says(false, true).or(Says(true, true)), &mut cx), (true, true));
    }

    #[test]
    fn operators_build_the_same() {
        let staff = User { is_staff: true, ..user() };
        let rule = (IsAuthenticated & !IsAdminUser) | AllowAny.and(IsAdminUser);
        assert!(asked(&rule, &mut context(Method::POST, Some(staff))).0);
        assert!(asked(&rule, &mut context(Method::POST, Some(user()))).0);
        assert!(!asked(&rule, &mut context(Method::POST, None)).0);
    }

    #[test]
    fn read_only_is_for_everybody() {
        let rule = IsAuthenticatedOrReadOnly;
        for method in [Method::GET, Method::HEAD, Method::OPTIONS] {
            assert!(asked(&rule, &mut context(method, None)).0);
        }
        assert!(!asked(&rule, &mut context(Method::POST, None)).0);
        assert!(asked(&rule, &mut context(Method::POST, Some(user()))).0);
    }

    #[test]
    fn only_permissions_that_look_at_objects_ask_for_the_row() {
        assert!((IsAuthenticated & IsAdminUser).on_objects().is_none());
        assert!((IsAuthenticated & Says(true, true)).on_objects().is_some());
        assert!((!IsAuthenticated).on_objects().is_some());
    }

    #[test]
    fn documents_learn_who_is_let_in_from_the_parts_that_say() {
        let get = |permission: &dyn Fn(&Method) -> Option<bool>| permission(&Method::GET);
        let silent = Says(true, true);
        let open = IsAuthenticatedOrReadOnly;
        assert_eq!(get(&|m| open.and(silent).admits_anonymous(m)), Some(true));
        assert_eq!(get(&|m| open.and(IsAuthenticated).admits_anonymous(m)), Some(false));
        assert_eq!(get(&|m| IsAdminUser.or(silent).admits_anonymous(m)), None);
        assert_eq!(get(&|m| IsAdminUser.or(AllowAny).admits_anonymous(m)), Some(true));
        assert_eq!(get(&|m| IsAuthenticated.not().admits_anonymous(m)), Some(true));
        assert_eq!(open.admits_anonymous(&Method::POST), Some(false));
        let models = DjangoModelPermissionsOrAnonReadOnly::new();
        assert_eq!(models.admits_anonymous(&Method::GET), Some(true));
        assert_eq!(models.admits_anonymous(&Method::PUT), Some(false));
    }
}
