//! What the account tables say of a user.

use std::collections::HashSet;

use super::Account;
use crate::db::{ColumnKind, Conn, Error, Sql};
use crate::exceptions::Result;
use crate::fields::Value;

/// True when an active user has all of these permissions, by itself or through its groups
/// (`user.has_perms(["store.add_artist"])`). A superuser has every one.
///
/// # Errors
/// When the database cannot be asked.
pub async fn has_perms(conn: &Conn, user: &Account, perms: &[String]) -> Result<bool> {
    if !user.is_active() {
        return Ok(false);
    }
    if user.is_superuser() || perms.is_empty() {
        return Ok(true);
    }
    let codenames: Vec<Value> = perms
        .iter()
        .map(|perm| {
            Value::Text(perm.split_once('.').map_or(perm.as_str(), |(_, name)| name).to_owned())
        })
        .collect();
    let mut sql = Sql::new(conn.dialect());
    sql.push(
        "SELECT ct.app_label, p.codename FROM auth_permission p \
         INNER JOIN django_content_type ct ON ct.id = p.content_type_id WHERE p.codename",
    );
    sql.any_of(codenames, ColumnKind::Text);
    sql.push(" AND (p.id IN (SELECT permission_id FROM \"");
    let (table, source) = user.meta().user_permissions();
    let kind = user.meta().key_kind();
    sql.push(&table).push("\" WHERE ").push(source).push(" = ").bind(user.key(), kind);
    sql.push(") OR p.id IN (SELECT gp.permission_id FROM auth_group_permissions gp INNER JOIN \"");
    let (table, source) = user.meta().groups();
    sql.push(&table).push("\" ug ON ug.group_id = gp.group_id WHERE ug.").push(source);
    sql.push(" = ").bind(user.key(), kind).push("))");
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
pub async fn in_group(conn: &Conn, user: &Account, name: &str) -> Result<bool> {
    let mut sql = Sql::new(conn.dialect());
    let (table, source) = user.meta().groups();
    sql.push("SELECT g.id FROM auth_group g INNER JOIN \"").push(&table);
    sql.push("\" ug ON ug.group_id = g.id WHERE g.name = ");
    sql.bind(Value::Text(name.to_owned()), ColumnKind::Text).push(" AND ug.").push(source);
    sql.push(" = ").bind(user.key(), user.meta().key_kind());
    Ok(!conn.rows(sql, |row| row.get::<i32>(0, ColumnKind::Integer)).await?.is_empty())
}

#[cfg(test)]
mod tests {
    use super::super::{User, UserMeta, testing};
    use super::*;
    use crate::db::testing::on_each_with;

    async fn by_token(conn: &Conn, key: &str) -> Option<Account> {
        UserMeta::djangos().by_token(conn, key).await.unwrap()
    }

    async fn may(conn: &Conn, user: &Account, perms: &[&str]) -> bool {
        let perms: Vec<String> = perms.iter().map(|&perm| perm.to_owned()).collect();
        has_perms(conn, user, &perms).await.unwrap()
    }

    #[test]
    fn a_key_leads_to_its_user_active_or_not() {
        on_each_with(testing::TABLES, async |conn| {
            let alice = by_token(conn, "a11ce").await.unwrap();
            assert_eq!(alice.key(), Value::Int(1));
            assert_eq!((alice.username(), alice.is_active()), ("alice", true));
            assert!(!by_token(conn, "b0b").await.unwrap().is_active());
            assert!(by_token(conn, "' OR 1=1 --").await.is_none());
        });
    }

    #[test]
    fn permissions_are_a_users_own_and_those_of_its_groups() {
        on_each_with(testing::TABLES, async |conn| {
            let alice = by_token(conn, "a11ce").await.unwrap();
            assert!(may(conn, &alice, &["store.view_genre"]).await);
            assert!(may(conn, &alice, &["store.view_genre", "store.change_genre"]).await);
            assert!(!may(conn, &alice, &["store.view_genre", "store.add_genre"]).await);
        });
    }

    #[test]
    fn a_permission_of_another_app_is_another_one() {
        on_each_with(testing::TABLES, async |conn| {
            let alice = by_token(conn, "a11ce").await.unwrap();
            assert!(may(conn, &alice, &["other.delete_genre"]).await);
            assert!(!may(conn, &alice, &["store.delete_genre"]).await);
        });
    }

    #[test]
    fn a_superuser_has_every_permission_while_active() {
        on_each_with(testing::TABLES, async |conn| {
            let mut root = User { is_superuser: true, ..testing::user() };
            let shut = Account::from(root.clone());
            assert!(!may(conn, &shut, &["store.add_genre"]).await);
            assert!(!may(conn, &shut, &[]).await);
            root.is_active = true;
            let root = Account::from(root);
            assert!(may(conn, &root, &["store.add_genre"]).await);
        });
    }

    #[test]
    fn groups_are_known_by_name() {
        on_each_with(testing::TABLES, async |conn| {
            let alice = by_token(conn, "a11ce").await.unwrap();
            assert!(in_group(conn, &alice, "editors").await.unwrap());
            assert!(!in_group(conn, &alice, "admins").await.unwrap());
        });
    }
}
