//! Logging in with a password: the key in the response, and the upgrade of the hash.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use quintet_tests::client::Reply;
use quintet_tests::store::{ADMIN, ALICE, On, Store};
use serde_json::{Value, json};

const PASSWORD: &str = "Pässwörd → 日本 🎸";

/// Django 5.2 made it of the password.
const HASH: &str = "pbkdf2_sha256$1000$seasalt$24fphe444M2e8hTAXJcsahX191vJuu/Wta+P5nuhBUA=";

const REFUSED: &str = "Unable to log in with provided credentials.";

/// A store where alice, and carol, who is inactive, have the password.
fn store(on: On) -> Store {
    let store = Store::with(on, |settings| settings.auth.pbkdf2_iterations = 1000);
    store.execute(&format!(
        "UPDATE auth_user SET password = '{HASH}' WHERE username IN ('alice', 'carol')"
    ));
    store
}

fn login(store: &Store, body: &Value) -> Reply {
    store.client().json("POST", "/api/auth/token/", body)
}

fn upgraded(store: &Store) -> i64 {
    store.number(
        "SELECT COUNT(*) FROM auth_user WHERE username = 'alice' \
         AND password LIKE 'pbkdf2_sha256$1000$______________________$%'",
    )
}

#[test]
fn a_name_and_a_password_bring_the_key_as_json_or_as_a_form() {
    for on in On::all() {
        let store = store(on);
        let reply = login(&store, &json!({"username": " alice ", "password": PASSWORD}));
        assert_eq!((reply.status, reply.json()), (200, json!({"token": ALICE})), "{on:?}");
        assert_eq!(reply.header("allow"), Some("POST, OPTIONS"));
        assert_eq!(reply.header("vary"), Some("Cookie"));
        let form =
            "username=alice&password=P%C3%A4ssw%C3%B6rd+%E2%86%92+%E6%97%A5%E6%9C%AC+%F0%9F%8E%B8";
        let headers = [("Content-Type", "application/x-www-form-urlencoded")];
        let reply = store.client().send("POST", "/api/auth/token/", &headers, form.as_bytes());
        assert_eq!((reply.status, reply.json()), (200, json!({"token": ALICE})), "{on:?}");
    }
}

#[test]
fn every_refusal_is_the_same() {
    for on in On::all() {
        let store = store(on);
        for (name, password) in [
            ("alice", "wrong"),
            ("alice", &format!(" {PASSWORD}")),
            ("carol", PASSWORD),
            ("carol", "wrong"),
            ("nobody", PASSWORD),
            ("ALICE", PASSWORD),
            ("' OR 1=1 --", PASSWORD),
        ] {
            let reply = login(&store, &json!({"username": name, "password": password}));
            let body = json!({"non_field_errors": [REFUSED]});
            assert_eq!((reply.status, reply.json()), (400, body), "{on:?} {name}");
        }
    }
}

#[test]
fn what_is_missing_blank_or_no_text_is_said_by_field() {
    for on in On::all() {
        let store = store(on);
        for (body, expected) in [
            (
                json!({}),
                json!({"username": ["This field is required."], "password": ["This field is required."]}),
            ),
            (
                json!({"username": "  ", "password": null}),
                json!({"username": ["This field may not be blank."], "password": ["This field may not be null."]}),
            ),
            (
                json!({"username": ["a"], "password": true}),
                json!({"username": ["Not a valid string."], "password": ["Not a valid string."]}),
            ),
            (
                json!({"username": "a\u{0}", "password": "a\u{0}"}),
                json!({"username": ["Null characters are not allowed."], "password": ["Null characters are not allowed."]}),
            ),
        ] {
            let reply = login(&store, &body);
            assert_eq!((reply.status, reply.json()), (400, expected), "{on:?} {body}");
        }
    }
}

