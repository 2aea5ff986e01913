//! JSON web tokens from login to the blacklist, and forged ones.

use std::sync::{Arc, Barrier};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use hmac::{Hmac, KeyInit as _, Mac as _};
use quintet::authentication::flush_expired_tokens;
use quintet::db::{Database, DatabaseConfig};
use quintet::prelude::Settings;
use quintet_tests::client::Reply;
use quintet_tests::store::{On, Store};
use serde_json::{Value, json};

/// The secret of the tests' sites.
const SECRET: &str = "a secret for tests that is long enough for HS256";

/// `AccessToken.for_user` and `RefreshToken.for_user` of simplejwt 5.5.1 with that secret, for the
/// user 3, valid until 2100.
const ACCESS: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJ0b2tlbl90eXBlIjoiYWNjZXNzIiwiZXhwIjo0MTAyNDQ0ODAwLCJpYXQiOjE3MDQwNjcyMDAsImp0aSI6ImZkNzJjMWY1ODBhOTQxZWZhZmI3ZTNiYjRjNGNhNTdmIiwidXNlcl9pZCI6IjMifQ.zFJtsFs_xqlcY5fgkpnucH8ANoSLXIhP_fEkKtCBt8I";
const REFRESH: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJ0b2tlbl90eXBlIjoicmVmcmVzaCIsImV4cCI6NDEwMjQ0NDgwMCwiaWF0IjoxNzA0MDY3MjAwLCJqdGkiOiJjYWU1NWNlYThmZTk0MjEwYmY1MjRhMGNiNDczNmMwMyIsInVzZXJfaWQiOiIzIn0.ZXoa8JgODbFJKz71NKNglUM47rrfcIlH4R_yeS1wHZE";
/// Likewise, an access token that expired in 2024, and one of user 5, who is inactive.
const ENDED: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJ0b2tlbl90eXBlIjoiYWNjZXNzIiwiZXhwIjoxNzA0MTUzNjAwLCJpYXQiOjE3MDQwNjcyMDAsImp0aSI6IjRhNzZhYzkyNjNlNTQ0MTY4MjJhZDhmMDlkMGRlYjlkIiwidXNlcl9pZCI6IjMifQ.Aw99KbuwU8wPmtzIwPqE5la4t8jlb4jp-5gmbJsXzeE";
const INACTIVE: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJ0b2tlbl90eXBlIjoiYWNjZXNzIiwiZXhwIjo0MTAyNDQ0ODAwLCJpYXQiOjE3MDQwNjcyMDAsImp0aSI6IjZlMzRhYjQ0ZWY4YzQ5Y2VhNWNhNmE0ZmVlYmE2NGIwIiwidXNlcl9pZCI6IjUifQ.fa_y6a_sT7_nVl2RcWuPbVqB3Lge5IJYpkFu0qD419s";

const RS256: (&str, &str) =
    (include_str!("keys/rs256_private.pem"), include_str!("keys/rs256_public.pem"));
const ES256: (&str, &str) =
    (include_str!("keys/es256_private.pem"), include_str!("keys/es256_public.pem"));

/// 2100-01-01.
const FAR: i64 = 4_102_444_800;

const BLACKLISTED: &str = "Token is blacklisted";

/// A store in which alice's password takes one round, so that a test need not wait for it.
fn store(on: On) -> Store {
    with(on, |_| {})
}

fn with(on: On, change: impl FnOnce(&mut Settings)) -> Store {
    let store = Store::with(on, |settings| {
        settings.jwt.signing_key = SECRET.into();
        settings.auth.pbkdf2_iterations = 1;
        change(settings);
    });
    store.execute(
        "UPDATE auth_user SET password = \
         'pbkdf2_sha256$1$saltsalt$eOhHWh/cmxDvK2yoEPQm8TjNBUptH/rlSBDnc8VlQnA=' WHERE id = 3",
    );
    store
}

fn post(store: &Store, view: &str, body: &Value) -> Reply {
    store.client().json("POST", &format!("/api/auth/jwt/{view}/"), body)
}

fn bearer(store: &Store, token: &str) -> Reply {
    let header = format!("Bearer {token}");
    store.client().send("GET", "/api/auth/jwt/", &[("Authorization", &header)], b"")
}

