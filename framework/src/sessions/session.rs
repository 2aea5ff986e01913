//! What is stored about a client between requests.

use serde_json::{Map, Value};

/// The values kept under a session's key.
///
/// It behaves like Django's: values are JSON, and only changes are stored. The client holds the key
/// in a cookie; every login replaces it, so that nobody can plant one.
///
/// ```
/// use quintet::exceptions::Result;
/// use quintet::request::Context;
/// use quintet::response::Response;
///
/// async fn visits(cx: &mut Context) -> Result<Response> {
///     let session = cx.session().await?;
///     let visits = session.get("visits").and_then(|value| value.as_i64()).unwrap_or(0) + 1;
///     session.set("visits", visits);
///     Response::new(&serde_json::json!({ "visits": visits }))
/// }
/// # let _ = quintet::views::ApiView::new("Visits").get(visits);
/// ```
#[derive(Default)]
pub struct Session {
    pub(super) key: Option<String>,
    pub(super) data: Map<String, Value>,
    pub(super) modified: bool,
    /// Keys that were replaced; their rows are deleted when the session is stored.
    pub(super) given_up: Vec<String>,
}

impl Session {
    /// Creates a session without a key and without values.
    pub fn new() -> Self {
        Self::default()
    }

    /// The key, once there is one: a new session gets it when it is stored.
    pub fn key(&self) -> Option<&str> {
        self.key.as_deref()
    }

    /// A value.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.data.get(name)
    }

    /// A value that is a string.
    pub fn get_str(&self, name: &str) -> Option<&str> {
        self.get(name).and_then(Value::as_str)
    }

    /// Whether there is a value of this name.
    pub fn contains(&self, name: &str) -> bool {
        self.data.contains_key(name)
    }

    /// Every value with its name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.data.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// Sets a value.
    pub fn set(&mut self, name: impl Into<String>, value: impl Into<Value>) {
        self.data.insert(name.into(), value.into());
        self.modified = true;
    }

    /// Removes a value and returns it (`pop`).
    pub fn remove(&mut self, name: &str) -> Option<Value> {
        let value = self.data.shift_remove(name);
        self.modified |= value.is_some();
        value
    }

    /// Removes all values and keeps the key.
    pub fn clear(&mut self) {
        self.data.clear();
        self.modified = true;
    }

    /// Ends the session: its values, key and row are deleted. What is set afterwards belongs to a
    /// new one.
    pub fn flush(&mut self) {
        self.clear();
        self.given_up.extend(self.key.take());
    }

    /// Keeps the values under a new key; the old one becomes invalid.
    pub fn cycle_key(&mut self) {
        self.given_up.extend(self.key.take());
        self.modified = true;
    }

    /// Whether it has neither a key nor a value, so that its cookie is useless.
    pub fn is_empty(&self) -> bool {
        self.key.is_none() && self.data.is_empty()
    }

    /// Whether something changed, so that it will be stored.
    pub fn is_modified(&self) -> bool {
        self.modified
    }

    /// Marks the session as modified, so that it is saved and its expiry renewed.
    pub fn touch(&mut self) {
        self.modified = true;
    }
}

impl std::fmt::Debug for Session {
    /// Without key and values.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session").field("modified", &self.modified).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn stored() -> Session {
        let data = [("a".to_owned(), json!(1)), ("b".to_owned(), json!("x"))].into_iter().collect();
        Session { key: Some("k".repeat(32)), data, ..Session::default() }
    }

    #[test]
    fn reading_changes_nothing() {
        let mut session = stored();
        assert_eq!(session.get("a"), Some(&json!(1)));
        assert_eq!(session.get_str("a"), None);
        assert_eq!(session.get_str("b"), Some("x"));
        assert_eq!(session.remove("c"), None);
        assert!(session.contains("a") && !session.contains("c"));
        assert!(!session.is_modified() && !session.is_empty());
    }

    #[test]
    fn setting_removing_and_clearing_are_changes() {
        let change = |change: fn(&mut Session)| {
            let mut session = stored();
            change(&mut session);
            assert!(session.is_modified() && session.key().is_some());
            session.iter().map(|(name, _)| name.to_owned()).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(change(|session| session.set("c", true)), "a b c");
        assert_eq!(change(|session| drop(session.remove("a"))), "b");
        assert_eq!(change(Session::clear), "");
        assert_eq!(change(Session::touch), "a b");
    }

    #[test]
    fn a_flushed_session_has_no_key_and_no_value() {
        let mut session = stored();
        session.flush();
        assert!(session.is_empty() && session.is_modified());
        assert_eq!(session.given_up, ["k".repeat(32)]);
        session.set("new", 1);
        assert!(!session.is_empty());
        assert_eq!(session.key(), None);
    }

    #[test]
    fn a_new_key_keeps_the_values() {
        let mut session = stored();
        session.cycle_key();
        assert_eq!(session.key(), None);
        assert_eq!(session.get("a"), Some(&json!(1)));
        assert_eq!(session.given_up, ["k".repeat(32)]);
    }
}
