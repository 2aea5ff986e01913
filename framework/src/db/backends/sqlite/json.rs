//! `json_holds` of `SQLite`: what `@>` is on `PostgreSQL`, for `contains` and `contained_by`.

use diesel::QueryResult;
use diesel::sqlite::SqliteConnection;
use serde_json::Value as Json;

use crate::values::{parse_json, to_json};

diesel::define_sql_function! {
    /// Whether JSON holds all that other JSON has.
    fn json_holds(whole: diesel::sql_types::Nullable<diesel::sql_types::Text>, part: diesel::sql_types::Nullable<diesel::sql_types::Text>) -> diesel::sql_types::Nullable<diesel::sql_types::Bool>;
}

/// Null of null; what is no JSON holds nothing.
fn of_texts(whole: Option<String>, part: Option<String>) -> Option<bool> {
    let read = |text: &str| parse_json(text).ok().and_then(|raw| to_json(&raw));
    let (whole, part) = (whole?, part?);
    let (Some(whole), Some(part)) = (read(&whole), read(&part)) else { return Some(false) };
    // an array holds a plain value that is one of its items, at the top alone
    if let (Json::Array(items), false) = (&whole, part.is_array() || part.is_object()) {
        return Some(items.contains(&part));
    }
    Some(holds(&whole, &part))
}

fn holds(whole: &Json, part: &Json) -> bool {
    match (whole, part) {
        (Json::Object(whole), Json::Object(part)) => {
            part.iter().all(|(key, inner)| whole.get(key).is_some_and(|outer| holds(outer, inner)))
        }
        (Json::Array(whole), Json::Array(part)) => {
            part.iter().all(|inner| whole.iter().any(|outer| holds(outer, inner)))
        }
        (Json::Number(whole), Json::Number(part)) => {
            whole == part || whole.as_f64() == part.as_f64()
        }
        (whole, part) => whole == part,
    }
}

/// Registers the function with a connection.
pub(super) fn register(connection: &mut SqliteConnection) -> QueryResult<()> {
    json_holds_utils::register_impl(connection, of_texts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_holds_what_postgresql_says_it_does() {
        let holds =
            |whole: &str, part: &str| of_texts(Some(whole.into()), Some(part.into())).unwrap();
        for (whole, part) in [
            ("[1, 2, 3]", "[1, 3]"),
            ("[1, 2, 3]", "[3, 1, 3, 1]"),
            ("[1, [2, 3]]", "[[3]]"),
            ("{\"a\": {\"b\": 1, \"c\": 2}}", "{\"a\": {\"b\": 1.0}}"),
            ("{\"a\": 1}", "{}"),
            ("[\"foo\", \"bar\"]", "\"bar\""),
            ("null", "null"),
        ] {
            assert!(holds(whole, part), "{whole} {part}");
        }
        for (whole, part) in [
            ("[1, 2, [1, 3]]", "[[2]]"),
            ("[1, 2, [1, 3]]", "[3]"),
            ("\"bar\"", "[\"bar\"]"),
            ("{\"foo\": {\"bar\": \"baz\"}}", "{\"bar\": \"baz\"}"),
            ("{}", "[]"),
            ("1", "true"),
            ("{", "{"),
        ] {
            assert!(!holds(whole, part), "{whole} {part}");
        }
        assert_eq!(of_texts(None, Some("1".into())), None);
    }
}
