//! The rows of `django_session`.

use serde_json::{Map, Value as Json};

use super::Session;
use crate::db::{ColumnKind, Conn, DateTime, Error, Sql};
use crate::exceptions::ApiException;
use crate::settings::Settings;
use crate::signing::{self, Keys};
use crate::values::Value;

/// The salt of Django's database sessions.
const SALT: &str = "django.contrib.sessions.SessionStore";

const KEY_CHARS: &[u8] = b"abcdefghijklmnopqrstuvwxyz0123456789";

/// A key shorter than this is not used (`_validate_session_key`).
const SHORTEST: usize = 8;

/// A session that cannot be stored.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SessionError {
    /// Its row was deleted during the request: the user logged out elsewhere, and an ended session
    /// must not come back (Django's `SessionInterrupted`).
    #[error("the session was deleted before the request completed")]
    Interrupted,
    /// The database refuses.
    #[error(transparent)]
    Database(#[from] Error),
    /// No key can be created.
    #[error("no random bytes: {0}")]
    Random(#[from] getrandom::Error),
    /// Every key that was tried was taken.
    #[error("no key is free")]
    NoKey,
}

impl From<SessionError> for ApiException {
    fn from(error: SessionError) -> Self {
        match error {
            SessionError::Interrupted => Self::Suspicious(
                "the request's session was deleted before the request completed; the user may \
                 have logged out in a concurrent request",
            ),
            SessionError::Database(error) => error.into(),
            other => Self::internal(other),
        }
    }
}

impl Session {
    /// Whether a cookie's value may be a key.
    pub fn is_key(key: &str) -> bool {
        key.chars().count() >= SHORTEST && !key.contains('\0')
    }

    /// Loads the session of a key. If it is unknown or expired, the result is an empty session
    /// without a key; if its data has a wrong signature or is invalid, an empty session under this
    /// key.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn load(conn: &Conn, key: &str, keys: Keys<'_>) -> Result<Self, Error> {
        if !Self::is_key(key) {
            return Ok(Self::new());
        }
        let mut sql = Sql::new(conn.dialect());
        sql.push("SELECT \"session_data\" FROM \"django_session\" WHERE \"session_key\" = ");
        sql.bind(Value::Text(key.to_owned()), ColumnKind::Text);
        sql.push(" AND \"expire_date\" > ");
        sql.bind(Value::DateTime(DateTime::now()), ColumnKind::DateTime);
        let rows = conn.rows(sql, |row| row.get::<String>(0, ColumnKind::Text)).await?;
        let Some(text) = rows.first() else { return Ok(Self::new()) };
        Ok(Self { key: Some(key.to_owned()), data: decode(text, keys), ..Self::default() })
    }

    /// Stores the session: inserts a row under a new key if it has none, or else updates its row;
    /// deletes the rows of replaced keys.
    ///
    /// # Errors
    /// [`SessionError::Interrupted`] when its row is gone, and what the database reports.
    pub async fn save(&mut self, conn: &Conn, settings: &Settings) -> Result<(), SessionError> {
        // a safe request may read from a replica
        let conn = &*conn.writable()?;
        let data = signing::dumps(&Json::Object(self.data.clone()), Keys::of(settings), SALT, true);
        let data = Value::Text(data);
        let ends = Value::DateTime(self.expiry_date(&settings.session));
        match &self.key {
            Some(key) => {
                if update(conn, key, data, ends).await? == 0 {
                    return Err(SessionError::Interrupted);
                }
            }
            None => self.key = Some(create(conn, &data, &ends).await?),
        }
        self.modified = false;
        self.forget(conn).await
    }

    /// Deletes the rows of replaced keys.
    ///
    /// # Errors
    /// What the database reports.
    pub async fn forget(&mut self, conn: &Conn) -> Result<(), SessionError> {
        if !self.given_up.is_empty() {
            let conn = &*conn.writable()?;
            let keys = std::mem::take(&mut self.given_up);
            let mut sql = Sql::new(conn.dialect());
            sql.push("DELETE FROM \"django_session\" WHERE \"session_key\"");
            sql.any_of(keys.into_iter().map(Value::Text).collect(), ColumnKind::Text);
            conn.send(sql).await?;
        }
        Ok(())
    }
}

