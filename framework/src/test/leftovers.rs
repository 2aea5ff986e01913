//! What tests leave behind, and what removes it: the value that owns it; the end of the process,
//! for values in a `static`; the next process, if one was killed.

use std::path::Path;
#[cfg(feature = "sqlite")]
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, Once, PoisonError};

/// What the names of files and databases begin with; the number of the process follows.
const PREFIX: &str = "quintet_test_";

/// Something that has to be removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Leftover {
    /// A file of `SQLite`'s, with those beside it.
    #[cfg(feature = "sqlite")]
    File(PathBuf),
    /// A database of `PostgreSQL`'s, on the server of a URL.
    #[cfg(feature = "postgres")]
    Database(String, String),
}

impl Leftover {
    fn remove(&self) {
        match self {
            #[cfg(feature = "sqlite")]
            Self::File(path) => {
                for suffix in ["", "-wal", "-shm", "-journal"] {
                    let mut path = path.clone().into_os_string();
                    path.push(suffix);
                    drop(std::fs::remove_file(path));
                }
            }
            #[cfg(feature = "postgres")]
            Self::Database(server, name) => super::postgres::drop_database(server, name),
        }
    }
}

static LEFT: Mutex<Vec<Leftover>> = Mutex::new(Vec::new());

fn left<T>(work: impl FnOnce(&mut Vec<Leftover>) -> T) -> T {
    work(&mut LEFT.lock().unwrap_or_else(PoisonError::into_inner))
}

extern "C" fn at_exit() {
    for leftover in left(std::mem::take) {
        leftover.remove();
    }
}

/// Owns something until it is dropped.
#[derive(Debug)]
pub(super) struct Owner(Leftover);

impl Owner {
    pub(super) fn of(leftover: Leftover) -> Self {
        static AT_EXIT: Once = Once::new();
        AT_EXIT.call_once(|| {
            if !shutdown_hooks::add_shutdown_hook(at_exit) {
                tracing::warn!("databases of tests that a static owns will be left behind");
            }
        });
        left(|list| list.push(leftover.clone()));
        Self(leftover)
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        left(|list| list.retain(|leftover| *leftover != self.0));
        self.0.remove();
    }
}

/// A unique name.
pub(super) fn name() -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    format!("{PREFIX}{}_{number}", std::process::id())
}

/// Whether this is the name of something left by a process that has ended, if that can be known.
pub(super) fn is_left_behind(name: &str) -> bool {
    let number = name.strip_prefix(PREFIX).and_then(|rest| rest.split(['_', '.']).next());
    let Some(Ok(number)) = number.map(str::parse::<u32>) else { return false };
    Path::new("/proc/self").exists() && !Path::new("/proc").join(number.to_string()).exists()
}

/// Removes the files of processes that have ended.
#[cfg(feature = "sqlite")]
pub(super) fn sweep_files(folder: &Path) {
    let files = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let left = files.filter(|file| is_left_behind(&file.file_name().to_string_lossy()));
    left.for_each(|file| drop(std::fs::remove_file(file.path())));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_living_process_has_is_not_left_behind() {
        assert!(!is_left_behind(&name()));
        assert!(!is_left_behind("quintet_test_x_1") && !is_left_behind("production"));
        if Path::new("/proc/self").exists() {
            assert!(is_left_behind("quintet_test_4294967295_1.sqlite3-wal"));
        }
    }
}
