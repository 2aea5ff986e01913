//! API keys of accounts (`rest_framework.authtoken`).

use super::Account;
use super::hashers::random_hex;
use crate::db::{ColumnKind, Conn, DateTime, Sql};
use crate::exceptions::{ApiException, Result};
use crate::values::Value;

/// The account's API key, created if it has none (`Token.objects.get_or_create`).
///
/// # Errors
/// What the database reports; 500 when the system gives no random numbers.
pub async fn get_or_create_token(conn: &Conn, account: &Account) -> Result<String> {
    if let Some(key) = find(conn, account).await? {
        return Ok(key);
    }
    let key = random_hex::<20>().map_err(ApiException::internal)?;
    let mut sql = Sql::new(conn.dialect());
    sql.push("INSERT INTO ").name("authtoken_token").push(" (").name("key").push(", ");
    sql.name("created").push(", ").name("user_id").push(") VALUES (");
    sql.bind(Value::Text(key.clone()), ColumnKind::Text).push(", ");
    sql.bind(Value::DateTime(DateTime::now()), ColumnKind::DateTime).push(", ");
    sql.bind(account.key(), account.meta().key_kind());
    // another request may create one at the same time
    sql.push(") ON CONFLICT (").name("user_id").push(") DO NOTHING");
    if conn.send(sql).await? == 1 {
        return Ok(key);
    }
    find(conn, account).await?.ok_or_else(|| ApiException::internal("a key is gone again"))
}

async fn find(conn: &Conn, account: &Account) -> Result<Option<String>> {
    let mut sql = Sql::new(conn.dialect());
    sql.push("SELECT ").name("key").push(" FROM ").name("authtoken_token").push(" WHERE ");
    sql.name("user_id").push(" = ").bind(account.key(), account.meta().key_kind());
    Ok(conn.rows(sql, |row| row.get(0, ColumnKind::Text)).await?.into_iter().next())
}

#[cfg(test)]
mod tests {
    use super::super::{User, UserMeta, testing};
    use super::*;
    use crate::db::testing::on_each_with;

    #[test]
    fn a_key_is_made_once_and_leads_back_to_its_account() {
        on_each_with(testing::TABLES, async |conn| {
            let alice = UserMeta::djangos().by_token(conn, "a11ce").await.unwrap().unwrap();
            assert_eq!(get_or_create_token(conn, &alice).await.unwrap(), "a11ce");
            let other = Account::from(User { id: 3, ..testing::user() });
            let key = get_or_create_token(conn, &other).await.unwrap();
            assert!(key.len() == 40 && key.bytes().all(|byte| byte.is_ascii_hexdigit()), "{key}");
            assert_eq!(get_or_create_token(conn, &other).await.unwrap(), key);
        });
    }
}
