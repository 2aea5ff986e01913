//! Users: stands in until the core's is merged.

use crate::db::Conn;
use crate::exceptions::Result;

/// A user.
#[derive(Debug, Clone, Default)]
pub struct User {
    /// The key.
    pub id: i32,
    /// The name.
    pub username: String,
    /// May use the admin panel.
    pub is_staff: bool,
    /// May log in.
    pub is_active: bool,
    /// May do anything.
    pub is_superuser: bool,
}

/// The user of a token.
pub async fn token_user(_conn: &Conn, key: &str) -> Result<Option<User>> {
    Ok((key == "valid").then(|| User {
        id: 1,
        username: "alice".into(),
        is_active: true,
        ..User::default()
    }))
}

/// True when the user has every permission.
pub async fn has_perms(_conn: &Conn, user: &User, perms: &[String]) -> Result<bool> {
    Ok(user.is_superuser || perms.is_empty())
}
