//! An HTTP client that sends exactly the given bytes, and reads one response.

use std::fmt::Write as _;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;

/// A response as it came over the socket.
#[derive(Debug, Clone)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// The headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Reply {
    /// The first header of a name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The body as JSON.
    ///
    /// # Panics
    /// If it is not JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&self.body)))
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// Sends requests to a server, each on a connection of its own.
#[derive(Debug, Clone)]
pub struct Client {
    address: SocketAddr,
    headers: Vec<(String, String)>,
}

impl Client {
    /// A client of the server at an address, on whose requests the host is `testserver`.
    pub fn new(address: SocketAddr) -> Self {
        Self { address, headers: vec![("Host".into(), "testserver".into())] }
    }

    /// A client that sends an API key with every request.
    #[must_use]
    pub fn token(mut self, key: &str) -> Self {
        self.headers.push(("Authorization".into(), format!("Token {key}")));
        self
    }

    /// GET
    pub fn get(&self, path: &str) -> Reply {
        self.send("GET", path, &[], b"")
    }

    /// A request with a JSON body.
    pub fn json(&self, method: &str, path: &str, body: &Value) -> Reply {
        self.send(
            method,
            path,
            &[("Content-Type", "application/json")],
            body.to_string().as_bytes(),
        )
    }

    /// Any request.
    ///
    /// # Panics
    /// When the server does not answer.
    pub fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Reply {
        let mut request = format!("{method} {path} HTTP/1.1\r\n");
        for (name, value) in &self.headers {
            let _ = write!(request, "{name}: {value}\r\n");
        }
        for (name, value) in headers {
            let _ = write!(request, "{name}: {value}\r\n");
        }
        if !body.is_empty() || method == "POST" {
            let _ = write!(request, "Content-Length: {}\r\n", body.len());
        }
        request.push_str("Connection: close\r\n\r\n");
        let mut bytes = request.into_bytes();
        bytes.extend_from_slice(body);
        self.exchange(method, &bytes)
    }

    /// Sends bytes as they are and reads the answer.
    ///
    /// # Panics
    /// When the server does not answer.
    pub fn exchange(&self, method: &str, request: &[u8]) -> Reply {
        let mut stream = TcpStream::connect(self.address).expect("the server listens");
        stream.set_read_timeout(Some(Duration::from_secs(60))).expect("a time-out");
        // a server may refuse before it has read everything
        drop(stream.write_all(request));
        let mut answer = Vec::new();
        if let Err(error) = stream.read_to_end(&mut answer) {
            assert!(!answer.is_empty(), "no answer: {error}");
        }
        parse(method, &answer)
    }
}

fn parse(method: &str, answer: &[u8]) -> Reply {
    let end =
        answer.windows(4).position(|window| window == b"\r\n\r\n").expect("an answer with headers");
    let head = String::from_utf8_lossy(&answer[..end]);
    let mut lines = head.split("\r\n");
    let status = lines
        .next()
        .and_then(|line| line.split(' ').nth(1))
        .and_then(|status| status.parse().ok())
        .expect("a status line");
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_lowercase(), value.trim().to_owned()))
        .collect();
    let mut body = answer[end + 4..].to_vec();
    if method == "HEAD" {
        body.clear();
    }
    Reply { status, headers, body }
}