#[test]
fn an_account_without_a_key_gets_one_and_keeps_it() {
    for on in On::all() {
        let store = store(on);
        store.execute(
            "DELETE FROM authtoken_token WHERE user_id IN (SELECT id FROM auth_user WHERE username = 'alice')",
        );
        let body = json!({"username": "alice", "password": PASSWORD});
        // at the same moment: one of them makes it
        let keys: Vec<Value> = thread::scope(|scope| {
            let logins: Vec<_> = (0..4)
                .map(|_| scope.spawn(|| login(&store, &body).json()["token"].clone()))
                .collect();
            logins.into_iter().map(|login| login.join().unwrap()).collect()
        });
        assert!(keys.iter().all(|key| *key == keys[0]), "{on:?} {keys:?}");
        let key = keys[0].as_str().expect("a key");
        assert!(key.len() == 40 && key != ALICE);
        assert_eq!(store.client_of(key).get("/api/auth/whoami/").json()["user"], "alice");
    }
}

#[test]
fn a_login_stores_the_hash_anew_when_its_salt_is_short() {
    for on in On::all() {
        let store = store(on);
        login(&store, &json!({"username": "alice", "password": "wrong"}));
        assert_eq!(upgraded(&store), 0, "{on:?}");
        let body = json!({"username": "alice", "password": PASSWORD});
        assert_eq!(login(&store, &body).status, 200);
        assert_eq!(upgraded(&store), 1, "{on:?}");
        assert_eq!(login(&store, &body).status, 200);
        // the password is what changed, and nothing else
        let never =
            "SELECT COUNT(*) FROM auth_user WHERE username = 'alice' AND last_login IS NULL";
        assert_eq!(store.number(never), 1, "{on:?}");
    }
}

#[test]
fn a_hash_that_cannot_be_read_is_refused_and_no_error() {
    for on in On::all() {
        let store = store(on);
        for hash in [
            "",
            "!",
            "plain text",
            "md5$salt$hash",
            "pbkdf2_sha256$99999999999$salt$hash",
            "argon2$argon2id$v=19$m=4294967295,t=4294967295,p=1$c2FsdHNhbHQ$aGFzaGhhc2g",
            "scrypt$1073741824$salt$1073741824$1$hash",
            "bcrypt$$2b$31$q6zxho6DaP3XW3cavhYaTeIXyt5BS9ulHFB.xjSzbY0iTbcQ.cfYm",
        ] {
            store.execute(&format!(
                "UPDATE auth_user SET password = '{hash}' WHERE username = 'alice'"
            ));
            let reply = login(&store, &json!({"username": "alice", "password": PASSWORD}));
            let body = json!({"non_field_errors": [REFUSED]});
            assert_eq!((reply.status, reply.json()), (400, body), "{on:?} {hash}");
        }
    }
}

#[test]
fn failures_beyond_twenty_a_minute_are_429_for_that_account_alone() {
    for on in On::all() {
        let store = store(on);
        let of = |name: &str, password: &str| {
            login(&store, &json!({"username": name, "password": password}))
        };
        for _ in 0..20 {
            assert_eq!(of("alice", "wrong").status, 400, "{on:?}");
        }
        let refused = of("alice", PASSWORD);
        assert_eq!(refused.status, 429, "{on:?}");
        let wait: u32 = refused.header("retry-after").expect("a wait").parse().expect("seconds");
        let text = format!("Request was throttled. Expected available in {wait} seconds.");
        assert_eq!(refused.json(), json!({"detail": text}));
        assert_eq!(of("carol", PASSWORD).status, 400, "{on:?}");
        store.execute("UPDATE auth_user SET is_active = TRUE WHERE username = 'carol'");
        for _ in 0..25 {
            assert_eq!(of("carol", PASSWORD).status, 200, "{on:?}");
        }
    }
}

