//! Responses to invalid requests, with DRF's and Django's messages.

use quintet_tests::client::{Client, Reply};
use quintet_tests::store::{ADMIN, ALICE, On, Store};
use serde_json::{Value, json};

const JSON: (&str, &str) = ("Content-Type", "application/json");

fn alice(on: On) -> Client {
    Store::shared(on).client_of(ALICE)
}

/// Posts bytes to the tracks, which must be refused; returns status and body.
fn post(on: On, content_type: &[(&str, &str)], body: &[u8]) -> Reply {
    alice(on).send("POST", "/api/tracks/", content_type, body)
}

fn refused(reply: &Reply, status: u16, body: &Value) {
    assert_eq!((reply.status, &reply.json()), (status, body));
}

fn field(name: &str, message: &str) -> Value {
    json!({ name: [message] })
}

#[test]
fn broken_json_is_400_and_tells_where() {
    for on in On::all() {
        for (body, message) in [
            (&b"{\"name\": }"[..], "Expecting value: line 1 column 10 (char 9)"),
            (b"{", "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"),
            (b"[1,\n2", "Expecting ',' delimiter: line 2 column 2 (char 5)"),
            (b"{} x", "Extra data: line 1 column 4 (char 3)"),
            (
                b"{\"a\": \"\xff\"}",
                "'utf-8' codec can't decode byte 0xff in position 7: invalid start byte",
            ),
        ] {
            let expected = json!({"detail": format!("JSON parse error - {message}")});
            refused(&post(on, &[JSON], body), 400, &expected);
        }
    }
}

#[test]
fn a_body_that_is_no_object_is_400() {
    for on in On::all() {
        for (body, kind) in [("[]", "list"), ("1", "int"), ("\"x\"", "str"), ("true", "bool")] {
            let message = format!("Invalid data. Expected a dictionary, but got {kind}.");
            refused(&post(on, &[JSON], body.as_bytes()), 400, &field("non_field_errors", &message));
        }
    }
}

#[test]
fn json_that_is_nested_too_deeply_is_400() {
    for on in On::all() {
        let arrays = "[".repeat(100_000) + &"]".repeat(100_000);
        let objects = "{\"a\":".repeat(100_000) + "1" + &"}".repeat(100_000);
        let inside = format!("{{\"name\": {arrays}}}");
        let open = "[".repeat(100_000);
        for body in [arrays, objects, inside, open] {
            let reply = post(on, &[JSON], body.as_bytes());
            assert_eq!(reply.status, 400, "{}", reply.text());
            let body = reply.json();
            let detail = body["detail"].as_str().unwrap_or_default();
            assert!(detail.starts_with("JSON parse error - "), "{detail}");
        }
    }
}

#[test]
fn a_body_of_an_unknown_type_is_415() {
    for on in On::all() {
        for (headers, named) in [
            (&[("Content-Type", "text/csv")][..], "text/csv"),
            (
                &[("Content-Type", "application/xml; charset=utf-8")],
                "application/xml; charset=utf-8",
            ),
            (&[("Content-Type", "")], ""),
            (&[("Content-Type", "x")], "x"),
            (&[], ""),
        ] {
            let detail = format!("Unsupported media type \"{named}\" in request.");
            refused(&post(on, headers, b"a,b"), 415, &json!({ "detail": detail }));
        }
    }
}

#[test]
fn a_method_that_is_not_there_is_405_with_what_is() {
    for on in On::all() {
        for method in ["PUT", "PATCH", "DELETE", "BREW", "TRACE", "PROPFIND"] {
            let reply = alice(on).send(method, "/api/tracks/", &[], b"");
            let detail = format!("Method \"{method}\" not allowed.");
            refused(&reply, 405, &json!({ "detail": detail }));
            assert_eq!(reply.header("allow"), Some("GET, POST, HEAD, OPTIONS"));
        }
    }
}