/// Deletes the rows of expired sessions (`clearsessions`), and returns their number.
///
/// # Errors
/// What the database reports.
pub async fn clear_expired(conn: &Conn) -> Result<usize, Error> {
    let mut sql = Sql::new(conn.dialect());
    sql.push("DELETE FROM \"django_session\" WHERE \"expire_date\" < ");
    sql.bind(Value::DateTime(DateTime::now()), ColumnKind::DateTime);
    conn.send(sql).await
}

async fn update(conn: &Conn, key: &str, data: Value, ends: Value) -> Result<usize, Error> {
    let mut sql = Sql::new(conn.dialect());
    sql.push("UPDATE \"django_session\" SET \"session_data\" = ").bind(data, ColumnKind::Text);
    sql.push(", \"expire_date\" = ").bind(ends, ColumnKind::DateTime);
    sql.push(" WHERE \"session_key\" = ").bind(Value::Text(key.to_owned()), ColumnKind::Text);
    conn.send(sql).await
}

async fn create(conn: &Conn, data: &Value, ends: &Value) -> Result<String, SessionError> {
    // two keys of 165 bits are practically never the same
    for _ in 0..4 {
        let key = signing::get_random_string(32, KEY_CHARS)?;
        let mut sql = Sql::new(conn.dialect());
        sql.push("INSERT INTO \"django_session\" (\"session_key\", \"session_data\", ");
        sql.push("\"expire_date\") VALUES (");
        sql.bind(Value::Text(key.clone()), ColumnKind::Text).push(", ");
        sql.bind(data.clone(), ColumnKind::Text).push(", ");
        sql.bind(ends.clone(), ColumnKind::DateTime).push(") ON CONFLICT DO NOTHING");
        if conn.send(sql).await? > 0 {
            return Ok(key);
        }
    }
    Err(SessionError::NoKey)
}

