//! Bodies in every charset and shape that clients send (`rest_framework.parsers`).

use quintet_tests::client::{Client, Reply};
use quintet_tests::store::{ALICE, On, STAFF, Store};
use serde_json::{Value, json};

const FORM: &str = "application/x-www-form-urlencoded";

fn post(client: &Client, path: &str, content_type: &str, body: &[u8]) -> Reply {
    client.send("POST", path, &[("Content-Type", content_type)], body)
}

/// What the name of an artist is read as.
fn name(store: &Store, content_type: &str, body: &[u8]) -> Value {
    let reply = post(&store.client_of(ALICE), "/api/artists/", content_type, body);
    assert_eq!(reply.status, 201, "{content_type}: {}", reply.text());
    reply.json()["name"].clone()
}

#[test]
fn a_declared_charset_is_obeyed_in_json_and_in_forms() {
    let store = Store::new(On::Sqlite);
    let utf16: Vec<u8> =
        "\u{feff}{\"name\":\"né\"}".encode_utf16().flat_map(u16::to_le_bytes).collect();
    for (charset, body) in [
        ("utf-8", "{\"name\":\"né\"}".as_bytes()),
        ("cp1252", b"{\"name\":\"n\xe9\"}"),
        ("Windows-1252", b"{\"name\":\"n\xe9\"}"),
        ("latin-1", b"{\"name\":\"n\xe9\"}"),
        ("iso-8859-15", b"{\"name\":\"n\xe9\"}"),
        ("utf-16", &utf16),
        ("nonsense", "{\"name\":\"né\"}".as_bytes()),
    ] {
        let content_type = format!("application/json; charset={charset}");
        assert_eq!(name(&store, &content_type, body), "né", "{charset}");
    }
    for (charset, body) in [
        ("cp1252", &b"name=n%E9"[..]),
        ("latin-1", b"name=n\xe9"),
        ("UTF-8", b"name=n%C3%A9"),
        ("nonsense", b"name=n%C3%A9"),
    ] {
        assert_eq!(name(&store, &format!("{FORM}; charset={charset}"), body), "né", "{charset}");
    }
}

#[test]
fn bytes_of_a_form_that_are_no_text_are_replaced_with_a_charset_and_without() {
    let store = Store::new(On::Sqlite);
    for form in [FORM.to_owned(), format!("{FORM}; charset=UTF-8")] {
        assert_eq!(name(&store, &form, b"name=a%C3"), "a\u{fffd}");
        assert_eq!(name(&store, &form, b"name=x%80%81y"), "x\u{fffd}\u{fffd}y");
        assert_eq!(name(&store, &form, b"name=x\xe9y"), "xéy");
    }
}

#[test]
fn a_charset_that_reads_no_text_is_refused_and_one_of_wide_characters_finds_no_names() {
    let client = Store::shared(On::Sqlite).client_of(ALICE);
    for name in ["hex", "base64", "rot13", "utf-7"] {
        let text = format!("Unsupported charset \"{name}\" in request Content-Type header.");
        for media_type in ["application/json", FORM] {
            let content_type = format!("{media_type}; charset={name}");
            let reply = post(&client, "/api/artists/", &content_type, b"{}");
            assert_eq!((reply.status, reply.json()), (400, json!({ "detail": text })));
        }
    }
    let wide = post(&client, "/api/artists/", &format!("{FORM}; charset=utf-16"), b"name=off");
    assert_eq!((wide.status, wide.json()), (400, json!({"name": ["This field is required."]})));
    let broken = post(&client, "/api/artists/", "application/json; charset=cp1252", b"\x81");
    let text = "JSON parse error - 'charmap' codec can't decode byte 0x81 in position 0: \
                character maps to <undefined>";
    assert_eq!((broken.status, broken.json()), (400, json!({ "detail": text })));
}

#[test]
fn a_media_type_that_is_not_ascii_is_told_byte_by_byte() {
    let client = Store::shared(On::Sqlite).client_of(ALICE);
    let head = "POST /api/artists/ HTTP/1.1\r\nHost: testserver\r\nConnection: close\r\n";
    let mut request = head.as_bytes().to_vec();
    request.extend_from_slice(format!("Authorization: Token {ALICE}\r\n").as_bytes());
    request.extend_from_slice(b"Content-Type: \xe9/x\r\nContent-Length: 1\r\n\r\nx");
    let reply = client.exchange("POST", &request);
    let text = "Unsupported media type \"é/x\" in request.";
    assert_eq!((reply.status, reply.json()), (415, json!({ "detail": text })));
}

