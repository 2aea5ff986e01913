//! What the compiler says of the likeliest mistakes. Whole messages are compared on the pinned
//! toolchain; elsewhere the first line of each is.

use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// True on the toolchain that `rust-toolchain.toml` names.
fn is_pinned() -> bool {
    let pinned = read(&root().join("rust-toolchain.toml"));
    let channel = pinned.split('"').nth(1).unwrap_or_default();
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let version = Command::new(rustc).arg("--version").output().expect("rustc runs").stdout;
    String::from_utf8_lossy(&version).split(' ').nth(1) == Some(channel)
}

fn cases(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("ui").join(folder);
    let entries = std::fs::read_dir(folder).expect("the folder is there");
    let mut cases: Vec<PathBuf> = entries
        .map(|entry| entry.expect("it can be read").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .collect();
    cases.sort();
    cases
}

/// The first line of every error.
fn first_lines(output: &str) -> Vec<&str> {
    let first = |line: &&str| line.starts_with("error") && !line.contains("could not compile");
    output.lines().filter(first).filter(|line| !line.starts_with("error: aborting")).collect()
}

/// A package with one program a case, beside the workspace.
fn package(cases: &[PathBuf]) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("ui");
    std::fs::create_dir_all(&folder).expect("a folder");
    let root = root().canonicalize().expect("the workspace is there");
    let mut manifest = format!(
        "[package]\nname = \"ui\"\nversion = \"0.0.0\"\nedition = \"2024\"\n[workspace]\n\
         [dependencies]\nquintet = {{ path = '{}', features = [\"postgres\"] }}\n\
         diesel = {{ version = \"2\", default-features = false }}\nregex = \"1\"\n\
         serde_json = \"1\"\n\
         validator = {{ version = \"0.21\", default-features = false }}\n",
        root.join("framework").display()
    );
    manifest.extend(cases.iter().map(|case| {
        let name = case.file_stem().unwrap_or_default().display();
        format!("[[bin]]\nname = '{name}'\npath = '{}'\n", case.display())
    }));
    std::fs::write(folder.join("Cargo.toml"), manifest).expect("a manifest");
    std::fs::copy(root.join("Cargo.lock"), folder.join("Cargo.lock")).expect("a lock file");
    folder
}

/// What the compiler says of a case.
fn check(package: &Path, case: &Path) -> String {
    let output = Command::new(env!("CARGO"))
        .args(["check", "--quiet", "--offline", "--color=never", "--bin"])
        .arg(case.file_stem().unwrap_or_default())
        .current_dir(package)
        .env("CARGO_TARGET_DIR", package.join("target"))
        .output()
        .expect("cargo runs");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn mistakes_are_named_in_the_first_line() {
    if is_pinned() {
        let tests = trybuild::TestCases::new();
        tests.pass("ui/pass/*.rs");
        tests.compile_fail("ui/fail/*.rs");
        return;
    }
    let (good, bad) = (cases("pass"), cases("fail"));
    let all: Vec<PathBuf> = good.iter().chain(&bad).cloned().collect();
    let package = package(&all);
    for case in &good {
        let said = check(&package, case);
        assert!(first_lines(&said).is_empty(), "{}: {said}", case.display());
    }
    for case in &bad {
        let (said, expected) = (check(&package, case), read(&case.with_extension("stderr")));
        assert_eq!(first_lines(&said), first_lines(&expected), "{}: {said}", case.display());
    }
}
