//! Which way rooms of the framework look: down, as `docs/architecture.md` says.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// What floor 1 may use of `fields`: the value types that both share, and their text.
const SHARED: [&str; 5] = ["Value", "ValueRef", "FieldType", "format", "python"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The floor of each room, read from the table in the document.
fn floors() -> BTreeMap<String, u32> {
    let document = std::fs::read_to_string(root().join("docs/architecture.md")).unwrap();
    let mut floors = BTreeMap::new();
    for line in document.lines() {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let [_, floor, rooms, _] = cells.as_slice() else { continue };
        let Some(floor) = floor.split(' ').next().and_then(|text| text.parse().ok()) else {
            continue;
        };
        for room in rooms.split('`').filter(|text| !text.trim().is_empty()) {
            floors.insert(room.trim_end_matches('/').to_owned(), floor);
        }
    }
    floors
}

/// Every source file below a folder.
fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|end| end == "rs") {
            found.push(path);
        }
    }
}

/// A file without comments and without what only tests see, and the modules that only they see.
fn without_tests(text: &str) -> (String, Vec<String>) {
    let (mut kept, mut modules) = (String::new(), Vec::new());
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let trimmed = line.trim_start();
        if trimmed.starts_with("//") {
            continue;
        }
        if trimmed != "#[cfg(test)]" {
            kept.push_str(line);
            kept.push('\n');
            continue;
        }
        let end = format!("{}}}", &line[..line.len() - trimmed.len()]);
        let item = lines.by_ref().find(|line| !line.trim_start().starts_with("#[")).unwrap_or("");
        if let Some(item) = item.trim().strip_suffix(';') {
            modules.extend(item.split_once("mod ").map(|(_, name)| name.to_owned()));
        } else {
            let _ = lines.by_ref().find(|line| *line == end);
        }
    }
    (kept, modules)
}

/// What follows each `crate::` of a text: a room, and what is taken from it.
fn uses(text: &str) -> Vec<(String, Vec<String>)> {
    let mut found = Vec::new();
    for (at, word) in text.match_indices("crate::") {
        // `$crate::` is read where a macro is used
        if text[..at].ends_with('$') || text[..at].ends_with(char::is_alphanumeric) {
            continue;
        }
        let rest = &text[at + word.len()..];
        let name = |text: &str| -> String {
            text.chars().take_while(|letter| letter.is_alphanumeric() || *letter == '_').collect()
        };
        let room = name(rest);
        assert!(!room.is_empty(), "one `use crate::room` a line: crate::{}", &rest[..20]);
        let items = match rest[room.len()..].strip_prefix("::") {
            Some(rest) => match rest.strip_prefix('{') {
                Some(list) => list
                    .split('}')
                    .next()
                    .unwrap_or_default()
                    .split(',')
                    .map(|item| name(item.trim()))
                    .filter(|item| !item.is_empty())
                    .collect(),
                None => vec![name(rest)],
            },
            None => Vec::new(),
        };
        found.push((room, items));
    }
    found
}

/// The files that are not only for tests, each with its room.
fn rooms() -> Vec<(String, PathBuf, String)> {
    let src = root().join("framework/src");
    let mut files = Vec::new();
    sources(&src, &mut files);
    let (mut read, mut for_tests) = (Vec::new(), BTreeSet::new());
    for path in files {
        let (text, modules) = without_tests(&std::fs::read_to_string(&path).unwrap());
        let folder = match path.file_stem().and_then(|stem| stem.to_str()) {
            Some("mod" | "lib") => path.parent().unwrap().to_owned(),
            _ => path.with_extension(""),
        };
        for_tests.extend(modules.into_iter().map(|module| folder.join(module)));
        read.push((path, text));
    }
    read.into_iter()
        .filter(|(path, _)| !path.ends_with("lib.rs"))
        .filter(|(path, _)| {
            !path.ancestors().any(|above| {
                for_tests.contains(above) || for_tests.contains(&above.with_extension(""))
            })
        })
        .map(|(path, text)| {
            let within = path.strip_prefix(&src).unwrap();
            let first = within.components().next().unwrap().as_os_str().to_str().unwrap();
            (first.trim_end_matches(".rs").to_owned(), within.to_owned(), text)
        })
        .collect()
}

#[test]
fn a_room_uses_its_own_floor_and_those_below() {
    let floors = floors();
    let mut wrong = BTreeSet::new();
    for (room, path, text) in rooms() {
        let floor = floors[&room];
        for (used, items) in uses(&text) {
            let Some(above) = floors.get(&used).copied().filter(|above| *above > floor) else {
                continue;
            };
            let shared = floor == 1
                && used == "fields"
                && items.iter().all(|item| SHARED.contains(&item.as_str()));
            if !shared {
                wrong.insert(format!(
                    "{}: `{room}` (floor {floor}) uses `{used}` (floor {above}): {items:?}",
                    path.display()
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.into_iter().collect::<Vec<_>>().join("\n"));
}

#[test]
fn every_room_has_a_floor_and_every_floor_its_rooms() {
    let floors = floors();
    let told: BTreeSet<&String> = floors.keys().collect();
    let rooms = rooms();
    let there: BTreeSet<&String> = rooms.iter().map(|(room, ..)| room).collect();
    assert_eq!(there, told);
}

#[test]
fn what_only_tests_see_is_left_out() {
    let text = "use crate::a::B;\n#[cfg(test)]\npub(crate) mod testing;\n\nfn c() {\n    \
                #[cfg(test)]\n    {\n        crate::d::e();\n    }\n    crate::f::{G, H as I};\n}\n\
                // crate::j::K\n#[cfg(test)]\nmod tests {\n    use crate::l::M;\n}\n";
    let (kept, modules) = without_tests(text);
    assert_eq!(modules, ["testing"]);
    assert_eq!(
        uses(&kept),
        [
            ("a".to_owned(), vec!["B".to_owned()]),
            ("f".to_owned(), vec!["G".to_owned(), "H".to_owned()])
        ]
    );
}