/// Alice's pair: the refresh token and the access token.
fn pair(store: &Store) -> (String, String) {
    let reply = post(store, "create", &json!({"username": "alice", "password": "alice-pass-1"}));
    assert_eq!(reply.status, 200, "{}", reply.text());
    tokens(&reply)
}

fn tokens(reply: &Reply) -> (String, String) {
    let body = reply.json();
    let text = |key: &str| body[key].as_str().expect("a token").to_owned();
    (text("refresh"), text("access"))
}

fn refused(text: &str) -> Value {
    json!({"detail": text, "code": "token_not_valid"})
}

/// The response to an access token that is invalid for this reason.
fn not_valid(text: &str) -> Value {
    json!({
        "detail": "Given token not valid for any token type",
        "code": "token_not_valid",
        "messages": [{"token_class": "AccessToken", "token_type": "access", "message": text}],
    })
}

fn is(reply: &Reply, status: u16, body: &Value) {
    assert_eq!((reply.status, &reply.json()), (status, body));
    if status == 401 {
        assert_eq!(reply.header("www-authenticate"), Some("Bearer realm=\"api\""));
    }
}

/// A token of any header and claims, signed with a secret.
fn signed(header: &Value, claims: &Value, secret: &str) -> String {
    let text = |part: &Value| BASE64.encode(part.to_string());
    let message = format!("{}.{}", text(header), text(claims));
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(secret.as_bytes()).expect("any length");
    mac.update(message.as_bytes());
    format!("{message}.{}", BASE64.encode(mac.finalize().into_bytes()))
}

fn claims(changes: &Value) -> Value {
    let mut claims = json!({
        "token_type": "access", "exp": FAR, "iat": 1_704_067_200, "jti": "0f0e", "user_id": "3",
    });
    for (name, value) in changes.as_object().expect("claims") {
        claims[name] = value.clone();
    }
    claims
}

fn made(changes: &Value) -> String {
    signed(&json!({"alg": "HS256", "typ": "JWT"}), &claims(changes), SECRET)
}

fn payload(token: &str) -> Value {
    let part = token.split('.').nth(1).expect("a payload");
    serde_json::from_slice(&BASE64.decode(part).expect("base64")).expect("JSON")
}

fn together(count: usize, send: impl Fn() -> Reply + Sync) -> Vec<Reply> {
    let (barrier, send) = (Barrier::new(count), &send);
    std::thread::scope(|scope| {
        let go = || {
            barrier.wait();
            send()
        };
        let threads: Vec<_> = (0..count).map(|_| scope.spawn(go)).collect();
        threads.into_iter().map(|thread| thread.join().expect("an answer")).collect()
    })
}

#[test]
fn a_pair_opens_views_and_its_refresh_token_is_good_for_one_use() {
    for on in On::all() {
        let store = store(on);
        let (refresh, access) = pair(&store);
        let alice =
            json!({"user": "alice", "authenticated": true, "auth": "AccessToken", "staff": false});
        is(&bearer(&store, &access), 200, &alice);
        is(&post(&store, "verify", &json!({"token": access})), 200, &json!({}));
        is(&post(&store, "verify", &json!({"token": refresh})), 200, &json!({}));

        let (next, access) = tokens(&post(&store, "refresh", &json!({"refresh": refresh})));
        is(&bearer(&store, &access), 200, &alice);
        let again = post(&store, "refresh", &json!({"refresh": refresh}));
        is(&again, 401, &refused(BLACKLISTED));
        let verified = post(&store, "verify", &json!({"token": refresh}));
        is(&verified, 400, &json!({"non_field_errors": [BLACKLISTED]}));

        is(&post(&store, "blacklist", &json!({"refresh": next})), 200, &json!({}));
        for view in ["refresh", "blacklist"] {
            is(&post(&store, view, &json!({"refresh": next})), 401, &refused(BLACKLISTED));
        }
        // what a refresh token opened stays open until its own end
        is(&bearer(&store, &access), 200, &alice);
    }
}