#[test]
fn head_has_the_headers_of_get_and_options_tells_what_a_view_is() {
    for on in On::all() {
        let client = Store::shared(on).client();
        let get = client.get("/api/genres/1/");
        let head = client.send("HEAD", "/api/genres/1/", &[], b"");
        assert_eq!(head.status, 200);
        for name in ["content-type", "content-length", "allow", "vary", "x-frame-options"] {
            assert_eq!(head.header(name), get.header(name), "{name}");
        }
        let options = client.send("OPTIONS", "/api/genres/1/", &[], b"");
        assert_eq!(options.status, 200);
        assert_eq!(options.json()["name"], "Genre Instance");
    }
}

#[test]
fn null_characters_are_refused_wherever_they_stand() {
    let message = "Null characters are not allowed.";
    for on in On::all() {
        let body = br#"{"name": "a\u0000b", "media_type": "AAC audio file", "milliseconds": 1,
                        "unit_price": "1"}"#;
        refused(&post(on, &[JSON], body), 400, &field("name", message));
        let client = Store::shared(on).client();
        refused(&client.get("/api/tracks/?name=%00"), 400, &field("name", message));
        refused(&client.get("/api/tracks/?search=a%00"), 400, &json!([message]));
        refused(&client.get("/api/tracks/%00/"), 404, &json!({"detail": "Not found."}));
        assert_eq!(client.get("/api/users/%00/").status, 404);
        assert_eq!(client.get("/%00").status, 404);
    }
}

#[test]
fn text_that_is_no_utf_8_is_replaced_in_addresses() {
    for on in On::all() {
        let client = Store::shared(on).client();
        let empty = json!({"count": 0, "next": null, "previous": null, "results": []});
        refused(&client.get("/api/tracks/?name=%FF%FE"), 200, &empty);
        refused(&client.get("/api/genres/%FF/"), 404, &json!({"detail": "Not found."}));
        assert_eq!(client.get("/%FF/%FE/").status, 404);
    }
}

#[test]
fn integers_beyond_every_column_are_refused_or_found_nowhere() {
    let huge = "99999999999999999999";
    for on in On::all() {
        let body = format!(
            "{{\"name\": \"x\", \"album\": {huge}, \"media_type\": \"AAC audio file\", \
             \"milliseconds\": {huge}, \"bytes\": -{huge}, \"unit_price\": {huge}}}"
        );
        let expected = json!({
            "album": [format!("Invalid pk \"{huge}\" - object does not exist.")],
            "milliseconds": ["Ensure this value is less than or equal to 2147483647."],
            "bytes": ["Ensure this value is greater than or equal to 0."],
            "unit_price": ["Ensure that there are no more than 10 digits in total."],
        });
        refused(&post(on, &[JSON], body.as_bytes()), 400, &expected);
        let client = Store::shared(on).client();
        for number in [huge, "9223372036854775807", "9223372036854775808", "-9223372036854775809"] {
            let missing = json!({"detail": "No Track matches the given query."});
            refused(&client.get(&format!("/api/tracks/{number}/")), 404, &missing);
            let choice = "Select a valid choice. That choice is not one of the available choices.";
            let album = client.get(&format!("/api/tracks/?album={number}"));
            refused(&album, 400, &field("album", choice));
            let one = client.get(&format!("/api/tracks/?id__in={number},1&limit=1"));
            assert_eq!((one.status, &one.json()["count"]), (200, &json!(1)), "{number}");
            let above = client.get(&format!("/api/tracks/?milliseconds__gt={number}"));
            let count = if number.starts_with('-') { 3503 } else { 0 };
            assert_eq!((above.status, &above.json()["count"]), (200, &json!(count)), "{number}");
            let links = client.get(&format!("/api/playlists/?has_track={number}"));
            refused(&links, 400, &field("has_track", choice));
        }
        // more digits than Python reads
        let long = "9".repeat(5000);
        assert_eq!(post(on, &[JSON], format!("{{\"album\": {long}}}").as_bytes()).status, 400);
        assert_eq!(client.get(&format!("/api/tracks/{long}/")).status, 404);
        assert_eq!(client.get(&format!("/api/tracks/?page={long}&limit={long}")).status, 200);
    }
}

#[test]
fn of_a_key_that_stands_twice_the_last_one_counts() {
    for on in On::all() {
        let body = br#"{"name": "Untitled", "name": "", "name": "untitled",
                        "media_type": "AAC audio file", "milliseconds": 1, "unit_price": "1"}"#;
        let expected = field("name", "Give the track a real name.");
        refused(&post(on, &[JSON], body), 400, &expected);
    }
}

