//! The user of a request, and their permissions.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use super::Context;
use crate::auth::{Account, User, UserMeta, UserModel};
use crate::exceptions::{ApiException, DENIED, Detail, Result};

/// How a request was authenticated (`request.auth`): a token, a claim.
///
/// ```
/// use quintet::request::Auth;
///
/// let auth = Auth::new("Token", "9944b0".to_owned());
/// assert_eq!(auth.get::<String>().map(String::as_str), Some("9944b0"));
/// ```
pub struct Auth {
    scheme: &'static str,
    value: Box<dyn Any>,
}

impl Auth {
    /// Creates the proof of a scheme: `Auth::new("Token", key)`.
    pub fn new(scheme: &'static str, value: impl Any) -> Self {
        Self { scheme, value: Box::new(value) }
    }

    /// The scheme's name.
    pub fn scheme(&self) -> &'static str {
        self.scheme
    }

    /// The proof, if it is of this type.
    pub fn get<T: Any>(&self) -> Option<&T> {
        self.value.downcast_ref()
    }
}

impl fmt::Debug for Auth {
    /// Without the proof, which is a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Auth").field("scheme", &self.scheme).finish_non_exhaustive()
    }
}

impl Context {
    /// The user of the request (`request.user`); `None` for an anonymous one. On a site with its
    /// own user model, use [`Context::user_as`].
    pub fn user(&self) -> Option<&User> {
        self.user_as()
    }

    /// The user of the request, as a row of the site's user model; `None` for an anonymous one, or
    /// if the model is not the site's.
    pub fn user_as<M: UserModel>(&self) -> Option<&M> {
        self.user.as_ref().and_then(Account::get)
    }

    /// The user of the request, independent of the user model; `None` for an anonymous one.
    pub fn account(&self) -> Option<&Account> {
        self.user.as_ref()
    }

    /// The user model of the site.
    pub fn user_meta(&self) -> Arc<UserMeta> {
        self.shared.users.clone().unwrap_or_else(UserMeta::djangos)
    }

    /// Whether the request is authenticated (`request.user.is_authenticated`).
    pub fn is_authenticated(&self) -> bool {
        self.user.is_some()
    }

    /// How the request was authenticated (`request.auth`), if the authenticator says so.
    pub fn auth(&self) -> Option<&Auth> {
        self.auth.as_ref()
    }

    /// Sets the user of the request (`force_authenticate`).
    pub fn set_user(&mut self, user: Option<Account>, auth: Option<Auth>) {
        self.conn.set_user(user.as_ref().map(Account::row));
        self.user = user;
        self.auth = auth;
        self.user_changes = self.user_changes.wrapping_add(1);
    }

    /// Whether the user is active and has all of these permissions
    /// (`user.has_perms(["store.add_artist"])`). An anonymous user has none. The first call of a
    /// request takes a statement, later ones take none.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn user_has_perms(&self, perms: &[impl AsRef<str>]) -> Result<bool> {
        match &self.user {
            Some(user) => user.has_perms(&self.conn, perms).await,
            None => Ok(perms.is_empty()),
        }
    }

    /// Whether the user has all of these permissions for an object (`user.has_perms(perms, obj)`),
    /// as the site's backends decide. An anonymous user has none.
    ///
    /// # Errors
    /// If a backend fails.
    pub async fn user_has_object_perms(&self, perms: &[String], object: &dyn Any) -> Result<bool> {
        let backends = &self.shared.object_permissions;
        match &self.user {
            Some(user) => user.has_object_perms(backends, &self.conn, perms, object).await,
            None => Ok(perms.is_empty()),
        }
    }

    /// Whether the user is in the group of this name. An anonymous user is in none. The first call
    /// of a request takes a statement, later ones take none.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn user_in_group(&self, name: &str) -> Result<bool> {
        match &self.user {
            Some(user) => Ok(user.group_names(&self.conn).await?.contains(name)),
            None => Ok(false),
        }
    }

    /// Checks the view's permissions for an object (`check_object_permissions`).
    ///
    /// # Errors
    /// 403, or 401 for a client that could still authenticate, if one refuses.
    pub async fn check_object_permissions<T: Any>(&mut self, object: &T) -> Result<()> {
        let Some(equipment) = &self.equipment else { return Ok(()) };
        if !equipment.guard.looks_at_objects() {
            return Ok(());
        }
        let guard = Arc::clone(&equipment.guard);
        guard.check(self, object).await
    }

    /// Whether a permission of the view checks objects, so that the stored row is needed before it
    /// is changed.
    pub fn has_object_permissions(&self) -> bool {
        self.equipment.as_ref().is_some_and(|equipment| equipment.guard.looks_at_objects())
    }

    /// The error of a refusal (`permission_denied`): 401 for a client that could still
    /// authenticate, or else 403 with the permission's message and code, or the default ones.
    pub fn permission_denied(
        &self,
        message: Option<Detail>,
        code: Option<&'static str>,
    ) -> ApiException {
        let could_log_in = self.equipment.as_ref().is_some_and(|e| e.has_authenticators);
        if could_log_in && !self.is_authenticated() {
            return ApiException::NotAuthenticated(None);
        }
        match (message, code) {
            (None, None) => ApiException::PermissionDenied(None),
            (message, code) => ApiException::PermissionDenied(Some(
                message
                    .unwrap_or_else(|| DENIED.into())
                    .or_code(code.unwrap_or("permission_denied")),
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::Method;

    use super::super::ViewContext;
    use super::super::testing::context;
    use super::*;

    #[test]
    fn a_refusal_asks_an_anonymous_client_to_log_in() {
        let denied = |user| {
            let cx = context(Method::GET, user, ViewContext::default());
            cx.permission_denied(Some("No tea.".into()), None).body()
        };
        let anonymous = "Authentication credentials were not provided.";
        assert_eq!(denied(None), serde_json::json!({ "detail": anonymous }));
        assert_eq!(
            denied(Some(crate::auth::testing::user())),
            serde_json::json!({ "detail": "No tea." })
        );
    }

    #[test]
    fn a_refusal_has_a_code_that_clients_do_not_see() {
        let cx = context(Method::GET, Some(crate::auth::testing::user()), ViewContext::default());
        let codes = |message, code| cx.permission_denied(message, code).detail().codes();
        assert_eq!(codes(None, None), "permission_denied");
        assert_eq!(codes(None, Some("tea")), "tea");
        assert_eq!(codes(Some("No tea.".into()), None), "permission_denied");
        assert_eq!(codes(Some(Detail::new("No tea.", "own")), Some("tea")), "own");
        let both = Detail::map([("reason", "no tea"), ("hint", "send some")]);
        let expected = serde_json::json!({"reason": "tea", "hint": "tea"});
        assert_eq!(codes(Some(both), Some("tea")), expected);
        let usual = cx.permission_denied(None, Some("tea")).body();
        assert_eq!(usual, ApiException::PermissionDenied(None).body());
    }
}
