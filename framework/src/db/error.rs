//! What the database layer reports.

use crate::exceptions::ApiException;

/// A statement that did not do what was asked of it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The database is away, or every connection is busy.
    #[error("{0}")]
    Unavailable(&'static str),
    /// No row where one was expected.
    #[error("no row matches")]
    NotFound,
    /// A unique constraint refused the row; the constraint's name, or the columns on SQLite.
    #[error("unique constraint {0}")]
    Unique(String),
    /// A foreign key refused the statement.
    #[error("foreign key constraint {0}")]
    ForeignKey(String),
    /// A column does not hold what the model says.
    #[error("column {column}: {reason}")]
    Decode {
        /// Its position in the row.
        column: usize,
        /// What is wrong.
        reason: String,
    },
    /// Anything else that diesel reports.
    #[error(transparent)]
    Diesel(#[from] diesel::result::Error),
}

impl From<Error> for ApiException {
    fn from(error: Error) -> Self {
        match error {
            Error::Unavailable(reason) => Self::Unavailable(reason),
            Error::NotFound => Self::NotFound(None),
            other => Self::internal(other),
        }
    }
}

impl From<diesel::result::Error> for ApiException {
    fn from(error: diesel::result::Error) -> Self {
        Error::from_diesel(error).into()
    }
}

impl Error {
    /// Sorts diesel's errors into ours.
    pub fn from_diesel(error: diesel::result::Error) -> Self {
        use diesel::result::{DatabaseErrorKind, Error as Diesel};
        match error {
            Diesel::NotFound => Self::NotFound,
            Diesel::DatabaseError(DatabaseErrorKind::ClosedConnection, _) => {
                Self::Unavailable("the database closed the connection")
            }
            Diesel::DatabaseError(DatabaseErrorKind::UniqueViolation, info) => Self::Unique(
                info.constraint_name().map_or_else(|| info.message().to_owned(), ToOwned::to_owned),
            ),
            Diesel::DatabaseError(DatabaseErrorKind::ForeignKeyViolation, info) => {
                Self::ForeignKey(
                    info.constraint_name()
                        .map_or_else(|| info.message().to_owned(), ToOwned::to_owned),
                )
            }
            other => Self::Diesel(other),
        }
    }
}
