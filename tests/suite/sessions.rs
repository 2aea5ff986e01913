//! Sessions, their cookies, CSRF, and the account pages: as in Django, and on its rows.

use std::collections::BTreeMap;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use quintet::db::{ColumnKind, Sql};
use quintet_tests::client::{Client, Reply};
use quintet_tests::store::{ALICE, On, Store};
use serde_json::json;

/// The key that the reference application signs with.
const SECRET_KEY: &str = "reference-secret-key-for-tests-only-0123456789abcdef";

/// A session of Alice's, as Django wrote it with that key.
const DJANGOS: &str = ".eJxVjMsOwiAQRf-FtSE8BVy67zeQGQakaiAp7cr479qkC93ec859sQjbWuM28hJnYhem2el3Q0iP3HZAd2i3zlNv6zIj3xV-0MGnTvl5Pdy_gwqjfmshBSpw4VxU8cJkMikXZSgY76QDAUkHtNlKh057C4iSPJC2IAtKo9n7A9-9N_I:1r31eq:mGAGThV8RrtxxtyX61PMAtGGVxiMHierER7d31TIs1A";
const KEY: &str = "abcdefghijklmnopqrstuvwxyz012345";

/// `alice-pass-1` and `bob-pass-1` by one round, so that a test does not wait for a million.
pub(crate) const PASSWORDS: &str = "UPDATE auth_user SET password = \
    'pbkdf2_sha256$1$saltsaltsaltsaltsaltsa$dW8bc1rhpvIoHniDYiigSMiAjgJN0BUPp9lwzuSgyAU=' WHERE username = 'alice';\
    UPDATE auth_user SET password = \
    'pbkdf2_sha256$1$saltsaltsaltsaltsaltsa$ZYpwy9RFLP0j3g733sUyWHAtcv4fw54VnmgXYAHyyc8=' WHERE username = 'bob';";

const FORM: (&str, &str) = ("Content-Type", "application/x-www-form-urlencoded");

fn store(on: On) -> Store {
    let store = Store::with(on, |settings| {
        settings.secret_key = SECRET_KEY.into();
        settings.auth.pbkdf2_iterations = 1;
    });
    store.execute(PASSWORDS);
    store
}

/// A client that keeps its cookies, as browsers do.
#[derive(Clone)]
pub(crate) struct Visitor {
    client: Client,
    cookies: BTreeMap<String, String>,
}

impl Visitor {
    pub(crate) fn new(store: &Store) -> Self {
        Self { client: store.client(), cookies: BTreeMap::new() }
    }

    /// A client that sends this session cookie.
    fn with_session(store: &Store, key: &str) -> Self {
        let mut visitor = Self::new(store);
        visitor.cookies.insert("sessionid".into(), key.into());
        visitor
    }

    pub(crate) fn session(&self) -> Option<&str> {
        self.cookies.get("sessionid").map(String::as_str)
    }

    fn token(&self) -> &str {
        self.cookies.get("csrftoken").map_or("", String::as_str)
    }

