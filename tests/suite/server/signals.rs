//! A server that is stopped by a signal, in a separate process.

use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

use super::*;

/// The variable that makes a test of this file a server.
const CHILD: &str = "QUINTET_TEST_SERVE_AT";

/// Serves in a separate process, for the tests below; without the variable it does nothing.
#[test]
fn child_process() {
    let Ok(address) = std::env::var(CHILD) else { return };
    actix_web::rt::System::new().block_on(async {
        let mut settings = Settings::default();
        settings.server.shutdown_timeout = Duration::from_secs(3);
        settings.workers = Some(2);
        let app = || {
            App::new()
                .route("/slow/", web::get().to(slow))
                .route(
                    "/endless/",
                    web::get().to(async || std::future::pending::<HttpResponse>().await),
                )
                .route("/echo/", web::post().to(async |body: web::Bytes| body))
        };
        let server = quintet::server::Server::new(&settings, app).unwrap();
        server.bind(address).unwrap().run().await.unwrap();
    });
}

/// A server in a separate process.
struct Process {
    child: Child,
    address: SocketAddr,
}

impl Process {
    fn start() -> Self {
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = free.local_addr().unwrap();
        drop(free);
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "server::signals::child_process", "--nocapture"])
            .env(CHILD, address.to_string())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let process = Self { child, address };
        let started = Instant::now();
        while TcpStream::connect(address).is_err() {
            assert!(started.elapsed() < NEVER, "the server does not start");
            std::thread::sleep(Duration::from_millis(20));
        }
        process
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(NEVER)).unwrap();
        stream
    }

    fn signal(&self, name: &str) {
        let kill = Command::new("kill").args(["-s", name, &self.child.id().to_string()]).status();
        assert!(kill.unwrap().success());
    }

    /// Waits for its end, which must be successful.
    fn end(&mut self) {
        let started = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                assert!(status.success(), "{status}");
                return;
            }
            assert!(started.elapsed() < NEVER, "the server does not end");
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

#[test]
fn a_server_that_is_stopped_answers_what_it_has_and_cuts_off_what_is_half_sent() {
    for signal in ["TERM", "INT"] {
        let mut server = Process::start();
        let mut half_heads = [(); 2].map(|()| server.connect());
        for stream in &mut half_heads {
            send(stream, "GET /");
        }
        let mut half_body = server.connect();
        send(&mut half_body, "POST /echo/ HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nhalf");
        let mut idle = server.connect();
        send(&mut idle, "POST /echo/ HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi");
        assert_eq!(answer(&mut idle), (200, "hi".to_owned()));
        let mut slow = server.connect();
        send(&mut slow, SLOW);
        std::thread::sleep(Duration::from_millis(200));
        let started = Instant::now();
        server.signal(signal);
        for stream in &mut half_heads {
            assert_eq!(rest(stream), "");
        }
        assert_eq!(rest(&mut idle), "");
        let refusal = rest(&mut half_body);
        assert!(refusal.starts_with("HTTP/1.1 503 "), "{refusal:?}");
        assert!(started.elapsed() < Duration::from_millis(500), "{:?}", started.elapsed());
        // no new connections, once the listener has noticed
        while TcpStream::connect(server.address).is_ok() {
            assert!(started.elapsed() < NEVER, "the server takes newcomers");
            std::thread::sleep(Duration::from_millis(5));
        }
        let (head, body) = head_and_body(&mut slow);
        assert!(head.starts_with("http/1.1 200 ok\r\n"), "{head}");
        assert!(head.contains("\r\nconnection: close\r\n"), "{head}");
        assert_eq!((body.as_str(), rest(&mut slow).as_str()), ("slow", ""));
        server.end();
        assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
    }
}

#[test]
fn what_does_not_end_is_given_up_in_time_or_at_the_second_signal() {
    for second in [false, true] {
        let mut server = Process::start();
        let mut stream = server.connect();
        send(&mut stream, "GET /endless/ HTTP/1.1\r\nHost: a\r\n\r\n");
        std::thread::sleep(Duration::from_millis(200));
        let started = Instant::now();
        server.signal("INT");
        std::thread::sleep(Duration::from_millis(300));
        if second {
            server.signal("INT");
        }
        server.end();
        let took = started.elapsed();
        let expected = if second { 0..1500 } else { 3000..5000 };
        assert!(expected.contains(&took.as_millis()), "{took:?}");
    }
}
