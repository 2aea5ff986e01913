//! Accounts and passwords, for views.

use super::Context;
use crate::auth::{self, Account, NewUser, PasswordHashers};
use crate::exceptions::Result;

impl Context {
    /// Hashes and verifies passwords, on dedicated threads. Jobs are queued per client network;
    /// authenticated clients are served before unknown ones.
    pub fn hashers(&self) -> PasswordHashers {
        self.shared.hashers.for_client(self.client_network()).known(self.is_authenticated())
    }

    /// Creates an account of the site's user model ([`auth::create_user`]).
    ///
    /// # Errors
    /// 400 under the field's name if the name is missing or taken; 503 when too many passwords wait
    /// to be hashed.
    pub async fn create_user(&self, new: NewUser) -> Result<Account> {
        auth::create_user(self, &self.user_meta(), &self.hashers(), new).await
    }

    /// Changes an account's password, or makes it unusable ([`auth::set_password`]).
    ///
    /// # Errors
    /// 503 when too many passwords wait to be hashed, and what the database reports.
    pub async fn set_password(&self, account: &mut Account, password: Option<&str>) -> Result<()> {
        auth::set_password(self, &self.hashers(), account, password).await
    }

    /// Whether this is the account's password ([`auth::check_password`]).
    ///
    /// # Errors
    /// 503 when too many passwords wait to be hashed.
    pub async fn check_password(&self, account: &mut Account, password: &str) -> Result<bool> {
        auth::check_password(self, &self.hashers(), account, password).await
    }
}
