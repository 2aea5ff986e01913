//! Accounts on Django's own tables (`django.contrib.auth`, `rest_framework.authtoken`).

mod account;
mod hashers;
mod models;
mod permissions;
mod session_hash;
#[cfg(test)]
pub(crate) mod testing;

pub use account::{Account, UserMeta, UserModel, UserModelError};
pub use hashers::check_password;
pub use models::{Group, GroupFields, Token, TokenFields, User, UserFields, group, token, user};
pub use permissions::{has_perms, in_group};
