//! `SQLite`: a connection with what Django expects of it, and the threads that own such
//! connections.

mod json;
mod parked;
mod path;
mod pool;
mod regexp;

use std::cell::RefCell;
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use diesel::connection::{CacheSize, LoadConnection, SimpleConnection};
use diesel::sql_types as st;
use diesel::sqlite::{Sqlite, SqliteConnection};
use diesel::{Connection, QueryResult};

pub(in crate::db) use path::check as check_path;
pub(in crate::db) use pool::SqlitePool;

use crate::db::prepared::Prepared;
use crate::db::row::ReadRow;
use crate::db::{Error, Row, Sql};

/// The connection of a thread, shared by the `Conn`s made there.
pub(crate) type Shared = Rc<RefCell<SqliteConnection>>;

/// Opens a database: foreign keys on, busy time-out, WAL for a file that is made here.
fn open(
    path: &str,
    busy: Duration,
    prepared: &Prepared,
) -> Result<SqliteConnection, diesel::result::ConnectionError> {
    let made = path != ":memory:"
        && std::fs::metadata(Path::new(path)).map_or(true, |file| file.len() == 0);
    let mut connection = SqliteConnection::establish(path)?;
    let setup = |error| diesel::result::ConnectionError::CouldntSetupConfiguration(error);
    let mut pragmas =
        format!("PRAGMA foreign_keys = ON; PRAGMA busy_timeout = {};", busy.as_millis());
    if made {
        pragmas.push_str("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;");
    }
    connection.batch_execute(&pragmas).map_err(setup)?;
    regexp::register(&mut connection).map_err(setup)?;
    json::register(&mut connection).map_err(setup)?;
    connection.set_instrumentation(prepared.counting());
    Ok(connection)
}

/// Drops a connection's prepared statements.
fn forget(connection: &mut SqliteConnection, prepared: &Prepared) {
    connection.set_prepared_statement_cache_size(CacheSize::Disabled);
    connection.set_prepared_statement_cache_size(CacheSize::Unbounded);
    prepared.clear();
}

/// A database that lives as long as its connection, for tests.
#[cfg(test)]
pub(crate) fn in_memory() -> Shared {
    Rc::new(RefCell::new(open(":memory:", Duration::from_secs(5), &Prepared::default()).unwrap()))
}

/// Runs a statement and reads its rows.
pub(crate) fn each_row(
    connection: &mut SqliteConnection,
    sql: Sql,
    read: ReadRow<'_>,
) -> Result<(), Error> {
    for row in LoadConnection::load(connection, sql).map_err(Error::from_diesel)? {
        let row = row.map_err(Error::from_diesel)?;
        read(&Row(&SqliteRow(&row)))?;
    }
    Ok(())
}

/// Runs a statement that returns no rows.
pub(crate) fn execute(connection: &mut SqliteConnection, sql: &Sql) -> QueryResult<usize> {
    diesel::connection::Connection::execute_returning_count(connection, sql)
}

crate::db::row::raw_row!(
    SqliteRow,
    Sqlite,
    |row, at, _kind| row.get::<st::BigInt, i64>(at),
    |value| { Ok::<_, std::str::Utf8Error>(value.read_text()) },
    |_row, at, _item| {
        // a site with such a column is not built
        Err(Error::Decode { column: at, reason: "SQLite has no arrays".into() })
    }
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_forgets_what_it_has_prepared() {
        let prepared = Prepared::default();
        let mut connection = open(":memory:", Duration::ZERO, &prepared).unwrap();
        let mut send = |number: usize| {
            let mut sql = Sql::new(crate::db::Dialect::Sqlite);
            sql.push("SELECT 1 AS ").name(&format!("text_{number}"));
            each_row(&mut connection, sql, &mut |_| Ok(())).unwrap();
        };
        (0..499).for_each(&mut send);
        send(7);
        assert!(!prepared.is_full());
        send(499);
        assert!(prepared.is_full());
        forget(&mut connection, &prepared);
        assert!(!prepared.is_full());
    }
}