#[test]
fn parts_of_a_list_in_a_form_have_numbers_of_any_length() {
    let client = Store::shared(On::Sqlite).client_of(STAFF);
    let send = |lines: &str| {
        let body = format!("customer=5&invoice_date=2024-05-05T10:00:00Z&{lines}");
        let reply = post(&client, "/api/invoices/", FORM, body.as_bytes());
        assert_eq!(reply.status, 400, "{lines}");
        reply.json()["lines"].clone()
    };
    assert_eq!(
        send("lines[0]track=3&lines[0]quantity=2&lines[99999999999999999999]track="),
        json!({"1": {
            "track": ["This field may not be null."],
            "quantity": ["This field is required."],
        }})
    );
    assert_eq!(
        send("lines[0]track=3&lines[0]quantity=2&lines[0]=5&lines[0]quantity=5"),
        json!({"0": {"non_field_errors": ["Invalid data. Expected a dictionary, but got str."]}})
    );
    assert_eq!(
        send("lines[1]quantity=0&lines[01]track=x"),
        json!({"0": {
            "track": ["Incorrect type. Expected pk value, received str."],
            "quantity": ["Ensure this value is greater than or equal to 1."],
        }})
    );
    assert_eq!(send("lines[-1]track=3&lines[]track=3"), json!(["This field is required."]));
}

#[test]
fn null_and_other_items_of_a_nested_list_are_told_by_index() {
    let client = Store::shared(On::Sqlite).client_of(STAFF);
    let lines = |items: Value| {
        let body = json!({"customer": 5, "invoice_date": "2024-05-05T10:00:00Z", "lines": items});
        let reply = client.json("POST", "/api/invoices/", &body);
        assert_eq!(reply.status, 400);
        reply.json()["lines"].clone()
    };
    let refused = json!(["This field may not be null."]);
    let wrong = |name: &str| {
        let text = format!("Invalid data. Expected a dictionary, but got {name}.");
        json!({ "non_field_errors": [text] })
    };
    assert_eq!(lines(json!([null])), json!({ "0": refused }));
    let line = json!({"track": 3, "quantity": 1});
    assert_eq!(lines(json!([line, null])), json!({ "1": refused }));
    assert_eq!(
        lines(json!([null, line, 1, "x", [], true])),
        json!({
            "0": refused, "2": wrong("int"), "3": wrong("str"), "4": wrong("list"), "5": wrong("bool"),
        })
    );
}

#[test]
fn of_an_object_where_a_list_of_keys_is_due_the_keys_are_read() {
    let store = Store::new(On::Sqlite);
    let client = store.client_of(ALICE);
    let missing = |key: &str| {
        let text = format!("Invalid pk \"{key}\" - object does not exist.");
        (400, json!({ "tracks": [text] }))
    };
    for (method, path) in [("PUT", ""), ("PATCH", ""), ("POST", "tracks/"), ("DELETE", "tracks/")] {
        let path = format!("/api/playlists/15/{path}");
        for key in ["0", "9999999"] {
            let body = json!({"name": "x", "tracks": {"1": 0, key: 1}});
            let reply = client.json(method, &path, &body);
            assert_eq!((reply.status, reply.json()), missing(key), "{method} {path}");
        }
    }
    let added = client.json("POST", "/api/playlists/15/tracks/", &json!({"tracks": {"1": 0}}));
    assert_eq!(added.status, 200);
}

#[test]
fn a_form_in_parts_is_read_as_any_other_and_its_files_are_passed_over() {
    let store = Store::new(On::Sqlite);
    let body = b"--b\r\nContent-Disposition: form-data; name=\"name\"\r\n\r\nn\xc3\xa9\r\n\
        --b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"f\"\r\n\r\nfile\r\n--b--\r\n";
    let parts = "multipart/form-data; boundary=b";
    assert_eq!(name(&store, parts, body), "né");
    let client = store.client_of(ALICE);
    let without = post(&client, "/api/artists/", "multipart/form-data", body);
    let text = "Multipart form parse error - Invalid boundary in multipart: None";
    assert_eq!((without.status, without.json()), (400, json!({ "detail": text })));
    let token = b"--b\r\nContent-Disposition: form-data; name=\"username\"\r\n\r\nalice\r\n\
        --b\r\nContent-Disposition: form-data; name=\"password\"\r\n\r\nno\r\n--b--\r\n";
    let refused = post(&store.client(), "/api/auth/token/", parts, token);
    let text = "Unable to log in with provided credentials.";
    assert_eq!((refused.status, refused.json()), (400, json!({"non_field_errors": [text]})));
}

