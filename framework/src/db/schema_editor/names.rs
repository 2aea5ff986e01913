//! Names of indexes and constraints, as Django makes them: the table, the columns, a digest of both.

use md5::{Digest as _, Md5};

use crate::db::Dialect;

/// The most characters of a name (`max_name_length`; Django's 200 where the database has no limit).
fn longest(dialect: Dialect) -> usize {
    match dialect {
        Dialect::Sqlite => 200,
        Dialect::Postgres => 63,
    }
}

/// Eight hex digits of names (`names_digest`).
fn digest(names: &[&str]) -> String {
    let mut hash = Md5::new();
    for name in names {
        hash.update(name.as_bytes());
    }
    let bytes = hash.finalize();
    format!("{:08x}", u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
}

/// The name of an index, or with a suffix of a constraint (`_create_index_name`).
pub(super) fn index(table: &str, columns: &[&str], suffix: &str, dialect: Dialect) -> String {
    let longest = longest(dialect);
    let names: Vec<&str> = std::iter::once(table).chain(columns.iter().copied()).collect();
    let end = format!("{}{suffix}", digest(&names));
    let columns = columns.join("_");
    let whole = format!("{table}_{columns}_{end}");
    if whole.len() <= longest {
        return whole;
    }
    let end = if end.len() > longest / 3 { cut(&end, longest / 3) } else { &end };
    let each = (longest - end.len()) / 2 - 1;
    let name = format!("{}_{}_{end}", cut(table, each), cut(&columns, each));
    if name.starts_with(|first: char| first == '_' || first.is_ascii_digit()) {
        return format!("D{}", cut(&name, name.len() - 1));
    }
    name
}

/// The first bytes of a name, or fewer where a character would be cut.
fn cut(name: &str, most: usize) -> &str {
    let end = (0..=most.min(name.len())).rev().find(|end| name.is_char_boundary(*end));
    &name[..end.unwrap_or_default()]
}

/// The name of a foreign key.
pub(super) fn foreign_key(table: &str, column: &str, to: (&str, &str), dialect: Dialect) -> String {
    index(table, &[column], &format!("_fk_{}_{}", to.0, to.1), dialect)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_that_django_makes() {
        let index = |columns: &[&str], suffix| {
            index("auth_group_permissions", columns, suffix, Dialect::Postgres)
        };
        assert_eq!(index(&["group_id"], ""), "auth_group_permissions_group_id_b120cbf9");
        assert_eq!(
            index(&["group_id", "permission_id"], "_uniq"),
            "auth_group_permissions_group_id_permission_id_0cd325b0_uniq"
        );
        let key = |column, to| foreign_key("auth_group_permissions", column, to, Dialect::Postgres);
        assert_eq!(
            key("group_id", ("auth_group", "id")),
            "auth_group_permissions_group_id_b120cbf9_fk_auth_group_id"
        );
        // cut to the 63 characters of PostgreSQL
        assert_eq!(
            key("permission_id", ("auth_permission", "id")),
            "auth_group_permissio_permission_id_84c5c92e_fk_auth_perm"
        );
    }
}