    fn send(&mut self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Reply {
        let pairs = self.cookies.iter().map(|(name, value)| format!("{name}={value}"));
        let cookies = pairs.collect::<Vec<_>>().join("; ");
        let mut headers = headers.to_vec();
        if !cookies.is_empty() {
            headers.push(("Cookie", &cookies));
        }
        let reply = self.client.send(method, path, &headers, body.as_bytes());
        for (_, set) in reply.headers.iter().filter(|(name, _)| name == "set-cookie") {
            let (name, rest) = set.split_once('=').expect("a cookie");
            let value = rest.split(';').next().unwrap_or_default();
            if set.contains("Max-Age=0;") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        reply
    }

    pub(crate) fn get(&mut self, path: &str) -> Reply {
        self.send("GET", path, &[], "")
    }

    /// A form with the CSRF token, which is fetched first.
    pub(crate) fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Reply {
        if self.token().is_empty() {
            self.get("/api-auth/login/");
        }
        let escaped = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
        let token = [("csrfmiddlewaretoken", self.token())];
        let pairs = token.iter().chain(fields);
        let body: Vec<String> =
            pairs.map(|(name, value)| format!("{name}={}", escaped(value))).collect();
        self.send("POST", path, &[FORM], &body.join("&"))
    }

    pub(crate) fn login(&mut self, username: &str) -> Reply {
        let password = format!("{username}-pass-1");
        self.post("/api-auth/login/", &[("username", username), ("password", &password)])
    }

    /// The user that the API sees.
    fn name(&mut self) -> Option<String> {
        let reply = self.get("/api/auth/whoami/");
        assert_eq!(reply.status, 200, "{}", reply.text());
        reply.json()["user"].as_str().map(ToOwned::to_owned)
    }

    /// An unsafe request of the API.
    fn write(&mut self, headers: &[(&str, &str)]) -> Reply {
        let mut headers = headers.to_vec();
        headers.push(("Content-Type", "application/json"));
        self.send("POST", "/api/auth/session/", &headers, "{}")
    }
}

fn sessions(store: &Store) -> i64 {
    store.number("SELECT COUNT(*) FROM django_session")
}

fn keys(store: &Store) -> Vec<String> {
    store.run(async |conn| {
        let mut sql = Sql::new(conn.dialect());
        sql.push("SELECT session_key FROM django_session");
        conn.rows(sql, |row| row.get::<String>(0, ColumnKind::Text)).await.expect("keys")
    })
}

fn insert(store: &Store, data: &str, ends: &str) {
    store.execute(&format!("INSERT INTO django_session VALUES ('{KEY}', '{data}', '{ends}')"));
}

const LATE: &str = "2999-01-01 00:00:00+00:00";

#[test]
fn a_session_that_django_opened_is_valid_here() {
    for on in On::all() {
        let store = Store::with(on, |settings| settings.secret_key = SECRET_KEY.into());
        insert(&store, DJANGOS, if on == On::Sqlite { "2999-01-01 00:00:00" } else { LATE });
        let mut visitor = Visitor::with_session(&store, KEY);
        let (taken, reply) = {
            let before = store.database().statements();
            let reply = visitor.get("/api/auth/session/");
            (store.database().statements() - before, reply)
        };
        assert_eq!((reply.status, &reply.json()["user"]), (200, &json!("alice")), "{on:?}");
        // the session and the account
        assert_eq!(taken, 2, "{on:?}");
        assert_eq!(reply.header("vary"), Some("Accept, Cookie"));
        assert_eq!(reply.header("set-cookie"), None);
        assert_eq!(visitor.name().as_deref(), Some("alice"));
    }
}

#[test]
fn a_session_of_another_key_or_that_is_over_or_was_tampered_with_is_nobodys() {
    for on in On::all() {
        let late = if on == On::Sqlite { "2999-01-01 00:00:00" } else { LATE };
        let past = late.replace("2999", "2001");
        let tampered = DJANGOS.replace("eJx", "eJy");
        let bomb = format!(".{}", "A".repeat(100_000));
        for (key, data, ends) in [
            ("another key", DJANGOS, late),
            (SECRET_KEY, DJANGOS, past.as_str()),
            (SECRET_KEY, tampered.as_str(), late),
            (SECRET_KEY, "", late),
            (SECRET_KEY, bomb.as_str(), late),
        ] {
            let store = Store::with(on, |settings| settings.secret_key = key.into());
            insert(&store, data, ends);
            let mut visitor = Visitor::with_session(&store, KEY);
            let reply = visitor.get("/api/auth/session/");
            assert_eq!(reply.status, 403, "{on:?} {}", reply.text());
            // an expired row is not a session; an unreadable one keeps its key
            assert_eq!(visitor.session().is_none(), ends == past);
        }
    }
}

#[test]
fn a_key_of_the_past_is_let_in_and_signed_anew() {
    for on in On::all() {
        let store = Store::with(on, |settings| {
            settings.secret_key = "new".into();
            settings.secret_key_fallbacks = vec![SECRET_KEY.into()];
        });
        insert(&store, DJANGOS, if on == On::Sqlite { "2999-01-01 00:00:00" } else { LATE });
        let mut visitor = Visitor::with_session(&store, KEY);
        assert_eq!(visitor.name().as_deref(), Some("alice"), "{on:?}");
        assert_ne!(visitor.session(), Some(KEY));
        assert_eq!(keys(&store), [visitor.session().unwrap()]);
        assert_eq!(visitor.name().as_deref(), Some("alice"));
    }
}

#[test]
fn logging_in_opens_a_session_and_logging_out_ends_it() {
    for on in On::all() {
        let store = store(on);
        let mut visitor = Visitor::new(&store);
        assert_eq!(visitor.name(), None);
        visitor.get("/api-auth/login/");
        let before = store.database().statements();
        let reply = visitor.login("alice");
        // the account, the row, the moment of the login
        assert_eq!(store.database().statements() - before, 3, "{on:?}");
        assert_eq!((reply.status, reply.header("location")), (302, Some("/api/")));
        let key = visitor.session().unwrap().to_owned();
        assert!(
            key.len() == 32 && key.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        );
        assert_eq!(visitor.name().as_deref(), Some("alice"));
        let noted =
            "SELECT COUNT(*) FROM auth_user WHERE username = 'alice' AND last_login > '2024-06-01'";
        assert_eq!(store.number(noted), 1);
        // an image on another page cannot log out
        assert_eq!(visitor.get("/api-auth/logout/").status, 405);
        assert_eq!(visitor.name().as_deref(), Some("alice"));
        let reply = visitor.post("/api-auth/logout/", &[]);
        assert_eq!(reply.status, 200);
        assert!(reply.text().contains("You are logged out."));
        assert_eq!((visitor.session(), sessions(&store)), (None, 0));
        // the old key is invalid
        assert_eq!(Visitor::with_session(&store, &key).name(), None);
    }
}

#[test]
fn a_planted_session_is_not_the_one_that_is_logged_in() {
    for on in On::all() {
        let store = store(on);
        // a key that somebody made up
        let mut visitor = Visitor::with_session(&store, KEY);
        visitor.login("alice");
        assert_ne!(visitor.session(), Some(KEY));
        // a real, anonymous one, which the attacker knows
        let anonymous = "eyJhIjoxfQ:1r31eq:0hjNW3vtTnmWrIzrAkLCG1dDC5qxKMIfwG65_35yNHM";
        insert(&store, anonymous, if on == On::Sqlite { "2999-01-01 00:00:00" } else { LATE });
        let mut victim = Visitor::with_session(&store, KEY);
        victim.login("alice");
        assert_ne!(victim.session(), Some(KEY));
        assert!(!keys(&store).contains(&KEY.to_owned()));
        assert_eq!(Visitor::with_session(&store, KEY).name(), None);
    }
}

#[test]
fn a_login_as_somebody_else_ends_the_session_before_it() {
    for on in On::all() {
        let store = store(on);
        let mut visitor = Visitor::new(&store);
        visitor.login("alice");
        let first = visitor.session().unwrap().to_owned();
        let token = visitor.token().to_owned();
        visitor.login("bob");
        assert_eq!(visitor.name().as_deref(), Some("bob"));
        assert_eq!(keys(&store), [visitor.session().unwrap()], "{on:?}");
        assert_ne!(visitor.session(), Some(first.as_str()));
        // and the CSRF token has changed
        assert_ne!(visitor.token(), token);
    }
}

#[test]
fn a_changed_password_or_a_shut_account_ends_the_session() {
    for on in On::all() {
        let store = store(on);
        let mut visitor = Visitor::new(&store);
        visitor.login("alice");
        store.execute("UPDATE auth_user SET is_active = FALSE WHERE username = 'alice'");
        assert_eq!(visitor.name(), None);
        store.execute("UPDATE auth_user SET is_active = TRUE WHERE username = 'alice'");
        assert_eq!(visitor.name().as_deref(), Some("alice"));
        store.execute("UPDATE auth_user SET password = 'x' WHERE username = 'alice'");
        assert_eq!(visitor.name(), None);
        assert_eq!((visitor.session(), sessions(&store)), (None, 0), "{on:?}");
    }
}

#[test]
fn a_session_whose_row_is_gone_is_nobodys() {
    for on in On::all() {
        let store = store(on);
        let mut visitor = Visitor::new(&store);
        visitor.login("alice");
        store.execute("DELETE FROM django_session");
        assert_eq!(visitor.name(), None);
        assert_eq!((visitor.session(), sessions(&store)), (None, 0));
    }
}

#[test]
fn wrong_names_passwords_and_shut_accounts_look_the_same() {
    for on in On::all() {
        let store = store(on);
        store.execute("UPDATE auth_user SET is_active = FALSE WHERE username = 'bob'");
        let mut visitor = Visitor::new(&store);
        let text = "Please enter a correct username and password. Note that both fields may be \
                    case-sensitive.";
        let mut pages = Vec::new();
        for (username, password) in [
            ("alice", "wrong"),
            ("nobody", "alice-pass-1"),
            ("bob", "bob-pass-1"),
            ("ALICE", "alice-pass-1"),
        ] {
            let fields = [("username", username), ("password", password)];
            let reply = visitor.post("/api-auth/login/", &fields);
            assert_eq!((reply.status, visitor.session()), (200, None));
            assert!(reply.text().contains(text), "{}", reply.text());
            // apart from the name and the token
            let page = reply.text().replace(username, "…");
            let start = page.find("csrfmiddlewaretoken").unwrap();
            let end = page[start..].find('>').unwrap() + start;
            pages.push(page[..start].to_owned() + &page[end..]);
        }
        pages.dedup();
        assert_eq!(pages.len(), 1, "{pages:?}");
        let reply = visitor.post("/api-auth/login/", &[("username", " ")]);
        assert_eq!(reply.text().matches("This field is required.").count(), 2);
    }
}

#[test]
fn what_was_sent_is_shown_as_text() {
    let store = store(On::Sqlite);
    let mut visitor = Visitor::new(&store);
    let script = "\"><script>alert(1)</script>";
    let reply = visitor.post("/api-auth/login/", &[("username", script), ("password", script)]);
    assert!(!reply.text().contains("<script"), "{}", reply.text());
    assert!(reply.text().contains("&quot;&gt;&lt;script&gt;"));
    assert!(reply.header("content-security-policy").unwrap().starts_with("default-src 'none';"));
}

#[test]
fn a_next_elsewhere_is_not_followed() {
    let store = store(On::Sqlite);
    for (next, location) in [
        ("/api/artists/", "/api/artists/"),
        ("?page=2", "?page=2"),
        ("http://testserver/x", "http://testserver/x"),
        ("/é\r\nX: y", "/%C3%A9%0D%0AX:%20y"),
        ("http://evil.example/", "/api/"),
        ("//evil.example/", "/api/"),
        ("///evil.example/", "/api/"),
        ("/\\evil.example/", "/api/"),
        ("\\\\evil.example/", "/api/"),
        ("http:///evil.example/", "/api/"),
        ("http:evil.example", "/api/"),
        ("http://testserver@evil.example/", "/api/"),
        ("javascript:alert(1)", "/api/"),
        ("data:text/html,x", "/api/"),
        ("\u{8}//evil.example/", "/api/"),
        ("/\t/evil.example/", "/api/"),
        ("", "/api/"),
    ] {
        let mut visitor = Visitor::new(&store);
        let fields = [("username", "alice"), ("password", "alice-pass-1"), ("next", next)];
        let reply = visitor.post("/api-auth/login/", &fields);
        assert_eq!((reply.status, reply.header("location")), (302, Some(location)), "{next:?}");
        let shown = visitor.post("/api-auth/login/", &[("username", "a"), ("next", next)]).text();
        assert!(!shown.contains("evil.example"), "{next:?}");
        let out = visitor.post("/api-auth/logout/", &[("next", next)]);
        let location = if location == "/api/" { None } else { Some(location) };
        assert_eq!(out.header("location"), location, "{next:?}");
    }
}

#[test]
fn an_unsafe_request_of_a_session_needs_the_token() {
    for on in On::all() {
        let store = store(on);
        let mut visitor = Visitor::new(&store);
        visitor.login("alice");
        let token = visitor.token().to_owned();
        let other = "x".repeat(64);
        let odd = "-".repeat(32);
        for (headers, reason) in [
            (vec![], "CSRF token missing."),
            (
                vec![("X-CSRFToken", "short")],
                "CSRF token from the 'X-Csrftoken' HTTP header has incorrect length.",
            ),
            (
                vec![("X-CSRFToken", odd.as_str())],
                "CSRF token from the 'X-Csrftoken' HTTP header has invalid characters.",
            ),
            (
                vec![("X-CSRFToken", other.as_str())],
                "CSRF token from the 'X-Csrftoken' HTTP header incorrect.",
            ),
            (
                vec![("X-CSRFToken", token.as_str()), ("Origin", "http://evil.example")],
                "Origin checking failed - http://evil.example does not match any trusted origins.",
            ),
        ] {
            let reply = visitor.write(&headers);
            let expected = json!({"detail": format!("CSRF Failed: {reason}")});
            assert_eq!((reply.status, reply.json()), (403, expected), "{on:?}");
        }
        assert_eq!(visitor.write(&[("X-CSRFToken", &token)]).status, 200);
        let own = [("X-CSRFToken", token.as_str()), ("Origin", "http://testserver")];
        assert_eq!(visitor.write(&own).status, 200);
        let form = format!("name=x&csrfmiddlewaretoken={token}");
        assert_eq!(visitor.send("POST", "/api/auth/session/", &[FORM], &form).status, 200);
        visitor.cookies.remove("csrftoken");
        let reply = visitor.write(&[("X-CSRFToken", &token)]);
        assert_eq!(reply.json(), json!({"detail": "CSRF Failed: CSRF cookie not set."}));
        // a request with a key needs no token: no browser sends a key by itself
        let key = format!("Token {ALICE}");
        let reply = visitor.send(
            "POST",
            "/api/auth/whoami/",
            &[("Authorization", &key), ("Content-Type", "application/json")],
            "{}",
        );
        assert_eq!((reply.status, reply.header("vary")), (200, Some("Accept")));
    }
}

#[test]
fn a_page_without_the_token_is_djangos_403() {
    let store = store(On::Sqlite);
    let mut visitor = Visitor::new(&store);
    let fields = "username=alice&password=alice-pass-1";
    let reply = visitor.send("POST", "/api-auth/login/", &[FORM], fields);
    assert_eq!(reply.status, 403);
    assert_eq!(reply.header("content-type"), Some("text/html; charset=utf-8"));
    assert!(reply.text().contains("CSRF verification failed. Request aborted."));
    visitor.get("/api-auth/login/");
    let token = visitor.token().to_owned();
    let body = format!("{fields}&csrfmiddlewaretoken={token}");
    let foreign = [FORM, ("Origin", "https://evil.example")];
    assert_eq!(visitor.send("POST", "/api-auth/login/", &foreign, &body).status, 403);
    assert_eq!(sessions(&store), 0);
}

#[test]
fn a_token_or_nothing_at_all_costs_no_session() {
    for on in On::all() {
        let store = store(on);
        let counted = |headers: &[(&str, &str)]| {
            let send = || store.client().send("GET", "/api/auth/whoami/", headers, b"");
            let (taken, reply) = store.counted(send);
            (taken, reply.header("vary").unwrap_or_default().to_owned())
        };
        let key = format!("Token {ALICE}");
        assert_eq!(counted(&[]), (0, "Accept, Cookie".into()));
        assert_eq!(counted(&[("Authorization", &key)]), (1, "Accept".into()));
        let cookie = format!("sessionid={KEY}");
        let both = [("Authorization", key.as_str()), ("Cookie", cookie.as_str())];
        assert_eq!(counted(&both), (1, "Accept".into()));
        // a key that is too short to be one is not looked up
        assert_eq!(counted(&[("Cookie", "sessionid=short")]), (0, "Accept, Cookie".into()));
        assert_eq!(counted(&[("Cookie", &cookie)]), (1, "Accept, Cookie".into()));
    }
}

#[test]
fn a_password_is_changed_by_its_owner_who_stays_logged_in_alone() {
    for on in On::all() {
        let store = store(on);
        let page = "/accounts/password_change/";
        let mut visitor = Visitor::new(&store);
        let reply = visitor.get(page);
        let login = Some("/api-auth/login/?next=/accounts/password_change/");
        assert_eq!((reply.status, reply.header("location")), (302, login));
        visitor.login("alice");
        let mut elsewhere = Visitor::new(&store);
        elsewhere.login("alice");
        assert!(visitor.get(page).text().contains("New password confirmation"));
        let change = |old, new, again| {
            [("old_password", old), ("new_password1", new), ("new_password2", again)]
        };
        for (fields, text) in [
            (change("", "", ""), "This field is required."),
            (
                change("wrong", "a-fresh-start-7", "a-fresh-start-7"),
                "Your old password was entered incorrectly. Please enter it again.",
            ),
            (
                change("alice-pass-1", "a-fresh-start-7", "another"),
                "The two password fields didn\u{2019}t match.",
            ),
        ] {
            let reply = visitor.post(page, &fields);
            assert_eq!(reply.status, 200);
            assert!(reply.text().contains(text), "{text}: {}", reply.text());
        }
        let key = visitor.session().unwrap().to_owned();
        let reply =
            visitor.post(page, &change("alice-pass-1", "a-fresh-start-7", "a-fresh-start-7"));
        let done = Some("/accounts/password_change/done/");
        assert_eq!((reply.status, reply.header("location")), (302, done), "{}", reply.text());
        assert!(visitor.get("/accounts/password_change/done/").text().contains("was changed"));
        assert_ne!(visitor.session(), Some(key.as_str()));
        assert_eq!(visitor.name().as_deref(), Some("alice"));
        assert_eq!(elsewhere.name(), None);
        let mut again = Visitor::new(&store);
        let fields = [("username", "alice"), ("password", "a-fresh-start-7")];
        assert_eq!(again.post("/api-auth/login/", &fields).status, 302);
    }
}

#[test]
fn guesses_of_an_old_password_count_as_failed_logins() {
    for on in On::all() {
        let store = store(on);
        let page = "/accounts/password_change/";
        let mut visitor = Visitor::new(&store);
        visitor.login("alice");
        visitor.get(page);
        let fields = [
            ("old_password", "wrong"),
            ("new_password1", "a-fresh-start-7"),
            ("new_password2", "a-fresh-start-7"),
        ];
        for _ in 0..20 {
            assert_eq!(visitor.post(page, &fields).status, 200, "{on:?}");
        }
        let refused = visitor.post(page, &fields);
        assert_eq!(refused.status, 429, "{on:?}");
        assert!(refused.header("retry-after").is_some());
    }
}

#[test]
fn basic_credentials_are_a_name_and_a_password() {
    for on in On::all() {
        let store = store(on);
        let get = |path: &str, header: &str| {
            store.client().send("GET", path, &[("Authorization", header)], b"")
        };
        let right = "Basic YWxpY2U6YWxpY2UtcGFzcy0x";
        let reply = get("/api/auth/basic/", right);
        assert_eq!((reply.status, &reply.json()["user"]), (200, &json!("alice")));
        assert_eq!(reply.header("vary"), Some("Accept"));
        let refused = get("/api/auth/basic/", "Basic YWxpY2U6d3Jvbmc=");
        assert_eq!(
            (refused.status, refused.header("www-authenticate")),
            (401, Some("Basic realm=\"api\""))
        );
        assert_eq!(refused.json(), json!({"detail": "Invalid username/password."}));
        // two headers are none of them
        let twice = [("Authorization", right), ("Authorization", right)];
        let refused = store.client().send("GET", "/api/auth/basic/", &twice, b"");
        let text = "Invalid basic header. Credentials string should not contain spaces.";
        assert_eq!((refused.status, refused.json()), (401, json!({"detail": text})));
        // sessions come first there, and have no challenge
        let refused = get("/api/auth/session-first/", "Basic YWxpY2U6d3Jvbmc=");
        assert_eq!((refused.status, refused.header("www-authenticate")), (403, None));
        assert_eq!(get("/api/auth/none/", right).status, 403);
    }
}
