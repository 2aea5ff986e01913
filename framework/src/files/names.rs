//! Names of files that clients choose (`django.core.files.utils`, `django.utils.text`).

use super::StorageError;

/// The longest name of an uploaded file, in characters.
const LONGEST: usize = 255;

/// A name that file systems take: white space at the ends cut off, spaces as underscores, and nothing but
/// letters, digits, `-`, `_` and `.`.
///
/// ```
/// use quintet::files::get_valid_filename;
///
/// assert_eq!(get_valid_filename("john's portrait in 2004.jpg")?, "johns_portrait_in_2004.jpg");
/// # Ok::<(), quintet::files::StorageError>(())
/// ```
///
/// # Errors
/// If nothing is left, or `.` or `..`.
pub fn get_valid_filename(name: &str) -> Result<String, StorageError> {
    let fits = |letter: char| letter.is_alphanumeric() || "-_.".contains(letter);
    let valid: String = name.trim().replace(' ', "_").chars().filter(|c| fits(*c)).collect();
    match valid.as_str() {
        "" | "." | ".." => Err(StorageError::name(name)),
        _ => Ok(valid),
    }
}

/// Checks a relative path with slashes, or backslashes: no step upwards, no root, no drive, and a name at
/// its end.
///
/// # Errors
/// If it leaves the folder in which it starts, or names none in it.
pub fn validate_file_name(name: &str) -> Result<(), StorageError> {
    let slashed = name.replace('\\', "/");
    let nameless = matches!(basename(&slashed), "" | "." | "..");
    let leads_out = slashed.starts_with('/') || slashed.split('/').any(|part| part == "..");
    if nameless || leads_out || has_drive(&slashed) {
        return Err(StorageError::name(name));
    }
    Ok(())
}

/// Whether a path starts with a drive, at which Windows leaves the folder that it is joined to.
fn has_drive(path: &str) -> bool {
    matches!(path.as_bytes(), [letter, b':', ..] if letter.is_ascii_alphabetic())
}

/// What follows the last slash.
pub(crate) fn basename(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// What follows the last dot of a name that does not start with it, in lower case.
pub(crate) fn extension(name: &str) -> String {
    let name = basename(name);
    match name.rsplit_once('.') {
        Some((stem, end)) if !stem.trim_matches('.').is_empty() => end.to_lowercase(),
        _ => String::new(),
    }
}

/// The name of an uploaded file: the end of a path, without control characters; `None` if there is none
/// (`MultiPartParser.sanitize_file_name`, `UploadedFile.name`).
pub(crate) fn sanitized(name: &str) -> Option<String> {
    let name = unescaped(name);
    let name = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let name: String = name.chars().filter(|letter| is_printable(*letter)).collect();
    if matches!(name.as_str(), "" | "." | "..") { None } else { Some(shortened(name)) }
}

/// At most 255 characters, of which the end keeps its place.
pub(super) fn shortened(name: String) -> String {
    if name.chars().count() <= LONGEST {
        return name;
    }
    let (stem, end) = match name.rfind('.').filter(|dot| *dot > 0) {
        Some(dot) => name.split_at(dot),
        None => (name.as_str(), ""),
    };
    let end: String = end.chars().take(LONGEST).collect();
    stem.chars().take(LONGEST - end.chars().count()).chain(end.chars()).collect()
}

/// Python's `str.isprintable`, of one character, without its tables of unassigned ones.
fn is_printable(letter: char) -> bool {
    let is_format = matches!(letter,
        '\u{ad}' | '\u{600}'..='\u{605}' | '\u{61c}' | '\u{6dd}' | '\u{70f}' | '\u{180e}'
        | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
        | '\u{fff9}'..='\u{fffb}' | '\u{e000}'..='\u{f8ff}' | '\u{e0000}'..='\u{e0fff}'
        | '\u{f0000}'..='\u{10ffff}');
    letter == ' ' || !(letter.is_control() || letter.is_whitespace() || is_format)
}

/// Character references, which browsers write for what a form's charset lacks: numbers, and the names
/// of the five characters that HTML itself needs.
fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        let (before, reference) = rest.split_at(at);
        out.push_str(before);
        if let Some((letter, after)) = read_reference(reference) {
            out.push(letter);
            rest = after;
        } else {
            out.push('&');
            rest = reference.get(1..).unwrap_or_default();
        }
    }
    out.push_str(rest);
    out
}

