//! Every trait that programs implement says what is missing where it is missing, and is shown in a
//! whole example, which the documentation tests compile.

use std::fs;
use std::path::{Path, PathBuf};

/// Traits that a missing implementation is not the user's mistake of.
const WITHOUT_MESSAGE: &[(&str, &str)] = &[
    ("Dyn", "the object-safe half of another trait, which has the message"),
    ("OnSqlite", "diesel's message names the part that the database does not know"),
    ("OnPostgres", "likewise"),
    ("Node", "made of the two"),
    ("QuerySqlite", "likewise"),
    ("QueryPostgres", "likewise"),
    ("Query", "made of the two"),
    ("CommandSqlite", "diesel's message names the part that the database does not know"),
    ("CommandPostgres", "likewise"),
    ("Command", "made of the two"),
    ("OnObjects", "a permission that another one wraps"),
    ("RelatedLookups", "methods of every path, asked for by nobody"),
    ("Fields", "written by `#[model]` with the model, which has the message"),
    ("RawRow", "the two databases'"),
    ("Sealed", "nobody's to implement"),
    ("MakesValue", "values that types of columns make"),
    ("StoredChoice", "what `#[derive(Choices)]` stores: the derive names the types"),
    ("Out", "texts and byte strings, named by no signature of a program"),
];

/// Traits that macros or this crate alone implement: no example of an implementation.
const WITHOUT_EXAMPLE: &[(&str, &str)] = &[
    ("Model", "`#[model]`"),
    ("Column", "`#[model]`"),
    ("BaseOf", "`#[model(abstract)]`"),
    ("ScopeFunction", "functions"),
    ("PathOf", "`#[model]`"),
    ("Choices", "`#[derive(Choices)]`"),
    ("ArrayItem", "types of columns"),
    ("ArrayField", "types of columns"),
    ("JsonField", "types of columns"),
    ("TypedPath", "columns and paths"),
    ("SingleValued", "`One` alone"),
    ("ToOne", "`One` and `Optional`"),
    ("RelatedRows", "sealed"),
    ("Columns", "sealed"),
    ("FitsIn", "types of columns"),
    ("TextField", "types of columns"),
    ("TemporalField", "types of columns"),
    ("ColumnValue", "types of columns"),
    ("Number", "types of columns"),
    ("Comparable", "types of columns"),
    ("FieldType", "types of columns"),
    ("FromFilterValue", "types of columns"),
    ("FilterKind", "the kinds of filters"),
    ("FilterBackends", "tuples of filter backends"),
    ("Assigns", "columns and what is assigned to them"),
    ("Selection", "sealed"),
    ("Aggregates", "sealed"),
    ("FilterSet", "`#[derive(FilterSet)]`"),
    ("Serializer", "`#[derive(Serializer)]`"),
    ("ModelSerializer", "`#[derive(Serializer)]`"),
    ("FromValidated", "`#[derive(Serializer)]`"),
    ("IntoValidated", "`#[derive(Serializer)]`"),
    ("CastTo", "types of columns"),
    ("Dated", "types of columns"),
    ("Arithmetic", "types of columns"),
    ("Cardinality", "`One` and `Many`"),
    ("IntoExpression", "columns, paths, expressions and plain values"),
    ("ShownBy", "every model and itself"),
    ("ModelFor", "every model and itself"),
    ("LeadsTo", "every model and itself"),
    ("ObjectOf", "every model and itself"),
    ("DeclaredAs", "every type and itself"),
    ("Comparand", "a plain value, or another value of the row"),
    ("ComparedWith", "whatever becomes the field's value"),
    ("IntoRoutes", "view sets"),
    ("GenericBase", "the nine bases of generic views"),
    ("ExceptionHandler", "functions"),
    ("BatchField", "functions"),
    ("DefaultValue", "functions"),
    ("BatchAnswer", "maps, sets and lists of values"),
    ("SaveHook", "functions"),
    ("ValidationHook", "functions"),
    ("Unsaved", "`Changes` and lists of them"),
    ("AsyncFieldValidator", "functions"),
    ("AsyncObjectValidator", "functions"),
    ("FilterOverrides", "functions"),
    ("Shows", "types of fields"),
    ("Handler", "functions"),
    ("ActionHandler", "functions"),
    ("StructValidator", "functions"),
    ("Mixins", "tuples of mixins"),
    ("View", "view sets and `ApiView`"),
];

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
        if path.is_dir() && name != "tests" {
            sources(&path, found);
        } else if path.extension().is_some_and(|end| end == "rs" || end == "md") {
            found.push(path);
        }
    }
}

/// A trait's name, and whether it has a message.
fn traits(source: &str) -> Vec<(String, bool)> {
    let lines: Vec<&str> = source.lines().collect();
    let mut found = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let Some(rest) = line.trim_start().strip_prefix("pub trait ") else { continue };
        let end = rest.find(|c: char| !c.is_alphanumeric()).unwrap_or(rest.len());
        // one that a macro names
        if end == 0 {
            continue;
        }
        let above = lines[..at].iter().rev().take_while(|line| !line.trim().is_empty());
        let has_message = above.into_iter().any(|line| line.contains("on_unimplemented"));
        found.push((rest[..end].to_owned(), has_message));
    }
    found
}

fn is_listed(list: &[(&str, &str)], name: &str) -> bool {
    list.iter().any(|(listed, _)| *listed == name || *listed == "Dyn" && name.starts_with("Dyn"))
}

#[test]
fn every_trait_that_programs_implement_has_a_message_and_an_example() {
    let mut files = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../framework/src"), &mut files);
    let texts: Vec<String> = files.iter().map(|file| fs::read_to_string(file).unwrap()).collect();
    let documented: Vec<&str> = (files.iter().zip(&texts))
        .flat_map(|(file, text)| {
            let is_page = file.extension().is_some_and(|end| end == "md");
            text.lines().filter(move |line| is_page || line.trim_start().starts_with("//"))
        })
        .filter(|line| line.contains("impl") && line.contains(" for "))
        .collect();
    let mut wrong = Vec::new();
    let mut seen = Vec::new();
    for (name, has_message) in texts.iter().flat_map(|text| traits(text)) {
        if !has_message && !is_listed(WITHOUT_MESSAGE, &name) {
            wrong.push(format!("`{name}` has no `#[diagnostic::on_unimplemented]`"));
        }
        let is_shown = documented.iter().any(|line| {
            let of_it = |end: &str| line.contains(&format!(" {name}{end}"));
            of_it(" for ") || of_it("<")
        });
        let needs_none = is_listed(WITHOUT_MESSAGE, &name) || is_listed(WITHOUT_EXAMPLE, &name);
        if !is_shown && !needs_none {
            wrong.push(format!("no example implements `{name}`"));
        }
        seen.push(name);
    }
    assert!(seen.len() > 50, "{seen:?}");
    for (name, _) in WITHOUT_MESSAGE.iter().chain(WITHOUT_EXAMPLE) {
        if *name != "Dyn" && !seen.iter().any(|seen| seen == name) {
            wrong.push(format!("`{name}` is listed, and there is no such trait"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
