//! What the account tables say of a user.

use std::collections::HashSet;

use super::User;
use crate::db::{ColumnKind, Conn, Error, Model, Sql, write_columns};
use crate::exceptions::Result;
use crate::fields::Value;

/// The user whose API key this is, in one statement; inactive ones too.
///
/// # Errors
/// When the database cannot be asked.
pub async fn token_user(conn: &Conn, key: &str) -> Result<Option<User>> {
    let mut sql = Sql::new(conn.dialect());
    sql.push("SELECT ");
    write_columns(&mut sql, User::META, "auth_user");
    sql.push(
        " FROM \"auth_user\" INNER JOIN \"authtoken_token\" ON \"authtoken_token\".\"user_id\" = ",
    );
    sql.push("\"auth_user\".\"id\" WHERE \"authtoken_token\".\"key\" = ");
    sql.bind(Value::Text(key.to_owned()), ColumnKind::Text);
    Ok(conn.rows(sql, |row| User::from_row(row, 0)).await?.into_iter().next())
}

/// True when an active user has all of these permissions, by itself or through its groups
/// (`user.has_perms(["store.add_artist"])`). A superuser has every one.
///
/// # Errors
/// When the database cannot be asked.
pub async fn has_perms(conn: &Conn, user: &User, perms: &[String]) -> Result<bool> {
    if !user.is_active {
        return Ok(false);
    }
    if user.is_superuser || perms.is_empty() {
        return Ok(true);
    }
    let codenames: Vec<Value> = perms
        .iter()
        .map(|perm| {
            Value::Text(perm.split_once('.').map_or(perm.as_str(), |(_, name)| name).to_owned())
        })
        .collect();
    let id = || Value::Int(user.id.into());
    let mut sql = Sql::new(conn.dialect());
    sql.push(
        "SELECT ct.app_label, p.codename FROM auth_permission p \
         INNER JOIN django_content_type ct ON ct.id = p.content_type_id WHERE p.codename",
    );
    sql.any_of(codenames, ColumnKind::Text);
    sql.push(
        " AND (p.id IN (SELECT permission_id FROM auth_user_user_permissions WHERE user_id = ",
    );
    sql.bind(id(), ColumnKind::Integer);
    sql.push(
        ") OR p.id IN (SELECT gp.permission_id FROM auth_group_permissions gp \
         INNER JOIN auth_user_groups ug ON ug.group_id = gp.group_id WHERE ug.user_id = ",
    );
    sql.bind(id(), ColumnKind::Integer).push("))");
    let held = conn
        .rows(sql, |row| {
            let app: String = row.get(0, ColumnKind::Text)?;
            let codename: String = row.get(1, ColumnKind::Text)?;
            Ok::<_, Error>(format!("{app}.{codename}"))
        })
        .await?;
    let held: HashSet<String> = held.into_iter().collect();
    Ok(perms.iter().all(|perm| held.contains(perm)))
}

/// True when the user is in the group of this name.
///
/// # Errors
/// When the database cannot be asked.
pub async fn in_group(conn: &Conn, user: &User, name: &str) -> Result<bool> {
    let mut sql = Sql::new(conn.dialect());
    sql.push(
        "SELECT g.id FROM auth_group g INNER JOIN auth_user_groups ug ON ug.group_id = g.id \
         WHERE g.name = ",
    );
    sql.bind(Value::Text(name.to_owned()), ColumnKind::Text).push(" AND ug.user_id = ");
    sql.bind(Value::Int(user.id.into()), ColumnKind::Integer);
    Ok(!conn.rows(sql, |row| row.get::<i32>(0, ColumnKind::Integer)).await?.is_empty())
}

#[cfg(test)]
mod tests {
    use super::super::testing;
    use super::*;
    use crate::db::testing::on_each_with;

    async fn may(conn: &Conn, user: &User, perms: &[&str]) -> bool {
        let perms: Vec<String> = perms.iter().map(|&perm| perm.to_owned()).collect();
        has_perms(conn, user, &perms).await.unwrap()
    }

    #[test]
    fn a_key_leads_to_its_user_active_or_not() {
        on_each_with(testing::TABLES, async |conn| {
            let alice = token_user(conn, "a11ce").await.unwrap().unwrap();
            assert_eq!((alice.id, alice.username.as_str(), alice.is_active), (1, "alice", true));
            assert!(!token_user(conn, "b0b").await.unwrap().unwrap().is_active);
            assert_eq!(token_user(conn, "' OR 1=1 --").await.unwrap(), None);
        });
    }

    #[test]
    fn permissions_are_a_users_own_and_those_of_its_groups() {
        on_each_with(testing::TABLES, async |conn| {
            let alice = token_user(conn, "a11ce").await.unwrap().unwrap();
            assert!(may(conn, &alice, &["store.view_genre"]).await);
            assert!(may(conn, &alice, &["store.view_genre", "store.change_genre"]).await);
            assert!(!may(conn, &alice, &["store.view_genre", "store.add_genre"]).await);
        });
    }

    #[test]
    fn a_permission_of_another_app_is_another_one() {
        on_each_with(testing::TABLES, async |conn| {
            let alice = token_user(conn, "a11ce").await.unwrap().unwrap();
            assert!(may(conn, &alice, &["other.delete_genre"]).await);
            assert!(!may(conn, &alice, &["store.delete_genre"]).await);
        });
    }

    #[test]
    fn a_superuser_has_every_permission_while_active() {
        on_each_with(testing::TABLES, async |conn| {
            let mut root = User { is_superuser: true, ..testing::user() };
            assert!(!may(conn, &root, &["store.add_genre"]).await);
            assert!(!may(conn, &root, &[]).await);
            root.is_active = true;
            assert!(may(conn, &root, &["store.add_genre"]).await);
        });
    }

    #[test]
    fn groups_are_known_by_name() {
        on_each_with(testing::TABLES, async |conn| {
            let alice = token_user(conn, "a11ce").await.unwrap().unwrap();
            assert!(in_group(conn, &alice, "editors").await.unwrap());
            assert!(!in_group(conn, &alice, "admins").await.unwrap());
        });
    }
}
