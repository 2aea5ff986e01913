//! Forms in parts measured on Django, with what it made of them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value as Json, json};

use super::*;

const LINES: &str = include_str!("vectors/multipart.jsonl");

/// What a form in pieces of a length is read as, in the form of the file.
fn read(content_type: &str, body: &[u8], piece: usize) -> Json {
    let context = ParserContext::new(content_type, Some(1000));
    let read = || {
        let Some(mut reader) = MultiPartParser.reader(&context)? else { panic!("no reader") };
        body.chunks(piece).try_for_each(|bytes| reader.feed(bytes))?;
        reader.finish()
    };
    let data = match read() {
        Ok(data) => data,
        Err(ApiException::ParseError(Some(detail))) => {
            let text = detail.texts().concat();
            let reason = text.strip_prefix("Multipart form parse error - ").unwrap();
            return json!({ "error": reason });
        }
        Err(error) => panic!("{error}"),
    };
    let texts: Vec<_> = data.form().unwrap().iter().collect();
    let files: Vec<Json> = data
        .files()
        .iter()
        .map(|(field, file)| {
            let digits = STANDARD.encode(file.bytes().unwrap());
            json!([field, file.name(), file.content_type(), file.charset(), digits])
        })
        .collect();
    json!({ "fields": texts, "files": files })
}

/// By field, in the order in which fields came first, as Django lists them.
fn by_field(pairs: &Json) -> Vec<Json> {
    let pairs = pairs.as_array().unwrap();
    let first = |pair: &Json| pairs.iter().position(|other| other[0] == pair[0]);
    let mut sorted = pairs.clone();
    sorted.sort_by_key(first);
    sorted
}

#[test]
fn every_measured_form_in_parts_is_read_as_django_reads_it() {
    assert_eq!(LINES.lines().count(), 400);
    for line in LINES.lines() {
        let line: Json = serde_json::from_str(line).unwrap();
        let body = STANDARD.decode(line["body"].as_str().unwrap()).unwrap();
        for piece in [1, 7, 64, 100_000] {
            let read = read(line["content_type"].as_str().unwrap(), &body, piece);
            let text = String::from_utf8_lossy(&body);
            if line.get("error").is_some() {
                assert_eq!(read["error"], line["error"], "{text}");
                continue;
            }
            assert!(read.get("error").is_none(), "{read}: {text}");
            assert_eq!(by_field(&read["fields"]), by_field(&line["fields"]), "{text}");
            assert_eq!(by_field(&read["files"]), by_field(&line["files"]), "{text}");
        }
    }
}
