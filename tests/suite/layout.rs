//! The rooms of the framework are on floors, and none uses a higher one: `docs/architecture.md` has
//! the table, with which the lines of `framework/src` are compared.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Files that only re-export.
const CONTENTS: [&str; 3] = ["lib", "prelude", "__private"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The table `| floor | rooms … |` of the page, by room.
fn floors(page: &str) -> BTreeMap<String, u8> {
    let mut floors = BTreeMap::new();
    for line in page.lines() {
        let mut cells = line.trim_matches('|').split('|').map(str::trim);
        let (Some(floor), Some(rooms), None) = (cells.next(), cells.next(), cells.next()) else {
            continue;
        };
        let Some(floor) = floor.split(' ').next().and_then(|number| number.parse().ok()) else {
            continue;
        };
        for room in rooms.split(' ') {
            floors.insert(room.trim_matches(['`', '/']).to_owned(), floor);
        }
    }
    floors
}

/// The sources, without those of tests.
fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        let name = path.file_stem().and_then(|name| name.to_str()).unwrap_or_default();
        if matches!(name, "tests" | "testing" | "vectors") {
            continue;
        }
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|end| end == "rs") {
            found.push(path);
        }
    }
}

/// The first names behind `crate::` on a line: several in `crate::{a, b::{c, d}}`.
fn names(line: &str) -> Vec<&str> {
    let mut found = Vec::new();
    for (at, word) in line.match_indices("crate::") {
        // `$crate::` of a macro is the same room; `quintet_crate::` would be another word
        if line[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_') {
            continue;
        }
        let rest = &line[at + word.len()..];
        if let Some(group) = rest.strip_prefix('{') {
            let mut depth = 0_usize;
            for part in group.split_inclusive([',', '{', '}']) {
                let name = first(part.trim_start());
                if depth == 0 && !name.is_empty() {
                    found.push(name);
                }
                match part.chars().last() {
                    Some('{') => depth += 1,
                    Some('}') if depth == 0 => break,
                    Some('}') => depth -= 1,
                    _ => {}
                }
            }
        } else if !first(rest).is_empty() {
            found.push(first(rest));
        }
    }
    found
}

fn first(text: &str) -> &str {
    let end = text.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(text.len());
    &text[..end]
}

/// What a file names in other rooms: the line's number, its text and the room. Comments and
/// everything from the file's own tests on are left out; a `use` that is broken is read as one.
fn uses(source: &str) -> Vec<(usize, String, String)> {
    let mut found = Vec::new();
    let mut lines = source.lines().enumerate().peekable();
    while let Some((at, line)) = lines.next() {
        let line = line.trim();
        if line == "#[cfg(test)]" && lines.peek().is_some_and(|(_, next)| next.ends_with('{')) {
            break;
        }
        if line.starts_with("//") {
            continue;
        }
        let mut whole = line.to_owned();
        if line.contains("crate::{") {
            while whole.matches('{').count() > whole.matches('}').count() {
                let Some((_, next)) = lines.next() else { break };
                whole.push(' ');
                whole.push_str(next.trim());
            }
        }
        for name in names(&whole) {
            found.push((at + 1, whole.clone(), name.to_owned()));
        }
    }
    found
}

/// The sources of the framework, each with its room.
fn by_room() -> Vec<(PathBuf, String)> {
    let top = root().join("framework/src");
    let mut files = Vec::new();
    sources(&top, &mut files);
    let room_of = |file: &Path| {
        let inside = file.strip_prefix(&top).unwrap_or(file);
        let first = inside.iter().next().and_then(|name| name.to_str()).unwrap_or_default();
        first.trim_end_matches(".rs").to_owned()
    };
    let rooms = files.into_iter().map(|file| {
        let room = room_of(&file);
        (file, room)
    });
    rooms.filter(|(_, room)| !CONTENTS.contains(&room.as_str())).collect()
}

