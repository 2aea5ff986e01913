//! Whatever is sent, the server responds below 500, and keeps working.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};

use quintet_tests::client::{Client, Reply};
use quintet_tests::store::{ADMIN, ALICE, On, Store};
use serde_json::json;

/// Checks that the server still responds, and that its tables exist.
fn is_well(store: &Store) {
    let reply = store.client().get("/api/genres/1/");
    assert_eq!((reply.status, reply.json()), (200, json!({"id": 1, "name": "Rock"})));
}

/// Strings from attacks on other software, percent-encoded.
const HOSTILE: [&str; 16] = [
    "%27%20OR%201%3D1%20--",
    "%22%3B%20DROP%20TABLE%20store_genre%3B%20--",
    "1%20UNION%20SELECT%20password%20FROM%20auth_user",
    "%5C%27%29%3B",
    "%00",
    "%FF%FE",
    "%ED%A0%80",
    "99999999999999999999999999",
    "-9223372036854775809",
    "1e400",
    "NaN",
    "%D9%A3",
    "2024-13-45T99%3A99",
    ",,,",
    "%28%5B%2A%2B%3F",
    "",
];

/// Every list of the store with the parameters that its document names.
fn lists(client: &Client) -> Vec<(String, Vec<String>)> {
    let document = client.get("/api/schema/?format=json").json();
    let mut lists = Vec::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        let parameters = item["get"]["parameters"].as_array().cloned().unwrap_or_default();
        let names: Vec<String> = parameters
            .iter()
            .filter(|parameter| parameter["in"] == "query")
            .filter_map(|parameter| parameter["name"].as_str().map(ToOwned::to_owned))
            .collect();
        if !names.is_empty() {
            let path = path.replace("{id}", "1").replace("{letter}", "a").replace("{kind}", "x");
            lists.push((path, names));
        }
    }
    lists
}