#[test]
fn a_page_refuses_a_form_that_is_not_in_utf8() {
    let client = Store::shared(On::Sqlite).client();
    let path = "/api-auth/login/";
    let send = |content_type: &str| {
        let token = "a".repeat(32);
        let headers = [("Content-Type", content_type), ("Cookie", &format!("csrftoken={token}"))];
        let body = format!("csrfmiddlewaretoken={token}&username=x&password=y");
        client.send("POST", path, &headers, body.as_bytes()).status
    };
    assert_eq!(send(FORM), 200);
    assert_eq!(send(&format!("{FORM}; charset=UTF-8")), 200);
    assert_eq!(send(&format!("{FORM}; charset=klingon")), 200);
    for charset in ["latin-1", "utf8", "hex"] {
        assert_eq!(send(&format!("{FORM}; charset={charset}")), 400, "{charset}");
    }
}

#[test]
fn a_zero_keeps_its_places_in_arithmetic() {
    for on in On::all() {
        let store = Store::new(on);
        let client = store.client_of(STAFF);
        let body = json!({
            "customer": 5, "invoice_date": "2024-05-05T10:00:00Z",
            "lines": [
                {"track": 3, "quantity": 2, "unit_price": "0"},
                {"track": 4, "quantity": 3, "unit_price": "1.5"},
            ],
        });
        let made = client.json("POST", "/api/invoices/", &body).json();
        assert_eq!(
            (&made["total"], &made["lines"][0]["subtotal"]),
            (&json!("4.50"), &json!("0.00"))
        );
        assert_eq!(made["lines"][1]["subtotal"], "4.50");
        let line = client.get(&format!("/api/invoice-lines/{}/", made["lines"][0]["id"])).json();
        assert_eq!((&line["unit_price"], &line["subtotal"]), (&json!("0.00"), &json!("0.00")));
    }
}

#[test]
fn a_nul_in_a_key_names_no_row() {
    for on in On::all() {
        let client = Store::shared(on).client_of(ALICE);
        for field in ["genre", "media_type"] {
            let reply = client.json("PATCH", "/api/tracks/1/", &json!({ field: "a\0b" }));
            let text = "Object with name=a\0b does not exist.";
            assert_eq!((reply.status, reply.json()), (400, json!({ field: [text] })), "{on:?}");
        }
    }
}

#[test]
fn a_multipart_form_of_too_many_fields_or_files_is_a_bad_request() {
    let store = Store::new(On::Sqlite);
    let client = store.client_of(ALICE);
    let parts = "multipart/form-data; boundary=b";
    let name = b"--b\r\nContent-Disposition: form-data; name=name\r\n\r\nHash\r\n";
    let file = b"--b\r\nContent-Disposition: form-data; name=f; filename=f\r\n\r\n1\r\n";
    let form = |part: &[u8], count| [&name[..], &part.repeat(count), b"--b--\r\n"].concat();
    for (part, most) in [(&file[..], 100), (b"--b\r\n", 999)] {
        let fits = post(&client, "/api/artists/", parts, &form(part, most));
        assert_eq!((fits.status, &fits.json()["name"]), (201, &json!("Hash")));
        let refused = post(&client, "/api/artists/", parts, &form(part, most + 1));
        assert_eq!(refused.status, 400);
        assert!(refused.text().contains("<h1>Bad Request (400)</h1>"), "{}", refused.text());
    }
    let flood = post(&client, "/api/artists/", parts, &b"--b".repeat(870_000));
    assert_eq!(flood.status, 400);
    let head = [b"--b\r\n", &b"x".repeat(2000)[..], b"\r\n--b--\r\n"].concat();
    let refused = post(&client, "/api/artists/", parts, &head);
    let text = "Multipart form parse error - Request max total header size exceeded.";
    assert_eq!((refused.status, refused.json()), (400, json!({ "detail": text })));
}
