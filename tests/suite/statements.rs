//! How many statements a request takes: the same whatever the number of rows.

use quintet_tests::client::{Client, Reply};
use quintet_tests::store::{ADMIN, ALICE, On, Store};
use serde_json::{Value, json};

/// A list, the parameter of its size, whose key is sent, and statements with the user's own.
struct List {
    path: &'static str,
    size: &'static str,
    key: Option<&'static str>,
    statements: u64,
}

const fn list(
    path: &'static str,
    size: &'static str,
    key: Option<&'static str>,
    statements: u64,
) -> List {
    List { path, size, key, statements }
}

/// Every list of the store. With a key, the first statement looks the user up, and the second the
/// permissions where a permission asks for them.
const LISTS: [List; 14] = [
    // rows and count
    list("/api/artists/", "page_size", None, 2),
    list("/api/albums/", "page_size", None, 2),
    list("/api/tracks/", "limit", None, 2),
    // no pages, no count
    list("/api/genres/", "page_size", None, 1),
    list("/api/media-types/", "page_size", None, 1),
    list("/api/playlists/", "page_size", None, 2),
    list("/api/playlists/", "page_size", Some(ALICE), 3),
    list("/api/playlists/mine/", "page_size", Some(ALICE), 3),
    // user; rows of a cursor, no count; lines of all
    list("/api/invoices/", "page_size", Some(ADMIN), 3),
    list("/api/invoice-lines/", "page_size", Some(ADMIN), 3),
    list("/api/customers/", "page_size", Some(ADMIN), 3),
    // user, rows, count, subordinates of all
    list("/api/employees/", "page_size", Some(ADMIN), 4),
    // the object first
    list("/api/artists/90/albums/", "page_size", None, 3),
    // user, rows, count, groups of all, playlists of all
    list("/api/users/", "page_size", Some(ADMIN), 5),
];

fn client(store: &Store, key: Option<&str>) -> Client {
    key.map_or_else(|| store.client(), |key| store.client_of(key))
}

fn rows(reply: &Reply) -> usize {
    let body = reply.json();
    body.get("results").unwrap_or(&body).as_array().map_or(0, Vec::len)
}

