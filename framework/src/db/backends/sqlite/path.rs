//! The file of a database, checked before the first connection.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read};
use std::path::Path;

/// What a database file starts with; an empty file is a new database.
const MAGIC: &[u8; 16] = b"SQLite format 3\0";

/// Checks whether a file can be opened, or created where there is none.
///
/// # Errors
/// The reason, in the system's words where it gives any.
pub(crate) fn check(path: &str) -> Result<(), String> {
    if path == ":memory:" || path.starts_with("file:") {
        return Ok(());
    }
    let file = Path::new(path);
    match fs::metadata(file) {
        Ok(found) if found.is_dir() => Err("it is a directory; name a file in it".into()),
        Ok(found) => {
            let opened = OpenOptions::new().read(true).write(true).open(file);
            let mut opened = opened.map_err(|error| {
                format!(
                    "{error}; the user that runs this program must be able to read and write the file"
                )
            })?;
            if found.is_file() && found.len() > 0 && !starts_as_one(&mut opened) {
                return Err("it is not an SQLite database; choose another file".into());
            }
            Ok(())
        }
        Err(error) if error.kind() == ErrorKind::NotFound => check_folder(file),
        Err(error) => Err(error.to_string()),
    }
}

fn starts_as_one(file: &mut File) -> bool {
    let mut start = [0; 16];
    match file.read_exact(&mut start) {
        Ok(()) => start == *MAGIC,
        Err(error) => error.kind() != ErrorKind::UnexpectedEof,
    }
}

/// The folder that the file will be created in: its journal is stored beside it, so the folder must
/// be writable.
fn check_folder(file: &Path) -> Result<(), String> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    let told = |reason: String| format!("the directory `{}`: {reason}", folder.display());
    match fs::metadata(folder) {
        Ok(found) if !found.is_dir() => Err(told("it is a file".into())),
        Ok(_) => probe(folder, file)
            .map_err(|error| told(format!("{error}; the database cannot be created there"))),
        Err(error) => Err(told(format!("{error}; create it first"))),
    }
}

/// Creates a file of another name, and removes it again.
fn probe(folder: &Path, file: &Path) -> io::Result<()> {
    let name = file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let probe = folder.join(format!(".{name}.{}", std::process::id()));
    match OpenOptions::new().write(true).create_new(true).open(&probe) {
        Ok(_) => fs::remove_file(probe),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_that_cannot_be_a_database_is_told_with_the_systems_reason() {
        let folder = std::env::temp_dir().join(format!("quintet-path-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let at = |name: &str| folder.join(name).display().to_string();
        fs::write(at("text"), "this is no database, but a longer text").unwrap();
        fs::write(at("short"), "no").unwrap();
        fs::write(at("empty"), "").unwrap();
        assert_eq!(check(":memory:"), Ok(()));
        assert_eq!(check(&at("new")), Ok(()));
        assert_eq!(check(&at("empty")), Ok(()));
        assert!(!Path::new(&at("new")).exists());
        let told = |name| check(&at(name)).unwrap_err();
        assert_eq!(told(""), "it is a directory; name a file in it");
        assert_eq!(told("text"), "it is not an SQLite database; choose another file");
        assert_eq!(told("short"), "it is not an SQLite database; choose another file");
        let missing = format!("the directory `{}`: No such file or directory", at("none"));
        assert!(told("none/x").starts_with(&missing), "{}", told("none/x"));
        assert!(told("text/x").contains("Not a directory"), "{}", told("text/x"));
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 3);
        fs::remove_dir_all(folder).unwrap();
    }
}