#[test]
fn every_refresh_token_is_written_down_and_those_that_ended_can_be_flushed() {
    for on in On::all() {
        let store = store(on);
        let before = store.number("SELECT count(*) FROM token_blacklist_outstandingtoken");
        let (refresh, _) = pair(&store);
        tokens(&post(&store, "refresh", &json!({"refresh": refresh})));
        let (id, user) = (payload(&refresh)["jti"].clone(), "user_id = 3");
        let id = id.as_str().expect("an id");
        let count = |rest: &str| {
            let table = "token_blacklist_outstandingtoken";
            store.number(&format!("SELECT count(*) FROM {table} WHERE {rest}"))
        };
        assert_eq!(count("1 = 1"), before + 2);
        let row = format!("jti = '{id}' AND {user} AND token = '{refresh}'");
        assert_eq!(count(&format!("{row} AND created_at < expires_at")), 1);
        let flush = || store.run(async |conn| flush_expired_tokens(conn).await.expect("a number"));
        flush();
        assert_eq!(count(&row), 1, "its time is not over");
        store.execute(&format!(
            "UPDATE token_blacklist_outstandingtoken SET expires_at = '2024-01-01 00:00:00' \
             WHERE jti = '{id}'"
        ));
        assert_eq!(flush(), 1);
        assert_eq!(count(&row), 0);
    }
}

#[test]
fn of_several_who_refresh_with_one_token_one_gets_a_pair() {
    for on in On::all() {
        let store = store(on);
        for round in 0..5 {
            // one that is recorded already, and one that is not
            let token = if round % 2 == 0 {
                pair(&store).0
            } else {
                made(&json!({"token_type": "refresh", "jti": format!("round{round}")}))
            };
            let replies = together(4, || post(&store, "refresh", &json!({"refresh": token})));
            let won = replies.iter().filter(|reply| reply.status == 200).count();
            assert_eq!(won, 1, "{on:?} {replies:?}");
            for reply in replies.iter().filter(|reply| reply.status != 200) {
                is(reply, 401, &refused(BLACKLISTED));
            }
        }
    }
}

#[test]
fn tokens_of_simplejwt_are_good_here() {
    for on in On::all() {
        let store = store(on);
        assert_eq!(bearer(&store, ACCESS).json()["user"], "alice");
        let (next, access) = tokens(&post(&store, "refresh", &json!({"refresh": REFRESH})));
        assert_eq!(bearer(&store, &access).json()["user"], "alice");
        assert_eq!(payload(&next)["user_id"], "3");
        let again = post(&store, "refresh", &json!({"refresh": REFRESH}));
        is(&again, 401, &refused(BLACKLISTED));
        is(&bearer(&store, ENDED), 401, &not_valid("Token is expired"));
        let inactive = json!({"detail": "User is inactive", "code": "user_inactive"});
        is(&bearer(&store, INACTIVE), 401, &inactive);
    }
}

#[test]
fn a_login_that_fails_says_the_same_whatever_was_wrong() {
    let store = store(On::Sqlite);
    store.execute("UPDATE auth_user SET is_active = FALSE WHERE id = 3");
    let text = "No active account found with the given credentials";
    for (username, password) in
        [("alice", "alice-pass-1"), ("alice", "wrong"), ("nobody", "wrong"), ("a\0b", "x\0y")]
    {
        let reply = post(&store, "create", &json!({"username": username, "password": password}));
        if username.contains('\0') {
            assert_eq!(reply.status, 400);
        } else {
            is(&reply, 401, &json!({ "detail": text }));
        }
    }
    let required = json!(["This field is required."]);
    let reply = post(&store, "create", &json!({}));
    is(&reply, 400, &json!({"username": required, "password": required}));
    is(&post(&store, "refresh", &json!({})), 400, &json!({"refresh": required}));
    is(&post(&store, "verify", &json!({})), 400, &json!({"token": required}));
    let reply = post(&store, "blacklist", &json!({"refresh": ""}));
    is(&reply, 400, &json!({"refresh": ["This field may not be blank."]}));
}

