//! Why `PostgreSQL` accepts no connection, for the log: a client only gets a 503.

use std::error::Error as _;
use std::io::ErrorKind;

use tokio_postgres::error::SqlState;

const HUNG_UP: &str = "the server at the host and port of DATABASE_URL closed the connection";

/// What is wrong, and what to check.
pub(in crate::db) fn reason(error: &tokio_postgres::Error) -> &'static str {
    if let Some(code) = error.code() {
        return refused(code);
    }
    if error.is_closed() {
        return HUNG_UP;
    }
    let mut source = error.source();
    while let Some(cause) = source {
        if let Some(io) = cause.downcast_ref::<std::io::Error>() {
            return unreached(io);
        }
        source = cause.source();
    }
    let text = whole(error);
    if text.contains("password missing") {
        "the database requires a password, and DATABASE_URL has none"
    } else if text.contains("TLS") {
        "the database requires TLS, which is not supported"
    } else {
        "the database cannot be reached"
    }
}

/// An error with its causes, each mentioned once.
pub(in crate::db) fn whole(error: &tokio_postgres::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let told = cause.to_string();
        if !text.contains(&told) {
            text = format!("{text}: {told}");
        }
        source = cause.source();
    }
    text
}

/// What the server says.
fn refused(code: &SqlState) -> &'static str {
    match *code {
        SqlState::INVALID_CATALOG_NAME => "the database of DATABASE_URL does not exist",
        SqlState::INVALID_PASSWORD => "the password of DATABASE_URL is wrong",
        SqlState::INVALID_AUTHORIZATION_SPECIFICATION => {
            "the user of DATABASE_URL is unknown, or may not connect from here"
        }
        SqlState::INSUFFICIENT_PRIVILEGE => "the user of DATABASE_URL may not use the database",
        SqlState::TOO_MANY_CONNECTIONS => {
            "the database accepts no more connections: lower DATABASE_POOL_SIZE or WORKERS, or raise \
             its max_connections"
        }
        SqlState::CANNOT_CONNECT_NOW => "the database is starting or stopping",
        _ => "the database refuses connections",
    }
}

/// What the network says.
fn unreached(error: &std::io::Error) -> &'static str {
    match error.kind() {
        ErrorKind::ConnectionRefused => {
            "nothing listens at the host and port of DATABASE_URL: is the database running?"
        }
        ErrorKind::NotFound => {
            "the socket of DATABASE_URL does not exist: is the database running?"
        }
        ErrorKind::PermissionDenied => {
            "this program is not allowed to open the socket of DATABASE_URL"
        }
        ErrorKind::ConnectionReset | ErrorKind::UnexpectedEof | ErrorKind::BrokenPipe => HUNG_UP,
        _ if error.to_string().contains("lookup") => "the host of DATABASE_URL cannot be resolved",
        _ => "the database cannot be reached",
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::TcpListener;

    use futures_util::future::LocalBoxFuture;

    use crate::db::testing::block_on;
    use crate::db::{Conn, Database, DatabaseConfig, Error};

    /// Why the database of a URL is away.
    fn why(url: &str) -> &'static str {
        let database = Database::open(DatabaseConfig::new(url)).unwrap();
        let work = |conn: Conn| -> LocalBoxFuture<'static, Result<(), Error>> {
            Box::pin(async move { conn.batch_execute("SELECT 1").await })
        };
        match block_on(async { database.worker().run(true, work).await }).unwrap() {
            Err(Error::Unavailable(reason)) => reason,
            other => panic!("{other:?}"),
        }
    }

    /// The URL of a server that answers a client's first message with this and hangs up.
    fn saying(answer: Vec<u8>) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        std::thread::spawn(move || {
            let (mut client, _) = listener.accept().unwrap();
            let mut start = [0; 512];
            drop(client.read(&mut start));
            drop(client.write_all(&answer));
        });
        format!("postgres://u@127.0.0.1:{port}/d")
    }

    /// The server's word that it refuses.
    fn fatal(code: &str) -> Vec<u8> {
        let fields = format!("SFATAL\0VFATAL\0C{code}\0Mno\0\0");
        let length = u32::try_from(fields.len() + 4).unwrap().to_be_bytes();
        [b"E".as_slice(), &length, fields.as_bytes()].concat()
    }

    #[test]
    fn each_refusal_says_what_to_look_at() {
        for (code, reason) in [
            ("3D000", "the database of DATABASE_URL does not exist"),
            ("28P01", "the password of DATABASE_URL is wrong"),
            ("28000", "the user of DATABASE_URL is unknown, or may not connect from here"),
            ("42501", "the user of DATABASE_URL may not use the database"),
            (
                "53300",
                "the database accepts no more connections: lower DATABASE_POOL_SIZE or WORKERS, or \
                 raise its max_connections",
            ),
            ("57P03", "the database is starting or stopping"),
            ("XX000", "the database refuses connections"),
        ] {
            assert_eq!(why(&saying(fatal(code))), reason);
        }
    }

    #[test]
    fn a_server_that_cannot_be_spoken_with_is_told_apart() {
        // it asks for a password
        let asks = b"R\0\0\0\x08\0\0\0\x03".to_vec();
        let reason = "the database requires a password, and DATABASE_URL has none";
        assert_eq!(why(&saying(asks)), reason);
        let reason = "the server at the host and port of DATABASE_URL closed the connection";
        assert_eq!(why(&saying(Vec::new())), reason);
        let reason = "nothing listens at the host and port of DATABASE_URL: is the database \
                      running?";
        assert_eq!(why("postgres://u@127.0.0.1:1/d"), reason);
        assert_eq!(
            why("postgres://u@no.such.host.invalid/d"),
            "the host of DATABASE_URL cannot be resolved"
        );
        let reason = "the socket of DATABASE_URL does not exist: is the database running?";
        assert_eq!(why("postgres://u@%2Fnowhere/d"), reason);
    }
}
