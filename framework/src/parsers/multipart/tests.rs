use super::*;

const TYPE: &str = "multipart/form-data; boundary=x";

fn context(content_type: &str) -> ParserContext<'_> {
    ParserContext::new(content_type, Some(3)).max_files(Some(2))
}

fn parsed(body: &[u8], content_type: &str) -> Result<Vec<(String, String)>> {
    let data = MultiPartParser.parse(&Bytes::copy_from_slice(body), &context(content_type))?;
    let form = data.form().cloned().unwrap_or_default();
    Ok(form.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
}

/// The files of a form that arrives in pieces of a length: field, name, type, content.
fn files(body: &[u8], piece: usize) -> Result<Vec<[String; 4]>> {
    let mut reader = MultiPartParser.reader(&context(TYPE))?.unwrap();
    for bytes in body.chunks(piece) {
        reader.feed(bytes)?;
    }
    let data = reader.finish()?;
    let files = data.files().iter().map(|(field, file)| {
        let content = String::from_utf8_lossy(file.bytes().unwrap()).into_owned();
        [field.clone(), file.name().to_owned(), file.content_type().to_owned(), content]
    });
    Ok(files.collect())
}

fn pair(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

fn refusal(result: Result<impl std::fmt::Debug>) -> String {
    match result {
        Err(ApiException::ParseError(Some(detail))) => detail.texts().concat(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn texts_are_fields_and_files_are_files_in_pieces_of_any_length() {
    let body = b"--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n2\r\n\
        --x\r\ncontent-disposition: form-data; name=f; filename=\"d/f.txt\"\r\n\
        Content-Type: Text/Plain; charset=Latin-1\r\n\r\n--file\r\n-x\r\n\
        --x\r\nContent-Disposition: form-data; name=a\r\nContent-Transfer-Encoding: base64\
        \r\n\r\nw6k=\r\n--x\r\nContent-Disposition: form-data\r\n\r\nno name\r\n\
        --x\r\nContent-Disposition: form-data; name=g; filename*=UTF-8''%c3%a9\r\n\
        Content-Transfer-Encoding: base64\r\n\r\naGV\r\nsbG8=\r\n--x--\r\n";
    assert_eq!(parsed(body, TYPE).unwrap(), [pair("a", "1\r\n2"), pair("a", "é")]);
    for piece in (1..body.len()).step_by(3) {
        let expected = [
            ["f", "f.txt", "text/plain", "--file\r\n-x"].map(ToOwned::to_owned),
            ["g", "é", "", "hello"].map(ToOwned::to_owned),
        ];
        assert_eq!(files(body, piece).unwrap(), expected, "pieces of {piece}");
    }
}

#[test]
fn a_form_that_breaks_off_keeps_fields_and_drops_the_file_that_has_not_ended() {
    let body = b"--x\r\nContent-Disposition: form-data; name=a\r\n\r\nend\xc3";
    assert_eq!(parsed(body, TYPE).unwrap(), [pair("a", "end\u{fffd}")]);
    let latin1 = "multipart/form-data; charset=latin-1; boundary=\"x\"";
    assert_eq!(parsed(body, latin1).unwrap(), [pair("a", "endÃ")]);
    assert_eq!(parsed(b"x", TYPE).unwrap(), []);
    let nameless =
        b"--x\r\nContent-Disposition: form-data; name=\" \"; filename=f\r\n\r\n1\r\n--x--";
    assert!(files(nameless, 50).unwrap().is_empty());
    let file = "--x\r\nContent-Disposition: form-data; name=f; filename=f\r\n\r\n1";
    for (end, count) in [("", 0), ("\r\n--x", 0), ("\r\n--x-", 1), ("\r\n--x--", 1)] {
        let body = format!("{file}{end}");
        assert_eq!(files(body.as_bytes(), 7).unwrap().len(), count, "{end:?}");
    }
}

#[test]
fn base64_of_a_file_must_be_whole() {
    let body = |digits: &str| {
        format!(
            "--x\r\nContent-Disposition: form-data; name=f; filename=f\r\n\
             Content-Transfer-Encoding: base64\r\n\r\n{digits}\r\n--x--"
        )
    };
    for digits in ["aGVsb", "aGVsbG8", "a"] {
        let text = "Multipart form parse error - Could not decode base64 data.";
        assert_eq!(refusal(files(body(digits).as_bytes(), 9)), text, "{digits}");
    }
}

#[test]
fn a_boundary_is_needed_and_fields_are_counted() {
    for (content_type, reason) in [
        ("multipart/form-data", "Invalid boundary in multipart: None"),
        (
            "Multipart/Form-Data; boundary=x",
            "Invalid Content-Type: Multipart/Form-Data; boundary=x",
        ),
        ("multipart/form-data; boundary=\"a \"", "Invalid boundary in multipart: a "),
        (
            "multipart/form-data; boundary=é",
            "Invalid non-ASCII Content-Type in multipart: multipart/form-data; boundary=é",
        ),
    ] {
        let text = format!("Multipart form parse error - {reason}");
        assert_eq!(refusal(parsed(b"--x", content_type)), text);
    }
    let mut body = b"--x\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n".repeat(3);
    body.extend(b"--x--\r\n");
    assert_eq!(parsed(&body, TYPE).unwrap().len(), 3);
    body.extend(b"--x");
    assert_eq!(parsed(&body, TYPE).unwrap().len(), 3);
    body.extend(b"--");
    assert!(matches!(parsed(&body, TYPE), Err(ApiException::Suspicious(_))));
}

#[test]
fn what_is_between_boundaries_counts_whatever_it_is() {
    for part in [&b"--x"[..], b"--x\r\n\r\n\r\n", b"--x\r\nContent-Type: a/b\r\n\r\n"] {
        let body = part.repeat(2_500_000 / part.len());
        assert!(matches!(parsed(&body, TYPE), Err(ApiException::Suspicious(_))));
    }
    assert_eq!(parsed(&b"--x".repeat(5), TYPE).unwrap(), []);
    assert!(matches!(parsed(&b"--x".repeat(6), TYPE), Err(ApiException::Suspicious(_))));
}

#[test]
fn files_are_counted_by_themselves() {
    let file = b"--x\r\nContent-Disposition: form-data; name=f; filename=f\r\n\r\n1\r\n";
    let field = b"--x\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n".repeat(3);
    let form = |files| [&file.repeat(files)[..], &field, b"--x--\r\n"].concat();
    assert_eq!(parsed(&form(2), TYPE).unwrap().len(), 3);
    assert!(matches!(parsed(&form(3), TYPE), Err(ApiException::Suspicious(_))));
}

#[test]
fn fields_take_bounded_memory_and_files_do_not_count_as_them() {
    let form = |content: usize, file: usize| {
        [
            b"--x\r\nContent-Disposition: form-data; name=f; filename=f\r\n\r\n".to_vec(),
            vec![b'f'; file],
            b"\r\n--x\r\nContent-Disposition: form-data; name=abc\r\n\r\n".to_vec(),
            vec![b'1'; content],
            b"\r\n--x--\r\n".to_vec(),
        ]
        .concat()
    };
    let read = |body: Vec<u8>| {
        let context = context(TYPE).max_memory_size(Some(100));
        MultiPartParser.parse(&body.into(), &context)
    };
    assert!(read(form(95, 10_000)).is_ok());
    assert!(matches!(read(form(96, 1)), Err(ApiException::Suspicious(_))));
}

#[test]
fn a_long_file_takes_no_memory() {
    const PIECE: usize = 64 * 1024;
    let folder = tempfile::tempdir().unwrap();
    let context =
        ParserContext { max_file_memory: 100_000, temp_dir: Some(folder.path()), ..context(TYPE) };
    let mut reader = MultiPartReader::new(&context).unwrap();
    let head = b"--x\r\nContent-Disposition: form-data; name=f; filename=f\r\n\r\n";
    reader.feed(head).unwrap();
    let piece = vec![b'-'; PIECE];
    for _ in 0..512 {
        reader.feed(&piece).unwrap();
        assert!(reader.buffer.capacity() <= 2 * PIECE, "{}", reader.buffer.capacity());
    }
    assert_eq!(folder.path().read_dir().unwrap().count(), 1);
    reader.feed(b"\r\n--x--\r\n").unwrap();
    let data = reader.end().unwrap();
    assert_eq!(data.file("f").map(|file| file.size()), Some(512 * 64 * 1024));
    assert!(data.file("f").unwrap().bytes().is_none());
    drop(data);
    assert_eq!(folder.path().read_dir().unwrap().count(), 0);
}

#[test]
fn a_head_is_bounded() {
    let form = |head| {
        let disposition = "Content-Disposition: form-data; name=a; b=";
        let line = format!("{disposition}{}", "b".repeat(head - disposition.len()));
        format!("--x\r\n{line}\r\n\r\n1\r\n--x--\r\n").into_bytes()
    };
    // with the line end that precedes it and the two that follow
    assert_eq!(parsed(&form(MAX_HEAD - 6), TYPE).unwrap(), [pair("a", "1")]);
    let text = "Multipart form parse error - Request max total header size exceeded.";
    assert_eq!(refusal(parsed(&form(MAX_HEAD - 5), TYPE)), text);
    assert_eq!(refusal(files(&form(5000), 100)), text);
}
