//! Whether a `PostgreSQL` server has room for the connections that this process may open.

use std::sync::atomic::{AtomicBool, Ordering};

use tokio_postgres::{Client, SimpleQueryMessage};

/// How many connections are not reserved for superusers, and how many others are open.
const QUESTION: &str = "SELECT current_setting('max_connections')::int \
     - current_setting('superuser_reserved_connections')::int, \
     (SELECT count(*) FROM pg_stat_activity \
      WHERE datid IS NOT NULL AND pid <> pg_backend_pid())";

/// The connections that this process may make, compared with the server's once.
#[derive(Debug)]
pub(crate) struct Room {
    wanted: usize,
    compared: AtomicBool,
}

impl Room {
    pub(crate) fn new(wanted: usize) -> Self {
        Self { wanted, compared: AtomicBool::new(false) }
    }

    /// Warns when the server may run out of connections; only the first connection checks.
    pub(crate) async fn compare(&self, client: &Client) {
        if self.compared.swap(true, Ordering::Relaxed) {
            return;
        }
        if let Some(warning) = left(client).await.and_then(|(most, left)| self.warning(most, left))
        {
            tracing::warn!("{warning}");
        }
    }

    fn warning(&self, most: usize, left: usize) -> Option<String> {
        let wanted = self.wanted;
        (wanted > left).then(|| {
            format!(
                "this process may make {wanted} connections to PostgreSQL, which has {left} of {most} \
                 left: lower DATABASE_POOL_SIZE or WORKERS, or raise its max_connections"
            )
        })
    }
}

/// How many connections the server accepts, and how many are left.
async fn left(client: &Client) -> Option<(usize, usize)> {
    let messages = client.simple_query(QUESTION).await.ok()?;
    let row = messages.iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => Some(row),
        _ => None,
    })?;
    let most = row.get(0)?.parse::<usize>().ok()?;
    Some((most, most.saturating_sub(row.get(1)?.parse().ok()?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_without_room_is_told_of() {
        assert_eq!(Room::new(16).warning(97, 16), None);
        let warning = Room::new(128).warning(97, 90).unwrap_or_default();
        let start = "this process may make 128 connections to PostgreSQL, which has 90 of 97 left";
        assert!(warning.starts_with(start), "{warning}");
    }
}
