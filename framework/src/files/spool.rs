//! Files that arrive: in memory first, then in temporary files
//! (`django.core.files.uploadhandler`).

use std::io::{self, Write};
use std::path::PathBuf;

use tempfile::NamedTempFile;

use super::file::{File, UploadedFile};

/// Where the files of a request go.
#[derive(Debug, Clone)]
pub(crate) struct SpoolLimits {
    /// `FILE_UPLOAD_MAX_MEMORY_SIZE`, which the files of a request share.
    pub(crate) memory: usize,
    /// `FILE_UPLOAD_TEMP_DIR`
    pub(crate) folder: Option<PathBuf>,
}

/// One file that arrives.
#[derive(Debug)]
pub(crate) struct Spool {
    memory: Vec<u8>,
    disk: Option<NamedTempFile>,
    size: u64,
}

impl Spool {
    pub(crate) fn new() -> Self {
        Self { memory: Vec::new(), disk: None, size: 0 }
    }

    /// Adds bytes; `limits` has the memory that is left for the request, from which they are taken. It may
    /// block once that is used up.
    pub(crate) fn write(&mut self, bytes: &[u8], limits: &mut SpoolLimits) -> io::Result<()> {
        self.size += bytes.len() as u64;
        if let Some(disk) = &mut self.disk {
            return disk.write_all(bytes);
        }
        if let Some(left) = limits.memory.checked_sub(bytes.len()) {
            limits.memory = left;
            self.memory.extend_from_slice(bytes);
            return Ok(());
        }
        let mut disk = match &limits.folder {
            Some(folder) => NamedTempFile::with_suffix_in(".upload", folder)?,
            None => NamedTempFile::with_suffix(".upload")?,
        };
        disk.write_all(&self.memory)?;
        disk.write_all(bytes)?;
        // it is free for the files that follow
        limits.memory += self.memory.len();
        self.memory = Vec::new();
        self.disk = Some(disk);
        Ok(())
    }

    /// The whole file.
    pub(crate) fn finish(self, name: String, content_type: String) -> UploadedFile {
        let file = match self.disk {
            Some(disk) => {
                let file = File::temporary(name, self.size, disk.into_temp_path());
                // here it may block, in a field it may not
                let _ = file.image();
                file
            }
            None => File::new(name, self.memory),
        };
        UploadedFile::new(file, content_type)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_in_memory_goes_to_disk_and_frees_it() {
        let folder = tempfile::tempdir().unwrap();
        let mut limits = SpoolLimits { memory: 10, folder: Some(folder.path().to_owned()) };
        let mut small = Spool::new();
        small.write(b"1234", &mut limits).unwrap();
        let mut large = Spool::new();
        large.write(b"123456", &mut limits).unwrap();
        assert_eq!(limits.memory, 0);
        large.write(b"7", &mut limits).unwrap();
        assert_eq!(limits.memory, 6);
        let (small, large) =
            (small.finish("s".into(), String::new()), large.finish("l".into(), String::new()));
        assert_eq!((small.size(), small.path()), (4, None));
        assert_eq!(large.size(), 7);
        let path = large.path().unwrap().to_owned();
        assert_eq!(path.parent(), Some(folder.path()));
        assert_eq!(std::fs::read(&path).unwrap(), b"1234567");
        drop(large);
        assert!(!path.exists());
    }

    #[test]
    fn a_file_that_breaks_off_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let mut limits = SpoolLimits { memory: 0, folder: Some(folder.path().to_owned()) };
        let mut file = Spool::new();
        file.write(b"1", &mut limits).unwrap();
        assert_eq!(folder.path().read_dir().unwrap().count(), 1);
        drop(file);
        assert_eq!(folder.path().read_dir().unwrap().count(), 0);
    }
}
