//! Heads and bodies that take too long are cut off, on the first request of a connection and later
//! ones.

use super::*;

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
    // empty lines are not a request
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
    // small chunks are not an excess
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
