//! The models of Django's account tables. Their ids are 32 bits wide, as in Django.

use std::sync::LazyLock;

use crate::contenttypes::ContentType;
use crate::db::DateTime;
use crate::model;
use crate::values::Pattern;

/// The pattern of a user name (`UnicodeUsernameValidator`).
pub static USERNAME: LazyLock<Pattern> = LazyLock::new(|| {
    Pattern::new(r"^[\w.@+-]+\Z").unwrap_or_else(|error| unreachable!("a fixed pattern: {error}"))
});

/// The columns of [`User`] and [`AbstractUser`], whose links have other names on the other side.
#[model(abstract)]
pub struct AbstractAccount {
    /// The password's hash, never the password.
    #[field(max_length = 128)]
    pub password: String,
    /// The last login by password.
    pub last_login: Option<crate::db::DateTime>,
    /// Whether the user is a superuser, who has every permission.
    #[field(
        default = false,
        verbose_name = "superuser status",
        help_text = "Designates that this user has all permissions without explicitly assigning them."
    )]
    pub is_superuser: bool,
    /// The user name.
    #[field(
        max_length = 150,
        unique,
        regex = *crate::__private::USERNAME,
        error(unique = "A user with that username already exists.", invalid = "Enter a valid username. This value may contain only letters, numbers, and @/./+/-/_ characters."),
        help_text = "Required. 150 characters or fewer. Letters, digits and @/./+/-/_ only."
    )]
    pub username: String,
    /// The first name.
    #[field(max_length = 150, blank)]
    pub first_name: String,
    /// The last name.
    #[field(max_length = 150, blank)]
    pub last_name: String,
    /// The email address.
    #[field(max_length = 254, blank, email, verbose_name = "email address")]
    pub email: String,
    /// Whether the user is staff, who may use the admin.
    #[field(
        default = false,
        verbose_name = "staff status",
        help_text = "Designates whether the user can log into this admin site."
    )]
    pub is_staff: bool,
    /// Whether the account is active.
    #[field(
        default = true,
        verbose_name = "active",
        help_text = "Designates whether this user should be treated as active. Unselect this instead of deleting accounts."
    )]
    pub is_active: bool,
    /// When the account was created.
    #[field(default = crate::db::DateTime::now())]
    pub date_joined: crate::db::DateTime,
}

/// The fields of Django's `AbstractUser`, for a user model of your own that has more:
/// `#[model(app = "club", inherit(AbstractUser))]`, with `groups` and `user_permissions` through Django's
/// link tables.
///
/// ```
/// use quintet::auth::{AbstractUser, UserModel};
/// use quintet::prelude::*;
///
/// #[model(app = "club", inherit(AbstractUser))]
/// pub struct Member {
///     pub id: i64,
///     #[field(max_length = 40, blank)]
///     pub nickname: String,
/// }
///
/// impl UserModel for Member {}
/// # fn main() {}
/// ```
#[model(
    abstract,
    inherit(crate::__private::AbstractAccount),
    display = "{username}",
    many_to_many(groups: crate::auth::Group),
    many_to_many(user_permissions: crate::auth::Permission)
)]
pub struct AbstractUser {}

/// An account: `auth_user`.
#[model(table = "auth_user", inherit(AbstractAccount), ordering(id), many_to_many(
    groups: Group, through = "auth_user_groups", source = "user_id", target = "group_id", related_name = users
), many_to_many(
    user_permissions: Permission, through = "auth_user_user_permissions", source = "user_id", target = "permission_id", related_name = users
))]
pub struct User {
    /// The primary key.
    pub id: i32,
}

/// A group of accounts: `auth_group`.
#[model(table = "auth_group", many_to_many(
    permissions: Permission, through = "auth_group_permissions", source = "group_id", target = "permission_id", related_name = groups
))]
pub struct Group {
    /// The primary key.
    pub id: i32,
    /// Its name.
    #[field(max_length = 150, unique)]
    pub name: String,
}

/// A permission on the rows of a model: `auth_permission`.
#[model(table = "auth_permission", unique_together(content_type, codename))]
pub struct Permission {
    /// The primary key.
    pub id: i32,
    /// The name: `Can add artist`.
    #[field(max_length = 255)]
    pub name: String,
    /// The model.
    #[field(foreign_key = ContentType)]
    pub content_type_id: i32,
    /// `add_artist`
    #[field(max_length = 100)]
    pub codename: String,
}

/// An account's API key: `authtoken_token`.
#[model(table = "authtoken_token")]
pub struct Token {
    /// The key: 40 hex digits.
    #[field(primary_key, max_length = 40, secret)]
    pub key: String,
    /// When it was created.
    #[field(auto_now_add)]
    pub created: DateTime,
    /// The user.
    #[field(foreign_key = User, unique)]
    pub user_id: i32,
}
