//! The permissions that look at nothing but the user and the method.

use actix_web::http::Method;

use super::Permission;
use crate::auth::Account;
use crate::exceptions::Result;
use crate::request::Context;

/// Everybody.
#[derive(Debug, Clone, Copy, Default)]
pub struct AllowAny;

impl Permission for AllowAny {
    fn admits_anonymous(&self, _: &Method) -> Option<bool> {
        Some(true)
    }
}

/// Users.
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

/// Staff.
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

/// Everybody may read (GET, HEAD, OPTIONS), nobody may write: `IsAdminUser | ReadOnly`.
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

/// Everybody may read (GET, HEAD, OPTIONS), users may write.
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