#[test]
fn a_forged_token_opens_nothing() {
    for on in On::all() {
        let store = store(on);
        let header = |alg: &str| json!({"alg": alg, "typ": "JWT"});
        let good = made(&json!({}));
        let (message, signature) = good.rsplit_once('.').expect("a signature");
        let none = signed(&header("none"), &claims(&json!({})), SECRET);
        let (unsigned, _) = none.rsplit_once('.').expect("a signature");
        let forged = signed(&header("HS256"), &claims(&json!({"user_id": "1"})), "guessed");
        let (forged, _) = forged.rsplit_once('.').expect("a signature");
        let now = std::time::SystemTime::UNIX_EPOCH.elapsed().expect("a clock").as_secs();
        let invalid = [
            none.clone(),
            format!("{unsigned}."),
            format!("{message}."),
            message.to_owned(),
            format!("{forged}.{signature}"),
            signed(&header("HS256"), &claims(&json!({})), "another secret"),
            signed(&header("HS512"), &claims(&json!({})), SECRET),
            signed(&header("RS256"), &claims(&json!({})), SECRET),
            signed(&json!({"typ": "JWT"}), &claims(&json!({})), SECRET),
            made(&json!({"exp": FAR.to_string()})),
            made(&json!({"exp": "soon"})),
            made(&json!({"exp": null})),
            made(&json!({"exp": 1e300})),
            made(&json!({"iat": now + 3600})),
            made(&json!({"nbf": now + 3600})),
            made(&json!({"nbf": {}})),
            made(&json!({"jti": 5})),
            made(&json!({"sub": 5})),
            "x".into(),
            "a.b.c".into(),
            "A".repeat(30_000),
        ];
        for token in &invalid {
            is(&bearer(&store, token), 401, &not_valid("Token is invalid"));
            for (view, key) in
                [("verify", "token"), ("refresh", "refresh"), ("blacklist", "refresh")]
            {
                is(&post(&store, view, &json!({ key: token })), 401, &refused("Token is invalid"));
            }
        }
        let expired = [json!(now), json!(0), json!(true), json!("5"), json!(1.5)];
        for token in expired.map(|exp| made(&json!({ "exp": exp }))) {
            is(&bearer(&store, &token), 401, &not_valid("Token is expired"));
            is(
                &post(&store, "refresh", &json!({"refresh": token})),
                401,
                &refused("Token is expired"),
            );
        }
        let wrong = [json!("refresh"), json!("Access"), json!(["access"]), json!(null)];
        for token in wrong.map(|kind| made(&json!({ "token_type": kind }))) {
            is(&bearer(&store, &token), 401, &not_valid("Token has wrong type"));
        }
        let access = post(&store, "refresh", &json!({"refresh": good}));
        is(&access, 401, &refused("Token has wrong type"));
        let mut bare = json!({"exp": FAR, "user_id": "3"});
        let of = |claims: &Value| bearer(&store, &signed(&header("HS256"), claims, SECRET));
        is(&of(&bare), 401, &not_valid("Token has no id"));
        bare["jti"] = "x".into();
        is(&of(&bare), 401, &not_valid("Token has no type"));
        bare = json!({"token_type": "access", "jti": "x"});
        is(&of(&bare), 401, &not_valid("Token has no 'exp' claim"));
        assert_eq!(bearer(&store, &good).status, 200, "the others differ from this one");
    }
}

#[test]
fn bytes_that_are_no_text_are_no_token() {
    let store = store(On::Sqlite);
    let request = b"GET /api/auth/jwt/ HTTP/1.1\r\nHost: testserver\r\nConnection: close\r\n\
        Authorization: Bearer \xff\xfe.\x80.\xf0\r\n\r\n";
    let reply = store.client().exchange("GET", request);
    is(&reply, 401, &not_valid("Token is invalid"));
}

#[test]
fn a_user_that_is_none_is_not_found() {
    for on in On::all() {
        let store = store(on);
        let gone = json!({"detail": "User not found", "code": "user_not_found"});
        let no_account = json!({"detail": "No active account found for the given token."});
        for (at, user) in [
            json!("abc"),
            json!(""),
            json!("999"),
            json!("2147483648"),
            json!("99999999999999999999"),
            json!("3\u{0}"),
            json!(-3),
            json!(9_999_999_999_i64),
            json!(1e300),
            json!(3.5),
            json!(true),
            json!([3]),
            json!({"id": 3}),
        ]
        .into_iter()
        .enumerate()
        {
            is(&bearer(&store, &made(&json!({ "user_id": user }))), 401, &gone);
            let refresh =
                json!({"token_type": "refresh", "jti": format!("u{at}"), "user_id": user});
            is(&post(&store, "refresh", &json!({"refresh": made(&refresh)})), 401, &no_account);
        }
        is(&bearer(&store, &made(&json!({"user_id": null}))), 401, &gone);
        for user in [json!(3), json!("3"), json!(3.0)] {
            assert_eq!(bearer(&store, &made(&json!({ "user_id": user }))).status, 200);
        }
        let nobody = json!({"token_type": "access", "exp": FAR, "jti": "x"});
        let nobody = signed(&json!({"alg": "HS256"}), &nobody, SECRET);
        let text = "Token contained no recognizable user identification";
        is(&bearer(&store, &nobody), 401, &refused(text));
    }
}

