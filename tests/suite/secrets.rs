//! `Debug` output contains no secrets: more people read a log than a database.

use std::fmt::Debug;

use actix_web::http::Method;
use quintet::auth::{NewUser, Token, User, UserModel, user};
use quintet::authentication::OutstandingToken;
use quintet::db::{DatabaseConfig, DateTime, QuerySet};
use quintet::fields::{JsonWriter, Raw};
use quintet::parsers::Data;
use quintet::prelude::*;
use quintet::request::{Body, QueryParams, Request};
use quintet::response::Cookie;

/// What must not be printed anywhere.
const SECRET: &str = "s3cr3t-hunter2";

fn hidden(what: &impl Debug) {
    for printed in [format!("{what:?}"), format!("{what:#?}")] {
        assert!(!printed.contains("s3cr3t"), "{printed}");
    }
}

fn alice() -> User {
    User {
        id: 7,
        password: SECRET.into(),
        last_login: None,
        is_superuser: false,
        username: "alice".into(),
        first_name: String::new(),
        last_name: String::new(),
        email: "alice@example.com".into(),
        is_staff: false,
        is_active: true,
        date_joined: DateTime::now(),
    }
}

/// A custom user model.
#[model(table = "t_member")]
pub struct Member {
    pub id: i64,
    #[field(max_length = 254, unique)]
    pub username: String,
    #[field(column = "password", max_length = 128)]
    pub hash: String,
    #[field(max_length = 40, secret)]
    pub api_key: Option<String>,
}

impl UserModel for Member {}

#[test]
fn rows_are_printed_without_hashes_and_keys() {
    hidden(&alice());
    let printed = format!("{:?}", alice());
    assert!(printed.starts_with("User { id: 7, password: .., last_login: None,"), "{printed}");
    assert!(printed.contains("username: \"alice\""), "{printed}");
    hidden(&Token { key: SECRET.into(), created: DateTime::now(), user_id: 7 });
    let member =
        Member { id: 1, username: "m".into(), hash: SECRET.into(), api_key: Some(SECRET.into()) };
    let expected = "Member { id: 1, username: \"m\", hash: .., api_key: .. }";
    assert_eq!(format!("{member:?}"), expected);
    hidden(&OutstandingToken {
        id: 1,
        user_id: Some(7),
        jti: "j".into(),
        token: SECRET.into(),
        created_at: None,
        expires_at: DateTime::now(),
    });
}

#[test]
fn what_a_client_sends_is_printed_without_its_values() {
    let form = QueryParams::parse("username=alice&password=s3cr3t-hunter2");
    assert_eq!(format!("{form:?}"), "[\"username\", \"password\"]");
    hidden(&Data::Form(form));
    let json = format!("{{\"password\": \"{SECRET}\"}}");
    hidden(&Data::Json(json.clone().into()));
    hidden(&Body::Read(json.into()));
    let raw = Raw::Map(vec![
        ("password".into(), Raw::Text(SECRET.into())),
        ("pins".into(), Raw::List(vec![Raw::Int("1234".into()), Raw::JsonText(SECRET.into())])),
    ]);
    assert_eq!(format!("{raw:?}"), "{\"password\": str, \"pins\": [int, str]}");
    let mut request = Request::new(Method::GET, format!("/?token={SECRET}"));
    for name in ["authorization", "cookie"] {
        let name = actix_web::http::header::HeaderName::from_static(name);
        request.headers.insert(name, SECRET.parse().unwrap());
    }
    hidden(&request);
    hidden(&request.headers);
    hidden(&request.query_params());
}

#[test]
fn what_is_written_is_printed_by_name() {
    let changes = Changes::<User>::new().set(user::password, SECRET).set(user::username, "alice");
    assert_eq!(format!("{changes:?}"), "Changes {\"password\", \"username\"}");
    let new = NewUser::new("alice").password(SECRET).set(user::password, SECRET);
    hidden(&new);
    let key = Token::fields().key().exact(SECRET);
    assert_eq!(format!("{key:?}"), "key__Exact(..)");
    hidden(&QuerySet::<Token>::new().filter_by(key));
}

#[test]
fn answers_are_printed_without_cookies_and_bodies() {
    let cookie = Cookie::new("sessionid", SECRET);
    assert_eq!(format!("{cookie:?}"), "Cookie { name: \"sessionid\", .. }");
    let answer = Response::new(&serde_json::json!({"token": SECRET})).unwrap();
    let answer = answer.with_cookie(&cookie);
    hidden(&answer);
    let mut json = JsonWriter::new();
    json.serialize(&SECRET).unwrap();
    assert_eq!(format!("{json:?}"), "JsonWriter(16 bytes)");
    let printed = format!("{answer:?}");
    assert!(printed.contains("status: 200") && printed.contains("\"set-cookie\""), "{printed}");
}

#[test]
fn settings_are_printed_without_keys_and_addresses() {
    let mut settings = Settings::default();
    settings.secret_key = SECRET.into();
    settings.secret_key_fallbacks = vec![SECRET.into()];
    settings.database_url = format!("postgres://u:{SECRET}@127.0.0.1/d");
    settings.redis_url = Some(format!("redis://:{SECRET}@127.0.0.1/0"));
    settings.jwt.signing_key = SECRET.into();
    hidden(&settings);
    hidden(&settings.jwt);
    let config = DatabaseConfig::new(settings.database_url.clone());
    hidden(&config);
    let database = Database::open(config).expect("the URL is right");
    hidden(&database);
    let site = Site::builder(settings, database);
    hidden(&site);
    hidden(&site.build().expect("the site builds"));
}
