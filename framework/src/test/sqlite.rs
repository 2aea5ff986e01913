//! Databases of `SQLite` in memory, which all connections of the process share by their name.

use std::sync::{Arc, Once};

use super::leftovers::{Leftover, Owner, name, sweep_files};
use super::template::{Copy, open};
use crate::db::{Database, StartupError};

/// What `SQLite` calls files of the system.
const DISK: &str = if cfg!(windows) { "win32" } else { "unix" };

/// Leftovers of earlier processes are removed once.
static SWEPT: Once = Once::new();

/// A database in memory lives as long as a connection to it, which this is.
pub(super) async fn in_memory() -> Result<(String, Arc<Database>), StartupError> {
    let url = format!("sqlite://file:/{}?vfs=memdb", name());
    let database = open(&url)?;
    database.batch_execute("SELECT 1").await?;
    Ok((url, database))
}

/// Copies a template into memory.
pub(super) async fn copy(template: &Arc<Database>) -> Result<Copy, StartupError> {
    let (url, beside) = in_memory().await?;
    vacuum_into(template, url.trim_start_matches("sqlite://")).await?;
    Ok(Copy { url, beside, owner: None })
}

/// Copies a template into a file of the temporary folder, with a write-ahead log, as
/// [`Database::open`] makes one.
pub(super) async fn copy_to_file(template: &Arc<Database>) -> Result<Copy, StartupError> {
    let folder = std::env::temp_dir();
    SWEPT.call_once(|| sweep_files(&folder));
    let file = folder.join(format!("{}.sqlite3", name()));
    let path = file.display().to_string();
    let owner = Owner::of(Leftover::File(file));
    // the template's connection is in memory, so the VFS must be named
    vacuum_into(template, &format!("file:{}?vfs={DISK}", escaped(&path))).await?;
    let url = format!("sqlite://{path}");
    let beside = open(&url)?;
    beside.batch_execute("PRAGMA journal_mode = WAL").await?;
    Ok(Copy { url, beside, owner: Some(owner) })
}

/// A path as a part of a URI.
fn escaped(path: &str) -> String {
    path.replace('%', "%25").replace('?', "%3f").replace('#', "%23")
}

async fn vacuum_into(template: &Arc<Database>, target: &str) -> Result<(), StartupError> {
    let target = target.replace('\'', "''");
    Ok(template.batch_execute(format!("VACUUM INTO '{target}'")).await?)
}
