//! Django's sessions.

use super::{Authenticated, Authentication, AuthenticationScheme};
use crate::exceptions::Result;
use crate::request::Context;

/// The session's place in the chain. There is no session store: it finds nobody, but the answer
/// depends on the cookie that was looked at, and says so in `Vary`.
#[derive(Debug, Clone, Copy, Default)]
pub struct SessionAuthentication;

impl Authentication for SessionAuthentication {
    async fn authenticate(&self, cx: &mut Context) -> Result<Option<Authenticated>> {
        cx.vary_on("Cookie");
        Ok(None)
    }

    fn scheme(&self) -> Option<AuthenticationScheme> {
        Some(AuthenticationScheme::Session { cookie: "sessionid".into() })
    }
}
