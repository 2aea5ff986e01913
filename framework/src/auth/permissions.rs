//! Permissions and groups of an account.

use std::collections::HashSet;
use std::sync::OnceLock;

use super::Account;
use crate::db::{ColumnKind, Conn, Error, Sql};
use crate::exceptions::Result;

/// What has been looked up about an account, once per request.
#[derive(Debug, Default)]
pub(super) struct Known {
    permissions: OnceLock<HashSet<String>>,
    groups: OnceLock<HashSet<String>>,
}

impl Account {
    /// Every permission that it has itself and through its groups, as `store.add_artist`
    /// (`user.get_all_permissions()`): all of them for a superuser, none for an inactive account.
    /// One statement, once per request.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn get_all_permissions(&self, conn: &Conn) -> Result<&HashSet<String>> {
        if let Some(known) = self.known().permissions.get() {
            return Ok(known);
        }
        let held = if self.is_active() { self.read_permissions(conn).await? } else { Vec::new() };
        Ok(self.known().permissions.get_or_init(|| held.into_iter().collect()))
    }

    async fn read_permissions(&self, conn: &Conn) -> Result<Vec<String>> {
        let mut sql = Sql::new(conn.dialect());
        sql.push(
            "SELECT ct.app_label, p.codename FROM auth_permission p \
             INNER JOIN django_content_type ct ON ct.id = p.content_type_id",
        );
        if !self.is_superuser() {
            let kind = self.meta().key_kind();
            let (table, source) = self.meta().user_permissions();
            sql.push(" WHERE p.id IN (SELECT permission_id FROM \"").push(&table);
            sql.push("\" WHERE ").push(source).push(" = ").bind(self.key(), kind);
            sql.push(" UNION SELECT gp.permission_id FROM auth_group_permissions gp INNER JOIN \"");
            let (table, source) = self.meta().groups();
            sql.push(&table).push("\" ug ON ug.group_id = gp.group_id WHERE ug.").push(source);
            sql.push(" = ").bind(self.key(), kind).push(")");
        }
        let rows = conn
            .rows(sql, |row| {
                let app: String = row.get(0, ColumnKind::Text)?;
                let codename: String = row.get(1, ColumnKind::Text)?;
                Ok::<_, Error>(format!("{app}.{codename}"))
            })
            .await?;
        Ok(rows)
    }

    /// Whether it has all of these permissions (`user.has_perms(["store.add_artist"])`). A
    /// superuser has all of them, an inactive account none.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn has_perms(&self, conn: &Conn, perms: &[impl AsRef<str>]) -> Result<bool> {
        if !self.is_active() {
            return Ok(false);
        }
        if self.is_superuser() || perms.is_empty() {
            return Ok(true);
        }
        let held = self.get_all_permissions(conn).await?;
        Ok(perms.iter().all(|perm| held.contains(perm.as_ref())))
    }

    /// Whether it has any permission of this app (`user.has_module_perms("store")`).
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn has_module_perms(&self, conn: &Conn, app_label: &str) -> Result<bool> {
        if !self.is_active() || self.is_superuser() {
            return Ok(self.is_active());
        }
        let held = self.get_all_permissions(conn).await?;
        Ok(held.iter().any(|perm| perm.split('.').next() == Some(app_label)))
    }

    /// The names of its groups. One statement, once per request.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn group_names(&self, conn: &Conn) -> Result<&HashSet<String>> {
        if let Some(known) = self.known().groups.get() {
            return Ok(known);
        }
        let mut sql = Sql::new(conn.dialect());
        let (table, source) = self.meta().groups();
        sql.push("SELECT g.name FROM auth_group g INNER JOIN \"").push(&table);
        sql.push("\" ug ON ug.group_id = g.id WHERE ug.").push(source);
        sql.push(" = ").bind(self.key(), self.meta().key_kind());
        let names = conn.rows(sql, |row| row.get::<String>(0, ColumnKind::Text)).await?;
        Ok(self.known().groups.get_or_init(|| names.into_iter().collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::super::{User, UserMeta, testing};
    use super::*;
    use crate::db::testing::on_each_with;
    use crate::values::Value;

    async fn by_token(conn: &Conn, key: &str) -> Option<Account> {
        UserMeta::djangos().by_token(conn, key).await.unwrap()
    }

    async fn may(conn: &Conn, user: &Account, perms: &[&str]) -> bool {
        user.has_perms(conn, perms).await.unwrap()
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
            let names = alice.group_names(conn).await.unwrap();
            assert_eq!(names.iter().collect::<Vec<_>>(), ["editors"]);
        });
    }

    #[test]
    fn all_permissions_of_an_account_are_those_that_it_may_use() {
        on_each_with(testing::TABLES, async |conn| {
            let all = async |user: &Account| {
                let mut all: Vec<String> =
                    user.get_all_permissions(conn).await.unwrap().iter().cloned().collect();
                all.sort();
                all
            };
            let alice = by_token(conn, "a11ce").await.unwrap();
            let held = ["other.delete_genre", "store.change_genre", "store.view_genre"];
            assert_eq!(all(&alice).await, held);
            assert!(alice.has_module_perms(conn, "other").await.unwrap());
            assert!(!alice.has_module_perms(conn, "oth").await.unwrap());
            let root = User { is_superuser: true, is_active: true, ..testing::user() };
            assert_eq!(all(&Account::from(root)).await.len(), 4);
            let shut = User { is_superuser: true, ..testing::user() };
            assert!(all(&Account::from(shut)).await.is_empty());
        });
    }

    #[test]
    fn an_account_is_asked_about_once() {
        on_each_with(testing::TABLES, async |conn| {
            let alice = by_token(conn, "a11ce").await.unwrap();
            assert!(may(conn, &alice, &["store.view_genre"]).await);
            alice.group_names(conn).await.unwrap();
            conn.batch_execute("DELETE FROM auth_user_user_permissions").await.unwrap();
            conn.batch_execute("DELETE FROM auth_user_groups").await.unwrap();
            assert!(may(conn, &alice, &["store.view_genre"]).await);
            assert!(alice.group_names(conn).await.unwrap().contains("editors"));
            let later = by_token(conn, "a11ce").await.unwrap();
            assert!(!may(conn, &later, &["store.view_genre"]).await);
        });
    }
}
