//! Databases of `PostgreSQL`, each copied by the server from one that was filled once.

use std::thread;

use tokio::sync::{Mutex, oneshot};

use super::leftovers::{Leftover, Owner, is_left_behind, name};
use super::template::{Copy, Loader, fill, open};
use crate::db::{ColumnKind, Sql, StartupError};

/// One database at a time is copied.
static TURN: Mutex<()> = Mutex::const_new(());

/// A filled database, which others are copied from.
#[derive(Debug)]
pub(super) struct Filled {
    server: String,
    name: String,
    _owner: Owner,
}

impl Filled {
    /// Makes a database on the server of a URL, and fills it.
    pub(super) async fn new(server: &str, load: Loader) -> Result<Self, StartupError> {
        sweep(server).await?;
        let name = name();
        administer(
            server,
            format!("CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C'"),
        )
        .await?;
        let owner = Owner::of(Leftover::Database(server.to_owned(), name.clone()));
        let url = beside(server, &name)?;
        // a database with a connection to it cannot be copied; those of this thread end with it
        let (tell, told) = oneshot::channel();
        thread::Builder::new().spawn(move || {
            drop(tell.send(block_on(async { fill(&open(&url)?, load).await })));
        })?;
        told.await.map_err(|_| "the function that fills the database panicked")??;
        Ok(Self { server: server.to_owned(), name, _owner: owner })
    }

    /// Copies it.
    pub(super) async fn copy(&self, server: &str) -> Result<Copy, StartupError> {
        if server != self.server {
            return Err("a template has one server of PostgreSQL, and this is another one".into());
        }
        let _turn = TURN.lock().await;
        let name = name();
        administer(server, format!("CREATE DATABASE {name} TEMPLATE {}", self.name)).await?;
        let owner = Owner::of(Leftover::Database(server.to_owned(), name.clone()));
        let url = beside(server, &name)?;
        Ok(Copy { beside: open(&url)?, url, owner: Some(owner) })
    }
}

/// The URL of another database on the same server.
fn beside(server: &str, name: &str) -> Result<String, StartupError> {
    let (address, query) = match server.split_once('?') {
        Some((address, query)) => (address, format!("?{query}")),
        None => (server, String::new()),
    };
    match address.rsplit_once('/') {
        Some((place, _)) if !place.ends_with('/') => Ok(format!("{place}/{name}{query}")),
        _ => Err("the URL names no database: write `postgres://user@host:5432/name`".into()),
    }
}

async fn administer(server: &str, sql: String) -> Result<(), StartupError> {
    Ok(open(server)?.batch_execute(sql).await?)
}

fn block_on<T>(work: impl Future<Output = Result<T, StartupError>>) -> Result<T, StartupError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    tokio::task::LocalSet::new().block_on(&runtime, work)
}

/// Drops a database, even if there are connections to it; called where nothing can be awaited.
pub(super) fn drop_database(server: &str, name: &str) {
    let (server, sql) = (server.to_owned(), format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
    let thread = thread::Builder::new().spawn(move || block_on(administer(&server, sql)));
    if let Ok(Ok(Err(error))) = thread.map(thread::JoinHandle::join) {
        tracing::warn!("the database {name} of a test is left behind: {error}");
    }
}

/// Drops the databases of processes that have ended. Processes on other machines cannot be seen.
async fn sweep(server: &str) -> Result<(), StartupError> {
    if !server.contains("@127.0.0.1") && !server.contains("@localhost") {
        return Ok(());
    }
    let worker = open(server)?.worker();
    let names = worker.run(false, |conn| {
        Box::pin(async move {
            let mut sql = Sql::new(conn.dialect());
            sql.push("SELECT datname::text FROM pg_database");
            conn.rows(sql, |row| row.get::<String>(0, ColumnKind::Text)).await
        })
    });
    for name in names.await??.iter().filter(|name| is_left_behind(name)) {
        administer(server, format!("DROP DATABASE IF EXISTS {name}")).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_database_of_a_server_keeps_the_rest_of_the_url() {
        assert_eq!(beside("postgres://u@h:1/d?a=/b", "x").unwrap(), "postgres://u@h:1/x?a=/b");
        assert!(beside("postgres://u@h:1", "x").is_err());
    }
}
