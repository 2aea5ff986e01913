//! The ledger of parity: each line of `docs/parity/*.tsv` has its form, and the tests that it names
//! are there.
//!
//! `UPDATE_PARITY=1` updates the counts in `docs/parity/README.md` and `README.md`.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::path::{Path, PathBuf};

/// The files of the ledger, without their ending.
const FILES: [&str; 3] = ["drf", "django", "usage"];

const STATES: [&str; 5] = ["yes", "partly", "no", "differs", "n/a"];

const BEGIN: &str = "<!-- parity: begin -->\n";
const END: &str = "<!-- parity: end -->";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &str) -> String {
    let whole = root().join(path);
    fs::read_to_string(&whole).unwrap_or_else(|error| panic!("{}: {error}", whole.display()))
}

/// The tests of the repository by name: for each that has it, the words of its path.
#[derive(Default)]
struct Tests(HashMap<String, Vec<BTreeSet<String>>>);

impl Tests {
    /// Test functions, cases of `tests/ui`, and scenarios of `tests/parity/exchanges`.
    fn of_the_repository() -> Self {
        let mut tests = Self::default();
        for folder in ["framework/src", "codegen", "openapi", "examples", "tests"] {
            tests.search(&root().join(folder), &BTreeSet::new());
        }
        tests
    }

    fn search(&mut self, path: &Path, above: &BTreeSet<String>) {
        let name =
            |path: &Path| path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let mut place = above.clone();
        place.insert(name(path));
        if path.is_dir() {
            for entry in fs::read_dir(path).unwrap() {
                self.search(&entry.unwrap().path(), &place);
            }
            return;
        }
        let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
        let is_case = match ending {
            "rs" => {
                self.read(&fs::read_to_string(path).unwrap(), &place);
                above.contains("ui")
            }
            "json" => above.contains("exchanges"),
            _ => false,
        };
        if is_case {
            self.0.entry(name(path)).or_default().push(place);
        }
    }

    /// The functions behind `#[test]`, `#[actix_web::test]` and the like.
    fn read(&mut self, source: &str, place: &BTreeSet<String>) {
        let mut is_test = false;
        for line in source.lines().map(str::trim) {
            if line.starts_with("#[") {
                is_test |= line.ends_with("test]");
                continue;
            }
            if is_test {
                let head = line.split('(').next().unwrap_or_default();
                if let Some((_, name)) = head.rsplit_once("fn ") {
                    self.0.entry(name.to_owned()).or_default().push(place.clone());
                }
            }
            is_test = false;
        }
    }

    /// Whether there is a test of this name; words before it (`exchanges::errors`) are of its path.
    fn has(&self, name: &str) -> bool {
        let mut words: Vec<&str> = name.split("::").collect();
        let places = words.pop().and_then(|last| self.0.get(last));
        places.is_some_and(|places| {
            places.iter().any(|place| words.iter().all(|word| place.contains(*word)))
        })
    }
}

/// One line.
struct Row<'a> {
    id: &'a str,
    state: &'a str,
    tests: Vec<&'a str>,
    note: &'a str,
}

impl<'a> Row<'a> {
    fn of(line: &'a str) -> Option<Self> {
        let cells: Vec<&str> = line.split('\t').collect();
        let [id, state, tests, note] = cells[..] else { return None };
        let tests = tests.split(',').filter(|name| !name.is_empty()).collect();
        Some(Self { id, state, tests, note })
    }

    /// `DRF-SET` of `DRF-SET-001`.
    fn prefix(&self) -> &'a str {
        self.id.rsplit_once('-').map_or(self.id, |(prefix, _)| prefix)
    }

    fn problems(&self, tests: &Tests) -> Vec<String> {
        let mut found: Vec<String> = self
            .tests
            .iter()
            .filter(|name| !tests.has(name))
            .map(|name| format!("{}: there is no test `{name}`", self.id))
            .collect();
        let (mut no_test, mut no_note) = (false, false);
        match self.state {
            "yes" => no_test = self.tests.is_empty(),
            "partly" | "differs" | "n/a" => no_note = self.note.is_empty(),
            "no" => {}
            other => found.push(format!("{}: `{other}` is no state", self.id)),
        }
        if no_test {
            found.push(format!("{}: `yes` names a test", self.id));
        }
        if no_note {
            found.push(format!("{}: `{}` has a note", self.id, self.state));
        }
        if self.note.trim() != self.note {
            found.push(format!("{}: the note has spaces around it", self.id));
        }
        found
    }
}

