//! The crates whose types or traits stand in public signatures are those of `docs/foreign-types.md`:
//! a new major version of one of them is one of ours.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use regex::Regex;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().and_then(|name| name.to_str()).unwrap_or_default();
        // the output of macros names what it needs
        if matches!(name, "tests" | "testing" | "__private" | "table") {
            continue;
        }
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|end| end == "rs") {
            found.push(path);
        }
    }
}

/// The crates that the framework depends on, by the names that sources write.
fn dependencies() -> Vec<String> {
    let manifest = fs::read_to_string(root().join("framework/Cargo.toml")).unwrap();
    let lines = manifest.lines().skip_while(|line| *line != "[dependencies]");
    let lines = lines.take_while(|line| *line != "[dev-dependencies]");
    let names = lines.filter_map(|line| line.split(['.', ' ']).next());
    names
        .filter(|name| !name.is_empty() && !name.starts_with('['))
        .map(|n| n.replace('-', "_"))
        .collect()
}

/// The crates in the signatures of a file's public items, each with the first such line.
fn foreign(source: &str, crates: &[String]) -> BTreeMap<String, String> {
    let own = source.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let import = Regex::new(r"(?m)^\s*(pub )?use ([0-9A-Za-z_]+)(::[^;]*);").unwrap();
    let name = Regex::new(r"[A-Z][0-9A-Za-z_]*").unwrap();
    let item = r"(?m)^\s*(?:pub (?:const |async )*(?:fn|struct|enum|trait|type|const|static|[0-9A-Za-z_]+:)|impl(?:<[0-9A-Za-z_]+>)? From<|impl<[^{;]* for [A-Z]\s+where)[^{;]*";
    let item = Regex::new(item).unwrap();
    let mut found = BTreeMap::new();
    let mut imported: Vec<(&str, &str)> = Vec::new();
    for line in import.captures_iter(own) {
        let from = line.get(2).map_or("", |name| name.as_str());
        if !crates.iter().any(|name| name == from) {
            continue;
        }
        if line.get(1).is_some() {
            found.entry(from.to_owned()).or_insert_with(|| line[0].trim().to_owned());
        }
        let names = line.get(3).map_or("", |names| names.as_str());
        imported.extend(name.find_iter(names).map(|name| (name.as_str(), from)));
    }
    for signature in item.find_iter(own) {
        let apart = |c: char| !(c.is_alphanumeric() || c == '_' || c == ':');
        for word in signature.as_str().split(apart) {
            let first = word.split("::").next().unwrap_or_default();
            let full = crates.iter().find(|name| *name == first && word.len() > first.len() + 1);
            let short = imported.iter().find(|(name, _)| *name == first).map(|(_, from)| *from);
            if let Some(from) = full.map(String::as_str).or(short) {
                let line = signature.as_str().trim().lines().next().unwrap_or_default();
                found.entry(from.to_owned()).or_insert_with(|| line.to_owned());
            }
        }
    }
    found
}

#[test]
fn the_crates_in_public_signatures_are_written_down() {
    let page = fs::read_to_string(root().join("docs/foreign-types.md")).unwrap();
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `")?.split_once('`'));
    let listed: BTreeSet<&str> = rows.map(|(name, _)| name).collect();
    let crates = dependencies();
    assert!(crates.len() > 30, "{crates:?}");
    let mut files = Vec::new();
    sources(&root().join("framework/src"), &mut files);
    let mut seen = BTreeMap::new();
    for file in files {
        for (name, line) in foreign(&fs::read_to_string(&file).unwrap(), &crates) {
            seen.entry(name).or_insert_with(|| format!("{}: {line}", file.display()));
        }
    }
    let new: Vec<_> = seen.iter().filter(|(name, _)| !listed.contains(name.as_str())).collect();
    assert!(new.is_empty(), "in public signatures, and not in docs/foreign-types.md: {new:#?}");
    let gone: Vec<_> = listed.iter().filter(|name| !seen.contains_key(**name)).collect();
    assert!(gone.is_empty(), "in docs/foreign-types.md, and in no public signature: {gone:?}");
}

#[test]
fn signatures_are_read_by_imports_and_by_paths() {
    let crates = ["chrono", "uuid", "redis"].map(str::to_owned);
    let source = "use chrono::{NaiveDate, Utc};\nuse redis::Client;\n\
                  pub fn day(\n    text: &str,\n) -> NaiveDate {\n    Client::open()\n}\n\
                  pub(crate) fn hidden(client: Client) {}\n\
                  impl From<uuid::Uuid> for Own {}\n";
    let found: Vec<String> = foreign(source, &crates).into_keys().collect();
    assert_eq!(found, ["chrono", "uuid"]);
}

/// The lines of examples in the documentation of a source.
fn examples(source: &str) -> impl Iterator<Item = &str> {
    let mut in_code = false;
    source.lines().filter_map(move |line| {
        let line = line.trim_start();
        let text = line.strip_prefix("///").or_else(|| line.strip_prefix("//!"))?.trim();
        let is_fence = text.starts_with("```");
        in_code ^= is_fence;
        (in_code && !is_fence).then_some(text)
    })
}

#[test]
fn examples_name_what_comes_with_the_framework() {
    // an app of actix's is a matter of programs that have one
    let own_app = ["server/mod.rs", "site/serve.rs"];
    // the README says so: what is written for these crates names them
    let named = ["diesel", "serde", "serde_json", "validator"];
    let others: Vec<String> = dependencies();
    let others: Vec<&String> =
        others.iter().filter(|name| !named.contains(&name.as_str())).collect();
    assert!(others.iter().any(|name| *name == "futures_util"), "{others:?}");
    let mut files = Vec::new();
    sources(&root().join("framework/src"), &mut files);
    let (mut lines, mut found) = (0, Vec::new());
    for file in files.iter().filter(|file| !own_app.iter().any(|own| file.ends_with(own))) {
        let source = fs::read_to_string(file).unwrap();
        for line in examples(&source) {
            lines += 1;
            let foreign = |name: &&&String| {
                let start = format!("{name}::");
                line.match_indices(&start).any(|(at, _)| {
                    !line[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':')
                })
            };
            found
                .extend(others.iter().find(foreign).map(|_| format!("{}: {line}", file.display())));
        }
    }
    assert!(lines > 1000, "only {lines} lines of examples");
    assert!(found.is_empty(), "examples need another crate in the manifest:\n{}", found.join("\n"));
}