/// Logs people in while forty connections try unknown names, with one hash at a time.
fn flooded(on: On, known_from: impl Fn(usize) -> String + Sync) {
    // about twenty milliseconds each
    let rounds = 30_000;
    let store = Store::with(on, |settings| {
        settings.auth.hashing_threads = Some(1);
        settings.auth.pbkdf2_iterations = rounds;
        settings.throttle.num_proxies = Some(1);
    });
    let admin = store.client_of(ADMIN);
    for person in 0..6 {
        let body = json!({"username": format!("person{person}"), "password": "a-long-password"});
        assert_eq!(admin.json("POST", "/api/users/", &body).status, 201, "{on:?}");
    }
    let log_in = |name: &str, from: &str| {
        let headers = [("Content-Type", "application/json"), ("X-Forwarded-For", from)];
        let body = json!({"username": name, "password": "a-long-password"}).to_string();
        store.client().send("POST", "/api/auth/token/", &headers, body.as_bytes()).status
    };
    let over = AtomicBool::new(false);
    let tried = AtomicUsize::new(0);
    thread::scope(|scope| {
        for connection in 0..40 {
            let (log_in, over, tried) = (&log_in, &over, &tried);
            scope.spawn(move || {
                for number in 0.. {
                    let status = log_in(&format!("ghost{connection}x{number}"), "10.6.6.6");
                    assert!([400, 503].contains(&status), "{status}");
                    tried.fetch_add(1, Ordering::Relaxed);
                    if over.load(Ordering::Relaxed) {
                        break;
                    }
                }
            });
        }
        // until the line is full
        while tried.load(Ordering::Relaxed) < 20 {
            thread::sleep(Duration::from_millis(10));
        }
        let people: Vec<_> = (0..6)
            .map(|person| {
                let (log_in, from) = (&log_in, known_from(person));
                scope.spawn(move || {
                    let asked = Instant::now();
                    (log_in(&format!("person{person}"), &from), asked.elapsed())
                })
            })
            .collect();
        let people: Vec<_> = people.into_iter().map(std::thread::ScopedJoinHandle::join).collect();
        over.store(true, Ordering::Relaxed);
        for person in people {
            let (status, took) = person.expect("an answer");
            assert_eq!(status, 200, "{on:?}");
            assert!(took < Duration::from_secs(5), "{on:?} {took:?}");
        }
    });
}

#[test]
fn names_that_nobody_has_keep_nobody_out() {
    for on in On::all() {
        flooded(on, |person| format!("10.1.1.{person}"));
    }
}

#[test]
fn not_even_who_comes_from_the_same_address() {
    for on in On::all() {
        flooded(on, |_| "10.6.6.6".into());
    }
}

/// Plays two logins, one hash at a time, and requests of others until the first is through.
fn others_meanwhile(on: On, atomic: bool) {
    // the store's own hashes, of a million rounds
    let store = Store::with(on, |settings| {
        settings.auth.hashing_threads = Some(1);
        settings.atomic_requests = atomic;
        settings.database_pool_size = Some(2);
    });
    let body = json!({"username": "alice", "password": "alice-pass-1"});
    let done = AtomicUsize::new(0);
    thread::scope(|scope| {
        let logins: Vec<_> = ["/api/auth/token/", "/api/auth/jwt/create/"]
            .into_iter()
            .cycle()
            .take(2)
            .map(|path| {
                let (store, body, done) = (&store, &body, &done);
                scope.spawn(move || {
                    let status = store.client().json("POST", path, body).status;
                    done.fetch_add(1, Ordering::SeqCst);
                    status
                })
            })
            .collect();
        let (mut answered, admin) = (0, store.client_of(ADMIN));
        while done.load(Ordering::SeqCst) == 0 {
            assert_eq!(store.client().get("/api/genres/1/").status, 200, "{on:?}");
            let artist = json!({"name": format!("Meanwhile {answered}")});
            assert_eq!(admin.json("POST", "/api/artists/", &artist).status, 201, "{on:?}");
            answered += 1;
        }
        assert!(answered > 3, "{on:?}, {atomic}: {answered} answers before the first login");
        for login in logins {
            assert_eq!(login.join().unwrap(), 200, "{on:?}");
        }
    });
}

#[test]
fn others_read_and_write_while_passwords_are_hashed() {
    for on in On::all() {
        others_meanwhile(on, false);
    }
}

#[test]
fn a_login_holds_no_transaction_where_every_request_is_one() {
    for on in On::all() {
        others_meanwhile(on, true);
    }
}
