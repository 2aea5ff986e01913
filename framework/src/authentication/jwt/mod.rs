//! JSON web tokens, on the wire as djangorestframework-simplejwt 5.5 has them: the same claims,
//! messages and tables, so that tokens of either server are good at the other.
//!
//! A token is read in three steps, each a file: its signature and form (`backend`), the claims that
//! every token must have (`claims`), and what its kind asks for (`tokens`).

mod authentication;
mod backend;
mod blacklist;
mod claims;
mod keys;
#[cfg(test)]
mod testing;
mod tokens;

pub(crate) use authentication::Challenge;
pub use authentication::JwtAuthentication;
pub(crate) use backend::TokenBackend;
pub use blacklist::{
    BlacklistedToken, BlacklistedTokenFields, OutstandingToken, OutstandingTokenFields,
    blacklisted_token, flush_expired_tokens, outstanding_token,
};
pub use claims::{Claims, TokenError};
pub use tokens::{AccessToken, RefreshToken, UntypedToken};
