//! Permissions for single objects (`user.has_perm(perm, obj)`).

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use futures_util::future::LocalBoxFuture;

use super::Account;
use crate::db::Conn;
use crate::exceptions::{ApiException, Result};

/// Decides per-object permissions: the `has_perm(user, perm, obj)` part of a Django authentication
/// backend.
///
/// Implement it on the type that holds the answer: a column of the object, a table of grants,
/// another service. Pass it to
/// [`SiteBuilder::object_permissions`](crate::site::SiteBuilder::object_permissions); with several
/// backends, one that agrees is enough. Django's own tables have no object permissions: without a
/// backend, only superusers have them. Inactive accounts and superusers are decided before the
/// backends are called.
///
/// ```
/// use std::any::Any;
///
/// use quintet::auth::{Account, ObjectPermissionBackend};
/// use quintet::db::Conn;
/// use quintet::exceptions::Result;
/// use quintet::fields::Value;
///
/// struct Note {
///     author_id: i32,
/// }
///
/// struct Authors;
///
/// impl ObjectPermissionBackend for Authors {
///     async fn has_perm(
///         &self,
///         _conn: &Conn,
///         account: &Account,
///         perm: &str,
///         object: &dyn Any,
///     ) -> Result<bool> {
///         let Some(note) = object.downcast_ref::<Note>() else { return Ok(false) };
///         let own = account.key() == Value::Int(note.author_id.into());
///         Ok(own && perm.starts_with("notes."))
///     }
/// }
/// # let _ = Authors;
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a backend of object permissions",
    label = "this type has no `ObjectPermissionBackend` implementation",
    note = "write `impl ObjectPermissionBackend for {Self}`"
)]
pub trait ObjectPermissionBackend: Send + Sync + 'static {
    /// Whether the account has a permission, `store.change_artist`, for an object: a row of a
    /// model.
    ///
    /// # Errors
    /// `PermissionDenied` refuses at once, without calling other backends. Any other error becomes
    /// the response.
    fn has_perm(
        &self,
        conn: &Conn,
        account: &Account,
        perm: &str,
        object: &dyn Any,
    ) -> impl Future<Output = Result<bool>>;
}

/// An object-safe [`ObjectPermissionBackend`]. Every backend implements it; do not implement it
/// yourself.
pub trait DynObjectPermissionBackend: Send + Sync {
    /// [`ObjectPermissionBackend::has_perm`]
    fn ask<'a>(
        &'a self,
        conn: &'a Conn,
        account: &'a Account,
        perm: &'a str,
        object: &'a dyn Any,
    ) -> LocalBoxFuture<'a, Result<bool>>;
}

impl<B: ObjectPermissionBackend> DynObjectPermissionBackend for B {
    fn ask<'a>(
        &'a self,
        conn: &'a Conn,
        account: &'a Account,
        perm: &'a str,
        object: &'a dyn Any,
    ) -> LocalBoxFuture<'a, Result<bool>> {
        Box::pin(self.has_perm(conn, account, perm, object))
    }
}

impl fmt::Debug for dyn DynObjectPermissionBackend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ObjectPermissionBackend")
    }
}

impl Account {
    /// Whether it has all of these permissions for an object (`user.has_perms(perms, obj)`): a
    /// backend agrees to each. A superuser has all of them, an inactive account none.
    ///
    /// # Errors
    /// If a backend fails.
    pub(crate) async fn has_object_perms(
        &self,
        backends: &[Arc<dyn DynObjectPermissionBackend>],
        conn: &Conn,
        perms: &[String],
        object: &dyn Any,
    ) -> Result<bool> {
        if !self.is_active() || self.is_superuser() {
            return Ok(self.is_active());
        }
        for perm in perms {
            let mut granted = false;
            for backend in backends {
                match backend.ask(conn, self, perm, object).await {
                    Ok(true) => granted = true,
                    Ok(false) => {}
                    Err(ApiException::PermissionDenied(_)) => return Ok(false),
                    Err(error) => return Err(error),
                }
                if granted {
                    break;
                }
            }
            if !granted {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::super::{User, testing};
    use super::*;

    /// Grants what its list holds for every object, and refuses at once what the other one holds.
    struct Grants(&'static [&'static str], &'static [&'static str]);

    impl ObjectPermissionBackend for Grants {
        async fn has_perm(&self, _: &Conn, _: &Account, perm: &str, _: &dyn Any) -> Result<bool> {
            if self.1.contains(&perm) {
                return Err(ApiException::PermissionDenied(None));
            }
            Ok(self.0.contains(&perm))
        }
    }

    fn may(user: User, backends: Vec<Grants>, perms: &[&str]) -> bool {
        let backends: Vec<Arc<dyn DynObjectPermissionBackend>> =
            backends.into_iter().map(|backend| Arc::new(backend) as _).collect();
        let perms: Vec<String> = perms.iter().map(|&perm| perm.to_owned()).collect();
        let conn = Conn::for_tests();
        let account = Account::from(user);
        let asked = account.has_object_perms(&backends, &conn, &perms, &());
        asked.now_or_never().unwrap().unwrap()
    }

    fn active() -> User {
        User { is_active: true, ..testing::user() }
    }

    #[test]
    fn each_permission_needs_one_backend_that_agrees() {
        let two = || vec![Grants(&["a.x"], &[]), Grants(&["a.y"], &[])];
        assert!(may(active(), two(), &["a.x", "a.y"]));
        assert!(!may(active(), two(), &["a.x", "a.z"]));
        assert!(may(active(), two(), &[]));
        assert!(!may(active(), Vec::new(), &["a.x"]));
    }

    #[test]
    fn a_backend_may_refuse_for_all() {
        let refuses_first = vec![Grants(&[], &["a.x"]), Grants(&["a.x"], &[])];
        assert!(!may(active(), refuses_first, &["a.x"]));
        let refuses_last = vec![Grants(&["a.x"], &[]), Grants(&[], &["a.x"])];
        assert!(may(active(), refuses_last, &["a.x"]));
    }

    #[test]
    fn superusers_have_every_permission_and_shut_accounts_none() {
        let root = User { is_superuser: true, ..active() };
        assert!(may(root.clone(), Vec::new(), &["a.x"]));
        let shut = User { is_active: false, ..root };
        assert!(!may(shut, vec![Grants(&["a.x"], &[])], &["a.x"]));
    }
}
