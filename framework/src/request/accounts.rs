//! Accounts and their passwords, as a view comes to them.

use super::Context;
use crate::auth::{self, Account, NewUser, PasswordHashers};
use crate::exceptions::Result;

impl Context {
    /// Hashes and verifies passwords, on dedicated threads. Jobs are queued per client network;
    /// authenticated clients are served before unknown ones.
    pub fn hashers(&self) -> PasswordHashers {
        self.shared.hashers.for_client(self.client_network()).known(self.is_authenticated())
    }

    /// Makes an account of the site's user model ([`auth::create_user`]).
    ///
    /// # Errors
    /// 400 under the field's name when there is no name, or another account has it; 503 when too
    /// many passwords wait to be hashed.
    pub async fn create_user(&self, new: NewUser) -> Result<Account> {
        auth::create_user(self, &self.user_meta(), &self.hashers(), new).await
    }

    /// Gives an account another password, or none that can be used ([`auth::set_password`]).
    ///
    /// # Errors
    /// 503 when too many passwords wait to be hashed, and what the database reports.
    pub async fn set_password(&self, account: &mut Account, password: Option<&str>) -> Result<()> {
        auth::set_password(self, &self.hashers(), account, password).await
    }

    /// True when this is the account's password ([`auth::check_password`]).
    ///
    /// # Errors
    /// 503 when too many passwords wait to be hashed.
    pub async fn check_password(&self, account: &mut Account, password: &str) -> Result<bool> {
        auth::check_password(self, &self.hashers(), account, password).await
    }
}
