//! Views of accounts that a site mounts where it likes: logging in, handing out tokens.

#[cfg(feature = "jwt")]
mod jwt;

#[cfg(feature = "jwt")]
pub use jwt::{token_blacklist, token_obtain_pair, token_refresh, token_verify};
