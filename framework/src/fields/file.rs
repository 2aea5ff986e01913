//! Files and images (`FileField`, `ImageField`).

use crate::exceptions::Detail;
use crate::files::UploadedFile;
use crate::validators::image_file_extension;

use super::kind::FileOptions;
use super::{Field, Raw, Value};

pub(super) fn convert(
    field: &Field,
    options: &FileOptions,
    raw: &Raw<'_>,
) -> Result<Value, Detail> {
    let Raw::File(file) = raw else {
        let text = "The submitted data was not a file. Check the encoding type on the form.";
        return Err(field.fail("invalid", text));
    };
    if file.name().is_empty() {
        return Err(field.fail("no_name", "No filename could be determined."));
    }
    if file.size() == 0 && !options.allow_empty_file {
        return Err(empty(field));
    }
    let length = file.name().chars().count();
    if let Some(most) = options.max_length.filter(|most| length > *most && *most > 0) {
        let text = "Ensure this filename has at most {max_length} characters (it has {length}).";
        let parameters = [("max_length", &*most.to_string()), ("length", &*length.to_string())];
        return Err(field.fail_with("max_length", text, &parameters));
    }
    let file = if options.is_image { image(field, file)? } else { file.clone() };
    Ok(Value::File(Box::new(file)))
}

fn empty(field: &Field) -> Detail {
    field.fail("empty", "The submitted file is empty.")
}

/// What Django's form field accepts: an image, of whatever type it is, under the extension of one.
fn image(field: &Field, file: &UploadedFile) -> Result<UploadedFile, Detail> {
    if file.size() == 0 {
        return Err(empty(field));
    }
    let Some(info) = file.image() else {
        let text = "Upload a valid image. The file you uploaded was either not an image or a corrupted \
                    image.";
        return Err(field.fail("invalid_image", text));
    };
    image_file_extension(file).map_err(Detail::into_list)?;
    Ok(file.clone().with_content_type(info.content_type))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::File;

    fn codes(field: &Field, raw: &Raw<'_>) -> serde_json::Value {
        match field.run(Some(raw), false) {
            Ok(_) => serde_json::json!(null),
            Err(detail) => detail.codes(),
        }
    }

    fn sent(name: &str, content: &'static str) -> Raw<'static> {
        Raw::File(UploadedFile::new(File::new(name, content), "text/plain"))
    }

    #[test]
    fn what_is_no_file_or_empty_or_nameless_is_refused() {
        let field = Field::file("f");
        assert_eq!(codes(&field, &sent("a.txt", "1")), serde_json::json!(null));
        assert_eq!(codes(&field, &sent("a.txt", "")), serde_json::json!(["empty"]));
        assert_eq!(codes(&field, &sent("", "1")), serde_json::json!(["no_name"]));
        assert_eq!(codes(&field, &Raw::Text("a.txt".into())), serde_json::json!(["invalid"]));
        assert_eq!(codes(&field, &Raw::Null), serde_json::json!(["null"]));
        let absent = field.run(None, false).unwrap_err();
        assert_eq!(absent.to_json(), serde_json::json!(["No file was submitted."]));
        let lenient = Field::file("f").allow_empty_file();
        assert_eq!(codes(&lenient, &sent("a.txt", "")), serde_json::json!(null));
    }

    #[test]
    fn a_name_has_a_longest_length_and_a_message_of_its_own() {
        let field = Field::file("f").max_length(5);
        assert_eq!(codes(&field, &sent("é.txt", "1")), serde_json::json!(null));
        let error = field.run(Some(&sent("éé.txt", "1")), false).unwrap_err();
        let text = "Ensure this filename has at most 5 characters (it has 6).";
        assert_eq!(error.to_json(), serde_json::json!([text]));
        let own = field.error("max_length", "{length} is more than {max_length}.");
        let error = own.run(Some(&sent("éé.txt", "1")), false).unwrap_err();
        assert_eq!(error.to_json(), serde_json::json!(["6 is more than 5."]));
    }

    #[test]
    fn extensions_are_compared_in_lower_case() {
        use crate::validators::file_extension;
        let file = |name: &str| UploadedFile::new(File::new(name, "1"), "");
        assert!(file_extension(&file("A.PDF"), &["pdf"]).is_ok());
        let text = "File extension “gz” is not allowed. Allowed extensions are: pdf, tar.";
        let error = file_extension(&file("a.tar.gz"), &["pdf", "tar"]).unwrap_err();
        assert_eq!(error, Detail::new(text, "invalid_extension"));
        assert!(file_extension(&file("pdf"), &["pdf"]).is_err());
    }

    #[test]
    fn an_image_has_the_type_that_it_is_of() {
        const GIF: &[u8] = b"GIF89a\x05\x00\x04\x00\x80\x00\x00\xff\xff\xff\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00;";
        let field = Field::image("i").allow_empty_file();
        let sent = |name: &str, bytes: &'static [u8]| {
            Raw::File(UploadedFile::new(File::new(name, bytes), "text/plain"))
        };
        let Ok(Some(Value::File(file))) = field.run(Some(&sent("A.PNG", GIF)), false) else {
            panic!("an image was refused");
        };
        assert_eq!(file.content_type(), "image/gif");
        assert_eq!(codes(&field, &sent("a.gif", b"text")), serde_json::json!(["invalid_image"]));
        assert_eq!(codes(&field, &sent("a.gif", b"")), serde_json::json!(["empty"]));
        let error = field.run(Some(&sent("a.txt", GIF)), false).unwrap_err();
        let text = error.texts().concat();
        let start = "File extension “txt” is not allowed. Allowed extensions are: bmp, dib, gif, ";
        assert!(text.starts_with(start) && text.ends_with("xbm, xpm."), "{text}");
        assert_eq!(error.codes(), serde_json::json!(["invalid_extension"]));
    }
}