#[test]
fn hostile_text_in_every_parameter_of_every_list_is_a_value_and_no_more() {
    for on in On::all() {
        let store = Store::shared(on);
        let client = store.client_of(ADMIN);
        let lists = lists(&client);
        assert!(lists.len() > 10, "{lists:?}");
        let mut wrong = Vec::new();
        for (path, names) in &lists {
            for name in names.iter().map(String::as_str).chain(["format", "nothing"]) {
                for value in HOSTILE {
                    let address = format!("{path}?{name}={value}");
                    let reply = client.get(&address);
                    if ![200, 400, 404].contains(&reply.status) {
                        wrong.push(format!("{on:?} {address}: {}", reply.status));
                    }
                }
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        is_well(store);
    }
}

#[test]
fn parameters_beyond_what_a_statement_takes_are_no_fault_of_the_server() {
    for on in On::all() {
        let store = Store::shared(on);
        let client = store.client_of(ADMIN);
        for (parameter, value) in [
            ("search", "a,".repeat(300)),
            ("search", "a,".repeat(20_000)),
            ("search", "a".repeat(51_000)),
            ("ordering", "name,-id,".repeat(3_000)),
            ("id__in", "1,".repeat(20_000)),
            ("search", "%5C%22+".repeat(8_000)),
        ] {
            for list in ["tracks", "albums", "artists"] {
                let status = client.get(&format!("/api/{list}/?{parameter}={value}")).status;
                let start: String = value.chars().take(8).collect();
                assert!(status < 500, "{on:?} {list} {parameter}={start}…: {status}");
            }
        }
        is_well(store);
    }
}

#[test]
fn an_order_is_the_same_however_often_its_terms_come() {
    for on in On::all() {
        let client = Store::shared(on).client();
        for (list, parameter, term, other) in
            [("playlists", "sort", "-name", "created"), ("tracks", "ordering", "-name", "id")]
        {
            let once = client.get(&format!("/api/{list}/?{parameter}={term},{other}"));
            let often = format!("{}{other}", format!("{term},").repeat(5_000));
            let often = client.get(&format!("/api/{list}/?{parameter}={often}"));
            assert_eq!((once.status, often.status), (200, 200), "{on:?} {list}");
            assert_eq!(often.json()["results"], once.json()["results"], "{on:?} {list}");
        }
    }
}

#[test]
fn moments_outside_the_calendar_in_utc_are_refused_in_bodies_and_compared_in_filters() {
    const EARLY: &str = "0001-01-01T00:00:00%2B14:00";
    const LATE: &str = "9999-12-31T23:59:59-14:00";
    for on in On::all() {
        let store = Store::new(on);
        let client = store.client_of(ADMIN);
        for moment in ["0001-01-01T00:00:00+14:00", LATE] {
            let reply = client.json("PATCH", "/api/invoices/1/", &json!({"invoice_date": moment}));
            let refused = json!({"invoice_date": ["Datetime value out of range."]});
            assert_eq!((reply.status, reply.json()), (400, refused), "{on:?} {moment}");
        }
        let found = |query: &str| {
            let reply = client.get(&format!("/api/invoices/?page_size=2&{query}"));
            assert_eq!(reply.status, 200, "{on:?} {query}");
            reply.json()["results"].as_array().map_or(0, Vec::len)
        };
        for (query, rows) in [
            (format!("since={EARLY}"), 2),
            (format!("since={LATE}"), 0),
            (format!("until={EARLY}"), 0),
            (format!("until={LATE}"), 2),
            // `p=0001-01-01 00:00:00+14:00` and `p=9999-12-31 23:59:59-14:00`, newest first
            ("cursor=cD0wMDAxLTAxLTAxKzAwJTNBMDAlM0EwMCUyQjE0JTNBMDA%3D".to_owned(), 0),
            ("cursor=cD05OTk5LTEyLTMxKzIzJTNBNTklM0E1OS0xNCUzQTAw".to_owned(), 2),
        ] {
            assert_eq!(found(&query), rows, "{on:?} {query}");
        }
    }
}

#[test]
fn what_others_have_stored_outside_the_calendar_is_shown() {
    for on in On::all() {
        let store = Store::new(on);
        let client = store.client_of(ADMIN);
        let before = if on == On::Sqlite { "-0043-03-15" } else { "0044-03-15 BC" };
        for (stored, shown) in [
            ("infinity", "infinity"),
            ("-infinity", "-infinity"),
            ("10000-01-01", "10000-01-01"),
            (before, "-0043-03-15"),
        ] {
            let moment = if stored.ends_with("infinity") || on == On::Postgres {
                stored.to_owned()
            } else {
                format!("{stored} 00:00:00")
            };
            let zone = if on == On::Postgres { "SET TIME ZONE 'UTC'; " } else { "" };
            store.execute(&format!(
                "{zone}UPDATE store_invoice SET invoice_date = '{moment}' WHERE id = 1; \
                 UPDATE store_employee SET hire_date = '{stored}' WHERE id = 8"
            ));
            let invoice = client.get("/api/invoices/1/");
            let moment = invoice.json()["invoice_date"].as_str().unwrap_or_default().to_owned();
            assert_eq!(moment.trim_end_matches("T00:00:00Z"), shown, "{on:?}");
            assert_eq!(client.get("/api/employees/8/").json()["hire_date"], json!(shown));
            assert_eq!(client.get("/api/invoices/").status, 200, "{on:?}");
            assert_eq!(client.get("/api/invoices/?ordering=invoice_date").status, 200, "{on:?}");
        }
    }
}

#[test]
fn hostile_text_in_addresses_finds_nothing() {
    for on in On::all() {
        let store = Store::shared(on);
        let client = store.client_of(ADMIN);
        for value in HOSTILE {
            for path in ["/api/tracks/{}/", "/api/users/{}/", "/api/artists/by-letter/{}/", "/{}"] {
                let address = path.replace("{}", value);
                let status = client.get(&address).status;
                let accepted: &[u16] = match value {
                    // without a value the URL is a list's, or redirected to one
                    "" => &[200, 301, 404],
                    // an Arabic three is a three, as in Python
                    "%D9%A3" => &[200, 404],
                    _ => &[404],
                };
                assert!(accepted.contains(&status), "{on:?} {address}: {status}");
            }
            let by_name = client.get(&format!("/api/genres/by-name/{value}/")).status;
            assert_eq!(by_name, 404, "{on:?} {value}");
        }
        is_well(store);
    }
}

#[test]
fn hostile_values_in_every_field_of_a_body_are_stored_as_text_or_refused() {
    let values = [
        json!("' OR 1=1 --"),
        json!("\"; DROP TABLE store_genre; --"),
        json!("\u{0}"),
        json!("\u{fffd}\u{10ffff}"),
        json!(null),
        json!(true),
        json!(-1),
        json!(1e300),
        json!(18_446_744_073_709_551_615_u64),
        json!([]),
        json!([[[]]]),
        json!({"a": {"b": null}}),
        json!("x".repeat(100_000)),
    ];
    for on in On::all() {
        let store = Store::new(on);
        let client = store.client_of(ADMIN);
        let mut wrong = Vec::new();
        for (path, names) in [
            ("/api/artists/", &["name", "album_count", "id"][..]),
            ("/api/albums/", &["title", "artist_id", "artist", "tracks"]),
            ("/api/tracks/", &["name", "album", "genre", "media_type", "bytes", "unit_price"]),
            ("/api/playlists/", &["name", "is_public", "tracks", "owner", "created_at"]),
            ("/api/customers/", &["email", "first_name", "support_rep", "company"]),
            ("/api/invoices/", &["customer", "invoice_date", "lines", "total"]),
            ("/api/employees/", &["hire_date", "reports_to", "title", "email"]),
            ("/api/atomic/", &["name", "fail"]),
        ] {
            for name in names {
                for value in &values {
                    let reply = client.json("POST", path, &json!({ *name: value }));
                    let changed =
                        client.json("PATCH", &format!("{path}1/"), &json!({ *name: value }));
                    for reply in [reply, changed] {
                        if reply.status >= 500 {
                            let short: String = value.to_string().chars().take(60).collect();
                            wrong.push(format!("{on:?} {path} {name}={short}: {}", reply.status));
                        }
                    }
                }
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        is_well(&store);
    }
}

/// The greatest resident memory of this process so far, in MiB, where it can be read.
fn peak() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM"))?;
    line.split_whitespace().nth(1)?.parse::<u64>().ok().map(|kilobytes| kilobytes / 1024)
}

/// Sends a head, then this many megabytes, until the server closes.
fn pour(store: &Store, head: &str, megabytes: usize, chunked: bool) -> Reply {
    let mut request = head.as_bytes().to_vec();
    let piece = vec![b' '; 1 << 20];
    for _ in 0..megabytes {
        if chunked {
            request.extend_from_slice(format!("{:x}\r\n", piece.len()).as_bytes());
        }
        request.extend_from_slice(&piece);
        if chunked {
            request.extend_from_slice(b"\r\n");
        }
    }
    if chunked {
        request.extend_from_slice(b"0\r\n\r\n");
    }
    store.client().exchange("POST", &request)
}

#[test]
fn bodies_of_fifty_megabytes_are_refused_and_not_kept() {
    for on in On::all() {
        let store = Store::shared(on);
        let head = |length: &str| {
            format!(
                "POST /api/tracks/ HTTP/1.1\r\nHost: testserver\r\nConnection: close\r\n\
                 Authorization: Token {ALICE}\r\nContent-Type: application/json\r\n{length}\r\n\r\n"
            )
        };
        let declared = format!("Content-Length: {}", 50 << 20);
        assert_eq!(pour(store, &head(&declared), 50, false).status, 400);
        assert_eq!(pour(store, &head("Transfer-Encoding: chunked"), 50, true).status, 400);
        is_well(store);
    }
    if let Some(peak) = peak() {
        assert!(peak < 1500, "{peak} MiB");
    }
}

/// Sends bytes, closes this end of the connection, and waits for the other to do so.
fn hang_up(store: &Store, bytes: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(store.server.address()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    drop(stream.write_all(bytes));
    drop(stream.shutdown(Shutdown::Write));
    let mut answer = Vec::new();
    drop(stream.read_to_end(&mut answer));
    answer
}

#[test]
fn requests_that_break_off_leave_the_server_well() {
    for on in On::all() {
        let store = Store::shared(on);
        let tracks = store.number("SELECT count(*) FROM store_track");
        for request in [
            &b""[..],
            b"G",
            b"GET /api/genres/ HTTP/1.1\r\nHost: testserver",
            b"POST /api/tracks/ HTTP/1.1\r\nHost: testserver\r\nContent-Length: 100\r\n\r\n{\"name\"",
            b"POST /api/tracks/ HTTP/1.1\r\nHost: testserver\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n{",
            b"POST /api/tracks/ HTTP/1.1\r\nHost: testserver\r\nContent-Length: x\r\n\r\n{}",
            b"POST /api/tracks/ HTTP/1.1\r\nHost: testserver\r\nContent-Length: -1\r\n\r\n{}",
            b"POST /api/tracks/ HTTP/1.1\r\nHost: testserver\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
            b"GET \xff\xfe HTTP/1.1\r\nHost: testserver\r\n\r\n",
            b"GET / HTTP/9.9\r\nHost: testserver\r\n\r\n",
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
            b"GET http://[::1/ HTTP/1.1\r\nHost: testserver\r\n\r\n",
            b"GET /api/genres/ HTTP/1.1\r\nHost: testserver\r\nX: \x00\r\n\r\n",
            b"OPTIONS * HTTP/1.1\r\nHost: testserver\r\n\r\n",
        ] {
            let answer = hang_up(store, request);
            let text = String::from_utf8_lossy(&answer);
            assert!(!text.starts_with("HTTP/1.1 5"), "{}: {text}", String::from_utf8_lossy(request));
        }
        is_well(store);
        assert_eq!(store.number("SELECT count(*) FROM store_track"), tracks);
    }
}

#[test]
fn headers_without_end_are_refused() {
    let store = Store::shared(On::Sqlite);
    let mut request = b"GET /api/genres/ HTTP/1.1\r\nHost: testserver\r\n".to_vec();
    request.extend_from_slice(
        "X-Long: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n".repeat(50_000).as_bytes(),
    );
    let started = Instant::now();
    let answer = hang_up(store, &request);
    assert!(!String::from_utf8_lossy(&answer).starts_with("HTTP/1.1 2"));
    assert!(started.elapsed() < Duration::from_secs(20));
    is_well(store);
}

#[test]
fn credentials_of_every_form_are_refused_and_no_more() {
    for on in On::all() {
        let store = Store::shared(on);
        for value in [
            "Token",
            "Token ",
            "Token a b",
            "token x",
            "Token \u{e9}",
            "Token '",
            "Basic",
            "Basic !!!!",
            "Basic Og==",
            "Basic YQ==",
            "Bearer x.y.z",
            "Bearer ....",
            "Negotiate x",
            "",
            " ",
        ] {
            let reply =
                store.client().send("GET", "/api/invoices/", &[("Authorization", value)], b"");
            assert!([401, 403].contains(&reply.status), "{value}: {}", reply.status);
        }
        for cookie in ["sessionid=", "sessionid=x", "sessionid=' OR 1=1", "=;;=", "sessionid=%00"] {
            let reply = store.client().send("GET", "/api/invoices/", &[("Cookie", cookie)], b"");
            assert!([401, 403].contains(&reply.status), "{cookie}: {}", reply.status);
        }
        let long = format!("Token {}", "a".repeat(20_000));
        let reply = store.client().send("GET", "/api/invoices/", &[("Authorization", &long)], b"");
        assert_eq!(reply.status, 401);
        is_well(store);
    }
}