#[test]
fn an_account_that_is_shut_gets_no_more_tokens() {
    for on in On::all() {
        let store = store(on);
        let (refresh, access) = pair(&store);
        store.execute("UPDATE auth_user SET is_active = FALSE WHERE id = 3");
        is(
            &bearer(&store, &access),
            401,
            &json!({"detail": "User is inactive", "code": "user_inactive"}),
        );
        let no_account = json!({"detail": "No active account found for the given token."});
        is(&post(&store, "refresh", &json!({"refresh": refresh})), 401, &no_account);
        // the token is valid again once the account is active
        store.execute("UPDATE auth_user SET is_active = TRUE WHERE id = 3");
        assert_eq!(post(&store, "refresh", &json!({"refresh": refresh})).status, 200);
    }
}

#[test]
fn tokens_can_end_with_the_password_that_they_were_made_with() {
    for on in On::all() {
        let store = with(on, |settings| settings.jwt.check_revoke_token = true);
        let (refresh, access) = pair(&store);
        assert_eq!(bearer(&store, &access).status, 200);
        let changed = json!({
            "detail": "The user's password has been changed.", "code": "password_changed",
        });
        is(&bearer(&store, ACCESS), 401, &changed);
        store.execute("UPDATE auth_user SET password = '!' WHERE id = 3");
        is(&bearer(&store, &access), 401, &changed);
        let (_, access) = tokens(&post(&store, "refresh", &json!({"refresh": refresh})));
        is(&bearer(&store, &access), 401, &changed);
    }
}

#[test]
fn public_keys_check_what_private_keys_sign_and_are_no_secrets() {
    for (algorithm, keys) in [("RS256", RS256), ("ES256", ES256)] {
        let store = with(On::Sqlite, |settings| {
            settings.jwt.algorithm = algorithm.into();
            settings.jwt.signing_key = keys.0.into();
            settings.jwt.verifying_key = keys.1.into();
        });
        let (refresh, access) = pair(&store);
        let header: Value = serde_json::from_slice(
            &BASE64.decode(access.split('.').next().expect("a header")).expect("base64"),
        )
        .expect("JSON");
        assert_eq!(header, json!({"alg": algorithm, "typ": "JWT"}));
        assert_eq!(bearer(&store, &access).json()["user"], "alice");
        assert_eq!(post(&store, "refresh", &json!({"refresh": refresh})).status, 200);
        for (alg, secret) in [("HS256", keys.1), (algorithm, keys.1), ("HS256", keys.1.trim())] {
            let forged = signed(&json!({"alg": alg, "typ": "JWT"}), &claims(&json!({})), secret);
            is(&bearer(&store, &forged), 401, &not_valid("Token is invalid"));
        }
    }
}

#[test]
fn issuer_audience_and_leeway_are_settings() {
    let store = with(On::Sqlite, |settings| {
        settings.jwt.issuer = Some("here".into());
        settings.jwt.audience = Some("us".into());
        settings.jwt.leeway = std::time::Duration::from_secs(3600);
    });
    let (_, access) = pair(&store);
    assert_eq!(bearer(&store, &access).status, 200);
    assert_eq!(payload(&access)["iss"], "here");
    let (both, now) =
        (json!({"iss": "here", "aud": ["us", "them"]}), payload(&access)["iat"].clone());
    assert_eq!(bearer(&store, &made(&both)).status, 200);
    let late = json!({"iss": "here", "aud": "us", "exp": now.as_i64().expect("a time") - 60});
    assert_eq!(bearer(&store, &made(&late)).status, 200, "within the leeway");
    for wrong in [
        json!({}),
        json!({"iss": "here"}),
        json!({"aud": "us"}),
        json!({"iss": "there", "aud": "us"}),
        json!({"iss": "here", "aud": "them"}),
        json!({"iss": "here", "aud": {"us": 1}}),
    ] {
        is(&bearer(&store, &made(&wrong)), 401, &not_valid("Token is invalid"));
    }
}

