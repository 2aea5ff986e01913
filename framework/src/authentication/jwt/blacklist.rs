//! The tables of the app `token_blacklist`: which refresh tokens were issued, and which of them are
//! revoked.

use super::claims::TokenError;
use super::tokens::RefreshToken;
use crate::auth::{Account, User};
use crate::db::{ColumnKind, Conn, DateTime, Sql};
use crate::exceptions::{ApiException, Result};
use crate::model;
use crate::request::Context;
use crate::values::Value;

/// A refresh token that was issued: `token_blacklist_outstandingtoken`.
#[model(table = "token_blacklist_outstandingtoken")]
pub struct OutstandingToken {
    /// The primary key.
    pub id: i64,
    /// Whose it is.
    #[field(foreign_key = User, on_delete = set_null)]
    pub user_id: Option<i32>,
    /// Its claim `jti`.
    #[field(max_length = 255, unique)]
    pub jti: String,
    /// Its text.
    #[field(secret)]
    pub token: String,
    /// When it was issued.
    pub created_at: Option<DateTime>,
    /// When it expires.
    pub expires_at: DateTime,
}

/// A revoked refresh token: `token_blacklist_blacklistedtoken`.
#[model(table = "token_blacklist_blacklistedtoken")]
pub struct BlacklistedToken {
    /// The primary key.
    pub id: i64,
    /// Which one.
    #[field(foreign_key = OutstandingToken, unique)]
    pub token_id: i64,
    /// Since when.
    #[field(auto_now_add)]
    pub blacklisted_at: DateTime,
}

/// True for a `jti` that the table can hold.
fn fits(id: &str) -> bool {
    !id.contains('\0') && id.chars().count() <= 255
}

/// True when the token of this `jti` is blacklisted; one that no table can hold is invalid.
pub(super) async fn contains(conn: &Conn, id: &str) -> Result<Result<bool, TokenError>> {
    if !fits(id) {
        return Ok(Err(TokenError::Invalid));
    }
    let mut sql = Sql::new(conn.dialect());
    sql.push(
        "SELECT b.\"id\" FROM \"token_blacklist_blacklistedtoken\" b \
         INNER JOIN \"token_blacklist_outstandingtoken\" o ON o.\"id\" = b.\"token_id\" \
         WHERE o.\"jti\" = ",
    );
    sql.bind(Value::Text(id.to_owned()), ColumnKind::Text);
    let found = conn.rows(sql, |row| row.get::<i64>(0, ColumnKind::BigInt)).await?;
    Ok(Ok(!found.is_empty()))
}

/// Records a token as issued; one that is recorded already is left unchanged.
pub(super) async fn outstand(
    cx: &Context,
    token: &RefreshToken,
    text: &str,
    user: Option<&Account>,
) -> Result<()> {
    let (Some(id), Some(end)) = (token.id().filter(|id| fits(id)), token.expires_at()) else {
        return Err(ApiException::internal("a refresh token without `jti` and `exp`"));
    };
    let mut sql = Sql::new(cx.dialect());
    sql.push(
        "INSERT INTO \"token_blacklist_outstandingtoken\" \
         (\"user_id\", \"jti\", \"token\", \"created_at\", \"expires_at\") VALUES (",
    );
    sql.bind(user.map_or(Value::Null, Account::key), cx.user_meta().key_kind()).push(", ");
    sql.bind(Value::Text(id.to_owned()), ColumnKind::Text).push(", ");
    sql.bind(Value::Text(text.to_owned()), ColumnKind::Text).push(", ");
    sql.bind(Value::DateTime(DateTime::now()), ColumnKind::DateTime).push(", ");
    sql.bind(Value::DateTime(end), ColumnKind::DateTime);
    sql.push(") ON CONFLICT (\"jti\") DO NOTHING");
    cx.send(sql).await?;
    Ok(())
}

/// Puts a recorded token on the blacklist; false if it is there already. If two transactions do so
/// at once, the database lets one succeed.
pub(super) async fn add(conn: &Conn, token: &RefreshToken) -> Result<bool> {
    let id = token.id().unwrap_or_default().to_owned();
    let mut sql = Sql::new(conn.dialect());
    sql.push(
        "INSERT INTO \"token_blacklist_blacklistedtoken\" (\"token_id\", \"blacklisted_at\") \
         SELECT \"id\", ",
    );
    sql.bind(Value::DateTime(DateTime::now()), ColumnKind::DateTime);
    sql.push(" FROM \"token_blacklist_outstandingtoken\" WHERE \"jti\" = ");
    sql.bind(Value::Text(id), ColumnKind::Text);
    sql.push(" ON CONFLICT (\"token_id\") DO NOTHING");
    Ok(conn.send(sql).await? > 0)
}

/// Deletes expired tokens, blacklisted or not (`flushexpiredtokens`); returns their number. Run it
/// once a day.
///
/// # Errors
/// What the database reports.
pub async fn flush_expired_tokens(conn: &mut Conn) -> Result<usize> {
    conn.transaction(async |conn| {
        let now = DateTime::now();
        let over = |sql: &mut Sql| {
            sql.push("\"expires_at\" <= ").bind(Value::DateTime(now), ColumnKind::DateTime);
        };
        let mut sql = Sql::new(conn.dialect());
        sql.push(
            "DELETE FROM \"token_blacklist_blacklistedtoken\" WHERE \"token_id\" IN \
             (SELECT \"id\" FROM \"token_blacklist_outstandingtoken\" WHERE ",
        );
        over(&mut sql);
        sql.push(")");
        conn.send(sql).await?;
        let mut sql = Sql::new(conn.dialect());
        sql.push("DELETE FROM \"token_blacklist_outstandingtoken\" WHERE ");
        over(&mut sql);
        Ok(conn.send(sql).await?)
    })
    .await
}
