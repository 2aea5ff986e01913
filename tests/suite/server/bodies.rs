//! Bodies are read once the view allows them, and are bounded together.

use super::*;

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
        // a client that sends all of it first can read that, too
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
        // what a request took is released
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
        // a body that is too long is refused as such, whatever room there is
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
    // the one that is too long is refused as such at its end
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
