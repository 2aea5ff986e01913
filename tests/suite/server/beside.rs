//! Other handlers beside the site, upgrades, and the number of connections.

use super::*;

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
