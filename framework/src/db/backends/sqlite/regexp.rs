//! `REGEXP` of `SQLite`: the patterns of a statement are compiled once, not for each row.

use std::cell::RefCell;

use diesel::QueryResult;
use diesel::sqlite::SqliteConnection;
use regex::Regex;

use crate::db::pattern::{self, IGNORE_CASE};

diesel::define_sql_function! {
    /// The function that `x REGEXP y` calls in `SQLite`: the pattern comes first.
    fn regexp(pattern: diesel::sql_types::Nullable<diesel::sql_types::Text>, value: diesel::sql_types::Nullable<diesel::sql_types::Text>) -> diesel::sql_types::Bool;
}

/// How many patterns a thread keeps: more than a statement has, or each would be compiled again
/// for each row.
const MOST: usize = 48;

/// Compiled patterns, each with the time of its last use.
#[derive(Default)]
struct Patterns {
    kept: Vec<(u64, String, Option<Regex>)>,
    clock: u64,
    #[cfg(test)]
    compiled: usize,
}

thread_local! {
    static PATTERNS: RefCell<Patterns> = RefCell::default();
}

impl Patterns {
    /// The compiled pattern; an invalid one matches nothing.
    fn get(&mut self, pattern: String) -> Option<&Regex> {
        self.clock += 1;
        let at = self.kept.iter().position(|(_, own, _)| *own == pattern);
        let at = at.unwrap_or_else(|| {
            let compiled = compile(&pattern);
            #[cfg(test)]
            {
                self.compiled += 1;
            }
            if self.kept.len() >= MOST {
                let oldest = self.kept.iter().enumerate().min_by_key(|(_, (used, ..))| *used);
                let oldest = oldest.map_or(0, |(at, _)| at);
                self.kept.swap_remove(oldest);
            }
            self.kept.push((0, pattern, compiled));
            self.kept.len() - 1
        });
        let (used, _, regex) = self.kept.get_mut(at)?;
        *used = self.clock;
        regex.as_ref()
    }
}

fn compile(pattern: &str) -> Option<Regex> {
    match pattern.strip_prefix(IGNORE_CASE) {
        Some(rest) => pattern::compile(rest, true),
        None => pattern::compile(pattern, false),
    }
}

fn matches(pattern: Option<String>, value: Option<String>) -> bool {
    let (Some(pattern), Some(value)) = (pattern, value) else { return false };
    PATTERNS.with_borrow_mut(|patterns| {
        patterns.get(pattern).is_some_and(|regex| regex.is_match(&value))
    })
}

/// Registers the operator with a connection.
pub(super) fn register(connection: &mut SqliteConnection) -> QueryResult<()> {
    regexp_utils::register_impl(connection, matches)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::testing::block_on;
    use crate::db::{ColumnKind, Conn, Sql};
    use crate::values::Value;

    #[test]
    fn a_pattern_that_is_none_matches_nothing() {
        let conn = Conn::for_tests();
        let matches = |pattern: &str| {
            let mut sql = Sql::new(conn.dialect());
            sql.push("SELECT 'Riff Raff' REGEXP ");
            sql.bind(Value::Text(pattern.into()), ColumnKind::Text);
            let read = conn.rows(sql, |row| row.get::<bool>(0, ColumnKind::Bool));
            block_on(read).unwrap() == [true]
        };
        assert!(matches("^R.*f$") && matches("(?i)RAFF") && !matches("x") && !matches("("));
    }

    #[test]
    fn the_patterns_of_one_statement_are_compiled_once_each() {
        let mut patterns = Patterns::default();
        for _row in 0..1_000 {
            for number in 0..MOST {
                assert!(patterns.get(format!("^{number}$")).is_some());
            }
        }
        assert_eq!((patterns.compiled, patterns.kept.len()), (MOST, MOST));
    }

    #[test]
    fn the_pattern_that_was_not_used_for_longest_makes_room() {
        let mut patterns = Patterns::default();
        for number in 0..10 * MOST {
            assert!(patterns.get(format!("^{number}$")).is_some());
            assert!(patterns.get("^often$".into()).is_some());
        }
        assert_eq!((patterns.compiled, patterns.kept.len()), (10 * MOST + 1, MOST));
    }
}
