//! Marks set by the test client; they cannot be set over a socket.

use std::fmt;
use std::sync::Arc;

use crate::auth::Account;

/// Creates the account of a request.
pub(crate) type ForcedUser = Arc<dyn Fn() -> Option<Account> + Send + Sync>;

/// The marks of a request.
#[derive(Clone, Default)]
pub(crate) struct Marks {
    /// The user (`force_authenticate`).
    pub(crate) user: Option<ForcedUser>,
    /// Whether the CSRF check is skipped.
    pub(crate) skips_csrf: bool,
    /// Whether it came over HTTPS.
    pub(crate) is_secure: bool,
}

impl Marks {
    /// The user that was set.
    pub(crate) fn user(&self) -> Option<Account> {
        self.user.as_ref().and_then(|make| make())
    }
}

impl fmt::Debug for Marks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Marks").field("user", &self.user.is_some()).finish_non_exhaustive()
    }
}
