//! JSON web tokens.

use quintet::authentication::JwtAuthentication;
use quintet::prelude::*;

use crate::pages::whoami;

/// Who the request is from, for bearers of a token.
pub fn jwt_only() -> ApiView {
    let view = ApiView::new("JWT Only").authentication(JwtAuthentication::new());
    view.permissions(IsAuthenticated).get(whoami).post(whoami).put(whoami)
}

/// Refresh tokens are good for one use.
pub fn settings(mut settings: Settings) -> Settings {
    settings.jwt.rotate_refresh_tokens = true;
    settings.jwt.blacklist_after_rotation = true;
    settings.jwt.blacklist = true;
    settings
}
