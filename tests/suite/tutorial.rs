//! The steps of the tutorial, each for what is new in it, and the page that walks through them.

use std::fs;
use std::path::Path;

use quintet_tests::client::{Client, Reply};
use quintet_tests::store::{ALICE, On, STAFF, Store};
use serde_json::{Value, json};
use tutorial::STEPS;

/// The tables of a step, served by it; a client that has no account.
fn step(number: usize) -> impl Iterator<Item = (Store, Client)> {
    On::all().into_iter().map(move |on| {
        let step = STEPS[number - 1];
        let site = |settings, database| step(settings, database).expect("the step builds");
        let store = Store::serving(on, |_| {}, site);
        let site = store.site().site().clone();
        store.run(async move |_| site.create_tables().await.expect("the step's tables"));
        let client = store.client();
        (store, client)
    })
}

#[track_caller]
fn is(reply: &Reply, status: u16, body: &Value) {
    assert_eq!((reply.status, &reply.json()), (status, body));
}

/// Sends a body, and checks the response.
#[track_caller]
fn post(client: &Client, path: &str, body: &Value, status: u16, answer: &Value) {
    is(&client.json("POST", path, body), status, answer);
}

/// Fetches a page, and checks its rows.
#[track_caller]
fn rows(client: &Client, path: &str, field: &str, rows: &Value) {
    let page = client.get(path).json();
    let found: Vec<&Value> = page["results"].as_array().unwrap().iter().collect();
    let found: Vec<&Value> = found.into_iter().map(|row| &row[field]).collect();
    assert_eq!(json!(found), *rows, "{path}: {page}");
}

fn herbert() -> Value {
    json!({"id": 1, "name": "Frank Herbert"})
}

fn dune() -> Value {
    json!({"title": "Dune", "year": 1965, "author_id": 1})
}

/// An author and a book of Alice's.
fn dune_of_alice(store: &Store) -> Client {
    let alice = store.client_of(ALICE);
    let author = alice.json("POST", "/api/authors/", &json!({"name": "Frank Herbert"}));
    let book = alice.json("POST", "/api/books/", &dune());
    assert_eq!((author.status, book.status), (201, 201), "{} {}", author.text(), book.text());
    alice
}

#[test]
fn step_1_a_view_set_does_everything_with_rows() {
    for (_store, client) in step(1) {
        let dune = |reprinted: Value| {
            json!({
                "id": 1, "title": "Dune", "year": 1965, "reprinted": reprinted,
            })
        };
        let new = json!({"title": "Dune", "year": 1965});
        post(&client, "/api/books/", &new, 201, &dune(Value::Null));
        is(&client.get("/api/books/"), 200, &json!([dune(Value::Null)]));
        let changed = client.json("PATCH", "/api/books/1/", &json!({"reprinted": 1984}));
        is(&changed, 200, &dune(json!(1984)));
        is(&client.get("/api/books/1/"), 200, &dune(json!(1984)));
        let refused = json!({
            "title": ["Ensure this field has no more than 200 characters."],
            "year": ["This field is required."],
        });
        post(&client, "/api/books/", &json!({"title": "x".repeat(201)}), 400, &refused);
        assert_eq!(client.send("DELETE", "/api/books/1/", &[], b"").status, 204);
        let gone = json!({"detail": "No Book matches the given query."});
        is(&client.get("/api/books/1/"), 404, &gone);
    }
}

#[test]
fn step_2_fields_and_rows_are_validated_in_words_of_their_own() {
    for (_store, client) in step(2) {
        let refused = json!({
            "title": ["Give the book its real title."],
            "year": ["Ensure this value is greater than or equal to 1450."],
        });
        post(&client, "/api/books/", &json!({"title": "Untitled", "year": 12}), 400, &refused);
        let blank = json!({"title": ["A book needs a title."]});
        post(&client, "/api/books/", &json!({"title": " ", "year": 1965}), 400, &blank);
        let early = json!({"non_field_errors": ["A reprint cannot come before the book."]});
        let new = json!({"title": "Dune", "year": 1965, "reprinted": 1950});
        post(&client, "/api/books/", &new, 400, &early);
        let new = json!({"title": "Dune", "year": 1965, "reprinted": 1984});
        let made = json!({"id": 1, "title": "Dune", "year": 1965, "reprinted": 1984});
        post(&client, "/api/books/", &new, 201, &made);
        // what is sent is compared with what is stored
        is(&client.json("PATCH", "/api/books/1/", &json!({"year": 1990})), 400, &early);
    }
}

