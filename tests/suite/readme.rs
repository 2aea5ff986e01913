//! What the README shows is what the examples hold.

use std::fs;
use std::path::Path;

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)).unwrap()
}

/// The text between two others, both of which must be there.
fn between<'a>(text: &'a str, begin: &str, end: &str) -> &'a str {
    let (_, rest) = text.split_once(begin).unwrap_or_else(|| panic!("no `{begin}`"));
    rest.split_once(end).unwrap_or_else(|| panic!("no `{end}`")).0
}

#[test]
fn the_first_screen_is_the_quickstart() {
    let (page, source) = (read("README.md"), read("examples/quickstart/src/main.rs"));
    let block = between(&page, "<!-- quickstart: begin -->\n", "<!-- quickstart: end -->");
    let shown = between(block, "```rust,ignore\n", "```\n");
    let start = source.find("use std").expect("the example imports the framework");
    assert_eq!(shown, &source[start..], "copy the example into README.md");
    assert!(shown.lines().count() <= 45, "the first screen is longer than a screen");
    let crate_docs = read("framework/src/lib.rs");
    let block = between(&crate_docs, "//! ```no_run\n", "//! ```\n");
    let line = |line: &str| line.strip_prefix("//! ").unwrap_or_default().to_owned() + "\n";
    let shown: String = block.lines().map(line).collect();
    assert_eq!(shown, &source[start..], "copy the example into framework/src/lib.rs");
}

/// The lines of a manifest's `[dependencies]`.
fn dependencies(manifest: &str) -> Vec<&str> {
    let mut lines = manifest.lines().skip_while(|line| *line != "[dependencies]").skip(1);
    lines
        .by_ref()
        .take_while(|line| !line.starts_with('['))
        .filter(|line| !line.is_empty())
        .collect()
}

#[test]
fn a_project_names_one_crate() {
    for manifest in ["examples/quickstart/Cargo.toml", "examples/tutorial/Cargo.toml"] {
        let text = read(manifest);
        let named = dependencies(&text);
        assert!(
            matches!(named[..], [one] if one.starts_with("quintet = ")),
            "{manifest}: {named:?}"
        );
    }
    // where the crate is to be had
    let workspace = read("Cargo.toml");
    let repository = between(&workspace, "\nrepository = \"", "\"");
    let quintet = format!("quintet = {{ git = \"{repository}\"");
    for page in ["README.md", "docs/testing.md", "framework/src/test/mod.rs"] {
        let text = read(page).replace("//! ", "");
        let manifest = between(&text, "```toml\n", "```");
        let named = manifest.lines().filter(|line| line.starts_with("quintet = "));
        assert!(named.clone().count() > 0, "{page} names no crate");
        for line in named {
            assert!(line.starts_with(&quintet), "{page}: {line}");
        }
    }
    let page = read("README.md");
    assert_eq!(dependencies(between(&page, "```toml\n", "```")).len(), 1, "README.md");
}

#[test]
fn the_guide_to_tests_shows_a_site_and_its_tests() {
    let page = read("docs/testing.md");
    for (name, file) in [("site", "src/testing.rs"), ("tests", "tests/suite/testing.rs")] {
        let (begin, end) = (format!("<!-- {name}: begin -->\n"), format!("<!-- {name}: end -->"));
        let shown = between(between(&page, &begin, &end), "```rust\n", "```\n");
        let source = read(&format!("examples/snippets/{file}"));
        let start = source.find("use ").expect("the example imports something");
        assert_eq!(shown, &source[start..], "copy examples/snippets/{file} into docs/testing.md");
    }
}

#[test]
fn every_file_that_a_page_links_to_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let guides = [
        "architecture.md",
        "differences.md",
        "foreign-types.md",
        "glossary.md",
        "guide/README.md",
        "migration.md",
        "your-own-project.md",
        "parity/README.md",
        "testing.md",
        "tutorial.md",
    ];
    let guides = guides.map(|guide| format!("docs/{guide}"));
    for page in guides.iter().map(String::as_str).chain(["README.md"]) {
        let text = read(page);
        let folder = root.join(page).parent().map(Path::to_owned).unwrap_or_default();
        for link in text.split("](").skip(1).filter_map(|rest| rest.split_once(')')) {
            let file = link.0.split('#').next().unwrap_or_default();
            if !file.is_empty() && !file.contains("://") {
                assert!(folder.join(file).exists(), "{page} links to {file}");
            }
        }
    }
}
