//! Uploaded files, and where they are stored.

use std::path::PathBuf;

use super::SettingsError;
use super::vars::Vars;

/// Files that clients upload: Django's `FILE_UPLOAD_…`.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct FileUploadSettings {
    /// `FILE_UPLOAD_MAX_MEMORY_SIZE`: how many bytes of the files of one request are kept in memory; what is
    /// beyond goes to temporary files. 2.5 MB.
    pub max_memory_size: usize,
    /// `FILE_UPLOAD_MAX_SIZE`: longest body with files, in bytes; `None` for no limit, as in Django. 4 GiB.
    pub max_size: Option<usize>,
    /// `FILE_UPLOAD_TEMP_DIR`: where temporary files are; `None` is the system's folder for them.
    pub temp_dir: Option<PathBuf>,
    /// `FILE_UPLOAD_PERMISSIONS`: the mode of stored files on Unix, in octal digits; `none` leaves it
    /// to the system. 644.
    pub permissions: Option<u32>,
    /// `FILE_UPLOAD_DIRECTORY_PERMISSIONS`: the mode of new folders; `none`, the default, leaves it to the
    /// system.
    pub directory_permissions: Option<u32>,
}

impl Default for FileUploadSettings {
    fn default() -> Self {
        Self {
            max_memory_size: 2_621_440,
            max_size: Some(4 * 1024 * 1024 * 1024),
            temp_dir: None,
            permissions: Some(0o644),
            directory_permissions: None,
        }
    }
}

impl FileUploadSettings {
    pub(super) fn read(&mut self, vars: &Vars<'_>) -> Result<(), SettingsError> {
        vars.number("FILE_UPLOAD_MAX_MEMORY_SIZE", &mut self.max_memory_size)?;
        vars.number_or_none("FILE_UPLOAD_MAX_SIZE", &mut self.max_size)?;
        let mut folder = None;
        vars.text_or_none("FILE_UPLOAD_TEMP_DIR", &mut folder)?;
        self.temp_dir = folder.map(PathBuf::from).or(self.temp_dir.take());
        mode(vars, "FILE_UPLOAD_PERMISSIONS", &mut self.permissions)?;
        mode(vars, "FILE_UPLOAD_DIRECTORY_PERMISSIONS", &mut self.directory_permissions)
    }

    pub(super) fn check(&self) -> Result<(), SettingsError> {
        let missing = self.temp_dir.as_ref().filter(|folder| !folder.is_dir());
        missing.map_or(Ok(()), |folder| {
            let reason = format!("`{}` is not a folder; create it", folder.display());
            Err(SettingsError { name: "FILE_UPLOAD_TEMP_DIR", reason })
        })
    }
}

/// The permissions of a file, as `chmod` writes them.
fn mode(vars: &Vars<'_>, name: &'static str, to: &mut Option<u32>) -> Result<(), SettingsError> {
    let mut text = None;
    vars.text_or_none(name, &mut text)?;
    match text {
        None if vars.get(name).is_some() => *to = None,
        None => {}
        Some(text) => match u32::from_str_radix(text.trim(), 8) {
            Ok(bits) if bits <= 0o7777 => *to = Some(bits),
            _ => super::forms::refuse(name, &text, "a mode in octal digits, such as `644`")?,
        },
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(name: &'static str, value: &str) -> Result<FileUploadSettings, SettingsError> {
        let mut settings = FileUploadSettings::default();
        let get = |asked| (asked == name).then(|| value.to_owned());
        settings.read(&Vars(&get))?;
        settings.check().map(|()| settings)
    }

    #[test]
    fn modes_are_octal_and_none_is_the_systems() {
        assert_eq!(read("FILE_UPLOAD_PERMISSIONS", "600").unwrap().permissions, Some(0o600));
        assert_eq!(read("FILE_UPLOAD_PERMISSIONS", "none").unwrap().permissions, None);
        for wrong in ["rw", "9", "77777", "-1"] {
            assert!(read("FILE_UPLOAD_PERMISSIONS", wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_folder_for_temporary_files_must_be_there() {
        assert!(read("FILE_UPLOAD_TEMP_DIR", "/").is_ok());
        let error = read("FILE_UPLOAD_TEMP_DIR", "/there/is/none").unwrap_err().to_string();
        assert!(error.contains("`/there/is/none` is not a folder"), "{error}");
        assert_eq!(read("FILE_UPLOAD_MAX_SIZE", "none").unwrap().max_size, None);
        assert_eq!(read("FILE_UPLOAD_MAX_MEMORY_SIZE", "7").unwrap().max_memory_size, 7);
    }
}