#[test]
fn step_3_a_relation_is_shown_nested_and_written_by_key() {
    for (store, client) in step(3) {
        let frank = json!({"name": "Frank Herbert"});
        post(&client, "/api/authors/", &frank, 201, &herbert());
        let taken = json!({"name": ["author with this name already exists."]});
        post(&client, "/api/authors/", &frank, 400, &taken);
        let shown = json!({
            "id": 1, "title": "Dune", "year": 1965, "reprinted": null, "author": herbert(),
        });
        post(&client, "/api/books/", &dune(), 201, &shown);
        let nobody = json!({"author_id": ["Invalid pk \"9\" - object does not exist."]});
        let new = json!({"title": "Dune", "year": 1965, "author_id": 9});
        post(&client, "/api/books/", &new, 400, &nobody);
        let absent = json!({"author_id": ["This field is required."]});
        post(&client, "/api/books/", &json!({"title": "Dune", "year": 1965}), 400, &absent);
        let (statements, list) = store.counted(|| client.get("/api/books/"));
        is(&list, 200, &json!([shown]));
        assert_eq!(statements, 1);
    }
}

#[test]
fn step_4_lists_are_filtered_searched_ordered_and_split() {
    for (_store, client) in step(4) {
        for name in ["Frank Herbert", "Ursula K. Le Guin"] {
            client.json("POST", "/api/authors/", &json!({"name": name}));
        }
        for (title, year, author) in [("Dune", 1965, 1), ("The Dispossessed", 1974, 2)] {
            let new = json!({"title": title, "year": year, "author_id": author});
            assert_eq!(client.json("POST", "/api/books/", &new).status, 201);
        }
        let dosadi = json!({"title": "The Dosadi Experiment", "year": 1977, "author_id": 1});
        client.json("POST", "/api/books/", &dosadi);
        rows(&client, "/api/books/?year__gte=1970", "id", &json!([2, 3]));
        rows(&client, "/api/books/?author=1&year__lt=1970", "title", &json!(["Dune"]));
        rows(&client, "/api/books/?search=DISPOSSESSED", "id", &json!([2]));
        rows(&client, "/api/books/?search=frank&ordering=-year", "id", &json!([3, 1]));
        rows(&client, "/api/books/?search=herbert", "id", &json!([]));
        rows(&client, "/api/books/?ordering=-author__name", "id", &json!([2, 1]));
        let second = json!({
            "count": 3,
            "next": null,
            "previous": "http://testserver/api/books/",
            "results": [{
                "id": 3, "title": "The Dosadi Experiment", "year": 1977, "reprinted": null,
                "author": herbert(),
            }],
        });
        is(&client.get("/api/books/?page=2"), 200, &second);
        is(&client.get("/api/books/?page=3"), 404, &json!({"detail": "Invalid page."}));
        let word = json!({"year": ["Enter a number."]});
        is(&client.get("/api/books/?year=new"), 400, &word);
    }
}

/// [`PASSWORD`] in Django's form, with a thousand rounds.
const HASH: &str = "pbkdf2_sha256$1000$library$iJyP2/xM87b92nlqP538cdC85wedajg/Nn5sbeUzXQ4=";
const PASSWORD: &str = "open the library";

#[test]
fn step_5_users_write_and_change_what_they_own() {
    for (store, anyone) in step(5) {
        let anonymous = json!({"detail": "Authentication credentials were not provided."});
        post(&anyone, "/api/books/", &dune(), 401, &anonymous);
        let (alice, staff) = (store.client_of(ALICE), store.client_of(STAFF));
        let frank = json!({"name": "Frank Herbert"});
        post(&alice, "/api/authors/", &frank, 201, &herbert());
        let shown = |year: i32| {
            json!({
                "id": 1, "title": "Dune", "year": year, "reprinted": null, "author": herbert(),
                "owner": "alice",
            })
        };
        // only the server sets the owner
        let mut new = dune();
        new["owner"] = json!("staff");
        post(&alice, "/api/books/", &new, 201, &shown(1965));
        is(&anyone.get("/api/books/1/"), 200, &shown(1965));
        let year = json!({"year": 1966});
        let refused = json!({"detail": "You do not have permission to perform this action."});
        is(&staff.json("PATCH", "/api/books/1/", &year), 403, &refused);
        is(&staff.send("DELETE", "/api/books/1/", &[], b""), 403, &refused);
        is(&anyone.json("PATCH", "/api/books/1/", &year), 401, &anonymous);
        is(&alice.json("PATCH", "/api/books/1/", &year), 200, &shown(1966));
    }
}

#[test]
fn step_5_a_password_brings_a_key() {
    for (store, anyone) in step(5) {
        store
            .execute(&format!("UPDATE auth_user SET password = '{HASH}' WHERE username = 'alice'"));
        let login = json!({"username": "alice", "password": PASSWORD});
        post(&anyone, "/api/token/", &login, 200, &json!({"token": ALICE}));
        let refused = json!({
            "non_field_errors": ["Unable to log in with provided credentials."],
        });
        let wrong = json!({"username": "alice", "password": "wrong"});
        post(&anyone, "/api/token/", &wrong, 400, &refused);
    }
}

