//! A choice of the files in a folder (`FilePathField`).

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::kind::Choice;
use super::{Field, Pattern};

/// The files of a folder, of which a [`Field::file_path`] chooses one. They are read once, when the field is made.
///
/// ```no_run
/// use quintet::fields::{Field, FilePaths, Pattern};
///
/// # fn of() -> Result<Field, Box<dyn std::error::Error>> {
/// let reports = FilePaths::new("/srv/reports").matching(Pattern::new(r"\.csv$")?).recursive();
/// let field = Field::file_path("report", &reports)?;
/// # Ok(field)
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct FilePaths {
    folder: PathBuf,
    pattern: Option<Pattern>,
    is_recursive: bool,
    files: bool,
    folders: bool,
}

impl FilePaths {
    /// The files in a folder, without those in the folders in it.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        let folder = folder.into();
        Self { folder, pattern: None, is_recursive: false, files: true, folders: false }
    }

    /// Only those in whose names a pattern finds a match (`match=".."`).
    #[must_use]
    pub fn matching(mut self, pattern: impl Into<Pattern>) -> Self {
        self.pattern = Some(pattern.into());
        self
    }

    /// Those in the folders in it as well (`recursive=True`).
    #[must_use]
    pub fn recursive(mut self) -> Self {
        self.is_recursive = true;
        self
    }

    /// Whether files may be chosen (`allow_files`).
    #[must_use]
    pub fn allow_files(mut self, allow: bool) -> Self {
        self.files = allow;
        self
    }

    /// Whether folders may be chosen (`allow_folders`).
    #[must_use]
    pub fn allow_folders(mut self, allow: bool) -> Self {
        self.folders = allow;
        self
    }

    /// The choices: each a path, and what people read of it.
    fn choices(&self) -> io::Result<Vec<Choice>> {
        if self.is_recursive {
            return self.walk();
        }
        let mut found = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            let entry = entry?;
            // as Python, through links
            let Ok(meta) = fs::metadata(entry.path()) else { continue };
            let name = entry.file_name().to_string_lossy().into_owned();
            let is_one = self.files && meta.is_file() || self.folders && meta.is_dir();
            if is_one && name != "__pycache__" && self.fits(&name) {
                found.push((entry.path().to_string_lossy().into_owned(), name));
            }
        }
        found.sort_by(|one, other| one.1.cmp(&other.1));
        Ok(found.into_iter().map(|(path, name)| Choice::new(path, name)).collect())
    }

    /// The files of every folder, then its folders, in the order of the folders' paths.
    fn walk(&self) -> io::Result<Vec<Choice>> {
        let (mut roots, mut waiting) = (Vec::new(), vec![self.folder.clone()]);
        while let Some(root) = waiting.pop() {
            let (mut files, mut folders) = (Vec::new(), Vec::new());
            for entry in fs::read_dir(&root)? {
                let entry = entry?;
                let is_folder = fs::metadata(entry.path()).is_ok_and(|meta| meta.is_dir());
                let kind = if is_folder { &mut folders } else { &mut files };
                kind.push(entry.file_name().to_string_lossy().into_owned());
                // links to folders are not followed, which ends a circle of them
                if entry.file_type()?.is_dir() {
                    waiting.push(entry.path());
                }
            }
            files.retain(|_| self.files);
            folders.retain(|name| self.folders && name != "__pycache__");
            files.sort();
            folders.sort();
            roots.push((root.to_string_lossy().into_owned(), [files, folders].concat()));
        }
        roots.sort();
        let top = self.folder.to_string_lossy();
        let choice = |root: &str, name: &str| {
            let path = Path::new(root).join(name).to_string_lossy().into_owned();
            let label = path.replacen(&*top, "", 1);
            Choice::new(path, label)
        };
        let of = |(root, names): &(String, Vec<String>)| {
            let fitting = names.iter().filter(|name| self.fits(name));
            fitting.map(|name| choice(root, name)).collect::<Vec<_>>()
        };
        Ok(roots.iter().flat_map(of).collect())
    }

    fn fits(&self, name: &str) -> bool {
        self.pattern.as_ref().is_none_or(|pattern| pattern.is_match(name))
    }
}

impl Field {
    /// `FilePathField`: the path of a file in a folder. As in DRF, an empty text is one of the choices.
    ///
    /// # Errors
    /// If the folder cannot be read.
    pub fn file_path(name: &'static str, paths: &FilePaths) -> io::Result<Self> {
        let choices = [Choice::new(String::new(), "---------")].into_iter().chain(paths.choices()?);
        let field = Self::choice(name, choices);
        Ok(field.error("invalid_choice", "\"{input}\" is not a valid path choice."))
    }
}

#[cfg(test)]
mod tests {
    use super::super::kind::FieldKind;
    use super::super::{Raw, Value};
    use super::*;

    fn labels(paths: &FilePaths) -> Vec<String> {
        let FieldKind::Choice { choices, .. } = Field::file_path("f", paths).unwrap().kind else {
            panic!("a path is a choice");
        };
        choices.iter().skip(1).map(|choice| choice.label.to_string()).collect()
    }

    #[test]
    fn a_path_is_one_of_the_files_of_a_folder() {
        let folder = tempfile::tempdir().unwrap();
        for file in ["b.csv", "a.txt", "d/c.csv", "d/e/f.csv", "__pycache__/x.csv"] {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        let paths = FilePaths::new(folder.path());
        assert_eq!(labels(&paths), ["a.txt", "b.csv"]);
        assert_eq!(labels(&paths.clone().allow_files(false).allow_folders(true)), ["d"]);
        let csv = paths.clone().matching(Pattern::new(r"\.csv$").unwrap()).recursive();
        assert_eq!(labels(&csv), ["/b.csv", "/__pycache__/x.csv", "/d/c.csv", "/d/e/f.csv"]);
        let field = Field::file_path("f", &paths).unwrap();
        let path = folder.path().join("a.txt").to_string_lossy().into_owned();
        let value = field.run(Some(&Raw::Text(path.as_str().into())), false);
        assert_eq!(value, Ok(Some(Value::Text(path))));
        let error = field.run(Some(&Raw::Text("/etc/passwd".into())), false).unwrap_err();
        let text = "\"/etc/passwd\" is not a valid path choice.";
        assert_eq!(error.to_json(), serde_json::json!([text]));
        assert!(Field::file_path("f", &FilePaths::new("/there/is/none")).is_err());
    }
}