#[test]
fn tokens_last_as_long_as_the_settings_say() {
    let lasting = |token: &str| {
        let claims = payload(token);
        claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap()
    };
    let (refresh, access) = pair(&store(On::Sqlite));
    assert_eq!((lasting(&refresh), lasting(&access)), (86_400, 300));
    let longer = with(On::Sqlite, |settings| {
        settings.jwt.access_token_lifetime = std::time::Duration::from_secs(3600);
        settings.jwt.refresh_token_lifetime = std::time::Duration::from_secs(7 * 86_400);
    });
    let (refresh, access) = pair(&longer);
    assert_eq!((lasting(&refresh), lasting(&access)), (7 * 86_400, 3600));
}

#[test]
fn words_before_the_token_are_a_setting_and_the_challenge_follows_it() {
    let store = with(On::Sqlite, |settings| {
        settings.jwt.auth_header_types = vec!["JWT".into(), "Bearer".into()];
    });
    for word in ["JWT", "Bearer"] {
        let header = format!("{word} {ACCESS}");
        let headers = [("Authorization", header.as_str())];
        assert_eq!(store.client().send("GET", "/api/auth/jwt/", &headers, b"").status, 200);
    }
    for (method, path) in [("GET", "/api/auth/jwt/"), ("POST", "/api/auth/jwt/create/")] {
        let body = br#"{"username": "nobody", "password": "x"}"#;
        let headers = [("Content-Type", "application/json")];
        let reply = store.client().send(method, path, &headers, body);
        assert_eq!(reply.header("www-authenticate"), Some("JWT realm=\"api\""));
    }
}

#[test]
fn a_token_in_the_header_does_not_disturb_the_views_that_hand_them_out() {
    let store = store(On::Sqlite);
    let body = br#"{"username": "alice", "password": "alice-pass-1"}"#;
    let headers = [("Authorization", "Bearer x"), ("Content-Type", "application/json")];
    let reply = store.client().send("POST", "/api/auth/jwt/create/", &headers, body);
    assert_eq!(reply.status, 200);
    assert_eq!(reply.header("vary"), Some("Accept"));
    // elsewhere an invalid token is refused even if reading is open
    assert_eq!(store.client().send("GET", "/api/genres/", &headers, b"").status, 401);
}

#[test]
fn a_login_is_remembered_where_the_settings_ask_for_it() {
    let store = with(On::Sqlite, |settings| settings.jwt.update_last_login = true);
    let known = "SELECT count(*) FROM auth_user WHERE id = 3 AND last_login IS NOT NULL";
    assert_eq!(store.number(known), 0);
    pair(&store);
    assert_eq!(store.number(known), 1);
}

#[test]
fn who_bears_a_token_is_known_by_one_statement() {
    for on in On::all() {
        let store = store(on);
        let (statements, reply) = store.counted(|| bearer(&store, ACCESS));
        assert_eq!((statements, reply.status), (1, 200));
    }
}

#[test]
fn a_wrong_key_keeps_the_site_from_being_built() {
    let refused = |change: fn(&mut Settings)| {
        let mut settings = Settings::default();
        settings.secret_key = "a key for tests".into();
        change(&mut settings);
        let database = Database::open(DatabaseConfig::new("sqlite://:memory:")).expect("a URL");
        musicstore::site(settings, Arc::clone(&database)).expect_err("a wrong key").to_string()
    };
    let algorithm = refused(|settings| settings.jwt.algorithm = "none".into());
    assert!(
        algorithm.starts_with("setting JWT_ALGORITHM: `none` is not one of HS256"),
        "{algorithm}"
    );
    let public = refused(|settings| {
        settings.jwt.algorithm = "RS256".into();
        settings.jwt.signing_key = RS256.0.into();
    });
    assert_eq!(public, "setting JWT_VERIFYING_KEY: put the public key of RS256 there");
    let secret = refused(|settings| settings.jwt.signing_key = RS256.1.into());
    assert!(secret.starts_with("setting JWT_SIGNING_KEY: it is a key in PEM"), "{secret}");
}