#[test]
fn step_6_an_action_takes_a_body_and_answers_in_its_own_form() {
    for (store, anyone) in step(6) {
        let alice = dune_of_alice(&store);
        let path = "/api/books/1/reprint/";
        let reprinted = json!({"title": "Dune", "years_later": 19});
        post(&alice, path, &json!({"year": 1984}), 200, &reprinted);
        assert_eq!(anyone.get("/api/books/1/").json()["reprinted"], 1984);
        let early = json!(["A reprint cannot come before the book."]);
        post(&alice, path, &json!({"year": 1950}), 400, &early);
        let word = json!({"year": ["A valid integer is required."]});
        post(&alice, path, &json!({"year": "soon"}), 400, &word);
        post(&alice, path, &json!({}), 400, &json!({"year": ["This field is required."]}));
        let refused = json!({"detail": "You do not have permission to perform this action."});
        post(&store.client_of(STAFF), path, &json!({"year": 1984}), 403, &refused);
        let anonymous = json!({"detail": "Authentication credentials were not provided."});
        post(&anyone, path, &json!({"year": 1984}), 401, &anonymous);
    }
}

#[test]
fn step_6_the_document_shows_the_action() {
    for (_store, anyone) in step(6) {
        let document = anyone.get("/api/schema/?format=json").json();
        let action = &document["paths"]["/api/books/{id}/reprint/"]["post"];
        assert_eq!(action["description"], "Print a book again.");
        let of = |component: &str| json!({"$ref": format!("#/components/schemas/{component}")});
        let medium = |of: &Value| of["content"]["application/json"]["schema"].clone();
        assert_eq!(medium(&action["requestBody"]), of("Reprint"));
        assert_eq!(medium(&action["responses"]["200"]), of("Reprinted"));
    }
}

#[test]
fn step_7_a_list_counts_and_knows_who_asks() {
    for (store, anyone) in step(7) {
        let alice = dune_of_alice(&store);
        let ursula = json!({"id": 2, "name": "Ursula K. Le Guin", "book_count": 0});
        let new = json!({"name": "Ursula K. Le Guin", "book_count": 7});
        post(&alice, "/api/authors/", &new, 201, &ursula);
        let frank = json!({"id": 1, "name": "Frank Herbert", "book_count": 1});
        let page = |results: Value| {
            let count = results.as_array().map(Vec::len);
            json!({"count": count, "next": null, "previous": null, "results": results})
        };
        let counted = store.counted(|| anyone.get("/api/authors/?ordering=-book_count"));
        is(&counted.1, 200, &page(json!([frank, ursula])));
        assert!(counted.0 <= 2, "{} statements", counted.0);
        let shown = |is_mine: bool| {
            json!({
                "id": 1, "title": "Dune", "year": 1965, "reprinted": null, "author": frank,
                "owner": "alice", "is_mine": is_mine,
            })
        };
        is(&alice.get("/api/books/"), 200, &page(json!([shown(true)])));
        is(&anyone.get("/api/books/"), 200, &page(json!([shown(false)])));
        is(&store.client_of(STAFF).get("/api/books/1/"), 200, &shown(false));
    }
}

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)).unwrap()
}

/// The code of a step, without the words at its head.
fn code(step: usize) -> String {
    let text = read(&format!("examples/tutorial/src/step_{step}.rs"));
    let start = text.find("use std::").expect("a step imports something");
    text[start..].to_owned()
}

/// How many lines stand in both texts, in the same order.
fn common(one: &[&str], other: &[&str]) -> usize {
    let mut lengths = vec![0; other.len() + 1];
    for line in one {
        let mut before = 0;
        for (at, text) in other.iter().enumerate() {
            let above = lengths[at + 1];
            lengths[at + 1] = if line == text { before + 1 } else { above.max(lengths[at]) };
            before = above;
        }
    }
    lengths[other.len()]
}

#[test]
fn a_step_differs_from_the_one_before_by_a_few_lines() {
    let codes: Vec<String> = (1..=STEPS.len()).map(code).collect();
    for (before, pair) in (1..).zip(codes.windows(2)) {
        let lines = |code: usize| pair[code].lines().filter(|line| !line.is_empty());
        let (one, other): (Vec<&str>, Vec<&str>) = (lines(0).collect(), lines(1).collect());
        let changed = one.len() + other.len() - 2 * common(&one, &other);
        assert!(changed <= 34, "{changed} lines between step {before} and the next");
    }
}

#[test]
fn the_page_shows_what_the_steps_hold() {
    let page = read("docs/tutorial.md");
    let mut parts = page.split("\n## Step ").skip(1);
    for step in 1..=STEPS.len() {
        let part = parts.next().expect("a part for each step");
        assert!(part.starts_with(&format!("{step}:")), "{part}");
        let code = code(step);
        let blocks: Vec<&str> = part.split("```rust,ignore\n").skip(1).collect();
        assert!(!blocks.is_empty(), "step {step} shows code");
        for block in blocks {
            let (block, _) = block.split_once("```").expect("the end of a block");
            for piece in block.split("    // …\n") {
                assert!(code.contains(piece), "not in step {step}:\n{piece}");
            }
        }
    }
    assert!(parts.next().is_none(), "a part without a step");
}
