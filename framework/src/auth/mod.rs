//! Accounts on Django's own tables (`django.contrib.auth`, `rest_framework.authtoken`).

mod account;
mod hashers;
mod models;
mod permissions;
#[cfg(test)]
pub(crate) mod testing;

pub use account::{Account, UserMeta, UserModel, UserModelError};
pub use hashers::{Checked, PasswordHashers, is_password_usable};
pub use models::{Group, GroupFields, Token, TokenFields, User, UserFields, group, token, user};
pub use permissions::{has_perms, in_group};
