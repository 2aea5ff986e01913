//! The golden document: unchanged, valid, and the same in both languages.

mod support;

use std::fs;
use std::path::Path;

use quintet_openapi::{RenderedSchema, check};
use serde_json::{Value, json};
use support::{json_schema, store};

fn data(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)
}

fn official() -> Value {
    let text = fs::read_to_string(data("openapi-3.1.schema.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn document() -> Value {
    serde_json::to_value(store().document()).unwrap()
}

#[track_caller]
fn golden(name: &str, text: &str) {
    let path = data(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&path, text).unwrap();
    }
    let kept = fs::read_to_string(&path).unwrap();
    assert!(kept == text, "{name} has changed; run with UPDATE_GOLDEN=1 and read the difference");
}

#[test]
fn the_golden_document_has_not_changed() {
    let rendered = RenderedSchema::new(&store().document()).unwrap();
    golden("store.json", rendered.json());
    golden("store.yaml", rendered.yaml());
}

#[test]
fn the_document_is_valid_by_the_schema_of_the_openapi_initiative() {
    assert_eq!(json_schema::errors(&official(), &document()), [""; 0]);
}

#[test]
fn both_languages_say_the_same() {
    let rendered = RenderedSchema::new(&store().document()).unwrap();
    let yaml: Value = yaml_serde::from_str(rendered.yaml()).unwrap();
    let json: Value = serde_json::from_str(rendered.json()).unwrap();
    assert_eq!(yaml, json);
}

#[test]
fn the_document_has_no_problems() {
    assert_eq!(store().problems(), [""; 0]);
    assert_eq!(check::problems(&document()), [""; 0]);
}

#[test]
fn documents_of_the_examples_are_valid() {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples");
    let mut checked = 0;
    for example in fs::read_dir(examples).into_iter().flatten().flatten() {
        let beside = fs::read_dir(example.path().join("src")).into_iter().flatten().flatten();
        let files = beside.map(|file| file.path()).chain([example.path().join("openapi.json")]);
        for file in files.filter(|file| file.to_string_lossy().ends_with("openapi.json")) {
            let Ok(text) = fs::read_to_string(&file) else { continue };
            let document: Value = serde_json::from_str(&text).unwrap();
            assert_eq!(json_schema::errors(&official(), &document), [""; 0], "{file:?}");
            assert_eq!(check::problems(&document), [""; 0], "{file:?}");
            checked += 1;
        }
    }
    assert!(checked > 10, "only {checked} documents");
}

#[test]
fn the_official_schema_finds_what_is_wrong() {
    let broken = |pointer: &str, value: Value| {
        let mut document = document();
        *document.pointer_mut(pointer).unwrap() = value;
        !json_schema::errors(&official(), &document).is_empty()
    };
    assert!(broken("/openapi", json!("3.0.3")));
    assert!(broken("/info", json!({"title": "A"})));
    assert!(broken("/paths/~1api~1tracks~1/get/responses", json!({"2000": {"description": ""}})));
    assert!(broken("/paths/~1api~1tracks~1/get/parameters/0/in", json!("body")));
    assert!(broken("/components/securitySchemes/tokenAuth/type", json!("token")));
    assert!(broken("/servers/0", json!({"address": "/"})));
}
