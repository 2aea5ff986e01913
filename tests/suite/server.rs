//! What the server allows its clients: deadlines, limits, and its end.

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

/// Whatever comes until the server closes.
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

/// One answer, behind which the connection stays open.
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

/// The head of a POST by Alice, with a body of so many bytes.
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

#[test]
fn a_head_that_does_not_end_is_408_be_it_the_first_or_a_later_one() {
    let store = store(|server| server.head_timeout = SOON);
    let mut first = connect(&store.server);
    send(&mut first, "GET /api/genres/1/ HTTP/1.1\r\nHost: testserver\r\n");
    let mut second = connect(&store.server);
    send(&mut second, GET);
    assert_eq!(answer(&mut second).0, 200);
    send(&mut second, "GET /api/gen");
    let mut silent = connect(&store.server);
    timed_out(&rest(&mut first));
    timed_out(&rest(&mut second));
    timed_out(&rest(&mut silent));
}

#[test]
fn a_head_that_comes_byte_by_byte_has_no_more_time() {
    let store = store(|server| server.head_timeout = SOON);
    let mut stream = connect(&store.server);
    send(&mut stream, GET);
    assert_eq!(answer(&mut stream).0, 200);
    let started = Instant::now();
    for byte in "GET /api/genres/1/ HTTP/1.1\r\nX: ".chars().chain(['a'].into_iter().cycle()) {
        if stream.write_all(&[byte as u8]).is_err() || started.elapsed() > NEVER {
            break;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(started.elapsed() < NEVER);
    is_served(&store);
}

#[test]
fn a_connection_without_a_request_is_closed_without_a_word() {
    let store = store(|server| server.keep_alive = SOON);
    let mut stream = connect(&store.server);
    send(&mut stream, GET);
    assert_eq!(answer(&mut stream).0, 200);
    let started = Instant::now();
    // empty lines are no request
    send(&mut stream, "\r\n");
    assert_eq!(rest(&mut stream), "");
    assert!(started.elapsed() >= SOON);
}

#[test]
fn a_body_that_stops_is_408_be_it_small_or_large_or_in_chunks() {
    let store = store(|server| server.body_idle_timeout = SOON);
    let chunked = post(0).replace("Content-Length: 0", "Transfer-Encoding: chunked");
    for request in [
        post(100) + "{",
        post(1_000_000) + &" ".repeat(50_000),
        post(1_000_000),
        chunked.clone(),
        chunked + "5\r\n    ",
    ] {
        let mut stream = connect(&store.server);
        send(&mut stream, &request);
        timed_out(&rest(&mut stream));
    }
    is_served(&store);
}

#[test]
fn a_body_that_was_asked_for_and_does_not_come_is_408() {
    let store = store(|server| server.body_idle_timeout = SOON);
    for length in [100, 1_000_000] {
        let mut stream = connect(&store.server);
        send(&mut stream, &post(length).replace("\r\n\r\n", "\r\nExpect: 100-continue\r\n\r\n"));
        let (head, _) = head_and_body(&mut stream);
        assert_eq!(head, "http/1.1 100 continue\r\n\r\n");
        timed_out(&rest(&mut stream));
    }
}

#[test]
fn a_body_has_no_more_time_for_coming_byte_by_byte() {
    for change in [
        // in all
        |server: &mut ServerSettings| server.body_timeout = SOON,
        // and by its rate
        |server: &mut ServerSettings| {
            server.body_idle_timeout = SOON;
            server.min_data_rate = 1000;
        },
    ] {
        let store = store(change);
        let mut stream = connect(&store.server);
        send(&mut stream, &post(1000));
        let started = Instant::now();
        while stream.write_all(b" ").is_ok() && started.elapsed() < NEVER {
            std::thread::sleep(Duration::from_millis(20));
        }
        assert!(started.elapsed() < NEVER);
        is_served(&store);
    }
}

#[test]
fn a_body_in_chunks_is_bounded_beside_its_data_too() {
    let store = Store::shared(On::Sqlite);
    let chunked = post(0).replace("Content-Length: 0", "Transfer-Encoding: chunked");
    for body in [format!("1;{}", "x".repeat(50_000)), "0\r\n".to_owned() + &"A: b\r\n".repeat(9000)]
    {
        let mut stream = connect(&store.server);
        send(&mut stream, &chunked);
        let started = Instant::now();
        // it is closed with bytes on the way, which may cost the client the refusal
        while stream.write_all(body.as_bytes()).is_ok() && started.elapsed() < NEVER {}
        assert!(started.elapsed() < NEVER);
    }
    // small chunks are no excess
    let body = json!({"name": "In small chunks"}).to_string() + &" ".repeat(20_000);
    let chunks: Vec<String> = body.chars().map(|byte| format!("1\r\n{byte}\r\n")).collect();
    let mut stream = connect(&store.server);
    send(&mut stream, &format!("{chunked}{}0\r\n\r\n", chunks.concat()));
    assert_eq!(answer(&mut stream).0, 201);
}

#[test]
fn a_body_that_nobody_waits_for_is_not_read_for_ever() {
    let store = Store::shared(On::Sqlite);
    let mut stream = connect(&store.server);
    let head =
        "POST /api/playlists/ HTTP/1.1\r\nHost: testserver\r\nTransfer-Encoding: chunked\r\n\r\n";
    send(&mut stream, head);
    assert_eq!(answer(&mut stream).0, 401);
    let chunk = format!("100000\r\n{}\r\n", " ".repeat(0x10_0000));
    let sent = (0..500).take_while(|_| stream.write_all(chunk.as_bytes()).is_ok()).count();
    assert!((60..100).contains(&sent), "{sent} MiB");
}

#[test]
fn a_body_that_comes_slowly_but_steadily_is_read() {
    let store = store(|server| server.body_idle_timeout = Duration::from_secs(2));
    let body = json!({"name": "Slow", "tracks": [1]}).to_string();
    for length in [body.len(), 20_000] {
        let body = format!("{body}{}", " ".repeat(length - body.len()));
        let mut stream = connect(&store.server);
        send(&mut stream, &post(length));
        for piece in body.as_bytes().chunks(length / 4 + 1) {
            std::thread::sleep(Duration::from_millis(100));
            stream.write_all(piece).unwrap();
        }
        assert_eq!(answer(&mut stream).0, 201);
    }
}

#[test]
fn a_client_that_reads_nothing_is_not_served_on_and_then_cut_off() {
    let store = store(|server| server.write_timeout = SOON);
    let mut stream = connect(&store.server);
    let page = "GET /api/tracks/?page_size=100 HTTP/1.1\r\nHost: testserver\r\n\r\n";
    let requests = page.repeat(5000);
    let before = store.database().statements();
    // the server stops reading, and closes in the end
    let sent = stream.write_all(requests.as_bytes());
    let started = Instant::now();
    while stream.write_all(page.as_bytes()).is_ok() && started.elapsed() < NEVER {
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(started.elapsed() < NEVER, "{sent:?}");
    let answered = (store.database().statements() - before) / 2;
    assert!(answered < 2500, "{answered} pages were made for nobody");
    is_served(&store);
}

#[test]
fn a_client_that_reads_slowly_is_seen_to_read() {
    let limit = Duration::from_millis(500);
    let server = app_beside(|server| server.write_timeout = limit);
    let runtime = actix_web::rt::System::new();
    let mut stream = runtime.block_on(async {
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        // what its system takes for it is not in question
        socket.set_recv_buffer_size(4096).unwrap();
        socket.connect(server.address()).await.unwrap().into_std().unwrap()
    });
    stream.set_nonblocking(false).unwrap();
    send(&mut stream, "GET /large/ HTTP/1.1\r\nHost: testserver\r\n\r\n");
    // 64 kB in a second, or half of that within the limit
    let started = Instant::now();
    let mut piece = [0; 2048];
    while started.elapsed() < limit * 6 {
        stream.read_exact(&mut piece).unwrap();
        std::thread::sleep(limit / 16);
    }
}

#[test]
fn answers_that_nobody_reads_are_bounded_together() {
    let store = store(|server| server.max_unread_size = 1000);
    let mut stream = connect(&store.server);
    let page = "GET /api/tracks/?page_size=100 HTTP/1.1\r\nHost: testserver\r\n\r\n";
    let started = Instant::now();
    while stream.write_all(page.as_bytes()).is_ok() && started.elapsed() < NEVER {}
    assert!(started.elapsed() < NEVER);
    is_served(&store);
}

#[test]
fn requests_that_are_sent_at_once_are_answered_one_after_another() {
    let store = store(|_| {});
    let body = json!({"name": "Sent at once"}).to_string();
    let chunks = format!("{:x}\r\n{body}\r\n0\r\n\r\n", body.len());
    let chunked = post(0).replace("Content-Length: 0", "Transfer-Encoding: chunked") + &chunks;
    let mut stream = connect(&store.server);
    let rounds = 40;
    let requests =
        [GET, &post(body.len()), &body, &chunked, "GET /api/\"<>` HTTP/1.1\r\nHost: a\r\n\r\n"];
    let all = requests.concat().repeat(rounds);
    let mut writer = stream.try_clone().unwrap();
    let writing = std::thread::spawn(move || writer.write_all(all.as_bytes()).unwrap());
    for _ in 0..rounds {
        let statuses = [(); 4].map(|()| answer(&mut stream).0);
        assert_eq!(statuses, [200, 201, 201, 404]);
    }
    writing.join().unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    assert_eq!(rest(&mut stream), "");
}

#[test]
fn a_request_may_come_in_any_pieces() {
    let store = store(|_| {});
    let body = json!({"name": "Pieces"}).to_string();
    let request = format!("{GET}{}{body}{GET}", post(body.len()));
    for size in [1, 3, 50] {
        let mut stream = connect(&store.server);
        stream.set_nodelay(true).unwrap();
        for piece in request.as_bytes().chunks(size) {
            stream.write_all(piece).unwrap();
        }
        assert_eq!([(); 3].map(|()| answer(&mut stream).0), [200, 201, 200], "{size}");
    }
}

#[test]
fn when_there_are_too_many_those_who_waited_longest_make_room() {
    let store = store(|server| server.max_connections = 4);
    let mut waiting: Vec<TcpStream> = (0..4)
        .map(|_| {
            let mut stream = connect(&store.server);
            send(&mut stream, "GET /api/genres/");
            std::thread::sleep(Duration::from_millis(200));
            stream
        })
        .collect();
    is_served(&store);
    // the others are still there
    send(&mut waiting[3], "1/ HTTP/1.1\r\nHost: testserver\r\n\r\n");
    assert_eq!(answer(&mut waiting[3]).0, 200);
    for _ in 0..50 {
        let mut stream = connect(&store.server);
        send(&mut stream, "GET /");
        drop(stream);
    }
    is_served(&store);
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

#[test]
fn a_body_that_lasts_as_long_as_its_connection_has_the_deadlines_of_any_other() {
    let server = app_beside(|server| server.body_idle_timeout = SOON);
    let connect_to = "CONNECT /read/ HTTP/1.1\r\nHost: testserver\r\n\r\n".to_owned();
    for request in [upgrade("/read/"), upgrade("/read/") + "some", connect_to] {
        let mut stream = connect(&server);
        send(&mut stream, &request);
        timed_out(&rest(&mut stream));
    }
    // but not once both sides have agreed on another protocol
    let mut stream = connect(&server);
    send(&mut stream, &upgrade("/echo/"));
    let (head, _) = head_and_body(&mut stream);
    assert!(head.starts_with("http/1.1 101 "), "{head}");
    std::thread::sleep(SOON * 4);
    send(&mut stream, "still here");
    let mut echoed = [0; 10];
    stream.read_exact(&mut echoed).unwrap();
    assert_eq!(&echoed, b"still here");
}

#[test]
fn a_body_that_lasts_as_long_as_its_connection_makes_room_for_others() {
    let server = app_beside(|server| server.max_connections = 2);
    let _waiting = [(); 2].map(|()| {
        let mut stream = connect(&server);
        send(&mut stream, &upgrade("/read/"));
        stream
    });
    std::thread::sleep(Duration::from_millis(200));
    let mut next = connect(&server);
    send(&mut next, SLOW);
    assert_eq!(answer(&mut next), (200, "slow".to_owned()));
}

#[test]
fn what_follows_an_upgrade_is_not_waited_for() {
    let store = Store::shared(On::Sqlite);
    let refused = json!({"detail": "Authentication credentials were not provided."});
    let mut stream = connect(&store.server);
    let request = "POST /api/playlists/ HTTP/1.1\r\nHost: testserver\r\nUpgrade: websocket\r\n\
                   Content-Length: 5\r\n\r\n";
    send(&mut stream, request);
    let (status, body) = answer(&mut stream);
    assert_eq!((status, serde_json::from_str(&body).ok()), (401, Some(refused)));
    let mut stream = connect(&store.server);
    let request = "CONNECT /api/playlists/ HTTP/1.1\r\nHost: testserver\r\nContent-Length: 0\r\n\
                   Authorization: Token ";
    send(&mut stream, &format!("{request}{ALICE}\r\n\r\n"));
    let refused = json!({"detail": "Method \"CONNECT\" not allowed."});
    let (status, body) = answer(&mut stream);
    assert_eq!((status, serde_json::from_str(&body).ok()), (405, Some(refused)));
}

#[test]
fn when_all_are_being_answered_the_next_one_is_refused() {
    let server = app_beside(|server| server.max_connections = 2);
    let mut busy = [(); 2].map(|()| {
        let mut stream = connect(&server);
        send(&mut stream, SLOW);
        stream
    });
    std::thread::sleep(Duration::from_millis(200));
    let mut next = connect(&server);
    send(&mut next, SLOW);
    let refusal = rest(&mut next);
    assert!(refusal.starts_with("HTTP/1.1 503 Service Unavailable\r\n"), "{refusal:?}");
    assert!(refusal.contains("\r\nretry-after: 1\r\n"), "{refusal}");
    assert!(refusal.contains("\r\nx-frame-options: DENY\r\n"), "{refusal}");
    for stream in &mut busy {
        assert_eq!(answer(stream), (200, "slow".to_owned()));
    }
}

#[test]
fn an_address_has_no_more_connections_than_it_may() {
    let store = store(|server| server.max_connections_per_address = Some(2));
    let mut first = connect(&store.server);
    let mut second = connect(&store.server);
    for stream in [&mut first, &mut second] {
        send(stream, GET);
        assert_eq!(answer(stream).0, 200);
    }
    let mut third = connect(&store.server);
    send(&mut third, GET);
    assert!(rest(&mut third).starts_with("HTTP/1.1 503 "));
    drop(first);
    std::thread::sleep(Duration::from_millis(200));
    is_served(&store);
}

#[test]
fn who_may_not_post_is_told_so_before_the_body() {
    for on in On::all() {
        let store = Store::with(on, |settings| {
            settings.server.max_bodies_size = 0;
        });
        let anonymous = |length: &str| {
            format!(
                "POST /api/playlists/ HTTP/1.1\r\nHost: testserver\r\nContent-Type: application/json\r\n{length}\r\n\r\n"
            )
        };
        for length in ["Content-Length: 2000000", "Transfer-Encoding: chunked"] {
            let mut stream = connect(&store.server);
            send(&mut stream, &anonymous(length));
            let refused = json!({"detail": "Authentication credentials were not provided."});
            let (status, body) = answer(&mut stream);
            assert_eq!((status, serde_json::from_str(&body).ok()), (401, Some(refused)));
        }
        // who sends all of it first gets to read so, too
        let body = vec![b' '; 2_000_000];
        let json = &[("Content-Type", "application/json")];
        assert_eq!(store.client().send("POST", "/api/playlists/", json, &body).status, 401);
    }
}

fn large(name: &str, length: usize) -> String {
    let body = json!({"name": name}).to_string();
    format!("{body}{}", " ".repeat(length - body.len()))
}

#[test]
fn bodies_are_bounded_together() {
    for on in On::all() {
        let store = Store::with(on, |settings| settings.server.max_bodies_size = 100_000);
        let post = |name: &str, length: usize| -> Reply {
            store.client_of(ALICE).send(
                "POST",
                "/api/playlists/",
                &[("Content-Type", "application/json")],
                large(name, length).as_bytes(),
            )
        };
        assert_eq!(post("Fits", 90_000).status, 201);
        // what a request took is given back
        assert_eq!(post("Fits", 90_000).status, 201);
        let mut holds = connect(&store.server);
        send(&mut holds, &format!("{}{}", self::post(90_000), " ".repeat(80_000)));
        std::thread::sleep(Duration::from_millis(300));
        let refused = post("Waits", 60_000);
        assert_eq!(refused.status, 503);
        assert_eq!(refused.header("retry-after"), Some("1"));
        assert_eq!(
            refused.json(),
            json!({"detail": "Service temporarily unavailable, try again later."})
        );
        // a small one needs no room
        assert_eq!(post("Small", 16_000).status, 201);
        drop(holds);
        std::thread::sleep(Duration::from_millis(300));
        assert_eq!(post("Fits again", 60_000).status, 201);
        // a body that is too long is told so, whatever there is
        assert_eq!(post("Too long", 3_000_000).status, 400);
    }
}

#[test]
fn a_body_that_is_too_long_leaves_the_memory_to_others() {
    let store = Store::with(On::Sqlite, |settings| {
        settings.data_upload_max_memory_size = Some(50_000);
        settings.server.max_bodies_size = 60_000;
    });
    let mut holds = connect(&store.server);
    let chunked = post(0).replace("Content-Length: 0", "Transfer-Encoding: chunked");
    let pieces = format!("2000\r\n{}\r\n", " ".repeat(0x2000)).repeat(10);
    send(&mut holds, &format!("{chunked}{pieces}"));
    std::thread::sleep(Duration::from_millis(300));
    let reply = store.client_of(ALICE).send(
        "POST",
        "/api/playlists/",
        &[("Content-Type", "application/json")],
        large("Others", 45_000).as_bytes(),
    );
    assert_eq!(reply.status, 201);
    // the one that is too long is told so at its end
    send(&mut holds, "0\r\n\r\n");
    assert_eq!(answer(&mut holds).0, 400);
}

#[test]
fn a_form_with_its_token_may_be_large() {
    let store = Store::shared(On::Sqlite);
    let page = store.client().get("/api-auth/login/");
    let cookie = page.header("set-cookie").and_then(|cookie| cookie.split(';').next()).unwrap();
    let text = page.text();
    let token = text.split("name=\"csrfmiddlewaretoken\" value=\"").nth(1).unwrap();
    let token = token.split('"').next().unwrap();
    let form =
        format!("csrfmiddlewaretoken={token}&username=nobody&password={}", "x".repeat(20_000));
    let reply = store.client().send(
        "POST",
        "/api-auth/login/",
        &[("Content-Type", "application/x-www-form-urlencoded"), ("Cookie", cookie)],
        form.as_bytes(),
    );
    // the token was found, and the password is wrong
    assert_eq!(reply.status, 200, "{}", reply.text());
}

#[test]
fn characters_that_browsers_send_raw_are_taken() {
    let store = Store::shared(On::Sqlite);
    let client = store.client();
    for raw in ["\"", "<", ">", "`", "{", "}", "|", "^", "\\"] {
        let found = client.get(&format!("/api/genres/by-name/{raw}/"));
        assert_eq!(found.status, 404, "{raw}");
        assert_eq!(found.json(), json!({"detail": "No Genre matches the given query."}), "{raw}");
        let found = client.get(&format!("/api/artists/?search={raw}black&page_size=1"));
        assert_eq!(found.status, 200, "{raw}");
        assert_eq!(
            found.json(),
            json!({"count": 0, "next": null, "previous": null, "results": []}),
            "{raw}"
        );
    }
    let page = client.get("/api/artists/?page_size=1&x=\"|\"");
    assert_eq!(
        page.json()["next"],
        json!("http://testserver/api/artists/?page=2&page_size=1&x=%22%7C%22")
    );
}

#[test]
fn what_is_no_request_is_refused_in_words() {
    let store = Store::shared(On::Sqlite);
    let long = format!("GET / HTTP/1.1\r\nX: {}\r\n\r\n", "a".repeat(50_000));
    let many = format!("GET / HTTP/1.1\r\n{}\r\n", "X: y\r\n".repeat(120));
    for (request, status, title) in [
        ("GARBAGE\r\n\r\n", "400 Bad Request", "Bad Request (400)"),
        ("GET /api/ HTTP/1.1\r\n\r\n", "400 Bad Request", "Bad Request (400)"),
        ("GET /é HTTP/1.1\r\nHost: testserver\r\n\r\n", "400 Bad Request", "Bad Request (400)"),
        ("GET / HTTP/1.1\r\nBad Header: x\r\n\r\n", "400 Bad Request", "Bad Request (400)"),
        (
            "POST / HTTP/1.1\r\nHost: testserver\r\nContent-Length: x\r\n\r\n",
            "400 Bad Request",
            "Bad Request (400)",
        ),
        (&long, "431 Request Header Fields Too Large", "431 Request Header Fields Too Large"),
        (&many, "431 Request Header Fields Too Large", "431 Request Header Fields Too Large"),
    ] {
        // as the first request, and behind another
        for before in ["", GET] {
            let mut stream = connect(&store.server);
            send(&mut stream, &format!("{before}{request}"));
            if !before.is_empty() {
                assert_eq!(answer(&mut stream).0, 200);
            }
            let refusal = rest(&mut stream);
            assert!(refusal.starts_with(&format!("HTTP/1.1 {status}\r\n")), "{refusal:?}");
            assert!(refusal.contains("\r\nconnection: close\r\n"), "{refusal}");
            assert!(refusal.contains("\r\nreferrer-policy: same-origin\r\n"), "{refusal}");
            assert!(refusal.contains(&format!("<h1>{title}</h1>")), "{refusal}");
        }
    }
}

#[test]
fn an_app_beside_the_site_has_the_same_limits() {
    let server = app_beside(|server| server.body_idle_timeout = SOON);
    let mut stream = connect(&server);
    send(&mut stream, SLOW);
    assert_eq!(answer(&mut stream), (200, "slow".to_owned()));
    // nobody reads this body
    send(&mut stream, "POST /none/ HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n");
    assert_eq!(answer(&mut stream).0, 404);
    assert_eq!(rest(&mut stream), "");
}

/// The variable that makes a test of this file a server of its own.
#[cfg(unix)]
const CHILD: &str = "QUINTET_TEST_SERVE_AT";

/// Serves in a process of its own, for the tests below; by itself it is none.
#[cfg(unix)]
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

#[cfg(unix)]
mod signals {
    use std::net::SocketAddr;
    use std::process::{Child, Command, Stdio};

    use super::*;

    /// A server in a process of its own.
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
                .args(["--exact", "server::child_process", "--nocapture"])
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
            let kill =
                Command::new("kill").args(["-s", name, &self.child.id().to_string()]).status();
            assert!(kill.unwrap().success());
        }

        /// Waits for its end, which is a good one.
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
            send(
                &mut half_body,
                "POST /echo/ HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nhalf",
            );
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
            // no newcomers, once the listener has heard of it
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
}
