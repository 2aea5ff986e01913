//! What is taken for a request, and what is refused.

use super::*;

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
