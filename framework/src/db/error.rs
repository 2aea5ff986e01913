//! The errors of the database layer.

use std::borrow::{Borrow, Cow};

use diesel::result::DatabaseErrorInformation;

use super::{ColumnMeta, ModelMeta, NameError, Protected, TreeError};
use crate::exceptions::{ApiException, Detail};

/// The reason if another connection held `SQLite`'s write lock.
pub(crate) const BUSY: &str = "the database is busy";

/// The reason if a connection ended before the answer came.
pub(crate) const CLOSED: &str = "the database closed the connection";

/// Why a statement failed.
#[doc(alias = "DoesNotExist")]
#[doc(alias = "IntegrityError")]
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The database cannot be reached, or every connection is busy.
    #[error("{0}")]
    Unavailable(&'static str),
    /// No row where one was expected.
    #[error("no row matches")]
    NotFound,
    /// No row matches a query for one row (`Model.DoesNotExist`); the model.
    #[error("{0} matching query does not exist")]
    DoesNotExist(&'static str),
    /// More than one row matches such a query (`MultipleObjectsReturned`); the model.
    #[error("get() returned more than one {0}")]
    MultipleObjectsReturned(&'static str),
    /// No row matches a query for a client (`get_object_or_404`); the model.
    #[error("no {0} matches the given query")]
    NoMatch(&'static str),
    /// A row cannot be deleted, because a protected foreign key references it.
    #[error("{} is protected by {}.{}", .0.model, .0.by, .0.field)]
    Protected(Protected),
    /// A row cannot be deleted, because the database says that others still reference it; the
    /// constraint.
    #[error("other rows still refer to this one: {0}")]
    Referenced(String),
    /// A unique constraint refused the row; the columns it is over.
    #[error("another row has the same {}", .0.join(", "))]
    Unique(Vec<String>),
    /// The database aborted this transaction in favour of another one: a deadlock, or a
    /// serialisation failure. The same work usually succeeds if it runs again from the start; the
    /// database's message.
    #[error("deadlock: {0}")]
    Deadlock(String),
    /// A lock was requested outside a transaction.
    #[error("`select_for_update` cannot be used outside a transaction")]
    NoTransaction,
    /// Something that this database cannot do (`NotSupportedError`); what it is.
    #[error("{0} is not supported by this database")]
    NotSupported(&'static str),
    /// A transaction was rolled back instead of committed; the reason.
    #[error("the transaction was rolled back: {0}")]
    RolledBack(&'static str),
    /// A column that is not nullable got no value; its name.
    #[error("the column {0} may not be null")]
    NotNull(String),
    /// A check constraint refused the row; its name.
    #[error("the row violates the constraint {0}")]
    Check(String),
    /// A foreign key refused the statement.
    #[error("a foreign key refused the statement: {0}")]
    ForeignKey(String),
    /// A value does not fit its column.
    #[error("a value does not fit its column: {0}")]
    Misfit(String),
    /// The database has no table of this name.
    #[error("the table {0} does not exist")]
    MissingTable(String),
    /// Rows along a foreign key of a model to itself do not form a tree, or form one that is too
    /// large.
    #[error("{field} {problem}")]
    Tree {
        /// The foreign key's verbose name.
        field: &'static str,
        /// The problem.
        problem: TreeError,
    },
    /// Nested rows are too deep; what holds them.
    #[error("rows of {0} are nested too deep")]
    TooDeep(&'static str),
    /// There are too many nested rows; the limit.
    #[error("more than {0} rows are nested below others")]
    TooMany(usize),
    /// A column's value does not match the model.
    #[error("column {column}: {reason}")]
    Decode {
        /// Its position in the row.
        column: usize,
        /// What is wrong.
        reason: String,
    },
    /// Something that no statement can do: a mistake of the program; what it is.
    #[error("{0}")]
    Misuse(String),
    /// A hook of the model, or a signal, refused the row; its error.
    #[error("a hook refused the row: {0}")]
    Refused(Box<ApiException>),
    /// Anything else that diesel reports.
    #[error(transparent)]
    Diesel(#[from] diesel::result::Error),
}

impl From<NameError> for ApiException {
    fn from(error: NameError) -> Self {
        Self::validation(Detail::non_field(Detail::new(error.to_string(), "invalid")))
    }
}

impl From<Error> for ApiException {
    fn from(error: Error) -> Self {
        match error {
            Error::Refused(error) => *error,
            Error::Unavailable(reason) => Self::Unavailable(reason),
            Error::NotFound => Self::NotFound(None),
            Error::NoMatch(model) => Self::no_match(model),
            Error::Protected(by) => Self::Custom { status: 409, detail: protected(&by) },
            Error::Referenced(_) => Self::Custom {
                status: 409,
                detail: Detail::new("Other objects still refer to this one.", "protected"),
            },
            Error::Deadlock(_) => Self::Deadlock,
            Error::NotNull(column) => Self::validation(null(column)),
            Error::Check(name) => Self::validation(violated(&name)),
            // where constraints are deferred, the end of a transaction is the first to know
            Error::ForeignKey(_) => Self::validation(Detail::non_field(Detail::new(
                "A related object does not exist.",
                "does_not_exist",
            ))),
            Error::Unique(columns) => Self::validation(Detail::non_field(Detail::new(
                not_a_unique_set(&columns),
                "unique",
            ))),
            Error::Tree { field, problem } => {
                let (code, text) = problem.refusal();
                Self::validation(Detail::field(field, [Detail::new(text, code)]))
            }
            Error::TooDeep(name) => Self::Custom {
                status: 409,
                detail: Detail::new(
                    format!("Cannot show this: objects of {name} are nested too deep."),
                    "too_deep",
                ),
            },
            Error::TooMany(most) => Self::Custom {
                status: 409,
                detail: Detail::new(
                    format!("Cannot show this: more than {most} objects are nested in it."),
                    "too_large",
                ),
            },
            Error::Misfit(_) => Self::validation(Detail::non_field(Detail::new(
                "A value does not fit its column.",
                "invalid",
            ))),
            Error::MissingTable(table) => {
                tracing::error!(
                    "the table {table} does not exist: apply the project's migrations to the \
                     database that DATABASE_URL names"
                );
                Self::Unavailable("a table does not exist")
            }
            other => Self::internal(other),
        }
    }
}

/// DRF's message for a null, under the name of a field.
pub(crate) fn null(field: impl Into<Cow<'static, str>>) -> Detail {
    Detail::field(field, [Detail::new("This field may not be null.", "null")])
}

/// Django's message for a value that another row has.
pub(crate) fn not_unique(model: &ModelMeta, column: &ColumnMeta) -> String {
    already_exists(model, &label(column))
}

/// Django's message for values that another row has, which are named so.
pub(crate) fn already_exists(model: &ModelMeta, names: &str) -> String {
    format!("{} with this {names} already exists.", model.verbose_name)
}

/// A column's name for people.
pub(crate) fn label(column: &ColumnMeta) -> String {
    match column.verbose_name {
        Some(name) => name.to_owned(),
        None => column.name.replace('_', " "),
    }
}

/// DRF's message for values that another row has together.
pub(crate) fn not_a_unique_set<S: Borrow<str>>(names: &[S]) -> String {
    format!("The fields {} must make a unique set.", names.join(", "))
}

/// Django's message for a protected row.
fn protected(by: &Protected) -> Detail {
    let how = if by.restricted { "restricted" } else { "protected" };
    let text = format!(
        "Cannot delete some instances of model '{}' because they are referenced through {how} \
         foreign keys: '{}.{}'.",
        by.model, by.by, by.field
    );
    Detail::new(text, "protected")
}

/// Django's message for a check constraint.
fn violated(name: &str) -> Detail {
    let text = format!("Constraint \u{201c}{name}\u{201d} is violated.");
    Detail::non_field(Detail::new(text, "invalid"))
}

impl From<diesel::result::Error> for ApiException {
    fn from(error: diesel::result::Error) -> Self {
        Error::from_diesel(error).into()
    }
}

impl Error {
    /// Whether what was asked for may have been done all the same: the answer did not come, or could not be
    /// read. Any other error says that it was not.
    pub(crate) fn is_in_doubt(&self) -> bool {
        use diesel::result::{DatabaseErrorKind as Kind, Error as Diesel};
        match self {
            Self::Unavailable(reason) => *reason == CLOSED,
            Self::Diesel(Diesel::DatabaseError(kind, _)) => {
                matches!(kind, Kind::UnableToSendCommand | Kind::ClosedConnection)
            }
            Self::Decode { .. } | Self::Diesel(Diesel::DeserializationError(_)) => true,
            _ => false,
        }
    }

    /// The error of a hook.
    pub(crate) fn refused(error: ApiException) -> Self {
        Self::Refused(Box::new(error))
    }

    /// The meaning of a foreign key violation when a row is deleted.
    pub(crate) fn of_deletion(self) -> Self {
        match self {
            Self::ForeignKey(constraint) => Self::Referenced(constraint),
            other => other,
        }
    }

    /// Whether the database lacks a table of this name.
    pub(crate) fn is_missing_table(&self, table: &str) -> bool {
        matches!(self, Self::MissingTable(missing) if missing == table)
    }

    /// Converts diesel's errors.
    pub fn from_diesel(error: diesel::result::Error) -> Self {
        use diesel::result::{DatabaseErrorKind, Error as Diesel};
        match error {
            Diesel::NotFound => Self::NotFound,
            Diesel::DatabaseError(DatabaseErrorKind::ClosedConnection, _) => {
                Self::Unavailable(CLOSED)
            }
            // what SQLite says when another connection kept the lock for too long
            Diesel::DatabaseError(DatabaseErrorKind::Unknown, info)
                if info.message().starts_with("database is locked")
                    || info.message().starts_with("database table is locked") =>
            {
                Self::Unavailable(BUSY)
            }
            // SQLSTATE 40001; diesel has no kind for 40P01, which is known in English only
            // (`lc_messages`)
            Diesel::DatabaseError(DatabaseErrorKind::SerializationFailure, info) => {
                Self::Deadlock(info.message().to_owned())
            }
            Diesel::DatabaseError(DatabaseErrorKind::Unknown, info)
                if info.message().starts_with("deadlock detected") =>
            {
                Self::Deadlock(info.message().to_owned())
            }
            // `statement_timeout`, `lock_timeout`, an administrator
            Diesel::DatabaseError(DatabaseErrorKind::Unknown, info)
                if info.message().starts_with("canceling statement due to") =>
            {
                Self::Unavailable("the database gave up a statement")
            }
            // waiting for a lock in vain, or refusing to wait, is not retried
            Diesel::DatabaseError(DatabaseErrorKind::Unknown, info)
                if info.message().starts_with("could not obtain lock on") =>
            {
                Self::Unavailable("a lock did not come free")
            }
            Diesel::DatabaseError(DatabaseErrorKind::Unknown, info)
                if is_misfit(info.message()) =>
            {
                Self::Misfit(info.message().to_owned())
            }
            Diesel::DatabaseError(DatabaseErrorKind::Unknown, info)
                if missing_table(info.message()).is_some() =>
            {
                Self::MissingTable(missing_table(info.message()).unwrap_or_default().to_owned())
            }
            // a length of time or an address that the column's type does not have
            Diesel::SerializationError(error) => Self::Misfit(error.to_string()),
            Diesel::DatabaseError(DatabaseErrorKind::UniqueViolation, info)
                if expression_index(&*info).is_some() =>
            {
                Self::Check(expression_index(&*info).unwrap_or_default().to_owned())
            }
            Diesel::DatabaseError(DatabaseErrorKind::UniqueViolation, info) => {
                Self::Unique(unique_columns(info.message(), info.details().unwrap_or_default()))
            }
            Diesel::DatabaseError(
                DatabaseErrorKind::ForeignKeyViolation | DatabaseErrorKind::RestrictViolation,
                info,
            ) => Self::ForeignKey(constraint(&*info).to_owned()),
            Diesel::DatabaseError(DatabaseErrorKind::NotNullViolation, info) => {
                Self::NotNull(null_column(&*info).to_owned())
            }
            Diesel::DatabaseError(
                DatabaseErrorKind::CheckViolation | DatabaseErrorKind::ExclusionViolation,
                info,
            ) => Self::Check(constraint(&*info).to_owned()),
            other => Self::Diesel(other),
        }
    }
}

/// The name of a unique constraint over computed values: `UNIQUE constraint failed: index 'name'` on
/// `SQLite`, `Key (lower(name::text))=(x) already exists.` on `PostgreSQL`.
fn expression_index(info: &dyn DatabaseErrorInformation) -> Option<&str> {
    let sqlite = info.message().strip_prefix("UNIQUE constraint failed: index '");
    if let Some(name) = sqlite {
        return name.strip_suffix('\'');
    }
    let (keys, _) = info.details()?.strip_prefix("Key (")?.split_once(")=(")?;
    keys.contains('(').then(|| info.constraint_name()).flatten()
}

/// The name of a constraint; `SQLite` has it in the message alone: `CHECK constraint failed:
/// price`.
fn constraint(info: &dyn DatabaseErrorInformation) -> &str {
    let last = || info.message().rsplit(": ").next().unwrap_or_default();
    info.constraint_name().unwrap_or_else(last)
}

/// The column of `NOT NULL constraint failed: store_invoiceline.quantity`, or `PostgreSQL`'s field.
fn null_column(info: &dyn DatabaseErrorInformation) -> &str {
    let last = || info.message().rsplit(['.', ' ']).next().unwrap_or_default();
    info.column_name().unwrap_or_else(last)
}

/// True for what the databases say of a value that a column cannot hold or be compared with, and
/// of more values than one statement takes.
fn is_misfit(message: &str) -> bool {
    is_postgres_misfit(message) || is_sqlite_misfit(message)
}

/// The name of the table that a database says it does not have.
fn missing_table(message: &str) -> Option<&str> {
    let sqlite = message.strip_prefix("no such table: ");
    let postgres = || message.strip_prefix("relation \"")?.strip_suffix("\" does not exist");
    sqlite.or_else(postgres)
}

fn is_sqlite_misfit(message: &str) -> bool {
    message == "LIKE or GLOB pattern too complex"
        || message == "integer overflow"
        || message == "string or blob too big"
        || message == "too many SQL variables"
        || message.starts_with("Expression tree is too large")
        || message.starts_with("too many terms in ORDER BY")
}

fn is_postgres_misfit(message: &str) -> bool {
    message.starts_with("value too long for type")
        || message.starts_with("invalid byte sequence for encoding")
        || message.starts_with("numeric field overflow")
        || message.ends_with("out of range")
        // a null character in JSON
        || message.starts_with("unsupported Unicode escape sequence")
        // the patterns that are let through are those of another engine
        || message.starts_with("invalid regular expression")
        || message.starts_with("regular expression failed")
        // a text that is longer than an index over its column takes
        || message.starts_with("index row ")
}

/// The columns of a unique constraint, read from what the database says: `UNIQUE constraint failed:
/// store_album.artist_id, store_album.title` on `SQLite`, `Key (artist_id, title)=(1, x) already
/// exists.` on `PostgreSQL`.
fn unique_columns(message: &str, details: &str) -> Vec<String> {
    let list = match message.strip_prefix("UNIQUE constraint failed: ") {
        Some(list) => list,
        None => details
            .strip_prefix("Key (")
            .and_then(|rest| rest.split_once(")=("))
            .map_or("", |(l, _)| l),
    };
    list.split(", ")
        .filter(|name| !name.is_empty())
        .map(|name| name.rsplit('.').next().unwrap_or(name).trim_matches('"').to_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lost_answer_leaves_in_doubt_and_a_refusal_does_not() {
        use diesel::result::{DatabaseErrorKind as Kind, Error as Diesel};
        let database = |kind| {
            Error::from_diesel(Diesel::DatabaseError(kind, Box::new("what it says".to_owned())))
        };
        let unread = Diesel::DeserializationError("a number".into());
        for error in [
            database(Kind::ClosedConnection),
            database(Kind::UnableToSendCommand),
            Error::from_diesel(unread),
            Error::Decode { column: 1, reason: String::new() },
        ] {
            assert!(error.is_in_doubt(), "{error:?}");
        }
        for error in [
            database(Kind::UniqueViolation),
            database(Kind::SerializationFailure),
            database(Kind::Unknown),
            Error::Unavailable(BUSY),
            Error::RolledBack("why"),
            Error::NotFound,
        ] {
            assert!(!error.is_in_doubt(), "{error:?}");
        }
    }

    #[test]
    fn the_columns_of_a_unique_constraint_are_read_on_both_databases() {
        let columns = ["artist_id".to_owned(), "title".to_owned()];
        let sqlite = "UNIQUE constraint failed: store_album.artist_id, store_album.title";
        assert_eq!(unique_columns(sqlite, ""), columns);
        let postgres = "Key (artist_id, title)=(1, Let There Be Rock) already exists.";
        assert_eq!(unique_columns("duplicate key value", postgres), columns);
    }

    #[test]
    fn a_busy_or_absent_database_is_503_and_a_missing_row_404() {
        use diesel::result::{DatabaseErrorKind, Error as Diesel};
        let status = |error| ApiException::from(Error::from_diesel(error)).status();
        let said = |kind, text: &str| Diesel::DatabaseError(kind, Box::new(text.to_owned()));
        assert_eq!(status(said(DatabaseErrorKind::Unknown, "database is locked")), 503);
        assert_eq!(status(said(DatabaseErrorKind::ClosedConnection, "bye")), 503);
        assert_eq!(status(said(DatabaseErrorKind::Unknown, "near \"x\": syntax error")), 500);
        assert_eq!(status(said(DatabaseErrorKind::Unknown, "deadlock detected")), 503);
        assert_eq!(status(said(DatabaseErrorKind::SerializationFailure, "no")), 503);
        let slow = "canceling statement due to statement timeout";
        assert_eq!(status(said(DatabaseErrorKind::Unknown, slow)), 503);
        let deadlock = |text: &str| {
            let error = Error::from_diesel(said(DatabaseErrorKind::Unknown, text));
            matches!(error, Error::Deadlock(_))
        };
        assert!(deadlock("deadlock detected"));
        let locked = "could not obtain lock on row in relation \"store_invoice\"";
        assert_eq!(status(said(DatabaseErrorKind::Unknown, locked)), 503);
        let waited = "canceling statement due to lock timeout";
        assert_eq!(status(said(DatabaseErrorKind::Unknown, waited)), 503);
        // which is reported at once, and not run again
        assert!(!deadlock(locked) && !deadlock(waited));
        assert_eq!(status(said(DatabaseErrorKind::ForeignKeyViolation, "no")), 400);
        assert_eq!(status(said(DatabaseErrorKind::UniqueViolation, "no")), 400);
        assert_eq!(status(said(DatabaseErrorKind::Unknown, "integer out of range")), 400);
        let deep = "Expression tree is too large (maximum depth 1000)";
        assert_eq!(status(said(DatabaseErrorKind::Unknown, deep)), 400);
        let long = "LIKE or GLOB pattern too complex";
        assert_eq!(status(said(DatabaseErrorKind::Unknown, long)), 400);
        let pattern = "invalid regular expression: invalid repetition count(s)";
        assert_eq!(status(said(DatabaseErrorKind::Unknown, pattern)), 400);
        let long = "index row size 3024 exceeds btree version 4 maximum 2704 for index \"i\"";
        assert_eq!(status(said(DatabaseErrorKind::Unknown, long)), 400);
        assert_eq!(status(Diesel::NotFound), 404);
    }

    #[test]
    fn a_missing_table_is_503_and_is_named() {
        use diesel::result::{DatabaseErrorKind, Error as Diesel};
        let said = |text: &str| {
            let info = Box::new(text.to_owned());
            Error::from_diesel(Diesel::DatabaseError(DatabaseErrorKind::Unknown, info))
        };
        for text in ["no such table: store_album", "relation \"store_album\" does not exist"] {
            assert!(
                said(text).is_missing_table("store_album") && !said(text).is_missing_table("x")
            );
            assert_eq!(ApiException::from(said(text)).status(), 503);
        }
        let column = "column \"x\" of relation \"store_album\" does not exist";
        assert_eq!(ApiException::from(said(column)).status(), 500);
    }

    #[test]
    fn a_null_and_a_check_are_told_under_their_names() {
        use diesel::result::{DatabaseErrorKind, Error as Diesel};
        let body = |kind, text: &str| {
            let error = Diesel::DatabaseError(kind, Box::new(text.to_owned()));
            let error = ApiException::from(Error::from_diesel(error));
            (error.status(), error.body())
        };
        let null = "NOT NULL constraint failed: store_invoiceline.quantity";
        assert_eq!(
            body(DatabaseErrorKind::NotNullViolation, null),
            (400, serde_json::json!({"quantity": ["This field may not be null."]}))
        );
        let check = "CHECK constraint failed: price_is_positive";
        let text = "Constraint \u{201c}price_is_positive\u{201d} is violated.";
        assert_eq!(
            body(DatabaseErrorKind::CheckViolation, check),
            (400, serde_json::json!({"non_field_errors": [text]}))
        );
    }
}
