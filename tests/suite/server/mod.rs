//! Deadlines and limits of the server, and its shutdown.

mod beside;
mod bodies;
mod deadlines;
mod readers;
mod requests;
#[cfg(unix)]
mod signals;

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};

use actix_web::{App, HttpResponse, web};
use quintet::settings::{ServerSettings, Settings};
use quintet::test::LiveServer;
use quintet_tests::client::Reply;
use quintet_tests::store::{ALICE, On, Store};
use serde_json::json;

/// A deadline of these tests: short, and long enough for a busy machine.
const SOON: Duration = Duration::from_millis(300);

/// When a test gives up.
const NEVER: Duration = Duration::from_secs(20);

fn store(change: impl FnOnce(&mut ServerSettings)) -> Store {
    Store::with(On::Sqlite, |settings| change(&mut settings.server))
}

fn connect(server: &LiveServer) -> TcpStream {
    let stream = TcpStream::connect(server.address()).unwrap();
    stream.set_read_timeout(Some(NEVER)).unwrap();
    stream.set_write_timeout(Some(NEVER)).unwrap();
    stream
}

fn send(stream: &mut TcpStream, bytes: &str) {
    stream.write_all(bytes.as_bytes()).unwrap();
}

/// Everything received until the server closes.
fn rest(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    match stream.read_to_end(&mut bytes) {
        Ok(_) => {}
        // it closed while more was on the way
        Err(error) if error.kind() == ErrorKind::ConnectionReset => {}
        Err(error) => panic!("the server does not close: {error}"),
    }
    String::from_utf8(bytes).unwrap()
}

/// One response, after which the connection stays open.
fn answer(stream: &mut TcpStream) -> (u16, String) {
    let (head, body) = head_and_body(stream);
    (head[9..12].parse().unwrap(), body)
}

fn head_and_body(stream: &mut TcpStream) -> (String, String) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        assert_eq!(stream.read(&mut byte).unwrap(), 1, "{}", String::from_utf8_lossy(&head));
        head.extend_from_slice(&byte);
    }
    let head = String::from_utf8(head).unwrap().to_lowercase();
    let length = head.split("content-length: ").nth(1).and_then(|rest| rest.lines().next());
    let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
    stream.read_exact(&mut body).unwrap();
    (head, String::from_utf8(body).unwrap())
}

const GET: &str = "GET /api/genres/1/ HTTP/1.1\r\nHost: testserver\r\n\r\n";

/// The head of a POST by Alice, with a body of this many bytes.
fn post(length: usize) -> String {
    format!(
        "POST /api/playlists/ HTTP/1.1\r\nHost: testserver\r\nAuthorization: Token {ALICE}\r\n\
         Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
    )
}

fn is_served(store: &Store) {
    assert_eq!(store.client().get("/api/genres/1/").status, 200);
}

fn timed_out(text: &str) {
    assert!(text.starts_with("HTTP/1.1 408 Request Timeout\r\n"), "{text:?}");
    assert!(text.contains("\r\nx-content-type-options: nosniff\r\n"), "{text}");
    assert!(text.ends_with("<p>The request took too long.</p>\n</body>\n</html>\n"), "{text}");
}

/// An app with a view that takes its time.
async fn slow() -> HttpResponse {
    actix_web::rt::time::sleep(Duration::from_millis(700)).await;
    HttpResponse::Ok().body("slow")
}

/// Reads all that its client sends.
async fn read(_: web::Bytes) -> HttpResponse {
    HttpResponse::Ok().body("read")
}

/// Switches to a protocol that returns what it gets.
async fn echo(sent: web::Payload) -> HttpResponse {
    HttpResponse::SwitchingProtocols().upgrade("websocket").streaming(sent)
}

const SLOW: &str = "GET /slow/ HTTP/1.1\r\nHost: testserver\r\n\r\n";

fn app_beside(change: impl FnOnce(&mut ServerSettings)) -> LiveServer {
    let mut settings = Settings::default();
    change(&mut settings.server);
    let app = || {
        App::new()
            .route("/slow/", web::get().to(slow))
            .route("/large/", web::get().to(async || "x".repeat(8 << 20)))
            .route("/read/", web::to(read))
            .route("/echo/", web::to(echo))
    };
    LiveServer::serving(&settings, app).unwrap()
}

fn upgrade(path: &str) -> String {
    format!(
        "GET {path} HTTP/1.1\r\nHost: testserver\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n"
    )
}
