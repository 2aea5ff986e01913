//! Accounts on Django's own tables (`django.contrib.auth`, `rest_framework.authtoken`).

mod account;
mod create_permissions;
mod hashers;
mod manager;
pub(crate) mod models;
mod objects;
mod password_validation;
mod permissions;
mod session_hash;
#[cfg(test)]
pub(crate) mod testing;
mod tokens;

pub use crate::contenttypes::{ContentType, ContentTypeFields, content_type};
pub use account::{Account, UserMeta, UserModel, UserModelError};
pub use create_permissions::{create_permissions, emit_post_migrate, permissions_of};
pub use hashers::{Checked, PasswordHashers, is_password_usable};
pub use manager::{
    NewUser, check_password, create_user, normalize_email, normalize_username, set_password,
    update_last_login,
};
pub(crate) use manager::{normalize, normalized};
pub use models::{
    AbstractUser, Group, GroupFields, Permission, PermissionFields, Token, TokenFields, User,
    UserFields, group, permission, token, user,
};
pub use objects::{DynObjectPermissionBackend, ObjectPermissionBackend};
pub(crate) use password_validation::verbose_name;
pub use password_validation::{UserAttributes, password_validators_help_texts, validate_password};
pub use tokens::get_or_create_token;
