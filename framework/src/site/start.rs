//! Why a program does not start.

use std::error::Error;
use std::fmt;
use std::io::ErrorKind;

/// Why a program does not start, or why it ended: one line for a person.
///
/// Any error becomes one with `?`. Returned from `main`, it is printed to standard error after
/// `Error: `, and the exit status is 1.
///
/// ```no_run
/// use quintet::prelude::*;
///
/// #[quintet::main]
/// async fn main() -> Result<(), StartError> {
///     let settings = Settings::from_env()?;
///     let database = Database::open(&settings)?;
///     Site::builder(settings, database).build()?.run_server("127.0.0.1:8000").await
/// }
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct StartError(Line);

/// A message that is its own debug form.
#[derive(Clone, PartialEq, Eq)]
struct Line(String);

impl StartError {
    /// Creates an error with a message; several lines become one.
    pub fn new(text: impl fmt::Display) -> Self {
        let text = text.to_string();
        let lines: Vec<&str> =
            text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        Self(Line(lines.join(" ")))
    }

    /// The error for an address that cannot be listened on.
    pub(super) fn listening(address: &str, error: &std::io::Error) -> Self {
        let reason = match error.kind() {
            ErrorKind::AddrInUse => {
                "another program listens there; stop it, or choose another port".to_owned()
            }
            ErrorKind::AddrNotAvailable => {
                "this machine has no such address; 127.0.0.1 accepts connections from this machine \
                 only, 0.0.0.0 on all of its addresses"
                    .to_owned()
            }
            ErrorKind::PermissionDenied => {
                "the system does not allow it; ports below 1024 are for privileged programs, choose \
                 another port"
                    .to_owned()
            }
            ErrorKind::InvalidInput => {
                "it is not an address; write a host and a port, such as 127.0.0.1:8000".to_owned()
            }
            _ => format!("{error}; write a host and a port, such as 127.0.0.1:8000"),
        };
        Self::new(format!("cannot listen at {}: {reason}", address.escape_debug()))
    }
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.0)
    }
}

impl fmt::Debug for StartError {
    /// The message: a program that ends with the error prints its debug form.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.0)
    }
}

// not an `Error` itself, so that every error becomes one
impl<E: Error> From<E> for StartError {
    fn from(error: E) -> Self {
        Self::new(error)
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for Line {}

impl From<StartError> for Box<dyn Error> {
    fn from(error: StartError) -> Self {
        Box::new(error.0)
    }
}

impl From<StartError> for Box<dyn Error + Send + Sync> {
    fn from(error: StartError) -> Self {
        Box::new(error.0)
    }
}

impl From<StartError> for std::io::Error {
    fn from(error: StartError) -> Self {
        Self::other(error.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::SettingsError;

    #[test]
    fn an_error_is_one_line_in_both_forms() {
        let reason = "`(` is not a valid regular expression: regex parse error:\n    (\n    ^\n\
                      error: unclosed group"
            .into();
        let error = StartError::from(SettingsError { name: "CORS_URLS_REGEX", reason });
        let line = "setting CORS_URLS_REGEX: `(` is not a valid regular expression: regex parse \
                    error: ( ^ error: unclosed group";
        assert_eq!((error.to_string().as_str(), format!("{error:?}").as_str()), (line, line));
        let boxed: Box<dyn Error> = error.into();
        assert_eq!(format!("{boxed:?}"), line);
    }

    #[test]
    fn an_address_that_cannot_be_listened_at_is_named_with_the_way_out() {
        let told = |kind: ErrorKind| StartError::listening("h:1", &kind.into()).to_string();
        assert_eq!(
            told(ErrorKind::AddrInUse),
            "cannot listen at h:1: another program listens there; stop it, or choose another port"
        );
        for kind in [
            ErrorKind::AddrNotAvailable,
            ErrorKind::PermissionDenied,
            ErrorKind::InvalidInput,
            ErrorKind::Other,
        ] {
            let line = told(kind);
            assert!(line.starts_with("cannot listen at h:1: ") && line.len() > 60, "{line}");
        }
    }
}
