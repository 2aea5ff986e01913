//! Accounts on Django's own tables (`django.contrib.auth`, `rest_framework.authtoken`).

mod account;
mod hashers;
mod models;
mod normalize;
mod objects;
mod permissions;
#[cfg(test)]
pub(crate) mod testing;

pub use account::{Account, UserMeta, UserModel, UserModelError};
pub use hashers::{check_password, make_password};
pub use models::{Group, GroupFields, Token, TokenFields, User, UserFields, group, token, user};
pub use normalize::normalize_email;
pub use objects::{DynObjectPermissionBackend, ObjectPermissionBackend};
