//! Texts for addresses.

use unicode_normalization::UnicodeNormalization as _;

/// The text as a part of an address: ASCII letters and digits, lower case, with hyphens between words
/// (`django.utils.text.slugify`). It is empty if nothing of the text is ASCII.
///
/// ```
/// use quintet::values::slugify;
///
/// assert_eq!(slugify(" Où est Joe's  café? "), "ou-est-joes-cafe");
/// assert_eq!(slugify("日本語"), "");
/// ```
pub fn slugify(text: &str) -> String {
    let mut slug = String::with_capacity(text.len());
    let mut gap = false;
    for letter in text.nfkd().filter(char::is_ascii) {
        if letter == '-' || letter.is_ascii_whitespace() || letter == '\x0b' {
            gap = true;
        } else if letter.is_ascii_alphanumeric() || letter == '_' {
            if std::mem::take(&mut gap) {
                slug.push('-');
            }
            slug.push(letter.to_ascii_lowercase());
        }
    }
    slug.trim_matches(['-', '_']).to_owned()
}

#[cfg(test)]
mod tests {
    use super::slugify;

    /// Django's own cases (`tests/utils_tests/test_text.py`).
    #[test]
    fn slugs_are_djangos() {
        for (text, slug) in [
            ("Hello, World!", "hello-world"),
            ("spam & eggs", "spam-eggs"),
            (" multiple---dash and  space ", "multiple-dash-and-space"),
            ("\t whitespace-in-value \n", "whitespace-in-value"),
            ("underscore_in-value", "underscore_in-value"),
            ("__strip__underscore-value___", "strip__underscore-value"),
            ("--strip-dash-value---", "strip-dash-value"),
            ("__strip-mixed-value---", "strip-mixed-value"),
            ("_ -strip-mixed-value _-", "strip-mixed-value"),
            ("spam & ıçüş", "spam-cus"),
        ] {
            assert_eq!(slugify(text), slug, "{text}");
        }
    }
}
