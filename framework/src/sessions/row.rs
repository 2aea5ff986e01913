//! The table of sessions.

use crate::db::DateTime;
use crate::model;

/// A session as a row: `django_session`.
#[model(table = "django_session")]
pub struct StoredSession {
    /// The key, as the cookie has it.
    #[field(primary_key, max_length = 40, secret)]
    pub session_key: String,
    /// The data, signed.
    #[field(secret)]
    pub session_data: String,
    /// When it expires.
    #[field(index)]
    pub expire_date: DateTime,
}
