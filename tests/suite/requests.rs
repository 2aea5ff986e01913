//! Headers and URLs of requests, in all forms that clients send (`rest_framework.request`).

use quintet_tests::client::Client;
use quintet_tests::store::{ADMIN, ALICE, On, Store};
use serde_json::json;

#[test]
fn links_repeat_the_path_as_django_writes_it() {
    let client = Store::shared(On::Sqlite).client();
    for (path, next) in [
        ("/api/artist%73/?page_size=1", "/api/artists/?page=2&page_size=1"),
        ("/%61pi/artists.js%6Fn?page_size=1", "/api/artists.json?page=2&page_size=1"),
        ("/api/artists/%39%30/albums/?page_size=1", "/api/artists/90/albums/?page=2&page_size=1"),
        ("/api/track%73/?limit=1", "/api/tracks/?limit=1&offset=1"),
    ] {
        let next = format!("http://testserver{next}");
        assert_eq!(client.get(path).json()["next"], json!(next), "{path}");
    }
    let redirect = client.get("/api/artist%73?x=%61");
    assert_eq!(redirect.header("location"), Some("/api/artists/?x=%61"));
}

#[test]
fn a_name_that_was_stored_stays_reachable_whatever_its_letters() {
    for on in On::all() {
        let store = Store::new(on);
        let client = store.client_of(ADMIN);
        let user = |path: &str| client.get(&format!("/api/users/{path}/"));
        let missing = (404, json!({"detail": "No User matches the given query."}));
        for name in ["%E2%91%A0", "%C2%BD", "x%C2%B2", "%D9%A3"] {
            let reply = user(name);
            assert_eq!((reply.status, reply.json()), missing, "{on:?} {name}");
        }
        // marks, joiners and circled letters are not `\w` in Python
        for name in ["e%CC%81", "a%E2%80%8D", "%E2%80%BF", "%E2%93%90", "a%0A"] {
            let reply = user(name);
            let html = reply.header("content-type") == Some("text/html; charset=utf-8");
            assert!(reply.status == 404 && html, "{on:?} {name}: {}", reply.text());
        }
        let renamed = client.json("PATCH", "/api/users/erin/", &json!({"username": "x²"}));
        let url = "http://testserver/api/users/x%C2%B2/";
        assert_eq!((renamed.status, &renamed.json()["url"]), (200, &json!(url)));
        assert_eq!(user("x%C2%B2").json()["username"], "x²");
        let text = "Enter a valid username. This value may contain only letters, numbers, and \
                    @/./+/-/_ characters.";
        for name in ["e\u{301}x", "a\u{200d}b", "ⓐ", "a b"] {
            let reply = client.json("PATCH", "/api/users/alice/", &json!({"username": name}));
            assert_eq!((reply.status, reply.json()), (400, json!({"username": [text]})), "{name}");
        }
    }
}

#[test]
fn half_of_one_is_a_number_but_no_digit() {
    let store = Store::new(On::Sqlite);
    let client = store.client_of(ALICE);
    let composer = |name: &str| client.json("PATCH", "/api/tracks/1/", &json!({"composer": name}));
    for name in ["Opus ½", "x²", "Ⅷ", "①"] {
        assert_eq!(composer(name).json()["composer"], *name);
    }
    let told = json!({"composer": ["A composer has no digits.", "Use letters only."]});
    for name in ["Opus 5", "Opus ٣", "𝟘"] {
        let reply = composer(name);
        assert_eq!((reply.status, reply.json()), (400, told.clone()), "{name}");
    }
}

fn status(client: &Client, path: &str, headers: &[(&str, &str)]) -> u16 {
    client.send("GET", path, headers, b"").status
}

#[test]
fn several_headers_of_one_name_are_one_joined_by_commas() {
    let store = Store::shared(On::Sqlite);
    let client = store.client();
    let token = format!("Token {ALICE}");
    let twice = [("Authorization", token.as_str()), ("Authorization", token.as_str())];
    assert_eq!(status(&client, "/api/auth/token-only/", &twice[..1]), 200);
    assert_eq!(status(&client, "/api/auth/token-only/", &twice), 401);
    let tea = [("X-Tea", "yes"), ("X-Tea", "yes")];
    assert_eq!(status(&client, "/api/perm/tea/", &tea[..1]), 200);
    assert_eq!(status(&client, "/api/perm/tea/", &tea), 401);
    let accept = [("Accept", "application/xml"), ("Accept", "application/json")];
    assert_eq!(status(&client, "/api/artists/1/", &accept[..1]), 406);
    assert_eq!(status(&client, "/api/artists/1/", &accept), 200);

    // each half of the token by itself, and the whole token twice
    let secret = "a".repeat(32);
    let cookie = format!("csrftoken={secret}");
    let login = |sent: &[&str]| {
        let mut headers = vec![
            ("Cookie", cookie.as_str()),
            ("Content-Type", "application/x-www-form-urlencoded"),
        ];
        headers.extend(sent.iter().map(|token| ("X-CSRFToken", *token)));
        client.send("POST", "/api-auth/login/", &headers, b"username=x&password=y").status
    };
    assert_eq!(login(&[&secret]), 200);
    assert_eq!(login(&[&secret, &secret]), 403);
    assert_eq!(login(&["x", &secret]), 403);
    assert_eq!(login(&[&secret, ""]), 403);
}

#[test]
fn a_header_that_has_one_value_may_not_be_sent_twice() {
    let client = Store::shared(On::Sqlite).client_of(ALICE);
    let json = ("Content-Type", "application/json");
    let form = ("Content-Type", "application/x-www-form-urlencoded");
    for pair in [[json, json], [json, form], [form, json]] {
        let reply = client.send("PATCH", "/api/artists/1/", &pair, b"{\"name\":\"\"}");
        assert_eq!(reply.status, 400);
        assert!(reply.text().contains("<h1>Bad Request (400)</h1>"), "{}", reply.text());
    }
    assert_eq!(status(&client, "/api/artists/1/", &[("Host", "testserver")]), 400);
}

#[test]
fn a_nul_in_a_search_is_refused_also_where_nothing_is_searched() {
    for on in On::all() {
        let client = Store::shared(on).client_of(ADMIN);
        for path in [
            "users/",
            "users/alice/",
            "employees/1/",
            "employees/9999/",
            "media-types/",
            "artists/",
        ] {
            let reply = client.get(&format!("/api/{path}?search=%00"));
            let told = json!(["Null characters are not allowed."]);
            assert_eq!((reply.status, reply.json()), (400, told), "{on:?} {path}");
        }
        assert_eq!(client.get("/api/users/?search=x").status, 200);
    }
}