fn rows(text: &str) -> impl Iterator<Item = Row<'_>> {
    text.lines().skip(1).filter_map(Row::of)
}

/// What is wrong with a file of the ledger.
fn problems(text: &str, areas: &BTreeMap<String, String>, tests: &Tests) -> Vec<String> {
    let mut found = Vec::new();
    if text.lines().next() != Some("id\tstate\ttests\tnote") {
        found.push("the first line is not `id`, `state`, `tests`, `note`".to_owned());
    }
    for line in text.lines().skip(1).filter(|line| Row::of(line).is_none()) {
        found.push(format!("`{line}` has not four cells"));
    }
    let mut seen = BTreeSet::new();
    for row in rows(text) {
        if !seen.insert(row.id) {
            found.push(format!("{}: it is there twice", row.id));
        }
        if !areas.contains_key(row.prefix()) {
            found.push(format!("{}: `{}` is no area", row.id, row.prefix()));
        }
        found.extend(row.problems(tests));
    }
    found
}

/// The names of areas by the beginning of their ids.
fn areas(text: &str) -> BTreeMap<String, String> {
    let lines = text.lines().skip(1);
    let pairs = lines.map(|line| line.split_once('\t').expect("a prefix and an area"));
    pairs.map(|(prefix, area)| (prefix.to_owned(), area.to_owned())).collect()
}

fn areas_of_the_ledger() -> BTreeMap<String, String> {
    areas(&read("docs/parity/areas.tsv"))
}

/// How many rows there are of each state, in the order of [`STATES`].
type Counts = [usize; STATES.len()];

fn count<'a>(rows: impl Iterator<Item = Row<'a>>) -> Counts {
    let mut counts = Counts::default();
    for row in rows {
        if let Some(at) = STATES.iter().position(|state| *state == row.state) {
            counts[at] += 1;
        }
    }
    counts
}

fn table<'a>(first: &str, lines: impl Iterator<Item = (String, Counts)> + 'a) -> String {
    let head = format!("| {first} | rows | {} |\n", STATES.join(" | "));
    let rule = format!("| --- {}|\n", "| ---: ".repeat(STATES.len() + 1));
    lines.fold(head + &rule, |table, (name, counts)| {
        let cells = counts.map(|count| count.to_string()).join(" | ");
        table + &format!("| {name} | {} | {cells} |\n", counts.iter().sum::<usize>())
    })
}

/// One line a file, with links to it from a page.
fn summary(folder: &str) -> String {
    let line = |file: &&str| {
        let text = read(&format!("docs/parity/{file}.tsv"));
        (format!("[{file}.tsv]({folder}{file}.tsv)"), count(rows(&text)))
    };
    table("file", FILES.iter().map(line))
}

/// One line an area, in the order in which the file has them; nothing where there is one area.
fn by_area(file: &str, areas: &BTreeMap<String, String>) -> Option<String> {
    let text = read(&format!("docs/parity/{file}.tsv"));
    let mut seen = BTreeSet::new();
    let prefixes = rows(&text).map(|row| row.prefix()).filter(|prefix| seen.insert(*prefix));
    let prefixes: Vec<&str> = prefixes.collect();
    let line = |prefix: &&str| {
        let of_area = rows(&text).filter(|row| row.prefix() == *prefix);
        (format!("{} `{prefix}`", areas[*prefix]), count(of_area))
    };
    let table = table("area", prefixes.iter().map(line));
    (prefixes.len() > 1).then(|| format!("### {file}.tsv\n\n{table}"))
}

/// The summary, then the areas of each file.
fn details() -> String {
    let areas = areas_of_the_ledger();
    let tables = FILES.iter().filter_map(|file| by_area(file, &areas));
    std::iter::once(summary("")).chain(tables).collect::<Vec<_>>().join("\n")
}