#[test]
fn no_room_uses_a_floor_above_its_own() {
    let page = fs::read_to_string(root().join("docs/architecture.md")).unwrap();
    let floors = floors(&page);
    assert!(floors.len() > 20, "docs/architecture.md has no table of floors: {floors:?}");
    let mut wrong = Vec::new();
    for (file, room) in &by_room() {
        let Some(own) = floors.get(room) else {
            wrong.push(format!(
                "{}: room `{room}` has no floor in docs/architecture.md",
                file.display()
            ));
            continue;
        };
        for (line, text, other) in uses(&fs::read_to_string(file).unwrap()) {
            let Some(theirs) = floors.get(&other) else {
                // macros and types at the top of the crate stand on no floor
                continue;
            };
            if theirs > own {
                let shown = file.strip_prefix(root()).unwrap_or(file).display();
                wrong.push(format!(
                    "{shown}:{line}: `{room}` (floor {own}) uses `{other}` (floor {theirs}): {text}"
                ));
            }
        }
    }
    wrong.sort();
    wrong.dedup();
    assert!(
        wrong.is_empty(),
        "a room may use its own floor and those below (docs/architecture.md); move what is shared \
         down, or hand it over as a parameter:\n{}\n",
        wrong.join("\n")
    );
}

/// The rooms that each room uses, directly and through others.
fn reached(used: &BTreeMap<String, BTreeSet<String>>, from: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut waiting = vec![from];
    while let Some(room) = waiting.pop() {
        for next in used.get(room).into_iter().flatten() {
            if found.insert(next.clone()) {
                waiting.push(next);
            }
        }
    }
    found
}

#[test]
fn no_room_uses_one_that_uses_it() {
    let rooms = by_room();
    let names: BTreeSet<&str> = rooms.iter().map(|(_, room)| room.as_str()).collect();
    let mut used: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (file, room) in &rooms {
        for (.., other) in uses(&fs::read_to_string(file).unwrap()) {
            if other != *room && names.contains(other.as_str()) {
                used.entry(room.clone()).or_default().insert(other);
            }
        }
    }
    let circles: Vec<&str> =
        names.into_iter().filter(|room| reached(&used, room).contains(*room)).collect();
    assert!(circles.is_empty(), "these rooms use each other, directly or in a circle: {circles:?}");
}

/// The names that a file re-exports; `as _` gives none.
fn exported(source: &str) -> Vec<&str> {
    let uses = source.split("pub use ").skip(1).filter_map(|rest| Some(rest.split_once(';')?.0));
    let names = uses.flat_map(|path| {
        let (start, list) = path.split_once('{').unwrap_or(("", path));
        assert!(
            !start.contains('{') && list.matches('{').count() == 0,
            "one level of braces: {path}"
        );
        list.trim_end_matches('}').split(',').map(str::trim).filter(|name| !name.is_empty())
    });
    names
        .filter(|name| !name.ends_with(" as _"))
        .filter_map(|name| name.rsplit("::").next())
        .collect()
}

#[test]
fn the_prelude_is_short_and_takes_no_common_names() {
    let source = fs::read_to_string(root().join("framework/src/prelude.rs")).unwrap();
    let names = exported(&source);
    assert!(names.contains(&"ViewSet") && names.contains(&"model"), "{names:?}");
    assert!(names.len() <= 40, "{} names; import them from their rooms: {names:?}", names.len());
    let common = [
        "Action",
        "Attrs",
        "Column",
        "Condition",
        "Description",
        "Error",
        "Field",
        "Fields",
        "Filter",
        "Instance",
        "Item",
        "Items",
        "Lookup",
        "Order",
        "Ordering",
        "Path",
        "Policies",
        "Request",
        "Value",
        "*",
    ];
    let taken: Vec<_> = names.into_iter().filter(|name| common.contains(name)).collect();
    assert!(taken.is_empty(), "names that a program wants for itself: {taken:?}");
}

#[test]
fn every_way_to_name_a_room_is_seen() {
    let source = "//! [`crate::site`]\n\
                  use crate::views::View;\n\
                  pub(crate) use crate::{db::{Conn, Row}, fields, auth::User};\n\
                  use crate::{\n    reverse::Urls,\n    routers,\n};\n\
                  fn f() -> crate::request::Context { $crate::response::new(crate::model) }\n\
                  #[cfg(test)]\nmod testing;\n\
                  use crate::settings::Settings;\n\
                  #[cfg(test)]\nmod tests {\n    use crate::site::Site;\n}\n";
    let found: Vec<String> = uses(source).into_iter().map(|(_, _, room)| room).collect();
    let rooms = [
        "views", "db", "fields", "auth", "reverse", "routers", "request", "response", "model",
        "settings",
    ];
    assert_eq!(found, rooms);
}
