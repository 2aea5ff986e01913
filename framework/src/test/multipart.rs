//! Forms with files.

/// What stands between the parts (`django.test.client.BOUNDARY`).
const BOUNDARY: &str = "BoUnDaRyStRiNg";

/// A form with files, `multipart/form-data`.
///
/// ```
/// use quintet::test::Multipart;
///
/// let form = Multipart::new()
///     .field("title", "Holiday")
///     .file("image", "beach.jpg", "image/jpeg", b"\xff\xd8\xff");
/// assert!(form.content_type().starts_with("multipart/form-data; boundary="));
/// ```
#[derive(Debug, Clone, Default)]
#[must_use]
pub struct Multipart {
    parts: Vec<u8>,
}

impl Multipart {
    /// A form without fields.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a field.
    pub fn field(self, name: &str, value: &str) -> Self {
        let name = quoted(name);
        self.part(&format!("Content-Disposition: form-data; name=\"{name}\""), value.as_bytes())
    }

    /// Adds a file.
    pub fn file(
        self,
        name: &str,
        filename: &str,
        content_type: &str,
        content: impl AsRef<[u8]>,
    ) -> Self {
        let (name, filename) = (quoted(name), quoted(filename));
        let head = format!(
            "Content-Disposition: form-data; name=\"{name}\"; filename=\"{filename}\"\r\n\
             Content-Type: {content_type}"
        );
        self.part(&head, content.as_ref())
    }

    fn part(mut self, head: &str, content: &[u8]) -> Self {
        let head = format!("--{BOUNDARY}\r\n{head}\r\n\r\n");
        for bytes in [head.as_bytes(), content, b"\r\n"] {
            self.parts.extend_from_slice(bytes);
        }
        self
    }

    /// The media type, with the boundary.
    pub fn content_type(&self) -> String {
        format!("multipart/form-data; boundary={BOUNDARY}")
    }

    /// The body.
    pub fn to_bytes(&self) -> Vec<u8> {
        [self.parts.as_slice(), b"--", BOUNDARY.as_bytes(), b"--\r\n"].concat()
    }
}

/// A name as browsers write it between quotes.
fn quoted(name: &str) -> String {
    name.replace('\r', "%0D").replace('\n', "%0A").replace('"', "%22")
}
