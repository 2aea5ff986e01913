//! Clients that read slowly or not at all, that send everything at once or in pieces, and too many
//! clients.

use super::*;

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
