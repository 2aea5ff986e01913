//! What the manifests declare is so: the oldest compiler, and the features.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap()
}

/// What a program prints, when it goes well.
fn printed(program: &str, words: &[&str]) -> String {
    let output = Command::new(program).args(words).current_dir(root()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// `1.89.0` and `1.89`, to be compared.
fn version(text: &str) -> Vec<u32> {
    let mut parts: Vec<u32> = text.split('.').map(|part| part.parse().unwrap()).collect();
    parts.resize(3, 0);
    parts
}

#[test]
fn the_declared_compiler_is_new_enough_for_every_dependency() {
    let about = printed("rustc", &["-vV"]);
    let host = about.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
    let metadata = printed(
        env!("CARGO"),
        &["metadata", "--format-version=1", "--locked", "--offline", "--filter-platform", host],
    );
    let metadata: Value = serde_json::from_str(&metadata).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let needs = |package: &Value| Some(version(package["rust_version"].as_str()?));
    let ours = |package: &&Value| package["source"].is_null();
    let declared = packages.iter().filter(ours).filter_map(needs).min().unwrap();
    let mut known = 0;
    for package in packages.iter().filter(|package| !ours(package)) {
        let Some(needed) = needs(package) else { continue };
        known += 1;
        assert!(
            declared >= needed,
            "{} needs {needed:?}, declared is {declared:?}",
            package["name"]
        );
    }
    assert!(known > 100, "dependencies that say which compiler they need: {known}");
    let quintet = packages.iter().filter(ours).find(|package| package["name"] == "quintet");
    let lint = read("clippy.toml");
    let shown = quintet.and_then(|package| package["rust_version"].as_str()).unwrap();
    assert!(read("README.md").contains(&format!("Rust {shown}")), "README.md names Rust {shown}");
    let (install, workflow) = (format!("toolchain install {shown} "), ".github/workflows/ci.yml");
    assert!(read(workflow).contains(&install), "{workflow} installs Rust {shown}");
    assert!(!lint.contains("msrv"), "clippy reads the version from the manifest: {lint}");
}

#[test]
fn every_feature_is_documented_and_built_alone() {
    let manifest = read("framework/Cargo.toml");
    let section = manifest.split_once("[features]\n").unwrap().1.split("\n\n").next().unwrap();
    let features: Vec<&str> =
        section.lines().filter_map(|line| Some(line.split_once(" = ")?.0)).collect();
    assert!(features.contains(&"sqlite") && features.len() > 10, "{features:?}");
    let defaults = section.lines().find(|line| line.starts_with("default = ")).unwrap();
    let (library, page, checks) =
        (read("framework/src/lib.rs"), read("README.md"), read(".ci/run"));
    for feature in features.into_iter().filter(|feature| *feature != "default") {
        let row = |text: &str| {
            let row = text.lines().find(|line| line.contains(&format!("| `{feature}` |")));
            row.unwrap_or_else(|| panic!("no row of `{feature}`")).trim_end().to_owned()
        };
        let is_default = defaults.contains(&format!("\"{feature}\""));
        assert_eq!(row(&library).ends_with("| yes |"), is_default, "`{feature}` in lib.rs");
        assert_eq!(row(&page).ends_with("| yes |"), is_default, "`{feature}` in README.md");
        let built = checks.lines().any(|line| {
            line.starts_with("for feature in ")
                && line.split([' ', ';']).any(|word| word == feature)
        });
        assert!(built, "`.ci/run` builds `{feature}` alone");
    }
}