/// Checks the counts that a page shows between two marks.
fn shown(page: &str, counts: &str) {
    let text = read(page);
    let (before, rest) = text.split_once(BEGIN).unwrap_or_else(|| panic!("no `{BEGIN}`"));
    let (kept, after) = rest.split_once(END).unwrap_or_else(|| panic!("no `{END}`"));
    let wanted = format!("\n{counts}\n");
    if std::env::var_os("UPDATE_PARITY").is_some() {
        let whole = format!("{before}{BEGIN}{wanted}{END}{after}");
        fs::write(root().join(page), whole).expect("the page is written");
        return;
    }
    assert!(kept == wanted, "{page} has other counts; run with UPDATE_PARITY=1");
}

#[test]
fn every_line_has_its_form_and_its_tests() {
    let (areas, tests) = (areas_of_the_ledger(), Tests::of_the_repository());
    let mut used = BTreeSet::new();
    for file in FILES {
        let text = read(&format!("docs/parity/{file}.tsv"));
        let found = problems(&text, &areas, &tests);
        assert!(found.is_empty(), "docs/parity/{file}.tsv:\n{}", found.join("\n"));
        used.extend(rows(&text).map(|row| row.prefix().to_owned()));
    }
    let known: BTreeSet<String> = areas.into_keys().collect();
    assert_eq!(known, used, "docs/parity/areas.tsv has the areas that rows have");
}

#[test]
fn the_pages_show_the_counts() {
    shown("docs/parity/README.md", &details());
    shown("README.md", &summary("docs/parity/"));
}

/// A test, a ui case and a scenario.
fn few() -> Tests {
    let mut tests = Tests::default();
    let place = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect();
    let source =
        "#[actix_web::test]\nasync fn a_page_is_shown() {\n    helper();\n}\nfn helper() {}";
    tests.read(source, &place(&["tests", "suite", "pages"]));
    tests.0.insert("errors".into(), vec![place(&["tests", "parity", "exchanges", "errors"])]);
    tests
}

/// What is wrong with one line.
fn wrong(line: &str) -> Vec<String> {
    let areas = areas("prefix\tarea\nX-ONE\tone\n");
    problems(&format!("id\tstate\ttests\tnote\n{line}\n"), &areas, &few())
}

#[test]
fn lines_without_a_mistake_pass() {
    for line in [
        "X-ONE-1\tyes\ta_page_is_shown\t",
        "X-ONE-1\tyes\tpages::a_page_is_shown,exchanges::errors\tBoth.",
        "X-ONE-1\tpartly\t\tOnly on Sundays.",
        "X-ONE-1\tno\t\t",
        "X-ONE-1\tdiffers\ta_page_is_shown\t503 and not 500",
        "X-ONE-1\tn/a\t\tthe compiler sees to it",
    ] {
        assert_eq!(wrong(line), [""; 0], "{line}");
    }
}

#[test]
fn a_test_whose_name_is_misspelt_is_missed() {
    for name in ["a_pgae_is_shown", "helper", "exchanges::erors", "pages::errors", "other::helper"]
    {
        let found = wrong(&format!("X-ONE-1\tyes\ta_page_is_shown,{name}\t"));
        assert_eq!(found, [format!("X-ONE-1: there is no test `{name}`")]);
    }
}

#[test]
fn every_other_mistake_is_named() {
    for (line, problem) in [
        ("X-ONE-1\tyes\t\tSurely.", "X-ONE-1: `yes` names a test"),
        ("X-ONE-1\tpartly\ta_page_is_shown\t", "X-ONE-1: `partly` has a note"),
        ("X-ONE-1\tdiffers\t\t", "X-ONE-1: `differs` has a note"),
        ("X-ONE-1\tn/a\t\t", "X-ONE-1: `n/a` has a note"),
        ("X-ONE-1\tmaybe\t\t", "X-ONE-1: `maybe` is no state"),
        ("X-ONE-1\tno\t\t Not yet.", "X-ONE-1: the note has spaces around it"),
        ("X-TWO-1\tno\t\t", "X-TWO-1: `X-TWO` is no area"),
        ("X-ONE-1\tno\t\t\nX-ONE-1\tno\t\t", "X-ONE-1: it is there twice"),
        ("X-ONE-1\tno\t", "`X-ONE-1\tno\t` has not four cells"),
    ] {
        assert_eq!(wrong(line), [problem]);
    }
    let other = problems("id\tstate\n", &BTreeMap::new(), &few());
    assert_eq!(other, ["the first line is not `id`, `state`, `tests`, `note`"]);
}
