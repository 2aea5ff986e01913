//! Marks set by the test client; they cannot be set over a socket.

use std::fmt;
use std::sync::Arc;

use crate::auth::Account;

/// Makes the account that a request is to be of.
pub(crate) type ForcedUser = Arc<dyn Fn() -> Option<Account> + Send + Sync>;

/// What a test says of a request.
#[derive(Clone, Default)]
pub(crate) struct Marks {
    /// Who sends it (`force_authenticate`).
    pub(crate) user: Option<ForcedUser>,
    /// The CSRF token is not asked for.
    pub(crate) skips_csrf: bool,
    /// It came over HTTPS.
    pub(crate) is_secure: bool,
}

impl Marks {
    /// Who is said to send it.
    pub(crate) fn user(&self) -> Option<Account> {
        self.user.as_ref().and_then(|make| make())
    }
}

impl fmt::Debug for Marks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Marks").field("user", &self.user.is_some()).finish_non_exhaustive()
    }
}