#[test]
fn a_list_takes_as_many_statements_for_one_row_as_for_fifty() {
    for on in On::all() {
        let store = Store::new(on);
        let mut wrong = Vec::new();
        for List { path, size, key, statements } in LISTS {
            let client = client(&store, key);
            for rows in [1, 5, 50] {
                let address = format!("{path}?{size}={rows}");
                let (taken, reply) = store.counted(|| client.get(&address));
                assert_eq!(reply.status, 200, "{address}: {}", reply.text());
                // on SQLite a page that is not full tells the count by itself
                let short = on == On::Sqlite && is_short(&reply, rows);
                if taken != statements - u64::from(short) {
                    wrong.push(format!("{on:?} {address}: {taken}, not {statements}"));
                }
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}

/// True for a counted page with fewer rows than were asked for.
fn is_short(reply: &Reply, asked: usize) -> bool {
    reply.json().get("count").is_some() && rows(reply) < asked
}

#[test]
fn actions_that_list_take_one_statement() {
    for on in On::all() {
        let store = Store::new(on);
        for (path, count) in [
            ("/api/artists/top/?limit=1", 1),
            ("/api/artists/top/?limit=5", 5),
            ("/api/artists/top/?limit=20", 20),
            ("/api/artists/by-letter/x/", 1),
            ("/api/artists/by-letter/a/", 26),
            ("/api/artists/by-letter/q/", 1),
        ] {
            let (taken, reply) = store.counted(|| store.client().get(path));
            assert_eq!((taken, rows(&reply)), (1, count), "{on:?} {path}");
        }
    }
}

#[test]
fn an_object_takes_one_statement_for_itself_and_one_for_each_relation_to_many() {
    for on in On::all() {
        let store = Store::new(on);
        for (path, key, statements) in [
            ("/api/artists/1/", None, 1),
            // with its tracks, whether ten or thirty
            ("/api/albums/1/", None, 2),
            ("/api/albums/141/", None, 2),
            ("/api/albums/1/depth/", None, 1),
            ("/api/tracks/1/", None, 1),
            ("/api/genres/1/", None, 1),
            ("/api/genres/by-name/rock/", None, 1),
            ("/api/media-types/1/", None, 1),
            // the object for the permission, then the keys of its tracks, whether one or 3290
            ("/api/playlists/9/", None, 2),
            ("/api/playlists/1/", None, 2),
            ("/api/invoices/1/", Some(ADMIN), 3),
            ("/api/invoice-lines/1/", Some(ADMIN), 2),
            ("/api/customers/1/", Some(ADMIN), 2),
            ("/api/employees/1/", Some(ADMIN), 3),
            ("/api/employees/1/tree/", Some(ADMIN), 3),
            ("/api/users/alice/", Some(ADMIN), 4),
            ("/api/invoices/summary/", Some(ADMIN), 2),
        ] {
            let client = client(&store, key);
            let (taken, reply) = store.counted(|| client.get(path));
            assert_eq!(reply.status, 200, "{path}: {}", reply.text());
            assert_eq!(taken, statements, "{on:?} {path}");
        }
    }
}

#[test]
fn what_needs_no_database_takes_no_statement() {
    for on in On::all() {
        let store = Store::new(on);
        let client = store.client();
        let send = |method: &str, path: &str| client.send(method, path, &[], b"");
        for (method, path, status) in [
            ("GET", "/api/", 200),
            ("GET", "/nowhere/", 404),
            ("GET", "/api/tracks", 301),
            ("OPTIONS", "/api/tracks/", 200),
            ("PATCH", "/api/tracks/", 401),
            ("DELETE", "/api/genres/1/", 405),
            ("POST", "/api/tracks/", 401),
            ("GET", "/api/tracks/x/", 404),
            ("GET", "/api/tracks/?genre=x", 400),
            ("GET", "/api/tracks/?album=x", 400),
            ("GET", "/api/tracks/?format=yaml", 404),
            ("GET", "/api/schema/", 200),
        ] {
            let (taken, reply) = store.counted(|| send(method, path));
            assert_eq!(reply.status, status, "{method} {path}: {}", reply.text());
            assert_eq!(taken, 0, "{on:?} {method} {path}");
        }
    }
}

fn bench(on: On) -> Store {
    Store::serving(
        on,
        |_| {},
        |settings, database| quintet_bench::site(settings, database).expect("the endpoints build"),
    )
}

fn post(client: &Client, path: &str, body: &Value) -> Reply {
    client.json("POST", path, body)
}

#[test]
fn one_row_by_its_key_is_one_statement() {
    for on in On::all() {
        let store = bench(on);
        let (taken, reply) = store.counted(|| store.client().get("/api/tracks/1/"));
        assert_eq!(taken, 1, "{on:?}");
        assert_eq!(
            reply.json(),
            json!({
                "id": 1, "name": "For Those About To Rock (We Salute You)", "album": 1,
                "media_type": 1, "genre": 1,
                "composer": "Angus Young, Malcolm Young, Brian Johnson",
                "milliseconds": 343_719, "bytes": 11_170_334, "unit_price": "0.99",
            })
        );
    }
}

#[test]
fn a_page_and_its_count_are_two_statements() {
    for on in On::all() {
        let store = bench(on);
        let (taken, reply) =
            store.counted(|| store.client().get("/api/tracks/?limit=25&offset=200"));
        assert_eq!((taken, rows(&reply)), (2, 25), "{on:?}");
    }
}

#[test]
fn filters_search_and_order_stay_in_the_two_statements_of_a_page() {
    for on in On::all() {
        let store = bench(on);
        let path = "/api/tracks/?limit=25&genre=1&unit_price_min=0.99&unit_price_max=1.99\
                    &search=love&ordering=-milliseconds,id";
        let (taken, reply) = store.counted(|| store.client().get(path));
        assert_eq!((taken, rows(&reply)), (2, 25), "{on:?}");
        // if nothing is found, the genre must be looked up, to distinguish an empty list from a 400
        let none = "/api/tracks/?limit=25&genre=25&search=love";
        let (taken, reply) = store.counted(|| store.client().get(none));
        let counted = if on == On::Sqlite { 2 } else { 3 };
        assert_eq!((taken, reply.status, rows(&reply)), (counted, 200, 0), "{on:?}");
        let (taken, reply) = store.counted(|| store.client().get("/api/tracks/?genre=26"));
        assert_eq!((taken, reply.status), (counted, 400), "{on:?}");
    }
}

#[test]
fn a_page_of_nested_rows_takes_one_statement_more() {
    for on in On::all() {
        let store = bench(on);
        for offset in [0, 100] {
            let path = format!("/api/albums/?limit=25&offset={offset}");
            let (taken, reply) = store.counted(|| store.client().get(&path));
            assert_eq!((taken, rows(&reply)), (3, 25), "{on:?}");
        }
    }
}

#[test]
fn storing_a_row_takes_the_key_all_foreign_keys_at_once_and_the_insert() {
    for on in On::all() {
        let store = bench(on);
        let client = store.client_of(ALICE);
        let body = json!({
            "name": "New song", "album": 1, "media_type": 1, "genre": 1, "composer": "A. Writer",
            "milliseconds": 1000, "bytes": 1_234_567, "unit_price": "0.99",
        });
        let (taken, reply) = store.counted(|| post(&client, "/api/tracks/", &body));
        assert_eq!(reply.status, 201, "{}", reply.text());
        assert_eq!(taken, 3, "{on:?}");
    }
}

#[test]
fn changing_a_row_takes_the_key_and_the_update() {
    for on in On::all() {
        let store = bench(on);
        let client = store.client_of(ALICE);
        let patch = |body: Value| client.json("PATCH", "/api/tracks/7/", &body);
        let (taken, reply) =
            store.counted(|| patch(json!({"milliseconds": 1000, "unit_price": "1.29"})));
        assert_eq!(reply.status, 200, "{}", reply.text());
        assert_eq!(taken, 2, "{on:?}");
        let (taken, reply) = store.counted(|| patch(json!({"genre": 2})));
        assert_eq!(reply.status, 200, "{}", reply.text());
        assert_eq!(taken, 3, "{on:?}");
    }
}

#[test]
fn a_row_with_a_count_is_locked_by_a_statement_where_rows_can_be_locked() {
    for (on, counted) in On::all().into_iter().map(|on| (on, if on == On::Sqlite { 5 } else { 6 }))
    {
        let store = Store::new(on);
        let client = store.client_of(ALICE);
        let made = post(&client, "/api/playlists/", &json!({"name": "Heavy"}));
        let id = made.json()["id"].clone();
        let patch = |body: Value| client.json("PATCH", &format!("/api/playlists/{id}/"), &body);
        let (taken, reply) = store.counted(|| patch(json!({"name": "Heavier"})));
        assert_eq!((taken, reply.status), (counted, 200), "{on:?} {}", reply.text());
    }
}

#[test]
fn a_cursor_takes_one_statement_and_a_refusal_none_but_the_key() {
    for on in On::all() {
        let store = bench(on);
        let (taken, reply) = store.counted(|| store.client().get("/api/tracks-cursor/"));
        assert_eq!((taken, rows(&reply)), (1, 25), "{on:?}");
        let body = json!({
            "name": "", "album": "x", "media_type": null, "genre": {}, "composer": "",
            "milliseconds": -5, "bytes": "many", "unit_price": "12.345",
        });
        let refuse = |client: Client| store.counted(|| post(&client, "/api/tracks/", &body));
        let (taken, reply) = refuse(store.client_of(ALICE));
        assert_eq!((taken, reply.status), (1, 400), "{on:?}");
        let (taken, reply) = refuse(store.client());
        assert_eq!((taken, reply.status), (0, 401), "{on:?}");
    }
}
