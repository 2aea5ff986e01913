//! What the server allows its clients: time, connections and memory.

use std::time::Duration;

use super::SettingsError;
use super::vars::Vars;

/// Deadlines and limits below the views (`SERVER_…`), which Django leaves to gunicorn and the proxy
/// in front. They apply where `Site::run_server` or a `Server` serves the site, and not in an
/// `HttpServer` of actix, except `SERVER_MAX_BODIES_SIZE`.
///
/// A deadline never fires early. It may fire late, by a quarter of the shortest one or one second,
/// whichever is less.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ServerSettings {
    /// `SERVER_HEAD_TIMEOUT`: from a connection, or from the first byte of a later request, to the
    /// end of the request's head, in seconds; then 408. 10.
    pub head_timeout: Duration,
    /// `SERVER_KEEP_ALIVE`: how long a connection may stay without a request, in seconds. Behind a
    /// proxy that keeps connections, longer than the proxy does. 5.
    pub keep_alive: Duration,
    /// `SERVER_BODY_IDLE_TIMEOUT`: longest wait for the next bytes of a body, in seconds; then 408.
    /// 20.
    pub body_idle_timeout: Duration,
    /// `SERVER_BODY_TIMEOUT`: longest wait for a whole body, in seconds, not counting time in
    /// which the server did not read it; then 408. 300.
    pub body_timeout: Duration,
    /// `SERVER_WRITE_TIMEOUT`: longest wait for a client to take the next bytes of a response,
    /// in seconds; then the connection is closed. 20.
    pub write_timeout: Duration,
    /// `SERVER_MIN_DATA_RATE`: the slowest rate at which a body may arrive or a response be taken,
    /// in bytes a second, once that has taken longer than the idle time-out; 0 for any. 240.
    pub min_data_rate: u32,
    /// `SERVER_MAX_CONNECTIONS`: most open connections. With one more, those that have waited
    /// longest for their client are closed; when all are being answered, the new one gets 503. The
    /// limit of open files of the process is raised for it, or lowers it. 2048.
    pub max_connections: usize,
    /// `SERVER_MAX_CONNECTIONS_PER_ADDRESS`: most open connections of one address, or of one /64
    /// network of IPv6; then 503. `None`, the default, for no limit: the clients of a proxy, or of
    /// an office, share one.
    pub max_connections_per_address: Option<usize>,
    /// `SERVER_MAX_HEAD_SIZE`: longest head of a request, in bytes; then 431. 48 KiB.
    pub max_head_size: usize,
    /// `SERVER_MAX_BODIES_SIZE`: most bytes of bodies over 16 KiB that are in memory at once, of
    /// all requests together; a request beyond gets 503. 32 MiB.
    pub max_bodies_size: usize,
    /// `SERVER_MAX_UNREAD_SIZE`: most bytes of responses that wait for their clients, in total;
    /// beyond that, the connections that have waited longest are closed. 32 MiB.
    pub max_unread_size: usize,
    /// `SERVER_SHUTDOWN_TIMEOUT`: how long requests in progress may take after SIGTERM or SIGINT,
    /// in seconds. 30.
    pub shutdown_timeout: Duration,
}

impl Default for ServerSettings {
    fn default() -> Self {
        Self {
            head_timeout: Duration::from_secs(10),
            keep_alive: Duration::from_secs(5),
            body_idle_timeout: Duration::from_secs(20),
            body_timeout: Duration::from_secs(300),
            write_timeout: Duration::from_secs(20),
            min_data_rate: 240,
            max_connections: 2048,
            max_connections_per_address: None,
            max_head_size: 48 * 1024,
            max_bodies_size: 32 * 1024 * 1024,
            max_unread_size: 32 * 1024 * 1024,
            shutdown_timeout: Duration::from_secs(30),
        }
    }
}

/// The shortest head that a browser with a few cookies still gets through.
const SHORTEST_HEAD: usize = 1024;

/// The longest head that actix reads.
const LONGEST_HEAD: usize = 128 * 1024;

