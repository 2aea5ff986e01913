//! A page of the guide is the documentation of its room, whose examples the build compiles.

use std::fs;
use std::path::{Path, PathBuf};

/// The rooms that have a page, and what the page is called.
const PAGES: [(&str, &str); 18] = [
    ("site", "Sites"),
    ("settings", "Settings"),
    ("db", "Models and queries"),
    ("serializers", "Serializers"),
    ("viewsets", "View sets"),
    ("views", "Views"),
    ("routers", "Routers"),
    ("request", "Requests"),
    ("response", "Responses"),
    ("authentication", "Authentication"),
    ("permissions", "Permissions"),
    ("throttling", "Throttling"),
    ("filters", "Filtering"),
    ("pagination", "Pagination"),
    ("parsers", "Parsers"),
    ("renderers", "Renderers"),
    ("metadata", "Metadata"),
    ("exceptions", "Exceptions"),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The module documentation of a room.
fn docs(room: &str) -> String {
    let rooms = root().join("framework/src");
    let folder = rooms.join(room).join("mod.rs");
    let file = if folder.exists() { folder } else { rooms.join(format!("{room}.rs")) };
    let source = fs::read_to_string(file).expect("the room is there");
    let lines = source.lines().map_while(|line| line.strip_prefix("//!"));
    lines.map(|line| line.strip_prefix(' ').unwrap_or(line)).collect::<Vec<_>>().join("\n")
}

/// A line without links to items, which lead nowhere outside of rustdoc: ``[`Site`](crate::site::Site)``
/// becomes `` `Site` ``.
fn without_item_links(line: &str) -> String {
    let mut text = String::new();
    let mut rest = line;
    while let Some((before, link)) = rest.split_once("[`") {
        let (label, after) = link.split_once("`]").expect("a link ends in its line");
        let label = ["derive@", "macro@", "trait@"]
            .iter()
            .find_map(|kind| label.strip_prefix(kind))
            .unwrap_or(label);
        text.extend([before, "`", label, "`"]);
        rest = match after.strip_prefix('(').and_then(|target| target.split_once(')')) {
            Some((target, after)) => {
                assert!(!target.contains('/'), "`{target}` is no item");
                after
            }
            None => after,
        };
    }
    text + rest
}

/// The page of a room: its documentation as a reader of Markdown sees it. Of the lines that rustdoc
/// hides, declarations are shown, so that an example can be read by itself.
fn page(room: &str, title: &str) -> String {
    let mut page = format!("# {title}\n\n");
    let (mut in_code, mut hidden, mut declares) = (false, false, false);
    for line in docs(room).lines() {
        let concealed = (line == "#").then_some("").or_else(|| line.strip_prefix("# "));
        if line.starts_with("```") {
            page.push_str(if in_code { "```" } else { "```rust" });
            (in_code, hidden) = (!in_code, false);
        } else if let Some(text) = concealed.filter(|_| in_code) {
            if !hidden {
                declares = ["#[", "pub ", "impl "].iter().any(|start| text.starts_with(start));
            }
            hidden = true;
            if !declares {
                continue;
            }
            page.push_str(text);
        } else if in_code {
            hidden = false;
            page.push_str(line);
        } else if line.starts_with("# ") {
            page.extend(["#", line]);
        } else {
            page.push_str(&without_item_links(line));
        }
        page.push('\n');
    }
    page + "\n[All pages](README.md)\n"
}

#[test]
fn every_page_is_the_documentation_of_its_room() {
    let guide = root().join("docs/guide");
    for (room, title) in PAGES {
        let (file, wanted) = (guide.join(format!("{room}.md")), page(room, title));
        if std::env::var_os("UPDATE_GUIDE").is_some() {
            fs::write(&file, wanted).expect("the page is written");
            continue;
        }
        let kept = fs::read_to_string(&file).unwrap_or_default();
        assert!(kept == wanted, "docs/guide/{room}.md is not of today; run with UPDATE_GUIDE=1");
    }
}

#[test]
fn every_page_has_an_example_and_a_place_in_the_contents() {
    let contents = fs::read_to_string(root().join("docs/guide/README.md")).unwrap();
    for (room, title) in PAGES {
        assert!(page(room, title).contains("```rust"), "{room} shows no example");
        assert!(
            contents.contains(&format!("[{title}]({room}.md)")),
            "{room} is not in the contents"
        );
    }
    let files = fs::read_dir(root().join("docs/guide")).unwrap().count();
    assert_eq!(files, PAGES.len() + 1, "every file is a page or the contents");
}

#[test]
fn links_to_items_are_names_outside_of_rustdoc() {
    assert_eq!(
        without_item_links(
            "[`Page`](crate::views::Page), [`#[model]`](macro@crate::model) and [`trait@Serializer`]"
        ),
        "`Page`, `#[model]` and `Serializer`"
    );
}

#[test]
fn every_word_of_the_glossary_is_declared_where_it_says() {
    let glossary = fs::read_to_string(root().join("docs/glossary.md")).unwrap();
    let rows: Vec<_> = glossary.lines().filter(|line| line.starts_with("| `")).collect();
    assert!(rows.len() > 30, "the glossary has {} rows", rows.len());
    for row in rows {
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").map(str::trim).collect();
        let [words, _, file] = cells[..] else { panic!("{row}") };
        let source = root().join("framework/src").join(file.trim_matches('`'));
        let source = fs::read_to_string(&source).unwrap_or_else(|_| panic!("no file {file}"));
        let names: Vec<&str> = source
            .split(|c: char| !c.is_alphanumeric() && c != '_')
            .filter(|name| !name.is_empty())
            .collect();
        for word in words.split(", ").map(|word| word.trim_matches('`')) {
            let declares = |pair: &[&str]| {
                ["struct", "enum", "trait", "fn"].contains(&pair[0]) && pair[1] == word
            };
            assert!(names.windows(2).any(declares), "{file} declares no {word}");
        }
    }
}

#[test]
fn every_option_of_the_model_macro_is_on_its_page() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let page = fs::read_to_string(root.join("framework/src/db/model.md")).unwrap();
    let options = fs::read_to_string(root.join("codegen/src/model/attr.rs")).unwrap();
    let mut checked = 0;
    for list in ["const MODEL: ", "const FIELD: "] {
        let list = options.split(list).nth(1).and_then(|rest| rest.split("];").next()).unwrap();
        for word in list.split('"').skip(1).step_by(2) {
            assert!(page.contains(&format!("`{word}")), "`{word}` is not on the page");
            checked += 1;
        }
    }
    assert!(checked > 30, "{checked}");
}