fn decode(text: &str, keys: Keys<'_>) -> Map<String, Json> {
    match signing::loads(text, keys, SALT, None) {
        Ok(Json::Object(data)) => data,
        Ok(_) => Map::new(),
        Err(error) => {
            tracing::warn!("session data corrupted: {error}");
            Map::new()
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::db::testing::on_each_with;

    const TABLE: &str = "CREATE TEMPORARY TABLE django_session (session_key varchar(40) NOT NULL \
                         PRIMARY KEY, session_data text NOT NULL, expire_date timestamptz NOT NULL)";

    /// A row as Django wrote it: `{"a": 1}`.
    const DJANGOS: &str = "INSERT INTO django_session VALUES ('abcdefghijklmnopqrstuvwxyz012345', \
                           'eyJhIjoxfQ:1r31eq:0hjNW3vtTnmWrIzrAkLCG1dDC5qxKMIfwG65_35yNHM', ";
    const KEY: &str = "abcdefghijklmnopqrstuvwxyz012345";

    fn settings() -> Settings {
        Settings {
            secret_key: "reference-secret-key-for-tests-only-0123456789abcdef".into(),
            ..Settings::default()
        }
    }

    async fn insert(conn: &Conn, rest: &str) {
        conn.batch_execute(&format!("{DJANGOS}{rest})")).await.unwrap();
    }

    async fn load(conn: &Conn, key: &str) -> Session {
        Session::load(conn, key, Keys::of(&settings())).await.unwrap()
    }

    async fn count(conn: &Conn) -> i64 {
        let mut sql = Sql::new(conn.dialect());
        sql.push("SELECT COUNT(*) FROM django_session");
        conn.rows(sql, |row| row.get(0, ColumnKind::BigInt)).await.unwrap()[0]
    }

    #[test]
    fn a_row_of_django_is_read_and_changed() {
        on_each_with(TABLE, async |conn| {
            insert(conn, "'2999-01-01 00:00:00'").await;
            let mut session = load(conn, KEY).await;
            assert_eq!((session.key(), session.get("a")), (Some(KEY), Some(&json!(1))));
            session.set("b", "é");
            session.save(conn, &settings()).await.unwrap();
            assert!(!session.is_modified());
            let again = load(conn, KEY).await;
            assert_eq!(again.get_str("b"), Some("é"));
            assert_eq!(count(conn).await, 1);
        });
    }

    #[test]
    fn a_row_that_is_over_or_unknown_or_named_too_shortly_is_an_empty_session_without_a_key() {
        on_each_with(TABLE, async |conn| {
            insert(conn, "'2001-01-01 00:00:00'").await;
            for key in [KEY, "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345", "short", "", "nul\0nul\0nul\0"] {
                assert!(load(conn, key).await.is_empty(), "{key}");
            }
            assert_eq!(clear_expired(conn).await.unwrap(), 1);
            assert_eq!(count(conn).await, 0);
        });
    }

    #[test]
    fn data_that_is_not_ours_is_an_empty_session_under_its_key() {
        on_each_with(TABLE, async |conn| {
            insert(conn, "'2999-01-01 00:00:00'").await;
            for data in
                ["", "eyJhIjoyfQ:1r31eq:0hjNW3vtTnmWrIzrAkLCG1dDC5qxKMIfwG65_35yNHM", "x:y:z"]
            {
                let sql = format!("UPDATE django_session SET session_data = '{data}'");
                conn.batch_execute(&sql).await.unwrap();
                let session = load(conn, KEY).await;
                assert_eq!(session.key(), Some(KEY));
                assert_eq!(session.iter().count(), 0);
            }
        });
    }

    #[test]
    fn a_site_without_the_table_is_told_apart() {
        on_each_with("SELECT 1", async |conn| {
            let error = Session::load(conn, KEY, Keys::of(&settings())).await.unwrap_err();
            assert!(error.is_missing_table("django_session"), "{error}");
            assert!(!error.is_missing_table("django"));
        });
    }

    #[test]
    fn a_new_session_gets_a_key_of_its_own() {
        on_each_with(TABLE, async |conn| {
            let mut session = Session::new();
            session.set("a", 1);
            session.save(conn, &settings()).await.unwrap();
            let key = session.key().unwrap().to_owned();
            assert_eq!(key.len(), 32);
            assert!(key.bytes().all(|byte| KEY_CHARS.contains(&byte)));
            assert_eq!(load(conn, &key).await.get("a"), Some(&json!(1)));
        });
    }

    #[test]
    fn a_given_up_key_is_worth_nothing() {
        on_each_with(TABLE, async |conn| {
            insert(conn, "'2999-01-01 00:00:00'").await;
            let mut session = load(conn, KEY).await;
            session.cycle_key();
            session.save(conn, &settings()).await.unwrap();
            assert!(load(conn, KEY).await.is_empty());
            let key = session.key().unwrap().to_owned();
            assert_eq!(load(conn, &key).await.get("a"), Some(&json!(1)));
            session.flush();
            session.forget(conn).await.unwrap();
            assert_eq!(count(conn).await, 0);
        });
    }

    #[test]
    fn a_session_that_was_ended_meanwhile_does_not_come_back() {
        on_each_with(TABLE, async |conn| {
            insert(conn, "'2999-01-01 00:00:00'").await;
            let mut session = load(conn, KEY).await;
            conn.batch_execute("DELETE FROM django_session").await.unwrap();
            session.set("b", 2);
            let refused = session.save(conn, &settings()).await;
            assert!(matches!(refused, Err(SessionError::Interrupted)));
            assert_eq!(count(conn).await, 0);
        });
    }
}
