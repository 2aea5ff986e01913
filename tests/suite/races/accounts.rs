//! Sessions, API keys, JWTs and password hashes.

use quintet::prelude::Settings;
use quintet_tests::client::Reply;
use quintet_tests::store::{ADMIN, Store};
use serde_json::{Value, json};

use super::{race_in, together};
use crate::sessions::{PASSWORDS, Visitor};

/// A password is hashed with one round, and upgraded to two at the next login.
fn settings(settings: &mut Settings) {
    settings.jwt.signing_key = "a secret for tests that is long enough for HS256".into();
    settings.auth.pbkdf2_iterations = 2;
    settings.auth.login_throttle_rate = None;
}

fn prepare(store: &Store) {
    store.execute(PASSWORDS);
}

fn credentials(password: &str) -> Value {
    json!({"username": "alice", "password": password})
}

fn log_in(store: &Store, password: &str) -> Reply {
    store.client().json("POST", "/api/auth/jwt/create/", &credentials(password))
}

#[test]
fn a_session_that_is_ended_while_it_is_used_does_not_come_back() {
    race_in("logout, login and use of a session", settings, prepare, |track, _, tally| {
        let mut visitor = Visitor::new(track.store);
        visitor.login("alice");
        let key = visitor.session().expect("a session").to_owned();
        let replies = track.together(|index| {
            let mut visitor = visitor.clone();
            match index % 3 {
                0 => visitor.post("/api-auth/logout/", &[]),
                1 => visitor.login("alice"),
                _ => visitor.get("/api/auth/whoami/"),
            }
        });
        // Django's own 400 for a session that was deleted during the request
        tally.answers(&replies, &[200, 302, 400, 403]);
        let sql = format!("SELECT count(*) FROM django_session WHERE session_key = '{key}'");
        tally.mixed_if(track.store.number(&sql) > 0);
    });
}

#[test]
fn a_key_that_several_ask_for_is_one() {
    race_in("API keys", settings, prepare, |track, _, tally| {
        track.store.execute("DELETE FROM authtoken_token WHERE user_id = 3");
        let replies = track.together(|_| {
            track.store.client().json("POST", "/api/auth/token/", &credentials("alice-pass-1"))
        });
        tally.answers(&replies, &[200]);
        tally.mixed_if(replies.iter().any(|reply| reply.body != replies[0].body));
        let sql = "SELECT count(*) FROM authtoken_token WHERE user_id = 3";
        tally.lost_if(track.store.number(sql) != 1);
    });
}

#[test]
fn a_refresh_token_that_several_use_is_good_for_one() {
    race_in("refresh tokens", settings, prepare, |track, round, tally| {
        let pair = log_in(track.store, "alice-pass-1");
        assert_eq!(pair.status, 200, "{}", pair.text());
        let body = json!({"refresh": pair.json()["refresh"]});
        let once = round % 2 == 0;
        let view = if once { "refresh" } else { "blacklist" };
        let address = format!("/api/auth/jwt/{view}/");
        let replies = track.together(|_| track.store.client().json("POST", &address, &body));
        tally.answers(&replies, &[200, 401]);
        let won = replies.iter().filter(|reply| reply.status == 200).count();
        // several may want it blacklisted, and it is
        tally.mixed_if(once && won > 1);
        tally.lost_if(won == 0);
    });
}

#[test]
fn a_password_that_is_changed_during_logins_stays_changed() {
    race_in(
        "logins and a change of the password",
        settings,
        |_| {},
        |track, _, tally| {
            prepare(track.store);
            let admin = track.client(ADMIN);
            let replies = track.together(|index| match index {
                0 => {
                    admin.json("PATCH", "/api/users/alice/", &json!({"password": "another-pass-1"}))
                }
                _ => log_in(track.store, "alice-pass-1"),
            });
            tally.answers(&replies, &[200, 401]);
            tally.lost_if(replies[0].status != 200);
            // the hash that a login upgrades is of the old password
            let checks =
                together(2, |index| log_in(track.store, ["alice-pass-1", "another-pass-1"][index]));
            let statuses: Vec<u16> = checks.iter().map(|reply| reply.status).collect();
            tally.lost_if(statuses != [401, 200]);
        },
    );
}
