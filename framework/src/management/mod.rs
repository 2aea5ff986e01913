//! Commands for the operators of a site (`django.contrib.auth.management.commands`).
//!
//! [`Program`] is the program of a project, with these commands and the server. The commands are also
//! functions: a program of another kind calls them under any name, with the arguments of the command
//! line.
//!
//! ```no_run
//! use quintet::management::{CommandError, changepassword, createsuperuser};
//! use quintet::site::Site;
//!
//! async fn command(site: &Site, words: &[&str]) -> Result<(), CommandError> {
//!     match words {
//!         ["createsuperuser", options @ ..] => createsuperuser(site, options).await,
//!         ["changepassword", names @ ..] => changepassword(site, names).await,
//!         _ => Ok(()),
//!     }
//! }
//! ```
//!
//! They talk to a person through a [`Terminal`]; a test passes one with prepared answers.

mod changepassword;
mod createsuperuser;
mod program;
mod terminal;
#[cfg(all(test, feature = "sqlite"))]
mod tests;

use std::fmt;

pub use changepassword::{changepassword, changepassword_with};
pub use createsuperuser::{createsuperuser, createsuperuser_with};
pub use program::Program;
pub use terminal::{Console, Terminal};

use crate::exceptions::ApiException;

/// Why a command did not do what it was asked to: a sentence for a person.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct CommandError(String);

impl CommandError {
    /// With a sentence.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

impl fmt::Debug for CommandError {
    /// Same as `Display`, so that a program that returns it from `main` prints a plain message.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<ApiException> for CommandError {
    fn from(error: ApiException) -> Self {
        match error {
            ApiException::Validation(detail) => Self(detail.texts().join("; ")),
            other => Self(other.to_string()),
        }
    }
}

impl From<std::io::Error> for CommandError {
    /// The end of the input, or a key that interrupts.
    fn from(_: std::io::Error) -> Self {
        Self::new("Operation cancelled.")
    }
}