#[test]
fn a_host_that_is_not_allowed_is_400() {
    let store = Store::with(On::Sqlite, |settings| {
        settings.allowed_hosts = vec!["shop.example".into(), ".example.com".into()];
    });
    let status = |host: &str| {
        let request = format!("GET /api/genres/1/ HTTP/1.1\r\n{host}Connection: close\r\n\r\n");
        store.client().exchange("GET", request.as_bytes()).status
    };
    for good in
        ["shop.example", "SHOP.example:8000", "example.com", "a.b.example.com", "shop.example."]
    {
        assert_eq!(status(&format!("Host: {good}\r\n")), 200, "{good}");
    }
    for bad in [
        "evil.example",
        "ashop.example",
        "example.com.evil",
        "shop.example@evil",
        "shop.example:x",
        "shop.example/",
        "",
        "[::1]",
        "shop.example#",
        "shop_.example",
    ] {
        assert_eq!(status(&format!("Host: {bad}\r\n")), 400, "{bad}");
    }
}

#[test]
fn more_than_a_thousand_parameters_are_400() {
    for on in On::all() {
        let client = Store::shared(on).client();
        let query = |count: usize| vec!["a=1"; count].join("&");
        assert_eq!(client.get(&format!("/api/genres/?{}", query(1000))).status, 200);
        let reply = client.get(&format!("/api/genres/?{}", query(1001)));
        assert_eq!(reply.status, 400);
        assert!(reply.text().contains("<h1>Bad Request (400)</h1>"), "{}", reply.text());
        let form = ("Content-Type", "application/x-www-form-urlencoded");
        assert_eq!(post(on, &[form], query(1001).as_bytes()).status, 400);
    }
}

#[test]
fn an_accept_header_of_eight_kilobytes_is_read() {
    for on in On::all() {
        let client = Store::shared(on).client();
        let after = |count: usize, length: usize| {
            format!("x/{}, ", "x".repeat(length - 4)).repeat(count) + "application/json"
        };
        let accept = |value: &str| client.send("GET", "/api/genres/1/", &[("Accept", value)], b"");
        assert_eq!(accept(&after(63, 128)).status, 200);
        // as in DRF, anything after the 64th type or the 8192nd character is ignored
        let detail = json!({"detail": "Could not satisfy the request Accept header."});
        refused(&accept(&after(64, 100)), 406, &detail);
        refused(&accept(&after(40, 210)), 406, &detail);
        for odd in ["", ";", "/", "*", "*/", ",,,", "application/json;", "a/b/c", "\"", "q=1"] {
            let status = accept(odd).status;
            assert!([200, 406].contains(&status), "{odd}: {status}");
        }
    }
}

/// Cursors as base64 of what they hold.
#[test]
fn a_cursor_that_was_tampered_with_is_404() {
    for on in On::all() {
        let admin = Store::shared(on).client_of(ADMIN);
        let invalid = json!({"detail": "Invalid cursor"});
        for (cursor, what) in [
            ("abc", "padding"),
            ("gICA", "bytes that are no text"),
            ("bz0tMQ==", "o=-1"),
            ("bz14", "o=x"),
            ("cj14", "r=x"),
            ("cD14", "p=x"),
            ("cD0yMDI0LTEzLTQ1", "p=2024-13-45"),
            ("cD0lMDA=", "p=%00"),
            ("cD05OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk=", "p=99999999999999999999999999"),
        ] {
            let reply = admin.get(&format!("/api/invoices/?cursor={cursor}"));
            assert_eq!((reply.status, reply.json()), (404, invalid.clone()), "{what}");
        }
        // o=99999999999999999999 is cut to the greatest offset
        let far = admin.get("/api/invoices/?cursor=bz05OTk5OTk5OTk5OTk5OTk5OTk5OQ%3D%3D");
        assert_eq!((far.status, &far.json()["results"]), (200, &json!([])));
        // an empty one is the first page
        let long = "A".repeat(40_000);
        assert_eq!(admin.get(&format!("/api/invoices/?cursor={long}")).status, 200);
    }
}