/// The character of a reference, and the text after it.
fn read_reference(text: &str) -> Option<(char, &str)> {
    const NAMES: [(&str, char); 5] =
        [("&amp", '&'), ("&lt", '<'), ("&gt", '>'), ("&quot", '"'), ("&apos;", '\'')];
    let named = NAMES.iter().find_map(|(name, letter)| Some((*letter, text.strip_prefix(name)?)));
    if let Some((letter, after)) = named {
        return Some((letter, after.strip_prefix(';').unwrap_or(after)));
    }
    let number = text.strip_prefix("&#")?;
    let (digits, radix) = match number.strip_prefix(['x', 'X']) {
        Some(digits) => (digits, 16),
        None => (number, 10),
    };
    let end = digits.find(|c: char| !c.is_digit(radix)).unwrap_or(digits.len());
    let (digits, after) = digits.split_at_checked(end)?;
    if digits.is_empty() {
        return None;
    }
    let code = u32::from_str_radix(digits, radix).ok().filter(|code| *code != 0);
    let letter = code.and_then(char::from_u32).unwrap_or('\u{fffd}');
    Some((letter, after.strip_prefix(';').unwrap_or(after)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_and_control_characters_are_cut_off() {
        for (sent, name) in [
            ("../../etc/passwd", Some("passwd")),
            ("C:\\Users\\x\\a.txt", Some("a.txt")),
            ("a/", None),
            ("..", None),
            ("a\u{0}\u{7f}\u{200e}b.txt", Some("ab.txt")),
            ("caf\u{e9} \u{1f3b8}.txt", Some("caf\u{e9} \u{1f3b8}.txt")),
            ("&#12354;&#x3042;.txt", Some("ああ.txt")),
            ("&lt;a&gt&amp;b&nope;&#;", Some("<a>&b&nope;&#;")),
            ("&#46;&#46;", None),
            ("..&#47;..&#47;etc", Some("etc")),
        ] {
            assert_eq!(sanitized(sent).as_deref(), name, "{sent}");
        }
    }

    #[test]
    fn a_long_name_is_cut_before_its_end() {
        let name = sanitized(&format!("{}.txt", "é".repeat(300))).unwrap();
        assert_eq!(name, format!("{}.txt", "é".repeat(251)));
        let end = sanitized(&format!("a.{}", "b".repeat(400))).unwrap();
        assert_eq!(end, format!(".{}", "b".repeat(254)));
        assert_eq!(sanitized(&"c".repeat(300)).unwrap().len(), 255);
    }

    #[test]
    fn valid_names_have_letters_of_every_script() {
        assert_eq!(get_valid_filename(" Ä b/c'd.tar.gz ").unwrap(), "Ä_bcd.tar.gz");
        for name in ["", " ", "/", "..", "$.$"] {
            assert!(get_valid_filename(name).is_err(), "{name}");
        }
    }

    #[test]
    fn a_path_stays_in_its_folder() {
        for path in ["covers/2024/a.png", "covers\\a.png", "./a", "12:30/a", "é:a"] {
            assert!(validate_file_name(path).is_ok(), "{path}");
        }
        for path in [
            "/a",
            "a/../b",
            "..\\a",
            "a/",
            "a/..",
            "",
            "\\a",
            ".",
            "a\\",
            "a\\..\\b",
            "c:",
            "C:a",
            "C:/a",
            "c:\\a",
            "\\\\host\\share\\a",
            "\\\\?\\C:\\a",
            "//host/share/a",
        ] {
            assert!(validate_file_name(path).is_err(), "{path}");
        }
    }

    #[test]
    fn an_extension_follows_the_last_dot() {
        let found = ["a.PNG", "a.tar.gz", "a", ".png", "a.", "d.x/a"].map(extension);
        assert_eq!(found, ["png", "gz", "", "", "", ""]);
    }
}