impl ServerSettings {
    pub(super) fn read(&mut self, vars: &Vars<'_>) -> Result<(), SettingsError> {
        vars.seconds("SERVER_HEAD_TIMEOUT", &mut self.head_timeout)?;
        vars.seconds("SERVER_KEEP_ALIVE", &mut self.keep_alive)?;
        vars.seconds("SERVER_BODY_IDLE_TIMEOUT", &mut self.body_idle_timeout)?;
        vars.seconds("SERVER_BODY_TIMEOUT", &mut self.body_timeout)?;
        vars.seconds("SERVER_WRITE_TIMEOUT", &mut self.write_timeout)?;
        vars.number("SERVER_MIN_DATA_RATE", &mut self.min_data_rate)?;
        vars.number("SERVER_MAX_CONNECTIONS", &mut self.max_connections)?;
        vars.number_or_none(
            "SERVER_MAX_CONNECTIONS_PER_ADDRESS",
            &mut self.max_connections_per_address,
        )?;
        vars.number("SERVER_MAX_HEAD_SIZE", &mut self.max_head_size)?;
        vars.number("SERVER_MAX_BODIES_SIZE", &mut self.max_bodies_size)?;
        vars.number("SERVER_MAX_UNREAD_SIZE", &mut self.max_unread_size)?;
        vars.seconds("SERVER_SHUTDOWN_TIMEOUT", &mut self.shutdown_timeout)
    }

    /// Refuses limits that would let nobody in.
    pub(super) fn check(&self) -> Result<(), SettingsError> {
        let wrong = |name, reason: &str| Err(SettingsError { name, reason: reason.into() });
        for (name, time) in [
            ("SERVER_HEAD_TIMEOUT", self.head_timeout),
            ("SERVER_KEEP_ALIVE", self.keep_alive),
            ("SERVER_BODY_IDLE_TIMEOUT", self.body_idle_timeout),
            ("SERVER_BODY_TIMEOUT", self.body_timeout),
            ("SERVER_WRITE_TIMEOUT", self.write_timeout),
        ] {
            if time.is_zero() {
                return wrong(name, "it is 0, and every client would be too slow");
            }
        }
        if self.max_connections == 0 {
            return wrong("SERVER_MAX_CONNECTIONS", "it is 0; a server needs one at least");
        }
        if self.max_connections_per_address == Some(0) {
            return wrong(
                "SERVER_MAX_CONNECTIONS_PER_ADDRESS",
                "it is 0; write `none` for no limit",
            );
        }
        if !(SHORTEST_HEAD..=LONGEST_HEAD).contains(&self.max_head_size) {
            return wrong("SERVER_MAX_HEAD_SIZE", "it is not between 1024 and 131072 bytes");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(name: &'static str, value: &str) -> Result<ServerSettings, SettingsError> {
        let mut settings = ServerSettings::default();
        let get = |asked| (asked == name).then(|| value.to_owned());
        settings.read(&Vars(&get))?;
        settings.check().map(|()| settings)
    }

    #[test]
    fn limits_are_read_and_those_that_let_nobody_in_are_refused() {
        let settings = read("SERVER_BODY_TIMEOUT", "0.5").unwrap();
        assert_eq!(settings.body_timeout, Duration::from_millis(500));
        let refused = |name, value| read(name, value).unwrap_err().to_string();
        assert_eq!(
            refused("SERVER_HEAD_TIMEOUT", "0"),
            "setting SERVER_HEAD_TIMEOUT: it is 0, and every client would be too slow"
        );
        assert_eq!(
            refused("SERVER_MAX_HEAD_SIZE", "200000"),
            "setting SERVER_MAX_HEAD_SIZE: it is not between 1024 and 131072 bytes"
        );
        assert_eq!(
            refused("SERVER_MAX_CONNECTIONS_PER_ADDRESS", "0"),
            "setting SERVER_MAX_CONNECTIONS_PER_ADDRESS: it is 0; write `none` for no limit"
        );
        assert_eq!(
            read("SERVER_MAX_CONNECTIONS_PER_ADDRESS", "none").unwrap().max_connections_per_address,
            None
        );
    }
}
